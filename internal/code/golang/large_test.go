package golang

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// inPieces are the facts of a source that is read as one that is too long.
func inPieces(src []byte) code.Facts {
	a := newAnalysis(src)
	a.large(src)
	return a.facts()
}

// TestPieces: in pieces a source says what it says as a whole.
func TestPieces(t *testing.T) {
	t.Parallel()
	own, err := filepath.Glob("*.go")
	if err != nil || len(own) == 0 {
		t.Fatalf("%d sources, %v", len(own), err)
	}
	for _, name := range own {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := inPieces(src), Analyze(src); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: in pieces\n%+v\nas a whole\n%+v", name, got, want)
		}
	}
}

// FuzzPieces: the same of whatever compiles as far as its syntax goes.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{
		"package a\nimport \"os/exec\"\nfunc init() { exec.Command(\"true\") }",
		"package a\nimport \"os/exec\"\nvar c chan\nfunc() = exec.Command(\"true\"); func f() {}\n",
		"package main; import e \"os/exec\"\nfunc main() { f() }\n// go\nfunc f() { e.Command(c, `\n{(`, '\"') }\nconst c = \"true\"",
		"\ufeffpackage a\nvar (\n x = 1 /* {\n */; y = []byte{1,2,3,}\n)\ntype t struct { f func() }\nfunc (t) g() { go f(func() {}) }",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got := inPieces(src)
		if _, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); err != nil {
			return
		}
		want := Analyze(src)
		if len(got.Facts) != len(want.Facts) {
			t.Fatalf("in pieces\n%+v\nas a whole\n%+v", got, want)
		}
		for i := range got.Facts {
			if g, w := got.Facts[i], want.Facts[i]; g.Kind != w.Kind || g.Name != w.Name || g.Line != w.Line || g.Reach != w.Reach {
				t.Fatalf("in pieces\n%+v\nas a whole\n%+v", g, w)
			}
		}
	})
}
