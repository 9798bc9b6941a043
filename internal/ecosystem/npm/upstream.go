package npm

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// maxSaid is how many bytes are read of a further document of an upstream: its keys,
// the attestations of a version.
const maxSaid = 4 << 20

// Upstream reads an npm registry. It asks for the whole packument, because only that
// has dates. It implements ecosystem.Upstream and is safe for concurrent use, in one
// process per CacheDir.
type Upstream struct {
	*indexcache.Cache
}

var (
	_ ecosystem.Upstream  = (*Upstream)(nil)
	_ ecosystem.Documents = (*Upstream)(nil)
)

// OpenUpstream makes an Upstream; a package's packument is BaseURL/<name>. It knows
// no Options.
func OpenUpstream(cfg adapter.UpstreamConfig) (*Upstream, error) {
	if len(cfg.Options) > 0 {
		return nil, fmt.Errorf("upstream %s: an npm registry has no option %q", cfg.Name, slices.Sorted(maps.Keys(cfg.Options))[0])
	}
	cache, err := indexcache.Open(indexcache.Config{
		UpstreamConfig: cfg, Ecosystem: artifact.NPM, Check: checkPackage, Page: pageOf,
		Accept: "application/json", MaxBytes: packument.MaxBytes, Parse: parseIndex,
	})
	if err != nil {
		return nil, err
	}
	return &Upstream{Cache: cache}, nil
}

// pageOf writes a scope the way npm does, which every registry takes.
func pageOf(base *url.URL, p artifact.Package) string {
	return base.String() + escapeName(p.Name)
}

// escapeName is a name as one element of a path.
func escapeName(n string) string { return strings.ReplaceAll(n, "/", "%2f") }

// checkPackage keeps anything but a name out of URLs and paths.
func checkPackage(p artifact.Package) error {
	if !name.Valid(p.Name) {
		return fmt.Errorf("reading packument of %.100q: not a name of npm's", p.Name)
	}
	return nil
}

// Metadata gives what the packument says of the version; nobody is asked. The bytes
// are the version's record.
func (u *Upstream) Metadata(_ context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	m, err := packument.ReadManifest(f.Record)
	if err == nil && (m.Name != x.Package.Name || m.Version != f.Number) {
		err = fmt.Errorf("it is about %.60q %.60q", m.Name, m.Version)
	}
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading manifest of %s from %s: %w: %w", artifact.Untrusted(f.Name), u.Name(), ecosystem.ErrBadMetadata, err)
	}
	return m.Metadata(), f.Record, nil
}

// Document implements ecosystem.Documents for a path below the registry's address:
// its signing keys, the attestations of a version. It is passed on as data; nothing
// here trusts it.
func (u *Upstream) Document(ctx context.Context, _ artifact.Package, path string) ([]byte, error) {
	got, err := u.Cache.Document(ctx, indexcache.Document{URL: u.Base().String() + path, Accept: "application/json", MaxBytes: maxSaid, Guessed: true})
	return got.Body, err
}
