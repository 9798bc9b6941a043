// Package origin checks where a name comes from. A name has one origin, internal
// or one upstream (DESIGN.md, invariant 8): an internal name that shows up
// outside, a name that looks like an internal one, and a name that comes from
// another upstream than before are how dependency confusion begins.
//
// It compares names and records only; asking no upstream for an internal name is
// the work of whoever asks upstreams.
package origin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// The rules of this check; their class is never waived.
const (
	RuleInternalOutside   = "internal-name-outside"   // a declared internal name was found at an external upstream
	RuleInternalLookalike = "internal-name-lookalike" // an outside name that collides with a declared internal one
	RuleChanged           = "origin-changed"          // the name came from elsewhere before
)

// What can be declared at most.
const (
	maxPatterns = 1000
	maxPattern  = 200 // bytes; names are shorter
	maxStars    = 2   // in one pattern
	maxName     = 100 // longer names are compared with patterns as they are, not by how they look
)

// Pattern declares internal names: a name, or a name with "*" for any run of
// characters. Write names in the ecosystem's identity form.
type Pattern struct {
	Ecosystem artifact.Ecosystem // "": every one
	Glob      string
}

// Check is the origin check; use New.
type Check struct {
	patterns []Pattern
	internal []string // names of internal upstreams
	key      func(artifact.Package) string
	revision string
}

var _ scan.VersionCheck = (*Check)(nil)

// New gives a check of the declared internal names. internalUpstreams are the
// configured upstreams that are the company's own: internal names may come from
// there. key is the ecosystem's collision key: names with one key look alike.
func New(patterns []Pattern, internalUpstreams []string, key func(artifact.Package) string) (*Check, error) {
	if len(patterns) > maxPatterns {
		return nil, fmt.Errorf("reading internal names: more than %d patterns", maxPatterns)
	}
	for _, p := range patterns {
		if p.Glob == "" || len(p.Glob) > maxPattern || strings.Count(p.Glob, "*") > maxStars || strings.Trim(p.Glob, "*") == "" {
			return nil, fmt.Errorf("reading internal names: pattern %.80q: write a name, or one with at most %d stars and something between them", p.Glob, maxStars)
		}
		if strings.ContainsAny(p.Glob, "?[]\\ ") {
			return nil, fmt.Errorf("reading internal names: pattern %.80q: only * stands for other characters", p.Glob)
		}
	}
	b, err := json.Marshal([]any{patterns, internalUpstreams})
	if err != nil {
		return nil, fmt.Errorf("reading internal names: %w", err)
	}
	sum := sha256.Sum256(b)
	return &Check{
		patterns: slices.Clone(patterns), internal: slices.Clone(internalUpstreams), key: key,
		revision: "2-" + hex.EncodeToString(sum[:4]),
	}, nil
}

// Name implements scan.VersionCheck.
func (*Check) Name() string { return "origin" }

// Revision implements scan.VersionCheck.
func (c *Check) Revision() string { return c.revision }

// Check gives what is wrong about the name's origin. It says nothing without an
// index: then nobody outside offers the name.
func (c *Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	if t.Index == nil {
		return nil, nil
	}
	p, up := t.Version.Package, t.Index.Upstream
	name, from := artifact.Untrusted(p.Name), artifact.Untrusted(up)
	var out []finding.Finding
	if up != artifact.Internal && !slices.Contains(c.internal, up) {
		if glob, exact := c.declared(p); t.Internal || exact {
			out = append(out, found(RuleInternalOutside, fmt.Sprintf("%s is an internal name, and the external upstream %s offers it too", name, from)))
		} else if glob != "" {
			out = append(out, found(RuleInternalLookalike, fmt.Sprintf("%s from %s can be mistaken for the internal name %s", name, from, artifact.Untrusted(glob))))
		}
	}
	if t.Origin != "" && t.Origin != up {
		out = append(out, found(RuleChanged, fmt.Sprintf("%s comes from %s, but its recorded origin is %s", name, from, artifact.Untrusted(t.Origin))))
	}
	return out, nil
}

func found(rule, text string) finding.Finding {
	return finding.Finding{Rule: rule, Class: finding.Origin, Severity: finding.High, Text: text}
}

// declared gives the pattern that names the package, and whether it does so
// literally; a pattern that only looks like the name comes with false.
func (c *Check) declared(p artifact.Package) (glob string, exact bool) {
	lookalike := ""
	for _, pattern := range c.patterns {
		if pattern.Ecosystem != "" && pattern.Ecosystem != p.Ecosystem {
			continue
		}
		parts := strings.Split(pattern.Glob, "*")
		if match(parts, p.Name, func(a, b string) bool { return a == b }) {
			return pattern.Glob, true
		}
		if lookalike == "" && len(p.Name) <= maxName && match(parts, p.Name, c.alike(p.Ecosystem)) {
			lookalike = pattern.Glob
		}
	}
	return lookalike, false
}

// alike compares by collision key. Where the literal part of a pattern begins or
// ends with a separator the name must have one there as well: keys drop them,
// and without this "data-*" would claim every name that begins with "data".
func (c *Check) alike(eco artifact.Ecosystem) func(part, text string) bool {
	keys := map[string]string{}
	key := func(s string) string {
		k, ok := keys[s]
		if !ok {
			k = c.key(artifact.Package{Ecosystem: eco, Name: s})
			keys[s] = k
		}
		return k
	}
	return func(part, text string) bool {
		if text == "" || separated(part[0]) != separated(text[0]) || separated(part[len(part)-1]) != separated(text[len(text)-1]) {
			return false
		}
		return key(part) == key(text)
	}
}

func separated(c byte) bool { return c == '-' || c == '_' || c == '.' || c == '/' }

// match says whether text is the parts in order with anything between them,
// where same compares a part with a piece of the text. A piece that looks like a
// part may be a little longer or shorter than it.
func match(parts []string, text string, same func(part, piece string) bool) bool {
	part := parts[0]
	if len(parts) == 1 {
		return part == "" || same(part, text)
	}
	if part == "" {
		return anywhere(parts[1:], text, same)
	}
	for end := 1; end <= min(len(text), 2*len(part)); end++ {
		if same(part, text[:end]) && anywhere(parts[1:], text[end:], same) {
			return true
		}
	}
	return false
}

// anywhere is match behind a star: the parts may begin at any place.
func anywhere(parts []string, text string, same func(part, piece string) bool) bool {
	for start := range len(text) + 1 {
		if match(parts, text[start:], same) {
			return true
		}
	}
	return false
}
