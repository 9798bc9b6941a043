package main

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// listing is an upstream that has listed one package here before.
type listing struct{ ecosystem.Upstream }

func (listing) Known(p artifact.Package) bool { return p.Name == "listed" }

// TestANameThatBuildsUseIsNotFree: whoever may publish must not become the origin
// of what is installed from the upstream today.
func TestANameThatBuildsUseIsNotFree(t *testing.T) {
	says := outside(openSnapshots(t.TempDir(), time.Hour), map[artifact.Ecosystem]gate.Peer{artifact.PyPI: {Ecosystem: peers()[artifact.PyPI], Upstream: listing{}}})
	for name, want := range map[string]string{
		"listed":          "is a package of the upstream",
		"requests":        "is a public package's name",
		"quite-a-new-one": "",
	} {
		got, err := says(artifact.Package{Ecosystem: artifact.PyPI, Name: name})
		if err != nil || !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}
