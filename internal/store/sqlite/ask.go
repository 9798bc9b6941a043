package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// PutAsk implements gate.Store; an id that exists is verdict.ErrConflict.
func (db *DB) PutAsk(ctx context.Context, a gate.Ask) error {
	doing := fmt.Sprintf("recording ask %.80q", a.ID)
	if a.ID == "" || !a.Closed.IsZero() {
		return fmt.Errorf("%s: an ask needs an id and begins open", doing)
	}
	if err := store.CheckText(a.ID, a.Registry, a.Decision, a.Purl, a.Reason, a.By); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO ask (id, registry, decision, purl, reason, actor, created_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			a.ID, a.Registry, a.Decision, a.Purl, a.Reason, a.By, a.Created.UnixMilli())
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		return err
	})
}

// CloseAsk implements gate.Store; a closed one is verdict.ErrConflict.
func (db *DB) CloseAsk(ctx context.Context, id, by, how string, at time.Time) error {
	doing := fmt.Sprintf("closing ask %.80q", id)
	if err := store.CheckText(by, how); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		var known int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM ask WHERE id = $1`, id).Scan(&known)
		if errors.Is(err, sql.ErrNoRows) {
			return verdict.ErrNotFound
		}
		if err != nil {
			return err
		}
		added, err := insert(ctx, tx, `INSERT INTO ask_closing (ask, actor, how, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			id, by, how, at.UnixMilli())
		if err == nil && !added {
			err = fmt.Errorf("%w: it is closed already", verdict.ErrConflict)
		}
		return err
	})
}

// Asks implements gate.Store: newest first; registry "" for all; with open only
// those that wait.
func (db *DB) Asks(ctx context.Context, registry string, open bool) ([]gate.Ask, error) {
	asks, err := list(ctx, db, scanAsk, `
		SELECT a.id, a.registry, a.decision, a.purl, a.reason, a.actor, a.created_ms, c.at_ms, coalesce(c.actor, ''), coalesce(c.how, '')
		FROM ask a LEFT JOIN ask_closing c ON c.ask = a.id
		WHERE ($1 = '' OR a.registry = $1) AND (c.ask IS NULL OR NOT $2) ORDER BY a.seq DESC`, registry, open)
	return asks, wrap("listing asks", err)
}

func scanAsk(r row) (gate.Ask, error) {
	var a gate.Ask
	var created, closed *int64
	err := r.Scan(&a.ID, &a.Registry, &a.Decision, &a.Purl, &a.Reason, &a.By, &created, &closed, &a.ClosedBy, &a.How)
	a.Created, a.Closed = store.Time(created), store.Time(closed)
	return a, err
}
