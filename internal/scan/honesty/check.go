package honesty

import (
	"context"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Versions compares the files of one version with each other: one that was
// added long after the rest, and a wheel whose sources are not the sdist's. It says
// too where a date is no more than its publisher's word (Go). It
// implements scan.VersionCheck; the zero value is ready.
type Versions struct{}

var _ scan.VersionCheck = Versions{}

// Name implements scan.VersionCheck.
func (Versions) Name() string { return "honesty" }

// Revision implements scan.VersionCheck.
func (Versions) Revision() string { return "2" }

// Check implements scan.VersionCheck. Every finding is about the one file that
// its Path names.
func (Versions) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	out := append(LateFiles(t.Files), GoDates(t.Files)...)
	for _, wheel := range t.Files {
		if wheel.Kind != artifact.Wheel || t.Reports[wheel.Name] == nil {
			continue
		}
		for _, sdist := range t.Files {
			if sdist.Kind != artifact.Sdist || t.Reports[sdist.Name] == nil {
				continue
			}
			for _, f := range WheelAgainstSdist(summary(wheel.Name, t.Reports), summary(sdist.Name, t.Reports)) {
				f.Path = wheel.Name
				out = append(out, f)
			}
		}
	}
	return out, nil
}

func summary(file string, reports map[string]*scan.Report) Summary {
	r := reports[file]
	return Summary{File: file, Sources: r.Sources, Partial: r.SourcesPartial}
}
