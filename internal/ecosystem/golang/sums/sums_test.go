package sums_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/sums"
)

const (
	name = "sum.test.invalid"
	h1a  = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	h1b  = "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
)

// log is a database and the hands of whoever stands between.
type log struct {
	signer, key string

	mu      sync.Mutex
	server  *sumdb.TestServer
	handler http.Handler
	instead map[string][]byte
}

func newLog(t *testing.T) *log {
	t.Helper()
	signer, key, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	l := &log{signer: signer, key: key, instead: map[string][]byte{}}
	l.begin(h1a)
	return l
}

// begin starts the log anew, with these hashes of zips.
func (l *log) begin(zip string) {
	server := sumdb.NewTestServer(l.signer, func(path, version string) ([]byte, error) {
		return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, zip, path, version, h1b), nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server, l.handler = server, sumdb.NewServer(server)
}

func (l *log) record(t *testing.T, versions ...string) {
	t.Helper()
	for _, v := range versions {
		if _, err := l.server.Lookup(t.Context(), mod(v)); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *log) get(_ context.Context, path string) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.instead[path]; ok {
		if b == nil {
			return nil, sums.ErrAbsent
		}
		return b, nil
	}
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("%d", w.Code)
	}
	return w.Body.Bytes(), nil
}

func mod(version string) module.Version {
	return module.Version{Path: "example.invalid/Mod", Version: version}
}

func open(t *testing.T, l *log, dir string, now *time.Time) *sums.Database {
	t.Helper()
	d, err := sums.Open(sums.Config{Key: l.key, Dir: dir, Get: l.get, Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLookup(t *testing.T) {
	l, dir, now := newLog(t), t.TempDir(), time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	l.record(t, "v1.0.0", "v1.1.0", "v1.2.0")
	d := open(t, l, dir, &now)
	want := record.Sum{State: record.Verified, Zip: h1a, Mod: h1b, Record: 1}
	if got, err := d.Lookup(t.Context(), mod("v1.1.0")); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []module.Version{{Path: "../x", Version: "v1.0.0"}, {Path: "example.invalid/mod", Version: "latest"}, {}} {
		if _, err := d.Lookup(t.Context(), bad); err == nil {
			t.Errorf("%v was asked for", bad)
		}
	}
	// All of it is proved from disk once more, without a network.
	l.handler = http.NotFoundHandler()
	if got, err := open(t, l, dir, &now).Lookup(t.Context(), mod("v1.1.0")); err != nil || got != want {
		t.Errorf("from disk: %+v, %v", got, err)
	}
}

// TestLies: answers that are not the log's are believed nothing.
func TestLies(t *testing.T) {
	const lookup = "/lookup/example.invalid/!mod@v1.0.0"
	for why, lie := range map[string]func(l *log, honest []byte) []byte{
		"another hash":          func(_ *log, b []byte) []byte { return []byte(strings.Replace(string(b), h1a, h1b, 1)) },
		"another record number": func(_ *log, b []byte) []byte { return []byte(strings.Replace(string(b), "0\n", "1\n", 1)) },
		"half an answer":        func(_ *log, b []byte) []byte { return b[:len(b)/2] },
		"nothing":               func(*log, []byte) []byte { return []byte{} },
		"a page":                func(*log, []byte) []byte { return []byte("<html>log in</html>") },
		"no signature":          func(_ *log, b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "— ", "- ")) },
	} {
		l, now := newLog(t), time.Now()
		l.record(t, "v1.0.0", "v1.1.0")
		honest, err := l.get(t.Context(), lookup)
		if err != nil {
			t.Fatal(err)
		}
		l.instead[lookup] = lie(l, honest)
		d := open(t, l, t.TempDir(), &now)
		if got, err := d.Lookup(t.Context(), mod("v1.0.0")); err == nil {
			t.Errorf("%s: believed %+v", why, got)
		}
		delete(l.instead, lookup) // the lie ends, and so does what followed from it
		if got, err := d.Lookup(t.Context(), mod("v1.0.0")); err != nil || got.Zip != h1a {
			t.Errorf("%s: the truth is not believed after: %+v, %v", why, got, err)
		}
	}
}

// TestAFork: a log that tells two stories is believed nothing more.
func TestAFork(t *testing.T) {
	l, dir, now := newLog(t), t.TempDir(), time.Now()
	l.record(t, "v1.0.0", "v1.1.0")
	d := open(t, l, dir, &now)
	if _, err := d.Lookup(t.Context(), mod("v1.0.0")); err != nil {
		t.Fatal(err)
	}
	l.begin(h1b)
	l.record(t, "v1.0.0", "v1.1.0", "v1.2.0")
	if got, err := d.Lookup(t.Context(), mod("v1.2.0")); err == nil {
		t.Errorf("believed %+v", got)
	}
	if got, err := open(t, l, dir, &now).Lookup(t.Context(), mod("v1.2.0")); err == nil {
		t.Errorf("after a new start believed %+v", got)
	}
}

func TestAbsent(t *testing.T) {
	l, now := newLog(t), time.Now()
	d := open(t, l, t.TempDir(), &now)
	l.instead["/lookup/example.invalid/!mod@v1.0.0"] = nil
	if _, err := d.Lookup(t.Context(), mod("v1.0.0")); !errors.Is(err, sums.ErrAbsent) {
		t.Errorf("%v", err)
	}
	delete(l.instead, "/lookup/example.invalid/!mod@v1.0.0")
	if _, err := d.Lookup(t.Context(), mod("v1.0.0")); !errors.Is(err, sums.ErrAbsent) {
		t.Errorf("asked again at once: %v", err)
	}
	now = now.Add(time.Hour)
	if _, err := d.Lookup(t.Context(), mod("v1.0.0")); err != nil {
		t.Errorf("never asked again: %v", err)
	}
}

// TestCheckpoints: what was seen when says how old a record can be, and neither a
// replayed checkpoint nor half a line of the file changes that.
func TestCheckpoints(t *testing.T) {
	l, dir := newLog(t), t.TempDir()
	start := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	now := start
	l.record(t, "v1.0.0")
	old, err := l.get(t.Context(), "/latest")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, l, dir, &now)
	notBefore := func(version string) time.Time {
		t.Helper()
		got, err := d.Lookup(t.Context(), mod(version))
		if err != nil {
			t.Fatal(err)
		}
		return got.NotBefore
	}
	if got := notBefore("v1.0.0"); !got.IsZero() {
		t.Errorf("the first record is not before %s", got)
	}
	l.record(t, "v1.1.0")
	now = start.Add(24 * time.Hour)
	if got := notBefore("v1.1.0"); !got.Equal(start) {
		t.Errorf("the second is not before %s, want %s", got, start)
	}
	l.instead["/latest"] = old // replayed: it would make what comes next older than it is known to be
	now = start.Add(48 * time.Hour)
	l.record(t, "v1.2.0")
	if got, want := notBefore("v1.2.0"), start.Add(24*time.Hour); !got.Equal(want) {
		t.Errorf("the third is not before %s, want %s", got, want)
	}
	f, err := os.OpenFile(filepath.Join(dir, "checkpoints"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(`{"at":"2030-01-01T00:00:00Z","note":"go.sum database tree\n9\nforged"}` + "\n" + `{"at":"20`)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	d = open(t, l, dir, &now)
	if got := notBefore("v1.1.0"); !got.Equal(start) {
		t.Errorf("after a new start the second is not before %s", got)
	}
}

func TestSetting(t *testing.T) {
	l := newLog(t)
	for _, tc := range []struct {
		in   string
		want sums.Setting
		ok   bool
	}{
		{"sum.example.invalid", sums.Setting{Name: "sum.example.invalid"}, true},
		{l.key, sums.Setting{Name: name, Key: l.key}, true},
		{l.key + " https://other.invalid/sum/", sums.Setting{Name: name, Key: l.key, URL: "https://other.invalid/sum"}, true},
		{"", sums.Setting{}, false},
		{"a b c", sums.Setting{}, false},
		{"../x", sums.Setting{}, false},
		{"sum.example.invalid ftp://x", sums.Setting{}, false},
		{"sum.example.invalid https://user:pass@x.invalid", sums.Setting{}, false},
		{"sum.example.invalid+00000000+AAAA", sums.Setting{}, false},
	} {
		got, err := sums.ParseSetting(tc.in)
		if got != tc.want || (err == nil) != tc.ok {
			t.Errorf("%q: %+v, %v", tc.in, got, err)
		}
	}
}
