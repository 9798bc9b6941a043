package server_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// TestHostileTextEverywhere runs the one table of texts through pages, JSON,
// reports, headers and log lines: as reasons of findings, of people, as names and
// paths.
func TestHostileTextEverywhere(t *testing.T) {
	w := servertest.New(t)
	_, h := start(t, w)
	token := w.Token("dev", access.Reader)
	for i, text := range hostiletest.Texts {
		t.Run(text.Name, func(t *testing.T) {
			evil, purl := text.Text, fmt.Sprintf("pkg:pypi/demo%d@1.1", i)
			w.Wheel(scantest.Wheel{Name: fmt.Sprintf("demo%d", i), Version: "1.1"})
			w.Know(purl, finding.Finding{Rule: evil, Class: finding.Vulnerability, Severity: finding.Critical, Text: evil, IDs: []string{evil}, Fixed: []string{evil}})
			out := admit(t, h, token, purl, evil)
			bad := send(t, h, "POST", "/api/v1/asks", token, map[string]any{"object": evil, "reason": evil})
			if bad.StatusCode < 400 || bad.StatusCode == 503 {
				t.Errorf("an ask about %.80q: %s", evil, bad.Status)
			}
			decision := ""
			for _, v := range out.Versions {
				decision = v.Decision
			}
			if decision == "" { // the purl that cannot be read stopped the request: ask for the other alone
				out = admit(t, h, token, purl)
				decision = out.Versions[0].Decision
			}
			for _, object := range []string{decision, out.Request} {
				if r := send(t, h, "POST", "/api/v1/asks", token, map[string]any{"object": object, "reason": evil}); r.StatusCode != 201 && r.StatusCode != 400 && r.StatusCode != 503 {
					t.Errorf("asking with %.80q: %s", evil, r.Status)
				}
			}
			inPath := cmp.Or(escape(evil[:min(len(evil), 2000)]), "empty")
			alone := strings.ReplaceAll(inPath, "%2F", "x")
			for _, path := range []string{"/", "/d/" + decision, "/d/" + out.Request, "/d/" + alone, "/?registry=" + inPath} {
				harmlessPage(t, path, send(t, h, "GET", path, "", nil, "Accept", "text/html"))
				harmlessJSON(t, path, send(t, h, "GET", path, "", nil, "Accept", "application/json"))
			}
			reports := "/api/v1/requests/" + out.Request + "/reports"
			for _, path := range []string{"/api/v1/requests", "/api/v1/asks", "/api/v1/decisions/" + decision, "/api/v1/explain?purl=" + purl, "/api/v1/explain?purl=" + inPath,
				reports, reports + "/json", reports + "/" + alone, "/api/v1/requests/" + alone + "/reports/html"} {
				harmlessJSON(t, path, send(t, h, "GET", path, "", nil))
			}
			harmlessPage(t, "report", send(t, h, "GET", reports+"/html", "", nil))
		})
	}
	harmlessLog(t, w)
}

// TestHostileTextInTheIndex: what an upstream says of its files, and what scanners
// say of them, on the page and in the JSON that clients read, and in the refusal.
func TestHostileTextInTheIndex(t *testing.T) {
	w := servertest.New(t)
	_, h := start(t, w)
	token := w.Token("dev", access.Reader)
	for i, text := range hostiletest.Texts {
		t.Run(text.Name, func(t *testing.T) {
			evil, name := text.Text, fmt.Sprintf("demo%d", i)
			w.Wheel(scantest.Wheel{Name: name, Version: "1.0", Summary: evil, License: evil}, func(f *ecosystem.IndexFile) { f.Yanked, f.YankedReason = true, artifact.Untrusted(evil) })
			file := w.Wheel(scantest.Wheel{Name: name, Version: "1.1"})
			w.Know("pkg:pypi/"+name+"@1.1", finding.Finding{Rule: evil, Class: finding.Vulnerability, Severity: finding.Critical, Text: evil, IDs: []string{evil}, Fixed: []string{evil}})
			index := "/pypi/simple/" + name + "/"
			harmlessPage(t, "index", send(t, h, "GET", index, token, nil, "Accept", "text/html"))
			page := send(t, h, "GET", index, token, nil, "Accept", "application/vnd.pypi.simple.v1+json")
			harmlessJSON(t, "index", page)
			for _, path := range []string{"/pypi/" + name + "/json", "/pypi/" + name + "/1.1/json"} {
				r := send(t, h, "GET", path, token, nil)
				if r.StatusCode != 200 {
					t.Errorf("%s: %s", path, r.Status)
				}
				harmlessJSON(t, path, r)
			}
			query := map[string]any{"version": "1.1", "package": map[string]string{"name": name, "ecosystem": "PyPI"}}
			harmlessJSON(t, "advisories", send(t, h, "POST", "/pypi/osv/v1/query", token, query))
			met := false
			for _, f := range decode[struct {
				Files []struct{ URL, Filename string }
			}](t, page).Files {
				if f.Filename != file {
					continue
				}
				met = true
				r := send(t, h, "GET", "/pypi"+strings.TrimPrefix(f.URL, "../.."), token, nil) // relative to the page
				if r.StatusCode != 403 {
					t.Errorf("the refused file: %s", r.Status)
				}
				harmlessHeaders(t, "refusal", r)
				hostiletest.Terminal(t, "refusal", string(r.body))
			}
			if !met {
				t.Errorf("the refused file is not listed: %s", page.body)
			}
		})
	}
	harmlessLog(t, w)
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func harmlessPage(t *testing.T, what string, r reply) {
	t.Helper()
	harmlessHeaders(t, what, r)
	hostiletest.HTML(t, what, string(r.body), report.Style, report.Script)
}

func harmlessJSON(t *testing.T, what string, r reply) {
	t.Helper()
	harmlessHeaders(t, what, r)
	hostiletest.JSON(t, what, r.body)
}

func harmlessHeaders(t *testing.T, what string, r reply) {
	t.Helper()
	if r.Header.Get("X-Evil") != "" {
		t.Errorf("%s has a header of a stranger's making", what)
	}
	hostiletest.Header(t, what+" status", r.Status)
	for k, vs := range r.Header {
		for _, v := range vs {
			hostiletest.Header(t, what+" "+k, v)
		}
	}
}

func harmlessLog(t *testing.T, w *servertest.World) {
	t.Helper()
	for line := range strings.Lines(w.Lines.String()) {
		hostiletest.Terminal(t, "log", line)
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a log line that is not ours: %.200q", line)
		}
		if len(line) > 64<<10 {
			t.Errorf("a log line of %d bytes: %.200q", len(line), line)
		}
	}
}
