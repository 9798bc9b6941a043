package manifest

import (
	"path"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// vendorEntry is one module of a vendor/modules.txt.
type vendorEntry struct {
	v        module.Version
	to       module.Version // what replaces it; zero for nothing
	explicit bool           // go.mod lists it
	at       finding.Location
}

// vendorEntries reads a vendor/modules.txt as `go mod vendor` writes it: a line
// "# path version [=> path [version]]" for each module, "## explicit; …" below, and
// the packages that are there.
func (r *reader) vendorEntries(p string, b []byte) ([]vendorEntry, error) {
	var out []vendorEntry
	for n, line := range strings.Split(string(b), "\n") {
		at := finding.Location{File: p, Line: n + 1, Column: 1}
		if notes, ok := strings.CutPrefix(line, "## "); ok {
			for word := range strings.SplitSeq(notes, ";") {
				if strings.TrimSpace(word) == "explicit" && len(out) > 0 {
					out[len(out)-1].explicit = true
				}
			}
			continue
		}
		words, ok := strings.CutPrefix(line, "# ")
		if !ok {
			continue
		}
		e := vendorEntry{at: at}
		left, right, replaced := strings.Cut(words, " => ")
		var err error
		if e.v, err = vendorVersion(left); err == nil && replaced {
			e.to, err = vendorVersion(right)
		}
		if err != nil || !replaced && e.v.Version == "" {
			return nil, manifestfile.Syntax(at, "%s is no module of a vendor folder; run go mod vendor again", manifestfile.Quote(words))
		}
		if len(out) >= manifestfile.MaxRequirements {
			return nil, manifestfile.TooLarge(p, "the gate reads at most %d modules of it", manifestfile.MaxRequirements)
		}
		out = append(out, e)
	}
	return out, nil
}

func vendorVersion(s string) (module.Version, error) {
	f := strings.Fields(s)
	if len(f) == 0 || len(f) > 2 {
		return module.Version{}, &module.InvalidVersionError{Version: s}
	}
	v := module.Version{Path: f[0]}
	if len(f) == 1 {
		return v, nil
	}
	v.Version = f[1]
	return v, module.Check(v.Path, v.Version)
}

// vendored compares a vendor folder with its go.mod, where both were handed in. A
// build then takes the code from there: the gate admits the modules, and does not
// see whether the folder holds them.
func (r *reader) vendored(f *modFile) error {
	p := path.Join(path.Dir(f.path), Modules)
	b, err := r.beside(p)
	if err != nil || b == nil {
		return err
	}
	entries, err := r.vendorEntries(p, b)
	if err != nil {
		return err
	}
	listed := map[string]string{}
	for _, q := range f.Require {
		listed[q.Mod.Path] = q.Mod.Version
	}
	replaced := Replacements(r.Manifest.Requirements)
	for _, e := range entries {
		if e.v.Version == "" {
			continue // a replacement of every version, written once more at the end
		}
		to, _ := replaced.Of(e.v)
		want, ok := listed[e.v.Path]
		switch {
		case ok && want != e.v.Version:
			err = r.Reportf(RuleVendor, manifestfile.Hold, e.at, "the folder has %s, and go.mod asks for %s; run go mod vendor", fmtVersion(e.v), want)
		case !ok && (e.explicit || f.pruned):
			err = r.Reportf(RuleVendor, manifestfile.Hold, e.at, "the folder has %s, which go.mod does not list; run go mod tidy and go mod vendor", fmtVersion(e.v))
		case e.to != to:
			err = r.Reportf(RuleVendor, manifestfile.Hold, e.at, "the folder and go.mod say different things about what replaces %s; run go mod vendor", fmtVersion(e.v))
		}
		if err != nil {
			return err
		}
	}
	return r.Reportf(RuleVendored, manifestfile.Note, finding.Location{File: p},
		"code is built from the vendor folder; the gate looks at the modules that it says it holds, not at the folder (compare it with go mod vendor in CI)")
}

// parseModules reads a vendor/modules.txt as a lock: what is in the folder.
func parseModules(r *reader) error {
	b, err := r.Read(r.Manifest.Path)
	if err != nil {
		return err
	}
	entries, err := r.vendorEntries(r.Manifest.Path, b)
	if err != nil {
		return err
	}
	r.Manifest.Locked = true
	for _, e := range entries {
		built := e.v
		if e.to != (module.Version{}) {
			built = e.to
		}
		switch {
		case e.v.Version == "":
			continue
		case built.Version == "":
			effect, why := r.folder(path.Dir(path.Dir(r.Manifest.Path)), built.Path)
			if err := r.Reportf(RulePath, effect, e.at, "the folder %s is built in place of %s%s", manifestfile.Quote(built.Path), e.v.Path, why); err != nil {
				return err
			}
			continue
		}
		p, err := pkg(built.Path)
		if err != nil {
			return manifestfile.Syntax(e.at, "%v", err)
		}
		if err := r.Require(ecosystem.Requirement{Package: p, Written: fmtVersion(e.v), Spec: "=" + built.Version, Number: built.Version, At: e.at, Direct: e.explicit}); err != nil {
			return err
		}
	}
	return nil
}

func goPackage(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.Golang, Name: name}
}
