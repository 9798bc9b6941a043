package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// TestEveryDigestColumnIsKnown fails when a table gains a column that could name
// a blob and nobody said whether it keeps the bytes.
func TestEveryDigestColumnIsKnown(t *testing.T) {
	notKeeping := []column{
		{"evidence", "sha256"},   // true of bytes wherever they are
		{"provenance", "sha256"}, // likewise
		{"pull", "sha256"},       // a record of the past
		{"tombstone", "sha256"},  // the opposite
	}
	ctx, db := context.Background(), openTemp(t)
	found, err := list(ctx, db, func(r row) (c column, err error) {
		err = r.Scan(&c.table, &c.name)
		return c, err
	}, `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'
		AND (c.name LIKE '%sha256%' OR c.name LIKE '%digest%' OR c.name LIKE '%blob%')`)
	ok(t, err)
	known := slices.Concat(keeping, notKeeping)
	for _, c := range found {
		if !slices.Contains(known, c) {
			t.Errorf("%s.%s: does a row of it keep a blob? Then add it to keeping in gc.go, and call keepBlob where rows are recorded; else to this test", c.table, c.name)
		}
	}
	for _, c := range known {
		if !slices.Contains(found, c) {
			t.Errorf("%s.%s is listed and does not exist", c.table, c.name)
		}
	}
}

func TestEveryKeepingColumnKeeps(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	for i, c := range keeping {
		d := artifact.DigestOf(fmt.Append(nil, i))
		values, columns := "", ""
		info, err := list(ctx, db, func(r row) (out [2]string, err error) {
			err = r.Scan(&out[0], &out[1])
			return out, err
		}, `SELECT name, type FROM pragma_table_info('`+c.table+`') WHERE NOT (pk = 1 AND name = 'seq')`)
		ok(t, err)
		for _, col := range info {
			value := `'x'`
			switch col[1] {
			case "BLOB":
				value = "x'00'"
			case "INTEGER":
				value = "1"
			}
			if col[0] == c.name {
				value = "'" + string(d) + "'"
			}
			columns, values = columns+", "+col[0], values+", "+value
		}
		_, err = db.writer.ExecContext(ctx, "INSERT INTO "+c.table+" ("+columns[2:]+") VALUES ("+values[2:]+")")
		ok(t, err)
		free, err := db.Unreferenced(ctx, []artifact.Digest{d, artifact.DigestOf([]byte("free"))})
		ok(t, err)
		if slices.Contains(free, d) || len(free) != 1 {
			t.Errorf("%s.%s does not keep its blob: %v", c.table, c.name, free)
		}
		buried, err := db.Bury(ctx, []artifact.Digest{d}, day)
		ok(t, err)
		if len(buried) != 0 {
			t.Errorf("%s.%s: its blob got a tombstone", c.table, c.name)
		}
	}
	// A file of our own that was deleted names nothing.
	_, err := db.writer.ExecContext(ctx, `
		INSERT INTO upload (registry, ecosystem, package, number, version_key, slot, name, sha256, body, metadata, attestations, publisher, uploaded_ms, deleted_ms)
		VALUES ('r', 'pypi', 'gone', '1', 'k', 's', 'gone.whl', '', '', x'', '', '', 1, 2)`)
	ok(t, err)
	var all []artifact.Digest
	ok(t, db.EachReferenced(ctx, func(d artifact.Digest) error { all = append(all, d); return nil }))
	if len(all) != len(keeping) || !slices.IsSorted(all) {
		t.Errorf("EachReferenced: %v, want %d in their order", all, len(keeping))
	}
}

func TestARowTakesTheTombstoneAway(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	there := map[artifact.Digest]bool{}
	db.UseBlobs(func(_ context.Context, d artifact.Digest) (int64, error) {
		if !there[d] {
			return 0, fs.ErrNotExist
		}
		return 1, nil
	})
	f := artifact.File{Version: newDecision("x").Version, Name: "f.whl", SHA256: artifact.DigestOf([]byte("f")), Size: 1, Origin: "up"}
	bury := func() {
		t.Helper()
		got, err := db.Bury(ctx, []artifact.Digest{f.SHA256}, day)
		ok(t, err)
		if len(got) != 1 {
			t.Fatalf("Bury gave %v", got)
		}
	}
	bury()
	if err := db.PutFile(ctx, f, day); !errors.Is(err, blob.ErrCollected) {
		t.Errorf("a row for bytes that are gone: %v, want ErrCollected", err)
	}
	there[f.SHA256] = true
	ok(t, db.PutFile(ctx, f, day))
	swept := 0
	ok(t, db.Sweep(ctx, []artifact.Digest{f.SHA256}, func(artifact.Digest) error { swept++; return nil }))
	if swept != 0 {
		t.Error("a blob with a row was swept")
	}

	g := f
	g.Name, g.SHA256 = "g.whl", artifact.DigestOf([]byte("g"))
	ok(t, db.Sweep(ctx, []artifact.Digest{g.SHA256}, func(artifact.Digest) error { swept++; return nil }))
	if swept != 0 {
		t.Error("a blob without a tombstone was swept")
	}
	_, err := db.Bury(ctx, []artifact.Digest{g.SHA256}, day)
	ok(t, err)
	ok(t, db.Sweep(ctx, []artifact.Digest{g.SHA256}, func(artifact.Digest) error { swept++; return nil }))
	if swept != 1 {
		t.Error("a blob with a tombstone and no row was left")
	}
	if err := db.PutFile(ctx, g, day); !errors.Is(err, blob.ErrCollected) {
		t.Errorf("after the sweep: %v, want ErrCollected: the tombstone has to stay", err)
	}
	ok(t, db.ForgetTombstones(ctx, day.Add(time.Second)))
	there[g.SHA256] = true
	ok(t, db.PutFile(ctx, g, day))
}

func TestMigrationAsksForRoom(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), fileName)
	db, err := open(ctx, path, until(1), slog.New(slog.DiscardHandler))
	ok(t, err)
	ok(t, db.Close())
	was := freeBytes
	defer func() { freeBytes = was }()
	freeBytes = func(string) (disk.Room, error) { return disk.Room{Free: 1 << 20}, nil }
	if _, err := open(ctx, path, until(3), slog.New(slog.DiscardHandler)); !errors.Is(err, blob.ErrFull) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("with 1 MB free: %v, want ErrFull that says so", err)
	}
	db, err = open(ctx, path, until(1), slog.New(slog.DiscardHandler))
	ok(t, err)
	ok(t, db.Close())
	freeBytes = was
	var said strings.Builder
	db, err = open(ctx, path, until(3), slog.New(slog.NewTextHandler(&said, nil)))
	ok(t, err)
	ok(t, db.Close())
	for _, want := range []string{fileName + ".v1.bak", "from=1 to=3", "schema step done"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is not in what it said: %s", want, said.String())
		}
	}
}

// migrateDir tells a copy of the test binary to change a store's schema and be
// killed at it.
const migrateDir = "GATEHOUSE_MIGRATE_DIR"

// steps of the migration that is killed; each does enough to be met in the middle.
const killedSteps = 8

// killedRounds is how often; under the race detector each costs a second.
const killedRounds = 12

// until gives a schema of n steps, the first of them ours.
func until(n int) fs.FS {
	first, err := fs.ReadFile(migrations(), "0001_first.sql")
	if err != nil {
		panic(err)
	}
	out := fstest.MapFS{"0001_first.sql": &fstest.MapFile{Data: first}}
	for i := 2; i <= n; i++ {
		out[fmt.Sprintf("%04d_more.sql", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `
			CREATE TABLE more_%d (x INTEGER PRIMARY KEY, y TEXT) STRICT;
			INSERT INTO more_%d WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 300) SELECT i, 'y' FROM n;
			UPDATE more_%d SET y = y || x;`, i, i, i)}
	}
	return out
}

// migrateChild changes the schema, says each step on standard output, and ends.
func migrateChild() {
	dir := os.Getenv(migrateDir)
	if dir == "" {
		return
	}
	_, err := open(context.Background(), filepath.Join(dir, fileName), until(killedSteps), slog.New(slog.NewTextHandler(os.Stdout, nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("done")
	select {} // to be killed here too
}

// TestMigrationKilled kills a program while it changes the schema, again and
// again: each time the file has one whole schema, everything that was in it, and
// the next start goes on from there.
func TestMigrationKilled(t *testing.T) {
	ctx, whole := context.Background(), 0
	for round := range killedRounds {
		dir := t.TempDir()
		path := filepath.Join(dir, fileName)
		db, err := open(ctx, path, until(1), slog.New(slog.DiscardHandler))
		ok(t, err)
		ok(t, db.Audit(ctx, gate.AuditEntry{At: day, By: "ada", Act: "kept"}))
		ok(t, db.Close())
		killAfter(t, dir, 1+rand.IntN(killedSteps+2))

		at := schemaIn(t, path)
		if at == 1 {
			whole++
		}
		db, err = open(ctx, path, until(at), slog.New(slog.DiscardHandler))
		ok(t, err)
		ok(t, db.Check(ctx))
		for i := 2; i <= at; i++ {
			var n int
			ok(t, db.reader.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM more_%d WHERE y = 'y' || x`, i)).Scan(&n))
			if n != 300 {
				t.Errorf("round %d: step %d left %d rows of 300", round, i, n)
			}
		}
		var n int
		ok(t, db.reader.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM sqlite_schema WHERE name = 'more_%d'`, at+1)).Scan(&n))
		if n != 0 {
			t.Errorf("round %d: schema %d has a table of the next step", round, at)
		}
		ok(t, db.Close())

		db, err = open(ctx, path, until(killedSteps), slog.New(slog.DiscardHandler))
		ok(t, err)
		log, err := db.AuditLog(ctx, 10)
		ok(t, err)
		if len(log) != 1 || log[0].Act != "kept" {
			t.Errorf("round %d: what was there is %+v", round, log)
		}
		ok(t, db.Close())
	}
	t.Logf("%d of %d were killed before the first step", whole, killedRounds)
}

// killAfter starts a migration and kills it once it said so many lines.
func killAfter(t *testing.T, dir string, lines int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), migrateDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	in := bufio.NewScanner(out)
	for n := 0; n < lines && in.Scan(); {
		n++
		if strings.HasPrefix(in.Text(), "done") {
			break
		}
	}
	ok(t, cmd.Process.Kill())
	cmd.Wait() // says that it was killed
}

func schemaIn(t *testing.T, path string) int {
	t.Helper()
	db, err := connect(path, 1, "_txlock=deferred")
	ok(t, err)
	defer db.Close()
	v, err := schemaVersion(context.Background(), db)
	ok(t, err)
	return v
}
