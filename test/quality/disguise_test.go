package quality

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// TestDisguisesOfSomeChangeNothing is TestDisguisesChangeNothing for a fixed part of
// the shapes, which takes seconds.
func TestDisguisesOfSomeChangeNothing(t *testing.T) { disguisesChangeNothing(t, 9) }

// disguisesChangeNothing: what is found in a shape is found in it through quotes,
// comments, extensions, aliases, concatenation and encodings. It looks at one shape
// out of every.
func disguisesChangeNothing(t *testing.T, every int) {
	groups := generate.Groups(generate.Seed)
	if len(groups) < 60 {
		t.Fatalf("%d groups", len(groups))
	}
	var m generate.Manifest
	for i, g := range groups {
		if i%every == 0 {
			m.Samples = append(m.Samples, g...)
		}
	}
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	judged, err := scanner(t, dir).Generated(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	var plain Judged
	for _, j := range judged {
		if j.Disguise == "none" {
			plain = j
			if j.Outcome.Verdict == "admit" {
				t.Errorf("%s: admitted even without a disguise", j.ID)
			}
			continue
		}
		for _, rule := range plain.Outcome.rules() {
			if !slices.Contains(j.Outcome.rules(), rule) {
				t.Errorf("%s: %s is not found any more: %s", j.ID, rule, strings.Join(j.Outcome.rules(), ", "))
			}
		}
		if worse(plain.Outcome.Verdict, j.Outcome.Verdict) {
			t.Errorf("%s: %s, and %s without the disguise", j.ID, j.Outcome.Verdict, plain.Outcome.Verdict)
		}
	}
}

// worse says whether a disguise made a verdict milder.
func worse(plain, disguised string) bool {
	order := []string{"admit", "hold", "reject"}
	return slices.Index(order, disguised) < slices.Index(order, plain)
}
