package npm

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const base = "https://gate.invalid/npm"

// shelf is a registry that answers what a test puts on it.
type shelf struct {
	listings  map[string]*ecosystem.Listing
	files     map[string]error // by name; nil: admitted
	known     map[string][]ecosystem.Vulnerability
	documents map[string]string
	fault     error
	looked    []string // versions that an audit asked about
}

func (s *shelf) Name() string                   { return "main" }
func (s *shelf) Base(artifact.Ecosystem) string { return base }
func (s *shelf) Names(context.Context, artifact.Ecosystem) ([]string, error) {
	var out []string
	for n := range s.listings {
		out = append(out, n)
	}
	slices.Sort(out)
	return out, s.fault
}

func (s *shelf) Listing(_ context.Context, p artifact.Package) (*ecosystem.Listing, error) {
	if l := s.listings[p.Name]; l != nil {
		return l, s.fault
	}
	return nil, fmt.Errorf("%s: %w", p, ecosystem.ErrNoPackage)
}

func (s *shelf) File(_ context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	err, ok := s.files[p.Name+" "+name]
	if !ok {
		return nil, verdict.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &ecosystem.Served{File: artifact.File{Name: name, SHA256: "aa"}, Decision: "d1", Body: body0{bytes.NewReader([]byte("0123456789"))}}, nil
}

type body0 struct{ *bytes.Reader }

func (body0) Close() error { return nil }

func (s *shelf) Metadata(context.Context, artifact.Package, string) ([]byte, error) {
	return nil, errors.New("npm asks for none")
}

func (s *shelf) Document(_ context.Context, _ artifact.Package, path string) ([]byte, error) {
	if d, ok := s.documents[path]; ok {
		return []byte(d), nil
	}
	return nil, ecosystem.ErrNoPackage
}

func (s *shelf) Vulnerabilities(_ context.Context, v artifact.Version) ([]ecosystem.Vulnerability, error) {
	return s.known[v.Package.Name+"@"+v.Number], s.fault
}

// listed is a package with versions, some of them refused. A version that ends in
// "!" is refused, one that ends in "~" deprecated by its owner.
func listed(pkg string, tags map[string]string, versions ...string) *ecosystem.Listing {
	l := &ecosystem.Listing{Index: &ecosystem.Index{Package: npmPackage(pkg), Tags: tags, Upstream: "up"}, Tag: "t"}
	for i, v := range versions {
		number := strings.TrimRight(v, "!~")
		f := ecosystem.IndexFile{
			Name: fileName(pkg, number, ""), Number: number, Kind: artifact.Tarball, Uploaded: time.Date(2024, 1, 2+i, 3, 4, 5, 678e6, time.UTC),
			Yanked: strings.Contains(v, "~"),
			Record: fmt.Appendf(nil, `{"description":"d <%d>","scripts":{"install":"x"},"dependencies":{"left":"^1"},"license":"MIT","dist":{"integrity":"sha512-x","tarball":"https://up.invalid/x"},"name":%q,"version":%q}`, i, pkg, number),
		}
		if f.Yanked {
			f.YankedReason = "too old"
		}
		m := ecosystem.Mark{}
		if strings.Contains(v, "!") {
			m = ecosystem.Mark{Refused: true, Why: "GHSA-x; use 1.0.0; https://gate.invalid/d/8f3a", Decision: "8f3a"}
		}
		l.Index.Files, l.Marks = append(l.Index.Files, f), append(l.Marks, m)
	}
	return l
}

func newHandler(s *shelf) *Handler {
	return NewHandler(adapter.Registry{Shelf: s, Decision: func(id string) string { return "https://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler),
		Reader: func(ctx context.Context) string { who, _ := ctx.Value(readerKey{}).(string); return who }})
}

type readerKey struct{}

func ask(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type document struct {
	Name     string                     `json:"name"`
	Modified string                     `json:"modified"`
	Tags     map[string]string          `json:"dist-tags"`
	Versions map[string]json.RawMessage `json:"versions"`
	Time     map[string]string          `json:"time"`
}

func read(t *testing.T, w *httptest.ResponseRecorder) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return d
}

func TestPackumentForms(t *testing.T) {
	h := newHandler(&shelf{listings: map[string]*ecosystem.Listing{
		"demo": listed("demo", map[string]string{"latest": "1.1.0"}, "1.0.0~", "1.1.0!", "1.2.0!~"), "@s/demo": listed("@s/demo", nil, "1.0.0")}})
	full := ask(t, h, "GET", "/demo")
	if ct := full.Header().Get("Content-Type"); ct != "application/json" || full.Header().Get("Vary") != "Accept, Accept-Encoding" {
		t.Errorf("full: %s, Vary %s", ct, full.Header().Get("Vary"))
	}
	short := ask(t, h, "GET", "/demo", "Accept", "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*")
	if ct := short.Header().Get("Content-Type"); ct != typeAbbreviated {
		t.Errorf("abbreviated: %s", ct)
	}
	f, a := read(t, full), read(t, short)
	times := map[string]string{"created": "2024-01-02T03:04:05.678Z", "modified": "2024-01-04T03:04:05.678Z",
		"1.0.0": "2024-01-02T03:04:05.678Z", "1.1.0": "2024-01-03T03:04:05.678Z", "1.2.0": "2024-01-04T03:04:05.678Z"}
	if !reflect.DeepEqual(f.Time, times) || !reflect.DeepEqual(a.Time, times) || a.Modified != times["modified"] {
		t.Errorf("times: full %v, abbreviated %v", f.Time, a.Time)
	}
	if f.Tags["latest"] != "1.0.0" || a.Tags["latest"] != "1.0.0" {
		t.Errorf("latest is refused and stands for %s and %s", f.Tags["latest"], a.Tags["latest"])
	}
	for number, want := range map[string]string{
		"1.0.0": `{"description":"d <0>","scripts":{"install":"x"},"dependencies":{"left":"^1"},"license":"MIT","dist":{"tarball":"` + base + `/demo/-/demo-1.0.0.tgz","integrity":"sha512-x"},"name":"demo","version":"1.0.0","_id":"demo@1.0.0","deprecated":"too old"}`,
		"1.1.0": `{"description":"d <1>","scripts":{"install":"x"},"dependencies":{"left":"^1"},"license":"MIT","dist":{"tarball":"` + base + `/blocked/8f3a/demo/-/demo-1.1.0.tgz","integrity":"sha512-x"},"name":"demo","version":"1.1.0","_id":"demo@1.1.0","deprecated":"[gatehouse] GHSA-x; use 1.0.0; https://gate.invalid/d/8f3a"}`,
	} {
		if got := string(f.Versions[number]); got != want {
			t.Errorf("full %s:\n got %s\nwant %s", number, got, want)
		}
	}
	want := `{"dependencies":{"left":"^1"},"dist":{"tarball":"` + base + `/blocked/8f3a/demo/-/demo-1.2.0.tgz","integrity":"sha512-x"},"name":"demo","version":"1.2.0","hasInstallScript":true,` +
		`"deprecated":"[gatehouse] GHSA-x; use 1.0.0; https://gate.invalid/d/8f3a | too old"}`
	if got := string(a.Versions["1.2.0"]); got != want {
		t.Errorf("abbreviated 1.2.0:\n got %s\nwant %s", got, want)
	}
	for _, path := range []string{"/@s/demo", "/@s%2fdemo", "/@s%2Fdemo", "/@s/demo/"} {
		if d := read(t, ask(t, h, "GET", path)); d.Name != "@s/demo" || !strings.Contains(string(d.Versions["1.0.0"]), base+"/@s/demo/-/demo-1.0.0.tgz") {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

func TestPackumentConditions(t *testing.T) {
	h := newHandler(&shelf{listings: map[string]*ecosystem.Listing{"demo": listed("demo", nil, "1.0.0", "1.1.0", "1.2.0", "1.3.0")}})
	got := ask(t, h, "GET", "/demo", "Accept-Encoding", "gzip")
	if got.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("not compressed: %v", got.Header())
	}
	z, err := gzip.NewReader(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || !json.Valid(b) {
		t.Errorf("%s, %v", b, err)
	}
	tag := got.Header().Get("Etag")
	if w := ask(t, h, "GET", "/demo", "Accept-Encoding", "gzip", "If-None-Match", tag); w.Code != http.StatusNotModified || tag == "" {
		t.Errorf("with its own ETag: %d", w.Code)
	}
	head := ask(t, h, "HEAD", "/demo", "Accept-Encoding", "gzip")
	if head.Body.Len() != 0 || head.Header().Get("Etag") != tag || head.Header().Get("Content-Length") != got.Header().Get("Content-Length") {
		t.Errorf("HEAD: %v, %d bytes", head.Header(), head.Body.Len())
	}
}

func TestDistTags(t *testing.T) {
	for _, tc := range []struct {
		versions []string
		tag, to  string
		want     string
		why      string
	}{
		{[]string{"1.0.0", "1.1.0", "2.0.0"}, "latest", "1.1.0", "1.1.0", "offered: as upstream has it"},
		{[]string{"1.0.0", "1.1.0!", "2.0.0"}, "latest", "1.1.0", "1.0.0", "the newest below, not what the owner did not tag"},
		{[]string{"1.0.0!", "1.1.0", "1.2.0"}, "latest", "1.0.0", "1.1.0", "nothing below: the nearest above"},
		{[]string{"1.0.0", "1.1.0-rc.1", "1.1.0!"}, "latest", "1.1.0", "1.0.0", "no pre-release for a tag that stood for a release"},
		{[]string{"1.0.0", "2.0.0-rc.1", "2.0.0-rc.2!"}, "next", "2.0.0-rc.2", "2.0.0-rc.1", "one for a tag that did"},
		{[]string{"1.0.0", "1.1.0~", "1.2.0!"}, "latest", "1.2.0", "1.0.0", "not one that its owner deprecated"},
		{[]string{"1.1.0~", "1.2.0!"}, "latest", "1.2.0", "1.1.0", "unless there is nothing else"},
		{[]string{"1.0.0!", "1.1.0!"}, "latest", "1.1.0", "1.1.0", "nothing is offered: the install meets the reason"},
		{[]string{"1.0.0"}, "latest", "1.1.0", "1.0.0", "the version is left out here"},
		{[]string{"1.0.0-rc.1"}, "latest", "1.1.0", "", "left out, and nothing to stand for"},
		{[]string{"1.0.0"}, "odd", "no version", "", "a tag of nothing"},
		{[]string{"1.9.0", "1.10.0", "1.11.0!"}, "latest", "1.11.0", "1.10.0", "in the order of versions"},
	} {
		if got := distTags(listed("demo", map[string]string{tc.tag: tc.to}, tc.versions...))[tc.tag]; got != tc.want {
			t.Errorf("%v with %s for %s: got %q, want %q (%s)", tc.versions, tc.tag, tc.to, got, tc.want, tc.why)
		}
	}
}

func TestFilesAndVersions(t *testing.T) {
	no := &verdict.Refusal{Version: artifact.Version{Package: npmPackage("demo"), Number: "1.1.0"}, File: "demo-1.1.0.tgz", Decision: "8f3a", Public: "GHSA-x", Next: "use 1.0.0", Verdict: verdict.Reject}
	h := newHandler(&shelf{
		listings: map[string]*ecosystem.Listing{"demo": listed("demo", map[string]string{"latest": "1.0.0"}, "1.0.0", "1.1.0!"), "blocked": listed("blocked", nil, "1.0.0")},
		files: map[string]error{"demo demo-1.0.0.tgz": nil, "demo demo-1.1.0.tgz": no, "@s/demo demo-1.0.0.tgz": nil, "blocked blocked-1.0.0.tgz": nil,
			"demo demo-1.2.0.tgz": &ecosystem.Pending{After: 3 * time.Second, URL: "u"}},
	})
	for _, tc := range []struct {
		method, path string
		status       int
		contains     string
		why          string
	}{
		{"GET", "/demo/-/demo-1.0.0.tgz", 200, "0123456789", "an admitted file"},
		{"HEAD", "/demo/-/demo-1.0.0.tgz", 200, "", "its head"},
		{"GET", "/blocked/8f3a/demo/-/demo-1.0.0.tgz", 200, "0123456789", "a lock of when it was refused"},
		{"GET", "/demo/-/demo-1.1.0.tgz", 403, "GHSA-x; use 1.0.0 (https://gate.invalid/d/8f3a)", "a refused one"},
		{"GET", "/blocked/8f3a/demo/-/demo-1.1.0.tgz", 403, `"error":"GHSA-x`, "by its marked address"},
		{"GET", "/demo/-/demo-1.2.0.tgz", 503, "ask again", "one that is looked at"},
		{"GET", "/demo/-/demo-9.0.0.tgz", 404, `"error"`, "one that is not there"},
		{"GET", "/@s/demo/-/demo-1.0.0.tgz", 200, "0123456789", "of a scope"},
		{"GET", "/@s%2fdemo/-/demo-1.0.0.tgz", 200, "0123456789", "escaped"},
		{"GET", "/@s/demo/-/@s/demo-1.0.0.tgz", 200, "0123456789", "as Artifactory writes it"},
		{"GET", "/blocked", 200, `"blocked"`, "a package of that name"},
		{"GET", "/blocked/-/blocked-1.0.0.tgz", 200, "0123456789", "and its file"},
		{"GET", "/demo/1.1.0", 200, `"_id":"demo@1.1.0"`, "one version"},
		{"GET", "/demo/latest", 200, `"_id":"demo@1.0.0"`, "by its tag"},
		{"GET", "/demo/3.0.0", 404, "version not found: 3.0.0", "one that is not there"},
		{"GET", "/gone", 404, `"error"`, "no package"},
		{"GET", "/..%2f..%2fetc", 404, `"error"`, "no name"},
		{"GET", "/demo/-/..%2f..%2fx", 404, `"error"`, "no file"},
		{"GET", "/", 404, `"error"`, "nothing"},
		{"PUT", "/demo", 405, "publisher", "a publisher without a token"},
	} {
		w := ask(t, h, tc.method, tc.path)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.contains) || tc.method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("%s %s: %d %s; want %d with %q (%s)", tc.method, tc.path, w.Code, w.Body, tc.status, tc.contains, tc.why)
		}
	}
	if w := ask(t, h, "GET", "/demo/-/demo-1.0.0.tgz", "Range", "bytes=2-4"); w.Code != http.StatusPartialContent || w.Body.String() != "234" {
		t.Errorf("a range: %d %s", w.Code, w.Body)
	}
	w := ask(t, h, "GET", "/demo/-/demo-1.1.0.tgz")
	if !strings.Contains(w.Header().Get("npm-notice"), "GHSA-x") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers of a refusal: %v", w.Header())
	}
}

func TestServices(t *testing.T) {
	attested := listed("demo", map[string]string{"latest": "1.1.0"}, "1.0.0", "1.1.0!")
	attested.Index.Files[0].Provenance = "https://up.invalid/a"
	attested.Index.Files[0].Record = []byte(`{"dist":{"attestations":{"url":"https://up.invalid/sub/-/npm/v1/attestations/demo@1.0.0","provenance":{"predicateType":"p"}}},"name":"demo","version":"1.0.0"}`)
	h := newHandler(&shelf{
		listings:  map[string]*ecosystem.Listing{"demo": attested, "other-thing": listed("other-thing", nil, "1.0.0")},
		documents: map[string]string{"-/npm/v1/keys": `{"keys":[{"keyid":"k"}]}`, "-/npm/v1/attestations/demo@1.0.0": `{"attestations":[]}`},
	})
	for _, tc := range []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/-/ping", 200, "{}"}, {"HEAD", "/-/ping", 200, ""}, {"POST", "/-/ping", 405, "GET"},
		{"GET", "/-/whoami", 401, "without a token"},
		{"GET", "/-/npm/v1/keys", 200, `"keyid":"k"`},
		{"GET", "/-/npm/v1/attestations/demo@1.0.0", 200, `{"attestations":[]}`},
		{"GET", "/-/npm/v1/attestations/demo@1.1.0", 404, "nothing is attested"},
		{"GET", "/-/npm/v1/attestations/demo", 404, "nothing"},
		{"GET", "/-/package/demo/dist-tags", 200, `{"latest":"1.0.0"}`},
		{"GET", "/-/package/gone/dist-tags", 404, ""},
		{"POST", "/-/v1/login", 403, "gatehouse token create"}, {"PUT", "/-/user/org.couchdb.user:ann", 403, "gatehouse token create"},
		{"GET", "/-/v1/search?text=THING", 200, `"total":1`}, {"GET", "/-/v1/search?text=demo", 200, `"version":"1.0.0","description":""`},
		{"GET", "/-/v1/search?text=nothing+such", 200, `"objects":[],"total":0`}, {"GET", "/-/v1/search?size=-1&from=99999999999999999999", 200, `"total":2`},
		{"GET", "/-/all", 404, ""},
	} {
		if w := ask(t, h, tc.method, tc.path); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.contains) {
			t.Errorf("%s %s: %d %s; want %d with %q", tc.method, tc.path, w.Code, w.Body, tc.status, tc.contains)
		}
	}
	// npm puts the path behind the address of the registry that it is configured with.
	if d := read(t, ask(t, h, "GET", "/demo")); !strings.Contains(string(d.Versions["1.0.0"]), `"attestations":{"url":"https://gate.invalid/-/npm/v1/attestations/demo@1.0.0","provenance":{"predicateType":"p"}}`) {
		t.Errorf("attestations: %s", d.Versions["1.0.0"])
	}
	r := httptest.NewRequest("GET", "/-/whoami", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), readerKey{}, "ann")))
	if w.Body.String() != `{"username":"ann"}` {
		t.Errorf("whoami: %s", w.Body)
	}
}

func post(t *testing.T, h http.Handler, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func audited() *shelf {
	return &shelf{known: map[string][]ecosystem.Vulnerability{
		"left@1.0.0": {{ID: "GHSA-1", Aliases: []string{"CVE-2026-1"}, Fixed: []string{"0.9.9", "1.2.0", "2.0.1"}, Severity: finding.Medium, Text: "left breaks", URL: "https://gate.invalid/d/1"}},
		"left@1.1.0": {{ID: "GHSA-1", Fixed: []string{"0.9.9", "1.2.0", "2.0.1"}, Severity: finding.Medium, Text: "left breaks"}},
		"@s/m@1.0.0": {{ID: "MAL-1", Severity: finding.Critical, Malware: true, Text: "known malware"}},
		"odd@1.0.0":  {{ID: "X-1", Severity: finding.Unknown}},
	}}
}

func TestBulkAudit(t *testing.T) {
	h := newHandler(audited())
	const question = `{"left":["1.0.0","1.1.0"],"@s/m":["1.0.0"],"fine":["3.0.0"],"odd":["1.0.0"],"file:../x":["1.0.0"],"n":7}`
	for _, w := range []*httptest.ResponseRecorder{
		post(t, h, "/-/npm/v1/security/advisories/bulk", question),
		post(t, h, "/-/npm/v1/security/advisories/bulk", gzipped(t, question), "Content-Encoding", "gzip"),
	} {
		var got map[string][]bulkAdvisory
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		if len(got) != 3 || len(got["left"]) != 1 {
			t.Fatalf("got %s", w.Body)
		}
		a := got["left"][0]
		if a.Vulnerable != ">=1.0.0 <1.2.0 || >=1.1.0 <1.2.0" || a.Severity != "moderate" || a.Title != "GHSA-1: left breaks" || a.URL != "https://gate.invalid/d/1" || a.ID == 0 {
			t.Errorf("left: %+v", a)
		}
		if got["@s/m"][0].Vulnerable != ">=1.0.0" || got["@s/m"][0].Severity != "critical" || got["odd"][0].Severity != "high" {
			t.Errorf("malware %+v, unknown severity %+v", got["@s/m"], got["odd"])
		}
	}
}

func TestAuditReport(t *testing.T) {
	h := newHandler(audited())
	const question = `{"name":"app","version":"1.0.0","requires":{"left":"^1"},"dependencies":{
		"left":{"version":"1.0.0","dependencies":{"left":{"version":"1.1.0"}}},"fine":{"version":"2.0.0","requires":{"left":"*"},"dependencies":{"left":{"version":"1.0.0"}}}}}`
	for _, path := range []string{"/-/npm/v1/security/audits", "/-/npm/v1/security/audits/quick"} {
		w := post(t, h, path, question)
		var got report
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Advisories) != 1 {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		for id, a := range got.Advisories {
			want := []reportFinding{{"1.0.0", []string{"fine>left", "left"}}, {"1.1.0", []string{"left>left"}}}
			for _, f := range a.Findings {
				slices.Sort(f.Paths)
			}
			if fmt.Sprint(a.ID) != id || a.ModuleName != "left" || !reflect.DeepEqual(a.Findings, want) || a.GHSA != "GHSA-1" || !slices.Equal(a.CVEs, []string{"CVE-2026-1"}) || a.Patched != ">=1.2.0" {
				t.Errorf("advisory %s: %+v", id, a)
			}
		}
		if got.Metadata.Vulnerabilities["moderate"] != 2 || got.Metadata.Total != 3 {
			t.Errorf("counts: %+v", got.Metadata)
		}
	}
}

// TestAuditsThatCannotBeAnswered: an audit that leaves something out would call it
// clean.
func TestAuditsThatCannotBeAnswered(t *testing.T) {
	down := audited()
	down.fault = errors.New("the advisories are stale")
	if w := post(t, newHandler(down), "/-/npm/v1/security/advisories/bulk", `{"left":["1.0.0"],"right":["1.0.0"]}`); w.Code != http.StatusServiceUnavailable {
		t.Errorf("without advisories: %d %s", w.Code, w.Body)
	}
	many := &strings.Builder{}
	many.WriteString(`{"left":["0"`)
	for i := range maxAudited {
		fmt.Fprintf(many, `,"1.0.%d"`, i)
	}
	many.WriteString("]}")
	h := newHandler(audited())
	for _, tc := range []struct{ body, encoding, why string }{
		{"", "", "nothing"}, {"[]", "", "no object"}, {`{"left":["1.0.0"]`, "", "cut short"}, {"x", "gzip", "no gzip"}, {"{}", "br", "another encoding"},
		{many.String(), "", "too many versions"}, {strings.Repeat(" ", maxAuditSent+1), "", "too large"},
		{gzipped(t, strings.Repeat(" ", maxAuditBody+1)), "gzip", "a bomb"},
	} {
		if w := post(t, h, "/-/npm/v1/security/advisories/bulk", tc.body, "Content-Encoding", tc.encoding); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"error":"this is no question`) {
			t.Errorf("%s: %d %.200s", tc.why, w.Code, w.Body)
		}
	}
}

func FuzzAudit(f *testing.F) {
	f.Add(`{"left":["1.0.0"]}`)
	f.Add(`{"dependencies":{"left":{"version":"1.0.0","dependencies":{"left":{"version":"1.1.0"}}}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		h := newHandler(audited())
		for _, path := range []string{"/-/npm/v1/security/advisories/bulk", "/-/npm/v1/security/audits/quick"} {
			w := post(t, h, path, body)
			if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s of %q: %d %s", path, body, w.Code, w.Body)
			}
		}
	})
}
