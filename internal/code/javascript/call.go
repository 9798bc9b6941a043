package javascript

import (
	"math"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// call follows a call or new.
func (a *analysis) call(n int32) *value {
	x := *a.at(n)
	callee := *a.at(x.a)
	construct := x.op == nNew
	pos := x.pos
	if construct {
		pos = callee.pos
	}
	switch callee.op {
	case nImportFn:
		args := a.arguments(x.b)
		if len(args) == 0 {
			return unknown
		}
		return a.module(args[0], callee.pos, "import")
	case nSuper:
		args := a.arguments(x.b)
		if a.this != nil && a.this.fn != nil && a.this.fn.super != nil {
			return a.callValue(a.this.fn.super, nil, args, callee.pos, true, false)
		}
		return unknown
	case nMember:
		obj := a.eval(callee.a)
		return a.callMethod(obj, a.atoms.names[callee.b], a.arguments(x.b), callee.pos, construct, false)
	case nIndex:
		obj := a.eval(callee.a)
		k := a.eval(callee.b)
		if s, ok := k.str(); ok && k.kind == vString {
			disguised := k.disguised || k.joined || k.from&fromDecode != 0 || bracketNeedless(obj, s)
			return a.callMethod(obj, s, a.arguments(x.b), callee.pos, construct, disguised)
		}
		f := a.indexed(obj, k, callee.pos)
		return a.callValue(f, obj, a.arguments(x.b), callee.pos, construct, false)
	}
	f := a.eval(x.a)
	if callee.op == nFunc || callee.op == nIdent || callee.op == nClass {
		pos = callee.pos
	}
	return a.callValue(f, nil, a.arguments(x.b), pos, construct, false)
}

func (a *analysis) arguments(first int32) []*value {
	var args []*value
	for e := first; e != 0; e = a.at(e).next {
		v := a.eval(e)
		if a.at(e).op == nSpread && v.kind != vArray {
			v = a.iterate(v)
		}
		if a.at(e).op == nSpread && v.kind == vArray && !v.dirty {
			args = append(args, v.items[:min(len(v.items), mostItems)]...)
			continue
		}
		args = append(args, v)
	}
	return args
}

// callMethod follows obj.key(args).
func (a *analysis) callMethod(obj *value, key string, args []*value, pos int32, construct, disguised bool) *value {
	if obj.kind == vUnion {
		var out *value
		for _, it := range obj.items {
			out = merge(out, a.callMethod(it, key, args, pos, construct, disguised))
		}
		return out
	}
	if a.concrete {
		a.steps -= (len(obj.s) + len(obj.items)) / 16
	}
	if obj.rare().behind != nil {
		return a.callValue(a.memberOfProxy(obj, key, pos, disguised), obj, args, pos, construct, disguised)
	}
	if key == "__defineGetter__" && obj.kind == vObject && len(args) == 2 && !a.concrete {
		if k, ok := args[0].str(); ok {
			obj.setField(k, a.callValue(args[1], obj, nil, pos, false, false))
			return undefined
		}
	}
	if v := a.callCollection(obj, key, args, pos); v != nil {
		return v
	}
	if obj.kind == vFunc || obj.kind == vName && obj.s != "Reflect" {
		if borrowed := obj.kind == vName && (strings.HasSuffix(obj.s, ".call") || strings.HasSuffix(obj.s, ".apply")); borrowed && (key == "call" || key == "apply") && len(args) > 0 {
			inner := obj.s[strings.LastIndexByte(obj.s, '.')+1:] // f.call.call(g, ...): g.call(...)
			if key == "apply" && len(args) > 1 && args[1].kind == vArray && !args[1].dirty {
				args = append([]*value{args[0]}, args[1].items...)
			}
			return a.callMethod(args[0], inner, args[1:], pos, false, disguised)
		}
		switch key {
		case "call":
			this := undefined
			if len(args) > 0 {
				this, args = args[0], args[1:]
			}
			return a.callValue(obj, this, args, pos, false, disguised)
		case "apply":
			this := undefined
			var list []*value
			if len(args) > 0 {
				this = args[0]
			}
			if len(args) > 1 {
				if args[1].kind == vArray && !args[1].dirty {
					list = args[1].items
				} else {
					d := args[1].deep(1)
					list = []*value{&d}
				}
			}
			return a.callValue(obj, this, list, pos, false, disguised)
		case "bind":
			if len(args) == 0 || obj.kind == vName && obj.s == "Function.prototype" {
				return obj
			}
			c := *obj
			c.more = &more{bound: append(slices.Clone(obj.rare().bound), args[1:]...), self: obj.rare().self}
			if obj.kind == vFunc || strings.HasPrefix(obj.s, "Function.prototype.") || strings.HasPrefix(obj.s, "Array.prototype.") || strings.HasPrefix(obj.s, "String.prototype.") {
				c.more.self = args[0]
			}
			return &c
		}
	}
	if key == "address" && len(args) == 0 && obj.kind != vObject && obj.from.Has(fromSocket) {
		return unknown // where a server listens is nothing that it heard
	}
	switch obj.kind {
	case vString:
		if v := a.foldText(obj, key, args); v != nil {
			return a.telling(v, obj, pos)
		}
	case vRegex:
		if v := a.runExpression(obj, key, args); v != nil {
			return v
		}
	case vArray:
		if mutators[key] || obj.typed && (key == "set" || key == "write") {
			return a.mutate(obj, key, args)
		}
		if obj.iterated && key == "next" && !a.concrete {
			return a.step(obj, args)
		}
		if obj.typed && (key == "toString" || key == "subarray") {
			if b := a.buffer([]*value{obj}); b != nil {
				return a.callMethod(b, key, args, pos, construct, disguised)
			}
		}
		if eachMethod[key] && !a.concrete {
			if v, left := a.carryEach(obj, key, args); left != nil {
				a.loop++
				out := a.callUnknownMethod(obj, key, args, pos) // what it does is said as ever
				a.loop--
				a.settle(left)
				for _, s := range left.vars {
					if s.b.writer == args[0].fn.real() { // what it writes, it wrote here
						s.b.foreign = nil
					}
				}
				if v != nil {
					out = a.telling(v, obj, pos)
				}
				return out
			}
		}
		a.here = pos
		if v := a.foldArray(obj, key, args); v != nil {
			if eachMethod[key] && !a.concrete {
				a.callUnknownMethod(obj, key, args, pos) // the function runs, whatever it gives
			}
			return a.telling(v, obj, pos)
		}
	case vNumber, vBig:
		if s, ok := a.numberText(obj, key, args); ok {
			return s
		}
	}
	if obj.rare().entriesOf != nil && (key == "find" || key == "filter" || key == "forEach" || key == "map") {
		if v := a.entryOf(obj.rare().entriesOf, args, pos); v != nil {
			return v
		}
	}
	if obj.kind == vObject && obj.fields[key] == nil && obj.fn == nil && len(obj.fields) > 0 && (key == "hasOwnProperty" || key == "toString") {
		return unknown
	}
	if obj.kind == vName || obj.kind == vObject || obj.kind == vFunc {
		f := a.member(obj, key, pos, disguised)
		if f.kind == vFunc || f.kind == vUnion || f.kind == vName && (a.known(f.s) || !generic[key]) {
			if f.kind == vName && f.s == "Function" && key == "constructor" {
				return a.callValue(f, obj, args, pos, construct, true)
			}
			return a.callValue(f, obj, args, pos, construct, disguised)
		}
	}
	if key == "constructor" && (obj.callable || obj.kind == vString || obj.kind == vArray) {
		return a.callValue(a.member(obj, key, pos, true), obj, args, pos, construct, true)
	}
	return a.callUnknownMethod(obj, key, args, pos)
}

// callBuiltin follows a method of the language's own arrays and texts on obj. A
// method that obj has itself does not take part: it may be this very one, borrowed.
func (a *analysis) callBuiltin(obj *value, key string, args []*value, pos int32) *value {
	switch obj.kind {
	case vUnion:
		var out *value
		for _, it := range obj.items {
			out = merge(out, a.callBuiltin(it, key, args, pos))
		}
		if out == nil {
			return unknown
		}
		return out
	case vArray, vString, vNumber:
		return a.callMethod(obj, key, args, pos, false, false)
	}
	return a.callUnknownMethod(obj, key, args, pos)
}

// telling says what a constant holds that only calls put together.
func (a *analysis) telling(v, obj *value, pos int32) *value {
	if v.kind != vString || v.bytes || len(v.s) < 4 || len(v.s) > 64<<10 {
		return v
	}
	more := a.marksOf(v.s)
	if decoded := obj.bytes && obj.disguised || obj.from&fromDecode != 0; !decoded || obj.kind != vString {
		more &^= v.marks | obj.marks // what its parts have said
	}
	if more == 0 {
		return v
	}
	c := *v
	c.marks |= more
	c.disguised = true
	if a.last && a.quiet == 0 {
		a.stringFact(&c, pos)
	}
	return &c
}

// timers call what they are given with the arguments from that one on.
var timers = map[string]int{"setTimeout": 2, "setInterval": 2, "timers.setTimeout": 2, "setImmediate": 1, "process.nextTick": 1}

// decodesText are functions that give text decoded from text, which nobody has seen
// before.
var decodesText = map[string]bool{"atob": true, "buffer.atob": true, "unescape": true, "decodeURIComponent": true, "decodeURI": true, "querystring.unescape": true}

func (a *analysis) numberText(v *value, key string, args []*value) (*value, bool) {
	if key != "toString" {
		return nil, false
	}
	base, ok := intArg(args, 0, 10)
	if n, is := bigOf(v); is && ok && base >= 2 && base <= 36 {
		out := text(n.Text(base))
		out.joined = true
		out.from = v.from
		return out, true
	}
	if !ok || base < 2 || base > 36 || v.n != math.Trunc(v.n) || math.Abs(v.n) > 1<<53 {
		return nil, false
	}
	out := text(formatInt(int64(v.n), base))
	out.joined = true
	return out, true
}

func formatInt(n int64, base int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	if n == 0 {
		return "0"
	}
	sign := n < 0
	if sign {
		n = -n
	}
	var out []byte
	for ; n > 0; n /= int64(base) {
		out = append(out, digits[n%int64(base)])
	}
	if sign {
		out = append(out, '-')
	}
	slices.Reverse(out)
	return string(out)
}

// generic are methods that promises, streams, emitters and arrays share: what
// they do does not depend on whose they are.
var generic = map[string]bool{
	"then": true, "catch": true, "finally": true, "on": true, "once": true, "addListener": true, "addEventListener": true, "prependListener": true,
	"pipe": true, "pipeTo": true, "pipeThrough": true, "forEach": true, "map": true, "filter": true, "some": true, "every": true, "find": true, "reduce": true, "flatMap": true, "subscribe": true,
	"hasOwnProperty": true,
}

// known says whether a path has a meaning of its own.
func (a *analysis) known(path string) bool {
	_, ok := specs()[path]
	return ok || special[path]
}

// keeping are methods by which a thing takes data in, and keepers those things: what
// goes into a map or an emitter comes out of it.
var (
	keeping = map[string]bool{"set": true, "add": true, "emit": true, "enqueue": true, "push": true, "write": true, "append": true}
	keepers = map[string]bool{"Map()": true, "WeakMap()": true, "Set()": true, "WeakSet()": true, "events()": true, "events.EventEmitter()": true,
		"EventEmitter()": true, "stream.PassThrough()": true, "URLSearchParams()": true, "AsyncLocalStorage()": true, "Headers()": true, "FormData()": true,
		"form-data()": true}
)

func (a *analysis) callUnknownMethod(obj *value, key string, args []*value, pos int32) *value {
	if a.concrete {
		a.aborted = true
		return unknown
	}
	if key == "pipe" || key == "pipeTo" || key == "pipeThrough" {
		if len(args) > 0 {
			a.flowInto(args[0], obj.from)
			if args[0].kind == vName {
				if s, ok := specs()[args[0].s+".write"]; ok && (s.kind == code.Send || s.kind == code.Exec) {
					a.callMethod(args[0], "write", []*value{obj}, pos, false, false)
				}
			}
			out := args[0].with(&value{from: obj.from})
			return out
		}
	}
	param := &value{}
	param.carry(obj)
	if obj.kind == vArray || obj.kind == vObject {
		d := obj.deep(1)
		param.carry(&d)
		if obj.kind == vArray && len(obj.items) > 0 && len(obj.items) <= 64 && key != "then" {
			var item *value
			for _, it := range obj.items {
				item = merge(item, it)
			}
			param = item.with(param)
		}
	}
	if (key == "then" || key == "finally") && obj.kind != vUnknown {
		param = obj
	}
	if (key == "addEventListener" || key == "on") && len(args) > 1 {
		if s, ok := args[0].str(); ok && obj.kind == vName && keyEvents[s] && (obj.s == "document" || obj.s == "" || obj.s == "document.body" || obj.s == "iohook") {
			if a.keysSent { // shortcuts listen to keys too
				a.emit(code.Fact{Kind: code.Keyboard, Name: strings.TrimPrefix(obj.s+"."+key, ".")}, pos, 0, 0)
			}
			param.from |= fromKeys
		} else if ok && obj.kind == vName && (obj.s == "document" || obj.s == "" || obj.s == "document.body") && (s == "paste" || s == "copy" || s == "cut") {
			param.from |= fromClip
		}
	}
	if (key == "setData" || key == "getData") && obj.from.Has(fromClip) {
		f := code.Fact{Kind: code.Clipboard, Name: "clipboardData." + key}
		if len(args) > 1 {
			if s, ok := args[1].str(); ok {
				f.Args = []string{s}
			}
		}
		a.emit(f, pos, args0(args).marks, 0)
	}
	var ret *value
	for _, arg := range args {
		if arg.kind == vName && (key == "then" || key == "map" || key == "forEach") {
			ret = merge(ret, a.callValue(arg, nil, []*value{param}, pos, false, false))
			continue
		}
		if arg.kind == vFunc {
			params := []*value{param}
			if key == "reduce" {
				params = []*value{param, param}
			}
			r := a.callback(arg, params, !laterCalls[key])
			if key == "then" || key == "map" || key == "flatMap" || key == "reduce" {
				ret = merge(ret, r)
			}
		} else {
			a.handOver(arg, !laterCalls[key])
		}
	}
	if key == "then" && ret != nil {
		if ret.from&obj.from != obj.from && ret.kind == vUnknown {
			return ret
		}
		return ret
	}
	out := &value{}
	out.carry(obj)
	if obj.kind == vArray && !tellsOfItems[key] { // what its items carry is not on the array itself
		d := obj.deep(1)
		out.carry(&d)
		if key == "filter" && len(obj.items) <= 64 {
			return &value{kind: vArray, items: slices.Clone(obj.items), dirty: true, from: out.from, marks: out.marks}
		}
	}
	out.own = false
	if key == "map" && ret != nil {
		out.carry(ret)
		if obj.kind == vArray {
			return &value{kind: vArray, items: []*value{ret}, dirty: true, from: out.from | ret.from}
		}
	}
	for _, arg := range args {
		d := arg.deep(1)
		out.from |= d.from &^ (fromLong | fromEnv)
		out.marks |= d.marks
		out.xor = out.xor || d.xor
		if arg.env {
			out.env = true
		}
	}
	if key == "reverse" || key == "fromCharCode" || obj.xor && (key == "join") {
		out.from |= fromComputed
	}
	out.keys = nil
	out.addKeys(obj.keys)
	return plain(out)
}

// tellsOfItems are methods of an array that give no item of it.
var tellsOfItems = map[string]bool{"forEach": true, "some": true, "every": true, "includes": true, "indexOf": true, "lastIndexOf": true,
	"findIndex": true, "findLastIndex": true, "map": true, "keys": true}

var keyEvents = map[string]bool{"keydown": true, "keyup": true, "keypress": true}

// plain gives the shared unknown for a value that carries nothing.
func plain(v *value) *value {
	if v.kind == vUnknown && v.from == 0 && !v.given && v.strange == nil && v.marks == 0 && !v.env && !v.own && !v.xor && len(v.keys) == 0 && v.approx == "" && !v.disguised {
		return unknown
	}
	return v
}

// callback follows a function that is handed over with what it will be called with.
func (a *analysis) callback(f *value, params []*value, soon bool) *value {
	if f.kind != vFunc || f.fn.class || a.concrete {
		return unknown
	}
	if soon {
		a.escape(f)
	}
	a.passed(f.fn, params)
	a.runNow(f.fn)
	if f.fn.ret == nil {
		return unknown
	}
	return f.fn.ret
}

// handOver says that the functions in an object or array are given to somebody.
func (a *analysis) handOver(v *value, soon bool) {
	if !soon || a.nowhere > 0 || a.concrete {
		return
	}
	a.handOverTo(v, 3)
}

func (a *analysis) handOverTo(v *value, depth int) {
	switch v.kind {
	case vFunc:
		if !v.fn.class {
			a.escape(v)
		}
	case vName:
		if v.from == 0 && !strings.HasSuffix(v.s, ")") {
			a.callsAway(v.s) // a function of another file, if it is one
		}
	case vArray:
		if depth > 0 {
			for _, it := range v.items {
				a.handOverTo(it, depth-1)
			}
		}
	case vObject:
		if depth > 0 && v.fn == nil {
			for _, it := range v.fields {
				a.handOverTo(it, depth-1)
			}
		}
	}
}

// callValue follows a call of whatever f is.
func (a *analysis) callValue(f, this *value, args []*value, pos int32, construct, disguised bool) *value {
	if f.rare().behind != nil {
		return a.callProxy(f, this, args, pos, construct, disguised)
	}
	if len(f.rare().bound) > 0 || f.rare().self != nil {
		args = append(slices.Clone(f.rare().bound), args...)
		c := *f
		if c.rare().self != nil {
			this = c.rare().self
		}
		c.more = nil
		f = &c
	}
	switch f.kind {
	case vUnion:
		if a.concrete {
			a.aborted = true
			return unknown
		}
		var out *value
		for _, it := range f.items {
			out = merge(out, a.callValue(it.with(&value{disguised: f.disguised}), this, args, pos, construct, disguised))
		}
		if out == nil {
			return unknown
		}
		return out
	case vFunc:
		for _, arg := range args {
			a.handOver(arg, true)
		}
		return a.callFun(f.fn, this, args, pos, construct)
	case vName:
		return a.callName(f, this, args, pos, construct, disguised || f.disguised)
	}
	if a.concrete {
		a.aborted = true
		return unknown
	}
	out := &value{}
	out.carry(f)
	out.own = false
	for _, arg := range args {
		d := arg.deep(1)
		out.from |= d.from &^ (fromLong | fromEnv)
		out.marks |= d.marks
	}
	if f.callable && construct {
		return plain(out)
	}
	param := plain(&value{from: out.from, marks: out.marks})
	for _, arg := range args {
		if arg.kind == vFunc {
			a.callback(arg, []*value{param, param}, true)
		} else {
			a.handOver(arg, true)
		}
	}
	return plain(out)
}

// special are names with a meaning that no table holds.
var special = map[string]bool{
	"require": true, "module.require": true, "import": true, "module._load": true, "require.resolve": true, "process.mainModule.require": true,
	"util.promisify": true, "promisify": true, "Object.assign": true, "JSON.stringify": true, "Object.entries": true, "Object.keys": true,
	"Object.values": true, "Promise.all": true, "Promise.resolve": true, "stream.pipeline": true,
}

// through are functions that give what they are given.
var through = map[string]bool{
	"util.promisify": true, "promisify": true, "pify": true, "bluebird.promisify": true, "Promise.promisify": true, "bluebird.promisifyAll": true, "util.deprecate": true, "util.callbackify": true,
	"Object.freeze": true, "Object.seal": true, "Promise.resolve": true, "Object": true, "es6-promisify.promisify": true, "es6-promisify": true, "Promise.all": true,
	"Promise.race": true, "Promise.any": true, "Promise.allSettled": true, "structuredClone": true, "__importDefault": true, "__importStar": true, "_interopRequireDefault": true,
	"_interopRequireWildcard": true, "__toESM": true, "thenify": true, "thenify-all": true, "universalify.fromCallback": true, "Object.preventExtensions": true,
}

// serialise are functions that make text of all of an object.
var serialise = map[string]bool{
	"JSON.stringify": true, "Object.entries": true, "Object.keys": true, "Object.values": true, "util.inspect": true, "querystring.stringify": true,
	"qs.stringify": true, "Object.getOwnPropertyNames": true, "URLSearchParams": true, "v8.serialize": true, "util.format": true, "Object.fromEntries": true,
	"querystring.encode": true, "json-stringify-safe": true, "safe-stable-stringify": true, "yaml.stringify": true, "js-yaml.dump": true, "Reflect.ownKeys": true,
}

func (a *analysis) callName(f, this *value, args []*value, pos int32, construct, disguised bool) *value {
	path := f.s
	switch {
	case path == "require" || path == "module.require" || path == "module._load" || path == "import" || path == "process.getBuiltinModule":
		if a.concrete {
			return a.carryName(f, this, args, pos, construct, disguised)
		}
		if len(args) == 0 {
			return unknown
		}
		a.follows(path, args, pos)
		return a.module(args[0].with(&value{disguised: disguised}), pos, path)
	case strings.HasPrefix(path, "Array.prototype.") || strings.HasPrefix(path, "String.prototype."):
		if this != nil && this.kind != vNull && this.kind != vName {
			return a.callBuiltin(this, path[strings.LastIndexByte(path, '.')+1:], args, pos)
		}
	case (path == "Function.prototype.call" || path == "Function.prototype.apply" || path == "Function.prototype.bind") && this != nil:
		return a.callMethod(this, path[strings.LastIndexByte(path, '.')+1:], args, pos, construct, disguised)
	case path == "Function()" && f.approx != "":
		return name("") // what "return this" gives
	}
	s, isFact := specs()[path]
	if !isFact {
		if w, ok := wholeModules[rootOf(path)]; ok && !construct && strings.Count(path, "(") < 2 {
			s, isFact = w, true
		} else if !construct {
			if s, isFact = byForm(path); isFact {
				disguised = false // clients that are optional are loaded by odd names, so that bundlers leave them alone
			}
		}
	}
	if v := a.ofObject(path, args, pos, construct); v != nil {
		if v.kind == vName && v.s == path+"()" {
			a.ordinary(path, f, this, args, pos, construct)
		}
		return v
	}
	if a.concrete && len(args) > 0 {
		a.steps -= (len(args[0].s) + len(args[0].items)) / 16
	}
	var folded *value
	if len(args) <= mostItems {
		folded = a.pure(path, args, construct)
	}
	if folded != nil && !a.concrete && decodesText[path] {
		folded = a.telling(folded, &value{kind: vString, from: folded.from & fromDecode}, pos)
	}
	if a.concrete {
		switch {
		case folded != nil:
			return folded
		case through[path] && len(args) > 0:
			return args[0]
		}
		return a.carryName(f, this, args, pos, construct, disguised)
	}
	if through[path] && len(args) > 0 {
		return args[0]
	}
	if serialise[path] && len(args) > 0 {
		for _, arg := range args {
			if arg.env || arg.kind == vObject && envInside(arg) {
				a.environment(pos, path)
				break
			}
		}
	}
	switch path {
	case "document.execCommand":
		if s, _ := strArg(args, 0); s == "paste" {
			a.emit(code.Fact{Kind: code.Clipboard, Name: "document.execCommand"}, pos, 0, 0)
		}
	case "RegExp":
		if body, ok := strArg(args, 0); ok && len(args) <= 2 {
			flags, _ := strArg(args, 1)
			return &value{kind: vRegex, s: "/" + body + "/" + flags}
		}
	case "Object.assign", "_.assign", "Object.defineProperties":
		return a.assignObjects(args, pos)
	case "Object.defineProperty", "Reflect.defineProperty":
		return a.defineProperty(args, pos)
	case "Reflect.set":
		if len(args) > 2 {
			if key, ok := args[1].str(); ok && args[0].kind == vName {
				a.patch(args[0], key, true, args[2], pos)
			}
		}
	case "stream.pipeline", "pump", "pipeline":
		var from flow.Set
		for _, arg := range args {
			a.flowInto(arg, from)
			if s, ok := specs()[arg.s+".write"]; arg.kind == vName && ok && from != 0 && (s.kind == code.Send || s.kind == code.Exec) {
				a.callMethod(arg, "write", []*value{{from: from}}, pos, false, false)
			}
			from |= arg.from
		}
	case "String.fromCharCode", "String.fromCodePoint":
		return a.fromCodes(args, folded, path, pos)
	case "Function()", "eval()":
		return unknown
	case "JSON.stringify":
		if f := args0(args).field("toJSON"); f != nil && f.kind == vFunc {
			args = []*value{a.callValue(f, args[0], nil, pos, false, false)}
		}
		if len(args) > 0 {
			d := args[0].deep(4)
			out := &value{kind: vUnknown}
			out.carry(&d)
			if envInside(args[0]) {
				out.env, out.from = false, out.from|fromEnvAll
			}
			if c, ok := args[0].str(); ok && args[0].kind == vString && !args[0].bytes && isWord(c) {
				return text(`"` + c + `"`)
			}
			return plain(out)
		}
	case "console.log", "console.error", "console.info", "console.warn", "console.debug":
		for _, arg := range args {
			a.handOver(arg, true)
		}
		return undefined
	}
	if skip := timers[path]; skip > 0 && len(args) > 0 && args[0].kind == vName && a.known(args[0].s) {
		return a.callValue(args[0], nil, args[min(skip, len(args)):], pos, false, disguised)
	}
	if isFact {
		a.follows(path, args, pos)
		args = slices.Clone(args) // they may be an array's own
		for i, arg := range args {
			args[i] = a.marked(arg)
		}
		return a.specCall(s, f, this, args, pos, construct, disguised, folded)
	}
	if (path == "Buffer.from" || path == "Buffer" || strings.HasPrefix(path, "buffer.Buffer")) && len(args) > 0 {
		return a.bufferCall(path, args, folded, pos, disguised)
	}
	if folded != nil {
		for _, arg := range args {
			if arg.kind == vFunc { // it runs, whatever it gives
				a.callback(arg, args[:1], true)
			}
		}
		if path == "decodeURIComponent" && folded.from&fromDecode != 0 && len(folded.s) >= 24 {
			a.emit(code.Fact{Kind: code.Decode, Name: path, Disguised: disguised}, pos, folded.marks, args[0].from)
		}
		return a.telling(folded, args0(args), pos)
	}
	return a.ordinary(path, f, this, args, pos, construct)
}

// marked gives a text that was put together with the marks of the whole.
func (a *analysis) marked(v *value) *value {
	if v.kind == vUnion {
		items := make([]*value, len(v.items))
		for i, it := range v.items {
			items[i] = a.marked(it)
		}
		c := *v
		c.items = items
		return &c
	}
	s := v.approx
	if v.kind == vString && v.joined {
		s = v.s
	}
	if len(s) < 4 || len(s) > 64<<10 {
		return v
	}
	return v.with(&value{marks: a.marksOf(s)})
}

// step follows generator.next(): it gives any of the values.
func (a *analysis) step(v *value, args []*value) *value {
	if len(args) > 0 && v.fn != nil {
		v.fn.sent = merge(v.fn.sent, args[0])
	}
	out := newObject()
	d := v.deep(1)
	any := tainted(d.from)
	if len(v.items) > 0 {
		any = nil
		for _, it := range v.items {
			any = merge(any, it)
		}
	}
	out.setField("value", any)
	out.setField("done", unknown)
	return out
}

// entryOf finds the entry of a library that a function asks for by its name.
func (a *analysis) entryOf(library *value, args []*value, pos int32) *value {
	if len(args) == 0 || args[0].kind != vFunc || a.concrete {
		return nil
	}
	var any *value
	for path := range specs() {
		key, ok := strings.CutPrefix(path, library.s+".")
		if !ok || strings.ContainsAny(key, ".(") {
			continue
		}
		pair := a.list(text(key), &value{kind: vName, s: path, disguised: true})
		if v, ok := a.inline(args[0].fn, nil, []*value{pair}); ok {
			if is, known := v.truth(); known && is {
				return pair
			}
		}
	}
	return any
}

func args0(args []*value) *value {
	if len(args) == 0 {
		return unknown
	}
	return args[0]
}

// ordinary follows a call that is no fact: its callbacks run, and what goes in
// comes out.
func (a *analysis) ordinary(path string, f, this *value, args []*value, pos int32, construct bool) *value {
	out := &value{kind: vName, s: path + "()"}
	if m, ok := made[path]; ok {
		out.s = m
	}
	if len(out.s) > mostPath {
		out.kind, out.s = vUnknown, ""
	}
	out.from = f.from
	out.marks = f.marks
	out.disguised = f.disguised
	out.addKeys(f.keys)
	for _, arg := range args {
		d := arg.deep(2)
		out.from |= d.from &^ (fromLong)
		out.marks |= d.marks
		out.xor = out.xor || d.xor
		if arg.env && path != "console.log" {
			out.env = true
		}
	}
	if out.env && serialise[path] { // which was said there
		out.env, out.from = false, out.from|fromEnvAll
	}
	a.callsAway(path)
	a.givesAway(path, args, out.from, pos)
	if i := strings.LastIndexByte(path, '.'); i > 0 && this != nil && keeping[path[i+1:]] && keepers[path[:i]] {
		this.from |= out.from & carriers
	}
	soon := !laterCalls[path] && !laterCalls[path[strings.LastIndexByte(path, '.')+1:]]
	var ret *value
	param := plain(&value{from: out.from, marks: out.marks})
	for _, arg := range args {
		if arg.kind == vFunc {
			var params []*value
			if path == "Promise" {
				if arg.fn.resolver == nil {
					arg.fn.resolver = &fun{gen: -1}
				}
				params = []*value{{kind: vFunc, fn: arg.fn.resolver}, unknown}
			} else {
				params = []*value{param, param, param}
			}
			ret = merge(ret, a.callback(arg, params, soon))
			continue
		}
		a.handOver(arg, soon)
	}
	if path == "Promise" && len(args) > 0 && args[0].kind == vFunc {
		if r := args[0].fn.resolver; len(r.params) > 0 && r.params[0] != nil {
			return r.params[0]
		}
		return unknown
	}
	return out
}

func envInside(v *value) bool {
	if v.env {
		return true
	}
	for _, f := range v.fields {
		if f.env {
			return true
		}
	}
	return false
}

func (a *analysis) assignObjects(args []*value, pos int32) *value {
	if len(args) == 0 {
		return unknown
	}
	out := args[0]
	if out.kind == vUnknown || out.kind == vNull {
		out = newObject()
		out.carry(args[0])
	}
	for _, arg := range args[1:] {
		a.handOver(arg, false)
		if out.kind == vObject {
			out.from |= arg.from
			out.marks |= arg.marks
			out.env = out.env || arg.env
			for k, f := range arg.fields {
				out.setField(k, f)
			}
		}
		if out.kind == vName {
			for k, f := range arg.fields {
				a.patch(out, k, true, f, pos)
			}
		}
	}
	return out
}

func (a *analysis) defineProperty(args []*value, pos int32) *value {
	if len(args) < 3 {
		return unknown
	}
	key, known := args[1].str()
	var v *value
	for _, k := range [2]string{"value", "get"} {
		if f := args[2].field(k); f != nil {
			v = f
			if k == "get" && f.kind == vFunc && f.fn.ret != nil {
				v = f.fn.ret
			}
		}
	}
	if v == nil {
		return args[0]
	}
	args[0].each(func(o *value) {
		if o.kind == vObject && known {
			o.setField(key, v)
		}
		if o.kind == vName && (args[2].field("value") != nil || known && pageWallets()[canonical(o.s, key)] || known && o.s == "" && pageWallets()[key]) {
			a.patch(o, key, known, v, pos)
		}
	})
	return args[0]
}

// fromCodes follows String.fromCharCode, with which texts are hidden.
func (a *analysis) fromCodes(args []*value, folded *value, path string, pos int32) *value {
	if folded != nil {
		if len(folded.s) > 3 || folded.xor {
			folded.disguised = true
			folded.from |= fromDecode
			a.emit(code.Fact{Kind: code.Decode, Name: path}, pos, folded.marks, 0)
			return a.telling(folded, unknown, pos)
		}
		return folded
	}
	out := &value{from: fromComputed}
	for _, arg := range args {
		d := arg.deep(1)
		out.from |= d.from &^ fromLong
		out.xor = out.xor || arg.xor
	}
	if out.xor {
		a.emit(code.Fact{Kind: code.Decode, Name: "xor"}, pos, 0, out.from)
		out.from |= fromDecode
	}
	return out
}

// bufferCall follows Buffer.from: a decoder when its encoding is one.
func (a *analysis) bufferCall(path string, args []*value, folded *value, pos int32, disguised bool) *value {
	enc := ""
	if len(args) > 1 {
		enc, _ = args[1].str()
		enc = strings.ToLower(enc)
		args[1].each(func(v *value) {
			if s, ok := v.str(); ok {
				enc = strings.ToLower(s)
			}
		})
	}
	decodes := enc == "base64" || enc == "base64url" || enc == "hex"
	if decodes {
		var marks uint64
		if folded != nil {
			marks = folded.marks
		}
		a.emit(code.Fact{Kind: code.Decode, Name: strings.TrimPrefix(path, "buffer."), Args: []string{"", enc}, Disguised: disguised}, pos, marks, args[0].from)
	}
	if folded != nil {
		return folded
	}
	d := args[0].deep(2)
	out := &value{}
	out.carry(&d)
	if decodes {
		out.from |= fromDecode
	}
	return plain(out)
}

// module follows require and import of v.
func (a *analysis) module(v *value, pos int32, how string) *value {
	if v.kind == vUnion {
		var out *value
		for _, it := range v.items {
			out = merge(out, a.module(it, pos, how))
		}
		return out
	}
	s, ok := v.str()
	if !ok || v.kind != vString {
		from := v.from | a.fileFrom(v)
		if from&(fromFetch|fromDecrypt|fromFetch.ViaFile()|fromDecode.ViaFile()) != 0 {
			a.emit(code.Fact{Kind: code.Eval, Name: how, Disguised: v.disguised}, pos, v.marks, from)
		} else {
			a.emit(code.Fact{Kind: code.Lookup, Name: how, Args: []string{v.approx}, Disguised: v.from&(fromComputed|fromDecode) != 0}, pos, v.marks, from)
		}
		return &value{from: v.from & (fromComputed | fromDecode | fromFetch)}
	}
	if strings.HasPrefix(s, "data:") {
		a.evalText(v, how, pos, v.disguised)
		return unknown
	}
	disguised := v.disguised || v.from&fromDecode != 0 || v.joined && v.kind == vString
	f := code.Fact{Kind: code.Import, Name: strings.TrimPrefix(s, "node:"), Disguised: disguised}
	a.emit(f, pos, v.marks, v.from&^fromLong)
	if strings.HasSuffix(s, ".node") {
		a.emit(code.Fact{Kind: code.Native, Name: how, Args: []string{s}, Disguised: disguised}, pos, v.marks, v.from)
	}
	bare := !strings.ContainsAny(s, `/\`) && !strings.HasPrefix(s, ".") // the name of a package, whatever files are called
	if from := a.fileFrom(v); !bare && from&(fromFetch|fromDecode|fromDecrypt).ViaFile() != 0 && !strings.HasSuffix(s, ".json") {
		a.emit(code.Fact{Kind: code.Eval, Name: how, Args: []string{s}}, pos, v.marks, from)
	}
	if known := a.ofNeighbour(s, pos); known != nil {
		return known
	}
	out := name(canonicalModule(s))
	out.disguised = disguised
	if s == "process" || s == "node:process" {
		out = name("process")
	}
	if s == "buffer" || s == "node:buffer" {
		out = name("buffer")
	}
	return out
}
