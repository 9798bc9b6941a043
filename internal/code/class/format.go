package class

import (
	"encoding/binary"
	"strings"
)

// Limits of one class. The format's own are larger; a class that is beyond is read
// as far as these go, and Facts say so.
const (
	mostMethods = 4096
	mostCode    = 1 << 16 // bytes of one method, which is also the format's limit
)

// Tags of constants (The Java Virtual Machine Specification, table 4.4-A).
const (
	tagUTF8      = 1
	tagInteger   = 3
	tagFloat     = 4
	tagLong      = 5
	tagDouble    = 6
	tagClass     = 7
	tagString    = 8
	tagField     = 9
	tagMethod    = 10
	tagInterface = 11
	tagNameType  = 12
	tagHandle    = 15
	tagType      = 16
	tagDynamic   = 17
	tagInvoke    = 18
	tagModule    = 19
	tagPackage   = 20
)

// constant is an entry of the constant pool: what it refers to, or what it is.
type constant struct {
	tag  byte
	a, b int
	text string
	num  int64
}

// method is a method with code.
type method struct {
	name, desc string
	static     bool
	code       []byte
	handlers   map[int]bool // where the handlers of exceptions begin
}

// bootstrap is how a call site of invokedynamic is made.
type bootstrap struct {
	handle int
	args   []int
}

// file is a class as it is written.
type file struct {
	pool    []constant
	this    string
	super   string
	statics map[string]int // static fields to the constant that they begin with
	methods []method
	boots   []bootstrap
	broken  bool // it ends before it should, or is not of the format
	cut     bool // more than is read
}

// cursor reads what is there; past the end it gives zeros and says so.
type cursor struct {
	src  []byte
	at   int
	past bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.src)-c.at {
		c.past, c.at = true, len(c.src)
		return nil
	}
	b := c.src[c.at : c.at+n]
	c.at += n
	return b
}

func (c *cursor) u1() int {
	if b := c.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cursor) u2() int {
	if b := c.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) u4() int {
	if b := c.take(4); b != nil {
		return int(binary.BigEndian.Uint32(b))
	}
	return 0
}

// parse reads a class; what is cut short gives what came before.
func parse(src []byte) *file {
	f := &file{statics: map[string]int{}}
	c := &cursor{src: src}
	c.take(8) // magic and version
	f.constants(c)
	c.take(2) // access
	f.this, f.super = f.class(c.u2()), f.class(c.u2())
	c.take(2 * c.u2()) // interfaces
	for n := c.u2(); n > 0 && !c.past; n-- {
		f.field(c)
	}
	for n := c.u2(); n > 0 && !c.past; n-- {
		f.method(c)
	}
	f.attributes(c, func(name string, body *cursor) {
		if name == "BootstrapMethods" {
			for n := body.u2(); n > 0 && !body.past; n-- {
				b := bootstrap{handle: body.u2()}
				for k := body.u2(); k > 0 && !body.past; k-- {
					b.args = append(b.args, body.u2())
				}
				f.boots = append(f.boots, b)
			}
		}
	})
	f.broken = f.broken || c.past
	return f
}

func (f *file) constants(c *cursor) {
	n := c.u2()
	f.pool = make([]constant, 1, max(n, 1))
	for len(f.pool) < n && !c.past {
		k := constant{tag: byte(c.u1())}
		switch k.tag {
		case tagUTF8:
			k.text = modified(c.take(c.u2()))
		case tagInteger:
			k.num = int64(int32(c.u4()))
		case tagFloat:
			c.take(4)
		case tagLong:
			k.num = int64(uint64(c.u4())<<32 | uint64(c.u4()))
		case tagDouble:
			c.take(8)
		case tagClass, tagString, tagType, tagModule, tagPackage:
			k.a = c.u2()
		case tagHandle:
			k.a = c.u1()
			k.b = c.u2()
		case tagField, tagMethod, tagInterface, tagNameType, tagDynamic, tagInvoke:
			k.a = c.u2()
			k.b = c.u2()
		default:
			f.broken, c.past = true, true
			return
		}
		f.pool = append(f.pool, k)
		if k.tag == tagLong || k.tag == tagDouble { // takes two places
			f.pool = append(f.pool, constant{})
		}
	}
}

// modified reads the format's own UTF-8, in which zero has two bytes; pairs of
// surrogates stay as they are.
func modified(b []byte) string {
	return strings.ReplaceAll(string(b), "\xc0\x80", "\x00")
}

func (f *file) get(i int) constant {
	if i > 0 && i < len(f.pool) {
		return f.pool[i]
	}
	return constant{}
}

func (f *file) utf8(i int) string { return f.get(i).text }

// class is the name of a class, with points.
func (f *file) class(i int) string {
	if k := f.get(i); k.tag == tagClass {
		return dotted(f.utf8(k.a))
	}
	return ""
}

func dotted(name string) string { return strings.ReplaceAll(name, "/", ".") }

// member is what a reference to a field or method names.
func (f *file) member(i int) (owner, name, desc string) {
	k := f.get(i)
	switch k.tag {
	case tagField, tagMethod, tagInterface:
		owner = f.class(k.a)
	case tagDynamic, tagInvoke:
	default:
		return "", "", ""
	}
	nt := f.get(k.b)
	if nt.tag != tagNameType {
		return owner, "", ""
	}
	return owner, f.utf8(nt.a), f.utf8(nt.b)
}

func (f *file) attributes(c *cursor, each func(name string, body *cursor)) {
	for n := c.u2(); n > 0 && !c.past; n-- {
		name := f.utf8(c.u2())
		if body := c.take(c.u4()); !c.past {
			each(name, &cursor{src: body})
		}
	}
}

func (f *file) field(c *cursor) {
	c.take(2)
	name := f.utf8(c.u2())
	c.take(2)
	f.attributes(c, func(attr string, body *cursor) {
		if attr == "ConstantValue" {
			f.statics[f.this+"."+name] = body.u2()
		}
	})
}

func (f *file) method(c *cursor) {
	const static = 0x0008
	m := method{static: c.u2()&static != 0, name: f.utf8(c.u2()), desc: f.utf8(c.u2())}
	f.attributes(c, func(attr string, body *cursor) {
		if attr != "Code" || m.code != nil {
			return
		}
		body.take(4) // depth of the stack, number of variables
		if n := body.u4(); n <= mostCode {
			m.code = body.take(n)
		} else {
			f.cut = true
		}
		m.handlers = map[int]bool{}
		for n := body.u2(); n > 0 && !body.past; n-- {
			body.take(4)
			m.handlers[body.u2()] = true
			body.take(2)
		}
	})
	switch {
	case m.code == nil:
	case len(f.methods) < mostMethods:
		f.methods = append(f.methods, m)
	default:
		f.cut = true
	}
}

// described are the places on the stack that each parameter of a method takes, and
// what it gives: 0, 1 or 2 places.
func described(desc string) (params []int, gives int) {
	i := strings.IndexByte(desc, '(') + 1
	if i == 0 {
		return nil, 0
	}
	for i < len(desc) && desc[i] != ')' && len(params) < 256 {
		start := i
		for i < len(desc) && desc[i] == '[' {
			i++
		}
		if i < len(desc) && desc[i] == 'L' {
			if n := strings.IndexByte(desc[i:], ';'); n >= 0 {
				i += n
			} else {
				i = len(desc) - 1
			}
		}
		places := 1
		if desc[start] == 'J' || desc[start] == 'D' {
			places = 2
		}
		params = append(params, places)
		i++
	}
	switch {
	case i+1 >= len(desc), desc[i+1] == 'V':
	case desc[i+1] == 'J', desc[i+1] == 'D':
		gives = 2
	default:
		gives = 1
	}
	return params, gives
}
