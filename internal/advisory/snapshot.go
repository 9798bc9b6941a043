package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// maxIndex caps the size of an index file: all of OSV needs less than a tenth.
const maxIndex = 1 << 30

// A Snapshot answers from one index file and does not change: Sync writes a new
// file, and whoever wants its answers opens again (about 0.1 ms). Its methods
// are safe for concurrent use.
//
// The file stays mapped for as long as a call needs it, also when it was
// replaced or removed meanwhile or when Close runs at the same time: the
// mapping is let go of by the garbage collector after the last use. Close only
// makes that happen sooner.
type Snapshot struct {
	id     string
	dir    string
	feeds  []feed
	names  Names
	mapped atomic.Pointer[mapping]
}

type mapping struct {
	index *index
}

// Open gives the current snapshot of a folder that Sync fills. It is
// fs.ErrNotExist when nothing was ever taken in, ErrCorrupt when the index is
// damaged. names must order versions as it did for Sync; otherwise Open says so.
func Open(dir string, names Names) (*Snapshot, error) {
	// A sync may replace the index between reading its name and opening it.
	const tries = 3
	var s *Snapshot
	err := fs.ErrNotExist
	for range tries {
		var st state
		if st, err = readState(dir); err != nil {
			break
		}
		if st.Index == "" {
			err = fs.ErrNotExist
			break
		}
		if s, err = openIndex(filepath.Join(dir, indexName(st.Index)), names); err == nil {
			s.id, s.dir, s.feeds = st.Index, dir, st.Feeds
			return s, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("opening advisories in %s: %w", dir, err)
}

func openIndex(path string, names Names) (*Snapshot, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	m := &mapping{}
	if m.index, err = decodeIndex(data); err == nil {
		err = m.index.checkKeys(names)
	}
	if err != nil {
		unmap(data)
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	runtime.AddCleanup(m, unmap, data)
	s := &Snapshot{names: names}
	s.mapped.Store(m)
	return s, nil
}

// Close lets go of the file. Calls after it give fs.ErrClosed.
func (s *Snapshot) Close() error {
	s.mapped.Store(nil)
	return nil
}

// ID names the snapshot by its content: the SHA-256 of the index, in hex. Two
// snapshots of one id give the same answers.
func (s *Snapshot) ID() string { return s.id }

// Match lists what is known against a version, worst first: malware, then by
// severity (unknown counts as high), then by id. number is spelled in any way
// that the ecosystem takes for that version. It is ErrNoData when nothing was
// synced for the ecosystem; another error means that the index, or the version of
// a package with advisories, cannot be read. An error never means "not affected".
func (s *Snapshot) Match(p artifact.Package, number string) (_ []Match, err error) {
	defer onFault(debug.SetPanicOnFault(true), "matching "+p.String(), &err)
	m := s.mapped.Load()
	if m == nil {
		return nil, fmt.Errorf("matching %s %s: %w", p, number, fs.ErrClosed)
	}
	defer runtime.KeepAlive(m)
	if !m.index.has(p.Ecosystem) {
		return nil, fmt.Errorf("matching %s %s: %w for %s; run gatehouse advisories sync", p, number, ErrNoData, p.Ecosystem)
	}
	groups, err := m.index.groupsOf(p)
	if err != nil {
		return nil, fmt.Errorf("matching %s %s: %w", p, number, err)
	}
	if groups == nil { // the usual case: the version need not be read
		return nil, nil
	}
	key, err := s.names.Key(p.Ecosystem, number)
	if err != nil {
		return nil, fmt.Errorf("matching %s %.80q: %w", p, number, err)
	}
	out, err := matchGroups(groups, key)
	if err != nil {
		return nil, fmt.Errorf("matching %s %s: %w", p, number, err)
	}
	return out, nil
}

// Knows says whether any advisory speaks of a package, whatever the version. It is
// ErrNoData when nothing was synced for the ecosystem.
func (s *Snapshot) Knows(p artifact.Package) (_ bool, err error) {
	defer onFault(debug.SetPanicOnFault(true), "looking up "+p.String(), &err)
	m := s.mapped.Load()
	if m == nil {
		return false, fmt.Errorf("looking up %s: %w", p, fs.ErrClosed)
	}
	defer runtime.KeepAlive(m)
	if !m.index.has(p.Ecosystem) {
		return false, fmt.Errorf("looking up %s: %w for %s", p, ErrNoData, p.Ecosystem)
	}
	groups, err := m.index.groupsOf(p)
	return groups != nil, err
}

// groupsOf gives a package's value in the package table; nil when it has none.
func (x *index) groupsOf(p artifact.Package) ([]byte, error) {
	var room [128]byte
	return x.packages.get(appendPackageKey(room[:0], p))
}

// matchGroups gives the groups that cover a version, in the order of worse.
func matchGroups(value, key []byte) ([]Match, error) {
	var out []Match
	err := eachGroup(value, func(packed []byte) bool {
		g, ok := readGroup(packed, key)
		if !ok || !g.covered {
			return ok
		}
		m, ok := g.match(key)
		out = append(out, m)
		return ok
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, worse)
	return out, nil
}

// Lookup tells what is known under an advisory's id or alias: one Advisory for
// each alias group that it belongs to, which is one unless databases disagree
// between packages. None is no error: the id is not known, or was withdrawn.
func (s *Snapshot) Lookup(id string) (_ []Advisory, err error) {
	defer onFault(debug.SetPanicOnFault(true), "looking up an advisory", &err)
	m := s.mapped.Load()
	if m == nil {
		return nil, fmt.Errorf("looking up %.80q: %w", id, fs.ErrClosed)
	}
	defer runtime.KeepAlive(m)
	out, err := m.index.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("looking up %.80q: %w", id, err)
	}
	return out, nil
}

func (x *index) lookup(id string) ([]Advisory, error) {
	value, err := x.ids.get([]byte(id))
	if err != nil {
		return nil, err
	}
	var out []Advisory
	r := reader{b: value}
	for len(r.b) > 0 && !r.bad {
		p, ok := packageOf(r.bytes())
		if !ok {
			return nil, ErrCorrupt
		}
		if out, err = x.addAdvisory(out, p, id); err != nil {
			return nil, err
		}
	}
	if r.bad {
		return nil, ErrCorrupt
	}
	return out, nil
}

// addAdvisory adds what a package's group with the id says to those of the
// packages before it.
func (x *index) addAdvisory(to []Advisory, p artifact.Package, id string) ([]Advisory, error) {
	value, err := x.groupsOf(p)
	if err != nil {
		return nil, err
	}
	err = eachGroup(value, func(packed []byte) bool {
		g, ok := readGroup(packed, nil)
		if !ok {
			return false
		}
		m, ok := g.match(nil)
		if !ok || (m.ID != id && !slices.Contains(m.Aliases, id)) {
			return ok
		}
		m.Malware = g.flags&flagMalware != 0
		for i := range to {
			if to[i].ID == m.ID && slices.Equal(to[i].Aliases, m.Aliases) {
				to[i].Packages = append(to[i].Packages, p)
				return true
			}
		}
		to = append(to, Advisory{Match: m, Packages: []artifact.Package{p}})
		return true
	})
	return to, err
}

// Info is what status shows.
type Info struct {
	ID         string          `json:"id"`
	Ecosystems []EcosystemInfo `json:"ecosystems"`
	Feeds      []FeedInfo      `json:"feeds"`
}

// FeedInfo is one ecosystem of one source.
type FeedInfo struct {
	Source    string             `json:"source"`
	Ecosystem artifact.Ecosystem `json:"ecosystem"`
	Records   int                `json:"records"`
	Confirmed time.Time          `json:"confirmed,omitzero"` // when the source last confirmed what we have; zero: never
	Held      *HeldInfo          `json:"held,omitempty"`     // a snapshot that waits for a person
}

// HeldInfo is a snapshot that waits for a person: gatehouse advisories accept.
type HeldInfo struct {
	Since   time.Time `json:"since"`
	Records int       `json:"records"`
	Reason  string    `json:"reason"`
}

// Info tells what the snapshot holds and where it comes from, as of Open.
func (s *Snapshot) Info() Info {
	info := Info{ID: s.id}
	if m := s.mapped.Load(); m != nil {
		info.Ecosystems = slices.Clone(m.index.meta.Ecosystems)
		runtime.KeepAlive(m)
	}
	for _, f := range s.feeds {
		info.Feeds = append(info.Feeds, f.info())
	}
	return info
}

// Never is the age of data of which a source never confirmed anything.
const Never = time.Duration(math.MaxInt64)

// Age is the time since the source that was heard longest ago confirmed that
// our copy is what it offers; Never when one in use was never heard, or offers
// something that still waits for a person and nothing before it. It is as of
// Open: after a sync that changed nothing, open again to see the new age.
func (s *Snapshot) Age(now time.Time) time.Duration {
	if len(s.feeds) == 0 {
		return Never
	}
	var oldest time.Duration
	for _, f := range s.feeds {
		if f.Batch == "" || f.Confirmed.IsZero() {
			return Never
		}
		oldest = max(oldest, now.Sub(f.Confirmed))
	}
	return oldest
}
