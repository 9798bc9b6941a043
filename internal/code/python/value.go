package python

import (
	"math/bits"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// kind says how much is known of a value.
type kind uint8

const (
	unknown   kind = iota
	text           // s
	binary         // s: bytes
	integer        // n
	boolean        // n
	none           //
	large          // a number beyond int64: s is its size in bytes, the greatest first, n its sign
	partial        // text of which only the start, s, and the end, tail, are known; path says it is put together as one
	list           // items: a list, tuple or set
	dict           // items: keys and values in turn
	name           // ref: a module, function or class of another file, by its full name
	inst           // ref: what calling that name gave
	function       // fn, of this file; recv is what it is bound to
	classOf        // cls
	object         // cls: an instance of it
	method         // the method s of the constant recv
	applied        // functools.partial of recv with items
	namespace      // a dictionary of names: of ref, or of this file when ref is nil
	getter         // operator.attrgetter and methodcaller: s, items
)

// Flags of a value.
const (
	parts  uint8 = 1 << iota // text put together from literals inside a word
	odd                      // text out of character codes, reversal, decoding; or a name found by such text
	own                      // a path beside this very file
	listed                   // a list of which only the members that matter are known: the names of a module
	enumed                   // a member of an enumeration, whose name tail is
)

// value is what is known of an expression. Values are shared and never changed
// once they were handed out.
type value struct {
	kind  kind
	flags uint8
	state uint8     // what is remembered of items: summed, allKnown, notKnown
	id    syntax.ID // where an unknown value was made: the same id is the same thing
	n     int64
	s     string
	tail  string
	items []*value
	from  sources
	marks marks
	ref   *ref
	fn    *fun
	cls   *class
	recv  *value
	alt   *value // what else a name may stand for
	held  carried
}

// carried is what a list or dictionary holds in its items.
type carried struct {
	from  sources
	marks marks
}

// What a value remembers of its items, which never change.
const (
	summed   uint8 = 1 << iota // held
	allKnown                   // they are constants
	notKnown                   // they are not
)

// mostNested bounds how deep lists in lists are followed.
const mostNested = 200

// sources is a set of words of Fact.From: the lower half as they are, the upper
// half with ViaFile.
type sources uint64

// marks is a set of indicator marks, by their place in indicator.All.
type marks uint64

const viaFile = 32

// sourceWords are the words of Fact.From that this package gives.
var sourceWords = []string{
	string(code.Fetch), string(code.Decode), string(code.Decrypt), string(code.Env), string(code.EnvAll), string(code.ReadFile),
	string(code.ReadOwn), string(code.Secret), string(code.SysInfo), string(code.ListDir), string(code.Clipboard), string(code.Screen),
	string(code.Keyboard), string(code.Camera), string(code.Exec), string(code.DNS), string(code.Pixels), code.Unfolded, code.LongLiteral,
	code.ViaAuth + string(code.Env), code.ViaAuth + string(code.ReadFile), code.ViaAuth + string(code.Secret),
}

// bit gives the set of one source kind, empty for a kind that is none.
func bit(k code.Kind) sources {
	for i, w := range sourceWords {
		if w == string(k) {
			return 1 << i
		}
	}
	return 0
}

var (
	fromFetch    = bit(code.Fetch)
	fromDecode   = bit(code.Decode)
	fromEnv      = bit(code.Env)
	fromEnvAll   = bit(code.EnvAll)
	fromRead     = bit(code.ReadFile)
	fromOwn      = bit(code.ReadOwn)
	fromSecret   = bit(code.Secret)
	fromExec     = bit(code.Exec)
	fromListDir  = bit(code.ListDir)
	fromComputed = bit(code.Unfolded)
	fromLong     = bit(code.LongLiteral)
	authEnv      = bit(code.ViaAuth + code.Env)
	authRead     = bit(code.ViaAuth + code.ReadFile)
	authSecret   = bit(code.ViaAuth + code.Secret)
	direct       = sources(1<<viaFile - 1)
)

// words gives the set as Fact.From.
func (s sources) words() []string {
	if s == 0 {
		return nil
	}
	out := make([]string, 0, bits.OnesCount64(uint64(s)))
	for ; s != 0; s &= s - 1 {
		i := bits.TrailingZeros64(uint64(s))
		if i < viaFile {
			out = append(out, sourceWords[i])
		} else {
			out = append(out, code.ViaFile+sourceWords[i-viaFile])
		}
	}
	return out
}

// throughFile gives what a file holds that such data was written to.
func (s sources) throughFile() sources { return (s & direct) << viaFile &^ (fromLong << viaFile) }

var markNames = sync.OnceValue(func() map[string]marks {
	out := map[string]marks{}
	for i, m := range indicator.All() {
		if i < 64 {
			out[m] = 1 << i
		}
	}
	return out
})

func marksOf(s string) marks {
	var out marks
	for _, m := range indicator.Marks(s) {
		out |= markNames()[m]
	}
	return out
}

// markSet gives the set of the named marks.
func markSet(names ...string) marks {
	var out marks
	for _, n := range names {
		out |= markNames()[n]
	}
	return out
}

func (m marks) words() []string {
	if m == 0 {
		return nil
	}
	all := indicator.All()
	var out []string
	for ; m != 0; m &= m - 1 {
		out = append(out, all[bits.TrailingZeros64(uint64(m))])
	}
	return out
}

// nothing is the value of which nothing is known and that carries nothing.
var nothing = &value{}

func (v *value) isText() bool  { return v.kind == text || v.kind == binary }
func (v *value) isConst() bool { return v.kind >= text && v.kind <= large }

// carries says whether the value matters beyond being unknown.
func (v *value) plain() bool {
	return v.kind == unknown && v.from == 0 && v.marks == 0 && v.flags == 0 && len(v.items) == 0
}

// constant says whether the value is known in full, its members too.
func (v *value) constant() bool { return v.constantTo(mostNested) }

func (v *value) constantTo(depth int) bool {
	if v.kind != list && v.kind != dict {
		return v.isConst()
	}
	if v.state&(allKnown|notKnown) != 0 || depth == 0 {
		return v.state&allKnown != 0
	}
	for _, it := range v.items {
		if !it.constantTo(depth - 1) {
			v.state |= notKnown
			return false
		}
	}
	v.state |= allKnown
	return true
}

// reaches unites what the value and its members carry.
func (v *value) reaches() (sources, marks) {
	v.sum(mostNested)
	return v.from | v.held.from, v.marks | v.held.marks
}

// sum gathers what the items carry, once: lists of lists of the same lists would
// cost more than their length.
func (v *value) sum(depth int) {
	if len(v.items) == 0 || v.state&summed != 0 || depth == 0 {
		return
	}
	v.state |= summed
	for _, it := range v.items {
		it.sum(depth - 1)
		v.held.from |= it.from | it.held.from
		v.held.marks |= it.marks | it.held.marks
	}
}

// same says that two values tell the same, so that a summary need not change.
func same(a, b *value, depth int) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || depth == 0 || a.kind != b.kind || a.flags != b.flags || a.n != b.n || a.from != b.from || a.marks != b.marks ||
		a.ref != b.ref || a.fn != b.fn || a.cls != b.cls || len(a.items) != len(b.items) || a.s != b.s || a.tail != b.tail {
		return false
	}
	if len(a.items) > 16 {
		depth = min(depth, 2)
	}
	for i := range a.items {
		if !same(a.items[i], b.items[i], depth-1) {
			return false
		}
	}
	return a.recv == b.recv || same(a.recv, b.recv, depth-1)
}

// callable says that a value could be called by another name.
func (v *value) callable() bool {
	switch v.kind {
	case name, function, classOf, inst, object, applied, method, getter:
		return true
	}
	return false
}

// names says that a value is a module, function or class outside.
func (v *value) names() bool { return v.kind == name && v.alt == nil }

// isForeign says that a member of a class is something outside.
func (v *value) isForeign() bool { return v != nil && (v.kind == name || v.kind == applied) }

// mostAlternatives bounds what one name may stand for at once.
const mostAlternatives = 4

// join gives a value for "one or the other". Names stay as alternatives; two
// constants become unknown text that carries both's marks.
func (a *analysis) join(x, y *value) *value {
	switch {
	case x == nil || x == y:
		return y
	case y == nil:
		return x
	case same(x, y, 3):
		return x
	}
	if x.callable() || y.callable() {
		return a.alternatives(x, y)
	}
	if x.kind == none {
		return y
	}
	if y.kind == none {
		return x
	}
	fx, mx := x.reaches()
	fy, my := y.reaches()
	mx |= a.marksOfValue(x)
	my |= a.marksOfValue(y)
	if x.kind == list && y.kind == list && len(x.items) == len(y.items) && len(x.items) <= 8 {
		items := make([]*value, len(x.items))
		for i := range items {
			items[i] = a.join(x.items[i], y.items[i])
		}
		return a.make(value{kind: list, items: items, from: fx | fy, marks: mx | my})
	}
	out := value{from: fx | fy, marks: mx | my, flags: (x.flags | y.flags), id: x.id}
	if out.plain() {
		return nothing
	}
	return a.make(out)
}

// alternatives makes y stand first (it was assigned last) when it is a name, and x otherwise.
func (a *analysis) alternatives(x, y *value) *value {
	if !y.callable() {
		x, y = y, x
	}
	n := 0
	for v := y; v != nil; v = v.alt {
		if v == x || same(v, x, 2) || x.ref != nil && v.ref == x.ref && v.kind == x.kind {
			if v.from|x.from == v.from {
				return y
			}
		}
		n++
	}
	fx, mx := x.reaches()
	out := *y
	out.from |= fx
	out.marks |= mx
	if x.callable() && n < mostAlternatives {
		tail := *x
		if out.alt != nil { // one chain: the old alternatives stand behind the new one
			last := &tail
			for n = 0; last.alt != nil && n < mostAlternatives; n++ {
				next := *last.alt
				last.alt = &next
				last = &next
			}
			last.alt = out.alt
		}
		out.alt = a.make(tail)
	}
	return a.make(out)
}

// arena is memory for values, taken by the hundred and used again for the next file.
type arena struct {
	chunks [][]value
	used   int // chunks in use
}

const (
	chunkValues = 512
	mostChunks  = 32 // that are kept for the next file
)

// make puts a value where it stays until the analysis ends.
func (a *analysis) make(v value) *value {
	m := a.arena
	if m.used == 0 || len(m.chunks[m.used-1]) == chunkValues {
		if m.used == len(m.chunks) {
			m.chunks = append(m.chunks, make([]value, 0, chunkValues))
		}
		m.used++
	}
	c := &m.chunks[m.used-1]
	*c = append(*c, v)
	return &(*c)[len(*c)-1]
}

// reset lets go of all values and of what they point to.
func (m *arena) reset() {
	if len(m.chunks) > mostChunks {
		clear(m.chunks[mostChunks:])
		m.chunks = m.chunks[:mostChunks]
	}
	for i := range m.chunks {
		clear(m.chunks[i])
		m.chunks[i] = m.chunks[i][:0]
	}
	m.used = 0
}

// tainted gives v with more sources and marks.
func (a *analysis) tainted(v *value, from sources, m marks) *value {
	if v.from|from == v.from && v.marks|m == v.marks {
		return v
	}
	out := *v
	out.from |= from
	out.marks |= m
	return a.make(out)
}

func (a *analysis) unknown(from sources, m marks, id syntax.ID) *value {
	return a.make(value{from: from, marks: m, id: id})
}

// marksOfValue gives the marks of a constant's own text.
func (a *analysis) marksOfValue(v *value) marks {
	switch v.kind {
	case text, binary:
		return a.textMarks(v.s)
	case partial:
		return a.textMarks(v.s) | a.textMarks(v.tail)
	}
	return v.marks
}
