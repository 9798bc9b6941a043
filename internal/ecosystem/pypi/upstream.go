package pypi

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Upstream reads a simple index (PEP 503, 691) and the metadata of its files. It
// implements ecosystem.Upstream and is safe for concurrent use, in one process per
// CacheDir.
type Upstream struct {
	*indexcache.Cache
	client *fetch.Client
	dir    string // for copies that are read once
	// besideMisses counts files in a row without metadata beside them, where the
	// index does not advertise it.
	besideMisses atomic.Int32
}

var _ ecosystem.Upstream = (*Upstream)(nil)

// OpenUpstream makes an Upstream; a project's page is BaseURL/<name>/. It knows no
// Options.
func OpenUpstream(cfg adapter.UpstreamConfig) (*Upstream, error) {
	if len(cfg.Options) > 0 {
		return nil, fmt.Errorf("upstream %s: an index of Python packages has no option %q", cfg.Name, slices.Sorted(maps.Keys(cfg.Options))[0])
	}
	cache, err := indexcache.Open(indexcache.Config{
		UpstreamConfig: cfg, Ecosystem: artifact.PyPI, Check: checkPackage, Page: pageOf,
		Accept: acceptIndex, MaxBytes: MaxIndexBytes, Parse: parseIndex,
	})
	if err != nil {
		return nil, err
	}
	return &Upstream{Cache: cache, client: cfg.Client, dir: cfg.CacheDir}, nil
}

func pageOf(base *url.URL, p artifact.Package) string { return base.JoinPath(p.Name).String() + "/" }

// checkPackage keeps anything but a normal name out of URLs and paths.
func checkPackage(p artifact.Package) error {
	if name, err := pep503.Parse(p.Name); err != nil || name != p.Name {
		return fmt.Errorf("reading index of %.100q: not a normalised PyPI name", p)
	}
	return nil
}
