package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// uploadOf is a wheel of a version, with the bytes that the text stands for.
func uploadOf(registry, name, number, key, text string) (gate.Upload, verdict.Decision) {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number}
	file := name + "-" + number + ".whl"
	sha := artifact.DigestOf([]byte(text))
	u := gate.Upload{
		Registry: registry, VersionKey: key, Slot: "wheel", Publisher: "ci", Attested: true,
		File:   artifact.File{Version: v, Name: file, Kind: artifact.Wheel, SHA256: sha, Size: int64(len(text)), Uploaded: day, Origin: artifact.Internal},
		Listed: gate.Listed{Kind: artifact.Wheel, SHA256: sha, Size: int64(len(text)), RequiresPython: ">=3"},
	}
	d := verdict.Decision{Registry: registry, Version: v, Purl: v.Purl(), File: file, Verdict: verdict.Admit, Inputs: verdict.Inputs{FileSHA256: sha, At: day}}
	d.ID = verdict.DecisionID(d)
	return u, d
}

func put(db *DB, u gate.Upload, d verdict.Decision) error {
	return db.PutUpload(context.Background(), u, []byte("METADATA of "+u.File.Name), []json.RawMessage{[]byte(`{"a":1}`)}, d, gate.AuditEntry{At: day, By: "ci", Act: "publish", Object: d.Purl})
}

func TestUploadComesBackWhole(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	u, d := uploadOf("main", "acme", "1.0", "01", "bytes")
	ok(t, put(db, u, d))
	p := u.File.Version.Package
	us, err := db.UploadsOf(ctx, "main", p)
	ok(t, err)
	if len(us) != 1 || us[0].File != u.File || us[0].Slot != u.Slot || us[0].Listed.RequiresPython != ">=3" || !us[0].Attested || !us[0].Yanked.IsZero() {
		t.Errorf("got %+v, want %+v", us, u)
	}
	st, err := db.State(ctx, "main", p)
	ok(t, err)
	if st.Origin != artifact.Internal || st.Files[u.File.Name] != u.File || !st.AdmittedSince[u.File.Name].Equal(day) {
		t.Errorf("the state is %+v", st)
	}
	if b, err := db.UploadMetadata(ctx, "main", p, u.File.Name); err != nil || string(b) != "METADATA of acme-1.0.whl" {
		t.Errorf("metadata %q, %v", b, err)
	}
	if a, err := db.UploadAttestations(ctx, "main", p, u.File.Name); err != nil || len(a) != 1 || string(a[0]) != `{"a":1}` {
		t.Errorf("attestations %s, %v", a, err)
	}
	if _, err := db.UploadMetadata(ctx, "other", p, u.File.Name); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("metadata in another registry: %v", err)
	}
	names, err := db.UploadedNames(ctx, "main", artifact.PyPI)
	ok(t, err)
	origins, err := db.Origins(ctx, artifact.PyPI)
	ok(t, err)
	if len(names) != 1 || names[0] != "acme" || origins["acme"] != artifact.Internal {
		t.Errorf("names %v, origins %v", names, origins)
	}
}

// TestUploadIsAllOrNothing: whatever stands in the way, no row is left behind.
func TestUploadIsAllOrNothing(t *testing.T) {
	ctx := context.Background()
	count := func(db *DB) (n int) {
		const q = `SELECT (SELECT count(*) FROM upload) + (SELECT count(*) FROM file) + (SELECT count(*) FROM origin) + (SELECT count(*) FROM decision)
			+ (SELECT count(*) FROM standing) + (SELECT count(*) FROM audit)`
		ok(t, db.reader.QueryRowContext(ctx, q).Scan(&n))
		return n
	}
	acme := artifact.Package{Ecosystem: artifact.PyPI, Name: "acme"}
	for _, tc := range []struct {
		why    string
		before func(db *DB)
		change func(u *gate.Upload, d *verdict.Decision)
		want   error
	}{
		{"the name comes from an upstream", func(db *DB) { ok(t, db.SetOrigin(ctx, acme, "up", day)) }, nil, verdict.ErrConflict},
		{"a file of that name is there", func(db *DB) { u, d := uploadOf("main", "acme", "1.0", "01", "other"); ok(t, put(db, u, d)) }, nil, gate.ErrTaken},
		{"the version's slot is taken", func(db *DB) {
			u, d := uploadOf("main", "acme", "1.0.0", "01", "other")
			ok(t, put(db, u, d))
		}, nil, gate.ErrTaken},
		{"another registry has other bytes", func(db *DB) { u, d := uploadOf("team", "acme", "1.0", "01", "other"); ok(t, put(db, u, d)) }, nil, verdict.ErrConflict},
		{"the version is burnt", func(db *DB) {
			u, d := uploadOf("main", "acme", "1.0", "01", "bytes")
			ok(t, put(db, u, d))
			_, err := db.DeleteUploads(ctx, "main", acme, "01", "", day, gate.AuditEntry{At: day, By: "ada", Act: "delete"})
			ok(t, err)
		}, func(u *gate.Upload, d *verdict.Decision) { u.Slot, u.File.Name = "sdist", "acme-1.0.tar.gz" }, gate.ErrBurnt},
		{"the file was deleted in another registry", func(db *DB) {
			u, d := uploadOf("team", "acme", "1.0", "01", "bytes")
			ok(t, put(db, u, d))
			_, err := db.DeleteUploads(ctx, "team", acme, "01", u.File.Name, day, gate.AuditEntry{At: day, By: "ada", Act: "delete"})
			ok(t, err)
		}, nil, gate.ErrBurnt},
		{"the decision has no id", nil, func(_ *gate.Upload, d *verdict.Decision) { d.ID = "" }, nil},
		{"the origin is not ours", nil, func(u *gate.Upload, _ *verdict.Decision) { u.File.Origin = "up" }, nil},
		{"a name that would be cut", nil, func(u *gate.Upload, _ *verdict.Decision) { u.File.Name = "a\x00b" }, nil},
	} {
		db := openTemp(t)
		if tc.before != nil {
			tc.before(db)
		}
		u, d := uploadOf("main", "acme", "1.0", "01", "bytes")
		if tc.change != nil {
			tc.change(&u, &d)
		}
		was := count(db)
		err := put(db, u, d)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
		}
		if n := count(db); n != was {
			t.Errorf("%s: %d rows became %d", tc.why, was, n)
		}
	}
}

// TestUploadsChangeInFewWays: yanked and back, then deleted, and nothing else.
func TestUploadsChangeInFewWays(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	u, d := uploadOf("main", "acme", "1.0", "01", "bytes")
	gone, dgone := uploadOf("main", "acme", "2.0", "02", "gone")
	ok(t, put(db, u, d))
	ok(t, put(db, gone, dgone))
	p, by := u.File.Version.Package, gate.AuditEntry{At: day, By: "ada", Act: "x"}
	if n, err := db.DeleteUploads(ctx, "main", p, "02", "", day, by); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if n, err := db.YankUploads(ctx, "main", p, "02", "r", day, by); err != nil || n != 0 {
		t.Errorf("a deleted version was yanked: %d, %v", n, err)
	}
	if n, err := db.YankUploads(ctx, "main", p, "01", "r", day, by); err != nil || n != 1 {
		t.Errorf("yanking: %d, %v", n, err)
	}
	if n, err := db.YankUploads(ctx, "main", p, "01", "", time.Time{}, by); err != nil || n != 1 {
		t.Errorf("unyanking: %d, %v", n, err)
	}
	ok(t, db.PutFile(ctx, artifact.File{Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "out"}, Number: "1"}, Name: "out-1.whl", SHA256: u.File.SHA256, Origin: "up"}, day))
	for _, q := range []string{
		`UPDATE upload SET name = 'x' WHERE number = '1.0'`, `UPDATE upload SET body = '{}' WHERE number = '1.0'`, `UPDATE upload SET sha256 = 'x' WHERE number = '1.0'`,
		`UPDATE upload SET sha256 = '' WHERE number = '1.0'`, `UPDATE upload SET publisher = 'eve' WHERE number = '1.0'`, `UPDATE upload SET attestations = '' WHERE number = '1.0'`,
		`UPDATE upload SET deleted_ms = NULL WHERE number = '2.0'`, `UPDATE upload SET yanked_ms = 1 WHERE number = '2.0'`, `DELETE FROM upload`,
		`UPDATE burnt SET version_key = 'x'`, `DELETE FROM burnt`, `DELETE FROM file`, `DELETE FROM file WHERE origin = 'internal'`,
		`INSERT OR REPLACE INTO upload SELECT * FROM upload WHERE number = '1.0'`,
	} {
		if _, err := db.writer.ExecContext(ctx, q); err == nil {
			t.Errorf("%s: was done", q)
		}
	}
	files, err := list(ctx, db, scanText, `SELECT name FROM file ORDER BY name`)
	ok(t, err)
	if len(files) != 2 || files[0] != "acme-1.0.whl" || files[1] != "out-1.whl" {
		t.Errorf("files %v", files)
	}
}

// TestTags: they move, go with an upload or not at all, and are bounded.
func TestTags(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	u, d := uploadOf("main", "acme", "1.0", "01", "bytes")
	u.Tags = []string{"latest", "one"}
	ok(t, put(db, u, d))
	p := u.File.Version.Package
	before, err := db.Generation(ctx, p)
	ok(t, err)
	e := gate.AuditEntry{At: day, By: "ci", Act: "tag"}
	ok(t, db.PutTag(ctx, "main", p, "one", "", day, e))
	ok(t, db.PutTag(ctx, "main", p, "two", "1.0", day, e))
	if after, err := db.Generation(ctx, p); err != nil || after <= before {
		t.Errorf("generation %d after %d, %v: who kept an index goes on giving the old tags", after, before, err)
	}
	same := func(registry string, want map[string]string) {
		t.Helper()
		got, err := db.TagsOf(ctx, registry, p)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("tags in %s: %v, %v; want %v", registry, got, err, want)
		}
	}
	same("main", map[string]string{"latest": "1.0", "two": "1.0"})
	same("team", map[string]string{})
	for why, do := range map[string]func() error{
		"a version that is not there":    func() error { return db.PutTag(ctx, "main", p, "x", "2.0", day, e) },
		"a version of another registry":  func() error { return db.PutTag(ctx, "team", p, "x", "1.0", day, e) },
		"taking away what is not there":  func() error { return db.PutTag(ctx, "main", p, "x", "", day, e) },
		"taking away another registry's": func() error { return db.PutTag(ctx, "team", p, "latest", "", day, e) },
	} {
		if err := do(); !errors.Is(err, verdict.ErrNotFound) {
			t.Errorf("%s: %v", why, err)
		}
	}
	for i := range gate.MostTags {
		err = db.PutTag(ctx, "main", p, fmt.Sprint("t", i), "1.0", day, e)
	}
	if !errors.Is(err, gate.ErrManyTags) {
		t.Errorf("more than %d tags: %v", gate.MostTags, err)
	}
	more, dec := uploadOf("main", "acme", "3.0", "03", "more")
	more.Tags = []string{"one too many", "two too many"}
	if err := put(db, more, dec); !errors.Is(err, gate.ErrManyTags) {
		t.Errorf("an upload with a tag too many: %v", err)
	}
	if us, err := db.UploadsOf(ctx, "main", p); err != nil || len(us) != 1 {
		t.Errorf("it left %d uploads, %v", len(us), err)
	}
	if tags, err := db.TagsOf(ctx, "main", p); err != nil || len(tags) > gate.MostTags {
		t.Errorf("%d tags, %v", len(tags), err)
	}
}
