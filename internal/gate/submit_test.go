package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// claim takes the next request's job, as a runner does.
func (w *world) claim() jobs.Job {
	w.t.Helper()
	j, found, err := w.Queue.Claim(w.t.Context(), gate.RequestJob, w.Now(), w.Now().Add(time.Minute))
	if err != nil || !found {
		w.t.Fatalf("claiming: %t %v", found, err)
	}
	return j
}

func (w *world) status(id string) verdict.Status {
	w.t.Helper()
	o, err := w.Outcome(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return o.Status
}

func TestSubmitAndRun(t *testing.T) {
	for _, tc := range []struct {
		door, project, by string
		priority          jobs.Priority
		share, why        string
	}{
		{"cli", "shop", "dev", jobs.Person, "shop", "somebody waits at a prompt"},
		{"push", "", "dev", jobs.Person, "by dev", "without a project whoever asks has a share"},
		{"api", "shop", "ci", jobs.Routine, "shop", "a program can wait"},
		{"pull", "shop", "ci", jobs.Install, "shop", "a client has its connection open"},
	} {
		w := newWorld(t, "pytz 2026.1")
		r := request("requirements.txt", "pytz==2026.1\n")
		r.Door, r.Project, r.By = tc.door, tc.project, tc.by
		if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
			t.Fatal(err)
		}
		if s := w.status(r.ID); s != verdict.Queued {
			t.Errorf("taken in as %s", s)
		}
		j := w.claim()
		if j.Priority != tc.priority || j.Share != tc.share || j.Subject != r.ID {
			t.Errorf("door %s: job %+v, want priority %s of share %s: %s", tc.door, j, tc.priority, tc.share, tc.why)
		}
		if s := w.status(r.ID); s != verdict.Running {
			t.Errorf("under way as %s", s)
		}
		if err := w.Run(t.Context(), j, gate.Silent{}); err != nil {
			t.Fatal(err)
		}
		if o, err := w.Outcome(t.Context(), r.ID); err != nil || said(o) != "admit: pytz 2026.1 admit" {
			t.Errorf("outcome %s, %v", said(o), err)
		}
		if err := w.Run(t.Context(), j, gate.Silent{}); err != nil {
			t.Errorf("run again when it is done: %v", err)
		}
	}
}

// TestAStaleAttemptFinishesNothing: an attempt that lost its job while it worked
// gives no answer, and the one after it does, fetching nothing twice.
func TestAStaleAttemptFinishesNothing(t *testing.T) {
	w := newWorld(t, "pytz 2026.1")
	r := request("requirements.txt", "pytz==2026.1\n")
	if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	old := w.claim()
	w.pass(2 * time.Minute)
	next := w.claim() // its lease has run out, and it does not know
	if err := w.Run(t.Context(), old, gate.Silent{}); !errors.Is(err, jobs.ErrLost) {
		t.Errorf("the old attempt ended with %v", err)
	}
	if s := w.status(r.ID); s != verdict.Running {
		t.Errorf("after that the request is %s", s)
	}
	if err := w.Run(t.Context(), next, gate.Silent{}); err != nil {
		t.Fatal(err)
	}
	if s := w.status(r.ID); s != verdict.Done || w.fetch.total() != 1 || w.look.total() != 1 {
		t.Errorf("in the end it is %s after %d fetches and %d looks", s, w.fetch.total(), w.look.total())
	}
	if err := w.Run(t.Context(), old, gate.Silent{}); err != nil {
		t.Errorf("the old attempt, woken late, finds it done: %v", err)
	}
}

// TestRunThatIsCutShort leaves the request as it was, for the next attempt.
func TestRunThatIsCutShort(t *testing.T) {
	w := newWorld(t, "pytz 2026.1")
	r := request("requirements.txt", "pytz==2026.1\n")
	if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	j := w.claim()
	ctx, cancel := context.WithCancel(t.Context())
	w.fetch.hook = func(context.Context, string) { cancel() }
	if err := w.Run(ctx, j, gate.Silent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cut short with %v", err)
	}
	if err := w.Queue.Release(t.Context(), j.Held(), w.Now()); err != nil {
		t.Fatal(err)
	}
	if s := w.status(r.ID); s != verdict.Queued {
		t.Errorf("given back as %s", s)
	}
	if err := w.Run(t.Context(), w.claim(), gate.Silent{}); err != nil {
		t.Fatal(err)
	}
	if s := w.status(r.ID); s != verdict.Done {
		t.Errorf("in the end it is %s", s)
	}
}

func TestARequestWhoseRegistryIsGone(t *testing.T) {
	w := newWorld(t, "pytz 2026.1")
	r := request("requirements.txt", "pytz==2026.1\n")
	if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	delete(w.Registries, "main") // as after a restart with another configuration
	if err := w.Run(t.Context(), w.claim(), gate.Silent{}); err != nil {
		t.Fatal(err)
	}
	o, err := w.Outcome(t.Context(), r.ID)
	if err != nil || o.Status != verdict.Failed || o.Verdict != verdict.Hold || !strings.Contains(o.Problems[0].Text, "no registry") {
		t.Errorf("%+v, %v", o, err)
	}
	if err := w.Submit(t.Context(), request("requirements.txt", "x\n"), jobs.Room{}); err == nil {
		t.Error("a request for it was taken in")
	}
}

func TestCancel(t *testing.T) {
	w := newWorld(t, "pytz 2026.1")
	r := request("requirements.txt", "pytz==2026.1\n")
	if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cancel(t.Context(), r.ID, ""); err == nil {
		t.Error("nobody cancelled")
	}
	j := w.claim()
	out, err := w.Cancel(t.Context(), r.ID, "ann\x1b[31m")
	if err != nil || out.Status != verdict.Cancelled || out.Verdict != verdict.Hold || !strings.Contains(out.Problems[0].Text, "cancelled by ann") || strings.Contains(out.Problems[0].Text, "\x1b") {
		t.Errorf("%+v, %v", out, err)
	}
	if err := w.Queue.Renew(t.Context(), j.Held(), w.Now().Add(time.Hour)); !errors.Is(err, jobs.ErrLost) {
		t.Errorf("who works on it may go on: %v", err)
	}
	if _, err := w.Cancel(t.Context(), r.ID, "ann"); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("again: %v", err)
	}
	if done := w.requirements("pytz==2026.1"); done.Status != verdict.Done {
		t.Fatal(said(done))
	} else if _, err := w.Cancel(t.Context(), done.Request, "ann"); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("cancelling what is done: %v", err)
	}
}

// TestAdmitHoldsItsJob: what is looked at in the foreground is nobody else's work.
func TestAdmitHoldsItsJob(t *testing.T) {
	w := newWorld(t, "pytz 2026.1")
	w.fetch.hook = func(ctx context.Context, _ string) {
		if j, found, err := w.Queue.Claim(ctx, gate.RequestJob, w.Now(), w.Now().Add(time.Minute)); found || err != nil {
			t.Errorf("another one claimed %+v (%v)", j, err)
		}
	}
	out := w.requirements("pytz==2026.1")
	js, err := w.Jobs(t.Context(), "", 10)
	if err != nil || len(js) != 1 || js[0].State != jobs.Done || js[0].Subject != out.Request {
		t.Errorf("jobs %+v, %v", js, err)
	}
}
