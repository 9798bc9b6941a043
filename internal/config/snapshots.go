package config

import "fmt"

// Snapshots are versions of the company's own packages that come as one build after
// the other, as Maven's. Nothing of the kind is taken from outside.
type Snapshots struct {
	// Keep is how many builds of one snapshot stay: the deploy of one more takes the
	// oldest away. 0 takes no snapshots.
	Keep int `yaml:"keep"`
}

// mostSnapshots keeps a snapshot's list readable, and its bytes within a disk.
const mostSnapshots = 1000

func defaultSnapshots() Snapshots { return Snapshots{Keep: 10} }

func (s Snapshots) check() error {
	if s.Keep < 0 || s.Keep == 1 || s.Keep > mostSnapshots {
		return fmt.Errorf("snapshots.keep: %d is not 0 (take none) or 2 to %d; with 1, a build would vanish while somebody fetches it", s.Keep, mostSnapshots)
	}
	return nil
}
