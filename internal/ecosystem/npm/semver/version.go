// Package semver holds npm's versions and ranges: Semantic Versioning 2.0
// (https://semver.org) with what the registry's older releases are written in
// beside it, as node-semver reads them with its option "loose", which all of npm
// sets (https://github.com/npm/node-semver#readme).
//
// It promises never to take a version or a range for less than node-semver takes
// it: what that cannot read is an error here. Nothing is kept between calls and
// everything is safe for concurrent use.
package semver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// maxText is the longest text that node-semver takes for a version.
const maxText = 256

// maxSafe is the largest number that JavaScript counts with exactly. node-semver
// refuses versions beyond it, and takes a longer identifier for a word.
const maxSafe = 1<<53 - 1

// ErrVersion says that a text is no version.
var ErrVersion = errors.New("not a version that npm reads")

// Version is one version. The zero value is 0.0.0.
type Version struct {
	major, minor, patch uint64
	pre                 []identifier
	build               string
}

// identifier is one part of a pre-release: a number, or a word where text is set.
type identifier struct {
	number uint64
	text   string
}

// Parse reads a version as npm does: white space, "v" and "=" before it, a
// pre-release without its dash and leading zeros are all forgiven.
func Parse(s string) (Version, error) {
	s = trim(s)
	v, rest, ok := parseLoose(s)
	if !ok || rest != "" || len(s) > maxText {
		return Version{}, fmt.Errorf("%w: %.80q", ErrVersion, artifact.Untrusted(s).String())
	}
	return v, nil
}

// parseLoose reads a version that s begins with.
func parseLoose(s string) (v Version, rest string, ok bool) {
	s = skipMark(s)
	for i, part := range []*uint64{&v.major, &v.minor, &v.patch} {
		if i > 0 {
			if s == "" || s[0] != '.' {
				return v, s, false
			}
			s = s[1:]
		}
		n := countDigits(s)
		if n == 0 {
			return v, s, false
		}
		number, err := strconv.ParseUint(s[:n], 10, 64)
		if err != nil || number > maxSafe {
			return v, s, false
		}
		*part, s = number, s[n:]
	}
	v.pre, v.build, rest = tail(s)
	return v, rest, true
}

// tail reads what may stand behind the three numbers.
func tail(s string) (pre []identifier, build, rest string) {
	if p := strings.TrimPrefix(s, "-"); p != "" {
		if n := identifiers(p); n > 0 {
			pre, s = splitIdentifiers(p[:n]), p[n:]
		}
	}
	if strings.HasPrefix(s, "+") {
		if n := identifiers(s[1:]); n > 0 {
			build, s = s[1:1+n], s[1+n:]
		}
	}
	return pre, build, s
}

// identifiers is the length of dot-separated identifiers that s begins with.
func identifiers(s string) int {
	end := 0
	for i := 0; ; {
		n := 0
		for i+n < len(s) && isIdentifier(s[i+n]) {
			n++
		}
		if n == 0 {
			return end
		}
		i += n
		end = i
		if i == len(s) || s[i] != '.' {
			return end
		}
		i++
	}
}

func splitIdentifiers(s string) []identifier {
	var out []identifier
	for part := range strings.SplitSeq(s, ".") {
		id := identifier{text: part}
		if countDigits(part) == len(part) {
			if n, err := strconv.ParseUint(part, 10, 64); err == nil && n < maxSafe {
				id = identifier{number: n}
			}
		}
		out = append(out, id)
	}
	return out
}

// skipMark passes over what may stand before the numbers.
func skipMark(s string) string { return strings.TrimLeft(s, "v= \t\n\r\v\f\u00a0\ufeff") }

func trim(s string) string { return strings.Trim(s, " \t\n\r\v\f\u00a0\ufeff") }

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isIdentifier(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-'
}

// Pre says whether it is a pre-release.
func (v Version) Pre() bool { return len(v.pre) > 0 }

// String writes the version in its normal form, build metadata included.
func (v Version) String() string {
	b := fmt.Appendf(nil, "%d.%d.%d", v.major, v.minor, v.patch)
	for i, id := range v.pre {
		b = append(b, "-."[min(i, 1)])
		if id.text != "" {
			b = append(b, id.text...)
			continue
		}
		b = strconv.AppendUint(b, id.number, 10)
	}
	if v.build != "" {
		b = append(append(b, '+'), v.build...)
	}
	return string(b)
}

// What the parts of a key begin with, in their order: a pre-release that ends
// comes before one that goes on, numbers before words, any pre-release before
// the release.
const (
	keyEnd     = 0
	keyNumber  = 1
	keyWord    = 2
	keyRelease = 3
)

// Key is a byte string that sorts (bytes.Compare) as versions do. Build metadata
// is no part of it.
func (v Version) Key() []byte {
	k := make([]byte, 0, 3*8+1)
	for _, n := range []uint64{v.major, v.minor, v.patch} {
		k = binary.BigEndian.AppendUint64(k, n)
	}
	if !v.Pre() {
		return append(k, keyRelease)
	}
	for _, id := range v.pre {
		if id.text == "" {
			k = binary.BigEndian.AppendUint64(append(k, keyNumber), id.number)
			continue
		}
		k = append(append(append(k, keyWord), id.text...), 0)
	}
	return append(k, keyEnd)
}

// Compare orders two versions; those that differ in build metadata are equal.
func Compare(a, b Version) int {
	for _, pair := range [][2]uint64{{a.major, b.major}, {a.minor, b.minor}, {a.patch, b.patch}} {
		switch {
		case pair[0] < pair[1]:
			return -1
		case pair[0] > pair[1]:
			return 1
		}
	}
	if !a.Pre() && !b.Pre() {
		return 0
	}
	return bytes.Compare(a.Key(), b.Key())
}

// sameRelease says whether two versions are of one release, pre-releases aside.
func sameRelease(a, b Version) bool {
	return a.major == b.major && a.minor == b.minor && a.patch == b.patch
}
