package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Known is a package that advisories speak of, whatever the version.
type Known struct {
	Package artifact.Package `json:"-"`
	Purl    string           `json:"purl"`
	Malware bool             `json:"malware"` // a record says that it is malicious, or was at a time
	IDs     []string         `json:"ids"`     // of the records, at most maxKnownIDs, those of malware first
}

const maxKnownIDs = 3

// errEnough ends a walk.
var errEnough = errors.New("enough")

// About gives what advisories there are of a package; false where there is none. It is
// ErrNoData when nothing was synced for the ecosystem.
func (s *Snapshot) About(p artifact.Package) (k Known, ok bool, err error) {
	defer onFault(debug.SetPanicOnFault(true), "looking up "+p.String(), &err)
	m := s.mapped.Load()
	if m == nil {
		return Known{}, false, fmt.Errorf("looking up %s: %w", p, fs.ErrClosed)
	}
	defer runtime.KeepAlive(m)
	if !m.index.has(p.Ecosystem) {
		return Known{}, false, fmt.Errorf("looking up %s: %w for %s", p, ErrNoData, p.Ecosystem)
	}
	value, err := m.index.groupsOf(p)
	if err != nil || value == nil {
		return Known{}, false, err
	}
	k, err = knownOf(p, value)
	return k, err == nil, err
}

// EachKnown hands out every package that advisories speak of and that is wanted, in
// the order of ecosystem and name, until yield says that it is enough. It reads the
// whole index: for what is done once for a snapshot.
func (s *Snapshot) EachKnown(wanted func(artifact.Package) bool, yield func(Known) bool) (err error) {
	defer onFault(debug.SetPanicOnFault(true), "listing packages with advisories", &err)
	m := s.mapped.Load()
	if m == nil {
		return fmt.Errorf("listing packages with advisories: %w", fs.ErrClosed)
	}
	defer runtime.KeepAlive(m)
	err = m.index.packages.each(func(key, value []byte) error {
		p, ok := packageOf(key)
		if !ok {
			return ErrCorrupt
		}
		if !wanted(p) {
			return nil
		}
		k, err := knownOf(p, value)
		if err == nil && !yield(k) {
			err = errEnough
		}
		return err
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("listing packages with advisories: %w", err)
	}
	return nil
}

// knownOf reads a package's value in the package table.
func knownOf(p artifact.Package, value []byte) (Known, error) {
	k := Known{Package: p, Purl: p.Purl()}
	var others []string
	err := eachGroup(value, func(packed []byte) bool {
		g, ok := readGroup(packed, nil)
		if !ok {
			return false
		}
		m, ok := g.match(nil)
		if !ok {
			return false
		}
		if g.flags&(flagMalware|flagAllMalware) != 0 {
			k.Malware = true
			k.IDs = append(k.IDs, m.ID)
		} else {
			others = append(others, m.ID)
		}
		return true
	})
	k.IDs = append(k.IDs, others...)
	k.IDs = slices.Clip(k.IDs[:min(len(k.IDs), maxKnownIDs)])
	return k, err
}

// each hands out all entries of a table, in order; what they hold is of the mapping.
func (t *table) each(yield func(key, value []byte) error) error {
	for i := range t.blocks {
		if err := t.check(i); err != nil {
			return err
		}
		r := reader{b: t.blocks[i].body}
		for len(r.b) > 0 && !r.bad {
			k, v := r.bytes(), r.bytes()
			if r.bad {
				break
			}
			if err := yield(k, v); err != nil {
				return err
			}
		}
		if r.bad {
			return fmt.Errorf("reading block %d: %w", i, ErrCorrupt)
		}
	}
	return nil
}
