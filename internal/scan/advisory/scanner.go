// Package advisory is the version check that says what published advisories are
// known against a version: one finding for each alias group, of rule
// known-vulnerability or, where a malware record covers the version,
// known-malware. It looks at the synced snapshot and nothing else; it never
// asks a service about a version.
package advisory

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Rules of the findings.
const (
	RuleVulnerability = "known-vulnerability"
	RuleMalware       = "known-malware"
)

// Check is the version check. It is safe for concurrent use.
type Check struct {
	snapshot func() *advisory.Snapshot
}

var _ scan.VersionCheck = (*Check)(nil)

// New makes a check that asks snapshot for the current one at each call; nil
// means that there is none, which is a fault: without data nothing is known.
func New(snapshot func() *advisory.Snapshot) *Check { return &Check{snapshot: snapshot} }

// Name is "advisory".
func (c *Check) Name() string { return "advisory" }

// Revision is the snapshot's id, "none" without one.
func (c *Check) Revision() string {
	if s := c.snapshot(); s != nil {
		return s.ID()
	}
	return "none"
}

// Check gives a finding for each alias group that covers the version, worst
// first. How old the data may be is the policy's and the gate's business.
func (c *Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	s := c.snapshot()
	if s == nil {
		return nil, fmt.Errorf("%w: no advisory data on this machine; run gatehouse advisories sync", scan.ErrNoData)
	}
	matches, err := s.Match(t.Version.Package, t.Version.Number)
	if err != nil {
		return nil, err
	}
	var out []finding.Finding
	for _, m := range matches {
		out = append(out, findingOf(m))
	}
	return out, nil
}

func findingOf(m advisory.Match) finding.Finding {
	f := finding.Finding{
		Rule:     RuleVulnerability,
		Class:    finding.Vulnerability,
		Severity: m.Severity,
		Text:     sentence(m),
		IDs:      append([]string{m.ID}, m.Aliases...),
		Fixed:    m.Fixed,
	}
	if m.Malware {
		f.Rule, f.Class = RuleMalware, finding.Malware
		// Malware records carry no score; whatever an alias says, nothing is worse.
		f.Severity = finding.Critical
	}
	return f
}

// sentence says what is known and what to take instead, in one line.
func sentence(m advisory.Match) string {
	what := strings.TrimRight(m.Summary.String(), ".")
	switch {
	case what == "" && m.Malware:
		what = "known malware"
	case what == "":
		what = "known vulnerability"
	}
	switch {
	case len(m.Fixed) > 0:
		return fmt.Sprintf("%s: %s, fixed in %s", what, m.ID, m.Fixed[0])
	case m.Malware:
		return fmt.Sprintf("%s: %s", what, m.ID)
	}
	return fmt.Sprintf("%s: %s, no fixed version known", what, m.ID)
}
