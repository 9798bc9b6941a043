package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

// engine is a gate with everything under it, over one data folder. Only one
// process has it open at a time.
type engine struct {
	gate       *gate.Gate
	store      *sqlite.DB
	blobs      *disk.Store
	tokens     *access.Tokens
	advisories *snapshots
	client     *fetch.Client // the one that speaks to the outside
	keeper     *upkeep.Keeper
	metrics    *observe.Metrics
	cfg        config.Config
	close      []func() error
}

// Close gives the data folder back.
func (e *engine) Close() error {
	var errs []error
	for i := len(e.close) - 1; i >= 0; i-- {
		errs = append(errs, e.close[i]())
	}
	return errors.Join(errs...)
}

// peers lists the ecosystems that this binary knows.
func peers() map[artifact.Ecosystem]ecosystem.Ecosystem {
	return map[artifact.Ecosystem]ecosystem.Ecosystem{artifact.PyPI: pypi.Ecosystem{}}
}

// openEngine opens the data folder and puts the parts together. On an error
// everything that was opened is closed again.
func openEngine(ctx context.Context, cfg config.Config, log *slog.Logger, watch fetch.Progress) (_ *engine, err error) {
	e := &engine{cfg: cfg, metrics: observe.New(version)}
	if watch == nil {
		watch = e.metrics
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if err := e.openData(ctx); err != nil {
		return nil, err
	}
	if err := e.tidy(); err != nil { // it costs space only
		log.WarnContext(ctx, "what a killed process left could not be removed", "err", err)
	}
	client, upstreams, err := outgoing(ctx, cfg)
	if err != nil {
		return nil, err
	}
	e.client = client
	e.close = append(e.close, func() error { client.CloseIdle(); return nil })
	registries, err := openRegistries(ctx, cfg)
	if err != nil {
		return nil, err
	}
	e.advisories = openSnapshots(filepath.Join(cfg.Data, "advisories"), time.Duration(cfg.Advisories.MaxAge))
	e.close = append(e.close, e.advisories.Close)
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	versionChecks, err := checks(e.advisories, cfg.Internal, rules)
	if err != nil {
		return nil, err
	}
	hosted, err := gate.OpenHosted(ctx, e.store, artifact.PyPI)
	if err != nil {
		return nil, err
	}
	scratch, err := emptyScratch(cfg.Data)
	if err != nil {
		return nil, err
	}
	scanners, err := openScanners(ctx, cfg, scratch, blobFiles(e.blobs))
	if err != nil {
		return nil, err
	}
	worker := inspector(e.blobs, cfg)
	e.gate = &gate.Gate{
		Store:      e.store,
		Hosted:     hosted,
		Reporter:   report.Keeper{Rows: e.store, Blobs: e.blobs, Generator: version, Now: time.Now},
		Queue:      e.store.Jobs(),
		Fetch:      fetcher{fetch.NewQuarantine(fetch.QuarantineConfig{Client: client, Store: e.blobs, MaxFile: cfg.Limits.FileBytes, Progress: watch})},
		Inspect:    scanners.Over(worker),
		Excerpts:   worker.Excerpts,
		Peers:      upstreams,
		Checks:     versionChecks,
		Behave:     rules,
		Registries: registries,
		Advisories: e.advisories.State,
		Internal:   internalNames(cfg.Internal),
		Now:        time.Now,
		PublicURL:  func() string { return cfg.URL() },
		FourEyes:   cfg.FourEyes,
		Log:        log,
		Metrics:    e.metrics,
	}
	e.close = append(e.close, func() error { e.gate.Close(); return nil })
	e.keeper = e.keeperOf(log)
	return e, nil
}

func (e *engine) openData(ctx context.Context) error {
	if err := os.MkdirAll(e.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	lock, err := store.Lock(e.cfg.Data, "gatehouse "+strings.Join(os.Args[1:min(2, len(os.Args))], ""))
	if err != nil {
		return err
	}
	e.close = append(e.close, lock.Unlock)
	if e.store, err = sqlite.Open(ctx, filepath.Join(e.cfg.Data, "gatehouse.db")); err != nil {
		return err
	}
	e.close = append(e.close, e.store.Close)
	// The lock is ours: whoever held jobs is gone.
	if err := e.store.Jobs().Abandon(ctx, time.Now()); err != nil {
		return err
	}
	e.tokens = access.NewTokens(e.store, time.Now)
	if e.blobs, err = disk.Open(filepath.Join(e.cfg.Data, "blobs")); err != nil {
		return err
	}
	e.blobs.KeepFree(e.cfg.Storage.FreeFloor)
	e.store.UseBlobs(e.blobs.Stat)
	return nil
}

// scratchNames begin the names of what this program makes in the data folder for a
// moment.
var scratchNames = []string{".backup-", ".canary-", ".new-", ".s-", ".writable-"}

// tidy removes what a process that was killed left half done: of a backup that is
// a whole database. Only who holds the data folder may call it.
func (e *engine) tidy() error {
	_, err := e.blobs.CleanScratch(time.Now())
	entries, lerr := os.ReadDir(e.cfg.Data)
	err = errors.Join(err, lerr)
	for _, entry := range entries {
		if slices.ContainsFunc(scratchNames, func(prefix string) bool { return strings.HasPrefix(entry.Name(), prefix) }) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(e.cfg.Data, entry.Name())))
		}
	}
	return err
}

// outgoing builds the one client that speaks to the outside, and each
// ecosystem with the upstream that it reads through it.
func outgoing(ctx context.Context, cfg config.Config) (*fetch.Client, map[artifact.Ecosystem]gate.Peer, error) {
	urls := map[string]string{}
	fc := fetch.Config{UserAgent: "gatehouse/" + version, Proxy: http.ProxyFromEnvironment}
	credentials := map[string]string{} // references, by origin
	for _, u := range cfg.Upstreams {
		address, err := addressOf(ctx, cfg, u)
		if err != nil {
			return nil, nil, fmt.Errorf("upstream %s: %w", u.Name, err)
		}
		urls[u.Name] = address.String()
		hostPort, err := fetch.HostPort(address.String())
		if err != nil {
			return nil, nil, fmt.Errorf("upstream %s: %w", u.Name, err)
		}
		fc.Upstreams = append(append(fc.Upstreams, hostPort), u.FileHosts...)
		if u.URL == "auto" {
			fc.Mirrors = append(fc.Mirrors, hostPort)
		}
		if u.Credential != "" {
			credentials[fetch.Origin(address)] = u.Credential
		}
		if u.CA != "" {
			if fc.RootCAs, err = withCA(fc.RootCAs, u.CA); err != nil {
				return nil, nil, fmt.Errorf("upstream %s: %w", u.Name, err)
			}
		}
	}
	fc.Credential = func(ctx context.Context, origin string) (fetch.Credential, error) {
		ref, ok := credentials[origin]
		if !ok {
			return fetch.Credential{}, nil
		}
		s, err := secretref.Resolve(ctx, ref)
		if err != nil {
			return fetch.Credential{}, err
		}
		return credentialOf(s.Reveal()), nil
	}
	c, err := fetch.New(fc)
	if err != nil {
		return nil, nil, err
	}
	peers, err := peersOver(cfg, c, urls)
	return c, peers, err
}

// credentialOf reads "user:password", or a token that is sent as Bearer.
func credentialOf(s string) fetch.Credential {
	if user, password, ok := strings.Cut(s, ":"); ok {
		return fetch.Credential{User: user, Secret: password}
	}
	return fetch.Credential{Secret: s}
}

// addressOf is where an upstream is. This gate itself is none: it would wait for
// its own answer.
func addressOf(ctx context.Context, cfg config.Config, u config.Upstream) (*url.URL, error) {
	if u.URL != "auto" {
		address, err := url.Parse(u.URL)
		if err == nil && itself(cfg, address) {
			err = fmt.Errorf("%s is this gate itself; name the URL of another index", address)
		}
		return address, err
	}
	name := filepath.Join(cfg.Data, "upstream-"+u.Ecosystem)
	if b, err := os.ReadFile(name); err == nil {
		return url.Parse(strings.TrimSpace(string(b)))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found, how, err := upstream.Discover(ctx, artifact.Ecosystem(u.Ecosystem))
	if err != nil {
		return nil, fmt.Errorf("%w; name it in the configuration: upstreams: [{name: %s, ecosystem: %s, url: ...}]", err, u.Ecosystem, u.Ecosystem)
	}
	address, err := url.Parse(found)
	if err != nil {
		return nil, err
	}
	if itself(cfg, address) {
		return nil, fmt.Errorf("%s (%s) is this gate itself: name another index in the configuration, upstreams: [{name: %s, ecosystem: %s, url: ...}], or take the gate out of the client once: gatehouse client setup pip --undo", address, how, u.Ecosystem, u.Ecosystem)
	}
	return address, os.WriteFile(name, []byte(found+"\n"), 0o600) // once: from then on clients may point here
}

// itself says whether an address is the gate's own.
func itself(cfg config.Config, address *url.URL) bool {
	own, err := url.Parse(cfg.URL())
	if err != nil {
		return false
	}
	listen := &url.URL{Scheme: own.Scheme, Host: cfg.Listen}
	return slices.ContainsFunc([]*url.URL{own, listen}, func(u *url.URL) bool {
		return fetch.Origin(u) == fetch.Origin(address) || u.Port() == address.Port() && loopback(u) && loopback(address)
	})
}

func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func peersOver(cfg config.Config, c *fetch.Client, urls map[string]string) (map[artifact.Ecosystem]gate.Peer, error) {
	out := map[artifact.Ecosystem]gate.Peer{}
	for _, u := range cfg.Upstreams {
		up, err := pypi.NewUpstream(pypi.UpstreamConfig{
			Name: u.Name, BaseURL: urls[u.Name], Client: c, TTL: time.Duration(u.TTL),
			CacheDir: filepath.Join(cfg.Data, "cache", u.Name),
		})
		if err != nil {
			return nil, fmt.Errorf("upstream %s: %w", u.Name, err)
		}
		eco := artifact.Ecosystem(u.Ecosystem) // config.check knows that it is pypi
		out[eco] = gate.Peer{Ecosystem: peers()[eco], Upstream: up}
	}
	return out, nil
}

func openRegistries(ctx context.Context, cfg config.Config) (map[string]gate.Registry, error) {
	targets := targetsOf(ctx, cfg)
	out := map[string]gate.Registry{}
	for name, r := range cfg.Registries {
		p, err := openPolicy(r.Policy)
		if err != nil {
			return nil, fmt.Errorf("registry %s: %w", name, err)
		}
		out[name] = gate.Registry{Name: name, Policy: p, Observe: r.Enforce == "observe", Present: presentations[r.Present], Targets: targets}
	}
	return out, nil
}

// presentations are the words of the configuration, which knows no others.
var presentations = map[string]gate.Presentation{"soft": gate.Soft, "hide": gate.Hide, "hard": gate.Hard}

func openPolicy(file string) (*policy.Policy, error) {
	if file == "" {
		return policy.Default(), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return policy.Parse(file, b)
}

// targetsOf is every combination of the matrix: by default the platform that
// this runs on, with the newest CPython that is installed here.
func targetsOf(ctx context.Context, cfg config.Config) []ecosystem.Target {
	host := pep425.Host()
	pythons, platforms := cfg.Matrix.Python, cfg.Matrix.Platforms
	if len(pythons) == 0 {
		pythons = []string{cmp.Or(installedPython(ctx, cfg.Data), host.Python)}
	}
	if len(platforms) == 0 {
		platforms = []string{host.Platform}
	}
	var out []ecosystem.Target
	for _, py := range pythons {
		for _, pl := range platforms {
			out = append(out, ecosystem.Target{Python: py, Platform: pl})
		}
	}
	return out
}

// installedPython finds the newest CPython once and remembers it, so that a
// command need not ask every interpreter again.
func installedPython(ctx context.Context, data string) string {
	name := filepath.Join(data, "python")
	if b, err := os.ReadFile(name); err == nil {
		return strings.TrimSpace(string(b))
	}
	v := newestPython(ctx)
	if err := os.MkdirAll(data, 0o700); err == nil {
		// Not being able to remember costs the next command a little time.
		_ = os.WriteFile(name, []byte(v+"\n"), 0o600)
	}
	return v
}

// internalNames says whether a name matches one of the patterns of names that
// are ours.
func internalNames(patterns []string) func(artifact.Package) bool {
	return func(p artifact.Package) bool {
		for _, pattern := range patterns {
			if ok, err := path.Match(pattern, p.Name); err == nil && ok {
				return true
			}
		}
		return false
	}
}

// fetcher tells the gate's error for bad bytes from faults.
type fetcher struct{ *fetch.Quarantine }

// Fetch implements gate.Fetcher.
func (q fetcher) Fetch(ctx context.Context, f ecosystem.IndexFile, up string) (artifact.Digest, int64, error) {
	d, n, err := q.Quarantine.Fetch(ctx, f, up)
	if errors.Is(err, fetch.ErrDigestMismatch) {
		return d, n, &gate.BadBytesError{Rule: "digest-mismatch", File: f.Name, Want: f.SHA256, Cause: err}
	}
	return d, n, err
}

// names joins the ecosystems' names and versions for the advisory index.
type names map[artifact.Ecosystem]ecosystem.Ecosystem

// Normalize implements advisory.Names.
func (n names) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	e, ok := n[eco]
	if !ok {
		return "", errors.ErrUnsupported
	}
	p, err := e.ParseName(name)
	return p.Name, err
}

// Key implements advisory.Names. Advisories speak of public versions: a local
// build (PEP 440's "+cu124") has the faults of the version that it was built from.
func (n names) Key(eco artifact.Ecosystem, version string) ([]byte, error) {
	e, ok := n[eco]
	if !ok {
		return nil, errors.ErrUnsupported
	}
	public, _, _ := strings.Cut(version, "+")
	return e.VersionKey(public)
}

// snapshots keeps the current advisory snapshot open, and opens another at the
// next look when a sync has put one in its place: a recall takes effect on the
// next read.
type snapshots struct {
	dir    string
	state  string // the file that is replaced last
	maxAge time.Duration
	mu     sync.Mutex // one opens
	now    atomic.Pointer[held]
}

type held struct {
	snapshot *advisory.Snapshot // nil when there is none
	stamp    stamp              // of the folder's state when it was opened
	problem  string
}

func openSnapshots(dir string, maxAge time.Duration) *snapshots {
	return &snapshots{dir: dir, state: filepath.Join(dir, "state.json"), maxAge: maxAge}
}

// current gives what the folder holds now. A look costs one stat.
func (s *snapshots) current() *held {
	stamp := stampOf(s.state)
	if h := s.now.Load(); h != nil && h.stamp == stamp {
		return h
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.now.Load(); h != nil && h.stamp == stamp {
		return h
	}
	snap, err := advisory.Open(s.dir, names(peers()))
	h := &held{snapshot: snap, stamp: stamp}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, advisory.ErrNoData):
		h.problem = "there is no advisory data yet; run: gatehouse advisories sync"
	case err != nil:
		h.problem = "the advisory data cannot be read; run: gatehouse advisories sync (" + err.Error() + ")"
	}
	s.now.Store(h)
	return h
}

// Current gives the open snapshot, nil when there is none.
func (s *snapshots) Current() *advisory.Snapshot { return s.current().snapshot }

// Age is how long ago the sources last confirmed the data; false when there is
// none.
func (s *snapshots) Age() (time.Duration, bool) {
	h := s.current()
	if h.snapshot == nil {
		return 0, false
	}
	return h.snapshot.Age(time.Now()), true
}

// State implements gate.Gate's Advisories.
func (s *snapshots) State() gate.AdvisoryState {
	h := s.current()
	if h.snapshot == nil {
		return gate.AdvisoryState{Problem: h.problem}
	}
	st := gate.AdvisoryState{Snapshot: h.snapshot.ID()}
	switch age := h.snapshot.Age(time.Now()); {
	case age == advisory.Never:
		st.Problem = "a source of the advisory data was never read, or what it has waits for a person; see: gatehouse advisories status"
	case age > s.maxAge:
		st.Problem = fmt.Sprintf("the advisory data was last confirmed %d days ago; run: gatehouse advisories sync", int(age.Hours()/24))
	}
	return st
}

// Close lets the snapshot go.
func (s *snapshots) Close() error {
	if h := s.now.Load(); h != nil && h.snapshot != nil {
		return h.snapshot.Close()
	}
	return nil
}

func withCA(pool *x509.CertPool, file string) (*x509.CertPool, error) {
	if pool == nil {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("reading authorities: %s holds no PEM certificate", file)
	}
	return pool, nil
}

// workers is how many archives are opened at once.
func workers() int { return max(1, runtime.NumCPU()) }
