package python

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// carriers are the sources that matter beyond their file.
var carriers = fromDecode | bit(code.Decrypt) | fromFetch | fromSecret | fromEnvAll | fromComputed |
	bit(code.Clipboard) | bit(code.Screen) | bit(code.Keyboard)

// elsewhere says that a name may be one of another file of the package.
func elsewhere(r *ref) bool {
	root, _, dotted := strings.Cut(r.name, ".")
	return dotted && !namesOf()[root]
}

// crosses notes that data of which this file knows nothing comes to a sink: what
// another file gave, or what this function was given.
func (a *analysis) crosses(c sink, v *value) {
	if v.from&^fromLong != 0 {
		return
	}
	way := ""
	switch {
	case (v.kind == name || v.kind == inst) && elsewhere(v.ref):
		way = code.Takes + ":" + v.ref.name
	case v.kind == unknown && v.id != 0 && a.tree.Kind(v.id) == syntax.Param && a.unit.name != "":
		way = code.Given + ":" + a.unit.name
	default:
		return
	}
	a.add(fact{kind: code.Across, name: way, at: c.id, args: []*value{a.textOf(string(c.kind)), a.textOf(c.name)}})
}

// givesAway notes that a function of another file is given data that matters.
func (a *analysis) givesAway(r *ref, args *arguments, from sources, id syntax.ID) {
	if !elsewhere(r) {
		return
	}
	f := fact{kind: code.Across, name: code.Gives + ":" + r.name, at: id, from: from & carriers}
	for _, v := range args.pos {
		if v.kind == unknown && v.id != 0 && v.from&^fromLong == 0 && a.tree.Kind(v.id) == syntax.Param && a.unit.name != "" {
			a.add(fact{kind: code.Across, name: code.Given + ":" + a.unit.name, at: id, args: []*value{a.textOf(code.Gives), a.textOf(r.name)}})
		}
		if (v.kind == name || v.kind == inst) && elsewhere(v.ref) && len(f.args) < code.MostArgs {
			f.args = append(f.args, a.textOf(v.ref.name))
		}
	}
	if f.from != 0 || len(f.args) > 0 {
		a.add(f)
	}
}

// holds notes what the names of this file give to other files.
func (a *analysis) holds() {
	for _, n := range slices.Sorted(maps.Keys(a.file.vars)) {
		v := a.file.vars[n]
		f := fact{kind: code.Across, name: code.Holds + ":" + n, at: a.tree.Body}
		switch {
		case v.kind == function:
			if v.fn.result.v != nil {
				f.from, _ = v.fn.result.v.reaches()
			}
		case v.kind == name && v.ref.known && (v.ref.spec.kind == code.Eval || v.ref.spec.kind == code.Exec):
			f.args = []*value{a.textOf(string(v.ref.spec.kind)), a.textOf(v.ref.name)}
		default:
			f.from, _ = v.reaches()
		}
		if f.from &= carriers; f.from != 0 || len(f.args) > 0 {
			a.out = append(a.out, pending{f, a.top, code.Top})
		}
	}
}
