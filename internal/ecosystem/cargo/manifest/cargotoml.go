package manifest

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// project is a Cargo.toml with the members of its workspace on their way in.
type project struct {
	*reader
	workspace *document.Document // the Cargo.toml with [workspace]; nil where there is none
	root      string             // the folder that it lies in
	seen      map[string]bool    // folders of members read
	queue     []string
}

// parseCargoToml reads a manifest, and the members of its workspace when it is the
// root of one: a lock is made for all of them. A folder that is built from a path is a
// member too.
func parseCargoToml(r *reader) error {
	d, err := r.document(r.Manifest.Path)
	if err != nil {
		return err
	}
	p := &project{reader: r, seen: map[string]bool{}}
	if err := p.findWorkspace(d); err != nil {
		return err
	}
	p.enter(path.Dir(r.Manifest.Path))
	if p.workspace == d {
		if err := p.enterMembers(); err != nil {
			return err
		}
	}
	for i := 0; i < len(p.queue); i++ {
		if len(p.queue) > maxMembers {
			return manifestfile.TooLarge(r.Manifest.Path, "the gate reads at most %d members of a workspace; split it", maxMembers)
		}
		own := d
		if i > 0 {
			file := path.Join(p.queue[i], CargoToml)
			if own, err = r.document(file); err != nil {
				if fatal, ok := errors.AsType[*manifestfile.Unusable](err); ok {
					return fatal
				}
				if err := r.Reportf(RuleInclude, manifestfile.Hold, finding.Location{File: file}, "this member of the workspace cannot be read: it is not there, or is no regular file; correct the path that leads to it"); err != nil {
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
func (p *project) findWorkspace(d *document.Document) error {
	dir := path.Dir(p.Manifest.Path)
	if d.Root.Get("workspace") != nil {
		p.workspace, p.root = d, dir
		return nil
	}
	if said := d.Text(d.Table(d.Root, "package"), "workspace"); said != "" {
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
	if fatal, ok := errors.AsType[*manifestfile.Unusable](err); ok {
		return fatal
	}
	if err == nil && d.Root.Get("workspace") != nil {
		p.workspace, p.root = d, dir
	}
	return nil
}

// inside says whether a path stays in the tree.
func inside(p string) bool { return fs.ValidPath(p) }

// enterMembers notes the members that a workspace lists, globs included.
func (p *project) enterMembers() error {
	d := p.workspace
	w := d.Table(d.Root, "workspace")
	excluded := d.Texts(w, "exclude")
	for _, v := range d.Strings(w, "members") {
		pattern := path.Join(p.root, v.Text)
		if !inside(pattern) {
			if err := p.Reportf(RulePath, manifestfile.Hold, d.Place(v.At), "the member %s lies outside of what the gate sees; give the gate the folder above", manifestfile.Quote(v.Text)); err != nil {
				return err
			}
			continue
		}
		found := []string{pattern}
		if strings.ContainsAny(v.Text, "*?[") {
			matches, err := fs.Glob(p.FS, path.Join(pattern, CargoToml))
			if err != nil || len(matches) > maxMembers {
				return manifestfile.Syntax(d.Place(v.At), "the member %s is no pattern, or matches too much; correct it", manifestfile.Quote(v.Text))
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
	return d.Err
}

// sections are the tables of dependencies, with their older spellings.
var sections = []struct{ key, group string }{
	{"dependencies", ""}, {"build-dependencies", groupBuild}, {"build_dependencies", groupBuild}, {"dev-dependencies", groupDev}, {"dev_dependencies", groupDev},
}

// member reads one Cargo.toml of the project.
func (p *project) member(d *document.Document) error {
	asked := featuresOfDependencies(d)
	read := func(t *document.Value, target string) error {
		for _, s := range sections {
			table := d.Table(t, s.key)
			if table == nil {
				continue
			}
			for _, f := range table.Fields {
				if err := p.dependency(d, f, s.group, target, asked[f.Key]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := read(d.Root, ""); err != nil {
		return err
	}
	if targets := d.Table(d.Root, "target"); targets != nil {
		for _, f := range targets.Fields {
			if f.Value.Kind != document.Table {
				d.WrongType(f.Value, f.Key, "a table")
				break
			}
			if err := read(f.Value, f.Key); err != nil {
				return err
			}
		}
	}
	if err := p.sources(d); err != nil {
		return err
	}
	return d.Err
}

// featuresOfDependencies are those that the features of a manifest ask for
// ("serde/derive"), by the name of the dependency: a lock is made with all features.
func featuresOfDependencies(d *document.Document) map[string][]string {
	out := map[string][]string{}
	table := d.Table(d.Root, "features")
	if table == nil {
		return out
	}
	for _, f := range table.Fields {
		for _, v := range d.Strings(table, f.Key) {
			if name, feature, ok := strings.Cut(v.Text, "/"); ok {
				name = strings.TrimSuffix(name, "?")
				out[name] = append(out[name], feature)
			}
		}
	}
	return out
}

// wish is one dependency before it is a requirement.
type wish struct {
	d    *document.Document // that says where it comes from: the workspace's for an inherited one
	f    document.Field
	at   finding.Location
	base string // the folder that a path is relative to

	req      string
	features []string
	bare     bool // without the default features
}

// dependency reads one entry of a table of dependencies.
func (p *project) dependency(d *document.Document, f document.Field, group, target string, features []string) error {
	w := wish{d: d, f: f, at: d.Place(f.At), base: path.Dir(d.File), features: features}
	if f.Value.Kind == document.Table && d.Flag(f.Value, "workspace") {
		if err := w.read(); err != nil {
			return err
		}
		inherited, ok := p.inherit(f.Key)
		if !ok {
			return p.Reportf(RuleInclude, manifestfile.Hold, w.at, "%s is inherited from a workspace that the gate does not see; give the gate the workspace's folder", manifestfile.Quote(f.Key))
		}
		inherited.features = w.features
		if d.Flag(f.Value, "default-features") { // a member may turn them on again
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
		return p.Reportf(RuleBad, manifestfile.Hold, w.at, "%s is no crate's name; correct it", manifestfile.Quote(w.crate()))
	}
	if _, err := semver.ParseReq(w.req); w.req != "" && err != nil {
		return p.Reportf(RuleBad, manifestfile.Hold, w.at, "%s is no version requirement of cargo's; correct it", manifestfile.Quote(w.req))
	}
	if !w.bare {
		w.features = append(w.features, "default")
	}
	slices.Sort(w.features)
	return p.Require(ecosystem.Requirement{
		Package: to, Written: strings.TrimSpace(to.Name + " " + w.req), Spec: w.req, Extras: slices.Compact(w.features), Marker: target,
		At: w.at, Groups: []string{group}, Direct: true,
	})
}

// read takes version and features from the entry.
func (w *wish) read() error {
	if w.f.Value.Kind == document.String {
		w.req = w.f.Value.Text
		return nil
	}
	if w.f.Value.Kind != document.Table {
		w.d.WrongType(w.f.Value, w.f.Key, "a version or a table")
		return w.d.Err
	}
	w.req = w.d.Text(w.f.Value, "version")
	w.features = append(slices.Clone(w.features), w.d.Texts(w.f.Value, "features")...)
	for _, key := range []string{"default-features", "default_features"} {
		if w.f.Value.Get(key) != nil {
			w.bare = !w.d.Flag(w.f.Value, key)
		}
	}
	return w.d.Err
}

// crate is the name of the crate that is wanted, which may be used under another one.
func (w *wish) crate() string {
	if w.f.Value.Kind == document.Table {
		if real := w.d.Text(w.f.Value, "package"); real != "" {
			return real
		}
	}
	return w.f.Key
}

// inherit finds an entry of [workspace.dependencies].
func (p *project) inherit(key string) (wish, bool) {
	if p.workspace == nil {
		return wish{}, false
	}
	d := p.workspace
	table := d.Table(d.Table(d.Root, "workspace"), "dependencies")
	if table == nil {
		return wish{}, false
	}
	for _, f := range table.Fields {
		if f.Key == key {
			return wish{d: d, f: f, at: d.Place(f.At), base: p.root}, true
		}
	}
	return wish{}, false
}

// elsewhere tells of a dependency that does not come from the registry that every
// project has; true when there is nothing more to do about it.
func (p *project) elsewhere(w wish) (bool, error) {
	if w.f.Value.Kind != document.Table {
		return false, nil
	}
	t := w.f.Value
	if git := w.d.Text(t, "git"); git != "" {
		return true, p.Reportf(RuleVCS, manifestfile.Hold, w.at, "%s comes from git at %s, which the gate does not look at; publish it to a registry, or have a person look at it", manifestfile.Quote(w.f.Key), manifestfile.Origin(git))
	}
	if to := w.d.Text(t, "path"); to != "" {
		dir := path.Join(w.base, to)
		if path.IsAbs(to) || !inside(dir) {
			return true, p.Reportf(RulePath, manifestfile.Hold, w.at, "%s comes from a folder outside of what the gate sees; give the gate the folder above", manifestfile.Quote(w.f.Key))
		}
		p.enter(dir)
		return true, nil
	}
	if index := w.d.Text(t, "registry-index"); index != "" {
		return false, p.names(w.at, index, "takes "+w.crate()+" from")
	}
	if name := w.d.Text(t, "registry"); name != "" && name != "crates-io" {
		return false, p.Reportf(RuleIndex, manifestfile.Hold, w.at, "%s comes from the registry %s, and cargo asks there whatever the gate says; take it from the gate's registry (gatehouse client setup)", manifestfile.Quote(w.f.Key), manifestfile.Quote(name))
	}
	return false, w.d.Err
}

// names tells of a line that leads cargo to a registry: none where that is the gate.
func (p *reader) names(at finding.Location, address, what string) error {
	address = strings.TrimPrefix(strings.TrimPrefix(address, "sparse+"), "registry+")
	return p.Report(ecosystem.Problem{
		Rule: RuleIndex, Class: finding.Manifest, At: at, Effect: manifestfile.Reject, Index: ecosystem.AddressOf(strings.TrimSuffix(address, "/")),
		Text: "this line " + what + " the registry at " + manifestfile.Origin(address) + ", and cargo asks there whatever the gate says; take it out, or name the gate's registry (gatehouse client setup)",
	})
}

// sources tells of [patch] and [replace], which have another crate built in place of
// the registry's. What lies in the project itself is its own code.
func (p *project) sources(d *document.Document) error {
	if patches := d.Table(d.Root, "patch"); patches != nil {
		for _, source := range patches.Fields {
			if source.Value.Kind != document.Table {
				d.WrongType(source.Value, source.Key, "a table")
				return d.Err
			}
			if err := p.replaced(d, source.Value, "[patch]"); err != nil {
				return err
			}
		}
	}
	if replaced := d.Table(d.Root, "replace"); replaced != nil {
		return p.replaced(d, replaced, "[replace]")
	}
	return nil
}

func (p *project) replaced(d *document.Document, t *document.Value, section string) error {
	for _, f := range t.Fields {
		effect, text := manifestfile.Hold, "another crate is built in place of %s, by "+section+"; take it out, or have a person look at it"
		if f.Value.Kind == document.Table {
			if to := d.Text(f.Value, "path"); to != "" && !path.IsAbs(to) && inside(path.Join(path.Dir(d.File), to)) {
				effect, text = manifestfile.Note, "a folder of the project is built in place of %s, by "+section
				p.enter(path.Join(path.Dir(d.File), to))
			}
		}
		if err := p.Reportf(RuleSource, effect, d.Place(f.At), text, manifestfile.Quote(f.Key)); err != nil {
			return err
		}
	}
	return d.Err
}
