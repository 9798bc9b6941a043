package advisory

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// mustParse reads a record of one PyPI package "p" with the given JSON members
// of its affected entry.
func mustParse(t *testing.T, affected string) record {
	t.Helper()
	r, err := parseRecord([]byte(`{"id":"PYSEC-1","modified":"2020-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"p"},`+affected+`}]}`), pythonNames{})
	if err != nil {
		t.Fatalf("%s: %v", affected, err)
	}
	return r
}

func covers(t *testing.T, r record, version string) bool {
	t.Helper()
	key, err := pythonNames{}.Key("pypi", version)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.affected {
		if a.covers.has(key) {
			return true
		}
	}
	return false
}

func TestRanges(t *testing.T) {
	events := func(list string) string { return `"ranges":[{"type":"ECOSYSTEM","events":[` + list + `]}]` }
	for _, tc := range []struct{ affected, in, out, why string }{
		{events(`{"introduced":"0"}`), "0.dev0 0 1!5", "", "introduced 0 means all versions, pre-releases of 0 too"},
		{events(`{"introduced":"0"},{"fixed":"2.0"}`), "0.1 1.9 2.0rc1 2.0.dev1", "2.0 2.0.0 2.0.post1 3", "fixed is the first one not covered; its pre-releases come before it"},
		{events(`{"introduced":"1.0"},{"fixed":"2.0"}`), "1 1.0.0 1.5", "1.0rc1 0.9 2", "introduced is covered, its pre-releases are not"},
		{events(`{"introduced":"1.0"},{"last_affected":"2.0"}`), "1.0 2.0 2.0.0", "2.0.1 2.0.post1", "last_affected is covered itself"},
		{events(`{"fixed":"3.1"},{"introduced":"3.0"},{"fixed":"2.1"},{"introduced":"2.0"}`), "2.0 2.0.9 3.0", "2.1 2.9 3.1 1", "events in any order"},
		{events(`{"introduced":"10"},{"fixed":"11"},{"introduced":"9"},{"fixed":"9.5"}`), "9 9.4 10", "9.5 9.9 11", "versions are ordered as versions, not as text"},
		{events(`{"introduced":"0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"2.11.2"}`), "1 2.0.0 2.11.1", "2.11.2", "an end and a start at one version leave no gap (PYSEC-2024-258)"},
		{events(`{"introduced":"1.5"},{"last_affected":"1.5"}`), "1.5 1.5.0", "1.4 1.5.1", "one version"},
		{events(`{"introduced":"0"},{"limit":"2.0"}`), "1 1.9", "2.0 3", "a limit ends the range"},
		{events(`{"introduced":"0"},{"limit":"2.0"},{"limit":"3.0"}`), "1 2.5", "3.0", "below any limit is inside"},
		{events(`{"introduced":"0"},{"limit":"*"},{"limit":"2.0"}`), "1 2.5 9", "", "* is no limit"},
		{events(`{"introduced":"1"},{"fixed":"5"},{"limit":"2.0"}`), "1 1.9", "2.0 4 5", "the limit cuts what is not fixed yet"},
		{events(`{"introduced":"1","fixed":"2"}`), "1 1.5", "2 0.9", "both in one event, which the schema forbids, still reads"},
		{events(`{"fixed":"2"}`), "0.1 1.9", "2", "no introduced, which the schema forbids: from the start"},
		{events(`{"introduced":"1"},{"introduced":"2"},{"fixed":"3"},{"fixed":"4"}`), "1 2.5", "3 3.5 4", "repeated events change nothing"},
		{`"versions":["2.2"]`, "2.2 2.2.0 2.2.0.0", "2.2.1 2.1", "a listed version is a version, not a text"},
		{`"versions":["v1.0-RC.1"]`, "1.0rc1", "1.0", "in any spelling"},
		{`"versions":["1.0","nonsense"],` + events(`{"introduced":"3"},{"fixed":"4"}`), "1.0 3.5", "2 4", "list and ranges add up; what is no version is passed over"},
		{`"ranges":[{"type":"GIT","events":[{"introduced":"0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"2.2"},{"fixed":"2.2.10"}]}]`, "2.2 2.2.0", "2.2.10", "a GIT range listed first stops nothing (PYSEC-2020-35)"},
		{`"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}],"versions":["2.2"]`, "2.2.0", "2.3", "GIT and a list"},
		{`"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.0"}]}]`, "1.1", "1.2", "SEMVER bounds in this ecosystem's order"},
		{events(`{"introduced":"0"},{"last_affected":"2.6.0-NA"}`) + `,"versions":["2.5","2.6"]`, "2.5.0 2.6", "2.7 2.4", "a bound that is no version: the list decides"},
		{events(`{"introduced":"0"},{"last_affected":"2.6.0-NA"}`), "1 2.6 99", "", "and without a list the range stays open, rather than closed"},
		{events(`{"introduced":"2019-x"},{"fixed":"3"}`), "1 2.9", "3", "an unreadable start is the beginning"},
		{`"ranges":[{"type":"NEW","events":[{"introduced":"1"},{"fixed":"2"}]}],"versions":["1.5"]`, "1.5", "1.6", "an unknown kind of range: the list decides"},
	} {
		r := mustParse(t, tc.affected)
		for _, v := range strings.Fields(tc.in) {
			if !covers(t, r, v) {
				t.Errorf("%s: %s is not covered (%s)", tc.affected, v, tc.why)
			}
		}
		for _, v := range strings.Fields(tc.out) {
			if covers(t, r, v) {
				t.Errorf("%s: %s is covered (%s)", tc.affected, v, tc.why)
			}
		}
	}
}

func TestParseRecord(t *testing.T) {
	pkg := `"affected":[{"package":{"ecosystem":"PyPI","name":"P_q"},"versions":["1"]}]`
	at := `"modified":"2020-01-01T00:00:00Z",`
	for _, tc := range []struct {
		json, want, why string // want: part of the error, "" for none
	}{
		{`{"id":"A-1",` + at + pkg + `}`, "", "schema_version is often missing"},
		{`{"id":"A-1","schema_version":"1.99","new":{"a":[1]},` + at + pkg + `}`, "", "unknown fields are passed over"},
		{`{"id":"A-1",` + at + `"withdrawn":null,"affected":null,"severity":null,"aliases":null}`, "", "null is nothing"},
		{`{"id":"A-1",` + at + `"database_specific":[1,2]}`, "", "database_specific has any shape"},
		{`{"id":"A-1",` + at + `"database_specific":{"severity":{"x":1}}}`, "", "also inside"},
		{`{"id":"A-1",` + at + `"affected":[{"package":{"ecosystem":"NuGet","name":"x"}}]}`, "", "other ecosystems are counted"},
		{`{"id":"../../etc/passwd",` + at + pkg + `}`, "not an advisory id", "ids name files"},
		{`{"id":"",` + at + pkg + `}`, "not an advisory id", "no id"},
		{`{"id":"A-1",` + pkg + `}`, "reading modified", "no time"},
		{`{"id":"A-1","modified":"yesterday"}`, "reading modified", "no time"},
		{`{"id":"A-1",` + at + `"withdrawn":"maybe"}`, "reading withdrawn", "withdrawn decides, so it must be read"},
		{`{"id":"A-1",` + at + `"affected":{}}`, "reading JSON", "a field that is used has its shape"},
		{`{"id":"A-1",` + at + `"affected":[{"package":{"ecosystem":"PyPI","name":"p"},"versions":"1"}]}`, "reading JSON", "a text is no list"},
		{`{"id":"A-1",` + at + `"affected":[{"package":{"ecosystem":"PyPI","name":"` + strings.Repeat("x", maxName+1) + `"}}]}`, "longer than", "names are capped"},
		{`{"id":"A-1"`, "reading JSON", "truncated"},
		{`{"id":"A-1","details":"` + strings.Repeat("x", maxRecord) + `"}`, "larger than", "records are capped"},
	} {
		_, err := parseRecord([]byte(tc.json), pythonNames{})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%.200s: error %v, want %q (%s)", tc.json, err, tc.want, tc.why)
		}
	}
}

func TestRecordFacts(t *testing.T) {
	const text = `{"id":"PYSEC-2","modified":"2020-01-02T03:04:05Z","published":"2020-01-01T00:00:00Z",
		"aliases":["CVE-1","PYSEC-2","bad id","../x"],"related":["CVE-99"],
		"details":"An issue was discovered in P 1.0. The  parser reads\n too far, e.g. a name. More.",
		"affected":[{"package":{"ecosystem":"PyPI","name":"P_q"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1"}]}]},
			{"package":{"ecosystem":"PyPI","name":"git-only"},"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]},
			{"package":{"ecosystem":"PyPI","name":"not a name!"},"versions":["1"]},
			{"package":{"ecosystem":"npm","name":"p"},"versions":["1"]}]}`
	r, err := parseRecord([]byte(text), pythonNames{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.aliases); got != "[CVE-1]" {
		t.Errorf("aliases = %s: only well-formed ones, and never what is merely related", got)
	}
	if r.summary != "The parser reads too far, e.g. a name" {
		t.Errorf("summary = %q", r.summary)
	}
	if len(r.affected) != 1 || r.affected[0].pkg != pypi("p-q") {
		t.Errorf("affected = %+v, want the one normalised name", r.affected)
	}
	if r.opaque != 2 || r.foreign != 1 {
		t.Errorf("counted %d opaque and %d foreign entries, want 2 and 1", r.opaque, r.foreign)
	}
	if r.malware || r.withdrawn {
		t.Error("neither malware nor withdrawn")
	}
}

func TestMalwareShapes(t *testing.T) {
	for _, tc := range []struct {
		id, extra string
		want      bool
		why       string
	}{
		{"MAL-2025-1", ``, true, "the id says so"},
		{"X-1", `"database_specific":{"malicious-packages-origins":[]},`, true, "OpenSSF's shape"},
		{"GHSA-aaaa-bbbb-cccc", `"database_specific":{"severity":"CRITICAL"},`, false, "a vulnerability"},
	} {
		text := `{"id":"` + tc.id + `","modified":"2025-01-01T00:00:00Z",` + tc.extra + `"affected":[{"package":{"ecosystem":"PyPI","name":"p"}}]}`
		r, err := parseRecord([]byte(text), pythonNames{})
		if err != nil {
			t.Fatal(err)
		}
		if r.malware != tc.want {
			t.Errorf("%s: malware = %v (%s)", text, r.malware, tc.why)
		}
		if got := covers(t, r, "1.0"); got != tc.want {
			t.Errorf("%s: covers 1.0 = %v; a package named without versions is malware as a whole and affected not at all", text, got)
		}
	}
}

func TestRate(t *testing.T) {
	const (
		v4critical = `CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N`
		v3low      = `CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N`
		v30high    = `CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N`
		v3none     = `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N`
		v2top      = `AV:N/AC:L/Au:N/C:C/I:C/A:C`
	)
	for _, tc := range []struct {
		list  []wireSeverity
		word  string
		want  finding.Severity
		score float64
		why   string
	}{
		{nil, "", finding.Unknown, 0, "nothing said stays unknown"},
		{nil, "MODERATE", finding.Medium, 0, "the database's word"},
		{nil, "terrible", finding.Unknown, 0, "a word nobody knows"},
		{[]wireSeverity{{"CVSS_V3", v3low}}, "CRITICAL", finding.Low, 2.6, "a score before a word"},
		{[]wireSeverity{{"CVSS_V3", v30high}}, "", finding.High, 7.5, "CVSS 3.0"},
		{[]wireSeverity{{"CVSS_V3", v3low}, {"CVSS_V4", v4critical}}, "", finding.Critical, 9.3, "v4 before v3"},
		{[]wireSeverity{{"CVSS_V4", "CVSS:4.0/XX"}, {"CVSS_V3", v3low}}, "", finding.Low, 2.6, "a vector that cannot be read is none"},
		{[]wireSeverity{{"CVSS_V2", v2top}}, "", finding.High, 10, "v2 knows no critical"},
		{[]wireSeverity{{"CVSS_V2", "(" + v2top + ")"}}, "", finding.High, 10, "v2 in parentheses"},
		{[]wireSeverity{{"CVSS_V3", v3none}}, "", finding.None, 0, "zero is none, not unknown"},
		{[]wireSeverity{{"Ubuntu", "high"}}, "", finding.Unknown, 0, "other kinds"},
		{[]wireSeverity{{"CVSS_V3", v3low}, {"CVSS_V3", v30high}}, "", finding.High, 7.5, "the higher of two"},
	} {
		if got := rate(tc.list, tc.word); got.severity != tc.want || got.score != tc.score {
			t.Errorf("rate(%v, %q) = %v %v, want %v %v (%s)", tc.list, tc.word, got.severity, got.score, tc.want, tc.score, tc.why)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, name := range exampleRecords(f) {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"id":"MAL-1","modified":"2020-01-01T00:00:00Z","summary":"\ufffd\u202e","affected":[{"package":{"ecosystem":"PyPI:x","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0","limit":"*"},{"last_affected":"1!2"}]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b, pythonNames{})
		if err != nil {
			return
		}
		if !validID(r.id) || len(r.summary) > maxSummary || !utf8.ValidString(r.summary) {
			t.Fatalf("record %q, summary %q", r.id, r.summary)
		}
		for _, a := range r.affected {
			if len(a.covers) == 0 {
				t.Fatalf("an entry that covers nothing: %+v", a)
			}
			for i, s := range a.covers {
				if i > 0 && touches(a.covers[i-1], s) {
					t.Fatalf("spans %v and %v are not disjoint", a.covers[i-1], s)
				}
			}
		}
	})
}

// exampleRecords lists the records that the project ships.
func exampleRecords(tb testing.TB) []string {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(examples, "PyPI", "*.json"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no example records: %v", err)
	}
	return names
}

const examples = "../../examples/advisories"
