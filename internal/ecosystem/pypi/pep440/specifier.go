package pep440

import (
	"fmt"
	"strings"
)

// Limits of a specifier set.
const (
	MaxSpecifiers     = 256      // clauses in one set
	MaxSpecifiersText = 16 << 10 // bytes of one set
)

// Specifiers is a set of version clauses that all must hold, such as
// ">=1.2,<2". The zero value is the empty set, which every version satisfies.
type Specifiers struct {
	clauses []clause
}

// A clause is one operator with its version.
type clause struct {
	op       string
	text     string // the version as written, with .* where that stands
	version  Version
	prefix   releasePrefix // of ~=, and of == and != with .*
	wildcard bool
	below    string // for <: the key below which versions match
	parsed   bool   // version is set; only === takes what is no version
}

// ParseSpecifiers reads clauses separated by commas. Empty text, and empty text
// between commas, adds no clause.
func ParseSpecifiers(s string) (Specifiers, error) {
	if len(s) > MaxSpecifiersText {
		return Specifiers{}, fmt.Errorf("reading specifiers %.40q: longer than %d bytes", s, MaxSpecifiersText)
	}
	var set Specifiers
	for part := range strings.SplitSeq(s, ",") {
		part = strings.Trim(part, asciiSpace)
		if part == "" {
			continue
		}
		if len(set.clauses) == MaxSpecifiers {
			return Specifiers{}, fmt.Errorf("reading specifiers %.40q: more than %d clauses", s, MaxSpecifiers)
		}
		c, err := parseClause(part)
		if err != nil {
			return Specifiers{}, err
		}
		set.clauses = append(set.clauses, c)
	}
	return set, nil
}

var operators = []string{"===", "~=", "==", "!=", "<=", ">=", "<", ">"}

func parseClause(s string) (clause, error) {
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return newClause(op, strings.Trim(s[len(op):], asciiSpace))
		}
	}
	return clause{}, fmt.Errorf("reading specifier %.80q: it starts with none of %s", s, strings.Join(operators, " "))
}

func newClause(op, text string) (clause, error) {
	c := clause{op: op, text: text}
	if op == "===" {
		if strings.ContainsAny(text, asciiSpace+";)") {
			return clause{}, fmt.Errorf("reading specifier %.80q: === takes one word", op+text)
		}
		v, err := Parse(text)
		c.version, c.parsed = v, err == nil
		return c, nil
	}
	number := text
	if op == "==" || op == "!=" {
		number, c.wildcard = strings.CutSuffix(text, ".*")
	}
	v, err := Parse(number)
	if err != nil || strings.Trim(number, asciiSpace) != number {
		return clause{}, fmt.Errorf("reading specifier %.80q: %q is not a PEP 440 version", op+text, number)
	}
	c.version, c.parsed = v, true
	return c, c.complete()
}

// complete refuses what the operator does not allow and prepares what its
// comparison needs.
func (c *clause) complete() error {
	v := c.version
	if v.Local() != "" && (c.wildcard || (c.op != "==" && c.op != "!=")) {
		return fmt.Errorf("reading specifier %.80q: a local version label goes only with == and !=, without .*", c.op+c.text)
	}
	switch {
	case c.wildcard:
		if v.Pre() || v.isPost {
			return fmt.Errorf("reading specifier %.80q: .* goes only after release numbers", c.op+c.text)
		}
		c.prefix = v.prefix(0)
	case c.op == "~=":
		if !strings.Contains(v.text[:v.base], ".") {
			return fmt.Errorf("reading specifier %.80q: ~= needs at least two release numbers, as in ~=%s.0", c.op+c.text, v.text[:v.base])
		}
		c.prefix = v.prefix(1)
	case c.op == "<" && v.Pre():
		c.below = v.key
	case c.op == "<":
		c.below = v.earliest()
	}
	return nil
}

// Contains says whether v lies in the range of every clause. It knows nothing
// of a wish for or against pre-releases: 2.0rc1 satisfies ">=1".
func (s Specifiers) Contains(v Version) bool {
	for i := range s.clauses {
		if !s.clauses[i].contains(v) {
			return false
		}
	}
	return true
}

func (c *clause) contains(v Version) bool {
	want := c.version.key
	public := v.key[:v.public]
	switch c.op {
	case "==":
		return c.equal(v)
	case "!=":
		return !c.equal(v)
	case ">=":
		return v.key >= want
	case "<=":
		// A local build of 1.0 counts as 1.0.
		return public <= want
	case "<":
		return v.key < c.below
	case ">":
		// 1.0.post1 and 1.0+local are not what ">1.0" asks for.
		return public > want && (c.version.isPost || c.version.isDev || v.key[:v.pre] != want[:c.version.pre])
	case "~=":
		return v.key >= want && v.startsWith(c.prefix)
	default: // ===
		return equalFold(v.text, c.text)
	}
}

// equal is ==: a candidate's local label counts only when the clause has one.
func (c *clause) equal(v Version) bool {
	if c.wildcard {
		return v.startsWith(c.prefix)
	}
	if len(c.version.key) > int(c.version.public) {
		return v.key == c.version.key
	}
	return v.key[:v.public] == c.version.key
}

// AllowsPre says whether some clause names a pre-release and so asks for them.
// "!=" does not: excluding one release candidate is no wish for others.
func (s Specifiers) AllowsPre() bool {
	for i := range s.clauses {
		c := &s.clauses[i]
		if c.parsed && c.op != "!=" && c.version.Pre() {
			return true
		}
	}
	return false
}

// Exact gives the version of a set that is a single == without .*, or a single
// === with a valid version.
func (s Specifiers) Exact() (Version, bool) {
	if len(s.clauses) != 1 {
		return Version{}, false
	}
	c := &s.clauses[0]
	if c.op != "===" && (c.op != "==" || c.wildcard) {
		return Version{}, false
	}
	return c.version, c.parsed
}

// Empty says that the set has no clause.
func (s Specifiers) Empty() bool { return len(s.clauses) == 0 }

// String gives the clauses in their order with versions as written, without
// spaces: ">=1.2,<2".
func (s Specifiers) String() string {
	var b strings.Builder
	for i := range s.clauses {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s.clauses[i].op)
		b.WriteString(s.clauses[i].text)
	}
	return b.String()
}

// equalFold ignores ASCII case only: other scripts' look-alikes stay different.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
