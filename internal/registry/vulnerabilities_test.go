package registry_test

import (
	"context"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// remembering is an upstream that knows what it has listed before.
type remembering struct {
	ecosystem.Upstream
	listed map[artifact.Package]bool
	asked  []string
}

func (u *remembering) Known(p artifact.Package) bool { return u.listed[p] }

func (u *remembering) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	u.asked = append(u.asked, p.Name)
	return u.Upstream.Index(ctx, p)
}

// TestAnAuditTellsNobodyOutside what is in a tree: its private names are in there too,
// declared or not. What the upstream never listed here is looked up in the advisories.
func TestAnAuditTellsNobodyOutside(t *testing.T) {
	w, _ := one(t)
	for _, purl := range []string{"pkg:pypi/secret-project@1.0", "pkg:pypi/demo@1.0"} {
		w.Know(purl, servertest.Vulnerable("PYSEC-2026-1", finding.Critical))
	}
	s := w.Shelf("main")
	peer := s.Gate.Peers[artifact.PyPI]
	up := &remembering{Upstream: peer.Upstream, listed: map[artifact.Package]bool{demo: true}}
	peer.Upstream = up
	s.Gate.Peers[artifact.PyPI] = peer
	for _, name := range []string{"secret-project", "demo"} {
		known, err := s.Vulnerabilities(t.Context(), artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: "1.0"})
		if err != nil || len(known) != 1 || known[0].ID != "PYSEC-2026-1" {
			t.Errorf("%s: %+v, %v", name, known, err)
		}
	}
	for _, name := range up.asked {
		if name != "demo" {
			t.Errorf("the upstream was asked about %s", name)
		}
	}
}
