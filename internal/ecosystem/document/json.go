package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// maxJSONTokens is how many names, values and brackets of a JSON document are
// read; ten MiB of Pipfile.lock hold about half.
const maxJSONTokens = 1_200_000

// JSON reads a JSON document into the values that TOML gives, each with
// its place. A name given twice in one object is refused: which of the two counts
// is a matter of who reads it.
func JSON(file string, data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	d := &Document{File: file, Data: data, lines: []int{0}, source: string(data), names: map[string]string{}}
	for i, c := range data {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if len(d.lines) > MaxLines {
		return nil, manifestfile.TooLarge(file, "it has more lines than the gate reads; split it")
	}
	if !utf8.Valid(data) {
		return nil, manifestfile.Syntax(finding.Location{File: file}, "this is not JSON: it is not UTF-8; write it again with its tool")
	}
	r := &jsonReader{Document: d, tokens: json.NewDecoder(bytes.NewReader(data))}
	r.tokens.UseNumber()
	var err error
	if d.Root, err = r.value(0); err != nil {
		return nil, err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, manifestfile.Syntax(d.Place(int(r.tokens.InputOffset())), "something stands behind the end of the document; write it again with its tool")
	}
	if d.Root.Kind != unstable.Table {
		return nil, manifestfile.Syntax(finding.Location{File: file, Line: 1, Column: 1}, "this is no JSON object; write it again with its tool")
	}
	return d, nil
}

type jsonReader struct {
	*Document
	tokens *json.Decoder
	read   int
}

// next gives a token and where it starts.
func (r *jsonReader) next() (json.Token, int, error) {
	at := int(r.tokens.InputOffset())
	for at < len(r.Data) && bytes.IndexByte([]byte(" \t\r\n,:"), r.Data[at]) >= 0 {
		at++
	}
	if r.read++; r.read > maxJSONTokens {
		return nil, at, manifestfile.TooLarge(r.File, "it holds more than the gate reads; split it")
	}
	t, err := r.tokens.Token()
	if err != nil {
		at = min(at, len(r.Data))
		return nil, at, manifestfile.Syntax(r.Place(at), "this is not JSON: %s; write it again with its tool", artifact.Untrusted(err.Error()))
	}
	return t, at, nil
}

func (r *jsonReader) value(depth int) (*Value, error) {
	t, at, err := r.next()
	if err != nil {
		return nil, err
	}
	return r.valueOf(t, at, depth)
}

func (r *jsonReader) valueOf(t json.Token, at, depth int) (*Value, error) {
	if depth > MaxDepth {
		return nil, manifestfile.Syntax(r.Place(at), "values are nested more than %d deep; flatten them", MaxDepth)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(at, depth)
		}
		return r.array(at, depth)
	case string:
		return r.new(Value{Kind: unstable.String, Text: t, At: at, Raw: int(r.tokens.InputOffset()) - at}), nil
	case json.Number:
		return r.new(Value{Kind: unstable.Integer, Text: t.String(), At: at}), nil
	case bool:
		return r.new(Value{Kind: unstable.Bool, Text: fmt.Sprint(t), At: at}), nil
	}
	return nil, manifestfile.Syntax(r.Place(at), "null is no value of a lock; write it again with its tool")
}

func (r *jsonReader) object(at, depth int) (*Value, error) {
	v := r.new(Value{Kind: unstable.Table, At: at})
	for r.tokens.More() {
		t, keyAt, err := r.next()
		if err != nil {
			return nil, err
		}
		key, ok := t.(string)
		if !ok {
			return nil, manifestfile.Syntax(r.Place(keyAt), "this is no name of an object's part; write it again with its tool")
		}
		if v.Get(key) != nil {
			return nil, manifestfile.Syntax(r.Place(keyAt), "%s is written twice in one object; remove one of the two", manifestfile.Quote(key))
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

func (r *jsonReader) array(at, depth int) (*Value, error) {
	v := r.new(Value{Kind: unstable.Array, At: at})
	for r.tokens.More() {
		element, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.List = append(v.List, element)
	}
	_, _, err := r.next()
	return v, err
}
