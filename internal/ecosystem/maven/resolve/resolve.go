// Package resolve gives the closure of a Java project without running Maven or Gradle:
// what a lock of Gradle's says, held against the registry, and for a pom which versions
// Maven would take (https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html):
// of what the project needs in every scope, of each plugin and extension that its build
// names with all that these run with, and of the poms that any of them build on, which
// Maven fetches too (parents, bills of materials).
//
// What runs inside of the build alone, and poms that are only read, are marked as
// needed to build (ecosystem.Resolved.Build). Not in the closure are the plugins that
// the installed Maven brings without being told, and the poms of versions that lose to
// others; the registry looks at those when they are asked for.
//
// Conditions of profiles are those of the targets' systems and of a Java of today (see
// pom.DefaultMachine). Of a version catalog the
// closure is that of all its entries with the highest version of each package, which is
// how Gradle chooses between them; its own metadata, variants and rules are not read.
//
// It reads indexes and poms through an ecosystem.Upstream and nothing else, and
// promises never to run anything, never to follow an address of a pom, and never to
// answer with half a closure: a fault is an error. Its work is bounded. All functions
// are safe for concurrent use.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Rules of the findings that resolving can cause (ecosystem.Resolved.Findings). Those
// that other ecosystems have as well mean the same there.
const (
	// RuleLockHash: the registry has other bytes than the lock demands.
	RuleLockHash = "lock-hash-mismatch"
	// RuleLockFile: the registry has no such version or file.
	RuleLockFile = "lock-file-missing"
	// RulePom: a pom cannot be read, or one that it builds on is not there.
	RulePom = "pom-unreadable"
)

const maxTime = 10 * time.Minute

// ErrTooHard says that a closure could not be worked out within the limits.
var ErrTooHard = errors.New("the closure is too large or takes too long to resolve; split the project")

// Resolve gives the union of the closures of manifests, on the machines of the targets,
// sorted by name and version. Errors: *ecosystem.Conflict, ErrTooHard, and
// ecosystem.ErrUnreachable wrapped.
func Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, ErrTooHard)
	defer cancel()
	machines := []pom.Machine{pom.DefaultMachine}
	for i, t := range targets {
		if i == 0 {
			machines = nil
		}
		if m := pom.MachineOf(t.Platform); !slices.Contains(machines, m) {
			machines = append(machines, m)
		}
	}
	var all []ecosystem.Resolved
	for _, m := range ms {
		for _, machine := range machines {
			rs, err := one(ctx, up, m, machine)
			if c, ok := errors.AsType[*ecosystem.Conflict](err); ok && c.At.File == "" {
				c.At.File = m.Path
			}
			if err != nil {
				return nil, err
			}
			if all = append(all, rs...); m.Locked {
				break // a lock is for all of them
			}
		}
	}
	return union(all), nil
}

func one(ctx context.Context, up ecosystem.Upstream, m *ecosystem.Manifest, machine pom.Machine) ([]ecosystem.Resolved, error) {
	src, done := newSource(ctx, up, machine)
	defer done()
	if m.Locked {
		return src.fromLock(m)
	}
	f := &finder{source: src, of: map[artifact.Version]*found{}}
	if err := f.manifest(m); err != nil {
		return nil, err
	}
	return f.files()
}

// found is a version of a closure before its files were looked up.
type found struct {
	ecosystem.Resolved
	names  []string // of the files that are taken
	locked bool     // names are all that is taken, and Hashes what they must be
	fresh  bool     // nothing was said of it yet
}

// want adds a file.
func (f *found) want(name string) {
	if !slices.Contains(f.names, name) {
		f.names = append(f.names, name)
	}
}

// lookup fills in the files of versions.
func (s *source) lookup(all []*found) error {
	g, ctx := errgroup.WithContext(s.ctx)
	g.SetLimit(atOnce)
	for _, f := range all {
		g.Go(func() error {
			if err := s.lookupOne(ctx, f); err != nil {
				return fmt.Errorf("%s: %w", f.Version, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func (s *source) lookupOne(ctx context.Context, f *found) error {
	x, err := wait(s, s.index(f.Version.Package))
	if err != nil {
		return err
	}
	if c, ok := s.up.(ecosystem.Completer); ok && len(x.Of(f.Version.Number)) > 0 {
		if x, err = c.Complete(ctx, x, f.names...); err != nil {
			return err
		}
	}
	have := x.Of(f.Version.Number)
	var missing []string
	for _, name := range f.names {
		i := slices.IndexFunc(have, func(x ecosystem.IndexFile) bool { return x.Name == name })
		if i >= 0 {
			f.Files = append(f.Files, have[i])
		} else if !strings.HasSuffix(name, ".pom") || f.locked {
			missing = append(missing, name)
		}
	}
	switch {
	case len(have) == 0:
		f.complain(RuleLockFile, finding.Fault, fmt.Sprintf("%s asks for %s, which the registry does not have; take another version", f.At, display(f.Version)))
	case len(missing) > 0 || len(f.Files) == 0:
		f.complain(RuleLockFile, finding.Fault, fmt.Sprintf("the registry has no %s of %s, which %s asks for; take another version, type or classifier", artifact.Untrusted(strings.Join(missing, ", ")), display(f.Version), f.At))
	}
	for _, file := range f.Files {
		if contradicts(f.Hashes, file) {
			f.complain(RuleLockHash, finding.Integrity, fmt.Sprintf("%s demands other bytes of %s than the registry has; find out which are the author's before anybody builds with it", f.At, artifact.Untrusted(file.Name)))
		}
	}
	return nil
}

func (f *found) complain(rule string, class finding.Class, text string) {
	f.Findings = append(f.Findings, finding.Finding{Rule: rule, Class: class, Severity: finding.High, Text: text})
}

func display(v artifact.Version) string { return coordinate.Display(v.Package) + ":" + v.Number }

// contradicts says that a lock and the registry speak of one strong algorithm and of no
// common digest.
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

// fromLock gives the closure that a lock states, held against the registry. What the
// registry says against it is in Findings.
func (s *source) fromLock(m *ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	names := make([]coordinate.Name, len(m.Requirements))
	for i, q := range m.Requirements {
		n, err := coordinate.Of(q.Package)
		if err != nil {
			return nil, err
		}
		names[i] = n
		s.index(q.Package)
		if len(q.Files) == 0 {
			s.read(pom.Coordinate{Name: n, Version: q.Number})
		}
	}
	all := make([]*found, 0, len(m.Requirements))
	for i, q := range m.Requirements {
		f := &found{Resolved: ecosystem.Resolved{Version: artifact.Version{Package: q.Package, Number: q.Number}, Direct: q.Direct, At: q.At, Hashes: q.Hashes,
			Build: slices.Equal(q.Groups, []string{manifest.GroupPlugin})}}
		for _, file := range q.Files {
			f.want(file.Name)
		}
		if f.locked = len(f.names) > 0; !f.locked {
			// Which file Gradle takes is said in its own metadata; the pom tells what is
			// the usual one.
			f.want(names[i].File(q.Number, "", "pom"))
			f.want(names[i].File(q.Number, "", s.usual(names[i], q.Number)))
		}
		all = append(all, f)
	}
	if err := s.lookup(all); err != nil {
		return nil, err
	}
	return resolved(all), nil
}

func resolved(all []*found) []ecosystem.Resolved {
	out := make([]ecosystem.Resolved, len(all))
	for i, f := range all {
		out[i] = f.Resolved
	}
	return out
}

// union gives each version once, with all that is known of it, sorted.
func union(all []ecosystem.Resolved) []ecosystem.Resolved {
	builds := map[artifact.Version]bool{} // for a build alone, everywhere
	files := map[artifact.Version][]ecosystem.IndexFile{}
	for _, r := range all {
		for _, f := range r.Files {
			if !slices.ContainsFunc(files[r.Version], func(x ecosystem.IndexFile) bool { return x.Name == f.Name }) {
				files[r.Version] = append(files[r.Version], f)
			}
		}
		alone, seen := builds[r.Version]
		builds[r.Version] = r.Build && (alone || !seen)
	}
	// What is there for more than the build comes first, and its way is shown.
	slices.SortStableFunc(all, func(a, b ecosystem.Resolved) int {
		switch {
		case a.Build == b.Build:
			return 0
		case b.Build:
			return -1
		}
		return 1
	})
	out := ecosystem.UnionResolved(all, version.CompareText)
	for i := range out {
		out[i].Build, out[i].Files = builds[out[i].Version], files[out[i].Version]
	}
	return out
}
