// Package external runs somebody else's scanners on each new file, after the
// gate's own: any program that prints SARIF, CycloneDX, OSV-Scanner's JSON or a
// JSON that a few CEL expressions describe. The settings are config.Scanner;
// presets for well-known tools are in preset.go, and docs/scanners.md shows both
// from the user's side.
//
// What it promises:
//
//   - A scanner runs in a machine of its own (sandbox.RunTool) and is given the
//     file, the file unpacked by the gate's strict walk, or a text that names the
//     version. Package code does not run, and no project is built.
//   - A scanner that has secrets or a way out never gets a package's bytes.
//   - What it says holds: a crash, an exit code that was not announced, an answer
//     that is cut short or speaks of something else, and whatever it could not do
//     is a finding of class fault.
//   - Its words reach people through artifact.Untrusted only, without the secrets
//     that it was given.
//
// Forms of answers: SARIF 2.1.0
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), CycloneDX
// (https://cyclonedx.org/docs/1.6/json/), OSV-Scanner's
// (https://google.github.io/osv-scanner/output/).
package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// engineRevision changes whenever the same answer of the same tool could give
// other findings.
const engineRevision = "1"

// Options are what scanners need beside their settings.
type Options struct {
	// Open reads a blob by its digest; the file is closed here.
	Open func(context.Context, artifact.Digest) (*os.File, error)
	// Ecosystems are those of this gate; they order versions, for what an answer says
	// is fixed.
	Ecosystems map[artifact.Ecosystem]ecosystem.Ecosystem
	Scratch    string // the folder for inputs while a scanner runs; "" for the system's
	Runs       int    // programs at once
	Now        func() time.Time
}

// Set is all configured scanners, ready to run. It is safe for concurrent use.
type Set struct {
	scanners []*Scanner
	options  Options
	slots    chan struct{}
}

// New checks the settings and this machine and asks every tool for its version.
// An error says what to change: nothing is run with a setting that is not
// enforced.
func New(ctx context.Context, settings []config.Scanner, o Options) (*Set, error) {
	s := &Set{options: o, slots: make(chan struct{}, max(1, o.Runs))}
	if len(settings) == 0 {
		return s, nil
	}
	for _, c := range settings {
		x, err := compile(ctx, c, o.Ecosystems)
		if err != nil {
			return nil, fmt.Errorf("scanners.%s: %w", c.Name, err)
		}
		s.scanners = append(s.scanners, x)
	}
	if err := sandbox.ToolSupport(ctx); err != nil {
		return nil, fmt.Errorf("scanners: %w; take the scanners out of the configuration, or allow user namespaces (docs/scanners.md)", err)
	}
	return s, s.askVersions(ctx)
}

// askVersions runs the version commands, as many at once as scanners do.
func (s *Set) askVersions(ctx context.Context) error {
	errs := make([]error, len(s.scanners))
	var wg sync.WaitGroup
	for i, x := range s.scanners {
		wg.Go(func() {
			if errs[i] = s.enter(ctx); errs[i] != nil {
				return
			}
			defer s.leave()
			if x.version, errs[i] = x.askVersion(ctx, s.options.Scratch); errs[i] != nil {
				errs[i] = fmt.Errorf("scanners.%s: %w", x.Name, errs[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Set) enter(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Set) leave() { <-s.slots }

// Scanners lists them in the order of the configuration.
func (s *Set) Scanners() []*Scanner { return slices.Clone(s.scanners) }

// Revision changes whenever the same file could get other findings: another
// setting, another version of a tool, or a new period of one whose answers depend
// on data elsewhere.
func (s *Set) Revision() string {
	words := make([]string, len(s.scanners))
	for i, x := range s.scanners {
		words[i] = x.revision(s.options.Now())
	}
	return strings.Join(words, " ")
}

// Inspector is what looks at a file first (gate.Inspector).
type Inspector interface {
	Inspect(ctx context.Context, f artifact.File, x ecosystem.IndexFile, indexMetadata []byte) (scan.Report, error)
	Revision() string
}

// Over gives an Inspector that asks first, and then every scanner. Without
// scanners it is first itself.
func (s *Set) Over(first Inspector) Inspector {
	if len(s.scanners) == 0 {
		return first
	}
	return &inspector{first, s}
}

type inspector struct {
	Inspector
	set *Set
}

// Revision implements Inspector.
func (i *inspector) Revision() string { return i.Inspector.Revision() + " " + i.set.Revision() }

// Inspect implements Inspector. A scanner whose answers depend on data elsewhere
// may do better the next time it is asked: its fault is an error, and nothing is
// kept. Every other scanner would say the same again: its fault is a finding.
func (i *inspector) Inspect(ctx context.Context, f artifact.File, x ecosystem.IndexFile, indexMetadata []byte) (scan.Report, error) {
	report, err := i.Inspector.Inspect(ctx, f, x, indexMetadata)
	if err != nil {
		return report, err
	}
	broken := slices.ContainsFunc(report.Findings, func(f finding.Finding) bool {
		return f.Rule == scan.RuleUnreadable || f.Rule == scan.RuleUnsafe
	})
	for _, s := range i.set.scanners {
		if !s.knows(f.Version.Package.Ecosystem) {
			continue
		}
		report.Scanners = append(report.Scanners, s.revision(i.set.options.Now()))
		if broken && s.GetsBytes() {
			// What the gate's own walk refuses is not handed to anybody's parser.
			report.Findings = append(report.Findings, s.fault("it was not given the file, which could not be read whole"))
			continue
		}
		r, err := i.set.Run(ctx, s, Asked{File: f, Open: i.set.options.Open})
		if err != nil {
			return scan.Report{}, fmt.Errorf("asking the scanner %s: %w", s.Name, err)
		}
		if r.Fault != "" && s.dependsOnOutside() {
			return scan.Report{}, fmt.Errorf("asking the scanner %s: %s", s.Name, artifact.Untrusted(r.Fault))
		}
		report.Findings = append(report.Findings, r.Findings...)
	}
	return report, nil
}

// Asked is one file for a scanner.
type Asked struct {
	File artifact.File
	Open func(context.Context, artifact.Digest) (*os.File, error)
}

// Result is what came of one run.
type Result struct {
	Findings []finding.Finding `json:"findings"`
	Fault    string            `json:"fault,omitempty"` // why it did not look, or not at all of it; among Findings too; untrusted
	Exit     int               `json:"exit"`
	Answer   []byte            `json:"-"` // as it came, without secrets; untrusted
	Stderr   string            `json:"-"` // its beginning, likewise
	Took     time.Duration     `json:"took_ns"`
	CPU      time.Duration     `json:"cpu_ns"`
}

// Run has one scanner look at one file. An error means that it could not be run
// on this machine, or that ctx ended.
func (s *Set) Run(ctx context.Context, x *Scanner, a Asked) (Result, error) {
	if err := s.enter(ctx); err != nil {
		return Result{}, err
	}
	defer s.leave()
	t, given, err := x.tool(ctx, a)
	if given.file != nil {
		defer given.file.Close()
	}
	if err != nil {
		return Result{}, err
	}
	t.Scratch = s.options.Scratch
	ran, err := sandbox.RunTool(ctx, t.Tool)
	failure, failed := errors.AsType[*sandbox.Failure](err)
	if err != nil && !failed {
		return Result{}, err
	}
	result := Result{Exit: ran.Exit, Answer: t.hide(ran.Answer), Stderr: string(t.hide([]byte(ran.Stderr))), Took: ran.Took, CPU: ran.CPU}
	var said answer
	if failed {
		err = errors.New(failureText(failure))
	} else {
		said, err = x.read(result, question{file: a.File, input: given.path, newer: s.newer(a.File.Version)})
	}
	result.Findings = x.findings(said)
	if err != nil {
		said.faults = append(said.faults, err.Error())
	}
	if len(said.faults) > 0 {
		result.Fault = strings.Join(said.faults, "; ")
	}
	for i, why := range said.faults {
		if i == mostFaults {
			result.Findings = append(result.Findings, x.fault(fmt.Sprintf("and %d more like these", len(said.faults)-i)))
			break
		}
		result.Findings = append(result.Findings, x.fault(why))
	}
	return result, nil
}

// mostFaults is how many of them are told apart in a report.
const mostFaults = 10

func failureText(f *sandbox.Failure) string {
	switch f.Kind {
	case sandbox.Timeout:
		return "it took too long: " + f.Detail
	case sandbox.Memory, sandbox.Processes:
		return "it took too much: " + f.Detail
	case sandbox.Output:
		return "it said too much: " + f.Detail
	case sandbox.Prepare:
		return "it could not be given the file: " + f.Detail
	}
	return "it died: " + f.Detail
}

// newer gives those of the numbers that are above the version, ascending.
func (s *Set) newer(v artifact.Version) func([]string) []string {
	return func(numbers []string) []string {
		eco := s.options.Ecosystems[v.Package.Ecosystem]
		if eco == nil {
			return nil
		}
		here, err := eco.VersionKey(v.Number)
		if err != nil {
			return nil
		}
		keys := map[string]string{}
		var out []string
		for _, n := range numbers {
			key, err := eco.VersionKey(n)
			if err != nil || string(key) <= string(here) || keys[n] != "" {
				continue
			}
			keys[n] = string(key)
			out = append(out, n)
		}
		slices.SortFunc(out, func(a, b string) int { return strings.Compare(keys[a], keys[b]) })
		return out
	}
}

// Scanner is one configured scanner.
type Scanner struct {
	config.Scanner // with the preset's settings filled in
	program        string
	shown          []string // folders and files of this machine that it sees
	expressions    *expressions
	digest         artifact.Digest
	version        string
}

// Version is what the tool said of itself; "" when it is not asked.
func (s *Scanner) Version() string { return s.version }

// ProgramPath is the program that is run.
func (s *Scanner) ProgramPath() string { return s.program }

// digestOf covers the settings with the preset's, but no secret: those are
// references.
func digestOf(c config.Scanner) artifact.Digest {
	b, err := json.Marshal([]any{engineRevision, c})
	if err != nil {
		panic(err) // plain values only
	}
	return artifact.DigestOf(b)
}

func (s *Scanner) revision(now time.Time) string {
	r := s.Name + "@" + s.digest.Short()
	if s.version != "" {
		r += "+" + artifact.DigestOf([]byte(s.version)).Short()
	}
	if s.Refresh > 0 {
		r += "/" + strconv.FormatInt(now.UnixNano()/int64(s.Refresh), 10)
	}
	return r
}

func (s *Scanner) knows(e artifact.Ecosystem) bool {
	return len(s.Ecosystems) == 0 || slices.Contains(s.Ecosystems, string(e))
}

// GetsBytes says whether it is given the file itself, packed or unpacked.
func (s *Scanner) GetsBytes() bool { return s.Gets == getsArchive || s.Gets == getsFolder }

func (s *Scanner) dependsOnOutside() bool { return s.Refresh > 0 || len(s.Network) > 0 }

// RuleFault is the rule, behind the scanner's name, of what it could not do.
const RuleFault = "fault"

func (s *Scanner) fault(why string) finding.Finding {
	return finding.Finding{Rule: s.Name + ":" + RuleFault, Class: finding.Fault, Severity: finding.Unknown,
		Text: "the scanner " + s.Name + " did not look at all of it: " + artifact.Untrusted(why).String()}
}
