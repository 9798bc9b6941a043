package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
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
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
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
	watch      namesakeWatch
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
	own, err := packageGroups(cfg)
	if err != nil {
		return nil, err
	}
	e.advisories = openSnapshots(filepath.Join(cfg.Data, "advisories"), time.Duration(cfg.Advisories.MaxAge))
	e.close = append(e.close, e.advisories.Close)
	rules, err := openRules(cfg)
	if err != nil {
		return nil, err
	}
	attestations, err := openProvenance(cfg)
	if err != nil {
		return nil, err
	}
	versionChecks, err := checks(e.advisories, cfg, rules)
	if err != nil {
		return nil, err
	}
	hosted, err := gate.OpenHosted(ctx, e.store, ecosystemIDs()...)
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
		Provenance: attestations,
		Registries: registries,
		Advisories: e.advisories.State,
		Groups:     own,
		Bulk:       e.advisories.bulk,
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

func openRegistries(ctx context.Context, cfg config.Config) (map[string]gate.Registry, error) {
	targets := targetsOf(ctx, cfg)
	out := map[string]gate.Registry{}
	for name, r := range cfg.Registries {
		p, err := openPolicy(r.Policy)
		if err != nil {
			return nil, fmt.Errorf("registry %s: %w", name, err)
		}
		var holds []artifact.Ecosystem // none: all; what has no upstream says so itself
		if len(r.Ecosystems)+len(r.Upstreams) > 0 {
			for _, eco := range cfg.Holds(name) {
				holds = append(holds, artifact.Ecosystem(eco))
			}
		}
		out[name] = gate.Registry{Name: name, Policy: p, Observe: r.Enforce == "observe", Present: presentations[r.Present], Targets: targets, Holds: holds, Sources: sourcesOf(cfg, name)}
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
	return withNodes(out, cfg.Matrix.Node)
}

// withNodes spreads versions of Node over targets, of which there are more where there
// are not enough: npm looks at nothing else of a target, and Python at all else.
func withNodes(ts []ecosystem.Target, nodes []string) []ecosystem.Target {
	if len(nodes) == 0 {
		return ts
	}
	for i := range ts {
		ts[i].Node = nodes[i%len(nodes)]
	}
	for i := len(ts); i < len(nodes); i++ {
		more := ts[0]
		more.Node = nodes[i]
		ts = append(ts, more)
	}
	return ts
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

// fetcher tells the gate's error for bad bytes from faults.
type fetcher struct{ *fetch.Quarantine }

// Fetch implements gate.Fetcher.
func (q fetcher) Fetch(ctx context.Context, f ecosystem.IndexFile, up string) (artifact.Digest, int64, error) {
	d, n, err := q.Quarantine.Fetch(ctx, f, up)
	return d, n, badBytes(f, err)
}

// Keep implements gate.Keeper.
func (q fetcher) Keep(ctx context.Context, f ecosystem.IndexFile, b []byte, up string) (artifact.Digest, int64, error) {
	d, n, err := q.Quarantine.Keep(ctx, f, b, up)
	return d, n, badBytes(f, err)
}

// badBytes is what the gate calls bytes that are not those of the index.
func badBytes(f ecosystem.IndexFile, err error) error {
	if errors.Is(err, fetch.ErrDigestMismatch) {
		return &gate.BadBytesError{Rule: "digest-mismatch", File: f.Name, Want: f.SHA256, Cause: err}
	}
	return err
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
	if local, ok := e.(ecosystem.LocalBuilder); ok {
		version = local.Public(version)
	}
	return e.VersionKey(version)
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

// Export reads all records of an ecosystem from the current snapshot.
func (s *snapshots) Export(ctx context.Context, eco artifact.Ecosystem) (*advisory.Export, error) {
	h := s.current()
	if h.snapshot == nil {
		return nil, errors.New(h.problem)
	}
	return h.snapshot.Export(ctx, eco)
}

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

// workers is how many archives are opened at once.
func workers() int { return max(1, runtime.NumCPU()) }
