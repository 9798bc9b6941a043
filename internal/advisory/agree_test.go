package advisory

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// sourcesUnderTest gives folders of advisories: the full data named by
// GATEHOUSE_TEST_ADVISORIES (OSV's layout, with a folder malicious of the same
// layout inside), or a generated set with all the odd shapes of the real one.
func sourcesUnderTest(t testing.TB) (sources []string, full bool) {
	if dir := os.Getenv("GATEHOUSE_TEST_ADVISORIES"); dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		return []string{abs, filepath.Join(abs, "malicious")}, true
	}
	one, two := t.TempDir(), t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	writeFolder(t, one, generate(r, "PYSEC", 1500))
	writeFolder(t, two, generate(r, "MAL", 500))
	return []string{one, two}, false
}

// generate writes records of random shapes about few packages, so that groups
// and intervals overlap.
func generate(r *rand.Rand, prefix string, n int) records {
	version := func() string {
		v := fmt.Sprintf("%d.%d", r.IntN(6), r.IntN(12))
		switch r.IntN(12) {
		case 0:
			v += ".0"
		case 1:
			v += fmt.Sprintf("rc%d", r.IntN(3))
		case 2:
			v += ".post1"
		case 3:
			v += fmt.Sprintf(".dev%d", r.IntN(3))
		case 4:
			v = "1!" + v
		}
		return v
	}
	events := func() []map[string]string {
		out := []map[string]string{{"introduced": "0"}}
		for range r.IntN(4) {
			kind := []string{"introduced", "fixed", "fixed", "last_affected", "limit"}[r.IntN(5)]
			v := version()
			if r.IntN(40) == 0 {
				v += "-NA"
			}
			out = append(out, map[string]string{kind: v})
		}
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	}
	entry := func() map[string]any {
		a := map[string]any{"package": map[string]string{"ecosystem": "PyPI", "name": fmt.Sprintf("Some_Package.%d", r.IntN(150))}}
		var ranges []any
		if r.IntN(3) == 0 {
			ranges = append(ranges, map[string]any{"type": "GIT", "repo": "https://git.example.invalid/p", "events": []any{map[string]string{"introduced": "0"}}})
		}
		if r.IntN(5) != 0 {
			ranges = append(ranges, map[string]any{"type": "ECOSYSTEM", "events": events()})
		}
		a["ranges"] = ranges
		var list []string
		for range r.IntN(8) {
			list = append(list, version())
		}
		if r.IntN(2) == 0 {
			a["versions"] = list
		}
		return a
	}
	out := records{}
	for i := range n {
		id := fmt.Sprintf("%s-2025-%d", prefix, i)
		rec := map[string]any{"id": id, "modified": fmt.Sprintf("2025-01-02T03:04:%02dZ", r.IntN(60)), "affected": []any{entry(), entry()}}
		if r.IntN(4) == 0 {
			rec["aliases"] = []string{fmt.Sprintf("CVE-2025-%d", r.IntN(n)), fmt.Sprintf("%s-2025-%d", prefix, r.IntN(n))}
		}
		if r.IntN(20) == 0 {
			rec["withdrawn"] = day0
		}
		b, err := json.Marshal(rec)
		if err != nil {
			panic(err)
		}
		out[id] = string(b)
	}
	return out
}

// naive evaluates one record at a time as the schema's text says, with parsed
// versions and no keys, intervals or groups.
type naive struct {
	parsed map[string]pep440.Version
	bad    map[string]bool
	by     map[string][]naiveEntry // by package name
}

type naiveEntry struct {
	id      string
	malware bool
	wire    wireAffected
}

func (n *naive) version(s string) (pep440.Version, bool) {
	if v, ok := n.parsed[s]; ok || n.bad[s] {
		return v, ok
	}
	v, err := pep440.Parse(s)
	if err != nil {
		n.bad[s] = true
		return v, false
	}
	n.parsed[s] = v
	return v, true
}

func newNaive(t testing.TB, sources []string) *naive {
	n := &naive{parsed: map[string]pep440.Version{}, bad: map[string]bool{}, by: map[string][]naiveEntry{}}
	latest := map[string]wireRecord{}
	for _, dir := range sources {
		z, err := zip.OpenReader(filepath.Join(dir, "PyPI", "all.zip"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			rc, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(rc)
			var w wireRecord
			if err == nil {
				err = json.Unmarshal(b, &w)
			}
			if err != nil {
				t.Fatal(err)
			}
			rc.Close()
			latest[w.ID] = w // the two sources share no ids
		}
		z.Close()
	}
	for _, id := range slices.Sorted(maps.Keys(latest)) {
		w := latest[id]
		if w.Withdrawn != "" {
			continue
		}
		for _, a := range w.Affected {
			if name, err := pep503.Parse(a.Package.Name); err == nil && a.Package.Ecosystem == "PyPI" {
				n.by[name] = append(n.by[name], naiveEntry{w.ID, strings.HasPrefix(w.ID, "MAL-"), a})
			}
		}
	}
	return n
}

// affects is the schema's evaluation algorithm, with this package's rules for
// what the schema leaves open (see readCoverage and readEvents).
func (n *naive) affects(e naiveEntry, v pep440.Version) bool {
	listed, usable := 0, false
	for _, s := range e.wire.Versions {
		if w, ok := n.version(s); ok {
			if pep440.Compare(w, v) == 0 {
				return true
			}
			listed++
		}
	}
	for _, r := range e.wire.Ranges {
		if r.Type == "GIT" {
			continue
		}
		in, sure := n.inRange(r.Events, v)
		if !sure && listed > 0 {
			continue
		}
		usable = usable || len(r.Events) > 0
		if in {
			return true
		}
	}
	return e.malware && listed == 0 && !usable
}

func (n *naive) inRange(events []wireEvent, v pep440.Version) (in, sure bool) {
	sure = true
	type point struct {
		rank int
		zero bool
		at   pep440.Version
	}
	var points []point
	limited, belowLimit := false, false
	for _, e := range events {
		for rank, s := range []string{e.Fixed, e.Introduced, e.LastAffected} {
			if s == "" {
				continue
			}
			w, ok := n.version(s)
			sure = sure && (ok || rank == 1 && s == "0")
			if ok || rank == 1 {
				points = append(points, point{rank, rank == 1 && (s == "0" || !ok), w})
			}
		}
		if e.Limit != "" {
			w, ok := n.version(e.Limit)
			sure = sure && (ok || e.Limit == "*")
			limited = true
			belowLimit = belowLimit || !ok || pep440.Compare(v, w) < 0
		}
	}
	slices.SortStableFunc(points, func(a, b point) int {
		switch {
		case a.zero != b.zero && a.zero:
			return -1
		case a.zero != b.zero:
			return 1
		case !a.zero:
			if c := pep440.Compare(a.at, b.at); c != 0 {
				return c
			}
		}
		return a.rank - b.rank
	})
	if !slices.ContainsFunc(points, func(p point) bool { return p.rank == 1 }) {
		in = len(points) > 0 || limited
	}
	for _, p := range points {
		switch {
		case p.rank == 1 && (p.zero || pep440.Compare(v, p.at) >= 0):
			in = true
		case p.rank == 0 && pep440.Compare(v, p.at) >= 0:
			in = false
		case p.rank == 2 && pep440.Compare(v, p.at) > 0:
			in = false
		}
	}
	return in && (!limited || belowLimit), sure
}

// candidates are versions worth asking about: those that records name, and
// their neighbours, at most most of them.
func (n *naive) candidates(name string, r *rand.Rand, most int) []string {
	set := map[string]bool{"0": true, "0.dev0": true, "1!9999": true}
	add := func(s string) {
		if _, ok := n.version(s); !ok {
			return
		}
		set[s] = true
		for _, next := range []string{s + ".0", s + ".1", s + ".dev0", s + ".post3"} {
			if _, err := pep440.Parse(next); err == nil {
				set[next] = true
			}
		}
	}
	for _, e := range n.by[name] {
		for _, s := range e.wire.Versions {
			add(s)
		}
		for _, x := range e.wire.Ranges {
			if x.Type != "GIT" {
				for _, ev := range x.Events {
					add(ev.Introduced)
					add(ev.Fixed)
					add(ev.LastAffected)
					add(ev.Limit)
				}
			}
		}
	}
	all := slices.Sorted(maps.Keys(set))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(most, len(all))]
}

func TestIndexAgreesWithTheSchemasAlgorithm(t *testing.T) {
	sources, full := sourcesUnderTest(t)
	b := newBench(t, sources...)
	b.want(Updated, Updated)
	s := b.open()
	if full {
		if got := idsIn(t, s, "django", "2.2.0"); !strings.Contains(got+" ", "PYSEC-2020-35 ") {
			t.Errorf("Django 2.2.0 matches %s; PYSEC-2020-35 is missing", got)
		}
	}
	n := newNaive(t, sources)
	r := rand.New(rand.NewPCG(3, 4))
	pairs, hits := 0, 0
	for _, name := range slices.Sorted(maps.Keys(n.by)) {
		for _, text := range n.candidates(name, r, 24) {
			pairs++
			hits += compareOne(t, s, n, name, text)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d packages, %d pairs, %d records matched", len(n.by), pairs, hits)
	if pairs < 3000 || hits < 10_000 {
		t.Errorf("only %d pairs and %d hits: the data are too small to prove anything", pairs, hits)
	}
}

// compareOne checks that each record that covers the version is in exactly one
// match, and that each match holds such a record. It gives their number.
func compareOne(t *testing.T, s *Snapshot, n *naive, name, text string) int {
	t.Helper()
	v, _ := n.version(text)
	want := map[string]bool{}
	malware := map[string]bool{}
	for _, e := range n.by[name] {
		if n.affects(e, v) {
			want[e.id] = true
			malware[e.id] = malware[e.id] || e.malware
		}
	}
	ms, err := s.Match(artifact.Package{Ecosystem: artifact.PyPI, Name: name}, text)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range ms {
		found, bad := false, false
		for _, id := range append([]string{m.ID}, m.Aliases...) {
			found = found || want[id]
			bad = bad || malware[id]
			if want[id] && seen[id] {
				t.Errorf("%s %s: %s is in two matches", name, text, id)
			}
			seen[id] = true
		}
		if !found {
			t.Errorf("%s %s: the index has %s, which no record says", name, text, m.ID)
		}
		if m.Malware != bad {
			t.Errorf("%s %s: %s is malware: %v, want %v", name, text, m.ID, m.Malware, bad)
		}
		for _, fixed := range m.Fixed {
			if w, ok := n.version(fixed); !ok || pep440.Compare(w, v) <= 0 {
				t.Errorf("%s %s: %s says fixed in %s, which is not above", name, text, m.ID, fixed)
			}
		}
	}
	for id := range want {
		if !seen[id] {
			t.Errorf("%s %s: %s covers it and the index does not say so", name, text, id)
		}
	}
	return len(want)
}
