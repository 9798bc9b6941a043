package decode

import (
	"encoding/binary"
	"unicode/utf8"
)

// MarshalStrings pulls the text constants, names and byte strings out of data in
// Python's marshal format (https://docs.python.org/3/library/marshal.html),
// without building an object of it: it looks for the type bytes of strings
// followed by a length that fits. A .pyc's header may stand in front. At most
// most strings of at least four bytes are given, in order.
func (b *Budget) MarshalStrings(s []byte, most int) []string {
	if !b.Read(len(s)) {
		return nil
	}
	var out []string
	for i := 0; i < len(s) && len(out) < most; {
		text, n := marshalString(s[i:])
		if n == 0 || !b.Take(len(text)) {
			i++
			continue
		}
		out = append(out, string(text))
		i += n
	}
	return out
}

// marshalString reads one string object, or gives 0.
func marshalString(s []byte) (text []byte, n int) {
	const ref = 0x80 // FLAG_REF
	switch s[0] &^ ref {
	case 'z', 'Z': // short ASCII, and interned
		if len(s) < 2 {
			return nil, 0
		}
		text, n = slice(s, 2, int(s[1]))
	case 'a', 'A', 'u', 't', 's': // ASCII, interned, text, interned text, bytes
		if len(s) < 5 {
			return nil, 0
		}
		size := binary.LittleEndian.Uint32(s[1:])
		if size > 1<<20 {
			return nil, 0
		}
		text, n = slice(s, 5, int(size))
	}
	if len(text) < 4 || !printable(text) {
		return nil, 0
	}
	return text, n
}

func slice(s []byte, at, size int) ([]byte, int) {
	if at+size > len(s) {
		return nil, 0
	}
	return s[at : at+size], at + size
}

func printable(s []byte) bool {
	for _, c := range s { // first, because it ends early: lengths may overlap
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return utf8.Valid(s)
}
