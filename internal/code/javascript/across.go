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

// elsewhere is the name in another file of the package that a value stands for, or
// that it came from; "" for all else.
func elsewhere(v *value) string {
	if v.kind != vName || !strings.HasPrefix(v.s, ".") || v.from&^fromLong != 0 {
		return ""
	}
	return strings.ReplaceAll(v.s, "()", "")
}

// crosses notes that data of which this file knows nothing comes to a sink: what
// another file gave, or what this function was given.
func (a *analysis) crosses(kind code.Kind, called string, v *value, pos int32, args ...string) {
	way := ""
	switch name := elsewhere(v); {
	case name != "":
		way = code.Takes + ":" + name
	case v.given && v.from&^fromLong == 0 && a.cur != nil && a.cur.title != "":
		way = code.Given + ":" + a.cur.title
	default:
		return
	}
	a.emit(code.Fact{Kind: code.Across, Name: way, Args: append([]string{string(kind), called}, args...)}, pos, 0, 0)
}

// givesAway notes that a function of another file is given data that matters.
func (a *analysis) givesAway(path string, args []*value, from flow.Set, pos int32) {
	if !strings.HasPrefix(path, ".") {
		return
	}
	f := code.Fact{Kind: code.Across, Name: code.Gives + ":" + strings.ReplaceAll(path, "()", "")}
	for _, v := range args {
		if v.given && v.from&^fromLong == 0 && a.cur != nil && a.cur.title != "" {
			a.emit(code.Fact{Kind: code.Across, Name: code.Given + ":" + a.cur.title, Args: []string{code.Gives, strings.ReplaceAll(path, "()", "")}}, pos, 0, 0)
		}
		if name := elsewhere(v); name != "" && len(f.Args) < code.MostArgs {
			f.Args = append(f.Args, name)
		}
	}
	if from &= carriers; from != 0 || len(f.Args) > 0 {
		a.emit(f, pos, 0, from)
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
}

func (a *analysis) hold1(n string, v *value) {
	f := code.Fact{Kind: code.Across, Name: code.Holds + ":" + n}
	from := v.deep(1).from
	switch {
	case v.kind == vFunc:
		from = 0
		if v.fn.ret != nil {
			from = v.fn.ret.deep(1).from
		}
		if v.fn.title != n && v.fn.title != "" {
			f.Args = []string{code.Given, v.fn.title}
		}
	case v.kind == vName:
		if s, ok := specs()[v.s]; ok && (s.kind == code.Eval || s.kind == code.Exec) {
			f.Args = []string{string(s.kind), v.s}
		}
	case v.kind == vObject:
		for k, kid := range v.fields {
			if kid != nil && kid.kind != vObject {
				a.hold1(strings.TrimPrefix(n+"."+k, "."), kid)
			}
		}
	}
	if from &= carriers; from != 0 || len(f.Args) > 0 {
		a.emit(f, 0, 0, from)
	}
}
