package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Jobs is the lease table of a DB.
type Jobs struct{ db *DB }

var _ jobs.Store = Jobs{}

// Jobs gives the lease table.
func (db *DB) Jobs() Jobs { return Jobs{db} }

// Enqueue implements jobs.Store.
func (q Jobs) Enqueue(ctx context.Context, n jobs.New) error {
	doing := fmt.Sprintf("keeping job %.80q", n.ID)
	if err := checkJob(n); err != nil {
		return wrap(doing, err)
	}
	return q.db.write(ctx, doing, func(tx *writing) error { return enqueue(ctx, tx, n) })
}

func checkJob(n jobs.New) error {
	if n.ID == "" || n.Kind == "" || n.Subject == "" {
		return errors.New("a job needs an id, a kind and a subject")
	}
	return store.CheckText(n.ID, n.Kind, n.Subject, n.Share)
}

func enqueue(ctx context.Context, tx *writing, n jobs.New) error {
	if err := room(ctx, tx, n); err != nil {
		return err
	}
	state, attempt := jobs.Waiting, 0
	if !n.Lease.IsZero() {
		state, attempt = jobs.Running, 1
	}
	added, err := insert(ctx, tx, `
		INSERT INTO job (id, kind, subject, share, priority, state, attempt, tries, turn, not_before_ms, lease_ms, created_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, CASE $7 WHEN 0 THEN 0 ELSE (SELECT coalesce(max(turn), 0) + 1 FROM job WHERE kind = $2) END, $8, $9, $8)
		ON CONFLICT DO NOTHING`,
		n.ID, n.Kind, n.Subject, n.Share, n.Priority, state, attempt, n.Created.UnixMilli(), store.Millis(n.Lease))
	if err == nil && !added {
		err = fmt.Errorf("%w: there is a live job of kind %q about it, or one of that id", verdict.ErrConflict, n.Kind)
	}
	return err
}

// room says whether one more may wait.
func room(ctx context.Context, tx *writing, n jobs.New) error {
	if n.Room == (jobs.Room{}) {
		return nil
	}
	var all, share int
	err := tx.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM job WHERE kind = $1 AND state = 'waiting'),
			(SELECT count(*) FROM job WHERE kind = $1 AND share = $2 AND state = 'waiting')`, n.Kind, n.Share).Scan(&all, &share)
	switch {
	case err != nil:
		return err
	case n.Room.Share > 0 && share >= n.Room.Share:
		return &jobs.FullError{Share: n.Share, Most: n.Room.Share}
	case n.Room.Total > 0 && all >= n.Room.Total:
		return &jobs.FullError{Most: n.Room.Total}
	}
	return nil
}

const jobColumns = `id, kind, subject, share, priority, state, attempt, tries, not_before_ms, lease_ms, created_ms, finished_ms, error`

func scanJob(r row) (jobs.Job, error) {
	var j jobs.Job
	var before, created int64
	var lease, finished *int64
	err := r.Scan(&j.ID, &j.Kind, &j.Subject, &j.Share, &j.Priority, &j.State, &j.Attempt, &j.Tries, &before, &lease, &created, &finished, &j.Error)
	j.Lease, j.Created, j.Finished = store.Time(lease), store.Time(&created), store.Time(finished)
	if j.State == jobs.Waiting {
		j.NotBefore = store.Time(&before)
	}
	return j, err
}

// Claim implements jobs.Store. Of one priority the share goes first that runs the
// least, then the one whose last turn is longest ago.
func (q Jobs) Claim(ctx context.Context, kind string, now, until time.Time) (jobs.Job, bool, error) {
	var j jobs.Job
	err := q.db.write(ctx, fmt.Sprintf("claiming a job of kind %.80q", kind), func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE job SET state = 'waiting', lease_ms = NULL, not_before_ms = $2, error = 'its holder gave no more sign of life'
			WHERE kind = $1 AND state = 'running' AND lease_ms <= $2`, kind, now.UnixMilli())
		if err != nil {
			return err
		}
		j, err = scanJob(tx.QueryRowContext(ctx, `
			UPDATE job SET state = 'running', attempt = attempt + 1, tries = tries + 1, lease_ms = $3,
				turn = (SELECT max(turn) + 1 FROM job WHERE kind = $1)
			WHERE seq = (
				SELECT w.seq FROM job w
				WHERE w.kind = $1 AND w.state = 'waiting' AND w.not_before_ms <= $2
				ORDER BY w.priority,
					(SELECT count(*) FROM job r WHERE r.kind = $1 AND r.share = w.share AND r.state = 'running'),
					(SELECT max(t.turn) FROM job t WHERE t.kind = $1 AND t.share = w.share),
					w.seq
				LIMIT 1)
			RETURNING `+jobColumns, kind, now.UnixMilli(), until.UnixMilli()))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return jobs.Job{}, false, nil
	}
	return j, err == nil, err
}

// Abandon lets every job that runs be claimed at once. Only who knows that no
// holder is alive may call it, as after taking the lock of the data folder: one
// process owns it, and no other can be at work.
func (q Jobs) Abandon(ctx context.Context, now time.Time) error {
	return q.db.write(ctx, "taking over jobs", func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE job SET state = 'waiting', lease_ms = NULL, not_before_ms = $1, error = 'the process that did it ended'
			WHERE state = 'running'`, now.UnixMilli())
		return err
	})
}

// Renew implements jobs.Store.
func (q Jobs) Renew(ctx context.Context, h jobs.Held, until time.Time) error {
	return q.held(ctx, "renewing", h, `UPDATE job SET lease_ms = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'`, until.UnixMilli())
}

// Finish implements jobs.Store. What is done already is not written again.
func (q Jobs) Finish(ctx context.Context, h jobs.Held, at time.Time) error {
	err := q.held(ctx, "finishing", h, `
		UPDATE job SET state = 'done', lease_ms = NULL, finished_ms = $3, error = ''
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, at.UnixMilli())
	if !errors.Is(err, jobs.ErrLost) {
		return err
	}
	done, derr := one(ctx, q.db, func(r row) (done bool, err error) {
		err = r.Scan(&done)
		return done, err
	}, `SELECT attempt = $2 AND state = 'done' FROM job WHERE id = $1`, h.Job, h.Attempt)
	if derr == nil && done {
		return nil
	}
	return err
}

// Retry implements jobs.Store.
func (q Jobs) Retry(ctx context.Context, h jobs.Held, until time.Time, why string) error {
	return q.held(ctx, "putting off", h, `
		UPDATE job SET state = 'waiting', lease_ms = NULL, not_before_ms = $3, error = $4
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, until.UnixMilli(), why)
}

// Release implements jobs.Store.
func (q Jobs) Release(ctx context.Context, h jobs.Held, now time.Time) error {
	return q.held(ctx, "giving back", h, `
		UPDATE job SET state = 'waiting', lease_ms = NULL, not_before_ms = $3, tries = tries - 1
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, now.UnixMilli())
}

// Bury implements jobs.Store.
func (q Jobs) Bury(ctx context.Context, h jobs.Held, at time.Time, why string) error {
	return q.held(ctx, "burying", h, `
		UPDATE job SET state = 'dead', lease_ms = NULL, finished_ms = $3, error = $4
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, at.UnixMilli(), why)
}

// held runs a change that only the holder of an attempt may make.
func (q Jobs) held(ctx context.Context, doing string, h jobs.Held, query string, args ...any) error {
	doing = fmt.Sprintf("%s job %.80q", doing, h.Job)
	for _, a := range args {
		if text, ok := a.(string); ok {
			if err := store.CheckText(text); err != nil {
				return wrap(doing, err)
			}
		}
	}
	return q.db.write(ctx, doing, func(tx *writing) error { return changeHeld(ctx, tx, h, query, args...) })
}

func changeHeld(ctx context.Context, tx *writing, h jobs.Held, query string, args ...any) error {
	res, err := tx.ExecContext(ctx, query, append([]any{h.Job, h.Attempt}, args...)...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errors.Join(jobs.ErrLost, known(ctx, tx, h.Job))
}

// known is verdict.ErrNotFound for a job that never was.
func known(ctx context.Context, tx *writing, id string) error {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM job WHERE id = $1`, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return verdict.ErrNotFound
	}
	return err
}

// Cancel implements jobs.Store.
func (q Jobs) Cancel(ctx context.Context, id string, at time.Time) error {
	return q.db.write(ctx, fmt.Sprintf("cancelling job %.80q", id), func(tx *writing) error {
		changed, err := insert(ctx, tx, `
			UPDATE job SET state = 'cancelled', lease_ms = NULL, finished_ms = $2
			WHERE id = $1 AND state IN ('waiting', 'running', 'dead')`, id, at.UnixMilli())
		if err != nil || changed {
			return err
		}
		if err := known(ctx, tx, id); err != nil {
			return err
		}
		return fmt.Errorf("%w: it has ended", verdict.ErrConflict)
	})
}

// Restart implements jobs.Store.
func (q Jobs) Restart(ctx context.Context, id string, now time.Time) (jobs.Job, error) {
	var j jobs.Job
	err := q.db.write(ctx, fmt.Sprintf("starting job %.80q again", id), func(tx *writing) (err error) {
		j, err = scanJob(tx.QueryRowContext(ctx, `
			UPDATE job SET state = 'waiting', tries = 0, not_before_ms = $2, finished_ms = NULL
			WHERE id = $1 AND state = 'dead'
				AND NOT EXISTS (SELECT 1 FROM job o WHERE o.kind = job.kind AND o.subject = job.subject AND o.state IN ('waiting', 'running'))
			RETURNING `+jobColumns, id, now.UnixMilli()))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := known(ctx, tx, id); err != nil {
			return err
		}
		return fmt.Errorf("%w: only a dead job about which there is no other one can be started again", verdict.ErrConflict)
	})
	return j, err
}

// List implements jobs.Store.
func (q Jobs) List(ctx context.Context, f jobs.Filter) ([]jobs.Job, error) {
	query, args := `SELECT `+jobColumns+` FROM job ORDER BY seq DESC LIMIT $1`, []any{store.Limit(f.Limit)}
	if f.State != "" {
		query, args = `SELECT `+jobColumns+` FROM job WHERE state = $2 ORDER BY seq DESC LIMIT $1`, append(args, f.State)
	}
	js, err := list(ctx, q.db, scanJob, query, args...)
	return js, wrap("listing jobs", err)
}
