// Package provenancetest is a Sigstore of a test's own: a certificate authority, a
// certificate log, a transparency log and the key of an npm registry, all made when it
// is asked for, and the attestations that they issue, good and bad. It is written from
// the formats alone, without the library that verifies them, so that the two hold each
// other. Nothing of it leaves the test.
package provenancetest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"testing"
	"time"
)

// Issuer is who vouches for identities where a Maker does not say.
const Issuer = "https://token.forge.invalid"

// The types of statements.
const (
	SLSA       = "https://slsa.dev/provenance/v1"
	OldSLSA    = "https://slsa.dev/provenance/v0.2"
	Uploaded   = "https://docs.index.invalid/attestations/publish/v1"
	NPMPublish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
)

// Sigstore issues attestations.
type Sigstore struct {
	t                      testing.TB
	now                    time.Time
	root, authority        *x509.Certificate
	authorityKey           *ecdsa.PrivateKey
	certLog, log, npm      *ecdsa.PrivateKey
	npmStarted, npmExpires time.Time
}

// New makes one. It issues at now, which has to be whole seconds to be found again.
func New(t testing.TB, now time.Time) *Sigstore {
	t.Helper()
	s := &Sigstore{t: t, now: now.UTC().Truncate(time.Second), certLog: newKey(t), log: newKey(t), npm: newKey(t), authorityKey: newKey(t)}
	s.npmStarted = s.now.AddDate(-1, 0, 0)
	rootKey := newKey(t)
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"test.invalid"}},
			NotBefore: s.now.AddDate(-1, 0, 0), NotAfter: s.now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
			BasicConstraintsValid: true, IsCA: true,
		}
	}
	top := template("root")
	s.root = s.certificate(top, top, &rootKey.PublicKey, rootKey)
	middle := template("authority")
	middle.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	s.authority = s.certificate(middle, s.root, &s.authorityKey.PublicKey, rootKey)
	return s
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (s *Sigstore) certificate(template, parent *x509.Certificate, public *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	s.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// Maker is who attests. Repository and what follows are of a workflow; without one
// Identity is a mail address.
type Maker struct {
	Issuer, Identity             string
	Repository, RepositoryID     string // "https://forge.invalid/acme/demo"
	Workflow, Ref, Commit, Build string // ".forge/release.yml", "refs/tags/v1"; Build is the run's address
}

// Workflow is a Maker as forges name one.
func Workflow(repository, file, ref string) Maker {
	return Maker{Repository: repository, Workflow: file, Ref: ref, Commit: "0123456789abcdef0123456789abcdef01234567"}
}

func (m Maker) issuer() string {
	if m.Issuer != "" {
		return m.Issuer
	}
	return Issuer
}

func (m Maker) extensions(t testing.TB) []pkix.Extension {
	t.Helper()
	var out []pkix.Extension
	for _, e := range []struct {
		last  int
		value string
	}{
		{8, m.issuer()}, {11, "forge-hosted"}, {12, m.Repository}, {13, m.Commit}, {14, m.Ref}, {15, m.RepositoryID}, {18, m.address()}, {21, m.Build},
	} {
		if e.value == "" || m.Repository == "" && e.last != 8 {
			continue
		}
		der, err := asn1.MarshalWithParams(e.value, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, e.last}, Value: der})
	}
	return out
}

func (m Maker) address() string { return m.Repository + "/" + m.Workflow + "@" + m.Ref }

// Flaw is one thing that is wrong with an attestation.
type Flaw string

// The flaws.
const (
	None         Flaw = ""
	NoLog        Flaw = "no entry in a transparency log"
	NoProof      Flaw = "an entry without a proof that it is in the log"
	NoPromise    Flaw = "an entry without the log's promise, so without a time"
	NoCertLog    Flaw = "a certificate that no certificate log has seen"
	Expired      Flaw = "signed after the certificate had ended"
	OtherPayload Flaw = "a statement that was changed after it was signed"
	OtherEntry   Flaw = "the log entry of another attestation"
	OtherCert    Flaw = "the certificate of somebody else"
)

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// About is a subject with one digest.
func About(name, algorithm, value string) Subject {
	return Subject{Name: name, Digest: map[string]string{algorithm: value}}
}

func statement(t testing.TB, predicate string, subjects []Subject) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": predicate, "predicate": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const payloadType = "application/vnd.in-toto+json"

// preAuthentication is what is signed of an envelope
// (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).
func preAuthentication(payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

func (s *Sigstore) sign(key *ecdsa.PrivateKey, b []byte) []byte {
	s.t.Helper()
	sum := sha256.Sum256(b)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	return sig
}

// Bundle attests subjects as a maker, and gives the bundle as JSON.
func (s *Sigstore) Bundle(m Maker, predicate string, flaw Flaw, subjects ...Subject) json.RawMessage {
	s.t.Helper()
	key := newKey(s.t)
	cert := s.leaf(m, &key.PublicKey, flaw != NoCertLog)
	payload := statement(s.t, predicate, subjects)
	sig := s.sign(key, preAuthentication(payload))
	at := s.now
	if flaw == Expired {
		at = cert.NotAfter.Add(time.Minute)
	}
	entry := s.entry(payload, sig, pemOf("CERTIFICATE", cert.Raw), at, flaw)
	shown := cert
	switch flaw {
	case OtherPayload:
		payload = bytes.Replace(payload, []byte(`"subject"`), []byte(`"subject" `), 1)
	case OtherEntry:
		entry = s.entry([]byte("{}"), sig, pemOf("CERTIFICATE", cert.Raw), at, None)
	case OtherCert:
		shown = s.leaf(m, &newKey(s.t).PublicKey, true)
	}
	return s.bundle(map[string]any{"certificate": map[string]any{"rawBytes": shown.Raw}}, entry, payload, sig, flaw)
}

// Keyed attests subjects with the npm registry's key.
func (s *Sigstore) Keyed(predicate string, flaw Flaw, subjects ...Subject) json.RawMessage {
	s.t.Helper()
	payload := statement(s.t, predicate, subjects)
	sig := s.sign(s.npm, preAuthentication(payload))
	der := spki(s.t, &s.npm.PublicKey)
	entry := s.entry(payload, sig, pemOf("PUBLIC KEY", der), s.now, flaw)
	return s.bundle(map[string]any{"publicKey": map[string]any{"hint": s.KeyID()}}, entry, payload, sig, flaw)
}

func (s *Sigstore) bundle(material map[string]any, entry any, payload, sig []byte, flaw Flaw) json.RawMessage {
	s.t.Helper()
	if flaw != NoLog {
		material["tlogEntries"] = []any{entry}
	}
	b, err := json.Marshal(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material,
		"dsseEnvelope": map[string]any{"payload": payload, "payloadType": payloadType, "signatures": []any{map[string]any{"sig": sig}}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func spki(t testing.TB, k *ecdsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// leaf issues a certificate that holds for ten minutes, entered in the certificate log
// or not (RFC 6962).
func (s *Sigstore) leaf(m Maker, public *ecdsa.PublicKey, logged bool) *x509.Certificate {
	s.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: s.now.Add(-5 * time.Minute), NotAfter: s.now.Add(5 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: m.extensions(s.t),
	}
	if m.Repository == "" {
		template.EmailAddresses = []string{m.Identity}
	} else {
		u, err := url.Parse(m.address())
		if err != nil {
			s.t.Fatal(err)
		}
		template.URIs = []*url.URL{u}
	}
	before := s.certificate(template, s.authority, public, s.authorityKey)
	if !logged {
		return before
	}
	issuer := sha256.Sum256(s.authority.RawSubjectPublicKeyInfo)
	stamp := binary.BigEndian.AppendUint64(nil, uint64(s.now.UnixMilli()))
	signed := append([]byte{0, 0}, stamp...)
	signed = append(append(signed, 0, 1), issuer[:]...)
	n := len(before.RawTBSCertificate)
	signed = append(append(signed, byte(n>>16), byte(n>>8), byte(n)), before.RawTBSCertificate...)
	sig := s.sign(s.certLog, append(signed, 0, 0))
	id := sha256.Sum256(spki(s.t, &s.certLog.PublicKey))
	sct := append(append([]byte{0}, id[:]...), stamp...)
	sct = append(binary.BigEndian.AppendUint16(append(sct, 0, 0, 4, 3), uint16(len(sig))), sig...)
	list := append(binary.BigEndian.AppendUint16(nil, uint16(len(sct))), sct...)
	value, err := asn1.Marshal(append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...))
	if err != nil {
		s.t.Fatal(err)
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value})
	return s.certificate(template, s.authority, public, s.authorityKey)
}

// logName is in the transparency log's checkpoints.
const logName = "log.invalid"

// logOrigin is how a log of this kind calls itself there.
const logOrigin = logName + " - 42"

// entry is that of an envelope in a transparency log of one entry, with the log's
// promise and proof (https://github.com/sigstore/rekor).
func (s *Sigstore) entry(payload, sig, verifier []byte, at time.Time, flaw Flaw) any {
	s.t.Helper()
	hash := func(b []byte) map[string]any {
		sum := sha256.Sum256(b)
		return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
	}
	body := s.json(map[string]any{"apiVersion": "0.0.1", "kind": "dsse", "spec": map[string]any{
		"envelopeHash": hash(sig), "payloadHash": hash(payload), "signatures": []any{map[string]any{"signature": base64.StdEncoding.EncodeToString(sig), "verifier": verifier}},
	}})
	der := spki(s.t, &s.log.PublicKey)
	id := sha256.Sum256(der)
	promise := s.sign(s.log, s.json(map[string]any{"body": body, "integratedTime": at.Unix(), "logID": hex.EncodeToString(id[:]), "logIndex": 0}))
	leaf := sha256.Sum256(append([]byte{0}, body...))
	note := fmt.Sprintf("%s\n1\n%s\n", logOrigin, base64.StdEncoding.EncodeToString(leaf[:]))
	signed := append(id[:4:4], s.sign(s.log, []byte(note))...)
	e := map[string]any{
		"logIndex": "0", "logId": map[string]any{"keyId": id[:]}, "kindVersion": map[string]any{"kind": "dsse", "version": "0.0.1"},
		"integratedTime": fmt.Sprint(at.Unix()), "canonicalizedBody": body,
		"inclusionPromise": map[string]any{"signedEntryTimestamp": promise},
		"inclusionProof": map[string]any{"logIndex": "0", "rootHash": leaf[:], "treeSize": "1", "hashes": []any{}, "checkpoint": map[string]any{
			"envelope": note + "\n— " + logName + " " + base64.StdEncoding.EncodeToString(signed) + "\n",
		}},
	}
	switch flaw {
	case NoProof:
		delete(e, "inclusionProof")
	case NoPromise:
		delete(e, "inclusionPromise")
	}
	return e
}

// json writes keys in order and leaves < and > alone, as canonical JSON does.
func (s *Sigstore) json(v any) []byte {
	s.t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		s.t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// TrustedRoot is the file that has verifiers trust this Sigstore.
func (s *Sigstore) TrustedRoot() []byte {
	log := func(k *ecdsa.PrivateKey, address string) any {
		der := spki(s.t, &k.PublicKey)
		id := sha256.Sum256(der)
		return map[string]any{
			"baseUrl": address, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": id[:]},
			"publicKey": map[string]any{"rawBytes": der, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": s.valid()},
		}
	}
	return s.json(map[string]any{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs":     []any{log(s.log, "https://"+logName)}, "ctlogs": []any{log(s.certLog, "https://certificates.invalid")},
		"certificateAuthorities": []any{map[string]any{
			"subject": map[string]any{"organization": "test.invalid", "commonName": "authority"}, "uri": "https://authority.invalid", "validFor": s.valid(),
			"certChain": map[string]any{"certificates": []any{map[string]any{"rawBytes": s.authority.Raw}, map[string]any{"rawBytes": s.root.Raw}}},
		}},
	})
}

func (s *Sigstore) valid() any {
	return map[string]any{"start": s.now.AddDate(-1, 0, 0).Format(time.RFC3339)}
}

// KeyID is that of the npm registry's key, as registries name theirs.
func (s *Sigstore) KeyID() string {
	sum := sha256.Sum256(spki(s.t, &s.npm.PublicKey))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// ExpireKey lets the npm registry's key end.
func (s *Sigstore) ExpireKey(at time.Time) { s.npmExpires = at }

// NPMKeys is the file of the npm registry's keys, as Sigstore's trust repository keeps
// them.
func (s *Sigstore) NPMKeys() []byte {
	var keys []any
	for _, usage := range []string{"npm:signatures", "npm:attestations"} {
		valid := map[string]any{"start": s.npmStarted.Format(time.RFC3339)}
		if !s.npmExpires.IsZero() {
			valid["end"] = s.npmExpires.Format(time.RFC3339)
		}
		keys = append(keys, map[string]any{"keyId": s.KeyID(), "keyUsage": usage, "publicKey": map[string]any{
			"rawBytes": spki(s.t, &s.npm.PublicKey), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid,
		}})
	}
	return s.json(map[string]any{"keys": keys})
}

// ServedKeys is what the registry itself would answer at /-/npm/v1/keys.
func (s *Sigstore) ServedKeys() []byte {
	var expires any
	if !s.npmExpires.IsZero() {
		expires = s.npmExpires.Format(time.RFC3339)
	}
	return s.json(map[string]any{"keys": []any{map[string]any{
		"expires": expires, "keyid": s.KeyID(), "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256", "key": spki(s.t, &s.npm.PublicKey),
	}}})
}

// Signature is the registry's own of a version, in base64 as dist.signatures has it.
func (s *Sigstore) Signature(name, number, integrity string) string {
	return base64.StdEncoding.EncodeToString(s.sign(s.npm, []byte(name+"@"+number+":"+integrity)))
}

// PEP740 turns bundles into a provenance object. publisher is "owner/name", "" for
// none.
func PEP740(t testing.TB, publisher string, bundles ...json.RawMessage) []byte {
	t.Helper()
	var list []any
	for _, raw := range bundles {
		var b struct {
			Material struct {
				Certificate struct{ RawBytes json.RawMessage }
				TlogEntries json.RawMessage
			} `json:"verificationMaterial"`
			Envelope struct {
				Payload    json.RawMessage
				Signatures []struct{ Sig json.RawMessage }
			} `json:"dsseEnvelope"`
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		list = append(list, map[string]any{
			"version":               1,
			"verification_material": map[string]any{"certificate": b.Material.Certificate.RawBytes, "transparency_entries": b.Material.TlogEntries},
			"envelope":              map[string]any{"statement": b.Envelope.Payload, "signature": b.Envelope.Signatures[0].Sig},
		})
	}
	bundle := map[string]any{"attestations": list}
	if publisher != "" {
		bundle["publisher"] = map[string]any{"kind": "Forge", "repository": publisher, "workflow": "release.yml", "claims": nil}
	}
	out, err := json.Marshal(map[string]any{"version": 1, "attestation_bundles": []any{bundle}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// NPM turns bundles into what a registry answers about a version's attestations.
func NPM(t testing.TB, bundles ...json.RawMessage) []byte {
	t.Helper()
	list := []any{}
	for _, b := range bundles {
		list = append(list, map[string]any{"predicateType": "said", "bundle": b})
	}
	out, err := json.Marshal(map[string]any{"attestations": list})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
