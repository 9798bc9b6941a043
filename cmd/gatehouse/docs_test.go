package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// docs is the folder of the pages.
const docs = "../../docs"

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	yamlBlock  = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	exitNote   = regexp.MustCompile(`\s+# exit \d+.*$`)
)

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestOperationsPage runs every command of docs/operations.md, with a home of
// its own.
func TestOperationsPage(t *testing.T) {
	runPage(t, "operations.md", 10, func(env *testscript.Env) error { return ownHome(t, env) })
}

// TestScanPage runs every command of docs/scan.md over packages that do nothing.
func TestScanPage(t *testing.T) {
	tgz := func(number string) []byte {
		s := scantest.Sdist{Name: "demo", Version: number, Root: "package", Without: []string{"PKG-INFO"},
			Files: map[string]string{"package.json": `{"name": "demo", "version": "` + number + `"}`, "index.js": "module.exports = 1\n"}}
		return s.Build(t)
	}
	wheel := scantest.Wheel{Name: "demo", Version: "1.0", Files: map[string]string{"demo.py": "def add(a, b):\n    return a + b\n"}}
	setup := "from setuptools import setup\nsetup()\n"
	runPage(t, "scan.md", 8, func(env *testscript.Env) error {
		for name, content := range map[string][]byte{
			wheel.FileName(): wheel.Build(t), "demo-1.0.tgz": tgz("1.0"), "demo-1.1.tgz": tgz("1.1"),
			"src/setup.py": []byte(setup), "requirements.txt": []byte("six==1.16.0\n"),
		} {
			file := filepath.Join(env.WorkDir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, content, 0o600)); err != nil {
				return err
			}
		}
		return ownHome(t, env)
	})
}

// runPage runs every command in the shell blocks of a page, in order; there are
// at least so many.
func runPage(t *testing.T, page string, least int, setup func(*testscript.Env) error) {
	t.Helper()
	var script strings.Builder
	n := 0
	for _, b := range shellBlock.FindAllStringSubmatch(readPage(t, page), -1) {
		for line := range strings.Lines(b[1]) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			n++
			want := ""
			if exitNote.MatchString(line) {
				want, line = "! ", exitNote.ReplaceAllString(line, "")
			}
			fmt.Fprintf(&script, "%sexec sh -c '%s'\n", want, strings.ReplaceAll(line, "'", "''"))
		}
	}
	if n < least {
		t.Fatalf("found only %d commands: are the blocks marked sh?", n)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.txtar"), []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setup})
}

// TestSettingsOnPages reads every piece of configuration on the pages.
func TestSettingsOnPages(t *testing.T) {
	var found [][]string
	for _, page := range []string{"operations.md", "origins.md"} {
		on := yamlBlock.FindAllStringSubmatch(readPage(t, page), -1)
		if len(on) < 3 {
			t.Fatalf("%s: found only %d", page, len(on))
		}
		found = append(found, on...)
	}
	for _, b := range found {
		file := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(file, []byte(b[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, ecosystemIDs()...)
		if err == nil {
			_, err = packageGroups(cfg)
		}
		if err != nil {
			t.Errorf("%v in:\n%s", err, b[1])
		}
	}
}

// TestRunbookNamesWhatThereIs: each metric that the pages name exists, and each
// that exists is in the runbook or needs no action.
func TestRunbookNamesWhatThereIs(t *testing.T) {
	m := observe.New("x")
	m.Watch(observe.Sources{
		Advisories: func() (time.Duration, bool) { return 0, true },
		Disk:       func() (int64, int64, error) { return 1, 1, nil },
		Blobs:      func() (int64, int64, error) { return 1, 1, nil },
		Jobs: func(context.Context) ([]observe.JobCount, error) {
			return []observe.JobCount{{State: "waiting", Count: 1}}, nil
		},
		Now: time.Now,
	})
	m.Request("x", 200, 0)
	m.Decided(verdict.Decision{})
	m.Refused(verdict.Decision{})
	m.Looked(observe.LookClean, 0)
	m.Fetched("", 1, nil)
	m.BudgetRefused("x")
	m.Upkeep("gc", time.Now(), 0, nil)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, f := range regexp.MustCompile(`(?m)^# TYPE (gatehouse_\S+) `).FindAllStringSubmatch(string(b), -1) {
		there[f[1]] = true
	}
	runbook := readPage(t, "runbook.md")
	for _, name := range regexp.MustCompile(`gatehouse_[a-z_]+`).FindAllString(runbook+readPage(t, "operations.md"), -1) {
		if !there[name] && !there[strings.TrimSuffix(name, "_count")] {
			t.Errorf("the pages name %s, which does not exist", name)
		}
	}
	quiet := map[string]bool{ // they are for graphs
		"gatehouse_decisions_total": true, "gatehouse_fetched_bytes_total": true, "gatehouse_build_info": true, "gatehouse_disk_size_bytes": true, "gatehouse_blobs": true,
	}
	for name := range there {
		if !quiet[name] && !strings.Contains(runbook, name) {
			t.Errorf("%s is not in the runbook", name)
		}
	}
	if len(there) < 20 {
		t.Errorf("only %d metrics were found", len(there))
	}
}
