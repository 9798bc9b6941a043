package gate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// behaveRules are rules of behaviour that a test changes: each matches facts of one
// kind, with the severity of what it finds.
type behaveRules struct {
	mu    sync.Mutex
	rules map[string]finding.Severity // by kind of fact
	asked int
	wait  chan struct{} // when not nil, whoever asks waits until it is closed
}

func (b *behaveRules) set(kind string, s finding.Severity) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = maps.Clone(b.rules)
	b.rules[kind] = s
}

func (b *behaveRules) Digest() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.rules)
}

func (b *behaveRules) Behaviour(files []code.File) scan.Behaviour {
	b.mu.Lock()
	b.asked++
	rules, wait := b.rules, b.wait
	b.mu.Unlock()
	if wait != nil {
		<-wait
	}
	out := scan.Behaviour{}
	for _, f := range files {
		for _, x := range f.Facts.Facts {
			kind := string(x.Kind)
			out.Capabilities = append(out.Capabilities, scan.Capability{Word: kind, Path: f.Path, Line: x.Line})
			if s, ok := rules[kind]; ok {
				out.Matches = append(out.Matches, scan.Match{Rule: kind + "-rule", Severity: s, Path: f.Path, Line: x.Line,
					Facts: []string{kind}, Places: []string{fmt.Sprint(f.Path, ":", x.Line)}, Text: "it does " + kind})
			}
		}
	}
	return out
}

// behaveCheck says what is new in a version since what it is compared with.
type behaveCheck struct{ *behaveRules }

func (behaveCheck) Name() string       { return "malware" }
func (c behaveCheck) Revision() string { return c.Digest() }
func (behaveCheck) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	var out []finding.Finding
	for _, file := range slices.Sorted(maps.Keys(t.Behaviours)) {
		for _, m := range t.Behaviours[file].Matches {
			if had(t.Baseline, m) && (t.Drift == nil || had(t.Drift, m)) {
				continue
			}
			out = append(out, finding.Finding{Rule: m.Rule, Class: finding.Behaviour, Severity: m.Severity, File: file, Path: m.Path, Line: m.Line, Text: m.Text, Facts: m.Facts})
		}
	}
	return out, nil
}

func had(b *scan.Baseline, m scan.Match) bool {
	if b == nil || b.Waived[m.Rule] {
		return false
	}
	for _, have := range b.Behaviours {
		for _, old := range have.Matches {
			if old.Rule == m.Rule && slices.Equal(old.Facts, m.Facts) {
				return true
			}
		}
	}
	return false
}

// behaving is a world with rules: "fetch" is a note, "exec" holds, "steal" rejects.
func behaving(t testing.TB, lines ...string) (*world, *behaveRules) {
	w := newWorld(t, lines...)
	rules := &behaveRules{rules: map[string]finding.Severity{"fetch": finding.Low, "exec": finding.High, "steal": finding.Critical}}
	w.Behave = rules
	w.Checks = append(w.Checks, behaveCheck{rules})
	t.Cleanup(w.Close)
	return w, rules
}

func wheelOf(version string) string {
	name, number, _ := strings.Cut(version, " ")
	return name + "-" + number + "-py3-none-any.whl"
}

func (w *world) does(version string, words ...string) { w.look.does(wheelOf(version), words...) }

// admits asks for a version and says what came of it, with the rules that spoke.
func (w *world) admits(version string) string {
	w.t.Helper()
	out := w.admit(purls(vers(version).Purl()))
	o := outcomeOf(w.t, out, version)
	return strings.TrimSpace(o.Verdict.String() + " " + strings.Join(blocking(o.Reasons), " "))
}

func (w *world) stands(version string) string {
	w.t.Helper()
	d := w.decision(wheelOf(version))
	return strings.TrimSpace(d.Verdict.String() + " " + strings.Join(blocking(d.Reasons), " "))
}

func blocking(rs []verdict.Reason) []string {
	var out []string
	for _, r := range rs {
		if r.Effect == verdict.EffectHold || r.Effect == verdict.EffectReject {
			out = append(out, r.Source)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestBehaviourIsDecided(t *testing.T) {
	w, _ := behaving(t, "demo 1", "note 1", "odd 1", "bad 1")
	w.does("note 1", "fetch")
	w.does("odd 1", "exec")
	w.does("bad 1", "steal")
	for version, says := range map[string]string{"demo 1": "admit", "note 1": "admit", "odd 1": "hold exec-rule", "bad 1": "reject steal-rule"} {
		want(t, version, w.admits(version), says)
	}
}

func TestDifferenceFromTheVersionBefore(t *testing.T) {
	w, _ := behaving(t, "demo 1.0", "demo 1.1", "demo 1.10", "demo 1.9", "demo 2")
	w.does("demo 1.0", "exec")
	w.does("demo 1.1", "exec")
	w.does("demo 1.9", "exec", "fetch")
	w.does("demo 1.10", "exec", "fetch")
	w.does("demo 2", "exec", "steal")
	want(t, "the first one", w.admits("demo 1.0"), "hold exec-rule")
	want(t, "the same in the next version, which nobody vetted", w.admits("demo 1.1"), "hold exec-rule")
	w.approve("demo 1.0")
	want(t, "1.0, approved", w.admits("demo 1.0"), "admit")
	want(t, "1.1, after 1.0 was approved", w.admits("demo 1.1"), "admit")
	want(t, "1.10 against 1.1", w.admits("demo 1.10"), "admit")
	d := w.decision(wheelOf("demo 1.10"))
	if !strings.HasPrefix(d.Inputs.Baseline, "1.1@") {
		t.Errorf("1.10 records the baseline %q, want 1.1", d.Inputs.Baseline)
	}
	want(t, "1.9, which comes before 1.10", w.admits("demo 1.9"), "admit")
	if d := w.decision(wheelOf("demo 1.10")); !strings.HasPrefix(d.Inputs.Baseline, "1.9@") {
		t.Errorf("1.10 records the baseline %q once 1.9 is admitted, want 1.9", d.Inputs.Baseline)
	}
	want(t, "something new", w.admits("demo 2"), "reject steal-rule")
}

func (w *world) approve(version string) {
	w.t.Helper()
	if _, err := w.Approve(w.t.Context(), w.decision(wheelOf(version)).ID, "looked at it", "bob"); err != nil {
		w.t.Fatalf("approving %s: %v", version, err)
	}
}

// TestDifferenceLaundering: what vouched for a version and is taken back vouches no
// more, and never again.
func TestDifferenceLaundering(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2", "demo 3")
	for _, v := range []string{"demo 1", "demo 2", "demo 3"} {
		w.does(v, "exec")
	}
	w.admits("demo 1")
	w.approve("demo 1")
	w.admits("demo 1")
	want(t, "2 after 1", w.admits("demo 2"), "admit")
	w.malware("MAL-1", "demo 1")
	want(t, "2, once 1 is known malware", w.stands("demo 2"), "hold exec-rule")
	want(t, "3 has nothing to be compared with", w.admits("demo 3"), "hold exec-rule")

	w.known.forget("demo", "1")
	w.newSnapshot()
	want(t, "1, when it was a mistake", w.admits("demo 1"), "admit")
	want(t, "2, though 1 is admitted again", w.stands("demo 2"), "hold exec-rule")
}

func TestWaiverVouchesForNothing(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "exec", "steal")
	w.does("demo 2", "exec", "steal")
	want(t, "1", w.admits("demo 1"), "reject exec-rule steal-rule")
	if _, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: pkg("demo"), Rule: "steal-rule", Until: w.Now().Add(30 * day), Reason: "known", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	want(t, "1, waived", w.admits("demo 1"), "hold exec-rule")
	w.approve("demo 1")
	want(t, "1, waived and approved", w.admits("demo 1"), "admit")
	want(t, "2 does what 1 had waived, not what was approved", w.admits("demo 2"), "reject steal-rule")
}

// TestApprovalLapsesWithANewRule: it was given for what was known then.
func TestApprovalLapsesWithANewRule(t *testing.T) {
	w, rules := behaving(t, "demo 1")
	w.does("demo 1", "exec", "listen")
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "approved", w.stands("demo 1"), "admit")
	rules.set("listen", finding.High)
	want(t, "with a rule more", w.admits("demo 1"), "hold exec-rule listen-rule")
}

// TestOneStepAtATime: five versions that each add a note's worth, and the last is
// compared with what was admitted long ago as well.
func TestDriftInSmallSteps(t *testing.T) {
	w, rules := behaving(t)
	for n := range 6 {
		w.releases(fmt.Sprintf("demo 1.%d age=2400h", n))
	}
	w.does("demo 1.0")
	want(t, "1.0", w.admits("demo 1.0"), "admit")
	w.pass(100 * day)
	rules.set("exec", finding.Medium) // each step by itself is a note
	var doing []string
	for n := 1; n < 6; n++ {
		doing = append(doing, "exec")
		w.does(fmt.Sprintf("demo 1.%d", n), doing...)
		want(t, fmt.Sprint("1.", n), w.admits(fmt.Sprintf("demo 1.%d", n)), "admit")
	}
	d := w.decision(wheelOf("demo 1.5"))
	if !strings.HasPrefix(d.Inputs.Baseline, "1.4@") || !strings.Contains(d.Inputs.Baseline, " 1.0@") {
		t.Errorf("1.5 is compared with %q, want 1.4 and, because it was admitted 90 days ago, 1.0", d.Inputs.Baseline)
	}
	rules.set("exec", finding.High)
	if err := w.EvaluateAll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, "what 1.1 was admitted with as a note, and 1.0 did not have", w.stands("demo 1.5"), "hold exec-rule")
}

// TestNewRuleRecalls: a new rule is asked about what was kept, and an admitted
// version is taken back without its archive being opened again.
func TestNewRuleRecalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rules := behaving(t, "demo 1", "fresh 1")
		w.does("demo 1", "listen")
		w.does("fresh 1", "fetch")
		want(t, "before", w.admits("demo 1"), "admit")
		looks, fetches := w.look.total(), w.fetch.total()

		gone := make(chan struct{})
		rules.mu.Lock()
		rules.wait = gone
		rules.mu.Unlock()
		rules.set("listen", finding.Critical)
		d := w.decision(wheelOf("demo 1"))
		if !gate.Serves(d) || !slices.ContainsFunc(d.Reasons, func(r verdict.Reason) bool { return r.Source == "behaviour-not-evaluated" }) {
			t.Errorf("while the new rule is being asked: %s, %s; want it served, with a note that says so", d.Verdict, saidOf(d.Reasons))
		}
		close(gone)
		synctest.Wait()
		want(t, "once it was asked", w.stands("demo 1"), "reject listen-rule")
		if w.look.total() != looks || w.fetch.total() != fetches {
			t.Errorf("%d looks and %d fetches, want none more than %d and %d", w.look.total(), w.fetch.total(), looks, fetches)
		}
		state, err := w.db.State(t.Context(), "main", pkg("demo"))
		if err != nil || !state.Recalled["1"] || len(state.AdmittedSince) != 0 {
			t.Errorf("recorded: recalled %v, admitted %v, %v", state.Recalled, state.AdmittedSince, err)
		}
	})
}

// saidOf is rules, where a variable has that name.
func saidOf(rs []verdict.Reason) string { return rules(rs) }

// TestNotEvaluatedHoldsWhatIsNew: nobody is let in while the rules cannot be asked.
func TestNotEvaluatedHoldsWhatIsNew(t *testing.T) {
	w, rules := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "exec")
	w.does("demo 2", "exec")
	w.admits("demo 1") // looked at, and held
	w.Store = &forgetful{Store: w.db}
	rules.set("fetch", finding.Medium)
	want(t, "facts that cannot be read", w.stands("demo 1"), "hold behaviour-not-evaluated")
	want(t, "asked for", w.admits("demo 1"), "hold behaviour-not-evaluated")
	want(t, "a new look that cannot be judged", w.admits("demo 2"), "hold behaviour-not-evaluated could-not-look")
}

// TestOnlyAFailedCheckIsWarnedOf: rules that are only being asked are no fault that
// somebody has to look after; a check that failed is one.
func TestOnlyAFailedCheckIsWarnedOf(t *testing.T) {
	for _, tc := range []struct {
		name   string
		broken bool
	}{{"rules that were not asked yet", false}, {"a check that failed as well", true}} {
		t.Run(tc.name, func(t *testing.T) {
			w, rules := behaving(t, "demo 1")
			w.does("demo 1", "listen")
			want(t, "before", w.admits("demo 1"), "admit")
			var log lines // rules are asked in the background, and warn too
			w.Log = slog.New(slog.NewTextHandler(&log, nil))
			w.Store = &forgetful{Store: w.db}
			if tc.broken {
				w.Checks = append(w.Checks, brokenCheck{})
			}
			rules.set("fetch", finding.Medium)
			w.stands("demo 1")
			if strings.Contains(log.String(), `"a check failed"`) != tc.broken || strings.Contains(log.String(), "rule=behaviour-not-evaluated") {
				t.Errorf("warned of:\n%s", log.String())
			}
		})
	}
}

// lines is what several goroutines wrote.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// brokenCheck is a check that cannot answer.
type brokenCheck struct{}

func (brokenCheck) Name() string     { return "broken" }
func (brokenCheck) Revision() string { return "1" }
func (brokenCheck) Check(context.Context, scan.VersionTarget) ([]finding.Finding, error) {
	return nil, errors.New("inert")
}

// forgetful is a store whose facts cannot be read.
type forgetful struct{ gate.Store }

func (forgetful) Code(context.Context, string) ([]code.File, error) {
	return nil, errors.New("a broken disk")
}

// TestEvaluateAll asks new rules about everything that was kept, once.
func TestEvaluateAll(t *testing.T) {
	w, rules := behaving(t)
	for n := range 70 {
		w.releases(fmt.Sprintf("p%d 1", n))
		w.does(fmt.Sprintf("p%d 1", n), "listen")
		want(t, "before", w.admits(fmt.Sprintf("p%d 1", n)), "admit")
	}
	looks := w.look.total()
	rules.set("listen", finding.High)
	rules.mu.Lock()
	rules.asked = 0
	rules.mu.Unlock()
	told := 0
	if err := w.EvaluateAll(t.Context(), func(done int) { told = done }); err != nil {
		t.Fatal(err)
	}
	if told != 70 || rules.asked != 70 || w.look.total() != looks {
		t.Errorf("told of %d, asked %d times, %d looks; want 70, 70 and %d", told, rules.asked, w.look.total(), looks)
	}
	want(t, "after", w.stands("p3 1"), "hold listen-rule")
	if err := w.EvaluateAll(t.Context(), nil); err != nil || rules.asked != 70 {
		t.Errorf("a second pass asked %d times, %v", rules.asked-70, err)
	}
}

// TestSameBytesInOtherRoles: facts belong to bytes, judgements to where they stand.
func TestSameFactsUnderAnotherName(t *testing.T) {
	w, _ := behaving(t, "demo 1", "other 1")
	w.does("demo 1", "exec")
	w.does("other 1", "exec")
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "demo", w.admits("demo 1"), "admit")
	want(t, "the same under another package's name", w.admits("other 1"), "hold exec-rule")
}

// TestStartupFileOfTheVersionBefore: a .pth that was approved is not held again
// until it changes.
func TestStartupFileOfTheVersionBefore(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2", "demo 3")
	pth := func(version, content string) {
		w.look.sees(wheelOf(version), finding.Finding{Rule: "pth-file", Class: finding.Honesty, Severity: finding.High, Path: "demo.pth",
			Text: "demo.pth runs code whenever Python starts", Facts: []string{"content " + string(artifact.DigestOf([]byte(content)))}})
	}
	pth("demo 1", "a")
	pth("demo 2", "a")
	pth("demo 3", "b")
	want(t, "the first", w.admits("demo 1"), "hold pth-file")
	w.approve("demo 1")
	want(t, "approved", w.admits("demo 1"), "admit")
	want(t, "the same file in the next version", w.admits("demo 2"), "admit")
	want(t, "another one", w.admits("demo 3"), "hold pth-file")
}

// TestPolicyOnTheDifference: a policy can hold what a version can do now.
func TestPolicyOnTheDifference(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2", "demo 3")
	w.policy(`
version: 1
extends: default
rules:
  - id: new-powers
    on: version
    class: behaviour
    when: '"socket" in version.can_now'
    effect: hold
    why: "{version} can do more than {version.baseline}"
    examples:
      finds: [{version: {can_now: [socket], baseline: "1"}}]
      spares: [{version: {can: [socket]}}]
`)
	w.does("demo 1", "net")
	w.does("demo 2", "net")
	w.does("demo 3", "net", "socket")
	want(t, "1", w.admits("demo 1"), "admit")
	want(t, "2", w.admits("demo 2"), "admit")
	out := outcomeOf(t, w.admit(purls(vers("demo 3").Purl())), "demo 3")
	if out.Verdict != verdict.Hold || !strings.Contains(rules(out.Reasons), "new-powers hold") {
		t.Errorf("3: %s, %s", out.Verdict, rules(out.Reasons))
	}
}

// TestUpgradeOfTheGate: other scanners make nothing that was admitted go away. It is
// looked at again in turn, or when a later version is to be compared with it.
func TestUpgradeOfTheGate(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2", "demo 3", "far 1", "gone 1")
	for _, v := range []string{"demo 1", "demo 2", "demo 3"} {
		w.does(v, "exec")
	}
	w.admits("demo 1")
	w.approve("demo 1")
	for _, v := range []string{"demo 1", "far 1", "gone 1"} {
		want(t, v, w.admits(v), "admit")
	}
	w.does("far 1", "steal") // what the new scanners will see
	w.upgrade()
	looks, fetches := w.look.total(), w.fetch.total()
	for _, v := range []string{"demo 1", "far 1", "gone 1"} {
		want(t, v+" after the upgrade", w.stands(v), "admit")
	}
	if w.look.total() != looks {
		t.Errorf("reading an index opened %d archives", w.look.total()-looks)
	}
	want(t, "a new version", w.admits("demo 2"), "admit")
	if d := w.decision(wheelOf("demo 2")); !strings.HasPrefix(d.Inputs.Baseline, "1@") {
		t.Errorf("compared with %q, want 1, looked at again for it", d.Inputs.Baseline)
	}
	if n := w.look.total() - looks; n != 2 {
		t.Errorf("%d archives opened for it, want its own and that of the version before", n)
	}

	w.up.remove("gone", wheelOf("gone 1"))
	fetches = w.fetch.total()
	var again []string
	err := w.LookAgain(t.Context(), func(v artifact.Version, file string) { again = append(again, v.String()) })
	if err != nil || !slices.Equal(again, []string{"far 1"}) || w.fetch.total() != fetches {
		t.Errorf("looked again at %v with %d fetches, %v; want far 1 with none", again, w.fetch.total()-fetches, err)
	}
	want(t, "far 1, by what the new scanners saw", w.stands("far 1"), "reject steal-rule")
	again = nil
	if err := w.LookAgain(t.Context(), func(v artifact.Version, _ string) { again = append(again, v.String()) }); err != nil || len(again) != 0 {
		t.Errorf("a second pass looked at %v, %v", again, err)
	}
}

// upgrade makes the scanners others than they were, as a restart would: no view is
// kept.
func (w *world) upgrade() {
	w.newSnapshot()
	w.look.mu.Lock()
	defer w.look.mu.Unlock()
	w.look.revision += "+"
}

// TestUpgradeJudgesNobodyByHalf: of two versions that were admitted, the later one by
// its difference, neither is taken back while one of them only was looked at again.
func TestUpgradeJudgesNobodyByHalf(t *testing.T) {
	for _, first := range []string{"demo 1.9", "demo 1.10"} {
		w, _ := behaving(t, "demo 1.9", "demo 1.10")
		w.does("demo 1.9", "exec")
		w.does("demo 1.10", "exec")
		w.admits("demo 1.9")
		w.approve("demo 1.9")
		want(t, "1.9", w.admits("demo 1.9"), "admit")
		want(t, "1.10", w.admits("demo 1.10"), "admit")
		w.upgrade()
		x, err := w.up.Index(t.Context(), pkg("demo"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range x.Files {
			if f.Name != wheelOf(first) {
				continue
			}
			if err := w.Look(t.Context(), x.Version(f), x, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []string{"demo 1.9", "demo 1.10"} {
			want(t, v+" after "+first+" was looked at again", w.stands(v), "admit")
		}
		if err := w.LookAgain(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, v := range []string{"demo 1.9", "demo 1.10"} {
			want(t, v+" after both were", w.stands(v), "admit")
		}
		state, err := w.db.State(t.Context(), "main", pkg("demo"))
		if err != nil || len(state.Recalled) != 0 {
			t.Errorf("recalled %v, %v", state.Recalled, err)
		}
	}
}

// TestSilentUpstreamRecallsNothing: what cannot be compared now is not judged as if
// there were nothing to compare with.
func TestSilentUpstreamRecallsNothing(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "exec")
	w.does("demo 2", "exec")
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "1", w.admits("demo 1"), "admit")
	want(t, "2", w.admits("demo 2"), "admit")
	w.up.fails("demo", errors.New("no route"))
	if out := w.admit(purls(vers("demo 2").Purl())); out.Verdict == verdict.Admit {
		t.Errorf("while the upstream is silent: %s", said(out))
	}
	w.up.fails("demo", nil)
	want(t, "2, later", w.stands("demo 2"), "admit")
	state, err := w.db.State(t.Context(), "main", pkg("demo"))
	if err != nil || len(state.Recalled) != 0 || len(state.AdmittedSince) != 2 {
		t.Errorf("recalled %v, admitted %v, %v", state.Recalled, state.AdmittedSince, err)
	}
}
