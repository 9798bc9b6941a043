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

// TestGolden reads one project in every format, as its own client wrote it, and
// compares all that is known about it, with the place of everything.
func TestGolden(t *testing.T) {
	for _, tc := range []struct{ path, why string }{
		{"npm3/package.json", "sections, an alias, workspaces"},
		{"npm3/package-lock.json", "lockfileVersion 3"},
		{"npm2/package-lock.json", "lockfileVersion 2, which says it twice"},
		{"npm1/package-lock.json", "lockfileVersion 1"},
		{"pnpm9/package.json", "a pnpm project, whose workspaces are found in pnpm-workspace.yaml"},
		{"pnpm9/pnpm-lock.yaml", "pnpm 9 to 12"},
		{"pnpm6/pnpm-lock.yaml", "pnpm 8"},
		{"pnpm5/pnpm-lock.yaml", "pnpm 7"},
		{"yarn1/yarn.lock", "yarn 1"},
		{"berry/yarn.lock", "yarn 4"},
		{"bun/bun.lock", "bun 1"},
		{"odd/package.json", "every kind of wish, with settings of every client beside it"},
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
				t.Errorf("a password, token or path of a registry is shown:\n%s", got)
			}
		})
	}
}

// render writes all that a manifest says, a line for each thing.
func render(m *ecosystem.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s locked=%t hashed=%t\n", m.Format, m.Path, m.Locked, m.Hashed)
	for _, p := range m.Problems {
		fmt.Fprintf(&b, "problem %s:%d:%d %s %s %s fatal=%t %s\n\t%s\n", p.At.File, p.At.Line, p.At.Column, p.Effect, p.Class, p.Rule, p.Fatal, p.Index, p.Text)
	}
	for _, r := range m.Requirements {
		var needs []string
		for _, n := range r.Needs {
			needs = append(needs, n.Name)
		}
		fmt.Fprintf(&b, "%s:%d:%d %s spec=%q number=%q groups=%q constraint=%t direct=%t needs=%v source=%s\n\t%s\n",
			r.At.File, r.At.Line, r.At.Column, r.Package.Name, r.Spec, r.Number, r.Groups, r.Constraint, r.Direct, needs, r.Source, r.Written)
		for _, h := range r.Hashes {
			fmt.Fprintf(&b, "\thash %.20s (%d)\n", h, len(h))
		}
		for _, f := range r.Files {
			fmt.Fprintf(&b, "\tfile %s digests=%d %s\n", f.Name, len(f.Digests), f.URL)
		}
	}
	return b.String()
}
