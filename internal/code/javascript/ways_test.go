package javascript

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// TestWays reads testdata/ways.txt, where each line starts the same command by
// another way to name, reach or run it, and asks for the command.
func TestWays(t *testing.T) {
	rows, err := os.ReadFile("testdata/ways.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(rows)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "= ") {
			continue
		}
		count++
		facts := Analyze([]byte(line))
		runs := func(f code.Fact) bool {
			return f.Kind == code.Exec && f.Name == "child_process.exec" && f.Reach == code.Top && slices.Contains(f.Args, "true")
		}
		for _, e := range facts.Embedded {
			inner := Analyze(e.Text)
			facts.Facts = append(facts.Facts, inner.Facts...)
		}
		if !slices.ContainsFunc(facts.Facts, runs) {
			t.Errorf("%s\n got %q", line, compact(facts))
		}
	}
	if count < 200 {
		t.Errorf("%d ways, want at least 200", count)
	}
}
