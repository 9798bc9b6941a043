package resolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// table is a universe of numbers only: wants[p][v] lists what version v of
// package p needs.
type table struct {
	sizes []int
	wants [][][]dependency
	out   []set // by package: versions that can never be chosen
}

func (t *table) size(p pkg) int { return t.sizes[p] }
func (t *table) base(p pkg) pkg { return p }

func (t *table) pick(_ context.Context, p pkg, allowed set) (int, []exclusion, error) {
	if bad := allowed.and(t.out[p]); !bad.empty() {
		return -1, []exclusion{{versions: bad, why: "out"}}, nil
	}
	return allowed.first(0), nil, nil
}

func (t *table) needs(_ context.Context, p pkg, v int) ([]dependency, []exclusion, error) {
	return t.wants[p][v], nil, nil
}

// randomTable makes a small universe that is often, not always, solvable.
func randomTable(r *rand.Rand) *table {
	n := 2 + r.IntN(6)
	t := &table{sizes: make([]int, n), wants: make([][][]dependency, n), out: make([]set, n)}
	for p := range n {
		t.sizes[p] = 1 + r.IntN(4)
		if p == 0 {
			t.sizes[p] = 1
		} else if r.IntN(20) == 0 {
			t.sizes[p] = 0
		}
		t.out[p] = newSet(t.sizes[p])
	}
	for p := range n {
		t.wants[p] = make([][]dependency, t.sizes[p])
		for v := range t.sizes[p] {
			if p > 0 && r.IntN(12) == 0 {
				t.out[p].add(v)
			}
			for range r.IntN(4) {
				on := 1 + r.IntN(n-1)
				allowed := newSet(t.sizes[on])
				for w := range t.sizes[on] {
					if r.IntN(2) == 0 {
						allowed.add(w)
					}
				}
				t.wants[p][v] = append(t.wants[p][v], dependency{on: pkg(on), allowed: allowed, pinned: r.IntN(5) == 0})
			}
		}
	}
	return t
}

// solvable tries everything.
func (t *table) solvable() bool {
	n := len(t.sizes)
	state := make([]int, n) // -1: not chosen
	var try func(p int) bool
	try = func(p int) bool {
		if p == n {
			return t.valid(state) == nil
		}
		for v := -1; v < t.sizes[p]; v++ {
			if p == 0 && v < 0 {
				continue
			}
			state[p] = v
			if try(p + 1) {
				return true
			}
		}
		return false
	}
	return try(0)
}

func (t *table) valid(state []int) error {
	for p, v := range state {
		if v < 0 {
			continue
		}
		if t.out[p].has(v) {
			return fmt.Errorf("package %d version %d can never be chosen", p, v)
		}
		for _, d := range t.wants[p][v] {
			if w := state[d.on]; w < 0 || !d.allowed.has(w) {
				return fmt.Errorf("package %d version %d needs package %d, has version %d", p, v, d.on, w)
			}
		}
	}
	return nil
}

func TestSolverAgreesWithTryingEverything(t *testing.T) {
	solved, refused := 0, 0
	for seed := range uint64(20_000) {
		u := randomTable(rand.New(rand.NewPCG(seed, 1)))
		got, err := newSolver(u).solve(context.Background())
		var no *unsolvable
		switch {
		case errors.As(err, &no):
			refused++
			if u.solvable() {
				t.Fatalf("seed %d: the solver finds no solution, trying everything does", seed)
			}
			checkDerivation(t, u, no.root)
		case err != nil:
			t.Fatalf("seed %d: %v", seed, err)
		default:
			solved++
			state := make([]int, len(u.sizes))
			for p := range state {
				state[p] = -1
			}
			for p, v := range got {
				state[p] = v
			}
			if state[0] != 0 {
				t.Fatalf("seed %d: the root is not in the solution %v", seed, got)
			}
			if err := u.valid(state); err != nil {
				t.Fatalf("seed %d: solution %v: %v", seed, got, err)
			}
		}
	}
	if solved < 2000 || refused < 2000 {
		t.Errorf("%d solved and %d refused: the universes no longer test both", solved, refused)
	}
}

// checkDerivation says whether every learned incompatibility follows from the
// two it names: no state of the packages may break it while keeping those.
func checkDerivation(t *testing.T, u *table, root *incompat) {
	t.Helper()
	if len(root.terms) != 0 {
		t.Errorf("the derivation ends with %d terms, want none", len(root.terms))
	}
	seen := map[*incompat]bool{}
	var walk func(x *incompat)
	walk = func(x *incompat) {
		if seen[x] || !x.learned() {
			return
		}
		seen[x] = true
		// Resolution on one package: everywhere else x is at most the meet of both,
		// and on that package at least their join.
		for _, side := range []*incompat{x.left, x.right} {
			walk(side)
		}
		n := 0
		for p := range u.sizes {
			l, r, m := termOf(u, x.left, pkg(p)), termOf(u, x.right, pkg(p)), termOf(u, x, pkg(p))
			if !m.subsetOf(l.and(r)) {
				n++
			}
		}
		if n > 1 {
			t.Errorf("a learned incompatibility joins %d packages, want at most 1", n)
		}
	}
	walk(root)
}

func termOf(u *table, x *incompat, p pkg) set {
	for _, t := range x.terms {
		if t.p == p {
			return t.set
		}
	}
	return fullSet(u.sizes[p] + 1)
}

func TestSolverIsDeterministic(t *testing.T) {
	for seed := range uint64(300) {
		u := randomTable(rand.New(rand.NewPCG(seed, 2)))
		first, err1 := newSolver(u).solve(context.Background())
		second, err2 := newSolver(u).solve(context.Background())
		if fmt.Sprint(first) != fmt.Sprint(second) || (err1 == nil) != (err2 == nil) {
			t.Fatalf("seed %d: %v %v, then %v %v", seed, first, err1, second, err2)
		}
	}
}

// Hostile version lists end at a bound, not with the machine's memory.
func TestSolverBounds(t *testing.T) {
	u := &table{sizes: []int{1}, wants: [][][]dependency{nil}, out: []set{newSet(1)}}
	for p := pkg(1); p < 10; p++ { // a chain
		u.sizes, u.out = append(u.sizes, 2), append(u.out, newSet(2))
		u.wants[p-1] = [][]dependency{{{on: p, allowed: fullSet(2)}}, nil}
		u.wants = append(u.wants, [][]dependency{nil, nil})
	}
	if got, err := newSolver(u).solve(context.Background()); err != nil || len(got) != 10 {
		t.Fatalf("got %v, %v, want all ten packages", got, err)
	}
	for _, tc := range []struct {
		what string
		near func(*solver)
	}{
		{"words of sets", func(s *solver) { s.words = maxWords - 3 }},
		{"incompatibilities", func(s *solver) { s.incompats = maxIncompats - 2 }},
		{"decisions", func(s *solver) { s.decisions = maxDecisions - 1 }},
	} {
		s := newSolver(u)
		tc.near(s)
		if got, err := s.solve(context.Background()); !errors.Is(err, ErrTooHard) {
			t.Errorf("%s: got %v, %v, want ErrTooHard", tc.what, got, err)
		}
	}
}

func TestSolverStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	u := randomTable(rand.New(rand.NewPCG(1, 1)))
	if _, err := newSolver(u).solve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
