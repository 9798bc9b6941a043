package python

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// ref is a name outside this file, in full. There is one for each name in an
// analysis, so names are compared as pointers.
type ref struct {
	name  string
	kids  map[string]*ref
	spec  spec
	known bool // spec is one of the table
	fold  folder
	value value // the name as a value
	made  value // what calling it gives when nothing else is known
}

// outside gives the ref of a full dotted name.
func (a *analysis) outside(full string) *ref {
	head, rest, dotted := strings.Cut(full, ".")
	r := a.roots[head]
	if r == nil {
		if to, ok := renames[head]; ok && to != head {
			r = a.outside(to)
		} else {
			r = newRef(head)
		}
		a.roots[head] = r
	}
	for dotted {
		head, rest, dotted = strings.Cut(rest, ".")
		r = a.below(r, head)
	}
	return r
}

// below gives the ref of an attribute.
func (a *analysis) below(r *ref, attribute string) *ref {
	if kid := r.kids[attribute]; kid != nil {
		return kid
	}
	if len(r.name) > 400 || a.refs > mostRefs {
		return r // nobody writes such names; they still carry what they carried
	}
	full := r.name + "." + attribute
	var kid *ref
	if to, ok := renames[full]; ok && to != full {
		kid = a.outside(to)
	} else {
		kid = newRef(full)
		a.refs++
	}
	if r.kids == nil {
		r.kids = map[string]*ref{}
	}
	r.kids[attribute] = kid
	return kid
}

// standIn says whether a package is there to be imported in place of the modules of
// Python that it holds: eventlet.green.socket.
func standIn(name string) bool {
	switch root, _, _ := strings.Cut(name, "."); root {
	case "six", "past", "gevent", "eventlet", "pip":
		return true
	}
	return false
}

// mostRefs bounds the names outside that one file speaks of.
const mostRefs = 50_000

func newRef(full string) *ref {
	r := &ref{name: full}
	r.spec, r.known = specOf(full)
	r.fold = folders()[full]
	r.value = value{kind: name, ref: r}
	r.made = value{kind: inst, ref: r}
	if full == "os.environ" {
		r.value.from = fromEnvAll
	}
	return r
}

var (
	namesOnce sync.Once
	nameList  map[string]bool
)

// namesOf are the starts of all names in the tables: what a star import may bring.
func namesOf() map[string]bool {
	namesOnce.Do(func() { nameList = makeNames() })
	return nameList
}

func makeNames() map[string]bool {
	out := map[string]bool{}
	add := func(full string) {
		for i := 0; i < len(full); i++ {
			if full[i] == '.' {
				out[full[:i]] = true
			}
		}
		out[full] = true
	}
	for full := range table() {
		add(full)
	}
	for full := range renames {
		add(full)
	}
	for full := range folders() {
		add(full)
	}
	return out
}

// builtinNames are the names that Python knows by itself and that matter here.
var builtinNames = func() map[string]bool {
	out := map[string]bool{}
	for _, n := range strings.Fields(`exec eval compile execfile open file input raw_input __import__ getattr setattr delattr hasattr globals locals vars dir
		chr ord unichr bytes bytearray str unicode int float bool list tuple dict set frozenset range xrange map filter zip reversed sorted enumerate
		sum min max len print repr ascii format hex oct bin abs round pow divmod isinstance issubclass callable type super object property staticmethod
		classmethod iter next any all memoryview slice id hash breakpoint reload reduce apply long basestring help exit quit Exception`) {
		out[n] = true
	}
	return out
}()

// constants are names outside that stand for the same everywhere that matters.
var constants = map[string]*value{
	"sys.executable": {kind: text, s: "python"}, "os.devnull": {kind: text, s: "/dev/null"}, "os.path.sep": {kind: text, s: "/"}, "os.sep": {kind: text, s: "/"},
	"os.linesep": {kind: text, s: "\n"}, "os.curdir": {kind: text, s: "."}, "os.pathsep": {kind: text, s: ":"},
	"string.ascii_lowercase": {kind: text, s: "abcdefghijklmnopqrstuvwxyz"}, "string.ascii_uppercase": {kind: text, s: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	"string.ascii_letters": {kind: text, s: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}, "string.digits": {kind: text, s: "0123456789"},
	"string.punctuation": {kind: text, s: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}, "string.hexdigits": {kind: text, s: "0123456789abcdefABCDEF"},
	"string.printable":            {kind: text, s: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\x0b\x0c"},
	"subprocess.CREATE_NO_WINDOW": {kind: integer, n: 0x08000000}, "stat.S_IEXEC": {kind: integer, n: 0o100}, "stat.S_IXUSR": {kind: integer, n: 0o100},
	"stat.S_IXGRP": {kind: integer, n: 0o10}, "stat.S_IXOTH": {kind: integer, n: 0o1}, "stat.S_IRWXU": {kind: integer, n: 0o700}, "stat.S_IRUSR": {kind: integer, n: 0o400}, "stat.S_IWUSR": {kind: integer, n: 0o200},
	"mmap.PROT_READ": {kind: integer, n: 1}, "mmap.PROT_WRITE": {kind: integer, n: 2}, "mmap.PROT_EXEC": {kind: integer, n: protExec},
	"stat.S_IRWXG": {kind: integer, n: 0o70}, "stat.S_IRWXO": {kind: integer, n: 0o7},
}

// scope holds the names of a function, a class body or the file.
type scope struct {
	vars   map[string]*value
	parent *scope
	fn     *fun // whose body it is; nil for the file and for class bodies
	class  bool
	exact  bool            // it is read exactly: see exact.go
	global map[string]bool // names declared global
}

// lookup gives what a name stands for.
func (a *analysis) lookup(n string) *value {
	for s, inner := a.scope, true; s != nil; s, inner = s.parent, false {
		if s.class && !inner {
			continue // bodies of methods do not see the names of their class
		}
		if s.global[n] {
			s = a.file
		}
		if v, ok := s.vars[n]; ok {
			return v
		}
	}
	return a.implied(n)
}

// implied gives what a name stands for that this file does not bind.
func (a *analysis) implied(n string) *value {
	if builtinNames[n] {
		return &a.below(a.builtins, n).value
	}
	switch n {
	case "__builtins__", "__builtin__":
		return &a.builtins.value
	case "__file__", "__path__", "__spec__", "__loader__":
		return a.ownPath
	case "__doc__":
		return a.doc
	}
	if a.globalNames[n] != nil {
		return a.globalNames[n].get()
	}
	for i := len(a.starred) - 1; i >= 0; i-- {
		if full := a.starred[i] + "." + n; namesOf()[full] {
			return &a.outside(full).value
		}
	}
	return a.fromStar(n)
}

// mostStars bounds the modules in which a name is looked for.
const mostStars = 4

// fromStar gives what a name stands for that a module of the package may have
// brought with all its others.
func (a *analysis) fromStar(n string) *value {
	if len(a.starredOwn) == 0 || strings.HasPrefix(n, "_") {
		return nothing
	}
	out := nothing
	for _, module := range a.starredOwn[max(0, len(a.starredOwn)-mostStars):] {
		v := a.ofNeighbour(a.outside(dotted(module, n)), a.looking)
		if v.kind != name {
			return v
		}
		if out == nothing {
			out = v
		} else {
			out = a.alternatives(out, v)
		}
	}
	return out
}

// dotted is a name in a module; a relative module may be dots alone.
func dotted(module, n string) string {
	if strings.HasSuffix(module, ".") {
		return module + n
	}
	return module + "." + n
}

// bind gives a name a value. In a branch, what the name stood for before stays possible.
func (a *analysis) bind(n string, v *value) {
	s := a.scope
	if s.global[n] {
		a.writeGlobal(n, v)
		return
	}
	if old, ok := s.vars[n]; ok && a.branch > 0 && old != v {
		v = a.either(old, v)
	}
	s.vars[n] = v
}

// either is join for an assignment in a branch: the new value stays what it is,
// and carries what the old one carried.
func (a *analysis) either(old, v *value) *value {
	if old.callable() {
		return a.alternatives(old, v)
	}
	from, m := old.reaches()
	if old.kind == text || old.kind == partial {
		m |= a.marksOfValue(old)
	}
	if v.kind == none && !old.plain() {
		return old
	}
	return a.tainted(v, from, m)
}

// slot is something that one function writes and another reads: a parameter, a
// result, an attribute. It only grows.
type slot struct {
	v    *value
	read int // the round in which it was last read
	a    *analysis
}

func (s *slot) get() *value {
	s.read = s.a.round
	if s.v == nil {
		return nothing
	}
	return s.v
}

// add joins v in. What was read before in this round was read too early, so
// another round is needed.
func (s *slot) add(v *value) {
	a := s.a
	if a.silent > 0 || v == nil || v.plain() && s.v == nil {
		return
	}
	if s.v != nil && s.v.callable() && v.callable() && a.covers(s.v, v) {
		return
	}
	next := a.join(s.v, v)
	if s.v != nil && same(s.v, next, 3) {
		return
	}
	s.v = next
	if s.read == a.round {
		a.changed = true
	}
}

// covers says that a value stands for v already, or for so much that v adds
// nothing but what it carries: then the order in which names come cannot keep a
// summary changing.
func (a *analysis) covers(s, v *value) bool {
	from, m := v.reaches()
	n := 0
	for o := s; o != nil; o = o.alt {
		if o.kind == v.kind && o.ref == v.ref && o.fn == v.fn && o.cls == v.cls {
			return s.from|o.from|from == s.from|o.from && s.marks|o.marks|m == s.marks|o.marks
		}
		n++
	}
	return n >= mostAlternatives && s.from|from == s.from && s.marks|m == s.marks
}

func (a *analysis) writeGlobal(n string, v *value) {
	s := a.globalNames[n]
	if s == nil {
		s = &slot{a: a, read: a.round}
		a.globalNames[n] = s
	}
	if old, ok := a.file.vars[n]; ok {
		v = a.either(old, v)
	}
	s.add(v)
	a.file.vars[n] = v
}

// fun is a function, method or lambda of this file.
type fun struct {
	node      syntax.ID
	unit      *unit
	cls       *class // whose method it is
	closure   *scope
	params    []param
	star      *slot // *args
	starName  string
	kw        *slot // **kwargs
	kwName    string
	result    slot
	static    bool
	getter    bool // a property: reading it calls it
	queued    int  // the round in which its body was last asked for
	value     value
	size      int // statements of its body, 0 when too many to evaluate in place
	sized     bool
	winds     bool // its body has branches or loops
	failed    int  // how often reading it exactly gave nothing
	gives     bool // it returns something
	generates bool
	looking   bool // a __getattr__ that is being read in place
	origin    *fun // of a closure that was made while reading exactly: the function as it is written
}

type param struct {
	node  syntax.ID
	name  string
	value slot
	def   *value
}

// class is a class of this file.
type class struct {
	name   string
	unit   *unit
	bases  []*value
	attrs  map[string]*slot
	value  value
	object value
	hook   bool     // a subclass of a command class
	fields []string // of a record, in order
}

// attribute gives a member of the class or of its bases, and the class it was found in.
func (c *class) attribute(n string, depth int) *value {
	if s := c.attrs[n]; s != nil {
		return s.get()
	}
	if depth == 0 {
		return nil
	}
	for _, b := range c.bases {
		if b.kind == classOf {
			if v := b.cls.attribute(n, depth-1); v != nil {
				return v
			}
		}
	}
	return nil
}

// foreignBase gives the first base outside this file, through bases inside it.
func (c *class) foreignBase(depth int) *ref {
	for _, b := range c.bases {
		if b.kind == name {
			return b.ref
		}
		if b.kind == classOf && depth > 0 {
			if r := b.cls.foreignBase(depth - 1); r != nil {
				return r
			}
		}
	}
	return nil
}
