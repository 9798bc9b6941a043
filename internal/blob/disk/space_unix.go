//go:build unix

package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Space says what room the file system of a folder has.
func Space(dir string) (Room, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Room{}, fmt.Errorf("asking for the space at %s: %w", dir, err)
	}
	size := int64(s.Bsize)
	return Room{Free: int64(s.Bavail) * size, Total: int64(s.Blocks) * size}, nil
}
