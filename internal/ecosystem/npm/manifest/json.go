package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits of a document.
const (
	maxDepth  = 200       // values within values; locks of nested node_modules have some 30
	maxValues = 3_000_000 // values of one document
)

var utf8Mark = []byte("\xef\xbb\xbf")

// kind is what a value is.
type kind byte

const (
	isNull kind = iota
	isText
	isNumber
	isBool
	isList
	isTable
)

// value is one value of a JSON or YAML document with its place.
type value struct {
	kind      kind
	line, col int32
	at, end   int // offsets in the document, JSON only
	text      string
	list      []*value
	fields    []field
	index     map[string]int // of fields, where there are many
}

// field is one member of an object.
type field struct {
	key       string
	line, col int32
	at        int
	val       *value
}

// get gives a member, nil where there is none, also of no value.
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

// table gives a member's members, none where it is no object.
func (v *value) table(key string) []field {
	if t := v.get(key); t != nil && t.kind == isTable {
		return t.fields
	}
	return nil
}

// str gives a member that is a text, "" where it is none.
func (v *value) str(key string) string {
	if t := v.get(key); t != nil && t.kind == isText {
		return t.text
	}
	return ""
}

// flag says whether a member is true.
func (v *value) flag(key string) bool {
	t := v.get(key)
	return t != nil && t.kind == isBool && t.text == "true"
}

// many is how many members an object has before they are found through a map.
const many = 12

// set adds a member; false where there is one of that name.
func (v *value) set(f field) bool {
	if v.get(f.key) != nil {
		return false
	}
	v.fields = append(v.fields, f)
	switch n := len(v.fields); {
	case v.index != nil:
		v.index[f.key] = n - 1
	case n > many:
		v.index = make(map[string]int, 4*many)
		for i := range v.fields {
			v.index[v.fields[i].key] = i
		}
	}
	return true
}

// document is a file read as JSON or YAML.
type document struct {
	file string
	root *value
}

func (d *document) place(v *value) finding.Location {
	if v == nil {
		return finding.Location{File: d.file, Line: 1, Column: 1}
	}
	return finding.Location{File: d.file, Line: int(v.line), Column: int(v.col)}
}

func (d *document) placeOf(f field) finding.Location {
	return finding.Location{File: d.file, Line: int(f.line), Column: int(f.col)}
}

// parseJSON reads a JSON document (RFC 8259). With comments, both kinds of them and
// commas before a closing bracket are passed over, as bun writes its lock. A name
// given twice in one object is refused: which of the two counts is a matter of who
// reads it. again is what to do about a file that is none, for messages.
func parseJSON(file string, data []byte, comments bool, again string) (*document, error) {
	body := bytes.TrimPrefix(data, utf8Mark)
	j := &jsonReader{file: file, s: string(body), base: len(data) - len(body), comments: comments, again: again, line: 1}
	if !utf8.Valid(body) {
		return nil, manifestfile.Syntax(finding.Location{File: file}, "this is not JSON: it is not UTF-8; %s", again)
	}
	root, err := j.value(0)
	if err != nil {
		return nil, err
	}
	if j.space(); j.i < len(j.s) {
		return nil, j.bad("something stands behind the end of the document")
	}
	if root.kind != isTable {
		return nil, manifestfile.Syntax(finding.Location{File: file, Line: 1, Column: 1}, "this is no JSON object; %s", again)
	}
	return &document{file: file, root: root}, nil
}

type jsonReader struct {
	file     string
	s        string
	i        int
	base     int // what was taken off before s
	comments bool
	again    string
	pool     []value
	read     int

	// The place of seen, kept up so that nothing is counted twice.
	seen, line, col int
}

// new makes a value that begins here.
func (j *jsonReader) new(k kind) (*value, error) {
	if j.read++; j.read > maxValues {
		return nil, manifestfile.TooLarge(j.file, "it holds more than the gate reads; split it")
	}
	if len(j.pool) == 0 {
		j.pool = make([]value, 256)
	}
	v := &j.pool[0]
	j.pool = j.pool[1:]
	j.locate()
	v.kind, v.line, v.col, v.at = k, int32(j.line), int32(j.col+1), j.base+j.i
	return v, nil
}

// locate brings line and column up to here. Columns count characters.
func (j *jsonReader) locate() {
	part := j.s[j.seen:j.i]
	if n := strings.Count(part, "\n"); n > 0 {
		j.line += n
		j.col, part = 0, part[strings.LastIndexByte(part, '\n')+1:]
	}
	j.col += utf8.RuneCountInString(part)
	j.seen = j.i
}

func (j *jsonReader) bad(why string) error {
	j.i = min(j.i, len(j.s))
	j.locate()
	return manifestfile.Syntax(finding.Location{File: j.file, Line: j.line, Column: j.col + 1}, "this is not JSON: %s; %s", why, j.again)
}

// space passes over white space, and comments where they are allowed.
func (j *jsonReader) space() {
	for j.i < len(j.s) {
		switch c := j.s[j.i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			j.i++
		case j.comments && strings.HasPrefix(j.s[j.i:], "//"):
			n := strings.IndexByte(j.s[j.i:], '\n')
			if n < 0 {
				n = len(j.s) - j.i
			}
			j.i += n
		case j.comments && strings.HasPrefix(j.s[j.i:], "/*"):
			n := strings.Index(j.s[j.i+2:], "*/")
			if n < 0 {
				return
			}
			j.i += n + 4
		default:
			return
		}
	}
}

func (j *jsonReader) value(depth int) (*value, error) {
	if j.space(); j.i >= len(j.s) {
		return nil, j.bad("it ends too early")
	}
	if depth > maxDepth {
		return nil, j.bad("values are nested too deep")
	}
	switch c := j.s[j.i]; {
	case c == '{':
		return j.object(depth)
	case c == '[':
		return j.array(depth)
	case c == '"':
		v, err := j.new(isText)
		if err != nil {
			return nil, err
		}
		v.text, err = j.text()
		v.end = j.base + j.i
		return v, err
	}
	return j.word()
}

// word reads a number, true, false or null.
func (j *jsonReader) word() (*value, error) {
	n := 0
	for j.i+n < len(j.s) && (isWord(j.s[j.i+n]) || strings.IndexByte("+-.", j.s[j.i+n]) >= 0) {
		n++
	}
	text := j.s[j.i : j.i+n]
	k := isNumber
	switch {
	case text == "true" || text == "false":
		k = isBool
	case text == "null":
		k = isNull
	case n == 0 || n > 64 || !json.Valid([]byte(text)):
		return nil, j.bad("a value is none")
	}
	v, err := j.new(k)
	if err != nil {
		return nil, err
	}
	v.text = text
	j.i += n
	v.end = j.base + j.i
	return v, nil
}

// text reads a string.
func (j *jsonReader) text() (string, error) {
	start, escaped := j.i, false
	for j.i++; j.i < len(j.s); j.i++ {
		switch c := j.s[j.i]; {
		case c == '"':
			j.i++
			if !escaped {
				return j.s[start+1 : j.i-1], nil
			}
			var out string
			if err := json.Unmarshal([]byte(j.s[start:j.i]), &out); err != nil {
				j.i = start
				return "", j.bad("a text has an escape that is none")
			}
			return out, nil
		case c == '\\':
			escaped = true
			j.i++
		case c < ' ':
			return "", j.bad("a text goes over the end of its line")
		}
	}
	return "", j.bad("it ends within a text")
}

// next passes over the comma before another element; done at the closing bracket.
func (j *jsonReader) next(closing byte, first bool) (done bool, err error) {
	j.space()
	if j.i >= len(j.s) {
		return false, j.bad("it ends too early")
	}
	if j.s[j.i] == closing {
		j.i++
		return true, nil
	}
	if first {
		return false, nil
	}
	if j.s[j.i] != ',' {
		return false, j.bad("a comma is missing")
	}
	j.i++
	j.space()
	if j.i < len(j.s) && j.s[j.i] == closing {
		if !j.comments {
			return false, j.bad("a comma stands before the closing bracket")
		}
		j.i++
		return true, nil
	}
	return false, nil
}

func (j *jsonReader) object(depth int) (*value, error) {
	v, err := j.new(isTable)
	if err != nil {
		return nil, err
	}
	j.i++
	for first := true; ; first = false {
		done, err := j.next('}', first)
		if err != nil {
			return nil, err
		}
		if done {
			v.end = j.base + j.i
			return v, nil
		}
		if j.i >= len(j.s) || j.s[j.i] != '"' {
			return nil, j.bad("a name is missing")
		}
		j.locate()
		f := field{line: int32(j.line), col: int32(j.col + 1), at: j.base + j.i}
		if f.key, err = j.text(); err != nil {
			return nil, err
		}
		if j.space(); j.i >= len(j.s) || j.s[j.i] != ':' {
			return nil, j.bad("a colon is missing")
		}
		j.i++
		if f.val, err = j.value(depth + 1); err != nil {
			return nil, err
		}
		if !v.set(f) {
			at := finding.Location{File: j.file, Line: int(f.line), Column: int(f.col)}
			return nil, manifestfile.Syntax(at, "%s is written twice in one object; remove one of the two", manifestfile.Quote(f.key))
		}
	}
}

func (j *jsonReader) array(depth int) (*value, error) {
	v, err := j.new(isList)
	if err != nil {
		return nil, err
	}
	j.i++
	for first := true; ; first = false {
		done, err := j.next(']', first)
		if err != nil {
			return nil, err
		}
		if done {
			v.end = j.base + j.i
			return v, nil
		}
		element, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.list = append(v.list, element)
	}
}
