package manifest

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// sums is a go.sum: "h1:…" by module version, of the zip and of the go.mod alone.
type sums struct {
	zips, mods map[module.Version][]string
	lines      []sumLine // of the zips, in order
}

type sumLine struct {
	v  module.Version
	at finding.Location
}

// sums reads a go.sum; nil when there is none.
func (r *reader) sums(p string) (*sums, error) {
	b, err := r.beside(p)
	if err != nil || b == nil {
		return nil, err
	}
	out := &sums{zips: map[module.Version][]string{}, mods: map[module.Version][]string{}}
	for n, line := range strings.Split(string(b), "\n") {
		at := finding.Location{File: p, Line: n + 1, Column: 1}
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 3 {
			return nil, manifestfile.Syntax(at, "a line of go.sum is a module, a version and a hash")
		}
		v, hash := module.Version{Path: f[0], Version: f[1]}, f[2]
		into := out.zips
		if of, ok := strings.CutSuffix(v.Version, "/go.mod"); ok {
			v.Version, into = of, out.mods
		}
		if err := module.Check(v.Path, v.Version); err != nil {
			return nil, manifestfile.Syntax(at, "%s is no version of a module", manifestfile.Quote(fmtVersion(v)))
		}
		if !strings.HasPrefix(hash, "h1:") {
			continue // of a kind that came later; the go command passes over it too
		}
		if sum, err := base64.StdEncoding.DecodeString(hash[3:]); err != nil || len(sum) != sha256.Size {
			return nil, manifestfile.Syntax(at, "%s is no h1 hash", manifestfile.Quote(hash))
		}
		if len(into[v]) == 0 && len(out.zips)+len(out.mods) >= manifestfile.MaxRequirements {
			return nil, manifestfile.TooLarge(p, "the gate reads at most %d lines of it", manifestfile.MaxRequirements)
		}
		if len(into[v]) > 0 && !slices.Contains(into[v], hash) {
			if err := r.Reportf(RuleSumTwice, manifestfile.Hold, at, "the file has two hashes of %s, and the go command takes either; find out which bytes are the author's", fmtVersion(v)); err != nil {
				return nil, err
			}
		}
		if slices.Contains(into[v], hash) {
			continue
		}
		if into[v] = append(into[v], hash); len(into[v]) == 1 && v.Version == f[1] {
			out.lines = append(out.lines, sumLine{v, at})
		}
	}
	return out, nil
}

// parseGoSum reads a go.sum as a lock. Beside its go.mod it is that go.mod's: by
// itself it lists versions that were once looked at too.
func parseGoSum(r *reader) error {
	mod := path.Join(path.Dir(r.Manifest.Path), GoMod)
	if _, err := fs.Stat(r.FS, mod); err == nil && path.Base(r.Manifest.Path) == GoSum {
		p := r.Manifest.Path
		r.Manifest.Path = mod
		err := parseGoMod(r)
		r.Manifest.Path = p
		return err
	}
	r.Manifest.Locked = true
	sums, err := r.sums(r.Manifest.Path)
	if err != nil {
		return err
	}
	if sums == nil {
		return manifestfile.Syntax(finding.Location{File: r.Manifest.Path}, "there is no such file")
	}
	for _, l := range sums.lines {
		p, err := pkg(l.v.Path)
		if err != nil {
			return manifestfile.Syntax(l.at, "%v", err)
		}
		if err := r.Require(ecosystem.Requirement{Package: p, Written: fmtVersion(l.v), Spec: "=" + l.v.Version, Number: l.v.Version, Hashes: sums.zips[l.v], At: l.at, Direct: true}); err != nil {
			return err
		}
	}
	if len(r.Manifest.Requirements) == 0 {
		return nil
	}
	return r.Reportf(RuleOldSum, manifestfile.Note, finding.Location{File: r.Manifest.Path}, "a go.sum by itself may list more versions than are built; hand in the go.mod beside it")
}
