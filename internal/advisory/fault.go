package advisory

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// onFault turns a fault in the mapped file into an error. A file that somebody
// truncates, or a disk that fails under it, raises a signal where its bytes are
// read; without this the whole process would die of it. Call it deferred, with
// the value of debug.SetPanicOnFault(true).
func onFault(before bool, doing string, err *error) {
	debug.SetPanicOnFault(before)
	switch p := recover().(type) {
	case nil:
	case interface {
		runtime.Error
		Addr() uintptr
	}:
		*err = fmt.Errorf("%s: %w: its file cannot be read any more; run gatehouse advisories sync", doing, ErrCorrupt)
	default:
		panic(p)
	}
}
