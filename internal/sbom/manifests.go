package sbom

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The rules of what a list says beside its packages.
const (
	RuleNotLookedAt = "sbom-not-looked-at" // parts without a package URL, or of an ecosystem that is not served
	RuleUnusable    = "sbom-unusable-part" // a package URL that is none, or without a version
	RuleElsewhere   = "manifest-index-option"
	RuleAddress     = "manifest-source"
)

// Format is the ecosystem.Manifest.Format of a list of parts.
const Format = "sbom"

// Listed is what a list says of one ecosystem, as a lock: exact versions, and no
// resolver to ask.
type Listed struct {
	Ecosystem ecosystem.Ecosystem
	Manifest  *ecosystem.Manifest
}

// Manifests gives a list's packages by ecosystem, in the order of their names. What
// the gate cannot look at is a problem of the first of them, which is there even
// when it holds no package. A hash counts as one that the version must have a
// file for. The error is for a document that cannot be read.
func Manifests(name string, content []byte, served map[artifact.Ecosystem]ecosystem.Ecosystem) ([]Listed, error) {
	if len(served) == 0 {
		return nil, errors.New("no ecosystem is served here")
	}
	d, err := Read(name, content)
	if err != nil {
		return nil, err
	}
	c := &converter{served: served, document: d, by: map[artifact.Ecosystem]*ecosystem.Manifest{}, at: map[artifact.Version]place{}, of: make([]place, len(d.Components))}
	for i := range d.Components {
		c.component(i)
	}
	c.needs()
	var out []Listed
	for _, e := range slices.Sorted(maps.Keys(served)) {
		if m := c.by[e]; m != nil {
			m.Path, m.Format, m.Locked = name, Format, true
			out = append(out, Listed{served[e], m})
		}
	}
	if len(out) == 0 {
		first := slices.Min(slices.Collect(maps.Keys(served)))
		out = append(out, Listed{served[first], &ecosystem.Manifest{Path: name, Format: Format, Locked: true}})
	}
	out[0].Manifest.Problems = append(c.problems, c.counted(name)...)
	return out, nil
}

// place is a requirement of a manifest; the zero value is none.
type place struct {
	manifest *ecosystem.Manifest
	i        int
}

type converter struct {
	served   map[artifact.Ecosystem]ecosystem.Ecosystem
	document *Document
	by       map[artifact.Ecosystem]*ecosystem.Manifest
	at       map[artifact.Version]place
	of       []place // by component
	problems []ecosystem.Problem
	others   map[string]*count // by purl type, of what is not served
	unusable map[string]*count // by what is wrong
}

// count is how many parts there are of a kind, and where the first stands.
type count struct {
	n  int
	at finding.Location
}

// maxKinds is how many kinds are counted apart.
const maxKinds = 50

func tally(m *map[string]*count, key string, at finding.Location) {
	if *m == nil {
		*m = map[string]*count{}
	}
	if (*m)[key] == nil && len(*m) >= maxKinds {
		key = "any other"
	}
	if (*m)[key] == nil {
		(*m)[key] = &count{at: at}
	}
	(*m)[key].n++
}

func (c *converter) component(i int) {
	part := c.document.Components[i]
	p, err := packageurl.FromString(part.Purl)
	if err != nil {
		tally(&c.unusable, "a package URL that cannot be read", part.At)
		return
	}
	eco, ok := c.served[artifact.Ecosystem(p.Type)]
	if !ok {
		tally(&c.others, p.Type, part.At)
		return
	}
	name := p.Name
	if p.Namespace != "" {
		name = p.Namespace + "/" + p.Name
	}
	pkg, err := eco.ParseName(name)
	if err != nil {
		tally(&c.unusable, "a name that is none", part.At)
		return
	}
	if p.Version == "" {
		tally(&c.unusable, "no version", part.At)
		return
	}
	if _, err := eco.VersionKey(p.Version); err != nil {
		tally(&c.unusable, "a version that is none", part.At)
		return
	}
	c.qualifiers(p.Qualifiers.Map(), pkg, part.At)
	v := artifact.Version{Package: pkg, Number: p.Version}
	if at, twice := c.at[v]; twice {
		r := &at.manifest.Requirements[at.i]
		r.Direct = r.Direct || part.Direct
		for _, h := range part.Hashes {
			if len(r.Hashes) < maxHashes && !slices.Contains(r.Hashes, h) {
				r.Hashes = append(r.Hashes, h)
			}
		}
		c.of[i] = at
		return
	}
	m := c.by[eco.ID()]
	if m == nil {
		m = &ecosystem.Manifest{}
		c.by[eco.ID()] = m
	}
	c.at[v] = place{m, len(m.Requirements)}
	c.of[i] = c.at[v]
	m.Requirements = append(m.Requirements, ecosystem.Requirement{
		Package: pkg, Number: p.Version, Spec: "==" + p.Version, Written: v.Purl(), At: part.At, Direct: part.Direct, Hashes: slices.Clone(part.Hashes),
	})
}

// maxProblems is how many lines are told of one by one.
const maxProblems = 1000

// qualifiers reports that a part came from elsewhere than the upstream that the
// gate would ask for its name.
func (c *converter) qualifiers(q map[string]string, pkg artifact.Package, at finding.Location) {
	if len(c.problems) >= maxProblems {
		return
	}
	if address := q["repository_url"]; address != "" {
		if !strings.Contains(address, "://") {
			address = "https://" + address
		}
		c.problems = append(c.problems, ecosystem.Problem{
			Rule: RuleElsewhere, Class: finding.Origin, Effect: "hold", At: at, Index: ecosystem.AddressOf(address),
			Text: fmt.Sprintf("%s came from a repository of its own (repository_url); the gate looks at the package of that name of its own upstream, which may be another", pkg.Name),
		})
	}
	for _, key := range []string{"download_url", "vcs_url"} {
		if q[key] != "" {
			c.problems = append(c.problems, ecosystem.Problem{
				Rule: RuleAddress, Class: finding.Manifest, Effect: "hold", At: at,
				Text: fmt.Sprintf("%s came from an address (%s) and from no index; the gate looks at the release of that version, which may be another", pkg.Name, key),
			})
		}
	}
}

// needs turns the edges between parts into edges between packages.
func (c *converter) needs() {
	for i, part := range c.document.Components {
		from := c.of[i]
		if from.manifest == nil {
			continue
		}
		r := &from.manifest.Requirements[from.i]
		seen := map[artifact.Package]bool{r.Package: true}
		for _, p := range r.Needs {
			seen[p] = true
		}
		for _, j := range part.Needs {
			to := c.of[j]
			if to.manifest != from.manifest {
				continue
			}
			if p := to.manifest.Requirements[to.i].Package; !seen[p] {
				seen[p] = true
				r.Needs = append(r.Needs, p)
			}
		}
	}
}

// counted says what is not looked at, each kind once with its number.
func (c *converter) counted(name string) []ecosystem.Problem {
	var out []ecosystem.Problem
	if d := c.document; d.Unnamed > 0 {
		out = append(out, ecosystem.Problem{Rule: RuleNotLookedAt, Class: finding.Manifest, Effect: "note", At: d.First,
			Text: fmt.Sprintf("%s without a package URL (files, systems, parts of one's own): the gate does not look at those", parts(d.Unnamed))})
	}
	for _, kind := range slices.Sorted(maps.Keys(c.others)) {
		n := c.others[kind]
		out = append(out, ecosystem.Problem{Rule: RuleNotLookedAt, Class: finding.Manifest, Effect: "note", At: n.at,
			Text: fmt.Sprintf("%s of type %s, an ecosystem that is not served here: the gate does not look at those", parts(n.n), quote(kind))})
	}
	for _, why := range slices.Sorted(maps.Keys(c.unusable)) {
		n := c.unusable[why]
		out = append(out, ecosystem.Problem{Rule: RuleUnusable, Class: finding.Manifest, Effect: "hold", At: n.at,
			Text: fmt.Sprintf("%s with %s, so the gate cannot tell what to look at; write the list again from what is installed", parts(n.n), why)})
	}
	if len(c.problems) >= maxProblems {
		out = append(out, ecosystem.Problem{Rule: RuleAddress, Class: finding.Manifest, Effect: "hold", At: finding.Location{File: name},
			Text: fmt.Sprintf("more than %d of its packages came from elsewhere than an index", maxProblems)})
	}
	return out
}

func parts(n int) string {
	if n == 1 {
		return "1 part"
	}
	return fmt.Sprintf("%d parts", n)
}
