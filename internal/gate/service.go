package gate

import (
	"context"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Service is what people and programs ask of a gate: this process's own (*Gate)
// or a running one (client.Client). by names who acts; a running gate goes by
// the token instead.
type Service interface {
	Admit(ctx context.Context, req verdict.Request, p Progress) (verdict.Outcome, error)
	Outcome(ctx context.Context, id string) (verdict.Outcome, error)
	Outcomes(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error)
	Cancel(ctx context.Context, id, by string) (verdict.Outcome, error)
	Jobs(ctx context.Context, s jobs.State, limit int) ([]jobs.Job, error)
	RestartJob(ctx context.Context, id, by string) (jobs.Job, error)
	Reports(ctx context.Context, id string) ([]KeptReport, error)
	Report(ctx context.Context, id, format string) ([]byte, error)
	Fixed(ctx context.Context, req verdict.Request, out verdict.Outcome) ([]verdict.Source, error)
	Explain(ctx context.Context, registry string, v artifact.Version) (Explanation, error)
	Difference(ctx context.Context, registry string, from, to artifact.Version) (Difference, error)
	AskFor(ctx context.Context, registry, object, reason, by string) (Ask, error)
	OpenAsks(ctx context.Context, registry string) ([]Ask, error)
	Waive(ctx context.Context, w WaiverWish) (verdict.Waiver, error)
	Waivers(ctx context.Context, registry string) ([]verdict.Waiver, error)
	Approve(ctx context.Context, object, reason, by string) ([]verdict.Approval, error)
	Revoke(ctx context.Context, id, by string) error
	Packages(ctx context.Context, registry string, p artifact.Package) ([]HostedPackage, error)
	Yank(ctx context.Context, a Act) (int, error)
	Unyank(ctx context.Context, a Act) (int, error)
	Delete(ctx context.Context, a Act) (int, error)
}

var _ Service = (*Gate)(nil)

// Outcome gives how far a request is, or what came of it.
func (g *Gate) Outcome(ctx context.Context, id string) (verdict.Outcome, error) {
	out, _, err := g.OutcomeIn(ctx, id)
	return out, err
}

// OutcomeIn is Outcome with the registry that the request is for.
func (g *Gate) OutcomeIn(ctx context.Context, id string) (verdict.Outcome, string, error) {
	out, registry, err := g.Store.Outcome(ctx, id)
	if err != nil {
		return out, "", err
	}
	return g.soFar(out), registry, nil
}

// Request gives what was asked, and how far it is or what came of it.
func (g *Gate) Request(ctx context.Context, id string) (verdict.Request, verdict.Outcome, error) {
	req, _, out, err := g.Store.Request(ctx, id)
	if err != nil {
		return req, out, err
	}
	return req, g.soFar(out), nil
}

// soFar is what can be told of a request, whether it has an outcome or not.
func (g *Gate) soFar(out verdict.Outcome) verdict.Outcome {
	if answered(out) {
		return out
	}
	if out.Status == verdict.Failed {
		return g.unanswered(out.Request, verdict.Failed, "the gate tried several times and could not answer. Who runs it sees why, and has it tried again, with:  gatehouse jobs list --state dead")
	}
	return verdict.Outcome{
		Request: out.Request, Status: out.Status, DecisionURL: g.DecisionURL(out.Request), Problems: []verdict.Problem{}, Versions: []verdict.VersionOutcome{},
	}
}

// Outcomes lists the newest requests of a registry.
func (g *Gate) Outcomes(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error) {
	if _, err := g.registry(registry); err != nil {
		return nil, err
	}
	outs, err := g.Store.Requests(ctx, registry, limit)
	for i := range outs {
		outs[i] = g.soFar(outs[i])
	}
	return outs, err
}

// OpenAsks lists what people ask for and nobody answered yet.
func (g *Gate) OpenAsks(ctx context.Context, registry string) ([]Ask, error) {
	return g.Store.Asks(ctx, registry, true)
}

// Waivers lists every waiver of a registry that was ever given, newest first.
func (g *Gate) Waivers(ctx context.Context, registry string) ([]verdict.Waiver, error) {
	return g.Store.Waivers(ctx, registry, artifact.Package{})
}
