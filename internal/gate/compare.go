package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// asked is one manifest of a request, read, with what in it is new.
type asked struct {
	peer     Peer
	manifest *ecosystem.Manifest
	files    fstest.MapFS // the tree it was read from
	// unchanged holds the keys of the requirements that stood there before the
	// change; nil when everything is new.
	unchanged map[string]bool
}

// isNew says whether a direct requirement was added or changed.
func (a asked) isNew(r ecosystem.Requirement) bool { return !a.unchanged[requirementKey(r)] }

// requirementKey is what makes two lines ask for the same thing.
func requirementKey(r ecosystem.Requirement) string {
	return strings.Join([]string{r.Package.String(), r.Spec, r.Number, r.Marker, r.Group, strings.Join(r.Extras, ","), strings.Join(r.Hashes, ",")}, "\x00")
}

// read parses what the request brought: manifests with what they include, and
// purls. What a manifest held before the change is remembered as not new.
func (g *Gate) read(req verdict.Request) ([]asked, []verdict.Problem) {
	var out []asked
	var problems []verdict.Problem
	tree := Tree(append(slices.Clone(req.Files), req.Include...))
	before := Tree(req.Before)
	for _, src := range req.Files {
		peer, ok := g.peerFor(src.Path)
		if !ok {
			problems = append(problems, unreadable(src.Path, errors.New("no ecosystem served here knows this kind of manifest")))
			continue
		}
		m, err := peer.ParseManifest(tree, src.Path)
		if err != nil {
			problems = append(problems, unreadable(src.Path, err))
			continue
		}
		a := asked{peer: peer, manifest: m, files: tree}
		if _, err := fs.Stat(before, src.Path); err == nil {
			if old, err := peer.ParseManifest(before, src.Path); err == nil {
				a.unchanged = keys(old)
			}
		}
		problems = append(problems, a.problems()...)
		out = append(out, a)
	}
	purls, more := g.readPurls(req.Purls)
	return dropCovered(append(out, purls...)), append(problems, more...)
}

// Tree makes a file system of sources, as manifests are read from.
func Tree(sources []verdict.Source) fstest.MapFS {
	tree := fstest.MapFS{}
	for _, s := range sources {
		tree[path.Clean(s.Path)] = &fstest.MapFile{Data: s.Content, Mode: 0o444}
	}
	return tree
}

func keys(m *ecosystem.Manifest) map[string]bool {
	out := map[string]bool{}
	for _, r := range m.Requirements {
		out[requirementKey(r)] = true
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
			out[finding.Location{File: r.At.File, Line: r.At.Line}] = r.Written
		}
	}
	return out
}

// problems are the lines that the gate does not follow. Those that stood there
// before the change are notes: the change did not bring them.
func (a asked) problems() []verdict.Problem {
	out := make([]verdict.Problem, 0, len(a.manifest.Problems))
	for _, p := range a.manifest.Problems {
		out = append(out, verdict.Problem{Class: p.Class, Text: p.Text, File: p.At.File, Line: p.At.Line, Effect: verdict.Effect(p.Effect), Fatal: p.Fatal})
	}
	return out
}

// dropCovered leaves out the requirements of a manifest whose lock came with
// it: the lock is the closure. Its findings stay.
func dropCovered(as []asked) []asked {
	locked := map[string]bool{}
	for _, a := range as {
		if a.manifest.Locked {
			locked[path.Dir(a.manifest.Path)] = true
		}
	}
	return slices.DeleteFunc(as, func(a asked) bool {
		return a.manifest.Format == "pyproject.toml" && locked[path.Dir(a.manifest.Path)]
	})
}

// purlFormat is the format of a manifest that was made of purls.
const purlFormat = "purl"

// readPurls makes one manifest of purls, each an exact requirement.
func (g *Gate) readPurls(purls []string) ([]asked, []verdict.Problem) {
	byPeer := map[artifact.Ecosystem]*asked{}
	var order []artifact.Ecosystem
	var problems []verdict.Problem
	for _, s := range purls {
		peer, r, err := g.purlRequirement(s)
		if err != nil {
			problems = append(problems, unreadable(s, err))
			continue
		}
		a := byPeer[peer.ID()]
		if a == nil {
			a = &asked{peer: peer, manifest: &ecosystem.Manifest{Format: purlFormat}, files: fstest.MapFS{}}
			byPeer[peer.ID()], order = a, append(order, peer.ID())
		}
		a.manifest.Requirements = append(a.manifest.Requirements, r)
	}
	out := make([]asked, 0, len(order))
	for _, e := range order {
		out = append(out, *byPeer[e])
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
		r.Number, r.Spec = v.Number, "=="+v.Number
	}
	return peer, r, nil
}

// resolve gives the closure of what is new, looking at the upstream's index the
// way a client of this registry will see it: a range passes over what is
// refused. When nothing satisfies a manifest that way, it is resolved against
// the bare index, so that the report can say what is refused and why.
func (g *Gate) resolve(ctx context.Context, reg Registry, as []asked, p Progress) ([]ecosystem.Resolved, []verdict.Problem) {
	var closure []ecosystem.Resolved
	var problems []verdict.Problem
	for i, a := range as {
		p.Step("resolving "+a.manifest.Path, i, len(as))
		rs, err := g.closureOf(ctx, reg, a)
		if err != nil {
			problems = append(problems, resolveProblem(a, err))
			continue
		}
		closure = merge(closure, onlyNew(a, rs))
	}
	return closure, problems
}

func (g *Gate) closureOf(ctx context.Context, reg Registry, a asked) ([]ecosystem.Resolved, error) {
	ms := []*ecosystem.Manifest{a.manifest}
	rs, err := a.peer.Resolve(ctx, seen{g, reg, a.peer}, ms, reg.Targets)
	if _, none := errors.AsType[*ecosystem.Conflict](err); none {
		return a.peer.Resolve(ctx, a.peer.Upstream, ms, reg.Targets)
	}
	return rs, err
}

// seen is an upstream as a client of the registry sees it.
type seen struct {
	g    *Gate
	reg  Registry
	peer Peer
}

// Index implements ecosystem.Upstream.
func (s seen) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	v, err := s.g.View(ctx, s.reg.Name, p)
	if err != nil {
		return nil, err
	}
	return v.ForResolver(), nil
}

// Metadata implements ecosystem.Upstream.
func (s seen) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return s.peer.Upstream.Metadata(ctx, x, f)
}

// resolveProblem says why a manifest has no closure. What a person can mend
// holds; an upstream that does not answer is a fault and no answer at all.
func resolveProblem(a asked, err error) verdict.Problem {
	p := verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectHold, File: a.manifest.Path, Text: err.Error()}
	if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
		p.Line = c.At.Line
	} else if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
		p.Line = u.At.Line
		p.Text = fmt.Sprintf("what %s needs cannot be known without running its code: %s", u.Version, u.Why)
	} else if !errors.Is(err, ecosystem.ErrNoPackage) {
		p.Class, p.Fatal = finding.Fault, true
	}
	return p
}

// onlyNew keeps what the changed lines pull in. In a lock each entry is a line;
// elsewhere it is everything below a changed direct requirement.
func onlyNew(a asked, rs []ecosystem.Resolved) []ecosystem.Resolved {
	if a.unchanged == nil {
		return rs
	}
	changed := map[artifact.Package]bool{}
	for _, r := range a.manifest.Requirements {
		if a.isNew(r) {
			changed[r.Package] = true
		}
	}
	if a.manifest.Locked {
		return slices.DeleteFunc(rs, func(r ecosystem.Resolved) bool { return !changed[r.Version.Package] })
	}
	return below(changed, rs)
}

// below walks the closure's edges from the changed packages.
func below(changed map[artifact.Package]bool, rs []ecosystem.Resolved) []ecosystem.Resolved {
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
	return slices.DeleteFunc(rs, func(r ecosystem.Resolved) bool { return !reached[r.Version] })
}

// merge joins closures: a version appears once, direct if it is so anywhere,
// with every file that any of them needs.
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
		if r.Direct && !h.Direct {
			h.Direct, h.Via, h.At = true, nil, r.At
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
	}
	return have
}
