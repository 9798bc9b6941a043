package ecosystem

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// LinkLocked fills in the edges of a locked graph, and the way to each entry from a
// direct one. out has one version for each of entries, in their order.
func LinkLocked(out []Resolved, entries []Requirement) {
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
				if out[j].Version != out[i].Version {
					out[i].Needs = append(out[i].Needs, out[j].Version)
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
				out[j].Via = append(slices.Clone(out[i].Via), out[i].Version.Package)
				out[j].At = out[i].At
				queue = append(queue, j)
			}
		}
	}
}

// UnionResolved puts what several manifests ask for together: each version once,
// by name and, within one, in the order of compare. It sorts rs in place.
func UnionResolved(rs []Resolved, compare func(a, b string) int) []Resolved {
	slices.SortStableFunc(rs, func(a, b Resolved) int {
		if c := strings.Compare(a.Version.Package.Name, b.Version.Package.Name); c != 0 {
			return c
		}
		return compare(a.Version.Number, b.Version.Number)
	})
	var out []Resolved
	for _, r := range rs {
		if len(out) == 0 || out[len(out)-1].Version != r.Version {
			out = append(out, r)
			continue
		}
		last := &out[len(out)-1]
		if r.Direct && !last.Direct {
			last.Direct, last.Via, last.At = true, nil, r.At
		}
		last.Hashes = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(last.Hashes), r.Hashes...))))
		for _, n := range r.Needs {
			if !slices.Contains(last.Needs, n) {
				last.Needs = append(last.Needs, n)
			}
		}
		for _, f := range r.Findings {
			if !slices.ContainsFunc(last.Findings, func(o finding.Finding) bool { return o.Rule == f.Rule && o.Text == f.Text }) {
				last.Findings = append(last.Findings, f)
			}
		}
	}
	return out
}
