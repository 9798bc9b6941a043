package server

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// queue runs admissions in the background, a few at a time, and refuses more
// than may wait.
type queue struct {
	gate *gate.Gate
	log  *slog.Logger
	work chan *job
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	closed bool
	jobs   map[string]*job // waiting and running ones, by request
	lost   []*job          // ended without a row to tell of it: the last few
}

// maxLost is how many requests are remembered whose outcome the store would not
// take.
const maxLost = 64

func newQueue(g *gate.Gate, atOnce, waiting int, log *slog.Logger) *queue {
	ctx, stop := context.WithCancel(context.Background())
	q := &queue{gate: g, log: log, work: make(chan *job, waiting), stop: stop, jobs: map[string]*job{}}
	for range atOnce {
		q.done.Go(func() {
			for j := range q.work {
				q.run(ctx, j)
			}
		})
	}
	return q
}

// add puts a request into the queue, or gives errBusy.
func (q *queue) add(req verdict.Request) error {
	j := &job{req: req, ended: make(chan struct{}), status: verdict.Queued}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errBusy
	}
	select {
	case q.work <- j:
		q.jobs[req.ID] = j
		return nil
	default:
		return errBusy
	}
}

// find gives a request that has not ended, or whose end is known here only; nil
// for all others.
func (q *queue) find(id string) *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.jobs[id]; j != nil {
		return j
	}
	for _, j := range q.lost {
		if j.req.ID == id {
			return j
		}
	}
	return nil
}

func (q *queue) run(ctx context.Context, j *job) {
	j.mu.Lock()
	j.status = verdict.Running
	j.mu.Unlock()
	err := q.admit(ctx, j)
	if err != nil {
		q.log.ErrorContext(ctx, "admission", "request", j.req.ID, "err", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.jobs, j.req.ID)
	if err != nil && !q.recorded(ctx, j) {
		j.failed = failedOutcome(j.req.ID, q.gate.DecisionURL(j.req.ID), "the gate could not answer; ask again")
		if q.lost = append(q.lost, j); len(q.lost) > maxLost {
			q.lost = q.lost[1:]
		}
	}
	close(j.ended)
}

// admit takes the request through the gate. A panic in it is a fault of this
// request and not the end of the server.
func (q *queue) admit(ctx context.Context, j *job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			q.log.ErrorContext(ctx, "panic", "request", j.req.ID, "err", v, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	_, err = q.gate.Admit(ctx, j.req, j)
	return err
}

// recorded says whether the store tells that the request ended, and makes it
// tell so where it can.
func (q *queue) recorded(ctx context.Context, j *job) bool {
	ctx = context.WithoutCancel(ctx)
	id := j.req.ID
	o := failedOutcome(id, q.gate.DecisionURL(id), "the gate could not answer; ask again")
	err := q.gate.Store.FinishRequest(ctx, id, verdict.Failed, o, q.gate.Now())
	return err == nil || errors.Is(err, verdict.ErrConflict)
}

// close takes no more, waits for what is there until ctx ends, then cancels it
// and waits until that is recorded.
func (q *queue) close(ctx context.Context) {
	q.mu.Lock()
	was := q.closed
	q.closed = true
	q.mu.Unlock()
	if was {
		return
	}
	close(q.work)
	ended := make(chan struct{})
	go func() { q.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	q.stop()
	<-ended
}

// job is a request on its way. It is the gate.Progress of its admission.
type job struct {
	req   verdict.Request
	ended chan struct{}

	mu       sync.Mutex
	status   verdict.Status
	progress progress
	first    []verdict.VersionOutcome
	failed   verdict.Outcome // once ended, when the store does not know
}

// progress is how far a running request is.
type progress struct {
	Step  string `json:"step"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Step implements gate.Progress.
func (j *job) Step(what string, done, total int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.progress.Step == what && done < j.progress.Done {
		return // told by two goroutines in the wrong order
	}
	j.progress = progress{what, done, total}
}

// First implements gate.Progress.
func (j *job) First(vs []verdict.VersionOutcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.first = vs
}

// state is what can be told of it now.
func (j *job) state(url string) (verdict.Outcome, progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed.Request != "" {
		return j.failed, progress{}
	}
	o := verdict.Outcome{Request: j.req.ID, Status: j.status, DecisionURL: url, Problems: []verdict.Problem{}, Versions: []verdict.VersionOutcome{}}
	if j.first != nil {
		o.Versions = j.first
	}
	return o, j.progress
}
