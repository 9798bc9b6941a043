package artifact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
)

// hostile is the table that runs through every output.
var hostile = hostiletest.Strings()

func TestUntrustedOnATerminal(t *testing.T) {
	for _, s := range hostile {
		got := artifact.Untrusted(s).String()
		if n := len([]rune(got)); n > 301 {
			t.Errorf("%.40q: %d characters", s, n)
		}
		for _, r := range got {
			if r != unicode.ReplacementChar && !unicode.IsPrint(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
				t.Errorf("%.40q: %U came through", s, r)
			}
		}
		for _, verb := range []string{"%s", "%v"} {
			if f := fmt.Sprintf(verb, artifact.Untrusted(s)); f != got {
				t.Errorf("%.40q with %s: %q", s, verb, f)
			}
		}
		if again := artifact.Untrusted(got).String(); len([]rune(s)) <= 300 && again != got {
			t.Errorf("%.40q: cleaning twice gives %q, then %q", s, got, again)
		}
	}
	for _, s := range []string{"plain text, with a comma", "naïve café", "日本語 🎉", "a=1; b[2]"} {
		if got := artifact.Untrusted(s).String(); got != s {
			t.Errorf("%q was changed to %q", s, got)
		}
	}
}

func TestUntrustedInMarkdown(t *testing.T) {
	for _, s := range hostile {
		got := artifact.Untrusted(s).Markdown()
		for i, r := range got {
			switch r {
			case '@':
				t.Errorf("%.40q: a mention is possible: %.80q", s, got)
			case '`', '*', '_', '[', ']', '(', ')', '<', '>', '|', '!', '~', '$', '{', '}', '+', '-', '.':
				if i == 0 || got[i-1] != '\\' {
					t.Errorf("%.40q: %q is not escaped in %.80q", s, r, got)
				}
			case '\n', '\r':
				t.Errorf("%.40q: a line break", s)
			case ':', '/':
				t.Errorf("%.40q: an address is possible: %.80q", s, got)
			}
		}
	}
	for in, want := range map[string]string{"@a": "&#64;&#8203;a", "#1": "&#35;&#8203;1", "a|b": `a\|b`, "&lt;": `\&lt;`, "plain": "plain", `\`: `\\`} {
		if got := artifact.Untrusted(in).Markdown(); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestUntrustedInAReasonPhrase(t *testing.T) {
	for _, s := range hostile {
		for _, most := range []int{0, 1, 10, 120} {
			got := artifact.Untrusted(s).Phrase(most)
			if len(got) > most {
				t.Errorf("%.40q: %d bytes, at most %d", s, len(got), most)
			}
			for i := range len(got) {
				if got[i] < 0x20 || got[i] > 0x7e {
					t.Errorf("%.40q: byte %#x", s, got[i])
				}
			}
		}
	}
	if got := artifact.Untrusted("a\r\nb é").Phrase(120); got != "a??b ?" {
		t.Errorf("got %q", got)
	}
}

func FuzzUntrusted(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u := artifact.Untrusted(s)
		for _, r := range u.String() + u.Markdown() {
			if r != unicode.ReplacementChar && !unicode.IsGraphic(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q: %U", s, r)
			}
		}
		if strings.ContainsAny(u.Markdown(), "@\n") {
			t.Fatalf("%q: %q", s, u.Markdown())
		}
		for _, b := range []byte(u.Phrase(120)) {
			if b < 0x20 || b > 0x7e {
				t.Fatalf("%q: byte %#x", s, b)
			}
		}
	})
}

func TestParseDigest(t *testing.T) {
	good := strings.Repeat("0a", 32)
	for _, tc := range []struct {
		in, want, why string
	}{
		{good, good, "as written"},
		{strings.ToUpper(good), good, "any case"},
		{"", "", "empty"},
		{good[:63], "", "odd"},
		{good[:62], "", "short"},
		{good + "00", "", "long"},
		{strings.Repeat("zz", 32), "", "no hex"},
		{" " + good[1:], "", "space"},
	} {
		got, err := artifact.ParseDigest(tc.in)
		if string(got) != tc.want || (tc.want == "") != errors.Is(err, artifact.ErrDigest) {
			t.Errorf("%q: %q, %v (%s)", tc.in, got, err, tc.why)
		}
	}
	if got := artifact.DigestOf(nil); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" || got.Short() != "e3b0c44298fc" || artifact.Digest("ab").Short() != "ab" {
		t.Errorf("digest of nothing: %s, short %s", got, got.Short())
	}
}

func TestPurls(t *testing.T) {
	v := func(eco, name, number string) artifact.Version {
		return artifact.Version{Package: artifact.Package{Ecosystem: artifact.Ecosystem(eco), Name: name}, Number: number}
	}
	for _, tc := range []struct {
		v    artifact.Version
		purl string
	}{
		{v("pypi", "django", "2.2"), "pkg:pypi/django@2.2"},
		{v("pypi", "zope-interface", ""), "pkg:pypi/zope-interface"},
		{v("pypi", "a", "1.0+local.1"), "pkg:pypi/a@1.0%2Blocal.1"},
		{v("npm", "@scope/name", "1.0.0"), "pkg:npm/%40scope/name@1.0.0"},
		{v("golang", "example.invalid/mod/v2", "v2.0.0"), "pkg:golang/example.invalid/mod/v2@v2.0.0"},
		{v("golang", "example.invalid/Upper/Case", "v1.0.0-RC1"), "pkg:golang/example.invalid/Upper/Case@v1.0.0-RC1"},
		{v("golang", "example.invalid/a", "v2.0.0+incompatible"), "pkg:golang/example.invalid/a@v2.0.0%2Bincompatible"},
		{v("golang", "example.invalid", "v1.0.0"), "pkg:golang/example.invalid@v1.0.0"},
	} {
		if got := tc.v.Purl(); got != tc.purl {
			t.Errorf("%s: got %s, want %s", tc.v, got, tc.purl)
		}
		if got, err := artifact.ParsePurl(tc.purl); err != nil || got != tc.v {
			t.Errorf("%s: got %+v, %v", tc.purl, got, err)
		}
	}
	for _, s := range []string{"", "django", "pkg:", "pkg:pypi", "http://x.invalid"} {
		if got, err := artifact.ParsePurl(s); err == nil {
			t.Errorf("%q: got %+v, want an error", s, got)
		}
	}
	if got := v("pypi", "django", "2.2"); got.String() != "django 2.2" || got.Package.String() != "pypi/django" || got.Package.Purl() != "pkg:pypi/django" {
		t.Errorf("%s, %s, %s", got, got.Package, got.Package.Purl())
	}
}

// TestPurlIsTheLibrarys holds the short way to the library's answer.
func TestPurlIsTheLibrarys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const alphabet = "abz019.-_~A+!%/@ é"
	text := func() string {
		runes := []rune(alphabet)
		out := make([]rune, 1+r.IntN(6))
		for i := range out {
			out[i] = runes[r.IntN(len(runes))]
		}
		return string(out)
	}
	for range 20_000 {
		name, number := text(), text()
		if strings.Contains(name, "/") {
			continue // a namespace
		}
		v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number}
		want := packageurl.NewPackageURL("pypi", "", name, number, nil, "").ToString()
		if got := v.Purl(); got != want {
			t.Fatalf("Purl of %q %q = %q, the library says %q", name, number, got, want)
		}
	}
}

// FuzzEscapeJSON: what is escaped is the same value, and nothing in it is obeyed.
func FuzzEscapeJSON(f *testing.F) {
	for _, s := range []string{"plain", "</script>", "<!--", "\u202e\u2028", "\U000e0041", "\xff", "\x7f\u009b", `\u003c/`, "<", "<a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		var plain bytes.Buffer
		e := json.NewEncoder(&plain)
		e.SetEscapeHTML(false)
		if err := e.Encode(map[string]string{s: s}); err != nil {
			t.Fatal(err)
		}
		var want, got map[string]string
		out := artifact.EscapeJSON(plain.Bytes())
		if err := json.Unmarshal(in, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &got); err != nil || !maps.Equal(want, got) {
			t.Errorf("%q became %q (%v)", s, out, err)
		}
		if bytes.Contains(out, []byte("</")) || bytes.Contains(out, []byte("<!")) || bytes.ContainsFunc(out, func(r rune) bool { return r > 0x7e && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }) {
			t.Errorf("%q is %q", s, out)
		}
	})
}
