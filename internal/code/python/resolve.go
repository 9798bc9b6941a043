package python

import (
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// namingFolders are functions that give modules and functions by their names, and
// things that hold these.
func namingFolders() map[string]folder {
	return map[string]folder{
		"builtins.object.__getattribute__":         foldGetattr,
		"builtins.type.__getattribute__":           foldGetattr,
		"types.ModuleType.__getattribute__":        foldGetattr,
		"inspect.getattr_static":                   foldGetattr,
		"xmlrpc.server.resolve_dotted_attribute":   foldGetattr,
		"unittest.mock._dot_lookup":                foldGetattr,
		"types.SimpleNamespace":                    foldHolder,
		"argparse.Namespace":                       foldHolder,
		"types.ModuleType":                         foldHolder,
		"imp.new_module":                           foldHolder,
		"threading.local":                          foldHolder,
		"unittest.mock.Mock":                       foldHolder,
		"unittest.mock.MagicMock":                  foldHolder,
		"collections.namedtuple":                   foldRecord,
		"typing.NamedTuple":                        foldRecord,
		"dataclasses.make_dataclass":               foldRecord,
		"importlib.util.find_spec":                 foldFindSpec,
		"importlib.machinery.PathFinder.find_spec": foldFindSpec,
		"importlib._bootstrap._find_spec":          foldFindSpec,
		"importlib.util.resolve_name":              firstArgument,
		"importlib.metadata.EntryPoint":            foldEntryPoint,
		"importlib_metadata.EntryPoint":            foldEntryPoint,
		"pkg_resources.EntryPoint.parse":           foldEntryPoint,
		"logging.config.BaseConfigurator.resolve":  foldResolve,
		"zope.dottedname.resolve.resolve":          foldResolve,
	}
}

// resolvers are functions that give what a dotted name stands for, the module
// imported on the way.
var resolvers = map[string]bool{
	"pkgutil.resolve_name": true, "pydoc.locate": true, "werkzeug.utils.import_string": true, "django.utils.module_loading.import_string": true,
}

// resolved is what "a.b:c.d" or "a.b.c" stands for.
func (a *analysis) resolved(name *value, id syntax.ID, disguised bool) *value {
	module, member, found := strings.Cut(strings.TrimSpace(name.s), ":")
	if !found {
		if i := strings.LastIndexByte(module, '.'); i > 0 && !namesOf()[module+"."] {
			module, member = module[:i], module[i+1:]
		}
	}
	if member, _, found = strings.Cut(member, " "); found { // extras
		member = strings.TrimSpace(member)
	}
	if module == "" || len(name.s) > 200 {
		return nothing
	}
	a.addImport(module, id, disguised || name.flags&(odd|parts) != 0)
	out := &a.outside(module).value
	for part := range strings.SplitSeq(member, ".") {
		if part != "" {
			out = a.attribute(out, part, id)
		}
	}
	if disguised {
		out = a.withFlags(out, odd)
	}
	return a.throughText(out, name)
}

func foldResolve(a *analysis, args *arguments, id syntax.ID) *value {
	if v := args.at(args.count() - 1); v.kind == text {
		return a.resolved(v, id, false)
	}
	return a.untouched(args, id)
}

// foldEntryPoint is an entry point made by hand; its load gives what it names.
func foldEntryPoint(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.named("value", 1)
	if args.count() == 1 && len(args.kw) == 0 {
		v = args.at(0)
		if _, target, ok := strings.Cut(v.s, "="); ok && v.kind == text {
			v = a.textOf(strings.TrimSpace(target), v)
		}
	}
	if v.kind != text {
		return a.untouched(args, id)
	}
	return a.make(value{kind: getter, s: "load", items: []*value{v}, id: id})
}

// foldFindSpec is the specification of a module, whose loader loads it.
func foldFindSpec(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	if v.kind != text || v.s == "" {
		return nothing
	}
	return a.make(value{kind: getter, s: "spec", items: []*value{v}, id: id})
}

// getterAttribute is an attribute of what stands for a name that is to be loaded.
func (a *analysis) getterAttribute(v *value, attribute string, id syntax.ID) *value {
	switch v.s {
	case "spec":
		switch attribute {
		case "loader":
			return v
		case "name":
			return v.items[0]
		}
	case "load":
		switch attribute {
		case "value":
			return v.items[0]
		}
	}
	return nil
}

// getterCall is a method of it: load, resolve, load_module.
func (a *analysis) getterCall(m *value, id syntax.ID) *value {
	v := m.recv
	switch v.s {
	case "load":
		if m.s == "load" || m.s == "resolve" || m.s == "require" {
			return a.resolved(v.items[0], id, false)
		}
	case "spec":
		if m.s == "load_module" || m.s == "create_module" {
			return a.loaded(v, id)
		}
	}
	return nothing
}

// loaded is the module of a specification.
func (a *analysis) loaded(spec *value, id syntax.ID) *value {
	v := spec.items[0]
	a.addImport(v.s, id, v.flags&(odd|parts) != 0)
	return a.moduleByName(v)
}

// namesBelow are the members of each module that are known by name: what a look
// through all of them can be after.
var namesBelow = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for full := range table() {
		if i := strings.LastIndexByte(full, '.'); i > 0 && full[i+1] >= 'A' {
			out[full[:i]] = append(out[full[:i]], full[i+1:])
		}
	}
	for _, l := range out {
		slices.Sort(l)
	}
	return out
})

// searched are the modules that honest code has no reason to look through for a name.
var searched = []string{"builtins", "os", "subprocess", "ctypes", "socket", "urllib.request", "importlib", "pty", "marshal", "base64", "http.client", "sys", "shutil", "platform", "winreg"}

// memberNames is dir(module) as far as it matters.
func (a *analysis) memberNames(r *ref) *value {
	if !slices.Contains(searched, r.name) {
		return nothing
	}
	out := value{kind: list, n: open, flags: listed | odd}
	for _, n := range namesBelow()[r.name] {
		out.items = append(out.items, a.make(value{kind: text, s: n, flags: odd}))
	}
	return a.make(out)
}

// memberPairs is what items() of a module's names gives: names, and what they stand for.
func (a *analysis) memberPairs(r *ref) *value {
	out := value{kind: list, n: open, flags: listed | odd}
	pair := func(n string, v *value) {
		out.items = append(out.items, a.make(value{kind: list, items: []*value{a.make(value{kind: text, s: n, flags: odd}), a.withFlags(v, odd)}}))
	}
	if r == a.sysModules {
		for _, m := range searched {
			pair(m, &a.outside(m).value)
		}
		return a.make(out)
	}
	if !slices.Contains(searched, r.name) {
		return nil
	}
	for _, n := range namesBelow()[r.name] {
		pair(n, &a.below(r, n).value)
	}
	return a.make(out)
}

// Things that hold names: a namespace, a module made by hand, a record.

// holder gives the class of a thing that is made at a place, to be filled.
func (a *analysis) holder(id syntax.ID, called string) *class {
	c := a.classes[id]
	if c == nil {
		c = a.newClass(id, a.scopeName(called))
	}
	return c
}

// foldHolder is types.SimpleNamespace(run=os.system) and its like.
func foldHolder(a *analysis, args *arguments, id syntax.ID) *value {
	if id == 0 {
		return nothing
	}
	c := a.holder(id, "<namespace>")
	for _, k := range args.kw {
		if k.name != "" && k.name != "name" {
			c.set(a, k.name, k.value)
		}
	}
	if v := args.at(0); v.kind == dict { // SimpleNamespace({...}) of 3.13
		for i := 0; i+1 < len(v.items); i += 2 {
			if v.items[i].kind == text {
				c.set(a, v.items[i].s, v.items[i+1])
			}
		}
	}
	return &c.object
}

// foldRecord is a class with fields, made by a call: namedtuple("R", "a b").
func foldRecord(a *analysis, args *arguments, id syntax.ID) *value {
	if id == 0 {
		return nothing
	}
	c := a.holder(id, "<record>")
	c.fields = c.fields[:0]
	v := args.at(1)
	if v.kind == text {
		v = a.split(a.textOf(strings.ReplaceAll(v.s, ",", " ")), "split", noneValue)
	}
	for _, it := range v.items {
		if it.kind == list && len(it.items) > 0 {
			it = it.items[0]
		}
		if it.kind == text {
			c.fields = append(c.fields, it.s)
		}
	}
	return &c.value
}

// fill gives the fields of a record what it is made of.
func (a *analysis) fill(c *class, args *arguments) {
	fields := c.allFields(8)
	for i, v := range args.pos {
		if i < len(fields) {
			c.set(a, fields[i], v)
		}
	}
	for _, k := range args.kw {
		if slices.Contains(fields, k.name) {
			c.set(a, k.name, k.value)
		}
	}
}

// allFields are the fields of a class and of its bases, in order.
func (c *class) allFields(depth int) []string {
	var out []string
	if depth > 0 {
		for _, b := range c.bases {
			if b.kind == classOf {
				out = append(out, b.cls.allFields(depth-1)...)
			}
		}
	}
	for _, f := range c.fields {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// isEnum says whether a class is an enumeration, whose members are things of their own.
func (c *class) isEnum(depth int) bool {
	for _, b := range c.bases {
		switch {
		case b.kind == name && strings.HasPrefix(b.ref.name, "enum."):
			return true
		case b.kind == classOf && depth > 0 && b.cls.isEnum(depth-1):
			return true
		}
	}
	return false
}

// dunder calls a method that Python calls for an operation on an instance: nil when
// its class has none.
func (a *analysis) dunder(v *value, method string, id syntax.ID, with ...*value) *value {
	if v.kind != object {
		return nil
	}
	f := v.cls.attribute(method, 8)
	if f == nil {
		return nil
	}
	bound := f
	if f.kind == function {
		b := *f
		b.recv = v
		bound = &b
	} else if !f.callable() {
		return nil
	}
	return a.apply(bound, &arguments{a: a, pos: with}, id)
}

// operators are the methods that stand for operators, for a left operand.
var operators = map[syntax.Op]string{
	syntax.Add: "add", syntax.Sub: "sub", syntax.Mult: "mul", syntax.Div: "truediv", syntax.FloorDiv: "floordiv", syntax.Mod: "mod", syntax.Pow: "pow",
	syntax.LShift: "lshift", syntax.RShift: "rshift", syntax.BitOr: "or", syntax.BitXor: "xor", syntax.BitAnd: "and", syntax.MatMult: "matmul",
	syntax.Eq: "eq", syntax.NotEq: "ne", syntax.Lt: "lt", syntax.LtE: "le", syntax.Gt: "gt", syntax.GtE: "ge",
}

// operatorCall is an operator on an instance of a class that says what it does; nil
// when none of the two does.
func (a *analysis) operatorCall(op syntax.Op, l, r *value, id syntax.ID) *value {
	if l.kind != object && r.kind != object || operators[op] == "" {
		return nil
	}
	for _, prefix := range []string{"__", "__i"} {
		if out := a.dunder(l, prefix+operators[op]+"__", id, r); out != nil {
			return out
		}
	}
	return a.dunder(r, "__r"+operators[op]+"__", id, l)
}
