package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// advisoryCheck is the name of the check that knows published records.
const advisoryCheck = "advisory"

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
