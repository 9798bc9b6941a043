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
	"time"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Pull says what happens when a client asks for a file that nobody looked at.
type Pull string

// The modes of the pull door. The zero value refuses.
const (
	PullHold  Pull = "hold"  // refused until somebody asks the gate to admit it
	PullAdmit Pull = "admit" // looked at now; the client waits or asks again
	PullOff   Pull = "off"   // as hold, and the index does not list it
)

// again is when a client that cannot be answered yet is told to ask again. Most
// first looks are over by then.
const again = 3 * time.Second

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
	// Export reads all records of an ecosystem, for Advisories; nil where there are none.
	Export func(ctx context.Context, e artifact.Ecosystem) (*advisory.Export, error)

	sound     sound
	ahead     ahead
	said      said
	databases databases
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
	v, err := s.Gate.FullView(ctx, s.Registry, p)
	if err != nil {
		return nil, err
	}
	// A view never changes: the gate makes another when anything it depends on does.
	if kept, ok := v.Kept.Load().(listed); ok && kept.pull == s.Pull {
		return kept.listing, nil
	}
	l, err := s.listing(ctx, v)
	if err != nil {
		return nil, err
	}
	v.Kept.Store(listed{s.Pull, l})
	return l, nil
}

// listed is a view's listing. The gate bounds the memory of both.
type listed struct {
	pull    Pull
	listing *ecosystem.Listing
}

// listing shows what is refused as the registry presents it, and makes the
// refusals' pages readable: each is recorded under the id that the index names.
func (s *Shelf) listing(ctx context.Context, v *gate.View) (*ecosystem.Listing, error) {
	l := &ecosystem.Listing{Index: v.Index, Marks: make([]ecosystem.Mark, 0, len(v.Decisions)), Until: v.Until}
	marked := map[string]verdict.Decision{}
	leftOut := map[int]bool{}
	for i, d := range v.Decisions {
		var m ecosystem.Mark
		switch {
		case s.gives(d):
		case v.Presents(i) == gate.Hide, s.Pull == PullOff && gate.Unseen(d):
			leftOut[i] = true
			continue
		case v.Presents(i) == gate.Soft:
			id := v.Explained(i).ID
			marked[id] = v.Explained(i)
			m = ecosystem.Mark{Refused: true, Why: markText(gate.RefusalOf(v, i), s.Gate.DecisionURL(id)), Decision: id}
		}
		l.Marks = append(l.Marks, m)
	}
	if len(leftOut) > 0 {
		l.Index, l.Hidden = without(v.Index, leftOut), len(leftOut)
	}
	if err := s.Store.PutDecisions(ctx, slices.Collect(maps.Values(marked))); err != nil {
		return nil, fmt.Errorf("recording refusals: %w", err)
	}
	b, err := json.Marshal([]any{v.Index.Digest, l.Marks, slices.Sorted(maps.Keys(leftOut))})
	if err != nil {
		return nil, fmt.Errorf("naming listing: %w", err)
	}
	l.Tag = string(artifact.DigestOf(b))
	return l, nil
}

// without is an index without some of its files.
func without(x *ecosystem.Index, leftOut map[int]bool) *ecosystem.Index {
	some := *x
	some.Files = make([]ecosystem.IndexFile, 0, len(x.Files)-len(leftOut))
	for i, f := range x.Files {
		if !leftOut[i] {
			some.Files = append(some.Files, f)
		}
	}
	return &some
}

// gives says whether a client that asks for the file gets it, as far as is known:
// now, or once it was looked at.
func (s *Shelf) gives(d verdict.Decision) bool {
	return gate.Serves(d) || s.Pull == PullAdmit && gate.Offers(d)
}

// unlooked says whether a request for the file begins a look at it, or waits for the
// end of one: what was seen is recorded a moment before the rules are asked about it.
func (s *Shelf) unlooked(d verdict.Decision) bool {
	return s.Pull == PullAdmit && (gate.Unseen(d) && d.Inputs.FileEvidence == "" || gate.Unevaluated(d))
}

// markText is the yank reason that clients print: what others wrote is cleaned
// here once more, because a terminal obeys it there.
func markText(no *verdict.Refusal, url string) string {
	text := artifact.Untrusted(no.Public).String()
	if no.Next != "" {
		text += "; " + artifact.Untrusted(no.Next).String()
	}
	return text + "; " + url
}

// File implements ecosystem.Shelf.
func (s *Shelf) File(ctx context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	v, i, err := s.find(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if s.unlooked(v.Decisions[i]) {
		if v, i, err = s.look(ctx, v, i); err != nil {
			return nil, err
		}
	}
	if err := s.Gate.Record(ctx, v, i); err != nil {
		return nil, err
	}
	if !gate.Serves(v.Decisions[i]) {
		return nil, s.refusal(ctx, v, i)
	}
	return s.open(ctx, v, i)
}

func (s *Shelf) find(ctx context.Context, p artifact.Package, name string) (*gate.View, int, error) {
	v, err := s.Gate.FileView(ctx, s.Registry, p, name)
	if err != nil {
		return nil, 0, err
	}
	i := slices.IndexFunc(v.Index.Files, func(f ecosystem.IndexFile) bool { return f.Name == name })
	if i < 0 {
		return nil, 0, fmt.Errorf("%s has no file %q: %w", p, artifact.Untrusted(name), verdict.ErrNotFound)
	}
	return v, i, nil
}

// refusal says why a file is not handed out. Clients ask for such a file up to
// five times in a row, and so does every other build: the log has it once in a
// while, with how often it was.
func (s *Shelf) refusal(ctx context.Context, v *gate.View, i int) *verdict.Refusal {
	no := s.Gate.Suggest(ctx, s.Registry, v, i)
	if before, now := s.said.again(no.Decision, s.Gate.Now()); now {
		s.Gate.Metrics.Refused(v.Decisions[i])
		s.Log.InfoContext(ctx, "refused", "decision", no.Decision, "version", no.Version.Purl(), "file", no.File, "registry", s.Registry,
			"verdict", no.Verdict.String(), "rule", no.Rule, "repeated", before)
	}
	return no
}

// look has an unseen file looked at, for as long as a client may be kept
// waiting. The look goes on when the wait is over.
func (s *Shelf) look(ctx context.Context, v *gate.View, i int) (*gate.View, int, error) {
	f := v.Index.Files[i]
	version := v.Index.Version(f)
	done, ok := budget.From(ctx).Wait()
	if !ok {
		if err := gate.Affords(ctx); err != nil {
			return nil, 0, err
		}
		s.ahead.add(s, ctx, v.Index.Package, f.Name)
		return nil, 0, s.pending(ctx, v, i, "one of more files than clients may wait for at once")
	}
	defer done()
	wait, cancel := context.WithTimeout(jobs.WithPriority(ctx, jobs.Install), s.Wait)
	defer cancel()
	err := s.Gate.AdmitFile(wait, s.Registry, version, v.Index, f)
	switch {
	case err == nil:
		return s.find(ctx, v.Index.Package, f.Name)
	case ctx.Err() != nil:
		return nil, 0, ctx.Err() // nobody is there to be told
	case errors.Is(err, context.DeadlineExceeded):
		return nil, 0, s.pending(ctx, v, i, s.Gate.Looking(v.Index.Package, f.Name))
	case errors.Is(err, gate.ErrBusy):
		return nil, 0, s.pending(ctx, v, i, "one of too many files to look at just now")
	case answered(err):
		return nil, 0, err
	case errors.Is(err, blob.ErrFull):
		s.Log.ErrorContext(ctx, "no room to look at a file", "version", version.Purl(), "file", f.Name, "err", err)
		return nil, 0, err
	}
	s.Log.WarnContext(ctx, "looking at a file", "version", version.Purl(), "file", f.Name, "err", err)
	if fetch.Passing(err) {
		return nil, 0, fmt.Errorf("looking at %s: %w", f.Name, err) // worth another try
	}
	return s.find(ctx, v.Index.Package, f.Name)
}

// answered says whether an error is itself the answer to the client.
func answered(err error) bool {
	_, refused := errors.AsType[*verdict.Refusal](err)
	_, spent := errors.AsType[*budget.Exhausted](err)
	return refused || spent
}

// pending tells a client to come back, with a page to read meanwhile.
func (s *Shelf) pending(ctx context.Context, v *gate.View, i int, step string) error {
	d := v.Decisions[i]
	if err := s.Store.PutDecisions(ctx, []verdict.Decision{d}); err != nil {
		return fmt.Errorf("recording decision: %w", err)
	}
	return &ecosystem.Pending{Version: v.Index.Version(v.Index.Files[i]), Step: step, After: again, URL: s.Gate.DecisionURL(d.ID)}
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
// it to pass over them. Who asks for it will mostly ask for the file next, so
// the look at that begins already.
//
// Where the metadata of a file that is refused anyway cannot be had, the error is
// the refusal: some clients ask for it first, and shall hear why they get neither.
func (s *Shelf) Metadata(ctx context.Context, p artifact.Package, name string) ([]byte, error) {
	v, i, err := s.find(ctx, p, name)
	if err != nil {
		return nil, err
	}
	// Go's client reads the go.mod of every version that anything asks for, and
	// builds a tenth of them. Maven's reads poms, which are files of their own.
	if k := v.Index.Files[i].Kind; s.unlooked(v.Decisions[i]) && k != artifact.ModuleZip && k != artifact.Asset {
		s.ahead.add(s, ctx, p, name)
	}
	b, err := s.Gate.Metadata(ctx, s.Registry, v.Index, v.Index.Files[i])
	if err == nil || s.gives(v.Decisions[i]) {
		return b, err
	}
	if err := s.Gate.Record(ctx, v, i); err != nil {
		return nil, err
	}
	return nil, s.refusal(ctx, v, i)
}

// Document implements ecosystem.Shelf.
func (s *Shelf) Document(ctx context.Context, p artifact.Package, path string) ([]byte, error) {
	return s.Gate.Document(ctx, s.Registry, p, path)
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
