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
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
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
	maxFileBytes = 16 << 20 // one file
	maxMembers   = 1_000    // of one workspace
	maxFolders   = 64       // above a manifest in which cargo's configuration is looked for
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
		return nil, fmt.Errorf("reading %s: not a Rust manifest by its name; there are Cargo.toml and Cargo.lock", manifestfile.Quote(p))
	}
	r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p, Format: format}, MaxFile: maxFileBytes}}
	err := parse(r)
	if err == nil {
		err = r.readConfiguration()
	}
	return r.Finish(err)
}

// reader is one manifest on its way in.
type reader struct {
	manifestfile.Reader
}

// document reads the TOML file at p.
func (r *reader) document(p string) (*document.Document, error) {
	b, err := r.Read(p)
	if err != nil {
		return nil, err
	}
	return document.TOML(p, b)
}

// pkg is the package of a crate's name; false for what cannot be one.
func pkg(name string) (artifact.Package, bool) {
	return artifact.Package{Ecosystem: artifact.Cargo, Name: strings.ToLower(name)}, record.ValidName(name)
}
