package vulndb

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
)

const mod = "example.invalid/mod"

// names are Go's.
type names struct{}

func (names) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	if eco != artifact.Golang {
		return "", errors.ErrUnsupported
	}
	if !strings.Contains(name, "/") {
		return "", errors.New("no module path")
	}
	return name, nil
}

func (names) Key(_ artifact.Ecosystem, number string) ([]byte, error) {
	v, err := goversion.Parse(number)
	return goversion.Key(v), err
}

// world serves records; what is waived is set between requests.
type world struct {
	t   *testing.T
	h   *Handler
	now adapter.Advisories
	err error
}

func newWorld(t *testing.T, records map[string]string) *world {
	t.Helper()
	from, dir := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(from, "Go"), 0o755); err != nil {
		t.Fatal(err)
	}
	for id, r := range records {
		if err := os.WriteFile(filepath.Join(from, "Go", id+".json"), []byte(r), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := advisory.Sync(t.Context(), advisory.Config{Dir: dir, Sources: []string{from}, Names: names{}, Ecosystems: []artifact.Ecosystem{artifact.Golang}}); err != nil {
		t.Fatal(err)
	}
	s, err := advisory.Open(dir, names{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	x, err := s.Export(t.Context(), artifact.Golang)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: adapter.Advisories{Export: x, Tag: "1"}}
	w.h = New(adapter.Registry{
		Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler),
		Advisories: func(context.Context) (*adapter.Advisories, error) { a := w.now; return &a, w.err },
	})
	return w
}

// waive says that nothing but what stands is known against a version any more.
func (w *world) waive(number string, stands ...string) {
	w.now.Waived = append(w.now.Waived, adapter.Waived{Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.Golang, Name: mod}, Number: number}, Stands: stands})
	w.now.Tag += "+"
	w.now.Since = time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
}

func (w *world) ask(method, path string, header ...string) *http.Response {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec.Result()
}

// get reads a document both ways, which have to be the same.
func (w *world) get(path string, into any) {
	w.t.Helper()
	plain := w.ask("GET", path+".json")
	zipped := w.ask("GET", path+".json.gz")
	a, err1 := io.ReadAll(plain.Body)
	z, err2 := gzip.NewReader(zipped.Body)
	if plain.StatusCode != 200 || zipped.StatusCode != 200 || err1 != nil || err2 != nil {
		w.t.Fatalf("%s: %d, %d, %v, %v", path, plain.StatusCode, zipped.StatusCode, err1, err2)
	}
	b, err := io.ReadAll(z)
	if err != nil || string(a) != string(b) {
		w.t.Fatalf("%s: %q and %q differ; %v", path, a, b, err)
	}
	if err := json.Unmarshal(a, into); err != nil {
		w.t.Fatalf("%s: %v in %q", path, err, a)
	}
}

// record is what govulncheck reads of one.
type record struct {
	ID       string
	Modified time.Time
	Details  string
	Affected []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		EcosystemSpecific struct {
			Imports []struct {
				Path    string
				Symbols []string
			}
		} `json:"ecosystem_specific"`
	}
}

// affects does what govulncheck does, which knows "introduced" and "fixed" alone.
func (r record) affects(name, version string) bool {
	for _, a := range r.Affected {
		if a.Package.Name != name {
			continue
		}
		for _, x := range a.Ranges {
			affected := false
			for _, e := range x.Events {
				if in := e["introduced"]; !affected && in != "" {
					affected = in == "0" || semver.Compare(version, "v"+in) >= 0
				} else if fixed := e["fixed"]; affected && fixed != "" {
					affected = semver.Compare(version, "v"+fixed) < 0
				}
			}
			if affected {
				return true
			}
		}
	}
	return false
}

func entry(more string) string { return entryOf("GO-2026-1", mod, more) }

func entryOf(id, name, more string) string {
	return `{"id":"` + id + `","modified":"2026-01-02T03:04:05Z","details":"its own words","aliases":["CVE-2026-` + id[len(id)-1:] + `"],"affected":[{"package":{"ecosystem":"Go","name":"` + name + `"},` + more + `}]}`
}

const symbols = `"ecosystem_specific":{"imports":[{"path":"example.invalid/mod/sub","symbols":["Bad"]}]}`

func ranges(events string) string { return `"ranges":[{"type":"SEMVER","events":[` + events + `]}]` }

func TestIndexes(t *testing.T) {
	w := newWorld(t, map[string]string{
		"GO-2026-1":  entry(ranges(`{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"1.3.0"},{"fixed":"1.4.0"}`) + "," + symbols),
		"GO-2026-2":  entryOf("GO-2026-2", "stdlib", ranges(`{"introduced":"1.20.0"},{"fixed":"1.21.1"}`)),
		"GO-2026-3":  entryOf("GO-2026-3", "no module", ranges(`{"introduced":"0"}`)),
		"MAL-2026-4": `{"id":"MAL-2026-4","modified":"2026-02-02T03:04:05Z","affected":[{"package":{"ecosystem":"Go","name":"` + mod + `"},"versions":["1.9.0"]}]}`,
	})
	var meta struct{ Modified string }
	if w.get("/index/db", &meta); meta.Modified != "2026-02-02T03:04:05Z" {
		t.Errorf("modified %s, want that of the newest record", meta.Modified)
	}
	var modules []map[string]any
	w.get("/index/modules", &modules)
	b, _ := json.Marshal(modules)
	want := `[{"path":"example.invalid/mod","vulns":[{"fixed":"1.4.0","id":"GO-2026-1","modified":"2026-01-02T03:04:05Z"},{"fixed":"1.9.1-0","id":"MAL-2026-4","modified":"2026-02-02T03:04:05Z"}]},` +
		`{"path":"stdlib","vulns":[{"id":"GO-2026-2","modified":"2026-01-02T03:04:05Z"}]}]`
	if string(b) != want {
		t.Errorf("modules %s\nwant    %s", b, want)
	}
	var vulns []struct {
		ID      string
		Aliases []string
	}
	if w.get("/index/vulns", &vulns); len(vulns) != 3 || vulns[0].ID != "GO-2026-1" || !slices.Equal(vulns[0].Aliases, []string{"CVE-2026-1"}) {
		t.Errorf("vulns %+v", vulns)
	}
	for path, want := range map[string]int{"/ID/GO-2026-3.json": 404, "/ID/GO-2026-9.json.gz": 404, "/ID/../index/db.json": 404, "/index": 404, "/": 404, "/ID/GO-2026-2.json": 200} {
		if got := w.ask("GET", path).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

// TestARecordKeepsItsWords and says of versions what the gate reads in it.
func TestARecordKeepsItsWords(t *testing.T) {
	for _, tc := range []struct {
		affected, yes, no, why string
	}{
		{ranges(`{"introduced":"0"},{"fixed":"1.2.0"}`), "v0.0.1 v1.1.9 v1.2.0-rc.1", "v1.2.0", ""},
		{ranges(`{"introduced":"1.0.0"},{"last_affected":"1.2.0"}`), "v1.0.0 v1.2.0 v1.2.0+incompatible", "v0.9.0 v1.2.1 v1.2.1-pre v1.3.0", "govulncheck does not know last_affected and would go on for ever"},
		{ranges(`{"introduced":"1.0.0"},{"last_affected":"1.2.0-rc.1"}`), "v1.2.0-rc.1", "v1.2.0-rc.1.1 v1.2.0-rc.2 v1.2.0", "after a pre-release comes itself with a field more"},
		{`"versions":["1.2.9","1.4.0"]`, "v1.2.9 v1.4.0", "v1.2.8 v1.2.10 v1.3.0 v1.4.1", "nor lists of versions"},
		{`"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}],"versions":["1.1.0"]`, "v1.1.0", "v1.0.0 v1.1.1", "it takes what has no range of versions for all of them"},
	} {
		w := newWorld(t, map[string]string{"GO-2026-1": entry(tc.affected + "," + symbols)})
		var r record
		w.get("/ID/GO-2026-1", &r)
		if a := r.Affected; r.Details != "its own words" || len(a) != 1 || len(a[0].EcosystemSpecific.Imports) != 1 || a[0].EcosystemSpecific.Imports[0].Symbols[0] != "Bad" {
			t.Fatalf("%+v", r)
		}
		for v := range strings.FieldsSeq(tc.yes) {
			if !r.affects(mod, v) {
				t.Errorf("%s does not affect %s (%s)", tc.affected, v, tc.why)
			}
		}
		for v := range strings.FieldsSeq(tc.no) {
			if r.affects(mod, v) {
				t.Errorf("%s affects %s (%s)", tc.affected, v, tc.why)
			}
		}
	}
}

// TestWaived versions are no part of a record, and all others are.
func TestWaived(t *testing.T) {
	for _, tc := range []struct {
		affected, yes, no, why string
	}{
		{ranges(`{"introduced":"0"},{"fixed":"1.2.0"}`), "v1.0.0 v1.1.1 v1.1.0-rc.1 v1.1.1-0", "v1.1.0 v1.2.0", "in the middle"},
		{ranges(`{"introduced":"1.1.0"},{"fixed":"1.1.1-0"}`), "", "v1.0.0 v1.1.0 v1.1.1", "all of it"},
		{ranges(`{"introduced":"1.1.0"}`), "v1.1.1 v9.0.0", "v1.1.0", "the first, without an end"},
		{ranges(`{"introduced":"1.0.0"},{"last_affected":"1.1.0"}`), "v1.0.0", "v1.1.0 v1.1.1", "the last"},
		{`"versions":["1.1.0","1.1.1"]`, "v1.1.1", "v1.1.0", "one of a list"},
		{ranges(`{"introduced":"2.0.0"}`), "v2.0.0", "v1.1.0", "outside"},
	} {
		w := newWorld(t, map[string]string{"GO-2026-1": entry(tc.affected)})
		var before record
		w.get("/ID/GO-2026-1", &before)
		w.waive("v1.1.0", "GO-2026-7")
		r := record{}
		if w.ask("GET", "/ID/GO-2026-1.json").StatusCode == 200 {
			w.get("/ID/GO-2026-1", &r)
			if !r.Modified.After(before.Modified) {
				t.Errorf("%s: it is another record since the waiver and says %s", tc.why, r.Modified)
			}
		} else if tc.yes != "" {
			t.Errorf("%s: the record is gone", tc.why)
		}
		for v := range strings.FieldsSeq(tc.yes) {
			if !r.affects(mod, v) {
				t.Errorf("%s: %s is not affected any more", tc.why, v)
			}
		}
		for v := range strings.FieldsSeq(tc.no) {
			if r.affects(mod, v) {
				t.Errorf("%s: %s is affected", tc.why, v)
			}
		}
	}
}

// TestWaivedButForOne keeps the record that stands.
func TestWaivedButForOne(t *testing.T) {
	w := newWorld(t, map[string]string{"GO-2026-1": entry(ranges(`{"introduced":"0"}`)), "GO-2026-2": entryOf("GO-2026-2", mod, ranges(`{"introduced":"0"}`))})
	w.waive("v1.1.0", "GHSA-xxxx-xxxx-xxxx", "GO-2026-2")
	var one, two record
	w.get("/ID/GO-2026-1", &one)
	w.get("/ID/GO-2026-2", &two)
	if one.affects(mod, "v1.1.0") || !two.affects(mod, "v1.1.0") {
		t.Errorf("%+v and %+v", one, two)
	}
}

func TestConditionsAndHead(t *testing.T) {
	w := newWorld(t, map[string]string{"GO-2026-1": entry(ranges(`{"introduced":"0"}`))})
	for _, path := range []string{"/index/modules.json", "/index/modules.json.gz", "/ID/GO-2026-1.json", "/ID/GO-2026-1.json.gz"} {
		got, head := w.ask("GET", path), w.ask("HEAD", path)
		body, _ := io.ReadAll(got.Body)
		tag := got.Header.Get("ETag")
		none, _ := io.ReadAll(head.Body)
		if tag == "" || len(body) == 0 || len(none) != 0 || head.StatusCode != got.StatusCode || head.Header.Get("ETag") != tag || head.Header.Get("Content-Length") != got.Header.Get("Content-Length") {
			t.Errorf("%s: GET %v, HEAD %v", path, got.Header, head.Header)
		}
		if r := w.ask("GET", path, "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d with its own tag", path, r.StatusCode)
		}
	}
	before := w.ask("GET", "/index/modules.json.gz").Header.Get("ETag")
	w.waive("v1.1.0")
	if r := w.ask("GET", "/index/modules.json.gz", "If-None-Match", before); r.StatusCode != 200 {
		t.Errorf("%d after a waiver, want the new index", r.StatusCode)
	}
	if r := w.ask("POST", "/index/db.json"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.StatusCode)
	}
}

// TestNothingIsSaidFromBadData: an empty list would be a clean bill.
func TestNothingIsSaidFromBadData(t *testing.T) {
	w := newWorld(t, map[string]string{"GO-2026-1": entry(ranges(`{"introduced":"0"}`))})
	w.err = errors.New("the data is too old")
	for _, path := range []string{"/index/db.json", "/index/modules.json.gz", "/ID/GO-2026-1.json"} {
		if r := w.ask("GET", path); r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestNext(t *testing.T) {
	for _, tc := range []struct{ of, want string }{
		{"v1.2.3", "v1.2.4-0"}, {"v1.2.9", "v1.2.10-0"}, {"v1.2.99", "v1.2.100-0"}, {"v1.2.3-rc.1", "v1.2.3-rc.1.0"}, {"v2.0.0+incompatible", "v2.0.1-0"}, {"v1.0", "v1.0.1-0"},
	} {
		if got := next(tc.of); got != tc.want || semver.Compare(tc.of, got) >= 0 {
			t.Errorf("next(%s) = %s, want %s", tc.of, got, tc.want)
		}
	}
}

// FuzzRecord: whatever a record holds beside what was read of it, what is served is
// JSON that says where to read more, and of no version that is left out.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{entry(ranges(`{"introduced":"0"}`)), `{"affected":[{"ranges":1,"versions":{},"ecosystem_specific":[]}],"database_specific":"x","references":{}}`, `{"affected":null}`, `{"affected":[{},{}]}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := listed{covers: [][]advisory.Stretch{{{From: "v1.0.0", To: "v1.1.0", Last: true}}, nil}}
		r.Entries = make([]advisory.Entry, 2)
		b, err := r.write(body)
		if err != nil {
			return
		}
		var out struct {
			Affected         []struct{ Ranges []semverRange }
			DatabaseSpecific *struct{ URL *string } `json:"database_specific"`
		}
		if err := json.Unmarshal(b, &out); err != nil || len(out.Affected) != 1 || len(out.Affected[0].Ranges) != 1 || out.DatabaseSpecific == nil || out.DatabaseSpecific.URL == nil {
			t.Errorf("%q became %q, %v", body, b, err)
		}
	})
}

// FuzzCut: what a version is cut out of holds all others as before.
func FuzzCut(f *testing.F) {
	f.Add("v1.0.0", "v2.0.0", true, "v1.5.0", "v1.5.1-0")
	f.Add("", "", false, "v0.0.0-0", "v9.9.9")
	f.Add("v1.0.0-a", "v1.0.0-a.0", false, "v1.0.0-a", "v1.0.0")
	f.Fuzz(func(t *testing.T, from, to string, last bool, number, other string) {
		for _, v := range []string{from, to, number, other} {
			if p, err := goversion.Parse(v); (err != nil || p != v) && !(v == "" && v != number && v != other) {
				return
			}
		}
		s := advisory.Stretch{From: from, To: to, Last: last && to != ""}
		if from != "" && to != "" && semver.Compare(from, to) > 0 || semver.Compare(number, other) == 0 {
			return
		}
		out := cut([]advisory.Stretch{s}, number)
		in := func(v string) bool {
			return slices.ContainsFunc(out, func(s advisory.Stretch) bool { return has(s, v) })
		}
		if in(number) || in(other) != has(s, other) {
			t.Errorf("%+v without %s is %+v: %s is in it: %t, %s: %t", s, number, out, number, in(number), other, in(other))
		}
	})
}
