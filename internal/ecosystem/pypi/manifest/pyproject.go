package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
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
	p := &pyproject{reader: r, document: d, elsewhere: map[string]bool{}, includers: map[string][]string{}}
	tool := d.table(d.root, "tool")
	p.uv, p.poetry, p.pdm = d.table(tool, "uv"), d.table(tool, "poetry"), d.table(tool, "pdm")
	for _, part := range []func() error{
		p.indexes, p.sources, p.project, p.groups, p.uvLists, p.poetryTables, p.pdmTables, p.buildSystem, p.joinIncludes,
	} {
		if err := part(); err != nil {
			return err
		}
		if d.err != nil {
			return d.err
		}
	}
	return nil
}

type pyproject struct {
	*reader
	*document
	uv, poetry, pdm *value
	self            artifact.Package    // the project's own name
	elsewhere       map[string]bool     // names that [tool.uv.sources] takes from somewhere else, always
	includers       map[string][]string // by group or extra: those that take in all of it
}

func (p *pyproject) problem(at int, rule string, class finding.Class, effect, format string, args ...any) error {
	return p.report(ecosystem.Problem{Rule: rule, Class: class, Effect: effect, At: p.place(at), Text: fmt.Sprintf(format, args...)})
}

// indexes reports what names an index or a place with files.
func (p *pyproject) indexes() error {
	for _, from := range []struct {
		tables []*value
		what   string
		client string
	}{
		{p.tables(p.uv, "index"), "[[tool.uv.index]]", "uv"},
		{p.tables(p.poetry, "source"), "[[tool.poetry.source]]", "poetry"},
		{p.tables(p.pdm, "source"), "[[tool.pdm.source]]", "pdm"},
	} {
		for _, t := range from.tables {
			if err := p.index(t.at, from.what, p.text(t, "url"), from.client); err != nil {
				return err
			}
		}
	}
	for _, where := range []*value{p.uv, p.table(p.uv, "pip")} {
		if err := p.uvIndexSettings(where); err != nil {
			return err
		}
	}
	return nil
}

func (p *pyproject) uvIndexSettings(t *value) error {
	for _, key := range []string{"index-url", "default-index"} {
		if t.get(key) != nil {
			if err := p.index(t.get(key).at, key, p.text(t, key), "uv"); err != nil {
				return err
			}
		}
	}
	for _, key := range []string{"extra-index-url", "find-links"} {
		for _, v := range p.strings(t, key) {
			if err := p.index(v.at, key, v.text, "uv"); err != nil {
				return err
			}
		}
	}
	for _, v := range p.strings(t, "allow-insecure-host") {
		if err := p.problem(v.at, RuleTransport, finding.Origin, hold, "allow-insecure-host lets uv accept a host without a valid certificate; remove it"); err != nil {
			return err
		}
	}
	if p.flag(t, "no-index") {
		return p.problem(t.get("no-index").at, RuleTransport, finding.Origin, hold, "no-index turns the gate's registry off; remove it")
	}
	return nil
}

func (p *pyproject) index(at int, what, address, client string) error {
	return p.report(ecosystem.Problem{
		Rule: RuleIndex, Class: finding.Origin, Effect: reject, At: p.place(at), Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s leads %s to %s, around the gate; %s", what, client, origin(address), indexAdvice(client)),
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
	t := p.table(p.uv, "sources")
	if t == nil {
		return nil
	}
	for _, f := range t.fields {
		forms := []*value{f.val}
		if f.val.kind == unstable.Array {
			forms = f.val.list
		}
		always := len(forms) == 1
		for _, form := range forms {
			if form.kind != unstable.Table {
				return syntax(p.place(f.at), "%s must be a table here; correct it", quote(f.key))
			}
			always = always && form.get("marker") == nil && form.get("extra") == nil && form.get("group") == nil
			if err := p.source(f.at, f.key, form); err != nil {
				return err
			}
		}
		if always && forms[0].get("index") == nil {
			p.elsewhere[pep503.Normalize(f.key)] = true
		}
	}
	return nil
}

func (p *pyproject) source(at int, name string, form *value) error {
	name = quote(name)
	switch {
	case p.flag(form, "workspace"):
		return p.problem(at, RuleSource, finding.Manifest, note, "uv takes %s from the workspace; the gate looks at its own pyproject.toml when that is handed in", name)
	case form.get("index") != nil:
		return p.problem(at, RuleSource, finding.Origin, hold, "uv takes %s from an index named here; remove the line, the gate's registry is set by `gatehouse client setup uv`", name)
	case form.get("git") != nil:
		return p.problem(at, RuleSource, finding.Manifest, hold, "uv takes %s from a git address, so the gate cannot look at it; pin a release, or publish a build of it to the gate", name)
	case form.get("url") != nil:
		return p.problem(at, RuleSource, finding.Manifest, reject, "uv takes %s from a direct address (%s), which the gate never follows; pin a release, or publish the file to the gate", name, origin(p.text(form, "url")))
	}
	return p.problem(at, RuleSource, finding.Manifest, hold, "uv takes %s from a local path, so the gate cannot look at it; publish it to the gate and pin it", name)
}

// project reads the project table.
func (p *pyproject) project() error {
	t := p.table(p.root, "project")
	if t == nil {
		return nil
	}
	if name := p.text(t, "name"); name != "" {
		p.self = named(name)
	}
	p.m.RequiresPython = p.text(t, "requires-python")
	if _, err := pep440.ParseSpecifiers(p.m.RequiresPython); err != nil {
		return syntax(p.place(t.get("requires-python").at), "requires-python is no version specifier; correct it, for example \">=3.11\"")
	}
	for _, v := range p.strings(t, "dynamic") {
		fromPoetry := v.text == "dependencies" && p.poetry.get("dependencies") != nil
		if (v.text == "dependencies" || v.text == "optional-dependencies") && !fromPoetry {
			if err := p.problem(v.at, RuleDynamic, finding.Manifest, hold, "%s are dynamic: only running the build tells them, and the gate does not; hand in a lock or the requirements file they come from", v.text); err != nil {
				return err
			}
		}
	}
	if err := p.list(t, "dependencies", "", false); err != nil {
		return err
	}
	return p.eachList(p.table(t, "optional-dependencies"))
}

func (p *pyproject) eachList(t *value) error {
	if t == nil {
		return nil
	}
	if len(t.fields) > maxGroups {
		return tooLarge(p.file, "it has more than %d extras", maxGroups)
	}
	for _, f := range t.fields {
		if err := p.list(t, f.key, ecosystem.GroupName(f.key), false); err != nil {
			return err
		}
	}
	return nil
}

// list reads an array of PEP 508 texts.
func (p *pyproject) list(t *value, key, group string, constraint bool) error {
	for _, v := range p.strings(t, key) {
		if err := p.dependency(v, group, constraint); err != nil {
			return err
		}
	}
	return p.err
}

func (p *pyproject) dependency(v *value, group string, constraint bool) error {
	d, err := parseDependency(v.text)
	if err != nil {
		return syntax(p.place(v.at), "this is no requirement%s; correct it", because(v.text, err))
	}
	if d.url != "" {
		rule, why := directURL(d.url)
		return p.problem(v.at, rule, finding.Manifest, effectOf(rule), "%s", why)
	}
	if d.pkg == p.self && !constraint {
		for _, extra := range d.extras { // as in a list of all extras
			p.include(group, extra)
		}
		return nil
	}
	req := d.requirement(v.text, p.place(v.at))
	req.Groups, req.Constraint, req.Direct = []string{group}, constraint, !constraint
	return p.add(req)
}

func (p *pyproject) add(req ecosystem.Requirement) error {
	if req.Package == p.self || p.elsewhere[req.Package.Name] {
		return nil
	}
	return p.require(req)
}

// groups reads [dependency-groups].
func (p *pyproject) groups() error {
	t := p.table(p.root, "dependency-groups")
	if t == nil {
		return nil
	}
	if len(t.fields) > maxGroups {
		return tooLarge(p.file, "it has more than %d dependency groups", maxGroups)
	}
	includes := map[string][]*value{} // by group: the include-group values
	at := map[string]int{}
	for _, f := range t.fields {
		group := ecosystem.GroupName(f.key)
		if _, twice := at[group]; twice {
			return syntax(p.place(f.at), "group %s is written twice; join the two", quote(f.key))
		}
		at[group] = f.at
		if f.val.kind != unstable.Array {
			return syntax(p.place(f.at), "group %s must be an array; correct it", quote(f.key))
		}
		for _, v := range f.val.list {
			switch {
			case v.kind == unstable.String:
				if err := p.dependency(v, group, false); err != nil {
					return err
				}
			case v.kind == unstable.Table && len(v.fields) == 1 && p.text(v, "include-group") != "":
				includes[group] = append(includes[group], v)
			default:
				return syntax(p.place(v.at), "an entry of a group is a requirement or {include-group = \"name\"}; correct it")
			}
		}
	}
	if err := p.checkIncludes(includes, at); err != nil {
		return err
	}
	for group, vs := range includes {
		for _, v := range vs {
			p.include(group, p.text(v, "include-group"))
		}
	}
	return p.err
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
		return tooLarge(p.file, "more than %d of its groups are included in others", maxGroups)
	}
	all := map[string][]string{} // by group: it and all that include it
	for i := range p.m.Requirements {
		r := &p.m.Requirements[i]
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
func (p *pyproject) checkIncludes(includes map[string][]*value, at map[string]int) error {
	const entered, done = 1, 2
	state := map[string]int{}
	var visit func(group string, depth int) error
	visit = func(group string, depth int) error {
		state[group] = entered
		for _, v := range includes[group] {
			name := p.text(v, "include-group")
			next := ecosystem.GroupName(name)
			switch _, there := at[next]; {
			case !there:
				return syntax(p.place(v.at), "group %s is not there; correct the name", quote(name))
			case state[next] == entered:
				return syntax(p.place(v.at), "group %s comes back to itself; remove one of the includes", quote(name))
			case state[next] == done:
				continue
			case depth == maxTOMLDepth:
				return syntax(p.place(v.at), "groups include groups more than %d deep; flatten them", maxTOMLDepth)
			}
			if err := visit(next, depth+1); err != nil {
				return err
			}
		}
		state[group] = done
		return nil
	}
	for _, f := range p.table(p.root, "dependency-groups").fields {
		if group := ecosystem.GroupName(f.key); state[group] != done {
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
	if v := p.uv.get("override-dependencies"); v != nil && len(p.strings(p.uv, "override-dependencies")) > 0 {
		if err := p.problem(v.at, RuleConstraint, finding.Manifest, hold, "override-dependencies change what other packages ask for, which the gate does not work out; hand in uv.lock, which records the result"); err != nil {
			return err
		}
	}
	if p.text(p.uv, "prerelease") == "allow" {
		p.m.PreReleases = true
	}
	p.m.OnlyBinary = p.binaryOption("no-build")
	p.m.NoBinary = p.binaryOption("no-binary")
	return p.err
}

// binaryOption reads uv's no-build and no-binary with their lists of packages.
func (p *pyproject) binaryOption(key string) []string {
	if p.flag(p.uv, key) {
		return []string{":all:"}
	}
	return normalized(p.texts(p.uv, key+"-package"))
}

// pdmTables reads pdm's own groups, which it calls development dependencies, and
// what it changes about the others.
func (p *pyproject) pdmTables() error {
	if dev := p.table(p.pdm, "dev-dependencies"); dev != nil {
		for _, f := range dev.fields {
			for _, v := range p.strings(dev, f.key) {
				if err := p.pdmDependency(v, ecosystem.GroupName(f.key)); err != nil {
					return err
				}
			}
		}
	}
	resolution := p.table(p.pdm, "resolution")
	if v := resolution.get("overrides"); v != nil && len(v.fields) > 0 {
		if err := p.problem(v.at, RuleConstraint, finding.Manifest, hold, "overrides change what other packages ask for, which the gate does not work out; hand in pdm.lock, which records the result"); err != nil {
			return err
		}
	}
	p.m.PreReleases = p.m.PreReleases || p.flag(resolution, "allow-prereleases")
	return p.err
}

func (p *pyproject) pdmDependency(v *value, group string) error {
	if strings.HasPrefix(v.text, "-e ") {
		return p.problem(v.at, RuleEditable, finding.Manifest, hold, "an editable requirement is code that comes from no index, so the gate cannot look at it; publish it to the gate and pin it")
	}
	return p.dependency(v, group, false)
}

func (p *pyproject) buildSystem() error {
	return p.list(p.table(p.root, "build-system"), "requires", buildGroup, false)
}

// poetryTables reads poetry's own dependency tables.
func (p *pyproject) poetryTables() error {
	if p.poetry == nil {
		return nil
	}
	if name := p.text(p.poetry, "name"); name != "" && p.self.Name == "" {
		p.self = named(name)
	}
	extras := p.poetryExtras()
	if err := p.poetryTable(p.table(p.poetry, "dependencies"), "", extras); err != nil {
		return err
	}
	if err := p.poetryTable(p.table(p.poetry, "dev-dependencies"), "dev", nil); err != nil {
		return err
	}
	groups := p.table(p.poetry, "group")
	if groups == nil {
		return p.err
	}
	if len(groups.fields) > maxGroups {
		return tooLarge(p.file, "it has more than %d dependency groups", maxGroups)
	}
	for _, f := range groups.fields {
		g := p.table(groups, f.key)
		for _, name := range p.texts(g, "include-groups") {
			p.include(ecosystem.GroupName(f.key), name)
		}
		if err := p.poetryTable(p.table(g, "dependencies"), ecosystem.GroupName(f.key), nil); err != nil {
			return err
		}
	}
	return p.err
}

// poetryExtras tells the extras that list each optional package.
func (p *pyproject) poetryExtras() map[string][]string {
	out := map[string][]string{}
	t := p.table(p.poetry, "extras")
	if t == nil {
		return out
	}
	for _, f := range t.fields {
		for _, name := range p.texts(t, f.key) {
			name, extra := pep503.Normalize(name), ecosystem.GroupName(f.key)
			if len(out[name]) < pep508.MaxExtras && !slices.Contains(out[name], extra) {
				out[name] = append(out[name], extra)
			}
		}
	}
	return out
}

func (p *pyproject) poetryTable(t *value, group string, extras map[string][]string) error {
	if t == nil {
		return p.err
	}
	for _, f := range t.fields {
		if f.key == "python" && f.val.kind == unstable.String {
			if spec, err := poetryConstraint(f.val.text); err == nil && p.m.RequiresPython == "" {
				p.m.RequiresPython = spec
			}
			continue
		}
		if _, err := pep503.Parse(f.key); err != nil {
			return syntax(p.place(f.at), "%s is no package name; correct it", quote(f.key))
		}
		forms := []*value{f.val}
		if f.val.kind == unstable.Array {
			forms = f.val.list
		}
		for _, form := range forms {
			at := f.at
			if f.val.kind == unstable.Array {
				at = form.at
			}
			if err := p.poetryDependency(f.key, at, form, group, extras); err != nil {
				return err
			}
		}
	}
	return p.err
}

func (p *pyproject) poetryDependency(key string, at int, form *value, group string, extras map[string][]string) error {
	req := ecosystem.Requirement{Package: named(key), Groups: []string{group}, Direct: true, At: p.place(at)}
	constraint := form.text
	switch form.kind {
	case unstable.String:
	case unstable.Table:
		constraint = p.text(form, "version")
		if rule, why := poetrySource(form); rule != "" {
			return p.problem(at, rule, finding.Manifest, effectOf(rule), "%s", why)
		}
		var err error
		if req.Marker, err = p.poetryMarker(form); err != nil {
			return err
		}
		req.Extras = normalized(p.texts(form, "extras"))
		if p.flag(form, "optional") && len(extras[req.Package.Name]) > 0 {
			req.Groups = extras[req.Package.Name]
		}
		if p.flag(form, "allow-prereleases") {
			if err := p.problem(at, RuleOption, finding.Manifest, note, "allow-prereleases is not followed; name a pre-release in the version to have the gate consider it"); err != nil {
				return err
			}
		}
	default:
		return syntax(p.place(at), "%s must be a version or a table; correct it", quote(key))
	}
	spec, err := poetryConstraint(constraint)
	if err == errUnion {
		return p.problem(at, RuleConstraint, finding.Manifest, hold, "%s: %v; write one range, or hand in poetry.lock", key, err)
	}
	if err != nil {
		return syntax(p.place(at), "%s is no version constraint; correct it", quote(constraint))
	}
	req.Spec, req.Written = spec, strings.TrimSpace(key+" "+constraint)
	if set, err := pep440.ParseSpecifiers(spec); err == nil && strings.HasPrefix(spec, "==") {
		if v, ok := set.Exact(); ok {
			req.Number = v.String()
		}
	}
	return p.add(req)
}

func poetrySource(form *value) (rule, why string) {
	switch {
	case form.get("git") != nil:
		return RuleVCS, "a git address comes from no index, so the gate cannot look at it; pin a release by version, or publish a build of it to the gate"
	case form.get("url") != nil:
		return RuleURL, "a direct address comes from no index, and the gate never follows one; pin a release by version, or publish the file to the gate"
	case form.get("path") != nil, form.get("file") != nil:
		return RulePath, "a local path comes from no index, so the gate cannot look at it; publish it to the gate and pin it"
	}
	return "", ""
}

// poetryMarker joins markers, python and platform, which must all hold.
func (p *pyproject) poetryMarker(form *value) (string, error) {
	var all []string
	if m := p.text(form, "markers"); m != "" {
		all = append(all, m)
	}
	if python := p.text(form, "python"); python != "" {
		spec, err := poetryConstraint(python)
		if err != nil {
			return "", syntax(p.place(form.get("python").at), "%s is no range of Python versions that the gate can read; correct it", quote(python))
		}
		all = append(all, pythonMarkers(spec)...)
	}
	if platform := p.text(form, "platform"); platform != "" {
		all = append(all, fmt.Sprintf("sys_platform == '%s'", platform))
	}
	if len(all) == 0 {
		return "", p.err
	}
	text := all[0]
	if len(all) > 1 {
		text = "(" + strings.Join(all, ") and (") + ")"
	}
	m, err := pep508.ParseMarker(text)
	if err != nil {
		return "", syntax(p.place(form.at), "its markers, python and platform give no marker that the gate can read; correct them")
	}
	return m.String(), p.err
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
