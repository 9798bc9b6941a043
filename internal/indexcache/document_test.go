package indexcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// document answers with a text that its ETag names, as published on a day in 2029.
func document(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/document")
		w.Header().Set("ETag", `"`+text+`"`)
		w.Header().Set("Last-Modified", "Mon, 01 Jan 2029 10:00:00 GMT")
		if r.Header.Get("If-None-Match") == `"`+text+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, text)
	}
}

func (s *stub) doc(change ...func(*Document)) Document {
	d := Document{URL: s.URL + "/demo/1.0.doc?token=secret", Accept: "text/document", MaxBytes: 100}
	for _, c := range change {
		c(&d)
	}
	return d
}

func immutable(d *Document) { d.Immutable = true }
func guessed(d *Document)   { d.Guessed = true }

func TestDocumentIsFreshThenRevalidated(t *testing.T) {
	s, dir := newStub(t, document("one")), t.TempDir()
	c := s.cache(t, dir)
	ask := func(c *Cache, asked int32, why string) Answer {
		t.Helper()
		a, err := c.Document(t.Context(), s.doc())
		if err != nil {
			t.Fatal(err)
		}
		s.wantAsked(t, asked, why)
		return a
	}
	first := ask(c, 1, "first")
	if string(first.Body) != "one" || first.ContentType != "text/document" || first.Stale || !first.Fetched.Equal(s.now()) ||
		!first.LastModified.Equal(time.Date(2029, 1, 1, 10, 0, 0, 0, time.UTC)) || s.last.Get("Accept") != "text/document" {
		t.Errorf("answer %+v, asked with %v", first, s.last)
	}
	ask(c, 0, "within the TTL")
	ask(s.cache(t, dir), 0, "after a restart")
	s.later(DefaultTTL)
	again := ask(c, 1, "after the TTL")
	if string(again.Body) != "one" || s.last.Get("If-None-Match") != `"one"` || !again.Fetched.Equal(s.now()) || again.LastModified.IsZero() {
		t.Errorf("after 304: %+v, asked with %v", again, s.last)
	}
	s.later(DefaultTTL)
	s.set(document("two"))
	if a := ask(c, 1, "changed"); string(a.Body) != "two" {
		t.Errorf("answer %+v", a)
	}
	s.later(DefaultTTL)
	s.set(status(503))
	if a := ask(c, 1, "down"); string(a.Body) != "two" || !a.Stale {
		t.Errorf("answer %+v; want the last known one, marked", a)
	}
	if a := ask(c, 0, "down a moment ago"); !a.Stale {
		t.Errorf("answer %+v; want it marked", a)
	}
	s.later(DefaultTTL)
	s.set(status(404))
	if _, err := c.Document(t.Context(), s.doc()); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("gone: %v", err)
	}
	s.set(status(503))
	s.asked.Store(0)
	if _, err := c.Document(t.Context(), s.doc()); !errors.Is(err, ecosystem.ErrNoPackage) || strings.Contains(err.Error(), "secret") {
		t.Errorf("gone a moment ago: %v", err)
	}
	s.wantAsked(t, 0, "gone a moment ago")
	s.later(absentFirst)
	if _, err := c.Document(t.Context(), s.doc()); !errors.Is(err, ecosystem.ErrUnreachable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("what was there before it went is not known any more: %v", err)
	}
}

// TestImmutableDocumentIsAskedForOnce, whatever happens to the upstream.
func TestImmutableDocumentIsAskedForOnce(t *testing.T) {
	s, dir := newStub(t, document("one")), t.TempDir()
	c := s.cache(t, dir)
	for i, answer := range []http.HandlerFunc{document("one"), document("two"), status(404), status(503)} {
		s.set(answer)
		s.later(10 * DefaultTTL)
		if a, err := c.Document(t.Context(), s.doc(immutable)); err != nil || string(a.Body) != "one" || a.Stale {
			t.Errorf("time %d: %+v, %v", i, a, err)
		}
	}
	s.wantAsked(t, 1, "four times")
	files, _ := filepath.Glob(filepath.Join(dir, documentFolder, "*", "*"))
	if len(files) != 1 {
		t.Fatalf("kept: %v", files)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"", "{}", strings.Replace(string(b), "\none", "\nevil", 1), strings.ReplaceAll(string(b), "\n", "")} {
		if err := os.WriteFile(files[0], []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		s.set(document("one"))
		if a, err := c.Document(t.Context(), s.doc(immutable)); err != nil || string(a.Body) != "one" {
			t.Errorf("damaged on disk as %.40q: %+v, %v", damaged, a, err)
		}
		s.wantAsked(t, 1, "damaged on disk")
	}
}

func TestDocumentsThatCannotBeHad(t *testing.T) {
	for _, tc := range []struct {
		answer http.HandlerFunc
		want   error
		again  int32 // asked at the next try
		why    string
	}{
		{status(404), ecosystem.ErrNoPackage, 0, "absence is remembered"},
		{status(410), ecosystem.ErrNoPackage, 0, "absence is remembered"},
		{status(503), ecosystem.ErrUnreachable, 1, "a failure is not"},
		{status(403), ecosystem.ErrUnreachable, 1, "nor is a refusal an absence"},
		{notHTTP, ecosystem.ErrUnreachable, 1, "no HTTP"},
		{status(204), ErrBadIndex, 1, "no content"},
		{document(strings.Repeat("x", 101)), ErrBadIndex, 1, "too large"},
	} {
		s := newStub(t, tc.answer)
		c := s.cache(t, t.TempDir())
		for _, asked := range []int32{1, tc.again} {
			if a, err := c.Document(t.Context(), s.doc(immutable)); !errors.Is(err, tc.want) {
				t.Errorf("%s: %+v, %v; want %v", tc.why, a, err, tc.want)
			}
			s.wantAsked(t, asked, tc.why)
		}
	}
}

// TestDocumentsArePaidFor: one that the asker made up costs as an unknown name does
// when it is not there; any other nothing but its bytes.
func TestDocumentsArePaidFor(t *testing.T) {
	s := newStub(t, status(404))
	c := s.cache(t, t.TempDir())
	at := func(i int, change ...func(*Document)) Document {
		d := s.doc(change...)
		d.URL = fmt.Sprintf("%s/demo/%d.doc", s.URL, i)
		return d
	}
	ctx := budget.With(t.Context(), allowing(0, 2))
	for i := range 5 {
		_, err := c.Document(ctx, at(i, guessed))
		if _, spent := errors.AsType[*budget.Exhausted](err); spent != (i >= 2) {
			t.Errorf("made up, time %d: %v", i, err)
		}
	}
	s.wantAsked(t, 2, "made up")
	for i := range 5 {
		if _, err := c.Document(ctx, at(10+i)); !errors.Is(err, ecosystem.ErrNoPackage) {
			t.Errorf("named by the upstream: %v", err)
		}
	}
	s.set(document("one"))
	ctx = budget.With(t.Context(), allowing(0, 1))
	for i := range 5 {
		if _, err := c.Document(ctx, at(20+i, guessed)); err != nil {
			t.Errorf("made up, and there: %v", err)
		}
	}
}

func TestHundredCallersOneDocument(t *testing.T) {
	open := make(chan struct{})
	s := newStub(t, nil)
	s.set(func(w http.ResponseWriter, r *http.Request) {
		<-open
		document("one")(w, r)
	})
	c := s.cache(t, t.TempDir())
	var arrived atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if arrived.Add(1) == 100 {
				close(open)
			}
			if a, err := c.Document(t.Context(), s.doc()); err != nil || string(a.Body) != "one" {
				t.Errorf("Document = %+v, %v", a, err)
			}
		})
	}
	wg.Wait()
	s.wantAsked(t, 1, "100 callers")
}

func TestDerive(t *testing.T) {
	s := newStub(t, nil)
	c := s.cache(t, t.TempDir())
	made, give, good := 0, "one", ""
	derive := func(key string) (string, error) {
		b, err := c.Derive(t.Context(), key, 100, func(b []byte) error {
			if good != "" && string(b) != good {
				return fmt.Errorf("%q is not %q", b, good)
			}
			return nil
		}, func(context.Context) ([]byte, error) {
			made++
			if give == "" {
				return nil, errors.New("no")
			}
			return []byte(give), nil
		})
		return string(b), err
	}
	for _, tc := range []struct {
		key, give, good string
		want            string // "" for an error
		made            int
		why             string
	}{
		{"a", "", "", "", 1, "an error is not kept"},
		{"a", "one", "two", "", 2, "what the check refuses is not given"},
		{"a", "one", "", "one", 3, "nor kept"},
		{"a", "two", "", "one", 3, "kept"},
		{"b", "two", "", "two", 4, "another key"},
		{"a", "two", "two", "two", 5, "kept, and refused now: made again"},
		{"a", "one", "", "two", 5, "and kept in its place"},
	} {
		give, good = tc.give, tc.good
		if got, err := derive(tc.key); got != tc.want || (err != nil) != (tc.want == "") || made != tc.made {
			t.Errorf("%s: %q, %v, made %d times; want %q, %d", tc.why, got, err, made, tc.want, tc.made)
		}
	}
	poor := budget.With(t.Context(), budget.NewBook(budget.Config{}).Reader("poor"))
	_, err := c.Derive(poor, "new", 100, func([]byte) error { return nil }, func(context.Context) ([]byte, error) {
		t.Error("made for somebody who may fetch nothing")
		return nil, nil
	})
	if _, spent := errors.AsType[*budget.Exhausted](err); !spent {
		t.Errorf("who may fetch nothing: %v", err)
	}
}

// TestCleanTakesOldDocuments.
func TestCleanTakesOldDocuments(t *testing.T) {
	s := newStub(t, document("one"))
	c := s.cache(t, t.TempDir())
	if _, err := c.Document(t.Context(), s.doc(immutable)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Clean(time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("Clean of nothing old = %d, %v", n, err)
	}
	if n, err := c.Clean(time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("Clean = %d, %v; want 1", n, err)
	}
}

func TestFolderOf(t *testing.T) {
	for name, want := range map[string]string{
		"demo-pkg": "demo-pkg", "@types/node": "%40types%2fnode", "JSONStream": "!j!s!o!n!stream", "jsonstream": "jsonstream",
		"golang.org/x/mod": "golang.org%2fx%2fmod", "..": "%2e%2e", ".": "%2e", ".hidden": "%2ehidden", "dot.": "dot%2e",
		"!a": "%21a", "a b\x00": "a%20b%00", "": "long!!" + string(artifact.DigestOf(nil)),
	} {
		if got := FolderOf(name); got != want {
			t.Errorf("FolderOf(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzFolderOf: one path element, that no other name has however a file system folds
// case.
func FuzzFolderOf(f *testing.F) {
	f.Add("demo", "Demo")
	f.Add("!d", "D")
	f.Add(strings.Repeat("a", 300), strings.Repeat("a", 301))
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := FolderOf(a), FolderOf(b)
		if x == "" || len(x) > 255 || strings.Trim(x, "abcdefghijklmnopqrstuvwxyz0123456789-_.!%") != "" || x == "." || x == ".." {
			t.Errorf("FolderOf(%q) = %q", a, x)
		}
		if (a == b) != strings.EqualFold(x, y) {
			t.Errorf("%q and %q have %q and %q", a, b, x, y)
		}
	})
}
