package advisory

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sort"
	"sync/atomic"
)

// A table is a sorted map from keys to values inside an index file: blocks of a
// few kilobytes, each with its checksum, and a directory with every block's
// first key. A look-up reads one block. A block's checksum is taken once per
// mapping, when it is first read, so that opening costs the directory only.
//
//	block     = { uvarint len(key), key, uvarint len(value), value }
//	directory = { uvarint len(first key), first key, uvarint length of block, u32 CRC-32C of block }
//
// Blocks lie one after the other from the table's offset.
type table struct {
	blocks  []blockRef
	checked []atomic.Bool
}

type blockRef struct {
	first []byte
	body  []byte
	sum   uint32
}

const blockSize = 4 << 10 // bytes after which a block is closed

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// tableWriter collects a table; keys must come sorted and distinct.
type tableWriter struct {
	body, directory, block []byte
	first                  []byte
}

func (w *tableWriter) add(key, value []byte) {
	if len(w.block) == 0 {
		w.first = bytes.Clone(key)
	}
	w.block = appendBytes(appendBytes(w.block, key), value)
	if len(w.block) >= blockSize {
		w.flush()
	}
}

func (w *tableWriter) flush() {
	if len(w.block) == 0 {
		return
	}
	w.directory = appendBytes(w.directory, w.first)
	w.directory = binary.AppendUvarint(w.directory, uint64(len(w.block)))
	w.directory = binary.LittleEndian.AppendUint32(w.directory, crc32.Checksum(w.block, castagnoli))
	w.body = append(w.body, w.block...)
	w.block = w.block[:0]
}

// openTable reads a directory that was checked already.
func openTable(directory, body []byte) (*table, error) {
	t := &table{}
	r := reader{b: directory}
	for len(r.b) > 0 && !r.bad {
		ref := blockRef{first: r.bytes()}
		ref.body, body = split(body, r.uvarint(), &r)
		ref.sum = r.u32()
		if n := len(t.blocks); n > 0 && bytes.Compare(t.blocks[n-1].first, ref.first) >= 0 {
			r.bad = true
		}
		t.blocks = append(t.blocks, ref)
	}
	if r.bad || len(body) != 0 {
		return nil, fmt.Errorf("reading directory: %w", ErrCorrupt)
	}
	t.checked = make([]atomic.Bool, len(t.blocks))
	return t, nil
}

// split cuts n bytes off body; too few of them mark r as bad.
func split(body []byte, n uint64, r *reader) (head, rest []byte) {
	if n > uint64(len(body)) {
		r.bad = true
		return nil, nil
	}
	return body[:n], body[n:]
}

// get finds the value of a key; nil when the table does not hold it.
func (t *table) get(key []byte) ([]byte, error) {
	i := sort.Search(len(t.blocks), func(i int) bool { return bytes.Compare(t.blocks[i].first, key) > 0 }) - 1
	if i < 0 {
		return nil, nil
	}
	if err := t.check(i); err != nil {
		return nil, err
	}
	r := reader{b: t.blocks[i].body}
	for len(r.b) > 0 && !r.bad {
		k, v := r.bytes(), r.bytes()
		switch c := bytes.Compare(k, key); {
		case r.bad:
		case c == 0:
			return v, nil
		case c > 0:
			return nil, nil
		}
	}
	if r.bad {
		return nil, fmt.Errorf("reading block %d: %w", i, ErrCorrupt)
	}
	return nil, nil
}

// check takes the checksum of a block that was not read before.
func (t *table) check(i int) error {
	if t.checked[i].Load() {
		return nil
	}
	if crc32.Checksum(t.blocks[i].body, castagnoli) != t.blocks[i].sum {
		return fmt.Errorf("reading block %d: bad checksum: %w", i, ErrCorrupt)
	}
	t.checked[i].Store(true)
	return nil
}

// A reader takes values off a byte slice. Past the end, or after a length that
// cannot be, every value is zero and bad is set; it never panics.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() {
	r.b, r.bad = nil, true
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) string() string { return string(r.bytes()) }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u64() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

// count reads the length of a list whose items take at least one byte each, so
// that a lie about it cannot make the caller reserve memory.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func appendBytes[T string | []byte](b []byte, v T) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}
