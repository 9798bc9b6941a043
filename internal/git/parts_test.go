package git_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm"
	"github.com/gatehouse-project/gatehouse/internal/git"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// of is what one ecosystem takes for manifests.
func of(e ecosystem.Ecosystem) git.Manifests {
	m := git.Manifests{Format: e.ManifestFormat, Reads: func(tree fs.FS, p string) []string { return ecosystem.Reads(e, tree, p) }}
	if g, ok := e.(ecosystem.Gatherer); ok {
		m.ReadBy = g.ReadBy
	}
	return m
}

// commit makes a commit of files in a repository, "" for one that goes, and gives its
// id.
func commit(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if content == "" {
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		c := exec.Command("git", args...)
		c.Dir = dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.invalid", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.invalid"}
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		run("init", "--quiet", "--initial-branch=main")
	}
	run("add", "--all", ".")
	run("commit", "--quiet", "-m", "x")
	return run("rev-parse", "HEAD")
}

func paths(sources []verdict.Source) string {
	var out []string
	for _, s := range sources {
		out = append(out, s.Path)
	}
	return strings.Join(out, " ")
}

// TestWhatBelongsToAManifestIsHandedOn beside it, without anybody saying what that is
// in each ecosystem, and what did not change of it too.
func TestWhatBelongsToAManifestIsHandedOn(t *testing.T) {
	const mod, sum = "module example.invalid/a\n\ngo 1.24\n\nrequire example.invalid/b v1.0.0\n", "example.invalid/b v1.0.0 h1:aGVsbG8gd29ybGQsIHRoaXMgaXMgMzIgYnl0ZXMhISE=\n"
	for _, tc := range []struct {
		name                   string
		e                      ecosystem.Ecosystem
		old, change            map[string]string
		after, include, before string
	}{
		{
			"sums and the vendor list of a go.mod", golang.Ecosystem{},
			map[string]string{"svc/go.mod": mod, "svc/go.sum": sum, "svc/vendor/modules.txt": "# example.invalid/b v1.0.0\n", "svc/main.go": "package main\n"},
			map[string]string{"svc/go.mod": strings.Replace(mod, "v1.0.0", "v1.1.0", 1)},
			"svc/go.mod", "svc/go.sum svc/vendor/modules.txt", "svc/go.mod svc/go.sum svc/vendor/modules.txt",
		},
		{
			"the modules of a workspace", golang.Ecosystem{},
			map[string]string{"go.work": "go 1.24\n\nuse ./a\n", "a/go.mod": mod, "a/go.sum": sum, "b/go.mod": mod},
			map[string]string{"go.work": "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n"},
			"go.work", "a/go.mod a/go.sum b/go.mod", "a/go.mod a/go.sum go.work",
		},
		{
			"the members of a workspace beside its lock", npm.Ecosystem{},
			map[string]string{"package.json": `{"workspaces":["packages/*"]}`, "package-lock.json": `{"lockfileVersion":3,"packages":{"":{}}}`, "packages/x/package.json": `{"name":"x"}`, "other/package.json": `{"name":"y"}`},
			map[string]string{"package-lock.json": `{"lockfileVersion":3,"packages":{"":{"name":"n"}}}`},
			"package-lock.json", "package.json packages/x/package.json", "package-lock.json package.json packages/x/package.json",
		},
		{
			"a client's configuration that changed alone", npm.Ecosystem{},
			map[string]string{"package.json": `{"name":"n"}`, "other/package.json": `{"name":"y"}`},
			map[string]string{".npmrc": "registry=https://other.invalid\n"},
			"package.json", ".npmrc", "package.json",
		},
		{
			"a client's configuration that went", npm.Ecosystem{},
			map[string]string{"package.json": `{"name":"n"}`, ".npmrc": "registry=https://other.invalid\n"},
			map[string]string{".npmrc": ""},
			"package.json", "", ".npmrc package.json",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			old := commit(t, dir, tc.old)
			c, err := git.Read(t.Context(), dir, git.Range{Old: old, New: commit(t, dir, tc.change)}, of(tc.e))
			if err != nil {
				t.Fatal(err)
			}
			if paths(c.After) != tc.after || paths(c.Include) != tc.include || paths(c.Before) != tc.before || len(c.Problems) > 0 {
				t.Errorf("after %q, include %q, before %q, problems %v;\nwant  %q, %q, %q", paths(c.After), paths(c.Include), paths(c.Before), c.Problems, tc.after, tc.include, tc.before)
			}
		})
	}
}
