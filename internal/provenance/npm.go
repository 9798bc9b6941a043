package provenance

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// ReadNPM reads what an npm registry answers about a version's attestations
// (/-/npm/v1/attestations/NAME@VERSION). Errors are ErrDocument.
func ReadNPM(body []byte) ([]Bundle, error) {
	var doc struct {
		Attestations []struct {
			Bundle json.RawMessage `json:"bundle"`
		} `json:"attestations"`
	}
	if err := decode(body, &doc); err != nil {
		return nil, err
	}
	if len(doc.Attestations) > MaxBundles {
		return nil, fmt.Errorf("%w: there are more than %d", ErrDocument, MaxBundles)
	}
	var out []Bundle
	for _, a := range doc.Attestations {
		if len(a.Bundle) == 0 {
			return nil, fmt.Errorf("%w: one of them has no bundle", ErrDocument)
		}
		out = append(out, Bundle{JSON: a.Bundle})
	}
	return out, nil
}

// ReadNPMSignatures reads the registry's own signatures of a version from its
// manifest: dist.signatures, which are over "name@version:integrity". A manifest
// without any has none; so has one whose integrity names no SHA-512, because then
// nothing ties a signature to bytes. Errors are ErrDocument.
func ReadNPMSignatures(manifest []byte, name, number string) ([]Signature, error) {
	var doc struct {
		Dist struct {
			Integrity  string `json:"integrity"`
			Signatures []struct {
				KeyID string `json:"keyid"`
				Sig   string `json:"sig"`
			} `json:"signatures"`
		} `json:"dist"`
	}
	if len(manifest) == 0 {
		return nil, nil
	}
	if err := decode(manifest, &doc); err != nil {
		return nil, err
	}
	sum, ok := strings.CutPrefix(doc.Dist.Integrity, "sha512-")
	raw, err := base64.StdEncoding.DecodeString(sum)
	if !ok || err != nil || len(raw) != 64 {
		return nil, nil
	}
	if len(doc.Dist.Signatures) > MaxSignatures {
		return nil, fmt.Errorf("%w: there are more than %d signatures", ErrDocument, MaxSignatures)
	}
	var out []Signature
	for _, s := range doc.Dist.Signatures {
		sig, err := base64.StdEncoding.DecodeString(s.Sig)
		if err != nil {
			return nil, fmt.Errorf("%w: a signature is no base64", ErrDocument)
		}
		out = append(out, Signature{
			KeyID: s.KeyID, Value: sig, Text: name + "@" + number + ":" + doc.Dist.Integrity, Digest: "sha512:" + hex.EncodeToString(raw),
		})
	}
	return out, nil
}
