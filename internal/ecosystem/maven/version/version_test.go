package version_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

func parse(t *testing.T, s string) version.Version {
	t.Helper()
	v, err := version.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOrder holds rows of ascending versions; those of one cell are equal. The facts
// are those of the specification's examples and of Maven's ComparableVersion.
func TestOrder(t *testing.T) {
	for _, row := range [][][]string{
		{{"1-alpha", "1.alpha", "1-ALPHA", "1.0-alpha", "1.0.alpha", "1alpha"}, {"1-alpha-1", "1-alpha1", "1a1", "1.0-a1"}, {"1-beta", "1.0.BETA"}, {"1-b2", "1-beta2"}, {"1-milestone", "1-milestone.0"}, {"1-m3"},
			{"1-rc", "1-cr", "1.0.0.RC"}, {"1-rc1", "1.CR1"}, {"1-snapshot", "1-SNAPSHOT"}, {"1", "1.0", "1.0.0", "1-ga", "1.ga", "1-final", "1.0.FINAL", "1.Final", "1-release", "1-0", "1-"},
			{"1-sp", "1.sp", "1.0-SP"}, {"1-abc"}, {"1-foo"}, {"1-foo-1", "1-foo1"}, {"1-xyz"}, {"1-1"}, {"1-1.2"}, {"1-2"}, {"1.0.1"}, {"1.1"}, {"1.2"}, {"1.10"}, {"2"}, {"10"}},
		{{"1.0.RC1"}, {"1.0-RC2"}, {"1.0.RC3"}, {"1.0"}},
		{{"5.3.0.RELEASE", "5.3.0", "5.3"}, {"5.3.1.RELEASE"}},
		{{"33.0.0-android"}, {"33.0.0-jre"}, {"33.0.1-android"}},
		{{"1.0-SNAPSHOT"}, {"1.0"}, {"1.0-20260102.030405-6"}},
		{{"20030203.000550"}, {"20030203.000551"}},
		{{"1-1.foo-bar1baz-.1", "1-1.foo-bar-1-baz-0.1"}},
		{{"99999999999999999999"}, {"100000000000000000000"}},
		{{"v1"}, {"v2"}, {"1"}},
	} {
		var last version.Version
		for i, cell := range row {
			first := parse(t, cell[0])
			for _, s := range cell[1:] {
				if c := version.Compare(first, parse(t, s)); c != 0 {
					t.Errorf("%s and %s: %d, want one version", cell[0], s, c)
				}
			}
			if i > 0 {
				if c := version.Compare(last, first); c != -1 {
					t.Errorf("%s and %s: %d, want the second after the first", last, first, c)
				}
			}
			last = first
		}
	}
}

func TestPre(t *testing.T) {
	for s, want := range map[string]bool{
		"1.0": false, "1.0-rc1": true, "1.0.RC1": true, "1.0-M1": true, "1.0m": false, "1.0-SNAPSHOT": true, "1.0-beta": true, "1.0.Final": false, "1.0-jre": false,
		"1.0-sp1": false, "1.0-preview1": true, "1.0-a": false, "1.0-a1": true, "1.0-20260102.030405-6": false,
	} {
		if got := parse(t, s).Pre(); got != want {
			t.Errorf("%s: %t, want %t", s, got, want)
		}
	}
	for s, want := range map[string]bool{"1.0-SNAPSHOT": true, "1.0-snapshot": true, "SNAPSHOT": true, "1.0": false, "1.0-SNAPSHOT.1": false} {
		if got := version.Snapshot(s); got != want {
			t.Errorf("%s is a snapshot: %t, want %t", s, got, want)
		}
	}
	if !version.Floating("LATEST") || !version.Floating("RELEASE") || version.Floating("1.0.RELEASE") {
		t.Error("what floats is LATEST and RELEASE alone")
	}
}

func TestBuild(t *testing.T) {
	for s, want := range map[string]string{
		"1.0-20260102.030405-6":          "1.0-SNAPSHOT",
		"1.0-rc-1-20260102.030405-12":    "1.0-rc-1-SNAPSHOT",
		"1.0-SNAPSHOT":                   "",
		"1.0-20260102.030405":            "",
		"1.0-20260102.030405-":           "",
		"1.0-20260102.030405-0":          "",
		"1.0-20260102.030405-06":         "",
		"1.0-20260102.030405-1234567890": "",
		"1.0-20261302.030405-1":          "", // no such month
		"1.0-20260102.0304055-1":         "",
		"-20260102.030405-1":             "",
		"20260102.030405-1":              "",
		"1.0-20260102.030405-6-sources":  "",
		"1.0-2026010\u0662.030405-6":     "",
	} {
		b, ok := version.ParseBuild(s)
		if ok != (want != "") || b.Snapshot != want || ok && b.String() != s {
			t.Errorf("%s: %+v %t, want %q", s, b, ok, want)
		}
	}
	order := []string{"1.0-20260102.030405-6", "1.0-20260102.030405-10", "1.0-20260102.030406-1"}
	for i := 1; i < len(order); i++ {
		a, _ := version.ParseBuild(order[i-1])
		b, _ := version.ParseBuild(order[i])
		if a.Compare(b) != -1 || b.Compare(a) != 1 || a.Compare(a) != 0 {
			t.Errorf("%s does not come before %s", order[i-1], order[i])
		}
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{"", " ", ".", "..", "1..2", "1/2", `1\2`, "1 2", "1\n", "${v}", "1:2", ".1", "1.", strings.Repeat("1", 201), "1.0\u202e"} {
		if v, err := version.Parse(s); err == nil {
			t.Errorf("%q is taken as %s", s, v)
		}
	}
}

func TestRange(t *testing.T) {
	all := []string{"0.9", "1.0-rc1", "1.0", "1.5", "2.0-SNAPSHOT", "2.0", "2.1", "3.0"}
	for _, tc := range []struct {
		why, text, want string
		soft, single    string
	}{
		{"everything", "", "0.9 1.0-rc1 1.0 1.5 2.0-SNAPSHOT 2.0 2.1 3.0", "", ""},
		{"a wish", "1.0", "1.0", "1.0", "1.0"},
		{"another spelling of it", "1.0.0", "1.0", "1.0.0", "1.0.0"},
		{"one alone", "[1.0]", "1.0", "", "1.0"},
		{"from and below", "[1.0,2.0)", "1.0 1.5 2.0-SNAPSHOT", "", ""},
		{"above and to", "(1.0,2.0]", "1.5 2.0-SNAPSHOT 2.0", "", ""},
		{"to", "(,1.0]", "0.9 1.0-rc1 1.0", "", ""},
		{"from", "[2.0,)", "2.0 2.1 3.0", "", ""},
		{"two", "(,1.0),(2.0,)", "0.9 1.0-rc1 2.1 3.0", "", ""},
		{"blanks", " [ 1.0 , 1.5 ] , [3.0] ", "1.0 1.5 3.0", "", ""},
		{"one alone, as bounds", "[1.0,1.0]", "1.0", "", "1.0"},
	} {
		r, err := version.ParseRange(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		got := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !r.Contains(parse(t, s)) })
		soft, _ := r.Soft()
		single, _ := r.Single()
		if strings.Join(got, " ") != tc.want || soft != tc.soft || single != tc.single {
			t.Errorf("%s: %q holds %v, soft %q, single %q", tc.why, tc.text, got, soft, single)
		}
	}
	for _, s := range []string{"[", "[1.0", "1.0]", "[2,1]", "(1.0)", "[]", "[1,2],", "[1,2][3,4]", "[1,2,3]", "[1,2] x", "${v}", strings.Repeat("[1],", 65) + "[1]"} {
		if _, err := version.ParseRange(s); err == nil {
			t.Errorf("%q is taken as a range", s)
		}
	}
}

// FuzzVersion: what is read has an order that agrees with its range, and hostile text
// ends soon.
func FuzzVersion(f *testing.F) {
	for _, s := range []string{"1.0", "1-rc-1", "1.0-SNAPSHOT", "[1,2),(3,]", "1-1.foo-bar1baz-.1", "--", "0-0", "a.b-c"} {
		f.Add(s, "1.0")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		r, rangeErr := version.ParseRange(a)
		va, errA := version.Parse(a)
		vb, errB := version.Parse(b)
		if errA == nil && rangeErr != nil {
			t.Fatalf("%q is a version and no range: %v", a, rangeErr)
		}
		if errA != nil || errB != nil {
			return
		}
		if version.Compare(va, vb) != -version.Compare(vb, va) {
			t.Fatalf("%q and %q have no order", a, b)
		}
		if r.Contains(vb) != (version.Compare(va, vb) == 0) {
			t.Fatalf("%q holds %q, yet sorts elsewhere", a, b)
		}
		_ = vb.Pre()
	})
}
