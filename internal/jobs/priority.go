package jobs

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// Priority says whose work goes first; the lower one does. The zero value is
// what a client waits for with its connection open.
type Priority int

// The priorities, first to last.
const (
	Install    Priority = iota // a package client waits for a file
	Person                     // somebody at a prompt, or a push that is held up
	Routine                    // an API request, a merge check
	Background                 // fetched ahead, looked at again
)

var priorities = [...]string{"install", "person", "routine", "background"}

// String is the priority's word.
func (p Priority) String() string {
	if p < 0 || int(p) >= len(priorities) {
		return fmt.Sprintf("priority %d", int(p))
	}
	return priorities[p]
}

// MarshalText writes the priority's word.
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Priority) UnmarshalText(b []byte) error {
	i := slices.Index(priorities[:], string(b))
	if i < 0 {
		return fmt.Errorf("priority %.40q is none of %v", b, priorities)
	}
	*p = Priority(i)
	return nil
}

type priorityKey struct{}

// WithPriority marks the work done under ctx.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// Raisable is a priority that can be raised while the work waits for its turn: a
// client has begun to wait for what was fetched ahead.
type Raisable struct{ now atomic.Int64 }

// WithRaisable is WithPriority for work that may become more urgent. Where ctx has
// such a priority already it is that one, raised to p.
func WithRaisable(ctx context.Context, p Priority) (context.Context, *Raisable) {
	if r, ok := ctx.Value(priorityKey{}).(*Raisable); ok {
		r.Raise(p)
		return ctx, r
	}
	r := &Raisable{}
	r.now.Store(int64(p))
	return context.WithValue(ctx, priorityKey{}, r), r
}

// Raise puts the work forward to p; it never goes back.
func (r *Raisable) Raise(p Priority) {
	for {
		now := r.now.Load()
		if now <= int64(p) || r.now.CompareAndSwap(now, int64(p)) {
			return
		}
	}
}

// PriorityOf gives the mark of ctx as it is now; Routine where there is none.
func PriorityOf(ctx context.Context) Priority {
	switch p := ctx.Value(priorityKey{}).(type) {
	case Priority:
		return p
	case *Raisable:
		return Priority(p.now.Load())
	}
	return Routine
}
