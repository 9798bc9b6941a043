package javascript

import "bytes"

// What TypeScript and JSX add. Types are read over: they never run.

// annotation reads over : T.
func (p *parser) annotation() {
	if p.accept(':') {
		p.typeOrPredicate()
	}
}

func (p *parser) typeOrPredicate() {
	if p.isName(aAsserts) {
		if t := p.look(); t.kind == tName && !t.nl {
			p.advance()
		}
	}
	p.typ()
}

// typ reads over one type.
func (p *parser) typ() {
	defer func() { p.depth-- }()
	if !p.enter() {
		p.tooDeep()
		return
	}
	if !p.accept('|') {
		p.accept('&')
	}
	for {
		p.typePrimary()
		p.typeSuffixes()
		if p.accept('|') || p.accept('&') {
			continue
		}
		if p.isName(aIs) && !p.t.nl {
			p.advance()
			continue
		}
		if p.isName(aExtends) && !p.t.nl {
			p.advance()
			p.typ()
			if p.accept('?') {
				p.typ()
				p.expect(':')
				p.typ()
			}
		}
		return
	}
}

func (p *parser) typeSuffixes() {
	for {
		switch {
		case p.is('[') && !p.t.nl:
			p.skipGroup()
			p.advance()
		case p.is('.'):
			p.advance()
			p.advance()
		case (p.is('<') || p.is(opShl)) && !p.t.nl:
			p.typeArguments()
		default:
			return
		}
	}
}

func (p *parser) typePrimary() {
	for p.t.kind == tName && (p.t.atom == aKeyof || p.t.atom == aReadonly || p.t.atom == aUnique || p.t.atom == aInfer || p.t.atom == aTypeof ||
		p.t.atom == aNew || p.t.atom == aAbstract || p.t.atom == aAsserts) {
		if t := p.look(); p.t.atom != aNew && t.kind == tOp && t.op != '(' && t.op != '[' && t.op != '{' && t.op != '<' || t.kind == tEOF {
			break // a type of that name
		}
		p.advance()
	}
	switch p.t.kind {
	case tName:
		importing := p.t.atom == aImport
		p.advance()
		if importing && p.is('(') {
			p.skipGroup()
			p.advance()
		}
		return
	case tStr, tNum, tHash:
		p.advance()
		return
	case tTpl:
		p.template()
		return
	case tOp:
		switch p.t.op {
		case '{', '[':
			p.skipGroup()
			p.advance()
			return
		case '-':
			p.advance()
			p.advance()
			return
		case '<':
			p.typeParameters()
			if !p.is('(') {
				p.fail()
				return
			}
			fallthrough
		case '(':
			p.skipGroup()
			p.advance()
			if p.accept(opArrow) {
				p.typeOrPredicate()
			}
			return
		case opDots:
			p.advance()
			p.typ()
			return
		case '?', '*':
			p.advance()
			return
		}
	}
	p.fail()
}

// typeParameters reads over <T extends U = V, ...> if it stands here.
func (p *parser) typeParameters() {
	if !p.is('<') {
		return
	}
	p.advance()
	for p.t.kind != tEOF && !p.is('>') {
		for p.t.kind == tName && p.look().kind == tName && p.look().atom != aExtends { // const, in, out
			p.advance()
		}
		if p.t.kind != tName {
			p.fail()
			return
		}
		p.advance()
		if p.acceptName(aExtends) {
			p.typ()
		}
		if p.accept('=') {
			p.typ()
		}
		if !p.accept(',') {
			break
		}
	}
	p.closeAngle()
}

// typeArguments reads over <A, B>.
func (p *parser) typeArguments() {
	if p.is(opShl) {
		p.splitOperator()
	}
	if !p.expect('<') {
		return
	}
	for p.t.kind != tEOF && !p.is('>') {
		p.typ()
		if !p.accept(',') {
			break
		}
	}
	p.closeAngle()
}

// closeAngle takes one > even of >> or >=.
func (p *parser) closeAngle() {
	if p.t.kind == tOp && p.t.op != '>' && p.src[p.t.start] == '>' {
		p.splitOperator()
	}
	p.expect('>')
}

// splitOperator makes the first byte of an operator a token.
func (p *parser) splitOperator() {
	p.t.op = op(p.src[p.t.start])
	p.t.end = p.t.start + 1
	p.pos = int(p.t.end)
}

// modifiers reads over what TypeScript allows before a member or parameter.
func (p *parser) modifiers() {
	for p.t.kind == tName {
		switch p.t.atom {
		case aPublic, aPrivate, aProtected, aReadonly, aOverride, aAbstract, aDeclare:
		default:
			return
		}
		t := p.look()
		if t.nl && p.t.atom == aDeclare {
			return
		}
		if !(t.kind == tName || t.kind == tStr || t.kind == tNum || t.kind == tHash || t.kind == tOp && (t.op == '[' || t.op == '{' || t.op == '*')) {
			return
		}
		p.advance()
	}
}

// indexSignature reads over [key: string]: T, if it stands here.
func (p *parser) indexSignature() bool {
	s := p.save()
	p.advance()
	if p.t.kind == tName {
		p.advance()
		if p.is(':') {
			p.restore(s)
			p.skipGroup()
			p.advance()
			p.annotation()
			p.semicolon()
			return true
		}
	}
	p.restore(s)
	return false
}

func (p *parser) isEnum() bool {
	t := p.look()
	return t.kind == tName && t.atom == aEnum
}

// typeStatement reads a statement that only TypeScript has.
func (p *parser) typeStatement() (int32, bool) {
	t := p.look()
	if t.nl || t.kind != tName && !(t.kind == tStr && p.t.atom == aModule) && !(t.kind == tOp && t.op == '{' && (p.t.atom == aGlobal)) {
		return 0, false
	}
	switch p.t.atom {
	case aInterface:
		p.advance()
		p.advance()
		p.typeParameters()
		if p.acceptName(aExtends) {
			for {
				p.typ()
				if !p.accept(',') {
					break
				}
			}
		}
		if p.is('{') {
			p.skipGroup()
			p.advance()
		}
		return 0, true
	case aType:
		if t.kind == tName && (t.atom == aIn || t.atom == aInstanceof || t.atom == aOf) {
			return 0, false
		}
		p.advance()
		p.advance()
		p.typeParameters()
		if p.expect('=') {
			p.typ()
		}
		p.semicolon()
		return 0, true
	case aEnum:
		return p.enum(), true
	case aNamespace, aModule, aGlobal:
		if p.t.atom != aGlobal {
			p.advance()
		}
		p.advance()
		for p.accept('.') {
			p.advance()
		}
		if p.is('{') {
			return p.block(), true
		}
		p.semicolon()
		return 0, true
	case aDeclare:
		p.advance()
		p.declared()
		return 0, true
	case aAbstract:
		if t.atom == aClass {
			p.advance()
			return p.class(fDecl), true
		}
	}
	return 0, false
}

// declared reads over what declare says exists elsewhere.
func (p *parser) declared() {
	n := len(p.nodes)
	vars := p.vars
	p.statement()
	p.nodes = p.nodes[:n]
	p.vars = vars
}

// enum reads an enum as an object with its initial values.
func (p *parser) enum() int32 {
	pos := p.t.start
	p.advance()
	name := p.bindingTarget()
	at := p.t.start
	p.expect('{')
	var l list
	for p.t.kind != tEOF && !p.is('}') {
		start := p.t.start
		var flag uint8
		key := p.propertyKey(&flag)
		var value int32
		if p.accept('=') {
			value = p.assignment()
		}
		n := p.node(nProp, start, key, value)
		p.flag(n, flag)
		p.add(&l, n)
		if !p.accept(',') {
			break
		}
	}
	p.expect('}')
	return p.node(nVar, pos, p.node(nDeclare, pos, name, p.node(nObject, at, l.first, 0)), 0)
}

// angle reads JSX, or the old form <T>x of a type assertion.
func (p *parser) angle() int32 {
	defer func() { p.depth-- }()
	if !p.enter() {
		return p.tooDeep()
	}
	t := p.look()
	s := p.save()
	if t.kind == tName || t.kind == tOp && t.op == '>' {
		pos := p.t.start
		var l list
		if p.jsxElement(&l) {
			return p.node(nJSX, pos, l.first, 0)
		}
		if !p.ts || !p.mayRetry() {
			p.fail()
			return p.node(nJSX, pos, l.first, 0)
		}
		p.restore(s)
	}
	if !p.ts {
		p.fail()
		p.advance()
		return 0
	}
	p.typeArguments()
	return p.unary()
}

// jsxElement reads a JSX element from < to the end of its closing tag, and puts
// the expressions in it on the list. It gives false when it is not closed.
func (p *parser) jsxElement(l *list) bool {
	open := 0
	for {
		// here p.t is the < of a tag
		p.advance()
		closing := p.accept('/')
		p.jsxName()
		if p.ts && p.is('<') {
			p.typeArguments()
		}
		for p.t.kind != tEOF && !p.is('>') && !p.is('/') {
			if !p.attribute(l) {
				return false
			}
		}
		alone := false
		if p.is('/') {
			alone = true
			p.advance()
		}
		if p.t.kind != tOp || p.src[p.t.start] != '>' {
			return false
		}
		end := int(p.t.start) + 1
		switch {
		case closing:
			open--
		case !alone:
			open++
		}
		p.pos = end
		if open <= 0 {
			p.advance()
			return true
		}
		if !p.jsxText(l) {
			return false
		}
	}
}

func (p *parser) jsxName() {
	for p.t.kind == tName {
		p.advance()
		if !p.is('-') && !p.is('.') && !p.is(':') && !p.is(opDec) {
			return
		}
		for p.is('-') || p.is('.') || p.is(':') || p.is(opDec) {
			p.advance()
		}
	}
}

// attribute reads name, name="text", name={x} or {...x}.
func (p *parser) attribute(l *list) bool {
	if p.accept('{') {
		p.accept(opDots)
		if !p.is('}') {
			p.addExpression(l, p.assignment())
		}
		return p.accept('}')
	}
	if p.t.kind != tName {
		return false
	}
	// A name may hold dashes; the tokens between say no more.
	for p.t.kind == tName || p.is('-') || p.is(':') || p.is(opDec) {
		if t := p.t; t.kind == tName {
			p.advance()
			if p.t.kind == tName { // the next attribute
				return true
			}
			continue
		}
		p.advance()
	}
	if !p.is('=') {
		return true
	}
	// The text of an attribute has no escapes and may run over lines.
	i := p.pos
	for i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\n' || p.src[i] == '\t' || p.src[i] == '\r') {
		i++
	}
	if i < len(p.src) && (p.src[i] == '"' || p.src[i] == '\'') {
		n := bytes.IndexByte(p.src[i+1:], p.src[i])
		if n < 0 {
			return false
		}
		p.addExpression(l, p.node(nStr, int32(i), int32(i+n+2), 0))
		p.pos = i + n + 2
		p.advance()
		return true
	}
	p.advance()
	if p.accept('{') {
		if !p.is('}') {
			p.addExpression(l, p.expression())
		}
		return p.accept('}')
	}
	if p.is('<') {
		p.addExpression(l, p.angle())
		return true
	}
	return false
}

func (p *parser) addExpression(l *list, x int32) {
	if x != 0 && p.nodes[x].next == 0 && x != l.last {
		p.add(l, x)
	}
}

// jsxText reads children up to the < of the next tag, on which it stops.
func (p *parser) jsxText(l *list) bool {
	for {
		n := bytes.IndexAny(p.src[p.pos:], "<{")
		if n < 0 {
			p.pos = len(p.src)
			p.advance()
			return false
		}
		p.pos += n
		p.advance()
		if p.src[p.t.start] == '<' {
			if p.t.op != '<' {
				p.splitOperator()
			}
			return true
		}
		p.advance()
		p.accept(opDots)
		if !p.is('}') {
			p.addExpression(l, p.expression())
		}
		if !p.is('}') {
			return false
		}
		p.pos = int(p.t.end)
	}
}
