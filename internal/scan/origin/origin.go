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

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// The rules of this check; their class is never waived.
const (
	RuleInternalOutside   = "internal-name-outside"   // a declared internal name was found at an external upstream
	RuleInternalLookalike = "internal-name-lookalike" // an outside name that collides with a declared internal one
	RuleBlocked           = "external-blocked"        // the package groups let nothing of this name in from outside
	RuleChanged           = "origin-changed"          // the name came from elsewhere before
)

// Check is the origin check; use New.
type Check struct {
	groups   *groups.Groups
	internal []string // names of internal upstreams
	revision string
}

var _ scan.VersionCheck = (*Check)(nil)

// New gives a check by package groups. internalUpstreams are the configured upstreams
// that are the company's own: internal names may come from there.
func New(g *groups.Groups, internalUpstreams []string) (*Check, error) {
	b, err := json.Marshal([]any{g.Digest(), internalUpstreams})
	if err != nil {
		return nil, fmt.Errorf("naming the origin check: %w", err)
	}
	sum := sha256.Sum256(b)
	return &Check{groups: g, internal: slices.Clone(internalUpstreams), revision: "3-" + hex.EncodeToString(sum[:4])}, nil
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
		switch said := c.groups.Of(p).External; {
		case said.Rule == groups.Block && said.Alike:
			out = append(out, found(RuleInternalLookalike, fmt.Sprintf("%s from %s: %s", name, from, said.Why)))
		case t.Internal || said.Rule == groups.Block && said.Literal():
			out = append(out, found(RuleInternalOutside, fmt.Sprintf("%s is an internal name, and the external upstream %s offers it too", name, from)))
		case said.Rule == groups.Block:
			out = append(out, found(RuleBlocked, fmt.Sprintf("%s came from %s: %s", name, from, said.Why)))
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
