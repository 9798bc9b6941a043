// Package jobs runs work that must outlive the process that took it: a lease
// table kept by a Store, fenced by attempt, and a Runner that claims from it.
//
// A job is one piece of work of a kind about a subject, such as looking at one
// request. While one waits or runs there is no second of the same kind and
// subject. Whoever claims a job holds a lease on it for a while and renews it as
// long as the work goes on. A holder that dies lets the lease run out, and the
// next claim raises the attempt: from then on nothing that the old holder sends
// changes the job, however late it wakes up. So work may run twice, and has to
// be idempotent, but only one attempt can end it.
//
// What fails is tried again after a growing pause. After too many tries it is
// dead: it stays in the table with what stopped it until a person starts it
// again or cancels it.
//
// The order of claims is priority first, then the turn of the share (a project)
// that runs the least and has waited longest for its turn, then age. A share
// with a hundred jobs does not keep one with a single job waiting.
//
// It promises never to drop a job that a Store acknowledged, and never to end
// one for a holder whose lease was lost.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// State is where a job is.
type State string

// The states; Done and Cancelled are final, Dead waits for a person.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Dead      State = "dead"
	Cancelled State = "cancelled"
)

// States lists them in the order of a job's life.
var States = []State{Waiting, Running, Done, Dead, Cancelled}

// New is a job to be kept.
type New struct {
	ID       string // unique for ever
	Kind     string
	Subject  string // what it is about: a request's id
	Share    string // whose turn it counts as: a project
	Priority Priority
	Created  time.Time
	// Lease is until when the job is held by its maker, who does the work at once:
	// it begins as the first attempt. Zero: it waits to be claimed.
	Lease time.Time
	// Room is how many may wait already; the zero Room is without end.
	Room Room
}

// Room bounds a queue: jobs of one kind that wait, all together and in the
// share of the new one. 0 is no bound.
type Room struct{ Total, Share int }

// Job is a row of the table.
type Job struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Subject  string   `json:"subject"`
	Share    string   `json:"share"`
	Priority Priority `json:"priority"`
	State    State    `json:"state"`
	// Attempt fences: each claim raises it, and only its holder may end the job.
	Attempt int `json:"attempt"`
	// Tries is how many attempts count against the job: those that were given back
	// unharmed do not.
	Tries     int       `json:"tries"`
	NotBefore time.Time `json:"not_before,omitzero"` // of a waiting job
	Lease     time.Time `json:"lease,omitzero"`      // of a running job: until when it is held
	Created   time.Time `json:"created"`
	Finished  time.Time `json:"finished,omitzero"`
	Error     string    `json:"error,omitempty"` // what stopped the last attempt
}

// Held names the attempt that a holder has.
func (j Job) Held() Held { return Held{j.ID, j.Attempt} }

// Held is the right to end one attempt of a job.
type Held struct {
	Job     string
	Attempt int
}

// ErrLost says that the attempt holds the job no longer: its lease ran out and
// another one began, or the job was cancelled.
var ErrLost = errors.New("the job is no longer held by this attempt")

// ErrFull is the kind of a *FullError.
var ErrFull = errors.New("too many jobs wait")

// FullError says that a queue has no room for a new job.
type FullError struct {
	Share string // the share that is full; "" when all together are too many
	Most  int
}

// Error implements error.
func (e *FullError) Error() string {
	if e.Share != "" {
		return fmt.Sprintf("%d jobs of %q wait, which is the most", e.Most, e.Share)
	}
	return fmt.Sprintf("%d jobs wait, which is the most", e.Most)
}

// Is makes errors.Is(err, ErrFull) true.
func (e *FullError) Is(target error) bool { return target == ErrFull }

// Filter chooses jobs to list; the zero value chooses all.
type Filter struct {
	State State
	Limit int // 0: what the store thinks is a page
}

// Store keeps jobs. Every method is one transaction, durable when it returns. No
// such job is verdict.ErrNotFound; a state that does not allow the change is
// verdict.ErrConflict; a Held that is no longer held is ErrLost. Times are the
// caller's, so that a test may hold the clock.
type Store interface {
	// Enqueue keeps a new job. A live one of the same kind and subject, or the same
	// id, is verdict.ErrConflict; a full queue a *FullError.
	Enqueue(ctx context.Context, n New) error
	// Claim takes the next job of a kind that may run at now, and holds it until
	// then; false when there is none. Attempt and Tries are those of the new
	// attempt. A job whose lease ran out is claimed like one that waits.
	Claim(ctx context.Context, kind string, now, until time.Time) (Job, bool, error)
	// Renew holds a job for longer.
	Renew(ctx context.Context, h Held, until time.Time) error

	// Finish ends a job well. When the same attempt has done so before it is no
	// error: work may end its job together with its own rows.
	Finish(ctx context.Context, h Held, at time.Time) error
	// Retry lets a job wait until then for its next attempt, and keeps why.
	Retry(ctx context.Context, h Held, until time.Time, why string) error
	// Release gives a job back unharmed, to be claimed at once: the attempt does not
	// count as a try.
	Release(ctx context.Context, h Held, now time.Time) error
	// Bury ends a job as dead, and keeps why.
	Bury(ctx context.Context, h Held, at time.Time, why string) error

	// Cancel ends a job that waits, runs or is dead, whoever holds it.
	Cancel(ctx context.Context, id string, at time.Time) error
	// Restart lets a dead job wait again, with all its tries before it.
	Restart(ctx context.Context, id string, now time.Time) (Job, error)
	// List gives jobs, newest first.
	List(ctx context.Context, f Filter) ([]Job, error)
}
