package manifest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// TestPlaces holds line and column of requirements and problems; columns count
// characters, and a joined line keeps the place of each of its parts.
func TestPlaces(t *testing.T) {
	for _, tc := range []struct {
		content      string
		line, column int
		why          string
	}{
		{"a\n", 1, 1, "the first"},
		{"\n# c\n  a\n", 3, 3, "indented"},
		{"\ufeffa\n", 1, 1, "a byte order mark is no column"},
		{"\r\n\r\na\r\n", 3, 1, "Windows line ends"},
		{"\\\n\\\n  a\n", 3, 3, "joined to empty lines before it"},
		{"# é\n\u3000a\n", 2, 2, "a wide space is one column"},
	} {
		m := parse(t, RequirementsTxt, tc.content)
		if len(m.Requirements) != 1 {
			t.Errorf("%q (%s): %+v, want one requirement", tc.content, tc.why, m)
			continue
		}
		if got := m.Requirements[0].At; got.Line != tc.line || got.Column != tc.column {
			t.Errorf("%q (%s): at %d:%d, want %d:%d", tc.content, tc.why, got.Line, got.Column, tc.line, tc.column)
		}
	}
}

func TestProblems(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	for _, tc := range []struct {
		content      string
		rule, effect string
		class        finding.Class
		line, column int
		reqs         int
		why          string
	}{
		{"a\n  --extra-index-url https://x.invalid\n", RuleIndex, manifestfile.Reject, finding.Origin, 2, 3, 1, "an extra index"},
		{"--extra-ind https://x.invalid\n", RuleIndex, manifestfile.Reject, finding.Origin, 1, 1, 0, "its name cut short, as pip allows"},
		{"--pre --pypi-url=https://x.invalid\n", RuleIndex, manifestfile.Reject, finding.Origin, 1, 7, 0, "an old name, behind another option"},
		{"-ihttps://x.invalid\n", RuleIndex, manifestfile.Reject, finding.Origin, 1, 1, 0, "glued to its value"},
		{"--pre \\\n -f x\n", RuleIndex, manifestfile.Reject, finding.Origin, 2, 2, 0, "on a continued line"},
		{"a --find-links x\n", RuleIndex, manifestfile.Reject, finding.Origin, 1, 3, 1, "pip ignores it here, another client may not"},
		{"-i https://${HOST}/\n", RuleIndex, manifestfile.Reject, finding.Origin, 1, 1, 0, "the index says it already"},
		{"--no-index\n", RuleTransport, manifestfile.Hold, finding.Origin, 1, 1, 0, "no index at all"},
		{"--trusted-host x\n", RuleTransport, manifestfile.Hold, finding.Origin, 1, 1, 0, "no certificate"},
		{"a==${V}\n", RuleVariable, manifestfile.Hold, finding.Manifest, 1, 4, 0, "a value the gate does not know"},
		{"${X}\n", RuleVariable, manifestfile.Hold, finding.Manifest, 1, 1, 0, "which may hold a whole line"},
		{"a ${X}\n", RuleVariable, manifestfile.Hold, finding.Manifest, 1, 3, 0, "or options"},
		{"-r ${X}.txt\n", RuleVariable, manifestfile.Hold, finding.Manifest, 1, 4, 0, "or a file"},
		{"-e .\n", RuleEditable, manifestfile.Hold, finding.Manifest, 1, 1, 0, "editable"},
		{"a -e .\n", RuleEditable, manifestfile.Hold, finding.Manifest, 1, 3, 0, "it makes the whole line editable"},
		{"git+https://x.invalid/a\n", RuleVCS, manifestfile.Hold, finding.Manifest, 1, 1, 0, "version control"},
		{"a @ git+ssh://git@x.invalid/a ; python_version>'3'\n", RuleVCS, manifestfile.Hold, finding.Manifest, 1, 1, 0, "with a name and a marker"},
		{"https://x.invalid/a.whl\n", RuleURL, manifestfile.Reject, finding.Manifest, 1, 1, 0, "a bare URL"},
		{"a@https://x.invalid/a.whl\n", RuleURL, manifestfile.Reject, finding.Manifest, 1, 1, 0, "with a name"},
		{"a @ file:///a.whl\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "a URL of this machine"},
		{"a @ ./a.whl\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "a path with a name"},
		{".\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "the folder itself"},
		{"./a[x]\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "a folder with extras"},
		{"a-1.0.tar.gz\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "an archive beside it"},
		{"a.ZIP[x]\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "in capitals, with extras"},
		{"sub\\a\n", RulePath, manifestfile.Hold, finding.Manifest, 1, 1, 0, "a path of Windows"},
		{"a --hash=sha256:" + digest[1:] + "\n", RuleHash, manifestfile.Hold, finding.Manifest, 1, 3, 1, "a digit is missing"},
		{"a --hash=sha256:" + digest[1:] + "g\n", RuleHash, manifestfile.Hold, finding.Manifest, 1, 3, 1, "one is none"},
		{"--hash=sha256:" + digest + "\n", RuleHash, manifestfile.Hold, finding.Manifest, 1, 1, 0, "nothing it belongs to"},
		{"a --hash=sha256:" + digest + "\n b\n", RuleHash, manifestfile.Hold, finding.Manifest, 2, 2, 2, "one without beside one with"},
		{"--require-hashes\na\n", RuleHash, manifestfile.Hold, finding.Manifest, 2, 1, 1, "one without, and hashes demanded"},
		{"a # x\u2028b\n", RuleLineBreak, manifestfile.Hold, finding.Manifest, 1, 0, 2, "a line that no editor shows"},
		{"--pre a\n", RuleOption, manifestfile.Hold, finding.Manifest, 1, 7, 0, "a word that pip drops"},
		{"a --pre\n", RuleOption, manifestfile.Hold, finding.Manifest, 1, 3, 1, "an option that pip drops"},
		{"--use-feature x\n", RuleOption, manifestfile.Note, finding.Manifest, 1, 1, 0, "something new"},
		{"a --global-option=x\n", RuleOption, manifestfile.Note, finding.Manifest, 1, 3, 1, "for the build"},
	} {
		m := parse(t, RequirementsTxt, tc.content)
		if len(m.Problems) != 1 {
			t.Errorf("%q (%s): problems %+v, want one", tc.content, tc.why, m.Problems)
			continue
		}
		p := m.Problems[0]
		if p.Rule != tc.rule || p.Effect != tc.effect || p.Class != tc.class || p.At.Line != tc.line || p.At.Column != tc.column || p.Fatal {
			t.Errorf("%q (%s): %+v, want %s %s %s at %d:%d", tc.content, tc.why, p, tc.effect, tc.class, tc.rule, tc.line, tc.column)
		}
		if len(m.Requirements) != tc.reqs {
			t.Errorf("%q (%s): requirements %+v, want %d", tc.content, tc.why, m.Requirements, tc.reqs)
		}
	}
}

func TestHashed(t *testing.T) {
	with := "a==1 --hash=sha256:" + strings.Repeat("ab", 32) + "\n"
	for _, tc := range []struct {
		content string
		want    bool
		why     string
	}{
		{"a\n", false, "no hash"},
		{with, true, "one hash asks for all"},
		{"--require-hashes\n", true, "said so"},
		{"--no-require-hashes\n" + with, false, "told not to"},
		{"--no-require-hashes\n--require-hashes\n", true, "both: the careful one"},
	} {
		if got := parse(t, RequirementsTxt, tc.content).Hashed; got != tc.want {
			t.Errorf("%q: hashed = %t, want %t (%s)", tc.content, got, tc.want, tc.why)
		}
	}
}

func TestShellWords(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string
		ats  []int
		why  string
	}{
		{"", nil, nil, "nothing"},
		{" a  b\t", []string{"a", "b"}, []int{1, 4}, "white space"},
		{`a"b c"d`, []string{"ab cd"}, []int{0}, "quotes inside a word"},
		{`'' ""`, []string{"", ""}, []int{0, 3}, "empty words"},
		{`a\ b`, []string{"a b"}, []int{0}, "an escaped space"},
		{`"a\"b\\c\d"`, []string{`a"b\c\d`}, []int{0}, "escapes inside double quotes"},
		{`'a\b'`, []string{`a\b`}, []int{0}, "none inside single ones"},
		{"a\u00a0b", []string{"a\u00a0b"}, []int{0}, "only ASCII white space counts"},
	} {
		words, err := shellWords(tc.in)
		var got []string
		var ats []int
		for _, w := range words {
			got, ats = append(got, w.text), append(ats, w.at)
		}
		if err != nil || !slices.Equal(got, tc.want) || !slices.Equal(ats, tc.ats) {
			t.Errorf("shellWords(%q) = %q at %v, %v, want %q at %v (%s)", tc.in, got, ats, err, tc.want, tc.ats, tc.why)
		}
	}
	for _, in := range []string{`"a`, `'a`, `a\`, `"a\"`} {
		if got, err := shellWords(in); err == nil {
			t.Errorf("shellWords(%q) = %v, want an error", in, got)
		}
	}
}

func TestPoetryConstraint(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"", "", "anything"},
		{"*", "", "anything"},
		{"^1.2.3", ">=1.2.3,<2.0.0", "caret: up to the next first number"},
		{"^1.2", ">=1.2,<2.0", ""},
		{"^1", ">=1,<2", ""},
		{"^0.2.3", ">=0.2.3,<0.3.0", "the first that is not zero"},
		{"^0.0.3", ">=0.0.3,<0.0.4", ""},
		{"^0.0", ">=0.0,<0.1", "all zero: the last"},
		{"^0", ">=0,<1", ""},
		{"^1.2.3rc1", ">=1.2.3rc1,<2.0.0", "from a pre-release"},
		{"^1!2.3", ">=1!2.3,<1!3.0", "with an epoch"},
		{"~1.2.3", ">=1.2.3,<1.3.0", "tilde: up to the next second number"},
		{"~1.2", ">=1.2,<1.3", ""},
		{"~1", ">=1,<2", "or the next first"},
		{"~=1.4.2", "~=1.4.2", "PEP 440's own"},
		{"1.*", "==1.*", "wildcard"},
		{"==1.2.*", "==1.2.*", ""},
		{"1.*.*", "==1.*", "a wildcard twice"},
		{"1.2", "==1.2", "exact"},
		{"=1.2", "==1.2", ""},
		{">=1,<2", ">=1,<2", "several"},
		{">= 1 , < 2", ">=1,<2", "with spaces"},
		{">=1 <2", ">=1,<2", "spaces between are commas"},
		{"^ 1.2", ">=1.2,<2.0", "a space behind the operator"},
		{"!=1.5 ^1", "!=1.5,>=1,<2", "mixed"},
		{"===1.0", "===1.0", "arbitrary equality"},
	} {
		if got, err := poetryConstraint(tc.in); err != nil || got != tc.want {
			t.Errorf("poetryConstraint(%q) = %q, %v, want %q (%s)", tc.in, got, err, tc.want, tc.why)
		}
	}
	for _, in := range []string{"^1 || ^2", "1|2", "one", "^", "~", "^x", ">=", "=", "^99999999999999999999", "<1.x"} {
		if got, err := poetryConstraint(in); err == nil {
			t.Errorf("poetryConstraint(%q) = %q, want an error", in, got)
		}
	}
}

// TestAddresses holds what is shown of an address and what is kept of it.
func TestAddresses(t *testing.T) {
	for _, tc := range []struct{ in, origin, kept, why string }{
		{"https://h.invalid/a/b-1.whl", "https://h.invalid", "https://h.invalid/a/b-1.whl", "plain"},
		{"HTTPS://H.invalid:8443/a?b#c", "https://h.invalid:8443", "https://H.invalid:8443/a", "query and fragment go"},
		{"https://me@h.invalid/a%2Bb", "https://h.invalid", "https://h.invalid/a%2Bb", "a user name goes, escapes stay"},
		{"https://[::1]:8080/a", "https://[::1]:8080", "https://[::1]:8080/a", "an IPv6 address"},
		{"https://h.invalid:x/a", "an address", "", "a port that is none"},
		{"https://h invalid/a", "an address", "", "a space in the host"},
		{"mailto:me@h.invalid", "an address", "", "no authority"},
		{"me@h.invalid/a", "a local path", "", "no scheme, an at sign"},
		{"../wheels", "a local path", "../wheels", "a path"},
		{"file:///wheels/a", "a local path", "file:///wheels/a", "a file"},
		{"\x7f", "an address", "", "a control character"},
	} {
		if got := manifestfile.Origin(tc.in); got != tc.origin {
			t.Errorf("origin(%q) = %q, want %q (%s)", tc.in, got, tc.origin, tc.why)
		}
		if got := manifestfile.WithoutSecrets(tc.in); got != tc.kept {
			t.Errorf("manifestfile.WithoutSecrets(%q) = %q, want %q (%s)", tc.in, got, tc.kept, tc.why)
		}
	}
}

func TestFormatControl(t *testing.T) {
	set := func(names ...string) map[string]bool {
		out := map[string]bool{}
		for _, n := range names {
			out[n] = true
		}
		return out
	}
	for _, tc := range []struct {
		value                          string
		target, other                  map[string]bool
		wantTarget, wantOther, because string
	}{
		{"A_b,c", set("x"), set("c", "d"), "a-b,c,x", "d", "names move"},
		{":all:", set("x"), set("c"), ":all:", "", "all of them"},
		{":none:", set("x"), set("c"), "", "c", "none"},
		{":none:,a", set("x"), set("a"), "a", "", "none but one"},
		{":all:,a", set(), set("c"), ":all:", "", "all covers the rest"},
		{"a,:all:,:none:,b", set(), set("b", "c"), "b", "", "all, then none, then one"},
		{":none:,:all:", set("x"), set("c"), ":all:", "", "none, then all"},
		{"a,,b", set(), set(), "a,b", "", "an empty name is none"},
	} {
		formatControl(tc.value, tc.target, tc.other)
		target := strings.Join(slices.Sorted(maps.Keys(tc.target)), ",")
		other := strings.Join(slices.Sorted(maps.Keys(tc.other)), ",")
		if target != tc.wantTarget || other != tc.wantOther {
			t.Errorf("%s: target %q and other %q, want %q and %q (%s)", tc.value, target, other, tc.wantTarget, tc.wantOther, tc.because)
		}
	}
}
