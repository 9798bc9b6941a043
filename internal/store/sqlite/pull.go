package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// Pulls wait in memory so that handing out a file costs no commit: at most this
// long, and at most so many different ones. A crash loses the last second of
// them; Close writes them.
const (
	pullWait = time.Second
	pullRows = 4096
)

const msOfDay = 24 * 60 * 60 * 1000

// Pull says who was handed some bytes on one day (UTC).
type Pull struct {
	Registry    string
	By          string
	First, Last time.Time
	Times       int64
}

// pullKey is the identity of a row.
type pullKey struct {
	sha          artifact.Digest
	registry, by string
	day          int64
}

type pullCount struct{ first, last, times int64 }

// pulls gathers pulls and writes them in batches from one goroutine.
type pulls struct {
	db      *DB
	mu      sync.Mutex // guards waiting, taken and closed
	waiting map[pullKey]pullCount
	taken   int // how many are being written, and come back when that fails
	closed  bool
	writing sync.Mutex // one batch at a time
	quit    chan struct{}
	done    chan struct{}
}

func startPulls(db *DB) *pulls {
	p := &pulls{db: db, waiting: map[pullKey]pullCount{}, quit: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

// PutPull implements gate.Store. Unlike the other methods it returns before the
// row is durable (see pullWait). Pulls of the same bytes by the same principal on
// one day are one row with a count. When too many wait, because the disk does
// not keep up or is full, the caller writes them itself and gets the error.
func (db *DB) PutPull(ctx context.Context, registry string, sha artifact.Digest, by string, at time.Time) error {
	if err := store.CheckText(registry, string(sha), by); err != nil {
		return wrap("recording a pull", err)
	}
	ms := at.UnixMilli()
	k, c := pullKey{sha, registry, by, ms / msOfDay}, pullCount{ms, ms, 1}
	for {
		kept, full, err := db.pulls.add(k, c)
		if err == nil && full {
			err = db.pulls.flush(ctx)
		}
		if kept || err != nil {
			return wrap("recording a pull", err)
		}
	}
}

// Pulls says who was handed the bytes, the latest first. It sees what was put
// before it was called.
func (db *DB) Pulls(ctx context.Context, sha artifact.Digest) ([]Pull, error) {
	doing := fmt.Sprintf("listing pulls of %s", sha.Short())
	if err := db.pulls.flush(ctx); err != nil {
		return nil, wrap(doing, err)
	}
	rows, err := list(ctx, db, func(r row) (Pull, error) {
		var p Pull
		var first, last int64
		err := r.Scan(&p.Registry, &p.By, &first, &last, &p.Times)
		p.First, p.Last = store.Time(&first), store.Time(&last)
		return p, err
	}, `SELECT registry, actor, first_ms, last_ms, times FROM pull WHERE sha256 = $1 ORDER BY last_ms DESC, registry, actor`, sha)
	return rows, wrap(doing, err)
}

// add counts a pull unless there is no room; full says that it is time to write.
func (p *pulls) add(k pullKey, c pullCount) (kept, full bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, false, errors.New("the store is closed")
	}
	old, there := p.waiting[k]
	if there {
		c = old.plus(c)
	} else if len(p.waiting)+p.taken >= 2*pullRows {
		// Writing failed for a while. Forgetting some quietly would make "who has
		// it" a lie; refusing lets the server say that its disk is full.
		return false, true, nil
	}
	p.waiting[k] = c
	return true, len(p.waiting) >= pullRows, nil
}

func (c pullCount) plus(d pullCount) pullCount {
	return pullCount{min(c.first, d.first), max(c.last, d.last), c.times + d.times}
}

// flush writes what waits. What could not be written waits on.
func (p *pulls) flush(ctx context.Context) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	batch := p.take()
	if len(batch) == 0 {
		return nil
	}
	err := p.db.write(ctx, "writing pulls", func(tx *writing) error { return writePulls(ctx, tx, batch) })
	p.written(batch, err)
	return err
}

// take gives what waits to whoever writes it. Until they have, it counts: the
// bound is of all that is in memory.
func (p *pulls) take() map[pullKey]pullCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch := p.waiting
	p.waiting = make(map[pullKey]pullCount, len(batch))
	p.taken = len(batch)
	return batch
}

func writePulls(ctx context.Context, tx *writing, batch map[pullKey]pullCount) error {
	stmt, err := tx.PrepareContext(ctx, `
		INSERT INTO pull (sha256, registry, actor, day, first_ms, last_ms, times) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (sha256, registry, actor, day) DO UPDATE SET
			first_ms = min(pull.first_ms, excluded.first_ms), last_ms = max(pull.last_ms, excluded.last_ms), times = pull.times + excluded.times`)
	if err != nil {
		return err
	}
	for k, c := range batch {
		if _, err := stmt.ExecContext(ctx, k.sha, k.registry, k.by, k.day, c.first, c.last, c.times); err != nil {
			return err
		}
	}
	return nil
}

// written ends what take began. What could not be written waits on.
func (p *pulls) written(batch map[pullKey]pullCount, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = 0
	if err == nil {
		return
	}
	for k, c := range batch {
		if newer, there := p.waiting[k]; there {
			c = c.plus(newer)
		}
		p.waiting[k] = c
	}
}

// run flushes until stop.
func (p *pulls) run() {
	defer close(p.done)
	tick := time.NewTicker(pullWait)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
			if err := p.flush(context.Background()); err != nil {
				slog.Error("cannot write who pulled what; will try again", "err", err)
			}
		}
	}
}

// stop refuses further pulls and writes what waits.
func (p *pulls) stop() error {
	p.mu.Lock()
	was := p.closed
	p.closed = true
	p.mu.Unlock()
	if was {
		return nil
	}
	close(p.quit)
	<-p.done
	return p.flush(context.Background())
}
