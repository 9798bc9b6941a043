package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Submit implements gate.Store; an id that exists is verdict.ErrConflict.
func (db *DB) Submit(ctx context.Context, r verdict.Request, j jobs.New) error {
	doing := fmt.Sprintf("recording request %.80q", r.ID)
	if r.ID == "" || j.Kind != gate.RequestJob || j.Subject != r.ID {
		return fmt.Errorf("%s: a request needs an id and a job about it", doing)
	}
	if err := errors.Join(store.CheckText(r.ID, r.Door, r.Registry, r.Project, r.By), checkJob(j)); err != nil {
		return wrap(doing, err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO request (id, registry, door, project, actor, created_ms, body, status)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			r.ID, r.Registry, r.Door, r.Project, r.By, r.Created.UnixMilli(), string(body), verdict.Queued)
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		if err != nil {
			return err
		}
		return enqueue(ctx, tx, j)
	})
}

// outcomeRow keeps what an outcome's JSON form leaves out.
type outcomeRow struct {
	Outcome verdict.Outcome
	Of      []artifact.Version // of Outcome.Versions, by place
}

// FinishRequest implements gate.Store. An attempt that no longer holds the job is
// jobs.ErrLost, whatever it found out.
func (db *DB) FinishRequest(ctx context.Context, h jobs.Held, o verdict.Outcome, at time.Time) error {
	doing := fmt.Sprintf("finishing request %.80q", o.Request)
	return db.endRequest(ctx, doing, o, at, func(tx *writing) error {
		return changeHeld(ctx, tx, h, `
			UPDATE job SET state = 'done', lease_ms = NULL, finished_ms = $3, error = ''
			WHERE id = $1 AND attempt = $2 AND state = 'running' AND kind = $4 AND subject = $5`, at.UnixMilli(), gate.RequestJob, o.Request)
	})
}

// CancelRequest implements gate.Store.
func (db *DB) CancelRequest(ctx context.Context, o verdict.Outcome, at time.Time) error {
	doing := fmt.Sprintf("cancelling request %.80q", o.Request)
	o.Status = verdict.Cancelled
	return db.endRequest(ctx, doing, o, at, func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE job SET state = 'cancelled', lease_ms = NULL, finished_ms = $3
			WHERE kind = $1 AND subject = $2 AND state IN ('waiting', 'running', 'dead')`, gate.RequestJob, o.Request, at.UnixMilli())
		return err
	})
}

// endRequest writes a request's outcome together with its job's end.
func (db *DB) endRequest(ctx context.Context, doing string, o verdict.Outcome, at time.Time, endJob func(*writing) error) error {
	if !o.Status.Ended() {
		return fmt.Errorf("%s: status %.20q is no end", doing, o.Status)
	}
	kept := outcomeRow{Outcome: o}
	for _, v := range o.Versions {
		kept.Of = append(kept.Of, v.Version)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		if err := endJob(tx); err != nil {
			return err
		}
		var now verdict.Status
		err := tx.QueryRowContext(ctx, `SELECT status FROM request WHERE id = $1`, o.Request).Scan(&now)
		if errors.Is(err, sql.ErrNoRows) {
			return verdict.ErrNotFound
		} else if err != nil {
			return err
		}
		if now.Ended() {
			return fmt.Errorf("%w: it is %s already", verdict.ErrConflict, now)
		}
		_, err = tx.ExecContext(ctx, `UPDATE request SET status = $2, outcome = $3, finished_ms = $4 WHERE id = $1`,
			o.Request, o.Status, string(text), at.UnixMilli())
		return err
	})
}

// requestStatus is a request's own status, or what its job says while it has
// none: the row and the job change in one transaction.
const requestStatus = `
	CASE WHEN status <> 'queued' THEN status ELSE coalesce((
		SELECT CASE state WHEN 'running' THEN 'running' WHEN 'dead' THEN 'failed' END FROM job
		WHERE job.kind = 'request' AND job.subject = request.id ORDER BY job.seq DESC LIMIT 1), 'queued') END`

// Request implements gate.Store. A request without an outcome has one with its id
// and status only, and the zero verdict, which holds.
func (db *DB) Request(ctx context.Context, id string) (verdict.Request, verdict.Status, verdict.Outcome, error) {
	var req verdict.Request
	o, err := one(ctx, db, func(r row) (verdict.Outcome, error) { return scanOutcome(r, document{&req}) },
		`SELECT id, `+requestStatus+`, outcome, body FROM request WHERE id = $1`, id)
	return req, o.Status, o, wrap(fmt.Sprintf("reading request %.80q", id), err)
}

// Outcome implements gate.Store. It does not read what was asked, which can be
// large: who waits for an answer looks again and again.
func (db *DB) Outcome(ctx context.Context, id string) (verdict.Outcome, string, error) {
	var registry string
	o, err := one(ctx, db, func(r row) (verdict.Outcome, error) { return scanOutcome(r, &registry) },
		`SELECT id, `+requestStatus+`, outcome, registry FROM request WHERE id = $1`, id)
	return o, registry, wrap(fmt.Sprintf("reading request %.80q", id), err)
}

// Requests implements gate.Store: newest first; registry "" for all.
func (db *DB) Requests(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error) {
	q, args := `SELECT id, `+requestStatus+`, outcome, NULL FROM request WHERE registry = $2 ORDER BY seq DESC LIMIT $1`, []any{store.Limit(limit), registry}
	if registry == "" {
		q, args = `SELECT id, `+requestStatus+`, outcome, NULL FROM request ORDER BY seq DESC LIMIT $1`, args[:1]
	}
	outcomes, err := list(ctx, db, func(r row) (verdict.Outcome, error) { return scanOutcome(r, new(any)) }, q, args...)
	return outcomes, wrap("listing requests", err)
}

// scanOutcome reads id, status and outcome, and a fourth column into more.
func scanOutcome(r row, more any) (verdict.Outcome, error) {
	var kept outcomeRow
	var id string
	var s verdict.Status
	if err := r.Scan(&id, &s, document{&kept}, more); err != nil {
		return verdict.Outcome{}, err
	}
	o := kept.Outcome
	o.Request, o.Status = id, s
	for i := range min(len(o.Versions), len(kept.Of)) {
		o.Versions[i].Version = kept.Of[i]
	}
	return o, nil
}
