package manifest

import (
	"path"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
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
	p := &poetryLock{lock: l, metadata: l.Table(l.Root, "metadata")}
	if err := l.Version(p.metadata, "lock-version", "1", "2"); err != nil {
		return err
	}
	if spec, err := poetryConstraint(l.Text(p.metadata, "python-versions")); err == nil {
		r.Manifest.RequiresPython = spec
	}
	var nodes []*lockNode
	for _, t := range l.Tables(l.Root, "package") {
		n, err := p.pkg(t)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	g, err := newGraph(r.Manifest.Path, nodes)
	if err != nil {
		return err
	}
	roots := p.roots(PyprojectTOML)
	if roots == nil {
		roots = []root{{edges: g.orphans()}}
	}
	g.reach(roots)
	if err := g.groups(r.Manifest.Path, roots); err != nil {
		return err
	}
	g.askExtras(roots)
	p.applyGroups(nodes)
	return l.finish(g)
}

type poetryLock struct {
	*lock
	metadata *document.Value
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
	m, err := ParseAs(l.FS, path.Join(path.Dir(l.Manifest.Path), format), format)
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

func (p *poetryLock) pkg(t *document.Value) (*lockNode, error) {
	req, err := p.identity(t)
	if err != nil {
		return nil, err
	}
	if req.Number == "" {
		return nil, p.bad(t.At, "%s has no version; write the lock again with `poetry lock`", req.Package.Name)
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
		return n, p.Err
	}
	return n, p.files(t, n)
}

func (p *poetryLock) source(t *document.Value, n *lockNode) error {
	s := p.Table(t, "source")
	if s == nil {
		return p.Err
	}
	kind, address := p.Text(s, "type"), p.Text(s, "url")
	if kind == "legacy" {
		return p.around(s.At, address, "poetry takes the package from there, around the gate; remove the [[tool.poetry.source]], set the gate's registry with `gatehouse client setup poetry` and run `poetry lock`")
	}
	n.omit = true
	what, ok := map[string]string{"git": "a git address", "url": "a direct address (" + manifestfile.Origin(address) + ")", "directory": "a local folder", "file": "a local file"}[kind]
	if !ok {
		what = "a source that the gate does not know"
	}
	rule := RulePath
	if kind == "url" {
		rule = RuleURL
	}
	return p.foreign(s.At, n.req, rule, what)
}

var extraEntry = lazy.Regexp(`^\s*([A-Za-z0-9][A-Za-z0-9._-]*)`)

// needs reads the edges. An optional dependency is one of the extras that list it.
func (p *poetryLock) needs(t *document.Value, n *lockNode) error {
	extras := map[artifact.Package][]string{}
	if lists := p.Table(t, "extras"); lists != nil {
		for _, f := range lists.Fields {
			for _, text := range p.Texts(lists, f.Key) {
				if m := extraEntry().FindStringSubmatch(text); m != nil {
					pkg := named(m[1])
					extras[pkg] = append(extras[pkg], pep503.Normalize(f.Key))
				}
			}
		}
	}
	deps := p.Table(t, "dependencies")
	if deps == nil {
		return p.Err
	}
	for _, f := range deps.Fields {
		if _, err := pep503.Parse(f.Key); err != nil {
			return p.bad(f.At, "%s is no package name; write the lock again with `poetry lock`", manifestfile.Quote(f.Key))
		}
		forms := []*document.Value{f.Value}
		if f.Value.Kind == document.Array {
			forms = f.Value.List
		}
		for _, form := range forms {
			if err := p.edge(n, named(f.Key), form, extras); err != nil {
				return err
			}
		}
	}
	return p.Err
}

func (p *poetryLock) edge(n *lockNode, pkg artifact.Package, form *document.Value, extras map[artifact.Package][]string) error {
	e := edge{pkg: pkg}
	under := []string{""}
	switch form.Kind {
	case document.String:
	case document.Table:
		e.extras = normalized(p.Texts(form, "extras"))
		var err error
		if p.Text(form, "markers") != "" {
			if e.marker, err = p.markerText(form.Get("markers")); err != nil {
				return err
			}
		}
		if p.Flag(form, "optional") {
			under = extras[pkg]
		}
	default:
		return p.bad(form.At, "a dependency must be a string or a table; write the lock again with `poetry lock`")
	}
	for _, extra := range under {
		n.depend(extra, e)
	}
	return p.Err
}

// groups reads category (1.x) or groups and markers (2.1).
func (p *poetryLock) groups(t *document.Value, n *lockNode) error {
	var s saidGroups
	names := p.Texts(t, "groups")
	if c := p.Text(t, "category"); c != "" {
		names = []string{c}
	}
	for _, name := range names {
		s.groups = append(s.groups, ecosystem.GroupName(name))
	}
	var ways []way
	markers := t.Get("markers")
	switch {
	case markers == nil:
	case markers.Kind == document.Table:
		for _, f := range markers.Fields {
			w, err := p.wayOf(f.Value)
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
	return p.Err
}

func (p *poetryLock) wayOf(v *document.Value) (way, error) {
	if v.Kind != document.String {
		return nil, p.bad(v.At, "a marker must be a string; write the lock again with `poetry lock`")
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
func (p *poetryLock) files(t *document.Value, n *lockNode) error {
	files := p.Tables(t, "files")
	if all := p.Table(p.metadata, "files"); all != nil && t.Get("files") == nil {
		files = p.Tables(all, p.Text(t, "name"))
	}
	for _, f := range files {
		var hashes []string
		if h := p.Text(f, "hash"); h != "" {
			hashes = []string{h}
		}
		if err := p.addFile(&n.req, f.At, p.Text(f, "file"), "", hashes, 0); err != nil {
			return err
		}
	}
	if p.Err != nil {
		return p.Err
	}
	return p.checkFiles(n.req)
}
