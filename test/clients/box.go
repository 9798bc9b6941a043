package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a program may take.
const patience = 3 * time.Minute

// Box is one person's machine: a home folder, a project folder, an environment
// without a single setting of a client.
type Box struct {
	T    *testing.T
	Home string
	Work string   // the folder that programs run in
	Env  []string // all of the environment
}

// NewBox makes a machine that nobody has used yet.
func NewBox(t *testing.T) *Box {
	t.Helper()
	home := t.TempDir()
	work := filepath.Join(home, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	return &Box{T: t, Home: home, Work: work, Env: []string{
		"HOME=" + home, "PATH=" + Folder + string(os.PathListSeparator) + os.Getenv("PATH"), "LANG=C.UTF-8", "TMPDIR=" + t.TempDir(), "NO_COLOR=1",
		// Where poetry puts an environment is not what is tested; that it brings no
		// pip of its own saves a second a case.
		"POETRY_VIRTUALENVS_IN_PROJECT=true", "POETRY_VIRTUALENVS_OPTIONS_NO_PIP=true", "POETRY_NO_INTERACTION=1",
		// The keyring would ask for a desktop.
		"PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring",
	}}
}

// Path is where a file of the project folder is.
func (b *Box) Path(name string) string { return filepath.Join(b.Work, name) }

// Write puts a file into the project folder.
func (b *Box) Write(name, content string) {
	b.T.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Path(name)), 0o755); err != nil {
		b.T.Fatal(err)
	}
	if err := os.WriteFile(b.Path(name), []byte(content), 0o644); err != nil {
		b.T.Fatal(err)
	}
}

// Read gives the content of a file of the project folder.
func (b *Box) Read(name string) string {
	b.T.Helper()
	content, err := os.ReadFile(b.Path(name))
	if err != nil {
		b.T.Fatal(err)
	}
	return string(content)
}

// Run runs a program in the project folder: a client by its name, others by their
// path. Its standard input is empty.
func (b *Box) Run(program string, args ...string) Result {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.T.Context(), patience)
	defer cancel()
	if !filepath.IsAbs(program) {
		program = filepath.Join(Folder, program)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = b.Work, b.Env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		b.T.Fatalf("running %s: %v\n%s%s", program, err, stdout.String(), stderr.String())
	}
	return Result{Args: append([]string{filepath.Base(program)}, args...), Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Output: stdout.String() + stderr.String()}
}

// Venv makes an empty virtual environment, without pip.
func (b *Box) Venv() {
	b.T.Helper()
	if _, err := os.Stat(b.Path(".venv")); err == nil {
		return
	}
	b.Run("uv", "venv", "--quiet", "--no-python-downloads", "--python", Python, ".venv").OK(b.T)
}

// Installed gives the version of a package in the project's environment, "" when
// it is not there.
func (b *Box) Installed(name string) string {
	b.T.Helper()
	found, err := filepath.Glob(b.Path(".venv/lib/*/site-packages/" + strings.ReplaceAll(name, "-", "_") + "-*.dist-info"))
	if err != nil {
		b.T.Fatal(err)
	}
	if len(found) == 0 {
		return ""
	}
	base := strings.TrimSuffix(filepath.Base(found[0]), ".dist-info")
	return base[strings.LastIndex(base, "-")+1:]
}

// Wants asks that a version is installed; "" that none is.
func (b *Box) Wants(name, version string) {
	b.T.Helper()
	if got := b.Installed(name); got != version {
		b.T.Errorf("installed %s %q, want %q", name, got, version)
	}
}

// Keep reads those of the files that are there.
func (b *Box) Keep(names ...string) map[string]string {
	b.T.Helper()
	out := map[string]string{}
	for _, name := range names {
		if _, err := os.Stat(b.Path(name)); err == nil {
			out[name] = b.Read(name)
		}
	}
	return out
}

// Result is how a program ended and what it wrote. Its methods end or fail the
// test when that is not what was wanted, and give the result back.
type Result struct {
	Args   []string // the program's name first
	Code   int
	Stdout string
	Output string // standard output, then standard error
}

// String is what stood on the screen.
func (r Result) String() string {
	return fmt.Sprintf("$ %s\nexit %d\n%s", strings.Join(r.Args, " "), r.Code, r.Output)
}

// OK asks for exit code 0.
func (r Result) OK(t *testing.T) Result {
	t.Helper()
	if r.Code != 0 {
		t.Fatalf("want exit 0:\n%s", r)
	}
	return r
}

// Exits asks for one exit code.
func (r Result) Exits(t *testing.T, code int) Result {
	t.Helper()
	if r.Code != code {
		t.Fatalf("want exit %d:\n%s", code, r)
	}
	return r
}

// Fails asks for any exit code but 0.
func (r Result) Fails(t *testing.T) Result {
	t.Helper()
	if r.Code == 0 {
		t.Fatalf("want a failure:\n%s", r)
	}
	return r
}

// Says asks that the words stand in the output, however the client wraps lines.
func (r Result) Says(t *testing.T, words ...string) Result {
	t.Helper()
	flat := flatten(r.Output)
	for _, w := range words {
		if !strings.Contains(flat, flatten(w)) {
			t.Errorf("the output does not say %q:\n%s", w, r)
		}
	}
	return r
}

// SaysNot asks that none of the words stand in the output.
func (r Result) SaysNot(t *testing.T, words ...string) Result {
	t.Helper()
	flat := flatten(r.Output)
	for _, w := range words {
		if strings.Contains(flat, flatten(w)) {
			t.Errorf("the output says %q:\n%s", w, r)
		}
	}
	return r
}

// flatten takes out all white space and the rules that clients draw beside
// wrapped text.
func flatten(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n│╰─▶├", r) {
			return -1
		}
		return r
	}, s)
}
