// Package spdx reads licence expressions (https://spdx.github.io/spdx-spec/,
// annex "SPDX license expressions") and answers what may be done under them:
// whether some way of reading an expression stays inside a list, or whether
// every way needs a listed licence. It is a leaf and knows no policy.
//
// It never gives legal advice a name: an id that is not on a list is only "not
// on the list". Values are immutable and safe for concurrent use.
package spdx

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

const (
	maxText  = 4096 // bytes of an expression
	maxDepth = 64   // nested brackets
)

// ErrExpression says that a text is not an SPDX licence expression.
var ErrExpression = errors.New("not an SPDX licence expression")

// Licence is one leaf of an expression.
type Licence struct {
	ID        string // current spelling: "GPL-3.0" is read as "GPL-3.0-only", "GPL-3.0+" as "GPL-3.0-or-later"
	OrLater   bool   // a "+" that no current id expresses, as in "MPL-1.1+"
	Exception string // what follows WITH, or ""
}

// String gives the leaf as it is written in an expression.
func (l Licence) String() string {
	s := l.ID
	if l.OrLater {
		s += "+"
	}
	if l.Exception != "" {
		s += " WITH " + l.Exception
	}
	return s
}

type operator byte

const (
	leaf operator = iota
	and
	or
)

// Expression is a parsed licence expression.
type Expression struct {
	op          operator
	licence     Licence
	left, right *Expression
}

// Parse reads an expression. Operators may be written in any case; ids are
// given their usual case when they are known, and deprecated ids their current
// form. Ids that are not known are accepted: the official list grows.
func Parse(s string) (*Expression, error) {
	if len(s) > maxText {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrExpression, maxText)
	}
	p := parser{rest: s}
	p.next()
	e, err := p.alternatives(0)
	if err != nil {
		return nil, fmt.Errorf("%w: %.80q: %w", ErrExpression, s, err)
	}
	if p.token != "" {
		return nil, fmt.Errorf("%w: %.80q: %q does not belong here", ErrExpression, s, p.token)
	}
	return e, nil
}

// String gives the expression with the fewest brackets that keep its meaning.
func (e *Expression) String() string {
	switch e.op {
	case and:
		return e.left.inside(and) + " AND " + e.right.inside(and)
	case or:
		return e.left.String() + " OR " + e.right.String()
	}
	return e.licence.String()
}

func (e *Expression) inside(op operator) string {
	if op == and && e.op == or {
		return "(" + e.String() + ")"
	}
	return e.String()
}

// Licences lists the leaves, left to right.
func (e *Expression) Licences() []Licence {
	if e.op == leaf {
		return []Licence{e.licence}
	}
	return append(e.left.Licences(), e.right.Licences()...)
}

// Satisfied says whether the expression can be met using only licences that ok
// accepts: both sides of AND, either side of OR.
func (e *Expression) Satisfied(ok func(Licence) bool) bool {
	switch e.op {
	case and:
		return e.left.Satisfied(ok) && e.right.Satisfied(ok)
	case or:
		return e.left.Satisfied(ok) || e.right.Satisfied(ok)
	}
	return ok(e.licence)
}

// Allowed says whether the expression can be met with listed licences alone.
// List entries are ids or patterns with "*": "MIT", "BSD-*".
func (e *Expression) Allowed(list []string) bool {
	return e.Satisfied(func(l Licence) bool { return l.In(list) })
}

// Denied says whether every way to meet the expression needs a listed licence.
// "MIT OR GPL-3.0-only" is not denied by "GPL-*": MIT may be chosen.
func (e *Expression) Denied(list []string) bool {
	return !e.Satisfied(func(l Licence) bool { return !l.In(list) })
}

// In says whether an entry of the list names the licence, whatever its
// exception. "GPL-3.0" in a list means both of its current ids.
func (l Licence) In(list []string) bool {
	id := strings.ToLower(l.ID)
	for _, entry := range list {
		entry = strings.ToLower(entry)
		if entry == id || entry+"-only" == id || entry+"-or-later" == id {
			return true
		}
		if ok, err := path.Match(entry, id); err == nil && ok {
			return true
		}
	}
	return false
}

type parser struct{ token, rest string }

// next moves to the next token: a bracket, or a run of anything else but blanks.
func (p *parser) next() {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		p.token = ""
		return
	}
	n := strings.IndexAny(p.rest, " \t\r\n()")
	switch {
	case n == 0:
		n = 1
	case n < 0:
		n = len(p.rest)
	}
	p.token, p.rest = p.rest[:n], p.rest[n:]
}

func (p *parser) alternatives(depth int) (*Expression, error) {
	return p.chain(or, "OR", depth, func(d int) (*Expression, error) {
		return p.chain(and, "AND", d, p.single)
	})
}

// chain reads one or more parts joined by an operator's word.
func (p *parser) chain(op operator, word string, depth int, part func(int) (*Expression, error)) (*Expression, error) {
	e, err := part(depth)
	if err != nil {
		return nil, err
	}
	for strings.EqualFold(p.token, word) {
		p.next()
		right, err := part(depth)
		if err != nil {
			return nil, err
		}
		e = &Expression{op: op, left: e, right: right}
	}
	return e, nil
}

func (p *parser) single(depth int) (*Expression, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d nested brackets", maxDepth)
	}
	if p.token == "(" {
		p.next()
		e, err := p.alternatives(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.token != ")" {
			return nil, errors.New("a bracket is not closed")
		}
		p.next()
		return e, nil
	}
	return p.licence()
}

func (p *parser) licence() (*Expression, error) {
	id, plus := strings.CutSuffix(p.token, "+")
	if err := checkID(id); err != nil {
		return nil, err
	}
	p.next()
	l := current(id, plus)
	if strings.EqualFold(p.token, "WITH") {
		p.next()
		if err := checkID(p.token); err != nil {
			return nil, err
		}
		l.Exception = p.token
		p.next()
	}
	return &Expression{licence: l}, nil
}

// checkID refuses what cannot be a licence id, the operators' words included.
func checkID(id string) error {
	if id == "" {
		return errors.New("a licence id is missing")
	}
	switch strings.ToUpper(id) {
	case "AND", "OR", "WITH":
		return fmt.Errorf("a licence id is missing before %q", id)
	}
	for _, r := range id {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == ':') {
			return fmt.Errorf("%q cannot be in a licence id", r)
		}
	}
	return nil
}

// current gives an id its usual case and, where it is deprecated, its current
// form. GNU licences say "only" or "or later" in the id itself.
func current(id string, plus bool) Licence {
	if known, ok := knownIDs[strings.ToLower(id)]; ok {
		id = known
	}
	if gnu[id] {
		if plus {
			return Licence{ID: id + "-or-later"}
		}
		return Licence{ID: id + "-only"}
	}
	if base, ok := strings.CutSuffix(id, "-only"); ok && plus && gnu[base] {
		return Licence{ID: base + "-or-later"}
	}
	return Licence{ID: id, OrLater: plus && !strings.HasSuffix(id, "-or-later")}
}

// Known says whether the text, in any case, is the id of a licence that is in
// common use, current or deprecated.
func Known(id string) bool {
	_, ok := knownIDs[strings.ToLower(strings.TrimSuffix(id, "+"))]
	return ok
}
