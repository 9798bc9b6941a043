package manifest

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Caps on the condition under which a locked package applies. Beyond them it
// applies always: the gate then looks at more than is installed, never at less.
const (
	maxAlternatives = 8       // ways to reach a package that are kept apart
	maxConditions   = 8       // markers on one way that are kept
	maxMarkerText   = 4 << 10 // bytes of the marker made of them
)

// maxSameName is how often one name may stand in a lock, in as many versions;
// the limits of package pep508 hold for the rest of what an edge says.
const maxSameName = 64

// graph is a lock's packages and who needs whom.
type graph struct {
	nodes  []*lockNode
	byName map[artifact.Package][]int
}

// lockNode is one package of a lock.
type lockNode struct {
	req    ecosystem.Requirement
	omit   bool              // no requirement comes of it: the project itself, or a source that was reported
	own    string            // marker of the package itself
	deps   map[string][]edge // by extra; "" for what it always needs
	extras []string          // the keys of deps but "", in the lock's order
	ways   map[string][]way  // by extra that is asked for, "" always among them
	found  bool
}

// edge is one need.
type edge struct {
	pkg    artifact.Package
	number string // set when the lock tells versions of a name apart
	extras []string
	marker string
}

// way is a set of markers that all hold on one way from the project to a
// package, sorted. The empty way is always open.
type way []string

// root is what the project itself asks for in one group.
type root struct {
	group string
	edges []edge
}

func newGraph(file string, nodes []*lockNode) (*graph, error) {
	g := &graph{nodes: nodes, byName: map[artifact.Package][]int{}}
	for i, n := range nodes {
		same := append(g.byName[n.req.Package], i)
		if len(same) > maxSameName {
			return nil, manifestfile.TooLarge(file, "it holds %s more than %d times", n.req.Package.Name, maxSameName)
		}
		g.byName[n.req.Package] = same
		n.ways = map[string][]way{}
		for _, edges := range n.deps {
			for _, e := range edges {
				if len(e.extras) > pep508.MaxExtras {
					return nil, manifestfile.TooLarge(file, "%s asks for more than %d extras of one package", n.req.Package.Name, pep508.MaxExtras)
				}
			}
		}
	}
	return g, nil
}

func (n *lockNode) depend(extra string, e edge) {
	if n.deps == nil {
		n.deps = map[string][]edge{}
	}
	if _, ok := n.deps[extra]; !ok && extra != "" {
		n.extras = append(n.extras, extra)
	}
	n.deps[extra] = append(n.deps[extra], e)
}

// targets are the packages an edge may lead to: of several versions of a name,
// the one the edge names, or all.
func (g *graph) targets(e edge) []int {
	all := g.byName[e.pkg]
	if e.number == "" {
		return all
	}
	var out []int
	for _, i := range all {
		if g.nodes[i].req.Number == e.number {
			out = append(out, i)
		}
	}
	return out
}

// step is a visit that is still to be made.
type step struct {
	node  int
	extra string
	way   way
}

// reach walks from the roots, in their order, and fills in each package's
// Direct, Groups, Marker and Needs. What no root reaches keeps its own marker.
func (g *graph) reach(roots []root) {
	for _, r := range roots {
		var todo []step
		for _, e := range r.edges {
			for _, i := range g.targets(e) {
				g.nodes[i].req.Direct = true
			}
			todo = g.follow(todo, e, nil)
		}
		for len(todo) > 0 {
			s := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, e := range g.nodes[s.node].deps[s.extra] {
				todo = g.follow(todo, e, s.way)
			}
		}
	}
	for _, n := range g.nodes {
		n.req.Marker = n.marker()
		n.req.Needs = g.needs(n)
	}
}

// maxGroups is how many groups of one lock are told apart; each costs a walk.
const maxGroups = 256

// groups fills in, for each package, the groups from which a root reaches it.
// What none reaches stays without a group, and so belongs to any.
func (g *graph) groups(file string, roots []root) error {
	byGroup := map[string][]edge{}
	var order []string
	for _, r := range roots {
		if _, ok := byGroup[r.group]; !ok {
			order = append(order, r.group)
		}
		byGroup[r.group] = append(byGroup[r.group], r.edges...)
	}
	if len(order) > maxGroups {
		return manifestfile.TooLarge(file, "it has more than %d groups", maxGroups)
	}
	for _, group := range order {
		g.group(group, byGroup[group])
	}
	return nil
}

// visit is a package with one extra, or without.
type visit struct {
	node  int
	extra string
}

func (g *graph) group(name string, edges []edge) {
	seen := map[visit]bool{}
	var todo []visit
	follow := func(edges []edge) {
		for _, e := range edges {
			for _, i := range g.targets(e) {
				for _, extra := range append([]string{""}, e.extras...) {
					if v := (visit{i, extra}); !seen[v] {
						seen[v] = true
						todo = append(todo, v)
					}
				}
			}
		}
	}
	follow(edges)
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := g.nodes[v.node]
		if v.extra == "" {
			n.req.Groups = append(n.req.Groups, name)
		}
		follow(n.deps[v.extra])
	}
}

// askExtras gives the direct packages the extras that the roots ask for. One that
// stands in the lock in several versions is left out: an edge does not tell which.
func (g *graph) askExtras(roots []root) {
	for _, r := range roots {
		for _, e := range r.edges {
			targets := g.targets(e)
			if len(targets) != 1 {
				continue
			}
			req := &g.nodes[targets[0]].req
			for _, extra := range e.extras {
				if len(req.Extras) < pep508.MaxExtras && !slices.Contains(req.Extras, extra) {
					req.Extras = append(req.Extras, extra)
				}
			}
		}
	}
}

// follow goes along an edge and adds the visits that have news.
func (g *graph) follow(todo []step, e edge, along way) []step {
	for _, i := range g.targets(e) {
		n := g.nodes[i]
		n.found = true
		w := along.and(e.marker).and(n.own)
		for _, extra := range append([]string{""}, e.extras...) {
			if kept, ok := addWay(n.ways[extra], w); ok {
				n.ways[extra] = kept
				todo = append(todo, step{i, extra, kept[len(kept)-1]})
			}
		}
	}
	return todo
}

// needs lists the packages that n needs with the extras somebody asks for.
func (g *graph) needs(n *lockNode) []artifact.Package {
	var out []artifact.Package
	seen := map[artifact.Package]bool{n.req.Package: true}
	for _, extra := range append([]string{""}, n.extras...) {
		if extra != "" && n.ways[extra] == nil {
			continue
		}
		for _, e := range n.deps[extra] {
			if !seen[e.pkg] && len(g.byName[e.pkg]) > 0 {
				seen[e.pkg] = true
				out = append(out, e.pkg)
			}
		}
	}
	return out
}

// dependsOnAsked finds conditions on what the user asks for when installing.
// The gate looks at all of a lock, so they count as met.
var dependsOnAsked = lazy.Regexp(`\bextras?\b|\bdependency_groups\b`)

// and adds a condition to a way.
func (w way) and(marker string) way {
	if marker == "" || len(w) >= maxConditions || dependsOnAsked().MatchString(marker) {
		return w
	}
	i, ok := slices.BinarySearch(w, marker)
	if ok {
		return w
	}
	return slices.Insert(slices.Clone(w), i, marker)
}

// addWay adds a way, as the last, unless one that is there already covers it.
func addWay(ways []way, w way) ([]way, bool) {
	for _, old := range ways {
		if old.covers(w) {
			return ways, false
		}
	}
	kept := slices.DeleteFunc(slices.Clone(ways), w.covers)
	if len(kept) >= maxAlternatives {
		return []way{nil}, true
	}
	return append(kept, w), true
}

// covers says that w is open whenever v is.
func (w way) covers(v way) bool {
	if len(w) > len(v) {
		return false
	}
	for _, m := range w {
		if _, ok := slices.BinarySearch(v, m); !ok {
			return false
		}
	}
	return true
}

// marker is the condition under which the package applies.
func (n *lockNode) marker() string {
	ways := n.ways[""]
	if !n.found {
		ways = []way{way(nil).and(n.own)}
	}
	return anyOf(ways)
}

// anyOf writes the ways as one marker; "" when that would be too long.
func anyOf(ways []way) string {
	var texts []string
	for _, w := range ways {
		switch len(w) {
		case 0:
			return ""
		case 1:
			texts = append(texts, w[0])
		default:
			texts = append(texts, "("+strings.Join(w, ") and (")+")")
		}
	}
	text := texts[0]
	if len(texts) > 1 {
		text = "(" + strings.Join(texts, ") or (") + ")"
	}
	m, err := pep508.ParseMarker(text)
	if len(text) > maxMarkerText || err != nil {
		return ""
	}
	return m.String()
}
