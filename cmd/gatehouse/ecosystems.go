package main

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
)

// peers lists the ecosystems that this binary knows, by id.
func peers() map[artifact.Ecosystem]ecosystem.Ecosystem { return all.ByID() }

// ecosystemIDs lists them in the order that people are shown them.
func ecosystemIDs() []artifact.Ecosystem {
	var out []artifact.Ecosystem
	for _, a := range all.List() {
		out = append(out, a.ID())
	}
	return out
}

// adapterOf gives what the program wires of an ecosystem that it knows.
func adapterOf(e artifact.Ecosystem) adapter.Adapter {
	list := all.List()
	i := slices.IndexFunc(list, func(a adapter.Adapter) bool { return a.ID() == e })
	return list[i]
}

// collisionKeys gives the key by which names are mistaken for one another, in each
// ecosystem's way; a name of another one is its own.
func collisionKeys() func(artifact.Package) string {
	keys := map[artifact.Ecosystem]func(string) string{}
	for _, a := range all.List() {
		keys[a.ID()] = a.CollisionKey
	}
	return func(p artifact.Package) string {
		key, ok := keys[p.Ecosystem]
		if !ok {
			return p.Name
		}
		return key(p.Name)
	}
}

// internalNames says whether a name matches one of the patterns of names that are
// ours, as they are written or as an ecosystem spells them: Python's Acme_x is acme-x.
func internalNames(cfg config.Config) func(artifact.Package) bool {
	patterns := cfg.InternalNames()
	for _, n := range cfg.InternalNames() {
		for _, a := range all.List() {
			if own, ok := spelled(a, n.Pattern); ok && (n.Ecosystem == "" || n.Ecosystem == string(a.ID())) {
				patterns = append(patterns, config.InternalName{Ecosystem: string(a.ID()), Pattern: own})
			}
		}
	}
	return func(p artifact.Package) bool {
		return slices.ContainsFunc(patterns, func(n config.InternalName) bool { return n.Match(string(p.Ecosystem), p.Name) })
	}
}

// spelled is a pattern as an ecosystem writes names; false where it is no name there.
func spelled(a adapter.Adapter, pattern string) (string, bool) {
	const star = "x0x" // a piece of a name that no ecosystem spells in another way
	p, err := a.ParseName(strings.ReplaceAll(pattern, "*", star))
	if err != nil || strings.Contains(pattern, star) {
		return "", false
	}
	return strings.ReplaceAll(p.Name, star, "*"), true
}
