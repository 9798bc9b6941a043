package npm

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/manifest"
)

// Dependencies implements ecosystem.Ecosystem: each line of RequiresDist is a name,
// an @ and what the manifest asks for. One from git, an address or a path has no
// package; one under another name has that of what comes.
func (Ecosystem) Dependencies(m ecosystem.Metadata) []ecosystem.Requirement {
	out := make([]ecosystem.Requirement, 0, len(m.RequiresDist))
	for _, text := range m.RequiresDist {
		r := ecosystem.Requirement{Written: text}
		if i := strings.IndexByte(strings.TrimPrefix(text, "@"), '@'); i >= 0 {
			i += len(text) - len(strings.TrimPrefix(text, "@"))
			if pkg, spec, err := manifest.Dependency(text[:i], text[i+1:]); err == nil {
				r.Package = artifact.Package{Ecosystem: artifact.NPM, Name: pkg}
				r.Spec = spec
			}
		}
		out = append(out, r)
	}
	return out
}
