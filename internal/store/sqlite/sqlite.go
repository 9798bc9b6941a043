// Package sqlite keeps the gate's rows in one SQLite file (https://sqlite.org,
// by way of modernc.org/sqlite, which needs no C): the store of a gatehouse on
// one machine. It implements gate.Store and access.Rows; package store says how
// the schema is meant.
//
// The file is in WAL mode with synchronous=FULL: a write that returned survives
// kill -9 and a power cut. One connection writes, so writers wait for each other
// in this process and never meet SQLITE_BUSY; a few others read, each seeing the
// last committed state without waiting. One process owns the file: take
// store.Lock on its folder first.
//
// It promises never to change or delete what is append-only (triggers refuse
// it), never to open a file of a newer schema, and never to put a value into SQL
// text.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var (
	_ gate.Store  = (*DB)(nil)
	_ access.Rows = (*DB)(nil)
)

// readers is how many connections read at once. Reads take microseconds, so a
// few serve every core; each costs a page cache of up to 2 MB.
const readers = 4

// DB is an open store. Safe for concurrent use; Close it.
type DB struct {
	path   string
	writer *sql.DB // one connection, BEGIN IMMEDIATE
	reader *sql.DB
	stmts  sync.Map // constant query text -> *sql.Stmt on reader
	writes sync.Map // the same on writer
	pulls  *pulls

	generations generations

	statBlob func(context.Context, artifact.Digest) (int64, error) // see UseBlobs
}

// Open opens the store in the file at path, makes it if it is not there, and
// brings an older schema forward (see migrate), which it says on the default
// logger. The folder must exist.
func Open(ctx context.Context, path string) (*DB, error) {
	return OpenLogged(ctx, path, slog.Default())
}

// OpenLogged is Open with a logger of the caller's.
func OpenLogged(ctx context.Context, path string, log *slog.Logger) (*DB, error) {
	return open(ctx, path, migrations(), log)
}

func open(ctx context.Context, path string, steps fs.FS, log *slog.Logger) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	db := &DB{path: path}
	if db.writer, err = connect(path, 1, "_txlock=immediate"); err != nil {
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	if err := migrate(ctx, db.writer, path, steps, log); err != nil {
		db.writer.Close()
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	if db.reader, err = connect(path, readers, "_query_only=1"); err != nil {
		db.writer.Close()
		return nil, fmt.Errorf("opening store %s: %w", path, err)
	}
	db.pulls = startPulls(db)
	return db, nil
}

// create makes a new file that only its owner reads; SQLite gives its side files
// the same mode. A file that exists is not opened: closing it again would drop
// the locks that SQLite may hold on it in this process (POSIX locks work so).
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// connect opens a pool of n connections. The settings are SQLite's pragmas
// (https://sqlite.org/pragma.html):
//   - recursive_triggers, so that INSERT OR REPLACE meets the append-only triggers too;
//   - fullfsync, because fsync on macOS stops at the drive's cache;
//   - trusted_schema off and _defensive, so that a planted schema can do little;
//   - _dqs=0, so that a mistyped column is an error and no string.
func connect(path string, n int, option string) (*sql.DB, error) {
	settings := []string{
		option,
		"_busy_timeout=10000", "_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=1",
		"_defensive=1", "_dqs=0",
		"_pragma=recursive_triggers(1)", "_pragma=trusted_schema(0)", "_pragma=cell_size_check(1)",
		"_pragma=fullfsync(1)", "_pragma=checkpoint_fullfsync(1)",
	}
	dsn := url.URL{Scheme: "file", Path: slashed(path), RawQuery: strings.Join(settings, "&")}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// slashed is an absolute path as the path of a URL.
func slashed(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/x
	}
	return path
}

// Close writes what is buffered and closes the file. Calls under way may fail.
func (db *DB) Close() error {
	err := db.pulls.stop()
	// Readers first: the last connection to close folds the log into the file.
	return errors.Join(err, db.reader.Close(), db.writer.Close())
}

// Check reads the whole file and reports any damage: minutes for a large one.
func (db *DB) Check(ctx context.Context) error { return wrap("checking store", sound(ctx, db.reader)) }

// sound reads a whole file, and follows every reference in it.
func sound(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `PRAGMA integrity_check`)
	if err != nil {
		return err
	}
	damage, err := collect(rows, scanText)
	if err != nil {
		return err
	}
	if len(damage) != 1 || damage[0] != "ok" {
		return fmt.Errorf("damaged; restore a backup: %.2000q", damage)
	}
	if rows, err = db.QueryContext(ctx, `PRAGMA foreign_key_check`); err != nil {
		return err
	}
	broken, err := collect(rows, func(r row) (s string, err error) {
		var parent string
		var rowid, key sql.NullInt64
		err = r.Scan(&s, &rowid, &parent, &key)
		return s, err
	})
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("rows of %.500q point nowhere; restore a backup", broken)
	}
	return nil
}

// Schema is the version of the open file's schema: this program's.
func (db *DB) Schema(ctx context.Context) (int, error) { return schemaVersion(ctx, db.reader) }

// wrap says what was being done when err came; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// row is a *sql.Row or the current row of *sql.Rows.
type row interface{ Scan(dest ...any) error }

// one reads the only row of q; none is verdict.ErrNotFound.
func one[T any](ctx context.Context, db *DB, scan func(row) (T, error), q string, args ...any) (T, error) {
	var none T
	stmt, err := db.prepared(ctx, q)
	if err != nil {
		return none, err
	}
	v, err := scan(stmt.QueryRowContext(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return none, verdict.ErrNotFound
	}
	if err != nil {
		return none, err
	}
	return v, nil
}

// list reads all rows of q.
func list[T any](ctx context.Context, db *DB, scan func(row) (T, error), q string, args ...any) ([]T, error) {
	stmt, err := db.prepared(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// listIn reads all rows of q inside a writing transaction.
func listIn[T any](ctx context.Context, tx *writing, scan func(row) (T, error), q string, args ...any) ([]T, error) {
	rows, err := tx.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// collect reads rows to their end and closes them.
func collect[T any](rows *sql.Rows, scan func(row) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// prepared keeps one statement for each query text. Texts are constants of this
// package, so there are few.
func (db *DB) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	return prepare(ctx, db.reader, &db.stmts, q)
}

// prepare compiles q on a pool, once for all who ask.
func prepare(ctx context.Context, pool *sql.DB, kept *sync.Map, q string) (*sql.Stmt, error) {
	if s, ok := kept.Load(q); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := pool.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	if first, loaded := kept.LoadOrStore(q, s); loaded {
		s.Close()
		return first.(*sql.Stmt), nil
	}
	return s, nil
}
