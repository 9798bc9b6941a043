package javascript

import (
	"encoding/json"
	"math"
	"math/big"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostBig is how many digits a whole number may have.
const mostBig = 8000

var bigZero, bigOne = big.NewInt(0), big.NewInt(1)

// knownSymbols are those of the language that objects answer to.
var knownSymbols = map[string]bool{"iterator": true, "asyncIterator": true, "toPrimitive": true, "toStringTag": true, "dispose": true, "asyncDispose": true, "hasInstance": true, "species": true}

// numeral is a number as it is written.
func numeral(s string) *value {
	if digits, big := strings.CutSuffix(s, "n"); big && len(s) < mostBig {
		if n, ok := parseBig(digits); ok {
			return bigNumber(n)
		}
	}
	return number(parseNumber(s))
}

func parseBig(s string) (*big.Int, bool) {
	s = strings.ReplaceAll(s, "_", "")
	if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		return nil, false
	}
	return new(big.Int).SetString(s, 0)
}

func bigNumber(n *big.Int) *value {
	if n.BitLen() > 3*mostBig {
		return unknown
	}
	return &value{kind: vBig, s: n.String()}
}

func bigOf(v *value) (*big.Int, bool) {
	if v.kind != vBig {
		return nil, false
	}
	return new(big.Int).SetString(v.s, 10)
}

func bigArithmetic(o op, l, r *big.Int) *value {
	out := new(big.Int)
	switch o {
	case '+':
		out.Add(l, r)
	case '-':
		out.Sub(l, r)
	case '*':
		out.Mul(l, r)
	case '/', '%':
		if r.Sign() == 0 {
			return nil
		}
		if o == '/' {
			out.Quo(l, r)
		} else {
			out.Rem(l, r)
		}
	case '&':
		out.And(l, r)
	case '|':
		out.Or(l, r)
	case '^':
		out.Xor(l, r)
	case opShl, opShr:
		if !r.IsInt64() || r.Int64() < 0 || r.Int64() > 3*mostBig {
			return nil
		}
		if o == opShl {
			out.Lsh(l, uint(r.Int64()))
		} else {
			out.Rsh(l, uint(r.Int64()))
		}
	case opPow:
		if !r.IsInt64() || r.Sign() < 0 || r.Int64() > 4096 || l.BitLen() > 64 {
			return nil
		}
		out.Exp(l, r, nil)
	case '<':
		return boolean(l.Cmp(r) < 0)
	case '>':
		return boolean(l.Cmp(r) > 0)
	case opLe:
		return boolean(l.Cmp(r) <= 0)
	case opGe:
		return boolean(l.Cmp(r) >= 0)
	case opEq2, opEq3:
		return boolean(l.Cmp(r) == 0)
	case opNe2, opNe3:
		return boolean(l.Cmp(r) != 0)
	default:
		return nil
	}
	return bigNumber(out)
}

// pureMore gives what more functions give that only compute, or nil.
func (a *analysis) pureMore(fn string, args []*value) *value {
	first := args[0]
	s, ok := "", false
	if first.kind != vArray && first.kind != vNull {
		s, ok = first.str()
	}
	give := func(s string) *value {
		out := &value{kind: vString, s: s, joined: true}
		for _, arg := range args {
			out.carry(arg)
		}
		return out
	}
	switch fn {
	case "BigInt":
		if first.kind == vNumber && first.n == math.Trunc(first.n) && math.Abs(first.n) < 1<<53 {
			return bigNumber(big.NewInt(int64(first.n)))
		}
		if ok && len(s) < mostBig {
			if n, is := parseBig(strings.TrimSpace(s)); is {
				return bigNumber(n).with(first)
			}
		}
	case "Number", "parseInt":
		if n, is := bigOf(first); is {
			f, _ := new(big.Float).SetInt(n).Float64()
			return number(f)
		}
	case "BigInt.asUintN":
		bits, known := intArg(args, 0, 0)
		if len(args) == 2 && known && bits >= 0 && bits <= 4096 {
			if n, is := bigOf(args[1]); is {
				return bigNumber(new(big.Int).And(n, new(big.Int).Sub(new(big.Int).Lsh(bigOne, uint(bits)), bigOne)))
			}
		}
	case "Boolean":
		if is, known := first.truth(); known {
			return boolean(is)
		}
	case "Array.isArray":
		if known(first) && first.kind != vName {
			return boolean(first.kind == vArray)
		}
	case "Math.max", "Math.min", "Math.pow", "Math.sqrt", "Math.sign", "Math.log2", "Math.imul":
		return mathOf(fn[5:], args)
	case "Array":
		if first.kind == vNumber && len(args) == 1 && first.n >= 0 && first.n <= mostItems && first.n == math.Trunc(first.n) {
			out := a.list(make([]*value, int(first.n))...)
			for i := range out.items {
				out.items[i] = undefined
			}
			return out
		}
	case "Array.from":
		list := a.iterate(first)
		if first.kind == vObject && list == first {
			list = a.listLike(first)
		}
		switch {
		case list == nil || list.kind != vArray || list.dirty:
			return nil
		case len(args) == 1:
			return a.list(list.items...)
		case len(list.items) > 0:
			return a.foldEach(list, "map", args[1:])
		}
	case "Buffer.alloc", "Buffer.allocUnsafe", "buffer.Buffer.alloc":
		if n, known := intArg(args, 0, 0); known && first.kind == vNumber && n >= 0 && n <= mostByteArray {
			out := a.byteList(n)
			if len(args) > 1 {
				if b := a.buffer(args[1:]); b != nil && b.s != "" {
					for i := range out.items {
						out.items[i] = smallNumbers[b.s[i%len(b.s)]]
					}
				}
			}
			return out
		}
	case "Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "Int8Array":
		if first.kind == vNumber && first.n >= 0 && first.n <= mostByteArray && first.n == math.Trunc(first.n) {
			out := a.byteList(int(first.n))
			out.typed = strings.HasPrefix(fn, "Uint8")
			return out
		}
	case "Uint8Array.of", "Buffer.of":
		return a.buffer([]*value{a.list(args...)})
	case "Buffer.concat", "buffer.Buffer.concat":
		if first.kind != vArray || first.dirty {
			return nil
		}
		out := &value{kind: vString, bytes: true, joined: true}
		var all strings.Builder
		for _, it := range first.items {
			b := it
			if it.kind == vArray {
				b = a.buffer([]*value{it})
			}
			if b == nil || b.kind != vString || !b.bytes || all.Len()+len(b.s) > mostText {
				return nil
			}
			out.carry(b)
			all.WriteString(b.s)
		}
		out.s = all.String()
		return out
	case "util.format":
		if ok && len(args) < 32 {
			for _, arg := range args[1:] {
				t, is := arg.str()
				if !is {
					return nil
				}
				if i := strings.Index(s, "%s"); i >= 0 {
					s = s[:i] + t + s[i+2:]
				} else {
					s += " " + t
				}
			}
			return give(s)
		}
	case "path.basename", "path.posix.basename":
		if end, is := strArg(args, 1); ok && is {
			return give(strings.TrimSuffix(path.Base(s), end))
		}
	case "path.extname":
		if ok {
			return give(path.Ext(s))
		}
	case "JSON.stringify":
		if t, is := a.writeJSON(first, 0); is && len(args) == 1 && first.kind != vString {
			return give(t)
		}
	case "TextEncoder().encode", "util.TextEncoder().encode":
		if ok && first.kind == vString {
			c := *first
			c.bytes = true
			return &c
		}
	case "isNaN", "Number.isNaN":
		if f, is := first.num(); is {
			return boolean(math.IsNaN(f))
		}
	}
	return nil
}

func mathOf(fn string, args []*value) *value {
	var all []float64
	for _, v := range args {
		f, ok := v.num()
		if !ok {
			return nil
		}
		all = append(all, f)
	}
	out := all[0]
	for _, f := range all[1:] {
		switch fn {
		case "max":
			out = math.Max(out, f)
		case "min":
			out = math.Min(out, f)
		case "pow":
			out = math.Pow(out, f)
		case "imul":
			out = float64(toInt32(out) * toInt32(f))
		}
	}
	switch fn {
	case "sqrt":
		out = math.Sqrt(out)
	case "log2":
		out = math.Log2(out)
	case "sign":
		if out != 0 {
			out = math.Copysign(1, out)
		}
	}
	return number(out)
}

// writeJSON gives JSON.stringify of an array or object of constants.
func (a *analysis) writeJSON(v *value, depth int) (string, bool) {
	if depth > 6 || v.env {
		return "", false
	}
	switch v.kind {
	case vString:
		if v.bytes || !utf8.ValidString(v.s) || len(v.s) > mostApprox {
			return "", false
		}
		out, err := json.Marshal(v.s)
		return string(out), err == nil
	case vNumber, vBool:
		return v.str()
	case vArray:
		if v.dirty || len(v.items) > 4096 || v.iterated {
			return "", false
		}
		parts := make([]string, len(v.items))
		for i, it := range v.items {
			s, ok := a.writeJSON(it, depth+1)
			if !ok {
				return "", false
			}
			parts[i] = s
		}
		return "[" + strings.Join(parts, ",") + "]", true
	case vObject:
		if !exact(v) || v.fn != nil {
			return "", false
		}
		var parts []string
		for _, k := range keysOf(v) {
			s, ok := a.writeJSON(v.fields[k], depth+1)
			if !ok {
				return "", false
			}
			parts = append(parts, strconv.Quote(k)+":"+s)
		}
		return "{" + strings.Join(parts, ",") + "}", true
	}
	return "", false
}

// tagged follows a template with a tag: a function is called with the pieces and the
// values between them.
func (a *analysis) tagged(tag *value, x *node, parts []*value) *value {
	pieces, raw, args := a.list(), a.list(), []*value{nil}
	i := 0
	for e := x.a; e != 0; e = a.at(e).next {
		if p := a.at(e); p.op == nPiece {
			pieces.items = append(pieces.items, parts[i])
			raw.items = append(raw.items, text(string(a.src[p.pos:p.a])))
		} else {
			args = append(args, parts[i])
		}
		i++
	}
	if tag.kind == vName && tag.s == "String.raw" {
		all := make([]*value, 0, len(parts))
		for i, r := range raw.items {
			all = append(all, r)
			if i+1 < len(args) && i+1 < len(raw.items) {
				all = append(all, args[i+1])
			}
		}
		return a.concatAll(all)
	}
	if tag.kind == vFunc {
		pieces.fields = map[string]*value{"raw": raw}
		args[0] = pieces
		return a.callValue(tag, nil, args, x.pos, false, false)
	}
	if len(pieces.items) == 1 && tag.kind == vName {
		return a.callValue(tag, nil, parts, x.pos, false, false)
	}
	return a.callValue(tag, nil, []*value{a.concatAll(parts)}, x.pos, false, false)
}
