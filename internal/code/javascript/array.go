package javascript

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// mutate follows what changes an array.
func (a *analysis) mutate(v *value, key string, args []*value) *value {
	straight := v.fn == a.cur && a.branch == 0 && a.loop == 0
	if a.concrete {
		straight = a.mayChange(v)
	}
	if key == "sort" && !a.concrete && len(args) > 0 && args[0].kind == vFunc {
		d := v.deep(1)
		a.callback(args[0], []*value{&d, &d}, true)
	}
	if straight && !v.dirty && len(v.items)+len(args) < mostItems {
		if out := a.changeArray(v, key, args); out != nil {
			return out
		}
	}
	if a.concrete {
		a.aborted = true
		return unknown
	}
	v.dirty = true
	out := &value{}
	for _, arg := range args {
		d := arg.deep(1)
		v.carry(&d)
		if arg.kind == vFunc || arg.kind == vObject || arg.kind == vArray {
			a.handOver(arg, true) // a list of what is run later: webpackJsonp.push([...])
			if len(v.items) < 64 {
				v.items = append(v.items, arg)
			}
		}
	}
	out.carry(v)
	return out
}

// changeArray changes an array as a method does; nil when it is not known how.
func (a *analysis) changeArray(v *value, key string, args []*value) *value {
	n := len(v.items)
	switch key {
	case "push":
		v.items = append(v.items, args...)
		return number(float64(len(v.items)))
	case "unshift":
		v.items = append(slices.Clone(args), v.items...)
		return number(float64(len(v.items)))
	case "pop", "shift":
		if n == 0 {
			return undefined
		}
		if key == "pop" {
			it := v.items[n-1]
			v.items = v.items[:n-1]
			return it
		}
		it := v.items[0]
		v.items = v.items[1:]
		return it
	case "splice":
		from, ok := intArg(args, 0, 0)
		count, ok2 := intArg(args, 1, n)
		if !ok || !ok2 || len(args) == 0 {
			return nil
		}
		from = fromEnd(from, n)
		count = clamp(count, n-from)
		out := &value{kind: vArray, items: slices.Clone(v.items[from : from+count]), born: a.born(), fn: a.cur}
		var more []*value
		if len(args) > 2 {
			more = args[2:]
		}
		v.items = slices.Concat(v.items[:from], more, v.items[from+count:])
		return out
	case "fill":
		from, ok := intArg(args, 1, 0)
		to, ok2 := intArg(args, 2, n)
		if !ok || !ok2 {
			return nil
		}
		v.items = slices.Clone(v.items)
		for i := fromEnd(from, n); i < fromEnd(to, n); i++ {
			v.items[i] = args0(args)
		}
		return v
	case "sort":
		if sorted, ok := a.sorted(v.items, args); ok {
			v.items = sorted
			return v
		}
	case "set":
		from, ok := intArg(args, 1, 0)
		if list := a.iterate(args0(args)); ok && list.kind == vArray && !list.dirty && v.typed && from >= 0 && from+len(list.items) <= n {
			v.items = slices.Clone(v.items)
			copy(v.items[from:], list.items)
			return undefined
		}
	case "write":
		s, ok := strArg(args, 0)
		from, ok2 := intArg(args, 1, 0)
		if ok && ok2 && v.typed && from >= 0 && from+len(s) <= n {
			v.items = slices.Clone(v.items)
			for i := range len(s) {
				v.items[from+i] = smallNumbers[s[i]]
			}
			return number(float64(len(s)))
		}
	}
	return nil
}

// sorted gives items in the order of a function, or of their texts.
func (a *analysis) sorted(items, args []*value) ([]*value, bool) {
	if len(items) > 4096 {
		return nil, false
	}
	known := true
	out := slices.Clone(items)
	if len(args) == 0 || args[0].kind == vNull {
		slices.SortStableFunc(out, func(l, r *value) int {
			s, ok := l.str()
			t, ok2 := r.str()
			known = known && ok && ok2
			return cmp.Compare(s, t)
		})
		return out, known
	}
	if args[0].kind != vFunc {
		return nil, false
	}
	slices.SortStableFunc(out, func(l, r *value) int {
		if !known {
			return 0
		}
		v, ok := a.inline(args[0].fn, nil, []*value{l, r})
		if !ok {
			known = false
			return 0
		}
		f, ok := v.num()
		known = known && ok
		return cmp.Compare(f, 0)
	})
	return out, known
}

// indexes is the list of the numbers below n.
func (a *analysis) indexes(n int) []*value {
	out := make([]*value, n)
	for i := range out {
		out[i] = number(float64(i))
	}
	return out
}

// flatten gives the items of an array and of those in it.
func flatten(items []*value, depth int) ([]*value, bool) {
	var out []*value
	for _, it := range items {
		if it.kind != vArray || depth <= 0 {
			out = append(out, it)
			continue
		}
		if it.dirty {
			return nil, false
		}
		more, ok := flatten(it.items, depth-1)
		if !ok || len(out)+len(more) > mostItems {
			return nil, false
		}
		out = append(out, more...)
	}
	return out, true
}

// foldList gives array.method(args) of the methods that make no text, or nil.
func (a *analysis) foldList(v *value, method string, args []*value) *value {
	list := func(items []*value) *value {
		out := &value{kind: vArray, items: items, born: a.born(), fn: a.cur}
		out.carry(v)
		return out
	}
	switch method {
	case "keys":
		return list(a.indexes(len(v.items)))
	case "values", "toArray", symbol + "iterator":
		return list(slices.Clone(v.items))
	case "entries":
		var out []*value
		for i, it := range v.items {
			out = append(out, &value{kind: vArray, items: []*value{number(float64(i)), it}})
		}
		return list(out)
	case "flat":
		depth, ok := intArg(args, 0, 1)
		if out, flat := flatten(v.items, min(depth, 20)); ok && flat {
			return list(out)
		}
	case "toReversed":
		out := slices.Clone(v.items)
		slices.Reverse(out)
		return list(out)
	case "toSorted":
		if out, ok := a.sorted(v.items, args); ok {
			return list(out)
		}
	case "with":
		if i, ok := intArg(args, 0, 0); ok && len(args) == 2 {
			if i < 0 {
				i += len(v.items)
			}
			if i >= 0 && i < len(v.items) {
				out := slices.Clone(v.items)
				out[i] = args[1]
				return list(out)
			}
		}
	case "toSpliced":
		c := list(slices.Clone(v.items))
		if a.changeArray(c, "splice", args) != nil {
			return c
		}
	case "includes", "lastIndexOf":
		if len(args) != 1 || !args[0].isConst() {
			return nil
		}
		at := -1
		for i, it := range v.items {
			if !it.isConst() {
				return nil
			}
			if same(it, args[0]) {
				at = i
			}
		}
		if method == "includes" {
			return boolean(at >= 0)
		}
		return number(float64(at))
	case "next":
		if !v.iterated || !a.concrete {
			return nil
		}
		out := newObject()
		out.born = a.born()
		i := int(v.n)
		out.setField("done", boolean(i >= len(v.items)))
		out.setField("value", undefined)
		if i < len(v.items) {
			out.fields["value"] = v.items[i]
			v.n++
		}
		return out
	}
	return nil
}

// foldEach carries out a method that calls a function for each item.
func (a *analysis) foldEach(v *value, method string, args []*value) *value {
	if len(args) == 0 || len(v.items) > 20_000 || len(v.items) == 0 {
		return nil
	}
	f := args[0]
	if f.kind != vFunc && f.kind != vName {
		return nil
	}
	for _, it := range v.items {
		if it.kind == vUnknown || it.kind == vUnion {
			return nil
		}
	}
	apply := func(list []*value) (*value, bool) {
		switch f.kind {
		case vFunc:
			return a.inline(f.fn, nil, list)
		case vName:
			if r := a.pure(f.s, list[:1], false); r != nil {
				return r, true
			}
			if a.concrete {
				return a.callName(f, nil, list, 0, false, false), !a.aborted
			}
			if loads(f.s) && list[0].kind == vString {
				return a.module(list[0], a.here, f.s), true
			}
		}
		return nil, false
	}
	out := &value{kind: vArray, born: a.born(), fn: a.cur}
	out.carry(v)
	if method == "reduce" || method == "reduceRight" {
		items, at := v.items, func(i int) float64 { return float64(i) }
		if method == "reduceRight" {
			items = slices.Clone(items)
			slices.Reverse(items)
			at = func(i int) float64 { return float64(len(v.items) - 1 - i) }
		}
		first := 0
		acc := items[0]
		if len(args) > 1 {
			acc = args[1]
		} else {
			first, items = 1, items[1:]
		}
		for i, it := range items {
			r, ok := apply([]*value{acc, it, number(at(i + first)), v})
			if !ok {
				return nil
			}
			acc = r
		}
		return acc
	}
	for i, it := range v.items {
		r, ok := apply([]*value{it, number(float64(i)), v})
		if !ok {
			return nil
		}
		switch method {
		case "map":
			out.items = append(out.items, swapped(it, r))
			continue
		case "flatMap":
			if r.kind == vArray && r.dirty {
				return nil
			}
			more, _ := flatten([]*value{r}, 1)
			if len(out.items)+len(more) > mostItems {
				return nil
			}
			out.items = append(out.items, more...)
			continue
		case "forEach":
			continue
		}
		is, known := r.truth()
		if r.kind == vName {
			is, known = true, a.concrete
		}
		if !known {
			return nil
		}
		switch {
		case method == "filter" && is:
			out.items = append(out.items, it)
		case method == "find" && is:
			return it
		case method == "findIndex" && is:
			return number(float64(i))
		case method == "some" && is, method == "every" && !is:
			return boolean(is)
		}
	}
	switch method {
	case "find", "forEach":
		return undefined
	case "findIndex":
		return number(-1)
	case "some", "every":
		return boolean(method == "every")
	}
	return out
}

// eachMethod are the methods that call a function for each item.
var eachMethod = map[string]bool{"map": true, "filter": true, "reduce": true, "reduceRight": true, "flatMap": true, "forEach": true, "find": true,
	"findIndex": true, "some": true, "every": true}

// carryEach carries out a method of an array with a function that may change what is
// around it. It gives what is left behind, and the result when there is one.
func (a *analysis) carryEach(v *value, method string, args []*value) (*value, *outcome) {
	if !a.straight() || a.inlined > 0 || len(args) == 0 || args[0].kind != vFunc || v.dirty || args[0].fn.gen != a.gen {
		return nil, nil
	}
	if f := args[0].fn.real(); f.failedIn == a.pass && f.failed >= mostFailures {
		return nil, nil
	}
	cur, scope, self := a.cur, a.scope, a.this
	leave := a.enter(stepsOfGiven, true)
	out := a.foldEach(v, method, args)
	if out == nil {
		a.aborted = true
	}
	a.cur, a.scope, a.this = cur, scope, self
	ok, left := leave()
	if !ok {
		f := args[0].fn.real()
		if f.failedIn != a.pass {
			f.failed, f.failedIn = 0, a.pass
		}
		f.failed++
		return nil, nil
	}
	if !useful(out) {
		out = nil
	}
	return out, left
}

// byteList makes an array of n bytes.
func (a *analysis) byteList(n int) *value {
	v := &value{kind: vArray, typed: true, born: a.born(), fn: a.cur, items: make([]*value, n)}
	for i := range v.items {
		v.items[i] = smallNumbers[0]
	}
	return v
}

// listLike gives the items of {length: n, 0: ...}.
func (a *analysis) listLike(v *value) *value {
	f, ok := v.field("length").number()
	if !ok || f < 0 || f > mostItems || f != math.Trunc(f) {
		return nil
	}
	out := &value{kind: vArray, born: a.born(), fn: a.cur}
	for i := range int(f) {
		it := v.fields[strconv.Itoa(i)]
		if it == nil {
			it = undefined
		}
		out.items = append(out.items, it)
	}
	return out
}

func (v *value) number() (float64, bool) {
	if v == nil || v.kind != vNumber {
		return 0, false
	}
	return v.n, true
}
