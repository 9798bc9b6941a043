//go:build conformance

// Package npm_test runs the real npm, pnpm, yarn and bun against the real binary,
// with a stub registry behind it, and holds what a person sees to what was promised
// them. Everything is on loopback. It needs
//
//	GATEHOUSE_TEST_BINARY        the built gatehouse
//	GATEHOUSE_TEST_NODE_CLIENTS  the folder with npm, pnpm, yarn and bun
//
// which `make conformance` sets. What is missing fails. At the end it prints a table
// of what each client showed in each case.
package npm_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

func TestMain(m *testing.M) {
	if err := clients.FindNode(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	printSeen()
	os.Exit(code)
}

// seen collects what each client showed.
var seen struct {
	mu    sync.Mutex
	lines []string
}

var (
	telling = regexp.MustCompile(`(?i)gatehouse|blocked|held|error|err_|fail|40[0-9]|503|no (candidates|matching)|ETARGET`)
	address = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// note keeps the line that says most.
func note(what string, c clients.NodeClient, r clients.Result, took time.Duration) {
	best := ""
	for line := range strings.Lines(r.Output) {
		line = strings.Join(strings.Fields(line), " ")
		if strings.Contains(line, "gatehouse") && !strings.Contains(best, "gatehouse") || best == "" && telling.MatchString(line) {
			best = line
		}
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	seen.lines = append(seen.lines, fmt.Sprintf("%-42s %-5s exit %d %5.1fs  %.200s", what, c.Name, r.Code, took.Seconds(), address.ReplaceAllString(best, "GATE")))
}

func printSeen() {
	fmt.Println("\nWhat the person sees")
	for _, l := range seen.lines {
		fmt.Println(l)
	}
}

// each runs a case with every client, each on a machine of its own.
func each(t *testing.T, what string, fn func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result) {
	t.Helper()
	for _, c := range clients.Node {
		t.Run(what+"/"+c.Name, func(t *testing.T) {
			began := time.Now()
			r := fn(t, c, clients.NewBox(t))
			note(what, c, r, time.Since(began))
		})
	}
}

type gate struct {
	*clients.Server
	t        *testing.T
	box      *clients.Box
	upstream *stub.NPM
	data     string
	config   string
	osv      string
}

func newGate(t *testing.T, yaml string) *gate {
	t.Helper()
	dir := t.TempDir()
	g := &gate{t: t, box: clients.NewBox(t), upstream: stub.NewNPM(t), data: filepath.Join(dir, "data"), config: filepath.Join(dir, "gatehouse.yaml"), osv: filepath.Join(dir, "osv")}
	text := fmt.Sprintf("upstreams: [{name: stub, ecosystem: npm, url: %q, ttl: 1ms}]\n%s", g.upstream.URL(), yaml)
	if err := os.WriteFile(g.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	g.publish("TEST-0000-0", "gatehouse-conformance-nobody", "0", "")
	g.Server = clients.Serve(t, g.box, "--data", g.data, "--config", g.config)
	return g
}

// publish adds an advisory and has the gate take it in.
func (g *gate) publish(id, name, introduced, fixed string) {
	g.t.Helper()
	events := []map[string]string{{"introduced": introduced}}
	if fixed != "" {
		events = append(events, map[string]string{"fixed": fixed})
	}
	b, err := json.Marshal(map[string]any{
		"schema_version": "1.6.7", "id": id, "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "summary": "made up for a test",
		"severity": []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
		"affected": []map[string]any{{"package": map[string]string{"ecosystem": "npm", "name": name}, "ranges": []map[string]any{{"type": "SEMVER", "events": events}}}},
	})
	if err == nil {
		err = os.MkdirAll(filepath.Join(g.osv, "npm"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(g.osv, "npm", id+".json"), b, 0o644)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.cli("advisories", "sync", "--from", g.osv).OK(g.t)
}

func (g *gate) cli(args ...string) clients.Result {
	g.t.Helper()
	return g.box.Run(clients.Binary, append([]string{"--data", g.data, "--config", g.config}, args...)...)
}

// registry is the address of a registry for npm's clients.
func (g *gate) registry(name string) string {
	if name == "main" {
		return g.URL + "/npm/"
	}
	return g.URL + "/registry/" + name + "/npm/"
}

const (
	day = 24 * time.Hour
	old = 400 * day
)

// add puts ordinary versions of a package upstream.
func (g *gate) add(name string, age time.Duration, versions ...string) {
	for _, v := range versions {
		g.upstream.Add(scantest.Tarball{Name: name, Version: v}, stub.About{Uploaded: time.Now().Add(-age)})
	}
}

// wants asks what is installed.
func wants(t *testing.T, b *clients.Box, name, version string) {
	t.Helper()
	if got := b.NodeInstalled(name); got != version {
		t.Errorf("installed %s %q, want %q", name, got, version)
	}
}

// reason asks that a refusal reached the person: npm and yarn print its words, all of
// them the address with the decision in it, where the index marks the version.
func reason(t *testing.T, c clients.NodeClient, r clients.Result, id string) {
	t.Helper()
	r.Fails(t)
	if c.Name == "npm" || c.Name == "yarn" {
		r.Says(t, "by gatehouse", id)
		return
	}
	r.Says(t, "/blocked/")
}

func install(b *clients.Box, c clients.NodeClient, registry string, specs ...string) clients.Result {
	b.NodeProject(c, registry, "", nil)
	return b.Node(c, append(append([]string{}, c.Add...), specs...)...)
}

func TestInstall(t *testing.T) {
	g := newGate(t, "registries: {main: {}, hide: {present: hide}, hard: {present: hard}}\n")
	g.publish("TEST-2026-1", "ranged", "2.0.0", "2.1.0")
	g.add("good", old, "1.0.0", "1.1.0")
	g.add("@s/good", old, "1.0.0")
	g.add("ranged", old, "1.0.0", "1.1.0", "2.0.0")
	g.add("young", old, "1.0.0")
	g.add("young", 2*day, "1.1.0") // yarn itself passes over what is younger than one day
	main, hide, hard := g.registry("main"), g.registry("hide"), g.registry("hard")

	each(t, "good", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "good", "@s/good").OK(t)
		wants(t, b, "good", "1.1.0")
		wants(t, b, "@s/good", "1.0.0")
		if (c.Name == "pnpm" || c.Name == "yarn") && strings.Contains(b.Read(c.Lock), "127.0.0.1") {
			t.Errorf("the lock names this gate:\n%s", b.Read(c.Lock))
		}
		return r
	})
	each(t, "soft: newest is refused", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "ranged").OK(t)
		wants(t, b, "ranged", "1.1.0")
		return r
	})
	each(t, "soft: a range that holds a refused one", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "ranged@>=1.0.0").OK(t)
		wants(t, b, "ranged", "1.1.0")
		return r
	})
	each(t, "soft: an exact pin", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "ranged@2.0.0")
		reason(t, c, r, "TEST-2026-1")
		wants(t, b, "ranged", "")
		return r
	})
	each(t, "hide: newest is refused", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, hide, "ranged").OK(t)
		wants(t, b, "ranged", "1.1.0")
		return r
	})
	each(t, "hide: an exact pin", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		return install(b, c, hide, "ranged@2.0.0").Fails(t).SaysNot(t, "blocked by gatehouse")
	})
	each(t, "hard: newest is refused", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, hard, "ranged").Fails(t)
		if c.Name == "npm" || c.Name == "yarn" {
			r.Says(t, "TEST-2026-1")
		}
		wants(t, b, "ranged", "")
		return r
	})
	each(t, "held: newest is too young", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "young").OK(t)
		wants(t, b, "young", "1.0.0")
		return r
	})
	each(t, "held: an exact pin", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, main, "young@1.1.0")
		reason(t, c, r, "held by gatehouse")
		return r
	})
}

// TestFrozenLocks: a lock of yesterday installs as it stands, until an advisory says
// otherwise; then every client meets the refusal.
func TestFrozenLocks(t *testing.T) {
	g := newGate(t, "")
	g.add("locked", old, "1.0.0")
	boxes := map[string]*clients.Box{}
	for _, c := range clients.Node {
		boxes[c.Name] = clients.NewBox(t)
		install(boxes[c.Name], c, g.registry("main"), "locked@1.0.0").OK(t)
	}
	frozen := func(t *testing.T, c clients.NodeClient) (clients.Result, *clients.Box) {
		b := clients.NewBox(t)
		b.NodeProject(c, g.registry("main"), "", nil)
		for _, f := range []string{"package.json", c.Lock} {
			b.Write(f, boxes[c.Name].Read(f))
		}
		return b.Node(c, c.Frozen...), b
	}
	each(t, "frozen lock", func(t *testing.T, c clients.NodeClient, _ *clients.Box) clients.Result {
		r, b := frozen(t, c)
		wants(t, b, "locked", "1.0.0")
		return r.OK(t)
	})
	g.publish("MAL-2026-2", "locked", "0", "")
	each(t, "frozen lock of what was recalled", func(t *testing.T, c clients.NodeClient, _ *clients.Box) clients.Result {
		r, b := frozen(t, c)
		r.Fails(t)
		if c.Name == "npm" || c.Name == "yarn" {
			r.Says(t, "MAL-2026-2")
		}
		wants(t, b, "locked", "")
		return r
	})
}

// TestAuditAgrees: what the clients' own audits say is what the gate decides.
func TestAuditAgrees(t *testing.T) {
	g := newGate(t, "")
	g.add("audited", old, "1.0.0", "1.1.0")
	g.add("fine", old, "1.0.0")
	audits := map[string][]string{"npm": {"audit"}, "pnpm": {"audit"}, "yarn": {"npm", "audit"}, "bun": {"audit"}}
	boxes := map[string]*clients.Box{}
	for _, c := range clients.Node {
		boxes[c.Name] = clients.NewBox(t)
		install(boxes[c.Name], c, g.registry("main"), "audited@1.0.0", "fine").OK(t)
		boxes[c.Name].Node(c, audits[c.Name]...).OK(t)
	}
	g.publish("TEST-2026-3", "audited", "1.0.0", "1.1.0")
	each(t, "audit", func(t *testing.T, c clients.NodeClient, _ *clients.Box) clients.Result {
		return boxes[c.Name].Node(c, audits[c.Name]...).Fails(t).Says(t, "TEST-2026-3", "audited").SaysNot(t, "fine")
	})
	if r := boxes["npm"].Node(clients.Node[0], "audit", "--json"); !strings.Contains(r.Stdout, "1.1.0") {
		t.Errorf("npm audit does not find the fix:\n%s", r)
	}
}

// TestPublishing: what is published here is what is installed from here.
func TestPublishing(t *testing.T) {
	g := newGate(t, "internal_names: ['npm:@acme/*']\n")
	token := strings.TrimSpace(g.cli("token", "create", "--role", "publisher", "--name", "ann").OK(t).Stdout)
	admin := strings.TrimSpace(g.cli("token", "create", "--role", "admin", "--name", "ops").OK(t).Stdout)
	main := g.registry("main")
	npm := clients.Node[0]
	each(t, "publish", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		name := "@acme/by-" + c.Name
		b.NodeProject(c, main, token, map[string]any{"name": name, "version": "1.0.0", "bin": map[string]string{"hello": "cli.js"}})
		b.Write("cli.js", "#!/usr/bin/env node\n")
		if c.Name == "yarn" { // which publishes only what it has installed
			b.Node(c, "install").OK(t)
		}
		r := b.Node(c, c.Publish...).OK(t)
		again := clients.NewBox(t)
		other := map[string]any{"name": name, "version": "1.0.0", "description": "other bytes"}
		again.NodeProject(c, main, token, other)
		again.Node(c, c.Publish...).Fails(t)
		reader := clients.NewBox(t)
		install(reader, npm, main, name).OK(t)
		wants(t, reader, name, "1.0.0")
		return r
	})
	b := clients.NewBox(t)
	b.NodeProject(npm, main, token, map[string]any{"name": "@acme/tagged", "version": "1.0.0"})
	b.Node(npm, "publish").OK(t)
	b.Write("package.json", `{"name":"@acme/tagged","version":"1.1.0-rc.1"}`)
	b.Node(npm, "publish", "--tag", "next").OK(t)
	b.Node(npm, "dist-tag", "add", "@acme/tagged@1.1.0-rc.1", "try").OK(t)
	b.Node(npm, "dist-tag", "ls", "@acme/tagged").OK(t).Says(t, "latest: 1.0.0", "next: 1.1.0-rc.1", "try: 1.1.0-rc.1")
	b.Node(npm, "dist-tag", "rm", "@acme/tagged", "try").OK(t)
	b.Node(npm, "dist-tag", "ls", "@acme/tagged").OK(t).SaysNot(t, "try:")
	b.Node(npm, "deprecate", "@acme/tagged@1.0.0", "take another").OK(t)
	b.Node(npm, "view", "@acme/tagged@1.0.0", "deprecated").OK(t).Says(t, "take another")
	b.Node(npm, "deprecate", "@acme/tagged@1.0.0", "").OK(t)
	b.Node(npm, "view", "@acme/tagged@1.0.0", "deprecated").OK(t).SaysNot(t, "take another")
	b.Node(npm, "whoami").OK(t).Says(t, "ann")
	b.Node(npm, "ping").OK(t)
	b.Node(npm, "search", "tagged").OK(t).Says(t, "@acme/tagged")
	b.Node(npm, "unpublish", "@acme/tagged@1.1.0-rc.1", "--force").Fails(t).Says(t, "admin")
	ops := clients.NewBox(t)
	ops.NodeProject(npm, main, admin, nil)
	ops.Node(npm, "unpublish", "@acme/tagged@1.1.0-rc.1", "--force").OK(t)
	b.Node(npm, "publish", "--tag", "next").Fails(t).Says(t, "not used again")
	stranger := clients.NewBox(t)
	stranger.NodeProject(npm, main, "", map[string]any{"name": "@acme/strange", "version": "1.0.0"})
	stranger.Node(npm, "publish").Fails(t)
	outside := clients.NewBox(t)
	outside.NodeProject(npm, main, token, map[string]any{"name": "not-ours", "version": "1.0.0"})
	outside.Node(npm, "publish").Fails(t).Says(t, "internal_names")
}

// TestLooking: what each client does about a file that is still being looked at,
// which is 503 with Retry-After. A second try finds it.
func TestLooking(t *testing.T) {
	g := newGate(t, "limits: {pull_wait: 100ms}\n")
	g.upstream.Delay(4 * time.Second)
	for _, c := range clients.Node {
		g.add("slow-"+c.Name, old, "1.0.0")
	}
	each(t, "a file that is looked at for 4 s", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, g.registry("main"), "slow-"+c.Name)
		if r.Code != 0 {
			g.wait("slow-" + c.Name)
			b.Node(c, append(append([]string{}, c.Add...), "slow-"+c.Name)...).OK(t)
		}
		wants(t, b, "slow-"+c.Name, "1.0.0")
		return r
	})
}

// wait asks for a file until it is there, as Retry-After says.
func (g *gate) wait(name string) {
	g.t.Helper()
	for range 30 {
		res, err := http.Get(g.registry("main") + name + "/-/" + name + "-1.0.0.tgz")
		if err != nil {
			g.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			g.t.Fatalf("while it is looked at: %s %v", res.Status, res.Header)
		}
		time.Sleep(time.Second)
	}
	g.t.Fatal("it is still being looked at")
}

// TestAsOf: a registry as it stood knows nothing that came later.
func TestAsOf(t *testing.T) {
	g := newGate(t, "")
	g.add("dated", old, "1.0.0")
	g.add("dated", 30*day, "1.1.0")
	then := g.URL + "/asof/" + time.Now().Add(-100*day).UTC().Format(time.RFC3339) + "/npm/"
	each(t, "as of a moment", func(t *testing.T, c clients.NodeClient, b *clients.Box) clients.Result {
		r := install(b, c, then, "dated").OK(t)
		wants(t, b, "dated", "1.0.0")
		return r
	})
}
