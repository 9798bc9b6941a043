package honesty

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// What an npm tarball promises: by package.json, which clients run scripts and link
// commands by, and by the registry's manifest, which they resolve by and show to
// people. Registries take both from publishers without comparing them, so a version
// can show one thing and do another (manifest confusion).
//
// Tools that change package.json on the way to the registry make some of these
// differences in honest packages; they are told apart by which side knows more.

// RuleManifest: package.json in the tarball and the registry's manifest differ in
// what is installed, linked or run.
const RuleManifest = "manifest-confusion"

func beginNPM(t scan.FileTarget) scan.Pass { return &npmPass{target: t} }

// guessNPM takes a .tgz that turns out to have a package.json where one has it.
func guessNPM(t scan.FileTarget) scan.Pass {
	if !strings.HasSuffix(t.File.Name, ".tgz") {
		return nil
	}
	return &npmPass{target: t, unasked: true}
}

// npmPass sees one tarball.
type npmPass struct {
	target  scan.FileTarget
	unasked bool   // nobody said that it is an npm package
	where   string // of package.json; "" where there is none
	raw     []byte
	unread  bool   // it is a link, or larger than the worker keeps
	gyp     bool   // a binding.gyp lies beside it
	root    string // the folder that the first file lies in
	strewn  string // the first file that lies elsewhere
	lock    string // npm-shrinkwrap.json
	read    *packument.Manifest
	told
}

// Entry implements scan.Pass. npm takes off whatever folder comes first; that no two
// entries become one file by that was seen to before.
func (p *npmPass) Entry(e scan.Entry) []finding.Finding {
	if e.Inside != "" || e.Mode.IsDir() {
		return nil
	}
	root, below, ok := strings.Cut(e.Path, "/")
	if ok && p.root == "" {
		p.root = root
	}
	if p.strewn == "" && (!ok || root != p.root) {
		p.strewn = e.Path
	}
	if !ok {
		return nil
	}
	switch below {
	case "npm-shrinkwrap.json":
		p.lock = e.Path
	case "binding.gyp":
		p.gyp = true
	case "package.json":
		p.where, p.raw, p.unread = e.Path, slices.Clone(e.Body), e.Body == nil && e.Size > 0 || e.Link != ""
	}
	return nil
}

// End implements scan.Pass.
func (p *npmPass) End() []finding.Finding {
	if p.unasked && p.where == "" {
		return nil
	}
	p.check()
	return p.all()
}

func (p *npmPass) check() {
	where := p.where
	if where == "" {
		p.add(RuleMetadataMissing, finding.Integrity, finding.High, "", "the tarball has no package.json")
		return
	}
	if p.unread {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "package.json cannot be read: it is a link, or too large")
		return
	}
	inside, err := packument.ReadManifest(p.raw)
	if err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "package.json cannot be read: %s", safe(err.Error()))
		return
	}
	p.read = &inside
	p.checkIdentity(where, inside)
	p.checkLayout()
	p.checkRegistry(where, inside)
}

// checkLayout: what was looked at as one tree has to be the tree that clients make.
func (p *npmPass) checkLayout() {
	if p.strewn != "" {
		p.add(RuleManifest, finding.Honesty, finding.High, p.strewn,
			"%s lies outside of the folder %s; clients take the first folder off whatever it is called, and put both into one", safe(p.strewn), safe(p.root))
	}
	if p.lock != "" {
		p.add(RuleManifest, finding.Honesty, finding.Medium, p.lock, "the tarball brings a lock of its own, with addresses that npm would fetch from; this registry does not tell npm of it")
	}
}

// checkIdentity compares package.json with the version that it is listed under.
func (p *npmPass) checkIdentity(where string, inside packument.Manifest) {
	v := p.target.File.Version
	if v.Package.Name != "" && strings.TrimSpace(inside.Name) != v.Package.Name {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, where, "package.json is about %q, and it is listed as %s", safe(inside.Name), safe(v.Package.Name))
	}
	if v.Number != "" && cleanVersion(inside.Version) != cleanVersion(v.Number) {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, where, "package.json is about version %q, and it is listed as %s", safe(inside.Version), safe(v.Number))
	}
}

// cleanVersion is a version as npm publish sends it: without spaces, a v and build
// metadata.
func cleanVersion(s string) string {
	s, _, _ = strings.Cut(strings.TrimLeft(strings.TrimSpace(s), "=v "), "+")
	return s
}

// checkRegistry compares package.json with the registry's manifest.
func (p *npmPass) checkRegistry(where string, inside packument.Manifest) {
	if p.target.Record == nil {
		return // nobody said anything that could differ
	}
	said, err := packument.ReadManifest(p.target.Record)
	if err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "the registry's manifest cannot be read: %s", safe(err.Error()))
		return
	}
	p.compareScripts(where, said, inside)
	p.compareDependencies(where, said, inside)
	p.checkSources(where, said)
	p.compareCommands(where, said, inside)
}

// gypScript is what npm runs where a binding.gyp lies and nothing else is said, and
// what it tells a registry of then.
const gypScript = "node-gyp rebuild"

// compareScripts: a script that only the tarball has is one that nobody who looked
// at the registry has seen. One that only the registry has never runs.
func (p *npmPass) compareScripts(where string, said, inside packument.Manifest) {
	for _, name := range slices.Sorted(maps.Keys(inside.Scripts)) {
		runs := inside.Scripts[name]
		switch shown, ok := said.Scripts[name]; {
		case !ok:
			p.add(RuleManifest, finding.Honesty, finding.High, where, "%s of package.json is not in the registry's manifest: %.200s", name, safe(runs))
		case strings.TrimSpace(shown) != strings.TrimSpace(runs):
			p.add(RuleManifest, finding.Honesty, finding.High, where, "%s of package.json runs something else than the registry's manifest says: %.200s", name, safe(runs))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said.Scripts)) {
		if _, ok := inside.Scripts[name]; ok || name == "install" && said.Scripts[name] == gypScript && p.gyp {
			continue
		}
		p.add(RuleManifest, finding.Honesty, finding.Low, where, "the registry's manifest says %s, and package.json does not: it will not run", name)
	}
	if p.gyp && !inside.NoGyp && inside.Scripts["install"] == "" && inside.Scripts["preinstall"] == "" && said.Scripts["install"] == "" {
		p.add(RuleInstallHook, finding.Honesty, finding.Medium, where, "npm builds it when it is installed, because a binding.gyp lies in it; the registry's manifest says nothing of that")
	}
}

// compareDependencies: clients resolve by the registry's manifest, and a tarball that
// is installed by its address by package.json.
func (p *npmPass) compareDependencies(where string, said, inside packument.Manifest) {
	shown, asks := needs(said), needs(inside)
	hidden, other, only := []string{}, []string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(asks)) {
		switch spec, ok := shown[name]; {
		case !ok:
			hidden = append(hidden, name)
		case !sameSpec(spec, asks[name]):
			other = append(other, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if _, ok := asks[name]; !ok {
			only = append(only, name)
		}
	}
	p.listed(where, finding.High, "package.json needs %s, which the registry's manifest does not say", hidden)
	p.listed(where, finding.Medium, "package.json asks for other versions of %s than the registry's manifest", other)
	p.listed(where, finding.Medium, "the registry's manifest needs %s, which package.json does not say", only)
}

// checkSources: clients fetch what the registry's manifest asks for from wherever it
// says, and nobody looks at what does not come from a registry.
func (p *npmPass) checkSources(where string, said packument.Manifest) {
	elsewhere := []string{}
	shown := needs(said)
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if !fromRegistry(shown[name]) {
			elsewhere = append(elsewhere, name+" from "+shown[name])
		}
	}
	p.listed(where, finding.High, "the registry's manifest needs %s: clients fetch that around the gate", elsewhere)
}

// fromRegistry says that a registry is asked for a dependency: ranges and tags have
// none of the characters of an address or a path, nor the ending of a tarball. Behind
// npm: stands a package's name before them.
func fromRegistry(spec string) bool {
	spec = strings.ToLower(strings.TrimSpace(spec))
	if alias, ok := strings.CutPrefix(spec, "npm:"); ok {
		scope, name, scoped := strings.Cut(alias, "/")
		if spec = alias; scoped && strings.HasPrefix(scope, "@") {
			spec = name
		}
	}
	return spec != "." && spec != ".." && !strings.ContainsAny(spec, `/:\`) &&
		!strings.HasSuffix(spec, ".tgz") && !strings.HasSuffix(spec, ".tar") && !strings.HasSuffix(spec, ".tar.gz")
}

// needs are all packages that installing brings, peers too: what is optional was
// merged into the rest by some clients and not by others.
func needs(m packument.Manifest) map[string]string {
	out := map[string]string{}
	maps.Copy(out, m.Peers)
	maps.Copy(out, m.Dependencies)
	maps.Copy(out, m.Optional)
	return out
}

// sameSpec compares ranges as publishing tools write them: "" and "*" are one.
func sameSpec(a, b string) bool {
	any := func(s string) string {
		if s == "" || s == "latest" || s == "x" {
			return "*"
		}
		return s
	}
	return any(a) == any(b)
}

// compareCommands: what a client links is what package.json says.
func (p *npmPass) compareCommands(where string, said, inside packument.Manifest) {
	if said.BinFolder != "" || inside.BinFolder != "" {
		return // npm publish lists the folder's files
	}
	var hidden []string
	for _, name := range slices.Sorted(maps.Keys(inside.Bin)) {
		if said.Bin[name] != inside.Bin[name] {
			hidden = append(hidden, name)
		}
	}
	p.listed(where, finding.Medium, "package.json brings other commands than the registry's manifest says: %s", hidden)
}

// mostNamed is how many names one finding lists.
const mostNamed = 10

// listed records a difference about some names; none is no difference.
func (t *told) listed(where string, severity finding.Severity, format string, names []string) {
	if len(names) == 0 {
		return
	}
	text := safe(strings.Join(names[:min(len(names), mostNamed)], ", "))
	if more := len(names) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	t.add(RuleManifest, finding.Honesty, severity, where, format, text)
}

// maxRaw is how much of package.json a report carries, in bytes.
const maxRaw = 256 << 10

// Describe implements scan.Describer.
func (p *npmPass) Describe(r *scan.Report) {
	if p.read == nil {
		return
	}
	m := p.read.Metadata()
	m.Name, m.Version = strings.TrimSpace(m.Name), cleanVersion(m.Version)
	r.Metadata = &m
	if len(p.raw) <= maxRaw {
		r.RawMetadata = p.raw
	}
}
