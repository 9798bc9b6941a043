//go:build conformance

package golang_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// git runs git in a repository of the box's work folder.
func (w *world) git(args ...string) {
	w.t.Helper()
	w.Run("/usr/bin/env", append([]string{"git", "-C", "repo", "-c", "user.name=a", "-c", "user.email=a@b.invalid"}, args...)...).OK(w.t)
}

// sum is the h1 hash of a module version by the real go command.
func (w *world) sum(env []string, version string) string {
	w.t.Helper()
	r := w.with(env, "mod", "download", "-json", version)
	var out struct{ Sum, Error string }
	if err := json.Unmarshal([]byte(r.Stdout), &out); err != nil || out.Sum == "" {
		w.t.Fatalf("%s: %v %s", version, err, r.Output)
	}
	return out.Sum
}

// TestPublishModule: every tag of a repository becomes a version, with the very hash
// that the go command works out when it goes to the repository itself; the second time
// nothing changes, and what is no version is refused.
func TestPublishModule(t *testing.T) {
	w := newWorld(t, "soft")
	const own = "example.invalid/ours/Lib.git"
	for name, content := range map[string]string{
		"go.mod": "module " + own + "\n\ngo 1.20\n", "lib.go": "package lib\n\nconst Name = \"ours\"\n", "LICENSE": "free\n", "run.sh": "#!/bin/sh\ntrue\n",
		".gitattributes": "secret.txt export-ignore\nversion.txt export-subst\n", "secret.txt": "stays\n", "version.txt": "$Format:%H$\n",
		"vendor/example.invalid/x/x.go": "package x\n", "testdata/empty.txt": "",
		"sub/go.mod": "module " + own + "/sub\n\ngo 1.20\n", "sub/sub.go": "package sub\n",
		"v2/go.mod": "module " + own + "/v2\n\ngo 1.20\n", "v2/lib.go": "package lib\n",
	} {
		w.Write(filepath.Join("repo", name), content)
	}
	if err := os.Symlink("lib.go", filepath.Join(w.Work, "repo", "link.go")); err != nil {
		t.Fatal(err)
	}
	w.git("init", "-q", "--initial-branch=main")
	w.git("add", "--all", ".")
	w.git("update-index", "--chmod=+x", "run.sh")
	w.git("commit", "-q", "-m", "one")
	for _, tag := range []string{"v1.0.0", "sub/v0.3.0", "v2.1.0", "release"} {
		w.git("tag", tag)
	}
	token := strings.TrimSpace(w.cli("token", "create", "--role", "publisher", "--name", "ci").OK(t).Stdout)
	w.Env = append(w.Env, "CI_TOKEN="+token)
	publish := func(tag string) (int, string) {
		r := w.cli("publish-module", "--git", "repo", "--tag", tag, "--server", w.URL, "--token", "env:CI_TOKEN")
		return r.Code, r.Output
	}

	config := filepath.Join(w.Home, "direct.gitconfig")
	write(t, config, "[url \"file://"+filepath.Join(w.Work, "repo")+"\"]\n\tinsteadOf = https://example.invalid/ours/Lib\n[protocol \"file\"]\n\tallow = always\n[safe]\n\tdirectory = *\n")
	direct := []string{"GOPROXY=direct", "GOPRIVATE=example.invalid/ours/*", "GIT_CONFIG_GLOBAL=" + config, "GOMODCACHE=" + filepath.Join(w.Home, "direct")}
	through := []string{"GONOSUMDB=example.invalid/ours/*", "GONOPROXY=none"}
	for tag, version := range map[string]string{"v1.0.0": own + "@v1.0.0", "sub/v0.3.0": own + "/sub@v0.3.0", "v2.1.0": own + "/v2@v2.1.0"} {
		want := w.sum(direct, version)
		if code, out := publish(tag); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, want the hash %s in %s", tag, code, want, out)
		}
		if got := w.sum(through, version); got != want {
			t.Errorf("%s: %s through the gate, %s straight from the repository", version, got, want)
		}
	}
	if code, out := publish("v1.0.0"); code != 0 || !strings.Contains(out, "published before") {
		t.Errorf("once more: exit %d, %s", code, out)
	}
	if code, out := publish("release"); code != 3 || !strings.Contains(out, "names no version") {
		t.Errorf("a tag that is none: exit %d, %s", code, out)
	}
	// The tag moves: what was published stays what it was.
	w.Write("repo/lib.go", "package lib\n\nconst Name = \"other\"\n")
	w.git("commit", "-q", "-a", "-m", "two")
	w.git("tag", "-f", "v1.0.0")
	if code, out := publish("v1.0.0"); code != 1 || !strings.Contains(out, "v1.0.0") {
		t.Errorf("a tag that was moved: exit %d, %s", code, out)
	}
	for _, path := range w.proxy.Requests() {
		if strings.Contains(path, "ours") {
			t.Errorf("outside was asked for %s", path)
		}
	}
}
