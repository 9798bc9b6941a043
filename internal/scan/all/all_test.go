package all

import "testing"

func TestScannersAreNamedApart(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range FileScanners() {
		if s.Name() == "" || s.Revision() == "" || seen[s.Name()] {
			t.Errorf("scanner %q at revision %q: evidence keys need a name of its own and a revision", s.Name(), s.Revision())
		}
		seen[s.Name()] = true
	}
	if len(seen) == 0 {
		t.Error("no file would be looked at")
	}
}
