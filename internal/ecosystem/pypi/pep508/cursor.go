package pep508

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A cursor moves over one requirement or marker from left to right.
type cursor struct {
	text string
	at   int
}

func newCursor(s string) (*cursor, error) {
	c := &cursor{text: s}
	if len(s) > MaxText {
		return nil, c.failAt(MaxText, fmt.Sprintf("longer than %d bytes", MaxText))
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return nil, c.failAt(i, "a control character or line break")
		}
	}
	if !utf8.ValidString(s) {
		return nil, c.fail("not UTF-8 text")
	}
	return c, nil
}

func (c *cursor) done() bool { return c.at == len(c.text) }

func (c *cursor) space() {
	for !c.done() && isSpace(c.text[c.at]) {
		c.at++
	}
}

func (c *cursor) accept(token string) bool {
	if !strings.HasPrefix(c.text[c.at:], token) {
		return false
	}
	c.at += len(token)
	return true
}

// word accepts a token of letters that does not go on as a longer one.
func (c *cursor) word(w string) bool {
	rest := c.text[c.at:]
	if !strings.HasPrefix(rest, w) || (len(rest) > len(w) && isWordByte(rest[len(w)])) {
		return false
	}
	c.at += len(w)
	return true
}

// operator accepts a comparison operator and gives it, "" when none follows.
func (c *cursor) operator() string {
	for _, op := range []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"} {
		if c.accept(op) {
			return op
		}
	}
	return ""
}

func (c *cursor) fail(reason string) error { return c.failAt(c.at, reason) }

func (c *cursor) failAt(at int, reason string) error {
	return &SyntaxError{Text: c.text, Column: at + 1, Reason: reason}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isNameByte(c byte) bool {
	return isWordByte(c) && c < utf8.RuneSelf || c == '-' || c == '.'
}

// isWordByte counts bytes of other scripts as part of a word, so that a
// look-alike letter never ends a keyword.
func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= utf8.RuneSelf
}
