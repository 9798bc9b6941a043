package resolve

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits of a report, so that it stays one a person reads.
const (
	maxReportLines = 15
	maxClauses     = 5 // about one package
	maxRanges      = 3 // of versions of one package in one clause
)

// A report says what the solver's derivation rests on: the outside facts at its
// leaves, told by the package they are about. The steps between are left out;
// whoever sees the facts side by side sees the contradiction.
type report struct {
	p        *provider
	subjects map[string]*subject
	order    []string // names in the order of the derivation
}

// subject is a package with all that is said about it.
type subject struct {
	name   string
	asked  []*wish   // manifest lines
	limits []*wish   // constraint lines
	needed []needed  // by other packages
	out    []outside // versions that cannot be chosen
}

// needed is a requirement that versions of a package share.
type needed struct {
	from     id
	c        *candidates
	versions set
	specs    pep440.Specifiers
	more     int // other specifiers of the same package, told by this one
}

type outside struct {
	why      reason
	versions set
	mixed    bool // others have other details; the newest's is told
}

// conflict puts the proof that there is no solution into words.
func (p *provider) conflict(no *unsolvable) error {
	r := &report{p: p, subjects: map[string]*subject{}}
	r.collect(no.root)
	c := &ecosystem.Conflict{Target: p.target}
	lines := []string{fmt.Sprintf("No set of versions satisfies the requirements for Python %s on %s:", p.target.Python, p.target.Platform)}
	missing := false
	for _, s := range r.sorted() {
		text := r.tell(s)
		if text == "" {
			continue
		}
		if c.At == (finding.Location{}) && len(s.asked) > 0 {
			c.At = s.asked[0].At
		}
		missing = missing || len(s.asked) > 0 && r.candidates(s.name).project.index == nil
		lines = append(lines, "  "+text)
	}
	if more := len(lines) - (maxReportLines - 1); more > 0 {
		lines = append(lines[:maxReportLines-1], fmt.Sprintf("  and %d more", more))
	}
	places := r.places()
	if c.At == (finding.Location{}) && len(places) > 0 {
		c.At = places[0]
	}
	if advice := advise(places); advice != "" {
		lines = append(lines, advice)
	}
	c.Report = strings.Join(lines, "\n")
	if missing {
		return &noPackage{c}
	}
	return c
}

// noPackage is a conflict because a package that a manifest asks for is not in
// the index: it is ecosystem.ErrNoPackage too.
type noPackage struct{ conflict *ecosystem.Conflict }

func (e *noPackage) Error() string   { return e.conflict.Error() }
func (e *noPackage) Unwrap() []error { return []error{e.conflict, ecosystem.ErrNoPackage} }

// collect walks the derivation and keeps its leaves.
func (r *report) collect(root *incompat) {
	seen := map[*incompat]bool{}
	stack := []*incompat{root}
	for len(stack) > 0 {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[x] {
			continue
		}
		seen[x] = true
		if x.learned() {
			stack = append(stack, x.right, x.left)
			continue
		}
		switch why := x.why.(type) {
		case need:
			r.need(x, why)
		case ruledOut:
			r.ruledOut(x, why)
		}
	}
}

func (r *report) subject(name string) *subject {
	s := r.subjects[name]
	if s == nil {
		s = &subject{name: name}
		r.subjects[name] = s
		r.order = append(r.order, name)
	}
	return s
}

func (r *report) candidates(name string) *candidates {
	return r.p.packages[r.p.byID[id{name: name}]].candidates
}

func (r *report) need(x *incompat, why need) {
	if why.same {
		return
	}
	s := r.subject(why.on.name)
	if why.wish != nil {
		if !slices.Contains(s.asked, why.wish) {
			s.asked = append(s.asked, why.wish)
		}
		return
	}
	c := r.candidates(why.from.name)
	versions := newSet(len(c.order))
	copy(versions, x.terms[0].set)
	i := slices.IndexFunc(s.needed, func(n needed) bool {
		return n.from == why.from && n.specs.String() == why.specs.String()
	})
	if i >= 0 {
		s.needed[i].versions = s.needed[i].versions.or(versions)
		return
	}
	s.needed = append(s.needed, needed{from: why.from, c: c, versions: versions, specs: why.specs})
}

func (r *report) ruledOut(x *incompat, why ruledOut) {
	s := r.subject(why.name)
	if why.wish != nil {
		if !slices.Contains(s.limits, why.wish) {
			s.limits = append(s.limits, why.wish)
		}
		return
	}
	versions := newSet(len(r.candidates(why.name).order))
	copy(versions, x.terms[0].set)
	i := slices.IndexFunc(s.out, func(o outside) bool { return o.why == why.reason })
	if i >= 0 {
		s.out[i].versions = s.out[i].versions.or(versions)
		return
	}
	s.out = append(s.out, outside{why: why.reason, versions: versions})
}

// sorted puts first what a manifest asks for and something else refuses, then
// what others say, then what a manifest says and nobody refuses.
func (r *report) sorted() []*subject {
	out := make([]*subject, 0, len(r.order))
	for _, name := range r.order {
		s := r.subjects[name]
		slices.SortFunc(s.asked, func(a, b *wish) int { return compareLocations(a.At, b.At) })
		slices.SortFunc(s.limits, func(a, b *wish) int { return compareLocations(a.At, b.At) })
		s.needed = r.collapse(s.needed)
		out = append(out, s)
	}
	rank := func(s *subject) int {
		contested := len(s.asked)+len(s.limits)+len(s.needed)+len(s.out) > 1
		switch {
		case contested && len(s.asked) > 0:
			return 0
		case contested:
			return 1
		case len(s.asked) == 0:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(out, func(a, b *subject) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func compareLocations(a, b finding.Location) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// collapse tells many requirements of one package on another by its newest.
func (r *report) collapse(in []needed) []needed {
	var out []needed
	for _, n := range in {
		i := slices.IndexFunc(out, func(o needed) bool { return o.from == n.from })
		if i < 0 {
			out = append(out, n)
			continue
		}
		o := &out[i]
		if newest(n.c, n.versions) < newest(o.c, o.versions) {
			o.specs = n.specs
		}
		o.versions = o.versions.or(n.versions)
		o.more++
	}
	return out
}

// newest is the place of the newest version of a set in the index; 0 is the
// newest of all.
func newest(c *candidates, versions set) int {
	least := len(c.order)
	for v := versions.first(0); v >= 0; v = versions.first(v + 1) {
		least = min(least, c.order[v])
	}
	return least
}

// tell gives one line about a package, "" when other lines say it all.
func (r *report) tell(s *subject) string {
	var clauses []string
	for _, w := range s.asked {
		clauses = append(clauses, fmt.Sprintf("%s asks for %s", w.At, r.written(w)))
	}
	for _, w := range s.limits {
		clauses = append(clauses, fmt.Sprintf("%s allows only %s", w.At, r.written(w)))
	}
	for _, n := range s.needed {
		clauses = append(clauses, r.tellNeeded(s.name, n))
	}
	if len(clauses) == 1 && len(s.asked) == 1 && len(s.out) == 0 && s.asked[0].specs.Empty() && !r.nothing(s) {
		return ""
	}
	if text := r.nothingFits(s); text != "" {
		clauses = append(clauses, text)
	}
	for _, o := range r.collapseOutside(s) {
		clauses = append(clauses, r.tellOutside(s.name, o))
	}
	if more := len(clauses) - maxClauses; more > 0 {
		clauses = append(clauses[:maxClauses], fmt.Sprintf("%d more like these", more))
	}
	if len(clauses) < 2 {
		return strings.Join(clauses, "")
	}
	return clauses[0] + ", but " + strings.Join(clauses[1:], ", and ")
}

func (r *report) written(w *wish) string {
	if w.Written != "" {
		return artifact.Untrusted(w.Written).String()
	}
	return w.Package.Name + w.specs.String()
}

// tellNeeded gives "flask 2.0 to 3.1 (requirements.txt:5) need jinja2>=3".
func (r *report) tellNeeded(on string, n needed) string {
	text, many := r.versions(n.from, n.c, n.versions)
	verb := "needs"
	if many {
		verb = "need"
	}
	line := ""
	if at := r.p.line(n.from.name); at.File != "" {
		line = " (" + at.String() + ")"
	}
	specs := artifact.Untrusted(n.specs.String()).String()
	if n.more > 0 {
		return fmt.Sprintf("%s%s %s other versions of %s (the newest: %s%s)", text, line, verb, on, on, specs)
	}
	return fmt.Sprintf("%s%s %s %s%s", text, line, verb, on, specs)
}

// nothing says whether a requirement on the package matches no version.
func (r *report) nothing(s *subject) bool {
	c := r.candidates(s.name)
	return slices.ContainsFunc(s.asked, func(w *wish) bool { return c.allowed(w.specs).empty() }) ||
		slices.ContainsFunc(s.needed, func(n needed) bool { return c.allowed(n.specs).empty() })
}

// nothingFits says what there is when a requirement matches no version at all.
func (r *report) nothingFits(s *subject) string {
	c := r.candidates(s.name)
	switch {
	case !r.nothing(s):
		return ""
	case c.project.index == nil:
		return "the index has no package of that name (is it spelled right?)"
	case len(c.project.releases) == 0:
		return "the index has no file of it"
	}
	for _, w := range s.asked {
		if v, ok := w.specs.Exact(); ok && c.allowed(w.specs).empty() {
			return "the index has no such version; " + c.around(v)
		}
	}
	last := len(c.project.releases) - 1
	return fmt.Sprintf("the index has none of these, only %s to %s", c.project.releases[last].number, c.project.releases[0].number)
}

// around names the versions beside one that does not exist.
func (c *candidates) around(v pep440.Version) string {
	rs := c.project.releases
	i, _ := slices.BinarySearchFunc(rs, v, func(r release, v pep440.Version) int { return pep440.Compare(v, r.version) })
	switch {
	case i == 0:
		return "its newest is " + rs[0].number
	case i == len(rs):
		return "its oldest is " + rs[len(rs)-1].number
	}
	return "the nearest are " + rs[i].number + " and " + rs[i-1].number
}

// collapseOutside joins exclusions of one kind, told by the newest version's.
func (r *report) collapseOutside(s *subject) []outside {
	c := r.candidates(s.name)
	var out []outside
	for _, o := range s.out {
		i := slices.IndexFunc(out, func(x outside) bool { return x.why.kind == o.why.kind })
		if i < 0 {
			out = append(out, o)
			continue
		}
		if newest(c, o.versions) < newest(c, out[i].versions) {
			out[i].why = o.why
		}
		out[i].mixed = true
		out[i].versions = out[i].versions.or(o.versions)
	}
	return out
}

func (r *report) tellOutside(name string, o outside) string {
	text, many := r.versions(id{name: name}, r.candidates(name), o.versions)
	one := func(singular, plural string) string {
		if many {
			return text + " " + plural
		}
		return text + " " + singular
	}
	target := fmt.Sprintf("Python %s on %s", r.p.target.Python, r.p.target.Platform)
	switch o.why.kind {
	case otherPython:
		python := "Python " + artifact.Untrusted(o.why.detail).String()
		if o.mixed {
			python = "another Python (the newest: " + python + ")"
		}
		return fmt.Sprintf("%s %s and the target has %s", one("needs", "need"), python, r.p.target.Python)
	case noWheel:
		return fmt.Sprintf("%s no wheel for %s and no source archive", one("has", "have"), target)
	case onlySource:
		return one("has", "have") + " only a source archive that fits, where only wheels are allowed (--only-binary)"
	case noSource:
		return one("has", "have") + " only wheels that fit, where only source archives are allowed (--no-binary)"
	case noHash:
		return one("has", "have") + " no hash in the manifest, in which everything must have one"
	case otherHash:
		return one("has", "have") + " no file with a hash that the manifest gives"
	case yanked:
		return one("was", "were") + " taken back by its authors (yanked); only a pin by == takes such a version"
	case broken:
		because := "because "
		if o.mixed {
			because = "the newest because "
		}
		return fmt.Sprintf("%s left out, %s%s", one("is", "are"), because, o.why.detail)
	}
	return fmt.Sprintf("%s no file for %s", one("has", "have"), target)
}

// versions puts a set of versions into words: "flask 2.0 to 3.1", and whether it
// is a plural. Versions that cannot be chosen anyway do not break a range.
func (r *report) versions(who id, c *candidates, versions set) (string, bool) {
	name := who.name
	if who.extra != "" {
		name += "[" + who.extra + "]"
	}
	in := make([]bool, len(c.order)) // by release, newest first
	for v := versions.first(0); v >= 0; v = versions.first(v + 1) {
		in[c.order[v]] = true
	}
	ignore := make([]bool, len(c.order))
	for v := range c.order {
		got := c.state[v]
		ignore[c.order[v]] = c.release(v).version.Pre() || c.release(v).yanked || got.known && got.file == nil
	}
	var ranges []string
	all, n := true, 0
	for i := len(in) - 1; i >= 0; i-- {
		if !in[i] {
			all = all && ignore[i]
			continue
		}
		first, last := i, i
		for n++; i > 0 && (in[i-1] || ignore[i-1]); i-- {
			if in[i-1] {
				last = i - 1
				n++
			}
		}
		text := c.project.releases[first].number
		if last != first {
			text += " to " + c.project.releases[last].number
		}
		ranges = append(ranges, text)
	}
	if all && n > 1 {
		return "all versions of " + name, true
	}
	if len(ranges) > maxRanges {
		ranges = []string{fmt.Sprintf("%s and %d others up to %s", ranges[0], n-2, c.project.releases[newest(c, versions)].number)}
	}
	return name + " " + strings.Join(ranges, ", "), n > 1
}

// places lists the manifest lines that take part, in their order.
func (r *report) places() []finding.Location {
	var out []finding.Location
	for _, s := range r.subjects {
		for _, w := range slices.Concat(s.asked, s.limits) {
			out = append(out, w.At)
		}
	}
	slices.SortFunc(out, compareLocations)
	return slices.Compact(out)
}

func advise(places []finding.Location) string {
	var names []string
	for _, at := range places {
		names = append(names, at.String())
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return "Change " + names[0] + "."
	case len(names) > 6:
		return fmt.Sprintf("Change %s or another of these %d lines.", strings.Join(names[:5], ", "), len(names))
	}
	return "Change " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1] + "."
}
