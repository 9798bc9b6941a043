package syntax

import (
	"slices"
	"strings"
	"testing"
)

// broken are files that no Python accepts, with what is to be seen in them all
// the same.
var broken = []struct {
	why, src string
	text     string // of the first error
	calls    string // whose callees are seen, in order of place
}{
	{"a stray quote", "x = '\nevil()\n", "unterminated string literal", "evil"},
	{"a stray quote in a call", "print('hello)\nimport os\nos.system('true')\n", "unterminated string literal", "print os.system"},
	{"three stray quotes", "a()\nx = \"\"\"\nevil()\nworse()\n", "unterminated string literal", "a evil worse"},
	{"three quotes and one of the other kind", "'''\nevil()\n\"\"\"\nworse()\n", "unterminated string literal", "evil worse"},
	{"quotes that are opened on every line", strings.Repeat("\\'''\nevil()\n", 3), "invalid syntax", "evil evil evil"},
	{"a bracket that stays open", "x = (1,\nimport os\nevil()\n", "expected ')'", "evil"},
	{"a bracket that stays open before assignments", "foo(a,\nb = 1\nc = evil()\n", "expected ')'", "foo evil"},
	{"a bracket that stays open before a class", "x = [\nclass C:\n    def f(self):\n        evil()\n", "invalid syntax", "evil"},
	{"brackets that stay open in a definition", "def f(a, (b\n    evil()\nworse()\n", "expected ')'", "evil worse"},
	{"a bracket too many", "foo())\nevil()\n", "invalid syntax", "foo evil"},
	{"brackets that do not match", "foo(a]\nevil()\n", "expected ')'", "foo evil"},
	{"two statements on a line", "foo() evil()\nworse()\n", "invalid syntax", "foo evil worse"},
	{"what is no operator", "a = $ evil() ? worse()\nx()\n", "invalid syntax", "evil worse x"},
	{"an indent that opens nothing", "a()\n    b()\n    c()\nd()\n", "unexpected indent", "a b c d"},
	{"an unindent to no block", "if a:\n        b()\n    c()\nd()\n", "unindent does not match any outer indentation level", "b c d"},
	{"a body that is missing", "def f():\nevil()\n", "expected an indented block", "evil"},
	{"a colon that is missing", "if a\n    evil()\nworse()\n", "expected ':'", "evil worse"},
	{"a header that makes no sense", "def f(a b c):\n    evil()\nclass D(x y):\n    worse()\n", "expected ')'", "evil worse"},
	{"an else that belongs to nothing", "else:\n    evil()\nexcept E:\n    worse()\nfinally:\n    x()\nelif a():\n    b()\n", "invalid syntax", "evil worse x a b"},
	{"a decorator without a definition", "@a()\nevil()\n", "expected a function or a class after a decorator", "a evil"},
	{"a broken decorator", "@a() b()\ndef f():\n    evil()\n", "invalid syntax", "a b evil"},
	{"NULs", "a()\x00; b()\n\x00c()\n", "source contains a NUL byte", "a b c"},
	{"tabs and spaces", "if a:\n        b()\n\tc()\n", "inconsistent use of tabs and spaces in indentation", "b c"},
	{"a body with tabs that looks deeper than it is", "if a:\n\tb()\n  c()\n", "unindent does not match any outer indentation level", "b c"},
	{"bytes that are no UTF-8", "a('\xff')\nb(\xfe)\n", "source is not valid utf-8", "a b"},
	{"a space that joins two words", "import\u00a0os\nevil()\n", "invalid character in source", "evil"},
	{"an invisible character in a name", "ev\u200bil()\nx()\n", "invalid character in source", "il x"},
	{"a backslash at the end", "a()\\", "invalid syntax", "a"},
	{"a line that goes on and does not", "a()\\\n", "unexpected end of file after a backslash", "a"},
	{"a backslash in a line", "a() \\ b()\nc()\n", "invalid syntax", "a b c"},
	{"an f-string that stays open", "f'{a()\nevil()\n", "f-string: invalid syntax", "a evil"},
	{"an f-string of three quotes that stays open", "f\"\"\"{a()}\nevil()\n", "unterminated f-string literal", "a evil"},
	{"a broken field", "f'{a() b()}{c()}'\nd()\n", "f-string: invalid syntax", "a d"},
	{"a single brace", "f'}{a()}'\n", "f-string: single '}' is not allowed", "a"},
	{"an empty field", "f'{}' + a()\nb()\n", "f-string: invalid syntax", "a b"},
	{"a conversion that is none", "f'{a()!}'\nb()\n", "f-string: invalid syntax", "a b"},
	{"a field that stays open in a format", "f'{a():{b()'\nc()\n", "unterminated string literal", "a b c"},
	{"a match without cases", "match a:\n    evil()\nb()\n", "expected 'case'", "evil b"},
	{"what is no case", "match a:\n    b()\n    if c():\n        d()\n    case 1: e()\n        \n    f()\ng()\n", "expected 'case'", "b c d e f g"},
	{"a reserved word as an attribute", "a.import(b())\nc()\n", "invalid syntax", "a.import b c"},
	{"an assignment in a call", "f(a.b=c())\nd()\n", "expression cannot contain assignment", "f c d"},
	{"a def in an expression", "x = def f(): evil()\ny()\n", "invalid syntax", "evil y"},
	{"one line of many bodies", "if a: if b: if c: evil()\nd()\n", "invalid syntax", "evil d"},
	{"an import that goes wrong", "from a import (b, c d\nevil()\n", "expected ')'", "evil"},
	{"an import of nothing", "import\nfrom a import\nevil()\n", "expected a name", "evil"},
	{"a conditional without its else", "x = a() if b()\nc()\n", "expected 'else' after an 'if' expression", "a b c"},
	{"a lambda without its colon", "x = lambda a b()\nc()\n", "expected ':'", "b c"},
	{"a dictionary without values", "{a(): , b():}\nc()\n", "invalid syntax", "a b c"},
	{"with items that are an expression", "with (a() as b, c()).d: e()\nf()\n", "invalid syntax", "a c e f"},
	{"a file of nothing but an open bracket", "(", "invalid syntax", ""},
	{"an encoding that nobody knows", "# coding: nobody\nevil()\n", "unknown encoding: nobody", "evil"},
}

// TestBroken looks behind every error.
func TestBroken(t *testing.T) {
	for _, row := range broken {
		tree := Parse([]byte(row.src))
		sound(t, tree)
		switch {
		case len(tree.Errors) == 0:
			t.Errorf("%s: %q is read without an error", row.why, row.src)
		case tree.Errors[0].Text != row.text:
			t.Errorf("%s: %q: the first error is %q, want %q", row.why, row.src, tree.Errors[0].Text, row.text)
		}
		if got := strings.Join(callees(tree), " "); got != row.calls {
			t.Errorf("%s: calls seen in %q are %q, want %q\n%s", row.why, row.src, got, row.calls, dump(tree))
		}
	}
}

// callees lists the dotted names of what is called.
func callees(t *Tree) (names []string) {
	type call struct {
		pos  uint32
		name string
	}
	var calls []call
	t.WalkList(t.Body, func(id ID) bool {
		if n := t.Node(id); n.Kind == Call {
			calls = append(calls, call{n.Pos, t.Text(n.A)})
		}
		return true
	})
	slices.SortStableFunc(calls, func(a, b call) int { return int(a.pos) - int(b.pos) })
	for _, c := range calls {
		names = append(names, c.name)
	}
	return names
}

// TestErrorPlaces holds errors to the line and column they are about.
func TestErrorPlaces(t *testing.T) {
	for _, row := range []struct {
		why, src  string
		line, col int
	}{
		{"where the literal starts", "a\nbc = 'd\n", 2, 5},
		{"at the token that is wrong", "a\n  \nb c\n", 3, 2},
		{"in bytes", "'\u00e9\u20ac' b\n", 1, 8},
		{"where the indent ends", "if a:\n    b\n  c\n", 3, 2},
	} {
		tree := Parse([]byte(row.src))
		if len(tree.Errors) != 1 || tree.Errors[0].Line != row.line || tree.Errors[0].Col != row.col {
			t.Errorf("%s: errors of %q are %v, want one at line %d, column %d", row.why, row.src, tree.Errors, row.line, row.col)
		}
	}
}
