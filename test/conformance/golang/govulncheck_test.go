//go:build conformance

package golang_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// govulncheck is where the pinned one is.
func govulncheck(t *testing.T) string {
	t.Helper()
	path := filepath.Join(os.Getenv("GATEHOUSE_TEST_GO_CLIENTS"), "govulncheck")
	if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !st.Mode().IsRegular() {
		t.Fatalf("%q is no program here; run: make conformance", path)
	}
	return path
}

// vulnerable is a gate with two registries over records of three kinds: with symbols,
// of another database with an end that govulncheck does not know, and of the standard
// library. Own code calls Bad of mod 1.1.0, which somebody has in the cache already.
func vulnerable(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, Box: newBox(t), proxy: stub.NewGoProxy(t)}
	for _, v := range []string{"v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"} {
		w.proxy.Put(t, stub.GoModule{Path: mod, Version: v, GoMod: "module " + mod + "\n\ngo 1.20\n", Files: map[string]string{"mod.go": "package mod\n\nfunc Bad() string { return \"bad\" }\n\nfunc Good() string { return \"good\" }\n"}})
	}
	dir := t.TempDir()
	config, osv := filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "osv")
	write(t, config, fmt.Sprintf("upstreams: [{name: stub, ecosystem: golang, url: %q, ttl: 1ms, options: {sumdb: %q}}]\nregistries: {main: {}, other: {}}\n", w.proxy.URL(), w.proxy.Key()))
	record := func(id, aliases, name, ranges, more string) {
		write(t, filepath.Join(osv, "Go", id+".json"), `{"schema_version":"1.3.1","id":"`+id+`","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","aliases":[`+aliases+`],"summary":"made up for a test","details":"made up for a test",
			"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
			"affected":[{"package":{"ecosystem":"Go","name":"`+name+`"},"ranges":[{"type":"SEMVER","events":[`+ranges+`]}]`+more+`}]}`)
	}
	record("GO-2026-1", `"CVE-2026-1","GHSA-aaaa-aaaa-aaaa"`, mod, `{"introduced":"1.1.0"},{"fixed":"1.2.0"}`, `,"ecosystem_specific":{"imports":[{"path":"`+mod+`","symbols":["Bad"]}]}`)
	record("GHSA-aaaa-aaaa-aaaa", `"CVE-2026-1"`, mod, `{"introduced":"1.1.0"},{"fixed":"1.2.0"}`, "")
	record("GHSA-bbbb-bbbb-bbbb", "", mod, `{"introduced":"1.0.0"},{"last_affected":"1.0.0"}`, "")
	record("GO-2026-2", "", "stdlib", `{"introduced":"0"}`, `,"ecosystem_specific":{"imports":[{"path":"os","symbols":["Getenv"]}]}`)
	w.flags = []string{"--data", filepath.Join(dir, "data"), "--config", config}
	w.cli("advisories", "sync", "--from", osv).OK(t)
	w.Server = clients.Serve(t, w.Box, w.flags...)
	w.Env = append(w.Env, "GOPROXY="+w.proxy.URL(), "GOSUMDB="+w.proxy.Key(), "GOFLAGS=-modcacherw -mod=mod", "GOTOOLCHAIN=local",
		"GOMODCACHE="+filepath.Join(w.Home, "mod"), "GOCACHE="+buildCache, "CGO_ENABLED=0")
	w.uses("v1.1.0", "mod.Bad()")
	return w
}

// uses writes a program that needs a version of mod.
func (w *world) uses(version, expression string) {
	w.t.Helper()
	w.Write("go.mod", "module example.invalid/own\n\ngo 1.24\n\nrequire "+mod+" "+version+"\n")
	w.Write("main.go", "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.invalid/mod\"\n)\n\nfunc main() { fmt.Println("+expression+") }\n")
	w.with(nil, "build", "-o", os.DevNull, ".").OK(w.t)
}

// finds runs govulncheck against a registry's database and says whether it ended well
// and what it found.
func (w *world) finds(db string, want bool, words ...string) {
	w.t.Helper()
	r := w.Run(govulncheck(w.t), "-db", w.URL+db, "-show", "verbose", ".")
	w.shows(r, words...)
	const affected = 3
	if got := r.Code == affected; got != want || r.Code != 0 && r.Code != affected {
		w.t.Errorf("%s: exit %d, finds something: %t, want %t", db, r.Code, got, want)
	}
}

// TestVulnerabilityDatabase: govulncheck finds what the gate finds, in the records' own
// words, and what was waived in a registry is gone there alone.
func TestVulnerabilityDatabase(t *testing.T) {
	w := vulnerable(t)
	w.finds("/govulndb", true, "GO-2026-1", "Fixed in: "+mod+"@v1.2.0", "mod.Bad")
	if r := w.cli("audit", "go.mod"); r.Code != 1 || !strings.Contains(r.Output, "GO-2026-1") {
		w.shows(r, "GO-2026-1")
	}
	w.uses("v1.1.0", "mod.Good()")
	w.finds("/govulndb", false, "GO-2026-1", "your code doesn't appear to call") // what symbols are for
	w.uses("v1.0.0", "mod.Good()")
	w.finds("/govulndb", true, "GHSA-bbbb-bbbb-bbbb")
	w.uses("v1.2.0", "mod.Bad()")
	w.finds("/govulndb", false, "No vulnerabilities found") // last_affected is an end
	w.Write("main.go", "package main\n\nimport (\n\t\"os\"\n\n\t\"example.invalid/mod\"\n)\n\nfunc main() { println(os.Getenv(mod.Good())) }\n")
	w.finds("/govulndb", true, "GO-2026-2", "Standard library")

	w.uses("v1.1.0", "mod.Bad()")
	w.cli("waive", "pkg:golang/"+mod+"@v1.1.0", "--rule", "vulnerability-fixed", "--until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly), "--reason", "not reachable").OK(t)
	w.finds("/govulndb", false, "No vulnerabilities found")
	w.finds("/registry/main/govulndb", false)
	w.finds("/asof/2026-01-02T00:00:00Z/govulndb", false)
	w.finds("/registry/other/govulndb", true, "GO-2026-1")
	w.uses("v1.0.0", "mod.Good()")
	w.finds("/govulndb", true, "GHSA-bbbb-bbbb-bbbb")

	resp, err := http.Head(w.URL + "/govulndb/index/modules.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") == "" {
		t.Errorf("HEAD, by which govulncheck knows a database: %s %v", resp.Status, resp.Header)
	}
}
