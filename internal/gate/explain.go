package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Explanation is what `gatehouse explain` tells about a version, or about a name.
type Explanation struct {
	Purl     string `json:"purl"`
	Registry string `json:"registry"`
	Origin   string `json:"origin,omitempty"`
	Internal bool   `json:"internal"`
	// Control says how the name comes in, or would.
	Control NameControl `json:"control"`
	// Missing says why there is no decision about any file of a name of ours, or of one
	// that nobody may be asked for; "" where there is one, or the name alone was meant.
	Missing   string             `json:"missing,omitempty"`
	Now       []verdict.Decision `json:"now"`     // one for each file, as of this moment
	History   []verdict.Decision `json:"history"` // recorded ones, newest first
	Waivers   []verdict.Waiver   `json:"waivers"`
	Approvals []verdict.Approval `json:"approvals"`
	// Provenance is of each file of which there is something to say.
	Provenance []FileProvenance `json:"provenance"`
}

// NameControl is how packages of a name come in to a registry: by the package groups,
// the origin on record and the order of its upstreams.
type NameControl struct {
	groups.Control
	// Sources are where the registry takes packages of the ecosystem from, in the order
	// in which they are asked.
	Sources []SourceControl `json:"sources"`
	// Outside is what the advisory data that is here says of the name, which nobody
	// outside is asked for; "" for nothing.
	Outside string `json:"outside,omitempty"`
}

// SourceControl is one source, and whether it is asked for the name.
type SourceControl struct {
	Source string `json:"source"` // "upstream pypi", "registry main"
	Asked  bool   `json:"asked"`
	Why    string `json:"why,omitempty"` // why it is not
}

// nameControl says how a name comes in. It asks nobody.
func (g *Gate) nameControl(ctx context.Context, reg Registry, p artifact.Package) (NameControl, error) {
	c := NameControl{Control: g.Groups.Of(p), Sources: []SourceControl{}}
	r, err := g.routeOf(ctx, reg, p)
	if err != nil {
		return c, err
	}
	for _, s := range g.sources(reg, p.Ecosystem) {
		said := SourceControl{Source: s.String(), Asked: true}
		for _, not := range r.not {
			if not.Upstream == s.Upstream && not.Registry == s.Registry {
				said.Asked, said.Why = false, not.why
			}
		}
		c.Sources = append(c.Sources, said)
	}
	if g.Bulk != nil && (g.Groups.Ours(p) || g.Hosted.has(p)) {
		if c.Outside, err = g.Bulk(p); err != nil {
			c.Outside = "the advisory data cannot say whether somebody outside has that name: " + artifact.Untrusted(err.Error()).String()
		}
	}
	return c, nil
}

// Explain says how a name comes in to a registry and, of a version, today's decisions
// about its files and how they came to be. The number may be spelled in any way that
// is the same version; without one it is about the name, and nobody is asked for that.
func (g *Gate) Explain(ctx context.Context, registry string, v artifact.Version) (Explanation, error) {
	e := Explanation{
		Purl: v.Purl(), Registry: registry, Internal: g.Groups.Ours(v.Package) || g.Hosted.has(v.Package),
		Now: []verdict.Decision{}, History: []verdict.Decision{}, Waivers: []verdict.Waiver{}, Approvals: []verdict.Approval{},
		Provenance: []FileProvenance{},
	}
	reg, err := g.registry(registry)
	if err != nil {
		return e, err
	}
	if _, err := g.peerIn(reg, v.Package.Ecosystem); err != nil {
		return e, err
	}
	if e.Origin, err = g.Store.Origin(ctx, v.Package); err != nil && !errors.Is(err, verdict.ErrNotFound) {
		return e, err
	}
	if e.Control, err = g.nameControl(ctx, reg, v.Package); err != nil || v.Number == "" {
		return e, err
	}
	view, err := g.View(ctx, registry, v.Package)
	if _, nobody := errors.AsType[*unasked](err); nobody || errors.Is(err, ecosystem.ErrNoPackage) && g.Hosted.has(v.Package) {
		e.Missing = fmt.Sprintf("nobody has it: %v", artifact.Untrusted(err.Error()))
	} else if err != nil {
		return e, err
	} else if v, view, err = g.explainFiles(ctx, view, registry, v, &e); err != nil {
		return e, err
	}
	state, err := g.Store.State(ctx, registry, v.Package)
	if err != nil {
		return e, err
	}
	if view != nil {
		for _, f := range view.Index.Of(v.Number) {
			if p, ok := provenanceOf(state, f); ok {
				e.Provenance = append(e.Provenance, p)
			}
		}
	}
	history, err := g.Store.DecisionsOf(ctx, registry, v, 100)
	if err != nil {
		return e, err
	}
	e.History = append(e.History, history...)
	e.Waivers, e.Approvals = append(e.Waivers, state.Waivers...), append(e.Approvals, state.Approvals[v.Number]...)
	if len(e.Now) == 0 && len(e.History) == 0 && e.Missing == "" {
		return e, fmt.Errorf("%s has no version %s, here or upstream: %w", v.Package.Name, artifact.Untrusted(v.Number), verdict.ErrNotFound)
	}
	return e, nil
}

// explainFiles adds today's decisions. It gives the version as the index spells it, and
// the view that knows all of it.
func (g *Gate) explainFiles(ctx context.Context, view *View, registry string, v artifact.Version, e *Explanation) (artifact.Version, *View, error) {
	var err error
	if v.Number, err = g.indexed(view, v); err != nil {
		return v, nil, err
	}
	if view, err = g.VersionView(ctx, registry, v); err != nil {
		return v, nil, err
	}
	e.Purl = v.Purl()
	for i, f := range view.Index.Files {
		if f.Number == v.Number {
			e.Now = append(e.Now, view.Decisions[i])
		}
	}
	return v, view, nil
}
