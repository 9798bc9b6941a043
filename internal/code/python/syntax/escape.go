package syntax

import (
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// unescape reads the backslashes of a literal. Like CPython, it leaves what is no
// escape as it is, and what CPython would refuse too.
func unescape(s string, bytes bool) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return string(append(b, s...))
		}
		b = append(b, s[:i]...)
		var n int
		b, n = escape(b, s[i:], bytes)
		s = s[i+n:]
	}
}

// escape reads the one that s starts with and gives how long it is.
func escape(b []byte, s string, bytes bool) ([]byte, int) {
	switch c := s[1]; c {
	case '\n':
		return b, 2
	case '\\', '\'', '"':
		return append(b, c), 2
	case 'a':
		return append(b, '\a'), 2
	case 'b':
		return append(b, '\b'), 2
	case 'f':
		return append(b, '\f'), 2
	case 'n':
		return append(b, '\n'), 2
	case 'r':
		return append(b, '\r'), 2
	case 't':
		return append(b, '\t'), 2
	case 'v':
		return append(b, '\v'), 2
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 2
		for n < 4 && n < len(s) && isOctal(s[n]) {
			n++
		}
		value, _ := strconv.ParseUint(s[1:n], 8, 32)
		return appendCode(b, uint32(value), bytes), n
	case 'x':
		return hexEscape(b, s, 4, bytes)
	}
	if bytes {
		return append(b, s[:2]...), 2
	}
	switch s[1] {
	case 'u':
		return hexEscape(b, s, 6, false)
	case 'U':
		return hexEscape(b, s, 10, false)
	case 'N':
		return namedEscape(b, s)
	}
	return append(b, s[:2]...), 2
}

func hexEscape(b []byte, s string, n int, bytes bool) ([]byte, int) {
	if len(s) < n {
		return append(b, s[:2]...), 2
	}
	value, err := strconv.ParseUint(s[2:n], 16, 32)
	if err != nil || value > unicode.MaxRune {
		return append(b, s[:2]...), 2
	}
	return appendCode(b, uint32(value), bytes), n
}

func namedEscape(b []byte, s string) ([]byte, int) {
	if end := strings.IndexByte(s, '}'); end > 0 && s[2] == '{' {
		if r, ok := named(s[3:end]); ok {
			return utf8.AppendRune(b, r), end + 1
		}
	}
	return append(b, s[:2]...), 2
}

// appendCode appends a byte, or a character in UTF-8. Unlike Go's own it writes
// lone surrogates too: they must not become one and the same character.
func appendCode(b []byte, code uint32, bytes bool) []byte {
	switch {
	case bytes:
		return append(b, byte(code))
	case code >= 0xd800 && code < 0xe000:
		return append(b, 0xe0|byte(code>>12), 0x80|byte(code>>6&0x3f), 0x80|byte(code&0x3f))
	}
	return utf8.AppendRune(b, rune(code))
}

// unescapeRawUnicode reads \u and \U where the backslash is not escaped itself,
// which is all that Python 2's ur"" and the encoding raw-unicode-escape know.
func unescapeRawUnicode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		n := 1
		if s[i] == '\\' && i+1 < len(s) {
			n = 2
			switch s[i+1] {
			case 'u':
				b, n = hexEscape(b, s[i:], 6, false)
			case 'U':
				b, n = hexEscape(b, s[i:], 10, false)
			default:
				b = append(b, s[i:i+2]...)
			}
		} else {
			b = append(b, s[i])
		}
		i += n
	}
	return string(b)
}

// named gives the character of a Unicode name, as \N{...} has it.
func named(name string) (rune, bool) {
	if len(name) > 100 {
		return 0, false
	}
	name = strings.ToUpper(name)
	if code, ok := strings.CutPrefix(name, "CJK UNIFIED IDEOGRAPH-"); ok {
		r, err := strconv.ParseUint(code, 16, 32)
		return rune(r), err == nil && unicode.Is(unicode.Unified_Ideograph, rune(r))
	}
	if syllable, ok := strings.CutPrefix(name, "HANGUL SYLLABLE "); ok {
		return hangul(syllable)
	}
	r, ok := names()[name]
	return r, ok
}

// names are all others, made when the first is asked for.
var names = sync.OnceValue(func() map[string]rune {
	m := make(map[string]rune, 40000)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0x20000 && r < 0xe0000 { // ideographs
			r = 0xe0000
		}
		if name := runenames.Name(r); name != "" && name[0] != '<' {
			m[name] = r
		}
	}
	for i, aliases := range controls {
		r := rune(i)
		if i > 0x20 {
			r += 0x7f - 0x21
		}
		for alias := range strings.SplitSeq(aliases, ",") {
			m[alias] = r
		}
	}
	for r, aliases := range formats {
		for alias := range strings.SplitSeq(aliases, ",") {
			m[alias] = r
		}
	}
	for i := range rune(256) { // variation selectors
		r := 0xfe00 + i
		if i >= 16 {
			r = 0xe0100 + i - 16
		}
		m["VS"+strconv.Itoa(int(i)+1)] = r
	}
	return m
})

// controls are the aliases of U+0000 to U+0020 and U+007F to U+00A0, which have no
// names, https://www.unicode.org/Public/UCD/latest/ucd/NameAliases.txt.
var controls = [...]string{
	"NULL,NUL", "START OF HEADING,SOH", "START OF TEXT,STX", "END OF TEXT,ETX", "END OF TRANSMISSION,EOT", "ENQUIRY,ENQ",
	"ACKNOWLEDGE,ACK", "ALERT,BEL", "BACKSPACE,BS", "CHARACTER TABULATION,HORIZONTAL TABULATION,HT,TAB",
	"LINE FEED,NEW LINE,END OF LINE,LF,NL,EOL", "LINE TABULATION,VERTICAL TABULATION,VT", "FORM FEED,FF", "CARRIAGE RETURN,CR",
	"SHIFT OUT,LOCKING-SHIFT ONE,SO", "SHIFT IN,LOCKING-SHIFT ZERO,SI", "DATA LINK ESCAPE,DLE", "DEVICE CONTROL ONE,DC1",
	"DEVICE CONTROL TWO,DC2", "DEVICE CONTROL THREE,DC3", "DEVICE CONTROL FOUR,DC4", "NEGATIVE ACKNOWLEDGE,NAK",
	"SYNCHRONOUS IDLE,SYN", "END OF TRANSMISSION BLOCK,ETB", "CANCEL,CAN", "END OF MEDIUM,EOM,EM", "SUBSTITUTE,SUB", "ESCAPE,ESC",
	"INFORMATION SEPARATOR FOUR,FILE SEPARATOR,FS", "INFORMATION SEPARATOR THREE,GROUP SEPARATOR,GS",
	"INFORMATION SEPARATOR TWO,RECORD SEPARATOR,RS", "INFORMATION SEPARATOR ONE,UNIT SEPARATOR,US", "SP", "DELETE,DEL",
	"PADDING CHARACTER,PAD", "HIGH OCTET PRESET,HOP", "BREAK PERMITTED HERE,BPH", "NO BREAK HERE,NBH", "INDEX,IND", "NEXT LINE,NEL",
	"START OF SELECTED AREA,SSA", "END OF SELECTED AREA,ESA", "CHARACTER TABULATION SET,HORIZONTAL TABULATION SET,HTS",
	"CHARACTER TABULATION WITH JUSTIFICATION,HORIZONTAL TABULATION WITH JUSTIFICATION,HTJ",
	"LINE TABULATION SET,VERTICAL TABULATION SET,VTS", "PARTIAL LINE FORWARD,PARTIAL LINE DOWN,PLD",
	"PARTIAL LINE BACKWARD,PARTIAL LINE UP,PLU", "REVERSE LINE FEED,REVERSE INDEX,RI", "SINGLE SHIFT TWO,SINGLE-SHIFT-2,SS2",
	"SINGLE SHIFT THREE,SINGLE-SHIFT-3,SS3", "DEVICE CONTROL STRING,DCS", "PRIVATE USE ONE,PRIVATE USE-1,PU1",
	"PRIVATE USE TWO,PRIVATE USE-2,PU2", "SET TRANSMIT STATE,STS", "CANCEL CHARACTER,CCH", "MESSAGE WAITING,MW",
	"START OF GUARDED AREA,START OF PROTECTED AREA,SPA", "END OF GUARDED AREA,END OF PROTECTED AREA,EPA", "START OF STRING,SOS",
	"SINGLE GRAPHIC CHARACTER INTRODUCER,SGC", "SINGLE CHARACTER INTRODUCER,SCI", "CONTROL SEQUENCE INTRODUCER,CSI",
	"STRING TERMINATOR,ST", "OPERATING SYSTEM COMMAND,OSC", "PRIVACY MESSAGE,PM", "APPLICATION PROGRAM COMMAND,APC", "NBSP",
}

// formats are the abbreviations of characters that show nothing, of the same list.
var formats = map[rune]string{
	0xad: "SHY", 0x34f: "CGJ", 0x61c: "ALM", 0x180b: "FVS1", 0x180c: "FVS2", 0x180d: "FVS3", 0x180e: "MVS", 0x180f: "FVS4",
	0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF",
	0x202d: "LRO", 0x202e: "RLO", 0x202f: "NNBSP", 0x205f: "MMSP", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI",
	0x2069: "PDI", 0xfeff: "BYTE ORDER MARK,BOM,ZWNBSP",
}

// hangul gives the syllable whose name is spelt so, by the rule of chapter 3.12
// of the Unicode standard.
func hangul(name string) (rune, bool) {
	lead := [...]string{"G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H"}
	vowel := [...]string{
		"A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE", "WI", "YU", "EU", "YI", "I",
	}
	tail := [...]string{
		"", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M", "B", "BS", "S", "SS", "NG", "J",
		"C", "K", "T", "P", "H",
	}
	for l := range lead {
		rest, ok := strings.CutPrefix(name, lead[l])
		if !ok {
			continue
		}
		for v := range vowel {
			last, ok := strings.CutPrefix(rest, vowel[v])
			if !ok {
				continue
			}
			for t := range tail {
				if tail[t] == last {
					return rune(0xac00 + (l*len(vowel)+v)*len(tail) + t), true
				}
			}
		}
	}
	return 0, false
}
