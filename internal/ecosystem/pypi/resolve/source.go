package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// inFlight bounds the requests to the upstream at one time.
const inFlight = 16

// source reads indexes and metadata through an upstream, each once in a
// resolution, several at a time. What it gives is the same for all targets and
// is not changed afterwards. Asking without waiting is how a reader runs ahead.
type source struct {
	up    ecosystem.Upstream
	slots chan struct{}

	ctx  context.Context // of the resolution as a whole; ends the reading ahead
	work sync.WaitGroup

	mu       sync.Mutex
	projects map[string]*promise[*project]
	releases map[releaseFile]*promise[*details]
	markers  map[string]pep508.Requirement // requirement texts already read
}

type releaseFile struct{ project, file string }

// promise is a value that somebody is on the way to get.
type promise[T any] struct {
	done chan struct{}
	v    T
	err  error
}

func (p *promise[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-p.done:
		return p.v, p.err
	default:
	}
	select {
	case <-p.done:
		return p.v, p.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// project is a package's index with its versions read.
type project struct {
	name     string
	index    *ecosystem.Index // nil when the upstream has no such package
	releases []release        // newest first
}

// release is one version with its files.
type release struct {
	version pep440.Version
	key     string // of version, in its order
	number  string // as the index spells it
	files   []file
	yanked  bool // all of it
}

// file is a file of the index with what its name says.
type file struct {
	ecosystem.IndexFile
	python pep440.Specifiers // its Requires-Python
}

// details is what a version's metadata says.
type details struct {
	python   pep440.Specifiers
	requires []requirement
	broken   string // why installers would not take the version for what it says
	// Of an sdist:
	dynamic string        // why the dependencies are known only by running the build
	static  string        // the file that vouches for them
	build   []requirement // what has to be there before anything of it is built
	noBuild string        // why that is not known
}

// requirement is one line of metadata.
type requirement struct {
	name   string // normalised
	extras []string
	specs  pep440.Specifiers
	marker pep508.Marker
	url    string
	text   string
}

// newSource reads under ctx until close is called.
func newSource(ctx context.Context, up ecosystem.Upstream) (s *source, close func()) {
	ctx, cancel := context.WithCancel(ctx)
	s = &source{
		up: up, ctx: ctx, slots: make(chan struct{}, inFlight),
		projects: map[string]*promise[*project]{},
		releases: map[releaseFile]*promise[*details]{},
		markers:  map[string]pep508.Requirement{},
	}
	return s, func() {
		cancel()
		s.work.Wait()
	}
}

// start runs get on a goroutine, under the bound on requests.
func start[T any](s *source, get func() (T, error)) *promise[T] {
	p := &promise[T]{done: make(chan struct{})}
	s.work.Go(func() {
		defer close(p.done)
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
			p.v, p.err = get()
		case <-s.ctx.Done():
			p.err = s.ctx.Err()
		}
	})
	return p
}

// project asks for a package's index. A package that the upstream does not have
// is a project without releases, no error.
func (s *source) project(name string) *promise[*project] {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[name]
	if p == nil {
		p = start(s, func() (*project, error) { return s.readProject(name) })
		s.projects[name] = p
	}
	return p
}

func (s *source) readProject(name string) (*project, error) {
	x, err := s.up.Index(s.ctx, artifact.Package{Ecosystem: artifact.PyPI, Name: name})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return &project{name: name}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", name, err)
	}
	return readIndex(name, x), nil
}

// readIndex sorts an index's files into versions, newest first. Files whose
// version is none are left out, as installers do, and those whose
// Requires-Python cannot be read count as having none, as pip does.
func readIndex(name string, x *ecosystem.Index) *project {
	p := &project{name: name, index: x}
	byNumber := map[string]int{} // as spelled, and as key after "="; -1: no version
	specs := map[string]pep440.Specifiers{}
	for _, f := range x.Files {
		i, ok := byNumber[f.Number]
		if !ok {
			i = p.place(f.Number, byNumber)
			byNumber[f.Number] = i
		}
		if i < 0 {
			continue
		}
		python, ok := specs[f.RequiresPython]
		if !ok {
			python, _ = pep440.ParseSpecifiers(f.RequiresPython)
			specs[f.RequiresPython] = python
		}
		r := &p.releases[i]
		r.files = append(r.files, file{IndexFile: f, python: python})
		r.yanked = r.yanked && f.Yanked
	}
	p.newestFirst()
	return p
}

func (p *project) newestFirst() {
	order := make([]int, len(p.releases))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(p.releases[b].key, p.releases[a].key) })
	sorted := make([]release, len(order))
	for to, from := range order {
		sorted[to] = p.releases[from]
	}
	p.releases = sorted
}

// place finds or makes the release of a number.
func (p *project) place(number string, byNumber map[string]int) int {
	v, err := pep440.Parse(number)
	if err != nil {
		return -1
	}
	key := string(v.Key())
	if i, ok := byNumber["="+key]; ok {
		return i
	}
	p.releases = append(p.releases, release{version: v, key: key, number: number, yanked: true})
	byNumber["="+key] = len(p.releases) - 1
	return len(p.releases) - 1
}

// details asks for what a file's metadata says.
func (s *source) details(p *project, r *release, f *file) *promise[*details] {
	key := releaseFile{p.name, f.Name}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.releases[key]
	if d == nil {
		d = start(s, func() (*details, error) { return s.readDetails(p, r, f) })
		s.releases[key] = d
	}
	return d
}

func (s *source) readDetails(p *project, r *release, f *file) (*details, error) {
	m, _, err := s.up.Metadata(s.ctx, p.index, f.IndexFile)
	switch {
	case err == nil:
		return s.readMetadata(p, r, f, m), nil
	case !errors.Is(err, ecosystem.ErrBadMetadata):
		return nil, fmt.Errorf("reading the metadata of %s: %w", artifact.Untrusted(f.Name), err)
	case f.Kind == artifact.Sdist: // it has to be built to know more
		why := artifact.Untrusted(err.Error()).String()
		return &details{dynamic: why, noBuild: why}, nil
	}
	return &details{broken: "its metadata cannot be read"}, nil
}

func (s *source) readMetadata(p *project, r *release, f *file, m ecosystem.Metadata) *details {
	d := &details{}
	v, err := pep440.Parse(m.Version)
	switch {
	case pep503.Normalize(m.Name) != p.name:
		d.broken = fmt.Sprintf("its metadata is that of %s", artifact.Untrusted(m.Name))
	case err != nil || pep440.Compare(v, r.version) != 0:
		d.broken = fmt.Sprintf("its metadata is that of version %s", artifact.Untrusted(m.Version))
	case f.Kind == artifact.Sdist:
		s.readSource(d, &m)
	}
	if d.broken != "" || d.dynamic != "" {
		return d
	}
	if d.python, err = pep440.ParseSpecifiers(m.RequiresPython); err != nil {
		d.python = pep440.Specifiers{} // as for the index
	}
	if d.requires, err = s.requirements(m.RequiresDist); err != nil {
		d.requires, d.broken = nil, err.Error()
	}
	return d
}

// readSource takes from an sdist's files what they say beside PKG-INFO.
func (s *source) readSource(d *details, m *ecosystem.Metadata) {
	src := m.Source
	if src == nil {
		d.dynamic = "nobody read its archive for what a build of it needs"
		d.noBuild = d.dynamic
		return
	}
	d.static, d.noBuild = src.Static, src.NoBuild
	if d.noBuild == "" {
		build, err := s.requirements(src.Build)
		if err != nil {
			d.noBuild = err.Error()
		}
		d.build = build
	}
	switch src.Static {
	case "":
		d.dynamic = cmp.Or(src.Why, "none of its files says it")
	case "PKG-INFO":
	default:
		m.RequiresDist, m.RequiresPython = src.RequiresDist, src.RequiresPython
	}
}

// requirements reads lines of metadata; an error says which one cannot be read.
func (s *source) requirements(texts []string) ([]requirement, error) {
	out := make([]requirement, 0, len(texts))
	for _, text := range texts {
		q, err := s.requirement(text)
		if err != nil {
			return nil, fmt.Errorf("its requirement %s cannot be read", artifact.Untrusted(text))
		}
		out = append(out, q)
	}
	return out, nil
}

// requirement reads a line of metadata. The same lines come again in each
// version of a package, so they are kept.
func (s *source) requirement(text string) (requirement, error) {
	s.mu.Lock()
	q, ok := s.markers[text]
	s.mu.Unlock()
	if !ok {
		var err error
		if q, err = pep508.ParseRequirement(text); err != nil {
			return requirement{}, err
		}
		s.mu.Lock()
		s.markers[text] = q
		s.mu.Unlock()
	}
	r := requirement{name: pep503.Normalize(q.Name), specs: q.Specifiers, marker: q.Marker, url: q.URL, text: text}
	for _, e := range q.Extras {
		r.extras = append(r.extras, pep503.Normalize(e))
	}
	return r, nil
}
