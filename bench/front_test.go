package bench

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// front stands before a stub registry as an outside one: every answer takes its
// latency, and requests are counted. A stub that makes its packages while it is asked
// is asked once for each; its own address in an answer becomes the front's. It ends
// with the benchmark.
type front struct {
	b      *testing.B
	behind string // the stub's address, without a path
	server *httptest.Server

	mu    sync.Mutex
	near  bool                 // for once it has no latency
	kept  map[string]*answered // by path and what of the request an answer depends on
	asked map[string]int       // by path
	sent  int64                // bytes of bodies
}

// answered is what the stub said, once ready is closed.
type answered struct {
	ready  chan struct{}
	status int
	header http.Header
	body   []byte
}

// newFront puts itself before the stub at an address, of which the path is left off.
func newFront(b *testing.B, stub string) *front {
	b.Helper()
	f := &front{b: b, behind: origin(stub), kept: map[string]*answered{}, asked: map[string]int{}}
	f.server = httptest.NewServer(f)
	b.Cleanup(f.server.Close)
	return f
}

// origin is an address without its path.
func origin(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// url is an address of the stub's, at the front.
func (f *front) url(stub string) string { return strings.Replace(stub, f.behind, f.server.URL, 1) }

// forget sets the counters to zero.
func (f *front) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.asked)
	f.sent = 0
}

// come puts the front nearer, without its latency, or farther again.
func (f *front) come(near bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.near = near
}

// said is how much it answered.
func (f *front) said() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, times := range f.asked {
		n += times
	}
	return fmt.Sprintf("%d requests, %s", n, mb(f.sent))
}

// counted gives how often each path was asked for.
func (f *front) counted() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.asked)
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	far := time.NewTimer(latency)
	defer far.Stop()
	a, near := f.answer(r)
	if !near {
		select {
		case <-far.C:
		case <-r.Context().Done():
			return
		}
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.status != http.StatusOK {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body)) // a tag answers 304
}

func (f *front) answer(r *http.Request) (a *answered, near bool) {
	key := r.URL.RequestURI() + "\n" + r.Header.Get("Accept")
	f.mu.Lock()
	f.asked[r.URL.Path]++
	a, ok := f.kept[key]
	if !ok {
		a = &answered{ready: make(chan struct{}), status: http.StatusBadGateway}
		f.kept[key] = a
	}
	near = f.near
	f.mu.Unlock()
	if !ok {
		f.ask(a, r)
		close(a.ready)
	}
	<-a.ready
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent += int64(len(a.body))
	return a, near
}

func (f *front) ask(a *answered, r *http.Request) {
	req, err := http.NewRequest(http.MethodGet, f.behind+r.URL.RequestURI(), nil)
	if err != nil {
		f.b.Error(err)
		return
	}
	req.Header.Set("Accept", r.Header.Get("Accept"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.b.Error(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.b.Error(err)
		return
	}
	a.status, a.header = resp.StatusCode, resp.Header
	a.body = bytes.ReplaceAll(body, []byte(f.behind), []byte(f.server.URL))
	a.header.Del("Content-Length")
	a.header.Del("Date")
}
