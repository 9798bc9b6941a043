package record

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

// MaxManifest is the largest Cargo.toml of an archive that is read, in bytes.
const MaxManifest = 4 << 20

// Manifest is what the Cargo.toml in a crate's archive says: the same as its line,
// and what an index does not hold.
type Manifest struct {
	Line
	Description string
	Licence     string // an SPDX expression; older ones have "/" for OR
	Homepages   []string
	Build       string // the build script; "" where the default name or none is meant
	ProcMacro   bool
}

// ReadManifest reads the Cargo.toml of an archive, which cargo wrote when it packed it
// (the author's own is Cargo.toml.orig).
func ReadManifest(b []byte) (Manifest, error) {
	var m Manifest
	if len(b) > MaxManifest {
		return m, fmt.Errorf("reading Cargo.toml: it is larger than %d bytes", MaxManifest)
	}
	var doc table
	if err := toml.Unmarshal(b, &doc); err != nil {
		return m, fmt.Errorf("reading Cargo.toml: %s", artifact.Untrusted(err.Error()))
	}
	pkg := doc.table("package")
	if pkg == nil {
		pkg = doc.table("project")
	}
	if pkg == nil {
		return m, errors.New("reading Cargo.toml: it has no [package]")
	}
	m.Name, m.Number, m.Links, m.Rust = pkg.text("name"), pkg.text("version"), pkg.text("links"), pkg.text("rust-version")
	m.Description, m.Licence, m.Build = pkg.text("description"), pkg.text("license"), pkg.text("build")
	m.ProcMacro = doc.table("lib").flag("proc-macro", false) || doc.table("lib").flag("proc_macro", false)
	for _, key := range []string{"homepage", "repository", "documentation"} {
		if v := pkg.text(key); v != "" {
			m.Homepages = append(m.Homepages, v)
		}
	}
	m.Features = map[string][]string{}
	for name := range doc.table("features") {
		m.Features[name] = doc.table("features").texts(name)
	}
	m.Deps = dependencies(doc, "")
	targets := doc.table("target")
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		m.Deps = append(m.Deps, dependencies(targets.table(name), name)...)
	}
	return m, nil
}

func dependencies(t table, target string) []Dependency {
	var out []Dependency
	for _, section := range []struct{ key, kind string }{
		{"dependencies", Normal}, {"build-dependencies", Build}, {"build_dependencies", Build}, {"dev-dependencies", Dev}, {"dev_dependencies", Dev},
	} {
		entries := t.table(section.key)
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			out = append(out, dependency(name, entries[name], section.kind, target))
		}
	}
	return out
}

func dependency(name string, v any, kind, target string) Dependency {
	d := Dependency{Name: name, Kind: kind, Target: target, Default: true}
	switch v := v.(type) {
	case string:
		d.Req = v
	case map[string]any:
		t := table(v)
		d.Req, d.Optional, d.Package = t.text("version"), t.flag("optional", false), t.text("package")
		d.Registry = t.text("registry-index")
		d.Default = t.flag("default-features", t.flag("default_features", true))
		d.Features = t.texts("features")
	}
	d.Req = Canonical(d.Req)
	return d
}

// Canonical is a requirement as an index writes it; one that cannot be read stays.
func Canonical(req string) string {
	if strings.TrimSpace(req) == "" {
		return "*"
	}
	r, err := semver.ParseReq(req)
	if err != nil {
		return req
	}
	return r.String()
}

// Metadata is the manifest in the words that all ecosystems share.
func (m Manifest) Metadata() ecosystem.Metadata {
	out := m.Line.Metadata()
	out.Summary = artifact.Untrusted(m.Description)
	out.Licence = artifact.Untrusted(m.Licence)
	if e, err := spdx.Parse(strings.ReplaceAll(m.Licence, "/", " OR ")); err == nil {
		out.LicenceSPDX = e.String()
	}
	for _, page := range m.Homepages {
		out.HomePages = append(out.HomePages, artifact.Untrusted(page))
	}
	return out
}

// Compared is one dependency of two descriptions of a version that are not the same.
type Compared struct {
	Crate string
	Kind  string
	Said  string // by the index; "" where it does not have it
	Is    string // by the archive
}

// Compare lists how the dependencies of an archive's Cargo.toml differ from those of
// its line, those of its tests aside. The order is that of names.
func Compare(line, inside Line) []Compared {
	said, is := described(line), described(inside)
	var out []Compared
	for _, k := range slices.SortedFunc(maps.Keys(said), compareKeys) {
		if is[k] != said[k] {
			out = append(out, Compared{k.crate, k.kind, said[k], is[k]})
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(is), compareKeys) {
		if said[k] == "" {
			out = append(out, Compared{k.crate, k.kind, "", is[k]})
		}
	}
	return out
}

type key struct{ crate, name, kind, target string }

func compareKeys(a, b key) int {
	return cmp.Or(strings.Compare(a.crate, b.crate), strings.Compare(a.name, b.name), strings.Compare(a.kind, b.kind), strings.Compare(a.target, b.target))
}

func described(l Line) map[key]string {
	out := map[key]string{}
	for _, d := range l.Deps {
		if d.Kind == Dev {
			continue
		}
		text := Canonical(d.Req)
		if d.Optional {
			text += " (optional)"
		}
		k := key{d.Crate(), d.Name, d.Kind, strings.Join(strings.Fields(d.Target), "")}
		if out[k] != "" && out[k] != text {
			text = out[k] + " and " + text
		}
		out[k] = text
	}
	return out
}

// table is a TOML table, nil where there is none.
type table map[string]any

func (t table) table(key string) table {
	v, _ := t[key].(map[string]any)
	return v
}

func (t table) text(key string) string {
	v, _ := t[key].(string)
	return v
}

func (t table) flag(key string, otherwise bool) bool {
	if v, ok := t[key].(bool); ok {
		return v
	}
	return otherwise
}

func (t table) texts(key string) []string {
	list, _ := t[key].([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
