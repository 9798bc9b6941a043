package git

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// canary is a command that leaves a file behind when anything runs it.
func canary(t *testing.T) (command, trace string) {
	t.Helper()
	dir := t.TempDir()
	command, trace = filepath.Join(dir, "canary"), filepath.Join(dir, "ran")
	script := fmt.Sprintf("#!/bin/sh\necho \"$0 $@\" >> '%s'\n", trace)
	if err := os.WriteFile(command, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return command, trace
}

func expectQuiet(t *testing.T, trace string) {
	t.Helper()
	if b, err := os.ReadFile(trace); err == nil {
		t.Errorf("the repository's own command ran: %s", b)
	}
}

// TestNothingOfTheRepositoryRuns sets every key of a repository's configuration
// that names a command, attributes that ask for them, and hooks.
func TestNothingOfTheRepositoryRuns(t *testing.T) {
	command, trace := canary(t)
	r := newRepo(t)
	old := r.write("requirements.txt", "-r base.txt\na==1", "base.txt", "b", "sub/x.go", "").commit()
	r.write(".gitattributes", "* filter=evil diff=evil merge=evil text eol=crlf ident export-subst\n", "requirements.txt", "-r base.txt\na==2", "base.txt", "c").commit()
	var config strings.Builder
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy", "core.alternateRefsCommand", "diff.external", "diff.evil.command",
		"diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "merge.evil.driver", "gpg.program", "gpg.ssh.program", "credential.helper", "sequence.editor", "uploadpack.packObjectsHook",
		"pager.diff-tree", "pager.ls-tree", "pager.cat-file", "pager.rev-parse", "remote.origin.uploadpack", "remote.origin.receivepack", "trace2.eventTarget", "interactive.diffFilter", "difftool.evil.cmd",
	} {
		section, name := key[:strings.LastIndex(key, ".")], key[strings.LastIndex(key, ".")+1:]
		if group, sub, ok := strings.Cut(section, "."); ok {
			section = fmt.Sprintf("%s %q", group, sub)
		}
		fmt.Fprintf(&config, "[%s]\n\t%s = %q\n", section, name, command)
	}
	for _, name := range []string{"rev-parse", "diff-tree", "ls-tree", "cat-file", "merge-base", "for-each-ref"} {
		fmt.Fprintf(&config, "[alias]\n\t%s = %q\n", name, "!"+command)
	}
	fmt.Fprintf(&config, "[core]\n\thooksPath = %q\n\tquotePath = true\n[diff]\n\trenames = copies\n\trelative = true\n\tnoprefix = true\n\torderFile = %q\n[filter \"evil\"]\n\trequired = true\n", filepath.Dir(command), command)
	for _, hook := range []string{"post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman", "pre-auto-gc", "pre-receive"} {
		if err := os.Link(command, filepath.Join(filepath.Dir(command), hook)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(r.dir, ".git/config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(config.String()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const after, before, include = "requirements.txt=-r base.txt\na==2", "base.txt=b|requirements.txt=-r base.txt\na==1", "base.txt=c"
	expect(t, r.read(Range{Old: old, New: "HEAD"}), after, before, include, "")
	expect(t, r.read(Range{New: "main", Branches: []string{"main"}}), after, "", include, "")
	expect(t, repo{t, filepath.Join(r.dir, "sub")}.read(Range{Old: old, New: "HEAD"}), after, before, include, "")
	expectQuiet(t, trace)
	// The canary does sing when git is used carelessly.
	c := exec.Command("git", "diff", old, "HEAD")
	c.Dir, c.Env = r.dir, gitEnv()
	_ = c.Run()
	if _, err := os.Stat(trace); err != nil {
		t.Fatal("the canary is deaf: git diff did not run it")
	}
}

// TestMissingObjectsAreNotFetched: in a partial clone git would fetch a missing
// object, by a command of the remote's configuration.
func TestMissingObjectsAreNotFetched(t *testing.T) {
	for _, remote := range []string{"/nowhere.git", "file:///nowhere.git", "ssh://host.invalid/x", "git://host.invalid/x", "ext::CANARY", "none::x", "::x", "https://host.invalid/x"} {
		t.Run(remote, func(t *testing.T) {
			command, trace := canary(t)
			r := newRepo(t)
			old := r.write("requirements.txt", "a==1").commit()
			r.write("requirements.txt", "a==2").commit()
			for _, kv := range [][2]string{
				{"core.repositoryFormatVersion", "1"}, {"extensions.partialClone", "origin"}, {"remote.origin.promisor", "true"}, {"remote.origin.url", strings.ReplaceAll(remote, "CANARY", command)},
				{"remote.origin.uploadpack", command}, {"core.sshCommand", command}, {"core.gitProxy", command}, {"credential.helper", command}, {"core.alternateRefsCommand", command},
				{"protocol.allow", "always"}, {"protocol.ext.allow", "always"}, {"protocol.file.allow", "always"},
			} {
				r.git("config", kv[0], kv[1])
			}
			for _, object := range []string{"HEAD:requirements.txt", "HEAD^{tree}"} {
				id := r.git("rev-parse", object)
				if err := os.Remove(filepath.Join(r.dir, ".git/objects", id[:2], id[2:])); err != nil {
					t.Fatal(err)
				}
				if c, err := Read(t.Context(), r.dir, Range{Old: old, New: "HEAD"}, manifests); err == nil {
					t.Errorf("without %s: %+v, want an error", object, c)
				}
			}
			expectQuiet(t, trace)
			if !strings.Contains(remote, "nowhere") {
				return
			}
			c := exec.Command("git", "cat-file", "-p", "HEAD^{tree}")
			c.Dir, c.Env = r.dir, gitEnv("GIT_NO_LAZY_FETCH=0")
			_ = c.Run()
			if _, err := os.Stat(trace); err != nil {
				t.Error("the canary is deaf: git cat-file did not run it")
			}
		})
	}
}

// TestOnlyObjectsCount: neither replace refs nor grafts change what a commit
// is.
func TestOnlyObjectsCount(t *testing.T) {
	r := newRepo(t)
	old := r.write("requirements.txt", "a==1").commit()
	bad := r.write("requirements.txt", "bad==1").commit()
	r.git("replace", r.git("rev-parse", bad+":requirements.txt"), r.git("rev-parse", old+":requirements.txt"))
	r.git("replace", "-f", bad, old)
	r.write(".git/info/grafts", bad+"\n")
	const after, before = "requirements.txt=bad==1", "requirements.txt=a==1"
	expect(t, r.read(Range{Old: old, New: bad}), after, before, "", "")
	r.git("branch", "base", old)
	expect(t, r.read(Range{Old: zeros, New: bad, Ref: "refs/heads/main"}), after, before, "", "")
}

// TestCallersEnvironmentStaysOut sets what would lead git elsewhere.
func TestCallersEnvironmentStaysOut(t *testing.T) {
	command, trace := canary(t)
	r, other := newRepo(t), newRepo(t)
	other.write("requirements.txt", "other").commit()
	old := r.write("requirements.txt", "a==1").commit()
	r.write("requirements.txt", "a==2").commit()
	for k, v := range map[string]string{
		"GIT_DIR": filepath.Join(other.dir, ".git"), "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": "/nowhere", "GIT_CEILING_DIRECTORIES": filepath.Dir(r.dir), "GIT_NAMESPACE": "x",
		"GIT_OBJECT_DIRECTORY": filepath.Join(other.dir, ".git/objects"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere", "GIT_EXTERNAL_DIFF": command, "GIT_PAGER": command, "GIT_SSH_COMMAND": command, "GIT_ASKPASS": command,
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": command, "GIT_CONFIG_PARAMETERS": "'diff.external'='" + command + "'", "GIT_TRACE": trace, "GIT_TRACE2": trace,
		"GIT_EXEC_PATH": filepath.Dir(command), "GIT_DIFF_OPTS": "-u0", "GIT_LITERAL_PATHSPECS": "0", "GIT_REPLACE_REF_BASE": "refs/heads", "GIT_DEFAULT_HASH": "sha256", "HOME": other.dir, "XDG_CONFIG_HOME": other.dir,
	} {
		t.Setenv(k, v)
	}
	expect(t, r.read(Range{Old: old, New: "HEAD"}), "requirements.txt=a==2", "requirements.txt=a==1", "", "")
	expectQuiet(t, trace)
}

// TestAnotherUsersRepositoryIsRead: git refuses one because its configuration
// could run commands; here it cannot. git's own test variable makes it believe.
func TestAnotherUsersRepositoryIsRead(t *testing.T) {
	r := newRepo(t)
	old := r.write("requirements.txt", "a==1").commit()
	r.write("requirements.txt", "a==2").commit()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec '%s' \"$@\"\n", real)
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	c := exec.Command("git", "rev-parse", "HEAD")
	c.Dir, c.Env = r.dir, gitEnv()
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "dubious ownership") {
		t.Fatalf("git does not take it for another's: %s", out)
	}
	expect(t, r.read(Range{Old: old, New: "HEAD"}), "requirements.txt=a==2", "requirements.txt=a==1", "", "")
}

// TestTreesThatGitWouldNotMake: a push can bring them when the server does not
// check (receive.fsckObjects).
func TestTreesThatGitWouldNotMake(t *testing.T) {
	r := newRepo(t)
	old := r.write("x", "").commit()
	blob := r.gitIn("a", "hash-object", "-w", "--stdin")
	other := r.gitIn("b", "hash-object", "-w", "--stdin")
	commitOf := func(tree string) string { return r.git("commit-tree", "-p", old, "-m", "x", tree) }
	raw := func(entries ...string) string { // mode, name, id
		var b strings.Builder
		for i := 0; i < len(entries); i += 3 {
			b.WriteString(entries[i] + " " + entries[i+1] + "\x00")
			for j := 0; j < len(entries[i+2]); j += 2 {
				var n byte
				if _, err := fmt.Sscanf(entries[i+2][j:j+2], "%02x", &n); err != nil {
					t.Fatal(err)
				}
				b.WriteByte(n)
			}
		}
		return r.gitIn(b.String(), "hash-object", "-w", "-t", "tree", "--literally", "--stdin")
	}
	leaf := raw("100644", "requirements.txt", blob)
	for _, tc := range []struct{ name, tree, problem, fault string }{
		{"climbs out", raw("40000", "..", leaf), "../requirements.txt", ""},
		{"this folder", raw("40000", ".", leaf, "100644", "requirements.txt", blob), "./requirements.txt", ""},
		{"slash in a name", raw("100644", "a/../requirements.txt", blob, "100644", "requirements.txt", blob), "a/../requirements.txt", ""},
		{"absolute", raw("40000", "", leaf), "", "empty filename"},
		{"twice", raw("100644", "requirements.txt", blob, "100644", "requirements.txt", other), "", "twice"},
		{"no such blob", raw("100644", "requirements.txt", strings.Repeat("1", 40)), "", "missing"},
		{"a tree as a file", raw("100644", "requirements.txt", leaf), "", "cannot be read"},
		{"device", raw("20666", "requirements.txt", blob), "requirements.txt", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Read(t.Context(), r.dir, Range{Old: old, New: commitOf(tc.tree)}, manifests)
			switch {
			case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)):
				t.Errorf("%+v, %v, want an error that says %q", c, err, tc.fault)
			case tc.fault == "" && err != nil:
				t.Errorf("%v, want a problem for %q", err, tc.problem)
			case tc.fault == "":
				if len(c.Problems) != 1 || c.Problems[0].File != tc.problem {
					t.Errorf("problems %+v, want one for %q", c.Problems, tc.problem)
				}
			}
		})
	}
}
