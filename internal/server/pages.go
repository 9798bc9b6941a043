package server

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
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

// pagePolicy lets a page load our style sheet and nothing else. There are no
// scripts to allow.
const pagePolicy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

func newPages(publicURL string) *pages {
	css, err := web.ReadFile("web/gatehouse.css")
	if err != nil {
		panic(err) // embedded
	}
	sheet, err := answer.NewPage("text/css; charset=utf-8", "", css)
	if err != nil {
		panic(err) // a constant of this program
	}
	p := &pages{style: "gatehouse-" + artifact.DigestOf(css).Short() + ".css", sheet: sheet, host: publicURL}
	p.set = template.Must(template.New("").Funcs(template.FuncMap{
		"safe":   safe,
		"lines":  func(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") },
		"day":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"plural": plural,
		"minus":  func(a, b int) int { return a - b },
		"word":   word,
		"took":   took,
		"dict":   dict,
	}).ParseFS(web, "web/*.html"))
	return p
}

// safe cleans a text of what a reader would obey without seeing it.
func safe(s any) string {
	switch s := s.(type) {
	case artifact.Untrusted:
		return s.String()
	case string:
		return artifact.Untrusted(s).String()
	}
	return artifact.Untrusted(fmt.Sprint(s)).String()
}

// dict lets a template hand several values to another.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("key %v is no text", pairs[i])
		}
		m[k] = pairs[i+1]
	}
	return m, nil
}

// word is a verdict for people.
func word(v verdict.Verdict) string {
	switch v {
	case verdict.Admit:
		return "Admitted"
	case verdict.Reject:
		return "Refused"
	}
	return "Held"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func took(ms verdict.Milliseconds) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
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

// reasonView is one reason on a page.
type reasonView struct {
	verdict.Reason
	Word  string // "refuses", "holds", "note"
	Badge string // severity, "" where it says nothing
}

func reasonViews(rs []verdict.Reason) (blocking, notes []reasonView) {
	for _, r := range rs {
		v := reasonView{Reason: r}
		if r.Class == finding.Vulnerability || r.Severity.Weight() >= finding.High && r.Severity != finding.Unknown {
			v.Badge = r.Severity.String()
		}
		if r.Class == finding.Vulnerability && len(r.Fixed) > 0 {
			v.Remedy = "" // which versions are fixed is said beside it
		}
		switch r.Effect {
		case verdict.EffectNote, verdict.EffectAdmit:
			v.Word = "note"
			notes = append(notes, v)
		case verdict.EffectReject:
			v.Word = "refuses"
			blocking = append(blocking, v)
		default:
			v.Word = "holds"
			blocking = append(blocking, v)
		}
	}
	slices.SortStableFunc(blocking, func(a, b reasonView) int {
		return cmp.Or(strings.Compare(b.Word, a.Word), cmp.Compare(b.Severity.Weight(), a.Severity.Weight()))
	})
	return blocking, notes
}

// command is a line to copy.
type command struct{ Label, Line string }

// opensIn says how far ahead a moment is, for people.
func opensIn(now, t time.Time) string {
	d := t.Sub(now)
	switch {
	case d < time.Minute:
		return "in less than a minute"
	case d < 2*time.Hour:
		return "in " + plural(int(d.Round(time.Minute)/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return "in " + plural(int(d.Round(time.Hour)/time.Hour), "hour", "hours")
	}
	return "in " + plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day", "days")
}
