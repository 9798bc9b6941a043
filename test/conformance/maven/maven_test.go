//go:build conformance

// Package maven_test runs Maven 3.8, 3.9 and 4 against the real binary, with a stub
// repository behind it, and holds what a person sees to what was promised them.
// Everything is on loopback. It needs GATEHOUSE_TEST_BINARY and the clients that
// `make conformance` names, and Debian's mvn on the PATH. What is missing fails.
package maven_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

func TestMain(m *testing.M) {
	if err := clients.FindMaven(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const group = "org.example.stub"

// world is a gate over a repository, and a machine with Maven.
type world struct {
	*clients.Server
	*clients.Box
	t     *testing.T
	repo  *stub.MavenRepo
	flags []string // of the gate's own commands
}

// newWorld has dep, and demo with a parent of its own: 1.0.0 which is good and 1.1.0,
// which has an advisory and is presented as asked; and young, a version of which is an
// hour old. The settings stand in the gate's configuration.
func newWorld(t *testing.T, present string, settings ...string) *world {
	t.Helper()
	w := &world{t: t, Box: clients.NewBox(t), repo: stub.NewMavenRepo(t)}
	parent := "  <parent><groupId>" + group + "</groupId><artifactId>parent</artifactId><version>1</version></parent>\n"
	needs := []stub.MavenNeed{{Group: group, Artifact: "dep", Version: "1.0.0"}}
	w.repo.Put(t,
		stub.MavenVersion{Group: group, Artifact: "parent", Version: "1", Packaging: "pom"},
		stub.MavenVersion{Group: group, Artifact: "dep", Version: "1.0.0"},
		stub.MavenVersion{Group: group, Artifact: "demo", Version: "1.0.0", Needs: needs, More: parent},
		stub.MavenVersion{Group: group, Artifact: "demo", Version: "1.1.0", Needs: needs, More: parent},
		stub.MavenVersion{Group: group, Artifact: "young", Version: "1.0.0"},
		stub.MavenVersion{Group: group, Artifact: "young", Version: "1.1.0", Published: time.Now().Add(-time.Hour)},
	)
	dir := t.TempDir()
	config, osv := filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "osv")
	write(t, config, fmt.Sprintf("upstreams: [{name: stub, ecosystem: maven, url: %q, ttl: 1ms}]\ninternal_names: [\"maven:com.acme:*\"]\nregistries: {main: {present: %s}}\n%s", w.repo.URL(), present, strings.Join(settings, "")))
	write(t, filepath.Join(osv, "Maven", "TEST-2026-1.json"), advisory(t, group+":demo", "1.1.0"))
	w.flags = []string{"--data", filepath.Join(dir, "data"), "--config", config}
	w.gate("advisories", "sync", "--from", osv).OK(t)
	w.Server = clients.Serve(t, w.Box, w.flags...)
	w.MavenHome()
	w.gate("client", "setup", "mvn", "--url", w.URL).OK(t)
	return w
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func advisory(t *testing.T, name, introduced string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"schema_version": "1.6.7", "id": "TEST-2026-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "summary": "made up for a test",
		"severity": []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
		"affected": []map[string]any{{"package": map[string]string{"ecosystem": "Maven", "name": name}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": []map[string]string{{"introduced": introduced}}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// gate runs a command of the gate's.
func (w *world) gate(args ...string) clients.Result {
	return w.Run(clients.Binary, append(append([]string{}, w.flags...), args...)...)
}

// project writes a project that needs one artifact.
func (w *world) project(group, artifact, version string) {
	w.Write("pom.xml", fmt.Sprintf("<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>org.example.own</groupId>\n  <artifactId>own</artifactId>\n  <version>1.0</version>\n  <dependencies>\n    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n  </dependencies>\n</project>\n", group, artifact, version))
}

// resolve has a Maven fetch what the project needs, with nothing fetched before.
func (w *world) resolve(c clients.MavenClient, args ...string) clients.Result {
	w.t.Helper()
	w.MavenForgets(group)
	r := w.MavenResolve(c, args...)
	w.t.Logf("Maven %s: exit %d: %s", c.Name, r.Code, strings.TrimSpace(r.Output))
	return r
}

func (w *world) fetched(files ...string) {
	w.t.Helper()
	for _, f := range files {
		if !w.MavenHas(group, f) {
			w.t.Errorf("%s was not fetched", f)
		}
	}
}

func (w *world) shows(r clients.Result, words ...string) {
	w.t.Helper()
	if r.Code == 0 {
		w.t.Errorf("it went well")
	}
	for _, word := range words {
		if !strings.Contains(r.Output, word) {
			w.t.Errorf("it does not say %q", word)
		}
	}
}

// TestPresentations: a range takes the newest good version where what is refused is left
// out, and hears why not where it is offered. Checksums that differ would fail (-C).
func TestPresentations(t *testing.T) {
	for _, present := range []string{"soft", "hide", "hard"} {
		t.Run(present, func(t *testing.T) {
			w := newWorld(t, present)
			w.project(group, "demo", "[1.0,2.0)")
			for _, c := range clients.Mavens {
				t.Run(c.Name, func(t *testing.T) {
					v := *w
					v.t = t
					r := v.resolve(c, "-C")
					if present == "hard" {
						v.shows(r, "403", "TEST-2026-1", w.URL+"/d/")
						return
					}
					r.OK(t)
					v.fetched("demo/1.0.0/demo-1.0.0.jar", "dep/1.0.0/dep-1.0.0.jar", "parent/1/parent-1.pom")
					if v.MavenHas(group, "demo/1.1.0/demo-1.1.0.jar") {
						t.Error("what is refused was fetched")
					}
				})
			}
			if n := w.repo.Asked("/org/example/stub/dep/1.0.0/dep-1.0.0.jar"); present != "hard" && n != 1 {
				t.Errorf("a jar was fetched %d times", n)
			}
		})
	}
}

// TestRefused: a version that a pom names, and one that is too young, hear why not; what
// does not exist is not refused; a release is asked for in place of a snapshot.
func TestRefused(t *testing.T) {
	w := newWorld(t, "soft")
	for _, c := range clients.Mavens {
		t.Run(c.Name, func(t *testing.T) {
			v := *w
			v.t = t
			v.project(group, "demo", "1.1.0")
			v.shows(v.resolve(c), "403", "TEST-2026-1", w.URL+"/d/")
			v.project(group, "young", "1.1.0")
			v.shows(v.resolve(c), "403", "young-1.1.0.jar", w.URL+"/d/")
			v.project(group, "nothing", "1.0")
			r := v.resolve(c)
			v.shows(r, "nothing")
			if strings.Contains(r.Output, "blocked by gatehouse") || strings.Contains(r.Output, "held by gatehouse") {
				t.Error("what does not exist is called refused")
			}
		})
	}
}

// TestWaiver: Maven remembers a refusal, and -U asks again.
func TestWaiver(t *testing.T) {
	w := newWorld(t, "soft")
	c := clients.Mavens[0]
	w.project(group, "demo", "1.1.0")
	w.shows(w.resolve(c), "TEST-2026-1")
	w.gate("waive", "pkg:maven/"+group+"/demo@1.1.0", "--rule", "vulnerability-unfixed", "--until", time.Now().AddDate(0, 0, 7).Format(time.DateOnly), "--reason", "made up for a test").OK(t)
	w.MavenResolve(c, "-U").OK(t)
	w.fetched("demo/1.1.0/demo-1.1.0.jar")
}

// TestDeploy: what is deployed here is built with from here, and nobody outside hears of
// it.
func TestDeploy(t *testing.T) {
	w := newWorld(t, "soft")
	token := strings.TrimSpace(w.gate("token", "create", "--role", "publisher", "--name", "ci").OK(t).Stdout)
	write(t, filepath.Join(w.Home, "deploy.xml"), fmt.Sprintf("<settings><servers><server><id>gatehouse</id><username>token</username><password>%s</password></server></servers><mirrors><mirror><id>gatehouse</id><mirrorOf>*</mirrorOf><url>%s/maven</url></mirror></mirrors></settings>\n", token, w.URL))
	for i, c := range clients.Mavens {
		t.Run(c.Name, func(t *testing.T) {
			v := *w
			v.t = t
			own := stub.MavenVersion{Group: "com.acme", Artifact: "lib", Version: fmt.Sprintf("1.%d.0", i), Needs: []stub.MavenNeed{{Group: group, Artifact: "demo", Version: "1.0.0"}}}
			deploy := func(own stub.MavenVersion) clients.Result {
				v.Write("lib.jar", string(own.Jar(t)))
				v.Write("lib.xml", string(own.POM()))
				v.Write("sources.jar", string(stub.MavenVersion{Group: "com.acme", Artifact: "sources", Version: "1"}.Jar(t)))
				r := v.MavenDeploy(c, v.URL+"/maven", "-Dfile=lib.jar", "-DpomFile=lib.xml", "-Dsources=sources.jar", "-s", filepath.Join(v.Home, "deploy.xml"))
				t.Logf("exit %d: %s", r.Code, strings.TrimSpace(r.Output))
				return r
			}
			deploy(own).OK(t)
			v.project("com.acme", "lib", "[1.0,2.0)")
			v.MavenForgets("com.acme")
			v.resolve(c, "-C").OK(t)
			if !v.MavenHas("com.acme", "lib/"+own.Version+"/lib-"+own.Version+".jar") {
				t.Errorf("what was deployed last was not taken")
			}
			v.fetched("demo/1.0.0/demo-1.0.0.jar")
			own.Files = map[string]string{"other.txt": "other bytes"}
			if c.Name == "4.0" { // of what is refused to a PUT it prints the status alone
				v.shows(deploy(own), "409")
				return
			}
			v.shows(deploy(own), "already exists")
			own.Group, own.Version = "org.somebody", "1.0"
			v.shows(deploy(own), "internal_names")
		})
	}
	for _, path := range w.repo.Requests() {
		if strings.Contains(path, "acme") {
			t.Errorf("outside was asked for %s", path)
		}
	}
}

// TestSnapshots: what is deployed as a snapshot is built with from here, the newest build
// of it, as many builds stay as are kept, and nobody outside hears of it; a snapshot from
// outside is refused with the reason.
func TestSnapshots(t *testing.T) {
	w := newWorld(t, "soft", "snapshots: {keep: 2}\n")
	token := strings.TrimSpace(w.gate("token", "create", "--role", "publisher", "--name", "ci").OK(t).Stdout)
	settings := filepath.Join(w.Home, "deploy.xml")
	write(t, settings, fmt.Sprintf("<settings><servers><server><id>gatehouse</id><username>token</username><password>%s</password></server></servers><mirrors><mirror><id>gatehouse</id><mirrorOf>*</mirrorOf><url>%s/maven</url></mirror></mirrors></settings>\n", token, w.URL))
	for i, c := range clients.Mavens {
		t.Run(c.Name, func(t *testing.T) {
			v := *w
			v.t = t
			own := stub.MavenVersion{Group: "com.acme", Artifact: "moving", Version: fmt.Sprintf("1.%d-SNAPSHOT", i), Needs: []stub.MavenNeed{{Group: group, Artifact: "demo", Version: "1.0.0"}}}
			folder := "moving/" + own.Version + "/"
			deploy := func(body string) clients.Result {
				own.Files = map[string]string{"body.txt": body}
				v.Write("lib.jar", string(own.Jar(t)))
				v.Write("lib.xml", string(own.POM()))
				v.Write("sources.jar", string(stub.MavenVersion{Group: "com.acme", Artifact: "sources", Version: "1"}.Jar(t)))
				r := v.MavenDeploy(c, v.URL+"/maven", "-Dfile=lib.jar", "-DpomFile=lib.xml", "-Dsources=sources.jar", "-s", settings)
				t.Logf("exit %d: %s", r.Code, strings.TrimSpace(r.Output))
				return r
			}
			for _, body := range []string{"first", "second", "third"} {
				deploy(body).OK(t)
				v.snapshotProject("com.acme", "moving", own.Version)
				v.MavenForgets("com.acme")
				v.resolve(c, "-C", "-U").OK(t)
				if got := v.read(t, folder+"moving-"+own.Version+".jar"); got != string(own.Jar(t)) {
					t.Errorf("after the %s deploy there are %d bytes of another jar", body, len(got))
				}
			}
			v.fetched("demo/1.0.0/demo-1.0.0.jar")
			doc := get(t, v.URL+"/maven/com/acme/"+folder+"maven-metadata.xml")
			if !strings.Contains(doc, "<buildNumber>3</buildNumber>") || !strings.Contains(doc, "<classifier>sources</classifier>") {
				t.Errorf("its metadata: %s", doc)
			}
			v.snapshotProject(group, "outside", "1.0-SNAPSHOT")
			v.shows(v.resolve(c, "-U"), "snapshots from outside")
		})
	}
	for _, path := range w.repo.Requests() {
		if strings.Contains(path, "acme") || strings.Contains(path, "SNAPSHOT") {
			t.Errorf("outside was asked for %s", path)
		}
	}
}

// snapshotProject writes a project that needs a snapshot, from a repository that may have
// them, as docs/maven.md says it.
func (w *world) snapshotProject(group, artifact, version string) {
	w.project(group, artifact, version)
	pom := strings.Replace(string(w.file("pom.xml")), "</project>", "  <repositories>\n    <repository>\n      <id>gatehouse</id>\n      <url>https://gate.example/maven</url>\n      <snapshots><enabled>true</enabled></snapshots>\n    </repository>\n  </repositories>\n</project>", 1)
	w.Write("pom.xml", pom)
}

// file reads a file of the project.
func (w *world) file(name string) []byte {
	w.t.Helper()
	b, err := os.ReadFile(w.Path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// read is a file of com.acme in the local repository.
func (w *world) read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.Home, ".m2", "repository", "com", "acme", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, resp.Status, b, err)
	}
	return string(b)
}

// TestSlow: Maven waits for the first look.
func TestSlow(t *testing.T) {
	w := newWorld(t, "soft")
	w.repo.Delay(300 * time.Millisecond)
	w.project(group, "demo", "1.0.0")
	w.resolve(clients.Mavens[0]).OK(t)
}

// TestBusy: what Maven does with 503 and Retry-After, which is why a request for a file
// waits (docs/maven.md).
func TestBusy(t *testing.T) {
	var asked atomic.Int64
	busy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		rw.Header().Set("Retry-After", "1")
		http.Error(rw, "still being looked at: ask again", http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	w := &world{t: t, Box: clients.NewBox(t)}
	w.MavenHome()
	write(t, filepath.Join(w.Home, ".m2", "settings.xml"), "<settings><mirrors><mirror><id>gatehouse</id><mirrorOf>*</mirrorOf><url>"+busy.URL+"</url></mirror></mirrors></settings>")
	w.project(group, "demo", "1.0.0")
	for _, c := range clients.Mavens {
		asked.Store(0)
		began := time.Now()
		r := w.resolve(c)
		t.Logf("Maven %s: exit %d after %s, asked %d times", c.Name, r.Code, time.Since(began).Round(time.Millisecond), asked.Load())
		if r.Code == 0 {
			t.Errorf("Maven %s is content with 503", c.Name)
		}
	}
}

// TestRun: one command through the gate, whatever the settings here say.
func TestRun(t *testing.T) {
	w := newWorld(t, "soft")
	if err := os.Remove(filepath.Join(w.Home, ".m2", "settings.xml")); err != nil {
		t.Fatal(err)
	}
	w.project(group, "demo", "1.0.0")
	w.Run(clients.Binary, "run", "--server", w.URL, "--", "mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:resolve").OK(t)
	w.fetched("demo/1.0.0/demo-1.0.0.jar")
}

// TestChecksums: every file that is served has them, metadata too.
func TestChecksums(t *testing.T) {
	w := newWorld(t, "soft")
	get := func(path string) string {
		resp, err := http.Get(w.URL + "/maven/org/example/stub/" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s %v", path, resp.Status, b, err)
		}
		return string(b)
	}
	for _, path := range []string{"demo/maven-metadata.xml", "demo/1.0.0/demo-1.0.0.pom", "demo/1.0.0/demo-1.0.0.jar", "parent/1/parent-1.pom"} {
		b := get(path)
		for _, algorithm := range []string{"md5", "sha1", "sha256", "sha512"} {
			if got := get(path + "." + algorithm); got != stub.MavenSum(algorithm, []byte(b)) {
				t.Errorf("%s.%s is %s", path, algorithm, got)
			}
		}
	}
}
