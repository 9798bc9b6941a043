//go:build conformance

// Package manifest compares the gate's reading of requirements files with
// pip's own. It needs a Python that has pip, named by GATEHOUSE_TEST_PYTHON, and
// fails without one. It asks no index.
package manifest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
)

const (
	sha256Hex = "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"
	sha512Hex = "db3974a97f2407b7cae1ae637c0030687a11913274d578492558e39c16c017de84eacdc8c62fe34ee4e12b4b1428817f09b6a2760c3f8a664ceae94d2434a593"
)

// files are requirements files, each read alone with the extra ones beside it.
var files = []struct{ name, content, why string }{
	{"plain.txt", "alpha\nbeta==1.0\n", "two lines"},
	{"empty.txt", "", "nothing"},
	{"blank.txt", "\n\n  \n# only a comment\n   # another\n", "nothing but comments"},
	{"spaces.txt", "  alpha  ==  1.0  \n\tbeta\n", "white space around and inside"},
	{"specs.txt", "a>=1,<2\nb~=1.4.2\nc!=1.5,>=1\nd===weird\ne==1.*\nf (>=1)\ng<=2,>=1,!=1.5.*\n", "every operator"},
	{"versions.txt", "a==1!2.0.post1\nb==1.0.dev3\nc==2.0rc1\nd==1.0+local.1\n", "version forms"},
	{"extras.txt", "a[x]\nb[X_y, z.Z]==1\nc[]\nd [x , y] >=1\n", "extras"},
	{"names.txt", "Django\nFlask_SQLAlchemy\nzope.interface\nA--b__c\nx1\n", "spellings of names"},
	{"markers.txt", "a; python_version<'3.8'\nb ;sys_platform == \"win32\" and (os_name=='nt' or python_version>='3')\nc==1;python_full_version!='3.7.1'\nd;\n", "markers, one empty"},
	{"marker-in.txt", "a; 'linux' in sys_platform\nb; sys_platform not in 'win32 cygwin'\n", "in and not in"},
	{"comments.txt", "a # one\nb#two\nc==1 #three\nd  \t# four\n#e\n", "a # without white space before it is no comment"},
	{"comment-glued.txt", "a\nb==1#two\n", "and then is part of the version"},
	{"joined.txt", "a \\\n==1.0\nb==\\\n  2.0 \\\n  --hash=sha256:" + sha256Hex + "\n", "continuations"},
	{"joined-comment.txt", "a==1 \\\n# why\nb\n", "a comment ends a continuation"},
	{"joined-comment2.txt", "a==1 \\\n  --hash=sha256:" + sha256Hex + " \\\n  # via b\nc==1 --hash=sha256:" + sha256Hex + "\n", "an indented comment too"},
	{"joined-hidden.txt", "a # why \\\nb\nc\n", "a backslash at the end of a comment behind text continues it"},
	{"joined-end.txt", "a\\", "a backslash at the end of the file"},
	{"joined-blank.txt", "a \\\n\nb\n", "continued by a blank line"},
	{"joined-slashes.txt", "a\\\\\n==1\n\\b==2\\\n\n", "several backslashes"},
	{"crlf.txt", "a==1\r\nb \\\r\n==2\r\n\r\n# c\r\nd\r\n", "Windows line ends"},
	{"cr.txt", "a\rb==1\rc", "old line ends"},
	{"odd-breaks.txt", "a # x\u2028b\nc # y\x0bd\ne # z\u0085f\x0cg\nh # \x1ci\n", "line breaks that editors do not show"},
	{"nbsp.txt", "a\u00a0# comment\n\u3000b\n", "white space beyond ASCII"},
	{"unit-separator.txt", "a\x1f# comment\n", "a control character that Python counts as white space"},
	{"bom.txt", "\xef\xbb\xbfa==1\nb\n", "a byte order mark"},
	{"utf16le.txt", "\xff\xfea\x00=\x00=\x001\x00\r\x00\n\x00b\x00", "what PowerShell writes"},
	{"utf16be.txt", "\xfe\xff\x00a\x00\n\x00b", "the other order"},
	{"latin1.txt", "# -*- coding: latin-1 -*-\na # caf\xe9\nb\n", "a PEP 263 comment"},
	{"cookie-utf8.txt", "# vim: set fileencoding=UTF_8 :\na # caf\u00e9\n", "another"},
	{"cookie-late.txt", "#\n#\n# coding: nonsense\na\n", "too late to count"},
	{"cookie-bad.txt", "# coding: no-such-encoding\na\n", "an unknown encoding"},
	{"hashes.txt", "a==1 --hash=sha256:" + sha256Hex + " --hash sha512:" + sha512Hex + "\nb==2 --hash=sha256:" + strings.ToUpper(sha256Hex) + "\n", "two forms of the option"},
	{"hash-quoted.txt", "a==1 --hash='sha256:" + sha256Hex + "' \"--hash=sha512:" + sha512Hex + "\"\n", "quotes; the second one is no option start"},
	{"hash-md5.txt", "a==1 --hash=md5:00000000000000000000000000000000\n", "a weak algorithm"},
	{"hash-nocolon.txt", "a==1 --hash=" + sha256Hex + "\n", "no algorithm"},
	{"hash-alone.txt", "--hash=sha256:" + sha256Hex + "\na\n", "without a requirement"},
	{"hash-tab.txt", "a==1\t--hash=sha256:" + sha256Hex + "\n", "options begin after a space, not a tab"},
	{"require-hashes.txt", "--require-hashes\na==1 --hash=sha256:" + sha256Hex + "\n", "said on its own"},
	{"pre.txt", "--pre\na\n", "pre-releases"},
	{"pre-behind.txt", "a --pre\n", "ignored behind a requirement"},
	{"abbreviated.txt", "--no-bin alpha\n--only-b=beta\na\n", "unique beginnings of options"},
	{"abbreviated-bad.txt", "--no-i\n--re x\n", "an ambiguous beginning"},
	{"abbreviated-index.txt", "--extra-index https://index.invalid/simple\na\n", "an index by a beginning"},
	{"unknown.txt", "--no-such-option\na\n", "an unknown option"},
	{"unknown-short.txt", "-x\na\n", "an unknown short one"},
	{"value-missing.txt", "a\n--no-binary\n", "a missing value"},
	{"value-extra.txt", "--pre=yes\n", "a value too much"},
	{"indexes.txt", "-i https://one.invalid/simple\n--index-url=https://two.invalid/simple\n--pypi-url https://three.invalid/simple\na\n", "the last index counts"},
	{"indexes2.txt", "--extra-index-url https://one.invalid/simple\n-f https://two.invalid/\n-fhttps://three.invalid/\na\n", "indexes add up"},
	{"trusted.txt", "--trusted-host one.invalid\n--trusted-host=two.invalid:8443\na\n", "trusted hosts"},
	{"no-index.txt", "--no-index\n--find-links=https://two.invalid/\na\n", "no index"},
	{"formats.txt", "--no-binary :all:\n--only-binary a,B_c\nx\n", "one option takes from the other"},
	{"formats2.txt", "--only-binary=:all: --no-binary=a,b\n--no-binary :none:\nx\n", "cleared"},
	{"formats3.txt", "--no-binary a,:all:,:none:,b\n--only-binary b\nx\n", "all and none in one list"},
	{"formats-behind.txt", "x --no-binary x\ny --only-binary :all:\n", "these two count behind a requirement too"},
	{"config.txt", "a --config-settings k=v -Ck2=v2\n", "settings of a build"},
	{"stray.txt", "--pre alpha\nb\n", "words behind options are dropped"},
	{"dashdash.txt", "a -- --pre\nb\n", "the end of options"},
	{"quote-open.txt", "a\n--no-binary 'b\n", "an open quote"},
	{"include.txt", "a\n-r more/base.txt\nb\n", "an included file"},
	{"include2.txt", "--requirement=more/base.txt\n-cmore/limits.txt\n--constraint more/limits.txt\n", "forms of including"},
	{"include-missing.txt", "a\n-r no-such-file.txt\n", "a missing file"},
	{"include-quoted.txt", "-r 'more/with space.txt'\n", "a quoted name"},
	{"include-from-constraint.txt", "-c more/nested.txt\n", "-r inside a constraint file is no constraint"},
	{"include-behind.txt", "a -r more/base.txt\n", "ignored behind a requirement"},
	{"include-twice.txt", "-r more/base.txt -r more/limits.txt\n", "only the first counts"},
	{"editable.txt", "-e git+https://git.invalid/x@main#egg=x\n--editable=git+https://git.invalid/y#egg=y\na\n", "editable"},
	{"editable-behind.txt", "git+https://git.invalid/x#egg=x -e b\n", "it makes what stands before it editable"},
	{"vcs.txt", "git+https://git.invalid/x.git@v1#egg=x\nhg+https://hg.invalid/x#egg=y\ngit+ssh://git@git.invalid/z.git#egg=z\nx @ git+https://git.invalid/x\n", "version control"},
	{"urls.txt", "https://files.invalid/x-1.0-py3-none-any.whl\nx @ https://files.invalid/x-1.0.tar.gz\ny@https://files.invalid/y.zip ; python_version>'3'\nfile:///tmp/z-1.0.tar.gz\nHTTPS://files.invalid/w-1.0.zip\n", "direct addresses"},
	{"archives.txt", "x-1.0.tar.gz\ny-1.0-py3-none-any.whl\nz.zip[extra]\nw.tar.bz2\n", "names of archives"},
	{"archive-names.txt", "x.zipper\ny-tar\nz.tar.gz1\n", "which these are not"},
	{"bad-name.txt", "a\n-_-\n", "an option that is none"},
	{"bad-name2.txt", "a\n_b\n", "no name"},
	{"bad-spec.txt", "a=1.0\n", "one equals sign"},
	{"bad-spec2.txt", "a==1.0 b\n", "two words"},
	{"bad-version.txt", "a==x.y\n", "no version"},
	{"bad-marker.txt", "a; python_version\n", "half a marker"},
	{"bad-marker2.txt", "a; pythonversion>'3'\n", "an unknown variable"},
	{"bad-extras.txt", "a[x\n", "an open bracket"},
	{"path.txt", "./no-such-folder\n", "a path that is not there"},
	{"freeze.txt", "alpha==2.1.0\nbeta @ file:///home/user/beta\n# Editable install with no version control (delta==0.1)\nEpsilon-Thing==1!2.0.post1+local.3\n", "what pip freeze writes"},
}

var beside = map[string]string{
	"more/base.txt":       "base>=1\n-c limits.txt\n",
	"more/limits.txt":     "base<9\nlimit==1 ; python_version>'3'\n",
	"more/nested.txt":     "nested==1\n-r base.txt\n",
	"more/with space.txt": "spaced\n",
}

type pipFile struct {
	Error         string
	Requirements  []pipRequirement
	OnlyBinary    []string `json:"only_binary"`
	NoBinary      []string `json:"no_binary"`
	Pre           bool
	RequireHashes bool `json:"require_hashes"`
	Indexes       int
	Trusted       int
}

type pipRequirement struct {
	File, Name, Marker    string
	Line                  int
	Constraint, Elsewhere bool
	Specs, Extras, Hashes []string
}

func TestReadsAsPip(t *testing.T) {
	python := os.Getenv("GATEHOUSE_TEST_PYTHON")
	if python == "" {
		t.Fatal("GATEHOUSE_TEST_PYTHON is not set: name a Python that has pip")
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("pip_requirements.py")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{script, root}
	for _, f := range files {
		write(t, root, f.name, f.content)
		args = append(args, f.name)
	}
	for name, content := range beside {
		write(t, root, name, content)
	}
	cmd := exec.Command(python, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running pip's parser: %v", err)
	}
	var byPip map[string]pipFile
	if err := json.Unmarshal(out, &byPip); err != nil {
		t.Fatalf("reading what pip said: %v", err)
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			m, err := manifest.ParseAs(os.DirFS(root), f.name, manifest.RequirementsTxt)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, f.content, f.why, byPip[f.name], m)
		})
	}
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	p := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, content, why string, pip pipFile, m *ecosystem.Manifest) {
	t.Helper()
	fatal := slices.ContainsFunc(m.Problems, func(p ecosystem.Problem) bool { return p.Fatal })
	// A path that is no folder here makes pip fail; the gate never looks whether
	// it is one and reports the line.
	if reported := len(m.Problems) > 0 && m.Problems[0].Rule == manifest.RulePath; fatal != (pip.Error != "") && !reported {
		t.Fatalf("%q (%s): pip's error is %q, the gate's problems are %v", content, why, pip.Error, m.Problems)
	}
	if fatal || pip.Error != "" {
		return
	}
	got, want := gateLines(m), pipLines(pip)
	if !slices.Equal(got, want) {
		t.Errorf("%q (%s):\n gate %q\n pip  %q", content, why, got, want)
	}
	sorted := func(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }
	if !slices.Equal(sorted(m.OnlyBinary), pip.OnlyBinary) || !slices.Equal(sorted(m.NoBinary), pip.NoBinary) {
		t.Errorf("%q (%s): gate only %q and no %q, pip only %q and no %q", content, why, m.OnlyBinary, m.NoBinary, pip.OnlyBinary, pip.NoBinary)
	}
	if m.PreReleases != pip.Pre {
		t.Errorf("%q (%s): pre-releases: gate %t, pip %t", content, why, m.PreReleases, pip.Pre)
	}
	if pip.RequireHashes && !m.Hashed {
		t.Errorf("%q (%s): pip requires hashes and the gate does not", content, why)
	}
	if named := count(m, manifest.RuleIndex); named < pip.Indexes {
		t.Errorf("%q (%s): pip uses %d places, the gate reports %d", content, why, pip.Indexes, named)
	}
	if pip.Trusted > count(m, manifest.RuleTransport) {
		t.Errorf("%q (%s): pip trusts %d hosts, the gate reports %d", content, why, pip.Trusted, count(m, manifest.RuleTransport))
	}
}

func count(m *ecosystem.Manifest, rule string) (n int) {
	for _, p := range m.Problems {
		if p.Rule == rule {
			n++
		}
	}
	return n
}

// gateLines writes each requirement, and each line that takes a package from
// elsewhere, with its place.
func gateLines(m *ecosystem.Manifest) []string {
	var out []string
	for _, r := range m.Requirements {
		specs := strings.FieldsFunc(r.Spec, func(c rune) bool { return c == ',' })
		slices.Sort(specs)
		extras, hashes := slices.Clone(r.Extras), slices.Clone(r.Hashes)
		slices.Sort(extras)
		slices.Sort(hashes)
		out = append(out, fmt.Sprint(r.At.File, ":", r.At.Line, " ", r.Package.Name, specs, extras, r.Marker, hashes, r.Constraint))
	}
	for _, p := range m.Problems {
		switch p.Rule {
		case manifest.RuleEditable, manifest.RuleVCS, manifest.RuleURL, manifest.RulePath:
			out = append(out, fmt.Sprint(p.At.File, ":", p.At.Line, " elsewhere"))
		}
	}
	slices.Sort(out)
	return out
}

func pipLines(f pipFile) []string {
	var out []string
	for _, r := range f.Requirements {
		if r.Elsewhere {
			out = append(out, fmt.Sprint(r.File, ":", r.Line, " elsewhere"))
			continue
		}
		out = append(out, fmt.Sprint(r.File, ":", r.Line, " ", r.Name, r.Specs, r.Extras, r.Marker, r.Hashes, r.Constraint))
	}
	slices.Sort(out)
	return slices.Compact(out) // the gate reads a file that is included twice once
}
