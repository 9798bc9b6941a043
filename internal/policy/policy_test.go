package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func input(fs ...finding.Finding) Input {
	return Input{
		Now: now, Registry: "main",
		Version:  artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "left-pad"}, Number: "1.4.0"},
		File:     &File{Name: "left_pad-1.4.0-py3-none-any.whl", Kind: artifact.Wheel, Size: 1, Uploaded: now.AddDate(0, 0, -30)},
		Findings: fs,
	}
}

func parse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse("company.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func evaluate(t *testing.T, p *Policy, in Input) []verdict.Reason {
	t.Helper()
	rs, err := p.Evaluate(in)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestDefaultChecksAndPassesItsExamples(t *testing.T) {
	if problems := Check(defaultYAML); len(problems) > 0 {
		t.Errorf("default.yaml: %v", problems)
	}
	results := Test(Default())
	if len(results) < 30 {
		t.Errorf("%d examples, want at least 30", len(results))
	}
	for _, r := range results {
		if !r.OK {
			t.Errorf("default.yaml:%d: %s: %s", r.Line, r.Rule, r.Text)
		}
	}
}

// TestDefaultVerdicts holds the default policy to its words, line by line.
func TestDefaultVerdicts(t *testing.T) {
	vuln := func(s finding.Severity, fixed ...string) finding.Finding {
		return finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: s, IDs: []string{"PYSEC-2020-35"}, Fixed: fixed}
	}
	of := func(c finding.Class, rule string) finding.Finding { return finding.Finding{Rule: rule, Class: c} }
	young, future, dateless, edge := input(), input(), input(), input()
	young.File.Uploaded = now.Add(-71 * time.Hour)
	edge.File.Uploaded = now.Add(-72 * time.Hour)
	future.File.Uploaded = now.Add(time.Hour)
	dateless.File.Uploaded = time.Time{}
	facts := input()
	facts.File = nil
	for _, tc := range []struct {
		name string
		in   Input
		want verdict.Verdict
		rule string
	}{
		{"nothing", input(), verdict.Admit, ""},
		{"version facts alone", facts, verdict.Admit, ""},
		{"malware", input(of(finding.Malware, "known-malware")), verdict.Reject, "known-malware"},
		{"origin", input(of(finding.Origin, "origin-changed")), verdict.Reject, "origin-trick"},
		{"integrity", input(of(finding.Integrity, "record-mismatch")), verdict.Reject, "integrity-mismatch"},
		{"critical, fixed", input(vuln(finding.Critical, "2")), verdict.Reject, "vulnerability-fixed"},
		{"high, fixed", input(vuln(finding.High, "2")), verdict.Reject, "vulnerability-fixed"},
		{"unknown, fixed", input(vuln(finding.Unknown, "2")), verdict.Reject, "vulnerability-fixed"},
		{"high, unfixed", input(vuln(finding.High)), verdict.Hold, "vulnerability-unfixed"},
		{"unknown, unfixed", input(vuln(finding.Unknown)), verdict.Hold, "vulnerability-unfixed"},
		{"medium", input(vuln(finding.Medium, "2")), verdict.Admit, "vulnerability-minor"},
		{"low", input(vuln(finding.Low)), verdict.Admit, "vulnerability-minor"},
		{"young", young, verdict.Hold, "file-too-young"},
		{"three days to the second", edge, verdict.Admit, ""},
		{"uploaded tomorrow", future, verdict.Hold, "file-too-young"},
		{"no date", dateless, verdict.Hold, "file-date-missing"},
		{"fault", input(of(finding.Fault, "archive-unreadable")), verdict.Hold, "unreadable"},
		{"a class nobody knows", input(of("new-class", "x")), verdict.Hold, "x"},
		{"no class", input(of("", "x")), verdict.Hold, "x"},
		{"added later", input(of(finding.Honesty, "file-added-later")), verdict.Hold, "file-added-later"},
		{"quarantine", input(of(finding.Yanked, "upstream-quarantined")), verdict.Hold, "upstream-quarantine"},
		{"yanked", input(of(finding.Yanked, "upstream-yanked")), verdict.Admit, "upstream-withdrew"},
		{"typosquat", input(of(finding.Name, "typosquat")), verdict.Admit, "lookalike-name"},
		{"licence", input(of(finding.Licence, "licence-unknown")), verdict.Admit, "licence"},
		{"native code", input(of(finding.Honesty, "native-code")), verdict.Admit, "native-code"},
		{"manifest", input(of(finding.Manifest, "manifest-index-option")), verdict.Admit, "manifest-index-option"},
		{"provenance", input(of(finding.Provenance, "provenance-regression")), verdict.Admit, "provenance-regression"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rs := evaluate(t, Default(), tc.in)
			if got := verdict.Sum(rs); got != tc.want {
				t.Errorf("got %s, want %s: %+v", got, tc.want, rs)
			}
			rule := ""
			for _, r := range rs {
				rule += r.Rule
			}
			if rule != tc.rule {
				t.Errorf("rules %q, want %q", rule, tc.rule)
			}
		})
	}
}

func TestReasonCarriesEverything(t *testing.T) {
	x := finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.Critical, Text: "left-pad 1.4.0 has PYSEC-2020-35", IDs: []string{"PYSEC-2020-35", "CVE-2020-9402"}, Fixed: []string{"2.2.11", "3.0.4"}}
	in := input(x)
	in.File.Uploaded = now.Add(-48 * time.Hour)
	rs := evaluate(t, Default(), in)
	if len(rs) != 2 {
		t.Fatalf("got %d reasons, want the finding's and the age: %+v", len(rs), rs)
	}
	r := rs[0]
	if r.Text != x.Text || r.Remedy != "Take a fixed version: 2.2.11, 3.0.4." || r.Finding != x.Fingerprint() || r.Source != x.Rule ||
		r.Severity != finding.Critical || !slices.Equal(r.IDs, x.IDs) || !slices.Equal(r.Fixed, x.Fixed) {
		t.Errorf("the finding's reason lost something: %+v", r)
	}
	age := rs[1]
	if want := now.Add(24 * time.Hour); !age.Until.Equal(want) {
		t.Errorf("until %s, want %s", age.Until, want)
	}
	if want := "left_pad-1.4.0-py3-none-any.whl was uploaded on 29 April 2026, 12:00 UTC; policy asks 3 days. It opens on 2 May 2026, 12:00 UTC."; age.Text != want {
		t.Errorf("got  %s\nwant %s", age.Text, want)
	}
	in.Now = in.Now.Add(time.Hour)
	if later := evaluate(t, Default(), in)[1]; later.Text != age.Text {
		t.Errorf("an hour later the same reason has another text, and so another decision id: %s", later.Text)
	}
}

func TestEvaluateNeedsATime(t *testing.T) {
	in := input()
	in.Now = time.Time{}
	if rs, err := Default().Evaluate(in); err == nil {
		t.Errorf("got %v, want an error", rs)
	}
}

func TestExtends(t *testing.T) {
	p := parse(t, `
version: 1
extends: default
disable: [licence]
settings:
  min_age: 14d
  team: platform
rules:
  - id: internal-mirror-is-trusted
    on: file
    class: age
    when: version.origin == "mirror"
    effect: admit
    why: "{version} comes from {settings.team}'s mirror"
  - id: lookalike-name
    on: finding
    class: name
    effect: hold
    why: "{finding.text}"
`)
	in := input(finding.Finding{Rule: "typosquat", Class: finding.Name}, finding.Finding{Rule: "licence-unknown", Class: finding.Licence})
	in.File.Uploaded = now.AddDate(0, 0, -10)
	var got []string
	for _, r := range evaluate(t, p, in) {
		got = append(got, fmt.Sprint(r.Rule, " ", r.Effect))
	}
	if want := []string{"lookalike-name hold", "licence-unknown note", "file-too-young hold"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	in.Origin, in.Findings = "mirror", nil
	rs := evaluate(t, p, in)
	if len(rs) != 1 || rs[0].Effect != verdict.EffectAdmit || rs[0].Text != "left-pad 1.4.0 comes from platform's mirror" {
		t.Errorf("an exemption before the rule must settle its class: %+v", rs)
	}
	ids := func(p *Policy) (out []string) {
		for _, r := range p.Rules() {
			out = append(out, r.ID)
		}
		return out
	}
	want := slices.DeleteFunc(ids(Default()), func(id string) bool { return id == "licence" })
	if got := ids(p); got[0] != "internal-mirror-is-trusted" || !slices.Equal(got[1:], want) {
		t.Errorf("order %v, want the own rule and then %v", got, want)
	}
	if p.Digest() == Default().Digest() {
		t.Error("another policy must have another digest")
	}
}

// TestNoRuleLoosensWhatNobodyWaives tries to get past the classes that are never
// waived with rules that name no class.
func TestNoRuleLoosensWhatNobodyWaives(t *testing.T) {
	for _, text := range []string{
		"version: 1\nextends: default\nrules: [{id: all, on: finding, when: 'true', effect: admit, why: x}]",
		"version: 1\nrules: [{id: all, on: finding, when: 'true', effect: note, why: x}]",
		"version: 1\nrules: [{id: nothing, on: version, class: age, when: 'false', effect: note, why: x}]",
		"version: 1\nrules: [{id: all, on: finding, when: 'true', effect: hold, why: x}]",
	} {
		p := parse(t, text)
		for class, want := range map[finding.Class]verdict.Verdict{
			finding.Malware: verdict.Reject, finding.Integrity: verdict.Reject, finding.Origin: verdict.Reject,
			finding.Fault: verdict.Hold, "": verdict.Hold, "other": verdict.Hold,
		} {
			if got := verdict.Sum(evaluate(t, p, input(finding.Finding{Rule: "x", Class: class}))); got != want {
				t.Errorf("%s\nclass %q: got %s, want %s", text, class, got, want)
			}
		}
	}
}

func TestOutsideTextIsMadeSafe(t *testing.T) {
	p := parse(t, `
version: 1
rules:
  - {id: yank, on: version, class: yanked, when: version.yanked, effect: hold, why: "yanked: {version.yanked_reason}"}
`)
	in := input()
	in.Yanked, in.YankedReason = true, "bad\x1b[31m\nred\u202e"
	got := evaluate(t, p, in)[0].Text
	if strings.ContainsAny(got, "\x1b\n\u202e") || !strings.HasPrefix(got, "yanked: bad") {
		t.Errorf("got %q", got)
	}
	unmatched := evaluate(t, Default(), input(finding.Finding{Rule: "native-code", Class: finding.Honesty, Text: "a\x1b[31m\nb"}))[0].Text
	if strings.ContainsAny(unmatched, "\x1b\n") {
		t.Errorf("a finding that no rule matched: got %q", unmatched)
	}
}

func TestEvaluationErrorsAreErrors(t *testing.T) {
	dateless := input()
	dateless.File.Uploaded = time.Time{}
	long := input(finding.Finding{Rule: "x", Class: finding.Name, IDs: slices.Repeat([]string{"a"}, 400)})
	for _, tc := range []struct {
		rule, why string
		in        Input
	}{
		{"{id: r, on: file, class: age, when: 'file.age < duration(\"24h\")', effect: admit, why: x}", "a date that is not there", dateless},
		{"{id: r, on: finding, when: 'finding.fixed[0] == \"1\"', effect: admit, why: x}", "an item that is not there", input(finding.Finding{Rule: "x", Class: finding.Name})},
		{"{id: r, on: finding, when: 'true', effect: admit, why: '{finding.fixed[0]}'}", "in the text", input(finding.Finding{Rule: "x", Class: finding.Name})},
		{"{id: r, on: finding, when: 'finding.ids.all(a, finding.ids.all(b, a == b))', effect: admit, why: x}", "too dear", long},
	} {
		p := parse(t, "version: 1\nrules: ["+tc.rule+"]")
		if rs, err := p.Evaluate(tc.in); err == nil || rs != nil {
			t.Errorf("%s: got %v, %v, want an error (%s)", tc.rule, rs, err, tc.why)
		} else if !strings.Contains(err.Error(), "evaluating policy rule r: ") {
			t.Errorf("error %q does not name the rule", err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	rule := func(s string) string { return "version: 1\nrules:\n  - " + s }
	for _, tc := range []struct{ text, want, why string }{
		{"", ":1: the file is empty", "nothing"},
		{"# nothing\n", ":1: the file is empty", "comments only"},
		{"version: 2\nextends: default", ":1: the policy must say `version: 1`", "another version"},
		{"version: 1\n", "no rules", "no rules"},
		{"version: 1\nextends: other", `:2: extends can only be default`, "unknown base"},
		{"version: 1\nextends: default\nrulez: []", `:3: unknown key "rulez"`, "misspelt key"},
		{"version: 1\nextends: default\nextends: default", `:3: "extends" stands twice`, "twice"},
		{"version: 1\n\trules: []", ":2: this is not YAML", "a tab"},
		{"version: 1\nextends: default\n---\nversion: 1", "one file holds one policy", "two documents"},
		{"version: 1\nextends: &a default\ndisable: [*a]", "anchors and aliases", "aliases"},
		{"version: 1\ndisable: [licence]\nextends: default\nsettings: {min_age: soon}", `:4: settings.min_age must be a duration such as 3d or 12h, not "soon"`, "kind of setting"},
		{"version: 1\nextends: default\nsettings: {reject_severity: hihg}", `settings.reject_severity must be a severity`, "misspelt severity"},
		{"version: 1\nextends: default\nsettings: {Min-Age: 3d}", "a setting's name", "name of setting"},
		{"version: 1\nextends: default\nsettings: {a: 2026-05-01 12:00:00}", "settings.a must be a time such as", "YAML's own looser times"},
		{"version: 1\nextends: default\nsettings: {a: }", "settings.a is empty", "empty setting"},
		{"version: 1\nextends: default\ndisable: [nope]", ":3: there is no default rule nope", "unknown id"},
		{"version: 1\ndisable: [licence]\nrules: [{id: a, on: version, class: age, when: 'true', effect: note, why: x}]", "disable needs `extends: default`", "nothing to disable"},
		{"version: 1\nextends: default\ndisable: [known-malware]", ":3: rule known-malware cannot be replaced or disabled", "malware stays"},
		{"version: 1\nextends: default\ndisable: [integrity-mismatch]", "integrity", "integrity stays"},
		{"version: 1\nextends: default\ndisable: [origin-trick]", "origin", "origin stays"},
		{"version: 1\nextends: default\ndisable: [unreadable]", "fault", "faults stay"},
		{"version: 1\nextends: default\nrules:\n  - {id: known-malware, on: finding, class: name, effect: note, why: x}", ":4: rule known-malware cannot be replaced", "nor replaced"},
		{rule("{id: a, on: finding, class: malware, effect: hold, why: x}"), ":3: effect hold is too weak", "loosening malware"},
		{rule("{id: a, on: finding, class: fault, effect: admit, why: x}"), "effect admit is too weak", "loosening faults"},
		{rule("{id: a, on: file, class: integrity, when: 'true', effect: admit, why: x}"), "effect admit is too weak", "for files too"},
		{rule("{id: A_b, on: version, class: age, when: 'true', effect: note, why: x}"), "a rule's id is", "id"},
		{rule("{id: a, on: package, class: age, when: 'true', effect: note, why: x}"), "on is finding, file or version", "on"},
		{rule("{id: a, on: version, when: 'true', effect: note, why: x}"), "class is missing", "class"},
		{rule("{id: a, on: version, class: aeg, when: 'true', effect: note, why: x}"), `class "aeg" is none of`, "misspelt class"},
		{rule("{id: a, on: version, class: age, effect: note, why: x}"), "when is missing", "when"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: warn, why: x}"), "effect is admit, reject, hold or note", "effect"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note}"), "why is missing", "why"},
		{rule("{id: a, on: version, class: age, when: '1 + 1', effect: note, why: x}"), `"1 + 1" is int, not bool`, "not a condition"},
		{rule("{id: a, on: version, class: age, when: 'version.nmae == \"\"', effect: note, why: x}"), "undefined field 'nmae'", "misspelt field"},
		{rule("{id: a, on: version, class: age, when: 'file.size > 1', effect: note, why: x}"), "undeclared reference to 'file'", "a version rule sees no file"},
		{rule("{id: a, on: version, class: age, when: 'now >', effect: note, why: x}"), "rule a: when: ", "syntax"},
		{rule("{id: a, on: version, class: age, when: 'settings.none > 1', effect: note, why: x}"), "undeclared reference to 'settings'", "unknown setting"},
		{rule("{id: a, on: version, class: age, when: 'version.name.matches(\"(\")', effect: note, why: x}"), "rule a: when: ", "bad pattern"},
		{rule("{id: a, on: version, class: age, when: 'now.getHours(\"Europe/Berlin\") > 1', effect: note, why: x}"), "rule a: when: ", "time zones are the machine's"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: '{version.nmae}'}"), "rule a: why: ", "misspelt field in a text"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: 'a } b'}"), "a } without its {", "brace"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: 'a { b'}"), "a { is not closed", "brace"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: x, until: '1'}"), "not timestamp", "until"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: x}\n  - {id: a, on: version, class: age, when: 'true', effect: note, why: x}"), ":4: rule a is already there, in line 3", "id twice"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: x, examples: {finds: [{fiel: {}}]}}"), `unknown key "fiel"`, "example key"},
		{rule("{id: a, on: version, class: age, when: 'true', effect: note, why: x, examples: {finds: [{finding: {}}]}}"), `unknown key "finding"`, "finding in a version rule"},
		{rule("{id: a, on: finding, class: age, effect: note, why: x, examples: {finds: [{now: 2026-05-01T12:00:00Z}]}}"), "needs a finding", "no finding"},
		{rule("{id: a, on: file, class: age, when: 'true', effect: note, why: x, examples: {finds: [{file: {age: x}}]}}"), "is not a duration", "age"},
		{strings.Repeat("a", maxFile+1), "larger than", "size"},
		{"version: 1\nname: \xff", "not UTF-8", "bytes"},
		{strings.Repeat("[", 20000), "this is not YAML", "depth"},
	} {
		p, err := Parse("company.yaml", []byte(tc.text))
		if err == nil {
			t.Errorf("Parse(%.200q) = %v, want an error with %q (%s)", tc.text, p.Explain(), tc.want, tc.why)
			continue
		}
		if !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "company.yaml:") {
			t.Errorf("Parse(%.200q): got %q, want %q at a line of company.yaml (%s)", tc.text, err, tc.want, tc.why)
		}
	}
}

func TestParseReportsAllProblemsInOrder(t *testing.T) {
	_, err := Parse("p", []byte("version: 1\nextends: default\nrules:\n  - {id: a, on: version, class: age, when: '1', effect: note, why: x}\n  - {id: b, on: version, class: age, when: 'x', effect: note, why: x}"))
	if err == nil {
		t.Fatal("want an error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "p:4: ") || !strings.HasPrefix(lines[1], "p:5: ") {
		t.Errorf("got %q, want one problem in line 4 and one in line 5", lines)
	}
}

func TestCheckAsksForExamples(t *testing.T) {
	rule := "version: 1\nextends: default\nrules:\n  - id: sdist\n    on: file\n    class: honesty\n    when: file.kind == 'sdist'\n    effect: hold\n    why: x\n"
	for _, tc := range []struct {
		text string
		want int
		why  string
	}{
		{rule, 2, "no examples"},
		{rule + "    examples: {finds: [{file: {kind: sdist}}]}", 1, "no counter-example"},
		{rule + "    examples: {finds: [{file: {kind: sdist}}], spares: [{file: {kind: wheel}}]}", 0, "both"},
	} {
		if got := Check([]byte(tc.text)); len(got) != tc.want {
			t.Errorf("got %v, want %d problems (%s)", got, tc.want, tc.why)
		}
	}
}

func TestTestFindsWrongExamples(t *testing.T) {
	p := parse(t, `
version: 1
extends: default
rules:
  - id: sdist
    on: file
    class: honesty
    when: file.kind == "sdist"
    effect: hold
    why: "{file} is an sdist"
    examples:
      finds:
        - file: {kind: sdist}
        - file: {kind: wheel}
        - {file: {kind: sdist}, verdict: reject}
      spares:
        - file: {kind: sdist}
        - {file: {kind: wheel, age: 1h}, verdict: hold}
`)
	var got []string
	for _, r := range Test(p) {
		got = append(got, fmt.Sprintf("%d %v %s", r.Line, r.OK, r.Text))
	}
	want := []string{
		"13 true hold: left_pad-1.4.0-py3-none-any.whl is an sdist",
		"14 false must be found, but the rule does not match",
		"15 false the whole policy must say reject, but says hold",
		"17 false must be spared, but the rule says: left_pad-1.4.0-py3-none-any.whl is an sdist",
		"18 true spared",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLicenceFunctions(t *testing.T) {
	p := parse(t, `
version: 1
settings:
  denied: [GPL-*, AGPL-3.0]
  allowed: [MIT, BSD-*]
rules:
  - {id: denied, on: version, class: licence, when: "licence_denied(version.licence, settings.denied)", effect: reject, why: "{version.licence}"}
  - {id: not-allowed, on: version, class: licence, when: "!licence_allowed(version.licence, settings.allowed)", effect: hold, why: "{version.licence}"}
`)
	for licence, want := range map[string]verdict.Verdict{
		"MIT": verdict.Admit, "MIT OR GPL-3.0-only": verdict.Admit, "GPL-3.0-only": verdict.Reject,
		"MIT AND AGPL-3.0-or-later": verdict.Reject, "Apache-2.0": verdict.Hold, "": verdict.Hold, "ask me": verdict.Hold,
	} {
		in := input()
		in.Licence = licence
		if got := verdict.Sum(evaluate(t, p, in)); got != want {
			t.Errorf("%q: got %s, want %s", licence, got, want)
		}
	}
}

func TestDigestIgnoresCommentsAndExamples(t *testing.T) {
	a := parse(t, "version: 1\nextends: default\n")
	b := parse(t, "# a comment\nversion: 1\nextends: default\n")
	if a.Digest() != b.Digest() || a.Digest() != Default().Digest() {
		t.Error("the same rules must have the same digest")
	}
	c := parse(t, "version: 1\nextends: default\nsettings: {min_age: 4d}")
	if a.Digest() == c.Digest() {
		t.Error("another setting must give another digest")
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{"3d": 72 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0d": 0} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "3", "d", "-3d", "-1h", "3d-1h", "999999d", "3 days", "1h1d"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func TestDurationWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		72 * time.Hour: "3 days", 24 * time.Hour: "1 day", 36 * time.Hour: "36 hours", 61 * time.Minute: "1 hour",
		90 * time.Second: "1 minute", 0: "0 minutes", 49 * time.Hour: "2 days",
	} {
		if got := durationWords(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestExplainListsEveryRule(t *testing.T) {
	table := Default().Explain()
	for _, r := range Default().Rules() {
		if !strings.Contains(table, r.ID) {
			t.Errorf("%s is missing in\n%s", r.ID, table)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	p, want := Default(), evaluate(t, Default(), thirty())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := p.Evaluate(thirty())
				if err != nil || len(got) != len(want) || got[7].Text != want[7].Text {
					t.Errorf("got %v, %v", got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// thirty is a version with thirty findings of the usual mix.
func thirty() Input {
	var fs []finding.Finding
	for i := range 30 {
		x := finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.Severity(i % 6), Text: "left-pad 1.4.0 has an advisory", IDs: []string{fmt.Sprintf("PYSEC-2026-%d", i)}, Fixed: []string{"2.0.0"}}
		switch i % 5 {
		case 1:
			x.Fixed = nil
		case 2:
			x.Rule, x.Class = "native-code", finding.Honesty
		case 3:
			x.Rule, x.Class = "licence-unknown", finding.Licence
		}
		fs = append(fs, x)
	}
	return input(fs...)
}

func BenchmarkEvaluate(b *testing.B) {
	for _, bc := range []struct {
		name string
		in   Input
	}{{"none", input()}, {"findings=30", thirty()}} {
		b.Run(bc.name, func(b *testing.B) {
			p := Default()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Evaluate(bc.in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(max(1, len(bc.in.Findings))), "µs/finding")
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(defaultYAML)
	f.Add([]byte("version: 1\nextends: default\nsettings: {min_age: 3d, list: [a, b]}\n"))
	f.Add([]byte("version: 1\nrules:\n  - {id: a, on: finding, when: 'finding.ids.exists(i, i == \"x\")', effect: note, why: '{{{now}}}'}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse("fuzz", b)
		if err != nil {
			return
		}
		Test(p)
		rs, err := p.Evaluate(input(finding.Finding{Rule: "x", Class: finding.Malware}))
		if err == nil && verdict.Sum(rs) != verdict.Reject {
			t.Errorf("malware was let in by\n%s", b)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("default.yaml", defaultYAML); err != nil {
			b.Fatal(err)
		}
	}
}
