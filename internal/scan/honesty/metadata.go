package honesty

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// checkProblems reports parts that are missing or cannot be read. What cannot
// be read is a fault: it may say anything.
func (p *pass) checkProblems() {
	for _, problem := range p.contents.Problems {
		rule, class, severity := problemRule(p.promise.Kind, problem)
		p.add(rule, class, severity, problem.Path, "%s", problem.Text)
	}
}

func problemRule(kind artifact.Kind, problem dist.Problem) (string, finding.Class, finding.Severity) {
	if !problem.Missing {
		if problem.Part == dist.Record {
			return RuleRecordMismatch, finding.Integrity, finding.High
		}
		return scan.RuleUnreadable, finding.Fault, finding.Unknown
	}
	if kind == artifact.Sdist {
		if problem.Part == dist.Root {
			return RuleLayout, finding.Honesty, finding.Low
		}
		return RuleMetadataMissing, finding.Integrity, finding.High
	}
	switch problem.Part {
	case dist.Record:
		return RuleRecordMissing, finding.Integrity, finding.High
	case dist.WheelFile:
		return RuleTagMismatch, finding.Honesty, finding.Medium
	case dist.Root:
		if problem.Path != "" {
			return RuleNameMismatch, finding.Integrity, finding.High
		}
	}
	return RuleMetadataMissing, finding.Integrity, finding.High
}

// checkMetadata compares METADATA or PKG-INFO with the file's name.
func (p *pass) checkMetadata() {
	m := p.contents.Metadata
	if m == nil {
		return
	}
	where := p.contents.MetadataPath
	if pep503.Normalize(m.Name) != p.promise.Name {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, where, "the metadata is about %s, the file is named after %s", safe(m.Name), p.promise.Name)
	}
	if !sameVersion(m.Version, p.promise.Number) {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, where, "the metadata is about version %s, the file is named after %s", safe(m.Version), p.promise.Number)
	}
}

// checkSources reports what an sdist's own files say against one another:
// whoever looks reads one, and the build reads the other.
func (p *pass) checkSources() {
	m := p.contents.Metadata
	if m == nil || m.Source == nil {
		return
	}
	for _, c := range m.Source.Conflicts {
		p.add(RuleSources, finding.Honesty, finding.Medium, p.contents.MetadataPath, "%s", safe(c))
	}
}

func sameVersion(a, b string) bool {
	va, errA := pep440.Parse(a)
	vb, errB := pep440.Parse(b)
	return errA == nil && errB == nil && va.String() == vb.String()
}

// checkIndex compares the archive with what the index served about it. A
// resolver that believed the index would have installed another closure.
func (p *pass) checkIndex() {
	where := p.contents.MetadataPath
	served := p.target.IndexMetadata
	if served != nil && !bytes.Equal(served, p.contents.RawMetadata) {
		p.add(RuleIndexMismatch, finding.Integrity, finding.High, where, "the metadata in the archive is not what the index serves for it")
	}
	m := p.contents.Metadata
	if m == nil || p.target.RequiresPython == "" {
		return // an index that says nothing promises nothing
	}
	if !sameSpecifiers(m.RequiresPython, p.target.RequiresPython) {
		p.add(RuleIndexMismatch, finding.Integrity, finding.High, where, "the archive needs Python %q, the index says %q", safe(m.RequiresPython), safe(p.target.RequiresPython))
	}
}

// sameSpecifiers compares version specifiers without regard to space and order.
func sameSpecifiers(a, b string) bool {
	return slices.Equal(clauses(a), clauses(b))
}

func clauses(s string) []string {
	var out []string
	for c := range strings.SplitSeq(s, ",") {
		if c = strings.Join(strings.Fields(c), ""); c != "" {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkWheelFile compares WHEEL's tags with those of the file's name.
func (p *pass) checkWheelFile() {
	w := p.contents.Wheel
	if w == nil {
		return
	}
	var named []string
	for _, t := range p.promise.Tags {
		named = append(named, t.String())
	}
	slices.Sort(named)
	named = slices.Compact(named)
	if !slices.Equal(named, w.Tags) {
		p.add(RuleTagMismatch, finding.Honesty, finding.Medium, p.contents.WheelPath,
			"the wheel is named for %s and says inside that it is for %s", safe(strings.Join(named, " ")), safe(strings.Join(w.Tags, " ")))
	}
	if w.RootIsPurelib != p.promise.Pure() {
		p.add(RuleTagMismatch, finding.Honesty, finding.Low, p.contents.WheelPath,
			"the wheel's name and its Root-Is-Purelib (%t) disagree on whether it is pure Python", w.RootIsPurelib)
	}
}
