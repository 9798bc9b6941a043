package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Upkeep is the housekeeping that `serve` does by itself; `gatehouse gc` and
// `gatehouse scrub` do the same at once.
type Upkeep struct {
	// Every is how often garbage is collected and old rows are forgotten. 0: only
	// by `gatehouse gc`.
	Every Duration `yaml:"every"`
	// BlobAge is how long bytes that no row names are left alone: longer than any
	// work that has fetched them and not recorded them yet.
	BlobAge Duration `yaml:"blob_age"`
	// ScrubEvery is how often every blob is read again and compared with its
	// digest. 0: only by `gatehouse scrub`.
	ScrubEvery Duration `yaml:"scrub_every"`
	// ScrubRate is how many bytes a second a scrub reads.
	ScrubRate int64 `yaml:"scrub_rate"`
}

// Retention is how long rows stay on which no decision rests. 0: for ever.
// Decisions, evidence, waivers, approvals, files and the audit log always stay.
type Retention struct {
	// Pulls: who was handed which bytes. A recall tells those who have them.
	Pulls Duration `yaml:"pulls"`
	// Jobs that ended.
	Jobs Duration `yaml:"jobs"`
	// Requests that have an answer, with their reports.
	Requests Duration `yaml:"requests"`
	// Reports as they were rendered; one that is asked for again is made again.
	Reports Duration `yaml:"reports"`
	// Cache is for index answers that nobody asked for since. 0: only by size.
	Cache Duration `yaml:"cache"`
	// SchemaCopies are what a new version's first start leaves beside the
	// database. The newest one stays.
	SchemaCopies Duration `yaml:"schema_copies"`
}

// Storage caps what the data folder takes.
type Storage struct {
	// FreeFloor is how many bytes stay free on the disk: below it new work is
	// refused with 503, and what was admitted is still served.
	FreeFloor int64 `yaml:"free_floor"`
	// CacheBytes is the most that answers of upstreams may take; the least
	// recently used go first. 0: no limit.
	CacheBytes int64 `yaml:"cache_bytes"`
}

// Metrics says who may read /metrics.
type Metrics struct {
	// Anonymous lets everybody who reaches the server read it, without a token.
	Anonymous bool `yaml:"anonymous"`
	// Listen is an address of its own for /metrics alone, without a token:
	// "127.0.0.1:9484". It has to be a loopback or private address.
	Listen string `yaml:"listen"`
}

func defaultUpkeep() Upkeep {
	const day = 24 * time.Hour
	return Upkeep{Every: Duration(6 * time.Hour), BlobAge: Duration(2 * day), ScrubEvery: Duration(30 * day), ScrubRate: 16 << 20}
}

func defaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{Pulls: Duration(400 * day), Jobs: Duration(30 * day), Reports: Duration(400 * day), SchemaCopies: Duration(90 * day)}
}

func defaultStorage() Storage { return Storage{FreeFloor: 256 << 20, CacheBytes: 10 << 30} }

// Limits of the housekeeping.
const (
	minBlobAge   = time.Hour // a large file over a slow line, and a scan after it
	minUpkeep    = time.Minute
	minScrubRate = 64 << 10
)

func (c Config) checkUpkeep() error {
	u := c.Upkeep
	switch {
	case u.Every != 0 && time.Duration(u.Every) < minUpkeep:
		return fmt.Errorf("upkeep.every: at least %s, or 0 for never", minUpkeep)
	case time.Duration(u.BlobAge) < minBlobAge:
		return fmt.Errorf("upkeep.blob_age: at least %s: bytes that were just fetched have no row yet", minBlobAge)
	case u.ScrubEvery != 0 && time.Duration(u.ScrubEvery) < time.Hour:
		return errors.New("upkeep.scrub_every: at least 1h, or 0 for never")
	case u.ScrubRate < minScrubRate:
		return fmt.Errorf("upkeep.scrub_rate: at least %d bytes a second", minScrubRate)
	case c.Storage.FreeFloor < 0 || c.Storage.CacheBytes < 0:
		return errors.New("storage: sizes are bytes, 0 or more")
	}
	return c.Metrics.check()
}

func (m Metrics) check() error {
	if m.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Listen)
	if err != nil {
		return fmt.Errorf("metrics.listen: %q is no host:port such as 127.0.0.1:9484", m.Listen)
	}
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.IsLoopback() && !ip.IsPrivate()) {
		return fmt.Errorf("metrics.listen: %q answers without a token, so it must be a loopback or private address; or leave it out and give the scraper a token for /metrics", m.Listen)
	}
	return nil
}
