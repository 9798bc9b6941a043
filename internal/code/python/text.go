package python

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// methodCall is a method of a constant: "".join(...), [].append(...), {}.get(...).
func (a *analysis) methodCall(m *value, args *arguments, id syntax.ID) *value {
	v := m.recv
	switch v.kind {
	case text, binary, partial:
		return a.textMethod(v, m.s, args, id)
	case list:
		return a.listMethod(v, m.s, args, id)
	case dict:
		switch m.s {
		case "get", "pop", "setdefault", "__getitem__":
			return a.either(args.at(1), a.entry(v, args.at(0)))
		case "items":
			var rows []*value
			for i := 0; i+1 < len(v.items) && i < 2*mostMembers && a.fold(16); i += 2 {
				rows = append(rows, a.make(value{kind: list, items: v.items[i : i+2]}))
			}
			return a.make(value{kind: list, items: rows, from: v.from, marks: v.marks})
		case "values":
			var vals []*value
			for i := 1; i < len(v.items); i += 2 {
				vals = append(vals, v.items[i])
			}
			return a.make(value{kind: list, items: vals, from: v.from, marks: v.marks})
		case "keys":
			var keys []*value
			for i := 0; i < len(v.items); i += 2 {
				keys = append(keys, v.items[i])
			}
			return a.make(value{kind: list, items: keys})
		case "update":
			if o := args.at(0); o.kind == dict && len(args.kw) == 0 && len(v.items)+len(o.items) < 512 && a.fold(8*(len(v.items)+len(o.items))) {
				items := append(append(make([]*value, 0, len(v.items)+len(o.items)), v.items...), o.items...)
				a.rebind(args.receiver, a.make(value{kind: dict, items: items, from: v.from | o.from, marks: v.marks | o.marks}))
				return nothing
			}
			from, ms := args.reaches()
			a.rebind(args.receiver, a.tainted(v, from, ms))
			return nothing
		}
	case integer, large:
		switch m.s {
		case "to_bytes":
			return a.intToBytes(v, args)
		case "bit_length":
			return a.number(int64(bigOf(v).BitLen()))
		case "__add__", "__xor__", "__sub__":
			return a.operate(map[string]syntax.Op{"__add__": syntax.Add, "__xor__": syntax.BitXor, "__sub__": syntax.Sub}[m.s], v, args.at(0), id)
		}
	case namespace:
		switch m.s {
		case "get", "pop", "__getitem__", "setdefault":
			return a.nameIn(v, args.at(0), id)
		case "items":
			if v.ref != nil {
				if out := a.memberPairs(v.ref); out != nil {
					return out
				}
			}
			return a.make(value{kind: list, n: 1, items: []*value{a.make(value{kind: list, items: []*value{nothing, a.anyOf(v.ref)}})}})
		case "keys":
			if v.ref != nil {
				return a.memberNames(v.ref)
			}
		case "values":
			return a.make(value{kind: list, n: 1, items: []*value{a.anyOf(v.ref)}})
		}
	case name:
		if v.ref == a.sysModules && args.at(0).kind == text && (m.s == "get" || m.s == "__getitem__") {
			return a.moduleByName(args.at(0))
		}
		if m.s == "__getattribute__" || m.s == "__getattr__" {
			if args.count() == 2 { // object.__getattribute__(os, "system")
				return a.find(args.at(0), args.at(1), id)
			}
			return a.find(v, args.at(args.count()-1), id)
		}
		if v.ref == a.sysModules && m.s == "items" {
			return a.memberPairs(v.ref)
		}
	case getter:
		return a.getterCall(m, id)
	}
	return a.union(args, v, id)
}

func (a *analysis) textMethod(v *value, m string, args *arguments, id syntax.ID) *value {
	if v.kind == partial {
		switch m {
		case "format", "encode", "decode", "strip", "lower", "upper", "rstrip", "lstrip", "expandtabs":
			f, ms := args.reaches()
			return a.tainted(v, f, ms)
		}
		return a.union(args, v, id)
	}
	if !a.fold(copying(len(v.s))) {
		return a.tainted(nothing, v.from, v.marks)
	}
	first, second := args.at(0), args.at(1)
	switch m {
	case "join":
		return a.joinText(v, first, id)
	case "format":
		return a.format(v, args, id)
	case "format_map":
		return a.format(v, &arguments{a: a, kw: []keyword{{value: first}}}, id)
	case "encode":
		if first.kind == text && v.kind == text {
			if out := a.decodeNamed(v, first.s, true); out != nil {
				return out
			}
		}
		return a.asBytes(v)
	case "decode":
		codec := args.named("encoding", 0)
		if codec.kind == text {
			if out := a.decodeNamed(v, codec.s, false); out != nil {
				return out
			}
		}
		return a.asText(v)
	case "replace":
		if first.isText() && second.isText() && (first.s != "" || len(v.s) < 1024) {
			n := strings.Count(v.s, first.s)
			if a.fold(copying(len(v.s) + n*len(second.s))) {
				out := a.textOf(strings.ReplaceAll(v.s, first.s, second.s), v)
				if n > 0 && second.s == "" && len(first.s) > 0 {
					out = a.withFlags(out, parts)
				}
				return out
			}
		}
	case "strip", "lstrip", "rstrip":
		set := " \t\r\n\f\v"
		if first.isText() {
			set = first.s
		}
		switch m {
		case "lstrip":
			return a.textOf(strings.TrimLeft(v.s, set), v)
		case "rstrip":
			return a.textOf(strings.TrimRight(v.s, set), v)
		}
		return a.textOf(strings.Trim(v.s, set), v)
	case "lower", "casefold":
		return a.textOf(strings.ToLower(v.s), v)
	case "upper":
		return a.textOf(strings.ToUpper(v.s), v)
	case "swapcase":
		return a.textOf(strings.Map(swapCase, v.s), v)
	case "capitalize", "title":
		if ascii(v.s) && v.s != "" && !strings.ContainsAny(v.s, " _-.0123456789") {
			return a.textOf(strings.ToUpper(v.s[:1])+strings.ToLower(v.s[1:]), v)
		}
		return v
	case "zfill", "ljust", "rjust", "center":
		if first.kind == integer && first.n <= 4096 {
			fill, align := " ", map[string]byte{"ljust": '<', "rjust": '>', "center": '^', "zfill": '>'}[m]
			if m == "zfill" {
				fill = "0"
			} else if second.isText() && len(second.s) == 1 {
				fill = second.s
			}
			return a.textOf(aligned(v.s, fill, align, '>', int(first.n)), v)
		}
		return v
	case "expandtabs":
		return v
	case "removeprefix":
		return a.textOf(strings.TrimPrefix(v.s, first.s), v)
	case "removesuffix":
		return a.textOf(strings.TrimSuffix(v.s, first.s), v)
	case "split", "rsplit", "splitlines":
		if most := args.named("maxsplit", 1); most.kind == integer && most.n >= 0 && first.isText() && first.s != "" {
			return a.splitSome(v, first.s, int(min(most.n, mostItems)), m == "rsplit")
		}
		return a.split(v, m, first)
	case "partition", "rpartition":
		if first.isText() && first.s != "" {
			before, after, ok := strings.Cut(v.s, first.s)
			if i := strings.LastIndex(v.s, first.s); ok && m == "rpartition" {
				before, after = v.s[:i], v.s[i+len(first.s):]
			}
			sep := first.s
			if !ok {
				sep = ""
			}
			return a.make(value{kind: list, items: []*value{a.textOf(before, v), a.textOf(sep, v), a.textOf(after, v)}})
		}
	case "translate":
		return a.translate(v, first)
	case "startswith", "endswith":
		return a.edged(v, first, m == "startswith")
	case "find", "index", "rfind", "rindex", "count":
		if first.isText() && args.count() == 1 && (ascii(v.s) || v.kind == binary) {
			switch m {
			case "find", "index":
				return a.number(int64(strings.Index(v.s, first.s)))
			case "count":
				return a.number(int64(strings.Count(v.s, first.s)))
			}
			return a.number(int64(strings.LastIndex(v.s, first.s)))
		}
		return nothing
	case "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "islower", "isupper", "isspace", "isascii", "isidentifier", "isprintable":
		if ascii(v.s) {
			return truth(madeOnlyOf(v.s, m))
		}
		return nothing
	case "append", "extend", "reverse", "pop", "insert", "clear":
		if v.kind == binary {
			return a.bufferMethod(v, m, args)
		}
	case "hex":
		if v.kind == binary {
			const digits = "0123456789abcdef"
			b := make([]byte, 0, 2*len(v.s))
			for i := range len(v.s) {
				b = append(b, digits[v.s[i]>>4], digits[v.s[i]&15])
			}
			return a.asText(a.textOf(string(b), v))
		}
	case "__add__":
		return a.operate(syntax.Add, v, first, id)
	case "__getitem__":
		return a.index(v, first, id)
	case "__str__", "tobytes":
		return v
	case "fromhex":
		return a.decodeBy("builtins.bytes.fromhex", first, id)
	}
	return a.union(args, v, id)
}

func swapCase(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 32
	case r >= 'A' && r <= 'Z':
		return r + 32
	}
	return r
}

func (a *analysis) split(v *value, m string, sep *value) *value {
	var pieces []string
	switch {
	case m == "splitlines":
		pieces = strings.Split(strings.ReplaceAll(v.s, "\r\n", "\n"), "\n")
	case sep.isText() && sep.s != "":
		pieces = strings.Split(v.s, sep.s)
	default:
		pieces = strings.Fields(v.s)
	}
	if len(pieces) > mostItems || !a.fold(16*len(pieces)) {
		return a.tainted(nothing, v.from, v.marks)
	}
	items := make([]*value, len(pieces))
	for i, p := range pieces {
		items[i] = a.make(value{kind: v.kind, s: p, flags: v.flags, from: v.from &^ fromLong})
	}
	return a.make(value{kind: list, items: items})
}

// translate maps characters by a constant table of str.maketrans or a dictionary.
func (a *analysis) translate(v, by *value) *value {
	if by.kind != dict || !by.constant() {
		f, m := by.reaches()
		return a.tainted(nothing, v.from|f|fromComputed, v.marks|m)
	}
	to := map[rune]string{}
	for i := 0; i+1 < len(by.items); i += 2 {
		k, r := by.items[i], by.items[i+1]
		from := rune(k.n)
		if k.isText() && k.s != "" {
			from = []rune(k.s)[0]
		}
		if r.kind == integer {
			to[from] = string(rune(r.n))
		} else {
			to[from] = r.s
		}
	}
	var b strings.Builder
	for _, r := range v.s {
		if s, ok := to[r]; ok {
			b.WriteString(s)
		} else {
			b.WriteRune(r)
		}
		if b.Len() > 4*len(v.s)+64 {
			return a.tainted(nothing, v.from, v.marks)
		}
	}
	return a.withFlags(a.textOf(b.String(), v), odd)
}

func (a *analysis) maketrans(args *arguments) *value {
	if args.count() == 1 {
		return args.at(0)
	}
	from, to, gone := []rune(args.at(0).s), []rune(args.at(1).s), []rune(args.at(2).s)
	if !args.at(0).isText() || !args.at(1).isText() || len(from) != len(to) || len(from) > 4096 {
		return nothing
	}
	out := value{kind: dict}
	for i := range from {
		out.items = append(out.items, a.number(int64(from[i])), a.number(int64(to[i])))
	}
	for _, r := range gone {
		out.items = append(out.items, a.number(int64(r)), emptyText)
	}
	return a.make(out)
}

// format is "{} {name}".format(...).
func (a *analysis) format(v *value, args *arguments, id syntax.ID) *value {
	var pieces []*value
	rest := v.s
	next := 0
	for len(pieces) < 512 {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			break
		}
		pieces = append(pieces, a.textOf(rest[:i]))
		if i+1 < len(rest) && rest[i+1] == rest[i] {
			pieces = append(pieces, a.textOf(rest[i:i+1]))
			rest = rest[i+2:]
			continue
		}
		end := strings.IndexByte(rest[i:], '}')
		if rest[i] == '}' || end < 0 {
			break
		}
		field, spec, _ := strings.Cut(rest[i+1:i+end], ":")
		field, _, _ = strings.Cut(field, "!")
		rest = rest[i+end+1:]
		arg := nothing
		base, sub, indexed := strings.Cut(field, "[")
		switch n, err := strconv.Atoi(base); {
		case base == "":
			arg = args.at(next)
			next++
		case err == nil:
			arg = args.at(n)
		default:
			arg = args.named(base, -1)
			if arg == nothing && len(args.kw) == 1 && args.kw[0].name == "" {
				arg = a.index(args.kw[0].value, a.textOf(base), id)
			}
		}
		if indexed {
			key := strings.TrimSuffix(sub, "]")
			if n, err := strconv.Atoi(key); err == nil {
				arg = a.index(arg, a.number(int64(n)), id)
			} else {
				arg = a.index(arg, a.textOf(key), id)
			}
		}
		if spec != "" && arg.isConst() {
			if out := a.spelled(arg, spec); out != nil {
				arg = out
			}
		}
		pieces = append(pieces, arg)
	}
	pieces = append(pieces, a.textOf(rest))
	return a.glue(pieces, v, id)
}

// listMethod is a method of a list; those that change it give the new list to the
// name it has.
func (a *analysis) listMethod(v *value, m string, args *arguments, id syntax.ID) *value {
	switch m {
	case "append", "add", "insert", "appendleft":
		item := args.at(args.count() - 1)
		if len(v.items) < 4096 && a.fold(8*len(v.items)+8) {
			items := make([]*value, 0, len(v.items)+1)
			items = append(items, v.items...)
			if m == "insert" && args.at(0).kind == integer && args.at(0).n == 0 || m == "appendleft" {
				items = append([]*value{item}, items...)
			} else {
				items = append(items, item)
			}
			a.rebind(args.receiver, a.make(value{kind: list, items: items, n: v.n, from: v.from, marks: v.marks}))
			return nothing
		}
		f, ms := item.reaches()
		a.rebind(args.receiver, a.make(value{kind: list, items: v.items, n: 1, from: v.from | f, marks: v.marks | ms}))
		return nothing
	case "remove", "discard":
		if item := args.at(0); item.isConst() && v.n == 0 && a.fold(8*len(v.items)) {
			for i, it := range v.items {
				if it.kind == item.kind && it.s == item.s && it.n == item.n {
					a.rebind(args.receiver, a.make(value{kind: list, items: slices.Concat(v.items[:i], v.items[i+1:]), from: v.from, marks: v.marks}))
					break
				}
			}
		}
		return nothing
	case "extend", "update":
		a.rebind(args.receiver, a.operate(syntax.Add, v, args.at(0), id))
		return nothing
	case "reverse":
		items := make([]*value, len(v.items))
		if !a.fold(8 * len(items)) {
			return nothing
		}
		for i, it := range v.items {
			items[len(items)-1-i] = it
		}
		a.rebind(args.receiver, a.make(value{kind: list, items: items, n: v.n, from: v.from, marks: v.marks, flags: odd}))
		return nothing
	case "sort":
		if out := a.sorted(v.items, args, id); v.n == 0 && out != nil {
			a.rebind(args.receiver, a.listOf(out, v))
		}
		return nothing
	case "clear":
		return nothing
	case "pop", "popleft":
		at := args.at(0)
		i := int64(len(v.items)) - 1
		switch {
		case m == "popleft":
			i = 0
		case at.kind == integer && at.n < 0:
			i = int64(len(v.items)) + at.n
		case at.kind == integer:
			i = at.n
		case args.count() > 0:
			return a.element(v)
		}
		if v.n != 0 || i < 0 || i >= int64(len(v.items)) || !a.fold(8*len(v.items)) {
			return a.element(v)
		}
		if a.exact > 0 { // elsewhere nobody knows how often it runs
			a.rebind(args.receiver, a.make(value{kind: list, items: slices.Concat(v.items[:i], v.items[i+1:]), from: v.from, marks: v.marks}))
		}
		return v.items[i]
	case "copy":
		return v
	case "__getitem__":
		return a.index(v, args.at(0), id)
	case "index":
		for i, it := range v.items {
			if item := args.at(0); item.isConst() && it.kind == item.kind && it.s == item.s && it.n == item.n && v.n == 0 {
				return a.number(int64(i))
			}
		}
		return nothing
	case "count":
		return nothing
	case "tobytes", "tostring", "decode": // of an array, or of codes
		return foldBytes(a, &arguments{a: a, pos: []*value{v}}, id)
	}
	return a.union(args, v, id)
}

// edged is startswith and endswith.
func (a *analysis) edged(v, with *value, start bool) *value {
	edges := []*value{with}
	if with.kind == list && with.n == 0 {
		edges = with.items
	}
	for _, e := range edges {
		switch {
		case !e.isText():
			return nothing
		case start && strings.HasPrefix(v.s, e.s), !start && strings.HasSuffix(v.s, e.s):
			return trueValue
		}
	}
	return falseValue
}

// madeOnlyOf is isdigit and its like, for plain characters.
func madeOnlyOf(s, kind string) bool {
	cased := false
	for i := range len(s) {
		c := s[i]
		digit, lower, upper := c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
		cased = cased || lower || upper
		ok := true
		switch kind {
		case "isdigit", "isdecimal", "isnumeric":
			ok = digit
		case "isalpha":
			ok = lower || upper
		case "isalnum":
			ok = lower || upper || digit
		case "islower":
			ok = !upper
		case "isupper":
			ok = !lower
		case "isspace":
			ok = c == ' ' || c >= '\t' && c <= '\r'
		case "isidentifier":
			ok = lower || upper || c == '_' || digit && i > 0
		case "isprintable":
			ok = c >= ' ' && c < 0x7f
		}
		if !ok {
			return false
		}
	}
	switch kind {
	case "islower", "isupper":
		return cased
	case "isascii", "isprintable":
		return true
	}
	return s != ""
}

// splitSome is split with a limit.
func (a *analysis) splitSome(v *value, sep string, most int, last bool) *value {
	var pieces []string
	if last {
		rest := v.s
		for len(pieces) < most {
			i := strings.LastIndex(rest, sep)
			if i < 0 {
				break
			}
			pieces = append(pieces, rest[i+len(sep):])
			rest = rest[:i]
		}
		pieces = append(pieces, rest)
		slices.Reverse(pieces)
	} else {
		pieces = strings.SplitN(v.s, sep, most+1)
	}
	items := make([]*value, len(pieces))
	for i, p := range pieces {
		items[i] = a.make(value{kind: v.kind, s: p, flags: v.flags, from: v.from &^ fromLong})
	}
	return a.make(value{kind: list, items: items})
}

// bufferMethod is a method of a bytearray that changes it.
func (a *analysis) bufferMethod(v *value, m string, args *arguments) *value {
	b, first := []byte(v.s), args.at(0)
	switch {
	case m == "reverse":
		slices.Reverse(b)
	case m == "clear":
		b = nil
	case m == "append" && first.kind == integer:
		b = append(b, byte(first.n))
	case m == "insert" && first.kind == integer && first.n >= 0 && first.n <= int64(len(b)) && args.at(1).kind == integer:
		b = slices.Insert(b, int(first.n), byte(args.at(1).n))
	case m == "pop" && len(b) > 0 && args.count() == 0:
		a.rebind(args.receiver, a.textOf(v.s[:len(b)-1], v))
		return a.number(int64(b[len(b)-1]))
	case m == "extend":
		more := first
		if first.kind == list {
			more = foldBytes(a, args, 0)
		}
		if !more.isText() {
			f, ms := args.reaches()
			a.rebind(args.receiver, a.tainted(nothing, v.from|f, v.marks|ms))
			return nothing
		}
		b = append(b, more.s...)
	default:
		f, ms := args.reaches()
		a.rebind(args.receiver, a.tainted(nothing, v.from|f, v.marks|ms))
		return nothing
	}
	a.rebind(args.receiver, a.withFlags(a.textOf(string(b), v), odd))
	return nothing
}
