package gate

import (
	"bytes"
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
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// A remedy is looked for by trying: this many changes and resolutions a manifest,
// for so long. What was found by then is told.
const (
	changesPerManifest = 50
	resolutionsInAll   = 200
	oneByOne           = 16 // versions looked at one after the other when steps found none
	remedyTime         = 30 * time.Second
)

// addRemedies finds, for every rejected version, the direct line that pulls it
// in and the smallest change of that line (or of the constraint on it) after
// which nothing below it is rejected any more. Each change is proved by resolving
// and deciding again with all changes in place.
func (g *Gate) addRemedies(ctx context.Context, reg Registry, req verdict.Request, as []asked, outs []verdict.VersionOutcome, p Progress) {
	for _, a := range as {
		lines := make([]int, len(outs))
		wanted := false
		for i, o := range outs {
			lines[i] = -1
			if o.Verdict == verdict.Reject {
				lines[i] = a.lineOf(causeOf(o))
			}
			wanted = wanted || lines[i] >= 0
		}
		if !wanted {
			continue
		}
		p.Step("looking for a remedy", 0, 0)
		within, cancel := context.WithTimeout(ctx, remedyTime)
		found := g.remediesFor(within, reg, a)
		cancel()
		for i, line := range lines {
			if r, ok := found[line]; ok {
				if r.Proved && r.Command == "" {
					r.Command = fixCommand(req, a)
				}
				outs[i].Remedy = &r
			}
		}
	}
}

// cause says how a version came into a closure.
type cause struct {
	pkg, root artifact.Package // root is the direct requirement's
	file      string
	line      int
}

func causeOf(o verdict.VersionOutcome) cause {
	c := cause{pkg: o.Version.Package, root: o.Version.Package, file: o.File, line: o.Line}
	if len(o.Via) > 0 {
		if v, err := artifact.ParsePurl(o.Via[0]); err == nil {
			c.root = v.Package
		}
	}
	return c
}

func causeOfResolved(r ecosystem.Resolved) cause {
	c := cause{pkg: r.Version.Package, root: r.Version.Package, file: r.At.File, line: r.At.Line}
	if len(r.Via) > 0 {
		c.root = r.Via[0]
	}
	return c
}

// lineOf is the place among the manifest's requirements of the one to change: in
// a lock the version's own entry, elsewhere the direct line above it; -1 when the
// version does not come from this manifest.
func (a asked) lineOf(c cause) int {
	return slices.IndexFunc(a.manifest.Requirements, func(r ecosystem.Requirement) bool {
		if a.manifest.Locked {
			return r.Package == c.pkg && !r.Constraint
		}
		return r.Package == c.root && !r.Constraint && r.At.File == c.file && r.At.Line == c.line
	})
}

var plainPath = lazy.Regexp(`^[A-Za-z0-9_.][A-Za-z0-9_./-]*$`)

// fixCommand applies the remedy to a manifest that lies where the command was
// typed; "" where there is none such.
func fixCommand(req verdict.Request, a asked) string {
	if req.Door != "cli" || !plainPath().MatchString(a.manifest.Path) {
		return ""
	}
	return "gatehouse admit --fix " + a.manifest.Path
}

// search is the state of one search for remedies in one manifest. A requirement
// is known by its place among the manifest's: edits do not move it.
type search struct {
	g        *Gate
	reg      Registry
	original *ecosystem.Manifest
	a        asked                // with files and manifest as changed so far
	closure  []ecosystem.Resolved // of it
	left     int                  // resolutions that may still be tried

	found    map[int]verdict.Remedy    // by the direct line's place
	changed  map[int]int               // the place that was changed for it: its own or a constraint's
	unhashed map[int]bool              // lines that lost their hashes
	given    map[artifact.Version]bool // rejected versions for which nothing helped
	stuck    map[int]bool              // their lines
}

// remediesFor gives remedies by the place of the direct line.
func (g *Gate) remediesFor(ctx context.Context, reg Registry, a asked) map[int]verdict.Remedy {
	s := &search{
		g: g, reg: reg, original: a.manifest, a: a, left: resolutionsInAll, found: map[int]verdict.Remedy{}, changed: map[int]int{},
		unhashed: map[int]bool{}, given: map[artifact.Version]bool{}, stuck: map[int]bool{},
	}
	for range changesPerManifest {
		bad, ok := s.worst(ctx)
		if !ok {
			return s.found // the manifest cannot be judged as changed: nothing is proved
		}
		if bad == nil {
			s.prove()
			return s.found
		}
		if line := s.a.lineOf(causeOfResolved(*bad)); line < 0 || !s.mend(ctx, line, *bad) {
			s.given[bad.Version], s.stuck[line] = true, true
		}
	}
	return s.found
}

// prove marks the changes of lines below which nothing is rejected any more. A
// line that lost its hashes installs nowhere before it has new ones: it is for a
// person to change.
func (s *search) prove() {
	for line, r := range s.found {
		r.Proved = !s.stuck[line] && !s.unhashed[line]
		s.found[line] = r
	}
}

// worst resolves the manifest as changed so far and gives the first version that
// is rejected and not given up, the direct ones first; nil when there is none.
func (s *search) worst(ctx context.Context) (*ecosystem.Resolved, bool) {
	rs, err := s.resolve(ctx, s.a)
	if err != nil {
		return nil, false
	}
	s.closure = rs
	for _, r := range rs {
		if s.given[r.Version] {
			continue
		}
		if bad, err := s.any(ctx, r, rejects); err != nil {
			return nil, false
		} else if bad {
			return &r, true
		}
	}
	return nil, true
}

var errEnough = errors.New("enough was tried")

func (s *search) resolve(ctx context.Context, a asked) ([]ecosystem.Resolved, error) {
	if s.left--; s.left < 0 {
		return nil, errEnough
	}
	rs, err := s.g.closureOf(ctx, s.reg, a)
	slices.SortStableFunc(rs, func(a, b ecosystem.Resolved) int { return boolFirst(a.Direct, b.Direct) })
	return rs, err
}

func rejects(d verdict.Decision) bool { return d.Verdict == verdict.Reject && !d.Observed }

func refuses(d verdict.Decision) bool { return !Offers(d) }

// any says whether a decision about any file that would be installed is so.
func (s *search) any(ctx context.Context, r ecosystem.Resolved, is func(verdict.Decision) bool) (bool, error) {
	v, err := s.g.view(ctx, s.reg.Name, r.Version.Package, named(namesOf(r.Files)...))
	if err != nil {
		return false, err
	}
	for i, f := range v.Index.Files {
		wanted := slices.ContainsFunc(r.Files, func(x ecosystem.IndexFile) bool { return x.Name == f.Name })
		if wanted && is(v.Decisions[i]) {
			return true, nil
		}
	}
	return false, nil
}

// mend changes the direct line above bad, or a constraint on one of the two,
// until bad's package is refused no more.
func (s *search) mend(ctx context.Context, line int, bad ecosystem.Resolved) bool {
	for _, place := range s.places(line, bad) {
		if was, again := s.changed[line]; again && was != place {
			continue // one line, one fix
		}
		if s.try(ctx, line, place, bad) {
			return true
		}
	}
	return false
}

// places are what may be changed: the constraints first, because nothing else
// helps where there are some.
func (s *search) places(line int, bad ecosystem.Resolved) []int {
	var out []int
	root := s.a.manifest.Requirements[line].Package
	for i, r := range s.a.manifest.Requirements {
		if r.Constraint && r.Spec != "" && (r.Package == bad.Version.Package || r.Package == root) {
			out = append(out, i)
		}
	}
	return append(out, line)
}

// try writes other versions into one place, nearest first: newer ones, and when
// none of those helps, older ones.
func (s *search) try(ctx context.Context, line, place int, bad ecosystem.Resolved) bool {
	r := s.a.manifest.Requirements[place]
	above, below, err := s.alternatives(ctx, r)
	if err != nil {
		return false
	}
	for _, numbers := range [][]string{above, below} {
		var best asked
		var bestNote string
		locked := false
		helps := func(i int) bool {
			if locked {
				return false
			}
			changed, note, err := s.with(place, numbers[i])
			if relock, ok := errors.AsType[*ecosystem.Relock](err); ok {
				s.relock(line, r, numbers[0], relock)
				locked = true
			}
			if err != nil || !s.clears(ctx, changed, r.Package, bad.Version.Package) {
				return false
			}
			best, bestNote = changed, note
			return true
		}
		i := nearest(len(numbers), helps)
		// A good version between bad ones is stepped over: look closely nearby.
		for n := 0; i < 0 && !locked && n < min(len(numbers), oneByOne); n++ {
			if helps(n) {
				i = n
			}
		}
		if locked {
			return false // the lock stays as it is: its own tool writes it
		}
		if i >= 0 {
			s.a = best
			s.record(line, place, numbers[i], bestNote)
			return true
		}
	}
	return false
}

// nearest is the lowest of 0 to n-1 that is good, where what lies above a good one
// is mostly good too: it doubles its steps until one is, and then halves the way
// back. -1 when none that it met is. The last good one that it asked about is the
// one that it gives.
func nearest(n int, good func(int) bool) int {
	bad, at := -1, 0
	for {
		if at = min(at, n-1); at <= bad {
			return -1
		}
		if good(at) {
			break
		}
		bad, at = at, 2*at+1
	}
	for at-bad > 1 {
		if mid := (at + bad) / 2; good(mid) {
			at = mid
		} else {
			bad = mid
		}
	}
	return at
}

// specFor keeps a pin a pin, and a range a range that stays close where the
// ecosystem has such. A purl names one version.
func specFor(a asked, r ecosystem.Requirement, number string) string {
	near, ok := a.peer.Ecosystem.(ecosystem.Nearer)
	if r.Number != "" || a.manifest.Format == purlFormat || !ok {
		return a.peer.Exact(number)
	}
	return near.Near(number)
}

// alternatives lists the versions of a line's package that a client could
// install: those above the present one ascending, and those below it descending.
// Pre-releases are left out.
func (s *search) alternatives(ctx context.Context, r ecosystem.Requirement) (above, below []string, err error) {
	v, err := s.g.View(ctx, s.reg.Name, r.Package)
	if err != nil {
		return nil, nil, err
	}
	now := r.Number
	if i := slices.IndexFunc(s.closure, func(x ecosystem.Resolved) bool { return x.Version.Package == r.Package }); now == "" && i >= 0 {
		now = s.closure[i].Version.Number
	}
	var key []byte
	if now != "" {
		if key, err = s.a.peer.VersionKey(now); err != nil {
			return nil, nil, err
		}
	}
	above, below = aroundKey(s.a.peer, v.offered(), key)
	return above, below, nil
}

func aroundKey(peer Peer, numbers []string, now []byte) (newer, older []string) {
	type keyed struct {
		number string
		key    []byte
	}
	var above, below []keyed
	for _, n := range numbers {
		k, err := peer.VersionKey(n)
		if err != nil || peer.PreRelease(n) {
			continue
		}
		switch c := bytes.Compare(k, now); {
		case c > 0:
			above = append(above, keyed{n, k})
		case c < 0:
			below = append(below, keyed{n, k})
		}
	}
	slices.SortFunc(above, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	slices.SortFunc(below, func(a, b keyed) int { return bytes.Compare(b.key, a.key) })
	for _, k := range above {
		newer = append(newer, k.number)
	}
	for _, k := range below {
		older = append(older, k.number)
	}
	return newer, older
}

// with is the manifest after one requirement was changed to another version.
func (s *search) with(place int, number string) (asked, string, error) {
	changed := s.a
	spec := specFor(s.a, s.a.manifest.Requirements[place], number)
	if s.a.manifest.Format == purlFormat {
		m := *s.a.manifest
		m.Requirements = slices.Clone(m.Requirements)
		r := &m.Requirements[place]
		r.Spec, r.Number, r.Written = spec, number, artifact.Version{Package: r.Package, Number: number}.Purl()
		changed.manifest = &m
		return changed, "", nil
	}
	tree, note, err := editTree(s.a.peer, s.a.files, s.a.manifest.Requirements[place], spec)
	if err != nil {
		return changed, "", err
	}
	changed.files = tree
	if changed.manifest, err = s.a.parse(tree, s.a.manifest.Path); err != nil {
		return changed, "", err
	}
	if len(changed.manifest.Requirements) != len(s.original.Requirements) {
		return changed, "", errors.New("the change moved other requirements")
	}
	if note != "" || len(s.unhashed) > 0 {
		changed.manifest.Hashed = false // the others' hashes still count
	}
	return changed, note, nil
}

func editTree(peer Peer, files fstest.MapFS, r ecosystem.Requirement, spec string) (fstest.MapFS, string, error) {
	content, err := fs.ReadFile(files, path.Clean(r.At.File))
	if err != nil {
		return nil, "", err
	}
	edited, note, err := peer.EditRequirement(content, r, spec)
	if err != nil {
		return nil, "", err
	}
	tree := maps.Clone(files)
	tree[path.Clean(r.At.File)] = &fstest.MapFile{Data: edited, Mode: 0o444}
	return tree, note, nil
}

// clears says whether after a change the manifest resolves, and to versions of
// these packages that a client could install.
func (s *search) clears(ctx context.Context, changed asked, packages ...artifact.Package) bool {
	rs, err := s.resolve(ctx, changed)
	if err != nil {
		return false
	}
	for _, r := range rs {
		if !slices.Contains(packages, r.Version.Package) {
			continue
		}
		if still, err := s.any(ctx, r, refuses); err != nil || still {
			return false
		}
	}
	return true
}

// record keeps the change that was made last, in the words of the manifest.
func (s *search) record(line, place int, number, note string) {
	was := s.original.Requirements[place]
	to := s.a.manifest.Requirements[place].Written
	text := "change to: " + to
	if place != line {
		text = "change the constraint in " + was.At.String() + " to: " + to
	}
	if note != "" {
		text += " (" + note + ")"
		s.unhashed[line] = true
	}
	s.changed[line] = place
	s.found[line] = verdict.Remedy{File: was.At.File, Line: was.At.Line, Old: was.Written, New: to, Spec: specFor(s.a, was, number), Text: text}
}

// relock is the remedy of a lock: the command of its own tool. It cannot be
// proved here.
func (s *search) relock(line int, r ecosystem.Requirement, number string, tool *ecosystem.Relock) {
	s.found[line] = verdict.Remedy{
		File: r.At.File, Line: r.At.Line, Old: r.Written, New: rewritten(r, number),
		Text: "run: " + tool.Command, Command: tool.Command,
	}
}

// rewritten is a lock's entry with another version, spelled as it was.
func rewritten(r ecosystem.Requirement, number string) string {
	if i := strings.LastIndex(r.Written, r.Number); r.Number != "" && i >= 0 {
		return r.Written[:i] + number + r.Written[i+len(r.Number):]
	}
	return r.Package.Name + " " + number
}

// Fixed gives the request's files with every proved remedy of its outcome
// applied: only those that changed.
func (g *Gate) Fixed(_ context.Context, req verdict.Request, out verdict.Outcome) ([]verdict.Source, error) {
	as, _ := g.read(req)
	type edit struct {
		peer Peer
		r    ecosystem.Requirement
		spec string
	}
	var edits []edit
	for _, o := range out.Versions {
		m := o.Remedy
		if m == nil || !m.Proved {
			continue
		}
		for _, a := range as {
			i := slices.IndexFunc(a.manifest.Requirements, func(r ecosystem.Requirement) bool {
				return r.At.File == m.File && r.At.Line == m.Line && r.Written == m.Old
			})
			if i < 0 || a.manifest.Format == purlFormat {
				continue
			}
			e := edit{a.peer, a.manifest.Requirements[i], m.Spec}
			if !slices.ContainsFunc(edits, func(have edit) bool { return have.r.At == e.r.At }) {
				edits = append(edits, e)
			}
		}
	}
	// From the end of each file, so that what was read stays where it is.
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Or(b.r.At.Line-a.r.At.Line, b.r.At.Column-a.r.At.Column) })
	tree := Tree(slices.Concat(req.Files, req.Include))
	changed := map[string]bool{}
	for _, e := range edits {
		var err error
		if tree, _, err = editTree(e.peer, tree, e.r, e.spec); err != nil {
			return nil, fmt.Errorf("changing %s: %w", e.r.At, err)
		}
		changed[path.Clean(e.r.At.File)] = true
	}
	sources := make([]verdict.Source, 0, len(changed))
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		sources = append(sources, verdict.Source{Path: name, Content: tree[name].Data})
	}
	return sources, nil
}
