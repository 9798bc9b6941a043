package npm

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

var _ ecosystem.Attested = (*Upstream)(nil)

// Attestations implements ecosystem.Attested: the registry's signatures stand in the
// version's record, and its attestations at the address that the record names.
func (u *Upstream) Attestations(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (provenance.Claims, error) {
	c := provenance.Claims{Published: f.Uploaded}
	var err error
	if c.Signatures, err = provenance.ReadNPMSignatures(f.Record, x.Package.Name, f.Number); err != nil || f.Provenance == "" {
		return c, err
	}
	got, err := u.Cache.Document(ctx, indexcache.Document{URL: f.Provenance, Accept: "application/json", MaxBytes: provenance.MaxDocument})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return c, fmt.Errorf("%w: the registry names them, and they are not there", provenance.ErrDocument)
	}
	if err != nil {
		return c, fmt.Errorf("reading attestations: %w", err)
	}
	c.Bundles, err = provenance.ReadNPM(got.Body)
	return c, err
}
