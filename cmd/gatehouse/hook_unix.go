//go:build unix

package main

import "syscall"

// ownSession keeps a process alive when the one that started it, its terminal or
// the connection behind it goes.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
