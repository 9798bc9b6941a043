// Package typosquat finds names that look like a much more popular one: a
// letter off, confusable characters, tokens in another order, a usual prefix or
// suffix added or dropped, another owner or domain. It knows each ecosystem's most
// downloaded or most needed names (popular/ECOSYSTEM.txt, each of which says where its
// order comes from) and never says anything about a name that is among them: two
// popular names that look alike are two projects. Nor does it about names of one owner
// (npm's scope, a module's folder, Maven's group), who alone can give them out.
//
// A finding is a hint for a person: it speaks of names only, not of code.
package typosquat

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
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
	rules       = "2" // changes when the same name could get another answer
)

//go:embed popular/*.txt
var lists embed.FS

// Check is the typosquat check; use New.
type Check struct {
	names map[artifact.Ecosystem]func() *names // those whose popular names are known
}

var _ scan.VersionCheck = (*Check)(nil)

// New gives the check. The index of an ecosystem's names is built when it is first
// asked.
func New() *Check {
	c := &Check{names: map[artifact.Ecosystem]func() *names{}}
	files, err := lists.ReadDir("popular")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, f := range files {
		e := artifact.Ecosystem(strings.TrimSuffix(f.Name(), ".txt"))
		c.names[e] = sync.OnceValue(func() *names { return build(popularNames(e)) })
	}
	return c
}

// popularNames lists an ecosystem's embedded names, most popular first.
func popularNames(e artifact.Ecosystem) []string {
	text, err := lists.ReadFile("popular/" + string(e) + ".txt")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if name := strings.TrimSpace(line); name != "" && name[0] != '#' {
			out = append(out, name)
		}
	}
	return out
}

// Name implements scan.VersionCheck.
func (*Check) Name() string { return "typosquat" }

var revision = sync.OnceValue(func() string {
	h := sha256.New()
	files, _ := lists.ReadDir("popular")
	for _, f := range files {
		text, _ := lists.ReadFile("popular/" + f.Name())
		fmt.Fprintf(h, "%s %d\n", f.Name(), len(text))
		h.Write(text)
	}
	return rules + "-" + hex.EncodeToString(h.Sum(nil)[:4])
})

// Revision implements scan.VersionCheck.
func (*Check) Revision() string { return revision() }

// Check gives at most one finding: the most popular name that this one looks
// like. It is high when the package is also new or has very few versions.
// Internal names are the company's own business.
func (c *Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	known := c.names[t.Version.Package.Ecosystem]
	if known == nil || t.Internal {
		return nil, nil
	}
	name := t.Version.Package.Name
	like, ok := known().lookalike(name)
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
	known := c.names[p.Ecosystem]
	if known == nil {
		return "", false
	}
	n := known()
	if i, popular := n.rank[plain(p.Name)]; popular {
		return n.popular[i], true
	}
	like, ok := n.lookalike(p.Name)
	return like.name, ok
}

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
