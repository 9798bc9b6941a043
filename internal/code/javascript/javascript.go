// Package javascript says what JavaScript and TypeScript do, as facts.
//
// One parser of its own reads ECMAScript (https://tc39.es/ecma262/), JSX and
// TypeScript, whole files or damaged ones, into a small tree with places, and
// one analysis walks that tree: there is no second, poorer way for files that
// are typed, broken or large. Large files are read statement by statement, so
// that memory does not grow with them. In the tests the parser is held against
// tdewolff/parse, whose own tree has no places and so cannot carry facts.
//
// The analysis gives each value a name ("child_process.exec"), a constant, a
// function of the file or the sources it was made of, and follows it through
// variables, calls, callbacks, promises, objects and files. Constants are folded
// as an interpreter would; short functions and loops over constants are carried
// out in a bounded number of steps.
//
// It never runs code, never panics, opens nothing and imports nothing that the
// source names.
package javascript

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

const (
	largeSource = 1 << 20 // from here on a file is read in parts
	passes      = 3
	passesLarge = 2
)

// Analyze gives the facts of a JavaScript file: a script, a module or CommonJS.
// One that is TypeScript in disguise is read as that.
func Analyze(src []byte) code.Facts { return analyze(src, code.JavaScript, nil) }

// AnalyzeTypeScript gives the facts of TypeScript, TSX and JSX, and of the scripts
// in a Vue or Svelte component.
func AnalyzeTypeScript(src []byte) code.Facts {
	return AnalyzeAmong(src, code.TypeScript, nil)
}

// AnalyzeAmong is the analyser of one of the two languages for a file of which it is
// known what constants names of other files stand for.
func AnalyzeAmong(src []byte, lang code.Language, known code.Neighbours) code.Facts {
	if lang == code.TypeScript {
		src = scripts(src)
	}
	return analyze(src, lang, known)
}

func analyze(src []byte, lang code.Language, known code.Neighbours) code.Facts {
	cut := false
	if len(src) > code.MostSource {
		src, cut = src[:code.MostSource], true
	}
	a := newAnalysis(src, lang)
	a.neighbours = known
	if cut {
		a.c.Cut(fmt.Sprintf("only the first %d MB were read", code.MostSource>>20))
	}
	program := &fun{pos: -1, pass: -1}
	a.funs[-1] = program
	if len(src) >= largeSource {
		a.large(program, lang == code.TypeScript)
	} else {
		a.whole(program, lang == code.TypeScript)
	}
	a.mangled()
	facts := a.c.Facts()
	facts.Outline = a.outline(program)
	if a.p != nil {
		a.atoms.letTree(a.p.nodes)
	}
	a.atoms.let()
	return facts
}

// whole reads a file of ordinary size into one tree.
func (a *analysis) whole(program *fun, ts bool) {
	p, first := parseProgram(a.src, a.atoms, ts)
	if p.errors > 0 { // what one language cannot read, the other may
		q, f := parseProgram(a.src, a.atoms, !ts)
		if q.errors < p.errors {
			p, q, first = q, p, f
		}
		a.atoms.letTree(q.nodes)
	}
	a.unread(p)
	a.p, a.gen = p, 1
	for pass := int32(0); pass < passes; pass++ {
		if pass == passes-2 && !a.sinks {
			continue // nothing flows anywhere
		}
		a.begin(program, pass, pass == passes-1)
		for v := p.vars; v != 0; v = a.at(v).next {
			a.scope.declare(a.at(v).a)
		}
		a.hoist(first)
		a.statements(first)
		top := a.scope
		a.flush(0)
		if pass == passes-1 {
			a.holds(top)
		}
	}
}

// begin starts a pass at the top of the program.
func (a *analysis) begin(program *fun, pass int32, last bool) {
	if last {
		a.reaches(program)
	}
	a.pass, a.last = pass, last
	a.passLeft = stepsOfPass
	a.cur, a.this, a.ret = program, nil, nil
	a.loop, a.branch, a.main, a.nowhere, a.depth, a.calls = 0, 0, 0, 0, 0, 0
	a.scope = nil
	a.scope = a.scopeAt(-1, 0, program)
	for _, b := range a.scope.vars {
		b.now = nil
	}
}

func parseProgram(src []byte, atoms *atoms, ts bool) (*parser, int32) {
	p := newParser(src, atoms, ts)
	p.advance()
	var l list
	for p.t.kind != tEOF {
		p.add(&l, p.statementOrSkip())
	}
	return p, l.first
}

// large reads a big file a statement at a time, and the long functions in it in turn.
func (a *analysis) large(program *fun, ts bool) {
	errors := 0
	for pass := range int32(passesLarge) {
		a.begin(program, pass, pass == passesLarge-1)
		errors = a.part(0, int32(len(a.src)), ts)
		if pass == passesLarge-1 {
			a.holds(a.scope)
		}
		if pass == 0 && errors > 3 && !ts { // perhaps it has types
			if e := countErrors(a.src, a.atoms, true); e < countErrors(a.src, a.atoms, false) {
				ts = true
			}
		}
	}
}

// countErrors tells what of the first part of a file cannot be read.
func countErrors(src []byte, atoms *atoms, ts bool) int {
	p, _ := parseProgram(src[:min(len(src), lazyBytes)], atoms, ts)
	return p.errors
}

const mostLazyDepth = 8 // long functions in each other

// lazy follows a function's body that was left for later.
func (a *analysis) lazy(start, end int32) {
	if a.lazyDepth >= mostLazyDepth {
		a.c.Cut("long functions are nested too deeply to follow")
		return
	}
	a.lazyDepth++
	p, gen := a.p, a.gen
	pending := a.pending
	a.pending = nil
	a.part(start+1, max(end-1, start+1), p.ts)
	a.pending = pending
	a.p, a.gen = p, gen
	a.lazyDepth--
}

// part follows the statements of src[start:end] one by one. The tree of each is
// let go before the next is read.
func (a *analysis) part(start, end int32, ts bool) int {
	p := &parser{lexer: lexer{src: a.src[:end], atoms: a.atoms}, ts: ts, lazy: true, retries: 4*int(end-start) + 4096}
	p.pos = int(start)
	if n := len(a.spare); n > 0 {
		p.nodes, a.spare = a.spare[n-1], a.spare[:n-1]
	} else {
		p.nodes = make([]node, 1, 4096)
	}
	defer func() { a.spare = append(a.spare, p.nodes[:1]) }()
	p.advance()
	a.p = p
	for p.t.kind != tEOF {
		p.nodes = p.nodes[:1]
		p.vars = 0
		p.full, p.filling = false, false
		a.generation++
		a.gen = a.generation
		n := p.statementOrSkip()
		if p.full {
			a.c.Cut("a statement is too long to be followed as a whole")
		}
		for v := p.vars; v != 0; v = a.at(v).next {
			a.scope.declare(a.at(v).a)
		}
		if n == 0 {
			continue
		}
		a.hoist(n)
		a.statement(n)
		a.flush(0)
	}
	if a.last {
		p.full = false
		a.unread(p)
	}
	return p.errors
}

// unread says what the parser could not read.
func (a *analysis) unread(p *parser) {
	if p.errors > 0 {
		line, _ := a.place(min(p.errorPos, int32(len(a.src))))
		a.c.Unread(fmt.Sprintf("no JavaScript or TypeScript at %d places, first in line %d", p.errors, line))
	}
	if p.deep {
		a.c.Cut("code is nested too deeply to read")
	}
	if p.full {
		a.c.Cut("the file is too long to be followed as a whole")
	}
}

// scripts blanks what is no script in a Vue or Svelte component, so that places stay.
func scripts(src []byte) []byte {
	head := bytes.TrimSpace(src[:min(len(src), 4096)])
	if len(head) == 0 || head[0] != '<' || !bytes.Contains(src, []byte("<script")) || !bytes.Contains(src, []byte("</script")) {
		return src
	}
	out := slices.Clone(src)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	at := 0
	for {
		open := bytes.Index(src[at:], []byte("<script"))
		if open < 0 {
			break
		}
		tagEnd := bytes.IndexByte(src[at+open:], '>')
		if tagEnd < 0 {
			break
		}
		body := at + open + tagEnd + 1
		blank(at, body)
		end := bytes.Index(src[body:], []byte("</script"))
		if end < 0 {
			at = len(src)
			break
		}
		at = body + end
	}
	blank(at, len(src))
	return out
}
