package manifest

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// fuzzFormat fuzzes one format: no panic, the promises of Parse, and for what
// can be edited, that an edit changes one requirement only.
func fuzzFormat(f *testing.F, format string) {
	f.Fuzz(func(t *testing.T, content []byte) {
		fsys := fstest.MapFS{format: {Data: content}, "other.txt": {Data: []byte("other<2\n")}}
		m, err := ParseAs(fsys, format, format)
		if err != nil {
			t.Fatalf("a readable file gave an error: %v", err)
		}
		fatal := 0
		for _, p := range m.Problems {
			if p.Rule == "" || p.Class == "" || p.Text == "" || p.Effect != manifestfile.Reject && p.Effect != manifestfile.Hold && p.Effect != manifestfile.Note {
				t.Errorf("half a problem: %+v", p)
			}
			if p.Fatal {
				fatal++
			}
		}
		if fatal > 1 || fatal == 1 && len(m.Requirements) > 0 {
			t.Errorf("%d fatal problems beside %d requirements", fatal, len(m.Requirements))
		}
		for i, r := range m.Requirements {
			if r.Package.Name == "" || r.At.Line < 1 || r.At.Column < 1 || r.At.File != format && r.At.File != "other.txt" {
				t.Errorf("half a requirement: %+v", r)
			}
			if m.Locked && r.Number == "" {
				t.Errorf("a locked requirement without a version: %+v", r)
			}
			if i < 4 && r.At.File == format {
				fuzzEdit(t, format, content, fsys, m, i)
			}
		}
	})
}

// pastedSafely is a command in which a shell reads nothing but words: what comes
// from the file stands in quotes or is made of harmless characters.
var pastedSafely = regexp.MustCompile(`^(?:[A-Za-z0-9=._+, -]|'[ -&(-~]*')+(?:# after changing [a-z0-9-]+ to ==9\.9 in (?:pyproject\.toml|Pipfile))?$`)

func fuzzEdit(t *testing.T, format string, content []byte, fsys fstest.MapFS, m *ecosystem.Manifest, i int) {
	edited, _, err := ReplaceRequirement(content, m.Requirements[i], "==9.9")
	if relock, ok := errors.AsType[*ecosystem.Relock](err); ok && !pastedSafely.MatchString(relock.Command) {
		t.Errorf("a command that is not safe to paste: %q", relock.Command)
	}
	if err != nil {
		return
	}
	fsys = fstest.MapFS{format: {Data: edited}, "other.txt": fsys["other.txt"]}
	again, err := ParseAs(fsys, format, format)
	if err != nil || len(again.Requirements) != len(m.Requirements) {
		t.Fatalf("edited to %q: %+v, %v", edited, again, err)
	}
	for j, r := range again.Requirements {
		was := m.Requirements[j]
		if j == i {
			was.Spec = "==9.9"
		}
		if r.Package != was.Package || r.Spec != was.Spec || r.Marker != was.Marker || !slices.Equal(r.Groups, was.Groups) || !reflect.DeepEqual(r.Extras, was.Extras) {
			t.Errorf("edited to %q: %+v became %+v", edited, was, r)
		}
	}
}

func FuzzRequirements(f *testing.F) {
	for _, s := range []string{
		"a==1 ; python_version<'3' # c\n-r other.txt\n--hash=x\n", "a[x] >=1,<2 \\\n --hash=sha256:00\n", "-i https://u:p@h\n\u2028b\n",
		"\xef\xbb\xbfa (==1)\r\n", "\xff\xfea\x00\n\x00", "# coding: latin-1\n\xe9\n", "-e . -c other.txt\n./x\na @ b://c\n--no-bin :all:,:none:,x\n",
	} {
		f.Add([]byte(s))
	}
	fuzzFormat(f, RequirementsTxt)
}

// The seeds of the TOML formats are small: the fuzzer spends its time on
// shortening what it finds, and the fixtures are read by TestGolden.

func FuzzUVLock(f *testing.F) {
	f.Add([]byte("version = 1\n[manifest]\nmembers = [\"d\"]\n[[package]]\nname = \"d\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"a\", version = \"1\", extra = [\"x\"], marker = \"os_name == 'nt'\" }]\n"))
	f.Add([]byte("version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\nresolution-markers = [\"os_name == 'nt'\"]\nsdist = { url = \"https://f.invalid/a.zip\", hash = \"sha512:00\", size = 3 }\n[package.optional-dependencies]\nx = [{ name = \"a\" }]\n"))
	f.Add([]byte("version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://i.invalid\" }\n[[package]]\nname = \"d\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"a\", marker = \"extra == 'x'\", specifier = \"<1\" }]\n[package.metadata.requires-dev]\nt = [{ name = \"a\", marker = \"os_name == 'nt'\", specifier = \"<1\" }]\n"))
	fuzzFormat(f, UVLock)
}

func FuzzPoetryLock(f *testing.F) {
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"main\", \"x\"]\nmarkers = {main = \"os_name == 'nt'\"}\nfiles = [{file = \"a.zip\", hash = \"sha512:00\"}]\n[package.dependencies]\nb = [{version = \"*\", optional = true}]\n[package.extras]\nx = [\"b (>1)\"]\n[metadata]\nlock-version = \"2.1\"\n"))
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\ncategory = \"dev\"\n[package.source]\ntype = \"legacy\"\nurl = \"https://i.invalid\"\n[metadata]\nlock-version = \"1.1\"\npython-versions = \"^3\"\n[metadata.files]\na = [{file = \"a.zip\", hash = \"sha512:00\"}]\n"))
	fuzzFormat(f, PoetryLock)
}

func FuzzPylock(f *testing.F) {
	f.Add([]byte("lock-version = \"1.0\"\nenvironments = [\"os_name == 'nt'\"]\n[[packages]]\nname = \"a\"\nversion = \"1\"\nmarker = \"'x' in extras\"\ndependencies = [{ name = \"b\" }]\nwheels = [{ url = \"https://f.invalid/a.whl\", hashes = { sha512 = \"00\" } }]\n"))
	f.Add([]byte("lock-version = \"1.0\"\n[[packages]]\nname = \"b\"\nvcs = { type = \"git\" }\n[[packages]]\nname = \"c\"\ndirectory = { path = \".\" }\n"))
	fuzzFormat(f, PylockTOML)
}

func FuzzPDMLock(f *testing.F) {
	f.Add([]byte("[metadata]\nlock_version = \"4.5.1\"\ngroups = [\"default\"]\n[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"default\", \"x\"]\nmarker = \"os_name == 'nt'\"\ndependencies = [\"b; os_name=='nt'\", \"c\"]\nfiles = [{file = \"a.zip\", hash = \"sha512:00\"}]\n[[package]]\nname = \"a\"\nversion = \"1\"\nextras = [\"x\"]\ndependencies = [\"a==1\"]\n"))
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\nsections = [\"dev\"]\n[[package]]\nname = \"g\"\nversion = \"1\"\ngit = \"x\"\n[metadata]\nlock_version = \"3.1\"\n[metadata.files]\n\"a 1\" = [{url = \"https://f.invalid/a.zip\", hash = \"sha512:00\"}]\n"))
	fuzzFormat(f, PDMLock)
}

func FuzzPipfileLock(f *testing.F) {
	f.Add([]byte(`{"_meta": {"pipfile-spec": 6, "requires": {"python_version": "3.11"}, "sources": [{"name": "x", "url": "https://i.invalid/simple", "verify_ssl": false}]}, "default": {"a": {"version": "==1", "hashes": ["sha512:00"], "markers": "os_name == 'nt'", "extras": ["x"]}, "g": {"git": "x", "ref": "y"}}, "develop": {"w": {"version": "*"}}}`))
	f.Add([]byte("{\"_meta\":{\"pipfile-spec\":6},\"default\":{\"a\":{\"version\":\"==1\",\"hashes\":[]},\"a\":{}},\"x\":[null]}"))
	fuzzFormat(f, PipfileLock)
}

func FuzzPipfile(f *testing.F) {
	f.Add([]byte("[[source]]\nurl = \"https://$X@i.invalid\"\nverify_ssl = false\n[packages]\na = \"*\"\nb = {version = \">=1,<2\", extras = [\"x\"], os_name = \"== 'nt'\", markers = \"python_version > '3'\"}\n[dev-packages.c]\nversion = '==1'\n[docs]\nd = {path = \".\", editable = true}\n[requires]\npython_version = \"3.11\"\n"))
	fuzzFormat(f, Pipfile)
}

func FuzzConstraints(f *testing.F) {
	f.Add([]byte("a==1\n-r other.txt\n-c other.txt\nb<2 --hash=sha256:00\n"))
	fuzzFormat(f, ConstraintsTxt)
}

func FuzzPyproject(f *testing.F) {
	f.Add([]byte("[project]\nname = \"d\"\ndependencies = [\"a[x]>=1; os_name=='nt'\", 'b']\ndynamic = [\"dependencies\"]\n[dependency-groups]\nt = [\"c\", {include-group = \"u\"}]\nu = []\n[build-system]\nrequires = [\"h\"]\n"))
	f.Add([]byte("[tool.poetry.dependencies]\npython = \"^3.9\"\na = \"~1.2\"\nb = [{version = \"^0.1\", python = \"<3.10\", platform = \"win32\"}]\n[tool.uv.sources]\nc = {git = \"https://g.invalid\"}\n[[tool.uv.index]]\nurl = \"https://i.invalid\"\n"))
	fuzzFormat(f, PyprojectTOML)
}
