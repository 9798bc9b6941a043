package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Errors of this package; test with errors.Is.
var (
	// ErrBlockedAddress: the URL, or what its name resolved to, is not a place
	// this program may speak to.
	ErrBlockedAddress = errors.New("address is not allowed")
	// ErrTooLarge: the answer is larger than the caller's limit.
	ErrTooLarge = errors.New("answer is larger than allowed")
	// ErrTruncated: the answer ended before its announced end.
	ErrTruncated = errors.New("answer ended too early")
	// ErrTooSlow: the answer came in below the minimum rate.
	ErrTooSlow = errors.New("answer comes too slowly")
	// ErrRedirect: a redirect that is not followed: too many, from https to
	// http, or not a usable URL.
	ErrRedirect = errors.New("redirect is not followed")
	// ErrEncoding: a content encoding that was not asked for or does not decode.
	ErrEncoding = errors.New("content encoding cannot be read")
	// ErrDigestMismatch: the bytes are not those that the index announced, by
	// digest or by size.
	ErrDigestMismatch = errors.New("file is not what the index announced")
)

// ErrStatus is an answer other than success (2xx) or 304. Test with errors.As.
type ErrStatus struct {
	Code   int
	Header http.Header
	URL    string // without query and user
}

func (e *ErrStatus) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.URL, e.Code, http.StatusText(e.Code))
}

// IsStatus says whether err is an answer with one of the codes.
func IsStatus(err error, codes ...int) bool {
	var status *ErrStatus
	if !errors.As(err, &status) {
		return false
	}
	for _, c := range codes {
		if status.Code == c {
			return true
		}
	}
	return false
}

// Show gives a URL for errors and logs: without user, query and fragment, where
// tokens live.
func Show(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).Redacted()
}
