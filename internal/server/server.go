// Package server is the gate's HTTP face: the registries that package clients
// read, the API that programs and the command line speak, and the pages that
// explain a decision to a person. One table (routes.go) lists every route with
// the act that it needs; nothing is answered before access said yes to it.
//
// The API speaks JSON, its errors are RFC 9457 problems
// (https://www.rfc-editor.org/rfc/rfc9457). The pages are made here, without
// scripts, and work under a Content-Security-Policy that allows none.
//
// It promises never to serve a file or to take a verdict itself (registry and
// gate do), never to build an address from a Host or X-Forwarded header, and
// never to log a credential. A fault answers 503 and admits nothing.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// MainRegistry is the registry that is also served without its name in the path.
const MainRegistry = "main"

// Registry is one named view with the handlers of the ecosystems in it.
type Registry struct {
	Name     string
	Handlers map[string]http.Handler // by path element: "pypi" is served below /pypi/ and /registry/NAME/pypi/
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
	// Proxies may speak plain HTTP from beyond loopback. Empty: whoever connects
	// may speak.
	Proxies []netip.Prefix

	MaxRequest int64        // bytes of manifests in one request
	Admissions int          // requests looked at at once; 0 is DefaultAdmissions
	Queue      int          // requests that may wait; 0 is DefaultQueue
	Writable   func() error // says why the data folder cannot be written; nil: not asked
	Version    string
	Log        *slog.Logger
}

// What a Server does at once where its Config does not say otherwise.
const (
	DefaultAdmissions = 2
	DefaultQueue      = 64
)

// Server answers HTTP requests. It is an http.Handler, safe for concurrent use;
// Close it to stop what runs in the background.
type Server struct {
	cfg     Config
	gate    *gate.Gate
	hosts   map[string]bool
	routes  *http.ServeMux
	pages   *pages
	queue   *queue
	origins *http.CrossOriginProtection
	closing chan struct{} // closed when waits should end
}

// New builds a server and starts its background workers.
func New(cfg Config) *Server {
	if cfg.Admissions <= 0 {
		cfg.Admissions = DefaultAdmissions
	}
	if cfg.Queue <= 0 {
		cfg.Queue = DefaultQueue
	}
	s := &Server{
		cfg: cfg, gate: cfg.Gate, hosts: hostsOf(cfg), pages: newPages(cfg.PublicURL),
		origins: http.NewCrossOriginProtection(), closing: make(chan struct{}),
	}
	s.queue = newQueue(cfg.Gate, cfg.Admissions, cfg.Queue, cfg.Log)
	s.routes = s.mount(s.table())
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

// Interrupted marks the requests that had no answer when the last process
// ended. Call it once, before serving.
func (s *Server) Interrupted(ctx context.Context) error {
	const most = 1000
	outs, err := s.gate.Store.Requests(ctx, "", most)
	if err != nil {
		return fmt.Errorf("finding interrupted requests: %w", err)
	}
	for _, o := range outs {
		if o.Status == verdict.Done || o.Status == verdict.Failed {
			continue
		}
		failed := failedOutcome(o.Request, s.gate.DecisionURL(o.Request), "the gate stopped before it had an answer; ask again")
		if err := s.gate.Store.FinishRequest(ctx, o.Request, verdict.Failed, failed, s.gate.Now()); err != nil && !errors.Is(err, verdict.ErrConflict) {
			return fmt.Errorf("marking request %s as interrupted: %w", o.Request, err)
		}
		s.cfg.Log.WarnContext(ctx, "a request had no answer when the gate stopped", "request", o.Request)
	}
	return nil
}

// failedOutcome is the outcome of a request that came to no decision.
func failedOutcome(id, url, why string) verdict.Outcome {
	return verdict.Outcome{
		Request: id, Status: verdict.Failed, Verdict: verdict.Hold, DecisionURL: url, Versions: []verdict.VersionOutcome{},
		Problems: []verdict.Problem{{Class: finding.Fault, Effect: verdict.EffectHold, Fatal: true, Text: why}},
	}
}

// EndWaits lets requests that wait for an answer go. http.Server.Shutdown waits
// for them, so it should be called first.
func (s *Server) EndWaits() { close(s.closing) }

// Close stops taking admissions, gives those under way until ctx ends, then
// cancels them and waits until they are recorded.
func (s *Server) Close(ctx context.Context) { s.queue.close(ctx) }

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
