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
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Peer is one ecosystem with the upstream its names come from.
type Peer struct {
	ecosystem.Ecosystem
	Upstream ecosystem.Upstream
}

// Registry is a named view: who decides by which policy, for which targets.
type Registry struct {
	Name    string
	Policy  *policy.Policy
	Observe bool // say what would be refused, and serve
	Present Presentation
	Targets []ecosystem.Target
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
	Behave     Behave // the rules of behaviour; nil: there are none
	Registries map[string]Registry
	// Excerpts reads lines of an archive again; nil: a difference shows no code.
	Excerpts   func(context.Context, artifact.File, []scan.Spot) ([]scan.Excerpt, error)
	Advisories func() AdvisoryState
	Internal   func(artifact.Package) bool
	Now        func() time.Time
	PublicURL  func() string // "http://127.0.0.1:8484", without a slash at the end
	FourEyes   bool          // nobody approves what they asked for themselves
	Log        *slog.Logger
	Metrics    *observe.Metrics // nil: nobody counts

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
