package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// Collected says what a collection removed, or with DryRun would have.
type Collected struct {
	DryRun       bool             `json:"dry_run,omitempty"`
	Looked       int              `json:"blobs_looked_at"`
	Blobs        int              `json:"blobs_removed"`
	Bytes        int64            `json:"bytes_removed"`
	Scratch      int              `json:"scratch_removed"`
	Cached       int              `json:"cached_removed"`
	SchemaCopies int              `json:"schema_copies_removed"`
	Rows         sqlite.Forgotten `json:"rows_forgotten"`
}

// collectAtOnce is how many blobs are marked in one transaction and removed in
// the next. Nobody writes while files are removed, so there are few.
const collectAtOnce = 32

// Collect removes what nobody needs: rows by their retention first, because a
// report's row keeps its blob, then blobs, scratch, caches and old copies. With
// dry it only counts; what a row would have kept is then not counted.
func (k *Keeper) Collect(ctx context.Context, dry bool) (Collected, error) {
	c := Collected{DryRun: dry}
	err := k.alone(func() (err error) {
		if c.Rows, err = k.Store.Forget(ctx, k.retention(), dry); err != nil {
			return err
		}
		if err := k.collectBlobs(ctx, &c); err != nil {
			return err
		}
		if !dry {
			if c.Scratch, err = k.Blobs.CleanScratch(k.young()); err != nil {
				return err
			}
		}
		if c.SchemaCopies, err = k.pruneSchemaCopies(dry); err != nil {
			return err
		}
		c.Cached, err = k.cleanCaches(dry)
		return err
	})
	return c, err
}

// young is the time after which a blob is too young to be garbage.
func (k *Keeper) young() time.Time { return k.Now().Add(-time.Duration(k.Config.Upkeep.BlobAge)) }

func (k *Keeper) retention() sqlite.Retention {
	before := func(d config.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return k.Now().Add(-time.Duration(d))
	}
	r := k.Config.Retention
	return sqlite.Retention{Pulls: before(r.Pulls), Jobs: before(r.Jobs), Requests: before(r.Requests), Reports: before(r.Reports)}
}

func (k *Keeper) collectBlobs(ctx context.Context, c *Collected) error {
	old := k.young()
	var batch []artifact.Digest
	for info, err := range k.Blobs.List(ctx) {
		if err != nil {
			return err
		}
		c.Looked++
		if !info.Modified.Before(old) {
			continue
		}
		if batch = append(batch, info.Digest); len(batch) == collectAtOnce {
			if err := k.collectSome(ctx, batch, old, c); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := k.collectSome(ctx, batch, old, c); err != nil || c.DryRun {
		return err
	}
	return k.Store.ForgetTombstones(ctx, old)
}

func (k *Keeper) collectSome(ctx context.Context, batch []artifact.Digest, old time.Time, c *Collected) error {
	free, err := k.Store.Unreferenced(ctx, batch)
	if err != nil || len(free) == 0 {
		return err
	}
	if c.DryRun {
		for _, d := range free {
			size, err := k.Blobs.Stat(ctx, d)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			c.Blobs, c.Bytes = c.Blobs+1, c.Bytes+size
		}
		return nil
	}
	if free, err = k.Store.Bury(ctx, free, k.Now()); err != nil {
		return err
	}
	return k.Store.Sweep(ctx, free, func(d artifact.Digest) error { return k.remove(ctx, d, old, c) })
}

// remove deletes a blob, unless it was put again since it was listed.
func (k *Keeper) remove(ctx context.Context, d artifact.Digest, old time.Time, c *Collected) error {
	info, err := k.Blobs.Info(ctx, d)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Modified.Before(old) {
		return nil
	}
	if err == nil {
		err = k.Blobs.Delete(ctx, d)
	}
	if err != nil {
		return err
	}
	c.Blobs, c.Bytes = c.Blobs+1, c.Bytes+info.Size
	return nil
}

func (k *Keeper) collectScheduled(ctx context.Context) ([]any, int, error) {
	c, err := k.Collect(ctx, false)
	return []any{
		"blobs", c.Blobs, "bytes", c.Bytes, "scratch", c.Scratch, "cached", c.Cached, "pulls", c.Rows.Pulls, "jobs", c.Rows.Jobs,
		"requests", c.Rows.Requests, "reports", c.Rows.Reports, "schema_copies", c.SchemaCopies,
	}, 0, err
}

// Reconciled says how rows and blobs agree.
type Reconciled struct {
	Referenced int               `json:"referenced"`
	Missing    []artifact.Digest `json:"missing,omitempty"` // rows name them and they are not there; the first few
	Lost       int               `json:"lost"`              // how many those are
}

// missingShown is how many are listed.
const missingShown = 20

// Reconcile looks whether the blob of every row is there. With full it reads
// their bytes too, as fast as the disk gives them.
func (k *Keeper) Reconcile(ctx context.Context, full bool) (Reconciled, error) {
	return reconcile(ctx, k.Store.EachReferenced, func(ctx context.Context, d artifact.Digest) error {
		if full {
			return blob.Verify(ctx, k.Blobs, d)
		}
		_, err := k.Blobs.Stat(ctx, d)
		return err
	})
}

func reconcile(ctx context.Context, each func(context.Context, func(artifact.Digest) error) error, look func(context.Context, artifact.Digest) error) (Reconciled, error) {
	var r Reconciled
	err := each(ctx, func(d artifact.Digest) error {
		r.Referenced++
		err := look(ctx, d)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, blob.ErrCorrupt) {
			r.Lost++
			if len(r.Missing) < missingShown {
				r.Missing = append(r.Missing, d)
			}
			return nil
		}
		return err
	})
	if err != nil {
		return r, fmt.Errorf("comparing rows and blobs: %w", err)
	}
	return r, nil
}
