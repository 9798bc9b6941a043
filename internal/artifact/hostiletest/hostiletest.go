// Package hostiletest is the one table of texts that somebody outside may have
// chosen to hurt whoever reads them, and what each output must not do with them.
// Tests of every output (terminal, pages, Markdown, JSON, headers, logs) run the
// whole table through names, summaries, reasons, paths and licences.
//
// It is for tests. Everything in it is inert: hosts under .invalid, scripts that
// would do nothing.
package hostiletest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Text is one hostile text.
type Text struct {
	Name string // for a subtest
	Text string
	Why  string // what it tries
}

// Texts is the table.
var Texts = []Text{
	{"script", "</script><script>alert(1)</script>", "ends a script element and begins another"},
	{"handler", `"><img src=x onerror=alert(1)>`, "leaves an attribute and brings an event handler"},
	{"attribute", "' onmouseover='x", "leaves an attribute in single quotes"},
	{"style", "</style><style>*{display:none}</style>", "hides the verdict"},
	{"comment", "<!-- --!> --> <![CDATA[ ]]> <?x?>", "hides what follows in a comment"},
	{"svg", "<svg/onload=alert(1)><foreignObject>", "changes how the rest is parsed"},
	{"javascript", "javascript:alert(1)", "an address that runs"},
	{"data-url", "data:text/html,<script>alert(1)</script>", "an address that is a page"},
	{"mention", "@org/everyone please look, GH-1 #1 !1", "notifies people from a comment"},
	{"image", "![img](http://tracker.example.invalid/x.png)", "an image that counts who reads"},
	{"link", "[click](javascript:alert(1)) <http://a.example.invalid> www.example.invalid", "links in our name"},
	{"reference", "[gatehouse]: http://a.example.invalid", "redefines a link"},
	{"table", "a|b|c\n|---|---|\n| admitted | everything |", "ends a table's cell and writes rows of its own"},
	{"heading", "\n# Admitted\n\n<details open><summary>x</summary>", "a verdict of its own"},
	{"code", "`` ` ``` end of code `", "ends a code span"},
	{"marker", "<!-- gatehouse-report -->", "has a bot take this for the report"},
	{"header", "two\r\nX-Evil: lines\r\n\r\n<html>", "splits a header"},
	{"log", "fine\nlevel=INFO msg=decided verdict=admit", "writes a log line"},
	{"template", "{{.Secret}} ${env} {0} %s %[1]d", "is taken for a template"},
	{"formula", "=HYPERLINK(\"http://a.example.invalid\")+cmd|' /C x'!A0", "runs in a spreadsheet"},
	{"ansi", "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]8;;http://a.example.invalid\x07", "paints on a terminal"},
	{"c1", "\u009b31m\u0085next", "the same without ESC"},
	{"backspace", "refused\b\b\b\b\b\b\badmitted\x7f\x00", "overwrites what was said"},
	{"bidi", "\u202egnp.exe\u2066\u2067\u2068\u200f", "turns the order of letters"},
	{"invisible", "ad\u200bmin\u2060\ufeff\u00ad\u180e\ufe0f\U000e0041", "looks the same and is not"},
	{"separators", "one\u2028two\u2029three", "line breaks to a script but not to JSON"},
	{"private", "\ue000\U0010fffd", "shows whatever a font says"},
	{"not-utf-8", "\xff\xfe\xc0\xaf\xed\xa0\x80", "no text at all"},
	{"dots", "../../etc/passwd", "leaves the folder"},
	{"percent", "%00%0d%0a%2e%2e", "is decoded once more"},
	{"uri", "C:\\x\\y:z?q#f", "changes what an address means"},
	{"emphasis", "**bold** _it_ ~~no~~ $math$ &amp; \\escape", "shouts, or is shown as something else"},
	{"list", "- item\n1. item\n+ plus\n    code", "begins a block of its own"},
	{"mail", "mail@other.example.invalid", "an address that becomes a link"},
	{"option", "--option", "is taken for an option by a command"},
	{"tab", "tab\there\vand\f", "moves to another column"},
	{"replaced", "\ufffd already", "was cleaned before"},
	{"empty", "", "leaves a place without a word"},
	{"honest", "\u00e9\u4e2d\u0646\U0001f600 & <3", "hurts nobody and has to stay readable"},
	{"long", strings.Repeat("long ", 4000), "fills the screen, the row or the memory"},
	{"long-wide", strings.Repeat("\u754c", 400), "is long in columns and bytes, not in characters"},
	{"long-word", strings.Repeat("w", 20000), "has no place to break"},
}

// Strings gives the texts alone.
func Strings() []string {
	out := make([]string, len(Texts))
	for i, t := range Texts {
		out[i] = t.Text
	}
	return out
}

// Hidden are characters that act instead of being shown. No output may have one.
func Hidden(r rune) bool {
	if r >= ' ' && r <= '~' {
		return false
	}
	return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector)
}

// Terminal checks text for a terminal or a log: nothing in it is obeyed.
func Terminal(t testing.TB, what, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s: not UTF-8", what)
	}
	if i := strings.IndexFunc(out, Hidden); i >= 0 {
		t.Errorf("%s: holds %q", what, around(out, i))
	}
}

// Header checks one header value or reason phrase.
func Header(t testing.TB, what, value string) {
	t.Helper()
	if i := strings.IndexFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e }); i >= 0 {
		t.Errorf("%s: holds %q", what, around(value, i))
	}
}

// JSON checks that a text is JSON which a terminal, an editor and a page that
// takes it in read alike.
func JSON(t testing.TB, what string, b []byte) {
	t.Helper()
	if !json.Valid(b) {
		t.Errorf("%s: not JSON: %.200q", what, b)
	}
	Terminal(t, what, strings.ReplaceAll(string(b), "\t", " "))
	for _, bad := range []string{"</", "<!"} {
		if i := bytes.Index(b, []byte(bad)); i >= 0 {
			t.Errorf("%s: holds %q", what, around(string(b), i))
		}
	}
}

// elements are those that our pages are made of, with the attributes that they
// may have beside id, class and aria-*.
var elements = map[string][]string{
	"html": {"lang"}, "head": nil, "body": nil, "title": nil, "meta": {"charset", "name", "content", "http-equiv"}, "link": {"rel", "href"}, "style": nil, "script": nil,
	"header": nil, "main": nil, "footer": nil, "section": nil, "article": nil, "div": {"tabindex", "role"}, "span": nil, "p": nil, "br": nil, "b": nil,
	"h1": nil, "h2": nil, "h3": nil, "h4": nil, "ul": nil, "ol": nil, "li": nil, "dl": nil, "dt": nil, "dd": nil,
	"a": {"href", "data-requires-python", "data-yanked", "data-core-metadata", "data-dist-info-metadata", "data-provenance", "data-gpg-sig"}, "code": nil, "pre": {"tabindex"}, "time": {"datetime"}, "details": {"open"}, "summary": nil, "progress": {"max", "value"},
	"table": nil, "caption": nil, "thead": nil, "tbody": nil, "tr": nil, "th": {"scope"}, "td": nil,
	"svg": {"viewbox", "preserveaspectratio", "focusable"}, "rect": {"x", "y", "width", "height"},
}

// HTML checks a page: it is made of our elements and attributes only, its scripts
// and styles are exactly ours, its addresses lead to the web or stay here, and no
// hidden character is in it.
func HTML(t testing.TB, what, page string, ours ...string) {
	t.Helper()
	Terminal(t, what, strings.NewReplacer("\t", " ").Replace(page))
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	for n := range doc.Descendants() {
		switch n.Type {
		case html.CommentNode:
			t.Errorf("%s: a comment: %.80q", what, n.Data)
		case html.ElementNode:
			element(t, what, n, ours)
		}
	}
}

func element(t testing.TB, what string, n *html.Node, ours []string) {
	t.Helper()
	own, known := elements[n.Data]
	if !known {
		t.Errorf("%s: an element <%s>", what, n.Data)
	}
	if n.Data == "script" || n.Data == "style" {
		if n.FirstChild == nil || !slices.Contains(ours, n.FirstChild.Data) {
			t.Errorf("%s: a <%s> that is not ours", what, n.Data)
		}
	}
	for _, a := range n.Attr {
		key := strings.ToLower(a.Key)
		if key != "id" && key != "class" && !strings.HasPrefix(key, "aria-") && !slices.Contains(own, key) {
			t.Errorf("%s: <%s %s=%.80q>", what, n.Data, a.Key, a.Val)
		}
		if key == "href" && !address.MatchString(a.Val) {
			t.Errorf("%s: an address %.80q", what, a.Val)
		}
	}
}

// address is one that a page of ours may lead to.
var address = regexp.MustCompile(`^(https?://|/[^/\\]|/$|#|\?|\.\./|\./|[a-z0-9-]+/$)`)

var (
	codeSpan = regexp.MustCompile("`[^`\n]+`")
	ourTags  = strings.NewReplacer("<details>", "", "</details>", "", "<summary>", "", "</summary>", "", "<sub>", "", "</sub>", "")
	ourLink  = regexp.MustCompile(`\[the full report\]\(<https?://[^<>\s]+>\)`)
)

// Markdown checks a comment for a forge, without its first line, which is its
// marker: outside code spans nothing mentions, links, embeds, is HTML or begins
// a table row of its own.
func Markdown(t testing.TB, what, text string) {
	t.Helper()
	Terminal(t, what, strings.NewReplacer("\u200b", "", "⏸\ufe0f", "").Replace(text))
	for i, line := range strings.Split(text, "\n") {
		bare := ourLink.ReplaceAllString(ourTags.Replace(codeSpan.ReplaceAllString(line, "x")), "x")
		unescaped := regexp.MustCompile(`\\[!-/:-@\[-`+"`"+`{-~]`).ReplaceAllString(bare, "")
		for _, bad := range []string{"@", "<", "![", "](", "]:", "://", "www.", "`", "&#64;a", "&#64;o"} {
			if strings.Contains(unescaped, bad) {
				t.Errorf("%s: line %d holds %q: %.200q", what, i+1, bad, line)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(unescaped), "#") && i != 0 {
			t.Errorf("%s: line %d is a heading: %.200q", what, i+1, line)
		}
		if strings.HasPrefix(bare, "|") && strings.Count(unescaped, "|") != 6 {
			t.Errorf("%s: line %d has %d bars: %.200q", what, i+1, strings.Count(unescaped, "|"), line)
		}
	}
}

// around is what stands near a place in a text.
func around(s string, at int) string {
	from, to := max(0, at-30), min(len(s), at+30)
	return s[from:to]
}
