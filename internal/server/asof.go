package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// momentsKept is how many registries of the past are kept, the last ones used. Their
// handlers hold rendered pages.
const momentsKept = 8

// moments keeps the handlers of registries as of moments.
type moments struct {
	mu   sync.Mutex
	rows []moment // the last used one first
}

type moment struct {
	registry string
	at       time.Time
	handlers map[string]http.Handler
}

// of gives the handlers of a registry as of a moment.
func (m *moments) of(reg Registry, at time.Time) map[string]http.Handler {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := moment{registry: reg.Name, at: at}
	if i := slices.IndexFunc(m.rows, func(r moment) bool { return r.registry == reg.Name && r.at.Equal(at) }); i >= 0 {
		row = m.rows[i]
		m.rows = slices.Delete(m.rows, i, i+1)
	} else {
		row.handlers = reg.AsOf(at)
	}
	m.rows = slices.Insert(m.rows, 0, row)
	m.rows = m.rows[:min(len(m.rows), momentsKept)]
	return row.handlers
}

// servePast answers below /asof/MOMENT/ as the registries there were: /PATH/… for
// the main one, /registry/NAME/PATH/… for every one.
func (s *Server) servePast(c *call) error {
	at, err := readMoment(c.r.PathValue("moment"), s.gate.Now())
	if err != nil {
		return err
	}
	parts := strings.SplitN(c.r.URL.EscapedPath(), "/", 7) // "", asof, MOMENT, then PATH, … or registry, NAME, PATH, …
	name, taken := MainRegistry, 4
	if len(parts) > 5 && parts[3] == "registry" {
		name, taken = parts[4], 6
	}
	if len(parts) <= taken {
		return verdict.ErrNotFound
	}
	if err := c.may(name); err != nil {
		return err
	}
	i := slices.IndexFunc(s.cfg.Registries, func(r Registry) bool { return r.Name == name && r.AsOf != nil })
	if i < 0 {
		return verdict.ErrNotFound
	}
	reg, path := s.cfg.Registries[i], parts[taken-1]
	if why, off := reg.Off[path]; off {
		return &badInput{http.StatusForbidden, why}
	}
	if reg.Handlers[path] == nil {
		return verdict.ErrNotFound
	}
	if err := c.stripEscaped(strings.Join(parts[:taken], "/")); err != nil {
		return err
	}
	s.moments.of(reg, at)[path].ServeHTTP(c.w, c.r)
	return nil
}

// stripEscaped is strip of a prefix as it was written: clients escape the colons of
// a moment or leave them.
func (c *call) stripEscaped(prefix string) error {
	plain, err := url.PathUnescape(prefix)
	if err != nil {
		return verdict.ErrNotFound
	}
	below := *c.r.URL
	var whole bool
	if below.Path, whole = strings.CutPrefix(below.Path, plain); !whole {
		return verdict.ErrNotFound
	}
	if below.RawPath != "" {
		below.RawPath = strings.TrimPrefix(below.RawPath, prefix)
	}
	c.r.URL = &below
	return nil
}

// readMoment reads a time of the past.
func readMoment(text string, now time.Time) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, bad("%.40q is no moment; write one as 2026-05-03T12:00:00Z", shown(text))
	}
	if at.After(now) {
		return at, bad("%s is not over yet; leave /asof/ out for what holds now", at.Format(time.RFC3339))
	}
	return at.UTC(), nil
}
