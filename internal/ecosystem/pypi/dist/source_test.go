package dist

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

const (
	oldInfo      = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
	staticInfo   = "Metadata-Version: 2.2\nName: demo\nVersion: 1.0\nRequires-Dist: a>=1\n"
	dynamicInfo  = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDynamic: Requires-Dist\n"
	projectTable = "[project]\nname = 'Demo'\nversion = '1.0'\n"
	hatch        = "[build-system]\nrequires = ['hatchling>=1']\nbuild-backend = 'hatchling.build'\n"
	setuptools   = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
	about        = "[metadata]\nname = demo\nversion = attr: demo.__version__\n"
)

func sourceOf(t testing.TB, files map[string]string) *ecosystem.Source {
	t.Helper()
	p, err := ParseFileName(file("demo", "demo-1.0.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(p)
	for path, body := range files {
		r.Add("demo-1.0/"+path, []byte(body))
	}
	c := r.Finish()
	if c.Metadata == nil || c.Metadata.Source == nil {
		t.Fatalf("no metadata or no source: %+v", c)
	}
	return c.Metadata.Source
}

func TestSource(t *testing.T) {
	for _, tc := range []struct {
		why     string
		files   map[string]string
		static  string // or "?" and a part of Why
		needs   string
		build   string // or "?" and a part of NoBuild
		against string // a part of the one conflict
	}{
		{why: "PKG-INFO vouches since 2.2",
			files:  map[string]string{"PKG-INFO": staticInfo, "setup.py": ""},
			static: "PKG-INFO", build: "setuptools>=40.8.0"},
		{why: "before that [project] does",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['a>=1', 'b; python_version < \"3\"']\n"},
			static: "pyproject.toml", needs: `a>=1 | b; python_version < "3"`, build: "hatchling>=1"},
		{why: "also where PKG-INFO leaves the requirements to the build",
			files:  map[string]string{"PKG-INFO": dynamicInfo, "pyproject.toml": hatch + projectTable + "dependencies = []\n"},
			static: "pyproject.toml", build: "hatchling>=1"},
		{why: "extras become markers, around the ones that are there",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "[project.optional-dependencies]\nDev_Tools = ['a[x]>=1', 'b @ https://files.invalid/b.whl', 'c; os_name == \"a\" or os_name == \"b\"']\n"},
			static: "pyproject.toml", build: "hatchling>=1",
			needs: `a[x]>=1; extra == "dev-tools" | b @ https://files.invalid/b.whl ; extra == "dev-tools" | c; (os_name == "a" or os_name == "b") and extra == "dev-tools"`},
		{why: "a version may be dynamic: PKG-INFO and the file's name have it",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + "[project]\nname = 'demo'\ndynamic = ['version', 'readme']\n"},
			static: "pyproject.toml", build: "hatchling>=1"},
		{why: "dynamic dependencies are the build's",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dynamic = ['dependencies']\n"},
			static: "?leaves dependencies to the build", build: "hatchling>=1"},
		{why: "so are dynamic extras",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dynamic = ['optional-dependencies']\n"},
			static: "?leaves optional-dependencies to the build", build: "hatchling>=1"},
		{why: "and Pythons",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dynamic = ['requires-python']\n"},
			static: "?leaves requires-python to the build", build: "hatchling>=1"},
		{why: "written and dynamic at once is an error to every backend",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = []\ndynamic = ['dependencies']\n"},
			static: "?both written and dynamic", build: "hatchling>=1"},
		{why: "a table without version is none",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + "[project]\nname = 'demo'\n"},
			static: "?neither written nor dynamic", build: "hatchling>=1"},
		{why: "nor is one without name",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + "[project]\nversion = '1.0'\n"},
			static: "?cannot be read", build: "hatchling>=1"},
		{why: "keys have one case: the table that Python does not see says nothing",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": "[Build-System]\nrequires = ['harmless']\n[Project]\nname = 'demo'\nversion = '1.0'\n"},
			static: "?none of its PKG-INFO, pyproject.toml and setup.cfg", build: "setuptools>=40.8.0"},
		{why: "and hides no other",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system]\nrequires = ['evil']\n[Build-System]\nrequires = ['harmless']\n"},
			static: "PKG-INFO", build: "evil"},
		{why: "a requirement that cannot be read",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['a >> 1']\n"},
			static: "?cannot be read", build: "hatchling>=1"},
		{why: "a requirement that is not text",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = [1]\n"},
			static: "?not a list of strings", build: "hatchling>=1"},
		{why: "an extra smuggled in by marker",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['a; extra == \"x\"']\n"},
			static: "?names an extra in its marker", build: "hatchling>=1"},
		{why: "two extras of one name",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "[project.optional-dependencies]\na_b = []\na-b = []\n"},
			static: "?there twice", build: "hatchling>=1"},
		{why: "releases of setuptools differ in what left-out dependencies mean beside a setup.py",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools + projectTable, "setup.py": ""},
			static: "?its setup.py may", build: "setuptools"},
		{why: "written ones they agree about",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools + projectTable + "dependencies = []\n", "setup.py": ""},
			static: "pyproject.toml", build: "setuptools"},
		{why: "the same with setup.cfg",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools + projectTable, "setup.cfg": "[options]\ninstall_requires = a\n"},
			static: "?its setup.cfg may", build: "setuptools"},
		{why: "one that says nothing of it does no harm",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools + projectTable, "setup.cfg": "[egg_info]\ntag_build = \n"},
			static: "pyproject.toml", build: "setuptools"},
		{why: "setup.cfg, declarative",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools, "setup.cfg": about + "[options]\ninstall_requires =\n  a>=1\n  # no requirement\n  b; os_name == 'nt'\n[options.extras_require]\nx = c\n"},
			static: "setup.cfg", needs: `a>=1 | b; os_name == "nt" | c; extra == "x"`, build: "setuptools"},
		{why: "setup.cfg beside a setup.py, which may change everything",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools, "setup.cfg": about + "[options]\ninstall_requires = a\n", "setup.py": "import setuptools; setuptools.setup()"},
			static: "?setup.py would have to run", build: "setuptools"},
		{why: "also one in capitals, which some file systems find",
			files:  map[string]string{"PKG-INFO": oldInfo, "setup.cfg": about + "[options]\ninstall_requires = a\n", "Setup.py": ""},
			static: "?setup.py would have to run", build: "setuptools>=40.8.0"},
		{why: "setup.cfg of a backend that does not read it so",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch, "setup.cfg": about + "[options]\ninstall_requires = a\n"},
			static: "?build backend would have to run", build: "hatchling>=1"},
		{why: "setuptools wrapped by a backend in the tree",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools + "backend-path = ['.']\n", "setup.cfg": about + "[options]\n"},
			static: "?build backend would have to run", build: "setuptools"},
		{why: "requirements from another file",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": setuptools, "setup.cfg": about + "[options]\ninstall_requires = file: requirements.txt\n"},
			static: "?read from another place", build: "setuptools"},
		{why: "what setup.cfg asks for to build",
			files:  map[string]string{"PKG-INFO": staticInfo, "setup.py": "", "setup.cfg": "[options]\nsetup_requires =\n  cython\n  numpy<2\n"},
			static: "PKG-INFO", build: "setuptools>=40.8.0 | cython | numpy<2"},
		{why: "spelt so that only some releases see it",
			files:  map[string]string{"PKG-INFO": staticInfo, "setup.py": "", "setup.cfg": "[options]\nsetup-requires = cython\n"},
			static: "PKG-INFO", build: "?not spelt with underscores"},
		{why: "another backend does not read it",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch, "setup.cfg": "[options]\nsetup_requires = cython\n"},
			static: "PKG-INFO", build: "hatchling>=1"},
		{why: "a backend that is in the tree may need nothing",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'own'\nbackend-path = ['.']\n"},
			static: "PKG-INFO"},
		{why: "requires may not be left out",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system]\nbuild-backend = 'x'\n"},
			static: "PKG-INFO", build: "?has no requires"},
		{why: "requires that is no list",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system]\nrequires = 'x'\n"},
			static: "PKG-INFO", build: "?not a list"},
		{why: "requires that is no requirement",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system]\nrequires = ['-r x.txt']\n"},
			static: "PKG-INFO", build: "?package name"},
		{why: "a pyproject.toml without the table means the default",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[tool.x]\n"},
			static: "PKG-INFO", build: "setuptools>=40.8.0"},
		{why: "no pyproject.toml that anybody could read",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": "[build-system\n"},
			static: "PKG-INFO", build: "?pyproject.toml cannot be read"},
		{why: "one that is too large",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": strings.Repeat("#", MaxSmall+1)},
			static: "?larger than", build: "?larger than"},
		{why: "a setup.cfg that is too large",
			files:  map[string]string{"PKG-INFO": staticInfo, "setup.py": "", "setup.cfg": strings.Repeat("#", MaxSmall+1)},
			static: "PKG-INFO", build: "?larger than"},
		{why: "nothing to build with",
			files:  map[string]string{"PKG-INFO": staticInfo},
			static: "PKG-INFO", build: "?neither pyproject.toml nor setup.py"},
		{why: "two names",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch + strings.Replace(projectTable, "Demo", "other", 1) + "dependencies = ['a']\n"},
			static: "?about other", build: "hatchling>=1", against: "PKG-INFO is about demo, pyproject.toml about other"},
		{why: "two versions",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch + strings.Replace(projectTable, "1.0", "1.1", 1) + "dependencies = ['a']\n"},
			static: "?about version 1.1", build: "hatchling>=1", against: "about version 1.0, pyproject.toml about version 1.1"},
		{why: "one version, spelt twice",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch + strings.Replace(projectTable, "1.0", "1.0.0", 1) + "dependencies = ['a']\n"},
			static: "PKG-INFO", build: "hatchling>=1"},
		{why: "another version in setup.cfg",
			files:  map[string]string{"PKG-INFO": staticInfo, "setup.py": "", "setup.cfg": "[metadata]\nversion = 7\n"},
			static: "?about version 7", build: "setuptools>=40.8.0", against: "setup.cfg about version 7"},
		{why: "PKG-INFO hides what a build brings",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['a', 'evil']\n"},
			static: "?names the requirements a, pyproject.toml a, evil", build: "hatchling>=1", against: "a, evil"},
		{why: "old tools wrote no requirements into PKG-INFO",
			files:  map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['a', 'b']\n"},
			static: "pyproject.toml", needs: "a | b", build: "hatchling>=1"},
		{why: "those that did are held to it",
			files:  map[string]string{"PKG-INFO": oldInfo + "Requires-Dist: a\n", "pyproject.toml": hatch + projectTable + "dependencies = []\n"},
			static: "?names the requirements a, pyproject.toml (none)", build: "hatchling>=1", against: "(none)"},
		{why: "builds may write a specifier in another way",
			files:  map[string]string{"PKG-INFO": staticInfo, "pyproject.toml": hatch + projectTable + "dependencies = ['A~=1.0']\n"},
			static: "PKG-INFO", build: "hatchling>=1"},
		{why: "an extra of which the table says nothing",
			files:  map[string]string{"PKG-INFO": oldInfo + "Provides-Extra: x\n", "pyproject.toml": hatch + projectTable},
			static: "?extra x", build: "hatchling>=1", against: "PKG-INFO has an extra x"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			s := sourceOf(t, tc.files)
			if part, unknown := strings.CutPrefix(tc.static, "?"); unknown {
				if s.Static != "" || !strings.Contains(s.Why, part) {
					t.Errorf("static %q, why %q; want none, because of %q", s.Static, s.Why, part)
				}
			} else if s.Static != tc.static || s.Why != "" {
				t.Errorf("static %q, why %q; want %q", s.Static, s.Why, tc.static)
			}
			if got := strings.Join(s.RequiresDist, " | "); got != tc.needs {
				t.Errorf("needs %q, want %q", got, tc.needs)
			}
			if part, unknown := strings.CutPrefix(tc.build, "?"); unknown {
				if len(s.Build) != 0 || !strings.Contains(s.NoBuild, part) {
					t.Errorf("build %q, %q; want none, because of %q", s.Build, s.NoBuild, part)
				}
			} else if got := strings.Join(s.Build, " | "); got != tc.build || s.NoBuild != "" {
				t.Errorf("build %q, %q; want %q", got, s.NoBuild, tc.build)
			}
			if len(s.Conflicts) != min(len(tc.against), 1) || tc.against != "" && !strings.Contains(s.Conflicts[0], tc.against) {
				t.Errorf("conflicts %q, want %q", s.Conflicts, tc.against)
			}
		})
	}
}

func TestSourcePython(t *testing.T) {
	info := oldInfo + "Requires-Python: >=3.7\n"
	for _, tc := range []struct{ written, want, why string }{
		{"requires-python = '>=3.9'\n", ">=3.9", "the table's"},
		{"", ">=3.7", "PKG-INFO's, where the table has none"},
	} {
		s := sourceOf(t, map[string]string{"PKG-INFO": info, "pyproject.toml": hatch + projectTable + tc.written})
		if s.RequiresPython != tc.want {
			t.Errorf("%q: got %q, want %q (%s)", tc.written, s.RequiresPython, tc.want, tc.why)
		}
	}
}

func TestSourceOfHugeFilesIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(oldInfo)
	for i := range 50 {
		fmt.Fprintf(&b, "Provides-Extra: e%d\n", i)
	}
	s := sourceOf(t, map[string]string{"PKG-INFO": b.String(), "pyproject.toml": hatch + projectTable})
	if len(s.Conflicts) != mostConflicts {
		t.Errorf("%d conflicts, want %d", len(s.Conflicts), mostConflicts)
	}
	s = sourceOf(t, map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": hatch + projectTable + "dependencies = [" + strings.Repeat("'a',", 10_001) + "]\n"})
	if s.Static != "" {
		t.Errorf("10001 requirements are vouched for by %s", s.Static)
	}
	// Deep nesting must end in an error or an answer, not in the process.
	sourceOf(t, map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": "a = " + strings.Repeat("[", MaxSmall-10)})
	sourceOf(t, map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": strings.Repeat("a.", MaxSmall/2-10) + "a = 1"})
}

func TestParseSetupConfig(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"", "", "nothing"},
		{"[metadata]\nname: Demo_X\nversion=1.0\n", "demo-x 1.0", "both delimiters"},
		{"[metadata]\nname = attr: x\nversion = file: VERSION\n", "", "from elsewhere"},
		{"[options]\ninstall_requires = a; b\n", "elsewhere: semicolon", "markers have semicolons too"},
		{"[options]\ninstall_requires = a\n", "a", "one line"},
		{"[options]\ninstall_requires = a\n\n  b\n  ; no\n# no\n  c\n", "a b c", "blank lines and comments do not end a value"},
		{"[options]\ninstall_requires =\n  a\nother = b\n", "a", "the next option does"},
		{"  [options]\n  install_requires =\n    a\n  b = c\n", "a", "keys may be indented: the depth counts"},
		{"[options]\ninstall_requires =\n  %(x)s\n", "elsewhere: package name", "nothing is filled in"},
		{"[options]\npython_requires = >=3.7\n", "python >=3.7", ""},
		{"[options]\npython_requires = three\n", "elsewhere: ", "no specifier"},
		{"[options]\nextras_require = file: x\n", "elsewhere: not a section", ""},
		{"[options.extras_require]\nX = a\n  b>1\n", `a; extra == "x" b>1; extra == "x"`, "case of an extra does not count"},
		{"[options.extras_require]\nx:os_name=='nt' = a\n", "elsewhere: ", "setuptools' old way of writing markers"},
		{"[options.extras_require]\nx = file: y.txt\n", "elsewhere: another place", ""},
		{"[options]\nInstall_Requires = a\n", "error: underscores", "some read it, some do not"},
		{"[DEFAULT]\ninstall_requires = a\n[options]\n", "error: DEFAULT", "it is part of every section"},
		{"a = b\n", "error: before the first section", "Python stops here"},
		{"[a]\nb\n", "error: without a value", "and here"},
		{"[a]\n= b\n", "error: no name", "and here"},
		{"[a]\nb = 1\nb = 2\n", "error: twice", "and here"},
		{"[a]\n[a]\n", "error: twice", "and here"},
		{"[a\n", "error: without its end", "and here"},
		{"[a] b\n", "error: more stands behind", "Python ignores it: nobody else may"},
		{"\ufeff[options]\ninstall_requires = a\n", "error: before the first section", "a byte order mark"},
		{"[options]\ninstall_requires = a\r  b\n", "error: end of a line", "a lone CR ends a line for some"},
		{"[options]\ninstall_requires = a\u2028  b\n", "error: end of a line", "so does this, for lists"},
		{"[options]\ninstall_requires = a\n\u00a0\u00a0b = c\n", "error: spaces and tabs", "space that only some take for such"},
		{"[options]\ninstall_requires = \xff\n", "error: UTF-8", "not text"},
		{"[a]\n" + strings.Repeat("x\n", maxOptions), "error: ", "too many lines"},
		{"[options]\r\ninstall_requires =\r\n  a\r\n", "a", "Windows' line ends"},
	} {
		c, err := ParseSetupConfig([]byte(tc.in))
		if got := configText(c, err); !matches(got, tc.want) {
			t.Errorf("%.60q: got %q, want %q (%s)", tc.in, got, tc.want, tc.why)
		}
	}
}

func configText(c SetupConfig, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	if c.Elsewhere != "" {
		return "elsewhere: " + c.Elsewhere
	}
	out := slices.Concat([]string{c.Name, c.Version}, c.RequiresDist)
	if c.RequiresPython != "" {
		out = append(out, "python "+c.RequiresPython)
	}
	return strings.TrimSpace(strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " "))
}

// matches compares an answer; of errors a part.
func matches(got, want string) bool {
	kind, part, ok := strings.Cut(want, ": ")
	if ok && (kind == "error" || kind == "elsewhere") {
		return strings.HasPrefix(got, kind+": ") && strings.Contains(got, part)
	}
	return got == want
}

func FuzzSource(f *testing.F) {
	f.Add([]byte(hatch+projectTable+"dependencies = ['a>=1']\n[project.optional-dependencies]\nx = ['b; os_name == \"nt\"']\n"), []byte(about+"[options]\nsetup_requires = c\ninstall_requires =\n a\n"), true)
	f.Add([]byte(setuptools), []byte(about+"[options]\ninstall_requires =\n a\n[options.extras_require]\ny = b\n"), false)
	f.Add([]byte("[project]\nname = 'demo'\ndynamic = ['version']\n"), []byte("[a]\nb: c\n"), false)
	f.Fuzz(func(t *testing.T, pyproject, config []byte, setupPy bool) {
		files := map[string]string{"PKG-INFO": oldInfo, "pyproject.toml": string(pyproject), "setup.cfg": string(config)}
		if setupPy {
			files["setup.py"] = ""
		}
		s := sourceOf(t, files)
		if (s.Static == "") == (s.Why == "") {
			t.Fatalf("static %q, why %q: one of them says it", s.Static, s.Why)
		}
		if s.NoBuild != "" && len(s.Build) > 0 || s.Static == "" && len(s.RequiresDist) > 0 {
			t.Fatalf("what is not known is said all the same: %+v", s)
		}
		if s.Static == "setup.cfg" && setupPy {
			t.Fatal("setup.cfg vouches beside a setup.py")
		}
		for _, text := range append(slices.Clone(s.RequiresDist), s.Build...) {
			if _, err := pep508.ParseRequirement(text); err != nil {
				t.Fatalf("requirement %q: %v", text, err)
			}
		}
		for _, text := range append([]string{s.Why, s.NoBuild}, s.Conflicts...) {
			if artifact.Untrusted(text).String() != text && len(text) <= 300 {
				t.Fatalf("text %q is not safe to print", text)
			}
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again ecosystem.Source
		if err := json.Unmarshal(b, &again); err != nil || fmt.Sprint(again) != fmt.Sprint(*s) {
			t.Fatalf("kept and read again: %+v, %v; want %+v", again, err, *s)
		}
	})
}
