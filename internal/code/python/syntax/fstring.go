package syntax

import "strings"

// strings reads the literals that stand side by side.
func (p *Parser) strings() ID {
	n := Node{Kind: Str, Pos: p.pos, Flags: p.flags}
	var parts list
	if p.tok == tString {
		n.Flags = p.plain()
		if p.tok != tFString {
			return p.add(n)
		}
		p.append(&parts, p.add(n))
	}
	n.Kind = JoinedStr
	n.Flags &^= template
	for {
		switch p.tok {
		case tFString:
			if p.flags&template != 0 {
				n.Kind = TemplateStr
			}
			p.formatted(&parts)
		case tString:
			s := Node{Kind: Str, Pos: p.pos}
			s.Flags = p.plain()
			p.append(&parts, p.add(s))
		default:
			n.A, n.height = parts.first, parts.height+1
			return p.add(n)
		}
	}
}

// plain takes the literals up to the next f-string and gives their flags.
func (p *Parser) plain() Flags {
	flags := p.flags
	p.next()
	for p.tok == tString {
		flags |= Several | p.flags&Unclosed
		p.next()
	}
	return flags
}

// formatted reads one f-string.
func (p *Parser) formatted(parts *list) {
	f := field{
		quote: p.src[p.end-1], flags: p.flags&^template | Part,
		brackets: p.brackets, outer: p.field,
	}
	p.at = p.end
	if p.pieces(&f, parts) {
		p.at += f.width()
		p.brackets, p.field = f.brackets, f.outer
		p.end = p.at
		p.next()
	}
}

// field is the f-string that is being read.
type field struct {
	quote    byte
	flags    Flags // of its constant parts
	brackets int   // that were open in front of it
	outer    int   // the lexer's field in front of it
	spec     bool  // in what stands behind a colon
}

func (f *field) width() uint32 {
	if f.flags&Triple != 0 {
		return 3
	}
	return 1
}

// pieces reads constant parts and fields up to the closing quote, or to the "}"
// behind a format. It is false when neither came; then the parser goes on with
// the present token.
func (p *Parser) pieces(f *field, parts *list) bool {
	for {
		start := p.at
		found := p.literal(f)
		if p.at > start {
			p.append(parts, p.part(start, f.flags))
		}
		switch found {
		case '{':
			if !p.replacement(f, parts) {
				return false
			}
		case 0:
			p.unfinished(f, start)
			return false
		default:
			return true
		}
	}
}

// part makes the node of a constant part that ends where the lexer is.
func (p *Parser) part(start uint32, flags Flags) ID {
	id := p.add(Node{Kind: Str, Pos: start, Flags: flags})
	p.nodes[id].End = p.at
	return id
}

// literal moves to the end of a constant part and says what ends it: "{", the
// quote, "}" in a format, or 0 for the end of the line or file.
func (p *Parser) literal(f *field) byte {
	src, at := p.src, p.at
	for ; ; at++ {
		switch c := src[at]; c {
		case '{':
			if src[at+1] != '{' || f.spec {
				p.at = at
				return c
			}
			at++
		case '}':
			switch {
			case f.spec:
				p.at = at
				return c
			case src[at+1] == '}':
				at++
			default:
				p.report(at, "f-string: single '}' is not allowed")
			}
		case '\\':
			if next := src[at+1]; next == 'N' && src[at+2] == '{' && f.flags&Raw == 0 {
				if i := strings.IndexAny(src[at:min(at+100, p.n)], "}\n\"'"); i > 0 && src[at+uint32(i)] == '}' {
					at += uint32(i)
				}
			} else if next != '{' && next != '}' && at+1 < p.n {
				at++
			}
		case '\'', '"':
			if c == f.quote && (f.flags&Triple == 0 || src[at+1] == c && src[at+2] == c) {
				p.at = at
				return c
			}
		case '\n':
			if f.flags&Triple == 0 || p.rescue <= 0 {
				p.at = at
				return 0
			}
		case 0:
			if at >= p.n {
				p.rescue -= int(p.n - p.at)
				p.at = at
				return 0
			}
			p.null(at)
		}
	}
}

// unfinished ends an f-string that has no closing quote with the line in which
// its last part starts, so that it hides nothing.
func (p *Parser) unfinished(f *field, start uint32) {
	p.report(start, "unterminated f-string literal")
	p.at = p.n
	if i := strings.IndexByte(p.src[start:p.n], '\n'); i >= 0 {
		p.at = start + uint32(i)
	}
	p.brackets, p.field, p.end = 0, -1, p.at
	p.next()
}

// replacement reads {expression=!r:format}. It is false when the f-string ended
// in it.
func (p *Parser) replacement(f *field, parts *list) bool {
	n := Node{Kind: FormattedValue, Pos: p.at}
	p.at++
	p.brackets, p.field = f.brackets+1, f.brackets+1
	if f.spec {
		p.brackets, p.field = p.brackets+1, p.field+1
	}
	p.tok, p.pos, p.end = tLBrace, n.Pos, p.at
	p.next()
	p.depth++
	ok := p.depth < mostDepth && p.value(f, &n, parts)
	p.depth--
	if !ok {
		p.fail("f-string: invalid syntax")
		ok = p.reclose(f, n.Pos+1)
	}
	if ok {
		p.prevEnd = p.at
	}
	n.height = p.over(n.A, n.B)
	p.append(parts, p.add(n))
	return ok
}

// value reads what stands between the braces, and the closing one.
func (p *Parser) value(f *field, n *Node, parts *list) bool {
	if !p.starts() {
		return false
	}
	n.A = p.values()
	if p.tok == tEq {
		n.Flags = Debug
		p.next()
		shown := p.add(Node{Kind: Str, Pos: n.Pos + 1, Flags: f.flags | Raw | Verbatim})
		p.nodes[shown].End = p.pos
		p.append(parts, shown)
	}
	if p.accept(tBang) {
		if p.tok != tName || p.end-p.pos != 1 {
			return false
		}
		n.D = ID(p.src[p.pos])
		p.next()
	}
	if p.tok == tColon {
		if !p.format(f, n) {
			return false
		}
		return true
	}
	p.at = p.end
	return p.tok == tRBrace
}

// format reads what stands behind a colon, and the closing brace.
func (p *Parser) format(f *field, n *Node) bool {
	inner := *f
	inner.spec = true
	p.at = p.end
	pos := p.at
	var parts list
	closed := p.pieces(&inner, &parts) && p.src[p.at] == '}'
	if closed {
		p.prevEnd = p.at
	}
	n.B = p.add(Node{Kind: JoinedStr, Pos: pos, A: parts.first, height: parts.height + 1})
	if closed {
		p.at++
	}
	return closed
}

// reclose goes on at the closing quote of an f-string with a field that could
// not be read: the next such quote, as Python read it before 3.12.
func (p *Parser) reclose(f *field, from uint32) bool {
	quote := strings.Repeat(string(f.quote), int(f.width()))
	for at := from; at < p.n && p.rescue > 0; at++ {
		p.rescue--
		switch c := p.src[at]; {
		case c == '\\':
			at++
		case c == '\n' && f.flags&Triple == 0:
			return false
		case c == f.quote && strings.HasPrefix(p.src[at:], quote):
			p.at = at
			return true
		}
	}
	return false
}
