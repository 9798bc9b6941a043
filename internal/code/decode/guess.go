package decode

import (
	"bytes"
	"unicode/utf8"
)

// shortest is the length below which a constant is not taken for encoded data:
// too many words are base64 by chance.
const shortest = 24

// Guess decodes a long constant that is probably base64, hex or base32 of text
// or of something with a known magic, through up to four steps (base64 of zlib
// of text). How names the steps, outermost first. It is false for everything
// that is not clearly such data; ordinary words and identifiers are not.
func (b *Budget) Guess(s []byte) (out []byte, how []string, ok bool) {
	if len(s) < shortest {
		return nil, nil, false
	}
	for len(how) < 4 {
		next, step, found := b.step(s)
		if !found {
			break
		}
		s, how = next, append(how, step)
	}
	return s, how, len(how) > 0
}

func (b *Budget) step(s []byte) ([]byte, string, bool) {
	if step, read := compressed(s); step != "" {
		out, ok := read(b, s)
		return out, step, ok
	}
	sample := s[:min(len(s), 512)]
	switch {
	case len(s) < shortest:
	case looksHex(sample):
		return b.tell(s, "hex", b.Hex)
	case looksBase64(sample):
		return b.tell(s, "base64", b.Base64)
	case looksBase32(sample):
		return b.tell(s, "base32", b.Base32)
	}
	return nil, "", false
}

// tell decodes a sample first: only what gives text or a magic costs more.
func (b *Budget) tell(s []byte, how string, decode func([]byte) ([]byte, bool)) ([]byte, string, bool) {
	sample, ok := decode(s[:min(len(s), 480)]) // a multiple of 2, 4, 5 and 8
	if !ok || !Telling(sample) && !looksEncoded(sample) {
		return nil, "", false
	}
	if len(s) <= 480 {
		return sample, how, true
	}
	out, ok := decode(s)
	return out, how, ok
}

func looksEncoded(s []byte) bool {
	return len(s) >= shortest && (looksHex(s) || looksBase64(s))
}

func compressed(s []byte) (string, func(*Budget, []byte) ([]byte, bool)) {
	switch {
	case len(s) > 2 && s[0] == 0x78 && (int(s[0])<<8|int(s[1]))%31 == 0:
		return "zlib", (*Budget).Zlib
	case bytes.HasPrefix(s, []byte{0x1F, 0x8B, 8}):
		return "gzip", (*Budget).Gzip
	case len(s) > 10 && bytes.HasPrefix(s, []byte("BZh")) && bytes.HasPrefix(s[4:], []byte("1AY&SY")):
		return "bzip2", (*Budget).Bzip2
	}
	return "", nil
}

// Telling says that data is text of some length, or begins with a known magic.
func Telling(s []byte) bool { return Magic(s) != "" || IsText(s) }

// Magic names what data begins like: elf, pe, macho, zip, pdf, class, pyc, wasm,
// gzip, zlib, bzip2, xz, png, jpeg; "" when it is none of them.
func Magic(s []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(s, []byte(m.prefix)) {
			return m.name
		}
	}
	if how, _ := compressed(s); how == "zlib" && len(s) > 8 {
		return how
	}
	return ""
}

var magics = []struct{ prefix, name string }{
	{"\x7fELF", "elf"},
	{"MZ\x90\x00", "pe"},
	{"MZ\x00\x00", "pe"},
	{"\xfe\xed\xfa\xce", "macho"}, {"\xfe\xed\xfa\xcf", "macho"}, {"\xce\xfa\xed\xfe", "macho"}, {"\xcf\xfa\xed\xfe", "macho"},
	{"\xca\xfe\xba\xbe", "class"},
	{"PK\x03\x04", "zip"},
	{"%PDF-", "pdf"},
	{"\x00asm", "wasm"},
	{"\x1f\x8b\x08", "gzip"},
	{"BZh91AY&SY", "bzip2"},
	{"\xfd7zXZ\x00", "xz"},
	{"\x89PNG\r\n", "png"},
	{"\xff\xd8\xff", "jpeg"},
}

// IsText says that data is UTF-8 text for people or programs: no control
// characters but blanks, and of at least eight characters.
func IsText(s []byte) bool {
	if len(s) < 8 {
		return false
	}
	s = s[:min(len(s), 1024)]
	for n := 0; n < utf8.UTFMax && len(s) > 0 && !utf8.Valid(s); n++ { // a character cut at the end
		s = s[:len(s)-1]
	}
	if !utf8.Valid(s) {
		return false
	}
	wide := 0
	for _, r := range string(s) {
		switch {
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f', r == 0x7F, r == utf8.RuneError:
			return false
		case r > 0x7F:
			wide++
		}
	}
	return wide*2 <= len(s)
}

func looksHex(s []byte) bool {
	digits, letters := 0, 0
	for _, c := range s {
		switch {
		case unhex(c) < 0:
			return false
		case c >= '0' && c <= '9':
			digits++
		default:
			letters++
		}
	}
	return digits > 0 && digits+letters >= shortest
}

// looksBase64 asks for a mixture that words and paths seldom have: both cases
// and either a digit, padding, or a length that names do not reach.
func looksBase64(s []byte) bool {
	var upper, lower, digit, other int
	for i, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= '0' && c <= '9':
			digit++
		case c == '+' || c == '/' || c == '-' || c == '_':
			other++
		case c == '=' && i >= len(s)-3:
		case (c == '\n' || c == '\r') && i > 0:
		default:
			return false
		}
	}
	return upper > 0 && lower > 0 && (digit > 0 || len(s) >= 48) && other*4 <= len(s)
}

func looksBase32(s []byte) bool {
	letters, digits := 0, 0
	for i, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			letters++
		case c >= '2' && c <= '7':
			digits++
		case c == '=' && i >= len(s)-7:
		default:
			return false
		}
	}
	return letters > 0 && digits > 0
}
