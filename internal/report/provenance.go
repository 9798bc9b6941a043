package report

import (
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// maker is who made a version, in words: the same for all of its files that were
// looked at, or nothing.
func maker(v verdict.VersionOutcome) string {
	who := ""
	for _, f := range v.Files {
		if f.Provenance == nil || who != "" && f.Provenance.Source() != who {
			return ""
		}
		who = f.Provenance.Source()
	}
	return who
}

// provenanceProperties are the names and values for a list of parts.
func provenanceProperties(f verdict.FileOutcome) []string {
	a := f.Provenance
	if a == nil {
		return nil
	}
	return []string{
		"provenance", string(a.Kind), "provenance-repository", a.Repository, "provenance-workflow", a.Workflow, "provenance-commit", a.Commit,
		"provenance-ref", a.Ref, "provenance-identity", a.Identity, "provenance-issuer", a.Issuer,
		"provenance-log", fmt.Sprintf("%s entry %d, %s", a.Log, a.Index, a.At.UTC().Format(time.RFC3339)),
	}
}
