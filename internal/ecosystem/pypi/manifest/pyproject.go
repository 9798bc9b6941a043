package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// buildGroup is the group of what a build of the project needs.
const buildGroup = "build-system"

// parsePyproject reads pyproject.toml: the project table (PEP 621), dependency
// groups (PEP 735), build-system.requires, and what uv, poetry and pdm add in
// their own tables. What a group includes from another stands once, where it is
// written, and belongs to both. A requirement on the project itself, as in a list
// of all extras, is not one.
func parsePyproject(r *reader) error {
	d, err := r.toml()
	if err != nil {
		return err
	}
	p := &pyproject{reader: r, Document: d, elsewhere: map[string]bool{}, includers: map[string][]string{}}
	tool := d.Table(d.Root, "tool")
	p.uv, p.poetry, p.pdm = d.Table(tool, "uv"), d.Table(tool, "poetry"), d.Table(tool, "pdm")
	for _, part := range []func() error{
		p.indexes, p.sources, p.project, p.groups, p.uvLists, p.poetryTables, p.pdmTables, p.buildSystem, p.joinIncludes,
	} {
		if err := part(); err != nil {
			return err
		}
		if d.Err != nil {
			return d.Err
		}
	}
	return nil
}

type pyproject struct {
	*reader
	*document.Document
	uv, poetry, pdm *document.Value
	self            artifact.Package    // the project's own name
	elsewhere       map[string]bool     // names that [tool.uv.sources] takes from somewhere else, always
	includers       map[string][]string // by group or extra: those that take in all of it
}

func (p *pyproject) problem(at int, rule string, class finding.Class, effect, format string, args ...any) error {
	return p.Report(ecosystem.Problem{Rule: rule, Class: class, Effect: effect, At: p.Place(at), Text: fmt.Sprintf(format, args...)})
}

// indexes reports what names an index or a place with files.
func (p *pyproject) indexes() error {
	for _, from := range []struct {
		tables []*document.Value
		what   string
		client string
	}{
		{p.Tables(p.uv, "index"), "[[tool.uv.index]]", "uv"},
		{p.Tables(p.poetry, "source"), "[[tool.poetry.source]]", "poetry"},
		{p.Tables(p.pdm, "source"), "[[tool.pdm.source]]", "pdm"},
	} {
		for _, t := range from.tables {
			if err := p.index(t.At, from.what, p.Text(t, "url"), from.client); err != nil {
				return err
			}
		}
	}
	for _, where := range []*document.Value{p.uv, p.Table(p.uv, "pip")} {
		if err := p.uvIndexSettings(where); err != nil {
			return err
		}
	}
	return nil
}

func (p *pyproject) uvIndexSettings(t *document.Value) error {
	for _, key := range []string{"index-url", "default-index"} {
		if t.Get(key) != nil {
			if err := p.index(t.Get(key).At, key, p.Text(t, key), "uv"); err != nil {
				return err
			}
		}
	}
	for _, key := range []string{"extra-index-url", "find-links"} {
		for _, v := range p.Strings(t, key) {
			if err := p.index(v.At, key, v.Text, "uv"); err != nil {
				return err
			}
		}
	}
	for _, v := range p.Strings(t, "allow-insecure-host") {
		if err := p.problem(v.At, RuleTransport, finding.Origin, manifestfile.Hold, "allow-insecure-host lets uv accept a host without a valid certificate; remove it"); err != nil {
			return err
		}
	}
	if p.Flag(t, "no-index") {
		return p.problem(t.Get("no-index").At, RuleTransport, finding.Origin, manifestfile.Hold, "no-index turns the gate's registry off; remove it")
	}
	return nil
}

func (p *pyproject) index(at int, what, address, client string) error {
	return p.Report(ecosystem.Problem{
		Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Reject, At: p.Place(at), Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s leads %s to %s, around the gate; %s", what, client, manifestfile.Origin(address), indexAdvice(client)),
	})
}

// indexAdvice says what to write instead of another index. Clients that take their
// index from the project alone are to name the gate there.
func indexAdvice(client string) string {
	if client == "pdm" || client == "pipenv" {
		return "name the gate's registry there instead"
	}
	return "remove it, the gate's registry is set by `gatehouse client setup " + client + "`"
}

// sources reads [tool.uv.sources]. A name that always comes from elsewhere must
// not be looked for in an index, where a stranger may have taken it.
func (p *pyproject) sources() error {
	t := p.Table(p.uv, "sources")
	if t == nil {
		return nil
	}
	for _, f := range t.Fields {
		forms := []*document.Value{f.Value}
		if f.Value.Kind == document.Array {
			forms = f.Value.List
		}
		always := len(forms) == 1
		for _, form := range forms {
			if form.Kind != document.Table {
				return manifestfile.Syntax(p.Place(f.At), "%s must be a table here; correct it", manifestfile.Quote(f.Key))
			}
			always = always && form.Get("marker") == nil && form.Get("extra") == nil && form.Get("group") == nil
			if err := p.source(f.At, f.Key, form); err != nil {
				return err
			}
		}
		if always && forms[0].Get("index") == nil {
			p.elsewhere[pep503.Normalize(f.Key)] = true
		}
	}
	return nil
}

func (p *pyproject) source(at int, name string, form *document.Value) error {
	name = manifestfile.Quote(name)
	switch {
	case p.Flag(form, "workspace"):
		return p.problem(at, RuleSource, finding.Manifest, manifestfile.Note, "uv takes %s from the workspace; the gate looks at its own pyproject.toml when that is handed in", name)
	case form.Get("index") != nil:
		return p.problem(at, RuleSource, finding.Origin, manifestfile.Hold, "uv takes %s from an index named here; remove the line, the gate's registry is set by `gatehouse client setup uv`", name)
	case form.Get("git") != nil:
		return p.problem(at, RuleSource, finding.Manifest, manifestfile.Hold, "uv takes %s from a git address, so the gate cannot look at it; pin a release, or publish a build of it to the gate", name)
	case form.Get("url") != nil:
		return p.problem(at, RuleSource, finding.Manifest, manifestfile.Reject, "uv takes %s from a direct address (%s), which the gate never follows; pin a release, or publish the file to the gate", name, manifestfile.Origin(p.Text(form, "url")))
	}
	return p.problem(at, RuleSource, finding.Manifest, manifestfile.Hold, "uv takes %s from a local path, so the gate cannot look at it; publish it to the gate and pin it", name)
}

// project reads the project table.
func (p *pyproject) project() error {
	t := p.Table(p.Root, "project")
	if t == nil {
		return nil
	}
	if name := p.Text(t, "name"); name != "" {
		p.self = named(name)
	}
	p.Manifest.RequiresPython = p.Text(t, "requires-python")
	if _, err := pep440.ParseSpecifiers(p.Manifest.RequiresPython); err != nil {
		return manifestfile.Syntax(p.Place(t.Get("requires-python").At), "requires-python is no version specifier; correct it, for example \">=3.11\"")
	}
	for _, v := range p.Strings(t, "dynamic") {
		fromPoetry := v.Text == "dependencies" && p.poetry.Get("dependencies") != nil
		if (v.Text == "dependencies" || v.Text == "optional-dependencies") && !fromPoetry {
			if err := p.problem(v.At, RuleDynamic, finding.Manifest, manifestfile.Hold, "%s are dynamic: only running the build tells them, and the gate does not; hand in a lock or the requirements file they come from", v.Text); err != nil {
				return err
			}
		}
	}
	if err := p.list(t, "dependencies", "", false); err != nil {
		return err
	}
	return p.eachList(p.Table(t, "optional-dependencies"))
}

func (p *pyproject) eachList(t *document.Value) error {
	if t == nil {
		return nil
	}
	if len(t.Fields) > maxGroups {
		return manifestfile.TooLarge(p.File, "it has more than %d extras", maxGroups)
	}
	for _, f := range t.Fields {
		if err := p.list(t, f.Key, ecosystem.GroupName(f.Key), false); err != nil {
			return err
		}
	}
	return nil
}

// list reads an array of PEP 508 texts.
func (p *pyproject) list(t *document.Value, key, group string, constraint bool) error {
	for _, v := range p.Strings(t, key) {
		if err := p.dependency(v, group, constraint); err != nil {
			return err
		}
	}
	return p.Err
}

func (p *pyproject) dependency(v *document.Value, group string, constraint bool) error {
	d, err := parseDependency(v.Text)
	if err != nil {
		return manifestfile.Syntax(p.Place(v.At), "this is no requirement%s; correct it", because(v.Text, err))
	}
	if d.url != "" {
		rule, why := directURL(d.url)
		return p.problem(v.At, rule, finding.Manifest, effectOf(rule), "%s", why)
	}
	if d.pkg == p.self && !constraint {
		for _, extra := range d.extras { // as in a list of all extras
			p.include(group, extra)
		}
		return nil
	}
	req := d.requirement(v.Text, p.Place(v.At))
	req.Groups, req.Constraint, req.Direct = []string{group}, constraint, !constraint
	return p.add(req)
}

func (p *pyproject) add(req ecosystem.Requirement) error {
	if req.Package == p.self || p.elsewhere[req.Package.Name] {
		return nil
	}
	return p.Require(req)
}

// groups reads [dependency-groups].
func (p *pyproject) groups() error {
	t := p.Table(p.Root, "dependency-groups")
	if t == nil {
		return nil
	}
	if len(t.Fields) > maxGroups {
		return manifestfile.TooLarge(p.File, "it has more than %d dependency groups", maxGroups)
	}
	includes := map[string][]*document.Value{} // by group: the include-group values
	at := map[string]int{}
	for _, f := range t.Fields {
		group := ecosystem.GroupName(f.Key)
		if _, twice := at[group]; twice {
			return manifestfile.Syntax(p.Place(f.At), "group %s is written twice; join the two", manifestfile.Quote(f.Key))
		}
		at[group] = f.At
		if f.Value.Kind != document.Array {
			return manifestfile.Syntax(p.Place(f.At), "group %s must be an array; correct it", manifestfile.Quote(f.Key))
		}
		for _, v := range f.Value.List {
			switch {
			case v.Kind == document.String:
				if err := p.dependency(v, group, false); err != nil {
					return err
				}
			case v.Kind == document.Table && len(v.Fields) == 1 && p.Text(v, "include-group") != "":
				includes[group] = append(includes[group], v)
			default:
				return manifestfile.Syntax(p.Place(v.At), "an entry of a group is a requirement or {include-group = \"name\"}; correct it")
			}
		}
	}
	if err := p.checkIncludes(includes, at); err != nil {
		return err
	}
	for group, vs := range includes {
		for _, v := range vs {
			p.include(group, p.Text(v, "include-group"))
		}
	}
	return p.Err
}

// include remembers that a group or extra takes in all of another.
func (p *pyproject) include(group, name string) {
	of := ecosystem.GroupName(name)
	if !slices.Contains(p.includers[of], group) {
		p.includers[of] = append(p.includers[of], group)
	}
}

// joinIncludes adds to each requirement the groups that include its own, through
// any number of others.
func (p *pyproject) joinIncludes() error {
	if len(p.includers) > maxGroups {
		return manifestfile.TooLarge(p.File, "more than %d of its groups are included in others", maxGroups)
	}
	all := map[string][]string{} // by group: it and all that include it
	for i := range p.Manifest.Requirements {
		r := &p.Manifest.Requirements[i]
		group := r.Groups[0]
		if all[group] == nil {
			reached := []string{group}
			for n := 0; n < len(reached); n++ {
				for _, g := range p.includers[reached[n]] {
					if !slices.Contains(reached, g) {
						reached = append(reached, g)
					}
				}
			}
			slices.Sort(reached)
			all[group] = reached
		}
		if len(r.Groups) == 1 {
			r.Groups = all[group]
		}
	}
	return nil
}

// checkIncludes refuses includes of groups that are missing or come back to
// themselves, as PEP 735 asks.
func (p *pyproject) checkIncludes(includes map[string][]*document.Value, at map[string]int) error {
	const entered, done = 1, 2
	state := map[string]int{}
	var visit func(group string, depth int) error
	visit = func(group string, depth int) error {
		state[group] = entered
		for _, v := range includes[group] {
			name := p.Text(v, "include-group")
			next := ecosystem.GroupName(name)
			switch _, there := at[next]; {
			case !there:
				return manifestfile.Syntax(p.Place(v.At), "group %s is not there; correct the name", manifestfile.Quote(name))
			case state[next] == entered:
				return manifestfile.Syntax(p.Place(v.At), "group %s comes back to itself; remove one of the includes", manifestfile.Quote(name))
			case state[next] == done:
				continue
			case depth == document.MaxDepth:
				return manifestfile.Syntax(p.Place(v.At), "groups include groups more than %d deep; flatten them", document.MaxDepth)
			}
			if err := visit(next, depth+1); err != nil {
				return err
			}
		}
		state[group] = done
		return nil
	}
	for _, f := range p.Table(p.Root, "dependency-groups").Fields {
		if group := ecosystem.GroupName(f.Key); state[group] != done {
			if err := visit(group, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// uvLists reads what [tool.uv] says about versions.
func (p *pyproject) uvLists() error {
	if p.uv == nil {
		return nil
	}
	if err := p.list(p.uv, "dev-dependencies", "dev", false); err != nil {
		return err
	}
	if err := p.list(p.uv, "constraint-dependencies", "", true); err != nil {
		return err
	}
	if err := p.list(p.uv, "build-constraint-dependencies", buildGroup, true); err != nil {
		return err
	}
	if v := p.uv.Get("override-dependencies"); v != nil && len(p.Strings(p.uv, "override-dependencies")) > 0 {
		if err := p.problem(v.At, RuleConstraint, finding.Manifest, manifestfile.Hold, "override-dependencies change what other packages ask for, which the gate does not work out; hand in uv.lock, which records the result"); err != nil {
			return err
		}
	}
	if p.Text(p.uv, "prerelease") == "allow" {
		p.Manifest.PreReleases = true
	}
	p.Manifest.OnlyBinary = p.binaryOption("no-build")
	p.Manifest.NoBinary = p.binaryOption("no-binary")
	return p.Err
}

// binaryOption reads uv's no-build and no-binary with their lists of packages.
func (p *pyproject) binaryOption(key string) []string {
	if p.Flag(p.uv, key) {
		return []string{":all:"}
	}
	return normalized(p.Texts(p.uv, key+"-package"))
}

// pdmTables reads pdm's own groups, which it calls development dependencies, and
// what it changes about the others.
func (p *pyproject) pdmTables() error {
	if dev := p.Table(p.pdm, "dev-dependencies"); dev != nil {
		for _, f := range dev.Fields {
			for _, v := range p.Strings(dev, f.Key) {
				if err := p.pdmDependency(v, ecosystem.GroupName(f.Key)); err != nil {
					return err
				}
			}
		}
	}
	resolution := p.Table(p.pdm, "resolution")
	if v := resolution.Get("overrides"); v != nil && len(v.Fields) > 0 {
		if err := p.problem(v.At, RuleConstraint, finding.Manifest, manifestfile.Hold, "overrides change what other packages ask for, which the gate does not work out; hand in pdm.lock, which records the result"); err != nil {
			return err
		}
	}
	p.Manifest.PreReleases = p.Manifest.PreReleases || p.Flag(resolution, "allow-prereleases")
	return p.Err
}

func (p *pyproject) pdmDependency(v *document.Value, group string) error {
	if strings.HasPrefix(v.Text, "-e ") {
		return p.problem(v.At, RuleEditable, finding.Manifest, manifestfile.Hold, "an editable requirement is code that comes from no index, so the gate cannot look at it; publish it to the gate and pin it")
	}
	return p.dependency(v, group, false)
}

func (p *pyproject) buildSystem() error {
	return p.list(p.Table(p.Root, "build-system"), "requires", buildGroup, false)
}

// poetryTables reads poetry's own dependency tables.
func (p *pyproject) poetryTables() error {
	if p.poetry == nil {
		return nil
	}
	if name := p.Text(p.poetry, "name"); name != "" && p.self.Name == "" {
		p.self = named(name)
	}
	extras := p.poetryExtras()
	if err := p.poetryTable(p.Table(p.poetry, "dependencies"), "", extras); err != nil {
		return err
	}
	if err := p.poetryTable(p.Table(p.poetry, "dev-dependencies"), "dev", nil); err != nil {
		return err
	}
	groups := p.Table(p.poetry, "group")
	if groups == nil {
		return p.Err
	}
	if len(groups.Fields) > maxGroups {
		return manifestfile.TooLarge(p.File, "it has more than %d dependency groups", maxGroups)
	}
	for _, f := range groups.Fields {
		g := p.Table(groups, f.Key)
		for _, name := range p.Texts(g, "include-groups") {
			p.include(ecosystem.GroupName(f.Key), name)
		}
		if err := p.poetryTable(p.Table(g, "dependencies"), ecosystem.GroupName(f.Key), nil); err != nil {
			return err
		}
	}
	return p.Err
}

// poetryExtras tells the extras that list each optional package.
func (p *pyproject) poetryExtras() map[string][]string {
	out := map[string][]string{}
	t := p.Table(p.poetry, "extras")
	if t == nil {
		return out
	}
	for _, f := range t.Fields {
		for _, name := range p.Texts(t, f.Key) {
			name, extra := pep503.Normalize(name), ecosystem.GroupName(f.Key)
			if len(out[name]) < pep508.MaxExtras && !slices.Contains(out[name], extra) {
				out[name] = append(out[name], extra)
			}
		}
	}
	return out
}

func (p *pyproject) poetryTable(t *document.Value, group string, extras map[string][]string) error {
	if t == nil {
		return p.Err
	}
	for _, f := range t.Fields {
		if f.Key == "python" && f.Value.Kind == document.String {
			if spec, err := poetryConstraint(f.Value.Text); err == nil && p.Manifest.RequiresPython == "" {
				p.Manifest.RequiresPython = spec
			}
			continue
		}
		if _, err := pep503.Parse(f.Key); err != nil {
			return manifestfile.Syntax(p.Place(f.At), "%s is no package name; correct it", manifestfile.Quote(f.Key))
		}
		forms := []*document.Value{f.Value}
		if f.Value.Kind == document.Array {
			forms = f.Value.List
		}
		for _, form := range forms {
			at := f.At
			if f.Value.Kind == document.Array {
				at = form.At
			}
			if err := p.poetryDependency(f.Key, at, form, group, extras); err != nil {
				return err
			}
		}
	}
	return p.Err
}

func (p *pyproject) poetryDependency(key string, at int, form *document.Value, group string, extras map[string][]string) error {
	req := ecosystem.Requirement{Package: named(key), Groups: []string{group}, Direct: true, At: p.Place(at)}
	constraint := form.Text
	switch form.Kind {
	case document.String:
	case document.Table:
		constraint = p.Text(form, "version")
		if rule, why := poetrySource(form); rule != "" {
			return p.problem(at, rule, finding.Manifest, effectOf(rule), "%s", why)
		}
		var err error
		if req.Marker, err = p.poetryMarker(form); err != nil {
			return err
		}
		req.Extras = normalized(p.Texts(form, "extras"))
		if p.Flag(form, "optional") && len(extras[req.Package.Name]) > 0 {
			req.Groups = extras[req.Package.Name]
		}
		if p.Flag(form, "allow-prereleases") {
			if err := p.problem(at, RuleOption, finding.Manifest, manifestfile.Note, "allow-prereleases is not followed; name a pre-release in the version to have the gate consider it"); err != nil {
				return err
			}
		}
	default:
		return manifestfile.Syntax(p.Place(at), "%s must be a version or a table; correct it", manifestfile.Quote(key))
	}
	spec, err := poetryConstraint(constraint)
	if err == errUnion {
		return p.problem(at, RuleConstraint, finding.Manifest, manifestfile.Hold, "%s: %v; write one range, or hand in poetry.lock", key, err)
	}
	if err != nil {
		return manifestfile.Syntax(p.Place(at), "%s is no version constraint; correct it", manifestfile.Quote(constraint))
	}
	req.Spec, req.Written = spec, strings.TrimSpace(key+" "+constraint)
	if set, err := pep440.ParseSpecifiers(spec); err == nil && strings.HasPrefix(spec, "==") {
		if v, ok := set.Exact(); ok {
			req.Number = v.String()
		}
	}
	return p.add(req)
}

func poetrySource(form *document.Value) (rule, why string) {
	switch {
	case form.Get("git") != nil:
		return RuleVCS, "a git address comes from no index, so the gate cannot look at it; pin a release by version, or publish a build of it to the gate"
	case form.Get("url") != nil:
		return RuleURL, "a direct address comes from no index, and the gate never follows one; pin a release by version, or publish the file to the gate"
	case form.Get("path") != nil, form.Get("file") != nil:
		return RulePath, "a local path comes from no index, so the gate cannot look at it; publish it to the gate and pin it"
	}
	return "", ""
}

// poetryMarker joins markers, python and platform, which must all hold.
func (p *pyproject) poetryMarker(form *document.Value) (string, error) {
	var all []string
	if m := p.Text(form, "markers"); m != "" {
		all = append(all, m)
	}
	if python := p.Text(form, "python"); python != "" {
		spec, err := poetryConstraint(python)
		if err != nil {
			return "", manifestfile.Syntax(p.Place(form.Get("python").At), "%s is no range of Python versions that the gate can read; correct it", manifestfile.Quote(python))
		}
		all = append(all, pythonMarkers(spec)...)
	}
	if platform := p.Text(form, "platform"); platform != "" {
		all = append(all, fmt.Sprintf("sys_platform == '%s'", platform))
	}
	if len(all) == 0 {
		return "", p.Err
	}
	text := all[0]
	if len(all) > 1 {
		text = "(" + strings.Join(all, ") and (") + ")"
	}
	m, err := pep508.ParseMarker(text)
	if err != nil {
		return "", manifestfile.Syntax(p.Place(form.At), "its markers, python and platform give no marker that the gate can read; correct them")
	}
	return m.String(), p.Err
}

// pythonMarkers turns specifiers of Python versions into markers. A version
// with a patch number needs the full version to compare with.
func pythonMarkers(spec string) []string {
	var out []string
	for clause := range strings.SplitSeq(spec, ",") {
		if clause == "" {
			continue
		}
		number := strings.TrimLeft(clause, "=!<>~")
		name := "python_version"
		if strings.Count(strings.TrimSuffix(number, ".*"), ".") > 1 || strings.HasSuffix(number, ".*") {
			name = "python_full_version"
		}
		out = append(out, fmt.Sprintf("%s %s '%s'", name, strings.TrimSuffix(clause, number), number))
	}
	return slices.Clip(out)
}
