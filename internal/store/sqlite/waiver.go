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

// PutWaiver implements gate.Store. An id that exists is verdict.ErrConflict: a
// waiver widens what the gate lets in and is never changed. Whether it may be
// given is the gate's question; here it only needs what every waiver has.
func (db *DB) PutWaiver(ctx context.Context, w verdict.Waiver) error {
	doing := fmt.Sprintf("recording waiver %.80q", w.ID)
	if err := checkWaiver(w); err != nil {
		return wrap(doing, err)
	}
	lists, err := jsonTexts(w.Versions, w.Advisories, w.Fingerprints)
	if err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO waiver (id, registry, ecosystem, package, purl, versions, rule, advisories, fingerprints, reason, owner, created_ms, until_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
			w.ID, w.Registry, w.Package.Ecosystem, w.Package.Name, w.Purl, lists[0], w.Rule, lists[1], lists[2],
			w.Reason, w.Owner, w.Created.UnixMilli(), w.Until.UnixMilli())
		if err == nil && !added {
			err = verdict.ErrConflict
		}
		if err == nil && w.Approver != "" {
			_, err = insert(ctx, tx, insertWaiverApproval, w.ID, w.Approver, w.Created.UnixMilli())
		}
		if err != nil {
			return err
		}
		return bump(ctx, tx, w.Package)
	})
}

const insertWaiverApproval = `INSERT INTO waiver_approval (waiver, approver, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

func checkWaiver(w verdict.Waiver) error {
	if w.ID == "" || w.Registry == "" || w.Package.Name == "" || w.Rule == "" || w.Reason == "" {
		return errors.New("a waiver needs an id, a registry, a package, a rule and a reason")
	}
	if !w.Until.After(w.Created) || w.Created.IsZero() {
		return errors.New("a waiver needs an end after its beginning")
	}
	if !w.Revoked.IsZero() {
		return errors.New("a waiver is revoked by RevokeWaiver")
	}
	texts := []string{w.ID, w.Registry, string(w.Package.Ecosystem), w.Package.Name, w.Purl, w.Rule, w.Reason, w.Owner, w.Approver}
	for _, more := range [][]string{w.Versions, w.Advisories, w.Fingerprints} {
		texts = append(texts, more...)
	}
	return store.CheckText(texts...)
}

// ApproveWaiver implements gate.Store. A waiver that has its approver, or is
// revoked, is verdict.ErrConflict.
func (db *DB) ApproveWaiver(ctx context.Context, id, approver string, at time.Time) error {
	doing := fmt.Sprintf("approving waiver %.80q", id)
	if approver == "" {
		return fmt.Errorf("%s: an approver needs a name", doing)
	}
	if err := store.CheckText(approver); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		p, revoked, err := waiverRevoked(ctx, tx, id)
		if err != nil {
			return err
		}
		if revoked {
			return fmt.Errorf("%w: it is revoked", verdict.ErrConflict)
		}
		added, err := insert(ctx, tx, insertWaiverApproval, id, approver, at.UnixMilli())
		if err == nil && !added {
			err = fmt.Errorf("%w: it has its approver", verdict.ErrConflict)
		}
		if err != nil {
			return err
		}
		return bump(ctx, tx, p)
	})
}

// RevokeWaiver implements gate.Store. Revoking again changes nothing: the first
// revocation stays.
func (db *DB) RevokeWaiver(ctx context.Context, id, by string, at time.Time) error {
	doing := fmt.Sprintf("revoking waiver %.80q", id)
	if err := store.CheckText(by); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		p, _, err := waiverRevoked(ctx, tx, id)
		if err != nil {
			return err
		}
		added, err := insert(ctx, tx, `INSERT INTO waiver_revocation (waiver, actor, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			id, by, at.UnixMilli())
		if err != nil || !added {
			return err
		}
		return bump(ctx, tx, p)
	})
}

// waiverRevoked gives a waiver's package and whether it is revoked;
// verdict.ErrNotFound when there is no such waiver.
func waiverRevoked(ctx context.Context, tx *writing, id string) (p artifact.Package, revoked bool, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT w.ecosystem, w.package, r.waiver IS NOT NULL
		FROM waiver w LEFT JOIN waiver_revocation r ON r.waiver = w.id WHERE w.id = $1`, id).Scan(&p.Ecosystem, &p.Name, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		err = verdict.ErrNotFound
	}
	return p, revoked, err
}

const selectWaiver = `
	SELECT w.id, w.registry, w.ecosystem, w.package, w.purl, w.versions, w.rule, w.advisories, w.fingerprints,
		w.reason, w.owner, w.created_ms, w.until_ms, coalesce(a.approver, ''), r.at_ms
	FROM waiver w
	LEFT JOIN waiver_approval a ON a.waiver = w.id
	LEFT JOIN waiver_revocation r ON r.waiver = w.id `

func scanWaiver(r row) (verdict.Waiver, error) {
	var w verdict.Waiver
	var created, until, revoked *int64
	err := r.Scan(&w.ID, &w.Registry, &w.Package.Ecosystem, &w.Package.Name, &w.Purl,
		document{&w.Versions}, &w.Rule, document{&w.Advisories}, document{&w.Fingerprints},
		&w.Reason, &w.Owner, &created, &until, &w.Approver, &revoked)
	w.Created, w.Until, w.Revoked = store.Time(created), store.Time(until), store.Time(revoked)
	return w, err
}

// Waiver implements gate.Store.
func (db *DB) Waiver(ctx context.Context, id string) (verdict.Waiver, error) {
	w, err := one(ctx, db, scanWaiver, selectWaiver+`WHERE w.id = $1`, id)
	return w, wrap(fmt.Sprintf("reading waiver %.80q", id), err)
}

// Waivers implements gate.Store: those of the registry and those for all
// registries; registry "" lists every registry's. None is left out.
func (db *DB) Waivers(ctx context.Context, registry string, p artifact.Package) ([]verdict.Waiver, error) {
	q, args := waiversOfPackage, []any{registry, p.Ecosystem, p.Name}
	if p == (artifact.Package{}) {
		q, args = selectWaiver+`WHERE ($1 = '' OR w.registry = $1 OR w.registry = '*') ORDER BY w.seq DESC`, args[:1]
	}
	ws, err := list(ctx, db, scanWaiver, q, args...)
	return ws, wrap("listing waivers", err)
}

const waiversOfPackage = selectWaiver + `
	WHERE w.ecosystem = $2 AND w.package = $3 AND ($1 = '' OR w.registry = $1 OR w.registry = '*') ORDER BY w.seq DESC`

// jsonTexts gives each list as JSON text.
func jsonTexts(lists ...[]string) ([]string, error) {
	out := make([]string, len(lists))
	for i, l := range lists {
		b, err := json.Marshal(l)
		if err != nil {
			return nil, err
		}
		out[i] = string(b)
	}
	return out, nil
}
