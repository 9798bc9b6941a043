package maven

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

// The layout of a repository (https://maven.apache.org/repository/layout.html):
// GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION[-CLASSIFIER].EXTENSION, the group's dots as
// slashes.

const pomExt = "pom"

// assetExts are the endings of files that hold no code: what is read as text. Every
// other file is an archive to be opened, and one that is none of a kind that can be is
// held.
var assetExts = []string{
	"pom", "module", "asc", "sig", "sigstore", "json", "xml", "txt", "md", "properties", "yml", "yaml", "toml", "html", "dtd", "xsd", "cff",
}

// kindOf is the kind of a file by its name.
func kindOf(name string) artifact.Kind {
	if slices.Contains(assetExts, strings.TrimPrefix(path.Ext(name), ".")) {
		return artifact.Asset
	}
	return artifact.Jar
}

// fileOf is the version of a package, among those given, that a file of a name belongs
// to: the longest that its name begins with, since a classifier may follow a version
// and look like a part of it. False for a name that none of them has.
func fileOf(n coordinate.Name, name string, versions map[string]bool) (version string, ok bool) {
	rest, found := strings.CutPrefix(name, n.Artifact+"-")
	if !found {
		return "", false
	}
	for end := len(rest) - 1; end > 0; end-- {
		if (rest[end] == '.' || rest[end] == '-') && versions[rest[:end]] && isFileOf(n, rest[:end], name) {
			return rest[:end], true
		}
	}
	return "", false
}

// isFileOf says whether a name is one of a file of the version: an extension, and
// before it perhaps a classifier.
func isFileOf(n coordinate.Name, version, name string) bool {
	rest, ok := strings.CutPrefix(name, n.Artifact+"-"+version)
	if !ok || len(rest) < 2 || rest[0] != '.' && rest[0] != '-' || !strings.Contains(rest, ".") {
		return false
	}
	return coordinate.CheckWord(rest[1:]) == nil
}

// isMain says whether a file is one of the version itself, without a classifier: its
// pom, its jar.
func isMain(n coordinate.Name, version, name string) bool {
	rest, ok := strings.CutPrefix(name, n.Artifact+"-"+version+".")
	return ok && !strings.Contains(rest, "/") && rest != ""
}

// address is the URL of something below a repository's base, whose path ends in a slash.
func address(base *url.URL, elements ...string) string {
	escaped := make([]string, len(elements))
	for i, e := range elements {
		escaped[i] = strings.ReplaceAll((&url.URL{Path: e}).EscapedPath(), "+", "%2B")
	}
	return base.String() + strings.Join(escaped, "/")
}
