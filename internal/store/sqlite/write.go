package sqlite

import (
	"context"
	"database/sql"
)

// writing is a transaction of write. What it runs is compiled once: compiling a
// statement takes longer than most of them run. The writer has one connection, and
// while a transaction has it nothing can be compiled for those after it. So a text
// that is new is compiled for this transaction, and for all others when it has ended.
type writing struct {
	*sql.Tx
	db    *DB
	stmts map[string]*sql.Stmt // of this transaction
	fresh []string             // texts that db.writes does not have
}

// write runs f in one transaction, durable when it returns nil. doing names it
// for errors. Texts of statements are constants of this package, so there are few.
func (db *DB) write(ctx context.Context, doing string, f func(tx *writing) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return wrap(doing, err)
	}
	defer tx.Rollback() // after Commit it does nothing
	w := &writing{Tx: tx, db: db, stmts: map[string]*sql.Stmt{}}
	if err := f(w); err != nil {
		return wrap(doing, err)
	}
	if err := db.generations.while(tx.Commit); err != nil {
		return wrap(doing, err)
	}
	for _, q := range w.fresh {
		if _, err := prepare(ctx, db.writer, &db.writes, q); err != nil {
			break // what was to be written is written; the next to run q compiles it
		}
	}
	return nil
}

// PrepareContext gives q compiled, for as long as the transaction lasts: the same for
// all who ask, so nobody closes it.
func (w *writing) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	if s, ok := w.stmts[q]; ok {
		return s, nil
	}
	var s *sql.Stmt
	if kept, ok := w.db.writes.Load(q); ok {
		s = w.Tx.StmtContext(ctx, kept.(*sql.Stmt))
	} else {
		var err error
		if s, err = w.Tx.PrepareContext(ctx, q); err != nil {
			return nil, err
		}
		w.fresh = append(w.fresh, q)
	}
	w.stmts[q] = s
	return s, nil
}

// ExecContext is PrepareContext and the statement's ExecContext.
func (w *writing) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	s, err := w.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext is PrepareContext and the statement's QueryContext.
func (w *writing) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := w.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext is PrepareContext and the statement's QueryRowContext.
func (w *writing) QueryRowContext(ctx context.Context, q string, args ...any) row {
	s, err := w.PrepareContext(ctx, q)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(ctx, args...)
}

// failed is the row of a query that cannot be compiled.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// insert runs an INSERT ... ON CONFLICT DO NOTHING and says whether a row came.
func insert(ctx context.Context, tx *writing, q string, args ...any) (bool, error) {
	res, err := tx.ExecContext(ctx, q, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
