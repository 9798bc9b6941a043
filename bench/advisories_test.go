package bench

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/test/live/audit"
)

// osvFolders are the ecosystems by the name that OSV's export calls them.
var osvFolders = map[artifact.Ecosystem]string{
	artifact.PyPI: "PyPI", artifact.NPM: "npm", artifact.Golang: "Go", artifact.Cargo: "crates.io", artifact.Maven: "Maven",
}

// audited are the advisories that package audit compares with.
func audited(tb testing.TB) []string {
	tb.Helper()
	var out []string
	for _, s := range audit.Sources(root) {
		abs, err := filepath.Abs(s)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, abs)
	}
	return out
}

// complete are the advisories that a measured gate has: those, and a record of each
// ecosystem, since a gate holds everything of one that it has no advisories of, and
// not every machine has data of them all.
func complete(tb testing.TB) []string {
	tb.Helper()
	made := tb.TempDir()
	for eco, folder := range osvFolders {
		text, err := json.Marshal(map[string]any{
			"schema_version": "1.6.7", "id": "BENCH-" + string(eco), "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
			"summary": "made up for a measurement, of a package that nobody asks for",
			"affected": []any{map[string]any{
				"package": map[string]string{"ecosystem": folder, "name": "bench.invalid:covered"},
				"ranges":  []any{map[string]any{"type": "ECOSYSTEM", "events": []any{map[string]string{"introduced": "0"}}}},
			}},
		})
		if err != nil {
			tb.Fatal(err)
		}
		saveProject(tb, made, filepath.Join(folder, "BENCH-"+string(eco)+".json"), string(text))
	}
	return append(audited(tb), made)
}

// names is what the advisory index asks of ecosystems.
type names map[artifact.Ecosystem]ecosystem.Ecosystem

func (n names) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	e, ok := n[eco]
	if !ok {
		return "", errors.ErrUnsupported
	}
	p, err := e.ParseName(name)
	return p.Name, err
}

func (n names) Key(eco artifact.Ecosystem, version string) ([]byte, error) {
	e, ok := n[eco]
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return e.VersionKey(version)
}

// TestEveryEcosystemHasAdvisories: the gate that is measured has advisories of every
// ecosystem, on a machine that has nothing but this repository too; without them it
// would hold every package, and the measurement could only fail.
func TestEveryEcosystemHasAdvisories(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_ADVISORIES", "")
	dir := t.TempDir()
	report, err := advisory.Sync(t.Context(), advisory.Config{Dir: dir, Sources: complete(t), Names: names(all.ByID())})
	if err := errors.Join(err, report.Err()); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Feeds {
		if f.Unreadable > 0 {
			t.Errorf("%s of %s: %s", f.Ecosystem, f.Source, f.Text)
		}
	}
	s, err := advisory.Open(dir, names(all.ByID()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, a := range all.List() {
		p := artifact.Package{Ecosystem: a.ID(), Name: "bench"}
		if _, err := s.Match(p, "1.0.0"); errors.Is(err, advisory.ErrNoData) {
			t.Errorf("%s: %v", a.ID(), err)
		}
	}
}
