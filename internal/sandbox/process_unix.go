//go:build unix

package sandbox

import (
	"os"
	"syscall"
)

// killGroup kills the worker and whatever it may have started.
func killGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
