package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Reporter renders what came of a request for people and programs and keeps it.
// It decides nothing: a report that cannot be kept changes no outcome.
type Reporter interface {
	// Keep renders the reports of a request that has ended, and keeps those that
	// are not there yet.
	Keep(ctx context.Context, req verdict.Request, out verdict.Outcome) error
	// Kept lists what is there.
	Kept(ctx context.Context, id string) ([]KeptReport, error)
	// Read gives the bytes of one that is there, or verdict.ErrNotFound.
	Read(ctx context.Context, id, format string) ([]byte, error)
}

// KeptReport is one rendered report of a request. Its bytes are in the blob
// store.
type KeptReport struct {
	Format string          `json:"format"`
	SHA256 artifact.Digest `json:"sha256"`
	Size   int64           `json:"size"`
	At     time.Time       `json:"at"` // when it was rendered
}

// ErrNoReports says that this gate keeps no reports.
var ErrNoReports = fmt.Errorf("%w: this gate keeps no reports", verdict.ErrNotFound)

// keepReports is called when a request has ended. Its outcome stands whatever
// comes of it: what could not be kept now is rendered when it is asked for.
func (g *Gate) keepReports(ctx context.Context, id string) {
	if g.Reporter == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	defer func() { // a fault in a report is none in the answer
		if v := recover(); v != nil {
			g.Log.ErrorContext(ctx, "keeping reports", "request", id, "err", fmt.Sprint("panic: ", v), "stack", string(debug.Stack()))
		}
	}()
	if err := g.keep(ctx, id); err != nil {
		g.Log.ErrorContext(ctx, "keeping reports", "request", id, "err", err)
	}
}

func (g *Gate) keep(ctx context.Context, id string) error {
	req, _, out, err := g.Store.Request(ctx, id)
	switch {
	case err != nil:
		return err
	case !answered(out):
		return fmt.Errorf("request %s has no outcome yet: %w", artifact.Untrusted(id), verdict.ErrConflict)
	}
	return g.Reporter.Keep(ctx, req, out)
}

// Reports lists the reports of a request that has ended. Those that could not be
// kept when it did, or were cleared away since, are made again now.
func (g *Gate) Reports(ctx context.Context, id string) ([]KeptReport, error) {
	if g.Reporter == nil {
		return nil, ErrNoReports
	}
	if err := g.keep(ctx, id); err != nil {
		return nil, err
	}
	return g.Reporter.Kept(ctx, id)
}

// Report gives one report of a request that has ended.
func (g *Gate) Report(ctx context.Context, id, format string) ([]byte, error) {
	if g.Reporter == nil {
		return nil, ErrNoReports
	}
	b, err := g.Reporter.Read(ctx, id, format)
	if !errors.Is(err, verdict.ErrNotFound) {
		return b, err
	}
	if err := g.keep(ctx, id); err != nil {
		return nil, err
	}
	return g.Reporter.Read(ctx, id, format)
}
