package gate

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// closureOf resolves a manifest, looking at the upstream's index the way a
// client of this registry will see it: a range passes over what is refused.
// When nothing satisfies the manifest that way, as few packages as possible are
// shown with their refused versions too, so that the report can say what is
// refused and why, while every other line still takes what a client would.
func (g *Gate) closureOf(ctx context.Context, reg Registry, a asked) ([]ecosystem.Resolved, error) {
	if u, err := url.Parse(g.PublicURL()); err == nil {
		a.manifest.OwnHost = u.Host
	}
	up := &seen{g: g, reg: reg, peer: a.peer, refused: map[artifact.Package]*View{}}
	rs, err := up.resolve(ctx, a)
	if !unsatisfied(err) {
		return rs, err
	}
	all, err := up.opened(func(artifact.Package) bool { return true }).resolve(ctx, a)
	if err != nil {
		return nil, err // it is no matter of what the gate refuses
	}
	for _, open := range up.openings(a.manifest) {
		if rs, err = up.opened(open).resolve(ctx, a); !unsatisfied(err) {
			return rs, err
		}
	}
	return all, nil
}

func unsatisfied(err error) bool {
	_, ok := errors.AsType[*ecosystem.Conflict](err)
	return ok
}

// seen is an upstream as a client of the registry sees it, but for the packages
// that are open: those show their refused versions.
type seen struct {
	g    *Gate
	reg  Registry
	peer Peer
	open func(artifact.Package) bool

	mu      sync.Mutex
	refused map[artifact.Package]*View // packages with something refused
}

// opened is the same upstream with some packages open.
func (s *seen) opened(open func(artifact.Package) bool) *seen {
	return &seen{g: s.g, reg: s.reg, peer: s.peer, open: open, refused: map[artifact.Package]*View{}}
}

func (s *seen) resolve(ctx context.Context, a asked) ([]ecosystem.Resolved, error) {
	return a.peer.Resolve(ctx, s, []*ecosystem.Manifest{a.manifest}, s.reg.Targets)
}

// Index implements ecosystem.Upstream.
func (s *seen) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	v, err := s.g.evaluatedView(ctx, s.reg.Name, p)
	if err != nil {
		return nil, err
	}
	return s.shown(v), nil
}

// Complete implements ecosystem.Completer, also over an upstream that is none.
func (s *seen) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	want := everything
	if len(files) > 0 {
		want = named(files...)
	}
	v, err := s.g.view(ctx, s.reg.Name, x.Package, want)
	if err != nil {
		return nil, err
	}
	return s.shown(v), nil
}

// shown is the index of a view, as it is seen.
func (s *seen) shown(v *View) *ecosystem.Index {
	p := v.Index.Package
	if s.open != nil && s.open(p) {
		return v.resolvable(false)
	}
	for _, d := range v.Decisions {
		if !Offers(d) {
			s.mu.Lock()
			s.refused[p] = v
			s.mu.Unlock()
			break
		}
	}
	return v.ForResolver()
}

// Metadata implements ecosystem.Upstream.
func (s *seen) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return s.g.metadata(ctx, s.reg.Name, s.peer, x, f)
}

// Each opening costs a resolution.
const openingsTried = 24

// openings are the packages to open, fewest first: those whose own lines allow
// nothing but refused versions, then with them one of the others.
func (s *seen) openings(m *ecosystem.Manifest) []func(artifact.Package) bool {
	s.mu.Lock()
	refused := maps.Clone(s.refused)
	s.mu.Unlock()
	own := map[artifact.Package]bool{}
	for _, r := range m.Requirements {
		if v := refused[r.Package]; v != nil && !r.Constraint && !s.satisfiable(v, m) {
			own[r.Package] = true
		}
	}
	var out []func(artifact.Package) bool
	if len(own) > 0 {
		out = append(out, func(p artifact.Package) bool { return own[p] })
	}
	others := slices.SortedFunc(maps.Keys(refused), func(a, b artifact.Package) int { return strings.Compare(a.String(), b.String()) })
	for _, other := range others {
		if !own[other] && len(out) < openingsTried {
			out = append(out, func(p artifact.Package) bool { return own[p] || p == other })
		}
	}
	return out
}

// satisfiable says whether anything that is offered lies in the ranges of all
// lines about the package.
func (s *seen) satisfiable(v *View, m *ecosystem.Manifest) bool {
	return slices.ContainsFunc(v.offered(), func(number string) bool {
		for _, r := range m.Requirements {
			if r.Package != v.Index.Package {
				continue
			}
			if in, err := s.peer.InRange(number, r.Spec); err != nil || !in {
				return false
			}
		}
		return true
	})
}

// offered lists the versions with a file that a client could install.
func (v *View) offered() []string {
	var out []string
	there := map[string]bool{}
	for i, f := range v.Index.Files {
		if !f.Yanked && !there[f.Number] && Offers(v.Decisions[i]) {
			there[f.Number] = true
			out = append(out, f.Number)
		}
	}
	return out
}
