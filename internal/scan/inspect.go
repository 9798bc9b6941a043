package scan

import (
	"context"
	"crypto/sha1" // what older indexes name bytes by
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
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
	// RuleInside: an archive inside the archive was not seen whole, because of its
	// structure, its size or its format. Class honesty: nothing unpacks it when the
	// package is installed. Its severity says how likely that hides something.
	RuleInside = "archive-inside-unseen"
)

// inspectTask is the worker's task, and engineRevision changes whenever Inspect
// or package archive could answer otherwise for the same bytes.
const (
	inspectTask    = "inspect"
	engineRevision = "2"
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
	if lim.Nested == 0 {
		lim.Nested = archive.UsualNested
	}
	walk, err := walkerOf(r, size, t.File, lim)
	if err == nil {
		report.Digests, err = checkDigest(r, size, t)
	}
	if err != nil {
		report.Findings = []finding.Finding{archiveFinding(err)}
		return report
	}
	passes := make([]Pass, len(scanners))
	for i, s := range scanners {
		passes[i] = s.Begin(t)
	}
	keep := func(found []finding.Finding) error {
		report.Findings = append(report.Findings, found...)
		if len(report.Findings) > mostFindings {
			return errFindings
		}
		return nil
	}
	again := newAsked(passes)
	stats, err := walk(func(e archive.Entry) error {
		again.note(e)
		for _, p := range passes {
			if err := keep(p.Entry(Entry(e))); err != nil {
				return err
			}
		}
		return nil
	})
	report.Entries, report.Unpacked = stats.Entries, stats.Unpacked
	if err == nil {
		err = again.walk(walk, keep)
	}
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
	report.Findings = append(report.Findings, unseen(stats)...)
	return finish(report)
}

// walker shows every entry of a file, in the same order each time.
type walker func(func(archive.Entry) error) (archive.Stats, error)

// walkerOf opens a file by its kind: an archive by its name's format, an asset as the
// one file that it is.
func walkerOf(r io.ReaderAt, size int64, f artifact.File, lim archive.Limits) (walker, error) {
	if f.Kind == artifact.Asset {
		return func(fn func(archive.Entry) error) (archive.Stats, error) {
			return archive.Alone(r, size, f.Name, lim, fn)
		}, nil
	}
	format, err := archive.FormatOf(f.Name)
	return func(fn func(archive.Entry) error) (archive.Stats, error) {
		return archive.Walk(r, size, format, lim, fn)
	}, err
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

// algorithms are those that an index may name a file's bytes by beside SHA-256.
var algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha384": sha512.New384, "sha512": sha512.New}

// checkDigest makes sure that the bytes are those the findings will be kept for. It
// gives their other digests, where the index names any.
func checkDigest(r io.ReaderAt, size int64, t FileTarget) ([]string, error) {
	h := sha256.New()
	all, others := []io.Writer{h}, map[string]hash.Hash{}
	if slices.ContainsFunc(t.Digests, func(d string) bool { return algorithms[algorithmOf(d)] != nil }) {
		for name, make := range algorithms {
			others[name] = make()
			all = append(all, others[name])
		}
	}
	if _, err := io.Copy(io.MultiWriter(all...), io.NewSectionReader(r, 0, size)); err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	if got, want := artifact.Digest(hex.EncodeToString(h.Sum(nil))), t.File.SHA256; got != want {
		return nil, fmt.Errorf("reading the file: its sha256 is %s, not %s: the stored bytes changed", got.Short(), want.Short())
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		out = append(out, name+":"+hex.EncodeToString(others[name].Sum(nil)))
	}
	return out, nil
}

func algorithmOf(digest string) string {
	name, _, _ := strings.Cut(digest, ":")
	return name
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

// mostInside bounds how many archives inside are told of with one severity; what
// comes after is counted.
const mostInside = 20

// unseen tells of archives inside that were not seen whole. Broken ones are
// ordinary where a package keeps material for its own tests, so there they are
// a note.
func unseen(stats archive.Stats) []finding.Finding {
	var out []finding.Finding
	more := map[finding.Severity]int{}
	listed := map[finding.Severity]int{}
	for _, u := range stats.Unseen {
		severity := unseenSeverity(u)
		if listed[severity]++; listed[severity] > mostInside {
			more[severity]++
			continue
		}
		out = append(out, finding.Finding{Rule: RuleInside, Class: finding.Honesty, Severity: severity, Path: u.Entry,
			Text: "archive " + artifact.Untrusted(u.Archive).String() + " inside was not looked at to its end: " + sentence(entryOf(u), u.Text)})
	}
	more[finding.Medium] += stats.MoreUnseen
	for _, severity := range slices.Sorted(maps.Keys(more)) {
		if n := more[severity]; n > 0 {
			out = append(out, finding.Finding{Rule: RuleInside, Class: finding.Honesty, Severity: severity,
				Text: fmt.Sprintf("%d more archives inside were not looked at to their end", n)})
		}
	}
	return out
}

// entryOf is the entry's path without the archive's, "" for the archive itself.
func entryOf(u archive.Unseen) string {
	return strings.TrimPrefix(strings.TrimPrefix(u.Entry, u.Archive), "!")
}

func unseenSeverity(u archive.Unseen) finding.Severity {
	switch {
	case forTests(u.Archive):
		return finding.None
	case u.Reason == archive.TooLarge, u.Reason == archive.Unread:
		return finding.Medium
	}
	return finding.High
}

// testFolders are names of folders that hold material for tests, lower case.
var testFolders = map[string]bool{
	"test": true, "tests": true, "testing": true, "testdata": true, "test_data": true, "test-data": true,
	"fixture": true, "fixtures": true, "__tests__": true, "spec": true, "specs": true,
}

func forTests(path string) bool {
	elements := strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' || r == '!' })
	return slices.ContainsFunc(elements[:max(len(elements)-1, 0)], func(e string) bool {
		word, _, _ := strings.Cut(e, " ") // meson's "test cases"
		return testFolders[e] || testFolders[word]
	})
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

// workerMemory is from where on a worker spends its time on keeping its memory
// small, bytes: a wish and no limit. The pages of the program itself, which all
// workers share, add some 22 MB.
const workerMemory = 36 << 20

// order is what the parent tells the worker beside the open file.
type order struct {
	Target FileTarget
	Size   int64
}

// Tasks is what a program that inspects hands to sandbox.MaybeWorker.
func Tasks(scanners []FileScanner) map[string]sandbox.Task {
	return map[string]sandbox.Task{excerptTask: excerptWork, inspectTask: func(in []*os.File, spec []byte) ([]byte, error) {
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
	if lim.Soft == 0 {
		lim.Soft = workerMemory
	}
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
	t := FileTarget{File: f, RequiresPython: x.RequiresPython, IndexMetadata: indexMetadata, Digests: x.Digests, Record: x.Record}
	return i.inspect(ctx, t, func() ([]byte, error) {
		blob, err := i.open(ctx, f.SHA256)
		if err != nil {
			return nil, err
		}
		defer blob.Close()
		return i.work(ctx, blob, t)
	})
}

// InspectOpen is Inspect for a file that is open already, which need not be a
// blob. It is read from its start, wherever its offset is, and left open.
func (i *Inspector) InspectOpen(ctx context.Context, opened *os.File, t FileTarget) (Report, error) {
	return i.inspect(ctx, t, func() ([]byte, error) { return i.work(ctx, opened, t) })
}

// inspect runs work when a worker is free, and reads what it answers.
func (i *Inspector) inspect(ctx context.Context, t FileTarget, work func() ([]byte, error)) (Report, error) {
	release, err := i.slots.Acquire(ctx)
	if err != nil {
		return Report{}, err
	}
	defer release()
	out, err := work()
	if failure, ok := errors.AsType[*sandbox.Failure](err); ok {
		return i.faulty(failureText(failure)), nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("inspecting %s: %w", t.File.Name, err)
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

func (i *Inspector) work(ctx context.Context, opened *os.File, t FileTarget) ([]byte, error) {
	st, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	spec, err := json.Marshal(order{Target: t, Size: st.Size()})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	defer func() { budget.From(ctx).Charge(budget.ScanTime, int64(time.Since(began))) }()
	return sandbox.Run(ctx, inspectTask, []*os.File{opened}, spec, i.limits)
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
