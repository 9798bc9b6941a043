package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/blobtest"
)

func open(dir string) (blob.Store, error) { return Open(dir) }

func TestMain(m *testing.M) { blobtest.Main(m, open) }

func TestStore(t *testing.T) { blobtest.Run(t, open) }

// failingFile has room for some bytes, or none for a sync or a close.
type failingFile struct {
	*os.File
	room           int
	syncErr, close error
}

func (f *failingFile) Write(p []byte) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:f.room])
	return n, syscall.ENOSPC
}

func (f *failingFile) Sync() error {
	if f.syncErr != nil {
		return f.syncErr
	}
	return f.File.Sync()
}

func (f *failingFile) Close() error {
	f.File.Close()
	return f.close
}

func TestFullDisk(t *testing.T) {
	for _, tc := range []struct {
		name string
		file failingFile
		make error
		want error
		why  string
	}{
		{"write", failingFile{room: 10}, nil, blob.ErrFull, "the device is full in the middle"},
		{"sync", failingFile{room: 1 << 20, syncErr: syscall.ENOSPC}, nil, blob.ErrFull, "delayed allocation tells at sync"},
		{"quota at close", failingFile{room: 1 << 20, close: syscall.EDQUOT}, nil, blob.ErrFull, "network file systems tell at close"},
		{"create", failingFile{}, syscall.ENOSPC, blob.ErrFull, "no inode left"},
		{"other", failingFile{room: 1 << 20, syncErr: syscall.EIO}, nil, syscall.EIO, "damage is not fullness"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			s.scratch = func(dir string) (scratchFile, error) {
				if tc.make != nil {
					return nil, tc.make
				}
				f, err := os.CreateTemp(dir, "put-*")
				tc.file.File = f
				return &tc.file, err
			}
			_, _, err = s.Put(t.Context(), strings.NewReader(strings.Repeat("x", 1000)), 1<<20, "")
			if !errors.Is(err, tc.want) {
				t.Errorf("Put = %v, want %v (%s)", err, tc.want, tc.why)
			}
			if errors.Is(err, blob.ErrFull) != (tc.want == blob.ErrFull) {
				t.Errorf("Put = %v: ErrFull or not is wrong (%s)", err, tc.why)
			}
			if left := files(t, s.dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDamagedBlobIsFoundAndHealed(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("worth keeping")
	d, _, err := s.Put(t.Context(), bytes.NewReader(content), 100, "")
	if err != nil {
		t.Fatal(err)
	}
	path, _ := s.path(d)
	if err := os.WriteFile(path, []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	var bad []artifact.Digest
	if _, err := blobtest.VerifyAll(t.Context(), s, func(d artifact.Digest, err error) {
		if errors.Is(err, blob.ErrCorrupt) {
			bad = append(bad, d)
		}
	}); err != nil || len(bad) != 1 || bad[0] != d {
		t.Fatalf("Scrub found %v, %v; want %s", bad, err, d.Short())
	}
	if _, _, err := s.Put(t.Context(), bytes.NewReader(content), 100, d); err != nil {
		t.Fatal(err)
	}
	if err := blob.Verify(t.Context(), s, d); err != nil {
		t.Errorf("after putting it again: %v", err)
	}
}

func TestScratchIsNoBlobAndCanBeCleaned(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(s.scratchDir(), "put-1")
	if err := os.WriteFile(stale, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.blobDir(), "ab"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.blobDir(), "ab", "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for info, err := range s.List(t.Context()) {
		t.Errorf("listed %v, %v; want nothing", info, err)
	}
	if n, err := s.CleanScratch(time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("CleanScratch of an hour ago = %d, %v; want 0: a running Put keeps its file", n, err)
	}
	if n, err := s.CleanScratch(time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("CleanScratch = %d, %v; want 1", n, err)
	}
}

func openTemp(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAFloorIsKeptFree(t *testing.T) {
	s := openTemp(t)
	room := Room{Free: 100 << 20}
	s.space = func(string) (Room, error) { return room, nil }
	s.KeepFree(50 << 20)
	d, _, err := s.Put(t.Context(), strings.NewReader("there is room"), 100, "")
	if err != nil {
		t.Fatal(err)
	}
	room.Free = 10 << 20
	if _, _, err := s.Put(t.Context(), strings.NewReader("no room"), 100, ""); !errors.Is(err, blob.ErrFull) || !errors.Is(s.HasRoom(), blob.ErrFull) {
		t.Errorf("below the floor: %v, want ErrFull", err)
	}
	if r, _, err := s.Open(t.Context(), d); err != nil {
		t.Errorf("what is there can no longer be read: %v", err)
	} else {
		r.Close()
	}
	// A large one meets the floor on its way.
	room.Free = 60 << 20
	many := io.TeeReader(io.LimitReader(zeros{}, 300<<20), writerFunc(func(p []byte) (int, error) { room.Free -= int64(len(p)); return len(p), nil }))
	if _, _, err := s.Put(t.Context(), many, 1<<30, ""); !errors.Is(err, blob.ErrFull) {
		t.Errorf("a large blob: %v, want ErrFull", err)
	}
	if room.Free < -100<<20 {
		t.Errorf("it went on until %d MB below nothing", -room.Free>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestDamagedBlobsAreMovedAside(t *testing.T) {
	s := openTemp(t)
	d, _, err := s.Put(t.Context(), strings.NewReader("good"), 100, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), d)
	if err != nil || info.Digest != d || info.Size != 4 || info.Modified.IsZero() {
		t.Errorf("Info: %+v, %v", info, err)
	}
	to, err := s.Aside(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(to); err != nil || string(b) != "good" {
		t.Errorf("aside: %q, %v", b, err)
	}
	if _, err := s.Info(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := s.Aside(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v, want ErrNotExist", err)
	}
}

// TestPutMakesABlobYoung: a collector spares what was just put, also when the same
// bytes lay there as old garbage.
func TestPutMakesABlobYoung(t *testing.T) {
	s := openTemp(t)
	put := func() blob.Info {
		t.Helper()
		d, _, err := s.Put(t.Context(), strings.NewReader("x"), 100, "")
		if err != nil {
			t.Fatal(err)
		}
		info, err := s.Info(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	path, err := s.path(put().Digest)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if info := put(); time.Since(info.Modified) > time.Hour {
		t.Errorf("put again just now, and it is from %s", info.Modified)
	}
}

func TestLinksShareOneFile(t *testing.T) {
	dir := t.TempDir() // one file system
	from, err := Open(filepath.Join(dir, "from"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := Open(filepath.Join(dir, "to"))
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := from.Put(t.Context(), strings.NewReader("x"), 100, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may be there already
		if err := to.Link(t.Context(), from, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := blob.Verify(t.Context(), to, d); err != nil {
		t.Error(err)
	}
	if err := to.Link(t.Context(), from, artifact.DigestOf([]byte("not there"))); err == nil {
		t.Error("a blob that is not there was linked")
	}
}

func TestSpace(t *testing.T) {
	room, err := Space(t.TempDir())
	if err != nil || room.Total <= 0 || room.Free < 0 || room.Free > room.Total {
		t.Errorf("%+v, %v", room, err)
	}
	if _, err := Space(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there has space")
	}
}
