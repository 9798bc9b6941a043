package javascript

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// shape is what both parsers can be asked for: the text of every string, and how
// many calls, functions and classes there are.
type shape struct {
	strings                   []string
	calls, functions, classes int
}

type counter struct{ *shape }

func (c counter) Exit(js.INode) {}

func (c counter) Enter(n js.INode) js.IVisitor {
	switch n := n.(type) {
	case *js.LiteralExpr:
		if n.TokenType == js.StringToken {
			c.strings = append(c.strings, string(n.Data))
		}
	case *js.ImportStmt:
		c.strings = append(c.strings, string(n.Module))
	case *js.ExportStmt:
		if n.Module != nil {
			c.strings = append(c.strings, string(n.Module))
		}
	case *js.DirectivePrologueStmt:
		c.strings = append(c.strings, string(n.Value))
	case *js.CallExpr, *js.NewExpr:
		c.calls++
	case *js.FuncDecl, *js.ArrowFunc, *js.MethodDecl:
		c.functions++
	case *js.ClassDecl:
		c.classes++
	}
	return c
}

func theirs(t *testing.T, src string) shape {
	t.Helper()
	ast, err := js.Parse(parse.NewInputString(src), js.Options{})
	if err != nil {
		t.Fatalf("%s: the other parser: %v", src, err)
	}
	var s shape
	js.Walk(counter{&s}, ast)
	return s
}

func ours(t *testing.T, src string, ts bool) shape {
	t.Helper()
	p, _ := parseProgram([]byte(src), newAtoms(), ts)
	if p.errors > 0 {
		t.Errorf("%s: cannot be read at %q", src, src[p.errorPos:])
	}
	var s shape
	for _, n := range p.nodes {
		switch n.op {
		case nStr:
			s.strings = append(s.strings, src[n.pos:n.a])
		case nCall, nNew:
			s.calls++
		case nFunc:
			s.functions++
		case nClass:
			s.classes++
		}
	}
	return s
}

// TestAgreesWithTheOtherParser holds the parser, in both languages, against
// tdewolff's on every construct of testdata/syntax.txt and every row of facts.txt.
func TestAgreesWithTheOtherParser(t *testing.T) {
	var rows []string
	for _, file := range []string{"testdata/syntax.txt", "testdata/facts.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "= ") {
				rows = append(rows, line)
			}
		}
	}
	for _, src := range rows {
		want := theirs(t, src)
		slices.Sort(want.strings)
		for _, ts := range []bool{false, true} {
			got := ours(t, src, ts)
			slices.Sort(got.strings)
			if !slices.Equal(got.strings, want.strings) || got.calls != want.calls || got.functions != want.functions || got.classes != want.classes {
				t.Errorf("%s (types %v): got %+v, want %+v", src, ts, got, want)
			}
		}
	}
}
