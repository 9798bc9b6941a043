package python

import (
	"strconv"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// unit is what runs as a whole: the file, a function, a class body.
type unit struct {
	name  string
	edges []edge // whom it calls, in this round
	hook  bool
	reach code.Reach
	id    int32 // in code.Outline
	away  []away
}

// away is a call of a function of another file.
type away struct {
	to    *ref
	under code.Reach
}

// edge is a call, under the condition of the place where it stands.
type edge struct {
	to    *unit
	under code.Reach
}

func (a *analysis) newUnit(full string) *unit {
	u := &unit{name: full, id: int32(len(a.units))}
	a.units = append(a.units, u)
	return u
}

// mostEdges bounds the calls kept of one unit.
const mostEdges = 4096

// edge notes that the present place calls a unit.
func (a *analysis) edge(to *unit) {
	from := a.unit
	if a.silent > 0 || len(from.edges) >= mostEdges {
		return
	}
	e := edge{to, a.reach}
	for i := len(from.edges) - 1; i >= 0 && i >= len(from.edges)-16; i-- {
		if from.edges[i] == e {
			return
		}
	}
	from.edges = append(from.edges, e)
}

// edgeAway notes that the present place calls something of another file.
func (a *analysis) edgeAway(to *ref, under code.Reach) {
	from := a.unit
	if a.silent > 0 || len(from.away) >= mostEdges || a.reach == code.Nowhere || !elsewhere(to) {
		return
	}
	e := away{to, under}
	for i := len(from.away) - 1; i >= 0 && i >= len(from.away)-16; i-- {
		if from.away[i] == e {
			return
		}
	}
	from.away = append(from.away, e)
}

// hookUnit says that an installer runs it.
func (a *analysis) hookUnit(u *unit) { u.hook = true }

// hookClass says that an installer runs the methods of a class.
func (a *analysis) hookClass(c *class) {
	for _, s := range c.attrs {
		if v := s.v; v != nil && v.kind == function {
			a.hookUnit(v.fn.unit)
		}
	}
	for _, b := range c.bases {
		if b.kind == classOf && b.cls != c && !b.cls.hook {
			b.cls.hook = true
			a.hookClass(b.cls)
		}
	}
}

// rank orders when something runs: a greater one runs whenever a smaller one does.
func rank(r code.Reach) int {
	switch r {
	case code.Top:
		return 4
	case code.OnHook:
		return 3
	case code.OnMain:
		return 2
	case code.OnCall:
		return 1
	}
	return 0
}

var reaches = [...]code.Reach{code.Nowhere, code.OnCall, code.OnMain, code.OnHook, code.Top}

// spread gives every unit the time at which it first runs, along the calls.
func (a *analysis) spread() {
	at := make(map[*unit]int, len(a.units))
	byRank := make([][]*unit, len(reaches))
	for _, u := range a.units {
		at[u] = rank(code.OnCall)
		if u.hook {
			at[u] = rank(code.OnHook)
			byRank[at[u]] = append(byRank[at[u]], u)
		}
	}
	at[a.top] = rank(code.Top)
	byRank[rank(code.Top)] = append(byRank[rank(code.Top)], a.top)
	for r := rank(code.Top); r > rank(code.OnCall); r-- {
		for i := 0; i < len(byRank[r]); i++ {
			u := byRank[r][i]
			if at[u] != r {
				continue
			}
			for _, e := range u.edges {
				to := min(r, rank(e.under))
				if to > at[e.to] {
					at[e.to] = to
					byRank[to] = append(byRank[to], e.to)
				}
			}
		}
	}
	for u, r := range at {
		u.reach = reaches[r]
	}
}

// reachOf is when a place in the unit runs that stands under a condition.
func (u *unit) reachOf(under code.Reach) code.Reach {
	return reaches[min(rank(u.reach), rank(under))]
}

func itoa(n int) string { return strconv.Itoa(n) }
