package javascript

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

var update = flag.Bool("update", false, "write what is found to the golden files")

// compact gives facts in a line each: kind name (args) <from> {marks} @reach ~disguised.
func compact(f code.Facts) []string {
	var out []string
	for _, x := range f.Facts {
		if x.Kind == code.Across { // see across_test.go
			continue
		}
		s := strings.TrimSpace(string(x.Kind) + " " + x.Name)
		if len(x.Args) > 0 {
			s += fmt.Sprintf(" %q", x.Args)
		}
		if len(x.From) > 0 {
			s += " <" + strings.Join(x.From, " ") + ">"
		}
		if len(x.Marks) > 0 {
			s += " {" + strings.Join(x.Marks, " ") + "}"
		}
		if x.Reach != "" {
			s += " @" + string(x.Reach)
		}
		if x.Disguised {
			s += " ~"
		}
		out = append(out, s)
	}
	for _, e := range f.Embedded {
		out = append(out, fmt.Sprintf("embeds %s %q", e.Language, e.Text))
	}
	if f.Unread != "" {
		out = append(out, "unread: "+f.Unread)
	}
	return out
}

// TestFacts holds the facts of each line of testdata/facts.txt against
// facts.golden, where they stand below it.
func TestFacts(t *testing.T) {
	rows, err := os.ReadFile("testdata/facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	count := 0
	for line := range strings.Lines(string(rows)) {
		line = strings.TrimRight(line, "\n")
		got.WriteString(line + "\n")
		if strings.HasPrefix(line, "= ") {
			continue
		}
		count++
		facts := compact(Analyze([]byte(line)))
		for _, f := range facts {
			got.WriteString("\t" + f + "\n")
		}
		// The same text is the same in TypeScript.
		if ts := compact(AnalyzeTypeScript([]byte(line))); strings.Join(ts, "\n") != strings.Join(facts, "\n") {
			t.Errorf("%s: as TypeScript: got %q, want %q", line, ts, facts)
		}
	}
	if count < 150 {
		t.Errorf("%d rows, want at least 150", count)
	}
	golden(t, "testdata/facts.golden", got.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Fatalf("%s:%d: got %q, want %q (-update writes what is found)", path, i+1, a, b)
		}
	}
}
