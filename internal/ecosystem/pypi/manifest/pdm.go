package manifest

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
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
	p := &pdmLock{lock: l, metadata: l.table(l.root, "metadata"), byKey: map[pdmKey]*lockNode{}}
	if err := l.version(p.metadata, "lock_version", "2", "3", "4"); err != nil {
		return err
	}
	if targets := l.tables(p.metadata, "targets"); len(targets) == 1 {
		r.m.RequiresPython = l.text(targets[0], "requires_python")
	}
	for _, t := range l.tables(l.root, "package") {
		if err := p.pkg(t); err != nil {
			return err
		}
	}
	g, err := newGraph(r.m.Path, p.nodes)
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
	for _, n := range p.nodes {
		if groups := p.said[n]; len(groups) > 0 {
			n.req.Groups, n.req.Marker = groups, n.own
		}
	}
	return l.finish(g)
}

type pdmLock struct {
	*lock
	metadata *value
	nodes    []*lockNode
	byKey    map[pdmKey]*lockNode
	said     map[*lockNode][]string // the groups that the lock itself names
}

// pdmKey tells the entries of one package with and without extras together.
type pdmKey struct{ name, number, from string }

func (p *pdmLock) pkg(t *value) error {
	req, err := p.identity(t)
	if err != nil {
		return err
	}
	if req.Number == "" {
		return p.bad(t.at, "%s has no version; write the lock again with `pdm lock`", req.Package.Name)
	}
	n := &lockNode{req: req}
	if err := p.source(t, n); err != nil {
		return err
	}
	if p.text(t, "marker") != "" {
		if n.own, err = p.markerText(t.get("marker")); err != nil {
			return err
		}
	}
	key := pdmKey{req.Package.Name, req.Number, n.own}
	extras := normalized(p.texts(t, "extras"))
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
func (p *pdmLock) source(t *value, n *lockNode) error {
	for _, other := range []struct{ key, rule, what string }{
		{"git", RuleVCS, "a git address"}, {"hg", RuleVCS, "a version control address"}, {"svn", RuleVCS, "a version control address"}, {"bzr", RuleVCS, "a version control address"},
		{"url", RuleURL, "a direct address"}, {"path", RulePath, "a local path"},
	} {
		v := t.get(other.key)
		if v == nil {
			continue
		}
		n.omit = true
		what := other.what
		if other.rule == RuleURL {
			what += " (" + origin(p.text(t, other.key)) + ")"
		}
		if err := p.foreign(v.at, n.req, other.rule, what); err != nil {
			return err
		}
	}
	if v := t.get("editable"); v != nil && p.flag(t, "editable") && !n.omit {
		n.omit = true
		return p.foreign(v.at, n.req, RulePath, "an editable folder")
	}
	return p.err
}

// addGroups reads groups, which were once called sections.
func (p *pdmLock) addGroups(n *lockNode, t *value) {
	if p.said == nil {
		p.said = map[*lockNode][]string{}
	}
	for _, name := range append(p.texts(t, "groups"), p.texts(t, "sections")...) {
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
func (p *pdmLock) needs(t *value, n *lockNode, extras []string) error {
	under := extras
	if len(under) == 0 {
		under = []string{""}
	}
	for _, v := range p.strings(t, "dependencies") {
		d, err := parseDependency(strings.TrimPrefix(v.text, "-e "))
		if err != nil {
			if rule, _ := elsewhere(strings.TrimPrefix(v.text, "-e ")); rule != "" {
				continue // that package's own entry says so
			}
			return p.bad(v.at, "%s is no requirement; write the lock again with `pdm lock`", quote(v.text))
		}
		for _, extra := range under {
			n.depend(extra, edge{pkg: d.pkg, extras: d.extras, marker: d.marker})
		}
	}
	return p.err
}

// files reads the package's own list, or its part of the common one.
func (p *pdmLock) files(t *value, n *lockNode) error {
	files := p.tables(t, "files")
	if all := p.table(p.metadata, "files"); all != nil && t.get("files") == nil {
		files = p.tables(all, p.text(t, "name")+" "+p.text(t, "version"))
	}
	for _, f := range files {
		name, address := p.text(f, "file"), p.text(f, "url")
		if address != "" {
			name = lockedName(address)
			if err := p.around(f.at, address, "pdm takes the files from there, around the gate; name the gate's registry as the [[tool.pdm.source]] and run `pdm lock --no-static-urls`"); err != nil {
				return err
			}
		}
		var hashes []string
		if h := p.text(f, "hash"); h != "" {
			hashes = []string{h}
		}
		if err := p.addFile(&n.req, f.at, name, address, hashes, 0); err != nil {
			return err
		}
	}
	if p.err != nil {
		return p.err
	}
	return p.checkFiles(n.req)
}
