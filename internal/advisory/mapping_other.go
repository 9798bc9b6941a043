//go:build !unix

package advisory

import (
	"fmt"
	"os"
)

// mapFile reads a whole file where it cannot be mapped in such a way that it may
// be replaced meanwhile.
func mapFile(path string) (data []byte, unmap func([]byte), err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if size := info.Size(); size < int64(headerSize) || size > maxIndex {
		return nil, nil, fmt.Errorf("the file has %d bytes: %w", size, ErrCorrupt)
	}
	data, err = os.ReadFile(path)
	return data, func([]byte) {}, err
}
