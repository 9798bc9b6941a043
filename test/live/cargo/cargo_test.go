//go:build live

// Package cargo_test holds the closure of Cargo manifests to the locks that cargo
// writes (cargo generate-lockfile), against the index that the installed cargo reads.
// It needs the network and a Rust toolchain.
//
// Answers of the index are kept under the system's temporary folder for the next run.
package cargo_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

// least is how many packages a closure has at least: a small one proves little.
const least = 100

// projects are manifests below [package], each for what makes resolving hard.
var projects = []struct{ name, why, dependencies string }{
	{"service", "features that turn on others, and crates in two majors", `
[dependencies]
tokio = { version = "1", features = ["full"] }
axum = { version = "0.8", features = ["macros", "multipart"] }
reqwest = { version = "0.12", default-features = false, features = ["json", "rustls-tls"] }
sqlx = { version = "0.8", features = ["sqlite", "postgres", "runtime-tokio"] }
serde = { version = "1", features = ["derive"] }
tracing-subscriber = { version = "0.3", features = ["env-filter"] }
uuid = { version = "1", features = ["v4"] }

[dev-dependencies]
criterion = "0.5"
`},
	{"tool", "build dependencies, requirements of every form, and a crate under another name", `
[dependencies]
clap = { version = "~4.5", features = ["derive", "env"] }
regex = ">=1.9, <2"
ignore = "0.4"
indicatif = "0.17.*"
serde_json = "1"
toml_edit = "=0.22.20"
json5 = { package = "serde_yaml", version = "0.9" }
git2 = { version = "0.19", optional = true }
notify = "6"
ureq = "2"
tera = "1"

[features]
default = ["history"]
history = ["dep:git2"]

[build-dependencies]
cc = "1"
bindgen = "0.69"

[dev-dependencies]
proptest = "1"
assert_cmd = "2"
`},
	{"application", "hundreds of crates for platforms that this machine is not", `
[dependencies]
eframe = "0.27"
image = "0.25"
rodio = "0.17"
rfd = "0.14"
winit = "0.29"
wgpu = "0.19"

[target.'cfg(windows)'.dependencies]
windows = { version = "0.58", features = ["Win32_Foundation"] }

[target.'cfg(target_os = "macos")'.dependencies]
objc2 = "0.5"
`},
}

// TestSameAsCargo wants every package of cargo's lock and no other. A crate may be
// published between the two readings of the index; so where they differ both are made
// again.
func TestSameAsCargo(t *testing.T) {
	up := openUpstream(t)
	for _, p := range projects {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"+p.dependencies)
			write(t, dir, "src/lib.rs", "")
			ours, lock := closure(t, up, dir), generated(t, dir)
			if !slices.Equal(ours, lock) {
				ours, lock = closure(t, up, dir), generated(t, dir)
			}
			same := compare(t, ours, lock)
			t.Logf("%s (%s): %d of %d as cargo's lock", p.name, p.why, same, len(lock))
			if len(lock) < least {
				t.Errorf("cargo's lock has %d packages, want %d or more", len(lock), least)
			}
		})
	}
}

// closure is what is worked out here, as "name number".
func closure(t *testing.T, up ecosystem.Upstream, dir string) []string {
	t.Helper()
	began := time.Now()
	rs, err := cargo.Ecosystem{}.Resolve(t.Context(), up, []*ecosystem.Manifest{read(t, dir, "Cargo.toml")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("here in %v", time.Since(began).Round(time.Millisecond))
	var out []string
	for _, r := range rs {
		out = append(out, r.Version.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compare says what one has and the other has not, and counts what both have.
func compare(t *testing.T, ours, lock []string) (same int) {
	t.Helper()
	for _, v := range lock {
		if _, ok := slices.BinarySearch(ours, v); ok {
			same++
			continue
		}
		t.Errorf("only cargo: %s", v)
	}
	for _, v := range ours {
		if _, ok := slices.BinarySearch(lock, v); !ok {
			t.Errorf("only here: %s", v)
		}
	}
	return same
}

func versions(m *ecosystem.Manifest) []string {
	var out []string
	for _, r := range m.Requirements {
		out = append(out, r.Package.Name+" "+r.Number)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func read(t *testing.T, dir, file string) *ecosystem.Manifest {
	t.Helper()
	m, err := cargo.Ecosystem{}.ParseManifest(os.DirFS(dir), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Problems {
		if p.Fatal {
			t.Fatal(p.Text)
		}
	}
	return m
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// generated is the lock that cargo writes when nothing of its own is kept from before.
func generated(t *testing.T, dir string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := os.RemoveAll(filepath.Join(dir, "Cargo.lock")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c := exec.CommandContext(ctx, "cargo", "generate-lockfile")
	c.Dir, c.Env = dir, append(os.Environ(), "CARGO_HOME="+t.TempDir(), "CARGO_TERM_COLOR=never")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("cargo generate-lockfile: %v\n%s", err, out)
	}
	t.Logf("cargo in %v", time.Since(began).Round(time.Millisecond))
	return versions(read(t, dir, "Cargo.lock"))
}

func openUpstream(t *testing.T) ecosystem.Upstream {
	t.Helper()
	base, err := upstream.Default(t.Context(), cargo.Adapter().Discover)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-live-cargo-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	at, err := fetch.HostPort(base)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{UserAgent: "gatehouse/test", Upstreams: []string{at}, Mirrors: []string{at}})
	if err != nil {
		t.Fatal(err)
	}
	up, err := cargo.OpenUpstream(adapter.UpstreamConfig{Name: "index", BaseURL: base, Client: client, CacheDir: dir, TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return up
}
