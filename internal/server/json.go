package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// writeJSON answers v. Characters that a terminal or an editor would obey are
// escaped, which JSON allows anywhere in a string: the value stays the same.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	write(w, status, "application/json", append(escapeFormat(b), '\n'))
	return nil
}

// problem is RFC 9457's shape.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	b, err := json.Marshal(problem{"about:blank", http.StatusText(status), status, detail})
	if err != nil {
		panic(err) // plain strings only
	}
	write(w, status, "application/problem+json", append(escapeFormat(b), '\n'))
}

func write(w http.ResponseWriter, status int, contentType string, b []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	w.Write(b) // a client that went away is no error of ours
}

// escapeFormat writes invisible and direction-changing characters of JSON text
// as escapes. They can only stand inside strings.
func escapeFormat(b []byte) []byte {
	if !bytes.ContainsFunc(b, obeyed) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case !obeyed(r):
			out = append(out, b[:n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}

// obeyed says whether a character acts instead of being shown.
func obeyed(r rune) bool {
	return r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Variation_Selector)
}

// readJSON reads the request's body, at most most bytes, into v. What v does not
// know is an error: a misspelt field must not silently do nothing.
func (c *call) readJSON(v any, most int64) error {
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &badInput{http.StatusUnsupportedMediaType, "send the body as Content-Type: application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, most))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("something follows the JSON value")
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &badInput{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit)}
	}
	return bad("reading the body: %s", shown(err.Error()))
}
