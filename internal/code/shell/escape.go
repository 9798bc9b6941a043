package shell

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape takes the escapes of $'..', of echo -e and of printf's format away.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		case 'e', 'E':
			b = append(b, 0x1b)
		case 'a', 'b', 'f', 'v':
			b = append(b, ' ')
		case 'x', 'u', 'U':
			most := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
			n, used := digits(s[i+1:], most, 16)
			i += used
			if c == 'x' {
				b = append(b, byte(n))
			} else {
				b = utf8.AppendRune(b, rune(n))
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n, used := digits(s[i:], 4, 8)
			if c != '0' && used > 3 {
				n, used = digits(s[i:], 3, 8)
			}
			i += used - 1
			b = append(b, byte(n))
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func digits(s string, most, base int) (value, used int) {
	for used < most && used < len(s) {
		if _, err := strconv.ParseUint(s[used:used+1], base, 8); err != nil {
			break
		}
		used++
	}
	n, _ := strconv.ParseUint(s[:used], base, 32)
	return int(n), used
}

// octal: the text has an escape by number.
func octal(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '\\' && s[i+1] >= '0' && s[i+1] <= '7' {
			return true
		}
	}
	return false
}
