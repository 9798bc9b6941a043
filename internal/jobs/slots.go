package jobs

import (
	"context"
	"slices"
	"sync"
)

// Slots are places for work that goes on at once. Who waits for one is served by
// the priority that their context has when a place is free, and within one
// priority in the order of coming.
// Make them with NewSlots; they are safe for concurrent use.
type Slots struct {
	mu    sync.Mutex
	free  int
	queue []*waiter // by coming
}

type waiter struct {
	ctx     context.Context // for its priority, which may be raised meanwhile
	granted chan struct{}   // closed when the place is theirs
}

// NewSlots makes n places, at least one.
func NewSlots(n int) *Slots { return &Slots{free: max(1, n)} }

// Acquire waits for a place and gives the function that gives it back, to be
// called once. It fails only when ctx ends first.
func (s *Slots) Acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return s.release, nil
	}
	w := &waiter{ctx, make(chan struct{})}
	s.queue = append(s.queue, w)
	s.mu.Unlock()
	select {
	case <-w.granted:
		return s.release, nil
	case <-ctx.Done():
		s.leave(w)
		return nil, ctx.Err()
	}
}

// leave takes back a wait. A place that was granted in the same moment goes on to
// the next.
func (s *Slots) leave(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, w); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
		return
	}
	s.next()
}

func (s *Slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next()
}

// next hands a place to whoever waits first.
func (s *Slots) next() {
	if len(s.queue) == 0 {
		s.free++
		return
	}
	first, best := 0, PriorityOf(s.queue[0].ctx)
	for i, w := range s.queue {
		if p := PriorityOf(w.ctx); p < best {
			first, best = i, p
		}
	}
	close(s.queue[first].granted)
	s.queue = slices.Delete(s.queue, first, first+1)
}
