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
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
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
	maxFileBytes    = 40 << 20 // one file
	maxTotalBytes   = 64 << 20 // a file with all that is read beside it
	maxConfigBytes  = 1 << 20  // a client's configuration file
	maxRequirements = 100_000  // requirements of one manifest
	maxProblems     = 1_000    // problems kept of one manifest; beyond them the file is refused
	maxMembers      = 2_000    // workspaces of one project
	maxWalk         = 50_000   // files and folders looked at for workspaces
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
		return nil, fmt.Errorf("reading %s: not a manifest by its name; give a package.json or a lock", quote(p))
	}
	return ParseAs(fsys, p, format)
}

// ParseAs is Parse for a file whose format is known from elsewhere, as for
// standard input.
func ParseAs(fsys fs.FS, p, format string) (*ecosystem.Manifest, error) {
	parse, ok := parsers[format]
	if !ok {
		return nil, fmt.Errorf("reading %s: %s is not a format of JavaScript manifests", quote(p), quote(format))
	}
	r := &reader{fsys: fsys, m: &ecosystem.Manifest{Path: p, Format: format}, dir: path.Dir(p)}
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
	dir   string // of the manifest
	bytes int    // read so far
}

// errSymlink and errNotRegular say why a path is not opened.
var (
	errSymlink    = errors.New("it is, or lies behind, a symbolic link")
	errNotRegular = errors.New("it is not a regular file")
)

// read gives the bytes of the file at p. Beyond the caps the error is *unusable.
func (r *reader) read(p string, most int) ([]byte, error) {
	if !fs.ValidPath(p) {
		return nil, fmt.Errorf("reading %s: %w", quote(p), fs.ErrInvalid)
	}
	if err := noSymlink(r.fsys, p); err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	f, err := r.fsys.Open(p)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: %w", quote(p), errNotRegular)
	}
	b := make([]byte, 0, min(max(info.Size(), 0), int64(most))+1)
	for limited := io.LimitReader(f, int64(most)+1); ; {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := limited.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", quote(p), err)
		}
	}
	r.bytes += len(b)
	if len(b) > most || r.bytes > maxTotalBytes {
		return nil, tooLarge(p, "the gate reads at most %d MiB of it, and %d MiB with all that belongs to it; split it", most>>20, maxTotalBytes>>20)
	}
	return b, nil
}

// readOwn gives the bytes of the manifest itself.
func (r *reader) readOwn() ([]byte, error) {
	b, err := r.read(r.m.Path, maxFileBytes)
	if errors.Is(err, errSymlink) || errors.Is(err, errNotRegular) {
		return nil, syntax(finding.Location{File: r.m.Path}, "the gate does not open it, because it is no regular file or lies behind a symbolic link; give it the file itself")
	}
	return b, err
}

// beside gives a file next to the manifest; nil where there is none that the gate
// opens.
func (r *reader) beside(name string, most int) ([]byte, string, error) {
	p := path.Join(r.dir, name)
	b, err := r.read(p, most)
	if _, fatal := errors.AsType[*unusable](err); fatal {
		return nil, p, err
	}
	if err != nil {
		return nil, p, nil
	}
	return b, p, nil
}

// noSymlink refuses a path of which any element is a symbolic link: its target
// may be outside, and what the gate reads must be what the repository shows.
func noSymlink(fsys fs.FS, p string) error {
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		info, err := fs.Lstat(fsys, p[:i])
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return errSymlink
		}
	}
	return nil
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
func (r *reader) report(p ecosystem.Problem) error {
	if len(r.m.Problems) >= maxProblems {
		return tooLarge(r.m.Path, "it has more than %d places that the gate does not follow; fix those listed first", maxProblems)
	}
	r.m.Problems = append(r.m.Problems, p)
	return nil
}

func pkg(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.NPM, Name: name}
}
