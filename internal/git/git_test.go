package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// repo is a real repository in a temporary folder.
type repo struct {
	t   testing.TB
	dir string
}

func newRepo(t testing.TB, args ...string) repo {
	t.Helper()
	r := repo{t, t.TempDir()}
	r.git(append([]string{"init", "--quiet", "--initial-branch=main"}, args...)...)
	return r
}

// gitEnv is the environment of the git that builds the repositories.
func gitEnv(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.invalid", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.invalid",
	}, more...)
}

func (r repo) git(args ...string) string {
	r.t.Helper()
	return r.gitIn("", args...)
}

func (r repo) gitIn(in string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env, c.Stdin = r.dir, gitEnv(), strings.NewReader(in)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// write sets files, pairs of path and content, and gives the repository.
func (r repo) write(pairs ...string) repo {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		name := filepath.Join(r.dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(pairs[i+1]), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	return r
}

func (r repo) remove(names ...string) repo {
	r.t.Helper()
	for _, n := range names {
		if err := os.RemoveAll(filepath.Join(r.dir, n)); err != nil {
			r.t.Fatal(err)
		}
	}
	return r
}

func (r repo) link(target, name string) repo {
	r.t.Helper()
	r.remove(name)
	if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// commit commits all that is there and gives the commit's id.
func (r repo) commit() string {
	r.t.Helper()
	r.git("add", "--all", ".")
	r.git("commit", "--quiet", "--allow-empty", "-m", "x")
	return r.git("rev-parse", "HEAD")
}

// isManifest is the rule of the tests, close to the real one.
func isManifest(p string) bool {
	base := filepath.Base(p)
	return base == "uv.lock" || base == "poetry.lock" || base == "pyproject.toml" ||
		strings.Contains(base, "requirements") && strings.HasSuffix(base, ".txt")
}

// manifests are those of the tests.
var manifests = Manifests{Format: func(p string) string {
	if isManifest(p) {
		return "of the tests"
	}
	return ""
}}

func (r repo) read(g Range) Change {
	r.t.Helper()
	c, err := Read(r.t.Context(), r.dir, g, manifests)
	if err != nil {
		r.t.Fatalf("Read(%+v): %v", g, err)
	}
	return c
}

// show gives sources as "path=content".
func show(sources []verdict.Source) []string {
	out := []string{}
	for _, s := range sources {
		out = append(out, s.Path+"="+strings.TrimSpace(string(s.Content)))
	}
	return out
}

// expect compares a change; each list is separated by "|".
func expect(t *testing.T, c Change, after, before, include, problems string) {
	t.Helper()
	var ps []string
	for _, p := range c.Problems {
		if p.Effect != verdict.EffectHold || p.Text == "" {
			t.Errorf("problem %+v holds nothing", p)
		}
		ps = append(ps, p.File)
	}
	for _, x := range []struct {
		name string
		got  []string
		want string
	}{{"After", show(c.After), after}, {"Before", show(c.Before), before}, {"Include", show(c.Include), include}, {"Problems", ps, problems}} {
		if got := strings.Join(x.got, "|"); got != x.want {
			t.Errorf("%s is %q, want %q", x.name, got, x.want)
		}
	}
}

const zeros = "0000000000000000000000000000000000000000"

func TestReadFindsWhatChanged(t *testing.T) {
	for _, tc := range []struct {
		name                            string
		old, new                        func(r repo)
		after, before, include, problem string
		why                             string
	}{
		{
			"changed", func(r repo) { r.write("requirements.txt", "a==1", "svc/uv.lock", "l") }, func(r repo) { r.write("requirements.txt", "a==2") },
			"requirements.txt=a==2", "requirements.txt=a==1", "", "", "what did not change stays out",
		},
		{
			"added", func(r repo) { r.write("x.go", "") }, func(r repo) { r.write("svc/requirements-dev.txt", "a") },
			"svc/requirements-dev.txt=a", "", "", "", "nothing stood there before",
		},
		{
			"deleted", func(r repo) { r.write("requirements.txt", "a", "uv.lock", "l") }, func(r repo) { r.remove("requirements.txt") },
			"", "", "", "", "a deletion brings nothing",
		},
		{
			"renamed", func(r repo) { r.write("requirements.txt", "a==1\nb==1\nc==1") }, func(r repo) {
				r.remove("requirements.txt").write("svc/requirements.txt", "a==1\nb==1\nc==1")
			},
			"svc/requirements.txt=a==1\nb==1\nc==1", "", "", "", "at a new path everything is new",
		},
		{
			"mode only", func(r repo) { r.write("requirements.txt", "a") }, func(r repo) { _ = os.Chmod(filepath.Join(r.dir, "requirements.txt"), 0o755) },
			"requirements.txt=a", "requirements.txt=a", "", "", "no line of it is new",
		},
		{
			"nothing of interest", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a", "main.go", "1") }, func(r repo) { r.write("main.go", "2") },
			"", "", "", "", "",
		},
		{
			"unrelated text", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a", "README", "1") }, func(r repo) { r.write("README", "2", "notes.txt", "3") },
			"", "", "", "", "no manifest includes it",
		},
		{
			"included file changed", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a==1", "other.txt", "o") }, func(r repo) { r.write("base.txt", "a==2") },
			"requirements.txt=-r base.txt", "base.txt=a==1|requirements.txt=-r base.txt", "base.txt=a==2", "", "its root counts as changed, and the old side has the old content",
		},
		{
			"included manifest changed", func(r repo) {
				r.write("requirements.txt", "-c requirements/base-requirements.txt", "requirements/base-requirements.txt", "a==1")
			}, func(r repo) { r.write("requirements/base-requirements.txt", "a==2") },
			"requirements.txt=-c requirements/base-requirements.txt|requirements/base-requirements.txt=a==2",
			"requirements.txt=-c requirements/base-requirements.txt|requirements/base-requirements.txt=a==1", "", "", "both are roots",
		},
		{
			"included two deep", func(r repo) {
				r.write("svc/requirements.txt", "--requirement=../shared/a.in", "shared/a.in", "-rb.pip", "shared/b.pip", "b==1", "b.pip", "other")
			}, func(r repo) { r.write("shared/b.pip", "b==2") },
			"svc/requirements.txt=--requirement=../shared/a.in", "shared/a.in=-rb.pip|shared/b.pip=b==1|svc/requirements.txt=--requirement=../shared/a.in",
			"shared/a.in=-rb.pip|shared/b.pip=b==2", "", "relative to the file that includes",
		},
		{
			"same base name elsewhere", func(r repo) { r.write("a/requirements.txt", "-r base.txt", "a/base.txt", "x", "b/base.txt", "y") }, func(r repo) { r.write("b/base.txt", "z") },
			"", "", "", "", "another file of that name",
		},
		{
			"included file deleted", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a") }, func(r repo) { r.remove("base.txt") },
			"requirements.txt=-r base.txt", "base.txt=a|requirements.txt=-r base.txt", "", "", "the root is broken now and says so when it is read",
		},
		{
			"included file became a link", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a") }, func(r repo) { r.link("/etc/passwd", "base.txt") },
			"requirements.txt=-r base.txt", "base.txt=a|requirements.txt=-r base.txt", "", "", "links are not handed on",
		},
		{
			"include taken in", func(r repo) { r.write("requirements.txt", "a", "base.txt", "b") }, func(r repo) { r.write("requirements.txt", "a\n-r base.txt") },
			"requirements.txt=a\n-r base.txt", "requirements.txt=a", "base.txt=b", "", "it was no part of the old root, so it is new",
		},
		{
			"root and include changed", func(r repo) { r.write("requirements.txt", "-r base.txt\na==1", "base.txt", "b==1") }, func(r repo) { r.write("requirements.txt", "-r base.txt\na==2", "base.txt", "b==2") },
			"requirements.txt=-r base.txt\na==2", "base.txt=b==1|requirements.txt=-r base.txt\na==1", "base.txt=b==2", "", "",
		},
		{
			"includes in a circle", func(r repo) { r.write("requirements.txt", "-r a.txt", "a.txt", "-r requirements.txt") }, func(r repo) { r.write("a.txt", "-r requirements.txt\n-r a.txt") },
			"requirements.txt=-r a.txt", "a.txt=-r requirements.txt|requirements.txt=-r a.txt", "a.txt=-r requirements.txt\n-r a.txt", "", "the reader of manifests refuses it; this one ends",
		},
		{
			"a lock with its project beside it", func(r repo) {
				r.write("svc/poetry.lock", "1", "svc/pyproject.toml", "p", "svc/notes.txt", "n", "pyproject.toml", "q")
			}, func(r repo) { r.write("svc/poetry.lock", "2") },
			"svc/poetry.lock=2", "svc/poetry.lock=1|svc/pyproject.toml=p", "svc/pyproject.toml=p", "", "poetry.lock does not say what is direct",
		},
		{
			"link", func(r repo) { r.write("x", "") }, func(r repo) { r.link("../outside/requirements.txt", "requirements.txt") },
			"", "", "", "requirements.txt", "links are not followed",
		},
		{
			"file to link", func(r repo) { r.write("requirements.txt", "a", "deps.md", "b") }, func(r repo) { r.link("deps.md", "requirements.txt") },
			"", "", "", "requirements.txt", "git calls it a type change",
		},
		{
			"link to file", func(r repo) { r.link("deps.md", "requirements.txt").write("deps.md", "a") }, func(r repo) { r.remove("requirements.txt").write("requirements.txt", "a") },
			"requirements.txt=a", "", "", "", "a link held nothing before",
		},
		{
			"file to folder", func(r repo) { r.write("requirements.txt", "a") }, func(r repo) { r.remove("requirements.txt").write("requirements.txt/requirements.txt", "b") },
			"requirements.txt/requirements.txt=b", "", "", "", "",
		},
		{
			"too large", func(r repo) { r.write("requirements.txt", "a") }, func(r repo) {
				r.write("requirements.txt", strings.Repeat("a", maxFileBytes+1), "uv.lock", "l")
			},
			"uv.lock=l", "requirements.txt=a", "", "requirements.txt", "and the rest is looked at",
		},
		{
			"at the cap", func(r repo) { r.write("a", "") }, func(r repo) { r.write("requirements.txt", "a"+strings.Repeat(" ", maxFileBytes-1)) },
			"requirements.txt=a", "", "", "", "",
		},
		{
			"was too large", func(r repo) { r.write("requirements.txt", strings.Repeat("a", maxFileBytes+1)) }, func(r repo) { r.write("requirements.txt", "a") },
			"requirements.txt=a", "", "", "", "all of it counts as new",
		},
		{
			"included file too large", func(r repo) { r.write("requirements.txt", "-r base.txt", "base.txt", "a") }, func(r repo) { r.write("base.txt", strings.Repeat("a", maxFileBytes+1)) },
			"requirements.txt=-r base.txt", "base.txt=a|requirements.txt=-r base.txt", "", "base.txt", "",
		},
		{
			"odd paths", func(r repo) { r.write("x", "") }, func(r repo) {
				r.write("a\nb/requirements.txt", "1", "q\"'\t/requirements.txt", "2", "-r/requirements.txt", "3", "ü/requirements.txt", "4", "bad\xff/requirements.txt", "5", ":(top)/requirements.txt", "6", "*/requirements.txt", "7")
			},
			"*/requirements.txt=7|-r/requirements.txt=3|:(top)/requirements.txt=6|a\nb/requirements.txt=1|q\"'\t/requirements.txt=2|ü/requirements.txt=4", "", "", "bad\xff/requirements.txt",
			"paths are bytes; those that no file system of ours can have are held",
		},
		{
			"an include with a space", func(r repo) { r.write("requirements.txt", "-r 'my reqs/b.txt'", "my reqs/b.txt", "1") }, func(r repo) { r.write("my reqs/b.txt", "2") },
			"requirements.txt=-r 'my reqs/b.txt'", "my reqs/b.txt=1|requirements.txt=-r 'my reqs/b.txt'", "my reqs/b.txt=2", "", "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRepo(t)
			tc.old(r)
			old := r.commit()
			tc.new(r)
			r.commit()
			c := r.read(Range{Old: old, New: "HEAD"})
			expect(t, c, tc.after, tc.before, tc.include, tc.problem)
			if t.Failed() {
				t.Logf("why: %s", tc.why)
			}
		})
	}
}

// TestRangesOfAllShapes moves a ref in each way that a push can.
func TestRangesOfAllShapes(t *testing.T) {
	r := newRepo(t)
	first := r.write("requirements.txt", "a==1", "main.go", "1").commit()
	second := r.write("requirements.txt", "a==2").commit()
	r.git("checkout", "--quiet", "-b", "feature", first)
	feature := r.write("svc/requirements.txt", "f").commit()
	r.git("merge", "--quiet", "--no-edit", "main")
	merged := r.git("rev-parse", "HEAD")
	r.git("checkout", "--quiet", "-b", "one", first)
	one := r.write("one/requirements.txt", "1").commit()
	r.git("checkout", "--quiet", "-b", "two", first)
	two := r.write("two/requirements.txt", "2").commit()
	r.git("checkout", "--quiet", "main")
	r.git("merge", "--quiet", "--no-edit", "one", "two")
	octopus := r.git("rev-parse", "HEAD")
	if n := len(strings.Fields(r.git("rev-list", "--parents", "-1", octopus))); n != 4 {
		t.Fatalf("the octopus has %d parents", n-1)
	}
	r.git("reset", "--quiet", "--hard", second)
	r.git("branch", "--quiet", "-D", "one", "two")
	r.git("checkout", "--quiet", "--orphan", "orphan")
	orphan := r.write("requirements.txt", "o").commit()
	r.git("checkout", "--quiet", "--detach", "main")
	r.git("branch", "--quiet", "-D", "orphan", "feature")
	r.git("tag", "-a", "v1", "-m", "v1", second)

	for _, tc := range []struct {
		name          string
		g             Range
		after, before string
	}{
		{"forward", Range{Old: first, New: second}, "requirements.txt=a==2", "requirements.txt=a==1"},
		{"empty", Range{Old: second, New: second}, "", ""},
		{"force push back", Range{Old: second, New: first}, "requirements.txt=a==1", "requirements.txt=a==2"},
		{"force push aside", Range{Old: second, New: feature}, "requirements.txt=a==1|svc/requirements.txt=f", "requirements.txt=a==2"},
		{"merge into a branch", Range{Old: feature, New: merged}, "requirements.txt=a==2", "requirements.txt=a==1"},
		{"octopus", Range{Old: second, New: octopus}, "one/requirements.txt=1|two/requirements.txt=2", ""},
		{"octopus from a parent", Range{Old: one, New: octopus}, "requirements.txt=a==2|two/requirements.txt=2", "requirements.txt=a==1"},
		{"other history", Range{Old: second, New: orphan}, "requirements.txt=o", "requirements.txt=a==2"},
		{"deleted", Range{Old: second, New: zeros, Ref: "refs/heads/main"}, "", ""},
		{"new branch", Range{Old: zeros, New: two, Ref: "refs/heads/two"}, "two/requirements.txt=2", ""},
		{"new branch, zeros of sha-256", Range{Old: zeros + zeros[:24], New: two, Ref: "refs/heads/two"}, "two/requirements.txt=2", ""},
		{"new branch that took main in", Range{Old: zeros, New: merged, Ref: "refs/heads/feature"}, "svc/requirements.txt=f", ""},
		{"new branch at main", Range{Old: zeros, New: second, Ref: "refs/heads/copy"}, "", ""},
		{"new branch that is here already", Range{Old: zeros, New: second, Ref: "refs/heads/main"}, "requirements.txt=a==2|svc=", ""},
		{"new branch, found by its commit", Range{Old: "", New: "main"}, "requirements.txt=a==2|svc=", ""},
		{"new orphan", Range{Old: zeros, New: orphan, Ref: "refs/heads/o"}, "requirements.txt=o", ""},
		{"new tag", Range{Old: zeros, New: r.git("rev-parse", "v1"), Ref: "refs/tags/v1"}, "", ""},
		{"tag as a name", Range{Old: first, New: "v1"}, "requirements.txt=a==2", "requirements.txt=a==1"},
		{"relative", Range{Old: "main~1", New: "main@{0}"}, "requirements.txt=a==2", "requirements.txt=a==1"},
		{"detached HEAD", Range{Old: "HEAD^", New: "@"}, "requirements.txt=a==2", "requirements.txt=a==1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			after := strings.TrimSuffix(tc.after, "|svc=")
			expect(t, r.read(tc.g), after, tc.before, "", "")
		})
	}
}

func TestParseRange(t *testing.T) {
	for _, tc := range []struct{ in, old, new, why string }{
		{"main..feature/x", "main", "feature/x", ""},
		{"HEAD~3..HEAD", "HEAD~3", "HEAD", ""},
		{"main@{1 day ago}..ma in", "main@{1 day ago}", "ma in", "git says what is no revision"},
		{"v1.0..v1.1", "v1.0", "v1.1", "one dot is no range"},
		{"main..ü", "main", "ü", ""},
		{zeros + "..main", zeros, "main", "a new branch"},
		{"main", "", "", "one revision"}, {"..main", "", "", "no old one; for git it would be HEAD"}, {"main..", "", "", "no new one"}, {"..", "", "", ""}, {"", "", "", ""},
		{"a...b", "", "", "a symmetric difference"}, {"a..b..c", "", "", "two ranges"}, {"a....b", "", "", ""}, {"--all..b", "", "", "an option"}, {"a..--output=x", "", "", "an option"},
	} {
		g, err := ParseRange(tc.in)
		if g.Old != tc.old || g.New != tc.new || (err == nil) != (tc.old != "") {
			t.Errorf("ParseRange(%q) = %+v, %v, want %q and %q (%s)", tc.in, g, err, tc.old, tc.new, tc.why)
		}
	}
}

// TestRevisionsThatAreNone: each is one clear error, and never an empty change.
func TestRevisionsThatAreNone(t *testing.T) {
	r := newRepo(t)
	id := r.write("requirements.txt", "a").commit()
	blob := r.git("rev-parse", "HEAD:requirements.txt")
	for _, rev := range []string{
		"", "nope", "--all", "-h", "--output=x", "HEAD:requirements.txt", blob, "HEAD^{tree}", "a b", "a\nb", id + "\n" + id, "\x00", "@{", "@{-1}", "@{upstream}", "HEAD..HEAD", "^HEAD", "HEAD^@", "HEAD^!",
		"ü", "'", "refs/heads/", strings.Repeat("a", 5000), strings.Repeat("0", 39), id[:39] + "x", ":/nothing",
	} {
		for _, g := range []Range{{Old: id, New: rev}, {Old: rev, New: id}} {
			if rev == "" && g.Old == "" {
				continue // a new branch
			}
			c, err := Read(t.Context(), r.dir, g, manifests)
			if err == nil || len(c.After) > 0 {
				t.Errorf("Read(%.60q) = %+v, want an error", g, c)
			} else if len(err.Error()) > 1000 {
				t.Errorf("Read(%.60q): the message is %d bytes long", g, len(err.Error()))
			}
		}
	}
	if _, err := os.Stat(filepath.Join(r.dir, "x")); err == nil {
		t.Error("a revision was taken for an option")
	}
	// A ref that looks like an option is reached by its name and is none.
	r.git("update-ref", "refs/heads/--output=y", id)
	if _, err := Read(t.Context(), r.dir, Range{Old: "--output=y", New: "--output=y"}, manifests); err != nil {
		t.Errorf("a branch named like an option: %v", err)
	}
}

func TestFaultsAreClear(t *testing.T) {
	r := newRepo(t)
	old := r.write("requirements.txt", "a").commit()
	r.write("requirements.txt", "b").commit()
	g := Range{Old: old, New: "HEAD"}
	fails := func(what, dir string, ctx context.Context, want string) {
		t.Helper()
		if c, err := Read(ctx, dir, g, manifests); err == nil || !strings.Contains(err.Error(), want) || len(c.After) > 0 {
			t.Errorf("%s: %+v, %v, want an error that says %q", what, c, err, want)
		}
	}
	fails("no repository", t.TempDir(), t.Context(), "not a git repository")
	fails("no folder", filepath.Join(r.dir, "nope"), t.Context(), "No such file")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	fails("cancelled", r.dir, gone, "context canceled")

	blob := r.git("rev-parse", "HEAD:requirements.txt")
	if err := os.Remove(filepath.Join(r.dir, ".git/objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	fails("an object is missing", r.dir, t.Context(), "requirements.txt")

	t.Setenv("PATH", t.TempDir())
	fails("no git", r.dir, t.Context(), "git is not in PATH; install it")
}

func TestKindsOfRepositories(t *testing.T) {
	r := newRepo(t, "--object-format=sha256")
	old := r.write("requirements.txt", "a==1", "sub/x", "").commit()
	if len(old) != 64 {
		t.Fatalf("%q is no SHA-256 id", old)
	}
	r.write("requirements.txt", "a==2").commit()
	bare := filepath.Join(t.TempDir(), "b.git")
	r.git("clone", "--quiet", "--bare", r.dir, bare)
	shared := filepath.Join(t.TempDir(), "s.git")
	r.git("clone", "--quiet", "--bare", "--shared", r.dir, shared)
	worktree := filepath.Join(t.TempDir(), "w")
	r.git("worktree", "add", "--quiet", "--detach", worktree)
	for _, dir := range []string{r.dir, filepath.Join(r.dir, "sub"), filepath.Join(r.dir, ".git"), bare, shared, worktree} {
		r.dir = dir
		expect(t, r.read(Range{Old: old, New: "HEAD"}), "requirements.txt=a==2", "requirements.txt=a==1", "", "")
	}
	expect(t, r.read(Range{New: "HEAD"}), "requirements.txt=a==2", "", "", "")
}

func TestSubmoduleInPlaceOfManifest(t *testing.T) {
	r := newRepo(t)
	r.git("config", "diff.ignoreSubmodules", "all")
	r.git("config", "submodule.s.ignore", "all")
	old := r.write("requirements.txt", "a", ".gitmodules", "[submodule \"s\"]\n\tpath = svc/requirements.txt\n\turl = /nowhere\n\tignore = all\n").commit()
	r.git("update-index", "--cacheinfo", "160000,"+old+",requirements.txt")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+old+",svc/requirements.txt")
	r.git("commit", "--quiet", "--allow-empty", "-m", "x")
	expect(t, r.read(Range{Old: old, New: "HEAD"}), "", "", "", "requirements.txt|svc/requirements.txt")
}

func TestCaps(t *testing.T) {
	r := newRepo(t)
	old := r.write("x", "").commit()
	var many []string
	for i := range maxManifests + 1 {
		many = append(many, fmt.Sprintf("d%d/requirements.txt", i), "a")
	}
	r.write(many...).commit()
	if _, err := Read(t.Context(), r.dir, Range{Old: old, New: "HEAD"}, manifests); err == nil || !strings.Contains(err.Error(), "2001 manifests") {
		t.Errorf("2,001 manifests: %v", err)
	}
	r.remove("d0")
	r.commit()
	if c := r.read(Range{Old: old, New: "HEAD"}); len(c.After) != maxManifests {
		t.Errorf("%d of %d manifests", len(c.After), maxManifests)
	}
	o, err := repository{r.dir}.objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	o.left = 5
	for _, tc := range []struct {
		content string
		ok      bool
		why     string
	}{{"1234", true, ""}, {"1234", true, "what was read already costs nothing"}, {"5", true, "at the cap"}, {"6", false, "beyond it"}} {
		id := r.gitIn(tc.content, "hash-object", "-w", "--stdin")
		if b, _, err := o.blob(id); (err == nil) != tc.ok || tc.ok && string(b) != tc.content {
			t.Errorf("blob %q: %q, %v (%s)", tc.content, b, err, tc.why)
		}
	}
}

func TestIncluded(t *testing.T) {
	utf16 := "\xff\xfe"
	for _, b := range []byte("-r x.txt\n") {
		utf16 += string([]byte{b, 0})
	}
	for _, tc := range []struct{ content, want, why string }{
		{"-r x.txt", "d/x.txt", ""}, {"-rx.txt", "d/x.txt", ""}, {"  \t-r\tx.txt # c", "d/x.txt", ""}, {"--req=x.txt", "d/x.txt", "optparse takes beginnings"},
		{"--constraint ../x.txt", "x.txt", ""}, {"-c ./e/../x.txt", "d/x.txt", ""}, {"-r 'a b.txt'", "d/a b.txt", ""}, {`-r a\ b.txt`, "d/a b.txt", ""}, {`-r "a"'b'.txt`, "d/ab.txt", "as a shell joins"},
		{`-r "a\"b.txt"`, `d/a"b.txt`, ""}, {"-r x", "d/x", "a name without an extension"}, {"--pre -r x.txt", "d/x.txt", "behind another option"},
		{"-r \\\nx.txt", "d/x.txt", "a continued line"}, {"-r \\\r\nx.txt\r\n", "d/x.txt", ""}, {"a\n# c \\\n-r x.txt", "d/x.txt", "a comment is not continued"}, {"a \\\n\n-r x.txt", "d/x.txt", "an empty line ends it"},
		{"a\f-r x.txt", "d/x.txt", "a line break for pip"}, {"a\u2028-r x.txt", "d/x.txt", ""}, {"\ufeff-r x.txt", "d/x.txt", ""}, {utf16, "d/x.txt", "UTF-16"},
		{"# -r x.txt", "", "a comment"}, {"a -r x.txt", "", "pip ignores it"}, {"-r ../../x.txt", "", "outside"}, {"-r /x.txt", "", "absolute"}, {"-r https://h.invalid/x.md", "", ""}, {"x.txt", "", "a package"},
		{"-r x.md", "", "no name that is looked for"}, {"-r 'x.txt", "d/x.txt", "an open quote"}, {"-r", "", ""}, {"", "", ""},
	} {
		got := included("d", tc.content)
		named := func(p string) bool { return p == tc.want || tc.want == "" && strings.Contains(p, "x.") }
		if slices.ContainsFunc(got, named) != (tc.want != "") {
			t.Errorf("included(%q) = %q, want %q (%s)", tc.content, got, tc.want, tc.why)
		}
	}
}

func TestErrNotWantedIsForPatternsOnly(t *testing.T) {
	r := newRepo(t)
	old := r.write("requirements.txt", "a").commit()
	id := r.write("requirements.txt", "b").commit()
	r.git("branch", "release/1")
	r.git("tag", "twin", old)
	r.git("branch", "twin", id)
	r.git("update-ref", "refs/remotes/origin/main", id)
	for _, tc := range []struct {
		g    Range
		want string // "", "not wanted", or text of another error
		why  string
	}{
		{Range{New: "main", Branches: []string{"main"}}, "", ""},
		{Range{New: "HEAD", Branches: []string{"main"}}, "", "HEAD is that branch"},
		{Range{New: "refs/heads/main", Branches: []string{"x", "ma*"}}, "", ""},
		{Range{New: "release/1", Branches: []string{"main"}}, "not wanted", ""},
		{Range{New: id, Ref: "refs/heads/release/1", Branches: []string{"release/*"}}, "", "as a hook tells it"},
		{Range{New: id, Ref: "refs/tags/main", Branches: []string{"main"}}, "not wanted", "a tag is no branch"},
		{Range{New: id, Ref: "refs/heads/refs/heads/main", Branches: []string{"main"}}, "not wanted", ""},
		{Range{New: id, Branches: []string{"main"}}, "names no branch", "it cannot be told"},
		{Range{New: "main~0", Branches: []string{"main"}}, "names no branch", ""},
		{Range{New: "origin/main", Branches: []string{"main"}}, "names no branch", ""},
		{Range{New: "twin", Branches: []string{"twin"}}, "names no branch", "a tag hides the branch"},
		{Range{New: "nope", Branches: []string{"main"}}, "names no branch", ""},
		{Range{New: "main", Branches: []string{"ma[i]n"}}, "matches no branch", "such a pattern would do nothing"},
		{Range{New: id, Ref: "refs/tags/v1"}, "", "without patterns all refs are looked at"},
	} {
		tc.g.Old = old
		c, err := Read(t.Context(), r.dir, tc.g, manifests)
		switch {
		case tc.want == "" && (err != nil || len(c.After) != 1):
			t.Errorf("Read(%+v) = %+v, %v (%s)", tc.g, c, err, tc.why)
		case tc.want == "not wanted" && !errors.Is(err, ErrNotWanted):
			t.Errorf("Read(%+v) = %+v, %v, want ErrNotWanted (%s)", tc.g, c, err, tc.why)
		case tc.want != "" && tc.want != "not wanted" && (err == nil || errors.Is(err, ErrNotWanted) || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("Read(%+v) = %+v, %v, want an error that says %q (%s)", tc.g, c, err, tc.want, tc.why)
		}
	}
}

// TestUnwatchedBranchesVouchForNothing: what only a branch holds that nobody
// looked at is new on one that is looked at.
func TestUnwatchedBranchesVouchForNothing(t *testing.T) {
	r := newRepo(t)
	r.write("requirements.txt", "a==1").commit()
	r.git("checkout", "--quiet", "-b", "wip")
	id := r.write("requirements.txt", "bad==1").commit()
	g := Range{Old: zeros, New: id, Ref: "refs/heads/release/1"}
	expect(t, r.read(g), "", "", "", "")
	g.Branches = []string{"main", "release/*"}
	expect(t, r.read(g), "requirements.txt=bad==1", "requirements.txt=a==1", "", "")
	g.Branches = []string{"release/*"}
	expect(t, r.read(g), "requirements.txt=bad==1", "", "", "")
}

func TestMatchBranch(t *testing.T) {
	for _, tc := range []struct {
		pattern, branch string
		want            bool
	}{
		{"main", "main", true}, {"main", "main2", false}, {"main", "x/main", false}, {"refs/heads/main", "main", true}, {"*", "a/b/c", true}, {"release/*", "release/1", true},
		{"release/*", "release/1/2", true}, {"release/*", "release", false}, {"release/**", "release/1/2", true}, {"*-lts", "a/b-lts", true}, {"*-lts", "b-lts2", false}, {"a*b*c", "abc", true},
		{"a*b*c", "axxbyyc", true}, {"a*b*c", "acb", false}, {"a*a", "a", false}, {"a*a", "aa", true}, {"*a*", "bab", true}, {"*a*", "bb", false}, {"Main", "main", false}, {"a*ab*b", "abb", false},
	} {
		if got := matchBranch(tc.pattern, tc.branch); got != tc.want {
			t.Errorf("matchBranch(%q, %q) = %v", tc.pattern, tc.branch, got)
		}
		if err := CheckPattern(tc.pattern); err != nil {
			t.Errorf("CheckPattern(%q): %v", tc.pattern, err)
		}
	}
	for _, p := range []string{"", "a b", "a?", "[ab]", `a\b`, "a..b", "a~1", "a^", "a:b", "/a", "a/", "a//b", "refs/heads/", "a\n", "a.lock", "@{x}", "\x7f"} {
		if err := CheckPattern(p); err == nil || !strings.Contains(err.Error(), "matches no branch") {
			t.Errorf("CheckPattern(%q) = %v, want an error", p, err)
		}
	}
}
