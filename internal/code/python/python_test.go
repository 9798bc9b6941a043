package python

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// compact writes a fact in one line: kind name [args] from= marks= reach= scope= disguised.
func compact(f code.Fact) string {
	var b strings.Builder
	b.WriteString(string(f.Kind))
	if f.Name != "" {
		b.WriteString(" " + f.Name)
	}
	if len(f.Args) > 0 {
		b.WriteString(" [" + strings.Join(f.Args, "|") + "]")
	}
	if len(f.From) > 0 {
		b.WriteString(" from=" + strings.Join(f.From, ","))
	}
	if len(f.Marks) > 0 {
		b.WriteString(" marks=" + strings.Join(f.Marks, ","))
	}
	if f.Reach != code.Top {
		b.WriteString(" reach=" + string(f.Reach))
	}
	if f.Scope != "" {
		b.WriteString(" scope=" + f.Scope)
	}
	if f.Disguised {
		b.WriteString(" disguised")
	}
	return b.String()
}

func compactAll(fs code.Facts) []string {
	var out []string
	for _, f := range fs.Facts {
		if f.Kind == code.Across { // see across_test.go
			continue
		}
		out = append(out, compact(f))
	}
	for _, e := range fs.Embedded {
		out = append(out, fmt.Sprintf("embedded %s %q", e.Language, code.Shorten(string(e.Text), 60)))
	}
	if fs.Unread != "" {
		out = append(out, "unread")
	}
	return out
}

// row is a snippet of testdata/facts.txt with the facts that it is to give.
type row struct {
	why, src string
	want     []string
}

// rows reads testdata/facts.txt: "=== why", the source, "---", a fact a line.
// Imports and strings with marks are left out where "why" does not ask for them
// by ending in "(imports)" or "(strings)".
func rows(t testing.TB) []row {
	t.Helper()
	b, err := os.ReadFile("testdata/facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	for _, section := range strings.Split("\n"+string(b), "\n=== ")[1:] {
		why, rest, _ := strings.Cut(section, "\n")
		src, want, _ := strings.Cut(rest, "\n---")
		r := row{why: why, src: src + "\n"}
		for _, l := range strings.Split(want, "\n") {
			if l != "" {
				r.want = append(r.want, l)
			}
		}
		out = append(out, r)
	}
	return out
}

func (r row) got() []string {
	var out []string
	for _, l := range compactAll(Analyze([]byte(r.src))) {
		if strings.HasPrefix(l, "import ") && !strings.HasSuffix(r.why, "(imports)") || strings.HasPrefix(l, "string ") && !strings.HasSuffix(r.why, "(strings)") {
			continue
		}
		out = append(out, strings.ReplaceAll(l, "\n", `\n`))
	}
	return out
}

var update = flag.Bool("update", false, "write testdata/facts.txt anew; review the difference")

func TestFacts(t *testing.T) {
	all := rows(t)
	if len(all) < 150 {
		t.Errorf("testdata/facts.txt holds %d snippets, want at least 150", len(all))
	}
	if *update {
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, "=== %s\n%s---\n", r.why, r.src)
			for _, l := range r.got() {
				b.WriteString(l + "\n")
			}
		}
		if err := os.WriteFile("testdata/facts.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, r := range all {
		t.Run(r.why, func(t *testing.T) {
			if got := r.got(); !slices.Equal(got, r.want) {
				t.Errorf("%s\ngot\n  %s\nwant\n  %s", r.src, strings.Join(got, "\n  "), strings.Join(r.want, "\n  "))
			}
		})
	}
}

// TestTables: a name in a table that is no name of anything would never be found.
func TestTables(t *testing.T) {
	for from := range renames {
		steps := 0
		for to := renames[from]; to != "" && steps < 10; to = renames[to] {
			steps++
		}
		if steps == 10 {
			t.Errorf("%s is renamed in a circle", from)
		}
		if _, listed := table()[from]; listed {
			t.Errorf("%s is listed under a name that is never used: it is renamed to %s", from, renames[from])
		}
	}
	for name := range table() {
		if strings.HasSuffix(name, ":") || !strings.Contains(name, ".") {
			t.Errorf("%q is no full name", name)
		}
	}
}

// TestOddShapes reads code whose values have no members, or no end.
func TestOddShapes(t *testing.T) {
	for _, c := range []struct{ why, src string }{
		{"a rooted part after parts that give nothing", "import os\nos.path.join('', '/a')\nos.path.join(*[], '/a')\nos.path.join('~', '/a')"},
		{"a __getattr__ that asks itself", "class P:\n    def __getattr__(self, item):\n        return getattr(self._a[self._b], item)\nP().x"},
		{"a loop in which nothing changes", "def f():\n    n = 1\n    while True:\n        x = yield n\nf()"},
	} {
		t.Run(c.why, func(t *testing.T) {
			if fs := Analyze([]byte(c.src + "\n")); fs.Cut {
				t.Errorf("%s\nis cut: %s", c.src, fs.Unread)
			}
		})
	}
}
