package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

// Rules of the inspection itself.
const (
	// RuleUnreadable: the archive, or all that the scanners had to say about it,
	// could not be read to its end. Class fault.
	RuleUnreadable = "archive-unreadable"
	// RuleUnsafe: the archive's structure is one that unpackers disagree about, or
	// that leaves its folder. Class integrity.
	RuleUnsafe = "archive-unsafe"
	// RuleOdd: unusual and harmless. Class honesty, severity none.
	RuleOdd = "archive-odd"
)

// inspectTask is the worker's task, and engineRevision changes whenever Inspect
// or package archive could answer otherwise for the same bytes.
const (
	inspectTask    = "inspect"
	engineRevision = "1"
)

// mostFindings bounds a report; past it the report says so as a fault.
const mostFindings = 2000

// Describer is a Pass that also fills in facts of the report once the archive
// was read: metadata, the digests of sources.
type Describer interface {
	Describe(r *Report)
}

// Inspect walks one archive and lets every scanner see every entry. It runs in
// the worker: whatever is wrong with the archive is a finding in the report.
func Inspect(r io.ReaderAt, size int64, t FileTarget, scanners []FileScanner, lim archive.Limits) Report {
	report := Report{Findings: []finding.Finding{}, Scanners: revisions(scanners)}
	format, err := archive.FormatOf(t.File.Name)
	if err == nil {
		err = checkDigest(r, size, t.File.SHA256)
	}
	if err != nil {
		report.Findings = []finding.Finding{archiveFinding(err)}
		return report
	}
	passes := make([]Pass, len(scanners))
	for i, s := range scanners {
		passes[i] = s.Begin(t)
	}
	stats, err := archive.Walk(r, size, format, lim, func(e archive.Entry) error {
		for _, p := range passes {
			report.Findings = append(report.Findings, p.Entry(Entry(e))...)
		}
		if len(report.Findings) > mostFindings {
			return errFindings
		}
		return nil
	})
	report.Entries, report.Unpacked = stats.Entries, stats.Unpacked
	if err != nil {
		// What was seen so far stays: it is true of the bytes read. What only the
		// whole archive tells is not asked for.
		report.Findings = append(report.Findings, archiveFinding(err))
		return finish(report)
	}
	for _, p := range passes {
		report.Findings = append(report.Findings, p.End()...)
		if d, ok := p.(Describer); ok {
			d.Describe(&report)
		}
	}
	for _, o := range stats.Odd {
		report.Findings = append(report.Findings, finding.Finding{
			Rule: RuleOdd, Class: finding.Honesty, Severity: finding.None, Path: o.Entry, Text: sentence(o.Entry, o.Text)})
	}
	return finish(report)
}

var errFindings = fmt.Errorf("the scanners had more than %d things to say", mostFindings)

// finish bounds the findings and makes their paths safe to print.
func finish(r Report) Report {
	if len(r.Findings) > mostFindings {
		r.Findings = append(r.Findings[:mostFindings:mostFindings], archiveFinding(errFindings))
	}
	for i := range r.Findings {
		r.Findings[i].Path = artifact.Untrusted(r.Findings[i].Path).String()
	}
	return r
}

// checkDigest makes sure that the bytes are those the findings will be kept for.
func checkDigest(r io.ReaderAt, size int64, want artifact.Digest) error {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
		return fmt.Errorf("reading the file: %w", err)
	}
	if got := artifact.Digest(hex.EncodeToString(h.Sum(nil))); got != want {
		return fmt.Errorf("reading the file: its sha256 is %s, not %s: the stored bytes changed", got.Short(), want.Short())
	}
	return nil
}

// archiveFinding turns what stopped a walk into a finding: hostile structure is
// an integrity fact, all else a fault that holds.
func archiveFinding(err error) finding.Finding {
	refusal, ok := errors.AsType[*archive.Refusal](err)
	if !ok {
		return unreadable(err.Error())
	}
	f := finding.Finding{Rule: RuleUnsafe, Class: finding.Integrity, Severity: finding.High, Path: refusal.Entry,
		Text: sentence(refusal.Entry, refusal.Text)}
	if refusal.Reason == archive.TooLarge {
		// An honest archive may be that large; the gate did not look at all of it.
		f.Rule, f.Class = RuleUnreadable, finding.Fault
	}
	return f
}

func unreadable(why string) finding.Finding {
	return finding.Finding{Rule: RuleUnreadable, Class: finding.Fault, Severity: finding.Unknown,
		Text: "the archive could not be read: " + artifact.Untrusted(why).String()}
}

func sentence(entry, text string) string {
	text = artifact.Untrusted(text).String()
	if entry == "" {
		return "the archive: " + text
	}
	return "entry " + artifact.Untrusted(entry).String() + ": " + text
}

func revisions(scanners []FileScanner) []string {
	out := make([]string, len(scanners))
	for i, s := range scanners {
		out[i] = s.Name() + "@" + s.Revision()
	}
	return out
}

// order is what the parent tells the worker beside the open file.
type order struct {
	Target FileTarget
	Size   int64
}

// Tasks is what a program that inspects hands to sandbox.MaybeWorker.
func Tasks(scanners []FileScanner) map[string]sandbox.Task {
	return map[string]sandbox.Task{inspectTask: func(in []*os.File, spec []byte) ([]byte, error) {
		var o order
		if err := json.Unmarshal(spec, &o); err != nil {
			return nil, fmt.Errorf("reading orders: %w", err)
		}
		if len(in) != 1 {
			return nil, fmt.Errorf("reading orders: %d files, want one", len(in))
		}
		return json.Marshal(Inspect(in[0], o.Size, o.Target, scanners, archive.Limits{}))
	}}
}

// Inspector opens archives in worker processes, one process an archive and a
// bounded number at once, in the order of jobs.PriorityOf. It is safe for
// concurrent use.
type Inspector struct {
	open     func(context.Context, artifact.Digest) (*os.File, error)
	scanners []FileScanner
	slots    *jobs.Slots
	limits   sandbox.Limits
}

// NewInspector makes an Inspector that reads blobs through open (the file is
// closed here; it must be a regular file) and runs at most workers at once.
// The program's main must have given Tasks(scanners) to sandbox.MaybeWorker.
func NewInspector(open func(context.Context, artifact.Digest) (*os.File, error), scanners []FileScanner, workers int, lim sandbox.Limits) *Inspector {
	return &Inspector{open: open, scanners: scanners, slots: jobs.NewSlots(workers), limits: lim}
}

// Revision names the engine and all file scanners with their revisions.
func (i *Inspector) Revision() string {
	return "archive@" + engineRevision + " " + strings.Join(revisions(i.scanners), " ")
}

// Inspect implements gate.Inspector. A worker that crashed, ran out of time or
// answered nonsense is a finding of class fault; an error means that no worker
// could be run, or that ctx ended.
func (i *Inspector) Inspect(ctx context.Context, f artifact.File, x ecosystem.IndexFile, indexMetadata []byte) (Report, error) {
	release, err := i.slots.Acquire(ctx)
	if err != nil {
		return Report{}, err
	}
	defer release()
	out, err := i.work(ctx, f, FileTarget{File: f, RequiresPython: x.RequiresPython, IndexMetadata: indexMetadata})
	if failure, ok := errors.AsType[*sandbox.Failure](err); ok {
		return i.faulty(failureText(failure)), nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("inspecting %s: %w", f.Name, err)
	}
	var r Report
	if err := json.Unmarshal(out, &r); err != nil {
		return i.faulty("the worker's report cannot be read"), nil
	}
	if !slices.Equal(r.Scanners, revisions(i.scanners)) {
		return i.faulty("the worker did not run the scanners it was asked for"), nil
	}
	return r, nil
}

func (i *Inspector) work(ctx context.Context, f artifact.File, t FileTarget) ([]byte, error) {
	blob, err := i.open(ctx, f.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	st, err := blob.Stat()
	if err != nil {
		return nil, err
	}
	spec, err := json.Marshal(order{Target: t, Size: st.Size()})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	defer func() { budget.From(ctx).Charge(budget.ScanTime, int64(time.Since(began))) }()
	return sandbox.Run(ctx, inspectTask, []*os.File{blob}, spec, i.limits)
}

// faulty is the report about an archive that no worker got through.
func (i *Inspector) faulty(why string) Report {
	return Report{Findings: []finding.Finding{unreadable(why)}, Scanners: revisions(i.scanners)}
}

func failureText(f *sandbox.Failure) string {
	switch f.Kind {
	case sandbox.Timeout:
		return "it took too long: " + f.Detail
	case sandbox.Memory:
		return "it took too much memory: " + f.Detail
	case sandbox.Output:
		return "there was too much to say about it: " + f.Detail
	case sandbox.Refused:
		return f.Detail
	}
	return "the worker died: " + f.Detail
}
