// Package jobstest is the suite that every implementation of jobs.Store passes,
// and a store in memory for tests of what runs on one. An engine's test calls Run
// and Kill, and Child from TestMain:
//
//	func TestMain(m *testing.M) { jobstest.Child(open); os.Exit(m.Run()) }
//	func TestJobs(t *testing.T) { jobstest.Run(t, open); jobstest.Kill(t, open) }
package jobstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Store is an open implementation.
type Store interface {
	jobs.Store
	Close() error
}

// Open opens the store that belongs to dir, makes it the first time, and finds
// what an earlier one left there.
type Open func(ctx context.Context, dir string) (Store, error)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"a job's life", life},
		{"an old attempt ends nothing", fencing},
		{"a lease that ran out", expiry},
		{"held from the beginning", heldAtBirth},
		{"one live job about a subject", liveSubject},
		{"tried again later", retry},
		{"given back", release},
		{"dead, and started again", dead},
		{"cancelled", cancelled},
		{"priorities", priorities},
		{"fair shares", fairShares},
		{"room", room},
		{"kinds", kinds},
		{"list", list},
		{"what is no job", refusals},
		{"many claim at once", concurrency},
	} {
		t.Run(part.name, func(t *testing.T) {
			s, err := open(t.Context(), t.TempDir())
			ok(t, err)
			part.run(t, s)
			ok(t, s.Close())
		})
	}
}

// day is the moment that tests count from, and lease how long they hold a job.
var day = time.Date(2026, 5, 3, 10, 30, 0, 123e6, time.UTC)

const lease = time.Minute

const kind = "look"

// job is one about subject, of the share "shop".
func job(subject string, change ...func(*jobs.New)) jobs.New {
	n := jobs.New{ID: "j-" + subject, Kind: kind, Subject: subject, Share: "shop", Priority: jobs.Routine, Created: day}
	for _, c := range change {
		c(&n)
	}
	return n
}

func share(name string) func(*jobs.New)        { return func(n *jobs.New) { n.Share = name } }
func priority(p jobs.Priority) func(*jobs.New) { return func(n *jobs.New) { n.Priority = p } }

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func enqueue(t testing.TB, s Store, ns ...jobs.New) {
	t.Helper()
	for _, n := range ns {
		ok(t, s.Enqueue(t.Context(), n))
	}
}

// claim takes the next job at a moment, or stops the test.
func claim(t testing.TB, s Store, at time.Time) jobs.Job {
	t.Helper()
	j, found, err := s.Claim(t.Context(), kind, at, at.Add(lease))
	ok(t, err)
	if !found {
		t.Fatal("there is nothing to claim")
	}
	return j
}

func nothing(t testing.TB, s Store, why string, at time.Time) {
	t.Helper()
	if j, found, err := s.Claim(t.Context(), kind, at, at.Add(lease)); err != nil || found {
		t.Errorf("%s: claimed %+v (%v)", why, j, err)
	}
}

func find(t testing.TB, s Store, id string) jobs.Job {
	t.Helper()
	all, err := s.List(t.Context(), jobs.Filter{Limit: 1000})
	ok(t, err)
	i := slices.IndexFunc(all, func(j jobs.Job) bool { return j.ID == id })
	if i < 0 {
		t.Fatalf("there is no job %s among %d", id, len(all))
	}
	return all[i]
}

func same(t testing.TB, what string, got, want jobs.Job) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func life(t *testing.T, s Store) {
	enqueue(t, s, job("a"))
	want := jobs.Job{ID: "j-a", Kind: kind, Subject: "a", Share: "shop", Priority: jobs.Routine, State: jobs.Waiting, NotBefore: day, Created: day}
	same(t, "waiting", find(t, s, "j-a"), want)
	j := claim(t, s, day.Add(time.Second))
	want.State, want.Attempt, want.Tries, want.NotBefore, want.Lease = jobs.Running, 1, 1, time.Time{}, day.Add(time.Second+lease)
	same(t, "claimed", j, want)
	same(t, "running", find(t, s, "j-a"), want)
	ok(t, s.Renew(t.Context(), j.Held(), day.Add(2*lease)))
	want.Lease = day.Add(2 * lease)
	same(t, "renewed", find(t, s, "j-a"), want)
	ok(t, s.Finish(t.Context(), j.Held(), day.Add(time.Minute)))
	want.State, want.Lease, want.Finished = jobs.Done, time.Time{}, day.Add(time.Minute)
	same(t, "done", find(t, s, "j-a"), want)
	ok(t, s.Finish(t.Context(), j.Held(), day.Add(time.Hour)))
	same(t, "done once, however often it is said", find(t, s, "j-a"), want)
	nothing(t, s, "a job that is done", day.Add(24*time.Hour))
}

// allLost says that a hold changes nothing any more.
func allLost(t *testing.T, s Store, what string, h jobs.Held) {
	t.Helper()
	ctx := t.Context()
	is(t, what+": renew", s.Renew(ctx, h, day.Add(time.Hour)), jobs.ErrLost)
	is(t, what+": finish", s.Finish(ctx, h, day), jobs.ErrLost)
	is(t, what+": retry", s.Retry(ctx, h, day, "x"), jobs.ErrLost)
	is(t, what+": release", s.Release(ctx, h, day), jobs.ErrLost)
	is(t, what+": bury", s.Bury(ctx, h, day, "x"), jobs.ErrLost)
}

func fencing(t *testing.T, s Store) {
	enqueue(t, s, job("a"))
	first := claim(t, s, day)
	allLost(t, s, "an attempt to come", jobs.Held{Job: first.ID, Attempt: first.Attempt + 1})
	second := claim(t, s, day.Add(lease))
	if second.ID != first.ID || second.Attempt != first.Attempt+1 || second.Tries != 2 || second.Error == "" {
		t.Fatalf("claimed again as %+v", second)
	}
	allLost(t, s, "while another one works", first.Held())
	same(t, "the job", find(t, s, first.ID), second)
	ok(t, s.Finish(t.Context(), second.Held(), day.Add(lease)))
	before := find(t, s, first.ID)
	allLost(t, s, "after another one finished", first.Held())
	same(t, "the finished job", find(t, s, first.ID), before)
}

func expiry(t *testing.T, s Store) {
	enqueue(t, s, job("a"), job("b"))
	a := claim(t, s, day)
	if b := claim(t, s, day.Add(lease-1)); b.Subject != "b" {
		t.Fatalf("a lease that lasts was not kept: %+v", b)
	}
	nothing(t, s, "both are held", day.Add(lease-1))
	ok(t, s.Renew(t.Context(), a.Held(), day.Add(3*lease)))
	if j := claim(t, s, day.Add(2*lease)); j.Subject != "b" || j.Attempt != 2 {
		t.Errorf("claimed %+v, want b: a was renewed", j)
	}
	if j := claim(t, s, day.Add(3*lease)); j.Subject != "b" && j.Subject != "a" {
		t.Errorf("claimed %+v", j)
	}
}

func heldAtBirth(t *testing.T, s Store) {
	enqueue(t, s, job("a", func(n *jobs.New) { n.Lease = day.Add(lease) }))
	j := find(t, s, "j-a")
	if j.State != jobs.Running || j.Attempt != 1 || j.Tries != 1 || !j.Lease.Equal(day.Add(lease)) {
		t.Fatalf("held by its maker: %+v", j)
	}
	nothing(t, s, "its maker holds it", day)
	ok(t, s.Renew(t.Context(), j.Held(), day.Add(2*lease)))
	if j := claim(t, s, day.Add(2*lease)); j.Attempt != 2 {
		t.Errorf("claimed %+v", j)
	}
	is(t, "its maker afterwards", s.Finish(t.Context(), j.Held(), day), jobs.ErrLost)
}

func liveSubject(t *testing.T, s Store) {
	ctx := t.Context()
	again := job("a", func(n *jobs.New) { n.ID = "j-2" })
	enqueue(t, s, job("a"))
	is(t, "a second one", s.Enqueue(ctx, again), verdict.ErrConflict)
	j := claim(t, s, day)
	is(t, "a second one while it runs", s.Enqueue(ctx, again), verdict.ErrConflict)
	ok(t, s.Finish(ctx, j.Held(), day))
	enqueue(t, s, again)
	is(t, "an id that was used", s.Enqueue(ctx, job("c", func(n *jobs.New) { n.ID = "j-a" })), verdict.ErrConflict)
	enqueue(t, s, job("a", func(n *jobs.New) { n.ID, n.Kind = "j-3", "other" }))
}

func retry(t *testing.T, s Store) {
	enqueue(t, s, job("a"))
	j := claim(t, s, day)
	ok(t, s.Retry(t.Context(), j.Held(), day.Add(10*time.Second), "the disk is full"))
	waiting := find(t, s, "j-a")
	if waiting.State != jobs.Waiting || !waiting.NotBefore.Equal(day.Add(10*time.Second)) || waiting.Error != "the disk is full" || waiting.Tries != 1 {
		t.Errorf("put off as %+v", waiting)
	}
	nothing(t, s, "its pause lasts", day.Add(10*time.Second-time.Millisecond))
	allLost(t, s, "after putting it off", j.Held())
	if j = claim(t, s, day.Add(10*time.Second)); j.Attempt != 2 || j.Tries != 2 {
		t.Errorf("claimed %+v", j)
	}
}

func release(t *testing.T, s Store) {
	enqueue(t, s, job("a"))
	j := claim(t, s, day)
	ok(t, s.Release(t.Context(), j.Held(), day.Add(time.Second)))
	allLost(t, s, "after giving it back", j.Held())
	if j = claim(t, s, day.Add(time.Second)); j.Attempt != 2 || j.Tries != 1 {
		t.Errorf("claimed %+v: what was given back unharmed is no try", j)
	}
}

func dead(t *testing.T, s Store) {
	ctx := t.Context()
	enqueue(t, s, job("a"))
	j := claim(t, s, day)
	_, err := s.Restart(ctx, j.ID, day)
	is(t, "starting again what runs", err, verdict.ErrConflict)
	ok(t, s.Bury(ctx, j.Held(), day.Add(time.Second), "a bug"))
	allLost(t, s, "after burying it", j.Held())
	nothing(t, s, "a dead job", day.Add(24*time.Hour))
	list, err := s.List(ctx, jobs.Filter{State: jobs.Dead})
	ok(t, err)
	if len(list) != 1 || list[0].Error != "a bug" || !list[0].Finished.Equal(day.Add(time.Second)) {
		t.Errorf("dead: %+v", list)
	}
	_, err = s.Restart(ctx, "none", day)
	is(t, "starting again what never was", err, verdict.ErrNotFound)
	again := job("a", func(n *jobs.New) { n.ID = "j-2" })
	enqueue(t, s, again)
	_, err = s.Restart(ctx, j.ID, day)
	is(t, "starting it again beside a live one", err, verdict.ErrConflict)
	ok(t, s.Cancel(ctx, again.ID, day))
	back, err := s.Restart(ctx, j.ID, day.Add(time.Minute))
	ok(t, err)
	if back.State != jobs.Waiting || back.Tries != 0 || !back.Finished.IsZero() {
		t.Errorf("started again as %+v", back)
	}
	if j = claim(t, s, day.Add(time.Minute)); j.ID != "j-a" || j.Attempt != 2 || j.Tries != 1 {
		t.Errorf("claimed %+v", j)
	}
	_, err = s.Restart(ctx, j.ID, day)
	is(t, "starting it again twice", err, verdict.ErrConflict)
}

func cancelled(t *testing.T, s Store) {
	ctx := t.Context()
	enqueue(t, s, job("waits"), job("runs"), job("died"), job("ends"))
	held := map[string]jobs.Job{}
	for range 4 {
		j := claim(t, s, day)
		held[j.Subject] = j
	}
	ok(t, s.Release(ctx, held["waits"].Held(), day))
	ok(t, s.Bury(ctx, held["died"].Held(), day, "x"))
	ok(t, s.Finish(ctx, held["ends"].Held(), day))
	for _, what := range []string{"waits", "runs", "died"} {
		ok(t, s.Cancel(ctx, "j-"+what, day.Add(time.Second)))
		if j := find(t, s, "j-"+what); j.State != jobs.Cancelled || !j.Finished.Equal(day.Add(time.Second)) || !j.Lease.IsZero() {
			t.Errorf("%s: cancelled as %+v", what, j)
		}
		is(t, what+": cancelling again", s.Cancel(ctx, "j-"+what, day), verdict.ErrConflict)
	}
	allLost(t, s, "after it was cancelled", held["runs"].Held())
	nothing(t, s, "all are cancelled", day.Add(24*time.Hour))
	is(t, "what has ended", s.Cancel(ctx, "j-ends", day), verdict.ErrConflict)
	is(t, "what never was", s.Cancel(ctx, "none", day), verdict.ErrNotFound)
}

// order claims n jobs and gives their subjects; with finish each is ended before
// the next is claimed, as in a single slot.
func order(t *testing.T, s Store, n int, finish bool) string {
	t.Helper()
	var out []string
	for range n {
		j := claim(t, s, day)
		out = append(out, j.Subject)
		if finish {
			ok(t, s.Finish(t.Context(), j.Held(), day))
		}
	}
	return strings.Join(out, " ")
}

func priorities(t *testing.T, s Store) {
	enqueue(t, s, job("background", priority(jobs.Background)), job("routine"), job("person", priority(jobs.Person)), job("install", priority(jobs.Install), share("other")), job("routine2"))
	if got, want := order(t, s, 5, true), "install person routine routine2 background"; got != want {
		t.Errorf("claimed %s, want %s", got, want)
	}
}

// fairShares: a project with a hundred jobs does not keep those with one waiting,
// with many slots or with a single one.
func fairShares(t *testing.T, s Store) {
	for _, finish := range []bool{false, true} {
		name := func(s string) string { return fmt.Sprint(s, "-", finish) }
		for i := range 100 {
			enqueue(t, s, job(name(fmt.Sprint("big", i)), share(name("big"))))
		}
		enqueue(t, s, job(name("small"), share(name("small"))), job(name("tiny"), share(name("tiny"))))
		got := order(t, s, 5, finish)
		want := strings.Join([]string{name("big0"), name("small"), name("tiny"), name("big1"), name("big2")}, " ")
		if got != want {
			t.Errorf("finished in between %t: claimed %s, want %s", finish, got, want)
		}
		enqueue(t, s, job(name("late"), share(name("small"))))
		if got, want := order(t, s, 1, finish), name("late"); got != want {
			t.Errorf("finished in between %t: claimed %s, want %s: its project had its turn longest ago", finish, got, want)
		}
		enqueue(t, s, job(name("urgent"), share(name("big")), priority(jobs.Person)))
		if got, want := order(t, s, 1, finish), name("urgent"); got != want {
			t.Errorf("finished in between %t: claimed %s, want %s: priority goes before turns", finish, got, want)
		}
		for range 96 { // leave nothing behind
			j := claim(t, s, day)
			ok(t, s.Finish(t.Context(), j.Held(), day))
		}
	}
}

func room(t *testing.T, s Store) {
	ctx := t.Context()
	in := func(r jobs.Room) func(*jobs.New) { return func(n *jobs.New) { n.Room = r } }
	narrow := in(jobs.Room{Total: 3, Share: 2})
	enqueue(t, s, job("a", narrow), job("b", narrow))
	err := s.Enqueue(ctx, job("c", narrow))
	if full, is := errors.AsType[*jobs.FullError](err); !is || full.Share != "shop" || full.Most != 2 || !errors.Is(err, jobs.ErrFull) {
		t.Errorf("a full share: %v", err)
	}
	enqueue(t, s, job("c", narrow, share("other")))
	err = s.Enqueue(ctx, job("d", narrow, share("third")))
	if full, is := errors.AsType[*jobs.FullError](err); !is || full.Share != "" || full.Most != 3 {
		t.Errorf("a full queue: %v", err)
	}
	enqueue(t, s, job("d"), job("e", func(n *jobs.New) { n.Kind = "other" }, narrow)) // no bound asked for; another queue
	for range 3 {
		claim(t, s, day)
	}
	enqueue(t, s, job("f", narrow)) // what runs does not wait
}

func kinds(t *testing.T, s Store) {
	enqueue(t, s, job("a", func(n *jobs.New) { n.Kind = "other" }))
	nothing(t, s, "a job of another kind", day)
	if j, found, err := s.Claim(t.Context(), "other", day, day.Add(lease)); err != nil || !found || j.Subject != "a" {
		t.Errorf("claimed %+v %t %v", j, found, err)
	}
}

func list(t *testing.T, s Store) {
	ctx := t.Context()
	for i := range 60 {
		enqueue(t, s, job(fmt.Sprint(i)))
	}
	j := claim(t, s, day)
	all, err := s.List(ctx, jobs.Filter{Limit: 2})
	ok(t, err)
	if len(all) != 2 || all[0].Subject != "59" || all[1].Subject != "58" {
		t.Errorf("the newest two: %+v", all)
	}
	if all, err = s.List(ctx, jobs.Filter{}); err != nil || len(all) == 0 || len(all) >= 60 {
		t.Errorf("without a limit: %d (%v)", len(all), err)
	}
	if all, err = s.List(ctx, jobs.Filter{State: jobs.Running}); err != nil || len(all) != 1 || all[0].ID != j.ID {
		t.Errorf("running: %+v (%v)", all, err)
	}
}

func refusals(t *testing.T, s Store) {
	ctx := t.Context()
	for why, n := range map[string]jobs.New{
		"no id": {Kind: kind, Subject: "a"}, "no kind": {ID: "x", Subject: "a"}, "no subject": {ID: "x", Kind: kind},
		"a zero byte": job("a\x00"), "no text": job("\xff"), "a share that is no text": job("a", share("\xff")),
	} {
		if s.Enqueue(ctx, n) == nil {
			t.Errorf("a job with %s was kept", why)
		}
	}
	for _, h := range []jobs.Held{{}, {Job: "none"}, {Job: "none", Attempt: 1}} {
		is(t, "no such job", s.Finish(ctx, h, day), verdict.ErrNotFound)
		is(t, "no such job", s.Finish(ctx, h, day), jobs.ErrLost)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if s.Enqueue(ended, job("a")) == nil {
		t.Error("a job was kept for a cancelled context")
	}
	nothing(t, s, "all were refused", day)
}

// concurrency: each job is claimed by exactly one of many.
func concurrency(t *testing.T, s Store) {
	const n, workers = 60, 6
	for i := range n {
		enqueue(t, s, job(fmt.Sprint(i), share(fmt.Sprint(i%7))))
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				j, found, err := s.Claim(t.Context(), kind, day, day.Add(lease))
				if err != nil {
					t.Error(err)
				}
				if err != nil || !found {
					return
				}
				mu.Lock()
				claimed[j.ID]++
				mu.Unlock()
				if err := s.Finish(t.Context(), j.Held(), day); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(claimed) != n {
		t.Errorf("%d of %d jobs were claimed", len(claimed), n)
	}
	for id, times := range claimed {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
}
