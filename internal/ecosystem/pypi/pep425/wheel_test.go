package pep425

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseWheelName(t *testing.T) {
	for _, tc := range []struct{ in, distribution, number, build, tags, why string }{
		{"pip-23.1-py3-none-any.whl", "pip", "23.1", "", "py3-none-any", "the plain form"},
		{"Zope.Interface_X-V1.0.RC1-py2.py3-none-any.whl", "zope-interface-x", "1.0rc1", "", "py2-none-any py3-none-any", "name and version come out normal"},
		{"a-1.0.0-1abc-cp39-cp39-win_amd64.whl", "a", "1.0.0", "1abc", "cp39-cp39-win_amd64", "a build tag; zeros stay"},
		{"a-1-0.editable-py3-none-any.whl", "a", "1", "0.editable", "py3-none-any", "build tags may have dots"},
		{"a-1.0+cu_121-CP39-CP39-linux_X86_64.whl", "a", "1.0+cu.121", "", "cp39-cp39-linux_x86_64", "a local label; tags in lower case"},
		{"a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "a", "1", "", "cp311-cp311-manylinux_2_17_x86_64 cp311-cp311-manylinux2014_x86_64", "two platforms"},
	} {
		w, err := ParseWheelName(tc.in)
		tags := make([]string, len(w.Tags))
		for i, tag := range w.Tags {
			tags[i] = tag.String()
		}
		if err != nil || w.Distribution != tc.distribution || w.Number != tc.number || w.Build != tc.build || strings.Join(tags, " ") != tc.tags {
			t.Errorf("ParseWheelName(%q) = %+v, %v; want %+v", tc.in, w, err, tc)
		}
	}
}

func TestParseWheelNameRefuses(t *testing.T) {
	for _, tc := range []struct{ in, why string }{
		{"", "nothing"},
		{"a-1.tar.gz", "an sdist"},
		{"a-1-py3-none-any.WHL", "another ending"},
		{"a-1-none-any.whl", "four parts"},
		{"a-1-1-2-py3-none-any.whl", "seven parts"},
		{"-1-py3-none-any.whl", "no name"},
		{"_a-1-py3-none-any.whl", "no valid name"},
		{"a__b-1-py3-none-any.whl", "a name that is not escaped"},
		{"a-x-py3-none-any.whl", "no version"},
		{"a-1-x1-py3-none-any.whl", "a build tag without a digit"},
		{"a-1-1+x-py3-none-any.whl", "a sign in a build tag"},
		{"a-1-py3..py2-none-any.whl", "an empty tag"},
		{"a-1-py3-none-.whl", "an empty platform"},
		{"a-1-3py-none-any.whl", "a Python tag that starts with a digit"},
		{"a-1-py3-no!ne-any.whl", "a sign in a tag"},
		{"../a-1-py3-none-any.whl", "a path"},
		{"a- 1-py3-none-any.whl", "a space"},
		{"a-1-py3-none-any.whl\n", "a line break"},
		{"a\u202e-1-py3-none-any.whl", "a direction mark"},
		{"a-1-" + strings.Repeat("p.", 20) + "p-" + strings.Repeat("n.", 20) + "n-" + strings.Repeat("a.", 20) + "a.whl", "9,261 tags"},
		{strings.Repeat("a", MaxFileName) + "-1-py3-none-any.whl", "too long"},
	} {
		if w, err := ParseWheelName(tc.in); err == nil {
			t.Errorf("ParseWheelName(%.80q) = %+v, want an error (%s)", tc.in, w, tc.why)
		}
	}
}

func TestParseSdistName(t *testing.T) {
	for _, tc := range []struct{ file, pkg, want, why string }{
		{"requests-2.31.0.tar.gz", "requests", "2.31.0", "the plain form"},
		{"Flask_SQLAlchemy-V2.0.zip", "flask-sqlalchemy", "2.0", "another spelling of the name"},
		{"zope-interface-1.0.tar.gz", "zope-interface", "1.0", "a name with a hyphen"},
		{"a-2-3.0.tar.gz", "a-2", "3.0", "a name that ends like a version"},
		{"a-1.0-1.tar.gz", "a", "1.0.post1", "a version with a hyphen"},
		{"a-1.0.dev-r5.tar.bz2", "a", "", "what follows the name is no version"},
		{"a-1.0.tgz", "a", "1.0", "an old ending"},
		{"a-1.0.tar.bz2", "A", "1.0", "another; the project's name is normalised"},
		{"a-b-1.0.tar.gz", "a", "", "another project"},
		{"b-1.0.tar.gz", "a", "", "another project"},
		{"a.tar.gz", "a", "", "no version"},
		{"a-1.0.exe", "a", "", "not an sdist"},
		{"a-1.0.egg", "a", "", "nor this"},
		{"a-1.0-py3-none-any.whl", "a", "", "nor this"},
		{"a/../a-1.0.tar.gz", "a", "", "a path"},
		{"a-1.0 .tar.gz", "a", "", "a space"},
	} {
		got, err := ParseSdistName(tc.file, tc.pkg)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("ParseSdistName(%q, %q) = %q, %v; want %q (%s)", tc.file, tc.pkg, got, err, tc.want, tc.why)
		}
	}
}

func FuzzParseWheelName(f *testing.F) {
	f.Add("Zope.Interface_X-V1.0.RC1-1a-py2.py3-none-any.whl")
	f.Add("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWheelName(s)
		if err != nil {
			return
		}
		if len(w.Tags) == 0 || len(w.Tags) > MaxTags {
			t.Fatalf("%q has %d tags", s, len(w.Tags))
		}
		parts := []string{strings.ReplaceAll(w.Distribution, "-", "_"), w.Number}
		if w.Build != "" {
			parts = append(parts, w.Build)
		}
		for _, tag := range w.Tags {
			again, err := ParseWheelName(fmt.Sprintf("%s-%s.whl", strings.Join(parts, "-"), tag))
			if err != nil || again.Distribution != w.Distribution || again.Number != w.Number || !slices.Equal(again.Tags, []Tag{tag}) {
				t.Fatalf("%q gives %+v, which reads as %+v, %v", s, w, again, err)
			}
		}
	})
}

func FuzzParseSdistName(f *testing.F) {
	f.Add("a-1.0-1.tar.gz", "a")
	f.Fuzz(func(t *testing.T, file, pkg string) {
		number, err := ParseSdistName(file, pkg)
		if err == nil && (number == "" || strings.ContainsAny(file, "/\\ \n")) {
			t.Fatalf("ParseSdistName(%q, %q) = %q", file, pkg, number)
		}
	})
}
