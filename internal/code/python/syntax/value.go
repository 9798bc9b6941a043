package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Name gives the identifier of a node that has one: Name, Attribute, Keyword,
// Param, TypeParam, Signature, PatCapture, PatStar, PatKeyword; and the dotted
// name of a Module or Alias. Like CPython, it gives the NFKC form of what was
// written. It is "" for every other node.
func (t *Tree) Name(id ID) string {
	n := &t.nodes[id]
	start, end := n.Pos, n.End
	switch n.Kind {
	case Name, Signature:
	case Attribute:
		start = uint32(n.B)
	case Keyword, PatKeyword:
		end = uint32(n.B)
	case Param, TypeParam:
		if n.C != 0 {
			return ""
		}
		end = uint32(n.D)
		if end < start {
			return "" // stars at the end of the file, and no name
		}
		for start < end && (t.Src[start] == '*' || blank(t.Src[start])) {
			start++
		}
	case PatCapture, PatStar:
		start, end = uint32(n.B), uint32(n.C)
	case Module, Alias:
		if n.Kind == Alias {
			end = uint32(n.B)
		}
		return dotted(t.Src[start:end])
	default:
		return ""
	}
	return normal(t.Src[start:end])
}

// blank says whether c may stand between a star and a name.
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' || c == '\n' || c == '\\' }

// dotted takes the white space out of a dotted name.
func dotted(name string) string {
	if strings.ContainsAny(name, " \t\f\n\\") {
		name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r < utf8.RuneSelf && blank(byte(r)) }), "")
	}
	return normal(name)
}

func normal(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return norm.NFKC.String(name)
		}
	}
	return name
}

// Value gives the text of a Str, or of a JoinedStr whose parts are all constant,
// with escapes read and neighbours joined. Bytes are given as they are; a lone
// surrogate is given in the three bytes that UTF-8 would have for it. ok is false
// for every other node.
func (t *Tree) Value(id ID) (value string, ok bool) {
	n := &t.nodes[id]
	switch {
	case n.Kind == Str && n.Flags&Part != 0:
		return part(t.Src[n.Pos:n.End], n.Flags), true
	case n.Kind == Str && n.Flags&Several != 0:
		return several(t.Src[n.Pos:n.End]), true
	case n.Kind == Str:
		return literal(t.Src[n.Pos:n.End]), true
	case n.Kind != JoinedStr:
		return "", false
	}
	var b strings.Builder
	for p := n.A; p != 0; p = t.nodes[p].Next {
		v, ok := t.Value(p)
		if !ok || t.nodes[p].Kind != Str {
			return "", false
		}
		b.WriteString(v)
	}
	return b.String(), true
}

// part gives the text of a constant part of an f-string.
func part(s string, flags Flags) string {
	if flags&Verbatim != 0 {
		return uncommented(s)
	}
	if strings.Contains(s, "{{") || strings.Contains(s, "}}") {
		s = undouble(s, flags&Raw == 0)
	}
	if flags&Raw != 0 {
		return s
	}
	return unescape(s, false)
}

// uncommented takes the comments out of what {x=} shows.
func uncommented(s string) string {
	if !strings.Contains(s, "#") {
		return s
	}
	var b strings.Builder
	at := uint32(0)
	l := within(s)
	for l.next(); l.tok != tEOF; l.next() {
	}
	for _, c := range l.comments {
		b.WriteString(s[at:c.Pos])
		at = c.End
	}
	b.WriteString(s[at:])
	return b.String()
}

// within reads tokens of what stands in brackets.
func within(s string) *lexer {
	l := &lexer{report: func(uint32, string) {}}
	l.begin(s + "\x00")
	l.fresh, l.brackets = false, 1
	return l
}

// undouble makes one of two braces, but in \N{name}.
func undouble(s string, escapes bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		switch c := s[i]; {
		case (c == '{' || c == '}') && i+1 < len(s) && s[i+1] == c:
			i++
		case c == '\\' && escapes && strings.HasPrefix(s[i:], `\N{`):
			if end := strings.IndexByte(s[i:], '}'); end > 0 {
				b.WriteString(s[i+1 : i+end+1])
				i += end
			}
		case c == '\\' && i+1 < len(s) && s[i+1] != '{' && s[i+1] != '}':
			b.WriteByte(s[i+1])
			i++
		}
	}
	return b.String()
}

// literal gives the text of one whole literal, with its prefix and quotes.
func literal(s string) string {
	quote := strings.IndexAny(s, `'"`)
	if quote < 0 {
		return ""
	}
	flags, _, _ := prefix(s[:quote])
	ends := s[quote : quote+1]
	s = s[quote:]
	if triple := strings.Repeat(ends, 3); strings.HasPrefix(s, triple) && len(s) >= 3 {
		ends = triple
	}
	s = s[len(ends):]
	if strings.HasSuffix(s, ends) && !escaped(s[:len(s)-len(ends)]) { // else it is unclosed
		s = s[:len(s)-len(ends)]
	}
	if flags&Raw != 0 {
		if flags&Unicode != 0 && strings.Contains(s, `\`) {
			return unescapeRawUnicode(s)
		}
		return s
	}
	return unescape(s, flags&Bytes != 0)
}

// several joins literals that stand side by side. It cuts them as the parser
// did, by reading them again.
func several(s string) string {
	var b strings.Builder
	l := within(s) // lines may end between them
	for l.next(); l.tok == tString; l.next() {
		b.WriteString(literal(s[l.pos:l.end]))
		if l.brackets == 0 {
			break
		}
	}
	return b.String()
}

// Int gives the value of a Num that is an integer below 2^63. A leading zero is
// Python 2's octal.
func (t *Tree) Int(id ID) (value int64, ok bool) {
	n := &t.nodes[id]
	if n.Kind != Num {
		return 0, false
	}
	s := strings.ReplaceAll(strings.TrimRight(t.Src[n.Pos:n.End], "lL"), "_", "")
	value, err := strconv.ParseInt(s, 0, 64)
	return value, err == nil
}
