package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var _ gate.Uploads = (*DB)(nil)

// PutUpload implements gate.Uploads.
func (db *DB) PutUpload(ctx context.Context, u gate.Upload, metadata []byte, attestations []json.RawMessage, d verdict.Decision, e gate.AuditEntry) error {
	f, p := u.File, u.File.Version.Package
	doing := fmt.Sprintf("recording upload %q of %s", f.Name, f.Version)
	if f.Origin != artifact.Internal || u.VersionKey == "" || u.Slot == "" || f.Uploaded.IsZero() {
		return fmt.Errorf("%s: an upload needs the internal origin, a version, a slot and its time", doing)
	}
	if err := errors.Join(
		store.CheckText(u.Registry, string(p.Ecosystem), p.Name, f.Version.Number, f.Name, u.Slot, u.Publisher, e.By, e.Act, e.Object, e.Detail),
		store.CheckText(u.Tags...),
		checkDecision(d),
	); err != nil {
		return wrap(doing, err)
	}
	if _, err := artifact.ParseDigest(string(f.SHA256)); err != nil {
		return wrap(doing, err)
	}
	body, err := json.Marshal(u.Listed)
	if err != nil {
		return wrap(doing, err)
	}
	given := []byte{}
	if len(attestations) > 0 {
		if given, err = json.Marshal(attestations); err != nil {
			return wrap(doing, err)
		}
	}
	if metadata == nil {
		metadata = []byte{} // NULL is not nothing
	}
	return db.write(ctx, doing, func(tx *writing) error {
		if err := notBurnt(ctx, tx, u); err != nil {
			return err
		}
		if err := takeOrigin(ctx, tx, p, f.Uploaded); err != nil {
			return err
		}
		added, err := insert(ctx, tx, `
			INSERT INTO upload (registry, ecosystem, package, number, version_key, slot, name, sha256, body, metadata, attestations, publisher, uploaded_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
			u.Registry, p.Ecosystem, p.Name, f.Version.Number, u.VersionKey, u.Slot, f.Name, f.SHA256, string(body), metadata, string(given), u.Publisher, f.Uploaded.UnixMilli())
		if err != nil {
			return err
		}
		if !added {
			return gate.ErrTaken
		}
		for _, tag := range u.Tags {
			if err := putTag(ctx, tx, u.Registry, p, tag, f.Version.Number, f.Uploaded); err != nil {
				return err
			}
		}
		if err := db.putFile(ctx, tx, f, f.Uploaded); err != nil {
			return err
		}
		// Another registry may have recorded the file already: then it is this row
		// that has to keep the blob.
		if err := db.keepBlob(ctx, tx, f.SHA256); err != nil {
			return err
		}
		if _, err := stand(ctx, tx, d); err != nil {
			return err
		}
		return errors.Join(auditIn(ctx, tx, e), bump(ctx, tx, p))
	})
}

// notBurnt gives gate.ErrBurnt for a file that was deleted, in whichever registry,
// with its version or its name or by itself.
func notBurnt(ctx context.Context, tx *writing, u gate.Upload) error {
	var burnt bool
	p := u.File.Version.Package
	err := tx.QueryRowContext(ctx, `SELECT `+isBurnt+` OR EXISTS (
		SELECT 1 FROM upload WHERE ecosystem = $1 AND package = $2 AND deleted_ms IS NOT NULL AND (name = $4 OR version_key = $3 AND slot = $5))`,
		p.Ecosystem, p.Name, u.VersionKey, u.File.Name, u.Slot).Scan(&burnt)
	if err != nil {
		return err
	}
	if burnt {
		return gate.ErrBurnt
	}
	return nil
}

const isBurnt = `EXISTS (SELECT 1 FROM burnt WHERE ecosystem = $1 AND package = $2 AND version_key IN ('', $3))`

// takeOrigin makes a name ours, unless it comes from elsewhere.
func takeOrigin(ctx context.Context, tx *writing, p artifact.Package, at time.Time) error {
	added, err := insert(ctx, tx, `INSERT INTO origin (ecosystem, package, origin, since_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.Ecosystem, p.Name, artifact.Internal, at.UnixMilli())
	if err != nil || added {
		return err
	}
	var have string
	if err := tx.QueryRowContext(ctx, `SELECT origin FROM origin WHERE ecosystem = $1 AND package = $2`, p.Ecosystem, p.Name).Scan(&have); err != nil {
		return err
	}
	return sameOrigin(have, artifact.Internal)
}

func auditIn(ctx context.Context, tx *writing, e gate.AuditEntry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit (at_ms, actor, act, object, detail) VALUES ($1, $2, $3, $4, $5)`,
		e.At.UnixMilli(), e.By, e.Act, e.Object, e.Detail)
	return err
}

// UploadsOf implements gate.Uploads.
func (db *DB) UploadsOf(ctx context.Context, registry string, p artifact.Package) ([]gate.Upload, error) {
	us, err := list(ctx, db, scanUpload, `
		SELECT registry, ecosystem, package, number, version_key, slot, name, sha256, body, attestations <> '', publisher, uploaded_ms, yanked_ms, yank_reason, deleted_ms
		FROM upload WHERE registry = $1 AND ecosystem = $2 AND package = $3 ORDER BY seq`, registry, p.Ecosystem, p.Name)
	return us, wrap(fmt.Sprintf("listing uploads of %s", p), err)
}

func scanUpload(r row) (gate.Upload, error) {
	var u gate.Upload
	var uploaded, yanked, deleted *int64
	p, v := &u.File.Version.Package, &u.File.Version
	err := r.Scan(&u.Registry, &p.Ecosystem, &p.Name, &v.Number, &u.VersionKey, &u.Slot, &u.File.Name, &u.File.SHA256,
		document{&u.Listed}, &u.Attested, &u.Publisher, &uploaded, &yanked, &u.YankReason, &deleted)
	u.File.Kind, u.File.Size, u.File.Origin = u.Listed.Kind, u.Listed.Size, artifact.Internal
	u.File.Uploaded, u.Yanked, u.Deleted = store.Time(uploaded), store.Time(yanked), store.Time(deleted)
	return u, err
}

// UploadedNames implements gate.Uploads; sorted.
func (db *DB) UploadedNames(ctx context.Context, registry string, e artifact.Ecosystem) ([]string, error) {
	names, err := list(ctx, db, scanText, `
		SELECT DISTINCT package FROM upload WHERE registry = $1 AND ecosystem = $2 AND deleted_ms IS NULL ORDER BY package`, registry, e)
	return names, wrap("listing our own packages", err)
}

// UploadMetadata implements gate.Uploads.
func (db *DB) UploadMetadata(ctx context.Context, registry string, p artifact.Package, file string) ([]byte, error) {
	b, err := one(ctx, db, scanBytes, `
		SELECT metadata FROM upload WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND name = $4 AND deleted_ms IS NULL`,
		registry, p.Ecosystem, p.Name, file)
	return b, wrap(fmt.Sprintf("reading the metadata of %q", file), err)
}

// UploadAttestations implements gate.Uploads.
func (db *DB) UploadAttestations(ctx context.Context, registry string, p artifact.Package, file string) ([]json.RawMessage, error) {
	doing := fmt.Sprintf("reading the attestations of %q", file)
	text, err := one(ctx, db, scanText, `
		SELECT attestations FROM upload WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND name = $4 AND deleted_ms IS NULL`,
		registry, p.Ecosystem, p.Name, file)
	if err != nil || text == "" {
		return nil, wrap(doing, err)
	}
	var out []json.RawMessage
	err = json.Unmarshal([]byte(text), &out)
	return out, wrap(doing, err)
}

// TagsOf implements gate.Uploads.
func (db *DB) TagsOf(ctx context.Context, registry string, p artifact.Package) (map[string]string, error) {
	type tagged struct{ tag, number string }
	rows, err := list(ctx, db, func(r row) (t tagged, err error) {
		err = r.Scan(&t.tag, &t.number)
		return t, err
	}, `SELECT tag, number FROM upload_tag WHERE registry = $1 AND ecosystem = $2 AND package = $3`, registry, p.Ecosystem, p.Name)
	out := make(map[string]string, len(rows))
	for _, t := range rows {
		out[t.tag] = t.number
	}
	return out, wrap(fmt.Sprintf("listing tags of %s", p), err)
}

// PutTag implements gate.Uploads.
func (db *DB) PutTag(ctx context.Context, registry string, p artifact.Package, tag, number string, at time.Time, e gate.AuditEntry) error {
	doing := fmt.Sprintf("tagging %s", p)
	if err := store.CheckText(registry, string(p.Ecosystem), p.Name, tag, number, e.By, e.Act, e.Object, e.Detail); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		change := takeTag
		if number != "" {
			change = func(ctx context.Context, tx *writing, registry string, p artifact.Package, tag string) error {
				return moveTag(ctx, tx, registry, p, tag, number, at)
			}
		}
		if err := change(ctx, tx, registry, p, tag); err != nil {
			return err
		}
		return errors.Join(auditIn(ctx, tx, e), bump(ctx, tx, p))
	})
}

// takeTag takes a tag away.
func takeTag(ctx context.Context, tx *writing, registry string, p artifact.Package, tag string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM upload_tag WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND tag = $4`, registry, p.Ecosystem, p.Name, tag)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, verdict.ErrNotFound)
	}
	return nil
}

// moveTag makes a tag stand for a version that is there.
func moveTag(ctx context.Context, tx *writing, registry string, p artifact.Package, tag, number string, at time.Time) error {
	var there bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM upload WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND number = $4 AND deleted_ms IS NULL)`,
		registry, p.Ecosystem, p.Name, number).Scan(&there)
	if err != nil || !there {
		return cmp.Or(err, verdict.ErrNotFound)
	}
	return putTag(ctx, tx, registry, p, tag, number, at)
}

// putTag writes a tag down, as long as the package has not too many.
func putTag(ctx context.Context, tx *writing, registry string, p artifact.Package, tag, number string, at time.Time) error {
	if tag == "" {
		return errors.New("a tag needs a name")
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO upload_tag (registry, ecosystem, package, tag, number, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (registry, ecosystem, package, tag) DO UPDATE SET number = excluded.number, at_ms = excluded.at_ms`,
		registry, p.Ecosystem, p.Name, tag, number, at.UnixMilli())
	if err != nil {
		return err
	}
	var n int
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM upload_tag WHERE registry = $1 AND ecosystem = $2 AND package = $3`, registry, p.Ecosystem, p.Name).Scan(&n)
	if err == nil && n > gate.MostTags {
		return gate.ErrManyTags
	}
	return err
}

// Burnt implements gate.Uploads.
func (db *DB) Burnt(ctx context.Context, p artifact.Package, versionKey string) (bool, error) {
	burnt, err := one(ctx, db, scanBool, `SELECT `+isBurnt, p.Ecosystem, p.Name, versionKey)
	return burnt, wrap(fmt.Sprintf("asking whether %s was deleted", p), err)
}

// YankUploads implements gate.Uploads.
func (db *DB) YankUploads(ctx context.Context, registry string, p artifact.Package, versionKey, reason string, at time.Time, e gate.AuditEntry) (int, error) {
	doing := fmt.Sprintf("yanking files of %s", p)
	if err := store.CheckText(reason, e.By, e.Act, e.Object, e.Detail); err != nil {
		return 0, wrap(doing, err)
	}
	var changed int64
	err := db.write(ctx, doing, func(tx *writing) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE upload SET yanked_ms = $5, yank_reason = $6
			WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND version_key = $4 AND deleted_ms IS NULL`,
			registry, p.Ecosystem, p.Name, versionKey, store.Millis(at), reason)
		if err != nil {
			return err
		}
		if changed, err = res.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		return errors.Join(auditIn(ctx, tx, e), bump(ctx, tx, p))
	})
	return int(changed), err
}

// DeleteUploads implements gate.Uploads. What was decided about a deleted file
// stands no more.
func (db *DB) DeleteUploads(ctx context.Context, registry string, p artifact.Package, versionKey, file string, at time.Time, e gate.AuditEntry) (int, error) {
	doing := fmt.Sprintf("deleting files of %s", p)
	if err := store.CheckText(file, e.By, e.Act, e.Object, e.Detail); err != nil {
		return 0, wrap(doing, err)
	}
	deleted := 0
	err := db.write(ctx, doing, func(tx *writing) error {
		names, err := listIn(ctx, tx, scanText, `
			SELECT name FROM upload WHERE registry = $1 AND ecosystem = $2 AND package = $3
			AND ($4 = '' OR version_key = $4) AND ($5 = '' OR name = $5) AND deleted_ms IS NULL ORDER BY seq`,
			registry, p.Ecosystem, p.Name, versionKey, file)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := deleteUpload(ctx, tx, registry, p, name, at); err != nil {
				return err
			}
		}
		deleted = len(names)
		if file == "" {
			const q = `INSERT INTO burnt (ecosystem, package, version_key, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
			if _, err := tx.ExecContext(ctx, q, p.Ecosystem, p.Name, versionKey, at.UnixMilli()); err != nil {
				return err
			}
		}
		return errors.Join(auditIn(ctx, tx, e), bump(ctx, tx, p))
	})
	return deleted, err
}

func deleteUpload(ctx context.Context, tx *writing, registry string, p artifact.Package, name string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE upload SET deleted_ms = $5, sha256 = '' WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND name = $4`,
		registry, p.Ecosystem, p.Name, name, at.UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM standing WHERE registry = $1 AND ecosystem = $2 AND package = $3 AND file = $4`,
		registry, p.Ecosystem, p.Name, name); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM file WHERE ecosystem = $1 AND package = $2 AND name = $3 AND origin = $4 AND NOT EXISTS (
			SELECT 1 FROM upload u WHERE u.ecosystem = file.ecosystem AND u.package = file.package AND u.name = file.name AND u.deleted_ms IS NULL)`,
		p.Ecosystem, p.Name, name, artifact.Internal)
	return err
}

// Origins implements gate.Uploads.
func (db *DB) Origins(ctx context.Context, e artifact.Ecosystem) (map[string]string, error) {
	type named struct{ name, origin string }
	rows, err := list(ctx, db, func(r row) (n named, err error) {
		err = r.Scan(&n.name, &n.origin)
		return n, err
	}, `SELECT package, origin FROM origin WHERE ecosystem = $1`, e)
	out := make(map[string]string, len(rows))
	for _, n := range rows {
		out[n.name] = n.origin
	}
	return out, wrap("listing origins", err)
}

func scanBytes(r row) (b []byte, err error) {
	err = r.Scan(&b)
	return b, err
}
