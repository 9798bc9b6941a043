package manifest

import (
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// parseGradleLock reads a lock of Gradle's, one "group:artifact:version=configurations"
// a line, and the hashes that gradle/verification-metadata.xml has for it.
func parseGradleLock(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	r.Manifest.Locked = true
	file := r.Manifest.Path
	var groups []string
	if path.Base(file) != GradleLock {
		groups = []string{GroupPlugin} // what the build script itself runs
	}
	seen := map[string]bool{}
	for i, line := range strings.Split(string(b), "\n") {
		at := finding.Location{File: file, Line: i + 1, Column: 1}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		text, _, ok := strings.Cut(line, "=")
		if !ok {
			return manifestfile.Syntax(at, "a line of a lock is group:artifact:version=configurations; write the file again with gradle --write-locks")
		}
		if text == "empty" {
			continue // configurations without dependencies
		}
		q, err := locked(text, at)
		if err != nil {
			return err
		}
		if q.Groups = groups; seen[text] {
			continue
		}
		seen[text] = true
		if err := r.Require(q); err != nil {
			return err
		}
		if version.Snapshot(q.Number) {
			if err := r.Reportf(RuleSnapshot, manifestfile.Hold, at, "%s is locked at a snapshot, whose bytes change under one name; take a release", written(text)); err != nil {
				return err
			}
		}
	}
	return r.hashes(path.Dir(file))
}

// locked reads "group:artifact:version".
func locked(text string, at finding.Location) (ecosystem.Requirement, error) {
	parts := strings.Split(text, ":")
	if len(parts) == 3 {
		n := coordinate.Name{Group: parts[0], Artifact: parts[1]}
		if _, err := version.Parse(parts[2]); err == nil && n.Check() == nil {
			return ecosystem.Requirement{Package: n.Package(), Written: text, Spec: version.Exact(parts[2]), Number: parts[2], At: at, Direct: true}, nil
		}
	}
	return ecosystem.Requirement{}, manifestfile.Syntax(at, "%s is no group, artifact and version; write the file again with gradle --write-locks", manifestfile.Quote(text))
}

// hashes gives a lock's entries the files and hashes that verification metadata in the
// folder gradle, beside the lock or above it, has of them.
func (r *reader) hashes(dir string) error {
	for range maxFolders {
		if p := path.Join(dir, "gradle", Verification); r.is(p) {
			b, err := r.Read(p)
			if err != nil {
				return err
			}
			v, err := r.verification(p, b)
			if err != nil {
				return err
			}
			return r.vouch(v, p)
		}
		if dir == "." {
			return nil
		}
		dir = path.Dir(dir)
	}
	return nil
}

func (r *reader) vouch(v *verification, p string) error {
	for i := range r.Manifest.Requirements {
		q := &r.Manifest.Requirements[i]
		c := v.components[q.Package.Name+" "+q.Number]
		if c == nil {
			if v.trusted(q.Package, q.Number) {
				continue
			}
			if err := r.Reportf(RuleLockNoHash, manifestfile.Note, q.At, "%s says nothing about %s, so that Gradle refuses to build with it; write it again with gradle --write-verification-metadata sha256", manifestfile.Quote(p), written(q.Written)); err != nil {
				return err
			}
			continue
		}
		q.Files, q.Hashes = c.files, c.hashes()
	}
	return nil
}
