package manifest

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const againJSON = "correct it"

// sections are the parts of a package.json that ask for packages.
var sections = []struct{ key, group string }{
	{"dependencies", ""}, {"optionalDependencies", groupOptional}, {"devDependencies", groupDev}, {"peerDependencies", groupPeer},
}

// parsePackageJSON reads a package.json and those of its workspaces.
func parsePackageJSON(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	d, err := parseJSON(r.Manifest.Path, b, false, againJSON)
	if err != nil {
		return err
	}
	p := &project{reader: r, catalogs: map[string]*value{}}
	if p.members, err = r.members(d); err != nil {
		return err
	}
	if err := p.readCatalogs(d); err != nil {
		return err
	}
	for _, member := range append([]*document{d}, p.members...) {
		if err := p.dependencies(member); err != nil {
			return err
		}
	}
	if err := p.overrides(d); err != nil {
		return err
	}
	return p.packageManager(d)
}

// project is a package.json with its workspaces.
type project struct {
	*reader
	members  []*document
	catalogs map[string]*value // by "catalog:" and "catalog:name"
	pnpm     bool              // it is pnpm's, which links a workspace only for workspace:
}

// dependencies reads the sections of one package.json.
func (p *project) dependencies(d *document) error {
	for _, s := range sections {
		v := d.root.get(s.key)
		if v == nil || v.kind == isNull || v.kind == isList && len(v.list) == 0 {
			continue
		}
		if v.kind != isTable {
			return manifestfile.Syntax(d.place(v), "%s must be an object of names with versions; %s", s.key, againJSON)
		}
		for _, f := range v.fields {
			if s.group == groupPeer && d.root.get("peerDependenciesMeta").get(f.key).flag("optional") {
				continue // nobody installs it for that
			}
			if s.group == "" && d.root.get("optionalDependencies").get(f.key) != nil {
				continue // the optional one counts
			}
			if err := p.dependency(d, f, s.group); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *project) dependency(d *document, f field, group string) error {
	at := d.placeOf(f)
	if f.val.kind != isText {
		return manifestfile.Syntax(d.place(f.val), "the version of %s must be a text; %s", manifestfile.Quote(f.key), againJSON)
	}
	if !name.Valid(f.key) {
		return manifestfile.Syntax(at, "%s is no package name; %s", manifestfile.Quote(f.key), againJSON)
	}
	w := readWish(f.key, f.val.text)
	if w.isCatalog() {
		var err error
		if w, err = p.fromCatalog(f.key, w, at); err != nil || w.isCatalog() {
			return err
		}
	}
	if p.isMember(w) {
		return nil
	}
	if w.member {
		return p.Report(ecosystem.Problem{Rule: RulePath, Class: finding.Manifest, Effect: manifestfile.Hold, At: at,
			Text: fmt.Sprintf("%s is to come from a workspace of this project, and none here is called so; give the gate the project's own folder", f.key)})
	}
	if w.rule != "" {
		return p.elsewhere(f.key, w, at)
	}
	if w.alias {
		if err := p.Report(ecosystem.Problem{Rule: RuleAlias, Class: finding.Manifest, Effect: aliasEffect(f.key, w.name), At: at,
			Text: fmt.Sprintf("%s is another package under this name: %s; the gate looks at that one", f.key, w.name)}); err != nil {
			return err
		}
	}
	return p.Require(ecosystem.Requirement{
		Package: pkg(w.name), Written: f.key + "@" + writtenSpec(f.val.text), Spec: w.spec, At: at, Groups: []string{group}, Number: exactNumber(w.spec),
	})
}

// writtenSpec shows a spec that comes from a registry as it stands.
func writtenSpec(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "*"
	}
	return strings.Clone(s)
}

// exactNumber gives the version that a spec names alone, "" for any other.
func exactNumber(spec string) string {
	r, err := semver.ParseRange(spec)
	if err != nil {
		return ""
	}
	if v, ok := r.Exact(); ok {
		return v.String()
	}
	return ""
}

func (p *project) elsewhere(key string, w wish, at finding.Location) error {
	class := finding.Manifest
	if w.rule == RuleSource {
		class = finding.Origin
	}
	return p.Report(ecosystem.Problem{Rule: w.rule, Class: class, Effect: effectOf(w.rule), At: at,
		Text: fmt.Sprintf("%s is taken from %s, so the gate cannot look at it; depend on a release of the registry by name, or publish it to the gate", key, w.what)})
}

// isMember says that a wish is met in the project's own tree: its name is a
// workspace's, whose version is in the range. Clients go to the registry when it is
// not, pnpm also when it is and workspace: is not written, and so does the gate.
func (p *project) isMember(w wish) bool {
	for _, d := range p.members {
		if w.name == "" || d.root.str("name") != w.name {
			continue
		}
		if w.member || p.pnpm {
			return w.member
		}
		v, err := semver.Parse(d.root.str("version"))
		r, rangeErr := semver.ParseRange(w.spec)
		if rangeErr == nil && (err == nil && r.Contains(v) || r.Any()) {
			return true
		}
	}
	return false
}

// packageManager reads what corepack is to fetch.
func (p *project) packageManager(d *document) error {
	v := d.root.get("packageManager")
	if v == nil || v.kind != isText {
		return nil
	}
	tool, spec := splitFirst(v.text)
	if number, _, _ := strings.Cut(spec, "+"); exactNumber(number) != "" && name.Valid(tool) {
		return nil
	}
	return p.Report(ecosystem.Problem{Rule: RuleSource, Class: finding.Origin, Effect: manifestfile.Reject, At: d.place(v),
		Text: "packageManager names no release of a package manager, so corepack fetches and runs what the gate does not know; write it as name@version"})
}

// overrides reads what replaces the versions that others ask for. The closure is
// resolved without it, so each waits; what a lock says has it in already.
func (p *project) overrides(d *document) error {
	for _, place := range []*value{d.root.get("overrides"), d.root.get("resolutions"), d.root.get("pnpm").get("overrides")} {
		if place == nil || place.kind != isTable {
			continue
		}
		if err := p.override(d, place, 0); err != nil {
			return err
		}
	}
	return nil
}

func (p *project) override(d *document, t *value, depth int) error {
	for _, f := range t.fields {
		if f.val.kind == isTable {
			if err := p.override(d, f.val, depth+1); err != nil {
				return err
			}
			continue
		}
		key := overridden(f.key)
		if f.val.kind != isText || strings.HasPrefix(f.val.text, "$") || f.val.text == "-" {
			continue // as the project itself asks for, or left out altogether
		}
		w := readWish(key, f.val.text)
		at := d.placeOf(f)
		if w.rule != "" {
			if err := p.elsewhere(key, w, at); err != nil {
				return err
			}
			continue
		}
		if w.member || w.isCatalog() {
			continue
		}
		if depth > 0 || key != f.key || w.name != key || !name.Valid(key) {
			if err := p.Report(ecosystem.Problem{Rule: RuleConstraint, Class: finding.Manifest, Effect: manifestfile.Hold, At: at,
				Text: fmt.Sprintf("an override of %s for some of its dependents is not applied to the closure; give the gate the project's lock", manifestfile.Quote(key))}); err != nil {
				return err
			}
			continue
		}
		if err := p.Require(ecosystem.Requirement{Package: pkg(key), Written: key + "@" + writtenSpec(f.val.text), Spec: w.spec, At: at, Constraint: true, Number: exactNumber(w.spec)}); err != nil {
			return err
		}
	}
	return nil
}

// overridden is the package that the key of an override means: the last of a path
// ("a/**/b", "a>b"), without the range behind it.
func overridden(key string) string {
	if i := strings.LastIndexByte(key, '>'); i >= 0 && !strings.HasSuffix(key[:i], "@") {
		key = key[i+1:]
	}
	parts := strings.Split(key, "/")
	last := parts[len(parts)-1]
	if n := len(parts); n > 1 && strings.HasPrefix(parts[n-2], "@") {
		last = parts[n-2] + "/" + last
	}
	if key == "." {
		return key
	}
	target, _ := splitFirst(last)
	return target
}

// readCatalogs reads the versions that workspaces share: pnpm-workspace.yaml, and
// the catalogs of bun's package.json.
func (p *project) readCatalogs(d *document) error {
	add := func(v *value) {
		if t := v.get("catalog"); t != nil && t.kind == isTable {
			p.catalogs["catalog:"], p.catalogs["catalog:default"] = t, t
		}
		for _, f := range v.table("catalogs") {
			p.catalogs["catalog:"+f.key] = f.val
		}
	}
	add(d.root)
	add(d.root.get("workspaces"))
	w, err := p.pnpmWorkspace()
	if err != nil || w == nil {
		return err
	}
	p.pnpm = true
	add(w.root)
	if t := w.root.get("overrides"); t != nil && t.kind == isTable {
		return p.override(w, t, 0)
	}
	return nil
}

// fromCatalog gives what a catalog says of a name. One that says nothing is a
// problem, and the wish stays as it is.
func (p *project) fromCatalog(key string, w wish, at finding.Location) (wish, error) {
	if v := p.catalogs[w.named].get(key); v != nil && v.kind == isText {
		if got := readWish(key, v.text); !got.isCatalog() {
			return got, nil
		}
	}
	return w, p.Report(ecosystem.Problem{Rule: RuleSource, Class: finding.Manifest, Effect: manifestfile.Hold, At: at,
		Text: fmt.Sprintf("%s has its version in a catalog that the gate does not find; give it the project's own folder, with pnpm-workspace.yaml", key)})
}

// members reads the package.json of each workspace of a project: those of
// package.json itself and of pnpm-workspace.yaml.
func (r *reader) members(d *document) ([]*document, error) {
	patterns := workspaces(d.root.get("workspaces"))
	if w, err := r.pnpmWorkspace(); err != nil {
		return nil, err
	} else if w != nil {
		patterns = append(patterns, texts(w.root.get("packages"))...)
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	folders, err := r.workspaceFolders(patterns)
	if err != nil {
		return nil, err
	}
	var out []*document
	for _, folder := range folders {
		file := path.Join(folder, PackageJSON)
		b, err := r.Read(file)
		if err != nil {
			if _, fatal := err.(*manifestfile.Unusable); fatal {
				return nil, err
			}
			continue // a folder that is no workspace
		}
		member, err := parseJSON(file, b, false, againJSON)
		if err != nil {
			return nil, err
		}
		if out = append(out, member); len(out) > maxMembers {
			return nil, manifestfile.TooLarge(r.Manifest.Path, "it has more than %d workspaces", maxMembers)
		}
	}
	return out, nil
}

// pnpmWorkspace reads pnpm-workspace.yaml; nil where there is none.
func (r *reader) pnpmWorkspace() (*document, error) {
	b, file, err := r.beside("pnpm-workspace.yaml", maxConfigBytes)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return nil, err
	}
	docs, err := parseYAML(file, b, againJSON)
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

func workspaces(v *value) []string {
	if v != nil && v.kind == isTable {
		v = v.get("packages")
	}
	return texts(v)
}

func texts(v *value) []string {
	var out []string
	if v != nil && v.kind == isList {
		for _, e := range v.list {
			if e.kind == isText {
				out = append(out, e.text)
			}
		}
	}
	return out
}

// workspaceFolders finds the folders below the project that the patterns mean, in
// order. Patterns that climb out of it find nothing.
func (r *reader) workspaceFolders(patterns []string) ([]string, error) {
	var wanted, unwanted [][]string
	for _, p := range patterns {
		p, not := strings.CutPrefix(strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/"), "!")
		parts := strings.Split(strings.TrimPrefix(p, "./"), "/")
		if not {
			unwanted = append(unwanted, parts)
		} else {
			wanted = append(wanted, parts)
		}
	}
	matches := func(list [][]string, folder string) bool {
		return slices.ContainsFunc(list, func(p []string) bool { return globs(p, strings.Split(folder, "/")) })
	}
	var out []string
	seen := 0
	err := fs.WalkDir(r.FS, r.dir, func(p string, e fs.DirEntry, err error) error {
		if seen++; seen > maxWalk {
			return manifestfile.TooLarge(r.Manifest.Path, "its workspaces are looked for in more than %d files; give the gate each by itself", maxWalk)
		}
		if err != nil || !e.IsDir() {
			return nil
		}
		if base := path.Base(p); p != r.dir && (base == "node_modules" || base == ".git") {
			return fs.SkipDir
		}
		folder := strings.TrimPrefix(strings.TrimPrefix(p, r.dir), "/")
		if folder != "" && folder != "." && matches(wanted, folder) && !matches(unwanted, folder) {
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// globs matches a path with a pattern in which ** is any number of folders.
func globs(pattern, at []string) bool {
	if len(pattern) == 0 {
		return len(at) == 0
	}
	if pattern[0] == "**" {
		return globs(pattern[1:], at) || len(at) > 0 && globs(pattern, at[1:])
	}
	if len(at) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], at[0])
	return err == nil && ok && globs(pattern[1:], at[1:])
}
