package python

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// arguments are those of one call.
type arguments struct {
	a        *analysis
	pos      []*value
	nodes    []syntax.ID // of pos, where known
	kw       []keyword
	receiver syntax.ID // the expression whose method is called, or none
	rest     *value    // what *args of unknown length holds
}

type keyword struct {
	name  string
	value *value
	node  syntax.ID
}

func (g *arguments) count() int { return len(g.pos) }

func (g *arguments) at(i int) *value {
	if i >= 0 && i < len(g.pos) {
		return g.pos[i]
	}
	if g.rest != nil {
		return g.rest
	}
	return nothing
}

// named gives a keyword argument, or the positional one at i.
func (g *arguments) named(n string, i int) *value {
	for _, k := range g.kw {
		if k.name == n {
			return k.value
		}
	}
	return g.at(i)
}

func (g *arguments) keyword(names ...string) *value {
	for _, n := range names {
		for _, k := range g.kw {
			if k.name == n {
				return k.value
			}
		}
	}
	return nothing
}

// reaches unites what the arguments carry.
func (g *arguments) reaches() (sources, marks) {
	var from sources
	var m marks
	for _, v := range g.pos {
		f, n := v.reaches()
		from |= f
		m |= n
	}
	for _, k := range g.kw {
		f, n := k.value.reaches()
		from |= f
		m |= n
	}
	if g.rest != nil {
		f, n := g.rest.reaches()
		from |= f
		m |= n
	}
	return from, m
}

// call evaluates a call.
func (a *analysis) call(id syntax.ID, n *syntax.Node) *value {
	callee := a.eval(n.A)
	args := arguments{a: a}
	if c := a.tree.Node(n.A); c.Kind == syntax.Attribute {
		args.receiver = c.A
	} else if callee.kind == method && callee.id != 0 { // push = out.append
		args.receiver = callee.id
		if now := a.lookup(a.tree.Name(callee.id)); now.kind == callee.recv.kind && now != callee.recv {
			m := *callee
			m.recv = now
			callee = a.make(m)
		}
	}
	a.arguments(&args, n.B)
	if k := a.tree.Kind(args.receiver); (k == syntax.Name || k == syntax.Attribute) && keeps[a.tree.Name(n.A)] {
		a.keep(&args)
	}
	return a.apply(callee, &args, id)
}

// keeps are methods by which a thing of the standard library takes data in.
var keeps = map[string]bool{"put": true, "put_nowait": true, "write": true, "set": true, "appendleft": true, "setdefault": true, "send": true, "push": true, "feed": true,
	"set_content": true, "attach": true, "add_attachment": true, "set_payload": true, "add_alternative": true, "add_header": true}

// keep lets a thing of which nothing else is known carry what it is given, so that
// a queue, a buffer or a context variable hides nothing that is decoded or fetched.
func (a *analysis) keep(args *arguments) {
	from, m := args.reaches()
	if from &= carriers; from == 0 {
		return
	}
	a.silent++
	recv := a.eval(args.receiver)
	a.silent--
	switch {
	case recv.kind == inst && isContainer(recv.ref.name), recv == nothing, recv.kind == unknown && recv.id == 0:
		a.rebind(args.receiver, a.tainted(recv, from, m))
	}
}

// fills lets what is written to by a callback, or is handed over to be written to,
// carry what the network gives.
func (a *analysis) fills(args *arguments, id syntax.ID) {
	for i, v := range args.pos {
		if i >= len(args.nodes) {
			return
		}
		to := args.nodes[i]
		if v.kind == inst && a.tree.Kind(to) == syntax.Attribute && keeps[a.tree.Name(to)] {
			to = a.tree.Node(to).A
		} else if v.kind != inst || !isContainer(v.ref.name) {
			continue
		}
		if k := a.tree.Kind(to); k != syntax.Name && k != syntax.Attribute {
			continue
		}
		a.silent++
		recv := a.eval(to)
		a.silent--
		if recv.kind == inst && strings.HasPrefix(recv.ref.name, "builtins.open") {
			a.written(recv, fromFetch, 0, sink{kind: code.WriteFile, name: "builtins.open.write", args: args, id: id}, nil)
			continue
		}
		a.rebind(to, a.tainted(recv, fromFetch, 0))
	}
}

func isContainer(full string) bool {
	for _, module := range []string{"queue.", "contextvars.", "collections.", "multiprocessing.", "asyncio.Queue", "io.", "email.", "tempfile.SpooledTemporaryFile", "threading.local", "array."} {
		if strings.HasPrefix(full, module) {
			return true
		}
	}
	return false
}

func (a *analysis) arguments(g *arguments, first syntax.ID) {
	for kid := first; kid != 0; kid = a.tree.Next(kid) {
		n := a.tree.Node(kid)
		switch n.Kind {
		case syntax.Keyword:
			word := a.tree.Name(kid)
			v := a.settle(a.eval(n.A), n.A)
			if word == "" && v.kind == dict {
				for i := 0; i+1 < len(v.items) && i < 256; i += 2 {
					g.kw = append(g.kw, keyword{v.items[i].s, v.items[i+1], n.A})
				}
				continue
			}
			if word != "env" {
				v = a.asData(v, kid)
			}
			g.kw = append(g.kw, keyword{word, v, n.A})
		case syntax.Starred:
			v := a.eval(n.A)
			if v.kind == list && v.n == 0 && a.spreads(len(g.pos), v) {
				g.pos = append(g.pos, v.items...)
				for range v.items {
					g.nodes = append(g.nodes, 0)
				}
				continue
			}
			g.rest = a.element(v)
		default:
			v := a.asData(a.settle(a.eval(kid), kid), kid)
			g.pos = append(g.pos, v)
			g.nodes = append(g.nodes, kid)
		}
	}
}

// settle gives text that was put together the marks of the whole.
func (a *analysis) settle(v *value, id syntax.ID) *value {
	if v.kind != text && v.kind != binary || len(v.s) < 4 || a.tree.Kind(id) == syntax.Str {
		return v
	}
	m := a.textMarks(v.s)
	if m == 0 || m&^v.marks == 0 && v.flags&(parts|odd) == 0 {
		return v
	}
	if k := a.tree.Kind(id); k != syntax.Name && k != syntax.Attribute {
		a.noteString(v.s, m, id, v.flags&(parts|odd) != 0)
	}
	return a.tainted(v, 0, m)
}

// asData notes that the whole environment is given away.
func (a *analysis) asData(v *value, id syntax.ID) *value {
	if v.kind == name && v.from&fromEnvAll != 0 {
		return a.environment(v, v.ref.name, id)
	}
	return v
}

func (a *analysis) environment(v *value, called string, id syntax.ID) *value {
	a.add(fact{kind: code.EnvAll, name: called, at: id, odd: v.flags&odd != 0})
	return a.unknown(v.from|fromEnvAll, v.marks, 0)
}

// union is the result of a call of which nothing is known: it carries what went in.
func (a *analysis) union(args *arguments, recv *value, id syntax.ID) *value {
	from, m := args.reaches()
	f, n := recv.reaches()
	from |= f
	m |= n
	if from == 0 && m == 0 {
		return a.madeOf(id, append(args.pos[:len(args.pos):len(args.pos)], recv)...)
	}
	return a.unknown(from, m, id)
}

// madeOf is what is made of values of which only is known who gave them.
func (a *analysis) madeOf(id syntax.ID, values ...*value) *value {
	v := a.opaque(values...)
	switch {
	case v == nil:
		return nothing
	case v.kind == inst || v.kind == unknown && len(v.items) == 0:
		return v
	}
	return a.make(value{id: id, items: []*value{v}})
}

// mostApplied bounds calls of calls while one expression is followed.
const mostApplied = 24

// apply calls a value.
func (a *analysis) apply(f *value, args *arguments, id syntax.ID) *value {
	if a.applying >= mostApplied {
		return a.union(args, f, id)
	}
	a.applying++
	defer func() { a.applying-- }()
	out := a.applyOne(f, args, id)
	n := 0
	for o := f.alt; o != nil && n < mostAlternatives; o = o.alt {
		single := *o
		single.alt = nil
		out = a.join(a.applyOne(a.make(single), args, id), out)
		n++
	}
	return out
}

func (a *analysis) applyOne(f *value, args *arguments, id syntax.ID) *value {
	switch f.kind {
	case name, inst:
		return a.applyOutside(f, args, id)
	case function:
		return a.applyFunction(f, args, id)
	case classOf:
		return a.instantiate(f.cls, args, id)
	case object:
		if m := f.cls.attribute("__call__", 8); m != nil && m.kind == function {
			bound := *m
			bound.recv = f
			return a.applyFunction(&bound, args, id)
		} else if m.isForeign() {
			return a.apply(m, args, id)
		}
	case method:
		return a.methodCall(f, args, id)
	case applied:
		all := *args
		all.pos = append(append([]*value{}, f.items...), args.pos...)
		all.nodes = nil
		return a.apply(f.recv, &all, id)
	case getter:
		return a.applyGetter(f, args, id)
	}
	return a.union(args, f, id)
}

func (a *analysis) applyGetter(f *value, args *arguments, id syntax.ID) *value {
	on := args.at(0)
	if len(f.items) == 0 {
		return nothing
	}
	switch f.s {
	case "weak":
		return f.items[0]
	case "load", "spec":
		return nothing
	case "attrgetter":
		if len(f.items) > 1 {
			items := make([]*value, len(f.items))
			for i, it := range f.items {
				items[i] = a.find(on, it, id)
			}
			return a.make(value{kind: list, items: items})
		}
		return a.find(on, f.items[0], id)
	case "methodcaller":
		rest := &arguments{a: a, pos: f.items[1:], kw: args.kw}
		return a.apply(a.find(on, f.items[0], id), rest, id)
	}
	if len(f.items) > 1 {
		items := make([]*value, len(f.items))
		for i, it := range f.items {
			items[i] = a.index(on, it, id)
		}
		return a.make(value{kind: list, items: items})
	}
	return a.index(on, f.items[0], id)
}

// applyFunction calls a function of this file: its parameters get what is given,
// and the call is an edge of the call graph.
func (a *analysis) applyFunction(f *value, args *arguments, id syntax.ID) *value {
	fn := f.fn
	a.edge(fn.unit)
	written := fn
	if fn.origin != nil {
		written = fn.origin
	}
	pos := args.pos
	if f.recv != nil {
		pos = append([]*value{f.recv}, pos...)
	}
	if a.silent == 0 {
		a.give(written, pos, args)
		a.handsOn(written, args)
	}
	if v := a.inPlace(fn, pos, args); v != nil {
		return v
	}
	out := written.result.get()
	if f.recv != nil && (f.recv.from != 0 || f.recv.marks != 0) && out.plain() {
		return out
	}
	return out
}

// give hands arguments to parameters.
func (a *analysis) give(fn *fun, pos []*value, args *arguments) {
	for i, v := range pos {
		if i < len(fn.params) {
			fn.params[i].value.add(v)
		} else if fn.star != nil {
			fn.star.add(v)
		}
	}
	if args.rest != nil {
		for i := len(pos); i < len(fn.params); i++ {
			fn.params[i].value.add(args.rest)
		}
	}
	for _, k := range args.kw {
		found := false
		for i := range fn.params {
			if fn.params[i].name == k.name {
				fn.params[i].value.add(k.value)
				found = true
			}
		}
		if !found && fn.kw != nil {
			f, m := k.value.reaches()
			fn.kw.add(a.tainted(nothing, f, m))
		}
	}
}

// inPlace evaluates a short function with constant arguments where it is called:
// that is how helpers that only decode text are folded. nil when that gives no constant.
func (a *analysis) inPlace(fn *fun, pos []*value, args *arguments) *value {
	const few, shallow = 12, 3
	a.measure(fn)
	if a.inlined >= deepestCall || fn.size == 0 || !fn.gives || fn.failed >= mostFailed && a.wasted > mostWasted {
		return nil
	}
	useful := false
	for i := range len(pos) + len(args.kw) {
		var v *value
		if i < len(pos) {
			v = pos[i]
		} else {
			v = args.kw[i-len(pos)].value
		}
		switch {
		case v.kind == object, v.kind == classOf, v.kind == function:
		case v.constant():
			useful = true
		case v.kind == name && v.from == 0, v.kind == applied, v.kind == getter, v.kind == method:
		case v.kind == list && v.n == 0:
		default:
			return nil
		}
	}
	if !useful && a.silent == 0 && fn.result.v != nil && (fn.result.v.isConst() || fn.result.v.callable()) {
		return nil
	}
	if !a.fold(turn * fn.size) {
		return nil
	}
	s, fits := a.parameters(fn, pos, args)
	if !fits {
		return nil
	}
	before := a.exactSteps
	if out := a.callExactly(fn, s); out != nil && (out.constant() || out.names() || out.kind == function && out.fn.origin != nil || out.kind == list && fn.generates) {
		return out
	}
	fn.failed++
	if a.exact == 0 {
		a.wasted += before - a.exactSteps
	}
	if !fn.winds || fn.generates || fn.size > few || a.inlined >= shallow || a.exact > 0 {
		return nil
	}
	s, _ = a.parameters(fn, pos, args) // once more, with every branch as one that may run
	outer, returned, branch := a.scope, a.returned, a.branch
	a.scope, a.returned, a.branch = s, nil, 0
	a.silent++
	a.inlined++
	a.body(fn)
	out := a.returned
	a.silent--
	a.inlined--
	a.scope, a.returned, a.branch = outer, returned, branch
	if out != nil && (out.constant() || out.kind == name) {
		return out
	}
	return nil
}

// body runs the statements of a function, or the expression of a lambda.
func (a *analysis) body(fn *fun) {
	n := a.tree.Node(fn.node)
	if n.Kind == syntax.Lambda {
		a.giveBack(a.settle(a.eval(n.B), n.B))
		return
	}
	a.statements(n.D)
}

// giveBack is a return.
func (a *analysis) giveBack(v *value) {
	if a.exact > 0 {
		a.returned, a.leaving = v, returning
		return
	}
	if a.inlined > 0 {
		if a.returned == nil || a.branch == 0 {
			a.returned = v
		} else {
			a.returned = a.join(a.returned, v)
		}
		return
	}
	if fn := a.scope.fn; fn != nil {
		fn.result.add(v)
	}
}

// instantiate makes an instance of a class of this file.
func (a *analysis) instantiate(c *class, args *arguments, id syntax.ID) *value {
	for _, m := range []string{"__new__", "__init__", "__post_init__", "__enter__", "__del__", "__call__metaclass"} {
		if f := c.attribute(m, 8); f != nil && f.kind == function {
			bound := *f
			bound.recv = &c.object
			a.applyFunction(&bound, args, id)
		}
	}
	if c.attribute("__init__", 8) == nil && len(c.allFields(8)) > 0 {
		a.fill(c, args)
	}
	if r := c.foreignBase(8); r != nil && (r.name == "threading.Thread" || r.name == "multiprocessing.Process") {
		a.callMember(c, "run", id)
	}
	return &c.object
}

// callMember notes that something outside calls a method of a class.
func (a *analysis) callMember(c *class, m string, id syntax.ID) *value {
	if f := c.attribute(m, 8); f != nil && f.kind == function {
		bound := *f
		bound.recv = &c.object
		return a.applyFunction(&bound, &arguments{a: a}, id)
	}
	return nothing
}

// applyOutside calls a function of another module, or a method of what it gave.
func (a *analysis) applyOutside(f *value, args *arguments, id syntax.ID) *value {
	r := f.ref
	if r.known && r.fold == nil && !(f.kind == inst && f.recv == nil) {
		return a.known(f, args, id)
	}
	if out := a.unbound(r, args, id); out != nil && f.kind == name {
		return out
	}
	if out := a.digested(f); out != nil {
		return out
	}
	if f.kind == inst && f.recv != nil && f.recv.s != "" && strings.HasPrefix(r.name, "string.Template.") {
		return a.substituted(f.recv, args, id)
	}
	if r.fold != nil && f.kind == name {
		if k := args.keyword("key"); k.callable() {
			a.apply(k, &arguments{a: a, pos: []*value{a.element(args.at(0))}}, id)
		}
		return r.fold(a, args, id)
	}
	switch r.name {
	case "codecs.getdecoder", "codecs.lookup.decode", "codecs.getincrementaldecoder.decode", "codecs.lookup.incrementaldecoder.decode":
		if f.kind == inst {
			from, m := args.reaches()
			return a.unknown(from|fromDecode, m, id)
		}
	case "quopri.decodestring", "uuid.UUID", "ipaddress.ip_address", "ipaddress.IPv6Address", "ipaddress.IPv4Address", "colorsys.rgb_to_hsv":
		if f.kind == name && args.count() > 0 && args.at(args.count()-1).constant() {
			_, m := args.reaches()
			return a.make(value{kind: inst, ref: r, from: fromDecode, marks: m, id: id}) // constants in another form
		}
	case "builtins.open.extractall", "builtins.open.extract": // an archive's
		a.unpacked(sink{f: f, kind: code.WriteFile, name: r.name, args: args, id: id})
	case "pycurl.Curl.setopt":
		a.fills(args, id)
	case "sys.path.insert", "sys.path.append", "site.addsitedir":
		where := args.at(args.count() - 1)
		if from := a.pathSources(where) &^ (fromRead << viaFile); from&((fromDecode|fromFetch|bit(code.Decrypt))<<viaFile) != 0 {
			a.add(fact{kind: code.Eval, name: r.name, at: id, from: from, args: []*value{where}})
		}
		return nothing
	case "subprocess.Popen.communicate", "subprocess.Popen.write", "os.popen.write":
		if from, m := args.reaches(); f.recv != nil && f.recv.s == runsInput && from != 0 {
			a.add(fact{kind: code.Exec, name: r.name, at: id, from: from &^ fromLong, marks: m, args: []*value{args.at(0)}})
			a.embed(code.Shell, args.at(0), sink{kind: code.Exec, name: r.name, id: id})
		}
	case "urllib.request.Request":
		url := args.named("url", 0)
		from, m := args.reaches()
		return a.make(value{kind: inst, ref: r, s: url.s, from: from, marks: m, items: []*value{url, args.named("data", 1), args.named("headers", 2)}})
	case "os.dup2":
		if fd := args.at(0); fd.kind == inst && strings.HasPrefix(fd.ref.name, "socket.") {
			a.add(fact{kind: code.Socket, name: r.name, at: id})
		}
		return nothing
	case "sys.meta_path.insert", "sys.meta_path.append", "sys.path_hooks.append", "sys.path_hooks.insert":
		a.importHook(args.at(args.count()-1), r, id)
		return nothing
	case "json.dump", "pickle.dump", "yaml.dump", "marshal.dump", "builtins.print", "csv.writer.writerow":
		a.dumps(args)
	}
	if r.name == "subprocess.Popen.communicate" && f.recv != nil {
		return a.tainted(nothing, f.from, f.marks)
	}
	if strings.HasPrefix(r.name, "ctypes.windll.") || strings.HasPrefix(r.name, "ctypes.cdll.") {
		from, m := args.reaches()
		a.add(fact{kind: code.Native, name: r.name, at: id, from: from, marks: m, args: args.pos, odd: f.flags&odd != 0})
	}
	if strings.HasPrefix(r.name, "xmlrpc.client.ServerProxy.") && args.count() > 0 {
		from, m := args.reaches()
		a.add(fact{kind: code.Send, name: "xmlrpc.client.ServerProxy", at: id, from: from &^ fromLong, marks: m, args: args.pos})
	}
	a.edgeAway(r, a.reach)
	a.handsOut(args, id)
	a.writesThrough(f, args, id)
	from, m := args.reaches()
	a.givesAway(r, args, from, id)
	host := args.at(0)
	switch r.name {
	case "http.client.HTTPSConnection", "http.client.HTTPConnection", "urllib3.HTTPSConnectionPool", "urllib3.HTTPConnectionPool", "poplib.POP3", "poplib.POP3_SSL", "nntplib.NNTP":
		if f.kind == name {
			a.asksFor(sink{name: r.name, id: id, odd: f.flags&odd != 0}, host)
		}
	}
	if from == 0 && m == 0 && textMakers[r.name] {
		if v := a.madeOf(id, args.pos...); v != nothing {
			return v
		}
	}
	named := host.isText() && len(host.s) > 3 // a connection remembers with whom
	if f.kind == name && from == 0 && m == 0 && f.flags == 0 && !named && !strings.HasPrefix(r.name, "tempfile.") {
		return &r.made
	}
	if f.kind == name && r.name == "os.environ" {
		from |= f.from
	}
	out := value{kind: inst, ref: r, from: from, marks: m, id: id}
	if named {
		out.items = []*value{a.make(value{kind: text, s: host.s})}
	}
	if f.kind == inst {
		out.from |= f.from
		out.marks |= f.marks
		out.recv = f.recv
		if strings.HasPrefix(r.name, "io.BytesIO.") && f.recv != nil {
			out.from |= a.pathSources(f.recv)
		}
		switch {
		case strings.HasPrefix(r.name, "pathlib.Path."):
			return a.pathMethod(f, args, id)
		case strings.HasSuffix(r.name, ".__enter__") && f.recv != nil:
			return f.recv
		}
	}
	return a.make(out)
}

// handsOut follows a function that runs code or programs and that is given to one
// of which nothing is known: whatever it is given beside it may come to it.
func (a *analysis) handsOut(args *arguments, id syntax.ID) {
	give := func(v *value, rest []*value) {
		if v.kind != name || !v.ref.known || v.ref.spec.kind != code.Eval && v.ref.spec.kind != code.Exec {
			return
		}
		var with []*value
		for _, o := range rest {
			if f, _ := o.reaches(); o != v && f != 0 {
				with = append(with, a.element(o))
			}
		}
		if len(with) > 0 {
			a.apply(v, &arguments{a: a, pos: with[:1]}, id)
		}
	}
	for _, v := range args.pos {
		give(v, args.pos)
	}
	for _, k := range args.kw {
		give(k.value, args.pos)
	}
}

// callbacks calls the functions that were handed out.
func (a *analysis) callbacks(args *arguments, id syntax.ID) {
	call := func(v *value, with []*value) {
		if v.callable() {
			a.apply(v, &arguments{a: a, pos: with}, id)
		}
	}
	for i, v := range args.pos {
		call(v, args.pos[i+1:])
	}
	for _, k := range args.kw {
		call(k.value, nil)
	}
}

// pathMethod is a method of pathlib.Path that gives a path.
func (a *analysis) pathMethod(f *value, args *arguments, id syntax.ID) *value {
	p := f.recv
	if p == nil || !isPath(p) {
		return a.union(args, f, id)
	}
	switch strings.TrimPrefix(f.ref.name, "pathlib.Path.") {
	case "joinpath", "with_name", "__truediv__":
		return a.pathJoin(append([]*value{p}, args.pos...), id)
	case "expanduser", "resolve", "absolute", "as_posix", "__str__", "__fspath__":
		return p
	}
	return a.union(args, f, id)
}

// importHook is an object that gets to see every import from now on.
func (a *analysis) importHook(v *value, r *ref, id syntax.ID) {
	a.add(fact{kind: code.Patch, name: strings.TrimSuffix(strings.TrimSuffix(r.name, ".insert"), ".append"), at: id})
	switch v.kind {
	case object, classOf:
		for _, m := range []string{"find_spec", "find_module", "load_module", "exec_module", "create_module"} {
			a.callMember(v.cls, m, id)
		}
	case function:
		a.applyFunction(v, &arguments{a: a}, id)
	}
}
