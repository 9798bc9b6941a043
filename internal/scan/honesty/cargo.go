package honesty

import (
	"cmp"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// What a crate promises: by its line of the index, which cargo resolves by, and by
// Cargo.toml in the archive, which people read and the compiler is told by. Cargo
// writes that file when it packs a crate, keeps the author's own beside it as
// Cargo.toml.orig, and notes which commit it was packed from (.cargo_vcs_info.json).
// Registries take all of that from publishers.

// RuleCrateLayout: an entry lies outside of the folder that a crate has.
const RuleCrateLayout = "crate-layout"

// RuleCrateSource: what is known of the commit that a crate was packed from.
const RuleCrateSource = "crate-source"

func beginCargo(t scan.FileTarget) scan.Pass { return &cargoPass{target: t} }

// guessCargo takes a .crate by its name.
func guessCargo(t scan.FileTarget) scan.Pass {
	if !strings.HasSuffix(t.File.Name, ".crate") {
		return nil
	}
	return &cargoPass{target: t}
}

// cargoPass sees one crate.
type cargoPass struct {
	target scan.FileTarget
	root   string // the folder that everything lies in, from the first entry
	where  string // of Cargo.toml; "" where there is none
	raw    []byte
	unread bool // it is a link, or larger than the worker keeps
	orig   []byte
	vcs    []byte
	hasVCS bool
	read   *record.Manifest
	told
}

// Entry implements scan.Pass.
func (p *cargoPass) Entry(e scan.Entry) []finding.Finding {
	if e.Inside != "" || e.Mode.IsDir() {
		return nil
	}
	root, below, ok := strings.Cut(e.Path, "/")
	if p.root == "" && ok {
		p.root = p.expected(root)
	}
	if !ok || root != p.root {
		p.add(RuleCrateLayout, finding.Integrity, finding.High, e.Path, "%s lies outside of the folder NAME-VERSION that a crate has; cargo refuses such a crate", safe(e.Path))
		return nil
	}
	switch below {
	case "Cargo.toml":
		p.where, p.raw, p.unread = e.Path, slices.Clone(e.Body), e.Body == nil && e.Size > 0 || e.Link != ""
	case "Cargo.toml.orig":
		p.orig = slices.Clone(e.Body)
	case ".cargo_vcs_info.json":
		p.vcs, p.hasVCS = slices.Clone(e.Body), true
	}
	return nil
}

// expected is the folder that everything lies in: by the index's line, else the first
// entry's.
func (p *cargoPass) expected(first string) string {
	l, err := record.Parse(p.target.Record)
	if err != nil {
		return first
	}
	return l.Name + "-" + l.Number
}

// End implements scan.Pass.
func (p *cargoPass) End() []finding.Finding {
	p.check()
	return p.all()
}

func (p *cargoPass) check() {
	where := p.where
	if where == "" {
		p.add(RuleMetadataMissing, finding.Integrity, finding.High, "", "the crate has no Cargo.toml")
		return
	}
	if p.unread {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "Cargo.toml cannot be read: it is a link, or too large")
		return
	}
	m, err := record.ReadManifest(p.raw)
	if err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "Cargo.toml cannot be read: %s", safe(err.Error()))
		return
	}
	p.read = &m
	p.checkIdentity(where, m)
	p.checkLine(where, m)
	p.checkOriginal(m)
	p.checkCommit()
}

// checkIdentity compares Cargo.toml with the version that it is listed under.
func (p *cargoPass) checkIdentity(where string, m record.Manifest) {
	v := p.target.File.Version
	if v.Package.Name != "" && strings.ToLower(m.Name) != v.Package.Name {
		p.add(RuleNameMismatch, finding.Integrity, finding.High, where, "Cargo.toml is about %q, and it is listed as %s", safe(m.Name), safe(v.Package.Name))
	}
	if v.Number != "" && m.Number != v.Number {
		p.add(RuleVersionMismatch, finding.Integrity, finding.High, where, "Cargo.toml is about version %q, and it is listed as %s", safe(m.Number), safe(v.Number))
	}
}

// checkLine compares Cargo.toml with the index's line: what only the index asks for
// is built into every program and stands nowhere in the crate.
func (p *cargoPass) checkLine(where string, m record.Manifest) {
	if len(p.target.Record) == 0 {
		return // nobody said anything that could differ
	}
	line, err := record.Parse(p.target.Record)
	if err != nil {
		p.add(scan.RuleUnreadable, finding.Fault, finding.Unknown, where, "the index's line cannot be read: %s", safe(err.Error()))
		return
	}
	var hidden, other, only []string
	for _, d := range record.Compare(line, m.Line) {
		switch {
		case d.Is == "":
			hidden = append(hidden, d.Crate+" "+d.Said)
		case d.Said == "":
			only = append(only, d.Crate+" "+d.Is)
		default:
			other = append(other, d.Crate+" (the index "+d.Said+", Cargo.toml "+d.Is+")")
		}
	}
	p.listed(where, finding.High, "the index needs %s, which Cargo.toml does not say", hidden)
	p.listed(where, finding.Medium, "the index and Cargo.toml ask for other versions of %s", other)
	p.listed(where, finding.Medium, "Cargo.toml needs %s, which the index does not say", only)
	if line.Links != m.Links {
		p.add(RuleManifest, finding.Honesty, finding.Low, where, "the index says that it links %q, and Cargo.toml %q", safe(line.Links), safe(m.Links))
	}
}

// defaultBuild is the build script of a crate that names none.
const defaultBuild = "build.rs"

// checkOriginal compares the author's own Cargo.toml with what cargo made of it: a
// build script or procedural macro that only the packed one names was put in by hand.
func (p *cargoPass) checkOriginal(m record.Manifest) {
	if p.orig == nil {
		return
	}
	where := path.Join(p.root, "Cargo.toml.orig")
	o, err := record.ReadManifest(p.orig)
	if err != nil {
		p.add(RuleManifest, finding.Honesty, finding.Low, where, "Cargo.toml.orig cannot be read, which cargo could when it packed the crate: %s", safe(err.Error()))
		return
	}
	if o.Name != "" && o.Name != m.Name {
		p.add(RuleManifest, finding.Honesty, finding.Medium, where, "the author's own Cargo.toml.orig is about %q", safe(o.Name))
	}
	if m.ProcMacro && !o.ProcMacro {
		p.add(RuleManifest, finding.Honesty, finding.High, p.where, "Cargo.toml makes it a procedural macro, which the compiler runs, and the author's own Cargo.toml.orig does not")
	}
	if own := cmp.Or(o.Build, defaultBuild); m.Build != "" && path.Clean(own) != path.Clean(m.Build) {
		p.add(RuleManifest, finding.Honesty, finding.High, p.where, "Cargo.toml has %s run when it is built, and the author's own Cargo.toml.orig %s", safe(m.Build), safe(own))
	}
}

// checkCommit notes what the crate says of the commit that it was packed from. Nobody
// has verified that.
func (p *cargoPass) checkCommit() {
	if !p.hasVCS {
		return // packed outside of git, or by an old cargo: too many honest ones are
	}
	var info struct {
		Git struct {
			SHA1  string `json:"sha1"`
			Dirty bool   `json:"dirty"`
		} `json:"git"`
		Path string `json:"path_in_vcs"`
	}
	where := path.Join(p.root, ".cargo_vcs_info.json")
	if json.Unmarshal(p.vcs, &info) != nil || !isCommit(info.Git.SHA1) {
		p.add(RuleCrateSource, finding.Honesty, finding.Low, where, "what the crate says of the commit that it was packed from cannot be read")
		return
	}
	if info.Path != "" && !filepath.IsLocal(filepath.FromSlash(info.Path)) {
		p.add(RuleCrateSource, finding.Honesty, finding.Low, where, "it says that it was packed from %s, which lies in no repository", safe(info.Path))
	}
	if info.Git.Dirty {
		p.add(RuleCrateSource, finding.Honesty, finding.Low, where, "it was packed from commit %s with changes that were not committed, so nobody can see them there", info.Git.SHA1)
	}
}

func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func (p *cargoPass) listed(where string, severity finding.Severity, format string, names []string) {
	if len(names) == 0 {
		return
	}
	text := safe(strings.Join(names[:min(len(names), mostNamed)], ", "))
	if len(names) > mostNamed {
		text += " and more"
	}
	p.add(RuleManifest, finding.Honesty, severity, where, format, text)
}

// Describe implements scan.Describer.
func (p *cargoPass) Describe(r *scan.Report) {
	if p.read == nil {
		return
	}
	m := p.read.Metadata()
	r.Metadata = &m
	if len(p.raw) <= maxRaw {
		r.RawMetadata = p.raw
	}
}
