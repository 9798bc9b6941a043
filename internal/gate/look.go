package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Look brings one file into quarantine, has the worker open and scan it, and
// records the file and the worker's report. Bytes come before rows: the file's
// row names a blob that is already durable. A file that was looked at with
// today's scanners is left alone, however many ask at once.
//
// Errors: *BadBytesError when the bytes are not what the index or an earlier
// fetch promised; anything else is a fault.
//
// When the caller gives up, the look goes on: the next one to ask finds it done.
func (g *Gate) Look(ctx context.Context, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) error {
	if x == nil {
		return errors.New("its upstream did not answer")
	}
	return g.looks.do(ctx, lookKey(v.Package, f.Name), nil, func(ctx context.Context, w *work) error { return g.look(ctx, w, v, x, f) })
}

func lookKey(p artifact.Package, file string) string { return p.String() + "/" + file }

// Looking says how far the look at a file is, in words; "" when nobody looks at it.
func (g *Gate) Looking(p artifact.Package, file string) string {
	return g.looks.doing(lookKey(p, file))
}

// Close ends the looks that still go on and waits until they have.
func (g *Gate) Close() {
	g.pulls.close()
	g.looks.close()
	g.evaluations.close()
}

func (g *Gate) look(ctx context.Context, w *work, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) error {
	w.at("being fetched")
	file, err := g.Store.FileNamed(ctx, v.Package, f.Name)
	if errors.Is(err, verdict.ErrNotFound) {
		file, err = g.quarantineOnce(ctx, v, x, f)
	}
	if err != nil {
		return err
	}
	if f.SHA256 != "" && f.SHA256 != file.SHA256 {
		return &BadBytesError{Rule: "upstream-changed-bytes", File: f.Name, Want: file.SHA256, Got: f.SHA256}
	}
	key := g.evidenceKey(file, f)
	if seen, err := g.Store.Evidence(ctx, key); err == nil {
		if err := g.attest(ctx, file, seen.Digests, x, f); err != nil {
			return err
		}
		return g.evaluate(ctx, key)
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return fmt.Errorf("reading evidence: %w", err)
	}
	w.at("being scanned")
	return g.inspect(ctx, key, file, x, f)
}

// A file that came with other bytes than were promised is not fetched again for
// every client that asks: the answer is kept for a while.
const (
	badBytesFor  = 10 * time.Minute
	badBytesKept = 1000
)

// badBytes remembers such answers, by package, file name and promised digest.
type badBytes struct {
	mu   sync.Mutex
	rows map[string]badAnswer
}

type badAnswer struct {
	err   error
	until time.Time
}

func (b *badBytes) get(key string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a, ok := b.rows[key]; ok && now.Before(a.until) {
		return a.err
	}
	return nil
}

func (b *badBytes) put(key string, err error, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rows == nil || len(b.rows) >= badBytesKept {
		b.rows = map[string]badAnswer{}
	}
	b.rows[key] = badAnswer{err, until}
}

func (g *Gate) quarantineOnce(ctx context.Context, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) (artifact.File, error) {
	key := v.Package.String() + "/" + f.Name + "@" + string(f.SHA256)
	if err := g.bad.get(key, g.Now()); err != nil {
		return artifact.File{}, err
	}
	file, err := g.quarantine(ctx, v, x, f)
	if errors.Is(err, blob.ErrCollected) {
		file, err = g.quarantine(ctx, v, x, f) // garbage that lay there went just now; this time the bytes are new
	}
	if _, bad := errors.AsType[*BadBytesError](err); bad {
		g.bad.put(key, err, g.Now().Add(badBytesFor))
	}
	return file, err
}

func (g *Gate) quarantine(ctx context.Context, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) (artifact.File, error) {
	if err := g.Store.SetOrigin(ctx, v.Package, x.Upstream, g.Now()); err != nil {
		return artifact.File{}, fmt.Errorf("recording origin: %w", err)
	}
	sha, size, err := g.bring(ctx, v.Package.Ecosystem, x, f)
	if err != nil {
		return artifact.File{}, err
	}
	if f.SHA256 != "" && sha != f.SHA256 {
		return artifact.File{}, &BadBytesError{Rule: "digest-mismatch", File: f.Name, Want: f.SHA256, Got: sha}
	}
	file := artifact.File{Version: v, Name: f.Name, Kind: f.Kind, SHA256: sha, Size: size, Uploaded: f.Uploaded, Origin: x.Upstream}
	err = g.Store.PutFile(ctx, file, g.Now())
	if errors.Is(err, verdict.ErrConflict) {
		return file, &BadBytesError{Rule: "upstream-changed-bytes", File: f.Name, Got: sha}
	}
	return file, err
}

// bring fetches a file, or takes it from an upstream that has read it whole.
func (g *Gate) bring(ctx context.Context, eco artifact.Ecosystem, x *ecosystem.Index, f ecosystem.IndexFile) (artifact.Digest, int64, error) {
	peer, err := g.peer(eco)
	if err != nil {
		return "", 0, err
	}
	up, err := peer.Called(ctx, x.Upstream)
	if err != nil {
		return "", 0, err
	}
	holder, holds := up.(ecosystem.Holder)
	if keeper, ok := g.Fetch.(Keeper); ok && holds {
		if b, ok := holder.Held(ctx, x, f); ok {
			return keeper.Keep(ctx, f, b, x.Upstream)
		}
	}
	return g.Fetch.Fetch(ctx, f, x.Upstream)
}

func (g *Gate) inspect(ctx context.Context, key string, file artifact.File, x *ecosystem.Index, f ecosystem.IndexFile) error {
	var indexed []byte
	if f.HasMetadata {
		peer, err := g.peer(file.Version.Package.Ecosystem)
		if err != nil {
			return err
		}
		up, err := peer.Called(ctx, x.Upstream)
		if err != nil {
			return err
		}
		_, indexed, err = up.Metadata(ctx, x, f)
		if _, spent := errors.AsType[*budget.Exhausted](err); spent {
			// A look that was begun is ended, though its own file was the last that the
			// account could pay for: others wait for it, who have accounts of their own.
			_, indexed, err = up.Metadata(budget.With(ctx, nil), x, f)
		}
		if err != nil {
			return fmt.Errorf("reading the index's metadata: %w", err)
		}
	}
	began := g.Now()
	report, err := g.Inspect.Inspect(ctx, file, f, indexed)
	g.Metrics.Looked(lookResult(report, err), g.Now().Sub(began))
	if err != nil {
		return err
	}
	// Before the report is there, so that nobody decides about the one without the other.
	if err := g.attest(ctx, file, report.Digests, x, f); err != nil {
		return err
	}
	return g.keepReport(ctx, key, file, report)
}

// keepReport records what was seen in a file, and what the rules make of it.
func (g *Gate) keepReport(ctx context.Context, key string, f artifact.File, report scan.Report) error {
	if err := g.Store.PutEvidence(ctx, key, f.SHA256, report, g.Now()); err != nil {
		return fmt.Errorf("recording evidence: %w", err)
	}
	return g.evaluate(ctx, key)
}

// lookResult is what the metrics call the outcome of a look.
func lookResult(r scan.Report, err error) string {
	fault := func(f finding.Finding) bool { return f.Class == finding.Fault }
	switch {
	case err != nil || slices.ContainsFunc(r.Findings, fault):
		return observe.LookFault
	case len(r.Findings) > 0:
		return observe.LookFindings
	}
	return observe.LookClean
}
