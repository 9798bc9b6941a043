package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// hostile is a report in which one text stands in every place where somebody
// outside can put one.
func hostile(x string) report.Report {
	until := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	place := verdict.Place{Archive: x, Path: x, Line: 7}
	reason := func(e verdict.Effect, c finding.Class, waiver string) verdict.Reason {
		return verdict.Reason{Rule: x, Class: c, Effect: e, IDs: []string{x, x + "2"}, Fixed: []string{x}, Severity: finding.High, Text: x, Remedy: x, Finding: x, Source: x, Waiver: waiver, Until: until, File: x, Line: 1, Seen: place}
	}
	v := func(verd verdict.Verdict, direct bool, rs ...verdict.Reason) verdict.VersionOutcome {
		return verdict.VersionOutcome{
			Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: x}, Number: x}, Purl: x, Verdict: verd, Direct: direct, New: true, Via: []string{x, x + "/up"}, Until: &until,
			Reasons: rs, Decision: x, File: x, Line: 1, Asked: x, Licence: x,
			Files: []verdict.FileOutcome{{Name: x, SHA256: artifact.DigestOf(nil), Verdict: verd, Decision: x,
				Provenance: &provenance.Attestation{Kind: provenance.Build, Repository: x, Workflow: x, Commit: x, Ref: x, Identity: x, Issuer: x, Log: x}}},
			Capabilities: []verdict.Capability{{Word: x, Place: place, Text: x, New: true}, {Word: x, Place: place}}, ComparedWith: x,
		}
	}
	refused := v(verdict.Reject, true, reason(verdict.EffectReject, finding.Vulnerability, ""), reason(verdict.EffectReject, finding.Malware, ""), reason(verdict.EffectHold, finding.Honesty, ""))
	refused.Remedy = &verdict.Remedy{File: x, Line: 1, Old: x, New: x, Spec: x, Text: x, Command: x, Proved: true}
	held := v(verdict.Hold, false, reason("", finding.Class(x), ""), reason(verdict.EffectHold, finding.Behaviour, ""))
	held.Remedy = &verdict.Remedy{Text: x, Command: x}
	o := verdict.Outcome{
		Request: "r5klcv2khhjo", Status: verdict.Done, Verdict: verdict.Reject, DecisionURL: "https://gate.example.invalid/d/r5klcv2khhjo", Install: x, Policy: x, AdvisorySnapshot: x, Ended: until,
		Versions: []verdict.VersionOutcome{refused, held, v(verdict.Admit, false, reason(verdict.EffectNote, finding.Licence, x), reason(verdict.EffectNote, finding.Licence, "")), v(verdict.Admit, true)},
		Problems: []verdict.Problem{{Class: finding.Manifest, Effect: verdict.EffectReject, Text: x, File: x, Line: 2}, {Class: finding.Class(x), Text: x}},
	}
	req := verdict.Request{ID: o.Request, Door: x, Registry: x, Project: x, By: x, Created: until, Files: []verdict.Source{{Path: x, Content: []byte(x + "\n" + x + "\n")}}}
	return report.New(req, o, x)
}

// TestHostileTextInReports runs the table through every format, of a request and
// of an audit.
func TestHostileTextInReports(t *testing.T) {
	for _, text := range hostiletest.Texts {
		for kind, r := range map[string]report.Report{"request": hostile(text.Text), "audit": hostileAudit(text.Text)} {
			for _, f := range report.Formats() {
				t.Run(text.Name+"/"+kind+"/"+string(f), func(t *testing.T) {
					var b bytes.Buffer
					if err := report.Render(&b, f, r); err != nil {
						t.Fatal(err)
					}
					checkHostile(t, f, b.String())
					switch f {
					case report.FormatSARIF:
						valid(t, sarifSchema(t), b.String())
					case report.FormatCycloneDX:
						valid(t, cycloneDXSchema(t), b.String())
					}
				})
			}
		}
	}
}

func checkHostile(t *testing.T, f report.Format, out string) {
	t.Helper()
	what := string(f)
	if len(out) > 1<<20 && f != report.FormatJSON { // which keeps what there is
		t.Errorf("%d bytes", len(out))
	}
	switch f {
	case report.FormatHTML:
		hostiletest.HTML(t, what, out, report.Style, report.Script)
	case report.FormatMarkdown:
		first, rest, _ := strings.Cut(out, "\n")
		if first != report.Marker || strings.Contains(rest, report.Marker) {
			t.Errorf("the marker is not first, or there are two: %.200q", out)
		}
		if n := strings.Count(out, "\n"); n > 60 || len(out) > 65536 {
			t.Errorf("%d lines, %d bytes", n, len(out))
		}
		hostiletest.Markdown(t, what, rest)
	case report.FormatText:
		hostiletest.Terminal(t, what, out)
	default:
		hostiletest.JSON(t, what, []byte(out))
	}
}

func hostileAudit(x string) report.Report {
	a := report.Audit{
		Packages: []report.AuditedPackage{
			{Purl: x, File: x, Line: 1, Asked: x, Advisories: []report.AuditedAdvisory{{ID: x, Aliases: []string{x}, Severity: finding.High, Fixed: []string{x}, Summary: x}, {ID: x, Aliases: []string{}, Fixed: []string{}, Malware: true, Summary: x}}},
			{Purl: x, File: x, Line: 2, Asked: x, Advisories: []report.AuditedAdvisory{}, NotLookedAt: x},
		},
		Problems: []verdict.Problem{{Class: finding.Manifest, Effect: verdict.EffectNote, Text: x, File: x, Line: 3}},
	}
	req := verdict.Request{Files: []verdict.Source{{Path: x, Content: []byte(fmt.Sprintf("%s\n%s\n%s\n", x, x, x))}}}
	return report.NewAudit(a, req, finding.High, "1.4.0", time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC))
}
