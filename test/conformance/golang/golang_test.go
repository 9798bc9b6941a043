//go:build conformance

// Package golang_test runs the real go command against the real binary, with a stub
// module proxy and a checksum database behind it, and holds what a person sees to
// what was promised them. Everything is on loopback. It needs
// GATEHOUSE_TEST_BINARY and the clients that `make conformance` names, and a go
// command on the PATH. What is missing fails.
package golang_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

var (
	goCommand  string // where it is
	buildCache string // of this machine: compiling the standard library anew in each case says nothing
)

func TestMain(m *testing.M) {
	err := clients.Find()
	if err == nil {
		goCommand, err = exec.LookPath("go")
	}
	var out []byte
	if err == nil {
		out, err = exec.Command(goCommand, "env", "GOCACHE").Output()
	}
	buildCache = strings.TrimSpace(string(out))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	mod = "example.invalid/mod"
	Dep = "example.invalid/Dep" // a capital letter, which a request escapes
)

// world is a gate over a module proxy, and a machine with a go command.
type world struct {
	*clients.Server
	*clients.Box
	t     *testing.T
	proxy *stub.GoProxy
	flags []string // of the gate's own commands
}

// newBox is a machine whose go command counts nothing: it would do so after its end,
// in a folder that is being removed.
func newBox(t *testing.T) *clients.Box {
	t.Helper()
	b := clients.NewBox(t)
	write(t, filepath.Join(b.Home, ".config", "go", "telemetry", "mode"), "off")
	return b
}

// newWorld has Dep, mod 1.0.0 which is good and mod 1.1.0, which has an advisory and
// is presented as asked.
func newWorld(t *testing.T, present string) *world {
	t.Helper()
	w := &world{t: t, Box: newBox(t), proxy: stub.NewGoProxy(t)}
	good := "module " + mod + "\n\ngo 1.20\n\nrequire " + Dep + " v1.0.0\n"
	w.proxy.Put(t,
		stub.GoModule{Path: Dep, Version: "v1.0.0", GoMod: "module " + Dep + "\n\ngo 1.20\n", Files: map[string]string{"dep.go": "package Dep\n\nconst Name = \"dep\"\n"}},
		stub.GoModule{Path: mod, Version: "v1.0.0", GoMod: good, Files: map[string]string{"mod.go": "package mod\n\nimport dep \"" + Dep + "\"\n\nconst Name = \"mod and \" + dep.Name\n"}},
		stub.GoModule{Path: mod, Version: "v1.1.0", GoMod: good, Files: map[string]string{"mod.go": "package mod\n\nconst Name = \"bad\"\n"}},
	)
	dir := t.TempDir()
	config, osv := filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "osv")
	write(t, config, fmt.Sprintf("upstreams: [{name: stub, ecosystem: golang, url: %q, ttl: 1ms, options: {sumdb: %q}}]\ninternal_names: [\"golang:example.invalid/ours*\"]\nregistries: {main: {present: %s}}\n", w.proxy.URL(), w.proxy.Key(), present))
	write(t, filepath.Join(osv, "Go", "TEST-2026-1.json"), advisory(t, mod, "1.1.0"))
	w.flags = []string{"--data", filepath.Join(dir, "data"), "--config", config}
	w.cli("advisories", "sync", "--from", osv).OK(t)
	w.Server = clients.Serve(t, w.Box, w.flags...)
	w.Env = append(w.Env, "GOPROXY="+w.URL+"/go", "GOSUMDB="+w.proxy.Key(), "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local",
		"GOMODCACHE="+filepath.Join(w.Home, "mod"), "GOCACHE="+buildCache, "CGO_ENABLED=0")
	w.Write("go.mod", "module example.invalid/own\n\ngo 1.24\n")
	w.Write("main.go", "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.invalid/mod\"\n)\n\nfunc main() { fmt.Println(mod.Name) }\n")
	return w
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func advisory(t *testing.T, name, introduced string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"schema_version": "1.6.7", "id": "TEST-2026-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "summary": "made up for a test",
		"severity": []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
		"affected": []map[string]any{{"package": map[string]string{"ecosystem": "Go", "name": name}, "ranges": []map[string]any{{"type": "SEMVER", "events": []map[string]string{{"introduced": introduced}}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// cli runs a command of the gate.
func (w *world) cli(args ...string) clients.Result {
	return w.Run(clients.Binary, append(append([]string{}, w.flags...), args...)...)
}

// with runs go with further environment.
func (w *world) with(env []string, args ...string) clients.Result {
	box := *w.Box
	box.Env = append(append([]string{}, w.Env...), env...)
	return box.Run(goCommand, args...)
}

func (w *world) shows(r clients.Result, words ...string) {
	w.t.Helper()
	w.t.Logf("exit %d: %s", r.Code, strings.TrimSpace(r.Output))
	for _, word := range words {
		if !strings.Contains(r.Output, word) {
			w.t.Errorf("it does not say %q", word)
		}
	}
}

// TestGood: the newest good version comes with what it needs, vouched for by the
// database that the gate passes on, and builds.
func TestGood(t *testing.T) {
	for _, present := range []string{"soft", "hide"} {
		t.Run(present, func(t *testing.T) {
			w := newWorld(t, present)
			w.with(nil, "get", mod+"@latest").OK(t)
			if got := w.Read("go.mod"); !strings.Contains(got, mod+" v1.0.0") || !strings.Contains(got, Dep+" v1.0.0") {
				t.Errorf("go.mod is\n%s", got)
			}
			w.with(nil, "mod", "tidy").OK(t)
			if got := w.Read("go.sum"); strings.Count(got, "h1:") != 4 {
				t.Errorf("go.sum is\n%s", got)
			}
			if r := w.with(nil, "run", "."); r.Code != 0 || !strings.Contains(r.Output, "mod and dep") {
				w.shows(r, "mod and dep")
			}
			if r := w.with(nil, "list", "-m", "-versions", mod); strings.Contains(r.Output, "v1.1.0") || !strings.Contains(r.Output, "v1.0.0") {
				w.shows(r, "v1.0.0 alone")
			}
			w.with(nil, "mod", "verify").OK(t)
		})
	}
}

// TestExactPin: the reason is shown, with commas and with bars, and no other proxy of
// a list with commas is asked.
func TestExactPin(t *testing.T) {
	w := newWorld(t, "soft")
	var asked atomic.Int64
	behind := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(rw, r)
	}))
	defer behind.Close()
	w.shows(w.with(nil, "get", mod+"@v1.1.0"), "use v1.0.0") // though nobody asked about that one yet
	w.with(nil, "get", mod+"@v1.0.0").OK(t)
	r := w.with([]string{"GOPROXY=" + w.URL + "/go," + behind.URL}, "get", mod+"@v1.1.0")
	w.shows(r, "403", "TEST-2026-1", w.URL+"/d/")
	if r.Code == 0 || asked.Load() != 0 {
		t.Errorf("exit %d, and the next proxy was asked %d times", r.Code, asked.Load())
	}
	r = w.with([]string{"GOPROXY=" + w.URL + "/go|" + behind.URL}, "get", mod+"@v1.1.0")
	if r.Code == 0 || asked.Load() == 0 {
		t.Errorf("exit %d: a list with bars goes on after every answer, as docs/go.md says; asked %d times", r.Code, asked.Load())
	}
	// A go.mod that names it already.
	w.Write("go.mod", "module example.invalid/own\n\ngo 1.24\n\nrequire "+mod+" v1.1.0\n")
	w.shows(w.with([]string{"GOFLAGS=-mod=mod -modcacherw"}, "build", "."), "TEST-2026-1")
}

// TestAbsent: what does not exist is not refused, and parents of a path are not
// either.
func TestAbsent(t *testing.T) {
	w := newWorld(t, "soft")
	w.shows(w.with(nil, "get", "example.invalid/nothing@latest"), "not found", "404")
	w.shows(w.with(nil, "get", mod+"/sub/package@latest"), "does not contain package")
	w.shows(w.with(nil, "get", mod+"@v1.7.0"), "not found")
}

// TestHard lists what is refused; the go command takes it and is told why not.
func TestHard(t *testing.T) {
	w := newWorld(t, "hard")
	w.shows(w.with(nil, "list", "-m", "-versions", mod), "v1.0.0 v1.1.0")
	w.shows(w.with(nil, "get", mod+"@latest"), "403", "TEST-2026-1")
}

// TestForgedZip: the proxy has other bytes than the database says. The go command
// would find that too, unless it was told not to look; the gate always does.
func TestForgedZip(t *testing.T) {
	w := newWorld(t, "soft")
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0", GoMod: "module " + mod + "\n\ngo 1.20\n\nrequire " + Dep + " v1.0.0\n", Files: map[string]string{"mod.go": "package mod\n\nconst Name = \"forged\"\n"}})
	w.shows(w.with([]string{"GONOSUMDB=*"}, "mod", "download", mod+"@v1.0.0"), "403", "checksum database")
	w.with([]string{"GONOSUMDB=*"}, "mod", "download", Dep+"@v1.0.0").OK(t)
}

// TestOwnNames: the checksum database is never asked about them.
func TestOwnNames(t *testing.T) {
	w := newWorld(t, "soft")
	resp, err := http.Get(w.URL + "/go/sumdb/" + stub.GoDatabase + "/lookup/example.invalid/ours@v1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("the lookup of a name of our own: %s", resp.Status)
	}
	w.with([]string{"GONOSUMDB=example.invalid/ours*", "GONOPROXY=none"}, "get", "example.invalid/ours@latest")
	for _, path := range w.proxy.Requests() {
		if strings.Contains(path, "ours") {
			t.Errorf("outside was asked for %s", path)
		}
	}
}

// TestOwnModule: a tag of a repository becomes a version that teams build with.
func TestOwnModule(t *testing.T) {
	w := newWorld(t, "soft")
	const own = "example.invalid/ours/Lib"
	w.Write("repo/go.mod", "module "+own+"\n\ngo 1.20\n")
	w.Write("repo/lib.go", "package lib\n\nconst Name = \"ours\"\n")
	for _, args := range [][]string{{"init", "-q", "repo"}, {"-C", "repo", "add", "."}, {"-C", "repo", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-q", "-m", "one"}, {"-C", "repo", "tag", "v1.0.0"}} {
		w.Run("/usr/bin/env", append([]string{"git"}, args...)...).OK(t)
	}
	w.cli("module-zip", "repo", own+"@v1.0.0", "-o", "lib.zip").OK(t)
	token := strings.TrimSpace(w.cli("token", "create", "--role", "publisher", "--name", "ci").OK(t).Stdout)
	req, err := http.NewRequest(http.MethodPut, w.URL+"/go/example.invalid/ours/!lib/@v/v1.0.0.zip", strings.NewReader(w.Read("lib.zip")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", resp.Status, b, err)
	}
	env := []string{"GONOSUMDB=example.invalid/ours/*", "GONOPROXY=none"}
	w.shows(w.with(env, "get", own+"@latest").OK(t), own+" v1.0.0")
	for _, path := range w.proxy.Requests() {
		if strings.Contains(path, "ours") {
			t.Errorf("outside was asked for %s", path)
		}
	}
}

// TestBusy: what the go command does with 503 and Retry-After, which is why a request
// for a zip waits (docs/go.md).
func TestBusy(t *testing.T) {
	for _, tc := range []struct {
		separator string
		next      int64
	}{{",", 0}, {"|", 1}} {
		var asked, behind atomic.Int64
		busy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			rw.Header().Set("Retry-After", "1")
			http.Error(rw, "still being looked at: run it again", http.StatusServiceUnavailable)
		}))
		next := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			behind.Add(1)
			http.NotFound(rw, r)
		}))
		box := newBox(t)
		box.Env = append(box.Env, "GOPROXY="+busy.URL+tc.separator+next.URL, "GOSUMDB=off", "GOTOOLCHAIN=local", "GOMODCACHE="+filepath.Join(box.Home, "mod"), "GOFLAGS=-modcacherw")
		began := time.Now()
		r := box.Run(goCommand, "mod", "download", mod+"@v1.0.0")
		t.Logf("%q: exit %d after %s: %s", tc.separator, r.Code, time.Since(began).Round(time.Millisecond), strings.TrimSpace(r.Output))
		if asked.Load() != 1 || behind.Load() != tc.next || r.Code == 0 {
			t.Errorf("%q: the busy proxy was asked %d times, the next %d", tc.separator, asked.Load(), behind.Load())
		}
		busy.Close()
		next.Close()
	}
}
