// Package target reads the environment that a team names, a Python version and
// a platform, into parts that markers (package pep508) and wheel tags (package
// pep425) are derived from. Platform names are those of uv's --python-platform,
// the wheel tags that pip's --platform takes, and the two mixed; see Parse.
// Only CPython 3 is known. It promises never to look at the running machine.
package target

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
)

// What a platform name without a version stands for: measured with uv 0.13.9.
const (
	glibcMajor, glibcMinor = 2, 28
	muslMajor, muslMinor   = 1, 2
	macMajor, macMinor     = 13, 0
	riscvMinor             = 39
)

// Highest numbers accepted; they bound how many tags one target can have.
const (
	maxPythonMinor = 99
	maxOSVersion   = 99
)

// OS is the system's family; for Linux, with its C library.
type OS int

// The systems for which wheels are published.
const (
	Manylinux OS = iota + 1
	Musllinux
	MacOS
	Windows
)

// Target is one environment in parts.
type Target struct {
	Python       pep440.Version // at least major.minor; 3.x
	PythonMinor  int
	OS           OS
	Major, Minor int    // of the C library or of macOS; 0 on Windows
	Arch         string // as wheel tags spell it: x86_64, aarch64, arm64, amd64, win32, ...
}

// Parse reads t. Python is "3.11", "3.11.7" or a pre-release such as
// "3.15.0rc1". Platform is one of
//
//	linux, macos, windows
//	ARCH-unknown-linux-gnu, ARCH-unknown-linux-musl, riscv64-unknown-linux
//	ARCH-apple-darwin, ARCH-pc-windows-msvc
//	ARCH-manylinux2014 (1, 2010), ARCH-manylinux_2_28, ARCH-musllinux_1_2, ARCH-macosx_14_0
//	and a wheel's platform tag: manylinux_2_28_ARCH, macosx_14_0_ARCH, win_amd64, win_arm64, win32
func Parse(t ecosystem.Target) (Target, error) {
	out, err := parsePlatform(t.Platform)
	if err != nil {
		return Target{}, err
	}
	out.Python, out.PythonMinor, err = parsePython(t.Python)
	return out, err
}

func parsePython(s string) (pep440.Version, int, error) {
	v, err := pep440.Parse(s)
	if err != nil {
		return v, 0, fmt.Errorf("reading python %.40q: write it as 3.11 or 3.11.7", s)
	}
	if v.Release(0) != 3 || !strings.HasPrefix(v.String(), "3.") || strings.Count(v.Base().String(), ".") > 2 || v.Post() || v.Local() != "" {
		return v, 0, fmt.Errorf("reading python %.40q: only CPython 3, written as 3.11 or 3.11.7, is known", s)
	}
	if v.Release(1) > maxPythonMinor {
		return v, 0, fmt.Errorf("reading python %.40q: there is no such Python", s)
	}
	return v, int(v.Release(1)), nil
}

var short = map[string]string{
	"linux":   "x86_64-unknown-linux-gnu",
	"macos":   "aarch64-apple-darwin",
	"windows": "x86_64-pc-windows-msvc",
}

func parsePlatform(s string) (Target, error) {
	name := s
	if long, ok := short[s]; ok {
		name = long
	}
	t, ok := parseWindowsTag(name)
	if !ok {
		t, ok = parseArchFirst(name)
	}
	if !ok {
		t, ok = parseArchLast(name)
	}
	if !ok {
		return Target{}, fmt.Errorf("reading platform %.60q: not known; write it as x86_64-manylinux_2_28, aarch64-apple-darwin, x86_64-pc-windows-msvc, linux, macos or windows", s)
	}
	return t, nil
}

func parseWindowsTag(s string) (Target, bool) {
	switch s {
	case "win_amd64":
		return Target{OS: Windows, Arch: "amd64"}, true
	case "win_arm64":
		return Target{OS: Windows, Arch: "arm64"}, true
	case "win32":
		return Target{OS: Windows, Arch: "win32"}, true
	}
	return Target{}, false
}

// parseArchFirst reads ARCH-SYSTEM.
func parseArchFirst(s string) (Target, bool) {
	arch, system, ok := strings.Cut(s, "-")
	if !ok {
		return Target{}, false
	}
	switch system {
	case "unknown-linux-gnu":
		return newTarget(Manylinux, glibcMajor, glibcMinor, arch)
	case "unknown-linux": // uv's name; the first manylinux for this processor
		t, ok := newTarget(Manylinux, glibcMajor, riscvMinor, arch)
		return t, ok && t.Arch == "riscv64"
	case "unknown-linux-musl":
		return newTarget(Musllinux, muslMajor, muslMinor, arch)
	case "apple-darwin":
		return newTarget(MacOS, macMajor, macMinor, arch)
	case "pc-windows-msvc":
		return newTarget(Windows, 0, 0, arch)
	}
	return parseSystem(system, arch)
}

// parseArchLast reads a wheel's platform tag, SYSTEM_ARCH, in which the
// architecture may have an underscore of its own.
func parseArchLast(s string) (Target, bool) {
	for _, arch := range []string{"x86_64", "aarch64", "arm64", "i686", "armv7l", "ppc64le", "s390x", "riscv64"} {
		if system, ok := strings.CutSuffix(s, "_"+arch); ok {
			return parseSystem(system, arch)
		}
	}
	return Target{}, false
}

// oldNames are the manylinux names that PEP 600 gives a glibc version.
var oldNames = map[string]string{
	"manylinux1":    "manylinux_2_5",
	"manylinux2010": "manylinux_2_12",
	"manylinux2014": "manylinux_2_17",
}

func parseSystem(system, arch string) (Target, bool) {
	if numbered, ok := oldNames[system]; ok {
		system = numbered
	}
	family, version, _ := strings.Cut(system, "_")
	major, minor, ok := parsePair(version)
	if !ok {
		return Target{}, false
	}
	switch family {
	case "manylinux":
		return newTarget(Manylinux, major, minor, arch)
	case "musllinux":
		return newTarget(Musllinux, major, minor, arch)
	case "macosx", "macos":
		return newTarget(MacOS, major, minor, arch)
	}
	return Target{}, false
}

// parsePair reads "2_28".
func parsePair(s string) (major, minor int, ok bool) {
	a, b, _ := strings.Cut(s, "_")
	first, errA := strconv.ParseUint(a, 10, 16)
	second, errB := strconv.ParseUint(b, 10, 16)
	inRange := first <= maxOSVersion && second <= maxOSVersion
	return int(first), int(second), errA == nil && errB == nil && inRange
}

// arches translates each system's spellings of an architecture to its own.
var arches = map[OS]map[string]string{
	Manylinux: linuxArches,
	Musllinux: linuxArches,
	MacOS:     {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"},
	Windows:   {"x86_64": "amd64", "aarch64": "arm64", "i686": "win32"},
}

var linuxArches = map[string]string{
	"x86_64": "x86_64", "aarch64": "aarch64", "i686": "i686", "armv7l": "armv7l",
	"armv7": "armv7l", "ppc64le": "ppc64le", "powerpc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64", "riscv64gc": "riscv64",
}

func newTarget(os OS, major, minor int, arch string) (Target, bool) {
	spelled, ok := arches[os][arch]
	switch os {
	case Manylinux:
		ok = ok && major == 2
	case Musllinux:
		ok = ok && major == 1
	case MacOS:
		ok = ok && major >= 10
	}
	return Target{OS: os, Major: major, Minor: minor, Arch: spelled}, ok
}
