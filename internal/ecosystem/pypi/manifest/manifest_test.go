package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

func TestFormat(t *testing.T) {
	for _, tc := range []struct{ path, want, why string }{
		{"requirements.txt", RequirementsTxt, "the usual name"},
		{"svc/requirements-dev.txt", RequirementsTxt, "with a suffix"},
		{"dev-requirements.txt", RequirementsTxt, "with a prefix"},
		{"requirements_test.in", RequirementsTxt, "a source of pip-tools"},
		{"requirements/base.txt", RequirementsTxt, "in the usual folder"},
		{"a/requirements/base.in", RequirementsTxt, "in the usual folder, deeper"},
		{"constraints.txt", ConstraintsTxt, "bounds by themselves"},
		{"constraints-3.11.txt", ConstraintsTxt, "with a suffix"},
		{"requirements/constraints.txt", ConstraintsTxt, "in the folder"},
		{"a/pdm.lock", PDMLock, ""},
		{"Pipfile", Pipfile, ""},
		{"a/Pipfile.lock", PipfileLock, ""},
		{"pipfile", "", "pipenv minds the case"},
		{"Requirements.TXT", RequirementsTxt, "pip does not mind the case"},
		{"uv.lock", UVLock, ""},
		{"a/poetry.lock", PoetryLock, ""},
		{"pylock.toml", PylockTOML, ""},
		{"pylock.dev.toml", PylockTOML, "PEP 751 allows one name between"},
		{"pylock.a.b.toml", "", "and only one"},
		{"pylock..toml", "", "which is not empty"},
		{"xpylock.toml", "", "another name"},
		{"pyproject.toml", PyprojectTOML, ""},
		{"Cargo.lock", "", "another ecosystem"},
		{"MANIFEST.in", "", "setuptools' list of files"},
		{"configure.in", "", "no requirements"},
		{"base.txt", "", "says nothing"},
		{"requirements/readme.md", "", "prose in the folder"},
		{"requirements.txt.bak", "", "another ending"},
		{"", "", "nothing"},
	} {
		if got := Format(tc.path); got != tc.want {
			t.Errorf("Format(%q) = %q, want %q (%s)", tc.path, got, tc.want, tc.why)
		}
	}
}

// parse reads one file that lies alone in a tree.
func parse(t *testing.T, format, content string) *ecosystem.Manifest {
	t.Helper()
	m, err := ParseAs(fstest.MapFS{format: {Data: []byte(content)}}, format, format)
	if err != nil {
		t.Fatalf("ParseAs(%q): %v", content, err)
	}
	return m
}

func TestErrorsOfReading(t *testing.T) {
	fsys := fstest.MapFS{"requirements.txt": {Data: []byte("a")}}
	if _, err := Parse(fsys, "gone/requirements.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v, want fs.ErrNotExist", err)
	}
	if _, err := Parse(fsys, "notes.md"); err == nil {
		t.Error("a name that is no manifest gave no error")
	}
	if _, err := ParseAs(fsys, "requirements.txt", "setup.cfg"); err == nil {
		t.Error("an unknown format gave no error")
	}
	if _, err := Parse(fsys, "../requirements.txt"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a path that climbs out: %v, want fs.ErrInvalid", err)
	}
}

// TestUnusable holds what makes a whole manifest unusable: one fatal problem at
// its line and no requirement.
func TestUnusable(t *testing.T) {
	deep := "x = " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "\n"
	deeper := "x = " + strings.Repeat("[", 1_000_000)
	keys := "a" + strings.Repeat(".a", 100) + " = 1\n"
	uv := "version = 1\n"
	poetry := "[metadata]\nlock-version = \"2.1\"\n"
	pylock := "lock-version = \"1.0\"\n"
	for _, tc := range []struct {
		format, content string
		line            int
		why             string
	}{
		{RequirementsTxt, "a\nb=1\n", 2, "one equals sign"},
		{RequirementsTxt, "a\n--bogus\n", 2, "an unknown option"},
		{RequirementsTxt, "a --hash=md5:00\n", 1, "a weak hash"},
		{RequirementsTxt, "a\n\n-r gone.txt\n", 3, "an included file that is missing"},
		{RequirementsTxt, "a\nb\xff\n", 2, "not UTF-8"},
		{RequirementsTxt, "# coding: utf-7\na\n", 1, "an encoding in which ASCII is not ASCII"},
		{RequirementsTxt, "\xff\xfe\x00", 0, "half a character of UTF-16"},
		{RequirementsTxt, "\xff\xfe\x00\xd8a\x00", 0, "half a pair of UTF-16"},
		{RequirementsTxt, "\xff\xfe\x00\x00", 0, "UTF-32"},
		{RequirementsTxt, "a" + strings.Repeat("b", 300) + "\n", 1, "a name too long"},
		{RequirementsTxt, strings.Repeat("a\n", manifestfile.MaxRequirements+1), 0, "too many requirements"},
		{RequirementsTxt, strings.Repeat("./a\n", manifestfile.MaxProblems+1), 0, "too many problems"},
		{RequirementsTxt, strings.Repeat("#", maxFileBytes+1), 0, "too large"},
		{UVLock, "version = 1\nversion = 1\n", 2, "a key given twice"},
		{UVLock, "version = 1\n[a\n", 2, "no TOML"},
		{UVLock, "", 0, "empty: no version"},
		{UVLock, "\nversion = 2\n", 2, "a version not known"},
		{UVLock, "\nversion = \"one\"\n", 2, "a version of another type"},
		{UVLock, uv + "package = 3\n", 2, "packages of another type"},
		{UVLock, uv + "[[package]]\nversion = \"1\"\n", 2, "a package without a name"},
		{UVLock, uv + "[[package]]\nname = \"_\"\n", 3, "a name that is none"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"x\"\n", 4, "a version that is none"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = 1\n", 4, "a version of another type"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"1\"\n", 2, "no source"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { moon = \"1\" }\n", 5, "an unknown source"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nsource = { registry = \"https://index.invalid\" }\n", 2, "no version"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\ndependencies = [{ name = \"b\", marker = \"nonsense\" }]\n", 6, "a marker that is none"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\nsdist = { url = \"https://f.invalid/a.tar.gz\", hash = \"sha256:00\" }\n", 6, "a digest that is none"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\nsdist = { url = \"https://f.invalid/%2e%2e%2fa.tar.gz\", hash = \"sha256:00\" }\n", 6, "a file name with a slash in it"},
		{UVLock, deep, 1, "values nested too deep"},
		{UVLock, deeper, 1, "so deep that a careless reader dies"},
		{UVLock, keys, 1, "a key of too many parts"},
		{UVLock, strings.Repeat("[", 100_000), 1, "brackets"},
		{UVLock, strings.Repeat("\n", document.MaxLines), 0, "too many lines"},
		{UVLock, uv + strings.Repeat("[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\n", maxSameName+1), 0, "one name too often"},
		{UVLock, uv + "[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"b\", extra = [" + strings.Repeat("\"x\",", 300) + "] }]\n", 0, "too many extras"},
		{RequirementsTxt, "a" + strings.Repeat(" ", maxLineBytes) + "b", 0, "a line too long"},
		{UVLock, "x = [" + strings.Repeat("1,", document.MaxMarks) + "]\n", 0, "too many values"},
		{PoetryLock, "", 0, "empty"},
		{PoetryLock, "[metadata]\nlock-version = \"3.0\"\n", 2, "a version not known"},
		{PoetryLock, poetry + "[[package]]\nname = \"a\"\n", 3, "no version"},
		{PoetryLock, poetry + "[[package]]\nname = \"a\"\nversion = \"1\"\nmarkers = 3\n", 6, "a marker of another type"},
		{PoetryLock, poetry + "[[package]]\nname = \"a\"\nversion = \"1\"\n[package.dependencies]\nb = 3\n", 7, "a dependency of another type"},
		{PylockTOML, "lock-version = \"2.0\"\n", 1, "a version not known"},
		{PylockTOML, pylock + "environments = [\"nonsense\"]\n", 2, "an environment that is none"},
		{PylockTOML, pylock + "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://f.invalid/a.whl\" }]\n", 2, "files without a version"},
		{PylockTOML, pylock + "[[packages]]\nname = \"a\"\n[[packages.attestation-identities]]\n", 4, "an identity without a kind"},
		{PyprojectTOML, "[project]\ndependencies = [\"a\", \"b=1\"]\n", 2, "no requirement"},
		{PyprojectTOML, "[project]\ndependencies = \"a\"\n", 2, "not a list"},
		{PyprojectTOML, "[project]\nrequires-python = \"three\"\n", 2, "no specifier"},
		{PyprojectTOML, "[dependency-groups]\na = [{include-group = \"b\"}]\n", 2, "a group that is not there"},
		{PyprojectTOML, "[dependency-groups]\na = [{include-group = \"b\"}]\nb = [{include-group = \"A\"}]\n", 3, "groups that include each other"},
		{PyprojectTOML, "[dependency-groups]\na = []\nA = []\n", 3, "one group twice"},
		{PyprojectTOML, "[dependency-groups]\na = [3]\n", 2, "an entry of another type"},
		{PyprojectTOML, "[tool.poetry.dependencies]\na = \"one\"\n", 2, "no constraint"},
		{PyprojectTOML, "[tool.poetry.dependencies]\na = 3\n", 2, "a constraint of another type"},
	} {
		m := parse(t, tc.format, tc.content)
		in := fmt.Sprintf("%s %.120q (%s)", tc.format, tc.content, tc.why)
		var fatal []ecosystem.Problem
		for _, p := range m.Problems {
			if p.Fatal {
				fatal = append(fatal, p)
			}
		}
		if len(fatal) != 1 || len(m.Requirements) > 0 {
			t.Errorf("%s: problems %v and %d requirements, want one fatal problem and none", in, m.Problems, len(m.Requirements))
			continue
		}
		if p := fatal[0]; p.At.Line != tc.line || p.At.File != tc.format || p.Text == "" || p.Effect != manifestfile.Hold {
			t.Errorf("%s: %+v, want it at line %d", in, p, tc.line)
		}
	}
}

// TestIncludesStayInside holds the ways out of the tree of THREATS.md, Paths.
func TestIncludesStayInside(t *testing.T) {
	root := t.TempDir()
	tree := filepath.Join(root, "tree")
	for name, content := range map[string]string{
		"secret.txt": "outside==1\n", "tree/real.txt": "inside==1\n", "tree/sub/b.txt": "-r ../real.txt\n",
	} {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"out.txt": "../secret.txt", "in.txt": "real.txt", "folder": ".."} {
		if err := os.Symlink(target, filepath.Join(tree, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ line, names, rule, why string }{
		{"-r real.txt", "inside", "", "a file beside it"},
		{"-r ./sub/../real.txt", "inside", "", "written the long way"},
		{"-r sub/b.txt", "inside", "", "up and down inside the tree"},
		{"-r ../secret.txt", "", RuleInclude, "out of the tree"},
		{"-r sub/../../secret.txt", "", RuleInclude, "out by a detour"},
		{"-r " + filepath.Join(root, "secret.txt"), "", RuleInclude, "an absolute path"},
		{"-r 'C:\\secret.txt'", "", RuleInclude, "an absolute path of Windows"},
		{"-r '..\\secret.txt'", "", RuleInclude, "its separators"},
		{"-r out.txt", "", RuleInclude, "a symbolic link out"},
		{"-r in.txt", "", RuleInclude, "a symbolic link inside: what is read must be what is shown"},
		{"-r folder/secret.txt", "", RuleInclude, "behind a linked folder"},
		{"-r folder/tree/real.txt", "", RuleInclude, "out and in again"},
		{"-r sub", "", RuleInclude, "a folder"},
		{"-r .", "", RuleInclude, "the folder itself"},
		{"-r https://host.invalid/r.txt", "", RuleInclude, "a URL"},
		{"-c FILE:///etc/hosts", "", RuleInclude, "a file URL in capitals"},
		{"-r requirements.txt", "", RuleInclude, "itself"},
	} {
		if err := os.WriteFile(filepath.Join(tree, "requirements.txt"), []byte(tc.line+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Parse(os.DirFS(tree), "requirements.txt")
		if err != nil {
			t.Errorf("%q (%s): %v", tc.line, tc.why, err)
			continue
		}
		var names, rules []string
		for _, r := range m.Requirements {
			names = append(names, r.Package.Name)
		}
		for _, p := range m.Problems {
			rules = append(rules, p.Rule)
			if p.Fatal || p.Effect != manifestfile.Hold || p.At.Line != 1 {
				t.Errorf("%q (%s): %+v, want a hold at line 1", tc.line, tc.why, p)
			}
		}
		if strings.Join(names, " ") != tc.names || strings.Join(rules, " ") != tc.rule {
			t.Errorf("%q (%s): read %q with problems %q, want %q and %q", tc.line, tc.why, names, rules, tc.names, tc.rule)
		}
	}
	for _, link := range []string{"out.txt", "in.txt"} {
		for _, format := range []string{RequirementsTxt, UVLock} {
			m, err := ParseAs(os.DirFS(tree), link, format)
			if err != nil || len(m.Problems) != 1 || !m.Problems[0].Fatal || len(m.Requirements) > 0 {
				t.Errorf("%s as %s: %+v, %v; want one fatal problem, since it is a link", link, format, m, err)
			}
		}
	}
}

func TestIncludesEnd(t *testing.T) {
	chain := fstest.MapFS{}
	for i := range maxIncludeDepth + 5 {
		chain[fmt.Sprintf("r%d.txt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "p%d\n-r r%d.txt\n", i, i+1)}
	}
	many := fstest.MapFS{}
	var lines strings.Builder
	for i := range maxIncludes + 5 {
		fmt.Fprintf(&lines, "-r f%d.txt\n", i)
		many[fmt.Sprintf("f%d.txt", i)] = &fstest.MapFile{Data: []byte("p\n")}
	}
	many["r0.txt"] = &fstest.MapFile{Data: []byte(lines.String())}
	// Each file includes the next one twice: 2^30 visits when nothing is remembered.
	doubling := fstest.MapFS{}
	for i := range maxIncludeDepth - 2 {
		doubling[fmt.Sprintf("r%d.txt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "-r r%d.txt\n-r ./r%d.txt\n", i+1, i+1)}
	}
	doubling[fmt.Sprintf("r%d.txt", maxIncludeDepth-2)] = &fstest.MapFile{Data: []byte("p\n")}
	for _, tc := range []struct {
		fsys fstest.MapFS
		reqs int
		rule string
		why  string
	}{
		{chain, maxIncludeDepth, RuleInclude, "a long chain"},
		{many, maxIncludes - 1, RuleInclude, "many files"},
		{doubling, 1, "", "a tree that doubles"},
	} {
		m, err := ParseAs(tc.fsys, "r0.txt", RequirementsTxt)
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		if len(m.Requirements) != tc.reqs {
			t.Errorf("%s: %d requirements, want %d", tc.why, len(m.Requirements), tc.reqs)
		}
		if tc.rule == "" && len(m.Problems) > 0 || tc.rule != "" && (len(m.Problems) == 0 || m.Problems[0].Rule != tc.rule) {
			t.Errorf("%s: problems %v, want %q", tc.why, m.Problems, tc.rule)
		}
	}
}

func TestTooMuchInAll(t *testing.T) {
	r := &reader{Reader: manifestfile.Reader{FS: fstest.MapFS{"a.txt": {Data: []byte("abc")}}, Manifest: &ecosystem.Manifest{}, MaxFile: maxFileBytes, Bytes: manifestfile.MaxTotalBytes - 5}}
	if _, err := r.Read("a.txt"); err != nil {
		t.Errorf("up to the limit: %v", err)
	}
	bad, ok := errors.AsType[*manifestfile.Unusable](func() error { _, err := r.Read("a.txt"); return err }())
	if !ok || bad.Rule != manifestfile.RuleTooLarge {
		t.Errorf("beyond the limit: %+v, want %s", bad, manifestfile.RuleTooLarge)
	}
}

// TestSecretsStayOut puts a password, a token and a secret path into every
// place that takes an address, and looks for them in all that comes out.
func TestSecretsStayOut(t *testing.T) {
	canary := strings.Join([]string{"can", "ary"}, "")
	host := "https://" + canary + ":" + canary + "@host.invalid"
	address := host + "/" + canary + "/simple?token=" + canary + "#" + canary
	file := host + "/a-1.tar.gz?token=" + canary + "#" + canary
	broken := "https://" + canary + ":" + canary + "@host.invalid:port/\x7f"
	sum := strings.Repeat("0", 64)
	uv := "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { %s }\n"
	poetry := "[metadata]\nlock-version = \"2.1\"\n[[package]]\nname = \"a\"\nversion = \"1\"\nfiles = [{file = \"a\", hash = \"sha256:" + sum + "\"}]\n[package.source]\ntype = \"%s\"\nurl = \"%s\"\n"
	pdm := "[metadata]\nlock_version = \"4.5\"\n[[package]]\nname = \"a\"\nversion = \"1\"\n%s"
	pylock := "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n"
	for _, tc := range []struct{ format, content string }{
		{RequirementsTxt, "--index-url " + address},
		{RequirementsTxt, "--extra-index-url=" + address},
		{RequirementsTxt, "--index-url " + broken},
		{RequirementsTxt, "-i" + canary + ":" + canary + "@host.invalid/simple"},
		{RequirementsTxt, "-f " + address + " --bogus"},
		{RequirementsTxt, "--bogus=" + address},
		{RequirementsTxt, "--trusted-host " + canary + "@host"},
		{RequirementsTxt, "-r " + address},
		{RequirementsTxt, "-r " + canary + ":" + canary + "@host.invalid/x"},
		{RequirementsTxt, "-e git+" + address},
		{RequirementsTxt, "git+" + address},
		{RequirementsTxt, "a @ " + file},
		{RequirementsTxt, "a @ " + broken},
		{RequirementsTxt, file},
		{RequirementsTxt, "a=1 " + address},
		{RequirementsTxt, "--pre " + address},
		{UVLock, fmt.Sprintf(uv, "registry = \""+address+"\"")},
		{UVLock, fmt.Sprintf(uv, "git = \""+address+"\"")},
		{UVLock, fmt.Sprintf(uv, "url = \""+address+"\"")},
		{UVLock, fmt.Sprintf(uv, "registry = \""+address+"\"") + "sdist = { url = \"" + file + "\", hash = \"sha256:" + sum + "\" }\n"},
		{UVLock, fmt.Sprintf(uv, "registry = \"https://i.invalid\"") + "sdist = { url = \"" + host + "/\", hash = \"sha256:" + sum + "\" }\n"},
		{UVLock, fmt.Sprintf(uv, "registry = \"https://i.invalid\"") + "sdist = { url = \"" + canary + "@h.invalid/a\", hash = \"sha256:" + sum + "\" }\n"},
		{PoetryLock, fmt.Sprintf(poetry, "legacy", address)},
		{PoetryLock, fmt.Sprintf(poetry, "url", address)},
		{PylockTOML, pylock + "index = \"" + address + "\"\nwheels = [{url = \"" + file + "\", hashes = {sha256 = \"" + sum + "\"}}]\n"},
		{PylockTOML, pylock + "archive = {url = \"" + address + "\"}\n"},
		{PyprojectTOML, "[project]\ndependencies = [\"a @ " + file + "\"]\n"},
		{PyprojectTOML, "[project]\ndependencies = [\"a == " + file + "\"]\n"},
		{PyprojectTOML, "[[tool.uv.index]]\nurl = \"" + address + "\"\n"},
		{PyprojectTOML, "[tool.uv.pip]\nindex-url = \"" + address + "\"\nextra-index-url = [\"" + address + "\"]\nfind-links = [\"" + address + "\"]\n"},
		{PyprojectTOML, "[tool.uv.sources]\na = { url = \"" + address + "\" }\nb = { git = \"" + address + "\" }\n"},
		{PyprojectTOML, "[[tool.poetry.source]]\nurl = \"" + address + "\"\n[[tool.pdm.source]]\nurl = \"" + address + "\"\n"},
		{PyprojectTOML, "[tool.poetry.dependencies]\na = { url = \"" + address + "\" }\n"},
		{PDMLock, fmt.Sprintf(pdm, "url = \""+address+"\"\n")},
		{PDMLock, fmt.Sprintf(pdm, "git = \""+address+"\"\n")},
		{PDMLock, fmt.Sprintf(pdm, "files = [{url = \""+file+"\", hash = \"sha256:"+sum+"\"}]\n")},
		{PDMLock, fmt.Sprintf(pdm, "dependencies = [\"x == "+file+"\"]\n")},
		{PipfileLock, "{\"_meta\": {\"pipfile-spec\": 6, \"sources\": [{\"url\": \"" + address + "\"}]}}"},
		{PipfileLock, "{\"_meta\": {\"pipfile-spec\": 6}, \"default\": {\"a\": {\"file\": \"" + address + "\"}, \"b\": {\"git\": \"" + address + "\"}}}"},
		{PipfileLock, "{\"_meta\": {\"pipfile-spec\": 6}, \"default\": {\"" + address + "\": {}}}"},
		{Pipfile, "[[source]]\nurl = \"" + address + "\"\n[packages]\na = {file = \"" + file + "\"}\n"},
		{Pipfile, "[packages]\na = \"" + address + "\"\n"},
		{ConstraintsTxt, "a @ " + file},
	} {
		m := parse(t, tc.format, tc.content+"\n")
		if out := render(m) + fmt.Sprintf("%+v", m); strings.Contains(out, canary) {
			t.Errorf("%s %q shows a secret:\n%s", tc.format, tc.content, out)
		}
		if len(m.Problems) == 0 {
			t.Errorf("%s %q gave no problem", tc.format, tc.content)
		}
	}
}
