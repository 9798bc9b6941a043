package access

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxHeader is the longest Authorization value looked at; a token in Basic form
// with a long user name stays far below.
const maxHeader = 4096

// ErrNoCredential is the ErrUnauthenticated of a request that sent none.
var ErrNoCredential = fmt.Errorf("%w: none was sent", ErrUnauthenticated)

// Policy is what the server's configuration says about askers.
type Policy struct {
	// AnonymousRead lets requests without a credential read. The server decides
	// whether it may be on at all (loopback, or said in so many words).
	AnonymousRead bool
}

// Authenticate gives the principal behind a request. Every request that sends a
// credential is judged by it: a bad one is ErrUnauthenticated even where
// anonymous readers are welcome, because its sender believes to be somebody.
func (t *Tokens) Authenticate(r *http.Request, p Policy) (Principal, error) {
	secret, err := FromRequest(r)
	if errors.Is(err, ErrNoCredential) && p.AnonymousRead {
		return Principal{Kind: Anonymous}, nil
	}
	if err != nil {
		return Principal{}, err
	}
	return t.Verify(r.Context(), secret)
}

// FromRequest takes the token out of a request's Authorization header, in any
// form that package clients send: "Bearer TOKEN" (npm, curl), "Basic" with the
// token as password and any user name, "__token__" by custom (pip, uv, twine,
// go, mvn), or the bare token (cargo). It does not verify it. No header is
// ErrNoCredential; one that cannot be read is another ErrUnauthenticated.
func FromRequest(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", ErrNoCredential
	}
	// Two headers would let a proxy in front judge one and us the other.
	if len(values) > 1 || len(values[0]) > maxHeader {
		return "", fmt.Errorf("%w: send one Authorization header of at most %d bytes", ErrUnauthenticated, maxHeader)
	}
	secret, err := parseAuthorization(strings.TrimSpace(values[0]))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	return secret, nil
}

func parseAuthorization(v string) (string, error) {
	scheme, rest, spaced := strings.Cut(v, " ")
	if !spaced {
		if v == "" {
			return "", errors.New("the Authorization header is empty")
		}
		return v, nil
	}
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest, nil
	case strings.EqualFold(scheme, "Basic"):
		return basicPassword(rest)
	}
	return "", errors.New("the Authorization header is neither Basic, Bearer nor a bare token")
}

func basicPassword(encoded string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", errors.New("the Basic credential is not base64")
	}
	_, password, found := strings.Cut(string(b), ":")
	if !found || password == "" {
		return "", errors.New("the Basic credential has no password; the token goes there, with any user name")
	}
	return password, nil
}

// Invite sets the header of a 401 that says how to send a credential.
func Invite(h http.Header) {
	h.Set("WWW-Authenticate", `Basic realm="gatehouse", charset="UTF-8"`)
	h.Add("WWW-Authenticate", `Bearer realm="gatehouse"`)
}

// Challenge answers 401. err, from Authenticate or Authorize, is shown when it
// is an ErrUnauthenticated. Basic is offered first: pip, uv and twine then look
// for a password for the host, which they do not for Bearer.
func Challenge(w http.ResponseWriter, err error) {
	public := ErrUnauthenticated.Error()
	if errors.Is(err, ErrUnauthenticated) {
		public = err.Error()
	}
	h := w.Header()
	Invite(h)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprintf(w, "gatehouse: %s\n", public)
}
