package pep508

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// Marker is a condition on the environment. The zero value is the empty
// marker, which always holds.
type Marker struct {
	any []all
}

// all is a list of terms joined by "and"; a marker is such lists joined by "or".
type all []term

// A term is a comparison or a marker in parentheses.
type term struct {
	group   Marker // in parentheses; empty for a comparison
	compare comparison
}

// A comparison has one variable and one quoted text, in either order.
type comparison struct {
	variable variable
	op       string
	text     string // of the quoted side, normalised where the variable is about names
	reversed bool   // written text first

	version bool              // compare as versions: the variable is one and so is the text
	clause  pep440.Specifiers // op and text, when the variable stands first
	value   pep440.Version    // text, when it stands first; zero when it is no version
}

// ParseMarker reads a marker. Empty text is an error; the absence of a marker is
// the zero Marker. Errors are *SyntaxError.
func ParseMarker(s string) (Marker, error) {
	c, err := newCursor(s)
	if err != nil {
		return Marker{}, err
	}
	return c.wholeMarker()
}

// Empty says that the marker has no condition.
func (m Marker) Empty() bool { return len(m.any) == 0 }

// Eval says whether the marker holds in env for one extra that is asked for, ""
// for none. The sets of PEP 751 are empty here.
func (m Marker) Eval(env Environment, extra string) bool {
	return m.eval(&scope{env: env, extra: pep503.Normalize(extra)})
}

// EvalLock says whether the marker of a pylock.toml holds in env for the extras
// and dependency groups that are asked for. The variable "extra" is empty here.
func (m Marker) EvalLock(env Environment, extras, groups []string) bool {
	return m.eval(&scope{env: env, extras: normalizeAll(extras), groups: normalizeAll(groups)})
}

// A scope is what a marker is evaluated in.
type scope struct {
	env            Environment
	extra          string
	extras, groups []string
}

func normalizeAll(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = pep503.Normalize(n)
	}
	return out
}

func (m Marker) eval(s *scope) bool {
	if m.Empty() {
		return true
	}
	return slices.ContainsFunc(m.any, func(terms all) bool { return terms.eval(s) })
}

func (terms all) eval(s *scope) bool {
	for i := range terms {
		if !terms[i].eval(s) {
			return false
		}
	}
	return true
}

func (t *term) eval(s *scope) bool {
	if t.group.Empty() {
		return t.compare.eval(s)
	}
	return t.group.eval(s)
}

func (c *comparison) eval(s *scope) bool {
	switch c.variable {
	case extrasVariable:
		return slices.Contains(s.extras, c.text) == (c.op == "in")
	case groupsVariable:
		return slices.Contains(s.groups, c.text) == (c.op == "in")
	}
	value := s.value(c.variable)
	if c.variable.isVersion() {
		if answer, ok := c.evalVersion(value); ok {
			return answer
		}
	}
	if c.reversed {
		return compareText(c.text, c.op, value)
	}
	return compareText(value, c.op, c.text)
}

// evalVersion compares as versions where the right-hand side is one; ok is
// false where it is not, and then text is compared. A left-hand side that is no
// version satisfies no comparison, not even "!=". "===" compares both as they
// are spelled, but for case.
func (c *comparison) evalVersion(value string) (answer, ok bool) {
	if c.op == "===" {
		return strings.EqualFold(value, c.text), true
	}
	if !c.reversed {
		v, err := pep440.Parse(value)
		return err == nil && c.clause.Contains(v), c.version
	}
	clause, ok := oneClause(c.op, value)
	return ok && c.version && clause.Contains(c.value), ok
}

// oneClause reads op and text as a single version clause: a comma never makes
// two of one comparison.
func oneClause(op, text string) (pep440.Specifiers, bool) {
	if strings.Contains(text, ",") {
		return pep440.Specifiers{}, false
	}
	set, err := pep440.ParseSpecifiers(op + text)
	return set, err == nil
}

// compareText is the comparison of plain text: it has no order, so that < and >
// never hold and <= and >= mean equality.
func compareText(left, op, right string) bool {
	switch op {
	case "in":
		return strings.Contains(right, left)
	case "not in":
		return !strings.Contains(right, left)
	case "==", "<=", ">=":
		return left == right
	case "!=":
		return left != right
	}
	return false
}

// String writes the marker in the specification's form, with only the
// parentheses that it needs or had around several terms.
func (m Marker) String() string {
	var b strings.Builder
	m.write(&b)
	return b.String()
}

func (m Marker) write(b *strings.Builder) {
	for i, terms := range m.any {
		if i > 0 {
			b.WriteString(" or ")
		}
		for j := range terms {
			if j > 0 {
				b.WriteString(" and ")
			}
			terms[j].write(b)
		}
	}
}

func (t *term) write(b *strings.Builder) {
	if t.group.Empty() {
		t.compare.write(b)
		return
	}
	b.WriteByte('(')
	t.group.write(b)
	b.WriteByte(')')
}

func (c *comparison) write(b *strings.Builder) {
	left, right := c.variable.String(), quote(c.text)
	if c.reversed {
		left, right = right, left
	}
	b.WriteString(left + " " + c.op + " " + right)
}

// quote never meets both kinds of quotation mark: the text was read from
// between two of one kind and has no escapes.
func quote(s string) string {
	if strings.Contains(s, `"`) {
		return "'" + s + "'"
	}
	return `"` + s + `"`
}
