package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func scanned(x string) report.Scan {
	line := func(e verdict.Effect, sev finding.Severity, at int) report.ScannedFinding {
		return report.ScannedFinding{Rule: "decode-exec", Path: x + "/setup.py", Line: at, Severity: sev, Text: x + " runs what it decodes", Class: finding.Behaviour, Effect: e, Remedy: "look at " + x}
	}
	noisy := report.ScannedFile{File: x + "-1.0.tgz", Purl: "pkg:npm/demo@1.0", SHA256: artifact.DigestOf(nil), Verdict: verdict.Admit, Findings: []report.ScannedFinding{}, Capabilities: []string{}}
	for i := range 7 {
		noisy.Findings = append(noisy.Findings, line(verdict.EffectNote, finding.Low, i))
	}
	return report.Scan{
		Files: []report.ScannedFile{
			noisy,
			{File: x + "-2.0.tgz", SHA256: artifact.DigestOf(nil), Verdict: verdict.Reject, Score: 88, Baseline: x, Capabilities: []string{"exec", "net"},
				Findings: []report.ScannedFinding{line(verdict.EffectNote, finding.Low, 0), line(verdict.EffectReject, finding.High, 3)}},
		},
		Problems: []verdict.Problem{{Class: finding.Fault, Effect: verdict.EffectHold, File: x, Text: x + " is gone"}},
	}
}

func TestScanText(t *testing.T) {
	var b bytes.Buffer
	if err := report.ScanText(&b, scanned("demo")); err != nil {
		t.Fatal(err)
	}
	want := `REJECT  demo-2.0.tgz  score 88
        compared with demo
  reject  demo/setup.py:3  decode-exec
          demo runs what it decodes
          look at demo
  note    demo/setup.py  decode-exec
          demo runs what it decodes
  can: exec, net
clean   demo-1.0.tgz  score 0
`
	got := b.String()
	if !strings.HasPrefix(got, want) {
		t.Errorf("what is refused comes first, its worst finding first:\n%s\nwant it to begin with\n%s", got, want)
	}
	if n := strings.Count(got, "\n  note "); n != 1+5 {
		t.Errorf("%d notes are shown, want 1 and 5: notes must not bury the rest", n)
	}
	if !strings.Contains(got, "and 2 more notes") || !strings.HasSuffix(got, "demo  not scanned: demo is gone\n2 files scanned: 1 to reject, 0 to hold, 1 clean, 1 not scanned\n") {
		t.Errorf("the end sums up:\n%s", got)
	}
}

func TestScanTextSaysThingsOnce(t *testing.T) {
	line := func(rule, text string) report.ScannedFinding {
		return report.ScannedFinding{Rule: rule, Path: "setup.py", Line: 8, Severity: finding.High, Text: text, Class: finding.Behaviour, Effect: verdict.EffectHold, Remedy: "Look at what changed."}
	}
	long := "a/" + strings.Repeat("long/", 20) + "path"
	var b bytes.Buffer
	err := report.ScanText(&b, report.Scan{Files: []report.ScannedFile{{
		File: "demo-1.0.tgz", Verdict: verdict.Hold, Score: 60, Capabilities: strings.Fields(strings.Repeat("write-executable ", 8)),
		Findings: []report.ScannedFinding{
			line("decode-exec", "setup.py:8: Runs text that it decodes first (runs when the package is installed or built): exec(base64.b64decode(x))"),
			line("decode-exec", "setup.py:8: Runs text that it decodes first (runs when the package is installed or built): exec(base64.b64decode(x))"),
			line("download-exec", "Fetches "+long+" and runs it"),
		},
	}}})
	want := `HOLD    demo-1.0.tgz  score 60
  hold    setup.py:8  decode-exec
          Runs text that it decodes first (runs when the package is installed or
          built): exec(base64.b64decode(x))
          Look at what changed.
  hold    setup.py:8  download-exec
          Fetches
          ` + long + `
          and runs it
  can: write-executable, write-executable, write-executable, write-executable,
       write-executable, write-executable, write-executable, write-executable
1 file scanned: 0 to reject, 1 to hold, 0 clean
`
	if err != nil || b.String() != want {
		t.Errorf("got\n%s\nwant each thing once, in 80 columns, paths whole:\n%s (%v)", b.String(), want, err)
	}
}

func TestScanWorst(t *testing.T) {
	file := func(v verdict.Verdict) report.ScannedFile { return report.ScannedFile{Verdict: v} }
	problem := []verdict.Problem{{}}
	for _, tc := range []struct {
		scan report.Scan
		want verdict.Verdict
		why  string
	}{
		{report.Scan{}, verdict.Admit, "nothing is nothing bad"},
		{report.Scan{Files: []report.ScannedFile{file(verdict.Admit)}}, verdict.Admit, ""},
		{report.Scan{Files: []report.ScannedFile{file(verdict.Hold), file(verdict.Admit)}}, verdict.Hold, "the worst counts"},
		{report.Scan{Files: []report.ScannedFile{file(verdict.Hold), file(verdict.Reject)}}, verdict.Reject, "wherever it stands"},
		{report.Scan{Files: []report.ScannedFile{file(verdict.Admit)}, Problems: problem}, verdict.Hold, "what was not seen is not clean"},
		{report.Scan{Files: []report.ScannedFile{{}}}, verdict.Hold, "the zero verdict holds"},
	} {
		if got := tc.scan.Worst(); got != tc.want {
			t.Errorf("%+v is %s, want %s (%s)", tc.scan, got, tc.want, tc.why)
		}
	}
}

// TestScanJSON: the shape that scripts are written against.
func TestScanJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.JSON(&b, scanned("demo")); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Files []map[string]any `json:"files"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Files {
		keys := slices.Sorted(maps.Keys(f))
		for _, k := range []string{"file", "sha256", "verdict", "score", "findings", "capabilities"} {
			if !slices.Contains(keys, k) {
				t.Errorf("a file has %v, without %s", keys, k)
			}
		}
	}
	finding := got.Files[1]["findings"].([]any)[0].(map[string]any)
	for _, k := range []string{"rule", "path", "line", "severity", "text"} {
		if _, ok := finding[k]; !ok {
			t.Errorf("a finding has no %s: %v", k, finding)
		}
	}
}

func TestScanSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := report.ScanSARIF(&b, scanned("demo"), "1"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"score": 88`, `"startLine": 3`, `"uri": "demo-2.0.tgz/demo/setup.py"`, `"ruleId": "decode-exec"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestScanOutputsAreSafe(t *testing.T) {
	for _, text := range hostiletest.Texts {
		t.Run(text.Name, func(t *testing.T) {
			s := scanned(text.Text)
			var b bytes.Buffer
			if err := report.ScanText(&b, s); err != nil {
				t.Fatal(err)
			}
			checkHostile(t, report.FormatText, b.String())
			b.Reset()
			if err := report.ScanSARIF(&b, s, "1"); err != nil {
				t.Fatal(err)
			}
			checkHostile(t, report.FormatSARIF, b.String())
			valid(t, sarifSchema(t), b.String())
			b.Reset()
			if err := report.JSON(&b, s); err != nil {
				t.Fatal(err)
			}
			checkHostile(t, report.FormatJSON, b.String())
		})
	}
}
