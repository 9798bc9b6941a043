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
// Archives inside the archive are told by their bytes and opened to a depth
// (Limits.Nested). An installer leaves them packed, so what is wrong with one
// is told (Unseen) and does not refuse the outermost; a zip with something in
// front of it (a zipapp, an installer) is opened where real unpackers find it.
//
// Sizes, counts, depth and the ratio of unpacked to packed bytes are bounded by
// Limits; memory stays the same however large an entry is.
package archive

import (
	"bufio"
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
	Tar    Format = "tar"
	TarGz  Format = "tar.gz"
	TarBz2 Format = "tar.bz2"
	// Tgz is TarGz as npm packs it: its unpackers drop the first folder of every
	// name, whatever it is, so two names may not differ in that alone.
	Tgz Format = "tgz"
	// Gem is a tar whose data.tar.gz is what gets installed: that one is held to
	// what an outermost archive is held to.
	Gem Format = "gem"
)

// ErrFormat says that a file name belongs to no format that can be walked.
var ErrFormat = errors.New("not an archive format the gate reads")

// suffixes are the endings of file names, lower case, and what they promise.
var suffixes = []struct {
	suffix string
	format Format
}{
	{".whl", Zip}, {".zip", Zip}, {".egg", Zip}, {".jar", Zip}, {".war", Zip}, {".ear", Zip}, {".aar", Zip}, {".nupkg", Zip},
	{".tar.gz", TarGz}, {".tgz", Tgz}, {".crate", TarGz}, {".tar.bz2", TarBz2}, {".tar", Tar}, {".gem", Gem},
}

// FormatOf tells the format by a file's name. A file whose bytes are of another
// format fails in Walk: installers go by the name too.
func FormatOf(fileName string) (Format, error) {
	name := strings.ToLower(fileName)
	for _, s := range suffixes {
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

	// Nested is how many levels of archives inside are opened; none when zero (it
	// has no default). All of them together get Entries, Unpacked and Ratio once
	// more, apart from those of the outermost.
	Nested int
	// Held bounds the bytes that bodies of all levels take at once. An archive inside
	// that is larger than Body, or for which Held has no room, is opened only when
	// its format can be read as a stream.
	Held int
}

// UsualNested is the value of Limits.Nested for whoever scans.
const UsualNested = 3

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
	defaultHeld       = 24 << 20

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
	l.Held = max(orDefault(l.Held, defaultHeld), l.Body)
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
	Inside string // Path of the archive among the entries that this one lies in, "" for one of the outer archive
}

// Stats sums up a walk, archives inside included.
type Stats struct {
	Entries  int
	Unpacked int64    // bytes of all entries' content
	Odd      []Odd    // at most mostOdd of them, about the outermost archive only
	Unseen   []Unseen // archives inside that were not seen whole
	// MoreUnseen counts further ones of format Unread or TooLarge, of which Unseen
	// has at most mostUnseen. More of the others refuse the archive.
	MoreUnseen int
}

// Unseen is an archive inside that was not looked at, or not to its end. An
// installer leaves it packed, so what is wrong with it refuses nothing by itself.
type Unseen struct {
	Archive string // Path of the archive
	Entry   string // Path of the entry at fault, or Archive again
	Reason  Reason
	Text    string // one sentence without the entry's name
}

const mostUnseen = 1000

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

	// Of an Unseen only.
	Unreadable Reason = "unreadable" // broken
	Unread     Reason = "format"     // of a format that is not read here
	TooDeep    Reason = "depth"      // more archives around it than Limits.Nested
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
// order of their bytes; entries of an archive inside come next to it. An error
// of fn ends the walk and comes back as it is; a *Refusal or another error of
// the walk may come after entries were shown, so nothing seen may be relied on
// before Walk returned nil. Reading is sequential but for a zip's end records.
func Walk(r io.ReaderAt, size int64, format Format, lim Limits, fn func(Entry) error) (Stats, error) {
	c := &common{lim: lim.withDefaults(), packed: size, fn: fn}
	w := &walk{common: c, format: format, counts: &counts{}, body: c.lim.Body}
	w.begin()
	var err error
	switch format {
	case Zip:
		err = w.zip(r, size)
	case TarGz, Tgz:
		err = w.tarGz(r, size)
	case TarBz2:
		err = w.tarBz2(r, size)
	case Tar, Gem:
		err = w.tar(io.NewSectionReader(r, 0, size))
	default:
		err = fmt.Errorf("%w: %q", ErrFormat, format)
	}
	c.stats.Odd = append(c.stats.Odd, w.tree.odd...)
	if len(c.stats.Odd) > mostOdd {
		c.stats.Odd = c.stats.Odd[:mostOdd]
	}
	return c.stats, err
}

// common is what the walks of all levels share.
type common struct {
	lim    Limits
	packed int64 // bytes of the outermost archive
	fn     func(Entry) error
	failed error // what fn returned
	stats  Stats
	inner  counts // of all archives inside together
	held   int64  // bytes of the archives inside that are open, held in memory
	drain  [64 << 10]byte
}

// counts is what a budget was used for.
type counts struct {
	spent     int64 // bytes unpacked
	entries   int
	nameBytes int
}

// walk is the state that all formats share, of one archive at a time.
type walk struct {
	*common
	format  Format
	archive string // Path of the archive that is walked, "" for the outermost
	level   int    // how deep it lies
	lenient bool   // inside: nobody installs what it holds by itself
	body    int    // bytes of an entry that are kept whole
	counts  *counts
	tree    *tree
	hash    hash.Hash
	keep    []byte // reused for Head and Body
	child   *walk  // reused for archives inside

	// Reused from one archive to the next.
	packedBuf, plainBuf *bufio.Reader
	members             *gzipMembers
	zipStream           zipStream
}

// begin makes w ready for another archive.
func (w *walk) begin() {
	w.tree = newTree(w.lim, w.counts)
	w.tree.dropsRoot = w.format == Tgz
	if w.hash == nil {
		w.hash = sha256.New()
	}
}

// spend takes n unpacked bytes from the budget.
func (w *walk) spend(n int64) error {
	if n < 0 || n > w.lim.Unpacked-w.counts.spent {
		return refuse("", TooLarge, "it unpacks to more than %d bytes", w.lim.Unpacked)
	}
	w.counts.spent += n
	if w.counts.spent > w.lim.RatioFloor && w.counts.spent/w.lim.Ratio > w.packed {
		return refuse("", Bomb, "it unpacks to more than %d times its size of %d bytes", w.lim.Ratio, w.packed)
	}
	return nil
}

// buffered gives a reader of src, which *b keeps for the next time.
func buffered(b **bufio.Reader, src io.Reader, size int) *bufio.Reader {
	if *b == nil {
		*b = bufio.NewReaderSize(src, size)
	} else {
		(*b).Reset(src)
	}
	return *b
}

func (w *walk) noteOdd(entry, format string, args ...any) {
	if w.level == 0 && len(w.stats.Odd) < mostOdd {
		w.stats.Odd = append(w.stats.Odd, Odd{entry, fmt.Sprintf(format, args...)})
	}
}

// file reads exactly e.Size bytes of content from r and shows the entry. What
// is larger than is kept and can be read as a stream is shown after what lies
// in it, because only then its digest is known.
func (w *walk) file(e Entry, r io.Reader) error {
	want := e.Size
	if want > int64(w.body) {
		want = int64(min(w.lim.Head, w.body))
	}
	kept := w.reserve(int(want))
	if _, err := io.ReadFull(r, kept); err != nil {
		return fmt.Errorf("reading %.200q: %w", e.Path, unexpected(err))
	}
	w.hash.Reset()
	w.hash.Write(kept)
	e.Head = kept[:min(len(kept), w.lim.Head)]
	if want == e.Size {
		e.Body = kept
	} else if err := w.rest(e, io.LimitReader(r, e.Size-want), e.Size-want); err != nil {
		return err
	}
	return w.showFile(e)
}

// rest reads what is not kept of e: into the digest, and past who looks for an
// archive in it.
func (w *walk) rest(e Entry, r io.Reader, size int64) error {
	rest := &seenThrough{src: r, hash: w.hash}
	if err := w.insideStream(e, rest); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(io.Discard, onlyReader{rest}, w.drain[:]); err != nil {
		return fmt.Errorf("reading %.200q: %w", e.Path, unexpected(err))
	}
	if rest.n != size {
		return fmt.Errorf("reading %.200q: %w", e.Path, io.ErrUnexpectedEOF)
	}
	return w.tooLargeToOpen(e, rest.last[:])
}

// showFile shows a file whose content went through w.hash, and then what lies in it.
func (w *walk) showFile(e Entry) error {
	var sum [sha256.Size]byte
	e.SHA256 = artifact.Digest(hex.EncodeToString(w.hash.Sum(sum[:0])))
	w.stats.Unpacked += e.Size
	err := w.show(e)
	if err == nil && e.Body != nil {
		err = w.insideWhole(e)
	}
	if cap(w.keep) > smallKeep {
		w.keep = nil // one large library would take that room until the archive ends
	}
	return err
}

// reserve gives n bytes of the buffer for bodies. Doubling keeps the garbage of
// ever larger entries below the last size.
func (w *walk) reserve(n int) []byte {
	if cap(w.keep) < n {
		w.keep = make([]byte, min(w.body, max(n, 2*cap(w.keep))))
	}
	return w.keep[:n]
}

func (w *walk) show(e Entry) error {
	w.stats.Entries++
	if w.archive != "" {
		e.Path, e.Inside = inside(w.archive, e.Path), w.archive
	}
	w.failed = w.fn(e)
	return w.failed
}

// seenThrough hashes what is read of src and keeps the last bytes of it.
type seenThrough struct {
	src  io.Reader
	hash hash.Hash
	n    int64
	last [lenEnd]byte
}

func (s *seenThrough) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	if n >= len(s.last) {
		copy(s.last[:], p[n-len(s.last):n])
	} else {
		copy(s.last[:], s.last[n:])
		copy(s.last[len(s.last)-n:], p[:n])
	}
	return n, err
}

// onlyReader hides every method but Read, so that io.CopyBuffer uses the buffer
// it is given.
type onlyReader struct{ io.Reader }

// unexpected turns an end in the middle of something into what it is.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
