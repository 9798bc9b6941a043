//go:build conformance

// Package pysyntax holds the reading of Python source to CPython's own: on every
// file that its ast module accepts, the functions, calls, imports, names and
// string constants and their places are to be the same, and so many statements and
// expressions of each kind. Run it with
//
//	GATEHOUSE_TEST_PYTHON=/path/to/python go test -v -tags conformance ./test/conformance/pysyntax/
//
// It reads that Python's standard library and site-packages, and the folders that
// GATEHOUSE_TEST_CORPUS names as well. Without a Python of 3.8 or newer it fails.
package pysyntax

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// item is [line, column, text].
type item struct {
	Line, Column int
	Text         string
}

func (i *item) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&i.Line, &i.Column, &i.Text})
}

func (i item) String() string { return fmt.Sprintf("%d:%d %.80q", i.Line, i.Column, i.Text) }

func compare(a, b item) int {
	if c := a.Line - b.Line; c != 0 {
		return c
	}
	if c := a.Column - b.Column; c != 0 {
		return c
	}
	return strings.Compare(a.Text, b.Text)
}

// reading is what one side says of a file.
type reading struct {
	Functions, Calls, Imports, Strings, Names []item
	Kinds                                     map[string]int
}

// TestAgreesWithCPython compares every file of the corpus.
func TestAgreesWithCPython(t *testing.T) {
	python := os.Getenv("GATEHOUSE_TEST_PYTHON")
	if python == "" {
		t.Fatal("GATEHOUSE_TEST_PYTHON is not set: name a Python of 3.8 or newer")
	}
	files := corpus(t, python)
	var parser syntax.Parser
	exact := ask(t, python, "import sys; print(sys.version_info >= (3, 12))") == "True"
	compared, refused, size, disagree := 0, 0, 0, 0
	answers(t, python, files, func(path string, want *reading) {
		if want == nil {
			refused++
			return
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		compared, size = compared+1, size+len(src)
		if problems := difference(parser.Parse(src), want, exact); len(problems) > 0 {
			disagree++
			if disagree <= 20 {
				t.Errorf("%s:\n\t%s", path, strings.Join(problems[:min(len(problems), 8)], "\n\t"))
			}
		}
	})
	t.Logf("%d files compared, %.1f MB; %d disagree; %d that CPython does not accept left out", compared, float64(size)/1e6, disagree, refused)
	if compared < 500 {
		t.Errorf("only %d files were compared: is the standard library of %s there?", compared, python)
	}
}

// corpus lists the Python files to read.
func corpus(t *testing.T, python string) (files []string) {
	t.Helper()
	folders := strings.Fields(ask(t, python, "import sysconfig; print(sysconfig.get_path('stdlib'), sysconfig.get_path('purelib'))"))
	folders = append(folders, filepath.SplitList(os.Getenv("GATEHOUSE_TEST_CORPUS"))...)
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".py") && !strings.Contains(path, "\n") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func ask(t *testing.T, python, program string) string {
	t.Helper()
	out, err := exec.Command(python, "-I", "-c", program).Output()
	if err != nil {
		t.Fatalf("asking %s: %v", python, err)
	}
	return strings.TrimSpace(string(out))
}

// answers gives what Python says of each file.
func answers(t *testing.T, python string, files []string, each func(path string, r *reading)) {
	t.Helper()
	c := exec.Command(python, "-I", "dump.py")
	c.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReaderSize(out, 1<<20)
	for _, path := range files {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("reading what dump.py says of %s: %v", path, err)
		}
		var r *reading
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("reading what dump.py says of %s: %v", path, err)
		}
		each(path, r)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("running dump.py: %v", err)
	}
}

// difference lists what the two say differently.
func difference(tree *syntax.Tree, want *reading, exact bool) (problems []string) {
	for _, e := range tree.Errors {
		problems = append(problems, fmt.Sprintf("error at %d:%d: %s", e.Line, e.Col, e.Text))
	}
	got := read(tree, exact)
	problems = append(problems, apart("function", got.Functions, want.Functions)...)
	problems = append(problems, apart("call", got.Calls, want.Calls)...)
	problems = append(problems, apart("import", got.Imports, want.Imports)...)
	problems = append(problems, apart("string", got.Strings, want.Strings)...)
	problems = append(problems, apart("name", got.Names, want.Names)...)
	for kind, n := range want.Kinds {
		if got.Kinds[kind] != n {
			problems = append(problems, fmt.Sprintf("%d %s, CPython has %d", got.Kinds[kind], kind, n))
		}
		delete(got.Kinds, kind)
	}
	for kind, n := range got.Kinds {
		problems = append(problems, fmt.Sprintf("%d %s, CPython has none", n, kind))
	}
	return problems
}

func apart(what string, got, want []item) (problems []string) {
	slices.SortFunc(got, compare)
	slices.SortFunc(want, compare)
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && compare(got[0], want[0]) < 0:
			problems = append(problems, what+" that CPython does not have: "+got[0].String())
			got = got[1:]
		case len(got) == 0 || compare(got[0], want[0]) > 0:
			problems = append(problems, what+" missing: "+want[0].String())
			want = want[1:]
		default:
			got, want = got[1:], want[1:]
		}
	}
	return problems
}

// reader puts a tree in the words of dump.py.
type reader struct {
	*syntax.Tree
	reading
	exact bool
}

func read(tree *syntax.Tree, exact bool) reading {
	r := reader{Tree: tree, exact: exact}
	r.Kinds = map[string]int{}
	r.list(tree.Body, false)
	return r.reading
}

func (r *reader) list(first syntax.ID, inside bool) {
	for ; first != 0; first = r.Next(first) {
		r.visit(first, inside, false)
	}
}

// kinds are CPython's words where they are ours but for the kind's name.
var kinds = map[syntax.Kind]string{
	syntax.Assign: "Assign", syntax.AugAssign: "AugAssign", syntax.AnnAssign: "AnnAssign", syntax.For: "For", syntax.While: "While",
	syntax.If: "If", syntax.Elif: "If", syntax.With: "With", syntax.Raise: "Raise", syntax.Try: "Try", syntax.Assert: "Assert",
	syntax.Delete: "Delete", syntax.Return: "Return", syntax.ExprStmt: "Expr", syntax.Global: "Global", syntax.Nonlocal: "Nonlocal",
	syntax.Pass: "Pass", syntax.Break: "Break", syntax.Continue: "Continue", syntax.Match: "Match", syntax.TypeAlias: "TypeAlias",
	syntax.BoolOp: "BoolOp", syntax.NamedExpr: "NamedExpr", syntax.UnaryOp: "UnaryOp", syntax.Lambda: "Lambda", syntax.IfExp: "IfExp",
	syntax.Dict: "Dict", syntax.Set: "Set", syntax.List: "List", syntax.Tuple: "Tuple", syntax.ListComp: "ListComp",
	syntax.SetComp: "SetComp", syntax.DictComp: "DictComp", syntax.GeneratorExp: "GeneratorExp", syntax.Await: "Await",
	syntax.Yield: "Yield", syntax.YieldFrom: "YieldFrom", syntax.Compare: "Compare", syntax.Subscript: "Subscript",
	syntax.Slice: "Slice", syntax.Starred: "Starred", syntax.Clause: "comprehension", syntax.Handler: "ExceptHandler",
	syntax.WithItem: "withitem", syntax.Param: "arg", syntax.Keyword: "keyword", syntax.Case: "match_case", syntax.PatOr: "MatchOr",
	syntax.PatClass: "MatchClass", syntax.PatMapping: "MatchMapping", syntax.PatSequence: "MatchSequence",
	syntax.PatStar: "MatchStar", syntax.PatCapture: "MatchAs", syntax.PatValue: "MatchValue", syntax.TypeParam: "TypeVar",
}

func (r *reader) visit(id syntax.ID, inside, spec bool) {
	n := r.Node(id)
	r.count(id, n)
	switch n.Kind {
	case syntax.FunctionDef, syntax.ClassDef:
		r.add(&r.Functions, n.Pos, inside, r.Name(n.B))
	case syntax.Call:
		r.add(&r.Calls, n.Pos, inside, r.dotted(n.A))
	case syntax.Import:
		for a := n.A; a != 0; a = r.Next(a) {
			r.add(&r.Imports, n.Pos, inside, r.alias(a))
		}
	case syntax.ImportFrom:
		source := strings.Repeat(".", r.Level(id))
		if n.A != 0 {
			source += r.Name(n.A)
		}
		for a := n.B; a != 0; a = r.Next(a) {
			r.add(&r.Imports, n.Pos, inside, source+" "+r.alias(a))
		}
		return
	case syntax.Name:
		r.add(&r.Names, n.Pos, inside, r.Name(id))
	case syntax.Attribute:
		r.add(&r.Names, n.Pos, inside, "."+r.Name(id))
	case syntax.Str:
		kind := "str "
		if n.Flags&syntax.Bytes != 0 {
			kind = "bytes "
		}
		value, _ := r.Value(id)
		r.add(&r.Strings, n.Pos, inside, kind+value)
	case syntax.JoinedStr, syntax.TemplateStr:
		r.joined(n, inside, spec)
		return
	case syntax.Signature, syntax.Param, syntax.Alias, syntax.Handler, syntax.Global, syntax.Nonlocal:
		r.named(n, inside)
		return
	}
	r.Children(id, func(child syntax.ID) { r.visit(child, inside, false) })
}

// named reads nodes below which a Name is no Name in CPython's tree.
func (r *reader) named(n *syntax.Node, inside bool) {
	switch n.Kind {
	case syntax.Signature, syntax.Param:
		r.list(n.A, inside)
		r.list(n.B, inside)
	case syntax.Handler:
		r.list(n.A, inside)
		r.list(n.C, inside)
	}
}

// count adds to the kinds.
func (r *reader) count(id syntax.ID, n *syntax.Node) {
	kind := kinds[n.Kind]
	add := 1
	switch {
	case n.Kind == syntax.BinOp:
		kind, add = "BinOp", r.Len(n.A)-1
	case n.Kind == syntax.Try && n.B != 0 && r.Node(n.B).Flags&syntax.Star != 0:
		kind = "TryStar"
	case n.Flags&syntax.Async != 0 && (n.Kind == syntax.For || n.Kind == syntax.With):
		kind = "Async" + kind
	case n.Kind == syntax.TypeParam && n.Flags&syntax.Star != 0:
		kind = "TypeVarTuple"
	case n.Kind == syntax.TypeParam && n.Flags&syntax.DoubleStar != 0:
		kind = "ParamSpec"
	case n.Kind == syntax.PatMapping:
		for item := n.A; item != 0; item = r.Next(item) {
			if r.Kind(item) == syntax.PatStar { // a name in CPython's tree
				r.Kinds["MatchStar"]--
			}
		}
	case n.Kind == syntax.PatValue:
		switch r.Kind(n.A) {
		case syntax.True, syntax.False, syntax.None:
			return // MatchSingleton
		}
	}
	if kind != "" {
		r.Kinds[kind] += add
		if r.Kinds[kind] == 0 {
			delete(r.Kinds, kind)
		}
	}
}

func (r *reader) add(to *[]item, pos uint32, inside bool, text string) {
	i := item{Text: bytesAsRunes(text)}
	if r.exact || !inside {
		i.Line, i.Column = r.Position(pos)
	}
	*to = append(*to, i)
}

// bytesAsRunes makes a character of each byte, as dump.py does.
func bytesAsRunes(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func (r *reader) dotted(id syntax.ID) string {
	var parts []string
	for ; r.Kind(id) == syntax.Attribute; id = r.Node(id).A {
		parts = append(parts, r.Name(id))
	}
	if r.Kind(id) != syntax.Name {
		return ""
	}
	parts = append(parts, r.Name(id))
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

func (r *reader) alias(id syntax.ID) string {
	if as := r.Node(id).A; as != 0 {
		return r.Name(id) + " as " + r.Name(as)
	}
	return r.Name(id)
}

// joined reads an f-string: its constants, and a mark for each field.
func (r *reader) joined(n *syntax.Node, inside, spec bool) {
	var text strings.Builder
	fields := 0
	for part := n.A; part != 0; part = r.Next(part) {
		p := r.Node(part)
		if p.Kind == syntax.Str {
			value, _ := r.Value(part)
			text.WriteString(value)
			continue
		}
		fields++
		text.WriteByte(1)
		conversion := r.Conversion(part)
		if conversion == 0 && p.Flags&syntax.Debug != 0 && p.B == 0 {
			conversion = 'r'
		}
		if conversion != 0 {
			text.WriteByte(conversion)
		}
		r.visit(p.A, true, false)
		if p.B != 0 {
			r.visit(p.B, true, true)
		}
	}
	if spec {
		r.Strings = append(r.Strings, item{Text: "joined " + bytesAsRunes(text.String())})
		return
	}
	r.add(&r.Strings, n.Pos, inside, "joined "+text.String())
}
