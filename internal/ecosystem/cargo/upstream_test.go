package cargo

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func lineOf(name, number, more string) string {
	return `{"name":"` + name + `","vers":"` + number + `","deps":[],"cksum":"` + zeros + `","features":{},"yanked":false` + more + "}\n"
}

// sparseStub answers what a test puts into it.
type sparseStub struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]string
	asked   map[string]int
}

func stubIndex(t *testing.T, answers map[string]string) *sparseStub {
	t.Helper()
	s := &sparseStub{answers: answers, asked: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[r.URL.Path]++
		body, ok := s.answers[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case body == "forbidden":
			w.WriteHeader(http.StatusForbidden)
		default:
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "BASE", "http://"+r.Host)))
		}
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

func TestIndex(t *testing.T) {
	const pub = `,"pubtime":"2024-05-03T12:00:00Z"`
	s := stubIndex(t, map[string]string{
		"/config.json":   `{"dl":"BASE/dl/{prefix}/{lowerprefix}/{crate}-{version}?sum={sha256-checksum}","api":"BASE"}`,
		"/in/fl/inflect": lineOf("Inflect", "1.0.0", pub) + lineOf("Inflect", "1.0.0+b", pub) + lineOf("other", "2.0.0", pub) + lineOf("Inflect", "1.0.0", "") + "{\n" + lineOf("Inflect", "3.0.0", `,"v":3`),
		"/lo/gi/login":   "<!doctype html>",
	})
	up := openUpstream(t, s.URL)
	x, err := up.Index(t.Context(), crate("Inflect"))
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Files) != 2 || x.Dropped != 4 {
		t.Fatalf("%d files and %d dropped: %+v", len(x.Files), x.Dropped, x.Files)
	}
	f := x.Files[0]
	if f.Name != "inflect-1.0.0.crate" || f.URL != s.URL+"/dl/In/fl/in/fl/Inflect-1.0.0?sum="+zeros || f.SHA256 != zeros || !f.Uploaded.Equal(time.Date(2024, 5, 3, 12, 0, 0, 0, time.UTC)) || string(f.Record)+"\n" != lineOf("Inflect", "1.0.0", pub) {
		t.Errorf("%+v", f)
	}
	if m, raw, err := up.Metadata(t.Context(), x, f); err != nil || m.Name != "Inflect" || string(raw) != string(f.Record) {
		t.Errorf("%+v, %v", m, err)
	}
	if again, err := up.Index(t.Context(), crate("inflect")); err != nil || again != x {
		t.Errorf("the same index is made twice: %v", err)
	}
	if _, err := up.Index(t.Context(), crate("nothing")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("what is not there: %v", err)
	}
	if _, err := up.Index(t.Context(), crate("login")); !errors.Is(err, indexcache.ErrBadIndex) {
		t.Errorf("a login page: %v", err)
	}
	if _, err := up.Index(t.Context(), artifact.Package{Ecosystem: artifact.Cargo, Name: "../x"}); err == nil {
		t.Error("a path was asked for")
	}
}

// TestConfig: an index without settings is none, which is not an absent crate.
func TestConfig(t *testing.T) {
	for _, tc := range []struct {
		config string
		files  int
		why    string
	}{
		{"", -1, "no settings"},
		{"{}", -1, "no address"},
		{`{"dl":"BASE/c"}`, 1, "an address without markers"},
		{`{"dl":"ftp://h.invalid/c"}`, 0, "an address that is not asked for"},
		{`{"dl":"http://user:word@h.invalid/c"}`, 0, "an address with a password"},
	} {
		answers := map[string]string{"/de/mo/demo": lineOf("demo", "1.0.0", "")}
		if tc.config != "" {
			answers["/config.json"] = tc.config
		}
		s := stubIndex(t, answers)
		x, err := openUpstream(t, s.URL).Index(t.Context(), crate("demo"))
		switch {
		case tc.files < 0:
			if !errors.Is(err, indexcache.ErrBadIndex) || errors.Is(err, ecosystem.ErrNoPackage) {
				t.Errorf("%s: %v", tc.why, err)
			}
		case err != nil || len(x.Files) != tc.files:
			t.Errorf("%s: %+v, %v", tc.why, x, err)
		case tc.files == 1 && x.Files[0].URL != s.URL+"/c/demo/1.0.0/download":
			t.Errorf("%s: %s", tc.why, x.Files[0].URL)
		}
	}
}

// TestDates: where lines have none, the web API is asked, once.
func TestDates(t *testing.T) {
	config := `{"dl":"BASE/c","api":"BASE"}`
	page := `{"versions":[{"num":"1.0.0","created_at":"2024-05-03T12:00:00.5Z"}]}`
	for _, tc := range []struct {
		page  string
		dated bool
		why   string
	}{
		{page, true, "the page says"}, {"", false, "there is no page"}, {"forbidden", false, "the page is not for us"}, {"<html>", false, "it is no such page"},
	} {
		answers := map[string]string{"/config.json": config, "/de/mo/demo": lineOf("demo", "1.0.0", "")}
		if tc.page != "" {
			answers["/api/v1/crates/demo"] = tc.page
		}
		s := stubIndex(t, answers)
		up := openUpstream(t, s.URL)
		plain, err := up.Index(t.Context(), crate("demo"))
		if err != nil {
			t.Fatal(err)
		}
		full, err := up.Complete(t.Context(), plain, "demo-1.0.0.crate")
		if err != nil || full.Files[0].Uploaded.IsZero() == tc.dated {
			t.Errorf("%s: %+v, %v", tc.why, full, err)
			continue
		}
		if tc.dated && full.Digest == plain.Digest {
			t.Errorf("%s: an index that says more has the same digest", tc.why)
		}
		if again, err := up.Complete(t.Context(), full); err != nil || again.Digest != full.Digest {
			t.Errorf("%s, again: %v", tc.why, err)
		}
		if tc.dated && s.asked["/api/v1/crates/demo"] != 1 {
			t.Errorf("%s: the page was asked for %d times", tc.why, s.asked["/api/v1/crates/demo"])
		}
	}
}

func TestDiscovery(t *testing.T) {
	for value, want := range map[string]string{"sparse+https://i.invalid/x/": "https://i.invalid/x/", "https://git.invalid/index": "", "": ""} {
		if got := sparse(value); got != want {
			t.Errorf("%q: %q", value, got)
		}
	}
	for line, want := range map[string]string{
		"   0.2s DEBUG network: fetch https://i.invalid/x/config.json": "https://i.invalid/x/",
		"   0.2s DEBUG network: fetch https://i.invalid/it/oa/itoa":    "",
		"    Updating index": "",
	} {
		if got := askedIndex(line); got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
	home := t.TempDir()
	if at, err := keptIndex(home); err == nil {
		t.Errorf("nothing is kept, and yet %s", at)
	}
	for i, host := range []string{"i.invalid-1949cf8c6b5b557f", "other.invalid-1949cf8c6b5b557e"} {
		dir := filepath.Join(home, "registry", "index", host)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		if at, err := keptIndex(home); i == 0 && at != "https://i.invalid/" || i == 1 && err == nil {
			t.Errorf("%d kept: %q, %v", i+1, at, err)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(lineOf("demo", "1.0.0", "") + lineOf("demo", "1.0.1-rc.1", `,"v":2,"features2":{"a":["dep:b"]}`))
	f.Fuzz(func(t *testing.T, body string) {
		x, err := parseIndex(crate("demo"), nil, "", []byte(body))
		if err != nil {
			return
		}
		for _, file := range x.Files {
			if file.Number == "" || strings.ContainsAny(file.Name, "/\\\x00") || len(file.SHA256) != 64 {
				t.Errorf("%+v", file)
			}
		}
		l := &ecosystem.Listing{Index: x, Marks: make([]ecosystem.Mark, len(x.Files))}
		for i := range l.Marks {
			l.Marks[i].Refused = true
		}
		if _, err := render(l); err != nil {
			t.Errorf("%q cannot be rendered: %v", body, err)
		}
	})
}
