package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// State implements gate.Store: one reading transaction, so a recall written
// meanwhile is seen whole or not at all. Files are those of the name's recorded
// origin; while none is recorded, two origins with the same file name are
// verdict.ErrConflict.
func (db *DB) State(ctx context.Context, registry string, p artifact.Package) (gate.PackageState, error) {
	doing := fmt.Sprintf("reading the state of %s", p)
	// Compiling them takes a connection, and a transaction that waited for a second
	// one while all others do the same would wait for ever: so before it begins.
	for _, q := range stateQueries {
		if _, err := db.prepared(ctx, q); err != nil {
			return gate.PackageState{}, wrap(doing, err)
		}
	}
	tx, err := db.reader.BeginTx(ctx, nil)
	if err != nil {
		return gate.PackageState{}, wrap(doing, err)
	}
	defer tx.Rollback() // it only reads
	st := gate.PackageState{
		Files:         map[string]artifact.File{},
		AdmittedSince: map[string]time.Time{},
		Approvals:     map[string][]verdict.Approval{},
		Recalled:      map[string]bool{},
		Attested:      map[string]gate.Attested{},
	}
	for _, read := range []func() error{
		func() error { return stateFiles(ctx, db, tx, p, &st) },
		func() error { return stateAdmissions(ctx, db, tx, registry, p, &st) },
		func() error { return stateApprovals(ctx, db, tx, registry, p, &st) },
		func() error { return stateAttestations(ctx, db, tx, p, &st) },
		func() error {
			numbers, err := listPrepared(ctx, db, tx, scanText, stateRecalled, registry, p.Ecosystem, p.Name)
			for _, number := range numbers {
				st.Recalled[number] = true
			}
			return err
		},
		func() (err error) {
			st.Waivers, err = listPrepared(ctx, db, tx, scanWaiver, waiversOfPackage, registry, p.Ecosystem, p.Name)
			return err
		},
	} {
		if err := read(); err != nil {
			return gate.PackageState{}, wrap(doing, err)
		}
	}
	return st, nil
}

// The queries of State, which runs at every new view: compiling them each time
// took longer than asking.
const (
	stateOrigin = `SELECT origin FROM origin WHERE ecosystem = $1 AND package = $2`
	stateFile   = `SELECT ` + fileColumns + fromOrigin + ` AND f.ecosystem = $1 AND f.package = $2`
	stateSince  = `SELECT file, admitted_ms FROM standing WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND admitted_ms IS NOT NULL`
	stateSigned = selectApproval + `
		WHERE a.registry = $1 AND a.ecosystem = $2 AND a.package = $3 ORDER BY a.seq DESC`
	stateRecalled = `SELECT DISTINCT number FROM recalled WHERE registry = $1 AND ecosystem = $2 AND package = $3`
)

var stateQueries = []string{stateOrigin, stateFile, stateSince, stateSigned, stateRecalled, stateAttested, waiversOfPackage}

// listPrepared reads all rows of a query that was compiled before tx began.
func listPrepared[T any](ctx context.Context, db *DB, tx *sql.Tx, scan func(row) (T, error), q string, args ...any) ([]T, error) {
	s, ok := db.stmts.Load(q)
	if !ok {
		return nil, fmt.Errorf("a query was not prepared: %.40q", q)
	}
	rows, err := tx.StmtContext(ctx, s.(*sql.Stmt)).QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// stateFiles reads the name's origin and its files.
func stateFiles(ctx context.Context, db *DB, tx *sql.Tx, p artifact.Package, st *gate.PackageState) error {
	origins, err := listPrepared(ctx, db, tx, scanText, stateOrigin, p.Ecosystem, p.Name)
	if err != nil {
		return err
	}
	if len(origins) == 1 {
		st.Origin = origins[0]
	}
	files, err := listPrepared(ctx, db, tx, scanFile, stateFile, p.Ecosystem, p.Name)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, twice := st.Files[f.Name]; twice {
			return fmt.Errorf("%w: two origins have file %q", verdict.ErrConflict, f.Name)
		}
		st.Files[f.Name] = f
	}
	return nil
}

func stateAdmissions(ctx context.Context, db *DB, tx *sql.Tx, registry string, p artifact.Package, st *gate.PackageState) error {
	type admission struct {
		file  string
		since int64
	}
	admissions, err := listPrepared(ctx, db, tx, func(r row) (a admission, err error) {
		err = r.Scan(&a.file, &a.since)
		return a, err
	}, stateSince, registry, p.Ecosystem, p.Name)
	for _, a := range admissions {
		st.AdmittedSince[a.file] = store.Time(&a.since)
	}
	return err
}

func stateApprovals(ctx context.Context, db *DB, tx *sql.Tx, registry string, p artifact.Package, st *gate.PackageState) error {
	approvals, err := listPrepared(ctx, db, tx, scanApproval, stateSigned, registry, p.Ecosystem, p.Name)
	for _, a := range approvals {
		st.Approvals[a.Version.Number] = append(st.Approvals[a.Version.Number], a)
	}
	return err
}
