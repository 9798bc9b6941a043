// Package manifest reads what a Java project says it needs: pom.xml with its parents
// and modules that lie beside it and with .mvn/extensions.xml, gradle.lockfile, a
// version catalog of Gradle (gradle/libs.versions.toml) and
// gradle/verification-metadata.xml, each requirement and each problem with the line
// where it stands. It also writes the smallest change of one version in a pom or a
// catalog (see ReplaceRequirement).
//
// Formats: https://maven.apache.org/pom.html,
// https://docs.gradle.org/current/userguide/dependency_locking.html,
// /version_catalogs.html and /dependency_verification.html of the same book.
//
// Requirements of a pom stand in groups: "" for what is compiled with or needed at run
// time, "test", and "plugin" for code that runs inside of the build: plugins, what is
// given to them, and extensions. A dependency that a parent or a bill of materials
// elsewhere gives its version has none here.
//
// It reads files of the fs.FS it was given and nothing else: it opens no address, no
// absolute path, no symbolic link and no path that climbs out, and runs nothing: no
// build script of Gradle is a manifest here. What it does not follow becomes a Problem;
// a file that cannot be read as a whole becomes one fatal Problem, and then no
// requirement of it is given out. All functions are safe for concurrent use.
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
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The formats, as Format gives them and ecosystem.Manifest.Format holds them.
const (
	PomXML       = "pom.xml"
	Extensions   = ".mvn/extensions.xml"
	GradleLock   = "gradle.lockfile"
	Catalog      = "libs.versions.toml"
	Verification = "verification-metadata.xml"
)

// The groups of requirements beside the main one, which is "".
const (
	GroupTest   = "test"
	GroupPlugin = "plugin" // runs inside of the build
)

// Limits on what is read. A file beyond one of them is refused whole.
const (
	maxFileBytes = 32 << 20 // verification metadata of large builds has some ten MiB; a pom has its own limit
	maxModules   = 1_000    // of one build
	maxLineage   = 50       // parents that lie beside a pom
	maxFolders   = 16       // above a lock in which gradle's folder is looked for
)

// Format gives the format of a slash-separated path by its name, "" for a path that
// is no manifest. It does not look at the file.
func Format(p string) string {
	switch base, dir := path.Base(p), path.Base(path.Dir(p)); {
	case base == PomXML, strings.HasSuffix(base, ".pom"):
		return PomXML
	case base == "extensions.xml" && dir == ".mvn":
		return Extensions
	case base == GradleLock, base == "buildscript-gradle.lockfile", base == "settings-gradle.lockfile":
		return GradleLock
	case strings.HasSuffix(base, ".versions.toml"):
		return Catalog
	case base == Verification:
		return Verification
	}
	return ""
}

// Parse reads the manifest at p inside fsys, and what belongs to it there. What is
// wrong with the content is a Problem of the manifest; the error is for a file that is
// no manifest by its name or that cannot be read from fsys.
func Parse(fsys fs.FS, p string) (*ecosystem.Manifest, error) {
	format := Format(p)
	parse := map[string]func(*reader) error{
		PomXML: parsePom, Extensions: parseExtensions, GradleLock: parseGradleLock, Catalog: parseCatalog, Verification: parseVerification,
	}[format]
	if parse == nil {
		return nil, fmt.Errorf("reading %s: not a Java manifest by its name; there are pom.xml, gradle.lockfile, libs.versions.toml and verification-metadata.xml", manifestfile.Quote(p))
	}
	r := &reader{Reader: manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: p, Format: format}, MaxFile: maxFileBytes}}
	return r.Finish(parse(r))
}

// reader is one manifest on its way in.
type reader struct {
	manifestfile.Reader
}

// is says whether a regular file is there to be read.
func (r *reader) is(p string) bool {
	if !fs.ValidPath(p) {
		return false
	}
	info, err := fs.Lstat(r.FS, p)
	return err == nil && info.Mode().IsRegular()
}

// unreadable is what is wrong with an XML file, at its line.
func unreadable(file string, err error) error {
	at := finding.Location{File: file}
	if bad, ok := errors.AsType[*pom.SyntaxError](err); ok {
		at.Line = bad.Line
		return manifestfile.Syntax(at, "the gate cannot read this: %s; correct it", bad.Text)
	}
	return manifestfile.Syntax(at, "the gate cannot read this: %s; correct it", artifact.Untrusted(err.Error()))
}

// pkg is the package of a group and an artifact; false for what cannot be one.
func pkg(group, name string) (artifact.Package, bool) {
	n := coordinate.Name{Group: group, Artifact: name}
	return n.Package(), n.Check() == nil
}

// written shows a coordinate as people write it.
func written(parts ...string) string {
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return artifact.Untrusted(strings.Join(parts, ":")).String()
}
