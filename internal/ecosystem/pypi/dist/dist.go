// Package dist knows the shape of Python's two kinds of archive: where a wheel
// (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)
// and an sdist
// (https://packaging.python.org/en/latest/specifications/source-distribution-format/)
// say who they are, and what they say. It reads files handed to it as data and
// never builds or imports anything. Whether what is said is true is for
// scan/honesty.
package dist

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// Limits of what is kept of an archive, bytes. What is larger becomes a Problem.
const (
	MaxMetadata = 4 << 20
	MaxRecord   = 16 << 20
	MaxSmall    = 1 << 20 // WHEEL, entry_points.txt, pyproject.toml, setup.py, setup.cfg
)

// Promise is what a file's name says is inside.
type Promise struct {
	Kind   artifact.Kind
	Name   string       // normalised
	Number string       // PEP 440 normal form
	Build  string       // wheels only
	Tags   []pep425.Tag // wheels only
}

// ParseFileName reads the promise of f's name. An sdist's name cannot be split
// without knowing the package, so f.Version.Package says which it is.
func ParseFileName(f artifact.File) (Promise, error) {
	if strings.HasSuffix(f.Name, ".whl") {
		w, err := pep425.ParseWheelName(f.Name)
		if err != nil {
			return Promise{}, err
		}
		return Promise{Kind: artifact.Wheel, Name: w.Distribution, Number: w.Number, Build: w.Build, Tags: w.Tags}, nil
	}
	number, err := pep425.ParseSdistName(f.Name, f.Version.Package.Name)
	if err != nil {
		return Promise{}, err
	}
	return Promise{Kind: artifact.Sdist, Name: pep503.Normalize(f.Version.Package.Name), Number: number}, nil
}

// Pure says whether a wheel promises to run anywhere: no ABI, any platform.
func (p Promise) Pure() bool {
	for _, t := range p.Tags {
		if t.ABI != "none" || t.Platform != "any" {
			return false
		}
	}
	return len(p.Tags) > 0
}

// Part names a file with a meaning of its own.
type Part string

// Parts.
const (
	Metadata    Part = "METADATA" // PKG-INFO in an sdist
	WheelFile   Part = "WHEEL"
	Record      Part = "RECORD"
	EntryPoints Part = "entry_points.txt"
	PyProject   Part = "pyproject.toml"
	SetupPy     Part = "setup.py"
	SetupCfg    Part = "setup.cfg"
	Root        Part = "" // the archive's own layout: its root folder or dist-info
)

// Problem says what of the shape is not as it must be.
type Problem struct {
	Part    Part
	Path    string
	Missing bool   // it is not there, or not where the name says; else it is there and cannot be read
	Text    string // one sentence; quotes outside text only safely
}

// Contents is what an archive says about itself.
type Contents struct {
	Metadata     *ecosystem.Metadata // nil when missing or unreadable; an sdist's has its Source
	RawMetadata  []byte              // nil when missing or too large
	MetadataPath string
	Wheel        *WheelInfo // nil for sdists, and when missing or unreadable
	WheelPath    string
	Record       []RecordLine // nil when missing or unreadable
	RecordPath   string       // "" when missing
	EntryPoints  []byte
	Build        *BuildSystem // an sdist's pyproject.toml; nil when it has none
	SetupPy      []byte       // an sdist's; nil when it has none
	SetupPyPath  string
	Problems     []Problem
}

// Reader gathers the parts of one archive while its files go by, in any order.
// It is for one goroutine.
type Reader struct {
	promise  Promise
	bodies   map[string][]byte // by path; nil for what was too large
	tops     map[string]bool   // first elements of all paths
	distInfo string            // the wheel's own dist-info folder, once met
	doubles  []string          // further ones
}

// NewReader starts on an archive that promises p.
func NewReader(p Promise) *Reader {
	return &Reader{promise: p, bodies: map[string][]byte{}, tops: map[string]bool{}}
}

// Add takes one regular file. body is nil when it was too large to keep; what
// is needed of it is copied.
func (r *Reader) Add(path string, body []byte) {
	top, rest, _ := strings.Cut(path, "/")
	if len(r.tops) < 3 { // one is right, two are wrong, the third is for the message
		r.tops[top] = true
	}
	if r.promise.Kind == artifact.Wheel {
		r.addWheel(top, rest, path, body)
		return
	}
	switch {
	case rest == pkgInfo:
		r.keep(path, body, MaxMetadata)
	case IsSourcePart(path):
		r.keep(path, body, MaxSmall)
	}
}

const pkgInfo = "PKG-INFO"

// IsSourcePart says whether a path is that of a file of an sdist which says
// something about all of it. Case counts for nothing: on some file systems a
// build finds it all the same.
func IsSourcePart(path string) bool {
	_, rest, below := strings.Cut(path, "/")
	return below && slices.ContainsFunc([]Part{pkgInfo, PyProject, SetupPy, SetupCfg}, func(p Part) bool {
		return strings.EqualFold(rest, string(p))
	})
}

func (r *Reader) addWheel(top, rest, path string, body []byte) {
	if !strings.HasSuffix(top, ".dist-info") || rest == "" {
		return
	}
	if r.distInfo == "" {
		r.distInfo = top
	}
	if top != r.distInfo {
		if len(r.doubles) < 3 {
			r.doubles = append(r.doubles, top)
		}
		return
	}
	switch Part(rest) {
	case Metadata:
		r.keep(path, body, MaxMetadata)
	case Record:
		r.keep(path, body, MaxRecord)
	case WheelFile, EntryPoints:
		r.keep(path, body, MaxSmall)
	}
}

func (r *Reader) keep(path string, body []byte, most int) {
	if body == nil || len(body) > most {
		r.bodies[path] = nil
		return
	}
	r.bodies[path] = append([]byte{}, body...)
}

// Finish reads the parts that were gathered.
func (r *Reader) Finish() Contents {
	c := &contents{reader: r}
	if r.promise.Kind == artifact.Wheel {
		c.wheel()
	} else {
		c.sdist()
	}
	return c.Contents
}

type contents struct {
	Contents
	reader *Reader
}

func (c *contents) wheel() {
	r := c.reader
	if r.distInfo == "" {
		c.missing(Root, "", "the wheel has no .dist-info folder")
		return
	}
	for _, d := range r.doubles {
		c.missing(Root, d, fmt.Sprintf("the wheel has a second .dist-info folder beside %s", artifact.Untrusted(r.distInfo)))
	}
	stem := strings.TrimSuffix(r.distInfo, ".dist-info")
	name, number, _ := strings.Cut(stem, "-")
	if v, err := pep440.Parse(strings.ReplaceAll(number, "_", "-")); pep503.Normalize(name) != r.promise.Name || err != nil || v.String() != r.promise.Number {
		c.missing(Root, r.distInfo, fmt.Sprintf("the wheel's folder %s is not named after %s %s", artifact.Untrusted(r.distInfo), r.promise.Name, r.promise.Number))
	}
	c.metadata(r.distInfo + "/METADATA")
	c.WheelPath = r.distInfo + "/WHEEL"
	if b, ok := c.body(WheelFile, c.WheelPath, true); ok {
		info, err := ParseWheelFile(b)
		if err != nil {
			c.unreadable(WheelFile, c.WheelPath, err)
		} else {
			c.Wheel = &info
		}
	}
	if b, ok := c.body(Record, r.distInfo+"/RECORD", true); ok {
		c.RecordPath = r.distInfo + "/RECORD"
		lines, err := ParseRecord(b)
		if err != nil {
			c.unreadable(Record, c.RecordPath, err)
		} else {
			c.Record = lines
		}
	}
	c.EntryPoints, _ = c.body(EntryPoints, r.distInfo+"/entry_points.txt", false)
}

func (c *contents) sdist() {
	r := c.reader
	root := ""
	for top := range r.tops {
		root = max(root, top)
	}
	if len(r.tops) != 1 {
		c.missing(Root, "", "the sdist does not hold all its files in one folder")
		root = r.rootOfPkgInfo(root)
	} else if number, err := pep425.ParseSdistName(root+".tar.gz", r.promise.Name); err != nil || number != r.promise.Number {
		c.missing(Root, root, fmt.Sprintf("the sdist's folder %s is not named after %s %s", artifact.Untrusted(root), r.promise.Name, r.promise.Number))
	}
	c.metadata(root + "/" + pkgInfo)
	if c.Contents.Metadata != nil {
		c.Contents.Metadata.Source = r.source(root, *c.Contents.Metadata)
	}
	if b, ok := c.body(PyProject, root+"/pyproject.toml", false); ok {
		build, err := ParseBuildSystem(b)
		if err != nil {
			c.unreadable(PyProject, root+"/pyproject.toml", err)
		} else {
			c.Build = &build
		}
	}
	if b, ok := c.body(SetupPy, root+"/setup.py", false); ok {
		c.SetupPy, c.SetupPyPath = b, root+"/setup.py"
	}
}

// rootOfPkgInfo picks, of several roots, the one that names itself a package.
func (r *Reader) rootOfPkgInfo(other string) string {
	best := ""
	for path := range r.bodies {
		if root, ok := strings.CutSuffix(path, "/PKG-INFO"); ok && root > best {
			best = root
		}
	}
	if best == "" {
		return other
	}
	return best
}

func (c *contents) metadata(path string) {
	c.MetadataPath = path
	b, ok := c.body(Metadata, path, true)
	if !ok {
		return
	}
	c.RawMetadata = b
	m, err := metadata.Parse(b)
	if err != nil {
		c.unreadable(Metadata, path, err)
		return
	}
	c.Contents.Metadata = &m
}

// body finds a gathered file; what is missing or too large becomes a Problem.
func (c *contents) body(part Part, path string, required bool) ([]byte, bool) {
	b, ok := c.reader.bodies[path]
	switch {
	case !ok && required:
		c.missing(part, path, fmt.Sprintf("%s is missing", artifact.Untrusted(path)))
	case ok && b == nil:
		c.unreadable(part, path, fmt.Errorf("it is larger than the gate reads"))
	}
	return b, ok && b != nil
}

func (c *contents) missing(part Part, path, text string) {
	c.Problems = append(c.Problems, Problem{Part: part, Path: path, Missing: true, Text: text})
}

func (c *contents) unreadable(part Part, path string, err error) {
	c.Problems = append(c.Problems, Problem{Part: part, Path: path, Text: fmt.Sprintf("%s cannot be read: %s", artifact.Untrusted(path), artifact.Untrusted(err.Error()))})
}
