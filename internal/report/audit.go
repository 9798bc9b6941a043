package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Audit is the answer of `gatehouse audit`, in its JSON shape.
type Audit struct {
	Packages []AuditedPackage  `json:"packages"`
	Problems []verdict.Problem `json:"problems"`
}

// AuditedPackage is one requirement or lock entry.
type AuditedPackage struct {
	Purl        string            `json:"purl"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	Asked       string            `json:"asked,omitempty"`
	Advisories  []AuditedAdvisory `json:"advisories"`
	NotLookedAt string            `json:"not_looked_at,omitempty"` // why nothing could be said
}

// AuditedAdvisory is one alias group that covers the version.
type AuditedAdvisory struct {
	ID       string           `json:"id"`
	Aliases  []string         `json:"aliases"`
	Severity finding.Severity `json:"severity"`
	Fixed    []string         `json:"fixed"`
	Malware  bool             `json:"malware"`
	Summary  string           `json:"summary,omitempty"`
}

// AuditText writes an audit for a person: the packages with findings, each
// advisory on a line with where it is fixed, then what could not be looked at.
func AuditText(w io.Writer, a Audit) error {
	var b strings.Builder
	found, advisories, unseen := 0, 0, 0
	for _, p := range a.Packages {
		if p.NotLookedAt != "" {
			unseen++
		}
		if len(p.Advisories) == 0 {
			continue
		}
		found++
		place := finding.Location{File: p.File, Line: p.Line}.String()
		fmt.Fprintf(&b, "%s  %s\n", safe(place), safe(p.Purl))
		for _, x := range p.Advisories {
			advisories++
			fixed := "no fix is known"
			if x.Malware {
				fixed = "MALWARE: remove it"
			} else if len(x.Fixed) > 0 {
				fixed = "fixed in " + strings.Join(x.Fixed, ", ")
			}
			fmt.Fprintln(&b, cut(fmt.Sprintf("  %-9s %-20s %s", x.Severity, safe(x.ID), safe(fixed)), 80))
			if x.Summary != "" {
				fmt.Fprintf(&b, "            %s\n", cut(safe(x.Summary), 68))
			}
		}
	}
	for _, p := range a.Problems {
		fmt.Fprintf(&b, "%s  %s\n", safe(finding.Location{File: p.File, Line: p.Line}.String()), safe(p.Text))
	}
	fmt.Fprintf(&b, "%s in %d of %s", Count(advisories, "advisory", "advisories"), found, Count(len(a.Packages), "package", "packages"))
	b.WriteString("\n")
	if unseen > 0 {
		fmt.Fprintf(&b, "%d without an exact version not looked at; gatehouse admit resolves them\n", unseen)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// NewAudit makes a report of an audit. What is known at or above a severity
// counts as a refusal would; the rest are notes. req has the manifests.
func NewAudit(a Audit, req verdict.Request, least finding.Severity, generator string, at time.Time) Report {
	out := verdict.Outcome{Request: req.ID, Status: verdict.Done, Verdict: verdict.Admit, Problems: a.Problems}
	for _, p := range a.Packages {
		v := p.outcome(least)
		out.Versions = append(out.Versions, v)
		out.Verdict = verdict.Worse(out.Verdict, v.Verdict)
	}
	for _, p := range a.Problems {
		if p.Fatal {
			out.Status, out.Verdict = verdict.Failed, verdict.Worse(out.Verdict, verdict.Hold)
		}
	}
	slices.SortStableFunc(out.Versions, func(a, b verdict.VersionOutcome) int {
		return int(b.Verdict) - int(a.Verdict) // reject is 2, admit 1, hold 0
	})
	return Report{Request: req, Outcome: redacted(out), Generator: generator, At: at.UTC(), Audit: &a}
}

func (p AuditedPackage) outcome(least finding.Severity) verdict.VersionOutcome {
	v := verdict.VersionOutcome{Purl: p.Purl, Verdict: verdict.Admit, Direct: true, File: p.File, Line: p.Line, Asked: p.Asked}
	if parsed, err := artifact.ParsePurl(p.Purl); err == nil {
		v.Version = parsed
	}
	if p.NotLookedAt != "" {
		v.Reasons = append(v.Reasons, verdict.Reason{Rule: unlooked, Class: finding.Manifest, Effect: verdict.EffectNote, Severity: finding.Low, Text: p.NotLookedAt, File: p.File, Line: p.Line})
	}
	for _, x := range p.Advisories {
		r := verdict.Reason{
			Rule: "known-vulnerability", Class: finding.Vulnerability, Effect: verdict.EffectNote, IDs: append([]string{x.ID}, x.Aliases...), Fixed: x.Fixed,
			Severity: x.Severity, Text: x.Summary, File: p.File, Line: p.Line,
		}
		if x.Malware {
			r.Rule, r.Class, r.Remedy = "known-malware", finding.Malware, "Remove it. If it was installed anywhere, treat those machines' secrets as stolen."
		}
		if r.Text == "" {
			r.Text = "known as " + x.ID
		}
		if x.Malware || x.Severity.Weight() >= least {
			r.Effect = verdict.EffectReject
		}
		v.Reasons = append(v.Reasons, r)
	}
	v.Verdict = verdict.Sum(v.Reasons)
	return v
}

// summariseAudit says what is known, where nothing was decided.
func (r Report) summariseAudit(s Summary) Summary {
	found, advisories, unseen := 0, 0, 0
	for _, p := range r.Audit.Packages {
		if len(p.Advisories) > 0 {
			found++
			advisories += len(p.Advisories)
		}
		if p.NotLookedAt != "" {
			unseen++
		}
	}
	s.Word = map[string]string{"reject": "Affected", "admit": "Nothing known", "hold": "No answer"}[s.Class]
	if found > 0 && s.Class == verdict.Admit.String() {
		s.Word = "Below the limit"
	}
	s.Sentence = fmt.Sprintf("%s in %d of %s", Count(advisories, "advisory", "advisories"), found, Count(len(r.Audit.Packages), "package", "packages"))
	if unseen > 0 {
		s.Next = Count(unseen, "line names", "lines name") + " no exact version and could not be looked up; gatehouse admit resolves them."
	}
	return s
}

// unlooked is the rule of an audited line that names no exact version.
const unlooked = "not-looked-up"

func notLookedUp(v verdict.VersionOutcome) bool {
	return len(v.Reasons) > 0 && v.Reasons[0].Rule == unlooked
}

// auditAdvice is what to do about a line that an audit found something about.
func auditAdvice(g group) string {
	for _, v := range g.versions {
		for _, r := range v.Reasons {
			if blocks(r) && r.Remedy != "" {
				return r.Remedy
			}
			if blocks(r) && len(r.Fixed) == 0 {
				return "No fixed version is known for all of it."
			}
		}
	}
	return "Take a fixed version; gatehouse audit --fix finds the lowest that nothing is known against."
}

func auditWord(v verdict.VersionOutcome) string {
	switch {
	case v.Verdict != verdict.Admit:
		return "Affected"
	case notLookedUp(v):
		return "Not looked up"
	case len(v.Reasons) > 0:
		return "Below the limit"
	}
	return "Nothing known"
}
