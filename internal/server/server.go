// Package server is the gate's HTTP face: the registries that package clients
// read, the API that programs and the command line speak, and the pages that
// explain a decision to a person. One table (routes.go) lists every route with
// the act that it needs; nothing is answered before access said yes to it.
//
// The API speaks JSON, its errors are RFC 9457 problems
// (https://www.rfc-editor.org/rfc/rfc9457). The pages are made here
// of the pieces of package report; they work without scripts, and their
// Content-Security-Policy allows one, by its hash.
//
// It promises never to serve a file or to take a verdict itself (registry and
// gate do), never to build an address from a Host or X-Forwarded header, and
// never to log a credential. A fault answers 503 and admits nothing.
package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/observe"
)

// MainRegistry is the registry that is also served without its name in the path.
const MainRegistry = "main"

// Registry is one named view with the handlers of the ecosystems in it.
type Registry struct {
	Name     string
	Handlers map[string]http.Handler     // by path element: "pypi" is served below /pypi/ and /registry/NAME/pypi/
	Uploads  map[string]adapter.Receiver // by path element; what is missing takes none
	Off      map[string]string           // by path element: why nothing is served there, in a sentence
	// AsOf gives the handlers of the registry as it stood at a moment, by path element;
	// they are kept for a while. nil: there is no past of it to be had.
	AsOf func(at time.Time) map[string]http.Handler
}

// Config is what a Server needs. All fields are required unless said otherwise.
type Config struct {
	Gate       *gate.Gate
	Tokens     *access.Tokens
	Registries []Registry
	PublicURL  string   // how clients reach it, without a slash at the end
	Hosts      []string // further Host headers that are ours ("127.0.0.1:8484"); optional

	// AnonymousRead lets requests without a credential read.
	AnonymousRead bool
	// Proxies may speak plain HTTP from beyond loopback, and are believed about
	// where a request came from. Empty: whoever connects may speak.
	Proxies []netip.Prefix
	// Budgets bound what each reader makes the gate do. Nil: nothing does.
	Budgets *budget.Book

	MaxRequest int64        // bytes of manifests in one request
	Admissions int          // requests looked at at once; 0 is DefaultAdmissions
	Room       jobs.Room    // requests that may wait; the zero Room is without end
	Writable   func() error // says why the data folder cannot be written; nil: not asked
	Full       func() error // says why nothing new may be begun (blob.ErrFull); nil: not asked

	Upkeep      map[string]Work  // by name; may be empty
	Metrics     *observe.Metrics // nil: nobody counts
	MetricsOpen bool             // /metrics needs no token

	Version string
	Log     *slog.Logger
}

// DefaultAdmissions is how many requests are looked at at once where the Config
// does not say otherwise.
const DefaultAdmissions = 2

// Server answers HTTP requests. It is an http.Handler, safe for concurrent use;
// Close it to stop what runs in the background.
type Server struct {
	cfg     Config
	gate    *gate.Gate
	hosts   map[string]bool
	routes  *http.ServeMux
	pages   *pages
	runner  *jobs.Runner
	runs    runs
	origins *http.CrossOriginProtection
	moments moments
	closing chan struct{} // closed when waits should end
}

// New builds a server and starts its background workers: requests that an earlier
// one left unfinished go on.
func New(cfg Config) *Server {
	if cfg.Admissions <= 0 {
		cfg.Admissions = DefaultAdmissions
	}
	s := &Server{
		cfg: cfg, gate: cfg.Gate, hosts: hostsOf(cfg), pages: newPages(cfg.PublicURL),
		origins: http.NewCrossOriginProtection(), closing: make(chan struct{}),
	}
	s.routes = s.mount(s.table())
	s.runner = jobs.Start(jobs.Config{
		Store: cfg.Gate.Queue, Now: cfg.Gate.Now, Random: rand.Float64, Log: cfg.Log,
		Kinds: map[string]jobs.Kind{gate.RequestJob: {
			Slots: cfg.Admissions,
			Do:    func(ctx context.Context, j jobs.Job) error { return s.runs.look(ctx, s.gate, j) },
		}},
	})
	return s
}

// hostsOf lists the Host headers that are ours.
func hostsOf(cfg Config) map[string]bool {
	out := map[string]bool{}
	_, host, _ := strings.Cut(cfg.PublicURL, "://")
	host, _, _ = strings.Cut(host, "/")
	for _, h := range append([]string{host}, cfg.Hosts...) {
		out[strings.ToLower(h)] = true
	}
	return out
}

// ServeHTTP implements http.Handler for the network listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, nil) }

// Local is the handler for the socket in the data folder: the API only. Whoever
// can open that socket owns the folder, and acts under the name given.
func (s *Server) Local(name string) http.Handler {
	operator := access.LocalOperator(name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && !strings.HasPrefix(r.URL.Path, "/api/") {
			http.NotFound(w, r)
			return
		}
		s.serve(w, r, &operator)
	})
}

// EndWaits lets requests that wait for an answer go. http.Server.Shutdown waits
// for them, so it should be called first.
func (s *Server) EndWaits() { close(s.closing) }

// Close begins no more admissions, gives those under way until ctx ends, then
// stops them and waits until that is recorded. The next server on the same store
// goes on with what is unfinished.
func (s *Server) Close(ctx context.Context) { s.runner.Close(ctx) }

// Timeouts of the listener. There is no limit on a whole answer: a large file
// over a slow line is fine as long as it moves (see recorder).
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	firstByte     = 2 * time.Minute // for an answer to begin
	maxHeader     = 32 << 10        // bytes
)

// HTTP wraps a handler in an http.Server that withstands slow and greedy
// clients. It speaks HTTP/1.1 only: HTTP/2 has no reason phrase, and that is
// where pip, uv and poetry show why a file is refused.
func HTTP(h http.Handler, log *slog.Logger) *http.Server {
	only1 := new(http.Protocols)
	only1.SetHTTP1(true)
	return &http.Server{
		Handler: h, Protocols: only1,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, WriteTimeout: firstByte, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
