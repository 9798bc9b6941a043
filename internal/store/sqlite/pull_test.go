package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

func TestPullsAreFoldedByDay(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	sha := artifact.DigestOf([]byte("x"))
	for _, at := range []time.Time{day.Add(time.Hour), day, day.Add(2 * time.Hour), day.Add(24 * time.Hour)} {
		ok(t, db.PutPull(ctx, "main", sha, "ci", at))
	}
	ok(t, db.PutPull(ctx, "main", artifact.DigestOf(nil), "ci", day))
	for range 2 { // the second time they come in another batch
		got, err := db.Pulls(ctx, sha)
		ok(t, err)
		if len(got) != 2 || got[0].Times != 1 || !got[1].First.Equal(day) || !got[1].Last.Equal(day.Add(2*time.Hour)) {
			t.Fatalf("Pulls: %+v", got)
		}
		ok(t, db.PutPull(ctx, "main", sha, "ci", day.Add(time.Minute)))
	}
	got, err := db.Pulls(ctx, sha)
	ok(t, err)
	if got[1].Times != 5 || !got[1].First.Equal(day) || !got[1].Last.Equal(day.Add(2*time.Hour)) {
		t.Errorf("after more batches: %+v, want 5 between the same times", got[1])
	}
}

func TestCloseWritesPulls(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), fileName)
	db, err := Open(ctx, path)
	ok(t, err)
	sha := artifact.DigestOf([]byte("x"))
	ok(t, db.PutPull(ctx, "main", sha, "ci", day))
	ok(t, db.Close())
	db, err = Open(ctx, path)
	ok(t, err)
	defer db.Close()
	got, err := db.Pulls(ctx, sha)
	ok(t, err)
	if len(got) != 1 || got[0] != (Pull{Registry: "main", By: "ci", First: day, Last: day, Times: 1}) {
		t.Errorf("after reopening: %+v", got)
	}
}

// TestPullsUnderLoad: many more different pulls than wait in memory, from many
// goroutines, and each is counted once.
func TestPullsUnderLoad(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	sha := artifact.DigestOf([]byte("x"))
	const workers, each = 4, pullRows / 2
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if err := db.PutPull(ctx, "main", sha, fmt.Sprintf("%d-%d", w, i), day); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := db.Pulls(ctx, sha)
	ok(t, err)
	if len(got) != workers*each {
		t.Errorf("%d pulls, want %d", len(got), workers*each)
	}
}

// TestPullsWaitThroughAFault: a store that cannot write keeps the pulls up to
// its bound, then says so, and writes them once it can.
func TestPullsWaitThroughAFault(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	sha := artifact.DigestOf([]byte("x"))
	const hide, show = `ALTER TABLE pull RENAME TO hidden`, `ALTER TABLE hidden RENAME TO pull`
	_, err := db.writer.Exec(hide)
	ok(t, err)
	kept, refused := 0, 0
	for i := range 2*pullRows + 10 {
		if db.pulls.addForTest(sha, fmt.Sprint(i)) {
			kept++
		} else if db.PutPull(ctx, "main", sha, fmt.Sprint(i), day) != nil {
			refused++
		}
	}
	if kept != 2*pullRows || refused != 10 {
		t.Errorf("%d kept and %d refused, want %d and 10", kept, refused, 2*pullRows)
	}
	_, err = db.writer.Exec(show)
	ok(t, err)
	got, err := db.Pulls(ctx, sha)
	ok(t, err)
	if len(got) != kept {
		t.Errorf("%d pulls after the fault, want %d", len(got), kept)
	}
}

// TestPullsBeingWrittenCount: while a batch is being written no more may come in
// than memory is bounded to, because the batch comes back when that fails.
func TestPullsBeingWrittenCount(t *testing.T) {
	db := openTemp(t)
	db.pulls.writing.Lock() // nobody else takes a batch
	defer db.pulls.writing.Unlock()
	sha := artifact.DigestOf([]byte("x"))
	for i := range 2 * pullRows {
		if !db.pulls.addForTest(sha, fmt.Sprint(i)) {
			t.Fatalf("pull %d was refused, want room for %d", i, 2*pullRows)
		}
	}
	batch := db.pulls.take()
	if db.pulls.addForTest(sha, "one more") {
		t.Errorf("kept one more while %d are being written", len(batch))
	}
	db.pulls.written(batch, errors.New("the disk is full"))
	if n := len(db.pulls.waiting); n != 2*pullRows {
		t.Errorf("%d wait after the fault, want %d", n, 2*pullRows)
	}
	db.pulls.written(db.pulls.take(), nil)
	if !db.pulls.addForTest(sha, "one more") {
		t.Error("refused one although all were written")
	}
}

// addForTest adds without writing, as PutPull does below the mark.
func (p *pulls) addForTest(sha artifact.Digest, by string) bool {
	ms := day.UnixMilli()
	kept, _, err := p.add(pullKey{sha, "main", by, ms / msOfDay}, pullCount{ms, ms, 1})
	return kept && err == nil
}
