package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// only gives the first node of a kind.
func only(t *testing.T, tree *Tree, kind Kind) ID {
	t.Helper()
	var found ID
	tree.WalkList(tree.Body, func(id ID) bool {
		if found == 0 && tree.Kind(id) == kind {
			found = id
		}
		return true
	})
	if found == 0 {
		t.Fatalf("%q has no node of kind %s:\n%s", tree.Src, words[kind], dump(tree))
	}
	return found
}

func TestValue(t *testing.T) {
	for _, row := range []struct{ why, src, want string }{
		{"nothing in it", `''`, ""},
		{"the escapes of one letter", `'\a\b\f\n\r\t\v\\\'\"'`, "\a\b\f\n\r\t\v\\'\""},
		{"octal, of one to three digits", `'\0\12\1234\400\777'`, "\x00\nS4\u0100\u01ff"},
		{"hexadecimal", `'\x41\u00e9\U0001F600'`, "A\u00e9\U0001F600"},
		{"a lone surrogate", `'\ud83d'`, "\xed\xa0\xbd"},
		{"two surrogates, which Python does not join", `'\ud83d\ude00'`, "\xed\xa0\xbd\xed\xb8\x80"},
		{"what is no escape", `'\q\8\ '`, `\q\8\ `},
		{"what CPython refuses", `'\x4 \u12 \U00110000 \N{NOBODY} \N'`, `\x4 \u12 \U00110000 \N{NOBODY} \N`},
		{"a character by name", `'\N{LATIN SMALL LETTER S}\N{latin small letter e with acute}'`, "s\u00e9"},
		{"a control by name", `'\N{NULL}\N{LINE FEED}\N{DEL}\N{NBSP}\N{BOM}'`, "\x00\n\x7f\u00a0\ufeff"},
		{"names that follow a rule", `'\N{HANGUL SYLLABLE HAN}\N{CJK UNIFIED IDEOGRAPH-4E00}\N{VS17}'`, "\ud55c\u4e00\U000e0100"},
		{"a line that goes on", "'a\\\nb'", "ab"},
		{"bytes", `b'\xff\377\400\u0041\N{A}'`, "\xff\xff\x00\\u0041\\N{A}"},
		{"raw", `r'\n\'\x41'`, `\n\'\x41`},
		{"raw bytes, written both ways", `rb'\x' Br'\y'`, `\x\y`},
		{"Python 2's raw Unicode", `ur'\n\u0041\\u0041'`, `\nA\\u0041`},
		{"three quotes", "'''a'b''c\\'''\n'''", "a'b''c'''\n"},
		{"three quotes and a fourth", `""""a"""`, `"a`},
		{"line ends of other systems", "'''a\r\nb\rc'''", "a\nb\nc"},
		{"side by side, over lines", "('a' # b\n\\\n  u\"c\"\n'''d''')", "acd"},
		{"side by side, of bytes", `b'\xff' rb'\xff'`, "\xff\\xff"},
		{"an open quote", `'abc\`, `abc\`},
		{"open behind another", `'ab' 'c\'`, `abc'`},
		{"an f-string without fields", `f'a{{b}}\x41' 'c{{'`, "a{b}Ac{{"},
		{"a raw one", `rf'\x{{'`, `\x{`},
		{"a name in an f-string", `f'\N{BULLET}{{'`, "\u2022{"},
	} {
		tree := Parse([]byte(row.src))
		id := tree.Node(tree.Body).A
		if got, ok := tree.Value(id); got != row.want || !ok {
			t.Errorf("%s: value of %s is %q, %v; want %q", row.why, row.src, got, ok, row.want)
		}
	}
	for _, src := range []string{"f'{a}'", "t'a'", "a", "1", "'a' % b"} {
		tree := Parse([]byte(src))
		if got, ok := tree.Value(tree.Node(tree.Body).A); ok {
			t.Errorf("value of %s is %q, want none", src, got)
		}
	}
}

func TestShownExpression(t *testing.T) {
	tree := Parse([]byte("f'''{ a + '#' # b\n = !r}'''"))
	if got, _ := tree.Value(only(t, tree, Str)); got != " a + '#' \n = " {
		t.Errorf("the part that {x=} shows is %q", got)
	}
}

func TestInt(t *testing.T) {
	for _, row := range []struct {
		src  string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"00", 0, true}, {"12", 12, true}, {"1_000", 1000, true}, {"0x_fF", 255, true}, {"0XFFL", 255, true},
		{"0o17", 15, true}, {"0777", 511, true}, {"0b1_01", 5, true}, {"10l", 10, true}, {"9223372036854775807", 1<<63 - 1, true},
		{"9223372036854775808", 0, false}, {"1.5", 0, false}, {"1e3", 0, false}, {"1j", 0, false}, {"09", 0, false}, {"'1'", 0, false},
	} {
		tree := Parse([]byte(row.src))
		if got, ok := tree.Int(tree.Node(tree.Body).A); ok != row.ok || ok && got != row.want {
			t.Errorf("Int of %s is %d, %v; want %d, %v", row.src, got, ok, row.want, row.ok)
		}
	}
}

func TestName(t *testing.T) {
	for _, row := range []struct {
		why, src string
		kind     Kind
		want     string
	}{
		{"as written", "exec", Name, "exec"},
		{"wide letters are the plain ones", "\uff45\uff58\uff45\uff43('')", Name, "exec"},
		{"letters of mathematics too", "a.\U0001d42c\U0001d432\U0001d42c\U0001d42d\U0001d41e\U0001d426", Attribute, "system"},
		{"a ligature is two letters", "\ufb01", Name, "fi"},
		{"Greek stays Greek", "\u03b1", Name, "\u03b1"},
		{"an attribute behind white space", "a . \\\n b", Attribute, "b"},
		{"a keyword argument", "f(a = 1)", Keyword, "a"},
		{"a dictionary's", "f(** a)", Keyword, ""},
		{"a parameter with a star", "def f(* a): pass", Param, "a"},
		{"one of Python 2 without a name", "def f((a, b)): pass", Param, ""},
		{"a dotted module", "import a . \\\n b", Alias, "a.b"},
		{"wide letters in a module", "from \uff4fs import path", Module, "os"},
		{"everything", "from a import *", Alias, "*"},
		{"a definition", "class  A : pass", Signature, "A"},
		{"a pattern", "match a:\n case  b : pass", PatCapture, "b"},
		{"the rest of a pattern", "match a:\n case [* b]: pass", PatStar, "b"},
		{"a keyword pattern", "match a:\n case C(b = 1): pass", PatKeyword, "b"},
		{"no name", "a(b)", Call, ""},
	} {
		tree := Parse([]byte(row.src + "\n"))
		if got := tree.Name(only(t, tree, row.kind)); got != row.want {
			t.Errorf("%s: name in %q is %q, want %q", row.why, row.src, got, row.want)
		}
	}
}

// TestPosition holds places to CPython's: lines from 1, columns in bytes of UTF-8.
func TestPosition(t *testing.T) {
	for _, row := range []struct {
		why, src  string
		line, col int
	}{
		{"at the start", "x", 1, 0},
		{"behind a mark", "\xef\xbb\xbfx", 1, 0},
		{"behind Windows' line ends", "a\r\n\r\n(b,\r\n x)", 4, 1},
		{"behind old Macintosh's", "a\r\rx", 3, 0},
		{"behind wide characters", "'\u00e9\u20ac'; x", 1, 9},
		{"behind a tab", "if a:\n\tx", 2, 1},
		{"behind a form feed", "a\n\fx", 2, 1},
		{"behind a line that goes on", "a + \\\n  x", 2, 2},
		{"behind a string of several lines", "'''\n\n''' + x", 3, 6},
		{"in Latin-1, after it became UTF-8", "# coding: latin-1\n'\xe9'; x", 2, 6},
		{"in an f-string", "f'''a\n{ x}'''", 2, 2},
		{"in parentheses, which are not counted", "((x))", 1, 2},
	} {
		tree := Parse([]byte(row.src))
		found := false
		tree.WalkList(tree.Body, func(id ID) bool {
			if tree.Name(id) == "x" && tree.Kind(id) == Name {
				line, col := tree.Position(tree.Node(id).Pos)
				if found = true; line != row.line || col != row.col {
					t.Errorf("%s: x in %q stands at line %d, column %d; want %d, %d", row.why, row.src, line, col, row.line, row.col)
				}
			}
			return true
		})
		if !found || len(tree.Errors) > 0 {
			t.Errorf("%s: x found in %q: %v; errors: %v", row.why, row.src, found, tree.Errors)
		}
	}
}

func TestLine(t *testing.T) {
	tree := Parse([]byte("a\r\nbc\n\nd"))
	for i, want := range []string{"", "a", "bc", "", "d", ""} {
		if got := tree.Line(i); got != want {
			t.Errorf("line %d is %q, want %q", i, got, want)
		}
	}
	if tree.Lines() != 4 {
		t.Errorf("%d lines, want 4", tree.Lines())
	}
}

func TestComments(t *testing.T) {
	tree := Parse([]byte("# one\na = '# none' # two\nif b: # three\n    # four\n\nmatch (c): # five\n case print: pass # six"))
	var got []string
	for _, c := range tree.Comments {
		got = append(got, tree.Src[c.Pos:c.End])
	}
	if want := "# one|# two|# three|# four|# five|# six"; strings.Join(got, "|") != want {
		t.Errorf("comments are %q, want %q", got, want)
	}
}

func TestEncodings(t *testing.T) {
	for _, row := range []struct{ why, src, want, problem string }{
		{"UTF-8 by default", "'\u00e9'", "\u00e9", ""},
		{"Latin-1", "# -*- coding: latin-1 -*-\n'\xe9'", "\u00e9", ""},
		{"by another of its names", "#!x\n# vim: set fileencoding=iso_8859_1 :\n'\xe9'", "\u00e9", ""},
		{"the euro's Latin-9", "# coding: iso-8859-15\n'\xa4'", "\u20ac", ""},
		{"controls of ISO 8859", "# coding: iso-8859-5\n'\x8e'", "\u008e", ""},
		{"Windows", "# coding: cp1251\n'\xe9'", "\u0439", ""},
		{"Windows by its long name", "# coding: windows-1252\n'\x80'", "\u20ac", ""},
		{"KOI8-R", "# coding: koi8-r\n'\xc1'", "\u0430", ""},
		{"Shift JIS, whose second byte may be a backslash", "# coding: shift_jis\n'\x83\x5c'", "\u30bd", ""},
		{"GBK", "# coding: gbk\n'\xc4\xe3'", "\u4f60", ""},
		{"EUC-KR", "# coding: euc_kr\n'\xb0\xa1'", "\uac00", ""},
		{"Big5", "# coding: big5\n'\xa4\xa4'", "\u4e2d", ""},
		{"code in UTF-7", "# coding: utf-7\n'a+AGIAIAAr-+-'", "ab ++", ""},
		{"code in a comment of escapes", "# coding: unicode_escape\n#\\n'\\x61'", "a", ""},
		{"code in a comment of escapes, raw", "# coding: raw_unicode_escape\n#\\u000a'a\\n'", "a\n", ""},
		{"rot13, which only Python 2 reads", "# coding: rot13\n'uryyb'", "hello", "encoding rot13 is Python 2's"},
		{"in the third line it is none", "#\n#\n# coding: latin-1\n'\u00e9'", "\u00e9", ""},
		{"behind code it is none", "a\n# coding: latin-1\n'\u00e9'", "\u00e9", ""},
		{"a mark and UTF-8", "\xef\xbb\xbf# coding: utf-8\n'\u00e9'", "\u00e9", ""},
		{"a mark and something else", "\xef\xbb\xbf# coding: latin-1\n'\u00e9'", "\u00e9", "encoding declaration differs from the byte order mark"},
		{"ASCII that is none", "# coding: ascii\n'\u00e9'", "\u00e9", "source is not valid ascii"},
		{"UTF-16, which cannot declare itself", "# coding: utf-16\n'a'", "a", "unknown encoding: utf-16"},
		{"utf, which is UTF-8", "# coding: utf\n'a\u00e9'", "a\u00e9", ""},
		{"one that nobody knows", "# coding: nobody\n'a\xe9'", "a\u00e9", "unknown encoding: nobody"},
	} {
		tree := Parse([]byte(row.src))
		if got, _ := tree.Value(only(t, tree, Str)); got != row.want {
			t.Errorf("%s: value is %q, want %q", row.why, got, row.want)
		}
		problem := ""
		if len(tree.Errors) > 0 {
			problem = tree.Errors[0].Text
		}
		if problem != row.problem {
			t.Errorf("%s: error is %q, want %q", row.why, problem, row.problem)
		}
	}
}

// TestTokens holds the lexer to a table.
func TestTokens(t *testing.T) {
	const (
		n, i, d, e = "\n", ">", "<", "$"
	)
	for _, row := range []struct {
		why, src string
		want     []string
	}{
		{"nothing", "", []string{e}},
		{"blank lines and comments", "\n  \n# a\n", []string{e}},
		{"a last line without its end", "a", []string{"a", n, e}},
		{"blocks", "a\n b\n  c\nd\n", []string{"a", n, i, "b", n, i, "c", n, d, d, "d", n, e}},
		{"blocks that the file's end closes", "a\n b", []string{"a", n, i, "b", n, d, e}},
		{"a tab goes to the next eighth column", "a\n\tb\n        c\n", []string{"a", n, i, "b", n, "c", n, d, e}},
		{"a form feed starts the line anew", "a\n  \fb\n", []string{"a", n, "b", n, e}},
		{"lines in brackets", "(a\n  b\n)\n", []string{"(", "a", "b", ")", n, e}},
		{"lines that go on", "a \\\n  b\n", []string{"a", "b", n, e}},
		{"an indent that goes on", "a\n  \\\n    b\n  c\n", []string{"a", n, i, "b", n, "c", n, d, e}},
		{"the longest operator", "**=//=>>=<<=...->:=!=<><=>=", []string{"**=", "//=", ">>=", "<<=", "...", "->", ":=", "!=", "<>", "<=", ">=", n, e}},
		{"short operators", "+-*/%@&|^~<>=.,:;!`", strings.Split("+|-|*|/|%|@|&|PIPE|^|~|<>|=|.|,|:|;|!|`|\n|$", "|")},
		{"numbers", "1..real 1.e5 .5e-3j 0xfg 0b12 1_0_ 1e", []string{"1.", ".", "real", "1.e5", ".5e-3j", "0xf", "g", "0b1", "2", "1_0_", "1", "e", n, e}},
		{"prefixes", "b'' Rb'' uR'' bu'' abc'' tR'", []string{"b''", "Rb''", "uR''", "bu", "''", "abc", "''", "tR'", n, e}},
		{"quotes in strings", `'"' "'" '\'' """"a\""""`, []string{`'"'`, `"'"`, `'\''`, `""""a\""""`, n, e}},
		{"names with letters of all kinds", "\u00e9a \u4e00 a\u00b7 _", []string{"\u00e9a", "\u4e00", "a\u00b7", "_", n, e}},
	} {
		var l lexer
		l.report = func(uint32, string) {}
		l.begin(row.src + "\x00")
		var got []string
		for range len(row.src) + 10 {
			l.next()
			switch l.tok {
			case tNewline:
				got = append(got, n)
			case tIndent:
				got = append(got, i)
			case tDedent:
				got = append(got, d)
			case tEOF:
				got = append(got, e)
			default:
				got = append(got, l.src[l.pos:l.end])
			}
			if l.tok == tEOF {
				break
			}
		}
		want := strings.ReplaceAll(fmt.Sprintf("%q", row.want), "PIPE", "|")
		if fmt.Sprintf("%q", got) != want {
			t.Errorf("%s: tokens of %q are\n%q, want\n%s", row.why, row.src, got, want)
		}
	}
}
