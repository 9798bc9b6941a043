package resolve

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Rules of the findings that a lock can cause (ecosystem.Resolved.Findings).
const (
	// RuleLockHash: the index has other bytes under a locked file's name.
	RuleLockHash = "lock-hash-mismatch"
	// RuleLockAddress: the lock has a file fetched from where the index does not
	// have it.
	RuleLockAddress = "lock-address-elsewhere"
	// RuleLockFile: the index has no file that the lock and the target allow.
	RuleLockFile = "lock-file-missing"
	// RuleLockBuild: what the build of a locked sdist needs cannot be told.
	RuleLockBuild = "lock-build-unknown"
)

// FromLock gives the closure that a lock states for a target: the entries whose
// markers hold, each with the file of the index that the lock allows by its hash
// and an installer on the target takes. No solver is asked, and a lock's URLs
// are not looked at, but for what building an sdist needs: no lock says that.
// What the index says against the lock is in Findings; then the entry may have
// no file, and must hold. Errors are ErrUnreachable wrapped, ErrTooHard, and
// those of an unknown target.
func FromLock(ctx context.Context, up ecosystem.Upstream, m *ecosystem.Manifest, t ecosystem.Target) ([]ecosystem.Resolved, error) {
	src, done := newSource(ctx, up)
	defer done()
	rs, err := fromLock(ctx, src, m, t)
	return union(rs), err
}

func fromLock(ctx context.Context, src *source, m *ecosystem.Manifest, t ecosystem.Target) ([]ecosystem.Resolved, error) {
	e, err := newEnvironment(t, rules{})
	if err != nil {
		return nil, err
	}
	var entries []ecosystem.Requirement
	for _, q := range m.Requirements {
		if !q.Constraint && e.lockApplies(q.Marker) {
			entries = append(entries, q)
			src.project(q.Package.Name)
		}
	}
	out := make([]ecosystem.Resolved, 0, len(entries))
	for _, q := range entries {
		p, err := src.project(q.Package.Name).wait(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, e.locked(m, q, p))
	}
	ecosystem.LinkLocked(out, entries)
	return newBuilder(src, e).withLockedBuilds(ctx, out)
}

var quoted = lazy.Regexp(`'[^']*'|"[^"]*"`)

// lockApplies says whether an entry may be installed on the target: with no
// extra and group asked for, or with any that its marker names. Which of them a
// team installs is not in the lock; what cannot be read counts as applying, so
// that more is looked at rather than less.
func (e *environment) lockApplies(text string) bool {
	if text == "" {
		return true
	}
	marker, err := pep508.ParseMarker(text)
	if err != nil || marker.Eval(e.env, "") || marker.EvalLock(e.env, nil, nil) {
		return true
	}
	var names []string
	for _, q := range quoted().FindAllString(text, -1) {
		names = append(names, q[1:len(q)-1])
	}
	return marker.EvalLock(e.env, names, names) ||
		slices.ContainsFunc(names, func(n string) bool { return marker.Eval(e.env, n) })
}

// locked looks a lock's entry up in the index.
func (e *environment) locked(m *ecosystem.Manifest, q ecosystem.Requirement, p *project) ecosystem.Resolved {
	r := ecosystem.Resolved{
		Version: artifact.Version{Package: q.Package, Number: q.Number},
		Direct:  q.Direct, At: q.At,
		Hashes: lockHashes(q),
	}
	rel := p.find(q.Number)
	if rel == nil {
		r.Findings = append(r.Findings, lockFinding(RuleLockFile, finding.Fault,
			fmt.Sprintf("%s locks %s, which the index does not have; lock again", q.At, r.Version)))
		return r
	}
	r.Version.Number = rel.number
	r.Findings = append(contradictions(q, rel), elsewhere(m, q, rel)...)
	with := *e
	with.rules.hashes = map[string][]string{q.Package.Name: r.Hashes}
	f, _ := with.take(q.Package.Name, rel, true)
	if f == nil {
		r.Findings = append(r.Findings, lockFinding(RuleLockFile, finding.Fault,
			fmt.Sprintf("%s: the index has no file of %s that the lock and Python %s on %s allow; lock again", q.At, r.Version, e.target.Python, e.target.Platform)))
		return r
	}
	r.Files = []ecosystem.IndexFile{f.IndexFile}
	return r
}

func (p *project) find(number string) *release {
	v, err := pep440.Parse(number)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(p.releases, func(r release) bool { return pep440.Compare(r.version, v) == 0 })
	if i < 0 {
		return nil
	}
	return &p.releases[i]
}

// lockHashes gives what a lock demands of the files of an entry.
func lockHashes(q ecosystem.Requirement) []string {
	var out []string
	for _, f := range q.Files {
		if f.SHA256 != "" {
			out = append(out, "sha256:"+string(f.SHA256))
		}
	}
	return sortedUnion(out, q.Hashes)
}

// contradictions finds locked files that the index has with other bytes.
func contradictions(q ecosystem.Requirement, r *release) []finding.Finding {
	var out []finding.Finding
	for _, l := range q.Files {
		for _, f := range r.files {
			if f.Name != l.Name || l.SHA256 == "" || f.SHA256 == "" || f.SHA256 == l.SHA256 {
				continue
			}
			out = append(out, lockFinding(RuleLockHash, finding.Integrity,
				fmt.Sprintf("%s locks %s with sha256 %s, the index has %s; find out which bytes are the author's before locking again",
					q.At, artifact.Untrusted(l.Name), l.SHA256.Short(), f.SHA256.Short())))
		}
	}
	return out
}

func lockFinding(rule string, class finding.Class, text string) finding.Finding {
	return finding.Finding{Rule: rule, Class: class, Severity: finding.High, Text: text}
}

// joinFindings puts the findings of one version on two targets together. That
// one target has no file matters only when none has.
func joinFindings(a, b ecosystem.Resolved) []finding.Finding {
	out := slices.Clone(a.Findings)
	for _, f := range b.Findings {
		if !slices.ContainsFunc(out, func(o finding.Finding) bool { return o.Rule == f.Rule && o.Text == f.Text }) {
			out = append(out, f)
		}
	}
	if len(a.Files)+len(b.Files) > 0 {
		out = slices.DeleteFunc(out, func(f finding.Finding) bool { return f.Rule == RuleLockFile })
	}
	return out
}

// elsewhere finds locked files that a client would fetch around the gate: some
// fetch from a lock's address whatever index is set (docs/clients.md). With a
// pylock.toml pip and uv always do, so every address that is not the gate's is
// meant. With a uv.lock only one where the index does not have the file: made with
// another index altogether, its client goes back to the index that is set, and the
// lock's note says so. Of two addresses only the hosts are compared: indexes move
// their files about.
func elsewhere(m *ecosystem.Manifest, q ecosystem.Requirement, r *release) []finding.Finding {
	for _, l := range q.Files {
		at := host(l.URL)
		switch {
		case at == "" || at == strings.ToLower(m.OwnHost):
		case m.Format == "pylock.toml":
			return []finding.Finding{lockFinding(RuleLockAddress, finding.Origin,
				fmt.Sprintf("%s has %s fetched from %s, and clients do so around the gate; lock again with the gate's registry set (gatehouse client setup)",
					q.At, artifact.Untrusted(l.Name), artifact.Untrusted(at)))}
		case host(q.Source) != at && r.elsewhere(l.Name, at):
			return []finding.Finding{lockFinding(RuleLockAddress, finding.Origin,
				fmt.Sprintf("%s has %s fetched from %s, where the index does not have it, and clients do so around the gate; lock again with the gate's registry set (gatehouse client setup)",
					q.At, artifact.Untrusted(l.Name), artifact.Untrusted(at)))}
		}
	}
	return nil
}

// elsewhere says whether the index has a file, and at another host than at.
func (r *release) elsewhere(name, at string) bool {
	return slices.ContainsFunc(r.files, func(f file) bool {
		has := host(f.URL)
		return f.Name == name && has != "" && has != at
	})
}

// host is the host and port of an address, "" of what is none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
