// Package manifest reads what a Python project says it needs: pip's
// requirements and constraints files (and so what pip freeze writes), uv.lock,
// poetry.lock, pdm.lock, pylock.toml, Pipfile.lock, Pipfile and pyproject.toml, each
// requirement and each problem with the line and column where it stands. It
// also writes the smallest change of one line (see ReplaceRequirement).
//
// Formats: pip's "Requirements File Format"
// (https://pip.pypa.io/en/stable/reference/requirements-file-format/), uv's,
// poetry's, pdm's and pipenv's files as those tools write them, PEP 751 (pylock.toml), PEP 621
// and PEP 735 (pyproject.toml), PEP 508 and PEP 440 for what stands inside.
//
// It reads files of the fs.FS it was given and nothing else. It never opens a
// URL, an absolute path, a symbolic link or a path that climbs out of that file
// system, never expands an environment variable and never runs anything. A line
// it does not follow becomes a Problem; a file it cannot read as a whole becomes
// one fatal Problem, and then no requirement of it is given out. User names,
// passwords, queries and fragments of URLs do not appear in what it returns.
//
// All functions are safe for concurrent use; they keep no state.
package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// The formats, as Format gives them and ecosystem.Manifest.Format holds them.
const (
	RequirementsTxt = "requirements.txt"
	UVLock          = "uv.lock"
	PoetryLock      = "poetry.lock"
	PylockTOML      = "pylock.toml"
	PyprojectTOML   = "pyproject.toml"
	ConstraintsTxt  = "constraints.txt"
	PDMLock         = "pdm.lock"
	Pipfile         = "Pipfile"
	PipfileLock     = "Pipfile.lock"
)

// Limits on what is read. A file beyond one of them is refused whole.
const (
	maxFileBytes    = 10 << 20 // one file
	maxTotalBytes   = 64 << 20 // a file with all that it includes
	maxRequirements = 100_000  // requirements of one manifest, includes counted
	maxProblems     = 1_000    // problems kept of one manifest; beyond them the file is refused
	maxLineBytes    = 1 << 20  // one line of a requirements file, continuations joined
	maxIncludes     = 256      // distinct files that one manifest includes
	maxIncludeDepth = 32       // files that include files
)

var pylockName = lazy.Regexp(`^pylock\.(?:[^./]+\.)?toml$`)

// LockOf is the format of the manifest beside it whose closure a lock is; "" for
// what is no such lock.
func LockOf(format string) string {
	switch format {
	case UVLock, PoetryLock, PDMLock, PylockTOML:
		return PyprojectTOML
	case PipfileLock:
		return Pipfile
	}
	return ""
}

// Format gives the format of a slash-separated path by its name, "" for a path
// that is no manifest. It does not look at the file.
func Format(p string) string {
	base := path.Base(p)
	switch base {
	case UVLock, PoetryLock, PyprojectTOML, PDMLock, Pipfile, PipfileLock:
		return base
	}
	if pylockName().MatchString(base) {
		return PylockTOML
	}
	lower := strings.ToLower(base)
	if ext := path.Ext(lower); ext != ".txt" && ext != ".in" {
		return ""
	}
	inFolder := strings.EqualFold(path.Base(path.Dir(p)), "requirements")
	switch {
	case strings.HasPrefix(lower, "constraints"):
		return ConstraintsTxt
	case inFolder || strings.Contains(lower, "requirements"):
		return RequirementsTxt
	}
	return ""
}

// signs are lines that only one format has together, in the order to look for
// them.
var signs = []struct {
	format string
	lines  []func() *regexp.Regexp
}{
	{PipfileLock, []func() *regexp.Regexp{lazy.Regexp(`\A\s*\{\s*"_meta"\s*:`)}},
	{PDMLock, []func() *regexp.Regexp{lazy.Regexp(`(?m)^lock_version\s*=`)}},
	{PoetryLock, []func() *regexp.Regexp{lockVersion, lazy.Regexp(`(?m)^content-hash\s*=`)}},
	{PylockTOML, []func() *regexp.Regexp{lockVersion, lazy.Regexp(`(?m)^\[\[packages\]\]`)}},
	{UVLock, []func() *regexp.Regexp{lazy.Regexp(`(?m)^version\s*=\s*1\s*$`), lazy.Regexp(`(?m)^\[\[package\]\]`)}},
	{PyprojectTOML, []func() *regexp.Regexp{lazy.Regexp(`(?m)^\[(?:project|build-system|dependency-groups|tool\.(?:uv|poetry|pdm)[\].])`)}},
	{Pipfile, []func() *regexp.Regexp{lazy.Regexp(`(?m)^\[(?:packages|dev-packages)\]`)}},
}

var lockVersion = lazy.Regexp(`(?m)^lock-version\s*=`)

// FormatOf is Format where that says something, and else what the content looks
// like: "" for what could be a requirements file or nothing at all.
func FormatOf(p string, content []byte) string {
	if format := Format(p); format != "" || len(content) > maxFileBytes {
		return format
	}
	content = bytes.TrimPrefix(content, utf8Mark)
	for _, s := range signs {
		if !slices.ContainsFunc(s.lines, func(l func() *regexp.Regexp) bool { return !l().Match(content) }) {
			return s.format
		}
	}
	return ""
}

// Parse reads the manifest at p inside fsys, and what it includes there. The
// format is taken from the name, see Format. What is wrong with the content is a
// Problem of the manifest; the error is for a file that is no manifest by its
// name or that cannot be read from fsys.
func Parse(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	if format == "" {
		return nil, fmt.Errorf("reading %s: not a manifest by its name; say its format", quote(p))
	}
	return ParseAs(fsys, p, format)
}

// ParseAny is Parse for a file that a person named as a manifest: where its name
// says nothing its content does, and what neither tells is a requirements file, as
// for `pip install -r`.
func ParseAny(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	if format == "" {
		r := &reader{fsys: fsys, m: &ecosystem.Manifest{Path: p}}
		if b, err := r.read(p); err == nil {
			format = FormatOf(p, b)
		}
	}
	return ParseAs(fsys, p, cmp.Or(format, RequirementsTxt))
}

// ParseAs is Parse for a file whose format is known from elsewhere, as for
// standard input.
func ParseAs(fsys fs.FS, p, format string) (*ecosystem.Manifest, error) {
	r := &reader{fsys: fsys, m: &ecosystem.Manifest{Path: p, Format: format}}
	parse, ok := map[string]func(*reader) error{
		RequirementsTxt: parseRequirements,
		UVLock:          parseUV,
		PoetryLock:      parsePoetryLock,
		PylockTOML:      parsePylock,
		PyprojectTOML:   parsePyproject,
		ConstraintsTxt:  parseConstraints,
		PDMLock:         parsePDMLock,
		Pipfile:         parsePipfile,
		PipfileLock:     parsePipfileLock,
	}[format]
	if !ok {
		return nil, fmt.Errorf("reading %s: %s is not a format of Python manifests", quote(p), quote(format))
	}
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
	bytes int // read so far, includes counted
}

// errSymlink and errNotRegular say why a path is not opened.
var (
	errSymlink    = errors.New("it is, or lies behind, a symbolic link")
	errNotRegular = errors.New("it is not a regular file")
)

// read gives the bytes of the file at p. Beyond the caps the error is *unusable.
func (r *reader) read(p string) ([]byte, error) {
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
	if info, err := f.Stat(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: %w", quote(p), errNotRegular)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(p), err)
	}
	r.bytes += len(b)
	if len(b) > maxFileBytes || r.bytes > maxTotalBytes {
		return nil, tooLarge(p, "the gate reads manifests of at most %d MiB, %d MiB with all they include; split it", maxFileBytes>>20, maxTotalBytes>>20)
	}
	return b, nil
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
		return tooLarge(r.m.Path, "it has more than %d lines that the gate does not follow; fix those listed first", maxProblems)
	}
	r.m.Problems = append(r.m.Problems, p)
	return nil
}
