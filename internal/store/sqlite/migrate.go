package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
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
// the file is copied to <path>.v<N>.bak, when the disk has room for that and for
// the change. A newer schema is store.ErrNewer. It says on log what it does,
// because a large file takes minutes and nothing else answers meanwhile.
func migrate(ctx context.Context, db *sql.DB, path string, steps fs.FS, log *slog.Logger) error {
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
	if have == len(names) {
		return nil
	}
	if have > 0 {
		if err := copyFirst(ctx, db, path, have, log); err != nil {
			return fmt.Errorf("copying the store before changing its schema: %w", err)
		}
		log.WarnContext(ctx, "changing the schema of the store; do not stop the gate now, though a crash does no harm", "from", have, "to", len(names))
	}
	for v := have + 1; v <= len(names); v++ {
		text, err := fs.ReadFile(steps, names[v-1])
		if err != nil {
			return err
		}
		if err := step(ctx, db, v, string(text)); err != nil {
			return fmt.Errorf("changing schema, %s: %w", names[v-1], err)
		}
		if have > 0 {
			log.WarnContext(ctx, "schema step done", "schema", v)
		}
	}
	return nil
}

// copyFirst keeps the store as it was, whole and durable, before anything changes.
func copyFirst(ctx context.Context, db *sql.DB, path string, have int, log *slog.Logger) error {
	to := fmt.Sprintf("%s.v%d.bak", path, have)
	size, err := fileSize(ctx, db)
	if err != nil {
		return err
	}
	if err := roomFor(path, size); err != nil {
		return err
	}
	log.WarnContext(ctx, "copying the store before its schema changes", "copy", to, "bytes", size)
	return copyInto(ctx, db, to)
}

// fileSize is how large the store is, its log folded in.
func fileSize(ctx context.Context, db *sql.DB) (int64, error) {
	var pages, size int64
	if err := db.QueryRowContext(ctx, `SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&pages, &size); err != nil {
		return 0, err
	}
	return pages * size, nil
}

// slack is what a disk keeps beside a copy and a change.
const slack = 16 << 20

// freeBytes is disk.Space; a test hands in a smaller disk.
var freeBytes = disk.Space

// roomFor refuses to begin what the disk has no room for: a copy, and as much
// again for the pages that the change writes to the log.
func roomFor(path string, size int64) error {
	space, err := freeBytes(filepath.Dir(path))
	if err != nil {
		return err
	}
	if need := 2*size + slack; space.Free < need {
		return fmt.Errorf("%w: a copy and the change need %d MB and %d MB are free at %s; make room and start again, nothing was changed",
			blob.ErrFull, need>>20, space.Free>>20, filepath.Dir(path))
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
