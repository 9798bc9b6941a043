package gate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOnce: many ask, one works, all hear of it, also of a panic; then it may be
// done again.
func TestOnce(t *testing.T) {
	var o once
	var runs atomic.Int32
	began, goOn := make(chan struct{}), make(chan struct{})
	fn := func(context.Context, *work) error {
		if runs.Add(1) == 1 {
			close(began)
			<-goOn
		}
		panic("hostile bytes")
	}
	var wg sync.WaitGroup
	ask := func() {
		if err := o.do(t.Context(), "k", nil, fn); err == nil || !strings.Contains(err.Error(), "hostile bytes") {
			t.Errorf("%v, want the panic", err)
		}
	}
	wg.Go(ask)
	<-began
	joined, leave := context.WithCancel(t.Context())
	leave()
	if err := o.do(joined, "k", func(int, int) error { t.Error("begun again"); return nil }, fn); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	close(goOn)
	wg.Wait()
	ask()
	if n := runs.Load(); n != 2 {
		t.Errorf("%d runs, want 2", n)
	}
	if len(o.rows) != 0 {
		t.Errorf("%d rows are left", len(o.rows))
	}
}

// TestOnceBeginsNotAlways: whoever may not begin changes nothing.
func TestOnceBeginsNotAlways(t *testing.T) {
	var o once
	no := errors.New("no")
	err := o.do(t.Context(), "k", func(others, own int) error {
		if others != 0 || own != 0 {
			t.Errorf("%d others, %d own", others, own)
		}
		return no
	}, func(context.Context, *work) error { t.Error("begun"); return nil })
	if !errors.Is(err, no) || len(o.rows) != 0 {
		t.Errorf("%v, %d rows", err, len(o.rows))
	}
}

// TestOnceCloses: what goes on is ended and waited for, nothing is begun after.
func TestOnceCloses(t *testing.T) {
	var o once
	began, ended := make(chan struct{}), false
	asked := make(chan error)
	go func() {
		asked <- o.do(t.Context(), "k", nil, func(ctx context.Context, w *work) error {
			w.at("at work")
			close(began)
			<-ctx.Done()
			ended = true
			return ctx.Err()
		})
	}()
	<-began
	if step := o.doing("k"); step != "at work" {
		t.Errorf("it is %q", step)
	}
	o.close()
	if !ended {
		t.Error("close did not wait")
	}
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("who waited: %v", err)
	}
	if err := o.do(t.Context(), "k", nil, func(context.Context, *work) error { t.Error("begun"); return nil }); !errors.Is(err, errClosed) {
		t.Errorf("after: %v", err)
	}
}
