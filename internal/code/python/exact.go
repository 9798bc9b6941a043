package python

import (
	"maps"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// A reading for facts looks at every branch, since it seldom knows which one runs.
// Text that a function or a loop puts together needs the one that does. So where all
// that goes in is constant, the same code is read once more, silently and exactly:
// tests are decided, loops turn as often as they turn, a return returns. What cannot
// be decided ends the attempt, and what was read for facts stands.

// Limits of exact reading.
const (
	deepestCall = 40      // calls in calls
	mostFailed  = 3       // attempts on one function that gave nothing
	mostWasted  = 1_000   // steps of such attempts before functions are given up
	mostBody    = 48      // statements of a function
	mostLoop    = 24      // statements of a loop's body
	mostLooped  = 1 << 14 // turns of one loop
	mostNames   = 500     // names of a scope that is compared with what it was
)

// leaving says why the statements after this one do not run.
type leaving uint8

const (
	staying leaving = iota
	breaking
	continuing
	returning
	stuck // what comes next cannot be told
)

// exactly runs statements in a scope of their own kind; false when it got stuck.
func (a *analysis) exactly(s *scope, run func()) bool {
	outer, exact := a.leaving, s.exact
	branch, loops, applying := a.branch, a.loops, a.applying
	a.branch, a.loops, a.applying, a.leaving = 0, 0, 0, staying
	a.silent++
	a.exact++
	s.exact = true
	run()
	s.exact = exact
	a.exact--
	a.silent--
	done := a.leaving != stuck
	a.branch, a.loops, a.applying, a.leaving = branch, loops, applying, outer
	return done
}

// giveUp ends exact reading.
func (a *analysis) giveUp() { a.leaving = stuck }

// exactStatement runs those statements that exact reading sees otherwise; false for
// the others.
func (a *analysis) exactStatement(n *syntax.Node) bool {
	t := a.tree
	switch n.Kind {
	case syntax.If:
		if a.decided(n.A) {
			a.statements(n.B)
			return true
		}
		for e := n.C; e != 0 && a.leaving == staying; e = t.Next(e) {
			if elif := t.Node(e); a.decided(elif.A) {
				a.statements(elif.B)
				return true
			}
		}
		if a.leaving == staying {
			a.statements(n.D)
		}
	case syntax.For:
		items, ok := a.iterates(a.eval(n.B))
		if !ok || len(items) > mostLooped {
			a.giveUp()
			return true
		}
		for _, it := range items {
			if !a.turns() {
				return true
			}
			a.assign(n.A, it)
			if a.statements(n.C); a.leavesLoop() {
				return true
			}
		}
		a.statements(n.D)
	case syntax.While:
		var last map[string]*value
		for i := range mostLooped {
			if i&(i-1) == 0 {
				if len(a.scope.vars) > mostNames || last != nil && unmoved(last, a.scope.vars) {
					a.giveUp() // nothing has changed since, and nothing will
					return true
				}
				last = maps.Clone(a.scope.vars)
			}
			if !a.decided(n.A) {
				if a.leaving == staying {
					a.statements(n.C)
				}
				return true
			}
			if !a.turns() {
				return true
			}
			if a.statements(n.B); a.leavesLoop() {
				return true
			}
		}
		a.giveUp()
	case syntax.Break:
		a.leaving = breaking
	case syntax.Continue:
		a.leaving = continuing
	case syntax.Raise, syntax.Global, syntax.Nonlocal, syntax.With, syntax.Match, syntax.ClassDef:
		a.giveUp()
	case syntax.Try: // nothing that is read exactly raises
		a.statements(n.A)
		if a.leaving == staying {
			a.statements(n.C)
		}
		if a.leaving == staying {
			a.statements(n.D)
		}
	default:
		return false
	}
	return true
}

// unmoved says that names stand for what they stood for before.
func unmoved(before, now map[string]*value) bool {
	return maps.EqualFunc(before, now, func(x, y *value) bool {
		if x == y || x.kind == unknown && y.kind == unknown {
			return true
		}
		return x.isConst() && x.kind == y.kind && x.s == y.s && x.n == y.n
	})
}

// decided gives the truth of a test; it gives up where that is not known.
func (a *analysis) decided(test syntax.ID) bool {
	yes, known := truthOf(a.eval(test))
	if !known {
		a.giveUp()
	}
	return yes && known
}

// turns pays for one turn of a loop.
func (a *analysis) turns() bool {
	if !a.fold(turn) || a.steps <= a.reserved {
		a.giveUp()
		return false
	}
	return true
}

// leavesLoop says that a loop ends after a turn.
func (a *analysis) leavesLoop() bool {
	switch a.leaving {
	case breaking:
		a.leaving = staying
		return true
	case continuing:
		a.leaving = staying
	}
	return a.leaving != staying
}

// loopExactly reads a loop whose body only computes turn by turn. What it was read as
// for facts stays when that leaves nothing constant.
func (a *analysis) loopExactly(n *syntax.Node, before map[string]*value) {
	s := a.scope
	after := maps.Clone(s.vars)
	clear(s.vars)
	maps.Copy(s.vars, before)
	returned := a.returned
	done := a.exactly(s, func() { a.exactStatement(n) })
	a.returned = returned
	useful := false
	if done {
		for k, v := range s.vars {
			useful = useful || before[k] != v && (v.constant() || v.names())
		}
	}
	if !useful {
		clear(s.vars)
		maps.Copy(s.vars, after)
	}
}

// onlyComputes says that a body is short and does nothing but put values together.
func (a *analysis) onlyComputes(body syntax.ID) bool {
	left := mostLoop
	return a.onlyComputing(body, &left)
}

func (a *analysis) onlyComputing(body syntax.ID, left *int) bool {
	t := a.tree
	for id := body; id != 0; id = t.Next(id) {
		if *left--; *left < 0 {
			return false
		}
		n := t.Node(id)
		switch n.Kind {
		case syntax.Assign, syntax.AugAssign, syntax.Break, syntax.Continue, syntax.Pass, syntax.Delete:
		case syntax.ExprStmt:
			if k := t.Kind(n.A); k == syntax.Str {
				continue
			} else if k != syntax.Call {
				return false
			}
			if c := t.Node(t.Node(n.A).A); c.Kind != syntax.Attribute || !changes[t.Name(t.Node(n.A).A)] {
				return false
			}
		case syntax.If:
			for e := n.C; e != 0; e = t.Next(e) {
				if !a.onlyComputing(t.Node(e).B, left) {
					return false
				}
			}
			if !a.onlyComputing(n.B, left) || !a.onlyComputing(n.D, left) {
				return false
			}
		case syntax.For:
			if !a.onlyComputing(n.C, left) || !a.onlyComputing(n.D, left) {
				return false
			}
		case syntax.While:
			if !a.onlyComputing(n.B, left) || !a.onlyComputing(n.C, left) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// changes are methods that change a list or table and do nothing else.
var changes = map[string]bool{"append": true, "extend": true, "add": true, "insert": true, "appendleft": true, "reverse": true, "sort": true, "update": true, "pop": true, "remove": true, "clear": true}

// snapshot is what the names of this scope stand for; nil when they are too many.
func (a *analysis) snapshot() map[string]*value {
	if len(a.scope.vars) > mostNames {
		return nil
	}
	return maps.Clone(a.scope.vars)
}

// callExactly gives what a function of this file gives for constants; nil when that
// cannot be told. A generator gives all that it yields.
func (a *analysis) callExactly(fn *fun, s *scope) *value {
	outer, returned, yields := a.scope, a.returned, a.yields
	a.scope, a.returned, a.yields = s, nil, nil
	a.inlined++
	done := a.exactly(s, func() { a.body(fn) })
	a.inlined--
	out := a.returned
	if fn.generates {
		out = a.listOf(a.yields, nothing)
	}
	a.scope, a.returned, a.yields = outer, returned, yields
	if !done || out == nil {
		return nil
	}
	return out
}

// parameters gives the parameters of a function their values; false when the call
// does not fit it.
func (a *analysis) parameters(fn *fun, pos []*value, args *arguments) (*scope, bool) {
	s := &scope{vars: make(map[string]*value, len(fn.params)+2), parent: fn.closure, fn: fn}
	if args.rest != nil || len(pos) > len(fn.params) && fn.star == nil {
		return nil, false
	}
	for i, p := range fn.params {
		switch {
		case i < len(pos):
			s.vars[p.name] = pos[i]
		case p.def != nil:
			s.vars[p.name] = p.def
		default:
			s.vars[p.name] = nothing
		}
	}
	if fn.star != nil {
		s.vars[fn.starName] = a.make(value{kind: list, items: pos[min(len(pos), len(fn.params)):]})
	}
	table := value{kind: dict}
words:
	for _, k := range args.kw {
		for i := range fn.params {
			if fn.params[i].name == k.name {
				s.vars[k.name] = k.value
				continue words
			}
		}
		if fn.kw == nil || k.name == "" {
			return nil, false
		}
		table.items = append(table.items, a.textOf(k.name), k.value)
	}
	if fn.kw != nil {
		s.vars[fn.kwName] = a.make(table)
	}
	return s, true
}

// measure counts what a function is made of, once.
func (a *analysis) measure(fn *fun) {
	if fn.sized {
		return
	}
	fn.sized = true
	n := a.tree.Node(fn.node)
	if n.Kind == syntax.Lambda {
		fn.size, fn.gives = 1, true
		return
	}
	size, simple := 0, true
	a.tree.WalkList(n.D, func(id syntax.ID) bool {
		if !simple {
			return false
		}
		switch k := a.tree.Kind(id); k {
		case syntax.ClassDef, syntax.Await:
			simple = false
		case syntax.FunctionDef:
			size++
			return false
		case syntax.Lambda:
			return false
		case syntax.If, syntax.For, syntax.While, syntax.Try:
			fn.winds = true
			size++
		case syntax.Return:
			fn.gives = fn.gives || a.tree.Node(id).A != 0
			size++
		case syntax.Yield, syntax.YieldFrom:
			fn.generates, fn.gives, fn.winds = true, true, true
		default:
			if k.Statement() {
				size++
			}
		}
		if size > mostBody {
			simple = false
		}
		return simple
	})
	if simple {
		fn.size = size
	}
}

// closed is a function that is defined while a call is read exactly: it sees what the
// names of that call stand for.
func (a *analysis) closed(f *fun) *value {
	c := *f
	c.closure, c.origin = a.scope, f
	c.value = value{kind: function, fn: &c}
	c.params = slices.Clone(f.params)
	n := a.tree.Node(f.node)
	first := n.C
	if n.Kind == syntax.Lambda {
		first = n.A
	}
	a.defaults(c.params, first)
	return &c.value
}
