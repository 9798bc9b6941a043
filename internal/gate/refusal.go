package gate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Unseen says that nothing stands against a file but that nobody looked at it.
func Unseen(d verdict.Decision) bool { return !Serves(d) && Offers(d) }

// Unevaluated says that nothing stands against a file but that today's rules were not
// asked yet about what was seen in it, or in the version that it is compared with: a
// moment after a look, and after the rules changed. AdmitFile has them asked.
func Unevaluated(d verdict.Decision) bool {
	blocking := false
	for _, r := range d.Reasons {
		if !blocks(r) {
			continue
		}
		if r.Source != ruleBehaviourUnknown {
			return false
		}
		blocking = true
	}
	return blocking && !Serves(d)
}

// RefusalOf says in one sentence why the i-th file of a view is not handed out,
// and what to use instead.
func RefusalOf(v *View, i int) *verdict.Refusal {
	d, f := v.Decisions[i], v.Index.Files[i]
	no := &verdict.Refusal{Version: v.Index.Version(f), File: f.Name, Verdict: d.Verdict, Decision: d.ID}
	why := foremost(d.Reasons)
	no.Rule, no.Public, no.Until = why.Rule, publicWhy(why, d.Reasons), opensAt(d)
	switch use := instead(v, i); {
	case unseen(why):
		no.Next = why.Remedy
	case use != "":
		no.Next = "use " + use
	case !no.Until.IsZero():
		no.Next = "opens " + no.Until.UTC().Format(time.DateOnly)
	}
	return no
}

// foremost is the reason to name when there is room for one: malware, other
// rejects, holds, the missing look.
func foremost(reasons []verdict.Reason) verdict.Reason {
	var best verdict.Reason
	bestRank := 6
	for _, r := range reasons {
		rank := 3
		switch {
		case !blocks(r):
			continue
		case unseen(r):
			rank = 5
		case r.Class == finding.Malware:
			rank = 0
		case r.Effect == verdict.EffectReject && r.Class != finding.Vulnerability:
			rank = 1 // integrity and origin before a vulnerability: it may not even be that package
		case r.Effect == verdict.EffectReject:
			rank = 2
		case r.Class != finding.Vulnerability:
			rank = 4
		}
		if rank < bestRank {
			best, bestRank = r, rank
		}
	}
	return best
}

// publicWhy is the reason in few words: advisories by their ids.
func publicWhy(why verdict.Reason, all []verdict.Reason) string {
	if len(why.IDs) == 0 || (why.Class != finding.Malware && why.Class != finding.Vulnerability) {
		return why.Text
	}
	if why.Class == finding.Malware {
		return "malware " + why.IDs[0]
	}
	more := 0
	for _, r := range all {
		if blocks(r) && r.Class == finding.Vulnerability {
			more++
		}
	}
	if more--; more > 0 {
		return fmt.Sprintf("%s and %d more", why.IDs[0], more)
	}
	return why.IDs[0]
}

// instead is the version to take in place of a refused one: the newest that a client
// could install now. Where that is not known to have come out later - Maven's old
// versions that are dates did not, and where only a list is dated all of it is equally
// old - the last that a reason calls fixed goes before it. "" when there is none.
func instead(v *View, i int) string {
	refused := v.Index.Files[i]
	if v.newest == refused.Number {
		return ""
	}
	if !refused.Uploaded.IsZero() && v.newestAt.After(refused.Uploaded) {
		return v.newest
	}
	fixed := fixes(v.Decisions[i])
	best := v.newest
	for j, f := range v.Index.Files {
		if k := slices.Index(fixed, f.Number); k >= 0 && k >= slices.Index(fixed, best) && !f.Yanked && Offers(v.Decisions[j]) {
			best = f.Number
		}
	}
	return best
}

// fixes lists the versions that the reasons against a file call fixed, in the order in
// which the reasons name them.
func fixes(d verdict.Decision) []string {
	var out []string
	for _, r := range d.Reasons {
		if blocks(r) {
			out = append(out, r.Fixed...)
		}
	}
	return out
}

// suggested is how many of a package's newest versions are asked about to find one to
// take in place of a refused one.
const suggested = 3

// Suggest is RefusalOf of a file of a view, with a version to take also where the view
// knows none because an upstream tells of each version in a request of its own
// (ecosystem.Completer): it asks about the newest few and those that are called fixed,
// once for ever. Where they cannot be asked about, the refusal is as it was.
func (g *Gate) Suggest(ctx context.Context, registry string, v *View, i int) *verdict.Refusal {
	no := RefusalOf(v, i)
	if no.Rule == notLookedAtRule {
		return no
	}
	refused := v.Index.Files[i]
	var names []string
	if v.newest == "" {
		names = g.newestUntold(v, refused.Number)
	}
	for _, name := range untold(v, fixes(v.Decisions[i])) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return no
	}
	w, err := g.view(ctx, registry, v.Index.Package, named(append(names, refused.Name)...))
	if err != nil {
		return no
	}
	if j, ok := w.place(refused.Name); ok {
		if use := instead(w, j); use != "" {
			no.Next = "use " + use
		}
	}
	return no
}

// untold lists the files of some versions of which nothing but their names is known.
func untold(v *View, numbers []string) []string {
	var names []string
	for _, f := range v.Index.Files {
		if len(names) < suggested && f.Uploaded.IsZero() && !f.Yanked && slices.Contains(numbers, f.Number) {
			names = append(names, f.Name)
		}
	}
	return names
}

// newestUntold lists the files of the newest versions, one aside, of which nothing but
// their names is known.
func (g *Gate) newestUntold(v *View, but string) []string {
	peer, err := g.peer(v.Index.Package.Ecosystem)
	if err != nil {
		return nil
	}
	type row struct {
		name string
		key  []byte
	}
	var rows []row
	for _, f := range v.Index.Files {
		if f.Number == but || f.Yanked || !f.Uploaded.IsZero() || peer.PreRelease(f.Number) {
			continue
		}
		if k, err := peer.VersionKey(f.Number); err == nil {
			rows = append(rows, row{f.Name, k})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(bytes.Compare(b.key, a.key), cmp.Compare(a.name, b.name)) })
	var names []string
	for _, r := range rows[:min(len(rows), suggested)] {
		names = append(names, r.name)
	}
	return names
}

// pullsAtOnce is how many files may be looked at for clients at once, whether
// those still wait or not.
const pullsAtOnce = 512

// ownPullsAtOnce is how many of them one reader may have begun: whoever asks for
// files and hangs up takes the places of no more.
const ownPullsAtOnce = pullsAtOnce / 4

// AdmitFile looks at one file and publishes the decision about it: the pull
// door, for one file that a client waits for. However many ask for a file, it is
// looked at and decided about once, paid for by the account of whoever asked
// first; when they give up it goes on.
//
// Errors: a *verdict.Refusal when its bytes are not what was promised,
// *budget.Exhausted and ErrBusy when the look was not begun; anything else is a
// fault.
func (g *Gate) AdmitFile(ctx context.Context, registry string, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) error {
	account := budget.From(ctx)
	mayBegin := func(others, own int) error {
		if others >= pullsAtOnce || account != nil && own >= ownPullsAtOnce {
			return ErrBusy
		}
		return payForLook(account, 1)
	}
	return g.pulls.do(ctx, registry+"/"+lookKey(v.Package, f.Name), mayBegin, func(ctx context.Context, _ *work) error {
		return g.admitFile(ctx, registry, v, x, f)
	})
}

// Affords gives the error that AdmitFile would where the account of ctx may have no
// more files looked at.
func Affords(ctx context.Context) error { return payForLook(budget.From(ctx), 0) }

// payForLook takes what is known beforehand of what looks cost. Bytes and time are
// charged as they are used.
func payForLook(a *budget.Account, files int64) error {
	if err := a.Take(budget.Bytes, 0); err != nil {
		return err
	}
	if err := a.Take(budget.ScanTime, 0); err != nil {
		return err
	}
	return a.Take(budget.Files, files)
}

func (g *Gate) admitFile(ctx context.Context, registry string, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) error {
	err := g.Look(ctx, v, x, f)
	if bad, ok := errors.AsType[*BadBytesError](err); ok {
		return g.refuseBytes(ctx, registry, v, x, f, bad)
	} else if err != nil {
		return err
	}
	view, err := g.viewOf(ctx, registry, v)
	if err != nil {
		return err
	}
	for i, have := range view.Index.Files {
		if have.Name == f.Name {
			if err := g.Record(ctx, view, i); err != nil {
				return err
			}
			g.decided(ctx, view.Decisions[i])
			return nil
		}
	}
	return fmt.Errorf("%s: %w", f.Name, verdict.ErrNotFound)
}

// refuseBytes records the decision about a file that came with other bytes than
// were promised, and gives it as a *verdict.Refusal. Nothing of it was kept: the
// decision is about what the upstream sent this time.
func (g *Gate) refuseBytes(ctx context.Context, registry string, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile, bad *BadBytesError) error {
	reg, err := g.registry(registry)
	if err != nil {
		return err
	}
	state, err := g.Store.State(ctx, registry, v.Package)
	if err != nil {
		return fmt.Errorf("reading what is known of %s: %w", v.Package, err)
	}
	vf := &versionFacts{version: v, registry: registry, index: x, indexed: x.Of(v.Number), state: state, adv: g.Advisories()}
	if err := g.gather(ctx, vf, g.Now()); err != nil {
		return err
	}
	vf.faults(f.Name, bad)
	d := g.decideFile(reg, vf, f, g.Now())
	if err := g.Store.PutDecisions(ctx, []verdict.Decision{d}); err != nil {
		return fmt.Errorf("recording refusal: %w", err)
	}
	return &verdict.Refusal{Version: v, File: f.Name, Verdict: d.Verdict, Rule: bad.Rule, Decision: d.ID, Public: bad.Error(), Cause: bad}
}

// Metadata reads a file's metadata as a registry has it, as data: parsed, capped,
// never decided on.
func (g *Gate) Metadata(ctx context.Context, registry string, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	peer, err := g.peer(x.Package.Ecosystem)
	if err != nil {
		return nil, err
	}
	_, raw, err := g.metadata(ctx, registry, peer, x, f)
	return raw, err
}
