package jobs_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// TestRaised: work that waits at the end goes first once somebody waits for it.
func TestRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := jobs.NewSlots(1)
		release, err := s.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		wait := func(name string, ctx context.Context) {
			go func() {
				release, err := s.Acquire(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, name)
				release()
			}()
			synctest.Wait()
		}
		ahead, raised := jobs.WithRaisable(t.Context(), jobs.Background)
		wait("routine", t.Context())
		wait("ahead", ahead)
		wait("person", jobs.WithPriority(t.Context(), jobs.Person))
		raised.Raise(jobs.Install)
		raised.Raise(jobs.Background) // never back
		release()
		synctest.Wait()
		if len(order) != 3 || order[0] != "ahead" || order[1] != "person" || order[2] != "routine" {
			t.Errorf("order %q", order)
		}
		if p := jobs.PriorityOf(ahead); p != jobs.Install {
			t.Errorf("priority %d", p)
		}
	})
}
