package python

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// step draws one step of the analysis's own work. Exact reading has steps of its own:
// it never takes those that the file itself is read with.
func (a *analysis) step() bool {
	if a.exact > 0 {
		if a.exactSteps--; a.exactSteps <= 0 {
			a.giveUp()
		}
		return a.exactSteps > 0
	}
	a.steps--
	return a.steps > 0
}

// fold draws n units of folding: about a nanosecond each.
func (a *analysis) fold(n int) bool {
	a.folds -= n
	return a.folds > 0
}

// turn is the cost of one turn of a loop that is followed.
const turn = 64

// copying is the cost of putting n bytes together, and too much for text longer
// than anything is decoded to.
func copying(n int) int {
	if n > code.MostDecoded {
		return math.MaxInt32
	}
	return 16 + n/16
}

// textMarks gives the marks of text, remembered for the long and the repeated.
func (a *analysis) textMarks(s string) marks {
	if len(s) < 4 {
		return 0
	}
	if m, ok := a.marked[s]; ok {
		return m
	}
	m := marksOf(s)
	if len(a.marked) < mostMarked {
		a.marked[s] = m
	}
	return m
}

const mostMarked = 1 << 16

// textOf makes text; what it is worth by itself is looked up by those who use it.
func (a *analysis) textOf(s string, like ...*value) *value {
	v := value{kind: text, s: s}
	for _, l := range like {
		v.flags |= l.flags & (parts | odd | own)
		v.from |= l.from
		v.marks |= l.marks
		if l.kind == binary {
			v.kind = binary
		}
	}
	if len(s) >= longLiteral {
		v.from |= fromLong
	}
	return a.make(v)
}

// small are the numbers that codes are made of.
var small = func() (out [256]value) {
	for i := range out {
		out[i] = value{kind: integer, n: int64(i)}
	}
	return out
}()

func (a *analysis) number(n int64) *value {
	if n >= 0 && n < int64(len(small)) {
		return &small[n]
	}
	return a.make(value{kind: integer, n: n})
}

// binary is a chain of operands with one operator.
func (a *analysis) binary(id syntax.ID, n *syntax.Node) *value {
	kid, first := n.A, true
	left := a.eval(kid)
	if n.Op == syntax.Add && left.isText() {
		if v := a.concatAll(left, kid); v != nil {
			return v
		}
	}
	for kid = a.tree.Next(kid); kid != 0; kid = a.tree.Next(kid) {
		right := a.eval(kid)
		switch { // a constant that is put together beside what is not known
		case left.isText() && !right.isText() && first:
			left = a.settle(left, n.A)
		case right.isText() && !left.isText():
			right = a.settle(right, kid)
		}
		left = a.operate(n.Op, left, right, id)
		first = false
	}
	return left
}

// concatAll joins a chain of constant texts at once, so that a long chain costs
// its length; nil when one is not constant.
func (a *analysis) concatAll(left *value, first syntax.ID) *value {
	const few = 8
	if a.tree.Len(first) < few {
		return nil
	}
	for kid := a.tree.Next(first); kid != 0; kid = a.tree.Next(kid) {
		if k := a.tree.Kind(kid); k != syntax.Str && k != syntax.Name && k != syntax.Call {
			return nil
		}
	}
	values := []*value{left}
	for kid := a.tree.Next(first); kid != 0; kid = a.tree.Next(kid) {
		values = append(values, a.eval(kid))
	}
	var b strings.Builder
	for _, v := range values {
		if v.kind != left.kind || !a.fold(copying(len(v.s))) {
			out := values[0]
			for _, w := range values[1:] {
				out = a.operate(syntax.Add, out, w, first)
			}
			return out
		}
		b.WriteString(v.s)
	}
	out := a.textOf(b.String(), values...)
	if a.splitsWord(values) {
		out = a.withFlags(out, parts)
	}
	return out
}

// splitsWord says that literals meet in the middle of words: "sub" + "process".
func (a *analysis) splitsWord(values []*value) bool {
	for i := 1; i < len(values); i++ {
		if meets(values[i-1].s, values[i].s) {
			return true
		}
	}
	return false
}

func meets(left, right string) bool {
	return left != "" && right != "" && wordByte(left[len(left)-1]) && wordByte(right[0])
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// operate is one operator on two values.
func (a *analysis) operate(op syntax.Op, l, r *value, id syntax.ID) *value {
	switch {
	case l.kind == integer && r.kind == integer:
		if n, ok := arithmetic(op, l.n, r.n); ok {
			return a.make(value{kind: integer, n: n, from: l.from | r.from})
		}
		if v := a.bigArithmetic(op, l, r); v != nil {
			return v
		}
	case (l.kind == large || r.kind == large) && l.isNumber() && r.isNumber():
		if v := a.bigArithmetic(op, l, r); v != nil {
			return v
		}
	case op == syntax.Add:
		if v := a.concat(l, r, id); v != nil {
			return v
		}
	case op == syntax.Mult && l.isText() && r.kind == integer:
		return a.repeat(l, r.n)
	case op == syntax.Mult && r.isText() && l.kind == integer:
		return a.repeat(r, l.n)
	case op == syntax.Mult && l.kind == list && r.kind == integer && r.n >= 0 && r.n*int64(len(l.items)) <= 4096:
		var items []*value
		for range r.n {
			items = append(items, l.items...)
		}
		return a.make(value{kind: list, items: items, n: l.n, from: l.from, marks: l.marks})
	case op == syntax.Mod && (l.isText() || l.kind == partial):
		return a.percent(l, r, id)
	case op == syntax.Div:
		if isPath(l) || isPath(r) && l.isText() {
			return a.pathJoin([]*value{l, r}, id)
		}
	}
	if out := a.operatorCall(op, l, r, id); out != nil {
		return out
	}
	if op == syntax.BitOr && l.kind == dict && r.kind == dict && a.fold(8*(len(l.items)+len(r.items))) {
		return a.make(value{kind: dict, items: slices.Concat(l.items, r.items), from: l.from | r.from, marks: l.marks | r.marks})
	}
	fl, ml := l.reaches()
	fr, mr := r.reaches()
	if fl|fr == 0 && ml|mr == 0 {
		return nothing
	}
	return a.unknown(fl|fr, ml|mr, id)
}

func arithmetic(op syntax.Op, x, y int64) (int64, bool) {
	const big = 1 << 31 // products of smaller ones fit
	switch op {
	case syntax.Add:
		return x + y, abs(x) < math.MaxInt64/2 && abs(y) < math.MaxInt64/2
	case syntax.Sub:
		return x - y, abs(x) < math.MaxInt64/2 && abs(y) < math.MaxInt64/2
	case syntax.Mult:
		return x * y, abs(x) < big && abs(y) < big
	case syntax.BitXor:
		return x ^ y, true
	case syntax.BitAnd:
		return x & y, true
	case syntax.BitOr:
		return x | y, true
	case syntax.LShift:
		return x << (uint64(y) & 31), y >= 0 && y < 32 && abs(x) < big
	case syntax.RShift:
		return x >> (uint64(y) & 63), y >= 0 && y < 64
	case syntax.FloorDiv, syntax.Div:
		if y == 0 {
			return 0, false
		}
		q := x / y
		if op == syntax.Div && q*y != x {
			return 0, false
		}
		if q*y != x && (x < 0) != (y < 0) {
			q--
		}
		return q, x != math.MinInt64
	case syntax.Mod:
		if y == 0 || x == math.MinInt64 {
			return 0, false
		}
		m := x % y
		if m != 0 && (m < 0) != (y < 0) {
			m += y
		}
		return m, true
	case syntax.Pow:
		out := int64(1)
		if y < 0 || y > 62 {
			return 0, false
		}
		for range y {
			if abs(out) >= big || abs(x) >= big {
				return 0, false
			}
			out *= x
		}
		return out, true
	}
	return 0, false
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// concat adds two values that are text, partly known text or lists; nil for others.
func (a *analysis) concat(l, r *value, id syntax.ID) *value {
	switch {
	case l.isText() && r.isText():
		if !a.fold(copying(len(l.s) + len(r.s))) {
			return nil
		}
		out := a.textOf(l.s+r.s, l, r)
		if a.tree.Kind(id) == syntax.BinOp && meets(l.s, r.s) {
			out = a.withFlags(out, parts)
		}
		return out
	case l.kind == list && r.kind == list:
		if !a.fold(8 * (len(l.items) + len(r.items))) {
			return nil
		}
		items := make([]*value, 0, len(l.items)+len(r.items))
		items = append(append(items, l.items...), r.items...)
		return a.make(value{kind: list, items: items, n: l.n | r.n, from: l.from | r.from, marks: l.marks | r.marks})
	case l.isText() || l.kind == partial || r.isText() || r.kind == partial:
		return a.partly([]*value{l, r}, id)
	}
	return nil
}

// partly is text of several values of which some are unknown: its start and its
// end stay known, and it carries what all of them carry.
func (a *analysis) partly(values []*value, id syntax.ID) *value {
	out := value{kind: partial, id: id}
	size := 0
	for _, v := range values {
		from, m := v.reaches()
		out.from |= from
		out.marks |= m | a.marksOfValue(v)
		out.flags |= v.flags & (parts | odd | own)
		size += len(v.s) + len(v.tail)
		if from == 0 && !v.constText() && len(out.items) < mostStrangers {
			if of := a.opaque(v); of != nil {
				out.items = append(out.items, of)
			}
		}
	}
	if !a.fold(copying(size)) {
		return a.make(out)
	}
	whole := true
	for _, v := range values {
		if whole {
			out.s += v.show()
			whole = v.constText()
			continue
		}
	}
	if whole {
		out.kind = text
		return a.make(out)
	}
	for i := len(values) - 1; i >= 0; i-- {
		v := values[i]
		if v.kind == partial {
			out.tail = v.tail + out.tail
			break
		}
		if !v.constText() {
			break
		}
		out.tail = v.show() + out.tail
	}
	if len(out.s) > 4096 {
		out.s = out.s[:4096]
	}
	if len(out.tail) > 4096 {
		out.tail = out.tail[len(out.tail)-4096:]
	}
	if m := a.textMarks(out.s) | a.textMarks(out.tail); m != 0 {
		out.marks |= m
	}
	return a.make(out)
}

func (v *value) constText() bool { return v.isText() || v.kind == integer }

func (v *value) isNumber() bool { return v.kind == integer || v.kind == large || v.kind == boolean }

// show gives the known start of a value as str() would write it.
func (v *value) show() string {
	switch v.kind {
	case text, binary, partial:
		return v.s
	case integer:
		return strconv.FormatInt(v.n, 10)
	case inst:
		return v.s
	}
	return ""
}

func (a *analysis) repeat(v *value, n int64) *value {
	if n <= 0 {
		return a.textOf("", v)
	}
	if n > 1<<20 || !a.fold(copying(int(n)*len(v.s))) {
		return a.tainted(nothing, v.from, v.marks)
	}
	return a.textOf(strings.Repeat(v.s, int(n)), v)
}

// percent is text % values.
func (a *analysis) percent(l, r *value, id syntax.ID) *value {
	args := []*value{r}
	if r.kind == list {
		args = r.items
	}
	var out []*value
	rest := l.s
	for len(rest) > 0 {
		i := strings.IndexByte(rest, '%')
		if i < 0 || i+1 >= len(rest) {
			break
		}
		j := i + 1
		key := ""
		if rest[j] == '(' {
			end := strings.IndexByte(rest[j:], ')')
			if end < 0 {
				break
			}
			key = rest[j+1 : j+end]
			j += end + 1
		}
		from := j
		for j < len(rest) && strings.IndexByte("#0- +.123456789*", rest[j]) >= 0 {
			j++
		}
		spec := rest[from:j]
		if j >= len(rest) {
			break
		}
		out = append(out, a.textOf(rest[:i]))
		verb := rest[j]
		rest = rest[j+1:]
		switch {
		case verb == '%':
			out = append(out, a.textOf("%"))
		case key != "" && r.kind == dict:
			out = append(out, a.entry(r, a.textOf(key)))
		case len(args) > 0 && key == "":
			arg := args[0]
			args = args[1:]
			switch {
			case verb == 'c' && arg.kind == integer:
				arg = a.chr(arg)
			case strings.IndexByte("xXod", verb) >= 0 && arg.isNumber():
				if v := a.spelled(arg, spec+string(verb)); v != nil {
					arg = v
				}
			}
			out = append(out, arg)
		default:
			out = append(out, nothing)
		}
		if len(out) > 512 {
			break
		}
	}
	out = append(out, a.textOf(rest))
	return a.glue(out, l, id)
}

// glue joins pieces of a template.
func (a *analysis) glue(pieces []*value, like *value, id syntax.ID) *value {
	size := 0
	for _, p := range pieces {
		if !p.constText() {
			v := a.partly(pieces, id)
			if like.kind == partial {
				v = a.tainted(v, like.from, like.marks)
			}
			return v
		}
		size += len(p.s) + 4
	}
	if !a.fold(copying(size)) {
		return a.tainted(nothing, like.from, like.marks)
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.show())
	}
	out := a.textOf(b.String(), append(pieces, like)...)
	if like.kind == text {
		out = a.asText(out)
	}
	if len(pieces) > 1 {
		if m := a.textMarks(out.s); m&^out.marks != 0 { // no piece says what they say together
			a.noteString(out.s, m, id, false)
			out = a.tainted(out, 0, m)
		}
	}
	for i := 1; i < len(pieces); i++ {
		if pieces[i].isText() && pieces[i-1].isText() && meets(pieces[i-1].s, pieces[i].s) {
			return a.withFlags(out, parts)
		}
	}
	return out
}

func (a *analysis) asText(v *value) *value {
	if v.kind != binary {
		return v
	}
	out := *v
	out.kind = text
	return a.make(out)
}

func (a *analysis) asBytes(v *value) *value {
	if v.kind != text {
		return v
	}
	out := *v
	out.kind = binary
	return a.make(out)
}

// formatted is an f-string.
func (a *analysis) formatted(id syntax.ID, n *syntax.Node) *value {
	var pieces []*value
	for kid := n.A; kid != 0; kid = a.tree.Next(kid) {
		switch k := a.tree.Node(kid); k.Kind {
		case syntax.FormattedValue:
			v := a.eval(k.A)
			if k.B != 0 {
				spec := a.eval(k.B)
				if spec.kind == text && v.isConst() {
					if out := a.spelled(v, spec.s); out != nil {
						v = out
					}
				}
			}
			pieces = append(pieces, v)
		default:
			pieces = append(pieces, a.eval(kid))
		}
	}
	return a.glue(pieces, emptyText, id)
}

var emptyText = &value{kind: text}

func (a *analysis) unary(n *syntax.Node) *value {
	v := a.eval(n.A)
	if n.Op == syntax.Not {
		if yes, known := truthOf(v); known {
			return truth(!yes)
		}
		return nothing
	}
	if v.kind == large && n.Op == syntax.Neg {
		return a.fromBig(new(big.Int).Neg(bigOf(v)), v)
	}
	if v.kind != integer {
		return v
	}
	switch n.Op {
	case syntax.Neg:
		return a.number(-v.n)
	case syntax.Invert:
		return a.number(^v.n)
	}
	return v
}

// slice is value[lower:upper:step].
func (a *analysis) slice(v *value, n *syntax.Node) *value {
	bound := [3]*value{a.eval(n.A), a.eval(n.B), a.eval(n.C)}
	if v.kind == partial && n.A == 0 && n.C == 0 { // its start, which is what is known of it
		return v
	}
	if !v.isText() && (v.kind != list || v.n != 0) {
		from, m := v.reaches()
		if bound[2].kind == integer && bound[2].n == -1 && n.A == 0 && n.B == 0 && v.kind == unknown {
			from |= fromComputed
		}
		if from == 0 && m == 0 {
			return a.madeOf(v.id, v)
		}
		return a.unknown(from, m, v.id)
	}
	step := int64(1)
	for i, b := range bound {
		if b.kind != integer && [3]syntax.ID{n.A, n.B, n.C}[i] != 0 && b.kind != none {
			return a.tainted(nothing, v.from, v.marks)
		}
	}
	if bound[2].kind == integer {
		step = bound[2].n
	}
	if v.kind == list {
		return a.sliceItems(v, bound, step)
	}
	if !a.fold(copying(len(v.s))) || step == 0 {
		return a.tainted(nothing, v.from, v.marks)
	}
	var out string
	if v.kind == binary || ascii(v.s) {
		out = string(slicing([]byte(v.s), bound, step))
	} else {
		out = string(slicing([]rune(v.s), bound, step))
	}
	r := a.textOf(out, v)
	if step < 0 && len(out) > 2 {
		r = a.withFlags(r, odd)
	}
	return r
}

func (a *analysis) sliceItems(v *value, bound [3]*value, step int64) *value {
	if !a.fold(8*len(v.items)) || step == 0 {
		return a.tainted(nothing, v.from, v.marks)
	}
	return a.make(value{kind: list, items: slicing(v.items, bound, step), from: v.from, marks: v.marks, flags: v.flags})
}

// slicing gives what Python's slices give.
func slicing[E any](s []E, bound [3]*value, step int64) []E {
	n := int64(len(s))
	place := func(b *value, low, high, otherwise int64) int64 {
		if b.kind != integer {
			return otherwise
		}
		i := b.n
		if i < 0 {
			i += n
		}
		return max(low, min(i, high))
	}
	var out []E
	if step > 0 {
		end := place(bound[1], 0, n, n)
		for i := place(bound[0], 0, n, 0); i < end; i += min(step, n+1) {
			out = append(out, s[i])
		}
		return out
	}
	end := place(bound[1], -1, n-1, -1)
	for i := place(bound[0], -1, n-1, n-1); i > end; i += max(step, -n-1) {
		out = append(out, s[i])
	}
	return out
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// character is one character or byte of a constant.
func (a *analysis) character(v *value, i int64) *value {
	if v.kind == binary || ascii(v.s) && a.fold(len(v.s)/16+1) {
		if i < 0 {
			i += int64(len(v.s))
		}
		if i < 0 || i >= int64(len(v.s)) {
			return nothing
		}
		if v.kind == binary {
			return a.make(value{kind: integer, n: int64(v.s[i]), from: v.from})
		}
		return a.make(value{kind: text, s: v.s[i : i+1], flags: v.flags, from: v.from &^ fromLong})
	}
	return a.tainted(nothing, v.from, 0)
}

// chr is the character of a code.
func (a *analysis) chr(v *value) *value {
	if v.kind != integer || v.n < 0 || v.n > utf8.MaxRune {
		from, m := v.reaches()
		return a.tainted(nothing, from|fromComputed, m)
	}
	return a.make(value{kind: text, s: string(rune(v.n)), flags: odd, from: v.from})
}

// joinText is separator.join(list).
func (a *analysis) joinText(sep, v *value, id syntax.ID) *value {
	items := a.members(v)
	if items == nil && v.kind == list {
		items = v.items
	}
	if len(items) == 0 {
		from, m := v.reaches()
		if v.kind == list && v.n == 0 {
			return a.textOf("", sep)
		}
		return a.tainted(nothing, from|sep.from&^fromLong, m)
	}
	pieces := make([]*value, 0, 2*len(items))
	for i, it := range items {
		if i > 0 && sep.s != "" {
			pieces = append(pieces, sep)
		}
		pieces = append(pieces, it)
	}
	return a.glue(pieces, sep, id)
}
