// Package semver holds Cargo's versions and version requirements: Semantic Versioning
// 2.0 (https://semver.org) without any leniency, and the requirements of
// https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html as the crate
// semver, which cargo uses, reads them.
//
// It promises never to take a version or a requirement that cargo does not take:
// what cargo cannot read is an error here. Nothing is kept between calls and
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

// maxText is the longest text that is taken for a version.
const maxText = 255

// ErrVersion says that a text is no version.
var ErrVersion = errors.New("not a version that cargo reads")

// Version is one version. The zero value is 0.0.0.
type Version struct {
	Major, Minor, Patch uint64
	Pre                 string // "alpha.1"; "" for a release
	Build               string // "build.5"; no part of the order
}

// Parse reads a version: MAJOR.MINOR.PATCH[-PRE][+BUILD].
func Parse(s string) (Version, error) {
	v, ok := parse(s)
	if !ok || len(s) > maxText {
		return Version{}, fmt.Errorf("%w: %.80q", ErrVersion, artifact.Untrusted(s).String())
	}
	return v, nil
}

func parse(s string) (v Version, ok bool) {
	for i, part := range []*uint64{&v.Major, &v.Minor, &v.Patch} {
		if i > 0 {
			if s, ok = strings.CutPrefix(s, "."); !ok {
				return v, false
			}
		}
		if *part, s, ok = number(s); !ok {
			return v, false
		}
	}
	v.Pre, v.Build, ok = tail(s)
	return v, ok
}

// number reads a number without leading zeros that s begins with.
func number(s string) (n uint64, rest string, ok bool) {
	end := 0
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if end == 0 || end > 1 && s[0] == '0' {
		return 0, s, false
	}
	n, err := strconv.ParseUint(s[:end], 10, 64)
	return n, s[end:], err == nil
}

// tail reads what may stand behind the three numbers, to the end of s.
func tail(s string) (pre, build string, ok bool) {
	if at := strings.IndexByte(s, '+'); at >= 0 {
		if build = s[at+1:]; !identifiers(build, true) {
			return "", "", false
		}
		s = s[:at]
	}
	if s == "" {
		return "", build, true
	}
	pre, dash := strings.CutPrefix(s, "-")
	return pre, build, dash && identifiers(pre, false)
}

// identifiers says whether s is a list of identifiers with dots between them.
// Numbers among them have leading zeros only where zeros says so.
func identifiers(s string, zeros bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || !zeros && len(part) > 1 && part[0] == '0' && isNumber(part) {
			return false
		}
		for i := range len(part) {
			if c := part[i]; !isDigit(c) && c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// String writes the version as it was read.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		s += "-" + v.Pre
	}
	if v.Build != "" {
		s += "+" + v.Build
	}
	return s
}

// What the parts of a key begin with, in their order: a pre-release that ends comes
// before one that goes on, numbers before words, any pre-release before the release.
const (
	keyEnd     = 0
	keyNumber  = 1
	keyWord    = 2
	keyRelease = 3
)

// Key is a byte string that sorts (bytes.Compare) as versions do. Build metadata is
// no part of it.
func (v Version) Key() []byte {
	k := make([]byte, 0, 3*8+1)
	for _, n := range []uint64{v.Major, v.Minor, v.Patch} {
		k = binary.BigEndian.AppendUint64(k, n)
	}
	if v.Pre == "" {
		return append(k, keyRelease)
	}
	for part := range strings.SplitSeq(v.Pre, ".") {
		if isNumber(part) { // of any length: the longer one is the larger one
			k = append(append(k, keyNumber, byte(len(part))), part...)
			continue
		}
		k = append(append(append(k, keyWord), part...), 0)
	}
	return append(k, keyEnd)
}

// Compare orders two versions; those that differ in build metadata alone are equal.
func Compare(a, b Version) int { return bytes.Compare(a.Key(), b.Key()) }

// Compatible is what versions share of which a build has one at most: the numbers up
// to the first that is not zero.
func (v Version) Compatible() string {
	switch {
	case v.Major > 0:
		return strconv.FormatUint(v.Major, 10)
	case v.Minor > 0:
		return "0." + strconv.FormatUint(v.Minor, 10)
	}
	return "0.0." + strconv.FormatUint(v.Patch, 10)
}
