package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// databases keeps what Advisories gave, by ecosystem, for as long as neither the data
// nor a waiver changes.
type databases struct {
	mu   sync.Mutex // one reads at a time
	rows map[artifact.Ecosystem]database
}

type database struct {
	key string // of the data and the waivers that it was made of
	*adapter.Advisories
}

// Advisories gives every record about an ecosystem's packages, for databases that
// clients read whole, with the versions that somebody waived records of here. Which of
// a version's records still stand the version's own decisions say (Vulnerabilities),
// so that such a database and the gate cannot differ; where that cannot be told they
// all stand. Data that cannot be relied on is an error: a list that lacks something is
// worse than none.
func (s *Shelf) Advisories(ctx context.Context, e artifact.Ecosystem) (*adapter.Advisories, error) {
	state := s.Gate.Advisories()
	if state.Problem != "" {
		return nil, errors.New("passing advisories on: " + state.Problem)
	}
	all, err := s.Store.Waivers(ctx, s.Registry, artifact.Package{})
	if err != nil {
		return nil, fmt.Errorf("passing advisories on: %w", err)
	}
	now := s.Gate.Now()
	in, since := inForce(all, e, now)
	key, err := nameOf(state.Snapshot, in)
	if err != nil {
		return nil, err
	}
	s.databases.mu.Lock()
	defer s.databases.mu.Unlock()
	if had := s.databases.rows[e]; had.key == key {
		return had.Advisories, nil
	}
	export, err := s.exported(ctx, e, state.Snapshot)
	if err != nil {
		return nil, err
	}
	out := &adapter.Advisories{Export: export, Since: since}
	sure := s.addWaived(ctx, out, in)
	if out.Tag, err = nameOf(export.ID, in, out.Waived); err != nil {
		return nil, err
	}
	if sure {
		if s.databases.rows == nil {
			s.databases.rows = map[artifact.Ecosystem]database{}
		}
		s.databases.rows[e] = database{key, out}
	}
	return out, nil
}

// addWaived asks about each version that a waiver speaks of. False: one could not be
// told, and nothing of it is taken for waived.
func (s *Shelf) addWaived(ctx context.Context, to *adapter.Advisories, in []verdict.Waiver) (sure bool) {
	sure = true
	for _, v := range versionsOf(in) {
		known, err := s.Vulnerabilities(ctx, v)
		if err != nil {
			s.Log.WarnContext(ctx, "a waiver does not show in the vulnerability database", "version", v.String(), "err", err)
			sure = false
			continue
		}
		w := adapter.Waived{Version: v}
		for _, k := range known {
			w.Stands = append(append(w.Stands, k.ID), k.Aliases...)
		}
		to.Waived = append(to.Waived, w)
	}
	return sure
}

func nameOf(parts ...any) (string, error) {
	b, err := json.Marshal(parts)
	if err != nil {
		return "", fmt.Errorf("naming advisories: %w", err)
	}
	return string(artifact.DigestOf(b)), nil
}

// exported reads the records, once for all who ask while the data stays.
func (s *Shelf) exported(ctx context.Context, e artifact.Ecosystem, snapshot string) (*advisory.Export, error) {
	if had := s.databases.rows[e]; had.Advisories != nil && had.ID == snapshot {
		return had.Export, nil
	}
	if s.Export == nil {
		return nil, errors.New("passing advisories on: nobody here has any")
	}
	return s.Export(ctx, e)
}

// inForce gives the waivers of an ecosystem that hold now, and when one last began or
// ended to.
func inForce(all []verdict.Waiver, e artifact.Ecosystem, now time.Time) (in []verdict.Waiver, since time.Time) {
	turned := func(t time.Time) {
		if !t.IsZero() && !t.After(now) && t.After(since) {
			since = t
		}
	}
	for _, w := range all {
		if w.Package.Ecosystem != e || w.Approver == "" {
			continue
		}
		turned(w.Created)
		turned(w.Until)
		turned(w.Revoked)
		if w.Revoked.IsZero() && w.Until.After(now) {
			in = append(in, w)
		}
	}
	return in, since
}

// versionsOf lists the versions that waivers speak of, each once.
func versionsOf(ws []verdict.Waiver) []artifact.Version {
	var out []artifact.Version
	for _, w := range ws {
		for _, n := range w.Versions {
			out = append(out, artifact.Version{Package: w.Package, Number: n})
		}
	}
	slices.SortFunc(out, func(a, b artifact.Version) int {
		return cmp.Or(cmp.Compare(a.Package.Name, b.Package.Name), cmp.Compare(a.Number, b.Number))
	})
	return slices.Compact(out)
}
