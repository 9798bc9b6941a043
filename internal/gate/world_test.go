package gate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/all"
	"github.com/gatehouse-project/gatehouse/internal/scan/origin"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/scan/status"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const day = 24 * time.Hour

// today is when the tests' world begins.
var today = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is a gate over real parts, with an upstream, advisories and a clock that
// the test holds in its hands.
type world struct {
	*gate.Gate
	t     testing.TB
	up    *memory
	fetch *fetcher
	look  *inspector
	known *advisories
	db    *sqlite.DB
	blobs *disk.Store

	mu  sync.Mutex
	now time.Time
	adv gate.AdvisoryState
}

func newWorld(t testing.TB, lines ...string) *world {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "gate.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, blobs: blobs, now: today, adv: gate.AdvisoryState{Snapshot: "s1"}, up: newMemory(), known: &advisories{}}
	w.fetch = &fetcher{up: w.up, blobs: blobs, asked: map[string]int{}}
	w.look = &inspector{blobs: blobs, asked: map[string]int{}}
	own := keptInside(t, "acme-*")
	from, err := origin.New(own, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Gate = &gate.Gate{
		Store: db, Queue: db.Jobs(), Fetch: w.fetch, Inspect: w.look,
		Peers:  map[artifact.Ecosystem]gate.Peer{artifact.PyPI: {Ecosystem: pypi.Ecosystem{}, Upstream: w.up}},
		Checks: []scan.VersionCheck{w.known, status.New(), from},
		Registries: map[string]gate.Registry{
			"main": {Name: "main", Policy: policy.Default(), Targets: []ecosystem.Target{{Python: "3.11.7", Platform: "x86_64-manylinux_2_28"}}},
		},
		Advisories: func() gate.AdvisoryState { w.mu.Lock(); defer w.mu.Unlock(); return w.adv },
		Groups:     own,
		Now:        func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now },
		PublicURL:  func() string { return "http://gate.invalid" },
		Log:        slog.New(slog.DiscardHandler),
	}
	w.releases(lines...)
	return w
}

// keptInside are package groups that keep names of Python inside.
func keptInside(t testing.TB, patterns ...string) *groups.Groups {
	t.Helper()
	everybody := map[artifact.Ecosystem][]string{artifact.PyPI: {groups.Root}}
	declared := []groups.Group{{Pattern: groups.Root, From: groups.InternalNames, Ecosystems: everybody, Rules: [...]groups.Rule{groups.Publish: groups.Block, groups.External: groups.Inherit, groups.Internal: groups.Inherit}}}
	for _, p := range patterns {
		declared = append(declared, groups.Group{
			Pattern: p, From: groups.InternalNames, Ecosystems: map[artifact.Ecosystem][]string{artifact.PyPI: {p}},
			Rules: [...]groups.Rule{groups.Publish: groups.Allow, groups.External: groups.Block, groups.Internal: groups.Inherit},
		})
	}
	g, err := groups.New(declared, func(p artifact.Package) string { return p.Name })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) advisoryState(s gate.AdvisoryState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.adv = s
}

func (w *world) observe() {
	r := w.Registries["main"]
	r.Observe = true
	w.Registries["main"] = r
}

func (w *world) policy(text string) {
	w.t.Helper()
	p, err := policy.Parse("test.yaml", []byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.Registries["main"]
	r.Policy = p
	w.Registries["main"] = r
}

// vuln says that an advisory covers versions, "django 2.2.0, 2.2.1".
func (w *world) vuln(id, versions string, severity finding.Severity, fixed ...string) {
	name, numbers, _ := strings.Cut(versions, " ")
	w.known.add(name, strings.Split(numbers, ", "), finding.Finding{
		Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: severity, IDs: []string{id}, Fixed: fixed, Text: "a hole: " + id})
	w.newSnapshot()
}

func (w *world) malware(id, versions string) {
	name, numbers, _ := strings.Cut(versions, " ")
	w.known.add(name, strings.Split(numbers, ", "), finding.Finding{
		Rule: "known-malware", Class: finding.Malware, Severity: finding.Critical, IDs: []string{id}, Text: "bad: " + id})
	w.newSnapshot()
}

func (w *world) newSnapshot() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.adv.Snapshot += "+"
}

func request(files ...string) verdict.Request {
	r := verdict.Request{ID: gate.NewID('r'), Door: "cli", Registry: "main", By: "dev", Created: today}
	for i := 0; i+1 < len(files); i += 2 {
		r.Files = append(r.Files, verdict.Source{Path: files[i], Content: []byte(files[i+1])})
	}
	return r
}

func purls(ps ...string) verdict.Request {
	r := request()
	r.Purls = ps
	return r
}

func (w *world) admit(r verdict.Request) verdict.Outcome {
	w.t.Helper()
	out, err := w.Admit(w.t.Context(), r, gate.Silent{})
	if err != nil {
		w.t.Fatalf("admitting: %v", err)
	}
	return out
}

func (w *world) requirements(lines ...string) verdict.Outcome {
	w.t.Helper()
	return w.admit(request("requirements.txt", strings.Join(lines, "\n")+"\n"))
}

func (w *world) view(name string) *gate.View {
	w.t.Helper()
	v, err := w.View(w.t.Context(), "main", pkg(name))
	if err != nil {
		w.t.Fatalf("view of %s: %v", name, err)
	}
	return v
}

// decision is today's decision about a file.
func (w *world) decision(file string) verdict.Decision {
	w.t.Helper()
	name, _, _ := strings.Cut(file, "-")
	v := w.view(name)
	for i, f := range v.Index.Files {
		if f.Name == file {
			return v.Decisions[i]
		}
	}
	w.t.Fatalf("the view of %s has no file %s", name, file)
	return verdict.Decision{}
}

func pkg(name string) artifact.Package { return artifact.Package{Ecosystem: artifact.PyPI, Name: name} }

func vers(s string) artifact.Version {
	name, number, _ := strings.Cut(s, " ")
	return artifact.Version{Package: pkg(name), Number: number}
}

// said is an outcome in one line: "reject: django 2.2.0 reject, pytz 1 admit".
func said(o verdict.Outcome) string {
	var vs []string
	for _, v := range o.Versions {
		vs = append(vs, v.Version.String()+" "+v.Verdict.String())
	}
	slices.Sort(vs)
	s := o.Verdict.String() + ": " + strings.Join(vs, ", ")
	if o.Status != verdict.Done {
		s = string(o.Status) + " " + s
	}
	return s
}

func rules(rs []verdict.Reason) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Rule+" "+string(r.Effect))
	}
	return strings.Join(out, ", ")
}

func outcomeOf(t testing.TB, o verdict.Outcome, version string) verdict.VersionOutcome {
	t.Helper()
	for _, v := range o.Versions {
		if v.Version == vers(version) {
			return v
		}
	}
	t.Fatalf("no %s in the outcome %s; problems %v", version, said(o), o.Problems)
	return verdict.VersionOutcome{}
}

// memory is an upstream made of lines, one a version:
//
//	NAME VERSION [FLAG...] [-> REQUIREMENT & REQUIREMENT...]
//
// with one honest wheel each, uploaded 100 days ago. Flags: age=DURATION,
// yanked, nodigest (the index tells no SHA-256), nodate, bad (a wheel that is no
// archive), dynamic (an sdist whose dependencies cannot be known), built=NAME (an
// sdist that NAME builds).
type memory struct {
	mu      sync.Mutex
	indexes map[string]*ecosystem.Index
	bytes   map[string][]byte // by file name
	meta    map[string][]byte
	sources map[string]*ecosystem.Source // of sdists, by file name
	down    map[string]error             // by package name, "" for all
	asked   map[string]int
}

func newMemory() *memory {
	return &memory{indexes: map[string]*ecosystem.Index{}, bytes: map[string][]byte{}, meta: map[string][]byte{}, sources: map[string]*ecosystem.Source{}, down: map[string]error{}, asked: map[string]int{}}
}

func (w *world) releases(lines ...string) {
	w.t.Helper()
	for _, l := range lines {
		w.up.release(w.t, l)
	}
}

func (m *memory) release(t testing.TB, line string) {
	t.Helper()
	head, needs, _ := strings.Cut(line, "->")
	words := strings.Fields(head)
	wheel := scantest.Wheel{Name: words[0], Version: words[1]}
	for _, q := range strings.Split(needs, "&") {
		if q = strings.TrimSpace(q); q != "" {
			wheel.Requires = append(wheel.Requires, q)
		}
	}
	f := ecosystem.IndexFile{Number: words[1], Kind: artifact.Wheel, Uploaded: today.Add(-100 * day), HasMetadata: true}
	digest, bad, dynamic, backend := true, false, false, ""
	for _, flag := range words[2:] {
		key, value, _ := strings.Cut(flag, "=")
		switch key {
		case "age":
			d, err := time.ParseDuration(value)
			if err != nil {
				t.Fatal(err)
			}
			f.Uploaded = today.Add(-d)
		case "tag":
			wheel.Tag = value
		case "yanked":
			f.Yanked = true
		case "nodigest":
			digest = false
		case "nodate":
			f.Uploaded = time.Time{}
		case "bad":
			bad = true
		case "dynamic":
			dynamic = true
		case "built":
			backend = value
		default:
			t.Fatalf("line %q: flag %q", line, flag)
		}
	}
	f.Name = wheel.FileName()
	content, meta := wheel.Build(t), wheel.MetadataBytes()
	if bad {
		content = []byte("this is no archive")
	}
	if dynamic {
		s := scantest.Sdist{Name: words[0], Version: words[1], Requires: wheel.Requires, Dynamic: []string{"Requires-Dist"}}
		f.Name, f.Kind = s.FileName(), artifact.Sdist
		content, meta = s.Build(t), s.MetadataBytes()
	}
	if backend != "" {
		s := scantest.Sdist{Name: words[0], Version: words[1], Requires: wheel.Requires}
		f.Name, f.Kind = s.FileName(), artifact.Sdist
		content, meta = s.Build(t), s.MetadataBytes()
		m.sources[f.Name] = &ecosystem.Source{Static: "PKG-INFO", Build: []string{backend}}
	}
	f.URL, f.Size, f.MetadataSHA256 = "http://files.invalid/"+f.Name, int64(len(content)), artifact.DigestOf(meta)
	if digest {
		f.SHA256 = artifact.DigestOf(content)
	}
	m.put(words[0], f, content, meta)
}

// put adds a file, or replaces the one of that name.
func (m *memory) put(name string, f ecosystem.IndexFile, content, meta []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes[f.Name], m.meta[f.Name] = content, meta
	var files []ecosystem.IndexFile
	if x := m.indexes[name]; x != nil {
		files = slices.DeleteFunc(slices.Clone(x.Files), func(o ecosystem.IndexFile) bool { return o.Name == f.Name })
	}
	m.set(name, append(files, f))
}

func (m *memory) set(name string, files []ecosystem.IndexFile) {
	m.indexes[name] = &ecosystem.Index{
		Package: pkg(name), Upstream: "up", Files: files, Fetched: today,
		Digest: artifact.DigestOf(fmt.Appendf(nil, "%v", files)),
	}
}

// remove takes a file out of the index.
func (m *memory) remove(name, file string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(name, slices.DeleteFunc(slices.Clone(m.indexes[name].Files), func(o ecosystem.IndexFile) bool { return o.Name == file }))
}

func (m *memory) edit(name, file string, change func(*ecosystem.IndexFile)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := slices.Clone(m.indexes[name].Files)
	for i := range files {
		if files[i].Name == file {
			change(&files[i])
		}
	}
	m.set(name, files)
}

func (m *memory) fails(name string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down[name] = err
}

func (m *memory) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[p.Name]++
	if err := errors.Join(ctx.Err(), m.down[""], m.down[p.Name]); err != nil {
		return nil, err
	}
	x := m.indexes[p.Name]
	if x == nil {
		return nil, fmt.Errorf("%s: %w", p.Name, ecosystem.ErrNoPackage)
	}
	return x, nil
}

func (m *memory) Metadata(_ context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, ok := m.meta[f.Name]
	if !ok {
		return ecosystem.Metadata{}, nil, errors.New("no metadata of " + f.Name)
	}
	md, err := metadata.Parse(raw)
	md.Source = m.sources[f.Name]
	return md, raw, err
}

// fetcher reads the upstream's bytes into the blob store and counts.
type fetcher struct {
	up    *memory
	blobs *disk.Store

	mu    sync.Mutex
	asked map[string]int
	fails map[string]error
	hook  func(ctx context.Context, name string)
}

func (f *fetcher) Fetch(ctx context.Context, x ecosystem.IndexFile, _ string) (artifact.Digest, int64, error) {
	f.mu.Lock()
	f.asked[x.Name]++
	err, hook := f.fails[x.Name], f.hook
	f.mu.Unlock()
	if hook != nil {
		hook(ctx, x.Name)
	}
	if err != nil {
		return "", 0, err
	}
	f.up.mu.Lock()
	content := f.up.bytes[x.Name]
	f.up.mu.Unlock()
	return f.blobs.Put(ctx, bytes.NewReader(content), 1<<20, x.SHA256)
}

func (f *fetcher) total() int { return total(&f.mu, f.asked) }

func (f *fetcher) of(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[name]
}

func (f *fetcher) failing(name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.fails = map[string]error{}
	}
	f.fails[name] = err
}

func total(mu *sync.Mutex, m map[string]int) int {
	mu.Lock()
	defer mu.Unlock()
	n := 0
	for _, c := range m {
		n += c
	}
	return n
}

// inspector runs the real scanners in this process and counts.
type inspector struct {
	blobs *disk.Store

	mu       sync.Mutex
	asked    map[string]int
	revision string
	reports  map[string]scan.Report // instead of looking
	code     map[string][]code.File // beside what is seen
	fails    error
}

func (i *inspector) Revision() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return "test" + i.revision
}

func (i *inspector) Inspect(ctx context.Context, f artifact.File, x ecosystem.IndexFile, meta []byte) (scan.Report, error) {
	i.mu.Lock()
	i.asked[f.Name]++
	r, instead := i.reports[f.Name]
	files := i.code[f.Name]
	err := i.fails
	i.mu.Unlock()
	if err != nil {
		return scan.Report{}, err
	}
	if instead {
		r.Code = files
		return r, nil
	}
	b, size, err := i.blobs.Open(ctx, f.SHA256)
	if err != nil {
		return scan.Report{}, err
	}
	defer b.Close()
	r = scan.Inspect(b, size, scan.FileTarget{File: f, RequiresPython: x.RequiresPython, IndexMetadata: meta, Digests: x.Digests}, all.FileScanners(), archive.Limits{})
	r.Code = files
	return r, nil
}

// does says what the code of a file does: a fact for each word.
func (i *inspector) does(file string, words ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.code == nil {
		i.code = map[string][]code.File{}
	}
	f := code.File{Path: "demo.py", SHA256: artifact.DigestOf([]byte(file))}
	for n, w := range words {
		f.Facts.Facts = append(f.Facts.Facts, code.Fact{Kind: code.Kind(w), Line: n + 1})
	}
	i.code[file] = []code.File{f}
}

func (i *inspector) sees(file string, fs ...finding.Finding) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.reports == nil {
		i.reports = map[string]scan.Report{}
	}
	i.reports[file] = scan.Report{Findings: fs, Scanners: []string{"test"}}
}

func (i *inspector) total() int { return total(&i.mu, i.asked) }

// advisories is a version check that knows what the test told it.
type advisories struct {
	mu    sync.Mutex
	about map[artifact.Version][]finding.Finding
	fails error
}

func (a *advisories) add(name string, numbers []string, f finding.Finding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.about == nil {
		a.about = map[artifact.Version][]finding.Finding{}
	}
	for _, n := range numbers {
		v := artifact.Version{Package: pkg(name), Number: n}
		a.about[v] = append(a.about[v], f)
	}
}

func (a *advisories) forget(name, number string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.about, artifact.Version{Package: pkg(name), Number: number})
}

func (a *advisories) failing(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails = err
}

func (a *advisories) Name() string     { return "advisory" }
func (a *advisories) Revision() string { return "1" }
func (a *advisories) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.about[t.Version], a.fails
}

// steps notes what an admission tells on its way.
type steps struct {
	mu    sync.Mutex
	first []verdict.VersionOutcome
	hook  func()
}

func (s *steps) Step(string, int, int) {}
func (s *steps) First(vs []verdict.VersionOutcome) {
	s.mu.Lock()
	s.first = vs
	s.mu.Unlock()
	if s.hook != nil {
		s.hook()
	}
}
