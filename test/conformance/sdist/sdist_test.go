//go:build conformance

// Package sdist holds the reading of an sdist's static files to Python's own: the
// lines of setup.cfg to configparser, and what vouches for a project's
// requirements to what setuptools writes when it builds that project. The
// projects are this test's own and do nothing. Run it with
//
//	GATEHOUSE_TEST_PYTHON=/path/to/python go test -tags conformance ./test/conformance/sdist/
//
// where that Python has setuptools 77 or newer. Without it the test fails.
package sdist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// question is one case for read.py.
type question struct {
	INI   *string           `json:"ini,omitempty"`
	Files map[string]string `json:"files,omitempty"`
}

// ask gives Python's answers; nil where it fails.
func ask(t *testing.T, questions []question) [][]string {
	t.Helper()
	python := os.Getenv("GATEHOUSE_TEST_PYTHON")
	if python == "" {
		t.Fatal("GATEHOUSE_TEST_PYTHON is not set: name a Python that has setuptools 77 or newer")
	}
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(python, "-I", "read.py")
	c.Stdin = bytes.NewReader(in)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("running read.py: %v\n%s", err, errs.String())
	}
	var answers [][]string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a []string
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("reading %q: %v", lines.Text(), err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions\n%s", len(answers), len(questions), errs.String())
	}
	return answers
}

// pieces are what lines of a setup.cfg are made of.
var pieces = []string{
	"[options]", "[other]", "[options] x", "[DEFAULT]", "install_requires", "install_requires =", "install_requires: a", "install_requires = b",
	"other = c", "=", ":", " ", "  ", "\t", "a", "b>=1", "c; os_name == 'nt'", "# d", "; e", "a # f", "", "", "\r", "\u00a0", "\u2028", "\x0b", "\x1f", "[x", "]",
}

func TestSetupConfigAgainstConfigparser(t *testing.T) {
	const cases = 30_000
	r := rand.New(rand.NewPCG(1, 2))
	questions := make([]question, cases)
	for i := range questions {
		text := "[options]\ninstall_requires ="
		if r.IntN(4) == 0 {
			text = ""
		}
		for range 1 + r.IntN(7) {
			text += "\n"
			for range r.IntN(4) {
				text += pieces[r.IntN(len(pieces))]
			}
		}
		questions[i].INI = &text
	}
	same, stricter := 0, 0
	for i, want := range ask(t, questions) {
		text := *questions[i].INI
		c, err := dist.ParseSetupConfig([]byte(text))
		if err != nil || c.Elsewhere != "" {
			if want != nil {
				stricter++
			}
			continue
		}
		if want == nil {
			t.Errorf("%q: read here as %q, configparser refuses it", text, c.RequiresDist)
			continue
		}
		same++
		if !slices.Equal(names(t, c.RequiresDist), names(t, want)) {
			t.Errorf("%q: read here as %q, by Python as %q", text, c.RequiresDist, want)
		}
	}
	t.Logf("%d read alike, %d that only Python reads", same, stricter)
	if same < cases/20 {
		t.Errorf("only %d of %d were compared", same, cases)
	}
}

func names(t *testing.T, requirements []string) []string {
	t.Helper()
	var out []string
	for _, text := range requirements {
		q, err := pep508.ParseRequirement(text)
		if err != nil {
			return append(out, "not a requirement: "+text)
		}
		out = append(out, pep503.Normalize(q.Name)+q.Specifiers.String())
	}
	return out
}

func TestStaticAgainstABuild(t *testing.T) {
	const (
		backend = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
		table   = "[project]\nname = 'demo'\nversion = '1.0'\n"
		about   = "[metadata]\nname = demo\nversion = 1.0\n"
	)
	projects := []map[string]string{
		{"pyproject.toml": backend + table},
		{"pyproject.toml": backend + table + "dependencies = ['A.b>=1,<2', 'c[x,y]', 'd; os_name == \"nt\" or python_version < \"3\"']\n"},
		{"pyproject.toml": backend + table + "dependencies = ['a @ https://files.invalid/a-1-py3-none-any.whl']\n"},
		{"pyproject.toml": backend + table + "dependencies = ['a']\n[project.optional-dependencies]\nx = ['b~=1.0', 'c; os_name == \"nt\" or python_version < \"3\"']\nDev_Tools = ['demo[x]']\n"},
		{"pyproject.toml": backend + table + "dependencies = ['a']\n", "setup.py": "from setuptools import setup\nsetup(install_requires=['other'])\n"},
		{"pyproject.toml": backend + table + "dependencies = ['a']\n", "setup.cfg": "[options]\ninstall_requires = other\n"},
		{"pyproject.toml": backend, "setup.cfg": about + "[options]\ninstall_requires = a\n"},
		{"pyproject.toml": backend, "setup.cfg": about + "[options]\ninstall_requires =\n  a>=1 \n\n  # b\n  c; os_name == 'nt'\n[options.extras_require]\nx =\n  d\nY.z = e; sys_platform == 'linux'\n  f[g]\n"},
		{"pyproject.toml": backend, "setup.cfg": about},
	}
	var questions []question
	for _, p := range projects {
		questions = append(questions, question{Files: p})
	}
	for i, want := range ask(t, questions) {
		if want == nil {
			t.Errorf("%v cannot be built: nothing was compared", projects[i])
			continue
		}
		s := sourceOf(t, projects[i])
		if s.Static == "" {
			t.Errorf("%v: nothing vouches: %s", projects[i], s.Why)
			continue
		}
		if got, want := meaning(t, s.RequiresDist), meaning(t, want); !slices.Equal(got, want) {
			t.Errorf("%v:\nread here %q\nbuilt     %q", projects[i], got, want)
		}
	}
}

// sourceOf reads a project as an sdist that an old tool made of it.
func sourceOf(t *testing.T, files map[string]string) *ecosystem.Source {
	t.Helper()
	p, err := dist.ParseFileName(artifact.File{Name: "demo-1.0.tar.gz", Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := dist.NewReader(p)
	r.Add("demo-1.0/PKG-INFO", []byte("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"))
	for name, body := range files {
		r.Add("demo-1.0/"+name, []byte(body))
	}
	c := r.Finish()
	if c.Metadata == nil {
		t.Fatalf("no metadata: %+v", c.Problems)
	}
	return c.Metadata.Source
}

// meaning says for which extras on which machines each requirement holds: tools
// write one marker in many ways.
func meaning(t *testing.T, requirements []string) []string {
	t.Helper()
	var out []string
	for _, text := range requirements {
		q, err := pep508.ParseRequirement(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		slices.Sort(q.Extras)
		specifiers := strings.Split(q.Specifiers.String(), ",")
		slices.Sort(specifiers)
		line := fmt.Sprintf("%s%q%q%s:", pep503.Normalize(q.Name), q.Extras, specifiers, q.URL)
		for _, platform := range []string{"x86_64-manylinux_2_28", "x86_64-pc-windows-msvc"} {
			env, err := pep508.For(ecosystem.Target{Python: "3.12.4", Platform: platform})
			if err != nil {
				t.Fatal(err)
			}
			for _, extra := range []string{"", "x", "y-z", "dev-tools"} {
				line += fmt.Sprintf(" %t", q.Marker.Eval(env, extra))
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}
