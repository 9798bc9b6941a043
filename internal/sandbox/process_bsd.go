//go:build unix && !linux

package sandbox

import "syscall"

const descriptorFolder = "/dev/fd"

func attributes(isolation) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
