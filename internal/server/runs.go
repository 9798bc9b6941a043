package server

import (
	"context"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// runs is what this process knows of requests under way beside their status,
// which the store has: how far they are, and who waits for them to end. It keeps
// one only as long as somebody works on it or waits for it.
type runs struct {
	mu   sync.Mutex
	rows map[string]*run // by request
}

// run is one attempt at a request, or the wait for one. It is the gate.Progress of
// the attempt.
type run struct {
	ended chan struct{} // closed when the attempt ends, however it does
	users int           // guarded by runs.mu

	mu       sync.Mutex
	progress progress
	first    []verdict.VersionOutcome
}

// enter gives the run of a request; leave it.
func (s *runs) enter(id string) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string]*run{}
	}
	r := s.rows[id]
	if r == nil {
		r = &run{ended: make(chan struct{})}
		s.rows[id] = r
	}
	r.users++
	return r
}

func (s *runs) leave(id string, r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.users--; r.users == 0 && s.rows[id] == r {
		delete(s.rows, id)
	}
}

// end tells whoever waits that the attempt has ended. What follows is another run.
func (s *runs) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil {
		delete(s.rows, id)
		close(r.ended)
	}
}

// find gives the run of a request, nil when there is none.
func (s *runs) find(id string) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[id]
}

// look is the work of a job: one attempt at a request.
func (s *runs) look(ctx context.Context, g *gate.Gate, j jobs.Job) error {
	r := s.enter(j.Subject)
	defer s.leave(j.Subject, r)
	defer s.end(j.Subject)
	return g.Run(ctx, j, r)
}

// progress is how far a running request is.
type progress struct {
	Step  string `json:"step"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Step implements gate.Progress.
func (r *run) Step(what string, done, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.progress.Step == what && done < r.progress.Done {
		return // told by two goroutines in the wrong order
	}
	r.progress = progress{what, done, total}
}

// First implements gate.Progress.
func (r *run) First(vs []verdict.VersionOutcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = vs
}

// soFar is what can be told of the attempt now.
func (r *run) soFar() (progress, []verdict.VersionOutcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.progress, r.first
}
