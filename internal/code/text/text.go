// Package text gives the facts that need no language: characters that show nothing
// and carry data, controls that make code read otherwise than it runs (Unicode
// Technical Standards 39 and 55), code pushed out of sight to the right, literals
// that look like ciphertext, files that a machine wrote.
//
// It goes over the bytes once, line by line; lines of ASCII shorter than a screen
// cost no more than the search for their ends. It runs nothing and keeps nothing.
//
// Special names and arguments: Invisible is named after the characters
// (variation-selectors, tags, fillers, private-use, zero-width), Args are how many
// there are in the file and the longest run. Bidi is "override" or "unbalanced".
// HiddenRight has the blanks' number in Args. Entropy has length, bits a character,
// and what the literal says it is where it says so: "font", "image", "media",
// "source-map", "wasm", "certificate", "integrity". Minified has the length of the
// longest line.
package text

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

const (
	uniform     = 32   // zero-width characters of one sort in a row, from which they count
	fewBlanks   = 60   // that push code out of sight where it stands ten times as far right as the file is wide
	manyBlanks  = 150  // that always do
	longLiteral = 1024 // bytes from which entropy is measured
	muchEntropy = 5.5  // bits a character
	longLine    = 5000 // a line that no person wrote
)

// Analyze gives the facts of src, which is text of that language; Text has only
// those about invisible characters.
func Analyze(lang code.Language, src []byte) []code.Fact {
	s := &scan{isCode: lang != code.Text && lang != code.Binary}
	s.lines(src)
	return s.facts
}

// scan is the state of one pass.
type scan struct {
	isCode  bool
	facts   []code.Fact
	kinds   [5]hidden
	widths  [256]int // how many lines are so wide; the last holds all wider ones
	count   int
	longest int // bytes of the longest line
	long    int // bytes in lines of over a thousand
	total   int
	at      int // line where the longest is
	pushed  []push
	block   block
}

// hidden counts one sort of invisible characters.
type hidden struct {
	count, run, longest int
	line, column        int // of the first
	strange             bool
	mixed               bool // there are different ones in the run
}

// push is code behind many blanks, to be judged when the file's width is known.
type push struct{ line, column, blanks int }

const mostFacts = 4 * code.MostOfName // of one sort, before the collector chooses

func (s *scan) lines(src []byte) {
	src = bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))
	if !s.isCode && ascii(src) {
		return // what has no invisible characters has nothing to tell of where it is no code
	}
	for line := 1; len(src) > 0; line++ {
		l := src
		if n := bytes.IndexByte(src, '\n'); n >= 0 {
			l, src = src[:n], src[n+1:]
		} else {
			src = nil
		}
		s.line(l, line)
	}
	s.end()
}

func (s *scan) line(l []byte, line int) {
	s.count++
	s.total += len(l)
	s.widths[min(len(l), len(s.widths)-1)]++
	if len(l) > s.longest {
		s.longest, s.at = len(l), line
	}
	if len(l) > 1000 {
		s.long += len(l)
	}
	if !ascii(l) {
		s.characters(l, line)
	}
	if !s.isCode {
		return
	}
	if len(l) > fewBlanks {
		s.blanks(l, line)
	}
	s.literals(l, line)
}

// ascii looks at eight bytes at a time.
func ascii(l []byte) bool {
	for len(l) >= 8 {
		if binary.LittleEndian.Uint64(l)&0x8080808080808080 != 0 {
			return false
		}
		l = l[8:]
	}
	for _, c := range l {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// end says what can only be said of the whole file.
func (s *scan) end() {
	s.block.end(s)
	names := [...]string{"variation-selectors", "tags", "fillers", "private-use", "zero-width"}
	for i := range s.kinds {
		h := &s.kinds[i]
		if h.telling(i, s.isCode) {
			s.facts = append(s.facts, code.Fact{Kind: code.Invisible, Name: names[i], Line: h.line, Column: h.column,
				Args: []string{strconv.Itoa(h.count), strconv.Itoa(h.longest)}})
		}
	}
	if !s.isCode {
		return
	}
	if s.longest >= longLine && s.long*2 > s.total {
		s.facts = append(s.facts, code.Fact{Kind: code.Minified, Line: s.at, Args: []string{strconv.Itoa(s.longest)}})
	}
	usual := s.usual()
	for _, p := range s.pushed {
		if p.blanks >= manyBlanks || p.column > 10*usual && s.long*2 <= s.total {
			s.facts = append(s.facts, code.Fact{Kind: code.HiddenRight, Line: p.line, Column: p.column, Args: []string{strconv.Itoa(p.blanks)}})
		}
	}
}

// usual is the width that nine of ten lines stay within.
func (s *scan) usual() int {
	n := 0
	for w, c := range s.widths {
		if n += c; n*10 >= s.count*9 {
			return max(w, 8)
		}
	}
	return len(s.widths)
}

// blanks looks for a run of blanks with code behind it. A run of fewBlanks covers one
// of the places that are looked at.
func (s *scan) blanks(l []byte, line int) {
	for i := fewBlanks - 1; i < len(l); i += fewBlanks {
		if !blank(l[i]) {
			continue
		}
		start, end := i, i+1
		for start > 0 && blank(l[start-1]) {
			start--
		}
		for end < len(l) && blank(l[end]) {
			end++
		}
		if end-start >= fewBlanks && likeCode(l[end:]) && !comment(l[:start]) && len(s.pushed) < mostFacts {
			s.pushed = append(s.pushed, push{line: line, column: end + 1, blanks: end - start})
		}
		i = max(i, end)
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// likeCode: more than a word at the end of a table.
func likeCode(l []byte) bool {
	l = bytes.TrimSpace(l[:min(len(l), 4096)])
	return len(l) >= 6 && bytes.ContainsAny(l, "(=;`") && !comment(l) && !ofNumbers(l)
}

// ofNumbers says whether text has more control characters than letters: a table that
// a lexer's generator wrote into a constant, of which tabs are a part.
func ofNumbers(l []byte) bool {
	control, letters := 0, 0
	for _, c := range l {
		switch {
		case c < ' ' && c != '\t' && c != '\n' && c != '\v' && c != '\f' && c != '\r':
			control++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		}
	}
	return control > letters
}

func comment(l []byte) bool {
	l = bytes.TrimSpace(l[:min(len(l), 256)])
	return bytes.HasPrefix(l, []byte("#")) || bytes.HasPrefix(l, []byte("//")) || bytes.HasPrefix(l, []byte("*")) || bytes.HasPrefix(l, []byte("/*")) || bytes.HasPrefix(l, []byte("--"))
}

// The sorts of invisible characters, by their place in scan.kinds.
const (
	selectors = iota
	tags
	fillers
	private
	zeroWidth
)

// telling: more of them than honest text has.
func (h *hidden) telling(sort int, isCode bool) bool {
	switch sort {
	case selectors:
		return h.longest >= 8 || isCode && h.longest >= 4 || h.count >= 32
	case tags:
		return h.longest >= 4 || h.count >= 16
	case fillers:
		return h.longest >= 8 || isCode && (h.longest >= 4 || h.strange)
	case private:
		return isCode && h.longest >= 16 // tables of characters hold shorter runs
	}
	return h.longest >= 8 || isCode && (h.longest >= 4 || h.count >= 64)
}

// characters goes over the runes of a line that is not all ASCII.
func (s *scan) characters(l []byte, line int) {
	var (
		before   rune // the last that is no selector, tag or zero-width one
		last     rune // the last, whatever it is
		flag     bool // in an emoji flag's tag sequence
		override = 0
		open     = 0
		word     identifier
	)
	for i := range s.kinds {
		s.kinds[i].run = 0
	}
	for i := 0; i < len(l); {
		r, size := rune(l[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(l[i:])
		}
		sort := -1
		switch {
		case r < 0xAD:
		case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF, r >= 0x180B && r <= 0x180D && !unicode.Is(unicode.Mongolian, before):
			sort = selectors
			if s.kinds[selectors].run == 0 && selectable(before, r) {
				before, last = 0, r // one selector a base
				i += size
				continue
			}
		case r >= 0xE0001 && r <= 0xE007F:
			if flag = flag || before == 0x1F3F4; flag {
				if r == 0xE007F {
					flag, before = false, 0
				}
				i += size
				continue
			}
			sort = tags
		case r == 0x3164, r == 0xFFA0, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x2800:
			sort = fillers
		case r >= 0xE000 && r <= 0xF8FF, r >= 0xF0000:
			sort = private
		case r == 0x200D && pictured(last) && pictured(next(l[i+size:])):
			// joins two pictures to one
		case r >= 0x200B && r <= 0x200D, r >= 0x2060 && r <= 0x2064, r == 0xFEFF, r == 0x180E:
			sort = zeroWidth
		case r >= 0x202A && r <= 0x202E:
			if r == 0x202C {
				override--
			} else {
				override++
				s.bidi("override", line, i)
			}
		case r >= 0x2066 && r <= 0x2068:
			open++
		case r == 0x2069:
			open--
		}
		for k := range s.kinds {
			if k != sort {
				s.kinds[k].run = 0
			}
		}
		if sort >= 0 {
			h := &s.kinds[sort]
			if h.count == 0 {
				h.line, h.column = line, i+1
			}
			h.count++
			if h.run++; h.run == 1 {
				h.mixed = false
			}
			h.mixed = h.mixed || h.run > 1 && r != last
			if sort != zeroWidth || h.mixed || h.run == 1 || h.run >= uniform { // one and the same says nothing but how often
				h.longest = max(h.longest, h.run)
			}
			if sort == fillers && r != 0x2800 && loose(before) && loose(next(l[i+size:])) {
				h.strange = true
			}
		} else {
			before = r
		}
		last = r
		if s.isCode {
			s.identifier(&word, r, l, line, i)
		}
		i += size
	}
	if s.isCode {
		s.identifier(&word, ' ', l, line, len(l))
	}
	if open != 0 {
		s.bidi("unbalanced", line, 0)
	}
}

func next(l []byte) rune {
	r, _ := utf8.DecodeRune(l)
	return r
}

// pictured: an emoji or the selector that makes one of a symbol. One joiner between
// two of them makes families, professions and flags.
func pictured(r rune) bool {
	return r == 0xFE0F || r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2190 && r <= 0x2BFF
}

// loose: what stands beside a name in code, but not in a text.
func loose(r rune) bool {
	switch r {
	case ' ', '=', ',', ';', ':', '{', '}', '(', ')', '[', ']', '.', 0, utf8.RuneError:
		return true
	}
	return false
}

// selectable: a character that has more than one look, so that one selector after it is
// honest: an emoji, a symbol, an ideograph, a letter of a script with variants.
func selectable(before, selector rune) bool {
	switch {
	case before == '#', before == '*', before >= '0' && before <= '9', before == 0xA9, before == 0xAE, before >= 0x2000 && before <= 0x33FF, before >= 0x1F000 && before <= 0x1FAFF, before == 0x200D:
		return true
	case unicode.Is(unicode.Han, before), unicode.Is(unicode.Mongolian, before), unicode.Is(unicode.Myanmar, before), unicode.Is(unicode.So, before), unicode.Is(unicode.Sm, before):
		return true
	}
	return selector < 0xFE00
}

func (s *scan) bidi(name string, line, column int) {
	if !s.isCode || len(s.facts) > mostFacts {
		return
	}
	s.facts = append(s.facts, code.Fact{Kind: code.Bidi, Name: name, Line: line, Column: column + 1})
}

// identifier is a word of letters under way.
type identifier struct {
	start         int
	latin, looks  int // letters of Latin; of others that look like Latin ones
	other, quotes int // letters that do not; quotes before it on the line
	on            bool
}

// identifier tells words of code that mix Latin with letters that only look so.
// Words in quotes and comments are people's language.
func (s *scan) identifier(w *identifier, r rune, l []byte, line, at int) {
	letter := r == '_' || unicode.IsLetter(r) || r >= '0' && r <= '9'
	switch {
	case letter && !w.on:
		*w = identifier{start: at, on: true, quotes: w.quotes}
	case !letter && w.on:
		if w.looks > 0 && w.latin > 0 && w.other == 0 && w.quotes%2 == 0 && !comment(l) && !bytes.Contains(l[:w.start], []byte("//")) &&
			!bytes.Contains(l[:w.start], []byte("# ")) && len(s.facts) < mostFacts {
			s.facts = append(s.facts, code.Fact{Kind: code.MixedScript, Name: string(l[w.start:at]), Line: line, Column: w.start + 1})
		}
		w.on = false
	}
	if r == '"' || r == '\'' || r == '`' {
		w.quotes++
	}
	if !letter {
		return
	}
	switch {
	case r < 0x80:
		if r >= 'A' {
			w.latin++
		}
	case lookalike(r):
		w.looks++
	case !unicode.Is(unicode.Latin, r):
		w.other++
	}
}

// lookalike: a letter of another script that is drawn like one of Latin (UTS 39, confusables).
func lookalike(r rune) bool {
	switch {
	case r >= 0x370 && r <= 0x3FF:
		return bytes.ContainsRune([]byte("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϳϲ"), r)
	case r >= 0x400 && r <= 0x52F:
		return bytes.ContainsRune([]byte("АВЕКМНОРСТХЅІЈҮԚԜаеорсухѕіјһԁԛԝ"), r)
	case r >= 0x531 && r <= 0x587:
		return bytes.ContainsRune([]byte("օՕսՍհոց"), r)
	case r >= 0x13A0 && r <= 0x13F5:
		return true
	case r >= 0xFF21 && r <= 0xFF5A:
		return true
	}
	return false
}

func bits(v float64) string { return fmt.Sprintf("%.1f", v) }
