package javascript

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape gives the value of what stands between quotes, and whether letters
// and digits were written as escapes, which nobody needs to.
func unescape(raw []byte) (string, bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), false
	}
	var out strings.Builder
	out.Grow(len(raw))
	disguised := false
	var high rune // first half of a surrogate pair
	put := func(r rune, plain bool) {
		if high != 0 {
			if joined := utf16.DecodeRune(high, r); joined != utf8.RuneError {
				out.WriteRune(joined)
				high = 0
				return
			}
			out.WriteRune(utf8.RuneError)
			high = 0
		}
		if r >= 0xd800 && r < 0xdc00 {
			high = r
			return
		}
		disguised = disguised || plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
		out.WriteRune(r)
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 >= len(raw) {
			if high != 0 {
				out.WriteRune(utf8.RuneError)
				high = 0
			}
			out.WriteByte(c)
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'n':
			put('\n', false)
		case 't':
			put('\t', false)
		case 'r':
			put('\r', false)
		case 'b':
			put('\b', false)
		case 'f':
			put('\f', false)
		case 'v':
			put('\v', false)
		case '\n':
		case '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
		case 'x':
			if r, ok := hexRune(raw, i+1, 2); ok {
				put(r, true)
				i += 2
			}
		case 'u':
			if i+1 < len(raw) && raw[i+1] == '{' {
				n := bytes.IndexByte(raw[i:], '}')
				if n > 2 && n < 12 {
					if r, ok := hexRune(raw, i+2, n-2); ok {
						put(r, true)
						i += n
					}
				}
			} else if r, ok := hexRune(raw, i+1, 4); ok {
				put(r, true)
				i += 4
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			r, n := rune(0), 0
			for n < 3 && i+n < len(raw) && raw[i+n] >= '0' && raw[i+n] <= '7' && r*8+rune(raw[i+n]-'0') < 256 {
				r = r*8 + rune(raw[i+n]-'0')
				n++
			}
			i += n - 1
			put(r, true)
		default:
			out.WriteByte(c)
		}
	}
	if high != 0 {
		out.WriteRune(utf8.RuneError)
	}
	return out.String(), disguised
}

func hexRune(raw []byte, from, n int) (rune, bool) {
	if from+n > len(raw) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(raw[from:from+n]), 16, 32)
	return rune(v), err == nil
}

// parseNumber gives the value of a number as written, NaN when it is none.
func parseNumber(s string) float64 {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "")
	s = strings.TrimSuffix(s, "n")
	if s == "" {
		return 0
	}
	if len(s) > 1 && s[0] == '0' {
		base := 0
		switch s[1] {
		case 'x', 'X':
			base = 16
		case 'o', 'O':
			base = 8
		case 'b', 'B':
			base = 2
		}
		if base != 0 {
			if len(s) > 300 {
				return math.NaN()
			}
			v, ok := new(big.Int).SetString(s[2:], base)
			if !ok {
				return math.NaN()
			}
			f, _ := new(big.Float).SetInt(v).Float64()
			return f
		}
		if strings.Trim(s, "01234567") == "" && len(s) < 20 { // the old octal form
			v, _ := strconv.ParseInt(s, 8, 64)
			return float64(v)
		}
	}
	if len(s) > 400 || strings.ContainsAny(s, "xXpPiI") { // forms of Go that JavaScript lacks
		return math.NaN()
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// formatNumber writes a number as JavaScript's String does.
func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
