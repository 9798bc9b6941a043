//go:build conformance

package manifest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
)

// TestReadsGroupsAsPip compares dependency groups with what pip's own reader of
// PEP 735 makes of them.
func TestReadsGroupsAsPip(t *testing.T) {
	python := os.Getenv("GATEHOUSE_TEST_PYTHON")
	if python == "" {
		t.Fatal("GATEHOUSE_TEST_PYTHON is not set: name a Python that has pip")
	}
	for _, tc := range []struct{ content, why string }{
		{"a = ['x', 'y>1']\nb = [{include-group = 'a'}, 'z']\n", "an include"},
		{"a = ['x']\nb = [{include-group = 'a'}]\nc = [{include-group = 'b'}, {include-group = 'a'}]\n", "two ways to one group"},
		{"A_b = ['x']\nc = [{include-group = 'a.B'}]\n", "spellings"},
		{"a = []\n", "an empty group"},
		{"a = [{include-group = 'b'}]\n", "a group that is not there"},
		{"a = [{include-group = 'a'}]\n", "a circle of one"},
		{"a = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n", "a circle of two"},
		{"a-b = []\na_b = []\n", "one name twice"},
		{"a = [{include-group = 'b', x = 'y'}]\nb = []\n", "something beside the include"},
		{"a = [{set-phasers-to = 'stun'}]\n", "another table"},
		{"a = [1]\n", "a number"},
		{"a = ['x >=']\n", "no requirement"},
		{"a = 'x'\n", "no list"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "pyproject.toml")
		if err := os.WriteFile(file, []byte("[dependency-groups]\n"+tc.content), 0o644); err != nil {
			t.Fatal(err)
		}
		b, err := exec.Command(python, "-I", "groups.py", file).Output()
		if err != nil {
			t.Fatalf("groups.py: %v", err)
		}
		var pip map[string]any
		if err := json.Unmarshal(b, &pip); err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(os.DirFS(dir), "pyproject.toml")
		if err != nil {
			t.Fatal(err)
		}
		fatal := len(m.Problems) > 0 && m.Problems[0].Fatal
		if _, bad := pip["error"]; bad || fatal {
			if bad != fatal {
				t.Errorf("%q (%s): pip says %v, the gate %+v", tc.content, tc.why, pip, m.Problems)
			}
			continue
		}
		for group, names := range pip {
			want := []string{}
			for _, n := range names.([]any) {
				want = append(want, n.(string))
			}
			got := []string{}
			for _, r := range m.Requirements {
				if slices.Contains(r.Groups, group) {
					got = append(got, r.Package.Name)
				}
			}
			slices.Sort(got)
			if got = slices.Compact(got); !reflect.DeepEqual(got, want) {
				t.Errorf("%q (%s): group %s is %v, pip has %v", tc.content, tc.why, group, got, want)
			}
		}
	}
}
