//go:build live

// Package provenance_test verifies what is attested of real packages, read through
// the indexes that this machine's clients are set to, against the roots that are
// embedded in the program. It fetches the files, so that what is verified is about
// their bytes. It needs the network.
package provenance_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/provenance/verify"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

const maxFile = 20 << 20

// TestRealAttestations takes those that the Python library for them is tested with,
// beside the files that they are about: as an index serves them, by three kinds of
// publishers.
func TestRealAttestations(t *testing.T) {
	v := verifier(t)
	assets := unpack(t, fetched(t, artifact.PyPI, "pypi-attestations", "0.0.30", "pypi_attestations-0.0.30.tar.gz"))
	for _, tc := range []struct {
		name, number, file string
		kinds              []provenance.Kind
		issuer, source     string
		why                string
	}{
		{"pypi-attestations", "0.0.19", "pypi_attestations-0.0.19.tar.gz", []provenance.Kind{"publish"}, "https://token.actions.githubusercontent.com",
			"https://github.com/trailofbits/pypi-attestations (.github/workflows/release.yml)", "a workflow of GitHub's"},
		{"gcb-attestation-test", "0.0.0", "gcb_attestation_test-0.0.0.tar.gz", []provenance.Kind{"publish"}, "https://accounts.google.com",
			"", "a service account of Google's, which names no repository"},
		{"circleci-sign-publish-example", "0.0.1.dev137", "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl", []provenance.Kind{"publish"}, "",
			"", "CircleCI"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			body, said := assets[tc.file], assets[tc.file+".provenance"]
			if len(body) == 0 || len(said) == 0 {
				t.Fatalf("the assets have it no more: %d and %d bytes", len(body), len(said))
			}
			bundles, err := provenance.ReadPEP740(said)
			if err != nil {
				t.Fatal(err)
			}
			s := provenance.Subject{Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: tc.name}, Number: tc.number}, File: tc.file, Digests: digests(body)}
			check(t, v, s, provenance.Claims{Bundles: bundles}, tc.kinds, tc.issuer, tc.source, tc.why)
		})
	}
}

// TestRealNPMProvenance takes the bundles that sigstore-go is tested with, and the
// tarballs that they are about from the registry.
func TestRealNPMProvenance(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	const ci, source = "https://token.actions.githubusercontent.com", "https://github.com/sigstore/sigstore-js (.github/workflows/release.yml)"
	for _, tc := range []struct {
		number  string
		bundles []string
		kinds   []provenance.Kind
		why     string
	}{
		{"2.0.0", []string{"pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json"}, []provenance.Kind{"build"}, "built by a workflow"},
		{"1.3.0", []string{"examples/bundle-publish.json", "examples/bundle-provenance.json"}, []provenance.Kind{"publish", "build"}, "and attested with the registry's key"},
	} {
		t.Run(tc.number, func(t *testing.T) {
			var claims provenance.Claims
			for _, name := range tc.bundles {
				b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(name)))
				if err != nil {
					t.Fatal(err)
				}
				claims.Bundles = append(claims.Bundles, provenance.Bundle{JSON: b})
			}
			s := npmSubject("sigstore", tc.number, fetched(t, artifact.NPM, "sigstore", tc.number, "sigstore-"+tc.number+".tgz"))
			check(t, verifier(t), s, claims, tc.kinds, ci, source, tc.why)
		})
	}
}

// TestRealNPMSignature takes what the public registry says of a version, as many
// tests of npm's own tools quote it, and the tarball from the registry of this machine.
func TestRealNPMSignature(t *testing.T) {
	const (
		key      = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA"
		manifest = `{"dist":{"integrity":"sha512-3h/4V/B5W+7FmanZTk1bQMDDoNstFk/2xy0W2W1s1WX8NPU2Sgrfi3GXZQvhqVZZiQAA7A7uUgOB4xzy0ngraA==","signatures":[
			{"keyid":"` + key + `","sig":"MEYCIQD1IQ4S7SggRuiiTxjJVzzfkHVzcPpPso/A+N++TgXqAgIhAP+LCzmHoT6q26ofm8BifbpLqynMNyNtpYHPSz7covx/"}]}}`
	)
	v := verifier(t)
	s := npmSubject("uuid", "0.0.2", fetched(t, artifact.NPM, "uuid", "0.0.2", "uuid-0.0.2.tgz"))
	sigs, err := provenance.ReadNPMSignatures([]byte(manifest), "uuid", "0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	claims := provenance.Claims{Signatures: sigs, Published: time.Date(2011, 3, 30, 0, 0, 0, 0, time.UTC)}
	if a, err := v.Verify(s, claims); err != nil || len(a.Problems) > 0 || len(a.Signatures) != 1 || a.Signatures[0].Key != key {
		t.Errorf("%+v, %v", a, err)
	}
	claims.Published = time.Date(2025, 1, 29, 0, 0, 0, 0, time.UTC)
	if a, err := v.Verify(s, claims); err != nil || len(a.Problems) != 1 || a.Problems[0].Rule != provenance.RuleUnknownKey {
		t.Errorf("published on the day that the key ended: %+v, %v", a, err)
	}
}

func npmSubject(name, number string, body []byte) provenance.Subject {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: name}, Number: number}
	return provenance.Subject{Version: v, File: name + "-" + number + ".tgz", Digests: digests(body)}
}

// TestWhatTheIndexPassesOn verifies what the indexes of this machine say of packages
// that are attested where they come from. A mirror may pass on none of it, and the
// test says so: what it does pass on has to verify.
func TestWhatTheIndexPassesOn(t *testing.T) {
	v := verifier(t)
	for _, tc := range []struct {
		ecosystem          artifact.Ecosystem
		name, number, file string
		source             string
	}{
		{artifact.PyPI, "sigstore", "3.6.1", "sigstore-3.6.1-py3-none-any.whl", "https://github.com/sigstore/sigstore-python (.github/workflows/release.yml)"},
		{artifact.NPM, "semver", "7.7.2", "semver-7.7.2.tgz", "https://github.com/npm/node-semver (.github/workflows/release-integration.yml)"},
		{artifact.NPM, "lodash", "4.17.21", "lodash-4.17.21.tgz", ""},
	} {
		t.Run(tc.file, func(t *testing.T) {
			client, up := open(t, tc.ecosystem)
			x, f := listed(t, up, artifact.Package{Ecosystem: tc.ecosystem, Name: tc.name}, tc.number, tc.file)
			claims, err := up.(ecosystem.Attested).Attestations(t.Context(), x, f)
			if err != nil {
				t.Fatal(err)
			}
			if !claims.Offered() {
				t.Log("the index of this machine passes on no attestations and no signatures")
				return
			}
			a, err := v.Verify(provenance.Subject{Version: x.Version(f), File: f.Name, Digests: digests(read(t, client, f))}, claims)
			if err != nil || len(a.Problems) > 0 {
				t.Fatalf("%+v, %v", a, err)
			}
			if main, ok := a.Main(); ok && main.Source() != tc.source {
				t.Errorf("%+v", main)
			}
		})
	}
}

func verifier(t *testing.T) *verify.Verifier {
	t.Helper()
	v, err := verify.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// check wants everything verified, and nothing of it for other bytes.
func check(t *testing.T, v *verify.Verifier, s provenance.Subject, c provenance.Claims, kinds []provenance.Kind, issuer, source, why string) {
	t.Helper()
	a, err := v.Verify(s, c)
	if err != nil || !a.Verified() {
		t.Fatalf("%s: %+v, %v", why, a, err)
	}
	var have []provenance.Kind
	for _, x := range a.Attestations {
		have = append(have, x.Kind)
		if x.Log == "" || x.At.IsZero() || x.Certified() == (x.Key != "") {
			t.Errorf("%s: %+v", why, x)
		}
	}
	main, _ := a.Main()
	if !slices.Equal(have, kinds) || issuer != "" && main.Issuer != issuer || source != "" && main.Source() != source {
		t.Errorf("%s: %v, %+v", why, have, main)
	}
	t.Logf("%+v", main)
	s.Digests = []string{"sha256:" + strings.Repeat("0", 64), "sha512:" + strings.Repeat("0", 128)}
	if a, err := v.Verify(s, c); err != nil || len(a.Attestations) > 0 || len(a.Problems) == 0 || a.Problems[0].Rule != provenance.RuleOtherFile {
		t.Errorf("%s, of other bytes: %+v, %v", why, a, err)
	}
}

// unpack reads the test assets of a source distribution, by file name.
func unpack(t *testing.T, sdist []byte) map[string][]byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(sdist))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(h.Name, "/test/assets/") && h.Size < maxFile {
			if out[path.Base(h.Name)], err = io.ReadAll(tr); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func digests(body []byte) []string {
	short, long := sha256.Sum256(body), sha512.Sum512(body)
	return []string{"sha256:" + hex.EncodeToString(short[:]), "sha512:" + hex.EncodeToString(long[:])}
}

func fetched(t *testing.T, eco artifact.Ecosystem, name, number, file string) []byte {
	t.Helper()
	client, up := open(t, eco)
	_, f := listed(t, up, artifact.Package{Ecosystem: eco, Name: name}, number, file)
	return read(t, client, f)
}

func listed(t *testing.T, up ecosystem.Upstream, p artifact.Package, number, file string) (*ecosystem.Index, ecosystem.IndexFile) {
	t.Helper()
	x, err := up.Index(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range x.Of(number) {
		if f.Name == file {
			return x, f
		}
	}
	t.Fatalf("%s has no file %s", p, file)
	return nil, ecosystem.IndexFile{}
}

func read(t *testing.T, client *fetch.Client, f ecosystem.IndexFile) []byte {
	t.Helper()
	_, body, err := client.ReadAll(t.Context(), fetch.Request{URL: f.URL, MaxBytes: maxFile})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func open(t *testing.T, eco artifact.Ecosystem) (*fetch.Client, ecosystem.Upstream) {
	t.Helper()
	for _, a := range all.List() {
		if a.ID() != eco {
			continue
		}
		address, how, err := upstream.Discover(t.Context(), a.Discover)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s", eco, how)
		at, err := fetch.HostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		client, err := fetch.New(fetch.Config{Upstreams: []string{at}, Mirrors: []string{at}, UserAgent: "gatehouse-test"})
		if err != nil {
			t.Fatal(err)
		}
		up, err := a.OpenUpstream(adapter.UpstreamConfig{Name: string(eco), BaseURL: address, Client: client, CacheDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return client, up
	}
	t.Fatalf("no ecosystem %s", eco)
	return nil, nil
}
