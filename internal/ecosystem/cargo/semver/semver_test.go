package semver

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in  string
		ok  bool
		why string
	}{
		{"1.2.3", true, "plain"},
		{"0.0.0-0", true, "the lowest"},
		{"1.2.3-alpha.1.x-y", true, "identifiers"},
		{"1.2.3-99999999999999999999999", true, "an identifier is a number of any length"},
		{"1.2.3+001.b", true, "build metadata may have zeros"},
		{"1.2.3-a+b", true, "both"},
		{"1.2", false, "two numbers"},
		{"1.2.3.4", false, "four numbers"},
		{"v1.2.3", false, "a v"},
		{"01.2.3", false, "a leading zero"},
		{"1.2.3-01", false, "a leading zero in a number of the pre-release"},
		{"1.2.3-", false, "a dash with nothing"},
		{"1.2.3+", false, "a plus with nothing"},
		{"1.2.3-a..b", false, "an empty identifier"},
		{"1.2.3-a_b", false, "an underscore"},
		{" 1.2.3", false, "a space"},
		{"18446744073709551616.0.0", false, "beyond 64 bits"},
		{"1.2.3-" + strings.Repeat("a", 255), false, "too long"},
		{"", false, "empty"},
	} {
		v, err := Parse(tc.in)
		if (err == nil) != tc.ok || tc.ok && v.String() != tc.in {
			t.Errorf("Parse(%q) = %q, %v (%s)", tc.in, v, err, tc.why)
		}
	}
}

// TestReq holds requirements against what the Cargo reference says of them.
func TestReq(t *testing.T) {
	for _, tc := range []struct{ req, in, out string }{
		{"1.2.3", "1.2.3 1.2.4 1.9.0", "1.2.2 2.0.0 1.2.3-rc 1.3.0-rc"},
		{"1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{"1", "1.0.0 1.9.9", "0.9.0 2.0.0 1.0.0-rc"},
		{"0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"},
		{"0.2", "0.2.0 0.2.9", "0.3.0"},
		{"0.0.3", "0.0.3", "0.0.4 0.0.2"},
		{"0.0", "0.0.0 0.0.9", "0.1.0"},
		{"0", "0.0.1 0.9.0", "1.0.0"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
		{"~1.2", "1.2.0 1.2.9", "1.3.0"},
		{"~1", "1.0.0 1.9.0", "2.0.0"},
		{"*", "0.0.0 9.9.9", "1.0.0-rc"},
		{"1.*", "1.0.0 1.9.0", "2.0.0"},
		{"1.2.*", "1.2.0 1.2.9", "1.3.0 1.2.0-rc"},
		{"1.*.*", "1.9.0", "2.0.0"},
		{">=1.2, <1.5", "1.2.0 1.4.9", "1.5.0 1.1.9"},
		{">1.2", "1.3.0", "1.2.9"},
		{">1", "2.0.0", "1.9.9"},
		{"<=1.2", "1.2.9 1.1.0", "1.3.0"},
		{"<1.2", "1.1.9", "1.2.0"},
		{"=1.2.3", "1.2.3 1.2.3+b", "1.2.4 1.2.3-rc"},
		{"=1.2", "1.2.0 1.2.7", "1.3.0"},
		{"1.2.3-rc.1", "1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.3.0", "1.2.3-beta 1.2.4-rc.2"},
		{">=1.0.0-a, <2", "1.0.0-b 1.5.0", "1.5.0-a 2.0.0"},
		{" >= 1.2.3 ,<2 ", "1.2.3", "2.0.0"},
		{"=1.2.3-rc.1", "1.2.3-rc.1", "1.2.3"},
	} {
		r, err := ParseReq(tc.req)
		if err != nil {
			t.Errorf("ParseReq(%q): %v", tc.req, err)
			continue
		}
		for want, list := range map[bool]string{true: tc.in, false: tc.out} {
			for _, s := range strings.Fields(list) {
				v, err := Parse(s)
				if err != nil {
					t.Fatal(err)
				}
				if got := r.Contains(v); got != want {
					t.Errorf("%s in %q: %t", s, tc.req, got)
				}
			}
		}
		again, err := ParseReq(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q is written %q, which is read as %q, %v", tc.req, r, again, err)
		}
	}
	for _, bad := range []string{"", "1.2.3.4", "1.x.3", "*, 1", "1,", "=>1", "1 2", "latest", "1.2.3 || 2", "01", "1.2-rc", ">", strings.Repeat("1,", 40) + "1"} {
		if r, err := ParseReq(bad); err == nil {
			t.Errorf("ParseReq(%q) = %q", bad, r)
		}
	}
}

func FuzzVersion(f *testing.F) {
	for _, s := range []string{"1.2.3", "1.2.3-a.1+b", "^1.2, <3", "1.*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err == nil && v.String() != s {
			t.Errorf("%q is written %q", s, v)
		}
		r, rerr := ParseReq(s)
		if rerr != nil {
			return
		}
		again, err := ParseReq(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("%q is written %q: %v", s, r, err)
		}
		if exact, err := ParseReq("=" + v.String()); err != nil || !exact.Contains(v) {
			t.Errorf("%s is not in =%s", v, v)
		}
	})
}
