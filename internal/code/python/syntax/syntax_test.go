package syntax

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/constructs.txt anew")

// construct is one block of testdata/constructs.txt.
type construct struct{ why, src, want string }

var constructs = func() (rows []construct) {
	text, err := os.ReadFile("testdata/constructs.txt")
	if err != nil {
		panic(err)
	}
	for _, block := range strings.Split("\n"+string(text), "\n== ")[1:] {
		why, rest, _ := strings.Cut(block, "\n")
		src, want, _ := strings.Cut(rest, "\n--")
		rows = append(rows, construct{why, src + "\n", strings.TrimSpace(want)})
	}
	return rows
}()

// TestConstructs holds the tree of every construct to testdata/constructs.txt.
func TestConstructs(t *testing.T) {
	var file strings.Builder
	for _, row := range constructs {
		tree := Parse([]byte(row.src))
		for _, e := range tree.Errors {
			t.Errorf("%s: line %d, column %d: %s", row.why, e.Line, e.Col, e.Text)
		}
		sound(t, tree)
		got := strings.TrimSpace(dump(tree))
		if got != row.want && !*update {
			t.Errorf("%s:\n%s\ngot\n%s\nwant\n%s", row.why, row.src, got, row.want)
		}
		file.WriteString("== " + row.why + "\n" + row.src + "--\n" + got + "\n")
	}
	if *update {
		if err := os.WriteFile("testdata/constructs.txt", []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
