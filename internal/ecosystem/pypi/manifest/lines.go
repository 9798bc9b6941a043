package manifest

import (
	"bytes"
	"encoding/binary"
	"iter"
	"sort"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// logical is one line of a requirements file after continuations are joined
// and the comment is gone, with the way back to where each byte stands.
type logical struct {
	text    string // trimmed, without comment
	comment string // from its # on, as joined
	end     int    // offset in the content after the last physical line's line break
	offset  int    // of text within the joined line
	pieces  []piece
}

// piece is the part of a joined line that one physical line gave.
type piece struct {
	joined int // where it starts in the joined line
	at     int // where it starts in the content
	line   int
	start  int // where its physical line starts in the content
}

// content gives the offset in the content of the i-th byte of text.
func (l *logical) content(i int) int {
	p := l.piece(i)
	return p.at + l.offset + i - p.joined
}

func (l *logical) piece(i int) piece {
	i += l.offset
	n := sort.Search(len(l.pieces), func(k int) bool { return l.pieces[k].joined > i })
	return l.pieces[max(n-1, 0)]
}

// place gives the location of the i-th byte of text.
func (l *logical) place(file, content string, i int) finding.Location {
	p := l.piece(i)
	return finding.Location{File: file, Line: p.line, Column: 1 + utf8.RuneCountInString(content[p.start:l.content(i)])}
}

// physical is one line as Python's str.splitlines gives it.
type physical struct {
	start, end, next int  // of the text, and of the next line
	odd              rune // the line break, when it is one that editors do not show
}

// splitLines splits as pip does, which takes more characters for line breaks
// than editors and reviewers do.
func splitLines(s string) iter.Seq[physical] {
	return func(yield func(physical) bool) {
		start := 0
		for i, r := range s {
			if i < start { // the second half of \r\n
				continue
			}
			p := physical{start: start, end: i, next: i + utf8.RuneLen(r)}
			switch r {
			case '\n':
			case '\r':
				if strings.HasPrefix(s[p.next:], "\n") {
					p.next++
				}
			case '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
				p.odd = r
			default:
				continue
			}
			if !yield(p) {
				return
			}
			start = p.next
		}
		if start < len(s) {
			yield(physical{start: start, end: len(s), next: len(s)})
		}
	}
}

// logicalLines joins continued lines, drops comments and blank lines, in pip's
// order: a comment line ends a continuation, a trailing backslash counts before
// comments are looked for.
func logicalLines(content string) iter.Seq[logical] {
	return func(yield func(logical) bool) {
		var joined strings.Builder
		var cur logical
		number := 0
		for p := range splitLines(content) {
			number++
			if !cur.add(&joined, content, p, number) {
				continue
			}
			if l, ok := cur.strip(joined.String()); ok && !yield(l) {
				return
			}
			joined.Reset()
			cur = logical{}
		}
		if l, ok := cur.strip(joined.String()); ok {
			yield(l)
		}
	}
}

// add joins one physical line and says whether the logical line ends with it.
func (l *logical) add(joined *strings.Builder, content string, p physical, number int) (ends bool) {
	text := content[p.start:p.end]
	isComment := strings.HasPrefix(strings.TrimLeftFunc(text, isSpace), "#")
	if isComment {
		joined.WriteByte(' ') // so that it is still one behind a continued line
	}
	goesOn := !isComment && strings.HasSuffix(text, `\`)
	lead := 0
	if goesOn {
		lead = len(text) - len(strings.TrimLeft(text, `\`))
		text = strings.Trim(text, `\`)
	}
	l.pieces = append(l.pieces, piece{joined: joined.Len(), at: p.start + lead, line: number, start: p.start})
	l.end = p.next
	joined.WriteString(text)
	return !goesOn
}

// strip takes the comment and outer white space away; false when nothing is left.
func (l logical) strip(joined string) (logical, bool) {
	text := joined[:commentStart(joined)]
	l.comment = joined[len(text):]
	trimmed := strings.TrimLeftFunc(text, isSpace)
	l.offset = len(text) - len(trimmed)
	l.text = strings.TrimRightFunc(trimmed, isSpace)
	return l, l.text != ""
}

// commentStart is where a comment begins: # at the start or after white space.
func commentStart(s string) int {
	before := true
	for i, r := range s {
		if r == '#' && before {
			return i
		}
		before = isSpace(r)
	}
	return len(s)
}

// isSpace is Python's str.isspace, which counts four control characters more.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

var encodingCookie = lazy.Regexp(`coding[:=]\s*([-\w.]+)`)

// decode gives a requirements file's text as pip reads it: a byte order mark
// first, then a PEP 263 comment in the first two lines, then UTF-8. Encodings
// other than UTF-8, UTF-16 and Latin-1 are refused rather than guessed: pip's
// last resort is the locale of the machine it runs on, which the gate does not
// know.
func decode(file string, b []byte) (string, error) {
	wide := func(order binary.ByteOrder) (string, error) {
		s, ok := decodeUTF16(b[2:], order)
		if !ok {
			return "", manifestfile.Syntax(finding.Location{File: file}, "the file starts as UTF-16 and is not; save it as UTF-8")
		}
		return s, nil
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return validUTF8(file, b[3:])
	case bytes.HasPrefix(b, []byte{0xff, 0xfe, 0, 0}), bytes.HasPrefix(b, []byte{0, 0, 0xfe, 0xff}):
		return "", manifestfile.Syntax(finding.Location{File: file}, "the file is UTF-32, which the gate does not read; save it as UTF-8")
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return wide(binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return wide(binary.BigEndian)
	}
	switch name, line := cookie(b); strings.ReplaceAll(strings.ToLower(name), "_", "-") {
	case "", "utf-8", "utf8":
		return validUTF8(file, b)
	case "utf-8-sig", "ascii", "us-ascii":
		return validUTF8(file, b)
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1":
		return latin1(b), nil
	default:
		return "", manifestfile.Syntax(finding.Location{File: file, Line: line}, "the file says it is encoded as %s, which the gate does not read; save it as UTF-8", manifestfile.Quote(name))
	}
}

func cookie(b []byte) (name string, line int) {
	for line = 1; line <= 2; line++ {
		text, rest, _ := bytes.Cut(b, []byte("\n"))
		if bytes.HasPrefix(text, []byte("#")) {
			if m := encodingCookie().FindSubmatch(text); m != nil {
				return string(m[1]), line
			}
		}
		b = rest
	}
	return "", 0
}

func validUTF8(file string, b []byte) (string, error) {
	if utf8.Valid(b) {
		return string(b), nil
	}
	at := finding.Location{File: file, Line: 1, Column: 1}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			break
		}
		at.Column++
		if r == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
		b = b[n:]
	}
	return "", manifestfile.Syntax(at, "this byte is not UTF-8; save the file as UTF-8")
}

func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func decodeUTF16(b []byte, order binary.ByteOrder) (string, bool) {
	if len(b)%2 != 0 {
		return "", false
	}
	var s strings.Builder
	for i := 0; i < len(b); i += 2 {
		r := rune(order.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i >= len(b) {
				return "", false
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(b[i:]))); r == utf8.RuneError {
				return "", false
			}
		}
		s.WriteRune(r)
	}
	return s.String(), true
}
