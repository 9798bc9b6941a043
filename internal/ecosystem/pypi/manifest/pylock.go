package manifest

import (
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// parsePylock reads pylock.toml (PEP 751,
// https://packaging.python.org/en/latest/specifications/pylock-toml/).
//
// A marker that asks for extras or dependency groups counts as met, since the
// gate looks at all of a lock. Environments and attestation identities are
// checked for their form only: the first say where the lock was meant for, the
// second who should have attested a file, and neither widens what is admitted.
func parsePylock(r *reader) error {
	l, err := r.lock("the tool that wrote it")
	if err != nil {
		return err
	}
	if err := l.Version(l.Root, "lock-version", "1"); err != nil {
		return err
	}
	r.Manifest.RequiresPython = l.Text(l.Root, "requires-python")
	for _, v := range l.Strings(l.Root, "environments") {
		if _, err := l.markerText(v); err != nil {
			return err
		}
	}
	l.Strings(l.Root, "extras")
	l.Strings(l.Root, "dependency-groups")
	l.Strings(l.Root, "default-groups")
	p := &pylock{lock: l}
	var nodes []*lockNode
	for _, t := range l.Tables(l.Root, "packages") {
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
	needed := g.orphans()
	for _, n := range nodes {
		n.req.Needs = g.needs(n)
		n.req.Marker = anyOf([]way{way(nil).and(n.own)})
		n.req.Groups = groupsOf(n.own)
	}
	for _, e := range needed {
		for _, i := range g.targets(e) {
			nodes[i].req.Direct = true
		}
	}
	return l.finish(g)
}

var (
	askedFor     = lazy.Regexp(`["']([^"']+)["'] in (?:extras|dependency_groups)`)
	onlyAskedFor = lazy.Regexp(`^(?:["'][^"']+["'] in (?:extras|dependency_groups)(?: or |$))+$`)
)

// groupsOf are the extras and groups that a marker asks for, and the main one
// unless nothing else opens the marker.
func groupsOf(marker string) []string {
	var out []string
	if !onlyAskedFor().MatchString(marker) {
		out = append(out, "")
	}
	for _, m := range askedFor().FindAllStringSubmatch(marker, maxGroups) {
		if g := ecosystem.GroupName(m[1]); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

type pylock struct{ *lock }

func (p *pylock) pkg(t *document.Value) (*lockNode, error) {
	req, err := p.identity(t)
	if err != nil {
		return nil, err
	}
	n := &lockNode{req: req}
	if p.Text(t, "marker") != "" {
		if n.own, err = p.markerText(t.Get("marker")); err != nil {
			return nil, err
		}
	}
	if err := p.needs(t, n); err != nil {
		return nil, err
	}
	for _, who := range p.Tables(t, "attestation-identities") {
		if p.Text(who, "kind") == "" {
			return nil, p.bad(who.At, "an attestation identity has no kind; write the lock again with its tool")
		}
	}
	if index := p.Text(t, "index"); index != "" {
		if err := p.mention(t.Get("index").At, index); err != nil {
			return nil, err
		}
	}
	if err := p.sources(t, n); err != nil {
		return nil, err
	}
	return n, p.Err
}

func (p *pylock) needs(t *document.Value, n *lockNode) error {
	for _, d := range p.Tables(t, "dependencies") {
		name := p.Text(d, "name")
		if _, err := pep503.Parse(name); err != nil {
			return p.bad(d.At, "a dependency without a package name; write the lock again with its tool")
		}
		e := edge{pkg: named(name)}
		if number := p.Text(d, "version"); number != "" {
			v, err := pep440.Parse(number)
			if err != nil {
				return p.bad(d.At, "%s is no version; write the lock again with its tool", manifestfile.Quote(number))
			}
			e.number = v.String()
		}
		n.depend("", e)
	}
	return p.Err
}

// sources reads where a package comes from: files of an index, or one of three
// other places, of which the folder that is the project itself is fine.
func (p *pylock) sources(t *document.Value, n *lockNode) error {
	for _, other := range []struct{ key, rule, what string }{
		{"vcs", RuleVCS, "a version control address"}, {"archive", RuleURL, "a direct address or file"}, {"directory", RulePath, "a local folder"},
	} {
		s := p.Table(t, other.key)
		if s == nil {
			continue
		}
		n.omit = true
		if where := p.Text(s, "path"); other.key == "directory" && (where == "." || where == "./") {
			continue
		}
		if err := p.foreign(s.At, n.req, other.rule, other.what); err != nil {
			return err
		}
	}
	if n.omit || p.Err != nil {
		return p.Err
	}
	files := p.Tables(t, "wheels")
	if sdist := p.Table(t, "sdist"); sdist != nil {
		files = append(files[:len(files):len(files)], sdist)
	}
	if n.req.Number == "" {
		return p.bad(t.At, "%s has no version; write the lock again with its tool", n.req.Package.Name)
	}
	for _, f := range files {
		if err := p.file(n, f); err != nil {
			return err
		}
	}
	if p.Err != nil {
		return p.Err
	}
	if n.omit {
		return nil
	}
	return p.checkFiles(n.req)
}

func (p *pylock) file(n *lockNode, f *document.Value) error {
	name, address := p.Text(f, "name"), p.Text(f, "url")
	switch {
	case address == "" && p.Text(f, "path") != "":
		n.omit = true
		return p.foreign(f.At, n.req, RulePath, "a local file")
	case address != "":
		if err := p.mention(f.At, address); err != nil {
			return err
		}
	}
	if name == "" {
		name = lockedName(address)
	}
	var hashes []string
	if table := p.Table(f, "hashes"); table != nil {
		for _, h := range table.Fields {
			hashes = append(hashes, h.Key+":"+p.Text(table, h.Key))
		}
	}
	return p.addFile(&n.req, f.At, name, address, hashes, p.Number(f, "size"))
}
