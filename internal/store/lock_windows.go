package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks the open file without waiting; false means somebody else has it.
// The byte locked lies far behind the text: Windows locks are mandatory, and the
// holder's name must stay readable.
func tryLock(f *os.File) (bool, error) {
	behind := &windows.Overlapped{OffsetHigh: 1}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, behind)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, os.NewSyscallError("LockFileEx", err)
}
