package pypi

import (
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// Dependencies implements ecosystem.Ecosystem: each Requires-Dist, with and
// without an extra. One that cannot be read, or that names a URL, has no package.
func (Ecosystem) Dependencies(m ecosystem.Metadata) []ecosystem.Requirement {
	out := make([]ecosystem.Requirement, 0, len(m.RequiresDist))
	for _, text := range m.RequiresDist {
		r := ecosystem.Requirement{Written: text}
		if q, err := pep508.ParseRequirement(text); err == nil && q.URL == "" {
			r.Package = artifact.Package{Ecosystem: artifact.PyPI, Name: pep503.Normalize(q.Name)}
			r.Spec = q.Specifiers.String()
		}
		out = append(out, r)
	}
	return out
}
