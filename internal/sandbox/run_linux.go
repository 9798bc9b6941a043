package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// self is the running program even when its file was replaced since.
const self = "/proc/self/exe"

// runOnce has the launcher start a worker, and sees that to its end. An error means
// that it did not start.
func runOnce(ctx context.Context, kill context.CancelFunc, l launch, in []*os.File, spec []byte, most int64) (*process, error) {
	if len(in) > mostSent-ownFiles {
		return nil, fmt.Errorf("%d files are more than a worker takes", len(in))
	}
	message, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	if len(message) > mostOrder {
		return nil, fmt.Errorf("its orders have %d bytes, at most %d are taken", len(message), mostOrder)
	}
	var theirs []*os.File
	defer func() { closeAll(theirs) }()
	hear, tell, err := socketPair(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	defer hear.Close()
	theirs = append(theirs, tell)
	var ours [3]*os.File // to its standard input; from its standard error and of its answer
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		mine, their := r, w
		if i == 0 {
			mine, their = w, r
		}
		defer mine.Close()
		ours[i], theirs = mine, append(theirs, their)
	}
	asked, err := request(message, append(theirs[:len(theirs):len(theirs)], in...))
	if err != nil {
		return nil, err
	}
	closeAll(theirs)
	theirs = nil
	defer context.AfterFunc(ctx, func() { hangUp(hear) })()
	return converse(asked, ours, hear, kill, spec, most)
}

// hangUp tells the launcher to kill the worker; it still says how that ended, or it
// is stuck itself.
func hangUp(hear *os.File) {
	_ = hear.SetReadDeadline(time.Now().Add(farewell)) // a socket has one
	if raw, err := hear.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) }) // it ended: just as well
	}
}

// farewell is how long a worker may take to die, and how long its pipes may stay open
// after it did: only a child that it could not have started would keep them.
const farewell = 5 * time.Second

// converse gives a worker its specification and hears it, until it ended.
func converse(asked *os.File, ours [3]*os.File, hear *os.File, kill context.CancelFunc, spec []byte, most int64) (*process, error) {
	p := &process{errors: &tail{most: mostErrors}}
	var said sync.WaitGroup
	said.Go(func() {
		_, _ = ours[0].Write(spec) // a worker that does not read on has its reasons, and its end says them
		ours[0].Close()
	})
	said.Go(func() { _, _ = io.Copy(p.errors, ours[1]) }) // what came before an error is kept
	said.Go(func() {
		p.out, p.flooded, p.readErr = readAnswer(ours[2], most, kill)
	})
	b := make([]byte, mostOrder)
	n, files, err := receive(hear, b)
	closeAll(files)
	stuck := errors.Is(err, os.ErrDeadlineExceeded)
	if stuck {
		dismiss(asked) // and the worker with it
	}
	late := time.Now().Add(farewell)
	for _, f := range ours {
		_ = f.SetDeadline(late) // a pipe has one
	}
	said.Wait()
	if stuck || err == nil && n == 0 {
		p.end = end{how: "what started it was killed, and it with that", killed: true}
		return p, nil
	}
	var o outcome
	if err == nil {
		err = json.Unmarshal(b[:n], &o)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("hearing how it ended: %w", err)
	case o.Errno != 0:
		return nil, o.Errno
	case o.Fault != "":
		return nil, errors.New(o.Fault)
	}
	p.end = endOf(syscall.WaitStatus(o.Status), time.Duration(o.Spent))
	if errors.Is(p.readErr, os.ErrDeadlineExceeded) {
		p.end.how = "it left its pipes open"
	}
	return p, nil
}

func endOf(s syscall.WaitStatus, spent time.Duration) end {
	e := end{killed: s.Signaled(), spent: spent}
	switch {
	case s.Signaled():
		e.how = "signal: " + s.Signal().String()
	case s.ExitStatus() != 0:
		e.how = fmt.Sprintf("exit status %d", s.ExitStatus())
	}
	return e
}

// launching is this program's launcher.
var launching struct {
	mu      sync.Mutex
	control *os.File // nil: none runs
	process *os.Process
	ended   chan struct{}
}

// request has a worker started, and says by whom. A launcher that is gone, or takes
// nothing any more, is replaced.
func request(message []byte, files []*os.File) (asked *os.File, err error) {
	launching.mu.Lock()
	defer launching.mu.Unlock()
	if launching.control != nil {
		_ = launching.control.SetWriteDeadline(time.Now().Add(farewell)) // a socket has one
		err := send(launching.control, message, files)
		if !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) && !errors.Is(err, os.ErrDeadlineExceeded) {
			return launching.control, err
		}
		stop()
	}
	if err := startLauncher(); err != nil {
		return nil, fmt.Errorf("starting the launcher: %w", err)
	}
	return launching.control, send(launching.control, message, files)
}

// dismiss ends a launcher that is stuck, unless that was done already.
func dismiss(asked *os.File) {
	launching.mu.Lock()
	defer launching.mu.Unlock()
	if launching.control == asked {
		stop()
	}
}

func startLauncher() error {
	ours, theirs, err := socketPair(unix.SOCK_SEQPACKET)
	if err != nil {
		return err
	}
	defer theirs.Close()
	c := exec.Command(self)
	c.Args, c.Dir = []string{launcherName}, "/"
	c.Env = runtimeSettings(Limits{}.withDefaults())
	c.ExtraFiles = []*os.File{theirs}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a person's Ctrl-C is for the program, which ends it
	if err := c.Start(); err != nil {
		ours.Close()
		return err
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }() // how it ended says nothing: it has no end of its own
	launching.control, launching.process, launching.ended = ours, c.Process, ended
	return nil
}

// Stop ends what package sandbox keeps running between calls, and every worker that
// still runs. Nobody has to call it: both end with the program. A call of Run after
// it starts anew.
func Stop() {
	launching.mu.Lock()
	defer launching.mu.Unlock()
	stop()
}

func stop() {
	if launching.control == nil {
		return
	}
	launching.control.Close()
	launching.control = nil
	_ = launching.process.Kill() // it ends by itself, unless somebody stopped it; a worker dies with it
	<-launching.ended
}
