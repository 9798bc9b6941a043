package config

import (
	"fmt"
	"time"
)

// Budgets bound what those who read can make the gate do in a day: a day begins
// with a reader's first new thing. They count only what is new, so serving what
// was admitted is never refused for them. They are kept in memory; a restart
// fills them again.
type Budgets struct {
	// Reader is for each token's holder: all tokens of one name together.
	Reader Budget `yaml:"reader"`
	// Address is for each address that reads without a token: an IPv4 address, or
	// an IPv6 /64.
	Address Budget `yaml:"address"`
	// Anonymous is for all addresses without a token together.
	Anonymous Budget `yaml:"anonymous"`
	// Waits is how many clients are kept waiting for a first look at once, whoever
	// they are. Those above it are told to ask again at once.
	Waits int `yaml:"waits"`
}

// Budget is what one reader may use in a day. 0 allows nothing.
type Budget struct {
	Names    int64    `yaml:"names"`     // package names asked upstream that nothing was known of
	Unknown  int64    `yaml:"unknown"`   // those of them that the upstream does not know
	Files    int64    `yaml:"files"`     // files looked at because the reader asked for them
	Bytes    int64    `yaml:"bytes"`     // fetched from the upstream: indexes, metadata and files
	ScanTime Duration `yaml:"scan_time"` // of all workers together
	Waits    int      `yaml:"waits"`     // clients kept waiting at once
}

// defaultBudgets let a large team begin with an empty gate on one day, and a
// developer's machine never notices them: installing 500 packages takes some 600
// names, 500 files, 5 GiB and ten minutes of scanning.
func defaultBudgets() Budgets {
	return Budgets{
		Reader:    Budget{Names: 20_000, Unknown: 5_000, Files: 20_000, Bytes: 400 << 30, ScanTime: Duration(24 * time.Hour), Waits: 128},
		Address:   Budget{Names: 5_000, Unknown: 1_000, Files: 5_000, Bytes: 100 << 30, ScanTime: Duration(8 * time.Hour), Waits: 128},
		Anonymous: Budget{Names: 20_000, Unknown: 5_000, Files: 20_000, Bytes: 400 << 30, ScanTime: Duration(24 * time.Hour), Waits: 256},
		Waits:     512,
	}
}

func (b Budgets) check() error {
	for _, part := range []struct {
		name string
		Budget
	}{{"reader", b.Reader}, {"address", b.Address}, {"anonymous", b.Anonymous}} {
		for _, n := range []struct {
			key string
			n   int64
		}{{"names", part.Names}, {"unknown", part.Unknown}, {"files", part.Files}, {"bytes", part.Bytes}, {"scan_time", int64(part.ScanTime)}, {"waits", int64(part.Waits)}} {
			if n.n < 0 {
				return fmt.Errorf("budgets.%s.%s: it is below 0; 0 allows nothing, and a very large number everything", part.name, n.key)
			}
		}
	}
	if b.Waits < 1 {
		return fmt.Errorf("budgets.waits: %d is less than 1; pull: hold is how a registry looks at nothing", b.Waits)
	}
	return nil
}
