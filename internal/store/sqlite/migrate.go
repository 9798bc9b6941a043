package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/store"
)

//go:embed schema/*.sql
var schema embed.FS

// migrations gives the numbered files that make the schema, 0001_name.sql first.
func migrations() fs.FS {
	sub, err := fs.Sub(schema, "schema")
	if err != nil {
		panic(err) // the path is a constant
	}
	return sub
}

// migrate brings the file to the newest schema, one transaction a step, so that
// a crash leaves a whole older schema. Before the first step on a file with data
// the file is copied to <path>.v<N>.bak. A newer schema is store.ErrNewer.
func migrate(ctx context.Context, db *sql.DB, path string, steps fs.FS) error {
	names, err := numbered(steps)
	if err != nil {
		return err
	}
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if have > len(names) {
		return fmt.Errorf("%w: its schema is %d and this program knows %d; use the newer program, or restore a copy made before it (%s.v%d.bak)",
			store.ErrNewer, have, len(names), filepath.Base(path), len(names))
	}
	if have > 0 && have < len(names) {
		if err := backup(ctx, db, fmt.Sprintf("%s.v%d.bak", path, have)); err != nil {
			return fmt.Errorf("copying the store before changing its schema: %w", err)
		}
	}
	for v := have + 1; v <= len(names); v++ {
		text, err := fs.ReadFile(steps, names[v-1])
		if err != nil {
			return err
		}
		if err := step(ctx, db, v, string(text)); err != nil {
			return fmt.Errorf("changing schema, %s: %w", names[v-1], err)
		}
	}
	return nil
}

// numbered lists the steps and checks that they count 1, 2, 3 without a gap.
func numbered(steps fs.FS) ([]string, error) {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("schema file %s: want number %04d", name, i+1)
		}
	}
	return names, nil
}

// schemaVersion is 0 for an empty file. A file with tables of somebody else is
// refused: adding ours would help nobody.
func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var ours, tables, v int
	const q = `SELECT count(*), count(*) FILTER (WHERE name = 'schema_version') FROM sqlite_schema WHERE type = 'table'`
	if err := db.QueryRowContext(ctx, q).Scan(&tables, &ours); err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	if ours == 0 {
		return 0, errors.New("this SQLite file belongs to another program; name another data folder")
	}
	err := db.QueryRowContext(ctx, `SELECT max(version) FROM schema_version`).Scan(&v)
	return v, err
}

func step(ctx context.Context, db *sql.DB, version int, text string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	const table = `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version) VALUES ($1)`, version); err != nil {
		return err
	}
	return tx.Commit()
}

// backup copies the store into one file, whole or not at all, durable before the
// schema changes. A copy left by an earlier try is replaced.
func backup(ctx context.Context, db *sql.DB, to string) error {
	tmp := to + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(tmp); err != nil { // VACUUM INTO fills an empty file, and keeps its mode
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, tmp); err != nil {
		return err
	}
	if err := syncFile(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
