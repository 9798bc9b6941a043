package policy

import (
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Evaluate gives the reasons for or against one version or file: one for each
// finding, in their order, then those of version rules, then of file rules.
//
// Rules are asked in order, and the first that matches settles the finding. For
// the file and the version it settles the rule's class: later rules of that
// class about the same thing are not asked, so that an exemption can stand
// before what it exempts from. A finding that no rule matches is a note of its
// own. A finding of a class that nobody may waive does at least what its floor
// says, whatever the policy.
//
// A rule that reads provenance is passed over while in.Provenance is not known.
//
// An error means that a rule could not be evaluated: nothing was decided, and
// the asker holds. verdict.Sum adds the reasons up.
func (p *Policy) Evaluate(in Input) ([]verdict.Reason, error) { return p.evaluate(in, nil) }

// evaluate remembers in said, when it is not nil, what it said of findings that
// does not depend on the file or the time.
func (p *Policy) evaluate(in Input, said map[findingKey]verdict.Reason) ([]verdict.Reason, error) {
	if in.Now.IsZero() {
		return nil, errors.New("evaluating the policy: the time is missing")
	}
	f := newFacts(&in)
	out := make([]verdict.Reason, 0, len(in.Findings)+1)
	for i := range in.Findings {
		f.finding.finding = &in.Findings[i]
		r, err := p.settleOnce(f, &in.Findings[i], said)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	f.finding.finding = &finding.Finding{}
	out, err := once(out, f, p.onVersion)
	if err != nil || in.File == nil {
		return out, err
	}
	return once(out, f, p.onFile)
}

// settleOnce is settle, or what it said before.
func (p *Policy) settleOnce(f *facts, x *finding.Finding, said map[findingKey]verdict.Reason) (verdict.Reason, error) {
	if said == nil || !p.shared[classOf(x)] {
		return p.settle(f, x)
	}
	key := keyOf(x)
	if r, ok := said[key]; ok {
		return r, nil
	}
	r, err := p.settle(f, x)
	if err == nil {
		said[key] = r
	}
	return r, err
}

// classOf is the class whose rules are asked about a finding.
func classOf(x *finding.Finding) finding.Class {
	if !knownClass(x.Class) {
		return otherClass
	}
	return x.Class
}

// holds evaluates the rule's condition. A rule about who made a file does not hold
// while that is not known: the file is looked at first, and nothing is served before.
func (r *Rule) holds(f *facts) (bool, error) {
	if r.waits && f.in.Provenance == nil {
		return false, nil
	}
	return holds(r.program.when, f)
}

// settle gives the one reason about a finding.
func (p *Policy) settle(f *facts, x *finding.Finding) (verdict.Reason, error) {
	class := classOf(x)
	for _, r := range p.byClass[class] {
		ok, err := r.holds(f)
		if err != nil {
			return verdict.Reason{}, r.fault("when", err)
		}
		if !ok {
			continue
		}
		reason, err := r.reason(f)
		reason.Class, reason.Severity, reason.IDs, reason.Fixed = x.Class, x.Severity, x.IDs, x.Fixed
		reason.Finding, reason.Source, reason.Seen = x.Fingerprint(), x.Rule, seen(x)
		return reason, err
	}
	return unmatched(x, class), nil
}

// unmatched is the reason about a finding that no rule spoke about.
func unmatched(x *finding.Finding, class finding.Class) verdict.Reason {
	effect := floor(class)
	if effect == "" {
		effect = verdict.EffectNote
	}
	return verdict.Reason{
		Rule: x.Rule, Class: x.Class, Effect: effect, IDs: x.IDs, Fixed: x.Fixed, Severity: x.Severity,
		Text: safe(x.Text), Finding: x.Fingerprint(), Source: x.Rule, Seen: seen(x),
	}
}

// seen is where in the package a finding is.
func seen(x *finding.Finding) verdict.Place {
	if x.Path == "" || x.Path == x.File {
		return verdict.Place{}
	}
	return verdict.Place{Archive: safe(x.File), Path: safe(x.Path), Line: x.Line}
}

// once asks rules about the one file or version; the first match of a class
// settles it.
func once(out []verdict.Reason, f *facts, rules []*Rule) ([]verdict.Reason, error) {
	var settled []finding.Class
next:
	for _, r := range rules {
		for _, c := range settled {
			if c == r.Class {
				continue next
			}
		}
		ok, err := r.holds(f)
		if err != nil {
			return nil, r.fault("when", err)
		}
		if !ok {
			continue
		}
		reason, err := r.reason(f)
		if err != nil {
			return nil, err
		}
		reason.Class = r.Class
		out = append(out, reason)
		settled = append(settled, r.Class)
	}
	return out, nil
}

// reason renders what a rule that matched says.
func (r *Rule) reason(f *facts) (verdict.Reason, error) {
	why, err := render(r.program.why, f)
	if err != nil {
		return verdict.Reason{}, r.fault("why", err)
	}
	remedy, err := render(r.program.remedy, f)
	if err != nil {
		return verdict.Reason{}, r.fault("remedy", err)
	}
	until, err := moment(r.program.until, f)
	if err != nil {
		return verdict.Reason{}, r.fault("until", err)
	}
	return verdict.Reason{Rule: r.ID, Effect: r.Effect, Text: why, Remedy: remedy, Until: until}, nil
}

func (r *Rule) fault(what string, err error) error {
	return fmt.Errorf("evaluating policy rule %s: %s: %w", r.ID, what, err)
}
