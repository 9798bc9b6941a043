package manifest

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// parseGoWork reads a go.work with the go.mod files that it uses. What they
// require of one another is taken from the workspace and not fetched.
func parseGoWork(r *reader) error {
	b, err := r.Read(r.Manifest.Path)
	if err != nil {
		return err
	}
	w, err := modfile.ParseWork(r.Manifest.Path, b, nil)
	if err != nil {
		return unreadable(r.Manifest.Path, err)
	}
	if len(w.Use) > maxUses {
		return manifestfile.TooLarge(r.Manifest.Path, "it uses more than %d modules", maxUses)
	}
	dir := path.Dir(r.Manifest.Path)
	if err := r.replaces(dir, r.Manifest.Path, w.Replace); err != nil {
		return err
	}
	own := map[string]bool{}
	overridden := Replacements(r.Manifest.Requirements)
	for _, u := range w.Use {
		f, err := r.used(dir, u)
		if err != nil {
			return err
		}
		own[f.Module.Mod.Path] = true
		// A replacement of the go.work counts before those of the modules.
		rest := slices.DeleteFunc(slices.Clone(f.Replace), func(x *modfile.Replace) bool {
			_, every := overridden[module.Version{Path: x.Old.Path}]
			_, this := overridden[x.Old]
			return every || this
		})
		if err := r.replaces(path.Dir(f.path), f.path, rest); err != nil {
			return err
		}
		if err := r.wishes(f); err != nil {
			return err
		}
		if err := r.hashes(path.Join(path.Dir(f.path), GoSum)); err != nil {
			return err
		}
	}
	r.Manifest.Requirements = slices.DeleteFunc(r.Manifest.Requirements, func(q ecosystem.Requirement) bool { return !q.Constraint && own[q.Package.Name] })
	if err := r.hashes(r.Manifest.Path + ".sum"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(own)) { // whoever else requires one gets the workspace's
		r.Manifest.Requirements = append(r.Manifest.Requirements, ecosystem.Requirement{
			Package: goPackage(name), Written: "use", At: finding.Location{File: r.Manifest.Path}, Constraint: true, Source: "."})
	}
	return nil
}

// used reads the go.mod of one use line.
func (r *reader) used(dir string, u *modfile.Use) (*modFile, error) {
	at := where(r.Manifest.Path, u.Syntax)
	p := path.Join(dir, u.Path, GoMod)
	if path.IsAbs(u.Path) || !fs.ValidPath(p) {
		return nil, &manifestfile.Unusable{Rule: RuleInclude, At: at, Text: "the module in " + manifestfile.Quote(u.Path) + " lies outside of what the gate was given; hand in the folder above"}
	}
	f, err := r.goMod(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &manifestfile.Unusable{Rule: RuleInclude, At: at, Text: "there is no " + manifestfile.Quote(p) + " among what the gate was given; hand it in too"}
	}
	if _, bad := errors.AsType[*manifestfile.Unusable](err); err != nil && !bad {
		return nil, &manifestfile.Unusable{Rule: RuleInclude, At: at, Text: "the go.mod of " + manifestfile.Quote(u.Path) + " cannot be read"}
	}
	return f, err
}
