package main

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/provenance/provenancetest"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// attested is a gate that serves over two indexes which attest, and trusts the
// Sigstore that they use.
type attested struct {
	t               *testing.T
	python          *stub.Index
	npm             *stub.NPM
	sigstore        *provenancetest.Sigstore
	url, data, conf string
}

func serveAttested(t *testing.T) *attested {
	t.Helper()
	a := &attested{t: t, python: stub.New(t), npm: stub.NewNPM(t), sigstore: provenancetest.New(t, time.Now())}
	dir, err := os.MkdirTemp("", "gh") // a socket's path has about 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if a.conf, err = ownWorld(t, dir, a.python); err != nil {
		t.Fatal(err)
	}
	root, keys := filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "npm_keys.json")
	for file, content := range map[string][]byte{root: a.sigstore.TrustedRoot(), keys: a.sigstore.NPMKeys()} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	npm := filepath.Join(dir, "advisories", "npm")
	record := `{"schema_version":"1.6.7","id":"MAL-0000-2","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","summary":"made up for a test",
		"affected":[{"package":{"ecosystem":"npm","name":"nobody-has-this"},"versions":["1.0.0"]}]}`
	if err := os.MkdirAll(npm, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(npm, "MAL-0000-2.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(a.conf)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), "upstreams: [", fmt.Sprintf("upstreams: [{name: npm, ecosystem: npm, url: %q}, ", a.npm.URL()), 1)
	text += fmt.Sprintf("provenance: {trusted_root: %q, npm_keys: %q}\n", root, keys)
	if err := os.WriteFile(a.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a.data = filepath.Join(dir, "d")
	if code, _, errs := command(t, a.data, a.conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	return a
}

func (a *attested) serve() { a.url, _, _ = startServe(a.t, a.data, a.conf) }

// get pulls a file as a client does.
func (a *attested) get(path string, want int) string {
	a.t.Helper()
	resp, err := http.Get(a.url + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if resp.StatusCode != want {
		a.t.Fatalf("%s: %s, want %d\n%.600s", path, resp.Status, want, b)
	}
	return string(b)
}

func (a *attested) explain(purl string) (gate.Explanation, string) {
	a.t.Helper()
	var e gate.Explanation
	code, out, errs := command(a.t, a.data, a.conf, "explain", "--format", "json", purl)
	if err := json.Unmarshal([]byte(out), &e); code != 0 || err != nil {
		a.t.Fatalf("%d %v %s", code, err, errs)
	}
	_, text, _ := command(a.t, a.data, a.conf, "explain", purl)
	return e, text
}

var workflow = provenancetest.Workflow("https://forge.invalid/acme/demo", "release.yml", "refs/tags/v1")

// TestProvenanceOfPython: pulled, verified, explained; and the release that nobody
// attests is held.
func TestProvenanceOfPython(t *testing.T) {
	a := serveAttested(t)
	var files []string
	for _, number := range []string{"1.0", "1.1"} {
		files = append(files, a.python.Add(scantest.Wheel{Name: "demo", Version: number, License: "MIT"}, stub.About{}))
	}
	bundle := a.sigstore.Bundle(workflow, provenancetest.Uploaded, provenancetest.None, provenancetest.About(files[0], "sha256", a.python.DigestOf(files[0])))
	a.python.Attest(files[0], provenancetest.PEP740(t, "acme/demo", bundle))
	a.serve()
	a.get("/pypi/files/demo/"+files[0], 200)
	e, text := a.explain("pkg:pypi/demo@1.0")
	if len(e.Provenance) != 1 || !e.Provenance[0].Verified || e.Provenance[0].Attestations[0].Repository != workflow.Repository {
		t.Errorf("explained: %+v", e.Provenance)
	}
	for _, want := range []string{"published by https://forge.invalid/acme/demo (release.yml)", "commit " + workflow.Commit, "entry 0 of https://log.invalid"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if page := a.page("/d/" + e.Now[0].ID); !strings.Contains(page, "Published by <b>"+workflow.Repository) {
		t.Errorf("no maker on the decision's page:\n%s", page)
	}
	if body := a.get("/pypi/files/demo/"+files[1], 403); !strings.Contains(body, "nobody attests") {
		t.Errorf("the client is told:\n%s", body)
	}
	e, _ = a.explain("pkg:pypi/demo@1.1")
	if r := e.Now[0].Reasons[0]; r.Rule != "provenance-regression" || r.Source != "provenance-lost" {
		t.Errorf("%+v", e.Now[0].Reasons)
	}
	if n := a.python.Asked(stub.ProvenancePath(files[0])); n != 1 {
		t.Errorf("the index was asked %d times for attestations, want once", n)
	}
}

// page reads a page as a browser does.
func (a *attested) page(path string) string {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

// TestProvenanceOfNPM: the same, with the registry's signature beside it.
func TestProvenanceOfNPM(t *testing.T) {
	a := serveAttested(t)
	for _, number := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		tarball := scantest.Tarball{Name: "@acme/demo", Version: number, Manifest: map[string]any{"license": "MIT"}}
		a.npm.Add(tarball, stub.About{})
		a.npm.Sign("@acme/demo", number, a.sigstore.KeyID(), a.sigstore.Signature("@acme/demo", number, a.npm.Integrity("@acme/demo", number)))
		if number == "1.1.0" {
			continue
		}
		sum := sha512.Sum512(tarball.Build(t))
		subject := provenancetest.About("pkg:npm/%40acme/demo@"+number, "sha512", hex.EncodeToString(sum[:]))
		built := a.sigstore.Bundle(workflow, provenancetest.SLSA, provenancetest.None, subject)
		if number == "1.2.0" {
			built = a.sigstore.Bundle(workflow, provenancetest.SLSA, provenancetest.OtherPayload, subject)
		}
		a.npm.Attest("@acme/demo", number, provenancetest.NPM(t, a.sigstore.Keyed(provenancetest.NPMPublish, provenancetest.None, subject), built))
	}
	a.npm.Add(scantest.Tarball{Name: "forged", Version: "1.0.0", Manifest: map[string]any{"license": "MIT"}}, stub.About{})
	a.npm.Sign("forged", "1.0.0", a.sigstore.KeyID(), a.sigstore.Signature("other", "1.0.0", a.npm.Integrity("forged", "1.0.0")))
	a.serve()
	a.get("/npm/@acme/demo/-/demo-1.0.0.tgz", 200)
	e, text := a.explain("pkg:npm/%40acme/demo@1.0.0")
	if len(e.Provenance) != 1 || !e.Provenance[0].Verified || len(e.Provenance[0].Attestations) != 2 || len(e.Provenance[0].Signatures) != 1 {
		t.Errorf("explained: %+v", e.Provenance)
	}
	for _, want := range []string{"built by https://forge.invalid/acme/demo (release.yml)", "published by " + a.sigstore.KeyID(), "signed by the registry with " + a.sigstore.KeyID()} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, tc := range []struct{ path, purl, rule, source, why string }{
		{"/npm/@acme/demo/-/demo-1.1.0.tgz", "pkg:npm/%40acme/demo@1.1.0", "provenance-regression", "provenance-lost", "built by nobody who says so"},
		{"/npm/@acme/demo/-/demo-1.2.0.tgz", "pkg:npm/%40acme/demo@1.2.0", "integrity-mismatch", "attestation-invalid", "a forged attestation"},
		{"/npm/forged/-/forged-1.0.0.tgz", "pkg:npm/forged@1.0.0", "integrity-mismatch", "registry-signature-invalid", "a signature of another package"},
	} {
		a.get(tc.path, 403)
		e, _ := a.explain(tc.purl)
		if r := e.Now[0].Reasons[0]; r.Rule != tc.rule || r.Source != tc.source {
			t.Errorf("%s: %+v", tc.why, e.Now[0].Reasons)
		}
	}
}

// TestRootsThatCannotBeRead: the gate does not start with them.
func TestRootsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	conf, err := ownWorld(t, dir, stub.New(t))
	if err != nil {
		t.Fatal(err)
	}
	world, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	empty, odd := filepath.Join(dir, "empty.json"), filepath.Join(dir, "odd.json")
	if os.WriteFile(empty, nil, 0o600) != nil || os.WriteFile(odd, []byte(`{"keys":7}`), 0o600) != nil {
		t.Fatal("no files")
	}
	for _, tc := range []struct{ key, file string }{
		{"trusted_root", filepath.Join(dir, "gone.json")}, {"trusted_root", empty}, {"trusted_root", odd}, {"npm_keys", odd}, {"npm_keys", dir},
	} {
		if err := os.WriteFile(conf, fmt.Appendf(world, "provenance: {%s: %q}\n", tc.key, tc.file), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := command(t, filepath.Join(dir, "d"), conf, "serve", "--listen", "127.0.0.1:0")
		if code != exitFault || !strings.Contains(errs, "provenance") {
			t.Errorf("%s %s: exit %d, %s", tc.key, tc.file, code, errs)
		}
	}
}
