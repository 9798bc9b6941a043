package gate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Unseen says that nothing stands against a file but that nobody looked at it.
func Unseen(d verdict.Decision) bool { return !Serves(d) && Offers(d) }

// RefusalOf says in one sentence why the i-th file of a view is not handed out,
// and what to use instead.
func RefusalOf(v *View, i int) *verdict.Refusal {
	d, f := v.Decisions[i], v.Index.Files[i]
	no := &verdict.Refusal{Version: v.Index.Version(f), File: f.Name, Verdict: d.Verdict, Decision: d.ID, Until: d.Until}
	var ids []string
	for _, r := range d.Reasons {
		if r.Effect == verdict.EffectNote || r.Effect == verdict.EffectAdmit {
			continue
		}
		if no.Rule == "" || (r.Effect == verdict.EffectReject && no.Public != "" && len(ids) == 0) {
			no.Rule, no.Public = r.Rule, r.Text
		}
		if r.Class == finding.Vulnerability || r.Class == finding.Malware {
			if len(r.IDs) > 0 {
				ids = append(ids, r.IDs[0])
			}
			if r.Class == finding.Malware && len(r.IDs) > 0 {
				no.Rule, no.Public = r.Rule, "malware "+r.IDs[0]
			}
		}
	}
	if len(ids) > 0 && !strings.HasPrefix(no.Public, "malware ") {
		no.Public = advisoryPhrase(ids)
	}
	if use := newestOffered(v, f.Number); use != "" {
		no.Next = "use " + use
	} else if !d.Until.IsZero() {
		no.Next = "opens " + d.Until.UTC().Format(time.DateOnly)
	}
	return no
}

func advisoryPhrase(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return fmt.Sprintf("%s and %d more", ids[0], len(ids)-1)
}

// newestOffered is the newest other version that a client could install now; ""
// when there is none.
func newestOffered(v *View, but string) string {
	if v.newest == but {
		return ""
	}
	return v.newest
}

// RecordRefusals makes the decision of every refused file of a view readable
// under its id, once.
func (g *Gate) RecordRefusals(ctx context.Context, v *View) error {
	if v.recorded.Load() {
		return nil
	}
	var ds []verdict.Decision
	for _, d := range v.Decisions {
		if !Offers(d) {
			ds = append(ds, d)
		}
	}
	if len(ds) > 0 {
		if err := g.Store.PutDecisions(ctx, ds); err != nil {
			return fmt.Errorf("recording refusals: %w", err)
		}
	}
	v.recorded.Store(true)
	return nil
}

// AdmitFile looks at one file and publishes the decision about it: the pull
// door, for one file that a client waits for.
func (g *Gate) AdmitFile(ctx context.Context, registry string, v artifact.Version, x *ecosystem.Index, f ecosystem.IndexFile) error {
	if err := g.Look(ctx, v, x, f); err != nil {
		return err
	}
	view, err := g.View(ctx, registry, v.Package)
	if err != nil {
		return err
	}
	for i, have := range view.Index.Files {
		if have.Name == f.Name {
			return g.Store.Publish(ctx, []verdict.Decision{view.Decisions[i]})
		}
	}
	return fmt.Errorf("%s: %w", f.Name, verdict.ErrNotFound)
}

// Metadata reads a file's metadata as data: parsed, capped, never decided on.
func (g *Gate) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	peer, err := g.peer(x.Package.Ecosystem)
	if err != nil {
		return nil, err
	}
	_, raw, err := peer.Upstream.Metadata(ctx, x, f)
	return raw, err
}
