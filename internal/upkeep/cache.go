package upkeep

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Cache is an upstream's answers on disk.
type Cache struct {
	Name string
	Dir  string
	// Clean removes what was not confirmed since a time, and says how many things.
	Clean func(before time.Time) (int, error)
}

// cleanCaches holds the caches to their age and together to their size.
func (k *Keeper) cleanCaches(dry bool) (int, error) {
	var before time.Time
	if age := time.Duration(k.Config.Retention.Cache); age > 0 {
		before = k.Now().Add(-age)
	}
	cut, err := k.cutoff()
	if err != nil {
		return 0, err
	}
	if cut.After(before) {
		before = cut
	}
	if before.IsZero() || dry {
		return 0, nil
	}
	n := 0
	for _, c := range k.Caches {
		got, err := c.Clean(before)
		n += got
		if err != nil {
			return n, fmt.Errorf("cleaning the cache of %s: %w", c.Name, err)
		}
	}
	return n, nil
}

// cutoff is the time before which answers have to go for the rest to fit; the
// zero time when all fit.
func (k *Keeper) cutoff() (time.Time, error) {
	limit := k.Config.Storage.CacheBytes
	if limit == 0 {
		return time.Time{}, nil
	}
	type answer struct {
		used time.Time
		size int64
	}
	folders := map[string]answer{} // files of one folder are one answer
	var all int64
	for _, c := range k.Caches {
		err := filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return nil // it went meanwhile
			}
			a := folders[filepath.Dir(path)]
			a.size += info.Size()
			if info.ModTime().After(a.used) {
				a.used = info.ModTime()
			}
			folders[filepath.Dir(path)] = a
			all += info.Size()
			return nil
		})
		if err != nil {
			return time.Time{}, fmt.Errorf("measuring the cache of %s: %w", c.Name, err)
		}
	}
	if all <= limit {
		return time.Time{}, nil
	}
	list := make([]answer, 0, len(folders))
	for _, a := range folders {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b answer) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.size, b.size)) })
	for _, a := range list {
		if all -= a.size; all <= limit {
			return a.used.Add(time.Millisecond), nil
		}
	}
	return k.Now(), nil
}
