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
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
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
		return nil, fmt.Errorf("reading %s: not a manifest by its name; say its format", manifestfile.Quote(p))
	}
	return ParseAs(fsys, p, format)
}

// ParseAny is Parse for a file that a person named as a manifest: where its name
// says nothing its content does, and what neither tells is a requirements file, as
// for `pip install -r`.
func ParseAny(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	if format == "" {
		r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p}, MaxFile: maxFileBytes}}
		if b, err := r.Read(p); err == nil {
			format = FormatOf(p, b)
		}
	}
	return ParseAs(fsys, p, cmp.Or(format, RequirementsTxt))
}

// ParseAs is Parse for a file whose format is known from elsewhere, as for
// standard input.
func ParseAs(fsys fs.FS, p, format string) (*ecosystem.Manifest, error) {
	r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p, Format: format}, MaxFile: maxFileBytes}}
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
		return nil, fmt.Errorf("reading %s: %s is not a format of Python manifests", manifestfile.Quote(p), manifestfile.Quote(format))
	}
	err := parse(r)
	return r.Finish(err)
}

// reader is one manifest on its way in.
type reader struct {
	manifestfile.Reader
}
