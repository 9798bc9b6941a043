package jobs_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

func TestSlotsGoByPriorityThenByComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := jobs.NewSlots(1)
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var got []string
		for _, w := range []struct {
			name     string
			priority jobs.Priority
		}{{"background", jobs.Background}, {"routine", jobs.Routine}, {"install", jobs.Install}, {"person", jobs.Person}, {"install2", jobs.Install}, {"background2", jobs.Background}} {
			go func() {
				release, err := s.Acquire(jobs.WithPriority(t.Context(), w.priority))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got = append(got, w.name)
				mu.Unlock()
				release()
			}()
			synctest.Wait()
		}
		release()
		synctest.Wait()
		if want := []string{"install", "install2", "person", "routine", "background", "background2"}; !slices.Equal(got, want) {
			t.Errorf("served %v, want %v", got, want)
		}
	})
}

func TestSlotsAreNotLostByWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := jobs.NewSlots(1)
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error, 1)
		go func() {
			_, err := s.Acquire(jobs.WithPriority(ctx, jobs.Install))
			gaveUp <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("gave up with %v", err)
		}
		release()
		if release, err = s.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := s.Acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a place was given to somebody who had gone: %v", err)
		}
	})
}

// TestSlotsUnderLoad: never more than there are, and all of them are there in the
// end, however many give up in the moment that they are served.
func TestSlotsUnderLoad(t *testing.T) {
	const places, comers = 3, 400
	s := jobs.NewSlots(places)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for i := range comers {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(jobs.WithPriority(t.Context(), jobs.Priority(i%4)))
			defer cancel()
			if i%2 == 0 {
				spins := rand.IntN(2000)
				go func() {
					for range spins {
						_ = ctx.Err()
					}
					cancel()
				}()
			}
			release, err := s.Acquire(ctx)
			if err != nil {
				return
			}
			n := inside.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			inside.Add(-1)
			release()
		})
	}
	wg.Wait()
	if most.Load() > places {
		t.Errorf("%d were inside at once, want at most %d", most.Load(), places)
	}
	for range places {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := s.Acquire(ctx); err != nil {
			t.Errorf("a place was lost: %v", err)
		}
		cancel()
	}
	ended, cancel := context.WithCancel(t.Context())
	free := make(chan error, 1)
	go func() { _, err := s.Acquire(ended); free <- err }()
	cancel()
	if <-free == nil {
		t.Error("there is a place more than there were")
	}
}
