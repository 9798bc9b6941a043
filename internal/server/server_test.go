package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const ourHost = "gate.example.invalid:8484"

// start serves a world; change may alter the configuration.
func start(t *testing.T, w *servertest.World, change ...func(*server.Config)) (*server.Server, *httptest.Server) {
	t.Helper()
	cfg := server.Config{
		Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, AnonymousRead: true, MaxRequest: 1 << 20, Version: "test", Log: w.Log,
	}
	for _, name := range []string{"main", "observing"} {
		cfg.Registries = append(cfg.Registries, server.Registry{Name: name, Handlers: map[string]http.Handler{"pypi": w.Handler(name)}})
	}
	for _, c := range change {
		c(&cfg)
	}
	s := server.New(cfg)
	h := httptest.NewUnstartedServer(nil)
	h.Config = server.HTTP(s, w.Log)
	h.Start()
	t.Cleanup(func() {
		h.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Close(ctx)
	})
	return s, h
}

type reply struct {
	*http.Response
	body []byte
}

// send asks with a token ("" for none) and, where in is not nil, a JSON body.
func send(t *testing.T, h *httptest.Server, method, path, token string, in any, header ...string) reply {
	t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = ourHost
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, b}
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%s: %v: %s", r.Status, err, r.body)
	}
	return v
}

// refused is a world with a version refused on facts, one held and one good.
func refused(t *testing.T) *servertest.World {
	t.Helper()
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.1"})
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.2"}, servertest.Age(time.Hour))
	w.Know("pkg:pypi/demo@1.1", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "1.2"))
	return w
}

// admit sends purls and waits for the outcome.
func admit(t *testing.T, h *httptest.Server, token string, purls ...string) verdict.Outcome {
	t.Helper()
	r := send(t, h, "POST", "/api/v1/requests", token, map[string]any{"purls": purls})
	if r.StatusCode != http.StatusAccepted {
		t.Fatalf("admitting %v: %s: %s", purls, r.Status, r.body)
	}
	id := decode[map[string]string](t, r)["request"]
	return decode[verdict.Outcome](t, send(t, h, "GET", "/api/v1/requests/"+id+"?wait=20s", token, nil))
}

// TestRoles asks every route as everybody: without a credential, with a bad one,
// and with each role for all registries, for this one and for another.
func TestRoles(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	tokens := map[string]string{"nobody": "", "bad": "ght_" + strings.Repeat("A", 36)}
	for _, role := range []access.Role{access.Reader, access.Publisher, access.Approver, access.Admin} {
		tokens[string(role)] = w.Token("all-"+string(role), role)
		tokens[string(role)+"/main"] = w.Token("main-"+string(role), role, "main")
		tokens[string(role)+"/observing"] = w.Token("other-"+string(role), role, "observing")
	}
	out := admit(t, h, tokens["reader"], "pkg:pypi/demo@1.1")
	if len(out.Versions) != 1 {
		t.Fatalf("outcome %+v", out)
	}
	decision := out.Versions[0].Decision
	until := w.Now().Add(time.Hour)
	waiver := map[string]any{"purl": "pkg:pypi/demo", "rule": "vulnerability-fixed", "until": until, "reason": "why"}

	reads := "nobody reader reader/main publisher publisher/main approver approver/main admin admin/main"
	signed := strings.TrimPrefix(reads, "nobody ")
	approves := "approver approver/main admin admin/main"
	for _, tc := range []struct {
		method, path string
		body         any
		may          string
	}{
		{"GET", "/", nil, "nobody reader reader/main reader/observing publisher publisher/main publisher/observing approver approver/main approver/observing admin admin/main admin/observing"},
		{"GET", "/pypi/simple/", nil, reads},
		{"GET", "/pypi/simple/demo/", nil, reads},
		{"GET", "/pypi/files/demo/demo-1.0-py3-none-any.whl", nil, reads},
		{"GET", "/registry/main/pypi/simple/demo/", nil, reads},
		{"GET", "/registry/observing/pypi/simple/demo/", nil, strings.ReplaceAll(reads, "/main", "/observing")},
		{"GET", "/d/" + decision, nil, reads},
		{"GET", "/d/" + out.Request, nil, reads},
		{"GET", "/api/v1/requests", nil, reads},
		{"GET", "/api/v1/requests/" + out.Request, nil, reads},
		{"GET", "/api/v1/decisions/" + decision, nil, reads},
		{"GET", "/api/v1/explain?purl=pkg:pypi/demo@1.1", nil, reads},
		{"GET", "/api/v1/differences?from=pkg:pypi/demo@1.0&to=pkg:pypi/demo@1.1", nil, signed},
		{"GET", "/api/v1/asks", nil, reads},
		{"GET", "/api/v1/waivers", nil, reads},
		{"POST", "/api/v1/requests/" + out.Request + "/fixed", struct{}{}, reads},
		{"POST", "/api/v1/requests", map[string]any{"purls": []string{"pkg:pypi/demo@1.0"}}, signed},
		{"POST", "/api/v1/asks", map[string]any{"object": decision, "reason": "why"}, signed},
		{"POST", "/api/v1/waivers", waiver, approves},
		{"POST", "/api/v1/waivers", with(waiver, "registry", "*"), "approver admin"},
		{"POST", "/api/v1/approvals", map[string]any{"object": decision, "reason": "why"}, approves},
		{"POST", "/api/v1/revocations", map[string]any{"id": "p00000000none"}, "approver admin"},
		{"POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "reader"}, "admin"},
		{"GET", "/api/v1/tokens", nil, "admin"},
		{"POST", "/api/v1/requests/" + out.Request + "/cancel", struct{}{}, "reader " + approves}, // who asked for it, and who answers for the registry
		{"GET", "/api/v1/jobs", nil, "approver admin"},
		{"POST", "/api/v1/jobs/jnone/restart", struct{}{}, "admin"},
		{"DELETE", "/api/v1/tokens/tok_none", nil, "admin"},
	} {
		may := map[string]bool{}
		for _, who := range strings.Fields(tc.may) {
			may[who] = true
		}
		for who, token := range tokens {
			r := send(t, h, tc.method, tc.path, token, tc.body)
			allowed := r.StatusCode != http.StatusUnauthorized && r.StatusCode != http.StatusForbidden
			if allowed != may[who] {
				t.Errorf("%s %s as %s: %s, want allowed %v: %s", tc.method, tc.path, who, r.Status, may[who], r.body)
			}
			if r.StatusCode == 503 {
				t.Errorf("%s %s as %s: a fault: %s", tc.method, tc.path, who, r.body)
			}
			if !allowed {
				want := http.StatusForbidden
				if who == "nobody" || who == "bad" {
					want = http.StatusUnauthorized
				}
				if r.StatusCode != want || want == 401 && r.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s as %s: %s with challenge %q, want %d", tc.method, tc.path, who, r.Status, r.Header.Get("WWW-Authenticate"), want)
				}
			}
		}
	}
}

func with(m map[string]any, k string, v any) map[string]any {
	out := map[string]any{k: v}
	for k, v := range m {
		if _, there := out[k]; !there {
			out[k] = v
		}
	}
	return out
}

// TestWithoutAnonymousReaders: a missing credential is 401 on every route before
// any policy answer, health and style sheet aside.
func TestWithoutAnonymousReaders(t *testing.T) {
	w := refused(t)
	_, h := start(t, w, func(c *server.Config) { c.AnonymousRead = false })
	for _, path := range []string{"/", "/pypi/simple/", "/pypi/simple/demo/", "/pypi/files/demo/demo-1.1-py3-none-any.whl", "/pypi/blocked/x/demo/demo-1.1-py3-none-any.whl", "/d/whatever", "/api/v1/requests", "/api/nothing"} {
		r := send(t, h, "GET", path, "", nil)
		if r.StatusCode != 401 || !strings.HasPrefix(r.Header.Values("WWW-Authenticate")[0], "Basic ") || bytes.Contains(r.body, []byte("PYSEC")) {
			t.Errorf("%s: %s %v: %s", path, r.Status, r.Header.Values("WWW-Authenticate"), r.body)
		}
	}
	if r := send(t, h, "GET", "/healthz", "", nil); r.StatusCode != 200 || r.Header.Get("X-Gatehouse") != "1" {
		t.Errorf("health: %s %v", r.Status, r.Header)
	}
	token := w.Token("ci", access.Reader)
	for _, form := range []string{"Bearer " + token, token} {
		if r := send(t, h, "GET", "/pypi/simple/demo/", "", nil, "Authorization", form); r.StatusCode != 200 {
			t.Errorf("Authorization %.8q…: %s", form, r.Status)
		}
	}
	if strings.Contains(w.Lines.String(), token[4:]) {
		t.Error("the log holds a token")
	}
	if !strings.Contains(w.Lines.String(), "who=\"ci (reader") {
		t.Error("the log does not say who read")
	}
}

func TestHosts(t *testing.T) {
	w := refused(t)
	_, h := start(t, w, func(c *server.Config) { c.Hosts = []string{"127.0.0.1:8484", "localhost:8484"} })
	for _, tc := range []struct {
		host string
		want int
		why  string
	}{
		{ourHost, 200, "the public one"}, {"GATE.example.invalid:8484", 200, "case"}, {"localhost:8484", 200, "loopback by name"},
		{"evil.example.invalid", 421, "rebinding"}, {"gate.example.invalid", 421, "another port"}, {"127.0.0.1:80", 421, "another port"},
	} {
		for _, path := range []string{"/", "/pypi/simple/demo/", "/api/v1/requests"} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", h.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tc.host
			r.Header.Set("X-Forwarded-Host", "evil.example.invalid")
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("Host %s %s: %s, want %d (%s)", tc.host, path, resp.Status, tc.want, tc.why)
			}
			if bytes.Contains(b, []byte("evil.example")) {
				t.Errorf("Host %s: the answer repeats a host that it was told", tc.host)
			}
		}
	}
}

// TestPlainHTTPFromProxiesOnly: with trusted proxies named, nobody else beyond
// loopback may skip TLS.
func TestPlainHTTPFromProxiesOnly(t *testing.T) {
	w := refused(t)
	s, _ := start(t, w, func(c *server.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")} })
	for remote, want := range map[string]int{"192.0.2.3:1": 200, "127.0.0.1:1": 200, "[::ffff:192.0.2.3]:1": 200, "192.0.2.77:1": 403, "[2001:db8::1]:1": 403, "nonsense": 403} {
		r := httptest.NewRequest("GET", "http://"+ourHost+"/pypi/simple/demo/", nil)
		r.RemoteAddr = remote
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("plain HTTP from %s: %d, want %d", remote, rec.Code, want)
		}
	}
}

// TestOtherSitesMayNotAct: a browser that remembers a Basic credential sends it
// with another site's form too.
func TestOtherSitesMayNotAct(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	token := w.Token("ann", access.Admin)
	body := map[string]any{"name": "x", "role": "admin"}
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example.invalid"}} {
		if r := send(t, h, "POST", "/api/v1/tokens", token, body, header...); r.StatusCode != 403 {
			t.Errorf("%v: %s", header, r.Status)
		}
	}
	if r := send(t, h, "POST", "/api/v1/tokens", token, body, "Content-Type", "text/plain"); r.StatusCode != 415 {
		t.Errorf("a form's content type: %s", r.Status)
	}
	if r := send(t, h, "POST", "/api/v1/tokens", token, body); r.StatusCode != 201 {
		t.Errorf("the API itself: %s: %s", r.Status, r.body)
	}
}

// TestHeaders: every answer of every kind says how it may be used.
func TestHeaders(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	style := regexp.MustCompile(`href="(/static/[^"]+)"`).FindSubmatch(send(t, h, "GET", "/", "", nil).body)
	if style == nil {
		t.Fatal("the start page has no style sheet")
	}
	if r := send(t, h, "GET", string(style[1]), "", nil); r.StatusCode != 200 || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: %s %v", r.Status, r.Header)
	}
	for _, path := range []string{"/", "/healthz", "/nothing", "/static/nothing.css", "/d/nothing", "/api/v1/requests", "/api/v1/nothing", "/pypi/simple/demo/", "/pypi/files/demo/demo-1.0-py3-none-any.whl",
		"/pypi/files/demo/demo-1.1-py3-none-any.whl", "/pypi/nothing", string(style[1])} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			r := send(t, h, method, path, "", nil, "Accept", "text/html")
			csp := r.Header.Get("Content-Security-Policy")
			if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" || r.Header.Get("X-Gatehouse") != "1" || csp == "" {
				t.Errorf("%s %s: %s: %v", method, path, r.Status, r.Header)
			}
			if rest := strings.Replace(csp, "script-src "+report.ScriptHash, "", 1); strings.Contains(rest, "unsafe") || strings.Contains(rest, "script") {
				t.Errorf("%s %s allows scripts that are not ours: %s", method, path, csp)
			}
			if r.StatusCode >= 500 {
				t.Errorf("%s %s: %s", method, path, r.Status)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	w := refused(t)
	var full error
	_, h := start(t, w, func(c *server.Config) { c.Writable = func() error { return full } })
	type health struct {
		OK       bool
		Version  string
		Problem  string
		Writable bool
	}
	if got := decode[health](t, send(t, h, "GET", "/healthz", "", nil)); got != (health{true, "test", "", true}) {
		t.Errorf("healthy: %+v", got)
	}
	w.Stale("the data is old; run: gatehouse advisories sync")
	full = errors.New("no space left on /secret/path")
	r := send(t, h, "GET", "/healthz", "", nil)
	if got := decode[health](t, r); got.OK || got.Writable || got.Problem == "" || bytes.Contains(r.body, []byte("/secret")) {
		t.Errorf("ill: %s", r.body)
	}
}

// TestRequestFromFilesToFix walks the API as the command line does.
func TestRequestFromFilesToFix(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	token := w.Token("dev", access.Reader)
	for _, files := range []any{
		map[string]string{"requirements.txt": "demo==1.1\n"},
		[]map[string]any{{"path": "requirements.txt", "content": []byte("demo==1.1\n")}},
	} {
		r := send(t, h, "POST", "/api/v1/requests", token, map[string]any{"files": files, "project": "shop"})
		if r.StatusCode != 202 {
			t.Fatalf("%s: %s", r.Status, r.body)
		}
		accepted := decode[map[string]string](t, r)
		if accepted["url"] != servertest.PublicURL+"/d/"+accepted["request"] || r.Header.Get("Location") != "/api/v1/requests/"+accepted["request"] {
			t.Errorf("accepted as %v at %s", accepted, r.Header.Get("Location"))
		}
		out := decode[verdict.Outcome](t, send(t, h, "GET", "/api/v1/requests/"+accepted["request"]+"?wait=20s", token, nil))
		if out.Status != verdict.Done || out.Verdict != verdict.Reject || len(out.Versions) != 1 || out.Versions[0].Remedy == nil || out.Versions[0].Remedy.New != "demo==1.0" {
			t.Fatalf("outcome %+v", out)
		}
		req, _, _, err := w.Store.Request(t.Context(), accepted["request"])
		if err != nil || req.By != "dev" || req.Project != "shop" || req.Door != "api" {
			t.Errorf("recorded as %+v (%v)", req, err)
		}
		fixed := decode[struct{ Files []verdict.Source }](t, send(t, h, "POST", "/api/v1/requests/"+accepted["request"]+"/fixed", token, struct{}{}))
		if len(fixed.Files) != 1 || string(fixed.Files[0].Content) != "demo==1.0\n" {
			t.Errorf("fixed: %v", fixed)
		}
	}
	if list := decode[struct{ Requests []verdict.Outcome }](t, send(t, h, "GET", "/api/v1/requests?limit=1", token, nil)); len(list.Requests) != 1 {
		t.Errorf("limit=1 lists %d", len(list.Requests))
	}
}

// TestBadInput: each gets one clear answer and leaves no row behind.
func TestBadInput(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	token := w.Token("ann", access.Admin)
	until := w.Now().Add(time.Hour)
	for _, tc := range []struct {
		method, path string
		body         any
		want         int
		says         string
	}{
		{"POST", "/api/v1/requests", map[string]any{}, 400, "name files or purls"},
		{"POST", "/api/v1/requests", map[string]any{"flies": 1}, 400, "flies"},
		{"POST", "/api/v1/requests", map[string]any{"purls": []string{"x"}, "registry": "none"}, 404, `no registry named "none"`},
		{"POST", "/api/v1/requests", map[string]any{"files": map[string]string{"../x": ""}}, 400, "inside the tree"},
		{"POST", "/api/v1/requests", map[string]any{"files": map[string]string{"/etc/passwd": ""}}, 400, "inside the tree"},
		{"POST", "/api/v1/requests", map[string]any{"files": map[string]string{"a\x1b[31m.txt": ""}}, 400, "inside the tree"},
		{"POST", "/api/v1/requests", map[string]any{"files": map[string]string{"a.txt": strings.Repeat("x", 1<<20+1)}}, 413, "larger"},
		{"POST", "/api/v1/requests", map[string]any{"files": map[string]string{"a.txt": strings.Repeat("x", 3<<20)}}, 413, "larger"},
		{"POST", "/api/v1/requests", map[string]any{"purls": []string{"x"}, "door": "window"}, 400, "door"},
		{"POST", "/api/v1/requests", map[string]any{"purls": []string{"x"}, "problems": []map[string]any{{"effect": "admit", "text": "x"}}}, 400, "effect"},
		{"POST", "/api/v1/requests", "text", 400, "reading the body"},
		{"GET", "/api/v1/requests?limit=0", nil, 400, "limit"},
		{"GET", "/api/v1/requests?registry=none", nil, 404, "none"},
		{"GET", "/api/v1/requests/rnothing", nil, 404, "rnothing"},
		{"GET", "/api/v1/requests/rnothing?wait=soon", nil, 400, "wait"},
		{"GET", "/api/v1/decisions/nothing", nil, 404, "nothing"},
		{"GET", "/api/v1/explain?purl=nonsense", nil, 400, "purl"},
		{"GET", "/api/v1/explain?purl=pkg:npm/demo@1", nil, 400, "npm"},
		{"GET", "/api/v1/explain?purl=pkg:pypi/other@1.0", nil, 404, "no package"},
		{"POST", "/api/v1/asks", map[string]any{"object": "nothing", "reason": "x"}, 404, "nothing"},
		{"POST", "/api/v1/waivers", map[string]any{"purl": "pkg:pypi/demo", "rule": "r", "reason": "x"}, 400, "end"},
		{"POST", "/api/v1/waivers", map[string]any{"purl": "pkg:pypi/demo", "rule": "r", "reason": " ", "until": until}, 400, "reason"},
		{"POST", "/api/v1/waivers", map[string]any{"purl": "pkg:pypi/demo", "rule": "r", "reason": "x", "until": until.AddDate(3, 0, 0)}, 400, "366"},
		{"POST", "/api/v1/waivers", map[string]any{"purl": "pkg:pypi/demo", "range": "~~1", "rule": "r", "reason": "x", "until": until}, 400, "~~1"},
		{"POST", "/api/v1/waivers", map[string]any{"purl": "pkg:pypi/demo", "rule": "not-a-rule", "reason": "x", "until": until}, 404, "nothing to waive"},
		{"POST", "/api/v1/approvals", map[string]any{"object": "nothing", "reason": "x"}, 404, "nothing"},
		{"POST", "/api/v1/revocations", map[string]any{"id": "nothing"}, 404, "nothing"},
		{"POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "king"}, 400, "king"},
		{"POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "reader", "registries": []string{"none"}}, 400, "none"},
		{"POST", "/api/v1/tokens", map[string]any{"name": "x", "role": "reader", "ttl": "long"}, 400, "ttl"},
		{"DELETE", "/api/v1/tokens/nothing", nil, 404, "nothing"},
	} {
		r := send(t, h, tc.method, tc.path, token, tc.body)
		p := decode[struct {
			Status int
			Title  string
			Detail string
		}](t, r)
		if r.StatusCode != tc.want || p.Status != tc.want || p.Title == "" || !strings.Contains(p.Detail, tc.says) || r.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %.80v: %s %s, want %d with %q", tc.method, tc.path, tc.body, r.Status, r.body, tc.want, tc.says)
		}
	}
	if outs, err := w.Store.Requests(t.Context(), "", 10); err != nil || len(outs) != 0 {
		t.Errorf("bad input left %d requests (%v)", len(outs), err)
	}
}

// TestPeople: ask, waive, approve, revoke over HTTP, each recorded under the
// token's name and not under what the body might say.
func TestPeople(t *testing.T) {
	w := refused(t)
	held := w.Wheel(scantest.Wheel{Name: "held", Version: "1.0"})
	w.See(held, finding.Finding{Rule: "file-added-later", Class: finding.Honesty, Severity: finding.Medium, Text: "added later"})
	_, h := start(t, w)
	dev, ann := w.Token("dev", access.Reader), w.Token("ann", access.Approver)
	out := admit(t, h, dev, "pkg:pypi/held@1.0")
	decision := out.Versions[0].Decision
	ask := decode[gate.Ask](t, send(t, h, "POST", "/api/v1/asks", dev, map[string]any{"object": decision, "reason": "needed for the release"}))
	if ask.By != "dev" || ask.Purl != "pkg:pypi/held@1.0" || ask.Registry != "main" {
		t.Fatalf("ask %+v", ask)
	}
	if r := send(t, h, "GET", "/d/"+decision, "", nil, "Accept", "text/html"); !bytes.Contains(r.body, []byte("needed for the release")) {
		t.Error("the page does not show what was asked")
	}
	r := send(t, h, "POST", "/api/v1/approvals", ann, map[string]any{"object": ask.ID})
	as := decode[struct{ Approvals []verdict.Approval }](t, r).Approvals
	if r.StatusCode != 201 || len(as) != 1 || as[0].Approver != "ann" {
		t.Fatalf("approval: %s: %s", r.Status, r.body)
	}
	if r := send(t, h, "GET", "/pypi/files/held/"+held, "", nil); r.StatusCode != 200 {
		t.Errorf("approved file: %s", r.Status)
	}
	if r := send(t, h, "POST", "/api/v1/revocations", ann, map[string]any{"id": as[0].ID}); r.StatusCode != 200 {
		t.Errorf("revoking: %s: %s", r.Status, r.body)
	}
	if r := send(t, h, "GET", "/pypi/files/held/"+held, "", nil); r.StatusCode != 403 {
		t.Errorf("after revoking: %s", r.Status)
	}
	waiver := decode[verdict.Waiver](t, send(t, h, "POST", "/api/v1/waivers", ann, map[string]any{
		"purl": "pkg:pypi/demo", "range": "==1.1", "rule": "vulnerability-fixed", "until": w.Now().Add(time.Hour), "reason": "not reachable"}))
	if waiver.Approver != "ann" || len(waiver.Versions) != 1 || waiver.Versions[0] != "1.1" {
		t.Fatalf("waiver %+v", waiver)
	}
	if r := send(t, h, "GET", "/pypi/files/demo/demo-1.1-py3-none-any.whl", "", nil); r.StatusCode != 200 {
		t.Errorf("waived file: %s", r.Status)
	}
	if r := send(t, h, "POST", "/api/v1/revocations", w.Token("bob", access.Approver, "main"), map[string]any{"id": waiver.ID}); r.StatusCode != 200 {
		t.Errorf("revoking a waiver of one's registry: %s: %s", r.Status, r.body)
	}
	log, err := w.Store.AuditLog(t.Context(), 50)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		acts = append(acts, e.By+" "+e.Act)
	}
	if got, want := strings.Join(acts, ", "), "bob revoke, ann waive, ann revoke, ann approve, dev ask"; got != want {
		t.Errorf("audit log: %s, want %s", got, want)
	}
}

func TestTokens(t *testing.T) {
	w := refused(t)
	_, h := start(t, w, func(c *server.Config) { c.AnonymousRead = false })
	admin := w.Token("root", access.Admin)
	type token struct{ ID, Name, Secret, Hash string }
	made := decode[token](t, send(t, h, "POST", "/api/v1/tokens", admin, map[string]any{"name": "ci", "role": "reader", "registries": []string{"main"}, "ttl": "24h"}))
	if made.Secret == "" || made.Name != "ci" {
		t.Fatalf("made %+v", made)
	}
	if r := send(t, h, "GET", "/pypi/simple/demo/", made.Secret, nil); r.StatusCode != 200 {
		t.Errorf("with the new token: %s", r.Status)
	}
	list := send(t, h, "GET", "/api/v1/tokens", admin, nil)
	if bytes.Contains(list.body, []byte(made.Secret)) || bytes.Contains(bytes.ToLower(list.body), []byte("hash")) || !bytes.Contains(list.body, []byte(made.ID)) {
		t.Errorf("list: %s", list.body)
	}
	if r := send(t, h, "DELETE", "/api/v1/tokens/"+made.ID, admin, nil); r.StatusCode != 204 {
		t.Errorf("revoking: %s", r.Status)
	}
	if r := send(t, h, "GET", "/pypi/simple/demo/", made.Secret, nil); r.StatusCode != 401 || !bytes.Contains(r.body, []byte("revoked")) {
		t.Errorf("with the revoked token: %s: %s", r.Status, r.body)
	}
}

// request hands in purls and gives the request's id.
func request(t *testing.T, h *httptest.Server, token string, body map[string]any) string {
	t.Helper()
	r := send(t, h, "POST", "/api/v1/requests", token, with(body, "purls", []string{"pkg:pypi/demo@1.0"}))
	if r.StatusCode != http.StatusAccepted {
		t.Fatalf("handing in: %s: %s", r.Status, r.body)
	}
	return decode[map[string]string](t, r)["request"]
}

// outcome waits for a request to end.
func outcome(t *testing.T, h *httptest.Server, token, id string) verdict.Outcome {
	t.Helper()
	return decode[verdict.Outcome](t, send(t, h, "GET", "/api/v1/requests/"+id+"?wait=20s", token, nil))
}

// TestQueueIsBounded: more than may wait is 429 with a time to come back, for one
// project and for all, and what waits can be seen waiting.
func TestQueueIsBounded(t *testing.T) {
	w := refused(t)
	w.Hold = make(chan struct{})
	_, h := start(t, w, func(c *server.Config) { c.Admissions, c.Room = 1, jobs.Room{Total: 3, Share: 2} })
	token := w.Token("dev", access.Reader)
	ids := []string{request(t, h, token, nil)}
	<-w.Fetching // the first one runs and does not wait
	shop := map[string]any{"project": "shop"}
	ids = append(ids, request(t, h, token, shop), request(t, h, token, shop))
	full := func(project, says string) {
		t.Helper()
		r := send(t, h, "POST", "/api/v1/requests", token, map[string]any{"project": project, "purls": []string{"pkg:pypi/demo@1.0"}})
		if r.StatusCode != 429 || r.Header.Get("Retry-After") == "" || !bytes.Contains(r.body, []byte(says)) {
			t.Errorf("one more of project %q: %s %v: %s, want 429 with %q", project, r.Status, r.Header.Get("Retry-After"), r.body, says)
		}
	}
	full("shop", `2 requests of \"shop\"`)
	ids = append(ids, request(t, h, token, map[string]any{"project": "till"}))
	full("office", "3 requests wait")
	last := ids[len(ids)-1]
	if st := decode[verdict.Outcome](t, send(t, h, "GET", "/api/v1/requests/"+last+"?wait=1ms", token, nil)); st.Status != verdict.Queued {
		t.Errorf("the last one is %s", st.Status)
	}
	if r := send(t, h, "GET", "/d/"+last, "", nil, "Accept", "text/html"); r.StatusCode != 200 || !bytes.Contains(r.body, []byte("Waiting")) || !bytes.Contains(r.body, []byte(`http-equiv="refresh"`)) {
		t.Errorf("its page: %s", r.Status)
	}
	close(w.Hold)
	for _, id := range ids {
		if st := outcome(t, h, token, id); st.Status != verdict.Done || st.Verdict != verdict.Admit {
			t.Errorf("%s is %s %s", id, st.Status, st.Verdict)
		}
	}
}

// TestSentTwice: a request whose answer was lost is sent again under its id and is
// looked at once.
func TestSentTwice(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	dev, eve := w.Token("dev", access.Reader), w.Token("eve", access.Reader)
	mine := map[string]any{"id": gate.NewID('r'), "project": "shop"}
	if one, two := request(t, h, dev, mine), request(t, h, dev, mine); one != mine["id"] || two != one {
		t.Errorf("taken in as %s and %s, want %s", one, two, mine["id"])
	}
	if list, err := w.Store.Requests(t.Context(), "main", 10); err != nil || len(list) != 1 {
		t.Errorf("%d requests (%v), want one", len(list), err)
	}
	for why, r := range map[string]reply{
		"somebody else":   send(t, h, "POST", "/api/v1/requests", eve, with(mine, "purls", []string{"pkg:pypi/demo@1.0"})),
		"something else":  send(t, h, "POST", "/api/v1/requests", dev, with(mine, "purls", []string{"pkg:pypi/demo@1.2"})),
		"another project": send(t, h, "POST", "/api/v1/requests", dev, map[string]any{"id": mine["id"], "purls": []string{"pkg:pypi/demo@1.0"}}),
	} {
		if r.StatusCode != http.StatusConflict {
			t.Errorf("%s under the same id: %s: %s", why, r.Status, r.body)
		}
	}
}

// TestUnfinishedGoesOn: what waited or ran when the last server ended, killed or
// not, is done by the next one.
func TestUnfinishedGoesOn(t *testing.T) {
	w := refused(t)
	waiting := verdict.Request{ID: gate.NewID('r'), Door: "api", Registry: "main", By: "dev", Purls: []string{"pkg:pypi/demo@1.0"}, Created: w.Now()}
	if err := w.Gate.Submit(t.Context(), waiting, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	killed := waiting
	killed.ID = gate.NewID('r')
	if err := w.Gate.Submit(t.Context(), killed, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // both claimed by a process that was killed; one has lost its lease since
		if _, _, err := w.Store.Jobs().Claim(t.Context(), gate.RequestJob, w.Now(), w.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	w.Later(2 * time.Minute)
	_, h := start(t, w)
	for _, id := range []string{waiting.ID, killed.ID} {
		if o := outcome(t, h, w.Token("dev", access.Reader), id); o.Status != verdict.Done || o.Verdict != verdict.Admit {
			t.Errorf("outcome %+v", o)
		}
	}
}

// TestStopping: a stopping server gives back what does not end, takes in more for
// the next one, and that one does both.
func TestStopping(t *testing.T) {
	w := refused(t)
	w.Hold = make(chan struct{})
	s, h := start(t, w)
	token := w.Token("dev", access.Reader)
	id := request(t, h, token, nil)
	<-w.Fetching
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.EndWaits()
	s.Close(ctx)
	late := request(t, h, token, nil)
	for _, id := range []string{id, late} {
		_, status, o, err := w.Store.Request(t.Context(), id)
		if err != nil || status != verdict.Queued || o.Verdict == verdict.Admit {
			t.Errorf("request %s is %s %s (%v), want queued", id, status, o.Verdict, err)
		}
	}
	close(w.Hold)
	_, next := start(t, w)
	for _, id := range []string{id, late} {
		if o := outcome(t, next, token, id); o.Status != verdict.Done || o.Verdict != verdict.Admit {
			t.Errorf("after the restart: %+v", o)
		}
	}
}

// TestCancel takes requests back, waiting and running, by those who may.
func TestCancel(t *testing.T) {
	w := refused(t)
	w.Hold = make(chan struct{})
	_, h := start(t, w, func(c *server.Config) { c.Admissions = 1 })
	dev, eve, ann := w.Token("dev", access.Reader), w.Token("eve", access.Reader), w.Token("ann", access.Approver)
	other := w.Token("bob", access.Approver, "observing")
	running, waiting := request(t, h, dev, nil), request(t, h, dev, nil)
	<-w.Fetching
	cancel := func(token, id string) reply {
		return send(t, h, "POST", "/api/v1/requests/"+id+"/cancel", token, struct{}{})
	}
	for who, token := range map[string]string{"another reader": eve, "an approver of another registry": other} {
		if r := cancel(token, waiting); r.StatusCode != http.StatusForbidden {
			t.Errorf("cancelled by %s: %s: %s", who, r.Status, r.body)
		}
	}
	waits := make(chan verdict.Outcome)
	go func() { waits <- outcome(t, h, dev, running) }()
	for id, token := range map[string]string{waiting: dev, running: ann} {
		r := cancel(token, id)
		o := decode[verdict.Outcome](t, r)
		if r.StatusCode != 200 || o.Status != verdict.Cancelled || o.Verdict != verdict.Hold || len(o.Problems) != 1 || !strings.Contains(o.Problems[0].Text, "cancelled by") {
			t.Errorf("cancelled: %s: %s", r.Status, r.body)
		}
		if r := cancel(token, id); r.StatusCode != http.StatusConflict {
			t.Errorf("cancelling again: %s: %s", r.Status, r.body)
		}
	}
	if o := <-waits; o.Status != verdict.Cancelled {
		t.Errorf("who waited for it hears %s", o.Status)
	}
	close(w.Hold)
	if o := outcome(t, h, dev, request(t, h, dev, nil)); o.Status != verdict.Done {
		t.Errorf("the place is not free again: %+v", o)
	}
	if r := send(t, h, "GET", "/d/"+running, "", nil, "Accept", "text/html"); !bytes.Contains(r.body, []byte("Cancelled")) || bytes.Contains(r.body, []byte(`http-equiv="refresh"`)) {
		t.Errorf("its page: %s: %s", r.Status, r.body)
	}
	if r := cancel(dev, "rnone"); r.StatusCode != http.StatusNotFound {
		t.Errorf("what never was: %s", r.Status)
	}
}

// TestDeadLetters: a job that was given up is shown with what stopped it, its
// request is no admission, and both go on when it is started again.
func TestDeadLetters(t *testing.T) {
	w := refused(t)
	req := verdict.Request{ID: gate.NewID('r'), Door: "api", Registry: "main", By: "dev", Purls: []string{"pkg:pypi/demo@1.0"}, Created: w.Now()}
	if err := w.Gate.Submit(t.Context(), req, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	q := w.Store.Jobs()
	j, _, err := q.Claim(t.Context(), gate.RequestJob, w.Now(), w.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Bury(t.Context(), j.Held(), w.Now(), "a bug \x1b[31m"); err != nil {
		t.Fatal(err)
	}
	_, h := start(t, w)
	admin, ann, dev := w.Token("root", access.Admin), w.Token("ann", access.Approver), w.Token("dev", access.Reader)
	if o := outcome(t, h, dev, req.ID); o.Status != verdict.Failed || o.Verdict != verdict.Hold || len(o.Problems) != 1 || !strings.Contains(o.Problems[0].Text, "gatehouse jobs") {
		t.Errorf("its request: %+v", o)
	}
	list := decode[struct{ Jobs []jobs.Job }](t, send(t, h, "GET", "/api/v1/jobs?state=dead", ann, nil)).Jobs
	if len(list) != 1 || list[0].ID != j.ID || !strings.HasPrefix(list[0].Error, "a bug") {
		t.Fatalf("dead: %+v", list)
	}
	if r := send(t, h, "GET", "/api/v1/jobs?state=lost", ann, nil); r.StatusCode != 400 || !bytes.Contains(r.body, []byte("dead")) {
		t.Errorf("an unknown state: %s: %s", r.Status, r.body)
	}
	if r := send(t, h, "POST", "/api/v1/jobs/"+j.ID+"/restart", admin, struct{}{}); r.StatusCode != 200 || decode[jobs.Job](t, r).State != jobs.Waiting {
		t.Errorf("started again: %s: %s", r.Status, r.body)
	}
	if o := outcome(t, h, dev, req.ID); o.Status != verdict.Done || o.Verdict != verdict.Admit {
		t.Errorf("afterwards: %+v", o)
	}
	if r := send(t, h, "POST", "/api/v1/jobs/"+j.ID+"/restart", admin, struct{}{}); r.StatusCode != http.StatusConflict {
		t.Errorf("started again when it is done: %s: %s", r.Status, r.body)
	}
	log, err := w.Store.AuditLog(t.Context(), 10)
	if err != nil || len(log) != 1 || log[0].Act != "restart-job" || log[0].By != "root" {
		t.Errorf("audit log %+v (%v)", log, err)
	}
}

// TestPanicIsAFault: logged, 503, and the server goes on.
func TestPanicIsAFault(t *testing.T) {
	w := refused(t)
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
	_, h := start(t, w, func(c *server.Config) {
		c.Registries = append(c.Registries, server.Registry{Name: "odd", Handlers: map[string]http.Handler{"pypi": boom}})
	})
	r := send(t, h, "GET", "/registry/odd/pypi/simple/", "", nil)
	if r.StatusCode != 503 || bytes.Contains(r.body, []byte("boom")) || r.Header.Get("Retry-After") == "" {
		t.Errorf("%s: %s", r.Status, r.body)
	}
	if log := w.Lines.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "status=503") {
		t.Errorf("log: %s", log)
	}
	if r := send(t, h, "GET", "/healthz", "", nil); r.StatusCode != 200 {
		t.Errorf("afterwards: %s", r.Status)
	}
}

// TestAccessLog: a refusal that took the connection over is one line like all
// others, with its decision.
func TestAccessLog(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	r := send(t, h, "GET", "/pypi/files/demo/demo-1.1-py3-none-any.whl?token=leak", "", nil, "User-Agent", "pip/\u202e26")
	id := r.Header.Get("X-Gatehouse-Decision")
	lines := w.Lines.With("msg=request", "demo-1.1")
	if len(lines) != 1 || id == "" || !strings.Contains(lines[0], "status=403") || !strings.Contains(lines[0], "decision="+id) || strings.Contains(lines[0], "leak") || strings.Contains(lines[0], "\u202e") {
		t.Errorf("decision %q, log %q", id, lines)
	}
}

// TestSlowClients: a header or a body that does not come ends the connection.
func TestSlowClients(t *testing.T) {
	w := refused(t)
	s, _ := start(t, w)
	h := server.HTTP(s, w.Log)
	if h.ReadHeaderTimeout <= 0 || h.IdleTimeout <= 0 || h.WriteTimeout <= 0 || h.MaxHeaderBytes <= 0 || h.MaxHeaderBytes > 64<<10 {
		t.Errorf("limits %v %v %v %d", h.ReadHeaderTimeout, h.IdleTimeout, h.WriteTimeout, h.MaxHeaderBytes)
	}
	h.ReadHeaderTimeout = 50 * time.Millisecond
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go h.Serve(ln)
	defer h.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+ourHost+"\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection stays open: %q %v", b, err)
	}
	if r := send(t, &httptest.Server{URL: "http://" + ln.Addr().String()}, "GET", "/", "", nil, "X-Large", strings.Repeat("x", 100<<10)); r.StatusCode != 431 {
		t.Errorf("a header of 100 kB: %s", r.Status)
	}
}

// TestSocketIsTheOperator: over the socket the local operator acts, on the API
// alone.
func TestSocketIsTheOperator(t *testing.T) {
	w := refused(t)
	s, _ := start(t, w, func(c *server.Config) { c.AnonymousRead = false })
	h := httptest.NewServer(s.Local("local:ann"))
	defer h.Close()
	out := admit(t, h, "", "pkg:pypi/demo@1.1")
	if out.Verdict != verdict.Reject {
		t.Fatalf("outcome %+v", out)
	}
	if req, _, _, err := w.Store.Request(t.Context(), out.Request); err != nil || req.By != "local:ann" {
		t.Errorf("recorded as by %q (%v)", req.By, err)
	}
	for _, path := range []string{"/", "/pypi/simple/demo/", "/d/" + out.Request} {
		if r := send(t, h, "GET", path, "", nil); r.StatusCode != 404 {
			t.Errorf("%s over the socket: %s", path, r.Status)
		}
	}
}
