package artifact

import (
	"strings"
	"unicode"
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
				// A backslash does not stop a mention, an issue link or an autolink; a
				// zero-width joiner would be invisible. A numeric entity is neither.
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

func entity(r rune) string {
	switch r {
	case '@':
		return "&#64;"
	case '#':
		return "&#35;"
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
