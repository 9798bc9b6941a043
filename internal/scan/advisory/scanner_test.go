package advisory_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	check "github.com/gatehouse-project/gatehouse/internal/scan/advisory"
)

type names struct{}

func (names) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	if eco != artifact.PyPI {
		return "", errors.ErrUnsupported
	}
	return pep503.Parse(name)
}

func (names) Key(eco artifact.Ecosystem, version string) ([]byte, error) {
	v, err := pep440.Parse(version)
	if err != nil {
		return nil, err
	}
	return v.Key(), nil
}

// snapshot syncs plain records from a folder.
func snapshot(t *testing.T, from string) *advisory.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if _, err := advisory.Sync(t.Context(), advisory.Config{Dir: dir, Sources: []string{from}, Names: names{}}); err != nil {
		t.Fatal(err)
	}
	s, err := advisory.Open(dir, names{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func target(name, number string) scan.VersionTarget {
	return scan.VersionTarget{Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number}}
}

func TestDjango(t *testing.T) {
	s := snapshot(t, "../../../examples/advisories")
	c := check.New(func() *advisory.Snapshot { return s })
	if c.Name() != "advisory" || c.Revision() != s.ID() {
		t.Errorf("name %q, revision %q", c.Name(), c.Revision())
	}
	fs, err := c.Check(t.Context(), target("django", "2.2.0"))
	if err != nil || len(fs) != 6 {
		t.Fatalf("%d findings, %v: %+v", len(fs), err, fs)
	}
	i := slices.IndexFunc(fs, func(f finding.Finding) bool { return f.IDs[0] == "PYSEC-2020-35" })
	if i < 0 {
		t.Fatalf("PYSEC-2020-35 is missing: %+v", fs)
	}
	f := fs[i]
	if f.Rule != "known-vulnerability" || f.Class != finding.Vulnerability || f.Severity != finding.Critical {
		t.Errorf("%+v", f)
	}
	if want := []string{"PYSEC-2020-35", "CVE-2020-7471", "GHSA-hmr4-m2h5-33qx"}; !slices.Equal(f.IDs, want) {
		t.Errorf("ids %v, want %v", f.IDs, want)
	}
	if want := []string{"2.2.10", "3.0.3"}; !slices.Equal(f.Fixed, want) {
		t.Errorf("fixed %v, want %v", f.Fixed, want)
	}
	if want := "SQL injection through the delimiter of StringAgg: PYSEC-2020-35, fixed in 2.2.10"; f.Text != want {
		t.Errorf("text %q, want %q", f.Text, want)
	}
	if fs, err := c.Check(t.Context(), target("django", "5.2.1")); len(fs) != 0 || err != nil {
		t.Errorf("a fixed version: %+v, %v", fs, err)
	}
}

func TestMalware(t *testing.T) {
	s := snapshot(t, "../../../examples/advisories")
	c := check.New(func() *advisory.Snapshot { return s })
	fs, err := c.Check(t.Context(), target("gatehouse-demo-malware", "1.0"))
	if err != nil || len(fs) != 1 {
		t.Fatalf("%+v, %v", fs, err)
	}
	if f := fs[0]; f.Rule != "known-malware" || f.Class != finding.Malware || f.Class.Waivable() || f.Severity != finding.Critical {
		t.Errorf("%+v", f)
	}
}

func TestHostileSummary(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "PyPI"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := `{"id":"PYSEC-1","modified":"2020-01-01T00:00:00Z","summary":"a\u001b[31m\u202eb","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"versions":["1"]}]}`
	if err := os.WriteFile(filepath.Join(dir, "PyPI", "PYSEC-1.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, dir)
	c := check.New(func() *advisory.Snapshot { return s })
	fs, err := c.Check(t.Context(), target("p", "1.0"))
	if err != nil || len(fs) != 1 {
		t.Fatalf("%+v, %v", fs, err)
	}
	if strings.ContainsAny(fs[0].Text, "\x1b\u202e") || !strings.HasSuffix(fs[0].Text, "PYSEC-1, no fixed version known") {
		t.Errorf("text %q", fs[0].Text)
	}
	if fs[0].Severity != finding.Unknown {
		t.Errorf("severity %v: what is not known stays unknown", fs[0].Severity)
	}
}

func TestWithoutDataItIsAFault(t *testing.T) {
	c := check.New(func() *advisory.Snapshot { return nil })
	if _, err := c.Check(t.Context(), target("django", "2.2.0")); err == nil {
		t.Error("no snapshot and no error")
	}
	if c.Revision() == "" {
		t.Error("no revision")
	}
	s := snapshot(t, "../../../examples/advisories")
	c = check.New(func() *advisory.Snapshot { return s })
	other := target("left-pad", "1.0.0")
	other.Version.Package.Ecosystem = "npm"
	if _, err := c.Check(t.Context(), other); !errors.Is(err, advisory.ErrNoData) {
		t.Errorf("an ecosystem without data: %v", err)
	}
}
