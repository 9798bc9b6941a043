package manifest

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// parsePDMLock reads pdm.lock of lock-version 2 to 4 (https://pdm-project.org/en/latest/usage/lockfile/):
// files beside each package or, before 4, in one list for all; groups and markers
// beside the packages where pdm was told to inherit them, else worked out of the
// pyproject.toml beside the lock.
//
// A package asked for with extras stands in the lock a second time, under them.
// pdm takes a file from the address that the lock names, whatever index is set, so
// each host but the gate's is a reject.
func parsePDMLock(r *reader) error {
	l, err := r.lock("`pdm lock`")
	if err != nil {
		return err
	}
	p := &pdmLock{lock: l, metadata: l.Table(l.Root, "metadata"), byKey: map[pdmKey]*lockNode{}}
	if err := l.Version(p.metadata, "lock_version", "2", "3", "4"); err != nil {
		return err
	}
	if targets := l.Tables(p.metadata, "targets"); len(targets) == 1 {
		r.Manifest.RequiresPython = l.Text(targets[0], "requires_python")
	}
	for _, t := range l.Tables(l.Root, "package") {
		if err := p.pkg(t); err != nil {
			return err
		}
	}
	g, err := newGraph(r.Manifest.Path, p.nodes)
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
	for _, n := range p.nodes {
		if groups := p.said[n]; len(groups) > 0 {
			n.req.Groups, n.req.Marker = groups, n.own
		}
	}
	return l.finish(g)
}

type pdmLock struct {
	*lock
	metadata *document.Value
	nodes    []*lockNode
	byKey    map[pdmKey]*lockNode
	said     map[*lockNode][]string // the groups that the lock itself names
}

// pdmKey tells the entries of one package with and without extras together.
type pdmKey struct{ name, number, from string }

func (p *pdmLock) pkg(t *document.Value) error {
	req, err := p.identity(t)
	if err != nil {
		return err
	}
	if req.Number == "" {
		return p.bad(t.At, "%s has no version; write the lock again with `pdm lock`", req.Package.Name)
	}
	n := &lockNode{req: req}
	if err := p.source(t, n); err != nil {
		return err
	}
	if p.Text(t, "marker") != "" {
		if n.own, err = p.markerText(t.Get("marker")); err != nil {
			return err
		}
	}
	key := pdmKey{req.Package.Name, req.Number, n.own}
	extras := normalized(p.Texts(t, "extras"))
	if base := p.byKey[key]; base != nil && len(extras) > 0 {
		base.omit = base.omit || n.omit
		p.addGroups(base, t)
		return p.needs(t, base, extras)
	}
	p.byKey[key] = n
	p.nodes = append(p.nodes, n)
	p.addGroups(n, t)
	if err := p.needs(t, n, extras); err != nil || n.omit {
		return err
	}
	return p.files(t, n)
}

// source reports a package that comes from no index.
func (p *pdmLock) source(t *document.Value, n *lockNode) error {
	for _, other := range []struct{ key, rule, what string }{
		{"git", RuleVCS, "a git address"}, {"hg", RuleVCS, "a version control address"}, {"svn", RuleVCS, "a version control address"}, {"bzr", RuleVCS, "a version control address"},
		{"url", RuleURL, "a direct address"}, {"path", RulePath, "a local path"},
	} {
		v := t.Get(other.key)
		if v == nil {
			continue
		}
		n.omit = true
		what := other.what
		if other.rule == RuleURL {
			what += " (" + manifestfile.Origin(p.Text(t, other.key)) + ")"
		}
		if err := p.foreign(v.At, n.req, other.rule, what); err != nil {
			return err
		}
	}
	if v := t.Get("editable"); v != nil && p.Flag(t, "editable") && !n.omit {
		n.omit = true
		return p.foreign(v.At, n.req, RulePath, "an editable folder")
	}
	return p.Err
}

// addGroups reads groups, which were once called sections.
func (p *pdmLock) addGroups(n *lockNode, t *document.Value) {
	if p.said == nil {
		p.said = map[*lockNode][]string{}
	}
	for _, name := range append(p.Texts(t, "groups"), p.Texts(t, "sections")...) {
		group := ecosystem.GroupName(name)
		if group == "default" {
			group = ""
		}
		if !slices.Contains(p.said[n], group) && len(p.said[n]) < maxGroups {
			p.said[n] = append(p.said[n], group)
		}
	}
}

// needs reads the edges, which stand as PEP 508 texts.
func (p *pdmLock) needs(t *document.Value, n *lockNode, extras []string) error {
	under := extras
	if len(under) == 0 {
		under = []string{""}
	}
	for _, v := range p.Strings(t, "dependencies") {
		d, err := parseDependency(strings.TrimPrefix(v.Text, "-e "))
		if err != nil {
			if rule, _ := elsewhere(strings.TrimPrefix(v.Text, "-e ")); rule != "" {
				continue // that package's own entry says so
			}
			return p.bad(v.At, "%s is no requirement; write the lock again with `pdm lock`", manifestfile.Quote(v.Text))
		}
		for _, extra := range under {
			n.depend(extra, edge{pkg: d.pkg, extras: d.extras, marker: d.marker})
		}
	}
	return p.Err
}

// files reads the package's own list, or its part of the common one.
func (p *pdmLock) files(t *document.Value, n *lockNode) error {
	files := p.Tables(t, "files")
	if all := p.Table(p.metadata, "files"); all != nil && t.Get("files") == nil {
		files = p.Tables(all, p.Text(t, "name")+" "+p.Text(t, "version"))
	}
	for _, f := range files {
		name, address := p.Text(f, "file"), p.Text(f, "url")
		if address != "" {
			name = lockedName(address)
			if err := p.around(f.At, address, "pdm takes the files from there, around the gate; name the gate's registry as the [[tool.pdm.source]] and run `pdm lock --no-static-urls`"); err != nil {
				return err
			}
		}
		var hashes []string
		if h := p.Text(f, "hash"); h != "" {
			hashes = []string{h}
		}
		if err := p.addFile(&n.req, f.At, name, address, hashes, 0); err != nil {
			return err
		}
	}
	if p.Err != nil {
		return p.Err
	}
	return p.checkFiles(n.req)
}
