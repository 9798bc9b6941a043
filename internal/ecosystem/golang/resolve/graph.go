package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
)

// graph is the requirement graph of one manifest.
type graph struct {
	ctx      context.Context // of the one call that made it
	up       ecosystem.Upstream
	m        *ecosystem.Manifest
	replaced manifest.Replaced
	excluded map[module.Version]bool

	roots    []root
	loaded   map[module.Version]summary
	selected map[string]string // the highest version that anything asks for, by module
}

// root is one requirement of the manifest itself.
type root struct {
	visit
	ecosystem.Requirement
}

// visit is a version to load, and whether all that it needs is loaded too.
type visit struct {
	v        module.Version
	unpruned bool
}

// summary is what a version's go.mod says.
type summary struct {
	needs  []module.Version
	pruned bool
}

func newGraph(ctx context.Context, up ecosystem.Upstream, m *ecosystem.Manifest) *graph {
	g := &graph{ctx: ctx, up: up, m: m, replaced: manifest.Replacements(m.Requirements), excluded: map[module.Version]bool{},
		loaded: map[module.Version]summary{}, selected: map[string]string{}}
	for _, q := range m.Requirements {
		if v, ok := strings.CutPrefix(q.Spec, "!="); ok && q.Constraint {
			g.excluded[module.Version{Path: q.Package.Name, Version: v}] = true
		}
	}
	for _, q := range m.Requirements {
		v := module.Version{Path: q.Package.Name, Version: strings.TrimLeft(q.Spec, ">=")}
		if q.Constraint || g.excluded[v] {
			continue
		}
		g.roots = append(g.roots, root{visit{v, q.Marker == manifest.Unpruned}, q})
	}
	return g
}

// load reads the graph as the go command does: of a version with graph pruning its
// own requirements and no further, of one without all that they lead to.
func (g *graph) load() error {
	var queue []visit
	for i := range g.roots {
		if g.roots[i].v.Version == "" { // "newest", of a purl without a version
			v, err := g.newest(g.roots[i].v.Path)
			if err != nil {
				return err
			}
			g.roots[i].v.Version = v
		}
		g.choose(g.roots[i].v)
		queue = append(queue, g.roots[i].visit)
	}
	return g.follow(queue)
}

// newest is the version that `go get` takes where none is named.
func (g *graph) newest(path string) (string, error) {
	x, err := g.up.Index(g.ctx, goPackage(path))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	var release, pre string
	for _, f := range x.Files {
		into := &release
		if semver.Prerelease(f.Number) != "" {
			into = &pre
		}
		if !f.Yanked && (*into == "" || semver.Compare(f.Number, *into) > 0) {
			*into = f.Number
		}
	}
	if release == "" {
		release = pre
	}
	if release == "" {
		return "", fmt.Errorf("%s has no version that may be taken: %w", path, ecosystem.ErrNoPackage)
	}
	return release, nil
}

func (g *graph) choose(v module.Version) {
	if semver.Compare(v.Version, g.selected[v.Path]) > 0 {
		g.selected[v.Path] = v.Version
	}
}

// follow loads versions and what they lead to, a generation at a time.
func (g *graph) follow(queue []visit) error {
	seen := map[visit]bool{}
	for len(queue) > 0 {
		queue = slices.DeleteFunc(queue, func(w visit) bool {
			again := seen[w]
			seen[w] = true
			return again
		})
		if err := g.read(queue); err != nil {
			return err
		}
		var next []visit
		for _, w := range queue {
			s := g.loaded[w.v]
			for _, n := range s.needs {
				g.choose(n)
				if w.unpruned || !s.pruned {
					next = append(next, visit{n, w.unpruned || !s.pruned})
				}
			}
		}
		queue = next
	}
	return nil
}

// read loads the go.mod files of versions.
func (g *graph) read(queue []visit) error {
	todo := map[module.Version]bool{}
	for _, w := range queue {
		if _, ok := g.loaded[w.v]; !ok {
			todo[w.v] = true
		}
	}
	if len(g.loaded)+len(todo) > maxVersions {
		return &ecosystem.Unknowable{Version: version(queue[0].v), Why: fmt.Sprintf("the requirements lead to more than %d versions; ask for less at once", maxVersions)}
	}
	vs := slices.SortedFunc(maps.Keys(todo), func(a, b module.Version) int { return strings.Compare(a.String(), b.String()) })
	out := make([]summary, len(vs))
	group, ctx := errgroup.WithContext(g.ctx)
	group.SetLimit(atOnce)
	for i, v := range vs {
		group.Go(func() (err error) {
			out[i], err = g.summarize(ctx, v)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, v := range vs {
		g.loaded[v] = out[i]
	}
	return nil
}

// summarize reads the go.mod of what is built for v.
func (g *graph) summarize(ctx context.Context, v module.Version) (summary, error) {
	if to, ok := g.replaced.Of(v); ok {
		if to.Version == "" {
			return summary{pruned: true}, nil // a folder; what it asks for stands in the manifest
		}
		v = to
	}
	x, err := g.up.Index(ctx, goPackage(v.Path))
	if err != nil {
		return summary{}, fmt.Errorf("reading what %s needs: %w", version(v), err)
	}
	f := ecosystem.IndexFile{Name: v.Version + ".zip", Number: v.Version, Kind: artifact.ModuleZip} // a version without a tag stands in no list
	if fs := x.Of(v.Version); len(fs) > 0 {
		f = fs[0]
	}
	m, _, err := g.up.Metadata(ctx, x, f)
	if errors.Is(err, ecosystem.ErrBadMetadata) {
		return summary{}, &ecosystem.Unknowable{Version: version(v), Why: err.Error()}
	}
	if err != nil {
		return summary{}, err
	}
	s := summary{pruned: manifest.Pruned(m.MetadataFormat)}
	for _, text := range m.RequiresDist {
		path, number, _ := strings.Cut(text, " ")
		need := module.Version{Path: path, Version: number}
		if module.Check(path, number) == nil && !g.excluded[need] {
			s.needs = append(s.needs, need)
		}
	}
	return s, nil
}

func version(v module.Version) artifact.Version {
	return artifact.Version{Package: goPackage(v.Path), Number: v.Version}
}

// reload does for a workspace what the go command does: where another version of a
// module is selected than a workspace's module asks for, what that one asks for may
// be built too.
func (g *graph) reload() error {
	seen := map[module.Version]bool{}
	inAll := map[string]bool{}
	for {
		need := map[module.Version]bool{}
		check := func(n module.Version) {
			s := module.Version{Path: n.Path, Version: g.selected[n.Path]}
			if semver.Compare(s.Version, n.Version) > 0 && !seen[s] {
				need[s] = true
			}
		}
		for _, r := range g.roots {
			check(r.v)
		}
		for path := range inAll {
			s := module.Version{Path: path, Version: g.selected[path]}
			if !seen[s] {
				need[s] = true
				continue
			}
			for _, n := range g.loaded[s].needs {
				check(n)
			}
		}
		if len(need) == 0 {
			return nil
		}
		var queue []visit
		for v := range need {
			seen[v], inAll[v.Path] = true, true
			queue = append(queue, visit{v, false})
		}
		if err := g.read(queue); err != nil {
			return err
		}
		for _, w := range slices.Clone(queue) {
			for _, n := range g.loaded[w.v].needs {
				g.choose(n)
				queue = append(queue, visit{n, !g.loaded[w.v].pruned})
			}
		}
		if err := g.follow(queue); err != nil {
			return err
		}
	}
}

// buildList is what is built, each with the way to it from the manifest.
func (g *graph) buildList() []node {
	at := func(path string) module.Version { return module.Version{Path: path, Version: g.selected[path]} }
	out := map[string]*node{}
	type step struct {
		path string
		root root
		via  []artifact.Package
	}
	var queue []step
	for _, r := range g.roots {
		if r.Direct {
			queue = append(queue, step{r.v.Path, r, nil})
		}
	}
	for _, r := range g.roots {
		if !r.Direct {
			queue = append(queue, step{r.v.Path, r, nil})
		}
	}
	rest := slices.Sorted(maps.Keys(g.selected))
	for len(queue) > 0 || len(rest) > 0 {
		if len(queue) == 0 { // asked for by a version that is not built
			if out[rest[0]] == nil && len(g.roots) > 0 {
				queue = append(queue, step{rest[0], g.roots[0], nil})
			}
			rest = rest[1:]
			continue
		}
		s := queue[0]
		queue = queue[1:]
		if out[s.path] != nil {
			continue
		}
		v := at(s.path)
		n := &node{v: v, direct: s.root.v.Path == s.path && s.root.Direct, via: s.via, at: s.root.At}
		if s.root.v == v {
			n.hashes = s.root.Hashes
		}
		for _, need := range g.loaded[v].needs {
			n.needs = append(n.needs, at(need.Path))
			queue = append(queue, step{need.Path, s.root, append(slices.Clone(s.via), goPackage(s.path))})
		}
		out[s.path] = n
	}
	var list []node
	for _, path := range slices.Sorted(maps.Keys(out)) {
		n := *out[path]
		if to, ok := g.replaced.Of(n.v); ok {
			n.v = to
		}
		if n.v.Version == "" {
			continue // a folder
		}
		needs := n.needs[:0]
		for _, need := range n.needs {
			if to, ok := g.replaced.Of(need); ok {
				need = to
			}
			if need.Version != "" {
				needs = append(needs, need)
			}
		}
		n.needs = needs
		list = append(list, n)
	}
	return list
}
