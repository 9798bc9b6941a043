package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownThreads is how many threads a worker may have where the kernel counts
// them for it alone (in its own user namespace, and not as root). Go needs a
// handful.
const ownThreads = 32

// confine sets every limit. It runs before the worker reads anything; one that
// cannot be set stops the worker, but for the namespaces, which the parent
// tried, and the thread count, which means nothing outside them.
func confine(o orders) ([]Layer, error) {
	isolated, why := inNamespaces()
	layers := []Layer{{Name: "namespaces", InForce: isolated, Why: why}}
	if err := noNewPrivileges(); err != nil {
		return nil, fmt.Errorf("no_new_privs: %w", err)
	}
	layers = append(layers, Layer{Name: "no-new-privileges", InForce: true})
	space, err := addressSpace(o.Memory)
	if err != nil {
		return nil, fmt.Errorf("limit address-space: %w", err)
	}
	limits := []resource{{"memory", unix.RLIMIT_DATA, o.Memory}, {"address-space", unix.RLIMIT_AS, space}}
	if isolated {
		limits = append(limits, resource{"process-count", unix.RLIMIT_NPROC, ownThreads})
	} else {
		layers = append(layers, Layer{Name: "process-count", Why: "without a user namespace the kernel counts all of the user's processes"})
	}
	set, err := setLimits(append(limits, common(o)...))
	return append(layers, set...), err
}

// inNamespaces says whether the parent's clone took effect: in a PID namespace
// of its own the worker is process 1.
func inNamespaces() (bool, string) {
	if os.Getpid() == 1 && os.Getuid() == nobody {
		return true, ""
	}
	return false, "this system refused user namespaces"
}

// noNewPrivileges binds every thread. With cgo linked in (the race detector)
// the runtime cannot do that; the calling thread, which later threads are
// started from, is bound then.
func noNewPrivileges() (err error) {
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno == 0 {
		return nil
	}
	if !errors.Is(errno, unix.ENOTSUP) {
		return errno
	}
	runtime.LockOSThread()
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// addressSpace is what RLIMIT_AS may be: Go reserves far more than it uses, so
// the limit sits on top of what is reserved now, with room for the heap's own
// arenas and bitmaps. RLIMIT_DATA is the limit that counts.
func addressSpace(memory uint64) (uint64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var pages uint64
	if _, err := fmt.Sscan(strings.Fields(string(b))[0], &pages); err != nil {
		return 0, fmt.Errorf("reading /proc/self/statm: %w", err)
	}
	return pages*uint64(os.Getpagesize()) + memory + 1<<30, nil
}
