package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// PutToken implements access.Rows.
func (db *DB) PutToken(ctx context.Context, t access.Token) error {
	doing := fmt.Sprintf("recording token %.80q", t.ID)
	if t.ID == "" || t.Hash == "" || t.Expires.IsZero() {
		return fmt.Errorf("%s: a token needs an id, a hash and an end", doing)
	}
	if err := store.CheckText(append(slices.Concat(t.Registries, t.Names), t.ID, t.Hash, t.Name, string(t.Role), t.CreatedBy)...); err != nil {
		return wrap(doing, err)
	}
	lists, err := jsonTexts(t.Registries, t.Names)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO token (id, hash, name, role, registries, names, created_by, created_ms, expires_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			t.ID, t.Hash, t.Name, t.Role, lists[0], lists[1], t.CreatedBy, t.Created.UnixMilli(), t.Expires.UnixMilli())
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		return err
	})
}

const selectToken = `SELECT id, hash, name, role, registries, names, created_by, created_ms, expires_ms, revoked_ms, revoked_by, last_used_ms FROM token `

func scanToken(r row) (access.Token, error) {
	var t access.Token
	var created, expires, revoked, used *int64
	err := r.Scan(&t.ID, &t.Hash, &t.Name, &t.Role, document{&t.Registries}, document{&t.Names}, &t.CreatedBy, &created, &expires, &revoked, &t.RevokedBy, &used)
	t.Created, t.Expires, t.Revoked, t.LastUsed = store.Time(created), store.Time(expires), store.Time(revoked), store.Time(used)
	return t, err
}

// TokenByHash implements access.Rows.
func (db *DB) TokenByHash(ctx context.Context, hash string) (access.Token, error) {
	t, err := one(ctx, db, scanToken, selectToken+`WHERE hash = $1`, hash)
	return t, wrap("finding a token", err)
}

// Tokens implements access.Rows.
func (db *DB) Tokens(ctx context.Context) ([]access.Token, error) {
	ts, err := list(ctx, db, scanToken, selectToken+`ORDER BY seq DESC`)
	return ts, wrap("listing tokens", err)
}

// RevokeToken implements access.Rows.
func (db *DB) RevokeToken(ctx context.Context, id, by string, at time.Time) error {
	doing := fmt.Sprintf("revoking token %.80q", id)
	if err := store.CheckText(by); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		var known int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM token WHERE id = $1`, id).Scan(&known)
		if errors.Is(err, sql.ErrNoRows) {
			return verdict.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE token SET revoked_ms = $2, revoked_by = $3 WHERE id = $1 AND revoked_ms IS NULL`,
			id, at.UnixMilli(), by)
		return err
	})
}

// TouchToken implements access.Rows; an earlier use than the one noted is left out.
func (db *DB) TouchToken(ctx context.Context, id string, at time.Time) error {
	return db.write(ctx, fmt.Sprintf("noting the use of token %.80q", id), func(tx *writing) error {
		_, err := tx.ExecContext(ctx, `UPDATE token SET last_used_ms = $2 WHERE id = $1 AND coalesce(last_used_ms, 0) < $2`, id, at.UnixMilli())
		return err
	})
}
