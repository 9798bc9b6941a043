package main

import (
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
)

// TestInternalNamesInAnySpelling: a pattern keeps names inside however the ecosystem
// spells them when it compares them; one that never matched would let them all out.
func TestInternalNamesInAnySpelling(t *testing.T) {
	internal := internalNames(config.Config{Internal: []string{"acme_*", "pypi:Big.Corp-*", "npm:under_score", "golang:Git.Example/*"}})
	for _, tc := range []struct {
		eco  artifact.Ecosystem
		name string
		want bool
	}{
		{artifact.PyPI, "acme-billing", true},
		{artifact.NPM, "acme_billing", true},
		{artifact.NPM, "acme-billing", false},
		{artifact.PyPI, "big-corp-x", true},
		{artifact.PyPI, "big-corporation", false},
		{artifact.NPM, "under_score", true},
		{artifact.PyPI, "under-score", false},
		{artifact.Golang, "git.example/team/lib", true},
	} {
		if got := internal(artifact.Package{Ecosystem: tc.eco, Name: tc.name}); got != tc.want {
			t.Errorf("%s %s is internal: %t", tc.eco, tc.name, got)
		}
	}
}
