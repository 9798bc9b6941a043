package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// finder gathers the closure of one manifest.
type finder struct {
	*source
	of    map[artifact.Version]*found
	order []*found
}

// manifest walks what a manifest asks for.
func (f *finder) manifest(m *ecosystem.Manifest) error {
	if b, ok := m.Detail.(*manifest.Build); ok {
		return f.build(m, b)
	}
	// A catalog, a list of purls, or extensions alone: every line is one of a project
	// that has nothing else.
	var roots, tools []wish
	for _, q := range m.Requirements {
		if q.Constraint {
			continue
		}
		w, err := f.wishOf(q)
		if err != nil {
			return err
		}
		if slices.Equal(q.Groups, []string{manifest.GroupPlugin}) {
			tools = append(tools, w)
		} else {
			roots = append(roots, w)
		}
	}
	c := f.collector(roots, nil)
	c.newest = m.Format == manifest.Catalog
	if _, err := f.collect(c, false); err != nil {
		return err
	}
	for _, w := range tools {
		if err := f.tool(w, nil); err != nil {
			return err
		}
	}
	return nil
}

// wishOf is a requirement as the collector takes it; one that leaves its version open
// takes the newest.
func (f *finder) wishOf(q ecosystem.Requirement) (wish, error) {
	n, err := coordinate.Of(q.Package)
	if err != nil {
		return wish{}, err
	}
	w := wish{Dependency: pom.Dependency{Group: n.Group, Artifact: n.Artifact, Version: q.Spec}, depth: 1, at: q.At}
	if q.Number != "" {
		w.Version = q.Number
	}
	if w.Version == "" {
		if w.Version, err = f.newestOf(n, q.At); err != nil {
			return w, err
		}
	}
	return f.typed(w)
}

// typed gives a wish for a pom without a jar that type: nobody wrote one.
func (f *finder) typed(w wish) (wish, error) {
	c, err := pom.NewCoordinate(w.Group, w.Artifact, w.Version)
	if err != nil {
		return w, nil // a range, or what the collector will tell of
	}
	m, err := f.model(c)
	if err != nil && !knowable(err) {
		return w, err
	}
	if err == nil && m.Relocation == nil {
		w.Type = usual(m)
	}
	return w, nil
}

// usual is the type of a version's own file.
func usual(m *pom.Model) string {
	if m.Packaging == "" {
		return "jar"
	}
	return m.Packaging
}

// usual is the extension of a version's own file: that of its packaging.
func (s *source) usual(n coordinate.Name, number string) string {
	p, err := wait(s, s.read(pom.Coordinate{Name: n, Version: number}))
	if err != nil {
		return "jar"
	}
	extension, _ := pom.FileOf(p.Packaging, "")
	if coordinate.CheckWord(extension) != nil {
		return "jar"
	}
	return extension
}

// build walks the projects that are built together.
func (f *finder) build(m *ecosystem.Manifest, b *manifest.Build) error {
	f.reactor = b.Reactor(f.machine)
	wanted := chosen(m, b)
	for _, lineage := range b.Modules {
		f.aheadOf(lineage...)
	}
	for _, lineage := range b.Modules {
		if err := f.project(lineage, wanted); err != nil {
			return err
		}
	}
	for _, q := range m.Requirements {
		if strings.HasSuffix(q.At.File, manifest.Extensions) {
			w, err := f.wishOf(q)
			if err == nil {
				err = f.tool(w, nil)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen says which lines of a build are asked for: groups may have been left out.
func chosen(m *ecosystem.Manifest, b *manifest.Build) func(file string, line int, group, name string, plugin bool) bool {
	there := map[manifest.Line]bool{}
	for _, q := range m.Requirements {
		there[manifest.LineOf(q)] = true
	}
	return func(file string, line int, group, name string, plugin bool) bool {
		l := manifest.Line{At: finding.Location{File: file, Line: line}, Package: coordinate.Name{Group: group, Artifact: name}.Package(), Plugin: plugin}
		return there[l] || !b.Knows(l)
	}
}

// project walks one of them.
func (f *finder) project(lineage []pom.Origin, wanted func(file string, line int, group, name string, plugin bool) bool) error {
	own := lineage[0]
	// What a parent elsewhere brings stands where that parent is named.
	inherited := finding.Location{File: own.File}
	if last := lineage[len(lineage)-1]; last.Parent != nil {
		inherited = finding.Location{File: last.File, Line: last.Parent.Line}
	}
	model, err := pom.Effective(f.ctx, f, f.machine, lineage...)
	if err != nil {
		if !knowable(err) {
			return err
		}
		return &ecosystem.Conflict{At: inherited, Report: fmt.Sprintf("What %s means is not known: %s.\nCorrect the parent or the import; where it is an internal one, publish it to the gate.", own.File, artifact.Untrusted(err.Error()))}
	}
	place := func(file string, line int) finding.Location {
		if file == "" {
			return inherited
		}
		return finding.Location{File: file, Line: line}
	}
	f.poms(model, nil, nil, inherited)
	var roots []wish
	for _, d := range model.Dependencies {
		if d.Scope == "system" || d.Imports() || !wanted(d.File, d.Line, d.Group, d.Artifact, false) {
			continue
		}
		roots = append(roots, wish{Dependency: d, depth: 1, at: place(d.File, d.Line)})
	}
	if _, err := f.collect(f.collector(roots, model.Managed), false); err != nil {
		return err
	}
	for _, x := range slices.Concat(model.Plugins, model.Runs()) {
		if !wanted(x.File, x.Line, x.Group, x.Artifact, true) {
			continue
		}
		if err := f.plugin(x, place(x.File, x.Line)); err != nil {
			return err
		}
	}
	for _, d := range model.Extensions {
		if !wanted(d.File, d.Line, d.Group, d.Artifact, true) {
			continue
		}
		if err := f.tool(wish{Dependency: d, depth: 1, at: place(d.File, d.Line)}, nil); err != nil {
			return err
		}
	}
	return nil
}

// plugin walks one plugin with what the build gives to it. One of Maven's own without a
// version is the installed Maven's matter.
func (f *finder) plugin(x pom.Plugin, at finding.Location) error {
	w := wish{Dependency: pom.Dependency{Group: x.Group, Artifact: x.Artifact, Version: x.Version}, depth: 1, at: at}
	floating := x.Version == ""
	if floating {
		if x.Group == pom.DefaultPluginGroup && pom.Lifecycle(x.Artifact) {
			return nil
		}
		var err error
		if w.Version, err = f.newestOf(coordinate.Name{Group: x.Group, Artifact: x.Artifact}, at); err != nil {
			return err
		}
	}
	var given []wish
	for _, d := range x.Dependencies {
		g := wish{Dependency: d, depth: 1, at: at}
		if d.File != "" {
			g.at = finding.Location{File: d.File, Line: d.Line}
		}
		if d.Scope != "system" {
			given = append(given, g)
		}
	}
	if err := f.tool(w, given); err != nil {
		return err
	}
	if floating {
		v := artifact.Version{Package: coordinate.Name{Group: x.Group, Artifact: x.Artifact}.Package(), Number: w.Version}
		if r := f.of[v]; r != nil {
			r.complain(manifest.RuleFloating, finding.Manifest, fmt.Sprintf("%s names the plugin without a version, and no parent gives it one: Maven runs whatever is the newest, %s today; write a version", at, display(v)))
		}
	}
	return nil
}

// tool walks what runs inside of the build: an artifact by itself, and what it needs
// together with what it was given. Its own managed versions hold for all of that.
func (f *finder) tool(w wish, given []wish) error {
	alone := f.collector([]wish{w}, nil)
	alone.shallow = true
	nodes, err := alone.collect()
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		return nil
	}
	root := nodes[0]
	f.node(root, true)
	if root.model == nil {
		return nil
	}
	var roots []wish
	for _, g := range given {
		g.from = root
		roots = append(roots, g)
	}
	for _, d := range root.model.Dependencies {
		same := func(g wish) bool { return keyOf(g.Dependency) == keyOf(d) }
		if d.Scope != "test" && d.Scope != "provided" && d.Scope != "system" && d.Scope != "import" && !slices.ContainsFunc(given, same) {
			roots = append(roots, wish{Dependency: d, from: root, depth: 1, at: root.at})
		}
	}
	full, err := f.Managed(f.ctx, root.Coordinate)
	if err != nil {
		return err
	}
	nodes, err = f.collect(f.collector(roots, full.Managed), true)
	if err != nil || slices.ContainsFunc(nodes, func(n *node) bool { return n.Name == injected.Name }) {
		return err
	}
	return f.inject(root)
}

// injected is what Maven 3 gives to each plugin that brings no version of it
// (PlexusUtilsInjector of its core): it was part of Maven 2.
var injected = pom.Coordinate{Name: coordinate.Name{Group: "org.codehaus.plexus", Artifact: "plexus-utils"}, Version: "1.1"}

// inject adds that to what a plugin needs, where the registry has it.
func (f *finder) inject(root *node) error {
	x, err := wait(f.source, f.index(injected.Name.Package()))
	if err != nil || len(x.Of(injected.Version)) == 0 {
		return err
	}
	d := pom.Dependency{Group: injected.Name.Group, Artifact: injected.Name.Artifact, Version: injected.Version}
	_, err = f.collect(f.collector([]wish{{Dependency: d, from: root, depth: 1, at: root.at}}, nil), true)
	return err
}

// collect gathers a class path and takes it into the closure.
func (f *finder) collect(c *collector, tools bool) ([]*node, error) {
	nodes, err := c.collect()
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		f.node(n, tools)
	}
	return nodes, nil
}

// node takes a version into the closure, with the poms that its own builds on.
func (f *finder) node(n *node, tools bool) {
	way := n.way()
	if n.own {
		f.poms(n.model, nil, way, n.at)
		return
	}
	r := f.version(n.Coordinate)
	direct := len(way) == 1
	if r.fresh || r.Build && !tools || direct && !r.Direct && r.Build == tools {
		r.Direct, r.Via, r.At = direct, way[:len(way)-1], n.at
	}
	r.Build = tools && (r.fresh || r.Build)
	r.fresh = false
	f.poms(n.model, r, way, n.at)
	for _, x := range n.needs {
		if !x.own {
			r.needs(artifact.Version{Package: x.Name.Package(), Number: x.Version})
		}
	}
	r.want(n.Name.File(n.Version, "", "pom"))
	r.want(n.Name.File(n.Version, n.key.classifier, n.key.extension))
	for _, x := range n.findings {
		if !slices.ContainsFunc(r.Findings, func(o finding.Finding) bool { return o.Text == x.Text }) {
			r.Findings = append(r.Findings, x)
		}
	}
}

// version is the entry of a version, made where there is none.
func (f *finder) version(c pom.Coordinate) *found {
	v := artifact.Version{Package: c.Name.Package(), Number: c.Version}
	r := f.of[v]
	if r == nil {
		r = &found{Resolved: ecosystem.Resolved{Version: v}, fresh: true}
		f.of[v] = r
		f.order = append(f.order, r)
	}
	return r
}

// poms takes in what the pom of a version, or of a project here, builds on: Maven reads
// it, and nothing else of it.
func (f *finder) poms(m *pom.Model, owner *found, way []artifact.Package, at finding.Location) {
	if m == nil {
		return
	}
	for i, c := range slices.Concat(m.Parents, m.Imports) {
		if _, own := f.reactor[c]; own {
			continue
		}
		r := f.version(c)
		if r.fresh {
			r.Build, r.Via, r.At, r.fresh = true, way, at, false
			r.Direct = len(way) == 0 && (i == 0 || i == len(m.Parents))
		}
		r.want(c.Name.File(c.Version, "", "pom"))
		if owner != nil {
			owner.needs(r.Version)
		}
	}
}

func (f *found) needs(v artifact.Version) {
	if v != f.Version && !slices.Contains(f.Needs, v) {
		f.Needs = append(f.Needs, v)
	}
}

// files looks everything up that was found.
func (f *finder) files() ([]ecosystem.Resolved, error) {
	if err := f.lookup(f.order); err != nil {
		return nil, err
	}
	return resolved(f.order), nil
}
