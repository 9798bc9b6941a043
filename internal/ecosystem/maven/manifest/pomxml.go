package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Build is what Resolve needs of a pom.xml beyond its requirements:
// ecosystem.Manifest.Detail of the format PomXML.
type Build struct {
	// Modules are the projects that are built together, the one at the manifest's path
	// first, each with those of its parents that lie beside it.
	Modules [][]pom.Origin
	// Siblings are further projects of the same tree that one of these needs: what they
	// need in turn counts, and they are not fetched.
	Siblings [][]pom.Origin
	lines    map[Line]bool // of all requirements; some may be left out afterwards
}

// Line is a requirement by its place.
type Line struct {
	At      finding.Location
	Package artifact.Package
	Plugin  bool // it runs inside of the build
}

// LineOf gives a requirement's.
func LineOf(q ecosystem.Requirement) Line {
	return Line{q.At, q.Package, slices.Equal(q.Groups, []string{GroupPlugin})}
}

// Knows says whether a line was among the requirements when the pom was read. One of a
// profile that holds on another machine was not.
func (b *Build) Knows(l Line) bool { return b.lines[l] }

// parsePom reads a pom with its modules, and for each the parents that lie in the tree.
func parsePom(r *reader) error {
	b := &build{reader: r, poms: map[string]*pom.Project{}, told: map[string]bool{}}
	first, err := b.project(r.Manifest.Path)
	if err != nil {
		return err
	}
	if first == nil {
		return manifestfile.Syntax(finding.Location{File: r.Manifest.Path}, "the gate does not open it: it is not there, or is no regular file; give it the file itself")
	}
	if err := b.enter(r.Manifest.Path); err != nil {
		return err
	}
	for i := 0; i < len(b.out.Modules); i++ {
		if err := b.module(b.out.Modules[i]); err != nil {
			return err
		}
	}
	if err := b.siblings(); err != nil {
		return err
	}
	if err := b.beside(path.Dir(r.Manifest.Path)); err != nil {
		return err
	}
	b.out.lines = make(map[Line]bool, len(r.Manifest.Requirements))
	for _, q := range r.Manifest.Requirements {
		b.out.lines[LineOf(q)] = true
	}
	r.Manifest.Settings, err = b.settings()
	r.Manifest.Detail = &b.out
	return err
}

// build is a pom with its modules on their way in.
type build struct {
	*reader
	out  Build
	poms map[string]*pom.Project // by path; nil for one that is not there
	told map[string]bool         // places of which something was said
}

// project reads a pom, once; nil where there is none to be read.
func (b *build) project(p string) (*pom.Project, error) {
	if have, ok := b.poms[p]; ok {
		return have, nil
	}
	content, err := b.ReadAtMost(p, pom.MaxBytes)
	if _, bad := errors.AsType[*manifestfile.Unusable](err); bad {
		return nil, err
	}
	if err != nil {
		if p == b.Manifest.Path && errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		b.poms[p] = nil
		return nil, nil
	}
	parsed, err := pom.Parse(content)
	if err != nil {
		return nil, unreadable(p, err)
	}
	b.poms[p] = parsed
	return parsed, nil
}

// enter adds the project at a path with its lineage to those that are built.
func (b *build) enter(p string) error {
	for _, m := range b.out.Modules {
		if m[0].File == p {
			return nil
		}
	}
	if len(b.out.Modules) >= maxModules {
		return manifestfile.TooLarge(b.Manifest.Path, "the gate reads at most %d modules of a build; split it", maxModules)
	}
	lineage, err := b.lineage(p)
	if err != nil {
		return err
	}
	b.out.Modules = append(b.out.Modules, lineage)
	return nil
}

// lineage follows the parents of a pom as far as they lie in the tree.
func (b *build) lineage(p string) ([]pom.Origin, error) {
	var out []pom.Origin
	for {
		project, err := b.project(p)
		if err != nil {
			return nil, err
		}
		out = append(out, pom.Origin{Project: project, File: p, Exists: b.exists(path.Dir(p))})
		parent := project.Parent
		if parent == nil || parent.RelativePath == "" {
			return out, nil
		}
		if len(out) > maxLineage {
			return nil, manifestfile.Syntax(finding.Location{File: p, Line: parent.Line}, "it has more than %d parents; flatten them", maxLineage)
		}
		next, err := b.parent(p, *parent)
		if err != nil || next == "" {
			return out, err
		}
		if slices.ContainsFunc(out, func(o pom.Origin) bool { return o.File == next }) {
			return nil, manifestfile.Syntax(finding.Location{File: p, Line: parent.Line}, "its parent is, by way of others, itself; correct the parent")
		}
		p = next
	}
}

// parent is the path of a parent that lies in the tree; "" for one that Maven takes
// from a repository: there is none, or it is another project.
func (b *build) parent(p string, parent pom.Parent) (string, error) {
	next := path.Join(path.Dir(p), path.Clean(strings.ReplaceAll(parent.RelativePath, `\`, "/")))
	if !fs.ValidPath(next) {
		return "", nil
	}
	if !b.is(next) {
		next = path.Join(next, PomXML)
	}
	project, err := b.project(next)
	if err != nil || project == nil {
		return "", err
	}
	group, number := project.Group, project.Version
	if project.Parent != nil {
		if group == "" {
			group = project.Parent.Group
		}
		if number == "" {
			number = project.Parent.Version
		}
	}
	if group != parent.Group || project.Artifact != parent.Artifact || number != parent.Version && !strings.HasPrefix(parent.Version, "[") && !strings.HasPrefix(parent.Version, "(") {
		return "", nil
	}
	return next, nil
}

// exists says whether a file lies in a project's folder.
func (b *build) exists(dir string) func(string) bool {
	return func(p string) bool {
		p = path.Join(dir, p)
		if !fs.ValidPath(p) {
			return false
		}
		_, err := fs.Stat(b.FS, p)
		return err == nil
	}
}

// module adds what one project asks for, and its modules to those that are built.
func (b *build) module(lineage []pom.Origin) error {
	own := lineage[0]
	model := pom.Written(pom.Machine{}, lineage...)
	for _, m := range model.Modules {
		if err := b.submodule(own.File, m); err != nil {
			return err
		}
	}
	if err := b.builtOn(lineage); err != nil {
		return err
	}
	for _, d := range model.Dependencies {
		if err := b.dependency(d, groupsOf(d)); err != nil {
			return err
		}
	}
	for _, d := range model.Managed {
		if err := b.managed(d); err != nil {
			return err
		}
	}
	remote := lineage[len(lineage)-1].Parent != nil
	for _, p := range model.Plugins {
		if err := b.plugin(p, remote); err != nil {
			return err
		}
	}
	for _, d := range model.Extensions {
		if err := b.dependency(d, []string{GroupPlugin}); err != nil {
			return err
		}
	}
	for _, o := range lineage {
		if err := b.repositories(o); err != nil {
			return err
		}
		if err := b.profiles(o); err != nil {
			return err
		}
	}
	return nil
}

// modulePath gives the path of a module's pom with what it holds; nil where it cannot be
// read.
func (b *build) modulePath(file string, m pom.Module) (string, *pom.Project, error) {
	p := path.Join(path.Dir(file), strings.ReplaceAll(m.Path, `\`, "/"))
	if !fs.ValidPath(p) {
		return p, nil, nil
	}
	if !b.is(p) {
		p = path.Join(p, PomXML)
	}
	project, err := b.project(p)
	return p, project, err
}

func (b *build) submodule(file string, m pom.Module) error {
	p, project, err := b.modulePath(file, m)
	if err != nil {
		return err
	}
	if project == nil {
		return b.once(RuleInclude, manifestfile.Hold, finding.Location{File: file, Line: m.Line}, "the module %s cannot be read: it is not there, or is no regular file; hand it in as well, or correct the path", manifestfile.Quote(m.Path))
	}
	return b.enter(p)
}

// siblings finds the other modules of the builds that a project's parents in the tree
// make, where the project asks for something of its own group that it does not build
// itself.
func (b *build) siblings() error {
	own := map[coordinate.Name]bool{}
	groups := map[string]bool{}
	for _, lineage := range b.out.Modules {
		n := pom.Written(pom.Machine{}, lineage...).Name
		own[n], groups[n.Group] = true, true
	}
	if !slices.ContainsFunc(b.Manifest.Requirements, func(q ecosystem.Requirement) bool {
		n, err := coordinate.Of(q.Package)
		return err == nil && groups[n.Group] && !own[n] && !q.Constraint
	}) {
		return nil
	}
	seen := map[string]bool{}
	var queue []pom.Origin
	for _, lineage := range b.out.Modules {
		seen[lineage[0].File] = true
		queue = append(queue, lineage[1:]...)
	}
	for i := 0; i < len(queue) && i < maxModules; i++ {
		for _, m := range queue[i].Modules {
			p, project, err := b.modulePath(queue[i].File, m)
			if err != nil {
				return err
			}
			if project == nil || seen[p] {
				continue
			}
			seen[p] = true
			lineage, err := b.lineage(p)
			if err != nil {
				return err
			}
			b.out.Siblings = append(b.out.Siblings, lineage)
			queue = append(queue, lineage[0])
		}
	}
	return nil
}

// once reports a problem that several modules have in common one time.
func (b *build) once(rule, effect string, at finding.Location, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if key := rule + " " + at.String() + " " + text; b.told[key] {
		return nil
	} else {
		b.told[key] = true
	}
	return b.Reportf(rule, effect, at, "%s", text)
}

// require adds a requirement, once where several modules inherit its line.
func (b *build) require(q ecosystem.Requirement) error {
	key := fmt.Sprintf("%s %s %q %t %s", q.At, q.Package.Name, q.Groups, q.Constraint, q.Written)
	if b.told[key] {
		return nil
	}
	b.told[key] = true
	return b.Require(q)
}

// builtOn adds the parent that comes from a repository.
func (b *build) builtOn(lineage []pom.Origin) error {
	last := lineage[len(lineage)-1]
	if last.Parent == nil {
		return nil
	}
	at := finding.Location{File: last.File, Line: last.Parent.Line}
	p, ok := pkg(last.Parent.Group, last.Parent.Artifact)
	if !ok {
		return b.once(RuleBad, manifestfile.Hold, at, "the parent has no group and artifact that the gate can read; correct it")
	}
	if strings.Contains(last.Parent.Version, "${") {
		return b.once(RuleInclude, manifestfile.Hold, at, "the parent %s lies outside of what was handed in: its version is a property; name this pom from a folder that holds both", written(last.Parent.Group, last.Parent.Artifact))
	}
	if err := b.number(at, "the parent", last.Parent.Version, false); err != nil {
		return err
	}
	return b.require(ecosystem.Requirement{Package: p, Written: written(last.Parent.Group, last.Parent.Artifact, last.Parent.Version), Spec: last.Parent.Version, At: at, Direct: true})
}

// groupsOf are the groups of a dependency.
func groupsOf(d pom.Dependency) []string {
	if d.Scope == GroupTest {
		return []string{GroupTest}
	}
	return []string{""}
}

// dependency adds one that the project declares.
func (b *build) dependency(d pom.Dependency, groups []string) error {
	at := place(d)
	if d.Scope == "system" {
		return b.once(RulePath, manifestfile.Hold, at, "%s has scope system: it is a file of the machine that builds, which the gate does not see; publish it to a registry and take it from there", written(d.Group, d.Artifact))
	}
	p, ok := pkg(d.Group, d.Artifact)
	if !ok {
		return b.once(RuleBad, manifestfile.Hold, at, "the gate cannot read this dependency: %s is no group and artifact, or stands for a property without a value; correct it", manifestfile.Quote(d.Group+":"+d.Artifact))
	}
	if err := b.number(at, written(d.Group, d.Artifact), d.Version, true); err != nil {
		return err
	}
	return b.require(ecosystem.Requirement{Package: p, Written: written(d.Group, d.Artifact, d.Version), Spec: spec(d.Version), At: at, Groups: groups, Direct: true})
}

// spec is a version as the range that it asks for; what has no value yet, or none at
// all, leaves it open.
func spec(number string) string {
	if _, err := version.ParseRange(number); err != nil || version.Floating(number) {
		return ""
	}
	return number
}

func place(d pom.Dependency) finding.Location { return finding.Location{File: d.File, Line: d.Line} }

// managed adds a version that the project sets for whatever asks for its package, or a
// bill of materials.
func (b *build) managed(d pom.Dependency) error {
	at := place(d)
	p, ok := pkg(d.Group, d.Artifact)
	if !ok {
		return b.once(RuleBad, manifestfile.Hold, at, "the gate cannot read what is managed here: %s is no group and artifact, or stands for a property without a value; correct it", manifestfile.Quote(d.Group+":"+d.Artifact))
	}
	if err := b.number(at, written(d.Group, d.Artifact), d.Version, true); err != nil {
		return err
	}
	q := ecosystem.Requirement{Package: p, Written: written(d.Group, d.Artifact, d.Version), Spec: spec(d.Version), At: at}
	if q.Direct, q.Constraint = d.Imports(), !d.Imports(); q.Constraint && q.Spec == "" {
		return nil
	}
	return b.require(q)
}

// plugin adds code that the build runs. elsewhere says that a parent of a repository
// may still give it a version.
func (b *build) plugin(x pom.Plugin, elsewhere bool) error {
	at := finding.Location{File: x.File, Line: x.Line}
	p, ok := pkg(x.Group, x.Artifact)
	if !ok {
		return b.once(RuleBad, manifestfile.Hold, at, "the gate cannot read this plugin: %s is no group and artifact, or stands for a property without a value; correct it", manifestfile.Quote(x.Group+":"+x.Artifact))
	}
	if x.Version == "" && !elsewhere {
		effect, why := manifestfile.Hold, "Maven then runs whatever version is the newest"
		if pom.Lifecycle(x.Artifact) && x.Group == pom.DefaultPluginGroup {
			effect, why = manifestfile.Note, "the version is then the one that the installed Maven brings, which the gate does not know and does not look at here"
		}
		if err := b.once(RuleFloating, effect, at, "the plugin %s has no version: %s; write one", written(x.Group, x.Artifact), why); err != nil {
			return err
		}
	}
	if x.Version != "" {
		if err := b.number(at, "the plugin "+written(x.Group, x.Artifact), x.Version, true); err != nil {
			return err
		}
	}
	if err := b.require(ecosystem.Requirement{Package: p, Written: written(x.Group, x.Artifact, x.Version), Spec: spec(x.Version), At: at, Groups: []string{GroupPlugin}, Direct: true}); err != nil {
		return err
	}
	for _, d := range x.Dependencies {
		if err := b.dependency(d, []string{GroupPlugin}); err != nil {
			return err
		}
	}
	return nil
}

// number tells of a version that means other bytes on another day.
func (b *build) number(at finding.Location, what, number string, open bool) error {
	switch {
	case number == "":
		if !open {
			return b.once(RuleBad, manifestfile.Hold, at, "%s has no version; write one", what)
		}
		return nil // it is managed, here or elsewhere
	case version.Floating(number):
		return b.once(RuleFloating, manifestfile.Hold, at, "%s is asked for as %s, which is another version from day to day; write the version", what, number)
	case strings.Contains(number, "${"):
		return nil // a parent elsewhere may give it a value, and resolving tells where none does
	case version.Snapshot(number):
		return b.once(RuleSnapshot, manifestfile.Hold, at, "%s is asked for as the snapshot %s, whose bytes change under one name; take a release", what, manifestfile.Quote(number))
	}
	r, err := version.ParseRange(number)
	if err != nil {
		return b.once(RuleBad, manifestfile.Hold, at, "%s has a version that the gate cannot read: %s; correct it", what, manifestfile.Quote(number))
	}
	if _, single := r.Single(); !single {
		return b.once(RuleRange, manifestfile.Note, at, "%s is asked for as the range %s, so that a build takes another version from day to day; write one version", what, manifestfile.Quote(number))
	}
	return nil
}

// repositories tells of the addresses that a pom would have Maven ask.
func (b *build) repositories(o pom.Origin) error {
	sections := []pom.Section{o.Section}
	for _, f := range o.Profiles {
		sections = append(sections, f.Section)
	}
	for _, s := range sections {
		for _, x := range s.Repositories {
			at := finding.Location{File: o.File, Line: x.Line}
			if b.told["repository "+at.String()+x.URL] {
				continue
			}
			b.told["repository "+at.String()+x.URL] = true
			effect, why := manifestfile.Hold, "take the line out, or have a mirror of everything set (gatehouse client setup mvn)"
			if strings.HasPrefix(strings.ToLower(x.URL), "http:") {
				effect, why = manifestfile.Reject, "and in the open, so that anybody on the way may change what it sends; take the line out"
			}
			err := b.Report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Manifest, At: at, Effect: effect, Index: ecosystem.AddressOf(x.URL),
				Text: fmt.Sprintf("<%s> has Maven fetch from %s around the gate, which never asks it; %s", x.Element, manifestfile.Origin(x.URL), why)})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// profiles tells of those whose conditions the gate cannot know.
func (b *build) profiles(o pom.Origin) error {
	for _, f := range o.Profiles {
		if why := f.Activation.Unknown(); why != "" && f.Builds() {
			if err := b.once(RuleProfile, manifestfile.Note, finding.Location{File: o.File, Line: f.Line}, "the profile %s holds where %s; the gate takes it that it does not", manifestfile.Quote(f.ID), why); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reactor are the projects of a build by name and version: they are built, not
// fetched.
func (b *Build) Reactor(m pom.Machine) map[pom.Coordinate][]pom.Origin {
	out := map[pom.Coordinate][]pom.Origin{}
	for _, lineage := range slices.Concat(b.Modules, b.Siblings) {
		model := pom.Written(m, lineage...)
		out[pom.Coordinate{Name: coordinate.Name{Group: model.Name.Group, Artifact: model.Name.Artifact}, Version: model.Version}] = lineage
	}
	return out
}
