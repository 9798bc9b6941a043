package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
)

// A namesake is a package outside with a name of ours. Nobody outside is ever asked
// whether there is one: the only place that tells is the advisory data, which is
// fetched as a whole and says nothing of what is looked for in it.

// namesakesShown is how many are listed; the rest is counted.
const namesakesShown = 20

// namesakes are the packages of the advisory data whose names are ours, by the
// patterns of groups or by what more says.
func namesakes(snap *advisory.Snapshot, own *groups.Groups, more func(artifact.Package) bool) ([]advisory.Known, error) {
	var out []advisory.Known
	wanted := func(p artifact.Package) bool { return own.Names(p) || more != nil && more(p) }
	err := snap.EachKnown(wanted, func(k advisory.Known) bool {
		out = append(out, k)
		return true
	})
	// Malware first: somebody means it.
	slices.SortStableFunc(out, func(a, b advisory.Known) int {
		switch {
		case a.Malware == b.Malware:
			return 0
		case a.Malware:
			return -1
		}
		return 1
	})
	return out, err
}

// aboutNamesake is a sentence on one of them.
func aboutNamesake(k advisory.Known) string {
	what := "advisories speak of a package outside with this name"
	if k.Malware {
		what = "somebody published malware outside under this name"
	}
	ids := make([]string, len(k.IDs))
	for i, id := range k.IDs {
		ids[i] = artifact.Untrusted(id).String()
	}
	return what + " (" + strings.Join(ids, ", ") + "); nobody here gets it from the gate, and machines that ask elsewhere may: gatehouse doctor --client"
}

// bulk implements gate.Gate's Bulk over the advisory data.
func (s *snapshots) bulk(p artifact.Package) (string, error) {
	snap := s.Current()
	if snap == nil {
		return "", nil
	}
	k, known, err := snap.About(p)
	if errors.Is(err, advisory.ErrNoData) || err == nil && !known {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return aboutNamesake(k), nil
}

// namesakeWatch keeps what was found for as long as the data is the same.
type namesakeWatch struct {
	mu       sync.Mutex
	snapshot string
	found    []advisory.Known
	err      error
}

// namesakes are those of the engine's names, as of the data that is here now; none
// where there is no data.
func (e *engine) namesakes() ([]advisory.Known, error) {
	snap := e.advisories.Current()
	if snap == nil {
		return nil, nil
	}
	w := &e.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.snapshot != snap.ID() || w.err != nil {
		w.found, w.err = namesakes(snap, e.gate.Groups, e.gate.Hosted.Has)
		w.snapshot = snap.ID()
	}
	return w.found, w.err
}

// namesakesEvery is how often a serving gate looks whether there is other data.
const namesakesEvery = time.Minute

// watchNamesakes logs them whenever there is other data, until ctx ends.
func (e *engine) watchNamesakes(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(namesakesEvery)
	defer tick.Stop()
	told := map[string]bool{}
	for {
		found, err := e.namesakes()
		if err != nil {
			log.WarnContext(ctx, "the advisory data was not searched for names of ours", "err", err)
		}
		for _, k := range found[:min(len(found), namesakesShown)] {
			if !told[k.Purl] {
				told[k.Purl] = true
				log.WarnContext(ctx, "a package outside has a name of ours", "package", k.Purl, "malware", k.Malware, "advisories", strings.Join(k.IDs, " "))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// checkNamesakes is what doctor says of them.
func (e *engine) checkNamesakes(context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "names", State: upkeep.OK, Text: "no package that advisories speak of has a name of ours"}
	found, err := e.namesakes()
	switch {
	case err != nil:
		c.State, c.Text, c.Next = upkeep.Warn, "the advisory data was not searched for names of ours: "+err.Error(), "gatehouse advisories sync"
	case e.advisories.Current() == nil:
		c.Text = "there is no advisory data to search for names of ours"
	case len(found) > 0:
		c.State, c.Text = upkeep.Warn, "outside there is "+listNamesakes(found)
		c.Next = "nobody gets it from this gate; see that no machine asks elsewhere: gatehouse doctor --client"
	}
	return []upkeep.Check{c}
}

// listNamesakes names the first of them.
func listNamesakes(found []advisory.Known) string {
	var out []string
	for _, k := range found[:min(len(found), namesakesShown)] {
		what := ""
		if k.Malware {
			what = "malware, "
		}
		out = append(out, fmt.Sprintf("%s (%s%s)", artifact.Untrusted(k.Purl), what, artifact.Untrusted(strings.Join(k.IDs, ", "))))
	}
	if more := len(found) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}
