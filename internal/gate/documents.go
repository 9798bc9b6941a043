package gate

import (
	"context"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// Document reads what the upstream of a registry has beside its packages, as Go's
// checksum database (ecosystem.Documents). p is the package that it is about, without
// a name where it is about none; one of our own is asked about nowhere outside, which
// is verdict.ErrForbidden. ecosystem.ErrNoPackage where there is no such document.
func (g *Gate) Document(ctx context.Context, registry string, p artifact.Package, path string) ([]byte, error) {
	up, err := g.asks(ctx, registry, p)
	if err != nil {
		return nil, err
	}
	documents, ok := up.(ecosystem.Documents)
	if !ok {
		return nil, fmt.Errorf("%.100q: %w", path, ecosystem.ErrNoPackage)
	}
	return documents.Document(ctx, p, path)
}
