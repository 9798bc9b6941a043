package external

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// reader is a scanner that only reads.
func reader(t testing.TB, c config.Scanner) *Scanner {
	t.Helper()
	c, err := withPreset(c)
	if err != nil {
		t.Fatal(err)
	}
	c = withDefaults(c)
	x, err := compileJSON(c)
	if err != nil {
		t.Fatal(err)
	}
	return &Scanner{Scanner: c, expressions: x}
}

func about(input string) question {
	s := &Set{options: Options{Ecosystems: map[artifact.Ecosystem]ecosystem.Ecosystem{artifact.PyPI: pypi.Ecosystem{}}}}
	return question{file: artifact.File{Version: demo, Name: "demo-1.0.tar.gz"}, input: input, newer: s.newer(demo)}
}

// line shows a finding in one line.
func line(f finding.Finding) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %v %v %s:%d %s", f.Severity, f.Rule, f.IDs, f.Fixed, f.Path, f.Line, f.Text))
}

const sbomInput = "/in/bom.cdx.json"

// TestAnswers reads what each known tool says, good and bad.
func TestAnswers(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_TOKEN", "x")
	network := []string{"h.invalid:443"}
	bandit := reader(t, config.Scanner{Name: "bandit", Preset: "bandit"})
	guarddog := reader(t, config.Scanner{Name: "guarddog", Preset: "guarddog"})
	audit := reader(t, config.Scanner{Name: "pip-audit", Preset: "pip-audit", Network: network})
	osv := reader(t, config.Scanner{Name: "osv", Preset: "osv-scanner", Arguments: []string{"--offline"}})
	snyk := reader(t, config.Scanner{Name: "snyk", Preset: "snyk", Network: network, Secrets: map[string]string{"SNYK_TOKEN": "env:GATEHOUSE_TEST_TOKEN"}})
	sarif := reader(t, config.Scanner{Name: "acme", Reads: readsSARIF, Class: "honesty"})
	cdx := reader(t, config.Scanner{Name: "acme", Reads: readsCycloneDX, Class: "vulnerability"})
	for _, tc := range []struct {
		s      *Scanner
		input  string
		answer string
		want   []string // findings, as line shows them
		fault  string   // in the error or a fault; "" for none
		why    string
	}{
		{bandit, "/in/folder", `{"errors": [], "metrics": {"_totals": {"nosec": 0, "skipped_tests": 0}}, "results": [
			{"filename": "/in/folder/demo-1.0/setup.py", "issue_severity": "HIGH", "issue_text": "a shell", "line_number": 3, "test_id": "B602"}]}`,
			[]string{"medium bandit:B602 [] [] demo-1.0/setup.py:3 bandit: a shell"}, "", "its high is our medium"},
		{bandit, "/in/folder", `{"errors": [{"filename": "/in/folder/bad.py", "reason": "syntax error"}], "metrics": {"_totals": {"nosec": 0, "skipped_tests": 0}}, "results": []}`,
			nil, "bad.py: syntax error", "what it could not read"},
		{bandit, "/in/folder", `{"errors": [], "metrics": {"_totals": {"nosec": 1, "skipped_tests": 0}}, "results": []}`,
			nil, "json.complete", "a suppression was honoured"},
		{bandit, "/in/folder", `{"errors": [], "results": []}`, nil, "json.complete", "no count of what it looked at"},
		{guarddog, "/in/folder", `{"package": "/in/folder", "results": {"a": {}}, "errors": {}, "issues": 1, "risks": [
			{"threat_rule": "threat-x", "threat_description": "downloads", "severity": "high", "file_path": "demo-1.0/setup.py", "threat_location": "demo-1.0/setup.py:3"}]}`,
			[]string{"high guarddog:threat-x [] [] demo-1.0/setup.py:3 guarddog: downloads"}, "", "a risk"},
		{guarddog, "/in/folder", `{"package": "/in/folder", "issues": 0, "errors": {"download-package": "no host"}}`,
			nil, "download-package: no host", "it looked for the package elsewhere"},
		{guarddog, "/in/folder", `{"package": "/in/folder", "results": {"a": {}}, "errors": {"rules-all": "boom"}, "risks": []}`, nil, "rules-all: boom", "a rule failed"},
		{guarddog, "/in/folder", `{"package": "/in/other", "results": {"a": {}}, "errors": {}, "risks": []}`, nil, "json.complete", "something else"},
		{guarddog, "/in/folder", `{"package": "/in/folder", "results": {}, "errors": {}, "risks": []}`, nil, "json.complete", "no rule ran"},
		{audit, "/in/requirements.txt", `{"dependencies": [{"name": "demo", "version": "1.0", "vulns": [
			{"id": "PYSEC-2099-1", "aliases": ["CVE-2099-1"], "fix_versions": ["2.0", "0.9", "1.1"], "description": "bad"}]}], "fixes": []}`,
			[]string{"unknown pip-audit:known-vulnerability [PYSEC-2099-1 CVE-2099-1] [1.1 2.0] :0 pip-audit: demo 1.0 is affected by PYSEC-2099-1: bad"}, "", "fixed versions above this one, in order"},
		{audit, "/in/requirements.txt", `{"dependencies": [{"name": "demo", "version": "1.0", "vulns": []}], "fixes": []}`, nil, "", "nothing is known"},
		{audit, "/in/requirements.txt", `{"dependencies": [{"name": "demo", "skip_reason": "not found"}], "fixes": []}`, nil, "demo was skipped: not found", "skipped"},
		{audit, "/in/requirements.txt", `{"dependencies": [], "fixes": []}`, nil, "json.complete", "it read no line"},
		{audit, "/in/requirements.txt", `{"dependencies": [{"name": "demo", "version": "1.1", "vulns": []}], "fixes": []}`, nil, "json.complete", "another version"},
		{osv, sbomInput, `{"results": [{"packages": [{"package": {"name": "Demo", "version": "1.0"}, "vulnerabilities": [
			{"id": "PYSEC-2099-1", "summary": "bad", "affected": [{"package": {"name": "demo"}, "ranges": [{"events": [{"introduced": "0"}, {"fixed": "3.0"}]}]}]}],
			"groups": [{"ids": ["PYSEC-2099-1"], "aliases": ["CVE-2099-1", "PYSEC-2099-1"], "max_severity": "9.8"}]}]}]}`,
			[]string{"critical osv:known-vulnerability [PYSEC-2099-1 CVE-2099-1] [3.0] :0 osv: demo 1.0 is affected by PYSEC-2099-1: bad"}, "", "one group"},
		{osv, sbomInput, `{"results": [{"packages": [{"package": {"name": "demo", "version": "1.0"}}]}]}`, nil, "", "nothing is known"},
		{osv, sbomInput, `{"results": []}`, nil, "does not mention demo 1.0", "it read nothing"},
		{osv, sbomInput, `{"results": [{"packages": [{"package": {"name": "demo", "version": "2.0"}}]}]}`, nil, "does not mention", "another version"},
		{osv, sbomInput, `{"results": [{"packages": [{"package": {"name": "demo", "version": "1.0"}, "vulnerabilities": [{"id": "X-1"}], "groups": []}]}]}`, nil, "in no group", "a record that is not counted"},
		{osv, sbomInput, `{}`, nil, "no results", "no results at all"},
		{snyk, sbomInput, `{"ok": false, "dependencyCount": 1, "vulnerabilities": [{"id": "SNYK-PYTHON-DEMO-1", "title": "Injection", "severity": "medium",
			"packageName": "Demo", "version": "1.0", "identifiers": {"CVE": ["CVE-2099-1"]}, "fixedIn": ["1.5"]}]}`,
			[]string{"medium snyk:known-vulnerability [SNYK-PYTHON-DEMO-1 CVE-2099-1] [1.5] :0 snyk: demo 1.0 is affected by SNYK-PYTHON-DEMO-1: Injection"}, "", "an issue"},
		{snyk, sbomInput, `{"ok": true, "dependencyCount": 1, "vulnerabilities": []}`, nil, "", "none"},
		{snyk, sbomInput, `{"ok": true, "dependencyCount": 0, "vulnerabilities": []}`, nil, "json.complete", "it skipped the only component"},
		{snyk, sbomInput, `{"ok": true, "dependencyCount": 1, "vulnerabilities": [{"id": "X"}]}`, nil, "json.complete", "it contradicts itself"},
		{snyk, sbomInput, `{"ok": false, "error": "Authentication error", "path": "/in"}`, nil, "Authentication error", "its own words"},
		{sarif, "/in/folder", `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "acme", "rules": [{"id": "r/1", "properties": {"security-severity": "9.1"}}]}},
			"invocations": [{"executionSuccessful": true}], "results": [
			{"ruleId": "r/1", "level": "warning", "message": {"text": "bad"}, "suppressions": [{"kind": "inSource"}],
			 "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///in/folder/demo-1.0/a.py"}, "region": {"startLine": 7}}}]},
			{"ruleId": "r2", "message": {"text": "odd"}}, {"ruleId": "r3", "kind": "pass", "message": {"text": "fine"}}]}]}`,
			[]string{"critical acme:r-1 [] [] demo-1.0/a.py:7 acme: bad", "medium acme:r2 [] [] :0 acme: odd"}, "", "what the package suppresses counts"},
		{sarif, "/in/folder", `{"version": "2.1.0", "runs": []}`, nil, "no SARIF 2.1.0 with a run", "no run"},
		{sarif, "/in/folder", `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "acme"}}}]}`, nil, "has no results", "a run without results"},
		{sarif, "/in/folder", `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "acme"}}, "results": [], "invocations": [{"executionSuccessful": false}]}]}`, nil, "did not run well", "its own word"},
		{sarif, "/in/folder", `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "acme"}}, "results": [], "invocations": [{"executionSuccessful": true,
			"toolExecutionNotifications": [{"level": "error", "message": {"text": "a.py: could not parse"}}]}]}]}`, nil, "could not parse", "a notification"},
		{cdx, sbomInput, `{"bomFormat": "CycloneDX", "components": [{"bom-ref": "c1", "purl": "pkg:pypi/demo@1.0?file_name=x"}, {"bom-ref": "c2", "purl": "pkg:pypi/other@1.0"}], "vulnerabilities": [
			{"id": "CVE-2099-1", "description": "bad", "ratings": [{"severity": "low"}, {"score": 7.5}], "affects": [{"ref": "c1"}], "analysis": {"state": "not_affected"}},
			{"id": "CVE-2099-2", "affects": [{"ref": "c2"}]}]}`,
			[]string{"high acme:known-vulnerability [CVE-2099-1] [] :0 acme: demo 1.0 is affected by CVE-2099-1: bad"}, "", "the worst rating, ours only"},
		{cdx, sbomInput, `{"bomFormat": "CycloneDX", "components": [], "vulnerabilities": []}`, nil, "does not mention demo 1.0", "an empty document"},
		{cdx, sbomInput, `{"components": []}`, nil, "no CycloneDX", "another document"},
	} {
		a, err := tc.s.read(Result{Answer: []byte(tc.answer), Exit: tc.s.ExitCodes[len(tc.s.ExitCodes)-1]}, about(tc.input))
		faults := strings.Join(a.faults, "; ")
		if err != nil {
			faults += "; " + err.Error()
		}
		if (faults == "") != (tc.fault == "") || !strings.Contains(faults, tc.fault) {
			t.Errorf("%s (%s): faults %q, want %q", tc.s.Name, tc.why, faults, tc.fault)
		}
		var got []string
		for _, f := range tc.s.findings(a) {
			got = append(got, line(f))
		}
		if tc.fault == "" && !slices.Equal(got, tc.want) {
			t.Errorf("%s (%s):\ngot  %q\nwant %q", tc.s.Name, tc.why, got, tc.want)
		}
	}
}

func TestSeverityWords(t *testing.T) {
	for _, tc := range []struct {
		word string
		want finding.Severity
		why  string
	}{
		{"error", finding.High, "SARIF"}, {"note", finding.Low, "SARIF"}, {"MODERATE", finding.Medium, "a word of ours"},
		{"9.8", finding.Critical, "CVSS"}, {"7.0", finding.High, "its lower end"}, {"3.9", finding.Low, "its upper end"},
		{"0", finding.Unknown, "not rated"}, {"11", finding.Unknown, "no score"}, {"NaN", finding.Unknown, "no number"},
		{"", finding.Unknown, "nothing"}, {"P1", finding.Critical, "by the settings"}, {"constructor", finding.Unknown, "no word"},
	} {
		if got := severityOf(tc.word, map[string]string{"P1": "critical"}); got != tc.want {
			t.Errorf("%q: got %s, want %s (%s)", tc.word, got, tc.want, tc.why)
		}
	}
}

// TestManyFindings keeps every rule, the worst first, and says how many there were.
func TestManyFindings(t *testing.T) {
	s := reader(t, config.Scanner{Name: "acme", Reads: readsSARIF, Class: "honesty"})
	var a answer
	for i := range 1000 {
		a.items = append(a.items, item{rule: "often", text: "x", severity: "low", path: fmt.Sprint(i)})
	}
	a.items = append(a.items, item{rule: "once", text: "y", severity: "high"})
	got := s.findings(a)
	if len(got) != mostOfARule+1 || got[0].Rule != "acme:once" || !strings.Contains(got[1].Text, "1000 times") {
		t.Errorf("got %d findings, first %+v", len(got), got[0])
	}
	for i := range mostRules + 1 {
		a.items = append(a.items, item{rule: fmt.Sprint("rule", i), severity: "low"})
	}
	if got := s.findings(a); got[len(got)-1].Class != finding.Fault {
		t.Errorf("more rules than are kept: the last is %+v", got[len(got)-1])
	}
}

// TestHostileWords: what a tool says may be what a package says.
func TestHostileWords(t *testing.T) {
	s := reader(t, config.Scanner{Name: "acme", Reads: readsSARIF, Class: "honesty"})
	nasty := "a\x1b[31m\r\n\u202egnp.exe\x00" + strings.Repeat("x", 1000)
	f := s.findings(answer{items: []item{{rule: nasty, text: nasty, severity: nasty, ids: []string{nasty, ""}, fixed: []string{nasty}, path: "../../" + nasty, line: -3}}})[0]
	f2 := s.fault(nasty)
	for _, text := range []string{f.Rule, f.Text, f.Path, strings.Join(f.IDs, " "), f2.Text} {
		if strings.ContainsAny(text, "\x1b\r\n\x00\u202e") || len(text) > 1200 {
			t.Errorf("got %q", text)
		}
	}
	if f.Line != 0 || len(f.Rule) > 100 {
		t.Errorf("got %+v", f)
	}
}

func FuzzAnswers(f *testing.F) {
	network := []string{"h.invalid:443"}
	var readers []*Scanner
	for _, c := range []config.Scanner{
		{Preset: "bandit"}, {Preset: "guarddog"}, {Preset: "pip-audit", Network: network}, {Preset: "osv-scanner", Network: network},
		{Preset: "snyk", Network: network, Secrets: map[string]string{"SNYK_TOKEN": "env:X"}}, {Reads: readsSARIF, Class: "honesty"}, {Reads: readsCycloneDX, Class: "vulnerability"},
	} {
		c.Name = "fuzzed"
		readers = append(readers, reader(f, c))
	}
	for _, seed := range []string{
		`{"errors": [], "metrics": {"_totals": {"nosec": 0, "skipped_tests": 0}}, "results": [{"filename": "x", "issue_severity": "HIGH", "issue_text": "a", "line_number": 3, "test_id": "B602"}]}`,
		`{"package": "/in/x", "results": {"a": {}}, "errors": {}, "risks": [{"threat_rule": "t", "threat_description": "d", "severity": "high", "file_path": "p", "threat_location": "p:3"}]}`,
		`{"dependencies": [{"name": "demo", "version": "1.0", "vulns": [{"id": "X", "aliases": [], "fix_versions": ["2.0"], "description": "bad"}]}]}`,
		`{"results": [{"packages": [{"package": {"name": "demo", "version": "1.0"}, "vulnerabilities": [{"id": "X"}], "groups": [{"ids": ["X"], "max_severity": "9.8"}]}]}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "acme"}}, "results": [{"ruleId": "r", "message": {"text": "t"}}]}]}`,
		`{"bomFormat": "CycloneDX", "components": [{"purl": "pkg:pypi/demo@1.0"}], "vulnerabilities": [{"id": "X", "ratings": [{"score": 1e400}]}]}`,
	} {
		for i := range readers {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := readers[int(which)%len(readers)]
		a, err := s.read(Result{Answer: b}, about("/in/x"))
		if err != nil && len(a.items) > 0 {
			t.Errorf("findings beside an error: %v", err)
		}
		for _, x := range s.findings(a) {
			if x.Class != finding.Class(s.Class) && x.Class != finding.Fault || !strings.HasPrefix(x.Rule, "fuzzed:") {
				t.Errorf("got %+v", x)
			}
		}
	})
}

func FuzzUnpackedPaths(f *testing.F) {
	for _, p := range []string{"a/b", "../x", "/etc/passwd", "a/../../b", "a\x00b"} {
		f.Add(p, "content")
	}
	f.Fuzz(func(t *testing.T, path, content string) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(filepath.Join(dir, "in"))
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		_ = unpackEntry(root, archive.Entry{Path: path, Size: int64(len(content)), Body: []byte(content)}) // refusing is fine
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 1 {
			t.Errorf("%q wrote outside its folder: %v, %v", path, left, err)
		}
	})
}
