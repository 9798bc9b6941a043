package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/observe"
)

// Headers of every answer. A page sets a policy of its own that allows its style
// sheet; nothing else may load or run anything.
var always = []struct {
	name  string
	value []string
}{
	{"X-Gatehouse", []string{"1"}}, // how another gate notices that its upstream is one
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
}

// serve answers one request and logs it. operator is set on the socket of the
// data folder.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, operator *access.Principal) {
	rec := newRecorder(w)
	t := &trip{began: time.Now(), operator: operator}
	ctx, id := observe.WithID(r.Context())
	r = r.WithContext(context.WithValue(ctx, tripKey{}, t))
	defer func() { s.cfg.Metrics.Request(t.route, rec.status, time.Since(t.began)) }()
	defer s.logged(rec, r, t)
	defer s.recovered(rec, r)
	h := rec.Header()
	for _, a := range always {
		h[a.name] = a.value
	}
	h.Set("X-Request-Id", id) // so that whoever has the answer finds its lines in the log
	if r.ContentLength != 0 {
		// A body has to arrive in time, also when nobody wants to read it.
		_ = rec.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	if status, why := s.unwelcome(r, operator); status != 0 {
		writeProblem(rec, status, why)
		return
	}
	s.routes.ServeHTTP(rec, r)
}

// trip is what is known of a request beside itself.
type trip struct {
	began    time.Time
	operator *access.Principal
	who      access.Principal
	route    string // the pattern that it met
}

type tripKey struct{}

func tripOf(ctx context.Context) *trip { return ctx.Value(tripKey{}).(*trip) }

// unwelcome refuses requests that are not meant for this server, whoever sends
// them. Health checks come by address, from wherever the load balancer is.
func (s *Server) unwelcome(r *http.Request, operator *access.Principal) (int, string) {
	if operator != nil || r.URL.Path == "/healthz" {
		return 0, ""
	}
	if r.TLS == nil && !s.mayBePlain(r.RemoteAddr) {
		return http.StatusForbidden, "this gate takes plain HTTP from its proxies only; use " + s.cfg.PublicURL
	}
	// Only HTTP/1.0 comes without a Host, and no browser speaks that.
	if !s.hosts[strings.ToLower(r.Host)] && (r.Host != "" || r.ProtoAtLeast(1, 1)) {
		return http.StatusMisdirectedRequest, "this gate is not that host; it answers at " + s.cfg.PublicURL
	}
	if err := s.origins.Check(r); err != nil {
		return http.StatusForbidden, "another site's page may not act here"
	}
	return 0, ""
}

func (s *Server) mayBePlain(remote string) bool {
	if len(s.cfg.Proxies) == 0 {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// recovered turns a panic into a fault: logged, answered 503, nothing admitted.
func (s *Server) recovered(w *recorder, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v) // net/http's own way to drop a connection
	}
	s.cfg.Log.ErrorContext(r.Context(), "panic", "path", shown(r.URL.Path), "err", fmt.Sprint(v), "stack", string(debug.Stack()))
	if !w.untouched() {
		panic(http.ErrAbortHandler) // half an answer must not look whole
	}
	w.Header().Set("Retry-After", "5")
	writeProblem(w, http.StatusServiceUnavailable, cannotAnswer)
}

const cannotAnswer = "the gate cannot answer now; try again"

// logged writes one line for a request: what was asked and answered, by whom,
// never with what credential. Queries are left out, because people put tokens
// there.
func (s *Server) logged(w *recorder, r *http.Request, t *trip) {
	ctx, to := r.Context(), s.cfg.Log.Handler()
	if !to.Enabled(ctx, slog.LevelInfo) {
		return
	}
	now := time.Now()
	line := slog.NewRecord(now, slog.LevelInfo, "request", 0) // where in the code it was written says nothing, and costs a microsecond
	line.AddAttrs(
		slog.String("method", shown(r.Method)), slog.String("path", shown(r.URL.Path)),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes),
		slog.String("ms", strconv.FormatFloat(float64(now.Sub(t.began).Microseconds())/1000, 'f', 1, 64)),
		slog.String("remote", r.RemoteAddr),
	)
	if from := s.address(r); from.IsValid() && from != addressOf(r.RemoteAddr) {
		line.AddAttrs(slog.String("client", from.String())) // as our proxy says
	}
	if t.who.Kind != access.Nobody {
		line.AddAttrs(slog.String("who", t.who.String()))
	}
	if d := w.Header().Get("X-Gatehouse-Decision"); d != "" {
		line.AddAttrs(slog.String("decision", d))
	}
	if agent := r.UserAgent(); agent != "" {
		line.AddAttrs(slog.String("agent", shown(agent)))
	}
	_ = to.Handle(ctx, line) // as slog does: there is nowhere left to say that the log cannot be written
}

func shown(s string) string { return artifact.Untrusted(s).String() }
