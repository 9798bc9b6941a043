package verdict_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func TestZeroVerdictHolds(t *testing.T) {
	var v verdict.Verdict
	if v != verdict.Hold || v.String() != "hold" || verdict.Verdict(77).String() != "hold" {
		t.Errorf("zero %s, 77 %s", v, verdict.Verdict(77))
	}
	v = verdict.Admit
	if err := json.Unmarshal([]byte(`"maybe"`), &v); err == nil || v != verdict.Hold {
		t.Errorf("an unknown word: %v, %v; want an error and hold", v, err)
	}
	for _, w := range []verdict.Verdict{verdict.Hold, verdict.Admit, verdict.Reject} {
		b, err := json.Marshal(w)
		if err != nil || json.Unmarshal(b, &v) != nil || v != w {
			t.Errorf("%s: %s back is %s, %v", w, b, v, err)
		}
	}
}

func TestWorse(t *testing.T) {
	all := []verdict.Verdict{verdict.Admit, verdict.Hold, verdict.Reject}
	for i, a := range all {
		for j, b := range all {
			if got, want := verdict.Worse(a, b), all[max(i, j)]; got != want {
				t.Errorf("%s and %s: %s, want %s", a, b, got, want)
			}
		}
	}
	if verdict.Worse(verdict.Admit, 9) != verdict.Hold {
		t.Error("an unknown verdict did not hold")
	}
}

func TestSum(t *testing.T) {
	for _, tc := range []struct {
		effects []verdict.Effect
		want    verdict.Verdict
	}{
		{nil, verdict.Admit}, {[]verdict.Effect{"note", "admit"}, verdict.Admit}, {[]verdict.Effect{"hold", "admit"}, verdict.Hold},
		{[]verdict.Effect{"reject", "hold"}, verdict.Reject}, {[]verdict.Effect{""}, verdict.Hold}, {[]verdict.Effect{"allow"}, verdict.Hold},
	} {
		var rs []verdict.Reason
		for _, e := range tc.effects {
			rs = append(rs, verdict.Reason{Effect: e})
		}
		if got := verdict.Sum(rs); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.effects, got, tc.want)
		}
	}
}

func TestEvidenceDigestNamesWhatIsApproved(t *testing.T) {
	hold := verdict.Reason{Rule: "r", Class: finding.Honesty, Effect: verdict.EffectHold, Finding: "f", IDs: []string{"i"}, Text: "t"}
	note := verdict.Reason{Rule: "n", Effect: verdict.EffectNote}
	base := verdict.EvidenceDigest("s", []verdict.Reason{hold})
	worded, other, unknown := hold, hold, hold
	worded.Text, other.Finding, unknown.Effect = "better", "g", "strange"
	for _, tc := range []struct {
		name string
		sha  artifact.Digest
		rs   []verdict.Reason
		same bool
	}{
		{"text", "s", []verdict.Reason{worded}, true}, {"a note more", "s", []verdict.Reason{hold, note}, true}, {"an effect that holds as well", "s", []verdict.Reason{unknown}, true},
		{"bytes", "z", []verdict.Reason{hold}, false}, {"finding", "s", []verdict.Reason{other}, false}, {"a hold more", "s", []verdict.Reason{hold, other}, false}, {"a hold less", "s", nil, false},
	} {
		if got := verdict.EvidenceDigest(tc.sha, tc.rs) == base; got != tc.same {
			t.Errorf("%s: same digest %t, want %t", tc.name, got, tc.same)
		}
	}
}

func TestRefusal(t *testing.T) {
	cause := errors.New("disk")
	r := &verdict.Refusal{Version: artifact.Version{Package: artifact.Package{Name: "a"}, Number: "1"}, Verdict: verdict.Reject, Public: "why", Cause: cause}
	if r.Error() != "a 1: reject: why: disk" || !errors.Is(r, cause) {
		t.Errorf("%v", r)
	}
	if (&verdict.Refusal{}).Verdict != verdict.Hold {
		t.Error("the zero refusal does not hold")
	}
}

func TestDecisionID(t *testing.T) {
	d := verdict.Decision{Registry: "main", Purl: "pkg:pypi/a@1", Verdict: verdict.Admit}
	id := verdict.DecisionID(d)
	if len(id) != 12 {
		t.Errorf("id %q", id)
	}
	d.Inputs.At, d.ID = time.Now(), "anything"
	if verdict.DecisionID(d) != id {
		t.Error("the time of asking changes the id")
	}
	d.Inputs.Policy = "other"
	if verdict.DecisionID(d) == id {
		t.Error("another policy has the same id")
	}
}
