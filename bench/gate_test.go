package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// How long it may take, and what it measures with.
const (
	rounds     = 3               // of each comparison; the median counts
	loadFor    = 3 * time.Second // one side of one round
	loadConns  = "16"
	latency    = 20 * time.Millisecond // of a registry outside
	storedRows = 60_000                // decisions in the large store
)

// once keeps a second pass of -benchtime from repeating minutes of work.
var once sync.Once

// BenchmarkGate runs the real binary beside nginx, with a stub index on loopback
// behind it, and prints one table. It takes some minutes and ends everything that it
// starts.
func BenchmarkGate(b *testing.B) {
	once.Do(func() {
		if runtime.GOOS != "linux" {
			b.Fatal("the figures of a running server are read from /proc: run this on Linux")
		}
		g := newGround(b)
		g.nginx = tool(b, "nginx", "apt-get install nginx-light", "/usr/sbin")
		g.wrk = tool(b, "wrk", "apt-get install wrk")
		t := &table{title: "at the start " + busy(b)}
		defer func() { // also after an error: what was measured is true
			t.title += ", at the end " + busy(b)
			t.print(os.Stdout)
		}()
		g.serving(b, t)
		g.starting(b, t)
	})
	b.ReportMetric(0, "ns/op") // the table has the figures
}

// busy says how much else the machine does.
func busy(b *testing.B) string {
	b.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		b.Fatal(err)
	}
	one, _, _ := strings.Cut(string(text), " ")
	return fmt.Sprintf("%s processes wanted %d cores", one, runtime.NumCPU())
}

// ground is what every part of the benchmark stands on.
type ground struct {
	gatehouse, nginx, wrk string
	advisories            string // a folder of synced advisories, to be copied
	python                string // version, in full
	index                 *stub.Index
}

func newGround(b *testing.B) *ground {
	b.Helper()
	g := &ground{}
	out, err := exec.Command(tool(b, "python3", "make clients", filepath.Join(root, ".clients", "bin")), "-I", "-c", "import platform; print(platform.python_version())").Output()
	if err != nil {
		b.Fatalf("asking python for its version: %v", err)
	}
	g.python = strings.TrimSpace(string(out))
	g.gatehouse = binary(b)
	g.advisories = filepath.Join(synced(b, g.gatehouse, complete(b)), "advisories")
	g.index = stub.New(b)
	return g
}

// tool finds a program in one of the folders or on PATH.
func tool(b *testing.B, name, install string, folders ...string) string {
	b.Helper()
	for _, dir := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		path, err := filepath.Abs(filepath.Join(dir, name))
		if st, serr := os.Stat(path); err == nil && serr == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path
		}
	}
	b.Fatalf("%s is not here, and make bench measures with it; to have it: %s", name, install)
	return ""
}

// fresh makes a data folder that has nothing but advisories, and its configuration
// with an entry of upstreams.
func (g *ground) fresh(b *testing.B, upstream string) (data, config string) {
	b.Helper()
	dir := b.TempDir()
	data, config = filepath.Join(dir, "data"), filepath.Join(dir, "gatehouse.yaml")
	if err := os.CopyFS(filepath.Join(data, "advisories"), os.DirFS(g.advisories)); err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprintf("upstreams: [%s]\nmatrix: {python: [%q]}\nadvisories: {max_age: 87600h}\n", upstream, g.python)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return data, config
}

// The packages whose pages are loaded. Large ones are the size of the largest
// that builds ask for every day: files, and bytes of a page.
var (
	small = packageSize{"benchsmall", 10}
	large = packageSize{"benchlarge", 4_000}
	loads = []packageSize{large, {"benchlarger", 7_000}, {"benchlargest", 10_000}}
)

type packageSize struct {
	name  string
	files int
}

// fill puts packages into the index: small wheels, many of a version.
func (g *ground) fill(b *testing.B, p packageSize) {
	b.Helper()
	const ofVersion = 20
	for i := range p.files {
		w := scantest.Wheel{Name: p.name, Version: fmt.Sprintf("1.%d", i/ofVersion), Tag: fmt.Sprintf("cp3%d-cp3%d-manylinux_2_28_x86_64", i%ofVersion, i%ofVersion)}
		g.index.AddBytes(w.FileName(), []byte(w.FileName()), w.MetadataBytes(), stub.About{RequiresPython: ">=3.9"})
	}
}

const bigFile = 10 << 20

// serving measures what is served from memory and disk, beside nginx, and the
// memory that it takes.
func (g *ground) serving(b *testing.B, t *table) {
	data, config := g.fresh(b, upstream("pypi", g.index.URL(), ""))
	s := serve(b, g.gatehouse, data, config)
	settle()
	idle := s.rss()
	for _, p := range append([]packageSize{small}, loads...) {
		g.fill(b, p)
	}
	big := g.index.Add(scantest.Wheel{Name: "benchbig", Version: "1", Files: map[string]string{"benchbig/data.bin": static(bigFile)}}, stub.About{})

	pages := b.TempDir()
	page := func(name string) string { return "/pypi/simple/" + name + "/" }
	save(b, s.url+page(small.name), filepath.Join(pages, page(small.name), "index.html"))
	peer, url := nginx(b, g.nginx, pages)
	sides := func(path string, theirs, ours []string) (r, cpu float64, their, our load) {
		return g.beside(b, peer, s.process, url+path, s.url+path, theirs, ours)
	}
	const zip = "Accept-Encoding: gzip"

	r, cpu, their, our := sides(page(small.name), []string{zip}, []string{zip})
	t.add(fmt.Sprintf("small page, %d files, gzip: requests/s", small.files), their.rate(), our.rate(), r, atLeast, 0.6, "x")
	t.add("  CPU a request", their.each(), our.each(), cpu, atMost, 3, "x")
	r, cpu, their, our = sides(page(small.name), nil, nil)
	t.note("small page, plain: requests/s", their.rate(), our.rate(), show(r)+"x")
	t.note("  CPU a request", their.each(), our.each(), show(cpu)+"x")
	r, cpu, their, our = sides(page(small.name), []string{"If-None-Match: " + tag(b, url+page(small.name), "")}, []string{"If-None-Match: " + tag(b, s.url+page(small.name), "")})
	t.note("small page, 304: requests/s", their.rate(), our.rate(), show(r)+"x")
	t.note("  CPU a request", their.each(), our.each(), show(cpu)+"x")
	for _, p := range loads {
		save(b, s.url+page(p.name), filepath.Join(pages, page(p.name), "index.html"))
	}
	size := sizeOf(b, filepath.Join(pages, page(large.name), "index.html"))
	r, cpu, their, our = sides(page(large.name), nil, []string{zip})
	t.add(fmt.Sprintf("index of %.1f MB, nginx plain, ours gzip: requests/s", float64(size)/1e6), their.rate(), our.rate(), r, atLeast, 0.9, "x")
	t.add("  CPU a request", their.each(), our.each(), cpu, atMost, 1, "x")
	r, cpu, their, our = sides(page(large.name), nil, nil)
	t.note("the same, both plain: requests/s", their.rate(), our.rate(), show(r)+"x")
	t.note("  CPU a request", their.each(), our.each(), show(cpu)+"x")
	r, cpu, their, our = sides(page(small.name), []string{zip}, []string{zip})
	t.note(fmt.Sprintf("small page, gzip, while %d files of large indexes are kept: requests/s", files(loads)), their.rate(), our.rate(), show(r)+"x")
	t.note("  CPU a request", their.each(), our.each(), show(cpu)+"x")
	file := "/pypi/files/benchbig/" + big
	save(b, s.url+file, filepath.Join(pages, file))
	r, cpu, their, our = sides(file, nil, nil)
	t.add("file of 10 MB: requests/s", their.rate(), our.rate(), r, atLeast, 0.95, "x")
	t.note("  CPU a request", their.each(), our.each(), show(cpu)+"x")

	settle()
	t.add("RSS idle", "", mb(idle), float64(idle)/1e6, atMost, 40, " MB")
	t.add(fmt.Sprintf("RSS after all of the above, with %d files in large indexes", files(loads)), "", mb(s.rss()), float64(s.rss())/1e6, atMost, 100, " MB")
	s.stop()
	peer.stop()
}

// settle lets a server come to rest.
func settle() { time.Sleep(6 * time.Second) }

func files(ps []packageSize) (n int) {
	for _, p := range ps {
		n += p.files
	}
	return n
}

func mb(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

// load is what one server did under load.
type load struct {
	requests float64
	took     time.Duration
	cpu      time.Duration
}

func (l load) rate() string { return show(l.requests/l.took.Seconds()) + "/s" }
func (l load) each() string {
	return show(float64(l.cpu.Microseconds())/l.requests) + " us"
}

// beside loads two servers in turn, and gives ours over theirs: requests a second
// and CPU a request. Theirs and ours of one round are neighbours in time.
func (g *ground) beside(b *testing.B, theirs, ours *process, theirURL, ourURL string, theirHeaders, ourHeaders []string) (r, cpu float64, their, our load) {
	b.Helper()
	var rs, cpus []float64
	for range rounds {
		a := g.load(b, theirs, theirURL, theirHeaders)
		c := g.load(b, ours, ourURL, ourHeaders)
		rs = append(rs, (c.requests/c.took.Seconds())/(a.requests/a.took.Seconds()))
		cpus = append(cpus, (float64(c.cpu)/c.requests)/(float64(a.cpu)/a.requests))
		their, our = their.plus(a), our.plus(c)
	}
	return median(rs), median(cpus), their, our
}

func (l load) plus(m load) load {
	return load{l.requests + m.requests, l.took + m.took, l.cpu + m.cpu}
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkTrouble  = regexp.MustCompile(`Socket errors|Non-2xx`)
)

// load asks for one address for a while.
func (g *ground) load(b *testing.B, p *process, url string, headers []string) load {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), loadFor+30*time.Second)
	defer cancel()
	args := []string{"-t", "1", "-c", loadConns, "-d", fmt.Sprintf("%ds", int(loadFor.Seconds()))}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	before, began := p.cpu(), time.Now()
	out, err := exec.CommandContext(ctx, g.wrk, append(args, url)...).CombinedOutput()
	l := load{took: time.Since(began), cpu: p.cpu() - before}
	m := wrkRequests.FindSubmatch(out)
	if err != nil || m == nil || wrkTrouble.Match(out) {
		b.Fatalf("loading %s: %v\n%s", url, err, out)
	}
	if l.requests, err = strconv.ParseFloat(string(m[1]), 64); err != nil || l.requests == 0 {
		b.Fatalf("loading %s: no requests\n%s", url, out)
	}
	return l
}

// get reads one address, as no browser would: without decompressing.
func get(ctx context.Context, url, encoding string) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	if encoding != "" {
		req.Header.Set("Accept-Encoding", encoding)
	}
	c := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", url, resp.Status, body)
	}
	return resp, body, err
}

// save puts what an address answers into a file, and beside it a compressed form
// for nginx.
func save(b *testing.B, url, name string) {
	b.Helper()
	_, body, err := get(b.Context(), url, "")
	if err != nil {
		b.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(body); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	for path, content := range map[string][]byte{name: body, name + ".gz": z.Bytes()} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

func tag(b *testing.B, url, encoding string) string {
	b.Helper()
	resp, _, err := get(b.Context(), url, encoding)
	if err != nil {
		b.Fatal(err)
	}
	return resp.Header.Get("ETag")
}

func sizeOf(b *testing.B, name string) int64 {
	b.Helper()
	st, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return st.Size()
}

// static is what does not compress, the same in every run.
func static(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // it does not fail
	return string(b)
}

// noise is text that compresses as source does, the same in every run.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	for s.Len() < n {
		fmt.Fprintf(&s, "value_%x = %d\n", r.Uint64(), r.Uint64())
	}
	return s.String()[:n]
}

// starting measures how soon a gate answers: over an empty folder, over a large
// store, and over one that was killed while it wrote.
func (g *ground) starting(b *testing.B, t *table) {
	var empty, full, killed []float64
	data, config := g.fresh(b, upstream("pypi", g.index.URL(), ""))
	largeData, largeConfig := g.fresh(b, upstream("pypi", g.index.URL(), ""))
	fillStore(b, filepath.Join(largeData, "gatehouse.db"))
	for i := range rounds {
		s := serve(b, g.gatehouse, data, config)
		empty = append(empty, s.started.Seconds())
		s.stop()
		s = serve(b, g.gatehouse, largeData, largeConfig)
		full = append(full, s.started.Seconds())
		name := fmt.Sprintf("benchkill%d", i)
		wheel := scantest.Wheel{Name: name, Version: "1"}
		file := g.index.Add(wheel, stub.About{})
		if _, _, err := get(b.Context(), s.url+"/pypi/files/"+name+"/"+file, ""); err != nil {
			b.Fatal(err)
		}
		s.kill()
		s = serve(b, g.gatehouse, largeData, largeConfig)
		killed = append(killed, s.started.Seconds())
		s.kill()
	}
	t.add("start, empty folder", "", "", median(empty), atMost, 0.2, " s")
	t.add(fmt.Sprintf("  store of %d decisions (%s)", storedRows, mb(sizeOf(b, filepath.Join(largeData, "gatehouse.db")))), "", "", median(full), atMost, 0.2, " s")
	t.add("  the same after kill -9", "", "", median(killed), atMost, 0.2, " s")
	t.add("binary", "", "", float64(sizeOf(b, g.gatehouse))/1e6, atMost, 60, " MB")
}

// fillStore writes what a gate has after some months.
func fillStore(b *testing.B, name string) {
	b.Helper()
	ctx := b.Context()
	db, err := sqlite.Open(ctx, name)
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	const ofPackage = 100
	for i := 0; i < storedRows; i += ofPackage {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: fmt.Sprintf("benchstored%d", i)}
		if err := db.SetOrigin(ctx, p, "stub", now); err != nil {
			b.Fatal(err)
		}
		ds := make([]verdict.Decision, ofPackage)
		for j := range ds {
			v := artifact.Version{Package: p, Number: fmt.Sprintf("1.%d", j)}
			ds[j] = verdict.Decision{
				Registry: "main", Version: v, Purl: v.Purl(), File: fmt.Sprintf("%s-1.%d.tar.gz", p.Name, j), Verdict: verdict.Reject,
				Reasons: []verdict.Reason{{Rule: "known-vulnerability", Effect: verdict.EffectReject, Text: "made up for a measurement", Remedy: "none"}},
				Inputs:  verdict.Inputs{Policy: "none", At: now},
			}
			ds[j].ID = verdict.DecisionID(ds[j])
		}
		if err := db.PutDecisions(ctx, ds); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
