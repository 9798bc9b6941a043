package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// raise bumps a package and then commits or, with an error, does not.
func raise(t *testing.T, db *DB, p artifact.Package, fail error) {
	t.Helper()
	err := db.write(t.Context(), "raising", func(tx *writing) error { return errors.Join(bump(t.Context(), tx, p), fail) })
	if !errors.Is(err, fail) {
		t.Errorf("raising: %v, want %v", err, fail)
	}
}

func wantGeneration(t *testing.T, db *DB, p artifact.Package, want int64, why string) {
	t.Helper()
	if n, err := db.Generation(t.Context(), p); err != nil || n != want {
		t.Errorf("%s: generation %d (%v), want %d", why, n, err, want)
	}
}

func TestGenerationIsThatOfTheLastCommit(t *testing.T) {
	db := openTemp(t)
	p, other := artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, artifact.Package{Ecosystem: artifact.PyPI, Name: "other"}
	wantGeneration(t, db, p, 0, "nothing is known of it")
	raise(t, db, p, nil)
	wantGeneration(t, db, p, 1, "what was kept before the write is forgotten")
	wantGeneration(t, db, p, 1, "from memory")
	raise(t, db, p, errors.New("undone"))
	wantGeneration(t, db, p, 1, "a write that was rolled back raises nothing")
	raise(t, db, p, nil)
	wantGeneration(t, db, p, 2, "after that one")
	wantGeneration(t, db, other, 0, "of another package")
}

// A reader that looked into the file before a commit, and comes to keep what it
// saw only afterwards, would hide the commit for ever.
func TestGenerationReadBeforeACommitIsNotKeptAfterIt(t *testing.T) {
	db := openTemp(t)
	p := artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}
	_, era, _ := db.generations.get(p)
	raise(t, db, p, nil)
	db.generations.keep(p, 0, era)
	wantGeneration(t, db, p, 1, "kept late")

	err := db.generations.while(func() error {
		_, era, _ := db.generations.get(p)
		db.generations.keep(p, 1, era)
		if _, _, known := db.generations.get(p); known {
			t.Error("what is read while a commit is under way is kept")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever was told that a write is done finds its generation, while others write
// and read.
func TestGenerationIsNeverOlderThanAWriteThatReturned(t *testing.T) {
	db := openTemp(t)
	var wg sync.WaitGroup
	for i := range 4 {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: fmt.Sprintf("demo%d", i)}
		done := make(chan struct{})
		wg.Go(func() {
			defer close(done)
			for n := range int64(20) {
				raise(t, db, p, nil)
				wantGeneration(t, db, p, n+1, "own write")
			}
		})
		wg.Go(func() {
			last := int64(0)
			for {
				n, err := db.Generation(context.Background(), p)
				if err != nil || n < last {
					t.Errorf("generation of %s went from %d to %d (%v)", p.Name, last, n, err)
					return
				}
				last = n
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
}

func TestMadeUpNamesLeaveBoundedMemory(t *testing.T) {
	var g generations
	for i := range generationsKept + 10 {
		g.keep(artifact.Package{Ecosystem: artifact.PyPI, Name: fmt.Sprint(i)}, 0, 0)
	}
	if n := len(g.rows); n > generationsKept {
		t.Errorf("%d names are kept, more than %d", n, generationsKept)
	}
}
