package golang

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// Dependencies implements ecosystem.Ecosystem: each require line of the go.mod. One
// that cannot be read has no package.
func (e Ecosystem) Dependencies(m ecosystem.Metadata) []ecosystem.Requirement {
	out := make([]ecosystem.Requirement, 0, len(m.RequiresDist))
	for _, text := range m.RequiresDist {
		r := ecosystem.Requirement{Written: text}
		name, version, _ := strings.Cut(text, " ")
		if p, err := e.ParseName(name); err == nil && isVersion(p, version) {
			r.Package, r.Spec = p, ">="+version
		}
		out = append(out, r)
	}
	return out
}
