package packument

import (
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth is how deep JSON of an upstream or a publisher may nest. Real manifests
// stay below ten.
const maxDepth = 64

// ErrSyntax says that a text is no JSON (RFC 8259), or nests deeper than is read.
var ErrSyntax = errors.New("it is not JSON")

// Cursor reads a JSON text that is in memory, once and from front to back: the
// values that nobody wants are checked and passed over without being decoded.
// Keys count as they stand, in their own case, as clients of npm read them, and
// not as encoding/json matches them.
type Cursor struct {
	b     []byte
	i     int
	depth int
}

// NewCursor begins at the front of b, which is not changed.
func NewCursor(b []byte) *Cursor { return &Cursor{b: b} }

// Object reads an object and calls member for each of its members with the key.
// member has to read the value with one call of a method here; where it does not,
// Object passes over it. Anything else than an object is an error.
func (c *Cursor) Object(member func(key string) error) error {
	if err := c.enter('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		if done, err := c.next('}', first); done || err != nil {
			return err
		}
		quoted, err := c.key()
		if err != nil {
			return err
		}
		key, err := unquote(quoted)
		if err != nil {
			return err
		}
		before := c.i
		if err := member(key); err != nil {
			return err
		}
		if c.i == before {
			if _, err := c.Value(); err != nil {
				return err
			}
		}
	}
}

// Array reads an array and calls element for each of its elements, which it has to
// read as a member is read.
func (c *Cursor) Array(element func() error) error {
	if err := c.enter('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		if done, err := c.next(']', first); done || err != nil {
			return err
		}
		c.space()
		before := c.i
		if err := element(); err != nil {
			return err
		}
		if c.i == before {
			if _, err := c.Value(); err != nil {
				return err
			}
		}
	}
}

// Value checks the next value and gives its text, which is part of the cursor's.
func (c *Cursor) Value() ([]byte, error) {
	c.space()
	from := c.i
	if err := c.skip(); err != nil {
		return nil, err
	}
	return c.b[from:c.i], nil
}

// Text reads a string. ok is false for a value of another type, which is passed
// over.
func (c *Cursor) Text() (s string, ok bool, err error) {
	v, err := c.Value()
	if err != nil || v[0] != '"' {
		return "", false, err
	}
	s, err = unquote(v)
	return s, err == nil, err
}

// Is says what the next value is: its first byte, as '{', '[', '"', 't' or '-'; 0
// at the end.
func (c *Cursor) Is() byte {
	c.space()
	if c.i == len(c.b) {
		return 0
	}
	return c.b[c.i]
}

// End is an error where anything but white space is left.
func (c *Cursor) End() error {
	c.space()
	if c.i != len(c.b) {
		return c.bad("something follows it")
	}
	return nil
}

// enter takes the bracket that opens an object or array.
func (c *Cursor) enter(open byte) error {
	if c.Is() != open {
		return c.bad("want " + string(rune(open)))
	}
	if c.depth++; c.depth > maxDepth {
		return c.bad(fmt.Sprintf("it nests deeper than %d", maxDepth))
	}
	c.i++
	return nil
}

// next goes to the next member or element; done says that there is none.
func (c *Cursor) next(close byte, first bool) (done bool, err error) {
	switch is := c.Is(); {
	case is == close:
		c.i++
		c.depth--
		return true, nil
	case first:
		return false, nil
	case is != ',':
		return false, c.bad("want a comma or " + string(rune(close)))
	}
	c.i++
	if c.Is() == close {
		return false, c.bad("nothing follows the comma")
	}
	return false, nil
}

// key reads a member's key, which it gives in its quotes, and the colon.
func (c *Cursor) key() ([]byte, error) {
	if c.Is() != '"' {
		return nil, c.bad("want a key")
	}
	from := c.i
	if err := c.string(); err != nil {
		return nil, err
	}
	key := c.b[from:c.i]
	if c.Is() != ':' {
		return nil, c.bad("want a colon")
	}
	c.i++
	c.space()
	return key, nil
}

// skip passes over a value and checks it.
func (c *Cursor) skip() error {
	switch is := c.Is(); {
	case is == '{':
		return c.skipObject()
	case is == '[':
		return c.Array(c.skip)
	case is == '"':
		return c.string()
	case is == 't':
		return c.word("true")
	case is == 'f':
		return c.word("false")
	case is == 'n':
		return c.word("null")
	case is == '-' || is >= '0' && is <= '9':
		return c.number()
	}
	return c.bad("want a value")
}

// skipObject is Object without looking at the keys.
func (c *Cursor) skipObject() error {
	if err := c.enter('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		if done, err := c.next('}', first); done || err != nil {
			return err
		}
		if _, err := c.key(); err != nil {
			return err
		}
		if err := c.skip(); err != nil {
			return err
		}
	}
}

func (c *Cursor) space() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return
		}
	}
}

func (c *Cursor) word(w string) error {
	if len(c.b)-c.i < len(w) || string(c.b[c.i:c.i+len(w)]) != w {
		return c.bad("want a value")
	}
	c.i += len(w)
	return nil
}

// string passes over a string, its quotes included.
func (c *Cursor) string() error {
	for c.i++; c.i < len(c.b); c.i++ {
		switch x := c.b[c.i]; {
		case x == '"':
			c.i++
			return nil
		case x == '\\':
			if err := c.escape(); err != nil {
				return err
			}
		case x < 0x20:
			return c.bad("a control character stands in a string")
		}
	}
	return c.bad("a string does not end")
}

// escape passes over an escape but for its last byte.
func (c *Cursor) escape() error {
	if c.i++; c.i == len(c.b) {
		return c.bad("a string does not end")
	}
	switch c.b[c.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		if len(c.b)-c.i <= 4 {
			return c.bad("a string does not end")
		}
		for _, x := range c.b[c.i+1 : c.i+5] {
			if (x < '0' || x > '9') && (x|0x20 < 'a' || x|0x20 > 'f') {
				return c.bad("an escape is none")
			}
		}
		c.i += 4
		return nil
	}
	return c.bad("an escape is none")
}

func (c *Cursor) number() error {
	if c.b[c.i] == '-' {
		c.i++
	}
	switch {
	case c.at('0'):
		c.i++
	case !c.digits():
		return c.bad("a number has no digit")
	}
	if c.at('.') {
		if c.i++; !c.digits() {
			return c.bad("a number has no digit")
		}
	}
	if c.at('e') || c.at('E') {
		c.i++
		if c.at('+') || c.at('-') {
			c.i++
		}
		if !c.digits() {
			return c.bad("a number has no digit")
		}
	}
	return nil
}

func (c *Cursor) at(x byte) bool { return c.i < len(c.b) && c.b[c.i] == x }

func (c *Cursor) digits() bool {
	from := c.i
	for c.i < len(c.b) && c.b[c.i] >= '0' && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > from
}

func (c *Cursor) bad(why string) error {
	return fmt.Errorf("%w: byte %d: %s", ErrSyntax, c.i, why)
}

// unquote decodes a string that was checked.
func unquote(quoted []byte) (string, error) {
	for _, x := range quoted[1 : len(quoted)-1] {
		if x == '\\' || x >= 0x80 {
			var s string
			err := json.Unmarshal(quoted, &s) // bytes that are no UTF-8 become U+FFFD
			return s, err
		}
	}
	return string(quoted[1 : len(quoted)-1]), nil
}
