package manifest

import (
	"net/url"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// PublicIndex is how locks name the index that cargo has without any setting. It is a
// name, and nothing is asked there: not by cargo either, since that index is sparse.
const PublicIndex = "https://github.com/rust-lang/crates.io-index"

// lockReader is a Cargo.lock on its way in.
type lockReader struct {
	*reader
	*document
	packages []locked
	byName   map[string][]int  // of packages
	sums     map[string]string // of version 1: checksums, by "name version (source)"
}

// locked is one [[package]].
type locked struct {
	name, number, source string
	needs                []*value
	at                   finding.Location
	table                *value
}

// parseCargoLock reads a lock. A package without a source is the project's own: what
// it needs is direct.
func parseCargoLock(r *reader) error {
	d, err := r.document(r.m.Path)
	if err != nil {
		return err
	}
	r.m.Locked = true
	l := &lockReader{reader: r, document: d, byName: map[string][]int{}, sums: map[string]string{}}
	if v := d.root.get("version"); v != nil {
		switch v.text {
		case "1", "2", "3", "4":
		default:
			return syntax(d.place(v.at), "this lock is of version %s and the gate reads 1 to 4; write it again with a cargo that the gate knows", quote(v.text))
		}
	}
	if metadata := d.table(d.root, "metadata"); metadata != nil {
		for _, f := range metadata.fields {
			if id, ok := strings.CutPrefix(f.key, "checksum "); ok {
				l.sums[id] = f.val.text
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
	tables := l.tables(l.root, "package")
	if root := l.table(l.root, "root"); root != nil {
		tables = append(tables, root)
	}
	for _, t := range tables {
		p := locked{name: l.text(t, "name"), number: l.text(t, "version"), source: l.text(t, "source"), needs: l.strings(t, "dependencies"), table: t}
		p.at = l.place(t.at)
		if _, ok := pkg(p.name); l.err == nil && !ok {
			return syntax(p.at, "%s is no crate's name; write the lock again with cargo generate-lockfile", quote(p.name))
		}
		if _, err := semver.Parse(p.number); l.err == nil && err != nil {
			return syntax(p.at, "%s is no crate's version; write the lock again with cargo generate-lockfile", quote(p.number))
		}
		if v := t.get("replace"); v != nil {
			if err := l.report(RuleSource, hold, l.place(v.at), "another crate is built in place of %s; take the replacement out, or have a person look at it", p.name); err != nil {
				return err
			}
		}
		l.byName[p.name] = append(l.byName[p.name], len(l.packages))
		l.packages = append(l.packages, p)
	}
	return l.err
}

func (l *lockReader) requirements() error {
	direct := map[int]bool{}
	for _, p := range l.packages {
		if p.source != "" {
			continue
		}
		for _, need := range p.needs {
			if to, ok := l.find(need.text); ok {
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
		if err := l.require(req); err != nil {
			return err
		}
	}
	return l.err
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
		i, ok := l.find(need.text)
		if !ok {
			if err := l.report(RuleLockUnlinked, hold, l.place(need.at), "%s needs %s, which the lock does not have; write it again with cargo generate-lockfile", p.name, quote(need.text)); err != nil {
				return req, false, err
			}
			continue
		}
		on, _ := pkg(l.packages[i].name)
		req.Needs = append(req.Needs, on)
	}
	sum := l.text(p.table, "checksum")
	if sum == "" {
		sum = l.sums[p.name+" "+p.number+" ("+p.source+")"]
	}
	digest, err := artifact.ParseDigest(sum)
	if err != nil {
		return req, true, l.report(RuleLockNoHash, hold, p.at, "the lock has no checksum of %s %s; write it again with cargo generate-lockfile", p.name, p.number)
	}
	req.Hashes = []string{"sha256:" + string(digest)}
	return req, true, nil
}

// checkSource says whether a crate comes from a registry whose crates the gate can
// look at, and tells of every source that is not the one that every project has.
func (l *lockReader) checkSource(p locked) (bool, error) {
	kind, address, _ := strings.Cut(p.source, "+")
	at := l.place(l.sourceAt(p))
	switch {
	case kind == "registry" && address == PublicIndex:
		return true, nil
	case kind == "registry" || kind == "sparse":
		return true, l.add(ecosystem.Problem{
			Rule: RuleLockIndex, Class: finding.Manifest, At: at, Effect: reject, Index: ecosystem.AddressOf(strings.TrimSuffix(address, "/")),
			Text: "the lock takes " + p.name + " from the registry at " + origin(address) + ", and cargo asks there whatever the gate says; take it from the gate's registry (gatehouse client setup) and lock again",
		})
	case kind == "git":
		return false, l.report(RuleLockSource, hold, at, "the lock takes %s from git at %s, which the gate does not look at; publish it to a registry, or have a person look at it", p.name, origin(address))
	}
	return false, l.report(RuleLockSource, hold, at, "the lock takes %s from %s, which the gate does not look at; take it from a registry", p.name, quote(kind))
}

func (l *lockReader) sourceAt(p locked) int {
	if v := p.table.get("source"); v != nil {
		return v.at
	}
	return p.table.at
}

// originOfSource is scheme and host of a source, as evidence.
func originOfSource(source string) string {
	_, address, _ := strings.Cut(source, "+")
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return ""
	}
	return origin(address)
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
