package advisory

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// indexBytes builds an index file of JSON records.
func indexBytes(tb testing.TB, texts ...string) []byte {
	tb.Helper()
	b := &batch{manifest: manifest{}}
	for _, text := range texts {
		r, err := parseRecord([]byte(text), pythonNames{})
		if err != nil {
			tb.Fatal(err)
		}
		b.records = append(b.records, r)
		b.manifest[r.id] = entryOf(r)
	}
	data, err := buildIndex(map[artifact.Ecosystem][]*batch{artifact.PyPI: {b}})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func openBytes(t *testing.T, data []byte) (*Snapshot, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return openIndex(path, pythonNames{})
}

func mustOpen(t *testing.T, texts ...string) *Snapshot {
	t.Helper()
	s, err := openBytes(t, indexBytes(t, texts...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// said writes a record about package "p" with members before affected, and the
// events of one range.
func said(id, members, events string) string {
	return `{"id":"` + id + `","modified":"2020-01-01T00:00:00Z",` + members + `"affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[` + events + `]}]}]}`
}

func matchOne(t *testing.T, s *Snapshot, version string) Match {
	t.Helper()
	ms, err := s.Match(pypi("p"), version)
	if err != nil || len(ms) != 1 {
		t.Fatalf("p %s matches %+v, %v; want one", version, ms, err)
	}
	return ms[0]
}

func TestOneBugHasSeveralIDs(t *testing.T) {
	s := mustOpen(t,
		said("CVE-2020-1", `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"published":"2020-03-01T00:00:00Z",`, `{"introduced":"1.0"},{"fixed":"1.2"}`),
		said("GHSA-a", `"aliases":["CVE-2020-1"],"summary":"the other words","database_specific":{"severity":"LOW"},"published":"2020-02-01T00:00:00Z",`, `{"introduced":"1.0"},{"fixed":"1.3"},{"introduced":"2.0"},{"fixed":"2.1"}`),
		said("PYSEC-2020-1", `"aliases":["GHSA-a"],"details":"The words.",`, `{"introduced":"0"},{"fixed":"1.1"}`),
		said("PYSEC-2020-9", `"aliases":["CVE-2020-1"],"withdrawn":"2021-01-01T00:00:00Z",`, `{"introduced":"0"}`))
	m := matchOne(t, s, "1.0")
	if m.ID != "PYSEC-2020-1" || !slices.Equal(m.Aliases, []string{"CVE-2020-1", "GHSA-a"}) {
		t.Errorf("ids %s %v: want the home database's first, the rest sorted, nothing withdrawn", m.ID, m.Aliases)
	}
	if m.Severity != finding.Critical || m.Score != 9.8 {
		t.Errorf("severity %v %v, want the highest of the group", m.Severity, m.Score)
	}
	if m.Summary != "The words" {
		t.Errorf("summary %q, want the preferred record's", m.Summary)
	}
	if !slices.Equal(m.Fixed, []string{"1.3", "2.1"}) {
		t.Errorf("fixed %v: 1.1 and 1.2 are said to be affected by another record of the group", m.Fixed)
	}
	if want := time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC); !m.Published.Equal(want) {
		t.Errorf("published %v, want the earliest", m.Published)
	}
	if m := matchOne(t, s, "2.0.5"); !slices.Equal(m.Fixed, []string{"2.1"}) {
		t.Errorf("fixed for 2.0.5: %v, want only what is above", m.Fixed)
	}
	for _, v := range []string{"1.3", "2.1", "9"} {
		if ms, err := s.Match(pypi("p"), v); len(ms) != 0 || err != nil {
			t.Errorf("p %s matches %+v, %v", v, ms, err)
		}
	}
}

func TestSeverityOfThePackage(t *testing.T) {
	s := mustOpen(t,
		`{"id":"A-1","modified":"2020-01-01T00:00:00Z","database_specific":{"severity":"LOW"},"affected":[
		{"package":{"ecosystem":"PyPI","name":"p"},"versions":["1"],"database_specific":{"severity":"HIGH"}},
		{"package":{"ecosystem":"PyPI","name":"q"},"versions":["1"]}]}`)
	if m := matchOne(t, s, "1"); m.Severity != finding.High {
		t.Errorf("p: %v, want its own severity", m.Severity)
	}
	ms, err := s.Match(pypi("q"), "1.0")
	if err != nil || len(ms) != 1 || ms[0].Severity != finding.Low {
		t.Errorf("q: %+v %v, want the record's severity", ms, err)
	}
}

func TestWorstFirst(t *testing.T) {
	all := `{"introduced":"0"}`
	s := mustOpen(t,
		said("PYSEC-1", `"database_specific":{"severity":"MEDIUM"},`, all),
		said("PYSEC-2", `"database_specific":{"severity":"CRITICAL"},`, all),
		said("PYSEC-3", ``, all),
		said("MAL-1", ``, all))
	if got := idsIn(t, s, "p", "1"); got != "MAL-1 PYSEC-2 PYSEC-3 PYSEC-1" {
		t.Errorf("order %s: malware, then severity with unknown as high", got)
	}
}

// A record of malware for one version does not make malware of the others that
// its aliases call vulnerable.
func TestMalwareIsOfItsVersions(t *testing.T) {
	s := mustOpen(t,
		said("GHSA-a", ``, `{"introduced":"0"}`),
		said("MAL-1", `"aliases":["GHSA-a"],`, `{"introduced":"1.5"},{"last_affected":"1.5"}`))
	for version, want := range map[string]bool{"1.5": true, "1.5.0": true, "1.4": false} {
		if m := matchOne(t, s, version); m.Malware != want || m.ID != "MAL-1" {
			t.Errorf("%s: %+v, want malware %v", version, m, want)
		}
	}
}

func TestLookup(t *testing.T) {
	s := mustOpen(t,
		`{"id":"PYSEC-1","aliases":["CVE-1"],"modified":"2020-01-01T00:00:00Z","affected":[
		{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]},
		{"package":{"ecosystem":"PyPI","name":"q"},"versions":["1"]}]}`,
		said("PYSEC-2", ``, `{"introduced":"0"}`))
	for _, id := range []string{"PYSEC-1", "CVE-1"} {
		as, err := s.Lookup(id)
		if err != nil || len(as) != 1 || as[0].ID != "PYSEC-1" || !slices.Equal(as[0].Packages, []artifact.Package{pypi("p"), pypi("q")}) || !slices.Equal(as[0].Fixed, []string{"2"}) {
			t.Errorf("%s: %+v, %v", id, as, err)
		}
	}
	if as, err := s.Lookup("CVE-2"); len(as) != 0 || err != nil {
		t.Errorf("an unknown id: %+v, %v", as, err)
	}
}

func TestNoDataIsNotNoAdvisory(t *testing.T) {
	s := mustOpen(t, said("PYSEC-1", ``, `{"introduced":"0"}`))
	if _, err := s.Match(artifact.Package{Ecosystem: "npm", Name: "p"}, "1.0.0"); !errors.Is(err, ErrNoData) {
		t.Errorf("an ecosystem that was never synced: %v", err)
	}
	if _, err := s.Match(pypi("p"), "no version"); err == nil {
		t.Error("a version that cannot be read matches nothing, without an error")
	}
	if ms, err := s.Match(pypi("unknown"), "1"); len(ms) != 0 || err != nil {
		t.Errorf("a package without advisories: %v, %v", ms, err)
	}
}

// reversed orders versions in another way than pythonNames.
type reversed struct{ pythonNames }

func (r reversed) Key(eco artifact.Ecosystem, v string) ([]byte, error) {
	k, err := r.pythonNames.Key(eco, v)
	for i := range k {
		k[i] = ^k[i]
	}
	return k, err
}

func TestIndexOfAnotherVersionOrder(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	b := newBench(t, dir)
	b.want(Updated)
	if _, err := Open(b.Dir, reversed{}); err == nil || !strings.Contains(err.Error(), "advisories sync") {
		t.Errorf("Open with another order: %v", err)
	}
	b.Names = reversed{}
	if rep := b.want(Unchanged); !rep.Changed {
		t.Error("a sync with another order did not build the index anew")
	}
	b.open()
}

// Every damaged byte and every length is an error at open or at a look-up, or
// changes nothing that is answered.
func TestDamagedIndex(t *testing.T) {
	var texts []string
	for id, text := range many("PYSEC-1", 60) {
		texts = append(texts, strings.Replace(text, `"affected"`, `"summary":"`+id+strings.Repeat(" words", 20)+`","affected"`, 1))
	}
	slices.Sort(texts)
	good := indexBytes(t, texts...)
	want := answers(t, good)
	for n := 0; n < len(good); n += 1 + n/64 {
		if got := answers(t, good[:n]); got != "error" {
			t.Errorf("cut to %d of %d bytes: %s", n, len(good), got)
		}
	}
	if got := answers(t, append(bytes.Clone(good), 0)); got != "error" {
		t.Errorf("a byte more: %s", got)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x41
		if got := answers(t, bad); got != "error" && got != want {
			t.Fatalf("byte %d of %d damaged: %s, want an error", i, len(good), got)
		}
	}
}

// answers asks everything that many records can answer; "error" when anything fails.
func answers(t testing.TB, data []byte) string {
	t.Helper()
	x, err := decodeIndex(data)
	if err != nil {
		if !errors.Is(err, ErrCorrupt) {
			t.Fatalf("the error is not ErrCorrupt: %v", err)
		}
		return "error"
	}
	key, err := pythonNames{}.Key(artifact.PyPI, "0.5")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range 60 {
		groups, err := x.groupsOf(pypi(fmt.Sprintf("pkg%d", i)))
		if err != nil {
			return "error"
		}
		ms, err := matchGroups(groups, key)
		if err == nil {
			_, err = x.lookup(fmt.Sprintf("PYSEC-1-%04d", i))
		}
		if err != nil {
			return "error"
		}
		for _, m := range ms {
			b.WriteString(m.ID + string(m.Summary))
		}
	}
	return b.String()
}

func TestOpenOfADamagedFile(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, dir, many("PYSEC-1", 3))
	b := newBench(t, dir)
	id := b.want(Updated).Snapshot
	path := filepath.Join(b.Dir, indexName(id))
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(b.Dir, b.Names); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a truncated index: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(b.Dir, b.Names); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing index: %v", err)
	}
	// The next sync builds it again although the source has nothing new.
	b.want(Unchanged)
	if got := b.ids("pkg1", "0.1"); got != "PYSEC-1-0001" {
		t.Errorf("after the repair: %q", got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(indexBytes(f, said("PYSEC-1", `"aliases":["CVE-1"],`, `{"introduced":"0"},{"fixed":"1"}`)), false)
	f.Add(indexBytes(f, said("MAL-1", ``, `{"introduced":"0"}`), said("A-1", ``, `{"introduced":"1"},{"last_affected":"2"}`)), true)
	f.Fuzz(func(t *testing.T, data []byte, raw bool) {
		if raw {
			// Past the checksums: a value of the package table as it comes.
			key := []byte("key")
			_, _ = matchGroups(data, key)
			t2, err := openTable(data[:len(data)/2], data[len(data)/2:])
			if err == nil {
				_, _ = t2.get(key)
			}
			return
		}
		x, err := decodeIndex(data)
		if err != nil {
			return
		}
		if groups, err := x.groupsOf(pypi("p")); err == nil {
			_, _ = matchGroups(groups, []byte{1})
		}
		_, _ = x.lookup("PYSEC-1")
	})
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("2027-07-09T15:54:00Z,PYSEC-2025-19\n2024-08-27T15:30:50.773089Z,GHSA-4265-ccf5-phj5\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseList(b)
		if err != nil {
			return
		}
		for id := range list {
			if !validID(id) {
				t.Fatalf("id %q", id)
			}
		}
	})
}

func FuzzParseManifest(f *testing.F) {
	f.Add(manifest{"A-1": {state: live, malware: true, modified: time.Unix(1, 0)}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseManifest(b)
		if err != nil {
			return
		}
		again, err := parseManifest(m.encode())
		if err != nil || len(again) != len(m) {
			t.Fatalf("%d entries, again %d, %v", len(m), len(again), err)
		}
	})
}
