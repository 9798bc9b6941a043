// Package artifact holds the nouns every other package speaks in: an ecosystem,
// a package in it, one version of that package, one file of that version, and
// text that came from outside. It is a leaf: it imports nothing of this project.
//
// All types are plain values, comparable unless said otherwise, and safe to
// share between goroutines.
package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	packageurl "github.com/package-url/packageurl-go"
)

// Ecosystem names a packaging world by its purl type: "pypi", "npm", "golang",
// "cargo", "maven".
type Ecosystem string

// The ecosystems that are known here.
const (
	PyPI   Ecosystem = "pypi"
	NPM    Ecosystem = "npm"
	Golang Ecosystem = "golang"
	Cargo  Ecosystem = "cargo"
	Maven  Ecosystem = "maven"
)

// Internal is the origin of names that are published here.
const Internal = "internal"

// Package is a name within an ecosystem. Name is the identity key: what the
// upstream treats as one name is one Package (PEP 503 normal form for PyPI).
// Build it with the ecosystem's ParseName; the fields are open for tests and
// for reading rows back.
type Package struct {
	Ecosystem Ecosystem
	Name      string
}

// String gives "pypi/django", for logs.
func (p Package) String() string { return string(p.Ecosystem) + "/" + p.Name }

// Purl gives the package URL without a version: "pkg:pypi/django".
func (p Package) Purl() string { return Version{Package: p}.Purl() }

// Version is one release of a package. Number is spelled the way the upstream's
// index spells it, in the ecosystem's normal form (PEP 440's for PyPI, trailing
// zeros kept: "2.2", not "2.2.0", when the index says 2.2).
type Version struct {
	Package Package
	Number  string
}

// String gives "django 2.2", the form people read.
func (v Version) String() string { return v.Package.Name + " " + v.Number }

// Purl gives the package URL, "pkg:pypi/django@2.2", as the purl specification
// writes it for the ecosystem's type.
func (v Version) Purl() string {
	if v.Package.Ecosystem == PyPI && v.Package.Name != "" && unescaped(v.Package.Name) && unescaped(v.Number) {
		if v.Number == "" {
			return "pkg:pypi/" + v.Package.Name
		}
		return "pkg:pypi/" + v.Package.Name + "@" + v.Number // nearly all; the library spends 6 us on each
	}
	namespace, name := "", v.Package.Name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	if v.Package.Ecosystem == Golang {
		// The library lowers capital letters for this type. A module path that differs
		// in one is another module, so they stay, as go's own vulnerability database and
		// SBOM tools write them.
		plain := packageurl.NewPackageURL(exactCase, namespace, name, v.Number, nil, "").ToString()
		return "pkg:" + string(Golang) + strings.TrimPrefix(plain, "pkg:"+exactCase)
	}
	return packageurl.NewPackageURL(string(v.Package.Ecosystem), namespace, name, v.Number, nil, "").ToString()
}

// exactCase is a purl type whose names the library leaves as they are.
const exactCase = "generic"

// unescaped says that a purl holds a name or version as it is: lower-case letters,
// digits, dots and dashes.
func unescaped(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// ParsePurl reads a package URL into a version; Number is empty where the purl
// has none. Names and numbers come back as written: hand them to the
// ecosystem's own parsers before trusting them.
func ParsePurl(s string) (Version, error) {
	written := s
	if rest, ok := cutFold(s, "pkg:"+string(Golang)+"/"); ok {
		written = "pkg:" + exactCase + "/" + rest
	}
	p, err := packageurl.FromString(written)
	if err != nil {
		return Version{}, fmt.Errorf("reading purl %q: %w", s, err)
	}
	if written != s {
		p.Type = string(Golang)
	}
	name := p.Name
	if p.Namespace != "" {
		name = p.Namespace + "/" + p.Name
	}
	return Version{Package: Package{Ecosystem: Ecosystem(p.Type), Name: name}, Number: p.Version}, nil
}

// cutFold is strings.CutPrefix whatever the case of the prefix, which is ASCII.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// Kind says what part of a version a file is.
type Kind string

// The kinds of file that registries hold.
const (
	Wheel     Kind = "wheel"
	Sdist     Kind = "sdist"
	Tarball   Kind = "npm-tarball"
	ModuleZip Kind = "module-zip"
	Crate     Kind = "crate"
	Jar       Kind = "jar"   // and war, ear, aar: what Maven's clients put on a class path
	Asset     Kind = "asset" // a file beside the others that holds no code: a pom, a Gradle module file
)

// File is one downloadable part of a version, known by its digest.
type File struct {
	Version  Version
	Name     string // the file name upstream gives it, one path element
	Kind     Kind
	SHA256   Digest
	Size     int64     // bytes
	Uploaded time.Time // the file's own upload time by the upstream; zero when not known
	Origin   string    // the upstream's configured name, or Internal
}

// Digest is a SHA-256 in lower-case hex, 64 characters; the empty Digest means
// "not known" and equals nothing that was computed.
type Digest string

// ErrDigest says that a text is not a SHA-256 in hex.
var ErrDigest = errors.New("not a sha256 in hex")

// ParseDigest reads a SHA-256 in hex, any case.
func ParseDigest(s string) (Digest, error) {
	s = strings.ToLower(s)
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return "", fmt.Errorf("%w: %.80q", ErrDigest, s)
	}
	return Digest(s), nil
}

// DigestOf is the SHA-256 of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(hex.EncodeToString(sum[:]))
}

// Short is the first twelve characters, for people.
func (d Digest) Short() string {
	if len(d) < 12 {
		return string(d)
	}
	return string(d[:12])
}
