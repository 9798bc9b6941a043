package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/sbom"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// asked is one manifest of a request, read, with what in it is new.
type asked struct {
	peer     Peer
	manifest *ecosystem.Manifest
	files    fstest.MapFS        // the tree it was read from
	before   *ecosystem.Manifest // as it was before the change; nil when everything is new
	groups   []string            // the groups that were asked for; none: all
}

// parse reads the manifest of a path from a tree, of the groups asked for.
func (a asked) parse(tree fs.FS, name string) (*ecosystem.Manifest, error) {
	m, err := a.peer.ParseManifest(tree, name)
	if err == nil {
		m.Only(a.groups)
	}
	return m, err
}

// changed are the packages whose lines were added, changed or taken away: a line
// that is gone may have held another package's version back. all says that
// everything counts as changed.
func (a asked) changed() (packages map[artifact.Package]bool, all bool) {
	if a.before == nil || settings(a.before) != settings(a.manifest) {
		return nil, true
	}
	packages = map[artifact.Package]bool{}
	was, is := keys(a.before), keys(a.manifest)
	for k, p := range is {
		if _, ok := was[k]; !ok {
			packages[p] = true
		}
	}
	for k, p := range was {
		if _, ok := is[k]; !ok {
			packages[p] = true
		}
	}
	return packages, false
}

// settings are what a manifest says about every line at once.
func settings(m *ecosystem.Manifest) string {
	return fmt.Sprintf("%q %t %t %q %t %q %q %q", m.Format, m.Locked, m.Hashed, m.RequiresPython, m.PreReleases, m.OnlyBinary, m.NoBinary, m.Settings)
}

// requirementKey is what makes two lines ask for the same thing. A lock's files
// are part of it: other hashes are other bytes.
func requirementKey(r ecosystem.Requirement) string {
	files := make([]string, len(r.Files))
	for i, f := range r.Files {
		files[i] = f.Name + " " + string(f.SHA256)
	}
	return fmt.Sprintf("%q %q %q %q %q %q %q %t %q", r.Package, r.Spec, r.Number, r.Marker, r.Groups, r.Extras, r.Hashes, r.Constraint, files)
}

// read parses what the request brought: manifests with what they include, and
// purls. What a manifest held before the change is remembered as not new.
func (g *Gate) read(req verdict.Request) ([]asked, []verdict.Problem) {
	var out []asked
	var problems []verdict.Problem
	tree := Tree(append(slices.Clone(req.Files), req.Include...))
	before := Tree(req.Before)
	groups := map[string]bool{} // all that there are
	for _, src := range req.Files {
		name := path.Clean(src.Path)
		if lists, isList, err := g.readList(name, src); err != nil {
			problems = append(problems, unreadable(src.Path, err))
			continue
		} else if isList {
			for _, a := range lists {
				problems = append(problems, a.problems(g.PublicURL())...)
			}
			out = append(out, lists...)
			continue
		}
		peer, ok := g.peerFor(cmp.Or(src.As, name))
		if !ok {
			problems = append(problems, unreadable(src.Path, errors.New("no ecosystem served here knows this kind of manifest")))
			continue
		}
		m, err := ecosystem.ReadManifest(peer.Ecosystem, tree, name)
		if err != nil {
			problems = append(problems, unreadable(src.Path, err))
			continue
		}
		for _, group := range m.Groups() {
			groups[ecosystem.GroupName(group)] = true
		}
		m.Only(req.Groups)
		a := asked{peer: peer, manifest: m, files: tree, groups: req.Groups}
		if _, err := fs.Stat(before, name); err == nil {
			if old, err := a.parse(before, name); err == nil {
				a.before = old
			}
		}
		problems = append(problems, a.problems(g.PublicURL())...)
		out = append(out, a)
	}
	problems = append(problems, missingGroups(req.Groups, groups)...)
	purls, more := g.readPurls(req.Purls)
	return dropCovered(append(out, purls...)), append(problems, more...)
}

// missingGroups says that a group which was asked for stands in no manifest: what
// was meant was then not looked at.
func missingGroups(asked []string, there map[string]bool) []verdict.Problem {
	var out []verdict.Problem
	for _, g := range asked {
		if there[ecosystem.GroupName(g)] {
			continue
		}
		names := slices.Sorted(maps.Keys(there))
		for i, n := range names {
			names[i] = cmp.Or(n, ecosystem.MainGroup)
		}
		out = append(out, unreadable("", fmt.Errorf("no manifest has a group %q; there are: %s", artifact.Untrusted(g), artifact.Untrusted(cmp.Or(strings.Join(names, ", "), "none")))))
	}
	return out
}

// readList reads a list of parts (CycloneDX, SPDX) as locks, one for each
// ecosystem in it; false for a file that is none.
func (g *Gate) readList(name string, src verdict.Source) ([]asked, bool, error) {
	if _, manifest := g.peerFor(cmp.Or(src.As, name)); manifest || sbom.Detect(name, src.Content) == "" {
		return nil, false, nil
	}
	served := map[artifact.Ecosystem]ecosystem.Ecosystem{}
	for e, p := range g.Peers {
		served[e] = p.Ecosystem
	}
	lists, err := sbom.Manifests(name, src.Content, served)
	if err != nil {
		return nil, true, err
	}
	var out []asked
	for _, l := range lists {
		out = append(out, asked{peer: g.Peers[l.Ecosystem.ID()], manifest: l.Manifest, files: fstest.MapFS{}})
	}
	return out, true, nil
}

// Tree makes a file system of sources, as manifests are read from.
func Tree(sources []verdict.Source) fstest.MapFS {
	tree := fstest.MapFS{}
	for _, s := range sources {
		tree[path.Clean(s.Path)] = &fstest.MapFile{Data: s.Content, Mode: 0o444}
	}
	return tree
}

func keys(m *ecosystem.Manifest) map[string]artifact.Package {
	out := map[string]artifact.Package{}
	for _, r := range m.Requirements {
		out[requirementKey(r)] = r.Package
	}
	return out
}

func (g *Gate) peerFor(p string) (Peer, bool) {
	for _, peer := range g.Peers {
		if peer.ManifestFormat(p) != "" {
			return peer, true
		}
	}
	return Peer{}, false
}

func unreadable(file string, err error) verdict.Problem {
	return verdict.Problem{Class: finding.Manifest, File: file, Fatal: true, Effect: verdict.EffectHold, Text: err.Error()}
}

// lines gives what each manifest line asks for, as written.
func lines(as []asked) map[finding.Location]string {
	out := map[finding.Location]string{}
	for _, a := range as {
		for _, r := range a.manifest.Requirements {
			out[r.At] = r.Written
		}
	}
	return out
}

// problems are the lines that the gate does not follow. Those that stood there
// before the change are notes: the change did not bring them. Naming the gate
// itself, at its public URL, is no problem.
func (a asked) problems(public string) []verdict.Problem {
	stood := map[string]int{} // how often
	if a.before != nil {
		for _, p := range a.before.Problems {
			stood[problemKey(p)]++
		}
	}
	out := make([]verdict.Problem, 0, len(a.manifest.Problems))
	for _, p := range a.manifest.Problems {
		if p.Index.Below(public) {
			continue
		}
		v := verdict.Problem{Class: p.Class, Text: p.Text, File: p.At.File, Line: p.At.Line, Effect: verdict.Effect(p.Effect), Fatal: p.Fatal}
		if k := problemKey(p); stood[k] > 0 && !p.Fatal {
			stood[k]--
			v.Effect = verdict.EffectNote
		}
		out = append(out, v)
	}
	return out
}

func problemKey(p ecosystem.Problem) string {
	return fmt.Sprintf("%q %q %q", p.Rule, p.At.File, p.Text)
}

// dropCovered leaves out the requirements of manifests that others speak for: the
// lock that came with one is its closure. Its findings stay.
func dropCovered(as []asked) []asked {
	es, ms := make([]ecosystem.Ecosystem, len(as)), make([]*ecosystem.Manifest, len(as))
	for i, a := range as {
		es[i], ms[i] = a.peer.Ecosystem, a.manifest
	}
	covered := ecosystem.Covered(es, ms)
	var out []asked
	for i, a := range as {
		if !covered[i] {
			out = append(out, a)
		}
	}
	return out
}

// purlFormat is the format of a manifest that was made of purls.
const purlFormat = "purl"

// readPurls makes manifests of purls, each an exact requirement: one for all, and
// further ones where a package is named again in another version.
func (g *Gate) readPurls(purls []string) ([]asked, []verdict.Problem) {
	var out []asked
	var problems []verdict.Problem
	named := map[artifact.Package]int{} // how often
	for _, s := range purls {
		peer, r, err := g.purlRequirement(s)
		if err != nil {
			problems = append(problems, unreadable(s, err))
			continue
		}
		nth := named[r.Package]
		named[r.Package]++
		for i := range out {
			if out[i].peer.ID() == peer.ID() {
				if nth--; nth < 0 {
					out[i].manifest.Requirements = append(out[i].manifest.Requirements, r)
					break
				}
			}
		}
		if nth >= 0 {
			out = append(out, asked{peer: peer, files: fstest.MapFS{}, manifest: &ecosystem.Manifest{Format: purlFormat, Requirements: []ecosystem.Requirement{r}}})
		}
	}
	return out, problems
}

func (g *Gate) purlRequirement(s string) (Peer, ecosystem.Requirement, error) {
	v, err := artifact.ParsePurl(s)
	if err != nil {
		return Peer{}, ecosystem.Requirement{}, err
	}
	peer, err := g.peer(v.Package.Ecosystem)
	if err != nil {
		return Peer{}, ecosystem.Requirement{}, err
	}
	p, err := peer.ParseName(v.Package.Name)
	if err != nil {
		return Peer{}, ecosystem.Requirement{}, err
	}
	r := ecosystem.Requirement{Package: p, Written: s, Direct: true, At: finding.Location{File: s}}
	if v.Number != "" {
		if _, err := peer.VersionKey(v.Number); err != nil {
			return Peer{}, ecosystem.Requirement{}, err
		}
		r.Number, r.Spec = v.Number, peer.Exact(v.Number)
	}
	return peer, r, nil
}

// resolve gives the closure of what is new.
func (g *Gate) resolve(ctx context.Context, reg Registry, as []asked, p Progress) ([]ecosystem.Resolved, []verdict.Problem) {
	var closure []ecosystem.Resolved
	var problems []verdict.Problem
	for i, a := range as {
		p.Step("resolving "+a.manifest.Path, i, len(as))
		problems = append(problems, g.internalLines(ctx, reg, a)...)
		rs, err := g.closureOf(ctx, reg, a)
		if err != nil {
			problems = append(problems, resolveProblem(a, err))
			continue
		}
		closure = merge(closure, onlyNew(a, rs))
	}
	return closure, problems
}

// internalLines says of each line that asks for one of our own names that nobody
// outside is asked for it.
func (g *Gate) internalLines(ctx context.Context, reg Registry, a asked) []verdict.Problem {
	var out []verdict.Problem
	for _, r := range a.manifest.Requirements {
		if r.Constraint || !g.Groups.Ours(r.Package) || g.Hosted.has(r.Package) {
			continue
		}
		if to, err := g.routeOf(ctx, reg, r.Package); err != nil || len(to.ask) == 0 {
			out = append(out, verdict.Problem{Class: finding.Origin, Effect: verdict.EffectHold, File: r.At.File, Line: r.At.Line,
				Text: r.Package.Name + " is an internal name and never asked for outside; leave the line to the registry that holds it"})
		}
	}
	return out
}

// resolveProblem says why a manifest has no closure. What a person can mend
// holds; an upstream that does not answer is a fault and no answer at all.
func resolveProblem(a asked, err error) verdict.Problem {
	p := verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectHold, File: a.manifest.Path, Text: err.Error()}
	if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
		place(&p, c.At)
	} else if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
		place(&p, u.At)
		p.Text = fmt.Sprintf("what %s needs cannot be known without running its code: %s", u.Version, u.Why)
	} else if _, off := errors.AsType[*Off](err); !off && !errors.Is(err, ecosystem.ErrNoPackage) {
		p.Class, p.Fatal = finding.Fault, true
	}
	return p
}

// place says where to look first; an error that does not know leaves the manifest.
func place(p *verdict.Problem, at finding.Location) {
	if at.File != "" {
		p.File = at.File
	}
	p.Line = at.Line
}

// onlyNew keeps what the changed lines pull in. In a lock each entry is a line,
// and what builds of entries need has none; elsewhere it is everything below a
// changed direct requirement.
func onlyNew(a asked, rs []ecosystem.Resolved) []ecosystem.Resolved {
	changed, all := a.changed()
	if all {
		return rs
	}
	reached := below(changed, rs)
	return slices.DeleteFunc(rs, func(r ecosystem.Resolved) bool {
		if a.manifest.Locked && !r.Build {
			return !changed[r.Version.Package]
		}
		return !reached[r.Version]
	})
}

// below walks the closure's edges from the changed packages.
func below(changed map[artifact.Package]bool, rs []ecosystem.Resolved) map[artifact.Version]bool {
	byVersion := map[artifact.Version]ecosystem.Resolved{}
	var queue []artifact.Version
	for _, r := range rs {
		byVersion[r.Version] = r
		if changed[r.Version.Package] {
			queue = append(queue, r.Version)
		}
	}
	reached := map[artifact.Version]bool{}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		if !reached[v] {
			reached[v] = true
			queue = append(queue, byVersion[v].Needs...)
		}
	}
	return reached
}

// merge joins closures: a version appears once, direct if it is so anywhere,
// there for builds alone only if it is so everywhere, with every file that any of
// them needs.
func merge(have, more []ecosystem.Resolved) []ecosystem.Resolved {
	at := map[artifact.Version]int{}
	for i, r := range have {
		at[r.Version] = i
	}
	for _, r := range more {
		i, ok := at[r.Version]
		if !ok {
			at[r.Version] = len(have)
			have = append(have, r)
			continue
		}
		h := &have[i]
		if r.Direct && !h.Direct || h.Build && !r.Build {
			h.Direct, h.Build, h.Via, h.At = r.Direct, r.Build, r.Via, r.At
		}
		for _, f := range r.Files {
			if !slices.ContainsFunc(h.Files, func(x ecosystem.IndexFile) bool { return x.Name == f.Name }) {
				h.Files = append(h.Files, f)
			}
		}
		for _, n := range r.Needs {
			if !slices.Contains(h.Needs, n) {
				h.Needs = append(h.Needs, n)
			}
		}
		for _, s := range r.Hashes {
			if !slices.Contains(h.Hashes, s) {
				h.Hashes = append(h.Hashes, s)
			}
		}
		for _, f := range r.Findings {
			if !slices.ContainsFunc(h.Findings, func(x finding.Finding) bool { return x.Rule == f.Rule && x.Text == f.Text }) {
				h.Findings = append(h.Findings, f)
			}
		}
	}
	return have
}
