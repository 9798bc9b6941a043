package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/manifest"
)

func tree(files ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

func parse(t *testing.T, fsys fs.FS, p string) *ecosystem.Manifest {
	t.Helper()
	m, err := manifest.Parse(fsys, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rows are requirements in one line each: place, what, and in which section.
func rows(m *ecosystem.Manifest) []string {
	var out []string
	for _, r := range m.Requirements {
		out = append(out, fmt.Sprintf("%s:%d %s %q %s %s %s", r.At.File, r.At.Line, r.Package.Name, r.Spec, strings.Join(r.Extras, ","), strings.Join(r.Groups, ","), r.Marker))
	}
	return out
}

func problems(m *ecosystem.Manifest) []string {
	var out []string
	for _, p := range m.Problems {
		out = append(out, fmt.Sprintf("%s %s %s:%d", p.Rule, p.Effect, p.At.File, p.At.Line))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const single = `[package]
name = "own"
version = "0.1.0"

[features]
fast = ["regex?/unicode", "dep:regex"]

[dependencies]
serde = { version = "1.0", features = ["derive"] }
log = "0.4"
regex = { version = "1", optional = true, default-features = false }
alias = { package = "Real_Name", version = "=2.1.0" }
any.version = "*"

[dependencies.table]
version = '~3.1'

[build-dependencies]
cc = "1"

[dev-dependencies]
tester = ">=1, <2"

[target.'cfg(windows)'.dependencies]
winapi = "0.3"
`

func TestCargoToml(t *testing.T) {
	m := parse(t, tree("Cargo.toml", single), "Cargo.toml")
	same(t, "requirements", rows(m), []string{
		`Cargo.toml:9 serde "1.0" default,derive  `,
		`Cargo.toml:10 log "0.4" default  `,
		`Cargo.toml:11 regex "1" unicode  `,
		`Cargo.toml:12 real_name "=2.1.0" default  `,
		`Cargo.toml:13 any "*" default  `,
		`Cargo.toml:15 table "~3.1" default  `,
		`Cargo.toml:19 cc "1" default build `,
		`Cargo.toml:22 tester ">=1, <2" default dev `,
		`Cargo.toml:25 winapi "0.3" default  cfg(windows)`,
	})
	same(t, "problems", problems(m), nil)
	if m.Locked {
		t.Error("it is no lock")
	}
}

func TestWorkspace(t *testing.T) {
	fsys := tree(
		"Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/not\"]\n\n[workspace.dependencies]\nserde = { version = \"1\", default-features = false }\n",
		"crates/a/Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nserde = { workspace = true, features = [\"derive\"] }\nb = { path = \"../b\" }\nc = { path = \"../../c\" }\n",
		"crates/b/Cargo.toml", "[package]\nname = \"b\"\n[dependencies]\nlog = \"0.4\"\nserde.workspace = true\n",
		"crates/not/Cargo.toml", "[dependencies]\nnot = \"1\"\n",
		"c/Cargo.toml", "[package]\nname = \"c\"\n[dependencies]\nrand = \"0.8\"\n",
	)
	m := parse(t, fsys, "Cargo.toml")
	same(t, "requirements", rows(m), []string{
		`Cargo.toml:6 serde "1" derive  `,
		`crates/b/Cargo.toml:4 log "0.4" default  `,
		`Cargo.toml:6 serde "1"   `,
		`c/Cargo.toml:4 rand "0.8" default  `,
	})
	same(t, "problems", problems(m), nil)
	m = parse(t, fsys, "crates/b/Cargo.toml")
	same(t, "requirements of a member", rows(m), []string{`crates/b/Cargo.toml:4 log "0.4" default  `, `Cargo.toml:6 serde "1"   `})
	m = parse(t, tree("b/Cargo.toml", "[dependencies]\nserde.workspace = true\n"), "b/Cargo.toml")
	same(t, "a member alone", problems(m), []string{"manifest-include hold b/Cargo.toml:2"})
}

func TestElsewhere(t *testing.T) {
	for _, tc := range []struct{ line, want, why string }{
		{`x = { git = "https://git.invalid/x" }`, "manifest-vcs-requirement hold", "git"},
		{`x = { git = "https://git.invalid/x", version = "1" }`, "manifest-vcs-requirement hold", "git wins over a version"},
		{`x = { path = "../x" }`, "manifest-path-requirement hold", "a folder above"},
		{`x = { path = "/x" }`, "manifest-path-requirement hold", "an absolute folder"},
		{`x = { version = "1", registry = "other" }`, "manifest-index-option hold", "another registry"},
		{`x = { version = "1", registry-index = "https://other.invalid/" }`, "manifest-index-option reject", "another registry by its address"},
		{`"x y" = "1"`, "manifest-requirement hold", "no name"},
		{`x = "latest"`, "manifest-requirement hold", "no requirement"},
	} {
		m := parse(t, tree("Cargo.toml", "[dependencies]\n"+tc.line+"\n"), "Cargo.toml")
		same(t, tc.why, problems(m), []string{tc.want + " Cargo.toml:2"})
	}
	m := parse(t, tree("Cargo.toml", "[dependencies]\nx = \"1\"\n[patch.crates-io]\nx = { git = \"https://git.invalid/x\" }\ny = { path = \"y\" }\n[replace]\n\"z:1.0.0\" = { path = \"../z\" }\n",
		"y/Cargo.toml", "[dependencies]\nlog = \"1\"\n"), "Cargo.toml")
	same(t, "patches", problems(m), []string{"manifest-source hold Cargo.toml:4", "manifest-source note Cargo.toml:5", "manifest-source hold Cargo.toml:7"})
	same(t, "what a patch in the project needs", rows(m), []string{`Cargo.toml:2 x "1" default  `, `y/Cargo.toml:2 log "1" default  `})
}

func TestConfiguration(t *testing.T) {
	fsys := tree(
		"a/Cargo.toml", "[dependencies]\nlog = \"1\"\n",
		".cargo/config.toml", "[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"sparse+https://user:word@mirror.invalid/secret\"\n[source.v]\ndirectory = \"vendor\"\n[registries.r]\nindex = \"sparse+https://r.invalid/\"\n",
		"a/.cargo/config", "paths = [\"../x\"]\n[patch.crates-io]\nx = { path = \"x\" }\n",
	)
	m := parse(t, fsys, "a/Cargo.toml")
	same(t, "problems", problems(m), []string{
		"manifest-source hold a/.cargo/config:2", "manifest-source hold a/.cargo/config:1",
		"manifest-index-option reject .cargo/config.toml:3", "manifest-source hold .cargo/config.toml:6", "manifest-index-option reject .cargo/config.toml:7",
	})
	for _, p := range m.Problems {
		if strings.Contains(p.Text, "word") || strings.Contains(p.Text, "secret") {
			t.Errorf("%s shows more than a host", p.Text)
		}
	}
	if p := m.Problems[2]; !p.Index.Below("https://mirror.invalid") && p.Index.Below("https://other.invalid") {
		t.Errorf("the mirror's address is not told: %+v", p)
	}
}

const lock = `# This file is automatically @generated by Cargo.
version = 3

[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
dependencies = [
 "b 2.0.0",
]

[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

[[package]]
name = "b"
version = "2.0.0"
source = "sparse+https://other.invalid/index/"

[[package]]
name = "g"
version = "0.1.0"
source = "git+https://git.invalid/g?branch=main#0123456789abcdef"

[[package]]
name = "own"
version = "0.1.0"
dependencies = [
 "a",
 "b 1.0.0",
 "g",
 "nowhere",
]
`

func TestCargoLock(t *testing.T) {
	m := parse(t, tree("Cargo.lock", lock), "Cargo.lock")
	if !m.Locked || len(m.Requirements) != 3 {
		t.Fatalf("%+v", m)
	}
	a, b1, b2 := m.Requirements[0], m.Requirements[1], m.Requirements[2]
	if a.Number != "1.0.0" || !a.Direct || !b1.Direct || b2.Direct || a.At.Line != 4 || len(a.Needs) != 1 || a.Needs[0].Name != "b" || a.Hashes[0] != "sha256:"+strings.Repeat("a", 64) {
		t.Errorf("%+v", m.Requirements)
	}
	same(t, "problems", problems(m), []string{"lock-names-index reject Cargo.lock:22", "lock-file-without-hash hold Cargo.lock:19", "lock-source hold Cargo.lock:27"})
	if !m.Problems[0].Index.Below("https://other.invalid/index") {
		t.Error("the registry's address is not told")
	}
	old := "[root]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)\"]\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n[metadata]\n\"checksum a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)\" = \"" + strings.Repeat("c", 64) + "\"\n"
	m = parse(t, tree("Cargo.lock", old), "Cargo.lock")
	if len(m.Requirements) != 1 || !m.Requirements[0].Direct || m.Requirements[0].Hashes[0] != "sha256:"+strings.Repeat("c", 64) || len(m.Problems) != 0 {
		t.Errorf("version 1: %+v", m)
	}
	for _, bad := range []string{"version = 9\n", "[[package]]\nname = \"../x\"\nversion = \"1.0.0\"\n", "[[package]]\nname = \"x\"\nversion = \"one\"\n", "package = 1\n", "[[package"} {
		if m := parse(t, tree("Cargo.lock", bad), "Cargo.lock"); len(m.Problems) != 1 || !m.Problems[0].Fatal || len(m.Requirements) != 0 {
			t.Errorf("%q: %+v", bad, m)
		}
	}
}

func TestReplaceRequirement(t *testing.T) {
	fsys := tree("Cargo.toml", single)
	for _, r := range parse(t, fsys, "Cargo.toml").Requirements {
		edited, note, err := manifest.ReplaceRequirement([]byte(single), r, "=9.8.7")
		if err != nil || !strings.Contains(note, "cargo update -p "+r.Package.Name) {
			t.Errorf("%s: %q, %v", r.Package.Name, note, err)
			continue
		}
		if got, want := len(edited)-len(single), len("=9.8.7")-len(r.Spec); got != want {
			t.Errorf("%s: it grew by %d bytes, want %d", r.Package.Name, got, want)
		}
		after := parse(t, tree("Cargo.toml", string(edited)), "Cargo.toml")
		changed := 0
		for i, q := range after.Requirements {
			if q.Spec == "=9.8.7" && q.Package == r.Package {
				changed++
			} else if q.Spec != parse(t, fsys, "Cargo.toml").Requirements[i].Spec {
				t.Errorf("%s: %s was changed too", r.Package.Name, q.Package.Name)
			}
		}
		if changed != 1 {
			t.Errorf("%s: %d were changed\n%s", r.Package.Name, changed, edited)
		}
		if _, _, err := manifest.ReplaceRequirement([]byte("\n"+single), r, "=9.8.7"); err == nil {
			t.Errorf("%s was changed where it does not stand", r.Package.Name)
		}
	}
	locked := parse(t, tree("Cargo.lock", lock), "Cargo.lock").Requirements
	for i, want := range []string{"cargo update -p a --precise 1.2.3", "cargo update -p b@1.0.0 --precise 1.2.3"} {
		_, _, err := manifest.ReplaceRequirement([]byte(lock), locked[i], "=1.2.3")
		if relock, ok := errors.AsType[*ecosystem.Relock](err); !ok || relock.Command != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestLinks: what lies behind a symbolic link is not read.
func TestLinks(t *testing.T) {
	fsys := tree("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n", "b/Cargo.toml", "[dependencies]\nlog = \"1\"\n")
	fsys["a"] = &fstest.MapFile{Data: []byte("b"), Mode: fs.ModeSymlink | 0o777}
	m := parse(t, fsys, "Cargo.toml")
	same(t, "problems", problems(m), []string{"manifest-include hold a/Cargo.toml:0"})
	same(t, "requirements", rows(m), nil)
}

func FuzzCargoToml(f *testing.F) {
	f.Add(single)
	f.Add("[workspace]\nmembers=[\"*\"]\n[workspace.dependencies]\na=\"1\"\n[dependencies]\na.workspace=true\n[patch.x]\na={path=\"b\"}")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := manifest.Parse(tree("p/Cargo.toml", text), "p/Cargo.toml")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range m.Requirements {
			if r.Package.Name == "" || r.At.Line < 1 {
				t.Errorf("%+v", r)
			}
			edited, _, err := manifest.ReplaceRequirement([]byte(text), r, "=1.2.3")
			if err == nil && len(edited)-len(text) != len("=1.2.3")-len(r.Spec) {
				t.Errorf("more than the version of %s changed: %q", r.Package.Name, edited)
			}
		}
	})
}

func FuzzCargoLock(f *testing.F) {
	f.Add(lock)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := manifest.Parse(tree("Cargo.lock", text), "Cargo.lock")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range m.Requirements {
			if r.Package.Name == "" || r.Number == "" || r.At.Line < 1 {
				t.Errorf("%+v", r)
			}
		}
	})
}
