package scantest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1" // npm's older digest
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Tarball is an npm package. The zero value is demo 1.0.0 with an index.js, and
// honest: its package.json is what the registry's manifest says.
type Tarball struct {
	Name, Version string            // "demo", "1.0.0"
	Manifest      map[string]any    // members of package.json and of the registry's manifest beside name and version
	Inside        map[string]any    // members that only package.json in the tarball has; nil values take one away
	Files         map[string]string // below the root; nil: index.js
	Root          string            // "package"
	JSON          string            // all of package.json, instead of what the others say
	Without       bool              // package.json
	More          map[string]string // files by their whole path
}

func (p Tarball) name() string {
	if p.Name == "" {
		return "demo"
	}
	return p.Name
}

func (p Tarball) version() string {
	if p.Version == "" {
		return "1.0.0"
	}
	return p.Version
}

// FileName is what the registry calls it.
func (p Tarball) FileName() string {
	return p.name()[strings.LastIndexByte(p.name(), '/')+1:] + "-" + p.version() + ".tgz"
}

// MetadataBytes is package.json as it lies in the tarball.
func (p Tarball) MetadataBytes() []byte {
	if p.JSON != "" {
		return []byte(p.JSON)
	}
	m := p.manifest()
	for k, v := range p.Inside {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	return encode(m)
}

func (p Tarball) manifest() map[string]any {
	m := map[string]any{"name": p.name(), "version": p.version()}
	maps.Copy(m, p.Manifest)
	return m
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a test's own values
	}
	return b
}

// Registry is the version's manifest as a registry lists it, with dist: where the
// tarball is, and its digests.
func (p Tarball) Registry(t testing.TB, tarballURL string) map[string]any {
	b := p.Build(t)
	strong, weak := sha512.Sum512(b), sha1.Sum(b)
	m := p.manifest()
	m["dist"] = map[string]any{
		"tarball": tarballURL, "integrity": "sha512-" + base64.StdEncoding.EncodeToString(strong[:]), "shasum": hex.EncodeToString(weak[:]),
	}
	return m
}

// Build makes the tarball; the same one every time.
func (p Tarball) Build(t testing.TB) []byte {
	t.Helper()
	root := p.Root
	if root == "" {
		root = "package"
	}
	all := map[string]string{}
	if !p.Without {
		all[root+"/package.json"] = string(p.MetadataBytes())
	}
	files := p.Files
	if files == nil {
		files = map[string]string{"index.js": "module.exports = 1\n"}
	}
	for name, content := range files {
		all[root+"/"+name] = content
	}
	maps.Copy(all, p.More)
	var buf bytes.Buffer
	g := gzip.NewWriter(&buf)
	w := tar.NewWriter(g)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(all[name])), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write([]byte(all[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
