//go:build live

package audit

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// TestReportsWhatOSVScannerReports compares ten lockfiles over one snapshot, by
// alias groups: what osv-scanner knows against a version and gatehouse does not
// is a failure, the other way round is printed. With GATEHOUSE_TEST_ADVISORIES
// set it is the full data, otherwise the few records of the examples.
func TestReportsWhatOSVScannerReports(t *testing.T) {
	const root = "../../.."
	binary := os.Getenv("GATEHOUSE_TEST_BINARY")
	if binary == "" {
		t.Fatal("GATEHOUSE_TEST_BINARY names no gatehouse; run: make live")
	}
	scanner, err := Scanner(t.Context(), t.TempDir())
	if err != nil {
		t.Fatalf("there is no osv-scanner to compare with: %v", err)
	}
	data, cache := t.TempDir(), t.TempDir()
	sync := []string{"advisories", "sync", "--data", data}
	for _, s := range Sources(root) {
		abs, err := filepath.Abs(s)
		if err != nil {
			t.Fatal(err)
		}
		sync = append(sync, "--from", abs)
	}
	if _, _, err := Run(t.Context(), 0, nil, binary, sync...); err != nil {
		t.Fatal(err)
	}
	if err := Database(cache, Sources(root)); err != nil {
		t.Fatal(err)
	}
	locks, err := Lockfiles(root)
	if err != nil {
		t.Fatal(err)
	}
	sumOurs, sumTheirs := 0, 0
	for _, lock := range locks {
		ours, ourCost, err := Gatehouse(t.Context(), binary, data, lock)
		if err != nil {
			t.Fatal(err)
		}
		theirs, theirCost, err := OSVScanner(t.Context(), scanner, cache, lock)
		if err != nil {
			t.Fatal(err)
		}
		sumOurs, sumTheirs = sumOurs+len(ours), sumTheirs+len(theirs)
		missing, more := Missing(theirs, ours), Missing(ours, theirs)
		t.Logf("%s: gatehouse %d alias groups in %v CPU, osv-scanner %d records in %v CPU; %d only here, %d only there",
			lock, len(ours), ourCost.CPU, len(theirs), theirCost.CPU, len(more), len(missing))
		for _, f := range more {
			t.Logf("  only gatehouse    %s", f)
		}
		for _, f := range missing {
			t.Errorf("  only osv-scanner  %s", f)
		}
	}
	if sumOurs == 0 || sumTheirs == 0 {
		t.Errorf("gatehouse found %d and osv-scanner %d in all: one of them did not look", sumOurs, sumTheirs)
	}
}
