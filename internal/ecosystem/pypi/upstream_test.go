package pypi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
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

func (s *stub) upstream(t *testing.T, dir string) *Upstream {
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
	u, err := OpenUpstream(adapter.UpstreamConfig{Name: "main", BaseURL: s.URL + "/simple", Client: client, CacheDir: dir, Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// page answers with a page and honours its ETag.
func page(etag string, files ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", upstreamJSON)
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, pageJSON(files...))
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func mustIndex(t *testing.T, u *Upstream) *ecosystem.Index {
	t.Helper()
	x, err := u.Index(t.Context(), demo)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestIndexIsAskedForByName(t *testing.T) {
	s := newStub(t, nil)
	s.set(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/simple/"+demo.Name+"/" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		page(`"1"`, fileJSON("demo-pkg-1.0.tar.gz", ""))(w, r)
	})
	u := s.upstream(t, t.TempDir())
	if x := mustIndex(t, u); x.Upstream != "main" || x.Stale || !x.Fetched.Equal(s.now()) || len(x.Files) != 1 {
		t.Errorf("index %+v", x)
	}
	if got := s.last.Get("Accept"); !strings.HasPrefix(got, upstreamJSON+",") || !strings.Contains(got, "text/html;q=") {
		t.Errorf("Accept: %s", got)
	}
	mustIndex(t, u)
	s.wantAsked(t, 1, "twice")
}

func TestNamesThatAreNotNormalAreNotAsked(t *testing.T) {
	s := newStub(t, status(404))
	u := s.upstream(t, t.TempDir())
	for _, p := range []artifact.Package{
		{Ecosystem: artifact.PyPI, Name: "../../etc"}, {Ecosystem: artifact.PyPI, Name: "Demo"},
		{Ecosystem: artifact.PyPI}, {Ecosystem: "npm", Name: "demo"},
	} {
		if _, err := u.Index(t.Context(), p); err == nil {
			t.Errorf("Index(%v) was asked", p)
		}
		if _, err := u.Refresh(t.Context(), p); err == nil {
			t.Errorf("Refresh(%v) was asked", p)
		}
	}
	s.wantAsked(t, 0, "bad names")
}

func TestUpstreamsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		cfg adapter.UpstreamConfig
		why string
	}{
		{adapter.UpstreamConfig{BaseURL: "simple"}, "no address"},
		{adapter.UpstreamConfig{BaseURL: "https://x.invalid/simple/", Options: map[string]string{"sumdb": "off"}}, "an option of another ecosystem would do nothing"},
	} {
		if _, err := OpenUpstream(tc.cfg); err == nil {
			t.Errorf("%+v was accepted (%s)", tc.cfg, tc.why)
		}
	}
}
