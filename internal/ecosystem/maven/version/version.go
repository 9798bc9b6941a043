// Package version orders Maven's versions and reads ranges of them, by
// https://maven.apache.org/pom.html#version-order-specification and
// https://maven.apache.org/enforcer/enforcer-rules/versionRanges.html.
//
// The order is the specification's as it is since Maven 3.8.7 and 3.9 (MNG-7644), where a
// dot and a hyphen before a word are one and zeros before a word count for nothing
// ("1.0.rc1" is "1-rc-1"): what went before was no order, it had circles. Maven's own
// comparison still has some, for several words on end ("1-alpha" and "1.alpha-a"); there
// the specification counts. Nothing here reads anything but its arguments, and all of it
// is safe for concurrent use.
package version

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

// Version is one that was read. The zero value is none.
type Version struct {
	text   string
	tokens []token
}

// token is a number or a word with what stands before it.
type token struct {
	hyphen bool   // a hyphen, or a change between digits and letters; else a dot
	number bool   // text is decimal digits without leading zeros
	text   string // words in lower case; "" is a release
}

// null says that a token at an end counts for nothing.
func (t token) null() bool { return t.text == "" || t.number && t.text == "0" }

// Parse reads a version: any number that can stand in a repository is one.
func Parse(s string) (Version, error) {
	if err := coordinate.CheckVersion(s); err != nil {
		return Version{}, err
	}
	return Version{s, trimmed(tokens(s))}, nil
}

// String is the version as it was written.
func (v Version) String() string { return v.text }

// tokens splits at dots, hyphens and where digits and letters meet.
func tokens(s string) []token {
	var out []token
	hyphen := false
	for i := 0; ; {
		end := i
		for end < len(s) && s[end] != '.' && s[end] != '-' && isDigit(s[end]) == isDigit(s[i]) {
			end++
		}
		joined := end < len(s) && end > i && s[end] != '.' && s[end] != '-' // letters and digits meet
		out = append(out, tokenOf(s[i:end], hyphen, joined))
		if end == len(s) {
			return out
		}
		hyphen = joined || s[end] == '-'
		if i = end; !joined {
			i++
		}
		if i == len(s) {
			return append(out, tokenOf("", hyphen, false))
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tokenOf reads what stands between two separators. beforeDigits says that digits
// follow it at once.
func tokenOf(s string, hyphen, beforeDigits bool) token {
	if s == "" {
		return token{hyphen, true, "0"}
	}
	if isDigit(s[0]) {
		if s = strings.TrimLeft(s, "0"); s == "" {
			s = "0"
		}
		return token{hyphen, true, s}
	}
	s = strings.ToLower(s)
	switch {
	case beforeDigits && s == "a":
		s = "alpha"
	case beforeDigits && s == "b":
		s = "beta"
	case beforeDigits && s == "m":
		s = "milestone"
	case s == "cr":
		s = "rc"
	case s == "ga", s == "final", s == "release":
		s = ""
	}
	return token{hyphen, false, s}
}

// trimmed is without the tokens that count for nothing: those at the end, and those
// before a hyphen or a word. The first always stays.
func trimmed(in []token) []token {
	out := make([]token, 0, len(in))
	for _, t := range in {
		if t.hyphen || !t.number {
			out = cut(out)
		}
		out = append(out, t)
	}
	return slices.Clip(cut(out))
}

func cut(ts []token) []token {
	for len(ts) > 1 && ts[len(ts)-1].null() {
		ts = ts[:len(ts)-1]
	}
	return ts
}

// What begins a token of a key, in the order of the specification. Fewer tokens come
// after the words for what precedes a release, and before all else.
const (
	beforeEnd   = 0x10 // and the place of the word in earlier
	endMark     = 0x20
	releaseMark = 0x21
	patchMark   = 0x22 // "sp", a service pack
	wordMark    = 0x23
	hyphenMark  = 0x30 // -number
	dotMark     = 0x31 // .number
)

// earlier are the words for what precedes a release, in order.
var earlier = []string{"alpha", "beta", "milestone", "rc", "snapshot"}

// Key is a byte string that sorts (bytes.Compare) as versions do; what is one version
// in two spellings has one key.
func (v Version) Key() []byte {
	key := make([]byte, 0, 3*len(v.tokens)+len(v.text))
	for _, t := range v.tokens {
		switch at := slices.Index(earlier, t.text); {
		case t.number && t.hyphen:
			key = appendNumber(append(key, hyphenMark), t.text)
		case t.number:
			key = appendNumber(append(key, dotMark), t.text)
		case at >= 0:
			key = append(key, beforeEnd+byte(at))
		case t.text == "":
			key = append(key, releaseMark)
		case t.text == "sp":
			key = append(key, patchMark)
		default:
			key = append(append(append(key, wordMark), t.text...), 0)
		}
	}
	return append(key, endMark)
}

// appendNumber writes decimal digits so that the longer number sorts higher. A version
// is shorter than 256 bytes.
func appendNumber(key []byte, digits string) []byte {
	return append(append(key, byte(len(digits))), digits...)
}

// alsoEarly are words that sort after a release and that people write before one.
var alsoEarly = []string{"pre", "preview", "dev", "ea", "eap", "nightly", "pr", "test"}

// Pre says whether a version is one that people get only when they ask for it: an
// alpha, beta, milestone, release candidate, preview or snapshot.
func (v Version) Pre() bool {
	return slices.ContainsFunc(v.tokens, func(t token) bool {
		return !t.number && (slices.Contains(earlier, t.text) || slices.Contains(alsoEarly, t.text))
	})
}

// Snapshot says whether a number is one whose bytes change: 1.0-SNAPSHOT. What a
// repository makes of it, 1.0-20260102.030405-6, does not count: see Build.
func Snapshot(s string) bool {
	return len(s) >= len("SNAPSHOT") && strings.EqualFold(s[len(s)-len("SNAPSHOT"):], "SNAPSHOT")
}

// Build is one build of a snapshot, as a repository numbers it
// (https://maven.apache.org/repositories/metadata.html): 1.0-20260102.030405-6 is the
// sixth of 1.0-SNAPSHOT, and was made at that moment in UTC. Its bytes do not change.
type Build struct {
	Snapshot string // what it is a build of: "1.0-SNAPSHOT"
	Stamp    string // "20260102.030405"
	Count    int    // at least 1
	At       time.Time
}

const (
	snapshotEnd = "-SNAPSHOT"
	stampLayout = "20060102.150405"
	maxCount    = 9 // digits
)

// ParseBuild reads the number of a build; false for any other.
func ParseBuild(s string) (Build, bool) {
	rest, count, ok := cutLast(s)
	if !ok || count == "" || count[0] == '0' || len(count) > maxCount || strings.Trim(count, "0123456789") != "" {
		return Build{}, false
	}
	base, stamp, ok := cutLast(rest)
	if !ok || base == "" || len(stamp) != len(stampLayout) {
		return Build{}, false
	}
	at, err := time.ParseInLocation(stampLayout, stamp, time.UTC)
	if err != nil {
		return Build{}, false
	}
	n, err := strconv.Atoi(count)
	return Build{base + snapshotEnd, stamp, n, at}, err == nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// String is the number again.
func (b Build) String() string {
	return fmt.Sprintf("%s-%s-%d", strings.TrimSuffix(b.Snapshot, snapshotEnd), b.Stamp, b.Count)
}

// Compare orders builds of one snapshot by their moments, and by their counts within
// one.
func (b Build) Compare(other Build) int {
	return cmp.Or(b.At.Compare(other.At), cmp.Compare(b.Count, other.Count))
}

// Floating says whether a version in a pom means whatever a repository has at the
// moment: LATEST or RELEASE.
func Floating(s string) bool { return s == "LATEST" || s == "RELEASE" }

// Compare orders two versions.
func Compare(a, b Version) int { return bytes.Compare(a.Key(), b.Key()) }

// CompareText orders two numbers; what is no version sorts first.
func CompareText(a, b string) int {
	va, errA := Parse(a)
	vb, errB := Parse(b)
	switch {
	case errA != nil && errB != nil:
		return strings.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return Compare(va, vb)
}

// quote shows outside text in a message.
func quote(s string) string { return fmt.Sprintf("%.100q", artifact.Untrusted(s).String()) }
