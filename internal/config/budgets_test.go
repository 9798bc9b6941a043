package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBudgets: a file changes what it names and nothing else, and what could not
// be meant is an error.
func TestBudgets(t *testing.T) {
	for _, tc := range []struct{ why, text, fails string }{
		{"none named", "", ""},
		{"one named", "budgets: {address: {names: 7}}", ""},
		{"nothing allowed", "budgets: {anonymous: {files: 0}}", ""},
		{"below zero", "budgets: {reader: {bytes: -1}}", "budgets.reader.bytes"},
		{"a span below zero", "budgets: {reader: {scan_time: -1h}}", "-1h"},
		{"no place to wait at all", "budgets: {waits: 0}", "budgets.waits"},
		{"an unknown key", "budgets: {reader: {versions: 7}}", "versions"},
	} {
		file := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file, "pypi", "npm")
		if tc.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: %v, want an error that names %s", tc.why, err, tc.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		want := defaultBudgets()
		switch tc.why {
		case "one named":
			want.Address.Names = 7
		case "nothing allowed":
			want.Anonymous.Files = 0
		}
		if c.Budgets != want {
			t.Errorf("%s: %+v\nwant %+v", tc.why, c.Budgets, want)
		}
	}
}
