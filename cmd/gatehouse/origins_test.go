package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// recorder is an upstream of any ecosystem that has nothing and remembers all that it
// was told.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		text := fmt.Sprint(req.Method, " ", req.RequestURI, " ", req.Header, " ", string(body))
		r.mu.Lock()
		r.told = append(r.told, text)
		r.mu.Unlock()
		http.NotFound(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

// heard lists what it was told that names one of ours, in whatever escapes.
func (r *recorder) heard(names ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, text := range r.told {
		plain := text
		for range 3 {
			if u, err := url.PathUnescape(plain); err == nil {
				plain = u
			}
		}
		plain = strings.ToLower(strings.ReplaceAll(plain, "!", ""))
		for _, n := range names {
			if strings.Contains(plain, n) {
				out = append(out, text)
				break
			}
		}
	}
	return out
}

// TestNamesOfOursNeverLeave, in whatever spelling and through whatever door they come:
// indexes, files, metadata, audits, attestations, lookups in Go's checksum database,
// locks with aliases, dependencies of what is outside, the command line.
func TestNamesOfOursNeverLeave(t *testing.T) {
	rec := newRecorder(t)
	x := stub.New(t)
	x.Add(scantest.Wheel{Name: "trick", Version: "1.0", License: "MIT", Requires: []string{"acme-billing"}}, stub.About{})
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf, err := ownWorld(t, dir, x)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
advisories: {sources: [%[1]q]}
matrix: {python: ["3.12.4"], platforms: [x86_64-manylinux_2_28]}
upstreams:
  - {name: pypi, ecosystem: pypi, url: %[2]q}
  - {name: other, ecosystem: pypi, url: "%[3]s/other/"}
  - {name: npm, ecosystem: npm, url: "%[3]s/npm/"}
  - {name: golang, ecosystem: golang, url: "%[3]s/go/"}
  - {name: cargo, ecosystem: cargo, url: "%[3]s/cargo/"}
  - {name: maven, ecosystem: maven, url: "%[3]s/maven/"}
internal_names: ["acme-*", "npm:@acme/*", "golang:git.acme.invalid/*", "maven:invalid.acme:*"]
registries: {team: {upstreams: [main]}}
`, filepath.Join(dir, "advisories"), x.URL(), rec.URL)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	base, _, _ := startServe(t, data, conf)

	gate, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL = &url.URL{Scheme: gate.Scheme, Host: gate.Host, Opaque: "//" + gate.Host + path}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, below := range []string{"", "/registry/team", "/asof/2026-05-03T12:00:00Z", "/asof/2026-05-03T12:00:00Z/registry/team"} {
		for _, path := range []string{
			"/pypi/simple/acme-billing/", "/pypi/simple/Acme_Billing/", "/pypi/simple/ACME.billing/", "/pypi/simple/%61cme-billing/", "/pypi/simple/acme%2Dbilling/", "/pypi/simple/acme--billing/",
			"/pypi/files/acme-billing/acme_billing-1.0-py3-none-any.whl", "/pypi/files/acme-billing/acme_billing-1.0-py3-none-any.whl.metadata",
			"/pypi/acme-billing/json", "/pypi/acme-billing/1.0/json", "/pypi/integrity/acme-billing/1.0/acme_billing-1.0-py3-none-any.whl/provenance",
			"/npm/acme-x", "/npm/acme_x", "/npm/Acme-X", "/npm/acme.x", "/npm/@acme/x", "/npm/@acme%2fx", "/npm/%40acme%2Fx", "/npm/@ACME/x", "/npm/@acme/x/latest", "/npm/@acme/x/-/x-1.0.0.tgz",
			"/npm/-/package/@acme/x/dist-tags", "/npm/-/npm/v1/attestations/@acme/x@1.0.0", "/npm/-/npm/v1/attestations/@acme%2fx@1.0.0", "/npm/-/v1/search?text=acme-x",
			"/go/git.acme.invalid/lib/@v/list", "/go/git.acme.invalid/lib/@latest", "/go/git.acme.invalid/lib/@v/v1.0.0.info", "/go/git.acme.invalid/lib/@v/v1.0.0.zip", "/go/git.acme.invalid/@v/list",
			"/go/git.acme.invalid/!lib/@v/list", "/go/git.acme.invalid/lib/v2/sub/@v/list", "/go/sumdb/sum.example.invalid/lookup/git.acme.invalid/lib@v1.0.0",
			"/cargo/ac/me/acme-x", "/cargo/ac/me/acme_x", "/cargo/AC/ME/ACME-X", "/cargo/api/v1/crates/acme-x/1.0.0/download", "/cargo/api/v1/crates?q=acme-x", "/cargo/dl/acme-x/1.0.0/download",
			"/maven/invalid/acme/core/maven-metadata.xml", "/maven/invalid/acme/core/1.0/core-1.0.jar", "/maven/invalid/acme/core/1.0/core-1.0.pom",
		} {
			if code, b := ask(http.MethodGet, below+path, ""); code == http.StatusInternalServerError || code == http.StatusServiceUnavailable {
				t.Errorf("%s%s: %d %s", below, path, code, b)
			}
		}
		ask(http.MethodPost, below+"/npm/-/npm/v1/security/advisories/bulk", `{"@acme/x":["1.0.0"],"acme-y":["1.0.0"]}`)
		ask(http.MethodPost, below+"/npm/-/npm/v1/security/audits/quick", `{"name":"app","version":"1.0.0","requires":{"@acme/x":"1.0.0"},"dependencies":{"@acme/x":{"version":"1.0.0"}}}`)
		ask(http.MethodPost, below+"/pypi/osv/v1/query", `{"package":{"name":"acme-billing","ecosystem":"PyPI"},"version":"1.0"}`)
	}
	for _, purl := range []string{"pkg:pypi/Acme_Billing@1.0", "pkg:npm/%40acme/x@1.0.0", "pkg:npm/acme-x", "pkg:golang/git.acme.invalid/lib@v1.0.0", "pkg:cargo/acme-x@1.0.0", "pkg:maven/invalid.acme/core@1.0"} {
		if code, b := ask(http.MethodGet, "/api/v1/explain?registry=team&purl="+url.QueryEscape(purl), ""); code != http.StatusOK || !strings.Contains(b, `"internal":true`) && !strings.Contains(b, `"internal": true`) {
			t.Errorf("explain %s: %d %s", purl, code, b)
		}
	}
	files := map[string]string{
		"requirements.txt": "trick\nacme.Billing\n",
		"package.json":     `{"name":"app","version":"1.0.0","dependencies":{"left":"npm:@acme/x@^1.0.0","acme-y":"*"}}`,
		"package-lock.json": `{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"app","version":"1.0.0","dependencies":{"left":"npm:@acme/x@1.0.0"}},
			"node_modules/left":{"name":"@acme/x","version":"1.0.0","resolved":"https://example.invalid/x-1.0.0.tgz","integrity":"sha512-AAAA"},
			"node_modules/acme-y":{"version":"1.0.0","resolved":"https://example.invalid/acme-y-1.0.0.tgz","integrity":"sha512-AAAA"}}}`,
		"go.mod":     "module app.invalid\n\ngo 1.22\n\nrequire git.acme.invalid/lib v1.0.0\n",
		"Cargo.toml": "[package]\nname = \"app\"\nversion = \"1.0.0\"\n\n[dependencies]\nleft = { package = \"acme-x\", version = \"1\" }\nacme_y = \"1\"\n",
		"pom.xml":    "<project><modelVersion>4.0.0</modelVersion><groupId>invalid.app</groupId><artifactId>app</artifactId><version>1</version><dependencies><dependency><groupId>invalid.acme</groupId><artifactId>core</artifactId><version>1.0</version></dependency></dependencies></project>",
	}
	for name, content := range files {
		sub := filepath.Join(t.TempDir(), "project")
		if err := os.MkdirAll(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(sub, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"admit", file}, {"admit", "--registry", "team", file}, {"resolve", file}, {"audit", file}} {
			if code, out, _ := command(t, data, conf, args...); code == exitAdmit && args[0] == "admit" {
				t.Errorf("%v: admitted: %s", args, out)
			}
		}
	}
	if got := rec.heard("acme"); len(got) > 0 {
		t.Errorf("outside heard of names of ours %d times, first: %s", len(got), strings.Join(got[:min(len(got), 5)], "\n"))
	}
	for _, name := range []string{"acme-billing", "Acme_Billing", "acme.billing"} {
		if n := x.AskedBelow("/simple/" + name); n != 0 {
			t.Errorf("the index was asked for %s %d times", name, n)
		}
	}
	// What is nobody's name of ours is asked for, so that the silence above says something.
	for _, path := range []string{"/pypi/simple/stranger/", "/npm/stranger", "/go/stranger.invalid/lib/@v/list", "/cargo/st/ra/stranger", "/maven/invalid/stranger/core/maven-metadata.xml"} {
		before := len(rec.heard("stranger"))
		if code, b := ask(http.MethodGet, path, ""); code != http.StatusNotFound {
			t.Errorf("%s: %d %.200s", path, code, b)
		}
		if len(rec.heard("stranger")) == before {
			t.Errorf("%s was asked for nowhere", path)
		}
	}
}

// TestARegistryReadsAnother over HTTP, as pip asks: one fetch for both, the moment in
// the past, the policy of each, and a recall that both follow at once.
func TestARegistryReadsAnother(t *testing.T) {
	x := stub.New(t)
	file := x.Add(scantest.Wheel{Name: "lib", Version: "1.0", License: "MIT"}, stub.About{})
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf, err := ownWorld(t, dir, x)
	if err != nil {
		t.Fatal(err)
	}
	lax := filepath.Join(dir, "lax.yaml")
	rules := "version: 1\nrules:\n  - {id: all, on: finding, when: 'true', effect: note, why: because, examples: {finds: [{finding: {class: honesty}}], spares: []}}\n"
	b, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	b = fmt.Appendf(b, "registries: {main: {upstreams: [pypi]}, team: {upstreams: [main], policy: %q, present: hide}}\n", lax)
	if err := os.WriteFile(lax, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, b, 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	base, _, _ := startServe(t, data, conf)

	c := herd()
	if code, body := get(t, c, base+"/registry/team/pypi/simple/lib/"); code != http.StatusOK || !strings.Contains(body, file) {
		t.Fatalf("the index in team: %d %s", code, body)
	}
	for _, path := range []string{"/registry/team/pypi/files/lib/", "/pypi/files/lib/", "/registry/main/pypi/files/lib/"} {
		if code, body := get(t, c, base+path+file); code != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: %d %.200s", path, code, body)
		}
	}
	if n := x.Asked(stub.FilePath(file)); n != 1 {
		t.Errorf("the file was fetched %d times", n)
	}
	for at, want := range map[string]int{time.Now().UTC().Format(time.RFC3339): http.StatusOK, "2001-01-01T00:00:00Z": http.StatusNotFound} {
		if code, body := get(t, c, base+"/asof/"+at+"/registry/team/pypi/simple/lib/"); code != want {
			t.Errorf("as of %s: %d %.200s, want %d", at, code, body, want)
		}
	}
	// Something becomes known: main's policy refuses it, and team's would not.
	record, err := json.Marshal(map[string]any{
		"schema_version": "1.6.7", "id": "PYSEC-2026-9999", "modified": time.Now().UTC().Format(time.RFC3339), "published": "2026-01-01T00:00:00Z", "summary": "a hole",
		"severity": []any{map[string]any{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
		"affected": []any{map[string]any{"package": map[string]any{"ecosystem": "PyPI", "name": "lib"}, "versions": []string{"1.0"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "advisories", "PyPI", "PYSEC-2026-9999.json"), bytes.TrimSpace(record), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(out, errs)
	}
	if code, body := get(t, c, base+"/pypi/files/lib/"+file); code != http.StatusForbidden {
		t.Errorf("in main: %d %.200s", code, body)
	}
	code, body := get(t, c, base+"/registry/team/pypi/files/lib/"+file)
	var refused struct{ Type, Decision string }
	if err := json.Unmarshal([]byte(body), &refused); err != nil || code != http.StatusForbidden || !strings.Contains(body, "PYSEC-2026-9999") {
		t.Errorf("in team: %d %.500s", code, body)
	}
	if code, page := get(t, c, base+"/d/"+refused.Decision); code != http.StatusOK || !strings.Contains(page, "registry main, which this one reads, does not hand it out") {
		t.Errorf("the decision's page: %d %.500s", code, page)
	}
	if code, body := get(t, c, base+"/registry/team/pypi/simple/lib/"); code == http.StatusOK && strings.Contains(body, file) {
		t.Errorf("team hides what is refused: %s", body)
	}
	if code, body := get(t, c, base+"/pypi/simple/lib/"); code != http.StatusOK || !strings.Contains(body, file) {
		t.Errorf("main marks it: %d %s", code, body)
	}
	x.Stop()
	if code, body := get(t, c, base+"/registry/team/pypi/simple/never-seen/"); code != http.StatusServiceUnavailable {
		t.Errorf("a silent upstream through another registry: %d %.200s", code, body)
	}
}

// TestACompanysOwnIndex: names that are kept inside come from an upstream that is the
// company's own, and from no other.
func TestACompanysOwnIndex(t *testing.T) {
	public, devpi := stub.New(t), stub.New(t)
	file := devpi.Add(scantest.Wheel{Name: "acme-lib", Version: "1.0", License: "MIT"}, stub.About{})
	public.Add(scantest.Wheel{Name: "acme-lib", Version: "9.0", License: "MIT"}, stub.About{})
	known := public.Add(scantest.Wheel{Name: "known", Version: "1.0", License: "MIT"}, stub.About{})
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf, err := ownWorld(t, dir, public)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
advisories: {sources: [%q]}
matrix: {python: ["3.12.4"], platforms: [x86_64-manylinux_2_28]}
upstreams:
  - {name: pypi, ecosystem: pypi, url: %q}
  - {name: devpi, ecosystem: pypi, url: %q, names: ["acme-*"], origin: internal}
internal_names: ["acme-*"]
`, filepath.Join(dir, "advisories"), public.URL(), devpi.URL())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	base, _, _ := startServe(t, data, conf)
	base += "/pypi"
	c := herd()
	for path, want := range map[string]int{"/files/acme-lib/" + file: http.StatusOK, "/files/known/" + known: http.StatusOK, "/simple/acme-other/": http.StatusNotFound} {
		if code, body := get(t, c, base+path); code != want {
			t.Errorf("%s: %d %.300s, want %d", path, code, body, want)
		}
	}
	if code, body := get(t, c, base+"/simple/acme-lib/"); code != http.StatusOK || strings.Contains(body, "9.0") {
		t.Errorf("the index: %d %s", code, body)
	}
	if n := public.AskedBelow("/simple/acme"); n != 0 {
		t.Errorf("the public index was asked %d times for names of ours", n)
	}
	if n := devpi.AskedBelow("/simple/known"); n != 0 {
		t.Errorf("the company's index was asked %d times for what is none of its names", n)
	}
	wish := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(wish, []byte("acme-lib\nknown\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command(t, data, conf, "resolve", wish); code != 0 || !strings.Contains(out, "pkg:pypi/acme-lib@1.0") || !strings.Contains(out, "pkg:pypi/known@1.0") {
		t.Errorf("resolve: %d %s %s", code, out, errs)
	}
	if n := public.AskedBelow("/simple/acme"); n != 0 {
		t.Errorf("resolve asked the public index %d times for names of ours", n)
	}
}

// TestARegistryLooksAtNothingThatTheOneAboveWaitsFor.
func TestARegistryLooksAtNothingThatTheOneAboveWaitsFor(t *testing.T) {
	for _, tc := range []struct {
		main, team string
		strangers  bool
		want       registry.Pull
	}{
		{"auto", "auto", false, registry.PullAdmit}, {"auto", "auto", true, registry.PullHold}, {"hold", "admit", false, registry.PullHold},
		{"off", "admit", false, registry.PullHold}, {"admit", "off", false, registry.PullOff}, {"admit", "hold", false, registry.PullHold}, {"admit", "admit", true, registry.PullAdmit},
	} {
		cfg := config.Config{Registries: map[string]config.Registry{"main": {Pull: tc.main}, "team": {Pull: tc.team, Upstreams: []string{"main"}}}}
		if got := pullOf(cfg, "team", tc.strangers); got != tc.want {
			t.Errorf("main %s, team %s, strangers %t: %s, want %s", tc.main, tc.team, tc.strangers, got, tc.want)
		}
	}
}
