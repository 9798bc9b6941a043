package artifact

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Untrusted is text that somebody outside wrote: a summary, a yank reason, a
// path in an archive. Printing it with fmt gives the terminal-safe form; every
// other output asks for its own escaping (Markdown, Phrase; html/template
// escapes by itself because the kind is string).
type Untrusted string

// String is safe on a terminal and in a log line: control characters, line
// breaks, bidirectional controls, invisible formatting and private-use
// characters become U+FFFD, and long text is cut at 300 characters.
func (u Untrusted) String() string {
	const most = 300
	if len(u) <= most && printable(string(u)) {
		return string(u)
	}
	var b strings.Builder
	n := 0
	for _, r := range string(u) {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		b.WriteRune(visible(r))
	}
	return b.String()
}

// printable says that a text is printable ASCII, as nearly all is.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Markdown is safe inside a Markdown paragraph or table cell of a forge: no
// mention, link, image, HTML or table cell can come out of it.
func (u Untrusted) Markdown() string {
	var b strings.Builder
	for _, r := range u.String() {
		if strings.ContainsRune("\\`*_{}[]()<>#+-.!|@~&$:/", r) {
			if r == '@' || r == '#' || r == ':' || r == '/' {
				// A backslash does not stop a mention, an issue link or an autolink. An
				// entity stops what the Markdown parser makes of it; forges look for mentions
				// and issues in the finished HTML once more, where only a character between
				// the sign and the name helps.
				b.WriteString(entity(r))
				continue
			}
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Phrase is safe in an HTTP reason phrase or header value: printable ASCII
// only, at most most bytes, everything else a question mark.
func (u Untrusted) Phrase(most int) string {
	var b strings.Builder
	for _, r := range string(u) {
		if b.Len() >= most {
			break
		}
		if r < 0x20 || r > 0x7e {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// EscapeJSON writes characters of JSON text that a terminal or an editor would
// obey as escapes, and breaks what would end a script element or begin a comment
// in a page that takes the text in. They can only stand inside strings, where
// JSON allows it: the value stays the same.
func EscapeJSON(b []byte) []byte {
	if !bytes.ContainsFunc(b, obeyed) && !bytes.Contains(b, []byte("</")) && !bytes.Contains(b, []byte("<!")) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == '<' && len(b) > 1 && (b[1] == '/' || b[1] == '!'):
			out = append(out, `\u003c`...)
		case !obeyed(r):
			out = append(out, b[:n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}

// obeyed says whether a character acts instead of being shown.
func obeyed(r rune) bool {
	return r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector)
}

func entity(r rune) string {
	switch r {
	case '@':
		return "&#64;&#8203;"
	case '#':
		return "&#35;&#8203;"
	case ':':
		return "&#58;"
	default:
		return "&#47;"
	}
}

func visible(r rune) rune {
	if r == ' ' || (unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Zl, r) && !unicode.Is(unicode.Zp, r) && !unicode.Is(unicode.Co, r) && !variationSelector(r)) {
		return r
	}
	return unicode.ReplacementChar
}

func variationSelector(r rune) bool {
	return (r >= 0xfe00 && r <= 0xfe0f) || (r >= 0xe0100 && r <= 0xe01ef)
}
