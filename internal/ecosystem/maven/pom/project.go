// Package pom reads Maven's project object model: one pom.xml as it is written
// (Parse), and what it means together with its parents, its profiles and the bills of
// materials that it imports (Effective), by
// https://maven.apache.org/ref/3.9.9/maven-model-builder/ and
// https://maven.apache.org/pom.html.
//
// It runs nothing and reads nothing by itself: documents come as bytes, and parents
// and bills of materials from whoever asks, through a Reader. Everything in a pom is
// hostile: sizes, depths, the number of parents and imports, and what properties may
// grow to are bounded by constants. An address in a pom is kept as evidence and never
// opened. All functions are safe for concurrent use; what they give out is not changed
// afterwards.
package pom

import (
	"slices"
	"strings"
)

// Limits on what a document may hold beside those of ReadXML.
const (
	maxDependencies = 50_000
	maxProperties   = 20_000
	maxModules      = 1_000
	maxProfiles     = 500
	maxPlugins      = 2_000
	maxExclusions   = 2_000 // of one dependency
)

// Project is a pom as it is written: nothing is inherited or filled in.
type Project struct {
	Group, Artifact, Version string // "" where the parent's holds
	Packaging                string // "" for jar
	Parent                   *Parent
	Relocation               *Relocation
	Section
	Profiles []Profile

	// What people read.
	Title, Description, URL, SCM string
	Licences                     []string
}

// Section is what a project and each of its profiles may hold.
type Section struct {
	Properties   []Property
	Dependencies []Dependency
	Managed      []Dependency // dependencyManagement
	Plugins      []Plugin
	PluginsFor   []Plugin // pluginManagement
	Extensions   []Dependency
	Repositories []Repository
	Modules      []Module
}

// Parent is the pom that a pom inherits from.
type Parent struct {
	Group, Artifact, Version string
	// RelativePath is where it may lie beside the project; "" where the pom says that
	// it lies in a repository. It is DefaultRelativePath where nothing is written.
	RelativePath string
	Line         int
}

// DefaultRelativePath is where Maven looks for a parent first.
const DefaultRelativePath = "../pom.xml"

// Module is a folder with a project of its own, or a pom file.
type Module struct {
	Path string
	Line int
}

// Relocation says that an artifact has moved; a part that is "" stays.
type Relocation struct{ Group, Artifact, Version string }

// Property is one name and its text.
type Property struct {
	Name, Value string
	Line        int
}

// Dependency is one that a pom declares, manages or gives to a plugin.
type Dependency struct {
	Group, Artifact, Version string
	Type, Classifier, Scope  string // "" where nothing is written
	SystemPath, Optional     string
	Exclusions               []Exclusion
	File                     string // of the pom it stands in; whoever parsed it says so
	Line                     int
}

// Exclusion keeps an artifact out of what a dependency pulls in; "*" is any.
type Exclusion struct{ Group, Artifact string }

// Plugin is code that Maven runs while it builds.
type Plugin struct {
	Group, Artifact, Version string // Group is defaultPluginGroup where nothing is written
	Inherited                string
	Extensions               string // "true": it is loaded before anything else
	Dependencies             []Dependency
	File                     string
	Line                     int
}

// DefaultPluginGroup is that of plugins which name none.
const DefaultPluginGroup = "org.apache.maven.plugins"

// Repository is an address that a pom would have Maven ask.
type Repository struct {
	Element string // repository, pluginRepository
	ID, URL string
	Line    int
}

// Profile is a section that holds on some machines.
type Profile struct {
	ID         string
	Activation Activation
	Line       int
	Section
}

// Activation says when a profile holds: all that is written has to be so.
type Activation struct {
	Default                             bool
	JDK                                 string
	OSName, OSFamily, OSArch, OSVersion string
	Property, Value                     string
	FileExists, FileMissing             string
}

// empty says that nothing is written but perhaps that the profile holds by default.
func (a Activation) empty() bool { a.Default = false; return a == Activation{} }

// Parse reads a pom. The error is an ErrSyntax.
func Parse(b []byte) (*Project, error) {
	root, err := ReadXML(b)
	if err != nil {
		return nil, err
	}
	if root.Name != "project" {
		return nil, syntaxAt(root.Line, "it is no pom: the outermost element is not <project>")
	}
	r := &reader{}
	p := r.project(root)
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

// reader takes a document apart; its first error stays.
type reader struct {
	err          error
	dependencies int
}

func (r *reader) child(e *Element, name string) *Element {
	c, err := e.Child(name)
	if err != nil && r.err == nil {
		r.err = err
	}
	return c
}

func (r *reader) text(e *Element, name string) string {
	if c := r.child(e, name); c != nil {
		return c.Text
	}
	return ""
}

// lineOf is the line of an element's text, 0 where there is none.
func (r *reader) lineOf(e *Element, name string) int {
	c := r.child(e, name)
	switch {
	case c == nil || c.Text == "":
		return 0
	case c.TextLine > 0:
		return c.TextLine
	}
	return c.Line
}

// list gives the elements of a list, which may not be longer than max.
func (r *reader) list(e *Element, list, item string, max int) []*Element {
	l := r.child(e, list)
	out := l.All(item)
	if len(out) > max {
		r.fail(l.Line, "it has more than %d in <%s>, and the gate reads no more", max, list)
		return nil
	}
	return out
}

func (r *reader) fail(line int, format string, args ...any) {
	if r.err == nil {
		r.err = syntaxAt(line, format, args...)
	}
}

func (r *reader) project(e *Element) *Project {
	p := &Project{
		Group: r.text(e, "groupId"), Artifact: r.text(e, "artifactId"), Version: r.text(e, "version"), Packaging: r.text(e, "packaging"),
		Title: r.text(e, "name"), Description: r.text(e, "description"), URL: r.text(e, "url"),
		SCM: r.text(r.child(e, "scm"), "url"),
	}
	if parent := r.child(e, "parent"); parent != nil {
		p.Parent = &Parent{Group: r.text(parent, "groupId"), Artifact: r.text(parent, "artifactId"), Version: r.text(parent, "version"), RelativePath: DefaultRelativePath, Line: parent.Line}
		if rel := r.child(parent, "relativePath"); rel != nil {
			p.Parent.RelativePath = rel.Text
		}
	}
	if to := r.child(r.child(e, "distributionManagement"), "relocation"); to != nil {
		p.Relocation = &Relocation{r.text(to, "groupId"), r.text(to, "artifactId"), r.text(to, "version")}
	}
	for _, l := range r.list(e, "licenses", "license", maxModules) {
		p.Licences = append(p.Licences, r.text(l, "name"))
	}
	p.Section = r.section(e)
	for _, f := range r.list(e, "profiles", "profile", maxProfiles) {
		p.Profiles = append(p.Profiles, Profile{ID: r.text(f, "id"), Activation: r.activation(r.child(f, "activation")), Line: f.Line, Section: r.section(f)})
	}
	return p
}

func (r *reader) section(e *Element) Section {
	var s Section
	if list := r.child(e, "properties"); list != nil {
		if len(list.Children) > maxProperties {
			r.fail(list.Line, "it has more than %d properties, and the gate reads no more", maxProperties)
			return s
		}
		for _, c := range list.Children {
			s.Properties = append(s.Properties, Property{c.Name, c.Text, max(c.Line, c.TextLine)})
		}
	}
	s.Dependencies = r.dependenciesOf(e)
	s.Managed = r.dependenciesOf(r.child(e, "dependencyManagement"))
	build := r.child(e, "build")
	s.Plugins = r.plugins(build)
	s.PluginsFor = r.plugins(r.child(build, "pluginManagement"))
	for _, x := range r.list(build, "extensions", "extension", maxPlugins) {
		s.Extensions = append(s.Extensions, r.dependency(x))
	}
	for _, list := range []struct{ list, item string }{{"repositories", "repository"}, {"pluginRepositories", "pluginRepository"}} {
		for _, x := range r.list(e, list.list, list.item, maxModules) {
			line := r.lineOf(x, "url")
			s.Repositories = append(s.Repositories, Repository{list.item, r.text(x, "id"), r.text(x, "url"), max(line, x.Line)})
		}
	}
	for _, x := range r.list(e, "modules", "module", maxModules) {
		s.Modules = append(s.Modules, Module{x.Text, max(x.Line, x.TextLine)})
	}
	return s
}

// dependenciesOf reads the dependencies below an element. One that is written twice
// counts once, where it stands first, with what is written last: so does Maven. Of what
// is managed twice the first counts.
func (r *reader) dependenciesOf(e *Element) []Dependency {
	list := r.list(e, "dependencies", "dependency", maxDependencies)
	if r.dependencies += len(list); r.dependencies > maxDependencies {
		r.fail(e.Line, "it has more than %d dependencies, and the gate reads no more", maxDependencies)
		return nil
	}
	out := make([]Dependency, 0, len(list))
	at := map[Key]int{}
	for _, x := range list {
		d := r.dependency(x)
		if i, ok := at[d.Key()]; ok {
			if e.Name != "dependencyManagement" {
				out[i] = d
			}
			continue
		}
		at[d.Key()] = len(out)
		out = append(out, d)
	}
	return out
}

func (r *reader) dependency(e *Element) Dependency {
	d := Dependency{
		Group: r.text(e, "groupId"), Artifact: r.text(e, "artifactId"), Version: r.text(e, "version"),
		Type: r.text(e, "type"), Classifier: r.text(e, "classifier"), Scope: r.text(e, "scope"),
		SystemPath: r.text(e, "systemPath"), Optional: r.text(e, "optional"),
		Line: e.Line,
	}
	for _, x := range r.list(e, "exclusions", "exclusion", maxExclusions) {
		d.Exclusions = append(d.Exclusions, Exclusion{r.text(x, "groupId"), r.text(x, "artifactId")})
	}
	return d
}

func (r *reader) plugins(e *Element) []Plugin {
	var out []Plugin
	for _, x := range r.list(e, "plugins", "plugin", maxPlugins) {
		p := Plugin{
			Group: r.text(x, "groupId"), Artifact: r.text(x, "artifactId"), Version: r.text(x, "version"), Inherited: r.text(x, "inherited"), Extensions: r.text(x, "extensions"),
			Dependencies: r.dependenciesOf(x), Line: x.Line,
		}
		if p.Group == "" {
			p.Group = DefaultPluginGroup
		}
		out = append(out, p)
	}
	return out
}

func (r *reader) activation(e *Element) Activation {
	os, property, file := r.child(e, "os"), r.child(e, "property"), r.child(e, "file")
	return Activation{
		Default: r.text(e, "activeByDefault") == "true", JDK: r.text(e, "jdk"),
		OSName: r.text(os, "name"), OSFamily: r.text(os, "family"), OSArch: r.text(os, "arch"), OSVersion: r.text(os, "version"),
		Property: r.text(property, "name"), Value: r.text(property, "value"),
		FileExists: r.text(file, "exists"), FileMissing: r.text(file, "missing"),
	}
}

// Key is what tells the dependencies of one pom apart.
type Key struct{ Group, Artifact, Type, Classifier string }

// Key gives the dependency's.
func (d Dependency) Key() Key {
	k := Key{d.Group, d.Artifact, d.Type, d.Classifier}
	if k.Type == "" {
		k.Type = "jar"
	}
	return k
}

// Imports says whether a managed dependency stands for all that a bill of materials
// manages.
func (d Dependency) Imports() bool { return d.Scope == "import" && d.Type == "pom" }

// handlers are the types whose files are named otherwise than after the type
// (https://maven.apache.org/ref/3.9.9/maven-core/artifact-handlers.html).
var handlers = map[string]struct{ extension, classifier string }{
	"": {"jar", ""}, "jar": {"jar", ""}, "maven-plugin": {"jar", ""}, "ejb": {"jar", ""}, "bundle": {"jar", ""}, "maven-archetype": {"jar", ""}, "eclipse-plugin": {"jar", ""},
	"test-jar": {"jar", "tests"}, "ejb-client": {"jar", "client"}, "java-source": {"jar", "sources"}, "javadoc": {"jar", "javadoc"},
}

// FileOf gives the extension and the classifier of the file that a dependency's type
// and classifier name.
func FileOf(kind, classifier string) (extension, class string) {
	h, ok := handlers[kind]
	if !ok {
		return kind, classifier
	}
	if classifier == "" {
		classifier = h.classifier
	}
	return h.extension, classifier
}

// Fat says whether files of a type hold what they need, so that Maven looks no
// further.
func Fat(kind string) bool { return slices.Contains([]string{"war", "ear", "rar"}, kind) }

// Excludes says whether a name is kept out.
func (x Exclusion) Excludes(group, artifact string) bool {
	return (x.Group == "*" || x.Group == group) && (x.Artifact == "*" || x.Artifact == artifact)
}

// plain says that a text has no property left in it.
func plain(s string) bool { return !strings.Contains(s, "${") }

// DependencyOf reads an element that is written as a dependency is. The error is an
// ErrSyntax.
func DependencyOf(e *Element) (Dependency, error) {
	r := &reader{}
	d := r.dependency(e)
	return d, r.err
}

// lifecycle are the plugins that Maven runs by itself, of the version that it was
// built with where no pom names one.
var lifecycle = []string{
	"maven-clean-plugin", "maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin", "maven-jar-plugin", "maven-war-plugin", "maven-ear-plugin",
	"maven-ejb-plugin", "maven-rar-plugin", "maven-plugin-plugin", "maven-install-plugin", "maven-deploy-plugin", "maven-site-plugin",
}

// Lifecycle says whether Maven runs a plugin of its own group by itself.
func Lifecycle(name string) bool { return slices.Contains(lifecycle, name) }
