package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// reader is a context in which somebody reads who may have so many files looked
// at, and wait so many times at once.
func reader(t *testing.T, files int64, waits int) context.Context {
	plenty := budget.Limits{Names: 1000, Unknown: 1000, Files: files, Bytes: 1 << 40, ScanTime: time.Hour, Waits: waits}
	return budget.With(t.Context(), budget.NewBook(budget.Config{Reader: plenty, Waits: 1000}).Reader("ann"))
}

func openAs(ctx context.Context, t *testing.T, s *registry.Shelf, name string) error {
	t.Helper()
	f, err := s.File(ctx, demo, name)
	if err == nil {
		err = f.Body.Close()
	}
	return err
}

// fetches is a Fetcher that says with which urgency it was asked, and goes on
// when the test lets it.
type fetches struct {
	gate.Fetcher
	began chan context.Context
	goOn  chan struct{}
}

func (f fetches) Fetch(ctx context.Context, x ecosystem.IndexFile, up string) (artifact.Digest, int64, error) {
	f.began <- ctx
	<-f.goOn
	return f.Fetcher.Fetch(ctx, x, up)
}

func held(w *servertest.World) fetches {
	f := fetches{w.Gate.Fetch, make(chan context.Context, 1000), make(chan struct{})}
	w.Gate.Fetch = f
	return f
}

// TestMetadataBeginsTheLook: by the time the file is asked for, the look is under
// way or done, and it was one.
func TestMetadataBeginsTheLook(t *testing.T) {
	w, name := one(t)
	f := held(w)
	s := w.Shelf("main")
	for range 3 {
		if _, err := s.Metadata(t.Context(), demo, name); err != nil {
			t.Fatal(err)
		}
	}
	ctx := <-f.began
	if p := jobs.PriorityOf(ctx); p != jobs.Background {
		t.Errorf("fetched ahead with priority %d, want it last", p)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := open(t, s, name); err != nil {
			t.Error(err)
		}
	})
	close(f.goOn)
	wg.Wait()
	if w.Fetches.Load() != 1 || w.Inspects.Load() != 1 || len(f.began) != 0 {
		t.Errorf("%d fetches and %d looks, want one", w.Fetches.Load(), w.Inspects.Load())
	}
}

// TestWaitingMakesUrgent: a look that was begun ahead goes first as soon as a
// client waits for its file.
func TestWaitingMakesUrgent(t *testing.T) {
	w, name := one(t)
	f := held(w)
	s := w.Shelf("main")
	if _, err := s.Metadata(t.Context(), demo, name); err != nil {
		t.Fatal(err)
	}
	ctx := <-f.began
	s.Wait = time.Millisecond
	_, err := open(t, s, name)
	if pending, ok := errors.AsType[*ecosystem.Pending](err); !ok || pending.Step != "being fetched" || pending.After <= 0 {
		t.Errorf("%v, want that it is being fetched", err)
	}
	if p := jobs.PriorityOf(ctx); p != jobs.Install {
		t.Errorf("priority %d once a client waited, want the first", p)
	}
	close(f.goOn)
	s.Wait = 10 * time.Second
	if _, err := open(t, s, name); err != nil {
		t.Error(err)
	}
	if w.Fetches.Load() != 1 {
		t.Errorf("%d fetches", w.Fetches.Load())
	}
}

// TestNothingAhead where a request for the file would not begin a look either.
func TestNothingAhead(t *testing.T) {
	for _, tc := range []struct {
		why    string
		change func(w *servertest.World, s *registry.Shelf)
	}{
		{"the registry looks at nothing by itself", func(_ *servertest.World, s *registry.Shelf) { s.Pull = registry.PullHold }},
		{"it is refused anyway", func(w *servertest.World, _ *registry.Shelf) {
			w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical))
		}},
		{"it was looked at", func(w *servertest.World, s *registry.Shelf) {
			if _, err := open(t, s, wheelOf("1.0")); err != nil {
				t.Fatal(err)
			}
			w.Fetches.Store(0)
			w.Inspects.Store(0)
		}},
	} {
		w, name := one(t)
		s := w.Shelf("main")
		tc.change(w, s)
		if _, err := s.Metadata(t.Context(), demo, name); err != nil {
			t.Errorf("%s: %v", tc.why, err)
		}
		s.WaitAhead()
		if w.Fetches.Load() != 0 || w.Inspects.Load() != 0 {
			t.Errorf("%s: %d fetches, %d looks", tc.why, w.Fetches.Load(), w.Inspects.Load())
		}
	}
}

// TestAheadIsBounded: whoever reads the metadata of everything has no more than a
// queue of it looked at, and what is left out is looked at when it is asked for.
func TestAheadIsBounded(t *testing.T) {
	w := servertest.New(t)
	w.Gate.Fetch = failing{ecosystem.ErrUnreachable} // the looks themselves are no matter here
	f := held(w)
	s := w.Shelf("main")
	const n, queue, atOnce = 300, 256, 8
	for i := range n {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: fmt.Sprintf("demo%d", i)}
		if _, err := s.Metadata(t.Context(), p, w.Wheel(scantest.Wheel{Name: p.Name, Version: "1.0"})); err != nil {
			t.Fatal(err)
		}
		if i < atOnce {
			<-f.began
		}
	}
	if len(f.began) != 0 {
		t.Errorf("%d more than %d looks at once", len(f.began), atOnce)
	}
	close(f.goOn)
	for range queue {
		<-f.began
	}
	last := artifact.Package{Ecosystem: artifact.PyPI, Name: fmt.Sprintf("demo%d", n-1)}
	if _, err := s.File(t.Context(), last, last.Name+"-1.0-py3-none-any.whl"); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("one that was left out: %v", err)
	}
	s.WaitAhead()
	if got := len(f.began); got != 1 {
		t.Errorf("%d more looks than the queue holds, want the one that was asked for", got)
	}
}

// TestBudgetOfFiles: whoever had enough looked at is told so, begins no look, not
// ahead either, and goes on getting what was admitted.
func TestBudgetOfFiles(t *testing.T) {
	w, first := one(t)
	second := w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"})
	s := w.Shelf("main")
	ctx := reader(t, 1, 10)
	if err := openAs(ctx, t, s, first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Metadata(ctx, demo, second); err != nil {
		t.Errorf("metadata: %v", err)
	}
	err := openAs(ctx, t, s, second)
	if e, spent := errors.AsType[*budget.Exhausted](err); !spent || e.Kind != budget.Files {
		t.Errorf("a second file: %v, want that the budget is spent", err)
	}
	if err := openAs(ctx, t, s, first); err != nil {
		t.Errorf("what was admitted: %v", err)
	}
	if got := w.Fetches.Load(); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
	if err := openAs(reader(t, 1, 10), t, s, second); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := openAs(ctx, t, s, second); err != nil {
		t.Errorf("what somebody else had looked at: %v", err)
	}
}

// TestWaitsAreBounded: who finds every place taken is told to come back, and the
// look is under way when they do.
func TestWaitsAreBounded(t *testing.T) {
	w, first := one(t)
	second := w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"})
	f := held(w)
	s := w.Shelf("main")
	ctx := reader(t, 100, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := openAs(ctx, t, s, first); err != nil {
			t.Error(err)
		}
	})
	<-f.began
	err := openAs(ctx, t, s, second)
	if p, ok := errors.AsType[*ecosystem.Pending](err); !ok || p.After <= 0 || p.URL == "" {
		t.Fatalf("%v, want to be told to come back", err)
	} else if _, err := w.Store.Decision(t.Context(), p.URL[strings.LastIndex(p.URL, "/")+1:]); err != nil {
		t.Errorf("the page that it is told to read: %v", err)
	}
	<-f.began // the second is being looked at although nobody waits for it
	close(f.goOn)
	wg.Wait()
	if err := openAs(ctx, t, s, second); err != nil {
		t.Error(err)
	}
}

// TestLookOutlivesItsClient: what was looked at for a client that has gone is
// admitted, and recorded so, for the next one.
func TestLookOutlivesItsClient(t *testing.T) {
	w, name := one(t)
	f := held(w)
	s := w.Shelf("main")
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { gone <- openAs(ctx, t, s, name) }()
	<-f.began
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that went away: %v", err)
	}
	close(f.goOn)
	if _, err := open(t, s, name); err != nil { // joins what still goes on, or finds it done
		t.Error(err)
	}
	if w.Fetches.Load() != 1 {
		t.Errorf("%d fetches, want 1", w.Fetches.Load())
	}
	if names, err := s.Names(t.Context(), artifact.PyPI); err != nil || len(names) != 1 {
		t.Errorf("admitted: %v, %v", names, err)
	}
}

// TestWhatIsServedIsRecordedAsAdmitted, also where the look was another
// registry's.
func TestWhatIsServedIsRecordedAsAdmitted(t *testing.T) {
	w, name := one(t)
	w.Gate.Registries["other"] = gate.Registry{Name: "other", Policy: w.Gate.Registries["main"].Policy, Targets: w.Gate.Registries["main"].Targets}
	for _, registryName := range []string{"main", "other"} {
		s := w.Shelf(registryName)
		if _, err := open(t, s, name); err != nil {
			t.Fatal(err)
		}
		if names, err := s.Names(t.Context(), artifact.PyPI); err != nil || len(names) != 1 {
			t.Errorf("%s lists %v, %v", registryName, names, err)
		}
	}
	if w.Inspects.Load() != 1 {
		t.Errorf("looked at %d times", w.Inspects.Load())
	}
}

// TestRepeatsAreCheap: a client that asks five times for a refused file causes
// one row and one line.
func TestRepeatsAreCheap(t *testing.T) {
	w, name := one(t)
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical))
	s := w.Shelf("main")
	generation := func() int64 {
		t.Helper()
		n, err := w.Store.Generation(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ask := func() {
		t.Helper()
		if _, refused := errors.AsType[*verdict.Refusal](openAs(t.Context(), t, s, name)); !refused {
			t.Fatal("not refused")
		}
	}
	ask()
	was := generation()
	for range 4 {
		ask()
	}
	if now := generation(); now != was {
		t.Errorf("repeats wrote: generation %d after %d", now, was)
	}
	lines := func() int { return strings.Count(w.Lines.String(), "msg=refused") }
	if n := lines(); n != 1 {
		t.Errorf("%d lines for five requests, want 1", n)
	}
	w.Later(10 * time.Minute)
	ask()
	if n := lines(); n != 2 || !strings.Contains(w.Lines.String(), "repeated=4") {
		t.Errorf("%d lines after a while, want 2, the second with the 4 repeats:\n%s", n, w.Lines)
	}
}

// TestFailedLooks: what may pass the next time is a fault to ask again after; what
// may not is a file that nobody looked at.
func TestFailedLooks(t *testing.T) {
	for _, tc := range []struct {
		err     error
		refused bool
	}{
		{ecosystem.ErrUnreachable, false},
		{&fetch.ErrStatus{Code: 503}, false},
		{&fetch.ErrStatus{Code: 404}, true},
		{fetch.ErrTooLarge, true},
	} {
		w, name := one(t)
		w.Gate.Fetch = failing{tc.err}
		_, err := open(t, w.Shelf("main"), name)
		if _, refused := errors.AsType[*verdict.Refusal](err); err == nil || refused != tc.refused {
			t.Errorf("%v: %v, want a refusal: %t", tc.err, err, tc.refused)
		}
	}
}

type failing struct{ err error }

func (f failing) Fetch(context.Context, ecosystem.IndexFile, string) (artifact.Digest, int64, error) {
	return "", 0, f.err
}
