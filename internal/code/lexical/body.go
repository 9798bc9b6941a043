package lexical

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// Limits of reading a body more than once: for each element of a list that is known,
// and for each call of a function with what it is given.
const (
	mostElements = 2048 // of a list that a block makes another of
	mostRounds   = 8    // of a loop over a list
	mostCallers  = 6    // functions of the file inside each other
	mostWork     = 8    // tokens that are read again, for each token of the file
	leastWork    = 20_000
)

// body is a function of the file: what it is given, and its statements.
type body struct {
	params     []string
	start, end int
}

// functions finds those of the file, so that a call may stand before them.
func (a *analysis) functions() {
	a.bodiesOf = map[string]body{}
	a.work = mostWork*len(a.tokens) + leastWork
	for i := range a.tokens {
		if a.tokens[i].kind != ident || !slices.Contains(a.function, a.tokens[i].text) || a.kindAt(i+1) != ident || len(a.bodiesOf) >= mostVars {
			continue
		}
		k := i + 1
		name := a.tokens[k].text
		for a.is(k+1, ".") && a.kindAt(k+2) == ident { // def self.name
			name = a.tokens[k+2].text
			k += 2
		}
		if k++; a.is(k, "<") { // type parameters
			for k < len(a.tokens) && !a.is(k, "(") && !a.is(k, "{") {
				k++
			}
		}
		b := body{}
		if a.is(k, "(") && a.match[k] > k {
			b.params = a.params(k+1, a.match[k])
			k = a.match[k] + 1
		} else if a.ends { // def name a, b
			stop := k
			for stop < len(a.tokens) && a.tokens[stop].kind != nl {
				stop++
			}
			b.params = a.params(k, stop)
		}
		for k < len(a.tokens) && k < i+256 && !a.is(k, "{") && !(a.tokens[k].kind == nl && (a.ends || a.tokens[k].text == ";")) && !a.is(k, "=") {
			k++
		}
		switch {
		case a.is(k, "{") && a.match[k] > k:
			b.start, b.end = k+1, a.match[k]
		case a.ends && a.is(k, "="): // def name = value
			b.start, b.end = k+1, a.statementEnd(k+1)
		case a.ends && a.ended[i] > k:
			b.start, b.end = k, a.ended[i]
		default:
			continue
		}
		a.bodiesOf[name] = b
	}
}

// params are the names that a list of parameters declares.
func (a *analysis) params(i, end int) []string {
	var out []string
	begins := true
	for k := i; k < end && len(out) < 32; k++ {
		t := &a.tokens[k]
		switch {
		case t.text == "," && t.kind == op:
			begins = true
			continue
		case t.kind == op && a.match[k] > k:
			if begins && t.text == "(" { // a pattern
				out = append(out, a.params(k+1, min(a.match[k], end))...)
				begins = false
			}
			k = min(a.match[k], end)
			continue
		case !begins || t.kind != ident || t.text == "mut" || t.text == "ref" || t.text == "self" && a.language == code.Rust:
			continue
		}
		if a.language == code.PHP || a.language == code.PowerShell {
			if !strings.HasPrefix(t.text, "$") { // its type
				continue
			}
		}
		out = append(out, t.text)
		begins = false
	}
	return out
}

// takesWork says whether so many tokens may be read again.
func (a *analysis) takesWork(n int) bool {
	if n > a.work {
		return false
	}
	a.work -= n
	return true
}

// inside reads a function's body with what it is given, and gives what it returns. ok
// is false when it is no function of the file, or one that was entered often enough.
func (a *analysis) inside(name string, args []value, at int) (v value, ok bool) {
	short := lastName(name)
	b, ok := a.bodiesOf[short]
	if !ok || a.callers >= mostCallers || a.depth+4 >= mostDepth || !a.takesWork(b.end-b.start+1) {
		return value{}, false
	}
	if head := strings.TrimRight(strings.TrimSuffix(name, short), ".:>-"); head != "" && !ownHead(head) {
		return value{}, false
	}
	a.callers++
	defer func() { a.callers-- }()
	was := make(map[string]value, len(b.params))
	had := make(map[string]bool, len(b.params))
	for i, p := range b.params {
		was[p], had[p] = a.vars[p], a.has(p)
		given := value{}
		if i < len(args) {
			given = args[i]
		}
		a.set(p, given)
	}
	scopes := a.scopes
	a.scopes = append(a.scopes[:len(a.scopes):len(a.scopes)], scope{name: a.scopeOf(short), end: b.end + 1})
	outer := a.returned
	a.returned = nil
	v = a.statements(b.start, b.end)
	for _, r := range a.returned {
		if v.from |= r.from; r.known && !v.known {
			from := v.from
			v = r
			v.from |= from
		}
	}
	a.returned, a.scopes = outer, scopes
	for i, p := range b.params {
		if i < len(args) && args[i].of != "" { // what the function added to a list of its caller's
			grown := a.vars[args[i].of]
			if more := a.vars[p].from &^ grown.from; more != 0 && p != args[i].of {
				grown.from |= more
				a.set(args[i].of, grown)
			}
		}
	}
	for _, p := range b.params {
		if had[p] {
			a.vars[p] = was[p]
		} else {
			delete(a.vars, p)
		}
	}
	return v, true
}

func (a *analysis) has(name string) bool {
	_, ok := a.vars[name]
	return ok
}

// ownHead says whether what stands before a function's name may be the file's own:
// a module or the object itself, not a value.
func ownHead(head string) bool {
	switch head {
	case "self", "Self", "$this", "this", "crate", "static", "super":
		return true
	}
	return head[0] >= 'A' && head[0] <= 'Z' && !strings.Contains(head, ".")
}

func (a *analysis) scopeOf(name string) string { return name }

// statements reads a range, and gives the value of its last statement.
func (a *analysis) statements(i, end int) value {
	if a.depth >= mostDepth {
		if a.callers == 0 { // what a call reads again was read where it stands
			a.out.Cut("expressions stand too deep inside each other")
		}
		return value{}
	}
	a.depth++
	defer func() { a.depth-- }()
	before := len(a.scopes)
	last := a.readRange(i, end)
	a.scopes = a.scopes[:min(before, len(a.scopes))]
	return last
}

// hasStatements says whether braces hold statements, not the parts of a literal.
func (a *analysis) hasStatements(i, end int) bool {
	for k := i; k < end; k++ {
		if m := a.match[k]; m > k {
			k = m
			continue
		}
		if t := &a.tokens[k]; t.kind == nl && t.text == ";" || t.kind == ident && (t.text == "let" || t.text == "return") {
			return true
		}
	}
	return false
}

// blockAt is the body of a block of Ruby whose opening stands at k: do |x| .. end, or
// braces.
func (a *analysis) blockAt(k int) (start, end int, params []string, ok bool) {
	switch {
	case a.language != code.Ruby:
		return 0, 0, nil, false
	case a.is(k, "{") && a.match[k] > k:
		start, end = k+1, a.match[k]
	case a.is(k, "do") && a.kindAt(k) == ident && a.ended[k] > k:
		start, end = k+1, a.ended[k]
	default:
		return 0, 0, nil, false
	}
	if a.is(start, "|") {
		stop := start + 1
		for stop < end && stop < start+64 && !a.is(stop, "|") {
			stop++
		}
		params = a.params(start+1, stop)
		start = min(stop+1, end)
	}
	return start, end, params, true
}

// isBlock says whether a brace behind j opens a block of Ruby, not a hash.
func (a *analysis) isBlock(j int) bool {
	if a.language != code.Ruby || j == 0 || a.match[j] <= j {
		return false
	}
	p := &a.tokens[j-1]
	return p.kind == ident && !beforeOperand[p.text] && p.text != "puts" || p.kind == op && (p.text == ")" || p.text == "]") || p.kind == str && a.is(j+1, "|")
}

// block runs the body of a block with what its method gives it: each element of a
// list, or the value itself.
func (a *analysis) block(method string, recv value, start, end int, params []string) value {
	if a.seen == nil {
		a.seen = map[int]bool{}
	}
	a.seen[start] = true
	each := false
	switch lastName(method) {
	case "map", "each", "collect", "flat_map", "each_with_index", "filter_map", "select", "reject", "each_char", "each_byte", "map!", "each_with_object", "inject", "reduce", "sum", "find", "any?", "all?", "then", "tap", "yield_self", "zip", "each_slice", "sort_by", "min_by", "for_each", "filter":
		each = true
	}
	if !each || len(recv.items) == 0 {
		given := recv
		if each {
			given = value{from: recv.from, text: recv.text, known: recv.known && method != "map"}
		}
		a.bind(params, given)
		v := a.statements(start, end)
		if lastName(method) == "new" || each { // it carries what it is made of
			v.from |= recv.from
		}
		v.items = nil
		if each && (lastName(method) == "each" || lastName(method) == "tap") {
			return recv
		}
		return v
	}
	if method == "each" || lastName(method) == "each" || lastName(method) == "each_with_index" {
		for _, item := range recv.items[:min(len(recv.items), mostRounds)] {
			if !a.takesWork(end - start) {
				break
			}
			a.bind(params, item)
			a.statements(start, end)
		}
		return recv
	}
	out := value{typ: "list", from: recv.from, disguised: recv.disguised}
	for _, item := range recv.items[:min(len(recv.items), mostElements)] {
		if !a.takesWork(end - start) {
			out.items = nil
			break
		}
		a.bind(params, item)
		v := a.statements(start, end)
		v.items = nil
		out.from |= v.from
		out.disguised = out.disguised || v.disguised
		out.items = append(out.items, v)
	}
	return out
}

// bind gives the parameters of a block their value; a second one gets what it holds.
func (a *analysis) bind(params []string, v value) {
	for n, p := range params {
		if n == 0 {
			a.set(p, v)
		} else {
			a.set(p, value{from: v.from, typ: v.typ})
		}
	}
	a.set("it", v)
	a.set("_1", v)
}

// closureAt reads |x, y| before the body of a closure of Rust.
func (a *analysis) closureAt(i, end int) (params []string, start int, ok bool) {
	k := i
	if a.is(k, "move") {
		k++
	}
	if a.language != code.Rust || !(a.is(k, "|") || a.is(k, "||")) {
		return nil, 0, false
	}
	if a.is(k, "||") {
		return nil, k + 1, true
	}
	stop := k + 1
	for stop < end && stop < k+64 && !a.is(stop, "|") {
		stop++
	}
	return a.params(k+1, stop), min(stop+1, end), true
}

// closure is a call whose only argument is a closure over the elements of a list:
// .map(|c| (c ^ 7) as char).
func (a *analysis) closure(name string, recv value, i, end int) (value, bool) {
	params, start, ok := a.closureAt(i, end)
	if !ok {
		return value{}, false
	}
	if a.is(start, "->") { // -> T {
		for start < end && !a.is(start, "{") {
			start++
		}
	}
	if a.is(start, "{") && a.match[start] > start {
		start, end = start+1, a.match[start]
	}
	v := a.block(name, recv, start, end, params)
	switch lastName(name) {
	case "filter", "for_each", "inspect", "take_while", "skip_while", "unwrap_or_else":
		recv.from |= v.from
		return recv, true
	}
	return v, true
}

// loop reads the head of a loop over a list, binds its names and reads the body once
// for each of the first elements but the last, for which the reader goes on. It
// returns where, or i when there is no such loop.
func (a *analysis) loop(i int) int {
	t := &a.tokens[i]
	if t.kind != ident {
		return i
	}
	var names []string
	var list value
	open := 0
	switch {
	case t.text == "for" && (a.language == code.Rust || a.language == code.Ruby): // for x in list
		k := i + 1
		for k < len(a.tokens) && k < i+24 && !a.is(k, "in") {
			k++
		}
		if !a.is(k, "in") {
			return i
		}
		names = a.params(i+1, k)
		end := k + 1
		for end < len(a.tokens) && !(a.ends && a.tokens[end].kind == nl) && !(a.is(end, "{") || a.ends && a.is(end, "do")) {
			if m := a.match[end]; m > end {
				end = m
			}
			end++
		}
		list = a.eval(k+1, min(end, len(a.tokens)))
		open = end
	case (t.text == "foreach" || t.text == "for") && a.is(i+1, "(") && a.match[i+1] > 0 && a.language != code.Ruby && a.language != code.Rust:
		end := a.match[i+1]
		at := -1
		for k := i + 2; k < end; k++ {
			if m := a.match[k]; m > k {
				k = m
			} else if a.is(k, "as") || a.is(k, "in") || a.is(k, ":") {
				at = k
				break
			} else if a.tokens[k].kind == nl {
				return i
			}
		}
		if at < 0 {
			return i
		}
		head, tail := [2]int{i + 2, at}, [2]int{at + 1, end}
		if a.is(at, "as") {
			head, tail = tail, head
		}
		for k := head[0]; k < head[1]; k++ {
			if a.kindAt(k) == ident && (strings.HasPrefix(a.tokens[k].text, "$") || k == head[1]-1) {
				names = append(names, a.tokens[k].text)
			}
		}
		if len(names) > 1 { // of a key and a value, the value
			slices.Reverse(names)
		}
		list = a.eval(tail[0], tail[1])
		open = end + 1
	default:
		return i
	}
	if open >= len(a.tokens) {
		return i
	}
	items := list.items
	if len(items) == 0 {
		items = []value{{from: list.from}}
	}
	items = items[:min(len(items), mostRounds)]
	bodyStart, bodyEnd := open, -1
	switch {
	case a.is(open, "{") && a.match[open] > open:
		bodyStart, bodyEnd = open+1, a.match[open]
	case a.ends && a.ended[i] > open:
		bodyStart, bodyEnd = open, a.ended[i]
		if a.is(open, "do") {
			bodyStart++
		}
	}
	for n, item := range items {
		item.from |= list.from &^ flow.Word(code.LongLiteral)
		a.bind(names, item)
		if n == len(items)-1 || bodyEnd < 0 || !a.takesWork(bodyEnd-bodyStart) {
			break
		}
		a.statements(bodyStart, bodyEnd)
	}
	return bodyStart
}
