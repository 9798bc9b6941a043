package semver

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Limits on a range's text. The longest in use have some hundred alternatives.
const (
	maxRangeText   = 16 << 10
	maxComparators = 4096
)

// ErrRange says that a text is no range; it may be the name of a tag.
var ErrRange = errors.New("not a range that npm reads")

// Range is a set of versions as npm writes them: comparators that all hold,
// alternatives divided by ||. The zero value holds nothing.
type Range struct {
	alternatives [][]comparator
}

// comparator is one condition on a version; any is the one that always holds.
type comparator struct {
	op      string // "<", "<=", ">", ">=", "" for equal
	version Version
	any     bool
}

// nothing holds no version: there is none below it.
var nothing = comparator{op: "<", version: Version{pre: []identifier{{}}}}

// ParseRange reads a range: comparators, x-ranges, tildes, carets, hyphens and
// alternatives. "" and "*" are any version. As node-semver does with its option
// "loose", it drops parts that are nothing as long as one is left.
func ParseRange(s string) (Range, error) {
	var r Range
	if len(s) > maxRangeText {
		return r, fmt.Errorf("%w: it is longer than %d bytes", ErrRange, maxRangeText)
	}
	total := 0
	for alternative := range strings.SplitSeq(trim(s), "||") {
		set, ok := parseAlternative(trim(alternative))
		if total += len(set); total > maxComparators {
			return Range{}, fmt.Errorf("%w: it has more than %d parts", ErrRange, maxComparators)
		}
		if ok {
			r.alternatives = append(r.alternatives, set)
		}
	}
	if len(r.alternatives) == 0 {
		return r, fmt.Errorf("%w: %.80q", ErrRange, artifact.Untrusted(s).String())
	}
	return r, nil
}

// Contains says whether a version is in the range. A pre-release is only when a
// comparator of the alternative that it meets names a pre-release of the same
// release.
func (r Range) Contains(v Version) bool {
	for _, set := range r.alternatives {
		if allow(set, v) {
			return true
		}
	}
	return false
}

// Any says whether the range was written as one that asks for nothing: "" or "*".
func (r Range) Any() bool {
	for _, set := range r.alternatives {
		if len(set) == 1 && set[0].any {
			return true
		}
	}
	return false
}

// Exact gives the version that a range names alone, and false for any other.
func (r Range) Exact() (Version, bool) {
	if len(r.alternatives) != 1 || len(r.alternatives[0]) != 1 {
		return Version{}, false
	}
	c := r.alternatives[0][0]
	return c.version, !c.any && c.op == ""
}

func allow(set []comparator, v Version) bool {
	for _, c := range set {
		if !c.allows(v) {
			return false
		}
	}
	if !v.Pre() {
		return true
	}
	for _, c := range set {
		if !c.any && c.version.Pre() && sameRelease(c.version, v) {
			return true
		}
	}
	return false
}

func (c comparator) allows(v Version) bool {
	if c.any {
		return true
	}
	switch order := Compare(v, c.version); c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	default:
		return order == 0
	}
}

// The expressions are node-semver's, whose order of replacing text decides what
// ranges mean that are written oddly.
const (
	wordID    = `(?:\d*[a-zA-Z-][a-zA-Z0-9-]*)`
	preID     = `(?:` + wordID + `|(?:0|[1-9]\d*))`
	preLoose  = `(?:` + wordID + `|\d+)`
	build     = `(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`
	loose     = `[v= ]*\d+\.\d+\.\d+(?:-?` + preLoose + `(?:\.` + preLoose + `)*)?` + build
	xID       = `(?:0|[1-9]\d*|[xX*])`
	xRange    = `[v= ]*` + xID + `(?:\.` + xID + `(?:\.` + xID + `(?:-` + preID + `(?:\.` + preID + `)*)?` + build + `)?)?`
	xIDLoose  = `(?:\d+|[xX*])`
	xRLoose   = `[v= ]*` + xIDLoose + `(?:\.` + xIDLoose + `(?:\.` + xIDLoose + `(?:-?` + preLoose + `(?:\.` + preLoose + `)*)?` + build + `)?)?`
	hyphens   = `^ *(` + xRLoose + `) +- +(` + xRLoose + `) *$`
	operators = `( *)([<>]?=?) *(` + loose + `|` + xRange + `)`
)

var (
	spaces       = lazy.Regexp(`\s+`)
	buildText    = lazy.Regexp(`\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`)
	hyphen       = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(hyphens) })
	trimOperator = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(operators) })
	trimTilde    = lazy.Regexp(`( *)~>? +`)
	trimCaret    = lazy.Regexp(`( *)\^ +`)
)

// parseAlternative reads comparators that all have to hold; false when nothing
// of them can be read.
func parseAlternative(s string) ([]comparator, bool) {
	if s == "" {
		return []comparator{{any: true}}, true
	}
	if set, ok := parseWord(s); ok && strings.IndexByte(s, ' ') < 0 {
		return simplify(set), true // nearly all are one word
	}
	s = spaces().ReplaceAllString(s, " ")
	s = buildText().ReplaceAllString(s, "")
	if m := hyphen().FindStringSubmatch(s); m != nil {
		s = hyphenated(m[1], m[2])
	}
	s = trimOperator().ReplaceAllString(s, "$1$2$3")
	s = trimTilde().ReplaceAllString(s, "$1~")
	s = trimCaret().ReplaceAllString(s, "$1^")
	var set []comparator
	for _, word := range strings.Fields(s) {
		if part, ok := parseWord(word); ok {
			set = append(set, part...)
		}
	}
	if s == "" {
		set = []comparator{{any: true}}
	}
	return simplify(set), len(set) > 0
}

// hyphenated writes "from - to" as comparators.
func hyphenated(from, to string) string {
	var out string
	switch p, _, _ := parsePartial(from); {
	case p.given == 0:
	case p.given < 3:
		out = ">=" + p.version.String()
	default:
		out = ">=" + from
	}
	switch p, _, _ := parsePartial(to); {
	case p.given == 0:
	case p.given < 3:
		out += " <" + p.next().String() + "-0"
	case p.version.Pre():
		out += " <=" + p.version.String()
	default:
		out += " <=" + to
	}
	return strings.TrimSpace(out)
}

// simplify drops conditions that always hold beside others, and everything
// beside one that never does.
func simplify(set []comparator) []comparator {
	var out []comparator
	for _, c := range set {
		if c.op == nothing.op && Compare(c.version, nothing.version) == 0 {
			return []comparator{c}
		}
		if !c.any {
			out = append(out, c)
		}
	}
	if len(out) == 0 && len(set) > 0 {
		return set[:1]
	}
	return out
}

// partial is a version of which parts may be left out or be an x.
type partial struct {
	version Version
	given   int  // how many of the three numbers count
	odd     bool // a number stands behind an x
}

// next is the lowest release beyond what a partial version stands for.
func (p partial) next() Version {
	v := Version{major: p.version.major, minor: p.version.minor, patch: p.version.patch}
	switch p.given {
	case 1:
		return Version{major: v.major + 1}
	case 2:
		return Version{major: v.major, minor: v.minor + 1}
	}
	v.patch++
	return v
}

// below holds what is before a release, its pre-releases not among them.
func below(v Version) comparator {
	v.pre = []identifier{{}}
	return comparator{op: "<", version: v}
}

// parsePartial reads a partial version that s begins with.
func parsePartial(s string) (p partial, rest string, ok bool) {
	s = skipMark(s)
	open := false
	for i, part := range []*uint64{&p.version.major, &p.version.minor, &p.version.patch} {
		if i > 0 {
			if len(s) < 2 || s[0] != '.' || countDigits(s[1:]) == 0 && !isX(s[1]) {
				return p, s, true
			}
			s = s[1:]
		}
		if s == "" {
			return p, s, false
		}
		if isX(s[0]) {
			open, s = true, s[1:]
			continue
		}
		n := countDigits(s)
		if n == 0 {
			return p, s, false
		}
		number, err := strconv.ParseUint(s[:n], 10, 64)
		if err != nil || number > maxSafe {
			return p, s, false
		}
		if s = s[n:]; open {
			p.odd = true
			continue
		}
		*part, p.given = number, i+1
	}
	pre, _, rest := tail(s)
	if p.given == 3 {
		p.version.pre = pre
	}
	return p, rest, true
}

func isX(c byte) bool { return c == 'x' || c == 'X' || c == '*' }

// parseWord reads one comparator, tilde, caret or x-range without spaces.
func parseWord(s string) ([]comparator, bool) {
	op, body := operator(s)
	p, rest, ok := parsePartial(body)
	if !ok || rest != "" {
		return nil, false
	}
	switch {
	case op == "^":
		return p.caret(), true
	case op == "~":
		return p.tilde(), true
	case p.odd:
		return nil, false
	}
	return p.compared(op), true
}

// operator takes the operator off.
func operator(s string) (op, rest string) {
	switch s[0] {
	case '^':
		return "^", s[1:]
	case '~':
		return "~", strings.TrimPrefix(s[1:], ">")
	case '<', '>':
		if op, rest = s[:1], s[1:]; strings.HasPrefix(rest, "=") {
			op, rest = op+"=", rest[1:]
		}
		return op, rest
	}
	return "", strings.TrimPrefix(s, "=")
}

func (p partial) caret() []comparator {
	if p.given == 0 {
		return []comparator{{any: true}}
	}
	v := p.version
	limit := Version{major: v.major + 1}
	switch {
	case v.major > 0 || p.given == 1:
	case v.minor > 0 || p.given == 2:
		limit = Version{minor: v.minor + 1}
	default:
		limit = Version{patch: v.patch + 1}
	}
	return []comparator{{op: ">=", version: v}, below(limit)}
}

func (p partial) tilde() []comparator {
	switch p.given {
	case 0:
		return []comparator{{any: true}}
	case 3:
		return []comparator{{op: ">=", version: p.version}, below(partial{version: p.version, given: 2}.next())}
	}
	return []comparator{{op: ">=", version: p.version}, below(p.next())}
}

// compared is a version with an operator before it, or without.
func (p partial) compared(op string) []comparator {
	switch {
	case p.given == 3:
		return []comparator{{op: op, version: p.version}}
	case p.given == 0 && (op == "<" || op == ">"):
		return []comparator{nothing}
	case p.given == 0:
		return []comparator{{any: true}}
	}
	switch op {
	case ">":
		return []comparator{{op: ">=", version: p.next()}}
	case ">=":
		return []comparator{{op: ">=", version: p.version}}
	case "<":
		return []comparator{below(p.version)}
	case "<=":
		return []comparator{below(p.next())}
	}
	return []comparator{{op: ">=", version: p.version}, below(p.next())}
}
