package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
)

// settings sums up what holds for every line of the build at once: properties,
// profiles, exclusions, and whatever else a pom says of dependencies.
func (b *build) settings() (string, error) {
	type section struct {
		Project  pom.Section
		Parent   *pom.Parent
		Profiles []pom.Profile
	}
	h := sha256.New()
	encoder := json.NewEncoder(h)
	for _, lineage := range slices.Concat(b.out.Modules, b.out.Siblings) {
		for _, o := range lineage {
			s := section{o.Section, o.Parent, slices.Clone(o.Profiles)}
			s.Project = bare(s.Project)
			if s.Parent != nil {
				parent := *s.Parent
				parent.Line = 0
				s.Parent = &parent
			}
			for i := range s.Profiles {
				s.Profiles[i].Line, s.Profiles[i].Section = 0, bare(s.Profiles[i].Section)
			}
			if err := encoder.Encode(s); err != nil {
				return "", fmt.Errorf("summing up %s: %w", manifestfile.Quote(o.File), err)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// bare is what of a section no requirement says: a line that is added, or has another
// version, is a change of that line alone.
func bare(s pom.Section) pom.Section {
	out := pom.Section{}
	for _, p := range s.Properties {
		p.Line = 0
		out.Properties = append(out.Properties, p)
	}
	for _, d := range s.Managed {
		if d.Imports() || len(d.Exclusions) > 0 {
			d.File, d.Line = "", 0
			out.Managed = append(out.Managed, d)
		}
	}
	for _, d := range s.Dependencies {
		if len(d.Exclusions) > 0 || d.Classifier != "" || d.Type != "" {
			d.File, d.Line = "", 0
			out.Dependencies = append(out.Dependencies, d)
		}
	}
	return out
}
