package server

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

//go:embed web
var web embed.FS

// pages renders the HTML. Everything in it came through html/template's
// escaping, and text from outside through artifact.Untrusted before it.
type pages struct {
	set   *template.Template
	style string // the style sheet's address, which changes with its content
	sheet *answer.Page
	host  string // the public URL, for people
}

// pagePolicy lets a page load our style sheet, run the one script that the
// reports bring along, and nothing else.
var pagePolicy = "default-src 'none'; style-src 'self'; script-src " + report.ScriptHash + "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func newPages(publicURL string) *pages {
	css := []byte(report.Style)
	sheet, err := answer.NewPage("text/css; charset=utf-8", "", css)
	if err != nil {
		panic(err) // a constant of this program
	}
	p := &pages{style: "gatehouse-" + artifact.DigestOf(css).Short() + ".css", sheet: sheet, host: publicURL}
	p.set = template.Must(report.Pieces().Funcs(template.FuncMap{
		"script": func() template.JS { return template.JS(report.Script) },
	}).ParseFS(web, "web/*.html"))
	return p
}

// frame is what every page has.
type frame struct {
	Title   string
	Style   string
	Refresh int // seconds until it loads again; 0: it does not
}

func (p *pages) frame(title string) frame { return frame{Title: title, Style: "/static/" + p.style} }

// render answers a page. It is rendered whole before the first byte is sent.
func (p *pages) render(c *call, status int, name string, data any) error {
	var b bytes.Buffer
	if err := p.set.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	c.w.Header().Set("Content-Security-Policy", pagePolicy)
	c.w.Header().Set("Vary", "Accept")
	write(c.w, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// problem answers an error to a person.
func (p *pages) problem(c *call, status int, text string) {
	data := struct {
		frame
		Status int
		Text   string
	}{p.frame(http.StatusText(status)), status, text}
	if err := p.render(c, status, "problem.html", data); err != nil {
		c.s.cfg.Log.ErrorContext(c.r.Context(), "cannot answer", "err", err)
		writeProblem(c.w, status, text)
	}
}

// wantsPage says whether the client is a person's browser: it asked for HTML on
// a path that has a page. Everything else gets JSON.
func (c *call) wantsPage() bool {
	p := c.r.URL.Path
	if p != "/" && !strings.HasPrefix(p, "/d/") {
		return false
	}
	switch c.r.URL.Query().Get("format") {
	case "json":
		return false
	case "html":
		return true
	}
	return preferHTML(c.r.Header.Get("Accept"))
}

// preferHTML reads an Accept header (RFC 9110, 12.5.1): HTML when it is liked at
// least as much as JSON, and when nobody says.
func preferHTML(accept string) bool {
	if strings.TrimSpace(accept) == "" {
		return true
	}
	html, json, any := -1.0, -1.0, -1.0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				if f, err := strconv.ParseFloat(v, 64); err == nil {
					q = f
				}
			}
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "text/html", "application/xhtml+xml":
			html = max(html, q)
		case "application/json", "application/problem+json":
			json = max(json, q)
		case "*/*", "text/*":
			any = max(any, q)
		}
	}
	if json < 0 {
		return html > 0 || any > 0
	}
	return html >= json
}

// static serves the style sheet. Its name changes with its content, so that it
// may be kept for ever.
func (s *Server) static(c *call) error {
	if c.r.PathValue("file") != s.pages.style {
		return verdict.ErrNotFound
	}
	if err := s.pages.sheet.Serve(immutable{c.w}, c.r); err != nil {
		s.cfg.Log.DebugContext(c.r.Context(), "answer not delivered", "err", err)
	}
	return nil
}

// immutable replaces an answer's Cache-Control.
type immutable struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w immutable) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w immutable) Write(b []byte) (int, error) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return w.ResponseWriter.Write(b)
}

// command is a line to copy.
type command struct{ Label, Line string }
