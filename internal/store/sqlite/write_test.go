package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// compiled counts the texts that the writer has compiled for good.
func (db *DB) compiled() (n int) {
	db.writes.Range(func(any, any) bool { n++; return true })
	return n
}

func TestWriterCompilesEachTextOnce(t *testing.T) {
	ctx, db := t.Context(), openTemp(t)
	note := func(i int) error {
		return db.Audit(ctx, gate.AuditEntry{At: day, By: "ada", Act: "waive", Object: fmt.Sprint(i)})
	}
	ok(t, note(0))
	known := db.compiled()
	if known == 0 {
		t.Fatal("nothing is kept of what was compiled")
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := note(i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := db.compiled(); n != known {
		t.Errorf("%d texts after 21 times the same, want %d", n, known)
	}
	ok(t, db.write(ctx, "looking", func(tx *writing) error {
		one, err := tx.PrepareContext(ctx, `SELECT count(*) FROM audit`)
		ok(t, err)
		two, err := tx.PrepareContext(ctx, `SELECT count(*) FROM audit`)
		if one != two {
			t.Error("a text is compiled twice in one transaction")
		}
		return err
	}))
}

// TestWriterGoesOnAfterAFault: a statement that was compiled for all serves those who
// come after a transaction that was rolled back, cancelled or had a wrong text.
func TestWriterGoesOnAfterAFault(t *testing.T) {
	db := openTemp(t)
	count := func(want int) {
		t.Helper()
		ok(t, db.write(t.Context(), "counting", func(tx *writing) error {
			var n int
			err := tx.QueryRowContext(t.Context(), `SELECT count(*) FROM audit`).Scan(&n)
			if n != want {
				t.Errorf("%d entries, want %d", n, want)
			}
			return err
		}))
	}
	entry := gate.AuditEntry{At: day, By: "ada", Act: "waive", Object: "w1"}
	ok(t, db.Audit(t.Context(), entry))
	count(1)

	fault := errors.New("no")
	if err := db.write(t.Context(), "failing", func(tx *writing) error { return errors.Join(auditIn(t.Context(), tx, entry), fault) }); !errors.Is(err, fault) {
		t.Errorf("%v, want the fault", err)
	}
	count(1)

	ctx, cancel := context.WithCancel(t.Context())
	if err := db.write(ctx, "cancelled", func(tx *writing) error {
		err := auditIn(ctx, tx, entry)
		cancel()
		return err
	}); err == nil { // that it was cancelled, or that it has been rolled back
		t.Error("what was cancelled was written")
	}
	count(1)

	if err := db.write(t.Context(), "asking wrongly", func(tx *writing) error {
		return tx.QueryRowContext(t.Context(), `SELECT nothing FROM nowhere`).Scan(new(int))
	}); err == nil {
		t.Error("a wrong text is no error")
	}
	ok(t, db.Audit(t.Context(), entry))
	count(2)
}
