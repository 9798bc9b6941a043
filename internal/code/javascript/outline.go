package javascript

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// away is a call of a function of another file of the package.
type away struct {
	name string
	main bool
}

// callsAway notes that the present place calls something of another file.
func (a *analysis) callsAway(path string) {
	if !a.last || a.quiet > 0 || a.nowhere > 0 || !strings.HasPrefix(path, ".") || len(a.aways) >= code.MostCalls {
		return
	}
	e := away{strings.ReplaceAll(path, "()", ""), a.main > 0}
	if a.awaySeen == nil {
		a.awaySeen = map[awayFrom]bool{}
	}
	from := awayFrom{a.cur, e}
	if !a.awaySeen[from] {
		a.awaySeen[from] = true
		a.aways = append(a.aways, from)
	}
}

// awayFrom is such a call and who makes it.
type awayFrom struct {
	from *fun
	away
}

// unitOf is the number of a function in the outline; the program is the first.
func (a *analysis) unitOf(f *fun) int32 {
	f = f.real()
	if f == nil || f.pos == -1 {
		return 0
	}
	if f.unit == 0 {
		a.lastUnit++
		f.unit = a.lastUnit
	}
	return f.unit
}

// ofNeighbour is what is known of a name of another file; nil for nothing.
func (a *analysis) ofNeighbour(path string, pos int32) *value {
	if !strings.HasPrefix(path, ".") || strings.Contains(path, "(") {
		return nil
	}
	if a.last && len(a.readNames) < code.MostReads {
		if a.readNames == nil {
			a.readNames = map[string]bool{}
		}
		a.readNames[path] = true
	}
	if c, ok := a.neighbours[path]; ok {
		v := a.fromConstant(&c, mostConstantDepth)
		if v.kind == vString && v.marks != 0 && a.last && a.quiet == 0 { // it says here what it says there
			a.stringFact(v, pos)
		}
		return v
	}
	return nil
}

// mostConstantDepth bounds objects in objects that other files are told of.
const mostConstantDepth = 3

func (a *analysis) fromConstant(c *code.Constant, depth int) *value {
	v := &value{disguised: c.Odd}
	for _, w := range c.From {
		if kind, ok := strings.CutPrefix(w, code.ViaFile); ok {
			v.from |= flow.Word(kind).ViaFile()
		} else {
			v.from |= flow.Word(w)
		}
	}
	switch {
	case c.Library != "":
		v.kind, v.s = vName, c.Library
		v.env = c.Library == "process.env"
	case c.List && depth == 0:
	case c.List && c.Keys != nil:
		v.kind, v.fields = vObject, map[string]*value{}
		for i := range c.Items {
			v.fields[c.Keys[i]] = a.fromConstant(&c.Items[i], depth-1)
		}
	case c.List:
		v.kind = vArray
		for i := range c.Items {
			v.items = append(v.items, a.fromConstant(&c.Items[i], depth-1))
		}
	default:
		v.kind, v.s, v.bytes = vString, c.Text, c.Bytes
		v.marks = a.marksOf(v.s)
	}
	return v
}

// outline tells what other files have to do with this one.
func (a *analysis) outline(program *fun) *code.Outline {
	o := outliner{a: a, out: &code.Outline{Names: map[string]code.Name{}, Stars: a.exportStars, Reads: slices.Sorted(maps.Keys(a.readNames))}, bytes: code.MostConstant}
	for _, n := range slices.Sorted(maps.Keys(a.exports)) {
		o.name(n, a.exports[n], mostConstantDepth)
	}
	o.units(program)
	return o.out
}

// outliner makes one outline.
type outliner struct {
	a     *analysis
	out   *code.Outline
	bytes int // of constants that may still be told
}

// units writes the call graph down: of all functions, for who calls whom is known
// only by who is called.
func (o *outliner) units(program *fun) {
	a := o.a
	funs := slices.SortedFunc(maps.Values(a.funs), func(f, g *fun) int { return cmp.Compare(f.pos, g.pos) })
	reach := make([]uint8, 1, len(funs)+1)
	for _, f := range funs {
		at := a.unitOf(f)
		for int(at) >= len(reach) {
			reach = append(reach, reachUnset)
		}
		reach[at] = f.reach
	}
	// Once to count, once to write: the calls of a large file are the most of what it has.
	each := func(call func(at int32, c code.Call)) {
		left := code.MostCalls
		add := func(from *fun, c code.Call, main bool) {
			if left--; left < 0 {
				return
			}
			if main {
				c.Under = code.OnMain
			}
			call(a.unitOf(from), c)
		}
		for _, f := range funs {
			for _, e := range f.calls {
				add(e.from, code.Call{Unit: a.unitOf(f)}, e.main)
			}
		}
		for _, e := range a.aways {
			add(e.from, code.Call{Name: e.name}, e.main)
		}
	}
	var counts []int
	each(func(at int32, _ code.Call) {
		for int(at) >= len(counts) {
			counts = append(counts, 0)
		}
		counts[at]++
	})
	o.out.Units = make([]code.Unit, a.lastUnit+1)
	for at, n := range counts {
		o.out.Units[at].Calls = make([]code.Call, 0, n)
	}
	each(func(at int32, c code.Call) { o.out.Units[at].Calls = append(o.out.Units[at].Calls, c) })
	for i := range o.out.Units {
		u := &o.out.Units[i]
		u.Reach = code.OnCall
		if i >= len(reach) {
			continue
		}
		switch reach[i] {
		case reachTop:
			u.Reach = code.Top
		case reachMain:
			u.Reach = code.OnMain
		}
	}
	o.out.Units[0].Reach = code.Top
}

// name tells what a name of this file stands for, and what is below it.
func (o *outliner) name(n string, v *value, depth int) {
	if v == nil || len(o.out.Names) >= code.MostNames {
		return
	}
	is := o.out.Names[n]
	v.each(func(v *value) {
		switch v.kind {
		case vFunc:
			o.function(n, &is, v.fn, depth)
		case vName:
			if strings.HasPrefix(v.s, ".") {
				is.Of = append(is.Of, strings.ReplaceAll(v.s, "()", ""))
			}
		case vObject:
			if v.fn != nil { // an instance
				o.class(n, &is, v.fn, depth)
			}
			o.fields(n, v.fields, depth)
		}
	})
	if v.kind != vUnion && is.Constant == nil {
		is.Constant = o.constant(v, depth)
	}
	if len(is.Units) > 0 || len(is.Of) > 0 || is.Constant != nil {
		o.out.Names[n] = is
	}
}

func (o *outliner) fields(n string, fields map[string]*value, depth int) {
	if depth == 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if !strings.Contains(k, ".") {
			o.name(strings.TrimPrefix(n+"."+k, "."), fields[k], depth-1)
		}
	}
}

func (o *outliner) function(n string, is *code.Name, f *fun, depth int) {
	if !f.class {
		is.Units = append(is.Units, o.a.unitOf(f))
		if r := f.ret; r != nil && r.kind == vObject && depth > 1 { // what it gives has methods
			o.fields(n, r.fields, 1)
			if r.fn != nil && r.fn.proto != nil {
				o.fields(n, r.fn.proto.fields, 1)
			}
		}
	}
	o.class(n, is, f, depth)
}

// class tells of a class: what makes an instance, and its methods, its own or those
// of the classes it is made from.
func (o *outliner) class(n string, is *code.Name, f *fun, depth int) {
	for hops := 0; f != nil && hops < 8; hops++ {
		if c := f.proto.field("constructor"); c != nil && c.kind == vFunc {
			is.Units = append(is.Units, o.a.unitOf(c.fn))
		}
		o.fields(n, f.static, min(depth, 1))
		if f.proto != nil {
			o.fields(n, f.proto.fields, min(depth, 1))
		}
		super := f.super
		f = nil
		switch {
		case super == nil:
		case super.kind == vFunc:
			f = super.fn
		case super.kind == vName && strings.HasPrefix(super.s, "."):
			is.Of = append(is.Of, super.s)
		}
	}
}

// constant is a constant value that other files may fold.
func (o *outliner) constant(v *value, depth int) *code.Constant {
	c := &code.Constant{From: v.from.Words(), Odd: v.disguised}
	switch v.kind {
	case vString:
		if o.bytes -= len(v.s) + 16; o.bytes < 0 {
			return nil
		}
		c.Text, c.Bytes = strings.Clone(v.s), v.bytes
		return c
	case vArray:
		if depth == 0 || v.dirty || len(v.items) == 0 || len(v.items) > 4096 {
			return nil
		}
		c.List = true
		for _, it := range v.items {
			item := o.constant(it, depth-1)
			if item == nil {
				return nil
			}
			c.Items = append(c.Items, *item)
		}
		return c
	case vName:
		if v.s == "" || v.from&^(fromEnvAll|fromSecret) != 0 || len(v.s) > mostPath || !specRoots()[rootOf(v.s)] {
			return nil
		}
		if o.bytes -= len(v.s) + 16; o.bytes < 0 {
			return nil
		}
		c.Library = strings.Clone(v.s)
		return c
	}
	return nil // the fields of an object are names of their own
}

// specRoots are the modules and globals of which something is a fact when it is called.
var specRoots = sync.OnceValue(func() map[string]bool {
	roots := map[string]bool{"process": true, "module": true, "require": true, "os": true, "crypto": true, "path": true, "util": true, "stream": true, "events": true, "Reflect": true}
	for name := range specs() {
		roots[rootOf(name)] = true
	}
	for name := range wholeModules {
		roots[name] = true
	}
	return roots
})
