package report

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestMaker: a version is made by somebody when all of its files are.
func TestMaker(t *testing.T) {
	acme := &provenance.Attestation{Kind: provenance.Build, Repository: "https://forge.invalid/acme/demo", Workflow: "w.yml"}
	for _, tc := range []struct {
		files []*provenance.Attestation
		want  string
		why   string
	}{
		{nil, "", "no file"}, {[]*provenance.Attestation{nil}, "", "nobody"}, {[]*provenance.Attestation{acme}, "https://forge.invalid/acme/demo (w.yml)", "one file"},
		{[]*provenance.Attestation{acme, acme}, "https://forge.invalid/acme/demo (w.yml)", "both"}, {[]*provenance.Attestation{acme, nil}, "", "one of two"},
		{[]*provenance.Attestation{acme, {Repository: "x"}}, "", "two makers"},
	} {
		var v verdict.VersionOutcome
		for _, p := range tc.files {
			v.Files = append(v.Files, verdict.FileOutcome{Provenance: p})
		}
		if got := maker(v); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
}

func TestProvenanceProperties(t *testing.T) {
	a := &provenance.Attestation{Kind: provenance.Build, Repository: "r", Log: "l", Index: 7, At: time.Date(2026, 5, 3, 9, 30, 0, 0, time.UTC)}
	got := provenanceProperties(verdict.FileOutcome{Provenance: a})
	if len(got)%2 != 0 || !slices.Contains(got, "l entry 7, 2026-05-03T09:30:00Z") || provenanceProperties(verdict.FileOutcome{}) != nil {
		t.Errorf("%q", got)
	}
}
