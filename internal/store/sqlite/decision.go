package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Publish implements gate.Store. All of ds are written or none. A decision that
// stands already writes nothing and leaves the generation alone; one that stood
// before and comes back stands again, in its old row. Admission is a matter of
// files: a decision about a version as such (File empty) changes none, because
// what was admitted stays so until its own decision says otherwise.
func (db *DB) Publish(ctx context.Context, ds []verdict.Decision) error {
	const doing = "publishing decisions"
	if err := checkDecisions(ds); err != nil {
		return wrap(doing, err)
	}
	news, err := db.without(ctx, ds, `
		SELECT decision FROM standing
		WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND file = $4 AND number = $5 AND decision = $6`)
	if err != nil || len(news) == 0 {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		changed := map[artifact.Package]bool{}
		for _, d := range news {
			stood, err := stand(ctx, tx, d)
			if err != nil {
				return fmt.Errorf("decision %s: %w", d.ID, err)
			}
			if !stood && !changed[d.Version.Package] {
				changed[d.Version.Package] = true
				if err := bump(ctx, tx, d.Version.Package); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// PutDecisions implements gate.Store. All of ds are written or none.
func (db *DB) PutDecisions(ctx context.Context, ds []verdict.Decision) error {
	const doing = "recording decisions"
	if err := checkDecisions(ds); err != nil {
		return wrap(doing, err)
	}
	news, err := db.without(ctx, ds, `
		SELECT id FROM decision
		WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND file = $4 AND number = $5 AND id = $6`)
	if err != nil || len(news) == 0 {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		for _, d := range news {
			added, err := appendDecision(ctx, tx, d)
			if err == nil && added {
				_, err = tx.ExecContext(ctx, insertDecided, d.ID, d.Inputs.At.UnixMilli())
			}
			if err != nil {
				return fmt.Errorf("decision %s: %w", d.ID, err)
			}
		}
		return nil
	})
}

func checkDecisions(ds []verdict.Decision) error {
	for _, d := range ds {
		if err := checkDecision(d); err != nil {
			return fmt.Errorf("decision %.80q: %w", d.ID, err)
		}
	}
	return nil
}

func checkDecision(d verdict.Decision) error {
	if d.ID == "" || d.Registry == "" || d.Version.Package.Name == "" || d.Inputs.At.IsZero() {
		return errors.New("a decision needs an id, a registry, a version and the time it was taken")
	}
	return store.CheckText(d.ID, d.Registry, string(d.Version.Package.Ecosystem), d.Version.Package.Name, d.Version.Number, d.File)
}

// without leaves out the decisions that q finds, without the writer: asking
// again is what happens most, and must not cost a commit.
func (db *DB) without(ctx context.Context, ds []verdict.Decision, q string) ([]verdict.Decision, error) {
	var news []verdict.Decision
	for _, d := range ds {
		_, err := one(ctx, db, scanText, q, append(key(d), d.ID)...)
		if errors.Is(err, verdict.ErrNotFound) {
			news = append(news, d)
		} else if err != nil {
			return nil, err
		}
	}
	return news, nil
}

// key is what a decision is about: $1 to $5 of several statements.
func key(d verdict.Decision) []any {
	return []any{d.Registry, d.Version.Package.Ecosystem, d.Version.Package.Name, d.File, d.Version.Number}
}

// Statements that write decisions.
const (
	selectStanding = `
		SELECT decision, admitted_ms FROM standing
		WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND file = $4 AND number = $5`
	insertDecision = `
		INSERT INTO decision (registry, ecosystem, package, file, number, id, verdict, until_ms, at_ms, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`
	insertDecided  = `INSERT INTO decided (decision, at_ms) VALUES ($1, $2)`
	upsertStanding = `
		INSERT INTO standing (registry, ecosystem, package, file, number, decision, admitted_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (registry, ecosystem, package, file, number)
		DO UPDATE SET decision = excluded.decision, admitted_ms = excluded.admitted_ms`
)

// appendDecision writes d unless its id is there.
func appendDecision(ctx context.Context, tx *writing, d verdict.Decision) (added bool, err error) {
	body, err := json.Marshal(d)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, insertDecision, append(key(d), d.ID, d.Verdict.String(), store.Millis(d.Until), d.Inputs.At.UnixMilli(), string(body))...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// stand appends d and makes it the one that stands; stood when it did already.
func stand(ctx context.Context, tx *writing, d verdict.Decision) (stood bool, err error) {
	var old string
	var admitted *int64
	err = tx.QueryRowContext(ctx, selectStanding, key(d)...).Scan(&old, &admitted)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if old == d.ID {
		return true, nil
	}
	if _, err := appendDecision(ctx, tx, d); err != nil {
		return false, err
	}
	at := d.Inputs.At.UnixMilli()
	if _, err := tx.ExecContext(ctx, insertDecided, d.ID, at); err != nil {
		return false, err
	}
	if admitted != nil && d.TakesBack() {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO recalled (registry, ecosystem, package, file, number, at_ms)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, append(key(d), at)...)
		if err != nil {
			return false, err
		}
	}
	switch {
	case d.TakesBack() || d.File == "":
		admitted = nil
	case d.Verdict == verdict.Admit && admitted == nil:
		admitted = &at
	}
	_, err = tx.ExecContext(ctx, upsertStanding, append(key(d), d.ID, admitted)...)
	return false, err
}

func scanDecision(r row) (verdict.Decision, error) {
	var d verdict.Decision
	var v artifact.Version
	if err := r.Scan(&v.Package.Ecosystem, &v.Package.Name, &v.Number, document{&d}); err != nil {
		return verdict.Decision{}, err
	}
	d.Version = v
	return d, nil
}

// Decision implements gate.Store.
func (db *DB) Decision(ctx context.Context, id string) (verdict.Decision, error) {
	d, err := one(ctx, db, scanDecision, `SELECT ecosystem, package, number, body FROM decision WHERE id = $1`, id)
	return d, wrap(fmt.Sprintf("reading decision %.80q", id), err)
}

// DecisionsOf implements gate.Store; a decision that came back counts as new.
func (db *DB) DecisionsOf(ctx context.Context, registry string, v artifact.Version, limit int) ([]verdict.Decision, error) {
	ds, err := list(ctx, db, scanDecision, `
		SELECT d.ecosystem, d.package, d.number, d.body FROM decision d
		WHERE d.registry = $1 AND d.ecosystem = $2 AND d.package = $3 AND d.number = $4
		ORDER BY (SELECT max(o.seq) FROM decided o WHERE o.decision = d.id) DESC LIMIT $5`,
		registry, v.Package.Ecosystem, v.Package.Name, v.Number, store.Limit(limit))
	return ds, wrap(fmt.Sprintf("listing decisions of %s", v), err)
}

// LastAdmission implements gate.Store.
func (db *DB) LastAdmission(ctx context.Context, registry string, v artifact.Version, file string) (verdict.Decision, error) {
	d, err := one(ctx, db, scanDecision, `
		SELECT d.ecosystem, d.package, d.number, d.body FROM decision d
		WHERE d.registry = $1 AND d.ecosystem = $2 AND d.package = $3 AND d.file = $4 AND d.number = $5 AND d.verdict = 'admit'
		ORDER BY (SELECT max(o.seq) FROM decided o WHERE o.decision = d.id) DESC LIMIT 1`,
		registry, v.Package.Ecosystem, v.Package.Name, file, v.Number)
	return d, wrap(fmt.Sprintf("reading what admitted %.80q of %s", file, v), err)
}

// AdmittedNames implements gate.Store.
func (db *DB) AdmittedNames(ctx context.Context, registry string, e artifact.Ecosystem) ([]string, error) {
	names, err := list(ctx, db, scanText, `
		SELECT DISTINCT package FROM standing
		WHERE registry = $1 AND ecosystem = $2 AND admitted_ms IS NOT NULL ORDER BY package`, registry, e)
	return names, wrap("listing admitted packages", err)
}
