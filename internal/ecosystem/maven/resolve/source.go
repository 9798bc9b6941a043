package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const (
	atOnce       = 16        // requests at a time
	maxPoms      = 50_000    // poms that one closure reads
	maxPomBytes  = 512 << 20 // of all of them
	maxImporting = 30        // bills of materials that import one another
)

// source reads indexes and poms through an upstream, each once, ahead of who asks.
// What a pom means is worked out by one goroutine, which asks as pom.Reader.
type source struct {
	ctx     context.Context
	up      ecosystem.Upstream
	slots   chan struct{}
	work    sync.WaitGroup
	machine pom.Machine

	mu      sync.Mutex
	indexes map[artifact.Package]*promise[*ecosystem.Index]
	poms    map[pom.Coordinate]*promise[*pom.Project]
	walked  map[pom.Coordinate]bool // read ahead, with what they build on
	bytes   int                     // of the poms that were read

	// The rest is the one goroutine's.
	models    map[pom.Coordinate]*meant // without what they manage and build with
	boms      map[pom.Coordinate]*meant // with all
	importing []pom.Coordinate
	reactor   map[pom.Coordinate][]pom.Origin // projects that are built here
}

// promise is something on its way.
type promise[T any] struct {
	done chan struct{}
	v    T
	err  error
}

// meant is what a pom means, or why that is not known.
type meant struct {
	model *pom.Model
	err   error
}

// newSource reads under ctx until close is called.
func newSource(ctx context.Context, up ecosystem.Upstream, machine pom.Machine) (s *source, close func()) {
	ctx, cancel := context.WithCancel(ctx)
	s = &source{
		ctx: ctx, up: up, machine: machine, slots: make(chan struct{}, atOnce),
		indexes: map[artifact.Package]*promise[*ecosystem.Index]{}, poms: map[pom.Coordinate]*promise[*pom.Project]{}, walked: map[pom.Coordinate]bool{},
		models: map[pom.Coordinate]*meant{}, boms: map[pom.Coordinate]*meant{}, reactor: map[pom.Coordinate][]pom.Origin{},
	}
	return s, func() {
		cancel()
		s.work.Wait()
	}
}

// once gives what is kept under a key, and has it made where it is not yet.
func once[K comparable, T any](s *source, all map[K]*promise[T], key K, make_ func() (T, error)) *promise[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := all[key]; ok {
		return p
	}
	p := &promise[T]{done: make(chan struct{})}
	all[key] = p
	if len(s.poms) > maxPoms || len(s.indexes) > maxPoms {
		p.err = ErrTooHard
		close(p.done)
		return p
	}
	s.work.Go(func() {
		defer close(p.done)
		p.v, p.err = make_()
	})
	return p
}

func wait[T any](s *source, p *promise[T]) (T, error) {
	select {
	case <-p.done:
		return p.v, p.err
	default:
	}
	select {
	case <-p.done:
		return p.v, p.err
	case <-s.ctx.Done():
		var none T
		return none, context.Cause(s.ctx)
	}
}

// ask runs a request when there is a slot for it.
func (s *source) ask(request func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return request()
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// index gives a package's index; one without files where there is no such package.
func (s *source) index(p artifact.Package) *promise[*ecosystem.Index] {
	return once(s, s.indexes, p, func() (x *ecosystem.Index, err error) {
		err = s.ask(func() error {
			x, err = s.up.Index(s.ctx, p)
			return err
		})
		if errors.Is(err, ecosystem.ErrNoPackage) {
			return &ecosystem.Index{Package: p}, nil
		}
		return x, err
	})
}

// file is one of the files of a version, its pom where that is listed.
func file(x *ecosystem.Index, n coordinate.Name, number string) (ecosystem.IndexFile, bool) {
	fs := x.Of(number)
	if len(fs) == 0 {
		return ecosystem.IndexFile{}, false
	}
	i := slices.IndexFunc(fs, func(f ecosystem.IndexFile) bool { return f.Name == n.File(number, "", "pom") })
	return fs[max(i, 0)], true
}

// read gives a pom as it is written.
func (s *source) read(c pom.Coordinate) *promise[*pom.Project] {
	return once(s, s.poms, c, func() (*pom.Project, error) {
		x, err := wait(s, s.index(c.Name.Package()))
		if err != nil {
			return nil, err
		}
		f, ok := file(x, c.Name, c.Version)
		if !ok {
			return nil, fmt.Errorf("%s: %w", c, pom.ErrMissing)
		}
		var raw []byte
		err = s.ask(func() error {
			_, raw, err = s.up.Metadata(s.ctx, x, f)
			return err
		})
		switch {
		case errors.Is(err, ecosystem.ErrNoPackage):
			return nil, fmt.Errorf("%s: %w", c, pom.ErrMissing)
		case errors.Is(err, ecosystem.ErrBadMetadata):
			return nil, fmt.Errorf("%w: %w", pom.ErrSyntax, err)
		case err != nil:
			return nil, err
		}
		s.mu.Lock()
		s.bytes += len(raw)
		full := s.bytes > maxPomBytes
		s.mu.Unlock()
		if full {
			return nil, ErrTooHard
		}
		return pom.Parse(raw)
	})
}

// ahead reads a pom and what it builds on before anybody asks, as far as its own text
// says where that is.
func (s *source) ahead(c pom.Coordinate) {
	s.mu.Lock()
	known := s.walked[c] || len(s.walked) > maxPoms
	s.walked[c] = true
	s.mu.Unlock()
	if known {
		return
	}
	p := s.read(c)
	s.work.Go(func() {
		project, err := wait(s, p)
		if err == nil {
			s.aheadOf(pom.Origin{Project: project})
		}
	})
}

func (s *source) aheadOf(lineage ...pom.Origin) {
	if p := lineage[len(lineage)-1].Parent; p != nil {
		if c, err := pom.NewCoordinate(p.Group, p.Artifact, p.Version); err == nil {
			s.ahead(c)
		}
	}
	for _, d := range pom.Written(s.machine, lineage...).Managed {
		if c, err := pom.NewCoordinate(d.Group, d.Artifact, d.Version); err == nil && d.Imports() {
			s.ahead(c)
		}
	}
}

// Pom implements pom.Reader.
func (s *source) Pom(_ context.Context, c pom.Coordinate) (*pom.Project, error) {
	if own, ok := s.reactor[c]; ok {
		return own[0].Project, nil
	}
	s.ahead(c)
	return wait(s, s.read(c))
}

// Highest implements pom.Reader.
func (s *source) Highest(_ context.Context, n coordinate.Name, rng string) (string, error) {
	r, err := version.ParseRange(rng)
	if err != nil {
		return "", fmt.Errorf("%w: %w", pom.ErrLineage, err)
	}
	numbers, err := s.numbers(n.Package())
	if err != nil {
		return "", err
	}
	for _, v := range numbers {
		if r.Contains(v) {
			return v.String(), nil
		}
	}
	return "", fmt.Errorf("%s %s: %w", n, artifact.Untrusted(rng), pom.ErrMissing)
}

// numbers lists a package's versions, the highest first.
func (s *source) numbers(p artifact.Package) ([]version.Version, error) {
	x, err := wait(s, s.index(p))
	if err != nil {
		return nil, err
	}
	var out []version.Version
	seen := map[string]bool{}
	for _, f := range x.Files {
		if v, err := version.Parse(f.Number); err == nil && !seen[f.Number] {
			seen[f.Number] = true
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b version.Version) int {
		return cmp.Or(version.Compare(b, a), cmp.Compare(a.String(), b.String()))
	})
	return out, nil
}

// newestOf is the highest release of a package, or its highest version where there is
// no release.
func (s *source) newestOf(n coordinate.Name, at finding.Location) (string, error) {
	numbers, err := s.numbers(n.Package())
	if err != nil {
		return "", err
	}
	for _, v := range numbers {
		if !v.Pre() {
			return v.String(), nil
		}
	}
	if len(numbers) == 0 {
		return "", &ecosystem.Conflict{At: at, Report: fmt.Sprintf("There is no %s in the registry.\nCorrect the name; where it is an internal one, publish it to the gate.", n)}
	}
	return numbers[0].String(), nil
}

// Managed implements pom.Reader.
func (s *source) Managed(_ context.Context, c pom.Coordinate) (*pom.Model, error) {
	if m, ok := s.boms[c]; ok {
		return m.model, m.err
	}
	if slices.Contains(s.importing, c) || len(s.importing) > maxImporting {
		return nil, fmt.Errorf("%w: %s imports itself, by way of others, or more than %d import one another", pom.ErrLineage, c, maxImporting)
	}
	s.importing = append(s.importing, c)
	defer func() { s.importing = s.importing[:len(s.importing)-1] }()
	m := &meant{}
	m.model, m.err = s.effective(c)
	s.boms[c] = m
	return m.model, m.err
}

// model gives what a pom of a repository means, or one of a project that is built here.
// What it manages was applied and is not kept: it may be a hundred times the rest.
func (s *source) model(c pom.Coordinate) (*pom.Model, error) {
	if m, ok := s.models[c]; ok {
		return m.model, m.err
	}
	m := &meant{}
	if full, err := s.effective(c); err != nil {
		m.err = err
	} else {
		slim := *full
		slim.Managed, slim.Plugins, slim.PluginsFor, slim.Extensions, slim.Repositories = nil, nil, nil, nil, nil
		m.model = &slim
	}
	s.models[c] = m
	return m.model, m.err
}

func (s *source) effective(c pom.Coordinate) (*pom.Model, error) {
	lineage := s.reactor[c]
	if lineage == nil {
		project, err := s.Pom(s.ctx, c)
		if err != nil {
			return nil, err
		}
		lineage = []pom.Origin{{Project: project}}
	}
	return pom.Effective(s.ctx, s, s.machine, lineage...)
}
