package ecosystemtest

import (
	"bytes"
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
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// shop is the stub of an outside index. It counts what it is asked for.
type shop struct {
	*httptest.Server
	t testing.TB
	s Suite

	mu       sync.Mutex
	packages []Package
	asked    map[string]int // by path
	down     bool
	instead  map[string]Reply // of a path, in place of the answer
	hold     chan struct{}    // not nil: answers wait until it is closed
}

func openShop(t testing.TB, s Suite, packages ...Package) *shop {
	t.Helper()
	o := &shop{t: t, s: s, packages: packages, asked: map[string]int{}, instead: map[string]Reply{}}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Server.Close)
	return o
}

// ServeHTTP implements http.Handler.
func (o *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	o.mu.Lock()
	o.asked[path]++
	have, down, hold := o.packages, o.down, o.hold
	reply, ok := o.instead[path]
	o.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if !ok {
		reply, ok = o.s.Upstream(o.t, have, o.URL, path)
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", reply.ContentType)
	http.ServeContent(w, r, "", reply.Modified, bytes.NewReader(reply.Body))
}

// change alters the shop.
func (o *shop) change(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	do()
}

// askedFor says how often paths were asked for that hold a text.
func (o *shop) askedFor(text string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for path, times := range o.asked {
		if strings.Contains(path, text) {
			n += times
		}
	}
	return n
}

// site is a gate, a registry and a server over a shop.
type site struct {
	*servertest.World
	t       testing.TB
	s       Suite
	shop    *shop
	http    *httptest.Server
	arrived atomic.Pointer[func()] // called as a request reaches the server; nil: not
}

const ourHost = "gate.example.invalid:8484"

// open serves packages through a whole gate.
func open(t testing.TB, s Suite, packages ...Package) *site {
	t.Helper()
	shop := openShop(t, s, packages...)
	w := servertest.Over(t, s.Adapter, shop.URL, s.Options)
	v := &site{World: w, t: t, s: s, shop: shop}
	reg := server.Registry{Name: server.MainRegistry, Handlers: map[string]http.Handler{s.Adapter.Path: w.Handler(server.MainRegistry)}}
	if s.Publish != nil {
		reg.Uploads = map[string]adapter.Receiver{s.Adapter.Path: w.Receiver(server.MainRegistry)}
	}
	srv := server.New(server.Config{
		Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, AnonymousRead: true, MaxRequest: 1 << 20, Version: "test", Log: w.Log,
		Registries: []server.Registry{reg},
	})
	v.http = httptest.NewUnstartedServer(nil)
	v.http.Config = server.HTTP(srv, w.Log)
	inner := v.http.Config.Handler
	v.http.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if arrived := v.arrived.Load(); arrived != nil {
			(*arrived)()
		}
		inner.ServeHTTP(rw, r)
	})
	v.http.Start()
	t.Cleanup(func() {
		v.http.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		srv.Close(ctx)
	})
	return v
}

// release is a neutral release, a month old.
func (s Suite) release(name, number string, needs ...Need) Release {
	for i, n := range needs {
		needs[i] = Need{s.Name(n.Name), s.Number(n.Least)}
	}
	return Release{Name: s.Name(name), Number: s.Number(number), At: servertest.Start.AddDate(0, 0, -30), Needs: needs}
}

// pkg is a neutral package with releases of some numbers.
func (s Suite) pkg(name string, numbers ...string) Package {
	p := Package{Name: s.Name(name)}
	for _, n := range numbers {
		p.Releases = append(p.Releases, s.release(name, n))
	}
	return p
}

// identity is the package of a name as the suite spells it.
func (s Suite) identity(t testing.TB, name string) artifact.Package {
	t.Helper()
	p, err := s.Adapter.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s Suite) version(t testing.TB, r Release) artifact.Version {
	return artifact.Version{Package: s.identity(t, r.Name), Number: r.Number}
}

// present sets how the registry shows what is refused.
func (v *site) present(p gate.Presentation) {
	reg := v.Gate.Registries[server.MainRegistry]
	reg.Present = p
	v.Gate.Registries[server.MainRegistry] = reg
}

// Got is an answer to a client.
type Got struct {
	Code   int
	Status string // with the reason phrase
	Header http.Header
	Body   []byte
}

// client takes no compression and follows no redirect by itself, and hangs up on an
// answer that does not come.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       time.Minute,
}

// send asks for a path below the registry's address.
func (v *site) send(q Request, token string) Got {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), q.Method, v.http.URL+"/"+v.s.Adapter.Path+q.Path, bytes.NewReader(q.Body))
	if err != nil {
		v.t.Fatal(err)
	}
	if q.Body == nil {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Host = ourHost
	for name, value := range q.Header {
		r.Header.Set(name, value)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(r)
	if err != nil {
		v.t.Errorf("%s %s: %v", q.Method, q.Path, err)
		return Got{Header: http.Header{}}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Errorf("%s %s: %v", q.Method, q.Path, err)
	}
	return Got{resp.StatusCode, resp.Status, resp.Header, b}
}

// page reads a page as a client does; header is in pairs.
func (v *site) page(method, path string, header ...string) Got {
	v.t.Helper()
	h := map[string]string{}
	if v.s.Accept != "" {
		h["Accept"] = v.s.Accept
	}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return v.send(Request{Method: method, Path: path, Header: h}, "")
}

func (v *site) download(r Release) Got {
	v.t.Helper()
	return v.send(Request{Method: http.MethodGet, Path: v.s.Download(r)}, "")
}

// seen is what a client sees of a package, by number.
func (v *site) seen(name string) map[string]Seen {
	v.t.Helper()
	out := map[string]Seen{}
	for _, row := range v.s.Read(v.t, func(path string) Got { return v.page(http.MethodGet, path) }, name) {
		out[row.Number] = row
	}
	return out
}

// shown says how a client sees one version.
func shown(seen map[string]Seen, number string) Shown {
	row, ok := seen[number]
	if !ok {
		return Gone
	}
	return row.Shown
}

// admitted fetches a release through the gate and fails the test when it does not
// come whole.
func (v *site) admitted(r Release) {
	v.t.Helper()
	if got := v.download(r); got.Code != http.StatusOK || !bytes.Equal(got.Body, v.s.Archive(v.t, r)) {
		v.t.Fatalf("%s %s: %s, %d bytes, want its %d: %.300s", r.Name, r.Number, got.Status, len(got.Body), len(v.s.Archive(v.t, r)), got.Body)
	}
}
