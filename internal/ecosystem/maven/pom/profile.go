package pom

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

// active gives the profiles of one pom that hold on a machine, in order: those whose
// conditions are met, else those that hold by default. exists says whether a file of
// the project is there; nil for a pom of a repository, which has no folder.
func active(p *Project, m Machine, exists func(path string) bool) []Profile {
	var on, byDefault []Profile
	for _, f := range p.Profiles {
		switch {
		case !f.Activation.empty() && f.Activation.holds(m, exists):
			on = append(on, f)
		case f.Activation.Default:
			byDefault = append(byDefault, f)
		}
	}
	if len(on) > 0 {
		return on
	}
	return byDefault
}

// holds says whether all that is written is so.
func (a Activation) holds(m Machine, exists func(string) bool) bool {
	m = m.orDefault()
	return jdk(a.JDK, m.JDK) && is(a.OSName, m.OSName) && is(a.OSArch, m.OSArch) && family(a.OSFamily, m) && a.OSVersion == "" &&
		a.propertyHolds(m) && a.fileHolds(exists)
}

// jdk compares as Maven does: a range, or how the version begins.
func jdk(want, have string) bool {
	if want == "" {
		return true
	}
	if rest, ok := strings.CutPrefix(want, "!"); ok {
		return !strings.HasPrefix(have, rest)
	}
	if want[0] != '[' && want[0] != '(' {
		return strings.HasPrefix(have, want)
	}
	r, err := version.ParseRange(want)
	v, vErr := version.Parse(have)
	return err == nil && vErr == nil && r.Contains(v)
}

func is(want, have string) bool {
	if want == "" {
		return true
	}
	if rest, ok := strings.CutPrefix(want, "!"); ok {
		return !strings.EqualFold(rest, have)
	}
	return strings.EqualFold(want, have)
}

// families are those that Maven knows; any other word is looked for in the system's
// name.
var families = []string{"windows", "win9x", "winnt", "mac", "unix", "os/2", "netware", "dos", "tandem", "openvms", "z/os", "os/400"}

// family: a mac is a unix too.
func family(want string, m Machine) bool {
	want, not := strings.CutPrefix(strings.ToLower(want), "!")
	if want == "" {
		return true
	}
	in := want == m.OSFamily || want == "unix" && m.OSFamily == "mac"
	if !slices.Contains(families, want) {
		in = strings.Contains(strings.ToLower(m.OSName), want)
	}
	return in != not
}

// propertyHolds: of a machine's properties those are known that every machine has;
// nobody gave any on the command line.
func (a Activation) propertyHolds(m Machine) bool {
	if a.Property == "" {
		return true
	}
	name, absent := strings.CutPrefix(a.Property, "!")
	have, known := m.system()[name]
	if absent {
		return !known
	}
	if want, not := strings.CutPrefix(a.Value, "!"); not {
		return have != want
	}
	return known && (a.Value == "" || a.Value == have)
}

func (a Activation) fileHolds(exists func(string) bool) bool {
	there := func(path string) (is, known bool) {
		for _, folder := range []string{"${basedir}/", "${project.basedir}/"} {
			if rest, ok := strings.CutPrefix(path, folder); ok {
				path = rest
			}
		}
		if exists == nil || !plain(path) || strings.HasPrefix(path, "/") {
			return false, exists != nil
		}
		return exists(path), true
	}
	if a.FileExists != "" {
		if is, _ := there(a.FileExists); !is {
			return false
		}
	}
	if a.FileMissing != "" {
		if is, known := there(a.FileMissing); is || !known && strings.Contains(a.FileMissing, "basedir}") {
			return false
		}
	}
	return true
}

// with is a section with a profile's laid over it.
func (s Section) with(f Section) Section {
	s.Properties = append(slices.Clone(s.Properties), f.Properties...) // the last counts
	s.Dependencies = over(s.Dependencies, f.Dependencies)
	s.Managed = over(s.Managed, f.Managed)
	s.Plugins = overPlugins(s.Plugins, f.Plugins)
	s.PluginsFor = overPlugins(s.PluginsFor, f.PluginsFor)
	s.Extensions = append(slices.Clone(s.Extensions), f.Extensions...)
	s.Repositories = append(slices.Clone(s.Repositories), f.Repositories...)
	s.Modules = append(slices.Clone(s.Modules), f.Modules...)
	return s
}

// over puts dependencies over others: one of the same key takes the other's place.
func over(base, top []Dependency) []Dependency {
	if len(top) == 0 {
		return base
	}
	out := slices.Clone(base)
	at := index(out)
	for _, d := range top {
		if i, ok := at[d.Key()]; ok {
			out[i] = d
			continue
		}
		at[d.Key()] = len(out)
		out = append(out, d)
	}
	return out
}

// under adds those dependencies that are not there yet.
func under(top, base []Dependency) []Dependency {
	if len(base) == 0 {
		return top
	}
	out := slices.Clone(top)
	at := index(out)
	for _, d := range base {
		if _, ok := at[d.Key()]; !ok {
			at[d.Key()] = len(out)
			out = append(out, d)
		}
	}
	return out
}

func index(ds []Dependency) map[Key]int {
	at := make(map[Key]int, len(ds))
	for i, d := range ds {
		if _, ok := at[d.Key()]; !ok {
			at[d.Key()] = i
		}
	}
	return at
}

// overPlugins lays plugins over others of the same name: what is written on top
// counts, and dependencies add up.
func overPlugins(base, top []Plugin) []Plugin {
	if len(top) == 0 {
		return base
	}
	out := slices.Clone(base)
	for _, p := range top {
		i := slices.IndexFunc(out, p.same)
		if i < 0 {
			out = append(out, p)
			continue
		}
		out[i] = p.filled(out[i])
	}
	return out
}

func (p Plugin) same(o Plugin) bool { return p.Group == o.Group && p.Artifact == o.Artifact }

// filled is p with what it leaves open taken from another of the same name.
func (p Plugin) filled(from Plugin) Plugin {
	if p.Version == "" {
		p.Version = from.Version
	}
	if p.Extensions == "" {
		p.Extensions = from.Extensions
	}
	p.Dependencies = under(p.Dependencies, from.Dependencies)
	return p
}

// Unknown says in words what a condition asks of the machine that builds and that
// nobody knows here; "" for one that can be told.
func (a Activation) Unknown() string {
	switch name := strings.TrimPrefix(a.Property, "!"); {
	case a.Property != "" && DefaultMachine.system()[name] == "":
		if strings.HasPrefix(a.Property, "!") || strings.HasPrefix(a.Value, "!") {
			return "" // nobody gave it: it holds, and what it brings is looked at
		}
		return "somebody gives the property " + quoted(name)
	case a.OSVersion != "":
		return "the operating system is of version " + quoted(a.OSVersion)
	}
	return ""
}

// Builds says whether a profile changes what is fetched.
func (f Profile) Builds() bool {
	return len(f.Dependencies)+len(f.Managed)+len(f.Plugins)+len(f.PluginsFor)+len(f.Extensions)+len(f.Modules) > 0
}

func quoted(s string) string { return strconv.Quote(artifact.Untrusted(s).String()) }
