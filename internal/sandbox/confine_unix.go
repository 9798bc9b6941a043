//go:build linux || darwin

package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// resource is one limit to set.
type resource struct {
	name  string
	which int
	value uint64
}

// common are the limits that every Unix keeps. The last is the number of
// descriptors: none beyond those the worker was given, which closes files,
// sockets and pipes at once. It must be set last.
func common(o orders) []resource {
	return []resource{
		{LayerCore, unix.RLIMIT_CORE, 0},
		{LayerFileSize, unix.RLIMIT_FSIZE, 0},
		{LayerCPUTime, unix.RLIMIT_CPU, o.CPU},
		{LayerDescriptors, unix.RLIMIT_NOFILE, uint64(firstIn + o.Inputs)},
	}
}

func setLimits(rs []resource) ([]Layer, error) {
	var layers []Layer
	for _, r := range rs {
		if err := unix.Setrlimit(r.which, &unix.Rlimit{Cur: r.value, Max: r.value}); err != nil {
			return nil, fmt.Errorf("limit %s: %w", r.name, err)
		}
		layers = append(layers, Layer{Name: r.name, InForce: true})
	}
	return layers, nil
}
