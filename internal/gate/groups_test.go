package gate

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const groupedProject = "[project]\nname = \"own\"\ndependencies = [\"a==1\"]\n[dependency-groups]\ntest = [\"b==1\"]\n"

// readAlone reads a request without anything behind the gate.
func readAlone(req verdict.Request) ([]asked, []verdict.Problem) {
	g := &Gate{
		Peers: map[artifact.Ecosystem]Peer{artifact.PyPI: {Ecosystem: pypi.Ecosystem{}}}, PublicURL: func() string { return "https://gate.invalid/g" },
	}
	return g.read(req)
}

func TestReadGroups(t *testing.T) {
	src := []verdict.Source{{Path: "pyproject.toml", Content: []byte(groupedProject)}}
	for _, tc := range []struct {
		groups       string
		names, fatal string
	}{
		{"", "a b", ""}, {"main", "a", ""}, {"Test", "b", ""}, {"main test", "a b", ""}, {"tset", "", `no manifest has a group "tset"; there are: main, test`},
	} {
		as, problems := readAlone(verdict.Request{Files: src, Before: src, Groups: strings.Fields(tc.groups)})
		var names []string
		for _, a := range as {
			for _, r := range a.manifest.Requirements {
				names = append(names, r.Package.Name)
			}
			if len(a.before.Requirements) != len(a.manifest.Requirements) {
				t.Errorf("%q: before has other groups: %+v", tc.groups, a.before)
			}
		}
		fatal := ""
		for _, p := range problems {
			if p.Fatal {
				fatal += p.Text
			}
		}
		if strings.Join(names, " ") != tc.names || fatal != tc.fatal {
			t.Errorf("%q: %v, %q; want %s, %q", tc.groups, names, fatal, tc.names, tc.fatal)
		}
	}
}

// TestNamingTheGateIsNoFinding, and naming its neighbour is one.
func TestNamingTheGateIsNoFinding(t *testing.T) {
	for address, want := range map[string]int{
		"https://gate.invalid/g/pypi/simple/": 0, "https://gate.invalid/other/simple/": 1, "https://gate.invalid/g/../other/": 1, "https://other.invalid/g/": 1,
	} {
		for _, src := range []verdict.Source{
			{Path: "requirements.txt", Content: []byte("--index-url " + address + "\n")},
			{Path: "pyproject.toml", Content: []byte("[[tool.uv.index]]\nurl = \"" + address + "\"\n")},
			{Path: "Pipfile", Content: []byte("[[source]]\nurl = \"" + address + "\"\n")},
			{Path: "poetry.lock", Content: []byte("[[package]]\nname = \"a\"\nversion = \"1\"\nfiles = [{file = \"a-1.tar.gz\", hash = \"sha256:" + strings.Repeat("0", 64) + "\"}]\n[package.source]\ntype = \"legacy\"\nurl = \"" + address + "\"\n[metadata]\nlock-version = \"2.1\"\n")},
			{Path: "bom.json", Content: []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"purl": "pkg:pypi/a@1?repository_url=` + address + `"}]}`)},
		} {
			if _, problems := readAlone(verdict.Request{Files: []verdict.Source{src}}); len(problems) != want {
				t.Errorf("%s with %s: %+v, want %d", src.Path, address, problems, want)
			}
		}
	}
}

// TestWhichManifestALockAnswers: only the one of its own tool.
func TestWhichManifestALockAnswers(t *testing.T) {
	pipfile := verdict.Source{Path: "Pipfile", Content: []byte("[packages]\na = \"*\"\n")}
	pipfileLock := verdict.Source{Path: "Pipfile.lock", Content: []byte(`{"_meta": {"pipfile-spec": 6}}`)}
	pyproject := verdict.Source{Path: "pyproject.toml", Content: []byte(groupedProject)}
	pdmLock := verdict.Source{Path: "pdm.lock", Content: []byte("[metadata]\nlock_version = \"4.5\"\n")}
	list := verdict.Source{Path: "bom.json", Content: []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6"}`)}
	for _, tc := range []struct {
		files []verdict.Source
		want  string
	}{
		{[]verdict.Source{pipfile, pipfileLock}, "Pipfile.lock"},
		{[]verdict.Source{pyproject, pipfileLock}, "pyproject.toml Pipfile.lock"},
		{[]verdict.Source{pyproject, pdmLock}, "pdm.lock"},
		{[]verdict.Source{pipfile, pdmLock}, "Pipfile pdm.lock"},
		{[]verdict.Source{pyproject, list}, "pyproject.toml bom.json"},
	} {
		as, problems := readAlone(verdict.Request{Files: tc.files})
		var got []string
		for _, a := range as {
			got = append(got, a.manifest.Path)
		}
		if strings.Join(got, " ") != tc.want || len(problems) > 0 {
			t.Errorf("got %v, %+v; want %s", got, problems, tc.want)
		}
	}
}
