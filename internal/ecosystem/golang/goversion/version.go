// Package goversion orders Go's module versions and reads ranges of them:
// semantic versions with a "v" in front (https://go.dev/ref/mod#versions), with
// pseudo-versions and +incompatible, as golang.org/x/mod/semver compares them.
//
// Advisories write versions without the "v", and shortened ("0"); both are read.
// Nothing here reads anything but its arguments, and all of it is safe for
// concurrent use.
package goversion

import (
	"fmt"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// maxLength bounds a version, in bytes: the longest pseudo-versions are below 80.
// A field of one then has a length that fits in a byte of its key.
const maxLength = 255

// Parse gives a version in the form that the go command writes it: with "v" and
// three numbers, its pre-release, and +incompatible kept. Other build metadata is
// no part of a module's version and is refused.
func Parse(s string) (string, error) {
	v := s
	if !strings.HasPrefix(v, "v") {
		v = "v" + v
	}
	if len(v) > maxLength || !semver.IsValid(v) {
		return "", fmt.Errorf("reading version %.100q: not a semantic version", s)
	}
	switch build := semver.Build(v); build {
	case "":
		return semver.Canonical(v), nil
	case "+incompatible":
		return semver.Canonical(v) + build, nil
	default:
		return "", fmt.Errorf("reading version %.100q: Go's module versions have no build metadata but +incompatible", s)
	}
}

// Pre says whether a version, as Parse gives it, is one that people get only when
// they ask for it or nothing else is there: a pre-release or a pseudo-version.
func Pre(v string) bool { return semver.Prerelease(v) != "" }

// Pseudo says whether a version, as Parse gives it, names a commit without a tag.
func Pseudo(v string) bool { return module.IsPseudoVersion(v) }

// Key is a byte string that sorts (bytes.Compare) as semver.Compare orders
// versions. v is as Parse gives it; what is equal but for +incompatible has
// one key.
func Key(v string) []byte {
	core, pre, hasPre := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v, "v"), "+incompatible"), "-")
	var key []byte
	for number := range strings.SplitSeq(core, ".") {
		key = appendNumber(key, number)
	}
	if !hasPre {
		return append(key, releaseMark)
	}
	for field := range strings.SplitSeq(pre, ".") {
		if isNumber(field) {
			key = appendNumber(append(key, numberMark), field)
		} else {
			key = append(append(append(key, wordMark), field...), endMark)
		}
	}
	return append(key, endMark)
}

// What begins a field of a key, in the order of semantic versions: fewer fields
// before more, numbers before words, and every pre-release before the release.
const (
	endMark     = 0
	numberMark  = 1
	wordMark    = 2
	releaseMark = 3
)

// appendNumber writes decimal digits so that the longer number sorts higher.
// Semantic versions have no leading zeros.
func appendNumber(key []byte, digits string) []byte {
	return append(append(key, byte(len(digits))), digits...)
}

func isNumber(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// Range is a set of versions in words: clauses that all have to hold, separated by
// commas or blanks, each an operator (>=, >, <=, <, =, ==, !=) and a version. A
// version without an operator is that version alone. Go itself knows minimal
// versions only; the rest is for advisories, waivers and policies.
type Range []clause

type clause struct{ operator, version string }

// maxClauses bounds a range.
const maxClauses = 64

// ParseRange reads a range; "" holds every version.
func ParseRange(s string) (Range, error) {
	var out Range
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for i := 0; i < len(fields); i++ {
		word := fields[i]
		version := strings.TrimLeft(word, "<>=!")
		operator := word[:len(word)-len(version)]
		if version == "" && i+1 < len(fields) { // ">= v1.2.3"
			i++
			version = fields[i]
		}
		switch operator {
		case "", "==":
			operator = "="
		case "=", "!=", "<", "<=", ">", ">=":
		default:
			return nil, fmt.Errorf("reading version range %.100q: %q is no operator", s, operator)
		}
		v, err := Parse(version)
		if err != nil {
			return nil, fmt.Errorf("reading version range %.100q: %w", s, err)
		}
		if out = append(out, clause{operator, v}); len(out) > maxClauses {
			return nil, fmt.Errorf("reading version range: more than %d clauses", maxClauses)
		}
	}
	return out, nil
}

// Contains says whether a version, as Parse gives it, lies in the range.
func (r Range) Contains(v string) bool {
	for _, c := range r {
		if !c.holds(semver.Compare(v, c.version)) {
			return false
		}
	}
	return true
}

func (c clause) holds(order int) bool {
	switch c.operator {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

// Minimum gives the version of a range that is one lower bound or one version
// alone, which is all that a go.mod can ask for; false for any other.
func (r Range) Minimum() (string, bool) {
	if len(r) == 1 && (r[0].operator == ">=" || r[0].operator == "=") {
		return r[0].version, true
	}
	return "", false
}
