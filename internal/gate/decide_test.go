package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var classes = []finding.Class{
	finding.Vulnerability, finding.Malware, finding.Name, finding.Origin, finding.Integrity, finding.Honesty,
	finding.Licence, finding.Yanked, finding.Age, finding.Provenance, finding.Manifest, finding.Fault, "strange", "",
}

// facts are those of a file that was looked at, old enough, with nothing against it.
func facts(fs ...finding.Finding) gate.Facts {
	v := vers("django 2.2.0")
	return gate.Facts{
		Registry: "main", Version: v, Looked: true, FileEvidence: "key", Findings: fs, Advisories: gate.AdvisoryState{Snapshot: "s"},
		File: &artifact.File{Version: v, Name: "django-2.2.0-py3-none-any.whl", Kind: artifact.Wheel, SHA256: artifact.DigestOf([]byte("x")), Size: 1, Uploaded: today.Add(-100 * day)},
	}
}

func vulnerable(ids ...string) finding.Finding {
	return finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.Critical, IDs: ids, Fixed: []string{"2.2.28"}, Text: "a hole"}
}

func waiver(change func(*verdict.Waiver)) []verdict.Waiver {
	w := verdict.Waiver{
		ID: "w1", Registry: "main", Package: pkg("django"), Versions: []string{"2.2.0"}, Rule: "vulnerability-fixed",
		Advisories: []string{"PYSEC-1"}, Reason: "until the release", Owner: "dev", Approver: "boss", Created: today.Add(-day), Until: today.Add(30 * day),
	}
	change(&w)
	return []verdict.Waiver{w}
}

func decide(t testing.TB, p *policy.Policy, f gate.Facts, now time.Time) verdict.Decision {
	t.Helper()
	d, err := gate.Decide(p, f, now)
	if err != nil {
		t.Fatalf("deciding: %v", err)
	}
	return d
}

func parsePolicy(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every class under every effect that a policy can give it.
func TestDecideEveryClassAndEffect(t *testing.T) {
	for _, class := range classes {
		for _, effect := range []verdict.Effect{verdict.EffectAdmit, verdict.EffectNote, verdict.EffectHold, verdict.EffectReject} {
			p := parsePolicy(t, fmt.Sprintf("version: 1\nrules:\n  - id: all\n    on: finding\n    when: \"true\"\n    effect: %s\n    why: because\n    examples:\n      finds: [{finding: {class: honesty}}]\n      spares: []\n", effect))
			want := map[verdict.Effect]verdict.Verdict{verdict.EffectAdmit: verdict.Admit, verdict.EffectNote: verdict.Admit, verdict.EffectHold: verdict.Hold, verdict.EffectReject: verdict.Reject}[effect]
			switch class {
			case finding.Malware, finding.Origin, finding.Integrity:
				want = verdict.Reject
			case finding.Fault, "strange", "":
				want = verdict.Worse(want, verdict.Hold)
			}
			f := facts(finding.Finding{Rule: "r", Class: class, Text: "t"})
			if d := decide(t, p, f, today); d.Verdict != want {
				t.Errorf("class %q, effect %s: %s, want %s", class, effect, d.Verdict, want)
			}
			// The same with a waiver for the rule, bound to the finding.
			f.Waivers = waiver(func(w *verdict.Waiver) {
				w.Rule, w.Advisories, w.Fingerprints = "all", nil, []string{f.Findings[0].Fingerprint()}
			})
			f.Waivers = append(f.Waivers, waiver(func(w *verdict.Waiver) {
				w.Rule, w.Advisories, w.Fingerprints = "r", nil, []string{f.Findings[0].Fingerprint()}
			})...)
			wantWaived := want
			if class.Waivable() && class != "strange" {
				wantWaived = verdict.Admit
			}
			if d := decide(t, p, f, today); d.Verdict != wantWaived && class != "strange" {
				t.Errorf("class %q, effect %s, waived: %s, want %s", class, effect, d.Verdict, wantWaived)
			}
			// Before it was looked at nothing admits.
			f.Looked = false
			if d := decide(t, p, f, today); d.Verdict == verdict.Admit || gate.Serves(d) {
				t.Errorf("class %q, effect %s, unseen: %s", class, effect, d.Verdict)
			}
		}
	}
}

func TestAddingAFindingNeverMakesAVerdictMilder(t *testing.T) {
	findings := []finding.Finding{vulnerable("PYSEC-1"), vulnerable("PYSEC-2"), {Rule: "file-added-later", Class: finding.Honesty}, {Rule: "upstream-quarantined", Class: finding.Yanked}}
	for _, c := range classes {
		findings = append(findings, finding.Finding{Rule: "x", Class: c})
	}
	for _, waived := range []bool{false, true} {
		for _, seen := range []bool{false, true} {
			for mask := range 1 << 4 {
				f := facts()
				f.Looked = seen
				if waived {
					f.Waivers = waiver(func(*verdict.Waiver) {})
				}
				for i := range 4 {
					if mask&(1<<i) != 0 {
						f.Findings = append(f.Findings, findings[i])
					}
				}
				before := decide(t, policy.Default(), f, today).Verdict
				for _, more := range findings {
					g := f
					g.Findings = append(append([]finding.Finding{}, f.Findings...), more)
					if after := decide(t, policy.Default(), g, today).Verdict; verdict.Worse(before, after) != after {
						t.Errorf("%v: %s, with %s/%s more: %s", f.Findings, before, more.Rule, more.Class, after)
					}
				}
			}
		}
	}
}

func TestWaiversBind(t *testing.T) {
	for _, tc := range []struct {
		name string
		with func(*verdict.Waiver)
		want verdict.Verdict
		why  string
	}{
		{"as given", func(*verdict.Waiver) {}, verdict.Admit, "it covers rule, advisory, version, registry and time"},
		{"by the finding's own rule", func(w *verdict.Waiver) { w.Rule = "known-vulnerability" }, verdict.Admit, "both names of the rule count"},
		{"everywhere", func(w *verdict.Waiver) { w.Registry = "*" }, verdict.Admit, "for all registries"},
		{"by an alias", func(w *verdict.Waiver) { w.Advisories = []string{"CVE-1"} }, verdict.Admit, "an alias is the same advisory"},
		{"by fingerprint", func(w *verdict.Waiver) {
			w.Advisories, w.Fingerprints = nil, []string{vulnerable("PYSEC-1", "CVE-1").Fingerprint()}
		}, verdict.Admit, "bound to the finding"},
		{"both bound", func(w *verdict.Waiver) {
			w.Advisories, w.Fingerprints = []string{"PYSEC-9"}, []string{vulnerable("PYSEC-1", "CVE-1").Fingerprint()}
		}, verdict.Admit, "one of the two is enough"},
		{"another rule", func(w *verdict.Waiver) { w.Rule = "vulnerability-unfixed" }, verdict.Reject, "not this rule"},
		{"another advisory", func(w *verdict.Waiver) { w.Advisories = []string{"PYSEC-2"} }, verdict.Reject, "a new advisory is not covered"},
		{"another finding", func(w *verdict.Waiver) { w.Advisories, w.Fingerprints = nil, []string{"0011"} }, verdict.Reject, "not this finding"},
		{"bound to nothing", func(w *verdict.Waiver) { w.Advisories = nil }, verdict.Reject, "an advisory is never covered by a waiver without one"},
		{"another version", func(w *verdict.Waiver) { w.Versions = []string{"2.2.1"} }, verdict.Reject, "versions are listed"},
		{"another package", func(w *verdict.Waiver) { w.Package = pkg("flask") }, verdict.Reject, ""},
		{"another registry", func(w *verdict.Waiver) { w.Registry = "lab" }, verdict.Reject, ""},
		{"ended", func(w *verdict.Waiver) { w.Until = today }, verdict.Reject, "the end is no part of it"},
		{"revoked", func(w *verdict.Waiver) { w.Revoked = today.Add(-time.Hour) }, verdict.Reject, ""},
		{"waiting", func(w *verdict.Waiver) { w.Approver = "" }, verdict.Reject, "nobody approved it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := facts(vulnerable("PYSEC-1", "CVE-1"))
			f.Waivers = waiver(tc.with)
			d := decide(t, policy.Default(), f, today)
			if d.Verdict != tc.want {
				t.Errorf("got %s, want %s (%s)", d.Verdict, tc.want, tc.why)
			}
			if tc.want == verdict.Admit && (!d.Until.Equal(f.Waivers[0].Until) || len(d.Inputs.Waivers) != 1 || !strings.Contains(d.Reasons[0].Text, "until the release")) {
				t.Errorf("until %v, inputs %v, text %q", d.Until, d.Inputs.Waivers, d.Reasons[0].Text)
			}
		})
	}
}

func TestAWaiverOfOneAdvisoryLeavesTheOthers(t *testing.T) {
	f := facts(vulnerable("PYSEC-1"), vulnerable("PYSEC-2"))
	f.Waivers = waiver(func(*verdict.Waiver) {})
	if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Reject || d.Reasons[0].Effect != verdict.EffectNote {
		t.Errorf("%s: %s", d.Verdict, rules(d.Reasons))
	}
}

func TestUntilIsTheEarliestEnd(t *testing.T) {
	f := facts(vulnerable("PYSEC-1"))
	f.File.Uploaded = today.Add(-2 * day) // opens in a day
	f.Waivers = waiver(func(*verdict.Waiver) {})
	if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Hold || !d.Until.Equal(today.Add(day)) {
		t.Errorf("%s until %v, want hold until the cooldown opens", d.Verdict, d.Until)
	}
	f.Waivers = waiver(func(w *verdict.Waiver) { w.Until = today.Add(time.Hour) })
	if d := decide(t, policy.Default(), f, today); !d.Until.Equal(today.Add(time.Hour)) {
		t.Errorf("until %v, want the waiver's end", d.Until)
	}
	// A waiver for the cooldown that ends later than the cooldown.
	f = facts()
	f.File.Uploaded = today.Add(-2 * day)
	f.Waivers = waiver(func(w *verdict.Waiver) { w.Rule, w.Advisories = "file-too-young", nil })
	if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Admit || !d.Until.Equal(today.Add(day)) {
		t.Errorf("%s until %v, want admit until the cooldown itself is over", d.Verdict, d.Until)
	}
}

func TestCooldownAndWaiverEndByThemselves(t *testing.T) {
	f := facts()
	f.File.Uploaded = today.Add(-2 * day)
	for after, want := range map[time.Duration]verdict.Verdict{0: verdict.Hold, day - 1: verdict.Hold, day: verdict.Admit, 2 * day: verdict.Admit} {
		if d := decide(t, policy.Default(), f, today.Add(after)); d.Verdict != want {
			t.Errorf("cooldown after %v: %s, want %s", after, d.Verdict, want)
		}
	}
	f = facts(vulnerable("PYSEC-1"))
	f.Waivers = waiver(func(*verdict.Waiver) {})
	for after, want := range map[time.Duration]verdict.Verdict{0: verdict.Admit, 30*day - 1: verdict.Admit, 30 * day: verdict.Reject} {
		if d := decide(t, policy.Default(), f, today.Add(after)); d.Verdict != want {
			t.Errorf("waiver after %v: %s, want %s", after, d.Verdict, want)
		}
	}
}

// approve gives an approval of what holds in f now.
func approve(t *testing.T, f gate.Facts, by string) verdict.Approval {
	d := decide(t, policy.Default(), f, today)
	return verdict.Approval{ID: "p-" + by, Registry: f.Registry, Version: f.Version, File: f.File.Name, Approver: by, Reason: "looked", Evidence: verdict.EvidenceDigest(f.File.SHA256, d.Reasons)}
}

func TestApprovalsLapseWhenEvidenceChanges(t *testing.T) {
	unfixed := vulnerable("PYSEC-1")
	unfixed.Fixed = nil
	base := facts(unfixed)
	given := approve(t, base, "boss")
	for _, tc := range []struct {
		name string
		with func(*gate.Facts)
		want verdict.Verdict
	}{
		{"same evidence", func(*gate.Facts) {}, verdict.Admit},
		{"another text of the same finding", func(f *gate.Facts) { f.Findings[0].Text = "worded better" }, verdict.Admit},
		{"a new advisory", func(f *gate.Facts) {
			more := vulnerable("PYSEC-2")
			more.Fixed = nil
			f.Findings = append(f.Findings, more)
		}, verdict.Hold},
		{"other bytes", func(f *gate.Facts) {
			file := *f.File
			file.SHA256 = artifact.DigestOf([]byte("y"))
			f.File = &file
		}, verdict.Hold},
		{"now a reject", func(f *gate.Facts) { f.Findings[0].Fixed = []string{"3"} }, verdict.Reject},
		{"malware as well", func(f *gate.Facts) { f.Findings = append(f.Findings, finding.Finding{Class: finding.Malware}) }, verdict.Reject},
		{"not looked at any more", func(f *gate.Facts) { f.Looked = false }, verdict.Hold},
		{"another registry", func(f *gate.Facts) { f.Registry = "lab" }, verdict.Hold},
		{"another version of the same bytes", func(f *gate.Facts) { f.Version.Number = "2.2.1" }, verdict.Hold},
		{"another file of the same bytes", func(f *gate.Facts) {
			file := *f.File
			file.Name = "django-2.2.0-py2-none-any.whl"
			f.File = &file
		}, verdict.Hold},
		{"revoked", func(f *gate.Facts) { f.Approvals[0].Revoked = today }, verdict.Hold},
		{"by nobody", func(f *gate.Facts) { f.Approvals[0].Approver = "" }, verdict.Hold},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := facts(unfixed)
			f.Approvals = []verdict.Approval{given}
			tc.with(&f)
			if d := decide(t, policy.Default(), f, today); d.Verdict != tc.want {
				t.Errorf("got %s, want %s: %s", d.Verdict, tc.want, rules(d.Reasons))
			}
		})
	}
}

// "An unreadable file is a fault: nobody waives it; two approvers may admit it by digest."
func TestAFaultNeedsTwoDifferentApprovers(t *testing.T) {
	f := facts(finding.Finding{Rule: "archive-unreadable", Class: finding.Fault, Text: "entry 3"})
	a, b := approve(t, f, "ann"), approve(t, f, "bob")
	again := a
	again.ID = "p-again"
	for _, tc := range []struct {
		with []verdict.Approval
		want verdict.Verdict
	}{{nil, verdict.Hold}, {[]verdict.Approval{a}, verdict.Hold}, {[]verdict.Approval{a, again}, verdict.Hold}, {[]verdict.Approval{a, b}, verdict.Admit}} {
		f.Approvals = tc.with
		if d := decide(t, policy.Default(), f, today); d.Verdict != tc.want {
			t.Errorf("%d approvals: %s, want %s", len(tc.with), d.Verdict, tc.want)
		}
	}
}

func TestAnEvaluationErrorHolds(t *testing.T) {
	p := parsePolicy(t, "version: 1\nextends: default\nrules:\n  - id: broken\n    on: file\n    class: licence\n    effect: note\n    when: \"[1][int(file.size)] == 1\"\n    why: never\n    examples: {finds: [], spares: []}\n")
	for _, with := range []func(*gate.Facts){
		func(*gate.Facts) {},
		func(f *gate.Facts) { f.Observe = true },
		func(f *gate.Facts) { f.AdmittedSince = today.Add(-day) },
		func(f *gate.Facts) {
			for _, by := range []string{"ann", "bob"} {
				d, _ := gate.Decide(p, *f, today)
				a := approve(t, *f, by)
				a.Evidence = verdict.EvidenceDigest(f.File.SHA256, d.Reasons)
				f.Approvals = append(f.Approvals, a)
			}
		},
	} {
		f := facts(finding.Finding{Rule: "known-malware", Class: finding.Malware})
		with(&f)
		d, err := gate.Decide(p, f, today)
		if err == nil || d.Verdict != verdict.Hold || gate.Serves(d) || gate.Offers(d) || d.ID == "" {
			t.Errorf("%v: %s, serves %t: what stands against it is not known, so nothing opens it", err, d.Verdict, gate.Serves(d))
		}
	}
}

func TestTheZeroValueIsTheCarefulOne(t *testing.T) {
	if d := (verdict.Decision{}); gate.Serves(d) || gate.Offers(d) {
		t.Error("the zero decision is served or offered")
	}
	d := verdict.Decision{Reasons: []verdict.Reason{{}}}
	if d.Verdict = verdict.Sum(d.Reasons); d.Verdict != verdict.Hold || gate.Offers(d) {
		t.Errorf("a reason without an effect: %s", d.Verdict)
	}
	f := facts()
	f.Looked, f.File = false, nil
	if d := decide(t, policy.Default(), f, today); d.File != "" {
		t.Errorf("a version's decision names file %q", d.File)
	}
}

func TestDecisionIDIsStableForEqualAnswers(t *testing.T) {
	base := decide(t, policy.Default(), facts(vulnerable("PYSEC-1")), today)
	for _, tc := range []struct {
		name string
		with func(*gate.Facts)
		at   time.Duration
		same bool
	}{
		{"again", func(*gate.Facts) {}, 0, true},
		{"later", func(*gate.Facts) {}, day, true},
		{"another snapshot that says the same", func(f *gate.Facts) { f.Advisories.Snapshot = "t" }, 0, true},
		{"another index answer", func(f *gate.Facts) { f.UpstreamMetadata = "d" }, 0, true},
		{"version evidence of another revision", func(f *gate.Facts) { f.VersionEvidence = "v" }, 0, true},
		{"another finding", func(f *gate.Facts) { f.Findings = append(f.Findings, vulnerable("PYSEC-2")) }, 0, false},
		{"other bytes", func(f *gate.Facts) { f.File.SHA256 = "0" }, 0, false},
		{"other evidence", func(f *gate.Facts) { f.FileEvidence = "k" }, 0, false},
		{"another file", func(f *gate.Facts) { f.File.Name = "o" }, 0, false},
		{"another registry", func(f *gate.Facts) { f.Registry = "lab" }, 0, false},
		{"another origin", func(f *gate.Facts) { f.Origin = "up" }, 0, false},
		{"stale advisories", func(f *gate.Facts) { f.Advisories.Problem = "old" }, 0, false},
		{"waived", func(f *gate.Facts) { f.Waivers = waiver(func(*verdict.Waiver) {}) }, 0, false},
	} {
		f := facts(vulnerable("PYSEC-1"))
		tc.with(&f)
		if d := decide(t, policy.Default(), f, today.Add(tc.at)); (d.ID == base.ID) != tc.same {
			t.Errorf("%s: id %s, base %s, want same=%t", tc.name, d.ID, base.ID, tc.same)
		}
	}
}

// Invariant 2: stale data holds what is new and keeps serving what was admitted.
func TestStaleAdvisoriesHoldNewAndKeepServingAdmitted(t *testing.T) {
	gaps := map[string]func(*gate.Facts){
		"stale": func(f *gate.Facts) { f.Advisories = gate.AdvisoryState{Problem: "9 days old; sync"} },
		"check failed": func(f *gate.Facts) {
			f.Gaps = []finding.Finding{{Rule: "advisory-check-failed", Class: finding.Fault, Text: "none here"}}
		},
	}
	for name, with := range gaps {
		f := facts()
		with(&f)
		if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Hold {
			t.Errorf("%s: new: %s", name, d.Verdict)
		}
		f.AdmittedSince = today.Add(-day)
		d := decide(t, policy.Default(), f, today)
		if d.Verdict != verdict.Admit || len(d.Reasons) != 1 || d.Reasons[0].Effect != verdict.EffectNote {
			t.Errorf("%s: admitted before: %s, %s", name, d.Verdict, rules(d.Reasons))
		}
		f.Findings = append(f.Findings, vulnerable("PYSEC-1"))
		if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Reject {
			t.Errorf("%s: admitted before, now vulnerable: %s", name, d.Verdict)
		}
		f.Findings = nil
		p := parsePolicy(t, "version: 1\nextends: default\nrules:\n  - id: stop\n    on: finding\n    class: provenance\n    effect: hold\n    why: stop\n    examples: {finds: [{finding: {class: provenance}}], spares: []}\n")
		if d := decide(t, p, f, today); d.Verdict != verdict.Hold {
			t.Errorf("%s: the policy says stop, and it is %s", name, d.Verdict)
		}
	}
}

func TestObserveServesWhatWouldBeRefused(t *testing.T) {
	for _, tc := range []struct {
		name           string
		with           func(*gate.Facts)
		serves, offers bool
	}{
		{"good", func(*gate.Facts) {}, true, true},
		{"vulnerable", func(f *gate.Facts) { f.Findings = []finding.Finding{vulnerable("PYSEC-1")} }, true, true},
		{"young", func(f *gate.Facts) { f.File.Uploaded = today }, true, true},
		{"vulnerable and unseen", func(f *gate.Facts) { f.Findings, f.Looked = []finding.Finding{vulnerable("PYSEC-1")}, false }, false, true},
		{"unseen", func(f *gate.Facts) { f.Looked = false }, false, true},
		{"malware", func(f *gate.Facts) { f.Findings = []finding.Finding{{Class: finding.Malware}} }, false, false},
		{"malware, unseen", func(f *gate.Facts) { f.Findings, f.Looked = []finding.Finding{{Class: finding.Malware}}, false }, false, false},
		{"fault", func(f *gate.Facts) { f.Findings = []finding.Finding{{Class: finding.Fault}} }, false, false},
		{"stale advisories", func(f *gate.Facts) { f.Advisories.Problem = "old" }, false, false},
	} {
		f := facts()
		f.Observe = true
		tc.with(&f)
		d := decide(t, policy.Default(), f, today)
		if gate.Serves(d) != tc.serves || gate.Offers(d) != tc.offers {
			t.Errorf("%s: serves %t, offers %t, want %t, %t (%s)", tc.name, gate.Serves(d), gate.Offers(d), tc.serves, tc.offers, rules(d.Reasons))
		}
	}
}

func TestKnownMalwareIntegrityOriginAndFaultsCannotBeWaived(t *testing.T) {
	for _, c := range []finding.Class{finding.Malware, finding.Integrity, finding.Origin, finding.Fault} {
		f := facts(finding.Finding{Rule: "r", Class: c, IDs: []string{"PYSEC-1"}})
		d := decide(t, policy.Default(), f, today)
		for _, rule := range []string{"r", d.Reasons[0].Rule} {
			f.Waivers = append(f.Waivers, waiver(func(w *verdict.Waiver) { w.Rule, w.Fingerprints = rule, []string{f.Findings[0].Fingerprint()} })...)
		}
		if d := decide(t, policy.Default(), f, today); d.Verdict == verdict.Admit || gate.Serves(d) {
			t.Errorf("class %s was waived", c)
		}
	}
}

// TestAFaultThatComesLaterLeavesTheRestApproved: it holds by itself, so that nothing
// is taken back; and what one person approved without it does not open it.
func TestAFaultThatComesLaterLeavesTheRestApproved(t *testing.T) {
	odd := finding.Finding{Rule: "odd", Class: finding.Behaviour, Severity: finding.High, Text: "odd"}
	fault := finding.Finding{Rule: "upstream-vanished", Class: finding.Fault, Severity: finding.High, Text: "gone"}
	f := facts(odd)
	d := decide(t, policy.Default(), f, today)
	by := func(who string, d verdict.Decision) verdict.Approval {
		return verdict.Approval{ID: who, Registry: "main", Version: f.Version, Approver: who, Created: today, Evidence: verdict.EvidenceDigest(f.File.SHA256, d.Reasons)}
	}
	f.Approvals = []verdict.Approval{by("ann", d)}
	if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Admit {
		t.Fatalf("approved: %s (%s)", d.Verdict, rules(d.Reasons))
	}
	f.AdmittedSince = today.Add(-day)
	f.Findings = append(f.Findings, fault)
	later := decide(t, policy.Default(), f, today)
	if later.Verdict != verdict.Hold || later.TakesBack() || gate.Serves(later) {
		t.Errorf("with a fault: %s, takes back %t (%s); want it held for the fault alone", later.Verdict, later.TakesBack(), rules(later.Reasons))
	}
	f.Findings = append(f.Findings, finding.Finding{Rule: "odder", Class: finding.Behaviour, Severity: finding.High, Text: "odder"})
	if d := decide(t, policy.Default(), f, today); d.Verdict != verdict.Hold || !d.TakesBack() {
		t.Errorf("with something new beside it: %s, takes back %t (%s)", d.Verdict, d.TakesBack(), rules(d.Reasons))
	}
}
