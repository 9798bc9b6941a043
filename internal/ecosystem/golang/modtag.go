package golang

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
	"github.com/gatehouse-project/gatehouse/internal/git"
)

// TagVersion says which version of which module a tag of a repository is, and in which
// folder that module stands, as the go command finds it
// (https://go.dev/ref/mod#vcs-version): "v1.2.3" is one of the module in the
// repository's root, "sub/v1.2.3" of the one in sub; a major version from 2 on may have
// a folder of its own below, sub/v2. folder "" looks for it, another is where it has to
// be. A tag that names no version, and a version that names a commit, are errors.
func TagVersion(files []git.File, tag, folder string) (v module.Version, at string, err error) {
	prefix, number := path.Split(tag)
	if canonical, err := goversion.Parse(number); err != nil || canonical != number || semver.Build(number) != "" {
		return v, "", fmt.Errorf("tag %q names no version; versions are tagged as v1.2.3, those of a module in a folder as folder/v1.2.3", artifact.Untrusted(tag))
	}
	if goversion.Pseudo(number) {
		return v, "", fmt.Errorf("%s is the name of a commit and not of a release; tag the commit as v1.2.3", number)
	}
	places := []string{folder}
	if folder == "" {
		root := path.Clean(prefix)
		places = []string{root, path.Join(root, semver.Major(number))}
	}
	var seen []string
	for _, place := range places {
		mod, ok := modulePath(files, place)
		if !ok {
			continue
		}
		seen = append(seen, mod)
		if module.Check(mod, number) == nil {
			return module.Version{Path: mod, Version: number}, place, nil
		}
	}
	if len(seen) == 0 {
		return v, "", fmt.Errorf("tag %q has no go.mod in %s; name the module's folder", artifact.Untrusted(tag), strings.Join(places, " or "))
	}
	return v, "", fmt.Errorf("tag %q is no version of module %s: from v2 on the path ends in the major version, /v2", artifact.Untrusted(tag), artifact.Untrusted(strings.Join(seen, " or ")))
}

// modulePath reads the module line of a folder's go.mod.
func modulePath(files []git.File, folder string) (string, bool) {
	for _, f := range files {
		if f.Path == path.Join(folder, "go.mod") {
			return modfile.ModulePath(f.Content), true
		}
	}
	return "", false
}

// UploadPath is where a version's zip is sent to, below the registry's path for Go.
func UploadPath(v module.Version) (string, error) {
	p, err := module.EscapePath(v.Path)
	if err != nil {
		return "", err
	}
	number, err := module.EscapeVersion(v.Version)
	if err != nil {
		return "", err
	}
	return p + "/@v/" + number + ".zip", nil
}
