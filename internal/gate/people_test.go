package gate_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// held has a version that waits for a person, and the request that found it.
func held(t *testing.T) (*world, verdict.Outcome) {
	w := newWorld(t, "a 1", "a 2", "b 1")
	w.vuln("PYSEC-1", "a 1", finding.High)
	out := w.requirements("a==1", "b==1")
	if got := said(out); got != "hold: a 1 hold, b 1 admit" {
		t.Fatalf("got %s", got)
	}
	return w, out
}

func (w *world) acts() string {
	w.t.Helper()
	log, err := w.db.AuditLog(w.t.Context(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range log {
		out = append(out, e.By+" "+e.Act)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestAskAndApprove(t *testing.T) {
	w, out := held(t)
	ctx := t.Context()
	decision := outcomeOf(t, out, "a 1").Decision
	for name, object := range map[string]string{"the request, as the report says": out.Request, "the decision": decision} {
		ask, err := w.AskFor(ctx, "main", object, "we need it today", "dev")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if asks, err := w.OpenAsks(ctx, "main"); err != nil || len(asks) != 1 || asks[0].Reason != "we need it today" {
			t.Errorf("%s: asks %+v, %v", name, asks, err)
		}
		as, err := w.Approve(ctx, ask.ID, "", "boss")
		if err != nil || len(as) != 1 || as[0].File != aFile || as[0].Reason != "we need it today" {
			t.Fatalf("%s: approvals %+v, %v", name, as, err)
		}
		if d := w.decision(aFile); !gate.Serves(d) || !strings.Contains(d.Reasons[0].Text, "approved by boss") || d.Inputs.Approvals[0] != as[0].ID {
			t.Errorf("%s: %s %s", name, d.Verdict, rules(d.Reasons))
		}
		if asks, err := w.OpenAsks(ctx, "main"); err != nil || len(asks) != 0 {
			t.Errorf("%s: still open: %+v, %v", name, asks, err)
		}
		if err := w.Revoke(ctx, as[0].ID, "boss"); err != nil {
			t.Fatal(err)
		}
		if d := w.decision(aFile); gate.Serves(d) {
			t.Errorf("%s: revoked, and served", name)
		}
	}
	if got := w.acts(); got != "boss approve, boss approve, boss revoke, boss revoke, dev ask, dev ask" {
		t.Errorf("audit: %s", got)
	}
}

func TestAskAndApproveRefuse(t *testing.T) {
	w, out := held(t)
	ctx := t.Context()
	good := outcomeOf(t, out, "b 1").Decision
	for name, err := range map[string]error{
		"ask without a reason":      second(w.AskFor(ctx, "main", out.Request, "  ", "dev")),
		"ask as nobody":             second(w.AskFor(ctx, "main", out.Request, "r", "")),
		"ask for nothing":           second(w.AskFor(ctx, "main", "r000", "r", "dev")),
		"approve without a reason":  second(w.Approve(ctx, out.Request, " ", "boss")),
		"approve as nobody":         second(w.Approve(ctx, out.Request, "r", "")),
		"approve nothing":           second(w.Approve(ctx, "r000", "r", "boss")),
		"approve what is admitted":  second(w.Approve(ctx, good, "r", "boss")),
		"revoke what was not given": w.Revoke(ctx, "w000", "boss"),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	w.vuln("PYSEC-2", "a 1", finding.High, "2")
	if _, err := w.Approve(ctx, out.Request, "r", "boss"); !errors.Is(err, verdict.ErrConflict) || !strings.Contains(err.Error(), "waiver") {
		t.Errorf("approving what is rejected now: %v, want a conflict that names the waiver", err)
	}
	if got := w.acts(); got != "" {
		t.Errorf("audit of what did not happen: %s", got)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnApprovalOfUnseenBytesIsNone(t *testing.T) {
	w := newWorld(t, "a 1")
	v := w.view("a")
	if err := w.db.PutDecisions(t.Context(), v.Decisions); err != nil {
		t.Fatal(err)
	}
	if as, err := w.Approve(t.Context(), v.Decisions[0].ID, "r", "boss"); err == nil {
		t.Errorf("approved %+v: nobody knows what is in it", as)
	}
}

func TestFourEyes(t *testing.T) {
	w, out := held(t)
	w.FourEyes = true
	ctx := t.Context()
	ask, err := w.AskFor(ctx, "main", out.Request, "please", "dev")
	if err != nil {
		t.Fatal(err)
	}
	decision := outcomeOf(t, out, "a 1").Decision
	for _, object := range []string{ask.ID, out.Request, decision} {
		if _, err := w.Approve(ctx, object, "fine", "dev"); !errors.Is(err, verdict.ErrForbidden) {
			t.Errorf("dev approves %s: %v, want forbidden", object, err)
		}
	}
	if err := w.db.CloseAsk(ctx, ask.ID, "boss", "no", today); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Approve(ctx, decision, "fine", "dev"); !errors.Is(err, verdict.ErrForbidden) {
		t.Errorf("dev approves what boss turned down: %v", err)
	}
	wish := gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-unfixed", Until: today.Add(day), Reason: "r", By: "dev"}
	waiver, err := w.Waive(ctx, wish)
	if err != nil || waiver.Approver != "" {
		t.Fatalf("waiver %+v, %v: it must wait for somebody else", waiver, err)
	}
	if d := w.decision(aFile); gate.Serves(d) {
		t.Error("a waiver that waits has an effect")
	}
	if _, err := w.Approve(ctx, waiver.ID, "", "dev"); !errors.Is(err, verdict.ErrForbidden) {
		t.Errorf("dev approves dev's waiver: %v", err)
	}
	if _, err := w.Approve(ctx, waiver.ID, "", "boss"); err != nil {
		t.Error(err)
	}
	if d := w.decision(aFile); !gate.Serves(d) {
		t.Errorf("approved by boss: %s", rules(d.Reasons))
	}
	if _, err := w.Approve(ctx, waiver.ID, "", "boss"); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("approving again: %v", err)
	}
}

func TestAFaultIsApprovedByTwoPeople(t *testing.T) {
	w := newWorld(t, "a 1 bad")
	out := w.requirements("a==1")
	ctx := t.Context()
	ask, err := w.AskFor(ctx, "main", out.Request, "our own build", "dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		by     string
		serves bool
		open   int
	}{{"ann", false, 1}, {"ann", false, 1}, {"bob", true, 0}} {
		if _, err := w.Approve(ctx, ask.ID, "looked by hand", step.by); err != nil {
			t.Fatalf("%s: %v", step.by, err)
		}
		asks, err := w.OpenAsks(ctx, "main")
		if d := w.decision(aFile); gate.Serves(d) != step.serves || len(asks) != step.open || err != nil {
			t.Errorf("after %s: served %t, %d asks open, want %t and %d", step.by, gate.Serves(d), len(asks), step.serves, step.open)
		}
	}
}

func TestWaive(t *testing.T) {
	wish := func(change func(*gate.WaiverWish)) gate.WaiverWish {
		g := gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Until: today.Add(day), Reason: "not reachable", By: "boss"}
		change(&g)
		return g
	}
	for _, tc := range []struct {
		name string
		wish func(*gate.WaiverWish)
		want string // versions and advisories, or "error"
		why  string
	}{
		{"all known today", func(*gate.WaiverWish) {}, "[1 2] [PYSEC-1 PYSEC-2]", ""},
		{"a range", func(w *gate.WaiverWish) { w.Range = "<2" }, "[1] [PYSEC-1 PYSEC-2]", ""},
		{"one advisory", func(w *gate.WaiverWish) { w.Advisories = []string{"PYSEC-2"} }, "[1 2] [PYSEC-2]", ""},
		{"everywhere", func(w *gate.WaiverWish) { w.Registry = "*" }, "[1 2] [PYSEC-1 PYSEC-2]", ""},
		{"by the finding's rule", func(w *gate.WaiverWish) { w.Rule = "known-vulnerability" }, "[1 2] [PYSEC-1 PYSEC-2]", ""},
		{"no reason", func(w *gate.WaiverWish) { w.Reason = " " }, "error", "reasons are required"},
		{"nobody", func(w *gate.WaiverWish) { w.By = "" }, "error", "somebody gives it"},
		{"ended", func(w *gate.WaiverWish) { w.Until = today }, "error", "an end ahead is required"},
		{"no end", func(w *gate.WaiverWish) { w.Until = time.Time{} }, "error", "an end is required"},
		{"too long", func(w *gate.WaiverWish) { w.Until = today.Add(2 * gate.LongestWaiver) }, "error", "an exception is looked at again"},
		{"nothing to waive", func(w *gate.WaiverWish) { w.Rule = "licence" }, "error", "a waiver that waives nothing is a surprise later"},
		{"nothing in the range", func(w *gate.WaiverWish) { w.Range = ">=9" }, "error", ""},
		{"no range", func(w *gate.WaiverWish) { w.Range = "nonsense" }, "error", ""},
		{"malware", func(w *gate.WaiverWish) { w.Package, w.Rule = pkg("bad"), "known-malware" }, "error", "never waived"},
		{"no such registry", func(w *gate.WaiverWish) { w.Registry = "lab" }, "error", "it could not be enforced"},
		{"no such package", func(w *gate.WaiverWish) { w.Package = pkg("unheard") }, "error", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "a 1", "a 2", "a 3", "bad 1")
			w.vuln("PYSEC-1", "a 1, 2", finding.High, "3")
			w.vuln("PYSEC-2", "a 1, 2", finding.High, "3")
			w.malware("MAL-1", "bad 1")
			got, err := w.Waive(t.Context(), wish(tc.wish))
			if err != nil {
				if tc.want != "error" {
					t.Fatal(err)
				}
				if ws, err := w.Waivers(t.Context(), "main"); err != nil || len(ws) != 0 || w.acts() != "" {
					t.Errorf("and yet it was recorded: %+v, %v, audit %q", ws, err, w.acts())
				}
				return
			}
			if s := list(got.Versions) + " " + list(got.Advisories); s != tc.want {
				t.Fatalf("got %s, want %s (%s)", s, tc.want, tc.why)
			}
			if w.acts() != "boss waive" {
				t.Errorf("audit: %s", w.acts())
			}
			covered := len(got.Advisories) == 2
			if out := w.requirements("a==1"); (out.Verdict == verdict.Admit) != covered {
				t.Errorf("a==1 is %s", said(out))
			}
			// What comes later is not covered.
			w.vuln("PYSEC-3", "a 1", finding.High, "3")
			if out := w.requirements("a==1"); out.Verdict != verdict.Reject {
				t.Errorf("with a new advisory: %s", said(out))
			}
			if err := w.Revoke(t.Context(), got.ID, "boss"); err != nil {
				t.Error(err)
			}
			if out := w.requirements("a==2"); out.Verdict != verdict.Reject {
				t.Errorf("revoked: %s", said(out))
			}
		})
	}
}

func list(s []string) string { return "[" + strings.Join(s, " ") + "]" }

func TestAWaiverCanBeGivenAgainBeforeItEnds(t *testing.T) {
	w := newWorld(t, "a 1", "a 2")
	w.vuln("PYSEC-1", "a 1", finding.High, "2")
	wish := gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Until: today.Add(day), Reason: "r", By: "boss"}
	if _, err := w.Waive(t.Context(), wish); err != nil {
		t.Fatal(err)
	}
	wish.Until = today.Add(10 * day)
	if _, err := w.Waive(t.Context(), wish); err != nil {
		t.Fatalf("before the first ended: %v", err)
	}
	w.requirements("a==1")
	w.pass(5 * day)
	if d := w.decision(aFile); !gate.Serves(d) {
		t.Errorf("after the first ended: %s", rules(d.Reasons))
	}
}

func TestAWaitingWaiverThatEndedIsNotApproved(t *testing.T) {
	w := newWorld(t, "a 1", "a 2")
	w.vuln("PYSEC-1", "a 1", finding.High, "2")
	got, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Until: today.Add(day), Reason: "r", By: "dev", Waits: true})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(2 * day)
	if _, err := w.Approve(t.Context(), got.ID, "", "boss"); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

func TestExplain(t *testing.T) {
	w, out := held(t)
	e, err := w.Explain(t.Context(), "main", vers("a 1"))
	if err != nil || len(e.Now) != 1 || len(e.History) != 1 || e.Now[0].ID != e.History[0].ID || e.Origin != "up" {
		t.Errorf("%+v, %v; request %s", e, err, out.Request)
	}
	if b, err := json.Marshal(e); err != nil || strings.Contains(string(b), `"waivers":null`) || strings.Contains(string(b), `"approvals":null`) {
		t.Errorf("%s, %v: empty lists, not null", b, err)
	}
	if _, err := w.Explain(t.Context(), "main", vers("a 77")); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a version nobody knows: %v", err)
	}
}

// The number of a purl may be spelled in another way than the index spells it.
func TestExplainComparesVersionsNotTheirText(t *testing.T) {
	w, _ := held(t)
	for _, number := range []string{"1.0", "1.0.0", "v1"} {
		e, err := w.Explain(t.Context(), "main", vers("a "+number))
		if err != nil || len(e.Now) != 1 || len(e.History) != 1 || e.Purl != "pkg:pypi/a@1" {
			t.Errorf("%s: %d now, %d recorded, %s, %v", number, len(e.Now), len(e.History), e.Purl, err)
		}
	}
	if _, err := w.Explain(t.Context(), "main", vers("a nonsense")); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("no version at all: %v", err)
	}
}

// An ask is answered once nothing stands against what it asked for.
func TestAWaiverAnswersTheAsk(t *testing.T) {
	for _, tc := range []struct {
		name  string
		asked func(out verdict.Outcome) string
		waits bool
		steps []int // asks that are open after the waiver of a, then of b
		why   string
	}{
		{"about a decision", func(o verdict.Outcome) string { return o.Versions[0].Decision }, false, []int{0, 0}, ""},
		{"about a request", func(o verdict.Outcome) string { return o.Request }, false, []int{1, 0}, "b is refused until it is waived too"},
		{"a waiver that waits", func(o verdict.Outcome) string { return o.Versions[0].Decision }, true, []int{0, 0}, "it answers when it is approved"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "a 1", "b 1", "c 1")
			w.vuln("PYSEC-1", "a 1", finding.High, "2")
			w.vuln("PYSEC-2", "b 1", finding.High, "2")
			w.vuln("PYSEC-3", "c 1", finding.High, "2")
			out := w.requirements("a==1", "b==1")
			ctx := t.Context()
			if _, err := w.AskFor(ctx, "main", tc.asked(out), "please", "dev"); err != nil {
				t.Fatal(err)
			}
			other, err := w.AskFor(ctx, "main", w.requirements("c==1").Request, "and this", "dev")
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range []string{"a", "b"} {
				got, err := w.Waive(ctx, gate.WaiverWish{Registry: "main", Package: pkg(name), Rule: "vulnerability-fixed", Until: today.Add(day), Reason: "r", By: "boss", Waits: tc.waits})
				if err != nil {
					t.Fatal(err)
				}
				if tc.waits && i == 0 {
					if asks, _ := w.OpenAsks(ctx, "main"); len(asks) != 2 {
						t.Errorf("a waiver without effect answered: %+v", asks)
					}
				}
				if tc.waits {
					if _, err := w.Approve(ctx, got.ID, "", "boss"); err != nil {
						t.Fatal(err)
					}
				}
				asks, err := w.OpenAsks(ctx, "main")
				if err != nil || len(asks) != tc.steps[i]+1 || !slices.ContainsFunc(asks, func(k gate.Ask) bool { return k.ID == other.ID }) {
					t.Errorf("after the waiver of %s %d asks are open (%v), want %d and the one nobody answered: %s", name, len(asks), err, tc.steps[i], tc.why)
				}
			}
			all, err := w.db.Asks(ctx, "main", false)
			if err != nil || all[1].ClosedBy != "boss" || all[1].How != "waived" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

func TestAWaiverOfOneRuleLeavesTheAskOpen(t *testing.T) {
	w := newWorld(t, "a 1")
	w.vuln("PYSEC-1", "a 1", finding.High, "2")
	w.vuln("PYSEC-2", "a 1", finding.High, "2")
	out := w.requirements("a==1")
	if _, err := w.AskFor(t.Context(), "main", out.Request, "please", "dev"); err != nil {
		t.Fatal(err)
	}
	wish := gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Advisories: []string{"PYSEC-1"}, Until: today.Add(day), Reason: "r", By: "boss"}
	if _, err := w.Waive(t.Context(), wish); err != nil {
		t.Fatal(err)
	}
	if asks, err := w.OpenAsks(t.Context(), "main"); err != nil || len(asks) != 1 {
		t.Errorf("%+v, %v: another advisory still stands against it", asks, err)
	}
}

func TestRevokeSaysWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	err := w.Revoke(t.Context(), "w000", "boss")
	if !errors.Is(err, verdict.ErrNotFound) || strings.Count(err.Error(), "not found") != 1 || !strings.Contains(err.Error(), "w000") {
		t.Errorf("%v", err)
	}
}

func TestOutcome(t *testing.T) {
	w, out := held(t)
	got, err := w.Outcome(t.Context(), out.Request)
	if err != nil || said(got) != said(out) || got.DecisionURL != "http://gate.invalid/d/"+out.Request {
		t.Errorf("%+v, %v", got, err)
	}
	r := request("requirements.txt", "a==1\n")
	if err := w.Submit(t.Context(), r, jobs.Room{}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Outcome(t.Context(), r.ID); err != nil || got.Status != verdict.Queued || got.Verdict != verdict.Hold || got.Versions == nil || got.Problems == nil {
		t.Errorf("queued: %+v, %v", got, err)
	}
	if _, err := w.Outcome(t.Context(), "r000"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if os, err := w.Outcomes(t.Context(), "main", 10); err != nil || len(os) == 0 {
		t.Errorf("%d outcomes, %v", len(os), err)
	}
	if _, err := w.Outcomes(t.Context(), "lab", 10); err == nil {
		t.Error("an unknown registry was no error")
	}
}

func TestUntilOfAnOutcome(t *testing.T) {
	w := newWorld(t, "young 1 age=24h", "both 1 age=24h", "a 1", "a 2")
	w.vuln("PYSEC-1", "both 1", finding.High)
	w.vuln("PYSEC-2", "a 1", finding.High, "2")
	if _, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Until: today.Add(5 * day), Reason: "r", By: "boss"}); err != nil {
		t.Fatal(err)
	}
	out := w.requirements("young==1", "both==1", "a==1")
	for version, want := range map[string]time.Time{"young 1": today.Add(2 * day), "both 1": {}, "a 1": today.Add(5 * day)} {
		v := outcomeOf(t, out, version)
		if v.Until == nil != want.IsZero() || (v.Until != nil && !v.Until.Equal(want)) {
			t.Errorf("%s %s: until %v, want %v", version, v.Verdict, v.Until, want)
		}
	}
}
