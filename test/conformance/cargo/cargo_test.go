//go:build conformance

// Package cargo_test runs the real cargo against the real binary, with a stub index
// behind it, and holds what a person sees to what was promised them. Everything is on
// loopback. It needs GATEHOUSE_TEST_BINARY and the clients that `make conformance`
// names, and a Rust toolchain on the PATH. What is missing fails.
package cargo_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// toolchain is the folder with cargo and rustc themselves: what stands on the PATH
// may be a program that finds them by a home folder that a box has not.
var toolchain string

func TestMain(m *testing.M) {
	err := clients.Find()
	var out []byte
	if err == nil {
		out, err = exec.Command("rustc", "--print", "sysroot").Output()
	}
	toolchain = filepath.Join(strings.TrimSpace(string(out)), "bin")
	if err == nil {
		_, err = os.Stat(filepath.Join(toolchain, "cargo"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// world is a gate over an index, and a machine with cargo.
type world struct {
	*clients.Server
	*clients.Box
	t     *testing.T
	index *stub.CargoIndex
	flags []string // of the gate's own commands
}

// newWorld has dep, and demo: 1.0.0 which is good and 1.1.0, which has an advisory
// and is presented as asked.
func newWorld(t *testing.T, present string) *world { return newWorldWith(t, present, "") }

// newWorldWith has more lines in the gate's configuration.
func newWorldWith(t *testing.T, present, more string) *world {
	t.Helper()
	w := &world{t: t, Box: clients.NewBox(t), index: stub.NewCargoIndex(t)}
	needs := []stub.CrateNeed{{Name: "dep", Req: "^1"}}
	w.index.Add(
		stub.Crate{Name: "dep", Version: "1.0.0"},
		stub.Crate{Name: "demo", Version: "1.0.0", Needs: needs}, stub.Crate{Name: "demo", Version: "1.1.0", Needs: needs},
		stub.Crate{Name: "undated", Version: "1.0.0", NoTime: true},
		stub.Crate{Name: "young", Version: "1.0.0"}, stub.Crate{Name: "young", Version: "1.1.0", Published: time.Now().Add(-time.Hour)},
	)
	dir := t.TempDir()
	config, osv := filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "osv")
	write(t, config, more+fmt.Sprintf("upstreams: [{name: stub, ecosystem: cargo, url: %q, ttl: 1ms}]\ninternal_names: [\"cargo:acme-*\"]\nregistries: {main: {present: %s}}\n", w.index.URL(), present))
	write(t, filepath.Join(osv, "crates.io", "TEST-2026-1.json"), advisory(t, "demo", "1.1.0"))
	w.flags = []string{"--data", filepath.Join(dir, "data"), "--config", config}
	w.gate("advisories", "sync", "--from", osv).OK(t)
	w.Server = clients.Serve(t, w.Box, w.flags...)
	w.Env = append(w.Env, "PATH="+toolchain+string(os.PathListSeparator)+os.Getenv("PATH"), "CARGO_HOME="+filepath.Join(w.Home, ".cargo"), "CARGO_TERM_COLOR=never")
	write(t, filepath.Join(w.Home, ".cargo", "config.toml"), w.configuration())
	return w
}

// configuration is what docs/cargo.md tells people to write.
func (w *world) configuration() string {
	return fmt.Sprintf("[source.crates-io]\nreplace-with = \"gatehouse\"\n\n[source.gatehouse]\nregistry = \"sparse+%[1]s/cargo/\"\n\n[registries.gatehouse]\nindex = \"sparse+%[1]s/cargo/\"\n", w.URL)
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
		"affected": []map[string]any{{"package": map[string]string{"ecosystem": "crates.io", "name": name}, "ranges": []map[string]any{{"type": "SEMVER", "events": []map[string]string{{"introduced": introduced}}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// gate runs a command of the gate's.
func (w *world) gate(args ...string) clients.Result {
	return w.Run(clients.Binary, append(append([]string{}, w.flags...), args...)...)
}

func (w *world) cargo(args ...string) clients.Result {
	w.t.Helper()
	r := w.Run(filepath.Join(toolchain, "cargo"), args...)
	w.t.Logf("cargo %s: exit %d: %s", strings.Join(args, " "), r.Code, strings.TrimSpace(r.Output))
	return r
}

// project writes a crate of the person's own.
func (w *world) project(dependencies string) {
	w.Write("Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"own\"\nlicense = \"MIT\"\n\n[dependencies]\n"+dependencies+"\n")
	w.Write("src/lib.rs", "")
}

func (w *world) locked(name, version string) {
	w.t.Helper()
	if lock := w.Read("Cargo.lock"); !strings.Contains(lock, fmt.Sprintf("name = %q\nversion = %q\n", name, version)) {
		w.t.Errorf("%s %s is not locked:\n%s", name, version, lock)
	}
}

func (w *world) shows(r clients.Result, words ...string) {
	w.t.Helper()
	if r.Code == 0 {
		w.t.Errorf("it went well")
	}
	for _, word := range words {
		if !strings.Contains(r.Output, word) {
			w.t.Errorf("it does not say %q", word)
		}
	}
}

// TestGood: a range takes the newest good version, soft or hidden, with what it
// needs; the lock names no gate, and holds for good.
func TestGood(t *testing.T) {
	for _, present := range []string{"soft", "hide"} {
		t.Run(present, func(t *testing.T) {
			w := newWorld(t, present)
			w.project("demo = \"1\"")
			w.cargo("fetch").OK(t)
			w.locked("demo", "1.0.0")
			w.locked("dep", "1.0.0")
			if strings.Contains(w.Read("Cargo.lock"), "127.0.0.1") {
				t.Error("the lock names the gate")
			}
			w.cargo("build", "--offline").OK(t)
			w.cargo("fetch", "--locked").OK(t)
			if n := w.index.Asked("/crates/demo/demo-1.0.0.crate"); n != 1 {
				t.Errorf("the crate was fetched %d times", n)
			}
		})
	}
}

// TestSlow: cargo waits for the first look.
func TestSlow(t *testing.T) {
	w := newWorld(t, "soft")
	w.index.Slow(500 * time.Millisecond)
	w.project("demo = \"1\"")
	w.cargo("fetch").OK(t)
}

// TestDown: what was admitted is served while the index does not answer.
func TestDown(t *testing.T) {
	w := newWorld(t, "soft")
	w.project("demo = \"1\"")
	w.cargo("fetch").OK(t)
	for _, path := range []string{"/config.json", "/de/mo/demo", "/3/d/dep", "/crates/demo/demo-1.0.0.crate", "/crates/dep/dep-1.0.0.crate"} {
		w.index.Fail(path, 503)
	}
	if err := os.RemoveAll(filepath.Join(w.Home, ".cargo", "registry")); err != nil {
		t.Fatal(err)
	}
	w.cargo("fetch", "--locked").OK(t)
}

// TestHard: what is refused is offered, and its crate's own request says why.
func TestHard(t *testing.T) {
	w := newWorld(t, "hard")
	w.project("demo = \"1\"")
	w.shows(w.cargo("fetch"), "403", "TEST-2026-1", w.URL+"/d/")
}

// TestExactPin: cargo itself tells of a version that is not for new locks.
func TestExactPin(t *testing.T) {
	w := newWorld(t, "soft")
	w.project("demo = \"=1.1.0\"")
	w.shows(w.cargo("fetch"), "yanked")
	w = newWorld(t, "hide")
	w.project("demo = \"=1.1.0\"")
	w.shows(w.cargo("fetch"), "1.0.0")
}

// TestOldLock: a lock from before the refusal names the version; cargo takes it though
// it is marked, and hears why not.
func TestOldLock(t *testing.T) {
	w := newWorld(t, "soft")
	w.project("demo = \"1\"")
	w.Write("Cargo.lock", fmt.Sprintf("version = 4\n\n[[package]]\nname = \"demo\"\nversion = \"1.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = %q\ndependencies = [\n \"dep\",\n]\n\n[[package]]\nname = \"dep\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = %q\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"demo\",\n]\n",
		stub.Digest(stub.Crate{Name: "demo", Version: "1.1.0", Needs: []stub.CrateNeed{{Name: "dep", Req: "^1"}}}.Archive(t)), stub.Digest(stub.Crate{Name: "dep", Version: "1.0.0"}.Archive(t))))
	w.shows(w.cargo("fetch", "--locked"), "403", "TEST-2026-1", w.URL+"/d/")
}

// TestHeld: what nobody knows the date of waits, and says so; what is too young is
// passed over.
func TestHeld(t *testing.T) {
	w := newWorld(t, "soft")
	w.project("young = \"1\"")
	w.cargo("fetch").OK(t)
	w.locked("young", "1.0.0")
	w = newWorld(t, "hard")
	w.project("undated = \"1\"")
	w.shows(w.cargo("fetch"), "its age is not known", w.URL+"/d/")
}

// TestAbsent: what does not exist is not refused.
func TestAbsent(t *testing.T) {
	w := newWorld(t, "soft")
	w.project("nothing = \"1\"")
	w.shows(w.cargo("fetch"), "no matching package", "nothing")
}

// TestToken: a gate that lets nobody read without a token gets it, for a replaced
// source as well.
func TestToken(t *testing.T) {
	w := newWorldWith(t, "soft", "anonymous_read: false\n")
	token := strings.TrimSpace(w.gate("token", "create", "--role", "reader", "--name", "bea").OK(t).Stdout)
	write(t, filepath.Join(w.Home, ".cargo", "config.toml"), fmt.Sprintf("[source.crates-io]\nreplace-with = \"gatehouse\"\n\n[registries.gatehouse]\nindex = \"sparse+%s/cargo/\"\n\n[registry]\nglobal-credential-providers = [\"cargo:token\"]\n", w.URL))
	w.project("demo = \"1\"")
	w.shows(w.cargo("fetch"), "token")
	w.Env = append(w.Env, "CARGO_REGISTRIES_GATEHOUSE_TOKEN="+token)
	w.cargo("fetch").OK(t)
	w.locked("demo", "1.0.0")
}

// TestPublishing: what is published here is built from here; a yank is seen.
func TestPublishing(t *testing.T) {
	w := newWorld(t, "soft")
	token := strings.TrimSpace(w.gate("token", "create", "--role", "publisher", "--name", "ann").OK(t).Stdout)
	w.Env = append(w.Env, "CARGO_REGISTRIES_GATEHOUSE_TOKEN="+token)
	publish := []string{"publish", "--registry", "gatehouse", "--allow-dirty", "--no-verify"}
	own := func(name, version, dependencies string) {
		w.project(dependencies)
		w.Write("Cargo.toml", strings.Replace(strings.Replace(w.Read("Cargo.toml"), "name = \"own\"", fmt.Sprintf("name = %q", name), 1), "0.1.0", version, 1))
	}
	own("acme-lib", "1.0.0", "demo = \"=1.0.0\"")
	w.cargo(publish...).OK(t)
	own("acme-lib", "1.1.0", "")
	w.cargo(publish...).OK(t)
	w.shows(w.cargo("yank", "--registry", "gatehouse", "--version", "9.9.9", "acme-lib"), "not published here")
	w.cargo("yank", "--registry", "gatehouse", "--version", "1.1.0", "acme-lib").OK(t)
	os.Remove(w.Path("Cargo.lock"))
	w.project("acme-lib = { version = \"1\", registry = \"gatehouse\" }")
	w.cargo("fetch").OK(t)
	w.locked("acme-lib", "1.0.0")
	w.locked("demo", "1.0.0")
	w.cargo("yank", "--registry", "gatehouse", "--version", "1.1.0", "--undo", "acme-lib").OK(t)
	w.cargo("update").OK(t)
	w.locked("acme-lib", "1.1.0")
	own("acme-lib", "1.1.0", "dep = \"1\"")
	w.shows(w.cargo(publish...), "already exists")
	own("not-ours", "1.0.0", "")
	w.shows(w.cargo(publish...), "internal_names")
	w.shows(w.cargo("owner", "--registry", "gatehouse", "--add", "eve", "acme-lib"), "gatehouse token create")
	w.cargo("search", "--registry", "gatehouse", "acme").OK(t)
}
