package resolve

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/osv-scalibr/clients/datasource"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/manifest"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Rules of the findings that a lock can cause (ecosystem.Resolved.Findings), the
// same as those of other ecosystems.
const (
	// RuleLockHash: the registry has other bytes under a locked release.
	RuleLockHash = "lock-hash-mismatch"
	// RuleLockAddress: clients fetch a locked file from where it is locked to, around
	// the gate.
	RuleLockAddress = "lock-address-elsewhere"
	// RuleLockFile: the registry has no such release.
	RuleLockFile = "lock-file-missing"
)

// fromLock gives the closure that a lock states: its releases, each with the
// tarball of the registry. No resolver is asked, and a lock's addresses are not
// followed. What the registry says against the lock is in Findings; then the entry
// may have no file, and must hold. The error is ErrUnreachable wrapped or ErrTooHard.
func fromLock(ctx context.Context, src *source, m *ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	for _, q := range m.Requirements {
		src.index(q.Package.Name)
	}
	out := make([]ecosystem.Resolved, 0, len(m.Requirements))
	for _, q := range m.Requirements {
		x, err := src.index(q.Package.Name).wait(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, locked(m, q, x))
	}
	ecosystem.LinkLocked(out, m.Requirements)
	return out, nil
}

// locked looks a lock's entry up in the registry's packument.
func locked(m *ecosystem.Manifest, q ecosystem.Requirement, x *index) ecosystem.Resolved {
	r := ecosystem.Resolved{
		Version: artifact.Version{Package: q.Package, Number: q.Number},
		Direct:  q.Direct, At: q.At, Hashes: q.Hashes,
	}
	rel := x.find(q.Number)
	if rel == nil {
		r.Findings = append(r.Findings, lockFinding(RuleLockFile, finding.Fault,
			fmt.Sprintf("%s locks %s, which the registry does not have; lock again", q.At, r.Version)))
		return r
	}
	r.Version.Number = rel.number
	r.Files = []ecosystem.IndexFile{rel.file}
	if contradicts(q.Hashes, rel.file) {
		r.Findings = append(r.Findings, lockFinding(RuleLockHash, finding.Integrity,
			fmt.Sprintf("%s locks %s with other bytes than the registry has; find out which are the author's before locking again", q.At, r.Version)))
	}
	if at := followed(m, q); at != "" {
		r.Findings = append(r.Findings, lockFinding(RuleLockAddress, finding.Origin,
			fmt.Sprintf("%s has %s fetched from %s, and clients do so around the gate; lock again with the gate's registry set (gatehouse client setup)", q.At, r.Version, artifact.Untrusted(at))))
	}
	return r
}

func lockFinding(rule string, class finding.Class, text string) finding.Finding {
	return finding.Finding{Rule: rule, Class: class, Severity: finding.High, Text: text}
}

// contradicts says that lock and registry speak of one algorithm and of no common
// digest.
func contradicts(hashes []string, f ecosystem.IndexFile) bool {
	known := slices.Clone(f.Digests)
	if f.SHA256 != "" {
		known = append(known, "sha256:"+string(f.SHA256))
	}
	compared := false
	for _, h := range hashes {
		if slices.Contains(known, h) {
			return false
		}
		algorithm, _, _ := strings.Cut(h, ":")
		compared = compared || slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, algorithm+":") })
	}
	return compared
}

// followed is the host that the lock's own client would fetch an entry from
// whatever registry is set; "" for the registry that is set. All clients go to the
// address of a lock, but for npm where it names the registry that npm has without
// any setting: that it takes for the one that is set (docs/npm.md holds what was
// measured).
func followed(m *ecosystem.Manifest, q ecosystem.Requirement) string {
	for _, f := range q.Files {
		at := host(f.URL)
		switch {
		case at == "", at == strings.ToLower(m.OwnHost):
		case at == publicHost() && (m.Format == manifest.PackageLock || m.Format == manifest.Shrinkwrap):
		default:
			return at
		}
	}
	return ""
}

// publicHost is the host of the registry that npm has without any setting.
var publicHost = sync.OnceValue(func() string {
	return host(datasource.ParseNPMRegistryInfo(datasource.NpmrcConfig{}).ScopeURLs[""])
})

// host is the host and port of an address, "" of what is none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
