package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) scanCommand() *cobra.Command {
	var opt scanOptions
	c := &cobra.Command{
		Use:   "scan PATH | PURL | LOCKFILE...",
		Short: "What archives, folders, source files or versions would do, without admitting anything",
		Long: `Opens what is named in a sandboxed worker, reads every file of it as code, and says
what it would do and whether the policy would let it in. Nothing is run, recorded or
admitted, and no data folder is needed for what lies on this machine.

Formats (--format): text, json, sarif. What may be named:
  an archive         wheel, sdist, npm tgz, crate, jar, Go zip: pkg-1.0.tar.gz
  a folder           a source tree (its .git and the like are left out)
  a source file      setup.py, install.sh, a workflow file
  a purl             pkg:pypi/requests@2.32.5: every file of that version, fetched
  a manifest, lock   every version of its closure, the files that would be installed

Of a version that is fetched its advisories, name and index entry are looked at as
well. With --baseline, what the earlier version does already is not counted: this
is how an upgrade is judged. Its age is never: ask "gatehouse admit".

--fail-on says from what on the exit code tells: hold (the default), reject, note
(anything at all, notes too) or never.

Exit codes: 0 clean, 1 something to reject, 2 something to hold or that could not be
read, 3 fault or wrong usage.`,
		Example: `  gatehouse scan dist/demo-1.0-py3-none-any.whl
  gatehouse scan --format sarif -o scan.sarif .
  gatehouse scan --baseline demo-1.0.tgz demo-1.1.tgz
  gatehouse scan pkg:pypi/requests@2.32.5
  gatehouse scan --fail-on reject uv.lock`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("server") {
				return errors.New("a scan is made on this machine; leave --server out, or ask the gate: gatehouse admit --server URL")
			}
			return a.scan(cmd.Context(), args, opt)
		},
	}
	c.Flags().StringVar(&opt.failOn, "fail-on", "hold", "exit with 1 or 2 from here on: reject, hold, note, never")
	c.Flags().StringVar(&opt.baseline, "baseline", "", "an earlier version, by path or purl: what it does already is not counted")
	c.Flags().StringSliceVar(&opt.groups, "group", nil, "of a manifest, look at these dependency groups and extras only (default: all)")
	return takesFormats(c, string(report.FormatSARIF))
}

type scanOptions struct {
	failOn, baseline string
	groups           []string
}

func (a *app) scan(ctx context.Context, args []string, opt scanOptions) error {
	if !slices.Contains([]string{"reject", "hold", "note", "never"}, opt.failOn) {
		return fmt.Errorf("--fail-on %q is none of reject, hold, note, never", opt.failOn)
	}
	// Most scans end before there is garbage worth collecting.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	s, err := a.newScanner()
	if err != nil {
		return err
	}
	defer s.close()
	if opt.baseline != "" {
		if s.baseline, err = s.baselineOf(ctx, opt.baseline); err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
		s.against = opt.baseline
	}
	var groups []group
	for _, arg := range args {
		of, err := s.targets(ctx, arg, opt.groups)
		if err != nil {
			return err
		}
		groups = append(groups, of...)
	}
	out, err := s.scanAll(ctx, groups)
	if err != nil {
		return err
	}
	if err := a.showScan(out); err != nil {
		return err
	}
	return scanExit(out, opt.failOn)
}

func (a *app) showScan(s report.Scan) error {
	if a.flags.format == string(report.FormatSARIF) {
		return a.write(func(w io.Writer) error { return report.ScanSARIF(w, s, version) })
	}
	return a.print(s, func(w io.Writer) error { return report.ScanText(w, s) })
}

func scanExit(s report.Scan, failOn string) error {
	worst := s.Worst()
	noted := slices.ContainsFunc(s.Files, func(f report.ScannedFile) bool { return len(f.Findings) > 0 })
	switch {
	case failOn == "never", worst == verdict.Admit && !(failOn == "note" && noted):
		return nil
	case worst == verdict.Reject:
		return exit{exitReject}
	case failOn == "reject":
		return nil
	}
	return exit{exitHold}
}

// scanner is what a scan works with. Nothing of it is in the data folder.
type scanner struct {
	app      *app
	examiner gate.Examiner
	rules    *malware.Rules
	baseline *scan.Baseline
	against  string        // what --baseline said
	fetched  *upstreamScan // nil until something is fetched
	steps    steps
}

func (a *app) newScanner() (*scanner, error) {
	p, err := a.namedPolicy(nil)
	if err != nil {
		return nil, err
	}
	rules, err := openRules(a.cfg)
	if err != nil {
		return nil, err
	}
	return &scanner{
		app: a, rules: rules,
		examiner: gate.Examiner{
			Inspect: inspector(nil, a.cfg).InspectOpen, Behave: rules, Policy: p, Now: time.Now,
			Advisories: func() gate.AdvisoryState { return gate.AdvisoryState{} },
		},
	}, nil
}

func (s *scanner) close() {
	if s.fetched != nil {
		s.fetched.close()
	}
}

// group is what is judged together: the files of one version, or one thing on
// this machine.
type group struct {
	name    string // as it was named, for problems
	version artifact.Version
	open    func(context.Context) ([]openFile, error)
	target  scan.VersionTarget  // of a version that was fetched
	checks  []scan.VersionCheck // all that may be asked about it
}

// openFile is one archive, ready to be read. close also removes what was made
// for it.
type openFile struct {
	artifact.File
	opened *os.File
	shown  string // what the report calls it
	root   string // the folder that it was packed below, which is not part of any path in it
	close  func() error
}

func closeAll(files []openFile) {
	for _, f := range files {
		_ = f.close() // only read
	}
}

// scanAll looks at as many groups at once as there are workers, and answers in the
// order in which they were named.
func (s *scanner) scanAll(ctx context.Context, groups []group) (report.Scan, error) {
	type answer struct {
		files   []report.ScannedFile
		problem *verdict.Problem
	}
	answers := make([]answer, len(groups))
	s.steps.start(s.app.progress(), len(groups))
	turns := make(chan struct{}, workers())
	var running sync.WaitGroup
	for i, g := range groups {
		turns <- struct{}{} // in order: the first that were named are the first that are open
		running.Go(func() {
			defer func() { <-turns }()
			if ctx.Err() == nil {
				answers[i].files, answers[i].problem = s.scan(ctx, g)
			}
		})
	}
	running.Wait()
	out := report.Scan{Files: []report.ScannedFile{}}
	for _, of := range answers {
		out.Files = append(out.Files, of.files...)
		if of.problem != nil {
			out.Problems = append(out.Problems, *of.problem)
		}
	}
	return out, ctx.Err()
}

// steps counts the files of all groups for the line at the terminal. It is safe
// for concurrent use.
type steps struct {
	mu          sync.Mutex
	line        *progress
	done, total int
}

func (s *steps) start(line *progress, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.done, s.total = line, 0, total
	line.Step("scanning", 0, total)
}

// add says how many more are done, and how many more there are than was thought.
func (s *steps) add(done, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.total = s.done+done, s.total+more
	if s.line != nil {
		s.line.Step("scanning", s.done, s.total)
	}
}

// scan looks at one group. What could not be scanned is a problem, which holds.
func (s *scanner) scan(ctx context.Context, g group) ([]report.ScannedFile, *verdict.Problem) {
	problem := func(err error) *verdict.Problem {
		return &verdict.Problem{Class: finding.Fault, Effect: verdict.EffectHold, File: g.name, Text: artifact.Untrusted(err.Error()).String()}
	}
	files, err := g.open(ctx)
	defer closeAll(files)
	if err != nil {
		s.steps.add(1, 0)
		return nil, problem(err)
	}
	s.steps.add(0, len(files)-1)
	looked, err := s.look(ctx, files)
	if err != nil {
		return nil, problem(err)
	}
	t := g.target
	t.Version, t.Baseline = g.version, s.baseline
	if err := s.examiner.Decide(ctx, t, looked, g.checks); err != nil {
		return nil, problem(err)
	}
	out := make([]report.ScannedFile, len(files))
	for i, f := range files {
		out[i] = s.scanned(f, g.version, looked[f.Name])
	}
	return out, nil
}

// look opens the files of a group, as many at once as there are workers.
func (s *scanner) look(ctx context.Context, files []openFile) (map[string]*gate.Examined, error) {
	results := make([]*gate.Examined, len(files))
	errs := make([]error, len(files))
	done := make(chan struct{})
	for i, f := range files {
		go func() {
			defer func() { done <- struct{}{} }()
			results[i], errs[i] = s.examiner.Look(ctx, f.opened, f.File)
		}()
	}
	looked := map[string]*gate.Examined{}
	for range files {
		<-done
		s.steps.add(1, 0)
	}
	for i, f := range files {
		looked[f.Name] = results[i]
	}
	return looked, errors.Join(errs...)
}

// withoutRoot takes the folder that something was packed below out of a text.
func withoutRoot(text, root string) string {
	if root == "" {
		return text
	}
	return strings.ReplaceAll(text, root, "")
}

// remedy is what to do about a finding: what its own rule says, as nothing is asked
// to be admitted here, or else what the policy says.
func (s *scanner) remedy(f openFile, purl string, x report.ScannedFinding) string {
	if x.Rule == malware.RuleTooMany && f.root != "" {
		return "Scan the folders in it one by one: gatehouse scan " + strings.TrimSuffix(f.shown, "/") + "/FOLDER"
	}
	r := s.rules.Rule(x.Rule)
	if r == nil {
		return x.Remedy
	}
	switch fix := strings.TrimSpace(r.Fix); {
	case purl != "" && strings.HasPrefix(s.against, "pkg:"):
		return fix + " What is new in it: gatehouse diff " + s.against + " " + purl
	case purl != "" && s.against == "":
		return fix + " Compare it with a version that you trust: gatehouse diff OLD " + purl
	case purl == "" && f.root == "" && isArchive(s.against):
		return fix + " What is new in it: gatehouse diff " + s.against + " " + f.shown
	default:
		return fix
	}
}

// isArchive says whether a name is one that gatehouse diff opens.
func isArchive(name string) bool {
	_, err := archive.FormatOf(name)
	return err == nil && !strings.HasPrefix(name, "pkg:")
}

func (s *scanner) scanned(f openFile, v artifact.Version, x *gate.Examined) report.ScannedFile {
	out := report.ScannedFile{
		File: f.shown, SHA256: f.SHA256, Verdict: x.Verdict, Score: malware.Judge(f.Name, &x.Behaviour, s.baseline, nil).Score,
		Findings: []report.ScannedFinding{}, Capabilities: []string{},
	}
	if v.Number != "" {
		out.Purl = v.Purl()
	}
	if s.baseline != nil {
		out.Baseline = s.against
	}
	for i, r := range x.Reasons {
		line := report.ScannedFinding{Rule: r.Rule, Severity: r.Severity, Text: r.Text, Class: r.Class, Effect: r.Effect, IDs: r.IDs, Remedy: r.Remedy}
		if i < len(x.Findings) {
			at := x.Findings[i]
			line.Rule, line.Path, line.Line = at.Rule, strings.TrimPrefix(at.Path, f.root), at.Line
			line.Text = withoutRoot(at.Text, f.root)
		}
		line.Remedy = s.remedy(f, out.Purl, line)
		out.Findings = append(out.Findings, line)
	}
	for _, c := range x.Behaviour.Capabilities {
		out.Capabilities = append(out.Capabilities, c.Word)
		out.Evidence = append(out.Evidence, report.ScannedCapability{Word: c.Word, Path: strings.TrimPrefix(c.Path, f.root), Line: c.Line})
	}
	return out
}
