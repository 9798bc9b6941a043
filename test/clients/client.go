package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Client is how a person installs with one program.
type Client struct {
	Name string
	// Install asks for requirements ("demo", "demo>=1,<2") from an index.
	Install func(b *Box, index string, requirements ...string) Result
}

// All are the three programs that the gate promises to serve, in the way that each is
// used most.
var All = []Client{
	{"pip", func(b *Box, index string, reqs ...string) Result {
		b.Venv()
		return b.Run("pip", append([]string{"--python", b.Path(".venv/bin/python"), "install", "--no-input", "--index-url", index}, reqs...)...)
	}},
	{"uv pip", func(b *Box, index string, reqs ...string) Result {
		b.Venv()
		return b.Run("uv", append([]string{"pip", "install", "--index-url", index}, reqs...)...)
	}},
	{"uv add", func(b *Box, index string, reqs ...string) Result {
		b.UvProject(index)
		return b.Run("uv", append([]string{"add", "--no-python-downloads", "--python", Python}, reqs...)...)
	}},
	{"poetry", func(b *Box, index string, reqs ...string) Result {
		b.PoetryProject(index)
		return b.Run("poetry", append([]string{"add"}, poetryWords(reqs)...)...)
	}},
}

// poetryWords spells requirements the way `poetry add` reads them: name@range.
func poetryWords(reqs []string) []string {
	out := make([]string, len(reqs))
	for i, r := range reqs {
		if at := strings.IndexAny(r, "<>=!~"); at > 0 {
			r = r[:at] + "@" + r[at:]
		} else {
			r += "@>=0" // else poetry makes it a caret range of the newest
		}
		out[i] = r
	}
	return out
}

// UvProject makes a project of uv's with the gate as its only index, if there is
// no project yet.
func (b *Box) UvProject(index string, dependencies ...string) {
	b.T.Helper()
	if _, err := os.Stat(b.Path("pyproject.toml")); err == nil {
		return
	}
	deps, err := json.Marshal(append([]string{}, dependencies...))
	if err != nil {
		b.T.Fatal(err)
	}
	b.Write("pyproject.toml", fmt.Sprintf("[project]\nname = \"consumer\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = %s\n\n[[tool.uv.index]]\nname = \"gate\"\nurl = %q\ndefault = true\n", deps, index))
}

// PoetryProject makes a project of poetry's with the gate as its only source, if
// there is no project yet. Dependencies are pinned: "demo==1.0".
func (b *Box) PoetryProject(index string, dependencies ...string) {
	b.T.Helper()
	if _, err := os.Stat(b.Path("pyproject.toml")); err == nil {
		return
	}
	var lines strings.Builder
	for _, d := range dependencies {
		name, rng, _ := strings.Cut(d, "==")
		fmt.Fprintf(&lines, "%s = %q\n", name, "=="+rng)
	}
	b.Write("pyproject.toml", fmt.Sprintf("[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \">=3.8\"\n%s\n[[tool.poetry.source]]\nname = \"gate\"\nurl = %q\npriority = \"primary\"\n", lines.String(), index))
}
