package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// ruleLookedBefore notes that a file was admitted by what earlier scanners saw.
const ruleLookedBefore = "looked-at-before"

// LookAgain looks with today's scanners at what was admitted by what earlier ones
// saw: after an upgrade. It goes through the admitted packages one after the other,
// one file at a time and after everybody else's work; bytes that are here already
// are not fetched. tell, which may be nil, hears of each file that was looked at.
//
// A file that cannot be looked at now stays as it is, and is logged. An error means
// that the store failed or that ctx ended.
func (g *Gate) LookAgain(ctx context.Context, tell func(v artifact.Version, file string)) error {
	ctx = jobs.WithPriority(ctx, jobs.Background)
	for _, registry := range slices.Sorted(maps.Keys(g.Registries)) {
		for eco := range g.Peers {
			names, err := g.Store.AdmittedNames(ctx, registry, eco)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := g.lookAtPackageAgain(ctx, registry, artifact.Package{Ecosystem: eco, Name: name}, tell); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (g *Gate) lookAtPackageAgain(ctx context.Context, registry string, p artifact.Package, tell func(artifact.Version, string)) error {
	v, err := g.View(ctx, registry, p)
	if err != nil {
		if ctx.Err() == nil {
			g.Log.WarnContext(ctx, "not looked at again", "package", p.String(), "err", err)
		}
		return ctx.Err()
	}
	state, err := g.Store.State(ctx, registry, p)
	if err != nil {
		return err
	}
	// Lower versions first: the others are compared with them.
	order, _, err := g.decidingOrder(v.Index, state)
	if err != nil {
		return err
	}
	for _, i := range order {
		f := v.Index.Files[i]
		if !v.lookedBefore(i) {
			continue
		}
		version := v.Index.Version(f)
		if err := g.lookAgain(ctx, registry, version, v, i); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			g.Log.WarnContext(ctx, "not looked at again", "version", version.String(), "file", f.Name, "err", err)
			continue
		}
		if tell != nil {
			tell(version, f.Name)
		}
	}
	return nil
}

// lookedBefore says whether a file is admitted by what earlier scanners saw, and can
// be looked at again.
func (v *View) lookedBefore(i int) bool {
	return !v.gone[v.Index.Files[i].Name] &&
		slices.ContainsFunc(v.Decisions[i].Reasons, func(r verdict.Reason) bool { return r.Source == ruleLookedBefore })
}

// baseFilesAgain is how many files of the version before are looked at again for
// somebody who waits for a new one.
const baseFilesAgain = 8

// viewOf is evaluatedView for a version that is about to be decided about: where the
// version before it was last seen by earlier scanners, it is looked at again first.
// Otherwise the first new version after an upgrade would have nothing to be compared
// with.
func (g *Gate) viewOf(ctx context.Context, registry string, version artifact.Version) (*View, error) {
	v, err := g.evaluatedView(ctx, registry, version.Package)
	if err != nil {
		return nil, err
	}
	before, err := g.outdatedBefore(v, version)
	if err != nil || len(before) == 0 {
		return v, err
	}
	for _, i := range before[:min(len(before), baseFilesAgain)] {
		f := v.Index.Files[i]
		if err := g.lookAgain(ctx, registry, v.Index.Version(f), v, i); err != nil {
			g.Log.WarnContext(ctx, "not looked at again", "version", v.Index.Version(f).String(), "file", f.Name, "err", err)
		}
	}
	return g.evaluatedView(ctx, registry, version.Package)
}

// outdatedBefore gives the files of what a version is compared with that were last
// seen by earlier scanners.
func (g *Gate) outdatedBefore(v *View, version artifact.Version) ([]int, error) {
	peer, err := g.peer(version.Package.Ecosystem)
	if err != nil {
		return nil, err
	}
	own, err := peer.VersionKey(version.Number)
	if err != nil {
		return nil, nil // it has no place among the others
	}
	base, drift := v.lineage.before(own, time.Time{}, g.Now())
	var files []int
	for i, f := range v.Index.Files {
		if (base.is(f.Number) || drift.is(f.Number)) && v.lookedBefore(i) {
			files = append(files, i)
		}
	}
	return files, nil
}

// is says whether the ancestor is the version of that number.
func (a *ancestor) is(number string) bool { return a != nil && a.files.version.Number == number }

// lookAgain looks at a file that was fetched before.
func (g *Gate) lookAgain(ctx context.Context, registry string, version artifact.Version, v *View, i int) error {
	f := v.Index.Files[i]
	if v.Index.Upstream != artifact.Internal {
		return g.Look(ctx, version, v.Index, f)
	}
	state, err := g.Store.State(ctx, registry, version.Package)
	if err != nil {
		return fmt.Errorf("reading what is known of %s: %w", version.Package, err)
	}
	file, ok := state.Files[f.Name]
	if !ok {
		return errors.New("it was deleted")
	}
	report, err := g.Inspect.Inspect(ctx, file, f, nil)
	if err != nil {
		return err
	}
	return g.keepReport(ctx, g.evidenceKey(file, f), file, report)
}
