package disk

import (
	"bytes"
	"errors"
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
	if _, err := blob.Scrub(t.Context(), s, func(d artifact.Digest, err error) {
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
