package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	for _, tc := range []struct{ why, text, want, fails string }{
		{"none by default", "", "", ""},
		{"a folder", "rules: {folder: /etc/gatehouse/rules}", "/etc/gatehouse/rules", ""},
		{"a folder that depends on where one is", "rules: {folder: rules}", "", "write the whole path"},
		{"an unknown key", "rules: {folders: /x}", "", "folders"},
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
		case c.Rules.Folder != tc.want:
			t.Errorf("%s: %q, want %q", tc.why, c.Rules.Folder, tc.want)
		}
	}
}
