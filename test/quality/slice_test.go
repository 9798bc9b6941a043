package quality

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// floor is a little below what the whole half reaches (99.5%): a slice of a hundred
// says when the detection has broken, not how good it is.
const floor = 0.97

// TestSlice measures a small part of the tune half with the real program: of that
// part of it that never was sealed, so that it stays the same when a half is opened.
func TestSlice(t *testing.T) {
	m := generate.All(generate.Seed).Half(generate.Tune).Unopened().Every(41)
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	judged, err := scanner(t, dir).Generated(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	all := total(CountBy(judged, family))
	if all.Malicious < 80 || all.Twins < 30 {
		t.Fatalf("%d malicious samples and %d twins: too few to say anything", all.Malicious, all.Twins)
	}
	if all.Recall() < floor {
		t.Errorf("%d of %d found, want at least %s", all.Found, all.Malicious, percent(floor))
	}
	for _, j := range judged {
		switch {
		case j.Label == generate.Malicious && !j.Found:
			t.Logf("not found: %s", j.ID)
		case j.Label == generate.Benign && j.Outcome.Verdict == "reject":
			t.Errorf("an honest twin is rejected: %s: %s", j.ID, strings.Join(j.Outcome.rules(), ", "))
		}
	}
}
