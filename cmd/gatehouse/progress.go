package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// progress tells a person at a terminal how far long work is, on standard
// error, in one line that is written over. Off a terminal it only says the
// first verdict.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	quiet bool
	last  time.Time
	shown bool
	step  string
	done  int
	total int
	bytes map[string][2]int64 // by file: here, total
}

// progress is the one line of this run.
func (a *app) progress() *progress {
	if a.line == nil {
		a.line = &progress{w: a.err, bytes: map[string][2]int64{}, quiet: a.flags.format == "json"}
		if f, ok := a.err.(*os.File); ok {
			a.line.live = term.IsTerminal(int(f.Fd()))
		}
	}
	return a.line
}

// Step implements gate.Progress.
func (p *progress) Step(what string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step, p.done, p.total = what, done, total
	p.draw(done == 0 || done == total)
}

// First implements gate.Progress: the verdict on facts, before a byte is
// fetched.
func (p *progress) First(vs []verdict.VersionOutcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rejected := 0
	for _, v := range vs {
		if v.Verdict == verdict.Reject {
			rejected++
		}
	}
	if rejected == 0 || p.quiet || !p.live {
		return
	}
	p.clear()
	fmt.Fprintf(p.w, "first verdict: %d of %d versions refused on what is known of them; looking at the rest\n", rejected, len(vs))
}

// Fetching implements fetch.Progress.
func (p *progress) Fetching(name string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes[name] = [2]int64{done, total}
	p.draw(false)
}

// Fetched implements fetch.Progress.
func (p *progress) Fetched(name string, size int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		delete(p.bytes, name)
		return
	}
	p.bytes[name] = [2]int64{size, size}
	p.draw(false)
}

// Redrawn at most this often: a terminal over a slow line must not be the
// bottleneck.
const redrawEvery = 100 * time.Millisecond

func (p *progress) draw(now bool) {
	if !p.live || (!now && time.Since(p.last) < redrawEvery) {
		return
	}
	p.last = time.Now()
	line := p.step
	if p.total > 0 {
		line += fmt.Sprintf("  %d of %d", p.done, p.total)
	}
	var here, total int64
	for _, b := range p.bytes {
		here, total = here+b[0], total+max(b[0], b[1])
	}
	if total > 0 {
		line += fmt.Sprintf("  %s of %s", megabytes(here), megabytes(total))
	}
	p.clear()
	fmt.Fprint(p.w, line)
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// end takes the line away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	clear(p.bytes)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
