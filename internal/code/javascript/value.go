package javascript

import (
	"math"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// valueKind says what is known of a value.
type valueKind uint8

const (
	vUnknown valueKind = iota
	vString            // s; bytes says that it is a Buffer of those bytes
	vNumber            // n
	vBool              // n is 0 or 1
	vNull              // null and undefined
	vArray             // items
	vObject            // fields; also an instance of a class
	vName              // s is a path: "fs.readFile", "https.get()"; "" is the global object
	vFunc              // fn: a function or class of this file
	vUnion             // items: one of these
	vRegex             // s is the literal
	vBig               // s is a whole number of any size in decimals
)

const (
	mostText   = 1 << 20 // bytes of a text that is put together
	mostFields = 4000    // of one object
	manyFields = 256
	mostItems  = 50_000 // of one array
	mostUnion  = 4
	mostPath   = 160 // bytes of a path
	mostKeys   = 4
	// fewestCodes is the number of characters written as codes from which a text is decoded.
	fewestCodes = 4
	mostApprox  = 4096
)

// value is what the analysis knows of a value at run time. Values do not change
// once made, but for the items of arrays and the fields of objects.
type value struct {
	kind      valueKind
	bytes     bool
	disguised bool
	dirty     bool // an array or object that was changed in a way not followed
	own       bool // a path made of __filename, __dirname or import.meta.url
	ownFile   bool // ... that names the file itself
	env       bool // holds the whole environment
	xor       bool // a number or text that came out of an exclusive or

	s       string
	n       float64
	items   []*value
	fields  map[string]*value
	fn      *fun
	from    flow.Set
	marks   uint64    // indicators in the constants it was made of, as bits of analysis.marks
	strange *[]string // names of other files that it was made of, never changed; see strangers
	keys    []string  // what names the file, when it is used as a path
	approx  string    // the text with $_ for what is unknown; "" when it is all unknown or known

	born     int32 // what is carried out that made an array or object; 0 is none
	typed    bool  // an array of bytes: a Buffer or Uint8Array that is filled later
	iterated bool  // an array of what a generator yields, and n how many of them were taken
	more     *more // what few values have
	codes    int8  // how many characters of a text were given by their codes, up to fewestCodes
	joined   bool  // constants that were put together
	given    bool  // an argument of a function that nobody in this file calls
	callable bool  // something's constructor, so that its own constructor is Function
}

// more is what few values have.
type more struct {
	bound    []*value // arguments that a function was given ahead of its call
	self     *value   // what a bound function is a method of
	behind   *proxied // a Proxy
	inherits *value   // the prototype of an object
	keyOrder []string // of fields, as they were given
	// Of a library: Object.entries(v) and Object.getOwnPropertyDescriptors(v).
	entriesOf, descriptorsOf *value
}

var noMore more

// rare is what a value has of what few have, to be read.
func (v *value) rare() *more {
	if v.more == nil {
		return &noMore
	}
	return v.more
}

// grow is the same, to be written.
func (v *value) grow() *more {
	if v.more == nil {
		v.more = &more{}
	}
	return v.more
}

var (
	unknown   = &value{}
	undefined = &value{kind: vNull}
)

func text(s string) *value    { return &value{kind: vString, s: s} }
func number(n float64) *value { return &value{kind: vNumber, n: n} }
func name(path string) *value { return &value{kind: vName, s: path} }

// Values that are everywhere are made once.
var (
	yes, no      = &value{kind: vBool, n: 1}, &value{kind: vBool}
	smallNumbers = func() (all [256]*value) {
		for i := range all {
			all[i] = number(float64(i))
		}
		return all
	}()
)

func boolean(b bool) *value {
	if b {
		return yes
	}
	return no
}

func (v *value) isConst() bool {
	switch v.kind {
	case vString, vNumber, vBool, vNull, vBig:
		return true
	}
	return false
}

// str gives the text of a constant.
func (v *value) str() (string, bool) {
	switch v.kind {
	case vString:
		return v.s, true
	case vNumber:
		return formatNumber(v.n), true
	case vBig:
		return v.s, true
	case vBool:
		if v.n != 0 {
			return "true", true
		}
		return "false", true
	case vNull:
		return "undefined", true
	case vArray:
		return v.join(",")
	}
	return "", false
}

// join gives the text of an array of constants.
func (v *value) join(sep string) (string, bool) {
	if v.dirty {
		return "", false
	}
	parts := make([]string, len(v.items))
	size := 0
	for i, x := range v.items {
		s, ok := "", true
		if x.kind != vNull {
			if x.kind == vArray {
				return "", false
			}
			s, ok = x.str()
		}
		if !ok {
			return "", false
		}
		parts[i] = s
		if size += len(s) + len(sep); size > mostText {
			return "", false
		}
	}
	return strings.Join(parts, sep), true
}

func (v *value) num() (float64, bool) {
	switch v.kind {
	case vNumber, vBool:
		return v.n, true
	case vString:
		if v.bytes {
			return 0, false
		}
		return parseNumber(v.s), true
	case vNull:
		return math.NaN(), true
	case vArray:
		if len(v.items) == 0 && !v.dirty {
			return 0, true
		}
	}
	return 0, false
}

// truth gives what a constant is as a condition.
func (v *value) truth() (is, known bool) {
	switch v.kind {
	case vString:
		return v.s != "", true
	case vNumber, vBool:
		return v.n != 0 && !math.IsNaN(v.n), true
	case vBig:
		return v.s != "0", true
	case vNull:
		return false, true
	case vArray, vObject, vFunc, vRegex:
		return true, true
	}
	return false, false
}

// with gives a copy of v that also carries what o carries.
func (v *value) with(o *value) *value {
	if o.from&^v.from == 0 && o.marks&^v.marks == 0 && (!o.disguised || v.disguised) && (!o.xor || v.xor) && (!o.own || v.own) && (!o.given || v.given) && o.strange == nil {
		return v
	}
	c := *v
	c.carry(o)
	return &c
}

// carry adds what o carries to v, which must be fresh.
func (v *value) carry(o *value) {
	v.from |= o.from
	v.marks |= o.marks
	v.disguised = v.disguised || o.disguised
	v.xor = v.xor || o.xor
	v.own = v.own || o.own
	v.env = v.env || o.env
	v.addKeys(o.keys)
	v.given = v.given || o.given
	if v.kind != vName || !strings.HasPrefix(v.s, ".") {
		if n := elsewhere(o); n != "" {
			v.addStrange(n)
		}
		switch {
		case o.strange == nil:
		case v.strange == nil:
			v.strange = o.strange
		case v.strange != o.strange:
			for _, n := range *o.strange {
				v.addStrange(n)
			}
		}
	}
}

func (v *value) addStrange(n string) {
	var names []string
	if v.strange != nil {
		names = *v.strange
	}
	if len(names) < mostStrangers && !slices.Contains(names, n) {
		names = append(names[:len(names):len(names)], n)
		v.strange = &names
	}
}

func (v *value) addKeys(keys []string) {
	for _, k := range keys {
		if len(v.keys) >= mostKeys {
			return
		}
		found := false
		for _, have := range v.keys {
			found = found || have == k
		}
		if !found {
			v.keys = append(v.keys[:len(v.keys):len(v.keys)], k)
		}
	}
}

// tainted gives a value of unknown content with the sources of from.
func tainted(from flow.Set) *value { return &value{from: from} }

// deep gives all that v and what it holds carries.
func (v *value) deep(depth int) (sum value) {
	sum.carry(v)
	if depth <= 0 {
		return sum
	}
	for i, x := range v.items {
		if i > 64 {
			break
		}
		d := x.deep(depth - 1)
		sum.carry(&d)
	}
	if len(v.fields) > manyFields { // what they carry, the object carries itself
		return sum
	}
	for _, x := range v.fields {
		if x.kind == vFunc { // what a method closes over is no data
			continue
		}
		d := x.deep(depth - 1)
		sum.carry(&d)
	}
	return sum
}

// merge gives a value that is a or b.
func merge(a, b *value) *value {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	case same(a, b):
		return a.with(b)
	case a.kind == vNull && b.kind != vString:
		return b
	case b.kind == vNull && a.kind != vString:
		return a
	case a.kind == vUnknown && b.kind == vUnknown:
		if b.from&^a.from == 0 && b.marks&^a.marks == 0 && len(b.keys) == 0 && b.env == a.env {
			return a
		}
		c := *a
		c.carry(b)
		if c.approx == "" {
			c.approx = b.approx
		}
		return &c
	}
	u := &value{kind: vUnion, items: make([]*value, 0, 2)}
	for _, x := range [2]*value{a, b} {
		list := []*value{x}
		if x.kind == vUnion {
			list = x.items
		}
		u.carry(x)
		for _, y := range list {
			u.put(y)
		}
	}
	if len(u.items) == 1 {
		return u.items[0].with(u)
	}
	if len(u.items) > mostUnion {
		u.kind, u.items = vUnknown, nil
	}
	return u
}

func (v *value) put(y *value) {
	for i, have := range v.items {
		if same(have, y) {
			return
		}
		if have.kind == vUnknown && y.kind == vUnknown {
			v.items[i] = merge(have, y)
			return
		}
	}
	v.items = append(v.items, y)
}

func same(a, b *value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case vString, vRegex, vBig:
		return a.s == b.s && a.bytes == b.bytes
	case vName:
		return a.s == b.s && len(a.items) == 0 && len(b.items) == 0 && len(a.rare().bound) == 0 && len(b.rare().bound) == 0 && a.rare().self == b.rare().self
	case vNumber, vBool:
		return a.n == b.n
	case vNull:
		return true
	case vFunc:
		return a.fn == b.fn && len(a.rare().bound) == 0 && len(b.rare().bound) == 0
	case vUnknown:
		return a.from == b.from && a.marks == b.marks && a.env == b.env
	}
	return a == b
}

// each calls f with everything that v may be.
func (v *value) each(f func(*value)) {
	if v.kind != vUnion {
		f(v)
		return
	}
	for _, x := range v.items {
		f(x)
	}
}

func newObject() *value { return &value{kind: vObject, fields: map[string]*value{}} }

func (v *value) setField(key string, x *value) {
	if v.fields == nil {
		v.fields = map[string]*value{}
	}
	if old, ok := v.fields[key]; ok {
		x = merge(old, x)
	} else if len(v.fields) >= mostFields {
		v.dirty = true
		v.from |= x.from
		return
	} else if len(v.rare().keyOrder) <= manyFields {
		v.grow().keyOrder = append(v.grow().keyOrder, key)
	}
	v.fields[key] = x
	if len(v.fields) > manyFields && x.kind != vFunc {
		v.carry(x)
	}
}

// field gives a field of an object, or nil.
func (v *value) field(key string) *value {
	if v == nil {
		return nil
	}
	if v.kind == vUnion {
		var out *value
		for _, x := range v.items {
			if f := x.field(key); f != nil {
				out = merge(out, f)
			}
		}
		return out
	}
	return v.fields[key]
}
