package pep508

import (
	"errors"
	"strings"
	"testing"
)

func TestParseRequirement(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"requests", "requests", "a name alone"},
		{"  A_b-C.d ", "A_b-C.d", "the name stays as written"},
		{"requests>=2,<3", "requests>=2,<3", "specifiers"},
		{"requests >= 2 , < 3 ,", "requests>=2,<3", "spaces and a last comma"},
		{"requests (>=2,<3)", "requests>=2,<3", "parentheses, as old metadata has them"},
		{"requests ( )", "requests", "with nothing inside"},
		{"requests[socks , Use_Chardet]==2.*", "requests[socks,Use_Chardet]==2.*", "extras stay as written"},
		{"requests[]", "requests", "no extras"},
		{"a===b", "a===b", "arbitrary equality"},
		{"pip @ https://example.invalid/pip-1.zip#sha256=ab", "pip @ https://example.invalid/pip-1.zip#sha256=ab", "a URL"},
		{"pip@./x;y ; os_name=='nt'", `pip @ ./x;y ; os_name == "nt"`, "a semicolon is the URL's until white space"},
		{"a[b] @ git+https://example.invalid/r@main", "a[b] @ git+https://example.invalid/r@main", "extras and a URL"},
		{"a;python_version<'3'", `a; python_version < "3"`, "a marker without spaces"},
		{"a>=1;(os_name=='nt')and(extra=='x' or extra=='y')", `a>=1; os_name == "nt" and (extra == "x" or extra == "y")`, "parentheses only where they matter"},
	} {
		r, err := ParseRequirement(tc.in)
		if err != nil || r.String() != tc.want {
			t.Errorf("ParseRequirement(%q) = %q, %v; want %q (%s)", tc.in, r, err, tc.want, tc.why)
			continue
		}
		if again, err := ParseRequirement(r.String()); err != nil || again.String() != r.String() {
			t.Errorf("%q: its text reads as %q, %v", tc.in, again, err)
		}
	}
}

func TestParseRequirementRefuses(t *testing.T) {
	for _, tc := range []struct {
		in     string
		column int
		why    string
	}{
		{"", 1, "nothing"},
		{"-e .", 1, "an option"},
		{"_a", 1, "a name starts with a letter or digit"},
		{"a-", 1, "and ends with one"},
		{"a b", 3, "two names"},
		{"a[b", 2, "an open bracket"},
		{"a[b,]", 5, "a comma without an extra"},
		{"a[b c]", 5, "no comma between extras"},
		{"a(>=1", 2, "an open parenthesis"},
		{"a>=1)", 5, "a closing one alone"},
		{"a>=1 <2", 6, "no comma between specifiers"},
		{"a>=1,,<2", 6, "nothing between commas"},
		{"a>=x", 2, "no version"},
		{"a=1", 2, "no operator"},
		{"a @", 4, "no URL"},
		{"a @ x y", 7, "more after the URL"},
		{"a;", 3, "no marker"},
		{"a; os_name", 11, "half a marker"},
		{"a; os_name == 'x' and", 22, "half of two"},
		{"a; os_nam == 'x'", 4, "no such variable"},
		{"a; os_name == 'x", 15, "an open quotation"},
		{"a; (os_name == 'x'", 4, "an open parenthesis in a marker"},
		{"a\n>=1", 2, "a line break"},
		{"a\x00", 2, "a NUL"},
		{"a @ \xff", 1, "not UTF-8"},
		{"a" + strings.Repeat(" ", MaxText), MaxText + 1, "too long"},
	} {
		r, err := ParseRequirement(tc.in)
		bad, ok := errors.AsType[*SyntaxError](err)
		if !ok || bad.Column != tc.column {
			t.Errorf("ParseRequirement(%.60q) = %q, %v; want an error at column %d (%s)", tc.in, r, err, tc.column, tc.why)
		}
	}
}

func TestRequirementLimits(t *testing.T) {
	many := "a[" + strings.TrimSuffix(strings.Repeat("b,", MaxExtras+1), ",") + "]"
	if _, err := ParseRequirement(many); err == nil || !strings.Contains(err.Error(), "more than 256 extras") {
		t.Errorf("%d extras: %v, want an error that says so", MaxExtras+1, err)
	}
	deep := func(n int) string { return strings.Repeat("(", n) + "os_name=='x'" + strings.Repeat(")", n) }
	if _, err := ParseMarker(deep(MaxDepth)); err != nil {
		t.Errorf("%d parentheses: %v", MaxDepth, err)
	}
	if _, err := ParseMarker(deep(MaxDepth + 1)); err == nil {
		t.Errorf("%d parentheses are read, want an error", MaxDepth+1)
	}
}

func TestSyntaxErrorIsOneSafeLine(t *testing.T) {
	_, err := ParseRequirement("a \x1b[31m\u202e; " + strings.Repeat("x", 1000))
	if err == nil || len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
		t.Errorf("%v: want a short line without control characters", err)
	}
}

func FuzzParseRequirement(f *testing.F) {
	f.Add("requests[socks]>=2,<3; python_version < '3.8' and (os_name == 'nt' or extra == 'x')")
	f.Add("pip @ https://example.invalid/pip.zip ; sys.platform != \"win32\"")
	f.Add("a (===1.0)")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRequirement(s)
		if err != nil {
			if bad, ok := errors.AsType[*SyntaxError](err); !ok || bad.Column < 1 || bad.Column > len(s)+1 {
				t.Fatalf("%q: %v has no column within the text", s, err)
			}
			return
		}
		if again, err := ParseRequirement(r.String()); err != nil || again.String() != r.String() {
			t.Fatalf("%q reads as %q, which reads as %q, %v", s, r, again, err)
		}
	})
}
