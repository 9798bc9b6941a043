package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Retention says before which moments rows that no decision rests on are
// forgotten; the zero time forgets nothing. Decisions, evidence, waivers,
// approvals, files and the audit log stay for ever.
type Retention struct {
	Pulls    time.Time // who was handed what, by the last time
	Jobs     time.Time // work that ended
	Requests time.Time // what was asked and answered, with its reports
	Reports  time.Time // rendered reports; a report that is asked for again is made again
}

// Forgotten counts rows.
type Forgotten struct {
	Pulls    int64 `json:"pulls"`
	Jobs     int64 `json:"jobs"`
	Requests int64 `json:"requests"`
	Reports  int64 `json:"reports"`
}

// forgetAtOnce is how many rows one transaction removes, so that writers wait
// for milliseconds.
const forgetAtOnce = 1000

// Forget removes rows by age; with dry it counts them.
func (db *DB) Forget(ctx context.Context, r Retention, dry bool) (Forgotten, error) {
	var n Forgotten
	// Reports go before the requests that they are of.
	for _, kind := range []struct {
		count  *int64
		before time.Time
		table  string
		which  string
	}{
		{&n.Pulls, r.Pulls, "pull", "last_ms < $1"},
		{&n.Jobs, r.Jobs, "job", forgottenJob},
		{&n.Reports, r.Reports, "report", "at_ms < $1"},
		{&n.Reports, r.Requests, "report", "request IN (SELECT id FROM request WHERE " + endedBefore + ")"},
		{&n.Requests, r.Requests, "request", endedBefore},
	} {
		if kind.before.IsZero() {
			continue
		}
		got, err := db.forget(ctx, kind.table, kind.which, kind.before, dry)
		*kind.count += got
		if err != nil {
			return n, fmt.Errorf("forgetting old rows of %s: %w", kind.table, err)
		}
	}
	return n, nil
}

const endedBefore = "status IN ('done', 'failed', 'cancelled') AND finished_ms < $1"

// forgottenJob spares the dead job of a request without an answer: it waits for a
// person, and without it the request would wait for ever with nobody at it.
const forgottenJob = `finished_ms < $1 AND (state IN ('done', 'cancelled') OR state = 'dead' AND NOT EXISTS (
	SELECT 1 FROM request WHERE request.id = job.subject AND request.status = 'queued'))`

func (db *DB) forget(ctx context.Context, table, which string, before time.Time, dry bool) (int64, error) {
	if dry {
		var n int64
		err := db.reader.QueryRowContext(ctx, `SELECT count(*) FROM `+table+` WHERE `+which, before.UnixMilli()).Scan(&n)
		return n, err
	}
	var all int64
	for {
		var n int64
		err := db.write(ctx, "removing rows", func(tx *writing) error {
			q, err := limited(ctx, tx, table, which)
			if err != nil {
				return err
			}
			res, err := tx.ExecContext(ctx, q, before.UnixMilli(), forgetAtOnce)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		all += n
		if err != nil || n < forgetAtOnce {
			return all, err
		}
	}
}

// limited is a DELETE of at most $2 rows. Tables without a rowid are named by
// their primary key.
func limited(ctx context.Context, tx *writing, table, which string) (string, error) {
	var key sql.NullString
	const q = `SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk)`
	if err := tx.QueryRowContext(ctx, q, table).Scan(&key); err != nil {
		return "", err
	}
	return fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT $2)", table, key.String, key.String, table, which), nil
}

// JobCount says how many jobs are in a state, and since when the oldest is.
type JobCount struct {
	State  string
	Count  int64
	Oldest time.Time // made then
}

// JobCounts counts jobs by state.
func (db *DB) JobCounts(ctx context.Context) ([]JobCount, error) {
	out, err := list(ctx, db, func(r row) (c JobCount, err error) {
		var ms int64
		err = r.Scan(&c.State, &c.Count, &ms)
		c.Oldest = time.UnixMilli(ms).UTC()
		return c, err
	}, `SELECT state, count(*), min(created_ms) FROM job GROUP BY state`)
	return out, wrap("counting jobs", err)
}
