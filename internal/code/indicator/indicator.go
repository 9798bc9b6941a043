// Package indicator finds words in a text constant that say what it is about: the
// path of a credential, the address of a paste service, a command that starts at
// login. Such a word is a mark; the analysers put marks on facts, and rules ask
// for them together with what the code does. A mark alone is never a judgement:
// honest programs name .npmrc and honest documents name curl.
//
// The words are data: literals/<mark>.txt, one literal a line, each with the check
// that the text around it must pass. To teach it a new word, add a line; to add a
// mark, add a file. literals/README.md says how a line reads.
//
// All literals are searched in one pass: four bytes of each, the ones that are
// least usual in text, are its anchor, and a rolling window of four folded bytes
// asks a table for anchors. Case does not matter, and a backslash is a slash.
// Work is linear in the text; the tables are built once per process, at the first
// use. The package reads nothing and asks nobody; it is safe for concurrent use.
package indicator

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed literals/*.txt
var literals embed.FS

// Marks says what the text is about: the marks of its literals and addresses,
// sorted, each once; nil when there is none, which is the usual case.
func Marks(s string) []string {
	if len(s) < anchorSize {
		return nil
	}
	t := tables()
	var found marks
	t.search(s, &found)
	t.addresses(s, &found)
	return t.words(found)
}

// All are the marks there are, sorted, for those who check that a rule asks for
// marks that exist.
func All() []string {
	return slices.Clone(tables().names)
}

// marks is a set of positions in table.names.
type marks uint64

func (m *marks) add(i uint8)     { *m |= 1 << i }
func (m marks) has(i uint8) bool { return m&(1<<i) != 0 }
func (t *table) words(m marks) []string {
	if m == 0 {
		return nil
	}
	var words []string
	for i, name := range t.names {
		if m.has(uint8(i)) {
			words = append(words, name)
		}
	}
	return words
}

const (
	anchorSize = 4
	filterBits = 16  // the filter has 1<<filterBits bits: 8 KiB, which stay in the nearest cache
	window     = 600 // how far apart the parts of a sequence may stand, in bytes
	mostTries  = 64  // of one sequence in one text, so that a text of nothing but first parts stays linear
)

// table is everything that a search needs.
type table struct {
	names    []string // the marks, sorted
	literals []literal
	filter   [1 << filterBits / 64]uint64
	anchors  map[uint32][]uint16 // anchor to positions in literals
	labels   map[string]uint8    // labels of hosts
	tops     map[string]uint8    // last labels of hosts
	suffixes map[string]uint8    // ends of addresses' paths, from the last point
	ip, port uint8               // marks of addresses, which have no literals
}

// literal is one line of a file.
type literal struct {
	parts []string // folded; parts of a sequence in order
	check check
	mark  uint8
	at    int // where the anchor starts in parts[0]
}

// addressMarks are found by reading addresses, not by literals.
const (
	ipURL   = "ip-url"
	portURL = "odd-port-url"
)

var tables = sync.OnceValue(build)

// build reads the embedded files. They are checked by the package's tests, so a
// line that does not read is a defect of the program.
func build() *table {
	files, err := literals.ReadDir("literals")
	if err != nil {
		panic(fmt.Sprintf("reading embedded literals: %v", err))
	}
	t := &table{anchors: make(map[uint32][]uint16, 2048), labels: map[string]uint8{}, tops: map[string]uint8{}, suffixes: map[string]uint8{}}
	t.names = append(t.names, ipURL, portURL)
	for _, f := range files {
		t.names = append(t.names, strings.TrimSuffix(f.Name(), ".txt"))
	}
	slices.Sort(t.names)
	for _, f := range files {
		b, err := literals.ReadFile(path.Join("literals", f.Name()))
		if err != nil {
			panic(fmt.Sprintf("reading embedded literals: %v", err))
		}
		if err := t.read(strings.TrimSuffix(f.Name(), ".txt"), string(b)); err != nil {
			panic(err.Error())
		}
	}
	t.ip, t.port = t.mark(ipURL), t.mark(portURL)
	t.anchor()
	return t
}

func (t *table) mark(name string) uint8 {
	i, _ := slices.BinarySearch(t.names, name)
	return uint8(i)
}

// read takes the lines of one mark's file.
func (t *table) read(name, text string) error {
	if len(t.names) > 64 {
		return fmt.Errorf("reading literals: over 64 marks do not fit a set")
	}
	mark := t.mark(name)
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "label":
			t.labels[rest] = mark
			continue
		case "suffix":
			t.suffixes[rest] = mark
			continue
		case "tld":
			t.tops[rest] = mark
			continue
		}
		c, ok := checks[word]
		if !ok {
			return fmt.Errorf("reading literals/%s.txt: line %d: unknown check %q", name, n, word)
		}
		parts := strings.Split(foldText(rest), " ... ")
		if len(parts[0]) < anchorSize {
			return fmt.Errorf("reading literals/%s.txt: line %d: %q is shorter than %d bytes", name, n, parts[0], anchorSize)
		}
		t.literals = append(t.literals, literal{parts: parts, check: c, mark: mark})
	}
	return nil
}

// anchor chooses each literal's anchor: the four bytes that are least usual in text
// and code, so that few places of a text are looked at twice.
func (t *table) anchor() {
	for i := range t.literals {
		l := &t.literals[i]
		first, best := l.parts[0], -1
		for at := 0; at+anchorSize <= len(first); at++ {
			worth := 0
			for _, b := range []byte(first[at : at+anchorSize]) {
				worth += int(rarity[b])
			}
			if worth > best {
				best, l.at = worth, at
			}
		}
		a := pack(first[l.at:])
		t.anchors[a] = append(t.anchors[a], uint16(i))
		h := hash(a)
		t.filter[h/64] |= 1 << (h % 64)
	}
}

func pack(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func hash(a uint32) uint32 { return a * 0x9E3779B1 >> (32 - filterBits) }

// search runs the window over the text.
func (t *table) search(s string, found *marks) {
	var (
		w     uint32
		tries map[uint16]int
	)
	for i := 0; i < len(s); i++ {
		w = w<<8 | uint32(fold[s[i]])
		h := hash(w)
		if t.filter[h/64]&(1<<(h%64)) == 0 || i < anchorSize-1 {
			continue
		}
		for _, n := range t.anchors[w] {
			l := &t.literals[n]
			if found.has(l.mark) {
				continue
			}
			if len(l.parts) > 1 {
				if tries == nil {
					tries = map[uint16]int{}
				}
				if tries[n]++; tries[n] > mostTries {
					continue
				}
			}
			if l.matches(s, i-anchorSize+1-l.at) {
				found.add(l.mark)
			}
		}
	}
}

// matches reports whether the literal stands at start and its surroundings agree.
func (l *literal) matches(s string, start int) bool {
	first := l.parts[0]
	end := start + len(first)
	if start < 0 || end > len(s) || !equalFolded(s[start:end], first) {
		return false
	}
	if len(l.parts) == 1 {
		return l.check(s, start, end)
	}
	from, limit := end, min(len(s), end+window)
	for _, part := range l.parts[1:] {
		at, after := findLoose(s[:limit], from, part)
		if at < 0 {
			return false
		}
		from = after
	}
	return l.check(s, start, from)
}

// findLoose looks for a folded part in which a blank stands for any number of
// blanks, also none. It returns where it starts and ends, or -1.
func findLoose(s string, from int, part string) (int, int) {
	for i := from; i < len(s); i++ {
		if fold[s[i]] != part[0] {
			continue
		}
		if end, ok := matchLoose(s, i, part); ok {
			return i, end
		}
	}
	return -1, -1
}

func matchLoose(s string, i int, part string) (int, bool) {
	for p := 0; p < len(part); p++ {
		if part[p] == ' ' {
			for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
				i++
			}
			continue
		}
		if i >= len(s) || fold[s[i]] != part[p] {
			return 0, false
		}
		i++
	}
	return i, true
}

// fold maps a byte to what it is compared as: letters without case, a backslash
// as a slash.
var fold = func() (f [256]byte) {
	for i := range f {
		f[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			f[i] = byte(i) + 'a' - 'A'
		}
	}
	f['\\'] = '/'
	return f
}()

func foldText(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = fold[b[i]]
	}
	return string(b)
}

func equalFolded(s, folded string) bool {
	for i := 0; i < len(s); i++ {
		if fold[s[i]] != folded[i] {
			return false
		}
	}
	return true
}

// rarity is how unusual a byte is in text and code: 1 is common.
var rarity = func() (r [256]byte) {
	for i := range r {
		r[i] = 6
	}
	for i, b := range []byte(" etaoinsrlcdupmh") {
		r[b] = 1 + byte(i)/6
	}
	for _, b := range []byte("gfybwvk.-_/:=\"'") {
		r[b] = 4
	}
	for _, b := range []byte("xjqz0123456789") {
		r[b] = 5
	}
	return r
}()
