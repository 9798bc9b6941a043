package cargo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

const (
	maxCrateBytes = 16 << 20 // a crate's page of the web API
	maxDated      = 4096     // crates whose dates are kept in memory; the page is on disk
)

// dates are those that a registry's web API gave, for indexes without pubtime. The
// zero value is ready; it is safe for concurrent use.
type dates struct {
	mu   sync.Mutex
	rows map[artifact.Package]dated
}

type dated struct {
	times  map[string]time.Time // by number
	digest artifact.Digest      // of the answer
}

// of gives what is known of a crate; nobody changes the map.
func (d *dates) of(p artifact.Package) (map[string]time.Time, artifact.Digest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[p].times, d.rows[p].digest
}

func (d *dates) learn(p artifact.Package, row dated) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rows == nil || len(d.rows) >= maxDated {
		d.rows = map[artifact.Package]dated{}
	}
	d.rows[p] = row
}

// Complete implements ecosystem.Completer: where a line has no date, the registry's
// web API is asked for the crate's, once for all its versions. A registry without one
// leaves the dates unknown.
func (u *Upstream) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	missing := func(f ecosystem.IndexFile) bool {
		return f.Uploaded.IsZero() && (len(files) == 0 || slices.Contains(files, f.Name))
	}
	if !slices.ContainsFunc(x.Files, missing) {
		return x, nil
	}
	c, err := u.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	address := strings.TrimSuffix(c.API, "/") + "/api/v1/crates/" + url.PathEscape(x.Package.Name)
	if c.API == "" || !usable(u.Base(), address) {
		return x, nil
	}
	got, err := u.Cache.Document(ctx, indexcache.Document{URL: address, Accept: "application/json", MaxBytes: maxCrateBytes})
	if refused, ok := errors.AsType[*fetch.ErrStatus](err); ok && refused.Code < http.StatusInternalServerError || errors.Is(err, ecosystem.ErrNoPackage) {
		return x, nil
	}
	if err != nil {
		return nil, err
	}
	digest := artifact.DigestOf(got.Body)
	if _, have := u.dates.of(x.Package); have == digest {
		return u.Index(ctx, x.Package)
	}
	u.dates.learn(x.Package, dated{parseDates(got.Body), digest})
	return u.Index(ctx, x.Package)
}

// parseDates reads a crate's page of the web API; what is none says nothing.
func parseDates(b []byte) map[string]time.Time {
	var page struct {
		Versions []struct {
			Number  string    `json:"num"`
			Created time.Time `json:"created_at"`
		} `json:"versions"`
	}
	if json.Unmarshal(b, &page) != nil {
		return nil
	}
	out := make(map[string]time.Time, len(page.Versions))
	for _, v := range page.Versions[:min(len(page.Versions), maxListed)] {
		out[v.Number] = v.Created.UTC()
	}
	return out
}
