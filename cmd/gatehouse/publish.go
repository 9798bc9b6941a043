package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan/typosquat"
	"github.com/gatehouse-project/gatehouse/internal/server"
)

// uploads takes the company's own packages into a registry.
func (e *engine) uploads(registry string, log *slog.Logger) map[string]server.Uploads {
	desk := &gate.Desk{
		Registry: registry, Gate: e.gate, Put: e.blobs.Put, MaxFile: e.cfg.Limits.FileBytes,
		Patterns: len(e.cfg.Internal) > 0, Outside: outside(e.advisories, e.gate.Peers[artifact.PyPI].Upstream), Key: collisionKey,
	}
	return map[string]server.Uploads{string(artifact.PyPI): pypi.NewUploads(desk, e.gate.DecisionURL, log)}
}

// outside says what a name is known as beyond this gate, by the data that is here:
// the most downloaded names, those that builds asked for through this gate, and
// those that somebody wrote an advisory about.
func outside(s *snapshots, up ecosystem.Upstream) func(artifact.Package) (string, error) {
	popular := typosquat.New()
	seen, _ := up.(interface{ Known(artifact.Package) bool })
	return func(p artifact.Package) (string, error) {
		if like, ok := popular.Like(p.Name); ok {
			if like == p.Name {
				return "is a public package's name", nil
			}
			return "can be mistaken for the public package " + like, nil
		}
		if seen != nil && seen.Known(p) {
			return "is a package of the upstream, which was asked for here before", nil
		}
		snap := s.Current()
		if snap == nil {
			return "", nil
		}
		known, err := snap.Knows(p)
		if errors.Is(err, advisory.ErrNoData) {
			return "", nil
		} else if err != nil {
			return "", fmt.Errorf("looking %s up in the advisory data: %w", p.Name, err)
		}
		if known {
			return "is a public package's name, which advisories speak of", nil
		}
		return "", nil
	}
}
