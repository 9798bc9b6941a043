package maven_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// shelf is a registry in the test's hand.
type shelf struct {
	ecosystem.Shelf
	listing  *ecosystem.Listing
	files    map[string]ecosystem.Served // by name; Body is made of bodies
	bodies   map[string][]byte
	errs     map[string]error // of File and Metadata, by name
	metadata map[string][]byte
	plugins  []byte
	ours     map[string]bool // names
	asked    []string
}

func (s *shelf) Listing(_ context.Context, p artifact.Package) (*ecosystem.Listing, error) {
	s.asked = append(s.asked, "listing "+p.Name)
	if s.listing == nil || s.listing.Index.Package != p {
		return nil, ecosystem.ErrNoPackage
	}
	return s.listing, nil
}

func (s *shelf) File(_ context.Context, _ artifact.Package, name string) (*ecosystem.Served, error) {
	s.asked = append(s.asked, "file "+name)
	if err := s.errs[name]; err != nil {
		return nil, err
	}
	f, ok := s.files[name]
	if !ok {
		return nil, verdict.ErrNotFound
	}
	f.Body = body{bytes.NewReader(s.bodies[name])}
	return &f, nil
}

type body struct{ *bytes.Reader }

func (body) Close() error { return nil }

func (s *shelf) Metadata(_ context.Context, _ artifact.Package, name string) ([]byte, error) {
	if b, ok := s.metadata[name]; ok {
		return b, nil
	}
	return nil, verdict.ErrNotFound
}

func (s *shelf) Document(_ context.Context, p artifact.Package, path string) ([]byte, error) {
	if s.ours[p.Name] {
		return nil, verdict.ErrForbidden
	}
	if path == "plugins" && s.plugins != nil {
		s.asked = append(s.asked, "plugins of "+p.Name)
		return s.plugins, nil
	}
	return nil, ecosystem.ErrNoPackage
}

var (
	demo = artifact.Package{Ecosystem: artifact.Maven, Name: "org.example/demo"}
	at   = time.Date(2026, 4, 2, 10, 0, 0, 0, time.UTC)
)

func newShelf(t *testing.T) *shelf {
	s := &shelf{files: map[string]ecosystem.Served{}, bodies: map[string][]byte{}, errs: map[string]error{}, metadata: map[string][]byte{}, ours: map[string]bool{}}
	one := stub.MavenVersion{Group: "org.example", Artifact: "demo", Version: "1.0"}
	bom := stub.MavenVersion{Group: "org.example", Artifact: "demo", Version: "2.0", Packaging: "pom"}
	s.metadata["demo-1.0.pom"], s.metadata["demo-2.0.pom"] = one.POM(), bom.POM()
	s.put("demo-1.0.jar", "1.0", one.Jar(t))
	s.put("demo-2.0.pom", "2.0", bom.POM())
	return s
}

func (s *shelf) put(name, number string, b []byte) {
	v := artifact.Version{Package: demo, Number: number}
	s.files[name] = ecosystem.Served{File: artifact.File{Version: v, Name: name, SHA256: artifact.DigestOf(b), Uploaded: at}, Decision: "d"}
	s.bodies[name] = b
}

func (s *shelf) ask(t *testing.T, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	h := maven.NewHandler(adapter.Registry{Shelf: s, Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	s := newShelf(t)
	for _, tc := range []struct {
		path string
		want int
		why  string
	}{
		{"/org/example/demo/1.0/demo-1.0.jar", 200, "a file"},
		{"/org/example/demo/1.0/demo-1.0.pom", 200, "a pom, as data"},
		{"/org/example/demo/2.0/demo-2.0.pom", 200, "a pom that is all of its version"},
		{"/org/example/demo/1.0/demo-1.0.jar.sha1", 200, "its checksum"},
		{"/org/example/demo/1.0/demo-1.0.jar.md5", 200, "its checksum"},
		{"/org/example/demo/1.0/demo-1.0.jar.sha384", 404, "a checksum that nobody has"},
		{"/org/example/demo/2.0/demo-1.0.jar", 404, "a file in another version's folder"},
		{"/org/example/demo/1.0/demo-1.0-sources.jar", 404, "a file that is not there"},
		{"/org/example/demo/1.0/other-1.0.jar", 404, "another artifact's file"},
		{"/org/example/demo/1.0/", 404, "a folder"},
		{"/org/example/demo", 404, "a folder"},
		{"/", 404, "the root"},
		{"/org/example/../demo/1.0/demo-1.0.jar", 404, "it climbs out"},
		{"/org/example/demo/1.0/demo-1.0.jar/x", 404, "below a file"},
		{"/maven-metadata.xml", 404, "metadata of nothing"},
		{"/org/maven-metadata.xml", 404, "metadata of a group of one word"},
		{"/org/example/demo/1.0-SNAPSHOT/maven-metadata.xml", 404, "there are no snapshots; mvn asks for those of what it builds"},
		{"/org/example/demo/1.0-SNAPSHOT/demo-1.0-SNAPSHOT.jar", 403, "a snapshot"},
		{"/org/example/demo/1.0-SNAPSHOT/demo-1.0-20260102.030405-1.jar", 403, "a snapshot by its time"},
	} {
		if w := s.ask(t, "GET", tc.path); w.Code != tc.want {
			t.Errorf("%s: %d %s, want %d (%s)", tc.path, w.Code, strings.TrimSpace(w.Body.String()), tc.want, tc.why)
		}
	}
	if w := s.ask(t, "PUT", "/org/example/demo/1.0/demo-1.0.jar"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}

// TestFileHeaders: the date, the checksums, and 304 by either.
func TestFileHeaders(t *testing.T) {
	s := newShelf(t)
	const path = "/org/example/demo/1.0/demo-1.0.jar"
	get := s.ask(t, "GET", path)
	h := get.Header()
	if h.Get("Last-Modified") != at.Format(http.TimeFormat) || h.Get("X-Checksum-SHA1") != stub.MavenSum("sha1", s.bodies["demo-1.0.jar"]) || h.Get("ETag") == "" || h.Get("X-Gatehouse-Decision") != "d" {
		t.Errorf("%v", h)
	}
	head := s.ask(t, "HEAD", path)
	if head.Body.Len() != 0 || head.Header().Get("Last-Modified") != h.Get("Last-Modified") || head.Header().Get("Content-Length") != h.Get("Content-Length") {
		t.Errorf("HEAD: %v", head.Header())
	}
	for _, tc := range []struct {
		header []string
		want   int
		why    string
	}{
		{[]string{"If-Modified-Since", at.Format(http.TimeFormat)}, 304, "it has it"},
		{[]string{"If-Modified-Since", at.Add(-time.Second).Format(http.TimeFormat)}, 200, "it has an older one"},
		{[]string{"If-Modified-Since", "yesterday"}, 200, "no date"},
		{[]string{"If-None-Match", h.Get("ETag")}, 304, "it has it by tag"},
		{[]string{"If-None-Match", `"other"`, "If-Modified-Since", at.Format(http.TimeFormat)}, 200, "the tag counts before the date"},
		{[]string{"Range", "bytes=1-3"}, 206, "a part"},
	} {
		if w := s.ask(t, "GET", path, tc.header...); w.Code != tc.want {
			t.Errorf("%s: %d, want %d", tc.why, w.Code, tc.want)
		}
	}
	for _, algorithm := range []string{"sha1", "md5", "sha256", "sha512"} {
		for _, name := range []string{"demo-1.0.jar", "demo-1.0.pom"} {
			want := stub.MavenSum(algorithm, append(s.bodies[name], s.metadata[name]...))
			if w := s.ask(t, "GET", "/org/example/demo/1.0/"+name+"."+algorithm); w.Body.String() != want {
				t.Errorf("%s.%s: %q, want %q", name, algorithm, w.Body, want)
			}
		}
	}
}

// TestRefusals: a jar's pom is read whatever is thought of the version, a pom that is
// the version is not; a checksum says no more than its file.
func TestRefusals(t *testing.T) {
	s := newShelf(t)
	for _, name := range []string{"demo-1.0.jar", "demo-1.0.pom", "demo-2.0.pom"} {
		s.errs[name] = &verdict.Refusal{Version: artifact.Version{Package: demo, Number: "1.0"}, File: name, Verdict: verdict.Reject, Rule: "r", Decision: "8f3a", Public: "TEST-2026-1"}
	}
	for path, want := range map[string]int{
		"/org/example/demo/1.0/demo-1.0.jar": 403, "/org/example/demo/1.0/demo-1.0.jar.sha1": 403, "/org/example/demo/2.0/demo-2.0.pom": 403, "/org/example/demo/2.0/demo-2.0.pom.sha1": 403,
		"/org/example/demo/1.0/demo-1.0.pom": 200, "/org/example/demo/1.0/demo-1.0.pom.sha1": 200,
	} {
		w := s.ask(t, "GET", path)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if want == 403 && (!strings.Contains(w.Body.String(), "http://gate.invalid/d/8f3a") || w.Header().Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s: %v %s", path, w.Header(), w.Body)
		}
	}
	// A pom of our own is there when its version is.
	s.ours[demo.Name] = true
	if w := s.ask(t, "GET", "/org/example/demo/1.0/demo-1.0.pom"); w.Code != 403 {
		t.Errorf("a pom of our own that is refused: %d", w.Code)
	}
	s.ours[demo.Name] = false
	// One that cannot be read is a file like any, and says why it is refused.
	s.metadata["demo-1.0.pom"] = []byte("<project")
	if w := s.ask(t, "GET", "/org/example/demo/1.0/demo-1.0.pom"); w.Code != 403 {
		t.Errorf("a pom that cannot be read: %d", w.Code)
	}
	s.errs["demo-1.0.jar"] = errors.New("the disk is gone")
	if w := s.ask(t, "GET", "/org/example/demo/1.0/demo-1.0.jar"); w.Code != 503 {
		t.Errorf("a fault: %d; after a 404 a client goes on elsewhere", w.Code)
	}
}

func (s *shelf) list(upstream string, tags map[string]string, files ...ecosystem.IndexFile) {
	x := &ecosystem.Index{Package: demo, Upstream: upstream, Files: files, Tags: tags}
	s.listing = &ecosystem.Listing{Index: x, Marks: make([]ecosystem.Mark, len(files)), Tag: "1"}
}

func indexFile(name, number string, kind artifact.Kind) ecosystem.IndexFile {
	return ecosystem.IndexFile{Name: name, Number: number, Kind: kind, Uploaded: at}
}

// TestMetadata: which versions are listed, and which of them is the newest.
func TestMetadata(t *testing.T) {
	pom := func(number string) ecosystem.IndexFile {
		return indexFile("demo-"+number+".pom", number, artifact.Asset)
	}
	jar := func(number string) ecosystem.IndexFile { return indexFile("demo-"+number+".jar", number, artifact.Jar) }
	said := func(f ecosystem.IndexFile, packaging string) ecosystem.IndexFile {
		f.Record = []byte(`{"packaging":"` + packaging + `"}`)
		return f
	}
	for _, tc := range []struct {
		why      string
		upstream string
		tags     map[string]string
		files    []ecosystem.IndexFile
		refused  []int
		versions string
		release  string
	}{
		{"all of an upstream's", "up", map[string]string{"latest": "1.1", "release": "1.1"}, []ecosystem.IndexFile{pom("1.0"), pom("1.1")}, nil, "1.0 1.1", "1.1"},
		{"the upstream's newest is refused", "up", map[string]string{"latest": "1.1", "release": "1.1"}, []ecosystem.IndexFile{pom("1.0"), pom("1.1")}, []int{1}, "1.0", "1.0"},
		{"a jar is refused", "up", nil, []ecosystem.IndexFile{pom("1.0"), jar("1.0"), pom("1.1"), jar("1.1")}, []int{3}, "1.0", "1.0"},
		{"a classifier is refused", "up", nil, []ecosystem.IndexFile{pom("1.0"), jar("1.0"), indexFile("demo-1.0-sources.jar", "1.0", artifact.Jar)}, []int{2}, "1.0", "1.0"},
		{"nothing is left", "up", nil, []ecosystem.IndexFile{pom("1.0")}, []int{0}, "", ""},
		{"the newest by number", "up", nil, []ecosystem.IndexFile{pom("1.10"), pom("1.9")}, nil, "1.10 1.9", "1.10"},
		{"a release before a pre-release", "up", nil, []ecosystem.IndexFile{pom("1.0"), pom("2.0-rc1")}, nil, "1.0 2.0-rc1", "1.0"},
		{"the upstream calls a pre-release the newest", "up", map[string]string{"release": "2.0-rc1"}, []ecosystem.IndexFile{pom("1.0"), pom("2.0-rc1")}, nil, "1.0 2.0-rc1", "2.0-rc1"},
		{"our own, whole", artifact.Internal, nil, []ecosystem.IndexFile{jar("1.0"), said(pom("1.0"), "jar")}, nil, "1.0", "1.0"},
		{"our own, and its pom is not here yet", artifact.Internal, nil, []ecosystem.IndexFile{jar("1.0")}, nil, "", ""},
		{"our own, and its jar is not here yet", artifact.Internal, nil, []ecosystem.IndexFile{said(pom("1.0"), "jar")}, nil, "", ""},
		{"our own parent", artifact.Internal, nil, []ecosystem.IndexFile{said(pom("1.0"), "pom")}, nil, "1.0", "1.0"},
	} {
		s := newShelf(t)
		s.list(tc.upstream, tc.tags, tc.files...)
		for _, i := range tc.refused {
			s.listing.Marks[i].Refused = true
		}
		w := s.ask(t, "GET", "/org/example/demo/maven-metadata.xml")
		text := w.Body.String()
		var versions []string
		for _, part := range strings.Split(text, "<version>")[1:] {
			v, _, _ := strings.Cut(part, "<")
			versions = append(versions, v)
		}
		if w.Code != 200 || strings.Join(versions, " ") != tc.versions || tc.release != "" && !strings.Contains(text, "<release>"+tc.release+"</release>") {
			t.Errorf("%s: %d %s", tc.why, w.Code, text)
		}
		for _, algorithm := range []string{"sha1", "md5", "sha256", "sha512"} {
			if got := s.ask(t, "GET", "/org/example/demo/maven-metadata.xml."+algorithm); got.Body.String() != stub.MavenSum(algorithm, []byte(text)) {
				t.Errorf("%s: its %s is %s", tc.why, algorithm, got.Body)
			}
		}
	}
}

// TestPlugins: a group's metadata is the upstream's word; of a group of our own nobody
// outside hears.
func TestPlugins(t *testing.T) {
	s := newShelf(t)
	s.plugins = []byte("<metadata><plugins/></metadata>")
	if w := s.ask(t, "GET", "/org/example/plugins/maven-metadata.xml"); w.Code != 200 || w.Body.String() != string(s.plugins) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.ask(t, "GET", "/org/example/plugins/maven-metadata.xml.sha1"); w.Body.String() != stub.MavenSum("sha1", s.plugins) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	s.asked = nil
	s.ours["com.acme/maven-metadata.xml"] = true
	if w := s.ask(t, "GET", "/com/acme/maven-metadata.xml"); w.Code != 404 || len(s.asked) != 0 {
		t.Errorf("a group of our own: %d, asked %v", w.Code, s.asked)
	}
	s.ours["com.acme/lib"] = true
	if w := s.ask(t, "GET", "/com/acme/lib/maven-metadata.xml"); w.Code != 404 || strings.Contains(strings.Join(s.asked, " "), "plugins") {
		t.Errorf("a name of our own that nothing is here of: %d, asked %v", w.Code, s.asked)
	}
}

// TestWaiting: a request waits for the first look, and says in the end that it goes on.
func TestWaiting(t *testing.T) {
	s := newShelf(t)
	s.errs["demo-1.0.jar"] = &ecosystem.Pending{Version: artifact.Version{Package: demo, Number: "1.0"}, Step: "being scanned", After: time.Second, URL: "http://gate.invalid/d/p"}
	for _, tc := range []struct {
		agent string
		asked int
	}{{"Apache-Maven/3.9.16 (Java 17)", 80}, {"Gradle/8.10", 20}} {
		s.asked = nil
		h := maven.NewHandlerAfter(adapter.Registry{Shelf: s, Decision: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler)}, pretend())
		r := httptest.NewRequest("GET", "/org/example/demo/1.0/demo-1.0.jar", nil)
		r.Header.Set("User-Agent", tc.agent)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "being scanned") || len(s.asked) != tc.asked {
			t.Errorf("%s: %d %v %s after %d questions", tc.agent, w.Code, w.Header(), w.Body, len(s.asked))
		}
	}
}

// pretend is a clock that goes on at once, as far as the next question: what ends first
// is ready first.
func pretend() func(time.Duration) <-chan time.Time {
	var limit, now time.Duration
	over := make(chan time.Time, 1)
	return func(d time.Duration) <-chan time.Time {
		if limit == 0 {
			limit = d
			return over
		}
		if now += d; now >= limit {
			over <- time.Time{}
			return nil
		}
		next := make(chan time.Time, 1)
		next <- time.Time{}
		return next
	}
}
