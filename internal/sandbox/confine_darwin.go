package sandbox

// confine sets the limits that macOS keeps. Its kernel does not count mapped
// memory, so only Go's own soft limit bounds it there.
func confine(o orders) ([]Layer, error) {
	layers, err := setLimits(common(o))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"namespaces", "no-new-privileges", "memory", "address-space", "process-count"} {
		layers = append(layers, Layer{Name: name, Why: "macOS has nothing like it"})
	}
	return layers, nil
}
