package document

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// TOML reads a document. What is wrong with it is *manifestfile.Unusable, at its line.
// A byte order mark is taken for what it is.
func TOML(file string, data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	d := &Document{File: file, Data: data, lines: []int{0}, source: string(data), Root: &Value{Kind: unstable.Table}, names: map[string]string{}}
	marks := 0
	for i, c := range data {
		switch c {
		case '\n':
			d.lines = append(d.lines, i+1)
		case '[', '{', ',', '=', '.':
			marks++
		}
	}
	if marks > MaxMarks || len(d.lines) > MaxLines {
		return nil, manifestfile.TooLarge(file, "it holds more than the gate reads; split it")
	}
	// The strict decoder knows the rules about keys given twice; the loose parser
	// behind it gives places.
	if err := toml.Unmarshal(data, &struct{}{}); err != nil {
		return nil, d.tomlError(err)
	}
	if err := d.build(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) tomlError(err error) error {
	at := finding.Location{File: d.File}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		at.Line, at.Column = bad.Position()
	}
	return manifestfile.Syntax(at, "this is not TOML: %s; correct it", artifact.Untrusted(strings.TrimPrefix(err.Error(), "toml: ")))
}

func (d *Document) build() error {
	var p unstable.Parser
	p.Reset(d.Data)
	here := d.Root
	for p.NextExpression() {
		n := p.Expression()
		var err error
		switch n.Kind {
		case unstable.KeyValue:
			err = d.keyValue(here, n, 0)
		case unstable.Table, unstable.ArrayTable:
			here, err = d.header(n)
		}
		if err != nil {
			return err
		}
	}
	if err := p.Error(); err != nil {
		return d.tomlError(err)
	}
	return nil
}

// header opens [a.b] or [[a.b]].
func (d *Document) header(n *unstable.Node) (*Value, error) {
	keys, at, err := d.keys(n)
	if err != nil {
		return nil, err
	}
	at = d.bracketBefore(at, '[')
	parent, err := d.descend(d.Root, keys[:len(keys)-1], at)
	if err != nil {
		return nil, err
	}
	last := keys[len(keys)-1]
	if n.Kind == unstable.Table {
		return d.descend(parent, []string{last}, at)
	}
	array := parent.Get(last)
	if array == nil {
		array = d.new(Value{Kind: unstable.Array, At: at})
		parent.set(last, at, array)
	}
	if array.Kind != unstable.Array {
		return nil, manifestfile.Syntax(d.Place(at), "%s is no array of tables here; correct it", manifestfile.Quote(last))
	}
	t := d.new(Value{Kind: unstable.Table, At: at})
	array.List = append(array.List, t)
	return t, nil
}

// descend walks down tables, making those that are missing; an array of tables
// stands for its last one.
func (d *Document) descend(t *Value, keys []string, at int) (*Value, error) {
	for _, k := range keys {
		next := t.Get(k)
		if next == nil {
			next = d.new(Value{Kind: unstable.Table, At: at})
			t.set(k, at, next)
		}
		if next.Kind == unstable.Array && len(next.List) > 0 {
			next = next.List[len(next.List)-1]
		}
		if next.Kind != unstable.Table {
			return nil, manifestfile.Syntax(d.Place(at), "%s is no table; correct it", manifestfile.Quote(k))
		}
		t = next
	}
	return t, nil
}

// keys gives the parts of a key and where it starts.
func (d *Document) keys(n *unstable.Node) (parts []string, at int, err error) {
	for it := n.Key(); it.Next(); {
		if k := it.Node(); len(parts) == 0 {
			at = int(k.Raw.Offset)
		}
		if len(parts) == MaxDepth {
			return nil, 0, manifestfile.Syntax(d.Place(at), "this key has more than %d parts; shorten it", MaxDepth)
		}
		parts = append(parts, d.name(it.Node().Data))
	}
	return parts, at, nil
}

func (d *Document) keyValue(t *Value, n *unstable.Node, depth int) error {
	keys, at, err := d.keys(n)
	if err != nil {
		return err
	}
	v, err := d.value(n.Value(), at, depth)
	if err != nil {
		return err
	}
	t, err = d.descend(t, keys[:len(keys)-1], at)
	if err != nil {
		return err
	}
	t.set(keys[len(keys)-1], at, v)
	return nil
}

// value converts a node. The parser does not say where arrays and inline tables
// start: at is the nearest place known outside of it.
func (d *Document) value(n *unstable.Node, at, depth int) (*Value, error) {
	if depth > MaxDepth {
		return nil, manifestfile.Syntax(d.Place(at), "values are nested more than %d deep; flatten them", MaxDepth)
	}
	switch n.Kind {
	case unstable.Array:
		v := d.new(Value{Kind: unstable.Array, At: at})
		for it := n.Children(); it.Next(); {
			element, err := d.value(it.Node(), at, depth+1)
			if err != nil {
				return nil, err
			}
			v.List = append(v.List, element)
		}
		return v, nil
	case unstable.InlineTable:
		v := d.new(Value{Kind: unstable.Table, At: at})
		for it := n.Children(); it.Next(); {
			if err := d.keyValue(v, it.Node(), depth+1); err != nil {
				return nil, err
			}
		}
		if len(v.Fields) > 0 {
			v.At = d.bracketBefore(v.Fields[0].At, '{')
		}
		return v, nil
	}
	return d.new(Value{Kind: n.Kind, Text: d.scalar(n), At: int(n.Raw.Offset), Raw: int(n.Raw.Length)}), nil
}

// scalar gives a node's text. A string in one pair of quotes without escapes
// stands in the document as it is and is not copied.
func (d *Document) scalar(n *unstable.Node) string {
	if n.Kind == unstable.String && len(n.Data)+2 == int(n.Raw.Length) {
		at := int(n.Raw.Offset) + 1
		return d.source[at : at+len(n.Data)]
	}
	return string(n.Data)
}

// bracketBefore is where the bracket that opens before at stands: the first of
// a run, for [[.
func (d *Document) bracketBefore(at int, bracket byte) int {
	i := bytes.LastIndexByte(d.Data[:at], bracket)
	if i < 0 {
		return at
	}
	if i > 0 && bracket == '[' && d.Data[i-1] == '[' {
		i--
	}
	return i
}
