package packument

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Writer writes JSON objects, one inside another, without checking what it is given:
// a packument has ten thousand of them. The zero value is ready.
type Writer struct {
	b     []byte
	later bool // the next member is not the first of its object
}

// Grow makes room for n bytes.
func (w *Writer) Grow(n int) { w.b = slices.Grow(w.b, n) }

// Bytes is what was written, which the writer goes on with.
func (w *Writer) Bytes() []byte { return w.b }

// Open begins an object, the value of the key before it.
func (w *Writer) Open() {
	w.b = append(w.b, '{')
	w.later = false
}

// Close ends it.
func (w *Writer) Close() {
	w.b = append(w.b, '}')
	w.later = true
}

// Key begins a member.
func (w *Writer) Key(key string) {
	if w.later {
		w.b = append(w.b, ',')
	}
	w.later = true
	w.b = quote(w.b, key)
	w.b = append(w.b, ':')
}

// Raw writes a member whose value is JSON already.
func (w *Writer) Raw(key string, value []byte) {
	w.Key(key)
	w.b = append(w.b, value...)
}

// Text writes a member that is a text.
func (w *Writer) Text(key, value string) {
	w.Key(key)
	w.b = quote(w.b, value)
}

// quote appends a text as JSON.
func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return quoteOdd(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func quoteOdd(b []byte, s string) []byte {
	var w bytes.Buffer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always can be
	return append(b, bytes.TrimSuffix(w.Bytes(), []byte("\n"))...)
}
