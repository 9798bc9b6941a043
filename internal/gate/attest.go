package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// Verifier checks what upstreams attest of files. Implementations ask no network and
// are safe for concurrent use.
type Verifier interface {
	// Verify gives what became of the claims; the error says that the pinned roots
	// cannot be read.
	Verify(provenance.Subject, provenance.Claims) (provenance.Answer, error)
	// Roots names the pinned roots: other ones may answer otherwise.
	Roots() string
}

// attest has what an upstream attests of a file verified against its bytes, and
// records the answer. What could not be read leaves no answer: where the policy
// demands provenance, or the version before had it, that holds, and the next look asks
// again.
func (g *Gate) attest(ctx context.Context, f artifact.File, digests []string, x *ecosystem.Index, listed ecosystem.IndexFile) error {
	if g.Provenance == nil || x.Upstream == artifact.Internal {
		return nil // what our own people publish vouches for itself by who may publish
	}
	claims, err := g.claims(ctx, f, x, listed)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		g.Log.WarnContext(ctx, "what is attested of a file could not be read", "version", f.Version.String(), "file", f.Name, "err", err)
		return nil
	case !claims.Offered():
		return nil
	}
	bytes := append(slices.Clone(digests), "sha256:"+string(f.SHA256))
	answer, err := g.Provenance.Verify(provenance.Subject{Version: f.Version, File: f.Name, Digests: bytes}, claims)
	if err != nil {
		return fmt.Errorf("verifying what is attested of %s: %w", f.Name, err)
	}
	if err := g.Store.PutProvenance(ctx, f, claims.Digest(), answer, g.Now()); err != nil {
		return fmt.Errorf("recording provenance: %w", err)
	}
	return nil
}

func (g *Gate) claims(ctx context.Context, f artifact.File, x *ecosystem.Index, listed ecosystem.IndexFile) (provenance.Claims, error) {
	peer, err := g.peer(f.Version.Package.Ecosystem)
	if err != nil {
		return provenance.Claims{}, err
	}
	up, err := peer.Called(ctx, x.Upstream)
	if err != nil {
		return provenance.Claims{}, err
	}
	at, ok := up.(ecosystem.Attested)
	if !ok {
		return provenance.Claims{}, nil
	}
	c, err := at.Attestations(ctx, x, listed)
	if _, spent := errors.AsType[*budget.Exhausted](err); spent {
		c, err = at.Attestations(budget.With(ctx, nil), x, listed) // a look that was begun is ended
	}
	return c, err
}

// attested is what was verified of a file's bytes; nil where nothing was.
func (vf *versionFacts) attested(file string) *provenance.Answer {
	row, ok := vf.state.Attested[file]
	if f, recorded := vf.state.Files[file]; !ok || !recorded || row.SHA256 != f.SHA256 {
		return nil
	}
	return &row.Answer
}

// maker is who made a file, where that was verified; nil where it was not.
func (vf *versionFacts) maker(file string) *provenance.Attestation {
	a := vf.attested(file)
	if a == nil || !a.Verified() {
		return nil
	}
	x, _ := a.Main()
	return &x
}

// unverified says that a look may learn more about who made a file: its upstream
// offers attestations, and they were not read, or not found good, by today's roots.
func (g *Gate) unverified(vf *versionFacts, x ecosystem.IndexFile) bool {
	if g.Provenance == nil || x.Provenance == "" || vf.index == nil || vf.index.Upstream == artifact.Internal {
		return false
	}
	a := vf.attested(x.Name)
	return a == nil || len(a.Problems) > 0 && a.Roots != g.Provenance.Roots()
}

// attestedFiles are the answers about the version's files, by name, and a digest of
// them; nothing where there are none.
func (vf *versionFacts) attestedFiles() (map[string]provenance.Answer, string) {
	var out map[string]provenance.Answer
	digest := ""
	for _, x := range vf.indexed {
		a := vf.attested(x.Name)
		if a == nil {
			continue
		}
		if out == nil {
			out = map[string]provenance.Answer{}
		}
		out[x.Name] = *a
		digest = string(artifact.DigestOf([]byte(digest + x.Name + "\x00" + string(a.Digest()))))
	}
	return out, digest
}

// FileProvenance is what is known of who made one file.
type FileProvenance struct {
	File     string `json:"file"`
	Offered  bool   `json:"offered"`  // its upstream names attestations
	Verified bool   `json:"verified"` // somebody who is named attested it, to the byte, and nothing contradicts
	// Attestations, Signatures and Problems are those of provenance.Answer.
	Attestations []provenance.Attestation       `json:"attestations"`
	Signatures   []provenance.RegistrySignature `json:"signatures"`
	Problems     []provenance.Problem           `json:"problems"`
}

// ProvenanceOf is what is known of who made a file; false where there is nothing to
// say. Nobody is asked.
func (g *Gate) ProvenanceOf(ctx context.Context, registry string, v artifact.Version, file string) (FileProvenance, bool, error) {
	state, err := g.Store.State(ctx, registry, v.Package)
	if err != nil {
		return FileProvenance{}, false, fmt.Errorf("reading what is known of %s: %w", v.Package, err)
	}
	p, ok := provenanceOf(state, ecosystem.IndexFile{Name: file})
	return p, ok, nil
}

// provenanceOf is what explains a file's provenance; false where there is nothing to
// say.
func provenanceOf(state PackageState, x ecosystem.IndexFile) (FileProvenance, bool) {
	vf := versionFacts{state: state}
	out := FileProvenance{
		File: x.Name, Offered: x.Provenance != "",
		Attestations: []provenance.Attestation{}, Signatures: []provenance.RegistrySignature{}, Problems: []provenance.Problem{},
	}
	a := vf.attested(x.Name)
	if a != nil {
		out.Verified = a.Verified()
		out.Attestations = append(out.Attestations, a.Attestations...)
		out.Signatures = append(out.Signatures, a.Signatures...)
		out.Problems = append(out.Problems, a.Problems...)
	}
	return out, out.Offered || a != nil
}
