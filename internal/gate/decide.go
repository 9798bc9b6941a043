package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Facts are everything that a decision may depend on, gathered beforehand so
// that Decide does no I/O. A decision about a version on facts alone has no
// File; one about a file has its name, and its digest once it was fetched.
type Facts struct {
	Registry string
	Observe  bool // the registry says what it would refuse, and serves
	Version  artifact.Version
	File     *artifact.File // nil: about the version
	Looked   bool           // the file's bytes were scanned; its findings are in Findings

	Findings []finding.Finding
	// Gaps are what could not be known, such as a check that failed. They hold
	// what is new; what was admitted before goes on being served.
	Gaps         []finding.Finding
	Origin       string
	Internal     bool
	Yanked       bool
	YankedReason artifact.Untrusted
	Licence      string

	AdmittedSince time.Time // zero: not admitted here before
	Advisories    AdvisoryState
	Waivers       []verdict.Waiver   // those of the package; Decide picks
	Approvals     []verdict.Approval // those of the version; Decide picks

	FileEvidence     string
	VersionEvidence  string
	UpstreamMetadata artifact.Digest
	Baseline         string // the earlier versions that were subtracted, with their digests

	// Above is the decision about the file in the registry that it is taken from, by id,
	// and AboveSays what that one has against it: nobody waives or approves it here, and
	// a registry that only observes does not hand it out either.
	Above     string
	AboveSays []verdict.Reason

	// What the code of the version's files that were looked at can do, what of it the
	// nearest earlier version cannot, and that version's number; see policy.Input.
	Capabilities, Added []string
	ComparedWith        string

	// Attested is what was verified of who made the file, nil where nothing was, and
	// Attests says that its upstream names attestations.
	Attested *provenance.Answer
	Attests  bool
}

// AdvisoryState says which advisory data a decision saw and whether it may be
// relied on for something new.
type AdvisoryState struct {
	Snapshot string
	Problem  string // "" when the data is good; else one sentence with what to do
}

// Rules turn facts into reasons: a *policy.Policy, or a *policy.Batch where many
// files are decided about in turn.
type Rules interface {
	Evaluate(in policy.Input) ([]verdict.Reason, error)
	Digest() string
}

// Decide is the only place where facts become a verdict. It is pure: the same
// facts, policy and time give the same decision. An error is a fault, and the
// decision that comes with it holds.
func Decide(p Rules, f Facts, now time.Time) (verdict.Decision, error) {
	d := verdict.Decision{Registry: f.Registry, Version: f.Version, Purl: f.Version.Purl(), Inputs: inputs(p, f, now)}
	if f.File != nil {
		d.File = f.File.Name
	}
	reasons, err := p.Evaluate(policyInput(f, now))
	if err != nil {
		// What stands against it is not known, so nothing may open it: no waiver, no
		// approval, no registry that only observes.
		d.Reasons = []verdict.Reason{faultReason("policy-fault", "the policy could not be evaluated: "+artifact.Untrusted(err.Error()).String())}
		d.ID = verdict.DecisionID(d)
		return d, err
	}
	for i := range reasons {
		if reasons[i].Source == advisoriesUnusable {
			reasons[i].Remedy = "bring the advisory data up to date: gatehouse advisories sync"
		}
	}
	d.Reasons = applyWaivers(reasons, f, &d.Inputs, now)
	if r, unseen := notLookedAt(f, slices.Concat(d.Reasons, f.AboveSays)); unseen {
		d.Reasons = append(d.Reasons, r)
	}
	d.Verdict = verdict.Sum(d.Reasons)
	if d.Verdict == verdict.Hold {
		d.Reasons = applyApprovals(d.Reasons, f, &d.Inputs)
		d.Verdict = verdict.Sum(d.Reasons)
	}
	if len(f.AboveSays) > 0 {
		d.Reasons = append(slices.Clip(d.Reasons), f.AboveSays...)
		d.Verdict = verdict.Sum(d.Reasons)
	}
	d.Until = earliestEnd(d.Reasons, now)
	d.Observed = f.Observe && d.Verdict != verdict.Admit && mayObserve(d.Reasons) && len(f.AboveSays) == 0
	d.ID = verdict.DecisionID(d)
	return d, nil
}

// Serves says whether a decision lets bytes out: it admits, or its registry only
// observes. What nobody looked at is never served.
func Serves(d verdict.Decision) bool {
	return d.Verdict == verdict.Admit || d.Observed && !slices.ContainsFunc(d.Reasons, unseen)
}

// blocks says whether a reason stands in the way; an effect that is not known
// does.
func blocks(r verdict.Reason) bool {
	return r.Effect != verdict.EffectNote && r.Effect != verdict.EffectAdmit
}

func unseen(r verdict.Reason) bool { return r.Rule == notLookedAtRule && blocks(r) }

// opensAt is when a hold ends by itself once its file was looked at: when every
// reason that holds has an end, the last of them. Zero: it does not, or it is no
// hold.
func opensAt(d verdict.Decision) time.Time {
	var last time.Time
	for _, r := range d.Reasons {
		switch {
		case !blocks(r) || unseen(r):
		case d.Verdict != verdict.Hold || r.Until.IsZero():
			return time.Time{}
		case r.Until.After(last):
			last = r.Until
		}
	}
	return last
}

func inputs(p Rules, f Facts, now time.Time) verdict.Inputs {
	in := verdict.Inputs{
		FileEvidence: f.FileEvidence, VersionEvidence: f.VersionEvidence, UpstreamMetadata: f.UpstreamMetadata, Baseline: f.Baseline,
		Policy: p.Digest(), Origin: f.Origin, Above: f.Above, AdvisorySnapshot: f.Advisories.Snapshot,
		AdvisoriesStale: f.Advisories.Problem != "", At: now.UTC(),
	}
	if f.File != nil {
		in.FileSHA256 = f.File.SHA256
	}
	return in
}

func policyInput(f Facts, now time.Time) policy.Input {
	in := policy.Input{
		Now: now, Registry: f.Registry, Version: f.Version, Origin: f.Origin, Internal: f.Internal,
		Yanked: f.Yanked, YankedReason: f.YankedReason, Licence: f.Licence, Findings: f.Findings,
		Capabilities: f.Capabilities, Added: f.Added, Baseline: f.ComparedWith,
	}
	if f.File != nil {
		in.File = &policy.File{Name: f.File.Name, Kind: f.File.Kind, Size: f.File.Size, Uploaded: f.File.Uploaded}
		in.Provenance = policyProvenance(f)
	}
	in.Findings = slices.Clip(in.Findings)
	if f.Advisories.Problem != "" {
		in.Findings = append(in.Findings, advisoryProblem(f))
	}
	for _, x := range f.Gaps {
		if !f.AdmittedSince.IsZero() {
			x.Class, x.Severity = finding.Provenance, finding.Medium
		}
		in.Findings = append(in.Findings, x)
	}
	return in
}

// policyProvenance is what a policy may know of who made a file; nil while that is to
// be found out by looking at it.
func policyProvenance(f Facts) *policy.Provenance {
	switch {
	case f.Attested == nil && !f.Looked && f.Attests:
		return nil
	case f.Attested == nil || !f.Attested.Verified():
		return &policy.Provenance{}
	}
	a, _ := f.Attested.Main()
	return &policy.Provenance{
		Verified: true, Kind: string(a.Kind), Issuer: a.Issuer, Identity: a.Identity, Repository: a.Repository, Workflow: a.Workflow,
		Ref: a.Ref, Commit: a.Commit, Builder: a.Builder, Runner: a.Runner,
	}
}

const advisoriesUnusable = "advisories-unusable"

// advisoryProblem holds what is new when the advisory data cannot be relied on.
// What was admitted before goes on being served, with a note (invariant 2).
func advisoryProblem(f Facts) finding.Finding {
	x := finding.Finding{Rule: advisoriesUnusable, Class: finding.Fault, Severity: finding.High, Text: f.Advisories.Problem}
	if !f.AdmittedSince.IsZero() {
		x.Rule, x.Class, x.Severity = "advisories-stale", finding.Provenance, finding.Medium
	}
	return x
}

func faultReason(rule, text string) verdict.Reason {
	return verdict.Reason{Rule: rule, Class: finding.Fault, Effect: verdict.EffectHold, Severity: finding.High, Text: text}
}

// notLookedAt holds a file whose bytes nobody scanned, unless it is refused
// anyway: only what was looked at is ever served.
const notLookedAtRule = "not-looked-at"

func notLookedAt(f Facts, reasons []verdict.Reason) (verdict.Reason, bool) {
	if f.File == nil || f.Looked {
		return verdict.Reason{}, false
	}
	if verdict.Sum(reasons) == verdict.Reject && !(f.Observe && mayObserve(reasons)) {
		return verdict.Reason{}, false
	}
	r := faultReason(notLookedAtRule, "the file was not looked at yet")
	r.Remedy = "ask the gate to admit " + f.Version.Purl()
	return r, true
}

// applyWaivers turns what a valid waiver covers into notes that end with it.
func applyWaivers(reasons []verdict.Reason, f Facts, in *verdict.Inputs, now time.Time) []verdict.Reason {
	for i, r := range reasons {
		if !blocks(r) || !r.Class.Waivable() {
			continue
		}
		for _, w := range f.Waivers {
			if !covers(w, f, r, now) {
				continue
			}
			reasons[i].Effect = verdict.EffectNote
			reasons[i].Waiver = w.ID
			if r.Until.IsZero() || w.Until.Before(r.Until) {
				reasons[i].Until = w.Until
			}
			reasons[i].Text += fmt.Sprintf(" (waived until %s by %s: %s)", w.Until.Format(time.DateOnly), artifact.Untrusted(w.Approver), artifact.Untrusted(w.Reason))
			if !slices.Contains(in.Waivers, w.ID) {
				in.Waivers = append(in.Waivers, w.ID)
			}
			break
		}
	}
	return reasons
}

// covers says whether a waiver speaks of this reason about this version, now. A
// waiver bound to advisories covers no other advisory; one bound to a finding's
// fingerprint no other finding.
func covers(w verdict.Waiver, f Facts, r verdict.Reason, now time.Time) bool {
	switch {
	case w.Approver == "" || !w.Revoked.IsZero() || !w.Until.After(now):
		return false
	case w.Registry != "*" && w.Registry != f.Registry:
		return false
	case w.Package != f.Version.Package || !slices.Contains(w.Versions, f.Version.Number):
		return false
	case w.Rule != r.Rule && w.Rule != r.Source:
		return false
	case slices.ContainsFunc(r.IDs, func(id string) bool { return slices.Contains(w.Advisories, id) }):
		return true
	case r.Finding != "" && slices.Contains(w.Fingerprints, r.Finding):
		return true
	}
	// A rule about the file itself (age) has neither advisory nor finding.
	return len(w.Advisories) == 0 && len(w.Fingerprints) == 0 && len(r.IDs) == 0 && r.Finding == ""
}

// applyApprovals turns holds into notes when a person approved exactly this
// evidence. A fault needs two people, and the file's digest is part of what
// they approved. A fault that came later leaves the rest approved and holds by
// itself: what was admitted is not taken back because its upstream has it no more.
func applyApprovals(reasons []verdict.Reason, f Facts, in *verdict.Inputs) []verdict.Reason {
	if f.File == nil || !f.Looked {
		return reasons
	}
	if !approve(reasons, f, in, blocks) {
		approve(reasons, f, in, func(r verdict.Reason) bool { return blocks(r) && r.Class != finding.Fault })
	}
	return reasons
}

// approve turns those of the reasons that are meant into notes when enough people
// approved exactly them.
func approve(reasons []verdict.Reason, f Facts, in *verdict.Inputs, meant func(verdict.Reason) bool) bool {
	var bound []verdict.Reason
	for _, r := range reasons {
		if meant(r) {
			bound = append(bound, r)
		}
	}
	evidence := verdict.EvidenceDigest(f.File.SHA256, bound)
	var by []string
	var ids []string
	for _, a := range f.Approvals {
		if speaksOf(a, f) && a.Evidence == evidence && !slices.Contains(by, a.Approver) {
			by, ids = append(by, a.Approver), append(ids, a.ID)
		}
	}
	need := 1
	if slices.ContainsFunc(bound, func(r verdict.Reason) bool { return r.Class == finding.Fault }) {
		need = 2
	}
	if len(by) < need {
		return false
	}
	for i := range reasons {
		if r := &reasons[i]; meant(*r) {
			r.Effect = verdict.EffectNote
			r.Text += " (approved by " + artifact.Untrusted(strings.Join(by, ", ")).String() + ")"
			r.Until = time.Time{}
		}
	}
	in.Approvals = ids
	return true
}

// speaksOf says whether an approval that stands was given for this file here.
func speaksOf(a verdict.Approval, f Facts) bool {
	return a.Revoked.IsZero() && a.Approver != "" && a.Registry == f.Registry && a.Version == f.Version &&
		(a.File == "" || a.File == f.File.Name)
}

// earliestEnd is when the first of the reasons ends: a cooldown that opens, a
// waiver that runs out. From then on the decision must be taken again.
func earliestEnd(reasons []verdict.Reason, now time.Time) time.Time {
	var end time.Time
	for _, r := range reasons {
		if r.Until.After(now) && (end.IsZero() || r.Until.Before(end)) {
			end = r.Until
		}
	}
	return end
}

// mayObserve keeps observing honest: known malware is refused even so, and a
// fault never lets anything out, because what it hides may be malware.
func mayObserve(reasons []verdict.Reason) bool {
	return !slices.ContainsFunc(reasons, func(r verdict.Reason) bool {
		return blocks(r) && !unseen(r) && (r.Class == finding.Malware || r.Class == finding.Fault)
	})
}
