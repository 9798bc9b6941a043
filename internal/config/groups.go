package config

import (
	"fmt"
	"slices"
	"strings"
)

// PackageGroup says how packages of certain names may come in (package_groups). A
// setting that is left out is inherited from the next less specific group; see
// package groups.
type PackageGroup struct {
	// Pattern is a name, or how names begin with "*" after it, for all ecosystems or,
	// behind "ECOSYSTEM:", for one. "*" is the root and "ECOSYSTEM:*" all of one.
	Pattern string `yaml:"pattern"`
	// Publish, External and Internal are each "allow", "block" or "inherit": may such
	// packages be published here, read from an upstream outside, and read from another
	// registry of this gate or an upstream that is the company's own.
	Publish  string `yaml:"publish"`
	External string `yaml:"external"`
	Internal string `yaml:"internal"`
}

// Group is one package group in force: one of package_groups, or what internal_names
// stands for.
type Group struct {
	PackageGroup
	From      string // "package_groups[0]", "internal_names"
	Ecosystem string // "": for all
	Glob      string // the pattern without the ecosystem
}

// rootPattern is the pattern of the group that every name belongs to.
const rootPattern = "*"

// Groups are the package groups in force. internal_names is the short way to write
// some of them: each of its patterns is a group that blocks external and allows
// publish, and where there is any the root blocks publish, unless it says something
// else itself.
func (c Config) Groups() []Group {
	var out []Group
	rooted := false
	for i, g := range c.PackageGroups {
		rooted = rooted || g.Pattern == rootPattern && g.Publish != "" && g.Publish != "inherit"
		out = append(out, groupOf(g, fmt.Sprintf("package_groups[%d]", i)))
	}
	for _, pattern := range c.Internal {
		out = append(out, groupOf(PackageGroup{Pattern: pattern, External: "block", Publish: "allow"}, "internal_names"))
	}
	if len(c.Internal) == 0 || rooted {
		return out
	}
	if i := slices.IndexFunc(out, func(g Group) bool { return g.Pattern == rootPattern }); i >= 0 {
		out[i].Publish = "block"
	} else {
		out = append(out, groupOf(PackageGroup{Pattern: rootPattern, Publish: "block"}, "internal_names"))
	}
	return out
}

func groupOf(g PackageGroup, from string) Group {
	out := Group{PackageGroup: g, From: from}
	var named bool
	if out.Ecosystem, out.Glob, named = strings.Cut(g.Pattern, ":"); !named {
		out.Ecosystem, out.Glob = "", g.Pattern
	}
	return out
}

// maxStars bounds what comparing a name with a pattern costs.
const maxStars = 2

func (c Config) checkGroups() error {
	for i, g := range c.PackageGroups {
		at := fmt.Sprintf("package_groups[%d]", i)
		for _, setting := range []struct{ key, word string }{{"publish", g.Publish}, {"external", g.External}, {"internal", g.Internal}} {
			if !slices.Contains([]string{"", "allow", "block", "inherit"}, setting.word) {
				return fmt.Errorf("%s.%s: %q is none of allow, block, inherit", at, setting.key, setting.word)
			}
		}
		switch of := groupOf(g, at); {
		case g.Pattern == "":
			return fmt.Errorf("%s: a package group needs a pattern: NAME, NAME* or ECOSYSTEM:NAME*", at)
		case strings.Contains(strings.TrimSuffix(of.Glob, "*"), "*") || of.Glob == "" || strings.ContainsAny(of.Glob, oddInPatterns):
			return fmt.Errorf("%s.pattern: %q is no pattern: write a name, or how names begin with one star after it, with ECOSYSTEM: before it for one ecosystem", at, g.Pattern)
		case inherits(g) && g.Pattern != rootPattern:
			return fmt.Errorf("%s: the group %q says nothing; give it publish, external or internal, or take it out", at, g.Pattern)
		case g.Pattern == rootPattern && slices.Contains([]string{g.Publish, g.External, g.Internal}, "inherit"):
			return fmt.Errorf("%s: the root %q has nothing to inherit from; write allow or block", at, rootPattern)
		}
	}
	for _, pattern := range c.Internal {
		if g := groupOf(PackageGroup{Pattern: pattern}, ""); strings.Trim(g.Glob, "*") == "" || strings.Count(g.Glob, "*") > maxStars || strings.ContainsAny(g.Glob, oddInPatterns) {
			return fmt.Errorf("internal_names: %q is no pattern: write a name, or one with at most %d stars for any characters and something between them", pattern, maxStars)
		}
	}
	for _, g := range c.Groups() {
		switch {
		case g.Ecosystem == "":
		case !slices.Contains(c.ecosystems, g.Ecosystem):
			return fmt.Errorf("%s: %q: %q is no ecosystem that this version serves (%s); write NAME for all of them, or ECOSYSTEM:NAME", g.From, g.Pattern, g.Ecosystem, strings.Join(c.ecosystems, ", "))
		case !slices.ContainsFunc(c.Upstreams, func(u Upstream) bool { return u.Ecosystem == g.Ecosystem }):
			return fmt.Errorf("%s: %q: nothing of %s comes in here, because no upstream of it is configured; add one to upstreams, or take the pattern out", g.From, g.Pattern, g.Ecosystem)
		}
	}
	return nil
}

// oddInPatterns is what a person writes who takes patterns for regular expressions or
// a shell's; names have none of it.
const oddInPatterns = "?[]\\ ^$|(){},;<>\"'`\t\n"

func inherits(g PackageGroup) bool {
	says := func(word string) bool { return word != "" && word != "inherit" }
	return !says(g.Publish) && !says(g.External) && !says(g.Internal)
}
