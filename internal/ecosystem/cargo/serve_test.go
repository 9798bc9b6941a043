package cargo

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// shelf is a registry in memory.
type shelf struct {
	ecosystem.Shelf
	listings map[string]*ecosystem.Listing
	pending  int // how often a file is still being looked at
	asked    []string
}

func (s *shelf) Base(artifact.Ecosystem) string { return "http://gate.invalid/cargo" }

func (s *shelf) Names(context.Context, artifact.Ecosystem) ([]string, error) {
	return []string{"acme-lib", "acme_tool", "demo"}, nil
}

func (s *shelf) Listing(_ context.Context, p artifact.Package) (*ecosystem.Listing, error) {
	if l := s.listings[p.Name]; l != nil {
		return l, nil
	}
	return nil, ecosystem.ErrNoPackage
}

func (s *shelf) File(_ context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	s.asked = append(s.asked, name)
	if s.pending > 0 {
		s.pending--
		return nil, &ecosystem.Pending{Version: artifact.Version{Package: p, Number: "1.0.0"}, After: time.Second, URL: "http://gate.invalid/d/1"}
	}
	return nil, ecosystem.ErrNoPackage
}

func newHandler(s *shelf, reader string) *Handler {
	return NewHandler(adapter.Registry{
		Shelf: s, Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler),
		Reader: func(context.Context) string { return reader },
	})
}

func get(h *Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func listing(numbers ...string) *ecosystem.Listing {
	l := &ecosystem.Listing{Index: &ecosystem.Index{Package: crate("acme-lib")}, Tag: strings.Join(numbers, " ")}
	for _, n := range numbers {
		n, refused := strings.CutSuffix(n, "!")
		n, yanked := strings.CutSuffix(n, "?")
		line := strings.TrimSpace(lineOf("acme-lib", n, ""))
		l.Index.Files = append(l.Index.Files, ecosystem.IndexFile{Name: "acme-lib-" + n + ".crate", Number: n, Yanked: yanked, Record: []byte(line)})
		l.Marks = append(l.Marks, ecosystem.Mark{Refused: refused, Why: "TEST-1", Decision: "d1"})
	}
	return l
}

// TestConfigJSON: a token is asked for only where somebody had to show one.
func TestConfigJSON(t *testing.T) {
	for reader, want := range map[string]string{
		"":    `{"dl":"http://gate.invalid/cargo/api/v1/crates","api":"http://gate.invalid/cargo"}`,
		"ann": `{"dl":"http://gate.invalid/cargo/api/v1/crates","api":"http://gate.invalid/cargo","auth-required":true}`,
	} {
		if w := get(newHandler(&shelf{}, reader), http.MethodGet, "/config.json"); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("for %q: %d %s", reader, w.Code, w.Body)
		}
	}
}

func TestPaths(t *testing.T) {
	h := newHandler(&shelf{listings: map[string]*ecosystem.Listing{"acme-lib": listing("1.0.0", "1.1.0!", "1.2.0?")}}, "")
	w := get(h, http.MethodGet, "/ac/me/acme-lib")
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if w.Code != http.StatusOK || len(lines) != 3 || !strings.Contains(lines[0], `"yanked":false`) || !strings.Contains(lines[1], `"yanked":true`) || !strings.Contains(lines[1], "[gatehouse] TEST-1") || !strings.Contains(lines[2], `"yanked":true`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, tc := range []struct {
		method, path string
		want         int
		why          string
	}{
		{http.MethodGet, "/ac/me/nothing", http.StatusNotFound, "a file in another's folder"},
		{http.MethodGet, "/no/th/nothing", http.StatusNotFound, "no such crate"},
		{http.MethodGet, "/Ac/me/Acme-lib", http.StatusNotFound, "capitals, which no cargo sends"},
		{http.MethodGet, "/", http.StatusNotFound, "nothing"},
		{http.MethodGet, "/api/v1/crates/acme-lib/1.0/download", http.StatusNotFound, "no version"},
		{http.MethodGet, "/api/v1/crates/acme-lib/9.0.0/download", http.StatusNotFound, "no such version"},
		{http.MethodGet, "/api/v1/crates/acme-lib/owners", http.StatusOK, "owners"},
		{http.MethodGet, "/api/v1/crates/nothing/owners", http.StatusNotFound, "owners of nothing"},
		{http.MethodGet, "/me", http.StatusOK, "where cargo login sends people"},
		{http.MethodPost, "/ac/me/acme-lib", http.StatusMethodNotAllowed, "not only read"},
	} {
		if w := get(h, tc.method, tc.path); w.Code != tc.want || tc.want >= 400 && !strings.Contains(w.Body.String(), `"errors":[{"detail":`) {
			t.Errorf("%s: %d %s, want %d", tc.why, w.Code, w.Body, tc.want)
		}
	}
}

func TestSearch(t *testing.T) {
	h := newHandler(&shelf{listings: map[string]*ecosystem.Listing{
		"acme-lib": listing("1.0.0", "2.0.0-rc", "1.5.0!", "1.4.0?"), "acme_tool": listing("1.0.0!"), "demo": listing("1.0.0"),
	}}, "")
	var got struct {
		Crates []found
		Meta   struct{ Total int }
	}
	if err := json.Unmarshal(get(h, http.MethodGet, "/api/v1/crates?q=ACME_l&per_page=5").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Crates) != 1 || got.Crates[0].Name != "acme-lib" || got.Crates[0].Newest != "1.0.0" || got.Meta.Total != 1 {
		t.Errorf("%+v", got)
	}
	got.Crates = nil
	if err := json.Unmarshal(get(h, http.MethodGet, "/api/v1/crates?q=acme").Body.Bytes(), &got); err != nil || len(got.Crates) != 1 || got.Meta.Total != 2 {
		t.Errorf("what is refused is offered, or lost: %+v, %v", got, err)
	}
}

// TestWaiting: a request waits for the first look at a crate, and not for ever.
func TestWaiting(t *testing.T) {
	s := &shelf{pending: 2}
	h := newHandler(s, "")
	now := make(chan time.Time)
	close(now)
	h.after = func(d time.Duration) <-chan time.Time {
		if d == patience {
			return nil
		}
		if d != askAgain {
			t.Errorf("it asks again after %v", d)
		}
		return now
	}
	if w := get(h, http.MethodGet, "/api/v1/crates/Demo/1.0.0/download"); w.Code != http.StatusNotFound || len(s.asked) != 3 || s.asked[0] != "demo-1.0.0.crate" {
		t.Errorf("%d after %q", w.Code, s.asked)
	}
	s.pending = 1 << 30
	h.after = func(d time.Duration) <-chan time.Time {
		if d == patience {
			return now
		}
		return nil
	}
	if w := get(h, http.MethodGet, "/api/v1/crates/demo/1.0.0/download"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
