package pep440

import (
	"bytes"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, group := range ordered {
		f.Add(group[0], group[len(group)-1])
	}
	f.Add("1.0a-.dev_+A.01", "v1.0-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := Parse(a)
		if err != nil {
			return
		}
		again, err := Parse(x.String())
		if err != nil || again != x {
			t.Fatalf("%q reads as %q, which reads as %q, %v", a, x, again, err)
		}
		if Compare(x.Base(), x.Base().Public()) != 0 || x.Public().Local() != "" {
			t.Fatalf("%q: base %q, public %q", a, x.Base(), x.Public())
		}
		y, err := Parse(b)
		if err != nil {
			return
		}
		order := Compare(x, y)
		if order != -Compare(y, x) || order != bytes.Compare(x.Key(), y.Key()) {
			t.Fatalf("%q and %q have no one order", x, y)
		}
	})
}

func FuzzParseSpecifiers(f *testing.F) {
	f.Add(">=1.0,<2", "1.5")
	f.Add("==1.0.*,!=1.0+x", "1.0rc1")
	f.Add("~=1.2.3, === foo", "1.2.4.dev0+l")
	f.Fuzz(func(t *testing.T, spec, version string) {
		set, err := ParseSpecifiers(spec)
		if err != nil {
			return
		}
		again, err := ParseSpecifiers(set.String())
		if err != nil || again.String() != set.String() {
			t.Fatalf("%q reads as %q, which reads as %q, %v", spec, set, again, err)
		}
		v, err := Parse(version)
		if err != nil {
			return
		}
		if set.Contains(v) != again.Contains(v) {
			t.Fatalf("%q and its text %q disagree on %s", spec, set, v)
		}
		if pin, ok := set.Exact(); ok && set.Contains(v) && Compare(pin, v) != 0 && Compare(pin, v.Public()) != 0 {
			t.Fatalf("%q pins %s and contains %s", spec, pin, v)
		}
	})
}
