package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan/typosquat"
)

// desk takes the company's own packages into a registry.
func (e *engine) desk(registry string) *gate.Desk {
	return &gate.Desk{
		Registry: registry, Gate: e.gate, Put: e.blobs.Put, MaxFile: e.cfg.Limits.FileBytes,
		Outside: outside(e.advisories, e.gate.Peers), Key: collisionKeys(),
	}
}

// outside says what a name is known as beyond this gate, by the data that is here:
// the most downloaded names, those that builds asked for through this gate, and
// those that somebody wrote an advisory about.
func outside(s *snapshots, peers map[artifact.Ecosystem]gate.Peer) func(artifact.Package) (string, error) {
	popular := typosquat.New()
	return func(p artifact.Package) (string, error) {
		if like, ok := popular.Like(p); ok {
			if like == p.Name {
				return "is a public package's name", nil
			}
			return "can be mistaken for the public package " + like, nil
		}
		if seen, err := asked(peers[p.Ecosystem], p); err != nil {
			return "", err
		} else if seen {
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

// asked says whether builds asked for a package of an upstream before.
func asked(peer gate.Peer, p artifact.Package) (bool, error) {
	ups, err := peer.All(context.Background())
	if _, off := errors.AsType[*gate.Off](err); off {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return slices.ContainsFunc(ups, func(up ecosystem.Upstream) bool {
		seen, ok := up.(interface{ Known(artifact.Package) bool })
		return ok && seen.Known(p)
	}), nil
}
