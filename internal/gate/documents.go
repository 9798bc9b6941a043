package gate

import (
	"context"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Document reads what an ecosystem's upstream has beside its packages, as Go's
// checksum database (ecosystem.Documents). p is the package that it is about, without
// a name where it is about none; one of our own is asked about nowhere outside, which
// is verdict.ErrForbidden. ecosystem.ErrNoPackage where there is no such document.
func (g *Gate) Document(ctx context.Context, p artifact.Package, path string) ([]byte, error) {
	peer, err := g.peer(p.Ecosystem)
	if err != nil {
		return nil, err
	}
	if p.Name != "" && (g.Hosted.has(p) || g.Internal(p)) {
		return nil, fmt.Errorf("%s is a name of our own and is asked about nowhere outside: %w", p.Name, verdict.ErrForbidden)
	}
	up, err := peer.Outside(ctx)
	if err != nil {
		return nil, err
	}
	documents, ok := up.(ecosystem.Documents)
	if !ok {
		return nil, fmt.Errorf("%.100q: %w", path, ecosystem.ErrNoPackage)
	}
	return documents.Document(ctx, p, path)
}
