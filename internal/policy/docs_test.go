package policy

import (
	"os"
	"strings"
	"testing"
)

// blocks gives the fenced blocks of a kind in docs/policy.md, with their lines.
func blocks(t *testing.T, kind string) map[int]string { return blocksOf(t, "policy.md", kind) }

func blocksOf(t *testing.T, page, kind string) map[int]string {
	t.Helper()
	b, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	out := map[int]string{}
	start, inside := 0, false
	for i, line := range strings.Split(string(b), "\n") {
		switch {
		case line == "```"+kind:
			start, inside = i+2, true
			out[start] = ""
		case line == "```":
			inside = false
		case inside:
			out[start] += line + "\n"
		}
	}
	return out
}

// TestCookbook checks every policy in docs/policy.md and runs its examples.
func TestCookbook(t *testing.T) {
	found := blocks(t, "yaml")
	if len(found) < 6 {
		t.Fatalf("%d policies in docs/policy.md, want at least 6", len(found))
	}
	for start, text := range found {
		for _, p := range Check([]byte(text)) {
			t.Errorf("docs/policy.md:%d: %s", start+p.Line-1, p.Text)
		}
		p, err := Parse("docs/policy.md", []byte(text))
		if err != nil {
			continue
		}
		for _, r := range Test(p) {
			if !r.OK {
				t.Errorf("docs/policy.md:%d: %s: %s", start+r.Line-1, r.Rule, r.Text)
			}
		}
	}
}

// TestDocsShowTheDefault compares the table at the end of docs/policy.md.
func TestDocsShowTheDefault(t *testing.T) {
	for start, text := range blocks(t, "text") {
		if want := Default().Explain(); text != want {
			t.Errorf("docs/policy.md:%d must be what `gatehouse policy show` prints:\n%s", start, want)
		}
	}
}

// TestDocsNameEveryWord: each field, class and setting is told about.
func TestDocsNameEveryWord(t *testing.T) {
	b, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for object, of := range fields {
		for field := range of {
			words = append(words, "`"+strings.ToLower(object)+"."+field+"`")
		}
	}
	for _, c := range classes {
		words = append(words, "`"+string(c)+"`")
	}
	for _, s := range Default().settings {
		words = append(words, "`"+s.name+"`")
	}
	for _, w := range words {
		if !strings.Contains(string(b), w) {
			t.Errorf("docs/policy.md does not tell about %s", w)
		}
	}
}
