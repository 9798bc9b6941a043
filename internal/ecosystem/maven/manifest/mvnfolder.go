package manifest

import (
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// beside reads .mvn in the folder of a build: extensions run before anything else, and
// options change what is built.
func (b *build) beside(dir string) error {
	if p := path.Join(dir, Extensions); b.is(p) {
		if err := readExtensions(b.reader, p); err != nil {
			return err
		}
	}
	p := path.Join(dir, ".mvn/maven.config")
	if !b.is(p) {
		return nil
	}
	content, err := b.ReadAtMost(p, 1<<20)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(content), "\n") {
		for _, word := range strings.Fields(line) {
			for _, option := range []string{"-P", "--activate-profiles", "-s", "--settings", "-gs", "--global-settings", "-f", "--file", "-D", "--define"} {
				if strings.HasPrefix(word, option) && (len(option) > 2 || !strings.HasPrefix(word, "--")) {
					if err := b.once(RuleOption, manifestfile.Note, finding.Location{File: p, Line: i + 1}, "Maven is given %s here, which the gate does not apply: what is built may differ", option); err != nil {
						return err
					}
					break
				}
			}
		}
	}
	return nil
}

// parseExtensions reads .mvn/extensions.xml by itself.
func parseExtensions(r *reader) error { return readExtensions(r, r.Manifest.Path) }

// readExtensions reads what Maven loads before it reads a pom
// (https://maven.apache.org/configure.html#mvn-extensions-xml-file).
func readExtensions(r *reader, p string) error {
	content, err := r.ReadAtMost(p, pom.MaxBytes)
	if err != nil {
		return err
	}
	root, err := pom.ReadXML(content)
	if err != nil {
		return unreadable(p, err)
	}
	if root.Name != "extensions" {
		return unreadable(p, &pom.SyntaxError{Line: root.Line, Text: "the outermost element is not <extensions>"})
	}
	b := &build{reader: r, told: map[string]bool{}}
	for _, e := range root.All("extension") {
		d, err := pom.DependencyOf(e)
		if err != nil {
			return unreadable(p, err)
		}
		d.File = p
		if d.Version == "" {
			if err := b.once(RuleFloating, manifestfile.Hold, place(d), "the extension %s has no version; write one", written(d.Group, d.Artifact)); err != nil {
				return err
			}
			continue
		}
		if err := b.dependency(d, []string{GroupPlugin}); err != nil {
			return err
		}
	}
	return nil
}
