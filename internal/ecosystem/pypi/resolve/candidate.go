package resolve

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// environment is a target with all that decides which file of a version an
// installer takes there. It is not changed once made.
type environment struct {
	target ecosystem.Target
	env    pep508.Environment
	python pep440.Version
	tags   pep425.Set
	rules  rules
}

// rules are what the manifests say about files.
type rules struct {
	pre      bool // pre-releases count like releases
	binary   only // packages for which only wheels may be taken
	noBinary only // packages for which only sdists may be taken
	hashed   bool // every file needs a hash given
	hashes   map[string][]string
}

// only is a set of names, or all.
type only struct {
	all   bool
	names map[string]bool
}

func (o *only) add(names []string) {
	for _, n := range names {
		if n == ":all:" {
			o.all = true
			continue
		}
		if o.names == nil {
			o.names = map[string]bool{}
		}
		o.names[n] = true
	}
}

func (o only) has(name string) bool { return o.all || o.names[name] }

func newEnvironment(t ecosystem.Target, r rules) (*environment, error) {
	env, err := pep508.For(t)
	if err != nil {
		return nil, err
	}
	python, err := pep440.Parse(env.PythonFullVersion)
	if err != nil {
		return nil, fmt.Errorf("reading python %q: %w", env.PythonFullVersion, err)
	}
	tags, err := pep425.Supported(t)
	if err != nil {
		return nil, err
	}
	return &environment{target: t, env: env, python: python, tags: pep425.NewSet(tags), rules: r}, nil
}

// reason says why a version cannot be chosen. Versions with equal reasons are
// told together.
type reason struct {
	kind   reasonKind
	detail string
}

type reasonKind int8

const (
	takeable reasonKind = iota
	otherPython
	noWheel
	onlySource
	noSource
	noHash
	otherHash
	yanked
	broken
	constrained
	noFile
)

// take chooses the file of a release that an installer takes: the wheel with
// the best tag, else the sdist. allowYanked is for versions that are pinned.
func (e *environment) take(name string, r *release, allowYanked bool) (*file, reason) {
	if r.yanked && !allowYanked {
		return nil, reason{kind: yanked}
	}
	var best *file
	bestRank, bestBuild := 0, ""
	why := reason{kind: noFile}
	for i := range r.files {
		f := &r.files[i]
		if f.Yanked && !r.yanked {
			continue
		}
		if no := e.refuses(name, f); no.kind != takeable {
			why = worse(why, no)
			continue
		}
		if f.Kind == artifact.Sdist {
			if best == nil {
				best, bestRank = f, -1
			}
			continue
		}
		w, err := pep425.ParseWheelName(f.Name)
		if err != nil {
			continue
		}
		rank, ok := e.tags.Rank(w)
		if !ok {
			why = worse(why, reason{kind: noWheel})
			continue
		}
		if best == nil || bestRank < 0 || rank < bestRank || rank == bestRank && laterBuild(w.Build, bestBuild) {
			best, bestRank, bestBuild = f, rank, w.Build
		}
	}
	if best != nil {
		return best, reason{}
	}
	return nil, why
}

// refuses says why a file may not be taken whatever its tags are.
func (e *environment) refuses(name string, f *file) reason {
	switch {
	case f.Kind == artifact.Sdist && e.rules.binary.has(name):
		return reason{kind: onlySource}
	case f.Kind == artifact.Wheel && e.rules.noBinary.has(name):
		return reason{kind: noSource}
	case !f.python.Contains(e.python):
		return reason{kind: otherPython, detail: f.python.String()}
	}
	hashes := e.rules.hashes[name]
	if e.rules.hashed && len(hashes) == 0 {
		return reason{kind: noHash}
	}
	if len(hashes) > 0 && !hashAllows(hashes, f.SHA256) {
		return reason{kind: otherHash}
	}
	return reason{}
}

// hashAllows says whether a file may be one of those that the hashes name. When
// the index does not say its SHA-256, or a hash is of another kind, only the
// bytes can tell: the fetch checks them.
func hashAllows(hashes []string, sha artifact.Digest) bool {
	if sha == "" {
		return true
	}
	return slices.ContainsFunc(hashes, func(h string) bool {
		kind, hex, _ := strings.Cut(h, ":")
		return kind != "sha256" || hex == string(sha)
	})
}

// worse keeps the reason that says most about a version none of whose files
// can be taken: a wrong Python explains more than a missing wheel.
func worse(a, b reason) reason {
	order := []reasonKind{noHash, otherHash, otherPython, noWheel, onlySource, noSource}
	for _, k := range order {
		if a.kind == k {
			return a
		}
		if b.kind == k {
			return b
		}
	}
	return a
}

// laterBuild compares build tags: the leading number, then the rest.
func laterBuild(a, b string) bool {
	an, ar := buildNumber(a)
	bn, br := buildNumber(b)
	if an != bn {
		return an > bn
	}
	return ar > br
}

func buildNumber(tag string) (int, string) {
	n := 0
	for n < len(tag) && tag[n] >= '0' && tag[n] <= '9' {
		n++
	}
	number, err := strconv.Atoi(tag[:n])
	if err != nil {
		return -1, tag // no tag: before all
	}
	return number, tag[n:]
}

// candidates are the versions of one package in the solver's numbers: 0 is the
// one to try first.
type candidates struct {
	project *project
	order   []int // version to release
	state   []choice
	pinned  []bool         // by version: a requirement names it with == or ===
	specs   map[string]set // what specifiers allow
	tries   int
	open    set  // what the solver last allowed
	narrow  bool // constraints were told to the solver
}

// choice is what was found out about a version.
type choice struct {
	known bool
	file  *file
	why   reason
}

// newCandidates puts the versions in the order in which uv and pip try them:
// releases from the newest, then pre-releases from the newest, then what was
// yanked. A pre-release is so taken only when no release fits, which is uv's
// "if-necessary"; pip differs in one case: where a specifier itself names a
// pre-release it would take a newer pre-release before a release.
func newCandidates(p *project, pre bool) *candidates {
	c := &candidates{project: p, specs: map[string]set{}}
	group := func(r *release) int {
		switch {
		case r.yanked:
			return 2
		case r.version.Pre() && !pre:
			return 1
		}
		return 0
	}
	for g := range 3 {
		for i := range p.releases {
			if group(&p.releases[i]) == g {
				c.order = append(c.order, i)
			}
		}
	}
	c.state = make([]choice, len(c.order))
	c.pinned = make([]bool, len(c.order))
	return c
}

func (c *candidates) release(v int) *release { return &c.project.releases[c.order[v]] }

// allowed gives the versions that specifiers allow. Pre-releases count as being
// in the range: their place in the order says when they are taken.
func (c *candidates) allowed(specs pep440.Specifiers) set {
	key := specs.String()
	s, ok := c.specs[key]
	if !ok {
		s = newSet(len(c.order))
		for v := range c.order {
			if specs.Contains(c.release(v).version) {
				s.add(v)
			}
		}
		c.specs[key] = s
	}
	return s
}

// pin notes that a requirement names one version, which may then be a yanked
// one (PEP 592). A version that was told to the solver as yanked before any pin
// was read stays so: the answer may then be a conflict that says it, never a
// yanked version that nobody pins.
func (c *candidates) pin(v pep440.Version) {
	for i := range c.order {
		if pep440.Compare(c.release(i).version.Public(), v.Public()) == 0 {
			if c.state[i].why.kind == yanked {
				c.state[i] = choice{}
			}
			c.pinned[i] = true
		}
	}
}

// choose says which file of a version is taken.
func (c *candidates) choose(e *environment, v int) choice {
	if !c.state[v].known {
		f, why := e.take(c.project.name, c.release(v), c.pinned[v])
		c.state[v] = choice{known: true, file: f, why: why}
	}
	return c.state[v]
}

// spoil notes that a version's metadata rules it out.
func (c *candidates) spoil(v int, why reason) { c.state[v] = choice{known: true, why: why} }
