package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/internal/groups"
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

// packageGroups makes the package groups of the configuration comparable with names:
// each pattern as it is written and as an ecosystem spells names. Python's Acme_x is
// acme-x; a pattern that was never compared with that would let it out.
func packageGroups(cfg config.Config) (*groups.Groups, error) {
	var out []groups.Group
	for _, g := range cfg.Groups() {
		d := groups.Group{
			Pattern: g.Pattern, From: g.From, Named: g.Ecosystem != "", Ecosystems: map[artifact.Ecosystem][]string{},
			Rules: [...]groups.Rule{groups.Publish: groups.Rule(g.Publish), groups.External: groups.Rule(g.External), groups.Internal: groups.Rule(g.Internal)},
		}
		for _, a := range all.List() {
			if g.Ecosystem != "" && g.Ecosystem != string(a.ID()) {
				continue
			}
			globs := globsOf(a, g.Glob)
			if d.Named && len(globs) == 1 && !beginsNames(a, g.Glob) {
				return nil, fmt.Errorf("%s: %q: no name of %s can match it; write it as names are written there", g.From, g.Pattern, a.Title)
			}
			d.Ecosystems[a.ID()] = globs
		}
		out = append(out, d)
	}
	return groups.New(out, collisionKeys())
}

// globsOf is a pattern as it is written and as an ecosystem spells names.
func globsOf(a adapter.Adapter, pattern string) []string {
	globs := []string{pattern}
	for _, written := range []string{pattern, strings.ToLower(pattern)} { // no case is kept when they are compared
		if own, ok := spelled(a, written); ok {
			globs = append(globs, own)
		}
	}
	return globs
}

// anyText is a piece of a name that no ecosystem spells in another way.
const anyText = "x0x"

// spelled is a pattern as an ecosystem writes names; false where it is no name there.
func spelled(a adapter.Adapter, pattern string) (string, bool) {
	p, err := a.ParseName(strings.ReplaceAll(pattern, "*", anyText))
	if err != nil || strings.Contains(pattern, anyText) {
		return "", false
	}
	return strings.ReplaceAll(p.Name, anyText, "*"), true
}

// beginsNames says whether a pattern is the beginning of names, as npm's @scope and Maven's
// groups are.
func beginsNames(a adapter.Adapter, pattern string) bool {
	_, err := a.ParseName(strings.ReplaceAll(pattern, "*", anyText) + "/" + anyText)
	return err == nil
}
