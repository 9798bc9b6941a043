package sqlite

import (
	"context"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// Audit implements gate.Store.
func (db *DB) Audit(ctx context.Context, e gate.AuditEntry) error {
	const doing = "writing the audit log"
	if err := store.CheckText(e.By, e.Act, e.Object, e.Detail); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error { return auditIn(ctx, tx, e) })
}

// AuditLog implements gate.Store: newest first.
func (db *DB) AuditLog(ctx context.Context, limit int) ([]gate.AuditEntry, error) {
	entries, err := list(ctx, db, func(r row) (gate.AuditEntry, error) {
		var e gate.AuditEntry
		var at int64
		err := r.Scan(&at, &e.By, &e.Act, &e.Object, &e.Detail)
		e.At = store.Time(&at)
		return e, err
	}, `SELECT at_ms, actor, act, object, detail FROM audit ORDER BY seq DESC LIMIT $1`, store.Limit(limit))
	return entries, wrap("reading the audit log", err)
}
