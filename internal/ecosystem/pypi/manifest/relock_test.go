package manifest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// commandFor is the command that brings the first locked a to spec.
func commandFor(t *testing.T, format, content, pyproject, spec string) string {
	t.Helper()
	fsys := fstest.MapFS{format: {Data: []byte(content)}}
	if pyproject != "" {
		fsys[PyprojectTOML] = &fstest.MapFile{Data: []byte(pyproject)}
	}
	m, err := Parse(fsys, format)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = ReplaceRequirement([]byte(content), requirementNamed(t, m, "a"), spec)
	relock, ok := errors.AsType[*ecosystem.Relock](err)
	if !ok {
		t.Fatalf("%q: %v, want a *Relock", content, err)
	}
	return relock.Command
}

// TestRelockUV holds commands of which each kind was tried with uv 0.13.9.
func TestRelockUV(t *testing.T) {
	const locked = "\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\n"
	own := func(source, name, metadata string) string {
		return "\n[[package]]\nname = \"" + name + "\"\nversion = \"0\"\nsource = { " + source + " }\n" + metadata + "\n"
	}
	project := func(metadata string) string {
		return "version = 1\n" + locked + own(`virtual = "."`, "demo", "dependencies = [{ name = \"a\" }]\n"+metadata)
	}
	dist := func(entries string) string { return project("[package.metadata]\nrequires-dist = [" + entries + "]\n") }
	dev := func(groups string) string { return project("[package.metadata.requires-dev]\n" + groups) }
	member := func(members string) string {
		return "version = 1\n[manifest]\nmembers = [" + members + "]\n" + locked +
			own(`editable = "m"`, "m", "[package.metadata]\nrequires-dist = [{ name = \"a\", specifier = \"==1\" }]\n[package.metadata.requires-dev]\nx = [{ name = \"a\" }]\n")
	}
	const byHand = "uv lock  # after changing a to ==2 in pyproject.toml"
	for _, tc := range []struct{ content, spec, want, why string }{
		{"version = 1\n" + locked, "==2", "uv lock --upgrade-package a==2", "nothing asks for it"},
		{"version = 1\n" + locked, ">=2", "uv lock --upgrade-package a", "no exact version"},
		{"version = 1\n" + locked, "==1!2", "uv lock --upgrade-package 'a==1!2'", "a shell reads ! too"},
		{project(""), "==2", "uv lock --upgrade-package a==2", "an old lock, which does not say what is asked for"},
		{dist(`{ name = "b", specifier = "==1" }`), "==2", "uv lock --upgrade-package a==2", "another package is pinned"},
		{dist(`{ name = "a" }`), "==2", "uv lock --upgrade-package a==2", "direct, any version"},
		{dist(`{ name = "a", specifier = ">=1,<3" }`), "==2", "uv lock --upgrade-package a==2", "direct, in its range"},
		{dist(`{ name = "a", specifier = "==1" }`), "==2", "uv add --no-sync 'a==2'", "direct, pinned"},
		{dist(`{ name = "a", specifier = "==1" }`), ">=2", "uv add --no-sync 'a>=2'", "no exact version"},
		{dist(`{ name = "a", specifier = "<2" }`), "==1!2", "uv add --no-sync 'a==1!2'", "an epoch"},
		{dist(`{ name = "a", extras = ["x"], specifier = "==1" }`), "==2", "uv add --no-sync 'a==2'", "uv keeps the extras"},
		{dist(`{ name = "a", marker = "os_name != 'nt'", specifier = "==1" }`), "==2", `uv add --no-sync 'a==2 ; os_name != "nt"'`, "uv finds the line by its marker"},
		{dist(`{ name = "a", marker = "extra == 'plots'", specifier = "==1" }`), "==2", "uv add --no-sync --optional plots 'a==2'", "of an extra"},
		{dist(`{ name = "a", marker = "os_name != 'nt' and extra == 'plots'", specifier = "==1" }`), "==2", byHand, "of an extra, with a marker"},
		{dist(`{ name = "a", marker = "extra == '$(true)'", specifier = "==1" }`), "==2", byHand, "no name of an extra"},
		{dist(`{ name = "a", marker = "os_name == \"'\"", specifier = "==1" }`), "==2", byHand, "a marker that ends the quotes"},
		{dist(`{ name = "a", marker = "; true", specifier = "==1" }`), "==2", byHand, "no marker"},
		{dist(`{ name = "a", specifier = "==1", marker = "os_name == 'nt'" }, { name = "a", specifier = "<1.5", marker = "os_name != 'nt'" }`), "==2", byHand, "two lines"},
		{dist(`{ name = "a", specifier = "?" }`), "==2", "uv add --no-sync 'a==2'", "what it asks for is unreadable"},
		{dist(`{ name = "a", specifier = 1 }`), "==2", "uv lock --upgrade-package a==2", "no text"},
		{dev(`dev = [{ name = "a", specifier = "==1" }]`), "==2", "uv add --no-sync --group dev 'a==2'", "of the group dev"},
		{dev(`lint = [{ name = "a", specifier = "==1" }]`), "==2", "uv add --no-sync --group lint 'a==2'", "of a group"},
		{dev(`"x; true" = [{ name = "a", specifier = "==1" }]`), "==2", byHand, "no name of a group"},
		{dev("x = [{ name = \"a\", specifier = \"==1\" }]\ny = [{ name = \"a\", specifier = \"==1\" }]"), "==2", byHand, "two groups"},
		{dev("x = [{ name = \"a\", specifier = \">=1\" }]\ny = [{ name = \"a\", specifier = \"==1\" }]"), "==2", "uv add --no-sync --group y 'a==2'", "one of two is in the way"},
		{member(`"m"`), "==2", "uv add --no-sync --package m 'a==2'", "of a workspace's member"},
		{member(``), "==2", byHand, "of a folder that is no member"},
		{"version = 1\n[manifest.dependency-groups]\ndev = [{ name = \"a\", specifier = \"==1\" }]\n" + locked, "==2", "uv add --no-sync --group dev 'a==2'", "of a project that is no package"},
		{"version = 1\n[manifest]\nconstraints = [{ name = \"a\", specifier = \"==1\" }]\n" + locked, "==2", byHand, "a constraint"},
		{"version = 1\n[manifest]\noverrides = [{ name = \"a\", specifier = \"==1\" }]\n" + locked, "==2", byHand, "an override"},
	} {
		if got := commandFor(t, UVLock, tc.content, "", tc.spec); got != tc.want {
			t.Errorf("%s with %s (%s):\n got %s\nwant %s", tc.content, tc.spec, tc.why, got, tc.want)
		}
	}
}

// TestRelockPoetry holds commands of which each kind was tried with poetry 2.5.1.
func TestRelockPoetry(t *testing.T) {
	lock := func(more string) string {
		return "[metadata]\nlock-version = \"2.1\"\n[[package]]\nname = \"a\"\nversion = \"1\"\n" + more
	}
	const (
		b       = "[[package]]\nname = \"b\"\nversion = \"1\"\n[package.dependencies]\na = \"*\"\n"
		poetry  = "[tool.poetry.dependencies]\n"
		byHand  = "poetry lock  # after changing a to ==2 in pyproject.toml"
		another = "[[package]]\nname = \"a\"\nversion = \"1.5\"\n"
	)
	for _, tc := range []struct{ content, pyproject, want, why string }{
		{lock(""), "", "poetry add --lock 'a==2'", "nothing needs it"},
		{lock(b), "", "poetry update --lock a", "another needs it"},
		{lock(b), poetry + "b = \"*\"\n", "poetry update --lock a", "another needs it, as the project says"},
		{lock(b), poetry + "a = \"*\"\nb = \"*\"\n", "poetry add --lock 'a==2'", "both need it"},
		{lock("groups = [\"main\"]\n"), poetry + "a = \"1\"\n", "poetry add --lock 'a==2'", "of the main group"},
		{lock("groups = [\"lint\"]\n"), "[tool.poetry.group.lint.dependencies]\na = \"1\"\n", "poetry add --lock --group lint 'a==2'", "of another group"},
		{lock("groups = [\"x; true\"]\n"), poetry + "a = \"1\"\n", byHand, "no name of a group"},
		{lock("groups = [\"dev\", \"main\"]\n"), poetry + "a = \"1\"\n", byHand, "which group asks for it is not told"},
		{lock("optional = true\n"), poetry + "a = { version = \"1\", optional = true }\n", byHand, "poetry would make it one of the main group"},
		{lock(another), poetry + "a = \"1\"\n", byHand, "two versions"},
		{lock(""), poetry + "a = { version = \"1\", extras = [\"y\", \"x\"] }\n", "poetry add --lock 'a[y,x]==2'", "poetry drops extras that are not said"},
		{lock("markers = \"os_name == 'nt'\"\n"), poetry + "a = { version = \"1\", markers = \"os_name == 'nt'\" }\n", `poetry add --lock 'a==2 ; os_name == "nt"'`, "and a marker"},
		{lock("markers = \"os_name == \\\"'\\\"\"\n"), poetry + "a = \"1\"\n", byHand, "a marker that ends the quotes"},
		{strings.Replace(lock("category = \"dev\"\n"), "2.1", "1.1", 1), "", "poetry add --lock --group dev 'a==2'", "an old lock"},
	} {
		if got := commandFor(t, PoetryLock, tc.content, tc.pyproject, "==2"); got != tc.want {
			t.Errorf("%s with %q (%s):\n got %s\nwant %s", tc.content, tc.pyproject, tc.why, got, tc.want)
		}
	}
}

func TestRelockPylock(t *testing.T) {
	const locked = "[[packages]]\nname = \"a\"\nversion = \"1\"\n"
	const rest = " again, after changing the requirement on a to ==2"
	for _, tc := range []struct{ content, want, why string }{
		{"lock-version = \"1.0\"\ncreated-by = \"uv\"\n" + locked, "uv" + rest, "made by uv"},
		{"lock-version = \"1.0\"\n" + locked, "the tool that wrote pylock.toml" + rest, "made by nobody"},
		{"lock-version = \"1.0\"\ncreated-by = \"true; true\"\n" + locked, "the tool that wrote pylock.toml" + rest, "no name of a tool"},
		{"lock-version = \"1.0\"\ncreated-by = 1\n" + locked, "the tool that wrote pylock.toml" + rest, "no text"},
	} {
		if got := commandFor(t, PylockTOML, tc.content, "", "==2"); got != tc.want {
			t.Errorf("%s (%s):\n got %s\nwant %s", tc.content, tc.why, got, tc.want)
		}
	}
}

func TestRelockOfWhatIsNoLockAnyMore(t *testing.T) {
	const content = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\n"
	req := requirementNamed(t, parse(t, UVLock, content), "a")
	_, _, err := ReplaceRequirement([]byte("= ["), req, "==2")
	if relock, ok := errors.AsType[*ecosystem.Relock](err); !ok || relock.Command != "uv lock --upgrade-package a==2" {
		t.Errorf("error %v, want the command for a transitive package", err)
	}
}

func TestPoetryTablesAreChangedByPoetry(t *testing.T) {
	for _, tc := range []struct{ content, want, why string }{
		{"[tool.poetry.dependencies]\na = \"^1\"\n", "run `poetry add --lock 'a==2'`", "of the main group"},
		{"[tool.poetry.group.Lint.dependencies]\na = \"^1\"\n", "run `poetry add --lock --group Lint 'a==2'`", "of a group, as written"},
		{"[tool.poetry.dev-dependencies]\nA = \"^1\"\n", "run `poetry add --lock --group dev 'a==2'`", "of the old dev table"},
		{"[tool.poetry.dev-dependencies]\nb = \"1\"\n[tool.poetry.group.dev.dependencies]\na = \"1\"\n", "run `poetry add --lock --group dev 'a==2'`", "of the new one"},
		{"[tool.poetry.dependencies]\na = { version = \"1\", extras = [\"x\"], platform = \"win32\" }\n", "run `poetry add --lock 'a[x]==2 ; sys_platform == \"win32\"'`", "extras and marker are said"},
		{"[tool.poetry.dependencies]\na = { version = \"1\", optional = true }\n", "by hand to \"==2\"", "optional"},
		{"[tool.poetry.dependencies]\na = { version = \"1\", optional = true }\n[tool.poetry.extras]\nx = [\"a\"]\n[tool.poetry.group.x.dependencies]\nb = \"1\"\n", "by hand to \"==2\"", "of an extra called as a group is"},
		{"[tool.poetry.dependencies]\na = [{ version = \"1\", python = \"<3.9\" }, { version = \"2\", python = \">=3.9\" }]\n", "by hand to \"==2\"", "two versions"},
		{"[tool.poetry.dependencies]\na = { version = \"1\", extras = [\"x y\"] }\n", "by hand to \"==2\"", "no name of an extra"},
		{"[tool.poetry.group.\"x y\".dependencies]\na = \"^1\"\n", "by hand to \"==2\"", "no name of a group"},
	} {
		m := parse(t, PyprojectTOML, tc.content)
		_, _, err := ReplaceRequirement([]byte(tc.content), requirementNamed(t, m, "a"), "==2")
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s (%s): %v, want an error that says %s", tc.content, tc.why, err, tc.want)
		}
	}
}

// A lock that was made with the gate names the gate, and nothing else is worth a
// note.
func TestTheNoteKnowsEveryAddress(t *testing.T) {
	sum := strings.Repeat("0", 64)
	lock := func(files string) string {
		return "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://gate.invalid/pypi/simple/\" }\nsdist = { url = \"" + files + "/a-1.tar.gz\", hash = \"sha256:" + sum + "\" }\n"
	}
	for files, ours := range map[string]bool{"https://gate.invalid/pypi/files/a": true, "https://files.invalid": false} {
		m := parse(t, UVLock, lock(files))
		i := slices.IndexFunc(m.Problems, func(p ecosystem.Problem) bool { return p.Effect == manifestfile.Note })
		if i < 0 || m.Problems[i].Index.Below("https://gate.invalid") != ours {
			t.Errorf("files at %s: problems %+v; below the gate: want %t", files, m.Problems, ours)
		}
	}
}

func TestOneNoteForEachLock(t *testing.T) {
	sum := strings.Repeat("0", 64)
	for _, tc := range []struct{ format, content, want string }{
		{UVLock, "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid/simple\" }\nsdist = { url = \"https://f.invalid/a-1.tar.gz\", hash = \"sha256:" + sum + "\" }\n[[package]]\nname = \"b\"\nversion = \"1\"\nsource = { registry = \"https://j.invalid/simple\" }\nsdist = { url = \"https://g.invalid/b-1.tar.gz\", hash = \"sha256:" + sum + "\" }\n", "uv.lock names https://i.invalid; the gate asks its own upstreams instead and checks the locked hashes"},
		{PylockTOML, "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nindex = \"https://i.invalid/simple\"\nwheels = [{ url = \"https://f.invalid/a-1-py3-none-any.whl\", hashes = { sha256 = \"" + sum + "\" } }]\n", "pylock.toml names https://i.invalid; the gate asks its own upstreams instead and checks the locked hashes"},
	} {
		m := parse(t, tc.format, tc.content)
		if len(m.Problems) != 1 || m.Problems[0].Rule != RuleLockIndex || m.Problems[0].Effect != manifestfile.Note || m.Problems[0].Text != tc.want {
			t.Errorf("%s: problems %+v, want one note: %s", tc.format, m.Problems, tc.want)
		}
	}
}
