package policy

import (
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// TestConditionsAreFarFromTheirCostLimit holds the default's conditions to a
// thousandth of what an evaluation may cost, on a finding with many ids.
func TestConditionsAreFarFromTheirCostLimit(t *testing.T) {
	in := input(finding.Finding{
		Rule: "known-vulnerability", Class: finding.Vulnerability, Text: "left-pad 1.4.0 has many advisories",
		IDs: slices.Repeat([]string{"PYSEC-2020-35"}, 50), Fixed: slices.Repeat([]string{"2.2.28"}, 50),
	})
	f := newFacts(&in)
	f.finding.finding = &in.Findings[0]
	for _, r := range Default().rules {
		if r.program.when == nil {
			continue
		}
		when, err := r.program.when()
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		_, details, err := when.Eval(f)
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		if cost := *details.ActualCost(); cost > maxCost/1000 {
			t.Errorf("%s costs %d, want at most %d", r.ID, cost, maxCost/1000)
		}
	}
}
