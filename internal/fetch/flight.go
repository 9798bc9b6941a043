package fetch

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Flight runs at most one call for a key at a time; whoever asks meanwhile
// shares its result. The zero value is ready. Unlike
// golang.org/x/sync/singleflight it knows its callers' contexts: one that goes
// away gets its own error at once and does not disturb the others, and the call
// is cancelled when the last one has gone. Results are not kept.
type Flight[T any] struct {
	mu    sync.Mutex
	calls map[string]*call[T]
}

type call[T any] struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	value   T
	err     error
}

// Do gives fn's result for key, running fn unless a call is under way. fn's
// context carries the first caller's values but not its end.
func (f *Flight[T]) Do(ctx context.Context, key string, fn func(context.Context) (T, error)) (T, error) {
	c := f.join(ctx, key, fn)
	select {
	case <-c.done:
		f.leave(key, c)
		return c.value, c.err
	case <-ctx.Done():
		f.leave(key, c)
		var none T
		return none, context.Cause(ctx)
	}
}

func (f *Flight[T]) join(ctx context.Context, key string, fn func(context.Context) (T, error)) *call[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[key]; c != nil {
		c.waiting++
		return c
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &call[T]{waiting: 1, cancel: cancel, done: make(chan struct{})}
	if f.calls == nil {
		f.calls = map[string]*call[T]{}
	}
	f.calls[key] = c
	go f.run(runCtx, key, c, fn)
	return c
}

func (f *Flight[T]) run(ctx context.Context, key string, c *call[T], fn func(context.Context) (T, error)) {
	defer func() {
		// This goroutine is nobody's handler: a panic here would end the program,
		// and what it parses comes from outside. A fault holds; it never admits.
		if p := recover(); p != nil {
			c.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		f.forget(key, c)
		close(c.done)
		c.cancel()
	}()
	c.value, c.err = fn(ctx)
}

// leave cancels a call that nobody waits for any more. It is forgotten in the
// same breath, so that a newcomer never joins a dying one.
func (f *Flight[T]) leave(key string, c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.waiting--; c.waiting > 0 {
		return
	}
	if f.calls[key] == c {
		delete(f.calls, key)
	}
	c.cancel()
}

func (f *Flight[T]) forget(key string, c *call[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}
