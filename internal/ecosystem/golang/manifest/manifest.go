// Package manifest reads what a Go project says it needs: go.mod with its go.sum
// and vendor/modules.txt, go.work with the go.mod files that it uses, and go.sum
// and vendor/modules.txt by themselves, each requirement and each problem with the
// line and column where it stands. It also writes the smallest change of one line
// (see ReplaceRequirement).
//
// Formats: the Go modules reference (https://go.dev/ref/mod), as
// golang.org/x/mod/modfile reads go.mod and go.work; go.sum and modules.txt as the
// go command writes them.
//
// Since Go 1.17 a go.mod lists every module that the project's packages and tests
// need: it is the closure (Manifest.Locked), and go.sum pins its bytes. An older
// one, and a go.work, is resolved (package resolve).
//
// Three directives narrow or redirect what others ask for. They come as
// requirements with Constraint set, which pull in nothing by themselves:
//
//	replace a [v1] => b v2   Package a, Spec "" or "=v1", Number v2, Source "b"
//	replace a [v1] => ../a   Package a, Spec "" or "=v1", Number "", Source the path
//	exclude a v1             Package a, Spec "!=v1"
//
// Marker is "unpruned" for what a module older than Go 1.17 asks for.
//
// It reads files of the fs.FS it was given and nothing else: it opens no address,
// no absolute path, no symbolic link and no path that climbs out, and runs nothing.
// A line that the gate does not follow becomes a Problem; a file that cannot be read
// as a whole becomes one fatal Problem, and then no requirement of it is given out.
// All functions are safe for concurrent use.
package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// The formats, as Format gives them and ecosystem.Manifest.Format holds them.
const (
	GoMod   = "go.mod"
	GoSum   = "go.sum"
	GoWork  = "go.work"
	Modules = "vendor/modules.txt"
)

// Unpruned is the Marker of what a module without graph pruning asks for.
const Unpruned = "unpruned"

// Limits on what is read. A file beyond one of them is refused whole.
const (
	maxFileBytes = 10 << 20 // one file
	maxUses      = 1_000    // modules that one go.work uses
)

// Format gives the format of a slash-separated path by its name, "" for a path that
// is no manifest. It does not look at the file.
func Format(p string) string {
	switch base := path.Base(p); base {
	case GoMod, GoSum, GoWork:
		return base
	case "go.work.sum":
		return GoSum
	case "modules.txt":
		if path.Base(path.Dir(p)) == "vendor" {
			return Modules
		}
	}
	return ""
}

// Parse reads the manifest at p inside fsys, and what belongs to it there: go.sum
// and vendor/modules.txt beside a go.mod, the modules of a go.work. What is wrong
// with the content is a Problem of the manifest; the error is for a file that is no
// manifest by its name or that cannot be read from fsys.
func Parse(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	parse := map[string]func(*reader) error{GoMod: parseGoMod, GoSum: parseGoSum, GoWork: parseGoWork, Modules: parseModules}[format]
	if parse == nil {
		return nil, fmt.Errorf("reading %s: not a Go manifest by its name; there are go.mod, go.sum, go.work and vendor/modules.txt", manifestfile.Quote(p))
	}
	r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p, Format: format}, MaxFile: maxFileBytes}}
	err := parse(r)
	return r.Finish(err)
}

// reader is one manifest on its way in.
type reader struct {
	manifestfile.Reader
}

// beside is read for a file that need not be there; nil when it is not.
func (r *reader) beside(p string) ([]byte, error) {
	b, err := r.Read(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// pkg makes a package of a module path, which must be one that can be fetched.
func pkg(p string) (artifact.Package, error) {
	if err := module.CheckPath(p); err != nil {
		return artifact.Package{}, fmt.Errorf("%s is no module path that can be fetched", manifestfile.Quote(p))
	}
	return artifact.Package{Ecosystem: artifact.Golang, Name: strings.Clone(p)}, nil
}
