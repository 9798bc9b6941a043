package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/jobs/jobstest"
)

// start runs one kind of work, "look", with a clock that only the bubble moves.
func start(s jobs.Store, slots int, do func(context.Context, jobs.Job) error, change ...func(*jobs.Config)) *jobs.Runner {
	c := jobs.Config{
		Store: s, Kinds: map[string]jobs.Kind{"look": {Do: do, Slots: slots}},
		Now: time.Now, Random: func() float64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	return jobs.Start(c)
}

func enqueue(t *testing.T, s jobs.Store, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		err := s.Enqueue(t.Context(), jobs.New{ID: "j-" + subject, Kind: "look", Subject: subject, Created: time.Now(), Priority: jobs.Person})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func find(t *testing.T, s jobs.Store, subject string) jobs.Job {
	t.Helper()
	all, err := s.List(t.Context(), jobs.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range all {
		if j.Subject == subject {
			return j
		}
	}
	t.Fatalf("no job about %s", subject)
	return jobs.Job{}
}

// heard collects what ran, in order.
type heard struct {
	mu  sync.Mutex
	ran []string
	at  []time.Duration // since the first
	t0  time.Time
}

func (h *heard) note(s string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ran) == 0 {
		h.t0 = time.Now()
	}
	h.ran, h.at = append(h.ran, s), append(h.at, time.Since(h.t0))
	return len(h.ran)
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ran)
}

func TestRunnerDoesWhatIsThereAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &jobstest.Memory{}, &heard{}
		enqueue(t, s, "before")
		r := start(s, 2, func(ctx context.Context, j jobs.Job) error {
			if jobs.PriorityOf(ctx) != jobs.Person {
				t.Errorf("%s runs with priority %d, want that of its job", j.Subject, jobs.PriorityOf(ctx))
			}
			h.note(j.Subject)
			return nil
		})
		defer r.Close(t.Context())
		synctest.Wait()
		enqueue(t, s, "told")
		r.Wake()
		synctest.Wait()
		if got := h.all(); !slices.Equal(got, []string{"before", "told"}) || h.at[1] != 0 {
			t.Errorf("ran %v at %v: who is told does not wait for a poll", got, h.at)
		}
		enqueue(t, s, "not told") // as by another process
		time.Sleep(jobs.PollTime)
		synctest.Wait()
		if got := h.all(); len(got) != 3 {
			t.Errorf("ran %v: a poll finds what nobody told of", got)
		}
		for _, what := range h.all() {
			if j := find(t, s, what); j.State != jobs.Done || j.Attempt != 1 {
				t.Errorf("%s: %+v", what, j)
			}
		}
	})
}

func TestRunnerKeepsToItsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &jobstest.Memory{}, &heard{}
		enqueue(t, s, "a", "b", "c", "d", "e")
		leave := make(chan struct{})
		r := start(s, 2, func(_ context.Context, j jobs.Job) error {
			h.note(j.Subject)
			<-leave
			return nil
		})
		synctest.Wait()
		if got := h.all(); len(got) != 2 {
			t.Errorf("%v run at once, want 2", got)
		}
		leave <- struct{}{}
		synctest.Wait()
		if got := h.all(); len(got) != 3 {
			t.Errorf("%v ran: the next one begins as soon as there is a place", got)
		}
		close(leave)
		synctest.Wait()
		if got := h.all(); len(got) != 5 {
			t.Errorf("%v ran", got)
		}
		r.Close(t.Context())
	})
}

func TestRunnerTriesAgainWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &jobstest.Memory{}, &heard{}
		enqueue(t, s, "a")
		random := []float64{0, 0, 0, 0, 0.5}
		r := start(s, 1, func(_ context.Context, j jobs.Job) error {
			if n := h.note(j.Subject); n == 3 {
				panic("a bug")
			}
			return errors.New("the disk is full\x00\xff")
		}, func(c *jobs.Config) {
			c.Random = func() float64 { f := random[0]; random = random[1:]; return f }
		})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 39 * time.Second}
		if !slices.Equal(h.at, want) {
			t.Errorf("tried at %v, want %v", h.at, want)
		}
		if j := find(t, s, "a"); j.State != jobs.Dead || j.Tries != jobs.MaxTries || j.Error != "the disk is full" {
			t.Errorf("in the end: %+v", j)
		}
		if _, err := s.Restart(t.Context(), "j-a", time.Now()); err != nil {
			t.Fatal(err)
		}
		random = []float64{0}
		r.Wake()
		synctest.Wait()
		if j := find(t, s, "a"); len(h.all()) != 7 || j.State != jobs.Waiting || j.Tries != 1 {
			t.Errorf("started again: %+v after %d tries", j, len(h.all()))
		}
		r.Close(t.Context())
	})
}

func TestRunnerBuriesWhatKillsItsProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &jobstest.Memory{}, &heard{}
		enqueue(t, s, "a")
		for range jobs.MaxTries { // each time the process is gone before the lease is
			if _, found, err := s.Claim(t.Context(), "look", time.Now(), time.Now()); err != nil || !found {
				t.Fatal(found, err)
			}
		}
		r := start(s, 1, func(_ context.Context, j jobs.Job) error { h.note(j.Subject); return nil })
		synctest.Wait()
		if j := find(t, s, "a"); j.State != jobs.Dead || len(h.all()) != 0 {
			t.Errorf("%+v, ran %v", j, h.all())
		}
		r.Close(t.Context())
	})
}

// block is work that goes on until its context ends, and says why that was.
func block(causes chan<- error) func(context.Context, jobs.Job) error {
	return func(ctx context.Context, _ jobs.Job) error {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}
}

func TestRunnerGivesBackWhatItCannotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, causes := &jobstest.Memory{}, make(chan error, 9)
		enqueue(t, s, "a", "b")
		r := start(s, 1, block(causes))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		r.Close(ctx)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("closing took %v, want the minute that it was given", took)
		}
		if len(causes) != 1 {
			t.Errorf("%d attempts ran: a closing runner claims nothing", len(causes))
		}
		for _, what := range []string{"a", "b"} {
			if j := find(t, s, what); j.State != jobs.Waiting || j.Tries != 0 || j.NotBefore.After(time.Now()) {
				t.Errorf("%s: %+v, want it unharmed", what, j)
			}
		}
		r.Close(t.Context()) // again is no error
	})
}

func TestRunnerWaitsForWhatEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &jobstest.Memory{}
		enqueue(t, s, "a")
		r := start(s, 1, func(context.Context, jobs.Job) error { time.Sleep(10 * time.Second); return nil })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r.Close(ctx)
		if j := find(t, s, "a"); j.State != jobs.Done {
			t.Errorf("%+v", j)
		}
	})
}

func TestRunnerHoldsItsLeaseAsLongAsItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &jobstest.Memory{}
		enqueue(t, s, "a")
		r := start(s, 1, func(context.Context, jobs.Job) error { time.Sleep(10 * jobs.LeaseTime); return nil })
		for range 9 {
			time.Sleep(jobs.LeaseTime)
			if j, found, err := s.Claim(t.Context(), "look", time.Now(), time.Now().Add(time.Hour)); found || err != nil {
				t.Fatalf("another one claimed %+v (%v)", j, err)
			}
		}
		time.Sleep(2 * jobs.LeaseTime)
		synctest.Wait()
		if j := find(t, s, "a"); j.State != jobs.Done || j.Attempt != 1 {
			t.Errorf("%+v", j)
		}
		r.Close(t.Context())
	})
}

func TestRunnerStopsWhatWasTakenFromIt(t *testing.T) {
	for _, tc := range []struct {
		why    string
		take   func(*testing.T, *jobstest.Memory, *jobs.Runner)
		within time.Duration
		state  jobs.State
	}{
		{"cancelled here", func(t *testing.T, s *jobstest.Memory, r *jobs.Runner) {
			if err := s.Cancel(t.Context(), "j-a", time.Now()); err != nil {
				t.Fatal(err)
			}
			r.Cancelled("look", "a")
		}, 0, jobs.Cancelled},
		{"cancelled elsewhere", func(t *testing.T, s *jobstest.Memory, _ *jobs.Runner) {
			if err := s.Cancel(t.Context(), "j-a", time.Now()); err != nil {
				t.Fatal(err)
			}
		}, jobs.LeaseTime / 3, jobs.Cancelled},
		{"claimed by another, whose clock is ahead", func(t *testing.T, s *jobstest.Memory, _ *jobs.Runner) {
			ahead := time.Now().Add(time.Hour)
			if _, found, err := s.Claim(t.Context(), "look", ahead, ahead.Add(time.Hour)); err != nil || !found {
				t.Fatal(found, err)
			}
		}, jobs.LeaseTime / 3, jobs.Running},
		{"the store cannot be asked any more", func(t *testing.T, s *jobstest.Memory, _ *jobs.Runner) {
			s.Break("Claim", "Renew", "Finish", "Retry", "Release", "Bury")
		}, jobs.LeaseTime, jobs.Running},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, causes := &jobstest.Memory{}, make(chan error, 1)
				enqueue(t, s, "a")
				r := start(s, 1, block(causes))
				synctest.Wait()
				tc.take(t, s, r)
				time.Sleep(tc.within)
				synctest.Wait()
				select {
				case cause := <-causes:
					if !errors.Is(cause, jobs.ErrLost) {
						t.Errorf("it ended for %v", cause)
					}
				default:
					t.Errorf("it still runs after %v", tc.within)
				}
				if j := find(t, s, "a"); j.State != tc.state {
					t.Errorf("the job is %+v, want %s: who lost it writes nothing", j, tc.state)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				r.Close(ctx)
			})
		})
	}
}

func TestRunnerOutlivesAStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &jobstest.Memory{}, &heard{}
		enqueue(t, s, "a")
		s.Break("Claim")
		r := start(s, 1, func(_ context.Context, j jobs.Job) error { h.note(fmt.Sprint(j.Attempt)); return nil })
		time.Sleep(time.Minute)
		s.Break("Finish") // the work is done and cannot be written down
		time.Sleep(jobs.PollTime)
		synctest.Wait()
		if got := h.all(); !slices.Equal(got, []string{"1"}) {
			t.Fatalf("ran %v", got)
		}
		s.Break()
		time.Sleep(jobs.LeaseTime + jobs.PollTime)
		synctest.Wait()
		if j := find(t, s, "a"); j.State != jobs.Done || j.Attempt != 2 || !slices.Equal(h.all(), []string{"1", "2"}) {
			t.Errorf("%+v, ran %v: it runs again when its lease has run out", j, h.all())
		}
		r.Close(t.Context())
	})
}
