package registry_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// TestAdvisories: what a waiver covers stands no more, for as long as it holds and where
// it was given; all else does. The records are read once while nothing changes.
func TestAdvisories(t *testing.T) {
	w, _ := one(t)
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "2.0"), servertest.Vulnerable("PYSEC-2026-2", finding.Critical, "2.0"))
	s := w.Shelf("main")
	reads := 0
	s.Export = func(context.Context, artifact.Ecosystem) (*advisory.Export, error) {
		reads++
		return &advisory.Export{ID: s.Gate.Advisories().Snapshot}, nil
	}
	ask := func() (tag string, waived []string) {
		t.Helper()
		a, err := s.Advisories(t.Context(), artifact.PyPI)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range a.Waived {
			waived = append(append(waived, v.Number), v.Stands...)
		}
		return a.Tag, waived
	}
	before, waived := ask()
	if again, _ := ask(); again != before || len(waived) != 0 || reads != 1 {
		t.Fatalf("tags %s and %s, waived %q, %d reads", before, again, waived, reads)
	}
	_, err := w.Gate.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: demo, Rule: "vulnerability-fixed", Advisories: []string{"PYSEC-2026-1"}, Until: w.Now().Add(time.Hour), Reason: "r", By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	during, waived := ask()
	if during == before || !slices.Equal(waived, []string{"1.0", "PYSEC-2026-2"}) {
		t.Errorf("waived %q, want that PYSEC-2026-2 alone stands against 1.0", waived)
	}
	a, err := s.Advisories(t.Context(), artifact.NPM)
	if err != nil || len(a.Waived) != 0 {
		t.Errorf("of another ecosystem: %+v, %v", a, err)
	}
	w.Later(2 * time.Hour)
	after, waived := ask()
	if after == during || len(waived) != 0 {
		t.Errorf("after its end: %q", waived)
	}
	if a, err := s.Advisories(t.Context(), artifact.PyPI); err != nil || !a.Since.Equal(w.Now().Add(-time.Hour)) {
		t.Errorf("since %v, want when the waiver ended; %v", a.Since, err)
	}
	w.Stale("too old")
	if a, err := s.Advisories(t.Context(), artifact.PyPI); err == nil {
		t.Errorf("from data that is too old: %+v", a)
	}
}
