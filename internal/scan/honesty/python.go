package honesty

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// What a Python archive promises: by RECORD and METADATA, PKG-INFO, and the name of
// the file. What would run without being called are .pth files, sitecustomize and
// install hooks; a wheel that promises no native code has none.
//
// Specifications: binary and source distribution formats, core metadata, PEP 376,
// 427, 508, 517, 643 and 658, and the site module for .pth files
// (https://docs.python.org/3/library/site.html).

// Rules of Python's archives, in the groups of those that all share.
const (
	RuleRecordMissing  = "record-missing"
	RuleRecordMismatch = "record-mismatch"

	RuleTagMismatch    = "wheel-tag-mismatch"
	RuleLayout         = "sdist-layout"
	RuleSources        = "sdist-sources-disagree"
	RuleNativeInPure   = "native-in-pure-wheel"
	RuleNativeInSdist  = "native-in-sdist"
	RuleBytecode       = "bytecode-without-source"
	RulePth            = "pth-file"
	RuleSiteCustomize  = "sitecustomize"
	RuleSourceMismatch = "wheel-sdist-mismatch"

	// RuleUnverified: a promise that the gate has no means to check. Class fault.
	RuleUnverified = "record-unverified"
)

// mostSources bounds how many source digests a report carries.
const mostSources = 20_000

func beginPython(t scan.FileTarget) scan.Pass { return begin(t) }

// guessPython takes a wheel, and an sdist only when it turns out to have a PKG-INFO
// where one has it.
func guessPython(t scan.FileTarget) scan.Pass {
	if strings.HasSuffix(t.File.Name, ".whl") {
		return begin(t)
	}
	t.File.Version.Package = packageOf(t.File.Name)
	if _, err := dist.ParseFileName(t.File); err != nil {
		return nil
	}
	p := begin(t)
	p.unasked = true
	return p
}

// packageOf is the package that an sdist's name speaks of: all before the last
// hyphen, as PEP 625 has it.
func packageOf(fileName string) artifact.Package {
	name := fileName[:max(0, strings.LastIndexByte(fileName, '-'))]
	return artifact.Package{Ecosystem: artifact.PyPI, Name: pep503.Normalize(name)}
}

func begin(t scan.FileTarget) *pass {
	p := &pass{target: t, entries: map[string]entry{}}
	promise, err := dist.ParseFileName(t.File)
	if err != nil {
		p.nameErr = err
		return p
	}
	p.promise = promise
	p.reader = dist.NewReader(promise)
	return p
}

// entry is what is remembered of a regular file.
type entry struct {
	size   int64
	digest artifact.Digest
}

// pass sees one archive.
type pass struct {
	target   scan.FileTarget
	unasked  bool // nobody said that it is a Python package
	promise  dist.Promise
	nameErr  error // the file name cannot be read: nothing can be compared
	reader   *dist.Reader
	contents dist.Contents
	entries  map[string]entry
	told
}

// Entry implements scan.Pass.
func (p *pass) Entry(e scan.Entry) []finding.Finding {
	if p.nameErr != nil || e.Mode.IsDir() || e.Inside != "" {
		return nil // what lies in an archive inside is no file of this one
	}
	if e.Link != "" {
		// Its content is another entry's and was, or will be, looked at there; under
		// this name it may play another part.
		p.checkPart(e)
		return nil
	}
	p.entries[e.Path] = entry{e.Size, e.SHA256}
	p.reader.Add(e.Path, e.Body)
	p.checkPart(e)
	p.checkNative(e)
	return nil
}

// checkPart looks at what an entry is by its place.
func (p *pass) checkPart(e scan.Entry) {
	installed, ok := p.installedPath(e.Path)
	if !ok {
		return
	}
	p.checkPth(e, installed)
	p.checkCustomize(e, installed)
}

// End implements scan.Pass: it says all that the pass found.
func (p *pass) End() []finding.Finding {
	if p.nameErr != nil {
		return []finding.Finding{{Rule: scan.RuleUnreadable, Class: finding.Fault,
			Text: "what the file promises cannot be read from its name: " + safe(p.nameErr.Error())}}
	}
	p.contents = p.reader.Finish()
	if p.unasked && p.contents.Metadata == nil {
		p.contents = dist.Contents{}
		return nil
	}
	p.checkPromise()
	p.checkProblems()
	p.checkMetadata()
	p.checkIndex()
	p.checkBytecode()
	if p.promise.Kind == artifact.Wheel {
		p.checkWheelFile()
		p.checkRecord()
	} else {
		p.checkSources()
		p.checkHooks()
	}
	return p.all()
}

// Describe implements scan.Describer.
func (p *pass) Describe(r *scan.Report) {
	r.Metadata, r.RawMetadata = p.contents.Metadata, p.contents.RawMetadata
	r.Sources = map[string]artifact.Digest{}
	for _, path := range slices.Sorted(maps.Keys(p.entries)) {
		if !strings.HasSuffix(path, ".py") {
			continue
		}
		if len(r.Sources) == mostSources {
			r.SourcesPartial = true
			return
		}
		if at, ok := p.installedPath(path); ok {
			r.Sources[at] = p.entries[path].digest
		}
	}
}

// installedPath is where an entry ends up: for a wheel below site-packages, for
// an sdist below its root folder. Scripts, headers and data of a wheel end up
// elsewhere, unless data is written so that it reaches site-packages.
func (p *pass) installedPath(name string) (string, bool) {
	top, rest, below := strings.Cut(name, "/")
	if p.promise.Kind == artifact.Sdist {
		return rest, below
	}
	if !strings.HasSuffix(top, ".data") || !below {
		return name, true
	}
	scheme, rest, _ := strings.Cut(rest, "/")
	switch scheme {
	case "purelib", "platlib":
		return rest, true
	case "data":
		for _, site := range []string{"site-packages/", "dist-packages/"} {
			if i := strings.LastIndex(rest, site); i >= 0 {
				return rest[i+len(site):], true
			}
		}
	}
	return "", false
}

// checkPromise compares the file's name with the version it is listed under.
func (p *pass) checkPromise() {
	v := p.target.File.Version
	if want := v.Package.Name; want != "" && want != p.promise.Name {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, "", "the file is named after %s and listed under %s", p.promise.Name, want)
	}
	if v.Number != "" && !sameVersion(v.Number, p.promise.Number) {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, "", "the file is named after version %s and listed under %s", p.promise.Number, safe(v.Number))
	}
}
