package upkeep

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// killDir tells a copy of the test binary to publish, collect and back up until
// it is killed.
const killDir = "GATEHOUSE_UPKEEP_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fmt.Fprintln(os.Stderr, "worker:", workForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// workForever prints each text whose row was recorded.
func workForever(dir string) error {
	ctx := context.Background()
	cfg := config.Default()
	cfg.Data = filepath.Join(dir, "data")
	blobs, err := disk.Open(filepath.Join(cfg.Data, "blobs"))
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, filepath.Join(cfg.Data, DatabaseName))
	if err != nil {
		return err
	}
	db.UseBlobs(blobs.Stat)
	ahead := func() time.Time { return time.Now().Add(100 * time.Hour) } // every blob is old at once
	k := &Keeper{Config: cfg, Store: db, Blobs: blobs, Version: "test", Now: ahead, Log: nil}
	w := &world{Keeper: k}
	faults := make(chan error)
	go func() {
		for {
			var c Collected
			if err := k.alone(func() error { return w.collectBlobs(ctx, &c) }); err != nil && !errors.Is(err, ErrBusy) {
				faults <- err
				return
			}
		}
	}()
	go func() {
		for {
			if _, err := k.Backup(ctx, BackupOptions{To: filepath.Join(dir, "backup")}, Silent); err != nil && !errors.Is(err, ErrBusy) {
				faults <- err
				return
			}
		}
	}()
	go func() {
		for i := 0; ; i++ {
			if i%3 == 0 { // garbage of somebody who died
				if _, _, err := blobs.Put(ctx, strings.NewReader(fmt.Sprint("garbage ", i)), 1<<20, ""); err != nil {
					faults <- err
					return
				}
			}
			text := fmt.Sprint(os.Getpid(), " ", i)
			if err := putOne(ctx, db, blobs, text); err != nil {
				faults <- err
				return
			}
			fmt.Println(text)
		}
	}()
	return <-faults
}

func putOne(ctx context.Context, db *sqlite.DB, blobs *disk.Store, text string) error {
	for {
		d, _, err := blobs.Put(ctx, strings.NewReader(text), 1<<20, "")
		if err == nil {
			err = db.PutFile(ctx, fileOf(d, text), time.Now())
		}
		if !errors.Is(err, blob.ErrCollected) {
			return err
		}
	}
}

// TestKilledAtAnything kills a process that publishes, collects garbage and backs
// up at once, again and again: every row that it acknowledged is there with its
// bytes, no row is without, and the backup is whole or as it was.
func TestKilledAtAnything(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Data = filepath.Join(dir, "data")
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	var acked []string
	const rounds = 8
	for round := range rounds {
		acked = append(acked, killWorker(t, dir, 1+rand.IntN(50))...)
		k := keeperOf(t, cfg, time.Now, io.Discard)
		if err := k.Store.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := k.Reconcile(t.Context(), true)
		if err != nil || r.Lost > 0 {
			t.Fatalf("round %d: %+v, %v", round, r, err)
		}
		for _, text := range acked {
			f := fileOf(artifact.DigestOf([]byte(text)), text)
			if _, err := k.Store.FileNamed(t.Context(), f.Version.Package, f.Name); err != nil {
				t.Fatalf("round %d: %q was acknowledged: %v", round, text, err)
			}
		}
		if err := k.Store.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "backup", manifestName)); err != nil {
			continue // none was ever finished
		}
		if _, err := Restore(t.Context(), filepath.Join(dir, "backup"), filepath.Join(t.TempDir(), "d"), Silent); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	t.Logf("%d rows over %d kills, all there with their bytes", len(acked), rounds)
}

// killWorker kills it after so many rows. Lines in the pipe count.
func killWorker(t *testing.T, dir string, rows int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if got = append(got, lines.Text()); len(got) == rows {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait() // says that it was killed
	if len(got) < rows {
		t.Fatalf("the worker ended by itself after %d rows, want %d", len(got), rows)
	}
	return got[:rows:rows] // the last line may be cut
}
