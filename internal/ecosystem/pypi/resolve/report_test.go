package resolve

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

var update = flag.Bool("update", false, "write the golden files again")

// conflicts have a golden file each, testdata/conflict/NAME.golden: the report
// and the line to look at first.
var conflicts = []struct {
	name  string
	index []string
	lines []string
}{
	{
		"two-lines",
		[]string{"a 1.0", "a 2.0"},
		[]string{"unrelated", "a<2", "a>=2"},
	},
	{
		"direct-against-indirect",
		[]string{"x 1.0", "x 2.0", "y 4.1 -> x>=2", "y 4.0 -> x>=2"},
		[]string{"unrelated", "unrelated", "x<2", "unrelated", "y>=4"},
	},
	{
		"two-indirect",
		[]string{"a 1.0 -> c<2", "a 1.1 -> c<2", "b 1.0 -> m", "m 3.0 -> c>=2", "c 1.0", "c 2.0"},
		[]string{"a", "b"},
	},
	{
		"chain",
		[]string{"a 1 -> b", "b 1 -> c", "c 1 -> d", "d 1 -> x>=2", "x 1", "x 2"},
		[]string{"x<2", "a"},
	},
	{
		"many-versions",
		slices.Concat(numbered("big 1.%d -> core==1.%[1]d", 30), numbered("core 1.%d", 30), []string{"core 0.9"}),
		[]string{"big", "core<1"},
	},
	{
		"no-such-version",
		[]string{"a 1.0", "a 2.2.27", "a 2.2.28", "a 3.0"},
		[]string{"a==2.2.27.1"},
	},
	{
		"newer-than-the-newest",
		[]string{"a 1.0", "a 2.0"},
		[]string{"a==9"},
	},
	{
		"no-version-in-range",
		[]string{"a 1.0", "a 2.0"},
		[]string{"a>=3,<4"},
	},
	{
		"no-such-package",
		[]string{"a 1.0"},
		[]string{"a", "reqests>=2"},
	},
	{
		"indirect-package-missing",
		[]string{"a 1.0 -> ghost>=1"},
		[]string{"a"},
	},
	{
		"requires-python",
		[]string{"a 2.4.0 py=>=3.12", "a 2.4.1 py=>=3.12", "a 2.5.0 py=>=3.13", "a 2.0"},
		[]string{"a>=2.4"},
	},
	{
		"requires-one-python",
		[]string{"a 2.4.0 py=>=3.12", "a 2.4.1 py=>=3.12"},
		[]string{"a"},
	},
	{
		"no-wheel",
		[]string{"a 1.0 wheel=cp311-cp311-win_amd64", "a 1.1 wheel=cp312-cp312-manylinux_2_17_x86_64"},
		[]string{"a"},
	},
	{
		"only-binary",
		[]string{"a 1.0 source", "a 1.1 source"},
		[]string{"--only-binary a", "a"},
	},
	{
		"no-binary",
		[]string{"a 1.0"},
		[]string{"--no-binary a", "a"},
	},
	{
		"yanked",
		[]string{"a 1.0 yanked", "a 1.1 yanked"},
		[]string{"a>=1"},
	},
	{
		"constraint",
		[]string{"a 1.0 -> b>=2", "b 1.0", "b 2.0"},
		[]string{"a", "-c b<2"},
	},
	{
		"hashes-of-everything",
		[]string{"a 1.0 -> b", "b 1.0"},
		[]string{"--require-hashes", "a==1.0 --hash " + sha("a-1.0-py3-none-any.whl")},
	},
	{
		"hash-of-nothing",
		[]string{"a 1.0"},
		[]string{"a==1.0 --hash " + sha("other")},
	},
	{
		"extra",
		[]string{`a 1.0 -> b<2 ; extra == "x"`, "b 1.0", "b 2.0"},
		[]string{"a[x]", "b>=2"},
	},
	{
		"unreadable",
		[]string{"a 1.0 named=b", "a 2.0 -> \x1b[31mred"},
		[]string{"a"},
	},
	{
		"more-than-anybody-reads",
		tangle(40),
		[]string{"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "x<1"},
	},
}

// tangle makes packages that all end in a version of x that is not wanted.
func tangle(n int) []string {
	lines := []string{"x 0.5", "x 1.0", "x 2.0"}
	for i := range n {
		lines = append(lines,
			fmt.Sprintf("p%d 1.0 -> p%d<2 & p%d", i, i+1, (i*7+3)%n),
			fmt.Sprintf("p%d 2.0 -> p%d>=2 & x>=1", i, i+1))
	}
	return append(lines, fmt.Sprintf("p%d 1.0 -> x>=2", n), fmt.Sprintf("p%d 2.0 -> x>=1,<2", n))
}

func TestConflictReports(t *testing.T) {
	for _, tc := range conflicts {
		t.Run(tc.name, func(t *testing.T) {
			_, err := resolveLines(t, newMemory(t, append(slices.Clone(tc.index), "unrelated 1")...), linux311, tc.lines...)
			no, ok := errors.AsType[*ecosystem.Conflict](err)
			if !ok {
				t.Fatalf("got %v, want a conflict", err)
			}
			got := no.Report + "\nat " + no.At.String() + "\n"
			golden := filepath.Join("testdata", "conflict", tc.name+".golden")
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
				t.Errorf("resolving %q: got\n%s\nwant\n%s", tc.lines, got, want)
			}
			if n := strings.Count(no.Report, "\n") + 1; n > maxReportLines+1 {
				t.Errorf("the report has %d lines", n)
			}
		})
	}
}
