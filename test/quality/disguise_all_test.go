//go:build quality

package quality

import "testing"

// TestDisguisesChangeNothing looks at all shapes.
func TestDisguisesChangeNothing(t *testing.T) { disguisesChangeNothing(t, 1) }
