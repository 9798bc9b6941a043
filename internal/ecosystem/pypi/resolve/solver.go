package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrTooHard says that a resolution met a bound on its work before it had an
// answer. Nothing is known then, and nothing may be admitted.
var ErrTooHard = errors.New("resolution is larger than the bounds allow")

// Bounds on one resolution. The largest closures seen in public have about a
// thousand packages; a resolution that backtracks heavily decides a few
// thousand times.
const (
	maxPackages   = 5_000
	maxVersions   = 20_000 // of one package
	maxDecisions  = 100_000
	maxIncompats  = 200_000
	maxWords      = 16 << 20 // 64-bit words in the sets of all incompatibilities
	maxRequires   = 5_000    // requirements of one version
	conflictsToGo = 5        // conflicts after which two packages change their order
)

// A pkg numbers a package within one solve; 0 is the root, whose only version
// stands for the manifests.
type pkg int

const rootPkg pkg = 0

// A universe tells the solver what exists. The solver is generic: versions are
// numbers, 0 the most preferred, and what they mean is the universe's own. It
// is asked on one goroutine.
type universe interface {
	// size is the number of versions of p; constant during a solve.
	size(p pkg) int
	// base gives the package whose version p must share, when both are chosen;
	// p itself when there is none. Whatever needs p needs its base too, and first.
	base(p pkg) pkg
	// pick gives the version of p to try among allowed, which is not empty.
	// Versions that can never be chosen come back in out; then the version is
	// ignored, and pick is asked again if others are left.
	pick(ctx context.Context, p pkg, allowed set) (version int, out []exclusion, err error)
	// needs gives what version v of p needs, or why it can not be chosen after all.
	needs(ctx context.Context, p pkg, v int) (deps []dependency, out []exclusion, err error)
}

// exclusion says that versions can never be chosen, and why.
type exclusion struct {
	versions set // of size(p)
	why      any // the universe's own words, kept for the report
}

// dependency says that a version needs one of the allowed versions of on.
type dependency struct {
	on      pkg
	allowed set // of size(on); may be empty
	pinned  bool
	why     any
}

// An incompat (incompatibility) is a set of terms that cannot all hold. A term
// is about a package and holds when the package's state is in the set: states
// are its versions and, last, "not chosen", so that negation is complement and
// one algebra serves positive and negative terms.
type incompat struct {
	terms       []term
	why         any       // of an outside fact: the universe's requirement or exclusion
	left, right *incompat // of a learned one: what it follows from
}

type term struct {
	p   pkg
	set set // of size(p)+1 states
}

// sameVersion is the why of a package and its base being one version.
type sameVersion struct{}

func (x *incompat) learned() bool { return x.left != nil }

// assignment is one entry of a package's history: what was known of it after
// the at-th assignment of all.
type assignment struct {
	at    int
	level int
	own   set // what this assignment said
	known set // and what was known with all before
	cause *incompat
}

// unsolvable carries the derivation that ends in a contradiction.
type unsolvable struct{ root *incompat }

func (u *unsolvable) Error() string { return "no set of versions satisfies the requirements" }

// solver finds versions by PubGrub: it keeps a partial solution, derives what
// must follow (unit propagation), decides a version when nothing follows, and
// learns an incompatibility from each conflict, jumping back to the decision
// that caused it. See https://github.com/dart-lang/pub/blob/master/doc/solver.md
// for the algorithm. Everything is ordered, so the answer is deterministic.
type solver struct {
	u       universe
	of      [][]*incompat  // by package, oldest first
	history [][]assignment // by package
	decided []int          // by package, -1 when not
	trail   []pkg          // the package of each assignment, in order
	level   int

	asked     []set // by package: versions whose needs are known to the solver
	merged    map[mergeKey]*incompat
	order     []int // by package: how many were needed before it
	needed    int
	priority  map[pkg]*priority // by base
	decisions int
	incompats int
	words     int
	clashes   []clash
}

// mergeKey finds the incompatibility of versions with the same need.
type mergeKey struct {
	p, on   pkg
	allowed string
}

// clash is a conflict between a package just decided and earlier ones.
type clash struct {
	affected pkg
	culprits []pkg
}

func newSolver(u universe) *solver {
	return &solver{u: u, merged: map[mergeKey]*incompat{}, priority: map[pkg]*priority{}}
}

// solve gives the version chosen for each package that is in the solution. The
// error is *unsolvable, ErrTooHard, the universe's own, or the context's.
func (s *solver) solve(ctx context.Context) (map[pkg]int, error) {
	if err := s.grow(rootPkg); err != nil {
		return nil, err
	}
	absent := single(2, 1)
	if err := s.add(&incompat{terms: []term{{rootPkg, absent}}}); err != nil {
		return nil, err
	}
	next := rootPkg
	for {
		if err := s.propagate(next); err != nil {
			return nil, err
		}
		if err := s.reorder(); err != nil {
			return nil, err
		}
		p, ok := s.undecided()
		if !ok {
			return s.solution(), nil
		}
		if err := s.step(ctx, p); err != nil {
			return nil, err
		}
		next = p
	}
}

// step tries to decide p, or learns why not.
func (s *solver) step(ctx context.Context, p pkg) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.decisions++; s.decisions > maxDecisions {
		return fmt.Errorf("%w: %d decisions", ErrTooHard, maxDecisions)
	}
	if tied, err := s.tie(p); err != nil || tied {
		return err
	}
	v, out, err := s.u.pick(ctx, p, s.versions(p))
	if err != nil {
		return err
	}
	if len(out) > 0 {
		return s.exclude(p, out)
	}
	if v < 0 {
		return errors.New("resolving: no version picked and none excluded")
	}
	clash, err := s.need(ctx, p, v)
	if err != nil || clash {
		return err
	}
	s.level++
	s.decided[p] = v
	s.assign(p, single(s.u.size(p)+1, v), nil)
	return nil
}

// tie narrows p to the version decided for its base. One fact says that for all
// other versions at once; else each would be tried and refused.
func (s *solver) tie(p pkg) (bool, error) {
	b := s.u.base(p)
	v := s.decided[b]
	if b == p || v < 0 {
		return false, nil
	}
	n := s.u.size(p)
	others := fullSet(n).without(single(n, v))
	if s.versions(p).disjoint(others) {
		return false, nil
	}
	apart := newSet(n + 1)
	copy(apart, others)
	return true, s.add(&incompat{
		terms: []term{{b, single(n+1, v)}, {p, apart}},
		why:   sameVersion{},
	})
}

// need adds the incompatibilities of a version's needs. It reports a clash when
// one of them already rules the version out, or when the version cannot be
// chosen at all; propagation then does the rest.
func (s *solver) need(ctx context.Context, p pkg, v int) (bool, error) {
	if s.asked[p].has(v) {
		return false, nil // propagation has ruled out what they forbid
	}
	deps, out, err := s.u.needs(ctx, p, v)
	if err != nil {
		return false, err
	}
	if len(out) > 0 {
		return true, s.exclude(p, out)
	}
	if len(deps) > maxRequires {
		return false, fmt.Errorf("%w: a version with %d requirements", ErrTooHard, len(deps))
	}
	s.asked[p].add(v)
	clashed := false
	for _, d := range deps {
		if err := s.grow(d.on); err != nil {
			return false, err
		}
		s.prefer(d)
		x, err := s.addNeed(p, v, d)
		if err != nil {
			return false, err
		}
		if s.rulesOut(x, p) {
			if !clashed {
				s.clash(x, p)
			}
			clashed = true
		}
	}
	return clashed, nil
}

// addNeed adds "p at v needs d", joined with other versions of p that have the
// very same need. Widening an incompatibility in place is sound: it says more,
// and what followed from it before still follows.
func (s *solver) addNeed(p pkg, v int, d dependency) (*incompat, error) {
	if d.on == p && d.allowed.has(v) {
		return &incompat{}, nil // it needs itself as it is
	}
	key := mergeKey{p, d.on, d.allowed.key()}
	if x := s.merged[key]; x != nil {
		x.terms[0].set.add(v)
		return x, nil
	}
	n := s.u.size(d.on)
	forbidden := fullSet(n + 1)
	for i, w := range d.allowed {
		forbidden[i] &^= w
	}
	x := &incompat{
		terms: []term{{p, single(s.u.size(p)+1, v)}},
		why:   d.why,
	}
	// With nothing allowed the second term would always hold; and a version that
	// needs other versions of itself cannot be chosen.
	if d.on != p && !d.allowed.empty() {
		x.terms = append(x.terms, term{d.on, forbidden})
	}
	s.merged[key] = x
	return x, s.add(x)
}

// exclude adds the incompatibilities of versions that can never be chosen.
func (s *solver) exclude(p pkg, out []exclusion) error {
	n := s.u.size(p)
	for _, e := range out {
		versions := newSet(n + 1)
		copy(versions, e.versions)
		if err := s.add(&incompat{terms: []term{{p, versions}}, why: e.why}); err != nil {
			return err
		}
	}
	return nil
}

// rulesOut says whether all terms of x but p's hold already.
func (s *solver) rulesOut(x *incompat, p pkg) bool {
	if len(x.terms) == 0 {
		return false
	}
	for _, t := range x.terms {
		if t.p != p && !s.known(t.p).subsetOf(t.set) {
			return false
		}
	}
	return true
}

// add records an incompatibility with each package it is about.
func (s *solver) add(x *incompat) error {
	if s.incompats++; s.incompats > maxIncompats {
		return fmt.Errorf("%w: %d incompatibilities", ErrTooHard, maxIncompats)
	}
	for _, t := range x.terms {
		s.of[t.p] = append(s.of[t.p], x)
	}
	return s.weigh(x)
}

// weigh counts the memory of an incompatibility.
func (s *solver) weigh(x *incompat) error {
	for _, t := range x.terms {
		s.words += len(t.set)
	}
	if s.words > maxWords {
		return fmt.Errorf("%w: %d words of version sets", ErrTooHard, maxWords)
	}
	return nil
}

// grow makes room for package p.
func (s *solver) grow(p pkg) error {
	if int(p) >= maxPackages {
		return fmt.Errorf("%w: %d packages", ErrTooHard, maxPackages)
	}
	for len(s.of) <= int(p) {
		q := pkg(len(s.of))
		n := s.u.size(q)
		if n > maxVersions {
			return fmt.Errorf("%w: a package with %d versions", ErrTooHard, n)
		}
		s.of = append(s.of, nil)
		s.history = append(s.history, []assignment{{at: -1, known: fullSet(n + 1)}})
		s.decided = append(s.decided, -1)
		s.asked = append(s.asked, newSet(n))
	}
	return nil
}

// known gives the states of p that are still possible.
func (s *solver) known(p pkg) set {
	h := s.history[p]
	return h[len(h)-1].known
}

// versions is known without the state "not chosen".
func (s *solver) versions(p pkg) set {
	n := s.u.size(p)
	known := s.known(p)
	out := newSet(n)
	copy(out, known)
	if n%64 != 0 && len(out) > 0 {
		out[len(out)-1] &= 1<<(n%64) - 1
	}
	return out
}

func (s *solver) assign(p pkg, own set, cause *incompat) {
	s.history[p] = append(s.history[p], assignment{
		at: len(s.trail), level: s.level, own: own, known: s.known(p).and(own), cause: cause,
	})
	s.trail = append(s.trail, p)
}

// propagate derives all that follows from a change of p.
func (s *solver) propagate(p pkg) error {
	queue := []pkg{p}
	for len(queue) > 0 {
		p, queue = queue[len(queue)-1], queue[:len(queue)-1]
		for i := len(s.of[p]) - 1; i >= 0; i-- {
			x := s.of[p][i]
			open, n := s.open(x)
			if n > 1 {
				continue
			}
			if n == 0 {
				learned, err := s.resolve(x)
				if err != nil {
					return err
				}
				x = learned
				if open, n = s.open(x); n != 1 {
					return errors.New("resolving: a learned incompatibility has no open term")
				}
				queue = append(queue[:0], s.derive(x, open))
				break
			}
			queue = append(queue, s.derive(x, open))
		}
	}
	return nil
}

// derive assigns the negation of x's open term.
func (s *solver) derive(x *incompat, open int) pkg {
	t := x.terms[open]
	s.assign(t.p, fullSet(s.u.size(t.p)+1).without(t.set), x)
	return t.p
}

// open counts the terms of x that do not hold yet and gives the place of one;
// it gives 2 as soon as x can have no effect.
func (s *solver) open(x *incompat) (place, n int) {
	for i, t := range x.terms {
		known := s.known(t.p)
		if known.subsetOf(t.set) {
			continue
		}
		if n++; n > 1 || known.disjoint(t.set) {
			return 0, 2
		}
		place = i
	}
	return place, n
}

// resolve turns a conflict into what caused it: an incompatibility that was
// bound to fail at an earlier level, to which it goes back.
func (s *solver) resolve(x *incompat) (*incompat, error) {
	for learned := false; len(x.terms) > 0; learned = true {
		which, last, before := s.satisfier(x)
		a := s.history[x.terms[which].p][last]
		if a.cause == nil || before < a.level {
			s.clash(x, x.terms[which].p)
			s.backtrack(before)
			if learned {
				if err := s.add(x); err != nil {
					return nil, err
				}
			}
			return x, nil
		}
		x = s.merge(x, which, a.cause)
		if err := s.weigh(x); err != nil {
			return nil, err
		}
	}
	return nil, &unsolvable{root: x}
}

// satisfier finds the assignment that made x hold: the place of its term, its
// place in that package's history, and the level at which everything else that
// x needs was there.
func (s *solver) satisfier(x *incompat) (which, last, before int) {
	at := -2
	for i, t := range x.terms {
		h := s.history[t.p]
		j := holdsFrom(h, t.set)
		if h[j].at <= at {
			before = max(before, h[j].level)
			continue
		}
		if at != -2 {
			before = max(before, s.history[x.terms[which].p][last].level)
		}
		at, which, last = h[j].at, i, j
	}
	// The assignment may need earlier ones of the same package to make its term
	// hold: those count as needed before it.
	t := x.terms[which]
	h := s.history[t.p]
	if own := h[last].own; own != nil && !own.subsetOf(t.set) {
		rest := t.set.or(fullSet(s.u.size(t.p) + 1).without(own))
		before = max(before, h[holdsFrom(h, rest)].level)
	}
	return which, last, before
}

// holdsFrom finds the first entry of a history at which the package's state was
// known to be in the set. What is known only shrinks, so a binary search does.
func holdsFrom(h []assignment, in set) int {
	lo, hi := 0, len(h)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if h[mid].known.subsetOf(in) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// merge is the rule of resolution on the package of x's which-th term, whose
// last assignment followed from cause.
func (s *solver) merge(x *incompat, which int, cause *incompat) *incompat {
	on := x.terms[which].p
	terms := slices.Clone(x.terms)
	for _, t := range cause.terms {
		i := slices.IndexFunc(terms, func(o term) bool { return o.p == t.p })
		switch {
		case i < 0:
			terms = append(terms, t)
		case t.p == on:
			terms[i].set = terms[i].set.or(t.set)
		default:
			terms[i].set = terms[i].set.and(t.set)
		}
	}
	terms = slices.DeleteFunc(terms, func(t term) bool {
		return t.p == on && t.set.count() == s.u.size(t.p)+1
	})
	return &incompat{terms: terms, left: x, right: cause}
}

// backtrack forgets everything above a level.
func (s *solver) backtrack(level int) {
	for len(s.trail) > 0 {
		p := s.trail[len(s.trail)-1]
		h := s.history[p]
		if h[len(h)-1].level <= level {
			break
		}
		if h[len(h)-1].cause == nil {
			s.decided[p] = -1
		}
		s.history[p] = h[:len(h)-1]
		s.trail = s.trail[:len(s.trail)-1]
	}
	s.level = level
}

func (s *solver) solution() map[pkg]int {
	out := map[pkg]int{}
	for p, v := range s.decided {
		if v >= 0 {
			out[pkg(p)] = v
		}
	}
	return out
}
