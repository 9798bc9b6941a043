package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// maxRegistries is how many registries one lock names before it is refused.
const maxRegistries = 64

// lock is what the readers of lock formats share: the packages of the lock as a
// graph, from which requirements come at the end.
type lock struct {
	*reader
	again string // what writes the lock again, for messages
	nodes []*node
	roots []rootEdge

	registries map[string]registry // by address
	weak       bool                // it was said that only a sha1 vouches
}

// node is one package of a lock.
type node struct {
	req    ecosystem.Requirement
	edges  []edge
	omit   bool // no requirement comes of it: the project's own, bundled, or reported
	states byte // see state
}

// edge is one need, by the index of the node.
type edge struct {
	to    int
	state byte // what a client has to be told to leave it out
}

// rootEdge is what the project itself asks for.
type rootEdge struct {
	to    int
	group string
}

// A package is reached in one or several of these ways, and a client told to
// leave out development, optional or peer dependencies leaves out what is reached
// in those ways alone.
const (
	plain byte = 1 << iota
	dev
	optional
	peer
)

var states = []struct {
	state byte
	group string
}{{plain, ""}, {dev, groupDev}, {optional, groupOptional}, {peer, groupPeer}}

func stateOf(group string) byte {
	for _, s := range states {
		if s.group == group {
			return s.state
		}
	}
	return plain
}

func (r *reader) lock(again string) *lock {
	r.Manifest.Locked, r.Manifest.Hashed = true, true
	return &lock{reader: r, again: again, registries: map[string]registry{}}
}

// add puts a node into the graph and gives its index.
func (l *lock) add(n *node) (int, error) {
	if len(l.nodes) >= manifestfile.MaxRequirements {
		return 0, manifestfile.TooLarge(l.Manifest.Path, "the gate reads at most %d packages of a lock; split it", manifestfile.MaxRequirements)
	}
	l.nodes = append(l.nodes, n)
	return len(l.nodes) - 1, nil
}

// release starts the requirement of a locked release; not ok when name or version
// are none, which is the end of the lock.
func (l *lock) release(pkgName, number string, at finding.Location) (ecosystem.Requirement, error) {
	if !name.Valid(pkgName) {
		return ecosystem.Requirement{}, manifestfile.Syntax(at, "%s is no package name; %s", manifestfile.Quote(pkgName), l.again)
	}
	v, err := semver.Parse(number)
	if err != nil {
		return ecosystem.Requirement{}, manifestfile.Syntax(at, "%s is no version of %s; %s", manifestfile.Quote(number), pkgName, l.again)
	}
	pkgName, number = strings.Clone(pkgName), v.String()
	return ecosystem.Requirement{Package: pkg(pkgName), Written: pkgName + "@" + number, Spec: number, Number: number, At: at}, nil
}

// vouch adds the locked file with its hashes, and says what is missing.
func (l *lock) vouch(req *ecosystem.Requirement, address string, hashes []string) error {
	req.Hashes = hashes
	f := ecosystem.LockedFile{Name: fileName(req.Package.Name, req.Number), SHA256: sha256Of(hashes), Digests: hashes}
	if address != "" {
		f.URL = manifestfile.WithoutSecrets(address)
	}
	req.Files = []ecosystem.LockedFile{f}
	switch {
	case len(hashes) == 0:
		return l.Report(ecosystem.Problem{Rule: RuleLockNoHash, Class: finding.Manifest, Effect: manifestfile.Hold, At: req.At,
			Text: fmt.Sprintf("nothing in the lock vouches for the bytes of %s; %s", req.Written, l.again)})
	case isWeak(hashes):
		if l.weak {
			return nil
		}
		l.weak = true
		return l.Report(ecosystem.Problem{Rule: RuleLockWeakHash, Class: finding.Manifest, Effect: manifestfile.Note, At: req.At,
			Text: fmt.Sprintf("only a sha1 vouches for the bytes of %s, and perhaps of others, which a forger can meet; the registry's own digests are checked as well; %s", req.Written, l.again)})
	}
	return nil
}

// fromRegistry notes which registry a locked address lies in. An address that is
// not where a registry keeps this very release is refused.
func (l *lock) fromRegistry(req *ecosystem.Requirement, address string) (ok bool, err error) {
	base, ok := registryTarball(address, req.Package.Name, req.Number)
	if !ok {
		return false, l.Report(ecosystem.Problem{Rule: RuleLockSource, Class: finding.Origin, Effect: manifestfile.Reject, At: req.At, Index: ecosystem.AddressOf(address),
			Text: fmt.Sprintf("%s is locked to %s, an address that is not this release's in a registry, and clients fetch from there around the gate; %s", req.Written, manifestfile.Origin(address), l.again)})
	}
	req.Source, err = l.mention(req.At, base)
	return true, err
}

// mention notes, once for each registry, that the lock names it, and gives its
// scheme and host. The gate goes to its own upstreams all the same; what clients do
// is held against the index when the lock is resolved. A registry's address may lie
// anywhere below its host.
func (l *lock) mention(at finding.Location, base string) (where string, err error) {
	if known, ok := l.registries[base]; ok {
		return known.where, nil
	}
	if len(l.registries) >= maxRegistries {
		return "", manifestfile.TooLarge(l.Manifest.Path, "it names more than %d registries", maxRegistries)
	}
	where = manifestfile.Origin(base)
	for _, known := range l.registries {
		if known.where == where {
			l.registries[base] = known
			p := &l.Manifest.Problems[known.problem]
			p.Index = p.Index.And(base)
			return where, nil
		}
	}
	l.registries[base] = registry{where, len(l.Manifest.Problems)}
	return where, l.Report(ecosystem.Problem{Rule: RuleLockIndex, Class: finding.Origin, Effect: manifestfile.Note, At: at, Index: ecosystem.AddressOf(base),
		Text: fmt.Sprintf("%s names %s; the gate asks its own upstreams instead and checks the locked hashes", l.Manifest.Format, where)})
}

// registry is one that a lock names: its scheme and host, and the problem that
// says so.
type registry struct {
	where   string
	problem int
}

// foreign reports a package that comes from no registry.
func (l *lock) foreign(at finding.Location, what, rule, text string) error {
	return l.Report(ecosystem.Problem{Rule: RuleLockSource, Class: finding.Manifest, Effect: effectOf(rule), At: at,
		Text: fmt.Sprintf("%s is locked to %s, which comes from no registry, so the gate cannot look at it; depend on a release by name, or publish it to the gate, then %s", shown(what), text, l.again)})
}

// finish walks the graph and hands the packages out as requirements, each release
// once: a lock may hold it at several places.
func (l *lock) finish() error {
	l.walk()
	at := map[string]int{}
	for _, n := range l.nodes {
		if n.omit {
			continue
		}
		req := n.req
		req.Groups = groupsOf(n.states)
		req.Needs = l.needs(n)
		key := req.Written + "\x00" + strings.Join(req.Hashes, " ") + "\x00" + req.Source
		if i, ok := at[key]; ok {
			merge(&l.Manifest.Requirements[i], req)
			continue
		}
		at[key] = len(l.Manifest.Requirements)
		if err := l.Require(req); err != nil {
			return err
		}
	}
	return nil
}

// merge joins what two places of a lock say of one release.
func merge(into *ecosystem.Requirement, req ecosystem.Requirement) {
	into.Direct = into.Direct || req.Direct
	if len(into.Groups) == 0 || len(req.Groups) == 0 {
		into.Groups = nil // one of them belongs to any
	} else {
		for _, g := range req.Groups {
			if !slices.Contains(into.Groups, g) {
				into.Groups = append(into.Groups, g)
			}
		}
	}
	for _, p := range req.Needs {
		if !slices.Contains(into.Needs, p) {
			into.Needs = append(into.Needs, p)
		}
	}
}

// walk fills in what the project itself asks for and in which ways each package is
// reached. What nothing reaches stays without one, and so belongs to any.
func (l *lock) walk() {
	type visit struct {
		node  int
		state byte
	}
	var todo []visit
	for _, r := range l.roots {
		l.nodes[r.to].req.Direct = true
		todo = append(todo, visit{r.to, stateOf(r.group)})
	}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := l.nodes[v.node]
		if n.states&v.state != 0 {
			continue
		}
		n.states |= v.state
		for _, e := range n.edges {
			next := v.state
			if next == plain {
				next = e.state
			}
			todo = append(todo, visit{e.to, next})
		}
	}
}

func groupsOf(state byte) []string {
	var out []string
	for _, s := range states {
		if state&s.state != 0 {
			out = append(out, s.group)
		}
	}
	return out
}

// needs lists the packages that a node needs, each once.
func (l *lock) needs(n *node) []artifact.Package {
	var out []artifact.Package
	for _, e := range n.edges {
		if p := l.nodes[e.to].req.Package; p.Name != "" && !l.nodes[e.to].omit && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// roots of the project beside a lock that does not tell them: the wishes of its
// package.json and its workspaces'. Nil where there is none that can be read.
func (l *lock) projectWishes() []projectWish {
	own := &reader{Reader: manifestfile.Reader{FS: l.FS, Manifest: &ecosystem.Manifest{Path: strings.TrimPrefix(l.dir+"/"+PackageJSON, "./")}, MaxFile: maxFileBytes}, dir: l.dir}
	b, err := own.ReadOwn()
	if err != nil {
		return nil
	}
	d, err := parseJSON(own.Manifest.Path, b, false, againJSON)
	if err != nil {
		return nil
	}
	members, err := own.members(d)
	if err != nil {
		return nil
	}
	out := []projectWish{}
	for _, member := range append([]*document{d}, members...) {
		for _, s := range sections {
			for _, f := range member.root.table(s.key) {
				if f.val.kind == isText {
					out = append(out, projectWish{f.key, f.val.text, s.group})
				}
			}
		}
	}
	l.Bytes += own.Bytes
	return out
}

// projectWish is one line of a package.json.
type projectWish struct{ name, spec, group string }

// orphans makes roots of what nothing else in the lock needs, where no
// package.json tells them.
func (l *lock) orphans() {
	needed := make([]bool, len(l.nodes))
	for i, n := range l.nodes {
		for _, e := range n.edges {
			needed[e.to] = needed[e.to] || e.to != i
		}
	}
	for i, is := range needed {
		if !is {
			l.roots = append(l.roots, rootEdge{i, ""})
		}
	}
}
