package pep503

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"requests", "requests", "already normal"},
		{"Flask_SQLAlchemy", "flask-sqlalchemy", "case and underscore"},
		{"zope.interface", "zope-interface", "dots separate too"},
		{"a-_.b", "a-b", "a run of separators is one"},
		{"9lives", "9lives", "a digit may start"},
		{"x", "x", "one letter"},
		{"", "", "empty"},
		{"-a", "", "starts with a separator"},
		{"a_", "", "ends with one"},
		{" a", "", "space around is not taken off"},
		{"a b", "", "space within"},
		{"a\n", "", "a line break"},
		{"Ｆlask", "", "a letter of another width"},
		{"pаypal", "", "a Cyrillic letter"},
		{"a/b", "", "a slash"},
		{strings.Repeat("a", MaxName+1), "", "too long"},
	} {
		got, err := Parse(tc.in)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("Parse(%.40q) = %q, %v; want %q (%s)", tc.in, got, err, tc.want, tc.why)
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"-A__b.", "-a-b-", "edges stay: refusing them is Parse's work"},
		{"a--b", "a-b", "a run of one kind"},
		{"É", "É", "only ASCII has a lower case here"},
	} {
		got := Normalize(tc.in)
		if got != tc.want || Normalize(got) != got {
			t.Errorf("Normalize(%q) = %q, want %q and stable (%s)", tc.in, got, tc.want, tc.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Flask_SQLAlchemy")
	f.Add("a-_.b")
	f.Fuzz(func(t *testing.T, s string) {
		name, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(name); err != nil || again != name {
			t.Fatalf("%q reads as %q, which reads as %q, %v", s, name, again, err)
		}
	})
}
