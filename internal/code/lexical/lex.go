package lexical

import (
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// grammar tunes the lexer and the reader to a language.
type grammar struct {
	language code.Language
	comments []string    // from the marker to the end of the line
	blocks   [][2]string // from one marker to the other
	raw      string      // quotes without escapes
	escaped  string      // quotes with backslashes
	escape   byte        // what escapes inside them
	fills    string      // what starts an expression inside a quoted text: "#{", "${", "$"
	runs     string      // quotes whose text is run by a shell
	extra    string      // bytes that names may hold beside letters, digits and _
	concat   string      // the operator that puts texts together
	foldCase bool        // names in small letters
	newlines bool        // a line's end ends a statement
	bare     bool        // calls need no brackets, as in "system x"
	symbols  bool        // :name is a constant
	percents bool        // %w( ) %x( ) of Ruby
	heredoc  string      // what announces a here-document
	function []string    // words that begin a function
	ends     bool        // bodies end with "end", not with a brace
	imports  func(a *analysis, i int) int
	callees  map[string]callee
}

type kind byte

const (
	ident kind = iota
	str
	num
	op
	nl
)

// token is one of the source. A str's text is what it holds, with escapes undone.
type token struct {
	kind   kind
	text   string
	at     int
	quote  byte   // of a str
	fills  []fill // of a str that expressions are filled into
	spaced bool   // a blank stands before it
}

// fill is a name whose value is filled in at an offset of a text.
type fill struct {
	at   int
	name string
}

const brackets = "()[]{}"

// lex splits the source. It keeps no comment, and never fails.
func lex(g *grammar, s string) []token {
	l := &lexer{grammar: g, s: s}
	l.tokens = make([]token, 0, len(s)/16)
	if g.language == code.PHP {
		l.outside()
	}
	for l.i < len(s) && len(l.tokens) < mostTokens {
		l.next()
	}
	return l.tokens
}

type lexer struct {
	*grammar
	s      string
	i      int
	tokens []token
	spaced bool
	docs   []doc
}

// doc is an announced here-document: the token that it fills and its last line.
type doc struct {
	token int
	end   string
}

// outside skips a PHP file's text up to the next opening tag.
func (l *lexer) outside() {
	n := strings.Index(l.s[l.i:], "<?")
	if n < 0 {
		l.i = len(l.s)
		return
	}
	l.i += n + 2
	for _, tag := range []string{"php", "="} {
		if strings.HasPrefix(l.s[l.i:], tag) {
			l.i += len(tag)
			return
		}
	}
}

func (l *lexer) push(t token) {
	t.spaced = l.spaced
	l.spaced = false
	l.tokens = append(l.tokens, t)
}

func (l *lexer) next() {
	c := l.s[l.i]
	switch {
	case c == '\n':
		l.push(token{kind: nl, text: "\n", at: l.i})
		l.i++
		l.readDocs()
		l.spaced = true
		return
	case c == ' ' || c == '\t' || c == '\r':
		l.i++
		l.spaced = true
		return
	case l.skipComment():
		l.spaced = true
		return
	case l.language == code.PHP && strings.HasPrefix(l.s[l.i:], "?>"):
		l.push(token{kind: nl, text: ";", at: l.i})
		l.i += 2
		l.outside()
		return
	case strings.IndexByte(l.raw, c) >= 0 && !(l.language == code.Rust && c == '\'') && !(l.language == code.Java && c == '\''):
		l.quoted(l.i, 1, c, false)
		return
	case strings.IndexByte(l.escaped, c) >= 0:
		if n := l.triple(c); n > 0 {
			l.quoted(l.i, n, c, true)
			return
		}
		l.quoted(l.i, 1, c, true)
		return
	case strings.IndexByte(l.runs, c) >= 0 && c != 0:
		l.quoted(l.i, 1, c, true)
		return
	case c == '/' && l.language == code.Ruby && l.regexpBegins():
		l.quoted(l.i, 1, c, true)
		return
	case c == '\'' && (l.language == code.Rust || l.language == code.Java):
		l.character()
		return
	case l.heredoc != "" && strings.HasPrefix(l.s[l.i:], l.heredoc) && l.announce():
		return
	case l.percents && c == '%' && l.percent():
		return
	case l.symbols && c == ':' && l.i+1 < len(l.s) && letter(l.s[l.i+1]) && (l.i == 0 || l.s[l.i-1] != ':'):
		j := l.i + 1
		for j < len(l.s) && (letter(l.s[j]) || digit(l.s[j])) {
			j++
		}
		l.push(token{kind: str, text: l.s[l.i+1 : j], at: l.i, quote: ':'})
		l.i = j
		return
	case l.language == code.Rust && (c == 'r' || c == 'b') && l.rawRust():
		return
	}
	switch {
	case letter(c) || c >= 0x80 || strings.IndexByte(l.extra, c) >= 0 && c != '-' && c != '?' && c != '!' && c != '.' && c != ':' && c != '/' && c != '\\':
		l.name()
	case digit(c):
		j := l.i
		for j < len(l.s) && (letter(l.s[j]) || digit(l.s[j])) {
			j++
		}
		l.push(token{kind: num, text: l.s[l.i:j], at: l.i})
		l.i = j
	case c == '-' && strings.IndexByte(l.extra, '-') >= 0 && l.i+1 < len(l.s) && letter(l.s[l.i+1]):
		l.name()
	case c == ';':
		l.push(token{kind: nl, text: ";", at: l.i})
		l.i++
	default:
		n := 1
		for _, long := range []string{"::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", ".=", "<<", "?."} {
			if strings.HasPrefix(l.s[l.i:], long) {
				n = 2
				break
			}
		}
		l.push(token{kind: op, text: l.s[l.i : l.i+n], at: l.i})
		l.i += n
	}
}

// beforeOperand are words of Ruby that a value follows.
var beforeOperand = map[string]bool{"if": true, "elsif": true, "unless": true, "when": true, "in": true, "while": true, "until": true, "and": true, "or": true, "not": true, "return": true, "then": true}

// regexpBegins says whether a slash begins a regular expression of Ruby that ends on
// its line. Where it may be a division as well, it is one: what stands behind it is
// read as code.
func (l *lexer) regexpBegins() bool {
	if n := len(l.tokens); n > 0 {
		switch t := l.tokens[n-1]; t.kind {
		case nl:
		case op:
			if strings.ContainsAny(t.text, ")]}.:") {
				return false
			}
		case ident:
			if !beforeOperand[t.text] {
				return false
			}
		default:
			return false
		}
	}
	for i := l.i + 1; i < len(l.s) && l.s[i] != '\n' && i-l.i < longestRegexp; i++ {
		switch l.s[i] {
		case '\\':
			i++
		case '/':
			return true
		}
	}
	return false
}

// longestRegexp bounds the search for a regular expression's end, so that slashes
// without one cost no more than their number.
const longestRegexp = 2000

func (l *lexer) name() {
	at, j := l.i, l.i
	ticks := false
	for j < len(l.s) {
		c := l.s[j]
		if c == ':' && strings.HasPrefix(l.s[j:], "::") {
			break
		}
		if !letter(c) && !digit(c) && c < 0x80 && strings.IndexByte(l.extra, c) < 0 {
			break
		}
		if (c == '?' || c == '!') && j+1 < len(l.s) && (l.s[j+1] == '=' || l.s[j+1] == '.' || letter(l.s[j+1])) {
			break
		}
		ticks = ticks || c == '`'
		j++
	}
	text := l.s[at:j]
	if ticks { // i`e`x is iex in PowerShell
		text = strings.ReplaceAll(text, "`", "")
	}
	if l.foldCase && (l.language == code.PHP || !strings.ContainsAny(text, "/\\")) { // a path keeps its letters
		text = strings.ToLower(text)
	}
	l.push(token{kind: ident, text: text, at: at})
	l.i = max(j, at+1)
}

func (l *lexer) skipComment() bool {
	rest := l.s[l.i:]
	if l.language == code.Ruby && strings.HasPrefix(rest, "=begin") && (l.i == 0 || l.s[l.i-1] == '\n') {
		end := strings.Index(rest, "\n=end")
		if end < 0 {
			l.i = len(l.s)
		} else {
			l.i += end + 5
		}
		return true
	}
	for _, b := range l.blocks {
		if strings.HasPrefix(rest, b[0]) {
			end := strings.Index(rest[len(b[0]):], b[1])
			if end < 0 {
				l.i = len(l.s)
			} else {
				l.i += len(b[0]) + end + len(b[1])
			}
			return true
		}
	}
	for _, m := range l.comments {
		if strings.HasPrefix(rest, m) && !(l.language == code.PHP && m == "#" && strings.HasPrefix(rest, "#[")) {
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			if l.language == code.PHP { // a closing tag ends it too
				if n := strings.Index(rest[:end], "?>"); n >= 0 {
					end = n
				}
			}
			l.i += end
			return true
		}
	}
	return false
}

// triple: three quotes open a text that goes over lines (Java, Ruby has none).
func (l *lexer) triple(c byte) int {
	if l.language == code.Java && strings.HasPrefix(l.s[l.i:], `"""`) && c == '"' {
		return 3
	}
	return 0
}

// quoted reads a text from its opening quote, which n bytes form.
func (l *lexer) quoted(at, n int, q byte, escapes bool) {
	i := at + n
	end := func() bool {
		return l.s[i] == q && (n == 1 || strings.HasPrefix(l.s[i:], strings.Repeat(string(q), n)))
	}
	var b []byte
	t := token{kind: str, at: at, quote: q}
	fills := escapes && l.fills != ""
	for i < len(l.s) && !end() {
		c := l.s[i]
		switch {
		case escapes && c == l.escape && i+1 < len(l.s):
			var used int
			b, used = unescape(b, l.s[i:], l.escape)
			i += used
		case c == '\\' && l.escape == '\\' && i+1 < len(l.s) && (l.s[i+1] == q || l.s[i+1] == '\\'):
			b = append(b, l.s[i+1])
			i += 2
		case fills && c == l.fills[0]:
			name, used := l.filled(i)
			if used == 0 {
				b = append(b, c)
				i++
				continue
			}
			t.fills = append(t.fills, fill{at: len(b), name: name})
			i += used
		default:
			b = append(b, c)
			i++
		}
		if i < len(l.s) && l.language == code.PowerShell && end() && i+1 < len(l.s) && l.s[i+1] == q { // a doubled quote is one
			b = append(b, q)
			i += 2
		}
	}
	t.text = string(b)
	l.push(t)
	l.i = min(len(l.s), i+n)
}

// filled reads "#{name}", "${name}", "{$name}" or "$name" inside a text. What is more
// than a name is given as it is written, and is not known.
func (l *lexer) filled(i int) (string, int) {
	rest := l.s[i:]
	if strings.HasPrefix(rest, "#{") || strings.HasPrefix(rest, "${") || strings.HasPrefix(rest, "$(") {
		closer := byte('}')
		if rest[1] == '(' {
			closer = ')'
		}
		end := strings.IndexByte(rest[:min(len(rest), 400)], closer)
		if end < 0 {
			return "", 0
		}
		name := rest[2:end]
		if l.language != code.Ruby {
			name = "$" + strings.TrimPrefix(strings.ToLower(name), "$")
		}
		return name, end + 1
	}
	if l.fills == "$" {
		j := 1
		for j < len(rest) && (letter(rest[j]) || digit(rest[j]) || l.language == code.PowerShell && rest[j] == ':') {
			j++
		}
		if j > 1 {
			name := rest[:j]
			if l.foldCase {
				name = strings.ToLower(name)
			}
			return name, j
		}
	}
	return "", 0
}

// character is 'x', or a lifetime of Rust.
func (l *lexer) character() {
	rest := l.s[l.i:]
	if len(rest) > 2 && rest[1] == '\\' {
		if end := strings.IndexByte(rest[2:min(len(rest), 14)], '\''); end >= 0 {
			b, _ := unescape(nil, rest[1:], '\\')
			l.push(token{kind: str, text: string(b), at: l.i, quote: '\''})
			l.i += 3 + end
			return
		}
	}
	_, n := utf8.DecodeRuneInString(rest[1:])
	if len(rest) > 1+n && rest[1+n] == '\'' {
		l.push(token{kind: str, text: rest[1 : 1+n], at: l.i, quote: '\''})
		l.i += 2 + n
		return
	}
	l.i++
}

// rawRust is r"..", r#".."#, br"..", b"..".
func (l *lexer) rawRust() bool {
	j := l.i
	if l.i > 0 && (letter(l.s[l.i-1]) || digit(l.s[l.i-1])) {
		return false
	}
	if l.s[j] == 'b' {
		j++
	}
	raw := j < len(l.s) && l.s[j] == 'r'
	if raw {
		j++
	}
	hashes := 0
	for j < len(l.s) && l.s[j] == '#' && hashes < 255 {
		hashes++
		j++
	}
	if j >= len(l.s) || l.s[j] != '"' {
		return false
	}
	if !raw {
		if hashes > 0 {
			return false
		}
		l.quoted(j, 1, '"', true)
		return true
	}
	closer := `"` + strings.Repeat("#", hashes)
	end := strings.Index(l.s[j+1:], closer)
	stop := len(l.s)
	if end >= 0 {
		stop = j + 1 + end
	}
	l.push(token{kind: str, text: l.s[j+1 : stop], at: l.i, quote: '"'})
	l.i = min(len(l.s), stop+len(closer))
	return true
}

// percent is %w(a b), %q(a), %x(command) of Ruby.
func (l *lexer) percent() bool {
	j := l.i + 1
	form := byte('Q')
	if j < len(l.s) && strings.IndexByte("qQwWiIxr", l.s[j]) >= 0 {
		form = l.s[j]
		j++
	} else if l.i > 0 && (letter(l.s[l.i-1]) || digit(l.s[l.i-1]) || l.s[l.i-1] == ' ') {
		return false
	}
	if j >= len(l.s) || strings.IndexByte("([{<|!/", l.s[j]) < 0 {
		return false
	}
	opener := l.s[j]
	closer := map[byte]byte{'(': ')', '[': ']', '{': '}', '<': '>'}[opener]
	if closer == 0 {
		closer = opener
	}
	depth, end := 1, j+1
	for end < len(l.s) {
		c := l.s[end]
		if c == '\\' {
			end++
		} else if c == closer {
			if depth--; depth == 0 {
				break
			}
		} else if c == opener {
			depth++
		}
		end++
	}
	end = min(end, len(l.s))
	text := l.s[j+1 : end]
	at := l.i
	l.i = min(len(l.s), end+1)
	switch form {
	case 'w', 'W', 'i', 'I':
		l.push(token{kind: op, text: "[", at: at})
		defer func() { l.push(token{kind: op, text: "]", at: at}) }()
		for n, w := range strings.Fields(text) {
			if n > 0 {
				l.push(token{kind: op, text: ",", at: at})
			}
			l.push(token{kind: str, text: w, at: at, quote: '"'})
		}
	case 'x':
		l.push(token{kind: str, text: text, at: at, quote: '`'})
	default:
		l.push(token{kind: str, text: text, at: at, quote: '"'})
	}
	return true
}

// announce reads "<<~EOF" and "<<<EOT".
func (l *lexer) announce() bool {
	j := l.i + len(l.heredoc)
	for j < len(l.s) && strings.IndexByte("~- ", l.s[j]) >= 0 && (l.language == code.PHP || l.s[j] != ' ') {
		j++
	}
	q := byte(0)
	if j < len(l.s) && (l.s[j] == '"' || l.s[j] == '\'' || l.s[j] == '`') {
		q = l.s[j]
		j++
	}
	from := j
	for j < len(l.s) && (letter(l.s[j]) || digit(l.s[j])) {
		j++
	}
	if j == from || q == 0 && (l.s[from] < 'A' || l.s[from] > 'Z') && l.language == code.Ruby || len(l.docs) > 16 {
		return false
	}
	end := l.s[from:j]
	if q != 0 && j < len(l.s) {
		j++
	}
	quote := byte('"')
	if q == '`' {
		quote = '`'
	}
	l.push(token{kind: str, at: l.i, quote: quote})
	l.docs = append(l.docs, doc{token: len(l.tokens) - 1, end: end})
	l.i = j
	return true
}

func (l *lexer) readDocs() {
	docs := l.docs
	l.docs = nil
	for _, d := range docs {
		var b strings.Builder
		for l.i < len(l.s) {
			line, _, _ := strings.Cut(l.s[l.i:], "\n")
			trimmed := strings.TrimSpace(line)
			rest, ended := strings.CutPrefix(trimmed, d.end)
			if ended && (rest == "" || !letter(rest[0]) && !digit(rest[0])) {
				l.i += strings.Index(line, d.end) + len(d.end)
				break
			}
			b.WriteString(line + "\n")
			l.i = min(len(l.s), l.i+len(line)+1)
		}
		l.tokens[d.token].text = b.String()
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// unescape appends what an escape at the start of s stands for, and says how long it is.
func unescape(b []byte, s string, escape byte) ([]byte, int) {
	c := s[1]
	if escape == '`' { // PowerShell's
		switch c {
		case 'n':
			return append(b, '\n'), 2
		case 't':
			return append(b, '\t'), 2
		}
		return append(b, c), 2
	}
	switch c {
	case 'n':
		return append(b, '\n'), 2
	case 't':
		return append(b, '\t'), 2
	case 'r':
		return append(b, '\r'), 2
	case 'e':
		return append(b, 0x1b), 2
	case '\n':
		return b, 2
	case 'x':
		v, n := hex(s[2:], 2)
		if n > 0 {
			return append(b, byte(v)), 2 + n
		}
	case 'u':
		if len(s) > 2 && s[2] == '{' {
			v, n := hex(s[3:], 6)
			if 3+n < len(s) && s[3+n] == '}' {
				return utf8.AppendRune(b, rune(v)), 4 + n
			}
		}
		v, n := hex(s[2:], 4)
		if n == 4 {
			return utf8.AppendRune(b, rune(v)), 6
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := 0, 1
		for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
			v = v*8 + int(s[n]-'0')
			n++
		}
		return append(b, byte(v)), n
	}
	return append(b, c), 2
}

func hex(s string, most int) (v, n int) {
	for n < most && n < len(s) {
		d := strings.IndexByte("0123456789abcdef", s[n]|0x20)
		if d < 0 || s[n] < '0' {
			break
		}
		v = v*16 + d
		n++
	}
	return v, n
}
