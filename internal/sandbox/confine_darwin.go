package sandbox

// confine sets the limits that macOS keeps. Its kernel does not count mapped
// memory, so only Go's own soft limit bounds it there.
func confine(o orders) ([]Layer, error) {
	layers, err := setLimits(common(o))
	if err != nil {
		return nil, err
	}
	return lackOthers(layers, "macOS has nothing like it that a program can ask for"), nil
}
