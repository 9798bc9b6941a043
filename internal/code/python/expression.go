package python

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// mostHeight is how deep expressions are followed; what is deeper is unknown.
const mostHeight = 400

// eval gives what is known of an expression, and notes what it does.
func (a *analysis) eval(id syntax.ID) *value {
	if id == 0 {
		return nothing
	}
	if a.height >= mostHeight || !a.step() {
		if a.exact > 0 {
			a.giveUp()
			return nothing
		}
		a.deep(id)
		return nothing
	}
	a.height++
	v := a.expression(id)
	a.height--
	return v
}

func (a *analysis) expression(id syntax.ID) *value {
	t := a.tree
	n := t.Node(id)
	switch n.Kind {
	case syntax.Name:
		a.looking = id
		return a.lookup(t.Name(id))
	case syntax.Str:
		return a.literal(id, n)
	case syntax.Num:
		if i, ok := t.Int(id); ok {
			return a.number(i)
		}
		if v := a.largeLiteral(id); v != nil {
			return v
		}
	case syntax.True:
		return trueValue
	case syntax.False:
		return falseValue
	case syntax.None:
		return noneValue
	case syntax.Attribute:
		return a.attribute(a.eval(n.A), t.Name(id), id)
	case syntax.Call:
		return a.call(id, n)
	case syntax.Subscript:
		return a.subscript(id, n)
	case syntax.BinOp:
		return a.binary(id, n)
	case syntax.UnaryOp:
		return a.unary(n)
	case syntax.JoinedStr, syntax.TemplateStr:
		return a.formatted(id, n)
	case syntax.FormattedValue:
		return a.eval(n.A)
	case syntax.List, syntax.Tuple, syntax.Set:
		return a.sequence(n.A)
	case syntax.Dict:
		return a.dictionary(n.A)
	case syntax.BoolOp:
		out := a.eval(n.A)
		if a.exact > 0 {
			return a.shortCircuit(n, out)
		}
		for m := t.Next(n.A); m != 0; m = t.Next(m) {
			out = a.either(out, a.eval(m))
		}
		return out
	case syntax.IfExp:
		test := a.eval(n.B)
		if yes, known := truthOf(test); known && a.exact > 0 {
			if yes {
				return a.eval(n.A)
			}
			return a.eval(n.C)
		}
		return a.either(a.eval(n.C), a.eval(n.A))
	case syntax.NamedExpr:
		v := a.eval(n.B)
		a.assign(n.A, v)
		return v
	case syntax.Lambda:
		return a.lambda(id, n)
	case syntax.ListComp, syntax.SetComp, syntax.GeneratorExp:
		return a.comprehension(n.A, 0, n.C)
	case syntax.DictComp:
		return a.comprehension(n.A, n.B, n.C)
	case syntax.Await, syntax.Starred, syntax.Repr:
		return a.eval(n.A)
	case syntax.Yield, syntax.YieldFrom:
		v := a.eval(n.A)
		if a.exact > 0 {
			if items, ok := a.iterates(v); ok && n.Kind == syntax.YieldFrom {
				a.yields = append(a.yields, items...)
			} else {
				a.yields = append(a.yields, v)
			}
			return noneValue
		}
		if a.scope.fn != nil {
			a.scope.fn.result.add(v)
		}
		return nothing
	case syntax.Compare:
		return a.compare(n)
	case syntax.Slice:
		a.eval(n.A)
		a.eval(n.B)
		a.eval(n.C)
	default:
		t.Children(id, func(kid syntax.ID) { a.eval(kid) })
	}
	return nothing
}

var (
	trueValue  = &value{kind: boolean, n: 1}
	falseValue = &value{kind: boolean}
	noneValue  = &value{kind: none}
)

// literal is a string constant. Its marks are looked up once.
func (a *analysis) literal(id syntax.ID, n *syntax.Node) *value {
	s, _ := a.tree.Value(id)
	v := value{kind: text, s: s}
	if n.Flags&syntax.Bytes != 0 {
		v.kind = binary
	}
	if len(s) >= longLiteral {
		v.from = fromLong
	}
	if len(s) >= 4 {
		v.marks = a.literalMarks(id, s)
		if v.marks != 0 {
			a.noteString(s, v.marks, id, false)
		}
	}
	return a.make(v)
}

// literalMarks looks a constant's marks up once, whatever the number of rounds.
func (a *analysis) literalMarks(id syntax.ID, s string) marks {
	if a.looked[id/64]&(1<<(id%64)) == 0 {
		a.looked[id/64] |= 1 << (id % 64)
		if m := marksOf(s); m != 0 {
			a.literals[id] = m
		}
	}
	return a.literals[id]
}

const longLiteral = 200

// sequence is a list, tuple or set.
func (a *analysis) sequence(first syntax.ID) *value {
	var items []*value
	open := false // a starred member of unknown length
	var from sources
	var m marks
	for kid := first; kid != 0; kid = a.tree.Next(kid) {
		v := a.settle(a.eval(kid), kid)
		if a.tree.Kind(kid) == syntax.Starred {
			if v.kind == list && a.spreads(len(items), v) {
				items = append(items, v.items...)
				continue
			}
			open = true
		}
		if len(items) < mostItems {
			items = append(items, v)
			continue
		}
		f, ms := v.reaches()
		from |= f
		m |= ms
		open = true
	}
	out := value{kind: list, items: items, from: from, marks: m}
	if open {
		out.n = 1 // more than items
	}
	return a.make(out)
}

// mostItems bounds what is kept of one list or dictionary.
const mostItems = 1 << 16

// spreads says whether the members of v are put beside the so many that are there:
// each costs, so that what is spread into itself again and again comes to an end.
func (a *analysis) spreads(there int, v *value) bool {
	return there+len(v.items) <= mostItems && a.fold(8*len(v.items))
}

func (a *analysis) dictionary(first syntax.ID) *value {
	out := value{kind: dict}
	for kid := first; kid != 0; kid = a.tree.Next(kid) {
		item := a.tree.Node(kid)
		v := a.settle(a.eval(item.B), item.B)
		if item.A == 0 {
			if v.kind == dict && a.spreads(len(out.items), v) {
				out.items = append(out.items, v.items...)
				continue
			}
			if v.kind == namespace && v.ref != nil {
				if pairs := a.memberPairs(v.ref); pairs != nil {
					for _, p := range pairs.items {
						out.items = append(out.items, p.items...)
					}
					continue
				}
			}
			out.items = append(out.items, nothing, v)
			continue
		}
		key := a.settle(a.eval(item.A), item.A)
		if len(out.items) < mostItems {
			out.items = append(out.items, key, v)
			continue
		}
		f, m := v.reaches()
		out.from |= f
		out.marks |= m
	}
	return a.make(out)
}

// attribute gives what an attribute of a value is.
func (a *analysis) attribute(v *value, attribute string, at syntax.ID) *value {
	out := a.oneAttribute(v, attribute, at)
	if v.alt != nil {
		for o, n := v.alt, 0; o != nil && n < mostAlternatives; o, n = o.alt, n+1 {
			single := *o
			single.alt = nil
			out = a.alternatives(a.oneAttribute(a.make(single), attribute, at), out)
		}
	}
	return out
}

// calledWithObject says of type.__subclasses__ that it is asked for every class
// there is, not for those of one that the caller names.
func (a *analysis) calledWithObject(attribute syntax.ID) bool {
	rest := a.tree.Src[a.tree.Node(attribute).End:]
	return strings.HasPrefix(strings.TrimLeft(rest, " \t("), "object")
}

func (a *analysis) oneAttribute(v *value, attribute string, at syntax.ID) *value {
	if v.flags&enumed != 0 {
		switch attribute {
		case "value", "_value_":
			return v
		case "name", "_name_":
			return a.textOf(v.tail)
		}
	}
	switch v.kind {
	case name:
		if attribute == "__subclasses__" && (v.ref.name == "builtins.object" || v.ref.name == "builtins.type" && a.calledWithObject(at)) {
			a.add(fact{kind: code.Lookup, name: "object.__subclasses__", at: at, odd: true})
		}
		out := a.attributeOfName(v, attribute, at)
		if out.kind == name && !out.ref.known {
			if from := a.keyHolds("attribute:" + out.ref.name); from != 0 {
				return a.unknown(from, 0, at)
			}
		}
		return out
	case inst:
		return a.attributeOfInstance(v, attribute)
	case object, classOf:
		return a.member(v, attribute)
	case text, binary, list, dict, integer, large, partial, namespace, getter:
		if attribute == "__class__" {
			return nothing
		}
		if v.kind == getter {
			if out := a.getterAttribute(v, attribute, at); out != nil {
				return out
			}
		}
		m := value{kind: method, s: attribute, recv: v, from: v.from, marks: v.marks}
		if on := a.tree.Node(at); on.Kind == syntax.Attribute && a.tree.Kind(on.A) == syntax.Name {
			m.id = on.A // whose method it is, for those that change it
		}
		return a.make(m)
	case function:
		switch attribute {
		case "__globals__", "func_globals":
			return a.make(value{kind: namespace, flags: odd})
		case "__call__", "__func__", "__wrapped__":
			return v
		case "__builtins__":
			return a.make(value{kind: namespace, ref: a.builtins, flags: odd})
		case "__doc__":
			return a.docOf(v.fn)
		case "__code__", "func_code":
			return a.unknown(0, 0, at)
		}
		return nothing
	}
	switch attribute {
	case "__globals__", "func_globals", "__builtins__":
		return a.make(value{kind: namespace, flags: odd, from: v.from})
	case "__subclasses__", "__bases__", "__base__", "__mro__", "gi_frame", "f_globals", "f_builtins", "tb_frame":
		if attribute == "f_globals" || attribute == "f_builtins" {
			return a.make(value{kind: namespace, flags: odd, from: v.from})
		}
		if attribute == "__subclasses__" {
			called := attribute
			if t := a.tree.Text(at); strings.Contains(t, "__base") || strings.Contains(t, "__mro__") {
				called = "object.__subclasses__" // every class there is
			}
			a.add(fact{kind: code.Lookup, name: called, at: at, from: v.from, odd: true})
		}
	}
	if v.id != 0 { // another thing than the one it belongs to
		return a.tainted(nothing, v.from, v.marks)
	}
	return v
}

func (a *analysis) attributeOfName(v *value, attribute string, at syntax.ID) *value {
	r := v.ref
	switch attribute {
	case "__dict__":
		return a.make(value{kind: namespace, ref: r, flags: v.flags, from: v.from & direct &^ fromEnvAll})
	case "__self__":
		if strings.HasPrefix(r.name, "builtins.") {
			return a.withFlags(&a.builtins.value, odd)
		}
	case "__builtins__":
		return a.withFlags(&a.builtins.value, odd)
	case "__call__", "__func__", "__wrapped__":
		return v
	case "__globals__", "func_globals":
		return a.make(value{kind: namespace, ref: a.builtins, flags: odd})
	case "__getattribute__", "__getattr__":
		return a.make(value{kind: method, s: attribute, recv: v})
	}
	if v, ok := constants[r.name+"."+attribute]; ok {
		return v
	}
	if r == a.sysModules {
		return a.make(value{kind: method, s: attribute, recv: v})
	}
	below := a.below(r, attribute)
	kid := a.ofNeighbour(below, at)
	if kid.kind != name || kid.ref != below { // what another file of the package calls so
		return a.withFlags(kid, v.flags&odd)
	}
	if kid.ref.name == attribute && !standIn(r.name) { // shutil.os: no honest code takes a module from another's imports
		return a.withFlags(kid, v.flags|odd)
	}
	return a.withFlags(kid, v.flags)
}

// withFlags gives v with more flags.
func (a *analysis) withFlags(v *value, flags uint8) *value {
	if v.flags|flags == v.flags {
		return v
	}
	out := *v
	out.flags |= flags
	return a.make(out)
}

func (a *analysis) attributeOfInstance(v *value, attribute string) *value {
	kid := a.below(v.ref, attribute)
	switch kid.name {
	case "pathlib.Path.parent", "pathlib.Path.parents":
		return a.pathParent(v)
	case "pathlib.Path.name", "pathlib.Path.stem", "pathlib.Path.suffix":
		return a.pathName(v)
	case "subprocess.Popen.stdin":
		return v
	}
	switch attribute { // of a frame, however it was had
	case "f_builtins":
		return a.make(value{kind: namespace, ref: a.builtins, flags: odd, from: v.from})
	case "f_globals":
		return a.make(value{kind: namespace, flags: odd, from: v.from})
	}
	out := value{kind: inst, ref: kid, flags: v.flags, from: v.from, marks: v.marks, recv: v, id: v.id, s: v.s, tail: v.tail}
	return a.make(out)
}

// member is an attribute of an instance or class of this file.
func (a *analysis) member(v *value, attribute string) *value {
	found := v.cls.attribute(attribute, 8)
	if found == nil {
		if attribute == "__class__" {
			return &v.cls.value
		}
		if attribute == "__dict__" {
			return a.attributesOf(v.cls)
		}
		for _, m := range []string{"__getattr__", "__getattribute__"} {
			f := v.cls.attribute(m, 8)
			if f == nil || f.kind != function {
				continue
			}
			a.edge(f.fn.unit)
			if f.fn.looking { // it asks itself: no end is to be seen
				continue
			}
			f.fn.looking = true
			out := a.inPlace(f.fn, []*value{v, a.make(value{kind: text, s: attribute})}, &arguments{a: a})
			f.fn.looking = false
			if out != nil {
				return out
			}
		}
		if r := v.cls.foreignBase(8); r != nil {
			out := r.made
			out.ref = a.below(r, attribute)
			return a.make(out)
		}
		return a.tainted(nothing, v.from, v.marks)
	}
	if found.kind == object { // a descriptor
		if out := a.dunder(found, "__get__", 0, v); out != nil {
			return out
		}
	}
	if v.kind == classOf && v.cls.isEnum(4) && found.kind != function {
		out := *found
		out.flags |= enumed
		out.tail = attribute
		return a.make(out)
	}
	if found.kind == function && found.recv == nil && !found.fn.static && v.kind == object {
		bound := *found
		bound.recv = v
		if found.fn.getter {
			return a.applyFunction(&bound, &arguments{a: a}, 0)
		}
		return a.make(bound)
	}
	return found
}

// docOf is the first string of a function's body.
func (a *analysis) docOf(f *fun) *value {
	n := a.tree.Node(f.node)
	if n.Kind != syntax.FunctionDef || a.tree.Kind(n.D) != syntax.ExprStmt {
		return nothing
	}
	if e := a.tree.Node(n.D).A; a.tree.Kind(e) == syntax.Str {
		return a.eval(e)
	}
	return nothing
}

// subscript is value[index].
func (a *analysis) subscript(id syntax.ID, n *syntax.Node) *value {
	v := a.eval(n.A)
	if a.tree.Kind(n.B) == syntax.Slice {
		return a.slice(v, a.tree.Node(n.B))
	}
	return a.index(v, a.eval(n.B), id)
}

func (a *analysis) index(v, at *value, id syntax.ID) *value {
	switch v.kind {
	case namespace:
		return a.nameIn(v, at, id)
	case name:
		switch {
		case v.ref == a.sysModules && at.kind == text:
			return a.moduleByName(at)
		case v.ref == a.builtins:
			out := a.find(v, at, id)
			return a.withFlags(out, odd)
		case v.ref.name == "os.environ" || v.ref.name == "os.environb":
			return a.readVariable(v.ref.name+".__getitem__", at, id)
		}
		return a.tainted(nothing, v.from|at.from&^fromLong, v.marks)
	case text, binary:
		if at.kind == integer {
			return a.character(v, at.n)
		}
	case list:
		if at.kind == integer && v.n == 0 {
			i := at.n
			if i < 0 {
				i += int64(len(v.items))
			}
			if i >= 0 && i < int64(len(v.items)) {
				return v.items[i]
			}
			return nothing
		}
		return a.element(v)
	case dict:
		return a.entry(v, at)
	case object:
		if out := a.dunder(v, "__getitem__", id, at); out != nil {
			return out
		}
		if fields := v.cls.allFields(8); at.kind == integer && at.n >= 0 && at.n < int64(len(fields)) {
			return a.member(v, fields[at.n])
		}
	case classOf:
		if out := a.dunder(&v.cls.object, "__class_getitem__", id, at); out != nil {
			return out
		}
		if at.kind == text && v.cls.isEnum(4) {
			return a.member(v, at.s)
		}
	case inst:
		if v.ref.name == "sys.argv" {
			return nothing
		}
	}
	from, m := v.reaches()
	if from == 0 && m == 0 {
		return a.madeOf(id, v)
	}
	return a.unknown(from, m, id)
}

// entry is what a dictionary holds under a key; any of it when the key is not known.
func (a *analysis) entry(v, key *value) *value {
	var any *value
	last := 0
	if t := a.table(v); t != nil && key.isConst() {
		if i, ok := t[tableKey{key.kind, key.s, key.n}]; ok {
			return v.items[i+1]
		}
		last = len(v.items) - 2*64
	}
	for i := len(v.items) - 2; i >= last; i -= 2 {
		k := v.items[i]
		if key.isConst() && k.isConst() {
			if k.kind == key.kind && k.s == key.s && k.n == key.n {
				return v.items[i+1]
			}
			continue
		}
		if len(v.items)-i < 2*64 {
			any = a.join(any, v.items[i+1])
		}
	}
	if any == nil {
		if v.from == 0 && v.marks == 0 {
			return nothing
		}
		return a.unknown(v.from, v.marks, 0)
	}
	return a.tainted(any, v.from, v.marks)
}

// tableKey is a constant key of a dictionary.
type tableKey struct {
	kind kind
	s    string
	n    int64
}

// tableOf tells dictionaries apart: their items never change.
type tableOf struct {
	first **value
	n     int
}

// mostTables bounds the tables of one file.
const mostTables = 64

// table is where the constant keys of a large dictionary are that is asked more than
// once; nil for others.
func (a *analysis) table(v *value) map[tableKey]int {
	if len(v.items) <= 2*64 {
		return nil
	}
	of := tableOf{&v.items[0], len(v.items)}
	t, asked := a.tables[of]
	if t != nil {
		return t
	}
	if a.tables == nil || len(a.tables) >= mostTables {
		a.tables = map[tableOf]map[tableKey]int{}
	}
	if asked {
		t = map[tableKey]int{}
		for i := 0; i < len(v.items)-1; i += 2 {
			if k := v.items[i]; k.isConst() {
				t[tableKey{k.kind, k.s, k.n}] = i
			}
		}
	}
	a.tables[of] = t
	return t
}

// element is any member of a list.
func (a *analysis) element(v *value) *value {
	switch v.kind {
	case list:
		var out *value
		for i, it := range v.items {
			if i >= 64 {
				break
			}
			out = a.join(out, it)
		}
		if out == nil {
			out = nothing
		}
		return a.tainted(out, v.from, v.marks)
	case dict:
		var out *value
		for i := 0; i < len(v.items) && i < 128; i += 2 {
			out = a.join(out, v.items[i])
		}
		if out == nil {
			out = nothing
		}
		return out
	case text, binary:
		from, m := v.reaches()
		return a.tainted(nothing, from, m)
	case inst, object:
		if v.kind == inst && v.ref.name == "sys.argv" {
			return nothing
		}
		if v.kind == inst && (strings.HasPrefix(v.ref.name, "github.") || strings.HasPrefix(v.ref.name, "gitlab.")) { // one repository of many
			return v
		}
		if v.kind == inst && v.ref.name == "asyncio.open_connection" { // a pair of what is read and what is written
			return v
		}
		if v.from == 0 && v.marks == 0 {
			return a.madeOf(v.id, v)
		}
		return a.tainted(nothing, v.from, v.marks)
	case name:
		if v.from != 0 {
			return a.unknown(v.from, v.marks, 0)
		}
		return nothing
	}
	return v
}

func (a *analysis) lambda(id syntax.ID, n *syntax.Node) *value {
	f := a.funs[id]
	if f == nil {
		f = a.newFun(id, a.scopeName("<lambda>"), n.A)
	}
	if a.exact > 0 {
		return a.closed(f)
	}
	f.closure = a.scope
	a.defaults(f.params, n.A)
	a.queue(f)
	return &f.value
}

func (a *analysis) compare(n *syntax.Node) *value {
	left, right := a.eval(n.A), a.eval(n.B)
	out := a.comparison(n.Op, left, right, n.A)
	for c := n.C; c != 0; c = a.tree.Next(c) {
		next := a.eval(a.tree.Node(c).A)
		more := a.comparison(a.tree.Node(c).Op, right, next, n.A)
		if yes, known := truthOf(out); !known || yes {
			out = more
			if !known {
				out = nothing
			}
		}
		right = next
	}
	return out
}

// comparison is one comparison of two values; nothing when it cannot be told.
func (a *analysis) comparison(op syntax.Op, left, right *value, id syntax.ID) *value {
	switch op {
	case syntax.In, syntax.NotIn:
		in, known := a.contains(right, left)
		if known {
			return truth(in == (op == syntax.In))
		}
		if right.kind == object {
			a.dunder(right, "__contains__", id, left)
		}
		return nothing
	case syntax.Is, syntax.IsNot:
		if right.kind == none && left.isConst() {
			return truth((left.kind == none) == (op == syntax.Is))
		}
		return nothing
	}
	if left.kind == object || right.kind == object {
		if out := a.operatorCall(op, left, right, id); out != nil {
			return out
		}
	}
	c, ok := compared(left, right)
	if !ok {
		if left.isConst() && right.isConst() && left.kind != right.kind && !left.isNumber() && (op == syntax.Eq || op == syntax.NotEq) {
			return truth(op == syntax.NotEq)
		}
		return nothing
	}
	switch op {
	case syntax.Eq:
		return truth(c == 0)
	case syntax.NotEq:
		return truth(c != 0)
	case syntax.Lt:
		return truth(c < 0)
	case syntax.LtE:
		return truth(c <= 0)
	case syntax.Gt:
		return truth(c > 0)
	case syntax.GtE:
		return truth(c >= 0)
	}
	return nothing
}

// contains says whether a constant holds another one.
func (a *analysis) contains(in, v *value) (yes, known bool) {
	switch {
	case in.isText() && v.isText():
		return strings.Contains(in.s, v.s), true
	case in.kind == binary && v.kind == integer:
		return v.n >= 0 && v.n < 256 && strings.IndexByte(in.s, byte(v.n)) >= 0, true
	case (in.kind == list || in.kind == dict) && in.n == 0 && v.isConst() && in.constant() && a.fold(len(in.items)):
		step := 1
		if in.kind == dict {
			step = 2
		}
		for i := 0; i < len(in.items); i += step {
			if it := in.items[i]; it.kind == v.kind && it.s == v.s && it.n == v.n {
				return true, true
			}
		}
		return false, true
	}
	return false, false
}

func truth(b bool) *value {
	if b {
		return trueValue
	}
	return falseValue
}

// shortCircuit is and, or with what is known of the operands.
func (a *analysis) shortCircuit(n *syntax.Node, out *value) *value {
	for m := a.tree.Next(n.A); m != 0; m = a.tree.Next(m) {
		yes, known := truthOf(out)
		switch {
		case !known:
			out = a.either(out, a.eval(m))
		case yes == (n.Op == syntax.Or):
			return out
		default:
			out = a.eval(m)
		}
	}
	return out
}

// comprehension evaluates the element once with any member, then, where all is
// constant, for each member: that is how text is put together from codes.
func (a *analysis) comprehension(element, second, clauses syntax.ID) *value {
	inner := &scope{vars: map[string]*value{}, parent: a.scope, fn: a.scope.fn}
	outer := a.scope
	first := a.tree.Node(clauses)
	iterated := a.eval(first.B)
	a.scope = inner
	defer func() { a.scope = outer }()
	for c := clauses; c != 0; c = a.tree.Next(c) {
		clause := a.tree.Node(c)
		it := iterated
		if c != clauses {
			it = a.eval(clause.B)
		}
		a.assign(clause.A, a.element(it))
		for cond := clause.C; cond != 0; cond = a.tree.Next(cond) {
			a.eval(cond)
		}
	}
	general := a.eval(element)
	if second != 0 {
		key := general
		val := a.eval(second)
		f, m := val.reaches()
		fk, mk := key.reaches()
		if folded := a.eachMember(clauses, iterated, element, second); folded != nil {
			folded.kind = dict
			return folded
		}
		return a.tainted(nothing, f|fk, m|mk)
	}
	if folded := a.eachMember(clauses, iterated, element, 0); folded != nil {
		return folded
	}
	from, m := general.reaches()
	m |= a.marksOfValue(general)
	if general.callable() {
		return a.make(value{kind: list, items: []*value{general}, n: 1, from: from, marks: m})
	}
	if general.kind == list { // rows
		return a.make(value{kind: list, items: []*value{general}, n: 1})
	}
	if a.putTogether(element) {
		from |= fromComputed
	}
	if from == 0 && m == 0 {
		return nothing
	}
	return a.unknown(from, m, element)
}

// putTogether says that an element is a character or code made by arithmetic.
func (a *analysis) putTogether(element syntax.ID) bool {
	n := a.tree.Node(element)
	if n.Kind == syntax.Call && a.tree.Kind(n.A) == syntax.Name {
		if c := a.tree.Name(n.A); c == "chr" || c == "unichr" {
			return true
		}
	}
	return n.Kind == syntax.BinOp && n.Op == syntax.BitXor
}

// eachMember evaluates the element, and the second one beside it, for each member of
// constant lists; nil when that is not to be had.
func (a *analysis) eachMember(clauses syntax.ID, iterated *value, element, second syntax.ID) *value {
	if items, ok := a.iterates(iterated); len(items) == 0 || !ok && iterated.flags&listed == 0 || a.silent > 3+2*a.exact {
		return nil
	}
	out := value{kind: list, from: iterated.from, marks: iterated.marks}
	if iterated.kind == list && iterated.n == open {
		out.n = open
	}
	a.silent++
	a.exact++
	outer, exact := a.leaving, a.scope.exact
	a.leaving, a.scope.exact = staying, true
	done := a.clause(clauses, iterated, func() bool {
		for _, e := range [2]syntax.ID{element, second} {
			if e == 0 {
				continue
			}
			v := a.eval(e)
			if !v.constant() && !v.callable() {
				return false
			}
			out.items = append(out.items, v)
		}
		return len(out.items) <= mostItems
	})
	done = done && a.leaving == staying
	a.leaving, a.scope.exact = outer, exact
	a.exact--
	a.silent--
	if !done {
		return nil
	}
	return a.make(out)
}

// clause turns the loops of a comprehension, from one on to the last.
func (a *analysis) clause(id syntax.ID, iterated *value, each func() bool) bool {
	if id == 0 {
		return each()
	}
	clause := a.tree.Node(id)
	items, ok := a.iterates(iterated)
	if !ok && iterated.flags&listed == 0 || len(items) == 0 && iterated.s != "" {
		return false
	}
members:
	for _, m := range items {
		if !a.fold(turn) {
			return false
		}
		a.assign(clause.A, m)
		for cond := clause.C; cond != 0; cond = a.tree.Next(cond) {
			yes, known := truthOf(a.eval(cond))
			if !known {
				return false
			}
			if !yes {
				continue members
			}
		}
		var inner *value
		next := a.tree.Next(id)
		if next != 0 {
			inner = a.eval(a.tree.Node(next).B)
		}
		if !a.clause(next, inner, each) {
			return false
		}
	}
	return true
}

// members lists what iterating a constant gives; nil when it is none.
func (a *analysis) members(v *value) []*value {
	switch v.kind {
	case list:
		if v.n == 0 && v.constant() {
			return v.items
		}
	case text:
		if !a.fold(16 * len(v.s)) {
			return nil
		}
		out := make([]*value, 0, len(v.s))
		for _, r := range v.s {
			out = append(out, a.make(value{kind: text, s: string(r), flags: v.flags & odd, from: v.from}))
		}
		return out
	case binary:
		if !a.fold(16 * len(v.s)) {
			return nil
		}
		out := make([]*value, len(v.s))
		for i := range len(v.s) {
			out[i] = a.make(value{kind: integer, n: int64(v.s[i]), from: v.from})
		}
		return out
	case dict:
		if v.constant() {
			var out []*value
			for i := 0; i < len(v.items); i += 2 {
				out = append(out, v.items[i])
			}
			return out
		}
	}
	return nil
}

// truthOf gives the truth of a constant.
func truthOf(v *value) (yes, known bool) {
	switch v.kind {
	case boolean, integer:
		return v.n != 0, true
	case none:
		return false, true
	case text, binary:
		return v.s != "", true
	case list, dict:
		return len(v.items) > 0, v.n == 0
	case function, classOf, name:
		return true, v.alt == nil && v.kind != name
	}
	return false, false
}
