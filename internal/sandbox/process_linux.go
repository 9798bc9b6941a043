package sandbox

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
)

// executable is the running program even when its file was replaced since.
func executable() (string, error) { return "/proc/self/exe", nil }

// namespacesRefused remembers that this system starts no process in namespaces
// of its own (containers often refuse user namespaces), so that later workers
// do not try again.
var namespacesRefused atomic.Bool

// isolations are the ways to start a worker, best first.
func isolations() []bool {
	if namespacesRefused.Load() {
		return []bool{false}
	}
	return []bool{true, false}
}

// isolationRefused says whether err means that the system refuses namespaces,
// and remembers it. Anything else (no memory, too many processes) is a fault
// that must not weaken later workers.
func isolationRefused(err error) bool {
	for _, refusal := range []error{syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS} {
		if errors.Is(err, refusal) {
			namespacesRefused.Store(true)
			return true
		}
	}
	return false
}

// nobody is the worker's user inside its own user namespace.
const nobody = 65534

func attributes(isolate bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if isolate {
		a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
	}
	return a
}
