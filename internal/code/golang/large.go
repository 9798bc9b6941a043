package golang

import (
	"go/parser"
	"go/scanner"
	"go/token"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// mostNumbers of one list are kept of a file that is read in pieces: enough to see
// that it is data. The rest of a table runs nothing.
const mostNumbers = 1024

// outline is what the tokens of a file say before it is parsed. It costs no stack
// however deep the source is nested, and next to no memory however long it is.
type outline struct {
	name  string // of the package
	parts []extent
	thin  []byte // the source with blanks for the rest of long lists of numbers
	deep  bool   // nested deeper than is parsed
	named []string
}

// extent is a declaration with the comments before it.
type extent struct {
	from, to int
	weight   int // bytes without the numbers that were left out
	function bool
}

// skim reads the tokens of a file. Where a declaration ends is what the language's own
// rule for semicolons says, so a source that compiles cannot hide one.
func skim(src []byte) outline {
	o := outline{thin: append([]byte(nil), src...)}
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	open := []int{0} // operators in the element that is read, for each open bracket
	total := 0
	start, fresh, dropped, function := 0, true, 0, false
	run, number := 0, -1 // numbers in a row, and where the last one begins
	var before, first token.Token
	for {
		pos, tok, lit := s.Scan()
		at := file.Offset(pos)
		if tok == token.EOF {
			break
		}
		top := len(open) - 1
		if fresh {
			first, fresh, function = tok, false, tok == token.FUNC
		}
		if tok == token.IDENT && top == 0 {
			switch {
			case before == token.PACKAGE && first == token.PACKAGE && o.name == "":
				o.name = lit
			case before == token.FUNC && function && len(o.named) < code.MostSource/16:
				o.named = append(o.named, lit)
			}
		}
		switch {
		case tok == token.INT && before == token.COMMA:
			run, number = run+1, at
		case tok == token.INT && before == token.LBRACE:
			run, number = 1, at
		case tok == token.COMMA && number >= 0:
			if run > mostNumbers {
				for i := number; i <= at; i++ {
					if o.thin[i] != '\n' {
						o.thin[i] = ' '
						dropped++
					}
				}
			}
			number = -1
		default:
			run, number = 0, -1
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, 0)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if top > 0 {
				total -= open[top]
				open = open[:top]
			}
		case token.COMMA, token.SEMICOLON:
			total -= open[top]
			open[top] = 0
		default:
			if tok.IsOperator() {
				open[top]++
				total++
			}
		}
		o.deep = o.deep || len(open) > mostNesting || total > mostOperators
		if tok == token.SEMICOLON && top == 0 {
			end := min(at+len(lit), len(src))
			if first != token.PACKAGE {
				o.add(extent{start, end, end - start - dropped, function})
			}
			start, fresh, dropped = end, true, 0
		}
		before = tok
	}
	if start < len(src) { // a rest without an end, or comments
		o.add(extent{start, len(src), len(src) - start - dropped, false})
	}
	return o
}

// add takes the next declaration; short ones that follow each other are one.
func (o *outline) add(e extent) {
	if n := len(o.parts); n > 0 {
		if last := &o.parts[n-1]; last.to == e.from && last.function == e.function && last.weight+e.weight < 64<<10 {
			last.to, last.weight = e.to, last.weight+e.weight
			return
		}
	}
	o.parts = append(o.parts, e)
}

// large reads a file that is too long for one syntax tree piece by piece: first what
// its constants and variables are, then its functions.
func (a *analysis) large(src []byte) {
	o := skim(src)
	if o.deep {
		a.out.Cut("the source is nested too deep to be parsed")
		return
	}
	a.pieces = true
	for _, n := range o.named {
		a.functions[n] = true
	}
	for _, functions := range []bool{false, true} {
		var piece []extent
		weight := 0
		for _, e := range o.parts {
			if e.function != functions {
				continue
			}
			if e.weight > mostSource {
				a.out.Cut("a declaration is longer than is read of its language")
				continue
			}
			if weight+e.weight > mostSource {
				a.piece(&o, piece)
				piece, weight = nil, 0
			}
			piece, weight = append(piece, e), weight+e.weight
		}
		a.piece(&o, piece)
	}
	a.skipped = 0
}

// piece parses some declarations where they stand: what lies between them is blank.
func (a *analysis) piece(o *outline, parts []extent) {
	if len(parts) == 0 {
		return
	}
	begin := parts[0].from
	for begin > 0 && o.thin[begin-1] != '\n' {
		begin--
	}
	body := append([]byte(nil), o.thin[begin:parts[len(parts)-1].to]...)
	blank := func(from, to int) {
		for i := from - begin; i < to-begin; i++ {
			if body[i] != '\n' {
				body[i] = ' '
			}
		}
	}
	at := begin
	for _, e := range parts {
		blank(at, e.from)
		at = e.to
	}
	a.skipped = -1 // the package clause that goes before
	for _, c := range o.thin[:begin] {
		if c == '\n' {
			a.skipped++
		}
	}
	a.fset = token.NewFileSet()
	file, err := parser.ParseFile(a.fset, "", append([]byte("package "+o.name+"\n"), body...), parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		a.out.Unread("the source is no Go that parses as a whole")
	}
	if file != nil {
		a.file(file)
	}
}
