package syntax

// match reads a match statement, if this line is one: match is a name as well.
// Where the words behind it could be either, the line is read as an expression
// first, and again when it ends in a colon.
func (p *Parser) match(body *list) bool {
	switch p.peek() {
	case tName, tNumber, tString, tFString, tLBrace, tTilde, tLambda, tNone, tTrue, tFalse, tEllipsis, tBackquote:
	case tLParen, tLBracket, tMinus, tPlus, tStar, tNot:
		if !p.endsInColon() {
			return false
		}
	default:
		return false
	}
	n := Node{Kind: Match, Pos: p.pos}
	p.next()
	n.A = p.matchSubject()
	n.B = p.cases()
	p.emit(body, p.add(n))
	return true
}

// endsInColon reads the line as an expression and takes everything back.
func (p *Parser) endsInColon() bool {
	c, nodes, taken, comments := p.cursor, len(p.nodes), p.taken, len(p.comments)
	indents := p.lexer.depth
	p.muted = true
	p.values()
	ends := p.tok == tColon && p.peek() == tNewline
	p.muted, p.bad = false, false
	p.cursor, p.lexer.depth, p.nodes, p.taken, p.comments = c, indents, p.nodes[:nodes], taken, p.comments[:comments]
	return ends
}

// matchSubject reads what is matched.
func (p *Parser) matchSubject() ID {
	pos := p.pos
	first := p.element()
	if p.tok != tComma {
		return first
	}
	items := p.elements(first)
	return p.add(Node{Kind: Tuple, Pos: pos, A: items.first, height: items.height + 1})
}

// cases reads the body of a match. A statement in it that is no case becomes the
// body of one without a pattern.
func (p *Parser) cases() ID {
	var cases list
	if p.blocks >= mostBlocks {
		p.fail("too many nested statements")
		return 0
	}
	if !p.accept(tColon) {
		p.fail("expected ':'")
	}
	p.blocks++
	defer func() { p.blocks-- }()
	if !p.accept(tNewline) || !p.accept(tIndent) {
		p.fail("expected an indented block")
		return 0
	}
	for p.tok != tDedent && p.tok != tEOF {
		n := Node{Kind: Case, Pos: p.pos}
		if p.is("case") {
			p.enter()
			p.next()
			n.A = p.topPattern()
			if p.accept(tIf) {
				n.B = p.named()
			}
			n.C = p.block()
		} else {
			p.enter()
			p.fail("expected 'case'")
			n.C = p.strays()
		}
		p.append(&cases, p.add(n))
	}
	p.accept(tDedent)
	return cases.first
}

// strays reads statements in the place of a case, as deep as they are indented.
func (p *Parser) strays() ID {
	var body list
	deeper := 0
	for {
		switch {
		case p.tok == tEOF, p.tok == tDedent && deeper == 0, p.is("case"):
			for ; deeper > 0 && p.accept(tDedent); deeper-- {
			}
			if !p.is("case") || deeper == 0 {
				return body.first
			}
			p.one(&body)
		case p.tok == tIndent:
			deeper++
			p.next()
		case p.tok == tDedent:
			deeper--
			p.next()
		case p.tok == tNewline:
			p.next()
		default:
			p.one(&body)
		}
	}
}

// topPattern reads a pattern, or several without brackets.
func (p *Parser) topPattern() ID {
	pos := p.pos
	first := p.pattern()
	if p.tok != tComma && p.nodes[first].Kind != PatStar {
		return first
	}
	items := p.patternsFrom(first)
	return p.add(Node{Kind: PatSequence, Pos: pos, A: items.first, height: items.height + 1})
}

func (p *Parser) patternsFrom(first ID) (items list) {
	p.append(&items, first)
	for p.accept(tComma) {
		if !p.patternStarts() {
			break
		}
		p.append(&items, p.pattern())
	}
	return items
}

func (p *Parser) patternStarts() bool {
	return operand[p.tok] || p.tok == tStar || p.tok == tDoubleStar
}

// pattern reads alternatives and what "as" binds.
func (p *Parser) pattern() ID {
	if p.depth >= mostDepth {
		return p.missing("pattern is too deeply nested")
	}
	p.depth++
	defer func() { p.depth-- }()
	pos := p.pos
	if p.accept(tStar) {
		return p.capture(PatStar, pos, 0)
	}
	x := p.closedPattern()
	if p.tok == tPipe {
		var others list
		p.append(&others, x)
		for p.accept(tPipe) {
			p.append(&others, p.closedPattern())
		}
		x = p.add(Node{Kind: PatOr, Pos: pos, A: others.first, height: others.height + 1})
	}
	if p.accept(tAs) {
		x = p.capture(PatCapture, pos, x)
	}
	return x
}

// capture takes the name that a pattern binds.
func (p *Parser) capture(kind Kind, pos uint32, inner ID) ID {
	n := Node{Kind: kind, Pos: pos, A: inner, B: ID(p.pos), C: ID(p.end)}
	n.height = p.over(inner, 0)
	if !p.expect(tName, "expected a name") {
		n.B, n.C = ID(p.prevEnd), ID(p.prevEnd)
	}
	return p.add(n)
}

func (p *Parser) closedPattern() ID {
	pos := p.pos
	switch p.tok {
	case tName:
		return p.namedPattern()
	case tLParen:
		p.next()
		return p.patternGroup(pos, tRParen, "expected ')'")
	case tLBracket:
		p.next()
		return p.patternGroup(pos, tRBracket, "expected ']'")
	case tLBrace:
		return p.mapping()
	}
	value := p.infixed(sumStrength)
	return p.add(Node{Kind: PatValue, Pos: pos, A: value, height: p.over(value, 0)})
}

// namedPattern reads a capture, a dotted value or a class.
func (p *Parser) namedPattern() ID {
	pos, end := p.pos, p.end
	if next := p.peek(); next != tDot && next != tLParen {
		p.next()
		return p.add(Node{Kind: PatCapture, Pos: pos, B: ID(pos), C: ID(end), height: 1})
	}
	x := p.atom()
	for p.tok == tDot {
		p.next()
		x = p.left(x)
		name := p.pos
		if !p.expect(tName, "expected a name") {
			name = p.prevEnd
		}
		x = p.add(Node{Kind: Attribute, Pos: pos, A: x, B: ID(name), height: p.over(x, 0)})
	}
	if !p.accept(tLParen) {
		return p.add(Node{Kind: PatValue, Pos: pos, A: x, height: p.over(x, 0)})
	}
	var items list
	for p.patternStarts() {
		p.append(&items, p.classPattern())
		if !p.accept(tComma) {
			break
		}
	}
	p.expect(tRParen, "expected ')'")
	return p.add(Node{Kind: PatClass, Pos: pos, A: x, B: items.first, height: p.above(x, items)})
}

// classPattern reads an argument of a class.
func (p *Parser) classPattern() ID {
	pos, end := p.pos, p.end
	if p.tok != tName || p.peek() != tEq {
		return p.pattern()
	}
	p.next()
	p.next()
	value := p.pattern()
	return p.add(Node{Kind: PatKeyword, Pos: pos, A: value, B: ID(end), height: p.over(value, 0)})
}

// patternGroup reads what stands in brackets: one pattern in parentheses is itself.
func (p *Parser) patternGroup(pos uint32, end token, text string) ID {
	var items list
	comma := end == tRBracket
	if p.patternStarts() {
		first := p.pattern()
		comma = comma || p.tok == tComma || p.nodes[first].Kind == PatStar
		items = p.patternsFrom(first)
	}
	p.expect(end, text)
	if !comma && items.first != 0 {
		return items.first
	}
	return p.add(Node{Kind: PatSequence, Pos: pos, A: items.first, height: items.height + 1})
}

func (p *Parser) mapping() ID {
	pos := p.pos
	p.next()
	var items list
	for p.patternStarts() {
		p.append(&items, p.mappingItem())
		if !p.accept(tComma) {
			break
		}
	}
	p.expect(tRBrace, "expected '}'")
	return p.add(Node{Kind: PatMapping, Pos: pos, A: items.first, height: items.height + 1})
}

func (p *Parser) mappingItem() ID {
	pos := p.pos
	if p.accept(tDoubleStar) {
		return p.capture(PatStar, pos, 0)
	}
	key := p.infixed(sumStrength)
	p.expect(tColon, "expected ':'")
	value := p.pattern()
	return p.add(Node{Kind: PatItem, Pos: pos, A: key, B: value, height: p.over(key, value)})
}
