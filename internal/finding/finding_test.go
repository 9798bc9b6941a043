package finding_test

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
)

func TestWaivable(t *testing.T) {
	for class, want := range map[finding.Class]bool{
		finding.Vulnerability: true, finding.Name: true, finding.Honesty: true, finding.Licence: true, finding.Yanked: true,
		finding.Age: true, finding.Provenance: true, finding.Manifest: true,
		finding.Malware: false, finding.Integrity: false, finding.Origin: false, finding.Fault: false, "": false,
	} {
		if got := class.Waivable(); got != want {
			t.Errorf("class %q: %t, want %t", class, got, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for _, tc := range []struct {
		word   string
		s      finding.Severity
		weight finding.Severity
	}{
		{"unknown", finding.Unknown, finding.High}, {"none", finding.None, finding.None}, {"low", finding.Low, finding.Low},
		{"medium", finding.Medium, finding.Medium}, {"high", finding.High, finding.High}, {"critical", finding.Critical, finding.Critical},
	} {
		got, err := finding.ParseSeverity(tc.word)
		if err != nil || got != tc.s || got.String() != tc.word || got.Weight() != tc.weight {
			t.Errorf("%s: %v, weight %v, %v", tc.word, got, got.Weight(), err)
		}
		b, err := json.Marshal(tc.s)
		var back finding.Severity
		if err != nil || json.Unmarshal(b, &back) != nil || back != tc.s {
			t.Errorf("%s: %s back is %v, %v", tc.word, b, back, err)
		}
	}
	if s, err := finding.ParseSeverity("MODERATE"); err != nil || s != finding.Medium {
		t.Errorf("moderate: %v, %v", s, err)
	}
	if _, err := finding.ParseSeverity("awful"); err == nil {
		t.Error("an unknown word was no error")
	}
	for _, s := range []finding.Severity{-1, 99} {
		if s.String() != "unknown" || s.Weight() != finding.High {
			t.Errorf("severity %d: %s, weight %s: what is not known counts as high", s, s, s.Weight())
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := finding.Finding{Rule: "r", Class: finding.Honesty, IDs: []string{"a"}, Path: "p", Text: "t", Severity: finding.Low, Line: 1}
	for _, tc := range []struct {
		name string
		with func(*finding.Finding)
		same bool
	}{
		{"severity", func(f *finding.Finding) { f.Severity = finding.High }, true},
		{"text", func(f *finding.Finding) { f.Text = "better" }, true},
		{"fixed", func(f *finding.Finding) { f.Fixed = []string{"1"} }, true},
		{"rule", func(f *finding.Finding) { f.Rule = "s" }, false},
		{"class", func(f *finding.Finding) { f.Class = finding.Malware }, false},
		{"ids", func(f *finding.Finding) { f.IDs = []string{"a", "b"} }, false},
		{"path", func(f *finding.Finding) { f.Path = "q" }, false},
	} {
		f := base
		tc.with(&f)
		if got := f.Fingerprint() == base.Fingerprint(); got != tc.same {
			t.Errorf("%s changed: same fingerprint %t, want %t", tc.name, got, tc.same)
		}
	}
}

func TestLocation(t *testing.T) {
	for want, l := range map[string]finding.Location{"f": {File: "f"}, "f:3": {File: "f", Line: 3}, "f:4": {File: "f", Line: 4, Column: 2}, "": {}} {
		if got := l.String(); got != want {
			t.Errorf("%+v: %q, want %q", l, got, want)
		}
	}
}
