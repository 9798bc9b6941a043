// Package indexcache reads an outside index for one ecosystem and survives it: what
// it said is kept on disk, asked again only when it is old, by one call however
// many want it, and goes on being given, marked as stale, while the index does not
// answer. What a package's page means its ecosystem says (Config.Parse); this
// package is the same for all.
//
// It promises never to take a failure for an absence, nor an answer that cannot be
// read for a newer one; never to give bytes from its disk that are not the ones it
// wrote; and never to ask for a name that is kept inside (Refuses), or that whoever
// asks may not pay for.
package indexcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// How a Cache behaves where its Config does not say otherwise.
const (
	DefaultTTL       = 5 * time.Minute
	DefaultMemory    = 16 << 20         // bytes of parsed indexes kept, estimated
	unreachablePause = 15 * time.Second // how long a silent upstream is not asked again for what is known
	maxValidator     = 1 << 10          // bytes of an ETag or Last-Modified
)

// ErrBadIndex says that an upstream's answer cannot be used as the index, or the
// document, that it was asked for: it is too large, of another kind, or unreadable.
var ErrBadIndex = errors.New("upstream's answer is not usable")

// Config says how one ecosystem's upstream is read. All is needed but Folder and
// Accept, and what adapter.UpstreamConfig says may be left out.
type Config struct {
	adapter.UpstreamConfig
	Ecosystem artifact.Ecosystem
	// Check keeps anything but a normal name out of URLs and paths.
	Check func(p artifact.Package) error
	// Page is the URL of a package's index; base ends in a slash.
	Page func(base *url.URL, p artifact.Package) string
	// Folder is a package's folder in the cache: one path element, unique under case
	// folding. nil: FolderOf its name.
	Folder   func(p artifact.Package) string
	Accept   string // header of a request for an index; "": none
	MaxBytes int64  // of an index, as decoded
	// Parse reads a package's index as page, the URL that answered, gave it. It fills
	// in what the answer says; upstream, digest and times are set here.
	Parse func(p artifact.Package, page *url.URL, contentType string, body []byte) (*ecosystem.Index, error)
}

// Cache reads one upstream. It is safe for concurrent use, in one process per
// CacheDir.
type Cache struct {
	cfg       Config
	base      *url.URL
	indexes   fetch.Flight[looked]
	documents fetch.Flight[Answer]
	derived   fetch.Flight[[]byte]
	memory    *recent
	absent    absent // packages, by their folder
	missing   absent // documents, by their URL

	mu     sync.Mutex
	silent time.Time // until when it is not asked for what is known
}

// Open makes a Cache; it asks nobody anything yet. It fails on a BaseURL that is
// not an absolute http or https URL without a user, query and fragment.
func Open(cfg Config) (*Cache, error) {
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
		cfg.Memory = DefaultMemory
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Folder == nil {
		cfg.Folder = func(p artifact.Package) string { return FolderOf(p.Name) }
	}
	return &Cache{cfg: cfg, base: base, memory: newRecent(cfg.Memory)}, nil
}

// Name is the configured name.
func (c *Cache) Name() string { return c.cfg.Name }

// Base is the upstream's URL; its path ends in a slash. It is a copy.
func (c *Cache) Base() *url.URL {
	base := *c.base
	return &base
}

// Index gives a package's index: what is known and fresh without asking, else
// what the upstream says now, else (marked Stale) the last known answer. Errors:
// ecosystem.ErrNoPackage, ecosystem.ErrUnreachable, ErrBadIndex, and
// *budget.Exhausted where ctx's account may not ask for a name that nothing is
// known of.
func (c *Cache) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	key := c.cfg.Folder(p)
	if k := c.memory.get(key); k != nil && c.fresh(k.state) {
		return k.index, nil
	}
	got, err := paid(ctx, &c.indexes, key, func(ctx context.Context) (looked, error) {
		// Looked at again: another call may have asked just before this one began.
		known := c.known(p)
		if known != nil && (c.fresh(known.state) || c.isSilent()) {
			return looked{index: known.current(c.fresh(known.state))}, nil
		}
		if c.absent.has(key, c.cfg.Now()) {
			return looked{}, c.noPackage(p)
		}
		x, err := c.ask(ctx, p, known)
		return looked{x, true}, err
	})
	return got.index, err
}

// Refresh is Index that asks the upstream, however fresh the known answer is.
func (c *Cache) Refresh(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	for {
		got, err := c.indexes.Do(ctx, c.cfg.Folder(p), func(ctx context.Context) (looked, error) {
			x, err := c.ask(ctx, p, c.known(p))
			return looked{x, true}, err
		})
		// It may have joined an Index that found what it needed without asking.
		if got.asked || ctx.Err() != nil {
			return got.index, err
		}
	}
}

// Known says whether the upstream has listed the package before, as far as is kept
// here. It asks nobody.
func (c *Cache) Known(p artifact.Package) bool {
	return c.check(p) == nil && c.known(p) != nil
}

func (c *Cache) check(p artifact.Package) error {
	if p.Ecosystem != c.cfg.Ecosystem {
		return fmt.Errorf("reading index of %.100q: not a package of %s", p, c.cfg.Ecosystem)
	}
	if c.cfg.Refuses != nil {
		if err := c.cfg.Refuses(p); err != nil {
			return fmt.Errorf("reading index from %s: %w", c.cfg.Name, err)
		}
	}
	return c.cfg.Check(p)
}

func (c *Cache) noPackage(p artifact.Package) error {
	return fmt.Errorf("%s has no %s: %w", c.cfg.Name, p.Name, ecosystem.ErrNoPackage)
}

// looked is what one look at an index gave, and whether the upstream was asked.
type looked struct {
	index *ecosystem.Index
	asked bool
}

// fresh says whether an answer is used without asking.
func (c *Cache) fresh(s state) bool { return c.cfg.Now().Sub(s.at()) < c.cfg.TTL }

// ask speaks to the upstream. known is the last answer, nil for none.
func (c *Cache) ask(ctx context.Context, p artifact.Package, known *lastAnswer) (*ecosystem.Index, error) {
	page, key := c.cfg.Page(c.Base(), p), c.cfg.Folder(p)
	isThere := func() {}
	if known == nil {
		var err error
		if isThere, err = payForName(ctx); err != nil {
			return nil, fmt.Errorf("reading index of %s from %s: %w", p.Name, c.cfg.Name, err)
		}
	}
	header := http.Header{}
	if c.cfg.Accept != "" {
		header.Set("Accept", c.cfg.Accept)
	}
	if known != nil {
		known.state.conditions(header)
	}
	resp, body, err := c.cfg.Client.ReadAll(ctx, fetch.Request{URL: page, Header: header, MaxBytes: c.cfg.MaxBytes, Compressed: true})
	if ctx.Err() == nil && !isAbsent(err) {
		isThere() // who hangs up before the answer has asked all the same
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isAbsent(err):
		c.absent.add(key, c.cfg.Now())
		c.memory.remove(key)
		c.warn(p.Name, c.removeStored(key))
		return nil, c.noPackage(p)
	case errors.Is(err, fetch.ErrTooLarge):
		return c.lastKnown(p, known, fmt.Errorf("%w: it is larger than %d bytes", ErrBadIndex, c.cfg.MaxBytes))
	case err != nil:
		c.setSilent(err)
		return c.lastKnown(p, known, fmt.Errorf("%w: %w", ecosystem.ErrUnreachable, err))
	case resp.Status == http.StatusNotModified && known != nil:
		return c.keep(p, known.state.confirmed(c.cfg.Now(), resp.Header), known.index, nil), nil
	case resp.Status != http.StatusOK:
		return c.lastKnown(p, known, fmt.Errorf("%w: it answered %d", ErrBadIndex, resp.Status))
	}
	x, err := c.parse(p, resp.URL, resp.Header.Get("Content-Type"), body)
	if err != nil {
		return c.lastKnown(p, known, err)
	}
	return c.keep(p, newState(page, resp, body, c.cfg.Now()), x, body), nil
}

func (c *Cache) parse(p artifact.Package, page *url.URL, contentType string, body []byte) (*ecosystem.Index, error) {
	x, err := c.cfg.Parse(p, page, contentType, body)
	if err != nil && !errors.Is(err, ErrBadIndex) {
		err = fmt.Errorf("%w: %w", ErrBadIndex, err)
	}
	return x, err
}

// isAbsent says that the upstream answered and does not have it.
func isAbsent(err error) bool { return fetch.IsStatus(err, http.StatusNotFound, http.StatusGone) }

// lastKnown prefers an old answer to none.
func (c *Cache) lastKnown(p artifact.Package, known *lastAnswer, err error) (*ecosystem.Index, error) {
	if known != nil {
		return known.current(false), nil
	}
	return nil, fmt.Errorf("reading index of %s from %s: %w", p.Name, c.cfg.Name, err)
}

// keep remembers an answer, in memory and on disk; body is nil when the bytes
// on disk are those already.
func (c *Cache) keep(p artifact.Package, s state, x *ecosystem.Index, body []byte) *ecosystem.Index {
	key := c.cfg.Folder(p)
	c.warn(p.Name, c.store(key, s, body))
	k := &lastAnswer{state: s, index: c.label(x, s)}
	c.memory.put(key, k)
	c.absent.remove(key)
	c.setSpeaking()
	return k.index
}

// warn logs what the cache could not do. A full disk must not stop what needs no
// disk: the answer itself is good.
func (c *Cache) warn(what string, err error) {
	if err != nil {
		slog.Warn("index cache", "upstream", c.cfg.Name, "of", artifact.Untrusted(what).String(), "err", err)
	}
}

// label fills in what the page itself does not say. It copies: an index that
// was handed out does not change.
func (c *Cache) label(x *ecosystem.Index, s state) *ecosystem.Index {
	out := *x
	out.Upstream, out.Digest, out.Fetched, out.Stale = c.cfg.Name, s.Digest, s.at(), false
	return &out
}

// setSilent spares callers the waiting for an upstream that is down. An answer
// that refuses (4xx) is not silence.
func (c *Cache) setSilent(err error) {
	var status *fetch.ErrStatus
	if errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = c.cfg.Now().Add(unreachablePause)
}

func (c *Cache) setSpeaking() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = time.Time{}
}

func (c *Cache) isSilent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cfg.Now().Before(c.silent)
}
