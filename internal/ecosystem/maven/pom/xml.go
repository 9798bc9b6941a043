package pom

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Limits on a document. One beyond them is refused whole.
const (
	MaxBytes    = 8 << 20 // the largest bills of materials are near 2 MiB
	maxElements = 400_000
	maxDepth    = 100 // Maven's own model needs 12; plugins' configuration may nest
)

// ErrSyntax says that a document cannot be read; the text says why and where.
var ErrSyntax = errors.New("not a document that the gate reads")

// SyntaxError is what is wrong with a document. It is an ErrSyntax.
type SyntaxError struct {
	Line int // from 1; 0 where it is about the document as a whole
	Text string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// Unwrap implements errors.Is for ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

func syntaxAt(line int, format string, args ...any) error {
	return &SyntaxError{line, fmt.Sprintf(format, args...)}
}

// Element is one element of a document, without its attributes' namespaces.
type Element struct {
	Name       string // without prefix
	Text       string // what stands in it, without what stands in elements below; trimmed
	Line       int    // where it begins, from 1
	TextLine   int    // where its text begins
	Attributes map[string]string
	Children   []*Element
	// Begin and End are where its text stands among the document's bytes, blanks around
	// it included; both 0 where it has none, or where the document is not UTF-8.
	Begin, End int
}

// ReadXML reads a document within the limits above. Declarations of a document type,
// and with them entities of its own, are refused; so are encodings other than UTF-8
// and ISO-8859-1.
func ReadXML(b []byte) (*Element, error) {
	if len(b) > MaxBytes {
		return nil, syntaxAt(0, "it has more than %d MiB, and the gate reads no more", MaxBytes>>20)
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	// Maven's own reader knows these without a declaration, and old poms use them.
	d.Entity = xml.HTMLEntity
	d.CharsetReader = charset
	r := &xmlReader{d: d, mark: len(b) - len(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), plain: utf8.Valid(b)}
	for {
		r.before = int(d.InputOffset())
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, r.broken(err)
		}
		if err := r.token(t); err != nil {
			return nil, err
		}
	}
	if r.root == nil {
		return nil, syntaxAt(0, "there is no element in it")
	}
	return r.root, nil
}

type xmlReader struct {
	d     *xml.Decoder
	root  *Element
	open  []*Element
	text  []*strings.Builder
	count int

	mark   int  // bytes of a byte order mark, which the decoder does not see
	before int  // where the token begins
	plain  bool // the document is UTF-8, so that the decoder counts its bytes
}

func (r *xmlReader) line() int {
	line, _ := r.d.InputPos()
	return line
}

func (r *xmlReader) broken(err error) error {
	if _, ok := errors.AsType[*SyntaxError](err); ok {
		return err
	}
	if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return syntaxAt(s.Line, "%s", artifact.Untrusted(s.Msg))
	}
	return syntaxAt(r.line(), "%s", artifact.Untrusted(err.Error()))
}

func (r *xmlReader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return syntaxAt(r.line(), "it declares a document type, which the gate does not follow; take the declaration out")
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		last := len(r.open) - 1
		r.open[last].Text = strings.TrimSpace(r.text[last].String())
		r.open, r.text = r.open[:last], r.text[:last]
	case xml.CharData:
		if len(r.open) == 0 {
			if len(bytes.TrimSpace(t)) > 0 {
				return syntaxAt(r.line(), "text stands outside of the document's element")
			}
			return nil
		}
		r.characters(t)
	}
	return nil
}

func (r *xmlReader) characters(t []byte) {
	e := r.open[len(r.open)-1]
	if e.TextLine == 0 && len(bytes.TrimSpace(t)) > 0 {
		// The reader is behind the text now: its first character lies as many lines
		// before as it has line breaks after that.
		from := len(t) - len(bytes.TrimLeft(t, " \t\r\n"))
		e.TextLine = r.line() - bytes.Count(t[from:], []byte("\n"))
	}
	if e.Begin == 0 {
		e.Begin = r.mark + r.before
	}
	e.End = r.mark + int(r.d.InputOffset())
	if !r.plain {
		e.Begin, e.End = 0, 0
	}
	r.text[len(r.text)-1].Write(t)
}

func (r *xmlReader) start(t xml.StartElement) error {
	if r.count++; r.count > maxElements {
		return syntaxAt(0, "it has more than %d elements, and the gate reads no more", maxElements)
	}
	if len(r.open) >= maxDepth {
		return syntaxAt(r.line(), "elements nest more than %d deep", maxDepth)
	}
	e := &Element{Name: t.Name.Local, Line: r.line()}
	for _, a := range t.Attr {
		if e.Attributes == nil {
			e.Attributes = map[string]string{}
		}
		e.Attributes[a.Name.Local] = a.Value
	}
	switch {
	case len(r.open) > 0:
		parent := r.open[len(r.open)-1]
		parent.Children = append(parent.Children, e)
	case r.root != nil:
		return syntaxAt(e.Line, "a second document follows the first")
	default:
		r.root = e
	}
	r.open, r.text = append(r.open, e), append(r.text, &strings.Builder{})
	return nil
}

// charset decodes ISO-8859-1; UTF-8 needs no decoding.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1", "iso8859-1", "iso8859_1":
		return &latin1{in: in}, nil
	}
	return nil, syntaxAt(1, "its encoding is %.40q, and the gate reads UTF-8 and ISO-8859-1; save it as UTF-8", artifact.Untrusted(label).String())
}

// latin1 turns ISO-8859-1 into UTF-8.
type latin1 struct {
	in   io.Reader
	rest []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		var raw [4096]byte
		n, err := l.in.Read(raw[:])
		for _, c := range raw[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(c))
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// Child is the one element of a name below e; nil for none. Two of one name are an
// error: readers differ in which of them counts.
func (e *Element) Child(name string) (*Element, error) {
	var out *Element
	if e == nil {
		return nil, nil
	}
	for _, c := range e.Children {
		if c.Name != name {
			continue
		}
		if out != nil {
			return nil, syntaxAt(c.Line, "<%s> stands twice in <%s>", artifact.Untrusted(name), artifact.Untrusted(e.Name))
		}
		out = c
	}
	return out, nil
}

// All lists the elements of a name below e, in order.
func (e *Element) All(name string) []*Element {
	var out []*Element
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}
