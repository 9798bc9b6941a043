package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"deps.dev/util/resolve"
	"deps.dev/util/resolve/dep"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
)

// inFlight bounds the requests to the upstream at one time.
const inFlight = 16

// maxPackages is how many packages are asked for in one resolution.
const maxPackages = 20_000

// source reads packuments through an upstream, each once in a resolution, several
// at a time. What it gives is not changed afterwards.
type source struct {
	up    ecosystem.Upstream
	slots chan struct{}

	ctx  context.Context // of the resolution as a whole; ends the reading ahead
	work sync.WaitGroup

	mu       sync.Mutex
	packages map[string]*promise
}

// promise is an index that somebody is on the way to get.
type promise struct {
	done chan struct{}
	v    *index
	err  error
}

func (p *promise) wait(ctx context.Context) (*index, error) {
	select {
	case <-p.done:
		return p.v, p.err
	default:
	}
	select {
	case <-p.done:
		return p.v, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// index is a package's packument with its versions read.
type index struct {
	index    *ecosystem.Index // nil when the upstream has no such package
	releases []release        // ascending
	numbers  map[string]int
}

// release is one version.
type release struct {
	version    semver.Version
	key        string // of version, in its order
	number     string // as the packument spells it
	file       ecosystem.IndexFile
	deprecated bool
}

// newSource reads under ctx until close is called.
func newSource(ctx context.Context, up ecosystem.Upstream) (s *source, close func()) {
	ctx, cancel := context.WithCancel(ctx)
	s = &source{up: up, ctx: ctx, slots: make(chan struct{}, inFlight), packages: map[string]*promise{}}
	return s, func() {
		cancel()
		s.work.Wait()
	}
}

// package_ asks for a package's index. A package that the upstream does not have is
// an index without releases, no error.
func (s *source) index(pkg string) *promise {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.packages[pkg]; ok {
		return p
	}
	p := &promise{done: make(chan struct{})}
	s.packages[pkg] = p
	if len(s.packages) > maxPackages {
		p.err = ErrTooHard
		close(p.done)
		return p
	}
	s.work.Go(func() {
		defer close(p.done)
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
			p.v, p.err = s.read(pkg)
		case <-s.ctx.Done():
			p.err = s.ctx.Err()
		}
	})
	return p
}

func (s *source) read(pkg string) (*index, error) {
	if !name.Valid(pkg) {
		return &index{}, nil
	}
	x, err := s.up.Index(s.ctx, artifact.Package{Ecosystem: artifact.NPM, Name: pkg})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return &index{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the packument of %s: %w", pkg, err)
	}
	out := &index{index: x, releases: make([]release, 0, len(x.Files)), numbers: make(map[string]int, len(x.Files))}
	for _, f := range x.Files {
		v, err := semver.Parse(f.Number)
		if f.Kind != artifact.Tarball || err != nil {
			continue
		}
		out.releases = append(out.releases, release{v, string(v.Key()), f.Number, f, f.Yanked})
	}
	slices.SortStableFunc(out.releases, func(a, b release) int { return strings.Compare(a.key, b.key) })
	for i, r := range out.releases {
		out.numbers[r.number] = i
	}
	return out, nil
}

// find gives a version of the package, also in another spelling of its number; nil
// when there is none.
func (x *index) find(number string) *release {
	if i, ok := x.numbers[number]; ok {
		return &x.releases[i]
	}
	v, err := semver.Parse(number)
	if err != nil {
		return nil
	}
	if i, ok := slices.BinarySearchFunc(x.releases, string(v.Key()), func(r release, key string) int { return strings.Compare(r.key, key) }); ok {
		return &x.releases[i]
	}
	return nil
}

// client is resolve.Client for one version of node.
type client struct {
	*source
	node      string            // "" for no one in particular
	overrides map[string]string // what every package but the project's own gets instead, by name
	roots     map[string][]resolve.RequirementVersion

	mu      sync.Mutex
	places  int
	matches map[resolve.VersionKey][]resolve.Version
	needs   map[resolve.VersionKey]*requirements
	walked  map[resolve.VersionKey]bool
}

// requirements are a version's, or why they are not known.
type requirements struct {
	deps []resolve.RequirementVersion
	err  error
}

func (s *source) client(node string) *client {
	return &client{
		source: s, node: node, overrides: map[string]string{},
		roots:   map[string][]resolve.RequirementVersion{},
		matches: map[resolve.VersionKey][]resolve.Version{}, needs: map[resolve.VersionKey]*requirements{}, walked: map[resolve.VersionKey]bool{},
	}
}

// requirement is a dependency as the resolver takes it: a tag and any range as
// themselves, an alias under the name of what it stands for.
func (c *client) requirement(installed, pkg, spec string, optional bool) resolve.RequirementVersion {
	spec = strings.TrimSpace(spec)
	if r, err := semver.ParseRange(spec); err == nil && r.Any() {
		spec = "*" // which anything that is there already meets
	}
	r := resolve.RequirementVersion{VersionKey: resolve.VersionKey{
		PackageKey: resolve.PackageKey{System: resolve.NPM, Name: pkg}, VersionType: resolve.Requirement, Version: spec,
	}}
	if optional {
		r.Type.AddAttr(dep.Opt, "")
	}
	if installed != pkg {
		r.Type.AddAttr(dep.KnownAs, installed)
	}
	return r
}

// Version implements resolve.Client.
func (c *client) Version(ctx context.Context, k resolve.VersionKey) (resolve.Version, error) {
	if isRoot(k.Name) {
		return resolve.Version{VersionKey: k}, nil
	}
	x, err := c.index(k.Name).wait(ctx)
	if err != nil {
		return resolve.Version{}, err
	}
	if x.find(k.Version) == nil {
		return resolve.Version{}, fmt.Errorf("%s: %w", version(k), resolve.ErrNotFound)
	}
	return resolve.Version{VersionKey: k}, nil
}

// Versions implements resolve.Client.
func (c *client) Versions(ctx context.Context, k resolve.PackageKey) ([]resolve.Version, error) {
	x, err := c.index(k.Name).wait(ctx)
	if err != nil {
		return nil, err
	}
	var out []resolve.Version
	for _, r := range x.releases {
		out = append(out, concrete(k, r))
	}
	return out, nil
}

func concrete(k resolve.PackageKey, r release) resolve.Version {
	return resolve.Version{VersionKey: resolve.VersionKey{PackageKey: k, VersionType: resolve.Concrete, Version: r.number}}
}

// MatchingVersions implements resolve.Client: the versions in a range, the one that
// npm would take last. No version has attributes: the resolver then takes the last.
func (c *client) MatchingVersions(ctx context.Context, k resolve.VersionKey) ([]resolve.Version, error) {
	if isRoot(k.Name) {
		k.VersionType = resolve.Concrete
		return []resolve.Version{{VersionKey: k}}, nil
	}
	c.mu.Lock()
	out, ok := c.matches[k]
	c.mu.Unlock()
	if ok {
		return out, nil
	}
	x, err := c.index(k.Name).wait(ctx)
	if err != nil {
		return nil, err
	}
	pick, in := c.choose(x, k.Version)
	for _, i := range in {
		if i != pick {
			out = append(out, concrete(k.PackageKey, x.releases[i]))
		}
	}
	if pick >= 0 {
		out = append(out, concrete(k.PackageKey, x.releases[pick]))
	}
	c.mu.Lock()
	c.matches[k] = out
	c.mu.Unlock()
	return out, nil
}

// choose gives the releases that a spec allows, ascending, and which of them npm
// takes; -1 for none.
func (c *client) choose(x *index, spec string) (pick int, in []int) {
	latest := -1
	if x.index != nil {
		if i, ok := x.numbers[x.index.Tags["latest"]]; ok {
			latest = i
		}
	}
	r, err := semver.ParseRange(spec)
	if err != nil {
		if x.index == nil {
			return -1, nil
		}
		if i, ok := x.numbers[x.index.Tags[spec]]; ok {
			return i, []int{i}
		}
		return -1, nil
	}
	for i := range x.releases {
		if r.Contains(x.releases[i].version) || i == latest && r.Any() {
			in = append(in, i)
		}
	}
	if len(in) == 0 {
		return -1, nil
	}
	if slices.Contains(in, latest) && !x.releases[latest].deprecated && c.runs(&x.releases[latest]) {
		return latest, in
	}
	return c.best(x, in), in
}

// best is the newest that is neither deprecated nor for another node, else the
// newest that is for this node, else the newest that is not deprecated.
func (c *client) best(x *index, in []int) int {
	fits, plain := -1, -1
	for _, i := range slices.Backward(in) {
		r := &x.releases[i]
		runs := c.runs(r)
		if runs && !r.deprecated {
			return i
		}
		if runs && fits < 0 {
			fits = i
		}
		if !r.deprecated && plain < 0 {
			plain = i
		}
	}
	switch {
	case fits >= 0:
		return fits
	case plain >= 0:
		return plain
	}
	return in[len(in)-1]
}

// runs says whether a version is for the target's node, as its engines have it.
func (c *client) runs(r *release) bool {
	if c.node == "" {
		return true
	}
	node, err := semver.Parse(c.node)
	if err != nil {
		return true
	}
	wanted := engine(r.file.Record)
	if wanted == "" {
		return true
	}
	rng, err := semver.ParseRange(wanted)
	return err == nil && rng.Contains(node)
}

// engine is the range of node versions in a record, "" for any.
func engine(record []byte) string {
	out := ""
	cursor := packument.NewCursor(record)
	_ = cursor.Object(func(key string) error {
		if key != "engines" || cursor.Is() != '{' {
			return nil
		}
		return cursor.Object(func(key string) (err error) {
			if key == "node" && cursor.Is() == '"' {
				out, _, err = cursor.Text()
			}
			return err
		})
	})
	return out
}

// Requirements implements resolve.Client. It also starts to read what they need.
func (c *client) Requirements(ctx context.Context, k resolve.VersionKey) ([]resolve.RequirementVersion, error) {
	c.mu.Lock()
	c.places++
	places := c.places
	c.mu.Unlock()
	if places > 3*maxPlaces { // asked for up to three times for each place
		return nil, ErrTooHard
	}
	n := c.requirements(ctx, k)
	if n.err != nil {
		return nil, n.err
	}
	for _, d := range n.deps {
		c.ahead(d.VersionKey)
	}
	return slices.Clone(n.deps), nil
}

func (c *client) requirements(ctx context.Context, k resolve.VersionKey) *requirements {
	if isRoot(k.Name) {
		return &requirements{deps: c.roots[k.Name]}
	}
	c.mu.Lock()
	n, ok := c.needs[k]
	c.mu.Unlock()
	if ok {
		return n
	}
	x, err := c.index(k.Name).wait(ctx)
	if err != nil {
		return &requirements{err: err}
	}
	n = &requirements{err: fmt.Errorf("%s: %w", version(k), resolve.ErrNotFound)}
	if r := x.find(k.Version); r != nil {
		n.deps, n.err = c.depend(k, r)
	}
	c.mu.Lock()
	c.needs[k] = n
	c.mu.Unlock()
	return n
}

// depend reads what a version needs.
func (c *client) depend(k resolve.VersionKey, r *release) ([]resolve.RequirementVersion, error) {
	m, err := packument.ReadManifest(r.file.Record)
	if err != nil {
		return nil, &ecosystem.Unknowable{Version: version(k), Why: "its manifest in the registry cannot be read, so what it needs is not known"}
	}
	bundled := map[string]bool{}
	for _, b := range m.Bundled {
		bundled[b] = true
	}
	var out []resolve.RequirementVersion
	seen := map[string]bool{}
	for _, list := range []struct {
		deps     map[string]string
		optional bool
	}{{m.Optional, true}, {m.Dependencies, false}, {m.Peers, false}} {
		for key, spec := range list.deps {
			if seen[key] || bundled[key] || bundled["*"] {
				continue
			}
			seen[key] = true
			d, err := c.dependency(k, key, spec, list.optional)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	resolve.SortDependencies(out)
	return out, nil
}

// dependency reads one dependency of a package. One that no registry answers for
// leaves the closure unknown.
func (c *client) dependency(k resolve.VersionKey, key, spec string, optional bool) (resolve.RequirementVersion, error) {
	if instead, ok := c.overrides[key]; ok {
		spec = instead
	}
	pkg, rng, err := manifest.Dependency(key, spec)
	if err != nil {
		return resolve.RequirementVersion{}, &ecosystem.Unknowable{Version: version(k), Why: fmt.Sprintf("it needs %s, and what comes with that is not known", artifact.Untrusted(err.Error()))}
	}
	return c.requirement(key, pkg, rng, optional), nil
}

// ahead reads what a requirement will lead to, before the resolver asks for it.
func (c *client) ahead(k resolve.VersionKey) {
	c.mu.Lock()
	known := c.walked[k] || len(c.walked) > 4*maxPlaces
	c.walked[k] = true
	c.mu.Unlock()
	if known || isRoot(k.Name) {
		return
	}
	c.index(k.Name)
	c.work.Go(func() {
		found, err := c.MatchingVersions(c.ctx, k)
		if err != nil || len(found) == 0 {
			return
		}
		for _, d := range c.requirements(c.ctx, found[len(found)-1].VersionKey).deps {
			c.ahead(d.VersionKey)
		}
	})
}

// file is the tarball of a version that was chosen.
func (c *client) file(ctx context.Context, k resolve.VersionKey) (ecosystem.IndexFile, error) {
	x, err := c.index(k.Name).wait(ctx)
	if err != nil {
		return ecosystem.IndexFile{}, err
	}
	r := x.find(k.Version)
	if r == nil {
		return ecosystem.IndexFile{}, fmt.Errorf("%s: %w", version(k), resolve.ErrNotFound)
	}
	return r.file, nil
}
