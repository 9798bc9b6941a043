// Package golang gives the facts of Go source, read by the standard library's parser
// (https://go.dev/ref/spec). A file that does not parse gives those of the part that does.
//
// Imports are resolved whatever their alias, constants are folded, and data is followed
// inside a function and through files. Package variables and init run as soon as the
// package is imported: they are code.Top, and so is what they call; main and what it
// calls is code.OnMain. A function literal that is a package variable is a function by
// that name. It runs nothing and reads no other file. A file that is too long for one
// syntax tree is read in pieces, without the bulk of its tables of numbers.
//
// Special names: a callee is its package's path, a point and its name
// ("os/exec.Command"). Native has "cgo", "go:linkname" and "elsewhere.Call" too; ReadOwn "go:embed" with
// the patterns as Args; Exec "go:generate" with the line (code.OnCall: only a developer
// runs it); Inject the Windows function that is called, or looked up and not called here.
package golang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

const (
	mostSource    = 4 << 20 // bytes of one syntax tree, which is many times as large; longer files are read in pieces
	mostNesting   = 400     // of brackets, before anything is parsed
	mostOperators = 10000   // in one statement
	mostDepth     = 1000    // of expressions that are followed
	mostFolded    = 1 << 17
	mostParts     = 4096 // of a list of texts that are kept
)

// Analyze gives the facts of one file.
func Analyze(src []byte) code.Facts {
	a := newAnalysis(src)
	if len(src) > mostSource {
		a.large(src)
	} else {
		a.whole(src)
	}
	return a.facts()
}

func newAnalysis(src []byte) *analysis {
	return &analysis{out: code.NewCollector(code.Go, src), budget: decode.NewBudget(), imports: map[string]string{}, consts: map[string]value{},
		files: map[string]flow.Set{}, calls: map[string]map[string]bool{}, functions: map[string]bool{}, held: map[string]bool{},
		procs: map[string]code.Fact{}, used: map[string]bool{},
		decls: map[string]*ast.FuncDecl{}, methods: map[string][]string{}, structs: map[string][]string{}, acting: map[string]bool{}}
}

// whole reads a file as one syntax tree.
func (a *analysis) whole(src []byte) {
	if tooDeep(src) && skim(src).deep {
		a.out.Cut("the source is nested too deep to be parsed")
		return
	}
	a.fset = token.NewFileSet()
	file, err := parser.ParseFile(a.fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		a.out.Unread("the source is no Go that parses as a whole")
	}
	if file != nil {
		a.file(file)
	}
}

// tooDeep looks for what would cost a recursive parser its stack. It counts brackets
// in comments and texts too: skim tells those from the source.
func tooDeep(src []byte) bool {
	depth, operators := 0, 0
	var before byte
	for _, c := range src {
		switch c {
		case '(', '[', '{':
			if depth++; depth > mostNesting {
				return true
			}
			if c == '{' {
				operators = 0
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
			if c == '}' {
				operators = 0
			}
		case ';':
			operators = 0
		case '\n':
			if strings.IndexByte("+-*/%&|^<>=!.,(", before) < 0 {
				operators = 0
			}
			continue
		case ' ', '\t', '\r':
			continue
		case '+', '-', '*', '/', '%', '&', '|', '^', '<', '>', '!', '.':
			if operators++; operators > mostOperators {
				return true
			}
		}
		before = c
	}
	return false
}

// analysis is the state of one file.
type analysis struct {
	out       *code.Collector
	budget    *decode.Budget
	fset      *token.FileSet
	imports   map[string]string // local name to path
	dots      []string          // paths whose names stand alone
	consts    map[string]value
	vars      map[string]value // of the function that is read
	files     map[string]flow.Set
	calls     map[string]map[string]bool // which function calls which of this file
	functions map[string]bool
	held      map[string]bool      // package variables that are function literals
	procs     map[string]code.Fact // functions of Windows that are looked up, and where first
	used      map[string]bool      // those of them that something is done with
	low       bool                 // imports what reaches below Go
	pieces    bool                 // the file is read in pieces
	skipped   int                  // lines before the piece
	scope     string
	main      bool                     // package main
	decls     map[string]*ast.FuncDecl // functions and methods ("Type.name") with a body
	methods   map[string][]string      // by their name alone
	structs   map[string][]string      // the fields of structures
	returned  []value                  // by the function that is read
	entering  []string                 // functions that are read with what they are given
	entered   int
	acting    map[string]bool // functions of the file that do something that is a fact
	steps     int
	pending   []code.Fact
	embeds    []code.Embedded
	depth     int
}

// value is what an expression comes to.
type value struct {
	text      string
	known     bool
	from      flow.Set
	disguised bool
	typ       string           // "net/http.Client"
	path      string           // of an open file
	parts     []value          // of a list of texts
	fields    map[string]value // of a structure
	num       bool             // a whole number
	started   bool             // a builder that was written to
	of        string           // the variable it is
	elem      string           // of a list, the type of its elements
}

func (a *analysis) facts() code.Facts {
	top := a.reached("", "init")
	onMain := map[string]bool{}
	if a.main {
		onMain = a.reached("main")
	}
	reach := func(scope string) code.Reach {
		switch {
		case scope == "" || top[scope]:
			return code.Top
		case onMain[scope]:
			return code.OnMain
		}
		return code.OnCall
	}
	for name, f := range a.procs {
		if !a.used[name] { // not here: another file of the package may
			a.pending = append(a.pending, f)
		}
	}
	for _, f := range a.pending {
		if f.Reach == code.Top {
			f.Reach = reach(f.Scope)
		}
		if f.Name == elsewhere && f.Reach != code.Top {
			continue // honest code of many kinds, and not what a program has to be told
		}
		if binds(&f) {
			f.Kind = code.Native
		}
		a.out.Add(f)
	}
	for _, e := range a.embeds {
		e.In.Reach = reach(e.In.Scope)
		a.out.Embed(e)
	}
	return a.out.Facts()
}

// reached gives the functions that these call, and those that they call.
func (a *analysis) reached(roots ...string) map[string]bool {
	seen := map[string]bool{}
	for len(roots) > 0 {
		f := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		if seen[f] {
			continue
		}
		seen[f] = true
		for g := range a.calls[f] {
			roots = append(roots, g)
		}
	}
	return seen
}

func (a *analysis) place(pos token.Pos, f code.Fact) code.Fact {
	p := a.fset.PositionFor(pos, false) // not as //line would have it
	f.Line, f.Column, f.Scope = max(p.Line+a.skipped, 1), p.Column, a.scope
	for _, arg := range f.Args {
		f.Marks = append(f.Marks, indicator.Marks(arg)...)
	}
	return f
}

func (a *analysis) add(pos token.Pos, f code.Fact) {
	if len(a.pending) >= 4*code.MostFacts {
		a.out.Drop(1)
		return
	}
	a.pending = append(a.pending, a.place(pos, f))
}

func (a *analysis) embed(pos token.Pos, l code.Language, text string, f code.Fact) {
	if len(a.embeds) < code.MostFacts {
		a.embeds = append(a.embeds, code.Embedded{Language: l, Text: []byte(text), In: a.place(pos, f)})
	}
}

// file reads imports, directives, constants, then everything that runs.
func (a *analysis) file(f *ast.File) {
	a.main = f.Name != nil && f.Name.Name == "main"
	for _, i := range f.Imports {
		a.imported(i)
	}
	for _, g := range f.Comments {
		for _, c := range g.List {
			a.directive(c)
		}
	}
	for _, d := range f.Decls {
		a.declared(d)
	}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.GenDecl); ok {
			if d.Tok == token.CONST {
				a.vars = a.consts
				a.specs(d)
			}
			a.holds(d)
		}
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			a.vars = a.consts
			a.specs(g)
		}
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			a.function(fn)
		}
	}
}

// holds notes the package variables that are function literals, each of which is a
// function by the variable's name.
func (a *analysis) holds(d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || d.Tok != token.VAR || len(v.Names) != len(v.Values) {
			continue
		}
		for i, x := range v.Values {
			if _, ok := x.(*ast.FuncLit); ok {
				a.held[v.Names[i].Name], a.functions[v.Names[i].Name] = true, true
			}
		}
	}
}

// calling notes that what is read may run a function of the file.
func (a *analysis) calling(name string) {
	if a.calls[a.scope] == nil {
		a.calls[a.scope] = map[string]bool{}
	}
	a.calls[a.scope][name] = true
}

func (a *analysis) imported(i *ast.ImportSpec) {
	p, err := strconv.Unquote(i.Path.Value)
	if err != nil {
		return
	}
	a.add(i.Pos(), code.Fact{Kind: code.Import, Name: p})
	a.low = a.low || p == "C" || p == "unsafe" || p == "syscall" || p == "golang.org/x/sys/windows"
	if p == "C" {
		a.add(i.Pos(), code.Fact{Kind: code.Native, Name: "cgo"})
	}
	name := p[strings.LastIndexByte(p, '/')+1:]
	if v := strings.TrimLeft(name, "v0123456789"); v == "" && strings.Contains(p, "/") { // module/v2
		rest := p[:strings.LastIndexByte(p, '/')]
		name = rest[strings.LastIndexByte(rest, '/')+1:]
	}
	if i.Name != nil {
		name = i.Name.Name
	}
	switch name {
	case "_":
	case ".":
		a.dots = append(a.dots, p)
	default:
		a.imports[name] = p
	}
}

func (a *analysis) directive(c *ast.Comment) {
	switch line := c.Text; {
	case strings.HasPrefix(line, "//go:generate "):
		a.add(c.Pos(), code.Fact{Kind: code.Exec, Name: "go:generate", Reach: code.OnCall, Args: []string{strings.TrimSpace(line[14:])}})
	case strings.HasPrefix(line, "//go:linkname "):
		a.add(c.Pos(), code.Fact{Kind: code.Native, Name: "go:linkname", Args: strings.Fields(line)[1:]})
	case strings.HasPrefix(line, "//go:embed "):
		a.add(c.Pos(), code.Fact{Kind: code.ReadOwn, Name: "go:embed", Args: strings.Fields(line)[1:]})
	}
}

func (a *analysis) specs(d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, x := range v.Values {
			if fn, ok := x.(*ast.FuncLit); ok && i < len(v.Names) && a.held[v.Names[i].Name] && a.scope == "" {
				a.scope = v.Names[i].Name // runs when somebody calls the variable
				a.body(fn.Body)
				a.scope = ""
				continue
			}
			got := a.eval(x)
			for n, name := range v.Names {
				if n == i || len(v.Values) == 1 {
					a.vars[name.Name] = got
				}
			}
		}
		if len(v.Values) == 0 && v.Type != nil {
			for _, name := range v.Names {
				a.vars[name.Name] = value{typ: a.typeName(v.Type)}
			}
		}
	}
}

func (a *analysis) function(fn *ast.FuncDecl) {
	a.scope = a.nameOf(fn)
	a.vars, a.returned = map[string]value{}, nil
	if fn.Recv != nil && len(fn.Recv.List) > 0 && len(fn.Recv.List[0].Names) > 0 {
		a.vars[fn.Recv.List[0].Names[0].Name] = value{typ: strings.TrimPrefix(a.typeName(fn.Recv.List[0].Type), "*")}
	}
	if fn.Type.Params != nil {
		for _, p := range fn.Type.Params.List {
			for _, n := range p.Names {
				a.vars[n.Name] = value{typ: a.typeName(p.Type)}
			}
		}
	}
	a.body(fn.Body)
	a.scope = ""
}

// body reads statements in order. Blocks inside are read where they stand; a
// function's literal is read with the variables that it sees.
func (a *analysis) body(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			a.assign(n)
			return false
		case *ast.DeclStmt:
			if g, ok := n.Decl.(*ast.GenDecl); ok {
				a.specs(g)
			}
			return false
		case *ast.RangeStmt:
			a.ranged(n)
			return false
		case *ast.ForStmt:
			a.looped(n)
			return false
		case *ast.ReturnStmt:
			a.returns(n)
			return false
		case *ast.IncDecStmt:
			if id, ok := n.X.(*ast.Ident); ok {
				if v, ok := calculated(n.Tok, a.lookup(id.Name), number(1, 0)); ok {
					a.vars[id.Name] = v
				}
			}
			return false
		case ast.Expr:
			a.eval(n)
			return false
		}
		return true
	})
}

func (a *analysis) assign(s *ast.AssignStmt) {
	values := make([]value, len(s.Rhs))
	for i, x := range s.Rhs { // all before any is kept: x, y = y, x
		values[i] = a.eval(x)
	}
	for i := range s.Rhs {
		v := values[i]
		for n, l := range s.Lhs {
			if n != i && len(s.Rhs) > 1 {
				continue
			}
			id, ok := l.(*ast.Ident)
			if !ok {
				a.joinsShell(l, v)
				if at, ok := l.(*ast.IndexExpr); ok {
					a.setLetter(at, s.Tok, v)
				}
				if !a.givesEnvironment(l) {
					a.grow(l, v.from)
				}
				continue
			}
			if got, ok := calculated(s.Tok, a.lookup(id.Name), v); ok && s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
				v = got
			} else if s.Tok == token.ADD_ASSIGN {
				if v.num && a.lookup(id.Name).num {
					v.known = false
				}
				v = a.join(a.lookup(id.Name), v)
			} else if s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
				v.known = false
				v.from |= a.lookup(id.Name).from
			}
			v.of = ""
			if id.Name != "_" && id.Name != "err" {
				a.vars[id.Name] = v
			}
		}
	}
}

// joinsShell: the input or output of a program that is to be started is a connection.
func (a *analysis) joinsShell(l ast.Expr, v value) {
	field, ok := l.(*ast.SelectorExpr)
	if !ok {
		return
	}
	switch field.Sel.Name {
	case "Stdin", "Stdout", "Stderr":
		given := v.from.Has(flow.Of(code.Socket)) || field.Sel.Name == "Stdin" && v.from.Has(flow.Of(code.Fetch, code.Decode, code.Decrypt, code.Socket))
		if a.eval(field.X).typ != "os/exec.Cmd" {
			return
		}
		if field.Sel.Name == "Stdin" && v.known && v.text != "" {
			a.embed(l.Pos(), code.Shell, v.text, code.Fact{Kind: code.Exec, Name: "os/exec.Cmd.Stdin"})
		}
		if given {
			a.add(l.Pos(), code.Fact{Kind: code.Exec, Name: "os/exec.Cmd." + field.Sel.Name, From: v.from.Words()})
		}
	}
}

// givesEnvironment: the environment that a program is given is not what it says.
func (a *analysis) givesEnvironment(l ast.Expr) bool {
	field, ok := l.(*ast.SelectorExpr)
	return ok && field.Sel.Name == "Env" && a.eval(field.X).typ == "os/exec.Cmd"
}

func (a *analysis) lookup(name string) value {
	if v, ok := a.vars[name]; ok {
		return v
	}
	return a.consts[name]
}

func (a *analysis) join(x, y value) value {
	v := value{known: x.known && y.known, from: x.from | y.from, disguised: x.disguised || y.disguised}
	if len(x.text)+len(y.text) > mostFolded || !a.budget.Take(len(x.text)+len(y.text)) {
		v.known = false
		return v
	}
	v.text = x.text + y.text
	return v
}

// typeName is a type's full name.
func (a *analysis) typeName(x ast.Expr) string {
	for range 8 {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
			continue
		case *ast.ParenExpr:
			x = t.X
			continue
		case *ast.IndexExpr:
			x = t.X
			continue
		case *ast.Ident:
			return t.Name
		case *ast.SelectorExpr:
			if id, ok := t.X.(*ast.Ident); ok {
				if p, ok := a.imports[id.Name]; ok {
					return p + "." + t.Sel.Name
				}
			}
		}
		break
	}
	return ""
}

// eval folds an expression, and judges the calls in it.
func (a *analysis) eval(x ast.Expr) value {
	if a.depth++; a.depth > mostDepth {
		a.depth--
		a.out.Cut("expressions are nested too deep to be followed")
		return value{}
	}
	defer func() { a.depth-- }()
	if a.entered > 0 {
		a.steps++
	}
	switch x := x.(type) {
	case *ast.BasicLit:
		return a.literal(x)
	case *ast.Ident:
		if a.held[x.Name] { // given to somebody who may call it
			a.calling(x.Name)
		}
		v := a.lookup(x.Name)
		if _, ok := a.vars[x.Name]; ok {
			v.of = x.Name
		} else if a.decls[x.Name] != nil { // who calls the value calls the function
			v.typ = x.Name
		}
		return v
	case *ast.ParenExpr:
		return a.eval(x.X)
	case *ast.UnaryExpr:
		return a.eval(x.X)
	case *ast.StarExpr:
		return a.eval(x.X)
	case *ast.BinaryExpr:
		return a.binary(x)
	case *ast.SelectorExpr:
		v := a.eval(x.X)
		v.of = ""
		if f, ok := v.fields[x.Sel.Name]; ok {
			return f
		}
		if x.Sel.Name == "HomeDir" && v.from.Has(flow.Of(code.SysInfo)) {
			return value{text: "~", known: true}
		}
		if m := v.typ + "." + x.Sel.Name; a.decls[m] != nil { // a method as a value
			v.typ = m
			return v
		}
		v.known, v.num = false, false
		if id, ok := x.X.(*ast.Ident); ok && a.imports[id.Name] != "" && v.typ == "" {
			v.typ = a.imports[id.Name] + "." + x.Sel.Name
			switch v.typ {
			case "os.O_WRONLY", "os.O_RDWR", "os.O_APPEND", "os.O_CREATE", "syscall.O_WRONLY", "syscall.O_RDWR":
				v.typ = writing
			}
		} else if x.Sel.Name == "Header" && strings.HasPrefix(v.typ, "net/http.") {
			v.typ = "net/http.Header"
		} else if v.typ != "" && x.Sel.Name == "Body" {
			v.typ = ""
		}
		return v
	case *ast.CompositeLit:
		return a.composite(x)
	case *ast.FuncLit:
		a.body(x.Body)
	case *ast.CallExpr:
		return a.call(x)
	case *ast.IndexExpr:
		list, i := a.eval(x.X), a.eval(x.Index)
		if v, ok := a.letterAt(list, i); ok {
			return v
		}
		if f, ok := list.fields[i.text]; ok && i.known {
			return f
		}
		return value{from: list.from | i.from, typ: list.elem}
	case *ast.SliceExpr:
		return a.sliced(x)
	case *ast.ArrayType:
		return value{elem: a.typeName(x.Elt)}
	case *ast.TypeAssertExpr:
		return a.eval(x.X)
	case *ast.KeyValueExpr:
		return a.eval(x.Value)
	}
	return value{}
}

func (a *analysis) literal(x *ast.BasicLit) value {
	if x.Kind != token.STRING && x.Kind != token.CHAR {
		return value{text: x.Value, known: x.Kind == token.INT, num: x.Kind == token.INT}
	}
	s, err := strconv.Unquote(x.Value)
	if err != nil {
		return value{}
	}
	v := value{text: s, known: true}
	if len(s) >= 200 {
		v.from = flow.Word(code.LongLiteral)
	}
	if m := indicator.Marks(s); m != nil {
		a.add(x.Pos(), code.Fact{Kind: code.String, Args: []string{s}, Marks: m})
	}
	return v
}

// binary goes down the left side without recursion: a long sum leans that way.
func (a *analysis) binary(x *ast.BinaryExpr) value {
	var right []ast.Expr
	left := ast.Expr(x)
	sum := true
	for {
		b, ok := left.(*ast.BinaryExpr)
		if !ok {
			break
		}
		sum = sum && b.Op == token.ADD
		right = append(right, b.Y)
		left = b.X
	}
	v := a.eval(left)
	short := len(v.text) < 12
	if len(right) == 1 {
		w := a.eval(right[0])
		if n, ok := calculated(x.Op, v, w); ok {
			return n
		}
		if sum && v.num != w.num { // what is no sum of two texts
			v.num = false
		}
		if sum && v.num {
			return value{from: v.from | w.from}
		}
		joined := a.join(v, w)
		joined.known = joined.known && sum
		if v.typ == writing || w.typ == writing {
			joined.typ = writing
		}
		return joined
	}
	for _, y := range slices.Backward(right) {
		w := a.eval(y)
		short = short && len(w.text) < 12
		typ := v.typ
		if w.typ == writing {
			typ = writing
		}
		v = a.join(v, w)
		if typ == writing {
			v.typ = typ
		}
	}
	v.known = v.known && sum
	v.disguised = v.disguised || v.known && short && len(right) > 1
	return v
}

// writing is the type of flags that let a file be written.
const writing = "flag:write"

// sliced is part of a text or a list.
func (a *analysis) sliced(x *ast.SliceExpr) value {
	v := a.eval(x.X)
	bound := func(e ast.Expr, other int64) (int64, bool) {
		if e == nil {
			return other, true
		}
		n := a.eval(e)
		return atoi(n.text), n.num && n.known
	}
	size := int64(len(v.text))
	if len(v.parts) > 0 {
		size = int64(len(v.parts))
	}
	low, ok := bound(x.Low, 0)
	high, too := bound(x.High, size)
	if ok && too && low >= 0 && low <= high && high <= size {
		if len(v.parts) > 0 {
			v.parts = v.parts[low:high]
			return v
		}
		if v.known && !v.num {
			v.text = v.text[low:high]
			return v
		}
	}
	return value{from: v.from, of: v.of}
}

// entries are those of a map's literal.
func (a *analysis) entries(x *ast.CompositeLit, v *value) {
	for _, e := range x.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		k, w := a.eval(kv.Key), a.eval(kv.Value)
		v.from |= k.from | w.from
		if k.known && len(v.fields) < mostParts {
			if v.fields == nil {
				v.fields = map[string]value{}
			}
			v.fields[k.text] = w
		}
		if len(v.parts) < mostParts {
			v.parts = append(v.parts, w)
		}
	}
}

// composite is a list: []byte{104, 105} is text, []string{...} is what its parts are.
func (a *analysis) composite(x *ast.CompositeLit) value {
	v := value{typ: a.typeName(x.Type)}
	if m, ok := x.Type.(*ast.MapType); ok {
		v.elem = a.typeName(m.Value)
		a.entries(x, &v)
		return v
	}
	if a.structs[v.typ] != nil {
		a.fields(x, &v)
		return v
	}
	arr, isArray := x.Type.(*ast.ArrayType)
	elem := ""
	if isArray {
		elem = a.typeName(arr.Elt)
		v.elem = elem
	}
	var b []byte
	numbers := elem == "byte" || elem == "uint8" || elem == "rune" || elem == "int32"
	for _, e := range x.Elts {
		w := a.eval(e)
		v.from |= w.from
		if (elem == "string" || isArray && elem == "" || isArray && a.structs[elem] != nil) && len(v.parts) < mostParts {
			v.parts = append(v.parts, w)
		}
		if !numbers {
			continue
		}
		n, err := strconv.ParseInt(w.text, 0, 32)
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.CHAR {
			b = append(b, w.text...)
			continue
		}
		w.num = false
		if err != nil || len(b) > mostFolded {
			numbers = false
			continue
		}
		if elem == "rune" || elem == "int32" {
			b = append(b, string(rune(n))...)
		} else {
			b = append(b, byte(n))
		}
	}
	if numbers && len(b) > 0 {
		v.text, v.known, v.disguised = string(b), true, true
		if len(b) >= 200 {
			v.from |= flow.Word(code.LongLiteral)
		}
	}
	return v
}
