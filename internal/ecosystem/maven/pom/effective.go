package pom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

// Limits on what one pom may lead to.
const (
	maxParents = 50
	maxImports = 300 // bills of materials, those that they import included
	maxManaged = 100_000
)

// Errors of Effective, beside those of the Reader.
var (
	// ErrLineage says that a pom's parents or imports cannot be followed: they lead to
	// themselves, are too many, or are named in no way that the gate can follow.
	ErrLineage = errors.New("its parents or imports cannot be followed")
	// ErrMissing says that a parent or an import is not there.
	ErrMissing = errors.New("a pom that it builds on is not there")
)

// Coordinate names a pom in a repository.
type Coordinate struct {
	Name    coordinate.Name
	Version string
}

// String gives "group:artifact:version".
func (c Coordinate) String() string { return c.Name.String() + ":" + c.Version }

// NewCoordinate checks the parts of a coordinate.
func NewCoordinate(group, name, version string) (Coordinate, error) {
	c := Coordinate{coordinate.Name{Group: group, Artifact: name}, version}
	if err := c.Name.Check(); err != nil {
		return c, err
	}
	return c, coordinate.CheckVersion(version)
}

// Reader gives the poms that another one builds on.
type Reader interface {
	// Pom reads a pom of a repository. The error is ErrMissing wrapped where there is
	// none, ErrSyntax where it cannot be read, and another where it cannot be known.
	Pom(ctx context.Context, c Coordinate) (*Project, error)
	// Highest gives the highest version of a range: a parent may be asked for so.
	Highest(ctx context.Context, n coordinate.Name, rng string) (string, error)
	// Managed gives what a bill of materials manages, as Effective has it.
	Managed(ctx context.Context, c Coordinate) (*Model, error)
}

// Origin is a pom with the place where it was found.
type Origin struct {
	*Project
	File string // in the tree that was handed in; "" for one of a repository
	// Exists says whether a file lies in the project's folder; nil for a pom of a
	// repository.
	Exists func(path string) bool
}

// Model is what a pom means: with what it inherits and imports, and properties filled
// in. Texts may have properties left that have no value.
type Model struct {
	Coordinate
	Packaging    string
	Dependencies []Dependency
	Managed      []Dependency // without imports; the first of a key counts
	Plugins      []Plugin     // those that the build names
	PluginsFor   []Plugin     // versions for plugins that it may use
	Extensions   []Dependency
	Repositories []Repository
	Relocation   *Coordinate // where the artifact has moved to; nil where it has not
	// Parents and Imports are the poms of repositories that were read for it.
	Parents, Imports []Coordinate
	Modules          []Module
}

// Effective works out what a pom means. lineage is the pom and those of its parents
// that are at hand already, the nearest first; the rest come from the reader.
func Effective(ctx context.Context, r Reader, m Machine, lineage ...Origin) (*Model, error) {
	lineage, parents, err := ancestors(ctx, r, slices.Clone(lineage))
	if err != nil {
		return nil, err
	}
	merged, own := inherit(lineage, m)
	props := newProperties(own, texts(merged), m.system())
	self := lineage[0]
	out := &Model{
		Packaging:    props.expand(own["packaging"]),
		Dependencies: props.dependencies(merged.Dependencies),
		Extensions:   props.dependencies(merged.Extensions),
		Repositories: slices.Clone(merged.Repositories),
		Parents:      parents,
	}
	out.Name = coordinate.Name{Group: props.expand(own["groupId"]), Artifact: props.expand(own["artifactId"])}
	out.Version = props.expand(own["version"])
	for i := range out.Repositories {
		out.Repositories[i].URL = props.expand(out.Repositories[i].URL)
	}
	if to := self.Relocation; to != nil {
		out.Relocation = relocated(out.Coordinate, *to, props)
	}
	if err := out.manage(ctx, r, props.dependencies(merged.Managed)); err != nil {
		return nil, err
	}
	out.fill()
	out.Plugins, out.PluginsFor = plugins(merged, props)
	return out, nil
}

// ancestors adds the parents that are not at hand.
func ancestors(ctx context.Context, r Reader, lineage []Origin) ([]Origin, []Coordinate, error) {
	var read []Coordinate
	for {
		last := lineage[len(lineage)-1]
		if last.Parent == nil {
			return lineage, read, nil
		}
		if len(lineage) > maxParents {
			return nil, nil, fmt.Errorf("%w: it has more than %d parents", ErrLineage, maxParents)
		}
		p := *last.Parent
		if strings.HasPrefix(p.Version, "[") || strings.HasPrefix(p.Version, "(") {
			highest, err := r.Highest(ctx, coordinate.Name{Group: p.Group, Artifact: p.Artifact}, p.Version)
			if err != nil {
				return nil, nil, err
			}
			p.Version = highest
		}
		c, err := NewCoordinate(p.Group, p.Artifact, p.Version)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: its parent is no coordinate: %w", ErrLineage, err)
		}
		if slices.Contains(read, c) {
			return nil, nil, fmt.Errorf("%w: %s is its own parent", ErrLineage, c)
		}
		next, err := r.Pom(ctx, c)
		if err != nil {
			return nil, nil, fmt.Errorf("reading its parent %s: %w", c, err)
		}
		read = append(read, c)
		lineage = append(lineage, Origin{Project: next})
	}
}

// inherit puts a lineage together, without filling in properties. own is what the
// project says of itself.
func inherit(lineage []Origin, m Machine) (Section, map[string]string) {
	var out Section
	for i, o := range slices.Backward(lineage) {
		s := o.Section
		for _, f := range active(o.Project, m, o.Exists) {
			s = s.with(f.Section)
		}
		s = s.at(o.File)
		if i < len(lineage)-1 {
			s = s.inherits(out)
		}
		out = s
	}
	self := lineage[0]
	own := map[string]string{"artifactId": self.Artifact, "packaging": self.Packaging, "name": self.Title, "url": self.URL}
	for _, o := range slices.Backward(lineage) {
		if o.Group != "" {
			own["groupId"] = o.Group
		}
		if o.Version != "" {
			own["version"] = o.Version
		}
	}
	if own["packaging"] == "" {
		own["packaging"] = "jar"
	}
	// A parent whose coordinates are not written in it is not inherited from either.
	if p := self.Parent; p != nil {
		own["parent.groupId"], own["parent.artifactId"], own["parent.version"] = p.Group, p.Artifact, p.Version
		if own["groupId"] == "" {
			own["groupId"] = p.Group
		}
		if own["version"] == "" {
			own["version"] = p.Version
		}
	}
	return out, own
}

// at marks where everything in a section stands.
func (s Section) at(file string) Section {
	if file == "" {
		return s
	}
	mark := func(ds []Dependency) []Dependency {
		ds = slices.Clone(ds)
		for i := range ds {
			ds[i].File = file
		}
		return ds
	}
	s.Dependencies, s.Managed, s.Extensions = mark(s.Dependencies), mark(s.Managed), mark(s.Extensions)
	for _, list := range []*[]Plugin{&s.Plugins, &s.PluginsFor} {
		*list = slices.Clone(*list)
		for i := range *list {
			p := &(*list)[i]
			p.File, p.Dependencies = file, mark(p.Dependencies)
		}
	}
	return s
}

// inherits is a section with what a parent's adds to it.
func (s Section) inherits(parent Section) Section {
	s.Properties = append(slices.Clone(parent.Properties), s.Properties...)
	s.Dependencies = under(s.Dependencies, parent.Dependencies)
	s.Managed = under(s.Managed, parent.Managed)
	passed := slices.DeleteFunc(slices.Clone(parent.Plugins), func(p Plugin) bool { return p.Inherited == "false" })
	s.Plugins = overPlugins(passed, s.Plugins)
	s.PluginsFor = overPlugins(parent.PluginsFor, s.PluginsFor)
	s.Extensions = append(slices.Clone(s.Extensions), parent.Extensions...)
	s.Repositories = append(slices.Clone(s.Repositories), parent.Repositories...)
	return s
}

func relocated(from Coordinate, to Relocation, props *properties) *Coordinate {
	out := from
	for _, part := range []struct {
		text string
		into *string
	}{{to.Group, &out.Name.Group}, {to.Artifact, &out.Name.Artifact}, {to.Version, &out.Version}} {
		if part.text != "" {
			*part.into = props.expand(part.text)
		}
	}
	if out == from {
		return nil
	}
	return &out
}

// manage takes over what the pom manages and then what it imports, in order: what
// comes first counts.
func (m *Model) manage(ctx context.Context, r Reader, list []Dependency) error {
	seen := map[Key]bool{}
	add := func(ds []Dependency) error {
		for _, d := range ds {
			if !seen[d.Key()] {
				seen[d.Key()] = true
				m.Managed = append(m.Managed, d)
			}
		}
		if len(m.Managed) > maxManaged {
			return fmt.Errorf("%w: it manages more than %d dependencies", ErrLineage, maxManaged)
		}
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(list), Dependency.Imports)
	if err := add(own); err != nil {
		return err
	}
	for _, d := range list {
		if !d.Imports() {
			continue
		}
		c, err := NewCoordinate(d.Group, d.Artifact, d.Version)
		if err != nil {
			return fmt.Errorf("%w: what it imports is no coordinate: %w", ErrLineage, err)
		}
		if len(m.Imports) >= maxImports {
			return fmt.Errorf("%w: it imports more than %d bills of materials", ErrLineage, maxImports)
		}
		bom, err := r.Managed(ctx, c)
		if err != nil {
			return fmt.Errorf("reading %s, which it imports: %w", c, err)
		}
		m.addImports(c, bom)
		managed := slices.Clone(bom.Managed)
		for i := range managed {
			// They stand where the import does, as far as a project is concerned.
			managed[i].File, managed[i].Line = d.File, d.Line
		}
		if err := add(managed); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) addImports(c Coordinate, bom *Model) {
	for _, x := range slices.Concat([]Coordinate{c}, bom.Parents, bom.Imports) {
		if !slices.Contains(m.Imports, x) {
			m.Imports = append(m.Imports, x)
		}
	}
}

// fill gives dependencies what is managed for them where they leave it open.
func (m *Model) fill() {
	at := index(m.Managed)
	for i := range m.Dependencies {
		d := &m.Dependencies[i]
		if j, ok := at[d.Key()]; ok {
			from := m.Managed[j]
			if d.Version == "" {
				d.Version = from.Version
			}
			if d.Scope == "" {
				d.Scope = from.Scope
			}
			if d.SystemPath == "" {
				d.SystemPath = from.SystemPath
			}
			if len(d.Exclusions) == 0 {
				d.Exclusions = from.Exclusions
			}
		}
	}
}

// plugins are those that a build names, with what is managed for them, and the
// managed ones themselves.
func plugins(s Section, props *properties) (named, managed []Plugin) {
	filled := func(ps []Plugin) []Plugin {
		out := slices.Clone(ps)
		for i := range out {
			p := &out[i]
			p.Group, p.Artifact, p.Version = props.expand(p.Group), props.expand(p.Artifact), props.expand(p.Version)
			p.Dependencies = props.dependencies(p.Dependencies)
		}
		return out
	}
	named, managed = filled(s.Plugins), filled(s.PluginsFor)
	for i := range named {
		if j := slices.IndexFunc(managed, named[i].same); j >= 0 {
			named[i] = named[i].filled(managed[j])
		}
	}
	return named, managed
}

// Written works out what a pom means by itself and those of its parents that are at
// hand: nothing is asked for, imports stay among what is managed, and versions that
// they or a parent elsewhere would bring are open.
func Written(m Machine, lineage ...Origin) *Model {
	merged, own := inherit(lineage, m)
	props := newProperties(own, texts(merged), m.system())
	out := &Model{
		Packaging: props.expand(own["packaging"]), Dependencies: props.dependencies(merged.Dependencies), Managed: props.dependencies(merged.Managed),
		Extensions: props.dependencies(merged.Extensions), Repositories: slices.Clone(merged.Repositories),
	}
	out.Name = coordinate.Name{Group: props.expand(own["groupId"]), Artifact: props.expand(own["artifactId"])}
	out.Version = props.expand(own["version"])
	for i := range out.Repositories {
		out.Repositories[i].URL = props.expand(out.Repositories[i].URL)
	}
	out.fill()
	out.Plugins, out.PluginsFor = plugins(merged, props)
	out.Modules = merged.Modules
	return out
}

// texts are the properties of a section by name; the last of a name counts.
func texts(s Section) map[string]string {
	out := make(map[string]string, len(s.Properties))
	for _, p := range s.Properties {
		out[p.Name] = p.Value
	}
	return out
}

// Lines gives dependencies of a model as a version's metadata holds them:
// "group:artifact version", without those for tests, those that are optional and those
// that whoever runs it brings along.
func (m *Model) Lines() []string {
	var out []string
	for _, d := range m.Dependencies {
		if !d.Transitive() {
			continue
		}
		out = append(out, artifact.Untrusted(d.Group+":"+d.Artifact+" "+d.Version).String())
	}
	return out
}

// Transitive says whether a dependency of an artifact is one of whoever uses it.
func (d Dependency) Transitive() bool {
	return (d.Scope == "" || d.Scope == "compile" || d.Scope == "runtime") && d.Optional != "true"
}

// runs are the plugins that Maven runs by itself for a packaging until it deploys.
var runs = map[string][]string{
	"pom": {"maven-clean-plugin", "maven-install-plugin", "maven-deploy-plugin"},
	"jar": {"maven-clean-plugin", "maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin", "maven-jar-plugin", "maven-install-plugin", "maven-deploy-plugin"},
	"war": {"maven-clean-plugin", "maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin", "maven-war-plugin", "maven-install-plugin", "maven-deploy-plugin"},
}

// Runs lists the plugins that Maven runs by itself, as far as the build does not name
// them and something manages their version.
func (m *Model) Runs() []Plugin {
	names, ok := runs[m.Packaging]
	if !ok {
		names = runs["jar"]
	}
	var out []Plugin
	for _, p := range m.PluginsFor {
		if p.Group == DefaultPluginGroup && p.Version != "" && slices.Contains(names, p.Artifact) && !slices.ContainsFunc(m.Plugins, p.same) {
			out = append(out, p)
		}
	}
	return out
}
