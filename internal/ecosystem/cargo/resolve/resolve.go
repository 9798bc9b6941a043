// Package resolve finds the closure of a Rust project without running cargo: what a
// Cargo.lock says, held against the index, and else which versions cargo would write
// into a new lock (https://doc.rust-lang.org/cargo/reference/resolver.html): for all
// targets, with all features of the project's own packages and with what only its
// tests need.
//
// It reads indexes through an ecosystem.Upstream and nothing else, and promises never
// to unpack or fetch a crate, never to follow an address of a manifest or a lock, and
// never to answer with half a closure: a fault is an error. Its work is bounded. All
// functions are safe for concurrent use.
package resolve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
)

const (
	atOnce  = 16 // indexes asked for at a time
	maxTime = 10 * time.Minute
)

// ErrTooHard says that a closure could not be worked out in the time there is.
var ErrTooHard = errors.New("the closure takes too long to resolve; write a lock with cargo generate-lockfile and give the gate that")

// Resolve gives the union of the closures of manifests, sorted by name and version.
// Errors: *ecosystem.Conflict, ErrTooHard, and ecosystem.ErrUnreachable wrapped.
func Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, ErrTooHard)
	src := &source{ctx: ctx, up: up, slots: make(chan struct{}, atOnce), crates: map[string]*crate{}, found: map[string][]*release{}}
	defer src.done.Wait()
	defer cancel()
	var all []ecosystem.Resolved
	for _, m := range ms {
		closure := fromManifest
		if m.Locked {
			closure = fromLock
		}
		rs, err := closure(src, m)
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return ecosystem.UnionResolved(all, strings.Compare), nil
}

// source reads indexes, each once, ahead of who asks. It is used by one goroutine.
type source struct {
	ctx    context.Context
	up     ecosystem.Upstream
	slots  chan struct{}
	crates map[string]*crate
	found  map[string][]*release // by crate and requirement
	done   sync.WaitGroup
}

// crate is one index on its way.
type crate struct {
	ready    chan struct{}
	err      error
	releases []*release // the newest first
}

// release is one version of a crate.
type release struct {
	pkg     artifact.Package
	file    ecosystem.IndexFile
	version semver.Version
	line    record.Line
	read    bool // line is
}

// key tells releases of which a build has one at most.
func (r *release) key() string { return r.pkg.Name + " " + r.version.Compatible() }

func (r *release) id() string { return r.pkg.Name + " " + r.file.Number }

// ask begins to read an index.
func (s *source) ask(name string) *crate {
	name = strings.ToLower(name)
	if c := s.crates[name]; c != nil {
		return c
	}
	c := &crate{ready: make(chan struct{})}
	s.crates[name] = c
	s.done.Go(func() {
		defer close(c.ready)
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
			c.releases, c.err = s.load(name)
		case <-s.ctx.Done():
			c.err = context.Cause(s.ctx)
		}
	})
	return c
}

func (s *source) load(name string) ([]*release, error) {
	p := artifact.Package{Ecosystem: artifact.Cargo, Name: name}
	x, err := s.up.Index(s.ctx, p)
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]*release, 0, len(x.Files))
	for _, f := range x.Files {
		if v, err := semver.Parse(f.Number); err == nil {
			out = append(out, &release{pkg: p, file: f, version: v})
		}
	}
	slices.SortStableFunc(out, func(a, b *release) int { return semver.Compare(b.version, a.version) })
	return out, nil
}

// releases gives what an index lists, the newest first; none where there is no such
// crate.
func (s *source) releases(name string) ([]*release, error) {
	c := s.ask(name)
	<-c.ready
	return c.releases, c.err
}

// matching gives those of a crate's releases that meet a requirement and were not
// yanked, the newest first. key names crate and requirement.
func (s *source) matching(key string, all []*release, req semver.Req) []*release {
	found, ok := s.found[key]
	if !ok {
		for _, r := range all {
			if !r.file.Yanked && req.Contains(r.version) {
				found = append(found, r)
			}
		}
		s.found[key] = found
	}
	return found
}

// readLine gives a release's line.
func (r *release) readLine() (record.Line, error) {
	if r.read {
		return r.line, nil
	}
	l, err := record.Parse(r.file.Record)
	r.line, r.read = l, err == nil
	return l, err
}
