package shell

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// reader walks one text once. Commands are judged as they end.
type reader struct {
	*analysis
	s      string
	i      int
	base   int // where s stands in the file, or the place of what it came from
	fixed  bool
	depth  int
	docs   []*heredoc // announced on this line, to be read at its end
	braces []string   // scopes to go back to at each closing brace
	cases  int        // "case" without its "esac"
}

type heredoc struct {
	end   string
	raw   bool // the word was quoted: nothing is filled in
	strip bool
	to    *command
}

// script reads the file itself.
func (a *analysis) script(s string) {
	r := &reader{analysis: a, s: s}
	for r.i < len(r.s) {
		r.list()
		if r.i < len(r.s) { // a closer without an opener
			r.i++
		}
	}
}

// inner reads text that a substitution holds; every place in it is that of the substitution.
func (r *reader) inner(s string, at int) value {
	if r.depth >= mostDepth {
		r.out.Cut("substitutions stand too deep inside each other")
		return value{text: s}
	}
	in := &reader{analysis: r.analysis, s: s, base: at, fixed: true, depth: r.depth + 1}
	out := value{known: true}
	for in.i < len(in.s) {
		out = out.and(in.list())
		if in.i < len(in.s) {
			in.i++
		}
	}
	return out
}

func (r *reader) pos(i int) int {
	if r.fixed {
		return r.base
	}
	return r.base + i
}

// list reads pipelines up to a ")" that they did not open, and returns what they print.
func (r *reader) list() value {
	var out builder
	var pipe []*command
	end := func(background bool) {
		if len(pipe) > 0 {
			v := r.pipeline(pipe, background)
			if !r.grow(len(v.text)) { // only what is added is paid for: so much is copied
				v.text, v.known = "", false
			}
			out.add(v)
			pipe = nil
		}
	}
	for r.i < len(r.s) {
		r.blanks()
		if r.i >= len(r.s) {
			break
		}
		switch c := r.s[r.i]; {
		case c == '\n':
			r.i++
			r.readDocs() // before the judgement: they are the commands' input
			end(false)
		case c == '#':
			r.comment()
		case c == ';':
			end(false)
			r.i++
		case c == '&':
			if strings.HasPrefix(r.s[r.i:], "&&") {
				r.i++
				end(false)
			} else {
				end(true)
			}
			r.i++
		case c == '|':
			if strings.HasPrefix(r.s[r.i:], "||") {
				end(false)
				r.i++
			} else if strings.HasPrefix(r.s[r.i:], "|&") {
				r.i++
			}
			r.i++
		case c == ')' && r.cases > 0: // what stood before it was a pattern
			pipe = nil
			r.i++
		case c == ')':
			end(false)
			return out.take()
		case strings.HasPrefix(r.s[r.i:], "(("):
			if n := strings.Index(r.s[r.i:min(len(r.s), r.i+4096)], "))"); n >= 0 {
				r.i += n + 2
			} else {
				r.i += 2
			}
		case c == '(':
			pipe = append(pipe, r.group())
		default:
			before := r.i
			cmd := r.command()
			if cmd != nil {
				pipe = append(pipe, cmd)
			}
			if len(pipe) > mostPipe {
				end(false)
			}
			if r.i == before {
				r.i++
			}
			if !r.pipes() && r.i < len(r.s) && strings.IndexByte("&\n#)", r.s[r.i]) < 0 {
				end(false)
			}
		}
	}
	end(false)
	r.readDocs()
	return out.take()
}

// pipes reports whether the text goes on with a pipe.
func (r *reader) pipes() bool {
	r.blanks()
	return r.i < len(r.s) && r.s[r.i] == '|' && !strings.HasPrefix(r.s[r.i:], "||")
}

func (r *reader) blanks() {
	for r.i < len(r.s) {
		switch {
		case r.s[r.i] == ' ', r.s[r.i] == '\t', r.s[r.i] == '\r':
			r.i++
		case strings.HasPrefix(r.s[r.i:], "\\\n"):
			r.i += 2
		case strings.HasPrefix(r.s[r.i:], "\\\r\n"):
			r.i += 3
		default:
			return
		}
	}
}

func (r *reader) comment() {
	if n := strings.IndexByte(r.s[r.i:], '\n'); n >= 0 {
		r.i += n
		return
	}
	r.i = len(r.s)
}

// group reads "( list )" as a command whose output is the list's.
func (r *reader) group() *command {
	cmd := &command{at: r.pos(r.i)}
	r.i++
	out := r.nested()
	cmd.group = &out
	r.redirections(cmd)
	return cmd
}

// nested reads a list up to ")" and steps over it.
func (r *reader) nested() value {
	if r.depth >= mostDepth {
		r.out.Cut("substitutions stand too deep inside each other")
		return value{}
	}
	cases := r.cases
	r.depth, r.cases = r.depth+1, 0
	out := r.list()
	r.depth, r.cases = r.depth-1, cases
	if r.i < len(r.s) && r.s[r.i] == ')' {
		r.i++
	}
	return out
}

func (r *reader) redirections(cmd *command) {
	for {
		r.blanks()
		if !r.redirection(cmd) {
			return
		}
	}
}

// command reads one simple command: nil when there was only a keyword.
func (r *reader) command() *command {
	cmd := &command{at: r.pos(r.i)}
	for {
		r.blanks()
		if r.i >= len(r.s) || strings.IndexByte("\n;&|)", r.s[r.i]) >= 0 && !strings.HasPrefix(r.s[r.i:], "&>") {
			break
		}
		if r.s[r.i] == '#' {
			r.comment()
			break
		}
		if r.redirection(cmd) {
			continue
		}
		if r.s[r.i] == '(' {
			if r.function(cmd) {
				return nil
			}
			if len(cmd.words) == 0 {
				break
			}
			r.array()
			continue
		}
		before := r.i
		words := r.words()
		if len(cmd.words) == 0 && len(words) == 1 && !words[0].quoted && r.keyword(words[0].text) {
			if r.s[before] != '$' {
				cmd.at = r.pos(r.i)
				if words[0].text == "case" || words[0].text == "for" || words[0].text == "select" {
					r.header()
				}
				continue
			}
		}
		if len(cmd.words) < mostWords {
			cmd.words = append(cmd.words, words...)
		} else {
			r.out.Cut("a command has more words than are read")
		}
		if r.i == before {
			r.i++
		}
	}
	if len(cmd.words) == 0 && len(cmd.redirects) == 0 {
		return nil
	}
	return cmd
}

// array steps over the words of name=( ... ).
func (r *reader) array() {
	r.i++
	for r.i < len(r.s) && r.s[r.i] != ')' {
		before := r.i
		r.words()
		if r.i == before {
			r.i++
		}
	}
	r.i = min(len(r.s), r.i+1)
}

// keyword: the word only leads to a command.
func (r *reader) keyword(w string) bool {
	switch w {
	case "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "case", "esac", "for", "select", "!", "{", "time", "in", "coproc":
		switch w {
		case "{":
			r.braces = append(r.braces, r.scope)
		case "case":
			r.cases++
		case "esac":
			r.cases = max(0, r.cases-1)
		}
		return true
	case "}":
		if n := len(r.braces); n > 0 {
			r.scope, r.braces = r.braces[n-1], r.braces[:n-1]
		}
		return true
	}
	return false
}

// header steps over what "for x in a b c" and "case w in" say, up to the command.
func (r *reader) header() {
	r.blanks()
	name := ""
	if words := r.words(); len(words) > 0 {
		name = words[0].text
	}
	r.blanks()
	if !strings.HasPrefix(r.s[r.i:], "in") {
		return
	}
	r.i += 2
	var all value
	for n := 0; n < 1000; n++ {
		r.blanks()
		if r.i >= len(r.s) || strings.IndexByte("\n;&|)(", r.s[r.i]) >= 0 {
			break
		}
		before := r.i
		for _, w := range r.words() {
			if all.text == "" {
				all.text, all.known = w.text, w.known // the first round is as good as any
			}
			all.from |= w.from
		}
		if r.i == before {
			break
		}
	}
	if all.text != "" {
		r.set(name, all)
	}
}

// function reads "name() {": what follows, up to the brace that closes it, is its body.
func (r *reader) function(cmd *command) bool {
	n := len(cmd.words)
	if n == 0 || n > 2 || (n == 2 && cmd.words[0].text != "function") || strings.ContainsRune(cmd.words[n-1].text, '=') {
		return false
	}
	j := r.i + 1
	for j < len(r.s) && (r.s[j] == ' ' || r.s[j] == '\t') {
		j++
	}
	if j >= len(r.s) || r.s[j] != ')' {
		return false
	}
	j++
	for j < len(r.s) && strings.IndexByte(" \t\r\n", r.s[j]) >= 0 {
		j++
	}
	r.i = j
	if j < len(r.s) && r.s[j] == '{' {
		r.i++
		r.braces = append(r.braces, r.scope)
		r.scope = cmd.words[n-1].text
		if _, ok := r.called[r.scope]; !ok {
			r.called[r.scope] = false
		}
	}
	return true
}

// redirection reads one, if one stands here.
func (r *reader) redirection(cmd *command) bool {
	j := r.i
	for j < len(r.s) && r.s[j] >= '0' && r.s[j] <= '9' && j-r.i < 3 {
		j++
	}
	fd := r.s[r.i:j]
	if j < len(r.s) && r.s[j] == '&' && fd == "" && strings.HasPrefix(r.s[j:], "&>") {
		j, fd = j+1, "&"
	}
	if j >= len(r.s) || (r.s[j] != '>' && r.s[j] != '<') {
		return false
	}
	op := r.s[j : j+1]
	for _, long := range []string{"<<<", "<<-", ">>", "<<", ">&", "<&", ">|", "<>"} {
		if strings.HasPrefix(r.s[j:], long) {
			op = long
			break
		}
	}
	if next := j + 1; (op == "<" || op == ">") && next < len(r.s) && r.s[next] == '(' {
		return false // <( ) is a word
	}
	r.i = j + len(op)
	r.blanks()
	if r.i >= len(r.s) || strings.IndexByte("\n;|", r.s[r.i]) >= 0 {
		return true
	}
	if op == "<<" || op == "<<-" {
		r.announce(cmd, op == "<<-")
		return true
	}
	before := r.i
	words := r.words()
	if r.i == before {
		return true
	}
	if len(words) == 0 {
		return true
	}
	if op == ">&" && fd == "" && strings.IndexByte("0123456789-", (words[0].text + " ")[0]) < 0 {
		op, fd = ">", "&"
	}
	if len(cmd.redirects) < mostPipe {
		cmd.redirects = append(cmd.redirects, redirect{op: op, fd: fd, target: words[0]})
	}
	return true
}

func (r *reader) announce(cmd *command, strip bool) {
	start := r.i
	words := r.words()
	if len(words) == 0 || len(r.docs) >= 16 {
		return
	}
	raw := strings.ContainsAny(r.s[start:r.i], "'\"\\")
	r.docs = append(r.docs, &heredoc{end: words[0].text, raw: raw, strip: strip, to: cmd})
}

// readDocs reads the bodies of the here-documents that the line announced.
func (r *reader) readDocs() {
	docs := r.docs
	r.docs = nil
	for _, d := range docs {
		at := r.i
		var body strings.Builder
		for r.i < len(r.s) {
			line := r.s[r.i:]
			if n := strings.IndexByte(line, '\n'); n >= 0 {
				line = line[:n]
			}
			r.i = min(len(r.s), r.i+len(line)+1)
			text := strings.TrimSuffix(line, "\r")
			if d.strip {
				text = strings.TrimLeft(text, "\t")
			}
			if text == d.end {
				break
			}
			body.WriteString(text)
			body.WriteByte('\n')
		}
		v := value{text: body.String(), known: true}
		if !d.raw {
			v = r.fill(v.text, r.pos(at))
		}
		d.to.input = &v
	}
}

// fill expands variables and substitutions in the text of a here-document.
func (r *reader) fill(s string, at int) value {
	if !strings.ContainsAny(s, "$`\\") || r.depth >= mostDepth {
		return value{text: s, known: true}
	}
	in := &reader{analysis: r.analysis, s: s, base: at, fixed: true, depth: r.depth + 1}
	return in.quoted(0)
}

// words reads one word as written, which may be none or several once variables are
// filled in.
func (r *reader) words() []word {
	at := r.pos(r.i)
	var (
		w      builder
		done   []word
		quoted bool
	)
	plain := r.i
	flush := func() {
		if plain < r.i {
			w.add(value{text: r.s[plain:r.i], known: true})
		}
	}
	end := func() {
		if w.any {
			done = append(done, word{value: w.take(), at: at, quoted: quoted})
			quoted = false
		}
	}
	for r.i < len(r.s) {
		c := r.s[r.i]
		switch {
		case strings.IndexByte(" \t\r\n;&|()<>", c) >= 0:
			if (c == '<' || c == '>') && strings.HasPrefix(r.s[r.i+1:], "(") {
				flush()
				r.i += 2
				w.add(r.nested())
				plain = r.i
				continue
			}
			flush()
			end()
			return done
		case c == '\\':
			flush()
			if r.i+1 < len(r.s) {
				if r.s[r.i+1] != '\n' {
					w.add(value{text: r.s[r.i+1 : r.i+2], known: true, disguised: wordByte(r.s[r.i+1])})
				}
				r.i++
			}
			r.i++
			plain = r.i
		case c == '\'':
			flush()
			quoted = true
			end := strings.IndexByte(r.s[r.i+1:], '\'')
			stop := len(r.s)
			if end >= 0 {
				stop = r.i + 1 + end
			}
			w.add(value{text: r.s[r.i+1 : stop], known: true, disguised: r.inWord(r.i, stop)})
			r.i = min(len(r.s), stop+1)
			plain = r.i
		case c == '"':
			flush()
			quoted = true
			start := r.i
			r.i++
			v := r.quoted('"')
			v.disguised = v.disguised || r.inWord(start, r.i)
			if r.i < len(r.s) {
				r.i++
			}
			w.add(v)
			plain = r.i
		case c == '`':
			flush()
			w.add(r.backquoted())
			plain = r.i
		case c == '$':
			flush()
			start := r.i
			v := r.dollar()
			if r.i == start {
				r.i++
				v = value{text: "$", known: true}
			}
			plain = r.i
			if fields := strings.Fields(v.text); v.known && strings.ContainsAny(v.text, " \t\n") && len(fields) < 1000 {
				// The shell splits what is not quoted into words.
				if strings.IndexByte(" \t\n", v.text[0]) >= 0 {
					w.disguised = w.disguised || v.disguised
					end()
				}
				for n, f := range fields {
					w.add(value{text: f, known: true, from: v.from, disguised: v.disguised})
					if n < len(fields)-1 || strings.IndexByte(" \t\n", v.text[len(v.text)-1]) >= 0 {
						end()
					}
				}
				continue
			}
			w.add(v)
		default:
			r.i++
		}
	}
	flush()
	end()
	return done
}

// inWord: the quotes at start and end stand inside a word, where they do nothing
// but make it read otherwise.
func (r *reader) inWord(start, end int) bool {
	before := start > 0 && wordByte(r.s[start-1])
	after := end+1 < len(r.s) && wordByte(r.s[end+1])
	inside := end-start <= 3
	for _, c := range []byte(r.s[min(start+1, end):min(end, start+4)]) {
		inside = inside && wordByte(c)
	}
	return (before || after) && (inside || before && after && end-start < 8)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// quoted reads up to the closing quote, or to the end for 0, with expansions.
func (r *reader) quoted(closer byte) value {
	var b builder
	plain := r.i
	flush := func() {
		if plain < r.i {
			b.add(value{text: r.s[plain:r.i], known: true})
		}
	}
	for r.i < len(r.s) && (closer == 0 || r.s[r.i] != closer) {
		switch r.s[r.i] {
		case '\\':
			if r.i+1 < len(r.s) && strings.IndexByte("$`\"\\\n", r.s[r.i+1]) >= 0 {
				flush()
				if r.s[r.i+1] != '\n' {
					b.add(value{text: r.s[r.i+1 : r.i+2], known: true})
				}
				r.i += 2
				plain = r.i
				continue
			}
			r.i++
		case '`':
			flush()
			b.add(r.backquoted())
			plain = r.i
		case '$':
			flush()
			start := r.i
			o := r.dollar()
			if r.i == start {
				r.i++
				o = value{text: "$", known: true}
			}
			b.add(o)
			plain = r.i
		default:
			r.i++
		}
	}
	flush()
	return b.take()
}

// backquoted reads `command`.
func (r *reader) backquoted() value {
	at := r.pos(r.i)
	r.i++
	var b strings.Builder
	for r.i < len(r.s) && r.s[r.i] != '`' {
		if r.s[r.i] == '\\' && r.i+1 < len(r.s) && strings.IndexByte("`\\$", r.s[r.i+1]) >= 0 {
			r.i++
		}
		b.WriteByte(r.s[r.i])
		r.i++
	}
	r.i = min(len(r.s), r.i+1)
	return substituted(r.inner(b.String(), at))
}

// substituted is what a substitution leaves: the text without its last line ends.
func substituted(v value) value {
	v.text = strings.TrimRight(v.text, "\n")
	return v
}

// dollar reads what a dollar sign starts; nothing is read when it starts nothing.
func (r *reader) dollar() value {
	rest := r.s[r.i+1:]
	switch {
	case strings.HasPrefix(rest, "(("):
		if end := strings.Index(rest, "))"); end >= 0 {
			r.i += 1 + end + 2
			return value{text: "0", from: flow.Word(code.Unfolded)}
		}
		r.i = len(r.s)
		return value{}
	case strings.HasPrefix(rest, "("):
		r.i += 2
		return substituted(r.nested())
	case strings.HasPrefix(rest, "'"):
		end := 1
		for end < len(rest) && rest[end] != '\'' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(rest))
		r.i = min(len(r.s), r.i+1+end+1)
		text := unescape(rest[1:end])
		return value{text: text, known: true, disguised: strings.Contains(rest[1:end], "\\x") || strings.Contains(rest[1:end], "\\u") || octal(rest[1:end])}
	case strings.HasPrefix(rest, "\""):
		r.i++
		return value{known: true} // the quote is read next
	case strings.HasPrefix(rest, "{"):
		return r.braced()
	}
	n := 0
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	if n == 0 {
		if rest != "" && strings.IndexByte("@*#?-$!", rest[0]) >= 0 {
			r.i += 2
			return value{text: "$" + rest[:1]}
		}
		return value{}
	}
	if rest[0] >= '0' && rest[0] <= '9' {
		n = 1
	}
	r.i += 1 + n
	return r.variable(rest[:n])
}

// braced reads ${name} and its forms. A default stands in for a variable that
// nobody set.
func (r *reader) braced() value {
	start := r.i + 2
	depth, i := 1, start
	for i < len(r.s) && depth > 0 {
		switch r.s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '\n':
			if i-start > 4096 {
				depth = 0
			}
		}
		i++
	}
	inner := r.s[start:max(start, i-1)]
	at := r.pos(r.i)
	r.i = i
	n := 0
	for n < len(inner) && wordByte(inner[n]) {
		n++
	}
	name, form := inner[:n], inner[n:]
	v := r.variable(name)
	switch {
	case name == "" || form == "":
		return v
	case strings.HasPrefix(form, ":-") || strings.HasPrefix(form, ":=") || strings.HasPrefix(form, "-"):
		if v.known || r.depth >= mostDepth {
			return v
		}
		in := &reader{analysis: r.analysis, s: strings.TrimLeft(form, ":-="), base: at, fixed: true, depth: r.depth + 1}
		d := in.quoted(0)
		d.from |= v.from
		return d
	case form[0] == ':' && v.known:
		return slice(v, form[1:])
	}
	return value{text: "${" + inner + "}", from: v.from | flow.Word(code.Unfolded)}
}

// slice is ${name:offset:length} of a constant: words are put together from letters so.
func slice(v value, form string) value {
	from, length, has := strings.Cut(form, ":")
	i, ok := number(from)
	n, ok2 := len(v.text), true
	if has {
		n, ok2 = number(length)
	}
	if !ok || !ok2 || i > len(v.text) {
		return value{from: v.from | flow.Word(code.Unfolded), disguised: true}
	}
	return value{text: v.text[i:min(len(v.text), i+n)], known: true, from: v.from, disguised: true}
}

func number(s string) (int, bool) {
	s = strings.TrimSpace(s)
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<20 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, s != ""
}

// variable gives what a name holds.
func (r *reader) variable(name string) value {
	if v, ok := r.vars[name]; ok {
		if !r.grow(len(v.text)) {
			return value{text: "$" + name, from: v.from}
		}
		return v
	}
	if name == "IFS" {
		return value{text: " ", known: true, disguised: true}
	}
	v := value{text: "$" + name}
	if len(name) > 1 {
		for _, m := range indicator.Marks(name) {
			if m == "secret-name" {
				v.from = flow.Of(code.Env)
				r.add(r.pos(r.i), code.Fact{Kind: code.Env, Name: "env", Args: []string{name}})
			}
		}
	}
	return v
}
