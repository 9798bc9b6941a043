package manifest

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// project is a Cargo.toml with the members of its workspace on their way in.
type project struct {
	*reader
	workspace *document       // the Cargo.toml with [workspace]; nil where there is none
	root      string          // the folder that it lies in
	seen      map[string]bool // folders of members read
	queue     []string
}

// parseCargoToml reads a manifest, and the members of its workspace when it is the
// root of one: a lock is made for all of them. A folder that is built from a path is a
// member too.
func parseCargoToml(r *reader) error {
	d, err := r.document(r.m.Path)
	if err != nil {
		return err
	}
	p := &project{reader: r, seen: map[string]bool{}}
	if err := p.findWorkspace(d); err != nil {
		return err
	}
	p.enter(path.Dir(r.m.Path))
	if p.workspace == d {
		if err := p.enterMembers(); err != nil {
			return err
		}
	}
	for i := 0; i < len(p.queue); i++ {
		if len(p.queue) > maxMembers {
			return tooLarge(r.m.Path, "the gate reads at most %d members of a workspace; split it", maxMembers)
		}
		own := d
		if i > 0 {
			file := path.Join(p.queue[i], CargoToml)
			if own, err = r.document(file); err != nil {
				if fatal, ok := errors.AsType[*unusable](err); ok {
					return fatal
				}
				if err := r.report(RuleInclude, hold, finding.Location{File: file}, "this member of the workspace cannot be read: it is not there, or is no regular file; correct the path that leads to it"); err != nil {
					return err
				}
				continue
			}
		}
		if err := p.member(own); err != nil {
			return err
		}
	}
	if p.workspace != nil && p.workspace != d {
		return p.sources(p.workspace) // they hold for all members
	}
	return nil
}

// enter notes a folder to read, once.
func (p *project) enter(dir string) {
	if !p.seen[dir] {
		p.seen[dir] = true
		p.queue = append(p.queue, dir)
	}
}

// findWorkspace finds the workspace that a manifest is the root or a member of: where
// it says, else the nearest above it.
func (p *project) findWorkspace(d *document) error {
	dir := path.Dir(p.m.Path)
	if d.root.get("workspace") != nil {
		p.workspace, p.root = d, dir
		return nil
	}
	if said := d.text(d.table(d.root, "package"), "workspace"); said != "" {
		dir = path.Join(dir, said)
		if !inside(dir) {
			return nil // the members that inherit from it are told of
		}
		return p.tryWorkspace(dir)
	}
	for range maxFolders {
		if dir == "." {
			return nil
		}
		dir = path.Dir(dir)
		if err := p.tryWorkspace(dir); err != nil || p.workspace != nil {
			return err
		}
	}
	return nil
}

func (p *project) tryWorkspace(dir string) error {
	d, err := p.document(path.Join(dir, CargoToml))
	if fatal, ok := errors.AsType[*unusable](err); ok {
		return fatal
	}
	if err == nil && d.root.get("workspace") != nil {
		p.workspace, p.root = d, dir
	}
	return nil
}

// inside says whether a path stays in the tree.
func inside(p string) bool { return fs.ValidPath(p) }

// enterMembers notes the members that a workspace lists, globs included.
func (p *project) enterMembers() error {
	d := p.workspace
	w := d.table(d.root, "workspace")
	excluded := d.texts(w, "exclude")
	for _, v := range d.strings(w, "members") {
		pattern := path.Join(p.root, v.text)
		if !inside(pattern) {
			if err := p.report(RulePath, hold, d.place(v.at), "the member %s lies outside of what the gate sees; give the gate the folder above", quote(v.text)); err != nil {
				return err
			}
			continue
		}
		found := []string{pattern}
		if strings.ContainsAny(v.text, "*?[") {
			matches, err := fs.Glob(p.fsys, path.Join(pattern, CargoToml))
			if err != nil || len(matches) > maxMembers {
				return syntax(d.place(v.at), "the member %s is no pattern, or matches too much; correct it", quote(v.text))
			}
			found = nil
			for _, m := range matches {
				found = append(found, path.Dir(m))
			}
		}
		for _, dir := range found {
			if !slices.ContainsFunc(excluded, func(x string) bool { return dir == path.Join(p.root, x) }) {
				p.enter(dir)
			}
		}
	}
	return d.err
}

// sections are the tables of dependencies, with their older spellings.
var sections = []struct{ key, group string }{
	{"dependencies", ""}, {"build-dependencies", groupBuild}, {"build_dependencies", groupBuild}, {"dev-dependencies", groupDev}, {"dev_dependencies", groupDev},
}

// member reads one Cargo.toml of the project.
func (p *project) member(d *document) error {
	asked := featuresOfDependencies(d)
	read := func(t *value, target string) error {
		for _, s := range sections {
			table := d.table(t, s.key)
			if table == nil {
				continue
			}
			for _, f := range table.fields {
				if err := p.dependency(d, f, s.group, target, asked[f.key]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := read(d.root, ""); err != nil {
		return err
	}
	if targets := d.table(d.root, "target"); targets != nil {
		for _, f := range targets.fields {
			if f.val.kind != unstable.Table {
				d.wrongType(f.val, f.key, "a table")
				break
			}
			if err := read(f.val, f.key); err != nil {
				return err
			}
		}
	}
	if err := p.sources(d); err != nil {
		return err
	}
	return d.err
}

// featuresOfDependencies are those that the features of a manifest ask for
// ("serde/derive"), by the name of the dependency: a lock is made with all features.
func featuresOfDependencies(d *document) map[string][]string {
	out := map[string][]string{}
	table := d.table(d.root, "features")
	if table == nil {
		return out
	}
	for _, f := range table.fields {
		for _, v := range d.strings(table, f.key) {
			if name, feature, ok := strings.Cut(v.text, "/"); ok {
				name = strings.TrimSuffix(name, "?")
				out[name] = append(out[name], feature)
			}
		}
	}
	return out
}

// wish is one dependency before it is a requirement.
type wish struct {
	d    *document // that says where it comes from: the workspace's for an inherited one
	f    field
	at   finding.Location
	base string // the folder that a path is relative to

	req      string
	features []string
	bare     bool // without the default features
}

// dependency reads one entry of a table of dependencies.
func (p *project) dependency(d *document, f field, group, target string, features []string) error {
	w := wish{d: d, f: f, at: d.place(f.at), base: path.Dir(d.file), features: features}
	if f.val.kind == unstable.Table && d.flag(f.val, "workspace") {
		if err := w.read(); err != nil {
			return err
		}
		inherited, ok := p.inherit(f.key)
		if !ok {
			return p.report(RuleInclude, hold, w.at, "%s is inherited from a workspace that the gate does not see; give the gate the workspace's folder", quote(f.key))
		}
		inherited.features = w.features
		if d.flag(f.val, "default-features") { // a member may turn them on again
			inherited.features = append(inherited.features, "default")
		}
		w = inherited
	}
	if err := w.read(); err != nil {
		return err
	}
	if elsewhere, err := p.elsewhere(w); elsewhere || err != nil {
		return err
	}
	to, ok := pkg(w.crate())
	if !ok {
		return p.report(RuleBad, hold, w.at, "%s is no crate's name; correct it", quote(w.crate()))
	}
	if _, err := semver.ParseReq(w.req); w.req != "" && err != nil {
		return p.report(RuleBad, hold, w.at, "%s is no version requirement of cargo's; correct it", quote(w.req))
	}
	if !w.bare {
		w.features = append(w.features, "default")
	}
	slices.Sort(w.features)
	return p.require(ecosystem.Requirement{
		Package: to, Written: strings.TrimSpace(to.Name + " " + w.req), Spec: w.req, Extras: slices.Compact(w.features), Marker: target,
		At: w.at, Groups: []string{group}, Direct: true,
	})
}

// read takes version and features from the entry.
func (w *wish) read() error {
	if w.f.val.kind == unstable.String {
		w.req = w.f.val.text
		return nil
	}
	if w.f.val.kind != unstable.Table {
		w.d.wrongType(w.f.val, w.f.key, "a version or a table")
		return w.d.err
	}
	w.req = w.d.text(w.f.val, "version")
	w.features = append(slices.Clone(w.features), w.d.texts(w.f.val, "features")...)
	for _, key := range []string{"default-features", "default_features"} {
		if w.f.val.get(key) != nil {
			w.bare = !w.d.flag(w.f.val, key)
		}
	}
	return w.d.err
}

// crate is the name of the crate that is wanted, which may be used under another one.
func (w *wish) crate() string {
	if w.f.val.kind == unstable.Table {
		if real := w.d.text(w.f.val, "package"); real != "" {
			return real
		}
	}
	return w.f.key
}

// inherit finds an entry of [workspace.dependencies].
func (p *project) inherit(key string) (wish, bool) {
	if p.workspace == nil {
		return wish{}, false
	}
	d := p.workspace
	table := d.table(d.table(d.root, "workspace"), "dependencies")
	if table == nil {
		return wish{}, false
	}
	for _, f := range table.fields {
		if f.key == key {
			return wish{d: d, f: f, at: d.place(f.at), base: p.root}, true
		}
	}
	return wish{}, false
}

// elsewhere tells of a dependency that does not come from the registry that every
// project has; true when there is nothing more to do about it.
func (p *project) elsewhere(w wish) (bool, error) {
	if w.f.val.kind != unstable.Table {
		return false, nil
	}
	t := w.f.val
	if git := w.d.text(t, "git"); git != "" {
		return true, p.report(RuleVCS, hold, w.at, "%s comes from git at %s, which the gate does not look at; publish it to a registry, or have a person look at it", quote(w.f.key), origin(git))
	}
	if to := w.d.text(t, "path"); to != "" {
		dir := path.Join(w.base, to)
		if path.IsAbs(to) || !inside(dir) {
			return true, p.report(RulePath, hold, w.at, "%s comes from a folder outside of what the gate sees; give the gate the folder above", quote(w.f.key))
		}
		p.enter(dir)
		return true, nil
	}
	if index := w.d.text(t, "registry-index"); index != "" {
		return false, p.names(w.at, index, "takes "+w.crate()+" from")
	}
	if name := w.d.text(t, "registry"); name != "" && name != "crates-io" {
		return false, p.report(RuleIndex, hold, w.at, "%s comes from the registry %s, and cargo asks there whatever the gate says; take it from the gate's registry (gatehouse client setup)", quote(w.f.key), quote(name))
	}
	return false, w.d.err
}

// names tells of a line that leads cargo to a registry: none where that is the gate.
func (p *reader) names(at finding.Location, address, what string) error {
	address = strings.TrimPrefix(strings.TrimPrefix(address, "sparse+"), "registry+")
	return p.add(ecosystem.Problem{
		Rule: RuleIndex, Class: finding.Manifest, At: at, Effect: reject, Index: ecosystem.AddressOf(strings.TrimSuffix(address, "/")),
		Text: "this line " + what + " the registry at " + origin(address) + ", and cargo asks there whatever the gate says; take it out, or name the gate's registry (gatehouse client setup)",
	})
}

// sources tells of [patch] and [replace], which have another crate built in place of
// the registry's. What lies in the project itself is its own code.
func (p *project) sources(d *document) error {
	if patches := d.table(d.root, "patch"); patches != nil {
		for _, source := range patches.fields {
			if source.val.kind != unstable.Table {
				d.wrongType(source.val, source.key, "a table")
				return d.err
			}
			if err := p.replaced(d, source.val, "[patch]"); err != nil {
				return err
			}
		}
	}
	if replaced := d.table(d.root, "replace"); replaced != nil {
		return p.replaced(d, replaced, "[replace]")
	}
	return nil
}

func (p *project) replaced(d *document, t *value, section string) error {
	for _, f := range t.fields {
		effect, text := hold, "another crate is built in place of %s, by "+section+"; take it out, or have a person look at it"
		if f.val.kind == unstable.Table {
			if to := d.text(f.val, "path"); to != "" && !path.IsAbs(to) && inside(path.Join(path.Dir(d.file), to)) {
				effect, text = note, "a folder of the project is built in place of %s, by "+section
				p.enter(path.Join(path.Dir(d.file), to))
			}
		}
		if err := p.report(RuleSource, effect, d.place(f.at), text, quote(f.key)); err != nil {
			return err
		}
	}
	return d.err
}
