package gate

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Examiner says what the gate makes of files by themselves: the same worker,
// rules and policy as an admission, without a store. Nothing is recorded or
// admitted, and age does not count. It is safe for concurrent use.
type Examiner struct {
	Inspect    func(context.Context, *os.File, scan.FileTarget) (scan.Report, error)
	Behave     Behave
	Policy     Rules
	Advisories func() AdvisoryState
	Now        func() time.Time
}

// Examined is what came of one file.
type Examined struct {
	Report    scan.Report
	Behaviour scan.Behaviour
	Findings  []finding.Finding
	Reasons   []verdict.Reason // the first of them are about Findings, one each, in their order
	Verdict   verdict.Verdict
}

// Look opens one archive and lets the rules of behaviour say what it does.
// Decide has to follow. An error means that nothing could be looked at; what is
// wrong with the archive is among the report's findings.
func (e *Examiner) Look(ctx context.Context, opened *os.File, f artifact.File) (*Examined, error) {
	r, err := e.Inspect(ctx, opened, scan.FileTarget{File: f})
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", f.Name, err)
	}
	return &Examined{Report: r, Behaviour: e.Behave.Behaviour(r.Code)}, nil
}

// Decide asks the checks and then the policy about the files of one version,
// which were looked at, by name. With a baseline, what that holds already is not
// new. Checks that need more than t has to offer are the caller's to leave out.
func (e *Examiner) Decide(ctx context.Context, t scan.VersionTarget, files map[string]*Examined, checks []scan.VersionCheck) error {
	t.Now = e.Now()
	t.Reports, t.Behaviours = map[string]*scan.Report{}, map[string]*scan.Behaviour{}
	for name, f := range files {
		t.Reports[name], t.Behaviours[name] = &f.Report, &f.Behaviour
		if t.Metadata == nil {
			t.Metadata = f.Report.Metadata
		}
	}
	about, failed, _ := runChecks(ctx, checks, t, e.Advisories().Problem != "")
	for name, f := range files {
		f.Findings = append(append(append(append(f.Findings, f.Report.Findings...), about[name]...), about[""]...), failed...)
		in := policy.Input{Now: t.Now, Version: t.Version, Findings: f.Findings, Capabilities: capabilityWords([]*scan.Behaviour{&f.Behaviour})}
		if t.Baseline != nil {
			in.Baseline, in.Added = t.Baseline.Version.Number, without(in.Capabilities, capabilityWords(t.Baseline.Behaviours))
		}
		reasons, err := e.Policy.Evaluate(in)
		if err != nil {
			return fmt.Errorf("evaluating the policy about %s: %w", name, err)
		}
		f.Reasons, f.Verdict = reasons, verdict.Sum(reasons)
	}
	return ctx.Err() // a check that was interrupted said nothing
}

// without gives the words of list that are not in other; never nil.
func without(list, other []string) []string {
	out := []string{}
	for _, w := range list {
		if !slices.Contains(other, w) {
			out = append(out, w)
		}
	}
	return out
}
