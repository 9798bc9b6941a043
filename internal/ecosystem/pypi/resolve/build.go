package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Bounds on the builds of one target's closure.
const (
	maxBuilds     = 500 // sdists, those that builds need among them
	maxBuildDepth = 8   // sdists that are built to build another
)

// builder adds to a closure what the builds of its sdists need. Each build gets
// an environment of its own on the same target, as PEP 517 front ends make it:
// with the manifests' choice of wheels and sdists, without their constraints and
// hashes. It is for one goroutine.
type builder struct {
	src   *source
	env   *environment
	built map[releaseFile][]ecosystem.Resolved // what the build of an sdist needs, ways from there
	tried int
}

func newBuilder(src *source, e *environment) *builder {
	isolated := *e
	isolated.rules.hashed, isolated.rules.hashes = false, nil
	return &builder{src: src, env: &isolated, built: map[releaseFile][]ecosystem.Resolved{}}
}

// withBuilds gives rs with what building its sdists needs behind it. chain is
// what is being built for.
func (b *builder) withBuilds(ctx context.Context, rs []ecosystem.Resolved, chain []artifact.Version) ([]ecosystem.Resolved, error) {
	out := slices.Clone(rs)
	for i := range rs {
		for _, f := range rs[i].Files {
			if f.Kind != artifact.Sdist {
				continue
			}
			needs, err := b.needs(ctx, rs[i].Version, f, chain)
			if err != nil {
				return nil, blame(err, &rs[i])
			}
			out = attach(out, i, needs)
		}
	}
	return out, nil
}

// withLockedBuilds does it for the entries of a lock. What cannot be known there
// is said of the entry: the others are as the lock states them.
func (b *builder) withLockedBuilds(ctx context.Context, rs []ecosystem.Resolved) ([]ecosystem.Resolved, error) {
	out := slices.Clone(rs)
	for i := range rs {
		with, err := b.withBuilds(ctx, rs[i:i+1], nil)
		if why := unbuildable(err); why != "" {
			out[i].Findings = append(out[i].Findings, lockFinding(RuleLockBuild, finding.Fault, why))
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i] = with[0]
		out = append(out, with[1:]...)
	}
	return out, nil
}

// unbuildable gives the words of an error that says so, "" of any other.
func unbuildable(err error) string {
	if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
		return u.Why
	}
	if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
		return c.Report
	}
	return ""
}

// attach puts what a build needs behind the sdist out[i], which leads to it.
func attach(out []ecosystem.Resolved, i int, needs []ecosystem.Resolved) []ecosystem.Resolved {
	way := append(slices.Clone(out[i].Via), out[i].Version.Package)
	edges := slices.Clone(out[i].Needs)
	for _, n := range needs {
		if n.Direct && n.Version != out[i].Version && !slices.Contains(edges, n.Version) {
			edges = append(edges, n.Version)
		}
		n.Direct, n.Build, n.At = false, true, out[i].At
		n.Via = append(slices.Clone(way), n.Via...)
		out = append(out, n)
	}
	out[i].Needs = edges
	return out
}

// needs gives the closure that has to be installed before an sdist can be built,
// and to build what of that is an sdist itself. Direct stands for what the sdist
// names.
func (b *builder) needs(ctx context.Context, v artifact.Version, f ecosystem.IndexFile, chain []artifact.Version) ([]ecosystem.Resolved, error) {
	switch {
	case slices.Contains(chain, v):
		return nil, &ecosystem.Unknowable{Version: v, Why: fmt.Sprintf("to build %s it has to be there already (%s); take a version with a wheel", artifact.Untrusted(f.Name), way(append(chain, v)))}
	case len(chain) >= maxBuildDepth:
		return nil, &ecosystem.Unknowable{Version: v, Why: fmt.Sprintf("more than %d builds need one another (%s); take a version with a wheel", maxBuildDepth, way(append(chain, v)))}
	}
	key := releaseFile{v.Package.Name, f.Name}
	if rs, ok := b.built[key]; ok {
		return rs, nil
	}
	if b.tried++; b.tried > maxBuilds {
		return nil, fmt.Errorf("more than %d builds: %w", maxBuilds, ErrTooHard)
	}
	d, err := b.details(ctx, v, f)
	if err != nil {
		return nil, err
	}
	if d.noBuild != "" {
		return nil, &ecosystem.Unknowable{Version: v, Why: fmt.Sprintf("nothing says what the build of %s needs: %s; take a version with a wheel", artifact.Untrusted(f.Name), d.noBuild)}
	}
	rs, err := b.environment(ctx, v, d.build)
	if err != nil {
		return nil, err
	}
	if old := tooOld(d, rs); old != "" {
		return nil, &ecosystem.Unknowable{Version: v, Why: fmt.Sprintf("%s is built with %s, which does not read the [project] table that says what it needs; take a version with a wheel", artifact.Untrusted(f.Name), old)}
	}
	rs, err = b.withBuilds(ctx, rs, append(slices.Clone(chain), v))
	if err == nil {
		b.built[key] = rs
	}
	return rs, err
}

// way writes a chain of builds.
func way(chain []artifact.Version) string {
	names := make([]string, len(chain))
	for i, v := range chain {
		names[i] = v.String()
	}
	return strings.Join(names, " > ")
}

func (b *builder) details(ctx context.Context, v artifact.Version, f ecosystem.IndexFile) (*details, error) {
	p, err := b.src.project(v.Package.Name).wait(ctx)
	if err != nil {
		return nil, err
	}
	r := p.find(v.Number)
	if r == nil {
		return nil, fmt.Errorf("reading the metadata of %s: the index has lost it", v)
	}
	i := slices.IndexFunc(r.files, func(o file) bool { return o.Name == f.Name })
	if i < 0 {
		return nil, fmt.Errorf("reading the metadata of %s: the index has lost it", artifact.Untrusted(f.Name))
	}
	return b.src.details(p, r, &r.files[i]).wait(ctx)
}

// environment resolves what a build asks for, on its own.
func (b *builder) environment(ctx context.Context, v artifact.Version, reqs []requirement) ([]ecosystem.Resolved, error) {
	at := finding.Location{File: "the build of " + v.String()}
	var wishes []wish
	for _, q := range reqs {
		if !q.marker.Eval(b.env.env, "") {
			continue
		}
		if q.url != "" {
			return nil, &ecosystem.Unknowable{Version: v, Why: fmt.Sprintf("its build needs %s, which is not in the index; take a version with a wheel", artifact.Untrusted(q.text))}
		}
		wishes = append(wishes, wish{specs: q.specs, Requirement: ecosystem.Requirement{
			Package: artifact.Package{Ecosystem: artifact.PyPI, Name: q.name}, Written: q.text, Spec: q.specs.String(), Extras: q.extras, At: at,
		}})
	}
	if len(wishes) == 0 {
		return nil, nil
	}
	return solveFor(ctx, b.src, b.env, wishes)
}

// blame says which version of the closure an error about a build comes from, and
// the line that asks for it.
func blame(err error, r *ecosystem.Resolved) error {
	if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
		if u.Version == r.Version {
			return &ecosystem.Unknowable{Version: u.Version, Why: u.Why, At: r.At}
		}
		return &ecosystem.Unknowable{Version: r.Version, Why: fmt.Sprintf("its build needs %s", u.Error()), At: r.At}
	}
	if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
		return &ecosystem.Conflict{Target: c.Target, At: r.At, Report: fmt.Sprintf("%s comes as an sdist only, and its build cannot be provided for. %s", r.Version, c.Report)}
	}
	return err
}

// readsProject are the first releases of build backends that take [project] for
// what it says (PEP 621), where there were others before.
var readsProject = map[string]string{"setuptools": "61.0.0", "poetry-core": "2.0.0", "flit-core": "3.2.0"}

// tooOld names a backend in a build's environment that takes the requirements
// from elsewhere than the [project] table they were read in.
func tooOld(d *details, env []ecosystem.Resolved) string {
	if d.static != "pyproject.toml" {
		return ""
	}
	for _, r := range env {
		first, ok := readsProject[r.Version.Package.Name]
		if !ok || !r.Direct {
			continue
		}
		has, errHas := pep440.Parse(r.Version.Number)
		want, errWant := pep440.Parse(first)
		if errHas != nil || errWant != nil || pep440.Compare(has, want) < 0 {
			return r.Version.String()
		}
	}
	return ""
}
