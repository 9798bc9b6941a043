package golang_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/git"
)

// repository commits files and gives the folder; the tag is v1.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-f", "."}, {"-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-q", "-m", "one"}, {"tag", "v1"}} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
	return dir
}

func TestWriteZip(t *testing.T) {
	dir := repository(t, map[string]string{
		"LICENSE": "do as you like\n", "go.mod": "module example.invalid/Ours\n", "ours.go": "package ours\n", "vendor/x.invalid/x/x.go": "package x\n",
		"sub/go.mod": "module example.invalid/Ours/sub\n", "sub/sub.go": "package sub\n", ".gitattributes": "ours.go filter=evil export-ignore\n",
	})
	for _, tc := range []struct {
		module, folder, want, why string
	}{
		{"example.invalid/Ours", "", ".gitattributes LICENSE go.mod ours.go", "no vendored code, and not the module further down; attributes decide nothing"},
		{"example.invalid/Ours/sub", "sub", "go.mod sub.go LICENSE", "with the repository's licence"},
		{"example.invalid/Other", "", "", "the go.mod is another's"},
		{"example.invalid/Ours/v2", "", "", "v1.2.3 is no version of it"},
		{"example.invalid/Ours", "nowhere", "", "there is no go.mod"},
	} {
		files, commit, err := git.Files(t.Context(), dir, "v1", "")
		if err != nil || len(commit) < 40 {
			t.Fatal(commit, err)
		}
		var b bytes.Buffer
		v := module.Version{Path: tc.module, Version: "v1.2.3"}
		err = golang.WriteZip(&b, v, tc.folder, files)
		if (err == nil) != (tc.want != "") {
			t.Errorf("%s: %v", tc.why, err)
		}
		if err != nil {
			continue
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range z.File {
			got = append(got, strings.TrimPrefix(f.Name, v.Path+"@v1.2.3/"))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
	if _, _, err := git.Files(t.Context(), dir, "--upload-pack=x", ""); err == nil {
		t.Error("a revision that is an option was taken")
	}
}
