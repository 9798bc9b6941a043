package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// advisoryCheck is the name of the check that knows published records.
const advisoryCheck = "advisory"

// Heard says whether a package is ours, something of it was fetched, or its upstream
// has listed it here before. It asks nobody; where an upstream does not remember what
// it listed the answer is yes.
func (g *Gate) Heard(ctx context.Context, p artifact.Package) (bool, error) {
	if g.Hosted.has(p) {
		return true, nil
	}
	if origin, err := g.Store.Origin(ctx, p); err == nil && origin != "" {
		return true, nil
	} else if err != nil && !errors.Is(err, verdict.ErrNotFound) {
		return false, fmt.Errorf("reading origin: %w", err)
	}
	peer, err := g.peer(p.Ecosystem)
	if err != nil {
		return false, err
	}
	ups, err := peer.All(ctx)
	if err != nil {
		return false, err
	}
	for _, up := range ups {
		listed, remembers := up.(interface{ Known(artifact.Package) bool })
		if !remembers || listed.Known(p) {
			return true, nil
		}
	}
	return false, nil
}

// Published gives the records that cover a version which no index has, and so
// nobody decides about: one that the upstream took away, or never had. The error
// says that it is not known, as with data that cannot be relied on.
func (g *Gate) Published(ctx context.Context, v artifact.Version) ([]finding.Finding, error) {
	if p := g.Advisories().Problem; p != "" {
		return nil, fmt.Errorf("looking up %s: %s", v, p)
	}
	for _, c := range g.Checks {
		if c.Name() != advisoryCheck {
			continue
		}
		found, err := c.Check(ctx, scan.VersionTarget{Version: v, Now: g.Now()})
		if err != nil {
			return nil, fmt.Errorf("looking up %s: %w", v, err)
		}
		var out []finding.Finding
		for _, f := range found {
			if len(f.IDs) > 0 {
				out = append(out, f)
			}
		}
		return out, nil
	}
	return nil, errors.New("looking up " + v.String() + ": no check here knows advisories")
}
