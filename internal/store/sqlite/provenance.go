package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// PutProvenance implements gate.Store. The same claims with the same roots as in the
// file's newest row are not written again.
func (db *DB) PutProvenance(ctx context.Context, f artifact.File, claims artifact.Digest, a provenance.Answer, at time.Time) error {
	p := f.Version.Package
	doing := fmt.Sprintf("recording the provenance of %.80q", f.Name)
	text, err := json.Marshal(a)
	if err != nil {
		return wrap(doing, err)
	}
	if err := store.CheckText(p.Name, f.Name, string(f.SHA256), string(claims), a.Roots, string(text)); err != nil {
		return wrap(doing, err)
	}
	return db.write(ctx, doing, func(tx *writing) error {
		added, err := insert(ctx, tx, `
			INSERT INTO provenance (ecosystem, package, file, sha256, claims, roots, at_ms, answer)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8
			WHERE NOT EXISTS (
				SELECT 1 FROM provenance WHERE sha256 = $4 AND claims = $5 AND roots = $6 AND answer = $8
				AND seq = (SELECT max(seq) FROM provenance WHERE ecosystem = $1 AND package = $2 AND file = $3))`,
			p.Ecosystem, p.Name, f.Name, f.SHA256, claims, a.Roots, at.UnixMilli(), string(text))
		if err != nil || !added {
			return err
		}
		return bump(ctx, tx, p)
	})
}

const stateAttested = `SELECT file, sha256, claims, answer FROM provenance WHERE ecosystem = $1 AND package = $2 ORDER BY seq`

// stateAttestations reads the newest answer about each file.
func stateAttestations(ctx context.Context, db *DB, tx *sql.Tx, p artifact.Package, st *gate.PackageState) error {
	type attested struct {
		file string
		gate.Attested
	}
	rows, err := listPrepared(ctx, db, tx, func(r row) (a attested, err error) {
		err = r.Scan(&a.file, &a.SHA256, &a.Claims, document{&a.Answer})
		return a, err
	}, stateAttested, p.Ecosystem, p.Name)
	for _, a := range rows {
		st.Attested[a.file] = a.Attested
	}
	return err
}
