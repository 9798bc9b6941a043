package javascript

import "bytes"

const (
	mostDepth = 500     // nesting that is followed; what lies deeper is skipped by its brackets
	mostNodes = 700_000 // of one tree: 22 MB
	// lazyBytes is the length from which a function's body in a large file is
	// read on its own, when its turn comes, so that no tree grows with the file.
	lazyBytes = 128 << 10
	// mostElements bounds the plain elements of one array that are kept.
	mostElements = 20_000
)

// parser builds the tree of a program, a statement or a function's body. It
// never fails: what it cannot read becomes an empty node, and errors counts.
//
// It reads JavaScript, JSX and, with ts, the types of TypeScript, which leave no
// trace in the tree. It is an operator-precedence parser over an arena.
type parser struct {
	lexer
	t          tok
	prevEnd    int32
	nodes      []node
	ts         bool
	lazy       bool // leave long bodies for later
	depth      int
	errors     int
	errorPos   int32
	full       bool  // nodes were left out because there were too many
	filling    bool  // there are so many that shorter bodies are left for later too
	deep       bool  // ... because they lay too deep
	vars       int32 // list of names that var declares in the function being read
	noIn       bool
	inCond     bool // between ? and :, where a colon is no type
	retries    int  // bytes that may still be read twice to tell a type from an expression
	shortUntil int  // what ends before is known not to be long
}

func newParser(src []byte, a *atoms, ts bool) *parser {
	p := &parser{lexer: lexer{src: src, atoms: a}, ts: ts, retries: 4*len(src) + 4096}
	p.nodes = a.tree(len(src))
	return p
}

func (p *parser) advance() {
	p.prevEnd = p.t.end
	p.t = p.lexer.next()
}

// node adds a node; when there are too many it gives nothing instead.
func (p *parser) node(o nodeOp, pos, a, b int32) int32 {
	if len(p.nodes) >= mostNodes {
		p.full = true
		return 0
	}
	p.nodes = append(p.nodes, node{op: o, pos: pos, a: a, b: b})
	return int32(len(p.nodes) - 1)
}

func (p *parser) fail() {
	if p.errors == 0 {
		p.errorPos = p.t.start
	}
	p.errors++
}

func (p *parser) is(o op) bool        { return p.t.kind == tOp && p.t.op == o }
func (p *parser) isName(a int32) bool { return p.t.kind == tName && p.t.atom == a }
func (p *parser) isAnyName() bool     { return p.t.kind == tName }
func (p *parser) isBinding() bool     { return p.t.kind == tName && !reserved(p.t.atom) }

func (p *parser) flag(n int32, f uint8) {
	if n != 0 {
		p.nodes[n].flag |= f
	}
}

func (p *parser) accept(o op) bool {
	if p.is(o) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) acceptName(a int32) bool {
	if p.isName(a) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(o op) bool {
	if p.accept(o) {
		return true
	}
	p.fail()
	return false
}

// list collects nodes one after the other.
type list struct{ first, last int32 }

func (p *parser) add(l *list, n int32) {
	if n == 0 {
		return
	}
	if l.first == 0 {
		l.first = n
	} else {
		p.nodes[l.last].next = n
	}
	l.last = n
}

// state is what is needed to read the same text again.
type state struct {
	pos, nodes, errors, errorPos int
	t                            tok
	prevEnd                      int32
	vars                         int32
}

func (p *parser) save() state {
	return state{p.pos, len(p.nodes), p.errors, int(p.errorPos), p.t, p.prevEnd, p.vars}
}

func (p *parser) restore(s state) {
	p.retries -= p.pos - s.pos
	p.pos, p.errors, p.errorPos, p.t, p.prevEnd, p.vars = s.pos, s.errors, int32(s.errorPos), s.t, s.prevEnd, s.vars
	p.nodes = p.nodes[:s.nodes]
}

// mayRetry says whether there is something left of what may be read twice.
func (p *parser) mayRetry() bool { return p.retries > 0 }

// look gives the token after the present one.
func (p *parser) look() tok {
	at := p.pos
	t := p.lexer.next()
	p.pos = at
	return t
}

// byteAhead gives the first byte of the next token; 0 at the end.
func (p *parser) byteAhead() byte {
	for i := p.pos; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == ' ' || c == '\t':
		case c == '\n' || c == '\r' || c == '/' || c >= 0x80:
			t := p.look()
			if int(t.start) < len(p.src) {
				return p.src[t.start]
			}
			return 0
		default:
			return c
		}
	}
	return 0
}

// arrowAhead says whether => follows on the same line.
func (p *parser) arrowAhead() bool {
	if p.byteAhead() != '=' {
		return false
	}
	t := p.look()
	return t.kind == tOp && t.op == opArrow && !t.nl
}

func (p *parser) enter() bool {
	p.depth++
	return p.depth < mostDepth
}

// tooDeep skips what stands here by its brackets.
func (p *parser) tooDeep() int32 {
	p.deep = true
	open := p.t.kind == tOp && (p.t.op == '(' || p.t.op == '[' || p.t.op == '{')
	if open {
		p.skipGroup()
	}
	if p.t.kind != tEOF && (open || !p.closes()) {
		p.advance()
	}
	return 0
}

func (p *parser) closes() bool {
	return p.t.kind == tEOF || p.t.kind == tOp && (p.t.op == ')' || p.t.op == ']' || p.t.op == '}')
}

// statements reads up to the closing brace or the end.
func (p *parser) statements() int32 {
	var l list
	for p.t.kind != tEOF && !p.is('}') {
		p.add(&l, p.statementOrSkip())
	}
	return l.first
}

func (p *parser) statementOrSkip() int32 {
	at := p.t
	n := p.statement()
	if p.t.start == at.start && p.t.kind == at.kind && p.t.kind != tEOF {
		p.fail()
		p.advance()
	}
	return n
}

func (p *parser) semicolon() {
	if p.accept(';') || p.t.nl || p.closes() {
		return
	}
	p.fail()
}

func (p *parser) block() int32 {
	pos := p.t.start
	if !p.expect('{') {
		return 0
	}
	l := p.statements()
	p.expect('}')
	return p.node(nBlock, pos, l, 0)
}

func (p *parser) statement() int32 {
	defer func() { p.depth-- }()
	if !p.enter() {
		return p.tooDeep()
	}
	pos := p.t.start
	if p.t.kind == tOp {
		switch p.t.op {
		case '{':
			return p.block()
		case ';':
			p.advance()
			return 0
		case '@':
			return p.decorated()
		}
	}
	if p.t.kind != tName {
		return p.expressionStatement()
	}
	switch p.t.atom {
	case aVar, aConst:
		if p.t.atom == aConst && p.ts && p.isEnum() {
			p.advance()
			return p.enum()
		}
		n := p.variables()
		p.semicolon()
		return n
	case aLet:
		if t := p.look(); t.kind == tName && (!reserved(t.atom)) || t.kind == tOp && (t.op == '[' || t.op == '{') {
			n := p.variables()
			p.semicolon()
			return n
		}
	case aUsing:
		if t := p.look(); t.kind == tName && !t.nl && t.atom != aOf && !reserved(t.atom) {
			n := p.variables()
			p.semicolon()
			return n
		}
	case aFunction:
		return p.function(fDecl)
	case aAsync:
		if t := p.look(); t.kind == tName && t.atom == aFunction && !t.nl {
			return p.function(fDecl)
		}
	case aClass:
		return p.class(fDecl)
	case aIf:
		return p.ifStatement()
	case aFor:
		return p.forStatement()
	case aWhile, aWith:
		p.advance()
		cond := p.parens()
		body := p.statement()
		return p.node(nWhile, pos, cond, body)
	case aDo:
		p.advance()
		body := p.statement()
		if !p.acceptName(aWhile) {
			p.fail()
			return body
		}
		cond := p.parens()
		p.accept(';')
		n := p.node(nWhile, pos, cond, body)
		p.flag(n, fDo)
		return n
	case aReturn, aThrow:
		o := nReturn
		if p.t.atom == aThrow {
			o = nThrow
		}
		p.advance()
		var value int32
		if !p.t.nl && !p.is(';') && !p.closes() {
			value = p.expression()
		}
		p.semicolon()
		return p.node(o, pos, value, 0)
	case aBreak, aContinue:
		n := p.node(nJump, pos, 0, 0)
		if p.t.atom == aBreak {
			p.flag(n, fBreak)
		}
		p.advance()
		if p.isBinding() && !p.t.nl {
			p.advance()
		}
		p.semicolon()
		return n
	case aDebugger:
		p.advance()
		p.semicolon()
		return 0
	case aTry:
		return p.try()
	case aSwitch:
		return p.switchStatement()
	case aImport:
		if t := p.look(); !(t.kind == tOp && (t.op == '(' || t.op == '.')) {
			return p.importDeclaration()
		}
	case aExport:
		return p.export()
	case aAwait:
		if t := p.look(); t.kind == tName && t.atom == aUsing && !t.nl {
			p.advance()
			return p.statement()
		}
	}
	if p.ts {
		if n, ok := p.typeStatement(); ok {
			return n
		}
	}
	if p.isBinding() && p.byteAhead() == ':' {
		p.advance()
		p.advance()
		return p.statement()
	}
	return p.expressionStatement()
}

func (p *parser) expressionStatement() int32 {
	pos := p.t.start
	x := p.expression()
	p.semicolon()
	return p.node(nExprStmt, pos, x, 0)
}

func (p *parser) parens() int32 {
	p.expect('(')
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	x := p.expression()
	p.noIn, p.inCond = in, cond
	p.expect(')')
	return x
}

// variables reads a declaration without its semicolon.
func (p *parser) variables() int32 {
	pos, isVar := p.t.start, p.t.atom == aVar
	p.advance()
	var l list
	for {
		at := p.t.start
		target := p.bindingTarget()
		if isVar {
			p.declareVars(target)
		}
		if p.ts {
			p.accept('!')
			p.annotation()
		}
		var value int32
		if p.accept('=') {
			value = p.assignment()
		}
		p.add(&l, p.node(nDeclare, at, target, value))
		if !p.accept(',') {
			break
		}
	}
	n := p.node(nVar, pos, l.first, 0)
	if isVar {
		p.flag(n, fVar)
	}
	return n
}

// bindingTarget reads a name or a pattern; patterns are read as the expressions they look like.
func (p *parser) bindingTarget() int32 {
	pos := p.t.start
	switch {
	case p.is('['), p.is('{'):
		return p.primary()
	case p.isAnyName() && !reserved(p.t.atom), p.isName(aThis):
		n := p.ident(p.t)
		p.advance()
		return n
	}
	p.fail()
	return p.node(nNone, pos, 0, 0)
}

func (p *parser) ident(t tok) int32 {
	return p.node(nIdent, t.start, t.atom, 0)
}

// declareVars puts the names of a var pattern on the function's list.
func (p *parser) declareVars(target int32) {
	if target == 0 {
		return
	}
	switch n := p.nodes[target]; n.op {
	case nIdent:
		v := p.node(nIdent, n.pos, n.a, 0)
		if v != 0 {
			p.nodes[v].next = p.vars
			p.vars = v
		}
	case nArray:
		for e := n.a; e != 0; e = p.nodes[e].next {
			p.declareVars(e)
		}
	case nObject:
		for e := n.a; e != 0; e = p.nodes[e].next {
			p.declareVars(p.nodes[e].b)
		}
	case nAssign, nSpread:
		p.declareVars(n.a)
	}
}

func (p *parser) ifStatement() int32 {
	// A chain of else if is a loop here: generated code has thousands of them.
	var first, last int32
	for {
		pos := p.t.start
		p.advance()
		cond := p.parens()
		then := p.statement()
		n := p.node(nIf, pos, cond, then)
		if first == 0 {
			first = n
		} else {
			p.nodes[last].c = n
		}
		if n == 0 || !p.acceptName(aElse) {
			return first
		}
		if !p.isName(aIf) {
			otherwise := p.statement()
			p.nodes[n].c = otherwise
			return first
		}
		last = n
	}
}

func (p *parser) forStatement() int32 {
	pos := p.t.start
	p.advance()
	p.acceptName(aAwait)
	p.expect('(')
	p.noIn = true
	var init int32
	switch {
	case p.is(';'):
	case p.isName(aVar), p.isName(aConst), p.isName(aLet) && p.declares(), p.isName(aUsing) && p.declares(), p.isName(aAwait) && p.declares():
		p.acceptName(aAwait)
		init = p.variables()
	default:
		init = p.expression()
	}
	p.noIn = false
	if p.isName(aOf) || p.isName(aIn) {
		of := p.isName(aOf)
		p.advance()
		over := p.expression()
		p.expect(')')
		body := p.statement()
		n := p.node(nForIn, pos, init, over)
		if n != 0 {
			p.nodes[n].d = body
			if of {
				p.flag(n, fOf)
			}
		}
		return n
	}
	p.expect(';')
	var cond, update int32
	if !p.is(';') {
		cond = p.expression()
	}
	p.expect(';')
	if !p.is(')') {
		update = p.expression()
	}
	p.expect(')')
	body := p.statement()
	n := p.node(nFor, pos, init, cond)
	if n != 0 {
		p.nodes[n].c, p.nodes[n].d = update, body
	}
	return n
}

// declares says whether let, using or await is followed by what it declares.
func (p *parser) declares() bool {
	t := p.look()
	return t.kind == tName && (t.atom == aOf && p.t.atom == aLet || t.atom != aOf && !reserved(t.atom)) || t.kind == tOp && (t.op == '[' || t.op == '{') && p.t.atom == aLet
}

func (p *parser) try() int32 {
	pos := p.t.start
	p.advance()
	body := p.block()
	var param, handler, finally int32
	if p.acceptName(aCatch) {
		if p.accept('(') {
			param = p.bindingTarget()
			if p.ts {
				p.annotation()
			}
			p.expect(')')
		}
		handler = p.block()
	}
	if p.acceptName(aFinally) {
		finally = p.block()
	}
	n := p.node(nTry, pos, body, param)
	if n != 0 {
		p.nodes[n].c, p.nodes[n].d = handler, finally
	}
	return n
}

func (p *parser) switchStatement() int32 {
	pos := p.t.start
	p.advance()
	on := p.parens()
	p.expect('{')
	var cases list
	for p.t.kind != tEOF && !p.is('}') {
		at := p.t.start
		var test int32
		switch {
		case p.acceptName(aCase):
			test = p.expression()
		case p.acceptName(aDefault):
		default:
			p.fail()
			p.advance()
			continue
		}
		p.expect(':')
		var body list
		for p.t.kind != tEOF && !p.is('}') && !p.isName(aCase) && !p.isName(aDefault) {
			p.add(&body, p.statementOrSkip())
		}
		p.add(&cases, p.node(nCase, at, test, body.first))
	}
	p.expect('}')
	return p.node(nSwitch, pos, on, cases.first)
}

func (p *parser) stringNode() int32 {
	if p.t.kind != tStr {
		p.fail()
		return 0
	}
	n := p.node(nStr, p.t.start, p.t.end, 0)
	p.advance()
	return n
}

// moduleName reads the name in an import or export list, which may be a string.
func (p *parser) moduleName() int32 {
	if p.t.kind == tStr {
		s, _ := unescape(p.src[p.t.start+1 : max(p.t.end-1, p.t.start+1)])
		p.advance()
		return p.atoms.of([]byte(s))
	}
	if p.t.kind != tName {
		p.fail()
		return 0
	}
	a := p.t.atom
	p.advance()
	return a
}

func (p *parser) importDeclaration() int32 {
	pos := p.t.start
	p.advance()
	typeOnly := false
	if p.isName(aType) {
		if t := p.look(); t.kind == tName && t.atom != aFrom || t.kind == tOp && (t.op == '{' || t.op == '*') {
			typeOnly = true
			p.advance()
		}
	}
	var l list
	if p.t.kind != tStr {
		if p.isBinding() {
			at := p.t
			p.advance()
			if p.ts && p.accept('=') { // import x = require("x")
				value := p.assignment()
				p.semicolon()
				return p.node(nVar, pos, p.node(nDeclare, at.start, p.ident(at), value), 0)
			}
			p.add(&l, p.node(nSpecifier, at.start, aDefault, at.atom))
			p.accept(',')
		}
		if p.accept('*') {
			if !p.acceptName(aAs) {
				p.fail()
			}
			at := p.t
			p.advance()
			p.add(&l, p.node(nSpecifier, at.start, 0, at.atom))
		} else if p.is('{') {
			p.specifiers(&l)
		}
		if !p.acceptName(aFrom) {
			p.fail()
		}
	}
	module := p.stringNode()
	p.importAttributes()
	p.semicolon()
	if typeOnly {
		return 0
	}
	return p.node(nImport, pos, l.first, module)
}

func (p *parser) importAttributes() {
	if (p.isName(aWith) || p.isBinding() && bytes.Equal(p.src[p.t.start:p.t.end], []byte("assert"))) && !p.t.nl {
		p.advance()
		if p.is('{') {
			p.primary()
		}
	}
}

// specifiers reads { a, b as c, type d }.
func (p *parser) specifiers(l *list) {
	p.expect('{')
	for p.t.kind != tEOF && !p.is('}') {
		at := p.t.start
		if p.isName(aType) {
			if t := p.look(); t.kind == tName && t.atom != aAs || t.kind == tStr {
				p.advance()
				p.moduleName()
				if p.acceptName(aAs) {
					p.moduleName()
				}
				p.accept(',')
				continue
			}
		}
		name := p.moduleName()
		here := name
		if p.acceptName(aAs) {
			here = p.moduleName()
		}
		p.add(l, p.node(nSpecifier, at, name, here))
		if !p.accept(',') {
			break
		}
	}
	p.expect('}')
}

func (p *parser) export() int32 {
	pos := p.t.start
	p.advance()
	make := func(a, module, l int32, flag uint8) int32 {
		n := p.node(nExport, pos, a, module)
		if n != 0 {
			p.nodes[n].c = l
			p.nodes[n].flag = flag
		}
		return n
	}
	if p.isName(aType) {
		if t := p.look(); t.kind == tOp && (t.op == '{' || t.op == '*') {
			p.advance()
			var l list
			if p.accept('*') {
				if p.acceptName(aAs) {
					p.moduleName()
				}
			} else {
				p.specifiers(&l)
			}
			if p.acceptName(aFrom) {
				p.stringNode()
			}
			p.semicolon()
			return 0
		}
	}
	switch {
	case p.accept('*'):
		var all int32
		if p.acceptName(aAs) {
			all = p.node(nSpecifier, p.t.start, 0, p.moduleName())
		}
		if !p.acceptName(aFrom) {
			p.fail()
		}
		module := p.stringNode()
		p.importAttributes()
		p.semicolon()
		return make(0, module, all, 0)
	case p.is('{'):
		var l list
		p.specifiers(&l)
		var module int32
		if p.acceptName(aFrom) {
			module = p.stringNode()
			p.importAttributes()
		}
		p.semicolon()
		return make(0, module, l.first, 0)
	case p.acceptName(aDefault):
		switch {
		case p.isName(aFunction), p.isName(aAsync) && p.look().kind == tName && p.look().atom == aFunction:
			return make(p.function(fDecl), 0, 0, fDefault)
		case p.isName(aClass):
			return make(p.class(fDecl), 0, 0, fDefault)
		case p.is('@'):
			return make(p.decorated(), 0, 0, fDefault)
		case p.ts && (p.isName(aAbstract) || p.isName(aInterface)):
			return make(p.statement(), 0, 0, fDefault)
		}
		x := p.assignment()
		p.semicolon()
		return make(x, 0, 0, fDefault)
	case p.ts && p.accept('='):
		x := p.assignment()
		p.semicolon()
		return make(x, 0, 0, fDefault)
	case p.ts && p.isName(aAs): // export as namespace X
		for !p.t.nl && !p.is(';') && !p.closes() {
			p.advance()
		}
		p.semicolon()
		return 0
	case p.ts && p.isName(aImport):
		return make(p.importDeclaration(), 0, 0, 0)
	}
	return make(p.statement(), 0, 0, 0)
}

// decorated reads decorators and the class behind them.
func (p *parser) decorated() int32 {
	pos := p.t.start
	var l list
	for p.accept('@') {
		p.add(&l, p.node(nExprStmt, p.t.start, p.unaryNoAwait(), 0))
	}
	if p.isName(aExport) || p.isName(aAbstract) || p.isName(aClass) {
		p.add(&l, p.statement())
	}
	return p.node(nBlock, pos, l.first, 0)
}

// function reads a function from async or function on.
func (p *parser) function(flag uint8) int32 {
	pos := p.t.start
	if p.acceptName(aAsync) {
		flag |= fAsync
	}
	p.advance()
	if p.accept('*') {
		flag |= fGenerator
	}
	var name int32
	if p.isAnyName() && !reserved(p.t.atom) {
		name = p.t.atom
		p.advance()
	}
	n := p.functionRest(pos, flag)
	if n != 0 {
		p.nodes[n].d = name
	}
	return n
}

// functionRest reads type parameters, parameters and body.
func (p *parser) functionRest(pos int32, flag uint8) int32 {
	if p.ts {
		p.typeParameters()
	}
	params := p.parameters()
	if p.ts && p.accept(':') {
		p.typeOrPredicate()
	}
	if p.ts && !p.is('{') { // an overload or a declaration
		p.semicolonHere()
		return 0
	}
	return p.body(pos, params, flag)
}

// semicolonHere takes a semicolon if there is one, and minds no missing one.
func (p *parser) semicolonHere() { p.accept(';') }

// parameters reads a list in parentheses.
func (p *parser) parameters() int32 {
	p.expect('(')
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	defer func() { p.noIn, p.inCond = in, cond }()
	var l list
	for p.t.kind != tEOF && !p.is(')') {
		at := p.t.start
		for p.accept('@') {
			p.unaryNoAwait()
		}
		if p.ts {
			p.modifiers()
		}
		spread := p.accept(opDots)
		x := p.bindingTarget()
		if p.ts {
			p.accept('?')
			p.annotation()
		}
		if p.accept('=') {
			x = p.assign('=', at, x, p.assignment())
		}
		if spread {
			x = p.node(nSpread, at, x, 0)
		}
		p.add(&l, x)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')')
	return l.first
}

func (p *parser) assign(o op, pos, target, value int32) int32 {
	n := p.node(nAssign, pos, target, value)
	if n != 0 {
		p.nodes[n].d = int32(o)
	}
	return n
}

// body reads the block of a function and makes the function.
func (p *parser) body(pos, params int32, flag uint8) int32 {
	in, cond, vars := p.noIn, p.inCond, p.vars
	p.noIn, p.inCond, p.vars = false, false, 0
	defer func() { p.noIn, p.inCond, p.vars = in, cond, vars }()
	var body int32
	switch {
	case !p.is('{') && flag&fArrow != 0:
		p.noIn = in
		p.inCond = cond
		body = p.assignment()
	case p.lazy && p.is('{') && p.skipLong(&body):
	default:
		body = p.block()
	}
	n := p.node(nFunc, pos, params, body)
	if n != 0 {
		p.nodes[n].c = p.vars
		p.nodes[n].flag = flag
	}
	return n
}

// skipLong leaves the block that starts here for later when it is long.
func (p *parser) skipLong(body *int32) bool {
	long := lazyBytes
	if len(p.nodes) > mostNodes/4 { // a bundle is one statement of thousands of functions
		if long = lazyBytes >> 6; !p.filling {
			p.filling, p.shortUntil = true, 0
		}
	}
	if len(p.src)-int(p.t.start) < long || int(p.t.start) < p.shortUntil {
		return false
	}
	at := p.pos
	p.skipGroup()
	if p.pos-int(p.t.start) < long {
		p.shortUntil = p.pos // nor is what stands in it
		p.pos = at
		return false
	}
	*body = p.node(nLazy, p.t.start, int32(p.pos), 0)
	p.advance()
	return true
}

func (p *parser) class(flag uint8) int32 {
	pos := p.t.start
	p.advance()
	var name, super int32
	if p.isAnyName() && !reserved(p.t.atom) && p.t.atom != aImplements {
		name = p.t.atom
		p.advance()
	}
	if p.ts {
		p.typeParameters()
	}
	if p.acceptName(aExtends) {
		super = p.unaryNoAwait()
		if p.ts && p.is('<') {
			p.typeArguments()
		}
	}
	if p.ts && p.acceptName(aImplements) {
		for {
			p.typ()
			if !p.accept(',') {
				break
			}
		}
	}
	p.expect('{')
	var l list
	for p.t.kind != tEOF && !p.is('}') {
		if p.accept(';') {
			continue
		}
		at := p.t.start
		p.add(&l, p.member(true))
		if p.t.start == at {
			p.fail()
			p.advance()
		}
	}
	p.expect('}')
	n := p.node(nClass, pos, super, l.first)
	if n != 0 {
		p.nodes[n].d = name
		p.nodes[n].flag = flag
	}
	return n
}

// member reads one property of an object or member of a class.
func (p *parser) member(inClass bool) int32 {
	pos := p.t.start
	var flag, fn uint8
	for inClass && p.accept('@') {
		p.unaryNoAwait()
	}
	if inClass && p.ts {
		p.modifiers()
		if p.is('[') && p.indexSignature() {
			return 0
		}
	}
	if inClass && p.isName(aStatic) && p.wordIsModifier() {
		p.advance()
		flag |= fStatic
		if p.is('{') { // static block
			body := p.body(pos, 0, fMethod)
			n := p.node(nProp, pos, 0, body)
			p.flag(n, fStatic)
			return n
		}
		if p.ts {
			p.modifiers()
		}
	}
	if inClass && p.isName(aAccessor) && p.wordIsModifier() && !p.look().nl {
		p.advance()
	}
	if p.isName(aAsync) && p.wordIsModifier() && !p.look().nl {
		p.advance()
		fn |= fAsync
	}
	if p.accept('*') {
		fn |= fMethod | fGenerator
	}
	if (p.isName(aGet) || p.isName(aSet)) && p.wordIsModifier() {
		p.advance()
		flag |= fGet
	}
	start := p.t
	key := p.propertyKey(&flag)
	if p.ts && inClass {
		if !p.accept('?') {
			p.accept('!')
		}
	}
	var value int32
	switch {
	case p.is('('), p.ts && p.is('<'):
		value = p.functionRest(pos, fMethod|fn)
		flag |= fMethod
		if inClass && value == 0 {
			return 0
		}
	case inClass:
		if p.ts {
			p.annotation()
		}
		if p.accept('=') {
			value = p.fieldValue()
		}
		p.semicolon()
	case p.accept(':'):
		value = p.assignment()
	case start.kind == tName:
		value = p.ident(start)
		if p.accept('=') { // in a pattern
			value = p.assign('=', pos, value, p.assignment())
		}
	default:
		p.fail()
	}
	n := p.node(nProp, pos, key, value)
	p.flag(n, flag)
	return n
}

// fieldValue reads the initial value of a class's field.
func (p *parser) fieldValue() int32 {
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	x := p.assignment()
	p.noIn, p.inCond = in, cond
	return x
}

// wordIsModifier says whether get, async or static is followed by a name and so is none itself.
func (p *parser) wordIsModifier() bool {
	t := p.look()
	switch t.kind {
	case tName, tStr, tNum, tHash:
		return true
	case tOp:
		return t.op == '[' || t.op == '*' || t.op == '{' && p.t.atom == aStatic
	}
	return false
}

func (p *parser) propertyKey(flag *uint8) int32 {
	t := p.t
	switch t.kind {
	case tName, tHash:
		p.advance()
		return p.ident(t)
	case tStr:
		return p.stringNode()
	case tNum:
		p.advance()
		return p.node(nNum, t.start, t.end, 0)
	}
	if p.accept('[') {
		*flag |= fComputed
		in, cond := p.noIn, p.inCond
		p.noIn, p.inCond = false, false
		x := p.assignment()
		p.noIn, p.inCond = in, cond
		p.expect(']')
		return x
	}
	p.fail()
	return 0
}
