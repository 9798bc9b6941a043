package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files")

const reqs = "requirements.txt"

// version makes the outcome of one version; reasons decide its verdict.
func version(name, number string, line int, rs ...verdict.Reason) verdict.VersionOutcome {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number}
	return verdict.VersionOutcome{
		Version: v, Purl: v.Purl(), Verdict: verdict.Sum(rs), Direct: true, New: true, Reasons: rs,
		File: reqs, Line: line, Asked: name + "==" + number,
	}
}

func below(v verdict.VersionOutcome, asked string, via ...string) verdict.VersionOutcome {
	v.Direct, v.Asked, v.Via = false, asked, via
	return v
}

func good(n int) []verdict.VersionOutcome {
	var out []verdict.VersionOutcome
	for i := range n {
		out = append(out, version(fmt.Sprintf("good%d", i), "1.0", 20+i))
	}
	return out
}

func hole(id string, s finding.Severity) verdict.Reason {
	return verdict.Reason{Rule: "vulnerability-fixed", Class: finding.Vulnerability, Effect: verdict.EffectReject, IDs: []string{id}, Fixed: []string{"2.2.28"},
		Severity: s, Text: "a hole: " + id, Remedy: "Take a fixed version: 2.2.28."}
}

func holes(n int, s finding.Severity) []verdict.Reason {
	var out []verdict.Reason
	for i := range n {
		out = append(out, hole(fmt.Sprintf("PYSEC-2020-%d", 35+i), s))
	}
	return out
}

func young() verdict.Reason {
	return verdict.Reason{Rule: "file-too-young", Class: finding.Age, Effect: verdict.EffectHold, Until: time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC),
		Text: "left_pad-1.4.0-py3-none-any.whl was uploaded on 3 May 2026, 09:00 UTC; policy asks 3 days. It opens on 6 May 2026, 09:00 UTC.", Remedy: "Wait, take an older version, or ask for an approval."}
}

func remedy(line int, text, command string) *verdict.Remedy {
	return &verdict.Remedy{File: reqs, Line: line, Text: text, Command: command, Proved: command != ""}
}

func outcome(vs ...verdict.VersionOutcome) verdict.Outcome {
	o := verdict.Outcome{Request: "r8f3a", Status: verdict.Done, DecisionURL: "http://127.0.0.1:8484/d/r8f3a", Versions: vs, Took: 2100, Verdict: verdict.Admit}
	for _, v := range vs {
		o.Verdict = verdict.Worse(o.Verdict, v.Verdict)
	}
	return o
}

func with(o verdict.Outcome, ps ...verdict.Problem) verdict.Outcome {
	o.Problems = ps
	for _, p := range ps {
		o.Verdict = verdict.Worse(o.Verdict, verdict.Sum([]verdict.Reason{{Effect: p.Effect}}))
		if p.Fatal {
			o.Status = verdict.Failed
		}
	}
	return o
}

func goldens() map[string]verdict.Outcome {
	const fix = "gatehouse admit --fix requirements.txt"
	django := version("django", "2.2.0", 3, append([]verdict.Reason{hole("PYSEC-2020-35", finding.Critical), hole("PYSEC-2019-16", finding.Critical)}, holes(12, finding.High)...)...)
	django.Asked, django.Remedy = "Django==2.2.0", remedy(3, "change to: Django==2.2.28", fix)
	unknown := version("old", "1.0", 4, holes(28, finding.Unknown)...)
	unknown.Remedy = remedy(4, "change to: old==1.9", fix)
	one := version("single", "1.0", 5, hole("GHSA-aaaa-bbbb-cccc", finding.High))
	padded := version("left-pad", "1.4.0", 7, young())
	padded.Until = &padded.Reasons[0].Until
	malware := verdict.Reason{Rule: "known-malware", Class: finding.Malware, Effect: verdict.EffectReject, IDs: []string{"MAL-2026-1"}, Severity: finding.Critical,
		Text: "known malware: MAL-2026-1", Remedy: "Do not install it. If it is in use anywhere, treat those machines' secrets as stolen and rotate them."}
	note := verdict.Reason{Rule: "lookalike-name", Class: finding.Name, Effect: verdict.EffectNote, Text: "reqeusts looks like requests"}
	appAsked := "app==1.0"
	low, mid := below(version("low", "0.3", 9, malware), appAsked, "pkg:pypi/app", "pkg:pypi/mid"), below(version("mid", "2.0", 9, hole("PYSEC-2026-7", finding.Medium)), appAsked, "pkg:pypi/app")
	low.Remedy, mid.Remedy = remedy(9, "change to: app==1.2", fix), remedy(9, "change to: app==1.2", fix)
	other := version("other", "1.0", 2, hole("PYSEC-2026-8", finding.High))
	other.File = "services/api/requirements-dev.txt"
	locked := version("bad", "1.0", 40, hole("PYSEC-2026-9", finding.High))
	locked.File, locked.Asked, locked.Remedy = "uv.lock", "", &verdict.Remedy{Text: "run: uv lock --upgrade-package bad==1.3", Command: "uv lock --upgrade-package bad==1.3"}
	hashed := version("bad", "1.0", 4, hole("PYSEC-2026-9", finding.High))
	hashed.Remedy = remedy(4, "change to: bad==1.3 (the hashes of bad belonged to the old version and were removed; pip demands one of every requirement in a file that has any)", "")
	conflict := verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectHold, File: reqs, Line: 2,
		Text: "no versions satisfy every line:\n  flask 3.0 needs werkzeug>=3.0\n  line 2 asks for werkzeug<2, which no version of flask that the other lines allow can be used with\nLoosen line 2, or pin an older flask."}
	index := verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectReject, File: reqs, Line: 1, Text: "--extra-index-url http://other.invalid/simple: the gate follows no index that a manifest names; remove the line and let the gate be the index"}
	var many []verdict.VersionOutcome
	for i := range 40 {
		v := version(fmt.Sprintf("bad%d", i), "1.0", i+1, holes(3, finding.High)...)
		v.Remedy = remedy(i+1, fmt.Sprintf("change to: bad%d==1.1", i), fix)
		many = append(many, v)
	}
	hostile := "evil\x1b[31m\u202ename\nREJECT  everything\t" + strings.Repeat("w", 200)
	evil := version("evil", "1.0", 3, verdict.Reason{Rule: "r", Class: finding.Honesty, Effect: verdict.EffectHold, Text: hostile, Remedy: hostile})
	evil.Asked, evil.File = hostile, "dir\x1b]0;title\x07/"+strings.Repeat("long", 40)+"/requirements.txt"
	purl := version("django", "2.2.0", 0, hole("PYSEC-2020-35", finding.Critical))
	purl.File, purl.Asked = "pkg:pypi/django@2.2.0", "pkg:pypi/django@2.2.0"
	noted := version("reqeusts", "1.0", 3, note)
	// What a registry that only observes hands out keeps the reasons against it.
	observed, observedHold := django, padded
	observed.Verdict, observed.Remedy, observedHold.Verdict = verdict.Admit, nil, verdict.Admit
	mostlyKnown := version("old", "1.0", 4, slices.Concat(holes(20, finding.Unknown), holes(3, finding.Critical), holes(5, finding.Low))...)
	second := good(9)
	for i := range second {
		second[i].New = false
	}
	failed := with(outcome(), verdict.Problem{Class: finding.Fault, Effect: verdict.EffectHold, Fatal: true, File: reqs, Text: "the upstream cannot be reached: dial tcp 127.0.0.1:1: connection refused"})
	failed.Took = 30
	return map[string]verdict.Outcome{
		"admit": outcome(good(9)...), "nothing-new": outcome(second...), "empty": outcome(), "reject": outcome(append([]verdict.VersionOutcome{django}, good(8)...)...),
		"hold": outcome(append([]verdict.VersionOutcome{padded}, good(2)...)...), "mixed": outcome(append([]verdict.VersionOutcome{django, unknown, one, padded}, good(3)...)...),
		"transitive": outcome(append([]verdict.VersionOutcome{mid, low}, good(1)...)...), "several-files": outcome(append([]verdict.VersionOutcome{django, other}, good(1)...)...),
		"lock": outcome(locked), "hashed": outcome(hashed), "conflict": with(outcome(), conflict), "problems": with(outcome(good(2)...), index, verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectNote, File: reqs, Line: 5, Text: "--trusted-host is not needed"}),
		"bare":   outcome(verdict.VersionOutcome{Purl: "pkg:pypi/a@1", Until: &padded.Reasons[0].Until}, verdict.VersionOutcome{Purl: "no purl", Verdict: verdict.Reject, Reasons: []verdict.Reason{{}}}),
		"failed": failed, "too-many": outcome(many...), "hostile": outcome(evil), "purl": outcome(purl), "notes": outcome(noted), "malware": outcome(version("low", "0.3", 1, malware)),
		"observing": outcome(append([]verdict.VersionOutcome{observed}, good(8)...)...), "observing-both": outcome(append([]verdict.VersionOutcome{observed, observedHold}, good(8)...)...),
		"observing-malware": outcome(version("low", "0.3", 1, malware), observed), "known-severities": outcome(mostlyKnown),
	}
}

func TestTextGolden(t *testing.T) {
	for name, o := range goldens() {
		for suffix, opt := range map[string]report.TextOptions{"": {}, "-all": {All: true}} {
			if suffix != "" && !slices.Contains([]string{"mixed", "notes", "observing"}, name) {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				var b bytes.Buffer
				if err := report.Text(&b, o, opt); err != nil {
					t.Fatal(err)
				}
				golden(t, name+suffix+".golden", b.Bytes())
			})
		}
	}
}

// Whoever pushes, or reads an adoption, has no --all to add.
func TestTextSpeaksOfNoFlagThatIsNotThere(t *testing.T) {
	for name, o := range goldens() {
		var b bytes.Buffer
		if err := report.Text(&b, o, report.TextOptions{NoAll: true}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "--all") {
			t.Errorf("%s: %s", name, &b)
		}
		if name == "notes" && !strings.Contains(b.String(), "1 note") {
			t.Errorf("the note is not counted:\n%s", &b)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// "at most 25 lines and 80 columns beside git's remote:", whatever comes in.
func TestTextFitsAnyTerminal(t *testing.T) {
	for name, o := range goldens() {
		for _, opt := range []report.TextOptions{{}, {Lines: 5}, {Lines: 1, Width: 1}, {Lines: 60}, {Width: 40}, {Width: 120}} {
			var b bytes.Buffer
			if err := report.Text(&b, o, opt); err != nil {
				t.Fatal(err)
			}
			lines, columns := max(opt.Lines, 5), max(opt.Width, 40)
			if opt.Lines == 0 {
				lines = 25
			}
			if opt.Width == 0 {
				columns = 80
			}
			got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if len(got) > lines {
				t.Errorf("%s %+v: %d lines", name, opt, len(got))
			}
			for _, l := range got {
				if n := len([]rune(l)); n > columns && !strings.Contains(l, "gatehouse ") && !strings.Contains(l, "uv lock") && !strings.Contains(l, "http://127.0.0.1") && l != got[0] {
					t.Errorf("%s %+v: %d columns: %s", name, opt, n, l)
				}
				if columns >= 80 && len([]rune(l)) > columns {
					t.Errorf("%s %+v: %d columns: %s", name, opt, len([]rune(l)), l)
				}
				if strings.TrimRight(l, " ") != l || strings.ContainsFunc(l, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%s %+v: line %q", name, opt, l)
				}
			}
			word := strings.ToUpper(o.Verdict.String())
			if o.Status == verdict.Failed {
				word = "NO ANSWER"
			}
			if !strings.HasPrefix(got[0], word) {
				t.Errorf("%s: the first line is %q, want the verdict %s", name, got[0], word)
			}
		}
	}
}

// An outcome that went through JSON (a store, a server) reads the same.
func TestTextAfterJSONReadsTheSame(t *testing.T) {
	for name, o := range goldens() {
		if name == "hostile" {
			continue // its names are not JSON's to keep
		}
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var again verdict.Outcome
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		var one, two bytes.Buffer
		if err := report.Text(&one, o, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := report.Text(&two, again, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if one.String() != two.String() {
			t.Errorf("%s: before\n%s\nafter\n%s", name, &one, &two)
		}
	}
}

// The keys are a contract: scripts are written against them.
func TestJSONShapes(t *testing.T) {
	for name, o := range goldens() {
		var b bytes.Buffer
		if err := report.JSON(&b, o); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "null") && !onlyNull(b.String(), "until", "remedy") {
			t.Errorf("%s: null in\n%s", name, &b)
		}
		var top map[string]any
		if err := json.Unmarshal(b.Bytes(), &top); err != nil {
			t.Fatal(err)
		}
		has(t, name, top, "request", "verdict", "decision_url", "problems", "versions")
		for _, p := range top["problems"].([]any) {
			has(t, name+" problem", p.(map[string]any), "class", "text", "file", "line")
		}
		for _, v := range top["versions"].([]any) {
			v := v.(map[string]any)
			has(t, name+" version", v, "purl", "verdict", "direct", "via", "until", "remedy", "reasons", "files")
			for _, r := range v["reasons"].([]any) {
				has(t, name+" reason", r.(map[string]any), "rule", "class", "effect", "ids", "fixed", "severity", "text", "file", "line")
			}
		}
	}
	var b bytes.Buffer
	o := outcome(version("a", "1", 1))
	o.Versions[0].Files = []verdict.FileOutcome{{Name: "a-1.whl", SHA256: artifact.DigestOf(nil), Size: 3}}
	if err := report.JSON(&b, o); err != nil {
		t.Fatal(err)
	}
	golden(t, "outcome.json.golden", b.Bytes())
}

func has(t *testing.T, where string, m map[string]any, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if _, ok := m[k]; !ok {
			t.Errorf("%s: no key %q in %v", where, k, m)
		}
	}
}

func onlyNull(s string, keys ...string) bool {
	for _, k := range keys {
		s = strings.ReplaceAll(s, `"`+k+`": null`, "")
	}
	return !strings.Contains(s, ": null")
}

func TestAuditText(t *testing.T) {
	a := report.Audit{
		Packages: []report.AuditedPackage{
			{Purl: "pkg:pypi/django@2.2.0", File: reqs, Line: 3, Advisories: []report.AuditedAdvisory{
				{ID: "PYSEC-2020-35", Aliases: []string{"CVE-2020-9402"}, Severity: finding.Critical, Fixed: []string{"2.2.11", "3.0.4", "4.0", "5.0", "6.0.1", "7.0.0", "8.0.0", "9.0.0"}, Summary: "A hole \x1b[31m in " + strings.Repeat("long words ", 20)},
				{ID: "PYSEC-2020-36", Severity: finding.Unknown},
			}},
			{Purl: "pkg:pypi/bad@1", File: reqs, Line: 4, Advisories: []report.AuditedAdvisory{{ID: "MAL-2026-1", Severity: finding.Critical, Malware: true}}},
			{Purl: "pkg:pypi/loose", File: reqs, Line: 5, NotLookedAt: "no exact version"},
		},
		Problems: []verdict.Problem{{File: reqs, Line: 9, Text: "an editable line is not followed\x1b[0m"}},
	}
	var b bytes.Buffer
	if err := report.AuditText(&b, a); err != nil {
		t.Fatal(err)
	}
	golden(t, "audit.golden", b.Bytes())
	for _, l := range strings.Split(b.String(), "\n") {
		if len([]rune(l)) > 80 || strings.ContainsFunc(l, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("line %q", l)
		}
	}
	b.Reset()
	if err := report.AuditText(&b, report.Audit{Packages: []report.AuditedPackage{{Purl: "pkg:pypi/a@1"}}}); err != nil || b.String() != "0 advisories in 0 of 1 package\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
