package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// readers gives each ecosystem the upstreams outside that a registry reads, its own
// and those of the registries that it reads, as one: for the commands that look
// outside without a gate (resolve, scan). What nobody outside is asked for the
// upstreams themselves refuse.
func readers(cfg config.Config, registry string, peers map[artifact.Ecosystem]gate.Peer) (map[artifact.Ecosystem]gate.Peer, error) {
	if _, ok := cfg.Registries[registry]; !ok {
		return nil, &gate.ErrNoRegistry{Name: registry}
	}
	out := map[artifact.Ecosystem]gate.Peer{}
	for eco, peer := range peers {
		sources := outsideOf(cfg, registry, eco)
		if len(sources) > 0 {
			peer.Upstream = &reading{peer: peer, sources: sources}
		}
		out[eco] = peer
	}
	return out, nil
}

// outsideOf are the upstreams outside that a registry reads, in the order in which
// they are asked, each once.
func outsideOf(cfg config.Config, registry string, eco artifact.Ecosystem) []gate.Source {
	var out []gate.Source
	for _, s := range sourcesOf(cfg, registry)[eco] {
		more := []gate.Source{s}
		if s.Registry != "" {
			more = outsideOf(cfg, s.Registry, eco)
		}
		for _, m := range more {
			if !slices.ContainsFunc(out, func(have gate.Source) bool { return have.Upstream == m.Upstream }) {
				out = append(out, m)
			}
		}
	}
	return out
}

// reading is several upstreams as one: the first that has a name is asked for all of
// it, and one that does not answer is not passed over.
type reading struct {
	peer    gate.Peer
	sources []gate.Source
}

var (
	_ ecosystem.Upstream  = (*reading)(nil)
	_ ecosystem.Completer = (*reading)(nil)
)

// Index implements ecosystem.Upstream.
func (r *reading) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	claimed := slices.ContainsFunc(r.sources, func(s gate.Source) bool { return s.Claims != nil && s.Claims(p) })
	none := fmt.Errorf("%s: %w", p.Name, ecosystem.ErrNoPackage)
	for _, s := range r.sources {
		if s.Claims != nil && !s.Claims(p) || s.Claims == nil && claimed {
			continue
		}
		up, err := r.peer.Called(ctx, s.Upstream)
		if err != nil {
			return nil, err
		}
		x, err := up.Index(ctx, p)
		if !errors.Is(err, ecosystem.ErrNoPackage) {
			return x, err
		}
		none = err
	}
	return nil, none
}

// Metadata implements ecosystem.Upstream.
func (r *reading) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	up, err := r.peer.Called(ctx, x.Upstream)
	if err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	return up.Metadata(ctx, x, f)
}

// Complete implements ecosystem.Completer, also over an upstream that is none.
func (r *reading) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	up, err := r.peer.Called(ctx, x.Upstream)
	if err != nil {
		return nil, err
	}
	c, ok := up.(ecosystem.Completer)
	if !ok {
		return x, nil
	}
	return c.Complete(ctx, x, files...)
}
