package javascript

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// What is carried out is followed statement by statement, as an interpreter would,
// with the values that the analysis has: constants, objects, functions of the file
// and names of libraries. A condition that is not known ends it without a result,
// and so does a change of what others can see. It gives no facts until it has
// ended; then what it called of libraries is followed as a call with these
// arguments.

// Limits of what is carried out.
const (
	stepsOfGiven  = 8_000  // of a call with other arguments than constants
	stepsOfNone   = 5000   // of a call without arguments
	stepsOfPass   = 20_000 // of all those calls in one pass
	mostFailures  = 2      // of a function in a pass, before it is tried no more
	mostClosures  = 4      // of one function that are followed in a pass
	mostEffects   = 64
	mostYields    = 20_000
	mostChanged   = 256 // arrays and objects that a loop changes
	mostPairs     = 512 // of a map
	mostByteArray = 64 << 10
)

// carrying is the state of what is carried out.
type carrying struct {
	activation int32    // numbers what is carried out from outside
	owner      *fun     // the function that it is carried out in
	outward    bool     // it may change what owner holds
	changed    []change // what it changed of owner's arrays and objects
	effects    []effect
	raised     *value    // an exception on its way
	yields     *[]*value // of the generator that is carried out
}

type saved struct {
	b   *binding
	now *value
}

// change is an array or object and what it held.
type change struct {
	v   *value
	was value
}

// effect is a call of a library.
type effect struct {
	f, this   *value
	args      []*value
	in        *fun // the function that it stands in
	pos       int32
	construct bool
	disguised bool
}

// outcome is what something that was carried out left behind.
type outcome struct {
	vars    []saved
	changed []change
}

// born is the mark of what is made now.
func (a *analysis) born() int32 {
	if a.concrete {
		return a.activation
	}
	return 0
}

// straight says whether what is carried out here happens once, and here.
func (a *analysis) straight() bool {
	return a.loop == 0 && a.branch == 0 && a.stepsLeft > 0 && !a.concrete
}

// enter begins to carry something out. What it gives ends that, and tells whether it
// came to its end.
func (a *analysis) enter(steps int, outward bool) (leave func() (bool, *outcome)) {
	left, undo, before := a.steps, a.undo, a.carrying
	steps = min(a.stepsLeft, steps)
	a.steps, a.aborted, a.undo, a.concrete = steps, false, nil, true
	a.carrying = carrying{activation: before.activation + 1, owner: a.cur, outward: outward}
	a.quiet++
	a.inlined++
	return func() (bool, *outcome) {
		a.inlined--
		a.quiet--
		ok := !a.aborted
		a.stepsLeft -= steps - a.steps
		out := &outcome{}
		if ok {
			for _, s := range a.undo {
				out.vars = append(out.vars, saved{s.b, s.b.now})
			}
			for _, c := range a.changed {
				out.changed = append(out.changed, change{c.v, *c.v})
			}
		}
		for _, s := range slices.Backward(a.undo) {
			s.b.now = s.now
		}
		for _, c := range slices.Backward(a.changed) {
			*c.v = c.was
		}
		effects := a.effects
		a.concrete, a.aborted, a.returned, a.steps, a.undo = false, false, false, left, undo
		number := a.activation
		a.carrying = before
		a.activation = number
		if ok {
			a.replay(effects)
		}
		return ok, out
	}
}

// replay follows the calls of libraries that were carried out and of which more is
// known now than by following the code itself.
func (a *analysis) replay(effects []effect) {
	for _, e := range effects {
		if seen, ok := a.followed[followed{e.pos, e.f.s}]; !ok || constants(e.args)&^seen != 0 {
			in := a.standsIn
			a.replaying, a.standsIn = a.replaying+1, e.in
			a.callValue(e.f, e.this, e.args, e.pos, e.construct, e.disguised)
			a.replaying, a.standsIn = a.replaying-1, in
		}
	}
}

// followed is a call of a library that was followed in the code itself.
type followed struct {
	pos  int32
	name string
}

// follows notes such a call.
func (a *analysis) follows(name string, args []*value, pos int32) {
	if a.replaying > 0 || a.concrete {
		return
	}
	if a.followed == nil {
		a.followed = map[followed]uint8{}
	}
	if k := (followed{pos, name}); len(a.followed) < mostPending {
		a.followed[k] |= constants(args)
	}
}

// constants says which of the first arguments are known, a bit each.
func constants(args []*value) (mask uint8) {
	for i, v := range args[:min(len(args), 8)] {
		if v.kind == vString || v.kind == vArray && !v.dirty || v.approx != "" {
			mask |= 1 << i
		}
	}
	return mask
}

// tryLoop carries out a loop whose start was followed already. It gives what it
// leaves behind, or nothing when it cannot be told.
func (a *analysis) tryLoop(rounds func() jump) *outcome {
	if a.inlined > 0 {
		return nil
	}
	leave := a.enter(stepsOfOne, true)
	if j := rounds(); j != onward {
		a.aborted = true
	}
	if ok, out := leave(); ok {
		return out
	}
	return nil
}

// settle gives variables and objects what something that was carried out left in them.
func (a *analysis) settle(out *outcome) {
	if out == nil {
		return
	}
	for _, s := range out.vars {
		s.b.now = s.now
		if s.now != nil {
			s.b.all = merge(s.b.all, s.now)
		}
	}
	for _, c := range out.changed {
		*c.v = c.was
	}
}

// inline carries out a call with what is known, if that takes few steps.
func (a *analysis) inline(f *fun, this *value, args []*value) (*value, bool) {
	if f.gen != a.gen || f.node == 0 || f.class || a.inlined >= mostInline || a.stepsLeft <= 0 || f.running && !a.concrete {
		return nil, false
	}
	if a.at(f.node).flag&fAsync != 0 || a.at(a.at(f.node).b).op == nLazy {
		return nil, false
	}
	if a.concrete {
		return a.activate(f, this, args)
	}
	steps := stepsOfOne
	for _, v := range args {
		switch {
		case v.kind == vNull || v.isConst() || v.kind == vArray && !v.dirty && !holdsCode(v):
		case v.kind == vName || v.kind == vFunc || v.kind == vRegex, (v.kind == vObject || v.kind == vArray) && !v.dirty:
			steps = min(steps, stepsOfGiven)
		default:
			return nil, false
		}
	}
	if len(args) == 0 {
		steps = stepsOfNone
	}
	if r := f.real(); r.failedIn != a.pass {
		r.failed, r.failedIn = 0, a.pass
	} else if r.failed >= mostFailures {
		return nil, false
	}
	if a.passLeft <= 0 && steps < stepsOfOne {
		return nil, false
	}
	cur, scope, self, loop, branch := a.cur, a.scope, a.this, a.loop, a.branch
	before := a.stepsLeft
	leave := a.enter(steps, false)
	v, ok := a.activate(f, this, args)
	if !ok {
		a.aborted = true
	}
	a.cur, a.scope, a.this, a.loop, a.branch = cur, scope, self, loop, branch
	done, _ := leave()
	if steps < stepsOfOne {
		a.passLeft -= before - a.stepsLeft
	}
	if !done {
		f.real().failed++
		return nil, false
	}
	if !useful(v) {
		return nil, false
	}
	c := *v
	for _, arg := range args {
		c.carry(arg)
	}
	if c.kind == vString {
		c.joined = true
	}
	return &c, true
}

// useful says whether a result is worth more than what is known without it.
func useful(v *value) bool {
	switch v.kind {
	case vString, vNumber, vBool, vBig, vName, vRegex:
		return true
	case vArray:
		return !v.dirty
	case vFunc:
		return v.fn.origin != nil
	case vObject:
		if v.dirty || len(v.fields) > 64 {
			return false
		}
		for _, f := range v.fields {
			if f.kind == vObject || !useful(f) && f.kind != vNull {
				return false
			}
		}
		return len(v.fields) > 0 && v.fn == nil
	}
	return false
}

func holdsCode(v *value) bool {
	for i, it := range v.items {
		if it.kind == vFunc || it.kind == vName || it.kind == vObject {
			return true
		}
		if i > 16 {
			break
		}
	}
	return false
}

// activate carries out a body.
func (a *analysis) activate(f *fun, this *value, args []*value) (*value, bool) {
	if f.node == 0 || f.gen != a.gen || a.inlined >= mostInline || a.depth > mostEval/2 {
		return nil, false
	}
	x := a.at(f.node)
	cur, scope, self, ret, returned := a.cur, a.scope, a.this, a.ret, a.returned
	loop, branch, pending, yields := a.loop, a.branch, len(a.pending), a.yields
	a.scope, a.this, a.ret, a.returned = f.outer, this, nil, false
	if x.flag&fArrow != 0 {
		a.this = f.this
	}
	a.loop, a.branch = 0, 0
	a.inlined++
	if args == nil {
		args = []*value{}
	}
	var given []*value
	generator := x.flag&fGenerator != 0
	a.yields = nil
	if generator {
		a.yields = &given
	}
	// The activation is a function of its own for what it may write to.
	twin := *f
	twin.origin = f.real()
	a.cur = &twin
	a.body(&twin, args)
	v := a.ret
	a.inlined--
	a.cur, a.scope, a.this, a.ret, a.returned = cur, scope, self, ret, returned
	a.loop, a.branch, a.pending, a.yields = loop, branch, a.pending[:pending], yields
	if a.aborted {
		return nil, false
	}
	if generator {
		return &value{kind: vArray, items: given, born: a.born(), iterated: true, fn: f.real()}, true
	}
	if v == nil {
		v = undefined
	}
	return v, true
}

// closure is a function that was made by what is carried out: it sees the variables
// of the moment.
func (a *analysis) closure(f *fun, x *node) *value {
	c := &fun{pos: f.pos, node: f.node, gen: f.gen, pass: -1, outer: a.scope, origin: f.real(), title: f.title}
	if c.title == "" && x.d != 0 {
		c.title = a.titled(a.atoms.names[x.d])
	}
	if x.flag&fArrow != 0 {
		c.this = a.this
	}
	return &value{kind: vFunc, fn: c}
}

// mayFollow bounds how many closures of one function are followed.
func (a *analysis) mayFollow(f *fun) bool {
	if f.origin == nil {
		return true
	}
	if f.origin.closedIn != a.pass {
		f.origin.closures, f.origin.closedIn = 0, a.pass
	}
	f.origin.closures++
	return f.origin.closures <= mostClosures
}

// instance carries out new f(...).
func (a *analysis) instance(f *fun, args []*value) *value {
	o := newObject()
	o.born, o.fn = a.born(), f
	self := a.this
	defer func() { a.this = self }()
	if !f.class {
		if v, ok := a.inline(f, o, args); ok && v.kind == vObject {
			return v
		}
		return o
	}
	if f.gen != a.gen || f.super != nil && f.super.kind != vFunc {
		a.aborted = true
		return unknown
	}
	var chain []*fun
	for c := f; c != nil && len(chain) < 8; {
		chain = append(chain, c)
		if c.super == nil || c.super.kind != vFunc {
			break
		}
		c = c.super.fn
	}
	var constructor *fun
	for _, c := range slices.Backward(chain) {
		if c.gen != a.gen || !c.class {
			a.aborted = true
			return unknown
		}
		scope := a.scope
		a.scope, a.this = c.outer, o
		for m := a.at(c.node).b; m != 0; m = a.at(m).next {
			prop := *a.at(m)
			if prop.op != nProp || prop.a == 0 || prop.flag&(fStatic|fMethod|fGet) != 0 {
				continue
			}
			key, _, known := a.key(prop.a, prop.flag&fComputed != 0)
			if !known {
				a.aborted = true
				break
			}
			o.fields[key] = a.eval(prop.b)
		}
		a.scope = scope
		if k := c.proto.field("constructor"); k != nil && k.kind == vFunc {
			constructor = k.fn
		}
	}
	if constructor != nil {
		if _, ok := a.inline(constructor, o, args); !ok {
			a.aborted = true
		}
	}
	return o
}

// throw begins to unwind.
func (a *analysis) throw(v *value) {
	if !a.aborted {
		a.aborted, a.raised = true, v
	}
}

// carryTry carries out try, catch and finally.
func (a *analysis) carryTry(x *node) jump {
	j := a.statement(x.a)
	if a.aborted && a.raised != nil && x.c != 0 {
		v := a.raised
		a.aborted, a.raised = false, nil
		outer := a.scope
		if x.b != 0 {
			a.scope = a.scopeAt(x.pos, 2, a.cur)
			a.declarePattern(x.b)
			a.bind(x.b, v)
		}
		j = a.statement(x.c)
		a.scope = outer
	}
	if x.d != 0 && (!a.aborted || a.raised != nil) {
		aborted, raised, ret := a.aborted, a.raised, a.ret
		a.aborted, a.raised = false, nil
		if last := a.statement(x.d); last != onward {
			return last
		}
		if !a.aborted {
			a.aborted, a.raised, a.ret = aborted, raised, ret
		}
	}
	return j
}

// yield hands a value out of a generator.
func (a *analysis) yield(x *node) *value {
	v := undefined
	if x.a != 0 {
		v = a.eval(x.a)
	}
	if !a.concrete {
		if x.flag&fAll != 0 {
			v = a.iterate(v)
			if v.kind == vArray && len(v.items) <= mostUnion {
				for _, it := range v.items {
					a.ret = merge(a.ret, it)
				}
				d := v.deep(1)
				a.ret = merge(a.ret, tainted(d.from))
			} else {
				a.ret = merge(a.ret, v)
			}
		} else {
			a.ret = merge(a.ret, v)
		}
		if f := a.cur; f != nil && f.sent != nil {
			return f.sent
		}
		return unknown
	}
	if a.yields == nil || len(*a.yields) >= mostYields {
		a.aborted = true
		return unknown
	}
	if x.flag&fAll == 0 {
		*a.yields = append(*a.yields, v)
		return undefined
	}
	if v = a.iterate(v); v.kind != vArray || v.dirty {
		a.aborted = true
		return unknown
	}
	*a.yields = append(*a.yields, v.items...)
	return undefined
}

func (a *analysis) isGenerator(f *fun) bool {
	return f.gen == a.gen && f.node != 0 && !f.class && a.at(f.node).op == nFunc && a.at(f.node).flag&fGenerator != 0
}

// yielded is what a generator gives that was not carried out: some of its values.
func yielded(f *fun) *value {
	v := &value{kind: vArray, dirty: true, iterated: true, fn: f}
	if f.ret != nil {
		f.ret.each(func(it *value) { v.items = append(v.items, it) })
		v.carry(f.ret)
	}
	return v
}

// carryAssign assigns to a member in what is carried out.
func (a *analysis) carryAssign(obj *value, key string, v *value) bool {
	switch obj.kind {
	case vArray:
		if obj.dirty || !a.mayChange(obj) {
			return false
		}
		i, err := strconv.Atoi(key)
		if key == "length" && v.kind == vNumber && int(v.n) >= 0 && int(v.n) <= len(obj.items) {
			obj.items = obj.items[:int(v.n):int(v.n)]
			return true
		}
		if err != nil || i < 0 || i > len(obj.items)+256 || i >= mostItems || obj.typed && i >= len(obj.items) {
			return false
		}
		for i > len(obj.items) {
			obj.items = append(obj.items, undefined)
		}
		if obj.typed {
			f, ok := v.num()
			if !ok {
				return false
			}
			v = smallNumbers[byte(toInt32(f))].with(v)
		}
		if i == len(obj.items) {
			obj.items = append(obj.items, v)
		} else {
			obj.items[i] = v
		}
		return true
	case vString:
		i, err := strconv.Atoi(key)
		f, ok := v.num()
		if err != nil || !ok || !obj.bytes || i < 0 || i >= len(obj.s) || len(obj.s) > 4096 || !a.mayChange(obj) {
			return false
		}
		obj.s = obj.s[:i] + string([]byte{byte(toInt32(f))}) + obj.s[i+1:]
		obj.carry(v)
		return true
	case vObject:
		if obj.dirty || obj.rare().behind != nil || !a.mayChange(obj) || len(obj.fields) >= mostFields {
			return false
		}
		if _, ok := obj.fields[key]; !ok {
			obj.grow().keyOrder = append(obj.grow().keyOrder, key)
		}
		obj.fields[key] = v
		return true
	}
	return false
}

// mayChange says whether an array or object may be changed by what is carried out,
// and keeps what it held.
func (a *analysis) mayChange(v *value) bool {
	if v.born != 0 && v.born == a.activation {
		return true
	}
	if !a.outward || len(a.changed) >= mostChanged || len(v.fields) > manyFields {
		return false
	}
	for i := range a.changed {
		if a.changed[i].v == v {
			return true
		}
	}
	a.changed = append(a.changed, change{v, *v})
	v.items = slices.Clone(v.items)
	if v.more != nil {
		m := *v.more
		m.keyOrder = slices.Clone(m.keyOrder)
		v.more = &m
	}
	if v.fields != nil {
		fields := make(map[string]*value, len(v.fields)+8)
		for k, f := range v.fields {
			fields[k] = f
		}
		v.fields = fields
	}
	return true
}

// carryName carries out a call of a library: what it gives is only its name, and it
// is followed when all has ended.
func (a *analysis) carryName(f, this *value, args []*value, pos int32, construct, disguised bool) *value {
	path := f.s
	out := &value{kind: vName, s: path + "()"}
	switch {
	case loads(path):
		if len(args) == 0 || args[0].kind != vString {
			a.aborted = true
			return unknown
		}
		module := args[0].s
		if known := a.ofNeighbour(module, pos); known != nil {
			out = known
		} else {
			out.s = canonicalModule(module)
			out.disguised = args[0].disguised || args[0].joined
		}
	case made[path] != "":
		out.s = made[path]
	}
	s, isFact := specs()[path]
	if isFact {
		out.from = s.from
	}
	if len(out.s) > mostPath || strings.HasPrefix(path, "Math.random") {
		a.aborted = true
		return unknown
	}
	if isFact || loads(path) {
		if len(a.effects) >= mostEffects {
			a.aborted = true
			return unknown
		}
		a.effects = append(a.effects, effect{f, this, slices.Clone(args), a.cur.real(), pos, construct, disguised})
		return out
	}
	var from flow.Set
	for _, arg := range args {
		if arg.kind == vFunc { // it runs, and nobody knows when
			a.aborted = true
			return unknown
		}
		from |= arg.from
	}
	out.from |= from &^ fromLong
	return out
}

// loads says whether a name is a function that gives a module.
func loads(path string) bool {
	switch path {
	case "require", "module.require", "module._load", "import", "process.getBuiltinModule":
		return true
	}
	return false
}
