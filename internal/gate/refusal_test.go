package gate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// readers gives accounts out of one book.
func readers(bytes int64) *budget.Book {
	return budget.NewBook(budget.Config{Waits: 10_000, Reader: budget.Limits{
		Names: 10_000, Unknown: 10_000, Files: 10_000, Bytes: bytes, ScanTime: time.Hour, Waits: 10_000,
	}})
}

// payingUpstream gives metadata to those who can pay for it, as the real one.
type payingUpstream struct{ *memory }

func (u payingUpstream) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	if err := budget.From(ctx).Take(budget.Bytes, 0); err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	return u.memory.Metadata(ctx, x, f)
}

// TestALookThatBeganIsEnded: a file that overdraws its reader's budget is looked at
// to the end. Others wait for it, who shall not hear that somebody else's budget is
// spent.
func TestALookThatBeganIsEnded(t *testing.T) {
	w := newWorld(t, "a 1")
	w.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Peers[artifact.PyPI].Ecosystem, Upstream: payingUpstream{w.up}}
	w.fetch.hook = func(ctx context.Context, _ string) { budget.From(ctx).Charge(budget.Bytes, 100) }
	x := w.view("a").Index
	ctx := budget.With(t.Context(), readers(50).Reader("ann"))
	if err := w.AdmitFile(ctx, "main", vers("a 1"), x, x.Files[0]); err != nil {
		t.Fatal(err)
	}
	if v := w.view("a"); !gate.Serves(v.Decisions[0]) {
		t.Errorf("it was not looked at: %s", rules(v.Decisions[0].Reasons))
	}
	if _, spent := errors.AsType[*budget.Exhausted](gate.Affords(ctx)); !spent {
		t.Error("the budget is not overdrawn, so this test shows nothing")
	}
}

// TestOneReaderCannotTakeEveryLook by asking for files and hanging up: there is
// room left for others.
func TestOneReaderCannotTakeEveryLook(t *testing.T) {
	const many = 600
	var lines []string
	for i := range many {
		lines = append(lines, fmt.Sprintf("p%d 1", i))
	}
	w := newWorld(t, append(lines, "other 1")...)
	goOn := make(chan struct{})
	w.fetch.hook = func(context.Context, string) { <-goOn }
	t.Cleanup(w.Close)
	defer close(goOn)
	book := readers(1 << 40)
	ask := func(who, name string) error {
		ctx, leave := context.WithCancel(budget.With(t.Context(), book.Reader(who)))
		leave()
		x, err := w.up.Index(t.Context(), pkg(name))
		if err != nil {
			t.Fatal(err)
		}
		return w.AdmitFile(ctx, "main", vers(name+" 1"), x, x.Files[0])
	}
	began := 0
	for i := range many {
		switch err := ask("greedy", fmt.Sprintf("p%d", i)); {
		case errors.Is(err, context.Canceled):
			began++
		case !errors.Is(err, gate.ErrBusy):
			t.Fatal(err)
		}
	}
	if began == 0 || began == many {
		t.Fatalf("%d of %d looks were begun, so this test shows nothing", began, many)
	}
	if err := ask("ann", "other"); !errors.Is(err, context.Canceled) {
		t.Errorf("another reader after %d looks of one who hung up: %v, want a look of their own", began, err)
	}
}
