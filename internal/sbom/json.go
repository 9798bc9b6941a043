package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// node is one JSON value with its place.
type node struct {
	at     int
	text   string // of a string
	kind   byte   // { [ s and, for all that is not looked at, 0
	list   []*node
	fields []field
}

type field struct {
	key string
	val *node
}

// get gives an object's part; nil when it has none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].val
		}
	}
	return nil
}

// str gives an object's part that is a string; "" when there is none.
func (n *node) str(key string) string {
	if v := n.get(key); v != nil && v.kind == 's' {
		return v.text
	}
	return ""
}

// all gives the elements of an object's part that is a list.
func (n *node) all(key string) []*node {
	if v := n.get(key); v != nil && v.kind == '[' {
		return v.list
	}
	return nil
}

// jsonReader builds nodes. Of names given twice it refuses the document: which
// of the two counts is a matter of who reads it.
type jsonReader struct {
	*source
	tokens *json.Decoder
	names  map[string]string // so that each key is kept once
	left   int
}

func parseJSON(s *source) (*node, error) {
	r := &jsonReader{source: s, tokens: json.NewDecoder(bytes.NewReader(s.data)), names: map[string]string{}, left: maxNodes}
	r.tokens.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, s.broken(int(r.tokens.InputOffset()), "something stands behind the end of the document")
	}
	if root.kind != '{' {
		return nil, s.broken(0, "this is no JSON object")
	}
	return root, nil
}

// next gives a token and where it starts.
func (r *jsonReader) next() (json.Token, int, error) {
	at := int(r.tokens.InputOffset())
	for at < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,:"), r.data[at]) >= 0 {
		at++
	}
	if r.left--; r.left < 0 {
		return nil, at, r.broken(at, "it holds more than the gate reads")
	}
	t, err := r.tokens.Token()
	if err != nil {
		return nil, at, r.broken(at, "this is not JSON: %s", artifact.Untrusted(err.Error()))
	}
	return t, at, nil
}

func (r *jsonReader) value(depth int) (*node, error) {
	t, at, err := r.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, r.broken(at, "values are nested more than %d deep", maxDepth)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(at, depth)
		}
		return r.array(at, depth)
	case string:
		return &node{at: at, text: t, kind: 's'}, nil
	}
	return &node{at: at}, nil
}

func (r *jsonReader) object(at, depth int) (*node, error) {
	n := &node{at: at, kind: '{'}
	seen := map[string]bool{}
	for r.tokens.More() {
		t, keyAt, err := r.next()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, r.broken(keyAt, "this is no name of an object's part")
		}
		if seen[key] {
			return nil, r.broken(keyAt, "%s is written twice in one object", quote(key))
		}
		seen[key] = true
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.fields = append(n.fields, field{r.name(key), v})
	}
	_, _, err := r.next() // the bracket
	return n, err
}

func (r *jsonReader) name(key string) string {
	if s, ok := r.names[key]; ok {
		return s
	}
	r.names[key] = key
	return key
}

func (r *jsonReader) array(at, depth int) (*node, error) {
	n := &node{at: at, kind: '['}
	for r.tokens.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.list = append(n.list, v)
	}
	_, _, err := r.next()
	return n, err
}
