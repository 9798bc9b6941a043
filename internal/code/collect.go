package code

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"
)

// Collector gathers the facts of one file for an analyser and keeps them inside
// the limits of this package: facts that differ in nothing but their place are
// one, at the first place; of too many the most telling stay and the others are
// counted. What it keeps depends on the set of facts added, their order only
// breaks ties. It is for one goroutine. The zero Collector is not usable.
type Collector struct {
	language Language
	src      []byte
	seed     maphash.Seed
	seen     map[uint64]int32 // hash of all but the place -> index in facts
	facts    []Fact
	dropped  int
	unread   []string
	cut      bool
	embedded []Embedded
	embeds   int // bytes of embedded
}

// mostPending bounds the facts held before the weaker half is let go.
const mostPending = 4 * MostFacts

// mostEmbedded bounds the texts handed on; beyond, they count as dropped.
const mostEmbedded = 400

// NewCollector starts the facts of src, which is not changed and is read again by Facts.
func NewCollector(language Language, src []byte) *Collector {
	return &Collector{language: language, src: src, seed: maphash.MakeSeed(), seen: map[uint64]int32{}}
}

// Expect makes room for so many facts more.
func (c *Collector) Expect(n int) { c.facts = slices.Grow(c.facts, min(n, mostPending)) }

// Add takes one fact. Its slices are the collector's from then on. Args and Text
// may be of any length and any bytes; Text is filled in by Facts where it is "".
func (c *Collector) Add(f Fact) {
	c.tidy(&f)
	sum := c.sum(&f)
	if at, ok := c.seen[sum]; ok && sameButPlace(&c.facts[at], &f) {
		units := both(c.facts[at].Units, f.Units)
		if comparePlace(&f, &c.facts[at]) < 0 {
			c.facts[at] = f
		}
		c.facts[at].Units = units
		return
	}
	if len(c.facts) >= mostPending {
		c.choose()
	}
	c.seen[sum] = int32(len(c.facts))
	c.facts = append(c.facts, f)
}

// both are the units of two facts that are one.
func both(a, b []int32) []int32 {
	for _, u := range b {
		if len(a) < MostUnits && !slices.Contains(a, u) {
			a = append(a[:len(a):len(a)], u)
		}
	}
	return a
}

// Embed takes text that is to be analysed in turn. The fact it belongs to need
// not have been added. Text of more than MostDecoded bytes in all is dropped.
func (c *Collector) Embed(e Embedded) {
	if len(c.embedded) >= mostEmbedded || c.embeds+len(e.Text) > MostDecoded+len(c.src) {
		c.dropped++
		return
	}
	for i := range c.embedded {
		if o := &c.embedded[i]; o.Language == e.Language && len(o.Text) == len(e.Text) && bytes.Equal(o.Text, e.Text) && o.In.Reach == e.In.Reach {
			return
		}
	}
	c.tidy(&e.In)
	c.embeds += len(e.Text)
	c.embedded = append(c.embedded, e)
}

// Unread notes what could not be read as code; the same words count once.
func (c *Collector) Unread(why string) {
	if why != "" && !slices.Contains(c.unread, why) && len(c.unread) < 5 {
		c.unread = append(c.unread, why)
	}
}

// Cut is Unread for what one of our own limits kept from being read.
func (c *Collector) Cut(why string) {
	if why != "" {
		c.cut = true
		c.Unread(why)
	}
}

// Drop counts facts that the analyser itself let go.
func (c *Collector) Drop(n int) { c.dropped += n }

// Facts ends the collection.
func (c *Collector) Facts() Facts {
	c.choose()
	slices.SortFunc(c.facts, compare)
	places := make([]*Fact, 0, len(c.facts)+len(c.embedded))
	for i := range c.facts {
		places = append(places, &c.facts[i])
	}
	for i := range c.embedded {
		places = append(places, &c.embedded[i].In)
	}
	slices.SortStableFunc(places, comparePlace)
	fillText(c.src, places)
	return Facts{
		Language: c.language, Facts: c.facts, Dropped: c.dropped,
		Unread: strings.Join(c.unread, "; "), Cut: c.cut, Embedded: c.embedded,
	}
}

// tidy brings a fact into the form that Fact promises.
func (c *Collector) tidy(f *Fact) {
	f.From = sorted(f.From)
	f.Marks = sorted(f.Marks)
	if len(f.Args) > MostArgs {
		f.Args = f.Args[:MostArgs]
	}
	for i, a := range f.Args {
		f.Args[i] = Shorten(a, MostArg)
	}
	for len(f.Args) > 0 && f.Args[len(f.Args)-1] == "" {
		f.Args = f.Args[:len(f.Args)-1]
	}
	if len(f.Args) == 0 {
		f.Args = nil
	}
	f.Name = Shorten(f.Name, MostArg)
	f.Scope = Shorten(f.Scope, MostArg)
	if f.Text != "" {
		f.Text = Shorten(f.Text, MostText)
	}
}

func sorted(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	if !slices.IsSorted(words) {
		slices.Sort(words)
	}
	return slices.Compact(words)
}

func (c *Collector) sum(f *Fact) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	word := func(s string) {
		h.WriteString(s)
		h.WriteByte(0)
	}
	word(string(f.Kind))
	word(f.Name)
	word(string(f.Reach))
	word(f.Scope)
	for _, list := range [][]string{f.From, f.Args, f.Marks} {
		for _, s := range list {
			word(s)
		}
		h.WriteByte(1)
	}
	h.WriteByte(byte(f.Layer))
	if f.Disguised {
		h.WriteByte(2)
	}
	return h.Sum64()
}

func sameButPlace(a, b *Fact) bool {
	return a.Kind == b.Kind && a.Name == b.Name && a.Reach == b.Reach && a.Scope == b.Scope && a.Layer == b.Layer &&
		a.Disguised == b.Disguised && slices.Equal(a.From, b.From) && slices.Equal(a.Args, b.Args) && slices.Equal(a.Marks, b.Marks)
}

func comparePlace(a, b *Fact) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// compare is the order of Facts: by place, then by everything a fact says, so
// that the same facts always stand in the same order.
func compare(a, b Fact) int {
	return cmp.Or(comparePlace(&a, &b), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Reach, b.Reach), slices.Compare(a.Args, b.Args), slices.Compare(a.From, b.From),
		slices.Compare(a.Marks, b.Marks))
}

// choose lets go of what is beyond the limits: the least telling facts first,
// the last places first among equals. A file that holds a thousand harmless calls
// before the one that matters keeps the one that matters.
func (c *Collector) choose() {
	if len(c.facts) <= MostOfName {
		return
	}
	keep := c.ofName()
	if len(keep) > MostFacts {
		rank(c.facts, keep)
		c.dropped += len(keep) - MostFacts
		keep = keep[:MostFacts]
	}
	if len(keep) == len(c.facts) {
		return
	}
	slices.Sort(keep)
	out := make([]Fact, 0, len(keep))
	for _, i := range keep {
		out = append(out, c.facts[i])
	}
	c.facts = out
	clear(c.seen)
	for i := range c.facts {
		c.seen[c.sum(&c.facts[i])] = int32(i)
	}
}

// ofName gives the facts that stay when each kind and name has its limit.
func (c *Collector) ofName() []int {
	type name struct {
		kind Kind
		name string
	}
	counts, most := make(map[name]int, 64), 0
	for i := range c.facts {
		n := name{c.facts[i].Kind, c.facts[i].Name}
		counts[n]++
		most = max(most, counts[n])
	}
	keep := make([]int, 0, len(c.facts))
	if most <= MostOfName {
		for i := range c.facts {
			keep = append(keep, i)
		}
		return keep
	}
	groups := make(map[name][]int, len(counts))
	for i := range c.facts {
		n := name{c.facts[i].Kind, c.facts[i].Name}
		groups[n] = append(groups[n], i)
	}
	for _, group := range groups {
		if len(group) > MostOfName {
			rank(c.facts, group)
			c.dropped += len(group) - MostOfName
			group = group[:MostOfName]
		}
		keep = append(keep, group...)
	}
	return keep
}

// rank orders indexes of facts by what they tell, then as Facts orders them.
func rank(facts []Fact, which []int) {
	slices.SortFunc(which, func(i, j int) int {
		return cmp.Or(cmp.Compare(telling(&facts[j]), telling(&facts[i])), compare(facts[i], facts[j]))
	})
}

// telling says how much is lost with a fact. Sinks weigh more than sources, and
// those more than what half of all honest files hold.
func telling(f *Fact) int {
	weight := 8
	switch f.Kind {
	case Import, Env, ReadFile, ListDir, Lookup, Minified:
		weight = 0
	case WriteFile, Delete, SysInfo, Decode, DNS, Entropy, String, Socket, Fetch:
		weight = 4
	}
	weight += 2 * min(len(f.From), 3)
	weight += 2 * min(len(f.Marks), 3)
	if f.Disguised {
		weight += 4
	}
	switch f.Reach {
	case Top, OnHook:
		weight += 2
	case Nowhere:
		weight -= 2
	}
	return weight
}

// Shorten gives s as valid UTF-8 of at most most bytes, never cut inside a
// character; a mark shows where something is missing.
func Shorten(s string, most int) string {
	if len(s) <= most && utf8.ValidString(s) {
		return s
	}
	const mark = "…"
	long := len(s) > most
	if long {
		s = s[:runeStart(s, most)] // before the copy below: s may be the whole file
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !long && len(s) <= most {
		return s
	}
	return s[:runeStart(s, min(len(s), max(most-len(mark), 0)))] + mark
}

// runeStart gives the nearest offset at or before at that does not lie inside a character.
func runeStart(s string, at int) int {
	for back := 0; back < utf8.UTFMax && at-back >= 0 && at-back < len(s); back++ {
		if utf8.RuneStart(s[at-back]) {
			return at - back
		}
	}
	return at
}

// fillText gives each fact without a text the line that it stands in. The facts
// are in order of line, so the source is walked once.
func fillText(src []byte, facts []*Fact) {
	line, start := 1, 0
	for _, f := range facts {
		for line < f.Line {
			next := nextLine(src, start)
			if next < 0 {
				return
			}
			start = next
			line++
		}
		if f.Text == "" && line == f.Line {
			f.Text = around(src[start:], f.Column)
		}
	}
}

// nextLine gives the offset behind the line end after start, or -1. A lone
// carriage return ends a line, as it does for Python and JavaScript.
func nextLine(src []byte, start int) int {
	n := bytes.IndexAny(src[start:], "\r\n")
	if n < 0 {
		return -1
	}
	n += start
	if src[n] == '\r' && n+1 < len(src) && src[n+1] == '\n' {
		n++
	}
	return n + 1
}

// around gives the first line of rest, shortened around column (bytes, from 1).
func around(rest []byte, column int) string {
	column = max(column-1, 0)
	from := 0
	if column > MostText/2 {
		from = min(column-MostText/4, len(rest))
		for from > 0 && from < len(rest) && !utf8.RuneStart(rest[from]) {
			from--
		}
	}
	end := min(from+2*MostText, len(rest))
	if n := bytes.IndexAny(rest[from:end], "\r\n"); n >= 0 {
		end = from + n
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(rest[from:end]), "\uFFFD"))
	if from > 0 && len(bytes.TrimSpace(rest[:from])) > 0 {
		text = "…" + text
	}
	return Shorten(text, MostText)
}
