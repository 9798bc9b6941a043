// Package pep508 reads Python dependency specifiers and environment markers
// (https://packaging.python.org/en/latest/specifications/dependency-specifiers/,
// first written as PEP 508) and evaluates markers for a declared environment,
// in metadata and, with the sets of PEP 751, in a pylock.toml.
//
// It promises never to follow a URL, to look at the running machine or to
// execute anything. What pip itself could not evaluate is refused when it is
// read, so that Marker.Eval always has an answer. All values are immutable and
// safe for concurrent use.
package pep508

import (
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// Limits of one requirement.
const (
	MaxText   = 32 << 10 // bytes of a requirement or marker
	MaxDepth  = 32       // parentheses inside one another in a marker
	MaxExtras = 256      // extras one requirement asks for
)

// Requirement is one dependency specifier.
type Requirement struct {
	Name       string   // as written, valid; normalise with pep503.Normalize
	Extras     []string // as written, in their order, valid
	Specifiers pep440.Specifiers
	URL        string // of the form "name @ URL", else ""; evidence, never followed
	Marker     Marker
}

// A SyntaxError says where a requirement or marker cannot be read.
type SyntaxError struct {
	Text   string // the whole input
	Column int    // of the offending byte, from 1
	Reason string
}

// Error quotes at most the start of the text, safe on a terminal.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("reading %.120q: column %d: %s", e.Text, e.Column, e.Reason)
}

// ParseRequirement reads one requirement: no comment, no option, no line break.
// Errors are *SyntaxError.
func ParseRequirement(s string) (Requirement, error) {
	c, err := newCursor(s)
	if err != nil {
		return Requirement{}, err
	}
	r, err := c.requirement()
	if err != nil {
		return Requirement{}, err
	}
	return r, nil
}

// String writes the requirement in the specification's form.
func (r Requirement) String() string {
	var b strings.Builder
	b.WriteString(r.Name)
	if len(r.Extras) > 0 {
		b.WriteString("[" + strings.Join(r.Extras, ",") + "]")
	}
	b.WriteString(r.Specifiers.String())
	if r.URL != "" {
		b.WriteString(" @ " + r.URL)
	}
	if !r.Marker.Empty() {
		if r.URL != "" {
			b.WriteByte(' ') // else the semicolon would belong to the URL
		}
		b.WriteString("; " + r.Marker.String())
	}
	return b.String()
}

func (c *cursor) requirement() (Requirement, error) {
	var r Requirement
	var err error
	c.space()
	if r.Name, err = c.name("a package name"); err != nil {
		return r, err
	}
	c.space()
	if r.Extras, err = c.extras(); err != nil {
		return r, err
	}
	c.space()
	if c.accept("@") {
		err = c.url(&r)
	} else {
		err = c.specifiers(&r)
	}
	if err != nil || c.done() {
		return r, err
	}
	if !c.accept(";") {
		return r, c.fail("expected a comma before another specifier, a semicolon before a marker, or the end")
	}
	r.Marker, err = c.wholeMarker()
	return r, err
}

func (c *cursor) name(what string) (string, error) {
	start := c.at
	for !c.done() && isNameByte(c.text[c.at]) {
		c.at++
	}
	name := c.text[start:c.at]
	if name == "" {
		return "", c.fail("expected " + what)
	}
	if _, err := pep503.Parse(name); err != nil {
		return "", c.failAt(start, what+" starts and ends with a letter or digit and is not too long")
	}
	return name, nil
}

func (c *cursor) extras() ([]string, error) {
	if !c.accept("[") {
		return nil, nil
	}
	open := c.at - 1
	c.space()
	var extras []string
	for !c.accept("]") {
		if len(extras) == MaxExtras {
			return nil, c.fail(fmt.Sprintf("more than %d extras", MaxExtras))
		}
		if len(extras) > 0 {
			if c.done() {
				return nil, c.failAt(open, "this bracket is never closed")
			}
			if !c.accept(",") {
				return nil, c.fail("expected a comma between extras, or the closing bracket")
			}
			c.space()
		}
		extra, err := c.name("the name of an extra")
		if err != nil {
			return nil, err
		}
		extras = append(extras, extra)
		c.space()
	}
	return extras, nil
}

// url reads what follows "@". White space ends it, and only after white space
// does a semicolon start a marker.
func (c *cursor) url(r *Requirement) error {
	c.space()
	start := c.at
	for !c.done() && !isSpace(c.text[c.at]) {
		c.at++
	}
	r.URL = c.text[start:c.at]
	if r.URL == "" {
		return c.fail("expected a URL after @")
	}
	c.space()
	return nil
}

// specifiers reads version clauses, bare or in parentheses.
func (c *cursor) specifiers(r *Requirement) error {
	open := c.at
	bracketed := c.accept("(")
	c.space()
	start := c.at
	for c.clause() {
		c.space()
		if !c.accept(",") {
			break
		}
		c.space()
	}
	set, err := pep440.ParseSpecifiers(c.text[start:c.at])
	if err != nil {
		return c.failAt(start, err.Error())
	}
	r.Specifiers = set
	c.space()
	if bracketed && !c.accept(")") {
		if c.done() {
			return c.failAt(open, "this parenthesis is never closed")
		}
		return c.fail("expected a comma before another specifier, or the closing parenthesis")
	}
	c.space()
	return nil
}

// clause moves past one version clause, as far as its characters go; whether
// it is a valid one is pep440's to say.
func (c *cursor) clause() bool {
	op := c.operator()
	if op == "" {
		return false
	}
	c.space()
	for !c.done() && !isSpace(c.text[c.at]) && !strings.ContainsRune(",;()", rune(c.text[c.at])) {
		c.at++
	}
	return true
}
