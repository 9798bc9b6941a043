package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const aFile = "a-1-py3-none-any.whl"

func TestInvariant1NothingIsServedThatWasNotLookedAt(t *testing.T) {
	w := newWorld(t, "a 1")
	d := w.decision(aFile)
	if gate.Serves(d) || !gate.Offers(d) || !gate.Unseen(d) {
		t.Errorf("before: serves %t, offers %t: %s", gate.Serves(d), gate.Offers(d), rules(d.Reasons))
	}
	x, err := w.up.Index(t.Context(), pkg("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AdmitFile(t.Context(), "main", vers("a 1"), x, x.Files[0]); err != nil {
		t.Fatal(err)
	}
	if d := w.decision(aFile); !gate.Serves(d) || gate.Unseen(d) {
		t.Errorf("after: %s", rules(d.Reasons))
	}
}

// Invariant 2, whichever way the data is missing.
func TestInvariant2WhatWasAdmittedIsServedThroughAStaleFeedAndADeadCheck(t *testing.T) {
	for name, breaks := range map[string]func(*world){
		"stale":       func(w *world) { w.advisoryState(gate.AdvisoryState{Snapshot: "s", Problem: "too old"}) },
		"check fails": func(w *world) { w.known.failing(errors.New("no advisory data on this machine")); w.newSnapshot() },
		"no data left": func(w *world) {
			w.advisoryState(gate.AdvisoryState{Problem: "none"})
			w.known.failing(errors.New("none"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a 1", "b 1")
			w.requirements("a==1")
			breaks(w)
			if d := w.decision(aFile); !gate.Serves(d) || len(d.Reasons) == 0 {
				t.Errorf("admitted before: %s %s, want served with a note", d.Verdict, rules(d.Reasons))
			}
			if got := said(w.requirements("a==1", "b==1")); got != "hold: a 1 admit, b 1 hold" {
				t.Errorf("got %s: what is new holds", got)
			}
			if d := w.decision(aFile); !gate.Serves(d) {
				t.Errorf("admitted before and asked for again: %s %s", d.Verdict, rules(d.Reasons))
			}
		})
	}
}

// TestARecallOutlivesTheDataThatCausedIt: what an advisory has refused, at the
// mere sight of an index, is not served again because the advisory is lost.
func TestARecallOutlivesTheDataThatCausedIt(t *testing.T) {
	for name, bad := range map[string]func(*world){
		"malware":                     func(w *world) { w.malware("MAL-2026-1", "a 1") },
		"a vulnerability without fix": func(w *world) { w.vuln("PYSEC-2026-1", "a 1", finding.High) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "a 1")
			w.requirements("a==1")
			bad(w)
			w.newSnapshot()
			if d := w.decision(aFile); gate.Serves(d) { // an index was shown; nobody asked for the file
				t.Fatalf("%s %s, want it refused", d.Verdict, rules(d.Reasons))
			}
			w.known.failing(errors.New("none"))
			w.advisoryState(gate.AdvisoryState{Problem: "the data is lost"})
			if d := w.decision(aFile); gate.Serves(d) {
				t.Errorf("after the data was lost: %s %s, want it held", d.Verdict, rules(d.Reasons))
			}
		})
	}
}

func TestInvariant9OtherBytesAreAFindingNeverAReplacement(t *testing.T) {
	w := newWorld(t, "a 1")
	w.requirements("a==1")
	was := w.sha(aFile)
	x := w.view("a").Index.Files[0]
	x.SHA256, x.Size = artifact.DigestOf([]byte("evil")), 4
	w.up.put("a", x, []byte("evil"), w.up.meta[aFile])
	d := w.decision(aFile)
	if d.Verdict != verdict.Reject || d.Inputs.FileSHA256 != artifact.Digest(was) || gate.Offers(d) {
		t.Errorf("%s: %s", d.Verdict, rules(d.Reasons))
	}
	if got := said(w.requirements("a==1")); got != "reject: a 1 reject" {
		t.Errorf("asked for again: %s", got)
	}
	if f, err := w.db.FileNamed(t.Context(), pkg("a"), aFile); err != nil || string(f.SHA256) != was {
		t.Errorf("the recorded file is now %s (%v)", f.SHA256, err)
	}
	if w.fetch.of(aFile) != 1 {
		t.Errorf("fetched %d times", w.fetch.of(aFile))
	}
	// A silent index: the bytes themselves tell when they are fetched anew.
	if err := w.Look(t.Context(), vers("a 1"), w.view("a").Index, x); err == nil {
		t.Error("looking at the other bytes was no error")
	} else if bad, ok := errors.AsType[*gate.BadBytesError](err); !ok || bad.Rule != "upstream-changed-bytes" {
		t.Errorf("error %v", err)
	}
}

func TestAFetcherThatBringsOtherBytesIsNotTrusted(t *testing.T) {
	w := newWorld(t, "a 1")
	w.Fetch = liar{w}
	out := w.requirements("a==1")
	if got := said(out); got != "reject: a 1 reject" {
		t.Errorf("got %s", got)
	}
	if _, err := w.db.FileNamed(t.Context(), pkg("a"), aFile); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("the file was recorded: %v", err)
	}
}

// liar fetches other bytes than the index names, and says so.
type liar struct{ w *world }

func (l liar) Fetch(ctx context.Context, _ ecosystem.IndexFile, _ string) (artifact.Digest, int64, error) {
	return l.w.blobs.Put(ctx, strings.NewReader("other"), 100, "")
}

// "vanished files, unpublishing: hold the version; a network fault does not"
func TestWhatVanishedUpstreamHolds(t *testing.T) {
	w := newWorld(t, "a 1", "a 2")
	w.requirements("a==1")
	w.up.remove("a", aFile)
	d := w.decision(aFile)
	if d.Verdict != verdict.Hold || gate.Offers(d) {
		t.Errorf("%s: %s", d.Verdict, rules(d.Reasons))
	}
	if out := w.requirements("a"); said(out) != "admit: a 2 admit" {
		t.Errorf("a range: %s", said(out))
	}
	if out := w.requirements("a==1"); out.Verdict == verdict.Admit {
		t.Errorf("the pin: %s", said(out))
	}
	w.up.mu.Lock()
	delete(w.up.indexes, "a")
	w.up.mu.Unlock()
	if d := w.decision(aFile); gate.Serves(d) || gate.Offers(d) {
		t.Errorf("the whole package unpublished: %s", rules(d.Reasons))
	}
	if _, err := w.View(t.Context(), "main", pkg("never-heard-of")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("a package nobody knows: %v", err)
	}
	w.up.fails("a", ecosystem.ErrUnreachable)
	if _, err := w.View(t.Context(), "main", pkg("a")); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("upstream down: %v", err)
	}
}

func TestAWaiverAndACooldownEndInAKeptView(t *testing.T) {
	w := newWorld(t, "a 1 age=48h", "b 1")
	w.requirements("a==1")
	if d := w.decision(aFile); d.Verdict != verdict.Hold {
		t.Fatalf("young: %s", d.Verdict)
	}
	w.pass(day - time.Second)
	if d := w.decision(aFile); d.Verdict != verdict.Hold {
		t.Errorf("a second before it opens: %s", d.Verdict)
	}
	w.pass(time.Second)
	if d := w.decision(aFile); !gate.Serves(d) {
		t.Errorf("at its date it opens by itself: %s", rules(d.Reasons))
	}
	w.vuln("PYSEC-1", "a 1", finding.High, "2")
	if d := w.decision(aFile); d.Verdict != verdict.Reject {
		t.Errorf("a new snapshot: %s", d.Verdict)
	}
	if _, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: pkg("a"), Rule: "vulnerability-fixed", Until: w.Now().Add(day), Reason: "r", By: "boss"}); err != nil {
		t.Fatal(err)
	}
	if d := w.decision(aFile); !gate.Serves(d) {
		t.Errorf("waived: %s", rules(d.Reasons))
	}
	w.pass(day)
	if d := w.decision(aFile); d.Verdict != verdict.Reject {
		t.Errorf("the waiver ended: %s", d.Verdict)
	}
}

func TestAViewIsTakenAgainWhenWhatItDependsOnChanges(t *testing.T) {
	w := newWorld(t, "a 1")
	first := w.view("a")
	if w.view("a") != first {
		t.Fatal("nothing changed, and the view was made again")
	}
	for name, change := range map[string]func(){
		"the index":      func() { w.up.edit("a", aFile, func(f *ecosystem.IndexFile) { f.Yanked = true }) },
		"the snapshot":   func() { w.newSnapshot() },
		"the feed's age": func() { w.advisoryState(gate.AdvisoryState{Snapshot: "s9", Problem: "old"}) },
		"a look":         func() { w.requirements("a==1") },
		"the policy":     func() { w.policy("version: 1\nextends: default\nsettings: {min_age: 9d}\n") },
	} {
		before := w.view("a")
		if change(); w.view("a") == before {
			t.Errorf("%s changed, and the view was kept", name)
		}
	}
}

func TestNewestOffered(t *testing.T) {
	w := newWorld(t, "a 1.0", "a 2.0", "a 3.0", "a 4.0 age=1h", "a 5.0rc1", "a 6.0 yanked", "a 10.0")
	w.vuln("PYSEC-1", "a 10.0, 1.0", finding.High, "11")
	v := w.view("a")
	for i, f := range v.Index.Files {
		no := gate.RefusalOf(v, i)
		switch f.Number {
		case "10.0", "1.0":
			if no.Next != "use 3.0" || no.Public != "PYSEC-1" || no.Verdict != verdict.Reject || !no.Until.IsZero() {
				t.Errorf("%s: %+v, want 3.0", f.Number, no)
			}
		case "4.0":
			if no.Next != "use 3.0" || !no.Until.Equal(today.Add(3*day-time.Hour)) {
				t.Errorf("%s: %+v", f.Number, no)
			}
		case "3.0":
			if no.Next != "ask the gate to admit pkg:pypi/a@3.0" {
				t.Errorf("unseen: %+v", no)
			}
		}
	}
	// A version number of the upstream's that cannot be read takes nothing away.
	w.up.put("a", ecosystem.IndexFile{Name: "a-odd.whl", Number: "odd!", SHA256: artifact.DigestOf(nil), Uploaded: today.Add(-50 * day)}, nil, nil)
	v = w.view("a")
	for i, f := range v.Index.Files {
		if no := gate.RefusalOf(v, i); f.Number == "10.0" && no.Next != "use 3.0" {
			t.Errorf("beside an odd number: %+v", no)
		}
	}
}

func TestARefusalSaysWhatWeighsMost(t *testing.T) {
	hole := finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.High, IDs: []string{"PYSEC-1"}, Fixed: []string{"2"}, Text: "hole"}
	unfixed := finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.High, IDs: []string{"PYSEC-2"}, Text: "open hole"}
	for _, tc := range []struct {
		findings          []finding.Finding
		age               time.Duration
		rule, public      string
		opens, hasVerdict bool
	}{
		{findings: []finding.Finding{hole, unfixed}, rule: "vulnerability-fixed", public: "PYSEC-1 and 1 more"},
		{findings: []finding.Finding{unfixed, hole}, rule: "vulnerability-fixed", public: "PYSEC-1 and 1 more"},
		{findings: []finding.Finding{hole, {Rule: "known-malware", Class: finding.Malware, IDs: []string{"MAL-1"}, Text: "bad"}}, rule: "known-malware", public: "malware MAL-1"},
		{findings: []finding.Finding{hole, {Rule: "lies", Class: finding.Integrity, Text: "other bytes"}}, rule: "integrity-mismatch", public: "other bytes"},
		{findings: []finding.Finding{{Rule: "lies", Class: finding.Integrity, Text: "other bytes"}, {Rule: "known-malware", Class: finding.Malware, IDs: []string{"MAL-1"}, Text: "bad"}}, rule: "known-malware", public: "malware MAL-1"},
		{age: time.Hour, rule: "file-too-young", opens: true},
		{age: time.Hour, findings: []finding.Finding{unfixed}, rule: "vulnerability-unfixed", public: "PYSEC-2", opens: false},
		{age: time.Hour, findings: []finding.Finding{hole}, rule: "vulnerability-fixed", public: "PYSEC-1", opens: false},
	} {
		w := newWorld(t, "a 1")
		w.requirements("a==1")
		if tc.age > 0 {
			w = newWorld(t, "a 1 age="+tc.age.String())
			w.requirements("a==1")
		}
		for _, f := range tc.findings {
			w.known.add("a", []string{"1"}, f)
		}
		w.newSnapshot()
		v := w.view("a")
		no := gate.RefusalOf(v, 0)
		if no.Rule != tc.rule || (tc.public != "" && no.Public != tc.public) || no.Until.IsZero() == tc.opens || strings.HasPrefix(no.Next, "opens") != tc.opens {
			t.Errorf("%v: rule %s, public %q, until %v, next %q", tc.findings, no.Rule, no.Public, no.Until, no.Next)
		}
	}
}

func TestLateFileIsDecidedByItself(t *testing.T) {
	w := newWorld(t, "a 1")
	w.requirements("a==1")
	w.releases("a 1 tag=py2-none-any age=1h")
	if d := w.decision(aFile); !gate.Serves(d) {
		t.Errorf("the old file: %s", rules(d.Reasons))
	}
	late := w.decision("a-1-py2-none-any.whl")
	if late.Verdict != verdict.Hold || !strings.Contains(rules(late.Reasons), "file-too-young hold") {
		t.Errorf("the late file: %s %s", late.Verdict, rules(late.Reasons))
	}
}

func TestObservingRegistryLooksAtAndServesWhatItWouldRefuse(t *testing.T) {
	w := newWorld(t, "a 1", "b 1")
	w.observe()
	w.vuln("PYSEC-1", "a 1", finding.High, "2")
	w.malware("MAL-1", "b 1")
	out := w.requirements("a==1", "b==1")
	if got := said(out); got != "reject: a 1 admit, b 1 reject" {
		t.Errorf("got %s", got)
	}
	if d := w.decision(aFile); !gate.Serves(d) || d.Verdict != verdict.Reject || !d.Observed {
		t.Errorf("a: %s, served %t: it serves, and says what it would refuse", d.Verdict, gate.Serves(d))
	}
	if w.fetch.of("b-1-py3-none-any.whl") != 0 {
		t.Error("malware was fetched")
	}
}

func TestANameHasOneOrigin(t *testing.T) {
	w := newWorld(t, "a 1")
	if err := w.db.SetOrigin(t.Context(), pkg("a"), "elsewhere", today); err != nil {
		t.Fatal(err)
	}
	if got := said(w.requirements("a==1")); got != "reject: a 1 reject" {
		t.Errorf("got %s", got)
	}
	x, err := w.up.Index(t.Context(), pkg("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Look(t.Context(), vers("a 1"), x, x.Files[0]); err == nil || w.fetch.total() != 0 {
		t.Errorf("looked at all the same: %v, %d fetched", err, w.fetch.total())
	}
}

// large fills the world with a package of many files, n to a version.
func (w *world) large(versions, n, findings int) {
	var files []ecosystem.IndexFile
	var fs []finding.Finding
	for i := range findings {
		fs = append(fs, finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.High, IDs: []string{fmt.Sprint("PYSEC-", i), fmt.Sprint("CVE-", i)}, Fixed: []string{"9999"}, Text: "a hole of the usual length, in one sentence"})
	}
	for v := range versions {
		number := fmt.Sprintf("%d.0", v)
		for i := range n {
			name := fmt.Sprintf("large-%s-cp3%d-cp3%d-manylinux_2_28_x86_64.whl", number, i, i)
			files = append(files, ecosystem.IndexFile{Name: name, Number: number, Kind: artifact.Wheel, SHA256: artifact.DigestOf([]byte(name)), Size: 1, Uploaded: today.Add(-100 * day)})
		}
		for _, f := range fs {
			w.known.add("large", []string{number}, f)
		}
	}
	w.up.mu.Lock()
	w.up.set("large", files)
	w.up.mu.Unlock()
}

func BenchmarkView(b *testing.B) {
	for _, tc := range []struct {
		name                     string
		versions, each, findings int
		seen, behave             bool
	}{
		{"2000 files, no findings", 100, 20, 0, false, false},
		{"400 files, 30 findings", 20, 20, 30, false, false},
		{"400 files, 30 findings, all seen", 20, 20, 30, true, false},
		{"400 files, 30 findings, all seen and admitted, with what they do", 20, 20, 30, true, true},
	} {
		b.Run(tc.name, func(b *testing.B) {
			w := newWorld(b)
			if tc.behave {
				w, _ = behaving(b)
			}
			w.large(tc.versions, tc.each, tc.findings)
			if tc.seen {
				x, _ := w.up.Index(b.Context(), pkg("large"))
				for _, f := range x.Files {
					w.look.sees(f.Name, finding.Finding{Rule: "native-code", Class: finding.Honesty, Text: "x"})
					if tc.behave {
						w.look.does(f.Name, "fetch", "net", "read", "write", "env", "fetch", "net")
					}
				}
				w.Fetch = pretend{}
				for _, f := range x.Files {
					if err := w.Look(b.Context(), x.Version(f), x, f); err != nil {
						b.Fatal(err)
					}
				}
			}
			if tc.behave {
				for i, v := 0, w.view("large"); i < len(v.Decisions); i++ {
					if err := w.Record(b.Context(), v, i); err != nil {
						b.Fatal(err)
					}
				}
			}
			for b.Loop() {
				w.newSnapshot()
				w.view("large")
			}
		})
	}
}

// pretend has every file already.
type pretend struct{}

func (pretend) Fetch(_ context.Context, f ecosystem.IndexFile, _ string) (artifact.Digest, int64, error) {
	return f.SHA256, f.Size, nil
}

var _ scan.VersionCheck = (*advisories)(nil)

// TestNewScannersTakeNothingAway: an upgrade of the gate goes on serving what was
// admitted, says that it was looked at before, and looks again when asked.
func TestNewScannersTakeNothingAway(t *testing.T) {
	w := newWorld(t, "a 1", "b 1")
	w.requirements("a==1")
	w.look.mu.Lock()
	w.look.revision = "2"
	w.look.mu.Unlock()
	w.newSnapshot() // or the view of before would be kept
	d := w.decision(aFile)
	if !gate.Serves(d) || !strings.Contains(rules(d.Reasons), "looked-at-before") {
		t.Fatalf("after an upgrade: %s %s, want it served with a note", d.Verdict, rules(d.Reasons))
	}
	if d := w.decision("b-1-py3-none-any.whl"); gate.Serves(d) {
		t.Error("a file that nobody looked at is served")
	}
	looked := w.look.total()
	w.look.sees(aFile, finding.Finding{Rule: "new-rule", Class: finding.Integrity, Severity: finding.High, Text: "what the new scanners see"})
	if got := said(w.requirements("a==1")); got != "reject: a 1 reject" || w.look.total() != looked+1 {
		t.Errorf("asked for again: %s after %d looks; want it looked at again and refused", got, w.look.total()-looked)
	}
	if d := w.decision(aFile); gate.Serves(d) {
		t.Errorf("after the new look: %s %s", d.Verdict, rules(d.Reasons))
	}
}
