package main

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// ownSession keeps a process alive when the one that started it goes.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
