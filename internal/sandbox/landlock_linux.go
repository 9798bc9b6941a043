package sandbox

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock (https://docs.kernel.org/userspace-api/landlock.html) lets a process
// deny itself what it could do, without any right. A worker denies itself all
// that the kernel's version of it knows, with no exception: what was handed over
// is open already, which it does not touch.

// What each version added. A worker handles the highest that both know.
var landlockVersions = []unix.LandlockRulesetAttr{
	{Handled_access_fs: 1<<13 - 1}, // everything up to MAKE_SYM
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_REFER},
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
	{Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
	{Scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
	{}, // 7: about logs
	{}, // 8: all threads at once
	{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX},
}

const (
	landlockKnowsNetwork = 4      // first version with TCP, Linux 6.7
	landlockAllThreads   = 8      // Linux 7.0
	signalErratum        = 1 << 1 // without its fix, threads of one process cannot signal each other
)

// landlockRights is all that a version can deny.
func landlockRights(version int, errata uintptr) unix.LandlockRulesetAttr {
	var all unix.LandlockRulesetAttr
	for _, v := range landlockVersions[:min(version, len(landlockVersions))] {
		all.Handled_access_fs |= v.Handled_access_fs
		all.Handled_access_net |= v.Handled_access_net
		all.Scoped |= v.Scoped
	}
	if errata&signalErratum == 0 {
		all.Scoped &^= unix.LANDLOCK_SCOPE_SIGNAL // Go's threads do; the filter holds signals back too
	}
	return all
}

// landlock denies everything, the network with the rest.
func landlock() error {
	version, err := landlockVersion()
	if err != nil {
		return err
	}
	errata, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA)
	if errno != 0 {
		errata = 0 // an older kernel does not say, so nothing is known to be fixed
	}
	fd, err := landlockRuleset(landlockRights(version, errata))
	if err != nil {
		return fmt.Errorf("making a ruleset: %w", err)
	}
	defer unix.Close(int(fd))
	if version >= landlockAllThreads {
		if _, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, unix.LANDLOCK_RESTRICT_SELF_TSYNC, 0); errno != 0 {
			return errno
		}
		return nil
	}
	all, err := everyThread(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	return oneThread(all, err)
}

func landlockRuleset(rights unix.LandlockRulesetAttr) (uintptr, error) {
	fd, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rights)), unsafe.Sizeof(rights), 0)
	if errno != 0 {
		return 0, errno
	}
	return fd, nil
}

// landlockNetwork says whether landlock denied the network too.
func landlockNetwork(landlocked error) error {
	if landlocked != nil {
		return landlocked
	}
	version, err := landlockVersion()
	if err == nil && version < landlockKnowsNetwork {
		err = lacking(fmt.Sprintf("this kernel's Landlock (version %d) knows files only; Linux 6.7 and newer know the network", version))
	}
	return err
}

func landlockVersion() (int, error) {
	version, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errno == 0:
		return int(version), nil
	case errors.Is(errno, unix.ENOSYS):
		return 0, lacking("this kernel has no Landlock; Linux 5.13 and newer have")
	case errors.Is(errno, unix.EOPNOTSUPP):
		return 0, lacking("Landlock is switched off in this kernel; name it in its lsm= parameter")
	}
	return 0, errno
}
