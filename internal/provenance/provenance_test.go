package provenance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/provenance"
	. "github.com/gatehouse-project/gatehouse/internal/provenance/provenancetest"
)

// TestReadPEP740: an attestation becomes the bundle that it was made of.
func TestReadPEP740(t *testing.T) {
	s := New(t, time.Now())
	made := s.Bundle(Workflow("https://forge.invalid/acme/demo", "w.yml", "refs/heads/main"), Uploaded, None, About("demo-1.0.tar.gz", "sha256", strings.Repeat("00", 32)))
	got, err := provenance.ReadPEP740(PEP740(t, "acme/demo", made, made))
	if err != nil || len(got) != 2 || got[0].Publisher == nil || got[0].Publisher.Repository != "acme/demo" {
		t.Fatalf("%+v, %v", got, err)
	}
	var have, want any
	if json.Unmarshal(got[0].JSON, &have) != nil || json.Unmarshal(made, &want) != nil || fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("got  %s\nwant %s", got[0].JSON, made)
	}
	for _, tc := range []struct{ text, why string }{
		{"", "nothing"}, {"{}", "no version"}, {`{"version":2}`, "a version of later"}, {`[]`, "a list"}, {`{"version":1} x`, "more after it"},
		{`{"version":1,"attestation_bundles":[{"attestations":[{"version":7}]}]}`, "an attestation of later"},
		{`{"version":1,"attestation_bundles":{}}`, "no list"},
		{`{"version":1,"attestation_bundles":[{"attestations":[` + strings.Repeat(`{"version":1},`, 20) + `{"version":1}]}]}`, "too many"},
		{`{"version":1}` + strings.Repeat(" ", provenance.MaxDocument), "too large"},
	} {
		if bs, err := provenance.ReadPEP740([]byte(tc.text)); !errors.Is(err, provenance.ErrDocument) || bs != nil {
			t.Errorf("%s: %v, %v", tc.why, bs, err)
		}
	}
	if bs, err := provenance.ReadPEP740([]byte(`{"version":1,"attestation_bundles":[{"publisher":null,"attestations":[]}]}`)); err != nil || len(bs) != 0 {
		t.Errorf("none: %v, %v", bs, err)
	}
}

func TestReadNPM(t *testing.T) {
	bs, err := provenance.ReadNPM([]byte(`{"attestations":[{"predicateType":"x","bundle":{"a":1}},{"bundle":{"b":2}}],"more":1}`))
	if err != nil || len(bs) != 2 || string(bs[1].JSON) != `{"b":2}` {
		t.Errorf("%+v, %v", bs, err)
	}
	for _, tc := range []struct{ text, why string }{
		{"", "nothing"}, {"[]", "a list"}, {`{"attestations":[{}]}`, "without a bundle"}, {`{"attestations":[` + strings.Repeat(`{"bundle":{}},`, 20) + `{"bundle":{}}]}`, "too many"},
	} {
		if bs, err := provenance.ReadNPM([]byte(tc.text)); !errors.Is(err, provenance.ErrDocument) || bs != nil {
			t.Errorf("%s: %v, %v", tc.why, bs, err)
		}
	}
}

func TestReadNPMSignatures(t *testing.T) {
	const integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
	sigs, err := provenance.ReadNPMSignatures([]byte(`{"dist":{"integrity":"`+integrity+`","signatures":[{"keyid":"SHA256:k","sig":"AAEC"}]}}`), "@s/demo", "1.0.0")
	want := []provenance.Signature{{KeyID: "SHA256:k", Value: []byte{0, 1, 2}, Text: "@s/demo@1.0.0:" + integrity,
		Digest: "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"}}
	if err != nil || fmt.Sprint(sigs) != fmt.Sprint(want) {
		t.Errorf("got  %+v, %v\nwant %+v", sigs, err, want)
	}
	for _, tc := range []struct {
		text string
		bad  bool
		why  string
	}{
		{"", false, "no record"}, {"{}", false, "no dist"}, {`{"dist":{"integrity":"` + integrity + `"}}`, false, "not signed"},
		{`{"dist":{"integrity":"sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=","signatures":[{"sig":"AAEC"}]}}`, false, "nothing ties it to bytes"},
		{`{"dist":{"integrity":"` + integrity + ` sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=","signatures":[{"sig":"AAEC"}]}}`, false, "two hashes, as no registry signs"},
		{`{"dist":{"integrity":"` + integrity + `","signatures":[{"sig":"*"}]}}`, true, "no base64"},
		{`{"dist":{"integrity":"` + integrity + `","signatures":[` + strings.Repeat(`{},`, 9) + `{}]}}`, true, "too many"},
		{`{"dist":{"integrity":"` + integrity + `","signatures":[1]}}`, true, "no signature"},
	} {
		sigs, err := provenance.ReadNPMSignatures([]byte(tc.text), "demo", "1.0.0")
		if errors.Is(err, provenance.ErrDocument) != tc.bad || !tc.bad && err != nil || len(sigs) > 0 {
			t.Errorf("%s: %v, %v", tc.why, sigs, err)
		}
	}
}

func TestRepository(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"https://github.com/Acme/Demo", "github.com/acme/demo"}, {"git+https://github.com/acme/demo.git", "github.com/acme/demo"},
		{"git+ssh://git@github.com/acme/demo.git#main", "github.com/acme/demo"}, {"git@github.com:acme/demo.git", "github.com/acme/demo"},
		{"git://github.com/acme/demo/tree/main/packages/a", "github.com/acme/demo"}, {"https://www.gitlab.com/acme/demo/issues", "gitlab.com/acme/demo"},
		{"https://acme.invalid/a/b", ""}, {"https://github.com/acme", ""}, {"https://github.com/sponsors/acme", ""}, {"", ""}, {"\x00://", ""},
		{"https://github.com.evil.invalid/acme/demo", ""},
	} {
		if got := provenance.Repository(tc.text); got != tc.want {
			t.Errorf("Repository(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestAnswer(t *testing.T) {
	build := provenance.Attestation{Kind: provenance.Build, Issuer: "i", Repository: "r"}
	upload := provenance.Attestation{Kind: provenance.Publish, Issuer: "i", Identity: "who"}
	key := provenance.Attestation{Kind: provenance.Publish, Key: "k"}
	bad := []provenance.Problem{{Rule: provenance.RuleInvalid}}
	for _, tc := range []struct {
		a        provenance.Answer
		main     string
		verified bool
		why      string
	}{
		{provenance.Answer{}, "", false, "nothing"},
		{provenance.Answer{Attestations: []provenance.Attestation{key}}, "", false, "the registry's word names nobody"},
		{provenance.Answer{Attestations: []provenance.Attestation{key, upload, build}}, "r", true, "a build says more than an upload"},
		{provenance.Answer{Attestations: []provenance.Attestation{upload}}, "who", true, "an upload alone"},
		{provenance.Answer{Attestations: []provenance.Attestation{build}, Problems: bad}, "r", false, "something is wrong beside it"},
		{provenance.Answer{Signatures: []provenance.RegistrySignature{{Key: "k"}}}, "", false, "signed by the registry"},
	} {
		main, ok := tc.a.Main()
		if ok != (tc.main != "") || ok && main.Source() != tc.main || tc.a.Verified() != tc.verified {
			t.Errorf("%s: %+v, verified %t", tc.why, main, tc.a.Verified())
		}
	}
	if (provenance.Answer{}).Digest() == (provenance.Answer{Problems: bad}).Digest() {
		t.Error("two answers with one digest")
	}
	a, b := provenance.Claims{}, provenance.Claims{Bundles: []provenance.Bundle{{JSON: []byte("x")}}}
	if a.Offered() || !b.Offered() || a.Digest() == b.Digest() {
		t.Error("claims that are none have a digest of their own")
	}
}

// FuzzRead: no document panics, and what is read of one is bounded.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"version":1,"attestation_bundles":[{"publisher":{"kind":"GitHub"},"attestations":[{"version":1,"envelope":{"statement":"AA==","signature":"AA=="}}]}]}`))
	f.Add([]byte(`{"attestations":[{"bundle":{}}]}`))
	f.Add([]byte(`{"dist":{"integrity":"sha512-AA==","signatures":[{"keyid":"k","sig":"AA=="}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func([]byte) ([]provenance.Bundle, error){provenance.ReadPEP740, provenance.ReadNPM} {
			bs, err := read(b)
			if err != nil && (!errors.Is(err, provenance.ErrDocument) || bs != nil) || len(bs) > provenance.MaxBundles {
				t.Errorf("%d bundles, %v", len(bs), err)
			}
			if slices.ContainsFunc(bs, func(x provenance.Bundle) bool { return !json.Valid(x.JSON) }) {
				t.Errorf("a bundle that is no JSON: %+v", bs)
			}
		}
		sigs, err := provenance.ReadNPMSignatures(b, "demo", "1.0.0")
		if err != nil && !errors.Is(err, provenance.ErrDocument) || len(sigs) > provenance.MaxSignatures {
			t.Errorf("%d signatures, %v", len(sigs), err)
		}
		provenance.Repository(string(bytes.ToValidUTF8(b, nil)))
	})
}
