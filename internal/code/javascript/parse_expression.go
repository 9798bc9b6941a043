package javascript

// precedence gives how tightly a binary operator binds; 0 is none.
func (p *parser) precedence() int {
	if p.t.kind == tName {
		switch p.t.atom {
		case aIn:
			if p.noIn {
				return 0
			}
			return 8
		case aInstanceof:
			return 8
		}
		return 0
	}
	if p.t.kind != tOp {
		return 0
	}
	switch p.t.op {
	case opNullish, opOr:
		return 1
	case opAnd:
		return 3
	case '|':
		return 4
	case '^':
		return 5
	case '&':
		return 6
	case opEq2, opEq3, opNe2, opNe3:
		return 7
	case '<', '>', opLe, opGe:
		return 8
	case opShl, opShr, opShru:
		return 9
	case '+', '-':
		return 10
	case '*', '/', '%':
		return 11
	case opPow:
		return 12
	}
	return 0
}

// assigns says whether an operator assigns.
func assigns(o op) bool {
	if o == '=' {
		return true
	}
	if o&0xff != '=' {
		return false
	}
	switch o {
	case opEq2, opEq3, opNe2, opNe3, opLe, opGe:
		return false
	}
	return true
}

func (p *parser) expression() int32 {
	pos := p.t.start
	x := p.assignment()
	if !p.is(',') {
		return x
	}
	var l list
	p.add(&l, x)
	for p.accept(',') {
		if p.closes() { // after the last parameter of an arrow function
			break
		}
		p.add(&l, p.assignment())
	}
	return p.node(nSeq, pos, l.first, 0)
}

func (p *parser) assignment() int32 {
	defer func() { p.depth-- }()
	if !p.enter() {
		return p.tooDeep()
	}
	pos := p.t.start
	if p.t.kind == tName {
		switch p.t.atom {
		case aYield:
			return p.yield()
		case aAsync:
			if x, ok := p.asyncArrow(); ok {
				return x
			}
		}
		if !reserved(p.t.atom) {
			if p.arrowAhead() {
				param := p.ident(p.t)
				p.advance()
				p.advance()
				return p.body(pos, param, fArrow)
			}
		}
	}
	if p.is('<') && p.ts && p.mayRetry() {
		if x, ok := p.genericArrow(pos, 0); ok {
			return x
		}
	}
	if p.is('(') {
		if x, ok := p.arrow(pos, 0); ok {
			return x
		}
	}
	x := p.conditional(pos)
	if p.t.kind == tOp && assigns(p.t.op) {
		o := p.t.op
		p.advance()
		x = p.assign(o, pos, x, p.assignment())
	}
	return x
}

func (p *parser) yield() int32 {
	pos := p.t.start
	p.advance()
	var x int32
	all := p.accept('*')
	if !p.t.nl && !p.closes() && !p.is(',') && !p.is(';') && !p.is(':') && !(p.t.kind == tName && (p.t.atom == aIn || p.t.atom == aOf)) {
		x = p.assignment()
	}
	n := p.node(nYield, pos, x, 0)
	if all {
		p.flag(n, fAll)
	}
	return n
}

func (p *parser) asyncArrow() (int32, bool) {
	pos, t := p.t.start, p.look()
	switch {
	case t.nl:
	case t.kind == tName && !reserved(t.atom):
		s := p.save()
		p.advance()
		param := p.ident(p.t)
		p.advance()
		if p.accept(opArrow) {
			return p.body(pos, param, fArrow|fAsync), true
		}
		p.restore(s)
	case t.kind == tOp && t.op == '(':
		s := p.save()
		p.advance()
		if x, ok := p.arrow(pos, fAsync); ok {
			return x, true
		}
		p.restore(s)
	case t.kind == tOp && t.op == '<' && p.ts && p.mayRetry():
		s := p.save()
		p.advance()
		if x, ok := p.genericArrow(pos, fAsync); ok {
			return x, true
		}
		p.restore(s)
	}
	return 0, false
}

// genericArrow reads <T>(x) => y, if that is what stands here.
func (p *parser) genericArrow(pos int32, flag uint8) (int32, bool) {
	s := p.save()
	p.typeParameters()
	if p.errors == s.errors && p.is('(') {
		if x, ok := p.arrow(pos, flag); ok {
			return x, true
		}
	}
	p.restore(s)
	return 0, false
}

// arrow reads an arrow function with parameters in parentheses, if that is what
// stands here: the parenthesis is closed by one that an arrow follows.
func (p *parser) arrow(pos int32, flag uint8) (int32, bool) {
	if !p.beforeArrow() {
		return 0, false
	}
	params := p.parameters()
	if p.ts && p.accept(':') {
		p.typeOrPredicate()
	}
	if !p.accept(opArrow) {
		p.fail()
		return 0, true
	}
	return p.body(pos, params, fArrow|flag), true
}

// beforeArrow looks at the group that starts here and at what follows. Most
// groups end within a few tokens; a long one is looked at once, because what
// was found is kept by its start.
func (p *parser) beforeArrow() bool {
	if !p.mayRetry() {
		return false
	}
	t := p.look()
	if !p.startsParameters(t) {
		return false
	}
	s := p.save()
	defer func() { p.restore(s) }()
	if t.kind == tName { // a name that nothing of a parameter follows
		p.advance()
		p.advance()
		if p.t.kind != tOp || p.t.op != ',' && p.t.op != ')' && p.t.op != '=' && p.t.op != ':' && p.t.op != '?' {
			return false
		}
		p.pos, p.t = s.pos, s.t
	}
	p.skipGroup()
	p.advance()
	if p.is(opArrow) {
		return !p.t.nl
	}
	if !p.ts || !p.is(':') {
		return false
	}
	p.advance()
	p.typeOrPredicate()
	if p.errors != s.errors || !p.is(opArrow) {
		return false
	}
	if !p.inCond {
		return true
	}
	// a ? (b) : c => d: a type only if the colon of the condition is still to come.
	p.advance()
	if p.is('{') {
		p.skipGroup()
		p.advance()
	} else {
		p.assignment()
	}
	return p.is(':')
}

// startsParameters says whether a list of parameters can start with t.
func (p *parser) startsParameters(t tok) bool {
	switch t.kind {
	case tName:
		return !reserved(t.atom) || t.atom == aThis
	case tOp:
		return t.op == ')' || t.op == '{' || t.op == '[' || t.op == opDots || t.op == '@'
	}
	return false
}

func (p *parser) conditional(pos int32) int32 {
	x := p.binary(1)
	if !p.is('?') {
		return x
	}
	// A chain a ? b : c ? d : e is a loop here.
	var first, last int32
	for {
		p.advance()
		in, cond := p.noIn, p.inCond
		p.noIn, p.inCond = false, true
		then := p.assignment()
		p.noIn, p.inCond = in, cond
		n := p.node(nCond, pos, x, then)
		if first == 0 {
			first = n
		} else if last != 0 {
			p.nodes[last].c = n
		}
		if !p.expect(':') || n == 0 {
			return first
		}
		last = n
		pos = p.t.start
		if p.is('(') || p.t.kind == tName && (p.t.atom == aAsync || p.t.atom == aYield) {
			p.setLast(last, p.assignment())
			return first
		}
		if p.t.kind == tName && p.arrowAhead() {
			p.setLast(last, p.assignment())
			return first
		}
		x = p.binary(1)
		if p.is('?') {
			continue
		}
		if p.t.kind == tOp && assigns(p.t.op) {
			o := p.t.op
			p.advance()
			x = p.assign(o, pos, x, p.assignment())
		}
		p.setLast(last, x)
		return first
	}
}

func (p *parser) setLast(n, x int32) { p.nodes[n].c = x }

// binary reads operators that bind at least as tightly as least.
func (p *parser) binary(least int) int32 {
	pos := p.t.start
	x := p.unary()
	for {
		if p.ts && p.t.kind == tName && (p.t.atom == aAs || p.t.atom == aSatisfies) && !p.t.nl && least <= 8 {
			p.advance()
			if !p.acceptName(aConst) {
				p.typ()
			}
			continue
		}
		prec := p.precedence()
		if prec < least || prec == 0 {
			return x
		}
		t := p.t
		p.advance()
		if !p.enter() {
			p.depth--
			return p.tooDeep()
		}
		next := prec + 1
		if t.kind == tOp && t.op == opPow {
			next = prec
		}
		y := p.binary(next)
		p.depth--
		o := nBinary
		if t.kind == tOp && (t.op == opOr || t.op == opAnd || t.op == opNullish) {
			o = nLogical
		}
		x = p.node(o, pos, x, y)
		if x != 0 {
			if t.kind == tName {
				p.nodes[x].d = -t.atom
			} else {
				p.nodes[x].d = int32(t.op)
			}
		}
	}
}

func (p *parser) unary() int32 {
	type prefix struct {
		o   nodeOp
		d   int32
		pos int32
	}
	var stack [8]prefix
	n := 0
	for {
		pre := prefix{o: nUnary, pos: p.t.start}
		switch {
		case p.t.kind == tOp && (p.t.op == '!' || p.t.op == '~' || p.t.op == '+' || p.t.op == '-'):
			pre.d = int32(p.t.op)
		case p.t.kind == tOp && (p.t.op == opInc || p.t.op == opDec):
			pre.o, pre.d = nUpdate, int32(p.t.op)
		case p.isName(aTypeof), p.isName(aVoid), p.isName(aDelete):
			pre.d = -p.t.atom
		case p.isName(aAwait) && p.awaits():
			pre.o = nAwait
		default:
			x := p.postfix()
			for n--; n >= 0; n-- {
				x = p.node(stack[n].o, stack[n].pos, x, 0)
				if x != 0 {
					p.nodes[x].d = stack[n].d
				}
			}
			return x
		}
		p.advance()
		if n < len(stack) { // of more signs than anybody writes, the rest change nothing
			stack[n] = pre
			n++
		} else if len(p.src) > 0 && n == len(stack) {
			p.deep = true
		}
	}
}

// awaits says whether await is followed by an operand and so is no name.
func (p *parser) awaits() bool {
	t := p.look()
	switch t.kind {
	case tName:
		return !t.nl && t.atom != aIn && t.atom != aOf && t.atom != aInstanceof
	case tStr, tNum, tTpl:
		return true
	case tOp:
		return t.op == '(' || t.op == '[' || t.op == '{' || t.op == '!' || t.op == '/' && !t.nl
	}
	return false
}

// unaryNoAwait reads what stands behind @ and extends.
func (p *parser) unaryNoAwait() int32 { return p.suffixes(p.primary(), true) }

func (p *parser) postfix() int32 {
	x := p.suffixes(p.primary(), true)
	if p.t.kind == tOp && (p.t.op == opInc || p.t.op == opDec) && !p.t.nl {
		x = p.node(nUpdate, p.t.start, x, 0)
		if x != 0 {
			p.nodes[x].d = int32(p.t.op)
		}
		p.advance()
	}
	return x
}

// suffixes reads members, calls and tagged templates behind x.
func (p *parser) suffixes(x int32, calls bool) int32 {
	for {
		pos := p.t.start
		if p.t.kind == tTpl {
			n := p.template()
			if n != 0 {
				p.nodes[n].b = x
			}
			x = n
			continue
		}
		if p.t.kind != tOp {
			return x
		}
		switch p.t.op {
		case '.':
			p.advance()
			x = p.memberName(x)
		case opOptDot:
			p.advance()
			switch {
			case p.is('('):
				x = p.node(nCall, pos, x, p.arguments())
			case p.is('['):
			case p.t.kind == tTpl:
			default:
				x = p.memberName(x)
			}
		case '[':
			p.advance()
			in, cond := p.noIn, p.inCond
			p.noIn, p.inCond = false, false
			i := p.expression()
			p.noIn, p.inCond = in, cond
			p.expect(']')
			x = p.node(nIndex, pos, x, i)
		case '(':
			if !calls {
				return x
			}
			x = p.node(nCall, pos, x, p.arguments())
		case '!':
			if !p.ts || p.t.nl {
				return x
			}
			if t := p.look(); t.kind == tOp && t.op == '=' && !t.nl {
				p.advance()
				continue
			}
			p.advance()
		case '<', opShl:
			if !p.ts || !p.mayRetry() {
				return x
			}
			s := p.save()
			p.typeArguments()
			if p.errors == s.errors && (p.is('(') || p.t.kind == tTpl || p.closes() || p.is(',') || p.is(';') || p.is('.') || p.is(opOptDot) || p.t.nl && !p.is('<')) {
				continue
			}
			p.restore(s)
			return x
		default:
			return x
		}
	}
}

func (p *parser) memberName(x int32) int32 {
	t := p.t
	if t.kind != tName && t.kind != tHash {
		p.fail()
		return x
	}
	p.advance()
	return p.node(nMember, t.start, x, t.atom)
}

func (p *parser) arguments() int32 {
	p.advance()
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	defer func() { p.noIn, p.inCond = in, cond }()
	var l list
	for p.t.kind != tEOF && !p.is(')') {
		p.add(&l, p.element())
		if !p.accept(',') {
			break
		}
	}
	p.expect(')')
	return l.first
}

// element reads an expression, which may be spread. Something is always given,
// so that arguments keep their places.
func (p *parser) element() int32 {
	pos := p.t.start
	if p.accept(opDots) {
		return p.node(nSpread, pos, p.assignment(), 0)
	}
	if x := p.assignment(); x != 0 {
		if p.nodes[x].next == 0 {
			return x
		}
	}
	return p.node(nHole, pos, 0, 0)
}

func (p *parser) primary() int32 {
	t := p.t
	switch t.kind {
	case tName:
		return p.word()
	case tNum:
		p.advance()
		return p.node(nNum, t.start, t.end, 0)
	case tStr:
		p.advance()
		return p.node(nStr, t.start, t.end, 0)
	case tTpl:
		return p.template()
	case tHash:
		p.advance()
		return p.ident(t)
	case tOp:
		switch t.op {
		case '(':
			return p.group()
		case '[':
			return p.array()
		case '{':
			return p.object()
		case '/', op2('/', '='):
			if p.lexer.regex(t.start) {
				end := int32(p.pos)
				p.advance()
				return p.node(nRegex, t.start, end, 0)
			}
		case '<':
			return p.angle()
		case '@':
			return p.decorated()
		}
	}
	p.fail()
	if !p.closes() && !p.is(',') && !p.is(';') {
		p.advance()
	}
	return 0
}

func (p *parser) group() int32 {
	p.advance()
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	x := p.expression()
	if p.ts && p.is(':') { // what looked like parameters
		p.annotation()
	}
	p.noIn, p.inCond = in, cond
	p.expect(')')
	return x
}

func (p *parser) array() int32 {
	pos := p.t.start
	p.advance()
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	var l list
	count := 0
	for p.t.kind != tEOF && !p.is(']') {
		at := p.t.start
		if p.is(',') {
			p.advance()
			p.add(&l, p.node(nHole, at, 0, 0))
			continue
		}
		before := len(p.nodes)
		x := p.element()
		count++
		if count > mostElements && len(p.nodes) == before+1 {
			p.full = p.full || p.nodes[before].op != nNum // of a table of numbers the rest says nothing new
			p.nodes = p.nodes[:before]
		} else {
			p.add(&l, x)
		}
		if !p.accept(',') {
			break
		}
	}
	p.noIn, p.inCond = in, cond
	p.expect(']')
	return p.node(nArray, pos, l.first, 0)
}

func (p *parser) object() int32 {
	pos := p.t.start
	p.advance()
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	var l list
	for p.t.kind != tEOF && !p.is('}') {
		at := p.t.start
		if p.accept(opDots) {
			x := p.node(nSpread, at, p.assignment(), 0)
			p.add(&l, p.node(nProp, at, 0, x))
		} else {
			p.add(&l, p.member(false))
		}
		if !p.accept(',') {
			break
		}
	}
	p.noIn, p.inCond = in, cond
	p.expect('}')
	return p.node(nObject, pos, l.first, 0)
}

func (p *parser) template() int32 {
	pos, at := p.t.start, p.t.start+1
	in, cond := p.noIn, p.inCond
	p.noIn, p.inCond = false, false
	var l list
	for {
		tail := p.t.tail
		end := int32(p.pos)
		if tail {
			p.add(&l, p.node(nPiece, at, max(end-1, at), 0))
			p.advance()
			break
		}
		p.add(&l, p.node(nPiece, at, max(end-2, at), 0))
		p.advance()
		x := p.expression()
		if x == 0 || p.nodes[x].next != 0 {
			x = p.node(nHole, at, 0, 0)
		}
		p.add(&l, x)
		for p.t.kind != tEOF && !p.is('}') { // what is no expression
			p.fail()
			p.advance()
		}
		if p.t.kind == tEOF {
			break
		}
		p.pos = int(p.t.end)
		at = p.t.end
		p.t = tok{kind: tTpl, start: at}
		p.t.tail = p.lexer.template()
		p.t.end = int32(p.pos)
	}
	p.noIn, p.inCond = in, cond
	return p.node(nTemplate, pos, l.first, 0)
}

func (p *parser) word() int32 {
	t := p.t
	leaf := func(o nodeOp, a int32) int32 {
		p.advance()
		return p.node(o, t.start, a, 0)
	}
	switch t.atom {
	case aFunction:
		return p.function(0)
	case aAsync:
		if n := p.look(); n.kind == tName && n.atom == aFunction && !n.nl {
			return p.function(0)
		}
	case aClass:
		return p.class(0)
	case aThis:
		return leaf(nThis, 0)
	case aSuper:
		return leaf(nSuper, 0)
	case aNull:
		return leaf(nNull, 0)
	case aTrue:
		return leaf(nBool, 1)
	case aFalse:
		return leaf(nBool, 0)
	case aNew:
		return p.newExpression()
	case aImport:
		p.advance()
		if p.accept('.') {
			name := p.t
			p.advance()
			if name.kind == tName && p.is('(') { // import.defer(), import.source()
				return p.node(nImportFn, t.start, 0, 0)
			}
			return p.node(nMeta, t.start, name.atom, 0)
		}
		return p.node(nImportFn, t.start, 0, 0)
	}
	if reserved(t.atom) {
		p.fail()
		if t.atom == aIn || t.atom == aInstanceof {
			p.advance()
		}
		return 0
	}
	return leaf(nIdent, t.atom)
}

func (p *parser) newExpression() int32 {
	defer func() { p.depth-- }()
	if !p.enter() {
		return p.tooDeep()
	}
	pos := p.t.start
	p.advance()
	if p.accept('.') {
		p.advance()
		return p.node(nMeta, pos, 0, 0)
	}
	callee := p.suffixes(p.primary(), false)
	var args int32
	if p.is('(') {
		args = p.arguments()
	}
	return p.node(nNew, pos, callee, args)
}
