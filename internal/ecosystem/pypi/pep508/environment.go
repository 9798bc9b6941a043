package pep508

import (
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/target"
)

// Environment holds the values of the marker variables, named after them.
type Environment struct {
	ImplementationName           string
	ImplementationVersion        string
	OSName                       string
	PlatformMachine              string
	PlatformPythonImplementation string
	PlatformRelease              string
	PlatformSystem               string
	PlatformVersion              string
	PythonFullVersion            string
	PythonVersion                string
	SysPlatform                  string
}

// For gives the environment of CPython on a target. A Python without a patch
// number counts as its first release (3.11 as 3.11.0). PlatformRelease and
// PlatformVersion stay empty: they tell one machine from another of the same
// platform, and a closure must not depend on that.
func For(t ecosystem.Target) (Environment, error) {
	parts, err := target.Parse(t)
	if err != nil {
		return Environment{}, fmt.Errorf("reading target: %w", err)
	}
	full := parts.Python.String()
	if base := parts.Python.Base().String(); strings.Count(base, ".") == 1 {
		full = base + ".0" + strings.TrimPrefix(full, base)
	}
	env := Environment{
		ImplementationName:           "cpython",
		ImplementationVersion:        full,
		PlatformPythonImplementation: "CPython",
		PythonFullVersion:            full,
		PythonVersion:                fmt.Sprintf("3.%d", parts.PythonMinor),
	}
	switch parts.OS {
	case target.Manylinux, target.Musllinux:
		env.OSName, env.SysPlatform, env.PlatformSystem = "posix", "linux", "Linux"
		env.PlatformMachine = parts.Arch
	case target.MacOS:
		env.OSName, env.SysPlatform, env.PlatformSystem = "posix", "darwin", "Darwin"
		env.PlatformMachine = parts.Arch
	case target.Windows:
		env.OSName, env.SysPlatform, env.PlatformSystem = "nt", "win32", "Windows"
		env.PlatformMachine = windowsMachine[parts.Arch]
	}
	return env, nil
}

// windowsMachine gives platform.machine() for a wheel's architecture.
var windowsMachine = map[string]string{"amd64": "AMD64", "arm64": "ARM64", "win32": "x86"}
