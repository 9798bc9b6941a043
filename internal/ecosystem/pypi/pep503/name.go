// Package pep503 gives Python project and extra names their identity: the
// grammar of the name format specification
// (https://packaging.python.org/en/latest/specifications/name-normalization/,
// PEP 503 and PEP 508) and its normal form. It promises never to repair a name:
// what the grammar refuses is an error.
package pep503

import (
	"fmt"
	"strings"
)

// MaxName is the longest name accepted, in bytes. The longest on the public
// index stays under 200; a normal form is never longer than what was written.
const MaxName = 200

// Normalize gives the normal form of a name: ASCII lower case, every run of
// '-', '_' and '.' one '-'. It does not check the name and never fails; text
// that is no name comes back in some form that is no name either.
func Normalize(s string) string {
	if isNormal(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isSeparator(c):
			if n := len(b); n == 0 || b[n-1] != '-' {
				b = append(b, '-')
			}
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// Parse checks s against the name grammar (ASCII letters, digits, '-', '_' and
// '.', a letter or digit at both ends, at most MaxName bytes) and gives its
// normal form. Surrounding space is an error.
func Parse(s string) (string, error) {
	if len(s) > MaxName {
		return "", fmt.Errorf("reading name %.40q: longer than %d bytes", s, MaxName)
	}
	if s == "" || !isAlphanumeric(s[0]) || !isAlphanumeric(s[len(s)-1]) {
		return "", fmt.Errorf("reading name %q: a name starts and ends with an ASCII letter or digit", s)
	}
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) && !isSeparator(s[i]) {
			return "", fmt.Errorf("reading name %q: only ASCII letters, digits, '-', '_' and '.' may stand in a name", s)
		}
	}
	return Normalize(s), nil
}

func isNormal(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '_' || c == '.' || ('A' <= c && c <= 'Z') {
			return false
		}
	}
	return !strings.Contains(s, "--")
}

func isSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func isAlphanumeric(c byte) bool {
	return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9')
}

// CollisionKey is coarser than a name's identity: names that a reader takes for one
// another share it.
func CollisionKey(name string) string { return lookAlikes.Replace(strings.ToLower(name)) }

var lookAlikes = strings.NewReplacer("-", "", "_", "", ".", "", "0", "o", "1", "l", "i", "l", "5", "s")
