package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// ErrBusy says that so many files are being looked at for clients that one more
// has to come back later.
var ErrBusy = errors.New("too many files are being looked at; ask again in a moment")

// errClosed ends work that a closing gate does not begin.
var errClosed = errors.New("the gate is closing")

// once does work at most once at a time for a key. Whoever asks meanwhile shares
// it, and makes it as urgent as they are; it goes on when they have gone, so that
// the next one to ask finds it done. The zero value is ready.
type once struct {
	mu     sync.Mutex
	rows   map[string]*work
	closed bool
	wait   sync.WaitGroup
}

// work is what goes on for one key.
type work struct {
	done    chan struct{}
	err     error // once done
	step    atomic.Pointer[string]
	by      string // whose account it was begun on; "" for nobody's
	urgency *jobs.Raisable
	stop    context.CancelFunc
}

// at says what is being done.
func (w *work) at(step string) { w.step.Store(&step) }

// do joins the work for a key, or begins it when begin, which may be nil, allows
// it. It returns the work's error, or ctx's when that ends first. begin is told
// how much goes on already, and how much of it on ctx's account, and must return at
// once.
func (o *once) do(ctx context.Context, key string, begin func(others, own int) error, fn func(context.Context, *work) error) error {
	w, err := o.join(ctx, key, begin, fn)
	if err != nil {
		return err
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *once) join(ctx context.Context, key string, begin func(others, own int) error, fn func(context.Context, *work) error) (*work, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := o.rows[key]; w != nil {
		w.urgency.Raise(jobs.PriorityOf(ctx))
		return w, nil
	}
	if o.closed {
		return nil, errClosed
	}
	by := budget.From(ctx).Whose()
	if begin != nil {
		if err := begin(len(o.rows), o.begunBy(by)); err != nil {
			return nil, err
		}
	}
	w := &work{done: make(chan struct{}), by: by}
	ctx, w.urgency = jobs.WithRaisable(context.WithoutCancel(ctx), jobs.PriorityOf(ctx))
	ctx, w.stop = context.WithCancel(ctx)
	if o.rows == nil {
		o.rows = map[string]*work{}
	}
	o.rows[key] = w
	o.wait.Go(func() { o.run(ctx, key, w, fn) })
	return w, nil
}

// begunBy counts what goes on and was begun on an account. o is locked.
func (o *once) begunBy(whose string) int {
	n := 0
	for _, w := range o.rows {
		if w.by == whose {
			n++
		}
	}
	return n
}

func (o *once) run(ctx context.Context, key string, w *work, fn func(context.Context, *work) error) {
	defer func() {
		// Nobody's handler catches a panic here, and what is read comes from outside.
		if p := recover(); p != nil {
			w.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		o.mu.Lock()
		delete(o.rows, key)
		o.mu.Unlock()
		close(w.done)
		w.stop()
	}()
	w.err = fn(ctx, w)
}

// doing says what is being done for a key, "" for nothing.
func (o *once) doing(key string) string {
	o.mu.Lock()
	w := o.rows[key]
	o.mu.Unlock()
	if w == nil {
		return ""
	}
	if step := w.step.Load(); step != nil {
		return *step
	}
	return ""
}

// close ends what goes on, waits until it has ended and begins nothing more.
func (o *once) close() {
	o.mu.Lock()
	o.closed = true
	for _, w := range o.rows {
		w.stop()
	}
	o.mu.Unlock()
	o.wait.Wait()
}
