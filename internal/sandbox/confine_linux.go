package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ownThreads is how many threads a worker may have where the kernel counts
// them for it alone (in its own user namespace, and not as root). Go needs a
// handful.
const ownThreads = 32

// confine sets every limit and closes every door. It runs before the worker
// reads anything. A resource limit that cannot be set stops the worker; any other
// layer that this system lacks is said, and whoever demands it gets no worker.
//
// The order matters: the root needs a right that is given up right after,
// Landlock refuses to mount, and the filter refuses everything that came before.
func confine(o orders) ([]Layer, error) {
	isolated, why := inNamespaces()
	layers := []Layer{{Name: LayerNamespaces, InForce: isolated, Why: why}}
	limits, nproc, err := limitsOf(o, isolated)
	if err != nil {
		return nil, err
	}
	// Others of the same user may look into whatever can be dumped.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("hiding from others: %w", err)
	}
	var landlocked error
	for _, step := range []struct {
		name string
		take func() error
	}{
		{LayerRoot, func() error { return emptyRoot(isolated) }},
		{LayerNoNewPrivileges, noNewPrivileges},
		{LayerLandlock, func() error { landlocked = landlock(); return landlocked }},
		{LayerLandlockNetwork, func() error { return landlockNetwork(landlocked) }},
		{LayerCapabilities, dropCapabilities},
	} {
		l, err := layerOf(step.name, step.take())
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	set, err := setLimits(limits)
	if err != nil {
		return nil, err
	}
	filter, err := layerOf(LayerSeccomp, filterCalls())
	if err != nil {
		return nil, err
	}
	return append(append(append(layers, nproc...), set...), filter), nil
}

// lacking says that this system does not have a layer, and why; anything else
// that goes wrong is a fault of the moment, which must not weaken a worker.
type lacking string

// Error implements error.
func (l lacking) Error() string { return string(l) }

// layerOf is the layer that a step's error speaks of.
func layerOf(name string, err error) (Layer, error) {
	why, lacks := errors.AsType[lacking](err)
	switch {
	case err == nil:
		return Layer{Name: name, InForce: true}, nil
	case lacks:
		return Layer{Name: name, Why: string(why)}, nil
	case refusal(err):
		return Layer{Name: name, Why: "this system refused it: " + err.Error()}, nil
	}
	return Layer{}, fmt.Errorf("layer %s: %w", name, err)
}

// limitsOf lists the resource limits, with the layer that is missing where
// threads cannot be counted.
func limitsOf(o orders, isolated bool) ([]resource, []Layer, error) {
	space, err := addressSpace(o.Memory)
	if err != nil {
		return nil, nil, fmt.Errorf("limit %s: %w", LayerAddressSpace, err)
	}
	limits := []resource{{LayerMemory, unix.RLIMIT_DATA, o.Memory}, {LayerAddressSpace, unix.RLIMIT_AS, space}}
	var missing []Layer
	switch {
	case !isolated:
		missing = []Layer{{Name: LayerProcessCount, Why: "without a user namespace the kernel counts all of the user's processes"}}
	case o.Root:
		missing = []Layer{{Name: LayerProcessCount, Why: "the kernel does not count root's; run this program as another user, or let everybody execute its file"}}
	default:
		limits = append(limits, resource{LayerProcessCount, unix.RLIMIT_NPROC, ownThreads})
	}
	return append(limits, common(o)...), missing, nil
}

// inNamespaces says whether the parent's clone took effect: in a PID namespace
// of its own the worker is process 1.
func inNamespaces() (bool, string) {
	if os.Getpid() == 1 && os.Getuid() == nobody {
		return true, ""
	}
	return false, "this system refused user namespaces"
}

// emptyRoot leaves the worker in a file system with nothing in it, on which
// nothing can be written, and lets go of the machine's. What was mounted by a
// more privileged namespace does not send its changes back, so nothing outside
// is touched.
func emptyRoot(isolated bool) error {
	if !isolated {
		return lacking("it needs a namespace")
	}
	const place = "/proc" // this program was started from there, so it exists
	if err := unix.Mount("tmpfs", place, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "mode=0555,size=4k,nr_inodes=1"); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	if err := unix.Chdir(place); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	// The old root lies over the new one now.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("letting go of the old root: %w", err)
	}
	return unix.Chdir("/")
}

// noNewPrivileges binds every thread; where the runtime cannot do that, the
// filter's installation does it.
func noNewPrivileges() error {
	_, err := everyThread(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	return err
}

// dropCapabilities gives up all rights, of root too. No program started later
// could get them back: see noNewPrivileges.
func dropCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	all, err := everyThread(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&none[0])), 0)
	return oneThread(all, err)
}

// oneThread is the error where only one thread could be bound.
func oneThread(all bool, err error) error {
	if err == nil && !all {
		return lacking("this program is built with cgo, so only one of its threads can be bound; build it with CGO_ENABLED=0")
	}
	return err
}

// everyThread makes a system call in each thread, for what belongs to one
// thread only. With cgo linked in (the race detector) the runtime cannot do
// that: the calling thread is bound then, which does the task and from which
// later threads are started, and all is false.
//
//go:uintptrescapes
func everyThread(trap, a1, a2, a3 uintptr) (all bool, err error) {
	_, _, errno := syscall.AllThreadsSyscall6(trap, a1, a2, a3, 0, 0, 0)
	if errno == 0 {
		return true, nil
	}
	if !errors.Is(errno, unix.ENOTSUP) {
		return false, errno
	}
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall6(trap, a1, a2, a3, 0, 0, 0); errno != 0 {
		return false, errno
	}
	return false, nil
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
