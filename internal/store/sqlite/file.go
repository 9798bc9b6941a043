package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// PutFile implements gate.Store. The first recording stays as it is: later ones
// may differ in what promises nothing (upload time, kind), and the same name
// with another digest, size or version is verdict.ErrConflict. blob.ErrCollected
// asks to put the bytes again first.
func (db *DB) PutFile(ctx context.Context, f artifact.File, firstSeen time.Time) error {
	p := f.Version.Package
	doing := fmt.Sprintf("recording file %q of %s", f.Name, f.Version)
	if err := store.CheckText(string(p.Ecosystem), p.Name, f.Version.Number, f.Name, string(f.Kind), f.Origin); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if _, err := artifact.ParseDigest(string(f.SHA256)); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error { return db.putFile(ctx, tx, f, firstSeen) })
}

func (db *DB) putFile(ctx context.Context, tx *writing, f artifact.File, firstSeen time.Time) error {
	p := f.Version.Package
	added, err := insert(ctx, tx, `
		INSERT INTO file (ecosystem, package, name, origin, number, kind, sha256, size, uploaded_ms, first_seen_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		p.Ecosystem, p.Name, f.Name, f.Origin, f.Version.Number, f.Kind, f.SHA256, f.Size, store.Millis(f.Uploaded), firstSeen.UnixMilli())
	if err != nil {
		return err
	}
	if added {
		return errors.Join(db.keepBlob(ctx, tx, f.SHA256), bump(ctx, tx, p))
	}
	return sameFile(ctx, tx, f)
}

// sameFile compares f with the row recorded under its name.
func sameFile(ctx context.Context, tx *writing, f artifact.File) error {
	var number, sha string
	var size int64
	err := tx.QueryRowContext(ctx, `
		SELECT number, sha256, size FROM file WHERE ecosystem = $1 AND package = $2 AND name = $3 AND origin = $4`,
		f.Version.Package.Ecosystem, f.Version.Package.Name, f.Name, f.Origin).Scan(&number, &sha, &size)
	if err != nil {
		return err
	}
	if sha != string(f.SHA256) || size != f.Size || number != f.Version.Number {
		return fmt.Errorf("%w: it is recorded with sha256 %s, %d bytes, version %s; now sha256 %s, %d bytes",
			verdict.ErrConflict, sha, size, number, f.SHA256, f.Size)
	}
	return nil
}

const fileColumns = `f.ecosystem, f.package, f.name, f.origin, f.number, f.kind, f.sha256, f.size, f.uploaded_ms`

// fromOrigin keeps to files of the origin recorded for the name, where one is.
const fromOrigin = ` FROM file f LEFT JOIN origin o ON o.ecosystem = f.ecosystem AND o.package = f.package
	WHERE (o.origin IS NULL OR o.origin = f.origin)`

func scanFile(r row) (artifact.File, error) {
	var f artifact.File
	var uploaded *int64
	p := &f.Version.Package
	err := r.Scan(&p.Ecosystem, &p.Name, &f.Name, &f.Origin, &f.Version.Number, &f.Kind, &f.SHA256, &f.Size, &uploaded)
	f.Uploaded = store.Time(uploaded)
	return f, err
}

// FileNamed implements gate.Store. Only a file of the name's recorded origin is
// found; while none is recorded, two origins with the same file name are
// verdict.ErrConflict.
func (db *DB) FileNamed(ctx context.Context, p artifact.Package, name string) (artifact.File, error) {
	files, err := list(ctx, db, scanFile, `SELECT `+fileColumns+fromOrigin+`
		AND f.ecosystem = $1 AND f.package = $2 AND f.name = $3 LIMIT 2`, p.Ecosystem, p.Name, name)
	if err == nil && len(files) != 1 {
		err = verdict.ErrNotFound
		if len(files) > 1 {
			err = fmt.Errorf("%w: two origins have it", verdict.ErrConflict)
		}
	}
	if err != nil {
		return artifact.File{}, fmt.Errorf("finding file %q of %s: %w", name, p, err)
	}
	return files[0], nil
}

// Origin implements gate.Store.
func (db *DB) Origin(ctx context.Context, p artifact.Package) (string, error) {
	origin, err := one(ctx, db, scanText, `SELECT origin FROM origin WHERE ecosystem = $1 AND package = $2`, p.Ecosystem, p.Name)
	if err != nil {
		return "", fmt.Errorf("reading origin of %s: %w", p, err)
	}
	return origin, nil
}

// SetOrigin implements gate.Store. Setting the same again changes nothing.
func (db *DB) SetOrigin(ctx context.Context, p artifact.Package, origin string, at time.Time) error {
	doing := fmt.Sprintf("recording origin of %s", p)
	if origin == "" {
		return fmt.Errorf("%s: an origin needs a name", doing)
	}
	if err := store.CheckText(string(p.Ecosystem), p.Name, origin); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	// Asked at every admission and nearly always there: reading first spares the
	// writer a transaction. The transaction below looks again.
	old, err := db.Origin(ctx, p)
	if err == nil {
		err = sameOrigin(old, origin)
	}
	if !errors.Is(err, verdict.ErrNotFound) {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `INSERT INTO origin (ecosystem, package, origin, since_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			p.Ecosystem, p.Name, origin, at.UnixMilli())
		if err != nil {
			return err
		}
		if added {
			return bump(ctx, tx, p)
		}
		var old string
		if err := tx.QueryRowContext(ctx, `SELECT origin FROM origin WHERE ecosystem = $1 AND package = $2`, p.Ecosystem, p.Name).Scan(&old); err != nil {
			return err
		}
		return sameOrigin(old, origin)
	})
}

func sameOrigin(old, origin string) error {
	if old == origin {
		return nil
	}
	return fmt.Errorf("%w: it comes from %q and not from %q", verdict.ErrConflict, old, origin)
}

func scanText(r row) (string, error) {
	var s string
	err := r.Scan(&s)
	return s, err
}
