// Package manifest reads what a JavaScript project says it needs: package.json
// with its workspaces, package-lock.json (lockfileVersion 1 to 3),
// npm-shrinkwrap.json, pnpm-lock.yaml (5, 6 and 9), yarn.lock of yarn 1 and of
// yarn 2 and later, and bun.lock, each requirement and each problem with the line
// and column where it stands. It also writes the smallest change of one line of a
// package.json (see ReplaceRequirement).
//
// Formats: https://docs.npmjs.com/cli/configuring-npm/package-json and
// package-lock-json, https://github.com/pnpm/spec, https://yarnpkg.com and
// https://bun.com/docs/pm/lockfile, and what those clients write.
//
// It reads files of the fs.FS it was given and nothing else. It never opens a
// URL, an absolute path, a symbolic link or a path that climbs out of that file
// system, never expands an environment variable and never runs anything. What it
// does not follow becomes a Problem; a file it cannot read as a whole becomes one
// fatal Problem, and then no requirement of it is given out. User names,
// passwords, tokens, queries and fragments do not appear in what it returns.
//
// All functions are safe for concurrent use; they keep no state.
package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// The formats, as Format gives them and ecosystem.Manifest.Format holds them.
// yarn.lock is that of both of yarn's formats.
const (
	PackageJSON = "package.json"
	PackageLock = "package-lock.json"
	Shrinkwrap  = "npm-shrinkwrap.json"
	PNPMLock    = "pnpm-lock.yaml"
	YarnLock    = "yarn.lock"
	BunLock     = "bun.lock"
	BunBinary   = "bun.lockb"
)

// Limits on what is read. A file beyond one of them is refused whole.
const (
	maxFileBytes   = 40 << 20 // one file
	maxConfigBytes = 1 << 20  // a client's configuration file
	maxMembers     = 2_000    // workspaces of one project
	maxWalk        = 50_000   // files and folders looked at for workspaces
)

// The groups of requirements beside the main one, which is "".
const (
	groupDev      = "dev"
	groupOptional = "optional"
	groupPeer     = "peer"
)

var parsers = map[string]func(*reader) error{
	PackageJSON: parsePackageJSON,
	PackageLock: parsePackageLock,
	Shrinkwrap:  parsePackageLock,
	PNPMLock:    parsePNPMLock,
	YarnLock:    parseYarnLock,
	BunLock:     parseBunLock,
	BunBinary:   refuseBunBinary,
}

// Format gives the format of a slash-separated path by its name, "" for a path
// that is no manifest. What lies in a node_modules folder was installed, and is
// nobody's wish.
func Format(p string) string {
	base := path.Base(p)
	if _, ok := parsers[base]; !ok || strings.Contains("/"+p, "/node_modules/") {
		return ""
	}
	return base
}

// Parse reads the manifest at p inside fsys, and what belongs to it there. What is
// wrong with the content is a Problem of the manifest; the error is for a file
// that is no manifest by its name or that cannot be read from fsys.
func Parse(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	if format == "" {
		return nil, fmt.Errorf("reading %s: not a manifest by its name; give a package.json or a lock", manifestfile.Quote(p))
	}
	return ParseAs(fsys, p, format)
}

// ParseAs is Parse for a file whose format is known from elsewhere, as for
// standard input.
func ParseAs(fsys fs.FS, p, format string) (*ecosystem.Manifest, error) {
	parse, ok := parsers[format]
	if !ok {
		return nil, fmt.Errorf("reading %s: %s is not a format of JavaScript manifests", manifestfile.Quote(p), manifestfile.Quote(format))
	}
	r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p, Format: format}, MaxFile: maxFileBytes}, dir: path.Dir(p)}
	err := parse(r)
	if err == nil {
		err = r.readConfiguration()
	}
	return r.Finish(err)
}

// reader is one manifest on its way in.
type reader struct {
	manifestfile.Reader
	dir string // of the manifest
}

// beside gives a file next to the manifest; nil where there is none that the gate
// opens.
func (r *reader) beside(name string, most int) ([]byte, string, error) {
	p := path.Join(r.dir, name)
	b, err := r.ReadAtMost(p, most)
	if _, fatal := errors.AsType[*manifestfile.Unusable](err); fatal {
		return nil, p, err
	}
	if err != nil {
		return nil, p, nil
	}
	return b, p, nil
}

func pkg(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.NPM, Name: name}
}
