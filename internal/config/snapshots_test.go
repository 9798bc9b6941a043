package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSnapshots: how many builds are kept, and what could not be kept is an error.
func TestSnapshots(t *testing.T) {
	for _, tc := range []struct {
		why, text string
		keep      int
		err       string
	}{
		{"nothing said", "{}", 10, ""},
		{"some", "snapshots: {keep: 3}", 3, ""},
		{"none are taken", "snapshots: {keep: 0}", 0, ""},
		{"one, which would vanish while it is fetched", "snapshots: {keep: 1}", 0, "snapshots.keep"},
		{"below zero", "snapshots: {keep: -1}", 0, "snapshots.keep"},
		{"more than a list can hold", "snapshots: {keep: 1001}", 0, "snapshots.keep"},
		{"an unknown key", "snapshots: {days: 3}", 0, "days"},
	} {
		file := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file, "maven")
		if tc.err == "" && (err != nil || c.Snapshots.Keep != tc.keep) || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%s: %d, %v", tc.why, c.Snapshots.Keep, err)
		}
	}
}
