package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits on one collection.
const (
	maxWishes      = 1_000_000 // dependencies looked at, those that lose included
	maxPasses      = 100       // until no range is left unmet
	maxRelocations = 10        // of one dependency
)

// key is what a class path has one version of.
type key struct{ group, artifact, extension, classifier string }

// wish is a dependency on its way, and how it came there.
type wish struct {
	pom.Dependency
	from  *node // nil for one of the root
	depth int   // 1 for those of the root
	at    finding.Location
}

// node is a version that was chosen.
type node struct {
	pom.Coordinate
	key        key
	from       *node
	at         finding.Location // of the line of the root that it comes from
	own        bool             // it is built here
	model      *pom.Model       // nil where its pom cannot be read
	exclusions *exclusions
	needs      []*node
	findings   []finding.Finding
}

// exclusions are what a node keeps out of all below it, with those of the nodes above.
type exclusions struct {
	list  []pom.Exclusion
	above *exclusions
}

func (x *exclusions) keepsOut(d pom.Dependency) bool {
	for ; x != nil; x = x.above {
		if slices.ContainsFunc(x.list, func(e pom.Exclusion) bool { return e.Excludes(d.Group, d.Artifact) }) {
			return true
		}
	}
	return false
}

// collector gathers one class path: what a project or a plugin needs, by Maven's
// mediation (https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html):
// level by level, and of each package the version that stands nearest to the root, the
// first of a level before others, unless a range forbids it.
type collector struct {
	*source
	roots   []wish
	managed map[key]pom.Dependency // versions and exclusions for whatever is not of the root
	newest  bool                   // Gradle's way: of each package the highest version that anything asks for
	shallow bool                   // the roots alone

	asked  map[key][]string // versions and ranges, in the order met
	ranged map[key]bool     // a range is among them
	chosen map[key]*node
	order  []*node
	wishes int
}

func (s *source) collector(roots []wish, managed []pom.Dependency) *collector {
	c := &collector{source: s, roots: roots, managed: make(map[key]pom.Dependency, len(managed)), asked: map[key][]string{}, ranged: map[key]bool{}}
	for _, d := range managed {
		if k := keyOf(d); c.managed[k].Artifact == "" {
			c.managed[k] = d
		}
	}
	return c
}

func keyOf(d pom.Dependency) key {
	extension, classifier := pom.FileOf(d.Type, d.Classifier)
	return key{d.Group, d.Artifact, extension, classifier}
}

// collect gives the class path, in the order of its levels.
func (c *collector) collect() ([]*node, error) {
	for range maxPasses {
		settled, err := c.pass()
		if err != nil || settled {
			return c.order, err
		}
	}
	return nil, ErrTooHard
}

// pass walks all levels once. It is not settled where something met late would have
// chosen another version earlier.
func (c *collector) pass() (settled bool, err error) {
	c.chosen, c.order, settled = map[key]*node{}, nil, true
	queue := slices.Clone(c.roots)
	for _, w := range queue {
		c.aheadWish(w)
	}
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		if c.wishes++; c.wishes > maxWishes {
			return false, ErrTooHard
		}
		if c.ctx.Err() != nil {
			return false, context.Cause(c.ctx)
		}
		n, fresh, same, err := c.choose(w)
		if err != nil {
			return false, err
		}
		settled = settled && same
		if n == nil {
			continue
		}
		if w.from != nil && !slices.Contains(w.from.needs, n) && w.from != n {
			w.from.needs = append(w.from.needs, n)
		}
		if !fresh || n.model == nil || pom.Fat(w.Type) || c.shallow {
			continue
		}
		for _, d := range n.model.Dependencies {
			next := wish{Dependency: d, from: n, depth: w.depth + 1, at: n.at}
			if !d.Transitive() || n.exclusions.keepsOut(d) {
				continue
			}
			next.Dependency = c.manage(next.Dependency)
			c.aheadWish(next)
			queue = append(queue, next)
		}
	}
	return settled, nil
}

// manage gives a dependency that is not of the root what the root manages for it.
func (c *collector) manage(d pom.Dependency) pom.Dependency {
	m, ok := c.managed[keyOf(d)]
	if !ok {
		return d
	}
	if m.Version != "" {
		d.Version = m.Version
	}
	if len(m.Exclusions) > 0 {
		d.Exclusions = slices.Concat(d.Exclusions, m.Exclusions)
	}
	return d
}

func (c *collector) aheadWish(w wish) {
	if at, err := pom.NewCoordinate(w.Group, w.Artifact, w.Version); err == nil {
		c.ahead(at)
	}
}

// choose gives the node that a wish leads to; fresh where it is met for the first time,
// same where an earlier choice holds. Nil for what is not taken.
func (c *collector) choose(w wish) (n *node, fresh, same bool, err error) {
	for range maxRelocations {
		if version.Floating(w.Version) { // whatever is the newest now
			if w.Version, err = c.newestOf(coordinate.Name{Group: w.Group, Artifact: w.Artifact}, w.at); err != nil {
				return nil, false, false, err
			}
		}
		k := keyOf(w.Dependency)
		have := c.chosen[k]
		// Of what loses the pom is read too: it may be one of a package that has moved,
		// and then it is another package that is asked for.
		r, _ := version.ParseRange(w.Version)
		if number, soft := r.Soft(); soft {
			model, _, err := c.describe(w, k, number, have != nil)
			if err != nil {
				return nil, false, false, err
			}
			if model != nil && model.Relocation != nil {
				w = c.moved(w, *model.Relocation)
				continue
			}
		}
		number, err := c.match(w, k)
		if err != nil {
			return nil, false, false, err
		}
		if have != nil {
			return have, false, have.Version == number, nil
		}
		model, found, err := c.describe(w, k, number, false)
		if err != nil {
			return nil, false, false, err
		}
		if model != nil && model.Relocation != nil {
			w = c.moved(w, *model.Relocation)
			continue
		}
		return c.add(w, k, number, model, found), true, true, nil
	}
	return nil, false, false, c.unreadable(w, fmt.Errorf("it has moved more than %d times", maxRelocations))
}

// add makes the node of a choice.
func (c *collector) add(w wish, k key, number string, model *pom.Model, found []finding.Finding) *node {
	n := &node{Coordinate: k.at(number), key: k, from: w.from, at: w.at, model: model, findings: found}
	_, n.own = c.reactor[n.Coordinate]
	if w.from != nil {
		n.exclusions = w.from.exclusions
	}
	if len(w.Exclusions) > 0 {
		n.exclusions = &exclusions{w.Exclusions, n.exclusions}
	}
	c.chosen[k] = n
	c.order = append(c.order, n)
	return n
}

func (k key) at(number string) pom.Coordinate {
	return pom.Coordinate{Name: coordinate.Name{Group: k.group, Artifact: k.artifact}, Version: number}
}

// moved is a wish for where an artifact has moved to. What the root manages holds for a
// package of another name.
func (c *collector) moved(w wish, to pom.Coordinate) wish {
	elsewhere := to.Name != coordinate.Name{Group: w.Group, Artifact: w.Artifact}
	w.Group, w.Artifact, w.Version = to.Name.Group, to.Name.Artifact, to.Version
	if elsewhere && w.depth > 1 {
		w.Dependency = c.manage(w.Dependency)
	}
	return w
}

// match remembers what is asked of a package and gives the version that is taken of it:
// the first one asked for, unless ranges forbid it; then the first that they allow, or
// the highest that they hold.
func (c *collector) match(w wish, k key) (string, error) {
	if !slices.Contains(c.asked[k], w.Version) {
		r, err := version.ParseRange(w.Version)
		if err != nil || w.Version == "" {
			return "", c.unreadable(w, fmt.Errorf("its version is %q", artifact.Untrusted(w.Version).String()))
		}
		_, soft := r.Soft()
		c.ranged[k] = c.ranged[k] || !soft
		c.asked[k] = append(c.asked[k], w.Version)
	}
	if !c.ranged[k] && !c.newest {
		return c.asked[k][0], nil
	}
	var ranges []version.Range
	allowed := func(v version.Version) bool {
		return !slices.ContainsFunc(ranges, func(r version.Range) bool { return !r.Contains(v) })
	}
	var wishes []version.Version
	first := -1 // how many wishes stand before the first range
	for _, text := range c.asked[k] {
		r, err := version.ParseRange(text)
		if err != nil {
			return "", c.unreadable(w, err)
		}
		if number, ok := r.Soft(); ok {
			v, _ := version.Parse(number)
			wishes = append(wishes, v)
			continue
		}
		if ranges = append(ranges, r); first < 0 {
			first = len(wishes)
		}
	}
	if c.newest {
		slices.SortStableFunc(wishes, func(a, b version.Version) int { return version.Compare(b, a) })
	}
	highest := func() (string, error) {
		numbers, err := c.numbers(k.at("").Name.Package())
		for _, v := range numbers {
			if allowed(v) && err == nil {
				return v.String(), nil
			}
		}
		return "", err
	}
	for i, v := range wishes {
		if i == first {
			if number, err := highest(); number != "" || err != nil {
				return number, err
			}
		}
		if allowed(v) {
			return v.String(), nil
		}
	}
	if number, err := highest(); number != "" || err != nil {
		return number, err
	}
	return "", c.conflict(w, k)
}

// describe gives what the pom of a version means. A version that the registry does not
// have is a conflict, unless it loses anyway. A pom that cannot be read, or that builds
// on one that is not there, is taken for one that needs nothing, as Maven takes it, and
// found.
func (c *collector) describe(w wish, k key, number string, loses bool) (*pom.Model, []finding.Finding, error) {
	at, err := pom.NewCoordinate(k.group, k.artifact, number)
	if err != nil {
		return nil, nil, c.unreadable(w, err)
	}
	m, err := c.model(at)
	switch {
	case err == nil:
		return m, nil, nil
	case loses && knowable(err):
		return nil, nil, nil
	case !knowable(err):
		return nil, nil, fmt.Errorf("%s: %w", at, err)
	}
	x, xErr := wait(c.source, c.index(at.Name.Package()))
	if xErr != nil {
		return nil, nil, xErr
	}
	if len(x.Of(at.Version)) == 0 {
		return nil, nil, c.missing(w, at, x)
	}
	return nil, []finding.Finding{{Rule: RulePom, Class: finding.Fault, Severity: finding.High,
		Text: fmt.Sprintf("what %s needs is not known: %s. Maven takes it to need nothing; take a version whose pom can be read", at, artifact.Untrusted(err.Error()))}}, nil
}

// knowable says that an error is an answer, and no fault.
func knowable(err error) bool {
	return errors.Is(err, pom.ErrMissing) || errors.Is(err, pom.ErrSyntax) || errors.Is(err, pom.ErrLineage)
}

// way gives the packages from the line of the root to a node, the node's own included.
func (n *node) way() []artifact.Package {
	var out []artifact.Package
	for ; n != nil; n = n.from {
		if !n.own {
			out = append(out, n.Name.Package())
		}
	}
	slices.Reverse(out)
	return out
}

// who says in words who asks.
func (w wish) who() string {
	if w.from == nil || w.from.own && len(w.from.way()) == 0 {
		return "the project"
	}
	out := w.from.String()
	for up := w.from.from; up != nil && !up.own; up = up.from {
		out += ", which " + up.Name.String() + " needs"
	}
	return out
}

func (c *collector) unreadable(w wish, err error) error {
	return &ecosystem.Conflict{At: w.at, Report: fmt.Sprintf("%s asks for %s in a way that the gate cannot read: %v.\nWrite the version, or give the property that it names a value.",
		w.who(), artifact.Untrusted(w.Group+":"+w.Artifact), err)}
}

func (c *collector) missing(w wish, at pom.Coordinate, x *ecosystem.Index) error {
	if len(x.Files) == 0 {
		return &ecosystem.Conflict{At: w.at, Report: fmt.Sprintf("There is no %s in the registry, and %s asks for it.\nCorrect the name; where it is an internal one, publish it to the gate.", at.Name, w.who())}
	}
	newest := x.Files[0].Number
	for _, f := range x.Files {
		if version.CompareText(f.Number, newest) > 0 {
			newest = f.Number
		}
	}
	return &ecosystem.Conflict{At: w.at, Report: fmt.Sprintf("There is no version %s of %s in the registry, which %s asks for; the newest is %s.\nAsk for another version.",
		artifact.Untrusted(at.Version), at.Name, w.who(), artifact.Untrusted(newest))}
}

func (c *collector) conflict(w wish, k key) error {
	asked := slices.Clone(c.asked[k])
	for i := range asked {
		asked[i] = artifact.Untrusted(asked[i]).String()
	}
	return &ecosystem.Conflict{At: w.at, Report: fmt.Sprintf("No version of %s:%s is all that it is asked for: %q, the last by %s.\nAsk for another range, or manage the version (dependencyManagement).",
		artifact.Untrusted(k.group), artifact.Untrusted(k.artifact), asked, w.who())}
}
