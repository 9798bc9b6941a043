//go:build conformance

// Package clients_test runs the real pip, uv and poetry against the real binary,
// with a stub index behind it, and holds what a person sees to what was promised
// them: exit code and words. Everything is on loopback. It needs
//
//	GATEHOUSE_TEST_BINARY   the built gatehouse
//	GATEHOUSE_TEST_CLIENTS  the folder with pip, uv, poetry and twine
//	GATEHOUSE_TEST_PYTHON   the interpreter that virtual environments are made of
//
// which `make conformance` sets. What is missing fails: a client that nobody
// tried is a client that nobody knows anything about. At the end it prints a
// table of what each client showed in each case.
package clients_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

type (
	box    = clients.Box
	result = clients.Result
	client = clients.Client
)

func newBox(t *testing.T) *box { return clients.NewBox(t) }

func TestMain(m *testing.M) {
	if err := clients.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	table.print()
	os.Exit(code)
}

// each runs a case with every client, each in a new box.
func each(t *testing.T, what string, fn func(t *testing.T, c client, b *box) result) {
	t.Helper()
	for _, c := range clients.All {
		t.Run(c.Name, func(t *testing.T) {
			table.add(c.Name, what, fn(t, c, newBox(t)))
		})
	}
}

// table collects what each client showed.
var table sightings

type sightings struct {
	mu   sync.Mutex
	rows []sighting
}

type sighting struct{ client, what, sees string }

func (s *sightings) add(client, what string, r result) {
	s.note(client, what, fmt.Sprintf("exit %d: %s", r.Code, gist(r.Output)))
}

// note is add for what was measured rather than shown.
func (s *sightings) note(client, what, sees string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, sighting{client, what, sees})
}

var (
	telling  = regexp.MustCompile(`(?i)gatehouse|held by|blocked|error|fail|successfully|^ *\+ |installing |no matching|doesn't match|upgrad|unauthor|\b40[0-9]\b|\b503\b`)
	address  = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	temp     = regexp.MustCompile(`(/[\w.-]+)*/(work|tmp)[\w./-]*`)
	longLine = 260
)

// gist picks the line that says most: the refusal's own, else one that names the
// gate, else the last that tells an outcome.
func gist(output string) string {
	best, rank := "", 0
	for line := range strings.Lines(output) {
		line = strings.Join(strings.Fields(line), " ")
		is := 0
		switch {
		case strings.Contains(line, "blocked by gatehouse"), strings.Contains(line, "held by gatehouse"):
			is = 4
		case strings.Contains(line, "by gatehouse"):
			is = 3
		case strings.Contains(line, "[gatehouse]"):
			is = 2
		case telling.MatchString(line):
			is = 1
		}
		if is > rank || (is == 1 && rank == 1) {
			best, rank = line, is
		}
	}
	best = temp.ReplaceAllString(address.ReplaceAllString(best, "GATE"), "…")
	if len(best) > longLine {
		best = best[:longLine] + "…"
	}
	return best
}

func (s *sightings) print() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) == 0 {
		return
	}
	slices.SortStableFunc(s.rows, func(a, b sighting) int { return strings.Compare(a.what, b.what) })
	fmt.Println("\nWhat the person sees")
	last := ""
	for _, r := range s.rows {
		if r.what != last {
			fmt.Println("\n" + r.what)
			last = r.what
		}
		fmt.Printf("  %-7s %s\n", r.client, r.sees)
	}
	fmt.Println()
}

// gate is a running gatehouse over a data folder of its own, with a stub index
// as its upstream.
type gate struct {
	*clients.Server
	upstream *stub.Index
	t        *testing.T
	box      *box // whose home the gate's own commands run in
	data     string
	config   string
	osv      string // the folder with the advisories
	listen   string
}

// settings are what a test changes of a gate.
type settings struct {
	yaml   string // further lines of the configuration
	osv    []advisory
	listen string        // host:port; "" for a free port of loopback
	before func(g *gate) // runs with everything but the server there
}

// advisory is a made-up OSV record.
type advisory struct {
	id, name          string
	introduced, fixed string // fixed "" for none
	severity          string // CVSS vector; "" for high
}

const high = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

func newGate(t *testing.T, s settings) *gate {
	t.Helper()
	dir := t.TempDir()
	g := &gate{upstream: stub.New(t), t: t, box: newBox(t), data: filepath.Join(dir, "data"), config: filepath.Join(dir, "gatehouse.yaml"), osv: filepath.Join(dir, "osv"), listen: cmp.Or(s.listen, "127.0.0.1:0")}
	text := fmt.Sprintf("upstreams: [{name: stub, ecosystem: pypi, url: %q, ttl: 1ms}]\nmatrix: {python: [%q]}\n%s", g.upstream.URL(), clients.PythonVersion, s.yaml)
	if err := os.WriteFile(g.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	g.publish(append(s.osv, advisory{id: "TEST-0000-0", name: "gatehouse-conformance-nobody", introduced: "0"})...)
	g.sync()
	if s.before != nil {
		s.before(g)
	}
	g.start()
	return g
}

// start runs the server, again when it was stopped.
func (g *gate) start() {
	g.t.Helper()
	g.Server = clients.Serve(g.t, g.box, "--listen", g.listen, "--data", g.data, "--config", g.config)
}

// publish adds advisories to the folder that the gate syncs from.
func (g *gate) publish(as ...advisory) {
	g.t.Helper()
	if err := os.MkdirAll(filepath.Join(g.osv, "PyPI"), 0o755); err != nil {
		g.t.Fatal(err)
	}
	for _, a := range as {
		events := []map[string]string{{"introduced": a.introduced}}
		if a.fixed != "" {
			events = append(events, map[string]string{"fixed": a.fixed})
		}
		severity := a.severity
		if severity == "" {
			severity = high
		}
		record := map[string]any{
			"schema_version": "1.6.7", "id": a.id, "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
			"summary": "made up for a test", "severity": []map[string]string{{"type": "CVSS_V3", "score": severity}},
			"affected": []map[string]any{{"package": map[string]string{"ecosystem": "PyPI", "name": a.name}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": events}}}},
		}
		b, err := json.Marshal(record)
		if err != nil {
			g.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(g.osv, "PyPI", a.id+".json"), b, 0o644); err != nil {
			g.t.Fatal(err)
		}
	}
}

// sync has the gate take the folder's advisories. A server that runs goes by them
// from the next request on: nobody waits.
func (g *gate) sync() {
	g.t.Helper()
	g.cli("advisories", "sync", "--from", g.osv).OK(g.t)
}

// cli runs a command of the binary over the gate's data folder.
func (g *gate) cli(args ...string) result {
	g.t.Helper()
	return g.box.Run(clients.Binary, append([]string{"--data", g.data, "--config", g.config}, args...)...)
}

// registry is the index of a registry that is not the main one.
func (g *gate) registry(name string) string { return g.URL + "/registry/" + name + "/pypi/simple/" }

// wheel adds an ordinary wheel of a package to the upstream, uploaded so long
// ago, and gives its file name.
func (g *gate) wheel(name, version string, age time.Duration) string {
	g.t.Helper()
	return g.upstream.Add(scantest.Wheel{Name: name, Version: version}, stub.About{Uploaded: time.Now().Add(-age)})
}

const (
	day = 24 * time.Hour
	old = 400 * day
)

// ask sends a request of the test's own; follow says whether redirects are.
func (g *gate) ask(method, url, accept string) (*http.Response, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, url, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		g.t.Fatal(err)
	}
	return res, string(b)
}
