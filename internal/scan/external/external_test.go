package external

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// served are the ecosystems of the gate that these tests are.
var served = map[artifact.Ecosystem]ecosystem.Ecosystem{artifact.PyPI: nil, artifact.NPM: nil, artifact.Golang: nil, artifact.Cargo: nil}

func TestMain(m *testing.M) {
	sandbox.MaybeTool(Tasks())
	if len(os.Args) > 2 && os.Args[1] == "fake" {
		fakes[os.Args[2]](os.Args[3:])
		os.Exit(0)
	}
	if runtime.GOOS != "linux" {
		os.Exit(0) // no scanner runs there, and New says so
	}
	os.Exit(m.Run())
}

// fakes are the tools: this test's own program, started as one.
var fakes = map[string]func([]string){
	"say":   func(args []string) { fmt.Print(args[0]) },
	"echo":  func(args []string) { fmt.Printf(`{"items": [{"r": "got", "t": %q}]}`, strings.Join(args, " ")) },
	"exit":  func([]string) { fmt.Print(`{"items": []}`); fmt.Fprintln(os.Stderr, "first\nno licence"); os.Exit(3) },
	"crash": func([]string) { p, _ := os.FindProcess(os.Getpid()); _ = p.Kill(); select {} },
	"hang":  func([]string) { time.Sleep(time.Hour) },
	"flood": func([]string) { flood() },
	"cat":   func(args []string) { fmt.Printf(`{"items": [{"r": "content", "t": %q}]}`, contents(args[0])) },
	"environ": func([]string) {
		fmt.Printf(`{"items": [{"r": "environ", "t": %q}]}`, strings.Join(os.Environ(), " "))
		fmt.Fprint(os.Stderr, os.Environ())
	},
	"output": func(args []string) { fmt.Print("chatter"); _ = os.WriteFile(args[0], []byte(`{"items": []}`), 0o600) },
	"break":  func(args []string) { breakIn(args) },
}

func flood() {
	for line := strings.Repeat("x", 4096); ; {
		fmt.Print(line)
	}
}

// contents lists what is in a folder, or gives a file.
func contents(path string) string {
	var out []string
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		info, _ := d.Info()
		out = append(out, fmt.Sprintf("%s(%s)=%s", strings.TrimPrefix(p, path), info.Mode(), b))
		return err
	})
	return strings.Join(out, " ")
}

// breakIn tries to change what it got and to reach out, and says what it could.
func breakIn(args []string) {
	could := []string{}
	_ = filepath.WalkDir(args[0], func(p string, d fs.DirEntry, err error) error {
		if os.WriteFile(p, []byte("x"), 0o600) == nil || os.Remove(p) == nil {
			could = append(could, "write")
		}
		return err
	})
	if c, err := net.DialTimeout("tcp", args[1], time.Second); err == nil {
		c.Close()
		could = append(could, "dial")
	}
	if _, err := os.ReadFile(args[2]); err == nil {
		could = append(could, "read")
	}
	fmt.Printf(`{"items": [{"r": "could", "t": "%s."}]}`, strings.Join(could, " "))
}

// fake is a scanner that runs a fake.
func fake(t *testing.T, act string, args ...string) config.Scanner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return config.Scanner{
		Name: "fake", Command: append([]string{self, "fake", act}, args...),
		Gets: getsSBOM, Reads: readsJSON, Class: "honesty", Arguments: []string{"{sbom}"},
		JSON:   &config.ScannerJSON{Complete: "has(out.items)", Items: "out.items", Rule: "item.r", Text: "item.t"},
		Limits: config.ScannerLimits{Time: config.Duration(time.Minute)},
	}
}

func getting(c config.Scanner, what string) config.Scanner {
	c.Gets, c.Arguments = what, []string{"{" + what + "}"}
	return c
}

var demo = artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1.0"}

// asked is a file with the content, as the gate would ask about it.
func asked(t *testing.T, name string, content []byte) Asked {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(path, content, 0o400); err != nil {
		t.Fatal(err)
	}
	return Asked{
		File: artifact.File{Version: demo, Name: name, SHA256: artifact.DigestOf(content), Size: int64(len(content))},
		Open: func(context.Context, artifact.Digest) (*os.File, error) { return os.Open(path) },
	}
}

// sdist packs files into a source archive.
func sdist(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range files {
			if !yield(n) {
				return
			}
		}
	}) {
		h := &tar.Header{Name: "demo-1.0/" + name, Mode: 0o755, Size: int64(len(files[name]))}
		if target, ok := strings.CutPrefix(files[name], "->"); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, target, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeSymlink {
			if _, err := w.Write([]byte(files[name])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func newSet(t *testing.T, cs ...config.Scanner) *Set {
	t.Helper()
	s, err := New(t.Context(), cs, Options{Ecosystems: served, Scratch: t.TempDir(), Runs: 2, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runOnce(t *testing.T, c config.Scanner, a Asked) Result {
	t.Helper()
	s := newSet(t, c)
	r, err := s.Run(t.Context(), s.Scanners()[0], a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScannerGets(t *testing.T) {
	archive := sdist(t, map[string]string{"setup.py": "raise SystemExit", "link": "->setup.py"})
	a := asked(t, "demo-1.0.tar.gz", archive)
	for _, tc := range []struct{ gets, want, not, why string }{
		{getsSBOM, `"purl":"pkg:pypi/demo@1.0"`, "setup", "the version's address"},
		{getsRequirements, "demo==1.0 --hash=sha256:" + string(a.File.SHA256), "setup", "one line with the hash"},
		{getsFolder, "/demo-1.0/setup.py(-rw-r--r--)=raise SystemExit", "link", "unpacked, nothing executable, no links"},
	} {
		r := runOnce(t, getting(fake(t, "cat"), tc.gets), a)
		if r.Fault != "" || len(r.Findings) != 1 {
			t.Fatalf("%s: %+v", tc.gets, r)
		}
		if got := string(r.Answer); !strings.Contains(strings.ReplaceAll(got, `\"`, `"`), tc.want) || strings.Contains(got, tc.not) {
			t.Errorf("%s: got %s, want it to hold %q and not %q (%s)", tc.gets, got, tc.want, tc.not, tc.why)
		}
	}
	c := getting(fake(t, "echo"), getsArchive)
	if r := runOnce(t, c, a); len(r.Findings) != 1 || r.Findings[0].Text != "fake: /in/demo-1.0.tar.gz" {
		t.Errorf("archive: got %+v", r.Findings)
	}
}

// TestScannerCannotBreakOut: neither change what it got, nor the network, nor
// this machine's files, nor this process's environment.
func TestScannerCannotBreakOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	planted := filepath.Join(t.TempDir(), "planted")
	if err := os.WriteFile(planted, []byte("canary"), 0o644); err != nil {
		t.Fatal(err)
	}
	a := asked(t, "demo-1.0.tar.gz", sdist(t, map[string]string{"setup.py": "raise SystemExit"}))
	for _, gets := range []string{getsArchive, getsFolder} {
		c := getting(fake(t, "break"), gets)
		c.Arguments = append(c.Arguments, l.Addr().String(), planted)
		if r := runOnce(t, c, a); len(r.Findings) != 1 || r.Findings[0].Text != "fake: ." {
			t.Errorf("with the %s it could: %+v", gets, r.Findings)
		}
	}
	t.Setenv("GATEHOUSE_CANARY", "sings")
	if r := runOnce(t, fake(t, "environ"), a); strings.Contains(string(r.Answer)+r.Stderr, "sings") {
		t.Errorf("it sees the gate's environment: %s", r.Answer)
	}
}

func TestSecretsReachTheToolAndNobodyElse(t *testing.T) {
	secret := strings.Repeat("can", 4) + "ary"
	t.Setenv("GATEHOUSE_TEST_TOKEN", secret)
	c := fake(t, "environ")
	c.Secrets, c.Environment = map[string]string{"TOKEN": "env:GATEHOUSE_TEST_TOKEN"}, map[string]string{"PLAIN": "shown"}
	r := runOnce(t, c, asked(t, "demo-1.0.tar.gz", nil))
	if !strings.Contains(string(r.Answer), "TOKEN=[secret]") || !strings.Contains(r.Stderr, "TOKEN=[secret]") || !strings.Contains(string(r.Answer), "PLAIN=shown") {
		t.Errorf("got %s, %s", r.Answer, r.Stderr)
	}
	if all := fmt.Sprintf("%s %s %+v", r.Answer, r.Stderr, r); strings.Contains(all, secret) {
		t.Errorf("the secret shows: %s", all)
	}
	c.Secrets["TOKEN"] = "env:GATEHOUSE_TEST_UNSET"
	if _, err := New(t.Context(), []config.Scanner{c}, Options{Now: time.Now}); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_TEST_UNSET is not set") {
		t.Errorf("a secret that is not there: %v", err)
	}
}

// TestWhatIsNoAnswerHolds: whatever goes wrong is a finding of class fault.
func TestWhatIsNoAnswerHolds(t *testing.T) {
	said := func(s string) func(*testing.T) config.Scanner {
		return func(t *testing.T) config.Scanner { return fake(t, "say", s) }
	}
	for _, tc := range []struct {
		name string
		make func(*testing.T) config.Scanner
		text string
	}{
		{"crash", func(t *testing.T) config.Scanner { return fake(t, "crash") }, "it died: killed by SIGKILL"},
		{"hang", func(t *testing.T) config.Scanner {
			c := fake(t, "hang")
			c.Limits.Time = config.Duration(300 * time.Millisecond)
			return c
		}, "it took too long"},
		{"flood", func(t *testing.T) config.Scanner { c := fake(t, "flood"); c.Limits.Output = 10_000; return c }, "it said too much"},
		{"exit code", func(t *testing.T) config.Scanner { return fake(t, "exit") }, "exit code 3: no licence"},
		{"empty", said(" \n"), "gave no answer"},
		{"nonsense", said("all is well"), "no whole JSON"},
		{"cut short", said(`{"items": [{"r": "a", "t"`), "no whole JSON"},
		{"more behind it", said(`{"items": []} Traceback`), "goes on after"},
		{"another form", said(`{"results": []}`), "json.complete"},
		{"not a list", said(`{"items": 3}`), "json.items gives"},
		{"an item without a rule", said(`{"items": [{"t": "x"}]}`), "json.rule"},
		{"a rule that is a number", said(`{"items": [{"r": 1, "t": "x"}]}`), "json.rule gives"},
		{"null", said(`null`), "json.complete"},
		{"broken archive", func(t *testing.T) config.Scanner { return getting(fake(t, "cat"), getsFolder) }, "it could not be given the file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := runOnce(t, tc.make(t), asked(t, "demo-1.0.tar.gz", []byte("no archive")))
			i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Class == finding.Fault })
			if r.Fault == "" || i < 0 || r.Findings[i].Rule != "fake:fault" || !strings.Contains(r.Findings[i].Text, tc.text) {
				t.Errorf("got %+v, want a fault with %q", r, tc.text)
			}
		})
	}
}

func TestAnswerInAFile(t *testing.T) {
	c := fake(t, "output")
	c.Arguments = []string{"{output}", "{sbom}"}
	if r := runOnce(t, c, asked(t, "demo-1.0.tar.gz", nil)); r.Fault != "" {
		t.Errorf("got %+v", r)
	}
	c.Command[2] = "echo"
	if r := runOnce(t, c, asked(t, "demo-1.0.tar.gz", nil)); !strings.Contains(r.Fault, "gave no answer") {
		t.Errorf("nothing in the file: got %+v", r)
	}
}

// first is the gate's own inspector.
type firstLook struct {
	report scan.Report
	err    error
}

func (f firstLook) Inspect(context.Context, artifact.File, ecosystem.IndexFile, []byte) (scan.Report, error) {
	return f.report, f.err
}
func (firstLook) Revision() string { return "own@1" }

func TestInspectorAddsToTheGatesOwn(t *testing.T) {
	a := asked(t, "demo-1.0.tar.gz", sdist(t, map[string]string{"setup.py": ""}))
	own := finding.Finding{Rule: "native-code", Class: finding.Honesty}
	look := func(first firstLook, c config.Scanner) (scan.Report, error) {
		s := newSet(t, c)
		s.options.Open = a.Open
		return s.Over(first).Inspect(t.Context(), a.File, ecosystem.IndexFile{}, nil)
	}
	r, err := look(firstLook{report: scan.Report{Findings: []finding.Finding{own}, Scanners: []string{"own@1"}}}, fake(t, "echo"))
	if err != nil || len(r.Findings) != 2 || r.Findings[1].Rule != "fake:got" || len(r.Scanners) != 2 || !strings.HasPrefix(r.Scanners[1], "fake@") {
		t.Errorf("got %+v, %v", r, err)
	}
	// What the gate's own walk refused is nobody else's to open.
	refused := finding.Finding{Rule: scan.RuleUnsafe, Class: finding.Integrity}
	r, err = look(firstLook{report: scan.Report{Findings: []finding.Finding{refused}}}, getting(fake(t, "echo"), getsArchive))
	if err != nil || len(r.Findings) != 2 || r.Findings[1].Class != finding.Fault {
		t.Errorf("an unsafe archive: got %+v, %v", r, err)
	}
	if r, err = look(firstLook{report: scan.Report{Findings: []finding.Finding{refused}}}, fake(t, "echo")); err != nil || r.Findings[1].Rule != "fake:got" {
		t.Errorf("a scanner that gets no bytes looks all the same: got %+v, %v", r, err)
	}
	// A fault that tomorrow's data may mend is not kept; another one is.
	elsewhere := fake(t, "exit")
	elsewhere.Refresh = config.Duration(time.Hour)
	if r, err = look(firstLook{}, elsewhere); err == nil || !strings.Contains(err.Error(), "exit code 3") {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, err = look(firstLook{}, fake(t, "exit")); err != nil || len(r.Findings) != 1 || r.Findings[0].Class != finding.Fault {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err = look(firstLook{err: errors.New("no worker")}, fake(t, "echo")); err == nil {
		t.Error("the gate's own inspector failed, and nobody says so")
	}
	if none := newSet(t).Over(firstLook{}); none.Revision() != "own@1" {
		t.Error("without scanners the revision changed")
	}
}

func TestRevision(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	revision := func(c config.Scanner) string {
		s := newSet(t, c)
		s.options.Now = func() time.Time { return now }
		return s.Over(firstLook{}).Revision()
	}
	base := revision(fake(t, "say", "x"))
	if !strings.HasPrefix(base, "own@1 fake@") || revision(fake(t, "say", "x")) != base {
		t.Errorf("got %q", base)
	}
	if revision(fake(t, "say", "y")) == base {
		t.Error("an argument changed, the revision did not")
	}
	// A tool that is replaced by another version at the same place.
	script := filepath.Join(t.TempDir(), "tool")
	versioned := config.Scanner{Name: "fake", Command: []string{script, "{sbom}"}, VersionCommand: []string{script, "--version"}, Gets: getsSBOM, Reads: readsSARIF, Class: "honesty"}
	seen := map[string]bool{}
	for _, v := range []string{"1.0", "2.0", "1.0"} {
		if err := os.WriteFile(script, []byte("#!/bin/sh\necho fake "+v+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		seen[revision(versioned)] = true
	}
	if len(seen) != 2 {
		t.Errorf("two versions of a tool have %d revisions", len(seen))
	}
	fresh := fake(t, "say", "x")
	fresh.Refresh = config.Duration(24 * time.Hour)
	today := revision(fresh)
	now = now.Add(11 * time.Hour)
	if revision(fresh) != today {
		t.Error("within a day the revision changed")
	}
	now = now.Add(2 * time.Hour)
	if revision(fresh) == today {
		t.Error("a day later the revision is the same")
	}
}

func TestSettingsThatCannotBeEnforced(t *testing.T) {
	with := func(f func(*config.Scanner)) func(*testing.T) config.Scanner {
		return func(t *testing.T) config.Scanner { c := fake(t, "say"); f(&c); return c }
	}
	preset := func(c config.Scanner) func(*testing.T) config.Scanner {
		return func(t *testing.T) config.Scanner { c.Name, c.Program = c.Preset, fake(t, "say").Command[0]; return c }
	}
	t.Setenv("GATEHOUSE_TEST_TOKEN", "x")
	token := map[string]string{"SNYK_TOKEN": "env:GATEHOUSE_TEST_TOKEN"}
	for _, tc := range []struct {
		make func(*testing.T) config.Scanner
		err  string
	}{
		{with(func(c *config.Scanner) { *c = getting(*c, getsArchive); c.Network = []string{"h.invalid:443"} }), "never gets a package's bytes"},
		{with(func(c *config.Scanner) { *c = getting(*c, getsFolder); c.Secrets = token }), "never gets a package's bytes"},
		{with(func(c *config.Scanner) { *c = getting(*c, "project") }), "gets: \"project\" is none"},
		{with(func(c *config.Scanner) { c.Arguments = nil }), "{sbom} is missing"},
		{with(func(c *config.Scanner) { c.Arguments = append(c.Arguments, "{archive}") }), "{archive} stands for nothing"},
		{with(func(c *config.Scanner) { c.Reads = "xml" }), "none of sarif"},
		{with(func(c *config.Scanner) { c.JSON = nil }), "json"},
		{with(func(c *config.Scanner) { c.JSON.Rule = "item." }), "json.rule"},
		{with(func(c *config.Scanner) { c.JSON.Rule = "1" }), "json.rule gives int"},
		{with(func(c *config.Scanner) { c.JSON.Items = "" }), "json.items is missing"},
		{with(func(c *config.Scanner) { c.JSON.Text = "nobody.knows" }), "json.text"},
		{with(func(c *config.Scanner) { c.Class = "fault" }), "class"},
		{with(func(c *config.Scanner) { c.Class = "" }), "class"},
		{with(func(c *config.Scanner) { c.Severity = map[string]string{"BAD": "awful"} }), "severity.BAD"},
		{with(func(c *config.Scanner) { c.ExitCodes = []int{256} }), "exit_codes"},
		{with(func(c *config.Scanner) { c.Ecosystems = []string{"conda"} }), "not served by this version; it serves cargo, golang, npm, pypi"},
		{with(func(c *config.Scanner) {
			c.Gets, c.Command, c.Arguments, c.Ecosystems = "requirements", []string{c.Command[0], "{requirements}"}, nil, []string{"npm"}
		}), "no requirements of pip's form"},
		{with(func(c *config.Scanner) { c.Folders = []string{"/gatehouse-none-such"} }), "no folder here"},
		{with(func(c *config.Scanner) { c.Program = "gatehouse-none-such" }), "not installed here"},
		{with(func(c *config.Scanner) { c.VersionCommand = []string{"/usr/bin/other"} }), "the same program"},
		{with(func(c *config.Scanner) { c.VersionCommand = []string{c.Command[0], "{sbom}"} }), "stands for nothing"},
		{with(func(c *config.Scanner) { c.VersionCommand = []string{c.Command[0], "fake", "exit"} }), "asking"},
		{with(func(c *config.Scanner) { c.Command = nil }), "say which program"},
		{preset(config.Scanner{Preset: "magic"}), "none of bandit, guarddog, guarddog-crates, guarddog-go, guarddog-npm, osv-scanner, pip-audit, snyk"},
		{preset(config.Scanner{Preset: "pip-audit"}), "name the host"},
		{preset(config.Scanner{Preset: "osv-scanner"}), "--offline"},
		{preset(config.Scanner{Preset: "snyk", Network: []string{"h.invalid:443"}}), "SNYK_TOKEN"},
		{preset(config.Scanner{Preset: "snyk", Secrets: token}), "name the host"},
		{preset(config.Scanner{Preset: "guarddog", Network: []string{"h.invalid:443"}}), "never gets a package's bytes"},
	} {
		c := tc.make(t)
		_, err := New(t.Context(), []config.Scanner{c}, Options{Ecosystems: served, Runs: 1, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), "scanners."+c.Name) {
			t.Errorf("got %v, want an error of %s with %q", err, c.Name, tc.err)
		}
	}
}

func TestPresetIsOverriddenFieldByField(t *testing.T) {
	c, err := withPreset(config.Scanner{Preset: "bandit", Severity: map[string]string{"HIGH": "high"}, JSON: &config.ScannerJSON{Faults: "[]"}, Class: "malware"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Severity["HIGH"] != "high" || c.Severity["MEDIUM"] != "low" || c.JSON.Faults != "[]" || c.JSON.Items != "out.results" || c.Class != "malware" || c.Gets != getsFolder {
		t.Errorf("got %+v, %+v", c, c.JSON)
	}
	if presets["bandit"].Severity["HIGH"] != "medium" || presets["bandit"].JSON.Faults == "[]" {
		t.Error("the preset itself changed")
	}
	for name, p := range presets {
		c := withDefaults(p.Scanner)
		if err := check(c, served); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := compileJSON(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInstalled(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"venv/bin", "python/bin", "js/node_modules/snyk/bin", "js/node_modules/.bin", "lone"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := func(to, name string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("venv/pyvenv.cfg", "home = "+filepath.Join(dir, "python/bin")+"\nversion = 3.14.0\n")
	link(write("python/bin/python3.14", ""), "venv/bin/python")
	write("js/node_modules/snyk/bin/snyk", "")
	for _, tc := range []struct {
		program string
		want    []string
		why     string
	}{
		{write("venv/bin/bandit", "#!"), []string{"venv", "python"}, "an environment and what it was made of"},
		{link("../snyk/bin/snyk", "js/node_modules/.bin/snyk"), []string{"js/node_modules"}, "all modules beside it"},
		{write("lone/tool", ""), []string{"lone/tool"}, "one program alone"},
		{"/usr/bin/env", nil, "system software is there anyway"},
	} {
		var got []string
		for _, p := range installed(tc.program) {
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rel)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q (%s)", tc.program, got, tc.want, tc.why)
		}
	}
}

func TestPlainName(t *testing.T) {
	for name, want := range map[string]bool{
		"demo-1.0.tar.gz": true, "demo-1.0+cu12-cp314-cp314-linux_x86_64.whl": true,
		"": false, "-rf": false, ".bandit": false, "a/b": false, "a b": false, "a\nb": false, "ä": false, "empty": false,
	} {
		if plainName(name) != want {
			t.Errorf("%q: got %t", name, !want)
		}
	}
}
