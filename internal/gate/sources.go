package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Source is one place that a registry takes packages of an ecosystem from. A
// registry's sources are asked in order, and the first that has a name is its origin
// from then on. One that does not answer is never passed over: the next might have
// somebody else's package of that name.
type Source struct {
	// Upstream names one of the peer's upstreams (Peer.Named); "" is its only one.
	Upstream string
	// Registry names another registry of this gate instead: what that one would hand
	// out, with its own decisions, and without a second download.
	Registry string
	// Own says that the upstream is the company's own: what package groups say of
	// internal holds for it, and not what they say of external.
	Own bool
	// Claims says which names belong to this source: it is asked for no others, and no
	// other source is asked for them; those of an upstream are so in every registry. nil:
	// none in particular, and it is asked for names that no other claims.
	Claims func(artifact.Package) bool
}

// String is how people are told of it.
func (s Source) String() string {
	if s.Registry != "" {
		return "registry " + s.Registry
	}
	if s.Upstream == "" {
		return "the upstream"
	}
	return "upstream " + s.Upstream
}

// way is what the package groups call it.
func (s Source) way() groups.Way {
	if s.Own || s.Registry != "" {
		return groups.Internal
	}
	return groups.External
}

// sources lists where a registry takes an ecosystem's packages from.
func (g *Gate) sources(reg Registry, e artifact.Ecosystem) []Source {
	if s := reg.Sources[e]; len(s) > 0 {
		return s
	}
	return []Source{{}}
}

// unasked says that nobody is asked for a name, and why. It is ErrNoPackage too.
type unasked struct {
	why   string
	bound bool // it comes from where the registry does not look: what was fetched of it has not vanished
}

// Error implements error.
func (e *unasked) Error() string { return e.why }

// Unwrap makes it ErrNoPackage.
func (e *unasked) Unwrap() error { return ecosystem.ErrNoPackage }

// route is what may be asked for a name, in order, and what is not, each with a
// sentence that says why.
type route struct {
	ask     []Source
	not     []passed
	origin  string // as recorded; "" for a name without one
	binding bool   // who has the name first becomes its origin now
}

type passed struct {
	Source
	why   string
	bound bool // the name comes from another one
}

// routeOf decides which sources may be asked for a name. It asks none of them.
func (g *Gate) routeOf(ctx context.Context, reg Registry, p artifact.Package) (route, error) {
	all := g.sources(reg, p.Ecosystem)
	var r route
	if g.origins(p.Ecosystem) > 1 {
		origin, err := g.Store.Origin(ctx, p)
		if err != nil && !errors.Is(err, verdict.ErrNotFound) {
			return r, fmt.Errorf("reading origin: %w", err)
		}
		r.origin = origin
	}
	claimed := g.claimed(all, p)
	said := g.Groups.Of(p)
	like, err := g.mistakenFor(ctx, p, said.External)
	if err != nil {
		return r, err
	}
	for _, s := range all {
		if why := g.passes(p, s, said, claimed, r.origin, like); why != "" {
			r.not = append(r.not, passed{s, why, s.Registry == "" && r.origin != "" && r.origin != s.Upstream})
		} else {
			r.ask = append(r.ask, s)
		}
	}
	r.binding = r.origin == "" && len(r.ask) > 1
	return r, nil
}

// passes says why a source is not asked for a name; "" where it is.
func (g *Gate) passes(p artifact.Package, s Source, said groups.Control, claimed bool, origin, like string) string {
	name := artifact.Untrusted(p.Name)
	ours := g.Hosted.has(p)
	if rule := said.Of(s.way()); rule.Rule != groups.Allow && (!ours || s.Registry != "") {
		return rule.Why
	}
	if s.Registry == "" {
		switch {
		case ours:
			return fmt.Sprintf("%s was published here, and a name has one origin for ever", name)
		case origin != "" && s.Upstream != "" && origin != s.Upstream:
			return fmt.Sprintf("%s comes from %s, and a name has one origin for ever", name, artifact.Untrusted(origin))
		case like != "":
			return fmt.Sprintf("%s can be mistaken for %s, which was published here; a package group of that very name with external: allow lets it in", name, artifact.Untrusted(like))
		}
	}
	switch {
	case s.Claims != nil && !s.Claims(p):
		return fmt.Sprintf("%s is none of its names", name)
	case claimed && s.Claims == nil && !ours:
		return fmt.Sprintf("%s is one of the names that belong to another upstream", name)
	}
	return ""
}

// mistakenFor gives a package of ours that a name outside can be mistaken for; "" for
// none, for a name that is meant by a group, and for one that something was fetched of
// before.
func (g *Gate) mistakenFor(ctx context.Context, p artifact.Package, external groups.Said) (string, error) {
	if external.Literal() || g.Hosted.has(p) {
		return "", nil
	}
	like := g.Hosted.like(g.Groups, p)
	if like == "" {
		return "", nil
	}
	origin, err := g.Store.Origin(ctx, p)
	if err != nil && !errors.Is(err, verdict.ErrNotFound) {
		return "", fmt.Errorf("reading origin: %w", err)
	}
	if origin != "" {
		return "", nil
	}
	return like, nil
}

// claimed says whether a name belongs to one of the sources, or to an upstream that
// any other registry reads: whoever else is asked for it hears a name that is not
// theirs.
func (g *Gate) claimed(all []Source, p artifact.Package) bool {
	claims := func(s Source) bool { return s.Claims != nil && s.Claims(p) }
	if slices.ContainsFunc(all, claims) {
		return true
	}
	for _, reg := range g.Registries {
		if slices.ContainsFunc(reg.Sources[p.Ecosystem], func(s Source) bool { return s.Registry == "" && claims(s) }) {
			return true
		}
	}
	return false
}

// origins counts the upstreams that names of an ecosystem can come from.
func (g *Gate) origins(e artifact.Ecosystem) int { return max(1, len(g.Peers[e].Named)) }

// nobody says why nobody is asked for a name.
func (r route) nobody(registry string, p artifact.Package) error {
	return &unasked{
		why:   fmt.Sprintf("registry %s asks nobody for %s: %s", registry, p.Name, r.not[0].why),
		bound: slices.ContainsFunc(r.not, func(s passed) bool { return s.bound }),
	}
}

// index reads a package's index for a registry, with everything that is said of the
// files that are wanted: its own uploads, else that of the first source that has the
// name. above is the view of the registry that it was taken from; nil where it comes
// from here or from outside.
func (g *Gate) index(ctx context.Context, reg Registry, peer Peer, p artifact.Package, want wanted) (x *ecosystem.Index, above *View, err error) {
	if g.Hosted.has(p) {
		h, err := g.hosted(ctx, reg.Name, p)
		if err != nil || h.index != nil {
			return h.index, nil, err
		}
	}
	const tries = 3 // another registry may give the name an origin at this moment
	for range tries {
		if x, above, err = g.indexOnce(ctx, reg, peer, p, want); !errors.Is(err, verdict.ErrConflict) {
			break
		}
	}
	return x, above, err
}

func (g *Gate) indexOnce(ctx context.Context, reg Registry, peer Peer, p artifact.Package, want wanted) (*ecosystem.Index, *View, error) {
	r, err := g.routeOf(ctx, reg, p)
	if err != nil {
		return nil, nil, err
	}
	none := fmt.Errorf("%s is one of our own names, and nothing of it is in registry %s: %w", p.Name, reg.Name, ecosystem.ErrNoPackage)
	if !g.Hosted.has(p) {
		if len(r.ask) == 0 {
			return nil, nil, r.nobody(reg.Name, p)
		}
	}
	for _, s := range r.ask {
		x, above, err := g.from(ctx, s, peer, p, want)
		if errors.Is(err, ecosystem.ErrNoPackage) {
			if !g.Hosted.has(p) {
				none = err
			}
			continue
		}
		if err != nil {
			return nil, nil, err // the next one might have another's package of that name
		}
		if r.binding && x.Upstream != artifact.Internal {
			if err := g.Store.SetOrigin(ctx, p, x.Upstream, g.Now()); err != nil {
				return nil, nil, fmt.Errorf("recording origin: %w", err)
			}
		}
		return x, above, nil
	}
	return nil, nil, none
}

// from reads a package's index from one source.
func (g *Gate) from(ctx context.Context, s Source, peer Peer, p artifact.Package, want wanted) (*ecosystem.Index, *View, error) {
	if s.Registry != "" {
		above, err := g.view(ctx, s.Registry, p, want)
		if err != nil {
			return nil, nil, err
		}
		return above.Index, above, nil
	}
	up, err := peer.Called(ctx, s.Upstream)
	if err != nil {
		return nil, nil, err
	}
	x, err := up.Index(ctx, p)
	if _, spent := errors.AsType[*budget.Exhausted](err); spent {
		// A package that something was fetched of is not new, though its index may have
		// been cleaned away: what was admitted goes on being served.
		if origin, oerr := g.Store.Origin(ctx, p); oerr != nil || origin == "" {
			return nil, nil, err
		}
		x, err = up.Index(budget.With(ctx, nil), p)
	}
	if err != nil {
		return nil, nil, err
	}
	x, err = g.complete(ctx, up, x, want)
	return x, nil, err
}

// asks gives the upstream that may be asked outside about a name, for a registry: its
// own, else that of the registries that it reads. A package without a name is any: the
// first upstream is asked. verdict.ErrForbidden where none may be.
func (g *Gate) asks(ctx context.Context, registry string, p artifact.Package) (ecosystem.Upstream, error) {
	reg, err := g.registry(registry)
	if err != nil {
		return nil, err
	}
	peer, err := g.peerIn(reg, p.Ecosystem)
	if err != nil {
		return nil, err
	}
	ask := g.sources(reg, p.Ecosystem)
	if p.Name != "" {
		r, err := g.routeOf(ctx, reg, p)
		if err != nil {
			return nil, err
		}
		ask = r.ask
	}
	for _, s := range ask {
		if s.Registry == "" {
			return peer.Called(ctx, s.Upstream)
		}
		if up, err := g.asks(ctx, s.Registry, p); !errors.Is(err, verdict.ErrForbidden) {
			return up, err
		}
	}
	return nil, fmt.Errorf("%s is a name of our own and is asked about nowhere outside: %w", p.Name, verdict.ErrForbidden)
}

// holder gives the registry whose uploads of a name a registry shows: its own, else
// those of the first that it reads which has any; "" for none.
func (g *Gate) holder(ctx context.Context, registry string, p artifact.Package) (string, error) {
	h, err := g.hosted(ctx, registry, p)
	if err != nil || h.index != nil {
		return registry, err
	}
	reg, err := g.registry(registry)
	if err != nil {
		return "", err
	}
	r, err := g.routeOf(ctx, reg, p)
	if err != nil {
		return "", err
	}
	for _, s := range r.ask {
		if s.Registry == "" {
			continue
		}
		if by, err := g.holder(ctx, s.Registry, p); err != nil || by != "" {
			return by, err
		}
	}
	return "", nil
}

// place is where a file stands in a view; false where it does not.
func (v *View) place(file string) (int, bool) {
	v.once.Do(func() {
		v.places = make(map[string]int, len(v.Index.Files))
		for i, f := range v.Index.Files {
			v.places[f.Name] = i
		}
	})
	i, ok := v.places[file]
	return i, ok
}

// ruleAbove is the rule of what another registry says without giving a reason.
const ruleAbove = "registry-above"

// saysAbove is what the registry that a file is taken from says against it, as
// reasons that nobody waives or approves here: that is that registry's business. A
// file that nobody looked at yet is decided about there once somebody did.
func saysAbove(above *View, file string) (id string, against []verdict.Reason) {
	if above == nil || file == "" {
		return "", nil
	}
	registry := above.key.registry
	i, ok := above.place(file)
	if !ok {
		r := faultReason(ruleAbove, fmt.Sprintf("registry %s, which this one reads, does not have the file", registry))
		return "", []verdict.Reason{r}
	}
	d := above.Decisions[i]
	if Serves(d) {
		return d.ID, nil
	}
	for _, r := range d.Reasons {
		if !blocks(r) || unseen(r) {
			continue
		}
		r.Text = fmt.Sprintf("registry %s, which this one reads, does not hand it out: %s", registry, r.Text)
		r.Remedy = fmt.Sprintf("see to it there: gatehouse explain --registry %s %s", registry, d.Purl)
		against = append(against, r)
	}
	if len(against) == 0 && !Offers(d) {
		against = append(against, faultReason(ruleAbove, fmt.Sprintf("registry %s, which this one reads, does not hand it out", registry)))
	}
	return d.ID, against
}

// recordAbove makes the decisions stand on whose word others were taken, before those
// do. above is the view that files were taken from; nil for none.
func (g *Gate) recordAbove(ctx context.Context, above *View, ds []verdict.Decision) error {
	if above == nil {
		return nil
	}
	for _, d := range ds {
		if j, ok := above.place(d.File); ok {
			if err := g.Record(ctx, above, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// refreshed is the view that a version is taken from, as it is now.
func (g *Gate) refreshed(ctx context.Context, above *View, v artifact.Version) (*View, error) {
	if above == nil {
		return nil, nil
	}
	registry := above.key.registry
	if _, err := g.evaluatedView(ctx, registry, v.Package); err != nil {
		return nil, err
	}
	return g.VersionView(ctx, registry, v)
}

// like gives a name of our own that another can be mistaken for; "" for none.
func (h *Hosted) like(g *groups.Groups, p artifact.Package) string {
	if h == nil || g == nil {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.alike == nil {
		h.alike = map[alikeKey]string{}
		for own := range h.names {
			k := alikeKey{own.Ecosystem, g.Key(own)}
			if first, ok := h.alike[k]; !ok || own.Name < first {
				h.alike[k] = own.Name
			}
		}
	}
	return h.alike[alikeKey{p.Ecosystem, g.Key(p)}]
}

// alikeKey is what names have in common that can be mistaken for one another.
type alikeKey struct {
	ecosystem artifact.Ecosystem
	key       string
}
