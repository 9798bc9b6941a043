// Package gate is the pipeline of the README: what came in at a door is
// compared with what is already admitted, its closure resolved, each version
// checked on facts, fetched to quarantine, scanned in a worker, decided, and
// published or reported with what to do. pipeline.go reads in that order;
// decide.go is the one pure function that turns facts into a verdict, asked by
// every reader too (index, file, report), so that nothing is served that is not
// admitted now.
//
// A fault never admits: whatever could not be read, asked or computed becomes a
// finding of class fault, which holds. Package code never runs.
//
// A Gate is safe for concurrent use once built.
package gate

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Peer is one ecosystem with the upstream its names come from.
type Peer struct {
	ecosystem.Ecosystem
	Upstream ecosystem.Upstream // nil: Open is asked
	// Open finds the upstream and opens it when something of it is wanted for the
	// first time; it remembers what it found. An *Off says that there is none.
	Open func(ctx context.Context) (ecosystem.Upstream, error)
	// Named are its upstreams by name, where there are several or registries say which
	// they read (Registry.Sources); each is opened as Open does it. Upstream or Open is
	// then the first of them.
	Named map[string]func(ctx context.Context) (ecosystem.Upstream, error)
	// Path is where a registry serves it, one element; "": the ecosystem's id.
	Path string
}

// Outside gives the upstream.
func (p Peer) Outside(ctx context.Context) (ecosystem.Upstream, error) {
	switch {
	case p.Upstream != nil:
		return p.Upstream, nil
	case p.Open == nil:
		return nil, &Off{p.ID(), "no upstream of it is configured"}
	}
	return p.Open(ctx)
}

// Called gives the upstream of a name; the only one where none are named.
func (p Peer) Called(ctx context.Context, upstream string) (ecosystem.Upstream, error) {
	if open, ok := p.Named[upstream]; ok {
		return open(ctx)
	}
	if len(p.Named) > 0 && upstream != "" {
		return nil, fmt.Errorf("%w: there is no upstream %q of %s any more; see upstreams in the configuration", ecosystem.ErrUnreachable, artifact.Untrusted(upstream), p.ID())
	}
	return p.Outside(ctx)
}

// All gives every upstream.
func (p Peer) All(ctx context.Context) ([]ecosystem.Upstream, error) {
	if len(p.Named) == 0 {
		up, err := p.Outside(ctx)
		return []ecosystem.Upstream{up}, err
	}
	var out []ecosystem.Upstream
	for _, name := range slices.Sorted(maps.Keys(p.Named)) {
		up, err := p.Named[name](ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, up)
	}
	return out, nil
}

// Off says that a gate reads nothing of an ecosystem, and serves nothing.
type Off struct {
	Ecosystem artifact.Ecosystem
	Why       string // in a sentence that ends with what to write into the configuration
}

// Error implements error.
func (o *Off) Error() string { return string(o.Ecosystem) + " is off here: " + o.Why }

// Main is the registry that is served without its name in the address too.
const Main = "main"

// Base is the address of a registry for an ecosystem's clients, without a slash at
// the end. That of the main one is its short one, which clients are pointed at: pnpm,
// yarn and bun write a file's address into a lock unless it lies below that.
func (g *Gate) Base(registry string, e artifact.Ecosystem) string {
	return g.PublicURL() + g.below(registry, e)
}

func (g *Gate) below(registry string, e artifact.Ecosystem) string {
	if registry == Main {
		return "/" + g.path(e)
	}
	return "/registry/" + registry + "/" + g.path(e)
}

// BaseAsOf is Base of the registry as it stood at a moment.
func (g *Gate) BaseAsOf(at time.Time, registry string, e artifact.Ecosystem) string {
	return g.PublicURL() + "/asof/" + at.UTC().Format(time.RFC3339Nano) + g.below(registry, e)
}

func (g *Gate) path(e artifact.Ecosystem) string { return cmp.Or(g.Peers[e].Path, string(e)) }

// Registry is a named view: who decides by which policy, for which targets.
type Registry struct {
	Name    string
	Policy  *policy.Policy
	Observe bool // say what would be refused, and serve
	Present Presentation
	Targets []ecosystem.Target
	Holds   []artifact.Ecosystem // what it serves; none: all that the gate has peers for
	// Sources are where its packages come from, by ecosystem, in the order in which they
	// are asked; none: the peer's only upstream. Registries that read one another in a
	// circle are a mistake of whoever builds them.
	Sources map[artifact.Ecosystem][]Source
}

// Gate holds what the pipeline needs. Build it once in cmd; all fields are
// required unless said otherwise.
type Gate struct {
	Store      Store
	Queue      jobs.Store // the jobs that Store submits
	Hosted     *Hosted    // our own packages; nil: none are published here
	Reporter   Reporter   // nil: no reports are kept
	Fetch      Fetcher
	Inspect    Inspector
	Peers      map[artifact.Ecosystem]Peer
	Checks     []scan.VersionCheck
	Behave     Behave   // the rules of behaviour; nil: there are none
	Provenance Verifier // of what upstreams attest; nil: nobody verifies any of it
	Registries map[string]Registry
	// Excerpts reads lines of an archive again; nil: a difference shows no code.
	Excerpts   func(context.Context, artifact.File, []scan.Spot) ([]scan.Excerpt, error)
	Advisories func() AdvisoryState
	Groups     *groups.Groups // how packages may come in, by name; nil: in every way
	// Bulk says what the data that is here knows outside by a name; "" for nothing. It
	// asks nobody. nil: there is no such data.
	Bulk      func(artifact.Package) (string, error)
	Now       func() time.Time
	PublicURL func() string // "http://127.0.0.1:8484", without a slash at the end
	FourEyes  bool          // nobody approves what they asked for themselves
	Log       *slog.Logger
	Metrics   *observe.Metrics // nil: nobody counts

	views       viewCache
	deciding    fetch.Flight[*View] // one decision about an index at a time
	bad         badBytes
	looks       once // at files, by package and file name
	behaviours  behaviours
	evaluations once // of what was seen, by the rules of today, by evidence key
	pulls       once // looks for clients, with the decision that follows, by registry too
}

// ErrNoRegistry says that a registry of that name is not configured.
type ErrNoRegistry struct{ Name string }

// Error implements error.
func (e *ErrNoRegistry) Error() string {
	return fmt.Sprintf("no registry named %q is configured", artifact.Untrusted(e.Name))
}

func (g *Gate) registry(name string) (Registry, error) {
	r, ok := g.Registries[name]
	if !ok {
		return Registry{}, &ErrNoRegistry{name}
	}
	return r, nil
}

func (g *Gate) peer(e artifact.Ecosystem) (Peer, error) {
	p, ok := g.Peers[e]
	if !ok {
		return Peer{}, fmt.Errorf("ecosystem %q is not served here", artifact.Untrusted(e))
	}
	return p, nil
}

// peerIn gives the peer of an ecosystem for a registry, which has to hold it.
func (g *Gate) peerIn(r Registry, e artifact.Ecosystem) (Peer, error) {
	p, err := g.peer(e)
	if err == nil && !r.holds(e) {
		err = &Off{e, "registry " + r.Name + " does not hold it; see registries." + r.Name + ".ecosystems and .upstreams in the configuration"}
	}
	return p, err
}

func (r Registry) holds(e artifact.Ecosystem) bool {
	return len(r.Holds) == 0 || slices.Contains(r.Holds, e)
}

// Holds says whether a registry serves an ecosystem.
func (g *Gate) Holds(registry string, e artifact.Ecosystem) bool {
	r, err := g.registry(registry)
	_, peer := g.Peers[e]
	return err == nil && peer && r.holds(e)
}

// DecisionURL is where a decision or request explains itself.
func (g *Gate) DecisionURL(id string) string { return g.PublicURL() + "/d/" + id }

// parallel runs fn for each item with at most n at once and waits for all. fn
// keeps its own errors: a fault of one item never stops the others.
func parallel[T any](ctx context.Context, n int, items []T, fn func(context.Context, int, T)) {
	slots := make(chan struct{}, n)
	var wg sync.WaitGroup
	for i, it := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			fn(ctx, i, it)
		})
	}
	wg.Wait()
}
