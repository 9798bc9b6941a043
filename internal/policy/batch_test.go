package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// TestBatchSaysWhatEvaluateSays asks both about the same files in turn: many
// versions, files of different ages, yanked and not, with findings that recur.
func TestBatchSaysWhatEvaluateSays(t *testing.T) {
	fileDependent := `
version: 1
extends: default
rules:
  - id: young-and-vulnerable
    on: finding
    class: vulnerability
    when: has(file.uploaded) && now - file.uploaded < duration("240h")
    effect: hold
    why: "{file.name} is young: {finding.text}"
    examples:
      finds: [{finding: {rule: known-vulnerability}, file: {age: 1d}}]
      spares: [{finding: {rule: known-vulnerability}, file: {age: 30d}}]
`
	dependent, err := Parse("dependent.yaml", []byte(fileDependent))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*Policy{"default": Default(), "a rule that looks at the file": dependent} {
		t.Run(name, func(t *testing.T) {
			b := p.Batch()
			r := rand.New(rand.NewPCG(1, 2))
			for i := range 2000 {
				in := batchInput(r, i)
				want, werr := p.Evaluate(in)
				got, gerr := b.Evaluate(in)
				if werr != nil || gerr != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("input %d %+v:\n got %+v, %v\nwant %+v, %v", i, in, got, gerr, want, werr)
				}
			}
		})
	}
}

func TestFileFree(t *testing.T) {
	for _, tc := range []struct {
		rule Rule
		want bool
		why  string
	}{
		{Rule{When: `finding.rule == "file-added-later"`, Why: "{finding.text}"}, true, "the word stands in quotes"},
		{Rule{When: `finding.severity >= HIGH`, Remedy: "Use another file."}, true, "a sentence without a placeholder"},
		{Rule{When: `has(file.uploaded)`}, false, "a condition on the file"},
		{Rule{Until: `now + duration("1h")`}, false, "an end that moves"},
		{Rule{Why: "it's in {file.name}, isn't it"}, false, "a placeholder between apostrophes"},
		{Rule{Why: "{finding.text}: see 'a' {size({'a': file.size})} 'b'"}, false, "braces in a placeholder"},
		{Rule{When: `finding.text == '\'' && file.size > 0 && finding.rule == ''`}, false, "an escaped quote"},
		{Rule{When: `finding.text == '"' && file.size > 0 && finding.rule == '"'`}, false, "a quote in quotes"},
	} {
		if got := tc.rule.fileFree(); got != tc.want {
			t.Errorf("fileFree(%+v) = %t, want %t (%s)", tc.rule, got, tc.want, tc.why)
		}
	}
}

func batchInput(r *rand.Rand, i int) Input {
	now := time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)
	in := Input{
		Now: now, Registry: []string{"main", "other"}[r.IntN(2)], Yanked: r.IntN(4) == 0,
		Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: fmt.Sprint(i / 50)},
		File:    &File{Name: fmt.Sprintf("demo-%d.whl", i), Kind: artifact.Wheel, Uploaded: now.AddDate(0, 0, -r.IntN(20))},
	}
	classes := []finding.Class{finding.Vulnerability, finding.Malware, finding.Honesty, finding.Fault, finding.Integrity, finding.Yanked, "made-up"}
	for range r.IntN(6) {
		f := finding.Finding{Rule: "known-vulnerability", Class: classes[r.IntN(len(classes))], Severity: finding.Severity(r.IntN(6)), Text: fmt.Sprint("text ", r.IntN(3))}
		if r.IntN(2) == 0 {
			f.Fixed = []string{"9"}
		}
		in.Findings = append(in.Findings, f)
	}
	return in
}

func BenchmarkBatch(b *testing.B) {
	in := Input{Now: time.Now(), Registry: "main", Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1"}, File: &File{Name: "demo.whl", Uploaded: time.Unix(0, 0)}}
	for i := range 30 {
		in.Findings = append(in.Findings, finding.Finding{Rule: "known-vulnerability", Class: finding.Vulnerability, Severity: finding.High, IDs: []string{fmt.Sprint("PYSEC-", i)}, Text: fmt.Sprint("finding ", i)})
	}
	batch := Default().Batch()
	for b.Loop() {
		if _, err := batch.Evaluate(in); err != nil {
			b.Fatal(err)
		}
	}
}
