package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// CreateRequest implements gate.Store; an id that exists is verdict.ErrConflict.
func (db *DB) CreateRequest(ctx context.Context, r verdict.Request) error {
	doing := fmt.Sprintf("recording request %.80q", r.ID)
	if r.ID == "" {
		return fmt.Errorf("%s: a request needs an id", doing)
	}
	if err := store.CheckText(r.ID, r.Door, r.Registry, r.Project, r.By); err != nil {
		return wrap(doing, err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *sql.Tx) error {
		added, err := insert(ctx, tx, `
			INSERT INTO request (id, registry, door, project, actor, created_ms, body, status)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			r.ID, r.Registry, r.Door, r.Project, r.By, r.Created.UnixMilli(), string(body), verdict.Queued)
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		return err
	})
}

// SetRequestStatus implements gate.Store for Queued and Running; FinishRequest
// is for the others. A finished request is verdict.ErrConflict.
func (db *DB) SetRequestStatus(ctx context.Context, id string, s verdict.Status) error {
	doing := fmt.Sprintf("marking request %.80q as %.20q", id, s)
	if s != verdict.Queued && s != verdict.Running {
		return fmt.Errorf("%s: only queued and running have no outcome", doing)
	}
	return db.changeRequest(ctx, doing, id, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE request SET status = $2 WHERE id = $1`, id, s)
		return err
	})
}

// outcomeRow keeps what an outcome's JSON form leaves out.
type outcomeRow struct {
	Outcome verdict.Outcome
	Of      []artifact.Version // of Outcome.Versions, by place
}

// FinishRequest implements gate.Store for Done and Failed. A request that is
// finished already is verdict.ErrConflict, whatever the outcome: a job that ran
// twice learns so that it was not the first.
func (db *DB) FinishRequest(ctx context.Context, id string, s verdict.Status, o verdict.Outcome, at time.Time) error {
	doing := fmt.Sprintf("finishing request %.80q", id)
	if s != verdict.Done && s != verdict.Failed {
		return fmt.Errorf("%s: status %.20q is not final", doing, s)
	}
	o.Request, o.Status = id, s
	kept := outcomeRow{Outcome: o}
	for _, v := range o.Versions {
		kept.Of = append(kept.Of, v.Version)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return wrap(doing, err)
	}
	return db.changeRequest(ctx, doing, id, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE request SET status = $2, outcome = $3, finished_ms = $4 WHERE id = $1`,
			id, s, string(text), at.UnixMilli())
		return err
	})
}

// changeRequest runs f when the request exists and is not finished.
func (db *DB) changeRequest(ctx context.Context, doing, id string, f func(tx *sql.Tx) error) error {
	return db.write(ctx, doing, func(tx *sql.Tx) error {
		var now verdict.Status
		err := tx.QueryRowContext(ctx, `SELECT status FROM request WHERE id = $1`, id).Scan(&now)
		if errors.Is(err, sql.ErrNoRows) {
			return verdict.ErrNotFound
		}
		if err != nil {
			return err
		}
		if now == verdict.Done || now == verdict.Failed {
			return fmt.Errorf("%w: it is %s already", verdict.ErrConflict, now)
		}
		return f(tx)
	})
}

// Request implements gate.Store. An unfinished request has an outcome with its
// id and status only, and the zero verdict, which holds.
func (db *DB) Request(ctx context.Context, id string) (verdict.Request, verdict.Status, verdict.Outcome, error) {
	var req verdict.Request
	o, err := one(ctx, db, func(r row) (verdict.Outcome, error) { return scanOutcome(r, &req) },
		`SELECT id, status, outcome, body FROM request WHERE id = $1`, id)
	return req, o.Status, o, wrap(fmt.Sprintf("reading request %.80q", id), err)
}

// Requests implements gate.Store: newest first; registry "" for all.
func (db *DB) Requests(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error) {
	q, args := `SELECT id, status, outcome, NULL FROM request WHERE registry = $2 ORDER BY seq DESC LIMIT $1`, []any{store.Limit(limit), registry}
	if registry == "" {
		q, args = `SELECT id, status, outcome, NULL FROM request ORDER BY seq DESC LIMIT $1`, args[:1]
	}
	outcomes, err := list(ctx, db, func(r row) (verdict.Outcome, error) { return scanOutcome(r, nil) }, q, args...)
	return outcomes, wrap("listing requests", err)
}

// scanOutcome reads id, status, outcome and, when req is not nil, the request.
func scanOutcome(r row, req *verdict.Request) (verdict.Outcome, error) {
	var kept outcomeRow
	var id string
	var s verdict.Status
	if err := r.Scan(&id, &s, document{&kept}, document{req}); err != nil {
		return verdict.Outcome{}, err
	}
	o := kept.Outcome
	o.Request, o.Status = id, s
	for i := range min(len(o.Versions), len(kept.Of)) {
		o.Versions[i].Version = kept.Of[i]
	}
	return o, nil
}
