//go:build conformance

package clients_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

const (
	typeJSON = "application/vnd.pypi.simple.v1+json"
	typeHTML = "application/vnd.pypi.simple.v1+html"
)

type page struct {
	Status struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"project-status"`
	Name     string   `json:"name"`
	Versions []string `json:"versions"`
	Files    []struct {
		Filename   string            `json:"filename"`
		URL        string            `json:"url"`
		Hashes     map[string]string `json:"hashes"`
		Size       int64             `json:"size"`
		UploadTime string            `json:"upload-time"`
		Yanked     any               `json:"yanked"`
		Metadata   any               `json:"core-metadata"`
	} `json:"files"`
}

func (g *gate) page(index, name string) page {
	g.t.Helper()
	res, body := g.ask(http.MethodGet, index+name+"/", typeJSON)
	if res.StatusCode != http.StatusOK {
		g.t.Fatalf("page of %s: %s\n%s", name, res.Status, body)
	}
	var p page
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		g.t.Fatal(err)
	}
	return p
}

// TestProtocol asks what the clients ask, without one of them: what they would
// hide behind a retry or a cache shows here.
func TestProtocol(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "demo-thing", introduced: "2.0", fixed: "2.1"}}})
	wheel := scantest.Wheel{Name: "Demo.Thing", Version: "1.0", Requires: []string{"other"}}
	g.upstream.Add(wheel, stub.About{})
	g.wheel("Demo.Thing", "2.0", old)
	g.upstream.SetStatus("demo-thing", "archived", "no longer kept")
	page := g.page(g.Index, "demo-thing")
	good, bad := page.Files[0], page.Files[1]
	goodURL, badURL := join(t, g.Index+"demo-thing/", good.URL), join(t, g.Index+"demo-thing/", bad.URL)

	t.Run("content negotiation", func(t *testing.T) {
		for _, tc := range []struct{ accept, want, why string }{
			{typeJSON + ", " + typeHTML + "; q=0.1, text/html; q=0.01", typeJSON, "pip since 22.3"},
			{typeJSON + ", " + typeHTML + ";q=0.2, text/html;q=0.01", typeJSON, "uv"},
			{"text/html", "text/html", "pip before 22.3"},
			{"*/*", "text/html", "curl"},
			{"", "text/html", "no word about it"},
			{typeHTML, typeHTML, "HTML by its new name"},
		} {
			res, body := g.ask(http.MethodGet, g.Index+"demo-thing/", tc.accept)
			if ct := res.Header.Get("Content-Type"); !strings.HasPrefix(ct, tc.want) {
				t.Errorf("Accept %q gives %q, want %q (%s)", tc.accept, ct, tc.want, tc.why)
			}
			if !strings.Contains(strings.ToLower(res.Header.Get("Vary")), "accept") {
				t.Errorf("Accept %q: Vary is %q: a cache would mix the forms up", tc.accept, res.Header.Get("Vary"))
			}
			for _, want := range []string{"demo_thing-1.0-py3-none-any.whl", "[gatehouse] TEST-2026-1"} {
				if !strings.Contains(body, want) {
					t.Errorf("Accept %q: the page lacks %q:\n%s", tc.accept, want, body)
				}
			}
		}
	})
	t.Run("the page says all that clients select by", func(t *testing.T) {
		if good.Yanked != false || good.Hashes["sha256"] != stub.Digest(wheel.Build(t)) || good.Size == 0 || good.UploadTime == "" {
			t.Errorf("entry of the good file: %+v", good)
		}
		if text, ok := bad.Yanked.(string); !ok || !strings.Contains(text, "[gatehouse] TEST-2026-1") || !strings.Contains(text, "use 1.0") || !strings.Contains(text, g.URL+"/d/") {
			t.Errorf("mark of the refused file: %v", bad.Yanked)
		}
	})
	t.Run("the upstream's word on the project", func(t *testing.T) {
		if page.Status.Status != "archived" || page.Status.Reason != "no longer kept" {
			t.Errorf("project-status of the JSON page is %+v (PEP 792 has it beside meta, as an object)", page.Status)
		}
		_, body := g.ask(http.MethodGet, g.Index+"demo-thing/", "text/html")
		for _, want := range []string{`<meta name="pypi:project-status" content="archived">`, `<meta name="pypi:project-status-reason" content="no longer kept">`} {
			if !strings.Contains(body, want) {
				t.Errorf("the HTML page lacks %s:\n%s", want, body)
			}
		}
	})
	t.Run("normalised names", func(t *testing.T) {
		for _, spelled := range []string{"Demo.Thing/", "demo_thing/", "DEMO-THING/", "demo--thing/", "demo-thing"} {
			res, _ := g.ask(http.MethodGet, g.Index+spelled, "")
			to, err := res.Location()
			if res.StatusCode != http.StatusMovedPermanently || err != nil || to.String() != g.Index+"demo-thing/" {
				t.Errorf("%s answers %s to %v, want a redirect to demo-thing/", spelled, res.Status, to)
			}
		}
	})
	t.Run("HEAD first", func(t *testing.T) {
		for _, tc := range []struct {
			url    string
			status int
		}{{g.Index + "demo-thing/", 200}, {goodURL, 200}, {goodURL + ".metadata", 200}, {badURL, 403}, {g.Index + "nobody/", 404}} {
			res, body := g.ask(http.MethodHead, tc.url, "")
			if res.StatusCode != tc.status || body != "" {
				t.Errorf("HEAD %s answers %s with %d bytes, want %d with none", tc.url, res.Status, len(body), tc.status)
			}
			if tc.status == 200 && res.ContentLength <= 0 {
				t.Errorf("HEAD %s gives no length", tc.url)
			}
			if tc.status == 403 && !strings.Contains(res.Status, "blocked by gatehouse: TEST-2026-1") {
				t.Errorf("HEAD %s answers %q without the reason", tc.url, res.Status)
			}
		}
	})
	t.Run("conditions and ranges", func(t *testing.T) {
		for _, at := range []string{g.Index + "demo-thing/", goodURL} {
			first, _ := g.ask(http.MethodGet, at, typeJSON)
			if first.Header.Get("ETag") == "" {
				t.Fatalf("%s has no ETag", at)
			}
			if res := g.with(at, "If-None-Match", first.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
				t.Errorf("%s with its own ETag answers %s, want 304", at, res.Status)
			}
		}
		if res := g.with(goodURL, "Range", "bytes=0-9"); res.StatusCode != http.StatusPartialContent || res.ContentLength != 10 {
			t.Errorf("ten bytes of a file: %s, %d bytes", res.Status, res.ContentLength)
		}
		for _, h := range []string{"If-None-Match", "Range"} {
			if res := g.with(badURL, h, map[string]string{"Range": "bytes=0-9"}[h]); res.StatusCode != http.StatusForbidden {
				t.Errorf("a refused file with %s answers %s, want 403", h, res.Status)
			}
		}
	})
	t.Run("metadata beside the wheel", func(t *testing.T) {
		if res, body := g.ask(http.MethodGet, goodURL+".metadata", ""); res.StatusCode != http.StatusOK || body != string(wheel.MetadataBytes()) {
			t.Errorf("metadata of a good file answers %s with\n%s", res.Status, body)
		}
		// A resolver must be able to read past a version that is refused.
		if res, _ := g.ask(http.MethodGet, badURL+".metadata", ""); res.StatusCode != http.StatusOK {
			t.Errorf("metadata of a refused file answers %s, want 200", res.Status)
		}
	})
	t.Run("a refusal as programs read it", func(t *testing.T) {
		res, body := g.ask(http.MethodGet, badURL, "")
		var problem struct {
			Status                 int
			Detail, Rule, Decision string
			Purl, Verdict          string
		}
		if err := json.Unmarshal([]byte(body), &problem); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if res.StatusCode != 403 || res.Header.Get("Content-Type") != "application/problem+json" || problem.Rule != "vulnerability-fixed" || problem.Purl != "pkg:pypi/demo-thing@2.0" || problem.Verdict != "reject" {
			t.Errorf("%s %v: %s", res.Status, res.Header, body)
		}
		for _, form := range []string{"application/json", "text/html"} {
			why, text := g.ask(http.MethodGet, g.URL+"/d/"+problem.Decision, form)
			if why.StatusCode != http.StatusOK || !strings.HasPrefix(why.Header.Get("Content-Type"), form) || !strings.Contains(text, "TEST-2026-1") {
				t.Errorf("the decision's page as %s: %s\n%s", form, why.Status, text)
			}
		}
		// The same file by its ordinary address: the mark in the path is no key.
		if res, _ := g.ask(http.MethodGet, g.URL+"/pypi/files/demo-thing/"+bad.Filename, ""); res.StatusCode != http.StatusForbidden {
			t.Errorf("the refused file by its ordinary address answers %s", res.Status)
		}
		if res, _ := g.ask(http.MethodGet, g.URL+"/pypi/blocked/"+problem.Decision+"/demo-thing/"+good.Filename, ""); res.StatusCode != http.StatusOK {
			t.Errorf("a good file by a marked address answers %s", res.Status)
		}
	})
}

// join makes a page's link absolute, as clients do.
func join(t *testing.T, page, link string) string {
	t.Helper()
	base, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// with sends one request with a header and gives the answer without its body.
func (g *gate) with(url, key, value string) *http.Response {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Accept", typeJSON)
	if value != "" {
		req.Header.Set(key, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res
}
