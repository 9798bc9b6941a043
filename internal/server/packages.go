package server

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// publishing is the routes of our own packages: where each client uploads, what
// was attested, and what people do to what is there.
func (s *Server) publishing() []route {
	t := []route{
		{"GET /api/v1/packages", access.Read, s.listPackages},
		{"POST /api/v1/packages/yank", access.Yank, s.packageAct((*gate.Gate).Yank)},
		{"POST /api/v1/packages/unyank", access.Yank, s.packageAct((*gate.Gate).Unyank)},
		{"POST /api/v1/packages/delete", access.Delete, s.packageAct((*gate.Gate).Delete)},
		// Trusted publishing: clients ask here for an audience, and take another way in
		// when there is none.
		{"/_/oidc/", "", noTrustedPublishing},
	}
	for _, reg := range s.cfg.Registries {
		for path, to := range reg.Uploads {
			for _, prefix := range prefixes(reg.Name, path) {
				for _, pattern := range to.Patterns() {
					t = append(t, upload(under(prefix, pattern), prefix, reg.Name, to))
				}
				for _, pattern := range to.ReadPatterns() {
					t = append(t, packages(under(prefix, pattern), prefix, reg.Name, to))
				}
			}
		}
	}
	return t
}

func noTrustedPublishing(c *call) error {
	return &badInput{http.StatusNotFound, "this gate has no trusted publishing; publish with a token of role publisher as the password and __token__ as the user"}
}

// under is a pattern, with or without a method, below a prefix.
func under(prefix, pattern string) string {
	if method, path, ok := strings.Cut(pattern, " "); ok {
		return method + " " + prefix + strings.TrimLeft(path, " ")
	}
	return prefix + pattern
}

// upload mounts a receiver.
func upload(pattern, prefix, registry string, to adapter.Receiver) route {
	return route{pattern, access.Publish, func(c *call) error {
		if err := c.may(registry); err != nil {
			return err
		}
		if err := c.strip(prefix); err != nil {
			return err
		}
		c.r.Body = &paced{ReadCloser: c.r.Body, control: http.NewResponseController(c.w), began: time.Now()}
		to.Receive(c.w, c.r, ecosystem.Publisher{Name: c.who.Name, Admin: c.who.Kind == access.Local || c.who.Role == access.Admin, Names: c.who.Names})
		return nil
	}}
}

// paced is a body that may take long, as long as it moves: after some grace it
// must come at minRate.
type paced struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	n       int64
}

// Read implements io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	// Where there is no deadline to set (a test's recorder), nobody is slow either.
	_ = p.control.SetReadDeadline(p.began.Add(bodyTimeout + time.Duration(p.n/minRate)*time.Second))
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	return n, err
}

// refuseUpload answers an upload that was turned away before it was read: most
// clients read an answer only after they have sent everything, and show nothing
// but its reason phrase.
func (c *call) refuseUpload(status int, text string) {
	answer.Drain(c.r)
	if err := answer.Say(c.w, c.r, status, "gatehouse: "+text); err != nil {
		c.s.cfg.Log.DebugContext(c.r.Context(), "answer not delivered", "path", shown(c.r.URL.Path), "err", err)
	}
}

// listPackages lists our own packages, or one of them.
func (s *Server) listPackages(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	var p artifact.Package
	if purl := c.r.URL.Query().Get("purl"); purl != "" {
		v, err := s.version(purl)
		if err != nil {
			return err
		}
		p = v.Package
	}
	list, err := s.gate.Packages(c.r.Context(), name, p)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"packages": list})
}

// packageAct reads what should be done to which of our own files, and does it.
func (s *Server) packageAct(do func(*gate.Gate, context.Context, gate.Act) (int, error)) func(*call) error {
	return func(c *call) error {
		var in struct {
			Registry string `json:"registry"` // default main
			Purl     string `json:"purl"`     // with a version, or for a deletion without
			File     string `json:"file"`
			Reason   string `json:"reason"`
		}
		if err := c.readJSON(&in, maxSmallBody); err != nil {
			return err
		}
		in.Registry = cmp.Or(in.Registry, MainRegistry)
		if err := c.may(in.Registry); err != nil {
			return err
		}
		v, err := s.version(in.Purl)
		if err != nil {
			return err
		}
		n, err := do(s.gate, c.r.Context(), gate.Act{
			Registry: in.Registry, Version: v, File: in.File, Reason: strings.TrimSpace(in.Reason), By: c.who.Name, Names: c.who.Names,
		})
		if wrong, ok := errors.AsType[*gate.ActError](err); ok {
			return bad("%s", wrong.Error())
		}
		if errors.Is(err, verdict.ErrNotFound) {
			return &badInput{http.StatusNotFound, shown(err.Error())}
		} else if err != nil {
			return err
		}
		return writeJSON(c.w, http.StatusOK, map[string]any{"purl": v.Purl(), "registry": in.Registry, "files": n})
	}
}
