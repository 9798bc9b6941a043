package git

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// answersFile makes this test binary act as a pre-receive hook: what Read says
// for each line on standard input goes there.
const answersFile = "GATEHOUSE_TEST_HOOK_ANSWERS"

func TestMain(m *testing.M) {
	if name := os.Getenv(answersFile); name != "" {
		if err := hook(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// hook reads "<old> <new> <ref>" lines (githooks manual).
func hook(name string) error {
	answers := map[string]Change{}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		f := strings.SplitN(in.Text(), " ", 3)
		c, err := Read(context.Background(), ".", Range{Old: f[0], New: f[1], Ref: f[2]}, manifests)
		if err != nil {
			return fmt.Errorf("%s: %w", f[2], err)
		}
		answers[f[2]] = c
	}
	b, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o600)
}

// TestRealPush pushes into bare repositories and into one with a work tree; the
// hook sees objects that are still in quarantine.
func TestRealPush(t *testing.T) {
	for _, kind := range []string{"bare", "not bare", "sha256"} {
		t.Run(kind, func(t *testing.T) {
			var args []string
			server := newRepo(t)
			switch kind {
			case "bare":
				server = newRepo(t, "--bare")
			case "sha256":
				args = []string{"--object-format=sha256"}
				server = newRepo(t, "--bare", args[0])
			}
			gitDir := server.git("rev-parse", "--absolute-git-dir")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			script := fmt.Sprintf("#!/bin/sh\nexec '%s'\n", self)
			if err := os.MkdirAll(filepath.Join(gitDir, "hooks"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(gitDir, "hooks/pre-receive"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			server.git("config", "receive.denyCurrentBranch", "ignore")
			r := newRepo(t, args...)
			push := func(refs ...string) map[string]Change {
				t.Helper()
				answers := filepath.Join(t.TempDir(), "answers")
				c := exec.Command("git", append([]string{"push", "--quiet", "--force", server.dir}, refs...)...)
				c.Dir, c.Env = r.dir, gitEnv(answersFile+"="+answers, "GORACE=atexit_sleep_ms=0")
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("git push %v: %v\n%s", refs, err, out)
				}
				b, err := os.ReadFile(answers)
				if err != nil {
					t.Fatal(err)
				}
				var got map[string]Change
				if err := json.Unmarshal(b, &got); err != nil {
					t.Fatal(err)
				}
				if len(got) != len(refs) {
					t.Fatalf("answers for %d of %d refs", len(got), len(refs))
				}
				return got
			}
			r.write("requirements.txt", "a==1").commit()
			expect(t, push("main")["refs/heads/main"], "requirements.txt=a==1", "", "", "")
			r.write("requirements.txt", "a==2").commit()
			r.git("branch", "feature")
			r.git("tag", "-a", "-m", "v", "v1")
			got := push("main", "feature", "v1")
			for _, ref := range []string{"refs/heads/main", "refs/heads/feature", "refs/tags/v1"} {
				expect(t, got[ref], "requirements.txt=a==2", "requirements.txt=a==1", "", "")
			}
			r.git("reset", "--quiet", "--hard", "HEAD~1")
			expect(t, push("main")["refs/heads/main"], "requirements.txt=a==1", "requirements.txt=a==2", "", "")
			expect(t, push(":feature")["refs/heads/feature"], "", "", "", "")
		})
	}
}
