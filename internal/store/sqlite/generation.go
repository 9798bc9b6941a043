package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// generations keeps in memory what was read of the table of that name, because
// every request for an index asks. It forgets everything when a write commits,
// and keeps nothing that was read while one did: so nobody is told less than the
// last committed write says, whatever that write touched and however it ended.
// One process owns the file, so there are no other writers.
type generations struct {
	mu      sync.RWMutex
	rows    map[artifact.Package]int64
	era     int64 // of the rows: another one after each write
	writing int   // commits under way: the next may begin before the last has said that it ended
}

// generationsKept bounds the memory of it: names can be made up by anybody.
const generationsKept = 16_384

// get gives what is known of a package, and the era to hand to keep after a look
// into the file.
func (g *generations) get(p artifact.Package) (n, era int64, known bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	n, known = g.rows[p]
	return n, g.era, known
}

// keep remembers what was read, unless a write came in between.
func (g *generations) keep(p artifact.Package, n, era int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.writing > 0 || g.era != era {
		return
	}
	if g.rows == nil || len(g.rows) >= generationsKept {
		g.rows = map[artifact.Package]int64{}
	}
	g.rows[p] = n
}

// while runs a commit.
func (g *generations) while(commit func() error) error {
	g.forget(1)
	defer g.forget(-1)
	return commit()
}

func (g *generations) forget(begun int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.rows)
	g.era++
	g.writing += begun
}

// bump raises a package's generation: what was decided before must be decided
// again.
func bump(ctx context.Context, tx *writing, p artifact.Package) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO generation (ecosystem, package, n) VALUES ($1, $2, 1)
		ON CONFLICT (ecosystem, package) DO UPDATE SET n = generation.n + 1`, p.Ecosystem, p.Name)
	return err
}

// Generation implements gate.Store; 0 for a package of which nothing is known.
func (db *DB) Generation(ctx context.Context, p artifact.Package) (int64, error) {
	n, era, known := db.generations.get(p)
	if known {
		return n, nil
	}
	n, err := one(ctx, db, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT n FROM generation WHERE ecosystem = $1 AND package = $2`, p.Ecosystem, p.Name)
	if err != nil && !errors.Is(err, verdict.ErrNotFound) {
		return 0, wrap("reading generation", err)
	}
	db.generations.keep(p, n, era)
	return n, nil
}
