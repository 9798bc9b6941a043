package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// packing is what bytes begin like.
type packing uint8

const (
	plain packing = iota
	zipped
	tarred
	gzipPacked
	bzip2Packed
	unread // an archive of a format that is not read here
)

// unreadFormats are archives that are told and not opened, by their first bytes.
var unreadFormats = []struct{ magic, name string }{
	{"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!\x1a\x07", "rar"},
	{"MSCF\x00\x00\x00\x00", "cabinet"}, {"LZIP\x01", "lzip"},
}

// emptyZip is how a zip without entries begins: with an end record of zeros.
var emptyZip = append([]byte("PK\x05\x06"), make([]byte, 16)...)

// packingOf tells an archive by its first bytes; for unread the format's name too.
func packingOf(head []byte) (packing, string) {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, emptyZip):
		return zipped, ""
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return gzipPacked, ""
	case len(head) >= 10 && string(head[:3]) == "BZh" && '1' <= head[3] && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return bzip2Packed, ""
	case isTar(head):
		return tarred, ""
	}
	for _, f := range unreadFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return unread, f.name
		}
	}
	return plain, ""
}

// isTar goes by the checksum, which all tars have, marked as such or not.
func isTar(head []byte) bool {
	return len(head) >= block && head[0] != 0 && len(bytes.Trim(head[148:156], " \x00")) > 0 && checkSum(head[:block]) == nil
}

// insideWhole looks into a file that is in memory.
func (w *walk) insideWhole(e Entry) error {
	if w.lim.Nested == 0 || e.Link != "" {
		return nil
	}
	p, name := packingOf(e.Body)
	from, to, prefixed := 0, len(e.Body), false
	if p == plain || p == unread {
		// Real unpackers look for a zip from its end, whatever stands before it.
		if from, to, prefixed = zipWithin(e.Body); to > 0 {
			p = zipped
		}
	}
	if p == plain {
		return nil
	}
	if p == unread {
		return w.unseen(inside(w.archive, e.Path), "", Unread, "it is packed as "+name+", which is not opened")
	}
	return w.descend(e, len(e.Body), func(c *walk) error {
		if p == zipped {
			return c.zipFrom(bytes.NewReader(e.Body[from:to]), int64(to-from), prefixed)
		}
		return c.stream(p, nameInside(e.Path), bytes.NewReader(e.Body))
	})
}

// insideStream looks into a file of which only the head is in memory, when its
// format needs no more; r is the rest.
func (w *walk) insideStream(e Entry, r io.Reader) error {
	p, _ := packingOf(e.Head)
	if w.lim.Nested == 0 || (p != tarred && p != gzipPacked && p != bzip2Packed) {
		return nil
	}
	return w.descend(e, 0, func(c *walk) error {
		return c.stream(p, nameInside(e.Path), io.MultiReader(bytes.NewReader(e.Head), r))
	})
}

// tooLargeToOpen tells of a file that was read past and cannot be looked into
// without having all of it; last are its last bytes.
func (w *walk) tooLargeToOpen(e Entry, last []byte) error {
	p, name := packingOf(e.Head)
	switch {
	case w.lim.Nested == 0:
		return nil
	case p == unread:
		return w.unseen(inside(w.archive, e.Path), "", Unread, "it is packed as "+name+", which is not opened")
	case p == zipped, le.Uint32(last) == sigEnd && le.Uint16(last[20:]) == 0:
		return w.unseen(inside(w.archive, e.Path), "", TooLarge, fmt.Sprintf("it has %d bytes and was not opened; what is opened is kept in memory and has at most %d", e.Size, w.body))
	}
	return nil
}

// nameInside is what a lone packed file is called without its packing.
func nameInside(outer string) string {
	base := path.Base(outer)
	for _, suffix := range []string{".gz", ".bz2"} {
		if name := strings.TrimSuffix(base, suffix); name != base && name != "" {
			return name
		}
	}
	return "content"
}

// descend lets read walk the archive e, of which held bytes are in memory. What
// is wrong with the archive is noted; only an error of fn, or of the walk as a
// whole, comes back.
func (w *walk) descend(e Entry, held int, read func(*walk) error) error {
	at, payload := inside(w.archive, e.Path), w.format == Gem && e.Path == "data.tar.gz"
	if w.level >= w.lim.Nested {
		return w.unseen(at, "", TooDeep, fmt.Sprintf("archives are opened to a depth of %d", w.lim.Nested))
	}
	room := int64(w.lim.Held) - w.held - int64(held)
	if room < int64(w.lim.Head) {
		return w.unseen(at, "", TooLarge, "the archives around it leave no room to open it")
	}
	if w.child == nil {
		w.child = &walk{common: w.common, level: w.level + 1, counts: &w.inner}
	}
	c := w.child
	c.archive, c.lenient, c.body = at, !payload, int(min(int64(w.lim.Body), room))
	c.begin()
	w.held += int64(held)
	err := read(c)
	w.held -= int64(held)
	if cap(c.keep) > smallKeep {
		c.keep = nil
	}
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case err == nil, w.failed != nil:
		return w.failed
	case payload && refused:
		return refuse(inside(at, refusal.Entry), refusal.Reason, "%s", refusal.Text)
	case payload:
		return fmt.Errorf("reading %s: %w", at, err)
	case refused:
		return w.unseen(at, refusal.Entry, refusal.Reason, refusal.Text)
	}
	return w.unseen(at, "", Unreadable, err.Error())
}

// smallKeep is how large a buffer for bodies is kept for what comes next, bytes.
const smallKeep = 1 << 20

// unseen notes that the archive at path was not looked at to its end; an entry
// of it may be at fault.
func (w *walk) unseen(at, entry string, why Reason, text string) error {
	switch full := len(w.stats.Unseen) >= mostUnseen; {
	case full && (why == Unread || why == TooLarge):
		w.stats.MoreUnseen++
		return nil
	case full:
		return refuse("", TooLarge, "more than %d archives inside it could not be opened", mostUnseen)
	}
	w.stats.Unseen = append(w.stats.Unseen, Unseen{Archive: at, Entry: inside(at, entry), Reason: why, Text: text})
	return nil
}

// inside is the path of an entry of the archive at path, or of that itself.
func inside(archive, entry string) string {
	if archive == "" || entry == "" {
		return archive + entry
	}
	return archive + "!" + entry
}

// stream reads what needs no seeking: a tar, packed or not, or a lone packed
// file, which is shown under name.
func (w *walk) stream(p packing, name string, src io.Reader) error {
	switch p {
	case gzipPacked:
		src = w.gunzip(src)
	case bzip2Packed:
		src = bzip2.NewReader(buffered(&w.packedBuf, src, w.bufferSize()))
	}
	b := buffered(&w.plainBuf, budgeted{src, w}, smallBuffer)
	head, err := b.Peek(block)
	if err != nil && err != io.EOF {
		return err
	}
	if isTar(head) {
		return w.tarEntries(b)
	}
	return w.lone(name, b)
}

// lone shows the one file of a stream, whose size only its end tells.
func (w *walk) lone(name string, r *bufio.Reader) error {
	if err := w.tree.add(name, file, false); err != nil {
		return err
	}
	w.hash.Reset()
	e := Entry{Path: name, Mode: 0o644}
	n, err := w.fill(r)
	if err != nil {
		return err
	}
	e.Size, e.Body = int64(n), w.keep[:n]
	e.Head = e.Body[:min(n, w.lim.Head)]
	w.hash.Write(e.Body)
	if _, err := r.Peek(1); err == nil {
		e.Body = nil
		rest := &seenThrough{src: r, hash: w.hash}
		if _, err := io.CopyBuffer(io.Discard, onlyReader{rest}, w.drain[:]); err != nil {
			return err
		}
		e.Size += rest.n
		if err := w.tooLargeToOpen(e, rest.last[:]); err != nil {
			return err
		}
	} else if err != io.EOF {
		return err
	}
	return w.showFile(e)
}

// fill reads into the buffer for bodies until it is as large as bodies get or r
// ends.
func (w *walk) fill(r io.Reader) (n int, err error) {
	for n < w.body {
		if n == cap(w.keep) {
			bigger := make([]byte, min(w.body, max(64<<10, 2*n)))
			copy(bigger, w.keep[:n])
			w.keep = bigger
		}
		m, err := r.Read(w.keep[n:min(cap(w.keep), w.body)])
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

var endMark = []byte("PK\x05\x06")

// zipWithin finds a zip that does not begin where b does, as Python, Java and
// Info-ZIP do: from the end record back. Its directory must stand right before
// the end record. The zip is b[from:to]; to is 0 when there is none. prefixed
// says that its offsets count from the beginning of b.
func zipWithin(b []byte) (from, to int, prefixed bool) {
	first := max(0, len(b)-lenEnd-math.MaxUint16)
	if !bytes.Contains(b[first:], endMark) { // much faster than LastIndex, and the rule
		return 0, 0, false
	}
	for i := len(b) - lenEnd; i >= first; i-- {
		if i = first + bytes.LastIndex(b[first:i+4], endMark); i < first {
			break
		}
		size, offset, endAt := uint64(le.Uint32(b[i+12:])), uint64(le.Uint32(b[i+16:])), i
		if at := i - lenLocator64 - lenEnd64; at >= 0 && le.Uint32(b[i-lenLocator64:]) == sigLocator64 && le.Uint32(b[at:]) == sigEnd64 {
			size, offset, endAt = le.Uint64(b[at+40:]), le.Uint64(b[at+48:]), at
		}
		if size < lenCentral || size > uint64(endAt) {
			continue
		}
		dir := endAt - int(size)
		if le.Uint32(b[dir:]) != sigCentral || offset > uint64(dir) {
			continue
		}
		to = min(len(b), i+lenEnd+int(le.Uint16(b[i+20:])))
		from = dir - int(offset)
		return from, to, from == 0
	}
	return 0, 0, false
}
