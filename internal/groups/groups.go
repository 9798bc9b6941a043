// Package groups says how packages may come in, by name: published here, from an
// outside upstream, or from another registry of this gate. Package groups are
// patterns that inherit from one another, after the model of AWS CodeArtifact
// (https://docs.aws.amazon.com/codeartifact/latest/ug/package-groups.html): every
// name belongs to all groups that it matches, and for each way in the most specific
// of them that does not say "inherit" decides. The root group, "*", comes last and
// allows everything unless it is set.
//
// More specific is: the name itself, then the pattern with the most letters that are
// no star, then one for a single ecosystem before one for all. Of two that are
// equally specific the one that blocks decides. A name that can be mistaken for those
// of a group (the ecosystem's collision key) counts as one of them where the group
// blocks: who squats a name of ours writes it a little differently.
//
// It promises never to ask anybody anything: whoever asks upstreams asks here first.
// Groups do not change once made and are safe for concurrent use.
package groups

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Way is one way for a package to come in.
type Way int

// The ways.
const (
	Publish  Way = iota // by a publisher, here
	External            // from an upstream outside
	Internal            // from another registry of this gate, or an upstream that is the company's own
	ways
)

// String is the word of the configuration.
func (w Way) String() string { return [ways]string{"publish", "external", "internal"}[w] }

// Rule is what a group says of a way. The zero Rule is Inherit.
type Rule string

// The rules.
const (
	Inherit Rule = "inherit"
	Allow   Rule = "allow"
	Block   Rule = "block"
)

// Group is one package group as it was declared.
type Group struct {
	Pattern string // as written: "npm:@acme/*"; "*" is the root
	From    string // where it was set: "package_groups[0]", "internal_names"
	Rules   [ways]Rule
	// Ecosystems are those that it is for, with the patterns of names there: as they are
	// written, and as the ecosystem spells names. "*" stands for any run of characters,
	// slashes too.
	Ecosystems map[artifact.Ecosystem][]string
	// Named says that it is for a single ecosystem.
	Named bool
}

// Link is one group of a name's chain.
type Link struct {
	Pattern  string `json:"pattern"`
	From     string `json:"from"` // where it was set
	Publish  Rule   `json:"publish"`
	External Rule   `json:"external"`
	Internal Rule   `json:"internal"`
}

// Said is what decides about one way for one name.
type Said struct {
	Rule  Rule   `json:"rule"`  // Allow or Block
	Group string `json:"group"` // the pattern of the group that decides
	From  string `json:"from"`  // where that was set
	Alike bool   `json:"alike,omitempty"`
	Why   string `json:"why"` // one sentence without a full stop

	literal bool // the group names something: it is not the root, nor an ecosystem's
}

// Literal says that the group that decides speaks of certain names, and not of all
// that there are.
func (s Said) Literal() bool { return s.literal }

// Control is what the groups say of a name. Chain lists the groups that it belongs
// to, the most specific first and the root last.
type Control struct {
	Chain    []Link `json:"chain"`
	Publish  Said   `json:"publish"`
	External Said   `json:"external"`
	Internal Said   `json:"internal"`
}

// Of is what is said of one way.
func (c Control) Of(w Way) Said { return [ways]Said{c.Publish, c.External, c.Internal}[w] }

// Limits of what is declared, and of what is remembered.
const (
	MaxGroups  = 1000
	MaxPattern = 200 // bytes; names are shorter
	MaxStars   = 2   // in one pattern; what comparing costs grows with each
	maxAlike   = 100 // longer names are compared as they are, not by how they look
	kept       = 10_000
)

// Root is the pattern of the root group.
const Root = "*"

// InternalNames is where groups come from that internal_names stand for.
const InternalNames = "internal_names"

// Groups are all that there are; nil allows everything.
type Groups struct {
	by     map[artifact.Ecosystem][]member
	key    func(artifact.Package) string
	digest string

	mu   sync.Mutex
	said map[artifact.Package]Control
}

// member is a group as it is compared with the names of one ecosystem.
type member struct {
	*Group
	globs []string // lower case, without doubles
	parts [][]string
}

// New makes Groups of what was declared. key is the ecosystems' collision key: names
// with one key can be mistaken for one another. A root group that was not declared is
// added. Two groups with one pattern are an error, and so is a pattern that could not
// be compared.
func New(declared []Group, key func(artifact.Package) string) (*Groups, error) {
	if len(declared) > MaxGroups {
		return nil, fmt.Errorf("there are %d package groups; at most %d can be compared with every name", len(declared), MaxGroups)
	}
	g := &Groups{by: map[artifact.Ecosystem][]member{}, key: key, said: map[artifact.Package]Control{}}
	b, err := json.Marshal(declared)
	if err != nil {
		return nil, fmt.Errorf("naming package groups: %w", err)
	}
	g.digest = string(artifact.DigestOf(b))
	taken := map[string]Group{} // by ecosystem, reach and pattern
	for _, d := range declared {
		if len(d.Ecosystems) == 0 {
			return nil, fmt.Errorf("%s: the package group %q is for no ecosystem", d.From, d.Pattern)
		}
		for _, eco := range slices.Sorted(maps.Keys(d.Ecosystems)) {
			m := member{Group: &d}
			for _, glob := range d.Ecosystems[eco] {
				if err := check(glob); err != nil {
					return nil, fmt.Errorf("%s: the package group %.80q %w", d.From, d.Pattern, err)
				}
				if glob = strings.ToLower(glob); slices.Contains(m.globs, glob) {
					continue
				}
				m.globs, m.parts = append(m.globs, glob), append(m.parts, strings.Split(glob, "*"))
				id := fmt.Sprint(eco, d.Named, " ", glob)
				if other, twice := taken[id]; twice {
					return nil, fmt.Errorf("%s: the package group %q is declared twice, by %s as %q too; write one group that says all", d.From, d.Pattern, other.From, other.Pattern)
				}
				taken[id] = d
			}
			g.by[eco] = append(g.by[eco], m)
		}
	}
	return g, nil
}

func check(glob string) error {
	switch {
	case glob == "":
		return errors.New("has no pattern")
	case len(glob) > MaxPattern:
		return fmt.Errorf("is longer than %d bytes", MaxPattern)
	case strings.Count(glob, "*") > MaxStars:
		return fmt.Errorf("has more than %d stars", MaxStars)
	}
	return nil
}

// Of says what decides about a name.
func (g *Groups) Of(p artifact.Package) Control {
	if g == nil {
		return control(p, []match{{member: member{Group: &root}}}, nil)
	}
	g.mu.Lock()
	c, ok := g.said[p]
	g.mu.Unlock()
	if ok {
		return c
	}
	c = control(p, g.matches(p), g.alike(p))
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.said) >= kept {
		clear(g.said)
	}
	g.said[p] = c
	return c
}

// Digest names the groups: it changes whenever a name could be told something else.
func (g *Groups) Digest() string {
	if g == nil {
		return ""
	}
	return g.digest
}

// Ours says whether a name is declared as our own: a group that names it, or names
// like it, keeps it from being asked for outside.
func (g *Groups) Ours(p artifact.Package) bool {
	s := g.Of(p).External
	return s.Rule == Block && s.literal
}

// Names says whether the pattern of a group that keeps names inside matches a name:
// what only looks like one does not. It is quick, for going through many.
func (g *Groups) Names(p artifact.Package) bool {
	if g == nil {
		return false
	}
	name := ""
	for _, m := range g.by[p.Ecosystem] {
		if !m.literal() {
			continue
		}
		if name == "" {
			name = strings.ToLower(p.Name)
		}
		if slices.ContainsFunc(m.globs, func(glob string) bool { _, ok := rank(glob, name, false); return ok }) {
			s := g.Of(p).External
			return s.Rule == Block && s.literal && !s.Alike
		}
	}
	return false
}

// Key is the collision key of a name: names with one key can be mistaken for one
// another.
func (g *Groups) Key(p artifact.Package) string {
	if g == nil || g.key == nil {
		return p.Name
	}
	return g.key(p)
}

// root is the group of all names where none is declared.
var root = Group{Pattern: Root, From: "default", Rules: [ways]Rule{Allow, Allow, Allow}}

// match is a group that a name belongs to, and how closely.
type match struct {
	member
	rank int
}

// exactly ranks a name that is written out above every pattern.
const exactly = 1 << 20

// matches lists the groups that a name belongs to, the most specific first, the root
// last.
func (g *Groups) matches(p artifact.Package) []match {
	name := strings.ToLower(p.Name)
	var out []match
	rooted := false
	for _, m := range g.by[p.Ecosystem] {
		best := -1
		for _, glob := range m.globs {
			if r, ok := rank(glob, name, m.Named); ok {
				best = max(best, r)
			}
		}
		if best >= 0 {
			out = append(out, match{m, best})
			rooted = rooted || m.Pattern == Root
		}
	}
	if !rooted {
		out = append(out, match{member: member{Group: &root}})
	}
	slices.SortStableFunc(out, func(a, b match) int {
		return cmp.Or(b.rank-a.rank, strings.Compare(a.Pattern, b.Pattern))
	})
	return out
}

// rank says whether a name, or a folder that it lies in, is one of a pattern's, and
// how specific the pattern is about it. Go's client asks for every folder of an import
// path, below a module and above it: so what lies below a name belongs to it, and
// "X/*" is X too.
func rank(glob, name string, named bool) (int, bool) {
	letters := len(glob) - strings.Count(glob, "*")
	more := 0
	if named {
		more = 1
	}
	switch {
	case glob == name:
		return 2*(exactly+letters) + more, true
	case name == strings.TrimSuffix(glob, "/*"):
		return 2*letters + more, true
	}
	for {
		if matchGlob(glob, name) {
			return 2*letters + more, true
		}
		i := strings.LastIndexByte(name, '/')
		if i <= 0 {
			return 0, false
		}
		name = name[:i]
	}
}

// Matches says whether a name, or a folder that it lies in, is one of a pattern's, in
// whatever letter case: what a group with that pattern says holds for it.
func Matches(glob, name string) bool {
	_, ok := rank(strings.ToLower(glob), strings.ToLower(name), false)
	return ok
}

// matchGlob says whether a text is the pattern's parts in order, with anything
// between them. Nothing but the star means more than itself.
func matchGlob(glob, text string) bool {
	first, rest, star := strings.Cut(glob, "*")
	text, ok := strings.CutPrefix(text, first)
	if !star || !ok {
		return ok && text == ""
	}
	for i := range len(text) + 1 {
		if matchGlob(rest, text[i:]) {
			return true
		}
	}
	return false
}

// control decides each way.
func control(p artifact.Package, in, alike []match) Control {
	c := Control{}
	for _, m := range in {
		l := Link{m.Pattern, m.From, word(m.Rules[Publish]), word(m.Rules[External]), word(m.Rules[Internal])}
		if m.Pattern == Root { // which inherits from nobody
			l.Publish, l.External, l.Internal = cmp.Or(m.Rules[Publish], Allow), cmp.Or(m.Rules[External], Allow), cmp.Or(m.Rules[Internal], Allow)
		}
		c.Chain = append(c.Chain, l)
	}
	c.Publish, c.External, c.Internal = decide(p, Publish, in, alike), decide(p, External, in, alike), decide(p, Internal, in, alike)
	return c
}

func word(r Rule) Rule { return cmp.Or(r, Inherit) }

// decide walks the chain of a way.
func decide(p artifact.Package, w Way, in, alike []match) Said {
	says := func(m match) bool { return word(m.Rules[w]) != Inherit }
	by := match{rank: -1}
	if i := slices.IndexFunc(in, says); i >= 0 {
		by = in[i]
		// Equally specific patterns that differ: what blocks is meant.
		for _, m := range in[i+1:] {
			if m.rank == by.rank && m.Rules[w] == Block {
				by = m
				break
			}
		}
	}
	for _, m := range alike {
		if m.Rules[w] == Block && m.rank > by.rank {
			s := said(m, Block, fmt.Sprintf("%s can be mistaken for a name of the package group %s (%s), which says %s: block", artifact.Untrusted(p.Name), m.Pattern, m.From, w))
			s.Alike = true
			return s
		}
	}
	if by.Group == nil {
		root := in[len(in)-1]
		return said(root, Allow, fmt.Sprintf("no package group that %s belongs to says anything of %s, and the root allows it", artifact.Untrusted(p.Name), w))
	}
	why := fmt.Sprintf("%s belongs to the package group %s (%s), which says %s: %s", artifact.Untrusted(p.Name), by.Pattern, by.From, w, by.Rules[w])
	return said(by, by.Rules[w], why)
}

func said(m match, r Rule, why string) Said {
	return Said{Rule: r, Group: m.Pattern, From: m.From, Why: why, literal: m.literal()}
}

// literal says that the group has a pattern with more than stars in it.
func (m member) literal() bool {
	return slices.ContainsFunc(m.globs, func(glob string) bool { return strings.Trim(glob, "*") != "" })
}
