// Package upkeep keeps a data folder in order while the gate works: it collects
// blobs that no row names, forgets rows by age, keeps caches inside their size,
// reads blobs again to find what the disk has damaged, and makes and restores
// backups.
//
// It promises never to remove a blob that a row names, or that somebody may be
// about to name: a blob goes only when it is unreferenced, older than any work
// that could still record it, and through a tombstone that whoever records a row
// takes away in the same transaction (see internal/store/sqlite/gc.go). A backup
// is whole or not there, and restoring one verifies everything before anything is
// in place.
//
// One thing runs at a time: a backup copies what the database named at one
// moment, and a collection must not take it away meanwhile. A scrub can take a day
// and only reads, so it goes on beside them, and waits where it takes a blob out.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// ErrBusy says that another piece of housekeeping runs.
var ErrBusy = errors.New("other housekeeping is under way; try again when it has ended")

// Keeper keeps one data folder. All fields are required unless said otherwise;
// its methods are safe for concurrent use. A second collection, backup or scrub, or
// a collection beside a backup, is ErrBusy.
type Keeper struct {
	Config  config.Config
	Store   *sqlite.DB
	Blobs   *disk.Store
	Caches  []Cache // may be empty
	Version string  // of this program, for a backup's manifest
	Now     func() time.Time
	Log     *slog.Logger
	// Done is told when a scheduled run of "gc" or "scrub" ended, and what it found;
	// nil: nobody counts.
	Done func(run string, at time.Time, damaged int, err error)

	running   sync.Mutex // a collection, a backup, or a scrub that takes a blob out
	scrubbing sync.Mutex
}

// Progress is told how far long work is; done and total are in unit.
type Progress func(step string, done, total int64)

// Silent is nobody to tell.
func Silent(string, int64, int64) {}

// alone runs f unless something else runs.
func (k *Keeper) alone(f func() error) error { return unlessHeld(&k.running, f) }

func unlessHeld(m *sync.Mutex, f func() error) error {
	if !m.TryLock() {
		return ErrBusy
	}
	defer m.Unlock()
	return f()
}

// Run does what is due until ctx ends: the first collection a little after the
// start, so that starting stays quick. A fault is logged and does not end it.
func (k *Keeper) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() {
		k.every(ctx, time.Duration(k.Config.Upkeep.Every), func() { k.scheduled(ctx, "gc", k.collectScheduled) })
	})
	wg.Go(func() {
		k.every(ctx, min(time.Duration(k.Config.Upkeep.ScrubEvery), scrubLook), func() { k.scheduled(ctx, "scrub", k.scrubScheduled) })
	})
	wg.Wait()
}

const (
	firstRun  = 5 * time.Minute
	scrubLook = time.Hour // how often it is looked whether a scrub is due
	retryBusy = time.Minute
)

// every runs f after a first while and then each time that period is over.
func (k *Keeper) every(ctx context.Context, period time.Duration, f func()) {
	if period <= 0 {
		return
	}
	timer := time.NewTimer(min(firstRun, period))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			f()
			timer.Reset(period)
		}
	}
}

// scheduled runs one piece of work, waits for its turn when another runs, and
// logs one line of what came of it.
func (k *Keeper) scheduled(ctx context.Context, name string, work func(context.Context) ([]any, int, error)) {
	began := k.Now()
	for {
		attrs, damaged, err := work(ctx)
		if errors.Is(err, ErrBusy) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(retryBusy):
				continue
			}
		}
		if attrs == nil && err == nil {
			return // nothing was due
		}
		took := k.Now().Sub(began)
		if k.Done != nil {
			k.Done(name, k.Now(), damaged, err)
		}
		attrs = append([]any{"run", name, "took", took.Round(time.Millisecond).String()}, attrs...)
		switch {
		case err != nil && ctx.Err() != nil:
			k.Log.InfoContext(ctx, "upkeep was interrupted; it goes on at the next start", attrs...)
		case err != nil:
			k.Log.ErrorContext(ctx, "upkeep failed", append(attrs, "err", err)...)
		default:
			k.Log.InfoContext(ctx, "upkeep", attrs...)
		}
		return
	}
}

// pruneSchemaCopies removes copies of the database that were made before a change
// of its schema, but for the newest.
func (k *Keeper) pruneSchemaCopies(dry bool) (int, error) {
	age := time.Duration(k.Config.Retention.SchemaCopies)
	if age == 0 {
		return 0, nil
	}
	copies, err := filepath.Glob(filepath.Join(k.Config.Data, DatabaseName+".v*.bak"))
	if err != nil {
		return 0, err
	}
	slices.SortFunc(copies, func(a, b string) int { return schemaOf(b) - schemaOf(a) })
	n := 0
	for _, name := range copies[min(1, len(copies)):] {
		info, err := os.Stat(name)
		if err != nil {
			return n, err
		}
		if !info.ModTime().Before(k.Now().Add(-age)) {
			continue
		}
		if !dry {
			if err := os.Remove(name); err != nil {
				return n, fmt.Errorf("removing an old copy of the database: %w", err)
			}
		}
		n++
	}
	return n, nil
}

// DatabaseName is the store's file in the data folder.
const DatabaseName = "gatehouse.db"

// schemaOf reads N of gatehouse.db.vN.bak; 0 for another name.
func schemaOf(name string) int {
	text := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), DatabaseName+".v"), ".bak")
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
