package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// Evidence implements gate.Store.
func (db *DB) Evidence(ctx context.Context, key string) (scan.Report, error) {
	report, err := one(ctx, db, func(r row) (scan.Report, error) {
		var rep scan.Report
		err := r.Scan(document{&rep})
		return rep, err
	}, `SELECT report FROM evidence WHERE key = $1`, key)
	return report, wrap(fmt.Sprintf("reading evidence %.80q", key), err)
}

// PutEvidence implements gate.Store. Every package that has a file with these
// bytes gets a new generation. r.Code goes into tables of its own (see Code).
func (db *DB) PutEvidence(ctx context.Context, key string, sha artifact.Digest, r scan.Report, at time.Time) error {
	doing := fmt.Sprintf("recording evidence %.80q", key)
	if err := store.CheckText(key, string(sha)); err != nil {
		return wrap(doing, err)
	}
	files, err := packCode(r.Code)
	if err != nil {
		return wrap(doing, err)
	}
	r.Code = nil
	report, err := json.Marshal(r)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `INSERT INTO evidence (key, sha256, at_ms, report) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			key, sha, at.UnixMilli(), string(report))
		if err != nil || !added {
			return err
		}
		if err := files.put(ctx, tx, key); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO generation (ecosystem, package, n)
			SELECT DISTINCT ecosystem, package, 1 FROM file WHERE sha256 = $1
			ON CONFLICT (ecosystem, package) DO UPDATE SET n = generation.n + 1`, sha)
		return err
	})
}

// document scans a column of JSON text into a value.
type document struct{ into any }

// Scan implements sql.Scanner; NULL leaves the value as it is.
func (d document) Scan(column any) error {
	switch text := column.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(text), d.into)
	case []byte:
		return json.Unmarshal(text, d.into)
	}
	return fmt.Errorf("a JSON column holds %T", column)
}
