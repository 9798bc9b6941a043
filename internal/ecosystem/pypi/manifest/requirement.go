package manifest

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// pip's own list of what an archive's name ends in.
var archiveEndings = []string{
	".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma",
}

// isArchive says whether pip takes a name, with or without extras behind it, for
// an archive's.
func isArchive(name string) bool {
	if strings.HasSuffix(name, "]") {
		name = name[:max(strings.LastIndexByte(name, '['), 0)]
	}
	return slices.ContainsFunc(archiveEndings, func(ending string) bool {
		return len(name) > len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending)
	})
}

var schemeForm = lazy.Regexp(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// The version control systems that pip knows; a scheme is one of them, or one
// of them, a plus and a transport.
var vcsNames = map[string]bool{"git": true, "hg": true, "bzr": true, "svn": true, "ssh": true, "sftp": true}

// elsewhere says why a requirement's text is no name from an index: a URL, a
// version control address, a path. rule is "" when it may be one.
func elsewhere(text string) (rule, why string) {
	name, _, _ := strings.Cut(text, ";")
	name = strings.TrimSpace(name)
	if scheme := scheme(name); scheme != "" {
		vcs, _, _ := strings.Cut(scheme, "+")
		if vcsNames[vcs] || scheme == "http" || scheme == "https" || scheme == "file" || scheme == "ftp" {
			return directURL(name)
		}
	}
	before, _, at := strings.Cut(name, "@")
	path := strings.HasPrefix(name, ".") || !at && strings.ContainsAny(name, `/\`) || at && strings.ContainsAny(before, `/\`)
	if path || isArchive(name) && !at {
		return RulePath, "a local path comes from no index, so the gate cannot look at it; install it by a command of its own, or publish it to the gate and pin it"
	}
	return "", ""
}

// scheme gives a URL's scheme in lower case, "" for what is no URL.
func scheme(address string) string {
	before, _, ok := strings.Cut(address, ":")
	if !ok || !schemeForm().MatchString(before) {
		return ""
	}
	return strings.ToLower(before)
}

// directURL says what is wrong with a requirement that is an address.
func directURL(address string) (rule, why string) {
	scheme := scheme(address)
	vcs, _, _ := strings.Cut(scheme, "+")
	switch {
	case vcsNames[vcs]:
		return RuleVCS, "a version control address comes from no index, so the gate cannot look at it; pin a release by name, or publish a build of it to the gate"
	case scheme == "" || scheme == "file":
		return RulePath, "a local path comes from no index, so the gate cannot look at it; install it by a command of its own, or publish it to the gate and pin it"
	}
	return RuleURL, "a direct address (" + manifestfile.Origin(address) + ") comes from no index, and the gate never follows one; pin a release by name, or publish the file to the gate"
}

// fileName is the last element of an address or a path.
func fileName(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	return path.Base(strings.ReplaceAll(address, `\`, "/"))
}

// dependency is one PEP 508 text, read.
type dependency struct {
	pkg    artifact.Package
	extras []string
	spec   string
	number string // of a single exact pin
	url    string
	marker string
}

// requirement gives the dependency as it stands at a place.
func (d dependency) requirement(written string, at finding.Location) ecosystem.Requirement {
	return ecosystem.Requirement{Package: d.pkg, Written: written, Spec: d.spec, Extras: d.extras, Marker: d.marker, Number: d.number, At: at}
}

// parseDependency reads a PEP 508 text as pip does, which also takes an empty
// marker for none.
func parseDependency(text string) (dependency, error) {
	trimmed := strings.TrimRightFunc(text, isSpace)
	r, err := pep508.ParseRequirement(strings.TrimSuffix(trimmed, ";"))
	if err != nil {
		if bad, ok := errors.AsType[*pep508.SyntaxError](err); ok {
			return dependency{}, errors.New(bad.Reason)
		}
		return dependency{}, err
	}
	d := dependency{pkg: named(r.Name), spec: r.Specifiers.String(), url: r.URL}
	for _, e := range r.Extras {
		if e = pep503.Normalize(e); !slices.Contains(d.extras, e) {
			d.extras = append(d.extras, e)
		}
	}
	if !r.Marker.Empty() {
		d.marker = r.Marker.String()
	}
	if v, ok := r.Specifiers.Exact(); ok && strings.HasPrefix(d.spec, "==") {
		d.number = v.String()
	}
	return d, nil
}

// named gives the package of a name that is known to be valid.
func named(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.PyPI, Name: pep503.Normalize(name)}
}
