// Package manifest reads what a Rust project says it needs: Cargo.toml with the
// members of its workspace, and Cargo.lock of versions 1 to 4, each requirement and
// each problem with the line and column where it stands. It also writes the smallest
// change of one line of a Cargo.toml (see ReplaceRequirement).
//
// Formats: https://doc.rust-lang.org/cargo/reference/manifest.html,
// /specifying-dependencies.html and /workspaces.html of the same book; Cargo.lock as
// cargo writes it.
//
// Requirements of a Cargo.toml carry the features that they ask for in Extras
// ("default" among them unless it is turned off), and in Groups the section that they
// stand in: "" for dependencies, "build", "dev".
//
// It reads files of the fs.FS it was given and nothing else: it opens no address, no
// absolute path, no symbolic link and no path that climbs out, and runs nothing. What
// it does not follow becomes a Problem; a file that cannot be read as a whole becomes
// one fatal Problem, and then no requirement of it is given out. All functions are
// safe for concurrent use.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The formats, as Format gives them and ecosystem.Manifest.Format holds them.
const (
	CargoToml = "Cargo.toml"
	CargoLock = "Cargo.lock"
)

// The groups of requirements beside the main one, which is "".
const (
	groupBuild = "build"
	groupDev   = "dev"
)

// Limits on what is read. A file beyond one of them is refused whole.
const (
	maxFileBytes    = 16 << 20 // one file
	maxTotalBytes   = 64 << 20 // a file with all that it reads beside
	maxRequirements = 100_000  // requirements of one manifest
	maxProblems     = 1_000    // problems kept of one manifest; beyond them the file is refused
	maxMembers      = 1_000    // of one workspace
	maxFolders      = 64       // above a manifest in which cargo's configuration is looked for
)

// Format gives the format of a slash-separated path by its name, "" for a path that
// is no manifest. It does not look at the file.
func Format(p string) string {
	switch base := path.Base(p); base {
	case CargoToml, CargoLock:
		return base
	}
	return ""
}

// Parse reads the manifest at p inside fsys, and what belongs to it there: the
// members of its workspace, the workspace that it is a member of, and cargo's
// configuration beside and above it. What is wrong with the content is a Problem of
// the manifest; the error is for a file that is no manifest by its name or that cannot
// be read from fsys.
func Parse(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	parse := map[string]func(*reader) error{CargoToml: parseCargoToml, CargoLock: parseCargoLock}[format]
	if parse == nil {
		return nil, fmt.Errorf("reading %s: not a Rust manifest by its name; there are Cargo.toml and Cargo.lock", quote(p))
	}
	r := &reader{fsys: fsys, m: &ecosystem.Manifest{Path: p, Format: format}}
	err := parse(r)
	if err == nil {
		err = r.readConfiguration()
	}
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

// document reads the TOML file at p.
func (r *reader) document(p string) (*document, error) {
	b, err := r.read(p)
	if err != nil {
		return nil, err
	}
	return parseTOML(p, b)
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
	return r.add(ecosystem.Problem{Rule: rule, Class: finding.Manifest, Text: fmt.Sprintf(format, args...), At: at, Effect: effect})
}

func (r *reader) add(p ecosystem.Problem) error {
	if len(r.m.Problems) >= maxProblems {
		return tooLarge(r.m.Path, "it has more than %d lines that the gate does not follow; fix those listed first", maxProblems)
	}
	r.m.Problems = append(r.m.Problems, p)
	return nil
}

// pkg is the package of a crate's name; false for what cannot be one.
func pkg(name string) (artifact.Package, bool) {
	return artifact.Package{Ecosystem: artifact.Cargo, Name: strings.ToLower(name)}, record.ValidName(name)
}
