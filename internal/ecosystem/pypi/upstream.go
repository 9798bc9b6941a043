package pypi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// How an Upstream behaves where its UpstreamConfig does not say otherwise.
const (
	DefaultTTL          = 5 * time.Minute
	DefaultIndexMemory  = 16 << 20         // bytes of parsed indexes kept, estimated
	unreachablePause    = 15 * time.Second // how long a silent upstream is not asked again for what is known
	maxValidator        = 1 << 10          // bytes of an ETag or Last-Modified
	maxStoredIndexState = 64 << 10
)

// UpstreamConfig sets up an Upstream. All but TTL, Memory and Now are needed.
type UpstreamConfig struct {
	Name     string        // the configured name
	BaseURL  string        // of the simple index; a project's page is BaseURL/<name>/
	Client   *fetch.Client // must name BaseURL among its upstreams when it is not public
	CacheDir string        // a folder for this upstream alone
	TTL      time.Duration // how long an answer is used without asking
	Memory   int           // bytes of parsed indexes kept, estimated
	Now      func() time.Time
}

// Upstream reads a simple index (PEP 503, 691) and keeps what it said on disk,
// so that a later failure of the index is survived with the last known answer.
// It implements ecosystem.Upstream and is safe for concurrent use, in one
// process per CacheDir.
type Upstream struct {
	cfg      UpstreamConfig
	base     *url.URL
	indexes  fetch.Flight[looked]
	metadata fetch.Flight[[]byte]
	memory   *recent
	// besideMisses counts files in a row without metadata beside them, where the
	// index does not advertise it.
	besideMisses atomic.Int32

	absent absent

	mu     sync.Mutex
	silent time.Time // until when it is not asked for what is known
}

var _ ecosystem.Upstream = (*Upstream)(nil)

// NewUpstream builds an Upstream. It fails on a BaseURL that is not an absolute
// http or https URL without a user.
func NewUpstream(cfg UpstreamConfig) (*Upstream, error) {
	if _, err := fetch.HostPort(cfg.BaseURL); err != nil {
		return nil, fmt.Errorf("upstream %s: %w", cfg.Name, err)
	}
	base, err := url.Parse(strings.TrimRight(cfg.BaseURL, "/") + "/")
	if err != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("upstream %s: its URL may have neither query nor fragment", cfg.Name)
	}
	if cfg.TTL <= 0 {
		cfg.TTL = DefaultTTL
	}
	if cfg.Memory <= 0 {
		cfg.Memory = DefaultIndexMemory
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Upstream{cfg: cfg, base: base, memory: newRecent(cfg.Memory)}, nil
}

// Name is the configured name.
func (u *Upstream) Name() string { return u.cfg.Name }

// Index gives a package's index: what is known and fresh without asking, else
// what the upstream says now, else (marked Stale) the last known answer. Errors:
// ecosystem.ErrNoPackage, ecosystem.ErrUnreachable, ErrBadIndex, and
// *budget.Exhausted where ctx's account may not ask for a name that nothing is
// known of.
func (u *Upstream) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if err := checkPackage(p); err != nil {
		return nil, err
	}
	if k := u.memory.get(p.Name); k != nil && u.fresh(k) {
		return k.index, nil
	}
	got, err := paid(ctx, &u.indexes, p.Name, func(ctx context.Context) (looked, error) {
		// Looked at again: another call may have asked just before this one began.
		known := u.known(p)
		if known != nil && (u.fresh(known) || u.isSilent()) {
			return looked{index: known.current(u.fresh(known))}, nil
		}
		if u.absent.has(p.Name, u.cfg.Now()) {
			return looked{}, fmt.Errorf("%s has no %s: %w", u.cfg.Name, p.Name, ecosystem.ErrNoPackage)
		}
		x, err := u.ask(ctx, p, known)
		return looked{x, true}, err
	})
	return got.index, err
}

// Refresh is Index that asks the upstream, however fresh the known answer is.
func (u *Upstream) Refresh(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if err := checkPackage(p); err != nil {
		return nil, err
	}
	for {
		got, err := u.indexes.Do(ctx, p.Name, func(ctx context.Context) (looked, error) {
			x, err := u.ask(ctx, p, u.known(p))
			return looked{x, true}, err
		})
		// It may have joined an Index that found what it needed without asking.
		if got.asked || ctx.Err() != nil {
			return got.index, err
		}
	}
}

// looked is what one look at an index gave, and whether the upstream was asked.
type looked struct {
	index *ecosystem.Index
	asked bool
}

func (u *Upstream) fresh(k *lastAnswer) bool {
	return u.cfg.Now().Sub(k.index.Fetched) < u.cfg.TTL
}

// checkPackage keeps anything but a normal name out of URLs and paths.
func checkPackage(p artifact.Package) error {
	if name, err := pep503.Parse(p.Name); err != nil || name != p.Name || p.Ecosystem != artifact.PyPI {
		return fmt.Errorf("reading index of %.100q: not a normalised PyPI name", p)
	}
	return nil
}

// ask speaks to the upstream. known is the last answer, nil for none.
func (u *Upstream) ask(ctx context.Context, p artifact.Package, known *lastAnswer) (*ecosystem.Index, error) {
	page := u.base.JoinPath(p.Name).String() + "/"
	header := http.Header{"Accept": {acceptIndex}}
	if known != nil {
		known.state.conditions(header)
	}
	isThere := func() {}
	if known == nil {
		var err error
		if isThere, err = payForName(ctx); err != nil {
			return nil, fmt.Errorf("reading index of %s from %s: %w", p.Name, u.cfg.Name, err)
		}
	}
	resp, body, err := u.cfg.Client.ReadAll(ctx, fetch.Request{URL: page, Header: header, MaxBytes: MaxIndexBytes, Compressed: true})
	if ctx.Err() == nil && !fetch.IsStatus(err, http.StatusNotFound, http.StatusGone) {
		isThere() // who hangs up before the answer has asked all the same
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case fetch.IsStatus(err, http.StatusNotFound, http.StatusGone):
		u.absent.add(p.Name, u.cfg.Now())
		u.memory.remove(p.Name)
		u.warn(p, u.removeStored(p))
		return nil, fmt.Errorf("%s has no %s: %w", u.cfg.Name, p.Name, ecosystem.ErrNoPackage)
	case err != nil:
		u.setSilent(err)
		return u.lastKnown(p, known, fmt.Errorf("%w: %w", ecosystem.ErrUnreachable, err))
	case resp.Status == http.StatusNotModified && known != nil:
		return u.keep(p, known.state.confirmed(u.cfg.Now(), resp.Header), known.index, nil), nil
	case resp.Status != http.StatusOK:
		return u.lastKnown(p, known, fmt.Errorf("%w: it answered %d", ErrBadIndex, resp.Status))
	}
	x, err := parseIndex(p, resp.URL, resp.Header.Get("Content-Type"), body)
	if err != nil {
		return u.lastKnown(p, known, err)
	}
	return u.keep(p, newState(page, resp, body, u.cfg.Now()), x, body), nil
}

// lastKnown prefers an old answer to none.
func (u *Upstream) lastKnown(p artifact.Package, known *lastAnswer, err error) (*ecosystem.Index, error) {
	if known != nil {
		return known.current(false), nil
	}
	return nil, fmt.Errorf("reading index of %s from %s: %w", p.Name, u.cfg.Name, err)
}

// keep remembers an answer, in memory and on disk; body is nil when the bytes
// on disk are those already.
func (u *Upstream) keep(p artifact.Package, s state, x *ecosystem.Index, body []byte) *ecosystem.Index {
	u.warn(p, u.store(p, s, body))
	k := &lastAnswer{state: s, index: u.label(x, s)}
	u.memory.put(p.Name, k)
	u.absent.remove(p.Name)
	u.mu.Lock()
	u.silent = time.Time{}
	u.mu.Unlock()
	return k.index
}

// warn logs what the cache could not do. A full disk must not stop what needs no
// disk: the answer itself is good.
func (u *Upstream) warn(p artifact.Package, err error) {
	if err != nil {
		slog.Warn("index cache", "upstream", u.cfg.Name, "package", p.Name, "err", err)
	}
}

// label fills in what the page itself does not say. It copies: an index that
// was handed out does not change.
func (u *Upstream) label(x *ecosystem.Index, s state) *ecosystem.Index {
	out := *x
	out.Upstream, out.Digest, out.Fetched, out.Stale = u.cfg.Name, s.Digest, s.at(), false
	return &out
}

// setSilent spares callers the waiting for an upstream that is down. An answer
// that refuses (4xx) is not silence.
func (u *Upstream) setSilent(err error) {
	var status *fetch.ErrStatus
	if errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.silent = u.cfg.Now().Add(unreachablePause)
}

func (u *Upstream) isSilent() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.cfg.Now().Before(u.silent)
}
