package manifest

import (
	"path"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// parsePoetryLock reads poetry.lock of lock-version 1.x and 2.x
// (https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock).
//
// The lock does not say what the project itself asks for. The pyproject.toml
// beside it does; without one, a package that no other needs counts as direct.
//
// A package of a source of type "legacy" was locked from an index that the
// project names, and poetry goes back to that index: a reject, once for each
// host. The package stays a requirement, so that one run shows all reasons.
func parsePoetryLock(r *reader) error {
	l, err := r.lock("`poetry lock`")
	if err != nil {
		return err
	}
	p := &poetryLock{lock: l, metadata: l.table(l.root, "metadata")}
	if err := l.version(p.metadata, "lock-version", "1", "2"); err != nil {
		return err
	}
	if spec, err := poetryConstraint(l.text(p.metadata, "python-versions")); err == nil {
		r.m.RequiresPython = spec
	}
	var nodes []*lockNode
	for _, t := range l.tables(l.root, "package") {
		n, err := p.pkg(t)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	g, err := newGraph(r.m.Path, nodes)
	if err != nil {
		return err
	}
	roots := p.roots(PyprojectTOML)
	if roots == nil {
		roots = []root{{edges: g.orphans()}}
	}
	g.reach(roots)
	if err := g.groups(r.m.Path, roots); err != nil {
		return err
	}
	g.askExtras(roots)
	p.applyGroups(nodes)
	return l.finish(g)
}

type poetryLock struct {
	*lock
	metadata *value
	said     map[*lockNode]saidGroups
}

// saidGroups is what a lock-version 2.1 says about a package itself.
type saidGroups struct {
	groups []string
	marker string
	marked bool
}

// roots are what the manifest beside the lock asks for; nil when there is none
// that the gate can read.
func (l *lock) roots(format string) []root {
	m, err := ParseAs(l.fsys, path.Join(path.Dir(l.m.Path), format), format)
	if err != nil || len(m.Requirements) == 0 {
		return nil
	}
	var out []root
	place := map[string]int{} // of a group in out
	for _, q := range m.Requirements {
		if q.Constraint {
			continue
		}
		for _, group := range q.Groups {
			if group == buildGroup {
				continue
			}
			i, ok := place[group]
			if !ok {
				i = len(out)
				place[group] = i
				out = append(out, root{group: group})
			}
			out[i].edges = append(out[i].edges, edge{pkg: q.Package, extras: q.Extras, marker: q.Marker})
		}
	}
	return out
}

func (p *poetryLock) pkg(t *value) (*lockNode, error) {
	req, err := p.identity(t)
	if err != nil {
		return nil, err
	}
	if req.Number == "" {
		return nil, p.bad(t.at, "%s has no version; write the lock again with `poetry lock`", req.Package.Name)
	}
	n := &lockNode{req: req}
	if err := p.source(t, n); err != nil {
		return nil, err
	}
	if err := p.needs(t, n); err != nil {
		return nil, err
	}
	if err := p.groups(t, n); err != nil {
		return nil, err
	}
	if n.omit {
		return n, p.err
	}
	return n, p.files(t, n)
}

func (p *poetryLock) source(t *value, n *lockNode) error {
	s := p.table(t, "source")
	if s == nil {
		return p.err
	}
	kind, address := p.text(s, "type"), p.text(s, "url")
	if kind == "legacy" {
		return p.around(s.at, address, "poetry takes the package from there, around the gate; remove the [[tool.poetry.source]], set the gate's registry with `gatehouse client setup poetry` and run `poetry lock`")
	}
	n.omit = true
	what, ok := map[string]string{"git": "a git address", "url": "a direct address (" + origin(address) + ")", "directory": "a local folder", "file": "a local file"}[kind]
	if !ok {
		what = "a source that the gate does not know"
	}
	rule := RulePath
	if kind == "url" {
		rule = RuleURL
	}
	return p.foreign(s.at, n.req, rule, what)
}

var extraEntry = lazy.Regexp(`^\s*([A-Za-z0-9][A-Za-z0-9._-]*)`)

// needs reads the edges. An optional dependency is one of the extras that list it.
func (p *poetryLock) needs(t *value, n *lockNode) error {
	extras := map[artifact.Package][]string{}
	if lists := p.table(t, "extras"); lists != nil {
		for _, f := range lists.fields {
			for _, text := range p.texts(lists, f.key) {
				if m := extraEntry().FindStringSubmatch(text); m != nil {
					pkg := named(m[1])
					extras[pkg] = append(extras[pkg], pep503.Normalize(f.key))
				}
			}
		}
	}
	deps := p.table(t, "dependencies")
	if deps == nil {
		return p.err
	}
	for _, f := range deps.fields {
		if _, err := pep503.Parse(f.key); err != nil {
			return p.bad(f.at, "%s is no package name; write the lock again with `poetry lock`", quote(f.key))
		}
		forms := []*value{f.val}
		if f.val.kind == unstable.Array {
			forms = f.val.list
		}
		for _, form := range forms {
			if err := p.edge(n, named(f.key), form, extras); err != nil {
				return err
			}
		}
	}
	return p.err
}

func (p *poetryLock) edge(n *lockNode, pkg artifact.Package, form *value, extras map[artifact.Package][]string) error {
	e := edge{pkg: pkg}
	under := []string{""}
	switch form.kind {
	case unstable.String:
	case unstable.Table:
		e.extras = normalized(p.texts(form, "extras"))
		var err error
		if p.text(form, "markers") != "" {
			if e.marker, err = p.markerText(form.get("markers")); err != nil {
				return err
			}
		}
		if p.flag(form, "optional") {
			under = extras[pkg]
		}
	default:
		return p.bad(form.at, "a dependency must be a string or a table; write the lock again with `poetry lock`")
	}
	for _, extra := range under {
		n.depend(extra, e)
	}
	return p.err
}

// groups reads category (1.x) or groups and markers (2.1).
func (p *poetryLock) groups(t *value, n *lockNode) error {
	var s saidGroups
	names := p.texts(t, "groups")
	if c := p.text(t, "category"); c != "" {
		names = []string{c}
	}
	for _, name := range names {
		s.groups = append(s.groups, ecosystem.GroupName(name))
	}
	var ways []way
	markers := t.get("markers")
	switch {
	case markers == nil:
	case markers.kind == unstable.Table:
		for _, f := range markers.fields {
			w, err := p.wayOf(f.val)
			if err != nil {
				return err
			}
			ways = append(ways, w)
		}
		if len(ways) < len(names) {
			ways = append(ways, nil) // a group without an entry has no condition
		}
	default:
		w, err := p.wayOf(markers)
		if err != nil {
			return err
		}
		ways = append(ways, w)
	}
	if len(ways) > 0 {
		s.marked, s.marker = true, anyOf(ways)
	}
	if p.said == nil {
		p.said = map[*lockNode]saidGroups{}
	}
	p.said[n] = s
	return p.err
}

func (p *poetryLock) wayOf(v *value) (way, error) {
	if v.kind != unstable.String {
		return nil, p.bad(v.at, "a marker must be a string; write the lock again with `poetry lock`")
	}
	m, err := p.markerText(v)
	return way(nil).and(m), err
}

// applyGroups prefers what the lock says to what the graph shows.
func (p *poetryLock) applyGroups(nodes []*lockNode) {
	for _, n := range nodes {
		s := p.said[n]
		if len(s.groups) > 0 {
			n.req.Groups = s.groups
		}
		if s.marked {
			n.req.Marker = s.marker
		}
	}
}

// files reads the package's own list, or the common one that 1.0 and 1.1 have.
func (p *poetryLock) files(t *value, n *lockNode) error {
	files := p.tables(t, "files")
	if all := p.table(p.metadata, "files"); all != nil && t.get("files") == nil {
		files = p.tables(all, p.text(t, "name"))
	}
	for _, f := range files {
		var hashes []string
		if h := p.text(f, "hash"); h != "" {
			hashes = []string{h}
		}
		if err := p.addFile(&n.req, f.at, p.text(f, "file"), "", hashes, 0); err != nil {
			return err
		}
	}
	if p.err != nil {
		return p.err
	}
	return p.checkFiles(n.req)
}
