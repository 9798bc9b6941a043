package cargo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Limits on what is read of an upstream.
const (
	maxIndexBytes  = 32 << 20 // a crate's file in the index
	maxListed      = 20_000   // versions of one crate
	maxConfigBytes = 64 << 10 // config.json
	maxURL         = 4 << 10
	// configFor is how long the index's own settings are used without a look at the
	// cache, which asks again when they are old.
	configFor = time.Minute
	// maxPlaced is how many crates' indexes are kept with their addresses filled in.
	maxPlaced = 512
)

// Upstream reads a sparse index. It implements ecosystem.Upstream and
// ecosystem.Completer and is safe for concurrent use, in one process per CacheDir.
//
// A version's date is the pubtime of its line. Where an index has none, the
// registry's web API is asked once for a crate (upstream_dates.go).
type Upstream struct {
	*indexcache.Cache
	now   func() time.Time
	dates dates

	mu     sync.Mutex
	config config
	until  time.Time
	placed map[string]placed
}

var (
	_ ecosystem.Upstream  = (*Upstream)(nil)
	_ ecosystem.Completer = (*Upstream)(nil)
)

// config is an index's config.json.
type config struct {
	Download string `json:"dl"`
	API      string `json:"api"`
}

// placed is an index with addresses and dates, and what it was made of.
type placed struct {
	plain  *ecosystem.Index
	config config
	dates  artifact.Digest
	full   *ecosystem.Index
}

// OpenUpstream makes an Upstream over BaseURL, the address of a sparse index without
// "sparse+". It knows no Options.
func OpenUpstream(cfg adapter.UpstreamConfig) (*Upstream, error) {
	if len(cfg.Options) > 0 {
		return nil, fmt.Errorf("upstream %s: a cargo index has no option %q", cfg.Name, slices.Sorted(maps.Keys(cfg.Options))[0])
	}
	cache, err := indexcache.Open(indexcache.Config{
		UpstreamConfig: cfg, Ecosystem: artifact.Cargo, Check: checkPackage, Page: pageOf, MaxBytes: maxIndexBytes, Parse: parseIndex,
	})
	if err != nil {
		return nil, err
	}
	u := &Upstream{Cache: cache, now: cfg.Now, placed: map[string]placed{}}
	if u.now == nil {
		u.now = time.Now
	}
	return u, nil
}

// checkPackage keeps anything but a name out of URLs and paths.
func checkPackage(p artifact.Package) error {
	if !record.ValidName(p.Name) {
		return fmt.Errorf("reading index of %.100q: not a name of cargo's", p.Name)
	}
	return nil
}

func pageOf(base *url.URL, p artifact.Package) string {
	return base.String() + indexPath(strings.ToLower(p.Name))
}

// indexPath is where an index keeps a name
// (https://doc.rust-lang.org/cargo/reference/registry-index.html#index-files).
func indexPath(name string) string { return prefix(name) + "/" + name }

// prefix is the folder of that file. The name is not empty.
func prefix(name string) string {
	switch len(name) {
	case 1, 2:
		return string('0' + byte(len(name)))
	case 3:
		return "3/" + name[:1]
	}
	return name[:2] + "/" + name[2:4]
}

// fileName is what a version's crate is called here, whatever the index's spelling.
func fileName(p artifact.Package, number string) string { return p.Name + "-" + number + ".crate" }

// parseIndex reads a crate's file: a line a version. Where its crates are, only the
// index's config.json says. Lines that cargo passes over, and those of another crate,
// are dropped; of two lines of one version the first counts.
func parseIndex(p artifact.Package, _ *url.URL, _ string, body []byte) (*ecosystem.Index, error) {
	x := &ecosystem.Index{Package: p}
	seen := map[string]bool{}
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		l, err := record.Parse(line)
		if err != nil || crate(l.Name) != p || seen[l.Number] {
			x.Dropped++
			continue
		}
		if len(seen) == maxListed {
			return nil, fmt.Errorf("it lists more than %d versions", maxListed)
		}
		seen[l.Number] = true
		x.Files = append(x.Files, ecosystem.IndexFile{
			Name: fileName(p, l.Number), Number: l.Number, Kind: artifact.Crate, SHA256: l.Checksum,
			Uploaded: l.Published, Yanked: l.Yanked, Record: bytes.Clone(line),
		})
	}
	if len(x.Files) == 0 && x.Dropped > 0 {
		return nil, errors.New("it is no crate's file of a cargo index") // a login page, answered with 200
	}
	return x, nil
}

// Index implements ecosystem.Upstream.
func (u *Upstream) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.place(ctx, p, u.Cache.Index)
}

// Refresh is Index that asks the upstream, however fresh the known answer is.
func (u *Upstream) Refresh(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.place(ctx, p, u.Cache.Refresh)
}

// place fills in where a crate's versions are, and the dates that were learned.
func (u *Upstream) place(ctx context.Context, p artifact.Package, read func(context.Context, artifact.Package) (*ecosystem.Index, error)) (*ecosystem.Index, error) {
	x, err := read(ctx, p)
	if err != nil {
		return nil, err
	}
	c, err := u.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	dates, of := u.dates.of(p)
	u.mu.Lock()
	have, ok := u.placed[p.Name]
	u.mu.Unlock()
	if ok && have.plain == x && have.config == c && have.dates == of {
		return have.full, nil
	}
	full, err := u.describe(x, c, dates)
	if err != nil {
		return nil, err
	}
	full.Digest = artifact.DigestOf([]byte(string(x.Digest) + "\n" + c.Download + "\n" + string(of)))
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.placed) >= maxPlaced {
		clear(u.placed)
	}
	u.placed[p.Name] = placed{x, c, of, full}
	return full, nil
}

// describe is x with addresses and dates.
func (u *Upstream) describe(x *ecosystem.Index, c config, dates map[string]time.Time) (*ecosystem.Index, error) {
	full := *x
	full.Files = make([]ecosystem.IndexFile, 0, len(x.Files))
	for _, f := range x.Files {
		l, err := record.Parse(f.Record)
		if err != nil {
			return nil, err // it was read from the same bytes before
		}
		at, ok := c.download(u.Base(), l)
		if !ok {
			full.Dropped++
			continue
		}
		f.URL = at
		if f.Uploaded.IsZero() {
			f.Uploaded = dates[f.Number]
		}
		full.Files = append(full.Files, f)
	}
	return &full, nil
}

// readConfig reads the index's settings. Nobody in particular pays for them.
func (u *Upstream) readConfig(ctx context.Context) (config, error) {
	u.mu.Lock()
	c, until := u.config, u.until
	u.mu.Unlock()
	if u.now().Before(until) {
		return c, nil
	}
	got, err := u.Cache.Document(budget.With(ctx, nil), indexcache.Document{URL: u.Base().String() + "config.json", MaxBytes: maxConfigBytes})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		// The crate may well be there: its absence is not what was heard of.
		return config{}, fmt.Errorf("reading index of %s: %w: it has no config.json, so it is no sparse index", u.Name(), indexcache.ErrBadIndex)
	}
	if err != nil {
		return config{}, err
	}
	c = config{}
	if err := json.Unmarshal(got.Body, &c); err != nil || c.Download == "" {
		return config{}, fmt.Errorf("reading config.json of %s: %w: it does not say where crates are", u.Name(), indexcache.ErrBadIndex)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.config, u.until = c, u.now().Add(configFor)
	return c, nil
}

// download is where a version's crate is
// (https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration).
// From an index behind https only https is taken.
func (c config) download(base *url.URL, l record.Line) (string, bool) {
	at := strings.NewReplacer(
		"{crate}", l.Name, "{version}", url.PathEscape(l.Number), "{sha256-checksum}", string(l.Checksum),
		"{prefix}", prefix(l.Name), "{lowerprefix}", prefix(strings.ToLower(l.Name)),
	).Replace(c.Download)
	if at == c.Download {
		at = strings.TrimSuffix(at, "/") + "/" + l.Name + "/" + url.PathEscape(l.Number) + "/download"
	}
	return at, usable(base, at)
}

// usable says whether an address of the index's settings is asked for.
func usable(base *url.URL, address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxURL && u.Host != "" && u.User == nil && u.Opaque == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && base.Scheme == "http")
}

// Metadata gives what the index says of the version; nobody is asked. The bytes are
// its line.
func (u *Upstream) Metadata(_ context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	l, err := record.Parse(f.Record)
	if err == nil && (crate(l.Name) != x.Package || l.Number != f.Number) {
		err = errors.New("it is about another version")
	}
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading line of %s from %s: %w: %w", artifact.Untrusted(f.Name), u.Name(), ecosystem.ErrBadMetadata, err)
	}
	return l.Metadata(), f.Record, nil
}
