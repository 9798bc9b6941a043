package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// route is one line of the table. A route with an act asks access before its
// handler runs, and the handler says for which registry before it does anything.
type route struct {
	pattern string
	act     access.Act // "": open to everybody
	handle  func(*call) error
}

// table is every route that this server has.
func (s *Server) table() []route {
	t := []route{
		{"GET /{$}", access.Read, s.startPage},
		{"GET /healthz", "", s.health},
		{"GET /static/{file}", "", s.static},
		{"GET /d/{id}", access.Read, s.showDecision},

		{"POST /api/v1/requests", access.Request, s.createRequest},
		{"GET /api/v1/requests", access.Read, s.listRequests},
		{"GET /api/v1/requests/{id}", access.Read, s.getRequest},
		{"POST /api/v1/requests/{id}/fixed", access.Read, s.fixRequest},
		{"GET /api/v1/requests/{id}/reports", access.Read, s.listReports},
		{"GET /api/v1/requests/{id}/reports/{format}", access.Read, s.getReport},
		{"POST /api/v1/requests/{id}/cancel", access.Request, s.cancelRequest},

		{"GET /api/v1/jobs", access.ReadAudit, s.listJobs},
		{"POST /api/v1/jobs/{id}/restart", access.Configure, s.restartJob},

		{"POST /api/v1/upkeep/{work}", access.Configure, s.upkeep},
		{"GET /metrics", s.metricsAct(), s.metrics},

		{"POST /api/v1/asks", access.Ask, s.createAsk},
		{"GET /api/v1/asks", access.Read, s.listAsks},
		{"POST /api/v1/waivers", access.Waive, s.createWaiver},
		{"GET /api/v1/waivers", access.Read, s.listWaivers},
		{"POST /api/v1/approvals", access.Approve, s.createApproval},
		{"POST /api/v1/revocations", access.Revoke, s.createRevocation},

		{"GET /api/v1/explain", access.Read, s.explain},
		{"GET /api/v1/differences", access.Request, s.difference},
		{"GET /api/v1/decisions/{id}", access.Read, s.getDecision},

		{"POST /api/v1/tokens", access.ManageTokens, s.createToken},
		{"GET /api/v1/tokens", access.ManageTokens, s.listTokens},
		{"DELETE /api/v1/tokens/{id}", access.ManageTokens, s.revokeToken},
		{"/api/", access.Read, func(*call) error { return verdict.ErrNotFound }},
	}
	for _, reg := range s.cfg.Registries {
		for path, h := range reg.Handlers {
			for _, prefix := range prefixes(reg.Name, path) {
				t = append(t, packages(prefix+"/", prefix, reg.Name, h))
			}
		}
		for path, why := range reg.Off {
			for _, prefix := range prefixes(reg.Name, path) {
				t = append(t, route{prefix + "/", access.Read, func(*call) error { return &badInput{http.StatusForbidden, why} }})
			}
		}
	}
	t = append(t, route{"/asof/{moment}/{rest...}", access.Read, s.servePast})
	return append(t, s.publishing()...)
}

// prefixes are where an ecosystem of a registry is served.
func prefixes(registry, path string) []string {
	out := []string{"/registry/" + registry + "/" + path}
	if registry == MainRegistry {
		out = append(out, "/"+path)
	}
	return out
}

// packages mounts what an ecosystem serves to readers.
func packages(pattern, prefix, registry string, h http.Handler) route {
	return route{pattern, access.Read, func(c *call) error {
		if err := c.may(registry); err != nil {
			return err
		}
		if err := c.strip(prefix); err != nil {
			return err
		}
		h.ServeHTTP(c.w, c.r)
		return nil
	}}
}

// strip takes a prefix off the path. The request is the call's own, see answer.
func (c *call) strip(prefix string) error {
	below := *c.r.URL
	var whole, escaped bool
	if below.Path, whole = strings.CutPrefix(below.Path, prefix); below.RawPath != "" {
		below.RawPath, escaped = strings.CutPrefix(below.RawPath, prefix)
		whole = whole && escaped
	}
	if !whole {
		return verdict.ErrNotFound // the prefix was written with needless escapes
	}
	c.r.URL = &below
	return nil
}

func (s *Server) mount(table []route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range table {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			tripOf(r.Context()).route = rt.pattern
			c := &call{s: s, w: w, r: r, act: rt.act}
			if err := c.answer(rt); err != nil {
				s.fail(c, err)
			}
		})
	}
	return mux
}

// call is one request on its way through a handler.
type call struct {
	s   *Server
	w   http.ResponseWriter
	r   *http.Request
	act access.Act
	who access.Principal
}

// answer asks who it is, turns away who may never do this, and lets the handler
// answer.
func (c *call) answer(rt route) error {
	if rt.act == "" {
		return rt.handle(c)
	}
	if err := c.identify(); err != nil {
		return err
	}
	// The handler asks again, for the registry that the request turns out to be
	// about. This first question keeps strangers from having a body read.
	if err := access.Authorize(c.who, c.act, c.widest()); err != nil {
		return err
	}
	c.r = c.r.WithContext(c.reading())
	return rt.handle(c)
}

func (c *call) identify() error {
	t := tripOf(c.r.Context())
	if t.operator != nil {
		c.who = *t.operator
	} else {
		who, err := c.s.cfg.Tokens.Authenticate(c.r, access.Policy{AnonymousRead: c.s.cfg.AnonymousRead})
		if err != nil {
			return err
		}
		c.who = who
	}
	t.who = c.who
	return nil
}

// widest is a registry that the principal's token covers.
func (c *call) widest() string {
	if len(c.who.Registries) > 0 {
		return c.who.Registries[0]
	}
	return access.All
}

// may asks whether the caller may do this route's act in a registry.
func (c *call) may(registry string) error { return access.Authorize(c.who, c.act, registry) }

// badInput is an error of the asker's making; its text is for them.
type badInput struct {
	status int
	text   string
}

func (e *badInput) Error() string { return e.text }

func bad(format string, args ...any) error {
	return &badInput{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// busyAfter is when to ask again, in seconds.
const busyAfter = 5

// fail answers an error: what the asker did, what they may not, what is not
// there; everything else is our fault and only logged.
func (s *Server) fail(c *call, err error) {
	if c.r.Context().Err() != nil && !errors.Is(err, access.ErrUnauthenticated) {
		return // nobody is there to read it
	}
	status, text := s.explainError(err)
	spent, overdrawn := errors.AsType[*budget.Exhausted](err)
	switch {
	case status == http.StatusUnauthorized && c.act == access.Publish:
		access.Invite(c.w.Header())
	case status == http.StatusUnauthorized:
		access.Challenge(c.w, err)
		return
	case errors.Is(err, blob.ErrFull): // a person has to make room first
	case overdrawn:
		answer.RetryAfter(c.w.Header(), spent.After)
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		c.w.Header().Set("Retry-After", strconv.Itoa(busyAfter))
	}
	if status == http.StatusServiceUnavailable {
		s.cfg.Log.ErrorContext(c.r.Context(), "cannot answer", "path", shown(c.r.URL.Path), "err", err)
	}
	if c.act == access.Publish {
		c.refuseUpload(status, text)
		return
	}
	if c.wantsPage() {
		s.pages.problem(c, status, text)
		return
	}
	writeProblem(c.w, status, text)
}

// busy says whose requests are too many.
func busy(full *jobs.FullError) string {
	if full.Share != "" {
		return fmt.Sprintf("%d requests of %q wait to be looked at, which is the most for one project; ask again in a moment", full.Most, shown(full.Share))
	}
	return fmt.Sprintf("%d requests wait to be looked at, which is the most; ask again in a moment", full.Most)
}

func (s *Server) explainError(err error) (int, string) {
	if in, ok := errors.AsType[*badInput](err); ok {
		return in.status, in.text
	}
	if no, ok := errors.AsType[*gate.ErrNoRegistry](err); ok {
		return http.StatusNotFound, no.Error()
	}
	if spent, ok := errors.AsType[*budget.Exhausted](err); ok {
		return http.StatusTooManyRequests, spent.Error()
	}
	if full, ok := errors.AsType[*jobs.FullError](err); ok {
		return http.StatusTooManyRequests, busy(full)
	}
	switch {
	case errors.Is(err, access.ErrUnauthenticated):
		return http.StatusUnauthorized, err.Error()
	case errors.Is(err, verdict.ErrForbidden):
		return http.StatusForbidden, err.Error()
	case errors.Is(err, verdict.ErrNotFound):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, verdict.ErrConflict):
		return http.StatusConflict, err.Error()
	case errors.Is(err, ecosystem.ErrNoPackage):
		return http.StatusNotFound, "no package of that name, here or upstream"
	case errors.Is(err, blob.ErrFull):
		return http.StatusServiceUnavailable, "the gate's disk has no room for new work; what was admitted is still served; an admin has to make room"
	case errors.Is(err, ecosystem.ErrUnreachable):
		return http.StatusServiceUnavailable, "the upstream cannot be reached now; try again"
	}
	return http.StatusServiceUnavailable, cannotAnswer
}
