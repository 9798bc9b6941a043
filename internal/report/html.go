package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

//go:embed web
var web embed.FS

// Style is the style sheet of every page, Script the conveniences that they may
// go without: copying a command, unfolding a tree, printing what is folded.
var (
	Style  = mustRead("web/gatehouse.css")
	Script = mustRead("web/gatehouse.js")
)

func mustRead(name string) string {
	b, err := web.ReadFile(name)
	if err != nil {
		panic(err) // embedded
	}
	return string(b)
}

// ScriptHash allows exactly Script in a Content-Security-Policy.
var ScriptHash = cspHash(Script)

func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Pieces gives the templates that pages are put together from, with the
// functions that they use: "outcome" and "madeof" for a View, "reasons",
// "command", "verdict". Every text in them passes html/template's escaping, and
// text from outside "safe" before it.
func Pieces() *template.Template {
	t := template.New("").Funcs(template.FuncMap{
		"safe":     shown,
		"lines":    func(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") },
		"day":      day,
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"plural":   Count,
		"minus":    func(a, b int) int { return a - b },
		"word":     Word,
		"took":     func(ms verdict.Milliseconds) string { return seconds(ms) },
		"dict":     dict,
		"evidence": evidence,
	})
	return template.Must(t.ParseFS(web, "web/pieces.html"))
}

// shown cleans a text of what a reader would obey without seeing it.
func shown(s any) string {
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

var page = sync.OnceValue(func() *template.Template { return template.Must(Pieces().ParseFS(web, "web/report.html")) })

// HTML writes a report as one page that needs nothing else: the style sheet and
// the script are in it, and its Content-Security-Policy allows these two and
// nothing from anywhere.
func HTML(w io.Writer, r Report) error {
	v := NewView(r, r.At)
	data := struct {
		View   View
		Policy string
		Style  template.CSS
		Script template.JS
		Ask    string
	}{View: v, Policy: pagePolicy, Style: template.CSS(Style), Script: template.JS(Script), Ask: r.Ask()}
	var b bytes.Buffer
	if err := page().ExecuteTemplate(&b, "report.html", data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

var pagePolicy = "default-src 'none'; style-src " + cspHash(Style) + "; script-src " + ScriptHash + "; base-uri 'none'; form-action 'none'"

const (
	policyBegins = `<meta http-equiv="Content-Security-Policy" content="`
	policyWithin = 512 // bytes; nothing from outside stands there
)

// PagePolicy reads the Content-Security-Policy that a report page brings along,
// to send it as a header. It is in front of everything that came from outside,
// so nobody else can have written it. A page without one may do nothing at all.
func PagePolicy(page []byte) string {
	head := string(page[:min(len(page), policyWithin)])
	if _, rest, ok := strings.Cut(head, policyBegins); ok {
		if policy, _, ok := strings.Cut(rest, `"`); ok {
			return html.UnescapeString(policy)
		}
	}
	return "default-src 'none'"
}

// Ask is the command that asks for an exception; "" where there is nothing to
// ask for.
func (r Report) Ask() string {
	if o := r.Outcome; o.Verdict != verdict.Admit && o.Status == verdict.Done && o.Request != "" && r.Audit == nil {
		return "gatehouse ask " + safe(o.Request) + ` --reason "..."`
	}
	return ""
}

// DecisionURL is where the request explains itself; "" where that is no web
// address.
func (r Report) DecisionURL() string { return r.decisionURL(r.Outcome.Request) }
