package javascript

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// carriers are the sources that matter beyond their file.
var carriers = fromDecode | fromDecrypt | fromFetch | fromSecret | fromEnvAll | fromComputed | fromClip | fromScreen | fromKeys

// asked is what a function is given of whom this file knows nothing.
var asked = &value{given: true}

// lookedUp are those that matter in a name that is looked up as well.
var lookedUp = fromEnv | fromFile | flow.Of(code.SysInfo)

// elsewhere is the name in another file of the package that a value stands for, or
// that it came from; "" for all else.
func elsewhere(v *value) string {
	if v.kind != vName || !strings.HasPrefix(v.s, ".") || v.from&^fromLong != 0 {
		return ""
	}
	return strings.ReplaceAll(v.s, "()", "")
}

// Limits of what a value is made of that other files gave.
const (
	mostStrangers  = 4
	strangersDepth = 3
)

// strangers are the names of other files of which this one knows nothing and that a
// value is made of, and whether what its own function was given is part of it.
func strangers(v *value) (names []string, given bool) {
	var look func(v *value, depth int)
	look = func(v *value, depth int) {
		if v == nil || v.from&^fromLong != 0 || len(names) >= mostStrangers {
			return
		}
		given = given || v.given
		if n := elsewhere(v); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
		if v.strange != nil {
			for _, n := range *v.strange {
				if !slices.Contains(names, n) && len(names) < mostStrangers {
					names = append(names, n)
				}
			}
		}
		if depth == 0 || len(v.fields) > 64 {
			return
		}
		for _, it := range v.items[:min(len(v.items), 16)] {
			look(it, depth-1)
		}
		for _, k := range slices.Sorted(maps.Keys(v.fields)) {
			if f := v.fields[k]; f != nil && f.kind != vFunc {
				look(f, depth-1)
			}
		}
	}
	look(v, strangersDepth)
	return names, given
}

// crosses notes that data of which this file knows nothing comes to a sink: what
// another file gave, or what this function was given.
func (a *analysis) crosses(kind code.Kind, called string, v *value, pos int32, args ...string) {
	if !a.last || a.quiet > 0 {
		return
	}
	sink := append([]string{string(kind), called}, args...)
	names, given := strangers(v)
	for _, n := range names {
		a.emit(code.Fact{Kind: code.Across, Name: code.Takes + ":" + n, Args: slices.Clone(sink)}, pos, 0, 0)
	}
	if given && a.cur != nil && a.cur.title != "" {
		a.taker(a.cur.title)
		a.emit(code.Fact{Kind: code.Across, Name: code.Given + ":" + a.cur.title, Args: sink}, pos, 0, 0)
	}
}

func (a *analysis) taker(title string) {
	if a.takers == nil {
		a.takers = map[string]bool{}
	}
	a.takers[title] = true
}

// handed is a call of a function of this file with what the caller was given.
type handed struct{ from, to string }

// handsOn remembers that a function gives another one of its file what it was given.
func (a *analysis) handsOn(f *fun, args []*value) {
	if !a.last || a.quiet > 0 || a.cur == nil || a.cur.title == "" || f.title == "" || f.title == a.cur.title || len(a.handed) >= mostFields {
		return
	}
	for _, v := range args {
		if _, given := strangers(v); given {
			a.handed = append(a.handed, handed{a.cur.title, f.title})
			return
		}
	}
}

// givesAway notes that a function of another file is given data that matters.
func (a *analysis) givesAway(path string, args []*value, from flow.Set, pos int32) {
	if !strings.HasPrefix(path, ".") || !a.last || a.quiet > 0 {
		return
	}
	callee := strings.ReplaceAll(path, "()", "")
	f := code.Fact{Kind: code.Across, Name: code.Gives + ":" + callee}
	for _, v := range args {
		names, given := strangers(v)
		if given && a.cur != nil && a.cur.title != "" {
			a.taker(a.cur.title)
			a.emit(code.Fact{Kind: code.Across, Name: code.Given + ":" + a.cur.title, Args: []string{code.Gives, callee}}, pos, 0, 0)
		}
		for _, name := range names {
			if len(f.Args) < code.MostArgs {
				f.Args = append(f.Args, name)
			}
		}
	}
	if from &= carriers | lookedUp; from != 0 || len(f.Args) > 0 {
		a.emit(f, pos, 0, from)
	}
}

// lends notes that a name of another file is given data that matters.
func (a *analysis) lends(path string, v *value, pos int32) {
	if !strings.HasPrefix(path, ".") {
		return
	}
	if from := v.deep(1).from & carriers; from != 0 {
		a.emit(code.Fact{Kind: code.Across, Name: code.Holds + ":" + code.Lent + strings.ReplaceAll(path, "()", "")}, pos, 0, from)
	}
}

// exported remembers what a name of module.exports is given.
func (a *analysis) exported(path string, v *value) {
	path = strings.TrimPrefix(path, "module.")
	path = strings.TrimPrefix(strings.TrimPrefix(path, "exports"), ".")
	if a.exports == nil {
		a.exports = map[string]*value{}
	}
	if len(a.exports) < mostFields {
		a.exports[path] = v
	}
}

// holds notes what this file gives to others: its exports, and by their own names
// what stands at its top.
func (a *analysis) holds(top *scope) {
	for _, b := range top.vars {
		if n := a.atoms.names[b.atom]; n != "" && a.exports[n] == nil && b.now != nil {
			a.exported(n, b.now)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(a.exports)) {
		a.hold1(n, a.exports[n])
	}
	a.passOn()
}

func (a *analysis) hold1(n string, v *value) {
	f := code.Fact{Kind: code.Across, Name: code.Holds + ":" + n}
	from := v.deep(1).from
	data := v
	switch {
	case v.kind == vFunc && v.fn.class:
		from, data = 0, nil
		if v.fn.proto != nil {
			for _, k := range slices.Sorted(maps.Keys(v.fn.proto.fields)) {
				if kid := v.fn.proto.fields[k]; kid != nil && kid.kind == vFunc && !kid.fn.class && k != "constructor" {
					a.hold1(strings.TrimPrefix(n+"."+k, "."), kid)
				}
			}
		}
	case v.kind == vFunc:
		from, data = 0, v.fn.ret
		if v.fn.ret != nil {
			from = v.fn.ret.deep(1).from
		}
		if v.fn.title != n && v.fn.title != "" {
			f.Args = []string{code.Given, v.fn.title}
		}
	case v.kind == vName:
		if s, ok := specs()[v.s]; ok && (s.kind == code.Eval || s.kind == code.Exec) {
			f.Args, data = []string{string(s.kind), v.s}, nil
		}
	case v.kind == vObject:
		for k, kid := range v.fields {
			if kid != nil && kid.kind != vObject {
				a.hold1(strings.TrimPrefix(n+"."+k, "."), kid)
			}
		}
	}
	from &= carriers | lookedUp
	if data != nil {
		if names, _ := strangers(data); len(names) > 0 {
			a.emit(code.Fact{Kind: code.Across, Name: f.Name, Args: append([]string{code.Takes}, names...)}, 0, 0, 0)
		}
	}
	if from != 0 || len(f.Args) > 0 {
		a.emit(f, 0, 0, from)
	}
}

// passOn says that who gives a function what it was given does with it what that does.
func (a *analysis) passOn() {
	for range strangersDepth {
		more := false
		for _, h := range a.handed {
			if a.takers[h.to] {
				a.emit(code.Fact{Kind: code.Across, Name: code.Given + ":" + h.from, Args: []string{code.Gives, code.Here + h.to}}, 0, 0, 0)
				more = more || !a.takers[h.from]
				a.taker(h.from)
			}
		}
		if !more {
			return
		}
	}
}
