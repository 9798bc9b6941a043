//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// killGroup kills the worker and whatever it may have started.
func killGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }

// keepInherited keeps from workers and tools what this program was started with
// beyond the standard descriptors: Go closes its own ones in a child, but nobody
// else's.
var keepInherited = sync.OnceValue(func() error {
	entries, err := os.ReadDir(descriptorFolder)
	if err != nil {
		return fmt.Errorf("listing the open descriptors: %w", err)
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
})
