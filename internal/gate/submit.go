package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// RequestJob is the kind of the jobs that look at requests; the subject is the
// request's id.
const RequestJob = "request"

// Submit takes a request in: once it returns, the request and the job that looks
// at it are durable, and a runner that does RequestJob with Run gives the answer.
// A queue with no room for it in r is a *jobs.FullError.
func (g *Gate) Submit(ctx context.Context, req verdict.Request, r jobs.Room) error {
	if _, err := g.registry(req.Registry); err != nil {
		return err
	}
	j := g.jobFor(req)
	j.Room = r
	return g.submit(ctx, req, j)
}

func (g *Gate) submit(ctx context.Context, req verdict.Request, j jobs.New) error {
	if err := g.Store.Submit(ctx, req, j); err != nil {
		return fmt.Errorf("recording request: %w", err)
	}
	return nil
}

// jobFor is the job that looks at a request. Its share is the project, or where
// none is named who asks: nobody waits for all that another one asked.
func (g *Gate) jobFor(req verdict.Request) jobs.New {
	j := jobs.New{ID: NewID('j'), Kind: RequestJob, Subject: req.ID, Share: cmp.Or(req.Project, "by "+req.By), Created: g.Now()}
	switch req.Door {
	case "pull":
		j.Priority = jobs.Install
	case "cli", "push":
		j.Priority = jobs.Person
	default:
		j.Priority = jobs.Routine
	}
	return j
}

// Run takes a submitted request through the gate, for the attempt that holds its
// job. A request that has an outcome is left alone.
func (g *Gate) Run(ctx context.Context, j jobs.Job, p Progress) error {
	req, _, out, err := g.Store.Request(ctx, j.Subject)
	if err != nil {
		return err
	}
	if answered(out) {
		return nil
	}
	_, err = g.answer(ctx, j.Held(), req, p)
	return err
}

// answered tells an outcome that was recorded from the lack of one.
func answered(out verdict.Outcome) bool { return out.DecisionURL != "" }

// Admit submits a request and looks at it here and now. What ends without an
// answer is recorded as failed, or as cancelled when ctx ended: nobody goes on
// with it.
func (g *Gate) Admit(ctx context.Context, req verdict.Request, p Progress) (verdict.Outcome, error) {
	if _, err := g.registry(req.Registry); err != nil {
		return verdict.Outcome{}, err
	}
	j := g.jobFor(req)
	j.Lease = g.Now().Add(jobs.LeaseTime)
	if err := g.submit(ctx, req, j); err != nil {
		return verdict.Outcome{}, err
	}
	held := jobs.Held{Job: j.ID, Attempt: 1}
	var out verdict.Outcome
	err := jobs.Keep(jobs.WithPriority(ctx, j.Priority), g.Queue, held, jobs.LeaseTime, g.Now, func(ctx context.Context) (err error) {
		out, err = g.answer(ctx, held, req, p)
		return err
	})
	if err == nil {
		return out, nil
	}
	out = g.unanswered(req.ID, verdict.Failed, "the gate cannot answer now: "+err.Error())
	if ctx.Err() != nil {
		out = g.unanswered(req.ID, verdict.Cancelled, "interrupted before there was an answer; ask again: what was fetched and scanned is kept")
	}
	if _, ferr := g.finish(ctx, held, out); ferr != nil {
		err = errors.Join(err, ferr)
	}
	return out, err
}

// Cancel takes back a request that has no outcome yet. What was fetched and
// scanned for it stays, and so does what it made public before.
func (g *Gate) Cancel(ctx context.Context, id, by string) (verdict.Outcome, error) {
	if by == "" {
		return verdict.Outcome{}, errNobody
	}
	out := g.unanswered(id, verdict.Cancelled, fmt.Sprintf("cancelled by %s before there was an answer; nothing was decided. Ask again when you need one", artifact.Untrusted(by)))
	if err := g.Store.CancelRequest(ctx, out, g.Now()); err != nil {
		return verdict.Outcome{}, err
	}
	return out, g.audit(ctx, by, "cancel", id, "")
}

// Jobs lists work in a state, "" for all, newest first.
func (g *Gate) Jobs(ctx context.Context, s jobs.State, limit int) ([]jobs.Job, error) {
	return g.Queue.List(ctx, jobs.Filter{State: s, Limit: limit})
}

// RestartJob has a dead job tried again.
func (g *Gate) RestartJob(ctx context.Context, id, by string) (jobs.Job, error) {
	if by == "" {
		return jobs.Job{}, errNobody
	}
	j, err := g.Queue.Restart(ctx, id, g.Now())
	if err != nil {
		return j, err
	}
	return j, g.audit(ctx, by, "restart-job", id, j.Kind+" "+j.Subject)
}
