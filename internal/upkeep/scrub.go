package upkeep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
)

// Scrubbed says what a scrub read.
type Scrubbed struct {
	Blobs   int       `json:"blobs"`
	Bytes   int64     `json:"bytes"`
	Damaged []Damaged `json:"damaged,omitempty"`
	Resumed bool      `json:"resumed,omitempty"` // it went on where an earlier one was interrupted
}

// Damaged is a blob that was no longer what its name says.
type Damaged struct {
	Digest artifact.Digest `json:"sha256"`
	Aside  string          `json:"aside"` // where its bytes are kept; it is fetched again when it is asked for
}

// scrubState is where a scrub is, kept in the data folder so that a restart goes
// on there.
type scrubState struct {
	Began time.Time       `json:"began"`
	After artifact.Digest `json:"after,omitempty"` // the last blob read
	Ended time.Time       `json:"ended,omitzero"`  // of the last whole pass
}

const (
	scrubFile     = "scrub.json"
	scrubSave     = 200       // blobs between two notes of where it is
	scrubChunk    = 256 << 10 // bytes read at once
	maxScrubState = 4 << 10
)

// Scrub reads every blob and compares it with its digest, at most rate bytes a
// second (0: as fast as it goes). A damaged one is moved aside, so that it is
// fetched again when it is asked for, and logged as an error. It goes on where an
// interrupted one stopped.
func (k *Keeper) Scrub(ctx context.Context, rate int64, p Progress) (Scrubbed, error) {
	var s Scrubbed
	err := unlessHeld(&k.scrubbing, func() (err error) { s, err = k.scrub(ctx, rate, p); return err })
	return s, err
}

func (k *Keeper) scrub(ctx context.Context, rate int64, p Progress) (s Scrubbed, err error) {
	st := k.scrubState()
	s.Resumed = st.After != ""
	if !s.Resumed {
		st.Began = k.Now().UTC()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.putScrubState(st))
		}
	}()
	r := &pace{rate: rate, began: k.Now()}
	for info, err := range k.Blobs.List(ctx) {
		if err != nil {
			return s, err
		}
		if info.Digest <= st.After {
			continue
		}
		if err := k.scrubOne(ctx, info, r, &s); err != nil {
			return s, err
		}
		st.After = info.Digest
		s.Blobs, s.Bytes = s.Blobs+1, s.Bytes+info.Size
		p("reading blobs", int64(s.Blobs), 0)
		if s.Blobs%scrubSave == 0 {
			if err := k.putScrubState(st); err != nil {
				return s, err
			}
		}
	}
	return s, k.putScrubState(scrubState{Began: st.Began, Ended: k.Now().UTC()})
}

func (k *Keeper) scrubOne(ctx context.Context, info blob.Info, r *pace, s *Scrubbed) error {
	err := k.rehash(ctx, info.Digest, r)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // collected meanwhile
	}
	if !errors.Is(err, blob.ErrCorrupt) {
		return err
	}
	k.running.Lock() // nobody backs it up or collects it at this moment
	to, err := k.Blobs.Aside(ctx, info.Digest)
	k.running.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // collected meanwhile
	} else if err != nil {
		return err
	}
	k.Log.ErrorContext(ctx, "a stored blob was damaged; it is moved aside and fetched again when asked for", "sha256", info.Digest, "aside", to)
	s.Damaged = append(s.Damaged, Damaged{info.Digest, to})
	return nil
}

// rehash is blob.Verify at a pace.
func (k *Keeper) rehash(ctx context.Context, d artifact.Digest, r *pace) error {
	body, _, err := k.Blobs.Open(ctx, d)
	if err != nil {
		return err
	}
	defer body.Close()
	h := sha256.New()
	for {
		n, err := io.CopyN(h, body, scrubChunk)
		if err := r.wait(ctx, n, k.Now); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading blob %s: %w", d.Short(), err)
		}
	}
	if hex.EncodeToString(h.Sum(nil)) != string(d) {
		return fmt.Errorf("%w: %s", blob.ErrCorrupt, d)
	}
	return nil
}

// pace keeps reading under a rate, over the whole run.
type pace struct {
	rate  int64 // bytes a second; 0: none
	began time.Time
	bytes int64
}

func (p *pace) wait(ctx context.Context, n int64, now func() time.Time) error {
	p.bytes += n
	if p.rate <= 0 {
		return ctx.Err()
	}
	due := p.began.Add(time.Duration(float64(p.bytes) / float64(p.rate) * float64(time.Second)))
	ahead := due.Sub(now())
	if ahead <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(ahead):
		return nil
	}
}

// scrubScheduled scrubs when a pass is due or was interrupted; nil attributes
// when it was not.
func (k *Keeper) scrubScheduled(ctx context.Context) ([]any, int, error) {
	st := k.scrubState()
	if st.After == "" && k.Now().Sub(st.Ended) < time.Duration(k.Config.Upkeep.ScrubEvery) {
		return nil, 0, nil
	}
	s, err := k.Scrub(ctx, k.Config.Upkeep.ScrubRate, Silent)
	return []any{"blobs", s.Blobs, "bytes", s.Bytes, "damaged", len(s.Damaged), "resumed", s.Resumed}, len(s.Damaged), err
}

// scrubState reads where the last scrub was; what cannot be read begins anew.
func (k *Keeper) scrubState() scrubState {
	var st scrubState
	f, err := os.Open(filepath.Join(k.Config.Data, scrubFile))
	if err != nil {
		return st
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxScrubState))
	if err != nil || json.Unmarshal(b, &st) != nil {
		return scrubState{}
	}
	return st
}

func (k *Keeper) putScrubState(st scrubState) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(k.Config.Data, scrubFile), b)
}

// writeFile replaces a small file, durably and whole.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
