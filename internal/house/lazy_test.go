package house

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLazyRegexps compiles what package lazy will only compile when it is asked.
func TestLazyRegexps(t *testing.T) {
	found := 0
	for _, folder := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(repository(t), folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !isLazyRegexp(call.Fun) {
					return true
				}
				found++
				if err := compiles(call.Args); err != nil {
					t.Errorf("%s: %v", path, err)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("no lazy.Regexp was found; this test looks in the wrong place")
	}
}

func isLazyRegexp(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Regexp" {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && p.Name == "lazy"
}

// compiles wants one literal, or literals added up, that are an expression.
func compiles(args []ast.Expr) error {
	text := ""
	var err error
	for _, a := range args {
		ast.Inspect(a, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				part, bad := strconv.Unquote(n.Value)
				text, err = text+part, bad
			case *ast.Ident:
				err = errNoLiteral
			}
			return err == nil
		})
	}
	if err != nil {
		return err
	}
	_, err = regexp.Compile(text)
	return err
}

var errNoLiteral = errors.New("lazy.Regexp wants a literal, so that this test can compile it")

// TestWorkerIsSmall holds what runs over hostile bytes apart from what judges: a
// worker that linked the policy's language or the store into its work would pay for
// them with every archive.
func TestWorkerIsSmall(t *testing.T) {
	apart := []string{"internal/policy", "internal/store", "internal/gate", "internal/report", "internal/registry", "internal/server", "internal/upstream", "internal/config"}
	imports := map[string][]string{}
	for _, p := range packages(t) {
		imports[p.path] = p.imports
	}
	seen := map[string]bool{}
	var visit func(path, by string)
	visit = func(path, by string) {
		for _, a := range apart {
			if path == a || strings.HasPrefix(path, a+"/") {
				t.Errorf("%s imports %s, and the worker works with it", by, path)
			}
		}
		if seen[path] {
			return
		}
		seen[path] = true
		for _, i := range imports[path] {
			visit(i, path)
		}
	}
	visit("internal/worker", "")
	if !seen["internal/scan/malware"] {
		t.Error("the scanners were not found; this test looks in the wrong place")
	}
}

// workerLibraries are the folders of other people's modules that a worker links: what
// unpacks, and what reads formats. Everything that one of them sets up before main is
// paid for with every archive.
var workerLibraries = []string{
	"github.com/klauspost/compress", "github.com/package-url/packageurl-go", "github.com/pelletier/go-toml/v2", "go.yaml.in/yaml/v3",
	"golang.org/x/exp/slices", "golang.org/x/mod", "golang.org/x/net/bpf", "golang.org/x/sys/unix", "golang.org/x/text",
}

// workerLacks are packages of the standard library that bring much with them: a
// package that waits for one of these is set up late, and the worker with it.
var workerLacks = []string{"net", "net/http", "net/mail", "mime", "crypto/tls", "crypto/x509", "encoding/gob", "text/template", "html/template", "database/sql"}

// TestWorkerStartsEarly holds apart what a worker does not need, so that it begins
// before the rest of the program is set up (see internal/worker).
func TestWorkerStartsEarly(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", "./internal/worker")
	cmd.Dir = repository(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		path, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen++
		switch {
		case strings.HasPrefix(path, module+"/"):
		case standard == "true" && slices.Contains(workerLacks, path), standard != "true" && !slices.ContainsFunc(workerLibraries, func(of string) bool { return path == of || strings.HasPrefix(path, of+"/") }):
			t.Errorf("the worker links %s: have what needs it done in the parent, or in a package of its own", path)
		}
	}
	if seen < 100 {
		t.Errorf("the worker links %d packages: this test looks in the wrong place", seen)
	}
}
