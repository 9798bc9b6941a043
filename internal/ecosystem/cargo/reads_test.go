package cargo_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo"
)

// TestWorkspaceReads: a lock and a root speak for the members; a member, which reads its
// root, speaks for itself alone.
func TestWorkspaceReads(t *testing.T) {
	tree := fstest.MapFS{
		"Cargo.toml":           {Data: []byte("[workspace]\nmembers = [\"crates/*\"]\n")},
		"Cargo.lock":           {Data: []byte("version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n")},
		"crates/a/Cargo.toml":  {Data: []byte("[package]\nname = \"a\"\nversion = \"0.1.0\"\n\n[dependencies]\nserde = \"1\"\n")},
		".cargo/config.toml":   {Data: []byte("[net]\nretry = 2\n")},
		"crates/a/src/main.rs": {Data: []byte("fn main() {}\n")},
	}
	e := cargo.Ecosystem{}
	var ms []*ecosystem.Manifest
	es := []ecosystem.Ecosystem{}
	for _, p := range []string{"Cargo.lock", "Cargo.toml", "crates/a/Cargo.toml"} {
		m, err := ecosystem.ReadManifest(e, tree, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{".cargo/config.toml", "Cargo.toml", "crates/a/Cargo.toml"} {
			if !slices.Contains(m.Reads, want) {
				t.Errorf("%s is read with %q, not with %s", p, m.Reads, want)
			}
		}
		ms, es = append(ms, m), append(es, e)
	}
	if got, want := ecosystem.Covered(es, ms), []bool{false, true, true}; !slices.Equal(got, want) {
		t.Errorf("covered: %v, want %v", got, want)
	}
	if got, want := ecosystem.Covered(es[1:], ms[1:]), []bool{false, true}; !slices.Equal(got, want) {
		t.Errorf("without the lock covered: %v, want %v", got, want)
	}
	if got := ecosystem.Covered(es[2:], ms[2:]); got[0] {
		t.Error("a member alone is covered by nothing")
	}
}
