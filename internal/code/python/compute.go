package python

import (
	"cmp"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"html"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// How long a list goes on: n of a list. What holds others too is never counted,
// turned round or looked up by place.
const (
	open     = 1 // its items, and others
	endless  = 2 // its items, over and over
	counting = 3 // its items, and numbers beyond them
)

// mostMembers bounds the lists that are computed here.
const mostMembers = 1 << 14

// pureFolders are functions that compute, and do nothing else. Text is hidden by any
// of them; what they are not given as constants stays what it carries.
func pureFolders() map[string]folder {
	return map[string]folder{
		"builtins.sorted":               foldSorted,
		"builtins.sum":                  foldSum,
		"builtins.min":                  foldExtreme(-1),
		"builtins.max":                  foldExtreme(1),
		"builtins.divmod":               foldDivmod,
		"builtins.pow":                  foldPow,
		"builtins.set":                  foldSet,
		"builtins.frozenset":            foldSet,
		"builtins.iter":                 foldIter,
		"builtins.next":                 foldNext,
		"builtins.format":               foldFormat,
		"builtins.filter":               foldFilter,
		"builtins.dict.fromkeys":        foldFromKeys,
		"itertools.filterfalse":         foldFilter,
		"itertools.zip_longest":         foldZipLongest,
		"itertools.izip_longest":        foldZipLongest,
		"itertools.izip":                foldZip,
		"itertools.chain":               foldChain,
		"itertools.chain.from_iterable": foldFlat,
		"itertools.cycle":               foldCycle,
		"itertools.repeat":              foldRepeat,
		"itertools.islice":              foldIslice,
		"itertools.compress":            foldCompress,
		"itertools.product":             foldProduct,
		"itertools.batched":             foldBatched,
		"more_itertools.chunked":        foldBatched,
		"textwrap.wrap":                 foldWrap,
		"struct.pack":                   foldPack,
		"struct.unpack":                 foldUnpack,
		"struct.unpack_from":            foldUnpack,
		"string.Template":               foldTemplate,
		"array.array":                   foldArray,
		"html.unescape":                 foldUnescape,
		"re.sub":                        foldReSub,
		"re.findall":                    foldReFind,
		"re.split":                      foldReSplit,
		"json.loads":                    foldJSON,
		"zlib.crc32":                    foldCRC,
		"binascii.crc32":                foldCRC,
		"collections.OrderedDict":       foldDict,
		"collections.UserDict":          foldDict,
		"collections.defaultdict":       foldDefault,
		"collections.ChainMap":          foldChainMap,
		"collections.UserList":          foldList,
		"collections.deque":             foldList,
		"collections.UserString":        firstArgument,
		"types.MappingProxyType":        firstArgument,
		"types.MethodType":              foldMethodType,
		"operator.getitem":              foldItem,
		"operator.concat":               foldOperator(syntax.Add),
		"operator.iconcat":              foldOperator(syntax.Add),
		"operator.iadd":                 foldOperator(syntax.Add),
		"operator.sub":                  foldOperator(syntax.Sub),
		"operator.mul":                  foldOperator(syntax.Mult),
		"operator.mod":                  foldOperator(syntax.Mod),
		"operator.floordiv":             foldOperator(syntax.FloorDiv),
		"operator.lshift":               foldOperator(syntax.LShift),
		"operator.rshift":               foldOperator(syntax.RShift),
		"operator.and_":                 foldOperator(syntax.BitAnd),
		"operator.or_":                  foldOperator(syntax.BitOr),
		"operator.ixor":                 foldOperator(syntax.BitXor),
		"operator.pow":                  foldOperator(syntax.Pow),
		"operator.call":                 foldCall,
		"functools.lru_cache":           firstArgument,
		"functools.cache":               firstArgument,
		"functools.cmp_to_key":          firstArgument,
		"functools.partialmethod":       foldPartial,
		"weakref.ref":                   foldWeak,
		"weakref.WeakMethod":            foldWeak,
		"weakref.proxy":                 firstArgument,
		"inspect.unwrap":                firstArgument,
		"contextlib.nullcontext":        firstArgument,
		"ctypes.create_string_buffer":   firstArgument,
		"unicodedata.normalize":         func(_ *analysis, args *arguments, _ syntax.ID) *value { return args.at(1) },
		"hashlib.md5":                   hashed("md5"),
		"hashlib.sha1":                  hashed("sha1"),
		"hashlib.sha224":                hashed("sha224"),
		"hashlib.sha256":                hashed("sha256"),
		"hashlib.sha384":                hashed("sha384"),
		"hashlib.sha512":                hashed("sha512"),
		"itertools.starmap":             foldStarmap,
		"itertools.accumulate":          foldAccumulate,
		"itertools.count":               foldCount,
	}
}

// untouched is what a call gives whose arguments are not constants.
func (a *analysis) untouched(args *arguments, id syntax.ID) *value {
	return a.union(args, nothing, id)
}

// listOf makes a list that is known in full.
func (a *analysis) listOf(items []*value, like *value) *value {
	return a.make(value{kind: list, items: items, from: like.from, marks: like.marks, flags: like.flags & odd})
}

// iterates lists what iterating a value gives, constants or not; false for what is
// not known in full.
func (a *analysis) iterates(v *value) ([]*value, bool) {
	switch v.kind {
	case list:
		return v.items, v.n == 0
	case text, binary:
		out := a.members(v)
		return out, out != nil || v.s == ""
	case dict:
		var out []*value
		for i := 0; i < len(v.items); i += 2 {
			if !v.items[i].isConst() {
				return nil, false
			}
			out = append(out, v.items[i])
		}
		return out, a.fold(8 * len(out))
	}
	return nil, false
}

func foldSorted(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	if !ok {
		return foldList(a, args, id)
	}
	if out := a.sorted(items, args, id); out != nil {
		return a.listOf(out, args.at(0))
	}
	return foldList(a, args, id)
}

// sorted gives items in order, by a key where there is one; nil when it cannot be told.
func (a *analysis) sorted(items []*value, args *arguments, id syntax.ID) []*value {
	if len(items) > mostMembers || !a.fold(turn*len(items)) {
		return nil
	}
	keys := items
	if key := args.keyword("key"); key.callable() {
		a.silent++
		keys = make([]*value, len(items))
		for i, it := range items {
			keys[i] = a.apply(key, &arguments{a: a, pos: []*value{it}}, id)
		}
		a.silent--
	}
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
		if _, ok := compared(keys[i], keys[0]); !ok {
			return nil
		}
	}
	backwards, _ := truthOf(args.keyword("reverse"))
	slices.SortStableFunc(order, func(i, j int) int {
		c, _ := compared(keys[i], keys[j])
		if backwards {
			return -c
		}
		return c
	})
	out := make([]*value, len(items))
	for i, at := range order {
		out[i] = items[at]
	}
	return out
}

// compared orders two constants; false for those that have no order here.
func compared(x, y *value) (int, bool) {
	switch {
	case x.isText() && x.kind == y.kind:
		return strings.Compare(x.s, y.s), true
	case x.kind == integer && y.kind == integer:
		return cmp.Compare(x.n, y.n), true
	case x.isNumber() && y.isNumber():
		return bigOf(x).Cmp(bigOf(y)), true
	case x.kind == list && y.kind == list && x.n == 0 && y.n == 0:
		for i := range min(len(x.items), len(y.items), 8) {
			if c, ok := compared(x.items[i], y.items[i]); !ok || c != 0 {
				return c, ok
			}
		}
		return cmp.Compare(len(x.items), len(y.items)), len(x.items) <= 8
	}
	return 0, false
}

func foldSum(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	if !ok || len(items) > mostMembers {
		return nothing
	}
	so := args.named("start", 1)
	if so == nothing {
		so = a.number(0)
	}
	for _, it := range items {
		if so = a.operate(syntax.Add, so, it, id); so.kind == unknown {
			return a.untouched(args, id)
		}
	}
	return so
}

func foldExtreme(sign int) folder {
	return func(a *analysis, args *arguments, id syntax.ID) *value {
		items := args.pos
		if len(items) == 1 {
			of, ok := a.iterates(items[0])
			if !ok {
				return a.untouched(args, id)
			}
			items = of
		}
		if len(items) > 0 && args.rest == nil {
			if out := a.sorted(items, &arguments{a: a, kw: keysOf(args)}, id); out != nil {
				if sign < 0 {
					return out[0]
				}
				return out[len(out)-1]
			}
		}
		return a.untouched(args, id)
	}
}

// keysOf are the keyword arguments that are no reverse.
func keysOf(args *arguments) []keyword {
	return slices.DeleteFunc(slices.Clone(args.kw), func(k keyword) bool { return k.name != "key" })
}

func foldDivmod(a *analysis, args *arguments, id syntax.ID) *value {
	q, r := a.operate(syntax.FloorDiv, args.at(0), args.at(1), id), a.operate(syntax.Mod, args.at(0), args.at(1), id)
	return a.make(value{kind: list, items: []*value{q, r}})
}

func foldPow(a *analysis, args *arguments, id syntax.ID) *value {
	if args.count() > 2 {
		if v := a.modularPower(args.at(0), args.at(1), args.at(2)); v != nil {
			return v
		}
		return a.untouched(args, id)
	}
	return a.operate(syntax.Pow, args.at(0), args.at(1), id)
}

// foldSet is set(x): each member once.
func foldSet(a *analysis, args *arguments, id syntax.ID) *value {
	v := foldList(a, args, id)
	if v.kind != list || len(v.items) > mostMembers || !v.constant() {
		return v
	}
	seen := map[tableKey]bool{}
	var items []*value
	for _, it := range v.items {
		k := tableKey{it.kind, it.s, it.n}
		if it.kind == list || !seen[k] {
			items = append(items, it)
		}
		seen[k] = true
	}
	return a.make(value{kind: list, items: items, n: v.n, from: v.from, marks: v.marks})
}

// iterator marks a list that next() takes from.
const iterator = "iterator"

// foldIter is iter(x): zip of one iterator with itself gives its items in pairs.
func foldIter(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if items, ok := a.iterates(v); ok && len(items) > 0 && args.count() == 1 {
		return a.make(value{kind: list, items: items, from: v.from, marks: v.marks, tail: iterator})
	}
	return v
}

// foldNext is next(x): the first of what was made on the spot, the next of an
// iterator where it is told in what order this runs.
func foldNext(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	switch {
	case v.kind == object:
		return a.callMember(v.cls, "__next__", id)
	case v.kind != list || v.n != 0:
		return a.element(v)
	case len(v.items) == 0:
		return args.at(1)
	case v.tail != iterator:
		if len(args.nodes) > 0 && a.tree.Kind(args.nodes[0]) == syntax.GeneratorExp {
			return v.items[0]
		}
		return a.element(v)
	}
	if len(args.nodes) == 0 || a.exact == 0 && (a.branch > 0 || a.loops > 0) || !a.fold(8*len(v.items)) {
		return a.element(v)
	}
	rest := *v
	rest.items, rest.state = v.items[1:], 0
	rest.held = carried{}
	a.rebind(args.nodes[0], a.make(rest))
	return v.items[0]
}

func foldFormat(a *analysis, args *arguments, _ syntax.ID) *value {
	if spec := args.at(1); spec.kind == text && args.at(0).isConst() {
		if out := a.spelled(args.at(0), spec.s); out != nil {
			return out
		}
	}
	return args.at(0)
}

// foldFilter is filter(f, x).
func foldFilter(a *analysis, args *arguments, id syntax.ID) *value {
	f, over := args.at(0), args.at(1)
	items, ok := a.iterates(over)
	if !ok || len(items) > mostMembers || !a.fold(turn*len(items)) || args.count() != 2 {
		if f.callable() {
			a.apply(f, &arguments{a: a, pos: []*value{a.element(over)}}, id)
		}
		return over
	}
	var out []*value
	for i, it := range items {
		yes, known := truthOf(it)
		if f.callable() {
			if i > 0 {
				a.silent++
			}
			yes, known = truthOf(a.apply(f, &arguments{a: a, pos: []*value{it}}, id))
			if i > 0 {
				a.silent--
			}
		}
		if !known {
			return a.make(value{kind: list, items: items, n: open, from: over.from, marks: over.marks})
		}
		if yes {
			out = append(out, it)
		}
	}
	return a.listOf(out, over)
}

func foldFromKeys(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	if !ok || len(items) > mostMembers {
		return a.untouched(args, id)
	}
	out := value{kind: dict}
	for _, it := range foldSet(a, &arguments{a: a, pos: []*value{a.listOf(items, nothing)}}, id).items {
		out.items = append(out.items, it, args.at(1))
	}
	return a.make(out)
}

// foldZipLongest is itertools.zip_longest.
func foldZipLongest(a *analysis, args *arguments, id syntax.ID) *value {
	fill := args.keyword("fillvalue")
	if fill == nothing {
		fill = noneValue
	}
	longest := 0
	columns := make([][]*value, args.count())
	for i := range columns {
		c, ok := a.iterates(args.at(i))
		if !ok || args.rest != nil {
			return a.untouched(args, id)
		}
		columns[i] = c
		longest = max(longest, len(c))
	}
	if longest > mostItems || !a.fold(16*longest*len(columns)) {
		return a.untouched(args, id)
	}
	rows := make([]*value, longest)
	for i := range rows {
		row := make([]*value, len(columns))
		for j, c := range columns {
			row[j] = fill
			if i < len(c) {
				row[j] = c[i]
			}
		}
		rows[i] = a.make(value{kind: list, items: row})
	}
	from, m := args.reaches()
	return a.make(value{kind: list, items: rows, from: from, marks: m})
}

// flat joins lists; nil when one is not known in full.
func (a *analysis) flat(lists []*value) []*value {
	out := []*value{}
	for _, l := range lists {
		items, ok := a.iterates(l)
		if !ok || len(out)+len(items) > mostItems || !a.fold(8*len(items)+8) {
			return nil
		}
		out = append(out, items...)
	}
	return out
}

func foldChain(a *analysis, args *arguments, id syntax.ID) *value {
	if args.rest == nil {
		if out := a.flat(args.pos); out != nil {
			return a.listOf(out, nothing)
		}
	}
	return a.untouched(args, id)
}

func foldFlat(a *analysis, args *arguments, id syntax.ID) *value {
	if lists, ok := a.iterates(args.at(0)); ok {
		if out := a.flat(lists); out != nil {
			return a.listOf(out, args.at(0))
		}
	}
	return a.untouched(args, id)
}

func foldCycle(a *analysis, args *arguments, id syntax.ID) *value {
	if items, ok := a.iterates(args.at(0)); ok && len(items) > 0 {
		return a.make(value{kind: list, items: items, n: endless, from: args.at(0).from})
	}
	return a.untouched(args, id)
}

func foldRepeat(a *analysis, args *arguments, _ syntax.ID) *value {
	v := args.at(0)
	if n := args.named("times", 1); n.kind == integer && n.n >= 0 && n.n <= mostMembers && a.fold(8*int(n.n)) {
		return a.listOf(slices.Repeat([]*value{v}, int(n.n)), nothing)
	}
	return a.make(value{kind: list, items: []*value{v}, n: endless})
}

// foldIslice is itertools.islice.
func foldIslice(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	bound := [3]*value{noneValue, args.at(1), noneValue}
	if args.count() > 2 {
		bound = [3]*value{args.at(1), args.at(2), args.at(3)}
	}
	step := int64(1)
	if bound[2].kind == integer && bound[2].n > 0 {
		step = bound[2].n
	}
	items, ok := a.iterates(v)
	if v.kind == list && v.n == endless && bound[1].kind == integer && bound[1].n >= 0 && bound[1].n <= mostMembers && len(v.items) > 0 {
		items, ok = nil, true
		for i := range int(bound[1].n) {
			items = append(items, v.items[i%len(v.items)])
		}
	}
	if !ok || bound[1].kind == unknown || bound[0].kind == unknown || !a.fold(8*len(items)) {
		return a.untouched(args, id)
	}
	return a.listOf(slicing(items, bound, step), v)
}

func foldCompress(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	picks, picked := a.iterates(args.at(1))
	if !ok || !picked || !a.fold(8*len(items)) {
		return a.untouched(args, id)
	}
	var out []*value
	for i := range min(len(items), len(picks)) {
		if yes, known := truthOf(picks[i]); !known {
			return a.untouched(args, id)
		} else if yes {
			out = append(out, items[i])
		}
	}
	return a.listOf(out, args.at(0))
}

func foldProduct(a *analysis, args *arguments, id syntax.ID) *value {
	columns := args.pos
	if n := args.keyword("repeat"); n.kind == integer && n.n > 0 && n.n <= 8 {
		columns = slices.Repeat(columns, int(n.n))
	}
	rows := [][]*value{nil}
	for _, c := range columns {
		items, ok := a.iterates(c)
		if !ok || len(rows)*len(items) > mostMembers || !a.fold(16*len(rows)*len(items)) {
			return a.untouched(args, id)
		}
		var next [][]*value
		for _, r := range rows {
			for _, it := range items {
				next = append(next, append(slices.Clone(r), it))
			}
		}
		rows = next
	}
	out := make([]*value, len(rows))
	for i, r := range rows {
		out[i] = a.make(value{kind: list, items: r})
	}
	return a.listOf(out, nothing)
}

func foldBatched(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	n := args.named("n", 1)
	if !ok || n.kind != integer || n.n <= 0 || !a.fold(16*len(items)) {
		return a.untouched(args, id)
	}
	var out []*value
	for part := range slices.Chunk(items, int(min(n.n, mostItems))) {
		out = append(out, a.make(value{kind: list, items: part}))
	}
	return a.listOf(out, args.at(0))
}

// foldWrap is textwrap.wrap of text without blanks: pieces of one length.
func foldWrap(a *analysis, args *arguments, id syntax.ID) *value {
	v, n := args.at(0), args.named("width", 1)
	if v.kind != text || n.kind != integer || n.n <= 0 || strings.ContainsAny(v.s, " \t\n-") || !ascii(v.s) || !a.fold(16*len(v.s)) {
		return a.untouched(args, id)
	}
	var out []*value
	for part := range slices.Chunk([]byte(v.s), int(min(n.n, mostItems))) {
		out = append(out, a.make(value{kind: text, s: string(part), flags: v.flags, from: v.from &^ fromLong}))
	}
	return a.listOf(out, nothing)
}

// recoded is constants in another form, of which only that is known.
func (a *analysis) recoded(full string, args *arguments, id syntax.ID) *value {
	if args.count() > 0 && args.at(args.count()-1).constant() {
		_, m := args.reaches()
		return a.make(value{kind: inst, ref: a.outside(full), from: fromDecode, marks: m, id: id})
	}
	return a.untouched(args, id)
}

func foldPack(a *analysis, args *arguments, id syntax.ID) *value {
	if v := a.structPack(args); v != nil {
		return v
	}
	return a.recoded("struct.pack", args, id)
}

func foldUnpack(a *analysis, args *arguments, id syntax.ID) *value {
	if v := a.structUnpack(args.at(0), args.at(1)); v != nil {
		return v
	}
	return a.untouched(args, id)
}

// foldArray is array.array of codes: bytes, or characters.
func foldArray(a *analysis, args *arguments, id syntax.ID) *value {
	of, v := args.at(0).s, args.at(1)
	switch {
	case v.isText() && (of == "B" || of == "b" || of == "u" || of == "w"):
		return v
	case v.kind == list && v.n == 0 && (of == "B" || of == "b"):
		if out := foldBytes(a, &arguments{a: a, pos: []*value{v}}, id); out.kind == binary {
			return a.tainted(out, fromDecode, 0)
		}
	case v.kind == list && v.n == 0 && v.constant() && strings.Contains("hHiIlLqQ", of) && of != "":
		return v
	}
	return a.recoded("array.array", args, id)
}

func foldUnescape(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	if v.kind != text || !a.fold(copying(len(v.s))) {
		return a.recoded("html.unescape", args, id)
	}
	if out := html.UnescapeString(v.s); out != v.s {
		return a.withFlags(a.textOf(out, v), odd)
	}
	return v
}

// compiled is an expression of re, where the two languages agree; nil for others.
func (a *analysis) compiled(v *value) *regexp.Regexp {
	const longest = 200
	if !v.isText() || len(v.s) > longest || strings.Contains(v.s, "(?") || strings.Contains(v.s, "{") || !a.fold(1<<14) {
		return nil
	}
	re, err := regexp.Compile(v.s)
	if err != nil {
		return nil
	}
	return re
}

var groupNumber = regexp.MustCompile(`\\(\d)`)

func foldReSub(a *analysis, args *arguments, id syntax.ID) *value {
	by, v := args.named("repl", 1), args.named("string", 2)
	if !v.isText() || !by.isText() || len(v.s) > 1<<16 {
		if by.kind == function {
			a.apply(by, &arguments{a: a, pos: []*value{a.unknown(0, 0, id)}}, id)
		}
		return a.untouched(args, id)
	}
	re := a.compiled(args.named("pattern", 0))
	if re == nil || !a.fold(64*len(v.s)) {
		return a.untouched(args, id)
	}
	out := re.ReplaceAllString(v.s, groupNumber.ReplaceAllString(strings.ReplaceAll(by.s, "$", "$$"), "$${$1}"))
	if out == v.s {
		return v
	}
	return a.withFlags(a.textOf(out, v), odd)
}

func foldReFind(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.named("string", 1)
	if !v.isText() || len(v.s) > 1<<16 {
		return a.untouched(args, id)
	}
	re := a.compiled(args.named("pattern", 0))
	if re == nil || re.NumSubexp() > 1 || !a.fold(64*len(v.s)) {
		return a.untouched(args, id)
	}
	var out []*value
	for _, m := range re.FindAllStringSubmatch(v.s, mostMembers) {
		out = append(out, a.make(value{kind: v.kind, s: m[len(m)-1], flags: v.flags, from: v.from &^ fromLong}))
	}
	return a.listOf(out, nothing)
}

func foldReSplit(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.named("string", 1)
	if !v.isText() || len(v.s) > 1<<16 {
		return a.untouched(args, id)
	}
	re := a.compiled(args.named("pattern", 0))
	if re == nil || re.NumSubexp() > 0 || re.MatchString("") || !a.fold(64*len(v.s)) {
		return a.untouched(args, id)
	}
	var out []*value
	for _, s := range re.Split(v.s, mostMembers) {
		out = append(out, a.make(value{kind: v.kind, s: s, flags: v.flags, from: v.from &^ fromLong}))
	}
	return a.listOf(out, nothing)
}

// foldJSON is json.loads of a constant. Plain characters written as escapes are a
// disguise.
func foldJSON(a *analysis, args *arguments, id syntax.ID) *value {
	const largest = 1 << 18
	v := args.named("s", 0)
	if !v.isText() || len(v.s) > largest || !a.fold(8*len(v.s)) {
		return firstArgumentUnknown(a, args, id)
	}
	d := json.NewDecoder(strings.NewReader(v.s))
	d.UseNumber()
	like := *v
	like.from &^= fromLong
	if strings.Contains(v.s, `\u00`) {
		like.flags |= odd
		like.from |= fromDecode
	}
	out := a.jsonValue(d, &like, mostConstantDepth+5)
	if _, err := d.Token(); out == nil || err != io.EOF {
		return firstArgumentUnknown(a, args, id)
	}
	return out
}

// jsonValue reads one value; nil for what is none.
func (a *analysis) jsonValue(d *json.Decoder, like *value, depth int) *value {
	t, err := d.Token()
	if err != nil || depth == 0 {
		return nil
	}
	switch t := t.(type) {
	case string:
		return a.make(value{kind: text, s: t, flags: like.flags, from: like.from, marks: a.textMarks(t)})
	case json.Number:
		if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return a.number(n)
		}
		if n := a.parseInt(a.textOf(string(t)), 10); n != nil {
			return n
		}
		return nothing
	case bool:
		return truth(t)
	case nil:
		return noneValue
	case json.Delim:
		out := value{kind: list, from: like.from, flags: like.flags & odd}
		if t == '{' {
			out.kind = dict
		}
		for d.More() && len(out.items) < mostItems {
			v := a.jsonValue(d, like, depth-1)
			if v == nil {
				return nil
			}
			out.items = append(out.items, v)
		}
		if _, err := d.Token(); err != nil {
			return nil
		}
		return a.make(out)
	}
	return nil
}

func foldCRC(a *analysis, args *arguments, id syntax.ID) *value {
	if v := args.at(0); v.isText() && args.count() == 1 && a.fold(copying(len(v.s))) {
		return a.number(int64(crc32.ChecksumIEEE([]byte(v.s))))
	}
	return a.untouched(args, id)
}

func foldDefault(a *analysis, args *arguments, id syntax.ID) *value {
	rest := arguments{a: a, kw: args.kw}
	if args.count() > 1 {
		rest.pos = args.pos[1:]
	}
	return foldDict(a, &rest, id)
}

// foldChainMap is the first of several tables that has a key.
func foldChainMap(a *analysis, args *arguments, id syntax.ID) *value {
	out := value{kind: dict}
	for i := args.count() - 1; i >= 0; i-- {
		switch v := args.at(i); v.kind {
		case dict:
			out.items = append(out.items, v.items...)
			out.from |= v.from
			out.marks |= v.marks
		case namespace:
			return v
		case name:
			return foldDict(a, &arguments{a: a, pos: []*value{v}}, id)
		default:
			return a.untouched(args, id)
		}
	}
	return a.make(out)
}

func foldItem(a *analysis, args *arguments, id syntax.ID) *value {
	return a.index(args.at(0), args.at(1), id)
}

func foldCall(a *analysis, args *arguments, id syntax.ID) *value {
	if args.count() == 0 || !args.at(0).callable() {
		return a.untouched(args, id)
	}
	rest := *args
	rest.pos, rest.nodes = args.pos[1:], nil
	return a.apply(args.at(0), &rest, id)
}

// foldWeak is weakref.ref(x): calling it gives x.
func foldWeak(a *analysis, args *arguments, _ syntax.ID) *value {
	return a.make(value{kind: getter, s: "weak", items: []*value{args.at(0)}})
}

func foldMethodType(a *analysis, args *arguments, _ syntax.ID) *value {
	return a.make(value{kind: applied, recv: args.at(0), items: []*value{args.at(1)}, flags: args.at(0).flags})
}

// hashed is a hash of a constant, by which names are told without being written.
func hashed(how string) folder {
	return func(a *analysis, args *arguments, id syntax.ID) *value {
		const longest = 1 << 16
		v := args.at(0)
		from, m := args.reaches()
		out := value{kind: inst, ref: a.outside("hashlib." + how), from: from, marks: m, id: id}
		if v.isText() && len(v.s) <= longest && a.fold(16*len(v.s)+1024) {
			out.items = []*value{a.make(value{kind: binary, s: digest(how, v.s)})}
		}
		return a.make(out)
	}
}

// digest is the hash of a text by its name; "" for those that are not computed.
func digest(how, s string) string {
	switch how {
	case "md5":
		h := md5.Sum([]byte(s))
		return string(h[:])
	case "sha1":
		h := sha1.Sum([]byte(s))
		return string(h[:])
	case "sha224":
		h := sha256.Sum224([]byte(s))
		return string(h[:])
	case "sha256":
		h := sha256.Sum256([]byte(s))
		return string(h[:])
	case "sha384":
		h := sha512.Sum384([]byte(s))
		return string(h[:])
	case "sha512":
		h := sha512.Sum512([]byte(s))
		return string(h[:])
	}
	return ""
}

// foldStarmap is itertools.starmap: a function called with each row.
func foldStarmap(a *analysis, args *arguments, id syntax.ID) *value {
	f := args.at(0)
	rows, ok := a.iterates(args.at(1))
	if !f.callable() || !ok || len(rows) > mostMembers || !a.fold(turn*len(rows)) {
		if f.callable() {
			a.apply(f, &arguments{a: a, rest: a.element(a.element(args.at(1)))}, id)
		}
		return a.untouched(args, id)
	}
	return a.each(len(rows), args.at(1), func(i int) *value {
		row, ok := a.iterates(rows[i])
		if !ok {
			return a.apply(f, &arguments{a: a, rest: a.element(rows[i])}, id)
		}
		return a.apply(f, &arguments{a: a, pos: row}, id)
	})
}

// each makes a list of what a function gives; only the first calls are noted.
func (a *analysis) each(n int, like *value, f func(int) *value) *value {
	const noted = 8
	items := make([]*value, n)
	for i := range items {
		if i >= noted {
			a.silent++
		}
		items[i] = f(i)
		if i >= noted {
			a.silent--
		}
	}
	return a.listOf(items, like)
}

// foldAccumulate is itertools.accumulate: what a list comes to, member by member.
func foldAccumulate(a *analysis, args *arguments, id syntax.ID) *value {
	items, ok := a.iterates(args.at(0))
	if !ok || len(items) == 0 || len(items) > mostMembers || !a.fold(turn*len(items)) {
		return a.untouched(args, id)
	}
	f := args.named("func", 1)
	so := args.keyword("initial")
	if so == nothing {
		so, items = items[0], items[1:]
	}
	out := []*value{so}
	for _, it := range items {
		if f.callable() {
			so = a.apply(f, &arguments{a: a, pos: []*value{so, it}}, id)
		} else {
			so = a.operate(syntax.Add, so, it, id)
		}
		out = append(out, so)
	}
	return a.listOf(out, args.at(0))
}

// foldCount is itertools.count as far as anything here is long.
func foldCount(a *analysis, args *arguments, id syntax.ID) *value {
	start, step := args.named("start", 0), args.named("step", 1)
	if start.kind == unknown {
		start = a.number(0)
	}
	if step.kind == unknown {
		step = a.number(1)
	}
	if start.kind != integer || step.kind != integer || abs(start.n) > 1<<40 || abs(step.n) > 1<<20 || !a.fold(4096) {
		return a.untouched(args, id)
	}
	items := make([]*value, 1024)
	for i := range items {
		items[i] = a.number(start.n + int64(i)*step.n)
	}
	return a.make(value{kind: list, items: items, n: counting})
}

// unbound is a method of a built-in type, called with what it is a method of:
// str.join("", x), int.to_bytes(n, 5, "big"), dict.get(vars(os), "system").
func (a *analysis) unbound(r *ref, args *arguments, id syntax.ID) *value {
	rest, ok := strings.CutPrefix(r.name, "builtins.")
	if !ok || r.fold != nil || args.count() == 0 {
		return nil
	}
	of, called, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(called, ".") {
		return nil
	}
	v := args.at(0)
	switch of {
	case "str", "bytes", "bytearray":
		ok = v.isText() || v.kind == partial
	case "int":
		ok = v.isNumber()
	case "list", "tuple", "set", "frozenset":
		ok = v.kind == list
	case "dict":
		ok = v.kind == dict || v.kind == namespace
	default:
		ok = false
	}
	if !ok || called == "fromhex" || called == "maketrans" {
		return nil
	}
	with := *args
	with.pos, with.receiver = args.pos[1:], 0
	if len(args.nodes) > 0 {
		with.nodes, with.receiver = args.nodes[1:], args.nodes[0]
	}
	return a.methodCall(a.make(value{kind: method, s: called, recv: v, from: v.from, marks: v.marks}), &with, id)
}

// digested is what a hash's methods give; nil for others.
func (a *analysis) digested(f *value) *value {
	if f.kind != inst || f.recv == nil || len(f.recv.items) != 1 || !strings.HasPrefix(f.ref.name, "hashlib.") {
		return nil
	}
	switch h := f.recv.items[0]; {
	case strings.HasSuffix(f.ref.name, ".digest"):
		return h
	case strings.HasSuffix(f.ref.name, ".hexdigest"):
		return a.make(value{kind: text, s: hex.EncodeToString([]byte(h.s))})
	}
	return nil
}

// foldTemplate is string.Template of a constant.
func foldTemplate(a *analysis, args *arguments, id syntax.ID) *value {
	v := args.at(0)
	if v.kind != text {
		return a.untouched(args, id)
	}
	return a.make(value{kind: inst, ref: a.outside("string.Template"), s: v.s, from: v.from, marks: v.marks, id: id})
}

// substituted is a template with its names replaced: $name, ${name}, $$.
func (a *analysis) substituted(t *value, args *arguments, id syntax.ID) *value {
	var pieces []*value
	rest := t.s
	for len(pieces) < 512 {
		before, after, ok := strings.Cut(rest, "$")
		pieces = append(pieces, a.textOf(before))
		if rest = after; !ok {
			break
		}
		key := ""
		switch {
		case strings.HasPrefix(rest, "$"):
			pieces, rest = append(pieces, a.textOf("$")), rest[1:]
			continue
		case strings.HasPrefix(rest, "{"):
			key, rest, _ = strings.Cut(rest[1:], "}")
		default:
			i := 0
			for i < len(rest) && (wordByte(rest[i]) || i > 0 && rest[i] >= '0' && rest[i] <= '9') {
				i++
			}
			key, rest = rest[:i], rest[i:]
		}
		v := args.keyword(key)
		if v == nothing && args.count() > 0 {
			v = a.index(args.at(0), a.textOf(key), id)
		}
		pieces = append(pieces, v)
	}
	return a.glue(pieces, emptyText, id)
}

// foldLiteral is ast.literal_eval of a constant.
func foldLiteral(a *analysis, args *arguments, id syntax.ID) *value {
	const largest = 1 << 16
	v := args.at(0)
	if v.isText() && len(v.s) <= largest && a.fold(64*len(v.s)+1<<12) {
		var p syntax.Parser
		t := p.Parse([]byte(v.s))
		if first := t.Body; first != 0 && t.Kind(first) == syntax.ExprStmt && t.Next(first) == 0 && len(t.Errors) == 0 {
			if out := a.literalOf(t, t.Node(first).A, 32); out != nil {
				if strings.Contains(v.s, `\x`) || strings.Contains(v.s, `\u00`) {
					out = a.withFlags(out, odd)
				}
				return a.tainted(out, v.from&^fromLong, v.marks)
			}
		}
	}
	return v
}

// literalOf is what a literal of another text stands for; nil for what is none.
func (a *analysis) literalOf(t *syntax.Tree, id syntax.ID, depth int) *value {
	n := t.Node(id)
	if depth == 0 {
		return nil
	}
	items := func(step func(kid syntax.ID) []syntax.ID) []*value {
		out := []*value{}
		for kid := n.A; kid != 0; kid = t.Next(kid) {
			for _, e := range step(kid) {
				v := a.literalOf(t, e, depth-1)
				if v == nil {
					return nil
				}
				out = append(out, v)
			}
		}
		return out
	}
	switch n.Kind {
	case syntax.Str:
		s, _ := t.Value(id)
		v := value{kind: text, s: s}
		if n.Flags&syntax.Bytes != 0 {
			v.kind = binary
		}
		return a.make(v)
	case syntax.Num:
		if i, ok := t.Int(id); ok {
			return a.number(i)
		}
		return nothing
	case syntax.True:
		return trueValue
	case syntax.False:
		return falseValue
	case syntax.None:
		return noneValue
	case syntax.UnaryOp:
		if v := a.literalOf(t, n.A, depth-1); v != nil && v.kind == integer && n.Op == syntax.Neg {
			return a.number(-v.n)
		}
	case syntax.List, syntax.Tuple, syntax.Set:
		if all := items(func(kid syntax.ID) []syntax.ID { return []syntax.ID{kid} }); all != nil {
			return a.make(value{kind: list, items: all})
		}
	case syntax.Dict:
		if all := items(func(kid syntax.ID) []syntax.ID { return []syntax.ID{t.Node(kid).A, t.Node(kid).B} }); all != nil {
			return a.make(value{kind: dict, items: all})
		}
	}
	return nil
}
