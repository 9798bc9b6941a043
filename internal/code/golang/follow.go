package golang

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// Limits of reading a body again with what it is given.
const (
	mostInside = 5      // functions of the file inside each other
	mostSteps  = 40_000 // statements and expressions that are read in one file because of that
	mostRounds = 8      // of a loop over values that are known, unless it only puts texts together
	mostTurns  = 4096   // of a loop that does
)

// declared notes functions, methods and the fields of structures.
func (a *analysis) declared(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name == nil {
			return
		}
		name := a.nameOf(d)
		a.functions[name] = true
		if d.Body != nil {
			a.decls[name] = d
		}
		if d.Recv != nil {
			a.methods[d.Name.Name] = append(a.methods[d.Name.Name], name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			t, ok := s.(*ast.TypeSpec)
			if !ok || t.Name == nil {
				continue
			}
			if st, ok := t.Type.(*ast.StructType); ok && st.Fields != nil {
				var names []string
				for _, f := range st.Fields.List {
					for _, n := range f.Names {
						names = append(names, n.Name)
					}
					if len(f.Names) == 0 {
						names = append(names, "")
					}
				}
				a.structs[t.Name.Name] = names
			}
		}
	}
}

// nameOf is a function's scope: its name, or its type and name.
func (a *analysis) nameOf(d *ast.FuncDecl) string {
	if d.Recv != nil && len(d.Recv.List) > 0 {
		return strings.TrimPrefix(a.typeName(d.Recv.List[0].Type), "*") + "." + d.Name.Name
	}
	return d.Name.Name
}

// own is the function of the file that a callee's name means; "" for none. A method on
// a value of unknown type is the file's only one of that name.
func (a *analysis) own(name string) string {
	if a.functions[name] {
		return name
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 || strings.ContainsAny(name[:i], "/.") {
		return ""
	}
	if all := a.methods[name[i+1:]]; len(all) == 1 && (i == 0 || a.structs[name[:i]] != nil) && a.imports[name[:i]] == "" {
		return all[0]
	}
	return ""
}

// takes says whether so much may be read again.
func (a *analysis) takes(n int) bool {
	if a.steps+n > mostSteps {
		return false
	}
	a.steps += n
	return true
}

// worth says whether a call tells more than its function does where it stands: it is
// given something that is known, and does something with it or makes a text of it; or
// it is given nothing, and makes a text or hands on what it read.
func (a *analysis) worth(d *ast.FuncDecl, recv value, args []value) bool {
	told := recv.tells()
	for i := range args {
		told = told || args[i].tells()
	}
	name := a.nameOf(d)
	acts, ok := a.acting[name]
	if !ok {
		acts = a.acts(d)
		a.acting[name] = acts
	}
	return acts && (told || len(args) == 0) || told && makesText(d)
}

// tells says whether anything is known of a value.
func (v *value) tells() bool {
	return v.known && !v.num || v.from != 0 || len(v.parts) > 0 || len(v.fields) > 0 || v.path != ""
}

// makesText says whether a function gives texts or bytes.
func makesText(d *ast.FuncDecl) bool {
	if d.Type.Results == nil || len(d.Type.Results.List) == 0 || len(d.Body.List) > 24 {
		return false
	}
	t := d.Type.Results.List[0].Type
	if list, ok := t.(*ast.ArrayType); ok {
		t = list.Elt
	}
	id, ok := t.(*ast.Ident)
	return ok && (id.Name == "string" || id.Name == "byte" || id.Name == "rune" || id.Name == "uint8")
}

// acts says whether a function's body calls what is a fact, or a function of the file
// that does.
func (a *analysis) acts(d *ast.FuncDecl) bool {
	name := a.nameOf(d)
	a.acting[name] = false // one that calls itself
	found := false
	ast.Inspect(d.Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok || found {
			return !found
		}
		switch f := c.Fun.(type) {
		case *ast.Ident:
			if next := a.decls[f.Name]; next != nil {
				found = a.actsAs(f.Name, next)
			}
		case *ast.SelectorExpr:
			if id, ok := f.X.(*ast.Ident); ok && a.imports[id.Name] != "" {
				found = telling()[a.imports[id.Name]] || kinds()[a.imports[id.Name]+"."+f.Sel.Name] != ""
				break
			}
			if all := a.methods[f.Sel.Name]; len(all) == 1 && a.decls[all[0]] != nil {
				found = a.actsAs(all[0], a.decls[all[0]])
			} else if f.Sel.Name == "Write" || f.Sel.Name == "Do" || f.Sel.Name == "Post" || f.Sel.Name == "DecodeString" {
				found = true
			}
		}
		return !found
	})
	return found
}

func (a *analysis) actsAs(name string, d *ast.FuncDecl) bool {
	acts, ok := a.acting[name]
	if !ok && len(a.acting) < mostParts {
		acts = a.acts(d)
		a.acting[name] = acts
	}
	return acts
}

// telling are packages of whose functions most are facts, methods of their types too.
var telling = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, p := range []string{"os/exec", "net/http", "net", "net/smtp", "crypto/tls", "plugin"} {
		all[p] = true
	}
	return all
})

// inside reads a function with what it is given, and gives what it returns.
func (a *analysis) inside(name string, recv value, args []value) (value, bool) {
	d := a.decls[name]
	if d == nil || a.entered >= mostInside || a.depth > mostDepth/2 || !a.worth(d, recv, args) || !a.takes(10) {
		return value{}, false
	}
	for _, in := range a.entering {
		if in == name { // a function that calls itself
			return value{}, false
		}
	}
	vars, scope, returned := a.vars, a.scope, a.returned
	a.entered++
	a.entering = append(a.entering, name)
	a.vars, a.scope, a.returned = map[string]value{}, name, nil
	if d.Recv != nil && len(d.Recv.List) > 0 && len(d.Recv.List[0].Names) > 0 {
		a.vars[d.Recv.List[0].Names[0].Name] = recv
	}
	i := 0
	if d.Type.Params != nil {
		for _, p := range d.Type.Params.List {
			_, rest := p.Type.(*ast.Ellipsis)
			for _, n := range p.Names {
				v := value{typ: a.typeName(p.Type)}
				if rest {
					v.parts = args[min(i, len(args)):]
					for _, x := range v.parts {
						v.from |= x.from
					}
				} else if i < len(args) {
					if v = args[i]; v.typ == "" {
						v.typ = a.typeName(p.Type)
					}
				}
				a.vars[n.Name] = v
				i++
			}
		}
	}
	results := d.Type.Results
	a.body(d.Body)
	out := value{}
	for n, r := range a.returned {
		from := out.from | r.from
		if n == 0 || r.known && !out.known {
			out = r
		}
		out.from = from
	}
	if len(a.returned) == 0 && results != nil {
		for _, r := range results.List {
			for _, n := range r.Names { // return of a named result
				if v := a.vars[n.Name]; v.known || v.from != 0 {
					out = v
				}
			}
		}
	}
	grown := make(map[string]value, 2)
	i = 0
	if d.Type.Params != nil { // what it wrote to what its caller gave it
		for _, p := range d.Type.Params.List {
			for _, n := range p.Names {
				if i < len(args) && args[i].of != "" {
					grown[args[i].of] = a.vars[n.Name]
				}
				i++
			}
		}
	}
	a.vars, a.scope, a.returned = vars, scope, returned
	a.entered--
	a.entering = a.entering[:len(a.entering)-1]
	for n, v := range grown {
		was := a.lookup(n)
		was.from |= v.from
		if _, ok := a.vars[n]; ok {
			a.vars[n] = was
		}
	}
	return out, true
}

// grow notes that what a variable names got data.
func (a *analysis) grow(x ast.Expr, data flow.Set) {
	for range 8 {
		switch e := x.(type) {
		case *ast.UnaryExpr:
			x = e.X
			continue
		case *ast.StarExpr:
			x = e.X
			continue
		case *ast.ParenExpr:
			x = e.X
			continue
		case *ast.SelectorExpr:
			x = e.X
			continue
		case *ast.IndexExpr:
			x = e.X
			continue
		case *ast.SliceExpr:
			x = e.X
			continue
		case *ast.Ident:
			if v, ok := a.vars[e.Name]; ok && data&^v.from != 0 {
				v.from |= data
				a.vars[e.Name] = v
			}
		}
		return
	}
}

// writes is a method that puts data in what it is called on: a buffer, a builder, a
// hash, a connection of unknown type.
func (a *analysis) writes(fun ast.Expr, method string, recv value, args []value, from flow.Set) {
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	switch method {
	case "Write", "WriteString", "WriteByte", "WriteRune", "ReadFrom", "Add", "Set", "Store", "Append", "Push", "PushBack":
	default:
		return
	}
	a.grow(sel.X, from)
	id, ok := sel.X.(*ast.Ident)
	if !ok || recv.typ != "strings.Builder" && recv.typ != "bytes.Buffer" || len(args) != 1 {
		return
	}
	v, ok := a.vars[id.Name]
	if !ok {
		return
	}
	piece := args[0]
	if piece.num {
		piece.text = string(rune(atoi(piece.text)))
	}
	joined := a.join(value{text: v.text, known: v.known || v.text == "" && !v.started, from: v.from, disguised: v.disguised}, piece)
	joined.typ, joined.started = v.typ, true
	joined.disguised = joined.disguised || len(piece.text) == 1 && piece.known
	a.vars[id.Name] = joined
}

func atoi(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0
	}
	return n
}

// number is a value that is one.
func number(n int64, from flow.Set) value {
	return value{text: strconv.FormatInt(n, 10), known: true, num: true, from: from}
}

// calculated is arithmetic and comparison of whole numbers.
func calculated(op token.Token, x, y value) (value, bool) {
	if !x.num || !y.num || !x.known || !y.known {
		return value{}, false
	}
	m, n := atoi(x.text), atoi(y.text)
	truth := func(b bool) (value, bool) { return value{text: strconv.FormatBool(b), known: true}, true }
	from := x.from | y.from
	switch op {
	case token.ADD, token.ADD_ASSIGN, token.INC:
		m += n
	case token.SUB, token.SUB_ASSIGN, token.DEC:
		m -= n
	case token.MUL, token.MUL_ASSIGN:
		m *= n
	case token.QUO, token.REM, token.QUO_ASSIGN, token.REM_ASSIGN:
		if n == 0 {
			return value{}, false
		}
		if op == token.QUO || op == token.QUO_ASSIGN {
			m /= n
		} else {
			m %= n
		}
	case token.XOR, token.XOR_ASSIGN:
		m ^= n
	case token.AND, token.AND_ASSIGN:
		m &= n
	case token.OR, token.OR_ASSIGN:
		m |= n
	case token.SHL, token.SHL_ASSIGN:
		if n < 0 || n > 62 {
			return value{}, false
		}
		m <<= n
	case token.SHR, token.SHR_ASSIGN:
		if n < 0 || n > 62 {
			return value{}, false
		}
		m >>= n
	case token.LSS:
		return truth(m < n)
	case token.LEQ:
		return truth(m <= n)
	case token.GTR:
		return truth(m > n)
	case token.GEQ:
		return truth(m >= n)
	case token.EQL:
		return truth(m == n)
	case token.NEQ:
		return truth(m != n)
	default:
		return value{}, false
	}
	return number(m, from), true
}

// letterAt is an element of a text or a list.
func (a *analysis) letterAt(x, i value) (value, bool) {
	if !i.num || !i.known {
		return value{}, false
	}
	n := atoi(i.text)
	switch {
	case n < 0:
	case n < int64(len(x.parts)):
		v := x.parts[n]
		v.from |= x.from
		return v, true
	case x.known && !x.num && n < int64(len(x.text)):
		return number(int64(x.text[n]), x.from), true
	}
	return value{}, false
}

// setLetter puts a number into a text that is a variable's.
func (a *analysis) setLetter(x *ast.IndexExpr, op token.Token, v value) {
	id, ok := x.X.(*ast.Ident)
	if !ok {
		return
	}
	list, i := a.lookup(id.Name), a.eval(x.Index)
	if !list.known || list.num || !i.num || !v.num || !i.known || !v.known {
		return
	}
	n := atoi(i.text)
	if n < 0 || n >= int64(len(list.text)) || !a.takes(1+len(list.text)/64) {
		return
	}
	if op != token.ASSIGN {
		got, ok := calculated(op, number(int64(list.text[n]), 0), v)
		if !ok {
			return
		}
		v = got
	}
	list.text = list.text[:n] + string([]byte{byte(atoi(v.text))}) + list.text[n+1:]
	list.disguised = true
	a.vars[id.Name] = list
}

// ranged reads a loop over a list.
func (a *analysis) ranged(n *ast.RangeStmt) {
	v := a.eval(n.X)
	bind := func(x ast.Expr, v value) {
		if id, ok := x.(*ast.Ident); ok && id.Name != "_" {
			a.vars[id.Name] = v
		}
	}
	switch {
	case len(v.parts) > 0:
		for i, p := range v.parts[:min(len(v.parts), mostRounds)] {
			if i > 0 && !a.takes(len(n.Body.List)*4) {
				break
			}
			p.from |= v.from &^ flow.Word(code.LongLiteral)
			bind(n.Key, number(int64(i), 0))
			bind(n.Value, p)
			a.body(n.Body)
		}
		return
	case v.known && v.num && atoi(v.text) <= mostTurns && pure(n.Body):
		for i := int64(0); i < atoi(v.text) && a.takes(len(n.Body.List)*4); i++ {
			bind(n.Key, number(i, 0))
			a.body(n.Body)
		}
		return
	case v.known && len(v.text) > 0 && len(v.text) <= mostTurns && pure(n.Body):
		for i := 0; i < len(v.text) && a.takes(len(n.Body.List)*4); i++ {
			bind(n.Key, number(int64(i), 0))
			bind(n.Value, number(int64(v.text[i]), v.from))
			a.body(n.Body)
		}
		return
	}
	bind(n.Key, value{from: v.from})
	bind(n.Value, value{from: v.from, typ: v.elem})
	a.body(n.Body)
}

// looped reads for i := 0; i < n; i++ as often as it turns when all of it is known.
func (a *analysis) looped(n *ast.ForStmt) {
	if n.Init != nil {
		a.body(n.Init)
	}
	if n.Cond != nil && n.Post != nil && pure(n.Body) {
		for range mostTurns {
			c := a.eval(n.Cond)
			if !c.known || c.text != "true" || !a.takes(len(n.Body.List)*4+2) {
				break
			}
			a.body(n.Body)
			a.body(n.Post)
		}
		return
	}
	if n.Cond != nil {
		a.eval(n.Cond)
	}
	a.body(n.Body)
	if n.Post != nil {
		a.body(n.Post)
	}
}

// pure says whether a loop's body only puts texts and numbers together, so that to
// read it once a turn costs little and says the same facts.
func pure(b *ast.BlockStmt) bool {
	ok := true
	calls := 0
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SelectStmt, *ast.SendStmt, *ast.SwitchStmt:
			ok = false
		case *ast.CallExpr:
			calls++
			switch f := n.Fun.(type) {
			case *ast.Ident:
				switch f.Name {
				case "byte", "string", "rune", "len", "append", "int", "uint8", "int32", "uint":
				default:
					ok = false
				}
			case *ast.SelectorExpr:
				switch f.Sel.Name {
				case "WriteByte", "WriteRune", "WriteString":
				default:
					ok = false
				}
			}
		}
		return ok
	})
	return ok && calls <= 8 && len(b.List) <= 8
}

// returns notes what a function gives.
func (a *analysis) returns(n *ast.ReturnStmt) {
	var out value
	for i, x := range n.Results {
		v := a.eval(x)
		if i == 0 {
			out = v
		} else {
			out.from |= v.from
		}
	}
	if len(n.Results) > 0 && len(a.returned) < mostRounds {
		a.returned = append(a.returned, out)
	}
}

// fields are those of a structure's literal.
func (a *analysis) fields(x *ast.CompositeLit, v *value) {
	names := a.structs[v.typ]
	for i, e := range x.Elts {
		name := ""
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				name = id.Name
			}
			e = kv.Value
		} else if i < len(names) {
			name = names[i]
		}
		w := a.eval(e)
		v.from |= w.from
		if name != "" && len(v.fields) < mostParts {
			if v.fields == nil {
				v.fields = map[string]value{}
			}
			v.fields[name] = w
		}
	}
}

// formatted is fmt.Sprintf with %s, %v, %d, %c, %q and %x.
func (a *analysis) formatted(format value, args []value) value {
	v := value{known: format.known, from: format.from, disguised: format.disguised}
	for _, x := range args {
		v.from |= x.from
		v.disguised = v.disguised || x.disguised
	}
	rest := format.text
	for {
		i := strings.IndexByte(rest, '%')
		if i < 0 || i+1 >= len(rest) {
			return a.join(v, value{text: rest, known: true})
		}
		v = a.join(v, value{text: rest[:i], known: true})
		end := strings.IndexFunc(rest[i+1:], func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '%' })
		if end < 0 {
			return a.join(v, value{text: rest[i:], known: true})
		}
		end += i + 1
		switch {
		case rest[end] == '%':
			v = a.join(v, value{text: "%", known: true})
		case len(args) == 0:
			v.known = false
		default:
			x := args[0]
			args = args[1:]
			if rest[end] == 'c' && x.num {
				x.text = string(rune(atoi(x.text)))
			}
			x.typ = ""
			v = a.join(v, x)
		}
		rest = rest[end+1:]
	}
}

// folded are functions of the standard library that only make texts of texts; ok is
// false for one that is none of them, or whose texts are not known.
func (a *analysis) folded(name string, recv value, args []value) (v value, ok bool) {
	for _, x := range args {
		v.from |= x.from
		v.disguised = v.disguised || x.disguised
	}
	v.from |= recv.from
	v.disguised = v.disguised || recv.disguised
	give := func(text string) (value, bool) {
		v.text, v.known = text, true
		return v, len(text) <= mostFolded && a.budget.Take(len(text))
	}
	known := func(n int) bool {
		if len(args) < n {
			return false
		}
		for _, x := range args[:n] {
			if !x.known {
				return false
			}
		}
		return true
	}
	name = strings.Replace(name, "bytes.", "strings.", 1)
	switch name {
	case "strings.ReplaceAll", "strings.Replace":
		if known(3) && len(args[0].text)+strings.Count(args[0].text, args[1].text)*len(args[2].text) <= mostFolded {
			v.disguised = v.disguised || len(args[1].text) <= 2 && strings.Count(args[0].text, args[1].text) >= 3
			return give(strings.ReplaceAll(args[0].text, args[1].text, args[2].text))
		}
	case "strings.Repeat":
		if n := int64(0); known(2) {
			if n = atoi(args[1].text); n >= 0 && n <= mostFolded && int64(len(args[0].text))*n <= mostFolded {
				return give(strings.Repeat(args[0].text, int(n)))
			}
		}
	case "strings.ToLower", "strings.ToUpper", "strings.TrimSpace":
		if known(1) {
			switch name {
			case "strings.ToLower":
				return give(strings.ToLower(args[0].text))
			case "strings.ToUpper":
				return give(strings.ToUpper(args[0].text))
			}
			return give(strings.TrimSpace(args[0].text))
		}
	case "strings.Trim", "strings.TrimLeft", "strings.TrimRight", "strings.TrimPrefix", "strings.TrimSuffix":
		if known(2) {
			switch s, cut := args[0].text, args[1].text; name {
			case "strings.Trim":
				return give(strings.Trim(s, cut))
			case "strings.TrimLeft":
				return give(strings.TrimLeft(s, cut))
			case "strings.TrimRight":
				return give(strings.TrimRight(s, cut))
			case "strings.TrimPrefix":
				return give(strings.TrimPrefix(s, cut))
			default:
				return give(strings.TrimSuffix(s, cut))
			}
		}
	case "strings.Split", "strings.Fields":
		if known(1) && (name == "strings.Fields" || known(2)) && len(args[0].text) <= mostFolded/16 {
			list := strings.Fields(args[0].text)
			if name == "strings.Split" {
				list = strings.Split(args[0].text, args[1].text)
			}
			for _, s := range list[:min(len(list), mostParts)] {
				v.parts = append(v.parts, value{text: s, known: true})
			}
			return v, true
		}
	case "strings.NewReplacer":
		v.typ, v.parts = "strings.Replacer", args
		return v, true
	case "strings.Replacer.Replace":
		if known(1) && len(recv.parts)%2 == 0 && len(recv.parts) <= 512 && len(args[0].text) <= mostFolded/8 {
			var pairs []string
			for _, p := range recv.parts {
				if !p.known || len(p.text) > 64 {
					return v, false
				}
				pairs = append(pairs, p.text)
			}
			v.disguised = true
			return give(strings.NewReplacer(pairs...).Replace(args[0].text))
		}
	case "strings.Builder.String", "strings.Buffer.String", "strings.Buffer.Bytes":
		v.text, v.known = recv.text, recv.known && recv.started
		return v, true
	case "strconv.Itoa", "strconv.FormatInt", "fmt.Sprint":
		if known(1) && len(args) <= 2 {
			return give(args[0].text)
		}
	case "fmt.Sprintf":
		if len(args) > 0 {
			if len(args) == 2 && len(args[1].parts) > 0 {
				return a.formatted(args[0], args[1].parts), true
			}
			return a.formatted(args[0], args[1:]), true
		}
	case "os.UserHomeDir":
		return value{text: "~", known: true}, true
	case "os.TempDir", "os.MkdirTemp", "io/ioutil.TempDir":
		return value{text: "/tmp", known: true}, true
	case "os.UserConfigDir":
		return value{text: "~/.config", known: true}, true
	case "os.CreateTemp", "io/ioutil.TempFile":
		return value{path: "/tmp/temporary", text: "/tmp/temporary", known: true, typ: "os.File"}, true
	case "os.File.Name":
		return value{text: recv.path, known: recv.path != ""}, true
	case "os.ExpandEnv":
		if known(1) {
			return give(strings.NewReplacer("${HOME}", "~", "$HOME", "~", "%USERPROFILE%", "~").Replace(args[0].text))
		}
	case "append":
		if len(args) > 1 && len(args[0].parts) > 0 || len(args) > 1 && args[0].typ == "list" || len(args) > 1 && len(args[1].parts) > 0 {
			v.parts = append(v.parts, args[0].parts...)
			for _, x := range args[1:] {
				if len(x.parts) > 0 {
					v.parts = append(v.parts, x.parts...)
				} else {
					v.parts = append(v.parts, x)
				}
			}
			v.parts = v.parts[:min(len(v.parts), mostParts)]
			v.typ = "list"
			return v, true
		}
		if len(args) > 1 && known(len(args)) && !args[0].num {
			text := args[0].text
			for _, x := range args[1:] {
				if x.num {
					text += string([]byte{byte(atoi(x.text))})
				} else {
					text += x.text
				}
			}
			v.disguised = true
			return give(text)
		}
	case "len":
		if known(1) && !args[0].num {
			return number(int64(len(args[0].text)), 0), true
		}
		if len(args) == 1 && len(args[0].parts) > 0 {
			return number(int64(len(args[0].parts)), 0), true
		}
	case "make":
		if len(args) > 1 && args[1].num && args[1].known && args[0].elem == "byte" {
			if n := atoi(args[1].text); n >= 0 && n <= mostTurns {
				return give(strings.Repeat("\x00", int(n)))
			}
		}
		return value{known: true, typ: "list"}, len(args) > 1 && args[1].num && atoi(args[1].text) == 0
	case "byte", "rune", "int", "uint8", "int32", "uint", "int64":
		if len(args) == 1 {
			x := args[0]
			if x.num && x.known && (name == "byte" || name == "uint8") {
				return number(atoi(x.text)&0xff, x.from), true
			}
			return x, true
		}
	case "net/url.Parse", "net/url.JoinPath", "html.UnescapeString":
		if known(1) {
			return give(args[0].text)
		}
	}
	return v, false
}
