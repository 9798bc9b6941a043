package gate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// driftAge is how long ago a version must have been admitted to show what a package
// has become in small steps.
const driftAge = 90 * 24 * time.Hour

// ancestor is a version that may subtract from what later ones are judged by: it is
// admitted in the registry now, no admission of it was ever taken back, and what
// was seen in it is kept (THREATS.md, Difference laundering).
type ancestor struct {
	key  []byte // orders versions
	now  *scan.Baseline
	then *scan.Baseline // of those of its files that were admitted driftAge ago; nil when none were
	// startup are the facts of what runs whenever an interpreter starts, by the rule that saw them.
	startup map[string]map[string]bool
	// unevaluated: today's rules were not asked about all of it.
	unevaluated bool
	// outdated: some of it was seen by earlier scanners only, whose facts may be in
	// other words. It can be looked at again.
	outdated bool
}

// lineage is the ancestors that a package has, lowest version first.
type lineage []*ancestor

// before gives what a version is compared with: the nearest lower ancestor, and the
// nearest one that was admitted driftAge ago already, where that is another one. Both
// may be nil.
func (l lineage) before(key []byte) (base, drift *ancestor) {
	for _, a := range slices.Backward(l) {
		if bytes.Compare(a.key, key) >= 0 {
			continue
		}
		if base == nil {
			base = a
		}
		if a.then != nil {
			if a.then.Digest != base.now.Digest {
				drift = a
			}
			return base, drift
		}
	}
	return base, nil
}

// ancestorOf makes an ancestor of a version that was just decided about; nil when it
// may not be one.
func (vf *versionFacts) ancestorOf(key []byte, gone map[string]bool, now time.Time) *ancestor {
	if vf.state.Recalled[vf.version.Number] {
		return nil
	}
	a := &ancestor{key: key, startup: map[string]map[string]bool{}}
	var files, old []string
	waived := map[string]bool{}
	for _, x := range vf.indexed {
		since := vf.state.AdmittedSince[x.Name]
		if since.IsZero() {
			continue // nobody vetted this one
		}
		d := vf.decisions[x.Name]
		if d.TakesBack() {
			return nil // what was admitted is so no more
		}
		vf.addWaived(waived, d, x.Name)
		report := vf.reports[x.Name]
		switch {
		case report == nil:
			continue
		case slices.Contains(vf.unevaluated, vf.keys[x.Name]):
			a.unevaluated = true
		case vf.outdated[x.Name] && !gone[x.Name]:
			a.outdated = true
		case vf.behaviours[x.Name] == nil && vf.behave:
			continue // looked at before facts were kept
		}
		a.remember(report)
		files = append(files, x.Name)
		if now.Sub(since) >= driftAge {
			old = append(old, x.Name)
		}
	}
	if len(files) == 0 {
		return nil
	}
	a.now = vf.baselineOf(files, waived)
	if len(old) > 0 {
		a.then = vf.baselineOf(old, waived)
	}
	return a
}

// addWaived adds the rules that somebody waived for a file. A finding that several
// rules make together is waived for each that may be one of them.
func (vf *versionFacts) addWaived(waived map[string]bool, d verdict.Decision, file string) {
	for _, r := range d.Reasons {
		if r.Waiver == "" {
			continue
		}
		waived[r.Source] = true
		b := vf.behaviours[file]
		if r.Class != finding.Behaviour || b == nil || slices.ContainsFunc(b.Matches, func(m scan.Match) bool { return m.Rule == r.Source }) {
			continue
		}
		for _, m := range b.Matches {
			if m.Strength >= scan.Strong {
				waived[m.Rule] = true
			}
		}
	}
}

func (vf *versionFacts) baselineOf(files []string, waived map[string]bool) *scan.Baseline {
	b := &scan.Baseline{Version: vf.version, Waived: waived}
	slices.Sort(files)
	about := []any{vf.version.Purl(), slices.Sorted(maps.Keys(waived))}
	for _, name := range files {
		rules := ""
		if had := vf.behaviours[name]; had != nil {
			rules = had.Rules
			b.Behaviours = append(b.Behaviours, had)
		}
		about = append(about, []string{name, vf.keys[name], rules})
	}
	text, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings only
	}
	b.Digest = artifact.DigestOf(text)
	return b
}

func (a *ancestor) remember(r *scan.Report) {
	for _, f := range r.Findings {
		for _, fact := range f.Facts {
			if a.startup[f.Rule] == nil {
				a.startup[f.Rule] = map[string]bool{}
			}
			a.startup[f.Rule][fact] = true
		}
	}
}

// had says whether all that a finding rests on was in the ancestor as well, and
// nobody had to waive it there.
func (a *ancestor) had(f finding.Finding) bool {
	if a == nil || len(f.Facts) == 0 || a.now.Waived[f.Rule] {
		return false
	}
	return !slices.ContainsFunc(f.Facts, func(fact string) bool { return !a.startup[f.Rule][fact] })
}

// comparedWith names what the version is compared with as a decision records it:
// each version with the digest of all that it subtracts. Where nothing was seen of
// the version there is nothing to subtract from.
func (vf *versionFacts) comparedWith() string {
	if len(vf.reports) == 0 {
		return ""
	}
	var parts []string
	if vf.base != nil {
		parts = append(parts, vf.base.now.Version.Number+"@"+string(vf.base.now.Digest))
	}
	if vf.drift != nil {
		parts = append(parts, vf.drift.then.Version.Number+"@"+string(vf.drift.then.Digest))
	}
	return strings.Join(parts, " ")
}

// can is what the code of the version can do, what of it the version before cannot,
// and that version's number; nothing while that is not known.
func (vf *versionFacts) can() (words, added []string, baseline string) {
	if len(vf.behaviours) == 0 || vf.behaviourUnknown() {
		return nil, nil, ""
	}
	words = capabilityWords(slices.Collect(maps.Values(vf.behaviours)))
	if vf.base == nil {
		return words, nil, ""
	}
	had := capabilityWords(vf.base.now.Behaviours)
	for _, w := range words {
		if !slices.Contains(had, w) {
			added = append(added, w)
		}
	}
	return words, added, vf.base.now.Version.Number
}

// capabilities are the words of can with a place for each.
func (vf *versionFacts) capabilities() []verdict.Capability {
	var out []verdict.Capability
	for _, word := range vf.words {
		out = append(out, vf.capability(word))
	}
	return out
}

func (vf *versionFacts) capability(word string) verdict.Capability {
	for _, file := range slices.Sorted(maps.Keys(vf.behaviours)) {
		for _, c := range vf.behaviours[file].Capabilities {
			if c.Word == word {
				return verdict.Capability{
					Word: word, New: slices.Contains(vf.added, word), Text: artifact.Untrusted(c.Text).String(),
					Place: verdict.Place{Archive: file, Path: artifact.Untrusted(c.Path).String(), Line: c.Line},
				}
			}
		}
	}
	return verdict.Capability{Word: word}
}

func capabilityWords(bs []*scan.Behaviour) []string {
	set := map[string]bool{}
	for _, b := range bs {
		for _, c := range b.Capabilities {
			set[c.Word] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// ascending sorts the version numbers of a package that something is known of; the
// others, and those that are no version numbers, come in any order before them.
func ascending(numbers []string, key func(string) ([]byte, error)) (sorted []string, keys map[string][]byte) {
	keys = make(map[string][]byte, len(numbers))
	for _, n := range numbers {
		if k, err := key(n); err == nil {
			keys[n] = k
		}
	}
	slices.SortStableFunc(numbers, func(a, b string) int { return cmp.Or(bytes.Compare(keys[a], keys[b]), strings.Compare(a, b)) })
	return numbers, keys
}
