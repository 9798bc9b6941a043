package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// FuzzParse holds every input to what a tree promises.
func FuzzParse(f *testing.F) {
	for _, row := range constructs {
		f.Add([]byte(row.src))
	}
	for _, row := range broken {
		f.Add([]byte(row.src))
	}
	for _, s := range shapes {
		f.Add([]byte(s.head + strings.Repeat(s.part, 3) + s.tail))
	}
	var again Parser
	f.Fuzz(func(t *testing.T, src []byte) {
		tree := Parse(src)
		sound(t, tree)
		if other := again.Parse(src); outline(other) != outline(tree) || len(other.Errors) != len(tree.Errors) {
			t.Errorf("a parser that is used again reads %q otherwise", src)
		}
		// A tree's own source is read as the same tree: nothing depends on how the
		// file was written beside what Src holds.
		if !declares(tree.Src) {
			if other := again.Parse([]byte(tree.Src)); outline(other) != outline(tree) {
				t.Errorf("the source of the tree of %q reads otherwise", src)
			}
		}
	})
}

// declares says whether the bytes of a tree's source would be decoded again.
func declares(src string) bool {
	return declared([]byte(src)) != "" || strings.HasPrefix(src, "\ufeff")
}

// sound checks that every node stands once, inside of the source, and not too
// deep, and that every value can be read.
func sound(t *testing.T, tree *Tree) {
	t.Helper()
	seen := make([]bool, tree.Nodes()+1)
	var visit func(id ID, depth int)
	visit = func(id ID, depth int) {
		n := tree.Node(id)
		switch {
		case seen[id]:
			t.Fatalf("node %d of %q stands in two places", id, tree.Src)
		case depth > MostHeight:
			t.Fatalf("tree of %.40q is deeper than %d", tree.Src, MostHeight)
		case n.Pos > n.End || int(n.End) > len(tree.Src):
			t.Fatalf("node %d of %q of kind %d stands at %d to %d", id, tree.Src, n.Kind, n.Pos, n.End)
		}
		seen[id] = true
		if line, column := tree.Position(n.Pos); line < 1 || line > tree.Lines() || column < 0 || column > len(tree.Line(line))+1 {
			t.Fatalf("node %d of %q stands at line %d, column %d", id, tree.Src, line, column)
		}
		tree.Name(id)
		tree.Value(id)
		tree.Int(id)
		tree.Children(id, func(child ID) { visit(child, depth+1) })
	}
	for id := tree.Body; id != 0; id = tree.Next(id) {
		if k := tree.Kind(id); !k.Statement() {
			t.Fatalf("%q has a node of kind %d for a statement", tree.Src, k)
		}
		visit(id, 0)
	}
	for _, c := range tree.Comments {
		if c.Pos >= c.End || int(c.End) > len(tree.Src) || tree.Src[c.Pos] != '#' {
			t.Fatalf("comment of %q stands at %d to %d", tree.Src, c.Pos, c.End)
		}
	}
}

// outline writes a tree as a line of kinds and places.
func outline(tree *Tree) string {
	var b strings.Builder
	tree.WalkList(tree.Body, func(id ID) bool {
		n := tree.Node(id)
		fmt.Fprintf(&b, "%d.%d.%d %d-%d ", n.Kind, n.Op, n.Flags, n.Pos, n.End)
		return true
	})
	return b.String()
}
