// Package provenance judges who made a version: what its publishers and its registry
// attest of its files, as package internal/provenance verified it, and how that
// compares with the version before it that is admitted.
//
// Somebody who takes over a package's account, but not the repository that its
// releases are built in, loses what only that repository's workflow can attest. So a
// version whose files were attested before and are not now, or are by another
// repository, workflow or publisher, is a finding; so is anything attested that does
// not verify. That a package attests nothing, and never did, is none.
package provenance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// The rules of this check, beside those of package internal/provenance.
const (
	// RuleUnread: the index names attestations, and nothing is known of them.
	RuleUnread = "provenance-unread"
	// RuleRepository: the metadata names another repository than in the version before,
	// and nobody attests either.
	RuleRepository = "repository-changed"
)

// Check is the check. Its zero value is ready and it has no state.
type Check struct{}

var _ scan.VersionCheck = Check{}

// New gives the check.
func New() Check { return Check{} }

// Name implements scan.VersionCheck.
func (Check) Name() string { return "provenance" }

// Revision implements scan.VersionCheck.
func (Check) Revision() string { return "1" }

// Check compares what is attested of the version's files. It knows something of a
// file once that was looked at.
func (Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	if t.Internal || t.Index != nil && t.Index.Upstream == artifact.Internal {
		return nil, nil // who may publish our own names is settled by tokens
	}
	var out []finding.Finding
	before := makersOf(t.Baseline)
	for _, f := range t.Files {
		a, known := t.Attested[f.Name]
		if !known && t.Reports[f.Name] == nil {
			continue // nobody looked at it yet
		}
		out = append(out, problems(f.Name, a)...)
		if len(before) > 0 {
			out = append(out, compare(f, a, known, before, t.Baseline.AttestedIn)...)
		} else if !known && f.Provenance != "" {
			out = append(out, finding.Finding{Rule: RuleUnread, Class: finding.Provenance, Severity: finding.None, File: f.Name,
				Text: fmt.Sprintf("the index says that %s is attested, and nobody here has read that yet; gatehouse admit %s does", safe(f.Name), t.Version.Purl())})
		}
	}
	if len(before) == 0 && len(t.Attested) == 0 {
		out = append(out, repository(t)...)
	}
	return out, nil
}

// classes are what the problems of verification mean.
var classes = map[string]struct {
	class    finding.Class
	severity finding.Severity
}{
	provenance.RuleInvalid:    {finding.Integrity, finding.Critical},
	provenance.RuleOtherFile:  {finding.Integrity, finding.Critical},
	provenance.RuleSignature:  {finding.Integrity, finding.Critical},
	provenance.RuleUnknownKey: {finding.Provenance, finding.High},
	provenance.RulePublisher:  {finding.Provenance, finding.High},
}

func problems(file string, a provenance.Answer) []finding.Finding {
	var out []finding.Finding
	for _, p := range a.Problems {
		c, ok := classes[p.Rule]
		if !ok { // of a later version of the program, which was taken back
			c.class, c.severity = finding.Integrity, finding.Critical
		}
		out = append(out, finding.Finding{Rule: p.Rule, Class: c.class, Severity: c.severity, File: file, Text: p.Text})
	}
	return out
}

// maker is who an attestation names, in what stays the same from version to version.
type maker struct {
	issuer     string
	repository string // the forge's number for it where there is one, else its address
	workflow   string
	identity   string // where no repository is named
	shown      string
}

func makerOf(a provenance.Attestation) maker {
	m := maker{issuer: a.Issuer, shown: a.Source()}
	if a.Repository == "" {
		m.identity = a.Identity
		return m
	}
	m.workflow, m.repository = a.Workflow, strings.ToLower(a.Repository)
	if a.RepositoryID != "" {
		m.repository = a.RepositoryID // a renamed repository keeps it, and a new one of the old name does not have it
	}
	return m
}

func (m maker) is(other maker) bool { m.shown = other.shown; return m == other }

// makersOf are those who attested a version's files; none where it is not attested.
func makersOf(b *scan.Baseline) []maker {
	if b == nil {
		return nil
	}
	var out []maker
	for _, file := range slices.Sorted(maps.Keys(b.Attested)) {
		a := b.Attested[file]
		if x, ok := a.Main(); ok && a.Verified() {
			out = append(out, makerOf(x))
		}
	}
	return out
}

// compare says what became of a file's provenance since the version before.
func compare(f ecosystem.IndexFile, a provenance.Answer, known bool, before []maker, number string) []finding.Finding {
	x, attested := a.Main()
	found := finding.Finding{Class: finding.Provenance, Severity: finding.High, File: f.Name}
	switch {
	case !attested && !known && f.Provenance != "":
		found.Rule = provenance.RuleLost
		found.Text = fmt.Sprintf("the files of %s are attested by %s; the index says that %s is attested too, and that could not be read", safe(number), safe(before[0].shown), safe(f.Name))
	case !attested:
		found.Rule = provenance.RuleLost
		found.Text = fmt.Sprintf("the files of %s are attested by %s, and nobody attests %s", safe(number), safe(before[0].shown), safe(f.Name))
	case !slices.ContainsFunc(before, makerOf(x).is):
		found.Rule = provenance.RuleChanged
		found.Text = fmt.Sprintf("%s is attested by %s, and the files of %s by %s", safe(f.Name), safe(x.Source()), safe(number), safe(before[0].shown))
		found.Facts = []string{makerOf(x).fact()}
	default:
		return nil
	}
	return []finding.Finding{found}
}

// fact names a maker, so that a waiver for one is none for another.
func (m maker) fact() string {
	return strings.Join([]string{m.issuer, m.repository, m.workflow, m.identity}, " ")
}

// repository notes that the metadata names other repositories than before. Anybody can
// write any name there, so it says little; it is told because people look there.
func repository(t scan.VersionTarget) []finding.Finding {
	if t.Baseline == nil || len(t.Baseline.Repositories) == 0 || t.Metadata == nil {
		return nil
	}
	var now []string
	for _, place := range t.Metadata.HomePages {
		r := provenance.Repository(string(place))
		if r == "" {
			continue
		}
		if slices.Contains(t.Baseline.Repositories, r) {
			return nil
		}
		now = append(now, r)
	}
	if len(now) == 0 {
		return nil
	}
	return []finding.Finding{{Rule: RuleRepository, Class: finding.Provenance, Severity: finding.Low,
		Text: fmt.Sprintf("its metadata names the repository %s, and that of %s named %s", safe(now[0]), safe(t.Baseline.Version.Number), safe(t.Baseline.Repositories[0]))}}
}

func safe(s string) string { return artifact.Untrusted(s).String() }
