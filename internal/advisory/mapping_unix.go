//go:build unix

package advisory

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a whole file for reading; unmap lets go of it. The size is taken
// from the open file and compared with the header before anything else is read.
// Index files are never written again once they have their name, so a page that
// was there at open does not vanish.
func mapFile(path string) (data []byte, unmap func([]byte), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // the mapping outlives the descriptor
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if size := info.Size(); size < int64(headerSize) || size > maxIndex {
		return nil, nil, fmt.Errorf("the file has %d bytes: %w", size, ErrCorrupt)
	}
	data, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	return data, func(b []byte) { _ = unix.Munmap(b) }, nil
}
