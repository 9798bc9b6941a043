// Package resolve finds the closure of a JavaScript project without running code:
// which versions npm would put into node_modules, for every platform at once. It
// reads packuments through an ecosystem.Upstream and nothing else; the tree is
// made by deps.dev's resolver (https://pkg.go.dev/deps.dev/util/resolve/npm), and
// which version of a package a range means follows
// https://github.com/npm/npm-pick-manifest: the dist-tag latest where the range
// holds it, else the newest, in both cases one that is not deprecated where there
// is one, as every version that the gate refuses is marked.
//
// What it chooses is meant to be what npm chooses for a new lock; test/live holds
// it to that. Peers that are not optional are installed, as npm does since 7.
// Optional dependencies, and those for other systems, are in the closure: somebody
// installs them. What a tarball brings in its own node_modules (bundled) is looked
// at with the tarball.
//
// The package promises never to run, unpack or fetch a file, never to follow a
// URL of a manifest or a lock, and never to answer with half a closure: a fault is
// an error. Work is bounded (ErrTooHard). All functions are safe for concurrent use.
package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"deps.dev/util/resolve"
	"deps.dev/util/resolve/dep"
	npmresolve "deps.dev/util/resolve/npm"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Bounds on one resolution. npm's largest real trees have some 5,000 places.
const (
	maxPlaces = 10_000 // in node_modules
	maxRounds = 32     // trees resolved for one manifest; see again
	maxTime   = 10 * time.Minute
)

// ErrTooHard says that a closure goes beyond the bounds.
var ErrTooHard = errors.New("the closure is too large to resolve; write a lock and give the gate that")

// ResolveAll gives the union of the closures of the manifests, on the targets: of
// a lock what it says, of a package.json what npm would choose. Errors:
// *ecosystem.Conflict, *ecosystem.Unknowable, ErrTooHard, and
// ecosystem.ErrUnreachable wrapped.
func ResolveAll(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, ErrTooHard)
	defer cancel()
	src, done := newSource(ctx, up)
	defer done()
	var all []ecosystem.Resolved
	for _, m := range ms {
		if m.Locked {
			rs, err := fromLock(ctx, src, m)
			if err != nil {
				return nil, cause(ctx, err)
			}
			all = append(all, rs...)
			continue
		}
		for _, node := range nodes(targets) {
			rs, err := src.fromManifest(ctx, m, node)
			if err != nil {
				return nil, cause(ctx, err)
			}
			all = append(all, rs...)
		}
	}
	return union(all), nil
}

// cause says why a context ended, where that is why an error is one.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil && errors.Is(err, ctx.Err()) {
		return why
	}
	return err
}

// nodes are the versions of node among the targets, each once. Nothing else of a
// target matters to npm.
func nodes(targets []ecosystem.Target) []string {
	out := []string{}
	for _, t := range targets {
		if !slices.Contains(out, t.Node) {
			out = append(out, t.Node)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// project is a manifest on its way: package.json files as packages of their own
// that stand at the root.
type project struct {
	*client
	files []string // the package.json files; the first is the root
	asked map[string][]ask
	extra map[string]place // of roots that are none of the project's
}

// place is where a requirement comes from: a line of the project, and the way from
// it.
type place struct {
	at  finding.Location
	via []artifact.Package
}

// ask is one requirement of a package.json.
type ask struct {
	req  ecosystem.Requirement
	name string // that it is installed under
}

func (s *source) fromManifest(ctx context.Context, m *ecosystem.Manifest, node string) ([]ecosystem.Resolved, error) {
	p := &project{client: s.client(node), asked: map[string][]ask{}, extra: map[string]place{}, files: []string{m.Path}}
	for _, r := range m.Requirements {
		if r.Constraint {
			p.overrides[r.Package.Name] = r.Spec
			continue
		}
		if !slices.Contains(p.files, r.At.File) {
			p.files = append(p.files, r.At.File)
		}
		p.ask(r)
	}
	p.addRoots()
	var all []ecosystem.Resolved
	todo := []resolve.VersionKey{rootKey(p.files[0])}
	for round := 0; len(todo) > 0; round++ {
		if round == maxRounds {
			return nil, ErrTooHard
		}
		g, err := npmresolve.NewResolver(p.client).Resolve(ctx, todo[0])
		if err != nil {
			return nil, err
		}
		todo = todo[1:]
		rs, again, err := p.read(ctx, g)
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
		todo = append(todo, again...)
	}
	return all, nil
}

// ask adds a requirement, each name once: what is needed at run time counts before
// what is needed for development, and that before a peer.
func (p *project) ask(r ecosystem.Requirement) {
	a := ask{r, installedName(r)}
	list := p.asked[r.At.File]
	for i, other := range list {
		if other.name == a.name {
			if rank(r) < rank(other.req) {
				list[i] = a
			}
			return
		}
	}
	p.asked[r.At.File] = append(list, a)
}

// installedName is the name before the spec of what was written: "name@spec".
func installedName(r ecosystem.Requirement) string {
	if i := strings.IndexByte(r.Written, '@'); i > 0 {
		return r.Written[:i]
	} else if i == 0 {
		if j := strings.IndexByte(r.Written[1:], '@'); j > 0 {
			return r.Written[:j+1]
		}
	}
	return r.Package.Name
}

func rank(r ecosystem.Requirement) int {
	return slices.Index([]string{"optional", "", "dev", "peer"}, append(slices.Clone(r.Groups), "")[0])
}

// rootMark keeps the project's own packages apart from any that a registry has.
const rootMark = "\x00"

func rootKey(file string) resolve.VersionKey {
	return resolve.VersionKey{PackageKey: resolve.PackageKey{System: resolve.NPM, Name: rootMark + file}, VersionType: resolve.Concrete, Version: "0.0.0"}
}

func isRoot(name string) bool { return strings.HasPrefix(name, rootMark) }

// addRoots makes packages of the package.json files: the first needs the others,
// which are its workspaces.
func (p *project) addRoots() {
	for i, file := range p.files {
		var deps []resolve.RequirementVersion
		for _, a := range p.asked[file] {
			deps = append(deps, p.requirement(a.name, a.req.Package.Name, a.req.Spec, slices.Equal(a.req.Groups, []string{"optional"})))
		}
		if i == 0 {
			for _, member := range p.files[1:] {
				k := rootKey(member)
				k.VersionType = resolve.Requirement
				deps = append(deps, resolve.RequirementVersion{VersionKey: k})
			}
		}
		p.addRoot(rootKey(file), deps)
	}
}

// read takes the graph apart. again are roots to resolve beside it: a version that
// stands below another of its own package finds that one first in the library's
// model, and is left out of it, though npm installs it.
func (p *project) read(ctx context.Context, g *resolve.Graph) (rs []ecosystem.Resolved, again []resolve.VersionKey, err error) {
	paths := walk(g)
	for i, n := range g.Nodes {
		for _, e := range n.Errors {
			k, err := p.judge(ctx, g, paths, resolve.NodeID(i), e)
			if err != nil {
				return nil, nil, err
			}
			if k.Name != "" {
				again = append(again, k)
			}
		}
	}
	out := make([]ecosystem.Resolved, len(g.Nodes))
	for i, n := range g.Nodes {
		if isRoot(n.Version.Name) {
			continue
		}
		f, err := p.file(ctx, n.Version)
		if err != nil {
			return nil, nil, err
		}
		at, via := p.origin(g, paths, resolve.NodeID(i))
		out[i] = ecosystem.Resolved{Version: version(n.Version), Direct: len(via) == 0, Via: via, At: at, Files: []ecosystem.IndexFile{f}}
	}
	for _, e := range g.Edges {
		if isRoot(g.Nodes[e.From].Version.Name) || isRoot(g.Nodes[e.To].Version.Name) || out[e.From].Version == out[e.To].Version {
			continue
		}
		out[e.From].Needs = append(out[e.From].Needs, version(g.Nodes[e.To].Version))
	}
	return slices.DeleteFunc(out, func(r ecosystem.Resolved) bool { return r.Version.Number == "" }), again, nil
}

func version(k resolve.VersionKey) artifact.Version {
	return artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: k.Name}, Number: k.Version}
}

// walk gives for each node the edge by which it is reached first from the roots, -1
// for the roots and what nothing reaches.
func walk(g *resolve.Graph) []int {
	from := make([][]int, len(g.Nodes))
	for i, e := range g.Edges {
		from[e.From] = append(from[e.From], i)
	}
	by := make([]int, len(g.Nodes))
	for i := range by {
		by[i] = -1
	}
	// The project's own packages first: what they ask for is direct.
	var queue []resolve.NodeID
	for i, n := range g.Nodes {
		if isRoot(n.Version.Name) {
			queue = append(queue, resolve.NodeID(i))
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, i := range from[n] {
			to := g.Edges[i].To
			if by[to] < 0 && !isRoot(g.Nodes[to].Version.Name) {
				by[to] = i
				queue = append(queue, to)
			}
		}
	}
	return by
}

// origin gives the line of the direct requirement that a node comes from, and the
// way from it.
func (p *project) origin(g *resolve.Graph, by []int, n resolve.NodeID) (at finding.Location, via []artifact.Package) {
	for steps := 0; by[n] >= 0 && steps <= len(by); steps++ {
		e := g.Edges[by[n]]
		parent := g.Nodes[e.From].Version.Name
		if from, ok := p.extra[parent]; ok {
			slices.Reverse(via)
			return from.at, slices.Concat(from.via, via)
		}
		if isRoot(parent) {
			at = p.lineOf(parent, g.Nodes[e.To].Version.Name, e.Type)
			break
		}
		via = append(via, artifact.Package{Ecosystem: artifact.NPM, Name: parent})
		n = e.From
	}
	slices.Reverse(via)
	return at, via
}

// lineOf finds the line of a package.json that asks for a package.
func (p *project) lineOf(root, pkg string, t dep.Type) finding.Location {
	file := strings.TrimPrefix(root, rootMark)
	alias, _ := t.GetAttr(dep.KnownAs)
	for _, a := range p.asked[file] {
		if a.req.Package.Name == pkg && (alias == "" || a.name == alias) {
			return a.req.At
		}
	}
	return finding.Location{File: file}
}

// judge reads what the resolver says against a requirement: of an optional one
// nothing follows, of others a conflict, or a root to resolve beside.
func (p *project) judge(ctx context.Context, g *resolve.Graph, by []int, n resolve.NodeID, e resolve.NodeError) (resolve.VersionKey, error) {
	owner := g.Nodes[n].Version
	deps, err := p.Requirements(ctx, owner)
	if err != nil {
		return resolve.VersionKey{}, err
	}
	var t dep.Type
	needed := false
	for _, d := range deps {
		if d.VersionKey == e.Req {
			t, needed = d.Type, needed || !d.Type.HasAttr(dep.Opt)
		}
	}
	found, err := p.MatchingVersions(ctx, e.Req)
	if err != nil {
		return resolve.VersionKey{}, err
	}
	at, via := p.origin(g, by, n)
	if isRoot(owner.Name) {
		at = p.lineOf(owner.Name, e.Req.Name, t)
	}
	if len(found) > 0 {
		k := rootKey(fmt.Sprintf("%d", len(p.roots)))
		if !isRoot(owner.Name) {
			via = append(via, version(owner).Package)
		}
		p.extra[k.Name] = place{at, via}
		p.addRoot(k, []resolve.RequirementVersion{{VersionKey: e.Req}})
		return k, nil
	}
	if !needed {
		return resolve.VersionKey{}, nil
	}
	return resolve.VersionKey{}, &ecosystem.Conflict{At: at, Report: p.report(ctx, owner, via, e.Req)}
}

// report explains why nothing can be installed for a requirement.
func (p *project) report(ctx context.Context, owner resolve.VersionKey, via []artifact.Package, req resolve.VersionKey) string {
	who := "the project"
	if !isRoot(owner.Name) {
		who = version(owner).String()
		for _, v := range slices.Backward(via) {
			who += ", which " + v.Name + " needs"
		}
	}
	wanted := artifact.Untrusted(req.Name + "@" + cmp.Or(req.Version, "*")).String()
	pr, err := p.index(req.Name).wait(ctx)
	if err != nil || pr.index == nil {
		return fmt.Sprintf("There is no package %s in the registry, and %s asks for %s.\nCorrect the name; where it is an internal one, publish it to the gate.", artifact.Untrusted(req.Name), who, wanted)
	}
	newest := "it has no version at all"
	if len(pr.releases) > 0 {
		newest = "its newest version is " + pr.releases[len(pr.releases)-1].number
	}
	return fmt.Sprintf("No version of %s is in %s, which %s asks for; %s.\nAsk for another range.", artifact.Untrusted(req.Name), wanted, who, newest)
}

// union gives each version once, with all that is known of it, sorted.
func union(all []ecosystem.Resolved) []ecosystem.Resolved {
	at := map[artifact.Version]int{}
	var out []ecosystem.Resolved
	for _, r := range all {
		i, ok := at[r.Version]
		if !ok {
			at[r.Version] = len(out)
			out = append(out, r)
			continue
		}
		join(&out[i], r)
	}
	for i := range out {
		slices.SortFunc(out[i].Needs, compareVersions)
		out[i].Needs = slices.Compact(out[i].Needs)
	}
	slices.SortFunc(out, func(a, b ecosystem.Resolved) int { return compareVersions(a.Version, b.Version) })
	return out
}

func compareVersions(a, b artifact.Version) int {
	return cmp.Or(cmp.Compare(a.Package.Name, b.Package.Name), cmp.Compare(a.Number, b.Number))
}

// join adds to a version what another place says of it. A direct line is shown
// rather than the way from one.
func join(into *ecosystem.Resolved, r ecosystem.Resolved) {
	if r.Direct && !into.Direct {
		into.Direct, into.Via, into.At = true, nil, r.At
	}
	into.Needs = append(into.Needs, r.Needs...)
	for _, h := range r.Hashes {
		if !slices.Contains(into.Hashes, h) {
			into.Hashes = append(into.Hashes, h)
		}
	}
	if len(into.Files) == 0 {
		into.Files = r.Files
	}
	seen := map[string]bool{}
	for _, f := range into.Findings {
		seen[f.Rule+f.Text] = true
	}
	for _, f := range r.Findings {
		if !seen[f.Rule+f.Text] {
			into.Findings = append(into.Findings, f)
		}
	}
}

// addRoot adds a package of the project's own, with what it needs.
func (c *client) addRoot(k resolve.VersionKey, deps []resolve.RequirementVersion) {
	resolve.SortDependencies(deps)
	c.roots[k.Name] = deps
}
