package disk

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Space says what room the file system of a folder has.
func Space(dir string) (Room, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return Room{}, fmt.Errorf("asking for the space at %s: %w", dir, err)
	}
	var free, total uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, &total, nil); err != nil {
		return Room{}, fmt.Errorf("asking for the space at %s: %w", dir, err)
	}
	return Room{Free: int64(free), Total: int64(total)}, nil
}
