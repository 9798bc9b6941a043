package syntax

// values reads one value, several without parentheses, or a yield.
func (p *Parser) values() ID {
	if p.tok == tYield {
		return p.yield()
	}
	return p.tuple(whole)
}

// tuple reads one expression or, with commas, a tuple without parentheses. Its
// members are whole tests, or what binds that tightly.
func (p *Parser) tuple(least strength) ID {
	pos := p.pos
	first := p.starred(least)
	if p.tok != tComma {
		return first
	}
	return p.tupleFrom(pos, first, least)
}

// tupleFrom reads a tuple whose first member was read.
func (p *Parser) tupleFrom(pos uint32, first ID, least strength) ID {
	var items list
	p.append(&items, first)
	for p.accept(tComma) {
		if !operand[p.tok] && p.tok != tStar {
			break
		}
		p.append(&items, p.starred(least))
	}
	return p.add(Node{Kind: Tuple, Pos: pos, A: items.first, height: items.height + 1})
}

// starred reads one member of a tuple.
func (p *Parser) starred(least strength) ID {
	if p.tok == tStar {
		pos := p.pos
		p.next()
		value := p.infixed(bitOrStrength)
		return p.add(Node{Kind: Starred, Pos: pos, A: value, height: p.over(value, 0)})
	}
	if least == whole {
		return p.test()
	}
	return p.infixed(least)
}

// element reads a member of what stands in brackets.
func (p *Parser) element() ID {
	if p.tok == tStar {
		pos := p.pos
		p.next()
		value := p.test()
		return p.add(Node{Kind: Starred, Pos: pos, A: value, height: p.over(value, 0)})
	}
	return p.named()
}

// named reads a test or name := test.
func (p *Parser) named() ID {
	pos := p.pos
	target := p.test()
	if p.tok != tColonEq {
		return target
	}
	p.next()
	p.store(target)
	value := p.test()
	return p.add(Node{Kind: NamedExpr, Pos: pos, A: target, B: value, height: p.over(target, value)})
}

// test reads an expression with everything but commas, := and stars.
func (p *Parser) test() ID {
	if p.tok == tLambda && p.depth < mostDepth {
		p.depth++
		lambda := p.lambda((*Parser).test)
		p.depth--
		return lambda
	}
	pos := p.pos
	return p.ternary(pos, p.infixed(orStrength))
}

// ternary reads what may follow the first part of a conditional expression.
func (p *Parser) ternary(pos uint32, value ID) ID {
	if p.tok != tIf {
		return value
	}
	p.next()
	test := p.infixed(orStrength)
	var other ID
	if p.expect(tElse, "expected 'else' after an 'if' expression") {
		p.depth++ // a chain of them recurses without brackets
		if p.depth < mostDepth {
			other = p.test()
		} else {
			p.tree.Cut = true
			other = p.missing("expression is too deeply nested")
		}
		p.depth--
	} else {
		other = p.missing("invalid syntax")
	}
	return p.add(Node{Kind: IfExp, Pos: pos, A: value, B: test, C: other, height: max(p.over(value, test), p.over(other, 0))})
}

// onward goes on with an expression whose first part was read.
func (p *Parser) onward(pos uint32, first ID) ID {
	return p.ternary(pos, p.infix(pos, p.trailers(pos, first), orStrength))
}

// infixed reads operands joined by operators that bind at least so tightly.
func (p *Parser) infixed(least strength) ID {
	if p.depth >= mostDepth {
		p.tree.Cut = true
		return p.missing("expression is too deeply nested")
	}
	p.depth++
	pos := p.pos
	var x ID
	switch p.tok {
	case tNot:
		x = p.unary(Not, notStrength)
	case tMinus:
		x = p.unary(Neg, unaryStrength)
	case tPlus:
		x = p.unary(Pos, unaryStrength)
	case tTilde:
		x = p.unary(Invert, unaryStrength)
	case tLambda:
		x = p.lambda(func(p *Parser) ID { return p.infixed(orStrength) }) // Python 2, in a comprehension
	default:
		x = p.primary()
	}
	if infixes[p.tok].strength >= least {
		x = p.infix(pos, x, least)
	}
	p.depth--
	return x
}

func (p *Parser) unary(op Op, least strength) ID {
	pos := p.pos
	p.next()
	value := p.infixed(least)
	return p.add(Node{Kind: UnaryOp, Op: op, Pos: pos, A: value, height: p.over(value, 0)})
}

// infix reads the operators behind a first operand.
func (p *Parser) infix(pos uint32, x ID, least strength) ID {
	for {
		b := infixes[p.tok]
		if b.strength < least || b.strength == 0 {
			return x
		}
		x = p.left(x)
		switch b.strength {
		case orStrength, andStrength:
			x = p.chain(BoolOp, pos, x)
		case compareStrength:
			x = p.compare(pos, x)
		case powerStrength:
			p.next()
			right := p.infixed(unaryStrength)
			height := p.over(x, right)
			var operands list
			p.append(&operands, x)
			p.append(&operands, right)
			x = p.add(Node{Kind: BinOp, Op: Pow, Pos: pos, A: operands.first, height: height})
		default:
			x = p.chain(BinOp, pos, x)
		}
	}
}

// chain reads operands that one operator joins.
func (p *Parser) chain(kind Kind, pos uint32, x ID) ID {
	tok := p.tok
	b := infixes[tok]
	var operands list
	p.append(&operands, x)
	for p.accept(tok) {
		p.append(&operands, p.infixed(b.strength+1))
	}
	return p.add(Node{Kind: kind, Op: b.op, Pos: pos, A: operands.first, height: operands.height + 1})
}

func (p *Parser) compare(pos uint32, x ID) ID {
	n := Node{Kind: Compare, Pos: pos, A: x}
	n.Op = p.comparison()
	n.B = p.infixed(compareStrength + 1)
	var others list
	for infixes[p.tok].strength == compareStrength {
		at := p.pos
		op := p.comparison()
		value := p.infixed(compareStrength + 1)
		p.append(&others, p.add(Node{Kind: Comparator, Op: op, Pos: at, A: value, height: p.over(value, 0)}))
	}
	n.C = others.first
	n.height = max(p.over(n.A, n.B), others.height+1)
	return p.add(n)
}

// comparison takes an operator of one or two words.
func (p *Parser) comparison() Op {
	tok := p.tok
	p.next()
	switch {
	case tok == tNot:
		p.expect(tIn, "expected 'in'")
	case tok == tIs && p.accept(tNot):
		return IsNot
	}
	return infixes[tok].op
}

func (p *Parser) lambda(read func(*Parser) ID) ID {
	pos := p.pos
	p.next()
	params := p.params(tColon)
	p.expect(tColon, "expected ':'")
	body := read(p)
	return p.add(Node{Kind: Lambda, Pos: pos, A: params.first, B: body, height: p.above(body, params)})
}

func (p *Parser) yield() ID {
	pos := p.pos
	p.next()
	if p.accept(tFrom) {
		value := p.test()
		return p.add(Node{Kind: YieldFrom, Pos: pos, A: value, height: p.over(value, 0)})
	}
	var value ID
	if operand[p.tok] || p.tok == tStar {
		value = p.tuple(whole)
	}
	return p.add(Node{Kind: Yield, Pos: pos, A: value, height: p.over(value, 0)})
}

// primary reads an atom with the calls, attributes and subscripts behind it.
func (p *Parser) primary() ID {
	pos := p.pos
	if p.tok == tName && p.src[pos] == 'a' && p.is("await") && p.awaits() {
		p.next()
		value := p.infixed(powerStrength + 1)
		return p.add(Node{Kind: Await, Pos: pos, A: value, height: p.over(value, 0)})
	}
	x := p.atom()
	if p.nodes[x].Kind == Bad { // what follows belongs to nothing
		return x
	}
	return p.trailers(pos, x)
}

// awaits says whether await is the operator and not a name of old.
func (p *Parser) awaits() bool {
	switch p.peek() {
	case tName, tNumber, tString, tFString, tLParen, tLBracket, tLBrace, tEllipsis, tNone, tTrue, tFalse:
		return true
	}
	return false
}

func (p *Parser) trailers(pos uint32, x ID) ID {
	for {
		switch p.tok {
		case tDot:
			x = p.left(x)
			p.next()
			name := p.pos
			switch {
			case p.tok == tName, p.tok == tTrue, p.tok == tFalse, p.tok == tNone: // the latter are names of Python 2
				p.next()
			case p.tok >= tAnd: // a reserved word
				p.fail("invalid syntax")
				p.next()
			default:
				p.fail("expected a name")
				name = p.prevEnd
			}
			x = p.add(Node{Kind: Attribute, Pos: pos, A: x, B: ID(name), height: p.over(x, 0)})
		case tLParen:
			x = p.left(x)
			args := p.arguments()
			x = p.add(Node{Kind: Call, Pos: pos, A: x, B: args.first, height: p.above(x, args)})
		case tLBracket:
			x = p.left(x)
			p.next()
			index := p.index()
			p.expect(tRBracket, "expected ']'")
			x = p.add(Node{Kind: Subscript, Pos: pos, A: x, B: index, height: p.over(x, index)})
		default:
			return x
		}
	}
}

// arguments reads what stands in the parentheses of a call, and them.
func (p *Parser) arguments() (args list) {
	open := p.pos
	p.next()
	for {
		pos := p.pos
		switch {
		case p.tok == tDoubleStar:
			p.next()
			value := p.test()
			p.append(&args, p.add(Node{Kind: Keyword, Pos: pos, A: value, B: ID(pos), height: p.over(value, 0)}))
		case operand[p.tok] || p.tok == tStar:
			value := p.element()
			if p.comprehends() {
				p.append(&args, p.clauses(Node{Kind: GeneratorExp, Pos: pos, A: value}))
				if p.tok == tRParen && args.first == args.last {
					p.nodes[args.first].Pos, p.nodes[args.first].End = open, p.end
				}
				break
			}
			if p.tok == tEq {
				value = p.keyword(pos, value)
			}
			p.append(&args, value)
		default:
			p.expect(tRParen, "expected ')'")
			return args
		}
		if !p.accept(tComma) {
			p.expect(tRParen, "expected ')'")
			return args
		}
	}
}

// keyword makes name=value of the name that was read.
func (p *Parser) keyword(pos uint32, name ID) ID {
	p.next()
	value := p.test()
	n := &p.nodes[name]
	if n.Kind != Name || n.Pos != pos {
		p.fail("expression cannot contain assignment")
		return p.add(Node{Kind: NamedExpr, Pos: pos, A: name, B: value, height: p.over(name, value)})
	}
	n.Kind, n.A, n.B, n.End = Keyword, value, ID(n.End), p.prevEnd
	n.height = p.over(value, 0)
	return name
}

// index reads what stands in the brackets of a subscript.
func (p *Parser) index() ID {
	pos := p.pos
	first := p.slice()
	if p.tok != tComma && p.nodes[first].Kind != Starred {
		return first
	}
	var items list
	p.append(&items, first)
	for p.accept(tComma) {
		if !operand[p.tok] && p.tok != tStar && p.tok != tColon {
			break
		}
		p.append(&items, p.slice())
	}
	return p.add(Node{Kind: Tuple, Pos: pos, A: items.first, height: items.height + 1})
}

func (p *Parser) slice() ID {
	n := Node{Kind: Slice, Pos: p.pos}
	if p.tok != tColon {
		n.A = p.element()
		if p.tok != tColon {
			return n.A
		}
	}
	p.next()
	if operand[p.tok] {
		n.B = p.test()
	}
	if p.accept(tColon) && operand[p.tok] {
		n.C = p.test()
	}
	n.height = max(p.over(n.A, n.B), p.over(n.C, 0))
	return p.add(n)
}

func (p *Parser) atom() ID {
	pos := p.pos
	kind := Bad
	switch p.tok {
	case tName:
		kind = Name
	case tNumber:
		kind = Num
	case tNone:
		kind = None
	case tTrue:
		kind = True
	case tFalse:
		kind = False
	case tEllipsis:
		kind = Ellipsis
	case tString, tFString:
		return p.strings()
	case tLParen:
		p.next()
		return p.group(pos)
	case tLBracket:
		return p.square()
	case tLBrace:
		return p.braces()
	case tBackquote:
		return p.repr()
	default:
		return p.missing("invalid syntax")
	}
	p.next()
	return p.add(Node{Kind: kind, Pos: pos})
}

// repr reads Python 2's `x`.
func (p *Parser) repr() ID {
	pos := p.pos
	p.next()
	value := p.tuple(whole)
	p.expect(tBackquote, "expected '`'")
	return p.add(Node{Kind: Repr, Pos: pos, A: value, height: p.over(value, 0)})
}

// group reads what stands in parentheses, from behind the first at pos.
func (p *Parser) group(pos uint32) ID {
	if p.tok == tYield {
		value := p.yield()
		p.expect(tRParen, "expected ')'")
		return value
	}
	if p.accept(tRParen) {
		return p.add(Node{Kind: Tuple, Flags: Paren, Pos: pos, height: 1})
	}
	first := p.element()
	if p.comprehends() {
		return p.generator(pos, first)
	}
	if p.tok != tComma {
		p.expect(tRParen, "expected ')'")
		return first
	}
	items := p.elements(first)
	p.expect(tRParen, "expected ')'")
	return p.add(Node{Kind: Tuple, Flags: Paren, Pos: pos, A: items.first, height: items.height + 1})
}

// elements reads the others behind the first.
func (p *Parser) elements(first ID) (items list) {
	p.append(&items, first)
	for p.accept(tComma) {
		if !operand[p.tok] && p.tok != tStar {
			break
		}
		p.append(&items, p.element())
	}
	return items
}

// generator reads the rest of one in parentheses of its own.
func (p *Parser) generator(pos uint32, element ID) ID {
	id := p.clauses(Node{Kind: GeneratorExp, Pos: pos, A: element})
	p.expect(tRParen, "expected ')'")
	p.nodes[id].End = p.prevEnd
	return id
}

// square reads a list or its comprehension.
func (p *Parser) square() ID {
	pos := p.pos
	p.next()
	if p.accept(tRBracket) {
		return p.add(Node{Kind: List, Pos: pos, height: 1})
	}
	first := p.element()
	if p.comprehends() {
		id := p.clauses(Node{Kind: ListComp, Pos: pos, A: first})
		p.expect(tRBracket, "expected ']'")
		p.nodes[id].End = p.prevEnd
		return id
	}
	items := p.elements(first)
	p.expect(tRBracket, "expected ']'")
	return p.add(Node{Kind: List, Pos: pos, A: items.first, height: items.height + 1})
}

// braces reads a dict, a set, or the comprehension of one.
func (p *Parser) braces() ID {
	n := Node{Kind: Set, Pos: p.pos}
	p.next()
	if p.accept(tRBrace) {
		n.Kind, n.height = Dict, 1
		return p.add(n)
	}
	var items list
	for operand[p.tok] || p.tok == tStar || p.tok == tDoubleStar {
		key, value, pair := p.entry()
		if pair {
			n.Kind = Dict
		}
		if items.first == 0 && p.comprehends() {
			return p.braced(n, key, value)
		}
		if pair {
			pos := p.nodes[max(key, 1)].Pos
			if key == 0 {
				pos = p.nodes[value].Pos
			}
			value = p.add(Node{Kind: DictItem, Pos: pos, A: key, B: value, height: p.over(key, value)})
		}
		p.append(&items, value)
		if !p.accept(tComma) {
			break
		}
	}
	p.expect(tRBrace, "expected '}'")
	n.A, n.height = items.first, items.height+1
	return p.add(n)
}

// entry reads a member of a set, key: value, or **value.
func (p *Parser) entry() (key, value ID, pair bool) {
	if p.accept(tDoubleStar) {
		return 0, p.infixed(bitOrStrength), true
	}
	value = p.element()
	if !p.accept(tColon) {
		return 0, value, false
	}
	return value, p.test(), true
}

// braced reads the rest of a comprehension in braces.
func (p *Parser) braced(n Node, key, value ID) ID {
	if n.Kind == Dict {
		n.Kind, n.A, n.B = DictComp, key, value
	} else {
		n.Kind, n.A = SetComp, value
	}
	id := p.clauses(n)
	p.expect(tRBrace, "expected '}'")
	p.nodes[id].End = p.prevEnd
	return id
}

// comprehends says whether clauses of a comprehension come next.
func (p *Parser) comprehends() bool {
	return p.tok == tFor || p.tok == tName && p.src[p.pos] == 'a' && p.is("async")
}

// clauses reads the clauses of a comprehension.
func (p *Parser) clauses(n Node) ID {
	var clauses list
	for p.comprehends() {
		c := Node{Kind: Clause, Pos: p.pos}
		if p.tok == tName {
			p.next()
			c.Flags = Async
		}
		p.expect(tFor, "expected 'for'")
		c.A = p.loopTargets()
		p.expect(tIn, "expected 'in'")
		pos := p.pos
		c.B = p.infixed(orStrength)
		if p.tok == tComma && n.Kind == ListComp { // Python 2
			c.B = p.tupleFrom(pos, c.B, orStrength)
		}
		var conditions list
		for p.accept(tIf) {
			p.append(&conditions, p.condition())
		}
		c.C = conditions.first
		c.height = max(p.over(c.A, c.B), conditions.height+1)
		p.append(&clauses, p.add(c))
	}
	n.C = clauses.first
	n.height = max(p.over(n.A, n.B), clauses.height+1)
	return p.add(n)
}

// condition reads one of a comprehension: an "if" behind it is the next one.
func (p *Parser) condition() ID {
	pos := p.pos
	target := p.infixed(orStrength)
	if p.tok != tColonEq {
		return target
	}
	p.next()
	p.store(target)
	value := p.infixed(orStrength)
	return p.add(Node{Kind: NamedExpr, Pos: pos, A: target, B: value, height: p.over(target, value)})
}
