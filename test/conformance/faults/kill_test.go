//go:build conformance

// Package faults_test breaks the real gate in the ways that machines and
// networks break, and holds it to what it acknowledged: it is killed at random
// moments while it admits, hands out, takes uploads, collects garbage and changes
// its schema, its upstream drips, lies and goes away, its disk is full. Everything
// is on loopback. It needs GATEHOUSE_TEST_BINARY, the built gatehouse, which
// `make conformance` sets; without it the tests fail.
//
// How often it is killed is GATEHOUSE_TEST_KILLS, 500 where it is not set. The
// moments come from a seed that is printed; GATEHOUSE_TEST_SEED repeats them as
// far as a machine can.
package faults_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

var binary = os.Getenv("GATEHOUSE_TEST_BINARY")

func TestMain(m *testing.M) {
	if st, err := os.Stat(binary); err != nil || !filepath.IsAbs(binary) || !st.Mode().IsRegular() {
		fmt.Fprintf(os.Stderr, "GATEHOUSE_TEST_BINARY=%q is no program here; run: make conformance\n", binary)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s=%q is no number of times", name, text)
	}
	return n
}

// house is a data folder with a stub upstream that outlives every process over it.
type house struct {
	t        *testing.T
	upstream *stub.Index
	dir      string
	data     string
	config   string
}

func newHouse(t *testing.T, yaml string) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{t: t, upstream: stub.New(t), dir: dir, data: filepath.Join(dir, "data"), config: filepath.Join(dir, "gatehouse.yaml")}
	text := fmt.Sprintf("upstreams: [{name: stub, ecosystem: pypi, url: %q, ttl: 1ms}]\nmatrix: {python: [3.11.7], platforms: [x86_64-manylinux_2_28]}\n%s", h.upstream.URL(), yaml)
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	feed := filepath.Join(dir, "osv", "PyPI")
	if err := os.MkdirAll(feed, 0o700); err != nil {
		t.Fatal(err)
	}
	const record = `{"schema_version":"1.6.7","id":"TEST-0000-0","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","summary":"made up",
		"affected":[{"package":{"ecosystem":"PyPI","name":"gatehouse-faults-nobody"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`
	if err := os.WriteFile(filepath.Join(feed, "TEST-0000-0.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	h.cli("advisories", "sync", "--from", filepath.Dir(feed))
	return h
}

// cli runs a command that must succeed and gives its standard output.
func (h *house) cli(args ...string) string {
	h.t.Helper()
	out, err := h.try(args...)
	if err != nil {
		h.t.Fatalf("gatehouse %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (h *house) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"--data", h.data, "--config", h.config}, args...)...)
	cmd.Env = h.env()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out) + stderr.String(), err
	}
	return string(out), nil
}

func (h *house) env() []string {
	return []string{"HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + h.dir}
}

// process is a serving gate.
type process struct {
	h     *house
	cmd   *exec.Cmd
	url   string
	ended chan struct{}
	mu    sync.Mutex
	log   bytes.Buffer
}

// Write keeps the log.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

// text is the log, requests aside.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out strings.Builder
	for line := range strings.Lines(p.log.String()) {
		if !strings.Contains(line, "msg=request ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

var address = regexp.MustCompile(`https?://[0-9.]+:\d+`)

// start begins to serve; ready gets true once it says where it listens, false
// when it ended without.
func (h *house) start(args ...string) (*process, chan bool) {
	h.t.Helper()
	cmd := exec.Command(binary, append([]string{"--data", h.data, "--config", h.config, "serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = h.env()
	return h.run(cmd)
}

func (h *house) run(cmd *exec.Cmd) (*process, chan bool) {
	h.t.Helper()
	p := &process{h: h, cmd: cmd, ended: make(chan struct{})}
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if a := address.FindString(lines.Text()); a != "" && p.url == "" {
				p.url = a
				ready <- true
			}
		}
		if p.url == "" {
			ready <- false
		}
	}()
	return p, ready
}

// up starts and waits until it answers.
func (h *house) up(args ...string) *process {
	h.t.Helper()
	p, ready := h.start(args...)
	timer := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	if !<-ready {
		h.t.Fatalf("the gate does not start:\n%s", p.text())
	}
	return p
}

// kill ends it as a power cut would, as far as a process can tell.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd.Wait()
}

// stop ends it the polite way.
func (p *process) stop() {
	p.h.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	timer := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
	if err := p.cmd.Wait(); err != nil {
		p.h.t.Errorf("the gate ended with %v:\n%s", err, p.text())
	}
}

// ledger is what the gate acknowledged, and what it handed out.
type ledger struct {
	mu       sync.Mutex
	requests map[string]string // id to purl
	uploads  map[string]string // file name to digest
	served   map[string]string // file name to digest
	counts   map[string]int
}

func newLedger() *ledger {
	return &ledger{requests: map[string]string{}, uploads: map[string]string{}, served: map[string]string{}, counts: map[string]int{}}
}

func (l *ledger) note(in map[string]string, key, value, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in[key] = value
	l.counts[what]++
}

func (l *ledger) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// stock is what the upstream gets for one round: packages that nobody asked for
// before, two of which must never be served.
type stock struct {
	names []string // packages
	files map[string]string
	bad   map[string]bool
}

func (h *house) stock(round int, r *rand.Rand) stock {
	s := stock{files: map[string]string{}, bad: map[string]bool{}}
	for i := range 6 {
		name := fmt.Sprintf("faults-r%dx%d", round, i)
		filler := make([]byte, 1+r.IntN(400_000))
		for j := range filler {
			filler[j] = byte('a' + r.IntN(26))
		}
		module := strings.ReplaceAll(name, "-", "_") + ".py"
		w := scantest.Wheel{Name: name, Version: "1.0", Files: map[string]string{module: "TEXT = '" + string(filler) + "'\n"}}
		if i == 0 { // a RECORD that lies
			w.RecordHash = map[string]string{module: "sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
		}
		file := h.upstream.Add(w, stub.About{})
		if i == 1 { // other bytes than the index promises
			h.upstream.Swap(file, []byte("not what was promised"))
		}
		s.names = append(s.names, name)
		s.files[name] = file
		s.bad[file] = i < 2
	}
	return s
}

// load asks for everything at once until the process is gone.
func (p *process) load(ctx context.Context, s stock, l *ledger, token string, round int, seed uint64) *sync.WaitGroup {
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(p.h.data, "gatehouse.sock"))
	}}}
	done := func(err error) bool { return err != nil || ctx.Err() != nil }
	for i := range 3 { // clients that install
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		wg.Go(func() {
			for {
				name := s.names[r.IntN(len(s.names))]
				if _, err := get(ctx, client, p.url+"/pypi/simple/"+name+"/"); done(err) {
					return
				}
				file := s.files[name]
				a, err := get(ctx, client, p.url+"/pypi/files/"+name+"/"+file)
				if done(err) {
					return
				}
				if a.status == http.StatusOK {
					l.note(l.served, file, a.digest, "files handed out")
				} else {
					l.count("answers " + strconv.Itoa(a.status))
				}
			}
		})
	}
	wg.Go(func() { // a person who asks
		for i := 0; ; i++ {
			purl := "pkg:pypi/" + s.names[i%len(s.names)] + "@1.0"
			body := fmt.Sprintf(`{"door":"cli","project":"p%d","purls":[%q]}`, i%3, purl)
			a, err := post(ctx, socket, "http://gate/api/v1/requests", "application/json", strings.NewReader(body), "")
			if done(err) {
				return
			}
			var ack struct{ Request string }
			if a.status == http.StatusAccepted && json.Unmarshal(a.body, &ack) == nil {
				l.note(l.requests, ack.Request, purl, "requests acknowledged")
			} else {
				l.count("requests answered " + strconv.Itoa(a.status))
			}
			if i >= 12 { // enough for one round: they are to be done after it
				return
			}
		}
	})
	wg.Go(func() { // a publisher
		for i := 0; ; i++ {
			w := scantest.Wheel{Name: "acme-faults", Version: fmt.Sprintf("%d.%d", round, i), Files: map[string]string{"acme_faults.py": strings.Repeat("x = 1\n", 5000)}}
			b := w.Build(p.h.t)
			form, contentType := uploadForm(p.h.t, w, b)
			a, err := post(ctx, client, p.url+"/pypi/legacy/", contentType, form, token)
			if done(err) {
				return
			}
			if a.status/100 == 2 {
				l.note(l.uploads, w.FileName(), stub.Digest(b), "uploads acknowledged")
			} else {
				l.count("uploads answered " + strconv.Itoa(a.status))
			}
		}
	})
	return &wg
}

type answer struct {
	status int
	digest string // of the whole body
	body   []byte // the first megabyte
}

func get(ctx context.Context, c *http.Client, url string) (answer, error) {
	return ask(ctx, c, http.MethodGet, url, "", nil, "")
}

func post(ctx context.Context, c *http.Client, url, contentType string, body io.Reader, token string) (answer, error) {
	return ask(ctx, c, http.MethodPost, url, contentType, body, token)
}

func ask(ctx context.Context, c *http.Client, method, url, contentType string, body io.Reader, token string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return answer{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.SetBasicAuth("__token__", token)
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	h := sha256.New()
	var head bytes.Buffer
	if _, err := io.Copy(io.MultiWriter(h, capped{&head}), resp.Body); err != nil {
		return answer{}, err // cut off: whoever downloads sees it too
	}
	return answer{resp.StatusCode, hex.EncodeToString(h.Sum(nil)), head.Bytes()}, nil
}

type capped struct{ *bytes.Buffer }

// Write keeps the first megabyte and takes all.
func (c capped) Write(p []byte) (int, error) {
	if room := 1<<20 - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// uploadForm is what an upload client sends.
func uploadForm(t *testing.T, w scantest.Wheel, b []byte) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{":action", "file_upload"}, {"protocol_version", "1"}, {"metadata_version", "2.4"}, {"name", w.Name}, {"version", w.Version},
		{"filetype", "bdist_wheel"}, {"pyversion", "py3"}, {"sha256_digest", stub.Digest(b)},
	} {
		if err := m.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := m.CreateFormFile("content", w.FileName())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return &body, m.FormDataContentType()
}

// TestKilledAtAnyMoment: whatever it was doing, what was acknowledged is there
// after the restart, nothing was handed out that was not looked at, and every row
// has its whole blob.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := number(t, "GATEHOUSE_TEST_KILLS", 500)
	seed := uint64(number(t, "GATEHOUSE_TEST_SEED", int(time.Now().UnixNano()&0x7fffffff)))
	t.Logf("%d kills; GATEHOUSE_TEST_SEED=%d", kills, seed)
	r := rand.New(rand.NewPCG(seed, 0))
	h := newHouse(t, "internal_names: [\"acme-*\"]\nlimits: {waiting: 100000, waiting_per_project: 100000}\n")
	token := strings.TrimSpace(h.cli("token", "create", "--role", "publisher", "--name", "faults"))
	l := newLedger()
	known := map[string]string{} // what the upstream promised, by file
	bad := map[string]bool{}
	checker := &checker{h: h, l: l, sound: map[string]bool{}}
	for round := range kills {
		s := h.stock(round, r)
		for _, file := range s.files {
			known[file], bad[file] = h.upstream.DigestOf(file), s.bad[file]
		}
		p, ready := h.start()
		wait := time.Duration(r.IntN(600)) * time.Millisecond
		if r.IntN(8) == 0 { // while it starts
			early := time.AfterFunc(time.Duration(r.IntN(120))*time.Millisecond, func() { p.cmd.Process.Kill() })
			if <-ready {
				wait = 0
			} else {
				l.count("kills while starting")
			}
			early.Stop()
		} else if !<-ready {
			t.Fatalf("round %d: the gate does not start:\n%s", round, p.text())
		}
		ctx, cancel := context.WithCancel(t.Context())
		var load *sync.WaitGroup
		if p.url != "" {
			load = p.load(ctx, s, l, token, round, seed+uint64(round))
			if round%5 == 4 {
				load.Go(func() { h.try("gc") })
			}
		}
		timer := time.NewTimer(wait)
		<-timer.C
		p.kill()
		cancel()
		if load != nil {
			load.Wait()
		}
		if strings.Contains(p.text(), "panic") {
			t.Fatalf("round %d: the gate panicked:\n%s", round, p.text())
		}
		checker.between(round)
		if t.Failed() {
			t.Fatalf("stopped after round %d; the last log:\n%s", round, p.text())
		}
	}
	for file, digest := range l.served {
		if bad[file] {
			t.Errorf("%s was handed out", file)
		}
		if digest != known[file] {
			t.Errorf("%s was handed out with sha256 %s, want %s", file, digest, known[file])
		}
	}
	checker.atTheEnd()
	for _, what := range slices.Sorted(maps.Keys(l.counts)) {
		t.Logf("%-28s %d", what, l.counts[what])
	}
	for _, what := range []string{"requests acknowledged", "uploads acknowledged", "files handed out"} {
		if l.counts[what] < kills/2 {
			t.Errorf("only %d %s in %d rounds: this tests nothing", l.counts[what], what, kills)
		}
	}
}

// checker holds the data folder to the ledger.
type checker struct {
	h     *house
	l     *ledger
	sound map[string]bool // blobs that were read through
}

// between looks at a folder that no process has open.
func (c *checker) between(round int) {
	t := c.h.t
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(c.h.data, "gatehouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := one[string](t, db, `PRAGMA quick_check`); got != "ok" {
		t.Errorf("round %d: the database is damaged: %s", round, got)
	}
	for _, sha := range column(t, db, `SELECT sha256 FROM file UNION SELECT sha256 FROM upload UNION SELECT sha256 FROM report`) {
		c.blob(sha)
	}
	if n := one[int](t, db, `SELECT count(*) FROM standing s JOIN decision d ON d.id = s.decision
		LEFT JOIN evidence e ON e.key = json_extract(d.body, '$.inputs.file_evidence')
		WHERE s.admitted_ms IS NOT NULL AND s.file <> '' AND e.key IS NULL`); n > 0 {
		t.Errorf("round %d: %d files are admitted without a look", round, n)
	}
	for file := range c.l.served {
		if n := one[int](t, db, `SELECT count(*) FROM decision WHERE file = ?1 AND verdict = 'admit'`, file); n == 0 {
			t.Errorf("round %d: %s was handed out and no decision says so", round, file)
		}
	}
	rows := column(t, db, `SELECT id FROM request`)
	for id, purl := range c.l.requests {
		if !slices.Contains(rows, id) {
			t.Errorf("round %d: request %s (%s) was acknowledged and is lost", round, id, purl)
		}
	}
	for file, digest := range c.l.uploads {
		if n := one[int](t, db, `SELECT count(*) FROM upload WHERE name = ?1 AND sha256 = ?2`, file, digest); n != 1 {
			t.Errorf("round %d: the upload of %s was acknowledged and is lost", round, file)
		}
	}
	c.wholeBlobs()
}

// blob reads a blob through that a row names, once.
func (c *checker) blob(sha string) {
	c.h.t.Helper()
	if c.sound[sha] {
		return
	}
	path := filepath.Join(c.h.data, "blobs", "sha256", sha[:2], sha[2:])
	f, err := os.Open(path)
	if err != nil {
		c.h.t.Errorf("a row names blob %s: %v", sha, err)
		return
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil || hex.EncodeToString(h.Sum(nil)) != sha {
		c.h.t.Errorf("blob %s holds other bytes (%v)", sha, err)
		return
	}
	c.sound[sha] = true
}

// wholeBlobs: also those that no row names yet are whole.
func (c *checker) wholeBlobs() {
	c.h.t.Helper()
	err := filepath.WalkDir(filepath.Join(c.h.data, "blobs", "sha256"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		c.blob(filepath.Base(filepath.Dir(path)) + d.Name())
		// Old enough for the next collector to take, if no row names it.
		return os.Chtimes(path, time.Time{}, time.Now().AddDate(0, 0, -30))
	})
	if err != nil {
		c.h.t.Error(err)
	}
}

// atTheEnd lets the gate finish what it acknowledged, and reads it all back.
func (c *checker) atTheEnd() {
	t := c.h.t
	t.Helper()
	p := c.h.up()
	defer p.stop()
	var dead struct{ Jobs []struct{ ID string } }
	if err := json.Unmarshal([]byte(c.h.cli("jobs", "list", "--state", "dead", "--limit", "1000", "--format", "json")), &dead); err != nil {
		t.Fatal(err)
	}
	for _, j := range dead.Jobs { // killed at every try: a person starts them again
		c.h.cli("jobs", "restart", j.ID)
	}
	c.l.counts["dead jobs started again"] = len(dead.Jobs)
	client := &http.Client{}
	deadline := time.Now().Add(10 * time.Minute)
	for id, purl := range c.l.requests {
		for {
			a, err := get(t.Context(), client, p.url+"/api/v1/requests/"+id+"?wait=30s")
			if err != nil {
				t.Fatal(err)
			}
			var out struct{ Status, Verdict string }
			if err := json.Unmarshal(a.body, &out); err != nil || a.status != http.StatusOK {
				t.Fatalf("request %s (%s): %d %s", id, purl, a.status, a.body)
			}
			if out.Status == "done" {
				break
			}
			if out.Status == "failed" || time.Now().After(deadline) {
				t.Errorf("request %s (%s) was acknowledged and is %s:\n%s", id, purl, out.Status, a.body)
				break
			}
		}
	}
	for file, digest := range c.l.uploads {
		a, err := get(t.Context(), client, p.url+"/pypi/files/acme-faults/"+file)
		if err != nil {
			t.Fatal(err)
		}
		if a.status != http.StatusOK || a.digest != digest {
			t.Errorf("upload %s: %d, sha256 %s, want %s\n%.300s", file, a.status, a.digest, digest, a.body)
		}
	}
}

func one[T any](t *testing.T, db *sql.DB, q string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRow(q, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return v
}

func column(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
