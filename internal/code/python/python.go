// Package python says what Python source does, as facts (package code): which
// function is called under whatever name, with which constants, reached by whose
// data, and when that runs. It reads the tree of package python/syntax, in the
// language's own terms (https://docs.python.org/3/reference/): names are resolved
// through imports, assignments, attributes and look-ups by text; constant
// expressions are folded; data is followed through assignments, containers,
// attributes, files, and the functions of the file.
//
// It runs nothing, opens nothing, never fails and never panics. Its work and
// memory are linear in the source, whatever the source asks for: folding, decoding
// and following draw on budgets, and what they do not pay for stays unknown.
package python

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Limits of one analysis.
const (
	mostRounds   = 4       // how often functions are read again because others learned something
	mostPending  = 20_000  // facts before they are chosen from
	cheapPending = 8_000   // of those, facts of kinds that half of all files are full of
	stepsPerByte = 12      // evaluations, in all rounds together
	leastSteps   = 400_000 // evaluations of a short file
	leastFolds   = 4 << 20 // units of folding, and two a byte
)

// reader is memory that one analysis after another uses.
type reader struct {
	parser syntax.Parser
	values arena
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// Analyze gives the facts of one file of Python source, of any version. It is
// safe for concurrent use and keeps nothing of src.
func Analyze(src []byte) code.Facts { return AnalyzeAmong(src, nil) }

// AnalyzeAmong is Analyze for a file of which it is known what constants names of
// other files stand for.
func AnalyzeAmong(src []byte, known code.Neighbours) code.Facts {
	if len(src) > code.MostSource {
		return code.Facts{Language: code.Python, Cut: true, Unread: "the file is larger than what is read as Python"}
	}
	r := readers.Get().(*reader)
	a := newAnalysis(r.parser.Parse(src), &r.values)
	a.neighbours = known
	a.run()
	facts := a.facts()
	r.values.reset()
	readers.Put(r)
	return facts
}

// analysis is the reading of one file.
type analysis struct {
	tree      *syntax.Tree
	collector *code.Collector
	budget    *decode.Budget
	steps     int // evaluations that are left
	reserved  int // those that loops over constants do not take
	folds     int // units of folding that are left
	arena     *arena

	roots      map[string]*ref
	refs       int
	builtins   *ref
	sysModules *ref
	ownPath    *value
	doc        *value

	file        *scope
	scope       *scope
	class       *class
	unit        *unit
	reach       code.Reach
	starred     []string
	starredOwn  []string // modules of the package, or of nobody known
	neighbours  code.Neighbours
	looking     syntax.ID                    // the name that is looked up
	tables      map[tableOf]map[tableKey]int // filled in by table
	globalNames map[string]*slot
	funs        map[syntax.ID]*fun
	classes     map[syntax.ID]*class
	queued      []*fun
	files       map[string]sources
	filesRead   bool
	marked      map[string]marks
	literals    map[syntax.ID]marks // those of string constants, where there are any
	looked      []uint64            // a bit for each node whose marks were looked up
	decodings   map[string]decoding

	round      int
	changed    bool
	silent     int // above zero, nothing is noted: a second look at the same code
	branch     int
	loops      int
	height     int
	applying   int
	inlined    int
	exact      int // above zero, what runs is told by tests; see exact.go
	leaving    leaving
	yields     []*value
	exactSteps int // evaluations that are left for exact reading
	wasted     int // steps of exact reading that gave nothing
	returned   *value
	raised     *value // what the exceptions of this block carry

	out      []pending
	cheap    int
	dropped  int
	opened   map[syntax.ID][2]int
	embedded []embedded
	units    []*unit
	top      *unit

	// What other files have to do with this one; see across.go.
	takers  map[string]bool    // functions that do something with what they are given
	folders map[string]sources // what their files hold, by their keys
	handed  []handed           // who gives whom what it was given
	lent    map[string]sources // what names of other files are given
}

// fact is what a place says, before its words are written out.
type fact struct {
	kind  code.Kind
	name  string
	at    syntax.ID
	from  sources
	marks marks
	args  []*value
	odd   bool
}

// pending is a fact with where it stands.
type pending struct {
	fact
	unit  *unit
	reach code.Reach
}

// embedded is text that is code by what is done with it.
type embedded struct {
	as   code.Language
	text string
	in   pending
}

func newAnalysis(tree *syntax.Tree, values *arena) *analysis {
	a := &analysis{
		tree: tree, arena: values, collector: code.NewCollector(code.Python, []byte(tree.Src)), budget: decode.NewBudget(),
		roots: map[string]*ref{}, globalNames: map[string]*slot{}, funs: map[syntax.ID]*fun{}, classes: map[syntax.ID]*class{},
		files: map[string]sources{}, marked: map[string]marks{}, decodings: map[string]decoding{},
		takers: map[string]bool{}, lent: map[string]sources{}, folders: map[string]sources{}, literals: map[syntax.ID]marks{}, looked: make([]uint64, tree.Nodes()/64+1),
	}
	a.builtins = a.outside("builtins")
	a.sysModules = a.outside("sys.modules")
	a.ownPath = &value{flags: own}
	a.doc = nothing
	a.top = a.newUnit("")
	return a
}

// run reads the file until nothing new is learned of its functions.
func (a *analysis) run() {
	a.steps = leastSteps + stepsPerByte*len(a.tree.Src)
	a.reserved, a.exactSteps = a.steps/2, a.steps/2
	a.folds = leastFolds + 2*len(a.tree.Src)
	for a.round = 1; a.round <= mostRounds; a.round++ {
		a.changed = false
		a.readFile()
		if !a.changed || a.steps < a.tree.Nodes() { // a round that breaks off is worth less than this one
			return
		}
	}
}

// readFile is one round: the file's own statements, then each function.
func (a *analysis) readFile() {
	a.out, a.cheap, a.dropped, a.embedded = a.out[:0], 0, 0, a.embedded[:0]
	a.opened = map[syntax.ID][2]int{}
	a.handed = a.handed[:0]
	clear(a.takers)
	clear(a.lent)
	a.starred, a.starredOwn, a.queued, a.tables = nil, nil, a.queued[:0], nil
	a.raised = nothing
	a.reach, a.branch, a.loops, a.height = code.Top, 0, 0, 0
	for _, u := range a.units {
		u.edges, u.away = u.edges[:0], u.away[:0]
		u.hook = false
	}
	a.file = &scope{vars: map[string]*value{}}
	a.scope, a.unit, a.class = a.file, a.top, nil
	if first := a.tree.Body; first != 0 && a.tree.Kind(first) == syntax.ExprStmt {
		if e := a.tree.Node(first).A; a.tree.Kind(e) == syntax.Str {
			s, _ := a.tree.Value(e)
			a.doc = &value{kind: text, s: s}
		}
	}
	a.statements(a.tree.Body)
	for k, s := range a.globalNames {
		if old := a.file.vars[k]; old == nil {
			a.file.vars[k] = s.get()
		} else {
			a.file.vars[k] = a.either(s.get(), old)
		}
	}
	for i := 0; i < len(a.queued); i++ {
		a.readFunction(a.queued[i])
	}
}

// readFunction reads the body of a function with what its callers give it.
func (a *analysis) readFunction(f *fun) {
	s := &scope{vars: make(map[string]*value, len(f.params)), parent: f.closure, fn: f}
	for i := range f.params {
		p := &f.params[i]
		v := p.value.get()
		if i == 0 && f.cls != nil && !f.static && v.kind != object {
			v = &f.cls.object
		} else if p.def != nil {
			v = a.join(p.def, v)
		}
		if v == nothing {
			v = a.unknown(0, 0, p.node)
		}
		s.vars[p.name] = v
	}
	if f.star != nil {
		s.vars[f.starName] = a.make(value{kind: list, items: []*value{f.star.get()}, n: 1})
	}
	if f.kw != nil {
		s.vars[f.kwName] = f.kw.get()
	}
	a.scope, a.unit, a.class = s, f.unit, nil
	a.reach, a.branch, a.loops, a.height = code.Top, 0, 0, 0
	a.body(f)
}

func (a *analysis) newFun(id syntax.ID, full string, params syntax.ID) *fun {
	f := &fun{node: id, unit: a.newUnit(full)}
	f.result.a = a
	f.value = value{kind: function, fn: f}
	for p := params; p != 0; p = a.tree.Next(p) {
		n := a.tree.Node(p)
		switch {
		case n.Flags&syntax.DoubleStar != 0:
			f.kw, f.kwName = &slot{a: a}, a.tree.Name(p)
		case n.Flags&syntax.Star != 0:
			if called := a.tree.Name(p); called != "" {
				f.star, f.starName = &slot{a: a}, called
			}
		default:
			f.params = append(f.params, param{node: p, name: a.tree.Name(p), value: slot{a: a}})
		}
	}
	a.funs[id] = f
	return f
}

func (a *analysis) newClass(id syntax.ID, full string) *class {
	c := &class{name: full, unit: a.newUnit(full), attrs: map[string]*slot{}}
	c.value = value{kind: classOf, cls: c}
	c.object = value{kind: object, cls: c}
	a.classes[id] = c
	return c
}

// queue asks for a function's body to be read in this round.
func (a *analysis) queue(f *fun) {
	if f.queued != a.round {
		f.queued = a.round
		a.queued = append(a.queued, f)
	}
}

// scopeName gives the full name of what is defined here.
func (a *analysis) scopeName(n string) string {
	if a.unit.name == "" {
		return n
	}
	if len(a.unit.name) > 200 {
		return a.unit.name
	}
	return a.unit.name + "." + n
}

// cheapKinds are those that honest files are full of.
var cheapKinds = map[code.Kind]bool{code.Import: true, code.Env: true, code.ReadFile: true, code.ListDir: true, code.Lookup: true, code.String: true}

// add notes a fact at the present place.
func (a *analysis) add(f fact) {
	if a.silent > 0 {
		return
	}
	if cheapKinds[f.kind] {
		if a.cheap++; a.cheap > cheapPending {
			a.dropped++
			return
		}
	}
	if len(a.out) >= mostPending {
		a.dropped++
		return
	}
	a.out = append(a.out, a.here(f))
}

func (a *analysis) here(f fact) pending { return pending{f, a.unit, a.reach} }

// noteString notes a constant with marks.
func (a *analysis) noteString(s string, m marks, at syntax.ID, disguised bool) {
	a.add(fact{kind: code.String, at: at, marks: m, args: []*value{{kind: text, s: s}}, odd: disguised})
}

// facts writes out what was noted.
func (a *analysis) facts() code.Facts {
	a.holds()
	a.spread()
	a.collector.Expect(len(a.out))
	for i := range a.out {
		a.collector.Add(a.published(&a.out[i]))
	}
	for i := range a.embedded {
		e := &a.embedded[i]
		a.collector.Embed(code.Embedded{Language: e.as, Text: []byte(e.text), In: a.published(&e.in)})
	}
	a.decodedLiterals()
	a.suppressions()
	a.unread()
	a.collector.Drop(a.dropped)
	facts := a.collector.Facts()
	facts.Outline = a.outline()
	return facts
}

// published makes a code.Fact.
func (a *analysis) published(p *pending) code.Fact {
	line, column := a.tree.Position(a.tree.Node(p.at).Pos)
	f := code.Fact{
		Kind: p.kind, Name: p.name, Line: line, Column: column + 1, Reach: p.unit.reachOf(p.reach), Scope: p.unit.name,
		From: p.from.words(), Marks: p.marks.words(), Disguised: p.odd, Units: []int32{p.unit.id},
	}
	for i, v := range p.args {
		if i >= code.MostArgs {
			break
		}
		f.Args = append(f.Args, argument(v))
		if v.flags&odd != 0 && (p.kind != code.Send && p.kind != code.Socket || readable(v)) {
			f.Disguised = true
		}
	}
	return f
}

// readable says whether data says anything to a person: an address, a name, a text.
// The numbers of a protocol do not, however they are written.
func readable(v *value) bool {
	if v.marks != 0 {
		return true
	}
	s := v.s + v.tail
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\n' && s[i] != '\r' && s[i] != '\t' || s[i] >= 0x7f {
			return false
		}
	}
	return len(s) >= 4
}

// argument is a constant as a word of Args; of text of which only the ends are
// known, those.
func argument(v *value) string {
	switch v.kind {
	case text, binary, integer:
		return code.Shorten(v.show(), code.MostArg)
	case partial:
		if v.s != "" || v.tail != "" {
			return code.Shorten(v.s, code.MostArg/2) + "…" + code.Shorten(v.tail, code.MostArg/4)
		}
	case inst:
		if isPath(v) {
			return code.Shorten(v.s, code.MostArg)
		}
	case list: // an address
		if len(v.items) == 2 && v.items[0].kind == text && v.items[1].constText() {
			return code.Shorten(v.items[0].s, code.MostArg/2) + ":" + v.items[1].show()
		}
	}
	return ""
}

// decodedLiterals hands on what long constants hold although nothing in this file
// is seen to run them.
func (a *analysis) decodedLiterals() {
	const shortest, most = 64, 64
	n := 0
	for id := syntax.ID(1); int(id) <= a.tree.Nodes() && n < most; id++ {
		node := a.tree.Node(id)
		if node.Kind != syntax.Str || node.End-node.Pos < shortest {
			continue
		}
		s, _ := a.tree.Value(id)
		if len(s) < shortest || strings.IndexByte(s[:shortest], ' ') >= 0 {
			continue
		}
		out, _, ok := a.budget.Guess([]byte(s))
		if !ok || !decode.IsText(out) {
			continue
		}
		n++
		in := pending{fact{kind: code.Decode, name: "constant", at: id}, a.top, code.Top}
		a.collector.Embed(code.Embedded{Text: out, In: a.published(&in)})
	}
}

var suppressing = lazy.Regexp(`(?i)#\s*(nosec\b|noqa\s*:\s*S\d|nosemgrep|guarddog\s*:|pragma:\s*allowlist|bandit\s*:|sonar|NOSONAR|lgtm\b|codeql\[|semgrep[-:]|skipcq|checkov:skip)`)

// suppressions notes comments that ask a scanner to look away.
func (a *analysis) suppressions() {
	const most = 5
	n := 0
	for _, c := range a.tree.Comments {
		t := a.tree.Src[c.Pos:min(c.End, c.Pos+400)]
		if !maySuppress(t) || !suppressing().MatchString(t) {
			continue
		}
		line, column := a.tree.Position(c.Pos)
		a.collector.Add(code.Fact{Kind: code.Suppression, Line: line, Column: column + 1, Args: []string{strings.TrimSpace(t)}})
		if n++; n == most {
			return
		}
	}
}

// maySuppress spares most comments the expression.
func maySuppress(t string) bool {
	for i := range len(t) {
		switch t[i] | 0x20 {
		case 'n', 'g', 'p', 'b', 's', 'l', 'c':
			return true
		case ' ', '#', '\t':
			continue
		}
		if i > 0 && t[i] != '#' {
			return strings.IndexByte(t[i:], '#') >= 0
		}
	}
	return false
}

func (a *analysis) unread() {
	if len(a.tree.Errors) == 0 {
		return
	}
	if a.tree.Cut {
		a.collector.Cut("the file has more parts, or larger expressions, than are read")
	}
	e := a.tree.Errors[0]
	a.collector.Unread("line " + itoa(e.Line) + ": " + code.Shorten(e.Text, 120))
}
