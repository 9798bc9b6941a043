package syntax

import "strings"

// Limits of every tree. What is beyond one is said in Tree.Errors.
const (
	// MostHeight is how many nodes of a file stand below each other at most. What
	// goes deeper is taken out and stands as a Bad statement in front.
	MostHeight = 4000
	// MostNodes is how many nodes a tree has at most, 32 bytes each; reading ends there.
	MostNodes = 4 << 20
	// MostErrors is how many errors are kept; Tree.Skipped counts the others.
	MostErrors = 100

	// mostDepth bounds the parser's own recursion over expressions. 200 nested
	// brackets, which is all that CPython reads, take 400 of it at most.
	mostDepth = 600
	// mostBlocks bounds it over statements, beyond CPython's 100 indents.
	mostBlocks = 150
	// mostChain is how high an expression such as a.b().c() may grow to the left.
	// With mostDepth on top and the statements around it stays below MostHeight.
	mostChain = 1500
)

// Parser reads one file after another and uses its memory again. Its zero value
// is ready. It is not safe for concurrent use.
type Parser struct {
	lexer
	tree  Tree
	text  []byte // the source while it is made ready
	nodes []Node

	depth     int    // of expressions
	blocks    int    // of statements
	statement uint32 // where the present statement starts
	bad       bool   // something was said about the present statement
	header    bool   // in what was left of a broken line in front of a body
	taken     list   // what was too deep to stay in the present statement
}

// Parse reads a file. The tree lives until the next call.
func (p *Parser) Parse(src []byte) *Tree {
	p.tree = Tree{Errors: nil, Comments: p.comments[:0], lines: p.tree.lines[:0]}
	problem := p.decode(src)
	p.tree.Src = strings.TrimSuffix(p.src, "\x00")
	p.tree.lines = appendLines(p.tree.lines, p.tree.Src)
	p.lexer.report = p.report
	p.begin(p.src)
	if problem != "" {
		p.report(0, problem)
		p.tree.Cut = strings.HasPrefix(problem, unknownEncoding)
	}
	p.reserve(len(src)/8 + 64)
	p.depth, p.blocks, p.header, p.taken = 0, 0, false, list{}
	p.next()
	var body list
	p.body(&body)
	p.tree.Body, p.tree.nodes, p.tree.Comments = body.first, p.nodes, p.comments
	return &p.tree
}

// Parse reads a file.
func Parse(src []byte) *Tree {
	var p Parser
	return p.Parse(src)
}

// reserve makes room for about so many nodes. Room that one huge file left is
// not kept for small ones.
func (p *Parser) reserve(n int) {
	if c := cap(p.nodes); c < n || c > 1<<18 && c > 8*n {
		p.nodes = make([]Node, 0, n)
	}
	p.nodes = append(p.nodes[:0], Node{})
}

func appendLines(lines []uint32, src string) []uint32 {
	lines = append(lines, 0)
	for at := 0; ; {
		i := strings.IndexByte(src[at:], '\n')
		if i < 0 {
			return lines
		}
		at += i + 1
		lines = append(lines, uint32(at))
	}
}

// report keeps an error.
func (p *Parser) report(at uint32, text string) {
	if p.muted {
		return
	}
	if len(p.tree.Errors) == MostErrors {
		p.tree.Skipped++
		return
	}
	line, column := p.tree.Position(at)
	p.tree.Errors = append(p.tree.Errors, Error{line, column, text})
}

// fail reports an error at the present token, once a statement: what follows
// from it is no news.
func (p *Parser) fail(text string) {
	if !p.bad {
		p.bad = true
		p.report(p.pos, text)
	}
}

// list is a list of nodes while it grows.
type list struct {
	first, last ID
	height      uint16 // of its highest member
}

func (p *Parser) append(l *list, id ID) {
	if l.first == 0 {
		l.first = id
	} else {
		p.nodes[l.last].Next = id
	}
	l.last = id
	l.height = max(l.height, p.nodes[id].height)
}

// add makes a node that ends with the latest token, or is empty when that one
// stands in front of it.
func (p *Parser) add(n Node) ID {
	n.End = max(p.prevEnd, n.Pos)
	id := ID(len(p.nodes))
	if id > MostNodes {
		p.exhaust()
	}
	p.nodes = append(p.nodes, n)
	return id
}

// exhaust ends the reading of a file that has too many nodes.
func (p *Parser) exhaust() {
	if p.at < p.n {
		p.report(p.at, "file has too many parts to read on")
		p.tree.Cut = true
	}
	p.at, p.fresh, p.brackets, p.tok = p.n, false, 0, tEOF
}

// above gives the height of a node above one child and a list of others.
func (p *Parser) above(child ID, others list) uint16 {
	return max(p.nodes[child].height, others.height) + 1
}

// over gives the height of a node above two others.
func (p *Parser) over(a, b ID) uint16 {
	return max(p.nodes[a].height, p.nodes[b].height) + 1
}

// left prepares an expression to become the left part of a higher one. One that
// is too high already is taken out of its place, so that nothing that walks a
// tree can be made to recurse without end.
func (p *Parser) left(id ID) ID {
	n := &p.nodes[id]
	if n.height < mostChain {
		return id
	}
	p.fail("expression is too deeply nested")
	p.tree.Cut = true
	pos := n.Pos
	out := p.add(Node{Kind: Bad, Pos: pos, A: id})
	p.append(&p.taken, out)
	return p.add(Node{Kind: Bad, Pos: pos})
}

// missing makes a leaf for an expression that is not there.
func (p *Parser) missing(text string) ID {
	p.fail(text)
	return p.add(Node{Kind: Bad, Pos: p.prevEnd})
}

// emit puts a statement into a body, behind what was taken out of it.
func (p *Parser) emit(body *list, id ID) {
	if p.taken.first != 0 {
		p.append(body, p.taken.first)
		body.last = p.taken.last
		p.taken = list{}
	}
	if id != 0 {
		p.append(body, id)
	}
}

// accept takes a token if it comes next.
func (p *Parser) accept(tok token) bool {
	if p.tok != tok {
		return false
	}
	p.next()
	return true
}

// expect takes a token that has to come next.
func (p *Parser) expect(tok token, text string) bool {
	if p.accept(tok) {
		return true
	}
	p.fail(text)
	return false
}

// is says whether the present token is this name.
func (p *Parser) is(name string) bool {
	return p.tok == tName && p.end-p.pos == uint32(len(name)) && p.src[p.pos:p.end] == name
}

// peek gives the kind of the token after the present one.
func (p *Parser) peek() token {
	c, depth, muted := p.cursor, p.lexer.depth, p.muted
	p.muted = true
	p.next()
	tok := p.tok
	p.cursor, p.lexer.depth, p.muted = c, depth, muted
	return tok
}

// identifier takes a name and makes a node of it; zero if there is none.
func (p *Parser) identifier(flags Flags) ID {
	if p.tok != tName {
		p.fail("expected a name")
		return 0
	}
	pos := p.pos
	p.next()
	return p.add(Node{Kind: Name, Pos: pos, Flags: flags})
}
