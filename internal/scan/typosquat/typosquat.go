// Package typosquat finds names that look like a much more popular one: a
// letter off, confusable characters, tokens in another order, a usual prefix or
// suffix added or dropped. It knows the names of the most downloaded packages
// (popular.txt) and never says anything about a name that is among them: two
// popular names that look alike are two projects.
//
// A finding is a hint for a person: it speaks of names only, not of code.
package typosquat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Rule is the id of this check's findings.
const Rule = "typosquat"

const (
	young       = 30 * 24 * time.Hour // a package whose first file is younger is new
	fewVersions = 3
	rules       = "1" // changes when the same name could get another answer
)

// Check is the typosquat check; use New.
type Check struct{ names func() *names }

var _ scan.VersionCheck = (*Check)(nil)

// New gives the check. Its index is built when it is first asked.
func New() *Check {
	return &Check{names: sync.OnceValue(func() *names { return build(popularNames()) })}
}

// Name implements scan.VersionCheck.
func (*Check) Name() string { return "typosquat" }

var revision = sync.OnceValue(func() string {
	sum := sha256.Sum256(popularText)
	return rules + "-" + hex.EncodeToString(sum[:4])
})

// Revision implements scan.VersionCheck.
func (*Check) Revision() string { return revision() }

// Check gives at most one finding: the most popular name that this one looks
// like. It is high when the package is also new or has very few versions.
// Internal names are the company's own business.
func (c *Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	if !knows(t.Version.Package.Ecosystem) || t.Internal {
		return nil, nil
	}
	name := t.Version.Package.Name
	like, ok := c.names().lookalike(name)
	if !ok {
		return nil, nil
	}
	f := finding.Finding{
		Rule: Rule, Class: finding.Name, Severity: finding.Medium,
		Text: fmt.Sprintf("%s looks like the much more popular %s (%s)", artifact.Untrusted(name), like.name, like.how),
	}
	if newcomer(t.Index, t.Now) {
		f.Severity = finding.High
		f.Text += ", and is new or has very few versions"
	}
	return []finding.Finding{f}, nil
}

// Like gives the popular name that a package's name is, or looks like; false for an
// ecosystem whose popular names are not known here.
func (c *Check) Like(p artifact.Package) (string, bool) {
	if !knows(p.Ecosystem) {
		return "", false
	}
	n := c.names()
	if _, popular := n.rank[p.Name]; popular {
		return p.Name, true
	}
	like, ok := n.lookalike(p.Name)
	return like.name, ok
}

// knows says whether the list of popular names is of an ecosystem.
func knows(e artifact.Ecosystem) bool { return e == artifact.PyPI }

// newcomer says whether the package is young or has few versions. Where dates
// are missing only the versions count; without an index nothing is known.
func newcomer(x *ecosystem.Index, now time.Time) bool {
	if x == nil {
		return false
	}
	var first time.Time
	versions := map[string]bool{}
	for _, f := range x.Files {
		if len(versions) <= fewVersions {
			versions[f.Number] = true
		}
		if !f.Uploaded.IsZero() && (first.IsZero() || f.Uploaded.Before(first)) {
			first = f.Uploaded
		}
	}
	return len(versions) <= fewVersions || !first.IsZero() && now.Sub(first) < young
}
