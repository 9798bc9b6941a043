package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

func TestPlaces(t *testing.T) {
	d, err := TOML("f.toml", []byte("\ufeffname = 'x'\n[[package]]\nname = \"é\" # c\nflag = true\nwords = [\n \"a\",\n 'b']\n[[package]]\nsub = { deep = 1_000 }\n[a.b]\nc.d = \"e\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	packages := d.Tables(d.Root, "package")
	if len(packages) != 2 || d.Err != nil {
		t.Fatalf("%d packages, %v", len(packages), d.Err)
	}
	place := func(v *Value) string { return fmt.Sprintf("%d:%d", d.Place(v.At).Line, d.Place(v.At).Column) }
	for _, tc := range []struct{ got, want, why string }{
		{place(packages[0]), "2:1", "an array's table is at its header"},
		{place(packages[0].Get("name")), "3:8", "a string is at its quote"},
		{place(packages[0].Get("words").List[1]), "7:2", "one of a list"},
		{place(packages[1].Get("sub")), "9:7", "an inline table is at its brace"},
		{d.Text(d.Table(d.Table(d.Table(d.Root, "a"), "b"), "c"), "d"), "e", "dotted keys"},
		{strings.Join(d.Texts(packages[0], "words"), " "), "a b", "strings"},
		{d.Text(d.Root, "none") + d.Text(nil, "none"), "", "what is not there"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, tc.got, tc.want)
		}
	}
	if n := d.Number(d.Table(packages[1], "sub"), "deep"); n != 1000 || !d.Flag(packages[0], "flag") || d.Err != nil {
		t.Errorf("a number %d, %v", n, d.Err)
	}
	if d.Text(packages[0], "flag"); d.Err == nil || !strings.HasPrefix(d.Err.Error(), "f.toml:4: ") {
		t.Errorf("the first wrong type: %v", d.Err)
	}
	first := d.Err
	if d.Table(d.Root, "name"); d.Err != first {
		t.Errorf("a later one took its place: %v", d.Err)
	}
}

// TestRefused holds what no document may be, in both formats.
func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		read          func(string, []byte) (*Document, error)
		content, rule string
		line          int
		why           string
	}{
		{TOML, "a = 1\na = 2\n", manifestfile.RuleSyntax, 2, "a key given twice"},
		{TOML, "a = 1\n[a]\n", manifestfile.RuleSyntax, 2, "a table over a value"},
		{TOML, "a = ", manifestfile.RuleSyntax, 1, "no value"},
		{TOML, strings.Repeat("\n", MaxLines), manifestfile.RuleTooLarge, 0, "too many lines"},
		{TOML, "x = [" + strings.Repeat(",", MaxMarks) + "]", manifestfile.RuleTooLarge, 0, "too many values"},
		{TOML, "x = " + strings.Repeat("[", MaxDepth+2) + strings.Repeat("]", MaxDepth+2), manifestfile.RuleSyntax, 1, "too deep"},
		{TOML, "a" + strings.Repeat(".a", MaxDepth) + " = 1\n", manifestfile.RuleSyntax, 1, "too long a key"},
		{JSON, `{"a":1,"a":2}`, manifestfile.RuleSyntax, 1, "a name given twice"},
		{JSON, `{"a":1} {}`, manifestfile.RuleSyntax, 1, "something behind the end"},
		{JSON, `[]`, manifestfile.RuleSyntax, 1, "no object"},
		{JSON, `{"a":null}`, manifestfile.RuleSyntax, 1, "null"},
		{JSON, "{\"a\":\"\xff\"}", manifestfile.RuleSyntax, 0, "not UTF-8"},
		{JSON, `{"a":` + strings.Repeat("[", MaxDepth+2) + strings.Repeat("]", MaxDepth+2) + "}", manifestfile.RuleSyntax, 1, "too deep"},
	} {
		_, err := tc.read("f", []byte(tc.content))
		if bad, ok := errors.AsType[*manifestfile.Unusable](err); !ok || bad.Rule != tc.rule || bad.At.Line != tc.line {
			t.Errorf("%s: %v, want %s at line %d", tc.why, err, tc.rule, tc.line)
		}
	}
}

func FuzzTOML(f *testing.F) {
	f.Add([]byte("[[package]]\nname = \"a\"\nx = [{y = 1}, {y = 2}]\n[a.b]\nc.d = 1979-05-27\n"))
	f.Fuzz(func(t *testing.T, b []byte) { walk(t, TOML, b) })
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"_meta": {"a": [1, "b", true, {"c": {}}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) { walk(t, JSON, b) })
}

// walk holds that reading ends well or with *manifestfile.Unusable, and that every
// value has a place in the document.
func walk(t *testing.T, read func(string, []byte) (*Document, error), b []byte) {
	d, err := read("f", b)
	if err != nil {
		if _, ok := errors.AsType[*manifestfile.Unusable](err); !ok {
			t.Fatalf("not an *Unusable: %v", err)
		}
		return
	}
	var each func(v *Value)
	each = func(v *Value) {
		if at := d.Place(v.At); at.Line < 1 || at.Column < 1 {
			t.Fatalf("a value at %v", at)
		}
		for _, e := range v.List {
			each(e)
		}
		for _, f := range v.Fields {
			if v.Get(f.Key) == nil {
				t.Fatalf("%q is not found in its table", f.Key)
			}
			each(f.Value)
		}
	}
	each(d.Root)
}
