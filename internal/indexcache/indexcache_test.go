package indexcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// stub is an index on loopback whose answer a test changes as it goes.
type stub struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  atomic.Int32
	last   http.Header
	clock  time.Time
}

func newStub(t *testing.T, answer http.HandlerFunc) *stub {
	t.Helper()
	s := &stub{answer: answer, clock: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.mu.Lock()
		h := s.answer
		s.last = r.Header
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) set(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

func (s *stub) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *stub) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

// wantAsked says how often the stub has been asked since the last look.
func (s *stub) wantAsked(t *testing.T, want int32, when string) {
	t.Helper()
	if got := s.asked.Swap(0); got != want {
		t.Errorf("%s: upstream asked %d times, want %d", when, got, want)
	}
}

func (s *stub) cache(t *testing.T, dir string) *Cache {
	t.Helper()
	hostPort, err := fetch.HostPort(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{
		Upstreams: []string{hostPort}, Attempts: 1,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	c, err := Open(config(adapter.UpstreamConfig{Name: "main", BaseURL: s.URL + "/index", Client: client, CacheDir: dir, Now: s.now}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var demo = artifact.Package{Ecosystem: artifact.NPM, Name: "demo"}

// config reads an index that is a line with the package's name and one with each
// file's.
func config(up adapter.UpstreamConfig) Config {
	return Config{
		UpstreamConfig: up, Ecosystem: artifact.NPM, Accept: "text/index", MaxBytes: 1 << 10,
		Check: func(p artifact.Package) error {
			if p.Name == "" || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				return fmt.Errorf("%q is no name", p.Name)
			}
			return nil
		},
		Page: func(base *url.URL, p artifact.Package) string { return base.JoinPath(p.Name).String() },
		Parse: func(p artifact.Package, page *url.URL, contentType string, body []byte) (*ecosystem.Index, error) {
			name, files, _ := strings.Cut(string(body), "\n")
			if contentType != "text/index" || name != p.Name {
				return nil, errors.New("this is no index")
			}
			x := &ecosystem.Index{Package: p}
			for f := range strings.FieldsSeq(files) {
				x.Files = append(x.Files, ecosystem.IndexFile{Name: f, URL: page.JoinPath(f).String()})
			}
			return x, nil
		},
	}
}

// page answers with a page and honours its ETag.
func page(etag string, files ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/index")
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, pageOf("demo", files...))
	}
}

func pageOf(name string, files ...string) string { return name + "\n" + strings.Join(files, "\n") }

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// notHTTP breaks the exchange; net/http does not ask again by itself after it.
func notHTTP(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		io.WriteString(conn, "what?\r\n")
		conn.Close()
	}
}

func mustIndex(t *testing.T, c *Cache) *ecosystem.Index {
	t.Helper()
	x, err := c.Index(t.Context(), demo)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestIndexIsFreshThenRevalidated(t *testing.T) {
	s := newStub(t, page(`"1"`, "demo-1.0.zip"))
	c := s.cache(t, t.TempDir())
	x := mustIndex(t, c)
	s.wantAsked(t, 1, "first")
	if x.Upstream != "main" || x.Stale || !x.Fetched.Equal(s.now()) || x.Digest == "" || len(x.Files) != 1 {
		t.Errorf("index %+v", x)
	}
	if got := s.last.Get("Accept"); got != "text/index" {
		t.Errorf("Accept: %s", got)
	}
	s.later(DefaultTTL - time.Second)
	mustIndex(t, c)
	s.wantAsked(t, 0, "within the TTL")
	s.later(time.Second)
	again := mustIndex(t, c)
	s.wantAsked(t, 1, "after the TTL")
	if s.last.Get("If-None-Match") != `"1"` || !again.Fetched.Equal(s.now()) || again.Digest != x.Digest || again.Stale {
		t.Errorf("after 304: %+v, asked with %q", again, s.last.Get("If-None-Match"))
	}
	if x.Fetched.Equal(again.Fetched) {
		t.Error("an index that was handed out has changed")
	}
	s.set(page(`"2"`, "demo-1.0.zip", "demo-1.1.zip"))
	fresh, err := c.Refresh(t.Context(), demo)
	s.wantAsked(t, 1, "Refresh within the TTL")
	if err != nil || len(fresh.Files) != 2 || fresh.Digest == x.Digest {
		t.Errorf("Refresh = %+v, %v", fresh, err)
	}
}

func TestIndexSurvivesARestart(t *testing.T) {
	s, dir := newStub(t, page(`"1"`, "demo-1.0.zip")), t.TempDir()
	first := mustIndex(t, s.cache(t, dir))
	s.wantAsked(t, 1, "first")
	second := mustIndex(t, s.cache(t, dir))
	s.wantAsked(t, 0, "a new process within the TTL")
	if second.Digest != first.Digest || !second.Fetched.Equal(first.Fetched) || len(second.Files) != 1 {
		t.Errorf("after restart %+v, want %+v", second, first)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "index", demo.Name, "*.page"))
	if len(pages) != 1 {
		t.Fatalf("pages kept: %v", pages)
	}
	if err := os.WriteFile(pages[0], []byte(pageOf("demo", "demo-6.6.zip")), 0o600); err != nil {
		t.Fatal(err)
	}
	healed := mustIndex(t, s.cache(t, dir))
	s.wantAsked(t, 1, "damaged on disk")
	if s.last.Get("If-None-Match") != "" || healed.Digest != first.Digest {
		t.Errorf("damaged bytes were used: %+v", healed)
	}
	if err := os.WriteFile(filepath.Join(dir, "index", demo.Name, "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustIndex(t, s.cache(t, dir))
	s.wantAsked(t, 1, "damaged state")
	moved := s.cache(t, dir)
	moved.base = moved.base.JoinPath("elsewhere/")
	mustIndex(t, moved)
	s.wantAsked(t, 1, "the configured URL changed")
}

func TestLastKnownAnswerWhenTheUpstreamFails(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		silent bool
	}{
		{"no HTTP", notHTTP, true},
		{"503", status(503), true},
		{"forbidden", status(403), false},
		{"login form", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<a href=/login>")
		}, false},
		{"other project", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/index")
			io.WriteString(w, pageOf("other"))
		}, false},
		{"no content", status(204), false},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/index")
			io.WriteString(w, pageOf("demo", strings.Repeat("x", 2<<10)))
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStub(t, tc.answer)
			c := s.cache(t, t.TempDir())
			_, err := c.Index(t.Context(), demo)
			if !errors.Is(err, ecosystem.ErrUnreachable) && !errors.Is(err, ErrBadIndex) {
				t.Errorf("nothing known: %v; want ErrUnreachable or ErrBadIndex", err)
			}
			s.set(page(`"1"`, "demo-1.0.zip"))
			first := mustIndex(t, c)
			s.set(tc.answer)
			s.later(DefaultTTL)
			s.asked.Store(0)
			x := mustIndex(t, c)
			s.wantAsked(t, 1, "after the TTL")
			if !x.Stale || x.Digest != first.Digest || !x.Fetched.Equal(first.Fetched) {
				t.Errorf("index %+v; want the last known one, marked", x)
			}
			mustIndex(t, c)
			s.wantAsked(t, map[bool]int32{true: 0, false: 1}[tc.silent], "right after the failure")
			s.set(page(`"2"`, "demo-1.0.zip"))
			if x, err := c.Refresh(t.Context(), demo); err != nil || x.Stale {
				t.Errorf("Refresh after recovery: %+v, %v", x, err)
			}
			if x := mustIndex(t, c); x.Stale {
				t.Error("still marked stale after recovery")
			}
		})
	}
}

// TestNoSuchPackageIsRememberedForAWhile, longer each time, and forgotten once it
// is there.
func TestNoSuchPackageIsRememberedForAWhile(t *testing.T) {
	s := newStub(t, status(404))
	c := s.cache(t, t.TempDir())
	isAbsent := func(asked int32, why string) {
		t.Helper()
		if _, err := c.Index(t.Context(), demo); !errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, ecosystem.ErrUnreachable) {
			t.Errorf("%s: Index = %v, want ErrNoPackage", why, err)
		}
		s.wantAsked(t, asked, why)
	}
	isAbsent(1, "the first caller")
	isAbsent(0, "the second")
	s.later(absentFirst)
	isAbsent(1, "after a while")
	s.later(absentFirst)
	isAbsent(0, "after as long again")
	s.later(absentFirst)
	isAbsent(1, "after twice as long")
	for range 10 {
		s.later(absentMost)
		isAbsent(1, "never longer than the longest pause")
	}
	s.later(absentMost)
	s.set(page(`"1"`, "demo-1.0.zip"))
	mustIndex(t, c)
	s.wantAsked(t, 1, "once it is there")
	s.set(status(410))
	s.later(DefaultTTL)
	isAbsent(1, "after it was removed")
	s.later(absentFirst)
	isAbsent(1, "a name that was there begins with the shortest pause")
	s.set(page(`"2"`, "demo-1.0.zip"))
	if _, err := c.Refresh(t.Context(), demo); err != nil {
		t.Errorf("Refresh of a name that came back: %v", err)
	}
}

// TestAbsentNamesAreBounded: those that are asked for most stay.
func TestAbsentNamesAreBounded(t *testing.T) {
	var a absent
	now := time.Unix(0, 0)
	a.add("internal", now)
	for i := range 3 * absentKept {
		a.add(fmt.Sprintf("random-%d", i), now)
		if !a.has("internal", now) {
			t.Fatalf("a name that is asked for all the time was pushed out by random name %d", i)
		}
	}
	if a.order.Len() != absentKept || len(a.rows) != absentKept {
		t.Errorf("%d and %d names remembered, want %d", a.order.Len(), len(a.rows), absentKept)
	}
	if a.has("random-0", now) || !a.has(fmt.Sprintf("random-%d", 3*absentKept-1), now) {
		t.Error("the oldest stays, or the newest went")
	}
}

// TestRandomNamesLeaveNothingOnDisk.
func TestRandomNamesLeaveNothingOnDisk(t *testing.T) {
	s := newStub(t, status(404))
	dir := t.TempDir()
	c := s.cache(t, dir)
	if _, err := c.Index(t.Context(), artifact.Package{Ecosystem: artifact.NPM, Name: "random"}); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) != 0 {
		t.Errorf("on disk for names that do not exist: %v", left)
	}
}

// allowing is an account that may ask for so many names, and find so many unknown.
func allowing(names, unknown int64) *budget.Account {
	return budget.NewBook(budget.Config{Reader: budget.Limits{Names: names, Unknown: unknown, Bytes: 1 << 20}}).Reader("ann")
}

// TestNamesArePaidFor: whoever may ask for no more new names causes no call, and
// hears so; what is known, absent or there, goes on being answered.
func TestNamesArePaidFor(t *testing.T) {
	pkg := func(name string) artifact.Package {
		return artifact.Package{Ecosystem: artifact.NPM, Name: name}
	}
	s := newStub(t, status(404))
	c := s.cache(t, t.TempDir())
	for _, tc := range []struct {
		why   string
		a     *budget.Account
		kind  budget.Kind
		asked int
	}{
		{"names run out", allowing(3, 100), budget.Names, 3},
		{"unknown names run out", allowing(100, 2), budget.Unknown, 2},
		{"nothing is allowed", allowing(0, 0), budget.Unknown, 0},
	} {
		ctx := budget.With(t.Context(), tc.a)
		for i := range 10 {
			_, err := c.Index(ctx, pkg(fmt.Sprintf("random-%d-%d", tc.asked, i)))
			e, spent := errors.AsType[*budget.Exhausted](err)
			if spent != (i >= tc.asked) || spent && e.Kind != tc.kind {
				t.Errorf("%s: name %d: %v", tc.why, i, err)
			}
		}
		s.wantAsked(t, int32(tc.asked), tc.why)
	}
	poor := budget.With(t.Context(), allowing(0, 0))
	if _, err := c.Index(poor, pkg("random-3-0")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("a name that is known to be absent: %v", err)
	}
	s.set(page(`"1"`, "demo-1.0.zip"))
	mustIndex(t, c)
	s.later(DefaultTTL)
	if _, err := c.Index(poor, demo); err != nil {
		t.Errorf("a name that is known, asked again: %v", err)
	}
	a := allowing(100, 1)
	for i := range 5 {
		name := fmt.Sprintf("there-%d", i)
		s.set(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/index")
			io.WriteString(w, pageOf(name))
		})
		if _, err := c.Index(budget.With(t.Context(), a), pkg(name)); err != nil {
			t.Errorf("a name that the upstream knows costs no unknown one: %v", err)
		}
	}
}

// TestOneReadersEmptyPurseIsTheirsAlone: who joins a look that its first asker may
// not pay for goes on with one of their own.
func TestOneReadersEmptyPurseIsTheirsAlone(t *testing.T) {
	var flight fetch.Flight[int]
	began, goOn := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := paid(t.Context(), &flight, "k", func(context.Context) (int, error) {
			close(began)
			<-goOn
			return 0, &budget.Exhausted{}
		})
		if _, spent := errors.AsType[*budget.Exhausted](err); !spent {
			t.Errorf("who may not: %v", err)
		}
	})
	<-began
	joined := make(chan struct{})
	wg.Go(func() {
		close(joined)
		n, err := paid(t.Context(), &flight, "k", func(context.Context) (int, error) { return 7, nil })
		if n != 7 || err != nil {
			t.Errorf("who may: %d, %v", n, err)
		}
	})
	<-joined
	close(goOn)
	wg.Wait()
}

func TestHundredCallersOneIndexFetch(t *testing.T) {
	open := make(chan struct{})
	s := newStub(t, nil)
	s.set(func(w http.ResponseWriter, r *http.Request) {
		<-open
		page(`"1"`, "demo-1.0.zip")(w, r)
	})
	c := s.cache(t, t.TempDir())
	var arrived atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if arrived.Add(1) == 100 {
				close(open)
			}
			if x, err := c.Index(t.Context(), demo); err != nil || len(x.Files) != 1 {
				t.Errorf("Index = %v, %v", x, err)
			}
		})
	}
	wg.Wait()
	s.wantAsked(t, 1, "100 callers")
}

func TestNamesThatAreNotNormalAreNotAsked(t *testing.T) {
	s := newStub(t, status(404))
	c := s.cache(t, t.TempDir())
	for _, p := range []artifact.Package{
		{Ecosystem: artifact.NPM, Name: "../../etc"}, {Ecosystem: artifact.NPM, Name: "Demo"},
		{Ecosystem: artifact.NPM}, {Ecosystem: "pypi", Name: "demo"},
	} {
		if _, err := c.Index(t.Context(), p); err == nil {
			t.Errorf("Index(%v) was asked", p)
		}
		if _, err := c.Refresh(t.Context(), p); err == nil {
			t.Errorf("Refresh(%v) was asked", p)
		}
	}
	s.wantAsked(t, 0, "bad names")
}

func TestCancelledCallerIsNotServedStale(t *testing.T) {
	s := newStub(t, page(`"1"`))
	c := s.cache(t, t.TempDir())
	mustIndex(t, c)
	s.later(DefaultTTL)
	ctx, cancel := context.WithCancel(t.Context())
	s.set(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if x, err := c.Index(ctx, demo); !errors.Is(err, context.Canceled) {
		t.Errorf("Index = %v, %v; want context.Canceled", x, err)
	}
}

func TestFullCacheDoesNotStopAnswers(t *testing.T) {
	s := newStub(t, page(`"1"`, "demo-1.0.zip"))
	file := filepath.Join(t.TempDir(), "not-a-folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.cache(t, file)
	if x := mustIndex(t, c); len(x.Files) != 1 {
		t.Errorf("index %+v", x)
	}
}

func TestParsedIndexesAreBoundedInMemory(t *testing.T) {
	r := newRecent(3000)
	big := &lastAnswer{index: &ecosystem.Index{Files: []ecosystem.IndexFile{{URL: strings.Repeat("x", 10_000)}}}}
	small := func() *lastAnswer { return &lastAnswer{index: &ecosystem.Index{Files: make([]ecosystem.IndexFile, 2)}} }
	r.put("a", small())
	inUse := small()
	r.put("b", inUse)
	r.get("a")
	r.put("c", small())
	if r.byName["a"] == nil || r.byName["b"] != nil || r.byName["c"] == nil {
		t.Error("the least recently used one must go first")
	}
	if got := r.get("b"); got == nil || got.index != inUse.index {
		t.Error("an index that somebody still holds must be found again")
	}
	runtime.KeepAlive(inUse)
	runtime.GC()
	if r.byName["a"] != nil || r.get("a") != nil {
		t.Error("an index that nobody holds any more must be gone")
	}
	r.put("big", big)
	if r.get("big") == nil || r.order.Len() != 1 {
		t.Errorf("%d kept; want the newest alone, although it is too large", r.order.Len())
	}
	r.put("a", small())
	r.put("a", small())
	r.remove("a")
	r.remove("big")
	if r.bytes != 0 || r.order.Len() != 0 || len(r.byName) != 0 {
		t.Errorf("emptied, yet %d bytes in %d entries", r.bytes, r.order.Len())
	}
}

// TestKnownAsksNobody: a name may be ours, and whether the upstream has it is no
// question to ask it.
func TestKnownAsksNobody(t *testing.T) {
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "demo") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		page(`"1"`, "demo-1.0.zip")(w, r)
	})
	dir := t.TempDir()
	c := s.cache(t, dir)
	other := artifact.Package{Ecosystem: artifact.NPM, Name: "other"}
	if c.Known(demo) {
		t.Error("known before anybody asked for it")
	}
	if _, err := c.Index(t.Context(), demo); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Index(t.Context(), other); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Fatal(err)
	}
	s.asked.Store(0)
	if !c.Known(demo) || !s.cache(t, dir).Known(demo) {
		t.Error("what the upstream listed is not known, now or after a restart")
	}
	if c.Known(other) || c.Known(artifact.Package{Ecosystem: artifact.NPM, Name: "../demo"}) {
		t.Error("what the upstream does not have is known")
	}
	s.wantAsked(t, 0, "Known")
}

// TestHangingUpGivesNothingBack: whoever asks for made-up names and does not wait
// for the answer has asked for them.
func TestHangingUpGivesNothingBack(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	s := newStub(t, func(_ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	})
	book := budget.NewBook(budget.Config{Reader: budget.Limits{Names: 9, Unknown: 1, Bytes: 1 << 20}})
	eve := book.Reader("eve")
	if _, err := s.cache(t, t.TempDir()).ask(budget.With(ctx, eve), demo, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, spent := errors.AsType[*budget.Exhausted](eve.Take(budget.Unknown, 0)); !spent {
		t.Error("the name that was asked upstream cost nothing")
	}
}

func TestClean(t *testing.T) {
	s := newStub(t, page(`"1"`, "demo-1.0.zip"))
	dir := t.TempDir()
	c := s.cache(t, dir)
	mustIndex(t, c)
	if n, err := c.Clean(s.now()); n != 0 || err != nil {
		t.Errorf("Clean of nothing old = %d, %v", n, err)
	}
	if n, err := c.Clean(s.now().Add(time.Second)); n != 1 || err != nil {
		t.Errorf("Clean = %d, %v; want 1", n, err)
	}
	s.asked.Store(0)
	mustIndex(t, c)
	s.wantAsked(t, 1, "after Clean")
}

func TestURLsThatAreRefused(t *testing.T) {
	for _, bad := range []string{"", "simple", "ftp://x.invalid/", "https://u:p@x.invalid/simple/", "https://x.invalid/simple/?a=b"} {
		if _, err := Open(config(adapter.UpstreamConfig{Name: "main", BaseURL: bad})); err == nil {
			t.Errorf("BaseURL %q was accepted", bad)
		}
	}
}

// TestNamesThatAreKeptInside are asked for by nobody, whatever was known before.
func TestNamesThatAreKeptInside(t *testing.T) {
	s := newStub(t, page(`"1"`, "a"))
	c := s.cache(t, t.TempDir())
	if _, err := c.Index(t.Context(), demo); err != nil {
		t.Fatal(err)
	}
	s.wantAsked(t, 1, "before")
	c.cfg.Refuses = func(p artifact.Package) error {
		if p == demo {
			return fmt.Errorf("%s is ours: %w", p, ecosystem.ErrNoPackage)
		}
		return nil
	}
	s.later(time.Hour)
	for name, ask := range map[string]func(context.Context, artifact.Package) (*ecosystem.Index, error){"Index": c.Index, "Refresh": c.Refresh} {
		if _, err := ask(t.Context(), demo); !errors.Is(err, ecosystem.ErrNoPackage) || !strings.Contains(err.Error(), "is ours") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.Known(demo) {
		t.Error("a name that is kept inside is known")
	}
	s.wantAsked(t, 0, "kept inside")
}
