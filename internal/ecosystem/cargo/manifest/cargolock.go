package manifest

import (
	"net/url"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// PublicIndex is how locks name the index that cargo has without any setting. It is a
// name, and nothing is asked there: not by cargo either, since that index is sparse.
const PublicIndex = "https://github.com/rust-lang/crates.io-index"

// lockReader is a Cargo.lock on its way in.
type lockReader struct {
	*reader
	*document.Document
	packages []locked
	byName   map[string][]int  // of packages
	sums     map[string]string // of version 1: checksums, by "name version (source)"
}

// locked is one [[package]].
type locked struct {
	name, number, source string
	needs                []*document.Value
	at                   finding.Location
	table                *document.Value
}

// parseCargoLock reads a lock. A package without a source is the project's own: what
// it needs is direct.
func parseCargoLock(r *reader) error {
	d, err := r.document(r.Manifest.Path)
	if err != nil {
		return err
	}
	r.Manifest.Locked = true
	l := &lockReader{reader: r, Document: d, byName: map[string][]int{}, sums: map[string]string{}}
	if v := d.Root.Get("version"); v != nil {
		switch v.Text {
		case "1", "2", "3", "4":
		default:
			return manifestfile.Syntax(d.Place(v.At), "this lock is of version %s and the gate reads 1 to 4; write it again with a cargo that the gate knows", manifestfile.Quote(v.Text))
		}
	}
	if metadata := d.Table(d.Root, "metadata"); metadata != nil {
		for _, f := range metadata.Fields {
			if id, ok := strings.CutPrefix(f.Key, "checksum "); ok {
				l.sums[id] = f.Value.Text
			}
		}
	}
	if err := l.collect(); err != nil {
		return err
	}
	return l.requirements()
}

// collect reads the packages; [root] is how the oldest locks write the project.
func (l *lockReader) collect() error {
	tables := l.Tables(l.Root, "package")
	if root := l.Table(l.Root, "root"); root != nil {
		tables = append(tables, root)
	}
	for _, t := range tables {
		p := locked{name: l.Text(t, "name"), number: l.Text(t, "version"), source: l.Text(t, "source"), needs: l.Strings(t, "dependencies"), table: t}
		p.at = l.Place(t.At)
		if _, ok := pkg(p.name); l.Err == nil && !ok {
			return manifestfile.Syntax(p.at, "%s is no crate's name; write the lock again with cargo generate-lockfile", manifestfile.Quote(p.name))
		}
		if _, err := semver.Parse(p.number); l.Err == nil && err != nil {
			return manifestfile.Syntax(p.at, "%s is no crate's version; write the lock again with cargo generate-lockfile", manifestfile.Quote(p.number))
		}
		if v := t.Get("replace"); v != nil {
			if err := l.Reportf(RuleSource, manifestfile.Hold, l.Place(v.At), "another crate is built in place of %s; take the replacement out, or have a person look at it", p.name); err != nil {
				return err
			}
		}
		l.byName[p.name] = append(l.byName[p.name], len(l.packages))
		l.packages = append(l.packages, p)
	}
	return l.Err
}

func (l *lockReader) requirements() error {
	direct := map[int]bool{}
	for _, p := range l.packages {
		if p.source != "" {
			continue
		}
		for _, need := range p.needs {
			if to, ok := l.find(need.Text); ok {
				direct[to] = true
			}
		}
	}
	for i, p := range l.packages {
		if p.source == "" {
			continue
		}
		req, ok, err := l.requirement(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		req.Direct = direct[i]
		if err := l.Require(req); err != nil {
			return err
		}
	}
	return l.Err
}

// requirement is the entry of a crate that comes from a registry; false for one from
// elsewhere.
func (l *lockReader) requirement(p locked) (ecosystem.Requirement, bool, error) {
	if ok, err := l.checkSource(p); !ok || err != nil {
		return ecosystem.Requirement{}, false, err
	}
	to, _ := pkg(p.name)
	req := ecosystem.Requirement{
		Package: to, Written: p.name + " " + p.number, Spec: "=" + p.number, Number: p.number, At: p.at, Source: originOfSource(p.source),
	}
	for _, need := range p.needs {
		i, ok := l.find(need.Text)
		if !ok {
			if err := l.Reportf(RuleLockUnlinked, manifestfile.Hold, l.Place(need.At), "%s needs %s, which the lock does not have; write it again with cargo generate-lockfile", p.name, manifestfile.Quote(need.Text)); err != nil {
				return req, false, err
			}
			continue
		}
		on, _ := pkg(l.packages[i].name)
		req.Needs = append(req.Needs, on)
	}
	sum := l.Text(p.table, "checksum")
	if sum == "" {
		sum = l.sums[p.name+" "+p.number+" ("+p.source+")"]
	}
	digest, err := artifact.ParseDigest(sum)
	if err != nil {
		return req, true, l.Reportf(RuleLockNoHash, manifestfile.Hold, p.at, "the lock has no checksum of %s %s; write it again with cargo generate-lockfile", p.name, p.number)
	}
	req.Hashes = []string{"sha256:" + string(digest)}
	return req, true, nil
}

// checkSource says whether a crate comes from a registry whose crates the gate can
// look at, and tells of every source that is not the one that every project has.
func (l *lockReader) checkSource(p locked) (bool, error) {
	kind, address, _ := strings.Cut(p.source, "+")
	at := l.Place(l.sourceAt(p))
	switch {
	case kind == "registry" && address == PublicIndex:
		return true, nil
	case kind == "registry" || kind == "sparse":
		return true, l.Report(ecosystem.Problem{
			Rule: RuleLockIndex, Class: finding.Manifest, At: at, Effect: manifestfile.Reject, Index: ecosystem.AddressOf(strings.TrimSuffix(address, "/")),
			Text: "the lock takes " + p.name + " from the registry at " + manifestfile.Origin(address) + ", and cargo asks there whatever the gate says; take it from the gate's registry (gatehouse client setup) and lock again",
		})
	case kind == "git":
		return false, l.Reportf(RuleLockSource, manifestfile.Hold, at, "the lock takes %s from git at %s, which the gate does not look at; publish it to a registry, or have a person look at it", p.name, manifestfile.Origin(address))
	}
	return false, l.Reportf(RuleLockSource, manifestfile.Hold, at, "the lock takes %s from %s, which the gate does not look at; take it from a registry", p.name, manifestfile.Quote(kind))
}

func (l *lockReader) sourceAt(p locked) int {
	if v := p.table.Get("source"); v != nil {
		return v.At
	}
	return p.table.At
}

// originOfSource is scheme and host of a source, as evidence.
func originOfSource(source string) string {
	_, address, _ := strings.Cut(source, "+")
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return ""
	}
	return manifestfile.Origin(address)
}

// find gives the package that an edge names: "name", "name version" or
// "name version (source)", as much as tells it from others.
func (l *lockReader) find(text string) (int, bool) {
	name, rest, _ := strings.Cut(text, " ")
	number, source, hasSource := strings.Cut(rest, " (")
	found, n := 0, 0
	for _, i := range l.byName[name] {
		p := l.packages[i]
		if number != "" && p.number != number || hasSource && p.source != strings.TrimSuffix(source, ")") {
			continue
		}
		found = i
		n++
	}
	return found, n == 1
}
