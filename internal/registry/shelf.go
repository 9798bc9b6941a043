// Package registry is a named view of what the gate admits, as clients read it:
// which files an index offers, why the others are not handed out, and the bytes
// of those that are. Every answer asks the gate at the moment of asking; nothing
// here decides or remembers a verdict beyond what the gate says it holds for.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Pull says what happens when a client asks for a file that nobody looked at.
type Pull string

// The modes of the pull door. The zero value refuses.
const (
	PullHold  Pull = "hold"  // refused until somebody asks the gate to admit it
	PullAdmit Pull = "admit" // looked at now; the client waits or asks again
	PullOff   Pull = "off"   // as hold, and unseen versions are not listed as offered
)

// Blobs opens stored bytes.
type Blobs interface {
	Open(ctx context.Context, d artifact.Digest) (io.ReadSeekCloser, error)
}

// Shelf implements ecosystem.Shelf over a gate.
type Shelf struct {
	Registry string
	Gate     *gate.Gate
	Store    gate.Store
	Blobs    Blobs
	Pull     Pull
	Wait     time.Duration // how long a client waits for a first look before it is told to ask again
	Log      *slog.Logger

	listings listings
	sound    sound
}

var _ ecosystem.Shelf = (*Shelf)(nil)

// Name implements ecosystem.Shelf.
func (s *Shelf) Name() string { return s.Registry }

// Names implements ecosystem.Shelf.
func (s *Shelf) Names(ctx context.Context, e artifact.Ecosystem) ([]string, error) {
	return s.Store.AdmittedNames(ctx, s.Registry, e)
}

// Listing implements ecosystem.Shelf.
func (s *Shelf) Listing(ctx context.Context, p artifact.Package) (*ecosystem.Listing, error) {
	v, err := s.Gate.View(ctx, s.Registry, p)
	if err != nil {
		return nil, err
	}
	if l := s.listings.get(v); l != nil {
		return l, nil
	}
	l, err := s.listing(ctx, v)
	if err != nil {
		return nil, err
	}
	s.listings.put(v, l)
	return l, nil
}

// listings keeps the listing of each package's latest view. A view never
// changes: the gate makes another when anything it depends on does.
type listings struct {
	mu   sync.Mutex
	rows map[artifact.Package]listed
}

type listed struct {
	of      *gate.View
	listing *ecosystem.Listing
}

// listingsKept bounds the memory of listings; a view of its own size is kept by
// the gate for as many packages.
const listingsKept = 4096

func (c *listings) get(v *gate.View) *ecosystem.Listing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if row := c.rows[v.Index.Package]; row.of == v {
		return row.listing
	}
	return nil
}

func (c *listings) put(v *gate.View, l *ecosystem.Listing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= listingsKept {
		c.rows = map[artifact.Package]listed{}
	}
	c.rows[v.Index.Package] = listed{v, l}
}

// listing marks what is refused, and makes the refusals' pages readable: each is
// recorded under the id that the index names.
func (s *Shelf) listing(ctx context.Context, v *gate.View) (*ecosystem.Listing, error) {
	l := &ecosystem.Listing{Index: v.Index, Marks: make([]ecosystem.Mark, len(v.Decisions)), Until: v.Until}
	marked := map[string]verdict.Decision{}
	for i, d := range v.Decisions {
		if s.offers(d) && (s.Pull == PullAdmit || gate.Serves(d)) {
			continue
		}
		id := v.Explained(i).ID
		marked[id] = v.Explained(i)
		l.Marks[i] = ecosystem.Mark{Refused: true, Why: markText(gate.RefusalOf(v, i), s.Gate.DecisionURL(id)), Decision: id}
	}
	if err := s.Store.PutDecisions(ctx, slices.Collect(maps.Values(marked))); err != nil {
		return nil, fmt.Errorf("recording refusals: %w", err)
	}
	b, err := json.Marshal([]any{v.Index.Digest, l.Marks})
	if err != nil {
		return nil, fmt.Errorf("naming listing: %w", err)
	}
	l.Tag = string(artifact.DigestOf(b))
	return l, nil
}

// offers says whether a file is served, or would be once it was looked at. A
// registry that only observes offers what it would refuse too, known malware
// excepted; it serves no more than others what nobody looked at.
func (s *Shelf) offers(d verdict.Decision) bool {
	if gate.Offers(d) || !s.Gate.Registries[s.Registry].Observe {
		return gate.Offers(d)
	}
	return !slices.ContainsFunc(d.Reasons, func(r verdict.Reason) bool {
		return r.Class == finding.Malware && r.Effect != verdict.EffectNote
	})
}

func markText(no *verdict.Refusal, url string) string {
	text := no.Public
	if no.Next != "" {
		text += "; " + no.Next
	}
	return text + "; " + url
}

// File implements ecosystem.Shelf.
func (s *Shelf) File(ctx context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	v, i, err := s.find(ctx, p, name)
	if err != nil {
		return nil, err
	}
	d := v.Decisions[i]
	if s.Pull == PullAdmit && !gate.Serves(d) && d.Inputs.FileEvidence == "" && s.offers(d) {
		if v, i, err = s.look(ctx, v, i); err != nil {
			return nil, err
		}
		d = v.Decisions[i]
	}
	if !gate.Serves(d) {
		return nil, s.refusal(ctx, v, i)
	}
	return s.open(ctx, v, i)
}

func (s *Shelf) find(ctx context.Context, p artifact.Package, name string) (*gate.View, int, error) {
	v, err := s.Gate.View(ctx, s.Registry, p)
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(v.Index.Files, func(f ecosystem.IndexFile) bool { return f.Name == name })
	if i < 0 {
		return nil, 0, fmt.Errorf("%s has no file %q: %w", p, artifact.Untrusted(name), verdict.ErrNotFound)
	}
	return v, i, nil
}

func (s *Shelf) refusal(ctx context.Context, v *gate.View, i int) error {
	if err := s.Store.Publish(ctx, []verdict.Decision{v.Decisions[i]}); err != nil {
		return fmt.Errorf("recording refusal: %w", err)
	}
	no := gate.RefusalOf(v, i)
	s.Log.InfoContext(ctx, "refused", "decision", no.Decision, "version", no.Version.Purl(), "file", no.File, "registry", s.Registry, "verdict", no.Verdict.String(), "rule", no.Rule)
	return no
}

// look has an unseen file looked at, for as long as a client may be kept
// waiting. The look goes on when the wait is over.
func (s *Shelf) look(ctx context.Context, v *gate.View, i int) (*gate.View, int, error) {
	f := v.Index.Files[i]
	version := v.Index.Version(f)
	wait, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	err := s.Gate.AdmitFile(wait, s.Registry, version, v.Index, f)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, 0, &ecosystem.Pending{Version: version, After: 3 * time.Second, URL: s.Gate.DecisionURL(v.Decisions[i].ID)}
	}
	if no, ok := errors.AsType[*verdict.Refusal](err); ok {
		return nil, 0, no
	}
	if err != nil {
		s.Log.WarnContext(ctx, "looking at a file", "version", version.Purl(), "file", f.Name, "err", err)
	}
	return s.find(ctx, v.Index.Package, f.Name)
}

func (s *Shelf) open(ctx context.Context, v *gate.View, i int) (*ecosystem.Served, error) {
	d := v.Decisions[i]
	f, err := s.Store.FileNamed(ctx, v.Index.Package, d.File)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", d.File, err)
	}
	if f.SHA256 != d.Inputs.FileSHA256 {
		return nil, fmt.Errorf("%s is recorded with another digest than was decided on", d.File)
	}
	body, err := s.openSound(ctx, v.Index, i, f)
	if err != nil {
		return nil, err
	}
	if err := s.Store.PutPull(ctx, s.Registry, f.SHA256, PullerFrom(ctx), s.Gate.Now()); err != nil {
		s.Log.WarnContext(ctx, "recording pull", "file", d.File, "err", err)
	}
	return &ecosystem.Served{File: f, Decision: d.ID, Body: body}, nil
}

// Metadata implements ecosystem.Shelf. It is data about a version, parsed and
// capped, and served for versions that were never looked at too: resolvers need
// it to pass over them.
func (s *Shelf) Metadata(ctx context.Context, p artifact.Package, name string) ([]byte, error) {
	v, i, err := s.find(ctx, p, name)
	if err != nil {
		return nil, err
	}
	return s.Gate.Metadata(ctx, v.Index, v.Index.Files[i])
}

type pullerKey struct{}

// WithPuller says who reads, for the record of pulls.
func WithPuller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, pullerKey{}, name)
}

// PullerFrom gives who reads; "" when nobody said.
func PullerFrom(ctx context.Context) string {
	name, _ := ctx.Value(pullerKey{}).(string)
	return name
}
