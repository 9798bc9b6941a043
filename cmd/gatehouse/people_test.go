package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// commandLine types commands into a world of its own, with the example
// advisories.
func commandLine(t *testing.T) func(want int, args ...string) (out, err string) {
	t.Helper()
	dir := t.TempDir()
	file, err := ownWorld(t, dir, exampleIndex(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_CONFIG", file)
	t.Setenv("GATEHOUSE_DATA", filepath.Join(dir, "data"))
	typed := typer(t)
	typed(exitAdmit, "advisories", "sync")
	return typed
}

func typer(t *testing.T) func(want int, args ...string) (out, err string) {
	return func(want int, args ...string) (string, string) {
		t.Helper()
		var out, err bytes.Buffer
		if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &err}); code != want {
			t.Fatalf("%q: exit %d, want %d\n%s%s", args, code, want, &out, &err)
		}
		return out.String(), err.String()
	}
}

// contains wants texts in an answer, and with "!" in front not.
func contains(t *testing.T, answer string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if not, banned := strings.CutPrefix(s, "!"); banned == strings.Contains(answer, not) {
			t.Errorf("want %q in\n%s", s, answer)
		}
	}
}

func TestARejectIsAnsweredWithAWaiver(t *testing.T) {
	typed := commandLine(t)
	out, _ := typed(exitReject, "admit", "--format", "json", "pkg:pypi/django@2.2.0")
	var o verdict.Outcome
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{o.Request, o.Versions[0].Decision} {
		asked, _ := typed(exitAdmit, "ask", object, "--reason", "not before Friday")
		contains(t, asked, "; an approver answers with:\n  gatehouse waive pkg:pypi/django@2.2", " --rule vulnerability-fixed --until DATE --reason", "!gatehouse approve")
	}
	open, _ := typed(exitAdmit, "requests", "--open")
	contains(t, open, "not before Friday")
	typed(exitAdmit, "waive", "pkg:pypi/django@2.2", "--rule", "vulnerability-fixed", "--until", soon(), "--reason", "not reachable")
	open, _ = typed(exitAdmit, "requests", "--open")
	contains(t, open, "nobody asks for anything")

	out, _ = typed(exitAdmit, "explain", "pkg:pypi/django@2.2.0")
	contains(t, out, "pkg:pypi/django@2.2 in registry main", "in force")
}

func TestAnswersFitTheVerdict(t *testing.T) {
	reject := verdict.Reason{Rule: "vulnerability-fixed", Class: finding.Vulnerability, Effect: verdict.EffectReject}
	malware := verdict.Reason{Rule: "known-malware", Class: finding.Malware, Effect: verdict.EffectReject, Text: "bad: MAL-1"}
	young := verdict.Reason{Rule: "file-too-young", Class: finding.Age, Effect: verdict.EffectHold}
	version := func(name string, rs ...verdict.Reason) verdict.VersionOutcome {
		return verdict.VersionOutcome{Purl: "pkg:pypi/" + name + "@1", Verdict: verdict.Sum(rs), Reasons: rs}
	}
	for _, tc := range []struct {
		why      string
		versions []verdict.VersionOutcome
		want     []string
	}{
		{"a hold is approved", []verdict.VersionOutcome{version("a", young)}, []string{"gatehouse approve a1 --reason", "!waive"}},
		{"a reject is waived, each rule once", []verdict.VersionOutcome{version("a", reject, reject)}, []string{"gatehouse waive pkg:pypi/a@1 --rule vulnerability-fixed --until DATE --reason \"...\" --registry lab", "!approve "}},
		{"both", []verdict.VersionOutcome{version("a", reject), version("b", young)}, []string{"gatehouse approve a1", "gatehouse waive pkg:pypi/a@1"}},
		{"malware stays out", []verdict.VersionOutcome{version("a", malware)}, []string{"nobody can waive known-malware of pkg:pypi/a@1: bad: MAL-1", "!gatehouse", "!an approver"}},
		{"what is admitted needs nothing", []verdict.VersionOutcome{version("a", young), version("ok")}, []string{"!pkg:pypi/ok"}},
	} {
		s := outcomeOnly{out: verdict.Outcome{Versions: tc.versions}}
		t.Run(tc.why, func(t *testing.T) {
			contains(t, strings.Join(answers(t.Context(), s, gate.Ask{ID: "a1", Decision: "r1", Registry: "lab"}), "\n"), tc.want...)
		})
	}
}

func TestWaiveNamesAllThatIsMissing(t *testing.T) {
	typed := commandLine(t)
	_, err := typed(exitFault, "waive", "pkg:pypi/django@2.2")
	contains(t, err, "--reason TEXT, --rule ID, --until DATE", "such as:\n  gatehouse waive pkg:pypi/")
	_, err = typed(exitFault, "waive", "pkg:pypi/django@2.2", "--rule", "vulnerability-fixed", "--reason", "r")
	contains(t, err, "needs --until DATE, such as")
}

func TestExplainSaysHowToNameAVersion(t *testing.T) {
	typed := commandLine(t)
	for arg, want := range map[string]string{
		"django":            "write:  gatehouse explain pkg:pypi/django@VERSION\n",
		"django==2.2.0":     "write:  gatehouse explain pkg:pypi/django@2.2.0\n",
		"pkg:pypi/django@9": "django has no version 9, here or upstream",
	} {
		_, err := typed(exitFault, "explain", arg)
		contains(t, err, want)
	}
}

func TestRevokeSaysOnceThatNothingIsThere(t *testing.T) {
	typed := commandLine(t)
	_, err := typed(exitFault, "revoke", "w000")
	contains(t, err, "no waiver and no approval has that id", "!not found: not found")
}

func TestAnObservingRegistrySaysWhatItWouldRefuse(t *testing.T) {
	typed := commandLine(t)
	f, err := os.OpenFile(os.Getenv("GATEHOUSE_CONFIG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("registries: {main: {enforce: observe}}\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, _ := typed(exitAdmit, "admit", "pkg:pypi/django@2.2.0")
	contains(t, out, "ADMIT  ", "(observing: 1 would be refused)", "would be refused: 5 advisories")
}

// A waiver ends with the day that was named, and every place that shows its end
// shows that day.
func TestAWaiverEndsWithTheDayThatWasNamed(t *testing.T) {
	end, err := parseDate("2026-12-31")
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC); !end.Equal(want) {
		t.Errorf("it ends at %s, want %s", end, want)
	}
}
