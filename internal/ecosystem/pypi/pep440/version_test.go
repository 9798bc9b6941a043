package pep440

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"1.0", "1.0", "already normal"},
		{"1.0.0", "1.0.0", "trailing zeros stay"},
		{"v1.2", "1.2", "a leading v is taken off"},
		{" 1.2\n", "1.2", "so is space around"},
		{"01.002", "1.2", "numbers lose leading zeros"},
		{"2!1", "2!1", "an epoch"},
		{"0!1", "1", "epoch zero is no epoch"},
		{"1.0ALPHA1", "1.0a1", "names of pre-releases, any case"},
		{"1.0-beta_2", "1.0b2", "separators within"},
		{"1.0preview", "1.0rc0", "no number is zero"},
		{"1.0c3", "1.0rc3", "c is a candidate"},
		{"1.0-1", "1.0.post1", "the implicit post-release"},
		{"1.0rev.4", "1.0.post4", "rev is post"},
		{"1.0r4", "1.0.post4", "r is post"},
		{"1.0a-", "1.0a0", "a separator without a number belongs to the name before it"},
		{"1.0a.dev", "1.0a0.dev0", "and takes one that the next part could have"},
		{"1.0.DEV3", "1.0.dev3", "development release"},
		{"1.0a2.post3.dev4", "1.0a2.post3.dev4", "all parts"},
		{"1.0+Ubuntu-01_x", "1.0+ubuntu.1.x", "local labels: case, separators, numbers"},
		{"99999999999999999999999", "99999999999999999999999", "numbers do not overflow"},
	} {
		v, err := Parse(tc.in)
		if err != nil || v.String() != tc.want {
			t.Errorf("Parse(%q) = %q, %v; want %q (%s)", tc.in, v, err, tc.want, tc.why)
			continue
		}
		if again, err := Parse(v.String()); err != nil || again != v {
			t.Errorf("Parse(%q) = %q, %v; a normal form must read as itself", v, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ in, why string }{
		{"", "nothing"},
		{"v", "no number"},
		{"1.", "a dot without a number"},
		{".1", "starts with a dot"},
		{"1..2", "an empty number"},
		{"!1", "an empty epoch"},
		{"1!", "an epoch alone"},
		{"1!2!3", "two epochs"},
		{"1.0+", "an empty label"},
		{"1.0+a.", "a label that ends in a separator"},
		{"1.0+a+b", "two labels"},
		{"1.0-1-1", "two post-releases"},
		{"1.0.x", "no such part"},
		{"1.0 a1", "space within"},
		{"1.0+é", "a letter beyond ASCII"},
		{"٣.1", "digits of another script"},
		{"1.*", "a wildcard is for specifiers"},
		{"1.0\x00", "a NUL"},
		{strings.Repeat("1", MaxVersion+1), "too long"},
	} {
		if v, err := Parse(tc.in); err == nil {
			t.Errorf("Parse(%q) = %q, want an error (%s)", tc.in, v, tc.why)
		}
	}
}

// ordered is the order of the specification's own examples, extended; versions
// on one line are equal.
var ordered = [][]string{
	{"0.dev0"},
	{"0", "0.0", "0!0"},
	{"0.0.1"},
	{"1.dev0"},
	{"1.0.dev456"},
	{"1.0a1.dev1"},
	{"1.0a1", "1.0alpha1", "1a1"},
	{"1.0a1.post1.dev2"},
	{"1.0a1.post1"},
	{"1.0a2.dev456"},
	{"1.0a12.dev456"},
	{"1.0a12"},
	{"1.0b1.dev456"},
	{"1.0b2"},
	{"1.0b2.post345.dev456"},
	{"1.0b2.post345"},
	{"1.0rc1.dev456"},
	{"1.0rc1", "1.0c1", "1.0.preview1"},
	{"1.0rc10"},
	{"1.0", "1", "1.0.0", "v1.0"},
	{"1.0+abc.5"},
	{"1.0+abc.7"},
	{"1.0+abc.7.1"},
	{"1.0+b"},
	{"1.0+5", "1.0+05"},
	{"1.0+5.a"},
	{"1.0.post456.dev34"},
	{"1.0.post456", "1.0-456"},
	{"1.0.15"},
	{"1.1.dev1"},
	{"1.1"},
	{"1.10"},
	{"9"},
	{"10"},
	{"18446744073709551615"},
	{"18446744073709551616"},
	{"99999999999999999999999999"},
	{"1!0.1"},
	{"2!0"},
	{"10!0"},
}

func TestOrder(t *testing.T) {
	for i, low := range ordered {
		for j, high := range ordered {
			want := min(max(i-j, -1), 1)
			for _, a := range low {
				for _, b := range high {
					checkOrder(t, a, b, want)
				}
			}
		}
	}
}

func checkOrder(t *testing.T, a, b string, want int) {
	t.Helper()
	x, y := mustParse(t, a), mustParse(t, b)
	if got := Compare(x, y); got != want {
		t.Errorf("Compare(%q, %q) = %d, want %d", a, b, got, want)
	}
	if got := bytes.Compare(x.Key(), y.Key()); got != want {
		t.Errorf("keys of %q and %q compare as %d, want %d", a, b, got, want)
	}
}

func TestKeyLayoutIsStored(t *testing.T) {
	// A store keeps keys: a change of this text needs a migration.
	const want = "\x011\x012\x00\x02\x013\x02\x014\x01\x015\x01abc\x00\x02\x016"
	if got := string(mustParse(t, "1!2.0a3.post4.dev5+abc.6").Key()); got != want {
		t.Errorf("key is %q, want %q", got, want)
	}
}

func TestParts(t *testing.T) {
	for _, tc := range []struct {
		in, public, base, local string
		pre, post               bool
		release                 []uint64
	}{
		{"1.2", "1.2", "1.2", "", false, false, []uint64{1, 2, 0}},
		{"1!2.0rc1+X.01", "1!2.0rc1", "1!2.0", "x.1", true, false, []uint64{2, 0, 0}},
		{"3.dev1", "3.dev1", "3", "", true, false, []uint64{3, 0}},
		{"3.1.post1.dev1+a", "3.1.post1.dev1", "3.1", "a", true, true, []uint64{3, 1}},
		{"3-2", "3.post2", "3", "", false, true, []uint64{3}},
		{"18446744073709551615.18446744073709551616", "18446744073709551615.18446744073709551616", "18446744073709551615.18446744073709551616", "", false, false, []uint64{math.MaxUint64, math.MaxUint64}},
	} {
		v := mustParse(t, tc.in)
		if v.Public().String() != tc.public || v.Base().String() != tc.base || v.Local() != tc.local || v.Pre() != tc.pre || v.Post() != tc.post {
			t.Errorf("%q: public %q, base %q, local %q, pre %v, post %v; want %+v", tc.in, v.Public(), v.Base(), v.Local(), v.Pre(), v.Post(), tc)
		}
		for i, want := range tc.release {
			if got := v.Release(i); got != want {
				t.Errorf("%q: Release(%d) = %d, want %d", tc.in, i, got, want)
			}
		}
		for _, part := range []Version{v.Public(), v.Base()} {
			if again := mustParse(t, part.String()); again != part {
				t.Errorf("%q: the part %q is not what its text parses to", tc.in, part)
			}
		}
	}
}

func TestZeroVersion(t *testing.T) {
	var zero Version
	if zero.String() != "" || zero.Pre() || zero.Post() || zero.Local() != "" || zero.Release(0) != 0 || zero.Public() != zero || zero.Base() != zero {
		t.Errorf("the zero version is not empty: %q", zero)
	}
	if Compare(zero, mustParse(t, "0.dev0")) >= 0 {
		t.Error("the zero version must sort before every version")
	}
	for _, op := range []string{"==1", "<2", ">0", ">=0", "~=1.0", "==1.*"} {
		if s := mustSpecifiers(t, op); op != "<2" && s.Contains(zero) {
			t.Errorf("%s contains the zero version", op)
		}
	}
}

func TestSortByKey(t *testing.T) {
	keys := make([][]byte, 0, len(ordered))
	for _, group := range ordered {
		keys = append(keys, mustParse(t, group[0]).Key())
	}
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		t.Error("keys of versions in order are not in order")
	}
}

func mustParse(t testing.TB, s string) Version {
	t.Helper()
	v, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
