package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// What a key is for. One without a usage is for both.
const (
	usageSignatures   = "npm:signatures"
	usageAttestations = "npm:attestations"
)

// key is a pinned key of a registry.
type key struct {
	id, usage  string
	public     *ecdsa.PublicKey
	start, end time.Time // zero: none
}

type keys []key

// readKeys reads the keys of an npm registry, in either form that they are had in:
// as Sigstore's trust repository keeps them, or as the registry's own /-/npm/v1/keys
// says them (keyid, key, expires).
func readKeys(b []byte) (keys, error) {
	var doc struct {
		Keys []struct {
			KeyID     string `json:"keyId"` // the decoder takes keyid too
			KeyUsage  string `json:"keyUsage"`
			PublicKey struct {
				RawBytes   string `json:"rawBytes"`
				KeyDetails string `json:"keyDetails"`
				ValidFor   struct {
					Start, End time.Time
				} `json:"validFor"`
			} `json:"publicKey"`
			Key     string     `json:"key"`
			Expires *time.Time `json:"expires"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	var out keys
	for _, k := range doc.Keys {
		one := key{id: k.KeyID, usage: k.KeyUsage, start: k.PublicKey.ValidFor.Start, end: k.PublicKey.ValidFor.End}
		text := k.PublicKey.RawBytes
		if k.Key != "" {
			text = k.Key
			if k.Expires != nil {
				one.end = *k.Expires
			}
		}
		var err error
		if one.public, err = publicKey(text); err != nil {
			return nil, fmt.Errorf("key %.80q: %w", k.KeyID, err)
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, errors.New("there is none")
	}
	return out, nil
}

func publicKey(text string) (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	public, ok := k.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("it is no ECDSA key on P-256, as those of npm registries are")
	}
	return public, nil
}

// of finds a key by id and usage; nil where it is not pinned.
func (ks keys) of(id, usage string) *key {
	for i, k := range ks {
		if k.id == id && (k.usage == usage || k.usage == "") {
			return &ks[i]
		}
	}
	return nil
}

// verifier gives sigstore-go the key of an attestation.
func (ks keys) verifier(id string) (root.TimeConstrainedVerifier, error) {
	k := ks.of(id, usageAttestations)
	if k == nil {
		return nil, fmt.Errorf("key %.80q is not pinned", id)
	}
	v, err := signature.LoadVerifier(k.public, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return root.NewExpiringKey(v, k.start, k.end), nil
}

// signatures checks the registry's own signatures of a version. One that verifies is
// enough: a registry that changes its key signs with both.
func (r *roots) signatures(a *provenance.Answer, s provenance.Subject, c provenance.Claims) {
	var doubts provenance.Answer
	for _, sig := range c.Signatures[:min(len(c.Signatures), provenance.MaxSignatures)] {
		k := r.keys.of(sig.KeyID, usageSignatures)
		if k == nil {
			add(&doubts, provenance.RuleUnknownKey, "the registry has signed %s with a key that is not pinned here (%s); see docs/provenance.md", safe(s.File), safe(sig.KeyID))
			continue
		}
		sum := sha256.Sum256([]byte(sig.Text))
		switch {
		case !ecdsa.VerifyASN1(k.public, sum[:], sig.Value):
			add(a, provenance.RuleSignature, "the registry's signature of %s does not verify with its key %s", safe(s.File), safe(sig.KeyID))
		case !s.Has(sig.Digest):
			add(a, provenance.RuleSignature, "the registry's signature of %s is over other bytes", safe(s.File))
		case !k.end.IsZero() && (c.Published.IsZero() || !c.Published.Before(k.end)):
			add(&doubts, provenance.RuleUnknownKey, "the registry has signed %s with key %s, which ended on %s; nothing says that the version is older", safe(s.File), safe(sig.KeyID), k.end.Format(time.DateOnly))
		default:
			a.Signatures = append(a.Signatures, provenance.RegistrySignature{Key: sig.KeyID})
		}
	}
	if len(a.Signatures) == 0 {
		a.Problems = append(a.Problems, doubts.Problems...)
	}
}
