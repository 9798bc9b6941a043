package manifest

import (
	"bytes"
	"errors"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits on a TOML document, beside its size.
const (
	maxTOMLDepth = 64        // values inside values, and parts of one key
	maxTOMLMarks = 1_200_000 // of [ { , = . and so, with margin, values
	maxTOMLLines = 1_000_000
)

// document is a TOML document with the place of every value. Its accessors
// remember the first value of a wrong type, which err then gives: readers stay
// straight lines and check once.
type document struct {
	file   string
	data   []byte
	source string // data again
	lines  []int  // offset of each line's start
	root   *value
	err    error

	names  map[string]string // keys met so far, so that each is kept once
	slab   []value           // values not used yet: one allocation serves many
	last   finding.Location  // the last place given, at offset lastAt
	lastAt int
}

// value is a table, an array or a scalar.
type value struct {
	kind   unstable.Kind // Table for every kind of table, Array for every kind of array
	text   string        // of a string: decoded; of another scalar: as written
	at     int           // offset in the document
	raw    int           // of a scalar: bytes as written, quotes included
	list   []*value
	fields []field
	index  map[string]int // of fields, when there are many
}

type field struct {
	key string
	at  int // of the key, or of the header that names the table
	val *value
}

// manyFields is where looking a key up one by one stops being the faster way.
const manyFields = 12

func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	if v.index != nil {
		if i, ok := v.index[key]; ok {
			return v.fields[i].val
		}
		return nil
	}
	for i := range v.fields {
		if v.fields[i].key == key {
			return v.fields[i].val
		}
	}
	return nil
}

func (v *value) set(key string, at int, val *value) {
	v.fields = append(v.fields, field{key, at, val})
	switch n := len(v.fields); {
	case v.index != nil:
		v.index[key] = n - 1
	case n > manyFields:
		v.index = make(map[string]int, 2*n)
		for i := range v.fields {
			v.index[v.fields[i].key] = i
		}
	}
}

// parseTOML reads a document. What is wrong with it is *unusable, at its line.
// A byte order mark is taken for what it is.
func parseTOML(file string, data []byte) (*document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d := &document{file: file, data: data, lines: []int{0}, source: string(data), root: &value{kind: unstable.Table}, names: map[string]string{}}
	marks := 0
	for i, c := range data {
		switch c {
		case '\n':
			d.lines = append(d.lines, i+1)
		case '[', '{', ',', '=', '.':
			marks++
		}
	}
	if marks > maxTOMLMarks || len(d.lines) > maxTOMLLines {
		return nil, tooLarge(file, "it holds more than the gate reads; split it")
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

func (d *document) tomlError(err error) error {
	at := finding.Location{File: d.file}
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		at.Line, at.Column = bad.Position()
	}
	return syntax(at, "this is not TOML: %s; correct it", artifact.Untrusted(strings.TrimPrefix(err.Error(), "toml: ")))
}

func (d *document) build() error {
	var p unstable.Parser
	p.Reset(d.data)
	here := d.root
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
func (d *document) header(n *unstable.Node) (*value, error) {
	keys, at, err := d.keys(n)
	if err != nil {
		return nil, err
	}
	at = d.bracketBefore(at, '[')
	parent, err := d.descend(d.root, keys[:len(keys)-1], at)
	if err != nil {
		return nil, err
	}
	last := keys[len(keys)-1]
	if n.Kind == unstable.Table {
		return d.descend(parent, []string{last}, at)
	}
	array := parent.get(last)
	if array == nil {
		array = d.new(value{kind: unstable.Array, at: at})
		parent.set(last, at, array)
	}
	if array.kind != unstable.Array {
		return nil, syntax(d.place(at), "%s is no array of tables here; correct it", quote(last))
	}
	t := d.new(value{kind: unstable.Table, at: at})
	array.list = append(array.list, t)
	return t, nil
}

// descend walks down tables, making those that are missing; an array of tables
// stands for its last one.
func (d *document) descend(t *value, keys []string, at int) (*value, error) {
	for _, k := range keys {
		next := t.get(k)
		if next == nil {
			next = d.new(value{kind: unstable.Table, at: at})
			t.set(k, at, next)
		}
		if next.kind == unstable.Array && len(next.list) > 0 {
			next = next.list[len(next.list)-1]
		}
		if next.kind != unstable.Table {
			return nil, syntax(d.place(at), "%s is no table; correct it", quote(k))
		}
		t = next
	}
	return t, nil
}

// keys gives the parts of a key and where it starts.
func (d *document) keys(n *unstable.Node) (parts []string, at int, err error) {
	for it := n.Key(); it.Next(); {
		if k := it.Node(); len(parts) == 0 {
			at = int(k.Raw.Offset)
		}
		if len(parts) == maxTOMLDepth {
			return nil, 0, syntax(d.place(at), "this key has more than %d parts; shorten it", maxTOMLDepth)
		}
		parts = append(parts, d.name(it.Node().Data))
	}
	return parts, at, nil
}

func (d *document) keyValue(t *value, n *unstable.Node, depth int) error {
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
func (d *document) value(n *unstable.Node, at, depth int) (*value, error) {
	if depth > maxTOMLDepth {
		return nil, syntax(d.place(at), "values are nested more than %d deep; flatten them", maxTOMLDepth)
	}
	switch n.Kind {
	case unstable.Array:
		v := d.new(value{kind: unstable.Array, at: at})
		for it := n.Children(); it.Next(); {
			element, err := d.value(it.Node(), at, depth+1)
			if err != nil {
				return nil, err
			}
			v.list = append(v.list, element)
		}
		return v, nil
	case unstable.InlineTable:
		v := d.new(value{kind: unstable.Table, at: at})
		for it := n.Children(); it.Next(); {
			if err := d.keyValue(v, it.Node(), depth+1); err != nil {
				return nil, err
			}
		}
		if len(v.fields) > 0 {
			v.at = d.bracketBefore(v.fields[0].at, '{')
		}
		return v, nil
	}
	return d.new(value{kind: n.Kind, text: d.scalar(n), at: int(n.Raw.Offset), raw: int(n.Raw.Length)}), nil
}

func (d *document) new(v value) *value {
	if len(d.slab) == 0 {
		d.slab = make([]value, 256)
	}
	d.slab[0] = v
	p := &d.slab[0]
	d.slab = d.slab[1:]
	return p
}

// name gives a key, the same string for the same key.
func (d *document) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	d.names[s] = s
	return s
}

// scalar gives a node's text. A string in one pair of quotes without escapes
// stands in the document as it is and is not copied.
func (d *document) scalar(n *unstable.Node) string {
	if n.Kind == unstable.String && len(n.Data)+2 == int(n.Raw.Length) {
		at := int(n.Raw.Offset) + 1
		return d.source[at : at+len(n.Data)]
	}
	return string(n.Data)
}

// bracketBefore is where the bracket that opens before at stands: the first of
// a run, for [[.
func (d *document) bracketBefore(at int, bracket byte) int {
	i := bytes.LastIndexByte(d.data[:at], bracket)
	if i < 0 {
		return at
	}
	if i > 0 && bracket == '[' && d.data[i-1] == '[' {
		i--
	}
	return i
}

// place gives the location of an offset; columns count characters. It goes on
// from the last place where it can: a document may be one line.
func (d *document) place(at int) finding.Location {
	line := sort.SearchInts(d.lines, at+1)
	column, from := 1, d.lines[line-1]
	if d.last.Line == line && d.lastAt <= at {
		column, from = d.last.Column, d.lastAt
	}
	d.last = finding.Location{File: d.file, Line: line, Column: column + utf8.RuneCountInString(d.source[from:at])}
	d.lastAt = at
	return d.last
}

// The accessors: absent is the zero value, another type an error.

func (d *document) wrongType(v *value, key, want string) {
	if d.err == nil {
		d.err = syntax(d.place(v.at), "%s must be %s; correct it or write the file again with its tool", quote(key), want)
	}
}

func (d *document) text(t *value, key string) string {
	v := t.get(key)
	if v == nil {
		return ""
	}
	if v.kind != unstable.String {
		d.wrongType(v, key, "a string")
		return ""
	}
	return v.text
}

func (d *document) flag(t *value, key string) bool {
	v := t.get(key)
	if v != nil && v.kind != unstable.Bool {
		d.wrongType(v, key, "true or false")
		return false
	}
	return v != nil && v.text == "true"
}

func (d *document) table(t *value, key string) *value {
	v := t.get(key)
	if v != nil && v.kind != unstable.Table {
		d.wrongType(v, key, "a table")
		return nil
	}
	return v
}

func (d *document) listOf(t *value, key string, kind unstable.Kind, want string) []*value {
	v := t.get(key)
	if v == nil {
		return nil
	}
	if v.kind != unstable.Array {
		d.wrongType(v, key, want)
		return nil
	}
	for _, e := range v.list {
		if e.kind != kind {
			d.wrongType(e, key, want)
			return nil
		}
	}
	return v.list
}

func (d *document) tables(t *value, key string) []*value {
	return d.listOf(t, key, unstable.Table, "an array of tables")
}

func (d *document) strings(t *value, key string) []*value {
	return d.listOf(t, key, unstable.String, "an array of strings")
}

// texts is strings without their places.
func (d *document) texts(t *value, key string) []string {
	var out []string
	for _, v := range d.strings(t, key) {
		out = append(out, v.text)
	}
	return out
}
