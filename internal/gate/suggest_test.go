package gate_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// TestARefusalNamesWhatToTake also where the upstream tells of each version in a
// request of its own and nobody asked about the others yet: of the newest few, and once.
func TestARefusalNamesWhatToTake(t *testing.T) {
	w := newWorld(t, "lib 1.0", "lib 2.0", "lib 3.0", "lib 4.0", "lib 5.0 age=1200h")
	w.vuln("PYSEC-2026-1", "lib 3.0", finding.Critical, "4.0")
	s := w.sparsely()
	refused := func(away error) string {
		t.Helper()
		v, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-3.0-py3-none-any.whl")
		if err != nil {
			t.Fatal(err)
		}
		s.fails = away
		defer func() { s.fails = nil }()
		return w.Suggest(t.Context(), "main", v, 2).Next
	}
	if got := refused(errors.New("away")); got != "" {
		t.Errorf("while the upstream is away: %q", got)
	}
	if got := refused(nil); got != "use 5.0" {
		t.Errorf("%q, want the newest version", got)
	}
	if got, want := s.wasAsked(), []string{"lib-3.0-py3-none-any.whl", "lib-5.0-py3-none-any.whl lib-4.0-py3-none-any.whl lib-2.0-py3-none-any.whl lib-3.0-py3-none-any.whl"}; !slices.Equal(got, want) {
		t.Errorf("it asked %q, want %q", got, want)
	}
	if got := refused(nil); got != "use 5.0" {
		t.Errorf("once more: %q", got)
	}
	if got := s.wasAsked(); len(got) > 1 {
		t.Errorf("once more it asked %q", got)
	}
	v, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-3.0-py3-none-any.whl")
	if err != nil || gate.RefusalOf(v, 2).Next != "use 5.0" {
		t.Errorf("what was learned stays: %v", err)
	}
}

// TestADateIsNoNewestVersion: versions that are dates stand above all others and came
// out before them; what is named is the one that is called fixed, though there are
// newer numbers than are asked about.
func TestADateIsNoNewestVersion(t *testing.T) {
	dated := []string{"lib 3.1", "lib 3.2", "lib 3.3", "lib 20040616 age=9600h", "lib 20031027 age=12000h", "lib 20030201 age=14400h", "lib 20020101 age=16800h"}
	for why, c := range map[string]struct {
		lines  []string
		sparse bool
	}{
		"the index tells all":            {dated, false},
		"each version tells of itself":   {dated, true},
		"only the list of them is dated": {[]string{"lib 3.1", "lib 3.2", "lib 3.3", "lib 20040616"}, false},
	} {
		w := newWorld(t, c.lines...)
		w.vuln("PYSEC-2026-1", "lib 3.1", finding.Critical, "3.2")
		if c.sparse {
			w.sparsely()
		}
		v, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-3.1-py3-none-any.whl")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Suggest(t.Context(), "main", v, 0).Next; got != "use 3.2" {
			t.Errorf("%s: %q, want the fixed version", why, got)
		}
	}
}
