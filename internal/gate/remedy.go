package gate

import (
	"bytes"
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
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// A remedy is looked for by trying: this many resolutions a line, this many
// lines a manifest.
const (
	triesPerLine     = 40
	linesPerManifest = 50
	resolutionsInAll = 200
)

// addRemedies finds, for every rejected version, the direct line that pulls it
// in and the smallest change of that line after which nothing is rejected any
// more. Each change is proved by resolving and deciding again with all changes
// in place.
func (g *Gate) addRemedies(ctx context.Context, reg Registry, req verdict.Request, as []asked, outs []verdict.VersionOutcome, p Progress) {
	for _, a := range as {
		if !slices.ContainsFunc(outs, func(o verdict.VersionOutcome) bool { return o.Verdict == verdict.Reject && a.holds(o) }) {
			continue
		}
		p.Step("looking for a remedy", 0, 0)
		rs := g.remediesFor(ctx, reg, a, outs)
		for i, o := range outs {
			if o.Verdict != verdict.Reject || !a.holds(o) {
				continue
			}
			if r, ok := rs[lineKey{o.File, o.Line}]; ok {
				r.Command = fixCommand(req, r)
				outs[i].Remedy = &r
			}
		}
	}
}

type lineKey struct {
	file string
	line int
}

// holds says whether an outcome comes from a line of this manifest or of a file
// that it includes.
func (a asked) holds(o verdict.VersionOutcome) bool {
	return slices.ContainsFunc(a.manifest.Requirements, func(r ecosystem.Requirement) bool {
		return r.At.File == o.File && r.At.Line == o.Line
	})
}

func fixCommand(req verdict.Request, r verdict.Remedy) string {
	if strings.HasPrefix(r.File, "pkg:") || req.Door != "cli" {
		return ""
	}
	return "gatehouse admit --fix " + r.File
}

// search is the state of one search for remedies in one manifest.
type search struct {
	g     *Gate
	reg   Registry
	a     asked // with files and manifest as changed so far
	left  int   // resolutions that may still be tried
	found map[lineKey]verdict.Remedy
}

func (g *Gate) remediesFor(ctx context.Context, reg Registry, a asked, outs []verdict.VersionOutcome) map[lineKey]verdict.Remedy {
	s := &search{g: g, reg: reg, a: a, left: resolutionsInAll, found: map[lineKey]verdict.Remedy{}}
	for range linesPerManifest {
		bad, ok := s.worst(ctx)
		if !ok {
			return s.found // the manifest cannot be judged as it stands: what was found is not proved
		}
		if bad == nil {
			for k, r := range s.found {
				r.Proved = true
				s.found[k] = r
			}
			return s.found
		}
		if !s.mend(ctx, *bad) {
			return s.found
		}
	}
	return s.found
}

// worst resolves the manifest as changed so far and gives the first version
// that facts alone reject, the direct ones first; nil when there is none.
func (s *search) worst(ctx context.Context) (*ecosystem.Resolved, bool) {
	if s.left--; s.left < 0 {
		return nil, false
	}
	rs, err := s.g.closureOf(ctx, s.reg, s.a)
	if err != nil {
		return nil, false
	}
	slices.SortStableFunc(rs, func(a, b ecosystem.Resolved) int { return boolFirst(a.Direct, b.Direct) })
	for _, r := range rs {
		if bad, err := s.rejected(ctx, r); err != nil {
			return nil, false
		} else if bad {
			return &r, true
		}
	}
	return nil, true
}

// rejected says whether any file that would be installed is rejected.
func (s *search) rejected(ctx context.Context, r ecosystem.Resolved) (bool, error) {
	v, err := s.g.View(ctx, s.reg.Name, r.Version.Package)
	if err != nil {
		return false, err
	}
	for i, f := range v.Index.Files {
		wanted := slices.ContainsFunc(r.Files, func(x ecosystem.IndexFile) bool { return x.Name == f.Name })
		if wanted && v.Decisions[i].Verdict == verdict.Reject && !v.Decisions[i].Observed {
			return true, nil
		}
	}
	return false, nil
}

// mend tries other versions on the direct line above bad, nearest first, until
// bad's package is no longer rejected.
func (s *search) mend(ctx context.Context, bad ecosystem.Resolved) bool {
	line, ok := s.lineOf(bad)
	if !ok {
		return false
	}
	numbers, err := s.g.alternatives(ctx, s.reg, s.a.peer, line, bad)
	if err != nil {
		return false
	}
	for i, number := range numbers {
		if i == triesPerLine {
			break
		}
		spec := ">=" + number
		if line.Number != "" {
			spec = "==" + number
		}
		changed, note, err := s.with(line, spec)
		if relock, locked := errors.AsType[*ecosystem.Relock](err); locked {
			return s.relock(line, number, relock)
		}
		if err != nil {
			return false
		}
		if s.clears(ctx, changed, bad) {
			s.a = changed
			s.record(line, spec, note)
			return true
		}
	}
	return false
}

// lineOf is the requirement on the line that pulls bad in.
func (s *search) lineOf(bad ecosystem.Resolved) (ecosystem.Requirement, bool) {
	root := bad.Version.Package
	if len(bad.Via) > 0 {
		root = bad.Via[0]
	}
	for _, r := range s.a.manifest.Requirements {
		if r.Package == root && !r.Constraint && r.At.File == bad.At.File && r.At.Line == bad.At.Line {
			return r, true
		}
	}
	return ecosystem.Requirement{}, false
}

// alternatives lists the versions of the line's package that may be served,
// nearest first: those above the present one ascending, then those below it
// descending. Pre-releases come into it only where the present one is one.
func (g *Gate) alternatives(ctx context.Context, reg Registry, peer Peer, line ecosystem.Requirement, bad ecosystem.Resolved) ([]string, error) {
	v, err := g.View(ctx, reg.Name, line.Package)
	if err != nil {
		return nil, err
	}
	usable := map[string]bool{}
	for i, f := range v.Index.Files {
		if Offers(v.Decisions[i]) && !f.Yanked {
			usable[f.Number] = true
		}
	}
	now := line.Number
	if now == "" && bad.Version.Package == line.Package {
		now = bad.Version.Number
	}
	key, err := keyOrEmpty(peer, now)
	if err != nil {
		return nil, err
	}
	return nearestFirst(peer, slices.Collect(maps.Keys(usable)), key)
}

func keyOrEmpty(peer Peer, number string) ([]byte, error) {
	if number == "" {
		return nil, nil
	}
	return peer.VersionKey(number)
}

func nearestFirst(peer Peer, numbers []string, now []byte) ([]string, error) {
	type keyed struct {
		number string
		key    []byte
	}
	var above, below []keyed
	for _, n := range numbers {
		k, err := peer.VersionKey(n)
		if err != nil {
			return nil, err
		}
		switch c := bytes.Compare(k, now); {
		case peer.PreRelease(n) || c == 0:
		case c > 0:
			above = append(above, keyed{n, k})
		default:
			below = append(below, keyed{n, k})
		}
	}
	slices.SortFunc(above, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	slices.SortFunc(below, func(a, b keyed) int { return bytes.Compare(b.key, a.key) })
	out := make([]string, 0, len(above)+len(below))
	for _, k := range append(above, below...) {
		out = append(out, k.number)
	}
	return out, nil
}

// with is the manifest after one line was changed.
func (s *search) with(line ecosystem.Requirement, spec string) (asked, string, error) {
	changed := s.a
	if s.a.manifest.Format == purlFormat {
		m := *s.a.manifest
		m.Requirements = slices.Clone(m.Requirements)
		for i, r := range m.Requirements {
			if r.At == line.At {
				m.Requirements[i].Spec, m.Requirements[i].Number = spec, strings.TrimPrefix(spec, "==")
			}
		}
		changed.manifest = &m
		return changed, "", nil
	}
	tree, note, err := editTree(s.a, line, spec)
	if err != nil {
		return changed, "", err
	}
	changed.files = tree
	changed.manifest, err = s.a.peer.ParseManifest(tree, s.a.manifest.Path)
	return changed, note, err
}

func editTree(a asked, line ecosystem.Requirement, spec string) (fstest.MapFS, string, error) {
	content, err := fs.ReadFile(a.files, line.At.File)
	if err != nil {
		return nil, "", err
	}
	edited, note, err := a.peer.EditRequirement(content, line, spec)
	if err != nil {
		return nil, "", err
	}
	tree := maps.Clone(a.files)
	tree[path.Clean(line.At.File)] = &fstest.MapFile{Data: edited, Mode: 0o444}
	return tree, note, nil
}

// clears says whether after a change the manifest resolves and nothing of bad's
// package is rejected any more.
func (s *search) clears(ctx context.Context, changed asked, bad ecosystem.Resolved) bool {
	if s.left--; s.left < 0 {
		return false
	}
	rs, err := s.g.closureOf(ctx, s.reg, changed)
	if err != nil {
		return false
	}
	for _, r := range rs {
		if r.Version.Package != bad.Version.Package && r.Version.Package != rootOf(bad) {
			continue
		}
		if still, err := s.rejected(ctx, r); err != nil || still {
			return false
		}
	}
	return true
}

func rootOf(r ecosystem.Resolved) artifact.Package {
	if len(r.Via) > 0 {
		return r.Via[0]
	}
	return r.Version.Package
}

func (s *search) record(line ecosystem.Requirement, spec, note string) {
	k := lineKey{line.At.File, line.At.Line}
	old := line.Written
	if have, again := s.found[k]; again {
		old = have.Old
	}
	to := requirementText(line, spec)
	text := "change to: " + to
	if note != "" {
		text += " (" + note + ")"
	}
	s.found[k] = verdict.Remedy{File: line.At.File, Line: line.At.Line, Old: old, New: to, Spec: spec, Text: text}
}

// relock is the remedy of a lock: the command of its own tool. It cannot be
// proved here.
func (s *search) relock(line ecosystem.Requirement, number string, tool *ecosystem.Relock) bool {
	s.found[lineKey{line.At.File, line.At.Line}] = verdict.Remedy{
		File: line.At.File, Line: line.At.Line, Old: line.Written, New: line.Package.Name + "==" + number,
		Text: "run: " + tool.Command, Command: tool.Command,
	}
	return false // a lock stays as it is: the search ends here
}

// requirementText is the requirement with another specifier, spelled as it was.
func requirementText(r ecosystem.Requirement, spec string) string {
	name := r.Package.Name
	if i := strings.IndexAny(r.Written, "[=<>!~; ("); i > 0 && !strings.HasPrefix(r.Written, "pkg:") {
		name = r.Written[:i]
	} else if r.Spec == "" && !strings.HasPrefix(r.Written, "pkg:") && r.Written != "" {
		name = r.Written
	}
	extras := ""
	if len(r.Extras) > 0 {
		extras = "[" + strings.Join(r.Extras, ",") + "]"
	}
	text := fmt.Sprintf("%s%s%s", name, extras, spec)
	if r.Marker != "" {
		text += " ; " + r.Marker
	}
	return text
}

// Fixed gives the request's files with every proved remedy of its outcome
// applied: only those that changed.
func (g *Gate) Fixed(_ context.Context, req verdict.Request, out verdict.Outcome) ([]verdict.Source, error) {
	as, _ := g.read(req)
	changed := map[string][]byte{}
	for _, a := range as {
		for _, o := range out.Versions {
			if o.Remedy == nil || !o.Remedy.Proved || !a.holds(o) {
				continue
			}
			if err := applyRemedy(&a, *o.Remedy, changed); err != nil {
				return nil, err
			}
		}
	}
	var sources []verdict.Source
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		sources = append(sources, verdict.Source{Path: name, Content: changed[name]})
	}
	return sources, nil
}

func applyRemedy(a *asked, r verdict.Remedy, changed map[string][]byte) error {
	for _, line := range a.manifest.Requirements {
		if line.At.File != r.File || line.At.Line != r.Line || line.Written != r.Old {
			continue
		}
		tree, _, err := editTree(*a, line, r.Spec)
		if err != nil {
			return fmt.Errorf("changing %s:%d: %w", r.File, r.Line, err)
		}
		a.files = tree
		changed[r.File] = tree[path.Clean(r.File)].Data
		return nil
	}
	return nil // another version below the same line brought the same remedy: done already
}
