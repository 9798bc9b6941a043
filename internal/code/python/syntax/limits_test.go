package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// shapes are what a hostile file may repeat without end. Each is a head, a part
// that comes again and again, and a tail.
var shapes = []struct{ head, part, tail string }{
	{"", "(", ""}, {"", "[", ""}, {"", "{", ""}, {"", "f(", ""}, {"", "a[", ""}, {"", ")", ""}, {"", "(a,", ""}, {"", "{a:", ""}, {"", "{**", ""},
	{"", "((", "evil()"}, {"x = ", "[", "evil()"}, {"", "not ", "a"}, {"", "-", "a"}, {"", "~", "a"}, {"", "- ", ""}, {"", "lambda:", "a"},
	{"", "lambda a=", "a"}, {"", "a if b else ", "c"}, {"", "a if ", "c"}, {"", "a**", "b"}, {"", "await ", "a"}, {"a", ".b", ""}, {"a", "()", ""},
	{"a", "[0]", ""}, {"a", "(b)", ""}, {"a", "(b.c)[d]", ""}, {"", "x=", "1"}, {"", "x:", "1"}, {"", "x:=", "1"}, {"", "a+b-", "c"}, {"", "a+", "b"},
	{"", "a or b and ", "c"}, {"", "a<", "b"}, {"", "a not in ", "b"}, {"", "a is not ", "b"}, {"", "*", ""}, {"", "*a,", ""}, {"", "**", ""},
	{"", "yield ", ""}, {"", "(yield ", ""}, {"", "@a\n", "def f(): pass"}, {"", "@", ""}, {"", "if a: ", "b"}, {"", "else: ", "b"}, {"", "try: ", ""},
	{"if a: b\n", "elif c: d\n", ""}, {"", "elif c: d\n", ""}, {"", "else:\n", ""}, {"try: a\n", "except b: c\n", ""}, {"", "def f(", ""}, {"", "def f(a=", ""},
	{"", "class C(", ""}, {"", "class C: ", ""}, {"", "def f(): ", ""}, {"def f(", "a, ", ""}, {"def f(", "a, /, ", ""}, {"def f(", "(", ""}, {"def f[", "T, ", ""},
	{"", "type X[", ""}, {"", "with (", ""}, {"", "with (a as b, ", ""}, {"with ", "a, ", "b: c"}, {"", "for ", ""}, {"", "for a in ", ""}, {"[a ", "for b in c ", "]"},
	{"[a for b in c ", "if d ", "]"}, {"", "[a for b in ", ""}, {"", "import a.", ""}, {"", "import a, ", ""}, {"", "from .", ""}, {"from a import (", "b,\n", ""},
	{"", "match(", ""}, {"", "match (a", "\n"}, {"", "match (a):\n", ""}, {"", "match -a, b;", ""}, {"", "match a: case b: ", ""}, {"match a:\n case ", "[", ""},
	{"match a:\n case ", "a|", "b"}, {"match a:\n case ", "C(", ""}, {"match a:\n case ", "{1:", ""}, {"match a:\n case a", ".b", ": c"}, {"match a:\n", " case b: c\n", ""},
	{"match a:\n", " b\n", ""}, {"", "print ", "a"}, {"", "exec ", "a"}, {"", "print a, ", ""}, {"", "async ", ""}, {"", "async def ", ""}, {"", "global a, ", ""},
	{"", "del a, ", ""}, {"", "raise a, ", ""}, {"", "`", ""}, {"", "` ", ""}, {"", "'", ""}, {"", "''", ""}, {"", "\"\"\"", ""}, {"", "\"\"\"\n", ""}, {"", "\\'''\n", ""},
	{"", "'''\\", ""}, {"", "'''\\\n", ""}, {"", "x = \\\"\"\"\nf()\n", ""}, {"", "'a' ", ""}, {"", "'a'\n", ""}, {"(", "'a'\n", ")"}, {"'", "\\", ""}, {"'''", "\\", ""},
	{"", "f'{", ""}, {"", "f\"{f'{", ""}, {"", "f'{a:{", ""}, {"f'{a:", "{b:", ""}, {"", "f'''", ""}, {"", "f'''\n", ""}, {"", "f'''{", ""}, {"", "f'''{a\n", ""},
	{"", "\\f'''\n", ""}, {"", "f'{a!r:", ""}, {"f'", "{a}", "'"}, {"f'", "{a b}", "'"}, {"f'''", "{a b}\n", ""}, {"f'", "{", ""}, {"f'", "}", ""}, {"f'", "{{", ""}, {"f'", "\\N{", ""},
	{"f'", "\\{", ""}, {"", "f'' ", ""}, {"", "f'{a}' 'b' ", ""}, {"", "f'{a b}' ", ""}, {"'", "\\N{DIGIT ONE}", "'"}, {"'", "\\N{NOBODY}", "'"}, {"'", "\\x", "'"}, {"", "\\\n", ""},
	{"a", "\\\n", "b"}, {"", "\\", ""}, {"", "#\n", ""}, {"", "# ", ""}, {"(", "#\n", ""}, {"", "\n", ""}, {"", "\r", ""}, {"", "\t", "a"}, {"", " ", "a"}, {"", "\f", "a"}, {"", "\x00", "a"},
	{"", "a\x00", ""}, {"", "\u201c", ""}, {"", "a\u201c", ""}, {"", "\u00e9", ""}, {"", "\u00e9\u201c", ""}, {"", "\xff", ""}, {"", "a\xff", ""}, {"", "$", ""}, {"", "a $", ""}, {"", "0x", ""},
	{"", "1_", ""}, {"", "1.", ""}, {"", "1e", ""}, {"", ".", ""}, {"", "...", ""}, {"", "a.", ""}, {"", "=", ""}, {"", ";", ""}, {"", "a;", ""}, {"", ":", ""}, {"", ",", ""}, {"", "a,", ""}, {"", "a b ", ""},
	{"", "a\n b\n", ""}, {"", "a\n  b\n c\n", ""}, {"(", "a b\n", ""}, {"(", "a\n", ""}, {"", "(a\n", ""}, {"", "(a\nb c\n", ""}, {"", "f(a b)\n", ""}, {"", "->", ""}, {"", "!", ""}, {"", "a!=", "b"},
	{"", "lambda ", ""}, {"(", "lambda ", ""}, {"", "assert a, ", ""}, {"", "while a: ", ""}, {"", "a = b\n", ""}, {"", "()", ""}, {"", "[]", ""}, {"", "{}", ""}, {"{", "a: b, ", "}"},
	{"# coding: utf-7\n", "+AGE-", ""}, {"# coding: utf-7\n", "+", ""}, {"# coding: unicode_escape\n", "\\n", ""}, {"# coding: koi8-r\n", "\xc1", ""}, {"import a", "\\\n.b", ""},
}

// TestShapesEnd reads an eighth of a megabyte of each shape, which takes the
// parser milliseconds: one that takes time beyond proportion stands out by seconds.
func TestShapesEnd(t *testing.T) {
	var p Parser
	for _, s := range shapes {
		src := s.head + strings.Repeat(s.part, 1<<17/len(s.part)) + s.tail
		tree := p.Parse([]byte(src))
		sound(t, tree)
		if len(tree.Errors) > MostErrors {
			t.Errorf("%d errors are kept of %q", len(tree.Errors), s.part)
		}
	}
}

// TestDeepBlocks nests statements by indentation, which is all that takes more
// than a few bytes a level.
func TestDeepBlocks(t *testing.T) {
	for _, head := range []string{"if a:", "class C:", "def f():", "try:", "with a:", "match a:", "else:"} {
		var src strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&src, "%*s%s\n", i, "", head)
		}
		fmt.Fprintf(&src, "%*sevil()\n", 1000, "")
		tree := Parse([]byte(src.String()))
		sound(t, tree)
		if got := callees(tree); len(got) != 1 || got[0] != "evil" {
			t.Errorf("%s nested: calls seen are %v, want evil", head, got)
		}
		if len(tree.Errors) == 0 {
			t.Errorf("%s nested 1000 times is read without an error", head)
		}
	}
}

// TestDeepExpressions finds what stands at the bottom of what is too deep.
func TestDeepExpressions(t *testing.T) {
	const n = 5000
	for _, row := range []struct{ why, head, part, middle, tail string }{
		{"parentheses", "", "(", "evil()", ")"},
		{"lists", "", "[", "evil()", "]"},
		{"dictionaries", "", "{a:", "evil()", "}"},
		{"negations", "", "not ", "evil()", ""},
		{"conditionals", "", "a if b else ", "evil()", ""},
		{"attributes", "evil()", ".b", "", ""},
		{"subscripts of subscripts", "evil()", "[0]", "", ""},
		{"mixed sums", "evil()", "+a-b", "", ""},
	} {
		src := row.head + strings.Repeat(row.part, n) + row.middle + strings.Repeat(row.tail, n) + "\nworse()\n"
		tree := Parse([]byte(src))
		sound(t, tree)
		if got := strings.Join(callees(tree), " "); got != "evil worse" {
			t.Errorf("%s: calls seen are %q, want evil worse", row.why, got)
		}
		if len(tree.Errors) == 0 {
			t.Errorf("%s nested %d times are read without an error", row.why, n)
		}
	}
}

// TestWithinLimits reads what CPython reads too.
func TestWithinLimits(t *testing.T) {
	for _, row := range []struct{ why, src string }{
		{"200 parentheses", strings.Repeat("(", 200) + "a" + strings.Repeat(")", 200)},
		{"200 calls in each other", strings.Repeat("f(", 200) + "a" + strings.Repeat(")", 200)},
		{"1000 calls in a row", "a" + strings.Repeat(".b()", 700)},
		{"a sum of 100000", "a" + strings.Repeat(" + 'b'", 100000)},
		{"a list of 100000", "[" + strings.Repeat("1, ", 100000) + "]"},
		{"10000 elifs", "if a: b\n" + strings.Repeat("elif c: d\n", 10000)},
		{"99 blocks", blocks(99)},
	} {
		tree := Parse([]byte(row.src))
		sound(t, tree)
		if len(tree.Errors) > 0 {
			t.Errorf("%s: %v", row.why, tree.Errors[0])
		}
	}
}

func blocks(n int) string {
	var src strings.Builder
	for i := range n {
		fmt.Fprintf(&src, "%*sif a:\n", i, "")
	}
	fmt.Fprintf(&src, "%*sb\n", n, "")
	return src.String()
}

// TestTooManyNodes ends the reading of a file that has more than a tree holds.
func TestTooManyNodes(t *testing.T) {
	for _, part := range []string{"a,", "a\n"} {
		tree := Parse([]byte(strings.Repeat(part, MostNodes+1000)))
		if got := tree.Nodes(); got > MostNodes+10*mostDepth {
			t.Errorf("%q: %d nodes, want at most about %d", part, got, MostNodes)
		}
		if len(tree.Errors) == 0 || tree.Errors[0].Text != "file has too many parts to read on" {
			t.Errorf("%q: errors are %v", part, tree.Errors)
		}
	}
}

// TestErrorsAreCounted keeps the first and counts the others.
func TestErrorsAreCounted(t *testing.T) {
	tree := Parse([]byte(strings.Repeat("a b\n", MostErrors+7)))
	if len(tree.Errors) != MostErrors || tree.Skipped != 7 {
		t.Errorf("%d errors and %d skipped, want %d and 7", len(tree.Errors), tree.Skipped, MostErrors)
	}
}

// TestReuse reads a second file of the same size without new memory but for its
// text, and leaves nothing of the first in it.
func TestReuse(t *testing.T) {
	var p Parser
	first := []byte(strings.Repeat("a(b, 'c')  # d\nif e:\n    f = '''g\n'''\n", 200) + "broken(\n")
	second := []byte(strings.Repeat("h(i, 'j')\n", 100))
	p.Parse(first)
	if tree := p.Parse(second); len(tree.Errors) > 0 || len(tree.Comments) > 0 || dump(tree) != dump(Parse(second)) {
		t.Errorf("a parser that was used before reads %d errors and %d comments", len(tree.Errors), len(tree.Comments))
	}
	if n := testing.AllocsPerRun(10, func() { p.Parse(second) }); n > 5 {
		t.Errorf("reading a file again makes %v allocations, want at most 5", n)
	}
}
