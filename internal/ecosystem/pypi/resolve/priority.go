package resolve

// Which package to decide next matters more for what is chosen than anything
// else: the first one decided gets its newest version. To choose what uv and
// pip choose, the order is theirs in so far as they document it
// (https://docs.astral.sh/uv/reference/internals/resolver/#prioritization):
// pinned packages first, then those that conflict often, then the rest, each in
// the order in which they were first needed.

// priority of a package and what has it as base.
type priority struct {
	class    class
	seen     int // how many were needed before
	affected int // times a decision on it was refused since its class last changed
	culprit  int // times it was what refused the decision
}

type class int8

const (
	pinned class = iota // by == to one version
	early               // its decisions are often refused: it is decided before those who refuse
	late                // often refuses
	usual
)

// prefer notes that a package is needed.
func (s *solver) prefer(d dependency) {
	for len(s.order) < len(s.of) {
		s.order = append(s.order, -1)
	}
	if s.order[d.on] < 0 {
		s.order[d.on] = s.needed
		s.needed++
	}
	b := s.u.base(d.on)
	p := s.priority[b]
	if p == nil {
		p = &priority{class: usual, seen: len(s.priority)}
		s.priority[b] = p
	}
	if d.pinned {
		p.class = pinned
	}
}

// undecided gives the package to decide next: one that must be chosen and is
// not yet.
func (s *solver) undecided() (pkg, bool) {
	best, found := rootPkg, false
	for q := range s.decided {
		p := pkg(q)
		if s.decided[q] >= 0 || s.known(p).has(s.u.size(p)) {
			continue
		}
		if !found || s.before(p, best) {
			best, found = p, true
		}
	}
	return best, found
}

func (s *solver) before(p, q pkg) bool {
	if p == rootPkg || q == rootPkg {
		return p == rootPkg
	}
	a, b := s.priority[s.u.base(p)], s.priority[s.u.base(q)]
	if a.class != b.class {
		return a.class < b.class
	}
	if a.seen != b.seen {
		return a.seen < b.seen
	}
	return s.order[p] < s.order[q]
}

// clash notes that a decision on p was refused by the other packages of x.
func (s *solver) clash(x *incompat, p pkg) {
	c := clash{affected: p}
	for _, t := range x.terms {
		if t.p != p && t.p != rootPkg && s.u.base(t.p) != s.u.base(p) {
			c.culprits = append(c.culprits, t.p)
		}
	}
	if p != rootPkg && len(c.culprits) > 0 {
		s.clashes = append(s.clashes, c)
	}
}

// reorder counts the clashes since the last call. When one package was refused
// often by another that was decided first, their order is turned round and the
// solver goes back to before the other's decision: else it would walk through
// all old versions of the refused one, one by one, and perhaps settle on one
// that nobody wants.
func (s *solver) reorder() error {
	for len(s.clashes) > 0 {
		clashes := s.clashes
		s.clashes = nil
		back := s.level
		for _, c := range clashes {
			if level, ok := s.count(c); ok {
				back = min(back, level)
			}
		}
		if back == s.level {
			continue
		}
		s.backtrack(back)
		for p := range s.of {
			if err := s.propagate(pkg(p)); err != nil {
				return err
			}
		}
	}
	return nil
}

// count notes one clash; it gives the level to go back to when a culprit
// changed its class.
func (s *solver) count(c clash) (level int, changed bool) {
	level = s.level
	a := s.priority[s.u.base(c.affected)]
	if a.affected++; a.affected >= conflictsToGo && a.class > early {
		a.class, a.affected = early, 0
	}
	for _, p := range c.culprits {
		b := s.priority[s.u.base(p)]
		if b.culprit++; b.culprit < conflictsToGo || b.class != usual {
			continue
		}
		b.class, b.culprit = late, 0
		if s.decided[p] < 0 {
			continue
		}
		h := s.history[p]
		level, changed = min(level, h[len(h)-1].level-1), true
	}
	return level, changed
}
