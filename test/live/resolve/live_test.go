//go:build live

// Package resolve_test holds the resolver to what uv and pip resolve, against the
// index that the installed pip uses. It needs the network and the clients that
// `make clients` installs, named by GATEHOUSE_TEST_CLIENTS, and takes minutes.
//
// Answers of the index are kept under the system's temporary folder for the next
// run. For each set of requirements it prints how many versions agree, each
// difference, and the CPU time (user and system) of uv, of pip and of this
// resolver.
package resolve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/resolve"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

var target = ecosystem.Target{Python: "3.11.7", Platform: "x86_64-manylinux_2_28"}

var sets = []struct {
	name  string
	lines []string
}{
	{"flask-celery", []string{"flask", "celery"}},
	{"fastapi-pandas-boto3", []string{"fastapi[standard]", "pandas", "boto3"}},
	{"jupyterlab-streamlit-sklearn", []string{"jupyterlab", "streamlit", "scikit-learn"}},
	{"django-drf-celery", []string{"django>=4.2,<5", "djangorestframework", "celery[redis]", "django-cors-headers"}},
	{"poetry", []string{"poetry"}},
	{"ansible-core", []string{"ansible-core", "ansible-lint"}},
	{"sphinx", []string{"sphinx", "sphinx-rtd-theme", "myst-parser"}},
	{"black-mypy-pytest", []string{"black", "mypy", "pytest", "pytest-cov", "ruff", "tox"}},
	{"requests-httpx", []string{"requests[socks]", "httpx[http2]", "aiohttp", "urllib3<2"}},
	{"sqlalchemy-alembic-psycopg", []string{"sqlalchemy[asyncio]", "alembic", "psycopg[binary,pool]", "pydantic-settings"}},
	{"opentelemetry", []string{"opentelemetry-api", "opentelemetry-sdk", "opentelemetry-exporter-otlp", "opentelemetry-instrumentation-flask", "opentelemetry-instrumentation-requests"}},
	{"flask-old", []string{"flask<2", "jinja2<3", "itsdangerous<2.1", "flask-sqlalchemy", "flask-login", "werkzeug<1.1"}},
	{"langchain", []string{"langchain", "langchain-openai", "langchain-community", "tiktoken"}},
	// These need to go back, or choose between two packages that limit each other.
	{"starlette-fastapi", []string{"starlette<0.37", "fastapi"}},
	{"tensorflow-numba", []string{"pandas", "numba", "tensorflow-cpu==2.12.0"}},
	{"jupyter-old", []string{"notebook<7", "jupyterlab<4", "nbconvert<6.5", "traitlets<5.10"}},
	{"typer-click-black", []string{"typer<0.9", "click<8.1", "black", "flask"}},
	{"moto-boto3-werkzeug", []string{"moto[s3,sqs]", "boto3<1.30", "werkzeug<2.3", "flask"}},
	{"streamlit-old", []string{"streamlit<1.20", "altair", "protobuf<5", "pandas"}},
}

func TestSameAsUvAndPip(t *testing.T) {
	tools := install(t)
	up := openUpstream(t, tools)
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			uv, uvCold := tools.uv(t, simpleURL(t, tools), target, set.lines)
			_, uvWarm := tools.uv(t, simpleURL(t, tools), target, set.lines)
			pip, pipCost := tools.pip(t, simpleURL(t, tools), set.lines)
			ours, cold := resolveHere(t, up, target, set.lines)
			_, warm := resolveHere(t, up, target, set.lines)
			compare(t, "uv", ours, uv)
			compare(t, "pip", ours, pip)
			t.Logf("%d versions; CPU again: here %v, uv %v; first time: here %v, uv %v, pip %v", len(ours), warm, uvWarm, cold, uvCold, pipCost)
		})
	}
}

// TestSameAsUvElsewhere resolves for machines that this one is not; pip cannot
// do that as faithfully, so uv alone is the measure.
func TestSameAsUvElsewhere(t *testing.T) {
	tools := install(t)
	up := openUpstream(t, tools)
	for _, target := range []ecosystem.Target{
		{Python: "3.13.1", Platform: "x86_64-pc-windows-msvc"},
		{Python: "3.12.4", Platform: "aarch64-apple-darwin"},
		{Python: "3.10.14", Platform: "aarch64-manylinux_2_28"},
	} {
		for _, set := range sets[:5] {
			t.Run(target.Python+"-"+target.Platform+"/"+set.name, func(t *testing.T) {
				uv, _ := tools.uv(t, simpleURL(t, tools), target, set.lines)
				ours, _ := resolveHere(t, up, target, set.lines)
				compare(t, "uv", ours, uv)
			})
		}
	}
}

// BenchmarkResolve resolves each set from answers kept by an earlier run of
// TestSameAsUvAndPip.
func BenchmarkResolve(b *testing.B) {
	tools := install(b)
	up := openUpstream(b, tools)
	for _, set := range sets {
		b.Run(set.name, func(b *testing.B) {
			for b.Loop() {
				resolveHere(b, up, target, set.lines)
			}
		})
	}
}

// compare prints how many versions agree, and fails for each that does not.
func compare(t testing.TB, who string, ours, theirs map[string]string) {
	t.Helper()
	names := maps.Clone(ours)
	maps.Copy(names, theirs)
	same := 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if ours[name] == theirs[name] {
			same++
			continue
		}
		t.Errorf("%s: here %q, %s %q", name, ours[name], who, theirs[name])
	}
	t.Logf("%s: %d of %d agree", who, same, len(names))
}

func resolveHere(t testing.TB, up ecosystem.Upstream, target ecosystem.Target, lines []string) (map[string]string, time.Duration) {
	t.Helper()
	m := manifestOf(t, lines)
	before := cpu(t)
	rs, err := resolve.Resolve(context.Background(), up, []*ecosystem.Manifest{m}, target)
	spent := cpu(t) - before
	if err != nil {
		t.Fatalf("resolving %v: %v", lines, err)
	}
	out := map[string]string{}
	for _, r := range rs {
		if !r.Build { // neither uv nor pip says what it builds with
			out[r.Version.Package.Name] = normal(t, r.Version.Number)
		}
	}
	return out, spent
}

func manifestOf(t testing.TB, lines []string) *ecosystem.Manifest {
	t.Helper()
	m := &ecosystem.Manifest{Path: "requirements.txt", Format: "requirements.txt"}
	for i, line := range lines {
		q, err := pep508.ParseRequirement(line)
		if err != nil {
			t.Fatal(err)
		}
		m.Requirements = append(m.Requirements, ecosystem.Requirement{
			Package: artifact.Package{Ecosystem: artifact.PyPI, Name: pep503.Normalize(q.Name)},
			Written: line, Spec: q.Specifiers.String(), Extras: q.Extras,
			At: finding.Location{File: m.Path, Line: i + 1},
		})
	}
	return m
}

func normal(t testing.TB, number string) string {
	t.Helper()
	v, err := pep440.Parse(number)
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tools is a folder with the programs of a virtual environment.
type tools string

func home(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-live-resolve-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// install gives the folder of the installed clients, and makes their Python the
// one that is resolved for: pip resolves for the Python it runs on.
func install(t testing.TB) tools {
	t.Helper()
	bin := tools(os.Getenv("GATEHOUSE_TEST_CLIENTS"))
	if bin == "" {
		t.Fatal("GATEHOUSE_TEST_CLIENTS names no folder with the real clients; run: make live")
	}
	version, _ := run(t, exec.Command(filepath.Join(string(bin), "python"), "-c", "import platform; print(platform.python_version())"))
	target.Python = strings.TrimSpace(version)
	return bin
}

// openUpstream reads the index with the program's own client. The index may be a
// mirror that answers for its file hosts too.
func openUpstream(t testing.TB, bin tools) *pypi.Upstream {
	t.Helper()
	index := simpleURL(t, bin)
	host, err := fetch.HostPort(index)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{UserAgent: "gatehouse/test", Upstreams: []string{host}, Mirrors: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	up, err := pypi.OpenUpstream(adapter.UpstreamConfig{Name: "live", BaseURL: index, Client: client, CacheDir: filepath.Join(home(t), "index"), TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// simpleURL asks the installed pip which index it uses.
func simpleURL(t testing.TB, bin tools) string {
	t.Helper()
	out, _ := run(t, exec.Command(filepath.Join(string(bin), "python"), "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"))
	return strings.TrimRight(strings.TrimSpace(out), "/") + "/"
}

func (bin tools) uv(t testing.TB, index string, target ecosystem.Target, lines []string) (map[string]string, time.Duration) {
	t.Helper()
	in := write(t, lines)
	out, spent := run(t, exec.Command(filepath.Join(string(bin), "uv"), "pip", "compile", "-q", "--no-config", "--no-header", "--no-annotate",
		"--default-index", index, "--cache-dir", filepath.Join(home(t), "uv"), "--python", filepath.Join(string(bin), "python"),
		"--python-version", target.Python, "--python-platform", target.Platform, in))
	pinned := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)`).FindAllStringSubmatch(out, -1) {
		pinned[pep503.Normalize(m[1])] = normal(t, m[2])
	}
	return pinned, spent
}

func (bin tools) pip(t testing.TB, index string, lines []string) (map[string]string, time.Duration) {
	t.Helper()
	in := write(t, lines)
	out, spent := run(t, exec.Command(filepath.Join(string(bin), "pip"), "install", "-q", "--isolated", "--dry-run", "--ignore-installed",
		"--index-url", index, "--cache-dir", filepath.Join(home(t), "pip"), "--report", "-", "-r", in))
	var report struct {
		Install []struct {
			Metadata struct{ Name, Version string }
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("reading pip's report: %v", err)
	}
	pinned := map[string]string{}
	for _, i := range report.Install {
		pinned[pep503.Normalize(i.Metadata.Name)] = normal(t, i.Metadata.Version)
	}
	return pinned, spent
}

func write(t testing.TB, lines []string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "requirements.in")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// run gives a command's output and the CPU time that it and its children took.
func run(t testing.TB, c *exec.Cmd) (string, time.Duration) {
	t.Helper()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PIP_FIND_LINKS=") && !strings.HasPrefix(v, "UV_FIND_LINKS=") && !strings.HasPrefix(v, "PYTHONPATH=") {
			c.Env = append(c.Env, v)
		}
	}
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("running %s: %v\n%s", strings.Join(c.Args, " "), err, errs.String())
	}
	return string(out), c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}
