package manifest

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// parseUV reads uv.lock, version 1 in any revision
// (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile).
//
// uv records the URL of the registry and of each file. The gate follows neither:
// it asks its own upstreams for the name and checks the locked hash. Whether uv
// itself then takes the file from the recorded place or from the index it is
// configured with is a fact about uv still to be measured for this page; until
// it is, the place is a note (lock-names-index), once for the lock.
func parseUV(r *reader) error {
	l, err := r.lock("`uv lock`")
	if err != nil {
		return err
	}
	if err := l.Version(l.Root, "version", "1"); err != nil {
		return err
	}
	r.Manifest.RequiresPython = l.Text(l.Root, "requires-python")
	u := &uvLock{lock: l, members: map[string]bool{}}
	manifest := l.Table(l.Root, "manifest")
	for _, m := range l.Texts(manifest, "members") {
		u.members[pep503.Normalize(m)] = true
	}
	var nodes []*lockNode
	for _, t := range l.Tables(l.Root, "package") {
		n, err := u.pkg(t)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	roots, err := u.manifestRoots(manifest)
	if err != nil {
		return err
	}
	g, err := newGraph(r.Manifest.Path, nodes)
	if err != nil {
		return err
	}
	roots = append(u.roots, roots...)
	if len(roots) == 0 {
		roots = []root{{edges: g.orphans()}}
	}
	g.reach(roots)
	if err := g.groups(r.Manifest.Path, roots); err != nil {
		return err
	}
	return l.finish(g)
}

type uvLock struct {
	*lock
	members map[string]bool // names of the workspace's own packages
	roots   []root
}

func (u *uvLock) pkg(t *document.Value) (*lockNode, error) {
	req, err := u.identity(t)
	if err != nil {
		return nil, err
	}
	n := &lockNode{req: req}
	own, err := u.source(t, n)
	if err != nil {
		return nil, err
	}
	if n.own, err = u.resolutionMarkers(t); err != nil {
		return nil, err
	}
	if err := u.needs(t, n, own); err != nil {
		return nil, err
	}
	if n.omit {
		return n, u.Err
	}
	if n.req.Number == "" {
		return nil, u.bad(t.At, "%s has no version; write the lock again with `uv lock`", req.Package.Name)
	}
	return n, u.files(t, n)
}

// source looks at where a package comes from; own says that it is the project
// itself or a member of its workspace.
func (u *uvLock) source(t *document.Value, n *lockNode) (own bool, err error) {
	s := u.Table(t, "source")
	if s == nil {
		return false, u.bad(t.At, "%s has no source; write the lock again with `uv lock`", n.req.Package.Name)
	}
	for _, f := range s.Fields {
		at := f.Value.At
		switch f.Key {
		case "registry":
			if !strings.Contains(f.Value.Text, "://") {
				n.omit = true
				return false, u.foreign(at, n.req, RulePath, "a folder of files")
			}
			n.req.Source = manifestfile.Origin(f.Value.Text)
			return false, u.mention(at, f.Value.Text)
		case "virtual", "editable", "directory":
			n.omit = true
			if f.Value.Text == "." || u.members[n.req.Package.Name] {
				return true, nil
			}
			return false, u.foreign(at, n.req, RulePath, "a local folder")
		case "git":
			n.omit = true
			return false, u.foreign(at, n.req, RuleVCS, "a git address")
		case "url":
			n.omit = true
			return false, u.foreign(at, n.req, RuleURL, "a direct address ("+manifestfile.Origin(f.Value.Text)+")")
		case "path":
			n.omit = true
			return false, u.foreign(at, n.req, RulePath, "a local file")
		}
	}
	return false, u.bad(s.At, "%s has a source that the gate does not know; write the lock again with `uv lock`", n.req.Package.Name)
}

// resolutionMarkers gives the condition of a package that stands in the lock in
// several versions.
func (u *uvLock) resolutionMarkers(t *document.Value) (string, error) {
	var ways []way
	for _, v := range u.Strings(t, "resolution-markers") {
		m, err := u.markerText(v)
		if err != nil {
			return "", err
		}
		ways = append(ways, way(nil).and(m))
	}
	if len(ways) == 0 || len(ways) > maxAlternatives {
		return "", u.Err
	}
	return anyOf(ways), u.Err
}

// needs reads what a package needs. For the project's own packages these are
// also what the project asks for.
func (u *uvLock) needs(t *document.Value, n *lockNode, own bool) error {
	edges, err := u.edges(t, "dependencies")
	if err != nil {
		return err
	}
	n.addEdges("", edges)
	if own {
		u.roots = append(u.roots, root{"", edges})
	}
	for _, part := range []string{"optional-dependencies", "dev-dependencies"} {
		groups := u.Table(t, part)
		if groups == nil {
			continue
		}
		for _, f := range groups.Fields {
			edges, err := u.edges(groups, f.Key)
			if err != nil {
				return err
			}
			name := ecosystem.GroupName(f.Key)
			if part == "optional-dependencies" {
				n.addEdges(name, edges)
			}
			if own {
				u.roots = append(u.roots, root{name, edges})
			}
		}
	}
	return u.Err
}

func (n *lockNode) addEdges(extra string, edges []edge) {
	for _, e := range edges {
		n.depend(extra, e)
	}
}

func (u *uvLock) edges(t *document.Value, key string) ([]edge, error) {
	var out []edge
	for _, d := range u.Tables(t, key) {
		name := u.Text(d, "name")
		if _, err := pep503.Parse(name); err != nil {
			return nil, u.bad(d.At, "a dependency without a package name; write the lock again with `uv lock`")
		}
		e := edge{pkg: named(name), extras: normalized(u.Texts(d, "extra"))}
		if number := u.Text(d, "version"); number != "" {
			v, err := pep440.Parse(number)
			if err != nil {
				return nil, u.bad(d.At, "%s is no version; write the lock again with `uv lock`", manifestfile.Quote(number))
			}
			e.number = v.String()
		}
		var err error
		if u.Text(d, "marker") != "" {
			if e.marker, err = u.markerText(d.Get("marker")); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, u.Err
}

func normalized(names []string) []string {
	for i := range names {
		names[i] = pep503.Normalize(names[i])
	}
	return names
}

// manifestRoots reads what scripts and projects without a package of their own ask for.
func (u *uvLock) manifestRoots(manifest *document.Value) ([]root, error) {
	var out []root
	edges, err := u.edges(manifest, "requirements")
	if err != nil {
		return nil, err
	}
	if len(edges) > 0 {
		out = append(out, root{"", edges})
	}
	groups := u.Table(manifest, "dependency-groups")
	if groups == nil {
		return out, u.Err
	}
	for _, f := range groups.Fields {
		edges, err := u.edges(groups, f.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, root{ecosystem.GroupName(f.Key), edges})
	}
	return out, u.Err
}

func (u *uvLock) files(t *document.Value, n *lockNode) error {
	files := u.Tables(t, "wheels")
	if sdist := u.Table(t, "sdist"); sdist != nil {
		files = append(files[:len(files):len(files)], sdist)
	}
	for _, f := range files {
		address := u.Text(f, "url")
		name := lockedName(address)
		if address == "" {
			name = fileName(u.Text(f, "filename") + u.Text(f, "path"))
		} else if err := u.mention(f.At, address); err != nil {
			return err
		}
		var hashes []string
		if h := u.Text(f, "hash"); h != "" {
			hashes = []string{h}
		}
		if err := u.addFile(&n.req, f.At, name, address, hashes, u.Number(f, "size")); err != nil {
			return err
		}
	}
	if u.Err != nil {
		return u.Err
	}
	return u.checkFiles(n.req)
}
