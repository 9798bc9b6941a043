// Package document is a document of tables, arrays and scalars, in TOML or JSON, with
// the place of every value: what the readers of manifests report stands at a line and
// a column.
//
// It refuses what two readers could take for two things: a key given twice, and bytes
// behind the end. Sizes, counts and depths are capped; nothing is resolved, included or
// run. A document is used by one goroutine.
//
// Formats: https://toml.io/en/v1.0.0 and RFC 8259.
package document

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits on a document, beside its size.
const (
	MaxDepth = 64        // values inside values, and parts of one key
	MaxMarks = 1_200_000 // of [ { , = . and so, with margin, values; ten MiB of uv.lock hold about half
	MaxLines = 1_000_000
)

// Kind is what a value is. A table written in any way is a Table, an array in any way
// an Array; the other kinds of TOML are scalars, too.
type Kind = unstable.Kind

// The kinds that readers ask for.
const (
	Table   = unstable.Table
	Array   = unstable.Array
	String  = unstable.String
	Integer = unstable.Integer
	Bool    = unstable.Bool
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// Document is a TOML or JSON document with the place of every value. Its accessors
// remember the first value of a wrong type in Err: readers stay straight lines and
// check once.
type Document struct {
	File   string // its path, for messages
	Data   []byte // without a byte order mark
	source string // data again
	lines  []int  // offset of each line's start
	Root   *Value
	Err    error // *manifestfile.Unusable

	names  map[string]string // keys met so far, so that each is kept once
	slab   []Value           // values not used yet: one allocation serves many
	last   finding.Location  // the last place given, at offset lastAt
	lastAt int
}

// Value is a table, an array or a scalar.
type Value struct {
	Kind   Kind
	Text   string // of a string: decoded; of another scalar: as written
	At     int    // offset in the document
	Raw    int    // of a scalar: bytes as written, quotes included
	List   []*Value
	Fields []Field
	index  map[string]int // of fields, when there are many
}

// Field is one key of a table.
type Field struct {
	Key   string
	At    int // of the key, or of the header that names the table
	Value *Value
}

// manyFields is where looking a key up one by one stops being the faster way.
const manyFields = 12

// Get gives the value of a key; nil where there is none, also of no table.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	if v.index != nil {
		if i, ok := v.index[key]; ok {
			return v.Fields[i].Value
		}
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			return v.Fields[i].Value
		}
	}
	return nil
}

func (v *Value) set(key string, at int, val *Value) {
	v.Fields = append(v.Fields, Field{key, at, val})
	switch n := len(v.Fields); {
	case v.index != nil:
		v.index[key] = n - 1
	case n > manyFields:
		v.index = make(map[string]int, 2*n)
		for i := range v.Fields {
			v.index[v.Fields[i].Key] = i
		}
	}
}

func (d *Document) new(v Value) *Value {
	if len(d.slab) == 0 {
		d.slab = make([]Value, 256)
	}
	d.slab[0] = v
	p := &d.slab[0]
	d.slab = d.slab[1:]
	return p
}

// name gives a key, the same string for the same key.
func (d *Document) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	d.names[s] = s
	return s
}

// Place gives the location of an offset; columns count characters. It goes on
// from the last place where it can: a document may be one line.
func (d *Document) Place(at int) finding.Location {
	line := sort.SearchInts(d.lines, at+1)
	column, from := 1, d.lines[line-1]
	if d.last.Line == line && d.lastAt <= at {
		column, from = d.last.Column, d.lastAt
	}
	d.last = finding.Location{File: d.File, Line: line, Column: column + utf8.RuneCountInString(d.source[from:at])}
	d.lastAt = at
	return d.last
}

// The accessors: absent is the zero value, another type an error.

// WrongType remembers that a value is not what it must be.
func (d *Document) WrongType(v *Value, key, want string) {
	if d.Err == nil {
		d.Err = manifestfile.Syntax(d.Place(v.At), "%s must be %s; correct it or write the file again with its tool", manifestfile.Quote(key), want)
	}
}

// Text gives a string.
func (d *Document) Text(t *Value, key string) string {
	v := t.Get(key)
	if v == nil {
		return ""
	}
	if v.Kind != unstable.String {
		d.WrongType(v, key, "a string")
		return ""
	}
	return v.Text
}

// Flag gives true or false.
func (d *Document) Flag(t *Value, key string) bool {
	v := t.Get(key)
	if v != nil && v.Kind != unstable.Bool {
		d.WrongType(v, key, "true or false")
		return false
	}
	return v != nil && v.Text == "true"
}

// Number gives a whole number that is not negative.
func (d *Document) Number(t *Value, key string) int64 {
	v := t.Get(key)
	if v == nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(v.Text, "_", ""), 10, 64)
	if v.Kind != unstable.Integer || err != nil || n < 0 {
		d.WrongType(v, key, "a whole number")
		return 0
	}
	return n
}

// Table gives a table, nil where there is none.
func (d *Document) Table(t *Value, key string) *Value {
	v := t.Get(key)
	if v != nil && v.Kind != unstable.Table {
		d.WrongType(v, key, "a table")
		return nil
	}
	return v
}

// ListOf gives an array whose values are all of one kind.
func (d *Document) ListOf(t *Value, key string, kind unstable.Kind, want string) []*Value {
	v := t.Get(key)
	if v == nil {
		return nil
	}
	if v.Kind != unstable.Array {
		d.WrongType(v, key, want)
		return nil
	}
	for _, e := range v.List {
		if e.Kind != kind {
			d.WrongType(e, key, want)
			return nil
		}
	}
	return v.List
}

// Tables gives an array of tables.
func (d *Document) Tables(t *Value, key string) []*Value {
	return d.ListOf(t, key, unstable.Table, "an array of tables")
}

// Strings gives an array of strings.
func (d *Document) Strings(t *Value, key string) []*Value {
	return d.ListOf(t, key, unstable.String, "an array of strings")
}

// Texts is strings without their places.
func (d *Document) Texts(t *Value, key string) []string {
	var out []string
	for _, v := range d.Strings(t, key) {
		out = append(out, v.Text)
	}
	return out
}

// Version checks the number a lock says it is written in: its first part must
// be one the gate knows.
func (d *Document) Version(t *Value, key string, majors ...string) error {
	v := t.Get(key)
	if v == nil {
		return manifestfile.Syntax(finding.Location{File: d.File}, "%s is missing, so this is no %s that the gate can read; write it again with its tool", manifestfile.Quote(key), d.File)
	}
	major, _, _ := strings.Cut(v.Text, ".")
	for _, m := range majors {
		if m == major {
			return nil
		}
	}
	return manifestfile.Syntax(d.Place(v.At), "%s is %s and the gate reads %s; write the file again with a tool that writes that", manifestfile.Quote(key), manifestfile.Quote(v.Text), fmt.Sprint(strings.Join(majors, ".x and ")+".x"))
}
