package manifest

import (
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits on verification metadata beside those of its XML. A pattern is matched
// against names, and takes time in proportion to both.
const (
	maxTrusted = 5_000
	maxPattern = 500 // bytes
)

// verification is what gradle/verification-metadata.xml says of files.
type verification struct {
	file       string
	order      []*component
	components map[string]*component // by package and version
	trust      []trust
}

// component is one version with its files.
type component struct {
	pkg    artifact.Package
	number string
	at     finding.Location
	files  []ecosystem.LockedFile
}

// hashes are all that may be met, by any of the files.
func (c *component) hashes() []string {
	var out []string
	for _, f := range c.files {
		if f.SHA256 != "" {
			out = append(out, "sha256:"+string(f.SHA256))
		}
		out = append(out, f.Digests...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// trust is a line by which Gradle takes files unseen.
type trust struct {
	group, name, version, file func(string) bool
	any                        bool // of every version, or every file
}

// trusted says whether all files of a version are taken unseen.
func (v *verification) trusted(p artifact.Package, number string) bool {
	group, name, _ := strings.Cut(p.Name, "/")
	return slices.ContainsFunc(v.trust, func(t trust) bool { return t.any && t.group(group) && t.name(name) && t.version(number) })
}

// parseVerification reads verification metadata as a lock: every version that it
// names, with the hashes of its files.
func parseVerification(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	r.Manifest.Locked = true
	v, err := r.verification(r.Manifest.Path, b)
	if err != nil {
		return err
	}
	for _, c := range v.order {
		q := ecosystem.Requirement{Package: c.pkg, Written: written(coordinate.Display(c.pkg), c.number), Spec: version.Exact(c.number), Number: c.number, At: c.at, Direct: true, Files: c.files, Hashes: c.hashes()}
		if err := r.Require(q); err != nil {
			return err
		}
	}
	if len(v.order) == 0 {
		return nil
	}
	return r.Reportf(RuleLockAlone, manifestfile.Note, finding.Location{File: r.Manifest.Path}, "it may list more versions than are built with, plugins and old ones among them; a gradle.lockfile says which are")
}

// verification takes the content of the file at p apart and tells of what weakens it.
func (r *reader) verification(p string, b []byte) (*verification, error) {
	root, err := pom.ReadXML(b)
	if err != nil {
		return nil, unreadable(p, err)
	}
	if root.Name != "verification-metadata" {
		return nil, unreadable(p, &pom.SyntaxError{Line: root.Line, Text: "the outermost element is not <verification-metadata>"})
	}
	v := &verification{file: p, components: map[string]*component{}}
	x := &verificationReader{reader: r, verification: v}
	x.configuration(x.child(root, "configuration"))
	list := x.child(root, "components")
	for _, e := range list.All("component") {
		x.component(e)
	}
	return v, x.err
}

// verificationReader takes the document apart; its first error stays.
type verificationReader struct {
	*reader
	*verification
	err error
}

func (x *verificationReader) child(e *pom.Element, name string) *pom.Element {
	c, err := e.Child(name)
	if err != nil && x.err == nil {
		x.err = unreadable(x.file, err)
	}
	return c
}

func (x *verificationReader) note(rule string, line int, format string, args ...any) {
	if x.err == nil {
		x.err = x.Reportf(rule, manifestfile.Note, finding.Location{File: x.file, Line: line}, format, args...)
	}
}

func (x *verificationReader) configuration(e *pom.Element) {
	if e == nil {
		return
	}
	if c := x.child(e, "verify-metadata"); c != nil && c.Text == "false" {
		x.note(RuleLockTrust, c.Line, "verify-metadata is false: Gradle takes poms and module files unseen, and they say what else is fetched; set it to true")
	}
	for _, t := range x.child(e, "trusted-artifacts").All("trust") {
		x.note(RuleLockTrust, t.Line, "Gradle takes %s unseen; write checksums of it instead", described(t))
		x.addTrust(t)
	}
	for _, k := range x.child(e, "ignored-keys").All("ignored-key") {
		x.note(RuleLockTrust, k.Line, "signatures by the key %s are not looked at", manifestfile.Quote(k.Attributes["id"]))
	}
	for _, k := range x.child(e, "trusted-keys").All("trusted-key") {
		x.note(RuleLockTrust, k.Line, "whatever the key %s signed is taken without a checksum, also versions of tomorrow", manifestfile.Quote(k.Attributes["id"]))
	}
}

// described says what a line takes unseen.
func described(t *pom.Element) string {
	out := ""
	for _, key := range []string{"group", "name", "version", "file"} {
		if v := t.Attributes[key]; v != "" {
			out += " " + key + " " + manifestfile.Quote(v)
		}
	}
	if out == "" {
		return "everything"
	}
	return "every file of" + out
}

func (x *verificationReader) addTrust(t *pom.Element) {
	if len(x.trust) >= maxTrusted {
		if x.err == nil {
			x.err = manifestfile.TooLarge(x.file, "the gate reads at most %d lines of trust; split it", maxTrusted)
		}
		return
	}
	pattern := func(key string) func(string) bool {
		want := t.Attributes[key]
		if want == "" {
			return func(string) bool { return true }
		}
		if t.Attributes["regex"] != "true" {
			return func(s string) bool { return s == want }
		}
		re, err := regexp.Compile("^(?:" + want + ")$")
		if err != nil || len(want) > maxPattern {
			return func(string) bool { return false } // of another dialect: nothing is taken unseen by it
		}
		return re.MatchString
	}
	x.trust = append(x.trust, trust{pattern("group"), pattern("name"), pattern("version"), pattern("file"), t.Attributes["file"] == ""})
}

func (x *verificationReader) component(e *pom.Element) {
	if x.err != nil {
		return
	}
	at := finding.Location{File: x.file, Line: e.Line, Column: 1}
	p, ok := pkg(e.Attributes["group"], e.Attributes["name"])
	number := e.Attributes["version"]
	if _, err := version.Parse(number); err != nil || !ok {
		x.err = manifestfile.Syntax(at, "%s is no group, artifact and version; write the file again with gradle --write-verification-metadata", manifestfile.Quote(e.Attributes["group"]+":"+e.Attributes["name"]+":"+number))
		return
	}
	key := p.Name + " " + number
	c := x.components[key]
	if c == nil {
		if len(x.order) >= manifestfile.MaxRequirements {
			x.err = manifestfile.TooLarge(x.file, "the gate reads at most %d components of it; split it", manifestfile.MaxRequirements)
			return
		}
		c = &component{pkg: p, number: number, at: at}
		x.components[key] = c
		x.order = append(x.order, c)
	}
	for _, a := range e.All("artifact") {
		x.artifact(c, a)
	}
}

// artifact reads one file. Any of several checksums of a kind may be met.
func (x *verificationReader) artifact(c *component, a *pom.Element) {
	name := a.Attributes["name"]
	if x.err != nil {
		return
	}
	if name == "" || path.Base(name) != name || len(name) > 400 {
		x.err = manifestfile.Syntax(finding.Location{File: x.file, Line: a.Line}, "%s is no name of a file; write the file again with gradle --write-verification-metadata", manifestfile.Quote(name))
		return
	}
	f := ecosystem.LockedFile{Name: name}
	weak := false
	for _, e := range a.Children {
		size := map[string]int{"sha256": 32, "sha512": 64, "sha1": 20, "md5": 16}[e.Name]
		if size == 0 {
			continue // a signature's key
		}
		values := []string{e.Attributes["value"]}
		for _, also := range e.All("also-trust") {
			values = append(values, also.Attributes["value"])
		}
		for _, v := range values {
			v = strings.ToLower(v)
			if b, err := hex.DecodeString(v); err != nil || len(b) != size {
				x.err = manifestfile.Syntax(finding.Location{File: x.file, Line: e.Line}, "%s is no %s in hex; write the file again with gradle --write-verification-metadata", manifestfile.Quote(v), e.Name)
				return
			}
			switch {
			case size < 32:
				weak = true
			case e.Name == "sha256" && f.SHA256 == "":
				f.SHA256 = artifact.Digest(v)
			default:
				f.Digests = append(f.Digests, e.Name+":"+v)
			}
		}
	}
	if f.SHA256 != "" || len(f.Digests) > 0 {
		c.files = append(c.files, f)
		return
	}
	what := fmt.Sprintf("%s of %s", manifestfile.Quote(name), written(coordinate.Display(c.pkg), c.number))
	if weak {
		x.note(RuleLockWeakHash, a.Line, "nothing better than SHA-1 or MD5 vouches for %s, and the gate holds nothing against those; write it again with gradle --write-verification-metadata sha256", what)
		return
	}
	x.note(RuleLockNoHash, a.Line, "no checksum vouches for %s; write it again with gradle --write-verification-metadata sha256", what)
}
