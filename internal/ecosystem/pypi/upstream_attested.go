package pypi

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// acceptAttestations is what the integrity API answers with
// (https://peps.python.org/pep-0740/#upload-endpoint-changes), and what a plain file
// server does.
const acceptAttestations = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5"

var _ ecosystem.Attested = (*Upstream)(nil)

// Attestations implements ecosystem.Attested: the provenance object of PEP 740, at
// the address that the index names for the file. What an index attests of a file
// never changes but for being added to, so the answer is kept as an index is.
func (u *Upstream) Attestations(ctx context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (provenance.Claims, error) {
	c := provenance.Claims{Published: f.Uploaded}
	if f.Provenance == "" {
		return c, nil
	}
	got, err := u.Document(ctx, indexcache.Document{URL: f.Provenance, Accept: acceptAttestations, MaxBytes: provenance.MaxDocument})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return c, fmt.Errorf("%w: the index names them, and they are not there", provenance.ErrDocument)
	}
	if err != nil {
		return c, fmt.Errorf("reading attestations: %w", err)
	}
	c.Bundles, err = provenance.ReadPEP740(got.Body)
	return c, err
}
