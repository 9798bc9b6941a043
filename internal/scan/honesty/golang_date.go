package honesty

import (
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// RuleGoDate says that the age of a module's version is its publisher's word.
const RuleGoDate = "date-by-publisher"

// GoDates notes each module zip whose date nobody but its publisher vouches for: the
// time in an .info is that of a tag or commit, which can be made up, and this gate has
// not seen the checksum database's log without the version. A policy that waits for a
// version's age may want to hold it.
func GoDates(files []ecosystem.IndexFile) []finding.Finding {
	var out []finding.Finding
	for _, f := range files {
		if f.Kind != artifact.ModuleZip || f.Uploaded.IsZero() {
			continue
		}
		v, err := record.Parse(f.Record)
		if err != nil || v.Sum.State == record.Own || !v.Sum.NotBefore.IsZero() {
			continue
		}
		out = append(out, finding.Finding{Rule: RuleGoDate, Class: finding.Honesty, Severity: finding.Low, Path: f.Name,
			Text: "its date is what its publisher wrote: this gate knows of no time at which the checksum database did not have it yet"})
	}
	return out
}
