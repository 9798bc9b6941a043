package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Rules of the findings that a lock can cause (ecosystem.Resolved.Findings), the same
// as those of other ecosystems.
const (
	// RuleLockHash: the index has other bytes under a locked version.
	RuleLockHash = "lock-hash-mismatch"
	// RuleLockFile: the index has no such version.
	RuleLockFile = "lock-file-missing"
)

// fromLock gives the closure that a lock states, held against the index. What the
// index says against it is in Findings.
func fromLock(src *source, m *ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	for _, q := range m.Requirements {
		src.ask(q.Package.Name)
	}
	out := make([]ecosystem.Resolved, 0, len(m.Requirements))
	for _, q := range m.Requirements {
		rs, err := src.releases(q.Package.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, locked(q, rs))
	}
	link(out, m.Requirements)
	return out, nil
}

func locked(q ecosystem.Requirement, rs []*release) ecosystem.Resolved {
	r := ecosystem.Resolved{
		Version: artifact.Version{Package: q.Package, Number: q.Number}, Direct: q.Direct, At: q.At, Hashes: q.Hashes,
	}
	i := slices.IndexFunc(rs, func(x *release) bool { return x.file.Number == q.Number })
	if i < 0 {
		r.Findings = append(r.Findings, finding.Finding{Rule: RuleLockFile, Class: finding.Fault, Severity: finding.High,
			Text: fmt.Sprintf("%s locks %s, which the index does not have; lock again with cargo update", q.At, r.Version)})
		return r
	}
	f := rs[i].file
	r.Files = []ecosystem.IndexFile{f}
	known := func(h string) bool { return strings.HasPrefix(h, "sha256:") }
	if f.SHA256 != "" && slices.ContainsFunc(q.Hashes, known) && !slices.Contains(q.Hashes, "sha256:"+string(f.SHA256)) {
		r.Findings = append(r.Findings, finding.Finding{Rule: RuleLockHash, Class: finding.Integrity, Severity: finding.High,
			Text: fmt.Sprintf("%s locks %s with other bytes than the index has; find out which are the author's before locking again", q.At, r.Version)})
	}
	return r
}

// link fills in the edges of the locked graph, and the way to each entry from a
// direct one.
func link(out []ecosystem.Resolved, entries []ecosystem.Requirement) {
	byName := map[artifact.Package][]int{}
	for i, q := range entries {
		byName[q.Package] = append(byName[q.Package], i)
	}
	reached := make([]bool, len(out))
	var queue []int
	for i := range out {
		if out[i].Direct {
			reached[i] = true
			queue = append(queue, i)
		}
		for _, p := range entries[i].Needs {
			for _, j := range byName[p] {
				if v := out[j].Version; v != out[i].Version && !slices.Contains(out[i].Needs, v) {
					out[i].Needs = append(out[i].Needs, v)
				}
			}
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, p := range entries[i].Needs {
			for _, j := range byName[p] {
				if reached[j] {
					continue
				}
				reached[j] = true
				out[j].Via, out[j].At = append(slices.Clone(out[i].Via), out[i].Version.Package), out[i].At
				queue = append(queue, j)
			}
		}
	}
}
