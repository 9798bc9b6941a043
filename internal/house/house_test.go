// Package house holds the rules of the house as tests: which package may import
// which, that every package says what it is for, and that what the documents
// name exists. It has no code of its own.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gatehouse-project/gatehouse"

// layers are the arrows of ARCHITECTURE.md: a package may import packages of its
// own line only where it says so, and of the lines above it.
var layers = []struct {
	name  string
	match []string // package paths; a trailing /... takes what is below too
	peers bool     // packages of this line do not import each other, their own subfolders aside
}{
	{"leaf nouns", []string{"internal/artifact", "internal/artifact/hostiletest", "internal/finding", "internal/verdict", "internal/spdx", "internal/lazy", "internal/provenance"}, false},
	{"the ecosystem interface", []string{"internal/ecosystem"}, false},
	{"shared rooms", []string{
		"internal/fetch", "internal/advisory", "internal/sandbox/...", "internal/archive", "internal/policy", "internal/blob/...",
		"internal/secretref", "internal/config", "internal/upstream", "internal/git", "internal/answer", "internal/clientconfig",
		"internal/jobs/...", "internal/sbom", "internal/budget", "internal/observe", "internal/code/...",
		"internal/ecosystem/adapter", "internal/indexcache", "internal/ecosystem/manifestfile", "internal/ecosystem/document", "internal/groups", "internal/provenance/...",
	}, false},
	{"an ecosystem's formats, for its peers and the scanners", []string{
		"internal/ecosystem/pypi/pep440", "internal/ecosystem/pypi/pep503", "internal/ecosystem/pypi/pep508", "internal/ecosystem/pypi/pep425",
		"internal/ecosystem/pypi/target", "internal/ecosystem/pypi/metadata", "internal/ecosystem/pypi/dist",
		"internal/ecosystem/npm/packument",
		"internal/ecosystem/golang/record",
		"internal/ecosystem/cargo/record", "internal/ecosystem/cargo/semver",
		"internal/ecosystem/maven/coordinate", "internal/ecosystem/maven/version", "internal/ecosystem/maven/pom",
	}, false},
	{"the scanner interface", []string{"internal/scan"}, false},
	{"peers", []string{
		"internal/ecosystem/pypi/...", "internal/ecosystem/npm/...", "internal/ecosystem/golang/...", "internal/ecosystem/cargo/...",
		"internal/ecosystem/maven/...", "internal/scan/advisory/...", "internal/scan/honesty/...", "internal/scan/licence/...",
		"internal/scan/typosquat/...", "internal/scan/origin/...", "internal/scan/status/...", "internal/scan/external/...",
		"internal/scan/malware/...", "internal/scan/provenance/...",
	}, true},
	{"lists of peers", []string{"internal/scan/all", "internal/scan/scantest", "internal/ecosystem/all", "internal/worker"}, false},
	{"the gate", []string{"internal/gate"}, false},
	{"what stores and reads", []string{"internal/store/...", "internal/access", "internal/registry", "internal/report", "internal/upkeep"}, false},
	{"doors", []string{"internal/server/...", "internal/client", "internal/ecosystem/ecosystemtest"}, false},
	{"commands", []string{"cmd/...", "internal/house", "test/...", "bench/...", "examples/..."}, false},
}

// TestArrowsPointOneWay lists every import that goes up or across.
func TestArrowsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		layer, line := layerOf(p.path)
		if layer < 0 {
			t.Errorf("%s stands in no layer; name it in layers and in ARCHITECTURE.md", p.path)
			continue
		}
		for _, imp := range p.imports {
			to, toLine := layerOf(imp)
			switch {
			case to > layer:
				t.Errorf("%s (%s) imports %s (%s): arrows point the other way", p.path, layers[layer].name, imp, layers[to].name)
			case to == layer && layers[layer].peers && line != toLine:
				t.Errorf("%s imports its peer %s", p.path, imp)
			}
		}
	}
}

func layerOf(path string) (int, string) {
	for i, l := range layers {
		for _, m := range l.match { // exact names stand in lines above those with /...
			prefix, below := strings.CutSuffix(m, "/...")
			if path == prefix || (below && strings.HasPrefix(path, prefix+"/")) {
				return i, m
			}
		}
	}
	return -1, ""
}

type pkg struct {
	path, dir string
	imports   []string // of this module only, tests aside
	sigstore  bool     // it imports some of Sigstore's libraries
	doc       bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	root := repository(t)
	byDir := map[string]*pkg{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		p := byDir[dir]
		if p == nil {
			p = &pkg{path: filepath.ToSlash(dir), dir: dir}
			byDir[dir] = p
		}
		p.doc = p.doc || documented(f)
		for _, i := range f.Imports {
			p.sigstore = p.sigstore || strings.HasPrefix(i.Path.Value, `"github.com/sigstore/`)
			if own, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module+"/"); ok && !slices.Contains(p.imports, own) {
				p.imports = append(p.imports, own)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []pkg
	for _, p := range byDir {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b pkg) int { return strings.Compare(a.path, b.path) })
	return out
}

func documented(f *ast.File) bool { return f.Doc != nil && len(f.Doc.Text()) > 60 }

// TestSigstoreStaysInItsRoom: what links so much has one place, behind an interface.
func TestSigstoreStaysInItsRoom(t *testing.T) {
	for _, p := range packages(t) {
		if p.sigstore != (p.path == "internal/provenance/verify") {
			t.Errorf("%s: imports Sigstore's libraries: %t; internal/provenance/verify alone does", p.path, p.sigstore)
		}
	}
}

// mayKnowEcosystems are the packages that may import an ecosystem's folder: they
// read its archives, list it, or wire what one client alone has. Everybody else
// knows ecosystems by package all, so that adding one touches nothing of theirs.
var mayKnowEcosystems = []string{"internal/ecosystem", "internal/scan/honesty", "internal/server/servertest", "cmd", "test", "bench"}

// TestEcosystemsAreKnownByTheListAlone holds what CONTRIBUTING.md promises whoever
// adds one.
func TestEcosystemsAreKnownByTheListAlone(t *testing.T) {
	shared := []string{"internal/ecosystem/adapter", "internal/ecosystem/all", "internal/ecosystem/ecosystemtest", "internal/ecosystem/manifestfile", "internal/ecosystem/document"}
	below := func(path string) func(string) bool {
		return func(of string) bool { return path == of || strings.HasPrefix(path, of+"/") }
	}
	for _, p := range packages(t) {
		if slices.ContainsFunc(mayKnowEcosystems, below(p.path)) {
			continue
		}
		for _, imp := range p.imports {
			if strings.HasPrefix(imp, "internal/ecosystem/") && !slices.ContainsFunc(shared, below(imp)) {
				t.Errorf("%s imports %s: ask internal/ecosystem/all, or put it into the ecosystem's folder", p.path, imp)
			}
		}
	}
}

// TestEveryPackageSaysWhatItIsFor asks for a package comment of more than a
// label.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if !p.doc {
			t.Errorf("%s has no package comment that says what it is for", p.path)
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	goPath   = regexp.MustCompile(`^(?:cmd|internal|docs|examples|test|\.ci)/[A-Za-z0-9_./*<>-]+$`)
)

// TestPathsInDocumentsExist checks each path that a document names in code
// style.
func TestPathsInDocumentsExist(t *testing.T) {
	root := repository(t)
	for _, doc := range documents(t, root) {
		b, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeSpan.FindAllStringSubmatch(string(b), -1) {
			name := m[1]
			if !goPath.MatchString(name) || strings.ContainsAny(name, "<*") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("%s names %s, which does not exist", filepath.Base(doc), name)
			}
		}
	}
}

func documents(t *testing.T, root string) []string {
	t.Helper()
	docs, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	docs = append(docs, more...)
	if len(docs) < 5 {
		t.Fatalf("found only %d documents below %s: is this the repository?", len(docs), root)
	}
	return docs
}

// TestNoCgo keeps the binary static.
func TestNoCgo(t *testing.T) {
	root := repository(t)
	cmd := exec.Command("go", "list", "-f", `{{if .CgoFiles}}{{.ImportPath}}{{end}}`, "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.TrimSpace(string(out)); s != "" {
		t.Errorf("cgo is used by %s", s)
	}
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}
