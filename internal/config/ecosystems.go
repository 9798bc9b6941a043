package config

import (
	"fmt"
	"slices"
	"strings"
)

// InternalName is one of internal_names: a name, or one with "*" for any run of
// characters, slashes too, in the form that the ecosystem's names are kept in.
type InternalName struct {
	Ecosystem string // "": of every ecosystem
	Pattern   string
}

// InternalNames reads internal_names. One is written "acme-*" for all ecosystems, or
// "npm:@acme/*" for one.
func (c Config) InternalNames() []InternalName {
	var out []InternalName
	for _, written := range c.Internal {
		if eco, pattern, ok := strings.Cut(written, ":"); ok {
			out = append(out, InternalName{eco, pattern})
		} else {
			out = append(out, InternalName{"", written})
		}
	}
	return out
}

// Match says whether a name is one of those, in whatever letter case, or lies in a
// folder that is: go's client asks for every folder of an import path, below a module
// and above it, so "X/*" is X too.
func (n InternalName) Match(ecosystem, name string) bool {
	if n.Ecosystem != "" && n.Ecosystem != ecosystem {
		return false
	}
	pattern, name := strings.ToLower(n.Pattern), strings.ToLower(name)
	if name == strings.TrimSuffix(pattern, "/*") {
		return true
	}
	for {
		if glob(pattern, name) {
			return true
		}
		i := strings.LastIndexByte(name, '/')
		if i <= 0 {
			return false
		}
		name = name[:i]
	}
}

// glob says whether a text is the pattern's parts in order, with anything between
// them.
func glob(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	if !star || !ok {
		return ok && text == ""
	}
	for i := range len(text) + 1 {
		if glob(rest, text[i:]) {
			return true
		}
	}
	return false
}

// maxStars bounds what comparing a name with a pattern costs.
const maxStars = 2

func (c Config) checkInternal() error {
	for i, n := range c.InternalNames() {
		switch {
		case n.Ecosystem != "" && !slices.Contains(c.ecosystems, n.Ecosystem):
			return fmt.Errorf("internal_names: %q: %q is no ecosystem that this version serves (%s); write NAME for all of them, or ECOSYSTEM:NAME", c.Internal[i], n.Ecosystem, strings.Join(c.ecosystems, ", "))
		case strings.Trim(n.Pattern, "*") == "" || strings.Count(n.Pattern, "*") > maxStars || strings.ContainsAny(n.Pattern, "?[]\\ "):
			return fmt.Errorf("internal_names: %q is no pattern: write a name, or one with at most %d stars for any characters and something between them", c.Internal[i], maxStars)
		}
	}
	return nil
}

// Holds lists the ecosystems that a registry holds: what is read from one of its
// upstreams. Only for a name that is configured.
func (c Config) Holds(registry string) []string {
	r := c.Registries[registry]
	var out []string
	for _, eco := range c.ecosystems {
		if len(r.Ecosystems) > 0 && !slices.Contains(r.Ecosystems, eco) {
			continue
		}
		if slices.ContainsFunc(c.Upstreams, func(u Upstream) bool { return u.Ecosystem == eco && r.reads(u.Name) }) {
			out = append(out, eco)
		}
	}
	return out
}

func (r Registry) reads(upstream string) bool {
	return len(r.Upstreams) == 0 || slices.Contains(r.Upstreams, upstream)
}

// checkViews refuses registries that would hold less than they say.
func (c Config) checkViews() error {
	for name, r := range c.Registries {
		for _, eco := range r.Ecosystems {
			if !slices.Contains(c.ecosystems, eco) {
				return fmt.Errorf("registries.%s.ecosystems: %q is not served by this version; it serves %s", name, eco, strings.Join(c.ecosystems, ", "))
			}
		}
		for _, up := range r.Upstreams {
			if _, own := c.Registries[up]; own && !slices.ContainsFunc(c.Upstreams, func(u Upstream) bool { return u.Name == up }) {
				return fmt.Errorf("registries.%s.upstreams: %s is a registry of this gate, and this version reads none of those into another; name one of upstreams", name, up)
			}
			i := slices.IndexFunc(c.Upstreams, func(u Upstream) bool { return u.Name == up })
			if i < 0 {
				return fmt.Errorf("registries.%s.upstreams: there is no upstream %q", name, up)
			}
			if eco := c.Upstreams[i].Ecosystem; len(r.Ecosystems) > 0 && !slices.Contains(r.Ecosystems, eco) {
				return fmt.Errorf("registries.%s.upstreams: %s is of %s, which registries.%s.ecosystems does not name", name, up, eco, name)
			}
		}
		holds := c.Holds(name)
		for _, eco := range r.Ecosystems {
			if !slices.Contains(holds, eco) {
				return fmt.Errorf("registries.%s.ecosystems: no upstream of %s is read there; add one to upstreams, or leave %s out", name, eco, eco)
			}
		}
	}
	return nil
}
