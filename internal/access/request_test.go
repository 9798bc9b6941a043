package access

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestFromRequest(t *testing.T) {
	for _, tc := range []struct {
		header []string
		want   string
		err    string
		why    string
	}{
		{[]string{"Bearer abc"}, "abc", "", "npm, curl"},
		{[]string{"bearer  abc "}, "abc", "", "schemes are case-insensitive, blanks are no part of it"},
		{[]string{basic("__token__", "abc")}, "abc", "", "twine, uv"},
		{[]string{basic("", "abc")}, "abc", "", "any user name, none too"},
		{[]string{basic("ada", "a:b")}, "a:b", "", "a password may hold a colon"},
		{[]string{"abc"}, "abc", "", "cargo"},
		{nil, "", "none was sent", "no header"},
		{[]string{""}, "", "empty", "an empty header is a bad credential, not a missing one"},
		{[]string{basic("abc", "")}, "", "no password", "token as user name only"},
		{[]string{"Basic " + base64.StdEncoding.EncodeToString([]byte("abc"))}, "", "no password", "no colon"},
		{[]string{"Basic !!"}, "", "base64", "not base64"},
		{[]string{"Digest abc"}, "", "neither", "another scheme"},
		{[]string{"Bearer a", "Bearer b"}, "", "one Authorization", "two headers"},
		{[]string{"Bearer " + strings.Repeat("a", maxHeader)}, "", "at most", "too long"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		for _, h := range tc.header {
			r.Header.Add("Authorization", h)
		}
		got, err := FromRequest(r)
		if tc.err == "" {
			if got != tc.want || err != nil {
				t.Errorf("FromRequest(%q) = %q, %v, want %q (%s)", tc.header, got, err, tc.want, tc.why)
			}
			continue
		}
		if !errors.Is(err, ErrUnauthenticated) || !strings.Contains(err.Error(), tc.err) || got != "" {
			t.Errorf("FromRequest(%q) = %q, %v, want ErrUnauthenticated with %q (%s)", tc.header, got, err, tc.err, tc.why)
		}
		if errors.Is(err, ErrNoCredential) != (tc.header == nil) {
			t.Errorf("FromRequest(%q): ErrNoCredential is for a missing header only: %v (%s)", tc.header, err, tc.why)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	tokens, rows, _ := newTokens()
	secret, _, err := tokens.Create(context.Background(), "ci", Reader, []string{All}, 0, "ada")
	if err != nil {
		t.Fatal(err)
	}
	good := secret.Reveal()
	for _, tc := range []struct {
		header string
		policy Policy
		kind   Kind
		why    string
	}{
		{"Bearer " + good, Policy{}, Holder, "bearer"},
		{basic("__token__", good), Policy{}, Holder, "basic"},
		{good, Policy{}, Holder, "cargo"},
		{good, Policy{AnonymousRead: true}, Holder, "a good credential counts where none is needed"},
		{"", Policy{AnonymousRead: true}, Anonymous, "open reading"},
		{"", Policy{}, Nobody, "closed reading"},
		{"Bearer " + newSecret(), Policy{AnonymousRead: true}, Nobody, "an unknown token is bad even where none is needed"},
		{basic("x", "password"), Policy{AnonymousRead: true}, Nobody, "somebody else's password"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if tc.header != "" {
			r.Header.Set("Authorization", tc.header)
		}
		p, err := tokens.Authenticate(r, tc.policy)
		if p.Kind != tc.kind || (tc.kind == Nobody) != errors.Is(err, ErrUnauthenticated) {
			t.Errorf("Authenticate: %v, %v, want kind %d (%s)", p, err, tc.kind, tc.why)
		}
	}
	rows.fault = errors.New("disk gone")
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", good)
	if p, err := tokens.Authenticate(r, Policy{AnonymousRead: true}); err == nil || errors.Is(err, ErrUnauthenticated) || p.Kind != Nobody {
		t.Errorf("Authenticate with a broken store: %v, %v, want a fault", p, err)
	}
}

func TestChallenge(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
		why  string
	}{
		{fmt.Errorf("%w: it expired", ErrUnauthenticated), "it expired", "the reason is for its sender"},
		{errors.New("opening /srv/gatehouse.db"), "a valid gatehouse token is needed", "a fault's text is not public"},
		{verdict.ErrForbidden, "a valid gatehouse token is needed", "nor a policy's"},
		{nil, "a valid gatehouse token is needed", "nothing to say"},
	} {
		w := httptest.NewRecorder()
		Challenge(w, tc.err)
		schemes := strings.Join(w.Result().Header.Values("WWW-Authenticate"), "|")
		if w.Code != http.StatusUnauthorized || !strings.HasPrefix(schemes, "Basic ") || !strings.Contains(schemes, "|Bearer ") {
			t.Errorf("Challenge(%v): %d %q, want 401 with Basic, then Bearer (%s)", tc.err, w.Code, schemes, tc.why)
		}
		if body := w.Body.String(); !strings.Contains(body, tc.want) || strings.Contains(body, "/srv") {
			t.Errorf("Challenge(%v): body %q, want %q (%s)", tc.err, body, tc.want, tc.why)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, seed := range []string{"Bearer a", "Basic YTpi", "abc", "", " ", "Basic =", "basic\x00YTpi"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{v}
		secret, err := FromRequest(r)
		if err != nil && (!errors.Is(err, ErrUnauthenticated) || secret != "") {
			t.Errorf("FromRequest(%q) = %q, %v, want ErrUnauthenticated and no secret", v, secret, err)
		}
		if err == nil && len(secret) > len(v) {
			t.Errorf("FromRequest(%q) made up %q", v, secret)
		}
	})
}
