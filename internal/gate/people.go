package gate

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// LongestWaiver is how far ahead a waiver may end. An exception that is never
// looked at again is a policy nobody wrote.
const LongestWaiver = 366 * 24 * time.Hour

// NewID makes an id for a request, waiver, approval or ask: a letter that says
// which and 60 random bits.
func NewID(kind byte) string {
	return string(kind) + strings.ToLower(rand.Text()[:12])
}

var errNobody = errors.New("it is not known who you are; nothing was recorded")

// AskFor records that somebody wants an exception to a decision or to what a
// request was refused for. It changes nothing by itself.
func (g *Gate) AskFor(ctx context.Context, registry, object, reason, by string) (Ask, error) {
	if strings.TrimSpace(reason) == "" {
		return Ask{}, errors.New("say why: an approver decides on the reason")
	}
	if by == "" {
		return Ask{}, errNobody
	}
	a := Ask{ID: NewID('a'), Registry: registry, Decision: object, Reason: reason, By: by, Created: g.Now()}
	if d, err := g.Store.Decision(ctx, object); err == nil {
		a.Purl, a.Registry = d.Purl, d.Registry
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return Ask{}, err
	} else if r, _, _, err := g.Store.Request(ctx, object); err != nil {
		return Ask{}, fmt.Errorf("nothing with the id %q was decided here: %w", artifact.Untrusted(object), err)
	} else {
		a.Registry = r.Registry
	}
	if err := g.Store.PutAsk(ctx, a); err != nil {
		return Ask{}, err
	}
	return a, g.audit(ctx, by, "ask", object, reason)
}

// WaiverWish is what a person wants waived.
type WaiverWish struct {
	Registry   string // "*" for every registry
	Package    artifact.Package
	Range      string   // in the ecosystem's words; "" for every version known today
	Rule       string   // the policy rule's id, or the finding's
	Advisories []string // "" for all that the rule finds today
	Until      time.Time
	Reason     string
	By         string
	Waits      bool // the waiver waits for another person (`gatehouse approve ID`)
}

// Waive records a waiver, and closes the asks that it leaves nothing against. It
// binds to the versions known today and to the advisories or findings that the
// rule speaks of today: whatever comes later is not covered. Known malware, integrity, origin and faults are never waived.
func (g *Gate) Waive(ctx context.Context, w WaiverWish) (verdict.Waiver, error) {
	now := g.Now()
	switch {
	case w.By == "":
		return verdict.Waiver{}, errNobody
	case strings.TrimSpace(w.Reason) == "":
		return verdict.Waiver{}, errors.New("a waiver needs a reason")
	case !w.Until.After(now):
		return verdict.Waiver{}, errors.New("a waiver needs an end that still lies ahead")
	case w.Until.Sub(now) > LongestWaiver:
		return verdict.Waiver{}, fmt.Errorf("a waiver lasts %d days at most; give an earlier end", int(LongestWaiver.Hours()/24))
	}
	out := verdict.Waiver{
		ID: NewID('w'), Registry: w.Registry, Package: w.Package, Purl: w.Package.Purl(), Rule: w.Rule,
		Reason: w.Reason, Owner: w.By, Approver: w.By, Created: now, Until: w.Until,
	}
	if w.Waits || g.FourEyes {
		out.Approver = "" // somebody else approves it
	}
	registries := []string{w.Registry}
	if w.Registry == "*" {
		registries = slices.Sorted(maps.Keys(g.Registries))
	}
	for _, name := range registries {
		if err := g.bind(ctx, name, w, &out); err != nil {
			return verdict.Waiver{}, err
		}
	}
	if len(out.Versions) == 0 {
		return verdict.Waiver{}, fmt.Errorf("no version of %s in that range is refused or held by %q: there is nothing to waive: %w", w.Package.Name, artifact.Untrusted(w.Rule), verdict.ErrNotFound)
	}
	if err := g.Store.PutWaiver(ctx, out); err != nil {
		return verdict.Waiver{}, err
	}
	if err := g.audit(ctx, w.By, "waive", out.ID, out.Purl+" "+w.Rule+": "+w.Reason); err != nil || out.Approver == "" {
		return out, err
	}
	return out, g.answerAsks(ctx, out, w.By)
}

// answerAsks closes the asks that a waiver, now in force, leaves nothing against.
func (g *Gate) answerAsks(ctx context.Context, w verdict.Waiver, by string) error {
	registry := w.Registry
	if registry == "*" {
		registry = ""
	}
	asks, err := g.Store.Asks(ctx, registry, true)
	if err != nil {
		return fmt.Errorf("finding what waiver %s answers: %w", w.ID, err)
	}
	for _, a := range asks {
		wanted, err := g.wanted(ctx, a)
		if err != nil {
			return fmt.Errorf("finding what waiver %s answers: %w", w.ID, err)
		}
		covered := func(x wish) bool {
			return x.version.Package == w.Package && slices.Contains(w.Versions, x.version.Number)
		}
		open := func(x wish) bool { return !g.offered(ctx, a.Registry, x) }
		if !slices.ContainsFunc(wanted, covered) || slices.ContainsFunc(wanted, open) {
			continue
		}
		err = g.Store.CloseAsk(ctx, a.ID, by, "waived", g.Now())
		if err != nil && !errors.Is(err, verdict.ErrConflict) { // a conflict: somebody else has closed it
			return fmt.Errorf("closing what waiver %s answers: %w", w.ID, err)
		}
	}
	return nil
}

// wish is one version that an ask wants handed out.
type wish struct {
	version artifact.Version
	files   []string // those that were refused; none: all of the version
}

// wanted lists what an ask is about; nothing where a waiver cannot answer it.
func (g *Gate) wanted(ctx context.Context, a Ask) ([]wish, error) {
	d, err := g.Store.Decision(ctx, a.Decision)
	if err == nil {
		x := wish{version: d.Version}
		if d.File != "" {
			x.files = []string{d.File}
		}
		return []wish{x}, nil
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return nil, err
	}
	_, _, o, err := g.Store.Request(ctx, a.Decision)
	if err != nil {
		return nil, err
	}
	if sum(verdict.Outcome{Problems: o.Problems}) != verdict.Admit {
		return nil, nil // the manifest itself has to change
	}
	var out []wish
	for _, v := range o.Versions {
		if v.Verdict == verdict.Admit {
			continue
		}
		version, err := artifact.ParsePurl(v.Purl)
		if err != nil {
			return nil, err
		}
		x := wish{version: version}
		for _, f := range v.Files {
			if f.Verdict != verdict.Admit {
				x.files = append(x.files, f.Name)
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// offered says whether nothing but a missing look stands against what was wanted.
// Where that cannot be known now it is not.
func (g *Gate) offered(ctx context.Context, registry string, x wish) bool {
	v, err := g.VersionView(ctx, registry, x.version)
	if err != nil {
		return false
	}
	found := false
	for i, f := range v.Index.Files {
		if f.Number != x.version.Number || len(x.files) > 0 && !slices.Contains(x.files, f.Name) {
			continue
		}
		if !Offers(v.Decisions[i]) {
			return false
		}
		found = true
	}
	return found
}

// bind lists the versions, advisories and findings that the rule refuses in one
// registry today.
func (g *Gate) bind(ctx context.Context, registry string, w WaiverWish, out *verdict.Waiver) error {
	peer, err := g.peer(w.Package.Ecosystem)
	if err != nil {
		return err
	}
	v, err := g.FullView(ctx, registry, w.Package)
	if err != nil {
		return fmt.Errorf("reading the versions of %s: %w", w.Package.Name, err)
	}
	for i, f := range v.Index.Files {
		if in, err := peer.InRange(f.Number, w.Range); err != nil {
			return err
		} else if !in {
			continue
		}
		for _, r := range v.Decisions[i].Reasons {
			if r.Rule != w.Rule && r.Source != w.Rule || !blocks(r) && r.Waiver == "" {
				continue // what another waiver covers can be waived again, for longer
			}
			if len(w.Advisories) > 0 && !slices.ContainsFunc(r.IDs, func(id string) bool { return slices.Contains(w.Advisories, id) }) {
				continue
			}
			if !r.Class.Waivable() {
				return fmt.Errorf("%s of %s %s is of class %s, which nobody can waive: %w", w.Rule, w.Package.Name, f.Number, r.Class, verdict.ErrForbidden)
			}
			addTo(out, f.Number, r)
		}
	}
	return nil
}

func addTo(w *verdict.Waiver, number string, r verdict.Reason) {
	w.Versions = appendNew(w.Versions, number)
	if len(r.IDs) > 0 {
		w.Advisories = appendNew(w.Advisories, r.IDs[0])
	} else if r.Finding != "" {
		w.Fingerprints = appendNew(w.Fingerprints, r.Finding)
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Approve turns holds into admissions. The object is a waiver that waits, an
// ask, or a decision: for a decision every held file of its version with bytes
// that were looked at gets an approval bound to what was seen.
func (g *Gate) Approve(ctx context.Context, object, reason, by string) ([]verdict.Approval, error) {
	if w, err := g.Store.Waiver(ctx, object); err == nil {
		return nil, g.approveWaiver(ctx, w, by)
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return nil, err
	}
	asks, err := g.Store.Asks(ctx, "", true)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(asks, func(a Ask) bool { return a.ID == object })
	if i < 0 {
		out, _, err := g.approveObject(ctx, object, reason, by)
		return out, err
	}
	if strings.TrimSpace(reason) == "" {
		reason = asks[i].Reason
	}
	out, open, err := g.approveObject(ctx, asks[i].Decision, reason, by)
	if err != nil || !open {
		return out, err // a fault waits for a second person, who needs the ask
	}
	return out, g.Store.CloseAsk(ctx, object, by, "approved", g.Now())
}

// approveObject approves a decision, or all that a request's outcome holds. open
// says that nothing of it is held any more.
func (g *Gate) approveObject(ctx context.Context, id, reason, by string) (out []verdict.Approval, open bool, err error) {
	if by == "" {
		return nil, false, errNobody
	}
	if strings.TrimSpace(reason) == "" {
		return nil, false, errors.New("an approval needs a reason")
	}
	d, err := g.Store.Decision(ctx, id)
	if err == nil {
		return g.approveDecision(ctx, d, reason, by)
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return nil, false, err
	}
	_, _, o, err := g.Store.Request(ctx, id)
	if err != nil {
		return nil, false, fmt.Errorf("nothing here has the id %q: %w", artifact.Untrusted(id), err)
	}
	open = true
	for _, v := range o.Versions {
		if v.Verdict != verdict.Hold {
			open = open && v.Verdict == verdict.Admit
			continue
		}
		d, err := g.Store.Decision(ctx, v.Decision)
		if err != nil {
			return out, false, fmt.Errorf("reading the decision about %s: %w", v.Purl, err)
		}
		as, opened, err := g.approveDecision(ctx, d, reason, by)
		if errors.Is(err, verdict.ErrConflict) {
			open = false // nothing to approve about this one; the others still may be
			continue
		} else if err != nil {
			return out, false, err
		}
		out, open = append(out, as...), open && opened
	}
	if len(out) == 0 {
		return nil, false, fmt.Errorf("request %s holds nothing that can be approved; a reject needs a waiver: %w", artifact.Untrusted(id), verdict.ErrConflict)
	}
	return out, open, nil
}

func (g *Gate) approveWaiver(ctx context.Context, w verdict.Waiver, by string) error {
	switch {
	case by == "":
		return errNobody
	case !w.Until.After(g.Now()):
		return fmt.Errorf("waiver %s has ended: %w", w.ID, verdict.ErrConflict)
	case w.Approver != "":
		return fmt.Errorf("waiver %s was approved by %s already: %w", w.ID, artifact.Untrusted(w.Approver), verdict.ErrConflict)
	case g.FourEyes && w.Owner == by:
		return fmt.Errorf("somebody else than %s must approve what %s asked for: %w", by, by, verdict.ErrForbidden)
	}
	if err := g.Store.ApproveWaiver(ctx, w.ID, by, g.Now()); err != nil {
		return err
	}
	if err := g.audit(ctx, by, "approve-waiver", w.ID, w.Purl); err != nil {
		return err
	}
	return g.answerAsks(ctx, w, by)
}

// approveDecision gives every held file of the decision's version an approval. A
// recorded decision is only where to look: what is approved is what holds now.
func (g *Gate) approveDecision(ctx context.Context, d verdict.Decision, reason, by string) (out []verdict.Approval, open bool, err error) {
	if err := g.mayApprove(ctx, d, by); err != nil {
		return nil, false, err
	}
	v, err := g.VersionView(ctx, d.Registry, d.Version)
	if err != nil {
		return nil, false, fmt.Errorf("deciding about %s again: %w", d.Version, err)
	}
	for i, f := range v.Index.Files {
		now := v.Decisions[i]
		if f.Number != d.Version.Number || now.Verdict != verdict.Hold || now.Inputs.FileEvidence == "" {
			continue
		}
		a := verdict.Approval{
			ID: NewID('p'), Registry: d.Registry, Version: d.Version, Purl: d.Purl, File: f.Name, Decision: now.ID,
			Evidence: verdict.EvidenceDigest(now.Inputs.FileSHA256, now.Reasons), Reason: reason, Approver: by, Created: g.Now(),
		}
		if err := g.Store.PutApproval(ctx, a); err != nil {
			return out, false, err
		}
		if err := g.audit(ctx, by, "approve", a.ID, a.Purl+" "+a.File+": "+reason); err != nil {
			return out, false, err
		}
		out = append(out, a)
	}
	if len(out) == 0 {
		return nil, false, fmt.Errorf("no file of %s that was looked at is held; a reject needs a waiver, and what was never fetched `gatehouse admit %s` first: %w", d.Version, d.Purl, verdict.ErrConflict)
	}
	if v, err = g.VersionView(ctx, d.Registry, d.Version); err != nil {
		return out, false, fmt.Errorf("deciding about %s again: %w", d.Version, err)
	}
	for i, f := range v.Index.Files {
		if slices.ContainsFunc(out, func(a verdict.Approval) bool { return a.File == f.Name }) && !Serves(v.Decisions[i]) {
			return out, false, nil
		}
	}
	return out, true, nil
}

// mayApprove keeps the four eyes where the gate asks for them: who ever asked for
// this version, by itself or in a request, does not approve it.
func (g *Gate) mayApprove(ctx context.Context, d verdict.Decision, by string) error {
	if !g.FourEyes {
		return nil
	}
	asks, err := g.Store.Asks(ctx, d.Registry, false)
	if err != nil {
		return err
	}
	for _, a := range asks {
		if a.By != by {
			continue
		}
		if a.Purl == "" {
			_, _, o, err := g.Store.Request(ctx, a.Decision)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(o.Versions, func(v verdict.VersionOutcome) bool { return v.Purl == d.Purl }) {
				continue
			}
		} else if a.Purl != d.Purl {
			continue
		}
		return fmt.Errorf("somebody else than %s must approve what %s asked for: %w", by, by, verdict.ErrForbidden)
	}
	return nil
}

// Revoke takes back a waiver or an approval; from the next read on it has no
// effect.
func (g *Gate) Revoke(ctx context.Context, id, by string) error {
	err := g.Store.RevokeWaiver(ctx, id, by, g.Now())
	if errors.Is(err, verdict.ErrNotFound) {
		err = g.Store.RevokeApproval(ctx, id, by, g.Now())
	}
	if errors.Is(err, verdict.ErrNotFound) {
		return fmt.Errorf("revoking %q: no waiver and no approval has that id: %w", artifact.Untrusted(id), verdict.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("revoking %q: %w", artifact.Untrusted(id), err)
	}
	return g.audit(ctx, by, "revoke", id, "")
}

func (g *Gate) audit(ctx context.Context, by, act, object, detail string) error {
	if err := g.Store.Audit(ctx, AuditEntry{At: g.Now(), By: by, Act: act, Object: object, Detail: detail}); err != nil {
		return fmt.Errorf("recording who did it: %w", err)
	}
	return nil
}

// indexed spells a version's number as the index does: 2.2.0 as 2.2 where that is
// what it has. A number that the index lacks, or that is none, stays as it is.
func (g *Gate) indexed(view *View, v artifact.Version) (string, error) {
	peer, err := g.peer(v.Package.Ecosystem)
	if err != nil {
		return "", err
	}
	want, err := peer.VersionKey(v.Number)
	if err != nil {
		return v.Number, nil
	}
	same := v.Number
	for _, f := range view.Index.Files {
		if f.Number == v.Number {
			return v.Number, nil
		}
		if k, err := peer.VersionKey(f.Number); err == nil && bytes.Equal(k, want) {
			same = f.Number
		}
	}
	return same, nil
}
