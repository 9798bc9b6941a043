package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// heldFile is one file of an archive as its row keeps it.
type heldFile struct {
	code.File
	// Key names the row with all of its facts; "" where File says it all.
	Key string `json:"key,omitempty"`
}

// mostUnpacked bounds what one compressed column may hold, bytes: more than a
// worker may report about one archive.
const mostUnpacked = 256 << 20

// zstandard compresses columns. Both ways are safe for concurrent use.
var zstandard = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostUnpacked))
	if err != nil {
		panic(err)
	}
	return enc, dec
})

func pack(v any) (plain, packed []byte, err error) {
	if plain, err = json.Marshal(v); err != nil {
		return nil, nil, err
	}
	enc, _ := zstandard()
	return plain, enc.EncodeAll(plain, nil), nil
}

// unpack scans a column of zstd-compressed JSON into a value.
type unpack struct{ into any }

// Scan implements sql.Scanner.
func (u unpack) Scan(column any) error {
	packed, ok := column.([]byte)
	if !ok {
		return fmt.Errorf("a compressed column holds %T", column)
	}
	_, dec := zstandard()
	plain, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return fmt.Errorf("unpacking a column: %w", err)
	}
	return json.Unmarshal(plain, u.into)
}

// packedCode is the facts of an archive's files as rows.
type packedCode struct {
	files []byte
	facts map[string][]byte // by key
}

// packCode is done before there is a transaction: it takes the most of the time, and
// others wait for the writer.
func packCode(files []code.File) (packedCode, error) {
	out := packedCode{facts: map[string][]byte{}}
	held := make([]heldFile, len(files))
	for i, f := range files {
		held[i].File = f
		if len(f.Facts.Facts) == 0 {
			continue
		}
		plain, packed, err := pack(f.Facts.Facts)
		if err != nil {
			return out, err
		}
		key := string(artifact.DigestOf(plain))
		held[i].Facts.Facts, held[i].Key = nil, key
		out.facts[key] = packed
	}
	var err error
	_, out.files, err = pack(held)
	return out, err
}

func (p packedCode) put(ctx context.Context, tx *writing, evidence string) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO facts (key, body) VALUES ($1, $2) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	for key, body := range p.facts {
		if _, err := insert.ExecContext(ctx, key, body); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO evidence_code (evidence, files) VALUES ($1, $2)`, evidence, p.files)
	return err
}

// Code implements gate.Store.
func (db *DB) Code(ctx context.Context, evidence string) ([]code.File, error) {
	doing := fmt.Sprintf("reading facts of evidence %.80q", evidence)
	held, err := one(ctx, db, func(r row) (fs []heldFile, err error) {
		err = r.Scan(unpack{&fs})
		return fs, err
	}, `SELECT files FROM evidence_code WHERE evidence = $1`, evidence)
	if err != nil {
		return nil, wrap(doing, err)
	}
	files := make([]code.File, len(held))
	for i, h := range held {
		files[i] = h.File
		if h.Key == "" {
			continue
		}
		files[i].Facts.Facts, err = one(ctx, db, func(r row) (fs []code.Fact, err error) {
			err = r.Scan(unpack{&fs})
			return fs, err
		}, `SELECT body FROM facts WHERE key = $1`, h.Key)
		if errors.Is(err, verdict.ErrNotFound) {
			// Half of the facts are worse than none: rules would see less than there is.
			err = fmt.Errorf("the facts %.12s are gone; restore a backup", h.Key)
		}
		if err != nil {
			return nil, wrap(doing, err)
		}
	}
	return files, nil
}

// Behaviour implements gate.Store.
func (db *DB) Behaviour(ctx context.Context, evidence string) (scan.Behaviour, error) {
	b, err := one(ctx, db, func(r row) (b scan.Behaviour, err error) {
		err = r.Scan(document{&b})
		return b, err
	}, `SELECT b.body FROM evidence_code c LEFT JOIN behaviour b ON b.evidence = c.evidence WHERE c.evidence = $1`, evidence)
	return b, wrap(fmt.Sprintf("reading the behaviour of evidence %.80q", evidence), err)
}

// PutBehaviours implements gate.Store. Every package that has a file with the bytes
// of one of them gets a new generation, where the row is another one than before.
func (db *DB) PutBehaviours(ctx context.Context, bs []gate.EvidencedBehaviour, at time.Time) error {
	const doing = "recording behaviours"
	for _, b := range bs {
		if err := store.CheckText(b.Evidence, b.Rules); err != nil {
			return wrap(doing, err)
		}
	}
	if len(bs) == 0 {
		return nil
	}
	return db.write(ctx, doing, func(tx *writing) error {
		for _, b := range bs {
			body, err := json.Marshal(b.Behaviour)
			if err != nil {
				return err
			}
			changed, err := insert(ctx, tx, `
				INSERT INTO behaviour (evidence, rules, at_ms, body) VALUES ($1, $2, $3, $4)
				ON CONFLICT (evidence) DO UPDATE SET rules = excluded.rules, at_ms = excluded.at_ms, body = excluded.body
				WHERE behaviour.body <> excluded.body`, b.Evidence, b.Rules, at.UnixMilli(), string(body))
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO generation (ecosystem, package, n)
				SELECT DISTINCT f.ecosystem, f.package, 1 FROM file f JOIN evidence e ON e.sha256 = f.sha256 WHERE e.key = $1
				ON CONFLICT (ecosystem, package) DO UPDATE SET n = generation.n + 1`, b.Evidence); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unevaluated implements gate.Store.
func (db *DB) Unevaluated(ctx context.Context, rules, after string, limit int) ([]string, error) {
	keys, err := list(ctx, db, scanText, `
		SELECT c.evidence FROM evidence_code c LEFT JOIN behaviour b ON b.evidence = c.evidence
		WHERE c.evidence > $1 AND (b.rules IS NULL OR b.rules <> $2) ORDER BY c.evidence LIMIT $3`, after, rules, store.Limit(limit))
	return keys, wrap("listing evidence that rules were not asked about", err)
}
