package honesty

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// What a file of a Maven repository promises: a pom, by its place, whose version it is
// about; a jar, where Maven built it, by the pom that it was built from and that lies in
// it below META-INF/maven. Clients resolve by the pom beside the jar alone, so what only
// that one needs was not there when the jar was built. Tools that flatten a pom on its
// way to a repository take its parent out and write down what that says: then the two
// cannot be compared, and that is said.

// RuleWeakDigest: nothing better than SHA-1 vouches for a file's bytes upstream.
const RuleWeakDigest = "weak-digest"

// mavenFolder is where Maven keeps what a jar was built from.
const mavenFolder = "META-INF/maven/"

func beginMaven(t scan.FileTarget) scan.Pass { return &mavenPass{target: t} }

// guessMaven takes a jar, and what is built like one, and a pom.
func guessMaven(t scan.FileTarget) scan.Pass {
	if !slices.ContainsFunc([]string{".jar", ".war", ".ear", ".aar", ".pom"}, func(ext string) bool { return strings.HasSuffix(t.File.Name, ext) }) {
		return nil
	}
	return &mavenPass{target: t}
}

// mavenPass sees one file of a repository.
type mavenPass struct {
	target scan.FileTarget
	whole  []byte // of a file that is no archive
	isPom  bool
	inside []foundPom // what jars were built from
	more   bool       // there are more of those than are kept
	read   *ecosystem.Metadata
	raw    []byte
	told
}

// foundPom is a pom inside a jar.
type foundPom struct {
	where string
	raw   []byte
}

// mostPoms is how many poms of one jar are kept: a jar that holds others has theirs.
const mostPoms = 200

// Entry implements scan.Pass.
func (p *mavenPass) Entry(e scan.Entry) []finding.Finding {
	if e.Inside != "" || e.Mode.IsDir() {
		return nil
	}
	if e.Path == p.target.File.Name && (p.target.File.Kind == artifact.Asset || strings.HasSuffix(e.Path, ".pom")) {
		p.whole, p.isPom = slices.Clone(e.Body), strings.HasSuffix(e.Path, ".pom")
		return nil
	}
	if !strings.HasPrefix(e.Path, mavenFolder) || !strings.HasSuffix(e.Path, "/pom.xml") || strings.Count(e.Path, "/") != 4 {
		return nil
	}
	if !p.own(e.Path) && len(p.inside) >= mostPoms {
		p.more = true
		return nil
	}
	p.inside = append(p.inside, foundPom{e.Path, slices.Clone(e.Body)})
	return nil
}

// own says whether a pom inside is in the place of the version's own.
func (p *mavenPass) own(where string) bool {
	n, err := coordinate.Of(p.target.File.Version.Package)
	return err == nil && where == mavenFolder+n.Group+"/"+n.Artifact+"/pom.xml"
}

// End implements scan.Pass.
func (p *mavenPass) End() []finding.Finding {
	switch {
	case p.isPom:
		p.checkPom()
	case strings.HasSuffix(p.target.File.Name, ".module") && p.whole != nil:
		p.checkModule()
	default:
		p.checkInside()
	}
	p.checkDigests()
	return p.all()
}

// checkDigests notes what only SHA-1 vouches for. A file that is ours has no digests.
func (p *mavenPass) checkDigests() {
	weak := func(d string) bool { return strings.HasPrefix(d, "sha1:") || strings.HasPrefix(d, "md5:") }
	if len(p.target.Digests) > 0 && !slices.ContainsFunc(p.target.Digests, func(d string) bool { return !weak(d) }) {
		p.add(RuleWeakDigest, finding.Honesty, finding.None, "", "its upstream has nothing better than a SHA-1 of it; from now on it is known here by its sha256")
	}
}

// snapshot says whether a number is that of the snapshot which the version, one of our
// own, is a build of: what is built is told no more.
func (p *mavenPass) snapshot(number string) bool {
	f := p.target.File
	b, ok := version.ParseBuild(f.Version.Number)
	return ok && f.Origin == artifact.Internal && b.Snapshot == number
}

// checkPom compares a pom with the version that it is listed under.
func (p *mavenPass) checkPom() {
	where, v := p.target.File.Name, p.target.File.Version
	m, err := pom.Metadata(p.whole)
	if err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "the pom cannot be read: %s", safe(err.Error()))
		return
	}
	if v.Package.Name != "" && m.Name != v.Package.Name {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, where, "the pom is about %q, and it is listed as %s", safe(strings.Replace(m.Name, "/", ":", 1)), safe(coordinate.Display(v.Package)))
	}
	if p.snapshot(m.Version) {
		m.Version = v.Number
	}
	if v.Number != "" && m.Version != v.Number {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, where, "the pom is about version %q, and it is listed as %s", safe(m.Version), safe(v.Number))
	}
	p.read, p.raw = &m, p.whole
}

// checkInside compares the pom inside a jar with the one beside it.
func (p *mavenPass) checkInside() {
	beside := p.target.IndexMetadata
	if len(beside) > 0 {
		if m, err := pom.Metadata(beside); err == nil {
			p.read, p.raw = &m, beside
		}
	}
	i := slices.IndexFunc(p.inside, func(f foundPom) bool { return p.own(f.where) })
	if i < 0 {
		p.describeGuess()
		return
	}
	found := p.inside[i]
	if p.read == nil {
		if m, err := pom.Metadata(found.raw); err == nil {
			if p.snapshot(m.Version) {
				m.Version = p.target.File.Version.Number
			}
			p.read, p.raw = &m, found.raw
		}
	}
	if len(beside) == 0 || bytes.Equal(bytes.TrimSpace(found.raw), bytes.TrimSpace(beside)) {
		p.checkVersion(found)
		return
	}
	inside, err := pom.Parse(found.raw)
	if err != nil {
		p.add(RuleManifest, finding.Honesty, finding.Medium, found.where, "the pom in the jar cannot be read: %s", safe(err.Error()))
		return
	}
	outside, err := pom.Parse(beside)
	if err != nil {
		return // it is a file of its own, and refused as one
	}
	p.checkVersion(found)
	p.compare(found.where, inside, outside)
}

// checkVersion compares the version that a jar was built as. Where that stands in a
// property from outside it is not known.
func (p *mavenPass) checkVersion(found foundPom) {
	m, err := pom.Metadata(found.raw)
	v := p.target.File.Version
	if err != nil || v.Number == "" || m.Version == v.Number || p.snapshot(m.Version) {
		return
	}
	p.add(RuleManifest, finding.Honesty, finding.Medium, found.where, "the pom in the jar is about version %s, and the jar is listed as %s", safe(m.Version), safe(v.Number))
}

// compare says which dependencies only one of two poms has, where they can be compared.
func (p *mavenPass) compare(where string, inside, outside *pom.Project) {
	if !sameParent(inside.Parent, outside.Parent) {
		p.add(RuleManifest, finding.Honesty, finding.Low, where, "the pom beside the jar has another parent than the one in it: it was rewritten on its way, and their dependencies cannot be compared")
		return
	}
	shown, built := needsOf(outside), needsOf(inside)
	var added, other []string
	for _, name := range shown.names {
		switch is, ok := built.versions[name]; {
		case !ok:
			added = append(added, name)
		case is != shown.versions[name] && !strings.Contains(is, "${") && is != "" && shown.versions[name] != "":
			other = append(other, name)
		}
	}
	p.listed(where, finding.High, "the pom beside the jar needs %s, which the pom in the jar does not: it was not there when the jar was built", added)
	p.listed(where, finding.Medium, "the pom beside the jar asks for other versions of %s than the pom in it", other)
}

func sameParent(a, b *pom.Parent) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Group == b.Group && a.Artifact == b.Artifact && (a.Version == b.Version || strings.Contains(a.Version, "${"))
}

// needed are the dependencies that a pom brings to who uses it.
type needed struct {
	names    []string
	versions map[string]string
}

func needsOf(p *pom.Project) needed {
	out := needed{versions: map[string]string{}}
	for _, d := range p.Dependencies {
		name := d.Group + ":" + d.Artifact
		if d.Scope != "" && d.Scope != "compile" && d.Scope != "runtime" {
			continue
		}
		if _, twice := out.versions[name]; !twice {
			out.names = append(out.names, name)
		}
		out.versions[name] = d.Version
	}
	for _, d := range p.Dependencies {
		// One that moved from a test to what is used is new as well; one in a property's
		// words may be any.
		if strings.Contains(d.Group+d.Artifact, "${") {
			out.names = slices.DeleteFunc(out.names, func(n string) bool { return n == d.Group+":"+d.Artifact })
		}
	}
	return out
}

// describeGuess takes the one pom inside a jar that nobody said the package of.
func (p *mavenPass) describeGuess() {
	if p.target.File.Version.Package.Name != "" || len(p.inside) != 1 {
		return
	}
	if m, err := pom.Metadata(p.inside[0].raw); err == nil {
		p.read, p.raw = &m, p.inside[0].raw
	}
}

// moduleFile is what of a Gradle module file matters here
// (https://github.com/gradle/gradle/blob/master/platforms/documentation/docs/src/docs/design/gradle-module-metadata-latest-specification.md).
type moduleFile struct {
	Component struct {
		Group   string `json:"group"`
		Module  string `json:"module"`
		Version string `json:"version"`
		URL     string `json:"url"`
	} `json:"component"`
	Variants []struct {
		Name      string `json:"name"`
		Available struct {
			URL string `json:"url"`
		} `json:"available-at"`
		Files []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"files"`
	} `json:"variants"`
}

// checkModule: gradle takes a version's files from where its module file says. From
// here that has to be a place in this repository.
func (p *mavenPass) checkModule() {
	where, v := p.target.File.Name, p.target.File.Version
	var m moduleFile
	if err := json.Unmarshal(p.whole, &m); err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "the module file cannot be read: %s", safe(err.Error()))
		return
	}
	name := coordinate.Name{Group: m.Component.Group, Artifact: m.Component.Module}
	if c := m.Component; c.URL == "" && v.Package.Name != "" && name.Package() != v.Package {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, where, "the module file is about %q, and it is listed as %s", safe(name.String()), safe(coordinate.Display(v.Package)))
	} else if c.URL == "" && v.Number != "" && c.Version != v.Number && !p.snapshot(c.Version) {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, where, "the module file is about version %q, and it is listed as %s", safe(c.Version), safe(v.Number))
	}
	var elsewhere []string
	leads := func(url string) {
		if strings.Contains(url, ":") || strings.HasPrefix(url, "/") || strings.Contains(url, `\`) {
			elsewhere = append(elsewhere, url)
		}
	}
	leads(m.Component.URL)
	for _, variant := range m.Variants {
		leads(variant.Available.URL)
		for _, f := range variant.Files {
			leads(f.URL)
		}
	}
	p.listed(where, finding.High, "the module file leads out of the repository, to %s: gradle fetches that around the gate", elsewhere)
	p.raw = p.whole
}

// maxRawPom is how much of a pom a report carries, in bytes.
const maxRawPom = 1 << 20

// Describe implements scan.Describer.
func (p *mavenPass) Describe(r *scan.Report) {
	if p.read == nil {
		return
	}
	m := *p.read
	if v := p.target.File.Version; v.Number != "" && !p.isPom {
		m.Version = v.Number // a jar's own pom may have it in a property; checkVersion has compared them
	}
	r.Metadata = &m
	if len(p.raw) <= maxRawPom {
		r.RawMetadata = p.raw
	}
}
