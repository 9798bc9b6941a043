package pep425

import (
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/target"
)

// Supported gives the tags that CPython on t takes, best first: the order of
// the reference library's sys_tags. Free-threaded and debug builds are not
// covered.
func Supported(t ecosystem.Target) ([]Tag, error) {
	parts, err := target.Parse(t)
	if err != nil {
		return nil, fmt.Errorf("reading target: %w", err)
	}
	platforms := platformTags(parts)
	minor := parts.PythonMinor
	python := cpython(minor)

	tags := across(nil, python, abi(minor), platforms)
	if minor >= abi3Minor {
		tags = across(tags, python, "abi3", platforms)
	}
	tags = across(tags, python, "none", platforms)
	for older := minor - 1; older >= abi3Minor; older-- {
		tags = across(tags, cpython(older), "abi3", platforms)
	}
	for _, py := range pythons(minor) {
		tags = across(tags, py, "none", platforms)
	}
	tags = append(tags, Tag{python, "none", "any"})
	for _, py := range pythons(minor) {
		tags = append(tags, Tag{py, "none", "any"})
	}
	return tags, nil
}

// abi3Minor is the Python 3 that brought the stable ABI (PEP 384).
const abi3Minor = 2

func cpython(minor int) string { return fmt.Sprintf("cp3%d", minor) }

// abi gives the ABI of an ordinary build; until 3.7 its name told that Python's
// own allocator was in use.
func abi(minor int) string {
	if minor < 8 {
		return cpython(minor) + "m"
	}
	return cpython(minor)
}

// pythons lists the generic names, this version's first: py311, py3, py310 ... py30.
func pythons(minor int) []string {
	out := []string{fmt.Sprintf("py3%d", minor), "py3"}
	for older := minor - 1; older >= 0; older-- {
		out = append(out, fmt.Sprintf("py3%d", older))
	}
	return out
}

func across(tags []Tag, python, abi string, platforms []string) []Tag {
	for _, platform := range platforms {
		tags = append(tags, Tag{python, abi, platform})
	}
	return tags
}

func platformTags(t target.Target) []string {
	switch t.OS {
	case target.Manylinux:
		return append([]string{"linux_" + t.Arch}, manylinuxTags(t)...)
	case target.Musllinux:
		return append([]string{"linux_" + t.Arch}, musllinuxTags(t)...)
	case target.MacOS:
		return macTags(t)
	default:
		if t.Arch == "win32" {
			return []string{"win32"}
		}
		return []string{"win_" + t.Arch}
	}
}

// oldManylinux are the names from before PEP 600, by glibc 2's minor version.
var oldManylinux = map[int]string{17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}

// manylinuxTags go down to the oldest glibc that any manylinux covers.
func manylinuxTags(t target.Target) []string {
	oldest := 17
	if t.Arch == "x86_64" || t.Arch == "i686" {
		oldest = 5
	}
	var out []string
	for minor := t.Minor; minor >= oldest; minor-- {
		out = append(out, fmt.Sprintf("manylinux_%d_%d_%s", t.Major, minor, t.Arch))
		if old, ok := oldManylinux[minor]; ok {
			out = append(out, old+"_"+t.Arch)
		}
	}
	return out
}

func musllinuxTags(t target.Target) []string {
	var out []string
	for minor := t.Minor; minor >= 0; minor-- {
		out = append(out, fmt.Sprintf("musllinux_%d_%d_%s", t.Major, minor, t.Arch))
	}
	return out
}

// macTags: since macOS 11 only the major version counts. Before it an Intel
// machine takes every older kind of binary; an Apple one takes universal2
// binaries whose Intel half was built for an older system.
func macTags(t target.Target) []string {
	var out []string
	for major := t.Major; major >= 11; major-- {
		out = appendMac(out, major, 0, macFormats(t.Arch))
	}
	newest := t.Minor
	if t.Major >= 11 {
		newest = 16
	}
	for minor := newest; minor >= 4; minor-- {
		formats := macFormats(t.Arch)
		if t.Arch == "arm64" {
			formats = []string{"universal2"}
		}
		out = appendMac(out, 10, minor, formats)
	}
	return out
}

func appendMac(out []string, major, minor int, formats []string) []string {
	for _, format := range formats {
		out = append(out, fmt.Sprintf("macosx_%d_%d_%s", major, minor, format))
	}
	return out
}

// macFormats gives the binary formats that a processor runs, most specific first.
func macFormats(arch string) []string {
	if arch == "arm64" {
		return []string{"arm64", "universal2"}
	}
	return []string{"x86_64", "intel", "fat64", "fat3", "universal2", "universal"}
}

// Set ranks wheels for one environment. The zero Set takes none.
type Set struct {
	rank map[Tag]int
}

// NewSet makes a Set of tags in their order of preference, as Supported gives them.
func NewSet(tags []Tag) Set {
	s := Set{rank: make(map[Tag]int, len(tags))}
	for i, t := range tags {
		if _, seen := s.rank[t]; !seen {
			s.rank[t] = i
		}
	}
	return s
}

// Rank gives the position of the wheel's best tag, smaller is better, and false
// when the environment does not take the wheel. Between wheels of equal rank
// the higher build tag wins; that is the caller's to compare.
func (s Set) Rank(w Wheel) (int, bool) {
	best, found := 0, false
	for _, t := range w.Tags {
		if r, ok := s.rank[t]; ok && (!found || r < best) {
			best, found = r, true
		}
	}
	return best, found
}
