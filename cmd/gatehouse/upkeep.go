package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
)

// The housekeeping that can be asked for, here and in a serving gate.
const (
	workGC     = "gc"
	workScrub  = "scrub"
	workBackup = "backup"
	workDoctor = "doctor"
)

// What each is asked with.
type (
	gcWish     struct{ DryRun bool }
	scrubWish  struct{ Rate int64 } // bytes a second; 0: as fast as it goes
	backupWish struct {
		To   string
		Copy bool
	}
	doctorWish struct{ Full bool }
)

// keeper is the housekeeping of an open engine.
func (e *engine) keeperOf(log *slog.Logger) *upkeep.Keeper {
	k := &upkeep.Keeper{Config: e.cfg, Store: e.store, Blobs: e.blobs, Version: version, Now: time.Now, Log: log, Done: e.metrics.Upkeep}
	for _, u := range e.cfg.Outside() {
		dir := filepath.Join(e.cfg.Data, "cache", u.Name)
		k.Caches = append(k.Caches, upkeep.Cache{Name: u.Name, Dir: dir, Clean: cleaner(e.gate.Peers[artifact.Ecosystem(u.Ecosystem)], u.Name, dir)})
	}
	return k
}

// cleaner forgets what an upstream's cache has not used for long. One that was never
// filled has nothing to forget, and its upstream is not looked for.
func cleaner(peer gate.Peer, name, dir string) func(before time.Time) (int, error) {
	return func(before time.Time) (int, error) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		up, err := peer.Called(context.Background(), name)
		if _, off := errors.AsType[*gate.Off](err); off {
			return 0, nil
		} else if err != nil {
			return 0, err
		}
		c, ok := up.(interface {
			Clean(before time.Time) (int, error)
		})
		if !ok {
			return 0, nil
		}
		return c.Clean(before)
	}
}

// works are what a person can ask for, by name.
func (e *engine) works() map[string]server.Work {
	return map[string]server.Work{
		workGC: {Do: work(func(ctx context.Context, w gcWish, _ upkeep.Progress) (upkeep.Collected, error) {
			return e.keeper.Collect(ctx, w.DryRun)
		})},
		workScrub: {Do: work(func(ctx context.Context, w scrubWish, p upkeep.Progress) (upkeep.Scrubbed, error) {
			return e.keeper.Scrub(ctx, w.Rate, p)
		})},
		workBackup: {Local: true, Do: work(func(ctx context.Context, w backupWish, p upkeep.Progress) (upkeep.BackedUp, error) {
			return e.keeper.Backup(ctx, upkeep.BackupOptions{To: w.To, Copy: w.Copy, Config: e.cfg.File}, p)
		})},
		workDoctor: {Do: work(func(ctx context.Context, w doctorWish, p upkeep.Progress) ([]upkeep.Check, error) {
			return e.examine(ctx, w.Full, p), nil
		})},
	}
}

// work reads a wish and does it.
func work[W, R any](do func(context.Context, W, upkeep.Progress) (R, error)) func(context.Context, json.RawMessage, upkeep.Progress) (any, error) {
	return func(ctx context.Context, text json.RawMessage, p upkeep.Progress) (any, error) {
		var w W
		if err := json.Unmarshal(text, &w); err != nil {
			return nil, fmt.Errorf("reading what to do: %w", err)
		}
		return do(ctx, w, p)
	}
}

// housekeep does a piece of housekeeping in the gate at --server, in the one that
// serves this data folder, or right here, and reads the result into out.
func (a *app) housekeep(ctx context.Context, name string, wish, out any) error {
	tell := func(step string, done, total int64) { a.progress().Step(step, int(done), int(total)) }
	defer a.progress().end()
	e, c, err := a.reach(ctx)
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		return c.Upkeep(ctx, name, wish, out, tell)
	}
	defer func() { a.closed(e.Close()) }()
	text, err := json.Marshal(wish)
	if err != nil {
		return err
	}
	result, err := e.works()[name].Do(ctx, text, tell)
	if err != nil {
		return err
	}
	if text, err = json.Marshal(result); err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// reach gives the gate at --server or the one that serves this data folder; else
// the engine right here.
func (a *app) reach(ctx context.Context) (*engine, *client.Client, error) {
	if a.flags.server != "" {
		c, err := a.remote(ctx)
		return nil, c, err
	}
	return a.whenFree(ctx, func() (*engine, error) { return openEngine(ctx, a.cfg, a.logger(), a.progress()) })
}

// whenFree opens the data folder. While another command has it, it waits for its
// turn; when a gate serves it, it gives that one.
func (a *app) whenFree(ctx context.Context, open func() (*engine, error)) (*engine, *client.Client, error) {
	const between = 100 * time.Millisecond
	told := false
	for {
		e, err := open()
		if err == nil {
			return e, nil, nil
		}
		locked, ok := errors.AsType[*store.LockedError](err)
		if !ok {
			return nil, nil, err
		}
		if c := a.local(ctx); c != nil {
			return nil, c, nil
		}
		if !told {
			told = true
			fmt.Fprintf(a.err, "gatehouse: waiting for %s, which has the data folder\n", holder(locked))
		}
		select {
		case <-ctx.Done():
			return nil, nil, err
		case <-time.After(between):
		}
	}
}

// watchEngine tells the metrics where to look.
func (e *engine) watchEngine() {
	e.metrics.Watch(observe.Sources{
		Advisories: e.advisories.Age,
		Disk: func() (int64, int64, error) {
			room, err := disk.Space(e.cfg.Data)
			return room.Free, room.Total, err
		},
		Blobs: func() (count, bytes int64, err error) {
			for info, err := range e.blobs.List(context.Background()) {
				if err != nil {
					return 0, 0, err
				}
				count, bytes = count+1, bytes+info.Size
			}
			return count, bytes, nil
		},
		Jobs: func(ctx context.Context) ([]observe.JobCount, error) {
			rows, err := e.store.JobCounts(ctx)
			out := make([]observe.JobCount, len(rows))
			for i, r := range rows {
				out[i] = observe.JobCount(r)
			}
			return out, err
		},
		Now: time.Now,
	})
}

// metricsServer answers /metrics on an address of its own; nothing else is there.
func (e *engine) metricsServer(log *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", e.metrics)
	return server.HTTP(mux, log)
}
