package maven

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

// Dependencies implements ecosystem.Ecosystem: each line of RequiresDist is
// "group:artifact version", as package pom writes them. One that cannot be read has no
// package.
func (e Ecosystem) Dependencies(m ecosystem.Metadata) []ecosystem.Requirement {
	out := make([]ecosystem.Requirement, 0, len(m.RequiresDist))
	for _, text := range m.RequiresDist {
		r := ecosystem.Requirement{Written: text}
		name, spec, _ := strings.Cut(text, " ")
		if p, err := e.ParseName(name); err == nil {
			if _, err := version.ParseRange(spec); err == nil {
				r.Package, r.Spec = p, spec
			}
		}
		out = append(out, r)
	}
	return out
}
