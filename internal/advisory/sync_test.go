package advisory

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// records maps ids to their JSON.
type records map[string]string

// with gives a copy with one record set, or removed by "".
func (r records) with(id, body string) records {
	out := maps.Clone(r)
	out[id] = body
	if body == "" {
		delete(out, id)
	}
	return out
}

const day0 = "2020-01-01T00:00:00Z"

// rec writes a record that covers versions of a package up to 1.0.
func rec(id, pkg, extra string) string {
	if !strings.Contains(extra, `"modified"`) {
		extra += `"modified":"` + day0 + `",`
	}
	return fmt.Sprintf(`{"id":%q,%s"affected":[{"package":{"ecosystem":"PyPI","name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0"}]}]}]}`, id, extra, pkg)
}

// many writes n records with ids prefix-0001 and so on.
func many(prefix string, n int) records {
	out := records{}
	for i := range n {
		id := fmt.Sprintf("%s-%04d", prefix, i)
		out[id] = rec(id, fmt.Sprintf("pkg%d", i), "")
	}
	return out
}

func modifiedOf(body string) string {
	_, rest, _ := strings.Cut(body, `"modified":"`)
	when, _, _ := strings.Cut(rest, `"`)
	return when
}

// zipped and listed are the two files of OSV's layout.
func zipped(t testing.TB, rs records) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, id := range slices.Sorted(maps.Keys(rs)) {
		w, err := z.Create(id + ".json")
		if err == nil {
			_, err = io.WriteString(w, rs[id])
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

func csvOf(rs records) []byte {
	var b bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(rs)) {
		fmt.Fprintf(&b, "%s,%s\n", modifiedOf(rs[id]), id)
	}
	return b.Bytes()
}

// A site is a source in memory, over HTTP.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte // by path, "/PyPI/all.zip"
	asked []string          // paths answered with 200
	down  bool
}

func newSite(t testing.TB) *site {
	s := &site{files: map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.files[r.URL.Path]
	switch {
	case s.down:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case !ok:
		http.NotFound(w, r)
		return
	}
	etag := `"` + string(artifact.DigestOf(b)) + `"`
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.asked = append(s.asked, r.URL.Path)
	w.Write(b)
}

// offer sets what the site has for Python; single records are served too when
// singles is set.
func (s *site) offer(t testing.TB, rs records, singles bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = map[string][]byte{"/PyPI/all.zip": zipped(t, rs), "/PyPI/modified_id.csv": csvOf(rs)}
	if singles {
		for id, body := range rs {
			s.files["/PyPI/"+id+".json"] = []byte(body)
		}
	}
	s.asked = nil
}

func (s *site) set(path string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = b
	s.asked = nil
}

func (s *site) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.asked)
	slices.Sort(out)
	return out
}

type plainGetter struct{}

func (plainGetter) Get(ctx context.Context, url string, header http.Header, most int64) (int, http.Header, io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	maps.Copy(req.Header, header)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	return resp.StatusCode, resp.Header, resp.Body, nil
}

// A bench is a folder with its configuration and a clock that tests move.
type bench struct {
	*testing.T
	Config
	now time.Time
}

func newBench(t *testing.T, sources ...string) *bench {
	b := &bench{T: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.Config = Config{Dir: filepath.Join(t.TempDir(), "advisories"), Sources: sources, Names: pythonNames{}, Get: plainGetter{}, Now: func() time.Time { return b.now }}
	return b
}

func (b *bench) sync() Report {
	b.Helper()
	rep, err := Sync(b.Context(), b.Config)
	if err != nil {
		b.Fatal(err)
	}
	return rep
}

// want syncs and checks the outcomes of the feeds, in order.
func (b *bench) want(outcomes ...Outcome) Report {
	b.Helper()
	rep := b.sync()
	var got []Outcome
	for _, f := range rep.Feeds {
		got = append(got, f.Outcome)
	}
	if !slices.Equal(got, outcomes) {
		b.Fatalf("outcomes %v, want %v: %+v", got, outcomes, rep)
	}
	return rep
}

func (b *bench) open() *Snapshot {
	b.Helper()
	s, err := Open(b.Dir, b.Names)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// ids gives what matches a version, space-separated.
func (b *bench) ids(pkg, version string) string {
	b.Helper()
	return idsIn(b.T, b.open(), pkg, version)
}

func idsIn(t testing.TB, s *Snapshot, pkg, version string) string {
	t.Helper()
	ms, err := s.Match(pypi(pkg), version)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range ms {
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, " ")
}

func TestNeverSynced(t *testing.T) {
	if _, err := Open(t.TempDir(), pythonNames{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of an empty folder: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), pythonNames{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of no folder: %v", err)
	}
}

func TestUnchangedCostsOneConditionalRequest(t *testing.T) {
	s := newSite(t)
	s.offer(t, many("PYSEC-1", 5), false)
	b := newBench(t, s.URL)
	first := b.want(Updated)
	if !first.Changed || first.Feeds[0].Records != 5 || first.Feeds[0].Added != 5 {
		t.Errorf("first sync: %+v", first)
	}
	if !slices.Equal(first.Skipped, []artifact.Ecosystem{"npm", "golang", "cargo", "maven"}) {
		t.Errorf("skipped %v, want what has no version order here", first.Skipped)
	}
	s.set("/", nil)
	b.now = b.now.Add(time.Hour)
	if rep := b.want(Unchanged); rep.Changed || rep.Snapshot != first.Snapshot {
		t.Errorf("second sync: %+v", rep)
	}
	if took := s.took(); len(took) != 0 {
		t.Errorf("fetched %v although nothing changed", took)
	}
	if age := b.open().Age(b.now); age != 0 {
		t.Errorf("age = %v after the source confirmed freshness", age)
	}
}

func TestDeltaFetchesOnlyWhatChanged(t *testing.T) {
	s := newSite(t)
	rs := many("PYSEC-1", 300)
	s.offer(t, rs, true)
	b := newBench(t, s.URL)
	b.want(Updated)
	changed := rs.with("PYSEC-1-0007", rec("PYSEC-1-0007", "other", `"modified":"2020-02-02T00:00:00Z",`)).
		with("PYSEC-1-0008", "").with("PYSEC-2", rec("PYSEC-2", "new", ""))
	s.offer(t, changed, true)
	rep := b.want(Updated)
	want := []string{"/PyPI/PYSEC-1-0007.json", "/PyPI/PYSEC-2.json", "/PyPI/modified_id.csv"}
	if took := s.took(); !slices.Equal(took, want) {
		t.Errorf("fetched %v, want %v", took, want)
	}
	if f := rep.Feeds[0]; f.Added != 1 || f.Removed != 1 || f.Records != 300 {
		t.Errorf("report %+v", f)
	}
	for pkg, want := range map[string]string{"other": "PYSEC-1-0007", "pkg7": "", "pkg8": "", "new": "PYSEC-2", "pkg9": "PYSEC-1-0009"} {
		if got := b.ids(pkg, "0.5"); got != want {
			t.Errorf("%s: %q, want %q", pkg, got, want)
		}
	}
	// The same by all.zip, from a folder without single records, gives the same snapshot.
	dir := t.TempDir()
	writeFolder(t, dir, changed)
	other := newBench(t, dir)
	if got := other.want(Updated).Snapshot; got != rep.Snapshot {
		t.Errorf("the incremental snapshot is %s, the whole one %s", rep.Snapshot, got)
	}
}

func writeFolder(t testing.TB, dir string, rs records) {
	t.Helper()
	put := func(name string, b []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dir, "PyPI", "all.zip"), zipped(t, rs))
	put(filepath.Join(dir, "PyPI", "modified_id.csv"), csvOf(rs))
}

// Two records of the PyPI data lie in the future; a cursor of the latest time
// seen would then never see another change.
func TestFutureModifiedDoesNotStopTheSync(t *testing.T) {
	dir := t.TempDir()
	rs := many("PYSEC-1", 5).with("PYSEC-9", rec("PYSEC-9", "future", `"modified":"2127-07-09T15:54:00Z",`))
	writeFolder(t, dir, rs)
	b := newBench(t, dir)
	b.want(Updated)
	writeFolder(t, dir, rs.with("PYSEC-2", rec("PYSEC-2", "late", "")))
	b.want(Updated)
	if got := b.ids("late", "0.1"); got != "PYSEC-2" {
		t.Errorf("got %q, want the record that came after one of the future", got)
	}
}

func TestSourcesMerge(t *testing.T) {
	rootDir, malicious := t.TempDir(), t.TempDir()
	same := rec("PYSEC-1", "p", `"summary":"old",`)
	newer := rec("PYSEC-1", "p", `"summary":"new","modified":"2021-01-01T00:00:00Z",`)
	writeFolder(t, rootDir, records{"PYSEC-1": same})
	writeFolder(t, malicious, records{"MAL-1": rec("MAL-1", "bad", ""), "PYSEC-1": newer})
	b := newBench(t, rootDir, "file://"+filepath.ToSlash(malicious))
	b.want(Updated, Updated)
	ms, err := b.open().Match(pypi("p"), "0.1")
	if err != nil || len(ms) != 1 || ms[0].Summary != "new" {
		t.Errorf("%+v, %v: want the record modified last, once", ms, err)
	}
	ms, err = b.open().Match(pypi("bad"), "0.1")
	if err != nil || len(ms) != 1 || !ms[0].Malware {
		t.Errorf("%+v, %v: want the malware of the second source", ms, err)
	}
	info := b.open().Info()
	if e := info.Ecosystems[0]; e.Records != 2 || e.Malware != 1 || e.Packages != 2 || len(info.Feeds) != 2 {
		t.Errorf("info %+v", info)
	}
}

func TestPlainFolder(t *testing.T) {
	b := newBench(t, examples)
	b.want(Updated)
	if got := b.ids("django", "2.2.0"); !strings.Contains(got, "PYSEC-2020-35") {
		t.Errorf("Django 2.2.0: %q, want PYSEC-2020-35 among them", got)
	}
	if got := b.ids("gatehouse-demo-malware", "1.0"); got != "MAL-0000-1" {
		t.Errorf("the made-up malware: %q", got)
	}
	b.want(Unchanged)
}

// THREATS.md, Feeds: a snapshot that loses or withdraws more than 1% of its
// records waits for a person.
func TestFeedLosesOverOnePercent(t *testing.T) {
	for _, tc := range []struct {
		name string
		lose int
		gone func(r records, id string) records
		want Outcome
	}{
		{"2 of 200 gone", 2, func(r records, id string) records { return r.with(id, "") }, Updated},
		{"3 of 200 gone", 3, func(r records, id string) records { return r.with(id, "") }, Held},
		{"3 of 200 withdrawn", 3, func(r records, id string) records {
			return r.with(id, rec(id, "p", `"withdrawn":"2020-02-01T00:00:00Z","modified":"2020-02-01T00:00:00Z",`))
		}, Held},
		{"3 of 200 turned unreadable", 3, func(r records, id string) records {
			return r.with(id, `{"id":"`+id+`","modified":"2020-02-01T00:00:00Z","affected":7}`)
		}, Held},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			rs := many("PYSEC-1", 200)
			writeFolder(t, dir, rs)
			b := newBench(t, dir)
			before := b.want(Updated).Snapshot
			next := rs
			for i := range tc.lose {
				next = tc.gone(next, fmt.Sprintf("PYSEC-1-%04d", i))
			}
			writeFolder(t, dir, next)
			b.now = b.now.Add(time.Hour)
			rep := b.want(tc.want)
			if tc.want == Updated {
				return
			}
			if rep.Snapshot != before || b.ids("pkg0", "0.1") != "PYSEC-1-0000" {
				t.Error("a held snapshot became current")
			}
			s := b.open()
			if h := s.Info().Feeds[0].Held; h == nil || !strings.Contains(h.Reason, "3 of 200") {
				t.Errorf("held: %+v", h)
			}
			b.now = b.now.Add(time.Hour)
			b.want(Held)
			if age := b.open().Age(b.now); age != 2*time.Hour {
				t.Errorf("age %v: what is held does not make the current snapshot fresher", age)
			}
			accepted, err := Accept(t.Context(), b.Config)
			if err != nil || accepted.Snapshot == before || b.ids("pkg0", "0.1") != "" {
				t.Errorf("after Accept: %+v, %v", accepted, err)
			}
			b.want(Unchanged)
			if _, err := Accept(t.Context(), b.Config); !errors.Is(err, ErrNothingHeld) {
				t.Errorf("a second Accept: %v", err)
			}
		})
	}
}

// THREATS.md, Feeds: ... or any batch of MAL-*.
func TestFeedLosesABatchOfMalware(t *testing.T) {
	for _, tc := range []struct {
		have, lose int
		want       Outcome
	}{
		{50, 1, Held},       // over 1% of the malware
		{1000, 10, Updated}, // not over either
		{1200, 11, Held},    // over ten, under 1%
	} {
		t.Run(fmt.Sprintf("%d of %d", tc.lose, tc.have), func(t *testing.T) {
			dir := t.TempDir()
			rs := many("MAL-1", tc.have)
			maps.Copy(rs, many("PYSEC-1", 500)) // so that the other rule says nothing
			writeFolder(t, dir, rs)
			b := newBench(t, dir)
			b.want(Updated)
			for i := range tc.lose {
				delete(rs, fmt.Sprintf("MAL-1-%04d", i))
			}
			writeFolder(t, dir, rs)
			b.want(tc.want)
		})
	}
}

// THREATS.md, Feeds: ... or whose csv and zip disagree.
func TestFeedListAndRecordsDisagree(t *testing.T) {
	rs := many("PYSEC-1", 10)
	for name, csv := range map[string][]byte{
		"the list has more":     csvOf(rs.with("PYSEC-2", rec("PYSEC-2", "p", ""))),
		"the list has less":     csvOf(rs.with("PYSEC-1-0003", "")),
		"the list has newer":    csvOf(rs.with("PYSEC-1-0003", rec("PYSEC-1-0003", "p", `"modified":"2020-03-03T00:00:00Z",`))),
		"the list has an older": csvOf(rs.with("PYSEC-1-0003", rec("PYSEC-1-0003", "p", `"modified":"2019-03-03T00:00:00Z",`))),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.offer(t, rs, false)
			s.set("/PyPI/modified_id.csv", csv)
			b := newBench(t, s.URL)
			rep := b.want(Held)
			if rep.Snapshot != "" || !strings.Contains(rep.Feeds[0].Text, "disagree") {
				t.Errorf("report %+v", rep)
			}
			if _, err := Open(b.Dir, b.Names); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Open before anything was accepted: %v", err)
			}
			b.want(Held)
			s.offer(t, rs, false) // it heals by itself
			b.want(Updated)
		})
	}
	t.Run("a late all.zip heals though the list stays", func(t *testing.T) {
		s := newSite(t)
		more := rs.with("PYSEC-2", rec("PYSEC-2", "p", ""))
		s.offer(t, more, false)
		s.set("/PyPI/all.zip", zipped(t, rs))
		b := newBench(t, s.URL)
		b.want(Held)
		s.set("/PyPI/all.zip", zipped(t, more))
		b.want(Updated)
	})
	t.Run("or by the single record", func(t *testing.T) {
		s := newSite(t)
		more := rs.with("PYSEC-2", rec("PYSEC-2", "p", ""))
		s.offer(t, more, true)
		s.set("/PyPI/all.zip", zipped(t, rs))
		b := newBench(t, s.URL)
		b.want(Updated)
		if got := b.ids("p", "0.1"); got != "PYSEC-2" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHeldIsForgottenWhenTheSourceTakesItBack(t *testing.T) {
	dir := t.TempDir()
	rs := many("PYSEC-1", 20)
	writeFolder(t, dir, rs)
	b := newBench(t, dir)
	b.want(Updated)
	writeFolder(t, dir, rs.with("PYSEC-1-0001", ""))
	b.want(Held)
	writeFolder(t, dir, rs)
	b.want(Unchanged)
	if h := b.open().Info().Feeds[0].Held; h != nil {
		t.Errorf("still held: %+v", h)
	}
}

func TestSourceNoLongerConfigured(t *testing.T) {
	one, two, all := t.TempDir(), t.TempDir(), t.TempDir()
	a, m := many("PYSEC-1", 20), many("MAL-1", 20)
	writeFolder(t, one, a)
	writeFolder(t, two, m)
	b := newBench(t, one, two)
	b.want(Updated, Updated)

	b.Sources = []string{one}
	b.want(Unchanged, Held)
	if got := b.ids("pkg1", "0.1"); got != "MAL-1-0001 PYSEC-1-0001" {
		t.Errorf("got %q: malware must not leave with its source", got)
	}
	b.Sources = []string{one, two}
	b.want(Unchanged, Unchanged)

	maps.Copy(a, m)
	writeFolder(t, all, a)
	b.Sources = []string{all}
	b.want(Updated, Dropped, Dropped)
	if got := b.ids("pkg1", "0.1"); got != "MAL-1-0001 PYSEC-1-0001" {
		t.Errorf("got %q after moving to a source that has all", got)
	}

	b.Sources = []string{one}
	b.want(Updated, Held)
	if _, err := Accept(t.Context(), b.Config); err != nil {
		t.Fatal(err)
	}
	if got := b.ids("pkg1", "0.1"); got != "PYSEC-1-0001" {
		t.Errorf("got %q after a person accepted", got)
	}
}

func TestAgeIsTimeSinceConfirmation(t *testing.T) {
	s := newSite(t)
	s.offer(t, many("PYSEC-1", 3), false)
	dir := t.TempDir()
	writeFolder(t, dir, many("MAL-1", 3))
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "PyPI", "all.zip"), old, old); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, s.URL, dir)
	b.want(Updated, Updated)
	if age := b.open().Age(b.now); age != 0 {
		t.Errorf("age %v right after a sync: file times mean nothing", age)
	}
	b.now = b.now.Add(5 * time.Hour)
	s.mu.Lock()
	s.down = true
	s.mu.Unlock()
	rep := b.want(Failed, Unchanged)
	if rep.Err() == nil || !strings.Contains(rep.Err().Error(), "503") {
		t.Errorf("Err() = %v", rep.Err())
	}
	if age := b.open().Age(b.now); age != 5*time.Hour {
		t.Errorf("age %v, want that of the source that did not answer", age)
	}
	if got := b.ids("pkg1", "0.1"); got != "MAL-1-0001 PYSEC-1-0001" {
		t.Errorf("got %q: a failed source keeps its snapshot", got)
	}
}

func TestSourceNeverHeard(t *testing.T) {
	s := newSite(t)
	s.down = true
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	b := newBench(t, dir, s.URL)
	b.want(Updated, Failed)
	if age := b.open().Age(b.now); age != Never {
		t.Errorf("age %v, want Never: a configured source was never heard", age)
	}
}

func TestSpellingsOfOneSource(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	b := newBench(t, dir+"/", "file://"+filepath.ToSlash(dir), filepath.Join(dir, "PyPI", ".."))
	b.want(Updated)
	t.Chdir(dir)
	b.Sources = []string{"."}
	b.want(Unchanged)
}

func TestWrongSources(t *testing.T) {
	for _, tc := range []struct{ source, want string }{
		{"/no/such/folder", "check the address"},
		{"http://example.invalid/", "want an https URL"},
		{"ftp://example.invalid/", "want an https URL"},
		{"https://user:word@example.invalid/", "no user or password"},
		{"https://example.invalid/?a=b", "query"},
	} {
		b := newBench(t, tc.source)
		_, err := Sync(t.Context(), b.Config)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.source, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "user:word") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestHostileBatches(t *testing.T) {
	good := many("PYSEC-1", 3)
	var twice bytes.Buffer
	z := zip.NewWriter(&twice)
	for range 2 {
		w, err := z.Create("PYSEC-1-0000.json")
		if err == nil {
			_, err = io.WriteString(w, good["PYSEC-1-0000"])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	for name, tc := range map[string]struct {
		path string
		body []byte
		want string
	}{
		"no zip":          {"/PyPI/all.zip", []byte("<html>"), "reading zip"},
		"truncated zip":   {"/PyPI/all.zip", zipped(t, good)[:200], "reading zip"},
		"climbing name":   {"/PyPI/all.zip", zipped(t, records{"../x": "{}"}), "not an advisory id"},
		"repeated name":   {"/PyPI/all.zip", twice.Bytes(), "twice"},
		"no csv":          {"/PyPI/modified_id.csv", []byte("<html>\n"), "line 1"},
		"csv id climbs":   {"/PyPI/modified_id.csv", []byte(day0 + ",../x\n"), "line 1"},
		"csv names twice": {"/PyPI/modified_id.csv", []byte(day0 + ",A\n" + day0 + ",A\n"), "line 2: A twice"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.offer(t, good, false)
			b := newBench(t, s.URL)
			b.want(Updated)
			s.offer(t, good.with("PYSEC-2", rec("PYSEC-2", "p", "")), false)
			s.set(tc.path, tc.body)
			rep := b.want(Failed)
			if !strings.Contains(rep.Feeds[0].Text, tc.want) {
				t.Errorf("text %q, want %q", rep.Feeds[0].Text, tc.want)
			}
			if got := b.ids("pkg1", "0.1"); got != "PYSEC-1-0001" {
				t.Errorf("got %q after a bad sync", got)
			}
		})
	}
}

func TestRecordUnderAnotherName(t *testing.T) {
	dir := t.TempDir()
	rs := many("PYSEC-1", 300)
	rs["PYSEC-2"] = rec("PYSEC-3", "p", "")
	writeFolder(t, dir, rs)
	b := newBench(t, dir)
	rep := b.want(Updated)
	if f := rep.Feeds[0]; f.Unreadable != 1 || !strings.Contains(f.Text, "PYSEC-2") {
		t.Errorf("report %+v", f)
	}
	if got := b.open().Info().Ecosystems[0].Unreadable; got != 1 {
		t.Errorf("info counts %d unreadable records", got)
	}
}

func TestTwoSyncsAtOnce(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	b := newBench(t, dir)
	d, err := openDisk(b.Dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sync(t.Context(), b.Config); !errors.Is(err, ErrBusy) {
		t.Errorf("Sync beside another: %v", err)
	}
	if _, err := Accept(t.Context(), b.Config); !errors.Is(err, ErrBusy) {
		t.Errorf("Accept beside another: %v", err)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	b.want(Updated)
}

// A crash at any step leaves the old snapshot, and the next sync does its work.
func TestCrashAnywhereLeavesTheOldSnapshot(t *testing.T) {
	dir := t.TempDir()
	rs := many("PYSEC-1", 20)
	next := rs.with("PYSEC-2", rec("PYSEC-2", "new", ""))
	errCrash := errors.New("crash")
	for after := 0; ; after++ {
		writeFolder(t, dir, rs)
		b := newBench(t, dir)
		old := b.want(Updated).Snapshot
		writeFolder(t, dir, next)
		steps := 0
		crashing := b.Config
		crashing.crash = func(string) error {
			if steps++; steps > after {
				return errCrash
			}
			return nil
		}
		_, err := Sync(t.Context(), crashing)
		s, openErr := Open(b.Dir, b.Names)
		if openErr != nil {
			t.Fatalf("after %d steps: %v", after, openErr)
		}
		got := idsIn(t, s, "new", "0.1")
		if (s.ID() == old) != (got == "") {
			t.Fatalf("after %d steps: snapshot %s matches %q", after, s.ID(), got)
		}
		s.Close()
		b.sync()
		if got := b.ids("new", "0.1"); got != "PYSEC-2" {
			t.Fatalf("the sync after a crash at step %d: %q", after, got)
		}
		left, globErr := filepath.Glob(filepath.Join(b.Dir, "*-*"))
		if globErr != nil || len(left) != 3 {
			t.Fatalf("the sync after a crash at step %d left %v", after, left)
		}
		if err == nil {
			if after < 10 {
				t.Fatalf("only %d steps: the test does not see the writes", after)
			}
			return
		}
	}
}

func TestOldSnapshotAnswersAfterASync(t *testing.T) {
	dir := t.TempDir()
	rs := many("PYSEC-1", 20)
	writeFolder(t, dir, rs)
	b := newBench(t, dir)
	b.want(Updated)
	old := b.open()
	writeFolder(t, dir, rs.with("PYSEC-2", rec("PYSEC-2", "new", "")))
	b.want(Updated)
	if got := idsIn(t, old, "pkg1", "0.1"); got != "PYSEC-1-0001" {
		t.Errorf("the old snapshot answers %q", got)
	}
	if got := idsIn(t, old, "new", "0.1"); got != "" {
		t.Errorf("the old snapshot changed: %q", got)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Match(pypi("pkg1"), "0.1"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Match after Close: %v", err)
	}
}

func TestDamagedBatch(t *testing.T) {
	s := newSite(t)
	rs := many("PYSEC-1", 20)
	s.offer(t, rs, true)
	b := newBench(t, s.URL)
	id := b.want(Updated).Snapshot
	names, err := filepath.Glob(filepath.Join(b.Dir, "batch-*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	body, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := os.WriteFile(names[0], body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.Dir, indexName(id))); err != nil {
		t.Fatal(err)
	}
	if _, err := Sync(t.Context(), b.Config); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("building from a damaged batch: %v", err)
	}
	// When the source has news it is fetched whole instead of patched.
	s.offer(t, rs.with("PYSEC-2", rec("PYSEC-2", "new", "")), true)
	b.want(Updated)
	if got := b.ids("pkg3", "0.1") + " " + b.ids("new", "0.1"); got != "PYSEC-1-0003 PYSEC-2" {
		t.Errorf("got %q", got)
	}
}

func TestDamagedStateIsAnError(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	for name, text := range map[string]string{
		"no JSON":       "{",
		"a later one":   `{"version":2,"index":"","feeds":[]}`,
		"another field": `{"version":1,"index":"","feeds":[],"x":1}`,
		"climbing":      `{"version":1,"index":"../../etc/passwd","feeds":[]}`,
	} {
		b := newBench(t, dir)
		b.want(Updated)
		if err := os.WriteFile(filepath.Join(b.Dir, stateFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(b.Dir, b.Names); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: Open gives %v", name, err)
		}
		if _, err := Sync(t.Context(), b.Config); err == nil {
			t.Errorf("%s: Sync says nothing", name)
		}
	}
}

// TestTheFolderIsItsOwners: a first sync makes the data folder, which holds more
// than advisories later.
func TestTheFolderIsItsOwners(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	data := filepath.Join(t.TempDir(), "data")
	d, err := openDisk(filepath.Join(data, "advisories"), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.close()
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v", data, info.Mode())
	}
}
