package jobstest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// childDir tells a copy of the test binary that it is the one to be killed.
const childDir = "GATEHOUSE_JOBSTEST_DIR"

// killRounds is how often a working process is killed, and most how many lines it
// may print before that; together they stay below what List gives.
const (
	killRounds = 12
	killMost   = 60
)

// Child makes this process the worker of the kill test when it was started as
// such, and never returns then. Call it first in TestMain.
func Child(open Open) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	err := workForever(open, dir, os.Getenv(childDir+"_ROUND"))
	fmt.Fprintln(os.Stderr, "worker:", err)
	os.Exit(1)
}

// workForever puts jobs in from two goroutines and does them in two others. It
// prints each step once the store says that it is kept: "in ID 0", "out ID
// ATTEMPT".
func workForever(open Open, dir, round string) error {
	ctx := context.Background()
	s, err := open(ctx, dir)
	if err != nil {
		return err
	}
	var printing sync.Mutex
	say := func(what, id string, attempt int) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Println(what, id, attempt)
	}
	faults := make(chan error)
	for w := range 2 {
		go func() {
			for i := 0; ; i++ {
				n := job(fmt.Sprintf("%s.%d.%d", round, w, i))
				if err := s.Enqueue(ctx, n); err != nil {
					faults <- err
					return
				}
				say("in", n.ID, 0)
			}
		}()
		go func() {
			for {
				j, found, err := s.Claim(ctx, kind, day, day.Add(lease))
				if err == nil && found {
					err = s.Finish(ctx, j.Held(), day)
				}
				if err != nil {
					faults <- err
					return
				}
				if found {
					say("out", j.ID, j.Attempt)
				}
			}
		}()
	}
	return <-faults
}

// step is one thing that was acknowledged.
type step struct {
	what, id string
	attempt  int
}

// Kill starts a process that puts jobs in and does them, kills it with SIGKILL at
// a random moment, and looks: every job that was acknowledged is there, what was
// acknowledged as done is done by that attempt, and what was under way is done by
// one more attempt only, whatever the killed one would still send.
func Kill(t *testing.T, open Open) {
	dir := t.TempDir()
	done := 0
	for round := range killRounds {
		steps := runWorker(t, dir, fmt.Sprint(round), 1+rand.IntN(killMost))
		s, err := open(t.Context(), dir)
		ok(t, err)
		after(t, s, steps)
		done += goOn(t, s)
		after(t, s, steps)
		ok(t, s.Close())
	}
	t.Logf("%d jobs went on after %d kills", done, killRounds)
}

func after(t *testing.T, s Store, steps []step) {
	t.Helper()
	all, err := s.List(t.Context(), jobs.Filter{Limit: 1000})
	ok(t, err)
	byID := map[string]jobs.Job{}
	for _, j := range all {
		byID[j.ID] = j
	}
	for _, st := range steps {
		j, there := byID[st.id]
		if !there {
			t.Fatalf("job %s was acknowledged and is not there", st.id)
		}
		if st.what == "out" && (j.State != jobs.Done || j.Attempt != st.attempt) {
			t.Fatalf("attempt %d of job %s was acknowledged as done; it is %+v", st.attempt, st.id, j)
		}
	}
}

// goOn does what the killed process left.
func goOn(t *testing.T, s Store) int {
	t.Helper()
	later := day.Add(lease)
	n := 0
	for {
		j, found, err := s.Claim(t.Context(), kind, later, later.Add(lease))
		ok(t, err)
		if !found {
			return n
		}
		if j.Attempt > 1 { // the one before was killed at it
			allLost(t, s, "the killed attempt", jobs.Held{Job: j.ID, Attempt: j.Attempt - 1})
		}
		ok(t, s.Finish(t.Context(), j.Held(), later))
		n++
	}
}

// runWorker starts this binary as the worker and kills it after so many lines.
// Lines that were already in the pipe count: they were acknowledged.
func runWorker(t *testing.T, dir, round string, lines int) []step {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childDir+"_ROUND="+round)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	hung := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer hung.Stop()
	var steps []step
	text := bufio.NewScanner(out)
	for text.Scan() {
		var st step
		if _, err := fmt.Sscan(text.Text(), &st.what, &st.id, &st.attempt); err != nil {
			break // the last line was cut
		}
		steps = append(steps, st)
		if len(steps) == lines {
			ok(t, cmd.Process.Kill())
		}
	}
	cmd.Wait() // says that it was killed
	if len(steps) < lines {
		t.Fatalf("the worker ended by itself after %d lines, want %d", len(steps), lines)
	}
	return steps
}
