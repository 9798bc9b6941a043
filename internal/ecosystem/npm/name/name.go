// Package name holds the names of npm's packages: which texts are one, which a
// new package may take, and which of them people mistake for one another. The
// rules are those of https://github.com/npm/validate-npm-package-name.
//
// A name is its own identity: the registry tells capitals apart, because names
// from before 2015 have them, so nothing here folds a name but CollisionKey. What
// Parse lets through is one path element, or a scope and one, without percent
// signs, dots alone or anything else that a URL or a file system reads more into.
package name

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// MaxLength is how many characters a name has at most, its scope included.
const MaxLength = 214

// ErrName says that a text cannot be the name of an npm package.
var ErrName = errors.New("not an npm package name")

// Parse checks a name, scoped or not, that the registry may have, older ones
// included, and gives it back as it is.
func Parse(s string) (string, error) {
	if why := wrong(s); why != "" {
		return "", fmt.Errorf("%w: %.80q %s", ErrName, artifact.Untrusted(s).String(), why)
	}
	return s, nil
}

// Valid is Parse for those who do not ask why.
func Valid(s string) bool { return wrong(s) == "" }

func wrong(s string) string {
	if len(s) > MaxLength {
		return fmt.Sprintf("is longer than %d characters", MaxLength)
	}
	scope, base := Split(s)
	switch {
	case scope == "" && strings.HasPrefix(s, "@"):
		return "has no name behind its scope"
	case base == "":
		return "is empty"
	case !urlSafe(base) || !urlSafe(strings.TrimPrefix(scope, "@")):
		return "has characters that a URL would escape"
	case strings.HasPrefix(base, "."), strings.HasPrefix(scope, "@."):
		return "begins with a dot"
	case scope == "" && (base[0] == '_' || base[0] == '-'):
		return "begins with a dash or an underscore"
	case strings.EqualFold(base, "node_modules") || strings.EqualFold(s, "favicon.ico"):
		return "is a file that is found in the same places"
	}
	return ""
}

// New checks a name that does not exist yet: lower case, without the characters
// that only older names have, and none of the modules that node itself brings.
func New(s string) error {
	if _, err := Parse(s); err != nil {
		return err
	}
	_, base := Split(s)
	switch {
	case strings.ToLower(s) != s:
		return fmt.Errorf("%w: new names have no capitals: %q", ErrName, s)
	case strings.ContainsAny(base, "~'!()*"):
		return fmt.Errorf("%w: new names have none of ~'!()*: %q", ErrName, s)
	case base[0] == '_':
		return fmt.Errorf("%w: new names do not begin with an underscore: %q", ErrName, s)
	case slices.Contains(coreModules, s):
		return fmt.Errorf("%w: node has a module of its own called %q", ErrName, s)
	}
	return nil
}

// coreModules are what require finds without any package.
var coreModules = strings.Fields(`
	assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events
	fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream
	string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib`)

// Split parts a name into its scope, with its @, and the rest; the scope is ""
// where there is none.
func Split(s string) (scope, base string) {
	if strings.HasPrefix(s, "@") {
		if scope, base, ok := strings.Cut(s, "/"); ok && len(scope) > 1 {
			return scope, base
		}
	}
	return "", s
}

// urlSafe says that encodeURIComponent leaves a text as it is.
func urlSafe(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("-_.!~*'()", c) < 0 {
			return false
		}
	}
	return true
}

var separators = strings.NewReplacer("-", "", "_", "", ".", "", "/", "", "@", "")

// CollisionKey folds names that people mistake for one another: capitals,
// separators, and whether what stands before one is a scope (@types/node and
// types-node).
func CollisionKey(s string) string {
	lower := strings.ToLower(s)
	if key := separators.Replace(lower); key != "" {
		return key
	}
	return lower
}
