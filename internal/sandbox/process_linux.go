package sandbox

import (
	"errors"
	"os"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const descriptorFolder = "/proc/self/fd"

// givenUp counts the ways to start a worker, from the farthest on, that this
// system refused (containers often refuse user namespaces), so that later ones do
// not try again.
var givenUp atomic.Int32

// isolations are the ways to start a worker, best first.
func isolations() []isolation {
	var out []isolation
	for _, i := range []isolation{stranger, apart, together} {
		if i <= stranger-isolation(givenUp.Load()) && (i != stranger || os.Getuid() == 0) {
			out = append(out, i)
		}
	}
	return out
}

// isolationRefused says whether err means that the system refuses to start a
// worker so far apart, and remembers it. Anything else (no memory, too many
// processes) is a fault that must not weaken later workers.
func isolationRefused(err error, far isolation) bool {
	if refusal(err) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS) {
		givenUp.Store(int32(stranger - far + 1))
		return true
	}
	return false
}

// refusal says whether err is the system's lasting answer to what it does not
// have or does not let this user do.
func refusal(err error) bool {
	return slices.ContainsFunc([]error{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP}, func(target error) bool {
		return errors.Is(err, target)
	})
}

// nobody is the worker's user inside its own user namespace, and a stranger's
// outside.
const nobody = 65534

func attributes(far isolation) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if far == together {
		return a
	}
	user, group := os.Getuid(), os.Getgid()
	if far == stranger {
		user, group = nobody, nobody
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		a.GidMappingsEnableSetgroups = true // to give up root's further groups
	}
	a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID |
		syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: user, Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: group, Size: 1}}
	a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN} // over its own namespaces only, to empty its root; then it gives that up
	return a
}
