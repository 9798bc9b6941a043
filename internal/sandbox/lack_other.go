//go:build !linux

package sandbox

import "slices"

// lackOthers adds the layers that are not there to those that are.
func lackOthers(there []Layer, why string) []Layer {
	for _, name := range LayerNames() {
		if !slices.ContainsFunc(there, func(l Layer) bool { return l.Name == name }) {
			there = append(there, Layer{Name: name, Why: why})
		}
	}
	return there
}
