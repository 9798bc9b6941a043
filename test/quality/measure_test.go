package quality

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/quality/corpus"
	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// TestMeasure measures scanners of a known quality: the figures must say so.
func TestMeasure(t *testing.T) {
	m := generate.All(generate.Seed).Every(211)
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		kind, why         string
		recall, precision float64
		wrongRows         func(kind string) bool
	}{
		{"perfect", "finds all and nothing else", 1, 1, func(string) bool { return false }},
		{"blind", "finds nothing", 0, 1, func(kind string) bool { return kind != "honest" }},
		{"paranoid", "rejects the honest as well", 1, -1, func(kind string) bool { return kind == "honest" }},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			s := fakeScanner(t, tc.kind, dir)
			judged, err := s.Generated(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			all := total(CountBy(judged, family))
			if all.Malicious < 50 || all.Twins < 20 {
				t.Fatalf("only %d malicious samples and %d twins", all.Malicious, all.Twins)
			}
			if got := all.Recall(); got != tc.recall {
				t.Errorf("%s: recall %v, want %v", tc.why, got, tc.recall)
			}
			want := tc.precision
			if want < 0 {
				want = float64(all.Malicious) / float64(all.Malicious+all.Twins)
			}
			if got := all.Precision(); math.Abs(got-want) > 1e-9 && all.Found > 0 {
				t.Errorf("%s: precision %v, want %v", tc.why, got, want)
			}
			rows, err := s.Rows(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range rows {
				if w.Right == tc.wrongRows(w.Kind) {
					t.Errorf("%s: row %s is right: %v (%s)", tc.why, w.ID, w.Right, w.Why)
				}
			}
		})
	}
}

// TestSilenceIsAnError: a scanner that says nothing, or fails, has found nothing
// out, and no figure may come of it.
func TestSilenceIsAnError(t *testing.T) {
	for _, kind := range []string{"silent", "broken"} {
		if got, err := fakeScanner(t, kind, t.TempDir()).Scan(t.Context(), []string{"a.whl"}); err == nil {
			t.Errorf("%s: Scan = %v, want an error", kind, got)
		}
		if got, err := fakeScanner(t, kind, t.TempDir()).Upgrade(t.Context(), "a.whl", "b.whl"); err == nil {
			t.Errorf("%s: Upgrade = %v, want an error", kind, got)
		}
	}
}

// TestWeakFamilies: where holding is not wanted, a rule counts that the twins do
// not set off.
func TestWeakFamilies(t *testing.T) {
	bad := func(verdict string, weak bool, rules ...string) Judged {
		j := Judged{Sample: generate.Sample{Label: generate.Malicious, Weak: weak}, Outcome: Outcome{Verdict: verdict}}
		for _, r := range rules {
			j.Outcome.Findings = append(j.Outcome.Findings, Finding{Rule: r})
		}
		return j
	}
	for _, tc := range []struct {
		why    string
		j      Judged
		honest []string
		want   bool
	}{
		{"not admitted", bad("hold", false), nil, true},
		{"admitted with a note", bad("admit", false, "a"), nil, false},
		{"weak, with a note", bad("admit", true, "a"), nil, true},
		{"weak, with the twin's note", bad("admit", true, "a"), []string{"a"}, false},
		{"weak, with one more", bad("admit", true, "a", "b"), []string{"a"}, true},
	} {
		if got := found(tc.j, tc.honest); got != tc.want {
			t.Errorf("%s: found = %v, want %v", tc.why, got, tc.want)
		}
	}
}

func TestUpper(t *testing.T) {
	for _, tc := range []struct {
		k, n int
		want float64
	}{
		{0, 0, 1}, {0, 100, 0.0370}, {1, 100, 0.0545}, {0, 238, 0.0159}, {50, 100, 0.5962}, {10, 10, 1},
	} {
		if got := Upper(tc.k, tc.n); math.Abs(got-tc.want) > 0.0001 {
			t.Errorf("Upper(%d, %d) = %.4f, want %.4f", tc.k, tc.n, got, tc.want)
		}
		if got := Lower(tc.n-tc.k, tc.n); math.Abs(got-(1-tc.want)) > 0.0001 {
			t.Errorf("Lower(%d, %d) = %.4f, want %.4f", tc.n-tc.k, tc.n, got, 1-tc.want)
		}
	}
}

// TestFirstSealedRunIsKept: what the sealed half said first is never written over.
func TestFirstSealedRunIsKept(t *testing.T) {
	b, err := os.ReadFile("../../docs/quality.md")
	if err != nil {
		t.Fatal(err)
	}
	// Every part is written over once, so that only this test's text is in it.
	doc := string(b)
	names := []string{"tune", "corpus-tune", "sealed", "corpus-sealed"}
	for _, name := range append(names, firstRun("sealed"), firstRun("corpus-sealed")) {
		if doc, err = replace(doc, name, notRun, true); err != nil {
			t.Fatalf("docs/quality.md: %v", err)
		}
	}
	file := filepath.Join(t.TempDir(), "quality.md")
	if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{"first run", "second run"} {
		var sections []Section
		for _, name := range names {
			sections = append(sections, Section{name, run + " of " + name})
		}
		if err := WriteSections(file, sections); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"first run of sealed": 1, "first run of corpus-sealed": 1, "second run of sealed": 1, "second run of corpus-sealed": 1,
		"second run of tune": 1, "first run of tune": 0, "second run of corpus-tune": 1, "first run of corpus-tune": 0,
	} {
		if n := strings.Count(string(got), text); n != want {
			t.Errorf("%q stands %d times in the document, want %d", text, n, want)
		}
	}
}

// TestHeldTableEscapes: names and texts of packages stand in a document.
func TestHeldTableEscapes(t *testing.T) {
	got := HeldTable([]Release{
		{Release: corpus.Release{File: "a.whl"}, Outcome: Outcome{Verdict: "admit"}},
		{Release: corpus.Release{File: "b|c.whl"}, Before: "b<0>.whl", Outcome: Outcome{Verdict: "hold", Findings: []Finding{{Rule: "minor", Severity: "low"}, {Rule: "r", Path: "x`[y]\n@z\u202e", Line: 3, Severity: "high"}}}},
	})
	for _, bad := range []string{"a.whl", "b|c", "<0>", "`", "\n@", "@z", "\u202e"} {
		if strings.Contains(got, bad) {
			t.Errorf("the table has %q in it:\n%s", bad, got)
		}
	}
	grave, minor := strings.Index(got, "r (high)"), strings.Index(got, "minor (low)")
	if grave < 0 || minor < grave {
		t.Errorf("want both findings, the graver first:\n%s", got)
	}
}
