package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// past is a registry as it stood at a moment: what came later is not there. What is
// there is judged by today: a file that was recalled since is marked and refused as
// everywhere.
type past struct {
	*Shelf
	at time.Time
}

// AsOf gives the registry as it stood at a moment. A file counts from the time that
// its index says it was uploaded, one of our own from when it was published here; one
// whose time nobody knows was never there. Tags and the list of names are today's: a
// tag may stand for a version that is not listed, as it may where a registry leaves
// refused ones out.
func (s *Shelf) AsOf(at time.Time) ecosystem.Shelf { return past{s, at.UTC()} }

// then says whether a file was there.
func (p past) then(f ecosystem.IndexFile) bool {
	return !f.Uploaded.IsZero() && !f.Uploaded.After(p.at)
}

// Listing implements ecosystem.Shelf.
func (p past) Listing(ctx context.Context, pkg artifact.Package) (*ecosystem.Listing, error) {
	today, err := p.Shelf.Listing(ctx, pkg)
	if err != nil {
		return nil, err
	}
	x := *today.Index
	x.Files = nil
	l := &ecosystem.Listing{Index: &x, Until: today.Until}
	for i, f := range today.Index.Files {
		if p.then(f) {
			x.Files = append(x.Files, f)
			l.Marks = append(l.Marks, today.Marks[i])
		}
	}
	if len(x.Files) == 0 {
		return nil, fmt.Errorf("nothing of %s was there at %s: %w", pkg.Name, p.at.Format(time.RFC3339), ecosystem.ErrNoPackage)
	}
	b, err := json.Marshal([]any{today.Tag, p.at})
	if err != nil {
		return nil, fmt.Errorf("naming listing: %w", err)
	}
	l.Tag = string(artifact.DigestOf(b))
	return l, nil
}

// File implements ecosystem.Shelf.
func (p past) File(ctx context.Context, pkg artifact.Package, name string) (*ecosystem.Served, error) {
	if err := p.wasThere(ctx, pkg, name); err != nil {
		return nil, err
	}
	return p.Shelf.File(ctx, pkg, name)
}

// Metadata implements ecosystem.Shelf.
func (p past) Metadata(ctx context.Context, pkg artifact.Package, name string) ([]byte, error) {
	if err := p.wasThere(ctx, pkg, name); err != nil {
		return nil, err
	}
	return p.Shelf.Metadata(ctx, pkg, name)
}

func (p past) wasThere(ctx context.Context, pkg artifact.Package, name string) error {
	v, i, err := p.find(ctx, pkg, name)
	if err != nil {
		return err
	}
	if f := v.Index.Files[i]; !p.then(f) {
		return fmt.Errorf("%s was not there at %s: %w", artifact.Untrusted(name), p.at.Format(time.RFC3339), verdict.ErrNotFound)
	}
	return nil
}

// Base implements ecosystem.Shelf.
func (p past) Base(e artifact.Ecosystem) string {
	return p.Gate.BaseAsOf(p.at, p.Registry, e)
}
