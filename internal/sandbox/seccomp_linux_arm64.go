package sandbox

import "golang.org/x/sys/unix"

const auditMachine = unix.AUDIT_ARCH_AARCH64

// Calls that only this machine has.
var (
	machineWorkerCalls []uintptr
	machineDeadlyCalls = []uintptr{unix.SYS_KEXEC_FILE_LOAD}
)
