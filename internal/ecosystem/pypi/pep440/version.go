// Package pep440 reads, orders and matches Python version numbers and version
// specifiers as the version specifiers specification says
// (https://packaging.python.org/en/latest/specifications/version-specifiers/,
// first written as PEP 440).
//
// It promises never to guess: text that the specification does not define is an
// error, and numbers of any size compare exactly. All values are immutable and
// safe for concurrent use. Choosing whether pre-releases are wanted at all is
// the caller's policy; this package only says which versions lie in a range.
package pep440

import (
	"fmt"
	"math"
	"strings"
)

// MaxVersion is the longest version text accepted, in bytes. One byte can then
// hold the length of any number in it, which is what Key relies on.
const MaxVersion = 255

// Version is one version number. The zero value is no version: it sorts before
// all of them and prints as "". Versions may be compared with == only for
// identity of spelling; use Compare or Key for the specification's equality.
type Version struct {
	text string // normal form
	key  string // what Key gives

	// Where the parts end: base in text, the others in key.
	base    uint16 // epoch and release, in text
	release uint16 // epoch and release
	pre     uint16 // ... and the pre-release
	public  uint16 // ... and post and dev: all but the local label

	isPre, isPost, isDev bool
}

// Bytes of a key. Within one place of the key a lower byte sorts first: a
// release that ends sorts before a longer one, a development release without a
// pre-release before all pre-releases, a final release after them.
const (
	endOfRelease = 0x00

	preDevOnly = 0x01
	preAlpha   = 0x02
	preBeta    = 0x03
	preRC      = 0x04
	preNone    = 0x05

	postNone = 0x01
	postSome = 0x02

	devSome = 0x01
	devNone = 0x02

	localText    = 0x01
	localTextEnd = 0x00
	localNumber  = 0x02
)

// Parse reads a version in any spelling that the specification allows: a
// leading v, epochs, alternative names and separators of pre, post and
// development releases, a local label, ASCII space around it, any case.
func Parse(s string) (Version, error) {
	s = strings.Trim(s, asciiSpace)
	if len(s) > MaxVersion {
		return Version{}, fmt.Errorf("reading version %.40q: longer than %d bytes", s, MaxVersion)
	}
	p := parser{rest: s}
	v, ok := p.version()
	if !ok {
		return Version{}, fmt.Errorf("reading version %q: not a PEP 440 version", s)
	}
	return v, nil
}

const asciiSpace = " \t\n\v\f\r"

// String gives the normal form. Trailing zeros of the release stay: "1.0".
func (v Version) String() string { return v.text }

// Compare orders two versions: negative, zero or positive as a sorts before,
// equal to or after b.
func Compare(a, b Version) int { return strings.Compare(a.key, b.key) }

// Key gives a byte string whose bytes.Compare order is the versions' order.
// Versions that are equal (2.2 and 2.2.0) have equal keys. Its layout may be
// stored: it changes only together with a schema migration.
func (v Version) Key() []byte { return []byte(v.key) }

// Pre says that the version is a pre-release in the specification's sense: an
// alpha, beta, candidate or development release.
func (v Version) Pre() bool { return v.isPre || v.isDev }

// Post says that the version has a post-release part.
func (v Version) Post() bool { return v.isPost }

// Local gives the local label in normal form, "" when there is none.
func (v Version) Local() string {
	_, local, _ := strings.Cut(v.text, "+")
	return local
}

// Public is the version without its local label.
func (v Version) Public() Version {
	v.text, _, _ = strings.Cut(v.text, "+")
	v.key = v.key[:v.public]
	return v
}

// Base is the version's epoch and release alone: 1!2.0 for 1!2.0rc1.post2+x.
func (v Version) Base() Version {
	if v.text == "" {
		return v
	}
	key := v.key[:v.release] + string([]byte{preNone, postNone, devNone})
	return Version{
		text: v.text[:v.base], key: key,
		base: v.base, release: v.release, pre: v.release + 1, public: v.release + 3,
	}
}

// Release gives the i-th number of the release, counted from zero; zero beyond
// its end, as in the specification's comparison. A number above the largest
// uint64 gives that largest value.
func (v Version) Release(i int) uint64 {
	rest := v.text[:v.base]
	if _, after, ok := strings.Cut(rest, "!"); ok {
		rest = after
	}
	for ; rest != ""; i-- {
		var number string
		number, rest, _ = strings.Cut(rest, ".")
		if i == 0 {
			return saturate(number)
		}
	}
	return 0
}

func saturate(digits string) uint64 {
	var n uint64
	for i := 0; i < len(digits); i++ {
		d := uint64(digits[i] - '0')
		if n > (math.MaxUint64-d)/10 {
			return math.MaxUint64
		}
		n = n*10 + d
	}
	return n
}

// earliest is the key of the version's own first development release, below
// which "<" ends: 1.0.dev0 for 1.0, 1.0.post1.dev0 for 1.0.post1.
func (v Version) earliest() string {
	dev := string([]byte{devSome, 1, '0'})
	if !v.isPre && !v.isPost {
		return v.key[:v.release] + string([]byte{preDevOnly, postNone}) + dev
	}
	return v.key[:v.public-1] + dev
}

// startsWith says whether v has the epoch of prefix and its release begins with
// the first n numbers of prefix's, both padded with zeros.
func (v Version) startsWith(prefix releasePrefix) bool {
	if !strings.HasPrefix(v.key[:v.release], prefix.key) {
		return false
	}
	rest := v.key[len(prefix.key):v.release]
	for range prefix.zeros {
		if rest[0] == endOfRelease {
			return true
		}
		if !strings.HasPrefix(rest, zeroNumber) {
			return false
		}
		rest = rest[len(zeroNumber):]
	}
	return true
}

const zeroNumber = "\x010"

// A releasePrefix is what ==1.2.* and ~=1.2.3 compare with.
type releasePrefix struct {
	key   string // epoch and release numbers as in a version's key, without trailing zeros
	zeros int    // how many of those were left off
}

// prefix gives the release of v without its last drop numbers.
func (v Version) prefix(drop int) releasePrefix {
	epoch, release := "0", v.text[:v.base]
	if before, after, ok := strings.Cut(release, "!"); ok {
		epoch, release = before, after
	}
	numbers := strings.Split(release, ".")
	numbers = numbers[:len(numbers)-drop]
	kept := len(numbers)
	for kept > 0 && numbers[kept-1] == "0" {
		kept--
	}
	key := appendNumber(nil, epoch)
	for _, n := range numbers[:kept] {
		key = appendNumber(key, n)
	}
	return releasePrefix{string(key), len(numbers) - kept}
}

// appendNumber appends a decimal number without leading zeros so that more
// digits sort after fewer.
func appendNumber(key []byte, digits string) []byte {
	key = append(key, byte(len(digits)))
	return append(key, digits...)
}
