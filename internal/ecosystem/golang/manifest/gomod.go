package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// prunedSince is the first language version whose go.mod lists the whole closure.
const prunedSince = "v1.17"

// Pruned says whether a go.mod with this go directive lists all that its packages
// need. A go.mod without one means Go 1.16.
func Pruned(goVersion string) bool {
	// "1.21rc2" is no semantic version, and all that matters is its first two numbers.
	release := strings.FieldsFunc(goVersion, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	return len(release) > 0 && semver.Compare("v"+strings.TrimSuffix(release[0], "."), prunedSince) >= 0
}

// parseGoMod reads a go.mod with its go.sum and vendor/modules.txt.
func parseGoMod(r *reader) error {
	f, err := r.goMod(r.Manifest.Path)
	if err != nil {
		return err
	}
	r.Manifest.Locked = f.pruned
	if err := r.replaces(path.Dir(r.Manifest.Path), r.Manifest.Path, f.Replace); err != nil {
		return err
	}
	if err := r.wishes(f); err != nil {
		return err
	}
	if err := r.hashes(path.Join(path.Dir(r.Manifest.Path), GoSum)); err != nil {
		return err
	}
	if err := r.vendored(f); err != nil {
		return err
	}
	if r.Manifest.Locked {
		r.dropReplaced()
	}
	return nil
}

// modFile is a go.mod that was read.
type modFile struct {
	*modfile.File
	path   string
	pruned bool
}

// goMod reads a go.mod strictly, as the go command reads that of the main module.
func (r *reader) goMod(p string) (*modFile, error) {
	b, err := r.Read(p)
	if err != nil {
		return nil, err
	}
	f, err := modfile.Parse(p, b, nil)
	if err != nil {
		return nil, unreadable(p, err)
	}
	if f.Module == nil {
		return nil, manifestfile.Syntax(finding.Location{File: p}, "there is no module line; the file is no go.mod")
	}
	return &modFile{f, p, f.Go != nil && Pruned(f.Go.Version)}, nil
}

// unreadable is what a parser of x/mod has against a file, at its line. Its text
// quotes the file.
func unreadable(p string, err error) error {
	at := finding.Location{File: p}
	text := err.Error()
	if list, ok := errors.AsType[modfile.ErrorList](err); ok && len(list) > 0 {
		at.Line, at.Column = list[0].Pos.Line, list[0].Pos.LineRune
		if list[0].Err != nil {
			text = list[0].Err.Error()
		}
	}
	return manifestfile.Syntax(at, "the go command would not read this: %s", artifact.Untrusted(text))
}

// wishes adds what a go.mod requires and excludes.
func (r *reader) wishes(f *modFile) error {
	marker := Unpruned
	if f.pruned {
		marker = ""
	}
	for _, q := range f.Require {
		p, err := pkg(q.Mod.Path)
		if err != nil {
			return manifestfile.Syntax(where(f.path, q.Syntax), "%v", err)
		}
		req := ecosystem.Requirement{Package: p, Written: written(q.Syntax), Spec: ">=" + q.Mod.Version, Marker: marker, At: where(f.path, q.Syntax), Direct: !q.Indirect}
		if r.Manifest.Locked {
			req.Number, req.Spec = q.Mod.Version, "="+q.Mod.Version
		}
		if err := r.Require(req); err != nil {
			return err
		}
	}
	for _, x := range f.Exclude {
		p, err := pkg(x.Mod.Path)
		if err != nil {
			return manifestfile.Syntax(where(f.path, x.Syntax), "%v", err)
		}
		if err := r.Require(ecosystem.Requirement{Package: p, Written: written(x.Syntax), Spec: "!=" + x.Mod.Version, At: where(f.path, x.Syntax), Constraint: true}); err != nil {
			return err
		}
	}
	return nil
}

// replaces adds the replacements that a go.mod or go.work in folder dir makes. One
// by another module or version is looked at like any other, and told of; a folder
// is told of, and one outside what the gate was given holds: it is built unseen.
func (r *reader) replaces(dir, file string, list []*modfile.Replace) error {
	for _, x := range list {
		at := where(file, x.Syntax)
		p, err := pkg(x.Old.Path)
		if err != nil {
			return manifestfile.Syntax(at, "%v", err)
		}
		req := ecosystem.Requirement{Package: p, Written: written(x.Syntax), At: at, Constraint: true, Number: x.New.Version, Source: x.New.Path}
		if x.Old.Version != "" {
			req.Spec = "=" + x.Old.Version
		}
		switch {
		case x.New.Version == "":
			effect, why := r.folder(dir, x.New.Path)
			err = r.Reportf(RulePath, effect, at, "the folder %s is built in place of %s%s", manifestfile.Quote(x.New.Path), x.Old.Path, why)
		default:
			if _, err := pkg(x.New.Path); err != nil {
				return manifestfile.Syntax(at, "%v", err)
			}
			err = r.Reportf(RuleReplace, manifestfile.Note, at, "%s is built in place of %s; the gate looks at what is built", module.Version{Path: x.New.Path, Version: x.New.Version}, x.Old.Path)
		}
		if err != nil {
			return err
		}
		if err := r.Require(req); err != nil {
			return err
		}
	}
	return nil
}

// folder says what follows from a folder that is built in a module's place.
func (r *reader) folder(dir, p string) (effect, why string) {
	below := path.Join(dir, filepath.ToSlash(p))
	if path.IsAbs(p) || !fs.ValidPath(below) || strings.Contains(p, `\`) || strings.Contains(p, ":") {
		return manifestfile.Hold, ", and it lies outside of what the gate can look at; require the module instead"
	}
	return manifestfile.Note, ""
}

// dropReplaced takes what a replacement stands for in its place, so that a locked
// manifest lists what is built: another module, or nothing for a folder.
func (r *reader) dropReplaced() {
	replaced := Replacements(r.Manifest.Requirements)
	r.Manifest.Requirements = slices.DeleteFunc(r.Manifest.Requirements, func(q ecosystem.Requirement) bool {
		return !q.Constraint && replaced.folder(module.Version{Path: q.Package.Name, Version: q.Number})
	})
	for i := range r.Manifest.Requirements {
		q := &r.Manifest.Requirements[i]
		if q.Constraint {
			continue
		}
		if to, ok := replaced.Of(module.Version{Path: q.Package.Name, Version: q.Number}); ok {
			q.Package.Name, q.Number, q.Spec = to.Path, to.Version, "="+to.Version
		}
	}
}

// Replaced are the replacements of a manifest.
type Replaced map[module.Version]module.Version

// Replacements gathers those among a manifest's requirements.
func Replacements(reqs []ecosystem.Requirement) Replaced {
	out := Replaced{}
	for _, q := range reqs {
		if q.Constraint && q.Source != "" {
			out[module.Version{Path: q.Package.Name, Version: strings.TrimPrefix(q.Spec, "=")}] = module.Version{Path: q.Source, Version: q.Number}
		}
	}
	return out
}

// Of gives what is built in place of a version; a Version that is "" says that
// Path is a folder. False when nothing replaces it.
func (r Replaced) Of(v module.Version) (module.Version, bool) {
	if to, ok := r[v]; ok {
		return to, true
	}
	to, ok := r[module.Version{Path: v.Path}]
	return to, ok
}

func (r Replaced) folder(v module.Version) bool {
	to, ok := r.Of(v)
	return ok && to.Version == ""
}

// where is the place of a line.
func where(file string, l *modfile.Line) finding.Location {
	return finding.Location{File: file, Line: l.Start.Line, Column: l.Start.LineRune}
}

// written is a line's words without its comment.
func written(l *modfile.Line) string {
	return artifact.Untrusted(strings.Join(l.Token, " ")).String()
}

// hashes adds what a go.sum says of the requirements, and tells of those that it
// leaves out. A go.sum that was not handed in says nothing.
func (r *reader) hashes(p string) error {
	sums, err := r.sums(p)
	if err != nil || sums == nil {
		return err
	}
	replaced := Replacements(r.Manifest.Requirements)
	for i := range r.Manifest.Requirements {
		q := &r.Manifest.Requirements[i]
		if q.Constraint {
			continue
		}
		built := module.Version{Path: q.Package.Name, Version: strings.TrimLeft(q.Spec, ">=")}
		if to, ok := replaced.Of(built); ok {
			if to.Version == "" {
				continue
			}
			built = to
		}
		if hs := sums.zips[built]; len(hs) > 0 {
			q.Hashes = hs
			continue
		}
		if !r.Manifest.Locked || len(sums.mods[built]) > 0 {
			continue // only its go.mod was ever needed
		}
		if err := r.Reportf(RuleSumMissing, manifestfile.Hold, q.At, "%s says nothing about %s; run go mod download and commit the file", manifestfile.Quote(p), built); err != nil {
			return err
		}
	}
	return nil
}

func fmtVersion(v module.Version) string { return fmt.Sprintf("%s %s", v.Path, v.Version) }
