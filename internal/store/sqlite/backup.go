package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// CopyTo writes the store as it is at one moment into a new file, durable when
// it returns. Reading and writing go on meanwhile. A file left there by an
// earlier try is replaced.
func (db *DB) CopyTo(ctx context.Context, to string) error {
	if err := db.pulls.flush(ctx); err != nil {
		return wrap("copying the store", err)
	}
	// A connection of its own: the readers may not write anywhere, and the writer
	// is needed for what goes on.
	own, err := connect(db.path, 1, "_txlock=deferred")
	if err != nil {
		return wrap("copying the store", err)
	}
	defer own.Close()
	return wrap("copying the store", copyInto(ctx, own, to))
}

// copyInto copies into one file, whole or not at all, durable when it returns.
func copyInto(ctx context.Context, db *sql.DB, to string) error {
	tmp := to + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(tmp); err != nil { // VACUUM INTO fills an empty file, and keeps its mode
		return err
	}
	defer os.Remove(tmp) // after the rename there is none
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

// Copy is a store's copy, open for reading only; nothing is ever written beside
// it. Close it.
type Copy struct {
	db     *sql.DB
	Schema int // its version, at most this program's
}

// OpenCopy opens what CopyTo wrote, and checks that it is whole: every page and
// every reference is read. A newer schema is store.ErrNewer.
func OpenCopy(ctx context.Context, path string) (*Copy, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, wrap("opening a copy of the store", err)
	}
	dsn := url.URL{Scheme: "file", Path: slashed(path), RawQuery: "mode=ro&immutable=1&_defensive=1&_query_only=1&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, wrap("opening a copy of the store", err)
	}
	c := &Copy{db: db}
	if err := c.check(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("opening a copy of the store, %s: %w", filepath.Base(path), err)
	}
	return c, nil
}

func (c *Copy) check(ctx context.Context) error {
	names, err := numbered(migrations())
	if err != nil {
		return err
	}
	if c.Schema, err = schemaVersion(ctx, c.db); err != nil {
		return err
	}
	if c.Schema > len(names) {
		return fmt.Errorf("%w: its schema is %d and this program knows %d; use the newer program", store.ErrNewer, c.Schema, len(names))
	}
	if c.Schema == 0 {
		return errors.New("it is empty")
	}
	return sound(ctx, c.db)
}

// EachReferenced is DB.EachReferenced of the copy.
func (c *Copy) EachReferenced(ctx context.Context, f func(artifact.Digest) error) error {
	return eachReferenced(ctx, c.db, f)
}

// Close closes the file.
func (c *Copy) Close() error { return c.db.Close() }
