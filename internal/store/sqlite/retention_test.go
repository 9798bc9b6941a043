package sqlite

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestForgettingLosesNoRequest: what has its answer goes with its job, however it
// came by it. A request that waits for a person to start its dead job again stays
// so: without the job it would wait for ever, and nobody would be at it.
func TestForgettingLosesNoRequest(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	submit := func(id string) jobs.Held {
		t.Helper()
		ok(t, db.Submit(ctx, verdict.Request{ID: id, Created: day}, jobs.New{ID: "j" + id, Kind: gate.RequestJob, Subject: id, Created: day}))
		j, found, err := db.Jobs().Claim(ctx, gate.RequestJob, day, day.Add(time.Hour))
		if err != nil || !found {
			t.Fatalf("claiming: %t %v", found, err)
		}
		return j.Held()
	}
	ok(t, db.FinishRequest(ctx, submit("answered"), verdict.Outcome{Request: "answered", Status: verdict.Done}, day))
	submit("cancelled")
	ok(t, db.CancelRequest(ctx, verdict.Outcome{Request: "cancelled"}, day))
	ok(t, db.Jobs().Bury(ctx, submit("stuck"), day, "it failed six times"))
	buried := submit("given up")
	ok(t, db.Jobs().Bury(ctx, buried, day, "it failed six times"))
	ok(t, db.CancelRequest(ctx, verdict.Outcome{Request: "given up"}, day))

	later := day.Add(time.Hour)
	all := Retention{Jobs: later, Requests: later}
	dry, err := db.Forget(ctx, all, true)
	ok(t, err)
	got, err := db.Forget(ctx, all, false)
	ok(t, err)
	if want := (Forgotten{Jobs: 3, Requests: 3}); got != want || dry != want {
		t.Errorf("forgot %+v (dry %+v), want %+v", got, dry, want)
	}
	if o, _, err := db.Outcome(ctx, "stuck"); err != nil || o.Status != verdict.Failed {
		t.Errorf("the stuck request is %s (%v), want failed", o.Status, err)
	}
	if _, err := db.Jobs().Restart(ctx, "jstuck", later); err != nil {
		t.Errorf("its job cannot be started again: %v", err)
	}
}
