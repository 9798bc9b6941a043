package sandbox

import "golang.org/x/sys/unix"

const auditMachine = unix.AUDIT_ARCH_X86_64

// Calls that only this machine has.
var (
	machineWorkerCalls = []uintptr{unix.SYS_ARCH_PRCTL, unix.SYS_EPOLL_WAIT}
	machineDeadlyCalls = []uintptr{unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_MODIFY_LDT, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_KEXEC_FILE_LOAD}
)
