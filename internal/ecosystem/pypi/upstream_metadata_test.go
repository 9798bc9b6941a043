package pypi

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

const demoMetadata = "Metadata-Version: 2.1\nName: Demo_Pkg\nVersion: 1.0.0\nRequires-Dist: other>=2\n\nabout\n"

type zipEntry struct{ name, body string }

func zipOf(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			_, err = io.WriteString(w, e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body))})
		if err == nil {
			_, err = io.WriteString(w, e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// files serves bytes under paths, with ranges unless plain, and records what was
// asked: "path" or "path range".
type files struct {
	mu    sync.Mutex
	serve map[string][]byte
	plain bool
	asked []string
	sent  int
}

func (fs *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.asked = append(fs.asked, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
	body, ok := fs.serve[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	count := &counter{ResponseWriter: w, n: &fs.sent}
	if fs.plain {
		count.Write(body)
		return
	}
	http.ServeContent(count, r, "", time.Time{}, bytes.NewReader(body))
}

type counter struct {
	http.ResponseWriter
	n *int
}

func (c *counter) Write(p []byte) (int, error) { *c.n += len(p); return c.ResponseWriter.Write(p) }

func metadataCase(t *testing.T, fs *files, f ecosystem.IndexFile) (*Upstream, *ecosystem.Index, ecosystem.IndexFile) {
	t.Helper()
	s := newStub(t, fs.ServeHTTP)
	f.URL = s.URL + f.URL
	if f.Number == "" {
		f.Number = "1.0"
	}
	return s.upstream(t, t.TempDir()), &ecosystem.Index{Package: demo, Files: []ecosystem.IndexFile{f}}, f
}

var demoWheel = ecosystem.IndexFile{Name: "demo_pkg-1.0-py3-none-any.whl", URL: "/w.whl", Kind: artifact.Wheel}

func TestMetadataBesideTheFile(t *testing.T) {
	right := artifact.DigestOf([]byte(demoMetadata))
	for _, tc := range []struct {
		name   string
		digest artifact.Digest
		body   string
		want   error
		why    string
	}{
		{"without digest", "", demoMetadata, nil, "PEP 658 with true"},
		{"with digest", right, demoMetadata, nil, "as announced"},
		{"other digest", artifact.DigestOf(nil), demoMetadata, ErrWrongMetadata, "the index says other bytes; nothing else is tried"},
		{"other project", "", strings.Replace(demoMetadata, "Demo_Pkg", "other", 1), ErrBadMetadata, "installers refuse it too"},
		{"other version", "", strings.Replace(demoMetadata, "1.0.0", "2.0", 1), ErrBadMetadata, "installers refuse it too"},
		{"no metadata", "", "<html>", ErrBadMetadata, "not the format"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fs := &files{serve: map[string][]byte{"/w.whl.metadata": []byte(tc.body)}}
			f := demoWheel
			f.HasMetadata, f.MetadataSHA256 = true, tc.digest
			u, x, f := metadataCase(t, fs, f)
			m, raw, err := u.Metadata(t.Context(), x, f)
			if !errors.Is(err, tc.want) || tc.want == nil && (err != nil || string(raw) != tc.body || m.Name == "" || len(m.RequiresDist) != 1) {
				t.Errorf("Metadata = %+v, %v; want %v (%s)", m, err, tc.want, tc.why)
			}
			if !slices.Equal(fs.asked, []string{"/w.whl.metadata"}) {
				t.Errorf("asked for %q", fs.asked)
			}
		})
	}
}

func TestMetadataIsKept(t *testing.T) {
	for _, digest := range []artifact.Digest{"", artifact.Digest(shaA)} {
		fs := &files{serve: map[string][]byte{"/w.whl.metadata": []byte(demoMetadata)}}
		f := demoWheel
		f.HasMetadata, f.SHA256 = true, digest
		u, x, f := metadataCase(t, fs, f)
		for range 2 {
			if _, _, err := u.Metadata(t.Context(), x, f); err != nil {
				t.Fatal(err)
			}
		}
		f.MetadataSHA256 = artifact.DigestOf([]byte("changed"))
		if _, _, err := u.Metadata(t.Context(), x, f); !errors.Is(err, ErrWrongMetadata) {
			t.Errorf("the index announces other metadata now: %v, want ErrWrongMetadata", err)
		}
		if len(fs.asked) != 2 {
			t.Errorf("asked %q; want once, and once for the other digest", fs.asked)
		}
	}
}

func TestMetadataThatIsNotAdvertised(t *testing.T) {
	wheel := zipOf(t, zipEntry{"demo_pkg-1.0.dist-info/METADATA", demoMetadata})
	for _, tc := range []struct {
		name   string
		beside []byte // nil: 404
		other  bool   // the index advertises it for another file
		first  string
		more   int // of four further files without any, for how many it is asked
		why    string
	}{
		{"answers", []byte(demoMetadata), false, "/w.whl.metadata", 3, "it is asked again until three in a row had none"},
		{"missing", nil, false, "/w.whl.metadata /w.whl bytes=-131072", 2, "after three in a row it is not asked again"},
		{"friendly page", []byte("<html>not found</html>"), false, "/w.whl.metadata /w.whl bytes=-131072", 2, "an answer that is no metadata"},
		{"advertised elsewhere", nil, true, "/w.whl bytes=-131072", 0, "the index means what it says"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fs := &files{serve: map[string][]byte{"/w.whl": wheel, "/v0.whl": wheel, "/v1.whl": wheel, "/v2.whl": wheel, "/v3.whl": wheel}}
			if tc.beside != nil {
				fs.serve["/w.whl.metadata"] = tc.beside
			}
			u, x, f := metadataCase(t, fs, demoWheel)
			if tc.other {
				x.Files = append(x.Files, ecosystem.IndexFile{HasMetadata: true})
			}
			if _, raw, err := u.Metadata(t.Context(), x, f); err != nil || string(raw) != demoMetadata {
				t.Fatalf("Metadata = %q, %v", raw, err)
			}
			if got := strings.Join(fs.asked, " "); got != tc.first {
				t.Errorf("asked %q, want %q (%s)", got, tc.first, tc.why)
			}
			base := strings.TrimSuffix(f.URL, "/w.whl")
			for i := range 4 {
				f.URL = fmt.Sprintf("%s/v%d.whl", base, i)
				if _, _, err := u.Metadata(t.Context(), x, f); err != nil {
					t.Fatal(err)
				}
			}
			n := 0
			for _, a := range fs.asked {
				if strings.HasPrefix(a, "/v") && strings.HasSuffix(a, ".metadata") {
					n++
				}
			}
			if n != tc.more {
				t.Errorf("four more files: asked beside %d of them, want %d (%s)", n, tc.more, tc.why)
			}
		})
	}
}

// bigWheel has its METADATA in the front and a directory larger than one range.
func bigWheel(t testing.TB) []byte {
	entries := []zipEntry{{"demo_pkg-1.0.dist-info/METADATA", demoMetadata}}
	for i := range 6000 {
		entries = append(entries, zipEntry{fmt.Sprintf("demo_pkg/%s/module_%d.py", strings.Repeat("p", 60), i), strconv.Itoa(i * i)})
	}
	return zipOf(t, entries...)
}

func TestMetadataByRanges(t *testing.T) {
	info := zipEntry{"demo_pkg-1.0.dist-info/METADATA", demoMetadata}
	for _, tc := range []struct {
		name string
		body []byte
		size int64
		want error
		why  string
	}{
		{"small", zipOf(t, info), 0, nil, "one request"},
		{"large directory", bigWheel(t), 0, nil, "the directory takes more than one"},
		{"size agrees", zipOf(t, info), int64(len(zipOf(t, info))), nil, "as announced"},
		{"size differs", zipOf(t, info), 5, ErrBadMetadata, "other bytes than announced"},
		{"other spelling", zipOf(t, zipEntry{"Demo.Pkg-1.0.dist-info/METADATA", demoMetadata}), 0, nil, "same name, normalised"},
		{"vendored too", zipOf(t, zipEntry{"other-2.0.dist-info/METADATA", "x"}, info, zipEntry{"demo_pkg/vendor/demo_pkg-1.0.dist-info/METADATA", "x"}), 0, nil, "only its own, at the top"},
		{"twice", zipOf(t, info, info), 0, ErrBadMetadata, "tools would differ in which one they take"},
		{"two folders", zipOf(t, info, zipEntry{"Demo_Pkg-1.0.dist-info/METADATA", demoMetadata}), 0, ErrBadMetadata, "the same in disguise"},
		{"none", zipOf(t, zipEntry{"demo_pkg/__init__.py", ""}), 0, ErrBadMetadata, "not a wheel"},
		{"no zip", []byte("hello"), 0, ErrBadMetadata, "not a zip"},
		{"bomb", zipOf(t, zipEntry{info.name, strings.Repeat("\n", maxMetadata+1)}), 0, ErrBadMetadata, "8 MiB of blank lines in 8 kB"},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/plain=%t", tc.name, plain), func(t *testing.T) {
				fs := &files{serve: map[string][]byte{"/w.whl": tc.body}, plain: plain}
				f := demoWheel
				f.Size = tc.size
				u, x, f := metadataCase(t, fs, f)
				u.besideMisses.Store(besideGivenUp)
				_, raw, err := u.Metadata(t.Context(), x, f)
				if !errors.Is(err, tc.want) || tc.want == nil && (err != nil || string(raw) != demoMetadata) {
					t.Errorf("Metadata = %.40q, %v; want %v (%s)", raw, err, tc.want, tc.why)
				}
				if plain && len(fs.asked) != 1 {
					t.Errorf("a server without ranges was asked %q", fs.asked)
				}
				if len(fs.asked) > 8 {
					t.Errorf("%d requests", len(fs.asked))
				}
			})
		}
	}
}

func TestAnnouncedDigestHoldsForMetadataInsideTheFile(t *testing.T) {
	fs := &files{serve: map[string][]byte{"/w.whl": zipOf(t, zipEntry{"demo_pkg-1.0.dist-info/METADATA", demoMetadata})}}
	f := demoWheel
	f.HasMetadata, f.MetadataSHA256 = true, artifact.DigestOf([]byte("other"))
	u, x, f := metadataCase(t, fs, f)
	if _, _, err := u.Metadata(t.Context(), x, f); !errors.Is(err, ErrWrongMetadata) {
		t.Errorf("Metadata = %v, want ErrWrongMetadata", err)
	}
}

func TestRangesSaveBytes(t *testing.T) {
	payload := make([]byte, 4<<20)
	for i := range payload {
		payload[i] = byte(i * i >> 3)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range []zipEntry{{"demo_pkg/data.bin", string(payload)}, {"demo_pkg-1.0.dist-info/METADATA", demoMetadata}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(w, e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	fs := &files{serve: map[string][]byte{"/w.whl": b.Bytes()}}
	u, x, f := metadataCase(t, fs, demoWheel)
	u.besideMisses.Store(besideGivenUp)
	if _, _, err := u.Metadata(t.Context(), x, f); err != nil {
		t.Fatal(err)
	}
	if fs.sent > remoteTail || len(fs.asked) != 1 {
		t.Errorf("%d bytes in %d requests for a file of %d", fs.sent, len(fs.asked), b.Len())
	}
}

func TestServersThatLieAboutRanges(t *testing.T) {
	wheel := bigWheel(t)
	for _, tc := range []struct {
		name  string
		lie   func(w http.ResponseWriter, r *http.Request, nth int) bool
		want  error
		why   string
		asked int
	}{
		{"no Content-Range", func(w http.ResponseWriter, _ *http.Request, nth int) bool {
			w.WriteHeader(206)
			w.Write(wheel[:10])
			return true
		}, ErrBadMetadata, "which bytes are these?", 1},
		{"too much", func(w http.ResponseWriter, _ *http.Request, nth int) bool {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", 1<<40-1, 1<<40))
			w.WriteHeader(206)
			return true
		}, ErrBadMetadata, "a terabyte was not asked for", 1},
		{"size changes", func(w http.ResponseWriter, _ *http.Request, nth int) bool {
			if nth > 1 {
				w.Header().Set("Content-Range", "bytes 0-9/10")
				w.WriteHeader(206)
				w.Write(wheel[:10])
			}
			return nth > 1
		}, ErrBadMetadata, "another file now", 2},
		{"whole file later", func(w http.ResponseWriter, _ *http.Request, nth int) bool {
			if nth > 1 {
				w.Write(wheel)
			}
			return nth > 1
		}, ErrBadMetadata, "forgets ranges", 2},
		{"breaks off", func(w http.ResponseWriter, _ *http.Request, nth int) bool {
			if nth > 1 {
				panic(http.ErrAbortHandler)
			}
			return false
		}, ecosystem.ErrUnreachable, "the connection's fault is not the file's", 0},
		{"unsatisfiable", func(w http.ResponseWriter, r *http.Request, nth int) bool {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(416)
				return true
			}
			w.Write(wheel)
			return true
		}, nil, "no ranges from the end: the whole file", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			nth := 0
			var mu sync.Mutex
			s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				nth++
				n := nth
				mu.Unlock()
				if !tc.lie(w, r, n) {
					http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(wheel))
				}
			})
			u := s.upstream(t, t.TempDir())
			u.besideMisses.Store(besideGivenUp)
			f := demoWheel
			f.URL, f.Number = s.URL+"/w.whl", "1.0"
			_, _, err := u.Metadata(t.Context(), &ecosystem.Index{Package: demo}, f)
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("Metadata = %v, want %v (%s)", err, tc.want, tc.why)
			}
			if tc.want == ErrBadMetadata && errors.Is(err, ecosystem.ErrUnreachable) {
				t.Errorf("Metadata = %v: an upstream that lies is reachable", err)
			}
			if tc.asked != 0 && nth != tc.asked {
				t.Errorf("asked %d times, want %d (%s)", nth, tc.asked, tc.why)
			}
		})
	}
}

func TestContentRange(t *testing.T) {
	for _, tc := range []struct {
		text           string
		from, to, size int64
		ok             bool
	}{
		{"bytes 0-9/10", 0, 9, 10, true},
		{"bytes 5-5/6", 5, 5, 6, true},
		{"bytes */10", 0, 0, 0, false},
		{"bytes 0-9/*", 0, 0, 0, false},
		{"bytes 0-10/10", 0, 0, 0, false},
		{"bytes 5-4/10", 0, 0, 0, false},
		{"bytes -5-4/10", 0, 0, 0, false},
		{"items 0-9/10", 0, 0, 0, false},
		{"", 0, 0, 0, false},
	} {
		from, to, size, ok := contentRange(tc.text)
		if ok != tc.ok || ok && (from != tc.from || to != tc.to || size != tc.size) {
			t.Errorf("contentRange(%q) = %d, %d, %d, %t", tc.text, from, to, size, ok)
		}
	}
}

func FuzzMetadataInZip(f *testing.F) {
	f.Add(zipOf(f, zipEntry{"demo_pkg-1.0.dist-info/METADATA", demoMetadata}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if raw, err := readZipEntry(bytes.NewReader(b), int64(len(b)), isWheelMetadata(demo.Name)); err == nil && len(raw) > maxMetadata {
			t.Errorf("%d bytes", len(raw))
		}
	})
}
