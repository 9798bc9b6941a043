package goversion_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"v1.2.3", "v1.2.3", "as the go command writes it"},
		{"1.2.3", "v1.2.3", "as advisories write it"},
		{"0", "v0.0.0", "where every advisory begins"},
		{"v1", "v1.0.0", "shortened, as the query of go get"},
		{"v2.0.0+incompatible", "v2.0.0+incompatible", "a part of the version"},
		{"v1.0.0+meta", "", "the go command makes a pseudo-version of such a tag"},
		{"v0.0.0-20240102030405-0123456789ab", "v0.0.0-20240102030405-0123456789ab", "a pseudo-version"},
		{"v1.02.3", "", "a leading zero"},
		{"latest", "", "a query, not a version"},
		{"", "", "nothing"},
		{"v" + strings.Repeat("1", 300) + ".0.0", "", "longer than any version"},
	} {
		got, err := goversion.Parse(tc.in)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("Parse(%.40q) = %q, %v; want %q (%s)", tc.in, got, err, tc.want, tc.why)
		}
	}
	if !goversion.Pre("v1.0.0-rc1") || goversion.Pre("v1.0.0+incompatible") {
		t.Error("a pre-release is one by its hyphen")
	}
	if !goversion.Pseudo("v1.2.4-0.20240102030405-0123456789ab") || goversion.Pseudo("v1.2.3-rc.1") {
		t.Error("a pseudo-version is one by its date and commit")
	}
}

// TestOrderAgainstOthers holds the keys to x/mod and to osv-scalibr, over 100,000
// pairs.
func TestOrderAgainstOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	number := func() string {
		return []string{"0", "1", "2", "9", "10", "11", "99", "100", "18446744073709551616"}[r.IntN(9)]
	}
	word := func() string {
		return []string{"a", "alpha", "rc", "rc1", "RC", "0a", "-", "z9", "0.20240102030405-0123456789ab"}[r.IntN(9)]
	}
	version := func() string {
		v := "v" + number() + "." + number() + "." + number()
		for i := range r.IntN(3) {
			v += []string{"-", "."}[min(i, 1)]
			if r.IntN(2) == 0 {
				v += number()
			} else {
				v += word()
			}
		}
		if r.IntN(8) == 0 {
			v += "+incompatible"
		}
		return v
	}
	for range 100_000 {
		a, b := version(), version()
		if _, err := goversion.Parse(a); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		got := bytes.Compare(goversion.Key(a), goversion.Key(b))
		if want := semver.Compare(a, b); got != want {
			t.Fatalf("%s and %s: %d, x/mod says %d", a, b, got, want)
		}
		other, err := semantic.Parse(strings.TrimPrefix(a, "v"), "Go")
		if err != nil {
			t.Fatal(err)
		}
		want, err := other.CompareStr(strings.TrimPrefix(b, "v"))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%s and %s: %d, osv-scalibr says %d", a, b, got, want)
		}
	}
}

func TestRange(t *testing.T) {
	for _, tc := range []struct {
		rng, in string
		want    bool
		why     string
	}{
		{"", "v1.0.0", true, "every version"},
		{">=v1.0.0", "v1.0.0", true, "a lower bound holds itself"},
		{">=1.0.0, <1.2.0", "v1.1.9", true, "an advisory's words"},
		{">= v1.0.0 < v1.2.0", "v1.2.0", false, "blanks"},
		{">=v1.0.0,<v1.2.0", "v1.2.0-rc1", true, "a pre-release lies before its release"},
		{"v1.2.3", "v1.2.4", false, "a version alone is that version: a waiver for it is for nothing else"},
		{"=v1.2.3", "v1.2.3+incompatible", true, "semver has no order for what follows +"},
		{"!=v1.2.3", "v1.2.3", false, "one left out"},
		{">v1", "v1.0.1", true, "shortened"},
	} {
		r, err := goversion.ParseRange(tc.rng)
		if err != nil {
			t.Fatalf("%q: %v", tc.rng, err)
		}
		if got := r.Contains(tc.in); got != tc.want {
			t.Errorf("%s in %q: %t (%s)", tc.in, tc.rng, got, tc.why)
		}
	}
	for _, bad := range []string{"^1.2.3", "~v1.0.0", ">=", "<>v1.0.0", "latest", ">=v1 || <v2", strings.Repeat("!=v1 ", 100)} {
		if r, err := goversion.ParseRange(bad); err == nil {
			t.Errorf("%.40q was read as %v", bad, r)
		}
	}
	for rng, want := range map[string]string{">=v1.2.3": "v1.2.3", "1.2.3": "v1.2.3", "<v2": "", ">=v1 <v2": "", "": ""} {
		r, err := goversion.ParseRange(rng)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := r.Minimum(); got != want || ok != (want != "") {
			t.Errorf("the minimum of %q is %q, want %q", rng, got, want)
		}
	}
}

func FuzzVersion(f *testing.F) {
	for _, s := range []string{"v1.2.3", "0", "v1.0.0-rc.1+incompatible", "v0.0.0-20240102030405-0123456789ab", ">=v1,<v2", "1.0.0-0.-.a"} {
		f.Add(s, "v1.0.0")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if r, err := goversion.ParseRange(a); err == nil {
			r.Contains("v1.0.0")
		}
		va, erra := goversion.Parse(a)
		vb, errb := goversion.Parse(b)
		if erra != nil || errb != nil {
			return
		}
		if again, err := goversion.Parse(va); err != nil || again != va {
			t.Fatalf("%q reads as %q, and that as %q", a, va, again)
		}
		if got, want := bytes.Compare(goversion.Key(va), goversion.Key(vb)), semver.Compare(va, vb); got != want {
			t.Fatal(fmt.Sprint(va, vb, got, want))
		}
	})
}
