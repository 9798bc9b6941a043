package javascript

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
)

// eval gives what is known of an expression's value, and in the last pass the
// facts of what it does.
func (a *analysis) eval(n int32) *value {
	if n == 0 {
		return undefined
	}
	if a.concrete {
		if a.steps--; a.steps < 0 || a.aborted {
			a.aborted = true
			return unknown
		}
	}
	if a.depth++; a.depth > mostEval {
		a.depth--
		a.c.Cut("code is nested too deeply to follow")
		return unknown
	}
	v := a.evalNode(n)
	a.depth--
	return v
}

func (a *analysis) evalNode(n int32) *value {
	x := *a.at(n)
	switch x.op {
	case nIdent:
		return a.read(x.a)
	case nNum:
		if n := x.a - x.pos; n == 1 {
			return smallNumbers[a.src[x.pos]-'0']
		} else if n == 2 && a.src[x.pos] > '0' && a.src[x.pos] <= '9' && a.src[x.pos+1] >= '0' && a.src[x.pos+1] <= '9' {
			return smallNumbers[10*(a.src[x.pos]-'0')+a.src[x.pos+1]-'0']
		}
		return numeral(string(a.src[x.pos:x.a]))
	case nStr:
		return a.literal(x.pos, x.pos+1, max(x.a-1, x.pos+1))
	case nPiece:
		return a.literal(x.pos, x.pos, x.a)
	case nTemplate:
		return a.template(&x)
	case nRegex:
		return a.regex(x.pos, string(a.src[x.pos:x.a]))
	case nArray:
		return a.array(&x)
	case nObject:
		return a.object(&x)
	case nFunc:
		return a.function(n)
	case nClass:
		return a.class(n)
	case nUnary:
		return a.unary(&x)
	case nUpdate:
		return a.update(&x)
	case nBinary:
		return a.binary(n)
	case nLogical:
		return a.logical(&x)
	case nCond:
		return a.conditional(n)
	case nAssign:
		return a.assign(&x)
	case nSeq:
		v := undefined
		for e := x.a; e != 0; e = a.at(e).next {
			v = a.eval(e)
		}
		return v
	case nMember:
		return a.member(a.eval(x.a), a.atoms.names[x.b], x.pos, false)
	case nIndex:
		return a.index(&x)
	case nCall, nNew:
		return a.call(n)
	case nAwait, nSpread:
		return a.eval(x.a)
	case nYield:
		return a.yield(&x)
	case nThis:
		switch {
		case a.this != nil:
			return a.this
		case a.cur.outer == nil, a.concrete:
			return name("")
		}
		return unknown
	case nSuper:
		if a.this != nil && a.this.fn != nil && a.this.fn.super != nil {
			return a.superValue()
		}
		return unknown
	case nNull:
		return undefined
	case nBool:
		return boolean(x.a == 1)
	case nImportFn:
		return name("import")
	case nMeta:
		return name("import.meta")
	case nJSX:
		for e := x.a; e != 0; e = a.at(e).next {
			v := a.eval(e)
			if v.kind == vFunc && a.nowhere == 0 {
				a.escape(v)
			}
		}
		return unknown
	case nHole:
		return undefined
	case nExprStmt:
		return a.eval(x.a)
	case nBlock, nVar, nIf, nFor, nForIn, nWhile, nReturn, nThrow, nTry, nSwitch, nImport, nExport:
		a.statement(n) // a decorated class stands where an expression may
	}
	return unknown
}

func (a *analysis) superValue() *value {
	s := a.this.fn.super
	if s.kind == vFunc {
		return s.fn.prototype()
	}
	if s.kind == vName {
		return name(s.s + "()")
	}
	return unknown
}

// literal gives the value of a constant, and says what is in it.
func (a *analysis) literal(pos, start, end int32) *value {
	s, disguised := unescape(a.src[start:end])
	v := &value{kind: vString, s: s, disguised: disguised}
	v.marks = a.marksOf(s)
	if len(s) >= longLiteral {
		v.from = fromLong
	}
	if a.last && a.quiet == 0 {
		if v.marks != 0 {
			a.stringFact(v, pos)
		}
		if len(s) >= shortestData {
			a.guess(v, pos)
		}
	}
	return v
}

func (a *analysis) stringFact(v *value, pos int32) {
	a.emit(code.Fact{Kind: code.String, Args: []string{v.s}, Disguised: v.disguised}, pos, v.marks, v.from&^fromLong)
}

// guess hands on a constant that is encoded text, to be read in turn.
func (a *analysis) guess(v *value, pos int32) {
	if strings.IndexByte(v.s, ' ') >= 0 || a.guessed[v.s] || len(a.guessed) > 2000 {
		return
	}
	out, _, ok := a.budget.Guess([]byte(v.s))
	if !ok || !decode.Telling(out) {
		return
	}
	a.guessed[v.s] = true
	f := a.fact(code.Fact{Kind: code.String}, pos, 0, fromLong)
	a.c.Embed(code.Embedded{Text: out, In: f})
}

func (a *analysis) template(x *node) *value {
	tag := unknown
	if x.b != 0 {
		tag = a.eval(x.b)
	}
	var parts []*value
	for e := x.a; e != 0; e = a.at(e).next {
		parts = append(parts, a.eval(e))
	}
	if x.b != 0 {
		if tag.kind == vName && tag.s == "String.raw" && len(parts) == 1 {
			p := a.at(x.a)
			return text(string(a.src[p.pos:p.a]))
		}
		return a.tagged(tag, x, parts)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return a.joinedText(a.concatAll(parts), parts, x.pos)
}

// joinedText says what a text that was put together holds beyond its parts.
func (a *analysis) joinedText(v *value, parts []*value, pos int32) *value {
	var marks uint64
	for _, p := range parts {
		marks |= p.marks
	}
	s := v.approx
	if v.kind == vString {
		s = v.s
	}
	if len(parts) < 2 || s == "" || len(s) > 4*mostApprox {
		return v
	}
	more := a.marksOf(s) &^ marks
	if more == 0 {
		return v
	}
	c := *v
	c.marks |= more
	if c.kind == vString && onlyText(parts) {
		c.disguised = true
	}
	if a.last && a.quiet == 0 {
		f := code.Fact{Kind: code.String, Args: []string{s}, Disguised: c.disguised}
		a.emit(f, pos, c.marks, c.from&^fromLong)
	}
	return &c
}

func onlyText(parts []*value) bool {
	for _, p := range parts {
		if p.kind != vString {
			return false
		}
	}
	return true
}

// concatAll puts texts together.
func (a *analysis) concatAll(parts []*value) *value {
	out := &value{kind: vString, joined: true}
	var s, approx strings.Builder
	known := true
	for _, p := range parts {
		out.carry(p)
		out.codes = min(out.codes+p.codes, fewestCodes)
		if c := a.converted(p, false); c != nil {
			p = c
		}
		t, ok := p.str()
		switch {
		case !ok && p.approx != "":
			t = p.approx
			known = false
		case !ok:
			t = "$_"
			known = false
		}
		if p.env {
			out.env = true
		}
		if known {
			if s.Len()+len(t) > mostText {
				known = false
			} else {
				s.WriteString(t)
			}
		}
		if approx.Len() < mostApprox {
			approx.WriteString(t[:min(len(t), mostApprox)])
		}
		if ok && len(p.keys) == 0 && len(out.keys) < mostKeys && looksPath(t) {
			out.addKeys([]string{t})
		}
	}
	if known && s.Len() > 64 {
		added := s.Len() // what was there before was paid for before
		if parts[0].kind == vString {
			added -= len(parts[0].s)
		}
		known = a.budget.Take(max(added, 0))
	}
	if out.codes >= fewestCodes {
		out.from |= fromDecode
		out.disguised = true
	}
	if known {
		out.s = s.String()
		out.keys = nil
		return out
	}
	out.kind = vUnknown
	out.approx = approx.String()
	return out
}

func looksPath(s string) bool {
	return len(s) > 3 && len(s) < 300 && (strings.Contains(s, "/") || strings.Contains(s, "\\") || strings.Contains(s, ".")) && !strings.ContainsAny(s, " \n")
}

func (a *analysis) array(x *node) *value {
	v := &value{kind: vArray, born: a.born(), fn: a.cur}
	for e := x.a; e != 0; e = a.at(e).next {
		it := a.eval(e)
		if a.at(e).op == nSpread {
			if it.kind != vArray {
				it = a.iterate(it)
			}
			switch {
			case it.kind == vArray && !it.dirty:
				v.items = append(v.items, it.items...)
				v.carry(it)
				continue
			case it.kind == vString:
				v.items = append(v.items, characters(it)...)
				continue
			}
			v.dirty = true
			v.carry(it)
		}
		if len(v.items) >= mostItems {
			v.dirty = true
			break
		}
		v.items = append(v.items, it)
	}
	return v
}

func (a *analysis) object(x *node) *value {
	v := newObject()
	v.born = a.born()
	this := a.this
	for e := x.a; e != 0; e = a.at(e).next {
		prop := *a.at(e)
		if prop.op != nProp || prop.b == 0 {
			continue
		}
		if a.at(prop.b).op == nSpread {
			s := a.eval(prop.b)
			v.carry(s)
			if s.kind == vName || s.kind == vUnknown || s.kind == vUnion {
				v.dirty = true
			}
			if s.kind == vName && specRoots()[rootOf(s.s)] {
				v.grow().inherits = s
			}
			s.each(func(o *value) {
				for _, k := range o.rare().keyOrder {
					if f := o.fields[k]; f != nil {
						v.setField(k, f)
					}
				}
			})
			continue
		}
		key, _, known := a.key(prop.a, prop.flag&fComputed != 0)
		if prop.flag&fMethod != 0 || a.at(prop.b).op == nFunc {
			a.this = v
		}
		if key == "env" {
			a.envName++
		}
		f := a.named(prop.b, 0)
		if key == "env" {
			a.envName--
		}
		a.this = this
		if f.kind == vFunc {
			if f.fn.title == "" {
				f.fn.title = a.titled(key)
			}
			if f.fn.this == nil && !f.fn.class {
				f.fn.this = v
			}
			if prop.flag&fGet != 0 {
				a.escape(f)
				if f.fn.ret == nil {
					continue
				}
				f = f.fn.ret
			}
		}
		if !known {
			v.dirty = true
			d := f.deep(2)
			v.carry(&d)
			continue
		}
		switch {
		case key == "__proto__" && prop.flag&(fComputed|fMethod) == 0:
			v.grow().inherits = f
		case a.concrete && v.fields[key] != nil:
			v.fields[key] = f
		default:
			v.setField(key, f)
		}
	}
	return v
}

func (a *analysis) unary(x *node) *value {
	if x.d < 0 {
		if -x.d == aTypeof {
			if a.at(x.a).op != nIdent || a.concrete {
				return typeOf(a.eval(x.a))
			}
			return unknown
		}
		if -x.d == aDelete && a.concrete {
			a.aborted = true
		}
		a.eval(x.a)
		return undefined
	}
	if x.d == '!' && a.at(x.a).op == nFunc { // !function(){}
		a.eval(x.a)
		return boolean(false)
	}
	v := a.eval(x.a)
	if x.d == '!' {
		if is, known := v.truth(); known {
			return boolean(!is)
		}
		return unknown
	}
	if c := a.converted(v, true); c != nil {
		v = c
	}
	if n, is := bigOf(v); is && x.d == '-' {
		return bigArithmetic('-', bigZero, n)
	}
	if f, ok := v.num(); ok {
		var r *value
		switch x.d {
		case '-':
			r = number(-f)
		case '+':
			r = number(f)
		case '~':
			r = number(float64(^toInt32(f)))
		}
		if r != nil {
			r.carry(v)
			r.from &^= fromLong
			return r
		}
	}
	if v.from != 0 {
		return tainted(v.from)
	}
	return unknown
}

func (a *analysis) update(x *node) *value {
	v := a.eval(x.a)
	f, ok := v.num()
	next := unknown
	if n, is := bigOf(v); is && a.concrete {
		next = bigArithmetic(map[bool]op{true: '+', false: '-'}[x.d == int32(opInc)], n, bigOne)
	} else if ok && (a.concrete || a.loop == 0) {
		if x.d == int32(opInc) {
			next = number(f + 1)
		} else {
			next = number(f - 1)
		}
	}
	a.bind(x.a, next)
	if a.at(x.a).pos > x.pos { // the sign stands before its operand
		return next
	}
	return v
}

func toInt32(f float64) int32 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return int32(uint32(int64(math.Mod(math.Trunc(f), 1<<32))))
}

// binary follows a chain of operators from the left, which may be long.
func (a *analysis) binary(n int32) *value {
	spine := []int32{n}
	for left := a.at(n).a; a.at(left).op == nBinary; left = a.at(left).a {
		spine = append(spine, left)
	}
	bottom := spine[len(spine)-1]
	v := a.eval(a.at(bottom).a)
	// Texts of a chain of + are put together at once: a thousand lines of them
	// would be copied a thousand times otherwise.
	var parts []*value
	var partPos int32
	settle := func() {
		if len(parts) > 0 {
			v = a.joinedText(a.concatAll(parts), parts, partPos)
			parts = nil
		}
	}
	for i := len(spine) - 1; i >= 0; i-- {
		x := *a.at(spine[i])
		r := a.eval(x.b)
		if x.d == '+' && (len(parts) > 0 || isText(v) || isText(r)) {
			if len(parts) == 0 {
				parts = append(parts, v)
				partPos = x.pos
			}
			parts = append(parts, r)
			continue
		}
		settle()
		v = a.operate(x.d, v, r)
	}
	settle()
	return v
}

func isText(v *value) bool {
	return v.kind == vString || v.approx != "" || v.kind == vArray || v.from != 0 && v.kind == vUnknown
}

func (a *analysis) operate(d int32, l, r *value) *value {
	var out *value
	o := op(d)
	if d < 0 {
		return a.word(-d, l, r)
	}
	if l.kind == vObject || r.kind == vObject {
		if c := a.converted(l, o != '+'); c != nil {
			l = c
		}
		if c := a.converted(r, o != '+'); c != nil {
			r = c
		}
	}
	lf, lok := l.num()
	rf, rok := r.num()
	lb, lbig := bigOf(l)
	rb, rbig := bigOf(r)
	switch {
	case lbig && rbig:
		if out = bigArithmetic(o, lb, rb); out == nil {
			return unknown
		}
	case o == '+' && !(lok && rok && l.kind != vString && r.kind != vString && l.kind != vArray && r.kind != vArray):
		if l.kind == vUnknown && r.kind == vUnknown && l.from == 0 && r.from == 0 && l.approx == "" && r.approx == "" {
			return unknown
		}
		return a.concatAll([]*value{l, r})
	case o == opEq2 || o == opEq3 || o == opNe2 || o == opNe3:
		is := o == opEq2 || o == opEq3
		switch {
		case l.isConst() && r.isConst() && l.kind == r.kind:
			return boolean(same(l, r) == is)
		case !a.concrete:
		case l.isConst() && r.isConst() && (o == opEq3 || o == opNe3), l.kind == vNull && known(r), r.kind == vNull && known(l):
			return boolean(!is)
		case l.isConst() && r.isConst() && lok && rok:
			return boolean((lf == rf) == is)
		}
		return unknown
	case (o == '<' || o == '>' || o == opLe || o == opGe) && l.kind == vString && r.kind == vString:
		return boolean(o == '<' && l.s < r.s || o == '>' && l.s > r.s || o == opLe && l.s <= r.s || o == opGe && l.s >= r.s)
	case lok && rok:
		out = arithmetic(o, lf, rf)
	}
	if out == nil {
		out = &value{}
	}
	if l.from|r.from != 0 || l.marks|r.marks != 0 || o == '^' || l.xor || r.xor {
		c := *out
		c.from |= (l.from | r.from) &^ fromLong
		c.xor = l.xor || r.xor || o == '^'
		out = &c
	} else if out.kind == vUnknown {
		return unknown
	}
	return out
}

// known says whether it is known what sort of thing a value is.
func known(v *value) bool {
	switch v.kind {
	case vUnknown, vUnion:
		return false
	}
	return true
}

// word gives x in y and x instanceof y.
func (a *analysis) word(atom int32, l, r *value) *value {
	if k, ok := l.str(); atom == aIn && ok && exact(r) && r.rare().inherits == nil {
		return boolean(r.fields[k] != nil)
	}
	if atom == aIn && r.kind == vArray && !r.dirty && l.kind == vNumber {
		return boolean(l.n >= 0 && int(l.n) < len(r.items))
	}
	return unknown
}

// typeOf gives what typeof says.
func typeOf(v *value) *value {
	switch v.kind {
	case vString:
		if v.bytes {
			return text("object")
		}
		if strings.HasPrefix(v.s, symbol) {
			return text("symbol")
		}
		return text("string")
	case vNumber:
		return text("number")
	case vBool:
		return text("boolean")
	case vBig:
		return text("bigint")
	case vArray, vRegex:
		return text("object")
	case vObject:
		if v.rare().behind == nil {
			return text("object")
		}
	case vFunc:
		return text("function")
	}
	return unknown
}

func arithmetic(o op, l, r float64) *value {
	switch o {
	case '+':
		return number(l + r)
	case '-':
		return number(l - r)
	case '*':
		return number(l * r)
	case '/':
		return number(l / r)
	case '%':
		return number(math.Mod(l, r))
	case opPow:
		return number(math.Pow(l, r))
	case '^':
		return number(float64(toInt32(l) ^ toInt32(r)))
	case '&':
		return number(float64(toInt32(l) & toInt32(r)))
	case '|':
		return number(float64(toInt32(l) | toInt32(r)))
	case opShl:
		return number(float64(toInt32(l) << (uint32(toInt32(r)) & 31)))
	case opShr:
		return number(float64(toInt32(l) >> (uint32(toInt32(r)) & 31)))
	case opShru:
		return number(float64(uint32(toInt32(l)) >> (uint32(toInt32(r)) & 31)))
	case '<':
		return boolean(l < r)
	case '>':
		return boolean(l > r)
	case opLe:
		return boolean(l <= r)
	case opGe:
		return boolean(l >= r)
	}
	return nil
}

func (a *analysis) logical(x *node) *value {
	l := a.eval(x.a)
	is, known := l.truth()
	o := op(x.d)
	if a.concrete {
		if l.kind == vName { // a module or a function
			is, known = true, true
		}
		if !known {
			a.aborted = true
			return unknown
		}
		if o == opOr && is || o == opAnd && !is || o == opNullish && l.kind != vNull {
			return l
		}
		return a.eval(x.b)
	}
	main := false
	if o == opAnd {
		switch a.condition(x.a) {
		case condMain:
			main = true
			a.main++
		case condFalse:
			a.nowhere++
			defer func() { a.nowhere-- }()
		}
	}
	a.branch++
	r := a.eval(x.b)
	a.branch--
	if main {
		a.main--
	}
	switch {
	case known && o == opOr && is, known && o == opNullish && l.kind != vNull, known && o == opAnd && !is:
		return l
	case known && o == opNullish && l.kind == vNull, known && o != opNullish:
		return r
	case o == opAnd:
		return r.with(&value{from: l.from & r.from})
	}
	// x || "default": the constant is what is known of it.
	if l.kind == vUnknown && l.approx == "" && r.kind == vString {
		c := *r
		c.carry(l)
		if l.from == 0 {
			return &value{kind: vUnion, items: []*value{r, unknown}, marks: r.marks, from: r.from}
		}
		return &c
	}
	return merge(l, r)
}

func (a *analysis) conditional(n int32) *value {
	var out *value
	branches, nowhere := 0, 0
	for a.at(n).op == nCond {
		x := *a.at(n)
		cond := a.eval(x.a)
		if a.concrete {
			is, known := cond.truth()
			if cond.kind == vName {
				is, known = true, true
			}
			if !known {
				a.aborted = true
				return unknown
			}
			if is {
				return a.eval(x.b)
			}
			n = x.c
			if a.at(n).op != nCond {
				return a.eval(n)
			}
			continue
		}
		dead := a.condition(x.a) == condFalse
		alive := a.condition(x.a) == condTrue
		a.branch++
		branches++
		if dead {
			a.nowhere++
		}
		v := a.eval(x.b)
		if dead {
			a.nowhere--
		} else {
			out = merge(out, v)
		}
		if alive {
			a.nowhere++
			nowhere++
		}
		n = x.c
	}
	v := a.eval(n)
	a.branch -= branches
	a.nowhere -= nowhere
	if nowhere > 0 {
		return out
	}
	return merge(out, v)
}

func (a *analysis) assign(x *node) *value {
	o := op(x.d)
	if o == '=' {
		target := a.at(x.a)
		if target.op == nMember && a.atoms.names[target.b] == "env" {
			a.envName++
			defer func() { a.envName-- }()
		}
		v := a.named(x.b, x.a)
		a.assignTo(x.a, v)
		return v
	}
	l := a.eval(x.a)
	if o == op3('|', '|', '=') || o == op3('&', '&', '=') || o == op3('?', '?', '=') {
		if a.concrete {
			is, known := l.truth()
			if l.kind == vName || o == op3('?', '?', '=') && l.kind != vUnknown && l.kind != vUnion {
				is, known = l.kind != vNull, true
				if o == op3('&', '&', '=') {
					is = true
				}
			}
			if !known {
				a.aborted = true
				return unknown
			}
			if is != (o == op3('&', '&', '=')) {
				return l
			}
			v := a.named(x.b, x.a)
			a.assignTo(x.a, v)
			return v
		}
		a.branch++
		v := a.named(x.b, x.a)
		a.bind(x.a, v)
		a.branch--
		return merge(l, v)
	}
	r := a.eval(x.b)
	v := a.operate(int32(o>>8), l, r)
	if o == opAddSet && v.kind == vString && a.loop == 0 && !a.concrete {
		v = a.joinedText(v, []*value{l, r}, x.pos)
	}
	a.assignTo(x.a, v)
	return v
}

func (a *analysis) assignTo(target int32, v *value) {
	switch t := a.at(target); t.op {
	case nMember, nIndex:
		a.assignMember(target, v, '=')
	default:
		a.bind(target, v)
	}
}

func (a *analysis) index(x *node) *value {
	obj := a.eval(x.a)
	k := a.eval(x.b)
	if list := a.at(x.a); list.op == nArray && list.a == 0 && k.kind == vUnknown { // [][x]: none has that
		return undefined
	}
	return a.indexed(obj, k, x.pos)
}

// indexed gives obj[k].
func (a *analysis) indexed(obj, k *value, pos int32) *value {
	if k.kind == vUnion {
		var out *value
		for _, it := range k.items {
			out = merge(out, a.indexed(obj, it, pos))
		}
		return out
	}
	if s, ok := k.str(); ok && k.kind != vNull && (k.kind != vArray || len(k.items) > 0) {
		plain := k.kind == vNumber
		return a.member(obj, s, pos, !plain && k.kind == vString && (k.disguised || k.joined || k.from&fromDecode != 0 || bracketNeedless(obj, s)))
	}
	if obj.kind == vArray && !obj.dirty && (k.kind == vNull || k.kind == vArray && len(k.items) == 0 && !k.dirty) {
		return undefined
	}
	if obj.kind == vName {
		if obj.s == "process.env" {
			return a.environmentName(nil, pos)
		}
		if looked[rootOf(obj.s)] || k.from&(fromComputed|fromDecode|fromFetch) != 0 {
			a.emit(code.Fact{Kind: code.Lookup, Name: strings.ReplaceAll(obj.s, "()", "") + "[]", Disguised: k.from&(fromComputed|fromDecode) != 0}, pos, k.marks, k.from)
		}
	}
	out := &value{}
	out.carry(obj)
	out.from |= k.from & (fromComputed | fromDecode)
	if obj.kind == vArray || obj.kind == vObject {
		d := obj.deep(1)
		out.carry(&d)
		if obj.kind == vObject && len(obj.fields) <= 12 || obj.kind == vArray && len(obj.items) <= mostUnion {
			var any *value
			for _, key := range slices.Sorted(maps.Keys(obj.fields)) {
				if f := obj.fields[key]; f.kind == vFunc || f.kind == vName {
					any = merge(any, f)
				}
			}
			for _, f := range obj.items {
				if f.kind == vFunc || f.kind == vName {
					any = merge(any, f)
				}
			}
			if any != nil {
				return any.with(out)
			}
		}
	}
	out.own = false
	return out
}

// bracketNeedless says whether obj["name"] of a module or the global object could
// have been written with a point.
func bracketNeedless(obj *value, key string) bool {
	if obj.kind != vName || obj.s == "process.env" || key == "" || !identStart[key[0]] || key == "default" {
		return false
	}
	for i := range len(key) {
		if !identByte[key[i]] {
			return false
		}
	}
	return obj.s == "" || looked[rootOf(obj.s)]
}

// looked are the modules and globals of which a member found by a computed name
// is a fact.
var looked = map[string]bool{
	"": true, "child_process": true, "vm": true, "module": true, "process": true, "Reflect": true, "fs": true, "https": true, "http": true,
	"net": true, "require": true, "Function": true, "Module": true, "os": true,
}

func rootOf(path string) string {
	if i := strings.IndexAny(path, ".("); i > 0 {
		return path[:i]
	}
	return path
}

// member gives obj.key.
func (a *analysis) member(obj *value, key string, pos int32, disguised bool) *value {
	switch obj.kind {
	case vUnion:
		var out *value
		for _, it := range obj.items {
			out = merge(out, a.member(it, key, pos, disguised))
		}
		if out != nil {
			return out
		}
		return unknown
	case vName:
		return a.nameMember(obj, key, pos, disguised)
	case vString:
		if key == "length" {
			return number(float64(len(utf16Of(obj))))
		}
		if i, err := strconv.Atoi(key); err == nil {
			return charAt(obj, i)
		}
		if key == "description" && strings.HasPrefix(obj.s, symbol) {
			return text(obj.s[strings.IndexByte(obj.s, ':')+1:])
		}
		return a.protoMember("String", key, disguised)
	case vArray:
		if f := obj.fields[key]; f != nil {
			return f
		}
		if key == "length" {
			if obj.dirty {
				return tainted(obj.from)
			}
			return number(float64(len(obj.items)))
		}
		if i, err := strconv.Atoi(key); err == nil {
			if obj.dirty {
				d := obj.deep(1)
				if stringTable(obj) { // turned round before it is used
					d.from |= fromComputed
				}
				return &d
			}
			if i >= 0 && i < len(obj.items) {
				return obj.items[i]
			}
			return undefined
		}
		return a.protoMember("Array", key, disguised)
	case vNumber, vBool:
		return a.protoMember("Number", key, disguised)
	case vObject:
		switch {
		case obj.rare().behind != nil:
			return a.memberOfProxy(obj, key, pos, disguised)
		case obj.rare().descriptorsOf != nil:
			return a.descriptor(obj.rare().descriptorsOf, key, pos)
		}
		if f, ok := obj.fields[key]; ok {
			if disguised && f.kind == vName {
				f = f.with(&value{disguised: true})
			}
			return f
		}
		if obj.rare().inherits != nil && a.depth < mostEval {
			a.depth++
			defer func() { a.depth-- }()
			return a.member(obj.rare().inherits, key, pos, disguised)
		}
		if f := obj.fn; f != nil && f.proto != nil && f.proto != obj {
			if v, ok := f.proto.fields[key]; ok {
				return v
			}
		}
		if obj.born != 0 && obj.fn == nil && !obj.dirty && a.concrete && key != "constructor" && key != "hasOwnProperty" && key != "toString" {
			return undefined
		}
		if key == "constructor" {
			if obj.fn != nil {
				return &value{kind: vFunc, fn: obj.fn}
			}
			return &value{kind: vName, s: "Object", disguised: disguised}
		}
		if f := obj.fn; f != nil {
			for s := f.super; s != nil; {
				if s.kind == vName {
					return a.nameMember(name(s.s+"()"), key, pos, disguised)
				}
				if s.kind != vFunc {
					break
				}
				if v, ok := s.fn.prototype().fields[key]; ok {
					return v
				}
				if s == s.fn.super || s.fn == f {
					break
				}
				s, f = s.fn.super, s.fn
			}
		}
		if obj.from != 0 || obj.marks != 0 || obj.env {
			v := &value{}
			v.carry(obj)
			return v
		}
		return unknown
	case vNull:
		if a.concrete {
			a.throw(unknown)
			return unknown
		}
	case vFunc:
		switch key {
		case "name":
			if t := obj.fn.title; t != "" {
				return text(t[strings.LastIndexByte(t, '.')+1:])
			}
		case "prototype":
			return obj.fn.prototype()
		case "constructor":
			return &value{kind: vName, s: "Function", disguised: disguised}
		}
		if v, ok := obj.fn.static[key]; ok {
			return v
		}
		if s := obj.fn.super; s != nil && s.kind == vFunc && s.fn != obj.fn {
			if v, ok := s.fn.static[key]; ok {
				return v
			}
		}
		return unknown
	}
	if key == "constructor" {
		if obj.callable {
			return &value{kind: vName, s: "Function", disguised: true}
		}
		return &value{callable: true}
	}
	if obj.from == 0 && obj.marks == 0 && !obj.env && !obj.own && len(obj.keys) == 0 {
		return unknown
	}
	v := &value{}
	v.carry(obj)
	v.own = false
	return v
}

// stringTable says whether an array holds nothing but texts, as an obfuscator's does.
func stringTable(v *value) bool {
	for _, it := range v.items {
		if it.kind != vString {
			return false
		}
	}
	return len(v.items) >= 8
}

func (a *analysis) protoMember(class, key string, disguised bool) *value {
	if key == "constructor" {
		return &value{kind: vName, s: class, disguised: disguised}
	}
	if key == "__proto__" {
		return &value{kind: vName, s: class + ".prototype", disguised: disguised}
	}
	return &value{kind: vName, s: class + ".prototype." + key, disguised: disguised}
}

func (a *analysis) nameMember(obj *value, key string, pos int32, disguised bool) *value {
	switch {
	case obj.s == "Symbol" && knownSymbols[key]:
		return text(symbol + key)
	case obj.s == "":
		v := a.global(key)
		if v.kind == vName && (disguised || obj.disguised) {
			v.disguised = true
		}
		return v
	case obj.s == "process.env":
		return a.environmentName(text(key), pos)
	case obj.s == "import.meta" && (key == "url" || key == "filename"):
		return &value{own: true, ownFile: true, approx: "./self.js"}
	case obj.s == "import.meta" && key == "dirname":
		return &value{own: true, approx: "."}
	case key == "constructor" && obj.s == "module":
		return &value{kind: vName, s: "module", disguised: true}
	case key == "constructor":
		if a.isFunction(obj.s) {
			return &value{kind: vName, s: "Function", disguised: true}
		}
		return &value{callable: true}
	case len(obj.s)+len(key) > mostPath:
		v := &value{}
		v.carry(obj)
		return v
	}
	v := *obj
	v.s = canonical(obj.s, key)
	v.disguised = obj.disguised || disguised
	if known := a.ofNeighbour(v.s, pos); known != nil {
		return known
	}
	v.env = v.env || v.s == "process.env"
	if v.s == "document.cookie" {
		v.from |= fromSecret
	}
	if v.s == "process.env" || v.s == "Deno.env" {
		v.from |= fromEnvAll
	}
	return &v
}

// isFunction says whether a path is that of a function of the language or of node.
func (a *analysis) isFunction(path string) bool {
	if _, ok := specs()[path]; ok || special[path] {
		return true
	}
	switch path {
	case "Object", "Array", "String", "Number", "Boolean", "Date", "RegExp", "Promise", "Map", "Set", "Error", "Symbol", "Proxy", "Buffer", "isNaN", "parseInt",
		"parseFloat", "clearTimeout", "queueMicrotask", "alert", "encodeURIComponent", "decodeURIComponent":
		return true
	}
	for _, class := range [...]string{"Object.", "Array.", "String.", "Number.", "Math.", "JSON.", "Function.", "console.", "Promise.", "Date."} {
		if strings.HasPrefix(path, class) && !strings.HasSuffix(path, ")") && !strings.Contains(path, "$") { // the language names nothing so
			return true
		}
	}
	return false
}

// assignMember assigns to obj.key or obj[key].
func (a *analysis) assignMember(target int32, v *value, _ op) {
	x := *a.at(target)
	obj := a.eval(x.a)
	key, known := "", true
	if x.op == nMember {
		key = a.atoms.names[x.b]
	} else {
		k := a.eval(x.b)
		key, known = k.str()
		known = known && k.kind != vNull
	}
	if a.concrete {
		if !known || !a.carryAssign(obj, key, v) {
			a.aborted = true
		}
		return
	}
	obj.each(func(o *value) {
		switch o.kind {
		case vObject:
			if known {
				o.setField(key, v)
			} else {
				o.dirty = true
				o.carry(v)
				o.from |= v.from
			}
		case vArray:
			o.dirty = true
			d := v.deep(2)
			o.carry(&d)
		case vFunc:
			if key == "prototype" && v.kind == vObject {
				o.fn.proto = v
				break
			}
			if known && o.fn.static == nil {
				o.fn.static = map[string]*value{}
			}
			if known && len(o.fn.static) < mostFields {
				o.fn.static[key] = merge(o.fn.static[key], v)
			}
		case vName:
			if known {
				a.lends(o.s+"."+key, v, x.pos)
			}
			a.patch(o, key, known, v, x.pos)
		}
	})
	if v.kind == vFunc {
		if strings.HasPrefix(key, "on") {
			a.escape(v)
			obj.each(func(o *value) { a.handler(o, v.fn) })
		}
		if v.fn.this == nil && obj.kind == vObject {
			v.fn.this = obj
		}
	}
}

// escape says that a function is handed to somebody who calls it soon.
func (a *analysis) escape(v *value) {
	if v.kind == vFunc && a.nowhere == 0 && !a.concrete {
		v.fn.calledBy(a.cur, a.main > 0)
	}
}
