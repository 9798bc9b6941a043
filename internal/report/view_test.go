package report

import (
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func TestTally(t *testing.T) {
	for want, severities := range map[string][]finding.Severity{
		"2 advisories of unknown severity, which counts as high":                {finding.Unknown, finding.Unknown},
		"2 advisories: 1 medium, 1 low":                                         {finding.Low, finding.Medium},
		"2 advisories: 1 of unknown severity, which counts as high, 1 medium":   {finding.Medium, finding.Unknown},
		"3 advisories: 2 critical, 1 of unknown severity, which counts as high": {finding.Critical, finding.Unknown, finding.Critical},
	} {
		var rs []verdict.Reason
		for _, s := range severities {
			rs = append(rs, verdict.Reason{Class: finding.Vulnerability, Severity: s})
		}
		if got := tally(rs); got != want {
			t.Errorf("tally %v: %q, want %q", severities, got, want)
		}
	}
}
