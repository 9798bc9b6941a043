package advisory

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// A group is what all the records of one alias group say about one package.
type group struct {
	match   Match // without Fixed and Malware, which depend on the version asked about
	covers  coverage
	malware coverage // the part of covers that malware records name
	fixed   []bound  // ascending, not covered themselves
}

// groupByPackage merges records that name each other as aliases, directly or
// through others, and sorts what they say by package. Withdrawn records say
// nothing, not even that two ids are aliases. Only the ecosystems in use count.
func groupByPackage(records []record, inUse map[artifact.Ecosystem]bool) map[artifact.Package][]group {
	live := slices.DeleteFunc(slices.Clone(records), func(r record) bool { return r.withdrawn })
	slices.SortFunc(live, func(a, b record) int { return strings.Compare(a.id, b.id) })

	out := map[artifact.Package][]group{}
	for _, members := range aliasGroups(live) {
		rated := rateAll(members)
		for p, of := range byPackage(members) {
			if inUse[p.Ecosystem] {
				out[p] = append(out[p], newGroup(p, of, rated))
			}
		}
	}
	for _, gs := range out {
		slices.SortFunc(gs, func(a, b group) int { return strings.Compare(a.match.ID, b.match.ID) })
	}
	return out
}

// aliasGroups splits records, sorted by id, into alias groups: the connected
// parts of the graph whose edges are aliases.
func aliasGroups(records []record) [][]*record {
	parent := map[string]string{}
	find := func(id string) string {
		for parent[id] != "" {
			if up := parent[parent[id]]; up != "" {
				parent[id] = up
			}
			id = parent[id]
		}
		return id
	}
	for i := range records {
		root := find(records[i].id)
		for _, a := range records[i].aliases {
			if r := find(a); r != root {
				parent[r] = root
			}
		}
	}
	at := map[string]int{}
	var groups [][]*record
	for i := range records {
		root := find(records[i].id)
		n, ok := at[root]
		if !ok {
			n = len(groups)
			at[root] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], &records[i])
	}
	return groups
}

// rateAll gives the highest rating of the records as a whole.
func rateAll(members []*record) rating {
	var best rating
	for _, r := range members {
		best = best.higher(r.rated)
	}
	return best
}

// A saying is what one record says about one package.
type saying struct {
	*record
	*affected
}

func byPackage(members []*record) map[artifact.Package][]saying {
	out := map[artifact.Package][]saying{}
	for _, r := range members {
		for i := range r.affected {
			a := &r.affected[i]
			out[a.pkg] = append(out[a.pkg], saying{r, a})
		}
	}
	return out
}

// newGroup merges what records say about one package. rated is the rating of the
// whole alias group, to which the package's own ratings are added.
func newGroup(p artifact.Package, of []saying, rated rating) group {
	var g group
	var ids []string
	for _, s := range of {
		ids = append(append(ids, s.id), s.aliases...)
		rated = rated.higher(s.affected.rated)
		g.covers = union(g.covers, s.covers)
		if s.record.malware {
			g.malware = union(g.malware, s.covers)
		}
		g.fixed = append(g.fixed, s.affected.fixed...)
		g.match.spanTimes(s.record)
	}
	g.match.ID, g.match.Aliases = prefer(p.Ecosystem, ids)
	g.match.Severity, g.match.Score = rated.severity, rated.score
	g.match.Summary = artifact.Untrusted(summaryOf(of, g.match.ID))
	g.fixed = slices.DeleteFunc(g.fixed, func(b bound) bool { return g.covers.has(b.key) })
	slices.SortFunc(g.fixed, func(a, b bound) int {
		return cmp.Or(bytes.Compare(a.key, b.key), strings.Compare(a.text, b.text))
	})
	g.fixed = slices.CompactFunc(g.fixed, func(a, b bound) bool { return bytes.Equal(a.key, b.key) })
	return g
}

// spanTimes widens the times to those of another record.
func (m *Match) spanTimes(r *record) {
	if !r.published.IsZero() && (m.Published.IsZero() || r.published.Before(m.Published)) {
		m.Published = r.published
	}
	if r.modified.After(m.Modified) {
		m.Modified = r.modified
	}
}

// summaryOf takes the preferred record's summary, or else the first there is.
func summaryOf(of []saying, id string) string {
	best := ""
	for _, s := range of {
		if s.summary != "" && (best == "" || s.id == id) {
			best = s.summary
		}
	}
	return best
}

// prefer picks the id to show and gives the others sorted. See Match.ID.
func prefer(eco artifact.Ecosystem, ids []string) (id string, others []string) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(rankOf(eco, a), rankOf(eco, b)) })
	id, others = ids[0], slices.Clone(ids[1:])
	slices.Sort(others)
	return id, others
}

// Ranks of ids, the one to show first: see Match.ID.
const (
	rankMalware = iota
	rankHome    // the database nearest to the ecosystem
	rankGitHub
	rankOther
	rankCVE
)

func rankOf(eco artifact.Ecosystem, id string) int {
	f, err := folderOf(eco)
	switch {
	case strings.HasPrefix(id, "MAL-"):
		return rankMalware
	case err == nil && strings.HasPrefix(id, f.home):
		return rankHome
	case strings.HasPrefix(id, "GHSA-"):
		return rankGitHub
	case strings.HasPrefix(id, "CVE-"):
		return rankCVE
	}
	return rankOther
}

// worse orders matches for a reader: malware, then severity (unknown counts as
// high), then id.
func worse(a, b Match) int {
	switch {
	case a.Malware != b.Malware && a.Malware:
		return -1
	case a.Malware != b.Malware:
		return 1
	}
	weight := func(m Match) finding.Severity { return m.Severity.Weight() }
	return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(a.ID, b.ID))
}
