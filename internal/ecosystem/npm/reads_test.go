package npm_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm"
)

// TestWorkspace: the lock of a workspace speaks for its members, also where it does not
// need their files, and their files go along with it.
func TestWorkspace(t *testing.T) {
	tree := fstest.MapFS{
		"package.json":            {Data: []byte(`{"name":"root","workspaces":["packages/*"]}`)},
		"package-lock.json":       {Data: []byte(`{"name":"root","lockfileVersion":3,"packages":{"":{"name":"root","workspaces":["packages/*"]},"node_modules/a":{"resolved":"packages/a","link":true},"packages/a":{"version":"1.0.0","dependencies":{"left-pad":"^1.0.0"}},"node_modules/left-pad":{"version":"1.3.0","integrity":"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="}}}`)},
		"packages/a/package.json": {Data: []byte(`{"name":"a","version":"1.0.0","dependencies":{"left-pad":"^1.0.0"}}`)},
		"other/package.json":      {Data: []byte(`{"name":"other","dependencies":{"left-pad":"^1.0.0"}}`)},
		".npmrc":                  {Data: []byte("save-exact=true\n")},
		"README.md":               {Data: []byte("x")},
	}
	e := npm.Ecosystem{}
	var ms []*ecosystem.Manifest
	for _, p := range []string{"package-lock.json", "package.json", "packages/a/package.json", "other/package.json"} {
		m, err := ecosystem.ReadManifest(e, tree, p)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	if want := []string{".npmrc", "package-lock.json", "package.json", "packages/a/package.json"}; !slices.Equal(ms[0].Reads, want) {
		t.Errorf("the lock is read with %q, want %q", ms[0].Reads, want)
	}
	es := []ecosystem.Ecosystem{e, e, e, e}
	if got, want := ecosystem.Covered(es, ms), []bool{false, true, true, false}; !slices.Equal(got, want) {
		t.Errorf("covered: %v, want %v; another project is none of its members", got, want)
	}
	if got, want := ecosystem.Covered(es[1:], ms[1:]), []bool{false, true, false}; !slices.Equal(got, want) {
		t.Errorf("without the lock covered: %v, want %v", got, want)
	}
	if got := ecosystem.Covered(es[2:], ms[2:]); slices.Contains(got, true) {
		t.Errorf("without the root covered: %v", got)
	}
}

func TestReadBy(t *testing.T) {
	for p, want := range map[string]bool{".npmrc": true, "svc/pnpm-workspace.yaml": true, "svc/.pnpmfile.cjs": true, "package.json": false, "node_modules/x/.npmrc": false, "x.npmrc": false} {
		if got := len(npm.Ecosystem{}.ReadBy(p)) > 0; got != want {
			t.Errorf("%s: %t, want %t", p, got, want)
		}
	}
}
