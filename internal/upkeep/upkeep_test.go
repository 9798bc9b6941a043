package upkeep

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a data folder with a keeper whose clock a test turns.
type world struct {
	*Keeper
	now time.Time
	log bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: time.Now()}
	cfg := config.Default()
	cfg.Data = filepath.Join(t.TempDir(), "data")
	ok(t, os.Mkdir(cfg.Data, 0o700))
	w.Keeper = keeperOf(t, cfg, func() time.Time { return w.now }, &w.log)
	return w
}

func keeperOf(t testing.TB, cfg config.Config, now func() time.Time, log io.Writer) *Keeper {
	t.Helper()
	blobs, err := disk.Open(filepath.Join(cfg.Data, "blobs"))
	ok(t, err)
	db, err := sqlite.Open(context.Background(), filepath.Join(cfg.Data, DatabaseName))
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	db.UseBlobs(blobs.Stat)
	return &Keeper{Config: cfg, Store: db, Blobs: blobs, Version: "test", Now: now, Log: slog.New(slog.NewTextHandler(log, nil))}
}

func (w *world) put(t testing.TB, text string) artifact.Digest {
	t.Helper()
	d, _, err := w.Blobs.Put(t.Context(), strings.NewReader(text), 1<<20, "")
	ok(t, err)
	return d
}

func (w *world) putFile(t testing.TB, text string) artifact.Digest {
	t.Helper()
	d := w.put(t, text)
	ok(t, w.Store.PutFile(t.Context(), fileOf(d, text), time.Now()))
	return d
}

func fileOf(d artifact.Digest, text string) artifact.File {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1"}
	return artifact.File{Version: v, Name: "f-" + string(d[:16]) + ".whl", Kind: artifact.Wheel, SHA256: d, Size: int64(len(text)), Origin: "up"}
}

func (w *world) has(d artifact.Digest) bool {
	_, err := w.Blobs.Stat(context.Background(), d)
	return err == nil
}

func TestCollectSparesWhatIsNamedOrYoung(t *testing.T) {
	w := newWorld(t)
	named, old := w.putFile(t, "named"), w.put(t, "old garbage")
	w.now = w.now.Add(time.Duration(w.Config.Upkeep.BlobAge) + time.Minute)
	young := w.put(t, "young")
	ok(t, os.Chtimes(w.path(young), w.now, w.now))

	c, err := w.Collect(t.Context(), true)
	ok(t, err)
	if c.Blobs != 1 || c.Bytes != int64(len("old garbage")) || c.Looked != 3 || !w.has(old) {
		t.Errorf("a dry run: %+v, want one of three and nothing removed", c)
	}
	c, err = w.Collect(t.Context(), false)
	ok(t, err)
	if c.Blobs != 1 || w.has(old) || !w.has(named) || !w.has(young) {
		t.Errorf("%+v; old %v, named %v, young %v", c, w.has(old), w.has(named), w.has(young))
	}
}

func (w *world) path(d artifact.Digest) string {
	return filepath.Join(w.Config.Data, "blobs", "sha256", string(d[:2]), string(d[2:]))
}

// TestAPutThatRacedTheCollectorIsDoneAgain: bytes that lay there as garbage were
// put again, so nothing was written; then they were collected; then the row came.
func TestAPutThatRacedTheCollectorIsDoneAgain(t *testing.T) {
	w := newWorld(t)
	d := w.put(t, "x")
	w.now = w.now.Add(100 * time.Hour)
	w.put(t, "x") // finds it there
	c, err := w.Collect(t.Context(), false)
	ok(t, err)
	if c.Blobs != 1 {
		t.Fatalf("%+v, want the blob gone", c)
	}
	f := fileOf(d, "x")
	if err := w.Store.PutFile(t.Context(), f, w.now); !errors.Is(err, blob.ErrCollected) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("recording a row for collected bytes: %v, want ErrCollected", err)
	}
	if _, err := w.Store.FileNamed(t.Context(), f.Version.Package, f.Name); err == nil {
		t.Error("a row without bytes was recorded")
	}
	w.put(t, "x")
	ok(t, w.Store.PutFile(t.Context(), f, w.now))
	w.now = w.now.Add(100 * time.Hour)
	_, err = w.Collect(t.Context(), false)
	ok(t, err)
	if !w.has(d) {
		t.Error("a blob that a row names was collected")
	}
}

// TestCollectingBesidePublishing lets writers put and record the same few bytes
// again and again while a collector with no grace at all runs: after it every row
// has its bytes.
func TestCollectingBesidePublishing(t *testing.T) {
	w := newWorld(t)
	// The keeper's clock is so far ahead that every blob is old at once. Its scratch
	// is not cleaned: that rests on no Put taking as long as a blob has to lie.
	w.now = w.now.Add(100 * time.Hour)
	const writers, each = 4, 60
	var collected, again atomic.Int64
	stop := make(chan struct{})
	var collector, all sync.WaitGroup
	collector.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			var c Collected
			if err := w.collectBlobs(t.Context(), &c); err != nil {
				t.Error(err)
				return
			}
			collected.Add(int64(c.Blobs))
		}
	})
	for n := range writers {
		all.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d %d", n/2, i) // two writers want the same
				for {
					d, _, err := w.Blobs.Put(t.Context(), strings.NewReader(text), 1<<20, "")
					if err == nil {
						runtime.Gosched()
						err = w.Store.PutFile(t.Context(), fileOf(d, text), w.now)
					}
					if errors.Is(err, blob.ErrCollected) {
						again.Add(1)
						continue
					}
					if err != nil {
						t.Error(err)
					}
					break
				}
			}
		})
	}
	all.Wait()
	close(stop)
	collector.Wait()
	r, err := w.Reconcile(t.Context(), true)
	ok(t, err)
	if r.Referenced != writers/2*each || r.Lost != 0 {
		t.Errorf("%+v, want %d rows with their bytes", r, writers/2*each)
	}
	t.Logf("%d blobs collected meanwhile, %d times put again", collected.Load(), again.Load())
}

func TestScrubMovesDamageAsideAndResumes(t *testing.T) {
	w := newWorld(t)
	var ds []artifact.Digest
	for i := range 20 {
		ds = append(ds, w.putFile(t, fmt.Sprint("blob ", i)))
	}
	slices.Sort(ds)
	bad := ds[12]
	ok(t, os.WriteFile(w.path(bad), []byte("blob x"), 0o600))

	ctx, stop := context.WithCancel(t.Context())
	first, err := w.Scrub(ctx, 0, func(_ string, done, _ int64) {
		if done == 5 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || first.Blobs != 5 {
		t.Fatalf("interrupted after %d blobs: %v", first.Blobs, err)
	}
	second, err := w.Scrub(t.Context(), 0, Silent)
	ok(t, err)
	if second.Blobs != 15 || !second.Resumed || len(second.Damaged) != 1 || second.Damaged[0].Digest != bad {
		t.Errorf("resumed: %+v, want the other 15 and the damaged one", second)
	}
	if w.has(bad) {
		t.Error("the damaged blob is still there")
	}
	if b, err := os.ReadFile(second.Damaged[0].Aside); err != nil || string(b) != "blob x" {
		t.Errorf("what was moved aside: %q, %v", b, err)
	}
	if !strings.Contains(w.log.String(), "level=ERROR") || !strings.Contains(w.log.String(), string(bad)) {
		t.Errorf("no alarm in %q", w.log.String())
	}
	third, err := w.Scrub(t.Context(), 0, Silent)
	ok(t, err)
	if third.Blobs != 19 || third.Resumed || len(third.Damaged) != 0 {
		t.Errorf("a pass after it: %+v", third)
	}
}

func TestScrubKeepsItsRate(t *testing.T) {
	w := newWorld(t)
	w.put(t, strings.Repeat("x", 600<<10))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w.Now = time.Now
		_, err := w.Scrub(context.Background(), 100<<10, Silent)
		ok(t, err)
		if took := time.Since(began); took < 5*time.Second || took > 8*time.Second {
			t.Errorf("600 KB at 100 KB/s took %s", took)
		}
	})
}

// TestOneThingAtATime: what takes away waits for what copies. A scrub of hours ends
// no backup, and takes a damaged blob out when the backup is done with it.
func TestOneThingAtATime(t *testing.T) {
	w := newWorld(t)
	d := w.putFile(t, "x")
	to := filepath.Join(t.TempDir(), "b")
	_, err := w.Backup(t.Context(), BackupOptions{To: to}, func(string, int64, int64) {
		if _, err := w.Collect(t.Context(), false); !errors.Is(err, ErrBusy) {
			t.Errorf("a collection during a backup: %v, want ErrBusy", err)
		}
	})
	ok(t, err)
	_, err = w.Scrub(t.Context(), 0, func(string, int64, int64) {
		if _, err := w.Scrub(t.Context(), 0, Silent); !errors.Is(err, ErrBusy) {
			t.Errorf("a second scrub: %v, want ErrBusy", err)
		}
		if _, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent); err != nil {
			t.Errorf("a backup during a scrub: %v", err)
		}
		if _, err := w.Collect(t.Context(), false); err != nil {
			t.Errorf("a collection during a scrub: %v", err)
		}
	})
	ok(t, err)

	ok(t, os.WriteFile(w.path(d), []byte("y"), 0o600))
	scrubbed := make(chan error, 1)
	ok(t, w.alone(func() error { // as a backup holds it
		go func() {
			_, err := w.Scrub(t.Context(), 0, Silent)
			scrubbed <- err
		}()
		for range 10_000 { // it has the time to go wrong in
			if !w.has(d) {
				t.Error("the scrub took a blob out that is being backed up")
				break
			}
			runtime.Gosched()
		}
		return nil
	}))
	ok(t, <-scrubbed)
	if w.has(d) {
		t.Error("the damaged blob is still there")
	}
}

func TestScheduleRunsAndLogsOnce(t *testing.T) {
	w := newWorld(t)
	w.put(t, "garbage")
	ok(t, os.Chtimes(w.path(artifact.DigestOf([]byte("garbage"))), time.Unix(1, 0), time.Unix(1, 0)))
	synctest.Test(t, func(t *testing.T) {
		// The bubble's clock begins in 2000; blobs are younger than that by the file
		// system's, so the keeper reads a clock that is ahead.
		ahead := time.Until(w.now) + 100*time.Hour
		w.Now = func() time.Time { return time.Now().Add(ahead) }
		var mu sync.Mutex
		var runs []string
		said := func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(runs) }
		w.Done = func(run string, _ time.Time, damaged int, err error) {
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, fmt.Sprint(run, " ", damaged, " ", err))
		}
		w.Config.Upkeep.ScrubEvery = 0
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { w.Run(ctx); close(done) }()
		time.Sleep(firstRun - time.Second)
		synctest.Wait()
		if runs := said(); len(runs) != 0 {
			t.Errorf("%v ran before its time", runs)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if want := []string{"gc 0 <nil>"}; !slices.Equal(said(), want) {
			t.Errorf("after the first while: %v, want %v", said(), want)
		}
		time.Sleep(time.Duration(w.Config.Upkeep.Every))
		synctest.Wait()
		if runs := said(); len(runs) != 2 {
			t.Errorf("after a whole period: %v, want two runs", runs)
		}
		stop()
		<-done
	})
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "msg=upkeep run=gc") || !strings.Contains(lines[0], "blobs=1 bytes=7") {
		t.Errorf("log %q, want one line for each run with its counts", lines)
	}
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	ok(t, w.Store.PutPull(t.Context(), "main", artifact.DigestOf([]byte("x")), "ci", w.now))
	_, err := w.Store.Pulls(t.Context(), artifact.DigestOf([]byte("x"))) // writes what waits
	ok(t, err)
	for _, n := range []string{"v1", "v2", "v10"} {
		name := filepath.Join(w.Config.Data, DatabaseName+"."+n+".bak")
		ok(t, os.WriteFile(name, nil, 0o600))
		ok(t, os.Chtimes(name, w.now, w.now))
	}
	c, err := w.Collect(t.Context(), false)
	ok(t, err)
	if c.Rows.Pulls != 0 || c.SchemaCopies != 0 {
		t.Errorf("today: %+v, want nothing forgotten", c)
	}
	w.now = w.now.Add(401 * 24 * time.Hour)
	dry, err := w.Collect(t.Context(), true)
	ok(t, err)
	c, err = w.Collect(t.Context(), false)
	ok(t, err)
	if dry.Rows.Pulls != 1 || c.Rows.Pulls != 1 || c.SchemaCopies != 2 || dry.SchemaCopies != 2 {
		t.Errorf("in 401 days: dry %+v, then %+v, want the pull and two copies gone", dry, c)
	}
	if _, err := os.Stat(filepath.Join(w.Config.Data, DatabaseName+".v10.bak")); err != nil {
		t.Errorf("the newest copy went too: %v", err)
	}
}

func TestCachesKeepTheirSize(t *testing.T) {
	w := newWorld(t)
	dir := filepath.Join(w.Config.Data, "cache", "up")
	for i, name := range []string{"old", "middle", "new"} {
		file := filepath.Join(dir, "index", name, "page")
		ok(t, os.MkdirAll(filepath.Dir(file), 0o700))
		ok(t, os.WriteFile(file, make([]byte, 1000), 0o600))
		at := w.now.Add(time.Duration(i-3) * time.Hour)
		ok(t, os.Chtimes(file, at, at))
	}
	var cleaned time.Time
	w.Caches = []Cache{{Name: "up", Dir: dir, Clean: func(before time.Time) (int, error) { cleaned = before; return 1, nil }}}
	w.Config.Storage.CacheBytes = 2500
	c, err := w.Collect(t.Context(), false)
	ok(t, err)
	if c.Cached != 1 || cleaned.Before(w.now.Add(-3*time.Hour)) || !cleaned.Before(w.now.Add(-2*time.Hour)) {
		t.Errorf("cleaned before %s, want between the oldest and the middle one (%s)", w.now.Sub(cleaned), w.now)
	}
	w.Config.Storage.CacheBytes = 3000
	cleaned = time.Time{}
	if _, err = w.Collect(t.Context(), false); err != nil || !cleaned.IsZero() {
		t.Errorf("all fit, and it was cleaned before %s (%v)", cleaned, err)
	}
}

// both backs up into a folder and into an archive.
func both(t *testing.T, w *world, f func(t *testing.T, from string)) {
	for _, kind := range []string{"folder", "archive.tar"} {
		t.Run(kind, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), kind)
			_, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent)
			ok(t, err)
			f(t, to)
		})
	}
}

func TestBackupAndRestore(t *testing.T) {
	w := newWorld(t)
	one, two := w.putFile(t, "one"), w.putFile(t, "two")
	garbage := w.put(t, "garbage")
	ok(t, os.MkdirAll(filepath.Join(w.Config.Data, "advisories"), 0o700))
	ok(t, os.WriteFile(filepath.Join(w.Config.Data, "advisories", "index-1"), []byte("advisories"), 0o600))
	ok(t, os.WriteFile(filepath.Join(w.Config.Data, "upstream-pypi"), []byte("http://up.invalid/\n"), 0o600))
	ok(t, os.MkdirAll(filepath.Join(w.Config.Data, "cache", "pypi"), 0o700))
	ok(t, os.WriteFile(filepath.Join(w.Config.Data, "cache", "pypi", "page"), []byte("again"), 0o600))
	both(t, w, func(t *testing.T, from string) {
		data := filepath.Join(t.TempDir(), "new", "data")
		r, err := Restore(t.Context(), from, data, Silent)
		ok(t, err)
		if r.Blobs != 2 || r.Manifest.Schema == 0 || r.Manifest.Gatehouse != "test" {
			t.Errorf("restored %+v, want two blobs", r)
		}
		cfg := w.Config
		cfg.Data = data
		again := &world{Keeper: keeperOf(t, cfg, time.Now, io.Discard)}
		for d, want := range map[artifact.Digest]bool{one: true, two: true, garbage: false} {
			if again.has(d) != want {
				t.Errorf("blob %s there: %v, want %v", d.Short(), !want, want)
			}
		}
		rec, err := again.Reconcile(t.Context(), true)
		ok(t, err)
		if rec.Referenced != 2 || rec.Lost != 0 {
			t.Errorf("reconciled %+v", rec)
		}
		for name, want := range map[string]string{"advisories/index-1": "advisories", "upstream-pypi": "http://up.invalid/\n", "cache/pypi/page": ""} {
			b, err := os.ReadFile(filepath.Join(data, name))
			if string(b) != want || (err != nil) != (want == "") {
				t.Errorf("%s holds %q (%v), want %q", name, b, err, want)
			}
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(data), ".restoring-*"))
		ok(t, err)
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := Restore(t.Context(), from, data, Silent); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("restoring over data: %v", err)
		}
	})
}

// TestALostBlobEndsNoBackups: what the disk lost is said, and the rest is backed up
// and restored. A blob that was lost after the backup is another matter.
func TestALostBlobEndsNoBackups(t *testing.T) {
	w := newWorld(t)
	kept, lost := w.putFile(t, "kept"), w.putFile(t, "lost")
	_, err := w.Blobs.Aside(t.Context(), lost) // as a scrub does
	ok(t, err)
	both(t, w, func(t *testing.T, from string) {
		data := filepath.Join(t.TempDir(), "data")
		r, err := Restore(t.Context(), from, data, Silent)
		ok(t, err)
		if r.Blobs != 1 || !slices.Equal(r.Manifest.Lost, []artifact.Digest{lost}) {
			t.Errorf("restored %+v, want one blob and one lost", r)
		}
		cfg := w.Config
		cfg.Data = data
		again := &world{Keeper: keeperOf(t, cfg, time.Now, io.Discard)}
		if !again.has(kept) || again.has(lost) {
			t.Errorf("kept %t, lost %t", again.has(kept), again.has(lost))
		}
	})
	to := filepath.Join(t.TempDir(), "b")
	b, err := w.Backup(t.Context(), BackupOptions{To: to, Copy: true}, Silent)
	ok(t, err)
	if b.Lost != 1 || b.Blobs != 1 || !strings.Contains(w.log.String(), string(lost)) {
		t.Errorf("backed up %+v, want one lost and a line about it", b)
	}

	// The last copy stays in a backup that is brought up to date.
	w.put(t, "lost")
	_, err = w.Backup(t.Context(), BackupOptions{To: to, Copy: true}, Silent)
	ok(t, err)
	ok(t, w.Blobs.Delete(t.Context(), lost))
	b, err = w.Backup(t.Context(), BackupOptions{To: to, Copy: true}, Silent)
	ok(t, err)
	if b.Lost != 0 || b.Blobs != 2 || b.Removed != 0 {
		t.Errorf("backed up %+v, want two blobs, one of them from the backup before", b)
	}
	r, err := Restore(t.Context(), to, filepath.Join(t.TempDir(), "data"), Silent)
	ok(t, err)
	if r.Blobs != 2 {
		t.Errorf("restored %+v, want both", r)
	}
	ok(t, os.Remove(filepath.Join(to, filepath.FromSlash(blobPath(kept)))))
	if _, err := Restore(t.Context(), to, filepath.Join(t.TempDir(), "data"), Silent); err == nil {
		t.Error("a backup that has lost a blob was restored")
	}
}

// TestABackupHasNoSecrets: keys and credentials that the configuration refers to
// stay out also where they lie in the data folder, and so does what a scanner is
// looking at.
func TestABackupHasNoSecrets(t *testing.T) {
	w := newWorld(t)
	in := func(name string) string {
		t.Helper()
		name = filepath.Join(w.Config.Data, filepath.FromSlash(name))
		ok(t, os.MkdirAll(filepath.Dir(name), 0o700))
		ok(t, os.WriteFile(name, []byte("canary"), 0o600))
		return name
	}
	in("notes")
	in("scratch/tool/wheel")
	w.Config.TLSKey = in("tls/key.pem")
	w.Config.Upstreams = []config.Upstream{{Credential: "file:" + in("credential")}}
	link := filepath.Join(t.TempDir(), "link")
	ok(t, os.Symlink(in("scanner-token"), link))
	w.Config.Scanners = []config.Scanner{{Secrets: map[string]string{"TOKEN": "file:" + link, "OTHER": "env:OTHER"}}}
	to := filepath.Join(t.TempDir(), "b")
	_, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent)
	ok(t, err)
	b, err := os.ReadFile(filepath.Join(to, manifestName))
	ok(t, err)
	var m Manifest
	ok(t, json.Unmarshal(b, &m))
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Path)
	}
	if want := []string{DatabaseName, "notes"}; !slices.Equal(names, want) {
		t.Errorf("the backup has %q, want %q", names, want)
	}
}

func TestABackupIsBroughtUpToDate(t *testing.T) {
	w := newWorld(t)
	to := filepath.Join(t.TempDir(), "b")
	w.putFile(t, "one")
	first, err := w.Backup(t.Context(), BackupOptions{To: to, Copy: true}, Silent)
	ok(t, err)
	w.putFile(t, "two")
	w.now = w.now.Add(time.Minute)
	second, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent)
	ok(t, err)
	if first.Copied != 1 || first.Linked != 0 || second.Copied != 1 || second.Linked != 1 || second.Blobs != 2 {
		t.Errorf("first %+v, second %+v; want one blob copied, then one linked", first, second)
	}
	folders, err := filepath.Glob(filepath.Join(to, "at-*"))
	ok(t, err)
	if len(folders) != 1 {
		t.Errorf("%v, want the latest only", folders)
	}
	_, err = Restore(t.Context(), to, filepath.Join(t.TempDir(), "d"), Silent)
	ok(t, err)
}

func TestBackupRefuses(t *testing.T) {
	w := newWorld(t)
	full := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600))
	there := filepath.Join(t.TempDir(), "there.tar")
	ok(t, os.WriteFile(there, nil, 0o600))
	for to, want := range map[string]string{
		filepath.Join(w.Config.Data, "backup"): "inside the data folder",
		w.Config.Data:                          "inside the data folder",
		full:                                   "no part of a backup",
		"relative":                             "absolute",
		there:                                  "file of that name",
	} {
		if _, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", to, err, want)
		}
	}
	d := w.putFile(t, "good bytes")
	ok(t, os.WriteFile(w.path(d), []byte("evil bytes"), 0o600))
	for _, o := range []BackupOptions{{To: filepath.Join(t.TempDir(), "b")}, {To: filepath.Join(t.TempDir(), "b"), Copy: true}, {To: filepath.Join(t.TempDir(), "b.tar")}} {
		if _, err := w.Backup(t.Context(), o, Silent); err == nil {
			t.Errorf("%+v: a damaged blob was backed up", o)
		}
		if _, err := os.Stat(filepath.Join(o.To, manifestName)); err == nil {
			t.Errorf("%+v: a backup that failed has a manifest", o)
		}
	}
	w.Config.Storage.FreeFloor = 1 << 62
	if _, err := w.Backup(t.Context(), BackupOptions{To: filepath.Join(t.TempDir(), "b")}, Silent); !errors.Is(err, blob.ErrFull) {
		t.Errorf("a copy of the database that takes the gate's own room: %v, want ErrFull", err)
	}
}

// TestRestoreVerifies changes one thing in a backup, each time another: nothing
// is put in place.
func TestRestoreVerifies(t *testing.T) {
	w := newWorld(t)
	d := w.putFile(t, "some bytes that matter")
	for why, harm := range map[string]func(t *testing.T, dir string){
		"a blob was changed": func(t *testing.T, dir string) {
			ok(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(blobPath(d))), []byte("some bytes that mutter"), 0o600))
		},
		"a blob is missing": func(t *testing.T, dir string) { ok(t, os.Remove(filepath.Join(dir, filepath.FromSlash(blobPath(d))))) },
		"the database was changed": func(t *testing.T, dir string) {
			name := databaseIn(t, dir)
			b, err := os.ReadFile(name)
			ok(t, err)
			b[len(b)/2] ^= 1
			ok(t, os.WriteFile(name, b, 0o600))
		},
		"the database is missing": func(t *testing.T, dir string) { ok(t, os.Remove(databaseIn(t, dir))) },
		"there is no manifest":    func(t *testing.T, dir string) { ok(t, os.Remove(filepath.Join(dir, manifestName))) },
		"a manifest of a later format": func(t *testing.T, dir string) {
			changeManifest(t, dir, func(m *Manifest) { m.Format = 99 })
		},
		"a path that climbs out": func(t *testing.T, dir string) {
			changeManifest(t, dir, func(m *Manifest) { m.Files[0].Path = "../evil" })
		},
		"a path over the blobs": func(t *testing.T, dir string) {
			changeManifest(t, dir, func(m *Manifest) { m.Files[0].Path = "blobs/sha256/x" })
		},
		"a log that the database would take in": func(t *testing.T, dir string) {
			log := "what was never verified"
			ok(t, os.WriteFile(databaseIn(t, dir)+"-wal", []byte(log), 0o600))
			changeManifest(t, dir, func(m *Manifest) {
				m.Files = append(m.Files, Entry{DatabaseName + "-wal", artifact.DigestOf([]byte(log)), int64(len(log))})
			})
		},
		"a folder that climbs out": func(t *testing.T, dir string) { changeManifest(t, dir, func(m *Manifest) { m.Folder = ".." }) },
		"a folder in place of a blob": func(t *testing.T, dir string) {
			name := filepath.Join(dir, filepath.FromSlash(blobPath(d)))
			ok(t, errors.Join(os.Remove(name), os.Mkdir(name, 0o700)))
		},
		"a link that leads outside": func(t *testing.T, dir string) {
			name := filepath.Join(dir, filepath.FromSlash(blobPath(d)))
			ok(t, os.Rename(name, filepath.Join(filepath.Dir(dir), "outside")))
			ok(t, os.Symlink(filepath.Join(filepath.Dir(dir), "outside"), name))
		},
	} {
		t.Run(why, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "b")
			_, err := w.Backup(t.Context(), BackupOptions{To: dir, Copy: true}, Silent)
			ok(t, err)
			harm(t, dir)
			data := filepath.Join(t.TempDir(), "data")
			if _, err := Restore(t.Context(), dir, data, Silent); err == nil {
				t.Error("it was restored")
			}
			if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something is in place: %v", err)
			}
			if entries, err := os.ReadDir(filepath.Dir(data)); err != nil || len(entries) > 0 {
				t.Errorf("left behind: %v %v", entries, err)
			}
		})
	}
}

func databaseIn(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "at-*", DatabaseName))
	ok(t, err)
	return names[0]
}

func changeManifest(t *testing.T, dir string, f func(*Manifest)) {
	t.Helper()
	name := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(name)
	ok(t, err)
	var m Manifest
	ok(t, json.Unmarshal(b, &m))
	f(&m)
	b, err = json.Marshal(m)
	ok(t, err)
	ok(t, os.WriteFile(name, b, 0o600))
}

// TestBackupWhileWriting backs up while rows and blobs come: whatever moment it
// caught, every row in it has its bytes.
func TestBackupWhileWriting(t *testing.T) {
	w := newWorld(t)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for n := range 2 {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					w.putFile(t, fmt.Sprint(n, " ", i))
				}
			}
		})
	}
	to := filepath.Join(t.TempDir(), "b")
	for range 5 {
		w.now = w.now.Add(time.Second)
		_, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent)
		ok(t, err)
	}
	close(stop)
	writing.Wait()
	_, err := Restore(t.Context(), to, filepath.Join(t.TempDir(), "d"), Silent)
	ok(t, err)
}

// TestRestoreRefusesStrangeArchives: an error, and nothing in place or outside.
func TestRestoreRefusesStrangeArchives(t *testing.T) {
	w := newWorld(t)
	w.putFile(t, "x")
	to := filepath.Join(t.TempDir(), "b.tar")
	_, err := w.Backup(t.Context(), BackupOptions{To: to}, Silent)
	ok(t, err)
	good, err := os.ReadFile(to)
	ok(t, err)
	flipped := bytes.Clone(good)
	flipped[len(good)/2] ^= 1
	for why, b := range map[string][]byte{
		"half of one": good[:len(good)/2], "no archive": []byte("no archive"), "empty": nil, "a changed byte": flipped,
	} {
		dir := t.TempDir()
		from := filepath.Join(dir, "b.tar")
		ok(t, os.WriteFile(from, b, 0o600))
		if _, err := Restore(t.Context(), from, filepath.Join(dir, "in", "data"), Silent); err == nil {
			t.Errorf("%s was restored", why)
		}
		if entries, err := os.ReadDir(filepath.Join(dir, "in")); err == nil && len(entries) > 0 {
			t.Errorf("%s: left behind: %v", why, entries)
		}
	}
}

// TestRestoreRefusesSparseFiles: a small archive does not unpack to a full disk.
func TestRestoreRefusesSparseFiles(t *testing.T) {
	w := newWorld(t)
	d := w.putFile(t, "x")
	good := filepath.Join(t.TempDir(), "b.tar")
	_, err := w.Backup(t.Context(), BackupOptions{To: good}, Silent)
	ok(t, err)
	f, err := os.Open(good)
	ok(t, err)
	defer f.Close()
	var out bytes.Buffer
	from, to := tar.NewReader(f), tar.NewWriter(&out)
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		ok(t, err)
		if h.Name == blobPath(d) {
			// The writer leaves GNU's own keys out; they are put in below.
			h.Format = tar.FormatPAX
			h.PAXRecords = map[string]string{"GNV.sparse.map": "0,1", "GNV.sparse.numblocks": "1", "GNV.sparse.size": "65536"}
		}
		ok(t, to.WriteHeader(h))
		_, err = io.Copy(to, from)
		ok(t, err)
	}
	ok(t, to.Close())
	evil := filepath.Join(t.TempDir(), "evil.tar")
	ok(t, os.WriteFile(evil, bytes.ReplaceAll(out.Bytes(), []byte("GNV.sparse"), []byte("GNU.sparse")), 0o600))
	if _, err := Restore(t.Context(), evil, filepath.Join(t.TempDir(), "data"), Silent); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a sparse entry: %v", err)
	}
}

// FuzzManifest reads manifests of strangers: an error, or names that stay inside
// the data folder.
func FuzzManifest(f *testing.F) {
	d := string(artifact.DigestOf(nil))
	for _, m := range []string{
		`{"format":1,"folder":"at-1","files":[{"path":"gatehouse.db","sha256":"` + d + `","size":1}]}`,
		`{"format":1,"folder":"..","files":[{"path":"../x","sha256":"` + d + `"}]}`,
		`{"format":2}`, `{`, ``,
	} {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		u := &unpacking{files: map[string]Entry{}, tell: Silent}
		if u.read(bytes.NewReader(b)) != nil {
			return
		}
		for name, e := range u.files {
			if !filepath.IsLocal(filepath.FromSlash(e.Path)) || !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(e.Path, "blobs/") {
				t.Errorf("%q (%q) leaves its place", e.Path, name)
			}
			if len(e.SHA256) != 64 {
				t.Errorf("%q has digest %q", e.Path, e.SHA256)
			}
		}
	})
}
