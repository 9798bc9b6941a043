package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Source is one place that a registry takes packages of an ecosystem from.
type Source struct {
	Upstream Upstream // outside; the zero one where Registry is set
	Registry string   // another registry of this gate
	Names    []string // patterns of names that belong to it, without their ecosystem
}

// Outside lists the upstreams that are read over the network, in their order: the
// others are registries of this gate.
func (c Config) Outside() []Upstream {
	return slices.DeleteFunc(slices.Clone(c.Upstreams), func(u Upstream) bool { return u.Registry != "" })
}

// Sources lists where a registry takes packages of an ecosystem from, in the order in
// which they are asked: what its upstreams name, or every upstream outside. Only for
// names that are configured.
func (c Config) Sources(registry, ecosystem string) []Source {
	r := c.Registries[registry]
	if len(r.Ecosystems) > 0 && !slices.Contains(r.Ecosystems, ecosystem) {
		return nil
	}
	var out []Source
	for _, u := range c.reads(r) {
		switch {
		case u.Ecosystem != "" && u.Ecosystem != ecosystem:
		case u.Registry == "":
			out = append(out, Source{Upstream: u, Names: u.NamesIn(ecosystem)})
		case len(c.Sources(u.Registry, ecosystem)) > 0:
			out = append(out, Source{Registry: u.Registry, Names: u.NamesIn(ecosystem)})
		}
	}
	return out
}

// reads lists a registry's upstreams. The name of a registry stands for an upstream
// that is that registry.
func (c Config) reads(r Registry) []Upstream {
	if len(r.Upstreams) == 0 {
		return c.Outside()
	}
	var out []Upstream
	for _, name := range r.Upstreams {
		if i := slices.IndexFunc(c.Upstreams, func(u Upstream) bool { return u.Name == name }); i >= 0 {
			out = append(out, c.Upstreams[i])
		} else {
			out = append(out, Upstream{Name: name, Registry: name})
		}
	}
	return out
}

// NamesIn are the patterns for one ecosystem. An upstream that claims names of other
// ones alone claims none here.
func (u Upstream) NamesIn(ecosystem string) []string {
	var out []string
	for _, n := range u.Names {
		if g := groupOf(PackageGroup{Pattern: n}, ""); g.Ecosystem == "" || g.Ecosystem == ecosystem {
			out = append(out, g.Glob)
		}
	}
	return out
}

// Holds lists the ecosystems that a registry holds: what it has a source of. Only for
// a name that is configured.
func (c Config) Holds(registry string) []string {
	var out []string
	for _, eco := range c.ecosystems {
		if len(c.Sources(registry, eco)) > 0 {
			out = append(out, eco)
		}
	}
	return out
}

// Above lists the registries that a registry reads, through others too, sorted.
func (c Config) Above(registry string) []string {
	found := map[string]bool{}
	var walk func(name string)
	walk = func(name string) {
		for _, u := range c.reads(c.Registries[name]) {
			if u.Registry != "" && !found[u.Registry] {
				found[u.Registry] = true
				walk(u.Registry)
			}
		}
	}
	walk(registry)
	return slices.Sorted(maps.Keys(found))
}

// checkViews refuses registries that would hold less than they say, and those that
// read one another in a circle.
func (c Config) checkViews() error {
	for _, name := range slices.Sorted(maps.Keys(c.Registries)) {
		r := c.Registries[name]
		for i, up := range r.Upstreams {
			_, own := c.Registries[up]
			known := slices.ContainsFunc(c.Upstreams, func(u Upstream) bool { return u.Name == up })
			switch {
			case !own && !known:
				return fmt.Errorf("registries.%s.upstreams: there is no upstream %q, and no registry of that name", name, up)
			case slices.Contains(r.Upstreams[:i], up):
				return fmt.Errorf("registries.%s.upstreams: %s stands there twice", name, up)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Registries)) {
		if circle := c.circle(name, nil); circle != nil {
			return fmt.Errorf("registries.%s.upstreams: registries read one another in a circle (%s); take one of them out", name, strings.Join(circle, " -> "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Registries)) {
		if err := c.checkView(name); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) checkView(name string) error {
	r := c.Registries[name]
	for _, eco := range r.Ecosystems {
		if !slices.Contains(c.ecosystems, eco) {
			return fmt.Errorf("registries.%s.ecosystems: %q is not served by this version; it serves %s", name, eco, strings.Join(c.ecosystems, ", "))
		}
	}
	for _, u := range c.reads(r) {
		switch {
		case len(r.Upstreams) == 0: // it reads all that there are
		case u.Ecosystem != "" && len(r.Ecosystems) > 0 && !slices.Contains(r.Ecosystems, u.Ecosystem):
			return fmt.Errorf("registries.%s.upstreams: %s is of %s, which registries.%s.ecosystems does not name", name, u.Name, u.Ecosystem, name)
		case u.Registry != "" && !slices.ContainsFunc(c.Holds(name), func(eco string) bool {
			return (u.Ecosystem == "" || u.Ecosystem == eco) && len(c.Sources(u.Registry, eco)) > 0
		}):
			return fmt.Errorf("registries.%s.upstreams: registry %s holds nothing that %s could read from it; take it out, or widen registries.%s", name, u.Registry, name, u.Registry)
		}
	}
	holds := c.Holds(name)
	for _, eco := range r.Ecosystems {
		if !slices.Contains(holds, eco) {
			return fmt.Errorf("registries.%s.ecosystems: no upstream of %s is read there; add one to upstreams, or leave %s out", name, eco, eco)
		}
	}
	return nil
}

// circle gives the way from a registry back to itself; nil where there is none.
func (c Config) circle(name string, via []string) []string {
	via = append(slices.Clone(via), name)
	for _, u := range c.reads(c.Registries[name]) {
		switch {
		case u.Registry == "":
		case u.Registry == via[0]:
			return append(via, u.Registry)
		case slices.Contains(via, u.Registry): // a circle that does not hold the first one
		default:
			if found := c.circle(u.Registry, via); found != nil {
				return found
			}
		}
	}
	return nil
}

// checkSource refuses what an upstream could not be.
func (c Config) checkSource(u Upstream) error {
	for _, n := range u.Names {
		g := groupOf(PackageGroup{Pattern: n}, "")
		switch {
		case strings.Contains(strings.TrimSuffix(g.Glob, "*"), "*") || strings.Trim(g.Glob, "*") == "" || strings.ContainsAny(g.Glob, oddInPatterns):
			return fmt.Errorf("upstreams.%s.names: %q is no pattern: write a name, or how names begin with one star after it", u.Name, n)
		case g.Ecosystem != "" && (u.Ecosystem != "" && g.Ecosystem != u.Ecosystem || !slices.Contains(c.ecosystems, g.Ecosystem)):
			return fmt.Errorf("upstreams.%s.names: %q: it has no names of %q", u.Name, n, g.Ecosystem)
		}
	}
	if !slices.Contains([]string{"", "external", "internal"}, u.Origin) {
		return fmt.Errorf("upstreams.%s.origin: %q is none of external, internal", u.Name, u.Origin)
	}
	if u.Registry == "" {
		return nil
	}
	if _, ok := c.Registries[u.Registry]; !ok {
		return fmt.Errorf("upstreams.%s.registry: there is no registry %q", u.Name, u.Registry)
	}
	if u.URL != "" || u.Credential != "" || u.CA != "" || u.Origin != "" || u.TTL != 0 || len(u.FileHosts)+len(u.Options) > 0 {
		return fmt.Errorf("upstreams.%s: %s is a registry of this gate, which is read from within; leave out all but name, registry, ecosystem and names", u.Name, u.Registry)
	}
	return nil
}
