package lexical

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// readRange goes over the tokens from i to end statement by statement, and gives the
// value of the last. Bodies are read where they stand.
func (a *analysis) readRange(i, stop int) (last value) {
	base := len(a.scopes)
	for i < stop {
		for n := len(a.scopes); n > base && a.scopes[n-1].end <= i; n-- {
			a.scopes = a.scopes[:n-1]
		}
		t := &a.tokens[i]
		if t.kind == nl || t.kind == op && strings.Contains("{})],", t.text) {
			i++
			continue
		}
		if next := a.begin(i); next > i {
			i = next
			continue
		}
		if next := a.loop(i); next > i {
			i = next
			continue
		}
		end := min(a.statementEnd(i), stop)
		if t.kind == ident && t.text == "return" {
			last = a.eval(i+1, end)
			if len(a.returned) < mostRounds {
				a.returned = append(a.returned, last)
			}
		} else {
			last = a.statement(i, end)
		}
		a.unseen(i, end)
		i = max(end, i+1)
	}
	return last
}

// unseen reads the blocks of a statement that no call was seen to take.
func (a *analysis) unseen(i, end int) {
	if a.language != code.Ruby {
		return
	}
	for k := i; k < end; k++ {
		if a.tokens[k].kind == op && a.tokens[k].text == "{" && !a.isBlock(k) || a.kindAt(k) != op && !a.is(k, "do") {
			continue
		}
		start, stop, params, ok := a.blockAt(k)
		if !ok {
			continue
		}
		if !a.seen[start] {
			a.block("", value{}, start, stop, params)
		}
		k = stop
	}
}

func (a *analysis) is(i int, text string) bool {
	return i >= 0 && i < len(a.tokens) && a.tokens[i].kind != str && a.tokens[i].text == text
}

func (a *analysis) kindAt(i int) kind {
	if i < 0 || i >= len(a.tokens) {
		return nl
	}
	return a.tokens[i].kind
}

// statementEnd is where a statement stops: at its mark, at a body, or at the line's
// end where that ends it.
func (a *analysis) statementEnd(i int) int {
	for j := i; j < len(a.tokens); j++ {
		t := &a.tokens[j]
		switch {
		case t.kind == nl && (t.text == ";" || a.newlines && !a.continues(j, i)):
			return j
		case t.kind == ident && a.ends && t.text == "do" && a.ended[j] > j && !a.is(j-1, "."):
			j = a.ended[j]
		case t.kind == ident && a.ends && (t.text == "do" || t.text == "then"):
			return j
		case t.kind != op:
		case t.text == "{" && j > i && a.isBlock(j):
			j = a.match[j]
		case t.text == "{" && j > i && !a.opensValue(j), t.text == "}":
			return j
		case (t.text == "(" || t.text == "[" || t.text == "{") && a.match[j] > j:
			j = a.match[j]
		}
	}
	return len(a.tokens)
}

// opensValue: a brace behind an operator opens a literal, not a body.
func (a *analysis) opensValue(j int) bool {
	p := &a.tokens[j-1]
	return p.kind == op && (p.text == "=" || p.text == "," || p.text == "@") && a.match[j] > j
}

// continues: the line's end at j does not end the statement, because an operator
// stands before or behind it.
func (a *analysis) continues(j, start int) bool {
	if j > start {
		p := &a.tokens[j-1]
		if p.kind == op && strings.Contains(", + . -> :: | && || = <<", p.text) && p.text != "" && !(p.text == "|" && a.language == code.Ruby) {
			return true
		}
	}
	k := j + 1
	for k < len(a.tokens) && a.tokens[k].kind == nl && a.tokens[k].text == "\n" {
		k++
	}
	return a.is(k, ".") || a.is(k, "&.")
}

// begin reads what starts a function or an import, and returns where to go on; i
// itself when nothing does.
func (a *analysis) begin(i int) int {
	t := &a.tokens[i]
	if t.kind != ident {
		if a.is(i, "#") && a.is(i+1, "[") && a.match[i+1] > 0 { // an attribute of Rust
			for k := i + 2; k < a.match[i+1]; k++ {
				if strings.HasPrefix(a.tokens[k].text, "proc_macro") { // run when somebody compiles
					a.markNext(a.match[i+1])
				}
			}
			return a.match[i+1] + 1
		}
		return i
	}
	if a.imports != nil {
		if next := a.imports(a, i); next > i {
			return next
		}
	}
	start := i
	i = a.modifiers(i)
	t = &a.tokens[min(i, len(a.tokens)-1)]
	if slices.Contains(a.function, t.text) && a.kindAt(i+1) == ident {
		return a.enter(i + 1)
	}
	if a.language == code.Java && a.kindAt(i) == ident && a.kindAt(i+1) == ident && a.is(i+2, "(") && a.match[i+2] > 0 && !javaWord(t.text) {
		k := a.match[i+2] + 1
		if a.is(k, "throws") {
			for k < len(a.tokens) && !a.is(k, "{") && !a.is(k, ";") && k < i+64 {
				k++
			}
		}
		if a.is(k, "{") {
			return a.enter(i + 1)
		}
	}
	return start
}

// modifiers steps over the words that may stand before a function.
func (a *analysis) modifiers(i int) int {
	for a.kindAt(i) == ident {
		switch a.tokens[i].text {
		case "pub", "async", "unsafe", "const", "extern", "static", "public", "private", "protected", "final", "abstract", "synchronized", "default":
			if i++; a.is(i, "(") && a.match[i] > i { // pub(crate)
				i = a.match[i] + 1
			}
			continue
		}
		break
	}
	return i
}

func javaWord(w string) bool {
	switch w {
	case "return", "new", "throw", "else", "case":
		return true
	}
	return false
}

// markNext says that the next function is called from outside.
func (a *analysis) markNext(i int) {
	for k := i; k < len(a.tokens) && k < i+32; k++ {
		if a.is(k, "fn") && a.kindAt(k+1) == ident {
			a.called[a.tokens[k+1].text] = true
			return
		}
	}
}

// enter opens the scope of the function whose name stands at i, and returns where its
// body starts.
func (a *analysis) enter(i int) int {
	name := a.tokens[i].text
	k := i + 1
	for a.is(k, ".") && a.kindAt(k+1) == ident { // def self.name
		name = a.tokens[k+1].text
		k += 2
	}
	for steps := 0; k < len(a.tokens) && steps < 256; k, steps = k+1, steps+1 {
		if a.match[k] > k && (a.is(k, "(") || a.is(k, "[")) {
			k = a.match[k]
			continue
		}
		if a.is(k, "{") || a.tokens[k].kind == nl && (a.ends || a.tokens[k].text == ";") {
			break
		}
	}
	end := len(a.tokens)
	switch {
	case k >= len(a.tokens):
	case a.is(k, "{") && a.match[k] > k:
		end = a.match[k] + 1
	case a.ends:
		if e, ok := a.ended[i-1]; ok {
			end = e
		}
	default:
		return k
	}
	if n := len(a.scopes); n > 0 {
		end = min(end, a.scopes[n-1].end)
		name = a.scopes[n-1].name + "." + name
	}
	if len(a.scopes) < mostDepth && len(name) < code.MostArg {
		a.scopes = append(a.scopes, scope{name: name, end: end})
	}
	return k
}

// bodies matches each word of Ruby that opens a body with its "end".
func (a *analysis) bodies() map[int]int {
	ends := map[int]int{}
	var open []int
	first, loop := true, false
	for k := range a.tokens {
		t := &a.tokens[k]
		if t.kind == nl {
			first, loop = true, false
			continue
		}
		if t.kind == ident && !a.is(k-1, ".") {
			opens := false
			switch t.text {
			case "end":
				if n := len(open); n > 0 {
					ends[open[n-1]] = k
					open = open[:n-1]
				}
			case "def", "class", "module", "begin", "case":
				opens = true
			case "while", "until", "for":
				opens, loop = first, first
			case "if", "unless":
				opens = first || a.is(k-1, "=")
			case "do":
				opens = !loop
			}
			if opens {
				open = append(open, k)
			}
		}
		first = t.kind == ident && (t.text == "else" || t.text == "then")
	}
	return ends
}

// statement evaluates tokens up to end, keeps what is assigned, and gives the value.
func (a *analysis) statement(i, end int) value {
	for k := i; k < end; k++ {
		if m := a.match[k]; m > k {
			k = m
			continue
		}
		t := &a.tokens[k]
		if t.kind != op || t.text != "=" && t.text != "+=" && t.text != ".=" || k == i {
			continue
		}
		name := a.assigned(i, k)
		v := a.eval(k+1, end)
		if t.text != "=" {
			v = a.join(a.vars[name], v)
		}
		if name != "" {
			a.set(name, v)
		} else {
			a.member(i, k, v)
		}
		return v
	}
	return a.eval(i, end)
}

// member is x.field = v or x["key"] = v: x is made of v from then on, and a request
// carries it.
func (a *analysis) member(i, k int, v value) {
	if a.kindAt(i) != ident || v.from == 0 {
		return
	}
	name := a.tokens[i].text
	if name == "@" && a.kindAt(i+1) == ident {
		name = a.tokens[i+1].text
	}
	x, ok := a.vars[name]
	if !ok {
		return
	}
	x.from |= v.from
	a.set(name, x)
	if strings.HasPrefix(x.typ, "Net::HTTP::") {
		a.add(a.tokens[k].at, code.Fact{Kind: code.Send, Name: x.typ, Args: []string{x.to}, From: v.from.Words()})
	}
}

// assigned is the name to the left of an assignment: "" for what is no plain name.
func (a *analysis) assigned(i, k int) string {
	name := ""
	for j := i; j < k; j++ {
		t := &a.tokens[j]
		if t.kind == op && t.text == ":" { // a type follows
			break
		}
		if t.kind == op && (t.text == "." || t.text == "->" || t.text == "[") && a.language != code.PowerShell {
			return ""
		}
		if t.kind == ident {
			name = t.text
		}
	}
	return name
}

// eval gives what tokens i to end come to together.
func (a *analysis) eval(i, end int) value {
	if a.depth >= mostDepth {
		if a.callers == 0 { // what a call reads again was read where it stands
			a.out.Cut("expressions stand too deep inside each other")
		}
		return value{}
	}
	a.depth++
	defer func() { a.depth-- }()
	var acc value
	started, joins, first := false, false, true
	sign := ""
	take := func(v value) {
		switch {
		case started && sign != "":
			acc = a.calculated(sign, acc, v)
		case !started:
			acc, started = v, true
		case joins:
			acc = a.join(acc, v)
			acc.disguised = acc.disguised || acc.known && len(v.text) < 12 // put together from parts
		default:
			acc = value{from: acc.from | v.from, disguised: acc.disguised || v.disguised}
		}
		joins, sign = false, ""
	}
	for k := i; k < end; {
		t := &a.tokens[k]
		switch t.kind {
		case nl:
			k++
		case num:
			take(value{text: t.text, known: true, num: true})
			k++
		case str:
			if a.language == code.PowerShell && first && k+1 < end && a.is(k-1, "&") {
				v, next := a.command(k+1, end, t.text, value{disguised: true}, value{})
				take(v)
				k = next
				continue
			}
			v := a.text(t)
			if t.quote == '/' {
				v.typ = regexpType
			}
			v, k = a.postfix(k+1, end, "", v, true)
			take(v)
		case ident:
			if t.text == "as" && a.language == code.Rust && a.kindAt(k+1) == ident { // a cast
				if n := acc; n.num && n.known && a.is(k+1, "char") {
					acc.text, acc.num, acc.disguised = character(plainNumber(n.text)), false, true
				}
				k += 2
				continue
			}
			v, next := a.primary(k, end, first && !joins, acc)
			take(v)
			k = next
		default:
			var v value
			var ok bool
			if v, k, ok = a.operator(k, end, &acc, &started, first); ok {
				take(v)
			} else if t.text == a.concat {
				joins = true
			} else if started && (acc.num || t.text == "%" || t.text == "*") && len(t.text) == 1 && strings.Contains("^-+*%/", t.text) {
				sign = t.text
			} else if t.text != "@" && t.text != "!" && t.text != "<<" {
				first = t.text == "&&" || t.text == "||" || t.text == "|" || t.text == "=" || t.text == "&" || t.text == "." || t.text == "?" || t.text == ":"
				if t.text == "," {
					acc.known = false
				}
				continue
			}
		}
		first = false
	}
	return acc
}

// operator reads brackets, and PowerShell's pipe and call operators. ok tells that
// there is an operand.
func (a *analysis) operator(k, end int, acc *value, started *bool, first bool) (v value, next int, ok bool) {
	t := &a.tokens[k]
	m := a.match[k]
	switch {
	case a.language == code.PowerShell && t.text == "[" && m > 0 && m-k <= 4: // a type
		name := "["
		for j := k + 1; j < m; j++ {
			name += a.tokens[j].text
		}
		name += "]"
		if a.is(m+1, "::") && a.kindAt(m+2) == ident {
			v, next = a.postfix(m+3, end, name+"::"+a.tokens[m+2].text, value{}, false)
			return v, next, true
		}
		if name == "[char]" && a.kindAt(m+1) == num {
			return value{text: character(a.tokens[m+1].text), known: true, disguised: true}, m + 2, true
		}
		return value{}, m + 1, false // a cast
	case (t.text == "(" || t.text == "[" || t.text == "{") && m > 0 && m < end:
		if t.text == "{" && a.language != code.PowerShell && a.hasStatements(k+1, m) {
			v = a.statements(k+1, m)
			return v, m + 1, true
		}
		if t.text == "(" && a.assigns(k+1, m) {
			v, next = a.postfix(m+1, end, "", a.statement(k+1, m), true)
			return v, next, true
		}
		if t.text == "[" && a.language != code.PowerShell && m-k < mostListed {
			v, next = a.postfix(m+1, end, "", a.bracketed(k+1, m), true)
			return v, next, true
		}
		v = a.eval(k+1, m)
		if a.language == code.PowerShell && first && k > 0 && (a.is(k-1, "&") || a.is(k-1, ".")) && v.known {
			v, next = a.command(m+1, end, strings.ToLower(v.text), value{disguised: true}, value{})
			return v, next, true
		}
		v, next = a.postfix(m+1, end, "", v, true)
		return v, next, true
	case a.language == code.PowerShell && t.text == "|" && *started:
		in := *acc
		*acc, *started = value{}, false
		for k++; k < end && a.tokens[k].kind == nl; k++ {
		}
		if k < end && (a.is(k, "&") || a.is(k, ".")) {
			k++
		}
		if k < end && a.kindAt(k) == ident {
			name := a.tokens[k].text
			if strings.HasPrefix(name, "$") {
				name = strings.ToLower(a.vars[name].text)
			}
			v, next = a.command(k+1, end, name, value{}, in)
			return v, next, true
		}
		return in, k, true
	}
	return value{}, k + 1, false
}

// assigns says whether brackets hold an assignment: while (line = wire.gets).
func (a *analysis) assigns(i, end int) bool {
	return end-i > 2 && a.kindAt(i) == ident && a.is(i+1, "=")
}

// mostListed bounds the tokens of a list whose parts are kept.
const mostListed = 8192

// bracketed is a list: what its parts carry, and the text that its numbers spell.
func (a *analysis) bracketed(i, end int) value {
	v := value{items: a.list(i, end)}
	if len(v.items) == 1 {
		one := v.items[0]
		one.items = v.items
		one.num = false
		return one
	}
	v.from, v.disguised = from(v.items), disguised(value{}, v.items)
	var b []byte
	for _, part := range v.items {
		n, err := strconv.ParseUint(plainNumber(part.text), 0, 8)
		if err != nil || !part.known || !part.num {
			return v
		}
		b = append(b, byte(n))
	}
	if len(b) > 1 && utf8.Valid(b) {
		v.text, v.known, v.disguised = string(b), true, true
	}
	return v
}

// text is a constant's value, with what is filled in; marks make it a fact.
func (a *analysis) text(t *token) value {
	v := value{text: t.text, known: true}
	if len(t.fills) > 0 {
		v = a.fill(t)
	}
	if len(v.text) >= 200 {
		v.from |= flow.Word(code.LongLiteral)
	}
	if m := indicator.Marks(v.text); m != nil {
		a.add(t.at, code.Fact{Kind: code.String, Args: []string{v.text}, Marks: m, From: (v.from &^ flow.Word(code.LongLiteral)).Words()})
	}
	if strings.IndexByte(a.runs, t.quote) >= 0 && a.runs != "" || t.quote == '`' && a.language == code.Ruby {
		return a.started("`", t.at, value{}, []value{v}, v.from)
	}
	return v
}

func (a *analysis) fill(t *token) value {
	var b []byte
	v := value{known: true}
	at := 0
	for _, f := range t.fills {
		b = append(b, t.text[at:f.at]...)
		at = f.at
		x, ok := a.vars[f.name]
		if !ok && strings.HasPrefix(f.name, "$env:") {
			x = a.environment(f.name, t.at)
		} else if !ok {
			x = value{text: "${" + strings.TrimPrefix(f.name, "$") + "}"}
			if name, _, found := strings.Cut(f.name, "["); found && (name == "ENV" || name == "$_env") {
				x.from = flow.Of(code.Env)
			}
		}
		if a.spent += len(x.text); a.spent > mostSpent || len(b)+len(x.text) > mostText {
			x = value{from: x.from}
		}
		b = append(b, x.text...)
		v.known = v.known && x.known
		v.from |= x.from
	}
	v.text = string(append(b, t.text[at:]...))
	return v
}

// primary reads a name and what is done with it.
func (a *analysis) primary(k, end int, first bool, before value) (value, int) {
	t := &a.tokens[k]
	name := t.text
	if a.language == code.PowerShell {
		if strings.HasPrefix(name, "$env:") {
			return a.postfix(k+1, end, "", a.environment(name, t.at), true)
		}
		if head, method, ok := strings.Cut(name, "."); ok && strings.HasPrefix(head, "$") { // $x.DownloadString
			v := a.vars[head]
			return a.postfix(k+1, end, v.typ+"."+strings.ToLower(method), v, true)
		}
		switch {
		case strings.HasPrefix(name, "$"):
			if first && k > 0 && (a.is(k-1, "&") || a.is(k-1, ".")) {
				return a.command(k+1, end, strings.ToLower(a.vars[name].text), a.vars[name], value{})
			}
		case strings.HasPrefix(name, "-"):
			return value{from: before.from}, k + 1
		case first && !a.is(k+1, "=") && !a.is(k+1, "::"):
			return a.command(k+1, end, name, value{}, value{})
		default:
			return value{text: name, known: true}, k + 1
		}
	}
	if v, ok := a.vars[name]; ok {
		call := a.is(k+1, "(") && !a.tokens[k+1].spaced
		v.of = name
		if !call {
			return a.postfix(k+1, end, "", v, true)
		}
		if a.language == code.PHP && v.known { // $f(..) with $f = 'system'
			return a.postfix(k+1, end, strings.ToLower(v.text), value{disguised: true}, false)
		}
	}
	if alias, ok := a.aliases[name]; ok {
		name = alias
	}
	return a.postfix(k+1, end, name, value{}, false)
}

// environment is PowerShell's $env:NAME.
func (a *analysis) environment(name string, at int) value {
	v := value{text: name}
	a.add(at, code.Fact{Kind: code.Env, Name: "env:", Args: []string{strings.ToUpper(strings.TrimPrefix(name, "$env:"))}})
	if slices.Contains(indicator.Marks(strings.TrimPrefix(name, "$env:")), "secret-name") {
		v.from = flow.Of(code.Env)
	}
	return v
}

// separator: the token leads to a member.
func (a *analysis) separator(k int) bool {
	return a.kindAt(k) == op && (a.tokens[k].text == "." || a.tokens[k].text == "::" || a.tokens[k].text == "->" || a.tokens[k].text == "?.")
}

// postfix reads members, calls and indexes behind a name or a value. has tells that
// recv is a value; name is what was read and not yet called.
func (a *analysis) postfix(k, end int, name string, recv value, has bool) (value, int) {
	at := k - 1
	for k < end {
		t := &a.tokens[k]
		m := a.match[k]
		switch {
		case a.is(k, "(") && m > 0 && m <= end && (name != "" || has) && !(t.spaced && a.bare && a.language != code.PHP):
			if name == "" { // a value is called
				v := a.eval(k+1, m)
				recv.from |= v.from
			} else if v, ok := a.closure(name, recv, k+1, m); ok {
				recv, name = v, ""
			} else {
				recv = a.call(name, at, recv, has, a.list(k+1, m))
				name = ""
			}
			has = true
			k = m + 1
		case a.is(k, "!") && a.language == code.Rust && name != "" && k+1 < end && a.match[k+1] > 0: // a macro
			recv = a.call(name+"!", at, recv, has, a.list(k+2, a.match[k+1]))
			name, has = "", true
			k = a.match[k+1] + 1
		case a.is(k, "::") && a.is(k+1, "<"): // ::<T>
			j := k + 1
			for depth := 0; j < end && j < k+40; j++ {
				if a.is(j, "<") {
					depth++
				} else if a.is(j, ">") {
					if depth--; depth == 0 {
						break
					}
				}
			}
			k = j + 1
		case a.separator(k) && k+1 < end && a.tokens[k+1].kind == ident && !(a.concat == "." && a.is(k, ".")):
			member := a.tokens[k+1].text
			if name != "" && (has || a.endsEnvironment(name, t.text+member)) { // a member without brackets is a call too
				recv = a.call(name, at, recv, has, nil)
				name, has = "", true
			}
			sep := t.text
			if sep == "?." {
				sep = "."
			}
			if name == "" {
				name = recv.typ
			}
			at = k + 1
			if name += sep + member; len(name) > code.MostArg {
				name = sep + member
			}
			k += 2
		case a.is(k, "[") && m > 0 && m <= end && !t.spaced:
			v := a.eval(k+1, m)
			recv = a.index(name, at, recv, v)
			name, has = "", true
			k = m + 1
		case a.is(k, "?") && a.language == code.Rust:
			k++
		case a.language == code.Ruby && (a.is(k, "{") && m > k && m < end && a.isBlock(k) || a.is(k, "do") && a.ended[k] > k && a.ended[k] <= end):
			start, stop, params, _ := a.blockAt(k)
			method := name
			if method == "" {
				method = a.last
			}
			given := recv
			if name != "" {
				if _, known := a.lookup(name, has); known {
					recv = a.call(name, at, recv, has, nil)
					given = recv
				} else if len(a.called) < mostVars {
					a.called[lastName(name)] = true
				}
			}
			recv = a.block(method, given, start, stop, params)
			name, has = "", true
			k = stop + 1
		default:
			return a.tail(k, end, name, at, recv, has)
		}
	}
	return a.tail(k, end, name, at, recv, has)
}

// endsEnvironment: the name is the whole environment, and what follows is done with it.
func (a *analysis) endsEnvironment(name, more string) bool {
	if !a.bare {
		return false
	}
	c, ok := a.callees[a.resolve(name)]
	_, longer := a.callees[a.resolve(name)+more]
	return ok && c.kind == code.EnvAll && !longer
}

// tail ends a chain: what is left of the name may be a call without brackets.
func (a *analysis) tail(k, end int, name string, at int, recv value, has bool) (value, int) {
	if name == "" {
		return recv, k
	}
	c, ok := a.lookup(name, has)
	if a.bare && ok && k < end && a.operand(k) {
		stop := k
		for stop < end && !(a.tokens[stop].kind == ident && slices.Contains([]string{"if", "unless", "rescue", "and", "or", "while"}, a.tokens[stop].text)) {
			if m := a.match[stop]; m > stop {
				stop = m
			}
			stop++
		}
		stop = min(stop, end)
		return a.call(name, at, recv, has, a.list(k, stop)), stop
	}
	if has || ok && (c.kind == code.EnvAll || a.bare) {
		return a.call(name, at, recv, has, nil), k
	}
	if a.called != nil && a.bare {
		a.called[lastName(name)] = true
	}
	return value{typ: name, text: "", from: recv.from}, k
}

// operand: an expression may start here.
func (a *analysis) operand(k int) bool {
	t := &a.tokens[k]
	switch t.kind {
	case str, ident, num:
		return true
	}
	return t.kind == op && (t.text == "(" || t.text == "[" || t.text == ":" || t.text == "*" || t.text == "&") && t.spaced
}

// list gives the arguments between i and end.
func (a *analysis) list(i, end int) []value {
	var out []value
	from := i
	for k := i; k <= end; k++ {
		if k < end {
			if m := a.match[k]; m > k && m < end {
				k = m
				continue
			}
			if !a.is(k, ",") {
				continue
			}
		}
		if k > from {
			out = append(out, a.eval(from, k))
		}
		from = k + 1
	}
	return out
}
