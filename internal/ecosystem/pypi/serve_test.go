package pypi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const (
	typeJSON = "application/vnd.pypi.simple.v1+json"
	typeHTML = "application/vnd.pypi.simple.v1+html"
)

// site serves a world's registry below /pypi, as the server mounts it.
func site(t *testing.T, w *servertest.World, registry string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.StripPrefix("/pypi", w.Handler(registry)))
	t.Cleanup(s.Close)
	return s
}

// plainClient follows no redirect and takes no compression by itself.
var plainClient = &http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

type answered struct {
	*http.Response
	body []byte
}

func ask(t *testing.T, method, url string, header ...string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := plainClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: reading: %v", method, url, err)
	}
	return answered{resp, b}
}

type indexFile struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	Hashes         map[string]string `json:"hashes"`
	RequiresPython string            `json:"requires-python"`
	Size           int64             `json:"size"`
	UploadTime     string            `json:"upload-time"`
	Yanked         any               `json:"yanked"`
	CoreMetadata   any               `json:"core-metadata"`
}

type index struct {
	Meta     map[string]string `json:"meta"`
	Name     string            `json:"name"`
	Versions []string          `json:"versions"`
	Files    []indexFile       `json:"files"`
}

func readIndex(t *testing.T, base, name string) index {
	t.Helper()
	a := ask(t, "GET", base+"/pypi/simple/"+name+"/", "Accept", typeJSON)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("index of %s: %s: %s", name, a.Status, a.body)
	}
	var x index
	if err := json.Unmarshal(a.body, &x); err != nil {
		t.Fatal(err)
	}
	return x
}

// fileURL resolves a file's address as a client does.
func fileURL(t *testing.T, base, name, file string) string {
	t.Helper()
	for _, f := range readIndex(t, base, name).Files {
		if f.Filename == file {
			r, err := http.NewRequest("GET", base+"/pypi/simple/"+name+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			u, err := r.URL.Parse(f.URL)
			if err != nil {
				t.Fatal(err)
			}
			return u.String()
		}
	}
	t.Fatalf("index of %s does not list %s", name, file)
	return ""
}

var (
	anchor    = regexp.MustCompile(`(?s)<a href="([^"]*)"([^>]*)>([^<]*)</a>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// TestFormsOfTheIndexAgree reads the HTML form as a client would and compares
// every field with the JSON form.
func TestFormsOfTheIndexAgree(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0", RequiresPython: ">=3.8, <4"})
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.1"}, func(f *ecosystem.IndexFile) { f.Yanked, f.YankedReason = true, `broken "quotes" <b> & more` })
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.2"}, func(f *ecosystem.IndexFile) { f.Yanked = true })
	w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"})
	w.Know("pkg:pypi/demo@2.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "2.1"))
	s := site(t, w, "main")

	x := readIndex(t, s.URL, "demo")
	page := string(ask(t, "GET", s.URL+"/pypi/simple/demo/").body)
	links := anchor.FindAllStringSubmatch(page, -1)
	if len(links) != len(x.Files) || len(x.Files) != 4 {
		t.Fatalf("HTML lists %d files, JSON %d, want 4", len(links), len(x.Files))
	}
	for i, f := range x.Files {
		attrs := map[string]string{}
		for _, m := range attribute.FindAllStringSubmatch(links[i][2], -1) {
			attrs[m[1]] = html.UnescapeString(m[2])
		}
		if name := html.UnescapeString(links[i][3]); name != f.Filename {
			t.Errorf("file %d: HTML says %q, JSON %q", i, name, f.Filename)
		}
		if href := html.UnescapeString(links[i][1]); href != f.URL+"#sha256="+f.Hashes["sha256"] {
			t.Errorf("%s: href %q, JSON %q with hash %s", f.Filename, href, f.URL, f.Hashes["sha256"])
		}
		if attrs["data-requires-python"] != f.RequiresPython {
			t.Errorf("%s: requires-python %q, JSON %q", f.Filename, attrs["data-requires-python"], f.RequiresPython)
		}
		reason, yanked := attrs["data-yanked"]
		want, _ := f.Yanked.(string)
		if yanked != (f.Yanked != false) || reason != want {
			t.Errorf("%s: yanked %v %q, JSON %v", f.Filename, yanked, reason, f.Yanked)
		}
		meta := "sha256=" + f.CoreMetadata.(map[string]any)["sha256"].(string)
		if attrs["data-core-metadata"] != meta || attrs["data-dist-info-metadata"] != meta {
			t.Errorf("%s: metadata %q %q, JSON %q", f.Filename, attrs["data-core-metadata"], attrs["data-dist-info-metadata"], meta)
		}
		if f.Size == 0 || f.UploadTime != "2026-04-02T12:00:00.000000Z" {
			t.Errorf("%s: size %d, upload-time %q", f.Filename, f.Size, f.UploadTime)
		}
	}
	if !slices.Equal(x.Versions, []string{"1.0", "1.1", "1.2", "2.0"}) || x.Name != "demo" || x.Meta["api-version"] == "" {
		t.Errorf("index says %q, versions %q, meta %v", x.Name, x.Versions, x.Meta)
	}
}

func TestNegotiation(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	s := site(t, w, "main")
	for _, tc := range []struct{ accept, want, why string }{
		{"", "text/html; charset=utf-8", "the oldest clients say nothing"},
		{"*/*", "text/html; charset=utf-8", "curl"},
		{typeJSON, typeJSON, "JSON alone"},
		{typeHTML, typeHTML + "; charset=utf-8", "versioned HTML alone"},
		{"application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01", typeJSON, "pip"},
		{"application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01", typeJSON, "uv"},
		{"application/vnd.pypi.simple.v1+json;q=0.1, text/html;q=0.9", "text/html; charset=utf-8", "quality counts"},
		{"application/vnd.pypi.simple.latest+json", typeJSON, "latest is v1"},
		{"application/vnd.pypi.simple.v1+json;q=0, text/html", "text/html; charset=utf-8", "zero means not this"},
		{"application/vnd.pypi.simple.v1+json;q=nonsense", typeJSON, "an unreadable quality counts as one"},
		{"image/png", "text/html; charset=utf-8", "what nobody offers"},
	} {
		for _, page := range []string{"/pypi/simple/demo/", "/pypi/simple/"} {
			a := ask(t, "GET", s.URL+page, "Accept", tc.accept)
			if got := a.Header.Get("Content-Type"); got != tc.want {
				t.Errorf("%s Accept %q: Content-Type %q, want %q (%s)", page, tc.accept, got, tc.want, tc.why)
			}
			if vary := a.Header.Get("Vary"); !strings.Contains(vary, "Accept") || !strings.Contains(vary, "Accept-Encoding") {
				t.Errorf("%s Accept %q: Vary %q; a cache would mix the forms up", page, tc.accept, vary)
			}
		}
	}
}

// TestPagesAreCompressedAndRevalidated also holds HEAD to GET's headers.
func TestPagesAreCompressedAndRevalidated(t *testing.T) {
	w := servertest.New(t)
	for i := range 40 {
		w.Wheel(scantest.Wheel{Name: "demo", Version: fmt.Sprintf("1.%d", i)})
	}
	s := site(t, w, "main")
	page := s.URL + "/pypi/simple/demo/"
	plain := ask(t, "GET", page, "Accept", typeJSON)
	tags := map[string]bool{}
	for _, tc := range []struct{ accepts, want string }{
		{"", ""}, {"identity", ""}, {"gzip", "gzip"}, {"gzip, deflate", "gzip"}, {"gzip;q=0", ""}, {"zstd, gzip", "zstd"}, {"gzip;q=0, *;q=1", "zstd"}, {"zstd;q=0, gzip", "gzip"},
	} {
		a := ask(t, "GET", page, "Accept", typeJSON, "Accept-Encoding", tc.accepts)
		if got := a.Header.Get("Content-Encoding"); got != tc.want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", tc.accepts, got, tc.want)
			continue
		}
		if got := unpack(t, tc.want, a.body); !bytes.Equal(got, plain.body) {
			t.Errorf("Accept-Encoding %q: the body differs from the plain one", tc.accepts)
		}
		tag := a.Header.Get("ETag")
		tags[tag] = true
		again := ask(t, "GET", page, "Accept", typeJSON, "Accept-Encoding", tc.accepts, "If-None-Match", `"other", `+tag)
		if again.StatusCode != http.StatusNotModified || len(again.body) != 0 || again.Header.Get("ETag") != tag {
			t.Errorf("Accept-Encoding %q: If-None-Match gives %s with %d bytes and ETag %s", tc.accepts, again.Status, len(again.body), again.Header.Get("ETag"))
		}
		head := ask(t, "HEAD", page, "Accept", typeJSON, "Accept-Encoding", tc.accepts)
		head.Header.Del("Date")
		a.Header.Del("Date")
		if fmt.Sprint(head.Header) != fmt.Sprint(a.Header) || len(head.body) != 0 {
			t.Errorf("Accept-Encoding %q: HEAD says\n%v, GET\n%v", tc.accepts, head.Header, a.Header)
		}
		if a.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("Cache-Control %q: a shared cache could outlive a recall", a.Header.Get("Cache-Control"))
		}
	}
	if len(tags) != 3 {
		t.Errorf("the three encodings have %d ETags", len(tags))
	}
}

func unpack(t *testing.T, encoding string, b []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	switch encoding {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRedirects(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo-pkg", Version: "1.0"})
	s := site(t, w, "main")
	for _, tc := range []struct{ path, want, why string }{
		{"/pypi/simple/Demo_Pkg/", "/pypi/simple/demo-pkg/", "PEP 503 normal form"},
		{"/pypi/simple/demo.pkg/", "/pypi/simple/demo-pkg/", "dots too"},
		{"/pypi/simple/demo-pkg", "/pypi/simple/demo-pkg/", "the slash at the end"},
		{"/pypi/simple/Demo_Pkg", "/pypi/simple/demo-pkg/", "both at once"},
		{"/pypi/simple", "/pypi/simple/", "the root, under its prefix"},
	} {
		a := ask(t, "GET", s.URL+tc.path)
		to, err := a.Location()
		if a.StatusCode != http.StatusMovedPermanently || err != nil || to.Path != tc.want {
			t.Errorf("%s: %s to %v (%v), want 301 to %s (%s)", tc.path, a.Status, to, err, tc.want, tc.why)
		}
		if loc := a.Header.Get("Location"); strings.Contains(loc, "//") || strings.HasPrefix(loc, "/simple") {
			t.Errorf("%s: Location %q does not hold behind a proxy or under a prefix", tc.path, loc)
		}
	}
	for _, path := range []string{"/pypi/simple/-demo/", "/pypi/simple/de%2fmo/", "/pypi/simple/d%0d%0aX:%20y/", "/pypi/simple/%E2%80%AEx/", "/pypi/simple/de%20mo"} {
		if a := ask(t, "GET", s.URL+path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404: that is no name", path, a.Status)
		}
	}
}

func TestFiles(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	want := w.Bytes(name)
	s := site(t, w, "main")
	url := fileURL(t, s.URL, "demo", name)

	a := ask(t, "GET", url)
	if a.StatusCode != http.StatusOK || !bytes.Equal(a.body, want) {
		t.Fatalf("file: %s, %d bytes, want %d", a.Status, len(a.body), len(want))
	}
	for k, v := range map[string]string{
		"ETag": `"` + string(artifact.DigestOf(want)) + `"`, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox", "Content-Disposition": `attachment; filename="` + name + `"`, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes",
	} {
		if got := a.Header.Get(k); got != v {
			t.Errorf("%s: %q, want %q", k, got, v)
		}
	}
	head := ask(t, "HEAD", url)
	head.Header.Del("Date")
	a.Header.Del("Date")
	if fmt.Sprint(head.Header) != fmt.Sprint(a.Header) {
		t.Errorf("HEAD says\n%v, GET\n%v", head.Header, a.Header)
	}
	for _, tc := range []struct {
		rng    string
		status int
		want   []byte
	}{
		{"bytes=0-9", 206, want[:10]}, {"bytes=10-", 206, want[10:]}, {"bytes=-7", 206, want[len(want)-7:]},
		{"bytes=999999-", 416, nil}, {"lines=1-2", 416, nil},
	} {
		r := ask(t, "GET", url, "Range", tc.rng)
		if r.StatusCode != tc.status || tc.status == 206 && !bytes.Equal(r.body, tc.want) {
			t.Errorf("Range %s: %s with %d bytes, want %d with %d", tc.rng, r.Status, len(r.body), tc.status, len(tc.want))
		}
	}
	if r := ask(t, "GET", url, "If-None-Match", a.Header.Get("ETag")); r.StatusCode != http.StatusNotModified {
		t.Errorf("If-None-Match: %s", r.Status)
	}
	if r := ask(t, "GET", url, "If-Range", `"other"`, "Range", "bytes=0-3"); r.StatusCode != 200 {
		t.Errorf("If-Range of other bytes: %s, want the whole file", r.Status)
	}
	meta := ask(t, "GET", url+".metadata")
	if sum := artifact.DigestOf(meta.body); string(sum) != readIndex(t, s.URL, "demo").Files[0].CoreMetadata.(map[string]any)["sha256"] {
		t.Errorf("metadata has digest %s, the index promises another", sum)
	}
	for _, path := range []string{"/pypi/files/demo/other-1.0-py3-none-any.whl", "/pypi/files/nothing/x.whl", "/pypi/files/demo/other.whl.metadata", "/pypi/files/demo/..%2f..%2fetc%2fpasswd"} {
		if r := ask(t, "GET", s.URL+path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, r.Status)
		}
	}
	if r := ask(t, "POST", url); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s, want 405", r.Status)
	}
}

// TestFaultsAreNotAbsence: after a 404 a client may go on to another index, so
// a fault is never one.
func TestFaultsAreNotAbsence(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	s := site(t, w, "main")
	if a := ask(t, "GET", s.URL+"/pypi/simple/nothing/"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a package that nobody has: %s", a.Status)
	}
	w.Down(ecosystem.ErrUnreachable)
	for _, path := range []string{"/pypi/simple/demo/", "/pypi/simple/nothing/", "/pypi/files/demo/" + name, "/pypi/files/demo/" + name + ".metadata"} {
		a := ask(t, "GET", s.URL+path)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s with the upstream gone: %s, Retry-After %q", path, a.Status, a.Header.Get("Retry-After"))
		}
	}
	w.Down(errors.New("disk on fire at 10.0.0.1"))
	if a := ask(t, "GET", s.URL+"/pypi/simple/demo/"); a.StatusCode != 503 || bytes.Contains(a.body, []byte("disk")) || strings.Contains(a.Status, "disk") {
		t.Errorf("a fault says %s: %s", a.Status, a.body)
	}
}

// refusedFile is a world with one refused file, 1.1, beside a good one.
func refusedFile(t *testing.T) (*servertest.World, string) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.1"})
	w.Know("pkg:pypi/demo@1.1", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "1.2"))
	return w, name
}

func TestRefusal(t *testing.T) {
	w, name := refusedFile(t)
	s := site(t, w, "main")
	x := readIndex(t, s.URL, "demo")
	if x.Files[0].Yanked != false {
		t.Errorf("the good version is marked: %v", x.Files[0].Yanked)
	}
	marked := x.Files[1]
	reason, _ := marked.Yanked.(string)
	if !strings.HasPrefix(reason, "[gatehouse] PYSEC-2026-1; use 1.0; "+servertest.PublicURL+"/d/") {
		t.Errorf("yank reason %q", reason)
	}
	id := strings.Split(marked.URL, "/")[3]
	if d, err := w.Store.Decision(t.Context(), id); err != nil || d.Verdict != verdict.Reject || d.File != name {
		t.Errorf("the id in %s leads to %v %v (%v)", marked.URL, d.Verdict, d.File, err)
	}
	for _, url := range []string{fileURL(t, s.URL, "demo", name), s.URL + "/pypi/files/demo/" + name, s.URL + "/pypi/blocked/forged/demo/" + name} {
		for _, method := range []string{"GET", "HEAD"} {
			a := ask(t, method, url, "If-None-Match", `"`+string(artifact.DigestOf(w.Bytes(name)))+`"`, "Range", "bytes=0-5")
			phrase := strings.TrimPrefix(a.Status, "403 ")
			if a.StatusCode != 403 || len(phrase) > 120 || !strings.Contains(phrase, "PYSEC-2026-1; use 1.0; "+servertest.PublicURL+"/d/"+id) {
				t.Errorf("%s %s: status line %q", method, url, a.Status)
			}
			if a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Cache-Control") != "no-store" || !a.Close {
				t.Errorf("%s: headers %v", method, a.Header)
			}
			if method == "HEAD" {
				if len(a.body) != 0 {
					t.Errorf("HEAD has a body: %q", a.body)
				}
				continue
			}
			var body map[string]any
			if err := json.Unmarshal(a.body, &body); err != nil || body["decision"] != id || body["purl"] != "pkg:pypi/demo@1.1" || body["error"] == "" || body["errors"] == nil {
				t.Errorf("body %s (%v)", a.body, err)
			}
		}
	}
	if w.Fetches.Load() != 0 {
		t.Errorf("%d fetches of what is refused on facts", w.Fetches.Load())
	}
	// The next request on the same client works, whatever became of the connection.
	if a := ask(t, "GET", s.URL+"/pypi/simple/demo/"); a.StatusCode != 200 {
		t.Errorf("after a refusal: %s", a.Status)
	}
}

// TestRefusalOnTheWire reads the bytes: one answer, exact length, closed; with
// HTTP/1.0, with requests sent together, and with a body on a GET.
func TestRefusalOnTheWire(t *testing.T) {
	w, name := refusedFile(t)
	s := site(t, w, "main")
	path := "/pypi/files/demo/" + name
	for _, tc := range []struct{ request, why string }{
		{"GET " + path + " HTTP/1.0\r\n\r\n", "HTTP/1.0"},
		{"GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1"},
		{"GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "a body on a GET"},
		{"GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\nGET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n", "two at once"},
	} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, tc.request); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: "GET"})
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 403 || int64(len(b)) != resp.ContentLength || !json.Valid(b) {
			t.Errorf("%s: %s, %d of %d bytes (%v): %s", tc.why, resp.Status, len(b), resp.ContentLength, err, b)
		}
		conn.Close()
	}
}

// TestPending: a file that is still being looked at is 503 with Retry-After, and
// the look goes on without the client.
func TestPending(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Hold = make(chan struct{})
	shelf := w.Shelf("main")
	shelf.Wait = time.Millisecond
	s := httptest.NewServer(http.StripPrefix("/pypi", newHandler(shelf, w)))
	t.Cleanup(s.Close)
	url := s.URL + "/pypi/files/demo/" + name
	a := ask(t, "GET", url)
	if a.StatusCode != 503 || a.Header.Get("Retry-After") != "3" || !strings.Contains(string(a.body), "/d/") {
		t.Fatalf("pending: %s, Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.body)
	}
	if len(a.Status) > 4+120 {
		t.Errorf("phrase of %d bytes: %q", len(a.Status)-4, a.Status)
	}
	close(w.Hold)
	waitFor(t, func() bool { return ask(t, "GET", url).StatusCode == 200 })
	if n := w.Fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it never happened")
		}
	}
}

// TestHundredClientsOneLook: whoever asks, one fetch and one look, all served.
func TestHundredClientsOneLook(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Hold = make(chan struct{})
	s := site(t, w, "main")
	url := s.URL + "/pypi/files/demo/" + name
	var all sync.WaitGroup
	results := make(chan string, 100)
	for range 100 {
		all.Go(func() {
			resp, err := http.Get(url)
			if err != nil {
				results <- err.Error()
				return
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			results <- fmt.Sprint(resp.StatusCode, " ", len(b))
		})
	}
	<-w.Fetching
	close(w.Hold)
	all.Wait()
	close(results)
	for got := range results {
		if want := fmt.Sprint(200, " ", len(w.Bytes(name))); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if f, i := w.Fetches.Load(), w.Inspects.Load(); f != 1 || i != 1 {
		t.Errorf("%d fetches and %d looks, want 1 and 1", f, i)
	}
}

// TestNothingOutlivesADecision changes each thing that a decision rests on and
// asks for file and index again, also with the conditions of a client that has
// both already.
func TestNothingOutlivesADecision(t *testing.T) {
	vulnerable := servertest.Vulnerable("PYSEC-2026-9", finding.Critical, "1.1")
	waive := func(t *testing.T, w *servertest.World) string {
		waiver, err := w.Gate.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"},
			Rule: "vulnerability-fixed", Until: w.Now().Add(time.Hour), Reason: "until the release", By: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		return waiver.ID
	}
	for _, tc := range []struct {
		name   string
		before func(*testing.T, *servertest.World)
		change func(*testing.T, *servertest.World)
		from   int // the file's status before and after the change
		to     int
	}{
		{"advisory snapshot", nil, func(_ *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0", vulnerable) }, 200, 403},
		{"advisory withdrawn", func(_ *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0", vulnerable) },
			func(_ *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0") }, 403, 200},
		{"waiver given", func(_ *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0", vulnerable) },
			func(t *testing.T, w *servertest.World) { waive(t, w) }, 403, 200},
		{"waiver ends", func(t *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0", vulnerable); waive(t, w) },
			func(_ *testing.T, w *servertest.World) { w.Later(2 * time.Hour) }, 200, 403},
		{"waiver revoked", func(t *testing.T, w *servertest.World) { w.Know("pkg:pypi/demo@1.0", vulnerable); waive(t, w) },
			func(t *testing.T, w *servertest.World) {
				ws, err := w.Gate.Waivers(t.Context(), "main")
				if err != nil || len(ws) != 1 {
					t.Fatal(ws, err)
				}
				if err := w.Gate.Revoke(t.Context(), ws[0].ID, "ann"); err != nil {
					t.Fatal(err)
				}
			}, 200, 403},
		{"stale feed keeps what was admitted", nil, func(_ *testing.T, w *servertest.World) { w.Stale("old data") }, 200, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := servertest.New(t)
			name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
			s := site(t, w, "main")
			url := s.URL + "/pypi/files/demo/" + name
			if tc.before != nil {
				tc.before(t, w)
			}
			first := ask(t, "GET", url)
			if first.StatusCode != tc.from {
				t.Fatalf("before: %s, want %d: %s", first.Status, tc.from, first.body)
			}
			page := ask(t, "GET", s.URL+"/pypi/simple/demo/", "Accept", typeJSON)
			tc.change(t, w)
			if a := ask(t, "GET", url); a.StatusCode != tc.to {
				t.Errorf("after: %s, want %d", a.Status, tc.to)
			}
			// A client that has the bytes asks whether they still hold.
			held := ask(t, "GET", url, "If-None-Match", `"`+string(artifact.DigestOf(w.Bytes(name)))+`"`)
			if want := map[int]int{200: 304, 403: 403}[tc.to]; held.StatusCode != want {
				t.Errorf("conditional: %s, want %d", held.Status, want)
			}
			if part := ask(t, "GET", url, "Range", "bytes=5-"); part.StatusCode != map[int]int{200: 206, 403: 403}[tc.to] {
				t.Errorf("resumed: %s", part.Status)
			}
			again := ask(t, "GET", s.URL+"/pypi/simple/demo/", "Accept", typeJSON, "If-None-Match", page.Header.Get("ETag"))
			if want := map[bool]int{true: 304, false: 200}[tc.from == tc.to]; again.StatusCode != want {
				t.Errorf("index, conditional: %s, want %d", again.Status, want)
			}
			if marked := readIndex(t, s.URL, "demo").Files[0].Yanked != false; marked != (tc.to == 403) {
				t.Errorf("index marks the file: %v", marked)
			}
		})
	}
}

// TestCooldownOpensByItself: a file that is too young is marked with its date,
// held, and served on that date without anybody acting.
func TestCooldownOpensByItself(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"}, servertest.Age(time.Hour))
	s := site(t, w, "main")
	url := s.URL + "/pypi/files/demo/" + name
	a := ask(t, "GET", url)
	if a.StatusCode != 403 || !strings.Contains(a.Status, "held by gatehouse") || !strings.Contains(a.Status, "opens 2026-05-05") {
		t.Fatalf("young file: %q", a.Status)
	}
	if reason, _ := readIndex(t, s.URL, "demo").Files[0].Yanked.(string); !strings.Contains(reason, "opens 2026-05-05") {
		t.Errorf("yank reason %q", reason)
	}
	w.Later(71 * time.Hour)
	if a := ask(t, "GET", url); a.StatusCode != 200 {
		t.Errorf("three days after its upload: %s", a.Status)
	}
}

// TestApprovalAdmits: a hold for a reason of its own, looked at and approved, is
// served, and its page changes.
func TestApprovalAdmits(t *testing.T) {
	w := servertest.New(t)
	name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.See(name, finding.Finding{Rule: "file-added-later", Class: finding.Honesty, Severity: finding.Medium, Text: name + " was added 200 days after its version"})
	s := site(t, w, "main")
	url := s.URL + "/pypi/files/demo/" + name
	a := ask(t, "GET", url)
	if a.StatusCode != 403 || !strings.Contains(a.Status, "held by gatehouse") {
		t.Fatalf("held file: %s", a.Status)
	}
	as, err := w.Gate.Approve(t.Context(), a.Header.Get("X-Gatehouse-Decision"), "compared with its siblings", "ann")
	if err != nil || len(as) != 1 {
		t.Fatalf("approving: %v %v", as, err)
	}
	if a := ask(t, "GET", url); a.StatusCode != 200 {
		t.Errorf("approved: %s", a.Status)
	}
	if err := w.Gate.Revoke(t.Context(), as[0].ID, "ann"); err != nil {
		t.Fatal(err)
	}
	if a := ask(t, "GET", url, "If-None-Match", `"`+string(artifact.DigestOf(w.Bytes(name)))+`"`); a.StatusCode != 403 {
		t.Errorf("approval taken back: %s", a.Status)
	}
}

// TestObserving serves what would be refused, known malware and what was never
// looked at excepted.
func TestObserving(t *testing.T) {
	w := servertest.New(t)
	weak := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	evil := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.1"})
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "1.2"))
	w.Know("pkg:pypi/demo@1.1", finding.Finding{Rule: "known-malware", Class: finding.Malware, Severity: finding.Critical, Text: "known malware", IDs: []string{"MAL-2026-1"}})
	s := site(t, w, "observing")
	if x := readIndex(t, s.URL, "demo"); x.Files[0].Yanked != false || x.Files[1].Yanked == false {
		t.Errorf("an observing index marks %v and %v, want only the malware", x.Files[0].Yanked, x.Files[1].Yanked)
	}
	a := ask(t, "GET", s.URL+"/pypi/files/demo/"+weak)
	if a.StatusCode != 200 || w.Inspects.Load() != 1 {
		t.Fatalf("a vulnerable file while observing: %s after %d looks", a.Status, w.Inspects.Load())
	}
	if d, err := w.Store.Decision(t.Context(), a.Header.Get("X-Gatehouse-Decision")); err != nil || d.Verdict != verdict.Reject || !d.Observed {
		t.Errorf("it was served by decision %v observed %v (%v)", d.Verdict, d.Observed, err)
	}
	if a := ask(t, "GET", s.URL+"/pypi/files/demo/"+evil); a.StatusCode != 403 || !strings.Contains(a.Status, "malware MAL-2026-1") {
		t.Errorf("known malware while observing: %q", a.Status)
	}
}

// TestEveryHostileText through index, file name, reason phrase and headers.
func TestEveryHostileText(t *testing.T) {
	for _, evil := range hostile {
		w := servertest.New(t)
		name := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"}, func(f *ecosystem.IndexFile) { f.Yanked, f.YankedReason = true, artifact.Untrusted(evil) })
		w.Know("pkg:pypi/demo@1.0", finding.Finding{Rule: "typosquat", Class: finding.Integrity, Severity: finding.Critical, Text: evil})
		s := site(t, w, "main")
		page := string(ask(t, "GET", s.URL+"/pypi/simple/demo/").body)
		for _, bad := range []string{"<script", "</script", "<img", "\u202e", "\x1b", "\x00", "\u2066"} {
			if strings.Contains(page, bad) {
				t.Errorf("%q: HTML holds %q", evil, bad)
			}
		}
		x := readIndex(t, s.URL, "demo")
		reason, _ := x.Files[0].Yanked.(string)
		if strings.ContainsAny(reason, "\r\n\x00\x1b\u202e\u2066") {
			t.Errorf("%q: JSON reason %q", evil, reason)
		}
		a := ask(t, "GET", s.URL+"/pypi/files/demo/"+name)
		if a.StatusCode != 403 || len(a.Status) > 4+120 || strings.ContainsFunc(a.Status, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			t.Errorf("%q: status line %q", evil, a.Status)
		}
		if a.Header.Get("X-Evil") != "" || strings.ContainsFunc(a.Header.Get("Npm-Notice"), func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			t.Errorf("%q: headers %v", evil, a.Header)
		}
		var body map[string]any
		if err := json.Unmarshal(a.body, &body); err != nil || bytes.Contains(a.body, []byte("</script")) || bytes.ContainsAny(a.body, "\u202e\u2066\x1b") {
			t.Errorf("%q: body %q (%v)", evil, a.body, err)
		}
	}
}

// hostile is what people write who want to be obeyed instead of read.
var hostile = []string{
	"</script><script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "@org/everyone",
	"two\r\nX-Evil: lines\r\n\r\n<html>", "\x1b[2J\x1b[31mred", "\u202egnp.exe\u2066", "zero\x00byte", "a|b|c `code` [link](javascript:x)",
	strings.Repeat("long ", 500), "\u00e9\u4e2d\U0001f600", "' onmouseover='x", "{{.Secret}}", "\xff\xfe not utf-8",
}
