package resolve

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// maxAhead bounds how many packages are read ahead of the solver's questions.
const maxAhead = 2_000

// wish is a requirement of the manifests that applies to the target.
type wish struct {
	ecosystem.Requirement
	specs pep440.Specifiers
}

// provider is the universe of Python packages for one target. A package with
// extras is several packages to the solver: itself, and one for each extra
// asked for, which needs the same version of it and what the extra adds.
type provider struct {
	*environment
	src         *source
	wishes      []wish
	constraints map[string][]wish
	specs       map[string][]pep440.Specifiers // all that the manifests say about a name

	packages []node
	byID     map[id]pkg
	parents  map[string]parent // who first needed a package

	aheadMu sync.Mutex
	ahead   map[id]bool
}

type id struct{ name, extra string }

type node struct {
	id
	base       pkg
	candidates *candidates
}

type parent struct {
	name string           // empty: a manifest
	at   finding.Location // of the manifest's line
}

// need is the reason of a dependency, for the report.
type need struct {
	from  id // zero: a manifest
	on    id
	specs pep440.Specifiers
	wish  *wish // when from a manifest
	same  bool  // an extra needs its own package
}

// ruledOut is the reason of an exclusion.
type ruledOut struct {
	reason
	name string
	wish *wish // the constraint
}

func newProvider(e *environment, src *source, wishes []wish) *provider {
	p := &provider{
		environment: e, src: src,
		constraints: map[string][]wish{},
		specs:       map[string][]pep440.Specifiers{},
		byID:        map[id]pkg{},
		parents:     map[string]parent{},
		ahead:       map[id]bool{},
	}
	for _, w := range wishes {
		name := w.Package.Name
		p.specs[name] = append(p.specs[name], w.specs)
		if w.Constraint {
			p.constraints[name] = append(p.constraints[name], w)
			continue
		}
		p.wishes = append(p.wishes, w)
	}
	p.packages = []node{{}}
	return p
}

func (p *provider) size(q pkg) int {
	if q == rootPkg {
		return 1
	}
	return len(p.packages[q].candidates.order)
}

func (p *provider) base(q pkg) pkg { return p.packages[q].base }

// pick gives the first version that an installer could take.
func (p *provider) pick(_ context.Context, q pkg, allowed set) (int, []exclusion, error) {
	if q == rootPkg {
		return 0, nil, nil
	}
	n := &p.packages[q]
	c := n.candidates
	out := p.narrow(n)
	for v := allowed.first(0); v >= 0; v = allowed.first(v + 1) {
		got := c.choose(p.environment, v)
		if got.file != nil {
			if n.extra == "" && len(out) == 0 {
				c.tries, c.open = c.tries+1, allowed
				p.readMore(c, allowed, v)
			}
			return v, out, nil
		}
		out = exclude(out, c, v, ruledOut{reason: got.why, name: n.name})
	}
	return -1, out, nil
}

// narrow gives what the constraints leave out, once.
func (p *provider) narrow(n *node) []exclusion {
	c := n.candidates
	if c.narrow || n.extra != "" {
		return nil
	}
	c.narrow = true
	var out []exclusion
	for i, w := range p.constraints[n.name] {
		if rest := fullSet(len(c.order)).without(c.allowed(w.specs)); !rest.empty() {
			why := ruledOut{reason: reason{kind: constrained}, name: n.name, wish: &p.constraints[n.name][i]}
			out = append(out, exclusion{versions: rest, why: why})
		}
	}
	return out
}

// exclude adds a version to the exclusion with the same reason.
func exclude(out []exclusion, c *candidates, v int, why ruledOut) []exclusion {
	i := slices.IndexFunc(out, func(e exclusion) bool { return e.why == any(why) })
	if i < 0 {
		i = len(out)
		out = append(out, exclusion{versions: newSet(len(c.order)), why: why})
	}
	out[i].versions.add(v)
	return out
}

// readMore asks for the metadata of the versions that come next, when a package
// was tried several times: it will be tried more. Not of sdists, which are read
// whole.
func (p *provider) readMore(c *candidates, allowed set, v int) {
	if c.tries < 3 {
		return
	}
	for more := min(c.tries, inFlight); more > 0; more-- {
		if v = allowed.first(v + 1); v < 0 {
			return
		}
		if got := c.choose(p.environment, v); got.file != nil && got.file.Kind == artifact.Wheel {
			p.src.details(c.project, c.release(v), got.file)
		}
	}
}

func (p *provider) needs(ctx context.Context, q pkg, v int) ([]dependency, []exclusion, error) {
	if q == rootPkg {
		return p.direct(ctx)
	}
	n := p.packages[q]
	got := n.candidates.choose(p.environment, v)
	d, err := p.src.details(n.candidates.project, n.candidates.release(v), got.file).wait(ctx)
	if err != nil {
		return nil, nil, err
	}
	if d.dynamic != "" {
		return nil, nil, p.unknowable(n, v, d.dynamic)
	}
	if why := p.spoilt(d); why.kind != takeable {
		n.candidates.spoil(v, why)
		return nil, exclude(nil, n.candidates, v, ruledOut{reason: why, name: n.name}), nil
	}
	var reqs []requirement
	for _, r := range d.requires {
		if !p.applies(r, n.extra) {
			continue
		}
		if r.url != "" {
			return nil, nil, &ecosystem.Unknowable{
				Version: p.version(n.candidates, v), At: p.line(n.name),
				Why: fmt.Sprintf("it needs %s, which is not in the index; take a version that needs packages of the index only", artifact.Untrusted(r.text)),
			}
		}
		reqs = append(reqs, r)
		p.readAhead(r.name, r.extras, r.specs)
	}
	deps, err := p.dependencies(ctx, n, reqs)
	if n.extra != "" {
		deps = append([]dependency{{
			on: n.base, allowed: single(len(n.candidates.order), v),
			why: need{from: n.id, on: id{name: n.name}, same: true},
		}}, deps...)
	}
	return deps, nil, err
}

func (p *provider) spoilt(d *details) reason {
	switch {
	case d.broken != "":
		return reason{kind: broken, detail: d.broken}
	case !d.python.Contains(p.python):
		return reason{kind: otherPython, detail: d.python.String()}
	}
	return reason{}
}

// applies says whether a requirement holds on the target: for the package
// itself, or because of an extra.
func (p *provider) applies(r requirement, extra string) bool {
	if extra == "" {
		return r.marker.Eval(p.env, "")
	}
	return r.marker.Eval(p.env, extra) && !r.marker.Eval(p.env, "")
}

// direct gives what the manifests ask for.
func (p *provider) direct(ctx context.Context) ([]dependency, []exclusion, error) {
	for _, w := range p.wishes {
		p.readAhead(w.Package.Name, w.Extras, w.specs)
	}
	var out []dependency
	for i := range p.wishes {
		w := &p.wishes[i]
		deps, err := p.dependency(ctx, need{specs: w.specs, wish: w}, w.Package.Name, w.Extras)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, deps...)
	}
	return out, nil, nil
}

func (p *provider) dependencies(ctx context.Context, n node, reqs []requirement) ([]dependency, error) {
	var out []dependency
	for _, r := range reqs {
		deps, err := p.dependency(ctx, need{from: n.id, specs: r.specs}, r.name, r.extras)
		if err != nil {
			return nil, err
		}
		out = append(out, deps...)
	}
	return out, nil
}

// dependency gives what one requirement means: the package, and each extra.
func (p *provider) dependency(ctx context.Context, why need, name string, extras []string) ([]dependency, error) {
	project, err := p.src.project(name).wait(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := p.parents[name]; !ok {
		p.parents[name] = parent{name: why.from.name}
		if why.wish != nil {
			p.parents[name] = parent{at: why.wish.At}
		}
	}
	base := p.pkg(id{name: name}, project)
	c := p.packages[base].candidates
	exact, isPin := why.specs.Exact()
	if isPin {
		c.pin(exact)
	}
	for _, w := range p.constraints[name] {
		if v, ok := w.specs.Exact(); ok {
			c.pin(v)
			isPin = true
		}
	}
	allowed := c.allowed(why.specs)
	out := make([]dependency, 0, 1+len(extras))
	for _, extra := range append([]string{""}, extras...) {
		why.on = id{name, extra}
		out = append(out, dependency{on: p.pkg(why.on, project), allowed: allowed, pinned: isPin, why: why})
	}
	return out, nil
}

// pkg gives the number of a package or extra.
func (p *provider) pkg(i id, project *project) pkg {
	if q, ok := p.byID[i]; ok {
		return q
	}
	q := pkg(len(p.packages))
	n := node{id: i, base: q}
	if i.extra == "" {
		n.candidates = newCandidates(project, p.rules.pre)
	} else {
		n.base = p.byID[id{name: i.name}]
		n.candidates = p.packages[n.base].candidates
	}
	p.packages = append(p.packages, n)
	p.byID[i] = q
	return q
}

// readAhead reads the index of a package and the metadata of the version that
// will probably be chosen, and goes on with what that needs. It does not wait.
func (p *provider) readAhead(name string, extras []string, specs pep440.Specifiers) {
	p.aheadMu.Lock()
	var fresh []string
	for _, e := range append([]string{""}, extras...) {
		if i := (id{name, e}); !p.ahead[i] && len(p.ahead) < maxAhead {
			p.ahead[i] = true
			fresh = append(fresh, e)
		}
	}
	p.aheadMu.Unlock()
	if len(fresh) == 0 {
		return
	}
	promised := p.src.project(name)
	p.src.work.Go(func() {
		project, err := promised.wait(p.src.ctx)
		if err != nil {
			return
		}
		r, f := p.likely(project, specs)
		if f == nil {
			return
		}
		d, err := p.src.details(project, r, f).wait(p.src.ctx)
		if err != nil {
			return
		}
		for _, q := range d.requires {
			if slices.ContainsFunc(fresh, func(e string) bool { return p.applies(q, e) }) {
				p.readAhead(q.name, q.extras, q.specs)
			}
		}
	})
}

// likely guesses what the solver will choose.
func (p *provider) likely(project *project, specs pep440.Specifiers) (*release, *file) {
	for _, pre := range []bool{false, true} {
		for i := range project.releases {
			r := &project.releases[i]
			if r.version.Pre() != pre && !p.rules.pre || !specs.Contains(r.version) || !p.wanted(project.name, r) {
				continue
			}
			if f, _ := p.take(project.name, r, false); f != nil {
				return r, f
			}
		}
	}
	return nil, nil
}

func (p *provider) wanted(name string, r *release) bool {
	return !slices.ContainsFunc(p.specs[name], func(s pep440.Specifiers) bool { return !s.Contains(r.version) })
}

func (p *provider) version(c *candidates, v int) artifact.Version {
	r := c.release(v)
	return artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: c.project.name}, Number: r.number}
}

// line gives the manifest line that first led to a package.
func (p *provider) line(name string) finding.Location {
	for range maxPackages {
		from := p.parents[name]
		if from.name == "" {
			return from.at
		}
		name = from.name
	}
	return finding.Location{}
}

// unknowable says that a version's dependencies are known only by running its
// build, and what to do: the report may show the first lines of it only.
func (p *provider) unknowable(n node, v int, because string) error {
	c := n.candidates
	why := because + "; bring a lock (uv.lock, pylock.toml), which says it: no version that the other requirements allow has a wheel"
	if other := p.withWheel(c); other != "" {
		why = fmt.Sprintf("%s; ask for %s==%s, which has a wheel", because, n.name, other)
	}
	return &ecosystem.Unknowable{Version: p.version(c, v), Why: fmt.Sprintf("%s for Python %s on %s", why, p.target.Python, p.target.Platform), At: p.line(n.name)}
}

// withWheel finds the first version that needs no build, among those that the
// solver allowed.
func (p *provider) withWheel(c *candidates) string {
	for v := c.open.first(0); v >= 0; v = c.open.first(v + 1) {
		if got := c.choose(p.environment, v); got.file != nil && got.file.Kind == artifact.Wheel {
			return c.release(v).number
		}
	}
	return ""
}
