//go:build conformance

package faults_test

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKilledWhileTheSchemaChanges: a folder of the first release is opened by this
// one, which is killed on the way. Whatever schema it is left in is a whole one
// with every row, and the next start finishes the way.
func TestKilledWhileTheSchemaChanges(t *testing.T) {
	kills := max(20, number(t, "GATEHOUSE_TEST_KILLS", 500)/10)
	seed := uint64(number(t, "GATEHOUSE_TEST_SEED", int(time.Now().UnixNano()&0x7fffffff)))
	t.Logf("%d kills; GATEHOUSE_TEST_SEED=%d", kills, seed)
	r := rand.New(rand.NewPCG(seed, 1))
	h := newHouse(t, "")
	steps, err := filepath.Glob("../../../internal/store/sqlite/schema/*.sql")
	if err != nil || len(steps) < 2 {
		t.Fatalf("schema files: %v (%v)", steps, err)
	}
	first := filepath.Join(h.dir, "first.db")
	firstRelease(t, first, steps[0])
	database := filepath.Join(h.data, "gatehouse.db")
	seen := map[int]int{}
	for round := range kills {
		for _, f := range []string{database, database + "-wal", database + "-shm", database + ".v1.bak"} {
			os.Remove(f)
		}
		copyFile(t, first, database)
		p, ready := h.start()
		timer := time.NewTimer(time.Duration(r.IntN(150)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-ready:
		}
		p.kill()
		seen[h.wholeSchema(round, len(steps))]++
		h.up().kill()
		if v := h.wholeSchema(round, len(steps)); v != len(steps) {
			t.Errorf("round %d: the schema is %d after a whole start, want %d", round, v, len(steps))
		}
		if t.Failed() {
			t.Fatalf("stopped after round %d; the killed one's log:\n%s", round, p.text())
		}
	}
	t.Logf("left in schema (times): %v", seen)
	if len(seen) < 2 {
		t.Errorf("every kill left schema %v: this tests nothing", seen)
	}
}

const rowsOfFirst = 20_000

// firstRelease makes a database as the first schema did, with rows in it.
func firstRelease(t *testing.T, path, schema string) {
	t.Helper()
	text, err := os.ReadFile(schema)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		`PRAGMA journal_mode = WAL`, `CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT`, string(text), `INSERT INTO schema_version VALUES (1)`,
		fmt.Sprintf(`INSERT INTO audit (at_ms, actor, act, object, detail)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, 'somebody', 'waive', 'w' || i, hex(randomblob(100)) FROM n`, rowsOfFirst),
		`INSERT INTO request (id, registry, door, project, actor, created_ms, body, status, outcome, finished_ms)
			VALUES ('r-done', 'main', 'cli', '', 'somebody', 1, '{}', 'done', '{}', 2)`,
		`PRAGMA wal_checkpoint(TRUNCATE)`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%.60s: %v", q, err)
		}
	}
}

// wholeSchema gives the schema that the database is in, whole.
func (h *house) wholeSchema(round, newest int) int {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.data, "gatehouse.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if got := one[string](h.t, db, `PRAGMA integrity_check`); got != "ok" {
		h.t.Errorf("round %d: the database is damaged: %s", round, got)
	}
	v := one[int](h.t, db, `SELECT max(version) FROM schema_version`)
	if n := one[int](h.t, db, `SELECT count(*) FROM audit`); n < rowsOfFirst || v < 1 || v > newest {
		h.t.Errorf("round %d: %d of %d rows are left, schema %d", round, n, rowsOfFirst, v)
	}
	if n := one[int](h.t, db, `SELECT count(*) FROM request WHERE id = 'r-done' AND status = 'done'`); n != 1 {
		h.t.Errorf("round %d: a request of the first release is lost", round)
	}
	return v
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
