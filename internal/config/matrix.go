package config

import (
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

var fullVersion = lazy.Regexp(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// check refuses versions of Node that npm could hold nothing against: an engines line
// compares a whole version.
func (m Matrix) check() error {
	for _, v := range m.Node {
		if !fullVersion().MatchString(v) {
			return fmt.Errorf("matrix.node: %q is no full version such as 22.12.0", artifact.Untrusted(v))
		}
	}
	return nil
}
