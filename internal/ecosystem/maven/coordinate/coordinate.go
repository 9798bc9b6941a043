// Package coordinate reads the names of Maven's world: a group and an artifact, and
// the numbers and files below them, as they stand in a repository's layout
// (https://maven.apache.org/repository/layout.html).
//
// People write group:artifact, purls group/artifact; both are one name here. Nothing
// is repaired: what cannot stand in a path of a repository is refused, so that a name
// that was read cannot climb out of one. Nothing here reads anything but its
// arguments, and all of it is safe for concurrent use.
package coordinate

import (
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Limits, in bytes. A path of a repository is built of these.
const (
	maxGroup    = 200
	maxArtifact = 200
	maxVersion  = 200
	maxWord     = 100 // a classifier, an extension
)

// Name is a group and an artifact in it. The zero value is no name.
type Name struct {
	Group    string // dots between its elements: "org.example.tools"
	Artifact string
}

// Parse reads "group:artifact", as people write it, or "group/artifact", as a purl
// does.
func Parse(s string) (Name, error) {
	group, name, ok := strings.Cut(s, ":")
	if !ok {
		group, name, ok = strings.Cut(s, "/")
	}
	if !ok {
		return Name{}, fmt.Errorf("reading coordinate %.100q: it is a group and an artifact, as group:artifact", artifact.Untrusted(s).String())
	}
	n := Name{group, name}
	if err := n.Check(); err != nil {
		return Name{}, err
	}
	return n, nil
}

// Of is the name of a package, which came from Package or from outside.
func Of(p artifact.Package) (Name, error) {
	group, name, ok := strings.Cut(p.Name, "/")
	if !ok || p.Ecosystem != artifact.Maven {
		return Name{}, fmt.Errorf("reading coordinate: %.100q is no package of Maven's", artifact.Untrusted(p.String()).String())
	}
	n := Name{group, name}
	return n, n.Check()
}

// Check says what is wrong with a name; nil for one that can stand in a repository:
// letters, digits, dashes, underscores and dots, none of these at either end of an
// element of the path.
func (n Name) Check() error {
	if len(n.Group) > maxGroup || len(n.Artifact) > maxArtifact || !isGroup(n.Group) || !element(n.Artifact, "_-.") {
		return fmt.Errorf("reading coordinate %.100q: group and artifact take letters, digits, - _ and ., at most %d of each", artifact.Untrusted(n.String()).String(), maxGroup)
	}
	return nil
}

func isGroup(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !element(part, "_-") {
			return false
		}
	}
	return true
}

// Package is the identity of a name.
func (n Name) Package() artifact.Package {
	return artifact.Package{Ecosystem: artifact.Maven, Name: n.Group + "/" + n.Artifact}
}

// String gives "group:artifact", the form people read.
func (n Name) String() string { return n.Group + ":" + n.Artifact }

// Path is where a name's versions lie in a repository, without slashes at its ends:
// "org/example/tools/app".
func (n Name) Path() string { return strings.ReplaceAll(n.Group, ".", "/") + "/" + n.Artifact }

// File is the name of a file of a version: "app-1.0.jar", "app-1.0-sources.jar".
func (n Name) File(version, classifier, extension string) string {
	if classifier != "" {
		classifier = "-" + classifier
	}
	return n.Artifact + "-" + version + classifier + "." + extension
}

// Display is how people read a package's name: group:artifact.
func Display(p artifact.Package) string { return strings.Replace(p.Name, "/", ":", 1) }

// CheckVersion says what is wrong with a version's number as an element of a path.
func CheckVersion(s string) error {
	if len(s) > maxVersion || !element(s, "_-.+~") {
		return fmt.Errorf("reading version %.100q: it takes letters, digits, - _ . + and ~, at most %d", artifact.Untrusted(s).String(), maxVersion)
	}
	return nil
}

// CheckWord says what is wrong with a classifier or an extension; "" is fine.
func CheckWord(s string) error {
	if s != "" && (len(s) > maxWord || !element(s, "_-.+")) {
		return fmt.Errorf("reading %.100q: a classifier or type takes letters, digits, - _ . and +, at most %d", artifact.Untrusted(s).String(), maxWord)
	}
	return nil
}

// element says whether s can be one element of a path: letters, digits and some
// others, that it neither begins with a dot nor is made of dots alone.
func element(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}
