package resolve

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Bounds on one resolution. Large real locks have some 1,500 crates.
const (
	maxCrates = 10_000
	maxSteps  = 5_000_000 // dependencies looked at in all tries
	maxTries  = 5_000
)

// wish is one dependency that has to be met.
type wish struct {
	name     string // of the crate, lower case
	req      semver.Req
	written  string
	features []string
	byDef    bool // with the default features
	by       *node
	at       finding.Location // of the project's line that it comes from
	choices  []*release       // that meet req, the newest first
}

// node is a release that was chosen.
type node struct {
	*release
	direct   bool
	at       finding.Location
	via      []artifact.Package
	features map[string]bool
	begun    bool // its dependencies were asked for once
	needs    []*node
}

// frame is what is left to meet of one node, the least choice first. Cargo meets the
// wish with the least choice among all frames next, of equal ones the oldest frame's.
type frame struct{ left []wish }

// try is one attempt. Where a wish cannot be met beside what was chosen, those choices
// are remembered as ones that do not go together, and all begins anew: the last of
// them then falls on the next version, as it does where cargo goes back a step.
type try struct {
	src    *source
	bad    incompatible
	chosen map[string]*node  // by release.key
	ids    map[string]bool   // of what is chosen
	links  map[string]string // native library to release.id
	order  []*node
	frames []*frame
	steps  *int // of all tries
}

// incompatible has, by release.id, what else may not be chosen then: all ids of one
// of the lists.
type incompatible map[string][][]string

// clash says that a wish cannot be met beside some choices.
type clash struct {
	wish wish
	with []string // their release.id; none where nothing meets the wish at all
}

// fromManifest finds what cargo would lock for an open manifest.
func fromManifest(src *source, m *ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	bad := incompatible{}
	steps := 0
	var first *clash // which people understand; later ones follow from it
	for range maxTries {
		t := &try{src: src, bad: bad, chosen: map[string]*node{}, ids: map[string]bool{}, links: map[string]string{}, steps: &steps}
		no, err := t.run(m)
		if err != nil {
			return nil, err
		}
		if no == nil {
			return t.resolved(), nil
		}
		if first == nil {
			first = no
		}
		if !bad.learn(no) {
			return nil, conflict(m, first)
		}
	}
	return nil, tooHard(m)
}

func tooHard(m *ecosystem.Manifest) error {
	return &ecosystem.Conflict{Report: m.Path + ": no versions that go together were found within the gate's limits; write a lock with cargo generate-lockfile and give the gate that", At: finding.Location{File: m.Path}}
}

// learn notes that the choices of a clash do not go together; false where there is
// none that could be another.
func (b incompatible) learn(no *clash) bool {
	ids := slices.Clone(no.with)
	if by := no.wish.by; by != nil && !slices.Contains(ids, by.id()) {
		ids = append(ids, by.id())
	}
	for i, id := range ids {
		b[id] = append(b[id], slices.Delete(slices.Clone(ids), i, i+1))
	}
	return len(ids) > 0
}

// against lists what a release does not go together with among what is chosen; false
// where there is nothing.
func (t *try) against(id string) ([]string, bool) {
	for _, others := range t.bad[id] {
		if !slices.ContainsFunc(others, func(o string) bool { return !t.ids[o] }) {
			return others, true
		}
	}
	return nil, false
}

func conflict(m *ecosystem.Manifest, no *clash) error {
	by, why := "the project", "no version in the index meets"
	if no.wish.by != nil {
		by = no.wish.by.id()
	}
	if len(no.with) > 0 {
		why = "does not go together with " + strings.Join(no.with[:min(len(no.with), 3)], ", ") + " that others ask for"
	}
	return &ecosystem.Conflict{
		Report: fmt.Sprintf("%s asks for %s %s, which %s; ask for other versions, or write a lock with cargo generate-lockfile and give the gate that", by, no.wish.name, artifact.Untrusted(no.wish.written), why),
		At:     cmp.Or(no.wish.at, finding.Location{File: m.Path}),
	}
}

// run meets all wishes.
func (t *try) run(m *ecosystem.Manifest) (*clash, error) {
	var roots []wish
	for _, q := range m.Requirements {
		w := wish{name: q.Package.Name, written: q.Spec, at: q.At}
		for _, f := range q.Extras {
			if f == "default" {
				w.byDef = true
				continue
			}
			w.features = append(w.features, f)
		}
		roots = append(roots, w)
	}
	if bad, err := t.push(roots); bad != nil || err != nil {
		return bad, err
	}
	for {
		w, ok := t.next()
		if !ok {
			return nil, nil
		}
		if err := t.src.ctx.Err(); err != nil {
			return nil, context.Cause(t.src.ctx)
		}
		if *t.steps++; *t.steps > maxSteps || len(t.order) > maxCrates {
			return nil, tooHard(m)
		}
		if bad, err := t.meet(w); bad != nil || err != nil {
			return bad, err
		}
	}
}

// push adds a frame of wishes.
func (t *try) push(ws []wish) (*clash, error) {
	for _, w := range ws {
		t.src.ask(w.name)
	}
	for i := range ws {
		w := &ws[i]
		req, err := semver.ParseReq(cmp.Or(w.written, "*"))
		if err != nil {
			return &clash{wish: *w}, nil
		}
		w.req = req
		all, err := t.src.releases(w.name)
		if err != nil {
			return nil, err
		}
		w.choices = t.src.matching(w.name+" "+w.written, all, req)
		if len(w.choices) == 0 {
			return &clash{wish: *w}, nil
		}
	}
	slices.SortStableFunc(ws, func(a, b wish) int { return len(a.choices) - len(b.choices) })
	if len(ws) > 0 {
		t.frames = append(t.frames, &frame{ws})
	}
	return nil, nil
}

// next takes the wish with the least choice.
func (t *try) next() (wish, bool) {
	if len(t.frames) == 0 {
		return wish{}, false
	}
	best := 0
	for i, f := range t.frames {
		if len(f.left[0].choices) < len(t.frames[best].left[0].choices) {
			best = i
		}
	}
	f := t.frames[best]
	w := f.left[0]
	if f.left = f.left[1:]; len(f.left) == 0 {
		t.frames = slices.Delete(t.frames, best, best+1)
	}
	return w, true
}

// meet chooses a release for a wish.
func (t *try) meet(w wish) (*clash, error) {
	var with []string
	for _, r := range w.choices {
		have := t.chosen[r.key()]
		if have != nil && have.id() != r.id() {
			with = append(with, have.id())
			continue
		}
		line, err := r.readLine()
		if err != nil || !hasFeatures(line, w.features) {
			continue
		}
		if other := t.links[line.Links]; line.Links != "" && other != "" && other != r.id() {
			with = append(with, other)
			continue
		}
		if others, no := t.against(r.id()); have == nil && no {
			with = append(with, others...)
			continue
		}
		return t.take(w, r, line)
	}
	slices.Sort(with)
	return &clash{w, slices.Compact(with)}, nil
}

// take makes a release part of the closure, and asks for what it needs with the
// features that are new.
func (t *try) take(w wish, r *release, line record.Line) (*clash, error) {
	n := t.chosen[r.key()]
	if n == nil {
		n = &node{release: r, features: map[string]bool{}, at: w.at}
		if w.by != nil {
			n.via = append(slices.Clone(w.by.via), w.by.pkg)
		}
		t.chosen[r.key()] = n
		t.order, t.ids[r.id()] = append(t.order, n), true
		if line.Links != "" {
			t.links[line.Links] = r.id()
		}
	}
	if w.by == nil {
		n.direct, n.via, n.at = true, nil, w.at
	} else if !slices.Contains(w.by.needs, n) {
		w.by.needs = append(w.by.needs, n)
	}
	on := expand(line, w.features, w.byDef)
	isNew := !n.begun
	for f := range on.features {
		isNew = isNew || !n.features[f]
		n.features[f] = true
	}
	for d, fs := range on.deps {
		for f := range fs {
			name := d + "/" + f
			isNew = isNew || !n.features[name]
			n.features[name] = true
		}
		isNew = isNew || !n.features["dep:"+d]
		n.features["dep:"+d] = true
	}
	if !isNew {
		return nil, nil
	}
	n.begun = true
	return t.push(wishes(n, line, on))
}

// wishes are the dependencies of a release that its features ask for.
func wishes(n *node, line record.Line, on enabled) []wish {
	var out []wish
	for _, d := range line.Deps {
		also, asked := on.deps[d.Name]
		if d.Kind == record.Dev || d.Optional && !asked {
			continue
		}
		w := wish{name: strings.ToLower(d.Crate()), written: d.Req, byDef: d.Default, by: n, at: n.at, features: slices.Clone(d.Features)}
		for f := range also {
			if f == "default" {
				w.byDef = true
				continue
			}
			w.features = append(w.features, f)
		}
		slices.Sort(w.features)
		out = append(out, w)
	}
	return out
}

// resolved gives the closure.
func (t *try) resolved() []ecosystem.Resolved {
	out := make([]ecosystem.Resolved, 0, len(t.order))
	for _, n := range t.order {
		r := ecosystem.Resolved{
			Version: artifact.Version{Package: n.pkg, Number: n.file.Number}, Direct: n.direct, Via: n.via, At: n.at,
			Files: []ecosystem.IndexFile{n.file},
		}
		for _, to := range n.needs {
			r.Needs = append(r.Needs, artifact.Version{Package: to.pkg, Number: to.file.Number})
		}
		out = append(out, r)
	}
	return out
}

// enabled is what a set of features turns on.
type enabled struct {
	features map[string]bool
	deps     map[string]map[string]bool // dependencies by their own name, and features asked of them
}

// all are a release's features, those of optional dependencies included: each has one
// of its name unless a feature says dep:name.
func all(line record.Line) map[string][]string {
	out := maps.Clone(line.Features)
	if out == nil {
		out = map[string][]string{}
	}
	for name, values := range line.Features2 {
		out[name] = append(slices.Clone(out[name]), values...)
	}
	explicit := map[string]bool{}
	for _, values := range out {
		for _, v := range values {
			if d, ok := strings.CutPrefix(v, "dep:"); ok {
				explicit[d] = true
			}
		}
	}
	for _, d := range line.Deps {
		if _, has := out[d.Name]; d.Optional && !has && !explicit[d.Name] {
			out[d.Name] = []string{"dep:" + d.Name}
		}
	}
	return out
}

// hasFeatures says whether a release knows features that are asked of it.
func hasFeatures(line record.Line, wanted []string) bool {
	known := all(line)
	return !slices.ContainsFunc(wanted, func(f string) bool {
		if d, _, ok := strings.Cut(f, "/"); ok {
			d = strings.TrimSuffix(d, "?")
			return !slices.ContainsFunc(line.Deps, func(x record.Dependency) bool { return x.Name == d })
		}
		_, ok := known[f]
		return !ok
	})
}

// expand follows features as cargo does. A weak one ("name?/feature") counts for a
// lock like any other: the dependency stands in it.
func expand(line record.Line, wanted []string, byDefault bool) enabled {
	on := enabled{map[string]bool{}, map[string]map[string]bool{}}
	known := all(line)
	optional := map[string]bool{}
	for _, d := range line.Deps {
		optional[d.Name] = optional[d.Name] || d.Optional
	}
	var value func(v string)
	feature := func(f string) {
		if on.features[f] {
			return
		}
		on.features[f] = true
		for _, v := range known[f] {
			value(v)
		}
	}
	depend := func(d string) {
		if on.deps[d] == nil {
			on.deps[d] = map[string]bool{}
		}
	}
	value = func(v string) {
		if d, ok := strings.CutPrefix(v, "dep:"); ok {
			depend(d)
			return
		}
		d, f, ok := strings.Cut(v, "/")
		if !ok {
			feature(v)
			return
		}
		d, weak := strings.CutSuffix(d, "?")
		if _, has := known[d]; has && optional[d] && !weak {
			feature(d)
		}
		depend(d)
		on.deps[d][f] = true
	}
	if _, has := known["default"]; has && byDefault {
		feature("default")
	}
	for _, f := range wanted {
		value(f)
	}
	return on
}
