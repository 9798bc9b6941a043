package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
)

// keeping are the columns that name a blob whose bytes must stay. What else is
// called a digest names bytes without keeping them: evidence is true of bytes
// wherever they are, a pull is a record of the past. A test fails when a table
// gains such a column and it stands in neither list.
var keeping = []column{{"file", "sha256"}, {"upload", "sha256"}, {"report", "sha256"}}

// column is one column of a table.
type column struct{ table, name string }

// referenced is true of the digest $1 when a row keeps its blob. It is the one
// place that knows.
var referenced = anyOf(keeping)

func anyOf(columns []column) string {
	q := ""
	for i, c := range columns {
		if i > 0 {
			q += " OR "
		}
		q += fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s = $1)", c.table, c.name)
	}
	return q
}

// UseBlobs tells the store how to see whether a blob is there: fs.ErrNotExist
// when it is not. Call it once, before a collector runs.
func (db *DB) UseBlobs(stat func(context.Context, artifact.Digest) (int64, error)) {
	db.statBlob = stat
}

// keepBlob is called in the transaction that records a row which names a blob: a
// tombstone is taken away. Where there was one, the collector may have removed
// the bytes since they were put: then it gives blob.ErrCollected, nothing is
// recorded, and the caller puts them again. The collector removes files while it
// holds the writer, so the answer is still true at the commit.
func (db *DB) keepBlob(ctx context.Context, tx *writing, d artifact.Digest) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM tombstone WHERE sha256 = $1`, d)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if db.statBlob == nil {
		return fmt.Errorf("blob %s: %w", d.Short(), blob.ErrCollected)
	}
	if _, err := db.statBlob(ctx, d); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob %s: %w", d.Short(), blob.ErrCollected)
	} else if err != nil {
		return err
	}
	return nil
}

// Unreferenced gives those of ds that no row keeps.
func (db *DB) Unreferenced(ctx context.Context, ds []artifact.Digest) ([]artifact.Digest, error) {
	var out []artifact.Digest
	for _, d := range ds {
		kept, err := one(ctx, db, scanBool, `SELECT `+referenced, d)
		if err != nil {
			return nil, wrap("looking for rows that name a blob", err)
		}
		if !kept {
			out = append(out, d)
		}
	}
	return out, nil
}

func scanBool(r row) (b bool, err error) {
	err = r.Scan(&b)
	return b, err
}

// Bury puts a tombstone on each of ds that no row keeps, and gives those.
func (db *DB) Bury(ctx context.Context, ds []artifact.Digest, at time.Time) ([]artifact.Digest, error) {
	var out []artifact.Digest
	err := db.write(ctx, "marking blobs for removal", func(tx *writing) error {
		out = nil
		for _, d := range ds {
			var kept bool
			if err := tx.QueryRowContext(ctx, `SELECT `+referenced, d).Scan(&kept); err != nil {
				return err
			}
			if kept {
				continue
			}
			const q = `INSERT INTO tombstone (sha256, at_ms) VALUES ($1, $2) ON CONFLICT (sha256) DO UPDATE SET at_ms = excluded.at_ms`
			if _, err := tx.ExecContext(ctx, q, d, at.UnixMilli()); err != nil {
				return err
			}
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// Sweep calls remove for each of ds that still has its tombstone and that no row
// keeps, while nobody can record a row: hand in few, and remove quickly. The
// tombstones stay, so that whoever put the bytes before notices (see keepBlob).
func (db *DB) Sweep(ctx context.Context, ds []artifact.Digest, remove func(artifact.Digest) error) error {
	return db.write(ctx, "removing blobs", func(tx *writing) error {
		for _, d := range ds {
			var doomed bool
			q := `SELECT EXISTS (SELECT 1 FROM tombstone WHERE sha256 = $1) AND NOT (` + referenced + `)`
			if err := tx.QueryRowContext(ctx, q, d).Scan(&doomed); err != nil {
				return err
			}
			if !doomed {
				continue
			}
			if err := remove(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetTombstones drops those from before the given time, when nobody can be
// left who put the bytes before they were removed.
func (db *DB) ForgetTombstones(ctx context.Context, before time.Time) error {
	return db.write(ctx, "forgetting tombstones", func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM tombstone WHERE at_ms < $1`, before.UnixMilli())
		return err
	})
}

// EachReferenced calls f with every digest that a row keeps, in their order,
// until f gives an error.
func (db *DB) EachReferenced(ctx context.Context, f func(artifact.Digest) error) error {
	return eachReferenced(ctx, db.reader, f)
}

func eachReferenced(ctx context.Context, db *sql.DB, f func(artifact.Digest) error) error {
	const doing = "listing the blobs that rows name"
	q := ""
	for _, c := range keeping {
		var there bool // a copy of an older schema has fewer tables
		if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pragma_table_info($1) WHERE name = $2)`, c.table, c.name).Scan(&there); err != nil {
			return wrap(doing, err)
		}
		if !there {
			continue
		}
		if q != "" {
			q += " UNION "
		}
		// '' is what a file of our own has once it was deleted.
		q += fmt.Sprintf("SELECT %s FROM %s WHERE %s <> ''", c.name, c.table, c.name)
	}
	if q == "" {
		return nil
	}
	rows, err := db.QueryContext(ctx, q+" ORDER BY 1")
	if err != nil {
		return wrap(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		var d artifact.Digest
		if err := rows.Scan(&d); err != nil {
			return wrap(doing, err)
		}
		if err := f(d); err != nil {
			return err
		}
	}
	return wrap(doing, rows.Err())
}
