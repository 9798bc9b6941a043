package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/jobs/jobstest"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/store"
	"github.com/gatehouse-project/gatehouse/internal/store/storetest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// fileName is the store's file in the folders of the tests.
const fileName = "gatehouse.db"

func openIn(ctx context.Context, dir string) (storetest.Store, error) {
	return Open(ctx, filepath.Join(dir, fileName))
}

func TestMain(m *testing.M) {
	storetest.Child(openIn)
	migrateChild()
	jobstest.Child(openLeases)
	os.Exit(m.Run())
}

func TestStore(t *testing.T) { storetest.Run(t, openIn) }

var day = time.Date(2026, 5, 3, 10, 30, 0, 0, time.UTC)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openTemp(t testing.TB) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), fileName))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	return db
}

func newDecision(id string) verdict.Decision {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "django"}, Number: "2.2"}
	return verdict.Decision{ID: id, Registry: "main", Version: v, Purl: v.Purl(), File: "f-" + id + ".whl", Verdict: verdict.Admit,
		Reasons: []verdict.Reason{{Rule: "r", Effect: verdict.EffectNote, Text: "nothing known"}}, Inputs: verdict.Inputs{At: day, Policy: "p"}}
}

func TestAppendOnlyTablesRefuseChanges(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	d := newDecision("d1")
	f := artifact.File{Version: d.Version, Name: "f.whl", SHA256: artifact.DigestOf(nil), Origin: "up"}
	w := verdict.Waiver{ID: "w1", Registry: "main", Package: d.Version.Package, Rule: "r", Reason: "x", Approver: "bob", Created: day, Until: day.Add(time.Hour)}
	a := verdict.Approval{ID: "p1", Registry: "main", Version: d.Version, Evidence: "e", Approver: "bob", Created: day}
	ok(t, db.PutFile(ctx, f, day))
	ok(t, db.PutEvidence(ctx, "k", f.SHA256, scan.Report{}, day))
	ok(t, db.Publish(ctx, []verdict.Decision{d}))
	ok(t, db.PutWaiver(ctx, w))
	ok(t, db.RevokeWaiver(ctx, "w1", "bob", day))
	ok(t, db.PutApproval(ctx, a))
	ok(t, db.RevokeApproval(ctx, "p1", "bob", day))
	ok(t, db.PutAsk(ctx, gate.Ask{ID: "a1", Created: day}))
	ok(t, db.CloseAsk(ctx, "a1", "bob", "no", day))
	ok(t, db.Audit(ctx, gate.AuditEntry{At: day, By: "bob", Act: "x"}))
	ok(t, db.Submit(ctx, verdict.Request{ID: "r1", Created: day}, jobs.New{ID: "j1", Kind: gate.RequestJob, Subject: "r1", Created: day, Lease: day}))
	ok(t, db.FinishRequest(ctx, jobs.Held{Job: "j1", Attempt: 1}, verdict.Outcome{Request: "r1", Status: verdict.Done}, day))
	ok(t, db.PutToken(ctx, access.Token{ID: "t1", Hash: "h", Role: access.Reader, Created: day, Expires: day}))
	ok(t, db.RevokeToken(ctx, "t1", "bob", day))

	for _, q := range []string{
		`UPDATE decision SET verdict = 'admit'`, `DELETE FROM decision`, `INSERT OR REPLACE INTO decision SELECT * FROM decision`,
		`UPDATE decided SET at_ms = 0`, `DELETE FROM decided`,
		`UPDATE evidence SET report = '{}'`, `DELETE FROM evidence`, `INSERT OR REPLACE INTO evidence SELECT key, sha256, 0, '{}' FROM evidence`,
		`UPDATE audit SET actor = 'eve'`, `DELETE FROM audit`, `INSERT OR REPLACE INTO audit SELECT * FROM audit`,
		`UPDATE file SET sha256 = 'x'`, `DELETE FROM file`, `INSERT OR REPLACE INTO file SELECT * FROM file`,
		`UPDATE waiver SET until_ms = until_ms + 1`, `DELETE FROM waiver`,
		`UPDATE waiver_approval SET approver = 'eve'`, `DELETE FROM waiver_approval`,
		`UPDATE waiver_revocation SET actor = 'eve'`, `DELETE FROM waiver_revocation`,
		`UPDATE approval SET evidence = 'x'`, `DELETE FROM approval`,
		`UPDATE approval_revocation SET actor = 'eve'`, `DELETE FROM approval_revocation`,
		`UPDATE ask SET reason = 'x'`, `DELETE FROM ask`, `UPDATE ask_closing SET how = 'x'`, `DELETE FROM ask_closing`,
		`UPDATE request SET status = 'queued'`, `UPDATE request SET outcome = '{}'`, `UPDATE request SET body = '{}'`,
		`UPDATE token SET role = 'admin'`, `UPDATE token SET names = '[]'`, `UPDATE token SET revoked_ms = NULL`, `UPDATE token SET expires_ms = 9e15`, `DELETE FROM token`,
		`INSERT INTO decided (decision, at_ms) VALUES ('no such', 0)`, // foreign keys are on
		`UPDATE standing SET decision = "d1"`,                         // a string in double quotes is a mistake
		`PRAGMA journal_mode = OFF; DELETE FROM audit`,
	} {
		if _, err := db.writer.ExecContext(ctx, q); err == nil {
			t.Errorf("%s: was done", q)
		}
	}
	if _, err := db.reader.ExecContext(ctx, `INSERT INTO audit (at_ms, actor, act, object, detail) VALUES (0, '', '', '', '')`); err == nil {
		t.Error("a reading connection wrote")
	}
	ok(t, db.Check(ctx))
}

// TestEveryTableIsGuarded fails when a table is added and nobody thought about
// whether it may change.
func TestEveryTableIsGuarded(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	mutable := map[string]bool{"schema_version": true, "generation": true, "origin": true, "standing": true, "pull": true, "request": true, "token": true, "job": true, "upload": true, "report": true, "tombstone": true, "behaviour": true, "upload_tag": true}
	tables, err := list(ctx, db, scanText, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	ok(t, err)
	for _, table := range tables {
		var n int
		ok(t, db.reader.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 AND sql LIKE '%RAISE(ABORT%'`, table).Scan(&n))
		if !mutable[table] && n < 2 {
			t.Errorf("table %s has %d append-only triggers, want 2, or a place in this test's list", table, n)
		}
	}
	loose, err := list(ctx, db, scanText, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'`)
	ok(t, err)
	if len(loose) > 0 {
		t.Errorf("tables that are not STRICT: %v", loose)
	}
}

func TestSettingsHold(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	for pool, want := range map[*sql.DB]map[string]string{
		db.writer: {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "recursive_triggers": "1", "busy_timeout": "10000", "trusted_schema": "0", "query_only": "0"},
		db.reader: {"journal_mode": "wal", "foreign_keys": "1", "query_only": "1"},
	} {
		for setting, value := range want {
			var got string
			ok(t, pool.QueryRowContext(ctx, `PRAGMA `+setting).Scan(&got))
			if got != value {
				t.Errorf("%s is %s, want %s", setting, got, value)
			}
		}
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "odd ?name=#1%41;é")
	ok(t, os.Mkdir(dir, 0o700))
	db, err := Open(ctx, filepath.Join(dir, fileName))
	ok(t, err)
	ok(t, db.Audit(ctx, gate.AuditEntry{At: day}))
	entries, err := os.ReadDir(dir)
	ok(t, err)
	if len(entries) != 3 {
		t.Errorf("%v in the folder, want the file, its log and its index", entries)
	}
	for _, e := range entries {
		info, err := e.Info()
		ok(t, err)
		if info.Mode().Perm() != 0o600 || !strings.HasPrefix(e.Name(), fileName) {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
	}
	ok(t, db.Close())
	ok(t, db.Close())
}

// TestRecallsOfTheFifthSchema: what a store knew before it kept recalls counts.
func TestRecallsOfTheFifthSchema(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), fileName)
	five := fstest.MapFS{}
	names, err := numbered(migrations())
	ok(t, err)
	for _, name := range names[:5] {
		text, err := fs.ReadFile(migrations(), name)
		ok(t, err)
		five[name] = &fstest.MapFile{Data: text}
	}
	db, err := open(ctx, path, five, slog.New(slog.DiscardHandler))
	ok(t, err)
	for i, tc := range []struct{ id, file, verdict string }{
		{"a1", "back.whl", "admit"}, {"a2", "back.whl", "reject"}, {"a3", "back.whl", "admit"},
		{"b1", "clean.whl", "hold"}, {"b2", "clean.whl", "admit"}, {"c1", "never.whl", "reject"},
	} {
		_, err := db.writer.ExecContext(ctx, `INSERT INTO decision (registry, ecosystem, package, number, file, id, verdict, at_ms, body)
			VALUES ('main', 'pypi', 'demo', $1, $2, $3, $4, $5, '{}')`, tc.file+"-1", tc.file, tc.id, tc.verdict, i)
		ok(t, err)
		_, err = db.writer.ExecContext(ctx, `INSERT INTO decided (decision, at_ms) VALUES ($1, $2)`, tc.id, i)
		ok(t, err)
	}
	_, err = db.writer.ExecContext(ctx, `INSERT INTO evidence (key, sha256, at_ms, report) VALUES ('k', 's', 1, '{}')`)
	ok(t, err)
	ok(t, db.Close())

	db, err = Open(ctx, path)
	ok(t, err)
	st, err := db.State(ctx, "main", artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"})
	ok(t, err)
	if len(st.Recalled) != 1 || !st.Recalled["back.whl-1"] {
		t.Errorf("recalled %v, want the one that was refused after it was admitted", st.Recalled)
	}
	if _, err := db.Behaviour(ctx, "k"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("evidence from before facts were kept: %v, want that there is nothing to ask about", err)
	}
	keys, err := db.Unevaluated(ctx, "r", "", 10)
	if err != nil || len(keys) != 0 {
		t.Errorf("to be evaluated: %v, %v", keys, err)
	}
	ok(t, db.Close())
}

func TestMigration(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), fileName)
	first, err := fs.ReadFile(migrations(), "0001_first.sql")
	ok(t, err)
	step := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	one := fstest.MapFS{"0001_first.sql": step(string(first))}
	three := fstest.MapFS{
		"0001_first.sql": one["0001_first.sql"],
		"0002_more.sql":  step(`CREATE TABLE more (x TEXT) STRICT; INSERT INTO more VALUES ('a');`),
		"0003_most.sql":  step(`ALTER TABLE more ADD COLUMN y TEXT;`),
	}
	broken := fstest.MapFS{
		"0001_first.sql": one["0001_first.sql"],
		"0002_more.sql":  step(`CREATE TABLE more (x TEXT) STRICT; INSERT INTO nowhere VALUES (1);`),
	}
	d := newDecision("d1")

	db, err := open(ctx, path, one, slog.New(slog.DiscardHandler))
	ok(t, err)
	ok(t, db.Publish(ctx, []verdict.Decision{d}))
	ok(t, db.Close())
	if _, err := os.Stat(path + ".v1.bak"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new file was copied: %v", err)
	}

	if _, err := open(ctx, path, broken, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "0002_more.sql") {
		t.Fatalf("a step that fails: error %v, want its name", err)
	}
	db, err = open(ctx, path, one, slog.New(slog.DiscardHandler))
	ok(t, err) // nothing half done is left
	ok(t, db.Close())

	db, err = open(ctx, path, three, slog.New(slog.DiscardHandler))
	ok(t, err)
	var y sql.NullString
	ok(t, db.reader.QueryRowContext(ctx, `SELECT y FROM more`).Scan(&y))
	_, err = db.Decision(ctx, d.ID)
	ok(t, err)
	ok(t, db.Check(ctx))
	ok(t, db.Close())

	_, err = open(ctx, path, one, slog.New(slog.DiscardHandler))
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a newer schema: error %v, want ErrNewer that says what to do", err)
	}
	backup := path + ".v1.bak"
	info, err := os.Stat(backup)
	ok(t, err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v, want 0600", info.Mode())
	}
	if _, err := os.Stat(backup + ".tmp"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a copy is left: %v", err)
	}
	db, err = open(ctx, backup, one, slog.New(slog.DiscardHandler))
	ok(t, err)
	_, err = db.Decision(ctx, d.ID)
	ok(t, err)
	ok(t, db.Check(ctx))
	ok(t, db.Close())
}

func TestOpenRefuses(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	ok(t, err)
	_, err = db.Exec(`CREATE TABLE theirs (x)`)
	ok(t, err)
	ok(t, db.Close())
	noise := filepath.Join(dir, "noise.db")
	ok(t, os.WriteFile(noise, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for path, want := range map[string]string{
		foreign:                               "another program",
		noise:                                 "not a database",
		filepath.Join(dir, "missing", "x.db"): "no such file",
		dir:                                   "opening store",
	} {
		db, err := Open(ctx, path)
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s): error %v, want %q", filepath.Base(path), err, want)
		}
	}
	if b, err := os.ReadFile(noise); err != nil || !strings.HasPrefix(string(b), "no database") {
		t.Errorf("a file that was no database was changed: %v", err)
	}
	gap := fstest.MapFS{"0001_a.sql": &fstest.MapFile{}, "0003_c.sql": &fstest.MapFile{}}
	if _, err := open(ctx, filepath.Join(dir, "gap.db"), gap, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "want number 0002") {
		t.Errorf("a gap in the numbers: error %v", err)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), fileName)
	db, err := Open(ctx, path)
	ok(t, err)
	var ds []verdict.Decision
	for i := range 200 {
		ds = append(ds, newDecision(strings.Repeat("x", 200)+strings.Repeat("y", i)))
	}
	ok(t, db.Publish(ctx, ds))
	ok(t, db.Close())
	b, err := os.ReadFile(path)
	ok(t, err)
	for at := len(b) / 2; at < len(b)/2+40000 && at < len(b); at += 7 {
		b[at] ^= 0x55
	}
	ok(t, os.WriteFile(path, b, 0o600))
	if db, err = Open(ctx, path); err == nil {
		err = db.Check(ctx)
		db.Close()
	}
	if err == nil {
		t.Error("a damaged file passed")
	}
}

func TestTokens(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	now := day
	tokens := access.NewTokens(db, func() time.Time { return now })
	secret, row, err := tokens.Create(ctx, "ci", access.Publisher, []string{"main", "team-a"}, time.Hour, "ada")
	ok(t, err)
	_, second, err := tokens.Create(ctx, "ci", access.Reader, []string{access.All}, 0, "ada")
	ok(t, err)
	p, err := tokens.Verify(ctx, secret.Reveal())
	ok(t, err)
	if p.Name != "ci" || p.Role != access.Publisher || len(p.Registries) != 2 {
		t.Errorf("principal %+v", p)
	}
	all, err := tokens.List(ctx)
	ok(t, err)
	if len(all) != 2 || all[0].ID != second.ID || !all[1].LastUsed.Equal(now) || !all[1].Expires.Equal(row.Expires) || all[1].CreatedBy != "ada" {
		t.Errorf("List: %+v", all)
	}
	if err := db.PutToken(ctx, row); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("the same token again: %v, want ErrConflict", err)
	}
	ok(t, tokens.Revoke(ctx, row.ID, "bob"))
	now = now.Add(time.Minute)
	ok(t, tokens.Revoke(ctx, row.ID, "eve"))
	if _, err := tokens.Verify(ctx, secret.Reveal()); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("a revoked token: %v", err)
	}
	all, err = tokens.List(ctx)
	ok(t, err)
	if all[1].RevokedBy != "bob" || !all[1].Revoked.Equal(day) {
		t.Errorf("the first revocation did not stay: %+v", all[1])
	}
	if err := tokens.Revoke(ctx, "tok_none", "eve"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("revoking an unknown token: %v", err)
	}
	ok(t, db.TouchToken(ctx, second.ID, now))
	ok(t, db.TouchToken(ctx, second.ID, now.Add(-time.Hour)))
	all, err = tokens.List(ctx)
	ok(t, err)
	if !all[0].LastUsed.Equal(now) {
		t.Errorf("last use went back to %v", all[0].LastUsed)
	}
	var text string
	ok(t, db.reader.QueryRowContext(ctx, `SELECT group_concat(id || hash || name || registries || created_by) FROM token`).Scan(&text))
	if strings.Contains(text, secret.Reveal()[4:34]) {
		t.Error("the secret is in the store")
	}
}
