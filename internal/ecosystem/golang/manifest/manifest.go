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
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
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
	maxFileBytes    = 10 << 20 // one file
	maxTotalBytes   = 64 << 20 // a file with all that it reads beside
	maxRequirements = 100_000  // requirements of one manifest
	maxProblems     = 1_000    // problems kept of one manifest; beyond them the file is refused
	maxUses         = 1_000    // modules that one go.work uses
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
		return nil, fmt.Errorf("reading %s: not a Go manifest by its name; there are go.mod, go.sum, go.work and vendor/modules.txt", quote(p))
	}
	r := &reader{fsys: fsys, m: &ecosystem.Manifest{Path: p, Format: format}}
	err := parse(r)
	if bad, ok := errors.AsType[*unusable](err); ok {
		r.m.Problems = append(r.m.Problems, bad.problem())
		r.m.Requirements = nil // half a manifest is not to be admitted
		return r.m, nil
	}
	if err != nil {
		return nil, err
	}
	return r.m, nil
}

// reader is one manifest on its way in.
type reader struct {
	fsys  fs.FS
	m     *ecosystem.Manifest
	bytes int // read so far
}

var (
	errSymlink    = errors.New("it is, or lies behind, a symbolic link")
	errNotRegular = errors.New("it is not a regular file")
)

// read gives the bytes of the file at p. Beyond the caps the error is *unusable.
func (r *reader) read(p string) ([]byte, error) {
	f, err := r.open(p)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	if r.bytes += len(b); len(b) > maxFileBytes || r.bytes > maxTotalBytes {
		return nil, tooLarge(p, "the gate reads manifests of at most %d MiB, %d MiB with all that belongs to them; split it", maxFileBytes>>20, maxTotalBytes>>20)
	}
	return b, nil
}

// beside is read for a file that need not be there; nil when it is not.
func (r *reader) beside(p string) ([]byte, error) {
	b, err := r.read(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// open refuses a path of which any element is a symbolic link: its target may be
// outside, and what the gate reads must be what the repository shows.
func (r *reader) open(p string) (fs.File, error) {
	if !fs.ValidPath(p) {
		return nil, fs.ErrInvalid
	}
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		info, err := fs.Lstat(r.fsys, p[:i])
		if err != nil {
			return nil, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, errSymlink
		}
		if i == len(p) && !info.Mode().IsRegular() {
			return nil, errNotRegular
		}
	}
	return r.fsys.Open(p)
}

// require adds a requirement.
func (r *reader) require(req ecosystem.Requirement) error {
	if len(r.m.Requirements) >= maxRequirements {
		return tooLarge(r.m.Path, "the gate reads at most %d requirements of a manifest; split it", maxRequirements)
	}
	r.m.Requirements = append(r.m.Requirements, req)
	return nil
}

// report adds a problem that is not fatal.
func (r *reader) report(rule, effect string, at finding.Location, format string, args ...any) error {
	if len(r.m.Problems) >= maxProblems {
		return tooLarge(r.m.Path, "it has more than %d lines that the gate does not follow; fix those listed first", maxProblems)
	}
	r.m.Problems = append(r.m.Problems, ecosystem.Problem{Rule: rule, Class: finding.Manifest, Text: fmt.Sprintf(format, args...), At: at, Effect: effect})
	return nil
}

// pkg makes a package of a module path, which must be one that can be fetched.
func pkg(p string) (artifact.Package, error) {
	if err := module.CheckPath(p); err != nil {
		return artifact.Package{}, fmt.Errorf("%s is no module path that can be fetched", quote(p))
	}
	return artifact.Package{Ecosystem: artifact.Golang, Name: strings.Clone(p)}, nil
}
