package manifest

import (
	"flag"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestGolden reads one project of each format and compares all that is known
// about it, with the place of everything.
func TestGolden(t *testing.T) {
	for _, tc := range []struct{ path, why string }{
		{"requirements/requirements.txt", "every kind of line, with includes and a constraint file"},
		{"freeze/requirements.txt", "what pip freeze writes, with every way of installing"},
		{"uv/uv.lock", "forks, extras, groups, markers, sources"},
		{"poetry1/poetry.lock", "1.1: category and a common list of files; no pyproject.toml beside it"},
		{"poetry2/poetry.lock", "2.1: groups and markers of packages; what is direct stands beside it"},
		{"pdm4/pdm.lock", "4.5: groups, markers and extras in the lock, every kind of source"},
		{"pdm3/pdm.lock", "3.1: sections, one list of files"},
		{"pipenv/Pipfile.lock", "categories, sources, what comes from no index"},
		{"pipenv/Pipfile", "categories, versions as strings and as tables"},
		{"constraints/constraints.txt", "bounds that nothing includes"},
		{"pylock/pylock.toml", "every kind of source of PEP 751"},
		{"pyproject/pyproject.toml", "PEP 621 and 735 with uv's tables"},
		{"pyproject-poetry/pyproject.toml", "poetry's own tables"},
	} {
		t.Run(tc.path, func(t *testing.T) {
			m, err := Parse(os.DirFS("testdata/"+path.Dir(tc.path)), path.Base(tc.path))
			if err != nil {
				t.Fatalf("Parse(%s) (%s): %v", tc.path, tc.why, err)
			}
			got := render(m)
			golden := "testdata/" + tc.path + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("Parse(%s) (%s):\n got:\n%s\n want:\n%s", tc.path, tc.why, got, want)
			}
			if strings.Contains(got, "canary") {
				t.Errorf("a password, token or path of an index is shown:\n%s", got)
			}
		})
	}
}

// render writes all that a manifest says, a line for each thing.
func render(m *ecosystem.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s locked=%t hashed=%t python=%q pre=%t only-binary=%q no-binary=%q\n", m.Format, m.Path, m.Locked, m.Hashed, m.RequiresPython, m.PreReleases, m.OnlyBinary, m.NoBinary)
	for _, p := range m.Problems {
		fmt.Fprintf(&b, "problem %s:%d:%d %s %s %s fatal=%t\n\t%s\n", p.At.File, p.At.Line, p.At.Column, p.Effect, p.Class, p.Rule, p.Fatal, p.Text)
	}
	for _, r := range m.Requirements {
		fmt.Fprintf(&b, "%s:%d:%d %s spec=%q number=%q extras=%q marker=%q groups=%q constraint=%t direct=%t needs=%v\n\t%s\n",
			r.At.File, r.At.Line, r.At.Column, r.Package.Name, r.Spec, r.Number, r.Extras, r.Marker, r.Groups, r.Constraint, r.Direct, r.Needs, r.Written)
		for _, h := range r.Hashes {
			fmt.Fprintf(&b, "\thash %.20s (%d)\n", h, len(h))
		}
		for _, f := range r.Files {
			fmt.Fprintf(&b, "\tfile %s sha256=%s size=%d %s\n", f.Name, f.SHA256.Short(), f.Size, f.URL)
		}
	}
	return b.String()
}
