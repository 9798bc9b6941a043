package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The launcher is a process of this same program that starts workers and does
// nothing else. A process with namespaces of its own begins as a copy of the one that
// starts it, page tables and all, and the gate has hundreds of megabytes; the launcher
// has a few. It is started by the first worker's need, runs nothing of anybody else
// and never sees a package's bytes: it is handed descriptors and hands them on. It
// ends with the program, and its workers with it.

// launcherName is argv[0] of the launcher.
const launcherName = "gatehouse-launcher"

// controlFD is the launcher's socket to the program. A message asks for one worker
// and carries, in this order, the socket on which to say how that worker ended, its
// standard input, standard error and answer, and its inputs.
const (
	controlFD = 3
	ownFiles  = 4
	mostOrder = 32 << 10 // bytes of a message: arguments and environment
)

// outcome is what the launcher says of a worker, once: that it did not start, or how
// it ended.
type outcome struct {
	Errno  syscall.Errno // why it did not start, where the kernel said why
	Fault  string        // the same in words
	Status uint32        // as wait4(2) has it
	Spent  int64         // ns of processor time
}

// maybeLauncher serves until the program ends, when this process was started as its
// launcher; else it returns at once.
func maybeLauncher() {
	if len(os.Args) != 1 || os.Args[0] != launcherName {
		return
	}
	// A worker dies with the thread that started it.
	runtime.LockOSThread()
	unix.CloseOnExec(controlFD)
	os.Clearenv()
	l := launcher{control: controlFD}
	for l.serve() {
	}
	for _, w := range l.workers {
		_ = unix.Kill(-w.pid, unix.SIGKILL) // it may have ended
	}
	os.Exit(0)
}

// launcher is whom it hears and the workers that run now.
type launcher struct {
	control int
	workers []*started
}

type started struct {
	pid   int
	pidfd int // readable when it ended; -1 where the kernel has no such thing
	tell  int // the socket on which to say how it ended; closed over there: kill it
	dying bool
}

// impatience is how often a worker that cannot be waited for beside others is asked
// after, ms. Linux 5.2 and older need that.
const impatience = 5

// serve waits for what comes next and deals with it. It says false when the program
// is gone.
func (l *launcher) serve() bool {
	fds, wait := l.waiting()
	if _, err := unix.Poll(fds, wait); err != nil && !errors.Is(err, unix.EINTR) {
		return false
	}
	if fds[0].Revents != 0 && !l.take() {
		return false
	}
	var left []*started
	for i, w := range l.workers {
		if i >= (len(fds)-1)/2 { // it was taken in just now
			left = append(left, w)
			continue
		}
		tell, ended := fds[1+2*i], fds[2+2*i]
		if tell.Revents != 0 && !w.dying {
			w.dying = true
			_ = unix.Kill(-w.pid, unix.SIGKILL) // it may have ended
		}
		if (ended.Revents == 0 && w.pidfd >= 0) || !w.reap() {
			left = append(left, w)
		}
	}
	l.workers = left
	return true
}

// waiting lists what can happen: the control socket first, then two for each worker.
func (l *launcher) waiting() (fds []unix.PollFd, wait int) {
	fds, wait = append(fds, unix.PollFd{Fd: int32(l.control), Events: unix.POLLIN}), -1
	for _, w := range l.workers {
		tell := w.tell
		if w.dying {
			tell = -1 // it stays readable
		}
		if w.pidfd < 0 {
			wait = impatience
		}
		fds = append(fds, unix.PollFd{Fd: int32(tell), Events: unix.POLLIN | unix.POLLRDHUP}, unix.PollFd{Fd: int32(w.pidfd), Events: unix.POLLIN})
	}
	return fds, wait
}

// take starts the worker that a message asks for. It says false when the program is
// gone.
func (l *launcher) take() bool {
	message := make([]byte, mostOrder)
	n, fds, err := receiveFrom(l.control, message)
	switch {
	case again(err):
		return true
	case err != nil || n == 0 || len(fds) < ownFiles:
		return false
	}
	tell, files := fds[0], fds[1:]
	w, err := start(message[:n], files)
	for _, fd := range files {
		_ = unix.Close(fd) // the worker has its own
	}
	if err != nil {
		said := outcome{Fault: err.Error()}
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			said.Errno = errno
		}
		answer(tell, said)
		return true
	}
	w.tell = tell
	l.workers = append(l.workers, w)
	return true
}

// start starts a worker with these files and no other.
func start(message []byte, files []int) (*started, error) {
	var x launch
	if err := json.Unmarshal(message, &x); err != nil {
		return nil, fmt.Errorf("reading what to start: %w", err)
	}
	if len(x.Args) == 0 || x.Args[0] != workerName {
		return nil, errors.New("it starts workers only")
	}
	null, err := unix.Open(os.DevNull, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(null)
	w := &started{pidfd: -1}
	how := attributes(x.Far)
	how.Pdeathsig = syscall.SIGKILL
	how.PidFD = &w.pidfd
	given := []uintptr{uintptr(files[0]), uintptr(null)} // standard input and output
	for _, fd := range files[1:] {
		given = append(given, uintptr(fd)) // standard error, the answer, the inputs
	}
	w.pid, err = syscall.ForkExec(self, x.Args, &syscall.ProcAttr{Dir: "/", Env: x.Env, Files: given, Sys: how})
	return w, err
}

// reap says how a worker ended, if it has.
func (w *started) reap() bool {
	var status unix.WaitStatus
	var used unix.Rusage
	pid, err := unix.Wait4(w.pid, &status, unix.WNOHANG, &used)
	switch {
	case errors.Is(err, unix.EINTR), err == nil && pid == 0:
		return false
	case err != nil:
		answer(w.tell, outcome{Fault: "waiting: " + err.Error()})
	default:
		answer(w.tell, outcome{Status: uint32(status), Spent: used.Utime.Nano() + used.Stime.Nano()})
	}
	if w.pidfd >= 0 {
		_ = unix.Close(w.pidfd)
	}
	return true
}

// answer says what became of a worker; nobody may be listening any more.
func answer(tell int, said outcome) {
	if b, err := json.Marshal(said); err == nil {
		_ = unix.Sendmsg(tell, b, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	}
	_ = unix.Close(tell)
}
