package sqlite

import (
	"context"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// PutReports implements report.Rows. A report that is recorded already stays as
// it is. Bytes that were collected meanwhile are blob.ErrCollected: nothing is
// recorded then.
func (db *DB) PutReports(ctx context.Context, request string, rs []gate.KeptReport) error {
	doing := fmt.Sprintf("recording reports of request %.80q", request)
	for _, r := range rs {
		if err := store.CheckText(request, r.Format); err != nil {
			return wrap(doing, err)
		}
		if _, err := artifact.ParseDigest(string(r.SHA256)); err != nil {
			return wrap(doing, err)
		}
	}
	return db.write(ctx, doing, func(tx *writing) error {
		for _, r := range rs {
			if err := db.keepBlob(ctx, tx, r.SHA256); err != nil {
				return err
			}
			if _, err := insert(ctx, tx, `INSERT INTO report (request, format, sha256, size, at_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				request, r.Format, r.SHA256, r.Size, r.At.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetReport implements report.Rows. One that is not there is no error.
func (db *DB) ForgetReport(ctx context.Context, request, format string) error {
	return db.write(ctx, fmt.Sprintf("forgetting a report of request %.80q", request), func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM report WHERE request = $1 AND format = $2`, request, format)
		return err
	})
}

// Reports implements report.Rows: by format.
func (db *DB) Reports(ctx context.Context, request string) ([]gate.KeptReport, error) {
	rs, err := list(ctx, db, scanReport, `SELECT format, sha256, size, at_ms FROM report WHERE request = $1 ORDER BY format`, request)
	return rs, wrap(fmt.Sprintf("listing reports of request %.80q", request), err)
}

func scanReport(r row) (gate.KeptReport, error) {
	var k gate.KeptReport
	var at int64
	err := r.Scan(&k.Format, &k.SHA256, &k.Size, &at)
	k.At = store.Time(&at)
	return k, err
}
