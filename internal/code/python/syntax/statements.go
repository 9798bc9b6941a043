package syntax

// body reads statements up to the end of their block, which it leaves to the
// caller, or of the file.
func (p *Parser) body(body *list) {
	extra := 0 // indents that opened no block
	for {
		switch p.tok {
		case tEOF:
			return
		case tDedent:
			if extra == 0 && p.blocks > 0 {
				return
			}
			extra = max(extra-1, 0)
			p.next()
		case tIndent:
			p.bad = false
			p.fail("unexpected indent")
			extra++
			p.next()
		case tNewline:
			p.next()
		default:
			p.one(body)
		}
	}
}

// enter starts a statement, or a clause of one.
func (p *Parser) enter() {
	p.statement, p.bad = p.pos, false
}

// one reads one statement or one line of small ones.
func (p *Parser) one(body *list) {
	p.enter()
	if compound[p.tok] {
		if p.blocks >= mostBlocks {
			p.fail("too many nested statements")
			p.next()
			return
		}
		p.compound(body)
		return
	}
	if p.tok == tName {
		switch p.src[p.pos] {
		case 'a':
			if p.is("async") {
				switch p.peek() {
				case tDef, tFor, tWith:
					p.compound(body)
					return
				}
			}
		case 'm':
			if p.is("match") && p.match(body) {
				return
			}
		}
	}
	p.line(body)
}

// line reads small statements up to the end of their line. What it cannot read
// it skips, a token at a time, and reads on behind.
func (p *Parser) line(body *list) {
	for {
		start := p.pos
		if small[p.tok] || operand[p.tok] {
			p.emit(body, p.small())
		}
		switch p.tok {
		case tSemi:
			p.next()
			if p.tok == tNewline {
				p.next()
				return
			}
			continue
		case tNewline:
			p.next()
			return
		case tDedent, tIndent:
			return
		}
		p.fail("invalid syntax")
		if p.restart() {
			p.next()
			return
		}
		switch {
		case p.tok == tEOF:
			return
		case compound[p.tok]:
			p.one(body)
			return
		case p.pos == start || !small[p.tok] && !operand[p.tok]:
			p.next()
			if p.tok == tNewline || p.tok == tEOF {
				p.accept(tNewline)
				return
			}
		}
	}
}

// restart goes on after an error inside of brackets. They may be all that is
// wrong, so the line that the error stands in is read again as one of its own;
// that is true when there is such a line. It moves on with every call, so that
// no line is read more than twice.
func (p *Parser) restart() bool {
	open := p.brackets > 0
	p.brackets, p.field = 0, -1
	if !open || p.cursor.line <= p.statement {
		return false
	}
	p.at, p.fresh, p.tok, p.end = p.cursor.line, true, tNewline, p.cursor.line
	return true
}

// block reads ":" and the body behind it, after a header that may be broken.
func (p *Parser) block() ID {
	var body list
	if !p.accept(tColon) {
		p.fail("expected ':'")
		p.brackets, p.field = 0, -1
		p.rest(&body)
	}
	p.blocks++
	if p.tok == tNewline {
		p.next()
		if p.tok == tIndent {
			p.next()
			p.body(&body)
			p.accept(tDedent)
		} else {
			p.fail("expected an indented block")
		}
	} else if p.tok != tEOF {
		p.line(&body)
	}
	p.blocks--
	return body.first
}

// rest reads what is left of a broken header, up to behind its colon.
func (p *Parser) rest(body *list) {
	p.header = true
	for p.tok != tNewline && p.tok != tEOF && p.tok != tDedent {
		if p.accept(tColon) {
			break
		}
		start := p.pos
		switch {
		case small[p.tok] || operand[p.tok]:
			p.emit(body, p.small())
			if p.pos == start {
				p.next()
			}
		case compound[p.tok]:
			p.header = false
			return // the line goes on as another statement
		default:
			p.next()
		}
	}
	p.header = false
}

// small reads a statement that has no body.
func (p *Parser) small() ID {
	pos := p.pos
	switch p.tok {
	case tPass:
		return p.wordStatement(Pass)
	case tBreak:
		return p.wordStatement(Break)
	case tContinue:
		return p.wordStatement(Continue)
	case tReturn:
		p.next()
		var value ID
		if p.starts() {
			value = p.values()
		}
		return p.add(Node{Kind: Return, Pos: pos, A: value})
	case tRaise:
		return p.raise()
	case tGlobal:
		return p.names(Global)
	case tDel:
		p.next()
		targets := p.targets()
		return p.add(Node{Kind: Delete, Pos: pos, A: targets})
	case tAssert:
		p.next()
		test := p.test()
		var message ID
		if p.accept(tComma) {
			message = p.test()
		}
		return p.add(Node{Kind: Assert, Pos: pos, A: test, B: message})
	case tImport:
		return p.imports()
	case tFrom:
		return p.importFrom()
	case tName:
		if id := p.soft(); id != 0 {
			return id
		}
	}
	return p.expressionStatement()
}

func (p *Parser) wordStatement(kind Kind) ID {
	pos := p.pos
	p.next()
	return p.add(Node{Kind: kind, Pos: pos})
}

// starts says whether a value, starred or not, or a yield comes next.
func (p *Parser) starts() bool {
	return operand[p.tok] || p.tok == tStar || p.tok == tYield
}

// soft reads the statements whose first word is a name elsewhere; zero if it is
// one here.
func (p *Parser) soft() ID {
	switch p.src[p.pos] {
	case 'p':
		if p.is("print") && p.python2() {
			return p.print()
		}
	case 'e':
		if p.is("exec") && p.python2() {
			return p.exec()
		}
	case 't':
		if p.is("type") && p.peek() == tName {
			return p.typeAlias()
		}
	case 'n':
		if p.is("nonlocal") && p.peek() == tName {
			return p.names(Nonlocal)
		}
	}
	return 0
}

// python2 says whether print or exec is a statement, by what follows: something
// that cannot follow a name in an expression.
func (p *Parser) python2() bool {
	switch p.peek() {
	case tName, tNumber, tString, tFString, tLBrace, tBackquote, tTilde, tNot, tLambda, tNone, tTrue, tFalse:
		return true
	}
	return false
}

func (p *Parser) print() ID {
	pos := p.pos
	p.next()
	var values list
	for operand[p.tok] {
		p.append(&values, p.test())
		if !p.accept(tComma) {
			break
		}
	}
	return p.add(Node{Kind: Print, Pos: pos, A: values.first})
}

func (p *Parser) exec() ID {
	pos := p.pos
	p.next()
	code := p.infixed(bitOrStrength)
	var globals, locals ID
	if p.accept(tIn) {
		globals = p.test()
		if p.accept(tComma) {
			locals = p.test()
		}
	}
	return p.add(Node{Kind: Exec, Pos: pos, A: code, B: globals, C: locals})
}

func (p *Parser) typeAlias() ID {
	pos := p.pos
	p.next()
	name := p.identifier(Store)
	params := p.typeParams()
	p.expect(tEq, "expected '='")
	value := p.test()
	return p.add(Node{Kind: TypeAlias, Pos: pos, A: name, B: params, C: value})
}

func (p *Parser) names(kind Kind) ID {
	pos := p.pos
	p.next()
	var names list
	for {
		if name := p.identifier(0); name != 0 {
			p.append(&names, name)
		}
		if !p.accept(tComma) {
			return p.add(Node{Kind: kind, Pos: pos, A: names.first})
		}
	}
}

func (p *Parser) raise() ID {
	n := Node{Kind: Raise, Pos: p.pos}
	p.next()
	if operand[p.tok] {
		n.A = p.test()
		switch {
		case p.accept(tFrom):
			n.B = p.test()
		case p.accept(tComma):
			n.C = p.test()
			if p.accept(tComma) {
				n.D = p.test()
			}
		}
	}
	return p.add(n)
}

// targets reads what a del takes away.
func (p *Parser) targets() ID {
	var targets list
	for operand[p.tok] || p.tok == tStar {
		target := p.starred(bitOrStrength)
		p.store(target)
		p.append(&targets, target)
		if !p.accept(tComma) {
			break
		}
	}
	if targets.first == 0 {
		p.fail("expected something to delete")
	}
	return targets.first
}

func (p *Parser) imports() ID {
	pos := p.pos
	p.next()
	var aliases list
	for {
		p.append(&aliases, p.alias(true))
		if !p.accept(tComma) {
			break
		}
	}
	return p.add(Node{Kind: Import, Pos: pos, A: aliases.first})
}

// alias reads "name as other", the name dotted or not.
func (p *Parser) alias(dotted bool) ID {
	n := Node{Kind: Alias, Pos: p.pos}
	if dotted {
		p.dotted()
	} else {
		p.expect(tName, "expected a name")
	}
	n.B = ID(max(p.prevEnd, n.Pos))
	if p.accept(tAs) {
		n.A = p.identifier(Store)
	}
	return p.add(n)
}

// dotted takes a dotted name.
func (p *Parser) dotted() {
	p.expect(tName, "expected a name")
	for p.tok == tDot {
		p.next()
		p.expect(tName, "expected a name")
	}
}

func (p *Parser) importFrom() ID {
	n := Node{Kind: ImportFrom, Pos: p.pos}
	p.next()
	for p.tok == tDot || p.tok == tEllipsis {
		n.D += ID(p.end - p.pos)
		p.next()
	}
	if p.tok == tName {
		pos := p.pos
		p.dotted()
		n.A = p.add(Node{Kind: Module, Pos: pos})
	}
	p.expect(tImport, "expected 'import'")
	var aliases list
	switch {
	case p.tok == tStar:
		pos := p.pos
		p.next()
		p.append(&aliases, p.add(Node{Kind: Alias, Pos: pos, B: ID(p.prevEnd)}))
	case p.accept(tLParen):
		p.aliases(&aliases)
		p.expect(tRParen, "expected ')'")
	default:
		p.aliases(&aliases)
	}
	n.B = aliases.first
	return p.add(n)
}

func (p *Parser) aliases(aliases *list) {
	if p.tok != tName {
		p.fail("expected a name")
	}
	for p.tok == tName {
		p.append(aliases, p.alias(false))
		if !p.accept(tComma) {
			return
		}
	}
}

// expressionStatement reads a value, an assignment or a declaration.
func (p *Parser) expressionStatement() ID {
	pos := p.pos
	value := p.values()
	switch p.tok {
	case tEq:
		return p.assign(pos, value)
	case tAugmented:
		op := augmented(p.src[p.pos:p.end])
		p.store(value)
		p.next()
		right := p.values()
		return p.add(Node{Kind: AugAssign, Pos: pos, Op: op, A: value, B: right})
	case tColon:
		if p.header {
			break
		}
		p.store(value)
		p.next()
		n := Node{Kind: AnnAssign, Pos: pos, A: value, B: p.test()}
		if p.accept(tEq) {
			n.C = p.values()
		}
		return p.add(n)
	}
	return p.add(Node{Kind: ExprStmt, Pos: pos, A: value})
}

func (p *Parser) assign(pos uint32, value ID) ID {
	var targets list
	for p.accept(tEq) {
		p.store(value)
		p.append(&targets, value)
		value = p.values()
	}
	return p.add(Node{Kind: Assign, Pos: pos, A: targets.first, B: value})
}

// compound reads a statement that has a body.
func (p *Parser) compound(body *list) {
	n := Node{Pos: p.pos}
	if p.tok == tName { // async
		p.next()
		n.Flags = Async
	}
	switch p.tok {
	case tAt, tDef, tClass:
		p.definition(n, body)
		return
	case tIf:
		p.conditional(&n)
	case tWhile:
		p.next()
		n.Kind, n.A = While, p.named()
		n.B = p.block()
		n.C = p.otherwise()
	case tFor:
		p.loop(&n)
	case tTry:
		p.next()
		n.Kind, n.A = Try, p.block()
		p.handlers(&n)
	case tWith:
		p.with(&n)
	default: // a clause without its statement
		p.fail("invalid syntax")
		p.orphan(&n)
	}
	p.emit(body, p.add(n))
}

// orphan reads an elif, else, except or finally that belongs to nothing.
func (p *Parser) orphan(n *Node) {
	switch p.tok {
	case tElif:
		p.conditional(n)
	case tElse:
		p.next()
		n.Kind, n.C = Try, p.block()
	default: // except, finally
		n.Kind = Try
		p.handlers(n)
	}
}

// clause begins a clause of a statement that is already being read.
func (p *Parser) clause(tok token) bool {
	if p.tok != tok {
		return false
	}
	p.enter()
	p.next()
	return true
}

// otherwise reads the else of a loop.
func (p *Parser) otherwise() ID {
	if p.clause(tElse) {
		return p.block()
	}
	return 0
}

func (p *Parser) conditional(n *Node) {
	p.next()
	n.Kind, n.A = If, p.named()
	n.B = p.block()
	var elifs list
	for p.tok == tElif {
		e := Node{Kind: Elif, Pos: p.pos}
		p.clause(tElif)
		e.A = p.named()
		e.B = p.block()
		p.append(&elifs, p.add(e))
	}
	n.C = elifs.first
	n.D = p.otherwise()
}

func (p *Parser) loop(n *Node) {
	p.next()
	n.Kind, n.A = For, p.loopTargets()
	p.expect(tIn, "expected 'in'")
	n.B = p.values()
	n.C = p.block()
	n.D = p.otherwise()
}

// loopTargets reads what a for binds.
func (p *Parser) loopTargets() ID {
	target := p.tuple(bitOrStrength)
	p.store(target)
	return target
}

func (p *Parser) handlers(n *Node) {
	var handlers list
	for p.tok == tExcept {
		p.append(&handlers, p.handler())
	}
	n.B = handlers.first
	if p.clause(tElse) {
		n.C = p.block()
	}
	if p.clause(tFinally) {
		n.D = p.block()
	}
}

func (p *Parser) handler() ID {
	h := Node{Kind: Handler, Pos: p.pos}
	p.clause(tExcept)
	if p.accept(tStar) {
		h.Flags = Star
	}
	if operand[p.tok] {
		pos := p.pos
		h.A = p.test()
		if p.tok == tComma {
			h.A = p.tupleFrom(pos, h.A, whole)
		}
		if p.accept(tAs) {
			h.B = p.identifier(Store)
		}
	}
	h.C = p.block()
	return p.add(h)
}

// with reads its items, which may stand in parentheses. Whether they do is known
// at the colon: up to there a parenthesis reads as the start of an expression
// that may have "as" in it.
func (p *Parser) with(n *Node) {
	p.next()
	n.Kind = With
	var items list
	if p.tok == tLParen {
		pos := p.pos
		g := p.withGroup()
		if g.items.first != 0 && p.tok == tColon {
			n.A = g.items.first
			n.B = p.block()
			return
		}
		p.append(&items, p.withTarget(pos, p.onward(pos, p.regroup(pos, g))))
	} else {
		p.append(&items, p.withItem())
	}
	for p.accept(tComma) {
		p.append(&items, p.withItem())
	}
	n.A = items.first
	n.B = p.block()
}

func (p *Parser) withItem() ID {
	pos := p.pos
	return p.withTarget(pos, p.test())
}

// withTarget reads what an item binds.
func (p *Parser) withTarget(pos uint32, context ID) ID {
	var target ID
	if p.accept(tAs) {
		target = p.starred(bitOrStrength)
		p.store(target)
	}
	return p.add(Node{Kind: WithItem, Pos: pos, A: context, B: target})
}

// withGroup is what stands in a parenthesis behind with: items, or what can be
// nothing but an expression.
type withGroup struct {
	value ID
	items list
	comma bool
}

func (p *Parser) withGroup() (g withGroup) {
	pos := p.pos
	p.next()
	if !operand[p.tok] && p.tok != tStar {
		g.value = p.group(pos)
		return g
	}
	for operand[p.tok] || p.tok == tStar {
		at := p.pos
		value := p.element()
		if g.items.first == 0 && p.comprehends() {
			g.value = p.generator(pos, value)
			return g
		}
		p.append(&g.items, p.withTarget(at, value))
		if !p.accept(tComma) {
			break
		}
		g.comma = true
	}
	p.expect(tRParen, "expected ')'")
	return g
}

// regroup makes an expression of items that were none: a tuple, or what stood in
// the parentheses.
func (p *Parser) regroup(pos uint32, g withGroup) ID {
	if g.value != 0 {
		return g.value
	}
	var values list
	for item := g.items.first; item != 0; item = p.nodes[item].Next {
		p.append(&values, p.nodes[item].A)
		if target := p.nodes[item].B; target != 0 {
			p.fail("invalid syntax")
			p.append(&values, target)
		}
	}
	if !g.comma && values.first == values.last {
		return values.first
	}
	return p.add(Node{Kind: Tuple, Flags: Paren, Pos: pos, A: values.first, height: values.height + 1})
}

// definition reads a function or class with its decorators.
func (p *Parser) definition(n Node, body *list) {
	var decorators list
	for p.tok == tAt {
		p.enter()
		p.next()
		p.append(&decorators, p.named())
		if !p.accept(tNewline) {
			p.fail("invalid syntax")
			p.brackets, p.field = 0, -1
			for p.tok != tNewline && p.tok != tEOF && !compound[p.tok] {
				start := p.pos
				if small[p.tok] || operand[p.tok] {
					p.emit(body, p.small())
				}
				if p.pos == start {
					p.next()
				}
			}
			p.accept(tNewline)
		}
		n.Pos = p.pos
	}
	n.A = decorators.first
	if n.Flags == 0 && p.is("async") && p.peek() == tDef {
		n.Flags = Async
		p.next()
	}
	switch p.tok {
	case tDef:
		p.function(&n)
	case tClass:
		p.class(&n)
	default:
		p.fail("expected a function or a class after a decorator")
		for d := decorators.first; d != 0; {
			next := p.nodes[d].Next
			p.nodes[d].Next = 0
			p.emit(body, p.add(Node{Kind: ExprStmt, Pos: p.nodes[d].Pos, A: d}))
			d = next
		}
		return
	}
	p.emit(body, p.add(n))
}

func (p *Parser) function(n *Node) {
	p.enter()
	p.next()
	n.Kind = FunctionDef
	s := p.signature()
	if p.expect(tLParen, "expected '('") {
		n.C = p.params(tRParen).first
		p.expect(tRParen, "expected ')'")
	}
	if p.accept(tArrow) {
		returns := p.tuple(whole)
		p.nodes[s].B = returns
	}
	n.B = s
	n.D = p.block()
}

func (p *Parser) class(n *Node) {
	p.enter()
	p.next()
	n.Kind = ClassDef
	n.B = p.signature()
	if p.tok == tLParen {
		n.C = p.arguments().first
	}
	n.D = p.block()
}

// signature reads the name and the type parameters of a definition.
func (p *Parser) signature() ID {
	pos := p.pos
	if !p.expect(tName, "expected a name") {
		pos = p.prevEnd
	}
	id := p.add(Node{Kind: Signature, Pos: pos})
	params := p.typeParams()
	p.nodes[id].A = params
	return id
}

// typeParams reads [T: bound = default, *Ts, **P].
func (p *Parser) typeParams() ID {
	if !p.accept(tLBracket) {
		return 0
	}
	var params list
	for p.tok == tName || p.tok == tStar || p.tok == tDoubleStar {
		n := Node{Kind: TypeParam, Pos: p.pos, Flags: p.stars()}
		p.expect(tName, "expected a name")
		n.D = ID(p.prevEnd)
		if p.accept(tColon) {
			n.A = p.test()
		}
		if p.accept(tEq) {
			n.B = p.element()
		}
		p.append(&params, p.add(n))
		if !p.accept(tComma) {
			break
		}
	}
	p.expect(tRBracket, "expected ']'")
	return params.first
}

// stars takes * or ** in front of a parameter.
func (p *Parser) stars() Flags {
	switch {
	case p.accept(tStar):
		return Star
	case p.accept(tDoubleStar):
		return DoubleStar
	}
	return 0
}

// params reads parameters up to end, which is ")" or, for a lambda, ":".
func (p *Parser) params(end token) (params list) {
	var keywordOnly Flags
	slash := false
	for {
		switch p.tok {
		case tSlash:
			if slash {
				p.fail("/ may appear only once")
			}
			for id := params.first; id != 0 && !slash; id = p.nodes[id].Next {
				p.nodes[id].Flags |= PosOnly
			}
			slash = true
			p.next()
		case tName, tStar, tDoubleStar, tLParen:
			star := p.tok == tStar
			if id := p.param(end == tRParen, keywordOnly); id != 0 {
				p.append(&params, id)
			}
			if star {
				keywordOnly = KwOnly
			}
		default:
			return params
		}
		if !p.accept(tComma) {
			return params
		}
	}
}

// param reads one; zero for a * alone.
func (p *Parser) param(annotated bool, flags Flags) ID {
	n := Node{Kind: Param, Pos: p.pos, Flags: p.stars()}
	switch {
	case n.Flags == Star && p.tok != tName:
		return 0
	case n.Flags == 0 && p.tok == tLParen:
		n.C = p.atom()
		p.store(n.C)
	default:
		p.expect(tName, "expected a name")
	}
	if n.Flags == 0 {
		n.Flags = flags
	}
	n.D = ID(p.prevEnd)
	if annotated && p.accept(tColon) {
		n.A = p.starred(whole)
	}
	if p.accept(tEq) {
		n.B = p.test()
	}
	n.height = max(p.over(n.A, n.B), p.over(n.B, n.C))
	return p.add(n)
}

// store marks what an assignment binds.
func (p *Parser) store(id ID) {
	n := &p.nodes[id]
	switch n.Kind {
	case Name, Attribute, Subscript:
		n.Flags |= Store
	case Starred:
		n.Flags |= Store
		p.store(n.A)
	case Tuple, List:
		n.Flags |= Store
		for item := n.A; item != 0; item = p.nodes[item].Next {
			p.store(item)
		}
	}
}
