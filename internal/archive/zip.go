package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Signatures and sizes of a zip's records, APPNOTE 4.3.
const (
	sigLocal      = 0x04034b50
	sigDescriptor = 0x08074b50
	sigCentral    = 0x02014b50
	sigEnd        = 0x06054b50
	sigEnd64      = 0x06064b50
	sigLocator64  = 0x07064b50

	lenLocal     = 30
	lenCentral   = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20

	extraZip64   = 0x0001
	extraUnicode = 0x7075 // Info-ZIP Unicode path: a second name

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagUTF8       = 1 << 11
	flagsEncrypted = flagEncrypted | 1<<6 | 1<<13
	flagsKnown     = flagDescriptor | flagUTF8 | 1<<1 | 1<<2 // 1 and 2 are the compressor's level

	methodStore   = 0
	methodDeflate = 8

	// mostDirectory bounds the central directory, bytes.
	mostDirectory = 128 << 20
)

var le = binary.LittleEndian

// member is what the central directory says about one entry.
type member struct {
	name             string
	path             string // as it is shown
	flags, method    uint16
	crc              uint32
	packed, unpacked uint64
	offset           uint64
	mode             fs.FileMode
}

func (w *walk) zip(r io.ReaderAt, size int64) error { return w.zipFrom(r, size, false) }

// zipFrom reads a zip. prefixed says that bytes before its first entry are
// somebody else's: the beginning of a script or program.
func (w *walk) zipFrom(r io.ReaderAt, size int64, prefixed bool) error {
	end, err := readEnd(r, size)
	if err != nil {
		return err
	}
	members, err := w.readDirectory(r, end)
	if err != nil {
		return err
	}
	slices.SortStableFunc(members, func(a, b member) int {
		switch {
		case a.offset < b.offset:
			return -1
		case a.offset > b.offset:
			return 1
		}
		return 0
	})
	var from uint64
	if prefixed && len(members) > 0 {
		from = min(members[0].offset, end.offset)
	}
	z := &w.zipStream
	z.src, z.at = buffered(&w.packedBuf, io.NewSectionReader(r, int64(from), int64(end.offset-from)), w.bufferSize()), from
	for i, m := range members {
		next := end.offset
		if i+1 < len(members) {
			next = members[i+1].offset
		}
		if err := w.zipMember(z, m, next); err != nil {
			return err
		}
	}
	if z.at != end.offset {
		return refuse("", Hidden, "%d bytes before the central directory belong to no entry", end.offset-z.at)
	}
	return nil
}

// zipEnd is what the end records say.
type zipEnd struct {
	offset, size, count uint64 // of the central directory
}

// readEnd finds the end records. They must be the last bytes of the file and
// the directory must end where they begin: a reader that looks for the last
// signature and one that follows the offsets then see the same directory.
func readEnd(r io.ReaderAt, size int64) (zipEnd, error) {
	tail := make([]byte, min(size, lenEnd+math.MaxUint16+lenEnd64+lenLocator64))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return zipEnd{}, fmt.Errorf("reading the end of the zip: %w", err)
	}
	at := -1
	for i := len(tail) - lenEnd; i >= 0; i-- {
		if le.Uint32(tail[i:]) == sigEnd {
			at = i
			break
		}
	}
	if at < 0 {
		return zipEnd{}, fmt.Errorf("reading the end of the zip: no end record; this is not a zip")
	}
	rec := tail[at:]
	if lenEnd+int(le.Uint16(rec[20:])) != len(rec) {
		return zipEnd{}, refuse("", Hidden, "there are bytes after its end, or two end records")
	}
	if le.Uint16(rec[4:]) != 0 || le.Uint16(rec[6:]) != 0 || le.Uint16(rec[8:]) != le.Uint16(rec[10:]) {
		return zipEnd{}, refuse("", Unsupported, "it is one part of several")
	}
	e := zipEnd{count: uint64(le.Uint16(rec[10:])), size: uint64(le.Uint32(rec[12:])), offset: uint64(le.Uint32(rec[16:]))}
	endAt := uint64(size) - uint64(len(rec))
	if at >= lenLocator64 && le.Uint32(tail[at-lenLocator64:]) == sigLocator64 {
		var err error
		if e, endAt, err = readEnd64(tail[:at], endAt, e); err != nil {
			return zipEnd{}, err
		}
	} else if e.count == math.MaxUint16 || e.size == math.MaxUint32 || e.offset == math.MaxUint32 {
		return zipEnd{}, refuse("", Mismatch, "its end record asks for zip64 and there is none")
	}
	if e.size > mostDirectory {
		return zipEnd{}, refuse("", TooLarge, "its central directory is larger than %d bytes", mostDirectory)
	}
	if e.offset > endAt || e.offset+e.size != endAt {
		return zipEnd{}, refuse("", Hidden, "its central directory does not end where the end record begins")
	}
	return e, nil
}

// readEnd64 reads the zip64 end record and its locator, the last bytes of tail.
// endAt is where tail ends in the file; where the record begins comes back.
func readEnd64(tail []byte, endAt uint64, small zipEnd) (zipEnd, uint64, error) {
	if len(tail) < lenLocator64+lenEnd64 {
		return zipEnd{}, 0, refuse("", Mismatch, "its zip64 end record is missing")
	}
	locator, rec := tail[len(tail)-lenLocator64:], tail[len(tail)-lenLocator64-lenEnd64:]
	at := endAt - lenLocator64 - lenEnd64
	if le.Uint32(locator[4:]) != 0 || le.Uint64(locator[8:]) != at || le.Uint32(locator[16:]) > 1 ||
		le.Uint32(rec) != sigEnd64 || le.Uint64(rec[4:]) != lenEnd64-12 {
		return zipEnd{}, 0, refuse("", Mismatch, "its zip64 end record is not where the locator says")
	}
	if le.Uint32(rec[16:]) != 0 || le.Uint32(rec[20:]) != 0 || le.Uint64(rec[24:]) != le.Uint64(rec[32:]) {
		return zipEnd{}, 0, refuse("", Unsupported, "it is one part of several")
	}
	e := zipEnd{count: le.Uint64(rec[32:]), size: le.Uint64(rec[40:]), offset: le.Uint64(rec[48:])}
	if (small.count != math.MaxUint16 && small.count != e.count) || (small.size != math.MaxUint32 && small.size != e.size) ||
		(small.offset != math.MaxUint32 && small.offset != e.offset) {
		return zipEnd{}, 0, refuse("", Mismatch, "its two end records differ")
	}
	if e.offset > math.MaxInt64 {
		return zipEnd{}, 0, refuse("", Mismatch, "its central directory lies beyond its end")
	}
	return e, at, nil
}

// readDirectory reads the whole central directory and enters every name in the
// tree, so that no byte is unpacked of an archive with a bad name.
func (w *walk) readDirectory(r io.ReaderAt, end zipEnd) ([]member, error) {
	src := bufio.NewReaderSize(io.NewSectionReader(r, int64(end.offset), int64(end.size)), 64<<10)
	members := make([]member, 0, min(end.count, end.size/lenCentral, uint64(w.lim.Entries)))
	var total uint64
	for left := end.size; left > 0; {
		m, used, err := readCentral(src, left, w.lenient)
		if err != nil {
			return nil, err
		}
		left -= used
		m.path = strings.TrimSuffix(m.name, "/")
		if w.lenient {
			m.path = legible(m.path)
		}
		if err := w.tree.add(m.path, kindOf(m.mode), w.lenient); err != nil {
			return nil, err
		}
		if total += m.unpacked; m.unpacked > math.MaxInt64 || total > math.MaxInt64 {
			return nil, refuse(m.name, TooLarge, "its size is impossible")
		}
		members = append(members, m)
	}
	if uint64(len(members)) != end.count {
		return nil, refuse("", Mismatch, "its end record counts %d entries and the central directory has %d", end.count, len(members))
	}
	// Asked before anything is unpacked: the sizes are held to exactly below.
	return members, w.spend(int64(total))
}

func kindOf(mode fs.FileMode) kind {
	if mode.IsDir() {
		return dir
	}
	return file
}

func readCentral(src *bufio.Reader, left uint64, lenient bool) (m member, used uint64, err error) {
	var fixed [lenCentral]byte
	if left < lenCentral {
		return m, 0, refuse("", Hidden, "%d bytes of its central directory belong to no entry", left)
	}
	if _, err := io.ReadFull(src, fixed[:]); err != nil {
		return m, 0, fmt.Errorf("reading the central directory: %w", unexpected(err))
	}
	h := fixed[:]
	if le.Uint32(h) != sigCentral {
		return m, 0, refuse("", Hidden, "its central directory holds something that is no entry")
	}
	nameLen, extraLen, commentLen := int(le.Uint16(h[28:])), int(le.Uint16(h[30:])), int(le.Uint16(h[32:]))
	used = uint64(lenCentral + nameLen + extraLen + commentLen)
	if used > left {
		return m, 0, refuse("", Mismatch, "an entry of its central directory goes beyond its end")
	}
	rest := make([]byte, nameLen+extraLen+commentLen)
	if _, err := io.ReadFull(src, rest); err != nil {
		return m, 0, fmt.Errorf("reading the central directory: %w", unexpected(err))
	}
	m = member{
		name: string(rest[:nameLen]), flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), crc: le.Uint32(h[16:]),
		packed: uint64(le.Uint32(h[20:])), unpacked: uint64(le.Uint32(h[24:])), offset: uint64(le.Uint32(h[42:])),
	}
	if le.Uint16(h[34:]) != 0 {
		return m, 0, refuse(m.name, Unsupported, "it lies on another disk")
	}
	x, err := readExtra(m.name, rest[nameLen:nameLen+extraLen])
	if err != nil {
		return m, 0, err
	}
	if err := x.resolve(m.name, &m.unpacked, &m.packed, &m.offset); err != nil {
		return m, 0, err
	}
	if err := m.check(lenient); err != nil {
		return m, 0, err
	}
	m.mode, err = modeOf(m.name, h[5], le.Uint32(h[38:]))
	if err == nil && m.mode.IsDir() && m.unpacked != 0 {
		err = refuse(m.name, Mismatch, "it is a folder with content")
	}
	return m, used, err
}

// check refuses what some unpackers cannot read or read differently. lenient
// spares names in an encoding that only their writer knew.
func (m member) check(lenient bool) error {
	switch {
	case m.flags&flagsEncrypted != 0:
		return refuse(m.name, Encrypted, "it is encrypted")
	case m.flags&^uint16(flagsKnown) != 0:
		return refuse(m.name, Unsupported, "it uses zip flags %#04x that unpackers do not agree on", m.flags&^uint16(flagsKnown))
	case m.method != methodStore && m.method != methodDeflate:
		return refuse(m.name, Unsupported, "it is packed with method %d; only stored and deflated are read", m.method)
	case m.method == methodStore && m.packed != m.unpacked:
		return refuse(m.name, Mismatch, "it is stored and its two sizes differ")
	case m.flags&flagUTF8 == 0 && !lenient && strings.IndexFunc(m.name, func(r rune) bool { return r >= 0x80 }) >= 0:
		return refuse(m.name, BadName, "the name is not ASCII and its encoding is not declared")
	}
	return nil
}

// modeOf reads a central header's attributes. Directories are told by their
// name, as every unpacker does; attributes that say otherwise are refused, and
// so are links: Python writes their target as a file's text, others link.
func modeOf(name string, madeBy byte, attributes uint32) (fs.FileMode, error) {
	const fat, unix, darwin, folder = 0, 3, 19, 1 << 4
	isDir := strings.HasSuffix(name, "/")
	perm := fs.FileMode(0o644)
	switch {
	case attributes>>28 == 0o12:
		// Whatever system it says it was made on: Info-ZIP believes the bits of a
		// Unix mode on DOS too.
		return 0, refuse(name, BadLink, "it is a symbolic link, which zip unpackers treat differently")
	case madeBy == fat && attributes&folder != 0 && !isDir:
		return 0, refuse(name, Mismatch, "its name and its attributes disagree on whether it is a folder")
	}
	const unset = 0xffff // what plexus-archiver writes for folders
	if (madeBy == unix || madeBy == darwin) && attributes>>16 != unset {
		perm = fs.FileMode(attributes>>16) & fs.ModePerm
		switch kind := attributes >> 28; {
		case kind == 0, kind == 0o04 && isDir, kind == 0o10 && !isDir:
		case kind == 0o04, kind == 0o10:
			return 0, refuse(name, Mismatch, "its name and its attributes disagree on whether it is a folder")
		default:
			return 0, refuse(name, Special, "it is a device, pipe or socket")
		}
	}
	if isDir {
		return fs.ModeDir | perm, nil
	}
	return perm, nil
}

// extra holds what matters of an extra field.
type extra struct {
	has64  bool
	size64 []byte
}

func readExtra(name string, b []byte) (x extra, err error) {
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if n > len(b)-4 {
			return x, refuse(name, Mismatch, "its extra field goes beyond its end")
		}
		data := b[4 : 4+n]
		b = b[4+n:]
		switch id {
		case extraZip64:
			if x.has64 {
				return x, refuse(name, Mismatch, "it has two zip64 fields")
			}
			x = extra{has64: true, size64: data}
		case extraUnicode:
			if len(data) < 5 || string(data[5:]) != name {
				return x, refuse(name, Mismatch, "it has a second, different name")
			}
		}
	}
	// Up to three bytes too short for a field are padding that tools such as
	// zipalign leave; no reader takes anything from them.
	return x, nil
}

// resolve takes the 64-bit values for fields that say so (all ones), in the
// order of the zip64 field. Values given beside a field that fits must repeat it.
func (x extra) resolve(name string, fields ...*uint64) error {
	b := x.size64
	for _, f := range fields {
		wide := *f == math.MaxUint32
		switch {
		case wide && len(b) < 8:
			return refuse(name, Mismatch, "it asks for a zip64 field that is not there")
		case wide:
			*f, b = le.Uint64(b), b[8:]
		case x.spare(fields, len(b)):
			if le.Uint64(b) != *f {
				return refuse(name, Mismatch, "its zip64 field and its header differ")
			}
			b = b[8:]
		}
	}
	if len(b) != 0 && len(b) != 4 { // 4: a disk number, which must be there or not, and says nothing
		return refuse(name, Mismatch, "its zip64 field has the wrong length")
	}
	return nil
}

// spare says whether the zip64 field holds values for fields that fit as well,
// with left bytes not yet read.
func (x extra) spare(fields []*uint64, left int) bool {
	needed := 0
	for _, f := range fields {
		if *f == math.MaxUint32 {
			needed++
		}
	}
	return left >= 8 && len(x.size64) >= 8*(needed+1)
}

// zipStream is the archive read from its first byte on.
type zipStream struct {
	src     *bufio.Reader
	at      uint64 // bytes read so far
	entry   *bufio.Reader
	inflate io.ReadCloser
}

func (z *zipStream) read(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(z.src, b); err != nil {
		return nil, unexpected(err)
	}
	z.at += uint64(n)
	return b, nil
}

// zipMember reads the next local entry, which must be m, and must end where
// next begins.
func (w *walk) zipMember(z *zipStream, m member, next uint64) error {
	switch {
	case m.offset > z.at:
		return refuse(m.name, Hidden, "%d bytes before it belong to no entry", m.offset-z.at)
	case m.offset < z.at:
		return refuse(m.name, Hidden, "it overlaps another entry")
	case next < m.offset || m.packed > next-m.offset:
		return refuse(m.name, Hidden, "it goes beyond the next entry's beginning")
	}
	wide, later, err := z.localHeader(m)
	if err != nil {
		return err
	}
	if m.packed > next-min(next, z.at) {
		return refuse(m.name, Hidden, "it goes beyond the next entry's beginning")
	}
	// A streaming reader of a stored entry whose size comes later looks for the
	// descriptor's signature: the content must not show it one.
	search := later && m.method == methodStore && !w.lenient
	if err := w.zipContent(z, m, search); err != nil {
		return err
	}
	z.at += m.packed
	if m.flags&flagDescriptor == 0 {
		return nil
	}
	return z.descriptor(m, next, wide)
}

// localHeader reads a local header and compares it with the central one. wide
// says that it has a zip64 field, whose descriptor then has 64-bit sizes; later
// that it leaves the sizes to the descriptor.
func (z *zipStream) localHeader(m member) (wide, later bool, err error) {
	h, err := z.read(lenLocal)
	if err != nil {
		return false, false, fmt.Errorf("reading the local header of %.200q: %w", m.name, err)
	}
	if le.Uint32(h) != sigLocal {
		return false, false, refuse(m.name, Mismatch, "the central directory points to something that is no entry")
	}
	rest, err := z.read(int(le.Uint16(h[26:])) + int(le.Uint16(h[28:])))
	if err != nil {
		return false, false, fmt.Errorf("reading the local header of %.200q: %w", m.name, err)
	}
	nameLen := int(le.Uint16(h[26:]))
	if string(rest[:nameLen]) != m.name {
		return false, false, refuse(m.name, Mismatch, "its local header names it %.100q", rest[:nameLen])
	}
	if le.Uint16(h[6:]) != m.flags || le.Uint16(h[8:]) != m.method {
		return false, false, refuse(m.name, Mismatch, "its local and central headers differ in flags or method")
	}
	x, err := readExtra(m.name, rest[nameLen:])
	if err != nil {
		return false, false, err
	}
	crc, packed, unpacked := le.Uint32(h[14:]), uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if x.has64 {
		if err := x.resolveLocal(m, &unpacked, &packed); err != nil {
			return false, false, err
		}
	}
	later = m.flags&flagDescriptor != 0 && crc == 0 && packed == 0 && unpacked == 0
	if !later && (crc != m.crc || packed != m.packed || unpacked != m.unpacked) {
		return false, false, refuse(m.name, Mismatch, "its local and central headers differ in size or checksum")
	}
	return x.has64, later, nil
}

// resolveLocal reads a local zip64 field, which always has both sizes.
func (x extra) resolveLocal(m member, unpacked, packed *uint64) error {
	if len(x.size64) != 16 {
		return refuse(m.name, Mismatch, "its local zip64 field has the wrong length")
	}
	for i, f := range []*uint64{unpacked, packed} {
		v := le.Uint64(x.size64[8*i:])
		if *f != math.MaxUint32 && *f != v {
			return refuse(m.name, Mismatch, "its zip64 field and its header differ")
		}
		*f = v
	}
	return nil
}

// zipContent unpacks and shows one entry. The deflate stream must use all its
// bytes, give exactly the promised ones, and match the checksum.
func (w *walk) zipContent(z *zipStream, m member, search bool) error {
	packed := io.LimitReader(z.src, int64(m.packed))
	var content io.Reader = packed
	if m.method == methodDeflate {
		content = z.inflater(packed)
	}
	watch := &descriptorWatch{src: content}
	if search {
		content = watch
	}
	sum := crc32.NewIEEE()
	e := Entry{Path: m.path, Mode: m.mode, Size: int64(m.unpacked)}
	show := func() error { return w.file(e, io.TeeReader(content, sum)) }
	if m.mode.IsDir() {
		show = func() error { return w.show(e) }
	}
	if err := show(); err != nil {
		return err
	}
	if watch.found {
		return refuse(m.name, Mismatch, "it holds what a streaming reader takes for its end")
	}
	return z.endOf(m, content, packed, sum.Sum32())
}

// descriptorWatch looks for a data descriptor's signature in what is read.
type descriptorWatch struct {
	src   io.Reader
	last  uint32 // the last four bytes
	found bool
}

func (d *descriptorWatch) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	for _, b := range p[:n] {
		d.last = d.last>>8 | uint32(b)<<24
		d.found = d.found || d.last == sigDescriptor
	}
	return n, err
}

func (z *zipStream) inflater(packed io.Reader) io.Reader {
	if z.entry == nil {
		z.entry = bufio.NewReaderSize(packed, 32<<10)
		z.inflate = flate.NewReader(z.entry)
		return z.inflate
	}
	z.entry.Reset(packed)
	if err := z.inflate.(flate.Resetter).Reset(z.entry, nil); err != nil {
		panic(err) // documented to fail on a bad dictionary only
	}
	return z.inflate
}

// endOf checks that an entry's content ends where it was said to.
func (z *zipStream) endOf(m member, content, packed io.Reader, sum uint32) error {
	var one [1]byte
	if n, err := io.ReadFull(content, one[:]); n != 0 {
		return refuse(m.name, Mismatch, "it unpacks to more than the %d bytes it declares", m.unpacked)
	} else if err != io.EOF {
		return fmt.Errorf("reading %.200q: %w", m.name, err)
	}
	left := io.Reader(packed)
	if m.method == methodDeflate {
		left = z.entry
	}
	if n, _ := io.ReadFull(left, one[:]); n != 0 {
		return refuse(m.name, Hidden, "bytes follow the end of its packed content")
	}
	if sum != m.crc {
		return fmt.Errorf("reading %.200q: checksum %08x, the archive says %08x", m.name, sum, m.crc)
	}
	return nil
}

// descriptor reads the data descriptor between an entry and next: with or
// without its signature, with 32-bit or 64-bit sizes.
func (z *zipStream) descriptor(m member, next uint64, wide bool) error {
	n := next - min(next, z.at)
	// A streaming reader tells the width by the local zip64 field; a writer that
	// met a huge entry unawares can only give the wide form without one.
	huge := m.packed > math.MaxUint32 || m.unpacked > math.MaxUint32
	if narrow := n == 12 || n == 16; narrow == (wide || huge) || (!narrow && n != 20 && n != 24) {
		return refuse(m.name, Hidden, "%d bytes after it are not its data descriptor", n)
	}
	d, err := z.read(int(n))
	if err != nil {
		return fmt.Errorf("reading the data descriptor of %.200q: %w", m.name, err)
	}
	if n == 16 || n == 24 {
		if le.Uint32(d) != sigDescriptor {
			return refuse(m.name, Mismatch, "its data descriptor has no signature where one must be")
		}
		d = d[4:]
	}
	want := le.AppendUint32(nil, m.crc)
	if len(d) == 12 {
		want = le.AppendUint32(le.AppendUint32(want, uint32(m.packed)), uint32(m.unpacked))
	} else {
		want = le.AppendUint64(le.AppendUint64(want, m.packed), m.unpacked)
	}
	if !bytes.Equal(d, want) {
		return refuse(m.name, Mismatch, "its data descriptor and its central header differ")
	}
	return nil
}
