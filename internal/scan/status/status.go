// Package status repeats what the upstream itself says against a version or its
// project: yanked files (PEP 592, https://peps.python.org/pep-0592/), and a
// project that is quarantined, archived or deprecated (PEP 792,
// https://peps.python.org/pep-0792/).
//
// A quarantined project is one that the upstream's own people suspect. It is
// told apart by its rule, not by a class of its own: class yanked means that the
// upstream took something back, and the default policy holds this one rule of it
// and notes the others.
package status

import (
	"context"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// The rules of this check.
const (
	RuleYanked      = "upstream-yanked"
	RuleQuarantined = "upstream-quarantined"
	RuleArchived    = "upstream-archived"
	RuleDeprecated  = "upstream-deprecated"
	RuleUnknown     = "upstream-status-unknown" // a status that this version of the gate does not know
)

// Check is the status check. Its zero value is ready and it has no state.
type Check struct{}

var _ scan.VersionCheck = Check{}

// New gives the check.
func New() Check { return Check{} }

// Name implements scan.VersionCheck.
func (Check) Name() string { return "status" }

// Revision implements scan.VersionCheck.
func (Check) Revision() string { return "1" }

// Check gives what the upstream says, without an index nothing.
func (Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	var out []finding.Finding
	if t.Index != nil {
		if f, ok := project(t.Version.Package.Name, t.Index.Status, t.Index.Reason); ok {
			out = append(out, f)
		}
	}
	if f, ok := yanked(t); ok {
		out = append(out, f)
	}
	return out, nil
}

// project turns a PEP 792 status into a finding.
func project(name, status string, reason artifact.Untrusted) (finding.Finding, bool) {
	f := finding.Finding{Class: finding.Yanked, Severity: finding.Low}
	quoted := artifact.Untrusted(name).String()
	switch status {
	case "", "active":
		return f, false
	case "quarantined":
		f.Rule, f.Severity = RuleQuarantined, finding.High
		f.Text = "the upstream has put " + quoted + " in quarantine"
	case "security-placeholder": // npm's quarantine
		f.Rule, f.Severity = RuleQuarantined, finding.High
		f.Text = "the upstream has taken " + quoted + " away for security and holds its name with an empty version"
	case "unpublished":
		f.Rule, f.Severity = RuleQuarantined, finding.Medium
		f.Text = quoted + " was unpublished upstream"
	case "archived":
		f.Rule, f.Text = RuleArchived, quoted+" is archived upstream: no updates are expected"
	case "deprecated":
		f.Rule, f.Text = RuleDeprecated, quoted+" is deprecated upstream"
	default:
		f.Rule, f.Severity = RuleUnknown, finding.Medium
		f.Text = fmt.Sprintf("the upstream gives %s the status %.40s, which this gate does not know", quoted, artifact.Untrusted(status))
	}
	f.Text += because(reason)
	return f, true
}

// yanked says whether files of the version were taken back. Upstreams yank whole
// versions, but the mark is on each file, so some may miss it.
func yanked(t scan.VersionTarget) (finding.Finding, bool) {
	n, reason := 0, artifact.Untrusted("")
	for _, f := range t.Files {
		if f.Yanked {
			if n++; reason == "" {
				reason = f.YankedReason
			}
		}
	}
	if n == 0 {
		return finding.Finding{}, false
	}
	what := t.Version.String()
	if n < len(t.Files) {
		what = fmt.Sprintf("%d of %d files of %s", n, len(t.Files), what)
	}
	verb := " was"
	if n < len(t.Files) && n > 1 {
		verb = " were"
	}
	return finding.Finding{
		Rule: RuleYanked, Class: finding.Yanked, Severity: finding.Low,
		Text: artifact.Untrusted(what).String() + verb + " " + withdrawn(t.Version.Package.Ecosystem) + " upstream" + because(reason),
	}, true
}

// withdrawn is an ecosystem's own word for what its index marks.
func withdrawn(e artifact.Ecosystem) string {
	if e == artifact.NPM {
		return "deprecated"
	}
	return "yanked"
}

func because(reason artifact.Untrusted) string {
	if reason == "" {
		return ""
	}
	return ": " + reason.String()
}
