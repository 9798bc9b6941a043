package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Hosted is what is published here: the names that are ours since their first
// upload, and their indexes out of our own rows. A name of ours is never asked
// for outside. One process owns the rows. Build it with OpenHosted; it is safe
// for concurrent use.
type Hosted struct {
	rows      Uploads
	recording sync.Mutex // one upload is recorded at a time
	mu        sync.RWMutex
	names     map[artifact.Package]bool
	alike     map[alikeKey]string // of names, the first of each key; nil: made when it is asked for
	packages  map[hostedKey]*hostedPackage
}

type hostedKey struct {
	registry string
	pkg      artifact.Package
}

// hostedPackage is one package of ours in one registry, as of a generation.
type hostedPackage struct {
	generation int64
	index      *ecosystem.Index // nil: nothing is there
	findings   map[string][]finding.Finding
	metadata   map[string]ecosystem.Metadata
}

// hostedKept bounds the memory of indexes; one that was forgotten is read again.
const hostedKept = 4096

// OpenHosted reads which names are ours.
func OpenHosted(ctx context.Context, rows Uploads, ecosystems ...artifact.Ecosystem) (*Hosted, error) {
	h := &Hosted{rows: rows, names: map[artifact.Package]bool{}, packages: map[hostedKey]*hostedPackage{}}
	for _, e := range ecosystems {
		origins, err := rows.Origins(ctx, e)
		if err != nil {
			return nil, err
		}
		for name, origin := range origins {
			if origin == artifact.Internal {
				h.names[artifact.Package{Ecosystem: e, Name: name}] = true
			}
		}
	}
	return h, nil
}

// has says whether something of the name was published here. A gate without
// packages of its own (nil) has none.
func (h *Hosted) has(p artifact.Package) bool {
	if h == nil {
		return false
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.names[p]
}

// Has says whether something of a name was published here.
func (h *Hosted) Has(p artifact.Package) bool { return h.has(p) }

// claim makes a name ours from this moment on.
func (h *Hosted) claim(p artifact.Package) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names[p], h.alike = true, nil
}

// unclaim gives a name back that did not become ours.
func (h *Hosted) unclaim(p artifact.Package) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.names, p)
	h.alike = nil
}

// ours says whether a version's name is declared as internal, or comes from here.
func (g *Gate) ours(vf *versionFacts) bool {
	return g.Groups.Ours(vf.version.Package) || vf.state.Origin == artifact.Internal
}

// hosted gives a package of ours as a registry has it.
func (g *Gate) hosted(ctx context.Context, registry string, p artifact.Package) (*hostedPackage, error) {
	gen, err := g.Store.Generation(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("reading generation: %w", err)
	}
	h, key := g.Hosted, hostedKey{registry, p}
	h.mu.RLock()
	kept := h.packages[key]
	h.mu.RUnlock()
	if kept != nil && kept.generation == gen {
		return kept, nil
	}
	us, err := h.rows.UploadsOf(ctx, registry, p)
	if err != nil {
		return nil, err
	}
	fresh := &hostedPackage{generation: gen, findings: map[string][]finding.Finding{}, metadata: map[string]ecosystem.Metadata{}}
	us = slices.DeleteFunc(us, func(u Upload) bool { return !u.Deleted.IsZero() })
	if len(us) > 0 {
		if fresh.index, err = g.hostedIndex(ctx, registry, p, us); err != nil {
			return nil, err
		}
	}
	for _, u := range us {
		fresh.findings[u.File.Name], fresh.metadata[u.File.Name] = u.Listed.Findings, u.Listed.Metadata
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.packages) >= hostedKept {
		clear(h.packages)
	}
	h.packages[key] = fresh
	return fresh, nil
}

// hostedIndex is our own index of a package.
func (g *Gate) hostedIndex(ctx context.Context, registry string, p artifact.Package, us []Upload) (*ecosystem.Index, error) {
	x := &ecosystem.Index{Package: p, Upstream: artifact.Internal, Fetched: g.Now()}
	there := map[string]bool{}
	for _, u := range us {
		x.Files = append(x.Files, g.listedFile(u))
		there[u.File.Version.Number] = true
	}
	tags, err := g.Hosted.rows.TagsOf(ctx, registry, p)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(tags, func(_, number string) bool { return !there[number] }) // its version was deleted
	said := []any{x.Files}
	if len(tags) > 0 {
		x.Tags = tags
		said = append(said, tags)
	}
	b, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("naming our index of %s: %w", p, err)
	}
	x.Digest = artifact.DigestOf(b)
	return x, nil
}

// listedFile is an upload as an index lists it. HasMetadata stays false: what an
// archive says is read out of the archive, and nobody is asked for it.
func (g *Gate) listedFile(u Upload) ecosystem.IndexFile {
	f := ecosystem.IndexFile{
		Name: u.File.Name, Number: u.File.Version.Number, Kind: u.File.Kind, SHA256: u.File.SHA256, Size: u.File.Size, Uploaded: u.File.Uploaded,
		RequiresPython: u.Listed.RequiresPython, MetadataSHA256: u.Listed.MetadataSHA256, Digests: u.Listed.Digests, Record: u.Listed.Record,
		Yanked: !u.Yanked.IsZero(), YankedReason: u.YankReason,
	}
	if at, ok := g.Peers[u.File.Version.Package.Ecosystem].Ecosystem.(ecosystem.Attester); ok && u.Attested {
		f.Provenance = g.Base(u.Registry, u.File.Version.Package.Ecosystem) + "/" + at.AttestationsPath(u.File.Version, f.Name)
	}
	return f
}

// addPublished adds what was found when the files of a version of ours were
// uploaded to what the checks say about them.
func (g *Gate) addPublished(ctx context.Context, vf *versionFacts) error {
	if vf.index == nil || vf.index.Upstream != artifact.Internal || g.Hosted == nil {
		return nil
	}
	found := vf.published
	if found == nil {
		registry, err := g.holder(ctx, vf.registry, vf.version.Package)
		if err != nil {
			return err
		}
		h, err := g.hosted(ctx, cmp.Or(registry, vf.registry), vf.version.Package)
		if err != nil {
			return err
		}
		found = h.findings
	}
	said := false
	for _, x := range vf.indexed {
		if fs := found[x.Name]; len(fs) > 0 {
			vf.findings[x.Name], said = slices.Concat(vf.findings[x.Name], fs), true
		}
	}
	if !said {
		return nil
	}
	b, err := json.Marshal([]any{vf.evidence, vf.findings})
	if err != nil {
		return fmt.Errorf("naming evidence: %w", err)
	}
	vf.evidence = string(artifact.DigestOf(b))
	return nil
}

// metadata reads a file's metadata: out of the archive for a package of ours,
// else as the upstream gives it.
func (g *Gate) metadata(ctx context.Context, registry string, peer Peer, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	if x.Upstream != artifact.Internal || g.Hosted == nil {
		up, err := peer.Called(ctx, x.Upstream)
		if err != nil {
			return ecosystem.Metadata{}, nil, err
		}
		return up.Metadata(ctx, x, f)
	}
	held, err := g.holder(ctx, registry, x.Package)
	if err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	registry = cmp.Or(held, registry)
	h, err := g.hosted(ctx, registry, x.Package)
	if err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	raw, err := g.Hosted.rows.UploadMetadata(ctx, registry, x.Package, f.Name)
	return h.metadata[f.Name], raw, err
}

// Attestations gives what a publisher sent with a file that is served: as given,
// not verified. verdict.ErrNotFound where there are none.
func (g *Gate) Attestations(ctx context.Context, registry string, p artifact.Package, file string) ([]json.RawMessage, error) {
	if !g.Hosted.has(p) {
		return nil, fmt.Errorf("%s: %w", p, ecosystem.ErrNoPackage)
	}
	v, err := g.View(ctx, registry, p)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(v.Index.Files, func(f ecosystem.IndexFile) bool { return f.Name == file })
	if i < 0 || !Serves(v.Decisions[i]) {
		return nil, fmt.Errorf("%s: %w", artifact.Untrusted(file), verdict.ErrNotFound)
	}
	held, err := g.holder(ctx, registry, p)
	if err != nil {
		return nil, err
	}
	return g.Hosted.rows.UploadAttestations(ctx, cmp.Or(held, registry), p, file)
}
