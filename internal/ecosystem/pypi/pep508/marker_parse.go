package pep508

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// wholeMarker reads a marker up to the end of the text.
func (c *cursor) wholeMarker() (Marker, error) {
	m, err := c.marker(0)
	if err != nil {
		return Marker{}, err
	}
	if !c.done() {
		return Marker{}, c.fail("expected and, or, or the end of the marker")
	}
	if only, ok := m.only(); ok && !only.group.Empty() {
		return only.group, nil // parentheses around the whole
	}
	return m, nil
}

// only gives the marker's term when it has a single one.
func (m Marker) only() (term, bool) {
	if len(m.any) == 1 && len(m.any[0]) == 1 {
		return m.any[0][0], true
	}
	return term{}, false
}

func (c *cursor) marker(depth int) (Marker, error) {
	m := Marker{any: []all{nil}}
	for {
		t, err := c.term(depth)
		if err != nil {
			return Marker{}, err
		}
		last := len(m.any) - 1
		m.any[last] = append(m.any[last], t)
		switch {
		case c.word("and"):
		case c.word("or"):
			m.any = append(m.any, nil)
		default:
			return m, nil
		}
	}
}

func (c *cursor) term(depth int) (term, error) {
	c.space()
	open := c.at
	if !c.accept("(") {
		compare, err := c.comparison()
		c.space()
		return term{compare: compare}, err
	}
	if depth == MaxDepth {
		return term{}, c.failAt(open, "too many parentheses inside one another")
	}
	group, err := c.marker(depth + 1)
	if err != nil {
		return term{}, err
	}
	if !c.accept(")") {
		if c.done() {
			return term{}, c.failAt(open, "this parenthesis is never closed")
		}
		return term{}, c.fail("expected and, or, or the closing parenthesis")
	}
	c.space()
	if only, ok := group.only(); ok {
		return only, nil // parentheses around one term
	}
	return term{group: group}, nil
}

// An operand is one side of a comparison as it stands.
type operand struct {
	at       int
	variable variable // 0 for quoted text
	text     string
}

func (c *cursor) comparison() (comparison, error) {
	left, err := c.operand()
	if err != nil {
		return comparison{}, err
	}
	c.space()
	opAt := c.at
	op, err := c.markerOperator()
	if err != nil {
		return comparison{}, err
	}
	c.space()
	right, err := c.operand()
	if err != nil {
		return comparison{}, err
	}
	out := comparison{variable: left.variable, op: op, text: right.text}
	if left.variable == 0 {
		out = comparison{variable: right.variable, op: op, text: left.text, reversed: true}
	}
	switch {
	case out.variable == 0:
		return out, c.failAt(left.at, "one side must be a marker variable, as in python_version")
	case left.variable != 0 && right.variable != 0:
		return out, c.failAt(right.at, "one side must be a quoted text")
	}
	if reason := out.complete(); reason != "" {
		return out, c.failAt(opAt, reason)
	}
	return out, nil
}

func (c *cursor) operand() (operand, error) {
	o := operand{at: c.at}
	if c.accept(`"`) {
		return o, c.quoted(&o, '"')
	}
	if c.accept("'") {
		return o, c.quoted(&o, '\'')
	}
	for !c.done() && (isWordByte(c.text[c.at]) || c.text[c.at] == '.') {
		c.at++
	}
	word := c.text[o.at:c.at]
	o.variable = variables[word]
	if o.variable == 0 {
		if word == "" {
			return o, c.failAt(o.at, "expected a marker variable or a quoted text")
		}
		return o, c.failAt(o.at, "no such marker variable")
	}
	return o, nil
}

// quoted reads up to the closing mark. The grammar has no escapes; a backslash
// would mean one thing to pip and another to others.
func (c *cursor) quoted(o *operand, mark byte) error {
	end := strings.IndexByte(c.text[c.at:], mark)
	if end < 0 {
		return c.failAt(o.at, "this quotation mark is never closed")
	}
	o.text = c.text[c.at : c.at+end]
	if i := strings.IndexByte(o.text, '\\'); i >= 0 {
		return c.failAt(c.at+i, "a backslash cannot stand in a marker")
	}
	c.at += end + 1
	return nil
}

func (c *cursor) markerOperator() (string, error) {
	if op := c.operator(); op != "" {
		return op, nil
	}
	if c.word("in") {
		return "in", nil
	}
	if c.word("not") {
		if start := c.at; start < len(c.text) && isSpace(c.text[start]) {
			c.space()
			if c.word("in") {
				return "not in", nil
			}
		}
		return "", c.fail(`expected "in" after "not"`)
	}
	return "", c.fail("expected one of == != <= >= < > ~= === in, not in")
}

// complete prepares what Eval needs and gives the reason when no installer
// could evaluate the comparison.
func (c *comparison) complete() string {
	switch {
	case c.variable == extraVariable:
		c.text = pep503.Normalize(c.text)
	case c.variable == extrasVariable || c.variable == groupsVariable:
		if !c.reversed || c.op != "in" && c.op != "not in" {
			return `a set of names takes only the form "name" in ` + c.variable.String() + ", or not in"
		}
		c.text = pep503.Normalize(c.text)
		return ""
	case !c.variable.isVersion():
	case c.op == "===":
		c.version = !strings.ContainsAny(c.text, " \t;)") // one word, as in a specifier
	case c.reversed:
		v, err := pep440.Parse(c.text)
		c.value, c.version = v, err == nil
		return ""
	case c.op == "in" || c.op == "not in": // always text
	default:
		c.clause, c.version = oneClause(c.op, c.text)
	}
	if (c.op == "~=" || c.op == "===") && !c.version {
		return "~= and === compare versions; write == for other text, and ~= with two release numbers"
	}
	return ""
}
