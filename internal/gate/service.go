package gate

import (
	"context"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Service is what people and programs ask of a gate: this process's own (*Gate)
// or a running one (client.Client). by names who acts; a running gate goes by
// the token instead.
type Service interface {
	Admit(ctx context.Context, req verdict.Request, p Progress) (verdict.Outcome, error)
	Outcome(ctx context.Context, id string) (verdict.Outcome, error)
	Outcomes(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error)
	Fixed(ctx context.Context, req verdict.Request, out verdict.Outcome) ([]verdict.Source, error)
	Explain(ctx context.Context, registry string, v artifact.Version) (Explanation, error)
	AskFor(ctx context.Context, registry, object, reason, by string) (Ask, error)
	OpenAsks(ctx context.Context, registry string) ([]Ask, error)
	Waive(ctx context.Context, w WaiverWish) (verdict.Waiver, error)
	Waivers(ctx context.Context, registry string) ([]verdict.Waiver, error)
	Approve(ctx context.Context, object, reason, by string) ([]verdict.Approval, error)
	Revoke(ctx context.Context, id, by string) error
}

var _ Service = (*Gate)(nil)

// Outcome gives how far a request is, or what came of it.
func (g *Gate) Outcome(ctx context.Context, id string) (verdict.Outcome, error) {
	_, status, out, err := g.Store.Request(ctx, id)
	if err != nil {
		return out, err
	}
	if status != verdict.Done && status != verdict.Failed { // there is no outcome yet
		out = verdict.Outcome{Request: id, DecisionURL: g.DecisionURL(id), Problems: []verdict.Problem{}, Versions: []verdict.VersionOutcome{}}
	}
	out.Status = status
	return out, nil
}

// Outcomes lists the newest requests of a registry.
func (g *Gate) Outcomes(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error) {
	if _, err := g.registry(registry); err != nil {
		return nil, err
	}
	return g.Store.Requests(ctx, registry, limit)
}

// OpenAsks lists what people ask for and nobody answered yet.
func (g *Gate) OpenAsks(ctx context.Context, registry string) ([]Ask, error) {
	return g.Store.Asks(ctx, registry, true)
}

// Waivers lists every waiver of a registry that was ever given, newest first.
func (g *Gate) Waivers(ctx context.Context, registry string) ([]verdict.Waiver, error) {
	return g.Store.Waivers(ctx, registry, artifact.Package{})
}
