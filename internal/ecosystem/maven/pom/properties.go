package pom

import (
	"cmp"
	"slices"
	"strings"
)

// Limits on what properties may grow to.
const (
	maxExpanded  = 16 << 10 // bytes of one text with its properties filled in
	maxExpanding = 64       // properties within properties
)

// properties fills in ${name} as Maven does: what the project says of itself under
// project. and pom. first, then properties, then what the machine says, then the
// project's own words without a prefix.
type properties struct {
	own     map[string]string // "version" for ${project.version}, ${pom.version} and ${version}
	written map[string]string
	system  map[string]string
	done    map[string]string // names that were filled in
	open    map[string]bool   // names on their way: one that leads to itself stays as it is
}

func newProperties(own, written, system map[string]string) *properties {
	return &properties{own: own, written: written, system: system, done: map[string]string{}, open: map[string]bool{}}
}

// expand fills in the properties of a text. What has no value, or leads to itself, or
// would grow beyond the limit stays as it is written.
func (p *properties) expand(s string) string {
	if plain(s) {
		return s
	}
	var out strings.Builder
	for rest := s; ; {
		before, after, ok := strings.Cut(rest, "${")
		name, behind, closed := strings.Cut(after, "}")
		if !ok || !closed {
			out.WriteString(rest)
			break
		}
		out.WriteString(before)
		if value, ok := p.value(name); ok {
			out.WriteString(value)
		} else {
			out.WriteString("${" + name + "}")
		}
		if rest = behind; out.Len()+len(rest) > maxExpanded {
			return s
		}
	}
	return out.String()
}

// value is a property filled in; false for one without a value.
func (p *properties) value(name string) (string, bool) {
	if v, ok := p.done[name]; ok {
		return v, true
	}
	raw, ok := p.lookup(name)
	if !ok || p.open[name] || len(p.open) >= maxExpanding {
		return "", false
	}
	p.open[name] = true
	v := p.expand(raw)
	delete(p.open, name)
	p.done[name] = v // also what stayed as it is: each property costs its work once
	return v, true
}

func (p *properties) lookup(name string) (string, bool) {
	for _, prefix := range []string{"project.", "pom."} {
		if field, ok := strings.CutPrefix(name, prefix); ok {
			if v, ok := p.own[field]; ok {
				return v, true
			}
		}
	}
	if v, ok := p.written[name]; ok {
		return v, true
	}
	if v, ok := p.system[name]; ok {
		return v, true
	}
	v, ok := p.own[name]
	return v, ok
}

// dependency is d with its properties filled in.
func (p *properties) dependency(d Dependency) Dependency {
	for _, field := range []*string{&d.Group, &d.Artifact, &d.Version, &d.Type, &d.Classifier, &d.Scope, &d.SystemPath, &d.Optional} {
		*field = strings.TrimSpace(p.expand(*field))
	}
	open := func(x Exclusion) bool { return !plain(x.Group) || !plain(x.Artifact) }
	if slices.ContainsFunc(d.Exclusions, open) {
		d.Exclusions = slices.Clone(d.Exclusions)
		for i, x := range d.Exclusions {
			d.Exclusions[i] = Exclusion{p.expand(x.Group), p.expand(x.Artifact)}
		}
	}
	return d
}

func (p *properties) dependencies(ds []Dependency) []Dependency {
	out := make([]Dependency, len(ds))
	for i, d := range ds {
		out[i] = p.dependency(d)
	}
	return out
}

// Machine is what a pom may ask of the machine that builds, in Java's words. The zero
// value is DefaultMachine.
type Machine struct {
	JDK      string // "17.0.15"
	OSName   string // "linux", "mac os x", "windows 11"
	OSFamily string // "unix", "mac", "windows"
	OSArch   string // "amd64", "aarch64"
}

// DefaultMachine is assumed where nothing else is known: a server of today.
var DefaultMachine = Machine{JDK: "17.0.15", OSName: "linux", OSFamily: "unix", OSArch: "amd64"}

// system are the properties that every machine has.
func (m Machine) system() map[string]string {
	m = m.orDefault()
	release, _, _ := strings.Cut(m.JDK, ".")
	return map[string]string{
		"java.version": m.JDK, "java.specification.version": release, "java.vm.specification.version": release,
		"os.name": m.OSName, "os.arch": m.OSArch, "file.separator": "/", "path.separator": ":",
	}
}

// MachineOf reads a platform as ecosystem.Target has it: "x86_64-manylinux_2_28",
// "aarch64-apple-darwin", "windows". What it does not say is DefaultMachine's.
func MachineOf(platform string) Machine {
	m := DefaultMachine
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(platform, w) })
	}
	switch {
	case has("darwin", "mac"):
		m.OSName, m.OSFamily, m.OSArch = "mac os x", "mac", "aarch64"
		if has("x86_64") {
			m.OSArch = "x86_64"
		}
		return m
	case has("win"):
		m.OSName, m.OSFamily = "windows 11", "windows"
	}
	for _, arch := range [][2]string{{"aarch64", "aarch64"}, {"arm64", "aarch64"}, {"x86_64", "amd64"}, {"amd64", "amd64"}, {"i686", "i386"}, {"win32", "x86"}, {"ppc64le", "ppc64le"}, {"s390x", "s390x"}, {"riscv64", "riscv64"}, {"armv7l", "arm"}} {
		if has(arch[0]) {
			m.OSArch = arch[1]
			break
		}
	}
	return m
}

func (m Machine) orDefault() Machine {
	d := DefaultMachine
	return Machine{cmp.Or(m.JDK, d.JDK), cmp.Or(m.OSName, d.OSName), cmp.Or(m.OSFamily, d.OSFamily), cmp.Or(m.OSArch, d.OSArch)}
}
