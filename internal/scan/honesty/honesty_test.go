package honesty

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

var demo = artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1.0"}

// inspect runs the scanner over an archive as the worker does.
func inspect(name string, b []byte, change func(*scan.FileTarget)) scan.Report {
	t := scan.FileTarget{File: artifact.File{Version: demo, Name: name, SHA256: artifact.DigestOf(b)}}
	if change != nil {
		change(&t)
	}
	return scan.Inspect(bytes.NewReader(b), int64(len(b)), t, []scan.FileScanner{Scanner{}}, archive.Limits{})
}

// brief is a finding in one line: "rule class severity path".
func brief(fs []finding.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Rule, f.Class, f.Severity, f.Path)))
	}
	slices.Sort(out)
	return out
}

func wantFindings(t *testing.T, got []finding.Finding, want []string, why string) {
	t.Helper()
	if !slices.Equal(brief(got), slices.Sorted(slices.Values(want))) {
		t.Errorf("found %q\nwant  %q (%s)\n%+v", brief(got), want, why, got)
	}
}

const (
	elf   = "\x7fELF\x02\x01\x01\x00inert"
	macho = "\xcf\xfa\xed\xfe\x07\x00\x00\x01inert"
	fat   = "\xca\xfe\xba\xbe\x00\x00\x00\x02inert"
	java  = "\xca\xfe\xba\xbe\x00\x00\x00\x34inert"
	wasm  = "\x00asm\x01\x00\x00\x00inert"
)

// portable is a file that begins as Windows programs do.
func portable() string {
	b := make([]byte, 0x84)
	copy(b, "MZ")
	b[0x3c] = 0x80
	copy(b[0x80:], "PE\x00\x00")
	return string(b)
}

func TestWheels(t *testing.T) {
	const info = "demo-1.0.dist-info/"
	files := func(kv ...string) map[string]string {
		m := map[string]string{"demo.py": "x = 1\n"}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	for _, tc := range []struct {
		name   string
		wheel  scantest.Wheel
		change func(*scan.FileTarget)
		want   []string
		why    string
	}{
		{name: "honest", why: "nothing to say"},
		{name: "honest with everything", wheel: scantest.Wheel{Requires: []string{"left>=1"}, RequiresPython: ">=3.8, <4", BuildNumber: "2", Tag: "py2.py3-none-any", EntryPoints: "[console_scripts]\ndemo = demo:main\n",
			Files: files("demo-1.0.data/scripts/run", "#!python\n", "demo-1.0.data/data/etc/demo.conf", "", "demo/a,b.txt", "x", "demo/model.pth", "import os; not read by site")},
			change: func(t *scan.FileTarget) { t.RequiresPython = "<4,>=3.8" }, why: "order and space of specifiers mean nothing"},
		{name: "name in another spelling", wheel: scantest.Wheel{Name: "Demo"}, why: "normalised"},
		{name: "no RECORD", wheel: scantest.Wheel{Without: []string{"RECORD"}}, want: []string{"record-missing integrity high " + info + "RECORD"}, why: "nothing vouches for the files"},
		{name: "empty RECORD", wheel: scantest.Wheel{Record: "\n", Files: map[string]string{}}, want: []string{"record-mismatch integrity high " + info + "METADATA", "record-mismatch integrity high " + info + "WHEEL"}, why: "nothing is listed"},
		{name: "RECORD hash", wheel: scantest.Wheel{RecordHash: map[string]string{"demo.py": scantest.RecordHash("other")}}, want: []string{"record-mismatch integrity high demo.py"}, why: "other bytes"},
		{name: "RECORD size", wheel: scantest.Wheel{RecordSize: map[string]string{"demo.py": "99"}}, want: []string{"record-mismatch integrity high demo.py"}, why: "other size"},
		{name: "RECORD without size", wheel: scantest.Wheel{RecordSize: map[string]string{"demo.py": ""}}, why: "optional"},
		{name: "RECORD without hash", wheel: scantest.Wheel{RecordHash: map[string]string{"demo.py": ""}}, want: []string{"record-mismatch integrity high demo.py"}, why: "PEP 427 wants one"},
		{name: "RECORD weak hash", wheel: scantest.Wheel{RecordHash: map[string]string{"demo.py": "md5=1B2M2Y8AsgTpgAmY7PhCfg"}}, want: []string{"record-mismatch integrity high demo.py"}, why: "PEP 427 forbids it"},
		{name: "RECORD other hash", wheel: scantest.Wheel{RecordHash: map[string]string{"demo.py": "sha512=x"}}, want: []string{"record-unverified fault unknown demo.py"}, why: "allowed and not computed"},
		{name: "not in RECORD", wheel: scantest.Wheel{RecordOmits: []string{"demo.py"}}, want: []string{"record-mismatch integrity high demo.py"}, why: "smuggled in"},
		{name: "only in RECORD", wheel: scantest.Wheel{RecordClaims: []string{"gone.py,,"}}, want: []string{"record-mismatch integrity high gone.py"}, why: "taken out"},
		{name: "two lines", wheel: scantest.Wheel{RecordClaims: []string{"demo.py," + scantest.RecordHash("other") + ",1"}}, want: []string{"record-mismatch integrity high demo.py"}, why: "one of them lies"},
		{name: "signatures", wheel: scantest.Wheel{Files: files(info+"RECORD.jws", "{}", info+"RECORD.p7s", ""), RecordOmits: []string{info + "RECORD.jws", info + "RECORD.p7s"}}, why: "signatures come after RECORD"},
		{name: "broken RECORD", wheel: scantest.Wheel{Record: "demo.py,sha256=short,1\n"}, want: []string{"record-mismatch integrity high " + info + "RECORD"}, why: "cannot be read"},
		{name: "metadata of another", wheel: scantest.Wheel{Metadata: "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"}, want: []string{"metadata-name-mismatch integrity high " + info + "METADATA"}, why: "installs as other"},
		{name: "metadata of another version", wheel: scantest.Wheel{Metadata: "Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n"}, want: []string{"metadata-version-mismatch integrity high " + info + "METADATA"}, why: "installs as 2.0"},
		{name: "same version, other spelling", wheel: scantest.Wheel{Metadata: "Metadata-Version: 2.1\nName: DEMO\nVersion: v1.0\n"}, why: "PEP 440 and 503 say the same"},
		{name: "unreadable metadata", wheel: scantest.Wheel{Metadata: "nothing of the kind\n"}, want: []string{"archive-unreadable fault unknown " + info + "METADATA"}, why: "may say anything"},
		{name: "no metadata", wheel: scantest.Wheel{Without: []string{"METADATA"}}, want: []string{"metadata-missing integrity high " + info + "METADATA"}, why: "promised by the format"},
		{name: "folder of another", wheel: scantest.Wheel{DistInfo: "other-1.0.dist-info"}, want: []string{"metadata-name-mismatch integrity high other-1.0.dist-info"}, why: "some installers go by the folder"},
		{name: "two folders", wheel: scantest.Wheel{Files: files("other-1.dist-info/METADATA", "x")}, want: []string{"metadata-name-mismatch integrity high other-1.dist-info"}, why: "which one is believed?"},
		{name: "vendored folder", wheel: scantest.Wheel{Files: files("demo/_vendor/other-1.dist-info/METADATA", "x")}, why: "not at the top"},
		{name: "file of another version", wheel: scantest.Wheel{}, change: func(t *scan.FileTarget) { t.File.Version.Number = "2.0" }, want: []string{"metadata-version-mismatch integrity high"}, why: "listed under 2.0"},
		{name: "file of another package", wheel: scantest.Wheel{}, change: func(t *scan.FileTarget) { t.File.Version.Package.Name = "other" }, want: []string{"metadata-name-mismatch integrity high"}, why: "listed under other"},
		{name: "other metadata served", change: func(t *scan.FileTarget) { t.IndexMetadata = []byte("Name: demo\n") }, want: []string{"metadata-index-mismatch integrity high " + info + "METADATA"}, why: "the resolver was told something else"},
		{name: "same metadata served", change: func(t *scan.FileTarget) {
			t.IndexMetadata = scantest.Wheel{Name: "demo", Version: "1.0"}.MetadataBytes()
		}, why: "agree"},
		{name: "other Python served", wheel: scantest.Wheel{RequiresPython: ">=3.8"}, change: func(t *scan.FileTarget) { t.RequiresPython = ">=3.6" }, want: []string{"metadata-index-mismatch integrity high " + info + "METADATA"}, why: "the resolver was told something else"},
		{name: "tag", wheel: scantest.Wheel{WheelFile: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: cp311-cp311-win_amd64\n"}, want: []string{"wheel-tag-mismatch honesty medium " + info + "WHEEL"}, why: "named otherwise"},
		{name: "purelib", wheel: scantest.Wheel{WheelFile: "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n"}, want: []string{"wheel-tag-mismatch honesty low " + info + "WHEEL"}, why: "pure by name only"},
		{name: "no WHEEL", wheel: scantest.Wheel{Without: []string{"WHEEL"}}, want: []string{"wheel-tag-mismatch honesty medium " + info + "WHEEL"}, why: "no tags inside"},
		{name: "ELF as text", wheel: scantest.Wheel{Files: files("demo/notes.txt", elf)}, want: []string{"native-in-pure-wheel honesty high demo/notes.txt"}, why: "told by content"},
		{name: "Mach-O", wheel: scantest.Wheel{Files: files("a", macho, "b", fat)}, want: []string{"native-in-pure-wheel honesty high a", "native-in-pure-wheel honesty high b"}, why: "both forms"},
		{name: "PE and wasm", wheel: scantest.Wheel{Files: files("a", portable(), "b", wasm)}, want: []string{"native-in-pure-wheel honesty medium a", "native-in-pure-wheel honesty medium b"}, why: "honest wheels carry these"},
		{name: "not native", wheel: scantest.Wheel{Files: files("a", java, "b", "MZ is how this text begins", "c.so", "text", "d", "\x7fEL")}, why: "look like it"},
		{name: "native where it belongs", wheel: scantest.Wheel{Tag: "cp311-cp311-linux_x86_64", Files: files("demo.so", elf)}, why: "a platform wheel"},
		{name: "bytecode alone", wheel: scantest.Wheel{Files: files("demo/a.pyc", "x", "demo/__pycache__/b.cpython-311.opt-1.pyc", "x")}, want: []string{"bytecode-without-source honesty medium demo/a.pyc", "bytecode-without-source honesty medium demo/__pycache__/b.cpython-311.opt-1.pyc"}, why: "nobody can read it"},
		{name: "bytecode with source", wheel: scantest.Wheel{Files: files("demo/a.pyc", "x", "demo/a.py", "", "demo/__pycache__/b.cpython-311.pyc", "x", "demo/b.py", "")}, why: "readable"},
		{name: "pth", wheel: scantest.Wheel{Files: files("demo.pth", "import os; os.system('true')\n")}, want: []string{"pth-file honesty high demo.pth"}, why: "runs at every start"},
		{name: "pth by way of data", wheel: scantest.Wheel{Files: files("demo-1.0.data/purelib/a.pth", "import demo\n", "demo-1.0.data/data/lib/python3.11/site-packages/b.pth", "src\n", "demo-1.0.data/data/share/c.pth", "import demo\n")},
			want: []string{"pth-file honesty medium demo-1.0.data/purelib/a.pth", "pth-file honesty low demo-1.0.data/data/lib/python3.11/site-packages/b.pth"}, why: "lands in site-packages all the same; share does not"},
		{name: "sitecustomize", wheel: scantest.Wheel{Files: files("sitecustomize.py", "", "usercustomize/__init__.py", "", "demo/sitecustomize.py", "", "sitecustomize.txt", "")},
			want: []string{"sitecustomize honesty high sitecustomize.py", "sitecustomize honesty high usercustomize/__init__.py"}, why: "imported at every start"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := tc.wheel
			if w.Name == "" {
				w.Name = "demo"
			}
			w.Version = "1.0"
			wantFindings(t, inspect(w.FileName(), w.Build(t), tc.change).Findings, tc.want, tc.why)
		})
	}
}

func TestSdists(t *testing.T) {
	for _, tc := range []struct {
		name  string
		sdist scantest.Sdist
		want  []string
		why   string
	}{
		{name: "honest", why: "nothing to say"},
		{name: "honest zip", sdist: scantest.Sdist{Zip: true}, why: "nothing to say"},
		{name: "no PKG-INFO", sdist: scantest.Sdist{Without: []string{"PKG-INFO"}}, want: []string{"metadata-missing integrity high demo-1.0/PKG-INFO"}, why: "promised by the format"},
		{name: "PKG-INFO of another", sdist: scantest.Sdist{PkgInfo: "Metadata-Version: 2.1\nName: other\nVersion: 2\n"}, want: []string{"metadata-name-mismatch integrity high demo-1.0/PKG-INFO", "metadata-version-mismatch integrity high demo-1.0/PKG-INFO", "sdist-sources-disagree honesty medium demo-1.0/PKG-INFO", "sdist-sources-disagree honesty medium demo-1.0/PKG-INFO"}, why: "builds as other"},
		{name: "requirements that PKG-INFO hides", sdist: scantest.Sdist{Files: map[string]string{"pyproject.toml": "[project]\nname = 'demo'\nversion = '1.0'\ndependencies = ['hidden']\n"}},
			want: []string{"sdist-sources-disagree honesty medium demo-1.0/PKG-INFO"}, why: "a resolver that reads PKG-INFO sees another closure than a build"},
		{name: "folder of another", sdist: scantest.Sdist{Root: "other-1.0"}, want: []string{"sdist-layout honesty low other-1.0"}, why: "old tools did that"},
		{name: "hooks", sdist: scantest.Sdist{Files: map[string]string{"setup.py": "from setuptools import setup\nsetup(cmdclass={})\n", "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"own\"\nbackend-path = [\".\"]\n"}},
			want: []string{"install-hook honesty low demo-1.0/setup.py", "install-hook honesty low demo-1.0/pyproject.toml"}, why: "noted"},
		{name: "plain setup.py", sdist: scantest.Sdist{Files: map[string]string{"setup.py": "from setuptools import setup\nsetup()\n"}}, why: "ordinary"},
		{name: "broken pyproject.toml", sdist: scantest.Sdist{Files: map[string]string{"pyproject.toml": "[build-system\n"}}, want: []string{"archive-unreadable fault unknown demo-1.0/pyproject.toml"}, why: "may name any backend"},
		{name: "native", sdist: scantest.Sdist{Files: map[string]string{"tests/data.bin": elf}}, want: []string{"native-in-sdist honesty medium demo-1.0/tests/data.bin"}, why: "source is text"},
		{name: "pth", sdist: scantest.Sdist{Files: map[string]string{"src/a.pth": "import os; os.system('true')\n", "src/b.pth": "src\n", "model.pth": "import \x00;\n"}}, want: []string{"pth-file honesty medium demo-1.0/src/a.pth"}, why: "only what would run"},
		{name: "links", sdist: scantest.Sdist{Links: map[string]string{"README": "PKG-INFO", "evil.pth": "PKG-INFO"}}, want: []string{"archive-odd honesty none demo-1.0/README", "archive-odd honesty none demo-1.0/evil.pth", "pth-file honesty high demo-1.0/evil.pth"}, why: "noted, and no way around a rule"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.sdist
			s.Name, s.Version = "demo", "1.0"
			wantFindings(t, inspect(s.FileName(), s.Build(t), nil).Findings, tc.want, tc.why)
		})
	}
}

func TestKnownDigestsAreDigests(t *testing.T) {
	all := slices.Concat(slices.Collect(maps.Keys(knownPth)), slices.Collect(maps.Keys(knownLauncher)), slices.Collect(maps.Keys(knownNamespace)))
	for _, d := range all {
		if got, err := artifact.ParseDigest(string(d)); err != nil || got != d {
			t.Errorf("%q would match nothing: %v", d, err)
		}
	}
}

func TestUnreadableName(t *testing.T) {
	r := inspect("demo-1.0.whl", scantest.Wheel{Name: "demo", Version: "1.0"}.Build(t), nil)
	wantFindings(t, r.Findings, []string{"archive-unreadable fault unknown"}, "no promise to compare with")
}

func TestRepetitionIsCounted(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("f%02d", i)] = elf
	}
	w := scantest.Wheel{Name: "demo", Version: "1.0", Files: files}
	got := inspect(w.FileName(), w.Build(t), nil).Findings
	if len(got) != mostOfRule+1 || !strings.Contains(got[mostOfRule].Text, "30 times more") || got[mostOfRule].Severity != finding.High {
		t.Errorf("got %d findings, the last %+v", len(got), got[len(got)-1])
	}
}

func TestReportIsDescribed(t *testing.T) {
	w := scantest.Wheel{Name: "demo", Version: "1.0", Requires: []string{"left"}, Files: map[string]string{"demo.py": "a", "demo-1.0.data/purelib/b.py": "b", "demo-1.0.data/scripts/c.py": "c"}}
	r := inspect(w.FileName(), w.Build(t), nil)
	if r.Metadata == nil || r.Metadata.Name != "demo" || !bytes.Equal(r.RawMetadata, w.MetadataBytes()) || !slices.Equal(r.Metadata.RequiresDist, w.Requires) {
		t.Errorf("metadata %+v", r.Metadata)
	}
	want := map[string]artifact.Digest{"demo.py": artifact.DigestOf([]byte("a")), "b.py": artifact.DigestOf([]byte("b"))}
	if !maps.Equal(r.Sources, want) {
		t.Errorf("sources %v, want %v", r.Sources, want)
	}
	s := scantest.Sdist{Name: "demo", Version: "1.0", Files: map[string]string{"src/demo.py": "a"}}
	r = inspect(s.FileName(), s.Build(t), nil)
	if r.Metadata == nil || !maps.Equal(r.Sources, map[string]artifact.Digest{"src/demo.py": artifact.DigestOf([]byte("a"))}) {
		t.Errorf("sdist: %+v", r)
	}
}

func TestArchivesOfNobody(t *testing.T) {
	nobody := func(f *scan.FileTarget) { f.File.Version = artifact.Version{} }
	of := func(eco artifact.Ecosystem) func(*scan.FileTarget) {
		return func(f *scan.FileTarget) {
			f.File.Version = artifact.Version{Package: artifact.Package{Ecosystem: eco, Name: "demo"}, Number: "1.0"}
		}
	}
	pth := map[string]string{"src/a.pth": "import os; os.system('true')\n"}
	for _, tc := range []struct {
		name, file string
		sdist      scantest.Sdist
		target     func(*scan.FileTarget)
		want       []string
		why        string
	}{
		{"an sdist", "demo-1.0.tar.gz", scantest.Sdist{Files: pth}, nobody, []string{"pth-file honesty medium demo-1.0/src/a.pth"}, "PKG-INFO says what it is"},
		{"an sdist of another", "other-1.0.tar.gz", scantest.Sdist{}, nobody,
			[]string{"metadata-name-mismatch integrity high demo-1.0/PKG-INFO", "sdist-layout honesty low demo-1.0"}, "its own name is a promise too"},
		{"a release of a forge", "demo-1.0.tar.gz", scantest.Sdist{Without: []string{"PKG-INFO"}, Files: pth}, nobody, nil, "no Python package, and nobody said so"},
		{"no version in its name", "backup.tar.gz", scantest.Sdist{Files: pth}, nobody, nil, "nothing to compare with"},
		{"of another ecosystem", "demo-1.0.tgz", scantest.Sdist{Files: pth}, of("gem"), nil, "other people's promises"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.sdist
			s.Name, s.Version = "demo", "1.0"
			wantFindings(t, inspect(tc.file, s.Build(t), tc.target).Findings, tc.want, tc.why)
		})
	}
}
