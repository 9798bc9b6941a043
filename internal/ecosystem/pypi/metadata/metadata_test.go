package metadata

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

const required = "Metadata-Version: 2.1\nName: Demo_Pkg\nVersion: 1.0\n"

func TestParse(t *testing.T) {
	text := required + `Summary: a
  folded summary
License-Expression: MIT OR Apache-2.0
License: ignored beside the expression
Classifier: License :: OSI Approved :: BSD License
Home-page: https://example.invalid/
Project-URL: Docs, https://example.invalid/docs
Project-URL: no comma
Requires-Python: >=3.8
REQUIRES-DIST: requests[socks] (>=2)
	; python_version < "3.8"
Requires-Dist:idna
Provides-Extra: Dev_Tools
Dynamic: Version
Author: skipped
Description: text
        Requires-Dist: only-looks-like-a-field
        
Requires-Dist: after-the-description

Requires-Dist: in-the-body
`
	want := ecosystem.Metadata{
		Name: "Demo_Pkg", Version: "1.0", MetadataFormat: "2.1",
		Summary: "a folded summary", Licence: "MIT OR Apache-2.0", LicenceSPDX: "MIT OR Apache-2.0",
		RequiresPython: ">=3.8",
		RequiresDist:   []string{`requests[socks] (>=2) ; python_version < "3.8"`, "idna", "after-the-description"},
		Extras:         []string{"dev-tools"},
		Dynamic:        []string{"version"},
		HomePages:      []artifact.Untrusted{"https://example.invalid/", "https://example.invalid/docs"},
	}
	for name, ending := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
		got, err := Parse([]byte(strings.ReplaceAll(text, "\n", ending)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("with %s: got %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

func TestParseLicence(t *testing.T) {
	for _, tc := range []struct {
		fields     string
		want, spdx string
		why        string
	}{
		{"License-Expression: MIT\nLicense: x\n", "MIT", "MIT", "the expression first"},
		{"License: BSD\nClassifier: License :: OSI Approved :: MIT License\n", "BSD", "", "then the field"},
		{"License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\nClassifier: License :: Public Domain\nClassifier: Topic :: Internet\n", "MIT License, Public Domain", "", "then the classifiers; UNKNOWN is nothing"},
		{"License: \xe9\n", "\uFFFD", "", "not UTF-8: shown, replaced"},
		{"License: " + strings.Repeat("é", maxDisplay) + "\n", strings.Repeat("é", maxDisplay/2), "", "cut"},
		{"", "", "", "none"},
	} {
		got, err := Parse([]byte(required + tc.fields))
		if err != nil || string(got.Licence) != tc.want || got.LicenceSPDX != tc.spdx {
			t.Errorf("%.60q: got %.60q, %q, %v; want %.60q, %q (%s)", tc.fields, string(got.Licence), got.LicenceSPDX, err, tc.want, tc.spdx, tc.why)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ in, reason, why string }{
		{"", "no metadata-version", "nothing"},
		{"\n" + required, "no metadata-version", "the body starts at once"},
		{"Metadata-Version: 2.1\nName: a\n", "no version", "a required field is missing"},
		{"Metadata-Version: 3.0\nName: a\nVersion: 1\n", "line 1: metadata-version", "a format from the future"},
		{"Metadata-Version: 2\nName: a\nVersion: 1\n", "line 1: metadata-version", "no format"},
		{"Metadata-Version: 2.+1\nName: a\nVersion: 1\n", "line 1: metadata-version", "a sign"},
		{"Metadata-Version: 2.1\nName: ../a\nVersion: 1\n", "line 2: reading name", "no name"},
		{"Metadata-Version: 2.1\nName: a\nVersion: x\n", "line 3: reading version", "no version"},
		{required + "Name: other\n", "line 4: a second name", "two names"},
		{required + "version: 2\n", "line 4: a second version", "two versions"},
		{required + "Requires-Python: >=3\nRequires-Python: >=2\n", "line 5: a second requires-python", "two sets of Pythons"},
		{required + "no field\nRequires-Dist: hidden\n", "line 4: not a header field", "installers would part here"},
		{required + "Key : x\n", "line 4: not a header field", "and here"},
		{required + ": x\n", "line 4: not a header field", "and here"},
		{" x\n" + required, "line 1: continues no field", "a continuation at the start"},
		{"\ufeff" + required, "line 1: not a header field", "a byte order mark"},
		{required + "Requires-Dist: \xff\n", "line 4: requires-dist is not UTF-8", "not UTF-8"},
		{required + "Requires-Dist: " + strings.Repeat("x", MaxField+1), "longer than", "a long field"},
		{required + "Requires-Dist: x\n" + strings.Repeat(" "+strings.Repeat("y", 1000)+"\n", 70), "longer than", "a long folded field"},
		{required + strings.Repeat("Requires-Dist: x\n", MaxRequires+1), "more than 10000 requires-dist", "too many"},
		{required + strings.Repeat("Provides-Extra: x\n", MaxRequires+1), "more than 10000 provides-extra", "too many"},
		{required + strings.Repeat("X: y\n", MaxLines), "more than", "too many lines"},
		{required + "X: " + strings.Repeat("y", MaxHeaders) + "\nZ: z\n", "more than", "too many bytes"},
	} {
		got, err := Parse([]byte(tc.in))
		if err == nil || !strings.Contains(err.Error(), tc.reason) {
			t.Errorf("Parse(%.80q) = %.80q, %v; want an error with %q (%s)", tc.in, got.Name, err, tc.reason, tc.why)
		}
	}
}

func TestParseKeepsInput(t *testing.T) {
	in := []byte(required + "Requires-Dist: a\n ; x\nRequires-Dist: b\n")
	before := slices.Clone(in)
	if _, err := Parse(in); err != nil || !slices.Equal(in, before) {
		t.Errorf("the input became %q, %v", in, err)
	}
}

func TestParseSkipsTheBody(t *testing.T) {
	in := required + "\n" + strings.Repeat("\xff\x00no field\n", MaxLines*2)
	if _, err := Parse([]byte(in)); err != nil {
		t.Errorf("a long description in the body: %v", err)
	}
}

func TestStaticDependencies(t *testing.T) {
	for _, tc := range []struct {
		format, dynamic string
		want            bool
		why             string
	}{
		{"2.2", "", true, "vouched for"},
		{"2.4", "version classifier", true, "other fields may be dynamic"},
		{"2.10", "", true, "numbers, not text"},
		{"3.0", "", true, "later"},
		{"2.1", "", false, "before PEP 643 nothing is vouched for"},
		{"1.2", "", false, "the same"},
		{"2.2", "requires-dist", false, "the dependencies themselves"},
		{"2.2", "Requires-Dist", false, "in any case"},
		{"2.3", "provides-extra", false, "or their extras"},
		{"2.3", "license requires-python", false, "or the Pythons"},
		{"", "", false, "unknown"},
		{"x.y", "", false, "nonsense"},
	} {
		m := ecosystem.Metadata{MetadataFormat: tc.format, Dynamic: strings.Fields(tc.dynamic)}
		if got := StaticDependencies(m); got != tc.want {
			t.Errorf("StaticDependencies(%s, dynamic %s) = %v, want %v (%s)", tc.format, tc.dynamic, got, tc.want, tc.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(required + "Requires-Dist: a\n\t; extra == 'x'\r\nLicense: \xe9\rDynamic: Requires-Dist\n\nbody"))
	f.Add([]byte("Name: a\n: b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := string(b)
		m, err := Parse(b)
		if string(b) != before {
			t.Fatal("the input was written to")
		}
		if err != nil {
			return
		}
		if m.Name == "" || m.Version == "" || m.MetadataFormat == "" {
			t.Fatalf("%q gives %+v without an error", b, m)
		}
		for _, r := range m.RequiresDist {
			if strings.ContainsAny(r, "\r\n") {
				t.Fatalf("%q gives a requirement with a line break: %q", b, r)
			}
		}
		// What was read, written out plainly, reads the same.
		plain := fmt.Sprintf("Metadata-Version: %s\nName: %s\nVersion: %s\n", m.MetadataFormat, m.Name, m.Version)
		for _, r := range m.RequiresDist {
			plain += "Requires-Dist: " + r + "\n"
		}
		again, err := Parse([]byte(plain))
		if err != nil || again.Name != m.Name || again.Version != m.Version || !slices.Equal(again.RequiresDist, m.RequiresDist) {
			t.Fatalf("%q: written out it gives %+v, %v; want %+v", b, again, err, m)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	in := []byte(required + strings.Repeat("Requires-Dist: requests>=2; extra == 'x'\n", 50) + "\n" + strings.Repeat("description\n", 5000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(in); err != nil {
			b.Fatal(err)
		}
	}
}
