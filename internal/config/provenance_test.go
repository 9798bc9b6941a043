package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProvenance(t *testing.T) {
	for _, tc := range []struct{ why, text, want, fails string }{
		{"those in the program by default", "", "", ""},
		{"both files", "provenance: {trusted_root: /etc/gatehouse/trusted_root.json, npm_keys: /etc/gatehouse/npm_keys.json}", "/etc/gatehouse/trusted_root.json", ""},
		{"a file that depends on where one is", "provenance: {trusted_root: trusted_root.json}", "", "provenance.trusted_root"},
		{"the other one too", "provenance: {npm_keys: keys.json}", "", "provenance.npm_keys"},
		{"an unknown key", "provenance: {mirror: https://tuf.invalid}", "", "mirror"},
	} {
		file := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file, "pypi", "npm")
		switch {
		case tc.fails != "":
			if err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: %v, want an error with %s", tc.why, err, tc.fails)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.why, err)
		case c.Provenance.TrustedRoot != tc.want:
			t.Errorf("%s: %q, want %q", tc.why, c.Provenance.TrustedRoot, tc.want)
		}
	}
}
