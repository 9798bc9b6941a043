// Package disk is the blob store on one machine: content-addressed files.
//
//	DIR/sha256/ab/cdef…   one blob, named by the rest of its digest
//	DIR/tmp/…             blobs being written; nothing reads them
//	DIR/damaged/…         what a scrub took out; nothing reads them
//
// A blob is written to tmp, hashed on the way, synced, and linked into its
// place without overwriting; then the folder is synced. Until the link exists
// there is no blob, and after it there is a whole one: a crash at any moment
// leaves scratch in tmp at most, which CleanScratch removes.
package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
)

// Store keeps blobs as files below one folder. Several stores, in one process or
// in many, may share it.
type Store struct {
	dir     string
	scratch func(dir string) (scratchFile, error)
	space   func(dir string) (Room, error)
	floor   int64 // bytes that Put leaves free
}

// scratchFile is what Put writes to; tests hand in one that fails.
type scratchFile interface {
	io.WriteCloser
	Sync() error
	Name() string
}

// Open gives the store in dir and makes its folders when they are not there.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir, scratch: createScratch, space: Space}
	for _, d := range []string{s.blobDir(), s.scratchDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("opening blob store: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("opening blob store: %w", err)
	}
	return s, nil
}

// KeepFree makes Put refuse with blob.ErrFull what would leave less than this many
// bytes free for the rest of the machine. Call it before the store is used.
func (s *Store) KeepFree(bytes int64) { s.floor = bytes }

// HasRoom says blob.ErrFull when Put would.
func (s *Store) HasRoom() error {
	if s.floor == 0 {
		return nil
	}
	room, err := s.space(s.dir)
	if err != nil {
		return err
	}
	if room.Free < s.floor {
		return fmt.Errorf("%w: %d MB are free and %d MB are kept free", blob.ErrFull, room.Free>>20, s.floor>>20)
	}
	return nil
}

func createScratch(dir string) (scratchFile, error) { return os.CreateTemp(dir, "put-*") }

func (s *Store) blobDir() string    { return filepath.Join(s.dir, "sha256") }
func (s *Store) scratchDir() string { return filepath.Join(s.dir, "tmp") }

// path gives a blob's place. Only a checked digest becomes a path, so that no
// text from outside can climb out of the folder.
func (s *Store) path(d artifact.Digest) (string, error) {
	clean, err := artifact.ParseDigest(string(d))
	if err != nil {
		return "", fmt.Errorf("naming blob: %w", err)
	}
	return filepath.Join(s.blobDir(), string(clean[:2]), string(clean[2:])), nil
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64, want artifact.Digest) (artifact.Digest, int64, error) {
	if err := s.HasRoom(); err != nil {
		return "", 0, fmt.Errorf("creating blob: %w", err)
	}
	f, err := s.scratch(s.scratchDir())
	if err != nil {
		return "", 0, fault("creating blob", err)
	}
	defer os.Remove(f.Name()) // after the link this removes only the second name
	d, n, err := s.fill(ctx, f, r, limit)
	if closing := f.Close(); err == nil && closing != nil {
		err = fault("writing blob", closing)
	}
	if err != nil {
		return "", 0, err
	}
	if want != "" && d != want {
		return "", 0, fmt.Errorf("%w: got %s, want %s", blob.ErrWrongDigest, d, want)
	}
	if err := s.place(f.Name(), d, n); err != nil {
		return "", 0, err
	}
	return d, n, nil
}

// fill copies at most limit bytes into f, hashes them and makes them durable.
func (s *Store) fill(ctx context.Context, f scratchFile, r io.Reader, limit int64) (artifact.Digest, int64, error) {
	w := &hashWriter{f: f, h: sha256.New(), room: s.HasRoom}
	// One byte more than allowed tells "exactly the limit" from "too much".
	n, err := io.CopyBuffer(w, io.LimitReader(blob.ContextReader(ctx, r), limit+1), make([]byte, 128<<10))
	switch {
	case w.err != nil:
		return "", 0, fault("writing blob", w.err)
	case err != nil:
		return "", 0, fmt.Errorf("reading what to store: %w", err)
	case n > limit:
		return "", 0, fmt.Errorf("%w: limit %d bytes", blob.ErrTooLarge, limit)
	}
	if err := f.Sync(); err != nil {
		return "", 0, fault("syncing blob", err)
	}
	return artifact.Digest(hex.EncodeToString(w.h.Sum(nil))), n, nil
}

// hashWriter remembers its own error, so that a full disk is not taken for a
// fault of the reader.
type hashWriter struct {
	f    io.Writer
	h    hash.Hash
	err  error
	room func() error
	n    int64 // bytes since room was asked last
}

// roomEvery is how many bytes are written between two looks at the free space.
const roomEvery = 64 << 20

func (w *hashWriter) Write(p []byte) (int, error) {
	if w.n += int64(len(p)); w.n >= roomEvery {
		w.n = 0
		if w.err = w.room(); w.err != nil {
			return 0, w.err
		}
	}
	n, err := w.f.Write(p)
	w.h.Write(p[:n])
	if err != nil {
		w.err = err
	}
	return n, err
}

// place gives the finished scratch file its final name. A blob that is already
// there is only made young again, because somebody is about to name it, unless its
// size shows that the disk has damaged it.
func (s *Store) place(scratch string, d artifact.Digest, size int64) error {
	final, err := s.path(d)
	if err != nil {
		return err
	}
	dir := filepath.Dir(final)
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := syncDir(s.blobDir()); err != nil {
			return fault("syncing blob folder", err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fault("creating blob folder", err)
	}
	if err := os.Link(scratch, final); err != nil {
		old, statErr := os.Lstat(final)
		// Some file systems have no hard links. Renaming replaces, which is
		// harmless here: both files have one digest.
		if statErr != nil || old.Size() != size {
			if err := os.Rename(scratch, final); err != nil {
				return fault("placing blob", err)
			}
		} else if err := touch(final); err != nil {
			return fault("placing blob", err)
		}
	}
	// Also when it was there: whoever linked it may have died before its sync.
	if err := syncDir(dir); err != nil {
		return fault("syncing blob folder", err)
	}
	return nil
}

// touch sets a blob's time to now. One that a collector has taken this moment is
// no error: whoever records a row about it is told (blob.ErrCollected).
func touch(final string) error {
	now := time.Now()
	if err := os.Chtimes(final, now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Open implements blob.Store; the reader is a plain file.
func (s *Store) Open(_ context.Context, d artifact.Digest) (blob.Reader, int64, error) {
	path, err := s.path(d)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, missing(d, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, missing(d, err)
	}
	return f, info.Size(), nil
}

// Stat implements blob.Store.
func (s *Store) Stat(_ context.Context, d artifact.Digest) (int64, error) {
	path, err := s.path(d)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, missing(d, err)
	}
	return info.Size(), nil
}

// Delete implements blob.Store.
func (s *Store) Delete(_ context.Context, d artifact.Digest) error {
	path, err := s.path(d)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting blob %s: %w", d.Short(), err)
	}
	return nil
}

// Info is Stat with the time when the blob was last written.
func (s *Store) Info(_ context.Context, d artifact.Digest) (blob.Info, error) {
	path, err := s.path(d)
	if err != nil {
		return blob.Info{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return blob.Info{}, missing(d, err)
	}
	return blob.Info{Digest: d, Size: info.Size(), Modified: info.ModTime()}, nil
}

// Link takes a blob over from a store on the same file system without copying
// it; both then have the one file. It is the caller's to verify it. An error
// means that it has to be copied, and nothing changed.
func (s *Store) Link(_ context.Context, from *Store, d artifact.Digest) error {
	old, err := from.path(d)
	if err != nil {
		return err
	}
	final, err := s.path(d)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return fault("creating blob folder", err)
	}
	if err := os.Link(old, final); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault("linking blob", err)
	}
	return errors.Join(syncDir(filepath.Dir(final)), syncDir(s.blobDir()))
}

// Aside takes a damaged blob out of the store and keeps its bytes for whoever
// wants to know what happened, in DIR/damaged. It says where.
func (s *Store) Aside(_ context.Context, d artifact.Digest) (string, error) {
	path, err := s.path(d)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(s.dir, "damaged")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fault("putting a damaged blob aside", err)
	}
	to := filepath.Join(dir, string(d))
	if err := os.Rename(path, to); err != nil {
		return "", missing(d, err)
	}
	return to, errors.Join(syncDir(dir), syncDir(filepath.Dir(path)))
}

// List implements blob.Store. A file whose name is not a digest is not a blob.
func (s *Store) List(ctx context.Context) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		shards, err := os.ReadDir(s.blobDir())
		if err != nil {
			yield(blob.Info{}, fmt.Errorf("listing blobs: %w", err))
			return
		}
		for _, shard := range shards {
			if err := ctx.Err(); err != nil {
				yield(blob.Info{}, err)
				return
			}
			if !s.listShard(shard.Name(), yield) {
				return
			}
		}
	}
}

// listShard yields the blobs of one folder; false ends the walk.
func (s *Store) listShard(shard string, yield func(blob.Info, error) bool) bool {
	entries, err := os.ReadDir(filepath.Join(s.blobDir(), shard))
	if err != nil {
		yield(blob.Info{}, fmt.Errorf("listing blobs: %w", err))
		return false
	}
	for _, e := range entries {
		d, err := artifact.ParseDigest(shard + e.Name())
		if err != nil || string(d) != shard+e.Name() || len(shard) != 2 {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since
		}
		if err != nil {
			yield(blob.Info{}, fmt.Errorf("listing blobs: %w", err))
			return false
		}
		if !yield(blob.Info{Digest: d, Size: info.Size(), Modified: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// CleanScratch removes what unfinished Puts left behind before the given time,
// and says how many files that were. Take a time at which no Put that still
// runs had begun: files of a running Put must stay.
func (s *Store) CleanScratch(before time.Time) (int, error) {
	entries, err := os.ReadDir(s.scratchDir())
	if err != nil {
		return 0, fmt.Errorf("cleaning blob scratch: %w", err)
	}
	n := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(s.scratchDir(), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("cleaning blob scratch: %w", err)
		}
		n++
	}
	return n, nil
}

// missing keeps fs.ErrNotExist recognisable and names the blob, not the path.
func missing(d artifact.Digest, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob %s: %w", d.Short(), fs.ErrNotExist)
	}
	return fmt.Errorf("opening blob %s: %w", d.Short(), err)
}

// fault turns "no space" and "over quota" into ErrFull, which callers answer
// with "later" instead of taking it for damage.
func fault(doing string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s: %w: %w", doing, blob.ErrFull, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
