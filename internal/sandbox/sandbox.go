// Package sandbox runs one task over hostile bytes in a fresh process of this
// same program, so that what breaks there breaks nothing here. One process
// serves one call: an exploit never sees the next archive.
//
// The worker gets open descriptors and a specification, and nothing else: an
// empty environment, no further descriptors (it can open no file, socket or
// pipe), limits on memory and processor time set before it reads a byte. The
// parent keeps a wall clock, caps what it reads, and kills the whole process
// group. On Linux it also has namespaces and an empty root of its own, no
// capability, and denies itself by Landlock and by a filter of system calls all
// that reading does not need. Which layers hold on this system is what Layers
// says; nothing is promised that it does not list. Limits.Require makes a worker
// without some layer a fault instead.
//
// RunTool is the second profile, for programs of others (see Tool): they need
// files and processes, so they get a machine of their own with nothing in it that
// matters.
//
// A program that runs workers calls MaybeWorker before it does anything else, and
// one that runs tools MaybeTool; so does TestMain of a test that does.
package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Task is work that a worker does: in are the descriptors given to Run, in the
// same order, for reading at offsets only (the parent shares their position).
// What it returns goes to the parent; an error reaches Run as a Failure of kind
// Refused with the error's text.
type Task func(in []*os.File, spec []byte) ([]byte, error)

// Limits bound one worker. A zero field stands for its default.
type Limits struct {
	Wall   time.Duration
	CPU    time.Duration // rounded up to seconds
	Memory int64         // bytes of data the worker may have; Go's own start takes about 10 MiB of it
	Soft   int64         // bytes from which on the worker spends its time on keeping memory small: a wish, at most three quarters of Memory
	Output int64         // bytes of the task's answer

	// Require names layers without which the worker must not read a byte.
	Require []string
}

// Defaults: the largest wheels in use (3 GiB unpacked) take about a minute.
const (
	defaultWall   = 10 * time.Minute
	defaultCPU    = 5 * time.Minute
	defaultMemory = 1 << 30
	defaultOutput = 64 << 20

	// mostSpec bounds the specification, bytes; mostErrors what is kept of a
	// worker's last words.
	mostSpec   = 64 << 20
	mostErrors = 64 << 10
)

func (l Limits) withDefaults() Limits {
	if l.Wall <= 0 {
		l.Wall = defaultWall
	}
	if l.CPU <= 0 {
		l.CPU = defaultCPU
	}
	if l.Memory <= 0 {
		l.Memory = defaultMemory
	}
	if l.Output <= 0 {
		l.Output = defaultOutput
	}
	if most := l.Memory / 4 * 3; l.Soft <= 0 || l.Soft > most {
		l.Soft = most
	}
	return l
}

func (l Limits) cpuSeconds() uint64 {
	return uint64((l.CPU + time.Second - 1) / time.Second)
}

// Kind says how a worker failed.
type Kind string

// Kinds of failure.
const (
	Crash   Kind = "crash"   // it died, by a panic or a signal
	Timeout Kind = "timeout" // wall clock or processor time ran out
	Memory  Kind = "memory"  // it wanted more than its limit
	Output  Kind = "output"  // it said more than its limit
	Refused Kind = "refused" // the task itself returned an error
)

// Failure says that a worker ran and gave no answer. It is a fact about its
// input; any other error of Run is a fault of this machine.
type Failure struct {
	Kind   Kind
	Detail string // one line, may quote the input: untrusted
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Detail == "" {
		return "worker: " + string(f.Kind)
	}
	return "worker: " + string(f.Kind) + ": " + f.Detail
}

// workerName is argv[0] of a worker. A user could call the program so; they
// would get a process with fewer rights than they had.
const workerName = "gatehouse-worker"

// Descriptors of a worker beyond the standard ones. Standard input is the
// specification; the answer has its own, so that stray prints do not spoil it.
const (
	answerFD = 3
	firstIn  = 4
)

// First byte of an answer.
const (
	answered = 'A'
	refused  = 'R'
	lacks    = 'L' // a layer that is required
)

// Run does task in a fresh worker. in stay open and belong to the caller; they
// must be regular files or pipes. When ctx ends the worker is killed and ctx's
// error comes back. It is safe for concurrent use; how many run at once is the
// caller's to bound.
func Run(ctx context.Context, task string, in []*os.File, spec []byte, lim Limits) ([]byte, error) {
	lim = lim.withDefaults()
	if len(spec) > mostSpec {
		return nil, fmt.Errorf("starting worker: the specification has %d bytes, at most %d are taken", len(spec), mostSpec)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, lim.Wall)
	defer cancel()
	p, err := run(bounded, cancel, task, in, spec, lim)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("starting worker: %w", err)
	case p.flooded:
		return nil, &Failure{Output, fmt.Sprintf("more than %d bytes", lim.Output)}
	case bounded.Err() != nil:
		return nil, &Failure{Timeout, fmt.Sprintf("no answer within %s", lim.Wall)}
	case p.end.how != "":
		return nil, diagnose(p.end, p.errors.String(), lim)
	case p.readErr != nil:
		return nil, fmt.Errorf("reading the worker's answer: %w", p.readErr)
	case len(p.out) > 0 && p.out[0] == answered:
		return p.out[1:], nil
	case len(p.out) > 0 && p.out[0] == refused:
		return nil, &Failure{Refused, oneLine(string(p.out[1:]))}
	case len(p.out) > 0 && p.out[0] == lacks:
		return nil, fmt.Errorf("starting worker: this system lacks what sandbox.require demands: %s", oneLine(string(p.out[1:])))
	}
	return nil, &Failure{Crash, "it ended without an answer"}
}

// run has one worker started, as far apart as this system lets it, and sees it to
// its end. An error means that none was started.
func run(ctx context.Context, kill context.CancelFunc, task string, in []*os.File, spec []byte, lim Limits) (*process, error) {
	if err := keepInherited(); err != nil {
		return nil, err
	}
	for _, far := range isolations() {
		p, err := runOnce(ctx, kill, launchOf(task, len(in), lim, far), in, spec, lim.Output)
		if err == nil || far == together || !isolationRefused(err, far) {
			return p, err
		}
	}
	panic("unreachable: the last isolation is none")
}

// isolation is how far apart from its parent a worker starts.
type isolation int32

const (
	together isolation = iota // held back only by what it does to itself
	apart                     // in namespaces of its own
	stranger                  // and as nobody outside them too: for root, to whom too much belongs and whose threads nobody counts
)

// launch is what a worker is started with.
type launch struct {
	Args []string
	Env  []string
	Far  isolation
}

func launchOf(task string, inputs int, lim Limits, far isolation) launch {
	return launch{Args: []string{workerName, task, encodeOrders(lim, inputs, far)}, Env: runtimeSettings(lim), Far: far}
}

// process is a worker that ended.
type process struct {
	out     []byte // its answer, with what marks it
	flooded bool   // the answer was longer than its limit
	readErr error
	errors  *tail // its last words
	end     end
}

// end is how a worker ended.
type end struct {
	how    string // "" when it exited as one that answered; else as in os.ProcessState
	killed bool   // by a signal
	spent  time.Duration
}

// readAnswer reads to the end of the answer; past the cap it kills the worker.
func readAnswer(r *os.File, most int64, kill func()) (out []byte, flooded bool, err error) {
	defer r.Close()
	out, err = io.ReadAll(io.LimitReader(r, most+2))
	if int64(len(out)) > most+1 {
		kill()
		return nil, true, nil
	}
	return out, false, err
}

// diagnose tells from a dead worker's last words what killed it.
func diagnose(e end, last string, lim Limits) *Failure {
	// The kernel counts for the limit by sampling and for us exactly; on a busy
	// machine the two differ by a tenth or more.
	most := time.Duration(lim.cpuSeconds()) * time.Second
	switch {
	case e.killed && e.spent >= most/2:
		return &Failure{Timeout, fmt.Sprintf("it used %d s of processor time", lim.cpuSeconds())}
	// Go 1.26's collector follows nil where an allocation of its own fails.
	case strings.Contains(last, "out of memory"), strings.Contains(last, "cannot allocate memory"), strings.Contains(last, "runtime.(*spanQueue)"):
		return &Failure{Memory, fmt.Sprintf("it wanted more than %d bytes", lim.Memory)}
	case strings.HasPrefix(e.how, "signal: bad system call"):
		return &Failure{Crash, "it asked the system for something that nobody needs who only reads, and was killed"}
	}
	return &Failure{Crash, oneLine(e.how + ": " + firstLine(last))}
}

// firstLine is the first line of a worker's last words that says something: a
// panic's message, without the stack below it, whose paths mean nothing to the
// reader.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(s, "\n"), "\n")
	return line
}

// oneLine makes a text fit for one line, cut short.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = s[:300]
	}
	return strings.ToValidUTF8(s, "?")
}

// tail keeps the first bytes written and takes all.
type tail struct {
	most int
	mu   sync.Mutex
	buf  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := t.most - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
