package report

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Rows keep which reports of a request there are.
type Rows interface {
	// PutReports records reports whose bytes are durable. Those recorded already
	// stay. Bytes that were collected as garbage meanwhile are blob.ErrCollected.
	PutReports(ctx context.Context, request string, rs []gate.KeptReport) error
	Reports(ctx context.Context, request string) ([]gate.KeptReport, error)
	// ForgetReport takes the row of a report away whose bytes are lost.
	ForgetReport(ctx context.Context, request, format string) error
}

// Keeper renders the reports of requests and keeps them in the blob store: bytes
// first, then the rows that name them. It implements gate.Reporter and is safe
// for concurrent use.
type Keeper struct {
	Rows      Rows
	Blobs     blob.Store
	Generator string // the program's version
	Now       func() time.Time
}

var _ gate.Reporter = Keeper{}

// maxReport is how large one report may be, in bytes.
const maxReport = 128 << 20

// Keep implements gate.Reporter.
func (k Keeper) Keep(ctx context.Context, req verdict.Request, out verdict.Outcome) error {
	have, err := k.Rows.Reports(ctx, out.Request)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(Formats(), func(f Format) bool {
		return slices.ContainsFunc(have, func(h gate.KeptReport) bool { return h.Format == string(f) })
	})
	if len(missing) == 0 {
		return nil
	}
	r := New(req, out, k.Generator)
	err = k.keep(ctx, r, missing)
	if errors.Is(err, blob.ErrCollected) { // garbage of the same bytes was being taken away
		err = k.keep(ctx, r, missing)
	}
	return err
}

// keep writes each format's bytes, all at once because each waits for the disk,
// and then the rows.
func (k Keeper) keep(ctx context.Context, r Report, formats []Format) error {
	kept := make([]gate.KeptReport, len(formats))
	var writes errgroup.Group
	for i, f := range formats {
		var b bytes.Buffer
		if err := Render(&b, f, r); err != nil {
			return err
		}
		writes.Go(func() error {
			d, n, err := k.Blobs.Put(ctx, &b, maxReport, "")
			if err != nil {
				return fmt.Errorf("keeping report as %s: %w", f, err)
			}
			kept[i] = gate.KeptReport{Format: string(f), SHA256: d, Size: n, At: k.Now().UTC()}
			return nil
		})
	}
	if err := writes.Wait(); err != nil {
		return err
	}
	return k.Rows.PutReports(ctx, r.Outcome.Request, kept)
}

// Kept implements gate.Reporter.
func (k Keeper) Kept(ctx context.Context, id string) ([]gate.KeptReport, error) {
	have, err := k.Rows.Reports(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []gate.KeptReport
	for _, f := range Formats() { // those for people first
		if i := slices.IndexFunc(have, func(h gate.KeptReport) bool { return h.Format == string(f) }); i >= 0 {
			out = append(out, have[i])
		}
	}
	return out, nil
}

// Read implements gate.Reporter. A report whose bytes the disk has lost is like one
// that was never kept: it can be made again.
func (k Keeper) Read(ctx context.Context, id, format string) ([]byte, error) {
	have, err := k.Rows.Reports(ctx, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(have, func(h gate.KeptReport) bool { return h.Format == format })
	if i < 0 {
		return nil, fmt.Errorf("request %s has no report as %s: %w", artifact.Untrusted(id), artifact.Untrusted(format), verdict.ErrNotFound)
	}
	f, _, err := k.Blobs.Open(ctx, have[i].SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(k.Rows.ForgetReport(ctx, id, format), fmt.Errorf("%w: report: %w", verdict.ErrNotFound, err))
	}
	if err != nil {
		return nil, fmt.Errorf("opening report: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxReport))
	if err != nil {
		return nil, fmt.Errorf("reading report: %w", err)
	}
	if artifact.DigestOf(b) != have[i].SHA256 {
		return nil, fmt.Errorf("reading report: %w: %s", blob.ErrCorrupt, have[i].SHA256.Short())
	}
	return b, nil
}
