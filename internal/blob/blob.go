// Package blob keeps bytes under the SHA-256 of those bytes. It says what a
// store promises; disk keeps blobs as files, and every store passes the suite
// in blobtest.
//
// A store never shows a blob that is not whole: a process that dies while
// writing leaves only scratch that Open, Stat and List do not see. What Put
// returned is durable, so a row may name it (DESIGN.md, invariant 4). A store
// does not say who may read a blob: serving is a decision, made elsewhere.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Errors of every store; test with errors.Is. A blob that is not there is
// fs.ErrNotExist.
var (
	// ErrFull: the store has no room. What it holds can still be read.
	ErrFull = errors.New("blob store is full")
	// ErrTooLarge: the reader held more bytes than the caller allowed.
	ErrTooLarge = errors.New("more bytes than allowed")
	// ErrWrongDigest: the bytes are not the ones that the caller announced.
	ErrWrongDigest = errors.New("bytes do not have the announced digest")
	// ErrCollected: the bytes were garbage and were removed before the row that
	// names them was recorded. Put them again and record the row again.
	ErrCollected = fmt.Errorf("stored bytes were removed as garbage meanwhile: %w", fs.ErrNotExist)
	// ErrCorrupt: a stored blob no longer has the digest it is stored under.
	ErrCorrupt = errors.New("stored blob is corrupt")
)

// Reader is an open blob. Its methods may not be called from several goroutines
// at once, ReadAt excepted. Whoever opened it closes it.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Info is one entry of a listing.
type Info struct {
	Digest   artifact.Digest
	Size     int64     // bytes
	Modified time.Time // when this store last wrote it; gc spares the young
}

// Store keeps blobs. Every method is safe for concurrent use, also by several
// processes on one store.
type Store interface {
	// Put reads r to its end and keeps it. At most limit bytes are accepted
	// (ErrTooLarge); when want is not empty, only bytes with that digest are
	// (ErrWrongDigest). On any error, one of r's own included, nothing is kept.
	// Bytes that are already there are read all the same, and are no error.
	Put(ctx context.Context, r io.Reader, limit int64, want artifact.Digest) (artifact.Digest, int64, error)
	// Open gives a blob and its size, or fs.ErrNotExist. It does not verify the
	// bytes: Verify does.
	Open(ctx context.Context, d artifact.Digest) (Reader, int64, error)
	// Stat gives a blob's size, or fs.ErrNotExist.
	Stat(ctx context.Context, d artifact.Digest) (int64, error)
	// Delete removes a blob; one that is not there is no error. Readers that
	// are already open may go on reading.
	Delete(ctx context.Context, d artifact.Digest) error
	// List walks all blobs in the order of their digests. Blobs put or deleted
	// meanwhile may or may not be seen. An error ends the walk.
	List(ctx context.Context) iter.Seq2[Info, error]
}

// Verify reads a whole blob and compares its digest: ErrCorrupt when it differs.
func Verify(ctx context.Context, s Store, d artifact.Digest) error {
	r, _, err := s.Open(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, ContextReader(ctx, r)); err != nil {
		return fmt.Errorf("reading blob %s: %w", d.Short(), err)
	}
	if artifact.Digest(hex.EncodeToString(h.Sum(nil))) != d {
		return fmt.Errorf("%w: %s", ErrCorrupt, d)
	}
	return nil
}

// ContextReader makes reading r stop with the context's error once ctx is done.
// A Read that is already waiting is not interrupted.
func ContextReader(ctx context.Context, r io.Reader) io.Reader {
	return contextReader{ctx, r}
}

// contextReader holds a context because io.Reader has no place for one; it
// lives no longer than the call that made it.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
