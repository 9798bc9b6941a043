package python

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

func (a *analysis) statements(first syntax.ID) {
	for id := first; id != 0; id = a.tree.Next(id) {
		if !a.step() {
			if a.exact > 0 {
				return
			}
			a.collector.Cut("the file asks for more work than an analysis may take")
			return
		}
		a.statement(id)
		if a.leaving != staying {
			return
		}
	}
}

// inBranch runs what may or may not run.
func (a *analysis) inBranch(first syntax.ID) {
	a.branch++
	a.statements(first)
	a.branch--
}

func (a *analysis) statement(id syntax.ID) {
	t := a.tree
	n := t.Node(id)
	if a.exact > 0 && a.exactStatement(n) {
		return
	}
	switch n.Kind {
	case syntax.ExprStmt:
		if t.Kind(n.A) != syntax.Str { // a docstring says nothing
			a.eval(n.A)
		}
	case syntax.Assign:
		v := a.settle(a.eval(n.B), n.B)
		for target := n.A; target != 0; target = t.Next(target) {
			a.assign(target, v)
		}
	case syntax.AugAssign:
		old := a.eval(n.A)
		v := a.operate(n.Op, old, a.eval(n.B), id)
		branch := a.branch
		a.branch = 0 // the new value holds the old one already
		a.assign(n.A, v)
		a.branch = branch
	case syntax.AnnAssign:
		if n.C != 0 {
			a.assign(n.A, a.settle(a.eval(n.C), n.C))
		}
	case syntax.Return:
		a.giveBack(a.settle(a.eval(n.A), n.A))
	case syntax.If:
		a.conditional(n)
	case syntax.For:
		a.loop(n)
	case syntax.While:
		a.while(n)
	case syntax.With:
		for item := n.A; item != 0; item = t.Next(item) {
			it := t.Node(item)
			v := a.eval(it.A)
			if v.kind == object {
				entered := a.callMember(v.cls, "__enter__", item)
				a.callMember(v.cls, "__exit__", item)
				if !entered.plain() {
					v = entered
				}
			}
			if it.B != 0 {
				a.assign(it.B, v)
			}
		}
		a.statements(n.B)
	case syntax.Raise:
		v := a.eval(n.A)
		a.eval(n.B)
		from, m := v.reaches()
		f2, m2 := a.raised.reaches()
		a.raised = a.tainted(nothing, from|f2, m|m2)
	case syntax.Try:
		outer := a.raised
		a.raised = nothing
		a.statements(n.A)
		caught := a.raised
		a.raised = outer
		for h := n.B; h != 0; h = t.Next(h) {
			handler := t.Node(h)
			kind := a.eval(handler.A)
			if handler.B != 0 {
				a.assign(handler.B, a.caught(kind, caught))
			}
			a.inBranch(handler.C)
		}
		a.inBranch(n.C)
		a.statements(n.D)
	case syntax.FunctionDef:
		a.define(id, n)
	case syntax.ClassDef:
		a.defineClass(id, n)
	case syntax.Import:
		a.importNames(n)
	case syntax.ImportFrom:
		a.importFrom(id, n)
	case syntax.Global, syntax.Nonlocal:
		if n.Kind == syntax.Global && a.scope != a.file {
			for g := n.A; g != 0; g = t.Next(g) {
				if a.scope.global == nil {
					a.scope.global = map[string]bool{}
				}
				a.scope.global[t.Name(g)] = true
			}
		}
	case syntax.Exec:
		v := a.settle(a.eval(n.A), n.A)
		a.eval(n.B)
		a.eval(n.C)
		from, m := v.reaches()
		c := sink{kind: code.Eval, name: "builtins.exec", id: id}
		a.emit(c, from, m|a.marksOfValue(v), v)
		a.embed(code.Python, v, c)
	case syntax.Match:
		subject := a.eval(n.A)
		for c := n.B; c != 0; c = t.Next(c) {
			kase := t.Node(c)
			a.pattern(kase.A, subject)
			a.eval(kase.B)
			a.inBranch(kase.C)
		}
	case syntax.Delete, syntax.Pass, syntax.Break, syntax.Continue, syntax.TypeAlias:
	default:
		a.deep(id)
	}
}

// deep walks what is not followed, for the expressions in it.
func (a *analysis) deep(id syntax.ID) {
	a.tree.Children(id, func(kid syntax.ID) {
		if a.tree.Kind(kid).Statement() {
			if a.height < mostHeight {
				a.height++
				a.statement(kid)
				a.height--
			}
		} else if a.height < mostHeight && a.steps > 0 {
			a.eval(kid)
		} else if a.steps > 0 {
			a.tooDeep(kid)
		}
	})
}

// tooDeep looks for text with marks where expressions are nested too deep to be followed.
func (a *analysis) tooDeep(id syntax.ID) {
	a.collector.Cut("expressions are nested too deep to be followed")
	a.tree.Walk(id, func(kid syntax.ID) bool {
		if n := a.tree.Node(kid); n.Kind == syntax.Str {
			a.literal(kid, n)
		}
		return a.step()
	})
}

func (a *analysis) pattern(id syntax.ID, subject *value) {
	a.tree.Walk(id, func(kid syntax.ID) bool {
		if a.tree.Kind(kid) == syntax.PatCapture {
			if n := a.tree.Name(kid); n != "_" {
				a.bind(n, subject)
			}
		}
		return true
	})
}

// assign gives a target a value.
func (a *analysis) assign(target syntax.ID, v *value) {
	t := a.tree
	n := t.Node(target)
	switch n.Kind {
	case syntax.Name:
		a.bind(t.Name(target), v)
	case syntax.Tuple, syntax.List:
		i, count := 0, t.Len(n.A)
		for kid := n.A; kid != 0; kid = t.Next(kid) {
			member := a.element(v)
			if v.kind == list && v.n == 0 && len(v.items) == count {
				member = v.items[i]
			}
			a.assign(kid, member)
			i++
		}
	case syntax.Starred:
		a.assign(n.A, v)
	case syntax.Attribute:
		a.setAttribute(a.eval(n.A), t.Name(target), v, target)
	case syntax.Subscript:
		a.setItem(n, v, target)
	}
}

// setAttribute is base.attribute = v.
func (a *analysis) setAttribute(base *value, attribute string, v *value, at syntax.ID) {
	switch base.kind {
	case object, classOf:
		base.cls.set(a, attribute, v)
	case inst:
		if s, ok := specOf(base.ref.name + "." + attribute); ok && s.shape == listens && v.callable() { // on_message
			a.hears(&arguments{a: a, pos: []*value{v}}, bit(s.kind), at)
		}
	case name:
		full := a.below(base.ref, attribute)
		a.lends(full, v)
		switch {
		case full.name == "sys.excepthook" || full.name == "threading.excepthook":
			if v.callable() {
				a.apply(v, &arguments{a: a}, at)
			}
		case full.name == "sys.stdout" || full.name == "sys.stderr":
			if a.quiet(v) {
				a.add(fact{kind: code.Silence, name: full.name, at: at})
			}
		case full.name == "typing.TYPE_CHECKING":
			a.wroteKey("attribute:"+full.name, fromEnv) // it may be true now
		case full.name == "ssl._create_default_https_context":
			a.add(fact{kind: code.Silence, name: full.name, at: at})
		case ofKeys(full.name) && (v.callable() || v == nothing): // nothing: what staticmethod gives
			a.add(fact{kind: code.Patch, name: full.name, at: at, marks: keyMarks(full.name), odd: base.flags&odd != 0})
		case !full.known && !strings.HasPrefix(full.name, "builtins.") && !v.callable() && full.fold == nil:
			from, _ := v.reaches()
			a.wroteKey("attribute:"+full.name, from)
		case full.known || strings.HasPrefix(full.name, "builtins.") || full.fold != nil && v.callable():
			a.add(fact{kind: code.Patch, name: full.name, at: at, odd: base.flags&odd != 0})
		}
	}
}

// setItem is base[key] = v.
func (a *analysis) setItem(n *syntax.Node, v *value, at syntax.ID) {
	base := a.eval(n.A)
	key := a.eval(n.B)
	from, m := v.reaches()
	switch base.kind {
	case dict:
		if key.isConst() && len(base.items) < 512 && a.fold(8*len(base.items)+8) {
			items := append(append(make([]*value, 0, len(base.items)+2), base.items...), key, v)
			a.rebind(n.A, a.make(value{kind: dict, items: items, from: base.from, marks: base.marks}))
			return
		}
		a.rebind(n.A, a.tainted(base, from, m))
	case list:
		if key.kind == integer && v.kind != unknown && base.n == 0 && len(base.items) <= 4096 && key.n >= 0 && key.n < int64(len(base.items)) && a.fold(8*len(base.items)) {
			items := append([]*value{}, base.items...)
			items[key.n] = v
			a.rebind(n.A, a.make(value{kind: list, items: items, from: base.from, marks: base.marks}))
			return
		}
		a.rebind(n.A, a.tainted(base, from, m))
	case binary:
		if key.kind == integer && v.kind == integer && key.n >= -int64(len(base.s)) && key.n < int64(len(base.s)) && a.fold(copying(len(base.s))) {
			b := []byte(base.s)
			b[(key.n+int64(len(b)))%int64(len(b))] = byte(v.n)
			a.rebind(n.A, a.withFlags(a.textOf(string(b), base), odd))
			return
		}
		a.rebind(n.A, a.tainted(nothing, base.from|from|fromComputed, base.marks|m))
	case object:
		a.dunder(base, "__setitem__", at, key, v)
	case unknown:
		if from != 0 || m != 0 {
			a.rebind(n.A, a.tainted(base, from, m))
		}
	case namespace:
		if key.kind == text && base.ref == nil {
			a.file.vars[key.s] = v
		} else if key.kind == text {
			a.setAttribute(&base.ref.value, key.s, v, at)
		}
	case name:
		if base.ref == a.builtins && key.kind == text {
			a.setAttribute(base, key.s, v, at)
		}
		if base.ref.name == "os.environ" && key.kind == text {
			a.wroteKey("env:"+key.s, from)
		}
	}
}

// rebind gives the name or attribute that an expression is a changed value.
func (a *analysis) rebind(target syntax.ID, v *value) {
	if target == 0 {
		return
	}
	switch a.tree.Kind(target) {
	case syntax.Name:
		n := a.tree.Name(target)
		for s := a.scope; s != nil; s = s.parent {
			if a.exact > 0 && !s.exact && s.vars[n] != nil { // of a reading for facts
				a.giveUp()
				return
			}
			if s.global[n] {
				a.writeGlobal(n, v)
				return
			}
			if _, ok := s.vars[n]; ok {
				if s == a.file && a.scope != a.file {
					a.writeGlobal(n, v)
				}
				s.vars[n] = v
				return
			}
		}
	case syntax.Attribute:
		a.assign(target, v)
	}
}

// conditional is an if statement. What only runs as a program, and what never
// runs, is marked so.
func (a *analysis) conditional(n *syntax.Node) {
	t := a.tree
	a.underTest(n.A, n.B)
	for e := n.C; e != 0; e = t.Next(e) {
		elif := t.Node(e)
		a.underTest(elif.A, elif.B)
	}
	if yes, known := a.staticTest(n.A); known && yes && n.D != 0 {
		a.within(code.Nowhere, n.D)
		return
	}
	a.inBranch(n.D)
}

// underTest runs a body that a test guards.
func (a *analysis) underTest(test, body syntax.ID) {
	a.eval(test)
	if yes, known := a.staticTest(test); known {
		if yes {
			a.statements(body)
		} else {
			a.within(code.Nowhere, body)
		}
		return
	}
	if a.scope == a.file && a.isMain(test) {
		a.within(code.OnMain, body)
		return
	}
	a.inBranch(body)
}

func (a *analysis) within(r code.Reach, body syntax.ID) {
	outer := a.reach
	if outer != code.Nowhere {
		a.reach = r
	}
	a.inBranch(body)
	a.reach = outer
}

// isMain recognises __name__ == "__main__", either way round and among others.
func (a *analysis) isMain(test syntax.ID) bool {
	n := a.tree.Node(test)
	switch n.Kind {
	case syntax.Compare:
		l, r := a.tree.Node(n.A), a.tree.Node(n.B)
		named := l.Kind == syntax.Name && a.tree.Name(n.A) == "__name__" || r.Kind == syntax.Name && a.tree.Name(n.B) == "__name__"
		return named && n.Op == syntax.Eq
	case syntax.BoolOp:
		if n.Op != syntax.And {
			return false
		}
		for kid := n.A; kid != 0; kid = a.tree.Next(kid) {
			if a.isMain(kid) {
				return true
			}
		}
	}
	return false
}

// staticTest gives the truth of a test that is written as a constant.
func (a *analysis) staticTest(test syntax.ID) (yes, known bool) {
	n := a.tree.Node(test)
	switch n.Kind {
	case syntax.False, syntax.None:
		return false, true
	case syntax.True:
		return true, true
	case syntax.Num:
		if i, ok := a.tree.Int(test); ok {
			return i != 0, true
		}
	case syntax.Name:
		if a.tree.Name(test) == "TYPE_CHECKING" {
			v := a.lookup("TYPE_CHECKING")
			return false, v == nothing || v.kind == name && v.ref.name == "typing.TYPE_CHECKING"
		}
	case syntax.Attribute:
		if a.tree.Name(test) == "TYPE_CHECKING" && a.keyHolds("attribute:typing.TYPE_CHECKING") == 0 {
			v := a.eval(n.A)
			return false, v.kind == name && (v.ref.name == "typing" || v.ref.name == "typing_extensions")
		}
	case syntax.UnaryOp:
		if n.Op == syntax.Not {
			yes, known = a.staticTest(n.A)
			return !yes, known
		}
	}
	return false, false
}

// loop is a for statement: once with any member, then, when it only puts
// constants together, member by member.
func (a *analysis) loop(n *syntax.Node) {
	iterated := a.eval(n.B)
	if iterated.kind == name && iterated.from&fromEnvAll != 0 {
		iterated = a.environment(iterated, iterated.ref.name, n.B)
	}
	if iterated.kind == object {
		a.callMember(iterated.cls, "__iter__", n.B)
		a.callMember(iterated.cls, "__next__", n.B)
	}
	members := a.members(iterated)
	if len(members) > 0 && a.foldable(n.C) {
		if a.unroll(n, members) {
			a.inBranch(n.D)
			return
		}
	}
	if items, ok := a.iterates(iterated); ok && len(items) > 0 && len(items) <= mostLooped && a.onlyComputes(n.C) {
		if before := a.snapshot(); before != nil {
			defer a.loopExactly(n, before)
		}
	}
	if iterated.kind == list && iterated.n == open && iterated.flags&listed != 0 && a.searches(n, iterated.items) {
		return
	}
	if iterated.kind == list && iterated.n == 0 && len(iterated.items) > 0 && len(iterated.items) <= mostTurns && a.loops == 0 {
		a.loops++
		for _, it := range iterated.items {
			a.assign(n.A, it)
			a.inBranch(n.C)
		}
		a.loops--
		a.inBranch(n.D)
		return
	}
	a.assign(n.A, a.element(iterated))
	a.repeated(n.C)
	a.inBranch(n.D)
}

// searches runs the body of a loop over the names of a module for those that its
// first test lets through; false when the body starts with none, or many pass.
func (a *analysis) searches(n *syntax.Node, items []*value) bool {
	const most = 4
	first := a.tree.Node(n.C)
	if first.Kind != syntax.If {
		return false
	}
	var through []*value
	a.silent++
	for _, it := range items {
		a.assign(n.A, it)
		if yes, known := truthOf(a.eval(first.A)); known && yes {
			through = append(through, it)
		}
	}
	a.silent--
	if len(through) == 0 || len(through) > most {
		return false
	}
	a.loops++
	for _, it := range through {
		a.assign(n.A, it)
		a.inBranch(n.C)
	}
	a.loops--
	return true
}

// mostTurns is how many members of a list a loop's body is read for one by one.
const mostTurns = 16

// repeated runs the body of a loop; again when what the end of it leaves could
// reach its start.
func (a *analysis) repeated(body syntax.ID) {
	a.loops++
	before := a.fingerprint()
	a.inBranch(body)
	if a.loops <= 2 && a.fingerprint() != before {
		a.inBranch(body)
	}
	a.loops--
}

// fingerprint sums up what the names of this scope carry.
func (a *analysis) fingerprint() uint64 {
	if len(a.scope.vars) > 2000 {
		return 0
	}
	var sum uint64
	for _, v := range a.scope.vars {
		sum += uint64(v.from)*31 + uint64(v.marks)*17
	}
	return sum
}

func (a *analysis) while(n *syntax.Node) {
	test := a.eval(n.A)
	if yes, known := a.staticTest(n.A); known && !yes {
		a.within(code.Nowhere, n.B)
		return
	}
	if yes, known := truthOf(test); known && yes && a.onlyComputes(n.B) {
		if before := a.snapshot(); before != nil {
			defer a.loopExactly(n, before)
		}
	}
	a.repeated(n.B)
	a.inBranch(n.C)
}

// foldable says that a body is short and only assigns.
func (a *analysis) foldable(body syntax.ID) bool {
	count := 0
	for id := body; id != 0; id = a.tree.Next(id) {
		n := a.tree.Node(id)
		count++
		switch n.Kind {
		case syntax.Assign, syntax.AugAssign:
		case syntax.ExprStmt:
			if a.tree.Kind(n.A) != syntax.Call {
				return false
			}
			c := a.tree.Node(a.tree.Node(n.A).A)
			if c.Kind != syntax.Attribute {
				return false
			}
			switch a.tree.Name(a.tree.Node(n.A).A) {
			case "append", "extend", "add", "insert":
			default:
				return false
			}
		default:
			return false
		}
		if count > 6 {
			return false
		}
	}
	return count > 0
}

// unroll runs the body for each member of a constant; false, with nothing
// changed, when that leaves nothing constant.
func (a *analysis) unroll(n *syntax.Node, members []*value) bool {
	saved := make(map[string]*value, len(a.scope.vars))
	if len(a.scope.vars) > 500 {
		return false
	}
	for k, v := range a.scope.vars {
		saved[k] = v
	}
	branch := a.branch
	a.branch = 0
	// once for the facts in it
	a.assign(n.A, members[0])
	a.statements(n.C)
	a.silent++
	done := true
	for _, m := range members[1:] {
		if !a.fold(turn) || a.steps <= a.reserved {
			done = false
			break
		}
		a.assign(n.A, m)
		a.statements(n.C)
	}
	a.silent--
	a.branch = branch
	useful := false
	if done {
		for k, v := range a.scope.vars {
			if saved[k] != v && v.constant() {
				useful = true
			}
		}
	}
	if !useful {
		clear(a.scope.vars)
		for k, v := range saved {
			a.scope.vars[k] = v
		}
	}
	return useful
}

// importNames is import a.b as c.
func (a *analysis) importNames(n *syntax.Node) {
	for al := n.A; al != 0; al = a.tree.Next(al) {
		full := a.tree.Name(al)
		as := a.tree.Node(al).A
		a.addImport(full, al, false)
		if as != 0 {
			a.bind(a.tree.Name(as), &a.outside(full).value)
			continue
		}
		head, _, _ := strings.Cut(full, ".")
		if head != "" {
			a.outside(full)
			a.bind(head, &a.outside(head).value)
		}
	}
}

func (a *analysis) importFrom(id syntax.ID, n *syntax.Node) {
	t := a.tree
	module := ""
	if n.A != 0 {
		module = t.Name(n.A)
	}
	level := t.Level(id)
	if level > 0 {
		module = strings.Repeat(".", level) + module
	}
	a.addImport(module, id, false)
	for al := n.B; al != 0; al = t.Next(al) {
		what := t.Name(al)
		if what == "*" {
			switch {
			case level > 0:
				a.starredOwn = append(a.starredOwn, module)
			case stars[a.outside(module).name]:
				a.starred = append(a.starred, a.outside(module).name)
			case module != "" && !namesOf()[strings.SplitN(module, ".", 2)[0]]:
				a.starredOwn = append(a.starredOwn, module)
			}
			continue
		}
		bound := what
		if as := t.Node(al).A; as != 0 {
			bound = t.Name(as)
		}
		if level > 0 { // ".util.name"
			a.bind(bound, a.ofNeighbour(a.outside(dotted(module, what)), al))
			continue
		}
		if module == "" || module == "__future__" {
			a.bind(bound, nothing)
			continue
		}
		m := a.outside(module)
		a.bind(bound, a.attributeOfName(&m.value, what, al))
	}
}

// addImport notes that a module is loaded; one that this program wrote is code it runs.
func (a *analysis) addImport(module string, at syntax.ID, disguised bool) {
	if module == "" || module == "__future__" {
		return
	}
	a.add(fact{kind: code.Import, name: module, at: at, odd: disguised})
	if len(a.files) == 0 {
		return
	}
	last := module[strings.LastIndexByte(module, '.')+1:]
	if from := a.files["b:"+last+".py"].throughFile(); from != 0 {
		a.add(fact{kind: code.Eval, name: "import", at: at, from: from, args: []*value{a.textOf(module)}})
	}
}

// define is a def statement.
func (a *analysis) define(id syntax.ID, n *syntax.Node) {
	t := a.tree
	called := t.Name(n.B)
	f := a.funs[id]
	if f == nil {
		f = a.newFun(id, a.scopeName(called), n.C)
		f.cls = a.class
	}
	if a.exact > 0 {
		a.scope.vars[called] = a.closed(f)
		return
	}
	f.closure = a.scope
	a.defaults(f.params, n.C)
	v := &f.value
	for _, d := range a.backwards(n.A) { // the last decorator is applied first
		v = a.decorate(d, v, f)
	}
	if a.class != nil && a.scope.class {
		a.class.set(a, called, v)
		if a.class.hook {
			a.hookUnit(f.unit)
		}
		if called == "__del__" || called == "__init_subclass__" || called == "__set_name__" {
			a.edge(f.unit)
		}
	}
	if old, ok := a.scope.vars[called]; ok && a.branch > 0 && old.kind == name { // a fallback for what could not be imported
		v = a.alternatives(old, v)
	}
	if a.class == nil && a.unit == a.top && backendHooks[called] {
		a.hookUnit(f.unit)
	}
	a.scope.vars[called] = v
	if a.scope.global[called] {
		a.writeGlobal(called, v)
	}
	a.queue(f)
}

// defaults gives the parameters that begin with first the values that they have where
// a call gives them none.
func (a *analysis) defaults(params []param, first syntax.ID) {
	for p, i := first, 0; p != 0 && i < len(params); p = a.tree.Next(p) {
		n := a.tree.Node(p)
		if n.Flags&(syntax.Star|syntax.DoubleStar) != 0 {
			continue
		}
		if n.B != 0 {
			params[i].def = a.settle(a.eval(n.B), n.B)
		}
		i++
	}
}

// backendHooks are the functions of a module that builds packages, which every
// installer of a source package calls (https://peps.python.org/pep-0517/, 0660).
var backendHooks = map[string]bool{
	"build_wheel": true, "build_sdist": true, "build_editable": true, "get_requires_for_build_wheel": true, "get_requires_for_build_sdist": true,
	"get_requires_for_build_editable": true, "prepare_metadata_for_build_wheel": true, "prepare_metadata_for_build_editable": true,
}

// backwards lists nodes from the last to the first.
func (a *analysis) backwards(first syntax.ID) []syntax.ID {
	var out []syntax.ID
	for id := first; id != 0; id = a.tree.Next(id) {
		out = append(out, id)
	}
	slices.Reverse(out)
	return out
}

// decorate applies one decorator.
func (a *analysis) decorate(d syntax.ID, v *value, f *fun) *value {
	by := a.eval(d)
	switch by.kind {
	case name, inst:
		switch by.ref.name {
		case "builtins.staticmethod":
			f.static = true
			return v
		case "builtins.property", "functools.cached_property":
			f.getter = true
			return v
		case "builtins.classmethod", "functools.wraps", "functools.lru_cache", "functools.cache", "contextlib.contextmanager", "abc.abstractmethod":
			return v
		}
		if by.ref.known || by.ref.fold != nil {
			if out := a.apply(by, &arguments{a: a, pos: []*value{v}}, d); becomes(out) {
				return out
			}
		}
		return v
	case function, classOf, object, applied:
		out := a.apply(by, &arguments{a: a, pos: []*value{v}}, d)
		if becomes(out) {
			return out
		}
		if out.callable() && out.kind != object {
			return a.alternatives(v, out)
		}
	}
	return v
}

// becomes says that a decorator put data in the place of what it decorates.
func becomes(v *value) bool {
	return v.isText() || v.from&(fromDecode|fromFetch|bit(code.Decrypt)) != 0 && !v.callable()
}

func isCommandBase(r *ref) bool {
	module, class := "", r.name
	if i := strings.LastIndexByte(r.name, '.'); i >= 0 {
		module, class = r.name[:i], r.name[i+1:]
	}
	if strings.HasPrefix(module, "setuptools.command.") || strings.HasPrefix(module, "distutils.command.") || strings.HasPrefix(module, "setuptools._distutils.command.") || strings.HasPrefix(module, "wheel.bdist_wheel") || strings.HasPrefix(module, "setuptools.dist") {
		return true
	}
	return class == "Command" && (module == "setuptools" || module == "distutils.cmd" || module == "distutils.core")
}

func (a *analysis) defineClass(id syntax.ID, n *syntax.Node) {
	t := a.tree
	called := t.Name(n.B)
	c := a.classes[id]
	if c == nil {
		c = a.newClass(id, a.scopeName(called))
	}
	c.bases, c.fields = c.bases[:0], c.fields[:0]
	for s := n.D; s != 0; s = t.Next(s) {
		if st := t.Node(s); st.Kind == syntax.AnnAssign && t.Kind(st.A) == syntax.Name && len(c.fields) < 256 {
			c.fields = append(c.fields, t.Name(st.A))
		}
	}
	for b := n.C; b != 0; b = t.Next(b) {
		node := t.Node(b)
		if node.Kind == syntax.Keyword {
			v := a.eval(node.A)
			if v.kind == classOf {
				c.bases = append(c.bases, v)
				for _, m := range []string{"__prepare__", "__new__", "__init__"} {
					if f := v.cls.attribute(m, 8); f != nil && f.kind == function {
						a.edge(f.fn.unit)
					}
				}
			} else if v.callable() {
				a.apply(v, &arguments{a: a}, b)
			}
			continue
		}
		v := a.eval(b)
		c.bases = append(c.bases, v)
		if v.kind == classOf {
			if f := v.cls.attribute("__init_subclass__", 8); f != nil && f.kind == function {
				a.edge(f.fn.unit)
			}
		}
	}
	if r := c.foreignBase(8); r != nil && isCommandBase(r) {
		c.hook = true
	}
	outerScope, outerClass, outerUnit := a.scope, a.class, a.unit
	a.edge(c.unit)
	a.scope = &scope{vars: map[string]*value{}, parent: a.scope, fn: a.scope.fn, class: true}
	a.class, a.unit = c, c.unit
	a.statements(n.D)
	for k, v := range a.scope.vars {
		if c.attrs[k] == nil || v.kind != function {
			c.set(a, k, v)
		}
	}
	a.scope, a.class, a.unit = outerScope, outerClass, outerUnit
	v := &c.value
	for _, d := range a.backwards(n.A) {
		by := a.eval(d)
		if by.kind == function || by.kind == name && by.ref.known {
			if out := a.apply(by, &arguments{a: a, pos: []*value{v}}, id); becomes(out) {
				v = out
			}
		}
	}
	if c.hook {
		a.hookClass(c)
	}
	a.scope.vars[called] = v
}

// set gives a class a member.
func (c *class) set(a *analysis, n string, v *value) {
	s := c.attrs[n]
	if s == nil {
		if len(c.attrs) > 5000 {
			return
		}
		s = &slot{a: a, read: a.round}
		if a.round == 1 {
			s.read = 0
		}
		c.attrs[n] = s
	}
	s.add(v)
}
