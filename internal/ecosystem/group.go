package ecosystem

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// MainGroup is what people call the requirements of a project itself, which stand
// in no group. In Requirement.Groups it is "".
const MainGroup = "main"

var groupBreaks = lazy.Regexp(`[-_.]+`)

// GroupName is a group's name as Requirement.Groups holds it: lower case, runs of
// - _ . as one dash. MainGroup is "".
func GroupName(written string) string {
	if name := groupBreaks().ReplaceAllString(strings.ToLower(written), "-"); name != MainGroup {
		return name
	}
	return ""
}

// Groups lists the groups that the manifest's requirements stand in, sorted, the
// main one as MainGroup.
func (m *Manifest) Groups() []string {
	var out []string
	for _, r := range m.Requirements {
		for _, g := range r.Groups {
			if g == "" {
				g = MainGroup
			}
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Only keeps the requirements of the groups named, as people write them. Constraints
// stay, and so does what stands in no group, as in a requirements file: the gate
// looks at more rather than at less. No groups keep everything.
func (m *Manifest) Only(groups []string) {
	if len(groups) == 0 {
		return
	}
	wanted := map[string]bool{}
	for _, g := range groups {
		wanted[GroupName(g)] = true
	}
	m.Requirements = slices.DeleteFunc(m.Requirements, func(r Requirement) bool {
		return !r.Constraint && len(r.Groups) > 0 && !slices.ContainsFunc(r.Groups, func(g string) bool { return wanted[g] })
	})
}
