package sandbox

import (
	"os"
	"syscall"
)

func killGroup(p *os.Process) error { return p.Kill() }

// keepInherited: a handle is inherited only when that is asked for.
func keepInherited() error { return nil }

func attributes(isolation) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
