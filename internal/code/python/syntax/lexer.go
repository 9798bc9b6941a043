package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts the source into tokens, one at a time, when the parser asks.
type lexer struct {
	src    string // the source and one NUL, so that looking one byte ahead needs no check
	n      uint32 // length of the source
	cursor        // where it is; copied to look ahead
	// indents are the columns of the open blocks.
	indents [mostIndents + 1]struct{ column, tabless uint32 }
	depth   int // of indents
	// rescue is how many bytes may still be searched for the end of strings that
	// turned out to have none: more than once over the file would be quadratic.
	rescue   int
	nulls    bool // said that there are NULs
	comments []Span
	muted    bool // looking ahead: nothing is said
	report   func(at uint32, text string)
}

// cursor is the state of a lexer within a logical line, and its present token.
type cursor struct {
	at       uint32 // next byte to read
	tok      token
	pos, end uint32 // of the token
	flags    Flags  // of a string
	prevEnd  uint32 // of the token before
	line     uint32 // start of the latest line of the file that began between tokens
	brackets int    // open ones
	field    int    // brackets open at the level of an f-string's expression; -1 outside of one
	fresh    bool   // at the start of a logical line
	dedents  int    // yet to be given; -1 for an indent
}

// template is the flag of a token that starts a t-string.
const template = Verbatim

const (
	mostIndents  = 100 // CPython's
	mostBrackets = 200 // CPython's; more are read and reported
)

func (l *lexer) begin(src string) {
	l.src, l.n = src, uint32(len(src)-1)
	l.cursor = cursor{fresh: true, field: -1}
	l.depth, l.nulls, l.muted = 0, false, false
	l.rescue = 4*len(src) + 1000
	l.comments = l.comments[:0]
}

// next reads the next token.
func (l *lexer) next() {
	l.prevEnd = l.end
	if l.fresh {
		l.fresh = false
		l.indentation()
	}
	if l.dedents != 0 {
		l.dedent()
		return
	}
	src, at := l.src, l.at
	for {
		c := src[at]
		for c == ' ' || c == '\t' || c == '\f' {
			at++
			c = src[at]
		}
		l.pos = at
		switch class[c] {
		case cLetter:
			l.at = at
			if l.name() {
				return
			}
			at = l.at
			continue
		case cDigit:
			l.at = at
			l.number()
			return
		case cQuote:
			l.at = at
			l.string(0)
			return
		case cSingle:
			l.tok, l.at, l.end = single[c], at+1, at+1
			switch c {
			case '(', '[', '{':
				l.open()
			case ')', ']', '}':
				if l.brackets > 0 {
					l.brackets--
				}
			}
			return
		case cOperator:
			if c == '.' && class[src[at+1]] == cDigit {
				l.at = at
				l.number()
				return
			}
			tok, length := operator(src[at:], l.brackets == l.field)
			l.tok, l.at, l.end = tok, at+length, at+length
			return
		}
		switch {
		case c == '\n':
			at++
			if l.brackets > 0 {
				l.line = at
				continue
			}
			l.tok, l.at, l.end, l.fresh = tNewline, at, at, true
			return
		case c == '#':
			at = l.comment(at)
		case c == '\\' && src[at+1] == '\n':
			at += 2
			if at >= l.n {
				l.say(at, "unexpected end of file after a backslash")
			}
		case c == 0 && at >= l.n:
			l.at = at
			l.finish()
			return
		case c == 0:
			l.null(at)
			at++
		default:
			l.tok, l.at, l.end = tStray, at+1, at+1
			return
		}
	}
}

func (l *lexer) say(at uint32, text string) {
	if !l.muted {
		l.report(at, text)
	}
}

func (l *lexer) null(at uint32) {
	if !l.nulls {
		l.nulls = !l.muted
		l.say(at, "source contains a NUL byte")
	}
}

func (l *lexer) open() {
	if l.brackets++; l.brackets == mostBrackets+1 {
		l.say(l.pos, "too many nested brackets")
	}
}

// comment skips one and gives where it ends.
func (l *lexer) comment(at uint32) uint32 {
	end := l.n
	if i := strings.IndexByte(l.src[at:l.n], '\n'); i >= 0 {
		end = at + uint32(i)
	}
	if !l.muted {
		l.comments = append(l.comments, Span{at, end})
	}
	return end
}

// finish ends the last line, closes the blocks, and then gives tEOF for ever.
func (l *lexer) finish() {
	l.pos, l.end, l.at = l.n, l.n, l.n
	switch {
	case l.brackets > 0: // the parser says so and ends the line
		l.tok = tEOF
	case l.tok != tNewline && l.tok != tDedent && l.tok != tEOF:
		l.tok = tNewline
	case l.depth > 0:
		l.dedents, l.depth = l.depth, 0
		l.dedent()
	default:
		l.tok = tEOF
	}
}

// dedent gives one token of those that are due.
func (l *lexer) dedent() {
	l.pos, l.end = l.at, l.at
	if l.dedents < 0 {
		l.dedents, l.tok = 0, tIndent
		return
	}
	l.dedents--
	l.tok = tDedent
}

// indentation skips blank lines and comments and compares the column of what
// comes then with the blocks that are open.
func (l *lexer) indentation() {
	for {
		start := l.at
		column, tabless, found := l.blanks()
		if !found {
			continue
		}
		l.line = start
		if l.at >= l.n {
			column, tabless = 0, 0
		}
		l.compare(column, tabless)
		return
	}
}

// blanks reads the white space that a line starts with. found is false when the
// line had nothing else, and then it is behind the line.
func (l *lexer) blanks() (column, tabless uint32, found bool) {
	src, at := l.src, l.at
	var continued, continuedTabless uint32
	for {
		switch c := src[at]; {
		case c == ' ':
			column++
			tabless++
		case c == '\t':
			column = column/8*8 + 8
			tabless++
		case c == '\f':
			column, tabless = 0, 0
		case c == '\\' && src[at+1] == '\n':
			// The indentation is that of the line in which the backslash stands.
			if continued == 0 {
				continued, continuedTabless = column, tabless
			}
			at++
		case c == '\n':
			l.at = at + 1
			return 0, 0, false
		case c == '#':
			at = l.comment(at)
			if at < l.n {
				at++
			}
			l.at = at
			return 0, 0, false
		case c == 0 && at < l.n:
			l.null(at)
		default:
			l.at = at
			if continued > 0 {
				return continued, continuedTabless, true
			}
			return column, tabless, true
		}
		at++
	}
}

// compare opens a block or closes those that ended.
func (l *lexer) compare(column, tabless uint32) {
	top := &l.indents[l.depth]
	switch {
	case column == top.column:
		if tabless != top.tabless {
			l.say(l.at, "inconsistent use of tabs and spaces in indentation")
		}
	case column > top.column:
		if tabless <= top.tabless {
			l.say(l.at, "inconsistent use of tabs and spaces in indentation")
		}
		if l.depth == mostIndents {
			l.say(l.at, "too many levels of indentation")
			return
		}
		l.depth++
		l.indents[l.depth].column, l.indents[l.depth].tabless = column, tabless
		l.dedents = -1
	default:
		for l.depth > 0 && column < l.indents[l.depth].column {
			if column > l.indents[l.depth-1].column {
				// Belongs to no block: it stays in the one that it is nearest to.
				l.say(l.at, "unindent does not match any outer indentation level")
				l.indents[l.depth].column, l.indents[l.depth].tabless = column, tabless
				return
			}
			l.depth--
			l.dedents++
		}
		if tabless != l.indents[l.depth].tabless {
			l.say(l.at, "inconsistent use of tabs and spaces in indentation")
		}
	}
}

// name reads a name, a reserved word, or a string with a prefix. It gives false
// when it skipped something that is none.
func (l *lexer) name() bool {
	src, at := l.src, l.at
	for word[src[at]] {
		at++
	}
	if c := src[at]; (c == '"' || c == '\'') && at-l.pos <= 2 {
		if flags, formatted, ok := prefix(src[l.pos:at]); ok {
			l.at = at
			if formatted {
				l.fstring(flags)
			} else {
				l.string(flags)
			}
			return true
		}
	}
	if src[at] >= utf8.RuneSelf {
		at = l.wide(at)
		if at == l.pos {
			_, size := utf8.DecodeRuneInString(src[at:l.n])
			l.say(at, "invalid character in source")
			l.at += uint32(size)
			return false
		}
	}
	l.tok, l.at, l.end = tName, at, at
	if length := at - l.pos; length >= 2 && length <= 8 {
		l.tok = keyword(src[l.pos:at])
	}
	return true
}

// wide goes on with a name that has a letter beyond ASCII and gives its end. It
// stops at what is no letter, so that an invisible character joins no two words.
func (l *lexer) wide(at uint32) uint32 {
	for at < l.n {
		if c := l.src[at]; c < utf8.RuneSelf {
			if !word[c] {
				return at
			}
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(l.src[at:l.n])
		if r == utf8.RuneError || unicode.In(r, unicode.P, unicode.S, unicode.Z, unicode.C, unicode.No) && !identifies(r) {
			return at
		}
		at += uint32(size)
	}
	return at
}

// identifies says whether a character that is no letter may stand in a name all
// the same: connecting punctuation, and the few of Unicode's Other_ID lists.
func identifies(r rune) bool {
	return unicode.In(r, unicode.Pc, unicode.Other_ID_Start, unicode.Other_ID_Continue)
}

// prefix reads what stands before a quote.
func prefix(s string) (flags Flags, formatted, ok bool) {
	for i := range len(s) {
		var flag Flags
		switch s[i] {
		case 'r', 'R':
			flag = Raw
		case 'b', 'B':
			flag = Bytes
		case 'u', 'U':
			flag = Unicode
		case 'f', 'F':
			formatted = true
		case 't', 'T':
			formatted, flag = true, template
		default:
			return 0, false, false
		}
		if flags&flag != 0 {
			return 0, false, false
		}
		flags |= flag
	}
	switch {
	case len(s) < 2:
		return flags, formatted, true
	case flags&Raw == 0: // two of b, u, f, t
		return 0, false, false
	case formatted:
		return flags, true, flags&(Bytes|Unicode) == 0
	}
	// Python 2's ur is one too. Two r were refused above; rf has formatted.
	return flags, false, flags != Raw
}

// number reads a number as far as it is one: 1if is the number 1.
func (l *lexer) number() {
	src, at := l.src, l.at
	if src[at] == '0' {
		var digits func(byte) bool
		switch src[at+1] | 0x20 {
		case 'x':
			digits = isHex
		case 'o':
			digits = isOctal
		case 'b':
			digits = isBinary
		}
		if digits != nil {
			at += 2
			for digits(src[at]) || src[at] == '_' {
				at++
			}
			if src[at]|0x20 == 'l' {
				at++
			}
			l.tok, l.at, l.end = tNumber, at, at
			return
		}
	}
	at = l.digits(at)
	if src[at] == '.' {
		at = l.digits(at + 1)
	}
	if src[at]|0x20 == 'e' {
		exponent := at + 1
		if src[exponent] == '+' || src[exponent] == '-' {
			exponent++
		}
		if class[src[exponent]] == cDigit {
			at = l.digits(exponent)
		}
	}
	if c := src[at] | 0x20; c == 'j' || c == 'l' {
		at++
	}
	l.tok, l.at, l.end = tNumber, at, at
}

func (l *lexer) digits(at uint32) uint32 {
	for class[l.src[at]] == cDigit || l.src[at] == '_' {
		at++
	}
	return at
}

func isHex(c byte) bool    { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
func isOctal(c byte) bool  { return c >= '0' && c <= '7' }
func isBinary(c byte) bool { return c == '0' || c == '1' }

// string reads a literal from its opening quote.
func (l *lexer) string(flags Flags) {
	src, at := l.src, l.at
	quote := src[at]
	if src[at+1] == quote && src[at+2] == quote {
		l.triple(quote, flags|Triple)
		return
	}
	at++
	for {
		switch c := src[at]; {
		case c == quote:
			at++
			l.tok, l.at, l.end, l.flags = tString, at, at, flags
			return
		case c == '\\' && at+1 < l.n:
			at++
		case c == '\n', at >= l.n:
			l.unclosed(at, flags)
			return
		case c == 0:
			l.null(at)
		}
		at++
	}
}

// triple reads a literal with three quotes.
func (l *lexer) triple(quote byte, flags Flags) {
	at := l.at + 3
	for l.rescue > 0 {
		i := strings.IndexByte(l.src[at:l.n], quote)
		if i < 0 {
			l.rescue -= int(l.n - l.pos)
			break
		}
		found := at + uint32(i)
		if found > at && l.src[found-1] == '\\' && escaped(l.src[at:found]) {
			at = found + 1
			continue
		}
		if l.src[found+1] == quote && l.src[found+2] == quote {
			at = found + 3
			l.tok, l.at, l.end, l.flags = tString, at, at, flags
			return
		}
		at = found + 1
	}
	// Whoever left it open must not hide what follows: it ends with its line.
	end := l.n
	if i := strings.IndexByte(l.src[l.pos:l.n], '\n'); i >= 0 {
		end = l.pos + uint32(i)
	}
	l.unclosed(end, flags)
}

// escaped says whether s ends in a backslash that escapes what follows.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, "\\")))%2 == 1
}

// unclosed ends a literal that has no closing quote, and all brackets with it.
func (l *lexer) unclosed(end uint32, flags Flags) {
	l.say(l.pos, "unterminated string literal")
	l.tok, l.at, l.end, l.flags = tString, end, end, flags|Unclosed
	l.brackets, l.field = 0, -1
}

// fstring reads up to behind the opening quote of an f-string; the parser reads
// on from there.
func (l *lexer) fstring(flags Flags) {
	at := l.at + 1
	if quote := l.src[l.at]; l.src[at] == quote && l.src[at+1] == quote {
		flags |= Triple
		at += 2
	}
	l.tok, l.at, l.end, l.flags = tFString, at, at, flags
}
