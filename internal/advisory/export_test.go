package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// goRecord is a record of Go's; each of affected is JSON.
func goRecord(id, aliases, more string, affected ...string) string {
	return fmt.Sprintf(`{"id":%q,"modified":"2026-01-02T03:04:05Z","aliases":[%s]%s,"affected":[%s]}`, id, aliases, more, strings.Join(affected, ","))
}

func goRange(name, events string) string {
	return fmt.Sprintf(`{"package":{"ecosystem":"Go","name":%q},"ranges":[{"type":"SEMVER","events":[%s]}]}`, name, events)
}

// moduleNames knows no module by a name without a slash, as Go does not.
type moduleNames struct{ goNames }

func (n moduleNames) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	if eco == artifact.Golang && !strings.Contains(name, "/") {
		return "", errors.New("no module path")
	}
	return n.goNames.Normalize(eco, name)
}

// goSnapshot syncs Go records from a folder of plain files.
func goSnapshot(t *testing.T, records ...string) (*Snapshot, Config) {
	t.Helper()
	from := t.TempDir()
	if err := os.Mkdir(filepath.Join(from, "Go"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		id, _, _ := strings.Cut(strings.TrimPrefix(r, `{"id":"`), `"`)
		if err := os.WriteFile(filepath.Join(from, "Go", id+".json"), []byte(r), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Dir: t.TempDir(), Sources: []string{from}, Names: moduleNames{}, Ecosystems: []artifact.Ecosystem{artifact.Golang}}
	if _, err := Sync(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s, err := Open(cfg.Dir, moduleNames{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, cfg
}

// shown is an entry in one line: "name@from..to" with "told" behind it.
func shown(e Entry) string {
	out := e.Name
	if e.Package.Name == "" {
		out = "(" + out + ")"
	}
	for _, c := range e.Covers {
		end := ")"
		if c.Last {
			end = "]"
		}
		out += fmt.Sprintf(" [%s,%s%s", c.From, c.To, end)
	}
	if e.Told {
		out += " told"
	}
	return out
}

func TestExport(t *testing.T) {
	const m = "example.invalid/m"
	s, _ := goSnapshot(t,
		goRecord("GO-2026-1", `"CVE-2026-1","GHSA-aaaa-aaaa-aaaa"`, "", goRange(m, `{"introduced":"0"},{"fixed":"1.2.0"}`), goRange("stdlib", `{"introduced":"0"},{"fixed":"1.20.1"}`)),
		goRecord("GHSA-aaaa-aaaa-aaaa", `"CVE-2026-1"`, "", goRange(m, `{"introduced":"1.0.0"},{"last_affected":"1.1.9"}`), goRange(m+"/v2", `{"introduced":"2.0.0"},{"fixed":"2.3.0"}`)),
		goRecord("GHSA-bbbb-bbbb-bbbb", "", "", goRange(m, `{"introduced":"1.4.0"},{"last_affected":"1.5.0"}`)),
		goRecord("GO-2026-2", "", `,"withdrawn":"2026-01-02T03:04:05Z"`, goRange(m, `{"introduced":"0"}`)),
		goRecord("GO-2026-3", "", "", `{"package":{"ecosystem":"Go","name":"`+m+`"},"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}`, `{"package":{"ecosystem":"PyPI","name":"m"},"versions":["1.0"]}`),
		goRecord("GO-2026-4", `"GO-2026-5"`, "", goRange(m, `{"introduced":"1.0.0"},{"fixed":"1.1.0"}`)),
		goRecord("GO-2026-5", "", "", goRange(m, `{"introduced":"1.0.0"},{"fixed":"1.1.0"}`)),
	)
	x, err := s.Export(t.Context(), artifact.Golang)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		id, why string
		want    []string
	}{
		{"GO-2026-1", "the ecosystem's own; what is no module has no package", []string{m + " [,v1.2.0)", "(stdlib)"}},
		{"GHSA-aaaa-aaaa-aaaa", "the GO record says all of the first, nothing of the second", []string{m + " [v1.0.0,v1.1.9] told", m + "/v2 [v2.0.0,v2.3.0)"}},
		{"GHSA-bbbb-bbbb-bbbb", "no other record is about the same", []string{m + " [v1.4.0,v1.5.0]"}},
		{"GO-2026-3", "without versions; of another ecosystem", []string{m, "()"}},
		{"GO-2026-4", "of two of the ecosystem's own each speaks", []string{m + " [v1.0.0,v1.1.0)"}},
		{"GO-2026-5", "of two of the ecosystem's own each speaks", []string{m + " [v1.0.0,v1.1.0)"}},
	} {
		i := slices.IndexFunc(x.Records, func(r Exported) bool { return r.ID == tc.id })
		if i < 0 {
			t.Errorf("%s is not there (%s)", tc.id, tc.why)
			continue
		}
		var got []string
		for _, e := range x.Records[i].Entries {
			got = append(got, shown(e))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q (%s)", tc.id, got, tc.want, tc.why)
		}
	}
	if len(x.Records) != 6 || x.ID != s.ID() {
		t.Errorf("%d records of %s; the withdrawn one is none of them", len(x.Records), x.ID)
	}
}

// TestExportMatches what Match matches, for every version of interest.
func TestExportMatches(t *testing.T) {
	const m = "example.invalid/m"
	s, _ := goSnapshot(t,
		goRecord("GO-2026-1", "", "", goRange(m, `{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"1.1.0"},{"last_affected":"1.2.0"}`)),
		goRecord("GHSA-bbbb-bbbb-bbbb", "", "", `{"package":{"ecosystem":"Go","name":"`+m+`"},"versions":["1.4.0","1.4.1"]}`),
		goRecord("MAL-2026-1", "", "", `{"package":{"ecosystem":"Go","name":"`+m+`"},"versions":["1.9.0"]}`),
	)
	x, err := s.Export(t.Context(), artifact.Golang)
	if err != nil {
		t.Fatal(err)
	}
	p := artifact.Package{Ecosystem: artifact.Golang, Name: m}
	for _, v := range []string{"v0.1.0", "v1.0.0", "v1.1.0", "v1.2.0", "v1.2.1", "v1.4.0", "v1.4.1", "v1.9.0", "v2.0.0"} {
		var want, got []string
		ms, err := s.Match(p, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range ms {
			want = append(want, x.ID)
		}
		key, _ := goNames{}.Key(artifact.Golang, v)
		of := func(v string) []byte { k, _ := goNames{}.Key(artifact.Golang, v); return k }
		for _, r := range x.Records {
			for _, e := range r.Entries {
				for _, c := range e.Covers {
					s := span{kind: endless}
					if c.From != "" {
						s.lo = of(c.From)
					}
					if c.To != "" {
						s.hi, s.kind = of(c.To), exclusive
					}
					if c.Last {
						s.kind = inclusive
					}
					if s.has(key) {
						got = append(got, r.ID)
					}
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: exported %v, matched %v", v, got, want)
		}
	}
}

func TestExportBody(t *testing.T) {
	const m = "example.invalid/m"
	text := goRecord("GO-2026-1", "", `,"details":"its own words"`, goRange(m, `{"introduced":"0"}`))
	s, cfg := goSnapshot(t, text)
	x, err := s.Export(t.Context(), artifact.Golang)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := x.Body(x.Records[0]); err != nil || string(b) != text {
		t.Errorf("%q, %v; want the record's own bytes", b, err)
	}
	batch := filepath.Join(cfg.Dir, batchName(x.Records[0].at.batch))
	whole, err := os.ReadFile(batch)
	if err != nil {
		t.Fatal(err)
	}
	broken := slices.Clone(whole)
	broken[x.Records[0].at.offset+5] ^= 1
	if err := os.WriteFile(batch, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := x.Body(x.Records[0]); err == nil {
		t.Errorf("a damaged record is %q", b)
	}
	if err := os.Remove(batch); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Body(x.Records[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its batch: %v", err)
	}
	if _, err := s.Export(t.Context(), artifact.PyPI); !errors.Is(err, ErrNoData) {
		t.Errorf("of an ecosystem that was not synced: %v", err)
	}
}
