package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// greeted starts a worker that stays, with further inputs, and returns when it is at
// work. ended tells what Run said; alive ends when the worker and whoever holds its
// inputs is gone.
func greeted(t *testing.T, more ...*os.File) (ended chan error, alive *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() {
		_, err := Run(ctx, "greet", append([]*os.File{w}, more...), nil, Limits{})
		w.Close()
		ended <- err
	}()
	if _, err := io.ReadFull(r, make([]byte, len("here"))); err != nil {
		t.Fatal(err)
	}
	return ended, r
}

// gone waits until nobody can write to a pipe any more.
func gone(t *testing.T, what string, alive *os.File) {
	t.Helper()
	if err := alive.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := alive.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%s is still there: %v", what, err)
	}
}

// TestLauncherKilled: the worker that runs dies and its input could not be read; the
// next one finds another launcher.
func TestLauncherKilled(t *testing.T) {
	for range 3 {
		ended, alive := greeted(t)
		launching.mu.Lock()
		err := launching.process.Kill()
		launching.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		mustFail(t, <-ended, Crash)
		gone(t, "the worker", alive)
		if got, err := Run(t.Context(), "echo", nil, []byte("spec"), Limits{}); err != nil || string(got) != "spec" {
			t.Errorf("afterwards: got %q, %v", got, err)
		}
	}
}

func TestStopEndsWhatRuns(t *testing.T) {
	ended, alive := greeted(t)
	Stop()
	mustFail(t, <-ended, Crash)
	gone(t, "the worker", alive)
}

// TestLauncherStopped: a launcher that answers no more keeps nobody much longer than
// the clock of its worker, and another one takes its place.
func TestLauncherStopped(t *testing.T) {
	if _, err := Run(t.Context(), "echo", nil, nil, Limits{}); err != nil {
		t.Fatal(err)
	}
	launching.mu.Lock()
	err := launching.process.Signal(syscall.SIGSTOP)
	launching.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), "echo", nil, nil, Limits{Wall: 200 * time.Millisecond})
	mustFail(t, err, Timeout)
	if _, err := Run(t.Context(), "echo", nil, nil, Limits{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestWorkersShareNothing: while one works on a file, another one has no way to it.
func TestWorkersShareNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	greeted(t, secret)
	got, err := Run(t.Context(), "read inherited", nil, nil, Limits{})
	if err != nil || string(got) != "read: " {
		t.Errorf("beside a worker with a file another one said %q, %v", got, err)
	}
	greeted(t)
	got, err = Run(t.Context(), "read inherited", []*os.File{secret}, nil, Limits{})
	if want := fmt.Sprintf("read: %d: secret", firstIn); err != nil || string(got) != want {
		t.Errorf("it said %q, %v; want what it was given: %q", got, err, want)
	}
}

// TestProgramKilled: with the program go its launcher and its workers.
func TestProgramKilled(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := exec.Command(self, "orphan")
	c.ExtraFiles = []*os.File{w}
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	launcher, err := unix.PidfdOpen(atoi(strings.TrimSpace(line)), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(launcher)
	if _, err := io.ReadFull(r, make([]byte, len("here"))); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	gone(t, "the worker", r)
	ended := []unix.PollFd{{Fd: int32(launcher), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(ended, 60_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("the launcher is still there: %v", err)
		}
		return
	}
}

// orphan is the program of TestProgramKilled: it says who its launcher is and has a
// worker stay.
func orphan() {
	alive := os.NewFile(3, "alive")
	if _, err := Run(context.Background(), "echo", nil, nil, Limits{}); err != nil {
		panic(err)
	}
	fmt.Println(launching.process.Pid)
	_, err := Run(context.Background(), "greet", []*os.File{alive}, nil, Limits{})
	panic(err)
}

// TestLauncherOnOldKernels: Linux 5.2 and older give no descriptor of a process.
func TestLauncherOnOldKernels(t *testing.T) {
	control, there, err := unixPair()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(there)
	tell, hear, err := unixPair()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(hear)
	pid, err := syscall.ForkExec(self, []string{"program", "nothing to do"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		t.Fatal(err)
	}
	l := launcher{control: control, workers: []*started{{pid: pid, pidfd: -1, tell: tell}}}
	if err := unix.Shutdown(hear, unix.SHUT_WR); err != nil { // kill it
		t.Fatal(err)
	}
	for len(l.workers) > 0 {
		if !l.serve() {
			t.Fatal("it takes the program for gone")
		}
	}
	b := make([]byte, mostOrder)
	n, _, err := receiveFrom(hear, b)
	var said outcome
	if err := errors.Join(err, json.Unmarshal(b[:n], &said)); err != nil {
		t.Fatal(err)
	}
	if e := endOf(syscall.WaitStatus(said.Status), 0); !e.killed || e.how != "signal: killed" {
		t.Errorf("it said %+v, want that it was killed", e)
	}
	unix.Close(there)
	if l.serve() {
		t.Error("without a program it goes on")
	}
}

func unixPair() (int, int, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	return fds[0], fds[1], err
}

// TestStrangeMessages: the launcher says what it cannot do and goes on.
func TestStrangeMessages(t *testing.T) {
	for _, tc := range []struct{ message, why string }{
		{"{", "no message"},
		{`{"Args":[],"Far":0}`, "nothing to start"},
		{`{"Args":["program"],"Far":0}`, "no worker"},
	} {
		ours, theirs, err := socketPair(unix.SOCK_SEQPACKET)
		if err != nil {
			t.Fatal(err)
		}
		null, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := request([]byte(tc.message), []*os.File{theirs, null, null, null}); err != nil {
			t.Fatal(err)
		}
		theirs.Close()
		null.Close()
		b := make([]byte, mostOrder)
		n, _, err := receive(ours, b)
		var said outcome
		if err := errors.Join(err, json.Unmarshal(b[:n], &said)); err != nil || said.Fault == "" {
			t.Errorf("%s: it said %q, %v", tc.why, b[:n], err)
		}
		ours.Close()
	}
	if _, err := Run(t.Context(), "echo", make([]*os.File, mostSent), nil, Limits{}); err == nil || !strings.Contains(err.Error(), "more than a worker takes") {
		t.Errorf("too many files: %v", err)
	}
	if _, err := Run(t.Context(), strings.Repeat("x", mostOrder), nil, nil, Limits{}); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too long a task: %v", err)
	}
}
