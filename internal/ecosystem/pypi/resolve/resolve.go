// Package resolve finds the closure of Python requirements for declared
// environments without running code: which versions, and which file of each, an
// installer would take there. It reads indexes (PEP 503, 691) and core metadata
// (PEP 658, 643) through an ecosystem.Upstream and nothing else.
//
// What it chooses is meant to be what uv and pip choose; test/live/resolve
// holds it to them. Where those two differ:
//
//   - Pre-releases are tried when no release fits, which is uv's "if-necessary".
//     pip lets a specifier that names a pre-release prefer a newer pre-release.
//   - Requires-Python counts with its upper bounds, as the specification and pip
//     have it. uv looks at lower bounds only.
//   - Yanked versions are tried last, and only when a requirement pins them by ==
//     or === (PEP 592). uv wants that pin to be in a manifest.
//   - A source archive whose metadata does not vouch for its dependencies is
//     *ecosystem.Unknowable, where both would build it. Another version is never
//     taken silently in its place.
//
// Where the file of a version is an sdist, what its build needs is in the closure
// too (Resolved.Build): an environment of its own for each sdist, as pip and uv
// build it, that neither narrows the rest nor is narrowed by constraints. What a
// build backend asks for by running (get_requires_for_build_wheel) is not known;
// it is judged when the build asks for it.
//
// The package promises never to run, unpack or fetch a file, never to follow a
// URL of a requirement, and never to answer with half a closure: a fault is an
// error. Work is bounded (ErrTooHard). All functions are safe for concurrent use.
package resolve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Resolve gives the closure of manifests on one target: that of all that are not
// locked taken together, as one install of them all, and what each locked one
// says. The result is sorted by name and version. Errors: *ecosystem.Conflict,
// *ecosystem.Unknowable, ErrTooHard, and ecosystem.ErrNoPackage and
// ecosystem.ErrUnreachable wrapped.
func Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, t ecosystem.Target) ([]ecosystem.Resolved, error) {
	return ResolveAll(ctx, up, ms, []ecosystem.Target{t})
}

// ResolveAll gives the union of the closures on several targets. A version is
// there once, with the files of all targets and all that it needs on any.
func ResolveAll(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	src, done := newSource(ctx, up)
	defer done()
	var all []ecosystem.Resolved
	for _, t := range distinct(targets) {
		open := slices.DeleteFunc(slices.Clone(ms), func(m *ecosystem.Manifest) bool { return m.Locked })
		if len(open) > 0 {
			rs, err := resolve(ctx, src, open, t)
			if err != nil {
				return nil, err
			}
			all = append(all, rs...)
		}
		for _, m := range ms {
			if !m.Locked {
				continue
			}
			rs, err := fromLock(ctx, src, m, t)
			if err != nil {
				return nil, err
			}
			all = append(all, rs...)
		}
	}
	return union(all), nil
}

// distinct gives the targets that are different for Python, each once.
func distinct(targets []ecosystem.Target) []ecosystem.Target {
	var out []ecosystem.Target
	for _, t := range targets {
		t.Node = ""
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// resolve asks the solver for one target.
func resolve(ctx context.Context, src *source, ms []*ecosystem.Manifest, t ecosystem.Target) ([]ecosystem.Resolved, error) {
	e, err := newEnvironment(t, rulesOf(ms))
	if err != nil {
		return nil, err
	}
	if err := e.fits(ms); err != nil {
		return nil, err
	}
	wishes, err := e.wishes(ms)
	if err != nil {
		return nil, err
	}
	rs, err := solveFor(ctx, src, e, wishes)
	if err != nil {
		return nil, err
	}
	return newBuilder(src, e).withBuilds(ctx, rs, nil)
}

// solveFor gives the closure of wishes without what building needs.
func solveFor(ctx context.Context, src *source, e *environment, wishes []wish) ([]ecosystem.Resolved, error) {
	p := newProvider(e, src, wishes)
	chosen, err := newSolver(p).solve(ctx)
	if no := (*unsolvable)(nil); errors.As(err, &no) {
		return nil, p.conflict(no)
	}
	if err != nil {
		return nil, err
	}
	return p.closure(ctx, chosen)
}

func rulesOf(ms []*ecosystem.Manifest) rules {
	r := rules{hashes: map[string][]string{}}
	for _, m := range ms {
		r.pre = r.pre || m.PreReleases
		r.hashed = r.hashed || m.Hashed
		r.binary.add(m.OnlyBinary)
		r.noBinary.add(m.NoBinary)
		for _, q := range m.Requirements {
			r.hashes[q.Package.Name] = append(r.hashes[q.Package.Name], q.Hashes...)
		}
	}
	return r
}

// fits says whether the manifests are meant for the target's Python at all.
func (e *environment) fits(ms []*ecosystem.Manifest) error {
	for _, m := range ms {
		specs, err := pep440.ParseSpecifiers(m.RequiresPython)
		if err != nil {
			return fmt.Errorf("reading %s: requires-python %s: %w", m.Path, artifact.Untrusted(m.RequiresPython), err)
		}
		if !specs.Contains(e.python) {
			return &ecosystem.Conflict{
				Target: e.target, At: finding.Location{File: m.Path},
				Report: fmt.Sprintf("%s is for Python %s, and the target has %s.\nTake another target, or widen requires-python.", m.Path, specs, e.target.Python),
			}
		}
	}
	return nil
}

// wishes gives the requirements that apply to the target.
func (e *environment) wishes(ms []*ecosystem.Manifest) ([]wish, error) {
	var out []wish
	for _, m := range ms {
		for _, q := range m.Requirements {
			if q.Marker != "" {
				marker, err := pep508.ParseMarker(q.Marker)
				if err != nil {
					return nil, fmt.Errorf("reading %s: marker: %w", q.At, err)
				}
				if !marker.Eval(e.env, "") {
					continue
				}
			}
			specs, err := pep440.ParseSpecifiers(q.Spec)
			if err != nil {
				return nil, fmt.Errorf("reading %s: version specifiers: %w", q.At, err)
			}
			out = append(out, wish{Requirement: q, specs: specs})
		}
	}
	return out, nil
}

// closure walks the solution from the manifests' lines outwards, so that the
// path to each package is a shortest one.
func (p *provider) closure(ctx context.Context, chosen map[pkg]int) ([]ecosystem.Resolved, error) {
	place := map[string]int{}
	var out []ecosystem.Resolved
	var queue []id
	queued := map[id]bool{}
	reach := func(name string, extras []string, from *ecosystem.Resolved, at finding.Location) {
		if _, ok := place[name]; !ok {
			base := p.byID[id{name: name}]
			r := p.resolved(base, chosen[base])
			r.At, r.Direct = at, from == nil
			if from != nil {
				r.Via = append(slices.Clone(from.Via), from.Version.Package)
			}
			place[name] = len(out)
			out = append(out, r)
		}
		for _, e := range append([]string{""}, extras...) {
			if i := (id{name, e}); !queued[i] {
				queued[i] = true
				queue = append(queue, i)
			}
		}
	}
	for _, w := range p.wishes {
		reach(w.Package.Name, w.Extras, nil, w.At)
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		from := out[place[i.name]]
		reqs, err := p.chosenNeeds(ctx, i, chosen)
		if err != nil {
			return nil, err
		}
		for _, q := range reqs {
			reach(q.name, q.extras, &from, from.At)
			on := p.byID[id{name: q.name}]
			needs := &out[place[i.name]].Needs
			if v := p.version(p.packages[on].candidates, chosen[on]); q.name != i.name && !slices.Contains(*needs, v) {
				*needs = append(*needs, v)
			}
		}
	}
	return out, nil
}

// chosenNeeds gives the requirements of a chosen package or extra that apply.
func (p *provider) chosenNeeds(ctx context.Context, i id, chosen map[pkg]int) ([]requirement, error) {
	base := p.byID[id{name: i.name}]
	c, v := p.packages[base].candidates, chosen[base]
	d, err := p.src.details(c.project, c.release(v), c.choose(p.environment, v).file).wait(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(d.requires), func(q requirement) bool { return !p.applies(q, i.extra) }), nil
}

func (p *provider) resolved(q pkg, v int) ecosystem.Resolved {
	c := p.packages[q].candidates
	return ecosystem.Resolved{
		Version: p.version(c, v),
		Files:   []ecosystem.IndexFile{c.choose(p.environment, v).file.IndexFile},
		Hashes:  sortedUnion(nil, p.rules.hashes[c.project.name]),
	}
}

// union joins the entries of one version and sorts them all.
func union(rs []ecosystem.Resolved) []ecosystem.Resolved {
	var out []ecosystem.Resolved
	place := map[artifact.Version]int{}
	for _, r := range rs {
		i, ok := place[r.Version]
		if !ok {
			place[r.Version] = len(out)
			out = append(out, r)
			continue
		}
		out[i] = join(out[i], r)
	}
	keys := map[string][]byte{}
	for _, r := range out {
		if v, err := pep440.Parse(r.Version.Number); err == nil {
			keys[r.Version.Number] = v.Key()
		}
	}
	slices.SortStableFunc(out, func(a, b ecosystem.Resolved) int {
		if c := strings.Compare(a.Version.Package.Name, b.Version.Package.Name); c != 0 {
			return c
		}
		return bytes.Compare(keys[a.Version.Number], keys[b.Version.Number])
	})
	for _, r := range out {
		slices.SortFunc(r.Needs, func(a, b artifact.Version) int { return strings.Compare(a.String(), b.String()) })
	}
	return out
}

// join puts two entries of one version together. The way to it is the direct
// one if either is, else one that no build leads, else the shorter.
func join(a, b ecosystem.Resolved) ecosystem.Resolved {
	if rank := waysRank(b) - waysRank(a); rank < 0 || rank == 0 && len(b.Via) < len(a.Via) {
		a.Direct, a.Build, a.Via, a.At = b.Direct, b.Build, b.Via, b.At
	}
	for _, f := range b.Files {
		if !slices.ContainsFunc(a.Files, func(o ecosystem.IndexFile) bool { return o.Name == f.Name }) {
			a.Files = append(a.Files, f)
		}
	}
	for _, v := range b.Needs {
		if !slices.Contains(a.Needs, v) {
			a.Needs = append(a.Needs, v)
		}
	}
	a.Hashes = sortedUnion(a.Hashes, b.Hashes)
	a.Findings = joinFindings(a, b)
	return a
}

// waysRank orders the ways to a version: asked for, needed, needed by a build.
func waysRank(r ecosystem.Resolved) int {
	switch {
	case r.Direct:
		return 0
	case !r.Build:
		return 1
	}
	return 2
}

func sortedUnion(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
