package javascript

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is. Punctuators are told apart by tok.op.
type tokenKind uint8

const (
	tEOF   tokenKind = iota
	tName            // identifier or keyword; tok.atom is which
	tOp              // punctuator; tok.op is which
	tNum             // number or bigint
	tStr             // quoted string
	tTpl             // piece of a template; tok.tail when it ends it
	tRegex           // only after rescanning
	tHash            // #private
	tBad             // a byte that starts no token
)

// op packs the bytes of a punctuator, the last in the low byte: '=' or '='<<8|'>'.
type op uint32

func op2(a, b byte) op    { return op(a)<<8 | op(b) }
func op3(a, b, c byte) op { return op(a)<<16 | op(b)<<8 | op(c) }

var (
	opArrow   = op2('=', '>')
	opEq2     = op2('=', '=')
	opEq3     = op3('=', '=', '=')
	opNe2     = op2('!', '=')
	opNe3     = op3('!', '=', '=')
	opDots    = op3('.', '.', '.')
	opOptDot  = op2('?', '.')
	opNullish = op2('?', '?')
	opOr      = op2('|', '|')
	opAnd     = op2('&', '&')
	opInc     = op2('+', '+')
	opDec     = op2('-', '-')
	opPow     = op2('*', '*')
	opShl     = op2('<', '<')
	opShr     = op2('>', '>')
	opShru    = op3('>', '>', '>')
	opLe      = op2('<', '=')
	opGe      = op2('>', '=')
	opAddSet  = op2('+', '=')
)

// tok is one token: src[start:end].
type tok struct {
	kind       tokenKind
	nl         bool // a line end stands before it
	tail       bool // of a template piece: the last
	op         op
	atom       int32
	start, end int32
}

// lexer gives the tokens of src. The parser says where a regular expression or
// the rest of a template is expected, so that neither is guessed.
type lexer struct {
	src      []byte
	pos      int
	atoms    *atoms
	skipping bool // names other than keywords do not matter
}

// skipBlank moves over blanks and comments and says whether a line ended there.
func (l *lexer) skipBlank() (nl bool) {
	src := l.src
	for l.pos < len(src) {
		c := src[l.pos]
		switch {
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			l.pos++
		case c == '\n' || c == '\r':
			nl = true
			l.pos++
		case c == '/' && l.pos+1 < len(src) && src[l.pos+1] == '/':
			l.toLineEnd()
		case c == '/' && l.pos+1 < len(src) && src[l.pos+1] == '*':
			n := bytes.Index(src[l.pos+2:], []byte("*/"))
			if n < 0 {
				l.pos = len(src)
				return nl
			}
			body := src[l.pos : l.pos+2+n]
			nl = nl || bytes.IndexByte(body, '\n') >= 0 || bytes.IndexByte(body, '\r') >= 0
			l.pos += n + 4
		case c == '<' && bytes.HasPrefix(src[l.pos:], []byte("<!--")):
			l.toLineEnd()
		case c == '-' && (nl || l.pos == 0) && bytes.HasPrefix(src[l.pos:], []byte("-->")):
			l.toLineEnd()
		case c == '#' && l.pos == 0 && bytes.HasPrefix(src, []byte("#!")):
			l.toLineEnd()
		case c >= 0x80:
			r, n := utf8.DecodeRune(src[l.pos:])
			switch {
			case r == '\u2028' || r == '\u2029':
				nl = true
			case r == '\ufeff' || r == '\u00a0' || unicode.Is(unicode.Zs, r):
			default:
				return nl
			}
			l.pos += n
		default:
			return nl
		}
	}
	return nl
}

func (l *lexer) toLineEnd() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '\n' || c == '\r':
			return
		case c == 0xe2 && l.pos+2 < len(l.src) && l.src[l.pos+1] == 0x80 && l.src[l.pos+2]&0xfe == 0xa8:
			return // U+2028 and U+2029 end a line, and so a comment
		}
		l.pos++
	}
}

var identByte, identStart [256]bool

// fill the tables of bytes once; a byte of a longer character counts as a letter.
var _ = func() bool {
	for c := range 256 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80 || c == '\\'
		identStart[c] = letter
		identByte[c] = letter || c >= '0' && c <= '9'
	}
	return true
}()

// next gives the token at pos. A slash is always an operator here: see regex.
func (l *lexer) next() tok {
	t := tok{nl: l.skipBlank()}
	src := l.src
	t.start = int32(l.pos)
	if l.pos >= len(src) {
		t.end = t.start
		return t
	}
	c := src[l.pos]
	switch {
	case identStart[c]:
		t.kind = tName
		t.atom = l.name()
	case c >= '0' && c <= '9' || c == '.' && l.pos+1 < len(src) && src[l.pos+1] >= '0' && src[l.pos+1] <= '9':
		t.kind = tNum
		l.number()
	case c == '"' || c == '\'':
		t.kind = tStr
		l.str(c)
	case c == '`':
		l.pos++
		t.kind = tTpl
		t.tail = l.template()
	case c == '#' && l.pos+1 < len(src) && identStart[src[l.pos+1]]:
		l.pos++
		t.kind = tHash
		t.atom = l.name()
	default:
		t.kind = tOp
		t.op = l.punctuator(c)
		if t.op == 0 {
			t.kind = tBad
			l.pos++
		}
	}
	t.end = int32(l.pos)
	return t
}

func (l *lexer) name() int32 {
	start, escaped := l.pos, false
	for l.pos < len(l.src) && identByte[l.src[l.pos]] {
		if l.src[l.pos] >= 0x80 && !l.letter() {
			break
		}
		if l.src[l.pos] == '\\' {
			escaped = true
			l.pos++
			if l.pos+1 < len(l.src) && l.src[l.pos] == 'u' && l.src[l.pos+1] == '{' {
				for l.pos < len(l.src) && l.src[l.pos] != '}' && l.src[l.pos] != '\n' {
					l.pos++
				}
			}
		}
		l.pos++
	}
	l.pos = min(l.pos, len(l.src))
	if l.pos == start { // a blank that is no letter; never stand still
		l.pos++
	}
	if l.skipping {
		return keyword(l.src[start:l.pos])
	}
	if escaped {
		s, _ := unescape(l.src[start:l.pos])
		return l.atoms.of([]byte(s))
	}
	return l.atoms.of(l.src[start:l.pos])
}

// letter says whether the character at pos is no blank, and moves to its last byte.
func (l *lexer) letter() bool {
	r, n := utf8.DecodeRune(l.src[l.pos:])
	if unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
		return false
	}
	l.pos += n - 1
	return true
}

func (l *lexer) number() {
	src := l.src
	for l.pos < len(src) {
		c := src[l.pos]
		exponent := (c == '+' || c == '-') && (src[l.pos-1] == 'e' || src[l.pos-1] == 'E') && !isHex(src, l.pos)
		if !exponent && c != '.' && (!identByte[c] || c >= 0x80 || c == '\\') {
			return
		}
		l.pos++
	}
}

// isHex says whether the number that runs up to pos started with 0x, where e is a digit.
func isHex(src []byte, pos int) bool {
	i := pos
	for i > 0 && (identByte[src[i-1]] && src[i-1] < 0x80) {
		i--
	}
	return i+1 < pos && src[i] == '0' && (src[i+1] == 'x' || src[i+1] == 'X')
}

// str moves behind a quoted string; one that is not closed ends with its line.
func (l *lexer) str(quote byte) {
	src := l.src
	for i := l.pos + 1; i < len(src); i++ {
		switch src[i] {
		case quote:
			l.pos = i + 1
			return
		case '\\':
			i++
			if i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' {
				i++
			}
		case '\n', '\r':
			l.pos = i
			return
		}
	}
	l.pos = len(src)
}

// template moves behind the piece of a template at pos and says whether it was the last.
func (l *lexer) template() bool {
	src := l.src
	for i := l.pos; i < len(src); i++ {
		switch src[i] {
		case '`':
			l.pos = i + 1
			return true
		case '\\':
			i++
		case '$':
			if i+1 < len(src) && src[i+1] == '{' {
				l.pos = i + 2
				return false
			}
		}
	}
	l.pos = len(src)
	return true
}

// regex moves behind the regular expression whose slash stands at start, or says
// that there is none before the line ends.
func (l *lexer) regex(start int32) bool {
	src, class := l.src, false
	for i := int(start) + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '\n', '\r':
			return false
		case '/':
			if class {
				continue
			}
			for i++; i < len(src) && identByte[src[i]] && src[i] < 0x80 && src[i] != '\\'; i++ {
			}
			l.pos = i
			return true
		}
	}
	return false
}

// punctuator takes the longest punctuator at pos.
func (l *lexer) punctuator(c byte) op {
	at := func(i int) byte {
		if l.pos+i < len(l.src) {
			return l.src[l.pos+i]
		}
		return 0
	}
	take := func(n int) op {
		var o op
		for i := range n {
			o = o<<8 | op(l.src[l.pos+i])
		}
		l.pos += n
		return o
	}
	d := at(1)
	switch c {
	case '{', '}', '(', ')', '[', ']', ';', ',', '~', ':', '@':
		return take(1)
	case '.':
		if d == '.' && at(2) == '.' {
			return take(3)
		}
		return take(1)
	case '?':
		switch {
		case d == '?' && at(2) == '=':
			return take(3)
		case d == '?', d == '.' && !(at(2) >= '0' && at(2) <= '9'):
			return take(2)
		}
		return take(1)
	case '=', '!':
		switch {
		case d == '=' && at(2) == '=':
			return take(3)
		case d == '=', c == '=' && d == '>':
			return take(2)
		}
		return take(1)
	case '+', '-', '&', '|', '*', '<', '>':
		n := 1
		for n < 3 && at(n) == c && (n < 2 || c == '>') {
			n++
		}
		if (c == '+' || c == '-') && n == 2 {
			return take(2)
		}
		if at(n) == '=' {
			n++
		}
		return take(n)
	case '/', '%', '^':
		if d == '=' {
			return take(2)
		}
		return take(1)
	}
	return 0
}

// skipGroup moves behind the bracket that closes the one that was just read,
// looking at nothing but brackets, strings, comments and what may be a regular
// expression; the tokens before decide that. It needs no memory but for
// templates and conditions.
func (l *lexer) skipGroup() {
	const mostOpen = 4096
	l.skipping = true
	defer func() { l.skipping = false }()
	type open struct {
		template, condition bool
	}
	stack := []open{{}}
	operand := false // whether the last token ends an operand, so that a slash divides
	condition := false
	deep := 0 // brackets beyond mostOpen
	for {
		t := l.next()
		wasCondition := condition
		condition = false
		switch t.kind {
		case tEOF:
			return
		case tName:
			operand = !beforeOperand[t.atom]
			condition = t.atom == aIf || t.atom == aWhile || t.atom == aFor || t.atom == aWith
		case tTpl:
			operand = t.tail
			if !t.tail {
				stack = append(stack, open{template: true})
			}
		case tOp:
			switch t.op {
			case '(', '[', '{':
				operand = false
				if len(stack) >= mostOpen {
					deep++
					continue
				}
				stack = append(stack, open{condition: wasCondition && t.op == '('})
			case ')', ']', '}':
				if deep > 0 {
					deep--
					continue
				}
				top := stack[len(stack)-1]
				if top.template && t.op == '}' {
					if l.template() {
						stack = stack[:len(stack)-1]
						operand = true
					} else {
						operand = false
					}
					continue
				}
				stack = stack[:len(stack)-1]
				if len(stack) == 0 {
					return
				}
				operand = !top.condition && t.op != '}'
			case '/', op2('/', '='):
				if !operand && l.regex(t.start) {
					operand = true
					continue
				}
				operand = false
			case opInc, opDec:
			default:
				operand = false
			}
		default:
			operand = true
		}
		if len(stack) > mostOpen {
			return
		}
	}
}
