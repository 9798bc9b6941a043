package manifest

import (
	"fmt"
	"slices"
	"testing"
)

// lockGraph makes a graph of edges written "from to marker".
func lockGraph(names []string, edges ...[3]string) (*graph, map[string]*lockNode) {
	var nodes []*lockNode
	byName := map[string]*lockNode{}
	for _, name := range names {
		n := &lockNode{}
		n.req.Package = named(name)
		byName[name] = n
		nodes = append(nodes, n)
	}
	for _, e := range edges {
		byName[e[0]].depend("", edge{pkg: named(e[1]), marker: e[2]})
	}
	g, err := newGraph("uv.lock", nodes)
	if err != nil {
		panic(err)
	}
	return g, byName
}

func TestMarkersOfLockedPackages(t *testing.T) {
	const win, linux, old = "sys_platform == \"win32\"", "sys_platform == \"linux\"", "python_version < \"3.9\""
	for _, tc := range []struct {
		edges [][3]string
		want  string // the marker of c
		why   string
	}{
		{[][3]string{{"a", "c", ""}}, "", "always needed"},
		{[][3]string{{"a", "c", win}}, win, "on one platform"},
		{[][3]string{{"a", "b", win}, {"b", "c", old}}, old + " and " + win, "both on the way"},
		{[][3]string{{"a", "c", win}, {"a", "c", linux}}, win + " or " + linux, "one way or the other"},
		{[][3]string{{"a", "b", ""}, {"a", "c", win}, {"b", "c", ""}}, "", "one way is always open"},
		{[][3]string{{"a", "b", win}, {"b", "c", ""}, {"c", "b", ""}}, win, "a circle"},
		{[][3]string{{"a", "b", win}, {"b", "c", old}, {"a", "c", win}}, win, "the wider way covers the narrower"},
		{[][3]string{{"a", "c", "extra == \"x\""}}, "", "what is asked for counts as asked for"},
		{[][3]string{{"a", "c", "'x' in extras and " + win}}, "", "also beside something else"},
	} {
		g, byName := lockGraph([]string{"a", "b", "c"}, tc.edges...)
		g.reach([]root{{edges: []edge{{pkg: named("a")}}}})
		if got := byName["c"].req.Marker; got != tc.want {
			t.Errorf("%v (%s): marker %q, want %q", tc.edges, tc.why, got, tc.want)
		}
	}
}

// TestManyWays holds the caps: beyond them a package applies always.
func TestManyWays(t *testing.T) {
	names := []string{"a", "z"}
	var edges [][3]string
	for i := range 40 {
		name := fmt.Sprintf("b%d", i)
		names = append(names, name)
		marker := fmt.Sprintf("platform_release == '%d'", i)
		edges = append(edges, [3]string{"a", name, marker}, [3]string{name, "z", ""})
		for j := range i {
			edges = append(edges, [3]string{name, fmt.Sprintf("b%d", j), marker})
		}
	}
	g, byName := lockGraph(names, edges...)
	g.reach([]root{{edges: []edge{{pkg: named("a")}}}})
	if got := byName["z"].req.Marker; got != "" {
		t.Errorf("a package with forty ways to it has the marker %q, want none", got)
	}
}

func TestGroupsAndNeeds(t *testing.T) {
	g, byName := lockGraph([]string{"a", "b", "c", "d"}, [3]string{"a", "b", ""}, [3]string{"c", "b", ""}, [3]string{"c", "d", ""}, [3]string{"c", "gone", ""})
	byName["a"].depend("x", edge{pkg: named("d")})
	roots := []root{{"dev", []edge{{pkg: named("c")}}}, {"", []edge{{pkg: named("a")}}}}
	g.reach(roots)
	if err := g.groups("l", roots); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"a": {""}, "b": {"dev", ""}, "c": {"dev"}, "d": {"dev"}} {
		if got := byName[name].req.Groups; !slices.Equal(got, want) {
			t.Errorf("groups of %s are %q, want %q", name, got, want)
		}
	}
	if !byName["a"].req.Direct || byName["b"].req.Direct || !byName["c"].req.Direct {
		t.Error("a and c are direct, b is not")
	}
	if got := byName["a"].req.Needs; !slices.Equal(got, g.needs(byName["a"])) || len(got) != 1 {
		t.Errorf("a needs %v, want b alone: nobody asks for its extra", got)
	}
	if got := byName["c"].req.Needs; len(got) != 2 {
		t.Errorf("c needs %v, want b and d: what is not in the lock is no edge", got)
	}
}
