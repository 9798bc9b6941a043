package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// bundleType is the media type of the Sigstore bundles that are made here: the only
// version whose material PEP 740's attestations have all of.
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// payloadType is that of every in-toto statement in an envelope.
const payloadType = "application/vnd.in-toto+json"

// pep740 is a provenance object.
type pep740 struct {
	Version int `json:"version"`
	Bundles []struct {
		Publisher    *Publisher          `json:"publisher"`
		Attestations []pep740Attestation `json:"attestations"`
	} `json:"attestation_bundles"`
}

type pep740Attestation struct {
	Version  int `json:"version"`
	Material struct {
		Certificate string            `json:"certificate"`
		Entries     []json.RawMessage `json:"transparency_entries"`
	} `json:"verification_material"`
	Envelope struct {
		Statement string `json:"statement"`
		Signature string `json:"signature"`
	} `json:"envelope"`
}

// sigstoreBundle is as much of a Sigstore bundle as an attestation of PEP 740 fills.
type sigstoreBundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		Certificate struct {
			RawBytes string `json:"rawBytes"`
		} `json:"certificate"`
		Entries []json.RawMessage `json:"tlogEntries"`
	} `json:"verificationMaterial"`
	Envelope struct {
		Payload     string           `json:"payload"`
		PayloadType string           `json:"payloadType"`
		Signatures  []envelopeSigned `json:"signatures"`
	} `json:"dsseEnvelope"`
}

type envelopeSigned struct {
	Sig string `json:"sig"`
}

// ReadPEP740 reads a provenance object, as an index of Python packages serves one
// for a file. Errors are ErrDocument.
func ReadPEP740(body []byte) ([]Bundle, error) {
	var doc pep740
	if err := decode(body, &doc); err != nil {
		return nil, err
	}
	if doc.Version != 1 {
		return nil, fmt.Errorf("%w: they are of version %d, and 1 is known here", ErrDocument, doc.Version)
	}
	var out []Bundle
	for _, b := range doc.Bundles {
		for _, a := range b.Attestations {
			if a.Version != 1 {
				return nil, fmt.Errorf("%w: one is of version %d, and 1 is known here", ErrDocument, a.Version)
			}
			if len(out) == MaxBundles {
				return nil, fmt.Errorf("%w: there are more than %d", ErrDocument, MaxBundles)
			}
			text, err := json.Marshal(a.bundle())
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrDocument, err)
			}
			out = append(out, Bundle{JSON: text, Publisher: b.Publisher})
		}
	}
	return out, nil
}

// bundle is the attestation as PEP 740 says that it becomes a Sigstore bundle: the
// same values under other names.
func (a pep740Attestation) bundle() sigstoreBundle {
	b := sigstoreBundle{MediaType: bundleType}
	b.Material.Certificate.RawBytes = a.Material.Certificate
	b.Material.Entries = a.Material.Entries
	b.Envelope.Payload, b.Envelope.PayloadType = a.Envelope.Statement, payloadType
	b.Envelope.Signatures = []envelopeSigned{{a.Envelope.Signature}}
	return b
}

// decode reads one JSON value that is no larger than an upstream may send.
func decode(body []byte, into any) error {
	if len(body) > MaxDocument {
		return fmt.Errorf("%w: they have more than %d bytes", ErrDocument, MaxDocument)
	}
	if !json.Valid(body) { // says so of what comes after the value too
		return fmt.Errorf("%w: they are no JSON", ErrDocument)
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrDocument, err)
	}
	return nil
}
