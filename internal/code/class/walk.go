package class

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

const (
	mostSteps   = 60_000  // instructions of one class, loops and calls counted each time
	mostOfRun   = 20_000  // of one run of a method
	mostStates  = 64      // ways through one run of a method that are still to be followed
	mostVisits  = 2       // of one instruction, unless all conditions of its loop are known
	mostCalls   = 5       // of own methods inside each other
	mostParts   = 1 << 12 // of an array
	mostText    = 1 << 17 // bytes of a text that is put together
	mostStack   = 256
	mostLocals  = 1 << 12
	mostPending = 4 * code.MostFacts
)

// value is what lies on the stack or in a variable, as far as it is known. A long or
// a double takes two, the second of which is empty. Objects are shared by pointer, as
// they are in the machine.
type value struct {
	text   string // of a text, a file, an address
	known  bool
	num    int64
	isNum  bool
	from   flow.Set
	typ    string   // the class, or what a name looked up stands for
	parts  []*value // of an array, a list, a command
	elem   byte     // of an array: the letter of its elements
	odd    bool     // put together or looked up although there is a plain way
	single int      // characters that were added one by one
	post   bool     // of a request: it carries a body
	data   flow.Set // of a request or a connection: what it gives away
}

func number(n int64) *value { return &value{num: n, isNum: true} }

// state is a way through a method that is still to be followed.
type state struct {
	pc     int
	stack  []*value
	locals map[int]*value
}

// run is one run of a method.
type run struct {
	*analysis
	m       *method
	state   // where it is
	later   []state
	visits  map[int]int
	step    int
	visited map[int]int // the step at which an instruction was last run
	unknown int         // the step of the last condition that is not known
	result  *value
	start   int // of the instruction that is run
}

// run follows a method with these parameters, and gives what it returns.
func (a *analysis) run(m *method, params []*value) *value {
	if a.calls >= mostCalls || a.steps <= 0 {
		return &value{}
	}
	a.calls++
	a.ran[m] = true
	scope := a.scope
	a.scope = m.name
	defer func() {
		a.calls--
		a.scope = scope
	}()
	r := &run{analysis: a, m: m, visits: map[int]int{}, visited: map[int]int{}, unknown: -1}
	r.locals = map[int]*value{}
	for i, p := range params {
		r.locals[i] = p
	}
	for {
		r.path()
		if len(r.later) == 0 {
			break
		}
		r.state = r.later[len(r.later)-1]
		r.later = r.later[:len(r.later)-1]
		r.unknown = r.step
	}
	if r.result == nil {
		return &value{}
	}
	return r.result
}

// path follows one way to its end.
func (r *run) path() {
	for r.pc >= 0 && r.pc < len(r.m.code) { // a jump may lead anywhere
		if r.step++; r.step > mostOfRun {
			return
		}
		if r.steps--; r.steps <= 0 {
			r.out.Cut("the class does more than is followed")
			return
		}
		if last, ok := r.visited[r.pc]; ok && last <= r.unknown && r.visits[r.pc] >= mostVisits {
			return
		}
		r.visits[r.pc]++
		r.visited[r.pc] = r.step
		if r.m.handlers[r.pc] && len(r.stack) == 0 {
			r.push(&value{typ: "exception"})
		}
		if !r.instruction() {
			return
		}
	}
}

func (r *run) push(v *value) {
	if v == nil {
		v = &value{}
	}
	if len(r.stack) < mostStack {
		r.stack = append(r.stack, v)
	}
}

func (r *run) push2(v *value) {
	r.push(v)
	r.push(nil)
}

func (r *run) pushes(v *value, places int) {
	switch places {
	case 1:
		r.push(v)
	case 2:
		r.push2(v)
	}
}

func (r *run) pop() *value {
	n := len(r.stack)
	if n == 0 {
		return &value{}
	}
	v := r.stack[n-1]
	r.stack = r.stack[:n-1]
	return v
}

func (r *run) pop2() *value {
	r.pop()
	return r.pop()
}

func (r *run) u1(at int) int {
	if at >= 0 && at < len(r.m.code) {
		return int(r.m.code[at])
	}
	return 0
}

func (r *run) u2(at int) int { return r.u1(at)<<8 | r.u1(at+1) }

func (r *run) s4(at int) int {
	if at < 0 || at+4 > len(r.m.code) {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(r.m.code[at:])))
}

func (r *run) load(i int) *value {
	if v := r.locals[i]; v != nil {
		return v
	}
	return &value{}
}

func (r *run) store(i int, v *value) {
	if len(r.locals) < mostStack || r.locals[i] != nil {
		r.locals[i] = v
	}
}

// branch leaves another way for later.
func (r *run) branch(to int) {
	if len(r.later) >= mostStates || r.visits[to] >= mostVisits {
		return
	}
	r.later = append(r.later, state{to, slices.Clone(r.stack), maps.Clone(r.locals)})
}

// jump goes on elsewhere. Back, only while every condition since was known.
func (r *run) jump(to int) bool {
	if last, ok := r.visited[to]; ok && last <= r.unknown && r.visits[to] >= mostVisits {
		return false
	}
	r.pc = to
	return to >= 0
}

// decide takes a conditional branch.
func (r *run) decide(known, holds bool) bool {
	to := r.start + int(int16(r.u2(r.start+1)))
	switch {
	case !known:
		r.branch(to)
		r.unknown = r.step
	case holds:
		r.branch(r.pc)
		return r.jump(to)
	default:
		r.branch(to)
	}
	return true
}

// lengths are the bytes of each instruction; 0 for those that say it themselves.
var lengths = func() (n [256]uint8) {
	for i := range n {
		n[i] = 1
	}
	for i := range 256 {
		switch {
		case i == 16, i == 18, i >= 21 && i <= 25, i >= 54 && i <= 58, i == 169, i == 188:
			n[i] = 2
		case i == 17, i == 19, i == 20, i == 132, i >= 153 && i <= 168, i >= 178 && i <= 184, i == 187, i == 189, i == 192, i == 193, i == 198, i == 199:
			n[i] = 3
		case i == 197:
			n[i] = 4
		case i == 185, i == 186, i == 200, i == 201:
			n[i] = 5
		case i == 170, i == 171, i == 196:
			n[i] = 0
		}
	}
	return n
}()

// instruction runs the next one (The Java Virtual Machine Specification, 6.5) and
// tells whether the way goes on behind it.
func (r *run) instruction() bool {
	op := r.u1(r.pc)
	r.start = r.pc
	at := r.pc + 1
	r.pc += int(lengths[op])
	switch {
	case op == 0:
	case op == 1:
		r.push(&value{typ: "null"})
	case op <= 8:
		r.push(number(int64(op) - 3))
	case op <= 10:
		r.push2(number(int64(op) - 9))
	case op <= 13:
		r.push(nil)
	case op <= 15:
		r.push2(nil)
	case op == 16:
		r.push(number(int64(int8(r.u1(at)))))
	case op == 17:
		r.push(number(int64(int16(r.u2(at)))))
	case op == 18:
		r.push(r.constant(r.u1(at)))
	case op == 19:
		r.push(r.constant(r.u2(at)))
	case op == 20:
		r.push2(r.constant(r.u2(at)))
	case op <= 25:
		r.variable(op, op-21, r.u1(at), true)
	case op <= 45:
		r.variable(op, (op-26)/4, (op-26)%4, true)
	case op <= 53:
		r.element(op)
	case op <= 58:
		r.variable(op, op-54, r.u1(at), false)
	case op <= 78:
		r.variable(op, (op-59)/4, (op-59)%4, false)
	case op <= 86:
		r.setElement(op)
	case op <= 95:
		r.shuffle(op)
	case op <= 152:
		r.arithmetic(op, at)
	case op <= 171, op == 198, op == 199, op == 200, op == 201:
		return r.control(op, at)
	case op <= 177: // returns
		if op != 177 {
			v := r.pop()
			if op == 173 || op == 175 {
				v = r.pop()
			}
			r.returned(v)
		}
		return false
	case op <= 181:
		r.field(op, r.u2(at))
	case op <= 186:
		r.invoke(op, r.u2(at))
	case op == 191: // athrow
		return false
	default:
		r.object(op, at)
	}
	return true
}

// returned joins what the ways through a method give.
func (r *run) returned(v *value) {
	if r.result == nil {
		r.result = v
		return
	}
	if r.result != v {
		both := *r.result
		both.from |= v.from
		if !both.known && len(both.parts) == 0 && (v.known || len(v.parts) > 0) {
			from := both.from
			both = *v
			both.from |= from
		}
		r.result = &both
	}
}

// constant is what ldc pushes.
func (r *run) constant(i int) *value {
	k := r.f.get(i)
	r.use(i)
	switch k.tag {
	case tagString:
		v := &value{text: r.f.utf8(k.a), known: true, typ: "java.lang.String"}
		if len(v.text) >= 200 {
			v.from = flow.Word(code.LongLiteral)
		}
		return v
	case tagInteger, tagLong:
		return number(k.num)
	case tagClass:
		return &value{typ: ofClass + r.f.class(i)}
	}
	return &value{}
}

// variable loads or stores; the kinds are int, long, float, double and reference.
func (r *run) variable(_, kind, i int, load bool) {
	wide := kind == 1 || kind == 3
	if !load {
		if wide {
			r.pop()
		}
		r.store(i, r.pop())
		return
	}
	r.push(r.load(i))
	if wide {
		r.push(nil)
	}
}

// element loads from an array.
func (r *run) element(op int) {
	i, array := r.pop(), r.pop()
	v := &value{from: array.from}
	if i.isNum && i.num >= 0 && i.num < int64(len(array.parts)) && array.parts[i.num] != nil {
		one := *array.parts[i.num]
		one.from |= array.from
		v = &one
		if op == 50 { // a reference: the object itself
			v = array.parts[i.num]
		}
	} else if op == 50 {
		for _, p := range array.parts[:min(len(array.parts), 64)] {
			if p != nil {
				v.from |= p.from
			}
		}
	}
	r.push(v)
	if op == 47 || op == 49 {
		r.push(nil)
	}
}

// setElement stores in an array.
func (r *run) setElement(op int) {
	v := r.pop()
	if op == 80 || op == 82 {
		v = r.pop()
	}
	i, array := r.pop(), r.pop()
	array.from |= v.from
	if i.isNum && i.num >= 0 && i.num < int64(len(array.parts)) {
		array.parts[i.num] = v
	} else if len(array.parts) > 0 {
		array.typ = "computed"
	}
}

// shuffle is pop, dup and swap.
func (r *run) shuffle(op int) {
	n := map[int]struct{ take, under int }{89: {1, 0}, 90: {1, 1}, 91: {1, 2}, 92: {2, 0}, 93: {2, 1}, 94: {2, 2}}
	switch op {
	case 87:
		r.pop()
	case 88:
		r.pop2()
	case 95:
		x, y := r.pop(), r.pop()
		r.push(x)
		r.push(y)
	default:
		d := n[op]
		for len(r.stack) < d.take+d.under {
			r.stack = append([]*value{{}}, r.stack...)
		}
		at := len(r.stack) - d.take
		top := slices.Clone(r.stack[at:])
		if len(r.stack) < mostStack {
			r.stack = slices.Insert(r.stack, at-d.under, top...)
		}
	}
}

// arithmetic is all from iadd to dcmpg.
func (r *run) arithmetic(op, at int) {
	switch {
	case op < 116 || op >= 120 && op <= 131: // two operands
		kind := (op - 96) % 4
		if op >= 120 {
			kind = (op - 120) % 2
		}
		wide := kind == 1 || kind == 3
		var x, y *value
		if wide && !(op >= 120 && op <= 125) {
			y = r.pop2()
		} else {
			y = r.pop()
		}
		if wide {
			x = r.pop2()
		} else {
			x = r.pop()
		}
		v := &value{from: x.from | y.from, odd: x.odd || y.odd}
		if x.isNum && y.isNum && kind < 2 {
			v.num, v.isNum = calculated(op, x.num, y.num, wide)
		}
		r.push(v)
		if wide {
			r.push(nil)
		}
	case op < 120: // neg
		wide := op == 117 || op == 119
		x := r.pop()
		if wide {
			x = r.pop()
		}
		v := &value{from: x.from, isNum: x.isNum && op <= 117, num: -x.num}
		r.push(v)
		if wide {
			r.push(nil)
		}
	case op == 132: // iinc
		v := *r.load(r.u1(at))
		v.num += int64(int8(r.u1(at + 1)))
		v.num = int64(int32(v.num))
		r.store(r.u1(at), &v)
	case op <= 147:
		r.convert(op)
	default: // comparisons
		two := op == 148 || op >= 151
		var x, y *value
		if two {
			y, x = r.pop2(), r.pop2()
		} else {
			y, x = r.pop(), r.pop()
		}
		v := &value{from: x.from | y.from}
		if x.isNum && y.isNum && op == 148 {
			v.isNum = true
			switch {
			case x.num < y.num:
				v.num = -1
			case x.num > y.num:
				v.num = 1
			}
		}
		r.push(v)
	}
}

func (r *run) convert(op int) {
	fromWide := op >= 136 && op <= 138 || op >= 142 && op <= 144
	toWide := op == 133 || op == 135 || op == 138 || op == 140 || op == 141 || op == 143
	x := r.pop()
	if fromWide {
		x = r.pop()
	}
	v := *x
	switch op {
	case 136:
		v.num = int64(int32(v.num))
	case 145:
		v.num = int64(int8(v.num))
	case 146:
		v.num = int64(uint16(v.num))
	case 147:
		v.num = int64(int16(v.num))
	case 133:
	default:
		v.isNum = false
	}
	r.push(&v)
	if toWide {
		r.push(nil)
	}
}

// calculated is whole numbers' arithmetic, of 32 or 64 bits.
func calculated(op int, x, y int64, wide bool) (int64, bool) {
	bits := int64(31)
	if wide {
		bits = 63
	}
	var n int64
	switch op {
	case 96, 97:
		n = x + y
	case 100, 101:
		n = x - y
	case 104, 105:
		n = x * y
	case 108, 109, 112, 113:
		if y == 0 {
			return 0, false
		}
		if n = x / y; op >= 112 {
			n = x % y
		}
	case 120, 121:
		n = x << (y & bits)
	case 122, 123:
		n = x >> (y & bits)
	case 124:
		n = int64(uint32(x) >> (y & bits))
	case 125:
		n = int64(uint64(x) >> (y & bits))
	case 126, 127:
		n = x & y
	case 128, 129:
		n = x | y
	case 130, 131:
		n = x ^ y
	default:
		return 0, false
	}
	if !wide {
		n = int64(int32(n))
	}
	return n, true
}

// control is branches, jumps and switches.
func (r *run) control(op, at int) bool {
	switch {
	case op <= 158:
		x := r.pop()
		return r.decide(x.isNum, compared(op-153, x.num, 0))
	case op <= 164:
		y, x := r.pop(), r.pop()
		return r.decide(x.isNum && y.isNum, compared(op-159, x.num, y.num))
	case op <= 166:
		r.pop2()
		return r.decide(false, false)
	case op == 167:
		return r.jump(r.start + int(int16(r.u2(at))))
	case op == 168: // jsr
		r.push(nil)
		r.branch(r.pc)
		return r.jump(r.start + int(int16(r.u2(at))))
	case op == 169:
		return false
	case op == 200:
		return r.jump(r.start + r.s4(at))
	case op == 201:
		r.push(nil)
		r.branch(r.pc)
		return r.jump(r.start + r.s4(at))
	case op == 198 || op == 199:
		x := r.pop()
		null := x.typ == "null"
		return r.decide(null, null == (op == 198))
	}
	return r.choose(op, at)
}

func compared(how int, x, y int64) bool {
	switch how {
	case 0:
		return x == y
	case 1:
		return x != y
	case 2:
		return x < y
	case 3:
		return x >= y
	case 4:
		return x > y
	}
	return x <= y
}

// choose is tableswitch and lookupswitch.
func (r *run) choose(op, at int) bool {
	const mostCases = 256
	x := r.pop()
	at += (4 - at%4) % 4
	other := r.start + r.s4(at)
	n, first := r.s4(at+4), 0
	if op == 170 {
		first = n
		n = r.s4(at+8) - first + 1
		at += 12
	} else {
		at += 8
	}
	n = min(max(n, 0), mostCases)
	for i := range n {
		label, to := int64(first+i), r.start+r.s4(at+4*i)
		if op == 171 {
			label, to = int64(r.s4(at+8*i)), r.start+r.s4(at+8*i+4)
		}
		if x.isNum && label == x.num {
			r.branch(other)
			return r.jump(to)
		}
		if !x.isNum {
			r.branch(to)
		}
	}
	if !x.isNum {
		r.unknown = r.step
	}
	return r.jump(other)
}

// field gets and sets fields. One of an object is one of all objects of its class.
func (r *run) field(op, ref int) {
	r.use(ref)
	owner, name, desc := r.f.member(ref)
	key := owner + "." + name
	wide := desc == "J" || desc == "D"
	if op == 178 || op == 180 {
		if op == 180 {
			on := r.pop()
			if v := r.fields[key]; v == nil && on.from != 0 {
				r.push(&value{from: on.from})
				return
			}
		}
		v := r.fields[key]
		if v == nil {
			v = &value{typ: fieldType(desc)}
			if owner == "java.io.File" && (name == "separator" || name == "separatorChar") {
				v = &value{text: "/", known: true, num: '/', isNum: desc == "C"}
			}
		}
		r.push(v)
		if wide {
			r.push(nil)
		}
		return
	}
	v := r.pop()
	if wide {
		v = r.pop()
	}
	if op == 181 {
		r.pop()
	}
	if old := r.fields[key]; old != nil && old.from&^v.from != 0 && !v.known {
		both := *v
		both.from |= old.from
		v = &both
	}
	if len(r.fields) < mostLocals {
		r.fields[key] = v
	}
}

// fieldType is the class of a field, by its descriptor.
func fieldType(desc string) string {
	if len(desc) > 2 && desc[0] == 'L' {
		return dotted(desc[1 : len(desc)-1])
	}
	return ""
}

// object is new, arrays, casts and what has a wide index.
func (r *run) object(op, at int) {
	switch op {
	case 187: // new
		r.push(&value{typ: r.f.class(r.u2(at))})
	case 188: // newarray
		r.push(array(r.pop(), "____ZCFDBSIJ"[min(r.u1(at), 11)]))
	case 189:
		r.push(array(r.pop(), 'L'))
	case 190: // arraylength
		a := r.pop()
		v := &value{from: a.from}
		if a.parts != nil {
			v = number(int64(len(a.parts)))
		}
		r.push(v)
	case 193: // instanceof
		r.push(&value{from: r.pop().from})
	case 194, 195:
		r.pop()
	case 196: // wide
		r.wide(r.u1(at), r.u2(at+1), at)
	case 197: // multianewarray
		for range r.u1(at + 2) {
			r.pop()
		}
		r.push(nil)
	}
}

func array(n *value, elem byte) *value {
	v := &value{elem: elem}
	if n.isNum && n.num >= 0 && n.num <= mostParts {
		v.parts = make([]*value, n.num)
		if elem != 'L' {
			zero := number(0)
			for i := range v.parts {
				v.parts[i] = zero
			}
		}
	}
	return v
}

func (r *run) wide(op, i, at int) {
	r.pc = r.start + 4
	switch {
	case op >= 21 && op <= 25:
		r.variable(op, op-21, i, true)
	case op >= 54 && op <= 58:
		r.variable(op, op-54, i, false)
	case op == 132:
		v := *r.load(i)
		v.num = int64(int32(v.num + int64(int16(r.u2(at+3)))))
		r.store(i, &v)
		r.pc = r.start + 6
	}
}

// string is an array's or a number's text.
func (v *value) string() (string, bool) {
	switch {
	case v.known:
		return v.text, true
	case v.isNum:
		return strconv.FormatInt(v.num, 10), true
	case v.elem != 0 && len(v.parts) > 0:
		return v.bytes()
	}
	return "", false
}

// bytes is the text of an array of bytes or characters whose elements are known.
func (v *value) bytes() (string, bool) {
	if v.elem != 'B' && v.elem != 'C' && v.elem != 'I' {
		return "", false
	}
	var b []byte
	for _, p := range v.parts {
		if p == nil || !p.isNum {
			return "", false
		}
		if v.elem == 'B' {
			b = append(b, byte(p.num))
		} else {
			b = append(b, string(rune(p.num))...)
		}
	}
	return string(b), len(b) > 0
}
