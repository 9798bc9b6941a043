package sandbox

import (
	"os"
	"syscall"
)

func killGroup(p *os.Process) error { return p.Kill() }

func attributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
