package pep440

import (
	"strings"
	"testing"
)

func TestContains(t *testing.T) {
	for _, tc := range []struct {
		spec, in, out, why string // in and out: versions inside and outside the range
	}{
		{"", "1 2.0rc1 1!0+x", "", "no clause, no limit"},
		{"==1.0", "1 1.0 1.0.0 1.0+abc", "1.0.post1 1.0rc1 1.0.1", "a candidate's local label does not count"},
		{"==1.0+abc", "1.0+ABC", "1.0 1.0+abc.1 1.0+abd", "unless one is asked for"},
		{"!=1.0", "1.0.post1 1.1 1.0rc1", "1.0 1.0+abc 1.0.0", "the opposite of =="},
		{"!=1.0+abc", "1.0 1.0+x", "1.0+abc", "with a label too"},
		{"==1.2.*", "1.2 1.2.0 1.2.9 1.2.dev0 1.2rc1 1.2.post1 1.2.3+x", "1.3 1.3.dev0 1.1.9 1.20 1!1.2", "prefix matching"},
		{"==1.0.*", "1 1.0 1.0.9 1rc1", "1.1 2.0", "padded with zeros"},
		{"==1.0.0.*", "1 1.0.0.5", "1.0.1 1.1", "several zeros"},
		{"==0.*", "0 0.5 0.dev1", "1.0 1!0.1", "zero alone"},
		{"!=1.2.*", "1.3 1.1", "1.2 1.2.5 1.2.dev1", "its opposite"},
		{"~=2.2", "2.2 2.2.post3 2.9 2.2+x", "2.1 2.2rc1 3.0 3.0.dev0 1!2.2", ">= 2.2, == 2.*"},
		{"~=2.2.0", "2.2 2.2.5", "2.3 2.3.dev0 2.1.9", ">= 2.2.0, == 2.2.*"},
		{"~=2.2rc1", "2.2rc1 2.2 2.5", "2.2b1 3.0", "a suffix does not count for the prefix"},
		{"~=1.0.0", "1 1.0.7", "1.1", "the prefix itself has a trailing zero"},
		{">=1.0", "1.0 1.0+x 1.0.post1 1.1.dev0", "1.0rc1 0.9", "inclusive"},
		{"<=1.0", "1.0 1.0+x 0.9 1.0rc1", "1.0.post1 1.0.1", "a local build of 1.0 is not above it"},
		{">1.0", "1.0.1 1.1.dev0 2", "1.0 1.0+x 1.0.post1 1.0.post1.dev1 1.0.post1+x 1.0rc1", "neither post-releases nor local builds of it"},
		{">1.0.post1", "1.0.post2 1.0.post2.dev0 1.1", "1.0.post1 1.0.post1+x 1.0", "unless it is a post-release itself"},
		{">1.0rc1", "1.0 1.0rc2", "1.0rc1 1.0rc1.post1 1.0b1", "post-releases of the candidate too"},
		{">1.0.dev1", "1.0.dev2 1.0a1 1.0", "1.0.dev1 1.0.dev1+x 1.0.dev0", "above a development release"},
		{"<1.0", "0.9 0.9.post1 0.9+x", "1.0 1.0rc1 1.0.dev0 1.0a1.dev1", "not its own pre-releases"},
		{"<1.0rc1", "1.0b2 1.0.dev1 0.9 1.0rc1.dev0", "1.0rc1 1.0", "unless it is one itself"},
		{"<1.0.post1", "1.0 1.0rc1 1.0+x", "1.0.post1 1.0.post1.dev1", "a post-release has development releases"},
		{"<0.dev1", "0.dev0", "0 0.dev1", "the lowest versions"},
		{"===1.0", "1.0", "1 1.0.0 1.0+x", "text against the normal form"},
		{"===1.0+ABC", "1.0+abc", "1.0", "without case"},
		{"===nonsense", "", "1.0", "never matches a version"},
		{">=1,<2,!=1.5", "1 1.4 1.9", "1.5 2 2.0rc1 0.9", "all clauses hold"},
		{">=99999999999999999999", "99999999999999999999 100000000000000000000", "99999999999999999998", "beyond 64 bits"},
	} {
		set := mustSpecifiers(t, tc.spec)
		for _, v := range strings.Fields(tc.in) {
			if !set.Contains(mustParse(t, v)) {
				t.Errorf("%q must contain %s (%s)", tc.spec, v, tc.why)
			}
		}
		for _, v := range strings.Fields(tc.out) {
			if set.Contains(mustParse(t, v)) {
				t.Errorf("%q must not contain %s (%s)", tc.spec, v, tc.why)
			}
		}
	}
}

func TestParseSpecifiersRefuses(t *testing.T) {
	for _, tc := range []struct{ in, why string }{
		{"1.0", "no operator"},
		{"=1.0", "no such operator"},
		{"=>1.0", "nor this"},
		{"==", "no version"},
		{">=1.0.*", "a wildcard needs == or !="},
		{"~=1.0.*", "and ~= has its own prefix"},
		{"==1.0rc1.*", "a wildcard follows release numbers only"},
		{"==1.0.post1.*", "the same"},
		{"==1.0+x.*", "the same"},
		{"==1.*.*", "one wildcard"},
		{"==1 .*", "space within"},
		{"~=1", "needs two release numbers"},
		{"~=1!1", "an epoch is none"},
		{">=1.0+x", "a label needs == or !="},
		{"~=1.0+x", "the same"},
		{"===a b", "=== takes one word"},
		{"==1.0;", "a marker is not for here"},
		{"==1.0 ==2.0", "no comma"},
		{strings.Repeat(">=1,", MaxSpecifiers+1), "too many clauses"},
		{"===" + strings.Repeat("a", MaxSpecifiersText), "too long"},
	} {
		if set, err := ParseSpecifiers(tc.in); err == nil {
			t.Errorf("ParseSpecifiers(%.40q) = %q, want an error (%s)", tc.in, set, tc.why)
		}
	}
}

func TestSpecifiersQuestions(t *testing.T) {
	for _, tc := range []struct {
		in, text string
		pre      bool
		exact    string
		why      string
	}{
		{"", "", false, "", "empty"},
		{" , ", "", false, "", "only commas"},
		{" >= 1.0 , <2, ", ">=1.0,<2", false, "", "order and spelling stay, space goes"},
		{"==1.0", "==1.0", false, "1.0", "a pin"},
		{"==V1.0-RC1", "==V1.0-RC1", true, "1.0rc1", "a pin to a pre-release"},
		{"===1.0", "===1.0", false, "1.0", "arbitrary equality with a version"},
		{"===what", "===what", false, "", "and with something else"},
		{"==1.*", "==1.*", false, "", "no pin"},
		{"==1.0,!=2", "==1.0,!=2", false, "", "two clauses"},
		{">=1.0.dev0", ">=1.0.dev0", true, "", "asks for pre-releases"},
		{"<2.0rc1,>1", "<2.0rc1,>1", true, "", "with any operator"},
		{"!=1.0rc1", "!=1.0rc1", false, "", "but this one"},
		{">=1.0.post1", ">=1.0.post1", false, "", "a post-release is final"},
	} {
		set := mustSpecifiers(t, tc.in)
		exact, ok := set.Exact()
		if set.String() != tc.text || set.AllowsPre() != tc.pre || set.Empty() != (tc.text == "") || ok != (tc.exact != "") || ok && exact.String() != tc.exact {
			t.Errorf("%q: String %q, AllowsPre %v, Exact %q %v; want %+v", tc.in, set, set.AllowsPre(), exact, ok, tc)
		}
	}
}

func mustSpecifiers(t testing.TB, s string) Specifiers {
	t.Helper()
	set, err := ParseSpecifiers(s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
