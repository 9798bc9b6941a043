package npm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// registry is an upstream on loopback that answers what a test puts into it.
type upstreamStub struct {
	*httptest.Server
	answers map[string]string // by escaped path
	asked   []string
	header  http.Header // of the last request
}

func stubUpstream(t *testing.T, answers map[string]string) *upstreamStub {
	t.Helper()
	s := &upstreamStub{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked, s.header = append(s.asked, r.URL.EscapedPath()), r.Header
		body, ok := s.answers[r.URL.EscapedPath()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func openUpstream(t *testing.T, base string) *Upstream {
	t.Helper()
	host, err := fetch.HostPort(base)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{host}, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	up, err := OpenUpstream(adapter.UpstreamConfig{Name: "stub", BaseURL: base, Client: client, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

func TestUpstreamAsksForTheWholePackument(t *testing.T) {
	s := stubUpstream(t, map[string]string{"/sub/@s%2fdemo": `{"name":"@s/demo","dist-tags":{"latest":"1.0.0"},"versions":{
		"1.0.0":{"name":"@s/demo","version":"1.0.0","dependencies":{"left":"^1"},"dist":{"tarball":"/x/@s/demo/-/demo-1.0.0.tgz"}}}}`,
		"/sub/-/npm/v1/keys": `{"keys":[]}`})
	up := openUpstream(t, s.URL+"/sub")
	p := npmPackage("@s/demo")
	x, err := up.Index(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.header.Get("Accept"); got != "application/json" || !strings.Contains(s.header.Get("Accept-Encoding"), "gzip") {
		t.Errorf("asked for %q in %q; want all of it, compressed", got, s.header.Get("Accept-Encoding"))
	}
	if len(x.Files) != 1 || x.Files[0].URL != s.URL+"/x/@s/demo/-/demo-1.0.0.tgz" || x.Files[0].Name != "demo-1.0.0.tgz" {
		t.Errorf("files: %+v", x.Files)
	}
	m, raw, err := up.Metadata(t.Context(), x, x.Files[0])
	if err != nil || m.Name != "@s/demo" || !reflect.DeepEqual(m.RequiresDist, []string{"left@^1"}) || string(raw) != string(x.Files[0].Record) {
		t.Errorf("metadata: %+v, %s, %v", m, raw, err)
	}
	if len(s.asked) != 1 {
		t.Errorf("asked for %q; metadata is part of the packument", s.asked)
	}
	if b, err := up.Document(t.Context(), npmPackage(""), "-/npm/v1/keys"); err != nil || string(b) != `{"keys":[]}` {
		t.Errorf("keys: %s, %v", b, err)
	}
	if _, err := up.Index(t.Context(), npmPackage("gone")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("a package that is not there: %v", err)
	}
	if _, err := up.Index(t.Context(), npmPackage("../x")); err == nil || errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("what is no name: %v", err)
	}
}

func TestUpstreamRefusesOptions(t *testing.T) {
	if _, err := OpenUpstream(adapter.UpstreamConfig{Name: "x", BaseURL: "https://r.invalid", Options: map[string]string{"keys": "x"}}); err == nil {
		t.Error("an option that nobody knows was taken")
	}
}

func parse(t *testing.T, pkg, versions, more string) (*ecosystem.Index, error) {
	t.Helper()
	page := &url.URL{Scheme: "https", Host: "r.invalid", Path: "/" + pkg}
	return parseIndex(npmPackage(pkg), page, "text/plain", []byte(`{"name":"`+pkg+`","versions":{`+versions+`}`+more+`}`))
}

func TestParseIndex(t *testing.T) {
	const sha512 = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
	x, err := parse(t, "demo", `"1.0.0":{"name":"demo","version":"1.0.0","deprecated":"old","dist":{"tarball":"https://r.invalid/demo/-/demo-1.0.0.tgz",
		"integrity":"sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-`+sha512+`?opt md5-xx sha256-AA==","shasum":"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"}}`,
		`,"time":{"1.0.0":"2020-02-03T04:05:06.789Z"},"dist-tags":{"latest":"1.0.0"}`)
	if err != nil || len(x.Files) != 1 {
		t.Fatalf("%+v, %v", x, err)
	}
	f := x.Files[0]
	want := ecosystem.IndexFile{
		Name: "demo-1.0.0.tgz", URL: "https://r.invalid/demo/-/demo-1.0.0.tgz", Number: "1.0.0", Kind: artifact.Tarball,
		Uploaded: time.Date(2020, 2, 3, 4, 5, 6, 789e6, time.UTC), Yanked: true, YankedReason: "old", Record: f.Record,
		Digests: []string{"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
	}
	if !reflect.DeepEqual(f, want) || !f.StrongDigest() {
		t.Errorf("file:\n got %+v\nwant %+v", f, want)
	}
	if x.Tags["latest"] != "1.0.0" || x.Status != "" {
		t.Errorf("tags %v, status %q", x.Tags, x.Status)
	}
}

func TestParseIndexDrops(t *testing.T) {
	for _, tc := range []struct{ number, tarball, why string }{
		{"1.0.0", "", "no address"}, {"1.0.0", "http://r.invalid/x.tgz", "a step down from https"}, {"1.0.0", "file:///x.tgz", "a file"},
		{"1.0.0", "https://me@r.invalid/x.tgz", "with a user"}, {"one", "https://r.invalid/x.tgz", "no version"}, {"1.0.0-a/b", "https://r.invalid/x.tgz", "a path"},
	} {
		x, err := parse(t, "demo", fmt.Sprintf(`%q:{"name":"demo","version":%q,"dist":{"tarball":%q}}`, tc.number, tc.number, tc.tarball), "")
		if err != nil || len(x.Files) != 0 || x.Dropped != 1 {
			t.Errorf("%s: %+v, %v; want it dropped", tc.why, x, err)
		}
	}
}

func TestFileName(t *testing.T) {
	for _, tc := range []struct{ pkg, number, path, want, why string }{
		{"demo", "1.0.0", "/demo/-/demo-1.0.0.tgz", "demo-1.0.0.tgz", "as everybody does"},
		{"@s/demo", "1.0.0", "/@s/demo/-/demo-1.0.0.tgz", "demo-1.0.0.tgz", "a scope is not part of it"},
		{"demo", "1.0.0+build.1", "/demo/-/demo-1.0.0.tgz", "demo-1.0.0.tgz", "build metadata is left out by the registry"},
		{"demo", "1.0.0+build.1", "/x", "demo-1.0.0+build.1.tgz", "and kept where it does not say"},
		{"demo", "2.0.0", "/demo/-/demo-1.0.0.tgz", "demo-2.0.0.tgz", "the name of another version is not believed"},
		{"demo", "1.0.0", "/download/0f343b0931126a20f133d67c2b018a3b", "demo-1.0.0.tgz", "a registry that names files by digest"},
		{"demo", "1.0.0", "/other/-/other-1.0.0.tgz", "demo-1.0.0.tgz", "another package's"},
	} {
		if got := fileName(tc.pkg, tc.number, tc.path); got != tc.want {
			t.Errorf("%s %s at %s: got %s, want %s (%s)", tc.pkg, tc.number, tc.path, got, tc.want, tc.why)
		}
	}
}

func TestUpstreamAlarms(t *testing.T) {
	version := func(number, more string) string {
		return fmt.Sprintf(`%q:{"name":"demo","version":%q,%s"dist":{"tarball":"/x.tgz"}}`, number, number, more)
	}
	for _, tc := range []struct{ versions, more, want, why string }{
		{version("1.0.0", ""), `,"dist-tags":{"latest":"1.0.0"}`, "", "none"},
		{version("0.0.1-security", ""), `,"dist-tags":{"latest":"0.0.1-security"}`, StatusPlaceholder, "the placeholder"},
		{version("1.0.0", "") + "," + version("9.0.0-security.1", `"description":"security holding package",`), `,"dist-tags":{"latest":"9.0.0-security.1"}`, StatusPlaceholder, "beside older versions"},
		{version("1.0.0-security", ""), `,"dist-tags":{"latest":"1.0.0-security"}`, "", "a pre-release that is called so"},
		{"", `,"time":{"unpublished":{"time":"2021-02-03T04:05:06Z"}}`, StatusUnpublished, "unpublished by its owner"},
		{version("1.0.0", ""), `,"time":{"unpublished":{"time":"2021-02-03T04:05:06Z"}}`, "", "and published again"},
	} {
		x, err := parse(t, "demo", tc.versions, tc.more)
		if err != nil || x.Status != tc.want {
			t.Errorf("%s: %+v, %v; want status %q", tc.why, x, err, tc.want)
		}
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add(`{"name":"demo","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"demo","version":"1.0.0","dist":{"tarball":"https://r.invalid/demo-1.0.0.tgz","integrity":"sha512-AA=="}}}}`)
	page := &url.URL{Scheme: "https", Host: "r.invalid", Path: "/demo"}
	f.Fuzz(func(t *testing.T, body string) {
		x, err := parseIndex(npmPackage("demo"), page, "", []byte(body))
		if err != nil {
			return
		}
		names := map[string]bool{}
		l := &ecosystem.Listing{Index: x, Marks: make([]ecosystem.Mark, len(x.Files))}
		for i, file := range x.Files {
			if names[file.Name] || strings.ContainsAny(file.Name, "/\\") || !strings.HasPrefix(file.URL, "https://") {
				t.Errorf("file %+v", file)
			}
			names[file.Name] = true
			l.Marks[i] = ecosystem.Mark{Refused: i%2 == 0, Why: "no", Decision: "d"}
		}
		for _, form := range []form{formFull, formAbbreviated} {
			b, err := packumentBytes(l, "https://g.invalid/npm", form)
			if err != nil || !json.Valid(b) {
				t.Errorf("rendered %q, %v", b, err)
			}
		}
	})
}
