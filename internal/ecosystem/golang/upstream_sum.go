package golang

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/sums"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// The options of an upstream.
const (
	OptionSumDB       = "sumdb"
	OptionCheckpoints = "checkpoints"
)

// silentFor is how long a checksum database that did not answer is left alone.
const silentFor = 15 * time.Second

// voucher asks the checksum database for an upstream. Which one that is, and where
// it answers, is found out when it is first needed.
type voucher struct {
	cfg     adapter.UpstreamConfig
	cache   *indexcache.Cache
	setting string // as configured; "" for what the go command of this machine uses

	mu     sync.Mutex
	found  bool // setting, db and state are final
	db     *sums.Database
	url    string // the database's own address
	off    record.State
	via    string    // where it is asked, once that is known; ends without a slash
	silent time.Time // until when it is not asked
	later  time.Time // until when nobody tries to find out, because the upstream did not answer
}

// standing is how versions stand of which nothing better is known.
type standing struct {
	state    record.State // Unknown where the database is asked
	database string
}

func newVoucher(cfg adapter.UpstreamConfig, cache *indexcache.Cache) (*voucher, error) {
	for name := range cfg.Options {
		if name != OptionSumDB && name != OptionCheckpoints {
			return nil, fmt.Errorf("a module proxy has no option %q; there are %s and %s", name, OptionSumDB, OptionCheckpoints)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	v := &voucher{cfg: cfg, cache: cache, setting: cfg.Options[OptionSumDB]}
	if v.setting == "" {
		return v, nil // what a person wrote is an error now; what this machine says, later
	}
	v.found = true
	return v, v.open(context.Background(), v.setting)
}

// open makes the database of a setting.
func (v *voucher) open(ctx context.Context, setting string) error {
	if setting == sums.Off {
		v.off = record.Off
		return nil
	}
	s, err := sums.ParseSetting(setting)
	if err != nil {
		return err
	}
	if s.Key == "" {
		if s.Key, err = sums.KeyFromGo(ctx, s.Name); err != nil {
			return fmt.Errorf("%w; write sumdb as NAME+HASH+KEY, or off for an internal upstream", err)
		}
	}
	v.url = s.URL
	if v.url == "" {
		v.url = "https://" + s.Name
	}
	v.db, err = sums.Open(sums.Config{Key: s.Key, Dir: filepath.Join(v.cfg.CacheDir, "sumdb", indexcache.FolderOf(s.Name)), Now: v.cfg.Now,
		Seen: v.cfg.Options[OptionCheckpoints], Get: func(ctx context.Context, path string) ([]byte, error) { return v.get(ctx, s.Name, path) }})
	return err
}

// find settles which database is asked where the configuration does not say.
func (v *voucher) find(ctx context.Context) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.found || v.cfg.Now().Before(v.later) {
		return
	}
	setting, err := sums.FromGo(ctx)
	if err == nil {
		err = v.open(ctx, setting)
	}
	switch {
	case err != nil:
		v.off = record.Keyless
	case v.db == nil:
		v.off = record.Assumed // GOSUMDB=off, which was meant for another program
	case private(v.cfg.BaseURL):
		switch at, err := v.proxied(ctx, v.db.Name()); {
		case err != nil: // no answer is no "no": until there is one nobody vouches, and no name goes elsewhere
			v.db, v.later = nil, v.cfg.Now().Add(silentFor)
			return
		case at == "":
			v.db, v.off = nil, record.Assumed
		}
	}
	if ctx.Err() != nil {
		v.db, v.off = nil, record.Unknown
		return // asked again
	}
	v.found = true
}

// Caution says what a person should know of who vouches for the upstream's bytes, and
// what to do about it; "" where the checksum database does.
func (u *Upstream) Caution(ctx context.Context) (text, next string) {
	switch u.vouch.state(ctx).state {
	case record.Assumed:
		return "nobody vouches for the modules of " + u.Name() + ": it has an address of this network and passes no checksum database on, or GOSUMDB is off here, so it counts as your own",
			"write what it is into its options: sumdb: off for a proxy of your own modules, the database's name (go env GOSUMDB) for a mirror of the public world"
	case record.Keyless:
		return "no checksum database is known for " + u.Name() + ", so nothing new of it is admitted",
			"write sumdb into its options: the database's name and key, or off for a proxy of your own modules (docs/go.md)"
	}
	return "", ""
}

// private says whether an upstream is written as an address of this machine or this
// network. It serves what nobody outside knows, unless it passes the database on.
func private(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && (ip.IsLoopback() || ip.IsPrivate())
}

// state is how versions stand of which nothing better is known.
func (v *voucher) state(ctx context.Context) standing {
	v.find(ctx)
	return standing{v.off, v.database()}
}

// database is the name of the one that is asked, "" for none.
func (v *voucher) database() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.db == nil {
		return ""
	}
	return v.db.Name()
}

// wants says whether the database is to be asked about a version.
func (v *voucher) wants(k *known, ver record.Version) bool {
	v.find(context.Background())
	name := v.database()
	return name != "" && k.sum(ver, name).State != record.Verified
}

// lookup asks the database about a version. That it has no record is an answer.
func (v *voucher) lookup(ctx context.Context, ver module.Version) (record.Sum, error) {
	v.mu.Lock()
	db, silent := v.db, v.cfg.Now().Before(v.silent)
	v.mu.Unlock()
	switch {
	case db == nil:
		return record.Sum{}, errors.New("there is no checksum database to ask")
	case silent:
		return record.Sum{}, fmt.Errorf("the checksum database did not answer just now: %w", ecosystem.ErrUnreachable)
	}
	sum, err := db.Lookup(ctx, ver)
	if errors.Is(err, sums.ErrAbsent) {
		return record.Sum{State: record.Absent}, nil
	}
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "the checksum database could not be asked", "upstream", v.cfg.Name, "version", ver.String(), "err", err)
		v.mu.Lock()
		v.silent = v.cfg.Now().Add(silentFor)
		v.mu.Unlock()
	}
	return sum, err
}

// get reads what the database serves, through the upstream where that passes it on.
func (v *voucher) get(ctx context.Context, name, path string) ([]byte, error) {
	base, err := v.where(ctx, name)
	if err != nil {
		return nil, err
	}
	_, b, err := v.cfg.Client.ReadAll(ctx, fetch.Request{URL: base + path, MaxBytes: sums.MaxBytes, Compressed: true})
	if fetch.IsStatus(err, http.StatusNotFound, http.StatusGone) {
		return nil, fmt.Errorf("%w: %w", sums.ErrAbsent, err)
	}
	return b, err
}

// where is the address that the database is asked at.
func (v *voucher) where(ctx context.Context, name string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.via != "" {
		return v.via, nil
	}
	switch at, err := v.proxied(ctx, name); {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return v.url, nil // this time
	case at == "":
		v.via = v.url
	}
	return v.via, nil
}

// proxied asks the upstream whether it passes the database on, and gives the address
// there, "" where it says that it does not. An error says that it did not answer.
// v.mu is held.
func (v *voucher) proxied(ctx context.Context, name string) (string, error) {
	at := v.cache.Base().String() + "sumdb/" + name
	_, _, err := v.cfg.Client.ReadAll(ctx, fetch.Request{URL: at + "/supported", MaxBytes: 64 << 10})
	status, answered := errors.AsType[*fetch.ErrStatus](err)
	switch {
	case err == nil:
		v.via = at
		return at, nil
	case answered && status.Code >= 400 && status.Code < 500 && status.Code != http.StatusTooManyRequests && status.Code != http.StatusRequestTimeout:
		return "", nil
	}
	return "", err
}

// Document implements ecosystem.Documents: what clients read of the checksum
// database through a registry, at "sumdb/NAME/…", and at "query/REVISION" the .info
// of what the proxy takes a branch or a commit of the module for. A record is given
// once it was proved; tiles and tree heads are proved by the client.
func (u *Upstream) Document(ctx context.Context, p artifact.Package, path string) ([]byte, error) {
	if revision, ok := strings.CutPrefix(path, "query/"); ok {
		return u.query(ctx, p, revision)
	}
	st := u.vouch.state(ctx)
	rest, ok := strings.CutPrefix(path, "sumdb/"+st.database+"/")
	if st.database == "" || !ok {
		return nil, fmt.Errorf("the checksum database of %.100q is not passed on here: %w", path, ecosystem.ErrNoPackage)
	}
	rest = "/" + rest
	switch {
	case rest == "/supported":
		return []byte{}, nil
	case strings.HasPrefix(rest, "/lookup/"):
		return u.vouch.recordOf(ctx, p, rest)
	case rest == "/latest", strings.HasPrefix(rest, "/tile/") && tilePath(rest):
		return u.vouch.pass(ctx, st.database, rest)
	}
	return nil, fmt.Errorf("%.100q: %w", path, ecosystem.ErrNoPackage)
}

// query asks what version a branch or a commit is.
func (u *Upstream) query(ctx context.Context, p artifact.Package, revision string) ([]byte, error) {
	if err := checkPackage(p); err != nil {
		return nil, err
	}
	address, err := u.document(p, revision, ".info")
	if err != nil || strings.ContainsAny(revision, "%# ") || strings.Trim(revision, ".") == "" { // which an address reads otherwise
		return nil, fmt.Errorf("%.100q: %w", revision, ecosystem.ErrNoPackage)
	}
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: address, MaxBytes: maxInfoBytes, Guessed: true})
	return a.Body, err
}

// tilePath keeps anything but the path of a tile out of URLs.
func tilePath(path string) bool {
	return !slices.ContainsFunc(strings.Split(path[1:], "/"), func(element string) bool {
		return element == "" || strings.Trim(element, "abcdefghijklmnopqrstuvwxyz0123456789.") != "" || strings.Contains(element, "..")
	})
}

// recordOf gives a record of the database's once it was proved.
func (v *voucher) recordOf(ctx context.Context, p artifact.Package, path string) ([]byte, error) {
	escaped, version, ok := strings.Cut(strings.TrimPrefix(path, "/lookup/"), "@")
	name, err := module.UnescapePath(escaped)
	number, verr := module.UnescapeVersion(version)
	if !ok || err != nil || verr != nil || name != p.Name || !isVersion(p, number) {
		return nil, fmt.Errorf("%.100q is no version of a module: %w", path, ecosystem.ErrNoPackage)
	}
	sum, err := v.lookup(ctx, module.Version{Path: name, Version: number})
	if err == nil && sum.State == record.Absent {
		err = fmt.Errorf("the checksum database has no record of %s@%s: %w", name, number, ecosystem.ErrNoPackage)
	}
	if err != nil {
		return nil, err
	}
	return v.db.ReadCache(v.db.Name() + path)
}

// pass gives a tile or the newest tree head: from the database's own cache where it
// was proved, else as the database says it now.
func (v *voucher) pass(ctx context.Context, name, path string) ([]byte, error) {
	if b, err := v.db.ReadCache(name + path); err == nil && path != "/latest" {
		return b, nil
	}
	base, err := v.where(ctx, name)
	if err != nil {
		return nil, err
	}
	a, err := v.cache.Document(ctx, indexcache.Document{URL: base + path, MaxBytes: sums.MaxBytes})
	return a.Body, err
}
