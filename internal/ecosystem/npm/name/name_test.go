package name

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in      string
		ok, new bool
		why     string
	}{
		{"lodash", true, true, "plain"},
		{"@types/node", true, true, "scoped"},
		{"@scope/_private", true, false, "an underscore behind a scope is old"},
		{"@-xun/symbiote", true, true, "a scope may begin with a dash"},
		{"JSONStream", true, false, "capitals are old names'"},
		{"crazy!", true, false, "special characters are old names'"},
		{"http", true, false, "a core module"},
		{"@npm/http", true, true, "a core module's name in a scope is nothing special"},
		{"a.b-c_d~e", true, false, "a tilde"},
		{strings.Repeat("a", 214), true, true, "the longest"},
		{strings.Repeat("a", 215), false, false, "too long"},
		{"", false, false, "empty"},
		{".bin", false, false, "a dot first"},
		{"@scope/.bin", false, false, "a dot first behind a scope"},
		{"@../x", false, false, "a scope that climbs"},
		{"..", false, false, "a parent"},
		{"@scope/..", false, false, "a parent in a scope"},
		{"_private", false, false, "an underscore first"},
		{"-rf", false, false, "a dash first is an option"},
		{"a/b", false, false, "a path"},
		{"@a/b/c", false, false, "a longer path"},
		{"@scope", false, false, "a scope alone"},
		{"@scope/", false, false, "nothing behind a scope"},
		{"@/x", false, false, "an empty scope"},
		{"a%2fb", false, false, "an escape"},
		{"a b", false, false, "a space"},
		{" a", false, false, "a leading space"},
		{"a\n", false, false, "a line break"},
		{"é", false, false, "not ASCII"},
		{"node_modules", false, false, "a folder's name"},
		{"Favicon.ico", false, false, "a browser's name"},
		{"a@1", false, false, "with a version"},
		{`a\b`, false, false, "a Windows path"},
	} {
		got, err := Parse(tc.in)
		if (err == nil) != tc.ok || err == nil && got != tc.in || Valid(tc.in) != tc.ok {
			t.Errorf("Parse(%q) = %q, %v; want ok %t (%s)", tc.in, got, err, tc.ok, tc.why)
		}
		if err := New(tc.in); (err == nil) != tc.new {
			t.Errorf("New(%q) = %v; want ok %t (%s)", tc.in, err, tc.new, tc.why)
		}
	}
}

func TestCollisionKey(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
		why  string
	}{
		{"cross-env", "crossenv", true, "separators"},
		{"socket.io", "socket-io", true, "a dot for a dash"},
		{"JSONStream", "jsonstream", true, "capitals"},
		{"@types/node", "types-node", true, "a scope written as a part"},
		{"a", "b", false, "others"},
		{"-", "_", false, "nothing but separators"},
	} {
		if got := CollisionKey(tc.a) == CollisionKey(tc.b); got != tc.same {
			t.Errorf("%q and %q: same %t, want %t (%s)", tc.a, tc.b, got, tc.same, tc.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"lodash", "@a/b", "@../b", "a%2fb", ".", "a/../b", "@a/b/c", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if err != nil {
			return
		}
		scope, base := Split(s)
		if got != s || base == "" || base == "." || base == ".." || strings.ContainsAny(base, `/\%@`) || strings.ContainsAny(strings.TrimPrefix(scope, "@"), `/\%@`) {
			t.Fatalf("%q: scope %q, name %q", s, scope, base)
		}
		if url.PathEscape(base) != base && strings.IndexAny(base, "!'()*~") < 0 {
			t.Fatalf("%q is escaped in a URL", s)
		}
		p := artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: s}, Number: "1.0.0"}
		if back, err := artifact.ParsePurl(p.Purl()); err != nil || back.Number != "1.0.0" || !strings.EqualFold(back.Package.Name, s) {
			t.Fatalf("%q: %s is %v, %v", s, p.Purl(), back, err)
		}
	})
}
