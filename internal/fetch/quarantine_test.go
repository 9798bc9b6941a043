package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

func diskStore(t *testing.T) blob.Store {
	t.Helper()
	s, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func count(t *testing.T, s blob.Store) int {
	t.Helper()
	n := 0
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func TestQuarantineChecksWhatTheIndexAnnounced(t *testing.T) {
	content := strings.Repeat("wheel ", 1000)
	right, size := artifact.DigestOf([]byte(content)), int64(len(content))
	for _, tc := range []struct {
		name   string
		sha    artifact.Digest
		size   int64
		answer string // sent raw when set
		max    int64
		want   error
		why    string
	}{
		{"all known", right, size, "", 0, nil, "digest and size agree"},
		{"nothing known", "", 0, "", 0, nil, "an index without hashes"},
		{"other bytes", artifact.DigestOf(nil), 0, "", 0, ErrDigestMismatch, "same name, other bytes"},
		{"other bytes of the size", artifact.DigestOf(nil), size, "", 0, ErrDigestMismatch, "only the digest tells"},
		{"announced longer", right, size + 1, "", 0, ErrDigestMismatch, "Content-Length and index disagree"},
		{"announced shorter", "", size - 1, "", 0, ErrDigestMismatch, "the same, without a digest"},
		{"more than said, no length", "", 3, "HTTP/1.0 200 OK\r\n\r\nhello", 0, ErrDigestMismatch, "found while streaming"},
		{"less than said, no length", "", 9, "HTTP/1.0 200 OK\r\n\r\nhello", 0, ErrDigestMismatch, "found at the end"},
		{"cut by its length", right, 0, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + content, 0, ErrDigestMismatch, "a Content-Length that is too short"},
		{"breaks off", right, 0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 0, ErrTruncated, "a Content-Length that is too long"},
		{"partial", right, 0, "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello", 0, nil, "nobody asked for a part"},
		{"too large", "", 0, "", 100, ErrTooLarge, "beyond the cap for one file"},
		{"said to be too large", "", 101, "", 100, ErrTooLarge, "not even asked for"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) })
			if tc.answer != "" {
				up = raw(t, tc.answer)
			}
			store := diskStore(t)
			q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: store, MaxFile: tc.max})
			d, n, err := q.Fetch(t.Context(), ecosystem.IndexFile{Name: "a-1-py3-none-any.whl", URL: up.URL + "/a", SHA256: tc.sha, Size: tc.size}, "main")
			if tc.name == "partial" {
				if !IsStatus(err, 206) || count(t, store) != 0 {
					t.Errorf("Fetch = %v, %d kept; want status 206 (%s)", err, count(t, store), tc.why)
				}
				return
			}
			if tc.want == nil && (err != nil || d != right || n != size || blob.Verify(t.Context(), store, right) != nil) {
				t.Errorf("Fetch = %s, %d, %v (%s)", d, n, err, tc.why)
			}
			if tc.want != nil && (!errors.Is(err, tc.want) || d != "" || count(t, store) != 0) {
				t.Errorf("Fetch = %s, %v with %d kept; want %v and nothing (%s)", d, err, count(t, store), tc.want, tc.why)
			}
		})
	}
}

func TestHundredCallersOneFetch(t *testing.T) {
	content := []byte(strings.Repeat("x", 100_000))
	var fetches, arrived atomic.Int32
	open := make(chan struct{})
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		<-open
		w.Write(content)
	})
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: diskStore(t)})
	f := ecosystem.IndexFile{Name: "a.whl", URL: up.URL, SHA256: artifact.DigestOf(content), Size: int64(len(content))}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if arrived.Add(1) == 100 {
				close(open)
			}
			if d, n, err := q.Fetch(t.Context(), f, "main"); d != f.SHA256 || n != f.Size || err != nil {
				t.Errorf("Fetch = %s, %d, %v", d, n, err)
			}
		})
	}
	wg.Wait()
	if fetches.Load() != 1 {
		t.Errorf("%d fetches, want 1", fetches.Load())
	}
	if _, _, err := q.Fetch(t.Context(), f, "main"); err != nil || fetches.Load() != 1 {
		t.Errorf("what is in the store was fetched again: %d, %v", fetches.Load(), err)
	}
	f.Size++
	if _, _, err := q.Fetch(t.Context(), f, "main"); !errors.Is(err, ErrDigestMismatch) {
		t.Errorf("the same digest with another size: %v, want ErrDigestMismatch", err)
	}
}

func TestBrokenDownloadIsBegunAgain(t *testing.T) {
	content := strings.Repeat("y", 50_000)
	var tries atomic.Int32
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if tries.Add(1) < 3 {
			io.WriteString(w, content[:20_000])
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, content)
	})
	store := diskStore(t)
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: store})
	if _, n, err := q.Fetch(t.Context(), ecosystem.IndexFile{Name: "a", URL: up.URL}, "main"); err != nil || n != int64(len(content)) {
		t.Errorf("Fetch = %d, %v", n, err)
	}
	if tries.Load() != 3 || count(t, store) != 1 {
		t.Errorf("%d tries, %d kept; want 3 and 1", tries.Load(), count(t, store))
	}
}

func TestParallelDownloadsAreBounded(t *testing.T) {
	var running, most atomic.Int32
	release := make(chan struct{}, 100)
	started := make(chan struct{}, 100)
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		started <- struct{}{}
		<-release
		running.Add(-1)
		io.WriteString(w, r.URL.Path)
	})
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: diskStore(t), Parallel: 3})
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if _, _, err := q.Fetch(t.Context(), ecosystem.IndexFile{Name: "a", URL: fmt.Sprintf("%s/%d", up.URL, i)}, "main"); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		<-started // three are in at once: the bound is used, not only kept
	}
	for range 12 {
		release <- struct{}{}
	}
	wg.Wait()
	if most.Load() != 3 {
		t.Errorf("at most %d at a time, want 3", most.Load())
	}
}

type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) Fetching(name string, done, total int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s %d/%d", name, done, total))
}

func (r *recorder) Fetched(name string, size int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s is %d %v", name, size, err))
}

func TestProgress(t *testing.T) {
	content := strings.Repeat("z", progressStep+1000)
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		io.WriteString(w, content)
	})
	var rec recorder
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: diskStore(t), Progress: &rec})
	if _, _, err := q.Fetch(t.Context(), ecosystem.IndexFile{Name: "a", URL: up.URL}, "main"); err != nil {
		t.Fatal(err)
	}
	total := len(content)
	first, last := fmt.Sprintf("a 0/%d", total), fmt.Sprintf("a %d/%d", total, total)
	n := len(rec.lines)
	if n < 4 || n > 6 || rec.lines[0] != first || rec.lines[n-2] != last || rec.lines[n-1] != fmt.Sprintf("a is %d <nil>", total) {
		t.Errorf("progress %q; want from %q over a few steps to %q and the end", rec.lines, first, last)
	}
}

// fullStore has no room for anything.
type fullStore struct{ blob.Store }

func (fullStore) Put(context.Context, io.Reader, int64, artifact.Digest) (artifact.Digest, int64, error) {
	return "", 0, blob.ErrFull
}

func TestFullStoreIsSaid(t *testing.T) {
	var asked atomic.Int32
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); io.WriteString(w, "x") })
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: fullStore{diskStore(t)}})
	if _, _, err := q.Fetch(t.Context(), ecosystem.IndexFile{Name: "a", URL: up.URL}, "main"); !errors.Is(err, blob.ErrFull) || asked.Load() != 1 {
		t.Errorf("Fetch = %v after %d requests; want ErrFull after 1", err, asked.Load())
	}
}
