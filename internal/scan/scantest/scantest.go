// Package scantest builds Python wheels and source distributions for tests:
// honest ones by default, and ones that lie in a chosen way. Nothing in them is
// meant to be run. The same input gives the same bytes.
//
// A Wheel follows the binary distribution format
// (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)
// closely enough that pip, uv and poetry install it; an Sdist follows
// https://packaging.python.org/en/latest/specifications/source-distribution-format/.
package scantest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// stamp is the modification time of everything built here: the first moment
// that both zip and tar can tell exactly.
var stamp = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Wheel describes a wheel. Name and Version are required, the rest has an
// honest default; the fields under "lies" replace or spoil one part each.
type Wheel struct {
	Name, Version  string
	BuildNumber    string // build number, "" for none
	Tag            string // "py3-none-any" when empty; may be compressed: "py2.py3-none-any"
	Requires       []string
	RequiresPython string
	Summary        string
	License        string            // License-Expression
	Extras         []string          // Provides-Extra
	EntryPoints    string            // entry_points.txt, not written when empty
	Files          map[string]string // path to content; nil: one empty module named after the package

	// Lies.
	NamedAs      string            // file name, instead of the one that follows from the fields
	DistInfo     string            // folder name instead of name-version.dist-info
	Metadata     string            // whole text of METADATA
	WheelFile    string            // whole text of WHEEL
	Record       string            // whole text of RECORD
	RecordHash   map[string]string // path to the hash column RECORD claims ("sha256=...", "")
	RecordSize   map[string]string // path to the size column RECORD claims
	RecordOmits  []string          // paths that are in the archive and not in RECORD
	RecordClaims []string          // whole RECORD lines for what is not in the archive
	Without      []string          // "METADATA", "WHEEL", "RECORD": not written at all
}

// FileName is the wheel's file name.
func (w Wheel) FileName() string {
	if w.NamedAs != "" {
		return w.NamedAs
	}
	parts := []string{escape(w.Name), escapeVersion(w.Version)}
	if w.BuildNumber != "" {
		parts = append(parts, w.BuildNumber)
	}
	return strings.Join(append(parts, w.tag()), "-") + ".whl"
}

// MetadataBytes is what METADATA holds, also to be served as PEP 658 bytes.
func (w Wheel) MetadataBytes() []byte {
	if w.Metadata != "" {
		return []byte(w.Metadata)
	}
	return coreMetadata("2.4", w.Name, w.Version, w.Summary, w.License, w.RequiresPython, w.Requires, w.Extras, nil)
}

// Build writes the wheel. RECORD comes last, as the format recommends.
func (w Wheel) Build(t testing.TB) []byte {
	t.Helper()
	info := w.DistInfo
	if info == "" {
		info = escape(w.Name) + "-" + escapeVersion(w.Version) + ".dist-info"
	}
	files := maps.Clone(w.Files)
	if files == nil {
		files = map[string]string{escape(w.Name) + ".py": ""}
	}
	put := func(name, content string) {
		if !slices.Contains(w.Without, name) && content != "" {
			files[info+"/"+name] = content
		}
	}
	put("METADATA", string(w.MetadataBytes()))
	put("WHEEL", w.wheelFile())
	put("entry_points.txt", w.EntryPoints)
	record := w.record(files, info+"/RECORD")

	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		addZip(t, z, path, files[path])
	}
	if !slices.Contains(w.Without, "RECORD") {
		addZip(t, z, info+"/RECORD", record)
	}
	if err := z.Close(); err != nil {
		t.Fatalf("building wheel %s: %v", w.FileName(), err)
	}
	return buf.Bytes()
}

func (w Wheel) tag() string {
	if w.Tag == "" {
		return "py3-none-any"
	}
	return w.Tag
}

func (w Wheel) wheelFile() string {
	if w.WheelFile != "" {
		return w.WheelFile
	}
	var b strings.Builder
	pure := strings.HasSuffix(w.tag(), "-none-any")
	fmt.Fprintf(&b, "Wheel-Version: 1.0\nGenerator: scantest\nRoot-Is-Purelib: %t\n", pure)
	p := strings.Split(w.tag(), "-")
	if len(p) == 3 {
		for _, py := range strings.Split(p[0], ".") {
			for _, abi := range strings.Split(p[1], ".") {
				for _, platform := range strings.Split(p[2], ".") {
					fmt.Fprintf(&b, "Tag: %s-%s-%s\n", py, abi, platform)
				}
			}
		}
	}
	if w.BuildNumber != "" {
		fmt.Fprintf(&b, "Build: %s\n", w.BuildNumber)
	}
	return b.String()
}

func (w Wheel) record(files map[string]string, own string) string {
	if w.Record != "" {
		return w.Record
	}
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if slices.Contains(w.RecordOmits, path) {
			continue
		}
		hash, size := RecordHash(files[path]), fmt.Sprint(len(files[path]))
		if h, ok := w.RecordHash[path]; ok {
			hash = h
		}
		if s, ok := w.RecordSize[path]; ok {
			size = s
		}
		fmt.Fprintf(&b, "%s,%s,%s\n", csvField(path), hash, size)
	}
	for _, line := range w.RecordClaims {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, "%s,,\n", csvField(own))
	return b.String()
}

// RecordHash is the hash column RECORD has for a content.
func RecordHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// Sdist describes a source distribution. Name and Version are required.
type Sdist struct {
	Name, Version  string
	Requires       []string
	RequiresPython string
	Summary        string
	License        string
	Extras         []string
	Dynamic        []string          // Dynamic lines of PKG-INFO
	Files          map[string]string // path below the root folder to content; nil: one empty module
	Zip            bool              // .zip instead of .tar.gz

	// Lies.
	NamedAs string            // file name, instead of the one that follows from the fields
	Root    string            // root folder instead of name-version
	PkgInfo string            // whole text of PKG-INFO
	Without []string          // "PKG-INFO", "pyproject.toml": not written
	Links   map[string]string // symbolic links, path below the root to target (.tar.gz only)
}

// FileName is the sdist's file name.
func (s Sdist) FileName() string {
	if s.NamedAs != "" {
		return s.NamedAs
	}
	if s.Zip {
		return s.stem() + ".zip"
	}
	return s.stem() + ".tar.gz"
}

// MetadataBytes is what PKG-INFO holds.
func (s Sdist) MetadataBytes() []byte {
	if s.PkgInfo != "" {
		return []byte(s.PkgInfo)
	}
	return coreMetadata("2.4", s.Name, s.Version, s.Summary, s.License, s.RequiresPython, s.Requires, s.Extras, s.Dynamic)
}

// Build writes the sdist: PKG-INFO and a static pyproject.toml are added where
// Files has none.
func (s Sdist) Build(t testing.TB) []byte {
	t.Helper()
	root := s.Root
	if root == "" {
		root = s.stem()
	}
	files := map[string]string{
		"PKG-INFO":       string(s.MetadataBytes()),
		"pyproject.toml": s.pyproject(),
	}
	for _, name := range s.Without {
		delete(files, name)
	}
	if s.Files == nil {
		files[escape(s.Name)+".py"] = ""
	}
	maps.Copy(files, s.Files)
	if s.Zip {
		return s.buildZip(t, root, files)
	}
	return s.buildTar(t, root, files)
}

func (s Sdist) stem() string { return escape(s.Name) + "-" + escapeVersion(s.Version) }

func (s Sdist) pyproject() string {
	var b strings.Builder
	b.WriteString("[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n\n")
	fmt.Fprintf(&b, "[project]\nname = %q\nversion = %q\n", s.Name, s.Version)
	if s.RequiresPython != "" {
		fmt.Fprintf(&b, "requires-python = %q\n", s.RequiresPython)
	}
	if slices.Contains(s.Dynamic, "Requires-Dist") {
		b.WriteString("dynamic = [\"dependencies\"]\n")
	} else {
		fmt.Fprintf(&b, "dependencies = [")
		for _, r := range s.Requires {
			fmt.Fprintf(&b, "%q, ", r)
		}
		b.WriteString("]\n")
	}
	if len(s.Extras) > 0 {
		b.WriteString("\n[project.optional-dependencies]\n")
	}
	for _, extra := range s.Extras {
		fmt.Fprintf(&b, "%q = []\n", extra)
	}
	return b.String()
}

func (s Sdist) buildZip(t testing.TB, root string, files map[string]string) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		addZip(t, z, root+"/"+path, files[path])
	}
	if err := z.Close(); err != nil {
		t.Fatalf("building sdist %s: %v", s.FileName(), err)
	}
	return buf.Bytes()
}

func (s Sdist) buildTar(t testing.TB, root string, files map[string]string) []byte {
	var buf bytes.Buffer
	g := gzip.NewWriter(&buf)
	w := tar.NewWriter(g)
	write := func(h *tar.Header, content string) {
		h.ModTime, h.Size = stamp, int64(len(content))
		if err := w.WriteHeader(h); err != nil {
			t.Fatalf("building sdist %s: %v", s.FileName(), err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatalf("building sdist %s: %v", s.FileName(), err)
		}
	}
	write(&tar.Header{Name: root + "/", Typeflag: tar.TypeDir, Mode: 0o755}, "")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		write(&tar.Header{Name: root + "/" + path, Typeflag: tar.TypeReg, Mode: 0o644}, files[path])
	}
	for _, path := range slices.Sorted(maps.Keys(s.Links)) {
		write(&tar.Header{Name: root + "/" + path, Typeflag: tar.TypeSymlink, Linkname: s.Links[path], Mode: 0o777}, "")
	}
	if err := w.Close(); err != nil {
		t.Fatalf("building sdist %s: %v", s.FileName(), err)
	}
	if err := g.Close(); err != nil {
		t.Fatalf("building sdist %s: %v", s.FileName(), err)
	}
	return buf.Bytes()
}

func addZip(t testing.TB, z *zip.Writer, path, content string) {
	t.Helper()
	h := &zip.FileHeader{Name: path, Method: zip.Deflate, Modified: stamp}
	h.SetMode(0o644)
	f, err := z.CreateHeader(h)
	if err != nil {
		t.Fatalf("building archive: %s: %v", path, err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatalf("building archive: %s: %v", path, err)
	}
}

func coreMetadata(format, name, version, summary, license, python string, requires, extras, dynamic []string) []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("Metadata-Version", format)
	line("Name", name)
	line("Version", version)
	line("Summary", summary)
	line("License-Expression", license)
	line("Requires-Python", python)
	for _, r := range requires {
		line("Requires-Dist", r)
	}
	for _, e := range extras {
		line("Provides-Extra", e)
	}
	for _, d := range dynamic {
		line("Dynamic", d)
	}
	return b.Bytes()
}

// File is one file of a Zip.
type File struct {
	Path, Content string
}

// Zip is a plain zip of files in this order, whatever they are called: what a
// package carries inside.
func Zip(t testing.TB, files ...File) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		addZip(t, z, f.Path, f.Content)
	}
	if err := z.Close(); err != nil {
		t.Fatalf("building zip: %v", err)
	}
	return buf.Bytes()
}

var separators = regexp.MustCompile(`[-_.]+`)

func escape(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "_"))
}

func escapeVersion(v string) string { return strings.ReplaceAll(v, "-", "_") }

func csvField(s string) string {
	if !strings.ContainsAny(s, ",\"\n\r") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
