package semver

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Limits on a requirement: cargo takes as many comparators.
const (
	maxReqText     = 4 << 10
	maxComparators = 32
)

// ErrReq says that a text is no requirement.
var ErrReq = errors.New("not a version requirement that cargo reads")

// Req is a version requirement: comparators that all hold. The zero value is "*".
type Req struct {
	comparators []comparator
}

// comparator is one condition. A part that was left out, or is a star, is not set.
type comparator struct {
	op                 string // "=", ">", ">=", "<", "<=", "~", "^", "*" for an x-range
	v                  Version
	hasMinor, hasPatch bool
}

// ParseReq reads a requirement: "1.2" (which is "^1.2"), "=1.2.3", "~1.2", "1.*",
// ">=1.2, <2", "*".
func ParseReq(s string) (Req, error) {
	r, ok := parseReq(s)
	if !ok {
		return Req{}, fmt.Errorf("%w: %.80q", ErrReq, artifact.Untrusted(s).String())
	}
	return r, nil
}

func parseReq(s string) (r Req, ok bool) {
	s = strings.Trim(s, " ")
	if len(s) > maxReqText {
		return r, false
	}
	if isStar(s) {
		return r, true
	}
	for part := range strings.SplitSeq(s, ",") {
		c, ok := parseComparator(strings.Trim(part, " "))
		if !ok || len(r.comparators) == maxComparators {
			return Req{}, false
		}
		r.comparators = append(r.comparators, c)
	}
	return r, true
}

func isStar(s string) bool { return s == "*" || s == "x" || s == "X" }

func parseComparator(s string) (c comparator, ok bool) {
	for _, op := range []string{"=", ">=", ">", "<=", "<", "~", "^"} {
		if rest, is := strings.CutPrefix(s, op); is {
			c.op, s = op, strings.TrimLeft(rest, " ")
			break
		}
	}
	if c.v.Major, s, ok = number(s); !ok {
		return c, false
	}
	star := false
	for _, part := range []struct {
		to  *uint64
		has *bool
	}{{&c.v.Minor, &c.hasMinor}, {&c.v.Patch, &c.hasPatch}} {
		rest, more := strings.CutPrefix(s, ".")
		if !more {
			break
		}
		if rest != "" && isStar(rest[:1]) {
			star, s = true, rest[1:]
			continue
		}
		if star {
			return c, false
		}
		if *part.to, s, ok = number(rest); !ok {
			return c, false
		}
		*part.has = true
	}
	if c.hasPatch {
		if c.v.Pre, c.v.Build, ok = tail(s); !ok {
			return c, false
		}
		s = ""
	}
	switch {
	case c.op != "":
	case star:
		c.op = "*"
	default:
		c.op = "^"
	}
	return c, s == ""
}

// Contains says whether a version meets the requirement. A pre-release does only
// where a comparator names a pre-release of the same numbers.
func (r Req) Contains(v Version) bool {
	named := v.Pre == ""
	for _, c := range r.comparators {
		if !c.holds(v) {
			return false
		}
		named = named || c.v.Pre != "" && c.hasPatch && c.v.Major == v.Major && c.v.Minor == v.Minor && c.v.Patch == v.Patch
	}
	return named
}

func (c comparator) holds(v Version) bool {
	switch c.op {
	case ">":
		return c.below(v)
	case ">=":
		return c.equals(v) || c.below(v)
	case "<":
		return c.above(v)
	case "<=":
		return c.equals(v) || c.above(v)
	case "~":
		return c.tilde(v)
	case "^":
		return c.caret(v)
	}
	return c.equals(v)
}

func (c comparator) equals(v Version) bool {
	return v.Major == c.v.Major && (!c.hasMinor || v.Minor == c.v.Minor) && (!c.hasPatch || v.Patch == c.v.Patch) && v.Pre == c.v.Pre
}

// below: every version that the comparator stands for is below v.
func (c comparator) below(v Version) bool {
	switch {
	case v.Major != c.v.Major || !c.hasMinor:
		return v.Major > c.v.Major
	case v.Minor != c.v.Minor || !c.hasPatch:
		return v.Minor > c.v.Minor
	}
	return Compare(v, c.v) > 0
}

// above: every version that the comparator stands for is above v.
func (c comparator) above(v Version) bool {
	switch {
	case v.Major != c.v.Major || !c.hasMinor:
		return v.Major < c.v.Major
	case v.Minor != c.v.Minor || !c.hasPatch:
		return v.Minor < c.v.Minor
	}
	return Compare(v, c.v) < 0
}

func (c comparator) tilde(v Version) bool {
	if v.Major != c.v.Major || c.hasMinor && v.Minor != c.v.Minor {
		return false
	}
	if c.hasPatch && v.Patch != c.v.Patch {
		return v.Patch > c.v.Patch
	}
	return Compare(numbered(v, v.Pre), numbered(v, c.v.Pre)) >= 0
}

func (c comparator) caret(v Version) bool {
	switch {
	case v.Major != c.v.Major:
		return false
	case !c.hasMinor:
		return true
	case !c.hasPatch:
		return v.Minor == c.v.Minor || v.Major > 0 && v.Minor > c.v.Minor
	case v.Major > 0 && v.Minor != c.v.Minor:
		return v.Minor > c.v.Minor
	case v.Minor != c.v.Minor:
		return false
	case v.Patch != c.v.Patch:
		return (v.Major > 0 || v.Minor > 0) && v.Patch > c.v.Patch
	}
	return Compare(numbered(v, v.Pre), numbered(v, c.v.Pre)) >= 0
}

// numbered is v with another pre-release.
func numbered(v Version, pre string) Version {
	v.Pre = pre
	return v
}

// String writes the requirement as an index does: "^1.2, <1.9".
func (r Req) String() string {
	if len(r.comparators) == 0 {
		return "*"
	}
	parts := make([]string, len(r.comparators))
	for i, c := range r.comparators {
		parts[i] = c.String()
	}
	return strings.Join(parts, ", ")
}

func (c comparator) String() string {
	s := strconv.FormatUint(c.v.Major, 10)
	if c.hasMinor {
		s += "." + strconv.FormatUint(c.v.Minor, 10)
	}
	if c.hasPatch {
		s += "." + strconv.FormatUint(c.v.Patch, 10)
		if c.v.Pre != "" {
			s += "-" + c.v.Pre
		}
	}
	if c.op == "*" {
		return s + ".*"
	}
	return c.op + s
}
