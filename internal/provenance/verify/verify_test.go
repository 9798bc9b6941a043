package verify_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	. "github.com/gatehouse-project/gatehouse/internal/provenance/provenancetest"
	"github.com/gatehouse-project/gatehouse/internal/provenance/verify"
)

var (
	now   = time.Now()
	short = strings.Repeat("a1", 32)
	long  = strings.Repeat("b2", 64)
	wheel = provenance.Subject{
		Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "acme-demo"}, Number: "1.0"},
		File:    "acme_demo-1.0-py3-none-any.whl", Digests: []string{"sha256:" + short},
	}
	tarball = provenance.Subject{
		Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: "@acme/demo"}, Number: "1.0.0"},
		File:    "demo-1.0.0.tgz", Digests: []string{"sha512:" + long, "sha256:" + short},
	}
	ci = Workflow("https://forge.invalid/acme/demo", ".forge/release.yml", "refs/tags/v1")
)

func ofWheel() Subject   { return About(wheel.File, "sha256", short) }
func ofTarball() Subject { return About("pkg:npm/%40acme/demo@1.0.0", "sha512", long) }

func open(t *testing.T, s *Sigstore) *verify.Verifier {
	t.Helper()
	v, err := verify.New(s.TrustedRoot(), s.NPMKeys())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func check(t *testing.T, v *verify.Verifier, s provenance.Subject, c provenance.Claims) provenance.Answer {
	t.Helper()
	a, err := v.Verify(s, c)
	if err != nil {
		t.Fatal(err)
	}
	if a.Roots != v.Roots() {
		t.Errorf("the answer is by roots %q, the verifier's are %q", a.Roots, v.Roots())
	}
	return a
}

func rules(a provenance.Answer) string {
	var out []string
	for _, p := range a.Problems {
		out = append(out, p.Rule)
	}
	return strings.Join(out, " ")
}

func pep740(t *testing.T, publisher string, bundles ...json.RawMessage) provenance.Claims {
	t.Helper()
	bs, err := provenance.ReadPEP740(PEP740(t, publisher, bundles...))
	if err != nil {
		t.Fatal(err)
	}
	return provenance.Claims{Bundles: bs}
}

func npm(t *testing.T, bundles ...json.RawMessage) provenance.Claims {
	t.Helper()
	bs, err := provenance.ReadNPM(NPM(t, bundles...))
	if err != nil {
		t.Fatal(err)
	}
	return provenance.Claims{Bundles: bs}
}

// TestWhoMadeIt: what is attested by all the rules is told, with all that the
// certificate and the log say.
func TestWhoMadeIt(t *testing.T) {
	s := New(t, now)
	v := open(t, s)
	by := ci
	by.RepositoryID, by.Build = "42", "https://forge.invalid/acme/demo/runs/7"
	want := provenance.Attestation{
		Kind: provenance.Publish, Predicate: Uploaded, Issuer: Issuer, Identity: "https://forge.invalid/acme/demo/.forge/release.yml@refs/tags/v1",
		Repository: "https://forge.invalid/acme/demo", RepositoryID: "42", Workflow: ".forge/release.yml", Ref: "refs/tags/v1", Commit: ci.Commit,
		Runner: "forge-hosted", Run: "https://forge.invalid/acme/demo/runs/7", Log: "https://log.invalid", At: now.UTC().Truncate(time.Second),
	}
	a := check(t, v, wheel, pep740(t, "acme/demo", s.Bundle(by, Uploaded, None, ofWheel())))
	if len(a.Problems) > 0 || !slices.Equal(a.Attestations, []provenance.Attestation{want}) || !a.Verified() {
		t.Fatalf("got  %+v\nwant %+v", a, want)
	}
	mail := Maker{Issuer: "https://accounts.invalid", Identity: "builder@acme.invalid"}
	a = check(t, v, wheel, pep740(t, "", s.Bundle(mail, Uploaded, None, ofWheel())))
	if x, ok := a.Main(); !ok || x.Identity != mail.Identity || x.Issuer != mail.Issuer || x.Repository != "" || x.Source() != mail.Identity {
		t.Errorf("by somebody without a repository: %+v", a)
	}
	a = check(t, v, tarball, npm(t, s.Keyed(NPMPublish, None, ofTarball()), s.Bundle(by, SLSA, None, ofTarball())))
	if x, ok := a.Main(); !ok || !a.Verified() || x.Kind != provenance.Build || len(a.Attestations) != 2 || a.Attestations[0].Key != s.KeyID() {
		t.Errorf("an npm tarball: %+v", a)
	}
	if a = check(t, v, tarball, npm(t, s.Keyed(NPMPublish, None, ofTarball()))); a.Verified() || len(a.Problems) > 0 || len(a.Attestations) != 1 {
		t.Errorf("what only the registry attests names nobody: %+v", a)
	}
	if a = check(t, v, tarball, npm(t, s.Bundle(by, OldSLSA, None, ofTarball()))); !a.Verified() {
		t.Errorf("the older form of SLSA: %+v", a)
	}
	if a = check(t, v, wheel, pep740(t, "", s.Bundle(by, "https://acme.invalid/anything/v1", None, ofWheel()))); a.Verified() || len(a.Problems)+len(a.Attestations) > 0 {
		t.Errorf("a statement of a type that nobody reads: %+v", a)
	}
}

// TestWhatDoesNotVerify: every flaw is told apart, and nothing of it counts.
func TestWhatDoesNotVerify(t *testing.T) {
	s, other := New(t, now), New(t, now)
	v := open(t, s)
	digest := func(algorithm, value string) Subject {
		return About(wheel.File, algorithm, value)
	}
	for _, tc := range []struct {
		bundle json.RawMessage
		want   string
		why    string
	}{
		{s.Bundle(ci, Uploaded, NoLog, ofWheel()), provenance.RuleInvalid, string(NoLog)},
		{s.Bundle(ci, Uploaded, NoProof, ofWheel()), provenance.RuleInvalid, string(NoProof)},
		{s.Bundle(ci, Uploaded, NoPromise, ofWheel()), provenance.RuleInvalid, string(NoPromise)},
		{s.Bundle(ci, Uploaded, Expired, ofWheel()), provenance.RuleInvalid, string(Expired)},
		{s.Bundle(ci, Uploaded, OtherPayload, ofWheel()), provenance.RuleInvalid, string(OtherPayload)},
		{s.Bundle(ci, Uploaded, OtherEntry, ofWheel()), provenance.RuleInvalid, string(OtherEntry)},
		{s.Bundle(ci, Uploaded, OtherCert, ofWheel()), provenance.RuleInvalid, string(OtherCert)},
		{s.Bundle(ci, Uploaded, NoCertLog, ofWheel()), provenance.RuleUnknownKey, string(NoCertLog)},
		{other.Bundle(ci, Uploaded, None, ofWheel()), provenance.RuleUnknownKey, "another Sigstore"},
		{s.Bundle(ci, Uploaded, None, digest("sha256", strings.Repeat("00", 32))), provenance.RuleOtherFile, "other bytes"},
		{s.Bundle(ci, Uploaded, None, Subject{Name: wheel.File, Digest: map[string]string{"sha256": short, "sha512": long}}), provenance.RuleOtherFile, "a digest that the bytes are not known to have"},
		{s.Bundle(ci, Uploaded, None, digest("md5", strings.Repeat("00", 16))), provenance.RuleOtherFile, "a digest that can be forged"},
		{s.Bundle(ci, Uploaded, None, About("acme_demo-1.1-py3-none-any.whl", "sha256", short)), provenance.RuleOtherFile, "another name"},
		{s.Bundle(ci, Uploaded, None, ofTarball()), provenance.RuleOtherFile, "another package"},
		{s.Bundle(ci, Uploaded, None), provenance.RuleOtherFile, "about nothing"},
		{json.RawMessage(`{}`), provenance.RuleInvalid, "no bundle"},
		{json.RawMessage(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"AAAA"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}`), provenance.RuleInvalid, "no statement"},
		{json.RawMessage(`{"mediaType":"application/vnd.dev.sigstore.bundle.v9+json"}`), provenance.RuleInvalid, "a version that nobody knows"},
	} {
		a := check(t, v, wheel, provenance.Claims{Bundles: []provenance.Bundle{{JSON: tc.bundle}}})
		if rules(a) != tc.want || len(a.Attestations) > 0 || a.Verified() {
			t.Errorf("%s: %s, %+v; want %s", tc.why, rules(a), a, tc.want)
		}
	}
	wordy := ci
	wordy.Ref = "refs/heads/" + strings.Repeat("x", 3000)
	if a := check(t, v, wheel, pep740(t, "", s.Bundle(wordy, Uploaded, None, ofWheel()))); rules(a) != provenance.RuleInvalid || len(a.Attestations) > 0 {
		t.Errorf("names without an end: %+v", a)
	}
	if a := check(t, v, wheel, pep740(t, "", other.Bundle(ci, Uploaded, NoLog, ofWheel()))); rules(a) != provenance.RuleUnknownKey {
		t.Errorf("another Sigstore, which has no log: %+v", a)
	}
	good := s.Bundle(ci, Uploaded, None, ofWheel())
	if a := check(t, v, wheel, pep740(t, "acme/demo", good, s.Bundle(ci, SLSA, OtherPayload, ofWheel()))); a.Verified() || len(a.Attestations) != 1 || rules(a) != provenance.RuleInvalid {
		t.Errorf("one good and one bad: %+v; the bad one counts", a)
	}
	if a := check(t, v, wheel, pep740(t, "mallory/demo", good)); a.Verified() || rules(a) != provenance.RulePublisher {
		t.Errorf("the index names another publisher: %+v", a)
	}
	many := slices.Repeat([]provenance.Bundle{{JSON: json.RawMessage(`{}`)}}, provenance.MaxBundles+1)
	if a := check(t, v, wheel, provenance.Claims{Bundles: many}); len(a.Problems) != 2 {
		t.Errorf("too many: %+v", a)
	}
	several := s.Bundle(ci, Uploaded, None, About("acme_demo-1.0.tar.gz", "sha256", long[:64]), About("Acme-Demo-1.0-py3-none-any.whl", "sha256", strings.ToUpper(short)))
	if a := check(t, v, wheel, pep740(t, "", several)); !a.Verified() {
		t.Errorf("one of several subjects, spelt otherwise: %+v", a)
	}
}

// TestRegistrySignatures holds npm's dist.signatures to pinned keys.
func TestRegistrySignatures(t *testing.T) {
	s, other := New(t, now), New(t, now)
	raw, err := hex.DecodeString(long)
	if err != nil {
		t.Fatal(err)
	}
	integrity := "sha512-" + base64.StdEncoding.EncodeToString(raw)
	expires := now.Add(-time.Hour)
	s.ExpireKey(expires)
	wrong := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x30}, 70))
	for _, tc := range []struct {
		integrity, keyid, sig string
		published             time.Time
		bytes                 string
		want, key             string
		why                   string
	}{
		{integrity, s.KeyID(), s.Signature("@acme/demo", "1.0.0", integrity), expires.Add(-time.Second), long, "", s.KeyID(), "good"},
		{integrity, s.KeyID(), s.Signature("@acme/demo", "1.0.1", integrity), expires.Add(-time.Second), long, provenance.RuleSignature, "", "of another version"},
		{integrity, s.KeyID(), s.Signature("acme-demo", "1.0.0", integrity), expires.Add(-time.Second), long, provenance.RuleSignature, "", "of another package"},
		{integrity, s.KeyID(), wrong, expires.Add(-time.Second), long, provenance.RuleSignature, "", "no signature"},
		{integrity, s.KeyID(), s.Signature("@acme/demo", "1.0.0", integrity), expires.Add(-time.Second), strings.Repeat("00", 64), provenance.RuleSignature, "", "of other bytes"},
		{integrity, other.KeyID(), other.Signature("@acme/demo", "1.0.0", integrity), expires.Add(-time.Second), long, provenance.RuleUnknownKey, "", "a key that is not pinned"},
		{integrity, s.KeyID(), s.Signature("@acme/demo", "1.0.0", integrity), expires, long, provenance.RuleUnknownKey, "", "published when the key had ended"},
		{integrity, s.KeyID(), s.Signature("@acme/demo", "1.0.0", integrity), time.Time{}, long, provenance.RuleUnknownKey, "", "nobody knows when it was published"},
		{"sha1-AAAA", s.KeyID(), s.Signature("@acme/demo", "1.0.0", "sha1-AAAA"), expires.Add(-time.Second), long, "", "", "nothing ties it to bytes"},
	} {
		manifest := fmt.Sprintf(`{"dist":{"integrity":%q,"signatures":[{"keyid":%q,"sig":%q}]}}`, tc.integrity, tc.keyid, tc.sig)
		sigs, err := provenance.ReadNPMSignatures([]byte(manifest), "@acme/demo", "1.0.0")
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		subject := tarball
		subject.Digests = []string{"sha512:" + tc.bytes}
		for _, file := range [][]byte{s.NPMKeys(), s.ServedKeys()} {
			v, err := verify.New(nil, file)
			if err != nil {
				t.Fatal(err)
			}
			a := check(t, v, subject, provenance.Claims{Signatures: sigs, Published: tc.published})
			key := ""
			if len(a.Signatures) > 0 {
				key = a.Signatures[0].Key
			}
			if rules(a) != tc.want || key != tc.key || a.Verified() {
				t.Errorf("%s: %+v; want %q and key %q", tc.why, a, tc.want, tc.key)
			}
		}
	}
	sigs := []provenance.Signature{}
	for _, by := range []*Sigstore{other, s} {
		sig, err := base64.StdEncoding.DecodeString(by.Signature("@acme/demo", "1.0.0", integrity))
		if err != nil {
			t.Fatal(err)
		}
		sigs = append(sigs, provenance.Signature{KeyID: by.KeyID(), Value: sig, Text: "@acme/demo@1.0.0:" + integrity, Digest: "sha512:" + long})
	}
	if a := check(t, open(t, s), tarball, provenance.Claims{Signatures: sigs, Published: expires.Add(-time.Second)}); len(a.Problems) > 0 || len(a.Signatures) != 1 {
		t.Errorf("signed with a new key and with one that is pinned: %+v", a)
	}
	if a := check(t, open(t, other), tarball, npm(t, s.Keyed(NPMPublish, None, ofTarball()))); rules(a) != provenance.RuleUnknownKey {
		t.Errorf("attested by a key that is not pinned: %+v", a)
	}
	if a := check(t, open(t, s), tarball, npm(t, s.Keyed(NPMPublish, None, ofTarball()))); rules(a) != provenance.RuleInvalid {
		t.Errorf("attested with a key after it had ended: %+v", a)
	}
}

// TestRoots: those that are embedded can be read, and files that cannot are refused.
func TestRoots(t *testing.T) {
	s := New(t, now)
	embedded, err := verify.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := check(t, embedded, wheel, pep740(t, "", s.Bundle(ci, Uploaded, None, ofWheel()))); rules(a) != provenance.RuleUnknownKey {
		t.Errorf("by the embedded roots: %+v", a)
	}
	if v := open(t, s); v.Roots() == embedded.Roots() {
		t.Error("other roots have the same name")
	}
	for _, tc := range []struct{ root, keys, why string }{
		{"{}", "", "an empty object"}, {"x", "", "no JSON"}, {`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`, "", "no authority"},
		{string(s.TrustedRoot()[:500]), "", "half of one"},
		{"", "{}", "no keys"}, {"", "x", "no JSON"}, {"", `{"keys":[{"keyid":"a","key":"AAAA"}]}`, "no key"},
		{strings.Repeat(" ", verify.MaxRoots+1), "", "too large"}, {"", strings.Repeat(" ", verify.MaxRoots+1), "too large"},
	} {
		if _, err := verify.New([]byte(tc.root), []byte(tc.keys)); err == nil {
			t.Errorf("%s: no error", tc.why)
		}
	}
}

// TestTextFromOutsideIsSafe: what a bundle says is never printed as it is.
func TestTextFromOutsideIsSafe(t *testing.T) {
	s := New(t, now)
	a := check(t, open(t, s), wheel, pep740(t, "\x1b[31mx/y", s.Bundle(ci, Uploaded, None, ofWheel()), s.Bundle(ci, Uploaded, None, About("\x1b[31m\u202e", "sha256", short))))
	if len(a.Problems) != 2 {
		t.Errorf("%+v", a.Problems)
	}
	for _, p := range a.Problems {
		if strings.ContainsAny(p.Text, "\x1b\u202e") {
			t.Errorf("%q", p.Text)
		}
	}
}

// FuzzVerify: whatever a bundle holds, nothing is believed of it and nothing panics.
func FuzzVerify(f *testing.F) {
	s := New(f, now)
	v, err := verify.New(s.TrustedRoot(), s.NPMKeys())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(s.Bundle(ci, Uploaded, NoLog, ofWheel())))
	f.Add([]byte(s.Bundle(ci, SLSA, OtherPayload, ofWheel())))
	f.Add([]byte(s.Keyed(NPMPublish, OtherPayload, ofTarball())))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","verificationMaterial":{"x509CertificateChain":{"certificates":[]},"tlogEntries":[{}]},"dsseEnvelope":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := v.Verify(wheel, provenance.Claims{Bundles: []provenance.Bundle{{JSON: b}}})
		if err != nil || a.Verified() || len(a.Problems) == 0 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}
