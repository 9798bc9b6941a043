// Package decode undoes the encodings that code hides text and data in: base64
// and its kin (RFC 4648, Python's base64 module), hex, percent, compression
// (RFC 1950 to 1952, bzip2), rot13, xor with a constant key, character codes,
// UTF-16, and the constants inside Python's marshal format. Analysers fold
// constants with it.
//
// It never runs what it decodes. All of one file's decoding draws on one Budget,
// so hostile constants cost a bounded amount of time and memory. Decoders are as
// forgiving as the languages' own: what those skip is skipped here.
package decode

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// Budget is what one file's constants may still decode to. It is for one
// goroutine; the zero Budget allows nothing.
type Budget struct {
	bytes int // that may come out
	work  int // that may be read
}

// workFactor bounds what is read beside what comes out: the same long constant
// decoded in vain over and over again ends there.
const workFactor = 16

// NewBudget allows code.MostDecoded bytes.
func NewBudget() *Budget {
	return &Budget{bytes: code.MostDecoded, work: workFactor * code.MostDecoded}
}

// Left says how many bytes may still come out.
func (b *Budget) Left() int { return b.bytes }

// Take draws n bytes for something put together elsewhere (a concatenation, a
// repetition). Nothing is drawn when there is not enough.
func (b *Budget) Take(n int) bool {
	if n < 0 || n > b.bytes {
		return false
	}
	b.bytes -= n
	return true
}

// Read draws n bytes of work.
func (b *Budget) Read(n int) bool {
	if n < 0 || n > b.work {
		return false
	}
	b.work -= n
	return true
}

// give pays for what a decoder made.
func (b *Budget) give(out []byte, ok bool) ([]byte, bool) {
	if !ok || !b.Take(len(out)) {
		return nil, false
	}
	return out, true
}

// Base64 decodes the standard and the URL alphabet, also mixed, with or without
// padding; bytes outside both alphabets are skipped as Python and Node do.
func (b *Budget) Base64(s []byte) ([]byte, bool) {
	if !b.Read(len(s)) || len(s)/4*3 > b.bytes {
		return nil, false
	}
	clean := make([]byte, 0, len(s))
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		}
	}
	if len(clean)%4 == 1 { // one character carries no byte
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, err := base64.RawStdEncoding.Decode(out, clean)
	return b.give(out[:n], err == nil && (n > 0 || len(s) == 0))
}

// Base32 decodes the standard alphabet in either case, padding or not.
func (b *Budget) Base32(s []byte) ([]byte, bool) {
	if !b.Read(len(s)) || len(s)/8*5 > b.bytes {
		return nil, false
	}
	clean := bytes.ToUpper(bytes.TrimRight(withoutSpace(s), "="))
	out := make([]byte, base32.StdEncoding.WithPadding(base32.NoPadding).DecodedLen(len(clean)))
	n, err := base32.StdEncoding.WithPadding(base32.NoPadding).Decode(out, clean)
	return b.give(out[:n], err == nil)
}

// base85 is the alphabet of Python's b85encode (and of git).
const base85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

// Base85 decodes the alphabet of Python's b85encode.
func (b *Budget) Base85(s []byte) ([]byte, bool) {
	if !b.Read(len(s)) || len(s)/5*4 > b.bytes {
		return nil, false
	}
	var value [256]int8
	for i := range value {
		value[i] = -1
	}
	for i := range len(base85) {
		value[base85[i]] = int8(i)
	}
	out := make([]byte, 0, len(s)/5*4+4)
	for len(s) > 0 {
		n := min(5, len(s))
		var word uint64
		for i := range 5 {
			v := int8(84) // padding
			if i < n {
				v = value[s[i]]
			}
			if v < 0 {
				return nil, false
			}
			word = word*85 + uint64(v)
		}
		if word > 0xFFFFFFFF {
			return nil, false
		}
		out = append(out, binary.BigEndian.AppendUint32(nil, uint32(word))[:n-1]...)
		s = s[n:]
	}
	return b.give(out, true)
}

// ASCII85 decodes Adobe's and btoa's form, with or without <~ and ~>.
func (b *Budget) ASCII85(s []byte) ([]byte, bool) {
	if !b.Read(len(s)) {
		return nil, false
	}
	s = bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(s), []byte("<~")), []byte("~>"))
	out := make([]byte, 4*len(s)+4) // a z stands for four bytes
	if len(out) > 8*b.bytes {
		return nil, false
	}
	n, _, err := ascii85.Decode(out, s, true)
	return b.give(out[:n], err == nil)
}

// Hex decodes pairs of hex digits in either case, blanks between them skipped.
func (b *Budget) Hex(s []byte) ([]byte, bool) {
	if !b.Read(len(s)) || len(s)/2 > b.bytes {
		return nil, false
	}
	clean := withoutSpace(s)
	out := make([]byte, len(clean)/2)
	n, err := hex.Decode(out, clean)
	return b.give(out[:n], err == nil)
}

// Percent decodes %XX; with plus, a plus sign is a blank. What is no escape stays.
func (b *Budget) Percent(s []byte, plus bool) ([]byte, bool) {
	if !b.Read(len(s)) || len(s) > b.bytes {
		return nil, false
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		if plus && s[i] == '+' {
			out = append(out, ' ')
			continue
		}
		out = append(out, s[i])
	}
	return b.give(out, true)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func withoutSpace(s []byte) []byte {
	if bytes.IndexAny(s, " \t\r\n\f\v") < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for _, c := range s {
		switch c {
		case ' ', '\t', '\r', '\n', '\f', '\v':
		default:
			out = append(out, c)
		}
	}
	return out
}

// Zlib inflates a zlib stream. A stream that is cut off or longer than the budget
// gives what could be read of it, and false when that is nothing.
func (b *Budget) Zlib(s []byte) ([]byte, bool) {
	r, err := zlib.NewReader(bytes.NewReader(s))
	if err != nil {
		return nil, false
	}
	return b.drain(r, len(s))
}

// Gzip inflates a gzip stream, as Zlib does.
func (b *Budget) Gzip(s []byte) ([]byte, bool) {
	r, err := gzip.NewReader(bytes.NewReader(s))
	if err != nil {
		return nil, false
	}
	return b.drain(r, len(s))
}

// Deflate inflates a stream without any header, as Zlib does.
func (b *Budget) Deflate(s []byte) ([]byte, bool) {
	return b.drain(flate.NewReader(bytes.NewReader(s)), len(s))
}

// Bzip2 decompresses a bzip2 stream, as Zlib does. (A block costs up to 4 MB of
// memory while it is read.)
func (b *Budget) Bzip2(s []byte) ([]byte, bool) {
	if !bytes.HasPrefix(s, []byte("BZh")) {
		return nil, false
	}
	return b.drain(bzip2.NewReader(bytes.NewReader(s)), len(s))
}

func (b *Budget) drain(r io.Reader, in int) ([]byte, bool) {
	const set = 4 << 10 // setting up a decompressor costs about this much reading
	if !b.Read(in + set) {
		return nil, false
	}
	out, _ := io.ReadAll(io.LimitReader(r, int64(b.bytes))) // what could be read counts
	return b.give(out, len(out) > 0)
}

// Rot13 turns the ASCII letters by 13.
func (b *Budget) Rot13(s []byte) ([]byte, bool) {
	if !b.Take(len(s)) {
		return nil, false
	}
	out := bytes.Clone(s)
	for i, c := range out {
		switch {
		case c >= 'a' && c <= 'z':
			out[i] = 'a' + (c-'a'+13)%26
		case c >= 'A' && c <= 'Z':
			out[i] = 'A' + (c-'A'+13)%26
		}
	}
	return out, true
}

// XOR applies key over and over.
func (b *Budget) XOR(s, key []byte) ([]byte, bool) {
	if len(key) == 0 || !b.Take(len(s)) {
		return nil, false
	}
	out := make([]byte, len(s))
	for i := range s {
		out[i] = s[i] ^ key[i%len(key)]
	}
	return out, true
}

// Reverse gives the characters of text backwards.
func (b *Budget) Reverse(s string) (string, bool) {
	if !b.Take(len(s)) {
		return "", false
	}
	out := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(out[at:], s[i:i+n])
		i += n
	}
	return string(out), true
}

// Codes gives the text of character codes; false when one is no character.
func (b *Budget) Codes(codes []int64) (string, bool) {
	if !b.Take(len(codes)) {
		return "", false
	}
	out := make([]byte, 0, len(codes))
	for _, c := range codes {
		if c < 0 || c > utf8.MaxRune {
			return "", false
		}
		out = utf8.AppendRune(out, rune(c))
	}
	return string(out), true
}

// UTF16 gives UTF-8 for UTF-16, by its byte order mark or as told.
func (b *Budget) UTF16(s []byte, bigEndian bool) (string, bool) {
	if !b.Take(len(s)) {
		return "", false
	}
	switch {
	case bytes.HasPrefix(s, []byte{0xFF, 0xFE}):
		s, bigEndian = s[2:], false
	case bytes.HasPrefix(s, []byte{0xFE, 0xFF}):
		s, bigEndian = s[2:], true
	}
	units := make([]uint16, len(s)/2)
	for i := range units {
		if bigEndian {
			units[i] = binary.BigEndian.Uint16(s[2*i:])
		} else {
			units[i] = binary.LittleEndian.Uint16(s[2*i:])
		}
	}
	return string(utf16.Decode(units)), true
}
