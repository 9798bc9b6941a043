package policy

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const madeByAcme = `
version: 1
extends: default
rules:
  - id: made-by-acme
    on: file
    class: provenance
    when: '!provenance.verified || !provenance.repository.startsWith("https://forge.invalid/acme/")'
    effect: hold
    why: "{file} was made by {provenance} at {provenance.commit}."
  - id: native-by-a-workflow
    on: finding
    class: honesty
    when: finding.rule == "native-code" && provenance.runner != "forge-hosted"
    effect: reject
    why: "{finding.text}, built on {provenance.runner}"
`

// TestProvenance: rules about who made a file see what was verified, and are passed
// over while that is to be found out.
func TestProvenance(t *testing.T) {
	p, err := Parse("test.yaml", []byte(madeByAcme))
	if err != nil {
		t.Fatal(err)
	}
	acme := &Provenance{Verified: true, Repository: "https://forge.invalid/acme/demo", Commit: "0123", Runner: "forge-hosted"}
	evil := &Provenance{Verified: true, Repository: "https://forge.invalid/acme-evil/demo", Commit: "4567", Runner: "self-hosted"}
	person := &Provenance{Verified: true, Identity: "ada@acme.invalid"}
	native := finding.Finding{Rule: "native-code", Class: finding.Honesty, Severity: finding.Low, Text: "it has native code"}
	batch := p.Batch()
	for _, tc := range []struct {
		made *Provenance
		want string
		text string
		why  string
	}{
		{nil, "native-code note", "", "not known yet"},
		{acme, "native-code note", "", "made by acme"},
		{evil, "native-by-a-workflow reject, made-by-acme hold", "was made by https://forge.invalid/acme-evil/demo at 4567", "made by somebody else"},
		{&Provenance{}, "native-by-a-workflow reject, made-by-acme hold", "was made by not attested at", "nothing was verified"},
		{person, "native-by-a-workflow reject, made-by-acme hold", "was made by ada@acme.invalid at", "made by a person"},
		{acme, "native-code note", "", "made by acme, after others"},
	} {
		in := input(native)
		in.File = &File{Name: "demo-1.0-py3-none-any.whl", Size: 1, Uploaded: in.Now.AddDate(0, -1, 0)}
		in.Provenance = tc.made
		for name, rules := range map[string]interface {
			Evaluate(Input) ([]verdict.Reason, error)
		}{"policy": p, "batch": batch} {
			rs, err := rules.Evaluate(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			text := ""
			for _, r := range rs {
				got = append(got, r.Rule+" "+string(r.Effect))
				text += r.Text + "\n"
			}
			if strings.Join(got, ", ") != tc.want || !strings.Contains(text, tc.text) {
				t.Errorf("%s, %s: %s\n%s", tc.why, name, got, text)
			}
		}
	}
	in := input()
	if rs := evaluate(t, p, in); len(rs) != 0 {
		t.Errorf("of a version without a file: %+v", rs)
	}
}

// TestProvenanceIsOfFiles: a rule about the version as such cannot ask who made it.
func TestProvenanceIsOfFiles(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"  - {id: a, on: version, class: age, when: provenance.verified, effect: hold, why: x}\n", "provenance"},
		{"  - {id: a, on: file, class: age, when: provenance.verifed, effect: hold, why: x}\n", "verifed"},
	} {
		if _, err := Parse("test.yaml", []byte("version: 1\nrules:\n"+tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.text, err)
		}
	}
}

// TestProvenancePage runs the examples of docs/provenance.md.
func TestProvenancePage(t *testing.T) {
	n := 0
	for start, text := range blocksOf(t, "provenance.md", "yaml") {
		if !strings.HasPrefix(text, "version: 1\n") {
			continue // a piece of the configuration
		}
		n++
		for _, p := range Check([]byte(text)) {
			t.Errorf("docs/provenance.md:%d: %s", start+p.Line-1, p.Text)
		}
		p, err := Parse("docs/provenance.md", []byte(text))
		if err != nil {
			continue
		}
		for _, r := range Test(p) {
			if !r.OK {
				t.Errorf("docs/provenance.md:%d: %s: %s", start+r.Line-1, r.Rule, r.Text)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d policies on the page, want 1", n)
	}
}
