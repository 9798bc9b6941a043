package syntax

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// decode makes p.src of a file: UTF-8, lines that end with \n, a NUL behind it.
// It gives what CPython would say against the file as a whole.
func (p *Parser) decode(src []byte) (problem string) {
	text, mark := bytes.CutPrefix(src, []byte("\xef\xbb\xbf"))
	name := declared(text)
	switch {
	case mark && name != "" && name != "utf-8":
		problem = "encoding declaration differs from the byte order mark"
	case name == "ascii" && !ascii(text):
		problem = "source is not valid ascii"
	case name == "" || name == "utf-8" || name == "ascii":
		if !utf8.Valid(text) {
			problem = "source is not valid utf-8"
		}
	default:
		text, problem = transcode(text, name)
	}
	p.text = append(p.text[:0], text...)
	if bytes.IndexByte(p.text, '\r') >= 0 {
		p.text = lineEnds(p.text)
	}
	p.text = append(p.text, 0)
	p.src = string(p.text)
	if cap(p.text) > 1<<22 { // not worth keeping for the next file
		p.text = nil
	}
	return problem
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lineEnds makes \n of \r\n and of \r, in place.
func lineEnds(text []byte) []byte {
	to := 0
	var before byte
	for _, c := range text {
		if c != '\n' || before != '\r' {
			text[to] = c
			if c == '\r' {
				text[to] = '\n'
			}
			to++
		}
		before = c
	}
	return text[:to]
}

// declaration is PEP 263's.
var declaration = lazy.Regexp(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

// declared gives the normal name of the encoding that a file declares in its
// first two lines, "" if it declares none.
func declared(text []byte) string {
	for range 2 {
		line := text
		end := bytes.IndexAny(text, "\r\n")
		if end >= 0 {
			line = text[:end]
		}
		if m := declaration().FindSubmatch(line); m != nil {
			return encodingName(string(m[1]))
		}
		if blank := bytes.TrimLeft(line, " \t\f"); end < 0 || len(blank) > 0 && blank[0] != '#' {
			return ""
		}
		if text[end] == '\r' && end+1 < len(text) && text[end+1] == '\n' {
			end++
		}
		text = text[end+1:]
	}
	return ""
}

// encodingName makes one name of the many that Python knows for the common ones.
func encodingName(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if name == "utf" { // of the codecs only: utf-16 is another
		return "utf-8"
	}
	for _, same := range [...]struct{ name, is string }{
		{"utf-8", "utf-8"}, {"utf8", "utf-8"}, {"u8", "utf-8"}, {"cp65001", "utf-8"},
		{"latin-1", "latin-1"}, {"latin1", "latin-1"}, {"l1", "latin-1"}, {"iso-8859-1", "latin-1"}, {"iso8859-1", "latin-1"},
		{"iso-latin-1", "latin-1"}, {"8859", "latin-1"}, {"cp819", "latin-1"},
		{"ascii", "ascii"}, {"us-ascii", "ascii"}, {"646", "ascii"},
	} {
		if rest, ok := strings.CutPrefix(name, same.name); ok && (rest == "" || rest[0] == '-') {
			return same.is
		}
	}
	return name
}

// unknownEncoding begins what is said of one that is not known here; CPython may.
const unknownEncoding = "unknown encoding: "

// transcode makes UTF-8 of a file in another encoding. Of one that it does not
// know it makes Latin-1, in which ASCII is what it was.
func transcode(text []byte, name string) ([]byte, string) {
	switch name {
	case "latin-1":
		return latin1(text), ""
	case "utf-7", "utf7", "u7":
		return utf7(text)
	case "unicode-escape", "unicodeescape":
		return []byte(unescape(string(latin1(text)), false)), ""
	case "raw-unicode-escape", "rawunicodeescape":
		return []byte(unescapeRawUnicode(string(latin1(text)))), ""
	case "rot13", "rot-13":
		return rot13(text), "encoding rot13 is Python 2's"
	}
	e := lookup(name)
	if e == nil {
		return latin1(text), unknownEncoding + name
	}
	if table, ok := e.(*charmap.Charmap); ok {
		return singleByte(text, table, name)
	}
	decoded, err := e.NewDecoder().Bytes(text)
	switch {
	case err != nil:
		return latin1(text), "source is not valid " + name
	case bytes.ContainsRune(decoded, utf8.RuneError):
		return decoded, "source is not valid " + name
	}
	return decoded, ""
}

func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// singleByte decodes by a table. In those of ISO 8859 the control characters of
// C1 are themselves, in Python's.
func singleByte(text []byte, table *charmap.Charmap, name string) (out []byte, problem string) {
	out = make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		r := table.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
			if c >= 0xa0 || !strings.Contains(name, "8859") {
				problem = "source is not valid " + name
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out, problem
}

func rot13(text []byte) []byte {
	out := bytes.Clone(text)
	for i, c := range out {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'm':
			out[i] += 13
		case c|0x20 >= 'n' && c|0x20 <= 'z':
			out[i] -= 13
		}
	}
	return out
}

// utf7 reads RFC 2152.
func utf7(text []byte) (out []byte, problem string) {
	for len(text) > 0 {
		plus := bytes.IndexByte(text, '+')
		if plus < 0 {
			return append(out, text...), problem
		}
		out = append(out, text[:plus]...)
		text = text[plus+1:]
		end := bytes.IndexFunc(text, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/')
		})
		if end < 0 {
			end = len(text)
		}
		if end == 0 && len(text) > 0 && text[0] == '-' {
			out = append(out, '+')
		}
		raw, err := base64.RawStdEncoding.DecodeString(string(text[:end]))
		if err != nil && len(raw) == 0 && end > 0 {
			problem = "source is not valid utf-7"
		}
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(raw[2*i:])
		}
		for _, r := range utf16.Decode(units) {
			out = utf8.AppendRune(out, r)
		}
		text = text[end:]
		if len(text) > 0 && text[0] == '-' {
			text = text[1:]
		}
	}
	return out, problem
}

// lookup finds one of the other encodings by Python's names,
// https://docs.python.org/3/library/codecs.html#standard-encodings; nil if there
// is none.
func lookup(name string) encoding.Encoding {
	name = strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), ".", "")
	if number, ok := strings.CutPrefix(name, "windows"); ok {
		name = "cp" + number
	}
	if number, ok := strings.CutPrefix(name, "latin"); ok {
		name = "l" + number
	}
	if number, ok := strings.CutPrefix(name, "iso8859"); ok {
		name = "iso" + number
	}
	return encodings[name]
}

var encodings = map[string]encoding.Encoding{
	"iso2": charmap.ISO8859_2, "l2": charmap.ISO8859_2, "iso3": charmap.ISO8859_3, "l3": charmap.ISO8859_3,
	"iso4": charmap.ISO8859_4, "l4": charmap.ISO8859_4, "iso5": charmap.ISO8859_5, "cyrillic": charmap.ISO8859_5,
	"iso6": charmap.ISO8859_6, "arabic": charmap.ISO8859_6, "iso7": charmap.ISO8859_7, "greek": charmap.ISO8859_7,
	"iso8": charmap.ISO8859_8, "hebrew": charmap.ISO8859_8, "iso9": charmap.ISO8859_9, "l5": charmap.ISO8859_9,
	"iso10": charmap.ISO8859_10, "l6": charmap.ISO8859_10, "iso13": charmap.ISO8859_13, "l7": charmap.ISO8859_13,
	"iso14": charmap.ISO8859_14, "l8": charmap.ISO8859_14, "iso15": charmap.ISO8859_15, "l9": charmap.ISO8859_15,
	"iso16": charmap.ISO8859_16, "l10": charmap.ISO8859_16,
	"cp037": charmap.CodePage037, "cp437": charmap.CodePage437, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852,
	"cp855": charmap.CodePage855, "cp858": charmap.CodePage858, "cp860": charmap.CodePage860, "cp862": charmap.CodePage862,
	"cp863": charmap.CodePage863, "cp865": charmap.CodePage865, "cp866": charmap.CodePage866,
	"cp874": charmap.Windows874, "cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251, "cp1252": charmap.Windows1252,
	"cp1253": charmap.Windows1253, "cp1254": charmap.Windows1254, "cp1255": charmap.Windows1255, "cp1256": charmap.Windows1256,
	"cp1257": charmap.Windows1257, "cp1258": charmap.Windows1258,
	"koi8r": charmap.KOI8R, "koi8u": charmap.KOI8U, "macroman": charmap.Macintosh, "macintosh": charmap.Macintosh,
	"maccyrillic": charmap.MacintoshCyrillic,
	"eucjp":       japanese.EUCJP, "ujis": japanese.EUCJP, "shiftjis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS,
	"cp932": japanese.ShiftJIS, "ms932": japanese.ShiftJIS, "mskanji": japanese.ShiftJIS, "iso2022jp": japanese.ISO2022JP,
	"euckr": korean.EUCKR, "ksc5601": korean.EUCKR, "cp949": korean.EUCKR, "uhc": korean.EUCKR,
	"gbk": simplifiedchinese.GBK, "cp936": simplifiedchinese.GBK, "gb2312": simplifiedchinese.GBK, "euccn": simplifiedchinese.GBK,
	"gb18030": simplifiedchinese.GB18030, "hz": simplifiedchinese.HZGB2312, "hzgb2312": simplifiedchinese.HZGB2312,
	"big5": traditionalchinese.Big5, "cp950": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5,
}
