package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// wanted picks the files of an index of which everything has to be known, where
// that costs a request for each (ecosystem.Completer). A nil wanted picks none; a
// nil answer stands for all that the index lists.
type wanted func(x *ecosystem.Index) []string

func everything(*ecosystem.Index) []string { return nil }

func named(files ...string) wanted {
	return func(*ecosystem.Index) []string { return append([]string{}, files...) }
}

func numbered(number string) wanted {
	return func(x *ecosystem.Index) []string { return namesOf(x.Of(number)) }
}

// namesOf is never nil.
func namesOf(files []ecosystem.IndexFile) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Name
	}
	return out
}

// FullView is View with everything that the upstream says of every file.
func (g *Gate) FullView(ctx context.Context, registry string, p artifact.Package) (*View, error) {
	return g.view(ctx, registry, p, everything)
}

// FileView is View with everything that the upstream says of one file, which the
// plain index need not list.
func (g *Gate) FileView(ctx context.Context, registry string, p artifact.Package, file string) (*View, error) {
	return g.view(ctx, registry, p, named(file))
}

// VersionView is View with everything that the upstream says of the files of one
// version.
func (g *Gate) VersionView(ctx context.Context, registry string, v artifact.Version) (*View, error) {
	return g.view(ctx, registry, v.Package, numbered(v.Number))
}

// complete adds to an upstream's index what it says of the files that are wanted.
// Where it cannot be asked now, what is known has to do: a file that was fetched is
// decided about by what was recorded then, and one without a date holds. Only who
// wants a file that nobody fetched hears of the fault.
func (g *Gate) complete(ctx context.Context, up ecosystem.Upstream, x *ecosystem.Index, want wanted) (*ecosystem.Index, error) {
	if want == nil {
		return x, nil
	}
	c, ok := up.(ecosystem.Completer)
	if !ok {
		return x, nil
	}
	files := want(x)
	if files != nil && len(files) == 0 {
		return x, nil
	}
	full, err := c.Complete(ctx, x, files...)
	if _, spent := errors.AsType[*budget.Exhausted](err); spent {
		// As in index: what was fetched goes on being served. A file that nobody fetched
		// may be made up, and there is no end of those.
		if kept, kerr := g.fetched(ctx, x.Package, files); kerr != nil || !kept {
			return nil, cmp.Or(kerr, err)
		}
		full, err = c.Complete(budget.With(ctx, nil), x, files...)
	}
	switch {
	case err == nil:
		return full, nil
	case ctx.Err() != nil:
		return nil, err
	}
	for _, name := range files {
		if _, ferr := g.Store.FileNamed(ctx, x.Package, name); errors.Is(ferr, verdict.ErrNotFound) {
			return nil, fmt.Errorf("reading what the upstream says of %s: %w", artifact.Untrusted(name), err)
		} else if ferr != nil {
			return nil, ferr
		}
	}
	g.Log.WarnContext(ctx, "an index could not be completed", "package", x.Package.String(), "err", err)
	return x, nil
}

// fetched says whether all of the named files were fetched, or anything of the
// package where none is named.
func (g *Gate) fetched(ctx context.Context, p artifact.Package, files []string) (bool, error) {
	if files == nil {
		origin, err := g.Store.Origin(ctx, p)
		return err == nil && origin != "", nil
	}
	for _, name := range files {
		if _, err := g.Store.FileNamed(ctx, p, name); errors.Is(err, verdict.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// completed gives files as a completed index has them.
func completed(x *ecosystem.Index, files []ecosystem.IndexFile) []ecosystem.IndexFile {
	by := make(map[string]ecosystem.IndexFile, len(x.Files))
	for _, f := range x.Files {
		by[f.Name] = f
	}
	out := make([]ecosystem.IndexFile, len(files))
	for i, f := range files {
		out[i] = f
		if full, ok := by[f.Name]; ok {
			full.Yanked, full.YankedReason = f.Yanked, f.YankedReason // as whoever resolved saw it
			out[i] = full
		}
	}
	return out
}
