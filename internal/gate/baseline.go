package gate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
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
	key   []byte // orders versions
	files *vettedFiles
	now   *scan.Baseline // of those of its files that count for whoever is compared with it
	then  *scan.Baseline // of those of them that were admitted driftAge before; nil when none were
	// startup are the facts of what runs whenever an interpreter starts, by the rule that saw them.
	startup map[string]map[string]bool
	// withheld: something of it is not served now, for a fault: its upstream has it no
	// more, as happens to malware before anybody has written about it. It vouches for
	// nothing new, and takes nothing away from what it vouched for already.
	withheld bool
	// unevaluated: today's rules were not asked about all of it.
	unevaluated bool
	// outdated: some of it was seen by earlier scanners only, whose facts may be in
	// other words. It can be looked at again.
	outdated bool
}

// vettedFiles is what was seen in the files of an ancestor. It is safe for concurrent use:
// views are shared.
type vettedFiles struct {
	version artifact.Version
	waived  map[string]bool // rules
	files   []vetted        // those admitted first come first
	// vouched is what it was compared with itself, where somebody waived that its
	// provenance is another; nil where nobody had to.
	vouched *scan.Baseline

	mu   sync.Mutex
	made map[int]*scan.Baseline // of the first so many files
}

// vetted is a file that is admitted.
type vetted struct {
	name     string
	since    time.Time
	evidence string          // its key
	does     *scan.Behaviour // nil where there are no rules, or they were not asked
	attested *provenance.Answer
	sources  []string // repositories that its metadata names
}

// admittedBy is what there is of those files that were admitted by a moment; nil when
// none were.
func (s *vettedFiles) admittedBy(moment time.Time) *scan.Baseline {
	n := 0
	for n < len(s.files) && !s.files[n].since.After(moment) {
		n++
	}
	if n == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[n] == nil {
		if s.made == nil {
			s.made = map[int]*scan.Baseline{}
		}
		s.made[n] = s.baseline(s.files[:n])
	}
	return s.made[n]
}

func (s *vettedFiles) baseline(files []vetted) *scan.Baseline {
	b := &scan.Baseline{Version: s.version, Waived: s.waived, AttestedIn: s.version.Number}
	about := []any{s.version.Purl(), slices.Sorted(maps.Keys(s.waived))}
	for _, f := range slices.SortedFunc(slices.Values(files), func(x, y vetted) int { return strings.Compare(x.name, y.name) }) {
		rules := ""
		if f.does != nil {
			rules = f.does.Rules
			b.Behaviours = append(b.Behaviours, f.does)
		}
		said := []string{f.name, f.evidence, rules}
		if f.attested != nil {
			if b.Attested == nil {
				b.Attested = map[string]provenance.Answer{}
			}
			b.Attested[f.name] = *f.attested
			said = append(said, string(f.attested.Digest()))
		}
		b.Repositories = append(b.Repositories, f.sources...)
		about = append(about, said)
	}
	slices.Sort(b.Repositories)
	b.Repositories = slices.Compact(b.Repositories)
	if v := s.vouched; v != nil {
		b.Attested, b.AttestedIn = v.Attested, v.AttestedIn
		about = append(about, v.Digest)
	}
	text, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings only
	}
	b.Digest = artifact.DigestOf(text)
	return b
}

// with is the ancestor as one version is compared with it.
func (a *ancestor) with(now, then *scan.Baseline) *ancestor {
	one := *a
	one.now, one.then = now, then
	return &one
}

// lineage is the ancestors that a package has, lowest version first.
type lineage []*ancestor

// before gives what a version is compared with: the nearest lower ancestor, and the
// nearest one that was admitted driftAge ago already, where that is another one. Both
// may be nil.
//
// since is when the first file of the version was admitted, zero when none is. What
// was admitted is compared with what was there to compare it with: another version
// that is admitted later, or has become old enough to show drift, must not take it
// away, or have its approval lapse.
func (l lineage) before(key []byte, since, now time.Time) (base, drift *ancestor) {
	moment := now
	if !since.IsZero() {
		moment = since
	}
	for _, a := range slices.Backward(l) {
		if bytes.Compare(a.key, key) >= 0 || a.withheld && since.IsZero() {
			continue
		}
		then := a.files.admittedBy(moment.Add(-driftAge))
		if base == nil {
			now := a.files.admittedBy(moment)
			if now == nil {
				continue // none of it was there
			}
			base = a.with(now, then)
		}
		if then == nil {
			continue
		}
		if then.Digest != base.now.Digest {
			drift = a.with(nil, then)
		}
		return base, drift
	}
	return base, nil
}

// since is when the first file of the version was admitted; zero when none is.
func (vf *versionFacts) since() time.Time {
	var first time.Time
	for _, x := range vf.indexed {
		if at := vf.state.AdmittedSince[x.Name]; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// ancestorOf makes an ancestor of a version that was just decided about; nil when it
// may not be one.
func (vf *versionFacts) ancestorOf(key []byte, gone map[string]bool) *ancestor {
	if vf.state.Recalled[vf.version.Number] {
		return nil
	}
	was := &vettedFiles{version: vf.version, waived: map[string]bool{}}
	a := &ancestor{key: key, files: was, startup: map[string]map[string]bool{}}
	for _, x := range vf.indexed {
		since := vf.state.AdmittedSince[x.Name]
		if since.IsZero() {
			continue // nobody vetted this one
		}
		d := vf.decisions[x.Name]
		if d.TakesBack() {
			return nil // what was admitted is so no more
		}
		a.withheld = a.withheld || d.Verdict != verdict.Admit
		vf.addWaived(was.waived, d, x.Name)
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
		was.files = append(was.files, vetted{x.Name, since, vf.keys[x.Name], vf.behaviours[x.Name], vf.attested(x.Name), repositories(report.Metadata)})
	}
	if len(was.files) == 0 {
		return nil
	}
	if vf.base != nil && (was.waived[provenance.RuleLost] || was.waived[provenance.RuleChanged]) {
		was.vouched = vf.base.now
	}
	slices.SortStableFunc(was.files, func(x, y vetted) int { return x.since.Compare(y.since) })
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

// repositories are those that a version's metadata names.
func repositories(m *ecosystem.Metadata) []string {
	if m == nil {
		return nil
	}
	var out []string
	for _, place := range m.HomePages {
		if r := provenance.Repository(string(place)); r != "" {
			out = append(out, r)
		}
	}
	return out
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
	return words, without(words, capabilityWords(vf.base.now.Behaviours)), vf.base.now.Version.Number
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
