package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSandbox(t *testing.T) {
	for _, tc := range []struct {
		why, text string
		want      []string
		fails     string
	}{
		{"nothing is demanded by default", "", nil, ""},
		{"some layers", "sandbox: {require: [namespaces, seccomp, landlock]}", []string{"namespaces", "seccomp", "landlock"}, ""},
		{"a layer that could never be there", "sandbox: {require: [seccmop]}", nil, `did you mean "seccomp"`},
		{"no word for one", "sandbox: {require: [walls]}", nil, "there are namespaces"},
		{"an unknown key", "sandbox: {demand: [seccomp]}", nil, "demand"},
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
		case !slices.Equal(c.Sandbox.Require, tc.want):
			t.Errorf("%s: %q, want %q", tc.why, c.Sandbox.Require, tc.want)
		}
	}
}
