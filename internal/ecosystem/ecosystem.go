// Package ecosystem says what the gate needs from a packaging world: names and
// version order, manifests, the upstream's index, the closure, and how an
// archive is opened. Each world has a folder below (pypi, npm, golang, ...) that
// implements Ecosystem; package all lists them. This package is the
// interface and its values only.
package ecosystem

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// Errors that implementations return; test with errors.Is.
var (
	// ErrNoPackage: the upstream answered and has no such package.
	ErrNoPackage = errors.New("no such package upstream")
	// ErrUnreachable: the upstream did not answer; nothing is known.
	ErrUnreachable = errors.New("upstream cannot be reached")
	// ErrBadMetadata: a file's metadata was read, and is none or is another
	// version's. Installers leave such a version out.
	ErrBadMetadata = errors.New("metadata is not usable")
)

// Index is what an upstream says about one package: every file of every
// version. It is immutable once returned and may be shared.
type Index struct {
	Package  artifact.Package
	Upstream string          // the configured name of the upstream that answered
	Digest   artifact.Digest // of the answer's bytes
	Fetched  time.Time       // when the upstream last confirmed it
	Stale    bool            // the upstream could not be asked just now; this is the last known answer
	Status   string          // PEP 792: "", active, archived, deprecated, quarantined
	Reason   artifact.Untrusted
	Files    []IndexFile // in the upstream's order
	// Tags are names that the upstream gives to versions, as npm's dist-tags:
	// "latest" and the number it stands for. Nil where there is no such thing.
	Tags map[string]string
	// Dropped counts the entries of the answer that are not among Files: other
	// kinds, names that do not belong to the package, URLs that may not be used.
	Dropped int
}

// IndexFile is one file as an index lists it.
type IndexFile struct {
	Name           string
	URL            string // absolute
	Number         string // the version, as this index groups it (artifact.Version.Number)
	Kind           artifact.Kind
	SHA256         artifact.Digest // empty when the index does not say
	Size           int64           // 0 when the index does not say
	Uploaded       time.Time       // zero when the index does not say
	RequiresPython string
	Yanked         bool
	YankedReason   artifact.Untrusted
	HasMetadata    bool            // PEP 658/714: <URL>.metadata is served
	MetadataSHA256 artifact.Digest // empty when the index does not say
	Provenance     string          // the URL of its attestations (PEP 740, npm's dist.attestations); empty when there are none
	// Digests are what the index says of the bytes beside SHA256, as
	// "algorithm:lower-case hex" ("sha512:…", "sha1:…"). A fetch holds the bytes
	// against every one whose algorithm it knows; see StrongDigest.
	Digests []string
	// Record is what the index says of the version beyond these fields, in the
	// ecosystem's own form and without what nobody reads: npm's manifest of the
	// version, cargo's line. Nobody changes it. Nil where there is none.
	Record []byte
}

// StrongDigest says whether the index names a digest that a forger cannot meet.
func (f IndexFile) StrongDigest() bool {
	return f.SHA256 != "" || slices.ContainsFunc(f.Digests, func(d string) bool {
		return strings.HasPrefix(d, "sha512:") || strings.HasPrefix(d, "sha384:") || strings.HasPrefix(d, "sha256:")
	})
}

// Version gives the version the i-th file belongs to.
func (x *Index) Version(f IndexFile) artifact.Version {
	return artifact.Version{Package: x.Package, Number: f.Number}
}

// Of lists the files of one version, in the index's order.
func (x *Index) Of(number string) []IndexFile {
	var out []IndexFile
	for _, f := range x.Files {
		if f.Number == number {
			out = append(out, f)
		}
	}
	return out
}

// Metadata is what a version says about itself, read without running it
// (METADATA or PKG-INFO, core metadata specification).
type Metadata struct {
	Name           string
	Version        string
	Summary        artifact.Untrusted
	Licence        artifact.Untrusted // License-Expression, else License, else the classifiers' words
	LicenceSPDX    string             // the SPDX expression when one is declared, else ""
	RequiresPython string
	RequiresDist   []string // PEP 508 texts
	Extras         []string
	Dynamic        []string // lower case; for an sdist, what PKG-INFO does not vouch for
	MetadataFormat string   // Metadata-Version
	HomePages      []artifact.Untrusted
	// Source is what an sdist says about being built, read from its archive; nil
	// for anything else, and where the archive was not read.
	Source *Source `json:",omitempty"`
}

// Source is what the files of an sdist say about the wheels that are built from
// it, read without running any of them.
type Source struct {
	// Static names the file that vouches for what every wheel built from the sdist
	// needs: PKG-INFO, pyproject.toml or setup.cfg. "" says that only a build would
	// tell, and Why says why.
	Static string `json:",omitempty"`
	Why    string `json:",omitempty"`
	// RequiresDist and RequiresPython hold in place of the metadata's own where
	// Static is another file than PKG-INFO.
	RequiresDist   []string `json:",omitempty"`
	RequiresPython string   `json:",omitempty"`
	// Build is what has to be installed before anything of it can be built, PEP 508
	// texts; NoBuild says why that is not known, "" when it is.
	Build   []string `json:",omitempty"`
	NoBuild string   `json:",omitempty"`
	// Conflicts are sentences on what its files say against one another.
	Conflicts []string `json:",omitempty"`
}

// Requirement is one wish of a manifest, or one entry of a lock.
type Requirement struct {
	Package    artifact.Package
	Written    string           // the requirement as it stands on the line, without comment, options and hashes
	Spec       string           // version specifiers, "" for any: "==2.2.0", ">=1,<2"
	Extras     []string         // normalised
	Marker     string           // PEP 508 marker text, "" for always
	Hashes     []string         // "sha256:<hex>", lower case; any algorithm that the manifest names
	At         finding.Location // where it stands
	Groups     []string         // dependency groups, extras and sections that ask for it, "" for the main one; none where there are no groups
	Constraint bool             // narrows others and pulls in nothing itself (-c, constraint-dependencies)

	// The rest is for locks.
	Number string             // the exact version; also set for a plain == pin
	Files  []LockedFile       // what the lock says may be installed
	Source string             // scheme and host of the index that the lock names for it, as evidence; "" when it names none
	Direct bool               // asked for by the project itself
	Needs  []artifact.Package // edges of the locked graph
}

// LockedFile is a file named in a lock. URL is evidence only and never followed.
type LockedFile struct {
	Name   string
	URL    string
	SHA256 artifact.Digest
	Size   int64
	// Digests are what the lock demands of the bytes beside SHA256, as
	// IndexFile.Digests has them: any one of them has to be met.
	Digests []string
}

// Problem is a line of a manifest that the gate does not follow or cannot read.
// Fatal ones make the whole manifest unusable (exit 3); the others are findings
// at their line: Effect "reject", "hold" or "note" as default, the policy may
// say otherwise.
type Problem struct {
	Rule   string // "manifest-index-option", "manifest-vcs-requirement", "manifest-syntax", ...
	Class  finding.Class
	Text   string
	At     finding.Location
	Effect string
	Fatal  bool
	// Index is the address that the line names, where that is the problem: naming
	// the gate itself is none.
	Index IndexAddress `json:"-"`
}

// Manifest is one parsed file with all that it includes.
type Manifest struct {
	Path                 string
	Format               string // requirements.txt, constraints.txt, uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile.lock, pyproject.toml, Pipfile
	Locked               bool   // Requirements are the closure; no resolver is asked
	Hashed               bool   // every file must match a hash given (pip's --require-hashes)
	RequiresPython       string
	PreReleases          bool     // pip's --pre
	OnlyBinary, NoBinary []string // pip's options: normalised names, or ":all:"
	Requirements         []Requirement
	Problems             []Problem
	// Reads lists the files of the tree that were opened, itself too, sorted. ReadManifest
	// fills it in; ParseManifest need not.
	Reads []string `json:"-"`
	// OwnHost is the host and port of the gate itself, set by it: a lock that was
	// made through the gate names it.
	OwnHost string
	// Settings is, in the ecosystem's own words, what holds for every line at once: a
	// pom's parents, properties and profiles. Under other settings every line counts as
	// changed.
	Settings string
	// Detail is what the ecosystem's Resolve needs of the files beyond the
	// requirements, in its own form; nobody else reads it, and nobody changes it. Nil
	// where there is nothing.
	Detail any `json:"-"`
}

// Target is one environment that a team deploys to.
type Target struct {
	Python   string // full version, "3.11.7"
	Platform string // "x86_64-manylinux_2_28", "aarch64-apple-darwin", ... as resolve's --platform
	Node     string // full version, "22.12.0": npm passes over versions that are not for it; "" asks none
}

// Resolved is one version of a closure.
type Resolved struct {
	Version artifact.Version
	Direct  bool
	// Build says that it is needed to build a version that comes as an sdist, and by
	// nothing at run time. Via then leads through that version.
	Build  bool
	Via    []artifact.Package // from the direct requirement to the parent; empty for direct ones
	At     finding.Location   // the manifest line of the direct requirement
	Files  []IndexFile        // what an installer on the targets would take
	Hashes []string           // hashes the manifest or lock demands for its files; empty: none demanded
	Needs  []artifact.Version // what it pulls in, on these targets
	// Findings are what resolving saw against it, as a lock's hash that the index
	// contradicts. They belong to the version, like those of a version check.
	Findings []finding.Finding
}

// Conflict explains in words why no closure exists. Error gives the report,
// several lines.
type Conflict struct {
	Target Target
	Report string
	At     finding.Location // the line to look at first
}

func (c *Conflict) Error() string { return c.Report }

// Unknowable says that a closure cannot be known without running code, as for
// an sdist with dynamic dependencies. It holds.
type Unknowable struct {
	Version artifact.Version
	Why     string
	At      finding.Location
}

func (u *Unknowable) Error() string { return u.Version.String() + ": " + u.Why }

// Relock says that a manifest is a lock, and the command that changes it.
type Relock struct{ Command string }

func (r *Relock) Error() string { return "a lock is changed by its own tool: " + r.Command }

// Upstream reads one ecosystem's outside indexes. Implementations cache, keep
// at most one fetch of a thing in flight, and are safe for concurrent use.
type Upstream interface {
	// Index gives the package's index. ErrNoPackage and ErrUnreachable are told
	// apart; a last known answer is preferred to ErrUnreachable and is marked Stale.
	Index(ctx context.Context, p artifact.Package) (*Index, error)
	// Metadata reads a file's metadata without fetching the whole file where the
	// upstream allows it (PEP 658, range requests); an sdist is read whole, for its
	// Source. It gives the raw bytes too.
	Metadata(ctx context.Context, x *Index, f IndexFile) (Metadata, []byte, error)
}

// Completer is an Upstream whose index alone does not say everything of every
// file, because each costs a request of its own: a Go version's date, the files of
// a Maven version.
type Completer interface {
	// Complete gives x with what the upstream says of the named files, those added
	// that x did not list and the upstream has; no names ask for every file that x
	// lists, up to the implementation's stated cap. What was learned is part of later
	// indexes too, and every index that says other things has another Digest. A name
	// that the upstream does not have is no error: the index then lacks it.
	// ErrUnreachable where nothing could be learned. It is asked at every look at a
	// file: where everything is known already it returns at once.
	Complete(ctx context.Context, x *Index, files ...string) (*Index, error)
}

// Holder is an Upstream that reads some files whole before anybody fetches them: a
// Maven version's pom, which says when it was published.
type Holder interface {
	// Held gives a file's bytes where they are here already, or are read here anyway;
	// nobody changes them.
	Held(ctx context.Context, x *Index, f IndexFile) ([]byte, bool)
}

// Documents is an Upstream with documents beside its packages that clients read
// through a registry: Go's checksum database.
type Documents interface {
	// Document reads one by its path, as the implementation names it. p is the package
	// that it is about, without a name where it is about none. Errors: ErrNoPackage
	// where there is no such document, ErrUnreachable.
	Document(ctx context.Context, p artifact.Package, path string) ([]byte, error)
}

// Attested is an Upstream that has what publishers, or the index itself, attest of
// its files.
type Attested interface {
	// Attestations reads what is attested of a file, unverified; nothing where nothing
	// is. Errors: ErrUnreachable where it could not be read, provenance.ErrDocument
	// where what came is in no known form.
	Attestations(ctx context.Context, x *Index, f IndexFile) (provenance.Claims, error)
}

// LocalBuilder is an Ecosystem where somebody may build a public version again under a
// number of its own, as PyPI's 2.4.0+cu124.
type LocalBuilder interface {
	// Public is the version that a number was built from, or the number.
	Public(number string) string
}

// Nearer is an Ecosystem that has a range for "this version, and later ones that
// stay close to it": PyPI's ~=2.2, npm's ^2.2.0.
type Nearer interface {
	Near(number string) string
}

// Locker is an Ecosystem where one manifest speaks for others: a lock for the wishes
// that it was made of, the root of a workspace for its members.
type Locker interface {
	// Covers says whether the closure of a manifest of one format holds that of one of
	// another format, which stands in the same folder or is read with it (Manifest.Reads)
	// from a folder below. Both may be one format: a workspace's root and its members.
	Covers(format, other string) bool
}

// Gatherer is an Ecosystem whose manifests are read with files that are no manifests,
// or say something else when another manifest changes. What a manifest is read with is
// found by reading it (Reads); this is only how a change of one file is known to be a
// change of manifests elsewhere that did not change themselves.
//
// npm names its clients' configuration, cargo its own. Whoever has manifests that
// inherit from others names those: with a parent in pom.xml a change of it changes
// every child, so "pom.xml" is read by "pom.xml".
type Gatherer interface {
	// ReadBy lists the formats of the manifests that may be read with the file at path,
	// by its name alone; none for most files. It is asked about every path of a tree.
	ReadBy(path string) []string
}

// Ecosystem is one packaging world.
type Ecosystem interface {
	ID() artifact.Ecosystem
	// ParseName turns a name as written into its identity; an error for what
	// cannot be a name.
	ParseName(s string) (artifact.Package, error)
	// VersionKey is a byte string that sorts (bytes.Compare) as the ecosystem
	// orders versions; equal versions have equal keys.
	VersionKey(number string) ([]byte, error)
	// PreRelease says whether a version is one that people get only when they ask
	// for it: a pre-release or development release.
	PreRelease(number string) bool
	// InRange says whether a version lies in a range in the ecosystem's own words
	// (PEP 440 specifiers for PyPI); "" holds every version.
	InRange(number, rng string) (bool, error)
	// Exact is the range that holds one version alone: "==2.2" for PyPI.
	Exact(number string) string
	// ManifestFormat gives the format of a path by its name, "" when it is not a manifest.
	ManifestFormat(path string) string
	// ParseManifest reads path inside fsys and what it includes there, never outside.
	ParseManifest(fsys fs.FS, path string) (*Manifest, error)
	// EditRequirement gives the manifest's content with r, as ParseManifest read
	// it from there, asking for spec instead; everything else stays byte for
	// byte. The note says what the person has to do beside, "" for nothing. A lock
	// cannot be edited: the error is then a *Relock.
	EditRequirement(content []byte, r Requirement, spec string) (edited []byte, note string, err error)
	// InstallCommand is what a person types to install a manifest from the
	// registry whose base address for this ecosystem is given, without a slash at
	// the end; "" where its client has no one command for that.
	InstallCommand(base, format, path string) string
	// Dependencies lists what a version declares to need, in its order; one that
	// cannot be read, or that names a place instead of a package, has no Package.
	Dependencies(m Metadata) []Requirement
	// Resolve gives the closure of requirements on the targets, reading through up.
	// Errors: *Conflict, *Unknowable, ErrNoPackage and ErrUnreachable wrapped.
	Resolve(ctx context.Context, up Upstream, ms []*Manifest, targets []Target) ([]Resolved, error)
}
