//go:build conformance

// Package publish_test has the real twine, uv, poetry and flit publish to the
// real binary, by the commands that docs/publish.md gives, and holds what each
// shows to what was promised. Everything is on loopback. It needs what
// test/conformance/clients needs; what is missing fails.
package publish_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

func TestMain(m *testing.M) {
	if err := clients.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// gate is a running gatehouse with tokens for those who publish.
type gate struct {
	*clients.Server
	t        *testing.T
	box      *clients.Box
	upstream *stub.Index
	data     string
	config   string
	token    string // of a publisher
}

// newGate runs a gate whose own names are acme-*. Advisories speak of acme-evil
// (malware), of acme-broken (a high vulnerability with a fix) and of acme-doubt
// (one without).
func newGate(t *testing.T, settings string) *gate {
	t.Helper()
	dir := t.TempDir()
	g := &gate{t: t, box: clients.NewBox(t), upstream: stub.New(t), data: filepath.Join(dir, "data"), config: filepath.Join(dir, "gatehouse.yaml")}
	text := fmt.Sprintf("upstreams: [{name: stub, ecosystem: pypi, url: %q, ttl: 1ms}]\nmatrix: {python: [%q]}\n%s", g.upstream.URL(), clients.PythonVersion, settings)
	if err := os.WriteFile(g.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	osv := filepath.Join(dir, "osv")
	advisory(t, osv, "MAL-2026-1", "acme-evil", "")
	advisory(t, osv, "TEST-2026-1", "acme-broken", "9")
	advisory(t, osv, "TEST-2026-2", "acme-doubt", "")
	g.cli("advisories", "sync", "--from", osv).OK(t)
	g.token = g.newToken("publisher", "ci")
	g.Server = clients.Serve(t, g.box, "--data", g.data, "--config", g.config)
	return g
}

func advisory(t *testing.T, dir, id, name, fixed string) {
	t.Helper()
	events := []map[string]string{{"introduced": "0"}}
	if fixed != "" {
		events = append(events, map[string]string{"fixed": fixed})
	}
	b, err := json.Marshal(map[string]any{
		"schema_version": "1.6.7", "id": id, "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "summary": "made up for a test",
		"severity": []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
		"affected": []map[string]any{{"package": map[string]string{"ecosystem": "PyPI", "name": name}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": events}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "PyPI"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "PyPI", id+".json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (g *gate) cli(args ...string) clients.Result {
	g.t.Helper()
	return g.box.Run(clients.Binary, append([]string{"--data", g.data, "--config", g.config}, args...)...)
}

func (g *gate) newToken(role, name string, more ...string) string {
	g.t.Helper()
	r := g.cli(append([]string{"token", "create", "--role", role, "--name", name}, more...)...).OK(g.t)
	return strings.TrimSpace(r.Stdout)
}

// version is what is published: the same in every client's own kind of project.
type version struct {
	name, number string
	body         string // of the one module
	requires     []string
}

// write puts a version into the box's project folder: built, and as the sources
// that flit builds.
func (v version) write(b *clients.Box) {
	b.T.Helper()
	module := strings.ReplaceAll(v.name, "-", "_")
	source := fmt.Sprintf("\"\"\"%s\"\"\"\n%s", v.name, v.body)
	files := map[string]string{module + ".py": source}
	wheel := scantest.Wheel{Name: v.name, Version: v.number, Requires: v.requires, RequiresPython: ">=3.8", Files: files}
	sdist := scantest.Sdist{Name: v.name, Version: v.number, Requires: v.requires, RequiresPython: ">=3.8", Files: files}
	if err := os.RemoveAll(b.Path("dist")); err != nil {
		b.T.Fatal(err)
	}
	b.Write(filepath.Join("dist", wheel.FileName()), string(wheel.Build(b.T)))
	b.Write(filepath.Join("dist", sdist.FileName()), string(sdist.Build(b.T)))
	deps, err := json.Marshal(append([]string{}, v.requires...))
	if err != nil {
		b.T.Fatal(err)
	}
	b.Write("pyproject.toml", fmt.Sprintf("[build-system]\nrequires = [\"flit_core>=3.11\"]\nbuild-backend = \"flit_core.buildapi\"\n\n[project]\nname = %q\nversion = %q\ndescription = \"a test\"\nrequires-python = \">=3.8\"\ndependencies = %s\n", v.name, v.number, deps))
	b.Write(module+".py", source)
}

// tool publishes with one program, by the commands of its section in the docs.
type tool struct{ name string }

var tools = []tool{{"twine"}, {"uv"}, {"poetry"}, {"flit"}}

var block = regexp.MustCompile("(?s)```sh\n(.*?)```")

// commands are the first block of a section of docs/publish.md.
func commands(t *testing.T, section string) string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/publish.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(doc), "\n## "+section+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	found := block.FindStringSubmatch(below)
	if !ok || found == nil {
		t.Fatalf("docs/publish.md has no section %q with commands", section)
	}
	return found[1]
}

// publish runs the documented commands. change may alter them.
func (g *gate) publish(b *clients.Box, c tool, token string, change ...string) clients.Result {
	g.t.Helper()
	text := strings.NewReplacer(change...).Replace(commands(g.t, c.name))
	text = strings.ReplaceAll(text, "https://gate.example", g.URL)
	old := b.Env
	defer func() { b.Env = old }()
	b.Env = append(append([]string{}, old...), "GATEHOUSE_TOKEN="+token, "SOURCE_DATE_EPOCH=1700000000", "COLUMNS=500", "TERM=dumb")
	return b.Run("/bin/sh", "-e", "-c", text)
}

func (g *gate) install(requirement string, more ...string) (*clients.Box, clients.Result) {
	g.t.Helper()
	b := clients.NewBox(g.t)
	b.Venv()
	return b, b.Run("pip", append([]string{"--python", b.Path(".venv/bin/python"), "install", "--no-input", "--no-cache-dir", "--index-url", g.Index, requirement}, more...)...)
}

func (g *gate) get(url, accept string) (int, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

const jsonIndex = "application/vnd.pypi.simple.v1+json"

var decisionID = regexp.MustCompile(`/d/([0-9a-f]+)`)

// TestPublish is a package's life with each client: first version, the same
// again, other bytes under its name, and installed by somebody else.
func TestPublish(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	for _, c := range tools {
		t.Run(c.name, func(t *testing.T) {
			b := clients.NewBox(t)
			v := version{name: "acme-" + c.name, number: "1.0", body: "X = 1\n"}
			v.write(b)
			g.publish(b, c, g.token).OK(t)

			consumer, r := g.install(v.name + "==1.0")
			r.OK(t)
			consumer.Wants(v.name, "1.0")
			consumer, r = g.install(v.name, "--only-binary", ":none:")
			r.OK(t)
			consumer.Wants(v.name, "1.0")
			code, index := g.get(g.Index+v.name+"/", jsonIndex)
			for _, want := range []string{`.whl"`, `.tar.gz"`, `"upload-time":"20`, `"requires-python":">=3.8"`, `"core-metadata":{"sha256":"`} {
				if code != 200 || !strings.Contains(index, want) {
					t.Errorf("the index answers %d without %s:\n%s", code, want, index)
				}
			}

			g.publish(b, c, g.token).OK(t) // the same bytes: a lost answer may be asked for again

			other := v
			other.body = "X = 2\n"
			other.write(b)
			r = g.publish(b, c, g.token, " --check-url https://gate.example/pypi/simple/", "")
			r.Fails(t).Says(t, "File already exists", "raise the version")

			v.number = "1.1"
			v.write(b)
			g.publish(b, c, g.token).OK(t)
			consumer, r = g.install(v.name)
			r.OK(t)
			consumer.Wants(v.name, "1.1")
		})
	}
	if n := g.upstream.AskedBelow("/simple/acme-"); n != 0 {
		t.Errorf("the upstream was asked %d times about names of ours", n)
	}
}

// TestSkipFlags: what each client makes of a file that exists with other bytes,
// when it is told to skip what exists.
func TestSkipFlags(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	first := version{name: "acme-skip", number: "1.0", body: "X = 1\n"}
	b := clients.NewBox(t)
	first.write(b)
	g.publish(b, tool{"uv"}, g.token).OK(t)

	g.publish(b, tool{"uv"}, g.token).OK(t).Says(t, "already exists, skipping")
	g.publish(b, tool{"poetry"}, g.token, "poetry publish", "poetry publish --skip-existing").OK(t)
	// Twine takes the flag for two public indexes only, whatever a server answers;
	// it needs none, as the same bytes are taken again.
	g.publish(b, tool{"twine"}, g.token, "twine upload", "twine upload --skip-existing").Fails(t).Says(t, "UnsupportedConfiguration")
	g.publish(b, tool{"twine"}, g.token).OK(t)

	other := first
	other.body = "X = 2\n"
	other.write(b)
	g.publish(b, tool{"poetry"}, g.token, "poetry publish", "poetry publish --skip-existing").OK(t)
	g.publish(b, tool{"uv"}, g.token).Fails(t).Says(t, "do not match")
}

// TestRefused: each client shows the gate's sentence, and nothing becomes ours.
func TestRefused(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	reader := g.newToken("reader", "eve")
	narrow := g.newToken("publisher", "team", "--names", "acme-team-*")
	for _, c := range tools {
		t.Run(c.name, func(t *testing.T) {
			b := clients.NewBox(t)
			for _, tc := range []struct {
				what, name, token string
				says              []string
			}{
				{"a name that is not ours", "other-thing", g.token, []string{"other-thing matches none of the internal_names"}},
				{"no such token", "acme-a", "ght_nonsense", []string{"a valid gatehouse token is needed", "401"}},
				{"a reader's token", "acme-a", reader, []string{"publish needs role publisher", "403"}},
				{"a token for other names", "acme-a", narrow, []string{"team may publish acme-team-* only", "403"}},
				{"known malware", "acme-evil", g.token, []string{"blocked by gatehouse: malware MAL-2026-1", "403"}},
				{"a vulnerability with a fix", "acme-broken", g.token, []string{"blocked by gatehouse: TEST-2026-1", g.URL + "/d/"}},
			} {
				version{name: tc.name, number: "1.0"}.write(b)
				r := g.publish(b, c, tc.token, " --check-url https://gate.example/pypi/simple/", "").Fails(t).Says(t, tc.says...)
				if id := decisionID.FindStringSubmatch(strings.ReplaceAll(r.Output, "\n", "")); id != nil {
					if code, page := g.get(g.URL+"/d/"+id[1], "text/html"); code != http.StatusOK || !strings.Contains(page, tc.name) {
						t.Errorf("%s: the decision's page answers %d", tc.what, code)
					}
				}
				if code, _ := g.get(g.Index+tc.name+"/", jsonIndex); code != http.StatusNotFound {
					t.Errorf("%s: the index of %s answers %d, want 404", tc.what, tc.name, code)
				}
			}
			version{name: "acme-team-" + c.name, number: "1.0"}.write(b)
			g.publish(b, c, narrow).OK(t)
		})
	}
	audit := g.cli("package", "list").OK(t)
	audit.SaysNot(t, "acme-evil", "acme-broken", "other-thing", "pkg:pypi/acme-a")
}

// TestHeldAndApproved: what is held is kept, told of, not served, and served
// once somebody approves it, without another upload.
func TestHeldAndApproved(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	b := clients.NewBox(t)
	for i, c := range tools {
		v := version{name: "acme-doubt", number: fmt.Sprintf("1.%d", i)}
		v.write(b)
		r := g.publish(b, c, g.token, " --check-url https://gate.example/pypi/simple/", "")
		r.Fails(t).Says(t, "held by gatehouse: kept, not served: TEST-2026-2", "an approver may admit it", g.URL+"/d/")
		if c.name != "twine" {
			continue
		}
		if _, r := g.install("acme-doubt==1.0"); r.Code == 0 {
			t.Errorf("a held version was installed:\n%s", r)
		}
		id := decisionID.FindStringSubmatch(strings.ReplaceAll(r.Output, "\n", ""))
		if id == nil {
			t.Fatalf("no decision is named:\n%s", r)
		}
		g.cli("approve", id[1], "--reason", "we know; nobody reaches it").OK(t)
		consumer, r := g.install("acme-doubt==1.0")
		r.OK(t)
		consumer.Wants("acme-doubt", "1.0")
	}
	// The sdist of the first version was never sent, as twine stops at the first
	// failure: now both are taken, the wheel as the same bytes again.
	version{name: "acme-doubt", number: "1.0"}.write(b)
	g.publish(b, tool{"twine"}, g.token).Fails(t).Says(t, "held by gatehouse", "acme_doubt-1.0.tar.gz")
}

// TestYankAndDelete: withdrawn, taken back, and gone for good.
func TestYankAndDelete(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	b := clients.NewBox(t)
	for _, number := range []string{"1.0", "1.1"} {
		version{name: "acme-life", number: number}.write(b)
		g.publish(b, tool{"twine"}, g.token).OK(t)
	}
	installs := func(want string) {
		t.Helper()
		consumer, r := g.install("acme-life")
		r.OK(t)
		consumer.Wants("acme-life", want)
	}
	installs("1.1")
	g.cli("package", "yank", "pkg:pypi/acme-life@1.1", "--reason", "loses invoices").OK(t)
	installs("1.0")
	_, r := g.install("acme-life==1.1")
	r.OK(t).Says(t, "loses invoices")
	g.cli("package", "unyank", "pkg:pypi/acme-life@1.1").OK(t)
	installs("1.1")
	g.cli("package", "delete", "pkg:pypi/acme-life@1.1").Fails(t).Says(t, "say why")
	g.cli("package", "delete", "pkg:pypi/acme-life@1.1", "--reason", "holds a customer's data").OK(t).Says(t, "2 file")
	installs("1.0")
	g.cli("package", "list", "pkg:pypi/acme-life").OK(t).Says(t, "gone", "acme_life-1.1.tar.gz")
	version{name: "acme-life", number: "1.1", body: "X = 3\n"}.write(b)
	for _, c := range tools {
		g.publish(b, c, g.token).Fails(t).Says(t, "was deleted here", "raise the version")
	}
	g.cli("package", "delete", "pkg:pypi/acme-life", "--reason", "no more").OK(t)
	if code, _ := g.get(g.Index+"acme-life/", jsonIndex); code != http.StatusNotFound {
		t.Errorf("the index of a deleted name answers %d", code)
	}
	version{name: "acme-life", number: "2.0"}.write(b)
	g.publish(b, tool{"uv"}, g.token).Fails(t).Says(t, "was deleted here")
}

// TestNamesWithoutPatterns: a new name that looks like somebody else's needs an
// admin, and a name that an upstream has had here is never ours.
func TestNamesWithoutPatterns(t *testing.T) {
	g := newGate(t, "")
	g.upstream.Add(scantest.Wheel{Name: "taken", Version: "1.0"}, stub.About{})
	b := clients.NewBox(t)
	publish := func(name, token string) clients.Result {
		t.Helper()
		version{name: name, number: "1.0"}.write(b)
		return g.publish(b, tool{"twine"}, token)
	}
	publish("nobody-else-has-this", g.token).OK(t)
	publish("requests", g.token).Fails(t).Says(t, "is a public package's name")
	publish("reqeusts", g.token).Fails(t).Says(t, "can be mistaken for the public package requests")
	publish("acme-broken", g.token).Fails(t).Says(t, "which advisories speak of")
	publish("nobody-e1se-has-this", g.token).Fails(t).Says(t, "can be mistaken for nobody-else-has-this")
	publish("reqeusts", g.newToken("admin", "ada")).OK(t)
	publish("reqeusts", g.token).OK(t) // it is ours from now on

	// A first look at a file of the upstream settles where the name comes from.
	g.cli("admit", "pkg:pypi/taken@1.0")
	publish("taken", g.token).Fails(t).Says(t, "comes from the upstream stub here", "one origin for ever")
}

// TestDependencies: what an upload needs and nobody could install is noted, and
// refused where the policy says so.
func TestDependencies(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("version: 1\nextends: default\nrules:\n  - {id: dependency-not-offered, on: finding, when: 'finding.rule in [\"dependency-missing\", \"dependency-refused\"]', effect: reject, why: '{finding.text}'}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := newGate(t, fmt.Sprintf("internal_names: [\"acme-*\"]\nregistries: {strict: {policy: %q}}\n", policy))
	b := clients.NewBox(t)
	version{name: "acme-needs", number: "1.0", requires: []string{"acme-core>=2", "acme-core>=1; python_version < '3'"}}.write(b)
	g.publish(b, tool{"twine"}, g.token, "twine upload", "twine upload --verbose").OK(t).Says(t, "the dependency acme-core>=2 is neither here nor upstream")
	strict := []string{"https://gate.example/pypi/", "https://gate.example/registry/strict/pypi/"}
	g.publish(b, tool{"uv"}, g.token, strict...).Fails(t).Says(t, "blocked by gatehouse: the dependency acme-core>=2 is neither here nor upstream")
	version{name: "acme-core", number: "2.0"}.write(b)
	g.publish(b, tool{"uv"}, g.token, strict...).OK(t)
	version{name: "acme-needs", number: "1.0", requires: []string{"acme-core>=2"}}.write(b)
	g.publish(b, tool{"poetry"}, g.token, strict...).Fails(t).Says(t, "File already exists") // main has it with other bytes
	version{name: "acme-needs", number: "1.1", requires: []string{"acme-core>=2"}}.write(b)
	g.publish(b, tool{"poetry"}, g.token, strict...).OK(t)
}

// TestAttestations are kept as given, and said to be nothing more.
func TestAttestations(t *testing.T) {
	g := newGate(t, "internal_names: [\"acme-*\"]\n")
	b := clients.NewBox(t)
	version{name: "acme-proof", number: "1.0"}.write(b)
	wheel := "acme_proof-1.0-py3-none-any.whl"
	attest := func(name string, digest artifact.Digest) string {
		statement, err := json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": []any{map[string]any{"name": name, "digest": map[string]string{"sha256": string(digest)}}}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := json.Marshal(map[string]any{"version": 1, "verification_material": map[string]any{"certificate": "none"}, "envelope": map[string]string{"statement": base64.StdEncoding.EncodeToString(statement), "signature": "bm90aGluZw=="}})
		if err != nil {
			t.Fatal(err)
		}
		return string(a)
	}
	digest := artifact.DigestOf([]byte(b.Read("dist/" + wheel)))
	b.Write("dist/"+wheel+".publish.attestation", attest(wheel, artifact.DigestOf(nil)))
	only := []string{"twine upload", "twine upload --attestations", "dist/*", "dist/" + wheel + "*"}
	g.publish(b, tool{"twine"}, g.token, only...).Fails(t).Says(t, "attestations cannot be used", "is about another file")
	b.Write("dist/"+wheel+".publish.attestation", attest(wheel, digest))
	g.publish(b, tool{"twine"}, g.token, only...).OK(t)

	_, index := g.get(g.Index+"acme-proof/", jsonIndex)
	var x struct {
		Files []struct{ Provenance string }
	}
	if err := json.Unmarshal([]byte(index), &x); err != nil || len(x.Files) != 1 || !strings.HasPrefix(x.Files[0].Provenance, g.URL+"/") {
		t.Fatalf("no provenance in the index (%v):\n%s", err, index)
	}
	if _, page := g.get(g.Index+"acme-proof/", "text/html"); !strings.Contains(page, `data-provenance="`+x.Files[0].Provenance+`"`) {
		t.Errorf("no provenance in the page:\n%s", page)
	}
	code, given := g.get(x.Files[0].Provenance, "*/*")
	if code != http.StatusOK || !strings.Contains(given, `"verified":false`) || !strings.Contains(given, attest(wheel, digest)) {
		t.Errorf("provenance: %d\n%s", code, given)
	}
}

// TestTrustedPublishingComesLater: a client that asks for it hears so.
func TestTrustedPublishingComesLater(t *testing.T) {
	g := newGate(t, "")
	for _, path := range []string{"/_/oidc/audience", "/_/oidc/mint-token"} {
		if code, text := g.get(g.URL+path, "application/json"); code != http.StatusNotFound || !strings.Contains(text, "no trusted publishing") {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
}
