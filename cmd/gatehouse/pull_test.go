package main

import (
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// pulling is a serving gate over an index, with further lines of configuration.
func pulling(t *testing.T, x *stub.Index, settings string) (url, data string, stop func() int) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf, err := ownWorld(t, dir, x)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(settings)
	if cerr := f.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	data = filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	url, _, stop = startServe(t, data, conf)
	return url, data, stop
}

// herd is a client of its own for each of many.
func herd() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: time.Minute}
}

// crowd has n clients ask at once, and counts the answers of each status.
func crowd(t *testing.T, c *http.Client, n int, urlOf func(i int) string) (status map[int]int, bodies map[string]int) {
	t.Helper()
	status, bodies = map[int]int{}, map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			resp, err := c.Get(urlOf(i))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After: no client asks again")
			}
			mu.Lock()
			defer mu.Unlock()
			status[resp.StatusCode]++
			bodies[string(b)]++
		})
	}
	close(start)
	wg.Wait()
	return status, bodies
}

// TestHerd: a hundred clients that ask for one cold package's index, metadata and
// file at once all get them, and cause one fetch of each.
func TestHerd(t *testing.T) {
	const n = 100
	x := stub.New(t)
	file := x.Add(scantest.Wheel{Name: "herd", Version: "1.0", License: "MIT"}, stub.About{})
	for _, path := range []string{"/simple/herd/", stub.FilePath(file), stub.FilePath(file) + ".metadata"} {
		x.Fault(path, stub.Fault{Delay: 50 * time.Millisecond}) // long enough for all to come while it lasts
	}
	url, _, _ := pulling(t, x, "")
	paths := []string{"/pypi/simple/herd/", "/pypi/files/herd/" + file + ".metadata", "/pypi/files/herd/" + file}
	status, _ := crowd(t, herd(), len(paths)*n, func(i int) string { return url + paths[i%len(paths)] })
	if status[200] != len(paths)*n {
		t.Errorf("answers %v, want 200 for all %d", status, len(paths)*n)
	}
	for _, path := range []string{"/simple/herd/", stub.FilePath(file), stub.FilePath(file) + ".metadata"} {
		if got := x.Asked(path); got != 1 {
			t.Errorf("upstream was asked %d times for %s, want once", got, path)
		}
	}
}

var pendingText = regexp.MustCompile(`^herd 1\.0 is being (looked at|fetched|scanned); ask again; http://127\.0\.0\.1:\d+/d/[0-9a-f]{12}\n$`)

// TestImpatientHerd: where the gate lets nobody wait, a hundred clients are told to
// ask again until it is there, and it is fetched once all the same.
func TestImpatientHerd(t *testing.T) {
	const n = 100
	x := stub.New(t)
	file := x.Add(scantest.Wheel{Name: "herd", Version: "1.0", License: "MIT"}, stub.About{})
	x.Fault(stub.FilePath(file), stub.Fault{Delay: 300 * time.Millisecond})
	url, _, _ := pulling(t, x, "limits: {pull_wait: 1ms}\n")
	c := herd()
	path := url + "/pypi/files/herd/" + file
	status, bodies := crowd(t, c, n, func(int) string { return path })
	if status[503] == 0 || status[200]+status[503] != n {
		t.Errorf("at first: %v, want 503, and nothing but 200 beside it", status)
	}
	told := 0
	for b, n := range bodies {
		if pendingText.MatchString(b) {
			told += n
		}
	}
	if told != status[503] {
		t.Errorf("%d of %d are told how far it is: %.500q", told, status[503], fmt.Sprint(bodies))
	}
	for began := time.Now(); status[200] != n; {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("after 30 seconds: %v", status)
		}
		if status, _ = crowd(t, c, n, func(int) string { return path }); status[200]+status[503] != n {
			t.Fatalf("answers %v", status)
		}
	}
	if got := x.Asked(stub.FilePath(file)); got != 1 {
		t.Errorf("upstream was asked %d times for the file, want once", got)
	}
}

// TestTenThousandMadeUpNames by somebody without a token, at every door that takes
// a name: bounded calls upstream, no rows, no files, no memory to speak of.
func TestTenThousandMadeUpNames(t *testing.T) {
	const names, allowed = 10_000, 300
	x := stub.New(t)
	file := x.Add(scantest.Wheel{Name: "real", Version: "1.0", License: "MIT"}, stub.About{})
	url, data, stop := pulling(t, x, fmt.Sprintf("budgets: {address: {unknown: %d}}\n", allowed))
	doors := []string{
		"/pypi/simple/made-up-%d/", "/pypi/files/made-up-%d/made_up_%[1]d-1.0-py3-none-any.whl", "/pypi/files/made-up-%d/made_up_%[1]d-1.0-py3-none-any.whl.metadata",
		"/api/v1/explain?purl=pkg:pypi/made-up-%d@1.0", "/d/%012x", "/registry/made-up-%d/pypi/simple/six/",
	}
	c := herd()
	if code, _ := get(t, c, url+"/pypi/files/real/"+file); code != 200 {
		t.Fatalf("before: %d", code)
	}
	rows, files := rowsOf(t, data), filesOf(t, data)
	before := heap()
	status := map[int]int{}
	const atOnce = 50
	for i := 0; i < names; i += atOnce {
		some, _ := crowd(t, c, atOnce, func(k int) string { return url + fmt.Sprintf(doors[(i+k)%len(doors)], i+k) })
		for code, n := range some {
			status[code] += n
		}
	}
	after := heap()
	if status[404]+status[429] != names || status[429] < names/2 {
		t.Errorf("answers %v, want 404 while the budget lasts and 429 then", status)
	}
	if got := x.AskedBelow("/") - 3; got != allowed { // the real one's index, metadata and file
		t.Errorf("%d calls upstream, want the %d of the budget", got, allowed)
	}
	if grown := int64(after) - int64(before); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if code, body := get(t, c, url+"/pypi/simple/made-up-again/"); code != 429 || !strings.Contains(body, "budgets.address.unknown") || !strings.Contains(body, "token") {
		t.Errorf("one more: %d %s", code, body)
	}
	if code, _ := get(t, c, url+"/pypi/files/real/"+file); code != 200 {
		t.Errorf("what is admitted: %d", code)
	}
	stop()
	if now := rowsOf(t, data); now != rows {
		t.Errorf("rows: %s\nbefore: %s", now, rows)
	}
	if now := filesOf(t, data); now != files {
		t.Errorf("files: %s\nbefore: %s", now, files)
	}
}

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// rowsOf counts the rows of every table.
func rowsOf(t *testing.T, data string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "gatehouse.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'pull' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil || len(names) < 10 {
		t.Fatalf("tables %v, %v", names, err)
	}
	var out strings.Builder
	for _, name := range names {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM "` + name + `"`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %d, ", name, n)
	}
	return out.String()
}

// filesOf counts what is on disk in each part of the data folder, the database's
// own files aside.
func filesOf(t *testing.T, data string) string {
	t.Helper()
	n := map[string]int{}
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(data, path)
		if top, _, inside := strings.Cut(rel, string(filepath.Separator)); inside {
			n[top]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(n)
}
