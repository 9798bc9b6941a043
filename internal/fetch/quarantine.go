package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// Limits of downloads, where the QuarantineConfig does not say otherwise.
const (
	DefaultMaxFile  = 2 << 30 // bytes of one file
	DefaultParallel = 8

	downloadAttempts = 3         // a body that breaks off is asked for again
	progressStep     = 256 << 10 // bytes between two reports of progress
)

// Progress is told how downloads go. It is called from several goroutines, for
// one file from one at a time, and shall return at once.
type Progress interface {
	// Fetching: done of total bytes of the named file are here. First with done
	// 0; total 0 when it is not known. done falls back when a file is begun again.
	Fetching(name string, done, total int64)
	// Fetched: the file is in quarantine, or err says why not.
	Fetched(name string, size int64, err error)
}

// QuarantineConfig sets up a Quarantine. Client and Store are needed.
type QuarantineConfig struct {
	Client   *Client
	Store    blob.Store
	MaxFile  int64    // bytes of one file
	Parallel int      // downloads at a time; who waits is served by jobs.PriorityOf
	Progress Progress // nil: nobody watches
}

// Quarantine brings package files into the blob store, where scanners read them
// and nothing serves them before a decision. It implements gate.Fetcher and is
// safe for concurrent use.
type Quarantine struct {
	cfg    QuarantineConfig
	flight Flight[stored]
	slots  *jobs.Slots
}

type stored struct {
	digest artifact.Digest
	size   int64
}

// NewQuarantine builds a Quarantine.
func NewQuarantine(cfg QuarantineConfig) *Quarantine {
	if cfg.MaxFile <= 0 {
		cfg.MaxFile = DefaultMaxFile
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = DefaultParallel
	}
	if cfg.Progress == nil {
		cfg.Progress = unwatched{}
	}
	return &Quarantine{cfg: cfg, slots: jobs.NewSlots(cfg.Parallel)}
}

type unwatched struct{}

func (unwatched) Fetching(string, int64, int64) {}
func (unwatched) Fetched(string, int64, error)  {}

// Fetch gives the digest and size of f's bytes once they are durable in the
// blob store. A digest that the store already holds is not fetched again. Bytes
// that are not what the index announced are ErrDigestMismatch, and nothing of
// them is kept: by size, by SHA256, and by each of f.Digests whose algorithm is
// sha1, sha256, sha384 or sha512. up names the upstream, for errors.
func (q *Quarantine) Fetch(ctx context.Context, f ecosystem.IndexFile, up string) (artifact.Digest, int64, error) {
	key := f.URL + "\n" + string(f.SHA256) + "\n" + strconv.FormatInt(f.Size, 10) + "\n" + strings.Join(f.Digests, " ")
	got, err := q.flight.Do(ctx, key, func(ctx context.Context) (stored, error) { return q.fetch(ctx, f) })
	if err != nil {
		return "", 0, fmt.Errorf("fetching %s from %s: %w", artifact.Untrusted(f.Name), up, err)
	}
	return got.digest, got.size, nil
}

// Keep is Fetch of bytes that are here already: they are held against what the index
// announced, and stored.
func (q *Quarantine) Keep(ctx context.Context, f ecosystem.IndexFile, b []byte, up string) (artifact.Digest, int64, error) {
	body := &watched{r: bytes.NewReader(b), name: f.Name, want: f.Size, total: int64(len(b)), digests: promisesOf(f.Digests), to: q.cfg.Progress}
	d, n, err := q.cfg.Store.Put(ctx, body, q.cfg.MaxFile, f.SHA256)
	switch {
	case body.err != nil:
		err = body.err
	case errors.Is(err, blob.ErrWrongDigest):
		err = fmt.Errorf("%w: %w", ErrDigestMismatch, err)
	}
	q.cfg.Progress.Fetched(f.Name, n, err)
	if err != nil {
		return "", 0, fmt.Errorf("keeping %s from %s: %w", artifact.Untrusted(f.Name), up, err)
	}
	return d, n, nil
}

func (q *Quarantine) fetch(ctx context.Context, f ecosystem.IndexFile) (stored, error) {
	if f.SHA256 != "" {
		size, err := q.cfg.Store.Stat(ctx, f.SHA256)
		if err == nil && f.Size != 0 && size != f.Size {
			return stored{}, fmt.Errorf("%w: the bytes with digest %s are %d, the index says %d", ErrDigestMismatch, f.SHA256, size, f.Size)
		}
		if err == nil {
			return stored{f.SHA256, size}, q.recheck(ctx, f)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return stored{}, err
		}
	}
	release, err := q.slots.Acquire(ctx)
	if err != nil {
		return stored{}, err
	}
	defer release()
	got, err := q.download(ctx, f)
	q.cfg.Progress.Fetched(f.Name, got.size, err)
	return got, err
}

// recheck holds bytes that are here already against the digests that the index
// names beside the one they are stored under.
func (q *Quarantine) recheck(ctx context.Context, f ecosystem.IndexFile) error {
	ps := promisesOf(f.Digests)
	if len(ps) == 0 {
		return nil
	}
	r, _, err := q.cfg.Store.Open(ctx, f.SHA256)
	if err != nil {
		return err
	}
	return errors.Join(ps.check(r), r.Close())
}

// download tries again when a body breaks off; Client.Get has its own attempts
// for what fails before.
func (q *Quarantine) download(ctx context.Context, f ecosystem.IndexFile) (stored, error) {
	for attempt := 1; ; attempt++ {
		got, brokeOff, err := q.once(ctx, f)
		if err == nil || !brokeOff || attempt >= downloadAttempts || ctx.Err() != nil {
			return got, err
		}
		if err := q.cfg.Client.cfg.Sleep(ctx, q.cfg.Client.pause(attempt, err)); err != nil {
			return stored{}, err
		}
	}
}

// once streams the file through its checks into the store. brokeOff says that
// the connection failed while the bytes were coming.
func (q *Quarantine) once(ctx context.Context, f ecosystem.IndexFile) (got stored, brokeOff bool, err error) {
	if f.Size > q.cfg.MaxFile {
		return stored{}, false, fmt.Errorf("%w: the index announces %d bytes, limit %d", ErrTooLarge, f.Size, q.cfg.MaxFile)
	}
	resp, err := q.cfg.Client.Get(ctx, Request{URL: f.URL, MaxBytes: q.cfg.MaxFile})
	if err != nil {
		return stored{}, false, err
	}
	defer resp.Body.Close()
	if resp.Status != 200 {
		return stored{}, false, &ErrStatus{Code: resp.Status, Header: resp.Header, URL: Show(resp.URL)}
	}
	if f.Size > 0 && resp.Size >= 0 && resp.Size != f.Size {
		return stored{}, false, fmt.Errorf("%w: %s announces %d bytes, the index %d", ErrDigestMismatch, Show(resp.URL), resp.Size, f.Size)
	}
	body := &watched{r: resp.Body, name: f.Name, want: f.Size, total: max(f.Size, resp.Size, 0), digests: promisesOf(f.Digests), to: q.cfg.Progress}
	body.report()
	d, n, err := q.cfg.Store.Put(ctx, body, q.cfg.MaxFile, f.SHA256)
	switch {
	case body.err != nil:
		return stored{}, worthRetrying(body.err), body.err
	case errors.Is(err, blob.ErrWrongDigest):
		return stored{}, false, fmt.Errorf("%w: %w", ErrDigestMismatch, err)
	case err != nil:
		return stored{}, false, err
	}
	body.report()
	return stored{d, n}, false, nil
}

// watched counts a download on its way into the store, reports it, and holds it
// to the size that the index announced (0: none) and to its digests beside the one
// that the store checks: the store keeps nothing of a body that ends in an error.
type watched struct {
	r                io.Reader
	name             string
	want, total      int64
	digests          promises
	done, nextReport int64
	to               Progress
	err              error // the download's own fault, as opposed to the store's
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.done += int64(n)
	_, _ = w.digests.Write(p[:n])
	if err == nil && w.want > 0 && w.done > w.want || err == io.EOF && w.want > 0 && w.done != w.want {
		err = fmt.Errorf("%w: got %d bytes, the index says %d", ErrDigestMismatch, w.done, w.want)
	}
	if err == io.EOF {
		err = cmp.Or(w.digests.kept(), err)
	}
	if w.done >= w.nextReport {
		w.report()
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (w *watched) report() {
	w.to.Fetching(w.name, w.done, w.total)
	w.nextReport = w.done + progressStep
}
