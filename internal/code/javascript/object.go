package javascript

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What the methods of objects, maps and proxies give.

// proxied is what stands behind a Proxy.
type proxied struct{ target, handler *value }

// symbol begins the keys that are symbols: no key of a program begins so.
const symbol = "\x00@@"

// keysOf gives the keys of an object as a loop sees them: numbers first.
func keysOf(v *value) []string {
	keys := make([]string, 0, len(v.rare().keyOrder))
	for _, k := range v.rare().keyOrder {
		if !strings.HasPrefix(k, symbol) && !strings.HasPrefix(k, "#") {
			keys = append(keys, k)
		}
	}
	place := func(k string) int {
		if n, err := strconv.Atoi(k); err == nil && n >= 0 {
			return n
		}
		return 1 << 31
	}
	slices.SortStableFunc(keys, func(l, r string) int { return place(l) - place(r) })
	return keys
}

// exact says whether all that an object holds is known.
func exact(v *value) bool {
	return v.kind == vObject && !v.dirty && v.rare().behind == nil && len(v.fields) <= manyFields && len(v.rare().keyOrder) == len(v.fields) && (v.fn == nil || v.fn.proto != v)
}

// list makes an array.
func (a *analysis) list(items ...*value) *value {
	return &value{kind: vArray, items: items, born: a.born(), fn: a.cur}
}

// iterate gives an array of what a value yields; the value itself when that is not known.
func (a *analysis) iterate(v *value) *value {
	switch v.kind {
	case vString:
		return a.list(characters(v)...)
	case vName:
		if pairs, of := collection(v); of != "" {
			if v.dirty {
				return v
			}
			return a.list(pairs...)
		}
	case vObject:
		f := v.fields[symbol+"iterator"]
		if f == nil {
			f = v.fields[symbol+"asyncIterator"]
		}
		if f == nil && v.fn != nil && v.fn.proto != nil {
			f = v.fn.proto.fields[symbol+"iterator"]
		}
		if f != nil && f.kind == vFunc {
			if out := a.callValue(f, v, nil, 0, false, false); out.kind == vArray {
				return out
			}
		}
	}
	return v
}

// rounds gives what a loop over a value sees; nil when that is not known.
func (a *analysis) rounds(x *node, over *value) []*value {
	if x.flag&fOf != 0 {
		if over.kind == vObject && !a.concrete {
			return nil
		}
		over = a.iterate(over)
		if over.kind == vArray && !over.dirty && len(over.items) > 0 || over.kind == vArray && a.concrete && !over.dirty {
			return append([]*value{}, over.items...)
		}
		return nil
	}
	out := []*value{}
	switch {
	case over.kind == vString && !over.bytes:
		for i := range utf16Of(over) {
			out = append(out, text(strconv.Itoa(i)))
		}
	case over.kind == vArray && !over.dirty:
		for i := range over.items {
			out = append(out, text(strconv.Itoa(i)))
		}
	case exact(over):
		for _, k := range keysOf(over) {
			out = append(out, text(k))
		}
	default:
		return nil
	}
	return out
}

// collection gives what a map or a set holds: pairs, or things.
func collection(v *value) (items []*value, of string) {
	if v.kind != vName || v.items == nil {
		return nil, ""
	}
	switch v.s {
	case "Map()", "WeakMap()":
		return v.items, "Map"
	case "Set()", "WeakSet()":
		return v.items, "Set"
	}
	return nil, ""
}

// newCollection gives new Map(...) and new Set(...).
func (a *analysis) newCollection(class string, args []*value) *value {
	out := &value{kind: vName, s: class + "()", items: []*value{}, born: a.born(), fn: a.cur}
	if len(args) == 0 || args[0].kind == vNull {
		return out
	}
	list := a.iterate(args[0])
	d := list.deep(2)
	out.from |= d.from &^ fromLong
	out.marks |= d.marks
	if list.kind != vArray || list.dirty || len(list.items) > mostPairs {
		out.dirty = true
		return out
	}
	for _, it := range list.items {
		if strings.HasSuffix(class, "Map") {
			if it.kind != vArray || len(it.items) != 2 {
				out.dirty = true
				return out
			}
			out.put2(it.items[0], it.items[1])
			continue
		}
		out.put2(it, nil)
	}
	return out
}

// identical says whether two values are surely one.
func identical(l, r *value) bool {
	if l.isConst() {
		return l.kind == r.kind && same(l, r)
	}
	return l == r || l.kind == vFunc && r.kind == vFunc && l.fn == r.fn
}

// put2 puts a pair into a map, or a thing into a set.
func (v *value) put2(k, x *value) {
	for i, it := range v.items {
		if x != nil && identical(it.items[0], k) {
			v.items[i] = &value{kind: vArray, items: []*value{k, x}}
			return
		}
		if x == nil && identical(it, k) {
			return
		}
	}
	if len(v.items) >= mostPairs {
		v.dirty = true
		return
	}
	if x != nil {
		k = &value{kind: vArray, items: []*value{k, x}}
	}
	v.items = append(v.items, k)
}

// callCollection follows a method of a map or a set; nil when nothing is known.
func (a *analysis) callCollection(v *value, key string, args []*value, pos int32) *value {
	items, of := collection(v)
	if of == "" {
		return nil
	}
	change := key == "set" || key == "add" || key == "delete" || key == "clear"
	if change && a.concrete && (v.dirty || !a.mayChange(v)) {
		a.aborted = true
		return unknown
	}
	switch {
	case key == "set" && of == "Map" && len(args) == 2, key == "add" && of == "Set" && len(args) == 1:
		var x *value
		if of == "Map" {
			x = args[1]
		}
		if !a.concrete && (a.loop > 0 || a.branch > 0 || v.fn != a.cur) { // one of several that may have it
			k := args[0]
			if of == "Map" {
				for _, it := range items {
					if identical(it.items[0], k) {
						x = merge(it.items[1], x)
					}
				}
			}
		}
		v.put2(args[0], x)
		for _, arg := range args {
			d := arg.deep(2)
			v.from |= d.from & carriers
			a.handOver(arg, true)
		}
		return v
	case key == "delete" || key == "clear":
		if !a.concrete {
			return unknown
		}
		if key == "clear" {
			v.items = v.items[:0:0]
			return undefined
		}
		for i, it := range items {
			if of == "Map" {
				it = it.items[0]
			}
			if identical(it, args0(args)) {
				v.items = slices.Delete(slices.Clone(items), i, i+1)
				return yes
			}
		}
		return no
	case key == "get" && of == "Map" && len(args) == 1:
		k := args[0]
		var any *value
		for _, it := range items {
			if identical(it.items[0], k) {
				return it.items[1]
			}
			if len(items) <= 2*mostUnion {
				any = merge(any, it.items[1])
			}
		}
		if a.concrete {
			if v.dirty || !k.isConst() && k.kind == vUnknown {
				a.aborted = true
			}
			return undefined
		}
		if k.isConst() && !v.dirty && len(items) > 0 || any == nil {
			return tainted(v.from)
		}
		return any.with(tainted(v.from))
	case key == "has" && a.concrete && !v.dirty:
		for _, it := range items {
			if of == "Map" {
				it = it.items[0]
			}
			if identical(it, args0(args)) {
				return yes
			}
		}
		return no
	case v.dirty:
		return nil
	case key == "entries" && of == "Map":
		return a.list(items...)
	case key == "values" || key == "keys" || key == "forEach":
		var out []*value
		for _, it := range items {
			if of == "Map" && key == "keys" {
				it = it.items[0]
			} else if of == "Map" {
				it = it.items[1]
			}
			out = append(out, it)
		}
		if key == "forEach" {
			return a.callMethod(a.list(out...), key, args, pos, false, false)
		}
		return a.list(out...)
	}
	return nil
}

// memberOfProxy gives proxy.key.
func (a *analysis) memberOfProxy(v *value, key string, pos int32, disguised bool) *value {
	p := v.rare().behind
	if trap := p.handler.field("get"); trap != nil && trap.kind == vFunc {
		return a.callValue(trap, p.handler, []*value{p.target, text(key), v}, pos, false, false)
	}
	return a.member(p.target, key, pos, disguised)
}

// callProxy follows proxy(args) and new proxy(args).
func (a *analysis) callProxy(v, this *value, args []*value, pos int32, construct, disguised bool) *value {
	p := v.rare().behind
	list := a.list(args...)
	if this == nil {
		this = undefined
	}
	if construct {
		if trap := p.handler.field("construct"); trap != nil && trap.kind == vFunc {
			return a.callValue(trap, p.handler, []*value{p.target, list, v}, pos, false, false)
		}
	} else if trap := p.handler.field("apply"); trap != nil && trap.kind == vFunc {
		return a.callValue(trap, p.handler, []*value{p.target, this, list}, pos, false, false)
	}
	return a.callValue(p.target, this, args, pos, construct, disguised)
}

// ofObject gives what a function of Object, Reflect and their like gives, or nil.
func (a *analysis) ofObject(fn string, args []*value, pos int32, construct bool) *value {
	first := args0(args)
	switch fn {
	case "Map", "WeakMap", "Set", "WeakSet":
		if construct {
			return a.newCollection(fn, args)
		}
	case "Proxy":
		if len(args) == 2 && args[1].kind == vObject {
			return &value{kind: vObject, more: &more{behind: &proxied{first, args[1]}}, born: a.born()}
		}
	case "Object.getOwnPropertyDescriptor", "Reflect.getOwnPropertyDescriptor":
		if key, ok := strArg(args, 1); ok && first.kind != vUnknown {
			return a.descriptor(first, key, pos)
		}
	case "Object.getOwnPropertyDescriptors":
		if first.kind == vName || first.kind == vObject || first.kind == vFunc {
			return &value{kind: vObject, more: &more{descriptorsOf: first}}
		}
	case "Object.entries", "Object.keys", "Object.values", "Reflect.ownKeys", "Object.getOwnPropertyNames":
		return a.listed(fn[strings.IndexByte(fn, '.')+1:], first)
	case "Object.fromEntries":
		list := a.iterate(first)
		if list.kind != vArray || list.dirty {
			return nil
		}
		out := newObject()
		out.born = a.born()
		for _, it := range list.items {
			if it.kind != vArray || len(it.items) != 2 {
				return nil
			}
			k, ok := it.items[0].str()
			if !ok {
				return nil
			}
			out.setField(k, it.items[1])
		}
		return out
	case "Object.create":
		if first.kind == vObject && len(args) < 2 && !a.concrete {
			return first // what is given to one is given to the other
		}
		out := newObject()
		out.born = a.born()
		if first.kind != vNull {
			out.grow().inherits = first
		}
		if len(args) > 1 {
			for _, k := range sortedKeys(args[1].fields) {
				if x := a.described(args[1].fields[k], pos); x != nil {
					out.setField(k, x)
				}
			}
		}
		return out
	case "Object.setPrototypeOf", "Reflect.setPrototypeOf":
		if len(args) == 2 && first.kind == vObject && (!a.concrete || a.mayChange(first)) {
			first.grow().inherits = args[1]
			return first
		}
	case "Object.getPrototypeOf", "Reflect.getPrototypeOf":
		switch {
		case first.rare().inherits != nil:
			return first.rare().inherits
		case first.kind == vName && first.s == "module":
			return first
		case first.kind == vObject && first.fn != nil:
			return first.fn.prototype()
		}
	case "Symbol":
		s, _ := strArg(args, 0)
		a.symbols++
		return text(symbol + strconv.Itoa(a.symbols) + ":" + s)
	case "Symbol.for":
		if s, ok := strArg(args, 0); ok {
			return text(symbol + ":" + s)
		}
	case "Reflect.has":
		if k, ok := strArg(args, 1); ok && exact(first) {
			return boolean(first.fields[k] != nil)
		}
	case "Error", "TypeError", "RangeError", "SyntaxError", "EvalError", "ReferenceError", "URIError":
		if len(args) > 0 && first.kind != vUnknown {
			out := newObject()
			out.born = a.born()
			out.setField("message", first)
			out.setField("name", text(fn))
			if len(args) > 1 {
				if cause := args[1].field("cause"); cause != nil {
					out.setField("cause", cause)
				}
			}
			return out
		}
	}
	return nil
}

// descriptor describes a property.
func (a *analysis) descriptor(of *value, key string, pos int32) *value {
	out := newObject()
	out.setField("value", a.member(of, key, pos, true))
	return out
}

// described is the value of a property that a descriptor describes.
func (a *analysis) described(d *value, pos int32) *value {
	if x := d.field("value"); x != nil {
		return x
	}
	if get := d.field("get"); get != nil && get.kind == vFunc {
		return a.callValue(get, nil, nil, pos, false, false)
	}
	return nil
}

// listed gives Object.keys, values and entries.
func (a *analysis) listed(what string, v *value) *value {
	var keys []string
	get := func(k string) *value { return v.fields[k] }
	switch {
	case v.kind == vArray && !v.dirty:
		for i := range v.items {
			keys = append(keys, strconv.Itoa(i))
		}
		get = func(k string) *value { i, _ := strconv.Atoi(k); return v.items[i] }
	case exact(v) && !v.env:
		keys = keysOf(v)
	case v.kind == vName && what == "entries" && specRoots()[v.s] && v.s != "process":
		// The few names that matter in a library stand for all.
		return &value{kind: vName, s: "Object.entries()", more: &more{entriesOf: v}}
	default:
		return nil
	}
	out := a.list()
	for _, k := range keys {
		switch what {
		case "values":
			out.items = append(out.items, get(k))
		case "entries":
			out.items = append(out.items, &value{kind: vArray, items: []*value{text(k), get(k)}})
		default:
			out.items = append(out.items, text(k))
		}
	}
	return out
}

// converted gives the text or number that an object gives of itself when it is used
// as one; nil for an object that does not say.
func (a *analysis) converted(v *value, number bool) *value {
	if v.kind == vName && !number {
		return nativeText(v.s)
	}
	if v.kind != vObject || len(v.fields) == 0 || v.rare().behind != nil {
		return nil
	}
	names := [3]string{symbol + "toPrimitive", "toString", "valueOf"}
	if number {
		names[1], names[2] = names[2], names[1]
	}
	for _, n := range names {
		if f := v.fields[n]; f != nil && f.kind == vFunc {
			return a.callValue(f, v, nil, 0, false, false)
		}
	}
	return nil
}

// nativeText is what a function of the language says when it is made a text.
func nativeText(path string) *value {
	at := strings.LastIndexByte(path, '.')
	switch {
	case strings.HasPrefix(path, "Array.prototype."), strings.HasPrefix(path, "String.prototype."), strings.HasPrefix(path, "Number.prototype."):
	case at < 0 && (path == "Array" || path == "String" || path == "Number" || path == "Function" || path == "Boolean" || path == "RegExp"):
	default:
		return nil
	}
	return text("function " + path[at+1:] + "() { [native code] }")
}

func sortedKeys(fields map[string]*value) []string { return slices.Sorted(maps.Keys(fields)) }
