// Package servertest is a whole gate for tests of what stands in front of it: a
// real store, real blobs and the real pipeline, over an upstream, a clock,
// advisories and a scanner that the test holds in its hand (New), or over an
// ecosystem's own reader of an upstream on loopback (Over). Nothing in it leaves the
// machine.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// PublicURL is how the gate under test is reached, by its own word.
const PublicURL = "http://gate.example.invalid:8484"

// Start is when the clock of a World begins.
var Start = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// World is a gate and everything around it.
type World struct {
	t          testing.TB
	Gate       *gate.Gate
	Store      *sqlite.DB
	Blobs      *disk.Store
	Tokens     *access.Tokens
	Log        *slog.Logger
	Lines      *Lines // what was logged
	Fetches    atomic.Int64
	Inspects   atomic.Int64
	Fetching   chan struct{} // closed when the first fetch begins
	Hold       chan struct{} // when not nil, a fetch waits until it is closed
	InspectErr error         // when not nil, the worker could not be run

	adapter    adapter.Adapter
	first      sync.Once
	mu         sync.Mutex
	now        time.Time
	packages   map[string][]release
	indexes    map[string]*ecosystem.Index
	down       error
	snapshot   int
	advProblem string
	known      map[string][]finding.Finding // by purl
	seen       map[string][]finding.Finding // by file name: what the worker sees
	engine     int
	inside     map[string]scan.Report // by file name: what the archive says of itself
}

// release is one file that the upstream has.
type release struct {
	file     ecosystem.IndexFile
	bytes    []byte
	metadata []byte
}

// New makes an empty world with the registries main and observing (which only
// observes) and the default policy.
func New(t testing.TB) *World {
	t.Helper()
	dir := t.TempDir()
	lines := &Lines{}
	w := &World{
		t: t, adapter: pypi.Adapter(), inside: map[string]scan.Report{}, Lines: lines, Log: slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Fetching: make(chan struct{}),
		now:      Start, packages: map[string][]release{}, indexes: map[string]*ecosystem.Index{}, known: map[string][]finding.Finding{}, seen: map[string][]finding.Finding{}, snapshot: 1,
	}
	var err error
	if w.Store, err = sqlite.Open(t.Context(), filepath.Join(dir, "gate.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.Blobs, err = disk.Open(filepath.Join(dir, "blobs")); err != nil {
		t.Fatal(err)
	}
	w.Tokens = access.NewTokens(w.Store, w.Now)
	target := []ecosystem.Target{{Python: "3.11.7", Platform: "x86_64-manylinux_2_28"}}
	w.Gate = &gate.Gate{
		Store: w.Store, Queue: w.Store.Jobs(), Fetch: fetcher{w}, Inspect: inspector{w},
		Peers:  map[artifact.Ecosystem]gate.Peer{artifact.PyPI: {Ecosystem: pypi.Ecosystem{}, Upstream: upstream{w}}},
		Checks: []scan.VersionCheck{check{w}},
		Registries: map[string]gate.Registry{
			"main":      {Name: "main", Policy: policy.Default(), Targets: target},
			"observing": {Name: "observing", Policy: policy.Default(), Targets: target, Observe: true},
		},
		Advisories: w.advisories, Now: w.Now,
		PublicURL: func() string { return PublicURL }, Log: w.Log,
		Reporter: report.Keeper{Rows: w.Store, Blobs: w.Blobs, Generator: "test", Now: w.Now},
	}
	t.Cleanup(w.Gate.Close)
	return w
}

// Shelf is a registry's shelf that looks at what it is asked for.
func (w *World) Shelf(registryName string) *registry.Shelf {
	return &registry.Shelf{
		Registry: registryName, Gate: w.Gate, Store: w.Store, Blobs: blobs{w.Blobs}, Pull: registry.PullAdmit,
		Wait: 10 * time.Second, Log: w.Log,
	}
}

// Over is New over the upstream of an ecosystem at a URL on loopback, read and
// fetched from as the program does it, and with packages of our own.
func Over(t testing.TB, a adapter.Adapter, url string, options map[string]string) *World {
	t.Helper()
	w := New(t)
	host, err := fetch.HostPort(url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{host}, Mirrors: []string{host}, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	up, err := a.OpenUpstream(adapter.UpstreamConfig{Name: "test", BaseURL: url, Client: client, CacheDir: t.TempDir(), Now: w.Now, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	w.adapter = a
	w.Gate.Peers = map[artifact.Ecosystem]gate.Peer{a.ID(): {Ecosystem: a.Ecosystem, Upstream: up, Path: a.Path}}
	w.Gate.Fetch = fetch.NewQuarantine(fetch.QuarantineConfig{Client: client, Store: w.Blobs})
	if w.Gate.Hosted, err = gate.OpenHosted(t.Context(), w.Store, a.ID()); err != nil {
		t.Fatal(err)
	}
	return w
}

// Handler serves a registry to the ecosystem's clients: Python's, where the world is
// New.
func (w *World) Handler(registryName string) http.Handler {
	return w.adapter.Serve(w.registry(registryName))
}

// Snapshots is how many builds of one snapshot a registry keeps.
const Snapshots = 3

// Receiver takes packages of our own into a registry.
func (w *World) Receiver(registryName string) adapter.Receiver {
	return w.adapter.Receive(w.registry(registryName), &gate.Desk{
		Registry: registryName, Gate: w.Gate, Put: w.Blobs.Put, MaxFile: 64 << 20,
		Outside: func(artifact.Package) (string, error) { return "", nil },
		Key:     func(p artifact.Package) string { return w.adapter.CollisionKey(p.Name) },
	})
}

func (w *World) registry(name string) adapter.Registry {
	return adapter.Registry{
		Shelf: w.Shelf(name), Decision: w.Gate.DecisionURL, Log: w.Log,
		Reader:    func(context.Context) string { return "" },
		Snapshots: Snapshots,
	}
}

// Now is the clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Later moves the clock.
func (w *World) Later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Wheel puts a wheel upstream, uploaded a month ago, and gives its file name.
// change may alter how the index lists it.
func (w *World) Wheel(wheel scantest.Wheel, change ...func(*ecosystem.IndexFile)) string {
	w.t.Helper()
	b, name := wheel.Build(w.t), wheel.FileName()
	f := ecosystem.IndexFile{
		Name: name, URL: "http://files.example.invalid/" + name, Number: wheel.Version, Kind: artifact.Wheel,
		SHA256: artifact.DigestOf(b), Size: int64(len(b)), Uploaded: Start.AddDate(0, 0, -30), RequiresPython: wheel.RequiresPython,
		HasMetadata: true, MetadataSHA256: artifact.DigestOf(wheel.MetadataBytes()),
	}
	for _, c := range change {
		c(&f)
	}
	p, err := pypi.Ecosystem{}.ParseName(wheel.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.indexes, p.Name)
	w.packages[p.Name] = append(w.packages[p.Name], release{f, b, wheel.MetadataBytes()})
	return name
}

// Age is a change that sets how long ago a file was uploaded.
func Age(d time.Duration) func(*ecosystem.IndexFile) {
	return func(f *ecosystem.IndexFile) { f.Uploaded = Start.Add(-d) }
}

// Bytes are the bytes of an upstream file.
func (w *World) Bytes(name string) []byte {
	r, ok := w.release(name)
	if !ok {
		w.t.Fatalf("no file %s upstream", name)
	}
	return r.bytes
}

func (w *World) release(name string) (release, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rs := range w.packages {
		for _, r := range rs {
			if r.file.Name == name {
				return r, true
			}
		}
	}
	return release{}, false
}

// Down makes the upstream fail with err; nil brings it back.
func (w *World) Down(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = err
}

// Know makes a version check find something in a version, as new advisory data
// does.
func (w *World) Know(purl string, fs ...finding.Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[purl] = fs
	w.snapshot++
}

// See makes the worker find something in a file from now on, as a new revision
// of a scanner does; what was seen by older ones counts no more.
func (w *World) See(file string, fs ...finding.Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[file] = fs
	w.engine++
}

// Inside is what the worker finds a file's archive to say of itself from now on, with
// the bytes that say it.
func (w *World) Inside(file string, m ecosystem.Metadata, raw []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside[file] = scan.Report{Metadata: &m, RawMetadata: raw}
}

// Stale says what is wrong with the advisory data; "" for nothing.
func (w *World) Stale(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advProblem = problem
}

func (w *World) advisories() gate.AdvisoryState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return gate.AdvisoryState{Snapshot: fmt.Sprintf("%064d", w.snapshot), Problem: w.advProblem}
}

// Token makes a token and gives its secret.
func (w *World) Token(name string, role access.Role, registries ...string) string {
	w.t.Helper()
	if len(registries) == 0 {
		registries = []string{access.All}
	}
	s, _, err := w.Tokens.Create(w.t.Context(), name, role, registries, 0, "test")
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Reveal()
}

// Vulnerable is a finding of a known vulnerability.
func Vulnerable(id string, s finding.Severity, fixed ...string) finding.Finding {
	return finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: s, Text: "affected by " + id, IDs: []string{id}, Fixed: fixed}
}

// upstream implements ecosystem.Upstream.
type upstream struct{ w *World }

// Index implements ecosystem.Upstream.
func (u upstream) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if u.w.down != nil {
		return nil, u.w.down
	}
	if x := u.w.indexes[p.Name]; x != nil {
		return x, nil
	}
	rs := u.w.packages[p.Name]
	if len(rs) == 0 {
		return nil, fmt.Errorf("%s: %w", p, ecosystem.ErrNoPackage)
	}
	x := &ecosystem.Index{Package: p, Upstream: "test", Fetched: u.w.now}
	for _, r := range rs {
		x.Files = append(x.Files, r.file)
	}
	x.Digest = artifact.DigestOf(fmt.Appendf(nil, "%v", x.Files))
	u.w.indexes[p.Name] = x
	return x, nil
}

// Metadata implements ecosystem.Upstream.
func (u upstream) Metadata(_ context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	r, ok := u.w.release(f.Name)
	if !ok {
		return ecosystem.Metadata{}, nil, ecosystem.ErrUnreachable
	}
	m, err := metadata.Parse(r.metadata)
	return m, r.metadata, err
}

type fetcher struct{ w *World }

// Fetch implements gate.Fetcher.
func (f fetcher) Fetch(ctx context.Context, x ecosystem.IndexFile, _ string) (artifact.Digest, int64, error) {
	f.w.Fetches.Add(1)
	f.w.first.Do(func() { close(f.w.Fetching) })
	if f.w.Hold != nil {
		select {
		case <-f.w.Hold:
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
	r, ok := f.w.release(x.Name)
	if !ok {
		return "", 0, ecosystem.ErrUnreachable
	}
	return f.w.Blobs.Put(ctx, bytes.NewReader(r.bytes), 64<<20, x.SHA256)
}

type inspector struct{ w *World }

// Inspect implements gate.Inspector.
func (i inspector) Inspect(_ context.Context, f artifact.File, _ ecosystem.IndexFile, _ []byte) (scan.Report, error) {
	i.w.Inspects.Add(1)
	i.w.mu.Lock()
	defer i.w.mu.Unlock()
	report := i.w.inside[f.Name]
	report.Findings, report.Entries = slices.Clone(i.w.seen[f.Name]), 1
	return report, i.w.InspectErr
}

// Revision implements gate.Inspector.
func (i inspector) Revision() string {
	i.w.mu.Lock()
	defer i.w.mu.Unlock()
	return fmt.Sprint("test@", i.w.engine)
}

type check struct{ w *World }

// Name implements scan.VersionCheck.
func (check) Name() string { return "advisory" } // it stands for that one

// Revision implements scan.VersionCheck.
func (c check) Revision() string { return c.w.advisories().Snapshot }

// Check implements scan.VersionCheck.
func (c check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return slices.Clone(c.w.known[t.Version.Purl()]), nil
}

type blobs struct{ *disk.Store }

// Open implements registry.Blobs.
func (b blobs) Open(ctx context.Context, d artifact.Digest) (io.ReadSeekCloser, error) {
	r, _, err := b.Store.Open(ctx, d)
	return r, err
}

// Lines collects log lines.
type Lines struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written chan struct{} // closed by the next write
}

// Write implements io.Writer.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.written != nil {
		close(l.written)
		l.written = nil
	}
	return l.b.Write(p)
}

// String gives all that was logged.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// With gives the lines that hold all the texts, as soon as there is one: an
// answer is logged after the client has it. None after ten seconds.
func (l *Lines) With(texts ...string) []string {
	timeout := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		if l.written == nil {
			l.written = make(chan struct{})
		}
		next := l.written
		var out []string
		for line := range strings.Lines(l.b.String()) {
			if !slices.ContainsFunc(texts, func(t string) bool { return !strings.Contains(line, t) }) {
				out = append(out, line)
			}
		}
		l.mu.Unlock()
		if len(out) > 0 {
			return out
		}
		select {
		case <-next:
		case <-timeout:
			return nil
		}
	}
}
