package golang_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
)

// TestReads: sums, the vendor list and the modules of a workspace go along with what
// they belong to, and are not counted twice.
func TestReads(t *testing.T) {
	tree := fstest.MapFS{
		"go.work":            {Data: []byte("go 1.24\n\nuse (\n\t.\n\t./sub\n)\n")},
		"go.mod":             {Data: []byte("module example.invalid/a\n\ngo 1.24\n\nrequire example.invalid/b v1.0.0\n")},
		"go.sum":             {Data: []byte("example.invalid/b v1.0.0 h1:aGVsbG8gd29ybGQsIHRoaXMgaXMgMzIgYnl0ZXMhISE=\n")},
		"vendor/modules.txt": {Data: []byte("# example.invalid/b v1.0.0\n## explicit\nexample.invalid/b\n")},
		"sub/go.mod":         {Data: []byte("module example.invalid/a/sub\n\ngo 1.24\n")},
		"main.go":            {Data: []byte("package main\n")},
	}
	e := golang.Ecosystem{}
	for p, want := range map[string][]string{
		"go.mod":     {"go.mod", "go.sum", "vendor/modules.txt"},
		"go.work":    {"go.mod", "go.sum", "go.work", "sub/go.mod"},
		"sub/go.mod": {"sub/go.mod"},
	} {
		if got := ecosystem.Reads(e, tree, p); !slices.Equal(got, want) {
			t.Errorf("%s is read with %q, want %q", p, got, want)
		}
	}
	var ms []*ecosystem.Manifest
	es := []ecosystem.Ecosystem{}
	for _, p := range []string{"go.sum", "go.mod", "vendor/modules.txt", "sub/go.mod"} {
		m, err := ecosystem.ReadManifest(e, tree, p)
		if err != nil {
			t.Fatal(err)
		}
		ms, es = append(ms, m), append(es, e)
	}
	if got, want := ecosystem.Covered(es, ms), []bool{true, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("covered: %v, want %v", got, want)
	}
}
