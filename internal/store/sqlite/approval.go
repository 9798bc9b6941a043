package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// PutApproval implements gate.Store; an id that exists is verdict.ErrConflict.
func (db *DB) PutApproval(ctx context.Context, a verdict.Approval) error {
	doing := fmt.Sprintf("recording approval %.80q", a.ID)
	if err := checkApproval(a); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO approval (id, registry, ecosystem, package, number, purl, file, decision, evidence, reason, approver, created_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
			a.ID, a.Registry, a.Version.Package.Ecosystem, a.Version.Package.Name, a.Version.Number, a.Purl, a.File,
			a.Decision, a.Evidence, a.Reason, a.Approver, a.Created.UnixMilli())
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		if err != nil {
			return err
		}
		return bump(ctx, tx, a.Version.Package)
	})
}

func checkApproval(a verdict.Approval) error {
	if a.ID == "" || a.Registry == "" || a.Version.Package.Name == "" || a.Evidence == "" || a.Approver == "" {
		return errors.New("an approval needs an id, a registry, a version, the evidence approved and an approver")
	}
	if !a.Revoked.IsZero() {
		return errors.New("an approval is revoked by RevokeApproval")
	}
	return store.CheckText(a.ID, a.Registry, string(a.Version.Package.Ecosystem), a.Version.Package.Name, a.Version.Number,
		a.Purl, a.File, a.Decision, a.Evidence, a.Reason, a.Approver)
}

// RevokeApproval implements gate.Store. Revoking again changes nothing: the
// first revocation stays.
func (db *DB) RevokeApproval(ctx context.Context, id, by string, at time.Time) error {
	doing := fmt.Sprintf("revoking approval %.80q", id)
	if err := store.CheckText(by); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		var p artifact.Package
		err := tx.QueryRowContext(ctx, `SELECT ecosystem, package FROM approval WHERE id = $1`, id).Scan(&p.Ecosystem, &p.Name)
		if errors.Is(err, sql.ErrNoRows) {
			return verdict.ErrNotFound
		}
		if err != nil {
			return err
		}
		added, err := insert(ctx, tx, `INSERT INTO approval_revocation (approval, actor, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			id, by, at.UnixMilli())
		if err != nil || !added {
			return err
		}
		return bump(ctx, tx, p)
	})
}

// Approvals implements gate.Store: all that were given, newest first, the
// revoked ones with their time.
func (db *DB) Approvals(ctx context.Context, registry string, v artifact.Version) ([]verdict.Approval, error) {
	as, err := list(ctx, db, scanApproval, selectApproval+`
		WHERE a.registry = $1 AND a.ecosystem = $2 AND a.package = $3 AND a.number = $4 ORDER BY a.seq DESC`,
		registry, v.Package.Ecosystem, v.Package.Name, v.Number)
	return as, wrap(fmt.Sprintf("listing approvals of %s", v), err)
}

const selectApproval = `
	SELECT a.id, a.registry, a.ecosystem, a.package, a.number, a.purl, a.file, a.decision, a.evidence, a.reason, a.approver, a.created_ms, r.at_ms
	FROM approval a LEFT JOIN approval_revocation r ON r.approval = a.id`

func scanApproval(r row) (verdict.Approval, error) {
	var a verdict.Approval
	var created, revoked *int64
	err := r.Scan(&a.ID, &a.Registry, &a.Version.Package.Ecosystem, &a.Version.Package.Name, &a.Version.Number,
		&a.Purl, &a.File, &a.Decision, &a.Evidence, &a.Reason, &a.Approver, &created, &revoked)
	a.Created, a.Revoked = store.Time(created), store.Time(revoked)
	return a, err
}
