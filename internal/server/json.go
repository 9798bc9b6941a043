package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// writeJSON answers v. Characters that a terminal or an editor would obey are
// escaped, which JSON allows anywhere in a string: the value stays the same.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	write(w, status, "application/json", append(artifact.EscapeJSON(b), '\n'))
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
	write(w, status, "application/problem+json", append(artifact.EscapeJSON(b), '\n'))
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
