// Package manifestfile is what the readers of manifests share, whatever the
// ecosystem: opening a file and those that belong to it within a tree and within
// caps, gathering requirements and problems, and the one reason for which a whole
// manifest cannot be used.
//
// It never follows a symbolic link and never leaves the tree that it was given: what
// the gate reads must be what the repository shows. It knows no format.
package manifestfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Limits on what is read of one manifest. A file beyond one of them is refused whole.
const (
	MaxTotalBytes   = 64 << 20 // a file with all that is read beside it
	MaxRequirements = 100_000  // requirements, those of included files counted
	MaxProblems     = 1_000    // problems kept; beyond them the file is refused
)

// Reader is one manifest on its way in. FS, Manifest and MaxFile are set by whoever
// makes it. It is used by one goroutine.
type Reader struct {
	FS       fs.FS
	Manifest *ecosystem.Manifest
	MaxFile  int // bytes of one file
	Bytes    int // read so far
}

// ErrSymlink and ErrNotRegular say why a path is not opened.
var (
	ErrSymlink    = errors.New("it is, or lies behind, a symbolic link")
	ErrNotRegular = errors.New("it is not a regular file")
)

// Read gives the bytes of the file at p. Beyond the caps the error is *Unusable; else
// it wraps what fs.FS gave, ErrSymlink, ErrNotRegular or fs.ErrInvalid.
func (r *Reader) Read(p string) ([]byte, error) { return r.ReadAtMost(p, r.MaxFile) }

// ReadAtMost is Read with a cap of its own, in bytes.
func (r *Reader) ReadAtMost(p string, most int) ([]byte, error) {
	b, err := r.read(p, most)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", Quote(p), err)
	}
	if r.Bytes += len(b); len(b) > most || r.Bytes > MaxTotalBytes {
		return nil, TooLarge(p, "the gate reads at most %d MiB of it, and %d MiB with all that belongs to it; split it", most>>20, MaxTotalBytes>>20)
	}
	return b, nil
}

func (r *Reader) read(p string, most int) ([]byte, error) {
	f, size, err := r.open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 0, min(max(size, 0), int64(most))+1)
	for limited := io.LimitReader(f, int64(most)+1); ; {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := limited.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// open refuses a path of which any element is a symbolic link: its target may be
// outside.
func (r *Reader) open(p string) (f fs.File, size int64, err error) {
	if !fs.ValidPath(p) {
		return nil, 0, fs.ErrInvalid
	}
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		info, err := fs.Lstat(r.FS, p[:i])
		if err != nil {
			return nil, 0, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, 0, ErrSymlink
		}
		if i == len(p) && !info.Mode().IsRegular() {
			return nil, 0, ErrNotRegular
		}
		size = info.Size()
	}
	f, err = r.FS.Open(p)
	return f, size, err
}

// ReadOwn gives the bytes of the manifest itself. What the gate does not open is
// *Unusable.
func (r *Reader) ReadOwn() ([]byte, error) {
	b, err := r.Read(r.Manifest.Path)
	for _, why := range []error{ErrSymlink, ErrNotRegular} {
		if errors.Is(err, why) {
			return nil, Syntax(finding.Location{File: r.Manifest.Path}, "the gate does not open it: %s; give it the file itself", why)
		}
	}
	return b, err
}

// Require adds a requirement. One too many is *Unusable.
func (r *Reader) Require(q ecosystem.Requirement) error {
	if len(r.Manifest.Requirements) >= MaxRequirements {
		return TooLarge(r.Manifest.Path, "the gate reads at most %d requirements of a manifest; split it", MaxRequirements)
	}
	r.Manifest.Requirements = append(r.Manifest.Requirements, q)
	return nil
}

// Report adds a problem that is not fatal. One too many is *Unusable.
func (r *Reader) Report(p ecosystem.Problem) error {
	if len(r.Manifest.Problems) >= MaxProblems {
		return TooLarge(r.Manifest.Path, "it has more than %d places that the gate does not follow; fix those listed first", MaxProblems)
	}
	r.Manifest.Problems = append(r.Manifest.Problems, p)
	return nil
}

// Reportf is Report with the text put together here.
func (r *Reader) Reportf(rule, effect string, at finding.Location, format string, args ...any) error {
	return r.Report(ecosystem.Problem{Rule: rule, Class: finding.Manifest, Text: fmt.Sprintf(format, args...), At: at, Effect: effect})
}

// Finish gives the manifest that was read, err being how reading it ended. One that
// cannot be used is a manifest without requirements, half of one is not to be
// admitted, and with the reason as its last problem.
func (r *Reader) Finish(err error) (*ecosystem.Manifest, error) {
	if bad, ok := errors.AsType[*Unusable](err); ok {
		r.Manifest.Problems = append(r.Manifest.Problems, bad.problem())
		r.Manifest.Requirements = nil
		return r.Manifest, nil
	}
	if err != nil {
		return nil, err
	}
	return r.Manifest, nil
}
