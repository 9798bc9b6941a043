package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Node is a version in the closure, with what it pulls in.
type Node struct {
	VersionView
	Needs []*Node
	Worst verdict.Verdict // of it and all below
	Below int             // versions below it
	seen  bool
}

// maxDepth is how deep the tree is shown; what lies deeper hangs there.
const maxDepth = 40

// closure arranges versions below those that pull them in. Each is shown once,
// also where requirements go in circles.
func (r Report) closure() []*Node {
	vs := r.Outcome.Versions
	nodes := make([]*Node, len(vs))
	byPackage := map[string]*Node{}
	for i, v := range vs {
		nodes[i] = &Node{VersionView: r.versionView(v), Worst: v.Verdict}
		if p := packagePurl(v); byPackage[p] == nil {
			byPackage[p] = nodes[i]
		}
	}
	var roots []*Node
	for _, n := range nodes {
		parent := (*Node)(nil)
		if !n.Direct && len(n.Via) > 0 {
			via := n.Via[:min(len(n.Via), maxDepth)]
			parent = byPackage[via[len(via)-1]]
		}
		if parent == nil || parent == n {
			roots = append(roots, n)
		} else {
			parent.Needs = append(parent.Needs, n)
		}
	}
	for _, root := range roots {
		root.visit()
	}
	for _, n := range nodes {
		if !n.seen { // in a circle that no root leads to
			n.visit()
			roots = append(roots, n)
		}
	}
	sortNodes(roots)
	return roots
}

// visit cuts what was seen already and sums up from below.
func (n *Node) visit() {
	n.seen = true
	n.Needs = slices.DeleteFunc(n.Needs, func(m *Node) bool {
		if m.seen {
			return true
		}
		m.visit()
		return false
	})
	for _, m := range n.Needs {
		n.Worst = verdict.Worse(n.Worst, m.Worst)
		n.Below += 1 + m.Below
	}
	sortNodes(n.Needs)
}

// sortNodes puts what has to change first, the rest by name.
func sortNodes(ns []*Node) {
	rank := func(v verdict.Verdict) int {
		return map[verdict.Verdict]int{verdict.Reject: 0, verdict.Hold: 1, verdict.Admit: 2}[v]
	}
	slices.SortStableFunc(ns, func(a, b *Node) int {
		return cmp.Or(rank(a.Worst)-rank(b.Worst), strings.Compare(a.Name, b.Name))
	})
}

// Open says whether the branch is shown unfolded: where something below it is
// not admitted.
func (n *Node) Open() bool { return n.Worst != verdict.Admit }

// packagePurl is a version's purl without the version.
func packagePurl(v verdict.VersionOutcome) string {
	if p := v.Version.Package; p.Name != "" {
		return p.Purl()
	}
	parsed, err := artifact.ParsePurl(v.Purl)
	if err != nil {
		return v.Purl
	}
	return parsed.Package.Purl()
}
