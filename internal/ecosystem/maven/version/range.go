package version

import (
	"fmt"
	"strings"
)

// maxIntervals bounds a range.
const maxIntervals = 64

// Range is a set of versions as a pom asks for them: intervals, "[1,2)", several with
// commas between them, "[1.5]" for one version alone; or one version without
// brackets, which a pom means as a wish ("soft"): what stands nearer to the project
// may ask for another. As a set that is the version alone.
type Range struct {
	soft      *Version
	intervals []interval
}

// interval is what lies between two versions; nil for no bound.
type interval struct {
	low, high     []byte // keys
	lowIn, highIn bool
	lowest        string // as written
}

// ParseRange reads a range; "" holds every version.
func ParseRange(s string) (Range, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Range{intervals: []interval{{}}}, nil
	}
	if s[0] != '[' && s[0] != '(' {
		v, err := Parse(s)
		if err != nil {
			return Range{}, fmt.Errorf("reading version range %s: %w", quote(s), err)
		}
		return Range{soft: &v}, nil
	}
	var out Range
	for rest := s; rest != ""; {
		if len(out.intervals) == maxIntervals {
			return Range{}, fmt.Errorf("reading version range: more than %d intervals", maxIntervals)
		}
		end := strings.IndexAny(rest, ")]")
		if rest[0] != '[' && rest[0] != '(' || end < 0 {
			return Range{}, fmt.Errorf("reading version range %s: an interval is [low,high], with ( and ) where a bound is left out", quote(s))
		}
		in, err := parseInterval(rest[:end+1])
		if err != nil {
			return Range{}, fmt.Errorf("reading version range %s: %w", quote(s), err)
		}
		out.intervals = append(out.intervals, in)
		rest = strings.TrimSpace(rest[end+1:])
		if more, ok := strings.CutPrefix(rest, ","); ok {
			if rest = strings.TrimSpace(more); rest == "" {
				return Range{}, fmt.Errorf("reading version range %s: nothing follows the last comma", quote(s))
			}
		} else if rest != "" {
			return Range{}, fmt.Errorf("reading version range %s: a comma is missing between intervals", quote(s))
		}
	}
	return out, nil
}

func parseInterval(s string) (interval, error) {
	in := interval{lowIn: s[0] == '[', highIn: s[len(s)-1] == ']'}
	low, high, two := strings.Cut(s[1:len(s)-1], ",")
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	if !two {
		if !in.lowIn || !in.highIn || low == "" {
			return in, fmt.Errorf("one version alone is written [version]")
		}
		high = low
	}
	for _, bound := range []struct {
		text string
		key  *[]byte
	}{{low, &in.low}, {high, &in.high}} {
		if bound.text == "" {
			continue
		}
		v, err := Parse(bound.text)
		if err != nil {
			return in, err
		}
		*bound.key = v.Key()
	}
	in.lowest = low
	if in.low != nil && in.high != nil && string(in.low) > string(in.high) {
		return in, fmt.Errorf("%s is above %s", quote(low), quote(high))
	}
	return in, nil
}

// Contains says whether a version lies in the range.
func (r Range) Contains(v Version) bool {
	key := string(v.Key())
	if r.soft != nil {
		return key == string(r.soft.Key())
	}
	for _, in := range r.intervals {
		low, high := string(in.low), string(in.high)
		if (in.low == nil || key > low || in.lowIn && key == low) && (in.high == nil || key < high || in.highIn && key == high) {
			return true
		}
	}
	return false
}

// Soft gives the version that a range without brackets wishes for, as written; false
// for one with brackets.
func (r Range) Soft() (string, bool) {
	if r.soft == nil {
		return "", false
	}
	return r.soft.text, true
}

// Single gives the one version that a range means, soft or as [version], as written.
func (r Range) Single() (string, bool) {
	if r.soft != nil {
		return r.soft.text, true
	}
	if len(r.intervals) == 1 {
		if in := r.intervals[0]; in.low != nil && string(in.low) == string(in.high) && in.lowIn && in.highIn {
			return in.lowest, true
		}
	}
	return "", false
}

// Exact is the range that holds one version alone.
func Exact(number string) string { return "[" + number + "]" }
