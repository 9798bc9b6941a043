package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/sbom"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) auditCommand() *cobra.Command {
	var failOn string
	var fix bool
	var groups []string
	c := &cobra.Command{
		Use:   "audit [FILE | PURL | -]...",
		Short: "What is known against the versions that manifests name, without fetching anything",
		Long: `Looks up every exact version in the manifests named (a pin, or an entry of a lock)
in the advisory data on this machine. It asks nobody and fetches nothing; what
has no exact version is listed as not looked at. Manifests are what "gatehouse
admit" reads, lists of parts (CycloneDX, SPDX) and pip freeze's output among them;
of a constraints file by itself the pins are looked up, as what is in use.

With --fix each pinned line with findings is changed to the lowest fixed version
that nothing is known against.

Exit codes: 0 nothing found at or above --fail-on, 1 something, 3 no advisory
data or unusable input.`,
		Example: `  gatehouse audit requirements.txt uv.lock
  pip freeze | gatehouse audit -
  gatehouse audit --fail-on high poetry.lock`,
		RunE: func(_ *cobra.Command, args []string) error { return a.audit(args, groups, failOn, fix) },
	}
	c.Flags().StringVar(&failOn, "fail-on", "any", "exit 1 from this severity on: any, low, medium, high, critical (unknown counts as high)")
	c.Flags().StringSliceVar(&groups, "group", nil, "look at these dependency groups and extras only; \"main\" is the project's own (default: all)")
	c.Flags().BoolVar(&fix, "fix", false, "change pinned lines to the lowest version known to be fixed")
	return takesEveryFormat(c)
}

func (a *app) audit(args, groups []string, failOn string, fix bool) error {
	least, err := failSeverity(failOn)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.New("name at least one manifest, purl, or - for standard input")
	}
	// An audit lives for milliseconds and holds little: collecting its garbage would
	// take half of its time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	s := openSnapshots(a.advisoryDir(), time.Duration(a.cfg.Advisories.MaxAge))
	defer s.Close()
	snap := s.Current()
	if snap == nil {
		return errors.New(s.State().Problem)
	}
	req := verdict.Request{Groups: groups}
	if err := a.readArguments(&req, args); err != nil {
		return err
	}
	au := &auditor{snap: snap, ecosystems: peers(), synced: a.advisedEcosystems(), out: report.Audit{Packages: []report.AuditedPackage{}, Problems: []verdict.Problem{}}}
	if err := au.request(req); err != nil {
		return err
	}
	if fix {
		if err := a.fixAudit(args, req, au); err != nil {
			return err
		}
	}
	if p := s.State().Problem; p != "" {
		au.out.Problems = append(au.out.Problems, verdict.Problem{Class: finding.Fault, Effect: verdict.EffectNote, Text: p})
	}
	r := report.NewAudit(au.out, req, least, version, time.Now())
	if err := a.print(r, func(w io.Writer) error { return report.AuditText(w, au.out) }); err != nil {
		return err
	}
	return au.exit(least)
}

func failSeverity(word string) (finding.Severity, error) {
	if word == "any" {
		return finding.None, nil
	}
	s, err := finding.ParseSeverity(word)
	if err != nil || s < finding.Low {
		return s, fmt.Errorf("--fail-on %q is none of any, low, medium, high, critical", word)
	}
	return s, nil
}

// auditor gathers what is known against the exact versions of manifests.
type auditor struct {
	snap       *advisory.Snapshot
	ecosystems map[artifact.Ecosystem]ecosystem.Ecosystem
	synced     []artifact.Ecosystem // those that advisories are read of
	out        report.Audit
	fatal      bool
	found      []auditedLine
}

// auditedLine is a requirement with findings, for --fix.
type auditedLine struct {
	eco     ecosystem.Ecosystem
	line    ecosystem.Requirement
	matches []advisory.Match
}

func (au *auditor) request(req verdict.Request) error {
	tree := gate.Tree(append(slices.Clone(req.Files), req.Include...))
	ms, err := manifestsOf(au.ecosystems, tree, req)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if err := au.manifest(m); err != nil {
			return err
		}
	}
	for _, p := range req.Purls {
		if err := au.purl(p); err != nil {
			return err
		}
	}
	return nil
}

func (au *auditor) manifest(m sbom.Listed) error {
	for _, p := range m.Manifest.Problems {
		au.fatal = au.fatal || p.Fatal
		au.out.Problems = append(au.out.Problems, verdict.Problem{Class: p.Class, Text: p.Text, File: p.At.File, Line: p.At.Line, Effect: verdict.EffectNote, Fatal: p.Fatal})
	}
	for _, r := range m.Manifest.Requirements {
		if r.Constraint && m.Manifest.Format != manifest.ConstraintsTxt {
			continue
		}
		if err := au.requirement(m.Ecosystem, r); err != nil {
			return err
		}
	}
	return nil
}

func (au *auditor) purl(s string) error {
	v, err := artifact.ParsePurl(s)
	if err != nil {
		return err
	}
	e, ok := au.ecosystems[v.Package.Ecosystem]
	if !ok {
		return fmt.Errorf("%s: this version does not know the ecosystem %q", s, v.Package.Ecosystem)
	}
	p, err := e.ParseName(v.Package.Name)
	if err != nil {
		return err
	}
	return au.requirement(e, ecosystem.Requirement{Package: p, Written: s, Number: v.Number, At: finding.Location{File: s}})
}

func (au *auditor) requirement(e ecosystem.Ecosystem, r ecosystem.Requirement) error {
	row := report.AuditedPackage{Purl: r.Package.Purl(), File: r.At.File, Line: r.At.Line, Asked: r.Written, Advisories: []report.AuditedAdvisory{}}
	if r.Number == "" {
		row.NotLookedAt = "it names no exact version; `gatehouse admit` resolves it"
		au.out.Packages = append(au.out.Packages, row)
		return nil
	}
	v := artifact.Version{Package: r.Package, Number: r.Number}
	row.Purl = v.Purl()
	matches, err := au.snap.Match(r.Package, r.Number)
	if errors.Is(err, advisory.ErrNoData) && !slices.Contains(au.synced, e.ID()) {
		return fmt.Errorf("looking up %s: only the advisories of ecosystems with an upstream are synced, and %s has none; %s, then run: gatehouse advisories sync", v, e.ID(), configureUpstream(e.ID()))
	} else if err != nil {
		return fmt.Errorf("looking up %s: %w", v, err)
	}
	for _, m := range matches {
		row.Advisories = append(row.Advisories, report.AuditedAdvisory{
			ID: m.ID, Aliases: orEmpty(m.Aliases), Severity: m.Severity, Fixed: orEmpty(m.Fixed), Malware: m.Malware, Summary: m.Summary.String(),
		})
	}
	au.out.Packages = append(au.out.Packages, row)
	if len(matches) > 0 {
		au.found = append(au.found, auditedLine{e, r, matches})
	}
	return nil
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (au *auditor) exit(least finding.Severity) error {
	if au.fatal {
		return exit{exitFault}
	}
	for _, p := range au.out.Packages {
		for _, x := range p.Advisories {
			if x.Malware || x.Severity.Weight() >= least {
				return exit{exitReject}
			}
		}
	}
	return nil
}

// fixAudit changes each pinned line with findings to the lowest fixed version
// that nothing is known against, in the files as they are on disk.
func (a *app) fixAudit(args []string, req verdict.Request, au *auditor) error {
	contents := map[string][]byte{}
	for _, s := range req.Files {
		contents[s.Path] = s.Content
	}
	changed := map[string]bool{}
	for _, f := range au.found {
		to, err := au.lowestClean(f)
		if err != nil {
			return err
		}
		content, named := contents[f.line.At.File]
		if to == "" || !named {
			fmt.Fprintf(a.err, "gatehouse: no fixed version is known for %s %s\n", f.line.Package.Name, f.line.Number)
			continue
		}
		edited, note, err := f.eco.EditRequirement(content, f.line, "=="+to)
		if relock, ok := errors.AsType[*ecosystem.Relock](err); ok {
			fmt.Fprintf(a.err, "gatehouse: %s %s: run: %s\n", f.line.Package.Name, f.line.Number, relock.Command)
			continue
		} else if err != nil {
			return fmt.Errorf("changing %s: %w", f.line.At, err)
		}
		contents[f.line.At.File], changed[f.line.At.File] = edited, true
		fmt.Fprintf(a.err, "gatehouse: %s  %s  ->  ==%s  %s\n", f.line.At, f.line.Written, to, note)
	}
	for _, arg := range args {
		if p := treePath(arg); changed[p] && !strings.HasPrefix(arg, "pkg:") && arg != "-" {
			if err := writeWhole(arg, contents[p]); err != nil {
				return fmt.Errorf("writing %s: %w", arg, err)
			}
		}
	}
	return nil
}

// lowestClean is the lowest version that the advisories name as fixed and that
// nothing is known against; "" when there is none. A version that fixes one
// advisory may be in the range of another, so it is looked up again.
func (au *auditor) lowestClean(f auditedLine) (string, error) {
	matches := f.matches
	for range 50 {
		to, err := highestFirstFix(f.eco, matches)
		if to == "" || err != nil {
			return "", err
		}
		if matches, err = au.snap.Match(f.line.Package, to); err != nil {
			return "", fmt.Errorf("looking up %s %s: %w", f.line.Package.Name, to, err)
		}
		if len(matches) == 0 {
			return to, nil
		}
	}
	return "", nil
}

// highestFirstFix is the first version at which every match has a fix behind
// it; "" when one of them names none.
func highestFirstFix(eco ecosystem.Ecosystem, matches []advisory.Match) (string, error) {
	best, bestKey := "", []byte(nil)
	for _, m := range matches {
		if len(m.Fixed) == 0 {
			return "", nil
		}
		k, err := eco.VersionKey(m.Fixed[0])
		if err != nil {
			return "", err
		}
		if bytes.Compare(k, bestKey) > 0 {
			best, bestKey = m.Fixed[0], k
		}
	}
	return best, nil
}
