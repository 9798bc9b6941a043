// Package lexical gives the facts of Ruby, Rust, PHP, PowerShell and Java without a
// parser: one lexer that a small table tunes to a language (grammar), one reader of
// names, calls and constants, and a table of what the callees do (ruby.go, rust.go, ...).
//
// Comments and quotes are taken for what they are, constants are put together,
// imports and variables are followed inside the file, and so is data from what it
// comes out of (a download, a decoder, the environment) to where it goes. It is a
// reader of shapes, not of meaning: control flow is ignored, and what a variable was
// last given stands for it. It runs nothing; work is linear; depth is bounded.
//
// Special names: a callee is written as its language does, imports resolved
// ("Net::HTTP.get", "std::process::Command::new", "[convert]::frombase64string",
// "java.lang.Runtime.exec"); a method whose receiver is not known begins with a
// point (".exec"). PHP and PowerShell names are in small letters. Ruby's backquotes
// and PHP's are Exec with the name "`". Env of PowerShell's $env:X has the name "env:".
package lexical

import (
	"slices"
	"sort"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

const (
	mostSource = 2 << 20 // bytes that are read: no honest file of these languages comes near
	mostTokens = 400_000 // 35 MB of them, which a worker has to hold
	mostDepth  = 96      // of brackets that are evaluated inside each other
	mostVars   = 4096    // and files
	mostText   = 1 << 17 // bytes of a constant that is put together
	mostSpent  = 1 << 23 // bytes put together in one file
)

// Analyze gives the facts of src. The language is Ruby, Rust, PHP, PowerShell or
// Java; for another one there are none, and Unread says so.
func Analyze(lang code.Language, src []byte) code.Facts {
	g, ok := grammars()[lang]
	if !ok {
		return code.Facts{Language: lang, Unread: "no analyser reads " + string(lang)}
	}
	whole := len(src)
	src = src[:min(whole, mostSource)]
	a := &analysis{
		grammar: g, out: code.NewCollector(lang, src), budget: decode.NewBudget(),
		vars: map[string]value{}, files: map[string]flow.Set{}, aliases: map[string]string{}, called: map[string]bool{}, lines: []int{0},
	}
	for i, c := range src {
		if c == '\n' {
			a.lines = append(a.lines, i+1)
		}
	}
	a.tokens = lex(g, string(src))
	if whole > mostSource || len(a.tokens) >= mostTokens {
		a.out.Cut("the file is longer than is read of its language")
	}
	a.pair()
	if g.ends {
		a.ended = a.bodies()
	}
	a.functions()
	a.readRange(0, len(a.tokens))
	return a.facts()
}

// analysis is the state of one file.
type analysis struct {
	*grammar
	tokens  []token
	match   []int       // for a bracket, where its partner is; -1 for one without
	ended   map[int]int // where bodies that open with a word end
	out     *code.Collector
	budget  *decode.Budget
	lines   []int
	vars    map[string]value
	files   map[string]flow.Set
	aliases map[string]string // a name of this file to what it stands for
	called  map[string]bool
	scopes  []scope
	pending []code.Fact
	embeds  []code.Embedded
	opened  string // the path last opened for writing
	last    string // the function last called
	// bodiesOf are the functions of the file; work is what may be read again.
	bodiesOf map[string]body
	work     int
	callers  int
	returned []value      // by the function that is read
	seen     map[int]bool // blocks that a call took
	spent    int
	depth    int
}

// scope is a function, by the token behind its last.
type scope struct {
	name string
	end  int
}

// value is what an expression comes to, as far as it is known.
type value struct {
	text      string
	known     bool
	from      flow.Set
	disguised bool
	typ       string  // of an object, the callee that made it
	exec      int     // of a command under construction, its fact in pending, from 1
	items     []value // of a list in brackets
	num       bool    // a number
	of        string  // of a variable, its name
	path      string  // of an open file
	to        string  // of a request, its address
}

// facts gives those of functions that nothing in the file calls their reach.
func (a *analysis) facts() code.Facts {
	for _, f := range a.pending {
		f.Reach = a.reach(f.Scope)
		a.out.Add(f)
	}
	for _, e := range a.embeds {
		e.In.Reach = a.reach(e.In.Scope)
		a.out.Embed(e)
	}
	return a.out.Facts()
}

func (a *analysis) reach(scope string) code.Reach {
	name := lastName(scope)
	switch {
	case scope == "", a.called[name], name == "main" && a.language == code.Rust:
		return code.Top
	case name == "main" && a.language == code.Java:
		return code.OnMain
	}
	return code.OnCall
}

// embed hands on text that is code, or may be.
func (a *analysis) embed(l code.Language, text string, at int, f code.Fact) {
	if len(a.embeds) < code.MostFacts {
		a.embeds = append(a.embeds, code.Embedded{Language: l, Text: []byte(text), In: a.place(at, f)})
	}
}

const mostPending = 4 * code.MostFacts

func (a *analysis) add(at int, f code.Fact) {
	if len(a.pending) >= mostPending {
		a.out.Cut("the file does more than is followed")
		a.out.Drop(1)
		return
	}
	a.pending = append(a.pending, a.place(at, f))
}

// place fills in where a fact stands. A place is an offset in the source.
func (a *analysis) place(at int, f code.Fact) code.Fact {
	line := sort.SearchInts(a.lines, at+1)
	f.Line, f.Column = line, at-a.lines[line-1]+1
	if n := len(a.scopes); n > 0 {
		f.Scope = a.scopes[n-1].name
	}
	for _, arg := range f.Args {
		f.Marks = append(f.Marks, indicator.Marks(arg)...)
	}
	slices.Sort(f.Marks)
	f.Marks = slices.Compact(f.Marks)
	return f
}

// pair matches brackets with each other. One that does not fit ends nothing.
func (a *analysis) pair() {
	a.match = make([]int, len(a.tokens))
	var open []int
	for i := range a.tokens {
		a.match[i] = -1
		t := &a.tokens[i]
		if t.kind != op {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			for n := len(open) - 1; n >= 0 && n >= len(open)-4; n-- {
				if partner[a.tokens[open[n]].text] == t.text {
					a.match[i], a.match[open[n]] = open[n], i
					open = open[:n]
					break
				}
			}
		}
	}
}

var partner = map[string]string{"(": ")", "[": "]", "{": "}"}

// join puts two values together as text.
func (a *analysis) join(x, y value) value {
	v := value{known: x.known && y.known, from: x.from | y.from, disguised: x.disguised || y.disguised}
	if a.spent += len(x.text) + len(y.text); a.spent > mostSpent || len(x.text)+len(y.text) > mostText {
		v.known = false
		return v
	}
	v.text = x.text + y.text
	return v
}

func (a *analysis) set(name string, v value) {
	if _, ok := a.vars[name]; ok || len(a.vars) < mostVars {
		a.vars[name] = v
	}
}

// lastName is what stands behind the last separator of a name.
func lastName(name string) string {
	return name[strings.LastIndexAny(name, ".:>")+1:]
}
