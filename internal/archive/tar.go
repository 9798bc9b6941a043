package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

const (
	block = 512
	// mostExtended bounds one pax or GNU long name record, bytes.
	mostExtended = 1 << 20
	// usualPadding is the record size that tar pads to, bytes; more zeros are odd.
	usualPadding = 20 * block
)

// sizes of read buffers, bytes: for a file, for an archive inside.
const (
	largeBuffer = 256 << 10
	smallBuffer = 32 << 10
)

func (w *walk) bufferSize() int {
	if w.level > 0 {
		return smallBuffer
	}
	return largeBuffer
}

func (w *walk) tarGz(r io.ReaderAt, size int64) error {
	g := w.gunzip(io.NewSectionReader(r, 0, size))
	if err := w.tar(g); err != nil {
		return err
	}
	if g.members > 1 {
		w.noteOdd("", "it is packed in %d gzip members", g.members)
	}
	if g.padded {
		w.noteOdd("", "zeros follow its gzip data")
	}
	return nil
}

func (w *walk) tarBz2(r io.ReaderAt, size int64) error {
	return w.tar(bzip2.NewReader(buffered(&w.packedBuf, io.NewSectionReader(r, 0, size), w.bufferSize())))
}

// gunzip begins to unpack gzip data.
func (w *walk) gunzip(src io.Reader) *gzipMembers {
	if w.members == nil {
		w.members = &gzipMembers{}
	}
	*w.members = gzipMembers{src: buffered(&w.packedBuf, src, w.bufferSize()), gz: w.members.gz, lenient: w.lenient}
	return w.members
}

// gzipMembers unpacks one gzip member after the other. Some readers (uv, cargo)
// stop after the first one, so what follows it may only be the zeros of a tar's
// end. Zeros after the last one are padding; anything else there is refused,
// because some readers stop silently and some fail.
type gzipMembers struct {
	src     *bufio.Reader
	gz      *gzip.Reader // kept for the next stream
	members int
	padded  bool
	lenient bool // what is in further members is read like the first
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	if g.members == 0 {
		if err := g.member(); err != nil {
			return 0, err
		}
	}
	n, err := g.gz.Read(p)
	if g.members > 1 && !g.lenient && strings.Trim(string(p[:n]), "\x00") != "" {
		return 0, refuse("", Hidden, "it goes on in a second gzip member, which some unpackers do not read")
	}
	if err != io.EOF {
		return n, err
	}
	if n > 0 {
		return n, nil
	}
	return 0, g.next()
}

func (g *gzipMembers) member() error {
	if g.gz == nil {
		gz, err := gzip.NewReader(g.src)
		if err != nil {
			return unexpected(err)
		}
		g.gz = gz
	} else if err := g.gz.Reset(g.src); err != nil {
		return unexpected(err)
	}
	g.gz.Multistream(false)
	g.members++
	return nil
}

// next begins the next member; io.EOF when there is none.
func (g *gzipMembers) next() error {
	head, err := g.src.Peek(2)
	if len(head) == 0 {
		return err
	}
	if string(head) != "\x1f\x8b" {
		return g.padding()
	}
	return g.member()
}

func (g *gzipMembers) padding() error {
	g.padded = true
	for {
		b, err := g.src.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return refuse("", Hidden, "bytes follow the end of its gzip data")
		}
	}
}

// budgeted counts what is unpacked, headers and padding included.
type budgeted struct {
	src io.Reader
	w   *walk
}

func (b budgeted) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	if over := b.w.spend(int64(n)); over != nil {
		return 0, over
	}
	return n, err
}

// tarStream is where the walk stands between two headers.
type tarStream struct {
	w   *walk
	src *bufio.Reader
	// What extended headers said about the entry to come. At most one way of
	// saying it is allowed: unpackers differ in which one wins.
	pax      map[string]string
	longName string
	longLink string
	files    map[string]bool // regular files so far, for hard links
	strays   bool            // a link that leaves the archive was told of
}

func (w *walk) tar(src io.Reader) error {
	return w.tarEntries(buffered(&w.plainBuf, budgeted{src, w}, 64<<10))
}

// tarEntries reads a tar whose bytes are counted already.
func (w *walk) tarEntries(src *bufio.Reader) error {
	t := &tarStream{w: w, src: src, files: map[string]bool{}}
	var h [block]byte
	for {
		switch _, err := io.ReadFull(t.src, h[:]); {
		case err == io.EOF:
			w.noteOdd("", "its end is not marked")
			return t.end()
		case err != nil:
			return fmt.Errorf("reading a tar header: %w", err)
		}
		if h == [block]byte{} {
			if err := t.onlyZeros(); err != nil {
				return err
			}
			return t.end()
		}
		if err := t.record(h[:]); err != nil {
			return err
		}
	}
}

// onlyZeros reads to the end: after the first zero block some unpackers stop
// and some read on.
func (t *tarStream) onlyZeros() error {
	var zeros, b [block]byte
	for total := block; ; {
		// Not io.ReadFull: it would give a cut-off stream and a short last block
		// the same error.
		n, err := t.src.Read(b[:])
		if !bytes.Equal(b[:n], zeros[:n]) {
			return refuse("", Hidden, "bytes follow its end mark")
		}
		total += n
		if err == io.EOF {
			if block < total && total < 2*block {
				return fmt.Errorf("reading after the tar's end: %w", io.ErrUnexpectedEOF)
			}
			if total > usualPadding {
				t.w.noteOdd("", "%d zero bytes follow its last entry", total)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading after the tar's end: %w", err)
		}
	}
}

func (t *tarStream) end() error {
	if t.pax != nil || t.longName != "" || t.longLink != "" {
		return refuse("", Mismatch, "an extended header at its end describes no entry")
	}
	return nil
}

// header is one 512-byte header with the extended ones applied.
type header struct {
	name, link string
	kind       byte
	size       int64
	mode       fs.FileMode
	special    bool // the mode has a set-user, set-group or sticky bit
}

// record reads one header and what belongs to it.
func (t *tarStream) record(b []byte) error {
	h, err := parseHeader(b)
	if err != nil {
		return err
	}
	switch h.kind {
	case 'x', 'g', 'L', 'K':
		return t.extended(h)
	}
	if err := t.apply(&h); err != nil {
		return err
	}
	return t.entry(h)
}

func parseHeader(b []byte) (header, error) {
	h := header{name: text(b[:100]), link: text(b[157:257]), kind: b[156]}
	if err := checkSum(b); err != nil {
		return h, err
	}
	size, err := octal(b[124:136])
	if err != nil {
		return h, refuse(h.name, Unsupported, "its size field is not a plain octal number")
	}
	mode, err := octal(b[100:108])
	if err != nil {
		return h, refuse(h.name, Unsupported, "its mode field is not a plain octal number")
	}
	h.size, h.mode, h.special = size, fs.FileMode(mode)&fs.ModePerm, mode&0o7000 != 0
	prefix := b[345:500]
	switch magic := string(b[257:265]); {
	case magic == "ustar\x0000":
		if p := text(prefix); p != "" {
			h.name = p + "/" + h.name
		}
	case len(bytes.Trim(prefix, "\x00")) != 0:
		// GNU and old tars keep times there, or nothing; some unpackers take it for
		// the front of the name whatever the format.
		return h, refuse(h.name, Mismatch, "it has a name prefix that only some unpackers read")
	}
	return h, nil
}

func checkSum(b []byte) error {
	want, err := octal(b[148:156])
	if err != nil {
		return fmt.Errorf("reading a tar header: checksum field %q", b[148:156])
	}
	sum := int64(8 * ' ')
	for i, c := range b {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	if sum != want {
		return fmt.Errorf("reading a tar header: checksum %o, want %o", sum, want)
	}
	return nil
}

// text is a field up to its first NUL.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// octal reads a number field: digits with spaces or NULs around them. The
// base-256 form is for sizes beyond every limit here.
func octal(b []byte) (int64, error) {
	s := strings.Trim(string(b), " \x00")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 8, 62)
	return int64(n), err
}

// extended reads a header that speaks about the next entry, or about all.
func (t *tarStream) extended(h header) error {
	if h.size > mostExtended {
		return refuse(h.name, TooLarge, "an extended header is larger than %d bytes", mostExtended)
	}
	body := make([]byte, h.size)
	if _, err := io.ReadFull(t.src, body); err != nil {
		return fmt.Errorf("reading an extended tar header: %w", unexpected(err))
	}
	if err := t.skipPadding(h.size); err != nil {
		return err
	}
	switch h.kind {
	case 'L':
		return setLong(&t.longName, body)
	case 'K':
		return setLong(&t.longLink, body)
	}
	records, err := parsePax(body)
	if err != nil {
		return err
	}
	if h.kind == 'g' {
		return checkGlobal(records)
	}
	if t.pax != nil {
		return refuse("", Mismatch, "two extended headers describe one entry")
	}
	t.pax = records
	return nil
}

func setLong(field *string, body []byte) error {
	s := string(bytes.TrimRight(body, "\x00"))
	if *field != "" || s == "" {
		return refuse(s, Mismatch, "two long names, or an empty one, describe one entry")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return refuse(s, BadName, "the name has a control character")
	}
	*field = s
	return nil
}

// parsePax reads "LENGTH KEY=VALUE\n" records.
func parsePax(b []byte) (map[string]string, error) {
	records := map[string]string{}
	for len(b) > 0 {
		digits, _, ok := bytes.Cut(b[:min(len(b), 8)], []byte(" "))
		n, err := strconv.ParseUint(string(digits), 10, 31)
		if !ok || err != nil || digits[0] == '0' || int(n) > len(b) || int(n) < len(digits)+3 || b[n-1] != '\n' {
			return nil, refuse("", Mismatch, "an extended header cannot be read in one way only")
		}
		key, value, ok := strings.Cut(string(b[len(digits)+1:n-1]), "=")
		if _, twice := records[key]; !ok || key == "" || twice {
			return nil, refuse("", Mismatch, "an extended header names %.80q twice or not at all", key)
		}
		records[key] = value
		b = b[n:]
	}
	return records, checkPax(records)
}

func checkPax(records map[string]string) error {
	for key, value := range records {
		switch {
		case strings.HasPrefix(key, "GNU.sparse."), key == "SCHILY.realsize", key == "SUN.holesdata":
			return refuse("", Special, "it holds a sparse file, whose content unpackers put together differently")
		case key == "hdrcharset" && value != "ISO-IR 10646 2000 UTF-8":
			return refuse("", Unsupported, "an extended header declares the character set %.40q", value)
		case (key == "path" || key == "linkpath") && (value == "" || strings.IndexByte(value, 0) >= 0):
			return refuse(value, BadName, "an extended header gives an empty name or one with a control character")
		}
	}
	return nil
}

// checkGlobal refuses global headers that change entries; a comment (git
// archive writes the commit) or times change none.
func checkGlobal(records map[string]string) error {
	for _, key := range []string{"path", "linkpath", "size", "hdrcharset"} {
		if _, ok := records[key]; ok {
			return refuse("", Mismatch, "a global header sets %s for all entries", key)
		}
	}
	return nil
}

// apply lets the extended headers speak about h and forgets them.
func (t *tarStream) apply(h *header) error {
	path, hasPath := t.pax["path"]
	target, hasTarget := t.pax["linkpath"]
	if (hasPath && t.longName != "") || (hasTarget && t.longLink != "") {
		return refuse(h.name, Mismatch, "it has a pax and a GNU long name")
	}
	if s, ok := t.pax["size"]; ok {
		// Readers that ignore it would take content for headers. Honest writers
		// need it from 8 GiB on only.
		if n, err := strconv.ParseInt(s, 10, 64); err != nil || n != h.size {
			return refuse(h.name, Mismatch, "its two headers give different sizes")
		}
	}
	h.name = firstOf(path, t.longName, h.name)
	h.link = firstOf(target, t.longLink, h.link)
	t.pax, t.longName, t.longLink = nil, "", ""
	return nil
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// entry checks and shows one entry that is in the tree.
func (t *tarStream) entry(h header) error {
	path := strings.TrimPrefix(h.name, "./")
	isDir := h.kind == '5'
	if isDir {
		path = strings.TrimSuffix(path, "/")
		if h.size == 0 && (path == "" || path == ".") {
			return nil // the root itself
		}
	}
	switch h.kind {
	case '0', 0, '5', '1', '2':
	case 'S':
		return refuse(h.name, Special, "it is a sparse file, whose content unpackers put together differently")
	case '3', '4', '6':
		return refuse(h.name, Special, "it is a device or pipe")
	default:
		return refuse(h.name, Special, "it is of kind %q, which unpackers treat differently", h.kind)
	}
	if h.size != 0 && (isDir || h.kind == '1' || h.kind == '2') {
		return refuse(h.name, Mismatch, "it is a folder or link with content")
	}
	if err := t.w.tree.add(path, tarKind(h.kind), true); err != nil {
		return err
	}
	e := Entry{Path: path, Mode: h.mode, Size: h.size}
	switch h.kind {
	case '5':
		e.Mode |= fs.ModeDir
		return t.w.show(e)
	case '1', '2':
		return t.link(e, h)
	}
	if h.link != "" {
		return refuse(h.name, Mismatch, "it is a file with a link target")
	}
	if h.special {
		t.w.noteOdd(e.Path, "its mode sets the user, the group or the sticky bit")
	}
	t.files[path] = true
	if err := t.w.file(e, t.src); err != nil {
		return err
	}
	return t.skipPadding(h.size)
}

func tarKind(k byte) kind {
	switch k {
	case '5':
		return dir
	case '2':
		return link
	}
	return file
}

// link checks where a link points. A hard link must name a file that came
// before it: its content is then known.
func (t *tarStream) link(e Entry, h header) error {
	e.Link = h.link
	if h.kind == '2' {
		e.Mode |= fs.ModeSymlink
		if err := t.stray(checkSymlink(e.Path, h.link)); err != nil {
			return err
		}
		t.w.noteOdd(e.Path, "it is a symbolic link inside the archive")
		return t.w.show(e)
	}
	target := strings.TrimPrefix(h.link, "./")
	if !t.files[target] {
		err := refuse(h.name, BadLink, "it is a hard link to %.100q, which is no file before it in the archive", h.link)
		if err := t.stray(err); err != nil {
			return err
		}
	}
	t.w.noteOdd(e.Path, "it is a hard link inside the archive")
	return t.w.show(e)
}

// stray lets a walk of an archive inside go on after a link that leaves it: the
// image of a system is full of them, and no link is followed here. The first of
// an archive is told.
func (t *tarStream) stray(err error) error {
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok || !t.w.lenient {
		return err
	}
	if t.strays {
		return nil
	}
	t.strays = true
	return t.w.unseen(t.w.archive, refusal.Entry, refusal.Reason, refusal.Text)
}

func (t *tarStream) skipPadding(size int64) error {
	pad := int((block - size%block) % block)
	if _, err := t.src.Discard(pad); err != nil {
		return fmt.Errorf("reading padding: %w", unexpected(err))
	}
	return nil
}
