package python

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// folder gives what a function outside gives for what is known of its arguments.
type folder func(a *analysis, args *arguments, id syntax.ID) *value

var (
	folderOnce sync.Once
	folderList map[string]folder
)

// folders are the functions that are computed here, by full name. (They name each
// other's callers, so no variable can be initialised with them.)
func folders() map[string]folder {
	folderOnce.Do(func() { folderList = makeFolders() })
	return folderList
}

func makeFolders() map[string]folder {
	out := pureFolders()
	maps.Copy(out, namingFolders())
	maps.Copy(out, map[string]folder{
		"builtins.chr": func(a *analysis, args *arguments, _ syntax.ID) *value { return a.chr(args.at(0)) },
		"builtins.ord": func(a *analysis, args *arguments, _ syntax.ID) *value {
			if v := args.at(0); v.isText() && v.s != "" {
				r, _ := utf8.DecodeRuneInString(v.s)
				return a.make(value{kind: integer, n: int64(r), from: v.from})
			}
			f, m := args.reaches()
			return a.tainted(nothing, f, m)
		},
		"builtins.len":       foldLen,
		"builtins.str":       foldStr,
		"builtins.bytes":     foldBytes,
		"builtins.bytearray": foldBytes,
		"builtins.int":       foldInt,
		"builtins.list":      foldList,
		"builtins.tuple":     foldList,
		"builtins.repr":      firstArgument,
		"builtins.ascii":     firstArgument,
		"builtins.memoryview": func(a *analysis, args *arguments, _ syntax.ID) *value {
			return args.at(0)
		},
		"builtins.dict":             foldDict,
		"builtins.range":            foldRange,
		"builtins.reversed":         foldReversed,
		"builtins.enumerate":        foldEnumerate,
		"builtins.zip":              foldZip,
		"builtins.getattr":          foldGetattr,
		"builtins.setattr":          foldSetattr,
		"builtins.vars":             foldVars,
		"builtins.dir":              foldDir,
		"inspect.getmembers":        foldMembers,
		"builtins.globals":          func(a *analysis, _ *arguments, _ syntax.ID) *value { return a.make(value{kind: namespace}) },
		"builtins.locals":           func(a *analysis, _ *arguments, _ syntax.ID) *value { return a.make(value{kind: namespace}) },
		"builtins.input":            func(a *analysis, _ *arguments, _ syntax.ID) *value { return nothing },
		"builtins.type":             foldType,
		"builtins.slice":            firstArgument,
		"builtins.super":            foldSuper,
		"str.join":                  foldStrJoin,
		"builtins.str.join":         foldStrJoin,
		"builtins.bytes.join":       foldStrJoin,
		"builtins.str.maketrans":    func(a *analysis, args *arguments, _ syntax.ID) *value { return a.maketrans(args) },
		"builtins.bytes.maketrans":  func(a *analysis, args *arguments, _ syntax.ID) *value { return a.maketrans(args) },
		"string.maketrans":          func(a *analysis, args *arguments, _ syntax.ID) *value { return a.maketrans(args) },
		"builtins.int.from_bytes":   func(a *analysis, args *arguments, _ syntax.ID) *value { return a.intFromBytes(args) },
		"builtins.hex":              based(16, "0x"),
		"builtins.oct":              based(8, "0o"),
		"builtins.bin":              based(2, "0b"),
		"functools.partial":         foldPartial,
		"functools.reduce":          foldReduce,
		"operator.attrgetter":       foldGetter("attrgetter"),
		"operator.methodcaller":     foldGetter("methodcaller"),
		"operator.itemgetter":       foldGetter("itemgetter"),
		"operator.add":              foldOperator(syntax.Add),
		"operator.xor":              foldOperator(syntax.BitXor),
		"os.path.join":              foldJoin,
		"os.path.expanduser":        foldExpand,
		"os.path.expandvars":        foldExpand,
		"os.path.abspath":           firstArgument,
		"os.path.realpath":          firstArgument,
		"os.path.normpath":          firstArgument,
		"os.fspath":                 firstArgument,
		"os.fsencode":               firstArgument,
		"os.fsdecode":               firstArgument,
		"os.path.dirname":           func(a *analysis, args *arguments, _ syntax.ID) *value { return a.pathParent(args.at(0)) },
		"os.path.basename":          func(a *analysis, args *arguments, _ syntax.ID) *value { return a.pathName(args.at(0)) },
		"os.path.split":             firstArgument,
		"pathlib.Path":              foldPath,
		"pathlib.Path.home":         func(a *analysis, _ *arguments, _ syntax.ID) *value { return a.pathValue("~", nothing, 0) },
		"pathlib.Path.cwd":          func(a *analysis, _ *arguments, _ syntax.ID) *value { return a.pathValue(".", nothing, 0) },
		"urllib.parse.unquote":      foldUnquote,
		"urllib.parse.unquote_plus": foldUnquote,
		"urllib.parse.urljoin":      foldURLJoin,
		"binascii.b2a_base64":       foldUnion,
		"contextlib.closing":        firstArgument,
		"io.BytesIO":                foldMemory,
		"io.StringIO":               foldMemory,
		"io.TextIOWrapper":          firstArgument,
		"io.BufferedReader":         firstArgument,
		"StringIO.StringIO":         firstArgument,
		"copy.copy":                 firstArgument,
		"copy.deepcopy":             firstArgument,
		"builtins.staticmethod":     foldStatic,
		"dataclasses.asdict":        foldFields,
		"dataclasses.astuple":       foldFields,
		"attr.asdict":               foldFields,
		"attr.astuple":              foldFields,
		"attrs.asdict":              foldFields,
		"attrs.astuple":             foldFields,
		"dataclasses.field":         foldField,
		"attr.ib":                   foldField,
		"attr.field":                foldField,
		"attrs.field":               foldField,
		"pydantic.Field":            foldField,
		"typing.cast":               func(_ *analysis, args *arguments, _ syntax.ID) *value { return args.at(1) },
		"textwrap.dedent":           firstArgument,
		"inspect.cleandoc":          firstArgument,
		"shlex.split":               foldShlex,
		"shlex.quote":               firstArgument,
		"sys.intern":                firstArgument,
		"ast.literal_eval":          foldLiteral,
		"ctypes.LibraryLoader":      foldUnion,
		"six.b":                     firstArgument,
		"six.u":                     firstArgument,
		"six.ensure_str":            firstArgument,
		"six.ensure_binary":         firstArgument,
	})
	return out
}

func firstArgument(_ *analysis, args *arguments, _ syntax.ID) *value { return args.at(0) }

// foldStatic is staticmethod as a call: a class's member that is what it was made of,
// and gets no instance when it is called.
func foldStatic(_ *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if v.kind == function && v.fn.cls == nil {
		v.fn.static = true
	}
	return v
}

// foldMemory is a file in memory: what it is made of, or one to be filled.
func foldMemory(a *analysis, args *arguments, id syntax.ID) *value {
	if args.count() > 0 {
		return args.at(0)
	}
	return a.make(value{kind: inst, ref: a.outside("io.BytesIO"), id: id})
}

func firstArgumentUnknown(a *analysis, args *arguments, id syntax.ID) *value {
	if v := args.at(0); v.isText() && strings.Contains(v.s, `\u00`) {
		return a.unknown(v.from|fromDecode, v.marks, id) // plain characters written as escapes
	}
	f, m := args.at(0).reaches()
	if f == 0 && m == 0 {
		return nothing
	}
	return a.unknown(f, m, id)
}

func foldUnion(a *analysis, args *arguments, id syntax.ID) *value { return a.union(args, nothing, id) }

func foldStr(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	switch {
	case v.kind == binary:
		if codec := args.named("encoding", 1); codec.kind == text {
			if out := a.decodeNamed(v, codec.s, false); out != nil {
				return out
			}
		}
		return a.asText(v)
	case v.isNumber():
		if s, ok := showNumber(v); ok {
			return a.textOf(s, v)
		}
		return nothing
	case isPath(v):
		return a.pathText(v)
	}
	return v
}

func foldLen(a *analysis, args *arguments, _ syntax.ID) *value {
	switch v := args.at(0); {
	case v.isText() && (v.kind == binary || ascii(v.s)):
		return a.number(int64(len(v.s)))
	case v.kind == list && v.n == 0:
		return a.number(int64(len(v.items)))
	}
	return nothing
}

// foldBytes is bytes(...) of a list of codes, of text, of bytes.
func foldBytes(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	switch {
	case args.count() == 0:
		return a.make(value{kind: binary})
	case v.isText():
		return a.asBytes(v)
	case v.kind == list && v.n == 0 && len(v.items) > 0:
		b := make([]byte, 0, len(v.items))
		from := v.from
		for _, it := range v.items {
			if it.kind != integer || it.n < 0 || it.n > 255 {
				f, m := v.reaches()
				return a.unknown(f, m, id)
			}
			from |= it.from
			b = append(b, byte(it.n))
		}
		out := value{kind: binary, s: string(b), flags: odd, from: from, marks: v.marks}
		if len(b) >= longLiteral {
			out.from |= fromLong
		}
		return a.make(out)
	case v.kind == integer:
		if v.n >= 0 && v.n < 4096 {
			return a.make(value{kind: binary, s: strings.Repeat("\x00", int(v.n))})
		}
		return nothing
	}
	f, m := v.reaches()
	return a.tainted(nothing, f, m)
}

func foldInt(a *analysis, args *arguments, _ syntax.ID) *value {
	v, base := args.at(0), args.named("base", 1)
	switch v.kind {
	case integer:
		return v
	case text, binary:
		b := int64(10)
		if base.kind == integer {
			b = base.n
		}
		if b < 0 || b > 36 || b == 1 {
			return nothing
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(v.s), int(b), 64); err == nil {
			return a.make(value{kind: integer, n: n, from: v.from &^ fromLong})
		}
		if n := a.parseInt(v, int(b)); n != nil {
			return n
		}
	case large:
		return v
	case boolean:
		return a.number(v.n)
	}
	return a.tainted(nothing, v.from, v.marks)
}

func foldList(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if v.kind == list {
		return v
	}
	if items := a.members(v); items != nil {
		return a.make(value{kind: list, items: items, from: v.from})
	}
	if v.kind == name && v.from == 0 {
		return nothing
	}
	return v
}

func foldDict(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	if v.kind == name && v.from&fromEnvAll != 0 {
		return a.environment(v, "builtins.dict", id)
	}
	if v.kind == namespace {
		return v
	}
	if v.kind == list && v.n == open && v.flags&listed != 0 { // a module's names
		out := value{kind: dict, flags: odd}
		for _, row := range v.items {
			out.items = append(out.items, row.items...)
		}
		return a.make(out)
	}
	out := value{kind: dict, from: v.from, marks: v.marks}
	switch v.kind {
	case dict:
		out.items = append(out.items, v.items...)
	case list:
		for _, row := range v.items {
			if row.kind == list && len(row.items) == 2 {
				out.items = append(out.items, row.items...)
			}
		}
	case unknown:
		if len(args.kw) == 0 {
			return v
		}
	}
	for _, k := range args.kw {
		out.items = append(out.items, a.textOf(k.name), k.value)
	}
	return a.make(out)
}

func foldRange(a *analysis, args *arguments, _ syntax.ID) *value {
	start, end, step := int64(0), args.at(0), int64(1)
	if args.count() > 1 {
		if args.at(0).kind != integer {
			return nothing
		}
		start, end = args.at(0).n, args.at(1)
	}
	if args.count() > 2 {
		step = args.at(2).n
	}
	const most = 1 << 14
	if end.kind != integer || step == 0 || abs(start) > 1<<40 || abs(end.n) > 1<<40 || abs(step) > 1<<40 || (end.n-start)/step > most {
		return nothing
	}
	var items []*value
	if !a.fold(16 * int(max((end.n-start)/step, 0))) {
		return nothing
	}
	for n := start; step > 0 && n < end.n || step < 0 && n > end.n; n += step {
		items = append(items, a.number(n))
	}
	return a.make(value{kind: list, items: items})
}

func foldReversed(a *analysis, args *arguments, _ syntax.ID) *value {
	items := a.members(args.at(0))
	if len(items) == 0 {
		v := args.at(0)
		if v.kind == text || v.kind == unknown && v.from != 0 {
			return a.tainted(nothing, v.from, v.marks)
		}
		return v
	}
	out := make([]*value, len(items))
	for i, it := range items {
		out[len(out)-1-i] = a.withFlags(it, odd)
	}
	return a.make(value{kind: list, items: out, from: args.at(0).from, flags: odd})
}

func foldEnumerate(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	items := a.members(v)
	if len(items) == 0 {
		return a.make(value{kind: list, n: 1, items: []*value{a.make(value{kind: list, items: []*value{nothing, a.element(v)}})}})
	}
	start := args.named("start", 1).n
	out := make([]*value, len(items))
	for i, it := range items {
		out[i] = a.make(value{kind: list, items: []*value{a.number(start + int64(i)), it}})
	}
	return a.make(value{kind: list, items: out, from: v.from})
}

func foldZip(a *analysis, args *arguments, id syntax.ID) *value {
	shortest := -1
	columns := make([]*value, args.count())
	for i := range columns {
		c := args.at(i)
		if c.kind == inst || c.kind == object {
			return a.untouched(args, id)
		}
		if c.kind != list || c.n != endless && c.n != counting {
			items, ok := a.iterates(c)
			if !ok || args.rest != nil {
				f, m := args.reaches()
				return a.tainted(nothing, f, m)
			}
			n := len(items)
			if c.tail == iterator {
				same := 0 // how often one iterator is asked
				for _, o := range args.pos {
					if o == c {
						same++
					}
				}
				n /= same
			} else if c.kind != list {
				c = a.listOf(items, c)
			}
			if shortest < 0 || n < shortest {
				shortest = n
			}
		} else if c.n == counting && (shortest < 0 || len(c.items) < shortest) {
			shortest = len(c.items)
		}
		columns[i] = c
	}
	if shortest > mostItems || !a.fold(16*max(shortest, 0)*len(columns)) {
		return a.untouched(args, id)
	}
	taken := map[*value]int{}
	var rows []*value
	for i := range max(shortest, 0) {
		row := make([]*value, len(columns))
		for j, c := range columns {
			switch {
			case c.n == endless:
				row[j] = c.items[i%len(c.items)]
			case c.tail == iterator:
				row[j] = c.items[taken[c]]
				taken[c]++
			default:
				row[j] = c.items[i]
			}
		}
		rows = append(rows, a.make(value{kind: list, items: row}))
	}
	return a.make(value{kind: list, items: rows})
}

func foldGetattr(a *analysis, args *arguments, id syntax.ID) *value {
	return a.find(args.at(0), args.at(1), id)
}

// foldSetattr is an assignment by another way: it can replace what others call.
func foldSetattr(a *analysis, args *arguments, id syntax.ID) *value {
	if key := args.at(1); key.kind == text {
		a.setAttribute(args.at(0), key.s, args.at(2), id)
	} else if on, v := args.at(0), args.at(2); on.kind == name && v.callable() && ofKeys(on.ref.name) { // one of several names
		a.add(fact{kind: code.Patch, name: on.ref.name, at: id, marks: keyMarks(on.ref.name), odd: on.flags&odd != 0})
	}
	return nothing
}

func foldVars(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	switch {
	case args.count() == 0:
		return a.make(value{kind: namespace})
	case v.kind == name:
		return a.make(value{kind: namespace, ref: v.ref, flags: v.flags})
	case v.kind == object || v.kind == classOf:
		return a.attributesOf(v.cls)
	}
	return a.tainted(nothing, v.from, v.marks)
}

// foldFields is a record's fields and what they hold.
func foldFields(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if v.kind == object {
		return a.attributesOf(v.cls)
	}
	return a.tainted(nothing, v.from, v.marks)
}

// foldField is the field of a record, as what it holds when nobody says otherwise.
func foldField(a *analysis, args *arguments, id syntax.ID) *value {
	if f := args.keyword("default_factory", "factory"); f.callable() {
		return a.apply(f, &arguments{a: a}, id)
	}
	return args.keyword("default")
}

// attributesOf is a class's __dict__, or that of an instance.
func (a *analysis) attributesOf(c *class) *value {
	out := value{kind: dict}
	for _, n := range slices.Sorted(maps.Keys(c.attrs)) {
		if len(out.items) >= 512 {
			break
		}
		out.items = append(out.items, a.textOf(n), c.attrs[n].get())
	}
	return a.make(out)
}

// anyOf is any member of a module: of those that run text, or start a program, what
// does so.
func (a *analysis) anyOf(module *ref) *value {
	if module != nil {
		switch module.name {
		case "builtins":
			return &a.below(module, "exec").value
		case "os":
			return &a.below(module, "system").value
		case "subprocess":
			return &a.below(module, "Popen").value
		}
	}
	return nothing
}

// foldMembers is inspect.getmembers.
func foldMembers(a *analysis, args *arguments, _ syntax.ID) *value {
	if v := args.at(0); v.kind == name {
		if out := a.memberPairs(v.ref); out != nil {
			return out
		}
		return a.make(value{kind: namespace, ref: v.ref, flags: v.flags | odd})
	}
	return nothing
}

// foldDir is dir(x). Whoever takes names of the language's own functions out of it
// hides which.
func foldDir(a *analysis, args *arguments, id syntax.ID) *value {
	if v := args.at(0); v.kind == name {
		if out := a.memberNames(v.ref); out != nothing {
			if v.ref == a.builtins {
				out = a.tainted(out, fromComputed, 0)
			}
			return out
		}
	}
	if v := args.at(0); v.kind == object || v.kind == classOf {
		names := a.attributesOf(v.cls)
		out := value{kind: list, n: open}
		for i := 0; i < len(names.items); i += 2 {
			out.items = append(out.items, names.items[i])
		}
		return a.make(out)
	}
	return nothing
}

// foldType is type(x) or a class made by a call.
func foldType(a *analysis, args *arguments, id syntax.ID) *value {
	if args.count() < 3 || args.at(2).kind != dict {
		return nothing
	}
	c := a.classes[id]
	if c == nil {
		c = a.newClass(id, a.scopeName(args.at(0).s))
	}
	c.bases = args.at(1).items
	members := args.at(2).items
	for i := 0; i+1 < len(members); i += 2 {
		if members[i].kind == text {
			c.set(a, members[i].s, members[i+1])
		}
	}
	return &c.value
}

func foldSuper(a *analysis, args *arguments, _ syntax.ID) *value {
	for s := a.scope; s != nil; s = s.parent {
		if s.fn == nil || s.fn.cls == nil {
			continue
		}
		c := s.fn.cls
		for _, b := range c.bases {
			if b.kind == classOf {
				return &b.cls.object
			}
		}
		if r := c.foreignBase(4); r != nil {
			return &r.made
		}
	}
	return nothing
}

func foldStrJoin(a *analysis, args *arguments, id syntax.ID) *value {
	return a.joinText(args.at(0), args.at(1), id)
}

func foldPartial(a *analysis, args *arguments, _ syntax.ID) *value {
	var items []*value
	for i := 1; i < args.count(); i++ {
		items = append(items, args.at(i))
	}
	f := args.at(0)
	return a.make(value{kind: applied, recv: f, items: items, flags: f.flags})
}

func foldGetter(which string) folder {
	return func(a *analysis, args *arguments, _ syntax.ID) *value {
		var items []*value
		for i := range args.count() {
			items = append(items, args.at(i))
		}
		return a.make(value{kind: getter, s: which, items: items})
	}
}

// foldReduce calls the function for each member with what it gave for the last.
func foldReduce(a *analysis, args *arguments, id syntax.ID) *value {
	f, so := args.at(0), args.at(2)
	items, ok := a.iterates(args.at(1))
	if !f.callable() || !ok || len(items) == 0 || len(items) > mostMembers || !a.fold(turn*len(items)) {
		return a.untouched(args, id)
	}
	if args.count() < 3 {
		so, items = items[0], items[1:]
	}
	for _, it := range items {
		so = a.apply(f, &arguments{a: a, pos: []*value{so, it}}, id)
	}
	return so
}

func foldOperator(op syntax.Op) folder {
	return func(a *analysis, args *arguments, id syntax.ID) *value {
		return a.operate(op, args.at(0), args.at(1), id)
	}
}

func foldExpand(a *analysis, args *arguments, _ syntax.ID) *value { return args.at(0) }

func foldJoin(a *analysis, args *arguments, id syntax.ID) *value {
	values := make([]*value, args.count())
	for i := range values {
		values[i] = args.at(i)
	}
	return a.pathJoin(values, id)
}

func foldPath(a *analysis, args *arguments, id syntax.ID) *value {
	if args.count() == 0 {
		return a.pathValue(".", nothing, id)
	}
	values := make([]*value, args.count())
	for i := range values {
		values[i] = args.at(i)
	}
	joined := a.pathJoin(values, id)
	return a.asPath(joined)
}

func foldUnquote(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if v.kind == text {
		if out, ok := a.budget.Percent([]byte(v.s), false); ok {
			if string(out) != v.s {
				return a.withFlags(a.textOf(string(out), v), odd)
			}
			return a.textOf(string(out), v)
		}
	}
	return v
}

func foldURLJoin(a *analysis, args *arguments, id syntax.ID) *value {
	base, rest := args.at(0), args.at(1)
	if base.kind == text && rest.kind == text && !strings.Contains(rest.s, "://") {
		return a.textOf(strings.TrimRight(base.s, "/")+"/"+strings.TrimLeft(rest.s, "/"), base, rest)
	}
	return a.partly([]*value{base, rest}, id)
}

func foldShlex(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	if v.kind == text {
		return a.split(v, "split", noneValue)
	}
	return v
}

// Paths. A path object is an instance of pathlib.Path whose s (and tail, where a
// part is not known) hold it; "~" stands for the home folder.

func isPath(v *value) bool { return v.kind == inst && v.ref.name == "pathlib.Path" }

// pathText gives a path, or text used as one, as text.
func (a *analysis) pathText(v *value) *value {
	if !isPath(v) {
		return v
	}
	out := *v
	out.ref, out.recv = nil, nil
	out.kind = text
	if v.n != 0 {
		out.kind = partial
	}
	return a.make(out)
}

func (a *analysis) asPath(v *value) *value {
	out := value{kind: inst, ref: a.outside("pathlib.Path"), s: v.s, tail: v.tail, from: v.from, marks: v.marks, flags: v.flags, id: v.id}
	if !v.isText() {
		out.n = 1
	}
	return a.make(out)
}

func (a *analysis) pathValue(s string, like *value, id syntax.ID) *value {
	return a.make(value{kind: inst, ref: a.outside("pathlib.Path"), s: s, from: like.from, marks: like.marks, flags: like.flags, id: id})
}

// pathJoin puts path segments together; a path object among them makes one.
func (a *analysis) pathJoin(values []*value, id syntax.ID) *value {
	object := false
	pieces := make([]*value, 0, 2*len(values))
	for i, v := range values {
		object = object || isPath(v)
		v = a.pathText(v)
		if v.constText() {
			if i+1 < len(values) {
				if s := strings.TrimRight(v.s, "/\\"); s != v.s && s != "" {
					v = a.textOf(s, v)
				}
			}
			if i > 0 {
				if s := strings.TrimLeft(v.s, "/\\"); s != v.s && len(pieces) > 0 && strings.HasSuffix(pieces[0].s, "~") {
					v = a.textOf(s, v)
				}
			}
			if v.s == "" {
				continue
			}
		}
		if len(pieces) > 0 {
			if v.constText() && strings.HasPrefix(v.s, "/") {
				pieces = pieces[:0] // an absolute path forgets what stood before it
			} else if last := pieces[len(pieces)-1]; last.s != "/" || len(pieces) > 1 {
				pieces = append(pieces, slash)
			}
		}
		pieces = append(pieces, v)
	}
	var out *value
	switch len(pieces) {
	case 0:
		out = emptyText
	case 1:
		out = pieces[0]
	default:
		out = a.glue(pieces, emptyText, id)
	}
	if out.flags&parts != 0 { // segments are no parts of words
		clear := *out
		clear.flags &^= parts
		for _, v := range values {
			clear.flags |= v.flags & parts
		}
		out = a.make(clear)
	}
	if object {
		return a.asPath(out)
	}
	return out
}

var slash = &value{kind: text, s: "/"}

func (a *analysis) pathParent(v *value) *value {
	t := a.pathText(v)
	out := *t
	out.kind = partial
	out.tail = ""
	if t.kind == text {
		out.kind = text
		out.s = path.Dir(strings.ReplaceAll(t.s, "\\", "/"))
	}
	if t.kind == unknown {
		out = *t
		out.id = 0
	}
	if isPath(v) {
		return a.asPath(&out)
	}
	return a.make(out)
}

func (a *analysis) pathName(v *value) *value {
	t := a.pathText(v)
	if t.kind == text {
		return a.textOf(path.Base(strings.ReplaceAll(t.s, "\\", "/")), t)
	}
	return a.tainted(nothing, t.from, t.marks)
}

// find is getattr(v, key): a name found by text.
func (a *analysis) find(v, key *value, id syntax.ID) *value {
	if key.kind == text && key.s != "" {
		out := v
		for _, part := range strings.Split(key.s, ".") {
			out = a.attribute(out, part, id)
		}
		return a.throughText(out, key)
	}
	if v.kind == name || v.kind == namespace {
		f, m := key.reaches()
		where := "globals"
		if v.kind == name {
			where = v.ref.name
		} else if v.ref != nil {
			where = v.ref.name
		}
		a.add(fact{kind: code.Lookup, name: where, at: id, from: f, marks: m, odd: f&(fromComputed|fromDecode) != 0})
		return a.unknown(f&^fromLong, m, id)
	}
	f, m := v.reaches()
	return a.tainted(nothing, f, m)
}

// throughText gives a name that was found by text: in disguise when the text was.
func (a *analysis) throughText(v, key *value) *value {
	if !v.callable() && v.kind != namespace {
		return v
	}
	if key.flags&(parts|odd) != 0 {
		return a.withFlags(v, odd)
	}
	return v
}

// nameIn is namespace[key].
func (a *analysis) nameIn(v, key *value, id syntax.ID) *value {
	if key.kind != text {
		return a.find(v, key, id)
	}
	if v.ref != nil {
		out := a.find(&v.ref.value, key, id)
		if v.ref == a.builtins {
			return a.withFlags(out, odd)
		}
		return a.withFlags(out, v.flags)
	}
	if key.s == "__builtins__" || key.s == "__builtin__" {
		return a.withFlags(&a.builtins.value, odd)
	}
	out := a.lookup(key.s)
	if out.kind == name && (out.ref.known || v.flags&odd != 0) && strings.HasPrefix(out.ref.name, "builtins.") {
		return a.withFlags(out, odd)
	}
	return a.throughText(out, key)
}

// moduleByName is sys.modules[...], __import__(...), import_module(...).
func (a *analysis) moduleByName(key *value) *value {
	if key.s == "" || len(key.s) > 200 {
		return nothing
	}
	return a.throughText(&a.outside(key.s).value, key)
}
