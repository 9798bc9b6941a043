package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// maxJSONTokens is how many names, values and brackets of a JSON document are
// read; ten MiB of Pipfile.lock hold about half.
const maxJSONTokens = 1_200_000

// parseJSON reads a JSON document into the values that parseTOML gives, each with
// its place. A name given twice in one object is refused: which of the two counts
// is a matter of who reads it.
func parseJSON(file string, data []byte) (*document, error) {
	data = bytes.TrimPrefix(data, utf8Mark)
	d := &document{file: file, data: data, lines: []int{0}, source: string(data), names: map[string]string{}}
	for i, c := range data {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if len(d.lines) > maxTOMLLines {
		return nil, tooLarge(file, "it has more lines than the gate reads; split it")
	}
	if !utf8.Valid(data) {
		return nil, syntax(finding.Location{File: file}, "this is not JSON: it is not UTF-8; write it again with its tool")
	}
	r := &jsonReader{document: d, tokens: json.NewDecoder(bytes.NewReader(data))}
	r.tokens.UseNumber()
	var err error
	if d.root, err = r.value(0); err != nil {
		return nil, err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, syntax(d.place(int(r.tokens.InputOffset())), "something stands behind the end of the document; write it again with its tool")
	}
	if d.root.kind != unstable.Table {
		return nil, syntax(finding.Location{File: file, Line: 1, Column: 1}, "this is no JSON object; write it again with its tool")
	}
	return d, nil
}

type jsonReader struct {
	*document
	tokens *json.Decoder
	read   int
}

// next gives a token and where it starts.
func (r *jsonReader) next() (json.Token, int, error) {
	at := int(r.tokens.InputOffset())
	for at < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,:"), r.data[at]) >= 0 {
		at++
	}
	if r.read++; r.read > maxJSONTokens {
		return nil, at, tooLarge(r.file, "it holds more than the gate reads; split it")
	}
	t, err := r.tokens.Token()
	if err != nil {
		at = min(at, len(r.data))
		return nil, at, syntax(r.place(at), "this is not JSON: %s; write it again with its tool", artifact.Untrusted(err.Error()))
	}
	return t, at, nil
}

func (r *jsonReader) value(depth int) (*value, error) {
	t, at, err := r.next()
	if err != nil {
		return nil, err
	}
	return r.valueOf(t, at, depth)
}

func (r *jsonReader) valueOf(t json.Token, at, depth int) (*value, error) {
	if depth > maxTOMLDepth {
		return nil, syntax(r.place(at), "values are nested more than %d deep; flatten them", maxTOMLDepth)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(at, depth)
		}
		return r.array(at, depth)
	case string:
		return r.new(value{kind: unstable.String, text: t, at: at, raw: int(r.tokens.InputOffset()) - at}), nil
	case json.Number:
		return r.new(value{kind: unstable.Integer, text: t.String(), at: at}), nil
	case bool:
		return r.new(value{kind: unstable.Bool, text: fmt.Sprint(t), at: at}), nil
	}
	return nil, syntax(r.place(at), "null is no value of a lock; write it again with its tool")
}

func (r *jsonReader) object(at, depth int) (*value, error) {
	v := r.new(value{kind: unstable.Table, at: at})
	for r.tokens.More() {
		t, keyAt, err := r.next()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, syntax(r.place(keyAt), "this is no name of an object's part; write it again with its tool")
		}
		if v.get(key) != nil {
			return nil, syntax(r.place(keyAt), "%s is written twice in one object; remove one of the two", quote(key))
		}
		element, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.set(r.name([]byte(key)), keyAt, element)
	}
	_, _, err := r.next() // the bracket
	return v, err
}

func (r *jsonReader) array(at, depth int) (*value, error) {
	v := r.new(value{kind: unstable.Array, at: at})
	for r.tokens.More() {
		element, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.list = append(v.list, element)
	}
	_, _, err := r.next()
	return v, err
}
