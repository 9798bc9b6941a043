package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/jobs/jobstest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// leases is the lease table of a store of its own.
type leases struct {
	Jobs
	close func() error
}

// Close implements jobstest.Store.
func (l leases) Close() error { return l.close() }

func openLeases(ctx context.Context, dir string) (jobstest.Store, error) {
	db, err := openIn(ctx, dir)
	if err != nil {
		return nil, err
	}
	return leases{db.(*DB).Jobs(), db.Close}, nil
}

func TestJobs(t *testing.T) {
	jobstest.Run(t, openLeases)
	t.Run("kill", func(t *testing.T) { jobstest.Kill(t, openLeases) })
}

// TestAbandon: whoever takes the folder's lock goes on at once with what the last
// holder left, and the last holder's attempt is over.
func TestAbandon(t *testing.T) {
	ctx, db := t.Context(), openTemp(t)
	q := db.Jobs()
	ok(t, q.Enqueue(ctx, jobs.New{ID: "j1", Kind: "k", Subject: "s", Created: day}))
	left, _, err := q.Claim(ctx, "k", day, day.Add(time.Hour))
	ok(t, err)
	ok(t, q.Abandon(ctx, day.Add(time.Second)))
	next, found, err := q.Claim(ctx, "k", day.Add(time.Second), day.Add(time.Hour))
	if err != nil || !found || next.Attempt != left.Attempt+1 || next.Tries != 2 || next.Error == "" {
		t.Errorf("claimed %+v %t %v", next, found, err)
	}
	if err := q.Finish(ctx, left.Held(), day); !errors.Is(err, jobs.ErrLost) {
		t.Errorf("the one that was left: %v", err)
	}
}

// TestRequestsOfTheFirstSchema keep what they were: what had an outcome has it,
// what had none is looked at.
func TestRequestsOfTheFirstSchema(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	path := dir + "/" + fileName
	first, err := schema.ReadFile("schema/0001_first.sql")
	ok(t, err)
	db, err := open(ctx, path, fstest.MapFS{"0001_first.sql": {Data: first}}, slog.New(slog.DiscardHandler))
	ok(t, err)
	for i, status := range []string{"done", "failed", "queued", "running"} {
		outcome := any(nil)
		if i < 2 {
			outcome = fmt.Sprintf(`{"Outcome":{"decision_url":"http://gate.invalid/d/r%d"}}`, i)
		}
		_, err := db.writer.ExecContext(ctx, `
			INSERT INTO request (id, registry, door, project, actor, created_ms, body, status, outcome)
			VALUES ($1, 'main', 'cli', 'shop', 'ada', 1, $2, $3, $4)`, fmt.Sprint("r", i), fmt.Sprintf(`{"id":"r%d"}`, i), status, outcome)
		ok(t, err)
	}
	ok(t, db.Close())
	db, err = Open(ctx, path)
	ok(t, err)
	defer db.Close()
	for i, want := range []verdict.Status{verdict.Done, verdict.Failed, verdict.Queued, verdict.Queued} {
		req, status, _, err := db.Request(ctx, fmt.Sprint("r", i))
		if err != nil || status != want || req.ID != fmt.Sprint("r", i) {
			t.Errorf("r%d is %s (%v), want %s", i, status, err, want)
		}
	}
	for range 2 {
		j, found, err := db.Jobs().Claim(ctx, gate.RequestJob, day, day.Add(time.Hour))
		if err != nil || !found || j.Share != "shop" {
			t.Fatalf("claimed %+v %t %v", j, found, err)
		}
		ok(t, db.FinishRequest(ctx, j.Held(), verdict.Outcome{Request: j.Subject, Status: verdict.Done}, day))
	}
	if j, found, err := db.Jobs().Claim(ctx, gate.RequestJob, day, day.Add(time.Hour)); err != nil || found {
		t.Errorf("claimed %+v (%v): only what had no outcome", j, err)
	}
	ok(t, db.Submit(ctx, verdict.Request{ID: "r9", Created: day}, jobs.New{ID: "j9", Kind: gate.RequestJob, Subject: "r9", Created: day}))
	ok(t, db.Check(ctx))
}

// BenchmarkClaim claims and finishes beside many that wait and many that have
// ended.
func BenchmarkClaim(b *testing.B) {
	ctx, db := b.Context(), openTemp(b)
	q := db.Jobs()
	tx, err := db.writer.BeginTx(ctx, nil)
	ok(b, err)
	for i := range 20000 {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO job (id, kind, subject, share, priority, state, turn, not_before_ms, created_ms) VALUES ($1, 'k', $1, $2, 2, $3, $4, 0, 0)`,
			fmt.Sprint(i), fmt.Sprint("p", i%40), map[bool]jobs.State{true: jobs.Waiting, false: jobs.Done}[i%100 == 0], i)
		ok(b, err)
	}
	ok(b, tx.Commit())
	for i := 0; b.Loop(); i++ {
		ok(b, q.Enqueue(ctx, jobs.New{ID: fmt.Sprint("n", i), Kind: "k", Subject: fmt.Sprint("n", i), Share: "p1", Created: day, Room: jobs.Room{Total: 1e6, Share: 1e6}}))
		j, found, err := q.Claim(ctx, "k", day, day.Add(time.Hour))
		if err != nil || !found {
			b.Fatal(found, err)
		}
		ok(b, q.Finish(ctx, j.Held(), day))
	}
}
