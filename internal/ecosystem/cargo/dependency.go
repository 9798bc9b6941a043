package cargo

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
)

// Dependencies implements ecosystem.Ecosystem: each line of RequiresDist is a crate's
// name and a requirement. One that cannot be read has no package.
func (e Ecosystem) Dependencies(m ecosystem.Metadata) []ecosystem.Requirement {
	out := make([]ecosystem.Requirement, 0, len(m.RequiresDist))
	for _, text := range m.RequiresDist {
		r := ecosystem.Requirement{Written: text}
		name, spec, _ := strings.Cut(text, " ")
		if p, err := e.ParseName(name); err == nil {
			if _, err := semver.ParseReq(spec); err == nil {
				r.Package, r.Spec = p, spec
			}
		}
		out = append(out, r)
	}
	return out
}
