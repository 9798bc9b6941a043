// Package archive walks zip and compressed tar archives that somebody hostile
// may have made. It is for deciding about an archive, not for unpacking it:
// nothing is ever written, no link is followed, nothing is run.
//
// The promise: what the walk shows is what every unpacker would see. Wherever
// two unpackers could come to different files (a name twice, a local header
// unlike the central one, bytes that only a streaming reader meets, a name that
// leaves the root) the walk stops with a *Refusal. The zip reader follows
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT and reads both
// views of the archive in one pass: the end record and central directory first,
// then the file from its first byte as a streaming reader would, and the two
// must agree. The tar reader follows POSIX pax
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html) and the
// GNU long name entries. Both are written here because archive/zip and
// archive/tar merge exactly the differences that have to be seen.
//
// Sizes, counts, depth and the ratio of unpacked to packed bytes are bounded by
// Limits; memory stays the same however large an entry is.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Format is a kind of archive.
type Format string

// The formats that can be walked.
const (
	Zip    Format = "zip"
	TarGz  Format = "tar.gz"
	TarBz2 Format = "tar.bz2"
)

// ErrFormat says that a file name belongs to no format that can be walked.
var ErrFormat = errors.New("not an archive format the gate reads")

// FormatOf tells the format by a file's name. A file whose bytes are of another
// format fails in Walk: installers go by the name too.
func FormatOf(fileName string) (Format, error) {
	name := strings.ToLower(fileName)
	for _, s := range []struct {
		suffix string
		format Format
	}{{".whl", Zip}, {".zip", Zip}, {".tar.gz", TarGz}, {".tgz", TarGz}, {".tar.bz2", TarBz2}} {
		if strings.HasSuffix(name, s.suffix) {
			return s.format, nil
		}
	}
	return "", fmt.Errorf("%w: %.80q", ErrFormat, fileName)
}

// Limits bound a walk. A zero field stands for its default.
type Limits struct {
	Entries    int   // entries in the archive
	Path       int   // bytes of one path
	Depth      int   // elements of one path
	Unpacked   int64 // bytes of all entries together, for tar the headers and padding too
	RatioFloor int64 // unpacked bytes up to which the ratio is not looked at
	Ratio      int64 // unpacked bytes for each packed one, above the floor
	Body       int   // bytes of an entry up to which Entry.Body is kept
	Head       int   // bytes of Entry.Head
}

// Defaults. The ratio alone would refuse honest tables (a constant CSV packs
// 1000 to 1), so it counts from half a gigabyte on; the largest wheels in use
// unpack to less than 3 GiB.
const (
	defaultEntries    = 100_000
	defaultPath       = 1024
	defaultDepth      = 64
	defaultUnpacked   = 4 << 30
	defaultRatioFloor = 512 << 20
	defaultRatio      = 100
	defaultBody       = 16 << 20
	defaultHead       = 64 << 10

	// mostNameBytes bounds the memory that names take, all together.
	mostNameBytes = 32 << 20
)

func (l Limits) withDefaults() Limits {
	l.Entries = orDefault(l.Entries, defaultEntries)
	l.Path = orDefault(l.Path, defaultPath)
	l.Depth = orDefault(l.Depth, defaultDepth)
	l.Unpacked = orDefault(l.Unpacked, defaultUnpacked)
	l.RatioFloor = orDefault(l.RatioFloor, defaultRatioFloor)
	l.Ratio = orDefault(l.Ratio, defaultRatio)
	l.Body = orDefault(l.Body, defaultBody)
	l.Head = orDefault(l.Head, defaultHead)
	return l
}

func orDefault[T int | int64](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// Entry is one file, directory or link of an archive. Its fields are those of
// scan.Entry in the same order, so that one converts to the other.
type Entry struct {
	Path   string // slash-separated, no leading or trailing slash, inside the root
	Mode   fs.FileMode
	Size   int64 // bytes
	SHA256 artifact.Digest
	Head   []byte // the first bytes, valid during the call only
	Body   []byte // the whole content, or nil when larger than Limits.Body; valid during the call only
	Link   string // target as written of a symbolic (Mode says so) or hard link, else ""
}

// Stats sums up a walk.
type Stats struct {
	Entries  int
	Unpacked int64 // bytes of all entries' content
	Odd      []Odd // at most mostOdd of them
}

// Odd is something unusual that no unpacker disagrees about.
type Odd struct {
	Entry string // "" for the archive as a whole
	Text  string
}

const mostOdd = 100

// Reason is a stable word for why an archive is refused.
type Reason string

// Reasons.
const (
	BadName     Reason = "name"      // leaves the root or reads differently elsewhere
	Duplicate   Reason = "duplicate" // the same path twice, or a file where a directory must be
	BadLink     Reason = "link"      // points outside, or a link where none can be
	Special     Reason = "special"   // device, fifo, sparse file or another kind of entry
	Mismatch    Reason = "mismatch"  // two descriptions of one entry differ
	Hidden      Reason = "hidden"    // bytes that belong to no entry
	Encrypted   Reason = "encrypted"
	Unsupported Reason = "unsupported" // a compression method or feature that some unpackers lack
	Bomb        Reason = "bomb"        // unpacks out of proportion
	TooLarge    Reason = "too-large"   // more than the limits allow, which an honest archive may be
)

// Refusal says that an archive's structure is one the gate does not let
// through. Any other error of Walk means that the archive could not be read.
type Refusal struct {
	Entry  string // as written in the archive; "" for the archive as a whole
	Reason Reason
	Text   string // one sentence without the entry's name
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Entry == "" {
		return "archive refused: " + r.Text
	}
	return fmt.Sprintf("archive refused: entry %.200q: %s", r.Entry, r.Text)
}

func refuse(entry string, why Reason, format string, args ...any) error {
	return &Refusal{Entry: entry, Reason: why, Text: fmt.Sprintf(format, args...)}
}

// Walk reads the whole archive of size bytes and calls fn for each entry in the
// order of their bytes. An error of fn ends the walk and comes back as it is; a
// *Refusal or another error of the walk may come after entries were shown, so
// nothing seen may be relied on before Walk returned nil. Reading is
// sequential but for a zip's end records.
func Walk(r io.ReaderAt, size int64, format Format, lim Limits, fn func(Entry) error) (Stats, error) {
	w := &walk{lim: lim.withDefaults(), packed: size, fn: fn, hash: sha256.New()}
	w.tree = newTree(w.lim)
	var err error
	switch format {
	case Zip:
		err = w.zip(r, size)
	case TarGz:
		err = w.tarGz(r, size)
	case TarBz2:
		err = w.tarBz2(r, size)
	default:
		err = fmt.Errorf("%w: %q", ErrFormat, format)
	}
	w.stats.Odd = append(w.stats.Odd, w.tree.odd...)
	if len(w.stats.Odd) > mostOdd {
		w.stats.Odd = w.stats.Odd[:mostOdd]
	}
	return w.stats, err
}

// walk is the state that both formats share.
type walk struct {
	lim    Limits
	packed int64 // bytes of the archive
	fn     func(Entry) error
	tree   *tree
	stats  Stats
	spent  int64 // bytes unpacked so far, by the budget's count
	hash   hash.Hash
	keep   []byte // reused for Head and Body
	drain  [64 << 10]byte
}

// spend takes n unpacked bytes from the budget.
func (w *walk) spend(n int64) error {
	if n < 0 || n > w.lim.Unpacked-w.spent {
		return refuse("", TooLarge, "it unpacks to more than %d bytes", w.lim.Unpacked)
	}
	w.spent += n
	if w.spent > w.lim.RatioFloor && w.spent/w.lim.Ratio > w.packed {
		return refuse("", Bomb, "it unpacks to more than %d times its size of %d bytes", w.lim.Ratio, w.packed)
	}
	return nil
}

func (w *walk) noteOdd(entry, format string, args ...any) {
	if len(w.stats.Odd) < mostOdd {
		w.stats.Odd = append(w.stats.Odd, Odd{entry, fmt.Sprintf(format, args...)})
	}
}

// file reads exactly e.Size bytes of content from r and shows the entry.
func (w *walk) file(e Entry, r io.Reader) error {
	want := e.Size
	if want > int64(w.lim.Body) {
		want = int64(min(w.lim.Head, w.lim.Body))
	}
	if int64(cap(w.keep)) < want {
		// Doubling keeps the garbage of ever larger entries below the last size.
		w.keep = make([]byte, min(int64(w.lim.Body), max(want, 2*int64(cap(w.keep)))))
	}
	kept := w.keep[:want]
	if _, err := io.ReadFull(r, kept); err != nil {
		return fmt.Errorf("reading %.200q: %w", e.Path, unexpected(err))
	}
	w.hash.Reset()
	w.hash.Write(kept)
	rest, err := io.CopyBuffer(onlyWriter{w.hash}, io.LimitReader(r, e.Size-want), w.drain[:])
	if err != nil {
		return fmt.Errorf("reading %.200q: %w", e.Path, unexpected(err))
	}
	if want+rest != e.Size {
		return fmt.Errorf("reading %.200q: %w", e.Path, io.ErrUnexpectedEOF)
	}
	var sum [sha256.Size]byte
	e.SHA256 = artifact.Digest(hex.EncodeToString(w.hash.Sum(sum[:0])))
	e.Head = kept[:min(len(kept), w.lim.Head)]
	if want == e.Size {
		e.Body = kept
	}
	w.stats.Unpacked += e.Size
	return w.show(e)
}

func (w *walk) show(e Entry) error {
	w.stats.Entries++
	return w.fn(e)
}

// onlyWriter hides every method but Write, so that io.CopyBuffer uses the
// buffer it is given.
type onlyWriter struct{ io.Writer }

// unexpected turns an end in the middle of something into what it is.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
