package python

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// hookMethods are what an installer calls of a command class, and made what Python
// calls of a class when an instance of it is made or used.
var (
	hookMethods = []string{"__init__", "initialize_options", "finalize_options", "run"}
	made        = []string{"__new__", "__init__", "__post_init__", "__enter__", "__exit__", "__call__", "__iter__", "__next__", "__del__", "__set_name__"}
)

// ofNeighbour is the value of a name outside: what is known of it, if it is one of
// another file of the package. A constant says here what it says there.
func (a *analysis) ofNeighbour(r *ref, at syntax.ID) *value {
	if len(a.neighbours) == 0 {
		return &r.value
	}
	c, ok := a.neighbours[r.name]
	if !ok {
		return &r.value
	}
	if c.Library != "" {
		return a.fromName(&c)
	}
	v := a.fromConstant(&c, mostConstantDepth)
	if v.isText() && v.marks != 0 {
		a.noteString(v.s, v.marks, at, v.flags&odd != 0)
	}
	return v
}

// fromName is a module, function or class outside the package, or an instance of
// one, by another name.
func (a *analysis) fromName(c *code.Constant) *value {
	r := a.outside(c.Library)
	v := &r.value
	if c.Made {
		v = &r.made
	}
	if c.Odd {
		v = a.withFlags(v, odd)
	}
	return a.tainted(v, sourcesOf(c.From), 0)
}

// mostConstantDepth bounds lists in lists that other files are told of.
const mostConstantDepth = 3

func (a *analysis) fromConstant(c *code.Constant, depth int) *value {
	v := value{kind: text, s: c.Text, from: sourcesOf(c.From)}
	switch {
	case c.Library != "":
		return a.fromName(c)
	case c.List && c.Keys != nil && depth > 0:
		v.kind = dict
		for i := range c.Items {
			v.items = append(v.items, a.textOf(c.Keys[i]), a.fromConstant(&c.Items[i], depth-1))
		}
	case c.List && depth > 0:
		v.kind = list
		for i := range c.Items {
			v.items = append(v.items, a.fromConstant(&c.Items[i], depth-1))
		}
	case c.List:
		return a.unknown(v.from, 0, 0)
	case c.Bytes:
		v.kind = binary
	}
	if v.isText() {
		v.marks = a.textMarks(v.s)
	}
	if c.Odd {
		v.flags |= odd
	}
	return a.make(v)
}

// sourcesOf is the set of words of From.
func sourcesOf(words []string) sources {
	var out sources
	for _, w := range words {
		if kind, ok := strings.CutPrefix(w, code.ViaFile); ok {
			out |= bit(code.Kind(kind)) << viaFile
		} else {
			out |= bit(code.Kind(w))
		}
	}
	return out
}

// outline tells what other files have to do with this one.
func (a *analysis) outline() *code.Outline {
	o := outliner{a: a, out: &code.Outline{Names: map[string]code.Name{}, Stars: a.starredOwn}, bytes: code.MostConstant}
	o.units()
	for _, n := range slices.Sorted(maps.Keys(a.file.vars)) {
		o.name(n, a.file.vars[n], 2)
	}
	for _, head := range slices.Sorted(maps.Keys(a.roots)) {
		if head == "" || !namesOf()[head] {
			o.reads(a.roots[head], 12)
		}
	}
	slices.Sort(o.out.Reads)
	return o.out
}

// outliner makes one outline.
type outliner struct {
	a     *analysis
	out   *code.Outline
	bytes int // of constants that may still be told
}

func (o *outliner) units() {
	left := code.MostCalls
	for _, u := range o.a.units {
		unit := code.Unit{Reach: u.reach}
		for _, e := range u.edges {
			if left--; left >= 0 {
				unit.Calls = append(unit.Calls, code.Call{Unit: e.to.id, Under: e.under})
			}
		}
		for _, e := range u.away {
			if left--; left >= 0 {
				unit.Calls = append(unit.Calls, code.Call{Name: e.to.name, Under: e.under})
			}
		}
		o.out.Units = append(o.out.Units, unit)
	}
}

// reads gathers the names of other files.
func (o *outliner) reads(r *ref, depth int) {
	if len(o.out.Reads) >= code.MostReads {
		return
	}
	if strings.Trim(r.name, ".") != "" && strings.Contains(r.name, ".") {
		o.out.Reads = append(o.out.Reads, r.name)
	}
	if depth > 0 {
		for _, k := range slices.Sorted(maps.Keys(r.kids)) {
			o.reads(r.kids[k], depth-1)
		}
	}
}

// name tells what a name of this file stands for.
func (o *outliner) name(n string, v *value, depth int) {
	if len(o.out.Names) >= code.MostNames || v == nil {
		return
	}
	var is code.Name
	for i := 0; v != nil && i <= mostAlternatives; v, i = v.alt, i+1 {
		switch v.kind {
		case function:
			is.Units = append(is.Units, v.fn.unit.id)
			if r := v.fn.result.v; depth > 0 && r != nil && (r.kind == object || r.kind == classOf) {
				o.members(n, r.cls, depth-1)
			}
		case classOf, object:
			for _, m := range made {
				is.Units = append(is.Units, unitsOf(v.cls.attribute(m, 8))...)
			}
			if r := v.cls.foreignBase(8); r != nil && elsewhere(r) {
				is.Of = append(is.Of, r.name)
			}
			if depth > 0 {
				o.members(n, v.cls, depth-1)
			}
		case applied:
			is.Units = append(is.Units, unitsOf(v.recv)...)
		case name, inst:
			if elsewhere(v.ref) {
				is.Of = append(is.Of, v.ref.name)
			}
		}
		if is.Constant == nil && i == 0 && v.alt == nil {
			is.Constant = o.constant(v, mostConstantDepth)
		}
	}
	if len(is.Units) > 0 || len(is.Of) > 0 || is.Constant != nil {
		o.out.Names[n] = is
	}
}

// members tells of a class's methods, and what a thread's start runs.
func (o *outliner) members(n string, c *class, depth int) {
	for at, hops := c, 0; at != nil && hops < 8; hops++ {
		for _, k := range slices.Sorted(maps.Keys(at.attrs)) {
			full := n + "." + k
			if _, ok := o.out.Names[full]; !ok && !strings.Contains(k, ".") {
				o.name(full, at.attrs[k].v, depth)
			}
		}
		var next *class
		for _, b := range at.bases {
			if b.kind == classOf && next == nil {
				next = b.cls
			}
		}
		at = next
	}
	if r := c.foreignBase(8); r != nil && (r.name == "threading.Thread" || r.name == "multiprocessing.Process") {
		o.name(n+".start", c.attribute("run", 8), 0)
	}
}

func unitsOf(v *value) []int32 {
	if v == nil || v.kind != function {
		return nil
	}
	return []int32{v.fn.unit.id}
}

// constant is a constant value that other files may fold.
func (o *outliner) constant(v *value, depth int) *code.Constant {
	from := v.from.words()
	switch v.kind {
	case name, inst:
		if full := v.ref.name; namesOf()[full] && !strings.HasPrefix(full, "typing") && v.s == "" && len(v.items) == 0 {
			return &code.Constant{Library: full, Made: v.kind == inst, From: from, Odd: v.flags&odd != 0}
		}
	case text, binary:
		if o.bytes -= len(v.s) + 16; o.bytes < 0 {
			return nil
		}
		return &code.Constant{Text: strings.Clone(v.s), Bytes: v.kind == binary, From: from, Odd: v.flags&odd != 0}
	case list, dict:
		if depth == 0 || v.n != 0 || len(v.items) > 4096 || len(v.items) == 0 {
			return nil
		}
		c := &code.Constant{List: true, From: from}
		step := 1
		if v.kind == dict {
			step, c.Keys = 2, []string{}
		}
		for i := step - 1; i < len(v.items); i += step {
			item := o.constant(v.items[i], depth-1)
			if item == nil || step == 2 && v.items[i-1].kind != text {
				if v.kind == list {
					return nil
				}
				continue
			}
			if step == 2 {
				c.Keys = append(c.Keys, strings.Clone(v.items[i-1].s))
			}
			c.Items = append(c.Items, *item)
		}
		if len(c.Items) == 0 {
			return nil
		}
		return c
	}
	return nil
}
