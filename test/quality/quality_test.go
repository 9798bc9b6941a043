//go:build quality

package quality

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/quality/corpus"
	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// Variables of the measurement.
const (
	halfVariable    = "GATEHOUSE_TEST_QUALITY_HALF"    // tune or sealed; both when empty
	corpusVariable  = "GATEHOUSE_TEST_CORPUS"          // the folder that keeps the corpus
	clientsVariable = "GATEHOUSE_TEST_CLIENTS"         // the folder that make clients filled
	docsVariable    = "GATEHOUSE_TEST_QUALITY_DOCS"    // the document to write the tables into
	detailsVariable = "GATEHOUSE_TEST_QUALITY_DETAILS" // a file for what was missed in the tune half
)

// TestQuality measures everything and then says what is not as it should be: the
// report is worth more than the first failure.
func TestQuality(t *testing.T) {
	halves := []string{generate.Tune, generate.Sealed}
	if h := os.Getenv(halfVariable); h != "" {
		if !slices.Contains(halves, h) {
			t.Fatalf("%s=%s: want tune or sealed", halfVariable, h)
		}
		halves = []string{h}
	}
	var sections []Section
	var wrong []string
	for _, half := range halves {
		text, not := generated(t, half)
		sections = append(sections, Section{half, text})
		wrong = append(wrong, not...)
		text, not = real(t, half)
		sections = append(sections, Section{"corpus-" + half, text})
		wrong = append(wrong, not...)
	}
	for _, s := range sections {
		fmt.Printf("\n== %s ==\n%s", s.Name, s.Text)
	}
	if doc := os.Getenv(docsVariable); doc != "" {
		if err := WriteSections(doc, sections); err != nil {
			t.Error(err)
		}
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

// least is the share of each family that must be found.
const least = 0.95

// generated measures one half of the generated packages.
func generated(t *testing.T, half string) (text string, wrong []string) {
	t.Helper()
	m := generate.All(generate.Seed).Half(half)
	made := fmt.Sprintf("Seed %d: %d packages and %d rows of versions.", m.Seed, len(m.Samples), len(m.Scenarios))
	if half == generate.Sealed {
		digest := m.Digest()
		if digest != generate.SealedDigest {
			t.Fatalf("the sealed half is another than the one that was written down: %s, want %s; what is sealed stays as it is", digest, generate.SealedDigest)
		}
		made = fmt.Sprintf("Sealed half %d. %s SHA-256 of all of them: `%s`.", generate.SealedRound, made, digest)
	}
	dir := t.TempDir()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	s := scanner(t, dir)
	judged, err := s.Generated(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Rows(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	families := CountBy(judged, family)
	for _, c := range families {
		if c.Recall() < least {
			wrong = append(wrong, fmt.Sprintf("%s half: %s: %d of %d found, want 95%%", half, c.Name, c.Found, c.Malicious))
		}
		if c.TwinsReject > 0 {
			wrong = append(wrong, fmt.Sprintf("%s half: %s: %d honest twins are rejected", half, c.Name, c.TwinsReject))
		}
	}
	missed := 0
	for _, w := range rows {
		if !w.Right {
			missed++
		}
	}
	if missed > 0 {
		wrong = append(wrong, fmt.Sprintf("%s half: %d of %d rows of versions went wrong", half, missed, len(rows)))
	}
	if half == generate.Tune {
		details(t, judged, rows)
	}
	all := total(families)
	held := all.TwinsHeld + all.TwinsReject
	text = made + "\n\n" + Table("family", families) + "\n" + Table("disguise", CountBy(judged, disguise)) + "\n" + RowTable(rows) +
		fmt.Sprintf("\nMalicious samples that are found: %d of %d (%s; 95%% lower bound %s).\n", all.Found, all.Malicious, percent(all.Recall()), percent(Lower(all.Found, all.Malicious))) +
		fmt.Sprintf("\nHonest twins that are not admitted: %d of %d (%s; 95%% upper bound %s).\n", held, all.Twins, percent(share(held, all.Twins)), percent(Upper(held, all.Twins)))
	return text, wrong
}

// details writes what went wrong in the tune half, to be looked at one by one. Of
// the sealed half nothing is written: its figures are all that anybody sees.
func details(t *testing.T, judged []Judged, rows []Walked) {
	t.Helper()
	name := os.Getenv(detailsVariable)
	if name == "" {
		return
	}
	var out struct {
		Missed, Twins []Judged
		Rows          []Walked
	}
	for _, j := range judged {
		switch {
		case j.Label == generate.Malicious && !j.Found:
			out.Missed = append(out.Missed, j)
		case j.Label == generate.Benign && j.Outcome.Verdict != "admit":
			out.Twins = append(out.Twins, j)
		}
	}
	for _, w := range rows {
		if !w.Right {
			out.Rows = append(out.Rows, w)
		}
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// real measures one half of the benign corpus.
func real(t *testing.T, half string) (text string, wrong []string) {
	t.Helper()
	list, err := corpus.List()
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(r corpus.Release) bool { return r.Sealed() != (half == generate.Sealed) })
	return benign(t, half+" half", list)
}

// benign fetches releases and measures them, whole and as upgrades.
func benign(t *testing.T, name string, list []corpus.Release) (text string, wrong []string) {
	t.Helper()
	cache := os.Getenv(corpusVariable)
	if cache == "" {
		cache = t.TempDir()
	}
	folder := os.Getenv(clientsVariable)
	if folder == "" {
		t.Fatalf("%s names no folder; run: make quality", clientsVariable)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	clients := corpus.Clients{Folder: folder, NPM: "npm"}
	for _, r := range list {
		if _, err := clients.Fetch(t.Context(), cache, r); err != nil {
			t.Fatal(err)
		}
	}
	s := scanner(t, cache)
	var all []Release
	now := slices.DeleteFunc(slices.Clone(list), func(r corpus.Release) bool { return r.Before })
	files := make([]string, len(now))
	for i, r := range now {
		files[i] = r.File
	}
	outcomes, err := s.Scan(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for i, o := range outcomes {
		all = append(all, Release{Release: now[i], Outcome: o})
		switch o.Verdict {
		case "reject":
			wrong = append(wrong, fmt.Sprintf("%s: %s is rejected: %s", name, o.File, strings.Join(o.rules(), ", ")))
		case "hold":
			held++
		}
	}
	if held*100 > len(now) {
		wrong = append(wrong, fmt.Sprintf("%s: %d of %d real releases are held on a full scan, want at most 1%%", name, held, len(now)))
	}
	for _, u := range corpus.Upgrades(list) {
		o, err := s.Upgrade(t.Context(), u.Old.File, u.New.File)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Release{Release: u.New, Before: u.Old.File, Outcome: o})
		if o.Verdict != "admit" {
			wrong = append(wrong, fmt.Sprintf("%s: %s after %s: %s: %s", name, u.New.File, filepath.Base(u.Old.File), o.Verdict, strings.Join(o.rules(), ", ")))
		}
	}
	return CorpusTable(all) + "\n" + HeldTable(all), wrong
}

// TestCorpusSlice measures the part of the corpus that CI fetches.
func TestCorpusSlice(t *testing.T) {
	list, err := corpus.List()
	if err != nil {
		t.Fatal(err)
	}
	text, wrong := benign(t, "slice", corpus.Slice(list))
	fmt.Print(text)
	for _, w := range wrong {
		t.Error(w)
	}
}
