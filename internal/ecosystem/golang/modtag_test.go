package golang_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/git"
)

func TestTagVersion(t *testing.T) {
	files := []git.File{
		{Path: "go.mod", Content: []byte("module example.invalid/a\n")},
		{Path: "v2/go.mod", Content: []byte("module example.invalid/a/v2\n")},
		{Path: "sub/go.mod", Content: []byte("module example.invalid/a/sub\n")},
		{Path: "sub/v3/go.mod", Content: []byte("module example.invalid/a/sub/v3\n")},
		{Path: "five/go.mod", Content: []byte("module example.invalid/a/five/v5\n")},
		{Path: "empty/go.mod", Content: []byte("go 1.24\n")},
	}
	for _, tc := range []struct{ tag, folder, want, why string }{
		{"v1.2.3", "", "example.invalid/a@v1.2.3 in .", ""},
		{"v0.0.1-rc.1", "", "example.invalid/a@v0.0.1-rc.1 in .", ""},
		{"v2.0.0", "", "example.invalid/a/v2@v2.0.0 in v2", "a folder of its own"},
		{"v3.0.0", "", "no version of module example.invalid/a", "no module of that major version"},
		{"sub/v1.0.0", "", "example.invalid/a/sub@v1.0.0 in sub", ""},
		{"sub/v3.1.0", "", "example.invalid/a/sub/v3@v3.1.0 in sub/v3", "the tag leaves the v3 of the folder out"},
		{"five/v5.0.0", "", "example.invalid/a/five/v5@v5.0.0 in five", "a folder that is on that version as a whole"},
		{"five/v1.0.0", "", "no version of module", ""},
		{"v1.0.0", "sub", "example.invalid/a/sub@v1.0.0 in sub", "as somebody says"},
		{"v1.0.0", "none", "no go.mod in none", ""},
		{"empty/v1.0.0", "", "no version of module", ""},
		{"release", "", "names no version", ""},
		{"v1.2", "", "names no version", "the go command does not take it for one"},
		{"v1.2.3+meta", "", "names no version", ""},
		{"v2.0.0+incompatible", "", "names no version", "is made by the go command, never tagged"},
		{"v0.0.0-20260102030405-abcdefabcdef", "", "name of a commit", ""},
		{"../v1.0.0", "", "no go.mod in ..", ""},
	} {
		v, at, err := golang.TagVersion(files, tc.tag, tc.folder)
		got := v.String() + " in " + at
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s of %q: %s, want %s (%s)", tc.tag, tc.folder, got, tc.want, tc.why)
		}
	}
}

func TestTagOutOfTheTree(t *testing.T) {
	if _, _, err := golang.TagVersion([]git.File{{Path: "go.mod", Content: []byte("module example.invalid/a\n")}}, "v1.0.0", "../x"); err == nil {
		t.Error("a folder above the repository was found in it")
	}
}
