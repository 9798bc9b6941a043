package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// ErrDamaged says that stored bytes are not those of their digest.
var ErrDamaged = errors.New("stored bytes are damaged")

// sound remembers which blobs were found to be what their digest says. Disks rot
// and people have editors: a blob is read through once in a process, and again
// when its size or time of change is another.
type sound struct {
	mu   sync.Mutex
	rows map[artifact.Digest]stamp
}

type stamp struct {
	size    int64
	changed time.Time
}

// soundKept bounds the memory of it; forgetting costs a read.
const soundKept = 100_000

// check reads body through, unless it was found sound before, and leaves it at
// its beginning.
func (s *sound) check(f artifact.File, body io.ReadSeeker) error {
	now, known := stampOf(body)
	s.mu.Lock()
	was, seen := s.rows[f.SHA256]
	s.mu.Unlock()
	if known && seen && was == now {
		return nil
	}
	h := sha256.New()
	n, err := io.Copy(h, body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", f.Name, err)
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading %s: %w", f.Name, err)
	}
	if n != f.Size || hex.EncodeToString(h.Sum(nil)) != string(f.SHA256) {
		return fmt.Errorf("%s (blob %s): %w; delete the blob, and it is fetched again", f.Name, f.SHA256, ErrDamaged)
	}
	if known {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.rows == nil || len(s.rows) >= soundKept {
			s.rows = map[artifact.Digest]stamp{}
		}
		s.rows[f.SHA256] = now
	}
	return nil
}

// stampOf tells the state of a blob that is a file.
func stampOf(body io.ReadSeeker) (stamp, bool) {
	f, ok := body.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return stamp{}, false
	}
	info, err := f.Stat()
	if err != nil {
		return stamp{}, false
	}
	return stamp{info.Size(), info.ModTime()}, true
}

// openSound opens a file's bytes, as they were looked at. Bytes that were lost are
// fetched again: only those of the recorded digest will do.
func (s *Shelf) openSound(ctx context.Context, x *ecosystem.Index, i int, f artifact.File) (io.ReadSeekCloser, error) {
	body, err := s.Blobs.Open(ctx, f.SHA256)
	if errors.Is(err, fs.ErrNotExist) && x.Upstream == artifact.Internal {
		return nil, fmt.Errorf("opening %s: %w; it was published here and nobody else has it: restore a backup, or publish another version", f.Name, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		s.Log.WarnContext(ctx, "a blob is lost; fetching it again", "version", f.Version.Purl(), "file", f.Name)
		again := x.Files[i]
		again.SHA256, again.Size = f.SHA256, f.Size
		if _, _, ferr := s.Gate.Fetch.Fetch(ctx, again, x.Upstream); ferr != nil {
			return nil, fmt.Errorf("opening %s: %w; fetching it again: %w", f.Name, err, ferr)
		}
		body, err = s.Blobs.Open(ctx, f.SHA256)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", f.Name, err)
	}
	if err := s.sound.check(f, body); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return body, nil
}
