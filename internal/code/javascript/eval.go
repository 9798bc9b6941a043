package javascript

import (
	"bytes"
	"sort"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

const (
	mostEval     = 2500    // nesting of expressions that is followed
	mostCalls    = 40      // calls into functions of the file that are followed in each other
	mostFuns     = 150_000 // functions of a file that are kept between passes
	stepsOfFile  = 400_000 // of what is carried out to fold it
	stepsOfOne   = 200_000
	mostInline   = 60  // calls that are carried out in each other
	longLiteral  = 200 // bytes: code.LongLiteral
	mostPending  = 100_000
	keptBlocks   = 4 << 20 // bytes of a file from which the variables of blocks are not kept between passes
	shortestData = 40      // bytes of a constant that is tried as encoded data
)

var (
	fromFetch    = flow.Of(code.Fetch)
	fromDecode   = flow.Of(code.Decode)
	fromDecrypt  = flow.Of(code.Decrypt)
	fromEnv      = flow.Of(code.Env)
	fromEnvAll   = flow.Of(code.EnvAll)
	fromSecret   = flow.Of(code.Secret)
	fromFile     = flow.Of(code.ReadFile)
	fromOwn      = flow.Of(code.ReadOwn)
	fromSocket   = flow.Of(code.Socket)
	fromComputed = flow.Word(code.Unfolded)
	fromLong     = flow.Word(code.LongLiteral)
	// fromData are sources whose data makes a request give something away.
	fromData = flow.Of(code.Env, code.EnvAll, code.Secret, code.ReadFile, code.ReadOwn, code.SysInfo, code.ListDir, code.Clipboard,
		code.Screen, code.Keyboard, code.Camera, code.Socket, code.DNS)
)

// analysis follows the values of one file. It reads the tree several times: what
// is assigned, called and returned in one pass is known in the next. Only the
// last pass gives facts.
type analysis struct {
	src    []byte
	atoms  *atoms
	p      *parser
	gen    int32
	pass   int32
	last   bool
	funs   map[int32]*fun
	scopes map[int64]*scope
	c      *code.Collector
	budget *decode.Budget
	lines  []int32

	cur        *fun
	scope      *scope
	this       *value
	ret        *value
	loop       int // loops around, in cur
	branch     int // conditions around, in cur
	main       int
	nowhere    int
	depth      int
	calls      int
	pending    []*fun
	lazyDepth  int
	spare      [][]node // trees that were let go
	generation int32

	// What is carried out to fold it gives no facts and changes only what it made.
	quiet     int
	concrete  bool
	aborted   bool
	returned  bool
	steps     int
	stepsLeft int
	inlined   int
	undo      []saved
	carrying        // what is carried out now; see carry.go
	here      int32 // the call that is followed
	symbols   int
	followed  map[followed]uint8
	replaying int
	standsIn  *fun // the function of the call that is replayed, or nil
	passLeft  int  // steps that calls with other arguments than constants may take in this pass

	marks     []string
	markIndex map[string]int
	files     map[string]flow.Set // what was written, by the keys of its path
	filePaths []string
	held      map[string]flow.Set // what variables of the environment and global names were given, by name
	exports   map[string]*value   // what module.exports was given, by name

	// What other files have to do with this one; see code.Outline.
	exportStars []string
	readNames   map[string]bool
	aways       []awayFrom
	awaySeen    map[awayFrom]bool
	lastUnit    int32
	neighbours  code.Neighbours
	thrown      flow.Set // what the exceptions of this block carry
	envName     int      // around a property named env
	sinks       bool     // there are facts to which something may flow
	keysSent    bool     // what is typed is given away somewhere
	guessed     map[string]bool
	expressions map[string]expression // by literal
	takers      map[string]bool       // functions that do something with what they are given
	handed      []handed              // who gives whom what it was given
	ids         int
}

func newAnalysis(src []byte, lang code.Language) *analysis {
	a := &analysis{
		src: src, atoms: newAtoms(), funs: map[int32]*fun{}, scopes: map[int64]*scope{}, c: code.NewCollector(lang, src),
		budget: decode.NewBudget(), markIndex: map[string]int{}, files: map[string]flow.Set{}, stepsLeft: stepsOfFile,
		guessed: map[string]bool{},
	}
	a.lines = lineStarts(src)
	return a
}

// lineStarts gives where each line begins. A line ends with LF, CR or both.
func lineStarts(src []byte) []int32 {
	lines := make([]int32, 1, 2+bytes.Count(src, []byte("\n")))
	if bytes.IndexByte(src, '\r') < 0 {
		for at := 0; ; {
			n := bytes.IndexByte(src[at:], '\n')
			if n < 0 {
				return lines
			}
			at += n + 1
			lines = append(lines, int32(at))
		}
	}
	for i := 0; i < len(src); i++ {
		if c := src[i]; c == '\n' || c == '\r' {
			if c == '\r' && i+1 < len(src) && src[i+1] == '\n' {
				i++
			}
			lines = append(lines, int32(i+1))
		}
	}
	return lines
}

// place gives line and column of an offset, both from 1.
func (a *analysis) place(pos int32) (line, column int) {
	i := sort.Search(len(a.lines), func(i int) bool { return a.lines[i] > pos })
	return i, int(pos-a.lines[i-1]) + 1
}

func (a *analysis) at(n int32) *node { return &a.p.nodes[n] }

func (a *analysis) fun(n int32) *fun {
	pos := a.at(n).pos
	f := a.funs[pos]
	if f == nil {
		f = &fun{pos: pos, pass: -1}
		if len(a.funs) < mostFuns {
			a.funs[pos] = f
		}
	}
	f.node, f.gen = n, a.gen
	return f
}

// scopeAt gives the scope that starts at pos, the same one in every pass. What
// is carried out has scopes of its own.
func (a *analysis) scopeAt(pos int32, which int64, fn *fun) *scope {
	if a.concrete {
		return &scope{parent: a.scope, fn: fn, live: true}
	}
	if fn != nil && fn.origin != nil || which == 1 && len(a.src) > keptBlocks {
		return &scope{parent: a.scope, fn: fn}
	}
	key := int64(pos)<<2 | which
	s := a.scopes[key]
	if s == nil {
		s = &scope{}
		if len(a.scopes) < 2*mostFuns {
			a.scopes[key] = s
		}
	}
	s.parent, s.fn = a.scope, fn
	return s
}

// ---- variables

func (a *analysis) read(atom int32) *value {
	b, s := a.scope.lookup(atom)
	if b == nil {
		return a.global(a.atoms.names[atom])
	}
	var v *value
	if s.live {
		if b.now == nil {
			return undefined
		}
		return b.now
	}
	if s.fn == a.cur || a.concrete && s.fn == a.owner {
		v = b.now
		if b.foreign != nil && b.foreign != v {
			v = merge(v, b.foreign)
		}
	} else {
		v = b.all
	}
	if v == nil {
		v = b.all
	}
	if v == nil || v == unknown || v.kind == vUnknown && v.from == 0 && !v.callable && v.approx == "" {
		if atom == aRequire {
			return name("require")
		}
		if v == nil {
			v = unknown
		}
	}
	if !v.isConst() && v.kind != vFunc && v.kind != vArray && v.kind != vObject && (v.from != 0 || v.kind == vUnknown && v.approx != "") && len(v.keys) < mostKeys {
		if b.id == 0 {
			a.ids++
			b.id = a.ids
		}
		c := *v
		c.addKeys([]string{"#" + strconv.Itoa(b.id)})
		return &c
	}
	return v
}

// write assigns to a variable.
func (a *analysis) write(b *binding, s *scope, v *value) {
	if a.concrete {
		switch {
		case s.live:
		case s.fn == a.owner && a.outward:
			if len(a.undo) < stepsOfOne {
				a.undo = append(a.undo, saved{b, b.now})
			}
		default:
			a.aborted = true
			return
		}
		b.now = v
		return
	}
	if s.live {
		b.now = merge(b.now, v)
		return
	}
	b.all = mergeAssigned(b.all, a.lean(v))
	switch {
	case s.fn != a.cur:
		b.foreign = mergeAssigned(b.foreign, a.lean(v))
		if by := a.cur.real(); b.writer == nil {
			b.writer = by
		} else if b.writer != by {
			b.writer = several
		}
	case a.loop == 0 && a.branch == 0:
		b.now = v
	default:
		b.now = mergeAssigned(b.now, v)
	}
}

// lean gives what is remembered of a value from one pass to the next. Of the
// numbers of a very large file nothing is: they would be most of what is kept.
func (a *analysis) lean(v *value) *value {
	if len(a.src) > keptBlocks && (v.kind == vNumber || v.kind == vBool || v.kind == vNull) && v.from == 0 {
		return unknown
	}
	return v
}

// mergeAssigned merges what one variable holds at different times. Texts that
// grow are not kept apart: only what they carry matters.
func mergeAssigned(a, b *value) *value {
	if a != nil && b != nil && a.kind == vString && b.kind == vString && a.s != b.s && (b.joined || a.joined) {
		u := &value{approx: b.approx}
		u.carry(a)
		u.carry(b)
		if len(b.s) <= mostApprox {
			u.approx = b.s
		}
		return u
	}
	return merge(a, b)
}

var globalObjects = map[string]bool{"globalThis": true, "window": true, "global": true, "self": true, "root": true, "top": true, "frames": true, "parent": true}

// hold remembers what a variable of the environment or a global name was given.
func (a *analysis) hold(name string, v *value) {
	from := v.deep(1).from &^ (fromLong | fromEnv)
	if from == 0 || a.held[name]|from == a.held[name] {
		return
	}
	if a.held == nil {
		a.held = map[string]flow.Set{}
	}
	if len(a.held) < mostFields {
		a.held[name] |= from
	}
}

func (a *analysis) global(s string) *value {
	switch s {
	case "undefined":
		return undefined
	case "NaN":
		return number(parseNumber("x"))
	case "__dirname":
		return &value{own: true, approx: "."}
	case "__filename":
		return &value{own: true, ownFile: true, approx: "./self.js"}
	case "arguments":
		v := &value{}
		for _, p := range a.cur.params {
			v.carry(p)
		}
		return v
	}
	if globalObjects[s] {
		return name("")
	}
	v := name(s)
	v.from |= a.held[s]
	return v
}

// ---- statements

// jump says how a statement ended, where it is carried out.
type jump uint8

const (
	onward jump = iota
	broke
	continued
	left
)

// hoist declares what a list of statements declares.
func (a *analysis) hoist(first int32) {
	for n := first; n != 0; n = a.at(n).next {
		a.hoistOne(n)
	}
}

func (a *analysis) hoistOne(n int32) {
	if n == 0 {
		return
	}
	switch x := a.at(n); x.op {
	case nVar:
		if x.flag&fVar == 0 {
			for d := x.a; d != 0; d = a.at(d).next {
				a.declarePattern(a.at(d).a)
			}
		}
	case nFunc:
		if x.flag&fDecl != 0 && x.d != 0 {
			b := a.scope.declare(x.d)
			v := a.function(n)
			b.now = v
			b.all = merge(b.all, v)
		}
	case nClass:
		if x.flag&fDecl != 0 && x.d != 0 {
			a.scope.declare(x.d)
		}
	case nImport:
		for s := x.a; s != 0; s = a.at(s).next {
			a.scope.declare(a.at(s).b)
		}
		a.importDeclaration(x)
	case nExport:
		a.hoistOne(x.a)
	}
}

func (a *analysis) declarePattern(n int32) {
	if n == 0 {
		return
	}
	switch x := a.at(n); x.op {
	case nIdent:
		a.scope.declare(x.a)
	case nArray:
		for e := x.a; e != 0; e = a.at(e).next {
			a.declarePattern(e)
		}
	case nObject:
		for e := x.a; e != 0; e = a.at(e).next {
			a.declarePattern(a.at(e).b)
		}
	case nAssign, nSpread:
		a.declarePattern(x.a)
	}
}

// needsScope says whether a list of statements declares something of its own.
func (a *analysis) needsScope(first int32) bool {
	for n := first; n != 0; n = a.at(n).next {
		switch x := a.at(n); x.op {
		case nVar:
			if x.flag&fVar == 0 {
				return true
			}
		case nFunc, nClass, nExport, nImport:
			return true
		}
	}
	return false
}

func (a *analysis) block(pos, first int32) jump {
	outer := a.scope
	if a.needsScope(first) {
		a.scope = a.scopeAt(pos, 1, a.cur)
		a.hoist(first)
	}
	j := a.statements(first)
	a.scope = outer
	return j
}

func (a *analysis) statements(first int32) jump {
	for n := first; n != 0; n = a.at(n).next {
		if j := a.statement(n); a.concrete && (j != onward || a.aborted) {
			return j
		}
	}
	return onward
}

// maybe follows what runs on a condition.
func (a *analysis) maybe(n int32) {
	if n == 0 {
		return
	}
	a.branch++
	a.statement(n)
	a.branch--
}

func (a *analysis) statement(n int32) jump {
	if n == 0 {
		return onward
	}
	if a.depth++; a.depth > mostEval {
		a.depth--
		a.c.Cut("code is nested too deeply to follow")
		return onward
	}
	defer func() { a.depth-- }()
	x := *a.at(n)
	switch x.op {
	case nVar:
		for d := x.a; d != 0; d = a.at(d).next {
			decl := *a.at(d)
			switch {
			case decl.b != 0:
				v := a.named(decl.b, decl.a)
				a.bind(decl.a, v)
			case x.flag&fVar == 0 && a.concrete:
				a.bind(decl.a, undefined)
			}
		}
	case nExprStmt:
		a.eval(x.a)
	case nBlock:
		return a.block(x.pos, x.a)
	case nIf:
		return a.ifChain(n)
	case nFor, nWhile:
		return a.loopStatement(&x)
	case nForIn:
		return a.forIn(&x)
	case nReturn:
		v := undefined
		if x.a != 0 {
			v = a.eval(x.a)
		}
		if a.concrete {
			a.ret, a.returned = v, true
			return left
		}
		if a.cur != nil && a.isGenerator(a.cur) {
			break // what it yields is what it gives
		}
		a.ret = merge(a.ret, v)
	case nThrow:
		v := a.eval(x.a)
		if a.concrete {
			a.throw(v)
			return onward
		}
		a.thrown |= v.deep(1).from
	case nTry:
		if a.concrete {
			return a.carryTry(&x)
		}
		before := a.thrown
		a.thrown = 0
		a.statement(x.a)
		caught := a.thrown
		a.thrown = before
		if x.c != 0 {
			a.branch++
			outer := a.scope
			if x.b != 0 {
				a.scope = a.scopeAt(x.pos, 2, a.cur)
				a.declarePattern(x.b)
				if caught != 0 {
					a.bind(x.b, tainted(caught))
				}
			}
			a.statement(x.c)
			a.scope = outer
			a.branch--
		}
		a.statement(x.d)
	case nSwitch:
		if a.concrete {
			return a.switchCarried(&x)
		}
		a.eval(x.a)
		a.branch++
		outer := a.scope
		a.scope = a.scopeAt(x.pos, 1, a.cur)
		for c := x.b; c != 0; c = a.at(c).next {
			a.hoist(a.at(c).b)
		}
		for c := x.b; c != 0; c = a.at(c).next {
			k := *a.at(c)
			if k.a != 0 {
				a.eval(k.a)
			}
			a.statements(k.b)
		}
		a.scope = outer
		a.branch--
	case nJump:
		if x.flag&fBreak != 0 {
			return broke
		}
		return continued
	case nFunc, nLazy:
		if x.flag&fDecl == 0 || x.d == 0 {
			a.eval(n)
		}
	case nClass:
		v := a.class(n)
		if x.d != 0 {
			if b, s := a.scope.lookup(x.d); b != nil {
				a.write(b, s, v)
			}
		}
	case nImport:
	case nExport:
		a.export(&x)
	default:
		a.eval(n)
	}
	return onward
}

// named evaluates x, which gets its name from target.
func (a *analysis) named(x, target int32) *value {
	v := a.eval(x)
	if v.kind == vFunc && v.fn.title == "" && target != 0 {
		switch t := a.at(target); t.op {
		case nIdent:
			v.fn.title = a.titled(a.atoms.names[t.a])
		case nMember:
			v.fn.title = a.titled(a.atoms.names[t.b])
		}
	}
	return v
}

func (a *analysis) titled(s string) string {
	if a.cur == nil || a.cur.title == "" {
		return s
	}
	if strings.Count(a.cur.title, ".") > 3 {
		return a.cur.title
	}
	return a.cur.title + "." + s
}

func (a *analysis) ifChain(n int32) jump {
	branches := 0
	defer func() { a.branch -= branches }()
	for n != 0 {
		x := *a.at(n)
		if x.op != nIf {
			return a.statement(n)
		}
		cond := a.eval(x.a)
		if a.concrete {
			is, known := cond.truth()
			if !known {
				a.aborted = true
				return onward
			}
			if is {
				return a.statement(x.b)
			}
			n = x.c
			continue
		}
		switch c := a.condition(x.a); c {
		case condFalse:
			a.nowhere++
			a.maybe(x.b)
			a.nowhere--
		case condTrue:
			a.statement(x.b)
			a.nowhere++
			a.maybe(x.c)
			a.nowhere--
			return onward
		case condMain:
			a.main++
			a.maybe(x.b)
			a.main--
		default:
			a.maybe(x.b)
		}
		a.branch++
		branches++
		n = x.c
	}
	return onward
}

type condKind uint8

const (
	condAny condKind = iota
	condFalse
	condTrue
	condMain
)

// condition says what a condition is when it is written as a constant, or asks
// whether the file is the program. Nothing that is computed counts: code is only
// called dead that says so.
func (a *analysis) condition(n int32) condKind { return a.conditionIn(n, 3) }

func (a *analysis) conditionIn(n int32, depth int) condKind {
	if depth == 0 {
		return condAny
	}
	x := a.at(n)
	switch x.op {
	case nBool, nNum:
		is := x.a == 1
		if x.op == nNum {
			is = parseNumber(string(a.src[x.pos:x.a])) != 0
		}
		if is {
			return condTrue
		}
		return condFalse
	case nUnary:
		if x.d == '!' {
			switch a.conditionIn(x.a, depth-1) {
			case condFalse:
				return condTrue
			case condTrue:
				return condFalse
			}
			if m := a.at(x.a); m.op == nMember && a.isIdent(m.a, aModule) && a.atoms.names[m.b] == "parent" {
				return condMain
			}
		}
	case nBinary:
		if o := op(x.d); o == opEq2 || o == opEq3 {
			for _, side := range [2][2]int32{{x.a, x.b}, {x.b, x.a}} {
				m := a.at(side[0])
				if m.op == nMember && a.isIdent(m.a, aRequire) && a.atoms.names[m.b] == "main" && a.isIdent(side[1], aModule) {
					return condMain
				}
				if m.op == nMember && a.at(m.a).op == nMeta && a.atoms.names[m.b] == "url" {
					return condMain
				}
			}
		}
	case nLogical:
		if op(x.d) != opAnd {
			return condAny
		}
		switch l := a.conditionIn(x.a, depth-1); {
		case l == condFalse, l == condMain:
			return l
		case a.conditionIn(x.b, depth-1) == condMain:
			return condMain
		}
	case nMember:
		if a.at(x.a).op == nMeta && a.atoms.names[x.b] == "main" {
			return condMain
		}
	}
	return condAny
}

func (a *analysis) isIdent(n, atom int32) bool {
	x := a.at(n)
	return x.op == nIdent && x.a == atom
}

func (a *analysis) switchCarried(x *node) jump {
	on := a.eval(x.a)
	if !on.isConst() {
		a.aborted = true
		return onward
	}
	start := int32(0)
	for c := x.b; c != 0 && start == 0; c = a.at(c).next {
		if t := a.at(c).a; t != 0 {
			v := a.eval(t)
			if !v.isConst() {
				a.aborted = true
				return onward
			}
			if same(v, on) {
				start = c
			}
		}
	}
	for c := x.b; c != 0 && start == 0; c = a.at(c).next {
		if a.at(c).a == 0 {
			start = c
		}
	}
	for c := start; c != 0; c = a.at(c).next {
		switch j := a.statements(a.at(c).b); {
		case a.aborted:
			return onward
		case j == broke:
			return onward
		case j != onward:
			return j
		}
	}
	return onward
}

// loopStatement follows for, while and do. What can be carried out in few steps
// is, so that a loop over constants gives a constant.
func (a *analysis) loopStatement(x *node) jump {
	outer := a.scope
	defer func() { a.scope = outer }()
	if x.op == nFor && x.a != 0 && a.at(x.a).op == nVar {
		a.scope = a.scopeAt(x.pos, 1, a.cur)
		a.hoistOne(x.a)
	}
	if a.concrete {
		return a.carryLoop(x)
	}
	if x.op == nFor {
		if x.a != 0 {
			a.statementOrExpression(x.a)
		}
	}
	var final *outcome
	if a.straight() {
		final = a.tryLoop(func() jump { return a.loopRounds(x) })
	}
	cond, update, body := x.a, int32(0), x.b
	if x.op == nFor {
		cond, update, body = x.b, x.c, x.d
	}
	dead := x.flag&fDo == 0 && cond != 0 && a.condition(cond) == condFalse
	if dead {
		a.nowhere++
	}
	a.loop++
	if cond != 0 {
		a.eval(cond)
	}
	a.statement(body)
	if update != 0 {
		a.eval(update)
	}
	a.loop--
	if dead {
		a.nowhere--
	}
	a.settle(final)
	return onward
}

func (a *analysis) statementOrExpression(n int32) {
	if a.at(n).op == nVar {
		a.statement(n)
		return
	}
	a.eval(n)
}

func (a *analysis) carryLoop(x *node) jump {
	if x.op == nFor && x.a != 0 {
		a.statementOrExpression(x.a)
	}
	return a.loopRounds(x)
}

func (a *analysis) loopRounds(x *node) jump {
	cond, update, body := x.a, int32(0), x.b
	if x.op == nFor {
		cond, update, body = x.b, x.c, x.d
	}
	first := x.flag&fDo != 0
	for !a.aborted {
		if cond != 0 && !first {
			is, known := a.eval(cond).truth()
			if !known {
				a.aborted = true
			}
			if !is || a.aborted {
				break
			}
		}
		first = false
		if a.steps--; a.steps < 0 {
			a.aborted = true
			break
		}
		j := a.statement(body)
		if a.aborted || j == broke {
			break
		}
		if j == left {
			return left
		}
		if update != 0 {
			a.eval(update)
		}
	}
	return onward
}

func (a *analysis) forIn(x *node) jump {
	over := a.eval(x.b)
	outer := a.scope
	defer func() { a.scope = outer }()
	target := x.a
	if target != 0 && a.at(target).op == nVar {
		a.scope = a.scopeAt(x.pos, 1, a.cur)
		a.hoistOne(target)
		target = a.at(a.at(target).a).a
	}
	if a.concrete {
		items := a.rounds(x, over)
		if items == nil {
			a.aborted = true
			return onward
		}
		return a.carryForOf(x, target, items)
	}
	if over.env {
		a.environment(x.pos, "for-in")
	}
	item := tainted(over.from)
	item.carry(over)
	if x.flag&fOf != 0 && over.kind != vArray {
		over = a.iterate(over)
	}
	if x.flag&fOf != 0 && over.kind == vArray && len(over.items) > 0 {
		item = nil
		for i, it := range over.items {
			if i > 200 {
				break
			}
			item = merge(item, it)
			if item.kind == vUnknown {
				break
			}
		}
		d := over.deep(2)
		item = item.with(&d)
	}
	var final *outcome
	if a.straight() && a.rounds(x, over) != nil {
		final = a.tryLoop(func() jump { return a.carryForOf(x, target, a.rounds(x, over)) })
	}
	a.loop++
	a.bind(target, item)
	a.statement(x.d)
	a.loop--
	a.settle(final)
	return onward
}

func (a *analysis) carryForOf(x *node, target int32, items []*value) jump {
	for _, it := range items {
		if a.steps--; a.steps < 0 || a.aborted {
			a.aborted = true
			return onward
		}
		a.bind(target, it)
		if j := a.statement(x.d); j == broke {
			break
		} else if j == left {
			return left
		}
	}
	return onward
}

// bind gives a value to a name or to the names of a pattern.
func (a *analysis) bind(target int32, v *value) {
	if target == 0 {
		return
	}
	x := *a.at(target)
	switch x.op {
	case nIdent:
		b, s := a.scope.lookup(x.a)
		if b == nil {
			a.assignGlobal(x.a, v, x.pos)
			return
		}
		a.write(b, s, v)
	case nArray:
		if v.kind == vString || v.kind == vObject || v.kind == vName && v.items != nil {
			v = a.iterate(v)
		}
		i := 0
		for e := x.a; e != 0; e = a.at(e).next {
			item := tainted(v.from)
			switch {
			case v.kind == vArray && i < len(v.items) && !v.dirty:
				item = v.items[i]
			case v.kind == vUnion: // the same array of several passes, or one of several
				item = nil
				for _, one := range v.items {
					if one.kind == vArray && i < len(one.items) && !one.dirty {
						item = merge(item, one.items[i])
					}
				}
				if item == nil {
					item = tainted(v.from)
					item.carry(v)
				}
			case v.from != 0 || v.marks != 0 || v.env:
				item.carry(v)
			}
			if a.at(e).op == nSpread {
				item = v
				if v.kind == vArray && !v.dirty {
					item = a.list(v.items[min(i, len(v.items)):]...)
					item.carry(v)
				}
			} else if v.kind == vArray && !v.dirty && i >= len(v.items) {
				item = undefined
			}
			a.bind(e, item)
			i++
		}
	case nObject:
		for e := x.a; e != 0; e = a.at(e).next {
			prop := *a.at(e)
			if prop.op != nProp {
				continue
			}
			if a.at(prop.b).op == nSpread {
				rest := *v
				rest.kind = vUnknown
				if v.kind == vObject || v.kind == vName {
					rest.kind = v.kind
				}
				a.bind(a.at(prop.b).a, &rest)
				continue
			}
			key, disguised, known := a.key(prop.a, prop.flag&fComputed != 0)
			var f *value
			if known {
				f = a.member(v, key, prop.pos, disguised)
			} else {
				f = tainted(v.from)
				f.carry(v)
			}
			a.bind(prop.b, f)
		}
	case nAssign: // with a default
		if v.kind == vNull || v.kind == vUnknown || v.kind == vUnion {
			d := a.named(x.b, x.a)
			if v.kind == vNull {
				v = d
			} else {
				v = merge(v, d)
			}
		}
		a.bind(x.a, v)
	case nSpread:
		a.bind(x.a, v)
	case nMember, nIndex:
		a.assignMember(target, v, '=')
	}
}

// key gives the text of a property's key.
func (a *analysis) key(n int32, computed bool) (key string, disguised, known bool) {
	if n == 0 {
		return "", false, false
	}
	x := a.at(n)
	if !computed {
		switch x.op {
		case nIdent:
			return a.atoms.names[x.a], false, true
		case nStr, nNum:
			s, ok := a.eval(n).str()
			return s, false, ok
		}
	}
	v := a.eval(n)
	s, ok := v.str()
	return s, v.disguised || v.joined, ok && v.kind != vNull && v.kind != vArray
}

// ---- functions

// function gives the value of a function and leaves its body for later.
func (a *analysis) function(n int32) *value {
	f := a.fun(n)
	x := a.at(n)
	if a.concrete {
		return a.closure(f, x)
	}
	f.outer = a.scope
	if x.flag&fArrow != 0 {
		f.this = a.this
	}
	if x.d != 0 && f.title == "" {
		f.title = a.titled(a.atoms.names[x.d])
	}
	if f.pass != a.pass && len(a.pending) < mostPending {
		a.pending = append(a.pending, f)
	}
	if f.value == nil {
		f.value = &value{kind: vFunc, fn: f}
	}
	return f.value
}

// flush follows the bodies of functions that nobody called.
func (a *analysis) flush(from int) {
	for i := from; i < len(a.pending); i++ {
		a.run(a.pending[i])
	}
	a.pending = a.pending[:from]
}

// run follows the body of a function, once in a pass.
func (a *analysis) run(f *fun) {
	if f.pass == a.pass || f.running || f.gen != a.gen || f.node == 0 || f.class || a.concrete {
		return
	}
	if a.calls >= mostCalls {
		if len(a.pending) < mostPending {
			a.pending = append(a.pending, f)
		}
		return
	}
	if !a.mayFollow(f) {
		return
	}
	f.pass, f.running = a.pass, true
	a.calls++
	outer := *a
	pending := len(a.pending)
	a.cur, a.scope, a.this, a.ret, a.loop, a.branch, a.depth = f, f.outer, f.this, nil, 0, 0, min(a.depth, mostEval/2)
	a.main, a.nowhere, a.envName, a.standsIn = 0, 0, 0, nil
	a.body(f, nil)
	if a.ret != nil {
		f.ret = merge(f.ret, a.lean(a.ret))
	}
	a.flush(pending)
	if len(a.src) > keptBlocks {
		for _, b := range a.scope.vars {
			b.now = nil
		}
	}
	a.cur, a.scope, a.this, a.ret, a.loop, a.branch, a.depth = outer.cur, outer.scope, outer.this, outer.ret, outer.loop, outer.branch, outer.depth
	a.main, a.nowhere, a.envName, a.standsIn = outer.main, outer.nowhere, outer.envName, outer.standsIn
	a.calls--
	f.running = false
}

// body follows the parameters and the body of a function in the present scope.
func (a *analysis) body(f *fun, args []*value) {
	x := *a.at(f.node)
	a.scope = a.scopeAt(x.pos, 0, f)
	if args == nil {
		for _, b := range a.scope.vars {
			b.now = nil
		}
	}
	if x.d != 0 && x.flag&(fDecl|fMethod) == 0 {
		a.scope.declare(x.d).now = &value{kind: vFunc, fn: f}
	}
	i := 0
	for p := x.a; p != 0; p = a.at(p).next {
		a.declarePattern(p)
		v := asked
		switch {
		case args != nil && i < len(args):
			v = args[i]
		case args != nil:
			v = undefined
		case i < len(f.params) && f.params[i] != nil:
			v = f.params[i]
		}
		if a.at(p).op == nSpread {
			rest := &value{kind: vArray}
			from := f.params
			if args != nil {
				from = args
			}
			if i < len(from) {
				for _, r := range from[i:] {
					if r == nil {
						r = unknown
					}
					rest.items = append(rest.items, r)
				}
			}
			if args == nil {
				rest.dirty = true
				d := rest.deep(1)
				rest.carry(&d)
			}
			v = rest
		}
		a.bind(p, v)
		i++
	}
	for v := x.c; v != 0; v = a.at(v).next {
		a.scope.declare(a.at(v).a)
	}
	switch body := *a.at(x.b); {
	case body.op == nBlock:
		a.hoist(body.a)
		a.statements(body.a)
	case body.op == nLazy:
		a.lazy(body.pos, body.a)
	case x.flag&fArrow != 0 && x.b != 0:
		v := a.eval(x.b)
		if a.concrete {
			a.ret, a.returned = v, true
		} else {
			a.ret = merge(a.ret, v)
		}
	}
}

// call follows a call of a function of this file.
func (a *analysis) callFun(f *fun, this *value, args []*value, pos int32, construct bool) *value {
	if f.class {
		if a.concrete {
			return a.instance(f, args)
		}
		return a.construct(f, args)
	}
	if construct && a.concrete {
		return a.instance(f, args)
	}
	if v, ok := a.inline(f, this, args); ok && !construct {
		if !a.concrete {
			f.calledBy(a.cur, a.main > 0)
			a.passed(f, args)
			a.runNow(f)
		}
		return v
	}
	if a.concrete {
		a.aborted = true
		return unknown
	}
	if a.nowhere == 0 {
		f.calledBy(a.cur, a.main > 0)
	}
	a.passed(f, args)
	a.handsOn(f, args)
	if construct {
		f.this = f.prototype()
	} else if this != nil && f.this == nil && this.kind == vObject {
		f.this = this
	}
	a.runNow(f)
	if construct {
		return f.prototype()
	}
	if a.isGenerator(f) {
		return yielded(f)
	}
	if f.ret == nil {
		return unknown
	}
	return f.ret
}

func (a *analysis) runNow(f *fun) {
	main := a.main
	a.run(f)
	a.main = main
}

func (a *analysis) passed(f *fun, args []*value) {
	for i, v := range args {
		if i >= 64 {
			return
		}
		for len(f.params) <= i {
			f.params = append(f.params, nil)
		}
		f.params[i] = merge(f.params[i], a.lean(v))
	}
}

// construct follows new C() of a class.
func (a *analysis) construct(f *fun, args []*value) *value {
	p := f.prototype()
	for s := f; s != nil; {
		if c := s.proto.field("constructor"); c != nil && c.kind == vFunc {
			if a.nowhere == 0 {
				c.fn.calledBy(a.cur, a.main > 0)
			}
			a.passed(c.fn, args)
			a.runNow(c.fn)
			break
		}
		if s.super == nil || s.super.kind != vFunc || s.super.fn == s || s.super.fn.proto == nil {
			break
		}
		s = s.super.fn
	}
	return p
}

// class follows a class: its members are functions of their own.
func (a *analysis) class(n int32) *value {
	f := a.fun(n)
	x := *a.at(n)
	f.class = true
	v := &value{kind: vFunc, fn: f}
	if f.title == "" && x.d != 0 {
		f.title = a.titled(a.atoms.names[x.d])
	}
	if x.a != 0 {
		f.super = a.eval(x.a)
	}
	p := f.prototype()
	this, cur := a.this, a.cur
	for m := x.b; m != 0; m = a.at(m).next {
		prop := *a.at(m)
		if prop.op != nProp {
			continue
		}
		a.this = p
		if prop.flag&fStatic != 0 {
			a.this = v
		}
		if prop.a == 0 && a.at(prop.b).op != nFunc { // a member whose name could not be read
			a.eval(prop.b)
			continue
		}
		if prop.a == 0 { // a static block
			b := a.function(prop.b)
			a.this = this
			a.callFun(b.fn, v, nil, prop.pos, false)
			continue
		}
		key, _, known := a.key(prop.a, prop.flag&fComputed != 0)
		if prop.b == 0 {
			continue
		}
		member := a.eval(prop.b)
		if member.kind == vFunc {
			member.fn.this = a.this
			if member.fn.title == "" || !strings.Contains(member.fn.title, ".") {
				member.fn.title = f.title + "." + key
				if f.title == "" {
					member.fn.title = a.titled(key)
				}
			}
			if prop.flag&fGet != 0 {
				if member.fn.ret == nil {
					continue
				}
				member = member.fn.ret
			}
		}
		if !known {
			continue
		}
		if prop.flag&fStatic != 0 {
			if f.static == nil {
				f.static = map[string]*value{}
			}
			f.static[key] = merge(f.static[key], member)
		} else {
			p.setField(key, member)
		}
	}
	a.this, a.cur = this, cur
	return v
}

// ---- modules

func (a *analysis) importDeclaration(x *node) {
	if x.b == 0 {
		return
	}
	module := a.module(a.eval(x.b), a.at(x.b).pos, "import")
	for s := x.a; s != 0; s = a.at(s).next {
		spec := *a.at(s)
		v := module
		if spec.a != 0 && spec.a != aDefault {
			v = a.member(module, a.atoms.names[spec.a], spec.pos, false)
		}
		if b := a.scope.find(spec.b); b != nil {
			b.now = v
			b.all = v
		}
	}
}

func (a *analysis) export(x *node) {
	if x.b != 0 {
		module := a.module(a.eval(x.b), a.at(x.b).pos, "import")
		if x.c == 0 && module.kind == vName && strings.HasPrefix(module.s, ".") && a.last && len(a.exportStars) < mostFields {
			a.exportStars = append(a.exportStars, module.s)
		}
		if x.c == 0 && module.kind == vName && specRoots()[module.s] {
			a.exportAll(module, x.pos)
		}
		for s := x.c; s != 0; s = a.at(s).next {
			spec := *a.at(s)
			v := module
			if spec.a != 0 && spec.a != aDefault {
				v = a.member(module, a.atoms.names[spec.a], spec.pos, false)
			}
			a.exportedAs(spec.b, v)
		}
		return
	}
	for s := x.c; s != 0; s = a.at(s).next {
		spec := *a.at(s)
		if b, _ := a.scope.lookup(spec.a); b != nil {
			a.exportedAs(spec.b, merge(b.all, b.now))
		}
	}
	if x.a == 0 {
		return
	}
	if x.flag&fDefault == 0 {
		a.statement(x.a)
		return
	}
	switch d := *a.at(x.a); {
	case (d.op == nFunc || d.op == nClass) && d.d != 0:
		a.statement(x.a)
		if b, _ := a.scope.lookup(d.d); b != nil {
			a.exported("", b.now)
		}
	case d.op == nFunc, d.op == nClass, d.op < nVar:
		v := a.eval(x.a)
		if v.kind == vFunc && v.fn.title == "" {
			v.fn.title = "default"
		}
		a.exported("", v)
	default:
		a.statement(x.a)
	}
}

// exportAll gives on what is known of a library under the names that it has there.
func (a *analysis) exportAll(module *value, pos int32) {
	if !a.last {
		return
	}
	for path := range specs() {
		key, ok := strings.CutPrefix(path, module.s+".")
		if ok && !strings.ContainsAny(key, ".(") && a.exports[key] == nil {
			a.exported(key, a.member(module, key, pos, false))
		}
	}
}

// exportedAs remembers what an export statement gives a name.
func (a *analysis) exportedAs(atom int32, v *value) {
	n := a.atoms.names[atom]
	if n == "default" {
		n = ""
	}
	if v != nil {
		a.exported(n, v)
	}
}

// ---- marks

// marksOf gives the indicators in a text as bits.
func (a *analysis) marksOf(s string) uint64 {
	if len(s) < 4 {
		return 0
	}
	var bits uint64
	for _, m := range indicator.Marks(s) {
		bits |= a.markBit(m)
	}
	return bits
}

// markBit gives the bit of a mark; none once there are more marks than bits.
func (a *analysis) markBit(m string) uint64 {
	i, ok := a.markIndex[m]
	if !ok {
		if len(a.marks) >= 64 {
			return 0
		}
		i = len(a.marks)
		a.markIndex[m] = i
		a.marks = append(a.marks, m)
	}
	return 1 << i
}

func (a *analysis) markWords(bits uint64) []string {
	var out []string
	for i, m := range a.marks {
		if bits&(1<<i) != 0 {
			out = append(out, m)
		}
	}
	return out
}

func (a *analysis) hasMark(bits uint64, words ...string) bool {
	for _, w := range words {
		if i, ok := a.markIndex[w]; ok && bits&(1<<i) != 0 {
			return true
		}
	}
	return false
}
