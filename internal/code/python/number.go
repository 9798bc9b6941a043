package python

import (
	endian "encoding/binary"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// Limits of numbers: one of mostBits holds a text of 16 KB.
const (
	mostBits   = 1 << 17
	mostDigits = 1 << 15 // of a number's text, in base ten
)

// bigOf gives a number of any size; nil for what is none.
func bigOf(v *value) *big.Int {
	switch v.kind {
	case integer:
		return big.NewInt(v.n)
	case boolean:
		return big.NewInt(v.n)
	case large:
		n := new(big.Int).SetBytes([]byte(v.s))
		if v.n < 0 {
			n.Neg(n)
		}
		return n
	}
	return nil
}

// fromBig is a number as a value: a plain one where it fits.
func (a *analysis) fromBig(n *big.Int, like ...*value) *value {
	var from sources
	for _, l := range like {
		from |= l.from &^ fromLong
	}
	if n.IsInt64() {
		if from == 0 {
			return a.number(n.Int64())
		}
		return a.make(value{kind: integer, n: n.Int64(), from: from})
	}
	if n.BitLen() > mostBits {
		return a.tainted(nothing, from, 0)
	}
	return a.make(value{kind: large, s: string(n.Bytes()), n: int64(n.Sign()), from: from})
}

// largeLiteral is a number that is too large for an int64; nil for floats.
func (a *analysis) largeLiteral(id syntax.ID) *value {
	s := strings.ReplaceAll(strings.TrimRight(a.tree.Text(id), "lL"), "_", "")
	if len(s) < 10 || len(s) > mostDigits || !a.fold(len(s)*len(s)/64+16) {
		return nil
	}
	n, ok := new(big.Int).SetString(s, 0)
	if !ok {
		return nil
	}
	return a.fromBig(n)
}

// bigArithmetic is one operator on numbers of any size; nil when the result is not
// to be had.
func (a *analysis) bigArithmetic(op syntax.Op, l, r *value) *value {
	x, y := bigOf(l), bigOf(r)
	if x == nil || y == nil || !a.fold(16+(x.BitLen()+y.BitLen())/8) {
		return nil
	}
	out := new(big.Int)
	switch op {
	case syntax.Add:
		out.Add(x, y)
	case syntax.Sub:
		out.Sub(x, y)
	case syntax.Mult:
		if x.BitLen()+y.BitLen() > mostBits || !a.fold(x.BitLen()*y.BitLen()/4096) {
			return nil
		}
		out.Mul(x, y)
	case syntax.BitXor:
		out.Xor(x, y)
	case syntax.BitAnd:
		out.And(x, y)
	case syntax.BitOr:
		out.Or(x, y)
	case syntax.LShift:
		if !y.IsInt64() || y.Int64() < 0 || y.Int64()+int64(x.BitLen()) > mostBits {
			return nil
		}
		out.Lsh(x, uint(y.Int64()))
	case syntax.RShift:
		if !y.IsInt64() || y.Int64() < 0 || y.Int64() > mostBits {
			return nil
		}
		out.Rsh(x, uint(y.Int64()))
	case syntax.FloorDiv, syntax.Mod:
		if y.Sign() == 0 || !a.fold(x.BitLen()*min(y.BitLen(), 4096)/4096) {
			return nil
		}
		rest := new(big.Int)
		out.QuoRem(x, y, rest)
		if rest.Sign() != 0 && rest.Sign() != y.Sign() {
			out.Sub(out, big.NewInt(1))
			rest.Add(rest, y)
		}
		if op == syntax.Mod {
			out = rest
		}
	case syntax.Pow:
		if !y.IsInt64() || y.Int64() < 0 || int64(x.BitLen())*y.Int64() > mostBits || !a.fold(1<<12) {
			return nil
		}
		out.Exp(x, y, nil)
	default:
		return nil
	}
	return a.fromBig(out, l, r)
}

// modularPower is pow(x, y, z); nil when it is not to be had.
func (a *analysis) modularPower(x, y, z *value) *value {
	const most = 1 << 11
	bx, by, bz := bigOf(x), bigOf(y), bigOf(z)
	if bx == nil || by == nil || bz == nil || bz.Sign() <= 0 || by.Sign() < 0 || max(bx.BitLen(), by.BitLen(), bz.BitLen()) > most || !a.fold(1<<14) {
		return nil
	}
	return a.fromBig(new(big.Int).Exp(bx, by, bz), x, y, z)
}

// intFromBytes is int.from_bytes.
func (a *analysis) intFromBytes(args *arguments) *value {
	v := a.asBytes(args.at(0))
	if v.kind == list {
		v = foldBytes(a, &arguments{a: a, pos: []*value{v}}, 0)
	}
	if v.kind != binary || len(v.s) > mostBits/8 {
		f, m := args.reaches()
		return a.tainted(nothing, f, m)
	}
	b := []byte(v.s)
	if args.named("byteorder", 1).s == "little" {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	return a.fromBig(new(big.Int).SetBytes(b), v)
}

// intToBytes is a number's to_bytes: that is how a text is kept as one number.
func (a *analysis) intToBytes(v *value, args *arguments) *value {
	size, order := args.named("length", 0), args.named("byteorder", 1)
	n := bigOf(v)
	if size == nothing {
		size = a.number(1)
	}
	if n == nil || n.Sign() < 0 || size.kind != integer || size.n < 0 || size.n > mostBits/8 || int64(n.BitLen()+7)/8 > size.n {
		return a.unknown(v.from|fromDecode, 0, 0)
	}
	out := n.FillBytes(make([]byte, size.n))
	if order.s == "little" {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	from := v.from
	if size.n > 8 {
		from |= fromDecode
	}
	return a.make(value{kind: binary, s: string(out), flags: odd, from: from})
}

// parseInt is int(text, base).
func (a *analysis) parseInt(v *value, base int) *value {
	s := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(v.s)), "_", "")
	if len(s) > mostDigits || !a.fold(len(s)*len(s)/64+16) {
		return nil
	}
	for prefix, of := range map[string]int{"0x": 16, "0b": 2, "0o": 8} {
		if rest, ok := strings.CutPrefix(s, prefix); ok && (base == of || base == 0) {
			s, base = rest, of
			break
		}
	}
	if base == 0 {
		base = 10
	}
	n, ok := new(big.Int).SetString(s, base)
	if !ok {
		return nil
	}
	return a.fromBig(n, v)
}

// showNumber writes a number as str() does; false for what is none.
func showNumber(v *value) (string, bool) {
	switch v.kind {
	case integer:
		return strconv.FormatInt(v.n, 10), true
	case large:
		if len(v.s) > 1<<12 {
			return "", false
		}
		return bigOf(v).String(), true
	}
	return "", false
}

// based is hex(), oct() and bin().
func based(base int, prefix string) folder {
	return func(a *analysis, args *arguments, _ syntax.ID) *value {
		n := bigOf(args.at(0))
		if n == nil || !a.fold(copying(n.BitLen())) {
			f, m := args.reaches()
			return a.tainted(nothing, f, m)
		}
		sign := ""
		if n.Sign() < 0 {
			sign = "-"
			n.Neg(n)
		}
		return a.textOf(sign+prefix+n.Text(base), args.at(0))
	}
}

// spelled is a value under a format such as 02x, c, <8 or >4s; nil when the format is
// another one (https://docs.python.org/3/library/string.html#formatspec).
func (a *analysis) spelled(v *value, spec string) *value {
	const widest = 4096
	if spec == "" {
		return v
	}
	fill, align := " ", byte(0)
	if r, size := utf8.DecodeRuneInString(spec); size < len(spec) && strings.IndexByte("<>^=", spec[size]) >= 0 {
		fill, align, spec = string(r), spec[size], spec[size+1:]
	} else if strings.IndexByte("<>^=", spec[0]) >= 0 {
		align, spec = spec[0], spec[1:]
	}
	spec = strings.TrimLeft(spec, "+- ")
	alternate := strings.HasPrefix(spec, "#")
	spec = strings.TrimPrefix(spec, "#")
	if strings.HasPrefix(spec, "0") {
		spec = spec[1:]
		if align == 0 {
			fill, align = "0", '='
		}
	}
	i := 0
	for i < len(spec) && spec[i] >= '0' && spec[i] <= '9' {
		i++
	}
	width, _ := strconv.Atoi(spec[:i])
	verb := spec[i:]
	if width > widest {
		return nil
	}
	if v.isText() {
		precision := -1
		if rest, ok := strings.CutPrefix(verb, "."); ok {
			p, err := strconv.Atoi(strings.TrimSuffix(rest, "s"))
			if err != nil {
				return nil
			}
			precision, verb = p, "s"
		}
		s := v.s
		if precision >= 0 && ascii(s) {
			s = s[:min(precision, len(s))]
		}
		if verb != "" && verb != "s" {
			return nil
		}
		return a.textOf(aligned(s, fill, align, '<', width), v)
	}
	n := bigOf(v)
	if n == nil {
		return nil
	}
	base, prefix := 10, ""
	switch verb {
	case "", "d":
	case "c":
		return a.chr(v)
	case "x", "X":
		base, prefix = 16, "0x"
	case "o":
		base, prefix = 8, "0o"
	case "b":
		base, prefix = 2, "0b"
	default:
		return nil
	}
	if base == 10 && n.BitLen() > 1<<14 {
		return nil
	}
	s := n.Text(base)
	if verb == "X" {
		s = strings.ToUpper(s)
	}
	if alternate && base != 10 {
		s = prefix + s
	}
	return a.textOf(aligned(s, fill, align, '>', width), v)
}

func aligned(s, fill string, align, otherwise byte, width int) string {
	missing := width - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s
	}
	if align == 0 {
		align = otherwise
	}
	switch align {
	case '<':
		return s + strings.Repeat(fill, missing)
	case '^':
		return strings.Repeat(fill, missing/2) + s + strings.Repeat(fill, missing-missing/2)
	}
	return strings.Repeat(fill, missing) + s
}

// field is one code of a struct format.
type field struct {
	code  byte
	count int
}

// structFormat reads a format of struct; false for those that are not computed here.
func structFormat(s string) (order endian.ByteOrder, fields []field, ok bool) {
	const most = 4096
	order = endian.LittleEndian
	if s != "" {
		switch s[0] {
		case '>', '!':
			order, s = endian.BigEndian, s[1:]
		case '<', '=', '@':
			s = s[1:]
		}
	}
	total := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' {
			continue
		}
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		count := 1
		if i > start {
			n, err := strconv.Atoi(s[start:i])
			if err != nil {
				return nil, nil, false
			}
			count = n
		}
		if i >= len(s) || strings.IndexByte("xcbBhHiIlLqQs?", s[i]) < 0 {
			return nil, nil, false
		}
		if total += count; total > most {
			return nil, nil, false
		}
		fields = append(fields, field{s[i], count})
	}
	return order, fields, true
}

func width(code byte) int {
	switch code {
	case 'h', 'H':
		return 2
	case 'i', 'I', 'l', 'L':
		return 4
	case 'q', 'Q':
		return 8
	}
	return 1
}

// structPack is struct.pack of constants; nil when it is not to be had.
func (a *analysis) structPack(args *arguments) *value {
	order, fields, ok := structFormat(args.at(0).s)
	if !ok || !args.at(0).isText() || !a.fold(4096) {
		return nil
	}
	var out []byte
	at := 1
	for _, f := range fields {
		switch f.code {
		case 'x':
			out = append(out, make([]byte, f.count)...)
			continue
		case 's':
			v := args.at(at)
			at++
			if !v.isText() {
				return nil
			}
			b := make([]byte, f.count)
			copy(b, v.s)
			out = append(out, b...)
			continue
		}
		for range f.count {
			v := args.at(at)
			at++
			n := bigOf(v)
			if f.code == 'c' && v.isText() && len(v.s) == 1 {
				out = append(out, v.s[0])
				continue
			}
			if n == nil {
				return nil
			}
			u := n.Uint64()
			if n.Sign() < 0 {
				u = uint64(n.Int64())
			}
			b := make([]byte, 8)
			if order == endian.BigEndian {
				endian.BigEndian.PutUint64(b, u)
				out = append(out, b[8-width(f.code):]...)
			} else {
				endian.LittleEndian.PutUint64(b, u)
				out = append(out, b[:width(f.code)]...)
			}
		}
	}
	_, m := args.reaches()
	return a.make(value{kind: binary, s: string(out), flags: odd, from: fromDecode, marks: m})
}

// structUnpack is struct.unpack of constants; nil when it is not to be had.
func (a *analysis) structUnpack(format, data *value) *value {
	order, fields, ok := structFormat(format.s)
	if !ok || !format.isText() || data.kind != binary || !a.fold(4096) {
		return nil
	}
	rest := []byte(data.s)
	var items []*value
	for _, f := range fields {
		if f.code == 's' || f.code == 'x' {
			if len(rest) < f.count {
				return nil
			}
			if f.code == 's' {
				items = append(items, a.make(value{kind: binary, s: string(rest[:f.count]), flags: odd, from: data.from}))
			}
			rest = rest[f.count:]
			continue
		}
		for range f.count {
			w := width(f.code)
			if len(rest) < w {
				return nil
			}
			b := make([]byte, 8)
			var u uint64
			if order == endian.BigEndian {
				copy(b[8-w:], rest[:w])
				u = endian.BigEndian.Uint64(b)
			} else {
				copy(b, rest[:w])
				u = endian.LittleEndian.Uint64(b)
			}
			switch {
			case f.code == 'c':
				items = append(items, a.make(value{kind: binary, s: string(rest[:1]), flags: odd}))
			case f.code >= 'a' && f.code != 'c':
				shift := 64 - 8*w
				items = append(items, a.number(int64(u<<shift)>>shift))
			default:
				items = append(items, a.fromBig(new(big.Int).SetUint64(u)))
			}
			rest = rest[w:]
		}
	}
	return a.make(value{kind: list, items: items, from: data.from})
}
