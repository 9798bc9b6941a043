package text

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// literals measures the literals of a line that are long enough, and gathers those
// that go over many lines.
func (s *scan) literals(l []byte, line int) {
	s.block.line(s, l, line)
	if len(l) < longLiteral {
		return
	}
	for i := 0; i < len(l); i++ {
		q := l[i]
		if q != '"' && q != '\'' && q != '`' {
			continue
		}
		end := i + 1
		for end < len(l) && l[end] != q {
			if l[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(l) {
			return
		}
		if end-i > longLiteral {
			s.measure(l[i+1:end], line, i+2)
		}
		i = end
	}
}

func (s *scan) measure(b []byte, line, column int) {
	v := entropy(b)
	if v <= muchEntropy || len(s.facts) > mostFacts {
		return
	}
	args := []string{strconv.Itoa(len(b)), bits(v)}
	if w := says(b); w != "" {
		args = append(args, w)
	}
	s.facts = append(s.facts, code.Fact{Kind: code.Entropy, Line: line, Column: column, Args: args})
}

// entropy is Shannon's, in bits a byte.
func entropy(b []byte) float64 {
	var counts [256]int
	for _, c := range b {
		counts[c]++
	}
	v, n := 0.0, float64(len(b))
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / n
			v -= p * math.Log2(p)
		}
	}
	return v
}

// says is what a literal claims to be at its start. A claim is no proof: rules see it
// as an argument and may spare it where nothing decodes and runs the literal.
func says(b []byte) string {
	head := strings.ToLower(string(b[:min(len(b), 80)]))
	for _, w := range []struct{ prefix, name string }{
		{"data:font", "font"}, {"data:application/font", "font"}, {"data:application/x-font", "font"}, {"data:image", "image"}, {"data:audio", "media"},
		{"data:video", "media"}, {"data:application/json", "source-map"}, {"data:application/wasm", "wasm"}, {"agfzbq", "wasm"}, {"d09gmg", "font"}, {"d09grg", "font"},
		{"ivborw0kggo", "image"}, {"/9j/", "image"}, {"r0lgod", "image"}, {"-----begin cert", "certificate"}, {"miid", "certificate"}, {"miie", "certificate"}, {"sha512-", "integrity"},
	} {
		if strings.HasPrefix(head, w.prefix) {
			return w.name
		}
	}
	return ""
}

// block is a literal that goes over many lines of one sort: no blanks inside, the
// letters of an encoding.
type block struct {
	text     []byte
	start, n int
	skipped  bool
}

const (
	mostBlock  = 1 << 16 // bytes of one that are kept to be measured
	shortPiece = 40      // bytes; what is shorter is no piece of one
)

// What stands around a piece of a block, and what does not stand within one. They
// are tables because every line of every file is asked.
var around, within = bytesOf(" \t\r\"'`+\\,;()[]bfru"), bytesOf(" \t\"'`(")

func bytesOf(s string) (set [256]bool) {
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}

func (k *block) line(s *scan, l []byte, line int) {
	t := l
	for len(t) >= shortPiece && around[t[0]] {
		t = t[1:]
	}
	for len(t) >= shortPiece && around[t[len(t)-1]] {
		t = t[:len(t)-1]
	}
	if len(t) < shortPiece || len(t) > 4*longLiteral || slices.ContainsFunc(t, func(c byte) bool { return within[c] }) {
		k.end(s)
		return
	}
	if k.n == 0 {
		k.start = line
	}
	k.n++
	if len(k.text) < mostBlock {
		k.text = append(k.text, t...)
	}
}

func (k *block) end(s *scan) {
	if k.n > 1 && len(k.text) > longLiteral {
		s.measure(k.text, k.start, 1)
	}
	k.text, k.n = k.text[:0], 0
}
