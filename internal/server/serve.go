package server

import (
	"context"
	"errors"
	"fmt"
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
)

// Headers of every answer. A page sets a policy of its own that allows its style
// sheet; nothing else may load or run anything.
var always = map[string][]string{
	"X-Gatehouse":                  {"1"}, // how another gate notices that its upstream is one
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
}

// serve answers one request and logs it. operator is set on the socket of the
// data folder.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, operator *access.Principal) {
	rec := newRecorder(w)
	t := &trip{began: time.Now(), operator: operator}
	defer s.logged(rec, r, t)
	defer s.recovered(rec, r)
	h := rec.Header()
	for k, v := range always {
		h[k] = v
	}
	if r.ContentLength != 0 {
		// A body has to arrive in time, also when nobody wants to read it.
		_ = rec.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	if status, why := s.unwelcome(r, operator); status != 0 {
		writeProblem(rec, status, why)
		return
	}
	s.routes.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), tripKey{}, t)))
}

// trip is what is known of a request beside itself.
type trip struct {
	began    time.Time
	operator *access.Principal
	who      access.Principal
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
	attrs := []any{
		"method", shown(r.Method), "path", shown(r.URL.Path), "status", w.status, "bytes", w.bytes,
		"ms", strconv.FormatFloat(float64(time.Since(t.began).Microseconds())/1000, 'f', 1, 64),
		"remote", r.RemoteAddr,
	}
	if t.who.Kind != access.Nobody {
		attrs = append(attrs, "who", t.who.String())
	}
	if d := w.Header().Get("X-Gatehouse-Decision"); d != "" {
		attrs = append(attrs, "decision", d)
	}
	if agent := r.UserAgent(); agent != "" {
		attrs = append(attrs, "agent", shown(agent))
	}
	s.cfg.Log.InfoContext(r.Context(), "request", attrs...)
}

func shown(s string) string { return artifact.Untrusted(s).String() }
