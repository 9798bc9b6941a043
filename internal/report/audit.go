package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Audit is the answer of `gatehouse audit`, in its JSON shape.
type Audit struct {
	Packages []AuditedPackage  `json:"packages"`
	Problems []verdict.Problem `json:"problems"`
}

// AuditedPackage is one requirement or lock entry.
type AuditedPackage struct {
	Purl        string            `json:"purl"`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	Asked       string            `json:"asked,omitempty"`
	Advisories  []AuditedAdvisory `json:"advisories"`
	NotLookedAt string            `json:"not_looked_at,omitempty"` // why nothing could be said
}

// AuditedAdvisory is one alias group that covers the version.
type AuditedAdvisory struct {
	ID       string           `json:"id"`
	Aliases  []string         `json:"aliases"`
	Severity finding.Severity `json:"severity"`
	Fixed    []string         `json:"fixed"`
	Malware  bool             `json:"malware"`
	Summary  string           `json:"summary,omitempty"`
}

// AuditText writes an audit for a person: the packages with findings, each
// advisory on a line with where it is fixed, then what could not be looked at.
func AuditText(w io.Writer, a Audit) error {
	var b strings.Builder
	found, advisories, unseen := 0, 0, 0
	for _, p := range a.Packages {
		if p.NotLookedAt != "" {
			unseen++
		}
		if len(p.Advisories) == 0 {
			continue
		}
		found++
		place := finding.Location{File: p.File, Line: p.Line}.String()
		fmt.Fprintf(&b, "%s  %s\n", safe(place), safe(p.Purl))
		for _, x := range p.Advisories {
			advisories++
			fixed := "no fix is known"
			if x.Malware {
				fixed = "MALWARE: remove it"
			} else if len(x.Fixed) > 0 {
				fixed = "fixed in " + strings.Join(x.Fixed, ", ")
			}
			fmt.Fprintln(&b, cut(fmt.Sprintf("  %-9s %-20s %s", x.Severity, safe(x.ID), safe(fixed)), 80))
			if x.Summary != "" {
				fmt.Fprintf(&b, "            %s\n", cut(safe(x.Summary), 68))
			}
		}
	}
	for _, p := range a.Problems {
		fmt.Fprintf(&b, "%s  %s\n", safe(finding.Location{File: p.File, Line: p.Line}.String()), safe(p.Text))
	}
	fmt.Fprintf(&b, "%s in %d of %s", countOf(advisories, "advisory", "advisories"), found, countOf(len(a.Packages), "package", "packages"))
	b.WriteString("\n")
	if unseen > 0 {
		fmt.Fprintf(&b, "%d without an exact version not looked at; gatehouse admit resolves them\n", unseen)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
