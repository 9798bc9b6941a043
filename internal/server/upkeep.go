package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Work is one piece of housekeeping that can be asked for: gc, scrub, backup,
// doctor. wish is the asker's JSON.
type Work struct {
	// Local keeps it to the person at the data folder: it touches other files of
	// this machine.
	Local bool
	Do    func(ctx context.Context, wish json.RawMessage, tell upkeep.Progress) (any, error)
}

// WorkLine is one line of the answer to POST /api/v1/upkeep/WORK: progress, and
// at the end a result or an error. It is a line of JSON, so that hours of work
// need no second question.
type WorkLine struct {
	Step   string          `json:"step,omitempty"`
	Done   int64           `json:"done,omitempty"`
	Total  int64           `json:"total,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

const (
	maxWish    = 64 << 10               // bytes
	tellEvery  = 250 * time.Millisecond // at most one line of progress in that time
	stillEvery = 15 * time.Second       // and one to show that work goes on
)

// upkeep runs a piece of housekeeping while the asker waits; when they go, it is
// stopped.
func (s *Server) upkeep(c *call) error {
	name := c.r.PathValue("work")
	work, ok := s.cfg.Upkeep[name]
	if !ok {
		return fmt.Errorf("%w: there is no housekeeping %q here", verdict.ErrNotFound, shown(name))
	}
	if err := c.may(access.All); err != nil {
		return err
	}
	if work.Local && c.who.Kind != access.Local {
		return fmt.Errorf("%w: %s names files of the gate's own machine; run it there: gatehouse %s", verdict.ErrForbidden, name, name)
	}
	var wish json.RawMessage
	if err := c.readJSON(&wish, maxWish); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	c.w.Header().Set("Cache-Control", "no-store")
	c.w.WriteHeader(http.StatusOK)
	out := &workAnswer{w: c.w, control: http.NewResponseController(c.w)}
	stop := out.still(c.r.Context())
	result, err := work.Do(c.r.Context(), wish, out.tell)
	stop()
	last := WorkLine{}
	if err == nil {
		last.Result, err = json.Marshal(result)
	}
	if err != nil {
		s.cfg.Log.WarnContext(c.r.Context(), "upkeep failed", "run", name, "err", err)
		last = WorkLine{Error: err.Error()}
	}
	out.line(last)
	return nil
}

// workAnswer writes lines, from several goroutines.
type workAnswer struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
	told    time.Time
	latest  WorkLine
}

// line writes one line and sends it off. Whoever asked may be gone; then the
// context ends the work.
func (a *workAnswer) line(l WorkLine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := json.Marshal(l)
	if err != nil {
		return // plain values only
	}
	_, _ = a.w.Write(append(b, '\n'))
	_ = a.control.Flush()
	a.told = time.Now()
}

// tell implements upkeep.Progress.
func (a *workAnswer) tell(step string, done, total int64) {
	l := WorkLine{Step: step, Done: done, Total: total}
	a.mu.Lock()
	soon := step == a.latest.Step && time.Since(a.told) < tellEvery
	a.latest = l
	a.mu.Unlock()
	if !soon {
		a.line(l)
	}
}

// still repeats the latest line while nothing else is said, so that nobody on the
// way takes the connection for dead.
func (a *workAnswer) still(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(stillEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				a.mu.Lock()
				l := a.latest
				a.mu.Unlock()
				a.line(l)
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// metricsAct is what reading the metrics needs: they say who is refused what, how
// often, and how full the disk is.
func (s *Server) metricsAct() access.Act {
	if s.cfg.MetricsOpen {
		return ""
	}
	return access.ReadAudit
}

// metrics answers GET /metrics.
func (s *Server) metrics(c *call) error {
	if s.cfg.Metrics == nil {
		return verdict.ErrNotFound
	}
	s.cfg.Metrics.ServeHTTP(c.w, c.r)
	return nil
}
