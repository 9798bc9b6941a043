package golang

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// shelf is a registry in a test's hand.
type shelf struct {
	ecosystem.Shelf
	listing *ecosystem.Listing
	pending int // how often a file is still being looked at
	files   int
	err     error
}

func (s *shelf) Listing(context.Context, artifact.Package) (*ecosystem.Listing, error) {
	return s.listing, s.err
}

func (s *shelf) Metadata(_ context.Context, p artifact.Package, name string) ([]byte, error) {
	number := strings.TrimSuffix(name, ".zip")
	b, err := json.Marshal(record.Metadata{Info: json.RawMessage(`{"Version":"` + number + `"}`), Mod: "module " + p.Name + "\n"})
	if err != nil {
		return nil, err
	}
	return b, s.err
}

func (s *shelf) File(_ context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	if s.files++; s.files <= s.pending {
		return nil, &ecosystem.Pending{Version: artifact.Version{Package: p, Number: "v1.0.0"}, Step: "being scanned", After: time.Second, URL: "http://gate.invalid/d/1"}
	}
	if s.err != nil {
		return nil, s.err
	}
	return &ecosystem.Served{File: artifact.File{Name: name}, Decision: "d1", Body: body{strings.NewReader("zip")}}, nil
}

func (s *shelf) Document(_ context.Context, p artifact.Package, path string) ([]byte, error) {
	switch {
	case s.err != nil:
		return nil, s.err
	case path == "query/main":
		return []byte(`{"Version":"v0.0.0-20260503120000-0123456789ab"}`), nil
	case path == "query/evil":
		return []byte(`{"Version":"../../x"}`), nil
	case strings.HasPrefix(path, "sumdb/"):
		return []byte(p.Name + " " + path), nil
	}
	return nil, ecosystem.ErrNoPackage
}

type body struct{ *strings.Reader }

func (body) Close() error { return nil }

func handler(s *shelf) *Handler {
	return NewHandler(adapter.Registry{Shelf: s, Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)})
}

// list is a listing of versions, a refused one with "!" behind it.
func list(numbers ...string) *ecosystem.Listing {
	l := &ecosystem.Listing{Index: &ecosystem.Index{}, Tag: strings.Join(numbers, " ")}
	for _, n := range numbers {
		n, refused := strings.CutSuffix(n, "!")
		l.Index.Files = append(l.Index.Files, ecosystem.IndexFile{Name: n + ".zip", Number: n})
		l.Marks = append(l.Marks, ecosystem.Mark{Refused: refused, Why: "TEST-1", Decision: "d1"})
	}
	return l
}

func get(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		panic(err) // a buffer
	}
	return w.Code, string(b)
}

func TestAnswers(t *testing.T) {
	const m = "/example.invalid/mod"
	refusal := &verdict.Refusal{Decision: "d1", Verdict: verdict.Reject, Public: "TEST-1", File: "v1.0.0.zip"}
	hidden := list()
	hidden.Hidden = 2
	for _, tc := range []struct {
		why, path string
		shelf     shelf
		status    int
		says      string
	}{
		{"a list has neither what is refused nor a pseudo-version", m + "/@v/list", shelf{listing: list("v1.10.0", "v1.9.0", "v1.11.0!", "v0.0.0-20260503120000-0123456789ab")}, 200, "v1.9.0\nv1.10.0\n"},
		{"latest is the highest release", m + "/@latest", shelf{listing: list("v1.9.0", "v1.10.0", "v1.11.0-rc.1", "v1.12.0!")}, 200, `{"Version":"v1.10.0"}`},
		{"a pre-release where there is no release", m + "/@latest", shelf{listing: list("v1.11.0-rc.1", "v1.12.0!")}, 200, `{"Version":"v1.11.0-rc.1"}`},
		{"all refused is not absent", m + "/@latest", shelf{listing: list("v1.12.0!")}, 403, "TEST-1"},
		{"all hidden neither", m + "/@latest", shelf{listing: hidden}, 403, "refused by this registry"},
		{"no version at all is absent", m + "/@latest", shelf{listing: list()}, 404, "not found:"},
		{"no module", m + "/@v/list", shelf{err: ecosystem.ErrNoPackage}, 404, "not found: example.invalid/mod"},
		{"capital letters", "/example.invalid/!mod/@v/v1.0.0.mod", shelf{}, 200, "module example.invalid/Mod\n"},
		{"a zip", m + "/@v/v1.0.0.zip", shelf{}, 200, "zip"},
		{"a refused zip", m + "/@v/v1.0.0.zip", shelf{err: refusal}, 403, "TEST-1"},
		{"a zip that is not there", m + "/@v/v1.0.0.zip", shelf{err: verdict.ErrNotFound}, 404, "not found: example.invalid/mod@v1.0.0"},
		{"a fault is no absence", m + "/@v/v1.0.0.zip", shelf{err: io.ErrUnexpectedEOF}, 503, "try again"},
		{"an upstream that is down is none", m + "/@v/list", shelf{err: ecosystem.ErrUnreachable}, 503, "try again"},
		{"a branch is what the proxy says it is", m + "/@v/main.info", shelf{}, 200, `{"Version":"v0.0.0-20260503120000-0123456789ab"}`},
		{"and nothing else", m + "/@v/evil.info", shelf{}, 404, "not found"},
		{"a branch has no zip", m + "/@v/main.zip", shelf{}, 404, "not a version"},
		{"a version of another major path", m + "/@v/v2.0.0.zip", shelf{}, 404, "not a version"},
		{"the checksum database", "/sumdb/sum.invalid/lookup/example.invalid/!mod@v1.0.0", shelf{}, 200, "example.invalid/Mod sumdb/sum.invalid/lookup/example.invalid/!mod@v1.0.0"},
		{"a name of our own there", "/sumdb/sum.invalid/lookup/example.invalid/mod@v1.0.0", shelf{err: verdict.ErrForbidden}, 403, "GONOSUMDB"},
		{"no database", "/sumdb/sum.invalid/supported", shelf{err: ecosystem.ErrNoPackage}, 404, "not found"},
		{"a path that climbs", "/example.invalid/../x/@v/list", shelf{}, 404, "not found"},
		{"no path", "/", shelf{}, 404, "not found"},
		{"an extension that is none", m + "/@v/v1.0.0.exe", shelf{}, 404, "not found"},
		{"an unescaped capital", "/example.invalid/Mod/@v/list", shelf{}, 404, "not found"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			status, text := get(handler(&tc.shelf), tc.path)
			if status != tc.status || !strings.Contains(text, tc.says) || tc.status == 200 && text != tc.says {
				t.Errorf("%s: %d %q, want %d %q", tc.path, status, text, tc.status, tc.says)
			}
		})
	}
	w := httptest.NewRecorder()
	handler(&shelf{}).ServeHTTP(w, httptest.NewRequest(http.MethodPut, m+"/@v/v1.0.0.zip", strings.NewReader("x")))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}

// TestAZipIsWaitedFor: the go command asks once, so the answer comes when there is one.
func TestAZipIsWaitedFor(t *testing.T) {
	s := &shelf{pending: 3}
	h := handler(s)
	var waited []time.Duration
	h.after = func(d time.Duration) <-chan time.Time {
		c := make(chan time.Time, 1)
		if d != patience {
			waited = append(waited, d)
			c <- time.Time{}
		}
		return c
	}
	if status, text := get(h, "/example.invalid/mod/@v/v1.0.0.zip"); status != 200 || text != "zip" || fmt.Sprint(waited) != "[1s 1s 1s]" {
		t.Errorf("%d %q after %v", status, text, waited)
	}
	// In the end it has to be said.
	h = handler(&shelf{pending: 1 << 30})
	h.after = func(d time.Duration) <-chan time.Time {
		c := make(chan time.Time, 1)
		if d == patience {
			c <- time.Time{}
		}
		return c
	}
	if status, text := get(h, "/example.invalid/mod/@v/v1.0.0.zip"); status != 503 || !strings.Contains(text, "being scanned; ask again") {
		t.Errorf("%d %q", status, text)
	}
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{"example.invalid/mod/@v/list", "example.invalid/!mod/@v/v1.0.0.info", "example.invalid/mod/@latest", "example.invalid/@v/@v/main.info", "sumdb/x/lookup/a@b", "/@/@v/..zip"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, what, err := parseRequest(path)
		if err != nil {
			return
		}
		if checkPackage(p) != nil || strings.Contains(what, "..") && what != "@v/..info" && isVersion(p, what) {
			t.Fatalf("%q is %q of %q", path, what, p.Name)
		}
	})
}

func FuzzListAndInfo(f *testing.F) {
	f.Add("v1.0.0\nv1.1.0\n")
	f.Add(`{"Version":"v1.0.0","Time":"2026-05-03T12:00:00Z","Origin":{"VCS":"git"}}`)
	f.Add("<html>")
	p := artifact.Package{Ecosystem: artifact.Golang, Name: "example.invalid/mod"}
	page := httptest.NewRequest(http.MethodGet, "http://proxy.invalid/example.invalid/mod/@v/list", nil).URL
	f.Fuzz(func(t *testing.T, text string) {
		if x, err := parseList(p, page, "", []byte(text)); err == nil {
			for _, file := range x.Files {
				if !isVersion(p, file.Number) || !strings.HasPrefix(file.URL, "http://proxy.invalid/example.invalid/mod/@v/v") {
					t.Fatalf("%+v", file)
				}
			}
		}
		if v, err := parseInfo(p, []byte(text)); err == nil {
			if again, err := record.Parse(v.Bytes()); err != nil || again.Version != v.Version {
				t.Fatalf("%+v became %+v, %v", v, again, err)
			}
			if _, err := v.Info(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
