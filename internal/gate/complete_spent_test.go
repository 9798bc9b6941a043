package gate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// payingSparse completes for those who can pay for it, as the real ones.
type payingSparse struct{ *sparse }

func (p payingSparse) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	if err := budget.From(ctx).Take(budget.Bytes, 0); err != nil {
		return nil, err
	}
	return p.sparse.Complete(ctx, x, files...)
}

// TestWhoHasSpentAllAsksForNothingNew: of a package that is known, what was fetched
// goes on being served to somebody whose budget is spent; a file that nobody fetched,
// which they may have made up, costs the upstream no request.
func TestWhoHasSpentAllAsksForNothingNew(t *testing.T) {
	w := newWorld(t, "lib 1.0", "lib 2.0")
	s := w.sparsely()
	w.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Peers[artifact.PyPI].Ecosystem, Upstream: payingSparse{s}}
	if out := w.admit(purls("pkg:pypi/lib@1.0")); out.Verdict != verdict.Admit {
		t.Fatal(said(out))
	}
	s.wasAsked()
	ctx := budget.With(t.Context(), readers(50).Reader("ann"))
	budget.From(ctx).Charge(budget.Bytes, 100)
	for _, made := range []string{"lib-2.0-py3-none-any.whl", "lib-3.0-py3-none-any.whl"} {
		_, err := w.FileView(ctx, "main", pkg("lib"), made)
		if _, spent := errors.AsType[*budget.Exhausted](err); !spent {
			t.Errorf("%s: %v", made, err)
		}
	}
	if got := s.wasAsked(); len(got) != 0 {
		t.Errorf("the upstream was asked for %q", got)
	}
	v, err := w.FileView(ctx, "main", pkg("lib"), "lib-1.0-py3-none-any.whl")
	if err != nil || !gate.Serves(v.Decisions[0]) {
		t.Errorf("what was admitted: %v", err)
	}
}
